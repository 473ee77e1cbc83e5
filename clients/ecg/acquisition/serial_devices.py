"""Recorders on a serial line (RS-232, USB serial): the stream protocol through pyserial, on both systems. No Qt."""

from __future__ import annotations

import threading

from clients.ecg.acquisition.ports import DeviceInformation, DeviceSetupError
from clients.ecg.acquisition.stream_devices import Link, StreamDevice
from clients.kit.translations import tr


class SerialLink:
    """An open serial port. Raises OSError (pyserial's own errors are such) when it cannot be opened or breaks."""

    def __init__(self, name: str, baud: int) -> None:
        from serial import Serial

        self._port = Serial(name, baud, timeout=0.1, write_timeout=5)

    def read(self, timeout_s: float) -> bytes | None:
        self._port.timeout = timeout_s
        data: bytes = self._port.read(max(1, min(self._port.in_waiting, 65536)))
        return data or None

    def write(self, data: bytes) -> None:
        self._port.write(data)

    def close(self) -> None:
        self._port.close()


class SerialDevice(StreamDevice):
    """A recorder on ``port`` (COM3, /dev/ttyUSB0) with ``baud``."""

    def __init__(self, information: DeviceInformation, port: str, baud: int) -> None:
        super().__init__(information)
        self._port, self._baud = port, baud

    def open_link(self, stopped: threading.Event) -> Link | None:
        return SerialLink(self._port, self._baud)


def serial_device(information: DeviceInformation, settings: dict[str, str]) -> SerialDevice:
    """From a binding's settings: ``port`` and ``baud`` (default 115200). Raises DeviceSetupError."""
    port = settings.get("port", "")
    if not port:
        raise DeviceSetupError(tr("设备设置中没有串口名称（如 COM3），请管理员在设备管理中填写。"))
    baud = settings.get("baud", "") or "115200"
    if not baud.isdigit() or not 300 <= int(baud) <= 4_000_000:
        raise DeviceSetupError(tr("设备设置中的波特率不正确，请管理员在设备管理中填写，如 115200。"))
    return SerialDevice(information, port, int(baud))
