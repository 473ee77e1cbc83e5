"""Orders as stations see them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.pathology.cases.service import CaseService
from server.pathology.orders import rules
from server.pathology.orders.tables import OrderRow
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow
from shared.contract.pathology_orders import OrderView, ResultEntry, ResultView
from shared.domain.pathology import OrderKind, OrderState, SlideState


def facts_of(row: OrderRow, caller: Caller, *, has_reason: bool = True) -> rules.Facts:
    """Return what the machine's guards ask of an order."""
    return rules.Facts(kind=OrderKind(row.kind), is_own=row.placed_by_id == caller.user_id, has_reason=has_reason)


def entry_of(row: OrderRow) -> ResultEntry | None:
    """Return the result that was kept, or None."""
    return None if row.result is None else msgspec.convert(row.result, ResultEntry, strict=False)


class OrderViews:
    """From rows to views, a whole list with a handful of queries."""

    def __init__(self, cases: CaseService) -> None:
        self._cases = cases

    def views(self, uow: UnitOfWork, caller: Caller, rows: Sequence[OrderRow]) -> tuple[OrderView, ...]:
        """Return the views in the order of the rows."""
        cases = self._cases.facts_of(uow, {row.case_id for row in rows})
        blocks = {
            one.id: one
            for one in uow.session.scalars(select(BlockRow).where(BlockRow.id.in_({row.block_id for row in rows})))
        }
        specimens = {
            one.id: one
            for one in uow.session.scalars(
                select(SpecimenRow).where(SpecimenRow.id.in_({row.specimen_id for row in rows}))
            )
        }
        slides: dict[int, list[str]] = {}
        made = (SlideRow.order_id.in_([row.id for row in rows]), SlideRow.state != SlideState.DELETED.value)
        for order_id, number in uow.session.execute(
            select(SlideRow.order_id, SlideRow.number).where(*made).order_by(SlideRow.number)
        ):
            slides.setdefault(order_id or 0, []).append(number)
        found = []
        for row in rows:
            block = blocks.get(row.block_id or 0)
            specimen = specimens.get(row.specimen_id or 0)
            case = cases[row.case_id]
            found.append(
                OrderView(
                    id=row.id,
                    version=row.version,
                    case_id=row.case_id,
                    case_number=case.number,
                    patient_name=case.patient_name,
                    kind=OrderKind(row.kind),
                    specimen_id=row.specimen_id,
                    block_id=row.block_id,
                    piece=block.label if block is not None else (specimen.number if specimen is not None else ""),
                    site=block.site if block is not None else (specimen.name if specimen is not None else ""),
                    block_state=block.state if block is not None else "",
                    place=block.place if block is not None else (specimen.place if specimen is not None else ""),
                    marker=row.marker,
                    panel=row.panel,
                    count=row.count,
                    note=row.note,
                    is_urgent=row.is_urgent,
                    state=OrderState(row.state),
                    placed_by_id=row.placed_by_id,
                    placed_by=row.placed_by,
                    placed_at=row.placed_at,
                    executed_by=row.executed_by,
                    executed_at=row.executed_at,
                    refused_by=row.refused_by,
                    refused_at=row.refused_at,
                    reason=row.reason,
                    is_news=row.is_news,
                    slides=tuple(slides.get(row.id, ())),
                    clone=row.clone,
                    lot=row.lot,
                    price_fen=row.price_fen,
                    result=_result(row),
                    allowed=rules.allowed(OrderState(row.state), facts_of(row, caller), caller.permissions),
                )
            )
        return tuple(found)


def _result(row: OrderRow) -> ResultView | None:
    entry = entry_of(row)
    if entry is None or row.entered_at is None:
        return None
    return ResultView(
        entry=entry,
        h_score=rules.h_score(entry),
        words=rules.words_of(row.marker, entry),
        entered_by=row.entered_by,
        entered_at=row.entered_at,
        taken_by=row.taken_by,
        taken_at=row.taken_at,
    )
