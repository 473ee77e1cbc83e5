"""What screens of the registration workstation need beside the kit: documents, time, and which notices concern them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from shared.contract.base import Changed, Notice, TicketCalled
from shared.contract.printing import DocumentView, Output


class Documents(Protocol):
    """Where the bytes of a server document come from, and where they go."""

    def hand_out(self, document: DocumentView) -> str:
        """Fetch and print, or save where no printer is set up (blocking); returns where it went, as a sentence."""
        ...

    def output(self, kind: str) -> Output:
        """How the server shall make this kind of document for the desk's printer."""
        ...

    def read(self, document: DocumentView) -> bytes:
        """Fetch the bytes (blocking); raises RpcError."""
        ...


Later = Callable[[float, Callable[[], None]], Callable[[], None]]
"""Calls back after some seconds on the caller's thread; what it returns takes that back."""


def concerns_exams(notice: Notice) -> bool:
    """True for a notice after which a list of exams may look different."""
    return isinstance(notice, Changed) and notice.entity in ("exam", "ticket", "report", "study")


def concerns_queue(notice: Notice) -> bool:
    """True for a notice after which a queue may look different."""
    return isinstance(notice, TicketCalled) or (
        isinstance(notice, Changed) and notice.entity in ("ticket", "exam", "ticket_room", "queue_rules")
    )
