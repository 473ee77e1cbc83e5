"""The safety questions inside the booking form: one calm line per question; alarms ask to be taken note of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl, Switch
from clients.kit.editors import make_editor
from clients.kit.fields import DateField
from clients.kit.labels import Button, Glyph, Label, ValueLabel, hairline
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.booking.presenter import BookingPresenter
from clients.registration.booking.safety_answers import alarm_words, answer_to, question_words
from clients.registration.booking.state import BookingState
from shared.domain.safety import SafetyAnswer, SafetyKind, SafetyQuestion, SafetyValue

_YES_NO = (
    Option(SafetyValue.NO, "否"),
    Option(SafetyValue.YES, "是"),
    Option(SafetyValue.UNKNOWN, "不详"),
)
_KEYS = {"n": SafetyValue.NO, "f": SafetyValue.NO, "0": SafetyValue.NO, "y": SafetyValue.YES, "s": SafetyValue.YES}
_KEYS |= {"1": SafetyValue.YES, "u": SafetyValue.UNKNOWN, "b": SafetyValue.UNKNOWN, "2": SafetyValue.UNKNOWN}


class AnswerControl(SegmentedControl):
    """否, 是, 不详 with nothing chosen at first; keys 0 1 2, N Y U or the initials f s b choose, arrows move."""

    def __init__(self) -> None:
        super().__init__((Option(SafetyValue.OPEN, ""), *_YES_NO), SafetyValue.OPEN)

    def segment_width(self, index: int) -> float:
        return 0.0 if index == 0 else super().segment_width(index)

    def moved(self, index: int) -> None:
        """The empty answer is no place to stop at."""
        self._cursor = index or (1 if self.current != _YES_NO[0].key else len(_YES_NO))
        self.choose(self._cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        value = _KEYS.get(event.text().lower())
        if value is None:
            super().keyPressEvent(event)
            return
        self._cursor = self._index(value)
        self.choose(self._cursor)
        self.update()


class _Line(QWidget):
    """One question with its answer."""

    changed = Signal(dict)
    """the fields of the answer that the user changed."""

    def __init__(self, question: SafetyQuestion) -> None:
        super().__init__()
        self.question = question
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        self._words = ValueLabel(question_words(question), wrap=True)
        grid.addWidget(self._words, 0, 0)
        self._answer = QHBoxLayout()
        self._answer.setSpacing(8)
        grid.addLayout(self._answer, 0, 1, Qt.AlignmentFlag.AlignRight)
        self.focus_target: QWidget
        if question.kind is SafetyKind.NUMBER:
            self._build_number()
        else:
            self.control = AnswerControl()
            self.control.setAccessibleName(question_words(question))
            self.control.chosen.connect(lambda key: self.changed.emit({"value": SafetyValue(key)}))
            self._answer.addWidget(self.control)
            self.focus_target = self.control
        self._more = QWidget()
        more = QHBoxLayout(self._more)
        more.setContentsMargins(0, 0, 0, 4)
        more.setSpacing(8)
        self._glyph = Glyph("alert", 16, Tone.WARNING)
        self._alarm = ValueLabel("", "quiet", wrap=True)
        self.detail = QLineEdit()
        self.detail.setMaxLength(200)
        self.detail.editingFinished.connect(self._told)
        self.known = Switch("已知晓")
        self.known.clicked.connect(lambda on: self.changed.emit({"acknowledged": bool(on)}))
        more.addWidget(self._glyph)
        more.addWidget(self._alarm, 2)
        more.addWidget(self.detail, 2)
        more.addWidget(self.known)
        grid.addWidget(self._more, 1, 0, 1, 2)
        self._wrong = Label("", "error", wrap=True)
        grid.addWidget(self._wrong, 2, 0, 1, 2)
        self._more.hide()
        self._wrong.hide()
        self.retranslate()

    def _build_number(self) -> None:
        self.number = QLineEdit()
        self.number.setFixedWidth(72)
        self.number.setMaxLength(8)
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.number.setAccessibleName(question_words(self.question))
        self.number.textEdited.connect(lambda _text: self._measured())
        self.measured_on = make_editor(DateField(key="measured_on", label="化验日期", latest=date.today()))
        self.measured_on.setFixedWidth(136)
        self.measured_on.focus_target.setAccessibleName(tr("化验日期"))
        self.measured_on.edited.connect(self._measured)
        self.unknown = Switch("不详")
        self.unknown.clicked.connect(self._unknown_clicked)
        self._answer.addWidget(self.number)
        unit = Label("", "caption")
        unit.setText(self.question.unit)
        self._answer.addWidget(unit)
        self._answer.addWidget(self.measured_on)
        self._answer.addWidget(self.unknown)
        self.focus_target = self.number

    def _measured(self) -> None:
        typed = self.number.text().strip()
        try:
            number: float | None = float(typed)
        except ValueError:
            number = None
        day = self.measured_on.value()
        if not typed and not day:
            self.changed.emit({"value": SafetyValue.OPEN, "number": None, "measured_on": None})
            return
        measured = day if isinstance(day, date) else None
        self.changed.emit({"value": SafetyValue.MEASURED, "number": number, "measured_on": measured})

    def _unknown_clicked(self, on: bool) -> None:
        value = SafetyValue.UNKNOWN if on else SafetyValue.OPEN
        self.changed.emit({"value": value, "number": None, "measured_on": None})

    def _told(self) -> None:
        if self.detail.isModified():
            self.detail.setModified(False)
            self.changed.emit({"detail": self.detail.text().strip()})

    def show_answer(self, answer: SafetyAnswer, alarm: str, wrong: str) -> None:
        """Show an answer, why it alarms, and what is wrong with it."""
        if self.question.kind is SafetyKind.NUMBER:
            self._show_number(answer)
        elif self.control.current != answer.value:
            self.control.set_current(answer.value)
        self._alarm.set_text(alarm)
        self.known.setChecked(answer.acknowledged)
        if not self.detail.hasFocus() and self.detail.text() != answer.detail:
            self.detail.setText(answer.detail)
        self._more.setVisible(bool(alarm))
        self._wrong.setText(wrong)
        self._wrong.setVisible(bool(wrong))

    def _show_number(self, answer: SafetyAnswer) -> None:
        is_unknown = answer.value is SafetyValue.UNKNOWN
        self.unknown.setChecked(is_unknown)
        if not self.number.hasFocus():
            shown = "" if answer.number is None else f"{answer.number:g}"
            if self.number.text().strip() != shown:
                self.number.setText(shown)
        if self.measured_on.value() != answer.measured_on and not self.measured_on.focus_target.hasFocus():
            self.measured_on.set_value(answer.measured_on)

    def retranslate(self) -> None:
        """The language changed."""
        self._words.set_text(question_words(self.question))
        self.detail.setPlaceholderText(tr("说明，如植入物名称、孕周"))
        self.detail.setAccessibleName(tr("说明，如植入物名称、孕周"))


class SafetySection(QWidget):
    """Title, a button that answers the rest with 否, and the questions; hidden while nothing is asked."""

    def __init__(self, presenter: BookingPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self.lines: dict[str, _Line] = {}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label("安全问题", "strong"))
        head.addWidget(hairline(), 1)
        self.rest = Button("其余均为“否”", on_click=presenter.answer_rest_no)
        self.rest.setToolTip("F8")
        head.addWidget(self.rest)
        box.addLayout(head)
        self._box = QVBoxLayout()
        self._box.setSpacing(4)
        box.addLayout(self._box)
        self.hide()

    def render_state(self, state: BookingState) -> None:
        """Show the questions that this booking needs."""
        self._build(state.asked)
        for code, line in self.lines.items():
            answer = answer_to(state.form, code)
            alarm = alarm_words(line.question, answer, state.today)
            line.show_answer(answer, alarm, state.errors.get(f"safety.{code}", ""))
        open_ones = [q for q in state.asked if q.kind is SafetyKind.YES_NO]
        self.rest.setVisible(any(answer_to(state.form, q.code).value is SafetyValue.OPEN for q in open_ones))
        self.setVisible(bool(state.asked))

    def _build(self, asked: Sequence[SafetyQuestion]) -> None:
        wanted = {question.code: question for question in asked}
        if {code: line.question for code, line in self.lines.items()} == wanted and list(self.lines) == list(wanted):
            return
        kept: Mapping[str, _Line] = {c: line for c, line in self.lines.items() if wanted.get(c) == line.question}
        for code, line in self.lines.items():
            self._box.removeWidget(line)
            if code not in kept:
                line.hide()
                line.deleteLater()
        self.lines = {}
        before: QWidget = self.rest
        for code, question in wanted.items():
            line = kept.get(code) or self._make(code, question)
            self._box.addWidget(line)
            QWidget.setTabOrder(before, line.focus_target)
            before = line.focus_target
            self.lines[code] = line

    def _make(self, code: str, question: SafetyQuestion) -> _Line:
        line = _Line(question)
        line.changed.connect(partial(self._changed, code))
        return line

    def _changed(self, code: str, changes: dict[str, object]) -> None:
        self._presenter.answer_safety(code, **changes)

    def focus(self, code: str) -> None:
        """The keyboard goes to a question; to its 已知晓 when only that is missing."""
        line = self.lines.get(code)
        if line is None:
            return
        target: QWidget = line.known if line.known.isVisible() and not line.known.isChecked() else line.focus_target
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            for line in self.lines.values():
                line.retranslate()
        super().changeEvent(event)
