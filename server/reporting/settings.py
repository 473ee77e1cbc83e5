"""What a hospital decides about reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ReportingSettings:
    """Rules that hospitals differ in; the defaults are the requirements' (RIS-EX-07, -09)."""

    lock_idle: timedelta = timedelta(minutes=15)
    may_audit_own: bool = False
    key_image_limit_bytes: int = 4 * 1024 * 1024
    key_images_per_report: int = 6  # what the printed report has room for
    text_limit: int = 100_000  # characters of one part
