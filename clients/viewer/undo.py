"""Undo and redo as a list of done steps; knows nothing of what a step does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clients.viewer.evented import Event


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done, how to take it back, and its name for the menu (Chinese source text)."""

    name: str
    do: Callable[[], None]
    undo: Callable[[], None]


class UndoStack:
    """What the reader can take back, without limit (VW-EX-09)."""

    def __init__(self) -> None:
        self.changed: Event[[]] = Event()
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def run(self, step: Step) -> None:
        """Do ``step`` and remember it; what was undone before can no longer be redone."""
        step.do()
        self._done.append(step)
        self._undone.clear()
        self.changed.emit()

    @property
    def undo_name(self) -> str:
        """Name of the step that :meth:`undo` takes back, empty when there is none."""
        return self._done[-1].name if self._done else ""

    @property
    def redo_name(self) -> str:
        return self._undone[-1].name if self._undone else ""

    def undo(self) -> None:
        if self._done:
            step = self._done.pop()
            step.undo()
            self._undone.append(step)
            self.changed.emit()

    def redo(self) -> None:
        if self._undone:
            step = self._undone.pop()
            step.do()
            self._done.append(step)
            self.changed.emit()

    def clear(self) -> None:
        self._done.clear()
        self._undone.clear()
        self.changed.emit()
