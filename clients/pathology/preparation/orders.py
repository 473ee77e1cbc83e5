"""医嘱列表: waiting orders of the station's kinds, executed one or many at once (PA-SLD-15, PA-SLD-16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.preparation.work_list import Fetched, WorkList
from shared.contract.base import Changed, Notice
from shared.contract.pathology_orders import ORDER_ENTITY, ExecuteOrders, ListOrders, OrderFilter, OrderPage
from shared.contract.pathology_trail import ObjectFacts
from shared.domain.pathology import ORDER_KINDS, OrderKind, OrderState
from shared.domain.permissions import Permission

_URGENT = StateLook("急", Tone.DANGER, "alert")


class OrdersTab(WorkList):
    """A scanned block puts the cursor on its order."""

    list_id = "pathology.waiting_orders"
    empty = EmptyWords("没有待执行的医嘱", "诊断室开立后会自动出现在这里。", "list")
    columns = (
        Column("piece", "蜡块号", 126, strong=True, marks=lambda row: [_URGENT] if row.is_urgent else [], sort=False),
        Column("patient_name", "姓名", 88, sort=False),
        Column("kind", "医嘱类型", 96, value=lambda row: tr(ORDER_KINDS[row.kind].zh), sort=False),
        Column("marker", "染色/标记物", 0, sort=False),
        Column("count", "张数", 60, Align.RIGHT, sort=False),
        Column("place", "蜡块位置", 110, quiet=True, sort=False),
        Column("placed_by", "申请医生", 84, sort=False),
        Column("placed_at", "申请时间", 126, format=local_time, quiet=True, sort=False),
        Column("note", "备注", 120, quiet=True, sort=False),
    )

    def build(self) -> None:
        """The button."""
        self.execute_button = self.button("医嘱执行", self.execute, "primary", "check_circle")
        self.execute_button.setVisible(self.desk.may(Permission.PATHOLOGY_EXECUTE_ORDERS))
        self.foot.addStretch(1)

    def id_of(self, row: Any) -> int:
        return int(row.id)

    def fetch(self) -> Callable[[], Fetched]:
        words = {source.value for source in self.desk.station.sources}
        # re-grossing is executed at the grossing station
        kinds = tuple(kind for kind in OrderKind if kind is not OrderKind.REGROSSING and (not words or kind in words))
        request = ListOrders(filter=OrderFilter(kinds=kinds, states=(OrderState.WAITING,)), limit=500)
        call = self.desk.place.connection.call

        def work() -> Fetched:
            page: OrderPage = call(request)
            return Fetched(page.rows, tr("待执行 {count} 项", count=page.total))

        return work

    def invite(self) -> None:
        self.strip.say(tr("扫描蜡块选中它的医嘱。"))

    def scanned(self, code: str) -> None:
        self.commands.scan(code, self._scanned)

    def execute(self) -> None:
        """医嘱执行: slides appear in 已切片列表, and the diagnosis room is told."""
        ids = tuple(self.id_of(row) for row in self.chosen())
        self.commands.batch(
            ExecuteOrders(order_ids=ids, station=self.commands.station), "已执行 {count} 项医嘱", bool(ids)
        )

    def _scanned(self, found: ObjectFacts) -> None:
        row = next((row for row in self.rows if row.block_id == found.id), None)
        if row is None:
            self.strip.stop(tr("{number} 没有待执行的医嘱。", number=found.number))
            return
        self.select(self.id_of(row))
        self.strip.fits(tr("{number} 已选中", number=found.number))

    def _heard(self, notice: Notice) -> None:
        if self._open and isinstance(notice, Changed) and notice.entity == ORDER_ENTITY:
            self._soon.poke()
        super()._heard(notice)
