"""Names of ECG reports: parameters with their units, where a statement came from, kinds of terms, formats, danger."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from shared.domain.ecg import Word

FIRST_ECG_REPORT_ID = 1_500_000_001
"""Ids of ECG reports count from here (imaging below 10⁹, pathology from 10⁹ + 1): a report's id means one report in the
whole suite. An exam has one report in its life, with editions: its id is this plus the exam's id less one."""


def report_id_of(exam_id: int) -> int:
    """The id of the report of an ECG exam."""
    return FIRST_ECG_REPORT_ID - 1 + exam_id


def exam_id_of(report_id: int) -> int:
    """The exam of an ECG report's id."""
    return report_id - (FIRST_ECG_REPORT_ID - 1)


# ── parameters ───────────────────────────────────────────────────────────────────────────────────────


class Parameter(StrEnum):
    """A measured value of the parameter area (心电参数区), in its order on screen and paper."""

    HR = "hr"
    RR = "rr"
    P = "p"
    PR = "pr"
    QRS = "qrs"
    QT = "qt"
    QTC = "qtc"
    P_AXIS = "p_axis"
    QRS_AXIS = "qrs_axis"
    T_AXIS = "t_axis"
    RV5 = "rv5"
    SV1 = "sv1"
    RV5_SV1 = "rv5_sv1"


class ParameterWord(NamedTuple):
    """What a parameter is called, its unit (UCUM), its decimals, and what a doctor may write at all."""

    zh: str
    en: str
    unit: str
    decimals: int
    least: float
    most: float


PARAMETERS: dict[Parameter, ParameterWord] = {
    Parameter.HR: ParameterWord("心率", "Heart rate", "bpm", 0, 0, 600),
    Parameter.RR: ParameterWord("RR 间期", "RR interval", "ms", 0, 50, 20_000),
    Parameter.P: ParameterWord("P 波时限", "P duration", "ms", 0, 0, 400),
    Parameter.PR: ParameterWord("PR 间期", "PR interval", "ms", 0, 0, 1000),
    Parameter.QRS: ParameterWord("QRS 时限", "QRS duration", "ms", 0, 0, 500),
    Parameter.QT: ParameterWord("QT 间期", "QT interval", "ms", 0, 0, 1500),
    Parameter.QTC: ParameterWord("QTc", "QTc", "ms", 0, 0, 1500),
    Parameter.P_AXIS: ParameterWord("P 电轴", "P axis", "°", 0, -180, 360),
    Parameter.QRS_AXIS: ParameterWord("QRS 电轴", "QRS axis", "°", 0, -180, 360),
    Parameter.T_AXIS: ParameterWord("T 电轴", "T axis", "°", 0, -180, 360),
    Parameter.RV5: ParameterWord("RV5", "RV5", "mV", 2, 0, 20),
    Parameter.SV1: ParameterWord("SV1", "SV1", "mV", 2, 0, 20),
    Parameter.RV5_SV1: ParameterWord("RV5+SV1", "RV5+SV1", "mV", 2, 0, 40),
}


class QtcFormula(StrEnum):
    """Which correction QTC is; named on the report (EX-ECG-04)."""

    BAZETT = "bazett"
    FRIDERICIA = "fridericia"
    FRAMINGHAM = "framingham"
    HODGES = "hodges"


# ── statements and terms ─────────────────────────────────────────────────────────────────────────────


class StatementSource(StrEnum):
    """Who said a statement first (EX-ECG-11)."""

    MACHINE = "machine"  # a rule of this program
    DEVICE = "device"  # stands in the file of the cart
    DOCTOR = "doctor"


class Verdict(StrEnum):
    """What the doctor made of a machine's statement."""

    OPEN = "open"  # not looked at
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


VERDICTS = {
    Verdict.OPEN: Word("未确认", "Not confirmed"),
    Verdict.CONFIRMED: Word("已确认", "Confirmed"),
    Verdict.REJECTED: Word("已否定", "Rejected"),
}


class TermKind(StrEnum):
    """Into which box a term goes."""

    DIAGNOSIS = "diagnosis"  # 心电诊断
    FINDING = "finding"  # 检查所见


TERM_KINDS = {
    TermKind.DIAGNOSIS: Word("心电诊断", "Diagnosis"),
    TermKind.FINDING: Word("检查所见", "Findings"),
}


class TermScope(StrEnum):
    """Whose a term is."""

    BUILT_IN = "built_in"
    HOSPITAL = "hospital"
    PERSONAL = "personal"


TERM_SCOPES = {
    TermScope.BUILT_IN: Word("标准", "Standard"),
    TermScope.HOSPITAL: Word("本院", "Hospital"),
    TermScope.PERSONAL: Word("个人", "Personal"),
}
SYMBOLS = tuple("°′″±≥≤→↑↓×~ⅠⅡⅢⅣⅤⅥαβμ")
"""The special symbol keyboard (ECG-CONC-05); clients may add to it."""


# ── reports ──────────────────────────────────────────────────────────────────────────────────────────


