"""Admitting, finding and linking patients, on both databases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.kernel.errors import Refusal
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.patients import (
    FindDuplicates,
    GetPatient,
    LinkPatient,
    PatientView,
    SearchPatients,
    SeparatePatient,
)
from shared.domain.identity_documents import check_character
from shared.domain.states import Sex
from tests.hospital import CHEST, CLERK, Hospital, a_patient

IDENTITY = "11010519491231002X"


def admitted(hospital: Hospital, name: str = "张三", **changes: Any) -> Any:
    with hospital.write() as uow:
        return hospital.patients.admit(uow, CLERK, a_patient(name, **changes))


def found(hospital: Hospital, text: str) -> list[str]:
    return [row.name for row in hospital.call(SearchPatients(text=text)).rows]


def test_a_new_patient_gets_a_number_and_pinyin(hospital: Hospital) -> None:
    first, second = admitted(hospital, "单田芳"), admitted(hospital, "欧阳小明")
    assert (first.patient_number, second.patient_number) == ("P00000001", "P00000002")
    assert (first.pinyin, second.pinyin) == ("Shan^Tianfang", "Ouyang^Xiaoming")
    assert hospital.call(GetPatient(patient_id=first.id)) == first


@pytest.mark.parametrize("text", ["欧阳", "小明", "oyxm", "OuYang", "ouyangxiaom", "C100", "P00000001", " 欧阳小明 "])
def test_patients_are_found_by_name_pinyin_initials_and_numbers(hospital: Hospital, text: str) -> None:
    admitted(hospital, "欧阳小明", card_number="C10086")
    admitted(hospital, "李雷", card_number="D1")
    assert found(hospital, text) == ["欧阳小明"]


def test_signs_of_a_pattern_are_ordinary_characters(hospital: Hospital) -> None:
    admitted(hospital, "李雷")
    assert found(hospital, "%") == []
    assert found(hospital, "李_") == []


def test_the_identity_card_gives_birth_date_and_sex(hospital: Hospital) -> None:
    patient = admitted(hospital, "王芳", id_number=IDENTITY, birth_date=None, sex=Sex.UNKNOWN)
    assert (patient.birth_date, patient.sex) == (date(1949, 12, 31), Sex.FEMALE)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "  "}, "patient.name"),
        ({"name": "张" * 65}, "patient.name"),
        ({"name": "张\x00三"}, "patient.name"),
        ({"id_number": "110105194912310021"}, "patient.id_number"),
        ({"id_number": IDENTITY, "birth_date": date(1950, 1, 1)}, "patient.birth_date"),
        ({"id_number": IDENTITY, "birth_date": None, "sex": Sex.MALE}, "patient.sex"),
        ({"birth_date": date(2027, 1, 1)}, "patient.birth_date"),
        ({"phone": "1" * 33}, "patient.phone"),
    ],
)
def test_wrong_entries_name_their_field(small_hospital: Hospital, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        admitted(small_hospital, **changes)
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, field)
    assert refused.value.body.message.endswith("。")


def test_the_same_number_and_name_are_the_same_patient(hospital: Hospital) -> None:
    first = admitted(hospital, "张三", card_number="C1", phone="138")
    again = admitted(hospital, "张三", card_number="C1", address="人民路 1 号")
    assert (again.id, again.phone, again.address) == (first.id, "138", "人民路 1 号")
    assert again.version == first.version + 1


def test_a_number_of_another_name_is_refused(hospital: Hospital) -> None:
    admitted(hospital, "张三", card_number="C1")
    with pytest.raises(Refusal) as refused:
        admitted(hospital, "李四", card_number="C1")
    assert refused.value.body.field == "patient.card_number"


def test_duplicates_are_found_by_numbers_or_name_with_birth_date(hospital: Hospital) -> None:
    admitted(hospital, "张三", birth_date=date(1980, 1, 1), card_number="C1")
    admitted(hospital, "张三", birth_date=date(1990, 1, 1), card_number="C2")
    by_name = hospital.call(FindDuplicates(name="张三", birth_date=date(1990, 1, 1)))
    assert [row.card_number for row in by_name.rows] == ["C2"]
    by_card = hospital.call(FindDuplicates(card_number="C1"))
    assert [row.birth_date for row in by_card.rows] == [date(1980, 1, 1)]
    assert hospital.call(FindDuplicates(name="张三")).total == 0


def test_pages_count_all_and_stay_within_limits(hospital: Hospital) -> None:
    for number in range(5):
        admitted(hospital, f"赵{number}", card_number=f"K{number}")
    page = hospital.call(SearchPatients(text="赵", page=Page(offset=1, limit=2)))
    assert page.total == 5
    assert [row.name for row in page.rows] == ["赵3", "赵2"]
    assert hospital.call(SearchPatients(text="", page=Page(offset=-5, limit=100000))).total == 5


def linked(hospital: Hospital, patient: PatientView, into: PatientView, reason: str = "同一身份证") -> PatientView:
    request = LinkPatient(patient_id=patient.id, version=patient.version, into_id=into.id, reason=reason)
    view: PatientView = hospital.call(request, CLERK)
    return view


def test_linked_records_are_one_person_and_can_be_separated(hospital: Hospital) -> None:
    first, second = admitted(hospital, "张三", card_number="C1"), admitted(hospital, "张三", card_number="C2")
    now = linked(hospital, second, first)
    assert [row.id for row in hospital.call(SearchPatients(text="张三")).rows] == [first.id]
    with hospital.read() as uow:
        assert set(hospital.patients.linked_ids(uow, second.id)) == {first.id, second.id}
    hospital.call(SeparatePatient(patient_id=second.id, version=now.version, reason="不是同一人"), CLERK)
    assert len(found(hospital, "张三")) == 2


def test_the_history_of_linked_records_is_one(hospital: Hospital) -> None:
    first = hospital.registered("张三", of_patient={"card_number": "C1"})
    second = hospital.registered("张三", of_patient={"card_number": "C2", "birth_date": date(1981, 1, 1)})
    linked(hospital, second.patient, first.patient)
    with hospital.read() as uow:
        assert set(hospital.exams.ids_of_patient(uow, first.patient.id)) == {first.row.id, second.row.id}
    again = hospital.registered("张三", items=(CHEST,), of_patient={"patient_id": second.patient.id})
    assert again.patient.id == first.patient.id


def test_a_link_needs_a_reason_and_two_free_records(small_hospital: Hospital) -> None:
    first, second, third = (admitted(small_hospital, "张三") for _ in range(3))
    for patient, into, reason in ((first, first, "x"), (first, second, " ")):
        with pytest.raises(Refusal) as refused:
            linked(small_hospital, patient, into, reason)
        assert refused.value.body.code is ErrorCode.INVALID
    linked(small_hospital, second, first)
    for patient, into in ((first, third), (third, second)):
        with pytest.raises(Refusal, match="拆分"):
            linked(small_hospital, patient, into)
    with pytest.raises(Refusal) as refused:
        small_hospital.call(SeparatePatient(patient_id=second.id, version=second.version, reason="x"))
    assert refused.value.body.code is ErrorCode.CONFLICT


def test_revising_may_empty_what_admitting_keeps(hospital: Hospital) -> None:
    patient = admitted(hospital, "张三", phone="138", card_number="C1")
    kept = admitted(hospital, "张三", patient_id=patient.id)
    assert kept.phone == "138"
    with hospital.write() as uow:
        revised = hospital.patients.revise(uow, CLERK, patient.id, a_patient("张三丰"))
    assert (revised.name, revised.pinyin, revised.phone, revised.card_number) == ("张三丰", "Zhang^Sanfeng", "", "")


def test_check_characters_agree_with_the_standard() -> None:
    assert check_character("11010519491231002") == "X"
    assert check_character("44052418800101001") == "4"
