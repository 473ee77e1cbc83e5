"""Comparing with an earlier exam: fetches its trace, overlays it, compares off the GUI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clients.ecg.reading import traces
from clients.ecg.reading.basics import day_of
from clients.ecg.reading.comparison_window import ComparisonWindow
from clients.ecg.reading.state import Drawn, with_patient
from clients.kit.dialogs import ContentWindow
from clients.kit.messages import message_for

if TYPE_CHECKING:
    from clients.ecg.reading.page import ReadingPage
    from shared.waveform.comparison import Comparison


class Comparing:
    """One comparison window at a time; closing it takes the overlay away."""

    def __init__(self, page: ReadingPage) -> None:
        self._page = page
        self._earlier: Drawn | None = None
        self._name = ""
        self.content: ComparisonWindow | None = None
        self.frame: ContentWindow | None = None

    def open(self) -> None:
        """历史对比."""
        if self.content is not None and self.frame is not None:
            self.frame.raise_()
            self.frame.activateWindow()
            return
        state = self._page.presenter.state
        rows = [row for row in state.history if row.id != self._page.exam_id]
        if state.drawn is None or not rows:
            return
        self._page.presenter.show_own()
        content = ComparisonWindow(rows, editable=state.may_write)
        content.exam_chosen.connect(self.choose)
        content.overlay_wanted.connect(self.show_overlay)
        content.insert_wanted.connect(self._insert)
        content.closed.connect(self._closed)
        self.content = content
        self.frame = ContentWindow(self._page, "历史对比", content, (480, 700))
        self.frame.show()
        corner = self._page.mapToGlobal(self._page.rect().bottomLeft())
        self.frame.move(corner.x() + 8, max(0, corner.y() - self.frame.height() - 40))
        self.choose(rows[0].id)

    def choose(self, exam_id: int) -> None:
        """Compare with this exam."""
        presenter = self._page.presenter
        row = next((one for one in presenter.state.history if one.id == exam_id), None)
        own = presenter.state.drawn
        if row is None or own is None:
            return
        self._name = day_of(row.acquired_at or row.registered_at)
        connection, exam = presenter.place.connection, presenter.state.exam
        formula = presenter.state.body.qtc_formula.value

        def work() -> tuple[Drawn, Comparison]:
            from shared.waveform.comparison import compare

            earlier = traces.fetch(connection, exam_id)
            later = with_patient(own, exam)
            return earlier, compare(earlier.record, earlier.analysis, later, own.analysis, formula)

        presenter.run(work, self._came, self._failed, "compare")

    def show_overlay(self, shown: bool) -> None:
        """Draw the earlier trace under this one, aligned on R, or take it away."""
        trace = self._page.trace
        if shown and self._earlier is not None and self._page.presenter.state.past is None:
            trace.overlay(self._earlier.record, self._earlier.analysis, self._name)
        else:
            trace.clear_overlay()

    def trace_changed(self) -> None:
        """Another trace is in front: the overlay belonged to the one before."""
        if self._earlier is not None and self.content is not None:
            self.show_overlay(self.content.overlay.isChecked())

    def close(self) -> None:
        """The page goes."""
        if self.frame is not None:
            self.frame.close()

    def _came(self, found: tuple[Drawn, Comparison]) -> None:
        self._earlier, comparison = found
        if self.content is not None:
            self.content.show_comparison(comparison)
            self.show_overlay(self.content.overlay.isChecked())

    def _failed(self, error: Exception) -> None:
        if self.content is not None:
            self.content.show_trouble(message_for(error).text)

    def _insert(self, text: str) -> None:
        self._page.conclusion.editors["findings"].insert_term(text)

    def _closed(self) -> None:
        self.content = self.frame = None
        if self._earlier is not None:
            self._earlier = None
            self._page.trace.clear_overlay()
