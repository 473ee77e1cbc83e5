"""Statistics (统计): turn-around, workload, positive rate, quality scores, returns (RIS-EX-15)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.master import SheetView
from shared.domain.permissions import Permission


class Subject(StrEnum):
    """What is counted."""

    TURNAROUND = "turnaround"  # 周转时间
    WORKLOAD = "workload"  # 工作量
    POSITIVE = "positive"  # 阳性率
    IMAGE_QUALITY = "image_quality"  # 影像质量
    REPORT_QUALITY = "report_quality"  # 报告质量
    RETURNS = "returns"  # 退回率


class Step(StrEnum):
    """Two times of an exam between which minutes are counted."""

    EXAM = "exam"  # 登记 → 检查结束
    IMAGES = "images"  # 检查结束 → 影像到达
    REPORT = "report"  # 检查结束 → 提交
    AUDIT = "audit"  # 提交 → 审核
    PRINT = "print"  # 审核 → 打印
    WHOLE = "whole"  # 检查结束 → 审核, against the hospital's own limit of each report


class GroupBy(StrEnum):
    """What a row of the table stands for."""

    STEP = "step"  # turn-around only
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    CAMPUS = "campus"
    EXAM_TYPE = "exam_type"
    PATIENT_TYPE = "patient_type"
    DEPARTMENT = "department"  # requesting
    ROOM = "room"
    DEVICE = "device"
    TECHNICIAN = "technician"
    DOCTOR = "doctor"
    AUDITOR = "auditor"


class StatisticsFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Exams done on these days of the hospital's time zone, ends included, at most 800 days."""

    first: date
    last: date
    campus_id: int | None = None
    exam_types: tuple[str, ...] = ()
    step: Step = Step.REPORT  # of turn-around


class Measure(StrEnum):
    """Meaning and unit of a column."""

    COUNT = "count"
    MEDIAN = "median"  # minutes
    P90 = "p90"  # minutes
    LIMIT = "limit"  # minutes
    BREACHES = "breaches"
    BREACH_PERCENT = "breach_percent"
    EXAMS = "exams"
    IMAGES = "images"
    REPORTS = "reports"
    AUDITS = "audits"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    POSITIVE_PERCENT = "positive_percent"
    GRADE_A = "grade_a"
    GRADE_B = "grade_b"
    GRADE_C = "grade_c"
    GRADE_D = "grade_d"
    GRADE_A_PERCENT = "grade_a_percent"
    RETURNED = "returned"
    RETURN_PERCENT = "return_percent"


class StatisticsRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row; `values` in the order of the columns, None where nothing can be counted."""

    key: str  # a day, a code, a step; empty: not stated
    name: str  # as people call it; empty: the client names it by its key
    values: tuple[float | None, ...]


class StatisticsTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is shown, drawn and exported alike. Percentages and minutes have one digit after the point."""

    subject: Subject
    group_by: GroupBy
    columns: tuple[Measure, ...]
    rows: tuple[StatisticsRow, ...]
    total: StatisticsRow


class GetStatistics(Query[StatisticsTable], frozen=True, kw_only=True):
    """One table. Refusals: INVALID (days, a grouping that the subject does not know)."""

    method = "statistics.get"
    permission = Permission.STATISTICS
    audit = AuditClass.ROUTINE

    subject: Subject
    group_by: GroupBy
    filter: StatisticsFilter


class ExportStatistics(Query[SheetView], frozen=True, kw_only=True):
    """The same table as a workbook. Refusals: INVALID."""

    method = "statistics.export"
    permission = Permission.STATISTICS
    audit = AuditClass.EXPORT

    subject: Subject
    group_by: GroupBy
    filter: StatisticsFilter
    english: bool = False


class StepLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Minutes within which each step should be done; 0: no limit. Step.WHOLE has the limits of the diagnosis list."""

    version: int = 0
    exam: int = 240
    images: int = 30
    report: int = 240
    audit: int = 240
    print: int = 1440


class GetStepLimits(Query[StepLimits], frozen=True, kw_only=True):
    """The limits of turn-around."""

    method = "statistics.get_limits"
    permission = Permission.STATISTICS
    audit = AuditClass.ROUTINE


class SaveStepLimits(Command[StepLimits], frozen=True, kw_only=True):
    """Change the limits of turn-around. Refusals: INVALID, CONFLICT."""

    method = "statistics.save_limits"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    limits: StepLimits
