"""What the diagnosis screens need beside the line to the server: a viewer, and a way to do something later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contract.report_paper import CopyOutcome

Later = Callable[[float, Callable[[], None]], Callable[[], None]]
"""`later(seconds, work)` does `work` once in this thread, unless the returned function is called before."""


@dataclass(frozen=True)
class HandedOut:
    """What became of a paper, for the print log."""

    outcome: CopyOutcome
    printer: str = ""
    reason: str = ""


class Viewer(Protocol):
    """The image viewer, a process of its own (clients.kit.viewer_link.ViewerLink). All methods return at once."""

    def open(self, study_uids: Sequence[str]) -> None:
        """Show these studies and bring the viewer to the front."""
        ...

    def follow(self, study_uids: Sequence[str]) -> None:
        """Show these studies if the viewer is open, without taking the keyboard."""
        ...

    def compare(self, study_uid: str) -> None:
        """Put an earlier study beside what is open."""
        ...

    def prepare(self, study_uids: Sequence[str]) -> None:
        """These studies come next: the viewer, if it runs, fetches them while nothing else is to be loaded."""
        ...

    def close(self) -> None:
        """End the viewer."""
        ...


class NoViewer:
    """Stands in where there is no viewer: remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def open(self, study_uids: Sequence[str]) -> None:
        self.asked.append(("open", tuple(study_uids)))

    def follow(self, study_uids: Sequence[str]) -> None:
        self.asked.append(("follow", tuple(study_uids)))

    def compare(self, study_uid: str) -> None:
        self.asked.append(("compare", (study_uid,)))

    def prepare(self, study_uids: Sequence[str]) -> None:
        self.asked.append(("prepare", tuple(study_uids)))

    def close(self) -> None:
        self.asked.append(("close", ()))
