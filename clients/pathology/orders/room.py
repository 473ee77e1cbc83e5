"""What every screen of orders shares: calls off the screen's thread, answers only while it is open, live lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QWidget

from clients.kit.coalescing import Coalesced
from clients.kit.labels import Button
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.pathology.desk import Desk
from shared.contract.base import Changed, Notice, Request
from shared.contract.pathology_orders import ORDER_ENTITY
from shared.contract.pathology_technique import BatchReport

ReplyT = TypeVar("ReplyT")


class _Life:
    """Whether a screen is there; it outlives the widget, whom late answers must not touch."""

    def __init__(self) -> None:
        self.is_on = True
        self.endings: list[Callable[[], object]] = []

    def end(self, _gone: object = None) -> None:
        """The screen was closed or deleted."""
        self.is_on = False
        for ending in self.endings:
            ending()
        self.endings.clear()


class OrderScreen(QWidget):
    """A widget that asks the server; subclasses implement `refresh`, called after every change of an order."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._life = _Life()
        self.destroyed.connect(self._life.end)
        self.soon = Coalesced(self._refresh, self)
        desk.place.on_notice(self._heard)

    @property
    def _alive(self) -> bool:
        return self._life.is_on

    def until_closed(self, ending: Callable[[], object]) -> None:
        """Call it when the screen goes."""
        self._life.endings.append(ending)

    def refresh(self) -> None:
        """Load again."""

    def ask(
        self,
        request: Request[ReplyT],
        done: Callable[[ReplyT], object],
        key: str = "",
        failed: Callable[[Exception], object] | None = None,
    ) -> None:
        """Send a request; `done` hears the answer while the screen is open. The newest of a `key` wins."""
        place = self.desk.place

        def came(reply: Any) -> None:
            if self._alive:
                done(reply)

        def fell(error: Exception) -> None:
            if self._alive:
                (failed or place.messages.report)(error)

        name = f"pathology.orders.{key}.{id(self)}" if key else None
        place.runner.run(lambda: place.connection.call(request), came, fell, key=name)

    def tell(self, report: BatchReport, words: str) -> None:
        """Say how many were done, and the first reason or warning."""
        messages = self.desk.place.messages
        if report.done:
            messages.say(tr(words, count=report.done), Tone.SUCCESS)
        for line in report.lines:
            if line.message:
                messages.say(f"{line.number} {line.message}".strip(), Tone.WARNING)
                break

    def close_screen(self) -> None:
        """Hear of nothing any more."""
        self._life.end()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_screen()
        super().closeEvent(event)

    def _refresh(self) -> None:
        if self._alive:
            self.refresh()

    def _heard(self, notice: Notice) -> None:
        if self._alive and isinstance(notice, Changed) and notice.entity == ORDER_ENTITY:
            self.soon.poke()


def spoken() -> str:
    """The language of papers and texts: what the screen speaks."""
    return "en" if language() is Language.ENGLISH else "zh"


def small(text: str, act: Callable[[], object], look: str = "", icon: str = "") -> Button:
    """A button at the foot of a screen."""
    return Button(text, look, icon, on_click=act)
