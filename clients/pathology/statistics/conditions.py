"""The builder of conditions: field, comparison, value; joined by 且 or 或, in groups as deep as the server takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCompleter, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl, Switch
from clients.kit.editors import ChoiceEditor, DateEditor, TextEditor
from clients.kit.fields import Choice, ChoiceField, DateField, TextField
from clients.kit.labels import Button, IconButton, Label
from clients.kit.translations import Language, language
from clients.pathology.desk import Desk
from shared.contract.pathology_statistics import MOST_DEPTH, Condition, FieldChoice, Group, Joined, ListChoices
from shared.domain.pathology_queries import FIELDS, OPERATORS, OPERATORS_OF, VALUES_OF, Field, FieldKind, Operator

Choices = Callable[[Field, Callable[[Sequence[FieldChoice]], None]], None]
"""Asks what a field may be compared with; the answer comes later."""
_JOINS = (Option(Joined.ALL.value, "满足全部（且）"), Option(Joined.ANY.value, "满足任一（或）"))


class ChoiceBook:
    """Asks the server once for each field; a failed question is reported and asked again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[Field, Sequence[FieldChoice]] = {}

    def __call__(self, field: Field, then: Callable[[Sequence[FieldChoice]], None]) -> None:
        """Tell `then` what a field may be compared with, now or later."""
        if field in self._known:
            then(self._known[field])
            return
        place = self._desk.place

        def came(found: tuple[FieldChoice, ...]) -> None:
            self._known[field] = found
            then(found)

        place.runner.run(lambda: place.connection.call(ListChoices(field=field)), came, place.messages.report)


class ConditionEditor(QWidget):
    """One condition."""

    removed = Signal(object)
    """the editor itself"""
    confirmed = Signal()
    """Enter in a value"""

    def __init__(self, condition: Condition, choices: Choices) -> None:
        super().__init__()
        self._choices = choices
        self._offered: tuple[Choice, ...] = ()
        self._alive = True
        self.field = ChoiceEditor(ChoiceField(key="field", label=""))
        self.field.set_choices([Choice(one, word.zh) for one, (word, _kind) in FIELDS.items()])
        self.field.setFixedWidth(168)
        self.operator = ChoiceEditor(ChoiceField(key="operator", label=""))
        self.operator.setFixedWidth(132)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._values = QHBoxLayout()
        self._values.setSpacing(8)
        remove = IconButton("close", "删除条件", on_click=lambda: self.removed.emit(self), small=True)
        self._row.addWidget(self.field)
        self._row.addWidget(self.operator)
        self._row.addLayout(self._values, 1)
        self._row.addWidget(remove)
        self.editors: list[Any] = []
        self.field.chosen.connect(self._field_chosen)
        self.operator.chosen.connect(lambda _operator: self._make_values())
        self.set_condition(condition)

    @property
    def kind(self) -> FieldKind:
        return FIELDS[self.field.value()][1]

    def condition(self) -> Condition:
        """What is set; values that are not filled are empty texts, which the server refuses at this field."""
        values = tuple(str(one) for one in (editor.value() for editor in self.editors) if one is not None)
        operator: Operator = self.operator.value()
        if operator is Operator.ONE_OF and values:
            values = tuple(
                part.strip() for part in values[0].replace("，", ",").replace("、", ",").split(",") if part.strip()
            )
        return Condition(field=self.field.value(), operator=operator, values=values or ("",) * VALUES_OF[operator][0])

    def set_condition(self, condition: Condition) -> None:
        """Show a condition."""
        self.field.set_value(condition.field)
        self._set_operators(condition.operator)
        self._make_values(condition.values)
        self._ask_choices()

    def closed(self) -> None:
        """Late answers are not shown any more."""
        self._alive = False

    def _field_chosen(self, _field: Field) -> None:
        self._offered = ()
        self._set_operators(None)
        self._make_values()
        self._ask_choices()

    def _set_operators(self, wanted: Operator | None) -> None:
        known = OPERATORS_OF[self.kind]
        self.operator.set_choices([Choice(one, OPERATORS[one].zh) for one in known])
        self.operator.set_value(wanted if wanted in known else known[0])

    def _make_values(self, values: Sequence[str] = ()) -> None:
        while self._values.count():
            item = self._values.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.editors = []
        least, most = VALUES_OF[self.operator.value()]
        for place in range(least if most < 3 else 1):
            editor = self._editor()
            editor.confirmed.connect(self.confirmed)
            text = (
                ",".join(values)
                if self.operator.value() is Operator.ONE_OF
                else values[place]
                if place < len(values)
                else ""
            )
            if text:
                editor.set_value(_day(text) if self.kind is FieldKind.DAY else text)
            if place:
                self._values.addWidget(Label("至", "caption"))
            self._values.addWidget(editor, 1 if self.kind is FieldKind.TEXT else 0)
            self.editors.append(editor)
        if self.kind is not FieldKind.TEXT or not self.editors:
            self._values.addStretch(1)

    def _editor(self) -> Any:
        if self.kind is FieldKind.DAY:
            day = DateEditor(DateField(key="value", label=""))
            day.setFixedWidth(140)
            return day
        if self.kind is FieldKind.CHOICE and self.operator.value() is not Operator.ONE_OF:
            choice = ChoiceEditor(ChoiceField(key="value", label=""))
            choice.setMinimumWidth(190)
            choice.set_choices(self._offered)
            return choice
        hint = "多个值用逗号分隔" if self.operator.value() is Operator.ONE_OF else ""
        text = TextEditor(TextField(key="value", label="", max_length=200, placeholder=hint))
        if self.kind is FieldKind.NUMBER:
            text.setFixedWidth(110)
        elif self._offered:
            completer = QCompleter([one.text for one in self._offered], text)
            completer.setFilterMode(completer.filterMode() | _contains())
            text.line.setCompleter(completer)
        return text

    def _ask_choices(self) -> None:
        if self.kind in (FieldKind.CHOICE, FieldKind.TEXT):
            self._choices(self.field.value(), partial(self._came, self.field.value()))

    def _came(self, field: Field, found: Sequence[FieldChoice]) -> None:
        if not self._alive or field is not self.field.value():
            return
        english = language() is Language.ENGLISH
        self._offered = tuple(Choice(one.value, one.en if english else one.zh, translate=False) for one in found)
        self._make_values(self.condition().values)


