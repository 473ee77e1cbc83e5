"""The panel of a flow's blocks: their order, adding and removing, and the fields of the chosen one."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from clients.designer.presenter import TemplatesPresenter
from clients.designer.properties import form_fields
from clients.designer.state import TemplatesState
from clients.designer.words import (
    BLOCK_PROPERTIES,
    BLOCKS,
    Property,
    block_kind,
    block_title,
    new_block,
)
from clients.kit.fields import Choice, ChoiceField, Field, NumberField, Section, TicksField
from clients.kit.forms import FormView
from clients.kit.labels import IconButton, Label
from clients.kit.translations import language, tr
from shared.paper.blocks import AnyBlock, FieldRow, FieldsBlock, Words
from shared.paper.fact_words import Fact
from shared.paper.facts import facts_of, lists_of, rich_of
from shared.paper.kinds import DocumentKind
from shared.paper.template import FlowElement

_SHOWN = "rows"


class BlocksPanel(QWidget):
    """Shown while one flow is selected; every change is a step of undo."""

    def __init__(self, presenter: TemplatesPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._quiet = False
        self._built: object = None
        self._block: AnyBlock | None = None
        self.form: FormView | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 4, 16, 16)
        box.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(Label("内容与顺序", "strong"), 1)
        self.up = IconButton("arrow_up", "上移", on_click=partial(self._move, -1), small=True)
        self.down = IconButton("arrow_down", "下移", on_click=partial(self._move, 1), small=True)
        self.remove = IconButton("clear", "删除", on_click=self._remove, small=True)
        self.add = IconButton("add", "添加", on_click=self._offer, small=True)
        for button in (self.up, self.down, self.remove, self.add):
            head.addWidget(button)
        box.addLayout(head)
        self.list = QListWidget()
        self.list.setFixedHeight(236)
        self.list.currentRowChanged.connect(self._chosen)
        box.addWidget(self.list)
        self._place = QVBoxLayout()
        box.addLayout(self._place)
        box.addStretch(1)

    def show_state(self, state: TemplatesState) -> None:
        """Show the blocks of the selected flow; hidden where none is."""
        design = self._presenter.design
        flow = design.flow if design is not None else None
        self.setVisible(flow is not None)
        if flow is None:
            return
        self._fill(flow, state)
        block = flow.blocks[state.block] if 0 <= state.block < len(flow.blocks) else None
        self.up.setEnabled(block is not None and state.block > 0)
        self.down.setEnabled(block is not None and state.block < len(flow.blocks) - 1)
        self.remove.setEnabled(block is not None)
        self._show_block(block, state)

    def _fill(self, flow: FlowElement, state: TemplatesState) -> None:
        titles = [block_title(block, state.language) for block in flow.blocks]
        self._quiet = True
        if [self.list.item(row).text() for row in range(self.list.count())] != titles:
            self.list.clear()
            for title in titles:
                item = QListWidgetItem(title)
                item.setToolTip(title)
                self.list.addItem(item)
        self.list.setCurrentRow(state.block)
        self._quiet = False

    # ── the chosen block ─────────────────────────────────────────────────────────────────────────────

    def _show_block(self, block: AnyBlock | None, state: TemplatesState) -> None:
        self._block = block
        key = None if block is None else (type(block), state.kind, language())
        if key != self._built:
            self._built = key
            self._rebuild(block, state.kind)
        if block is None or self.form is None:
            return
        values: dict[str, Any] = {}
        for one in BLOCK_PROPERTIES[type(block)]:
            value = getattr(block, one.name)
            if one.form == "words":
                values[one.name] = value if isinstance(value, str) else value.zh
                values[one.name + "/en"] = "" if isinstance(value, str) else value.en
            else:
                values[one.name] = value
        if isinstance(block, FieldsBlock):
            shown = {fact_of(row) for row in block.rows}
            values[_SHOWN] = tuple(fact.name for fact in facts_of(state.kind) if fact.name in shown)
        self.form.set_values({name: value for name, value in values.items() if self.form.value(name) != value})

    def _rebuild(self, block: AnyBlock | None, kind: DocumentKind) -> None:
        while self._place.count():
            item = self._place.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.form = None
        if block is None:
            return
        self._place.addWidget(Label(BLOCKS[block_kind(block)], "strong"))
        fields: list[Field] = []
        for one in BLOCK_PROPERTIES[type(block)]:
            fields += _fields_of(one, kind)
        if isinstance(block, FieldsBlock):
            english = language() == "en"
            facts = [Choice(one.name, one.en if english else one.zh, translate=False) for one in facts_of(kind)]
            fields.append(TicksField(key=_SHOWN, label="显示的字段", choices=facts, columns=2))
        self.form = FormView([Section("", fields)], columns=2)
        self.form.changed.connect(self._changed)
        self._place.addWidget(self.form)
        self.form.ensurePolished()
        self.form.setMinimumHeight(self.form.sizeHint().height())  # the panel scrolls; it does not squeeze

    def _changed(self, key: str) -> None:
        if self.form is None or self._block is None:
            return
        value, field = self.form.value(key), self.form.rows[key].field
        if value is None or (isinstance(field, NumberField) and isinstance(value, str)) or field.problem(value):
            return  # half a number is no change yet
        name, block = key.partition("/")[0], self._block
        if name == _SHOWN and isinstance(block, FieldsBlock):
            self._put(msgspec.structs.replace(block, rows=rows_for(block.rows, value, self._presenter.state.kind)))
            return
        one = next(one for one in BLOCK_PROPERTIES[type(block)] if one.name == name)
        if one.form == "words":
            zh, en = str(self.form.value(name) or ""), str(self.form.value(name + "/en") or "")
            value = Words(zh, en) if en else zh
        if name in ("columns", "most"):
            value = int(value)
        changes: dict[str, Any] = {name: value}
        if name == "columns" and isinstance(block, FieldsBlock):
            changes["shares"] = ()
        self._put(msgspec.structs.replace(block, **changes))

    def _put(self, block: AnyBlock) -> None:
        index = self._presenter.state.block
        self._presenter.do(lambda design: design.set_block(index, block))

    # ── order ────────────────────────────────────────────────────────────────────────────────────────

    def _chosen(self, row: int) -> None:
        if not self._quiet:
            self._presenter.choose_block(row)

    def _move(self, by: int) -> None:
        index = self._presenter.state.block
        self._presenter.do_block(lambda design: design.move_block(index, by))

    def _remove(self) -> None:
        index = self._presenter.state.block
        if index >= 0:
            self._presenter.do_block(lambda design: design.remove_block(index))

    def _offer(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for kind, source in BLOCKS.items():
            menu.addAction(tr(source), partial(self.add_block, kind))
        menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft()))

    def add_block(self, kind: str) -> None:
        """A new block behind the chosen one."""
        index = self._presenter.state.block
        self._presenter.do_block(lambda design: design.add_block(new_block(kind), index))


def _fields_of(one: Property, kind: DocumentKind) -> list[Field]:
    """The form's fields of a property; what names facts offers those that there are."""
    english = language() == "en"
    named: list[tuple[str, str]] | None = None
    if one.form == "rich":
        named = [(fact.name, fact.en if english else fact.zh) for fact in rich_of(kind)]
    elif one.form == "lists":
        named = [(found.name, found.en if english else found.zh) for found in lists_of(kind)]
    elif one.form == "pictures":
        named = [
            (found.name, found.en if english else found.zh)
            for found in lists_of(kind)
            if any(fact.name == "picture" for fact in found.facts)
        ]
    if named is None:
        return form_fields(one)
    choices = [Choice(name, words, translate=False) for name, words in named]
    return [ChoiceField(key=one.name, label=one.label, choices=choices, span=2)]


def fact_of(row: FieldRow) -> str:
    """The one fact that a row shows; empty for a row of its own making."""
    value = row.value if isinstance(row.value, str) else row.value.zh
    return value[1:-1] if value.startswith("{") and value.endswith("}") and value.count("{") == 1 else ""


def rows_for(rows: tuple[FieldRow, ...], shown: tuple[str, ...], kind: DocumentKind) -> tuple[FieldRow, ...]:
    """The rows with those facts and no others; rows that are there keep their place and look, new ones come last."""
    kept = tuple(row for row in rows if not fact_of(row) or fact_of(row) in shown)
    there = {fact_of(row) for row in kept}
    facts: dict[str, Fact] = {fact.name: fact for fact in facts_of(kind)}
    new = (facts[name] for name in shown if name not in there and name in facts)
    return (*kept, *(FieldRow(label=Words(fact.zh, fact.en), value=f"{{{fact.name}}}") for fact in new))
