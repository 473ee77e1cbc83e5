"""What routing asks of the ways out and of other areas; bootstrap hands in the adapters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from server.kernel.database import UnitOfWork


class Unreachable(Exception):
    """A target does not answer, or takes nothing at all at present; the text is a sentence. Trying later may help."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A target as a way out needs it."""

    ae_title: str
    url: str
    token_file: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One object; `open` gives its data set as it shall arrive, while the context lasts. It raises OSError."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    open: Callable[[], AbstractContextManager[memoryview]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an object: `sentence` says why it did not arrive."""

    sop_instance_uid: str
    has_arrived: bool
    sentence: str = ""


class WayOut(Protocol):
    """One protocol by which objects leave."""

    def send(self, to: Destination, objects: Sequence[Outgoing], told: Callable[[Sequence[Outcome]], bool]) -> None:
        """Send in order; `told` gets outcomes as the target answers, and returns False to stop.

        Raises Unreachable when the target does not answer or breaks off; what was told before stands.
        """
        ...

    def test(self, to: Destination) -> str:
        """Empty when the target answers, else a sentence."""
        ...

    def commit(
        self, to: Destination, references: Sequence[tuple[str, str]], transaction_uid: str
    ) -> Collection[str] | None:
        """Ask the target to commit to (class, instance) pairs: those it does not keep; None when it answers later.

        Raises Unreachable.
        """
        ...


class Reports(Protocol):
    """The reports of exams."""

    def approved(self, uow: UnitOfWork, exam_ids: Collection[int]) -> frozenset[int]:
        """Those of the exams whose report is approved."""
        ...
