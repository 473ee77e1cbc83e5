"""The exam's machine as a table (requirements RIS-ESM), and what is true of exams without a database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from shared.domain.permissions import Permission
from shared.domain.states import ExamAction, ExamState, PatientType, RegistrationState, ReportState


class ExamEvent(StrEnum):
    """What happens to an exam without a person's button: a device says so (MPPS)."""

    DEVICE_STARTED = "device_started"
    DEVICE_FINISHED = "device_finished"
    DEVICE_GAVE_UP = "device_gave_up"


class Guard(StrEnum):
    """A condition beside the state."""

    NONE = "none"
    HAS_IMAGES = "has_images"
    REPORT_IS_APPROVED = "report_is_approved"
    MAY_BE_CANCELLED = "may_be_cancelled"  # a referral is cancelled or sent back as one (RIS-OPN-11)
    IS_ACCEPTED = "is_accepted"  # a referral that nobody has accepted is in no room yet


@dataclass(frozen=True)
class Transition:
    """One allowed step: where it leads, who may do it, under which condition, and what the record says of it."""

    next_state: ExamState
    permission: Permission
    fact: str
    guard: Guard = Guard.NONE


@dataclass(frozen=True)
class ExamFacts:
    """What the guards look at."""

    has_images: bool = False
    is_report_approved: bool = False
    is_referral: bool = False
    awaits_acceptance: bool = False


_S, _A, _E, _P = ExamState, ExamAction, ExamEvent, Permission

TRANSITIONS: dict[tuple[ExamState, ExamAction | ExamEvent], Transition] = {
    (_S.REGISTERED, _A.EDIT): Transition(_S.REGISTERED, _P.REGISTER, "编辑登记"),
    (_S.REGISTERED, _A.PUSH): Transition(_S.REGISTERED, _P.REGISTER, "推送登记信息"),
    (_S.REGISTERED, _A.PRINT_BARCODE): Transition(_S.REGISTERED, _P.REGISTER, "打印条码"),
    (_S.REGISTERED, _A.PRINT_FORM): Transition(_S.REGISTERED, _P.REGISTER, "打印登记单"),
    (_S.REGISTERED, _A.RESCHEDULE): Transition(_S.REGISTERED, _P.REGISTER, "改约"),
    (_S.REGISTERED, _A.CANCEL): Transition(_S.CANCELLED, _P.REGISTER, "取消登记", Guard.MAY_BE_CANCELLED),
    (_S.REGISTERED, _A.CHANGE_ROOM): Transition(_S.REGISTERED, _P.CALL, "修改检查室"),
    (_S.REGISTERED, _A.START): Transition(_S.IN_PROGRESS, _P.CALL, "开始检查", Guard.IS_ACCEPTED),
    (_S.REGISTERED, _A.VIEW_IMAGES): Transition(_S.REGISTERED, _P.VIEW_IMAGES, "查看影像", Guard.HAS_IMAGES),
    (_S.IN_PROGRESS, _A.PRINT_BARCODE): Transition(_S.IN_PROGRESS, _P.REGISTER, "打印条码"),
    (_S.IN_PROGRESS, _A.PRINT_FORM): Transition(_S.IN_PROGRESS, _P.REGISTER, "打印登记单"),
    (_S.IN_PROGRESS, _A.FINISH): Transition(_S.EXAMINED, _P.CALL, "检查完成"),
    (_S.IN_PROGRESS, _A.VIEW_IMAGES): Transition(_S.IN_PROGRESS, _P.VIEW_IMAGES, "查看影像", Guard.HAS_IMAGES),
    (_S.EXAMINED, _A.PRINT_FORM): Transition(_S.EXAMINED, _P.REGISTER, "打印登记单"),
    (_S.EXAMINED, _A.VIEW_IMAGES): Transition(_S.EXAMINED, _P.VIEW_IMAGES, "查看影像", Guard.HAS_IMAGES),
    (_S.EXAMINED, _A.PRINT_REPORT): Transition(_S.EXAMINED, _P.PRINT_REPORT, "预览打印报告", Guard.REPORT_IS_APPROVED),
    # A device that works must never be refused: it tells what has happened already. Its steps change the exam
    # where they say something new and are only recorded elsewhere (a second series after 检查完成, a scan of a
    # cancelled exam).
    (_S.REGISTERED, _E.DEVICE_STARTED): Transition(_S.IN_PROGRESS, _P.ANYONE, "设备开始检查"),
    (_S.IN_PROGRESS, _E.DEVICE_STARTED): Transition(_S.IN_PROGRESS, _P.ANYONE, "设备开始检查"),
    (_S.EXAMINED, _E.DEVICE_STARTED): Transition(_S.EXAMINED, _P.ANYONE, "设备补充检查"),
    (_S.CANCELLED, _E.DEVICE_STARTED): Transition(_S.CANCELLED, _P.ANYONE, "设备对已取消的检查开始扫描"),
    (_S.REGISTERED, _E.DEVICE_FINISHED): Transition(_S.EXAMINED, _P.ANYONE, "设备完成检查"),
    (_S.IN_PROGRESS, _E.DEVICE_FINISHED): Transition(_S.EXAMINED, _P.ANYONE, "设备完成检查"),
    (_S.EXAMINED, _E.DEVICE_FINISHED): Transition(_S.EXAMINED, _P.ANYONE, "设备完成补充检查"),
    (_S.CANCELLED, _E.DEVICE_FINISHED): Transition(_S.CANCELLED, _P.ANYONE, "设备完成了已取消检查的扫描"),
    (_S.REGISTERED, _E.DEVICE_GAVE_UP): Transition(_S.REGISTERED, _P.ANYONE, "设备中止检查"),
    (_S.IN_PROGRESS, _E.DEVICE_GAVE_UP): Transition(_S.REGISTERED, _P.ANYONE, "设备中止检查"),
    (_S.EXAMINED, _E.DEVICE_GAVE_UP): Transition(_S.EXAMINED, _P.ANYONE, "设备中止补充检查"),
    (_S.CANCELLED, _E.DEVICE_GAVE_UP): Transition(_S.CANCELLED, _P.ANYONE, "设备中止了已取消检查的扫描"),
}

