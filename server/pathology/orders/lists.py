"""Lists of orders of many cases, their counts and their bill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.text import begins
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.cases.charges import Charges
from server.pathology.cases.tables import CaseRow
from server.pathology.cases.walking import MAX_TOTAL
from server.pathology.orders.tables import OrderRow
from server.pathology.orders.views import OrderViews
from shared.contract.pathology_orders import BillLine, BillPage, OrderCounts, OrderFilter, OrderPage, OrderView
from shared.domain.pathology import (
    SPECIAL_ORDERS,
    TECHNICAL_ORDERS,
    CaseState,
    ChargeKind,
    OrderKind,
    OrderState,
)

MAX_LIMIT = 500
_LIVING = tuple(state for state in OrderState if state is not OrderState.DELETED)
_CHARGED = (OrderState.WAITING, OrderState.EXECUTED, OrderState.RESULTED)


class OrderLists:
    """医嘱列表."""

    def __init__(self, time: HospitalTime, views: OrderViews, charges: Charges) -> None:
        self._time, self._views, self._charges = time, views, charges

    def page(self, uow: UnitOfWork, caller: Caller, wanted: OrderFilter, cursor: str, limit: int) -> OrderPage:
        """Return a page. Raises INVALID."""
        where = self._where(caller, wanted)
        rows, following = self._rows(uow, where, cursor, limit, waiting=_only_waiting(wanted))
        some = self._select(OrderRow.id).where(where).limit(MAX_TOTAL).subquery()
        total = int(uow.session.execute(select(func.count()).select_from(some)).scalar_one())
        return OrderPage(rows=self._views.views(uow, caller, rows), next_cursor=following, total=total)

    def all_of(self, uow: UnitOfWork, caller: Caller, wanted: OrderFilter, most: int) -> tuple[OrderView, ...]:
        """Return everything that a filter finds, in the order of a work sheet: by case, block and marker."""
        statement = self._select(OrderRow).where(self._where(caller, wanted)).order_by(OrderRow.id).limit(most)
        views = self._views.views(uow, caller, list(uow.session.scalars(statement)))
        return tuple(sorted(views, key=lambda one: (one.case_number, one.piece, one.id)))

    def counts(self, uow: UnitOfWork, caller: Caller, library_ids: Sequence[int]) -> OrderCounts:
        """Count what waits, and the caller's news."""
        conditions = [OrderRow.state == OrderState.WAITING.value, CaseRow.state != CaseState.DELETED.value]
        if library_ids:
            conditions.append(CaseRow.library_id.in_(library_ids))
        statement = self._select(OrderRow.kind, func.count()).where(*conditions).group_by(OrderRow.kind)
        counted = {OrderKind(kind): count for kind, count in uow.session.execute(statement)}
        news = select(func.count()).where(OrderRow.placed_by_id == caller.user_id, OrderRow.is_news.is_(True))
        return OrderCounts(
            waiting={kind: counted.get(kind, 0) for kind in OrderKind},
            news=int(uow.session.execute(news).scalar_one()),
        )

    def bill(
        self, uow: UnitOfWork, caller: Caller, kind: ChargeKind, wanted: OrderFilter, cursor: str, limit: int
    ) -> BillPage:
        """Return the charge situation. Raises INVALID."""
        if kind is ChargeKind.EXAM:
            raise invalid("kind", "检查收费请在登记工作站查看。")
        kinds = set(TECHNICAL_ORDERS if kind is ChargeKind.TECHNICAL else SPECIAL_ORDERS)
        states = [state for state in _CHARGED if not wanted.states or state in wanted.states]
        where = and_(
            self._where(caller, wanted),
            OrderRow.kind.in_([one.value for one in kinds]),
            OrderRow.state.in_([one.value for one in states]),
        )
        rows, following = self._rows(uow, where, cursor, limit, waiting=False)
        paid = self._charges.paid_of(uow, [row.id for row in rows])
        amount = func.coalesce(func.sum(OrderRow.price_fen * OrderRow.count), 0)
        total, total_fen = uow.session.execute(self._select(func.count(OrderRow.id), amount).where(where)).one()
        paid_fen = self._charges.paid_fen(uow, self._select(OrderRow.id).where(where))
        lines = tuple(
            BillLine(order=view, amount_fen=view.price_fen * view.count, is_paid=view.id in paid)
            for view in self._views.views(uow, caller, rows)
        )
        return BillPage(
            lines=lines,
            next_cursor=following,
            total=int(total),
            total_fen=int(total_fen),
            unpaid_fen=int(total_fen) - paid_fen,
        )

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _select(*what: Any) -> Any:
        return select(*what).join(CaseRow, CaseRow.id == OrderRow.case_id)

    def _where(self, caller: Caller, wanted: OrderFilter) -> ColumnElement[bool]:
        states = wanted.states or _LIVING
        conditions: list[ColumnElement[bool]] = [
            CaseRow.state != CaseState.DELETED.value,
            OrderRow.state.in_([state.value for state in states]),
        ]
        if wanted.case_id is not None:
            conditions.append(OrderRow.case_id == wanted.case_id)
        if wanted.kinds:
            conditions.append(OrderRow.kind.in_([kind.value for kind in wanted.kinds]))
        if wanted.library_ids:
            conditions.append(CaseRow.library_id.in_(wanted.library_ids))
        if wanted.first is not None:
            conditions.append(OrderRow.placed_at >= self._time.day_bounds(wanted.first)[0])
        if wanted.last is not None:
            conditions.append(OrderRow.placed_at < self._time.day_bounds(wanted.last)[1])
        if wanted.number.strip():
            conditions.append(begins(cast("InstrumentedAttribute[str]", CaseRow.number), wanted.number.strip().upper()))
        if wanted.mine:
            conditions.append(OrderRow.placed_by_id == caller.user_id)
        return and_(*conditions)

    def _rows(
        self, uow: UnitOfWork, where: ColumnElement[bool], cursor: str, limit: int, *, waiting: bool
    ) -> tuple[list[OrderRow], str]:
        """Return rows and the cursor of what follows: `urgent:id` where orders wait, else `id`."""
        if not 1 <= limit <= MAX_LIMIT:
            raise invalid("limit", f"每页应为 1 到 {MAX_LIMIT} 行。")
        statement = self._select(OrderRow).where(where)
        if cursor:
            urgent, after = _place(cursor)
            if waiting and urgent:
                statement = statement.where(OrderRow.is_urgent.is_(False) | (OrderRow.id > after))
            elif waiting:
                statement = statement.where(OrderRow.is_urgent.is_(False), OrderRow.id > after)
            else:
                statement = statement.where(OrderRow.id < after)
        order = (OrderRow.is_urgent.desc(), OrderRow.id) if waiting else (OrderRow.id.desc(),)
        rows = list(uow.session.scalars(statement.order_by(*order).limit(limit + 1)))
        if len(rows) <= limit:
            return rows, ""
        last = rows[limit - 1]
        return rows[:limit], f"{int(last.is_urgent)}:{last.id}"


def _only_waiting(wanted: OrderFilter) -> bool:
    return wanted.states == (OrderState.WAITING,)


def _place(cursor: str) -> tuple[bool, int]:
    urgent, _, after = cursor.partition(":")
    if urgent not in ("0", "1") or not after.isdecimal() or len(after) > 12:
        raise invalid("cursor", "列表位置已失效，请刷新。")
    return urgent == "1", int(after)
