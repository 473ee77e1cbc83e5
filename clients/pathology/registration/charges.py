"""收费 and 检查计费: item lines of a case and their sum (PA-REG-06, PA-CASE-14)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.fields import NumberField, PromptField, Section, SwitchField, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords, RowAction
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.prompts import PromptBook
from clients.pathology.registration.money import fen_of, yuan_of
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.pathology import CaseView, ChargeLine, ChargesView, GetCharges, SaveCharges, SettleCharges
from shared.domain.pathology import CHARGE_KINDS, ChargeKind


class ChargesWindow(QWidget):
    """The lines; those of the exam can be added and removed, those of executed orders are only shown."""

    def __init__(self, desk: Desk, case: CaseView, *, editable: bool = True) -> None:
        super().__init__()
        self._desk, self._case = desk, case
        self._view = ChargesView(case_id=case.id, version=0, lines=(), total_fen=0, unpaid_fen=0)
        self._is_open = True
        self._prompts = PromptBook(desk.place, ("charge_item",))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 12, 0, 12)
        box.setSpacing(8)
        self.form = FormView([Section("", self._fields())], columns=5)
        if editable:
            row = QHBoxLayout()
            row.setContentsMargins(16, 0, 16, 0)
            row.addWidget(self.form, 1)
            row.addWidget(Button("增加", "primary", "add", on_click=self.form.submit), 0, Qt.AlignmentFlag.AlignBottom)
            box.addLayout(row)
            self.form.submitted.connect(self.add)
        actions = (
            RowAction("pay", "标记已收", "check", lambda row: editable and not row.line.is_paid),
            RowAction("unpay", "标记未收", "undo", lambda row: editable and row.line.is_paid),
            RowAction("remove", "移除", "cross_circle", _may_go if editable else _never, danger=True),
        )
        self.list = ListView(
            (
                Column("name", "收费项目", 0, value=lambda row: row.line.name, strong=True, sort=False),
                Column("kind", "类别", 96, value=lambda row: tr(CHARGE_KINDS[row.line.kind].zh), sort=False),
                Column(
                    "price", "单价（元）", 90, Align.RIGHT, value=lambda row: yuan_of(row.line.price_fen), sort=False
                ),
                Column("quantity", "数量", 60, Align.RIGHT, value=lambda row: row.line.quantity, sort=False),
                Column("sum", "金额（元）", 100, Align.RIGHT, value=_amount, sort=False),
                Column(
                    "is_paid", "收费状态", 84, value=lambda row: tr("已收" if row.line.is_paid else "未收"), sort=False
                ),
            ),
            row_id=lambda row: row.place,
            actions=actions,
            shown_actions=3,
            empty=EmptyWords("还没有收费项目", "", "money"),
        )
        self.list.action_requested.connect(lambda action, row: self._act(action, row.line))
        box.addWidget(self.list, 1)
        self.total = Label("", "title")
        self.total.setContentsMargins(16, 0, 16, 0)
        box.addWidget(self.total)
        self._ask()

    def add(self) -> None:
        """One more line of the exam; it is stored at once."""
        values = self.form.values()
        line = ChargeLine(
            name=values["name"],
            quantity=values["quantity"] or 1,
            price_fen=fen_of(values["price"]) or 0,
            is_paid=bool(values["is_paid"]),
        )
        self._save((*self._exam_lines(), line))

    def remove(self, line: ChargeLine) -> None:
        """Take a line away; it is stored at once."""
        rest = list(self._exam_lines())
        if line in rest:
            rest.remove(line)
            self._save(tuple(rest))

    def settle(self, line: ChargeLine, *, is_paid: bool) -> None:
        """Mark a line as paid or not, be it of the exam or of an order."""
        place, request = self._desk.place, SettleCharges(charge_ids=(line.id,), is_paid=is_paid)
        place.runner.run(
            lambda: place.connection.call(request), lambda _count: self._ask(), self._failed, key="pathology.charges"
        )

    def _act(self, action: str, line: ChargeLine) -> None:
        if action == "remove":
            self.remove(line)
        else:
            self.settle(line, is_paid=action == "pay")

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        self._prompts.close()
        super().closeEvent(event)  # type: ignore[arg-type]

    def _fields(self) -> list[PromptField | TextField | NumberField | SwitchField]:
        return [
            PromptField(
                key="name",
                label="收费项目",
                required=True,
                source=self._prompts.source("charge_item"),
                span=2,
                max_length=60,
            ),
            TextField(key="price", label="单价（元）", required=True, max_length=12, check=_price_fault),
            NumberField(key="quantity", label="数量", minimum=1, maximum=999, initial=1),
            SwitchField(key="is_paid", label="已收"),
        ]

    def _exam_lines(self) -> tuple[ChargeLine, ...]:
        return tuple(line for line in self._view.lines if _is_removable(line))

    def _ask(self) -> None:
        place, request = self._desk.place, GetCharges(case_id=self._case.id)
        place.runner.run(lambda: place.connection.call(request), self._show, self._failed, key="pathology.charges")

    def _save(self, lines: tuple[ChargeLine, ...]) -> None:
        place = self._desk.place
        request = SaveCharges(case_id=self._case.id, version=self._view.version, kind=ChargeKind.EXAM, lines=lines)

        def done(view: ChargesView) -> None:
            self._show(view)
            if self._is_open:
                self.form.clear()
                self.form.focus("name")

        place.runner.run(lambda: place.connection.call(request), done, self._failed, key="pathology.charges")

    def _show(self, view: ChargesView) -> None:
        if not self._is_open:
            return
        self._view = view
        self.list.set_rows([_Row(place, line) for place, line in enumerate(view.lines)])
        words = "合计收费 {total} 元，未收 {unpaid} 元"
        self.total.set_source(words, total=yuan_of(view.total_fen), unpaid=yuan_of(view.unpaid_fen))

    def _failed(self, error: Exception) -> None:
        if not self._is_open:
            return
        if isinstance(error, RpcError) and error.code is ErrorCode.CONFLICT:
            self._desk.place.messages.say(tr("收费刚被别人修改，已载入最新内容，请再操作一次。"), Tone.WARNING)
            self._ask()
            return
        self.list.show_error(message_for(error))


@dataclass(frozen=True)
class _Row:
    place: int
    line: ChargeLine


def _may_go(row: _Row) -> bool:
    return _is_removable(row.line)


def _is_removable(line: ChargeLine) -> bool:
    return line.kind is ChargeKind.EXAM and line.order_id is None


def _never(_row: _Row) -> bool:
    return False


def _amount(row: _Row) -> str:
    return yuan_of(row.line.price_fen * row.line.quantity)


def _price_fault(text: str) -> str:
    return "" if fen_of(text) is not None else tr("请填写金额，例如 120 或 85.50")
