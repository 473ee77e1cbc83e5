"""The ways to a printer: port 9100, a queue of the system, a driver, a folder; each says in a sentence why not."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clients.kit.printing import zebra
from clients.kit.printing.setup import PrinterSetup
from clients.kit.settings import data_folder, write_atomically

CONNECT_S = 3.0
STATUS_S = 2.0
SEND_S = 20.0
COMMAND_S = 30.0
LONGEST_ANSWER = 4096

SUFFIXES = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "application/zpl": ".zpl",
    "application/tspl": ".tspl",
}


class PrinterTrouble(Exception):
    """Nothing was printed; `source` is a Chinese source sentence that says what to do.

    `is_final`: this document will never print on this printer, trying again helps nothing.
    """

    def __init__(self, source: str, *, is_final: bool = False) -> None:
        super().__init__(source)
        self.source = source
        self.is_final = is_final


@dataclass(frozen=True)
class Sheet:
    """What shall be printed; `title` names it in the system's queue and in file names, without patient data."""

    title: str
    media_type: str
    data: bytes
    copies: int = 1


class Transport(Protocol):
    """One way to one printer."""

    def send(self, sheet: Sheet) -> str:
        """Print (blocking); returns where a file was saved, else nothing. Raises PrinterTrouble."""
        ...


class TcpPrinter:
    """A label printer at an address. Its status is asked first where it speaks ZPL; one that does not answer prints."""

    def __init__(self, host: str, port: int, *, asks: bool, status_s: float = STATUS_S) -> None:
        self._place = (host, port)
        self._asks = asks
        self._status_s = status_s

    def send(self, sheet: Sheet) -> str:
        _demand_raw(sheet)
        try:
            with socket.create_connection(self._place, timeout=CONNECT_S) as line:
                if self._asks:
                    self._check(line)
                line.settimeout(SEND_S)
                line.sendall(sheet.data)
                line.shutdown(socket.SHUT_WR)
                self._until_taken(line)
        except socket.gaierror as fault:
            raise PrinterTrouble("找不到打印机的地址，请检查打印机设置。") from fault
        except ConnectionRefusedError as fault:
            raise PrinterTrouble("打印机拒绝连接，请检查打印机是否开机、端口是否正确。") from fault
        except TimeoutError as fault:
            raise PrinterTrouble("打印机没有响应，请检查电源和网线。") from fault
        except OSError as fault:
            raise PrinterTrouble("与打印机的连接中断，请检查电源和网线。") from fault
        return ""

    def _check(self, line: socket.socket) -> None:
        line.sendall(zebra.ASK)
        answer, until = b"", time.monotonic() + self._status_s
        while not zebra.is_whole(answer) and len(answer) < LONGEST_ANSWER:
            line.settimeout(max(0.01, until - time.monotonic()))
            try:
                more = line.recv(1024)
            except TimeoutError:
                break
            if not more:
                raise ConnectionResetError
            answer += more
        status = zebra.parse(answer)
        if status is not None and zebra.trouble(status):
            raise PrinterTrouble(zebra.trouble(status))

    def _until_taken(self, line: socket.socket) -> None:
        """The printer closes its side when it has read everything; many never do, and that is no trouble."""
        line.settimeout(1.0)
        try:
            while line.recv(1024):
                pass
        except TimeoutError:
            return


class RawSpooler(Protocol):
    """A system's print spooler that passes bytes on unchanged."""

    def print_raw(self, printer: str, title: str, data: bytes) -> None:
        """Queue the bytes. Raises PrinterTrouble."""
        ...


class QueuePrinter:
    """A label printer behind a queue of the system, also one that another computer shares."""

    def __init__(self, name: str, spooler: RawSpooler) -> None:
        self._name = name
        self._spooler = spooler

    def send(self, sheet: Sheet) -> str:
        _demand_raw(sheet)
        self._spooler.print_raw(self._name, sheet.title, sheet.data)
        return ""


class Cups:
    """Raw queues of CUPS by its own command `lp`."""

    def __init__(self, run: Callable[..., subprocess.CompletedProcess[bytes]] = subprocess.run) -> None:
        self._run = run

    def print_raw(self, printer: str, title: str, data: bytes) -> None:
        command = ["lp", "-d", printer, "-o", "raw", "-t", title, "-"]
        if printer.startswith("-"):
            raise PrinterTrouble("打印机名称不正确，请检查打印机设置。")
        try:
            done = self._run(command, input=data, capture_output=True, timeout=COMMAND_S, check=False)
        except FileNotFoundError as fault:
            raise PrinterTrouble("这台电脑没有安装打印系统（CUPS），请联系管理员。") from fault
        except subprocess.TimeoutExpired as fault:
            raise PrinterTrouble("打印系统没有响应，请稍后再试。") from fault
        if done.returncode != 0:
            raise PrinterTrouble("打印队列不可用，请检查打印机设置。")


class DriverPrinter:
    """Any printer that the system has a driver for, through Qt."""

    def __init__(self, name: str) -> None:
        self._name = name

    def send(self, sheet: Sheet) -> str:
        from clients.kit.printing.driver import print_pdf

        if sheet.media_type != "application/pdf":
            raise PrinterTrouble("这台打印机不能打印这种文件，请检查打印机设置。", is_final=True)
        print_pdf(sheet.data, self._name, sheet.copies)
        return ""


class FolderPrinter:
    """No printer: a file in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, sheet: Sheet) -> str:
        path = self._folder / f"{sheet.title}{SUFFIXES.get(sheet.media_type, '.bin')}"
        try:
            write_atomically(path, sheet.data)
        except OSError as fault:
            raise PrinterTrouble("文件夹不能写入，请检查打印机设置中的文件夹。") from fault
        return f"{path.parent.name}/{path.name}"


def _demand_raw(sheet: Sheet) -> None:
    if sheet.media_type not in ("application/zpl", "application/tspl"):
        raise PrinterTrouble("标签打印机只能打印标签，请为此文档选择普通打印机。", is_final=True)


def system_spooler() -> RawSpooler:
    """The spooler of this system."""
    if sys.platform == "win32":
        from clients.kit.printing.windows_spooler import WindowsSpooler

        return WindowsSpooler()
    return Cups()


def system_queues() -> list[str]:
    """Queues that could take raw bytes: every printer of the system."""
    from PySide6.QtPrintSupport import QPrinterInfo

    names = list(QPrinterInfo.availablePrinterNames())
    if names or sys.platform == "win32" or shutil.which("lpstat") is None:
        return names
    try:
        listed = subprocess.run(["lpstat", "-e"], capture_output=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line for line in listed.stdout.decode("utf-8", "replace").splitlines() if line.strip()]


def default_folder() -> Path:
    """Where documents are saved when there is no printer."""
    return data_folder() / "printed"


def transport_for(setup: PrinterSetup, folder: str = "", spooler: RawSpooler | None = None) -> Transport:
    """The way that a set-up describes."""
    if setup.is_usable and setup.via == "tcp":
        return TcpPrinter(setup.host, setup.port, asks=setup.language == "zpl")
    if setup.is_usable and setup.via == "queue":
        return QueuePrinter(setup.name, spooler or system_spooler())
    if setup.is_usable and setup.via == "driver":
        return DriverPrinter(setup.name)
    return FolderPrinter(Path(folder) if folder else default_folder())
