"""The pages of results: what was given out, sent again, given up with a reason; rules that are added and changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.results import RESULT_RULES, RESULTS
from clients.administration.table.presenter import TablePresenter
from clients.administration.table.spec import TableSpec
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.kit.app import Workstation, make_application
from clients.kit.connection import FakeConnection
from clients.kit.english import ENTRIES as KIT
from clients.kit.gallery import settle
from clients.kit.login import SignedIn
from clients.kit.messages import CollectedMessages
from clients.kit.review import review
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.interfaces import InterfaceKind, ListConnections
from shared.contract.organisation import CampusView, ExamTypeView, GetHospital, HospitalView
from shared.contract.results import (
    GetResultSettings,
    GiveUpResult,
    ListResults,
    ResendResult,
    ResultEvent,
    ResultKind,
    ResultList,
    ResultRule,
    ResultSettingsView,
    ResultState,
    ResultView,
    SaveResultSettings,
)
from shared.domain.permissions import Permission
from tests.clients.administration.fake_interfaces import FakeInterfaces

AT = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


def a_result(number: int, **changes: Any) -> ResultView:
    values: dict[str, Any] = {
        "id": number,
        "report_id": 7,
        "accession_number": "261122CT0007",
        "patient_name": "单田芳",
        "exam_type": "CT",
        "issue": 1,
        "edition": 1,
        "event": ResultEvent.APPROVED,
        "kind": ResultKind.SR,
        "target": "",
        "state": ResultState.DONE,
        "made_at": AT,
        "finished_at": AT,
        "attempts": 1,
        "sentence": "",
        "answer": "",
        "sop_instance_uid": "2.25.40294858330094794614175263263930542899",
        "document_id": 0,
        "message_id": 0,
    }
    return ResultView(**(values | changes))


class FakeResults:
    """A server's results and rules in memory."""

    def __init__(self) -> None:
        self.interfaces = FakeInterfaces()
        sent = {"target": "住院 HIS", "sop_instance_uid": "", "message_id": 41}
        self.rows = {
            one.id: one
            for one in (
                a_result(1),
                a_result(2, kind=ResultKind.CDA, sop_instance_uid="", document_id=3),
                a_result(
                    3,
                    kind=ResultKind.ORU,
                    state=ResultState.FAILED,
                    sentence="对方返回 AR：未知的申请单号",
                    answer="AR",
                    event=ResultEvent.REVISED,
                    **sent,
                ),
                a_result(4, kind=ResultKind.FHIR, state=ResultState.WAITING, finished_at=None, **sent),
            )
        }
        self.settings = ResultSettingsView(version=3, rules=(ResultRule(kind=ResultKind.SR),))

    def replies(self) -> dict[type[Any], Callable[[Any], Any]]:
        return {
            **self.interfaces.replies(),
            ListResults: self._list,
            ResendResult: lambda wish: self._change(wish.result_id, state=ResultState.WAITING, sentence=""),
            GiveUpResult: lambda wish: self._change(wish.result_id, state=ResultState.GIVEN_UP, sentence=wish.reason),
            GetResultSettings: lambda _wish: self.settings,
            SaveResultSettings: self._save,
            GetHospital: lambda _wish: HospitalView(
                version=1,
                name="明镜示范医院",
                name_en="Mingjing Hospital",
                campuses=(CampusView(id=1, code="E", name="东院", name_en="East"),),
                rooms=(),
                devices=(),
                exam_types=(
                    ExamTypeView(code="CT", name="CT", name_en="CT", hp_required=False, slot_minutes=10),
                    ExamTypeView(code="MR", name="磁共振", name_en="MR", hp_required=False, slot_minutes=20),
                ),
                exam_items=(),
            ),
        }

    def _list(self, wish: ListResults) -> ResultList:
        found = [row for row in self.rows.values() if not wish.states or row.state in wish.states]
        return ResultList(total=len(found), rows=tuple(found), counts={"done": 2, "failed": 1, "waiting": 1})

    def _change(self, key: int, **changes: Any) -> ResultView:
        import msgspec

        self.rows[key] = msgspec.structs.replace(self.rows[key], **changes)
        return self.rows[key]

    def _save(self, wish: SaveResultSettings) -> ResultSettingsView:
        assert wish.version == self.settings.version
        self.settings = ResultSettingsView(version=wish.version + 1, rules=wish.rules)
        return self.settings


