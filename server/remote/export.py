"""The lists as a workbook, in the columns that were chosen (CO-REQ-05, CO-DX-05)."""

from __future__ import annotations

from datetime import datetime

from server.kernel.clock import HospitalTime
from server.kernel.errors import invalid
from server.organisation.sheets import Cell, write_xlsx
from shared.contract.master import SheetView
from shared.contract.remote import RemoteRow
from shared.domain.remote import HOSPITAL_STATES, KINDS, STATES, URGENCIES
from shared.domain.states import Sex

MOST_ROWS = 5000
_SEX = {
    Sex.MALE: ("男", "Male"),
    Sex.FEMALE: ("女", "Female"),
    Sex.OTHER: ("其他", "Other"),
    Sex.UNKNOWN: ("未知", "—"),
}
COLUMNS: dict[str, tuple[str, str, int]] = {
    "kind": ("类型", "Kind", 14),
    "state": ("状态", "State", 14),
    "urgency": ("紧急程度", "Urgency", 10),
    "patient_name": ("姓名", "Patient", 14),
    "sex": ("性别", "Sex", 6),
    "age": ("年龄", "Age", 8),
    "accession_number": ("检查号", "Accession no.", 18),
    "patient_number": ("患者编号", "Patient no.", 16),
    "exam_type": ("检查类型", "Exam type", 10),
    "items": ("检查项目", "Items", 24),
    "body_part": ("检查部位", "Body part", 18),
    "scan": ("扫描方式", "Scan", 14),
    "from_hospital": ("申请医院", "Asked by", 20),
    "applicant": ("申请医生", "Applicant", 12),
    "applied_at": ("申请时间", "Asked at", 18),
    "to_hospital": ("诊断医院", "Answered by", 20),
    "team": ("专家组", "Team", 18),
    "holder": ("接单医生", "Doctor", 12),
    "accepted_at": ("接单时间", "Accepted at", 18),
    "auditor": ("审核医生", "Auditor", 12),
    "published_at": ("发布时间", "Published at", 18),
    "confirmed_by": ("确认医生", "Confirmed by", 12),
    "confirmed_at": ("确认时间", "Confirmed at", 18),
    "waited_minutes": ("用时（分钟）", "Minutes", 12),
    "reason": ("原因", "Reason", 30),
}
"""Name → heading in Chinese and English, width."""


def workbook(
    rows: tuple[RemoteRow, ...], columns: tuple[str, ...], time: HospitalTime, *, incoming: bool, english: bool
) -> SheetView:
    """Return the rows as a workbook. Raises INVALID for a column that there is not."""
    chosen = columns or tuple(COLUMNS)
    if len(set(chosen)) != len(chosen) or set(chosen) - set(COLUMNS):
        raise invalid("columns", "导出的列有误，请重新选择。")
    place = 1 if english else 0
    title = ("远程会诊受理", "Remote requests received") if incoming else ("远程会诊申请", "Remote requests sent")
    lines = (_line(row, chosen, time, incoming=incoming, place=place) for row in rows)
    content = write_xlsx(
        title[place],
        [COLUMNS[name][:2][place] for name in chosen],
        [COLUMNS[name][2] for name in chosen],
        lines,
    )
    return SheetView(file_name=f"{title[place]}_{time.today():%Y%m%d}.xlsx", content=content)


def _line(row: RemoteRow, names: tuple[str, ...], time: HospitalTime, *, incoming: bool, place: int) -> list[Cell]:
    return [_cell(row, name, time, incoming=incoming, place=place) for name in names]


def _cell(row: RemoteRow, name: str, time: HospitalTime, *, incoming: bool, place: int) -> Cell:
    if name == "kind":
        return KINDS[row.kind][place]
    if name == "state":
        return (STATES if incoming else HOSPITAL_STATES)[row.state][place]
    if name == "urgency":
        return URGENCIES[row.urgency][place]
    if name == "sex":
        return _SEX[row.sex][place]
    if name == "waited_minutes":
        return row.clock.seconds // 60
    value = getattr(row, name)
    if isinstance(value, datetime):
        return f"{time.local(value):%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)
