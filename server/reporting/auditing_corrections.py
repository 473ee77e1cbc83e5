"""Corrections after approval (RIS-EX-06): withdrawing for a revision, addenda, and the editions that stay for ever."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.reporting.auditing_tables import ADDENDUM, FIRST, REVISION, ReportEdition
from server.reporting.editions import Edition
from server.reporting.sealing import Correction, Sealing
from server.reporting.steps import Steps
from server.reporting.tables import Report, ReportReturn
from server.reporting.texts import Texts
from shared.contract.reporting import AddendumView
from shared.domain.rich_text import readable
from shared.domain.states import ReportAction, ReportState

MOST_REASON = 1000
MOST_ADDENDUM = 4000
APPROVED = (ReportState.APPROVED, ReportState.PRINTED)


class Corrections:
    """Withdraws, adds, and keeps the editions; every method works in the caller's unit of work."""

    def __init__(self, steps: Steps, texts: Texts, sealing: Sealing, time: HospitalTime) -> None:
        self._steps = steps
        self._texts = texts
        self._sealing = sealing
        self._time = time

    def revise(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int, reason: str) -> Report:
        """修订: take an approved report back with a reason; it is written and audited again as the next edition.

        The approved text stays in the editor as the beginning, the approved edition in the record.
        """
        report = self._steps.for_action(uow, caller, report_id, ReportAction.REVISE)
        report.expect(version)
        reason = readable(reason, has_lines=True)
        if not 1 <= len(reason) <= MOST_REASON:
            raise invalid("reason", f"请填写修订理由（1 到 {MOST_REASON} 个字）。")
        report.revision_reason = reason
        report.was_returned = True
        note = f"第 {report.edition} 版撤回修订：{reason}"
        uow.session.add(ReportReturn(report_id=report.id, at=self._time.now(), by=caller.name, reason=note))
        self._steps.free(report)
        self._steps.go(uow, caller, report, ReportAction.REVISE, note)
        return report

    def add(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int, text: str) -> Report:
        """补充: sign an addendum; the approved text stands, the next edition carries both and must be printed again."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.ADD)
        report.expect(version)
        text = readable(text, has_lines=True)
        if not 1 <= len(text) <= MOST_ADDENDUM:
            raise invalid("text", f"请填写补充内容（1 到 {MOST_ADDENDUM} 个字）。")
        now = self._time.now()
        self._keep(uow, caller, report, Correction(ADDENDUM, addendum=text), now)
        if report.state == ReportState.APPROVED:  # the state stays, so the step itself counts nothing
            report.touch()
        note = f"第 {report.edition} 版：{text[:200]}{'…' if len(text) > 200 else ''}；封印 {report.seal[:16]}"
        self._steps.go(uow, caller, report, ReportAction.ADD, note)
        return report

    def approved(self, uow: UnitOfWork, caller: Caller, report: Report, at: datetime) -> None:
        """Seal the present text as the next edition."""
        kind = REVISION if report.edition else FIRST
        self._keep(uow, caller, report, Correction(kind, reason=report.revision_reason), at)
        report.revision_reason = ""

    def _keep(self, uow: UnitOfWork, caller: Caller, report: Report, correction: Correction, at: datetime) -> None:
        earlier = [] if correction.kind != ADDENDUM else self._addenda(uow, report)
        number = report.edition + 1
        texts = [_sealed_addendum(one.by, one.at, one.addendum) for one in earlier]
        if correction.kind == ADDENDUM:
            texts.append(_sealed_addendum(caller.name, at, correction.addendum))
        self._sealing.seal(uow, report, report.approved_at or at, number, correction, texts)
        report.edition = number
        uow.session.add(
            ReportEdition(
                report_id=report.id,
                number=number,
                kind=correction.kind,
                reason=correction.reason,
                addendum=correction.addendum,
                text_number=report.text_number,
                diagnosing_doctor=report.diagnosing_doctor,
                by_id=caller.user_id,
                by=caller.name,
                at=at,
                seal=report.seal,
                sealed=report.sealed,
            )
        )
        uow.session.flush()

    def restore_approved(self, uow: UnitOfWork, caller: Caller, report: Report) -> None:
        """Put the text of the withdrawn edition back as the present one: who gives a revision up destroys nothing."""
        last = uow.session.get(ReportEdition, (report.id, report.edition))
        if last is not None:
            self._texts.put_back(uow, caller, report, last.text_number)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    def editions(self, uow: UnitOfWork, report_id: int) -> tuple[Edition, ...]:
        """Return the approved editions, newest first; raises NOT_FOUND for a report that is not there."""
        report = uow.session.get(Report, report_id)
        if report is None:
            raise not_found("报告")
        rows = uow.session.scalars(
            select(ReportEdition).where(ReportEdition.report_id == report_id).order_by(ReportEdition.number.desc())
        )
        return tuple(_edition(report, row) for row in rows)

    def edition(self, uow: UnitOfWork, report_id: int, number: int = 0) -> Edition:
        """Return an edition, the newest without a number; raises NOT_FOUND."""
        report = uow.session.get(Report, report_id)
        row = None if report is None else uow.session.get(ReportEdition, (report_id, number or report.edition))
        if report is None or row is None:
            raise not_found("已审核的报告版本")
        return _edition(report, row)

    def is_as_sealed(self, uow: UnitOfWork, report_id: int, number: int) -> bool:
        """Say whether an edition's seal, its sealed bytes and the kept text still agree."""
        row = uow.session.get(ReportEdition, (report_id, number))
        return row is not None and self._sealing.is_as_sealed(uow, row)

    def addenda(self, uow: UnitOfWork, report: Report) -> tuple[AddendumView, ...]:
        """Return the addenda that stand with the present text, oldest first."""
        if report.edition < 2:
            return ()
        return tuple(
            AddendumView(edition=one.number, at=one.at, by=one.by, text=one.addendum)
            for one in self._addenda(uow, report)
        )

    @staticmethod
    def _addenda(uow: UnitOfWork, report: Report) -> list[ReportEdition]:
        """A revision stands for itself: addenda to what it replaced are in the record only."""
        rows = uow.session.scalars(
            select(ReportEdition).where(ReportEdition.report_id == report.id).order_by(ReportEdition.number.desc())
        )
        found: list[ReportEdition] = []
        for row in rows:
            if row.kind != ADDENDUM:
                break
            found.insert(0, row)
        return found


def _sealed_addendum(by: str, at: datetime, text: str) -> str:
    return f"{at.isoformat()} {by}: {text}"


def _edition(report: Report, row: ReportEdition) -> Edition:
    is_newest = row.number == report.edition
    return Edition(
        report_id=report.id,
        accession_number=report.accession_number,
        number=row.number,
        kind=row.kind,
        reason=row.reason,
        addendum=row.addendum,
        text_version=row.text_number,
        diagnosing_doctor=row.diagnosing_doctor,
        by_id=row.by_id,
        by=row.by,
        at=row.at,
        seal=row.seal,
        sealed=row.sealed,
        is_present=is_newest and ReportState(report.state) in APPROVED,
        is_withdrawn=is_newest and ReportState(report.state) not in APPROVED,
    )
