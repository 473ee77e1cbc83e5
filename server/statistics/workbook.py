"""A table of statistics as a workbook, in Chinese or English."""

from __future__ import annotations

from server.organisation.sheets import Cell, write_xlsx
from shared.contract.master import SheetView
from shared.contract.statistics import GroupBy, Measure, StatisticsFilter, StatisticsTable, Step, Subject
from shared.domain.states import PatientType

_M = Measure
SUBJECTS = {
    Subject.TURNAROUND: ("周转时间", "Turn-around"),
    Subject.WORKLOAD: ("工作量", "Workload"),
    Subject.POSITIVE: ("阳性率", "Positive rate"),
    Subject.IMAGE_QUALITY: ("影像质量", "Image quality"),
    Subject.REPORT_QUALITY: ("报告质量", "Report quality"),
    Subject.RETURNS: ("退回率", "Returns"),
}
GROUPS = {
    GroupBy.STEP: ("环节", "Step"),
    GroupBy.DAY: ("日期", "Day"),
    GroupBy.WEEK: ("周（起始日）", "Week from"),
    GroupBy.MONTH: ("月份", "Month"),
    GroupBy.CAMPUS: ("院区", "Campus"),
    GroupBy.EXAM_TYPE: ("检查类型", "Exam type"),
    GroupBy.PATIENT_TYPE: ("患者类型", "Patient type"),
    GroupBy.DEPARTMENT: ("请检科室", "Requesting department"),
    GroupBy.ROOM: ("检查室", "Room"),
    GroupBy.DEVICE: ("设备", "Device"),
    GroupBy.TECHNICIAN: ("技师", "Technician"),
    GroupBy.DOCTOR: ("诊断医生", "Reporting doctor"),
    GroupBy.AUDITOR: ("审核医生", "Auditing doctor"),
}
MEASURES = {
    _M.COUNT: ("例数", "Cases"),
    _M.MEDIAN: ("中位数（分钟）", "Median (min)"),
    _M.P90: ("90% 以内（分钟）", "90% within (min)"),
    _M.LIMIT: ("时限（分钟）", "Limit (min)"),
    _M.BREACHES: ("超时", "Over the limit"),
    _M.BREACH_PERCENT: ("超时率（%）", "Over the limit (%)"),
    _M.EXAMS: ("检查", "Exams"),
    _M.IMAGES: ("影像", "Images"),
    _M.REPORTS: ("报告", "Reports"),
    _M.AUDITS: ("审核", "Audits"),
    _M.POSITIVE: ("阳性", "Positive"),
    _M.NEGATIVE: ("阴性", "Negative"),
    _M.POSITIVE_PERCENT: ("阳性率（%）", "Positive (%)"),
    _M.GRADE_A: ("甲", "A"),
    _M.GRADE_B: ("乙", "B"),
    _M.GRADE_C: ("丙", "C"),
    _M.GRADE_D: ("丁", "D"),
    _M.GRADE_A_PERCENT: ("甲级率（%）", "A (%)"),
    _M.RETURNED: ("退回", "Returned"),
    _M.RETURN_PERCENT: ("退回率（%）", "Returned (%)"),
}
STEPS = {
    Step.EXAM: ("登记到检查结束", "Registration to end of exam"),
    Step.IMAGES: ("检查结束到影像到达", "End of exam to images"),
    Step.REPORT: ("检查结束到提交报告", "End of exam to report"),
    Step.AUDIT: ("提交到审核", "Report to audit"),
    Step.PRINT: ("审核到打印", "Audit to print"),
    Step.WHOLE: ("检查结束到审核", "End of exam to audit"),
}
_PATIENTS = {
    PatientType.EMERGENCY: ("急诊", "Emergency"),
    PatientType.VIP: ("优先", "VIP"),
    PatientType.ORDINARY: ("普通", "Ordinary"),
}
_NOT_STATED = ("未填写", "Not stated")
_TOTAL = ("合计", "Total")


def workbook(table: StatisticsTable, wanted: StatisticsFilter, *, english: bool) -> SheetView:
    """Return the table with its total below; numbers stay numbers."""
    tongue = 1 if english else 0

    def name(key: str, given: str) -> str:
        if given:
            return given
        if table.group_by is GroupBy.STEP:
            return STEPS[Step(key)][tongue]
        if table.group_by is GroupBy.PATIENT_TYPE and key in set(PatientType):
            return _PATIENTS[PatientType(key)][tongue]
        return key or _NOT_STATED[tongue]

    title = SUBJECTS[table.subject][tongue]
    if table.subject is Subject.TURNAROUND and table.group_by is not GroupBy.STEP:
        title = f"{title} {STEPS[wanted.step][tongue]}"
    headings = (GROUPS[table.group_by][tongue], *(MEASURES[one][tongue] for one in table.columns))
    lines: list[tuple[Cell, ...]] = [(name(row.key, row.name), *row.values) for row in table.rows]
    total = STEPS[Step.WHOLE][tongue] if table.group_by is GroupBy.STEP else _TOTAL[tongue]
    if table.group_by is not GroupBy.STEP:
        lines.append((total, *table.total.values))
    stem = f"{title}_{wanted.first}_{wanted.last}".replace(" ", "_")
    content = write_xlsx(title, headings, (28,) + (16,) * len(table.columns), lines)
    return SheetView(file_name=f"{stem}.xlsx", content=content)
