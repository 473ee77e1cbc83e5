"""The audited editions of pathology reports as signing sees them (server.signing.ports.Editions)."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM
from server.kernel.errors import not_found
from server.pathology.reports import seals
from server.pathology.reports.books import Books
from server.pathology.reports.tables import Report, ReportEdition
from server.reporting.editions import Edition, Verdicts, verdict
from server.reporting.seal import parsed_code, seal_of
from shared.domain.pathology_reports import FIRST_REPORT_ID, PaperState

_VERDICTS = Verdicts(
    differs="验证码与报告封印不符：这份打印件与系统中的报告不一致。",
    superseded="注意：这是病理号 {accession} 的第 {number} 版报告，已撤回或被取代，请以{present}为准。",
    broken="警告：系统中的报告内容与审核时的封印不符，请联系病理科。",
    genuine="报告真实有效：病理号 {accession}，{when} 由 {by} 审核通过，内容未被改动。",
)


class PathologyEditions:
    """Reads editions in the caller's unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def editions(self, uow: UnitOfWork, report_id: int) -> tuple[Edition, ...]:
        """Return the editions, newest first. Raises NOT_FOUND."""
        report = self._books.report(uow, report_id)
        case = self._books.cases.facts(uow, SYSTEM, report.case_id)
        is_withdrawn = self._books.standing(case, report) is PaperState.WRITING
        found = select(ReportEdition).where(ReportEdition.report_id == report_id).order_by(ReportEdition.number.desc())
        return tuple(self._edition(case.number, report, one, is_withdrawn) for one in uow.session.scalars(found))

    def edition(self, uow: UnitOfWork, report_id: int, number: int = 0) -> Edition:
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

    def verify(self, uow: UnitOfWork, code: str) -> str:
        """Return a sentence whether the printed copy with this code is genuine; empty for no report of pathology."""
        parsed = parsed_code(code)
        report = None if parsed is None or parsed[0] < FIRST_REPORT_ID else uow.session.get(Report, parsed[0])
        if parsed is None or report is None:
            return ""
        report_id, prefix = parsed
        return verdict(
            self.editions(uow, report_id),
            prefix,
            lambda number: self.is_as_sealed(uow, report_id, number),
            self._books.time.local,
            _VERDICTS,
        )

    @staticmethod
    def _edition(case_number: str, report: Report, row: ReportEdition, is_withdrawn: bool) -> Edition:
        is_newest = row.number == report.edition
        return Edition(
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
