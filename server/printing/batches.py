"""Many reports as one job, kept on the server: it goes on after paper out, or after the workstation fell over."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.printing.tables import PrintBatch, PrintBatchItem, ReportCopy
from shared.contract.report_paper import BatchItemState, BatchItemView, BatchView, CopyOutcome
from shared.contract.reporting import ReportView

MOST_REPORTS = 500
MOST_BATCHES = 20


class Batches:
    """Methods work in the caller's unit of work and never commit. A job belongs to the account that began it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def known(self, uow: UnitOfWork, caller: Caller, request_key: str) -> BatchView | None:
        """Return the job that this request began before; raises INVALID for a key that is none."""
        if not 8 <= len(request_key) <= 64:
            raise invalid("request_key", "打印任务编号无效，请重新选择报告。")
        row = uow.session.scalar(
            select(PrintBatch).where(PrintBatch.account == caller.login, PrintBatch.request_key == request_key)
        )
        return None if row is None else self._view(uow, row)

    def begin(self, uow: UnitOfWork, caller: Caller, request_key: str, reports: Sequence[ReportView]) -> BatchView:
        """Keep a new job; one that another request began with the same key meanwhile raises CONFLICT's kin, INVALID."""
        row = PrintBatch(
            request_key=request_key,
            account=caller.login,
            started_by=(caller.name or caller.login)[:80],
            started_at=self._clock.now(),
            is_ended=False,
        )
        uow.session.add(row)
        try:
            uow.session.flush()
        except IntegrityError as twice:
            raise invalid("request_key", "这个打印任务已经开始，请刷新。") from twice
        for view in reports:
            uow.session.add(
                PrintBatchItem(
                    batch_id=row.id,
                    report_id=view.row.id,
                    accession_number=view.row.accession_number[:32],
                    patient_name=view.row.patient_name[:80],
                    state=BatchItemState.WAITING.value,
                    copy_id=0,
                    reason="",
                )
            )
        uow.session.flush()
        return self._view(uow, row)

    def get(self, uow: UnitOfWork, caller: Caller, batch_id: int) -> BatchView:
        """Return a job of the caller; raises NOT_FOUND."""
        return self._view(uow, self.row(uow, caller, batch_id))

    def latest(self, uow: UnitOfWork, caller: Caller) -> tuple[BatchView, ...]:
        """Return the caller's latest jobs."""
        rows = uow.session.scalars(
            select(PrintBatch)
            .where(PrintBatch.account == caller.login)
            .order_by(PrintBatch.id.desc())
            .limit(MOST_BATCHES)
        )
        return tuple(self._view(uow, row) for row in list(rows))

    def end(self, uow: UnitOfWork, caller: Caller, batch_id: int) -> BatchView:
        """Give up what is left."""
        row = self.row(uow, caller, batch_id)
        row.is_ended = True
        uow.session.flush()
        return self._view(uow, row)

    def row(self, uow: UnitOfWork, caller: Caller, batch_id: int) -> PrintBatch:
        """Return a job of the caller, locked; raises NOT_FOUND."""
        row = uow.session.get(PrintBatch, batch_id, with_for_update=True)
        if row is None or row.account != caller.login:
            raise not_found("打印任务")
        return row

    def next_item(self, uow: UnitOfWork, caller: Caller, batch_id: int, *, again: bool) -> PrintBatchItem | None:
        """Return the item to print now: one given out and not told about first; None where nothing is left."""
        row = self.row(uow, caller, batch_id)
        if row.is_ended:
            raise illegal_action("ended", "这个打印任务已结束，请重新选择要打印的报告。")
        items = self._items(uow, row.id)
        if again:
            for item in items:
                if item.state == BatchItemState.FAILED:
                    item.state, item.reason, item.copy_id = BatchItemState.WAITING.value, "", 0
        for state in (BatchItemState.PRINTING, BatchItemState.WAITING):
            for item in items:
                if item.state == state:
                    return item
        return None

    def told(self, uow: UnitOfWork, copy: ReportCopy) -> None:
        """A copy of a job came out, or did not."""
        item = uow.session.scalar(
            select(PrintBatchItem).where(
                PrintBatchItem.copy_id == copy.id, PrintBatchItem.state == BatchItemState.PRINTING.value
            )
        )
        if item is not None:
            failed = copy.outcome == CopyOutcome.FAILED
            item.state = (BatchItemState.FAILED if failed else BatchItemState.PRINTED).value
            item.reason = copy.reason

    def _items(self, uow: UnitOfWork, batch_id: int) -> list[PrintBatchItem]:
        order = select(PrintBatchItem).where(PrintBatchItem.batch_id == batch_id).order_by(PrintBatchItem.id)
        return list(uow.session.scalars(order))

    def _view(self, uow: UnitOfWork, row: PrintBatch) -> BatchView:
        items = self._items(uow, row.id)
        copies = [item.copy_id for item in items if item.copy_id]
        numbers = dict(
            uow.session.execute(select(ReportCopy.id, ReportCopy.copy_number).where(ReportCopy.id.in_(copies))).all()
        )
        left = (BatchItemState.WAITING, BatchItemState.PRINTING, BatchItemState.FAILED)
        return BatchView(
            id=row.id,
            is_open=not row.is_ended and any(item.state in left for item in items),
            started_by=row.started_by,
            started_at=row.started_at,
            items=tuple(
                BatchItemView(
                    id=item.id,
                    report_id=item.report_id,
                    accession_number=item.accession_number,
                    patient_name=item.patient_name,
                    state=BatchItemState(item.state),
                    copy_number=max(0, numbers.get(item.copy_id, 0)),
                    reason=item.reason,
                )
                for item in items
            ),
        )
