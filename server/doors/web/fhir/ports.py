"""What the FHIR door asks of the server; server/bootstrap/fhir.py answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of time; None is open."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportSearch:
    """Conditions on DiagnosticReport; empty ones do not count, several values are alternatives."""

    report_ids: tuple[int, ...] = ()
    accession_numbers: tuple[str, ...] = ()
    patient_ids: tuple[int, ...] = ()
    patient_numbers: tuple[str, ...] = ()
    exam_ids: tuple[int, ...] = ()
    statuses: tuple[str, ...] = ()
    examined: Span = field(default=Span())
    issued: Span = field(default=Span())
    offset: int = 0
    limit: int = 20


class ReportShelf(Protocol):
    """Approved reports. Methods block; they are called in threads."""

    def search(self, wanted: ReportSearch) -> tuple[int, Sequence[Mapping[str, Json]]]:
        """Return how many fit, and of a page every report's resources by `Type/id`, the report itself first."""
        ...

    def read(self, kind: str, key: str) -> Json | None:
        """Return one resource; None when there is none."""
        ...

    def pdf(self, report_id: int) -> bytes | None:
        """Return the printed report; None when there is none now."""
        ...
