"""Forms declared as data: labels, editors, checks at the field, Tab and Enter in the order of the eye."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.editors import ChoiceEditor, Editor, TicksEditor, make_editor
from clients.kit.fields import Choice, Field, Section, check_form
from clients.kit.form_grid import FormGrid
from clients.kit.labels import Glyph, Label, hairline
from clients.kit.tokens import Tone
from clients.kit.translations import tr


class FieldRow(QWidget):
    """Label above, editor below, and beneath it the hint or what is wrong."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(4)
        self.label = Label(field.label, "caption")
        head.addWidget(self.label)
        if field.required:
            star = Label("", "error")
            star.setText("*")
            star.setToolTip(tr("必填"))
            head.addWidget(star)
        head.addStretch(1)
        layout.addLayout(head)
        self.editor: Editor = make_editor(field)
        self.editor.focus_target.setAccessibleName(tr(field.label))
        layout.addWidget(self.editor)
        self._trouble = QWidget()
        trouble = QHBoxLayout(self._trouble)
        trouble.setContentsMargins(0, 0, 0, 0)
        trouble.setSpacing(4)
        self._glyph = Glyph("alert", 14, Tone.DANGER)
        self._sentence = Label("", "error", wrap=True)
        trouble.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        trouble.addWidget(self._sentence, 1)
        layout.addWidget(self._trouble)
        self._trouble.hide()
        self._hint = Label(field.hint, "caption", wrap=True)
        self._hint.setVisible(bool(field.hint))
        layout.addWidget(self._hint)
        layout.addStretch(1)

    @property
    def problem(self) -> str:
        """The sentence shown at the field, empty if there is none."""
        return self._sentence.text() if not self._trouble.isHidden() else ""

    def show_problem(self, sentence: str) -> None:
        """Show a finished sentence at the field, or take it away with an empty one."""
        self.editor.set_wrong(bool(sentence))
        self._sentence.setText(sentence)
        self._trouble.setVisible(bool(sentence))
        self._hint.setVisible(bool(self.field.hint) and not sentence)
        self.editor.focus_target.setAccessibleDescription(sentence)


class FormView(QWidget):
    """A form of sections in `columns` columns, or down to `fewest` where it is narrow; fields in reading order."""

    changed = Signal(str)
    """key of the field the user changed."""
    submitted = Signal()
    """Enter in the last field, or Ctrl+Enter anywhere, and every check passed."""

    def __init__(self, sections: Sequence[Section], *, columns: int = 2, fewest: int | None = None) -> None:
        super().__init__()
        check_form(sections)
        self.rows: dict[str, FieldRow] = {}
        self._most = self.columns = columns
        self._fewest = columns if fewest is None else fewest
        self._grids: list[FormGrid] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        for section in sections:
            layout.addLayout(self._section(section))
        layout.addStretch(1)
        order = list(self.rows.values())
        for first, second in itertools.pairwise(order):
            QWidget.setTabOrder(first.editor.focus_target, second.editor.focus_target)

    def values(self) -> dict[str, Any]:
        """All values by key."""
        return {key: row.editor.value() for key, row in self.rows.items()}

    def value(self, key: str) -> Any:
        """The value of one field."""
        return self.rows[key].editor.value()

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show values; keys that are not given stay as they are; nobody is told."""
        for key, value in values.items():
            self.rows[key].editor.set_value(value)
            self.rows[key].show_problem("")

    def set_choices(self, key: str, choices: Sequence[Choice]) -> None:
        """Offer other choices in a field of one or several choices."""
        editor = self.rows[key].editor
        if not isinstance(editor, ChoiceEditor | TicksEditor):
            raise TypeError(f"{key} is no choice")
        editor.set_choices(choices)

    def clear(self) -> None:
        """Bring the initial values back and forget problems."""
        for row in self.rows.values():
            row.editor.set_value(row.field.empty)
            row.show_problem("")

    def set_read_only(self, read_only: bool) -> None:
        """Let nothing be changed, or let it be changed again."""
        for row in self.rows.values():
            row.editor.set_read_only(read_only or row.field.read_only)

    def problems(self) -> dict[str, str]:
        """What is wrong now, by key, without showing it."""
        found = {key: row.field.problem(row.editor.value()) for key, row in self.rows.items()}
        return {key: sentence for key, sentence in found.items() if sentence}

    def validate(self) -> bool:
        """Check all fields, show what is wrong at each, and put the keyboard into the first wrong one."""
        problems = self.problems()
        self.show_problems(problems)
        return not problems

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show finished sentences at fields (from `problems` or from a server's refusal); others are cleared."""
        for key, row in self.rows.items():
            row.show_problem(problems.get(key, ""))
        first = next((key for key in self.rows if key in problems), None)
        if first is not None:
            self.focus(first)

    def focus(self, key: str) -> None:
        """Put the keyboard into a field."""
        self.rows[key].editor.focus_target.setFocus(Qt.FocusReason.OtherFocusReason)

    def submit(self) -> None:
        """Check, and tell if all is well."""
        if self.validate():
            self.submitted.emit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            for row in self.rows.values():
                if row.problem:
                    row.show_problem(row.field.problem(row.editor.value()))
        super().changeEvent(event)

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return least if self._fewest == self._most else QSize(self._least_width(self._fewest), least.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        columns = self._most
        while columns > self._fewest and self._least_width(columns) > self.width():
            columns -= 1
        if columns != self.columns:
            self.columns = columns
            for grid in self._grids:
                grid.place(columns)
            self.updateGeometry()

    def _least_width(self, columns: int) -> int:
        return max((grid.least_width(columns) for grid in self._grids), default=0)

    def _section(self, section: Section) -> QVBoxLayout:
        box = QVBoxLayout()
        box.setSpacing(8)
        if section.title:
            title = QHBoxLayout()
            title.setSpacing(8)
            title.addWidget(Label(section.title, "strong"))
            title.addWidget(hairline(), 1)
            box.addLayout(title)
        grid = FormGrid()
        for field in section.fields:
            row = FieldRow(field)
            grid.add_cell(row, field.span)
            self.rows[field.key] = row
            row.editor.edited.connect(_Key(self._on_edited, field.key))
            row.editor.confirmed.connect(_Key(self._on_confirmed, field.key))
            row.editor.left.connect(_Key(self._on_left, field.key))
        grid.place(self.columns)
        self._grids.append(grid)
        box.addLayout(grid)
        return box

    def _on_edited(self, key: str) -> None:
        row = self.rows[key]
        if row.problem:
            row.show_problem(row.field.problem(row.editor.value()))
        self.changed.emit(key)

    def _on_left(self, key: str) -> None:
        row = self.rows[key]
        value = row.editor.value()
        if value not in (None, ""):
            row.show_problem(row.field.problem(value))

    def _on_confirmed(self, key: str) -> None:
        keys = list(self.rows)
        position = keys.index(key)
        self._on_left(key)
        if self.rows[key].problem:
            return
        for later in keys[position + 1 :]:
            if self.rows[later].editor.focus_target.isEnabled():
                self.focus(later)
                return
        self.submit()


class _Key:
    """Gives a signal without arguments the key of its field."""

    def __init__(self, target: Any, key: str) -> None:
        self._target, self._key = target, key

    def __call__(self, *_: object) -> None:
        self._target(self._key)
