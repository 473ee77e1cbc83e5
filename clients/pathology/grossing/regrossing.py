"""补取病例: the cases that the diagnosis room asked more tissue of; 补取执行 opens one (PA-GRS-21)."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.labels import Button
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords, local_time
from clients.kit.tokens import Tone
from clients.pathology.bench.strip import GLOVED, TARGET
from clients.pathology.desk import Desk
from clients.pathology.orders.regrossing import remember
from shared.contract.pathology import CaseFilter as Filter
from shared.contract.pathology import CasePage, CaseRow, ListCases
from shared.contract.pathology_orders import ExecuteOrders, ListOrders, OrderFilter
from shared.domain.pathology import CaseFlag, OrderKind, OrderState

_COLUMNS = (
    Column("number", "病理号", 110, strong=True, sort=False),
    Column("patient_name", "姓名", 90, sort=False),
    Column("specimen_name", "标本名称", 0, sort=False),
    Column("registered_at", "登记时间", 130, format=local_time, quiet=True, sort=False),
)


class RegrossingPanel(QWidget):
    """The waiting cases; Enter, a double click or the button opens the chosen one."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 8, 8, 8)
        box.setSpacing(8)
        self.list = ListView(
            _COLUMNS,
            row_id=lambda row: row.id,
            empty=EmptyWords("没有等待补取的病例", "诊断室申请补取后显示在这里。", "call_again"),
        )
        self.list.set_least_row_height(TARGET)
        self.setStyleSheet(GLOVED)
        box.addWidget(self.list, 1)
        self.button = Button("补取执行", "primary", "check", on_click=self.execute)
        box.addWidget(self.button)
        self.list.activated.connect(self.execute)
        self.list.retry.connect(self.load)
        self.list.selected.connect(lambda row: self.button.setEnabled(row is not None))
        self.button.setEnabled(False)
        self.load()

    def load(self) -> None:
        """Ask for the waiting cases."""
        place = self._desk.place
        request = ListCases(filter=Filter(flags=(CaseFlag.REGROSSING,), unsent_only=True), limit=200)
        place.runner.run(lambda: place.connection.call(request), self._came, self._failed, key="pathology.regrossing")

    def execute(self, *_row: object) -> None:
        """补取执行: open the case; its new rows bear 补取 (PA-GRS-22)."""
        row: CaseRow | None = self.list.selected_row
        if row is None:
            return
        place, station = self._desk.place, self._desk.station.id.value
        case_id = row.id

        def work() -> str:
            wanted = OrderFilter(case_id=case_id, kinds=(OrderKind.REGROSSING,), states=(OrderState.WAITING,))
            ids = tuple(one.id for one in place.connection.call(ListOrders(filter=wanted)).rows)
            if not ids:
                return ""
            lines = place.connection.call(ExecuteOrders(order_ids=ids, station=station)).lines
            for line in lines:
                if line.is_done:
                    remember(case_id, line.id)
            return "".join(line.message for line in lines if not line.is_done)

        def came(trouble: str) -> None:
            if trouble:
                place.messages.say(trouble, Tone.WARNING)
            self._desk.open_case(case_id, self._desk.close_panel)

        place.runner.run(work, came, place.messages.report, key="pathology.regross")

    def _came(self, page: CasePage) -> None:
        self.list.set_rows(page.rows)

    def _failed(self, error: Exception) -> None:
        self.list.show_error(message_for(error))
