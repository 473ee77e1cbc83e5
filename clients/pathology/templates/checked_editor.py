"""A pane for template text: the check runs while you type and marks errors at their place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from shared.contract.pathology_templates import MOST_TEXT
from shared.domain.pathology_templates import Issue, Reading, read
from shared.domain.pathology_templates.reading import LINE_BREAK

_WAIT_MS = 150


class CheckedEditor(QPlainTextEdit):
    """The text and its findings."""

    checked = Signal(object)
    """The Reading of the text, a moment after the last change."""

    def __init__(self) -> None:
        super().__init__()
        self.reading: Reading = read("")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.check)
        self.textChanged.connect(self._changed)
        self.setTabChangesFocus(True)

    def set_text(self, text: str) -> None:
        """Show another text; checked at once."""
        self.setPlainText("\n".join(LINE_BREAK.split(text)))
        self.check()

    def check(self) -> Reading:
        """检验报告: mark every finding, and tell."""
        self._timer.stop()
        self.reading = read(self.toPlainText()[: MOST_TEXT * 2])
        self._mark()
        self.checked.emit(self.reading)
        return self.reading

    def go_to(self, issue: Issue) -> None:
        """Put the cursor at a finding."""
        self.setTextCursor(self._cursor(issue, select=False))
        self.setFocus()

    def changeEvent(self, event: QEvent) -> None:
        if is_look_change(event):
            self._mark()
        super().changeEvent(event)

    def _changed(self) -> None:
        self._timer.start()

    def _mark(self) -> None:
        theme = current_theme()
        marks: list[QTextEdit.ExtraSelection] = []
        for issue in self.reading.issues[:200]:
            tone = theme.tone(Tone.WARNING if issue.code.is_warning else Tone.DANGER)
            look = QTextCharFormat()
            look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            look.setUnderlineColor(QColor(tone.text))
            look.setBackground(QColor(tone.ground))
            mark = QTextEdit.ExtraSelection()
            mark.format = look
            mark.cursor = self._cursor(issue, select=True)
            marks.append(mark)
        self.setExtraSelections(marks)

    def _cursor(self, issue: Issue, *, select: bool) -> QTextCursor:
        """Qt counts in UTF-16 units, the check in characters."""
        block = self.document().findBlockByNumber(issue.line - 1)
        units = len(block.text()[: issue.column - 1].encode("utf-16-le")) // 2
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + min(units, max(0, block.length() - 1)))
        if select:
            cursor.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor)
        return cursor