@pytest.fixture
def server() -> FakeResults:
    return FakeResults()


@pytest.fixture
def line(server: FakeResults) -> FakeConnection:
    return FakeConnection(replies=server.replies(), permissions=tuple(Permission))


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def catalogue() -> Iterator[None]:
    register_catalogue(texts.ENTRIES)
    yield
    set_language(Language.CHINESE)


def a_presenter(line: FakeConnection, spec: TableSpec, row: Any = None) -> TablePresenter:
    messages = CollectedMessages()
    presenter = TablePresenter(spec, line, ImmediateRunner(), messages)
    presenter.refresh()
    if row is not None:
        presenter.select(row)
    assert not messages.errors
    return presenter


def test_a_failed_result_is_sent_again_and_another_given_up_with_a_reason(
    server: FakeResults, line: FakeConnection
) -> None:
    presenter = a_presenter(line, RESULTS, 3)
    presenter.start("resend")
    assert server.rows[3].state is ResultState.WAITING
    presenter = a_presenter(line, RESULTS, 4)
    presenter.start("give_up")
    presenter.confirm("对方系统已停用")
    assert (server.rows[4].state, server.rows[4].sentence) == (ResultState.GIVEN_UP, "对方系统已停用")


def test_rules_are_added_changed_and_removed(server: FakeResults, line: FakeConnection) -> None:
    connections = line.call(ListConnections())
    his = next(one for one in connections if one.kind is InterfaceKind.HL7_OUT)
    presenter = a_presenter(line, RESULT_RULES)
    presenter.start_new()
    values = {
        "kind": "oru",
        "connection": "",
        "exam_types": ("CT",),
        "campuses": ("1",),
        "with_pdf": True,
        "enabled": True,
    }
    presenter.save(values)
    assert "连接" in presenter.state.problem
    presenter.save(values | {"connection": str(his.id)})
    made = server.settings.rules[1]
    assert made == ResultRule(
        kind=ResultKind.ORU, connection_id=his.id, exam_types=("CT",), campus_ids=(1,), with_pdf=True
    )
    presenter.select(1)
    presenter.save({**RESULT_RULES.values(presenter.state.row), "enabled": False})
    assert not server.settings.rules[1].enabled
    presenter.select(1)
    presenter.remove()
    assert [rule.kind for rule in server.settings.rules] == [ResultKind.SR]


def test_every_word_has_its_english(server: FakeResults, line: FakeConnection) -> None:
    import ast
    import re
    from pathlib import Path

    from clients.administration import results

    source = Path(results.__file__).read_text(encoding="utf-8")
    found = {
        one.value
        for one in ast.walk(ast.parse(source))
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and re.search("[一-鿿]", one.value)
    }
    known = set(texts.ENTRIES) | set(KIT)
    assert sorted(found - known - {"、"}) == []


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("is_empty", [False, True])
def test_nothing_is_cut(qtbot: QtBot, server: FakeResults, language: Language, is_empty: bool) -> None:
    UserSettings.for_user("admin").set("language", language.value)
    if is_empty:
        server.rows.clear()
        server.settings = ResultSettingsView(version=1, rules=())
    line = FakeConnection(replies=server.replies(), permissions=tuple(Permission))
    pages = [page for page in make_pages() if page.id == "interfaces"]
    window = Workstation(TITLE, pages, lambda _address: line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(line, line.login("admin", "secret")))
    found: list[str] = []
    for tab in ("results", "result_rules"):
        page = shell.go_to("interfaces")
        assert isinstance(page, TabbedPage)
        table = page.show_tab(tab)
        assert isinstance(table, TablePage)
        presenter = table.presenter
        qtbot.waitUntil(lambda one=presenter: one.state.reply is not None and not one.state.is_loading, timeout=30_000)
        for row in (None, *presenter.state.rows[-2:]):
            if row is not None:
                presenter.select(table.spec.row_id(row))
            qtbot.waitUntil(lambda: not window.runner.busy, timeout=30_000)
            settle(0.02)
            found += [f"{tab}: {finding}" for finding in review(window)]
    window.close()
    assert found == []
