"""Columns and row actions of 体检检查 and 院内检查; knows no Qt."""

from __future__ import annotations

from datetime import datetime

from clients.ecg.looks import COLLECTED_LOOK, CRITICAL_LOOK, EXAM_LOOKS, POOR_LOOK, URGENCY_LOOKS, sex_word, word
from clients.kit.paging import Column, RowAction, local_time
from clients.kit.states import StateLook
from clients.kit.translations import tr, verbatim
from shared.contract.ecg import EcgRow
from shared.domain.ecg import (
    CONSULTATION_STATES,
    RUNNING_CONSULTATIONS,
    VISIT_WORDS,
    ExamAction,
    ExamState,
    Urgency,
)


def marks(row: EcgRow) -> list[StateLook]:
    """What must be seen beside the name."""
    found: list[StateLook] = []
    if row.is_critical:
        found.append(CRITICAL_LOOK)
    elif row.urgency is not Urgency.ROUTINE:
        found.append(URGENCY_LOOKS[row.urgency])
    if row.quality_passed is False and row.state is ExamState.ACQUIRED:
        found.append(POOR_LOOK)
    if row.collected:
        found.append(COLLECTED_LOOK)
    return found


def consultation_word(row: EcgRow) -> str:
    """How the exam's consultation stands; empty without one (ECG-APP-06)."""
    return word(CONSULTATION_STATES, row.consultation_state) if row.consultation_state else ""


def may_apply(row: EcgRow) -> bool:
    """申请会诊 is offered: state and right allow it, and no consultation of the exam is running (ECG-APP-06)."""
    return ExamAction.APPLY_CONSULTATION in row.allowed and row.consultation_state not in RUNNING_CONSULTATIONS


def short_time(value: datetime | None) -> str:
    """Month, day and time of a moment; the year stands in 详情."""
    return local_time(value)[5:]


def visit_number(row: EcgRow) -> str:
    """门诊号 or 住院号, whichever the visit has."""
    return row.inpatient_number or row.outpatient_number


def place(row: EcgRow) -> str:
    """Department and bed."""
    bed = tr("{bed}床", bed=row.bed) if row.bed and not row.bed.endswith(verbatim("床")) else row.bed
    return " ".join(part for part in (row.department, bed) if part)


_HEAD = (
    Column("state", "检查状态", 104, looks=EXAM_LOOKS, sort=False),
    Column("patient_name", "病人姓名", 150, strong=True, marks=marks, sort=False),
    Column("sex", "性别", 64, format=sex_word, sort=False, firm=True),
    Column("age", "年龄", 56, sort=False),
)
_TAIL = (
    Column("consultation", "会诊状态", 80, value=consultation_word, sort=False),
    Column("conclusion", "诊断结论", 0, sort=False),
    Column("registered_at", "登记时间", 100, format=short_time, sort=False, quiet=True, firm=True),
    Column("registered_by", "登记人", 72, sort=False, quiet=True, visible=False),
    Column("acquired_at", "采集时间", 100, format=short_time, sort=False, quiet=True, visible=False),
    Column("reported_at", "报告时间", 100, format=short_time, sort=False, quiet=True, visible=False),
    Column("reported_by", "报告医生", 72, sort=False),
    Column("accession_number", "检查号", 120, sort=False, quiet=True, visible=False),
    Column("campus_name", "医院", 112, sort=False, visible=False),
)
HEALTH_CHECK_COLUMNS = (
    *_HEAD,
    Column("health_check_number", "体检号", 112, sort=False),
    Column("id_number", "身份证号", 150, sort=False, visible=False),
    Column("exam_item", "检查项目", 120, sort=False),
    *(column for column in _TAIL if column.key != "consultation"),
)
IN_HOSPITAL_COLUMNS = (
    *_HEAD,
    Column("visit_kind", "就诊类型", 84, format=lambda kind: word(VISIT_WORDS, kind), sort=False, firm=True),
    Column("patient_number", "病人编号", 104, sort=False),
    Column("visit_number", "门诊/住院号", 104, value=visit_number, sort=False, visible=False),
    Column("request_number", "申请单号", 118, sort=False, firm=True),
    Column("place", "科室床号", 110, value=place, sort=False),
    Column("exam_item", "检查项目", 112, sort=False, visible=False),
    *_TAIL,
)

ROW_ACTIONS = (
    RowAction("read", "阅图", "voice", allowed=lambda row: ExamAction.READ in row.allowed),
    RowAction("details", "详情", "details", allowed=lambda _row: True),
    RowAction("view_report", "报告", "document", allowed=lambda row: ExamAction.VIEW_REPORT in row.allowed),
    RowAction("collect", "收藏报告", "star", allowed=lambda row: ExamAction.COLLECT in row.allowed),
    RowAction("cancel", "取消登记", "cross_circle", allowed=lambda row: ExamAction.CANCEL in row.allowed, danger=True),
)
APPLY = RowAction("apply_consultation", "申请会诊", "send", allowed=may_apply)
