"""常规申请: technical orders and their situation, by days, state and case number (PA-PREP-05)."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from clients.kit.fields import Choice, ChoiceField, DateField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords
from clients.pathology.desk import Desk
from clients.pathology.orders import looks
from clients.pathology.orders.room import OrderScreen
from clients.pathology.orders.sheets import SHOWN_STATES
from shared.contract.pathology_orders import ListOrders, OrderFilter, OrderPage
from shared.domain.pathology import ORDER_STATES, OrderState

DAYS_BACK = 6
"""A week is shown at first."""


def filter_form(*, states: bool = True) -> FormView:
    """Days, case number and state; `filter_of` reads it."""
    today = date.today()
    shown = [Choice("", "全部"), *(Choice(one.value, ORDER_STATES[one].zh) for one in SHOWN_STATES)]
    fields = [
        DateField(key="first", label="开立日期", initial=today - timedelta(days=DAYS_BACK)),
        DateField(key="last", label="至", initial=today),
        TextField(key="number", label="病理号", max_length=24),
        ChoiceField(key="state", label="执行状态", choices=shown, initial=""),
    ]
    return FormView([Section("", fields if states else fields[:3])], columns=4)


def filter_of(form: FormView, what: str) -> OrderFilter:
    """The filter of a form for technical or special orders."""
    values = form.values()
    state = values.get("state")
    return OrderFilter(
        kinds=looks.KINDS_OF[what],
        states=(OrderState(state),) if state else (),
        first=values["first"],
        last=values["last"],
        number=str(values["number"] or ""),
    )


class SituationWindow(OrderScreen):
    """A double click opens the case."""

    def __init__(self, desk: Desk, what: str) -> None:
        super().__init__(desk)
        self._what = what
        self.form = filter_form()
        self.form.submitted.connect(self.refresh)
        self.count = Label("", "quiet")
        self.list = ListView(
            (
                Column("piece", "蜡块/标本", 126, value=lambda row: row.piece or row.case_number, sort=False),
                Column("patient_name", "姓名", 80, sort=False),
                looks.KIND,
                looks.STATE,
                looks.OUTCOME,
                looks.BY,
                looks.AT,
                looks.DONE,
                Column("note", "备注", 110, quiet=True, sort=False),
            ),
            row_id=lambda row: row.id,
            settings=desk.place.settings,
            list_id="pathology.order_situation",
            empty=EmptyWords("没有符合条件的医嘱", "请调整日期或状态。", "list"),
        )
        self.list.activated.connect(lambda row: self._open(row.case_id))
        self.list.retry.connect(self.refresh)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 8)
        box.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self.form, 1)
        row.addWidget(Button("查询", "primary", "search", on_click=self.form.submit), 0, Qt.AlignmentFlag.AlignBottom)
        box.addLayout(row)
        box.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 0, 16, 0)
        foot.addWidget(self.count)
        box.addLayout(foot)
        self.refresh()

    def refresh(self) -> None:
        """Load the list."""
        request = ListOrders(filter=filter_of(self.form, self._what), limit=500)
        self.ask(request, self._show, "situation", lambda error: self.list.show_error(message_for(error)))

    def _show(self, page: OrderPage) -> None:
        self.list.set_rows(page.rows)
        if page.total > len(page.rows):
            self.count.set_source("共 {count} 条，只显示前 {shown} 条", count=page.total, shown=len(page.rows))
        else:
            self.count.set_source("共 {count} 条", count=page.total)

    def _open(self, case_id: int) -> None:
        self.desk.open_case(case_id)
        self.window().close()
