"""Adapter between the FHIR door and the reports that were given out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.doors.web.fhir.ports import Json, ReportSearch
from server.results.reading import Moments, Shelf, Wanted


class ShelfOfReports:
    """doors.web.fhir.ports.ReportShelf over the area of results."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def search(self, wanted: ReportSearch) -> tuple[int, Sequence[Mapping[str, Json]]]:
        return self._shelf.search(
            Wanted(
                report_ids=wanted.report_ids,
                accession_numbers=wanted.accession_numbers,
                patient_ids=wanted.patient_ids,
                patient_numbers=wanted.patient_numbers,
                exam_ids=wanted.exam_ids,
                statuses=wanted.statuses,
                examined=Moments(wanted.examined.since, wanted.examined.until),
                issued=Moments(wanted.issued.since, wanted.issued.until),
                offset=wanted.offset,
                limit=wanted.limit,
            )
        )

    def read(self, kind: str, key: str) -> Json | None:
        return self._shelf.read(kind, key)

    def pdf(self, report_id: int) -> bytes | None:
        return self._shelf.pdf(report_id)