class GroupEditor(QFrame):
    """Conditions and groups, joined."""

    removed = Signal(object)
    """the editor itself"""
    confirmed = Signal()
    """Enter in a value"""

    def __init__(self, group: Group, choices: Choices, depth: int = 1) -> None:
        super().__init__()
        self._choices, self._depth = choices, depth
        if depth > 1:
            self.setProperty("look", "card")
        box = QVBoxLayout(self)
        box.setContentsMargins(*((10, 8, 8, 8) if depth > 1 else (0, 0, 0, 0)))
        box.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(8)
        self.joined = SegmentedControl(_JOINS, group.joined.value)
        self.is_not = Switch("取反", checked=group.is_not)
        self.add_button = Button("添加条件", "quiet", "add", on_click=self.add_condition)
        self.group_button = Button("添加条件组", "quiet", "add", on_click=self.add_group)
        self.group_button.setVisible(depth < MOST_DEPTH)
        head.addWidget(self.joined)
        head.addWidget(self.is_not)
        head.addStretch(1)
        head.addWidget(self.add_button)
        head.addWidget(self.group_button)
        if depth > 1:
            head.addWidget(IconButton("close", "删除条件组", on_click=lambda: self.removed.emit(self), small=True))
        box.addLayout(head)
        self._parts = QVBoxLayout()
        self._parts.setSpacing(6)
        box.addLayout(self._parts)
        self.parts: list[ConditionEditor | GroupEditor] = []
        self.set_group(group)

    def group(self) -> Group:
        """What is set."""
        return Group(
            joined=Joined(self.joined.current),
            is_not=self.is_not.isChecked(),
            parts=tuple(one.condition() if isinstance(one, ConditionEditor) else one.group() for one in self.parts),
        )

    def set_group(self, group: Group) -> None:
        """Show conditions instead of the present ones."""
        for editor in list(self.parts):
            self._remove(editor)
        self.joined.set_current(group.joined.value)
        self.is_not.setChecked(group.is_not)
        for part in group.parts:
            self._add(
                ConditionEditor(part, self._choices)
                if isinstance(part, Condition)
                else GroupEditor(part, self._choices, self._depth + 1)
            )

    def add_condition(self) -> None:
        """A further condition, of the diagnosis at first."""
        made = ConditionEditor(Condition(field=Field.DIAGNOSIS, operator=Operator.CONTAINS), self._choices)
        self._add(made)

    def add_group(self) -> None:
        """A further group with one condition."""
        first = Condition(field=Field.DIAGNOSIS, operator=Operator.CONTAINS)
        self._add(GroupEditor(Group(joined=Joined.ANY, parts=(first,)), self._choices, self._depth + 1))

    def closed(self) -> None:
        """Late answers are not shown any more."""
        for part in self.parts:
            part.closed()

    def _add(self, part: ConditionEditor | GroupEditor) -> None:
        part.removed.connect(self._remove)
        part.confirmed.connect(self.confirmed)
        self.parts.append(part)
        self._parts.addWidget(part)

    def _remove(self, part: ConditionEditor | GroupEditor) -> None:
        self.parts.remove(part)
        part.closed()
        self._parts.removeWidget(part)
        part.hide()
        part.deleteLater()


def _day(text: str) -> Any:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def _contains() -> Any:
    from PySide6.QtCore import Qt

    return Qt.MatchFlag.MatchContains