STATE_NAMES = {
    _S.REGISTERED: "已登记",
    _S.IN_PROGRESS: "检查中",
    _S.EXAMINED: "已检查",
    _S.CANCELLED: "已取消",
}

ACTION_NAMES = {
    _A.EDIT: "编辑登记",
    _A.PUSH: "推送登记信息",
    _A.PRINT_BARCODE: "打印条码",
    _A.PRINT_FORM: "打印登记单",
    _A.RESCHEDULE: "改约",
    _A.CANCEL: "取消登记",
    _A.CHANGE_ROOM: "修改检查室",
    _A.START: "开始检查",
    _A.FINISH: "检查完成",
    _A.VIEW_IMAGES: "查看影像",
    _A.PRINT_REPORT: "预览打印报告",
}

_GUARD_SENTENCES = {
    Guard.HAS_IMAGES: "影像还没有上传，请等设备发送影像后再查看。",
    Guard.REPORT_IS_APPROVED: "报告还没有审核通过，暂时不能打印报告。",
    Guard.MAY_BE_CANCELLED: "这是转诊检查，请在转诊登记中撤销或退回。",
    Guard.IS_ACCEPTED: "该转诊还没有被接收，请先在转诊登记中接收。",
}

PRIORITIES = {PatientType.EMERGENCY: 0, PatientType.VIP: 1, PatientType.ORDINARY: 2}
"""Order in lists and queues (RIS-OPN-03)."""


class NotAllowed(Exception):
    """The table or a guard says no; the message is a sentence with a next step."""


