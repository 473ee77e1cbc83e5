"""The matching page: its presenter's states, and the real window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from clients.kit.app import Workstation
from clients.kit.connection import FakeConnection
from clients.kit.login import SignedIn
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.translations import register_catalogue
from clients.registration import texts
from clients.registration.app import TITLE, make_pages
from clients.registration.matching.presenter import MatchingPresenter
from shared.contract.archive import ListUnmatched, MatchStudy, StudyList, StudyRow, UnmatchStudy
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.exams import ExamList, ListExams
from shared.domain.permissions import Permission
from tests.clients.registration.fake_hospital import an_exam_row


def a_study(number: int = 1, **changes: Any) -> StudyRow:
    values: dict[str, Any] = {
        "id": number,
        "version": 3,
        "study_uid": f"1.2.{number}",
        "accession_number": "",
        "patient_id": "X1",
        "patient_name": "ZHANG^XIAOMING",
        "patient_sex": "M",
        "patient_birth_date": "19680412",
        "study_at": None,
        "description": "",
        "modalities": ("CT",),
        "series_count": 1,
        "instance_count": 20,
        "calling_ae": "CT1",
        "received_at": datetime(2026, 3, 2, 1, 30, tzinfo=UTC),
        "exam_id": None,
        "why_unmatched": "检查号为空。",
    }
    return StudyRow(**{**values, **changes})


class Archive:
    """Answers as the server does: a matched study leaves the list, an undone one comes back."""

    def __init__(self, *studies: StudyRow) -> None:
        self.waiting = list(studies)
        self.exam = an_exam_row(7, accession_number="261122CT0007")
        self.refusal: Exception | None = None
        self.line = FakeConnection(
            replies={
                ListUnmatched: lambda _q: StudyList(total=len(self.waiting), rows=tuple(self.waiting)),
                ListExams: self._exams,
                MatchStudy: self._match,
                UnmatchStudy: self._unmatch,
            },
            permissions=tuple(Permission),
        )
        self.gone: list[StudyRow] = []

    def _exams(self, query: ListExams) -> ExamList:
        is_it = query.accession_number == self.exam.accession_number
        return ExamList(total=int(is_it), rows=(self.exam,) if is_it else ())

    def _match(self, command: MatchStudy) -> StudyRow:
        if self.refusal is not None:
            raise self.refusal
        study = next(s for s in self.waiting if s.study_uid == command.study_uid)
        assert (command.version, command.exam_id) == (study.version, self.exam.id)
        self.waiting.remove(study)
        self.gone.append(study)
        return a_study(study.id, version=study.version + 1, exam_id=self.exam.id)

    def _unmatch(self, command: UnmatchStudy) -> StudyRow:
        assert command.reason and command.version == 4
        study = self.gone.pop()
        self.waiting.append(study)
        return study


def at_the_desk(archive: Archive) -> tuple[MatchingPresenter, CollectedMessages]:
    messages = CollectedMessages()
    presenter = MatchingPresenter(archive.line, ImmediateRunner(), messages)
    presenter.refresh()
    return presenter, messages


def test_a_study_is_matched_to_the_exam_with_the_typed_number_and_can_be_undone() -> None:
    archive = Archive(a_study(1), a_study(2))
    presenter, messages = at_the_desk(archive)
    presenter.select("1.2.1")
    presenter.type_number(" 261122CT0007 ")
    presenter.find_exam()
    assert presenter.state.may_match and not presenter.state.is_same_patient
    presenter.match()
    assert [study.study_uid for study in presenter.state.studies] == ["1.2.2"]
    assert presenter.state.exam is None and presenter.state.number == ""
    said, undo = messages.undo_offers[-1]
    assert "261122CT0007" in said
    undo()
    assert len(presenter.state.studies) == 2


def test_a_studys_own_number_is_tried_first() -> None:
    presenter, _messages = at_the_desk(Archive(a_study(1, accession_number="261122CT0007")))
    presenter.select("1.2.1")
    assert presenter.state.number == "261122CT0007"


@pytest.mark.parametrize(("number", "words"), [("", "请输入"), ("NOBODY", "没有这个检查号")])
def test_a_wrong_number_is_said_at_the_field(number: str, words: str) -> None:
    presenter, _messages = at_the_desk(Archive(a_study()))
    presenter.select("1.2.1")
    presenter.type_number(number)
    presenter.find_exam()
    assert words in presenter.state.problem and not presenter.state.may_match


def test_nothing_is_sent_before_both_sides_are_known() -> None:
    archive = Archive(a_study())
    presenter, _messages = at_the_desk(archive)
    presenter.match()
    presenter.select("1.2.1")
    presenter.match()
    assert not [call for call in archive.line.calls if isinstance(call, MatchStudy)]


def test_a_refused_match_keeps_the_study_in_the_list() -> None:
    archive = Archive(a_study())
    archive.refusal = error_for(ErrorBody(code=ErrorCode.CONFLICT, message="内容已被他人修改", version=5))
    presenter, messages = at_the_desk(archive)
    presenter.select("1.2.1")
    presenter.type_number("261122CT0007")
    presenter.find_exam()
    presenter.match()
    assert len(presenter.state.studies) == 1 and messages.errors


def test_the_page_matches_with_the_keyboard(qtbot: QtBot) -> None:
    register_catalogue(texts.ENTRIES)
    archive = Archive(a_study(1), a_study(2))
    page = next(page for page in make_pages() if page.id == "matching")
    window = Workstation(TITLE, [page], lambda _server: archive.line)
    qtbot.addWidget(window)
    window.show()
    session = archive.line.login("admin", "secret")
    shell = window.sign_in_with(SignedIn(connection=archive.line, session=session))
    widget: Any = shell.go_to("matching")
    qtbot.waitUntil(lambda: len(widget.presenter.state.studies) == 2, timeout=30_000)
    table = widget.list.table
    qtbot.waitUntil(lambda: table.model().rowCount() == 2, timeout=30_000)
    table.setFocus()
    while widget.presenter.state.selected != "1.2.2":  # the focus may or may not stand on the first row already
        assert table.currentIndex().row() < 1
        qtbot.keyClick(table, Qt.Key.Key_Down)
    number = widget.number.rows["number"].editor.focus_target
    number.setFocus()
    qtbot.keyClicks(number, "261122CT0007", delay=40)  # slower than a scanner
    qtbot.keyClick(number, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: widget.presenter.state.may_match, timeout=30_000)
    qtbot.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(widget.presenter.state.studies) == 1, timeout=30_000)
    assert widget.presenter.state.studies[0].study_uid == "1.2.1"
