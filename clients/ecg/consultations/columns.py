"""Columns, row actions and clocks of 受理记录 and 会诊报告; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from clients.ecg.lists.columns import short_time
from clients.ecg.lists.query import FIRST, LAST, QUICK, STATES, day, text
from clients.ecg.looks import CLOCK_LOOKS, CONSULTATION_LOOKS, DANGER_LOOKS, URGENCY_LOOKS, sex_word
from clients.ecg.shell.keys import PUBLISHED
from clients.kit.ages import age_for_reader
from clients.kit.paging import Column, RowAction
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from shared.contract.ecg_consultations import ClockView, ConsultationFilter, ConsultationView
from shared.domain.ecg import ConsultationAction, ConsultationState, Urgency
from shared.domain.ecg_reports import ClockColour, Danger

USUAL_WARNING = 0.6
"""Share of the limit from which a clock is yellow, until the server's policy is known."""


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


class Clocks:
    """Counts on from what the server said: its clock is the one that counts, whatever this computer's shows."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._ahead = timedelta()
        self.warn_share = USUAL_WARNING

    def hear(self, clock: ClockView) -> None:
        """Learn how far the server's clock is ahead of this computer's."""
        self._ahead = clock.now - self._now()

    def seconds(self, clock: ClockView) -> int:
        """How long a clock has run at this moment; a stopped one stands."""
        if clock.stopped_at is not None or clock.colour is ClockColour.STOPPED:
            return clock.seconds
        return max(clock.seconds, int((self._now() + self._ahead - clock.started_at).total_seconds()))

    def colour(self, clock: ClockView) -> ClockColour:
        """The colour at this moment."""
        if clock.stopped_at is not None or clock.colour is ClockColour.STOPPED or not clock.limit_seconds:
            return clock.colour
        share = self.seconds(clock) / clock.limit_seconds
        if share >= 1:
            return ClockColour.RED
        return ClockColour.YELLOW if share >= self.warn_share else ClockColour.GREEN

    def text(self, clock: ClockView) -> str:
        """Time passed and limit: "03:20 / 15:00"; hours where there are some."""
        passed = duration(self.seconds(clock))
        return f"{passed} / {duration(clock.limit_seconds)}" if clock.limit_seconds else passed


def duration(seconds: int) -> str:
    """mm:ss, or h:mm:ss from an hour on."""
    hours, rest = divmod(max(0, seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes:02d}:{left:02d}"


def marks(row: ConsultationView) -> list[StateLook]:
    """Urgency and suspected danger beside the name."""
    found = [URGENCY_LOOKS[row.urgency]] if row.urgency is not Urgency.ROUTINE else []
    if row.danger in (Danger.CRITICAL, Danger.WARNING):
        found.append(DANGER_LOOKS[row.danger])
    return found


def clock_column(clocks: Clocks) -> Column:
    """等待时间: the clock's colour as a badge with its word, and the time."""
    return Column(
        "clock",
        "等待时间",
        156,
        value=lambda row: row.clock,
        format=clocks.text,
        marks=lambda row: [CLOCK_LOOKS[clocks.colour(row.clock)]],
        sort=False,
    )


def _reasons(row: ConsultationView) -> str:
    return "；".join([*row.danger_reasons, *([row.quality] if row.quality else [])])


def incoming_columns(clocks: Clocks) -> tuple[Column, ...]:
    """Columns of 受理记录."""
    return (
        Column("state", "会诊状态", 104, looks=CONSULTATION_LOOKS, sort=False),
        Column("patient_name", "病人姓名", 150, strong=True, marks=marks, sort=False),
        Column("sex", "性别", 64, format=sex_word, sort=False, firm=True),
        Column("age", "年龄", 52, format=age_for_reader, sort=False),
        clock_column(clocks),
        Column("from_hospital", "申请医院", 100, sort=False),
        Column("reasons", "提示", 0, value=_reasons, sort=False),
        Column("question", "会诊目的", 120, sort=False, visible=False),
        Column("clinical_diagnosis", "临床诊断", 110, sort=False, visible=False),
        Column("team", "受邀团队", 96, sort=False, visible=False),
        Column("applicant", "申请医生", 68, sort=False),
        Column("applied_at", "申请时间", 100, format=short_time, sort=False, quiet=True, firm=True),
        Column("accepted_by", "受理医生", 68, sort=False),
        Column("published_at", "发布时间", 128, sort=False, quiet=True, visible=False),
    )


