"""Which printer of this desk takes which document, and how; knows no printer and no window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import msgspec

from shared.contract.printing import Output

FOLDER_KEY = "printing/folder"

KIND_WORDS = {
    "barcode": "检查条码",
    "wristband": "腕带",
    "ticket": "排队小票",
    "registration_form": "登记单",
    "referral_form": "转诊单",
    "application": "申请单",
    "report": "报告",
}
"""Documents that have a set-up of their own, in the order of a day."""

PATHOLOGY_PAPERS = {
    "pathology_report": "病理诊断报告",
    "pathology_barcode": "病理条码",
    "pathology_cassette": "包埋条码",
    "pathology_slide_label": "制片条码",
    "pathology_papers": "回执与清单",
}
"""What the pathology workstation has set-ups for, in the order of a day (PA-SET-14)."""

_SAME_PRINTER = {
    "barcode_zpl": "barcode",
    "report_preview": "report",
    "pathology_report": "report",
    "pathology_preview": "pathology_report",
    "pathology_barcode": "barcode",
    "pathology_acceptance": "pathology_papers",
    "pathology_rejection": "pathology_papers",
    "pathology_grossing_sheet": "pathology_papers",
    "pathology_specimen_sheet": "pathology_papers",
    "pathology_slide_sheet": "pathology_papers",
    "pathology_order_sheet": "pathology_papers",
    "pathology_loan_receipt": "pathology_papers",
    "pathology_loan_list": "pathology_papers",
    "pathology_papers": "application",
}
"""Whose printer takes a document that has none of its own; followed until one is set up."""


class Settings(Protocol):
    """What a desk remembers: UserSettings of the kit."""

    def get(self, key: str, default: object = None) -> object:
        """The value of a key."""
        ...

    def set(self, key: str, value: object) -> None:
        """Remember a value."""
        ...


class PrinterSetup(msgspec.Struct, frozen=True, kw_only=True):
    """One document's printer. `via`: "file"; "driver": any printer of the system; "queue": bytes straight to a label
    printer's queue of the system; "tcp": bytes straight to a label printer's address, usually port 9100."""

    via: str = "file"
    name: str = ""
    host: str = ""
    port: int = 9100
    language: str = "zpl"  # of a label printer: zpl or tspl
    dpi: int = 203
    copies: int = 1
    offset_x_mm: float = 0.0
    offset_y_mm: float = 0.0
    darkness: int | None = None

    @property
    def is_raw(self) -> bool:
        """Whether the printer gets its own language instead of pages."""
        return self.via in ("queue", "tcp")

    @property
    def is_usable(self) -> bool:
        """Whether anything is chosen that could print."""
        return bool(self.host) if self.via == "tcp" else bool(self.name) if self.via != "file" else False

    @property
    def printer(self) -> str:
        """How people call the printer; empty where files are saved."""
        if not self.is_usable:
            return ""
        return f"{self.host}:{self.port}" if self.via == "tcp" else self.name

    @property
    def output(self) -> Output:
        """What the server shall make."""
        return Output(
            format=self.language if self.is_raw and self.is_usable else "pdf",
            dpi=self.dpi,
            copies=self.copies,
            offset_x_mm=self.offset_x_mm,
            offset_y_mm=self.offset_y_mm,
            darkness=self.darkness,
        )


@dataclass(frozen=True)
class Desk:
    """Reads and keeps the set-ups of one desk."""

    settings: Settings

    def setup(self, kind: str) -> PrinterSetup:
        """The set-up of a document's printer; a damaged one counts as none."""
        known: str | None = kind
        while known is not None:
            kept = self.settings.get(_key(known))
            if isinstance(kept, dict):
                try:
                    return msgspec.convert(kept, PrinterSetup)
                except msgspec.ValidationError:
                    return PrinterSetup()
            name = str(self.settings.get(f"printing/{known}/printer", "") or "")  # kept by earlier versions
            if name:
                return PrinterSetup(via="driver", name=name)
            known = _SAME_PRINTER.get(known)
        return PrinterSetup()

    def keep(self, kind: str, setup: PrinterSetup) -> None:
        """Remember a set-up."""
        self.settings.set(_key(kind), msgspec.to_builtins(setup))

    @property
    def folder(self) -> str:
        """Where files go; empty for the usual folder."""
        return str(self.settings.get(FOLDER_KEY, "") or "")


def _key(kind: str) -> str:
    return f"printing/{kind}/setup"
