"""Charges of a case: lines by hand, lines of executed orders, sums."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, delete, func, or_, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found, stale
from server.pathology.cases.service import CaseService
from server.pathology.cases.tables import CaseRow, ChargeRow
from shared.contract.pathology import ChargeLine, ChargesView, SaveCharges, SettleCharges
from shared.domain.pathology import ChargeKind

_MOST = 200
_MOST_SETTLED = 500


class Charges:
    """收费 and 计费."""

    def __init__(self, cases: CaseService) -> None:
        self._cases = cases

    def view(self, uow: UnitOfWork, caller: Caller, case_id: int) -> ChargesView:
        """Return the lines of a case. Raises NOT_FOUND."""
        self._cases.demand(uow, caller, case_id)
        row = uow.session.get_one(CaseRow, case_id)
        found = uow.session.scalars(select(ChargeRow).where(ChargeRow.case_id == case_id).order_by(ChargeRow.id))
        lines = tuple(_line(one) for one in found)
        return ChargesView(
            case_id=case_id,
            version=row.charges_version,
            lines=lines,
            total_fen=sum(line.quantity * line.price_fen for line in lines),
            unpaid_fen=sum(line.quantity * line.price_fen for line in lines if not line.is_paid),
        )

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveCharges) -> ChargesView:
        """Replace the lines of one kind that no order made. Raises NOT_FOUND, CONFLICT, INVALID."""
        self._cases.demand(uow, caller, request.case_id)
        row = self._cases.lock(uow, (request.case_id,))[request.case_id]
        if row.charges_version != request.version:
            raise stale(row.charges_version)
        own = (
            ChargeRow.case_id == request.case_id,
            ChargeRow.kind == request.kind.value,
            ChargeRow.order_id.is_(None),
        )
        uow.session.execute(delete(ChargeRow).where(*own))
        self.add(uow, caller, request.case_id, [line for line in request.lines if line.order_id is None])
        return self.view(uow, caller, request.case_id)

    def settle(self, uow: UnitOfWork, caller: Caller, request: SettleCharges) -> int:
        """Mark lines as paid or not; returns how many changed. Raises NOT_FOUND, INVALID."""
        wanted = len(request.charge_ids) + len(request.order_ids)
        if not 1 <= wanted <= _MOST_SETTLED:
            raise invalid("charge_ids", f"一次请选择 1 到 {_MOST_SETTLED} 条收费。")
        named = or_(ChargeRow.id.in_(request.charge_ids), ChargeRow.order_id.in_(request.order_ids))
        rows = list(uow.session.scalars(select(ChargeRow).where(named).order_by(ChargeRow.id)))
        charges, orders = {row.id for row in rows}, {row.order_id for row in rows}
        if not (charges.issuperset(request.charge_ids) and orders.issuperset(request.order_ids)):
            raise not_found("收费项目")
        changed = [row for row in rows if row.is_paid is not request.is_paid]
        for case_id, case in self._cases.lock(uow, {row.case_id for row in changed}).items():
            self._cases.demand(uow, caller, case_id)
            case.charges_version += 1
            self._cases.touch(uow, case_id)
        for row in changed:
            row.is_paid = request.is_paid
        return len(changed)

    def add(self, uow: UnitOfWork, caller: Caller, case_id: int, lines: Sequence[ChargeLine]) -> None:
        """Add lines, as of an executed order. Raises INVALID."""
        if len(lines) > _MOST:
            raise invalid("lines", f"收费项目最多 {_MOST} 行。")
        for place, line in enumerate(lines):
            if not line.name.strip() or len(line.name) > 120 or len(line.code) > 40:
                raise invalid(f"lines.{place}.name", "请填写收费项目名称，最多 120 个字。")
            if not 1 <= line.quantity <= 999 or not 0 <= line.price_fen <= 100_000_000:
                raise invalid(f"lines.{place}.quantity", "数量应为 1 到 999，单价不能为负。")
            uow.session.add(
                ChargeRow(
                    case_id=case_id,
                    kind=line.kind.value,
                    code=line.code,
                    name=line.name.strip(),
                    quantity=line.quantity,
                    price_fen=line.price_fen,
                    order_id=line.order_id,
                    is_paid=line.is_paid,
                    by=caller.name[:80],
                    at=self._cases.time.now(),
                )
            )
        row = self._cases.lock(uow, (case_id,))[case_id]
        row.charges_version += 1
        self._cases.touch(uow, case_id)

    def paid_of(self, uow: UnitOfWork, order_ids: Sequence[int]) -> set[int]:
        """Return which of these orders are paid."""
        paid = select(ChargeRow.order_id).where(ChargeRow.order_id.in_(order_ids), ChargeRow.is_paid.is_(True))
        return {one for one in uow.session.scalars(paid) if one is not None}

    def paid_fen(self, uow: UnitOfWork, order_ids: Select[tuple[int]]) -> int:
        """Return what was paid for the orders that a statement finds."""
        amount = func.coalesce(func.sum(ChargeRow.price_fen * ChargeRow.quantity), 0)
        paid = select(amount).where(ChargeRow.order_id.in_(order_ids), ChargeRow.is_paid.is_(True))
        return int(uow.session.execute(paid).scalar_one())

    def remove_of_order(self, uow: UnitOfWork, case_id: int, order_id: int) -> None:
        """Take the lines of an order back."""
        uow.session.execute(delete(ChargeRow).where(ChargeRow.case_id == case_id, ChargeRow.order_id == order_id))
        row = self._cases.lock(uow, (case_id,))[case_id]
        row.charges_version += 1
        self._cases.touch(uow, case_id)


def _line(row: ChargeRow) -> ChargeLine:
    return ChargeLine(
        kind=ChargeKind(row.kind),
        code=row.code,
        name=row.name,
        quantity=row.quantity,
        price_fen=row.price_fen,
        order_id=row.order_id,
        is_paid=row.is_paid,
        id=row.id,
    )