def holds(guard: Guard, facts: ExamFacts) -> bool:
    """Tell whether a guard is met."""
    match guard:
        case Guard.HAS_IMAGES:
            return facts.has_images
        case Guard.REPORT_IS_APPROVED:
            return facts.is_report_approved
        case Guard.MAY_BE_CANCELLED:
            return not facts.is_referral
        case Guard.IS_ACCEPTED:
            return not facts.awaits_acceptance
        case Guard.NONE:
            return True


def step(state: ExamState, action: ExamAction | ExamEvent, facts: ExamFacts) -> Transition:
    """Return the transition of `action` in `state`. Raises NotAllowed."""
    found = TRANSITIONS.get((state, action))
    if found is None:
        name = ACTION_NAMES[action] if isinstance(action, ExamAction) else action.value
        raise NotAllowed(f"检查处于“{STATE_NAMES[state]}”，不能{name}，请刷新后再看。")
    if not holds(found.guard, facts):
        raise NotAllowed(_GUARD_SENTENCES[found.guard])
    return found


def allowed_actions(state: ExamState, facts: ExamFacts, permissions: frozenset[Permission]) -> tuple[ExamAction, ...]:
    """Return what a holder of `permissions` may do now, in the order of ExamAction."""
    return tuple(
        action
        for action in ExamAction
        if (found := TRANSITIONS.get((state, action))) is not None
        and found.permission in permissions
        and holds(found.guard, facts)
    )


def registration_state(state: ExamState, report_state: ReportState | None) -> RegistrationState:
    """Return what registration management shows (RIS-ESM bracket states; RIS-OPN-10: examined counts as 诊断中)."""
    if state is ExamState.CANCELLED:
        return RegistrationState.CANCELLED
    if state is not ExamState.EXAMINED:
        return RegistrationState.REGISTERED
    is_done = report_state in (ReportState.APPROVED, ReportState.PRINTED)
    return RegistrationState.COMPLETED if is_done else RegistrationState.DIAGNOSING


def accession_number(day: date, exam_type: str, number: int) -> str:
    """Return e.g. 261121CT0001: day, type, number of the day; at most 16 characters (VR SH, PS3.5 6.2)."""
    text = f"{day:%y%m%d}{exam_type}{number:04d}"
    if len(text) > 16:
        raise ValueError(f"accession number {text} is longer than 16 characters")
    return text


def image_number(exam_type: str, number: int) -> str:
    """Return e.g. CT0000001: type and the number of the hospital's exams of it."""
    return f"{exam_type}{number:07d}"


def joined(texts: Iterable[str], limit: int) -> str:
    """Return distinct, non-empty texts joined by 、 within `limit` characters."""
    text = "、".join(dict.fromkeys(filter(None, texts)))
    return text if len(text) <= limit else text[: limit - 1] + "…"


@dataclass(frozen=True)
class Opening:
    """Open hours of a room on a weekday (0 is Monday), wall-clock times of the hospital."""

    weekday: int
    opens: time
    closes: time
    slot_minutes: int
    capacity: int


def default_openings(slot_minutes: int) -> tuple[Opening, ...]:
    """Return the hours of a room that has no schedule: every day 8 to 12 and 13:30 to 17:30, one patient a slot."""
    return tuple(
        Opening(weekday, opens, closes, slot_minutes, 1)
        for weekday in range(7)
        for opens, closes in ((time(8), time(12)), (time(13, 30), time(17, 30)))
    )


def slot_times(opening: Opening) -> tuple[tuple[time, time], ...]:
    """Return (start, end) of the whole slots of an opening."""
    first = opening.opens.hour * 60 + opening.opens.minute
    last = opening.closes.hour * 60 + opening.closes.minute
    starts = range(first, last - opening.slot_minutes + 1, opening.slot_minutes)
    return tuple((_clock(start), _clock(start + opening.slot_minutes)) for start in starts)


def _clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


def is_same_order(one: Iterable[str], other: Iterable[str]) -> bool:
    """Tell whether two sets of item codes ask for the same exam."""
    return set(one) == set(other)
