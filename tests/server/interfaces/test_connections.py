"""Connections as rows: who may call, what is refused, what a change does."""

from __future__ import annotations

from typing import Any

import pytest

from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.interfaces import (
    ExamHappening,
    GetMessage,
    InterfaceKind,
    ListConnections,
    ListMessages,
    ProcessMessageAgain,
    RemoveConnection,
    ResendMessage,
    SaveConnection,
    StatusForm,
    TestConnection,
)
from tests.fakes.hospital_system import a_fhir_server, a_listener, an_order
from tests.interface_house import InterfaceHouse

IN, OUT, QUERY, TASKS = InterfaceKind
BOTH_CHARGED = (ExamHappening.REGISTERED, ExamHappening.EXAMINED)


def test_a_connection_is_kept_changed_and_forgotten(house: InterfaceHouse) -> None:
    made = house.connection(name="住院 HIS", codes={" A ": " CT001 "}, identifiers={"ZY": "inpatient_number"})
    assert (made.version, made.codes, made.identifiers) == (1, {"A": "CT001"}, {"ZY": "inpatient_number"})
    values = {"id": made.id, "name": "HIS", "kind": IN, "host": "10.0.0.0/8"}
    changed = house.call(SaveConnection(version=1, **values))
    assert (changed.version, changed.host) == (2, "10.0.0.0/8")
    with pytest.raises(Refusal) as stale:
        house.call(SaveConnection(version=1, **values))
    assert stale.value.body.code is ErrorCode.CONFLICT
    assert house.call(ListConnections()) == (changed,)
    with pytest.raises(Refusal) as other:
        house.call(SaveConnection(version=2, **(values | {"kind": QUERY, "url": "http://x/fhir"})))
    assert other.value.body.field == "kind"
    house.call(RemoveConnection(id=made.id))
    assert house.call(ListConnections()) == ()


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        (IN, {"name": ""}, "name"),
        (IN, {"host": "his.example"}, "host"),
        (IN, {"host": ""}, "host"),
        (OUT, {"port": 0}, "port"),
        (OUT, {"host": "-rm"}, "host"),
        (OUT, {"form": StatusForm.TASK}, "form"),
        (OUT, {"form": StatusForm.CHARGES, "happenings": BOTH_CHARGED}, "happenings"),
        (OUT, {"form": StatusForm.CHARGES, "happenings": (ExamHappening.CANCELLED,)}, "happenings"),
        (QUERY, {"url": "ftp://x/fhir"}, "url"),
        (QUERY, {"url": "http://user:pw@x/fhir"}, "url"),
        (QUERY, {"url": "http://x/fhir?a=b"}, "url"),
        (QUERY, {"url": "http://x/fhir", "token_file": "../admin-password"}, "token_file"),
        (TASKS, {"url": "http://x/fhir", "form": StatusForm.ORM}, "form"),
        (IN, {"facility": "a|b"}, "facility"),
        (IN, {"hl7_version": "3"}, "hl7_version"),
        (IN, {"character_set": "BIG5"}, "character_set"),
        (IN, {"timeout_s": 0.0}, "timeout_s"),
        (IN, {"codes": {"": "CT001"}}, "codes"),
        (IN, {"codes": {str(n): "x" for n in range(2001)}}, "codes"),
        (IN, {"identifiers": {"X": "name"}}, "identifiers"),
    ],
)
def test_a_wrong_field_is_named(
    small_house: InterfaceHouse, kind: InterfaceKind, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        small_house.connection(kind, **({"port": 1} | changes if kind is OUT else changes))
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, field)


def test_two_connections_cannot_have_one_name(small_house: InterfaceHouse) -> None:
    small_house.connection(name="HIS")
    with pytest.raises(Refusal):
        small_house.connection(name="HIS")


@pytest.mark.parametrize(
    ("host", "address", "may"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("localhost", "::1", True),
        ("localhost", "10.1.1.1", False),
        ("10.0.0.0/8", "10.9.9.9", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("", "99.1.1.1", True),
        ("127.0.0.1", "nonsense", False),
    ],
)
def test_who_may_call_is_told_by_address(small_house: InterfaceHouse, host: str, address: str, may: bool) -> None:
    small_house.connection(host=host, facility="东区医院")
    assert small_house.intake.admits(address, is_tls=False) is may


def test_a_connection_by_tls_is_not_served_in_the_clear(small_house: InterfaceHouse) -> None:
    small_house.connection(tls=True)
    assert not small_house.intake.admits("127.0.0.1", is_tls=False)
    assert small_house.code(an_order()) == "AR"
    assert small_house.code(an_order(), is_tls=True) == "AA"


def test_the_connection_that_names_most_of_the_sender_is_taken(small_house: InterfaceHouse) -> None:
    small_house.connection(name="any", host="127.0.0.0/8")
    small_house.connection(name="east", facility="东区医院", codes={"CT001": "CT005"})
    small_house.code(an_order())
    (entry,) = small_house.journal()
    assert entry.connection_name == "east"


def test_a_connection_can_be_tested(small_house: InterfaceHouse) -> None:
    with a_listener() as listener, a_fhir_server() as fhir:
        out = small_house.connection(OUT, port=listener.port)
        query = small_house.connection(QUERY, url=fhir.url)
        wrong = small_house.connection(TASKS, url=fhir.url.replace("/fhir", "/other"), form=StatusForm.TASK)
        assert small_house.call(TestConnection(id=out.id)) == ""
        assert small_house.call(TestConnection(id=query.id)) == ""
        assert small_house.call(TestConnection(id=wrong.id))
        assert "对方发起" in small_house.call(TestConnection(id=small_house.connection().id))
        tls = small_house.connection(OUT, name="tls", port=listener.port, tls=True)
        assert "no certificates" in small_house.call(TestConnection(id=tls.id))
    assert "没有应答" in small_house.call(TestConnection(id=out.id))


def test_the_journal_is_searched_and_paged(small_house: InterfaceHouse) -> None:
    small_house.connection()
    for number in range(5):
        small_house.code(an_order(f"REQ{number}", control_id=f"M{number}", card=f"C{number}"))
    assert [row.order_number for row in small_house.journal(text="REQ3")] == ["REQ3"]
    assert len(small_house.journal(text="王小明")) == 5
    assert len(small_house.journal(text="ORM^O01")) == 5
    assert small_house.call(ListMessages(text="nothing")).total == 0
    (row,) = small_house.journal(text="M2")
    shown = small_house.call(GetMessage(message_id=row.id))
    assert shown.text.splitlines()[0].startswith("MSH|")
    assert "MSA|AA|M2" in shown.answer


def test_only_fitting_messages_are_processed_or_sent_again(small_house: InterfaceHouse) -> None:
    small_house.connection()
    small_house.code(an_order())
    (row,) = small_house.journal()
    for request in (ProcessMessageAgain(message_id=row.id), ResendMessage(message_id=row.id)):
        with pytest.raises(Refusal) as refused:
            small_house.call(request)
        assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION
    with pytest.raises(Refusal) as missing:
        small_house.call(GetMessage(message_id=999))
    assert missing.value.body.code is ErrorCode.NOT_FOUND
