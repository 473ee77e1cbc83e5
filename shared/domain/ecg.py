"""Names of the ECG network: states, actions and kinds of exams, traces, devices, tasks, reports and consultations.

The values travel on the wire and stand in the database; beside each stands what screens show, in Chinese as in the
requirements and in English. The tables of transitions are the state machines ECG-SM of the requirements: a pair that
is not in a table is not allowed, whoever asks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from shared.domain.states import VisitKind


class Word(NamedTuple):
    """What a member of an enumeration is called."""

    zh: str
    en: str


# ── exams ────────────────────────────────────────────────────────────────────────────────────────────

VISIT_WORDS = {
    VisitKind.OUTPATIENT: Word("门诊", "Outpatient"),
    VisitKind.INPATIENT: Word("住院", "Inpatient"),
    VisitKind.EMERGENCY: Word("急诊", "Emergency"),
    VisitKind.HEALTH_CHECK: Word("体检", "Health check"),
}
IN_HOSPITAL_KINDS = (VisitKind.OUTPATIENT, VisitKind.INPATIENT, VisitKind.EMERGENCY)
"""The kinds of the in-hospital list (院内检查, ECG-IN-01); the physical-exam list (体检检查) has the other."""


class EcgKind(StrEnum):
    """What is recorded (EX-ECG-14). The last two come as documents beside the list, with or without a trace."""

    TWELVE_LEAD = "twelve_lead"
    EIGHTEEN_LEAD = "eighteen_lead"
    RHYTHM = "rhythm"
    HOLTER = "holter"
    STRESS = "stress"


ECG_KINDS = {
    EcgKind.TWELVE_LEAD: Word("12导联心电图", "12-lead ECG"),
    EcgKind.EIGHTEEN_LEAD: Word("18导联心电图", "18-lead ECG"),
    EcgKind.RHYTHM: Word("节律心电图", "Rhythm ECG"),
    EcgKind.HOLTER: Word("动态心电图", "Holter ECG"),
    EcgKind.STRESS: Word("运动心电图", "Stress ECG"),
}


class ExamState(StrEnum):
    """检查状态 of an ECG exam (ECG-SM-EXM)."""

    AWAITING = "awaiting"
    ACQUIRED = "acquired"
    REPORTED = "reported"
    CANCELLED = "cancelled"


EXAM_STATES = {
    ExamState.AWAITING: Word("待采集", "To acquire"),
    ExamState.ACQUIRED: Word("已采集", "Acquired"),
    ExamState.REPORTED: Word("已报告", "Reported"),
    ExamState.CANCELLED: Word("已取消", "Cancelled"),
}


class ExamAction(StrEnum):
    """What can be done with an ECG exam."""

    ACQUIRE = "acquire"  # open the acquisition; a trace that arrives is STORE_TRACE
    STORE_TRACE = "store_trace"  # of the program only
    EDIT = "edit"  # change what 详情 lets be changed
    SAVE_REPORT = "save_report"
    SUBMIT_REPORT = "submit_report"
    PUBLISH_CONSULTATION = "publish_consultation"
    WITHDRAW_REPORT = "withdraw_report"
    CANCEL = "cancel"
    READ = "read"  # 阅图
    VIEW_REPORT = "view_report"
    PRINT = "print"
    COLLECT = "collect"
    APPLY_CONSULTATION = "apply_consultation"


EXAM_ACTIONS = {
    ExamAction.ACQUIRE: Word("采集", "Acquire"),
    ExamAction.STORE_TRACE: Word("上传", "Upload"),
    ExamAction.EDIT: Word("修改", "Change"),
    ExamAction.SAVE_REPORT: Word("保存", "Save"),
    ExamAction.SUBMIT_REPORT: Word("提交报告", "Submit report"),
    ExamAction.PUBLISH_CONSULTATION: Word("发布会诊报告", "Publish consultation report"),
    ExamAction.WITHDRAW_REPORT: Word("撤回报告", "Withdraw report"),
    ExamAction.CANCEL: Word("取消登记", "Cancel registration"),
    ExamAction.READ: Word("阅图", "Read"),
    ExamAction.VIEW_REPORT: Word("报告", "Report"),
    ExamAction.PRINT: Word("打印", "Print"),
    ExamAction.COLLECT: Word("收藏报告", "Collect report"),
    ExamAction.APPLY_CONSULTATION: Word("申请会诊", "Apply for consultation"),
}

EXAM_TRANSITIONS: dict[tuple[ExamState, ExamAction], ExamState] = {
    (ExamState.AWAITING, ExamAction.ACQUIRE): ExamState.AWAITING,
    (ExamState.AWAITING, ExamAction.STORE_TRACE): ExamState.ACQUIRED,  # EXM-03
    (ExamState.AWAITING, ExamAction.EDIT): ExamState.AWAITING,
    (ExamState.AWAITING, ExamAction.READ): ExamState.AWAITING,
    (ExamState.AWAITING, ExamAction.CANCEL): ExamState.CANCELLED,  # EXM-10
    (ExamState.ACQUIRED, ExamAction.ACQUIRE): ExamState.ACQUIRED,  # EXM-04
    (ExamState.ACQUIRED, ExamAction.STORE_TRACE): ExamState.ACQUIRED,
    (ExamState.ACQUIRED, ExamAction.EDIT): ExamState.ACQUIRED,
    (ExamState.ACQUIRED, ExamAction.READ): ExamState.ACQUIRED,
    (ExamState.ACQUIRED, ExamAction.SAVE_REPORT): ExamState.ACQUIRED,  # EXM-05
    (ExamState.ACQUIRED, ExamAction.SUBMIT_REPORT): ExamState.REPORTED,  # EXM-06
    (ExamState.ACQUIRED, ExamAction.PUBLISH_CONSULTATION): ExamState.REPORTED,  # EXM-07
    (ExamState.ACQUIRED, ExamAction.APPLY_CONSULTATION): ExamState.ACQUIRED,
    (ExamState.ACQUIRED, ExamAction.COLLECT): ExamState.ACQUIRED,
    (ExamState.REPORTED, ExamAction.EDIT): ExamState.REPORTED,
    (ExamState.REPORTED, ExamAction.READ): ExamState.REPORTED,
    (ExamState.REPORTED, ExamAction.VIEW_REPORT): ExamState.REPORTED,  # EXM-08
    (ExamState.REPORTED, ExamAction.PRINT): ExamState.REPORTED,
    (ExamState.REPORTED, ExamAction.COLLECT): ExamState.REPORTED,
    (ExamState.REPORTED, ExamAction.WITHDRAW_REPORT): ExamState.ACQUIRED,  # EXM-09
}


class RequestState(StrEnum):
    """How a request of the hospital or health-check system stands (ECG-HIS-08)."""

    OPEN = "open"
    REGISTERED = "registered"
    EXAMINED = "examined"
    CANCELLED = "cancelled"


REQUEST_STATES = {
    RequestState.OPEN: Word("未登记", "Not registered"),
    RequestState.REGISTERED: Word("已登记", "Registered"),
    RequestState.EXAMINED: Word("已检查", "Examined"),
    RequestState.CANCELLED: Word("已取消", "Cancelled"),
}


class QuickRange(StrEnum):
    """One-press queries of both lists (ECG-PE-03, ECG-IN-03): today, and the last 7 and 14 days, today included."""

    TODAY = "today"
    WEEK = "week"
    TWO_WEEKS = "two_weeks"


QUICK_RANGES = {
    QuickRange.TODAY: Word("查今天", "Today"),
    QuickRange.WEEK: Word("查近一周", "Last week"),
    QuickRange.TWO_WEEKS: Word("查近两周", "Last two weeks"),
}
QUICK_RANGE_DAYS = {QuickRange.TODAY: 1, QuickRange.WEEK: 7, QuickRange.TWO_WEEKS: 14}


# ── traces and acquisition ───────────────────────────────────────────────────────────────────────────


class TraceSource(StrEnum):
    """By which way a trace came."""

    DEVICE = "device"  # of a task on a bound device
    FILE = "file"  # chosen by hand on the reading page
    DICOM = "dicom"  # C-STORE of a modality
    LINE = "line"  # of a store-and-forward line


TRACE_SOURCES = {
    TraceSource.DEVICE: Word("设备采集", "Device"),
    TraceSource.FILE: Word("文件导入", "File"),
    TraceSource.DICOM: Word("DICOM 设备", "DICOM device"),
    TraceSource.LINE: Word("远程线路", "Remote line"),
}


class AdapterKind(StrEnum):
    """How a device hands its records over."""

    FOLDER = "folder"  # a folder that the vendor's program writes files into
    TCP = "tcp"
    SERIAL = "serial"
    DICOM = "dicom"  # C-STORE to this server
    SIMULATOR = "simulator"


ADAPTER_KINDS = {
    AdapterKind.FOLDER: Word("文件夹", "Folder"),
    AdapterKind.TCP: Word("网络（TCP）", "Network (TCP)"),
    AdapterKind.SERIAL: Word("串口", "Serial port"),
    AdapterKind.DICOM: Word("DICOM", "DICOM"),
    AdapterKind.SIMULATOR: Word("模拟器", "Simulator"),
}


class DeviceState(StrEnum):
    """设备状态 as a dialog of one exam sees it: OCCUPIED is acquiring, but for another exam (ECG-ACQ-06)."""

    IDLE = "idle"
    ACQUIRING = "acquiring"
    SUCCEEDED = "succeeded"
    OCCUPIED = "occupied"
    UNBOUND = "unbound"  # the computer is bound to no device (ECG-ACQ-03)
    DISABLED = "disabled"


DEVICE_STATES = {
    DeviceState.IDLE: Word("空闲", "Idle"),
    DeviceState.ACQUIRING: Word("采集中", "Acquiring"),
    DeviceState.SUCCEEDED: Word("采集成功", "Acquired"),
    DeviceState.OCCUPIED: Word("占用", "Occupied"),
    DeviceState.UNBOUND: Word("未绑定", "Not bound"),
    DeviceState.DISABLED: Word("停用", "Disabled"),
}


class TaskState(StrEnum):
    """An acquisition task; OPEN with an error text is 采集中 with error (ECG-SM-ACQ-04)."""

    OPEN = "open"
    SUCCEEDED = "succeeded"
    STOPPED = "stopped"


TASK_STATES = {
    TaskState.OPEN: Word("采集中", "Acquiring"),
    TaskState.SUCCEEDED: Word("采集成功", "Acquired"),
    TaskState.STOPPED: Word("已终止", "Stopped"),
}


class TaskAction(StrEnum):
    """What happens to an open task."""

    UPLOAD = "upload"
    FAIL = "fail"
    TIME_OUT = "time_out"
    RETRY = "retry"
    STOP = "stop"


TASK_TRANSITIONS: dict[tuple[TaskState, TaskAction], TaskState] = {
    (TaskState.OPEN, TaskAction.UPLOAD): TaskState.SUCCEEDED,  # ACQ-03
    (TaskState.OPEN, TaskAction.FAIL): TaskState.OPEN,  # ACQ-04
    (TaskState.OPEN, TaskAction.TIME_OUT): TaskState.OPEN,
    (TaskState.OPEN, TaskAction.RETRY): TaskState.OPEN,
    (TaskState.OPEN, TaskAction.STOP): TaskState.STOPPED,  # ACQ-06
}


class OrphanState(StrEnum):
    """未匹配心电图: a trace that came without a task or an exam (EX-ECG-13)."""

    WAITING = "waiting"
    PROPOSED = "proposed"  # one person chose the exam, another step confirms it
    MATCHED = "matched"
    DISCARDED = "discarded"


ORPHAN_STATES = {
    OrphanState.WAITING: Word("未匹配", "Not matched"),
    OrphanState.PROPOSED: Word("待确认", "To confirm"),
    OrphanState.MATCHED: Word("已匹配", "Matched"),
    OrphanState.DISCARDED: Word("已弃用", "Discarded"),
}


# ── reports ──────────────────────────────────────────────────────────────────────────────────────────


class ReportState(StrEnum):
    """A report of an ECG exam (ECG-SM-RPT)."""

    NONE = "none"
    DRAFT = "draft"
    PENDING = "pending"  # read once, waits for the second reading (EX-ECG-12)
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"


REPORT_STATES = {
    ReportState.NONE: Word("未写", "None"),
    ReportState.DRAFT: Word("草稿", "Draft"),
    ReportState.PENDING: Word("待审核", "To audit"),
    ReportState.SUBMITTED: Word("已提交", "Submitted"),
    ReportState.WITHDRAWN: Word("已撤回", "Withdrawn"),
}


class ReportAction(StrEnum):
    """What can be done with a report."""

    SAVE = "save"
    SUBMIT = "submit"
    SUBMIT_AND_PRINT = "submit_and_print"
    AUDIT = "audit"
    RETURN = "return"
    PRINT = "print"
    WITHDRAW = "withdraw"


# With two-level reading the server leads a submit to PENDING instead of SUBMITTED.
REPORT_TRANSITIONS: dict[tuple[ReportState, ReportAction], ReportState] = {
    (ReportState.NONE, ReportAction.SAVE): ReportState.DRAFT,  # RPT-01
    (ReportState.NONE, ReportAction.SUBMIT): ReportState.SUBMITTED,
    (ReportState.NONE, ReportAction.SUBMIT_AND_PRINT): ReportState.SUBMITTED,
    (ReportState.DRAFT, ReportAction.SAVE): ReportState.DRAFT,
    (ReportState.DRAFT, ReportAction.SUBMIT): ReportState.SUBMITTED,  # RPT-02
    (ReportState.DRAFT, ReportAction.SUBMIT_AND_PRINT): ReportState.SUBMITTED,  # RPT-03
    (ReportState.PENDING, ReportAction.SAVE): ReportState.PENDING,  # the auditor's changes
    (ReportState.PENDING, ReportAction.AUDIT): ReportState.SUBMITTED,
    (ReportState.PENDING, ReportAction.RETURN): ReportState.DRAFT,
    (ReportState.SUBMITTED, ReportAction.PRINT): ReportState.SUBMITTED,  # RPT-04
    (ReportState.SUBMITTED, ReportAction.WITHDRAW): ReportState.WITHDRAWN,  # EXM-09
    (ReportState.WITHDRAWN, ReportAction.SAVE): ReportState.DRAFT,
    (ReportState.WITHDRAWN, ReportAction.SUBMIT): ReportState.SUBMITTED,
    (ReportState.WITHDRAWN, ReportAction.SUBMIT_AND_PRINT): ReportState.SUBMITTED,
}


# ── consultations ────────────────────────────────────────────────────────────────────────────────────


class Urgency(StrEnum):
    """How soon an answer is needed; orders the waiting list."""

    ROUTINE = "routine"
    URGENT = "urgent"
    EMERGENCY = "emergency"


URGENCIES = {
    Urgency.ROUTINE: Word("普通", "Ordinary"),
    Urgency.URGENT: Word("加急", "Urgent"),
    Urgency.EMERGENCY: Word("危急", "Critical"),
}


class ConsultationState(StrEnum):
    """A consultation (ECG-SM-CON)."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    PUBLISHED = "published"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


