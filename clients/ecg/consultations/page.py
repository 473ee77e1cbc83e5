"""What 受理记录 and 会诊报告 have in common: clocks that run, rows that are loaded with the server's time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent

from clients.ecg.consultations.columns import Clocks
from clients.ecg.desk import Desk
from clients.ecg.lists.page import ListPage, ListSpec
from clients.ecg.looks import choices
from clients.ecg.shell.dialogs import ReasonDialog
from clients.kit.fields import Choice, ChoiceField, Field, TextField
from clients.kit.tokens import Tone
from shared.contract.base import Page, Request
from shared.contract.ecg_consultations import ConsultationPolicy, ConsultationView, GetPolicy
from shared.domain.ecg import URGENCIES

if TYPE_CHECKING:
    from clients.kit.paging import PageOfRows, PageRequest
    from clients.kit.shell import Workplace

TICK_MS = 1000


def fields(mine: str) -> tuple[Field, ...]:
    """The conditions of both pages; `mine` names those of the user."""
    return (
        TextField(key="patient_name", label="病人姓名", placeholder="姓名或首字母"),
        TextField(key="number", label="编号", placeholder="检查号、申请单号、病人编号"),
        ChoiceField(key="urgency", label="紧急程度", choices=choices(URGENCIES, everything=True)),
        ChoiceField(key="mine", label="范围", choices=[Choice(None, "全部"), Choice(True, mine)]),
    )


class ConsultationListPage(ListPage):
    """A list of consultations whose clocks run while it is looked at."""

    def __init__(self, desk: Desk, place: Workplace, spec: ListSpec, clocks: Clocks) -> None:
        self.clocks = clocks
        super().__init__(desk, place, spec)
        self.list.set_source(self._fetch)
        self.listen_to(desk.consultation_changed)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.list.table.viewport().update)
        line = place.connection
        place.runner.run(lambda: line.call(GetPolicy()), self._policy_came, lambda _error: None, key="ecg.policy")

    def _fetch(self, request: PageRequest) -> PageOfRows[Any]:
        page = self.presenter.fetch(request)
        if page.rows:
            self.clocks.hear(page.rows[0].clock)
        return page

    def _policy_came(self, policy: ConsultationPolicy) -> None:
        self.clocks.warn_share = policy.warn_share

    def send(
        self,
        request: Request[ConsultationView],
        said: str,
        then: Callable[[ConsultationView], object] = lambda _view: None,
        dialog: ReasonDialog | None = None,
    ) -> None:
        """Do something with a consultation; `said` is told when it worked."""
        line, messages = self._place.connection, self._place.messages

        def arrived(view: ConsultationView) -> None:
            if dialog is not None:
                dialog.accept()
            if said:
                messages.say(said, Tone.SUCCESS)
            self._desk.tell_consultation(view.id)
            self._desk.tell_exam(view.exam_id)
            then(view)

        if dialog is not None:
            dialog.ask(lambda: line.call(request), arrived)
        else:
            self._place.runner.run(lambda: line.call(request), arrived, messages.report)

    def show_details(self, row: ConsultationView) -> None:
        """详情."""
        from clients.ecg.consultations.details import ConsultationDialog

        ConsultationDialog(self._desk, self, row.id).open()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tick.stop()


MakeList = Callable[[Mapping[str, Any], Page], Request[Any]]
