"""Two records of one patient are merged: the ECG exams move with their history, and back when it was a mistake."""

from __future__ import annotations

import pytest

from server.kernel.errors import Refusal
from shared.contract import ecg
from shared.contract.interfaces import InterfaceKind
from shared.contract.patients import LinkPatient, SeparatePatient
from shared.domain.states import Sex
from tests.server.ecg.ecg_world import ADMIN, DOCTOR, REGISTRAR, EcgWorld
from tests.server.ecg.network_world import NetworkWorld


def link(world: EcgWorld, patient_id: int, into_id: int) -> None:
    with world.database.write() as uow:
        version = world.patients.get(uow, patient_id).version
        request = LinkPatient(patient_id=patient_id, version=version, into_id=into_id, reason="同一人")
        world.patients.link(uow, ADMIN, request)


def separate(world: EcgWorld, patient_id: int) -> None:
    with world.database.write() as uow:
        version = world.patients.get(uow, patient_id).version
        world.patients.separate(uow, ADMIN, SeparatePatient(patient_id=patient_id, version=version, reason="误合并"))


def test_exams_move_with_a_merge_and_back(world_of_kind: EcgWorld) -> None:
    world = world_of_kind
    old, kept = world.acquired("王小明"), world.acquired("王晓明")
    stays, goes = kept.row.patient_id, old.row.patient_id
    with world.database.read() as uow:
        patient, _study = world.traces.studies.patient_and_study(uow, old.row.id)
    link(world, goes, stays)

    moved = world.ask(DOCTOR, ecg.GetEcgExam(exam_id=old.row.id))
    assert moved.row.patient_id == stays and moved.row.version > old.row.version
    assert moved.row.patient_name == "王小明" and moved.traces == old.traces  # as it was registered and recorded
    history = world.ask(DOCTOR, ecg.ListHistory(exam_id=kept.row.id))
    assert {one.id for one in history} == {old.row.id, kept.row.id}
    [line] = [one for one in world.ask(DOCTOR, ecg.GetTrail(exam_id=old.row.id)) if one.action == "merge"]
    with world.database.read() as uow:
        numbers = [world.patients.get(uow, one).patient_number for one in (goes, stays)]
        again, _study = world.traces.studies.patient_and_study(uow, old.row.id)
    assert [line.field, line.old, line.new, line.user_name] == ["patient", *numbers, ADMIN.name]
    assert again == patient  # further objects of the study bear the number of the first
    later = world.registered("王晓明", patient_id=goes)  # asked for by the old record: it stands for the new one
    assert later.row.patient_id == stays

    separate(world, goes)
    rows = {one: world.ask(DOCTOR, ecg.GetEcgExam(exam_id=one)).row for one in (old.row.id, kept.row.id, later.row.id)}
    assert [one.patient_id for one in rows.values()] == [goes, stays, stays]
    trail = world.ask(DOCTOR, ecg.GetTrail(exam_id=old.row.id))
    assert [one.action for one in trail][-2:] == ["merge", "separate"]
    assert {one.id for one in world.ask(DOCTOR, ecg.ListHistory(exam_id=old.row.id))} == {old.row.id}


def test_a_refused_merge_moves_nothing(world: EcgWorld) -> None:
    one, two, three = (world.acquired(f"病人{number}").row for number in range(3))
    link(world, one.patient_id, two.patient_id)
    with pytest.raises(Refusal, match="先拆分"):
        link(world, two.patient_id, three.patient_id)
    assert world.ask(REGISTRAR, ecg.GetEcgExam(exam_id=two.id)).row.patient_id == two.patient_id


def test_the_hospital_systems_merge_moves_exams(network: NetworkWorld) -> None:
    from server.interfaces.intake import Arrival
    from tests.server.ecg.exams.test_ecg_order_states import connection

    world = network
    connection(world, "HIS", kind=InterfaceKind.HL7_IN, host="127.0.0.1", port=0)
    made = [
        world.ask(
            world.nurse,
            ecg.RegisterEcg(
                entry=ecg.EcgEntry(patient_name="王小明", sex=Sex.FEMALE, age="60", outpatient_number=card)
            ),
        ).exam.row
        for card in ("C0001", "C0002")
    ]
    assert made[0].patient_id != made[1].patient_id
    adt = (
        "MSH|^~\\&|HIS|X|MINGJING|RIS|20261121082000||ADT^A40|M9|P|2.5.1||||||UNICODE UTF-8\r"
        "EVN|A40|20261121082000\rPID|1||C0002^^^HIS^PI||王^小明||19660101|F\rMRG|C0001^^^HIS^PI\r"
    )
    [answer] = world.areas.interfaces.intake.take(Arrival(adt.encode(), "127.0.0.1"))
    assert b"MSA|AA" in answer
    assert world.ask(world.nurse, ecg.GetEcgExam(exam_id=made[0].id)).row.patient_id == made[1].patient_id
