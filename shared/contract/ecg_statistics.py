"""Figures of the ECG network (EX-ECG-15): months of each hospital and each doctor."""

from __future__ import annotations

from datetime import date

import msgspec

from shared.contract.base import AuditClass, Query
from shared.domain.permissions import Permission


class StatisticsRow(msgspec.Struct, frozen=True, kw_only=True):
    """A month of one hospital, or of one doctor. Minutes are medians; None where nothing was measured."""

    month: str  # "2026-11"
    hospital: str
    doctor: str  # empty: all of the hospital
    registered: int = 0
    acquired: int = 0
    reported: int = 0
    report_minutes: float | None = None  # acquired → reported
    report_minutes_p90: float | None = None
    asked: int = 0  # consultations that this hospital applied for
    answered: int = 0  # consultation reports that this hospital published
    refused: int = 0
    accept_minutes: float | None = None  # applied → accepted
    answer_minutes: float | None = None  # applied → published
    answer_minutes_p90: float | None = None
    in_time: int = 0  # of `answered`, within the limit of their urgency
    compared: int = 0  # consultations with a first opinion
    agreed: int = 0
    partly: int = 0
    critical: int = 0


class GetStatistics(Query[tuple[StatisticsRow, ...]], frozen=True, kw_only=True):
    """Months from `first` to `last`, newest first; by doctor with `by_doctor`. Refusals: INVALID (over 60 months)."""

    method = "ecg_statistics.get"
    permission = Permission.ECG_STATISTICS
    audit = AuditClass.ROUTINE

    first: date
    last: date
    campus_id: int | None = None
    by_doctor: bool = False


class StatisticsFile(msgspec.Struct, frozen=True, kw_only=True):
    """The rows as a file."""

    name: str
    content: bytes
    count: int


class ExportStatistics(Query[StatisticsFile], frozen=True, kw_only=True):
    """The same rows as CSV (UTF-8 with mark) or workbook. Refusals: INVALID."""

    method = "ecg_statistics.export"
    permission = Permission.ECG_STATISTICS
    audit = AuditClass.EXPORT

    first: date
    last: date
    campus_id: int | None = None
    by_doctor: bool = False
    file_format: str = "xlsx"  # or csv
    language: str = "zh"
