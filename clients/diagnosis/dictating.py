"""The tool of the report page that types what the doctor says, when an off-line engine is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from clients.diagnosis.sides import Desk
from clients.kit.dictation.dictation import Dictation
from clients.kit.dictation.port import Found, find_engine
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import ReportContent

ENTRIES = {
    "语音录入": "Dictate",
    "正在听写，再按一次停止。": "Listening; press again to stop.",
    "已停止听写。": "Dictation stopped.",
    "没有安装离线语音引擎，不能语音录入。请联系管理员安装带中文模型的引擎。": (
        "No off-line speech engine is installed, so dictation is off. Ask the administrator to install one with a"
        " Mandarin model."
    ),
    "报告现在不能修改，没有写入。": "The report cannot be changed now; nothing was written.",
    "文字已手动修改，不能撤销语音。": "The text was changed by hand; speech cannot be taken back.",
}


class _Bridge(QObject):
    """Brings what the engine says into the GUI thread."""

    came = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.came.connect(self._do)

    def _do(self, work: Callable[[], None]) -> None:
        work()


class _DeskPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def insert(self, text: str) -> bool:
        return self._desk.insert(text)

    def snapshot(self) -> object:
        return self._desk.content

    def restore(self, content: object) -> bool:
        return self._desk.edit(cast("ReportContent", content))


class _Seat:
    """The engine, loaded once, and the dictation of one report page."""

    def __init__(self, place: Workplace, desk: Desk, found: Found) -> None:
        self._place = place
        self._why = found.why
        self.bridge = _Bridge()
        self.dictation = (
            None
            if found.engine is None
            else Dictation(found.engine, _DeskPage(desk), self.bridge.came.emit, self._tell)
        )

    def switch(self) -> None:
        if self.dictation is None:
            self._tell(self._why)
        elif self.dictation.switch():
            self._place.messages.say(tr("正在听写，再按一次停止。"), Tone.SUCCESS)
        else:
            self._place.messages.say(tr("已停止听写。"))

    def _tell(self, sentence: str) -> None:
        self._place.messages.say(tr(sentence), Tone.WARNING)


_seats: WeakKeyDictionary[Desk, _Seat] = WeakKeyDictionary()


def switch_dictation(place: Workplace, desk: Desk, find: Callable[[], Found] = find_engine) -> None:
    """Start or stop dictating; says why when there is no engine."""
    seat = _seats.get(desk)
    if seat is None or seat.dictation is None:
        seat = _seats[desk] = _Seat(place, desk, find())
    seat.switch()
