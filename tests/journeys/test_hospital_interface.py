"""Orders from the hospital system to the clerk, states of exams back to it, through real sockets, outages included."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.kernel import secretfiles
from shared.contract.audit import ListAudit
from shared.contract.exams import ApplicationView, CancelExam, ExamView, FindApplications, RegisterExam
from shared.contract.interfaces import (
    ConnectionView,
    InterfaceKind,
    ListConnections,
    ListMessages,
    MessageState,
    ResendMessage,
    SaveConnection,
    StatusForm,
    TestConnection,
)
from shared.contract.organisation import GetHospital
from shared.rpc.client import RpcClient
from tests.fakes.hospital_system import (
    ORDER_SYSTEM,
    PATIENT_SYSTEM,
    TOKEN,
    MllpListener,
    MllpSender,
    a_fhir_server,
    a_listener,
    an_order,
)
from tests.server_process import ServerProcess, running_server, start_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("hospital")) as server:
        yield server


@pytest.fixture
def client(server: ServerProcess) -> Iterator[RpcClient]:
    client = server.client()
    yield client
    client.close()


def register(client: RpcClient, application: ApplicationView) -> ExamView:
    hospital = client.call(GetHospital())
    room = next(room for room in hospital.rooms if application.exam_type in room.exam_types)
    request = RegisterExam(
        patient=application.patient,
        exam_type=application.exam_type,
        items=application.items,
        campus_id=room.campus_id,
        room_id=room.id,
        clinical=application.clinical,
        requester=application.requester,
        application_id=application.id,
        accept_duplicate=True,
    )
    view: ExamView = client.call(request)
    return view


def until(found: Callable[[], Any], seconds: float = 25.0) -> Any:
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)
    return value


def connect(client: RpcClient, kind: InterfaceKind, name: str, **values: Any) -> ConnectionView:
    saved: ConnectionView = client.call(SaveConnection(name=name, kind=kind, **values))
    return saved


def state_of(message: Any) -> tuple[str, str, str]:
    """Order control, order number and order status of a message, as python-hl7 reads it."""
    (orc, *_) = message.segments("ORC")
    return str(orc[1]), str(orc[2]), str(orc[5])


def test_an_order_comes_is_found_is_registered_and_its_states_go_back(server: ServerProcess, client: RpcClient) -> None:
    connect(client, InterfaceKind.HL7_IN, "HIS in", host="127.0.0.1", facility="东区医院")
    with a_listener() as listener, MllpSender(server.hl7_port) as his:
        listener.stop()  # the other side is down to begin with
        out = connect(client, InterfaceKind.HL7_OUT, "HIS out", host="127.0.0.1", port=listener.port, timeout_s=3)
        answer = his.send(an_order("J1", card="J0001"))
        assert str(answer.segment("MSA")[1]) == "AA"
        (audited,) = client.call(ListAudit(method_prefix="hl7.ORM^O01")).rows
        assert (audited.user, audited.outcome) == ("hospital_system", "ok")
        (application,) = client.call(FindApplications(number="J0001"))
        exam = register(client, application)
        client.call(CancelExam(exam_id=exam.row.id, version=exam.version))

        def waits() -> bool:
            rows = client.call(ListMessages(connection_id=out.id)).rows
            return len(rows) == 2 and any("没有应答" in row.sentence for row in rows)

        until(waits)
        assert "没有应答" in client.call(TestConnection(id=out.id))
        again = MllpListener(listener.port)
        try:
            told = again.wait_for(2)
        finally:
            again.stop()
        assert [state_of(message) for message in told] == [("SC", "J1", "SC"), ("SC", "J1", "CA")]
        sent = until(
            lambda: [
                row
                for row in client.call(ListMessages(connection_id=out.id)).rows
                if row.state is MessageState.SENT and row.ack_code == "AA"
            ][1:]
        )
        assert sent[0].accession_number == exam.row.accession_number
        (view,) = [one for one in client.call(ListConnections()) if one.id == out.id]
        assert (view.waiting, view.failures, view.last_error) == (0, 0, "")


def test_a_query_of_the_clerk_asks_the_hospital_system_and_the_task_goes_back(
    server: ServerProcess, client: RpcClient
) -> None:
    secretfiles.write(server.data / "secrets" / "hospital", TOKEN.encode())
    with a_fhir_server() as fhir:
        patient = fhir.add_patient("F0001", "李小红")
        fhir.add_order("FO1", patient, "CT001", priority="stat")
        systems = {"identifier_system": ORDER_SYSTEM, "patient_system": PATIENT_SYSTEM, "token_file": "hospital"}
        query = connect(client, InterfaceKind.FHIR_QUERY, "FHIR", url=fhir.url, **systems)
        connect(client, InterfaceKind.FHIR_OUT, "Tasks", url=fhir.url, form=StatusForm.TASK, **systems)
        assert client.call(TestConnection(id=query.id)) == ""
        (application,) = client.call(FindApplications(number="F0001"))
        assert application.requester.his_number == "FO1"
        assert application.patient.name == "李小红"
        exam = register(client, application)
        (task,) = fhir.wait_for(1)
        assert task["status"] == "accepted"
        assert task["identifier"][0]["value"] == exam.row.accession_number
        assert task["focus"]["identifier"] == {"system": ORDER_SYSTEM, "value": "FO1"}


def test_what_waits_survives_a_killed_server_and_what_is_refused_can_be_sent_again(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    client = server.client()
    with a_listener() as listener:
        listener.answer = lambda _message: "AR"
        connect(client, InterfaceKind.HL7_IN, "in", host="127.0.0.1")
        out = connect(client, InterfaceKind.HL7_OUT, "out", host="127.0.0.1", port=listener.port)
        with MllpSender(server.hl7_port) as his:
            his.send(an_order("K1", card="K0001"))
        (application,) = client.call(FindApplications(number="K0001"))
        register(client, application)
        client.close()
        server.kill()
        with running_server(tmp_path) as again:
            client = again.client()
            dead = until(
                lambda: client.call(ListMessages(connection_id=out.id, states=(MessageState.DEAD,))).rows, 40.0
            )
            listener.answer = lambda _message: "AA"
            client.call(ResendMessage(message_id=dead[0].id))
            sent = until(lambda: client.call(ListMessages(connection_id=out.id, states=(MessageState.SENT,))).rows)
            client.close()
        assert sent[0].id == dead[0].id
        assert len({str(message.segment("MSH")[10]) for message in listener.messages}) == 1


def test_the_command_line_does_what_the_page_does(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    from mingjing.__main__ import main

    signed = ["--data", str(server.data)]

    def run(*words: str) -> tuple[int, str]:
        status = main(["interface", *words, *signed])
        return status, capsys.readouterr().out

    with a_listener() as listener:
        place = ["--host", "127.0.0.1", "--port", str(listener.port)]
        assert "wards" in run("add", "wards", "hl7_out", *place, "--tell", "examined", "--version", "2.4")[1]
        assert run("test", "wards") == (0, "it answers\n")
    assert run("test", "wards")[0] == 1
    assert "disabled" in run("add", "wards", "hl7_out", *place, "--disabled")[1]
    run("add", "east", "hl7_in", "--host", "127.0.0.1", "--facility", "东区", "--code", "E1=CT001")
    with MllpSender(server.hl7_port) as his:
        order = an_order("E-1", card="E0001", items=(("E2", "?"),)).replace("东区医院", "东区")
        assert str(his.send(order).segment("MSA")[1]) == "AE"
    status, listed = run("messages", "--state", "refused", "--text", "E-1")
    assert status == 0 and "1 of 1" in listed
    number = listed.split()[0]
    assert "OBR|1|E-1||E2" in run("show", number)[1]
    assert run("process", number)[0] == 1
    run("add", "east", "hl7_in", "--host", "127.0.0.1", "--facility", "东区", "--code", "E2=CT001")
    assert run("process", number)[0] == 0
    assert "wards" not in run("remove", "wards")[1]
