"""The printer of this desk for many reports: the system's default printer, or a folder where there is none."""

from __future__ import annotations

from clients.kit.printing.transports import (
    DriverPrinter,
    FolderPrinter,
    PrinterTrouble,
    Sheet,
    Transport,
    default_folder,
)
from clients.kit.translations import tr


class DefaultPrinter:
    """Implements DeskPrinter; asks anew for every paper, so that another default printer is taken at once."""

    def print(self, pdf: bytes, title: str) -> tuple[str, bool]:
        """Print (blocking); returns the printer and whether it was only kept as a file. Raises OSError with words."""
        from PySide6.QtPrintSupport import QPrinterInfo

        name = QPrinterInfo.defaultPrinterName()
        transport: Transport = DriverPrinter(name) if name else FolderPrinter(default_folder())
        try:
            saved = transport.send(Sheet(title=title, media_type="application/pdf", data=pdf))
        except PrinterTrouble as trouble:
            raise OSError(tr(trouble.source)) from trouble
        return (name, False) if name else (saved, True)
