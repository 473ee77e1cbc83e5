"""常规计费 and 特检计费: what orders cost, with sums; the price list for who sets it (PA-PREP-06, PA-SPT-02)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from clients.kit.fields import Choice, ChoiceField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords, RowAction
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.orders import looks
from clients.pathology.orders.room import OrderScreen
from clients.pathology.orders.situation import filter_form, filter_of
from clients.pathology.registration.money import fen_of, yuan_of
from shared.contract.pathology import SettleCharges
from shared.contract.pathology_orders import BillLine, BillPage, ListBill, ListPrices, Price, PriceList, SavePrices
from shared.domain.pathology import ORDER_KINDS, ChargeKind, OrderKind
from shared.domain.permissions import Permission

_CHARGES = {"technical": ChargeKind.TECHNICAL, "special": ChargeKind.SPECIAL}


class BillingWindow(OrderScreen):
    """Lines of orders; the sums are those of the whole list."""

    def __init__(self, desk: Desk, what: str) -> None:
        super().__init__(desk)
        self._what = what
        self._lines: tuple[BillLine, ...] = ()
        self.form = filter_form(states=False)
        if desk.case is not None:
            self.form.set_values({"number": desk.case.number, "first": None})
        self.form.submitted.connect(self.refresh)
        self.total = Label("", "title")
        self.list = ListView(
            (
                Column("case_number", "病理号", 110, value=lambda row: row.order.case_number, sort=False),
                Column("name", "姓名", 80, value=lambda row: row.order.patient_name, sort=False),
                Column("kind", "医嘱", 0, value=_words, strong=True, sort=False),
                Column("state", "执行状态", 96, value=lambda row: row.order.state.value, looks=looks.STATE_LOOKS),
                Column("price", "单价（元）", 90, Align.RIGHT, value=lambda row: yuan_of(row.order.price_fen)),
                Column("count", "数量", 56, Align.RIGHT, value=lambda row: row.order.count),
                Column("amount", "金额（元）", 96, Align.RIGHT, value=lambda row: yuan_of(row.amount_fen)),
                Column("is_paid", "收费状态", 80, value=lambda row: tr("已收" if row.is_paid else "未收")),
            ),
            row_id=lambda row: row.order.id,
            actions=(
                RowAction("pay", "标记已收", "check", lambda row: self._may_settle(row) and not row.is_paid),
                RowAction("unpay", "标记未收", "undo", lambda row: self._may_settle(row) and row.is_paid),
            ),
            shown_actions=2,
            settings=desk.place.settings,
            list_id="pathology.order_bill",
            empty=EmptyWords("没有符合条件的计费", "请调整日期或病理号。", "money"),
        )
        self.list.retry.connect(self.refresh)
        self.list.action_requested.connect(lambda action, row: self.settle((row,), is_paid=action == "pay"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 12)
        box.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self.form, 1)
        row.addWidget(Button("查询", "primary", "search", on_click=self.form.submit), 0, Qt.AlignmentFlag.AlignBottom)
        box.addLayout(row)
        box.addWidget(self.list, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 0, 16, 0)
        foot.addWidget(self.total, 1)
        self.paid_button = Button("全部标记已收", "", "check", on_click=self._settle_all)
        self.paid_button.setEnabled(False)
        self.paid_button.setVisible(desk.place.may(Permission.PATHOLOGY_CHARGES.value))
        foot.addWidget(self.paid_button)
        self.prices_button = Button("计费价目", "", "gear", on_click=self._prices)
        self.prices_button.setVisible(bool(desk.may(Permission.PATHOLOGY_SETTINGS)))
        foot.addWidget(self.prices_button)
        box.addLayout(foot)
        self.refresh()

    def refresh(self) -> None:
        """Load the lines."""
        request = ListBill(kind=_CHARGES[self._what], filter=filter_of(self.form, self._what), limit=500)
        self.ask(request, self._show, "bill", lambda error: self.list.show_error(message_for(error)))

    def settle(self, lines: Sequence[BillLine], *, is_paid: bool) -> None:
        """Mark lines as paid or not."""
        request = SettleCharges(order_ids=tuple(line.order.id for line in lines), is_paid=is_paid)
        self.ask(request, self._settled)

    def _settle_all(self) -> None:
        self.settle([line for line in self._lines if line.amount_fen and not line.is_paid], is_paid=True)

    def _settled(self, count: int) -> None:
        self.desk.place.messages.say(tr("已更新 {count} 条收费。", count=count), Tone.SUCCESS)
        self.refresh()

    def _may_settle(self, line: BillLine) -> bool:
        return bool(line.amount_fen) and self.desk.place.may(Permission.PATHOLOGY_CHARGES.value)

    def _show(self, page: BillPage) -> None:
        self._lines = page.lines
        self.list.set_rows(page.lines)
        self.paid_button.setEnabled(any(line.amount_fen and not line.is_paid for line in page.lines))
        words = "共 {count} 条，合计 {total} 元，未收 {unpaid} 元"
        self.total.set_source(words, count=page.total, total=yuan_of(page.total_fen), unpaid=yuan_of(page.unpaid_fen))

    def _prices(self) -> None:
        self.desk.show_window("计费价目", PricesWindow(self.desk, self._what), (760, 560))


class PricesWindow(OrderScreen):
    """A price of a kind of order, or of one marker; each change is kept at once. Placed orders keep their price."""

    def __init__(self, desk: Desk, what: str) -> None:
        super().__init__(desk)
        self._book = PriceList(version=0, prices=())
        kinds = looks.KINDS_OF[what]
        choices = [Choice(one.value, ORDER_KINDS[one].zh) for one in kinds]
        self._kinds = kinds
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        ChoiceField(key="kind", label="医嘱类型", choices=choices, initial=kinds[0].value),
                        TextField(key="marker", label="标记物", placeholder="空为全部", max_length=60),
                        TextField(key="code", label="收费代码", max_length=40),
                        TextField(key="price", label="单价（元）", required=True, max_length=12, check=_fault),
                    ],
                )
            ],
            columns=4,
        )
        self.form.submitted.connect(self.add)
        self.list = ListView(
            (
                Column("kind", "医嘱类型", 130, value=lambda row: tr(ORDER_KINDS[row.kind].zh), strong=True),
                Column("marker", "标记物", 0, value=lambda row: row.marker or tr("全部")),
                Column("code", "收费代码", 140),
                Column("price", "单价（元）", 100, Align.RIGHT, value=lambda row: yuan_of(row.price_fen)),
            ),
            row_id=lambda row: (row.kind.value, row.marker),
            actions=(RowAction("remove", "移除", "cross_circle", lambda _row: True, danger=True),),
            shown_actions=1,
            empty=EmptyWords("还没有设置价目", "未设置价目的医嘱按 0 元计。", "money"),
        )
        self.list.action_requested.connect(lambda _action, row: self._save(tuple(self._without(row))))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 12, 0, 12)
        box.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self.form, 1)
        row.addWidget(Button("保存价格", "primary", "add", on_click=self.form.submit), 0, Qt.AlignmentFlag.AlignBottom)
        box.addLayout(row)
        box.addWidget(self.list, 1)
        self.ask(ListPrices(), self._show, "prices")

    def add(self) -> None:
        """Set the price that was typed."""
        values = self.form.values()
        price = Price(
            kind=OrderKind(values["kind"]),
            marker=str(values["marker"] or ""),
            code=str(values["code"] or ""),
            price_fen=fen_of(values["price"]) or 0,
        )
        self._save((*self._without(price), price))

    def _without(self, price: Any) -> list[Price]:
        return [one for one in self._book.prices if (one.kind, one.marker) != (price.kind, price.marker)]

    def _save(self, prices: tuple[Price, ...]) -> None:
        self.ask(SavePrices(version=self._book.version, prices=prices), self._show, "prices", self._failed)

    def _failed(self, error: Exception) -> None:
        self.desk.place.messages.report(error)
        self.ask(ListPrices(), self._show, "prices")

    def _show(self, book: PriceList) -> None:
        self._book = book
        self.list.set_rows([one for one in book.prices if one.kind in self._kinds])


def _words(row: Any) -> str:
    order = row.order
    return " ".join(part for part in (tr(ORDER_KINDS[order.kind].zh), order.marker, order.piece) if part)


def _fault(text: str) -> str:
    return "" if fen_of(text) is not None else tr("请填写金额，例如 120 或 85.50")
