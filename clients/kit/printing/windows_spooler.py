"""Raw bytes through the Windows spooler (winspool.drv), also to a shared queue such as \\\\server\\zebra."""

from __future__ import annotations

import ctypes
from typing import Any

from clients.kit.printing.transports import PrinterTrouble


class _DocInfo(ctypes.Structure):
    """DOC_INFO_1W."""

    _fields_ = (
        ("document_name", ctypes.c_wchar_p),
        ("output_file", ctypes.c_wchar_p),
        ("data_type", ctypes.c_wchar_p),
    )


class WindowsSpooler:
    """StartDocPrinter with data type RAW; `library` is winspool.drv or, in tests, what stands for it."""

    def __init__(self, library: Any = None) -> None:
        if library is None:
            load = getattr(ctypes, "WinDLL", None)
            if load is None:
                raise PrinterTrouble("这台电脑没有 Windows 打印系统。")
            library = load("winspool.drv", use_last_error=True)
        self._library = library

    def print_raw(self, printer: str, title: str, data: bytes) -> None:
        handle = ctypes.c_void_p()
        library = self._library
        if not library.OpenPrinterW(ctypes.c_wchar_p(printer), ctypes.byref(handle), None):
            raise PrinterTrouble("打印队列不可用，请检查打印机名称和共享权限。")
        try:
            about = _DocInfo(title, None, "RAW")
            if not library.StartDocPrinterW(handle, 1, ctypes.byref(about)):
                raise PrinterTrouble("打印队列不接受打印任务，请联系管理员。")
            try:
                self._write(handle, data)
            finally:
                library.EndDocPrinter(handle)
        finally:
            library.ClosePrinter(handle)

    def _write(self, handle: ctypes.c_void_p, data: bytes) -> None:
        library = self._library
        library.StartPagePrinter(handle)
        sent = 0
        while sent < len(data):
            written = ctypes.c_ulong(0)
            part = data[sent : sent + 65536]
            if not library.WritePrinter(handle, part, len(part), ctypes.byref(written)) or not written.value:
                raise PrinterTrouble("打印任务写入失败，请检查打印机。")
            sent += written.value
        library.EndPagePrinter(handle)
