"""试剂批号: lots of markers' reagents with clone, expiry and stock (EX-PA-06)."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from clients.kit.fields import DateField, NumberField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.orders.room import OrderScreen
from shared.contract.base import Changed, Notice
from shared.contract.pathology_orders import REAGENT_ENTITY, ListReagents, Reagent, SaveReagent

_EXPIRED = StateLook("过期", Tone.DANGER, "alert")
_EMPTY = StateLook("用完", Tone.WARNING, "alert")


class ReagentsWindow(OrderScreen):
    """A click puts a lot into the form; executing an order takes from the lot that expires first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._edited: Reagent | None = None
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        TextField(key="marker", label="标记物", required=True, max_length=60),
                        TextField(key="clone", label="克隆号", max_length=60),
                        TextField(key="lot", label="批号", required=True, max_length=60),
                        DateField(key="expires_on", label="有效期至", required=True),
                        NumberField(key="stock", label="库存（张）", minimum=0, maximum=100_000, initial=0),
                    ],
                )
            ],
            columns=5,
        )
        self.form.submitted.connect(self.keep)
        self.list = ListView(
            (
                Column("marker", "标记物", 150, strong=True, marks=_marks),
                Column("clone", "克隆号", 120),
                Column("lot", "批号", 0),
                Column("expires_on", "有效期至", 110, value=lambda row: row.expires_on.isoformat()),
                Column("stock", "库存（张）", 90, Align.RIGHT),
            ),
            row_id=lambda row: row.id,
            settings=desk.place.settings,
            list_id="pathology.reagents",
            empty=EmptyWords("还没有登记试剂", "登记后医嘱执行时自动扣减并带入克隆号和批号。", "list"),
        )
        self.list.selected.connect(self._chosen)
        self.list.retry.connect(self.refresh)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 12, 0, 12)
        box.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.addWidget(self.form, 1)
        row.addWidget(Button("保存", "primary", "save", on_click=self.form.submit), 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(Button("新批号", "", "add", on_click=self.begin), 0, Qt.AlignmentFlag.AlignBottom)
        box.addLayout(row)
        box.addWidget(self.list, 1)
        hint = Label("过期或库存不足的批号不会被使用；医嘱照常执行并给出提示。", "caption")
        hint.setContentsMargins(16, 0, 16, 0)
        box.addWidget(hint)
        self.refresh()

    def refresh(self) -> None:
        """Load all lots."""
        self.ask(ListReagents(), self.list.set_rows, "reagents", lambda error: self.list.show_error(message_for(error)))

    def begin(self) -> None:
        """An empty form for another lot."""
        self._edited = None
        self.list.clear_selection()
        self.form.clear()
        self.form.focus("marker")

    def keep(self) -> None:
        """Store the lot in the form."""
        values = self.form.values()
        reagent = Reagent(
            id=self._edited.id if self._edited is not None else 0,
            version=self._edited.version if self._edited is not None else 0,
            marker=values["marker"],
            clone=values["clone"] or "",
            lot=values["lot"],
            expires_on=values["expires_on"],
            stock=int(values["stock"] or 0),
        )
        self.ask(SaveReagent(reagent=reagent), self._kept, failed=self._refused)

    def _kept(self, reagent: Reagent) -> None:
        self.desk.place.messages.say(tr("已保存 {words}", words=f"{reagent.marker} {reagent.lot}"), Tone.SUCCESS)
        self.begin()
        self.refresh()

    def _refused(self, error: Exception) -> None:
        message = message_for(error)
        if message.field in self.form.rows:
            self.form.show_problems({message.field: message.text})
        else:
            self.desk.place.messages.report(error)
            self.refresh()

    def _chosen(self, row: Any) -> None:
        if row is None:
            return
        self._edited = row
        self.form.set_values({key: getattr(row, key) for key in ("marker", "clone", "lot", "expires_on", "stock")})

    def _heard(self, notice: Notice) -> None:
        if self._alive and isinstance(notice, Changed) and notice.entity == REAGENT_ENTITY:
            self.soon.poke()


def _marks(row: Reagent) -> list[StateLook]:
    if row.is_expired:
        return [_EXPIRED]
    return [_EMPTY] if not row.stock else []
