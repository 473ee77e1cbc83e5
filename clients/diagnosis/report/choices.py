"""The choices below the text: critical value and HP (mandatory, RIS-RPE-04 to -06) and the two quality scores."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from clients.diagnosis.words import CRITICAL_WORDS, HP_WORDS, SCORES
from clients.kit.labels import Button, Label
from shared.contract.reporting import ReportContent
from shared.domain.states import CriticalValue, HpResult


class ChoiceRow(QWidget):
    """A few buttons of which one or none is pressed; the problem stands right below them."""

    chosen = Signal(str)
    """value of the button that the user pressed, empty when an optional choice was taken back."""

    def __init__(self, label: str, words: Mapping[str, str], *, required: bool) -> None:
        super().__init__()
        self._required = required
        self._value = ""
        self._buttons: dict[str, QPushButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(4)
        column.addLayout(row)
        self.label = Label(label, "" if required else "quiet")
        row.addWidget(self.label)
        if required:
            row.addWidget(Label("*", "error"))
        row.addSpacing(4)
        for value, word in words.items():
            button = Button(word)
            button.setCheckable(True)
            button.setProperty("look", "" if required else "quiet")
            button.clicked.connect(_Press(self, value))
            self._buttons[value] = button
            row.addWidget(button)
        row.addStretch(1)
        self.problem = Label("", "error")
        self.problem.hide()
        column.addWidget(self.problem)

    @property
    def value(self) -> str:
        """The value pressed, or empty."""
        return self._value

    def set_value(self, value: str) -> None:
        """Show a value without telling anybody."""
        self._value = value if value in self._buttons else ""
        for one, button in self._buttons.items():
            button.setChecked(one == self._value)

    def set_problem(self, sentence: str) -> None:
        """Say what is missing, at the field."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def set_enabled(self, on: bool) -> None:
        """Let the user choose, or only look."""
        for button in self._buttons.values():
            button.setEnabled(on)

    def focus_first(self) -> None:
        """Put the keyboard on the first button."""
        next(iter(self._buttons.values())).setFocus()

    def press(self, value: str) -> None:
        """The user pressed a button; pressing an optional choice again takes it back."""
        is_again = value == self._value and not self._required
        self.set_value("" if is_again else value)
        self.chosen.emit(self._value)


class _Press:
    def __init__(self, row: ChoiceRow, value: str) -> None:
        self._row = row
        self._value = value

    def __call__(self, _checked: bool = False) -> None:
        self._row.press(self._value)


class ReportChoices(QWidget):
    """All choices of a report."""

    changed = Signal(str, object)
    """name of the part of the content, and its new value."""

    def __init__(self) -> None:
        super().__init__()
        scores = {score: score for score in SCORES}
        self.critical_value = ChoiceRow("危急值", CRITICAL_WORDS, required=True)
        self.hp = ChoiceRow("HP", HP_WORDS, required=True)
        self.image_quality = ChoiceRow("影像质量", scores, required=False)
        self.report_quality = ChoiceRow("报告质量", scores, required=False)
        upper = QHBoxLayout()
        upper.setSpacing(16)
        upper.addWidget(self.critical_value, 0, Qt.AlignmentFlag.AlignTop)
        upper.addStretch(1)
        upper.addWidget(self.image_quality, 0, Qt.AlignmentFlag.AlignTop)
        upper.addWidget(self.report_quality, 0, Qt.AlignmentFlag.AlignTop)
        lower = QHBoxLayout()
        lower.addWidget(self.hp)
        lower.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(upper)
        layout.addLayout(lower)
        self.critical_value.chosen.connect(self._on_critical)
        self.hp.chosen.connect(self._on_hp)
        self.image_quality.chosen.connect(self._on_image_quality)
        self.report_quality.chosen.connect(self._on_report_quality)

    def show_content(
        self, content: ReportContent, problems: Mapping[str, str], *, hp_required: bool, may_type: bool
    ) -> None:
        """Show the choices and what is missing."""
        self.hp.setVisible(hp_required)
        for row, value, name in (
            (self.critical_value, str(content.critical_value), "critical_value"),
            (self.hp, str(content.hp), "hp"),
            (self.image_quality, content.image_quality, "image_quality"),
            (self.report_quality, content.report_quality, "report_quality"),
        ):
            row.set_value(value)
            row.set_problem(problems.get(name, ""))
            row.set_enabled(may_type)

    def _on_critical(self, value: str) -> None:
        self.changed.emit("critical_value", CriticalValue(value) if value else CriticalValue.UNSET)

    def _on_hp(self, value: str) -> None:
        self.changed.emit("hp", HpResult(value) if value else HpResult.UNSET)

    def _on_image_quality(self, value: str) -> None:
        self.changed.emit("image_quality", value)

    def _on_report_quality(self, value: str) -> None:
        self.changed.emit("report_quality", value)
