"""What an action asks, on screen: its form with buttons that choose files, and how far a transfer is."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from clients.administration.table.spec import Pick, TableAction
from clients.administration.table.state import TableState
from clients.kit.fields import ChoiceField, Field, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.translations import tr


class ActionForm(QWidget):
    """The form of an action about one subject."""

    submitted = Signal()
    """every check passed."""

    def __init__(self, action: TableAction, state: TableState, about: str = "") -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(12)
        if about:
            box.addWidget(ValueLabel(about, "strong", wrap=True))
        if action.warns:
            box.addWidget(Label(action.warns, "quiet", wrap=True))
        sections = action.form or ([Section("", [_line(action, state)])] if action.asks else [])
        self.form = FormView(list(sections), columns=action.form_columns if action.form else 1)
        self.form.submitted.connect(self.submitted)
        self.pick_buttons: list[Button] = []
        if action.picks:
            picks = QHBoxLayout()
            picks.setSpacing(8)
            for pick in action.picks:
                button = Button(pick.text, icon=pick.icon, on_click=partial(self._pick, pick))
                self.pick_buttons.append(button)
                picks.addWidget(button)
            picks.addStretch(1)
            box.addLayout(picks)
        box.addWidget(self.form)
        self._hidden = set(action.reveals.values())
        for key, choices in action.form_choices.items():
            self.form.set_choices(key, choices(state.subject, state.found))
        self.form.set_values(action.form_values(state.subject, state.found))
        self.reveal(state.revealed)

    def reveal(self, keys: frozenset[str]) -> None:
        """Show the fields that a refusal has made sensible."""
        for key in self._hidden:
            self.form.rows[key].setVisible(key in keys)

    def focus(self) -> None:
        """The keyboard goes into the first field."""
        first = next(iter(self.form.rows), None)
        if first is not None:
            self.form.focus(first)

    def _pick(self, pick: Pick) -> None:
        if pick.is_folder:
            folder = QFileDialog.getExistingDirectory(self, tr(pick.text))
            names = [folder] if folder else []
        else:
            names, _ = QFileDialog.getOpenFileNames(self, tr(pick.text))
        if names:
            self.add_paths(pick.key, names)

    def add_paths(self, key: str, names: list[str]) -> None:
        """Put chosen paths into a field, each once."""
        there = str(self.form.value(key) or "").splitlines()
        paths = dict.fromkeys([*there, *(str(Path(name)) for name in names)])
        self.form.set_values({key: "\n".join(path for path in paths if path.strip())})


def _line(action: TableAction, state: TableState) -> Field:
    if action.choices is not None:
        return ChoiceField(key="answer", label=action.asks, choices=state.answers, required=True)
    return TextField(key="answer", label=action.asks, max_length=200, initial=action.initial(state.subject))


def answer_of(values: dict[str, Any]) -> str:
    """The line of an action that asks one."""
    answer = values.get("answer")
    return "" if answer is None else str(answer)
