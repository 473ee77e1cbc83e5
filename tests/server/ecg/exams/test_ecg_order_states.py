"""The hospital system hears what becomes of its orders for ECGs (EX-ECG-13), in the form and order of radiology's."""

from __future__ import annotations

from typing import Any

import hl7
import msgspec
from sqlalchemy import select

from server.interfaces.tables import InterfaceMessage
from server.kernel.dispatch import SYSTEM, collect
from shared.contract import ecg
from shared.contract import ecg_reports as reports
from shared.contract.exams import ItemEntry, PatientEntry, RequesterEntry, SubmitApplication
from shared.contract.interfaces import ExamHappening, InterfaceKind, SaveConnection, StatusForm
from shared.domain.states import Sex
from tests.server.ecg.ecg_world import a_file
from tests.server.ecg.network_world import NetworkWorld

ITEM = ItemEntry(code="ECG001", name="常规十二导联心电图", body_part="心脏", price_fen=2000)


def connection(world: NetworkWorld, name: str, **given: Any) -> int:
    values = {"kind": InterfaceKind.HL7_OUT, "host": "127.0.0.1", "port": 6661, **given}
    handlers = collect(world.areas.interfaces.handlers)
    with world.database.write() as uow:
        handler = handlers[SaveConnection.method]
        view = handler.call(SaveConnection(name=name, **values), SYSTEM, uow)
    return int(view.id)


def ordered(world: NetworkWorld, number: str = "SQ1") -> int:
    """A request of the clinic's system, registered by its nurse."""
    patient = PatientEntry(name="王小明", sex=Sex.FEMALE, card_number=f"C{number}")
    asked = SubmitApplication(
        patient=patient, exam_type="ECG", items=(ITEM,), requester=RequesterEntry(his_number=number, doctor="李医生"),
        campus_id=world.clinic,
    )  # fmt: skip
    with world.database.write() as uow:
        view = world.areas.ecg.house.applications.submit(uow, SYSTEM, asked)
    entry = ecg.EcgEntry(age="45")
    request = ecg.RegisterRequest(application_id=view.id, version=view.version, entry=entry)
    return world.ask(world.nurse, request).exam.row.id


def messages(world: NetworkWorld, connection_id: int) -> list[InterfaceMessage]:
    with world.database.read() as uow:
        found = select(InterfaceMessage).where(InterfaceMessage.connection_id == connection_id)
        return list(uow.session.scalars(found.order_by(InterfaceMessage.id)))


def states(world: NetworkWorld, connection_id: int) -> list[tuple[str, str, str]]:
    """ORC-2, ORC-5 and OBR-25 of every ORM."""
    read = [hl7.parse(one.body.decode()) for one in messages(world, connection_id) if one.message_type == "ORM^O01"]
    return [(str(m.segment("ORC")[2]), str(m.segment("ORC")[5]), str(m.segment("OBR")[25])) for m in read]


def test_every_state_of_an_order_goes_back(network_of_kind: NetworkWorld) -> None:
    world = network_of_kind
    his = connection(world, "HIS", facility="CLINIC")
    other = connection(world, "the county's", facility="COUNTY")
    exam_id = ordered(world)
    world.upload(exam_id)
    world.upload(exam_id, a_file(99))  # a second trace is no news
    page = world.submitted(world.local, exam_id)
    world.ask(world.local, reports.Withdraw(exam_id=exam_id, version=page.version, reason="写错"))
    assert states(world, his) == [
        ("SQ1", "SC", "S"), ("SQ1", "CM", "R"), ("SQ1", "CM", "F"), ("SQ1", "CM", "R"),
    ]  # fmt: skip
    first, second = (hl7.parse(one.body.decode()) for one in messages(world, his)[:2])
    accession = world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).row.accession_number
    assert str(first.segment("ORC")[3][0][0]) == str(first.segment("OBR")[18]) == accession
    assert str(first.segment("OBR")[4][0][0]) == "ECG001" and str(first.segment("PID")[5][0][0]) == "王小明"
    assert not str(first.segment("OBR")[7]) and str(second.segment("OBR")[7])  # begun only once there is a trace
    assert len({one.exam_id for one in messages(world, his)}) == 1  # so that they go out in order
    assert messages(world, other) == []  # another hospital's system


def test_a_cancelled_registration_leaves_the_order_open(network: NetworkWorld) -> None:
    world = network
    his, tasks = connection(world, "HIS"), connection(
        world, "EMR", kind=InterfaceKind.FHIR_OUT, url="http://127.0.0.1:9/fhir", form=StatusForm.TASK
    )  # fmt: skip
    charges = connection(world, "money", form=StatusForm.CHARGES, happenings=(ExamHappening.EXAMINED,))
    exam_id = ordered(world)
    row = world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).row
    world.ask(world.nurse, ecg.CancelEcgExam(exam_id=exam_id, version=row.version, reason="患者拒绝"))
    assert states(world, his) == [("SQ1", "SC", "S"), ("SQ1", "CA", "X")]
    told = [msgspec.json.decode(one.body) for one in messages(world, tasks)]
    assert [one["status"] for one in told] == ["accepted", "cancelled"]
    assert told[0]["focus"]["identifier"]["value"] == "SQ1"
    again = ordered(world)  # it is free again
    assert again != exam_id and messages(world, charges) == []
    world.upload(again)
    [charge] = messages(world, charges)
    assert "|20.00|" in charge.body.decode() and charge.message_type == "DFT^P03"


def test_an_exam_without_an_order_is_nobodys_news(network: NetworkWorld) -> None:
    his = connection(network, "HIS")
    network.acquired()
    assert messages(network, his) == []
