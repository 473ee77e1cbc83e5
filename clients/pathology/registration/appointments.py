"""预约登记表: the appointment store, and 预约执行 (PA-CASE-02, PA-CASE-03)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clients.kit.labels import Button
from clients.kit.paging import EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.shell.list_window import ListSpec, ListWindow
from clients.pathology.shell.special_columns import columns_of
from shared.contract.pathology import CaseFilter, CaseView, ExecuteBookings, ListCases
from shared.contract.pathology_technique import BatchReport
from shared.domain.pathology import CaseState


class AppointmentsWindow(ListWindow):
    """Every appointment of the library; the button registers the selected one."""

    def __init__(self, desk: Desk) -> None:
        wanted = CaseFilter(library_ids=(desk.library.id,), states=(CaseState.APPOINTED,))
        spec = ListSpec(
            "appointments",
            "预约登记表",
            columns_of("appointments", desk.settings),
            lambda: ListCases(filter=wanted, limit=500),
            rows=lambda page: page.rows,
            case_id=lambda row: int(row.id),
            row_id=lambda row: row.id,
            empty=EmptyWords("没有预约病例", "用病例管理中的“预约病例”登记将来的病例。", "calendar"),
        )
        self.execute_button = Button("预约执行", "primary", "check_circle", on_click=self.execute_selected)
        super().__init__(desk, spec)
        self.bar.insertWidget(2, self.execute_button)

    def execute_selected(self) -> None:
        """The selected appointment gets its number and moves into the library."""
        row = self.list.selected_row
        if row is not None:
            self.execute_button.setEnabled(False)
            execute(self._desk, (row.id,), self.refresh)

    def reflect(self) -> None:
        super().reflect()
        self.execute_button.setEnabled(self.list.selected_row is not None)


def is_appointment(case: CaseView | Any) -> bool:
    """Say whether a case lies in the appointment store."""
    return case.state is CaseState.APPOINTED


def execute(desk: Desk, case_ids: Sequence[int], then: Callable[[], object]) -> None:
    """预约执行, and say which numbers came out."""
    place = desk.place
    request = ExecuteBookings(case_ids=tuple(case_ids), station=desk.station.id.value)

    def came(report: BatchReport) -> None:
        for line in report.lines:
            if line.is_done:
                place.messages.say(tr("已登记，病理号 {number}", number=line.number), Tone.SUCCESS)
            else:
                place.messages.say(line.message, Tone.WARNING)
        desk.refresh_lists()
        then()

    def failed(error: Exception) -> None:
        place.messages.report(error)
        then()

    place.runner.run(lambda: place.connection.call(request), came, failed, key="pathology.execute")
