"""The submitted editions of ECG reports as signing sees them (server.signing.ports.Editions)."""

from __future__ import annotations

import msgspec

from server.ecg.reports.books import Books, unpacked
from server.ecg.reports.seals import texts_of
from server.ecg.reports.tables import EcgEditionRow, EcgReportRow
from server.kernel.database import UnitOfWork
from server.kernel.errors import not_found
from server.reporting.editions import Edition, Verdicts, verdict
from server.reporting.seal import parsed_code, seal_of
from shared.domain.ecg import ReportState
from shared.domain.ecg_reports import FIRST_ECG_REPORT_ID

_VERDICTS = Verdicts(
    differs="验证码与报告封印不符：这份打印件与系统中的心电报告不一致。",
    superseded="注意：这是检查号 {accession} 的第 {number} 版心电报告，已撤回或被取代，请以{present}为准。",
    broken="警告：系统中的心电报告内容与提交时的封印不符，请联系心电图室。",
    genuine="报告真实有效：检查号 {accession}，{when} 由 {by} 提交，内容未被改动。",
)


class EcgEditions:
    """Reads editions in the caller's unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def editions(self, uow: UnitOfWork, report_id: int) -> tuple[Edition, ...]:
        """Return the editions, newest first. Raises NOT_FOUND."""
        report = self._books.report(uow, report_id)
        exam = self._books.exams.facts(uow, report.exam_id)
        return tuple(_edition(exam.accession_number, report, one) for one in self._books.editions(uow, report_id))

    def edition(self, uow: UnitOfWork, report_id: int, number: int = 0) -> Edition:
        """Return an edition, the newest without a number. Raises NOT_FOUND."""
        for one in self.editions(uow, report_id):
            if number in (0, one.number):
                return one
        raise not_found("该版本的心电报告")

    def is_as_sealed(self, uow: UnitOfWork, report_id: int, number: int) -> bool:
        """Say whether seal, sealed bytes and kept body of an edition still agree."""
        row = uow.session.get(EcgEditionRow, (report_id, number))
        if row is None or seal_of(row.sealed) != row.seal:
            return False
        sealed = msgspec.json.decode(row.sealed, type=dict[str, object])
        return all(sealed.get(key) == value for key, value in texts_of(unpacked(row.body)).items())

    def verify(self, uow: UnitOfWork, code: str) -> str:
        """Return a sentence whether the printed copy with this code is genuine; empty for no ECG report."""
        parsed = parsed_code(code)
        if parsed is None or parsed[0] < FIRST_ECG_REPORT_ID or uow.session.get(EcgReportRow, parsed[0]) is None:
            return ""
        report_id, prefix = parsed
        return verdict(
            self.editions(uow, report_id),
            prefix,
            lambda number: self.is_as_sealed(uow, report_id, number),
            self._books.time.local,
            _VERDICTS,
        )


def _edition(accession: str, report: EcgReportRow, row: EcgEditionRow) -> Edition:
    is_newest = row.number == report.edition
    is_withdrawn = report.state != ReportState.SUBMITTED.value
    return Edition(
        report_id=report.id,
        accession_number=accession,
        number=row.number,
        kind="first" if row.number == 1 else "revision",
        reason=row.reason,
        addendum="",
        text_version=row.number,
        diagnosing_doctor=row.reader,
        by_id=row.by_id,
        by=row.by,
        at=row.at,
        seal=row.seal,
        sealed=row.sealed,
        is_present=is_newest and not is_withdrawn,
        is_withdrawn=is_newest and is_withdrawn,
    )
