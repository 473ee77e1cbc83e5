"""The page of safety questions in the real window: a question is added, changed, removed and brought back."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.safety_questions import QUESTIONS
from clients.administration.table.spec import Unclear
from clients.kit.app import Workstation
from clients.kit.connection import FakeConnection
from clients.kit.login import SignedIn
from clients.kit.translations import register_catalogue
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.organisation import GetHospital
from shared.contract.safety import GetSafetyQuestions, SafetyQuestions, SaveSafetyQuestions
from shared.domain.permissions import Permission
from shared.domain.safety import DEFAULT_QUESTIONS, SafetyValue
from tests.clients.registration.fake_hospital import a_hospital


class Server:
    """Keeps the questions as the server does."""

    def __init__(self) -> None:
        self.kept = SafetyQuestions(version=0, questions=DEFAULT_QUESTIONS)
        self.line = FakeConnection(
            replies={
                GetSafetyQuestions: lambda _query: self.kept,
                SaveSafetyQuestions: self._save,
                GetHospital: lambda _query: a_hospital(),
            },
            permissions=tuple(Permission),
        )

    def _save(self, command: SaveSafetyQuestions) -> SafetyQuestions:
        if command.version != self.kept.version:
            raise error_for(ErrorBody(code=ErrorCode.CONFLICT, message="stale", version=self.kept.version))
        self.kept = SafetyQuestions(version=command.version + 1, questions=command.questions)
        return self.kept

    @property
    def codes(self) -> list[str]:
        return [question.code for question in self.kept.questions]


def open_page(server: Server, qtbot: QtBot) -> Any:
    register_catalogue(texts.ENTRIES)
    window = Workstation(TITLE, make_pages(), lambda _address: server.line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell: Any = window.sign_in_with(SignedIn(server.line, server.line.login("admin", "secret")))
    page = shell.go_to("appointments").show_tab("safety_questions")
    qtbot.waitUntil(lambda: page.list.total == len(DEFAULT_QUESTIONS), timeout=30_000)
    return page


def test_a_question_is_added_in_the_real_window(qtbot: QtBot) -> None:
    server = Server()
    page = open_page(server, qtbot)
    qtbot.mouseClick(page.new_button, Qt.MouseButton.LeftButton)
    for key, words in (("code", "asthma"), ("text", "Xiaochuan"), ("text_en", "Asthma")):
        qtbot.keyClicks(page.form.rows[key].editor.focus_target, words)
    qtbot.mouseClick(page.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: server.kept.version == 1, timeout=30_000)
    assert server.codes == [*(question.code for question in DEFAULT_QUESTIONS), "asthma"]
    added = server.kept.questions[-1]
    assert (added.text_en, added.exam_types, added.alarm_on) == (
        "Asthma",
        (),
        (SafetyValue.YES, SafetyValue.UNKNOWN),
    )


def carried_out(asking: Any, server: Server) -> Any:
    return asking(server.line.call)


def test_every_built_in_question_survives_the_form_unchanged() -> None:
    server = Server()
    assert QUESTIONS.save is not None
    for question in DEFAULT_QUESTIONS:
        assert carried_out(QUESTIONS.save(QUESTIONS.values(question), question), server) == question
    assert server.kept.questions == DEFAULT_QUESTIONS


def test_exam_types_that_the_form_cannot_show_stay() -> None:
    server = Server()
    assert QUESTIONS.save is not None
    pregnancy = DEFAULT_QUESTIONS[0]
    shown = dict(QUESTIONS.values(pregnancy)) | {"exam_types": ("CT", "MG")}
    saved = carried_out(QUESTIONS.save(shown, pregnancy), server)
    assert saved.exam_types[:2] == ("CT", "MG")
    assert "XA" in saved.exam_types and "MR" not in saved.exam_types


def test_a_removed_question_comes_back() -> None:
    server = Server()
    assert QUESTIONS.remove is not None and QUESTIONS.undo_remove is not None
    metal = DEFAULT_QUESTIONS[-1]
    carried_out(QUESTIONS.remove(metal), server)
    assert "metal" not in server.codes
    carried_out(QUESTIONS.undo_remove(metal), server)
    carried_out(QUESTIONS.undo_remove(metal), server)
    assert server.codes.count("metal") == 1


def test_a_code_is_used_once_and_written_plainly() -> None:
    server = Server()
    assert QUESTIONS.save is not None
    values = dict(QUESTIONS.values(DEFAULT_QUESTIONS[0]))
    with pytest.raises(Unclear, match="pregnancy"):
        carried_out(QUESTIONS.save(values, None), server)
    with pytest.raises(Unclear):
        QUESTIONS.save(values | {"code": "Nicht so"}, None)
