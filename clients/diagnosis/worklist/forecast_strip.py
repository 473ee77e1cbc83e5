"""The line between conditions and list: what is overdue, what will be, what is ticked, whether rows are old."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.diagnosis.worklist.clocks import error_words, forecast_words
from clients.diagnosis.worklist.state import MOST_TICKED, WorklistState
from clients.kit.labels import Button, Glyph, Label, ValueLabel
from clients.kit.tokens import Tone
from shared.contract.reporting import ReportClock


class ForecastStrip(QWidget):
    """One quiet line; it becomes a warning when reports are overdue or will be."""

    clock_chosen = Signal(object)
    """ReportClock: show these reports."""
    compare_wanted = Signal()
    """the ticked exams shall be compared."""
    clear_wanted = Signal()
    """all ticks shall go."""
    renew_wanted = Signal()
    """the list shall be loaded, because it no longer does so by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "surface")
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 2, 8, 2)
        line.setSpacing(8)
        self._glyph = Glyph("clock", 14)
        self.words = ValueLabel("", "quiet")
        self.overdue = Button("", "link", on_click=lambda: self.clock_chosen.emit(ReportClock.OVERDUE))
        self.outdated = Button("列表有新变化，点此刷新", "link", on_click=self.renew_wanted.emit)
        self.ticked = Label("", "strong")
        self.compare = Button("对比", "", "compare", on_click=self.compare_wanted.emit)
        self.clear = Button("取消选择", "link", on_click=self.clear_wanted.emit)
        line.addWidget(self._glyph)
        line.addWidget(self.overdue)
        line.addWidget(self.words, 1)
        line.addWidget(self.outdated)
        for widget in (self.ticked, self.compare, self.clear):
            line.addWidget(widget)

    def show_state(self, state: WorklistState) -> None:
        """Show a state."""
        forecast = state.forecast
        words = [forecast_words(forecast), error_words(forecast)] if forecast is not None else []
        self.words.set_text("    ".join(words))
        overdue = forecast.overdue if forecast is not None else 0
        expected = forecast.expected if forecast is not None else 0
        self.overdue.setVisible(overdue > 0)
        self.overdue.set_source("已超时 {count} 份", count=overdue)
        tone = Tone.DANGER if overdue else Tone.WARNING if expected else Tone.NEUTRAL
        self._glyph.set_glyph("alert" if overdue else "hourglass" if expected else "clock", tone)
        self._glyph.setVisible(forecast is not None)
        self.outdated.setVisible(state.is_outdated)
        count = len(state.ticked)
        self.ticked.set_source("已选 {count}/{most}", count=count, most=MOST_TICKED)
        for widget in (self.ticked, self.compare, self.clear):
            widget.setVisible(count > 0)
        self.compare.setEnabled(count >= 2)
