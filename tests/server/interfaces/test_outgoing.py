"""What hospital systems are told of exams: the messages, their order, outages, refusals."""

from __future__ import annotations

import contextlib
import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from server.interfaces import outgoing, rules
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.exams import CancelExam, ExamView, RequesterEntry
from shared.contract.interfaces import (
    ExamHappening,
    GetMessage,
    GiveUpMessage,
    InterfaceKind,
    ListConnections,
    MessageState,
    RemoveConnection,
    ResendMessage,
    SaveConnection,
    StatusForm,
)
from shared.domain.states import ReportState
from tests.fakes.hospital_system import ORDER_SYSTEM, MllpListener, a_fhir_server, a_listener, validated
from tests.hospital import CLERK, HEAD
from tests.interface_house import InterfaceHouse


def an_exam(house: InterfaceHouse, number: str = "REQ1", name: str = "张三") -> ExamView:
    exam: ExamView = house.hospital.registered(
        name, requester=RequesterEntry(his_number=number, doctor="李医生"), accept_duplicate=True
    )
    return exam


def cancel(house: InterfaceHouse, exam: ExamView) -> None:
    house.call(CancelExam(exam_id=exam.row.id, version=exam.version), CLERK)


def walk(house: InterfaceHouse, exam: ExamView) -> None:
    """Lead an exam to its approved report, and back."""
    exams = house.hospital.exams
    with house.database.write() as uow:
        exams.begin(uow, CLERK, exam.row.id)
    with house.database.write() as uow:
        exams.finish(uow, CLERK, exam.row.id)
    for state in (ReportState.WRITING, ReportState.APPROVED, ReportState.PRINTED, ReportState.WRITING):
        with house.database.write() as uow:
            exams.report_moved(uow, exam.row.id, 1, state)


def orders(listener: MllpListener) -> list[tuple[str, str, str]]:
    """Order number, ORC-5 and OBR-25 of each message."""
    return [(str(m.segment("ORC")[2]), str(m.segment("ORC")[5]), str(m.segment("OBR")[25])) for m in listener.messages]


def test_each_step_of_an_exam_is_told_in_order(house: InterfaceHouse) -> None:
    with a_listener() as listener:
        house.connection(InterfaceKind.HL7_OUT, port=listener.port)
        exam = an_exam(house)
        walk(house, exam)
        house.work()
        assert orders(listener) == [
            ("REQ1", "SC", "S"),
            ("REQ1", "IP", "I"),
            ("REQ1", "CM", "R"),
            ("REQ1", "CM", "F"),
            ("REQ1", "CM", "R"),
        ]
        assert {row.state for row in house.journal()} == {MessageState.SENT}
        first = listener.messages[0]
        assert str(first.segment("MSH")[9]) == "ORM^O01^ORM_O01"
        assert str(first.segment("PID")[5]).startswith("张三")
        assert str(first.segment("OBR")[18]) == exam.row.accession_number
        assert str(first.segment("OBR")[4]) == f"{HEAD.code}^{HEAD.name}^L"


