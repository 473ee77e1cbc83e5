"""Handlers of orders: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.pathology.orders.lists import OrderLists
from server.pathology.orders.money import Prices, Reagents
from server.pathology.orders.papers import OrderPapers
from server.pathology.orders.results import Results
from server.pathology.orders.service import OrderService
from server.pathology.orders.views import OrderViews
from shared.contract import pathology_orders as contract
from shared.contract.pathology_technique import BatchReport
from shared.contract.printing import DocumentView


class OrdersRpc:
    """What stations ask about orders."""

    def __init__(
        self, orders: OrderService, results: Results, lists: OrderLists, views: OrderViews, papers: OrderPapers
    ) -> None:
        self._orders, self._results, self._lists, self._views = orders, results, lists, views
        self._papers = papers

    @handles
    def place(self, request: contract.PlaceOrders, caller: Caller, uow: UnitOfWork) -> tuple[contract.OrderView, ...]:
        return self._views.views(uow, caller, self._orders.place(uow, caller, request))

    @handles
    def delete(self, request: contract.DeleteOrders, caller: Caller, uow: UnitOfWork) -> BatchReport:
        return self._orders.delete(uow, caller, request.order_ids)

    @handles
    def execute(self, request: contract.ExecuteOrders, caller: Caller, uow: UnitOfWork) -> BatchReport:
        return self._orders.execute(uow, caller, request.order_ids, request.station)

    @handles
    def refuse(self, request: contract.RefuseOrders, caller: Caller, uow: UnitOfWork) -> BatchReport:
        return self._orders.refuse(uow, caller, request.order_ids, request.reason, request.station)

    @handles
    def mark_seen(self, request: contract.MarkSeen, caller: Caller, uow: UnitOfWork) -> int:
        return self._orders.mark_seen(uow, caller, request.case_id)

    @handles
    def enter_result(self, request: contract.EnterResult, caller: Caller, uow: UnitOfWork) -> contract.OrderView:
        return self._views.views(uow, caller, (self._results.enter(uow, caller, request),))[0]

    @handles
    def take_results(self, request: contract.TakeResults, caller: Caller, uow: UnitOfWork) -> contract.TakenResults:
        return self._results.take(uow, caller, request)

    @handles
    def list_orders(self, request: contract.ListOrders, caller: Caller, uow: UnitOfWork) -> contract.OrderPage:
        return self._lists.page(uow, caller, request.filter, request.cursor, request.limit)

    @handles
    def count(self, request: contract.CountOrders, caller: Caller, uow: UnitOfWork) -> contract.OrderCounts:
        return self._lists.counts(uow, caller, request.library_ids)

    @handles
    def bill(self, request: contract.ListBill, caller: Caller, uow: UnitOfWork) -> contract.BillPage:
        return self._lists.bill(uow, caller, request.kind, request.filter, request.cursor, request.limit)

    @handles_alone
    def work_sheet(self, request: contract.DrawWorkSheet, caller: Caller) -> DocumentView:
        return self._papers.work_sheet(caller, request.filter, request.language)

    @handles_alone
    def result_table(self, request: contract.DrawResultTable, caller: Caller) -> DocumentView:
        return self._papers.result_table(caller, request.case_id, request.language)


class OrderMoneyRpc:
    """Prices and reagents."""

    def __init__(self, prices: Prices, reagents: Reagents) -> None:
        self._prices, self._reagents = prices, reagents

    @handles
    def prices(self, _request: contract.ListPrices, _caller: Caller, uow: UnitOfWork) -> contract.PriceList:
        return self._prices.listed(uow)

    @handles
    def save_prices(self, request: contract.SavePrices, _caller: Caller, uow: UnitOfWork) -> contract.PriceList:
        return self._prices.save(uow, request.version, request.prices)

    @handles
    def reagents(
        self, _request: contract.ListReagents, _caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.Reagent, ...]:
        return self._reagents.listed(uow)

    @handles
    def save_reagent(self, request: contract.SaveReagent, _caller: Caller, uow: UnitOfWork) -> contract.Reagent:
        return self._reagents.save(uow, request.reagent)
