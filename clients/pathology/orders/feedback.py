"""执行情况: the orders of the open case, live; what is new is marked until the doctor looked (PA-DX-16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import EmptyWords, RowAction
from clients.pathology.desk import Desk
from clients.pathology.orders import looks
from clients.pathology.orders.room import OrderScreen, small
from shared.contract.pathology_orders import DeleteOrders, ListOrders, MarkSeen, OrderFilter, OrderPage
from shared.contract.pathology_technique import BatchReport
from shared.domain.pathology import OrderAction, OrderKind

_DELETE = RowAction(OrderAction.DELETE.value, "删除医嘱", "clear", danger=True)
_RESULT = RowAction(OrderAction.ENTER_RESULT.value, "录入特检结果", "edit")


class CaseOrders(OrderScreen):
    """A list with delete and result entry where they are allowed."""

    def __init__(self, desk: Desk, kinds: Sequence[OrderKind] = (), *, is_narrow: bool = False) -> None:
        super().__init__(desk)
        columns = (looks.PIECE, looks.NEWS_KIND, looks.STATE, looks.WIDE_OUTCOME)
        self._kinds = tuple(kinds)
        self.list = ListView(
            columns if is_narrow else (*columns, looks.DONE),
            row_id=lambda row: row.id,
            actions=(_DELETE, _RESULT),
            shown_actions=1 if is_narrow else 2,
            settings=desk.place.settings,
            list_id="pathology.case_orders_narrow" if is_narrow else "pathology.case_orders",
            empty=EmptyWords("该病例还没有医嘱", "", "list"),
        )
        self.list.action_requested.connect(self._act)
        self.list.activated.connect(lambda row: self._act(OrderAction.ENTER_RESULT.value, row))
        self.list.retry.connect(self.refresh)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.list, 1)
        self.until_closed(desk.opened.listen(lambda _details: self.refresh()))
        self.until_closed(desk.closed.listen(lambda _none: self.list.set_rows(())))
        self.refresh()

    def refresh(self) -> None:
        """Load the orders of the open case."""
        case = self.desk.case
        if case is None:
            self.list.set_rows(())
            return
        request = ListOrders(filter=OrderFilter(case_id=case.id, kinds=self._kinds), limit=500)
        self.ask(request, self.show_page, "case", lambda error: self.list.show_error(message_for(error)))

    def show_page(self, page: OrderPage) -> None:
        """Show the rows, if they are of the case that is open now."""
        case = self.desk.case
        self.list.set_rows([row for row in page.rows if case is not None and row.case_id == case.id])

    def _act(self, action: str, row: Any) -> None:
        if action not in row.allowed:
            return
        if action == OrderAction.DELETE:
            self.ask(DeleteOrders(order_ids=(row.id,)), self._deleted)
        elif action == OrderAction.ENTER_RESULT:
            from clients.pathology.orders.result_entry import open_results

            open_results(self.desk, row.case_id, row.id)

    def _deleted(self, report: BatchReport) -> None:
        self.tell(report, "已删除 {count} 条医嘱")
        self.refresh()
        self.desk.reload()


class FeedbackPanel(QWidget):
    """The orders of the case with what a doctor does next."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.orders = CaseOrders(desk, is_narrow=True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 8)
        box.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        self.title = Label("执行情况", "strong")
        row.addWidget(self.title)
        row.addStretch(1)
        self.seen_button = small("知道了", self.mark_seen, icon="check")
        row.addWidget(self.seen_button)
        self.take_button = small("提取特检结果", self.take, icon="download")
        row.addWidget(self.take_button)
        box.addLayout(row)
        box.addWidget(self.orders, 1)

    def mark_seen(self) -> None:
        """The doctor read what is new."""
        case = self._desk.case
        if case is not None:
            self.orders.ask(MarkSeen(case_id=case.id), lambda _count: self.orders.refresh())

    def take(self) -> None:
        """提取特检结果 into the open report."""
        from clients.pathology.orders.entries import take_results

        take_results(self._desk)

    def closeEvent(self, event: object) -> None:
        self.orders.close_screen()
        super().closeEvent(event)  # type: ignore[arg-type]


def feedback(desk: Desk) -> FeedbackPanel:
    """Make the panel for the side of a page."""
    return FeedbackPanel(desk)
