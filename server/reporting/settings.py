"""What a hospital decides about reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ReportingSettings:
    """Rules that hospitals differ in; the defaults are the requirements' (RIS-EX-07, -09, RIS-OPN-09)."""

    lock_idle: timedelta = timedelta(minutes=30)  # CO-RD-03
    may_audit_own: bool = False
    key_image_limit_bytes: int = 4 * 1024 * 1024
    key_images_per_report: int = 6  # what the printed report has room for
    text_limit: int = 100_000  # characters of one part
    score_scale: str = "grades"  # of the quality scores: grades (甲 乙 丙 丁) or points (0 to 100), RIS-OPN-09
    medical_record_url: str = ""  # of the electronic medical record, with {patient} where the number goes, RIS-RPD-06
