"""The choices below the text: critical value and HP (mandatory, RIS-RPE-04 to -06) and the two quality scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from clients.diagnosis.report.state import choice_name, chosen, option_names
from clients.diagnosis.words import SCORES
from clients.kit.labels import Button, Label
from clients.kit.translations import language, tr
from shared.contract.reporting import ReportContent
from shared.domain.report_choices import CRITICAL, Choice, choices_of

_PER_LINE = 2


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


class PointsRow(QWidget):
    """A score from 0 to 100, or none."""

    chosen = Signal(str)
    """the score the user typed, empty when it was taken back."""

    def __init__(self, label: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.label = Label(label, "quiet")
        self.box = QSpinBox()
        self.box.setRange(-1, 100)
        self.box.setSpecialValueText("–")
        self.box.setValue(-1)
        self.box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.box.setFixedWidth(56)
        self.box.setKeyboardTracking(False)
        self.box.setAccessibleName(tr(label))
        self.box.valueChanged.connect(self._on_changed)
        row.addWidget(self.label)
        row.addWidget(self.box)

    def set_value(self, value: str) -> None:
        """Show a value without telling anybody."""
        self.box.blockSignals(True)
        self.box.setValue(int(value) if value.isascii() and value.isdigit() else -1)
        self.box.blockSignals(False)

    def set_problem(self, sentence: str) -> None:
        """Say what is wrong, where the mouse asks."""
        self.box.setToolTip(sentence)

    def set_enabled(self, on: bool) -> None:
        """Let the user type, or only look."""
        self.box.setEnabled(on)

    def _on_changed(self, value: int) -> None:
        self.chosen.emit("" if value < 0 else str(value))


class ReportChoices(QWidget):
    """All choices of a report: what its exam type asks for, and the two scores in the hospital's scale."""

    changed = Signal(str, object)
    """name of the part of the content, and its new value."""
    picked = Signal(str, str)
    """key of a choice, and the value that was pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, ChoiceRow] = {}
        self.image_quality: ChoiceRow | PointsRow
        self.report_quality: ChoiceRow | PointsRow
        self._shown: tuple[object, ...] = ()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._build(choices_of(""), "grades")

    @property
    def critical_value(self) -> ChoiceRow:
        """The row that every report has."""
        return self.rows[CRITICAL]

    def focus(self, key: str) -> bool:
        """Put the keyboard on a choice; False if it is not here."""
        if key in self.rows:
            self.rows[key].focus_first()
        return key in self.rows

    def show_content(
        self,
        content: ReportContent,
        problems: Mapping[str, str],
        *,
        choices: Sequence[Choice],
        score_scale: str,
        may_type: bool,
    ) -> None:
        """Show the choices and what is missing."""
        if (tuple(choices), score_scale, language()) != self._shown:
            self._build(choices, score_scale)
        for key, choice_row in self.rows.items():
            choice_row.set_value(chosen(content, key))
            choice_row.set_problem(problems.get(key, ""))
            choice_row.set_enabled(may_type)
        for name, row in (("image_quality", self.image_quality), ("report_quality", self.report_quality)):
            row.set_value(getattr(content, name))
            row.set_problem(problems.get(name, ""))
            row.set_enabled(may_type)

    def _build(self, choices: Sequence[Choice], score_scale: str) -> None:
        self._shown = (tuple(choices), score_scale, language())
        while self._layout.count():
            item = self._layout.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.rows = {}
        for choice in choices:
            row = ChoiceRow(choice_name(choice), option_names(choice), required=choice.is_required)
            row.chosen.connect(_Picked(self, choice.key))
            self.rows[choice.key] = row
        self.image_quality = _score_row("影像质量", score_scale)
        self.report_quality = _score_row("报告质量", score_scale)
        self.image_quality.chosen.connect(self._on_image_quality)
        self.report_quality.chosen.connect(self._on_report_quality)
        self._upper, self._scores = _Line(16), _Line(16)
        rows = list(self.rows.values())
        self._upper.box.addWidget(rows[0], 0, Qt.AlignmentFlag.AlignTop)
        self._upper.box.addStretch(1)
        self._upper.box.addWidget(self._scores, 0, Qt.AlignmentFlag.AlignTop)
        self._scores.box.addWidget(self.image_quality, 0, Qt.AlignmentFlag.AlignTop)
        self._scores.box.addWidget(self.report_quality, 0, Qt.AlignmentFlag.AlignTop)
        self._layout.addWidget(self._upper)
        for first in range(1, len(rows), _PER_LINE):
            lower = _Line(16)
            for row in rows[first : first + _PER_LINE]:
                lower.box.addWidget(row, 0, Qt.AlignmentFlag.AlignTop)
            lower.box.addStretch(1)
            self._layout.addWidget(lower)

        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        # narrower than one line of everything: the scores move below then
        return QSize(0, super().minimumSizeHint().height())

    def _fit(self) -> None:
        """Put the scores beside the first choice where there is room, else on a line of their own."""
        first = next(iter(self.rows.values()))
        needed = first.sizeHint().width() + 2 * self._upper.box.spacing() + self._scores.sizeHint().width()
        is_beside = self._upper.box.indexOf(self._scores) >= 0
        if (needed <= self.width()) == is_beside:
            return
        if is_beside:
            self._upper.box.removeWidget(self._scores)
            self._layout.insertWidget(1, self._scores, 0, Qt.AlignmentFlag.AlignRight)
        else:
            self._layout.removeWidget(self._scores)
            self._upper.box.addWidget(self._scores, 0, Qt.AlignmentFlag.AlignTop)
        self.updateGeometry()

    def _on_image_quality(self, value: str) -> None:
        self.changed.emit("image_quality", value)

    def _on_report_quality(self, value: str) -> None:
        self.changed.emit("report_quality", value)


class _Picked:
    def __init__(self, choices: ReportChoices, key: str) -> None:
        self._choices, self._key = choices, key

    def __call__(self, value: str) -> None:
        self._choices.picked.emit(self._key, value)


class _Line(QWidget):
    def __init__(self, spacing: int) -> None:
        super().__init__()
        self.box = QHBoxLayout(self)
        self.box.setContentsMargins(0, 0, 0, 0)
        self.box.setSpacing(spacing)


def _score_row(label: str, scale: str) -> ChoiceRow | PointsRow:
    return (
        PointsRow(label) if scale == "points" else ChoiceRow(label, {score: score for score in SCORES}, required=False)
    )
