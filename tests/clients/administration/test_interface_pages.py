"""Connections and the journal of messages: what is typed becomes settings, what is refused is seen and done again."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.administration import interfaces, texts
from clients.administration.interfaces import FHIR, HL7_INCOMING, HL7_OUTGOING, MESSAGES
from clients.administration.table.presenter import TablePresenter
from clients.administration.table.spec import TableSpec, Unclear
from clients.kit.connection import FakeConnection
from clients.kit.english import ENTRIES as KIT
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.interfaces import (
    Direction,
    ExamHappening,
    InterfaceKind,
    ListMessages,
    MessageState,
    ProcessMessageAgain,
    ResendMessage,
    SaveConnection,
    StatusForm,
)
from shared.domain.permissions import Permission
from tests.clients.administration.fake_interfaces import FakeInterfaces


@pytest.fixture
def server() -> FakeInterfaces:
    return FakeInterfaces()


@pytest.fixture
def line(server: FakeInterfaces) -> FakeConnection:
    return FakeConnection(replies=server.replies(), permissions=tuple(Permission))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    register_catalogue(texts.ENTRIES)
    yield
    set_language(Language.CHINESE)


def a_presenter(line: FakeConnection, spec: TableSpec, row: Any = None) -> tuple[TablePresenter, CollectedMessages]:
    messages = CollectedMessages()
    presenter = TablePresenter(spec, line, ImmediateRunner(), messages)
    presenter.refresh()
    if row is not None:
        presenter.select(row)
    assert not messages.errors
    return presenter, messages


def typed(spec: TableSpec, **changes: Any) -> dict[str, Any]:
    """The values of an empty form, with changes."""
    return {field.key: field.empty for section in spec.form for field in section.fields} | changes


def sent(line: FakeConnection, kind: type[Any]) -> list[Any]:
    return [call for call in line.calls if type(call) is kind]


def test_each_tab_shows_its_own_connections(line: FakeConnection) -> None:
    kinds = {
        spec.id: {row.kind for row in a_presenter(line, spec)[0].state.rows}
        for spec in (HL7_INCOMING, HL7_OUTGOING, FHIR)
    }
    assert kinds == {
        "hl7_incoming": {InterfaceKind.HL7_IN},
        "hl7_outgoing": {InterfaceKind.HL7_OUT},
        "fhir": {InterfaceKind.FHIR_QUERY, InterfaceKind.FHIR_OUT},
    }


def test_what_is_typed_becomes_a_connection() -> None:
    assert HL7_INCOMING.save is not None and HL7_OUTGOING.save is not None and FHIR.save is not None
    values = typed(
        HL7_INCOMING, name="HIS", host="10.1.1.1", codes="A1 = CT001\n\nB=DR", identifiers="ZY=inpatient_number"
    )
    assert HL7_INCOMING.save(values, None) == SaveConnection(
        name="HIS",
        kind=InterfaceKind.HL7_IN,
        host="10.1.1.1",
        codes={"A1": "CT001", "B": "DR"},
        identifiers={"ZY": "inpatient_number"},
    )
    values = typed(
        HL7_OUTGOING, name="out", host="his", port=6661.0, happenings=("examined",), form="omg", timeout_s=None
    )
    assert HL7_OUTGOING.save(values, None) == SaveConnection(
        name="out",
        kind=InterfaceKind.HL7_OUT,
        host="his",
        port=6661,
        form=StatusForm.OMG,
        happenings=(ExamHappening.EXAMINED,),
    )
    values = typed(FHIR, name="f", url="https://his/fhir", kind="fhir_out", form="service_request")
    saved = FHIR.save(values, None)
    assert isinstance(saved, SaveConnection)
    assert (saved.kind, saved.form, saved.url) == (
        InterfaceKind.FHIR_OUT,
        StatusForm.SERVICE_REQUEST,
        "https://his/fhir",
    )


@pytest.mark.parametrize("spec", [HL7_INCOMING, HL7_OUTGOING, FHIR], ids=lambda spec: spec.id)
def test_saving_an_untouched_form_changes_nothing(server: FakeInterfaces, spec: TableSpec) -> None:
    for row in spec.rows(tuple(server.connections.values())):
        assert spec.save is not None
        request = spec.save(spec.values(row), row)
        assert isinstance(request, SaveConnection)
        assert {name: getattr(request, name) for name in interfaces._KEPT} == {
            name: getattr(row, name) for name in interfaces._KEPT
        }
        assert (request.id, request.version, request.kind) == (row.id, row.version, row.kind)


def test_a_line_without_its_sign_is_named() -> None:
    assert HL7_INCOMING.save is not None
    with pytest.raises(Unclear, match="第 2 行"):
        HL7_INCOMING.save(typed(HL7_INCOMING, name="x", codes="A=B\nwrong"), None)


def test_a_connection_is_tested_in_words(server: FakeInterfaces, line: FakeConnection) -> None:
    presenter, messages = a_presenter(line, HL7_OUTGOING, 2)
    presenter.start("test")
    assert presenter.state.news == "对方有应答。" or messages.said[-1].text == "对方有应答。"


def test_the_journal_is_filtered_by_what_needs_attention(line: FakeConnection) -> None:
    load = MESSAGES.load({"direction": "in", "state": "trouble", "text": "REQ2"})
    assert isinstance(load, ListMessages)
    assert (load.direction, load.states, load.text) == (
        Direction.IN,
        (MessageState.REFUSED, MessageState.DEAD),
        "REQ2",
    )
    assert MESSAGES.load({"direction": "", "state": "", "text": ""}).states == ()  # type: ignore[union-attr]


def test_a_refused_message_is_shown_with_its_segments_and_processed_again(
    server: FakeInterfaces, line: FakeConnection
) -> None:
    row = next(one for one in server.messages.values() if one.state is MessageState.REFUSED)
    presenter, _ = a_presenter(line, MESSAGES, row.id)
    state = presenter.state
    parts = MESSAGES.parts(row, state.fetched)
    assert [part.title for part in parts] == ["消息内容", "应答内容"]
    assert [name for name, _ in parts[0].lines] == ["MSH", "PID", "ORC", "OBR"]
    allowed = {action.id for action in MESSAGES.actions if action.allowed(row)}
    assert allowed == {"process"}
    presenter.start("process")
    assert sent(line, ProcessMessageAgain) == [ProcessMessageAgain(message_id=row.id)]
    assert server.messages[row.id].state is MessageState.ACCEPTED


def test_a_dead_message_is_sent_again_and_a_waiting_one_given_up(server: FakeInterfaces, line: FakeConnection) -> None:
    dead = next(one for one in server.messages.values() if one.state is MessageState.DEAD)
    presenter, _ = a_presenter(line, MESSAGES, dead.id)
    presenter.start("resend")
    assert sent(line, ResendMessage) == [ResendMessage(message_id=dead.id)]
    waiting = next(one for one in server.messages.values() if one.state is MessageState.WAITING)
    assert {action.id for action in MESSAGES.actions if action.allowed(waiting)} == {"resend", "give_up"}


def test_a_long_message_is_cut_with_a_word(server: FakeInterfaces) -> None:
    shown = interfaces._segments("MSH|^~\\&|\n" + "NTE|1||" + "x" * 2000 + "\n" + "OBX|1\n" * 100)
    assert len(shown) == 61
    assert len(shown[1][1]) == 400
    assert shown[-1][1] == "另有 42 段未显示"
    assert interfaces._segments('{"a": 1}') == (("JSON", '{"a": 1}'),)
    assert interfaces._segments("") == ()


def test_every_text_has_its_english() -> None:
    tree = ast.parse(Path(interfaces.__file__).read_text(encoding="utf-8"))
    docstrings = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
    }
    chinese = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search("[\u4e00-\u9fff]", node.value)
        and node.value not in docstrings
    }
    assert chinese - set(texts.ENTRIES) - set(KIT) == set()
