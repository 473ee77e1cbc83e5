"""The print log of reports: every copy with its number, who made it where, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import func, select

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.printing.tables import ReportCopy
from shared.contract.report_paper import CopyOutcome, CopyView, ReportTemplateView
from shared.contract.reporting import ReportView

MOST_ROWS = 500


class Copies:
    """Methods work in the caller's unit of work and never commit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def next_number(self, uow: UnitOfWork, settings: ReportTemplateView, view: ReportView) -> int:
        """Return the number of the next copy; raises ILLEGAL_ACTION where the template allows no more."""
        came = (ReportCopy.report_id == view.row.id, ReportCopy.copy_number > 0)
        numbers = uow.session.scalars(select(ReportCopy.copy_number).where(*came)).all()
        if settings.most_copies and len(numbers) >= settings.most_copies:
            raise illegal_action(
                view.row.state,
                f"检查号 {view.row.accession_number} 的报告已打印 {len(numbers)} 份，达到模板“{settings.name}”的上限；"
                "如需补打，请管理员在报告模板中提高份数上限。",
            )
        return max(numbers, default=0) + 1

    def add(
        self,
        uow: UnitOfWork,
        caller: Caller,
        view: ReportView,
        settings: ReportTemplateView,
        *,
        number: int,
        document_id: int,
        place: str,
    ) -> ReportCopy:
        """Keep that a copy was given out. The same number given twice at once raises IntegrityError at the flush."""
        row = ReportCopy(
            report_id=view.row.id,
            copy_number=number,
            outcome=CopyOutcome.MADE.value,
            place=place,
            edition=view.edition,
            template_name=settings.name,
            document_id=document_id,
            made_by=(caller.name or caller.login)[:80],
            made_at=self._clock.now(),
            workstation=caller.station[:80],
            printer="",
            reason="",
        )
        uow.session.add(row)
        uow.session.flush()
        return row

    def row(self, uow: UnitOfWork, copy_id: int) -> ReportCopy:
        """Return one, locked; raises NOT_FOUND."""
        row = uow.session.get(ReportCopy, copy_id, with_for_update=True)
        if row is None:
            raise not_found("打印记录")
        return row

    def of_document(self, uow: UnitOfWork, document_id: int) -> ReportCopy | None:
        """Return the latest copy given out as this document, locked; None where there is none."""
        return uow.session.scalar(
            select(ReportCopy)
            .where(ReportCopy.document_id == document_id)
            .order_by(ReportCopy.id.desc())
            .limit(1)
            .with_for_update()
        )

    def tell(self, row: ReportCopy, outcome: CopyOutcome, printer: str, reason: str) -> bool:
        """Keep what became of a copy; whether that is news. Raises INVALID."""
        if outcome is CopyOutcome.MADE:
            raise invalid("outcome", "请说明打印结果：已打印、已存为文件或失败。")
        if row.outcome != CopyOutcome.MADE:
            return False
        row.outcome = outcome.value
        row.printer, row.reason = printer.strip()[:200], reason.strip()[:200]
        if outcome is CopyOutcome.FAILED:
            row.copy_number = -row.id
        return True

    def of_report(self, uow: UnitOfWork, report_id: int) -> tuple[CopyView, ...]:
        """Return the log, newest first."""
        rows = uow.session.scalars(
            select(ReportCopy).where(ReportCopy.report_id == report_id).order_by(ReportCopy.id.desc()).limit(MOST_ROWS)
        )
        return tuple(view_of(row) for row in rows)

    def counted(self, uow: UnitOfWork, report_ids: Sequence[int]) -> dict[int, tuple[int, ReportCopy]]:
        """Return how many copies came of each report, and the last one."""
        found: dict[int, tuple[int, ReportCopy]] = {}
        for part in _parts(report_ids):
            rows = uow.session.execute(
                select(ReportCopy.report_id, func.count(), func.max(ReportCopy.id))
                .where(ReportCopy.report_id.in_(part), ReportCopy.copy_number > 0)
                .group_by(ReportCopy.report_id)
            ).all()
            last = {row.id: row for row in uow.session.scalars(
                select(ReportCopy).where(ReportCopy.id.in_([int(one[2]) for one in rows]))
            )}  # fmt: skip
            found |= {int(report_id): (int(count), last[int(newest)]) for report_id, count, newest in rows}
        return found


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + 400] for start in range(0, len(ids), 400))


def view_of(row: ReportCopy) -> CopyView:
    """A row as clients see it."""
    return CopyView(
        id=row.id,
        report_id=row.report_id,
        copy_number=max(0, row.copy_number),
        outcome=CopyOutcome(row.outcome),
        place=row.place,
        template_name=row.template_name,
        made_by=row.made_by,
        made_at=row.made_at,
        workstation=row.workstation,
        printer=row.printer,
        reason=row.reason,
        document_id=row.document_id,
    )
