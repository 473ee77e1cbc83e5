"""The audited editions of pathology reports as signing sees them (server.signing.ports.Editions)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM
from server.kernel.errors import not_found
from server.pathology.reports import seals
from server.pathology.reports.books import Books
from server.pathology.reports.tables import Report, ReportEdition
from server.reporting.seal import seal_of
from shared.domain.pathology_reports import PaperState


@dataclass(frozen=True, slots=True)
class PathologyEdition:
    """An audited edition; the names are those of server.signing.ports.Edition."""

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


class PathologyEditions:
    """Reads editions in the caller's unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def editions(self, uow: UnitOfWork, report_id: int) -> tuple[PathologyEdition, ...]:
        """Return the editions, newest first. Raises NOT_FOUND."""
        report = self._books.report(uow, report_id)
        case = self._books.cases.facts(uow, SYSTEM, report.case_id)
        is_withdrawn = self._books.standing(case, report) is PaperState.WRITING
        found = select(ReportEdition).where(ReportEdition.report_id == report_id).order_by(ReportEdition.number.desc())
        return tuple(self._edition(case.number, report, one, is_withdrawn) for one in uow.session.scalars(found))

    def edition(self, uow: UnitOfWork, report_id: int, number: int = 0) -> PathologyEdition:
        """Return an edition, the newest without a number. Raises NOT_FOUND."""
        for one in self.editions(uow, report_id):
            if number in (0, one.number):
                return one
        raise not_found("该版本的报告")

    def is_as_sealed(self, uow: UnitOfWork, report_id: int, number: int) -> bool:
        """Say whether seal, sealed bytes and kept text of an edition still agree."""
        row = uow.session.get(ReportEdition, (report_id, number))
        if row is None or seal_of(row.sealed) != row.seal:
            return False
        sealed = msgspec.json.decode(row.sealed, type=dict[str, object])
        text = self._books.text(uow, self._books.report(uow, report_id), row.text_number)
        return text is not None and all(sealed.get(key) == value for key, value in seals.texts_of(text).items())

    @staticmethod
    def _edition(case_number: str, report: Report, row: ReportEdition, is_withdrawn: bool) -> PathologyEdition:
        is_newest = row.number == report.edition
        return PathologyEdition(
            report_id=report.id,
            accession_number=case_number,
            number=row.number,
            kind="first" if row.number == 1 else "revision",
            reason=row.reason,
            addendum="",
            text_version=row.text_number,
            diagnosing_doctor=row.author,
            by_id=row.by_id,
            by=row.by,
            at=row.at,
            seal=row.seal,
            sealed=row.sealed,
            is_present=is_newest and not is_withdrawn,
            is_withdrawn=is_newest and is_withdrawn,
        )
