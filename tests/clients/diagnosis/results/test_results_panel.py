"""The panel of results: issue by issue, looked at again on notice, sent again by who may; nothing is cut."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.diagnosis.results import texts, words
from clients.diagnosis.results.panel import ResultLine, ResultsPanel
from clients.kit.app import make_application
from clients.kit.connection import FakeConnection
from clients.kit.english import ENTRIES as KIT
from clients.kit.gallery import settle
from clients.kit.messages import CollectedMessages
from clients.kit.review import review
from clients.kit.running import ImmediateRunner
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.base import Changed
from shared.contract.errors import ErrorBody, ErrorCode, Refused
from shared.contract.results import ListReportResults, ResendResult, ResultEvent, ResultKind, ResultState, ResultView

AT = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


def a_result(number: int, **changes: Any) -> ResultView:
    row = ResultView(
        id=number,
        report_id=7,
        accession_number="261122CT0007",
        patient_name="单田芳",
        exam_type="CT",
        issue=1,
        edition=1,
        event=ResultEvent.APPROVED,
        kind=ResultKind.SR,
        target="",
        state=ResultState.DONE,
        made_at=AT,
        finished_at=AT,
        attempts=1,
        sentence="",
        answer="",
        sop_instance_uid="2.25.1",
        document_id=0,
        message_id=0,
    )
    return msgspec.structs.replace(row, **changes)


ROWS = (
    a_result(1),
    a_result(2, kind=ResultKind.CDA),
    a_result(
        3,
        issue=2,
        event=ResultEvent.WITHDRAWN,
        kind=ResultKind.ORU,
        target="住院 HIS",
        state=ResultState.FAILED,
        sentence="对方返回 AR：未知的申请单号，请核对申请单后重新发送",
    ),
    a_result(4, issue=2, event=ResultEvent.WITHDRAWN, state=ResultState.WAITING, finished_at=None),
)


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def catalogue() -> Iterator[None]:
    register_catalogue(texts.ENTRIES)
    yield
    set_language(Language.CHINESE)


class Desk:
    """A place for the panel, with the server's answers in memory."""

    def __init__(self, qtbot: QtBot, *, may: bool = True, rows: tuple[ResultView, ...] = ROWS) -> None:
        self.rows, self.sent = rows, [0][:0]
        self.heard: Any = None
        replies = {ListReportResults: lambda _wish: self.rows, ResendResult: self._resend}
        self.line = FakeConnection(replies=replies)
        place = SimpleNamespace(
            connection=self.line,
            runner=ImmediateRunner(),
            messages=CollectedMessages(),
            on_notice=self._listen,
            may=lambda _permission: may,
        )
        self.panel = ResultsPanel(place, SimpleNamespace())  # type: ignore[arg-type]
        qtbot.addWidget(self.panel)
        self.panel.resize(320, 700)
        self.panel.show()

    def _listen(self, listener: Any) -> None:
        self.heard = listener

    def _resend(self, wish: ResendResult) -> ResultView:
        self.sent.append(wish.result_id)
        return self.rows[0]

    def show(self, report_id: int = 7) -> list[ResultLine]:
        self.panel.show_report(SimpleNamespace(row=SimpleNamespace(id=report_id)))  # type: ignore[arg-type]
        settle(0.02)
        return [line for line in self.panel.findChildren(ResultLine) if line.isVisible()]


def test_results_are_shown_and_looked_at_again(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    assert len(desk.show()) == 4
    assert [len(issue) for issue in desk.panel.presenter.state.issues()] == [2, 2]
    desk.rows = (*ROWS, a_result(5, kind=ResultKind.PDF))
    desk.heard(Changed("result", 5, 0))
    settle(0.02)
    assert len(desk.panel.presenter.state.rows) == 5
    assert desk.show(8) == []  # rows of another report are never shown


def test_only_who_may_sends_again(qtbot: QtBot) -> None:
    line = next(line for line in Desk(qtbot, may=False).show())
    assert not hasattr(line, "again")
    desk = Desk(qtbot)
    desk.show()[0].again.click()
    assert desk.sent == [3]


def test_a_failure_to_read_is_said(qtbot: QtBot) -> None:
    desk = Desk(qtbot)

    def refuse(_wish: ListReportResults) -> Any:
        raise Refused(ErrorBody(code=ErrorCode.NOT_FOUND, message="报告不存在。"))

    desk.line.replies = {**desk.line.replies, ListReportResults: refuse}
    desk.show()
    assert desk.panel.presenter.state.trouble


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("rows", [ROWS, ()])
def test_nothing_is_cut(qtbot: QtBot, language: Language, rows: tuple[ResultView, ...]) -> None:
    set_language(language)
    desk = Desk(qtbot, rows=rows)
    desk.show()
    assert review(desk.panel) == []


def test_every_word_has_its_english() -> None:
    used = [look.text for look in words.LOOKS.values()] + list(words.KINDS.values()) + list(words.EVENTS.values())
    known = set(texts.ENTRIES) | set(KIT)
    assert [word for word in used if not word.isascii() and word not in known] == []
