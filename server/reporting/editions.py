"""A sealed edition of a report, of whatever department, as signing and other areas see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """An approved edition; `sealed` are the canonical bytes that `seal` hashes (server.signing.ports.Edition)."""

    report_id: int
    accession_number: str
    number: int
    kind: str
    reason: str
    addendum: str
    text_version: int
    diagnosing_doctor: str
    by_id: int
    by: str
    at: datetime
    seal: str
    sealed: bytes
    is_present: bool
    is_withdrawn: bool
