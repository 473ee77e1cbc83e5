"""How requests look and read: states of both sides, waiting times, lines of the history; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from clients.diagnosis.words import SEX_WORDS
from clients.kit.ages import age_for_reader
from clients.kit.paging import Align, Column, RowAction, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr, verbatim
from shared.contract.remote import RemoteClock, RemoteLine, RemoteRow
from shared.domain.remote import (
    ACTIONS,
    HOSPITAL_STATES,
    KINDS,
    STATES,
    URGENCIES,
    RemoteAction,
    RemoteKind,
    RemoteState,
    RemoteUrgency,
)

_S = RemoteState
_TONES: Mapping[RemoteState, tuple[Tone, str]] = {
    _S.PENDING: (Tone.INFO, "circle"),
    _S.ACCEPTED: (Tone.ACTIVE, "sign_in"),
    _S.WRITING: (Tone.ACTIVE, "edit"),
    _S.SUBMITTED: (Tone.WARNING, "submit"),
    _S.AUDITING: (Tone.ACTIVE, "eye"),
    _S.REJECTED: (Tone.DANGER, "reject"),
    _S.APPROVED: (Tone.SUCCESS, "check_circle"),
    _S.RETURNED: (Tone.DANGER, "undo"),
    _S.SENT_BACK: (Tone.DANGER, "reject"),
    _S.COMPLETED: (Tone.NEUTRAL, "check"),
    _S.WITHDRAWN: (Tone.NEUTRAL, "cross_circle"),
}
LOOKS: Mapping[Any, StateLook] = {state: StateLook(STATES[state].zh, *_TONES[state]) for state in _S} | {
    _S.APPROVED: StateLook("已审核通过", *_TONES[_S.APPROVED])  # 审核通过 alone is what the button does
}
HOSPITAL_LOOKS: Mapping[Any, StateLook] = {state: StateLook(HOSPITAL_STATES[state].zh, *_TONES[state]) for state in _S}
URGENT = StateLook(URGENCIES[RemoteUrgency.URGENT].zh, Tone.DANGER, "alert")
CRITICAL = StateLook("危急值", Tone.DANGER, "bell")
ADJUSTED = StateLook("已调整", Tone.WARNING, "history")
_CLOCKS = {
    Tone.SUCCESS: StateLook("及时", Tone.SUCCESS, "clock", quiet=True),
    Tone.WARNING: StateLook("快到时限", Tone.WARNING, "hourglass"),
    Tone.DANGER: StateLook("超时", Tone.DANGER, "hourglass"),
    Tone.NEUTRAL: StateLook("已停止", Tone.NEUTRAL, "clock", quiet=True),
}


CHIPS: Mapping[RemoteState, tuple[RemoteState, ...]] = {
    state: (state,) for state in RemoteState if state is not _S.WITHDRAWN
}
HOSPITAL_CHIPS: Mapping[RemoteState, tuple[RemoteState, ...]] = {
    _S.PENDING: (_S.PENDING,),
    _S.WRITING: (_S.ACCEPTED, _S.WRITING, _S.REJECTED),
    _S.AUDITING: (_S.SUBMITTED, _S.AUDITING),
    _S.APPROVED: (_S.APPROVED,),
    _S.RETURNED: (_S.RETURNED,),
    _S.SENT_BACK: (_S.SENT_BACK,),
    _S.COMPLETED: (_S.COMPLETED,),
    _S.WITHDRAWN: (_S.WITHDRAWN,),
}
"""What can be filtered: the hospital sees less of the team's inside, and its words are fewer."""


def look_of_row(row: RemoteRow) -> StateLook:
    """Return how a request's state looks to the side that the account is of."""
    return (HOSPITAL_LOOKS if row.is_asking_side else LOOKS)[row.state]


def kind_word(kind: RemoteKind) -> str:
    """Return what is asked for."""
    return tr(KINDS[kind].zh)


