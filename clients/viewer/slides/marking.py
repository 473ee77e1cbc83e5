"""Puts tools, drawings and the server's store of them beside a slide that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QObject, QPointF

from clients.kit.translations import register_catalogue
from clients.viewer.slides import texts
from clients.viewer.slides.drawing import paint_marks
from clients.viewer.slides.hand import SlideHand
from clients.viewer.slides.model import Drawn, SlideMarks, box_of
from clients.viewer.slides.panel import MarksPanel, ToolRow
from shared.contract.errors import RpcError
from shared.contract.pathology_slides import (
    AddAnnotation,
    AnnotationView,
    ListAnnotations,
    MarkKind,
    SlideMark,
    WithdrawAnnotation,
)

if TYPE_CHECKING:
    from clients.viewer.desk import Desk
    from clients.viewer.objects.page import DocumentPage
    from clients.viewer.objects.slide_view import SlideView

register_catalogue(texts.CATALOGUE)
NEAR = 10.0
"""A click chooses the drawing whose box lies so close, in screen pixels."""


class SlideMarking(QObject):
    """One for each page of a slide; lives as long as the page."""

    def __init__(self, desk: Desk, page: DocumentPage, view: SlideView, series_uid: str) -> None:
        super().__init__(page)
        self._desk, self._view, self._series_uid = desk, view, series_uid
        self._call: Callable[[Any], Any] | None = getattr(desk.source, "call", None)
        self._user_id = int(getattr(desk.source, "user_id", 0))
        self.marks = SlideMarks(view.slide.levels[0].micrometres)
        self.hand = SlideHand(view)
        self.tools, self.panel = ToolRow(), MarksPanel()
        page.add_row(self.tools)
        page.add_side(self.panel)
        view.hand = self.hand
        view.over += [lambda painter: paint_marks(painter, self.marks, view.place), self.hand.paint]
        self._closed = False
        page.destroyed.connect(self._close)
        self.tools.tool_chosen.connect(self._take_tool)
        self.tools.colour_chosen.connect(self._take_colour)
        self.hand.drawn.connect(self._draw)
        self.hand.clicked.connect(self._click)
        self.panel.chosen.connect(self._choose)
        self.panel.text_given.connect(self._write)
        self.panel.removed.connect(self._remove)
        self.panel.sent_again.connect(self._send_again)
        self.panel.history_asked.connect(lambda _on: self._list())
        self.marks.changed.connect(self._show)
        self._show()
        self._list()

    def _close(self) -> None:
        self._closed = True

    def _show(self) -> None:
        if not self._closed:
            self.panel.show_marks(self.marks, self._user_id, is_server=self._call is not None)
            self._view.update()

    # --- the hand

    def _take_tool(self, tool: MarkKind | None) -> None:
        self.hand.tool = tool
        self._view.setCursor(self.hand.cursor())
        self._view.setFocus()

    def _take_colour(self, colour: str) -> None:
        self.hand.colour = colour

    def _draw(self, mark: SlideMark) -> None:
        number = self.marks.draw(mark, sending=self._call is not None)
        self.marks.choose(len(self.marks.drawn) - 1)
        self._send(number, mark, None)
        self.panel.text.setFocus()

    def _click(self, at: QPointF) -> None:
        """Choose the smallest drawing below the pointer."""
        found: list[tuple[float, int]] = []
        for index, one in enumerate(self.marks.drawn):
            left, top, right, bottom = box_of(one.mark)
            first, last = self._view.place(left, top), self._view.place(right, bottom)
            inside = first.x() - NEAR <= at.x() <= last.x() + NEAR and first.y() - NEAR <= at.y() <= last.y() + NEAR
            if inside:
                found.append(((right - left) * (bottom - top), index))
        self.marks.choose(min(found)[1] if found else None)

    def _choose(self, row: int) -> None:
        drawn = self.marks.drawn
        if 0 <= row < len(drawn):
            self._view.show_box(*box_of(drawn[row].mark))
            self.marks.choose(row)

    # --- the chosen one

    def _chosen(self) -> Drawn | None:
        return self.marks.drawn[self.marks.chosen] if self.marks.chosen is not None else None

    def _write(self, text: str) -> None:
        """Another text is a correction of its own; the first stays in the history."""
        one = self._chosen()
        if one is None or one.mark.text == text or one.is_sending:
            return
        mark = msgspec.structs.replace(one.mark, text=text)
        if one.kept is None:
            self.marks.drop(one.number)
        number = self.marks.draw(mark, sending=self._call is not None)
        self._send(number, mark, one.kept.id if one.kept is not None else None)
        self._view.setFocus()

    def _remove(self) -> None:
        one = self._chosen()
        if one is None:
            return
        if one.kept is None:
            self.marks.drop(one.number)
            return
        kept = one.kept
        self._ask(WithdrawAnnotation(annotation_id=kept.id), lambda _: self.marks.is_withdrawn(kept.id), self._failed)

    def _send_again(self) -> None:
        one = self._chosen()
        if one is not None and one.kept is None and not one.is_sending:
            self.marks.drop(one.number)
            self._send(self.marks.draw(one.mark, sending=True), one.mark, None)

    # --- the server

    def _list(self) -> None:
        history = self.panel.history.isChecked()
        self._ask(ListAnnotations(series_uid=self._series_uid, history=history), self.marks.take, self._failed)

    def _send(self, number: int, mark: SlideMark, replaces: int | None) -> None:
        def kept(view: AnnotationView) -> None:
            self.marks.is_kept(number, view)
            self.marks.choose(next((n for n, one in enumerate(self.marks.drawn) if one.kept == view), None))

        def lost(sentence: str) -> None:
            self.marks.is_lost(number)
            self._failed(sentence)

        self._ask(AddAnnotation(series_uid=self._series_uid, mark=mark, replaces=replaces), kept, lost)

    def _failed(self, sentence: str) -> None:
        self.panel.say(sentence)

    def _ask(self, request: Any, done: Callable[[Any], None], failed: Callable[[str], None]) -> None:
        call = self._call
        if call is None:
            return

        def work() -> object:
            try:
                return call(request)
            except RpcError as error:
                raise ValueError(error.body.message) from error

        def unless_closed(then: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda answer: None if self._closed else then(answer)

        self._desk.background.run(work, unless_closed(done), unless_closed(failed), "slide-marks")