class ReportSide(StrEnum):
    """Who reads: the exam's own hospital, or the one that was asked."""

    LOCAL = "local"
    CONSULTATION = "consultation"


class ExportFormat(StrEnum):
    """Formats in which a trace leaves with its report's values (EX-ECG-06)."""

    DICOM = "dicom"
    AECG = "aecg"
    SCP = "scp"
    CSV = "csv"
    PDF = "pdf"  # the trace alone, on true scale


EXPORT_FORMATS = {
    ExportFormat.DICOM: Word("DICOM", "DICOM"),
    ExportFormat.AECG: Word("HL7 aECG", "HL7 aECG"),
    ExportFormat.SCP: Word("SCP-ECG", "SCP-ECG"),
    ExportFormat.CSV: Word("CSV", "CSV"),
    ExportFormat.PDF: Word("PDF", "PDF"),
}


# ── danger and clocks ────────────────────────────────────────────────────────────────────────────────


class Danger(StrEnum):
    """How dangerous a record looks to the rules: orders the waiting list; a suspicion, never a diagnosis."""

    NONE = "none"  # nothing found
    UNKNOWN = "unknown"  # not measured, or too poor to tell
    ABNORMAL = "abnormal"
    WARNING = "warning"  # should be read soon
    CRITICAL = "critical"


DANGERS = {
    Danger.NONE: Word("未见异常", "Nothing found"),
    Danger.UNKNOWN: Word("无法判断", "Cannot tell"),
    Danger.ABNORMAL: Word("异常", "Abnormal"),
    Danger.WARNING: Word("需尽快阅图", "Read soon"),
    Danger.CRITICAL: Word("疑似危急", "Suspected critical"),
}
DANGER_ORDER = (Danger.CRITICAL, Danger.WARNING, Danger.UNKNOWN, Danger.ABNORMAL, Danger.NONE)
"""Most dangerous first; a record that cannot be judged stands before a merely abnormal one."""


class ClockColour(StrEnum):
    """How a waiting-time clock is shown (EX-ECG-15)."""

    STOPPED = "stopped"
    GREEN = "green"
    YELLOW = "yellow"  # the larger part of the time is over
    RED = "red"  # past the limit


CLOCK_COLOURS = {
    ClockColour.STOPPED: Word("已停止", "Stopped"),
    ClockColour.GREEN: Word("时限内", "In time"),
    ClockColour.YELLOW: Word("即将超时", "Soon overdue"),
    ClockColour.RED: Word("已超时", "Overdue"),
}


class NoticeKind(StrEnum):
    """Why somebody is told (ECG-MSG)."""

    NEW_CONSULTATION = "new_consultation"  # → 受理记录
    PUBLISHED = "published"  # → 会诊报告
    REFUSED = "refused"  # → 会诊报告
    WITHDRAWN = "withdrawn"  # → 受理记录
    GIVEN_BACK = "given_back"  # → 会诊报告; to the team as a new one again
    REPORT_WITHDRAWN = "report_withdrawn"
    CRITICAL = "critical"


NOTICE_KINDS = {
    NoticeKind.NEW_CONSULTATION: Word("新的会诊", "New consultation"),
    NoticeKind.PUBLISHED: Word("会诊报告发布", "Consultation report published"),
    NoticeKind.REFUSED: Word("会诊被拒绝", "Consultation refused"),
    NoticeKind.WITHDRAWN: Word("会诊已撤销", "Consultation withdrawn"),
    NoticeKind.GIVEN_BACK: Word("撤销受理", "Acceptance withdrawn"),
    NoticeKind.REPORT_WITHDRAWN: Word("报告已撤回", "Report withdrawn"),
    NoticeKind.CRITICAL: Word("心电危急值", "Critical ECG"),
}


class NoticePage(StrEnum):
    """Which page a click on a notice opens (ECG-GEN-03)."""

    INCOMING = "incoming"  # 受理记录
    OUTGOING = "outgoing"  # 会诊报告
    READING = "reading"  # 阅图


NOTICE_PAGES = {
    NoticeKind.NEW_CONSULTATION: NoticePage.INCOMING,
    NoticeKind.WITHDRAWN: NoticePage.INCOMING,
    NoticeKind.PUBLISHED: NoticePage.OUTGOING,
    NoticeKind.REFUSED: NoticePage.OUTGOING,
    NoticeKind.GIVEN_BACK: NoticePage.OUTGOING,
    NoticeKind.REPORT_WITHDRAWN: NoticePage.READING,
    NoticeKind.CRITICAL: NoticePage.READING,
}


class Agreement(StrEnum):
    """The first opinion against the consultation's, judged by the consulting doctor or by the codes (EX-ECG-15)."""

    AGREES = "agrees"
    PARTLY = "partly"
    DISAGREES = "disagrees"
    NONE = "none"  # there was no first opinion


AGREEMENTS = {
    Agreement.AGREES: Word("符合", "Agrees"),
    Agreement.PARTLY: Word("部分符合", "Partly"),
    Agreement.DISAGREES: Word("不符合", "Disagrees"),
    Agreement.NONE: Word("无初步意见", "No first opinion"),
}
