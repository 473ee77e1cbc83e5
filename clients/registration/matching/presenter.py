"""The intentions of the matching page (RIS-EX-05)."""

from __future__ import annotations

from collections.abc import Callable

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.translations import tr
from clients.registration.matching.state import MatchingState
from shared.contract.archive import ListUnmatched, MatchStudy, StudyList, StudyRow, UnmatchStudy
from shared.contract.base import Page
from shared.contract.exams import ExamList, ListExams

_MOST = 500


class MatchingPresenter(ScreenPresenter[MatchingState]):
    """Choose a study, look an exam up by its number, match; the match can be undone at once."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[MatchingState], None] = lambda _state: None,
    ) -> None:
        super().__init__(MatchingState(), caller, runner, messages, show)

    def refresh(self) -> None:
        """Ask for the studies again; the old rows stay until the new ones are there."""
        self._change(is_loading=True)
        self._ask(ListUnmatched(page=Page(limit=_MOST)), self._came, self._failed, key="matching")

    def _came(self, found: StudyList) -> None:
        still_there = any(study.study_uid == self.state.selected for study in found.rows)
        self._change(
            studies=found.rows,
            total=found.total,
            is_loading=False,
            trouble="",
            selected=self.state.selected if still_there else "",
        )

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, trouble=message_for(error).text)

    def select(self, study_uid: str) -> None:
        """Choose a study; its own accession number is tried first."""
        if study_uid == self.state.selected:
            return
        self._change(selected=study_uid, exam=None, problem="")
        study = self.state.study
        if study is not None and study.accession_number:
            self.type_number(study.accession_number)

    def type_number(self, number: str) -> None:
        """检查号 was typed or scanned."""
        self._change(number=number, exam=None, problem="")

    def find_exam(self) -> None:
        """Look the exam up."""
        number = self.state.number.strip()
        if not number:
            self._change(problem=tr("请输入或扫描检查号。"))
            return
        self._ask(ListExams(accession_number=number), self._found, self._messages.report, key="matching/exam")

    def _found(self, found: ExamList) -> None:
        if not found.rows:
            self._change(exam=None, problem=tr("没有这个检查号，请核对。"))
            return
        self._change(exam=found.rows[0], problem="")

    def match(self) -> None:
        """匹配: the study becomes the exam's."""
        study, exam = self.state.study, self.state.exam
        if study is None or exam is None:
            return
        command = MatchStudy(study_uid=study.study_uid, version=study.version, exam_id=exam.id)
        self._ask(command, self._matched, self._not_matched, key="matching/match")

    def _matched(self, study: StudyRow) -> None:
        exam = self.state.exam
        self._change(exam=None, number="", selected="")
        text = (
            tr("影像已匹配到 {name}，检查号 {number}。", name=exam.patient_name, number=exam.accession_number)
            if exam
            else ""
        )
        self._messages.offer_undo(text, lambda: self._undo(study))
        self.refresh()

    def _undo(self, study: StudyRow) -> None:
        command = UnmatchStudy(study_uid=study.study_uid, version=study.version, reason=tr("匹配有误，已撤销"))
        self._ask(command, lambda _row: self.refresh(), self._not_matched, key="matching/undo")

    def _not_matched(self, error: Exception) -> None:
        self._messages.report(error)
        self.refresh()  # it may have changed meanwhile: more images came, or somebody was faster
