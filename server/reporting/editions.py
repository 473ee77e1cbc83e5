"""A sealed edition of a report, of whatever department, as signing and other areas see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a department says of a printed copy; `{number}`, `{accession}`, `{present}`, `{when}`, `{by}` are filled."""

    differs: str
    superseded: str
    broken: str
    genuine: str


def verdict(
    editions: Sequence[Edition],
    prefix: str,
    is_as_sealed: Callable[[int], bool],
    local: Callable[[datetime], datetime],
    words: Verdicts,
) -> str:
    """Return a sentence whether the printed copy with this beginning of a seal is genuine.

    `editions` are the report's, newest first; `is_as_sealed` asks of an edition's number.
    """
    found = next((one for one in editions if one.seal.startswith(prefix)), None)
    if found is None:
        return words.differs
    sentence = words.genuine
    if not found.is_present:
        sentence = words.superseded
    elif not is_as_sealed(found.number):
        sentence = words.broken
    return sentence.format(
        number=found.number,
        accession=found.accession_number,
        present=f"第 {editions[0].number} 版" if editions[0].is_present else "新版",
        when=f"{local(found.at):%Y-%m-%d %H:%M}",
        by=found.by,
    )
