"""One field of the form on screen: label, what is typed or chosen, unit, the value of the past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.structured.picker import OptionPicker
from clients.kit.structured.state import FormState, prior_words
from clients.kit.translations import tr
from shared.domain.structured import Field, FieldKind, FieldValue
from shared.domain.structured_form import (
    Slot,
    as_day,
    as_number,
    is_empty,
    number_words,
    value_words,
    why_wrong,
)
from shared.domain.structured_prose import unit_words


class Intentions(Protocol):
    """What a field asks of its presenter."""

    def put(self, path: str, value: FieldValue) -> None: ...
    def focus(self, path: str) -> None: ...
    def put_image(self, path: str) -> None: ...
    def add_item(self, group: Field) -> None: ...
    def remove_item(self, group: str, item: int) -> None: ...


class LineField(QLineEdit):
    """One line; Enter and arrow keys up and down go to the next or the previous field."""

    focused = Signal()
    """the keyboard came here."""
    left = Signal(int)
    """the keyboard wants to go on: 1 forward, -1 back."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {
            Qt.Key.Key_Return: 1,
            Qt.Key.Key_Enter: 1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
        }.get(Qt.Key(event.key()))
        if step is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.left.emit(step)
            return
        super().keyPressEvent(event)


class FieldRow(QWidget):
    """A field; tells its presenter of every stroke, shows what the state says."""

    def __init__(self, slot: Slot, intentions: Intentions, go_on: Callable[[QWidget, int], None]) -> None:
        super().__init__()
        self.slot = slot
        self._intentions = intentions
        self._go_on = go_on
        self._shown: object = None
        self._hides_past = True  # where it has a line of its own
        self._line: LineField | None = None
        self._picker: OptionPicker | None = None
        self._value: ValueLabel | None = None
        self._past = ValueLabel("", "caption")
        self._past.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._problem = Label("", "error", wrap=True)
        self._problem.hide()
        self._arrange()

    @property
    def control(self) -> QWidget | None:
        """What takes the keyboard; None for a field that follows from others."""
        return self._line or self._picker

    @property
    def path(self) -> str:
        """Path of the field."""
        return self.slot.path

    def _arrange(self) -> None:
        field = self.slot.field
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 3, 0, 3)
        column.setSpacing(2)
        star = Label("*", "error")
        star.setVisible(field.required)
        star.setFixedWidth(8)
        star.setToolTip(tr("必填"))
        if field.options and field.kind is not FieldKind.CALCULATED:
            head = QHBoxLayout()
            head.setSpacing(4)
            name = Label("{name}", "caption", name=field.label)
            name.ensurePolished()
            if name.sizeHint().width() <= _HEAD_WIDTH:
                name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
                head.addWidget(name)
                head.addWidget(star)
                head.addWidget(self._past, 1)
                self._hides_past = False
                column.addLayout(head)
            else:  # the panel is narrow, and what is wider than it would be cut off on its right
                name.setWordWrap(True)
                head.addWidget(name, 1)
                head.addWidget(star, 0, Qt.AlignmentFlag.AlignTop)
                column.addLayout(head)
                column.addWidget(self._past)
            self._picker = OptionPicker(field.options, many=field.kind is FieldKind.CHOICES)
            self._picker.setAccessibleName(field.label)
            self._picker.picked.connect(self._on_picked)
            self._picker.focused.connect(self._on_focus)
            self._picker.finished.connect(self._on_finished)
            column.addWidget(self._picker)
        else:
            line = QHBoxLayout()
            line.setSpacing(4)
            name = Label("{name}", "caption", name=field.label)
            name.setToolTip(field.label)
            name.ensurePolished()
            room = _LABEL_WIDTH - (12 if field.required else 0)
            if name.sizeHint().width() <= room:
                name.setFixedWidth(room)
                line.addWidget(name)
            else:  # cut off, "right internal carotid, systolic" and "…, diastolic" would read the same
                name.setWordWrap(True)
                column.addWidget(name)
            line.addWidget(star)
            line.addWidget(self._editing(field), 0 if _is_narrow(field) else 1)
            if field.unit and unit_words(field.unit):
                unit = Label("{name}", "caption", name=unit_words(field.unit))
                unit.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
                line.addWidget(unit)
            if field.kind in (FieldKind.TEXT, FieldKind.IMAGE):
                column.addLayout(line)
                column.addWidget(self._past)
            else:
                line.addWidget(self._past, 1)
                self._hides_past = False
                column.addLayout(line)
        column.addWidget(self._problem)

    def _editing(self, field: Field) -> QWidget:
        if field.kind is FieldKind.CALCULATED:
            self._value = ValueLabel("", "strong")
            self._value.setToolTip(tr("自动计算"))
            if _is_narrow(field):
                self._value.setFixedWidth(_NUMBER_WIDTH)
            return self._value
        if field.kind is FieldKind.IMAGE:
            box = QWidget()
            row = QHBoxLayout(box)
            row.setContentsMargins(0, 0, 0, 0)
            self._value = ValueLabel("", "strong")
            row.addWidget(self._value, 1)
            row.addWidget(Button("放入最近一幅", "quiet", "image", on_click=self._on_image))
            row.addWidget(Button("清空", "quiet", on_click=self._on_no_image))
            return box
        self._line = LineField()
        self._line.setAccessibleName(field.label)
        if field.kind in (FieldKind.NUMBER, FieldKind.MEASUREMENT):
            self._line.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._line.setFixedWidth(_NUMBER_WIDTH)
        if field.kind is FieldKind.DATE:
            self._line.setPlaceholderText("2026-01-31")
        else:
            self._line.setPlaceholderText(field.hint)
        self._line.setMaxLength(2000)
        self._line.textEdited.connect(self._on_typed)
        self._line.focused.connect(self._on_focus)
        self._line.left.connect(self._on_left)
        return self._line

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def show_state(self, slot: Slot, state: FormState) -> None:
        """Show value, past and problem; widgets are touched only where something changed."""
        filled = state.filled
        assert filled is not None
        self.slot = slot
        field, value = slot.field, filled.value(slot.path)
        suggested = not filled.is_by_hand(slot.path)
        prior = state.prior.get(slot.path)
        missing = state.shows_problems and field.required and is_empty(field, value)
        shown = (value, suggested, state.may_type, prior, missing)
        if shown == self._shown:
            return
        self._shown = shown
        if self._picker is not None:
            self._picker.show_value(value.options, suggested=suggested, may_type=state.may_type)
        elif self._line is not None:
            self._line.setReadOnly(not state.may_type)
            words = self._words(field, value)
            if not self._reads_as(value) and self._line.text() != words:
                self._line.setText(words)
        elif self._value is not None:
            self._value.set_text(value_words(field, value))
        self._past.set_text(prior_words(slot, value, prior))
        self._past.setVisible(bool(self._past.full_text) or not self._hides_past)
        sentence = why_wrong(field, value)
        if sentence:
            self._problem.setText(sentence)
        elif missing:
            self._problem.set_source("请填写{label}", label=field.label)
        self._problem.setVisible(bool(sentence or missing))

    def _words(self, field: Field, value: FieldValue) -> str:
        if value.number is not None:
            return number_words(value.number, max(field.decimals, 1))
        return value.text if value.text else value_words(field, value)

    def _reads_as(self, value: FieldValue) -> bool:
        """Say whether what stands in the line means this value already: "8." while somebody types 8.5."""
        return self._line is not None and self._read(self._line.text()) == value

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _read(self, text: str) -> FieldValue:
        kind = self.slot.field.kind
        if kind in (FieldKind.NUMBER, FieldKind.MEASUREMENT):
            number = as_number(text)
            return FieldValue(number=number) if number is not None else FieldValue(text=text.strip())
        if kind is FieldKind.DATE:
            day = as_day(text)
            return FieldValue(day=day) if day is not None else FieldValue(text=text.strip())
        return FieldValue(text=text)

    def _on_typed(self, text: str) -> None:
        self._intentions.put(self.path, self._read(text))

    def _on_picked(self, keys: tuple[str, ...]) -> None:
        self._intentions.put(self.path, FieldValue(options=keys))

    def _on_focus(self) -> None:
        self._intentions.focus(self.path)

    def _on_finished(self) -> None:
        self._go_on(self, 1)

    def _on_left(self, step: int) -> None:
        self._go_on(self, step)

    def _on_image(self) -> None:
        self._intentions.focus(self.path)
        self._intentions.put_image(self.path)

    def _on_no_image(self) -> None:
        self._intentions.put(self.path, FieldValue())


def _is_narrow(field: Field) -> bool:
    is_result = field.kind is FieldKind.CALCULATED and bool(field.unit) and not field.options
    return is_result or field.kind in (FieldKind.NUMBER, FieldKind.MEASUREMENT)


_LABEL_WIDTH = 92
_NUMBER_WIDTH = 76
_HEAD_WIDTH = 300
"""of a name that shares its line with the value of the past, where the panel is at its narrowest."""
