"""Columns and row actions of the diagnosis list (RIS-DX-04); knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from clients.diagnosis.words import SEX_WORDS, images_look
from clients.diagnosis.worklist.clocks import clock_look, state_age
from clients.kit.ages import age_for_reader
from clients.kit.paging import Align, Column, RowAction, local_time
from clients.kit.states import EXAM_LOOKS, PATIENT_TYPE_LOOKS, REPORT_LOOKS, StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr, verbatim
from shared.contract.reporting import ReportRow
from shared.domain.states import PatientType, ReportAction, ReportState, VisitKind

RETURNED = StateLook("退回", Tone.DANGER, "reject")
MINE = StateLook("本人", Tone.ACTIVE, "edit")
AWAY = StateLook("云端", Tone.WARNING, "cloud")


def name_marks(row: ReportRow) -> list[StateLook]:
    """Return the small badges before a name: emergency, VIP, returned."""
    marks = []
    if row.patient_type is not PatientType.ORDINARY:
        marks.append(PATIENT_TYPE_LOOKS[row.patient_type])
    if row.was_returned:
        marks.append(RETURNED)
    return marks


def lock_marks(row: ReportRow) -> list[StateLook]:
    """Return who holds the lock, as a badge."""
    if row.is_locked_by_me:
        return [MINE]
    if row.away_to and not row.locked_by:
        return [AWAY]
    return [StateLook(row.locked_by, Tone.WARNING, "lock")] if row.locked_by else []


def image_marks(row: ReportRow) -> list[StateLook]:
    """Return whether the images are all here, as a badge; nothing before there are any."""
    return [images_look(row)] if row.study_uids else []


def _sex(value: Any) -> str:
    return tr(SEX_WORDS[value])


def short_time(value: Any) -> str:
    """Return a moment without its year, where that is the present one."""
    words = local_time(value)
    return words[5:] if words[:4] == local_time(datetime.now(UTC))[:4] else words


def _visit(value: Any) -> str:
    return tr(VISIT_WORDS[value])


CLOUD = "cloud"


def may_send_away(row: ReportRow) -> bool:
    """Whether another hospital may be asked to write the report (RIS-LCK-10)."""
    return row.state is ReportState.AWAITING and not row.away_to and bool(row.study_uids)


TICK = "ticked"
TICKED = StateLook("", Tone.ACTIVE, "check_circle", quiet=True)
UNTICKED = StateLook("", Tone.NEUTRAL, "circle", quiet=True)
VISIT_WORDS: Mapping[str, str] = {
    VisitKind.OUTPATIENT: "门诊",
    VisitKind.INPATIENT: "住院",
    VisitKind.EMERGENCY: "急诊",
    VisitKind.HEALTH_CHECK: "体检",
}


class _AnyLook(Mapping[Any, StateLook]):
    """A column whose value is its look already; the longest words tell how wide it must be."""

    def __init__(self, longest: StateLook) -> None:
        self._longest = longest

    def __getitem__(self, look: Any) -> StateLook:
        assert isinstance(look, StateLook)
        return look

    def __iter__(self) -> Iterator[StateLook]:
        return iter((self._longest,))

    def __len__(self) -> int:
        return 1


def _words(look: Any) -> str:
    return look.text if isinstance(look, StateLook) else ""


class ListWords:
    """What cells say beside their row: the time on the server, what is ticked, what will miss its limit."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.ticked: frozenset[int] = frozenset()
        self.foretold: frozenset[int] = frozenset()

    def ticks(self, row: ReportRow) -> list[StateLook]:
        """Return the tick of a row."""
        return [TICKED if row.id in self.ticked else UNTICKED]

    def clock(self, row: ReportRow) -> StateLook | None:
        """Return how a row stands to its time limit."""
        return clock_look(row, self.now(), is_foretold=row.id in self.foretold)

    def since(self, row: ReportRow) -> str:
        """Return for how long a row has been in its state."""
        return state_age(row, self.now())


_LONGEST = StateLook(verbatim("快到期 59 分钟"), Tone.WARNING, "hourglass")


def columns(words: ListWords) -> tuple[Column, ...]:
    """Return the columns of the diagnosis list."""
    return (
        Column(TICK, "选", 48, value=lambda _row: "", marks=words.ticks, sort=False),
        *_FIRST,
        Column("due_at", "时限", 112, value=words.clock, format=_words, looks=_AnyLook(_LONGEST)),
        *_REST,
        Column("state_since", "本状态已", 84, value=words.since, sort=False, visible=False, align=Align.RIGHT),
    )


_FIRST = (
    Column("state", "报告状态", 104, looks=REPORT_LOOKS, sort=False),
    Column("patient_name", "姓名", 112, strong=True, marks=name_marks, sort=False),
    Column("sex", "性别", 48, format=_sex, sort=False),
    Column("age", "年龄", 56, format=age_for_reader, sort=False, align=Align.RIGHT),
)
_REST = (
    Column("exam_type", "检查类型", 72, sort=False),
    Column("items", "检查项目", 0, sort=False),
    Column("body_part", "检查部位", 96, sort=False, visible=False),
    Column("examined_at", "检查时间", 96, quiet=True, format=short_time),
    Column("room_name", "检查室", 80, sort=False, visible=False),
    Column("completeness", "影像", 96, value=lambda _row: "", marks=image_marks, sort=False),
    Column("accession_number", "检查号", 112, sort=False),
    Column("locked", "锁定", 104, value=lambda _row: "", marks=lock_marks, sort=False),
    Column("diagnosing_doctor", "诊断医生", 92, sort=False),
    Column("auditing_doctor", "审核医生", 88, sort=False, visible=False),
    Column("image_count", "影像数", 72, align=Align.RIGHT, sort=False, visible=False),
    Column("image_number", "影像号", 112, sort=False, visible=False),
    Column("patient_number", "患者编号", 112, sort=False, visible=False),
    Column("exam_state", "检查状态", 104, looks=EXAM_LOOKS, sort=False, visible=False),
    Column("registered_by", "登记医生", 88, sort=False, visible=False),
    Column("requesting_doctor", "请检医生", 88, sort=False, visible=False),
    Column("requesting_department", "请检科室", 104, sort=False, visible=False),
    Column("requested_at", "请检时间", 132, sort=False, visible=False, quiet=True),
    Column("diagnosed_at", "诊断时间", 132, sort=False, visible=False, quiet=True),
    Column("printed_at", "打印时间", 132, visible=False, quiet=True),
    Column("visit_kind", "就诊类别", 80, format=_visit, sort=False, visible=False),
    Column("device_ae", "设备", 104, sort=False, visible=False),
)

NARROW_COLUMNS = (
    Column("patient_name", "姓名", 0, strong=True, marks=name_marks, sort=False),
    Column("exam_type", "类型", 48, sort=False, quiet=True),
    Column("state", "报告状态", 96, looks=REPORT_LOOKS, sort=False),
)
"""Area A of the report page."""

ROW_ACTIONS = (
    RowAction(ReportAction.WRITE, "写报告", "edit"),
    RowAction(ReportAction.AUDIT, "审核", "audit"),
    RowAction(ReportAction.UNLOCK, "解锁", "unlock"),
    RowAction(ReportAction.VIEW_IMAGES, "查看影像", "viewer"),
    RowAction(ReportAction.PRINT, "预览打印", "print"),
    RowAction("application", "查看申请单", "clipboard", allowed=lambda _row: True),
    RowAction(CLOUD, "发送云端", "cloud", allowed=may_send_away),
    RowAction("favourite", "收藏", "star", allowed=lambda _row: True),
)
