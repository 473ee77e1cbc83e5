"""Small parts of the report page: buttons of marks, measurements and panels, the form of a return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QToolButton,
)

from clients.diagnosis.report.desk import ReportDesk
from clients.diagnosis.report.state import OfferedMeasurement
from clients.diagnosis.sides import Tool
from clients.kit.labels import IconButton
from clients.kit.shell import Workplace
from clients.kit.translations import tr

if TYPE_CHECKING:
    from clients.diagnosis.report.desk import ReportDesk
    from clients.diagnosis.report.view import ReportPage
    from clients.diagnosis.report.writing_area import WritingArea


class Toggle:
    def __init__(self, page: ReportPage, key: str) -> None:
        self._page, self._key = page, key

    def __call__(self) -> None:
        self._page.toggle_panel(self._key)


class RunTool:
    def __init__(self, tool: Tool, place: Workplace, desk: ReportDesk) -> None:
        self._tool, self._place, self._desk = tool, place, desk

    def __call__(self) -> None:
        self._tool.run(self._place, self._desk)


class MarkButton(QToolButton):
    def __init__(self, page: WritingArea, mark: str, words: str, hint: str) -> None:
        super().__init__()
        self._page, self._mark, self._hint = page, mark, hint
        self.setText(words)
        self.setProperty("square", "true")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        font = self.font()
        font.setBold(mark == "b")
        font.setItalic(mark == "i")
        font.setUnderline(mark == "u")
        self.setFont(font)
        self.clicked.connect(self._press)
        self._show()

    def _press(self) -> None:
        self._page.mark(self._mark)

    def _show(self) -> None:
        self.setToolTip(tr(self._hint))
        self.setAccessibleName(tr(self._hint))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)


class OfferedButton(IconButton):
    def __init__(self, page: WritingArea, offered: OfferedMeasurement) -> None:
        super().__init__("measure", "插入测量", on_click=self._press)
        self._page, self.offered = page, offered
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setProperty("square", "false")
        self.setProperty("wide", "true")
        self.setText(offered.text)

    def _press(self) -> None:
        self._page.insert_measurement(self.offered)
