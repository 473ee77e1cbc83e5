"""Names of the states and actions of the exam, the queue ticket and the report (requirements RIS-ESM, -QSM, -RSM).

The values travel on the wire and stand in the database; the Chinese words are what screens show.
"""

from __future__ import annotations

from enum import StrEnum


class ExamState(StrEnum):
    """State of an exam (检查状态)."""

    REGISTERED = "registered"  # 已登记; 待检查 in the calling list
    IN_PROGRESS = "in_progress"  # 检查中
    EXAMINED = "examined"  # 已检查
    CANCELLED = "cancelled"  # 已取消


class ExamAction(StrEnum):
    """What can be done to an exam."""

    EDIT = "edit"  # 编辑登记
    PUSH = "push"  # 推送登记信息
    PRINT_BARCODE = "print_barcode"  # 打印条码
    PRINT_FORM = "print_form"  # 打印登记单
    RESCHEDULE = "reschedule"  # 改约
    CANCEL = "cancel"  # 取消登记
    CHANGE_ROOM = "change_room"  # 修改检查室
    START = "start"  # 开始检查
    FINISH = "finish"  # 检查完成
    VIEW_IMAGES = "view_images"  # 查看影像
    PRINT_REPORT = "print_report"  # 预览打印报告


class RegistrationState(StrEnum):
    """The five choices of registration management (登记管理 · 报告状态), derived from exam and report."""

    REGISTERED = "registered"  # 已登记
    DIAGNOSING = "diagnosing"  # 诊断中
    COMPLETED = "completed"  # 已完成
    CANCELLED = "cancelled"  # 已取消


class TicketState(StrEnum):
    """State of a place in a queue (排队状态)."""

    NOT_SIGNED_IN = "not_signed_in"  # 未签到: only where the room wants patients to check in
    WAITING = "waiting"  # 等待
    CALLING = "calling"  # 呼叫中
    CALLED = "called"  # 已呼
    PASSED = "passed"  # 过号
    EXAMINING = "examining"  # 检查中
    DONE = "done"  # left the queue, exam finished
    WITHDRAWN = "withdrawn"  # left the queue, exam cancelled


class TicketAction(StrEnum):
    """What can be done to a ticket."""

    SIGN_IN = "sign_in"  # 签到
    CALL = "call"  # 呼叫
    CALL_AGAIN = "call_again"  # 重呼
    ANNOUNCED = "announced"  # the announcement is over
    PASS = "pass"  # 过号
    SIGN_IN_AGAIN = "sign_in_again"  # 重新签到
    START = "start"  # 开始检查
    FINISH = "finish"  # 检查完成
    CHANGE_ROOM = "change_room"  # 修改检查室
    WITHDRAW = "withdraw"  # exam cancelled


class Precedence(StrEnum):
    """How a type of patient stands in a queue (RIS-QUE-04, RIS-OPN-03)."""

    FIRST = "first"  # before everybody of a lower type
    AHEAD = "ahead"  # as if planned some minutes earlier
    NONE = "none"  # as everybody else


class SignInPlace(StrEnum):
    """Where 重新签到 puts a patient among those of the same precedence (RIS-OPN-05)."""

    TOP = "top"
    AFTER = "after"  # after N patients
    END = "end"


class ReportState(StrEnum):
    """State of a report (报告状态)."""

    AWAITING = "awaiting"  # 待诊断
    WRITING = "writing"  # 诊断中
    SUBMITTED = "submitted"  # 待审核
    AUDITING = "auditing"  # 审核中
    APPROVED = "approved"  # 已审核
    PRINTED = "printed"  # 已打印


class ReportAction(StrEnum):
    """What can be done to a report."""

    WRITE = "write"  # 写报告: enter and lock
    SAVE = "save"  # 保存
    SUBMIT = "submit"  # 提交
    AUDIT = "audit"  # 审核: enter and lock
    APPROVE = "approve"  # 审核通过
    REJECT = "reject"  # 驳回
    GIVE_UP = "give_up"  # 放弃
    UNLOCK = "unlock"  # 解锁
    PRINT = "print"  # 打印
    VIEW_IMAGES = "view_images"  # 查看影像
    REVISE = "revise"  # 修订: withdraw an approved report with a reason; it is written and audited anew
    ADD = "add"  # 补充: an addendum; the approved text stands


class PatientType(StrEnum):
    """Type of a patient (患者类型); the order is the order in lists and queues (RIS-OPN-03)."""

    EMERGENCY = "emergency"  # 急诊
    VIP = "vip"
    ORDINARY = "ordinary"  # 普通


class VisitKind(StrEnum):
    """By which way a patient comes (就诊类别); the places of a schedule are shared out by it."""

    OUTPATIENT = "outpatient"  # 门诊
    INPATIENT = "inpatient"  # 住院
    EMERGENCY = "emergency"  # 急诊
    HEALTH_CHECK = "health_check"  # 体检


class ReferralState(StrEnum):
    """State of a referral (转诊状态)."""

    SENT = "sent"  # 待接收
    ACCEPTED = "accepted"  # 已接收
    REFUSED = "refused"  # 已退回
    CANCELLED = "cancelled"  # 已撤销


class ReferralAction(StrEnum):
    """What can be done to a referral."""

    ACCEPT = "accept"  # 接收
    REFUSE = "refuse"  # 退回
    CANCEL = "cancel"  # 撤销转诊
    PUSH = "push"  # 再次推送
    PRINT_FORM = "print_form"  # 打印转诊单


class Sex(StrEnum):
    """Sex as DICOM (0010,0040) writes it; UNKNOWN is the empty value there."""

    MALE = "M"
    FEMALE = "F"
    OTHER = "O"
    UNKNOWN = "U"


class CriticalValue(StrEnum):
    """Mandatory choice at the end of a report (危急值)."""

    UNSET = "unset"
    NO = "no"  # 否
    YES = "yes"  # 是


class HpResult(StrEnum):
    """Second mandatory choice (HP, RIS-OPN-08: 幽门螺杆菌)."""

    UNSET = "unset"
    NOT_EXAMINED = "not_examined"  # 未检
    NEGATIVE = "negative"  # 阴性
    POSITIVE = "positive"  # 阳性