CONSULTATION_STATES = {
    ConsultationState.WAITING: Word("待受理", "Waiting"),
    ConsultationState.ACCEPTED: Word("已受理", "Accepted"),
    ConsultationState.PUBLISHED: Word("已发布", "Published"),
    ConsultationState.COMPLETED: Word("已完成", "Completed"),
    ConsultationState.WITHDRAWN: Word("已撤销", "Withdrawn"),
    ConsultationState.REFUSED: Word("已拒绝", "Refused"),
}
RUNNING_CONSULTATIONS = (ConsultationState.WAITING, ConsultationState.ACCEPTED)
"""While one of these, the exam is not sent again (ECG-APP-06)."""


class ConsultationAction(StrEnum):
    """What either side can do."""

    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    REFUSE = "refuse"
    GIVE_BACK = "give_back"
    SAVE = "save"
    PUBLISH = "publish"
    SIGN_FOR = "sign_for"
    WITHDRAW_REPORT = "withdraw_report"  # the published report is taken back to be corrected (EXM-09)


CONSULTATION_ACTIONS = {
    ConsultationAction.WITHDRAW: Word("撤销", "Withdraw"),
    ConsultationAction.ACCEPT: Word("一键会诊", "One-press consultation"),
    ConsultationAction.REFUSE: Word("拒绝会诊", "Refuse"),
    ConsultationAction.GIVE_BACK: Word("撤销受理", "Withdraw acceptance"),
    ConsultationAction.SAVE: Word("保存", "Save"),
    ConsultationAction.PUBLISH: Word("发布会诊报告", "Publish consultation report"),
    ConsultationAction.SIGN_FOR: Word("签收", "Sign for"),
    ConsultationAction.WITHDRAW_REPORT: Word("撤回报告", "Withdraw report"),
}

