"""The panel of the selected element's fields; every change is a step of undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.designer.words import PROPERTIES, Property
from clients.kit.fields import Choice, ChoiceField, Field, LongTextField, NumberField, Section, SwitchField, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Label
from shared.paper.fact_words import Fact
from shared.paper.template import AnyElement, Page, Text, Words

_PAGE = (
    Property("width_mm", "纸宽", least=10),
    Property("height_mm", "纸高", least=0),
    Property("margin_mm", "页边", least=0, most=100),
    Property("feed_turn", "进纸方向", "choice", choices=((0, "0°"), (90, "90°"), (180, "180°"), (270, "270°"))),
)


class Properties(QWidget):
    """`set_field` and `set_page` change the design."""

    def __init__(self, set_field: Callable[[str, Any], None], set_page: Callable[[str, Any], None]) -> None:
        super().__init__()
        self._set_field, self._set_page = set_field, set_page
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 12, 16, 16)
        self._layout.setSpacing(12)
        self._shown: object = None
        self._fields: tuple[Property, ...] = ()
        self.form: FormView | None = None
        self._words: dict[str, Text] = {}

    def show_element(self, element: AnyElement | None, page: Page, count: int, facts: tuple[Fact, ...]) -> None:
        """Show one element, the paper where nothing is selected, or how many are."""
        if count > 1:
            self._build(("several", count), "已选 {count} 个元素", (), count=count)
            return
        target: object = page if element is None else element
        fields = _PAGE if element is None else PROPERTIES[type(element)]
        self._build(type(target), "纸张" if element is None else "属性", fields)
        assert self.form is not None
        values: dict[str, Any] = {}
        for one in fields:
            value = getattr(target, one.name)
            if one.form == "words":
                self._words[one.name] = value
                values[one.name] = value if isinstance(value, str) else value.zh
                values[one.name + "/en"] = "" if isinstance(value, str) else value.en
            else:
                values[one.name] = value
        held = {key: value for key, value in values.items() if self.form.value(key) != value}
        self.form.set_values(held)

    def _build(self, shown: object, title: str, fields: tuple[Property, ...], count: int = 0) -> None:
        if shown == self._shown:
            return
        self._shown, self._fields, self.form = shown, fields, None
        while self._layout.count():
            item = self._layout.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._layout.addWidget(Label(title, "strong", count=count))
        if fields:
            self.form = FormView([Section("", [field for one in fields for field in form_fields(one)])], columns=2)
            self.form.changed.connect(self._changed)
            self._layout.addWidget(self.form)
        self._layout.addStretch(1)

    def _changed(self, key: str) -> None:
        assert self.form is not None
        value = self.form.value(key)
        field = self.form.rows[key].field
        if value is None or (isinstance(field, NumberField) and isinstance(value, str)) or field.problem(value):
            return  # half a number is no change yet
        name, _, _english = key.partition("/")
        one = next(one for one in self._fields if one.name == name)
        if one.form == "words":
            zh, en = str(self.form.value(name) or ""), str(self.form.value(name + "/en") or "")
            self._set_field(name, Words(zh, en) if en else zh)
        elif self._shown is Page:
            self._set_page(name, value)
        else:
            self._set_field(name, value)


def form_fields(one: Property) -> list[Field]:
    """The form's fields of a property."""
    if one.form == "words":
        return [
            LongTextField(key=one.name, label=one.label, lines=2, max_length=1000, span=2),
            LongTextField(key=one.name + "/en", label="英文", lines=1, max_length=1000, span=2),
        ]
    if one.form == "text":
        return [TextField(key=one.name, label=one.label, max_length=200, span=1)]
    if one.form == "switch":
        return [SwitchField(key=one.name, label=one.label)]
    if one.form == "choice":
        return [
            ChoiceField(
                key=one.name,
                label=one.label,
                choices=[Choice(value, words, translate=not words.endswith("°")) for value, words in one.choices],
            )
        ]
    decimals = 0 if one.name in ("columns", "most") else 2
    return [
        NumberField(
            key=one.name, label=one.label, unit=one.unit, minimum=one.least, maximum=one.most, decimals=decimals
        )
    ]
