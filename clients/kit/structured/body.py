"""All fields of a form in one scrolling column: sections, repeated groups, keyboard from field to field."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Button, IconButton, Label, ValueLabel
from clients.kit.panels import scrolling
from clients.kit.structured.rows import FieldRow, Intentions
from clients.kit.structured.state import FormState
from clients.kit.translations import tr
from shared.domain.structured import Field, FieldKind, Part, Section
from shared.domain.structured_form import Slot

_NAME_WIDTH = 240
PARTS = {Part.FINDINGS: "影像所见", Part.IMPRESSION: "诊断意见", Part.NONE: "只作数据"}


class FormBody(QWidget):
    """Shows the fields of a state; rows are made anew only when other fields are to be seen."""

    def __init__(self, intentions: Intentions) -> None:
        super().__init__()
        self._intentions = intentions
        self._rows: dict[str, FieldRow] = {}
        self._structure: tuple[object, ...] = ()
        self._state: FormState | None = None
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(12, 4, 12, 12)
        self._column.setSpacing(0)
        self._scroll = scrolling(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)

    @property
    def rows(self) -> dict[str, FieldRow]:
        """Rows shown, by path, in order."""
        return self._rows

    def show_state(self, state: FormState) -> None:
        """Show a state that has a template."""
        self._state = state
        if state.template is None or state.filled is None:
            return
        slots = list(state.filled.slots())
        groups = tuple(
            (field.key, state.filled.form.items.get(field.key, ()))
            for _section, field in state.template.fields()
            if field.kind is FieldKind.GROUP and state.filled.is_visible(field.key)
        )
        shown = tuple(section.key for section in state.template.sections if state.filled.is_section_visible(section))
        structure = (id(state.template), state.may_type, groups, shown, tuple(slot.path for slot in slots))
        if structure != self._structure:
            self._structure = structure
            self._build(state, slots)
        for slot in slots:
            self._rows[slot.path].show_state(slot, state)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self._state is not None:
            self._structure = ()
            self.show_state(self._state)
        super().changeEvent(event)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _build(self, state: FormState, slots: list[Slot]) -> None:
        """Make the column anew; rows that stay keep their widgets, and so the keyboard."""
        assert state.template is not None and state.filled is not None
        kept, self._rows = self._rows, {}
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None and not isinstance(widget, FieldRow):
                widget.hide()
                widget.deleteLater()
        for section in state.template.sections:
            if state.filled.is_section_visible(section):
                self._add_section(section, state, [slot for slot in slots if slot.section is section], kept)
        self._column.addStretch(1)
        for path, row in kept.items():
            if self._rows.get(path) is not row:
                row.hide()
                row.deleteLater()
        before: QWidget | None = None
        for row in self._rows.values():
            if row.control is not None:
                if before is not None:
                    QWidget.setTabOrder(before, row.control)
                before = row.control

    def _add_section(self, section: Section, state: FormState, slots: list[Slot], kept: dict[str, FieldRow]) -> None:
        assert state.filled is not None
        self._column.addSpacing(8)
        self._column.addWidget(_Heading(section.title, tr(PARTS[section.part])))
        for field in section.fields:
            if field.kind is FieldKind.GROUP:
                if state.filled.is_visible(field.key):
                    self._add_group(field, state, [slot for slot in slots if slot.group is field], kept)
                continue
            for slot in slots:
                if slot.group is None and slot.field is field:
                    self._column.addWidget(self._row_for(slot, kept))

    def _add_group(self, group: Field, state: FormState, slots: list[Slot], kept: dict[str, FieldRow]) -> None:
        assert state.filled is not None
        for number, item in enumerate(state.filled.form.items.get(group.key, ()), 1):
            self._column.addWidget(_ItemHead(self._intentions, group, item, number, may_type=state.may_type))
            for slot in slots:
                if slot.item == item:
                    self._column.addWidget(self._row_for(slot, kept))
        if state.may_type:
            self._column.addWidget(_AddItem(self, group))

    def _row_for(self, slot: Slot, kept: dict[str, FieldRow]) -> FieldRow:
        row = kept.get(slot.path)
        if row is None or row.slot.field is not slot.field:
            row = FieldRow(slot, self._intentions, self.go_on)
        self._rows[slot.path] = row
        return row

    # ── the keyboard ─────────────────────────────────────────────────────────────────────────────────

    def go_on(self, row: QWidget, step: int) -> None:
        """Bring the keyboard to the next or the previous field."""
        controls = [one for one in self._rows.values() if one.control is not None]
        if row in controls:
            wanted = controls.index(row) + step
            if 0 <= wanted < len(controls):
                self.focus(controls[wanted])

    def focus(self, row: FieldRow) -> None:
        """Bring the keyboard to a field and the field into sight."""
        if row.control is not None:
            row.control.setFocus(Qt.FocusReason.TabFocusReason)
            self._scroll.ensureWidgetVisible(row, 0, 60)

    def add_item(self, group: Field) -> None:
        """One more item; the keyboard goes to its first field."""
        before = set(self._rows)
        self._intentions.add_item(group)
        fresh = next((row for path, row in self._rows.items() if path not in before and row.control), None)
        if fresh is not None:
            self.focus(fresh)


class _Heading(QWidget):
    def __init__(self, title: str, part: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 2)
        row.addWidget(ValueLabel(title, "strong"), 1)
        row.addWidget(Label("{name}", "caption", name=part))


class _ItemHead(QWidget):
    def __init__(self, intentions: Intentions, group: Field, item: int, number: int, *, may_type: bool) -> None:
        super().__init__()
        self._intentions, self._group, self._item = intentions, group, item
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 0)
        row.addWidget(ValueLabel(f"{group.label} {number}", "strong"), 1)
        remove = IconButton("clear", "删除这一项", on_click=self._on_remove)
        remove.setVisible(may_type)
        remove.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        row.addWidget(remove)

    def _on_remove(self) -> None:
        self._intentions.remove_item(self._group.key, self._item)


class _AddItem(QWidget):
    def __init__(self, body: FormBody, group: Field) -> None:
        super().__init__()
        self._body, self._group = body, group
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        self.button = Button("", "", "add", on_click=self._on_add)
        # a button never breaks its words: a long name would make the whole form wider than its panel
        name = self.button.fontMetrics().elidedText(group.label, Qt.TextElideMode.ElideRight, _NAME_WIDTH)
        self.button.set_source("添加{name}", name=name)
        if name != group.label:
            self.button.setToolTip(group.label)
        row.addWidget(self.button)
        row.addStretch(1)

    def _on_add(self) -> None:
        self._body.add_item(self._group)
