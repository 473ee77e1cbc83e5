"""Words of statistics, and tables of the contract made ready to be shown; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping

from clients.diagnosis.statistics.state import CRITICAL, DRAWN, PERIODS, REGION, Chart, Drawing, Line, Series, Shown
from clients.kit.translations import tr
from shared.contract.critical import CriticalGroup, CriticalStatistics
from shared.contract.statistics import GroupBy, Measure, StatisticsRow, StatisticsTable, Step, Subject
from shared.domain.critical import CriticalRegion
from shared.domain.states import PatientType

MOST_BARS = 16

SUBJECTS: Mapping[str, str] = {
    Subject.TURNAROUND: "周转时间",
    Subject.WORKLOAD: "工作量",
    Subject.POSITIVE: "阳性率",
    Subject.IMAGE_QUALITY: "影像质量",
    Subject.REPORT_QUALITY: "报告质量",
    Subject.RETURNS: "退回率",
    CRITICAL: "危急值",
}
GROUP_WORDS: Mapping[str, str] = {
    GroupBy.STEP: "环节",
    GroupBy.DAY: "按日",
    GroupBy.WEEK: "按周",
    GroupBy.MONTH: "按月",
    GroupBy.CAMPUS: "院区",
    GroupBy.EXAM_TYPE: "检查类型",
    GroupBy.PATIENT_TYPE: "患者类型",
    GroupBy.DEPARTMENT: "请检科室",
    GroupBy.ROOM: "检查室",
    GroupBy.DEVICE: "设备",
    GroupBy.TECHNICIAN: "技师",
    GroupBy.DOCTOR: "诊断医生",
    GroupBy.AUDITOR: "审核医生",
    REGION: "部位",
}
STEPS: Mapping[str, str] = {
    Step.EXAM: "登记到检查结束",
    Step.IMAGES: "检查结束到影像到达",
    Step.REPORT: "检查结束到提交报告",
    Step.AUDIT: "提交到审核",
    Step.PRINT: "审核到打印",
    Step.WHOLE: "检查结束到审核",
}
MEASURES: Mapping[Measure, str] = {
    Measure.COUNT: "例数",
    Measure.MEDIAN: "中位数",
    Measure.P90: "90% 以内",
    Measure.LIMIT: "时限",
    Measure.BREACHES: "超时例数",
    Measure.BREACH_PERCENT: "超时率 %",
    Measure.EXAMS: "检查数",
    Measure.IMAGES: "影像数",
    Measure.REPORTS: "报告数",
    Measure.AUDITS: "审核数",
    Measure.POSITIVE: "阳性",
    Measure.NEGATIVE: "阴性",
    Measure.POSITIVE_PERCENT: "阳性率 %",
    Measure.GRADE_A: "甲",
    Measure.GRADE_B: "乙",
    Measure.GRADE_C: "丙",
    Measure.GRADE_D: "丁",
    Measure.GRADE_A_PERCENT: "甲级率 %",
    Measure.RETURNED: "退回例数",
    Measure.RETURN_PERCENT: "退回率 %",
}
UNITS: Mapping[str, str] = {
    Subject.TURNAROUND: "分钟",
    Subject.WORKLOAD: "例",
    Subject.POSITIVE: "%",
    Subject.IMAGE_QUALITY: "例",
    Subject.REPORT_QUALITY: "例",
    Subject.RETURNS: "%",
    CRITICAL: "分钟",
}
CRITICAL_MEASURES = (
    "例数",
    "撤销例数",
    "未结束",
    "及时通知",
    "及时率 %",
    "通知中位数",
    "确认中位数",
    "曾升级",
)
_REGIONS: Mapping[str, str] = {
    CriticalRegion.HEAD: "头颅",
    CriticalRegion.NECK: "头颈",
    CriticalRegion.CHEST: "胸部",
    CriticalRegion.HEART: "心脏大血管",
    CriticalRegion.ABDOMEN: "腹部",
    CriticalRegion.PELVIS: "盆腔与妇产",
    CriticalRegion.SPINE: "脊柱",
    CriticalRegion.LIMBS: "四肢与外周血管",
    CriticalRegion.ANY: "全身与检查中",
}
_PATIENTS: Mapping[str, str] = {
    PatientType.EMERGENCY: "急诊",
    PatientType.VIP: "优先",
    PatientType.ORDINARY: "普通",
}


def number_words(value: float | None) -> str:
    """A figure as it stands in the table: thousands parted, one digit after the point where there is one."""
    if value is None:
        return "–"
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.1f}"


def shown_of(table: StatisticsTable) -> Shown:
    """Return a table of the contract ready to be shown."""
    lines = [Line(row.key, _name(table.group_by, row), row.values) for row in table.rows]
    places = [table.columns.index(one) for one in DRAWN[table.subject]]
    titles = [MEASURES[table.columns[place]] for place in places]
    drawing = Drawing.BARS
    if table.group_by.value in PERIODS:
        drawing = Drawing.LINES
    elif table.subject in (Subject.IMAGE_QUALITY, Subject.REPORT_QUALITY):
        drawing = Drawing.STACKED
    chart = chart_of(lines, places, titles, drawing, UNITS[table.subject])
    if table.group_by is not GroupBy.STEP:
        lines.append(Line("", tr("合计"), table.total.values, is_total=True))
    measures = tuple(MEASURES[one] for one in table.columns)
    return Shown(GROUP_WORDS[table.group_by], measures, tuple(lines), chart)


def critical_shown(found: CriticalStatistics, group_by: str) -> Shown:
    """Return the figures of critical values ready to be shown."""
    groups = {REGION: found.by_region, GroupBy.DOCTOR.value: found.by_doctor}.get(group_by, found.by_department)
    lines = [Line(one.name, _critical_name(group_by, one), _critical_values(one)) for one in groups]
    chart = chart_of(lines, [5, 6], list(CRITICAL_MEASURES[5:7]), Drawing.BARS, UNITS[CRITICAL])
    lines.append(Line("", tr("合计"), _critical_values(found.all), is_total=True))
    return Shown(GROUP_WORDS[group_by], CRITICAL_MEASURES, tuple(lines), chart)


def chart_of(lines: list[Line], places: list[int], titles: list[str], drawing: Drawing, unit: str) -> Chart:
    """Return the chart of some columns; bars for the first rows only, lines for all."""
    drawn = lines if drawing is Drawing.LINES else lines[:MOST_BARS]
    series = tuple(
        Series(title, tuple(line.values[place] for line in drawn)) for place, title in zip(places, titles, strict=True)
    )
    return Chart(drawing, tuple(line.name for line in drawn), series, unit, len(lines) - len(drawn))


def _name(group_by: GroupBy, row: StatisticsRow) -> str:
    if row.name:
        return row.name
    words = {GroupBy.STEP: STEPS, GroupBy.PATIENT_TYPE: _PATIENTS}.get(group_by, {})
    source = words.get(row.key, "")
    return tr(source) if source else row.key or tr("未填写")


def _critical_name(group_by: str, group: CriticalGroup) -> str:
    if group_by == REGION:
        return tr(_REGIONS[group.name])
    return group.name or tr("未填写")


def _critical_values(one: CriticalGroup) -> tuple[float | None, ...]:
    return (
        one.count,
        one.cancelled,
        one.open,
        one.notified_in_time,
        one.in_time_percent,
        one.median_notify,
        one.median_acknowledge,
        one.escalated,
    )
