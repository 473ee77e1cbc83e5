"""The tool of the report page that types what the doctor says, when an off-line engine is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QObject, Signal

from clients.diagnosis.sides import Desk
from clients.kit.dictation.dictation import Dictation
from clients.kit.dictation.port import Found, find_engine
from clients.kit.kept import Kept
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import ReportContent


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


_seats: Kept[_Seat] = Kept("dictation")


def switch_dictation(place: Workplace, desk: Desk, find: Callable[[], Found] = find_engine) -> None:
    """Start or stop dictating; says why when there is no engine."""
    seat = _seats.of(desk)
    if seat is None or seat.dictation is None:
        seat = _seats.keep(desk, _Seat(place, desk, find()))
    seat.switch()
