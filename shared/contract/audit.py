"""The audit log: who did what to what, when, from where."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Page, Query
from shared.domain.permissions import Permission


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. `chain` is the hash that ties it to the entry before."""

    id: int
    at: datetime
    user: str
    station: str
    address: str
    method: str
    audit_class: str
    outcome: str  # ok or an error code
    subject: str  # "exam 12", "report 3": ids only
    duration_ms: float
    chain: str


class AuditList(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and how many there are in all."""

    total: int
    rows: tuple[AuditRow, ...]


class ListAudit(Query[AuditList], frozen=True, kw_only=True):
    """Entries, newest first; ROUTINE ones only when asked."""

    method = "audit.list"
    permission = Permission.READ_AUDIT
    audit = AuditClass.SECURITY

    user: str = ""
    method_prefix: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    include_routine: bool = False
    page: Page = Page()


class AuditCheckView(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the chain of hashes is whole."""

    entries: int
    is_whole: bool
    sentence: str


class CheckAudit(Query[AuditCheckView], frozen=True, kw_only=True):
    """Walk the chain of hashes."""

    method = "audit.check"
    permission = Permission.READ_AUDIT
    audit = AuditClass.SECURITY
