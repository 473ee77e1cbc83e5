"""医嘱申请列表 at the left of the preparation stations, live: execute, return, enter results (PA-SLD-02, PA-SLD-15)."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.fields import Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords, RowAction, local_time
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.orders import looks
from clients.pathology.orders.room import OrderScreen
from shared.contract.pathology_orders import ExecuteOrders, ListOrders, OrderFilter, OrderPage, RefuseOrders
from shared.contract.pathology_technique import BatchReport
from shared.domain.pathology import ORDER_ACTIONS, SPECIAL_ORDERS, OrderAction, OrderKind, OrderState, Station

_WAITING, _TO_READ, _RETURNED = "waiting", "to_read", "returned"
_SHOWN = {
    _WAITING: (OrderState.WAITING,),
    _TO_READ: (OrderState.EXECUTED, OrderState.RESULTED),
    _RETURNED: (OrderState.REFUSED,),
}
_EXECUTE = RowAction(OrderAction.EXECUTE.value, ORDER_ACTIONS[OrderAction.EXECUTE].zh, "check_circle")
_RESULT = RowAction(OrderAction.ENTER_RESULT.value, ORDER_ACTIONS[OrderAction.ENTER_RESULT].zh, "edit")
_REFUSE = RowAction(OrderAction.REFUSE.value, ORDER_ACTIONS[OrderAction.REFUSE].zh, "undo", danger=True)


def kinds_of(desk: Desk) -> tuple[OrderKind, ...]:
    """The orders that a station receives: by its task sources; re-grossing goes to the grossing room only."""
    if desk.station.id is Station.GROSSING:
        return (OrderKind.REGROSSING,)
    words = {source.value for source in desk.station.sources}
    return tuple(kind for kind in OrderKind if kind is not OrderKind.REGROSSING and (not words or kind.value in words))


class RequestList(OrderScreen):
    """A narrow list; a double click does what comes next: execute it, or enter its result."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.shown = SegmentedControl(
            [Option(_WAITING, "待执行"), Option(_TO_READ, "结果"), Option(_RETURNED, "已退回")]
        )
        self.shown.chosen.connect(lambda _key: self.refresh())
        self.count = Label("", "quiet")
        self.list = ListView(
            (
                Column("piece", "蜡块/标本", 112, value=lambda row: row.piece or row.case_number, sort=False),
                looks.NARROW_KIND,
                Column("patient_name", "姓名", 76, sort=False),
                Column("placed_by", "开立医师", 70, visible=False, sort=False),
                Column("placed_at", "开立时间", 126, format=local_time, quiet=True, visible=False, sort=False),
                Column("note", "备注", 110, quiet=True, visible=False, sort=False),
                Column("outcome", "结果与玻片", 120, value=looks.outcome, visible=False, sort=False),
            ),
            row_id=lambda row: row.id,
            actions=(_EXECUTE, _RESULT, _REFUSE),
            shown_actions=1,
            settings=desk.place.settings,
            list_id="pathology.order_requests",
            empty=EmptyWords("没有医嘱申请", "诊断室开立后会自动出现在这里。", "list"),
        )
        self.list.action_requested.connect(self.act)
        self.list.activated.connect(self._next)
        self.list.retry.connect(self.refresh)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 0)
        box.setSpacing(6)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.addWidget(self.shown)
        row.addStretch(1)
        row.addWidget(self.count)
        box.addLayout(row)
        box.addWidget(self.list, 1)
        self.refresh()

    def refresh(self) -> None:
        """Load what waits; notices of orders do it too."""
        kinds, shown = kinds_of(self.desk), self.shown.current
        if shown == _TO_READ:
            kinds = tuple(kind for kind in kinds if kind in SPECIAL_ORDERS)
        if not kinds:
            self._show(OrderPage(rows=(), next_cursor="", total=0))
            return
        request = ListOrders(filter=OrderFilter(kinds=kinds, states=_SHOWN[shown]), limit=500)
        self.ask(request, self._show, "requests", lambda error: self.list.show_error(message_for(error)))

    def act(self, action: str, row: Any) -> None:
        """Do what the row's button says."""
        if action not in row.allowed:
            return
        if action == OrderAction.EXECUTE:
            request = ExecuteOrders(order_ids=(row.id,), station=tr(self.desk.station.title))
            self.ask(request, lambda report: self._done(report, "已执行 {count} 条医嘱"))
        elif action == OrderAction.ENTER_RESULT:
            from clients.pathology.orders.result_entry import open_results

            open_results(self.desk, row.case_id, row.id)
        elif action == OrderAction.REFUSE:
            self.desk.show_panel("退回医嘱", ReasonPanel(self.desk, (row.id,), self), 360)

    def refused(self, report: BatchReport) -> None:
        """The panel sent orders back."""
        self._done(report, "已退回 {count} 条医嘱")

    def _next(self, row: Any) -> None:
        for action in (OrderAction.EXECUTE, OrderAction.ENTER_RESULT):
            if action in row.allowed:
                self.act(action.value, row)
                return

    def _done(self, report: BatchReport, words: str) -> None:
        self.tell(report, words)
        self.refresh()

    def _show(self, page: OrderPage) -> None:
        self.list.set_rows(page.rows)
        self.count.set_source("{count} 条", count=page.total)


class ReasonPanel(OrderScreen):
    """Asks why orders are sent back; the ordering doctor reads it."""

    def __init__(self, desk: Desk, order_ids: tuple[int, ...], requests: RequestList) -> None:
        super().__init__(desk)
        self._ids, self._requests = order_ids, requests
        self.form = FormView(
            [Section("", [TextField(key="reason", label="退回原因", required=True, max_length=500)])], columns=1
        )
        self.form.submitted.connect(self.send)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 12, 12, 12)
        box.addWidget(self.form)
        self.button = Button("退回医嘱", "danger", "undo", on_click=self.form.submit)
        box.addWidget(self.button, 0, Qt.AlignmentFlag.AlignRight)
        box.addStretch(1)
        self.form.focus("reason")

    def send(self) -> None:
        """退回医嘱."""
        reason = str(self.form.values()["reason"] or "").strip()
        request = RefuseOrders(order_ids=self._ids, reason=reason, station=tr(self.desk.station.title))
        self.ask(request, self._sent)

    def _sent(self, report: BatchReport) -> None:
        self._requests.refused(report)
        self.desk.close_panel()


def make_list(desk: Desk) -> QWidget:
    """医嘱申请列表."""
    return RequestList(desk)
