"""The figures as CSV and as a workbook; pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from server.organisation.sheets import write_xlsx
from shared.contract.ecg_statistics import StatisticsRow

COLUMNS = (
    ("month", "月份", "Month"),
    ("hospital", "医院", "Hospital"),
    ("doctor", "医师", "Doctor"),
    ("registered", "登记", "Registered"),
    ("acquired", "采集", "Acquired"),
    ("reported", "报告", "Reported"),
    ("report_minutes", "采集至报告（中位，分）", "Acquired to reported (median, min)"),
    ("report_minutes_p90", "采集至报告（P90，分）", "Acquired to reported (P90, min)"),
    ("asked", "申请会诊", "Consultations asked"),
    ("answered", "完成会诊", "Consultations answered"),
    ("refused", "拒绝会诊", "Consultations refused"),
    ("accept_minutes", "申请至受理（中位，分）", "Asked to accepted (median, min)"),
    ("answer_minutes", "申请至发布（中位，分）", "Asked to answered (median, min)"),
    ("answer_minutes_p90", "申请至发布（P90，分）", "Asked to answered (P90, min)"),
    ("in_time", "时限内", "In time"),
    ("compared", "可比对", "Compared"),
    ("agreed", "符合", "Agreed"),
    ("partly", "部分符合", "Partly agreed"),
    ("critical", "危急值", "Critical"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDTHS = tuple(24 if name == "hospital" else 12 for name, _zh, _en in COLUMNS)


def headings(language: str) -> tuple[str, ...]:
    """Return the headings in a language."""
    return tuple(en if language == "en" else zh for _name, zh, en in COLUMNS)


def csv_of(rows: Sequence[StatisticsRow], language: str) -> bytes:
    """Return CSV, UTF-8 with a mark; a text that a spreadsheet would calculate is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings(language))
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name, _zh, _en in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def workbook_of(rows: Sequence[StatisticsRow], language: str) -> bytes:
    """Return a workbook of one sheet."""
    lines: list[tuple[str | int | float | None, ...]] = [
        tuple(getattr(row, name) for name, _zh, _en in COLUMNS) for row in rows
    ]
    return write_xlsx("心电统计" if language == "zh" else "ECG", headings(language), _WIDTHS, lines)


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
