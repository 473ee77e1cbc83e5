"""Prints a kiosk's reports by the kit's transports: on a printer of the machine, or into a folder."""

from __future__ import annotations

from pathlib import Path

from clients.kit.printing.transports import DriverPrinter, FolderPrinter, PrinterTrouble, Sheet, Transport
from clients.kit.translations import tr


class KioskPrinter:
    """Implements PaperPrinter."""

    def __init__(self, printer_name: str = "", folder: Path | None = None) -> None:
        self._transport: Transport = FolderPrinter(folder) if folder is not None else DriverPrinter(printer_name)

    def print(self, pdf: bytes, title: str) -> None:
        """Print (blocking); raises OSError with the printer's trouble in words."""
        try:
            self._transport.send(Sheet(title=title, media_type="application/pdf", data=pdf, copies=1))
        except PrinterTrouble as trouble:
            raise OSError(tr(trouble.source)) from trouble
