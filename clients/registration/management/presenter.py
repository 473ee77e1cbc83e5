"""The intentions of registration management (RIS-MGT)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from clients.kit.messages import Messages
from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.translations import tr
from clients.registration.exam_actions import ExamActions, RowAction
from clients.registration.management.state import Filters, ManagementState, Special
from shared.contract.base import Page
from shared.contract.exams import ExamList, ExamRow, ListExams
from shared.domain.states import ReferralState, RegistrationState

_SPECIAL: dict[Special, dict[str, Any]] = {
    Special.ALL: {},
    Special.PLAIN: {"is_referral": False},
    Special.REFERRAL: {"is_referral": True},
    Special.AWAITING: {"referral_states": (ReferralState.SENT,)},
    Special.MOVED: {"rescheduled": True},
    Special.NO_SHOW: {"no_show": True},
}


class ManagementPresenter(ScreenPresenter[ManagementState]):
    """Filters are typed freely and take effect with query (RIS-MGT-09); the state choice takes effect at once."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        actions: ExamActions,
        clock: Callable[[], datetime],
        show: Callable[[ManagementState], None] = lambda _state: None,
    ) -> None:
        today = clock().date()
        default = Filters(registered_from=today, registered_to=today)
        super().__init__(ManagementState(typed=default, applied=default), caller, runner, messages, show)
        self._actions = actions
        self._clock = clock
        self._default_day = today
        actions.on_change(self._exam_changed)

    def fetch(self, request: PageRequest) -> PageOfRows[ExamRow]:
        """One window of the list (blocking; called in a worker by the list widget)."""
        page = Page(offset=request.offset, limit=min(500, request.limit))
        found = self._caller.call(msgspec.structs.replace(self._request(), page=page))
        return PageOfRows(found.rows, found.total)

    def _request(self) -> ListExams:
        chosen = self.state.applied
        if chosen.accession_number.strip():
            return ListExams(accession_number=chosen.accession_number.strip())
        if chosen.his_number.strip():  # exact: it finds its one registration whatever the other filters say
            return ListExams(his_number=chosen.his_number.strip())
        return ListExams(
            registered_from=chosen.registered_from,
            registered_to=chosen.registered_to,
            planned_from=chosen.planned_from,
            planned_to=chosen.planned_to,
            states=(chosen.state,) if chosen.state is not None else (),
            exam_types=(chosen.exam_type,) if chosen.exam_type else (),
            body_part=chosen.body_part.strip(),
            patient_name=chosen.patient_name.strip(),
            card_number=chosen.card_number.strip(),
            room_id=chosen.room_id,
            **_SPECIAL[chosen.special],
        )

    def refresh(self) -> None:
        """Ask for the visible rows and the counts again; the untouched default follows the calendar past midnight."""
        today = self._clock().date()
        old = Filters(registered_from=self._default_day, registered_to=self._default_day)
        if today != self._default_day and self.state.typed == self.state.applied == old:
            new = Filters(registered_from=today, registered_to=today)
            self._change(typed=new, applied=new)
        self._default_day = today
        self._change(generation=self.state.generation + 1, pending_cancel=self._actions.pending)
        request = msgspec.structs.replace(self._request(), page=Page(offset=0, limit=1))
        self._ask(request, self._counted, lambda _error: None, key="management/counts")

    def _counted(self, found: ExamList) -> None:
        self._change(counts=found.counts, total=found.total)

    def type_filter(self, **fields: Any) -> None:
        """Some filter was typed; it waits for query."""
        typed = replace(self.state.typed, **fields)
        if typed != self.state.typed:
            self._change(typed=typed, wrong_range="")

    def choose_state(self, state: RegistrationState | None) -> None:
        """报告状态, one of five (RIS-MGT-02); takes effect at once together with what is typed."""
        self._change(typed=replace(self.state.typed, state=state))
        self.query()

    def query(self) -> None:
        """查询."""
        typed = self.state.typed
        for first, last in ((typed.registered_from, typed.registered_to), (typed.planned_from, typed.planned_to)):
            if first is not None and last is not None and last < first:
                self._change(wrong_range=tr("结束日期早于开始日期，请调整。"))
                return
        self._change(applied=typed, wrong_range="")
        self.refresh()

    def reset(self) -> None:
        """重置: everything registered today."""
        today = self._clock().date()
        self._default_day = today
        self._change(typed=Filters(registered_from=today, registered_to=today), wrong_range="")
        self.query()

    def do(self, action: RowAction, row: ExamRow) -> None:
        """Do an action of a row."""
        self._actions.do(action, row)

    def _exam_changed(self, _exam_id: int) -> None:
        self.refresh()