@pytest.mark.parametrize("form", [StatusForm.ORM, StatusForm.OMG, StatusForm.CHARGES])
@pytest.mark.parametrize("version", ["2.4", "2.5.1", "2.6"])
def test_hl7apy_finds_nothing_wrong_with_what_we_send(
    small_house: InterfaceHouse, form: StatusForm, version: str, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from hl7apy.consts import VALIDATION_LEVEL
        from hl7apy.exceptions import ValidationError
        from hl7apy.parser import parse_message

    with a_listener() as listener:
        both = (ExamHappening.REGISTERED, ExamHappening.CANCELLED)
        small_house.connection(
            InterfaceKind.HL7_OUT, port=listener.port, form=form, hl7_version=version, happenings=both
        )
        cancel(small_house, an_exam(small_house))
        small_house.work()
        assert len(listener.raw) == 2
        for raw in listener.raw:
            message = parse_message(raw.decode(), validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=True)
            report = tmp_path / "report"
            with contextlib.suppress(ValidationError):  # the report holds all of them
                message.validate(report_file=str(report))
            errors = [line for line in report.read_text().splitlines() if line.startswith("Error")]
            # hl7apy takes the alternatives of a choice (OBR, RQD, RXO …) for required children
            assert [line for line in errors if not re.search("child ORM_O01_(CHOICE|OBRRQD)", line)] == []
            kinds = {StatusForm.ORM: "ORM^O01", StatusForm.OMG: "OMG^O19", StatusForm.CHARGES: "DFT^P03"}
            assert message.msh.msh_9.value.startswith(kinds[form])


def test_items_are_charged_once_and_credited_when_the_registration_is_cancelled(house: InterfaceHouse) -> None:
    with a_listener() as listener, a_listener() as later:
        both = (ExamHappening.REGISTERED, ExamHappening.CANCELLED)
        house.connection(InterfaceKind.HL7_OUT, port=listener.port, form=StatusForm.CHARGES, happenings=both)
        house.connection(InterfaceKind.HL7_OUT, port=later.port, form=StatusForm.CHARGES)
        exam = an_exam(house)
        cancel(house, exam)
        walk(house, an_exam(house, "REQ2"))
        house.work()
        told = [(str(m.segment("FT1")[6]), str(m.segment("FT1")[11])) for m in listener.messages]
        assert told == [("CG", "240.00"), ("CD", "240.00"), ("CG", "240.00")]
        (charge,) = later.messages
        assert str(charge.segment("MSH")[9]) == "DFT^P03^DFT_P03"
        assert str(charge.segment("FT1")[7]) == f"{HEAD.code}^{HEAD.name}^L"


def test_what_waits_is_dead_where_new_settings_cannot_write_it(small_house: InterfaceHouse) -> None:
    with a_listener() as listener:
        view = small_house.connection(InterfaceKind.HL7_OUT, port=listener.port)
        exam = an_exam(small_house)
        with small_house.database.write() as uow:
            small_house.hospital.exams.begin(uow, CLERK, exam.row.id)
        values = {"id": view.id, "version": view.version, "name": view.name, "kind": view.kind, "port": view.port}
        small_house.call(SaveConnection(**values, host="127.0.0.1", form=StatusForm.CHARGES))
        small_house.work()
        assert [row.state for row in small_house.journal()] == [MessageState.SENT, MessageState.DEAD]


def test_chinese_goes_in_the_set_of_the_connection(small_house: InterfaceHouse) -> None:
    with a_listener(codec="gbk") as listener:
        small_house.connection(InterfaceKind.HL7_OUT, port=listener.port, character_set="GBK")
        an_exam(small_house)
        small_house.work()
        (message,) = listener.messages
        assert str(message.segment("PID")[5]).startswith("张三")
        assert str(message.segment("MSH")[18]) == "GBK"
        (row,) = small_house.journal()
        assert "张三" in small_house.call(GetMessage(message_id=row.id)).text


def test_exams_without_an_order_and_unwanted_steps_are_not_told(small_house: InterfaceHouse) -> None:
    small_house.connection(InterfaceKind.HL7_OUT, port=9, happenings=(ExamHappening.CANCELLED,))
    small_house.connection(InterfaceKind.HL7_OUT, port=10, enabled=False)
    an_exam(small_house, number="")
    exam = an_exam(small_house)
    assert small_house.journal() == ()
    cancel(small_house, exam)
    assert len(small_house.journal()) == 1


def test_a_failed_registration_tells_nothing(small_house: InterfaceHouse) -> None:
    small_house.connection(InterfaceKind.HL7_OUT, port=9)
    with pytest.raises(Refusal):
        small_house.hospital.registered("张三", room_id=0, requester=RequesterEntry(his_number="R"))
    assert small_house.journal() == ()


def test_nothing_is_lost_while_the_other_side_is_away(house: InterfaceHouse) -> None:
    with a_listener() as listener:
        port = listener.port
    out = house.connection(InterfaceKind.HL7_OUT, port=port)
    exam = an_exam(house)
    house.work()
    cancel(house, exam)
    (view,) = house.call(ListConnections())
    assert (view.waiting, view.failures) == (2, 1)
    assert view.down_since is not None and view.next_try is not None and view.last_error
    house.pause_is_over()
    house.work()
    (view,) = house.call(ListConnections())
    assert view.failures == 2
    with a_listener(port) as listener:
        house.pause_is_over()
        house.work()
        assert [status for _, status, _ in orders(listener)] == ["SC", "CA"]
    (view,) = house.call(ListConnections())
    assert (view.waiting, view.failures, view.down_since, view.last_error) == (0, 0, None, "")
    assert out.id == view.id


def test_a_message_without_answer_is_sent_again_with_its_control_id(house: InterfaceHouse) -> None:
    with a_listener() as listener:
        house.connection(InterfaceKind.HL7_OUT, port=listener.port, timeout_s=0.5)
        listener.answer = lambda _message: None
        an_exam(house)
        house.work()
        listener.answer = lambda _message: "AA"
        house.pause_is_over()
        house.work()
        first, second = (str(message.segment("MSH")[10]) for message in listener.messages)
        assert first == second
    (row,) = house.journal()
    assert row.state is MessageState.SENT


def test_an_error_is_tried_again_and_holds_up_only_its_own_exam(house: InterfaceHouse) -> None:
    with a_listener() as listener:
        house.connection(InterfaceKind.HL7_OUT, port=listener.port)
        listener.answer = lambda message: "AE" if str(message.segment("ORC")[2]) == "REQ1" else "AA"
        first, second = an_exam(house, "REQ1", "张三"), an_exam(house, "REQ2", "李四")
        cancel(house, first)
        cancel(house, second)
        house.work()
        assert [(number, status) for number, status, _ in orders(listener)] == [
            ("REQ1", "SC"),
            ("REQ2", "SC"),
            ("REQ2", "CA"),
        ]
        for _ in range(rules.MAX_ERRORS):
            house.pause_is_over()
            house.work()
        states = {(row.order_number, row.attempts): row.state for row in house.journal()}
        assert states[("REQ1", rules.MAX_ERRORS)] is MessageState.DEAD
        listener.answer = lambda _message: "AA"
        house.pause_is_over()
        house.work()
        assert orders(listener)[-1][:2] == ("REQ1", "CA")


def test_what_the_other_side_rejects_is_dead_until_a_person_sends_it_again(house: InterfaceHouse) -> None:
    with a_listener() as listener:
        house.connection(InterfaceKind.HL7_OUT, port=listener.port)
        listener.answer = lambda _message: "AR"
        an_exam(house)
        house.work()
        (row,) = house.journal()
        assert (row.state, row.ack_code, row.attempts) == (MessageState.DEAD, "AR", 1)
        assert "AR" in row.sentence
        listener.answer = lambda _message: "AA"
        assert house.call(ResendMessage(message_id=row.id)).state is MessageState.WAITING
        house.work()
        assert house.journal()[0].state is MessageState.SENT
        with pytest.raises(Refusal) as refused:
            house.call(GiveUpMessage(message_id=row.id))
        assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION


def test_a_waiting_message_can_be_given_up(small_house: InterfaceHouse) -> None:
    small_house.connection(InterfaceKind.HL7_OUT, port=9)
    an_exam(small_house)
    (row,) = small_house.journal()
    assert small_house.call(GiveUpMessage(message_id=row.id)).state is MessageState.CANCELLED
    assert small_house.work() == 1
    assert small_house.journal()[0].attempts == 0


@pytest.mark.parametrize("answer", [b"garbage", b"MSH|^~\\&|A\rMSA|AA|other\r", b"MSH|^~\\&|A\r"])
def test_an_answer_that_is_none_counts_as_no_answer(small_house: InterfaceHouse, answer: bytes) -> None:
    class Strange(MllpListener):
        def _take(self, sock: Any, data: bytes) -> None:
            sock.sendall(b"\x0b" + answer + b"\x1c\r")

    listener = Strange()
    try:
        small_house.connection(InterfaceKind.HL7_OUT, port=listener.port)
        an_exam(small_house)
        small_house.work()
    finally:
        listener.stop()
    (row,) = small_house.journal()
    assert row.state is MessageState.WAITING and row.sentence


def test_only_one_job_sends_for_a_connection(house: InterfaceHouse) -> None:
    view = house.connection(InterfaceKind.HL7_OUT, port=9)
    an_exam(house)
    job = house.runner._take([outgoing.SEND_JOB])
    assert job is not None
    with house.database.write() as uow:
        assert outgoing.take_lease(uow, view.id, job[0]) is not None
        assert outgoing.take_lease(uow, view.id, job[0] + 1000) is None
    house.runner._finish(job[0], "failed", "")  # type: ignore[arg-type]
    with house.database.write() as uow:
        assert outgoing.take_lease(uow, view.id, job[0] + 1000) is not None


def test_a_finished_message_of_another_area_keeps_its_place(small_house: InterfaceHouse) -> None:
    with a_listener() as listener:
        out = small_house.connection(InterfaceKind.HL7_OUT, port=listener.port)
        exam = an_exam(small_house)
        with small_house.database.write() as uow:
            row = small_house.connections.get(uow, out.id)
            message_id = small_house.outgoing.put(
                uow,
                row,
                exam_id=exam.row.id,
                message_type="ORU^R01",
                write=lambda control: f"MSH|^~\\&|A|B|C|D|2026||ORU^R01|{control}|P|2.5\rPID|1\r".encode(),
                character_set="utf-8",
            )
        small_house.work()
        assert [str(message.segment("MSH")[9]) for message in listener.messages][-1] == "ORU^R01"
        assert small_house.journal()[-1].control_id == f"MJ{message_id}"


def test_a_removed_connection_takes_its_queue_along(small_house: InterfaceHouse) -> None:
    view = small_house.connection(InterfaceKind.HL7_OUT, port=9)
    an_exam(small_house)
    small_house.call(RemoveConnection(id=view.id))
    small_house.work()
    assert small_house.journal() == ()


# ── FHIR ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_task_follows_the_exam(house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        house.connection(
            InterfaceKind.FHIR_OUT, url=fhir.url, form=StatusForm.TASK, identifier_system=ORDER_SYSTEM, port=0
        )
        walk(house, an_exam(house))
        house.work()
        assert [task["status"] for task in fhir.history] == [
            "accepted",
            "in-progress",
            "in-progress",
            "completed",
            "in-progress",
        ]
        assert len(fhir.store["Task"]) == 1
        (task,) = fhir.store["Task"].values()
        validated(task)
        assert task["focus"]["identifier"] == {"system": ORDER_SYSTEM, "value": "REQ1"}
        assert {row.state for row in house.journal()} == {MessageState.SENT}


