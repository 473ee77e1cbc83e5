"""Requests of the hospital systems: a registrar finds those of the own side only (ECG-LOGIN-06)."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from server.kernel.dispatch import SYSTEM
from server.kernel.errors import Refusal
from shared.contract import ecg
from shared.contract.errors import ErrorCode
from shared.contract.exams import PatientEntry, SubmitApplication
from tests.server.ecg.ecg_world import ADMIN, REGISTRAR, EcgWorld, caller


def test_a_registrar_finds_the_requests_of_the_own_side(world_of_kind: EcgWorld) -> None:
    world = world_of_kind
    clinic = world.second_campus()
    here = caller(20, "本部登记员", "ecg_registrar", campus_ids=(world.campus_id,))
    there = caller(21, "乡镇登记员", "ecg_registrar", campus_ids=(clinic,))
    both = caller(22, "巡回登记员", "ecg_registrar", campus_ids=(world.campus_id, clinic))
    world.order("MAIN1", name="甲", campus_id=world.campus_id)
    ours = world.order("CLINIC1", name="乙", campus_id=clinic, birth_date=date(1980, 5, 1))
    world.order("OPEN1", name="丙")  # names no campus: the first one's

    def numbers(who: object) -> list[str]:
        found = world.ask(who, ecg.SearchRequests())  # type: ignore[arg-type]
        assert found.total == len(found.rows)
        return [one.entry.request_number for one in found.rows]

    assert numbers(here) == ["OPEN1", "MAIN1"]
    assert numbers(there) == ["CLINIC1"]
    assert numbers(both) == numbers(REGISTRAR) == ["OPEN1", "CLINIC1", "MAIN1"]

    [row] = world.ask(there, ecg.FindRequest(request_number="CLINIC1"))
    assert (row.campus_name, row.entry.campus_id) == ("乡镇卫生院", clinic)
    for who, number in ((there, "MAIN1"), (there, "OPEN1"), (here, "CLINIC1")):
        with pytest.raises(Refusal, match="没有查到"):
            world.ask(who, ecg.FindRequest(request_number=number))
    with pytest.raises(Refusal) as refused:
        world.ask(here, ecg.RegisterRequest(application_id=ours.id, version=ours.version, entry=row.entry))
    assert refused.value.body.code is ErrorCode.NOT_FOUND
    typed = msgspec.structs.replace(row.entry, campus_id=world.campus_id)
    exam = world.ask(both, ecg.RegisterRequest(application_id=ours.id, version=ours.version, entry=typed)).exam
    assert exam.row.campus_id == clinic  # whoever registers: it is the request's hospital that carries it out


def test_two_hospitals_with_the_same_order_number_do_not_overwrite_each_other(world: EcgWorld) -> None:
    clinic = world.second_campus()
    world.order("1001", name="甲", campus_id=world.campus_id)
    world.order("1001", name="甲甲", campus_id=world.campus_id)  # the own system may change it
    with world.database.write() as uow, pytest.raises(Refusal, match="另一家医院") as refused:
        [kept] = world.applications.find(uow, "1001")
        request = SubmitApplication(
            patient=PatientEntry(name="乙"), exam_type="ECG", items=kept.items, requester=kept.requester,
            campus_id=clinic,
        )  # fmt: skip
        world.applications.submit(uow, SYSTEM, request, "PATIENT-OF-THE-CLINIC")
    assert refused.value.body.code is ErrorCode.DUPLICATE
    assert world.ask(REGISTRAR, ecg.FindRequest(request_number="1001"))[0].entry.patient_name == "甲甲"


def test_a_request_for_a_campus_that_is_not_there_is_refused(world: EcgWorld) -> None:
    assert world.ask(ADMIN, ecg.ListEcgExams()).total == 0
    with pytest.raises(Refusal, match="院区") as refused:
        world.order("X1", campus_id=4711)
    assert refused.value.body.field == "campus_id"
