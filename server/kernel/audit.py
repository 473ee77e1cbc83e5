"""The port through which doors record what was done; server/audit implements it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.kernel.database import UnitOfWork
from shared.contract.base import AuditClass


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, from where, with which outcome. `subject` names ids ("exam 12"), never patient data."""

    at: datetime
    user: str
    station: str
    address: str
    method: str
    audit_class: AuditClass
    outcome: str
    subject: str
    duration_ms: float


class AuditSink(Protocol):
    """Keeps entries for ever, in order."""

    def record_in(self, uow: UnitOfWork, entry: AuditEntry) -> None:
        """Keep `entry` in the transaction of the call it tells of."""

    def record(self, entry: AuditEntry) -> None:
        """Keep `entry` soon; never blocks, never fails the caller."""