def test_the_order_itself_gets_its_status(small_house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        order = fhir.add_order("REQ1", fhir.add_patient("C1", "张三"), "CT001")
        small_house.connection(
            InterfaceKind.FHIR_OUT,
            url=fhir.url,
            form=StatusForm.SERVICE_REQUEST,
            identifier_system=ORDER_SYSTEM,
            happenings=(ExamHappening.REGISTERED, ExamHappening.REPORT_APPROVED),
        )
        walk(small_house, an_exam(small_house))
        small_house.work()
        assert fhir.store["ServiceRequest"][order["id"]]["status"] == "completed"
        assert [one["status"] for one in fhir.history] == ["completed"], "what it has already is not written"
        an_exam(small_house, "UNKNOWN")
        small_house.work()
        assert small_house.journal()[-1].state is MessageState.DEAD


def test_a_fhir_server_that_fails_is_tried_again_and_one_that_refuses_is_not(small_house: InterfaceHouse) -> None:
    with a_fhir_server() as fhir:
        small_house.connection(InterfaceKind.FHIR_OUT, url=fhir.url, form=StatusForm.TASK)
        for status, state in ((503, MessageState.WAITING), (500, MessageState.WAITING), (0, MessageState.SENT)):
            fhir.status = status
            an_exam(small_house, f"REQ{status}")
            small_house.pause_is_over()
            small_house.work()
            assert {row.state for row in small_house.journal()} == {state}, status
        fhir.status = 422
        an_exam(small_house, "REQ422")
        small_house.work()
        assert small_house.journal()[-1].state is MessageState.DEAD


def test_new_settings_are_tried_at_once(small_house: InterfaceHouse) -> None:
    with a_listener() as listener:
        view = small_house.connection(InterfaceKind.HL7_OUT, port=9)
        an_exam(small_house)
        small_house.work()
        values = {"id": view.id, "version": view.version, "name": view.name, "kind": view.kind}
        small_house.call(SaveConnection(**values, host="127.0.0.1", port=listener.port))
        small_house.work()
        assert len(listener.messages) == 1
