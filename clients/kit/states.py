"""How states look: a word, a tone and a glyph for each, so that colour alone never carries the meaning; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clients.kit.tokens import Tone
from shared.domain.states import (
    ExamState,
    PatientType,
    RegistrationState,
    ReportState,
    TicketState,
)


@dataclass(frozen=True)
class StateLook:
    """How one state is shown: Chinese source word, tone, icon name. A quiet look has no ground behind it.

    A look with a `mark` is a stamp instead: one character on a square of `colour` (`#rrggbb`), where a department has
    colours of its own for its states.
    """

    text: str
    tone: Tone
    glyph: str
    quiet: bool = False
    mark: str = ""
    colour: str = ""


EXAM_LOOKS: Mapping[str, StateLook] = {
    ExamState.REGISTERED: StateLook("已登记", Tone.INFO, "circle"),
    ExamState.IN_PROGRESS: StateLook("检查中", Tone.ACTIVE, "half_circle"),
    ExamState.EXAMINED: StateLook("已检查", Tone.SUCCESS, "check_circle"),
    ExamState.CANCELLED: StateLook("已取消", Tone.NEUTRAL, "cross_circle"),
}

REGISTRATION_LOOKS: Mapping[str, StateLook] = {
    RegistrationState.REGISTERED: StateLook("已登记", Tone.INFO, "circle"),
    RegistrationState.DIAGNOSING: StateLook("诊断中", Tone.ACTIVE, "edit"),
    RegistrationState.COMPLETED: StateLook("已完成", Tone.SUCCESS, "check_circle"),
    RegistrationState.CANCELLED: StateLook("已取消", Tone.NEUTRAL, "cross_circle"),
}

TICKET_LOOKS: Mapping[str, StateLook] = {
    TicketState.NOT_SIGNED_IN: StateLook("未签到", Tone.NEUTRAL, "circle"),
    TicketState.WAITING: StateLook("等待", Tone.INFO, "clock"),
    TicketState.CALLING: StateLook("呼叫中", Tone.WARNING, "call"),
    TicketState.CALLED: StateLook("已呼", Tone.ACTIVE, "bell"),
    TicketState.PASSED: StateLook("过号", Tone.DANGER, "pass"),
    TicketState.EXAMINING: StateLook("检查中", Tone.ACTIVE, "half_circle"),
    TicketState.DONE: StateLook("已检查", Tone.SUCCESS, "check_circle"),
    TicketState.WITHDRAWN: StateLook("已取消", Tone.NEUTRAL, "cross_circle"),
}

REPORT_LOOKS: Mapping[str, StateLook] = {
    ReportState.AWAITING: StateLook("待诊断", Tone.INFO, "circle"),
    ReportState.WRITING: StateLook("诊断中", Tone.ACTIVE, "edit"),
    ReportState.SUBMITTED: StateLook("待审核", Tone.WARNING, "submit"),
    ReportState.AUDITING: StateLook("审核中", Tone.ACTIVE, "eye"),
    ReportState.APPROVED: StateLook("已审核", Tone.SUCCESS, "check_circle"),
    ReportState.PRINTED: StateLook("已打印", Tone.NEUTRAL, "print"),
}

PATIENT_TYPE_LOOKS: Mapping[str, StateLook] = {
    PatientType.EMERGENCY: StateLook("急诊", Tone.DANGER, "alert"),
    PatientType.VIP: StateLook("贵宾", Tone.WARNING, "star"),
    PatientType.ORDINARY: StateLook("普通", Tone.NEUTRAL, "patient", quiet=True),
}

UNKNOWN_LOOK = StateLook("未知状态", Tone.NEUTRAL, "help")


def look_of(looks: Mapping[str, StateLook], state: str) -> StateLook:
    """The look of `state`; a state that a newer server invented is shown as unknown instead of failing."""
    return looks.get(state, UNKNOWN_LOOK)
