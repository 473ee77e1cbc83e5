"""The intentions of the details panel."""

from __future__ import annotations

from collections.abc import Callable

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.registration.details.state import DetailsState
from clients.registration.exam_actions import ExamActions, RowAction
from shared.contract.base import Changed, Notice
from shared.contract.exams import ExamView, GetExam
from shared.contract.safety import AcknowledgeSafety
from shared.domain.safety import SafetyAnswer, SafetyValue
from shared.domain.states import ExamAction


class DetailsPresenter(ScreenPresenter[DetailsState]):
    """Shows one exam and does its actions."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        actions: ExamActions,
        show: Callable[[DetailsState], None] = lambda _state: None,
        *,
        may_answer: bool = False,
    ) -> None:
        """`may_answer`: the user may answer open safety questions, as technicians do."""
        super().__init__(DetailsState(), caller, runner, messages, show)
        self._actions = actions
        self.may_answer = may_answer
        self._key = f"details/{id(self)}"
        actions.on_change(self._exam_changed)

    def open(self, exam_id: int) -> None:
        """Show an exam."""
        old = self.state.exam
        keep = old if old is not None and old.row.id == exam_id else None
        pending = exam_id in self._actions.pending
        self._change(exam_id=exam_id, exam=keep, loading=True, trouble="", cancel_pending=pending)
        self._ask(GetExam(exam_id=exam_id), self._came, self._failed, key=self._key)

    def close(self) -> None:
        """Put the panel away."""
        self._runner.cancel(self._key)
        self._change(exam_id=None, exam=None, loading=False, trouble="")

    def do(self, action: RowAction) -> None:
        """Do one of the exam's actions."""
        if self.state.exam is not None:
            self._actions.do(action, self.state.exam.row)

    @property
    def papers(self) -> tuple[str, ...]:
        """Further documents of the exam that can be printed now."""
        exam = self.state.exam
        if exam is None:
            return ()
        labels = ("wristband",) if ExamAction.PRINT_BARCODE in exam.row.allowed else ()
        ticket = ("ticket",) if exam.row.ticket_number else ()
        return (*labels, *ticket, "application")

    def print_paper(self, kind: str) -> None:
        """Print one of `papers`."""
        if self.state.exam is not None and kind in self.papers:
            self._actions.print_paper(kind, self.state.exam.row)

    def answer_safety(self, code: str, value: SafetyValue) -> None:
        """Answer a question that was open; whoever answers has seen whether it alarms."""
        exam_id = self.state.exam_id
        if exam_id is None:
            return
        answer = SafetyAnswer(code=code, value=value, acknowledged=True)
        request = AcknowledgeSafety(exam_id=exam_id, answers=(answer,))
        self._ask(request, lambda _answers: self._again(exam_id), self._not_answered)

    def _again(self, exam_id: int) -> None:
        if exam_id == self.state.exam_id:
            self.open(exam_id)

    def _not_answered(self, error: Exception) -> None:
        self._messages.report(error)
        self._change()

    def heard(self, notice: Notice) -> None:
        """The exam changed elsewhere."""
        if isinstance(notice, Changed) and notice.entity == "exam" and notice.id == self.state.exam_id:
            self.open(notice.id)

    def _came(self, exam: ExamView) -> None:
        if exam.row.id == self.state.exam_id:
            self._change(exam=exam, loading=False, trouble="")

    def _failed(self, error: Exception) -> None:
        self._change(loading=False, trouble=message_for(error).text)

    def _exam_changed(self, exam_id: int) -> None:
        if exam_id == self.state.exam_id:
            self.open(exam_id)
