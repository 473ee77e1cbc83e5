"""The intentions of today's list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.registration.exam_actions import ExamActions, RowAction
from clients.registration.today.state import TodayState
from shared.contract.base import Page
from shared.contract.exams import ExamList, ExamRow, ListExams

PAGE = 500
"""Rows the server gives at most in one reply."""
MOST = 10_000
"""More rows of one day than this are not fetched; the search finds the others."""


class TodayPresenter(ScreenPresenter[TodayState]):
    """Exams registered today, filtered by type and by name or card number."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        actions: ExamActions,
        clock: Callable[[], datetime],
        show: Callable[[TodayState], None] = lambda _state: None,
    ) -> None:
        super().__init__(TodayState(), caller, runner, messages, show)
        self._actions = actions
        self._clock = clock
        actions.on_change(self._exam_changed)

    def refresh(self) -> None:
        """Fetch all rows of the filter; filter, selection and scroll position stay (RIS-RFS-04)."""
        self._change(loading=True)
        request = self._request()
        self._runner.run(lambda: self._fetch(request), self._came, self._failed, key="today/rows")

    def _request(self) -> ListExams:
        state = self.state
        today = self._clock().date()
        text = state.search.strip()
        return ListExams(
            registered_from=today,
            registered_to=today,
            exam_types=(state.exam_type,) if state.exam_type else (),
            patient_name="" if state.by_card else text,
            card_number=text if state.by_card else "",
        )

    def _fetch(self, request: ListExams) -> ExamList:
        """All pages, one after the other (blocking; runs in a worker)."""
        rows: list[ExamRow] = []
        while True:
            page = Page(offset=len(rows), limit=PAGE)
            found = self._caller.call(msgspec.structs.replace(request, page=page))
            rows.extend(found.rows)
            if not found.rows or len(rows) >= min(found.total, MOST):
                return msgspec.structs.replace(found, rows=tuple(rows))

    def _came(self, found: ExamList) -> None:
        self._change(
            rows=found.rows,
            total=found.total,
            loading=False,
            loaded_once=True,
            trouble="",
            pending_cancel=self._actions.pending,
        )

    def _failed(self, error: Exception) -> None:
        self._change(loading=False, trouble=message_for(error).text)

    def choose_type(self, exam_type: str) -> None:
        """检查类型; empty for all."""
        if exam_type != self.state.exam_type:
            self._change(exam_type=exam_type)
            self.refresh()

    def search(self, text: str, *, by_card: bool) -> None:
        """The text of the box and what it means: 患者姓名 ⇄ 就诊卡号."""
        before = self.state
        if text == before.search and by_card == before.by_card:
            return
        self._change(search=text, by_card=by_card)
        if text.strip() or before.search.strip():
            self.refresh()

    def clear_filters(self) -> None:
        """Back to the whole list."""
        self._change(exam_type="", search="")
        self.refresh()

    def highlight(self, exam_id: int) -> None:
        """A new exam: show it, even if the filter would hide it."""
        self._change(highlighted=exam_id, exam_type="", search="")
        self.refresh()

    def do(self, action: RowAction, row: ExamRow) -> None:
        """Do an action of a row."""
        self._actions.do(action, row)

    def _exam_changed(self, _exam_id: int) -> None:
        self._change(pending_cancel=self._actions.pending)
        if self.state.loaded_once:
            self.refresh()