CONSULTATION_TRANSITIONS: dict[tuple[ConsultationState, ConsultationAction], ConsultationState] = {
    (ConsultationState.WAITING, ConsultationAction.WITHDRAW): ConsultationState.WITHDRAWN,  # CON-02
    (ConsultationState.WAITING, ConsultationAction.ACCEPT): ConsultationState.ACCEPTED,  # CON-03
    (ConsultationState.WAITING, ConsultationAction.REFUSE): ConsultationState.REFUSED,  # CON-04
    (ConsultationState.ACCEPTED, ConsultationAction.GIVE_BACK): ConsultationState.WAITING,  # CON-05
    (ConsultationState.ACCEPTED, ConsultationAction.SAVE): ConsultationState.ACCEPTED,  # CON-06
    (ConsultationState.ACCEPTED, ConsultationAction.PUBLISH): ConsultationState.PUBLISHED,  # CON-07
    (ConsultationState.PUBLISHED, ConsultationAction.SIGN_FOR): ConsultationState.COMPLETED,  # CON-08
    (ConsultationState.COMPLETED, ConsultationAction.SIGN_FOR): ConsultationState.COMPLETED,
    (ConsultationState.PUBLISHED, ConsultationAction.WITHDRAW_REPORT): ConsultationState.ACCEPTED,
    (ConsultationState.COMPLETED, ConsultationAction.WITHDRAW_REPORT): ConsultationState.ACCEPTED,
}


def exam_actions(state: ExamState) -> tuple[ExamAction, ...]:
    """What the state machine allows in a state, in the order of the enumeration; rights are another matter."""
    return tuple(action for action in ExamAction if (state, action) in EXAM_TRANSITIONS)
