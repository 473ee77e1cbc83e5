"""Queues: the rules of the hospital, what each room has of its own, and how well waiting times were foretold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clients.administration.table.spec import TableAction, TableSpec, Values
from clients.kit.fields import Section, SwitchField, TextField
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.base import Request
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.queueing import (
    ForecastOfRoom,
    GetForecastErrors,
    GetQueueRules,
    PauseRoom,
    QueueRoomView,
    ResumeRoom,
    SaveQueueRoom,
)

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from clients.kit.shell import Workplace

_CALLS = {
    "paused": StateLook("已暂停", Tone.WARNING, "pause"),
    "calling": StateLook("叫号中", Tone.SUCCESS, "call"),
}
_DAYS = 14


@dataclass(frozen=True)
class RoomLine:
    """A room with its name and counters."""

    name: str
    room: QueueRoomView


@dataclass(frozen=True)
class ForecastLine:
    """The past error of one room and type."""

    name: str
    forecast: ForecastOfRoom


def _names(hospital: HospitalView) -> dict[int, str]:
    english = language() is Language.ENGLISH
    return {room.id: (room.name_en or room.name) if english else room.name for room in hospital.rooms}


def _load_rooms(call: Any) -> tuple[RoomLine, ...]:
    names = _names(call(GetHospital()))
    rooms = call(GetQueueRules()).rooms
    return tuple(RoomLine(names.get(room.room_id, ""), room) for room in rooms)


def _load_forecasts(call: Any) -> tuple[ForecastLine, ...]:
    names = _names(call(GetHospital()))
    return tuple(ForecastLine(names.get(one.room_id, ""), one) for one in call(GetForecastErrors(days=_DAYS)))


def _save(line: RoomLine, values: Values) -> Request[Any]:
    return SaveQueueRoom(
        room_id=line.room.room_id, check_in_required=bool(values["check_in_required"]), pool=str(values["pool"] or "")
    )


_ROOM_FORM = (
    Section(
        "",
        (
            SwitchField(key="check_in_required", label="须先签到才能叫号", span=2),
            TextField(key="pool", label="共用队列", span=2, max_length=20, hint="留空：自己的队列"),
        ),
    ),
)


QUEUE_ROOMS = TableSpec(
    id="queue-rooms",
    columns=(
        Column("name", "检查室", 0, strong=True),
        Column("calls", "叫号", 100, value=lambda line: "paused" if line.room.is_paused else "calling", looks=_CALLS),
        Column("check_in", "先签到", 90, value=lambda line: tr("需要") if line.room.check_in_required else ""),
        Column("pool", "共用队列", 120, value=lambda line: line.room.pool),
        Column("waiting", "候诊", 70, Align.RIGHT, value=lambda line: line.room.waiting),
        Column("finished", "已检查", 80, Align.RIGHT, value=lambda line: line.room.finished),
    ),
    empty=EmptyWords("没有检查室", "先在基础数据中建立检查室。", "room"),
    load=lambda _filters: _load_rooms,
    row_id=lambda line: line.room.room_id,
    intro="要求先签到的检查室，患者签到后才能呼叫；共用队列名称相同的检查室，由空出的一间呼叫下一位。",
    named=lambda line: line.name,
    actions=(
        TableAction(
            id="settings",
            text="设置",
            icon="gear",
            form=_ROOM_FORM,
            form_values=lambda line, _found: {
                "check_in_required": line.room.check_in_required,
                "pool": line.room.pool,
            },
            submit=_save,
            said=lambda _room: tr("已保存"),
        ),
        TableAction(
            id="pause",
            text="暂停叫号",
            icon="pause",
            asks="暂停原因（大厅会显示）",
            command=lambda line, reason: PauseRoom(room_id=line.room.room_id, reason=reason),
            allowed=lambda line: not line.room.is_paused,
        ),
        TableAction(
            id="resume",
            text="恢复叫号",
            icon="play",
            command=lambda line, _text: ResumeRoom(room_id=line.room.room_id),
            allowed=lambda line: line.room.is_paused,
        ),
    ),
    details=lambda line, _more: (("暂停原因", line.room.pause_reason), ("暂停人", line.room.paused_by)),
    entities=("ticket_room",),
)

FORECASTS = TableSpec(
    id="queue-forecasts",
    columns=(
        Column("name", "检查室", 0, strong=True),
        Column("exam_type", "检查类型", 90, value=lambda line: line.forecast.exam_type),
        Column("typical", "通常一次", 110, Align.RIGHT, value=lambda line: _minutes(line.forecast.typical_minutes)),
        Column("count", "比较次数", 100, Align.RIGHT, value=lambda line: line.forecast.error.count),
        Column(
            "median",
            "误差中位",
            110,
            Align.RIGHT,
            value=lambda line: _minutes(line.forecast.error.median_error_minutes),
        ),
        Column(
            "within",
            "落在范围内",
            120,
            Align.RIGHT,
            value=lambda line: f"{line.forecast.error.within_band_percent:.0f}%",
        ),
    ),
    empty=EmptyWords("还没有可比较的预测", "预测每十分钟记下一次，患者被呼叫后就能比较。", "clock"),
    load=lambda _filters: _load_forecasts,
    row_id=lambda line: (line.forecast.room_id, line.forecast.exam_type),
    named=lambda line: line.name,
)


def _minutes(value: float) -> str:
    return tr("{minutes} 分", minutes=f"{value:.1f}")


def queue_page(place: Workplace) -> QWidget:
    """排队: rules, rooms, forecasts."""
    from clients.administration.queueing.view import QueueRulesPage
    from clients.administration.tabs import PageSpec, TabbedPage

    rules = PageSpec("queue-rules", QueueRulesPage)
    return TabbedPage(place, (("排队规则", rules), ("检查室", QUEUE_ROOMS), ("候诊预测", FORECASTS)))
