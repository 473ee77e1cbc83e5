"""What a hospital decides about reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class ReportingSettings:
    """Rules that hospitals differ in; the defaults are the requirements' (RIS-EX-07, -09, RIS-OPN-09)."""

    lock_idle: timedelta = timedelta(minutes=30)  # CO-RD-03
    may_audit_own: bool = False
    own_audit_hours: tuple[time, time] | None = None  # night duty, wall clock: one may audit the own report then
    key_image_limit_bytes: int = 4 * 1024 * 1024
    key_images_per_report: int = 6  # what the printed report has room for
    text_limit: int = 100_000  # characters of one part
    score_scale: str = "grades"  # of the quality scores: grades (甲 乙 丙 丁) or points (0 to 100), RIS-OPN-09
    medical_record_url: str = ""  # of the electronic medical record, with {patient} where the number goes, RIS-RPD-06

    def may_audit_own_at(self, local: datetime) -> bool:
        """Say whether a doctor may audit the own report at this moment of the hospital's wall clock (RIS-EX-09)."""
        if self.may_audit_own or self.own_audit_hours is None:
            return self.may_audit_own
        begin, end = self.own_audit_hours
        now = local.time()
        return begin <= now < end if begin <= end else now >= begin or now < end


def duty_hours(text: str) -> tuple[time, time] | None:
    """Read "20:00-07:30"; None for nothing. Raises ValueError for anything else."""
    if not text.strip():
        return None
    begin, separator, end = text.strip().partition("-")
    try:
        hours = time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
    except ValueError as fault:
        raise ValueError(f"{text!r} is no span of hours; write it as 20:00-07:30") from fault
    if not separator or hours[0] == hours[1]:
        raise ValueError(f"{text!r} is no span of hours; write it as 20:00-07:30")
    return hours