class Clocks:
    """Counts on from what the server said: its clock is the one that counts, whatever this computer's shows."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._ahead = timedelta()

    def hear(self, clock: RemoteClock) -> None:
        """Learn how far the server's clock is ahead of this computer's."""
        self._ahead = clock.now - self._now()

    def seconds(self, clock: RemoteClock) -> int:
        """How long a clock has run at this moment; a stopped one stands."""
        if not clock.is_running:
            return clock.seconds
        return max(clock.seconds, int((self._now() + self._ahead - clock.started_at).total_seconds()))

    def look(self, clock: RemoteClock) -> StateLook:
        """Its colour, glyph and word at this moment."""
        if not clock.is_running:
            return _CLOCKS[Tone.NEUTRAL]
        passed = self.seconds(clock)
        if clock.limit_seconds and passed >= clock.limit_seconds:
            return _CLOCKS[Tone.DANGER]
        is_near = clock.limit_seconds and passed >= clock.warn_seconds
        return _CLOCKS[Tone.WARNING if is_near else Tone.SUCCESS]

    def text(self, clock: RemoteClock) -> str:
        """Time passed and limit: "03:20 / 15:00"."""
        passed = duration(self.seconds(clock))
        return f"{passed} / {duration(clock.limit_seconds)}" if clock.limit_seconds and clock.is_running else passed


def duration(seconds: int) -> str:
    """mm:ss, from an hour on h:mm:ss, from two days on in days."""
    hours, rest = divmod(max(0, seconds), 3600)
    if hours >= 48:
        return tr("{days} 天", days=hours // 24)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes:02d}:{left:02d}"


def marks(row: RemoteRow) -> list[StateLook]:
    """Return the badges before a name."""
    found = [URGENT] if row.urgency is RemoteUrgency.URGENT else []
    if row.is_critical:
        found.append(CRITICAL)
    if row.adjusted_at is not None:
        found.append(ADJUSTED)
    return found


def _sex(value: Any) -> str:
    return tr(SEX_WORDS[value])


def _short(value: Any) -> str:
    words = local_time(value)
    return words[5:] if words[:4] == local_time(datetime.now(UTC))[:4] else words


def columns(clocks: Clocks, *, incoming: bool) -> tuple[Column, ...]:
    """Return the columns of one of the two lists."""
    other = Column("from_hospital", "申请医院", 96) if incoming else Column("to_hospital", "诊断医院", 96)
    return (
        Column("state", "状态", 112, looks=LOOKS if incoming else HOSPITAL_LOOKS, sort=False),
        Column("patient_name", "姓名", 116, strong=True, marks=marks, sort=False, firm=True),
        Column("sex", "性别", 48, format=_sex, sort=False, visible=False),
        Column("age", "年龄", 56, format=age_for_reader, sort=False, align=Align.RIGHT, visible=False),
        Column("exam_type", "类型", 44, sort=False),
        Column("body_part", "检查部位", 0, sort=False),
        Column(
            "clock",
            "等待时间",
            164,
            value=lambda row: row.clock,
            format=clocks.text,
            marks=lambda row: [clocks.look(row.clock)],
            sort=False,
            firm=True,
        ),
        Column("kind", "申请类型", 96, format=kind_word, sort=False, visible=False),
        Column(other.key, other.title, other.width, sort=False),
        Column("team", "专家组", 104, sort=False, visible=False),
        Column("applicant", "申请医生", 84, sort=False, visible=False),
        Column("holder", "接单医生", 72, sort=False),
        Column("applied_at", "申请时间", 96, format=_short, sort=False, quiet=True, visible=False),
        Column("published_at", "发布时间", 96, format=_short, sort=False, quiet=True, visible=False),
        Column("accession_number", "检查号", 120, sort=False, quiet=True, visible=False),
    )


EXPORTED = {
    "state": ("state",),
    "clock": ("waited_minutes",),
}
"""Columns of a list whose names differ in the workbook."""


def exported(shown: list[str]) -> tuple[str, ...]:
    """Return the names of the workbook's columns for those that a list shows."""
    return tuple(name for key in shown for name in EXPORTED.get(key, (key,)))


ROW_ACTIONS = (
    RowAction("images", "查看影像", "viewer", allowed=lambda row: bool(row.study_uids)),
    RowAction(RemoteAction.ACCEPT, ACTIONS[RemoteAction.ACCEPT].zh, "sign_in"),
    RowAction(RemoteAction.CONFIRM, ACTIONS[RemoteAction.CONFIRM].zh, "check"),
)

_LINE_WORDS: Mapping[str, str] = {"ask": verbatim("提出申请")} | {action: word.zh for action, word in ACTIONS.items()}


def line_words(line: RemoteLine) -> str:
    """Return a line of the history."""
    word = tr(_LINE_WORDS.get(line.action, line.action))
    note = f"：{line.note}" if line.note else ""
    return f"{local_time(line.at)}  {line.hospital} {line.by}  {word}{note}"
