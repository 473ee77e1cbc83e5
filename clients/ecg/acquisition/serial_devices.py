"""Recorders on a serial line (RS-232, USB serial): the stream protocol through Qt's serial port, on both systems."""

from __future__ import annotations

import threading

from clients.ecg.acquisition.ports import DeviceInformation, DeviceSetupError
from clients.ecg.acquisition.stream_devices import Link, StreamDevice
from clients.kit.translations import tr


class _SerialLink:
    """Used in one thread only: Qt's port is made, read and closed there."""

    def __init__(self, name: str, baud: int) -> None:
        from PySide6.QtCore import QCoreApplication, QEventLoop
        from PySide6.QtSerialPort import QSerialPort

        self._app = QCoreApplication.instance() or QCoreApplication([])  # the command has none
        self._loop = QEventLoop()  # gives this thread what Qt watches ports with
        self._port = QSerialPort(name)
        self._port.setBaudRate(baud)
        if not self._port.open(QSerialPort.OpenModeFlag.ReadWrite):
            raise OSError(0, self._port.errorString())
        self._fine = QSerialPort.SerialPortError.NoError
        self._timeout = QSerialPort.SerialPortError.TimeoutError

    def read(self, timeout_s: float) -> bytes | None:
        if not self._port.bytesAvailable() and not self._port.waitForReadyRead(int(1000 * timeout_s)):
            error = self._port.error()
            if error not in (self._fine, self._timeout):
                raise OSError(0, self._port.errorString())
            self._port.clearError()
            return None
        return bytes(self._port.readAll().data())

    def write(self, data: bytes) -> None:
        self._port.write(data)
        self._port.flush()
        if self._port.bytesToWrite() and not self._port.waitForBytesWritten(3000):
            raise OSError(0, self._port.errorString())

    def close(self) -> None:
        from shiboken6 import delete, isValid

        if isValid(self._port):  # Qt wants its objects gone before the thread that made them
            self._port.close()
            delete(self._port)
            delete(self._loop)


class SerialDevice(StreamDevice):
    """A recorder on ``port`` (COM3, /dev/ttyUSB0) with ``baud``."""

    def __init__(self, information: DeviceInformation, port: str, baud: int) -> None:
        super().__init__(information)
        self._port, self._baud = port, baud

    def open_link(self, stopped: threading.Event) -> Link | None:
        return _SerialLink(self._port, self._baud)


def serial_device(information: DeviceInformation, settings: dict[str, str]) -> SerialDevice:
    """From a binding's settings: ``port`` and ``baud`` (default 115200). Raises DeviceSetupError."""
    port = settings.get("port", "")
    if not port:
        raise DeviceSetupError(tr("设备设置中没有串口名称（如 COM3），请管理员在设备管理中填写。"))
    baud = settings.get("baud", "") or "115200"
    if not baud.isdigit() or not 300 <= int(baud) <= 4_000_000:
        raise DeviceSetupError(tr("设备设置中的波特率不正确，请管理员在设备管理中填写，如 115200。"))
    return SerialDevice(information, port, int(baud))
