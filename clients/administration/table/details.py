"""The details of a row on screen: lines with labels, and parts under headings with what happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from clients.administration.table.spec import Details, Event, Part
from clients.kit.labels import Button, Glyph, Label, ValueLabel, hairline

_LONG_RUN = re.compile(r"\S{25,}")
_JOINT = re.compile(r"([^\w\u200b]|\w{24})(?=.)")
"""Signs between words, and words of more letters than fit into a line."""

Start = Callable[[str, Any], None]
"""Starts an action (its id) about a subject."""


class DetailsView(QWidget):
    """Shows lines and parts; made anew each time they change."""

    def __init__(self, start: Start) -> None:
        super().__init__()
        self._start = start
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 4, 0, 4)
        self._box.setSpacing(12)
        self.undo_buttons: list[Button] = []

    def show_details(self, lines: Details, parts: Sequence[Part], progress: tuple[int, int] | None) -> None:
        """Replace what is shown; lines without text and parts without anything are left out."""
        while self._box.count():
            item = self._box.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.undo_buttons = []
        shown = [line for line in lines if line[1]]
        if progress is not None:
            bar = QProgressBar()
            bar.setTextVisible(False)
            bar.setRange(0, max(progress[1], 0))
            bar.setValue(progress[0])
            self._box.addWidget(bar)
        if shown:
            self._box.addWidget(_grid(shown))
        for part in parts:
            self._add_part(part)
        self.setVisible(self._box.count() > 0)

    def _add_part(self, part: Part) -> None:
        lines = [line for line in part.lines if line[1]]
        if not lines and not part.events:
            return
        holder = QWidget()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label(part.title, "strong"))
        head.addWidget(hairline(), 1)
        box.addLayout(head)
        if lines:
            box.addWidget(_grid(lines))
        for event in part.events:
            box.addWidget(self._event(event))
        self._box.addWidget(holder)

    def _event(self, event: Event) -> QWidget:
        holder = QWidget()
        across = QHBoxLayout(holder)
        across.setContentsMargins(0, 2, 0, 4)
        across.setSpacing(8)
        across.addWidget(Glyph("undo" if event.is_over else "dot", 16), 0, Qt.AlignmentFlag.AlignTop)
        box = QVBoxLayout()
        box.setSpacing(1)
        head = QHBoxLayout()
        head.addWidget(ValueLabel(event.head, "caption"), 1)
        if event.action:
            button = Button("撤销", "link", on_click=partial(self._start, event.action, event.subject))
            self.undo_buttons.append(button)
            head.addWidget(button)
        box.addLayout(head)
        box.addWidget(ValueLabel(breakable(event.text), "quiet" if event.is_over else "", wrap=True))
        if event.quiet:
            box.addWidget(ValueLabel(breakable(event.quiet), "caption", wrap=True))
        across.addLayout(box, 1)
        return holder


def _grid(lines: Details) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    for number, (label, text) in enumerate(lines):
        name = Label(label, "quiet")
        name.setMinimumWidth(56)
        grid.addWidget(name, number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(ValueLabel(breakable(text), wrap=True), number, 1)
    return holder


def breakable(text: str) -> str:
    """Text whose long runs without a space (UIDs, paths, segments of HL7) may be broken and never widen the panel."""
    return _LONG_RUN.sub(lambda run: _JOINT.sub("\\1\u200b", run.group()), text)