TICKED = {
    "on": StateLook("已勾选", Tone.INFO, "check", mark="✓", colour="#2468B4"),
    "off": StateLook("未勾选", Tone.NEUTRAL, "circle", mark=" ", colour="#E3E8EE"),
    "none": StateLook("", Tone.NEUTRAL, "minus", quiet=True),
}


def outgoing_columns(clocks: Clocks, ticked: Callable[[int], bool]) -> tuple[Column, ...]:
    """Columns of 会诊报告; `ticked` says whether a row is ticked."""

    def tick(row: ConsultationView) -> str:
        return ("on" if ticked(row.id) else "off") if has_report(row) else "none"

    return (
        Column("tick", "勾选", 44, value=tick, looks=TICKED, sort=False, firm=True),
        Column("state", "会诊状态", 104, looks=CONSULTATION_LOOKS, sort=False),
        Column("patient_name", "病人姓名", 140, strong=True, marks=marks, sort=False),
        Column("sex", "性别", 64, format=sex_word, sort=False, firm=True),
        Column("age", "年龄", 52, format=age_for_reader, sort=False),
        Column("accession_number", "检查号", 120, sort=False, quiet=True, visible=False),
        Column("to_hospital", "会诊医院", 100, sort=False),
        Column("team", "受邀团队", 96, sort=False, visible=False),
        clock_column(clocks),
        Column("reason", "原因", 0, sort=False),
        Column("applied_at", "申请时间", 100, format=short_time, sort=False, quiet=True, firm=True),
        Column("published_by", "报告医生", 68, sort=False, visible=False),
        Column("published_at", "发布时间", 100, format=short_time, sort=False, quiet=True, firm=True),
        Column("signed_by", "签收人", 68, sort=False),
        Column("signed_at", "签收时间", 128, sort=False, quiet=True, visible=False),
        Column("print_count", "打印次数", 64, sort=False, visible=False),
    )


def _may(action: ConsultationAction) -> Callable[[Any], bool]:
    return lambda row: action in row.allowed


def has_report(row: Any) -> bool:
    """There is a consultation report to look at."""
    return row.state in PUBLISHED


def is_own(row: Any) -> bool:
    """The caller has accepted it and answers it."""
    return ConsultationAction.SAVE in row.allowed or ConsultationAction.PUBLISH in row.allowed


INCOMING_ACTIONS = (
    RowAction("accept", "一键会诊", "sign_in", allowed=lambda row: _may(ConsultationAction.ACCEPT)(row) or is_own(row)),
    RowAction("details", "详情", "details", allowed=lambda _row: True),
    RowAction("view_report", "查看报告", "document", allowed=has_report),
    RowAction("print", "打印", "print", allowed=has_report),
    RowAction("collect", "收藏报告", "star", allowed=has_report),
    RowAction("give_back", "撤销受理", "undo", allowed=_may(ConsultationAction.GIVE_BACK), danger=True),
    RowAction("refuse", "拒绝会诊", "reject", allowed=_may(ConsultationAction.REFUSE), danger=True),
)
OUTGOING_ACTIONS = (
    RowAction("print", "打印", "print", allowed=has_report),
    RowAction("read", "阅图", "voice", allowed=lambda _row: True),
    RowAction("details", "详情", "details", allowed=lambda _row: True),
    RowAction("view_report", "查看报告", "document", allowed=has_report),
    RowAction("withdraw", "撤销", "undo", allowed=_may(ConsultationAction.WITHDRAW), danger=True),
)


def filter_of(conditions: Mapping[str, Any]) -> ConsultationFilter:
    """The server's filter of the conditions of either page."""
    quick = conditions.get(QUICK)
    urgency = conditions.get("urgency")
    return ConsultationFilter(
        states=tuple(ConsultationState(state) for state in conditions.get(STATES) or ()),
        urgencies=(urgency,) if urgency else (),
        patient_name=text(conditions, "patient_name"),
        number=text(conditions, "number"),
        mine=bool(conditions.get("mine")),
        quick=quick,
        first=None if quick is not None else day(conditions, FIRST),
        last=None if quick is not None else day(conditions, LAST),
    )
