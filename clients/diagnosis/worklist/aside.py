"""What a row of the list opens at the side: its application, the form that files it among the favourites."""

from __future__ import annotations

from clients.diagnosis.report.details import application_panel
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from shared.contract.exams import ExamView, GetExam
from shared.contract.remote import RemoteView
from shared.contract.reporting import ReportRow
from shared.domain.remote import RemoteKind


class RowAside:
    """Opens the side panel of the window."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def __call__(self, action: str, row: ReportRow) -> None:
        """Show what the action names."""
        place = self._place
        if action == "application":
            place.runner.run(
                lambda: place.connection.call(GetExam(exam_id=row.exam_id)),
                self._show_application,
                place.messages.report,
                key="worklist.aside",
            )
        elif action == "cloud":
            from clients.diagnosis.remote.asking import AskForm

            asking = AskForm(place, self._sent, place.side_panel.close_panel)
            place.side_panel.show_content("发送云端", scrolling(asking), width=400)
            asking.open(row.exam_id, RemoteKind.REPORT)
            asking.setFocus()
        else:
            from clients.diagnosis.collections.favourites.filing import FilingForm

            form = FilingForm(place.connection, place.runner, place.messages)
            place.side_panel.show_content("收藏", form)
            form.open(row.id)
            form.setFocus()

    def _sent(self, _view: RemoteView) -> None:
        self._place.side_panel.close_panel()

    def _show_application(self, exam: ExamView) -> None:
        self._place.side_panel.show_content("查看申请单", scrolling(application_panel(exam)))
