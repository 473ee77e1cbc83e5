"""Use cases of results: entering them, taking them into the case."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.pathology.cases.service import CaseService
from server.pathology.orders import rules
from server.pathology.orders.service import OrderService
from server.pathology.orders.tables import OrderRow
from server.pathology.orders.views import OrderViews
from shared.contract.pathology_orders import MOST_ORDERS, EnterResult, OrderView, TakenResults, TakeResults
from shared.domain.pathology import OrderAction, OrderState


class Results:
    """特检结果."""

    def __init__(self, cases: CaseService, orders: OrderService, views: OrderViews) -> None:
        self._cases, self._orders, self._views = cases, orders, views

    def enter(self, uow: UnitOfWork, caller: Caller, request: EnterResult) -> OrderRow:
        """录入特检结果. Raises NOT_FOUND, CONFLICT, INVALID, ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self._orders.locked(uow, caller, request.order_id)
        row.expect(request.version)
        try:
            rules.check_result(request.result)
        except rules.BadResult as error:
            raise invalid(error.field, str(error)) from error
        words = rules.words_of("", request.result)
        self._orders.step(uow, caller, row, OrderAction.ENTER_RESULT, note=words[:200])
        row.result = msgspec.to_builtins(request.result)
        row.entered_by, row.entered_at = caller.name[:80], self._cases.time.now()
        row.taken_by, row.taken_at = "", None
        self._orders.changed(uow, caller, (row,))
        return row

    def take(self, uow: UnitOfWork, caller: Caller, request: TakeResults) -> TakenResults:
        """提取特检结果. Raises NOT_FOUND, ILLEGAL_ACTION, PERMISSION_MISSING."""
        facts = self._cases.demand_open(uow, caller, request.case_id)
        if len(request.order_ids) > MOST_ORDERS:
            raise invalid("order_ids", f"一次最多 {MOST_ORDERS} 条。")
        statement = select(OrderRow).where(OrderRow.case_id == facts.id).order_by(OrderRow.id)
        rows = list(uow.session.scalars(statement.execution_options(populate_existing=True)))
        if request.order_ids:
            wanted = set(request.order_ids)
            rows = [row for row in rows if row.id in wanted]
            if len(rows) != len(wanted):
                raise not_found("医嘱")
        else:
            rows = [row for row in rows if row.state == OrderState.RESULTED.value]
        if not rows:
            raise illegal_action(facts.state.value, "该病例还没有特检结果，请等待技术室录入。")
        now = self._cases.time.now()
        for row in rows:
            self._orders.step(uow, caller, row, OrderAction.TAKE_RESULT)
            row.taken_by, row.taken_at = caller.name[:80], now
        self._orders.changed(uow, caller, rows)
        views = self._views.views(uow, caller, rows)
        return TakenResults(text=paragraphs(views, request.language), orders=views)


def paragraphs(orders: Sequence[OrderView], language: str) -> str:
    """Return a paragraph for every kind and piece: 免疫组化（25-00012-A1）：CK7（+）、Ki-67（30%+）。"""
    english = language == "en"
    groups: dict[tuple[str, str], list[str]] = {}
    for order in orders:
        if order.result is not None:
            words = rules.words_of(order.marker, order.result.entry, language)
            groups.setdefault((rules.title(order.kind, language), order.piece), []).append(words)
    lines = []
    for (title, piece), found in groups.items():
        head = f"{title} ({piece}): " if english else f"{title}（{piece}）："
        lines.append(head + ("; " if english else "、").join(found) + ("." if english else "。"))
    return "\n".join(lines)
