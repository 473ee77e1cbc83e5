"""The same person twice: what is found while typing, in which order, with which reasons."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from server.patients.likeness import Traits, differences, digits_of, likenesses, same_id_number, score_of
from shared.contract.patients import (
    FindSimilar,
    GetRecords,
    Likeness,
    LinkPatient,
    ListLikePairs,
    ListLinks,
    SeparatePatient,
)
from shared.domain.states import Sex
from tests.hospital import CLERK, Hospital, a_patient

BORN = date(1949, 12, 31)
IDENTITY = "11010519491231002X"


def admitted(hospital: Hospital, name: str, **changes: Any) -> Any:
    with hospital.write() as uow:
        return hospital.patients.admit(uow, CLERK, a_patient(name, **changes))


def test_each_reason_finds_and_the_strongest_comes_first(hospital: Hospital) -> None:
    person = {"birth_date": BORN, "sex": Sex.FEMALE}
    card = admitted(hospital, "刘洋", birth_date=date(2000, 1, 1), sex=Sex.MALE, card_number="C1")
    named = admitted(hospital, "曾敏", phone="13800138000", **person)
    sound = admitted(hospital, "曾闽", **person)
    identity = admitted(hospital, "曾小敏", id_number=IDENTITY, **person)
    admitted(hospital, "曾敏", birth_date=date(1999, 1, 1), sex=Sex.FEMALE)
    found = hospital.call(
        FindSimilar(
            name="曾敏", sex=Sex.FEMALE, birth_date=BORN, id_number=IDENTITY, card_number="C1", phone="138-0013-8000"
        )
    )
    assert [similar.patient.id for similar in found] == [identity.id, named.id, sound.id, card.id]
    assert found[0].likenesses == (Likeness.ID_NUMBER,)
    assert found[1].likenesses == (Likeness.NAME_AND_BIRTH, Likeness.NAME_AND_PHONE)
    assert found[2].likenesses == (Likeness.PINYIN_AND_BIRTH,)
    assert found[3].differs == ("name", "sex", "birth_date")
    assert [similar.score for similar in found] == sorted((similar.score for similar in found), reverse=True)


def test_a_phone_alone_is_no_reason(hospital: Hospital) -> None:
    admitted(hospital, "张三", phone="13800138000")
    assert hospital.call(FindSimilar(name="李四", phone="13800138000")) == ()
    (found,) = hospital.call(FindSimilar(name="章叁", phone="+8613800138000"))
    assert found.likenesses == (Likeness.PHONE_AND_PINYIN,)


def test_the_old_number_of_15_digits_finds_the_new_card(hospital: Hospital) -> None:
    new = admitted(hospital, "曾敏", id_number=IDENTITY, birth_date=BORN, sex=Sex.FEMALE)
    (found,) = hospital.call(FindSimilar(id_number="110105491231002"))
    assert found.patient.id == new.id


def test_nothing_typed_and_the_record_itself_find_nothing(hospital: Hospital) -> None:
    one = admitted(hospital, "张三", card_number="C1")
    assert hospital.call(FindSimilar()) == ()
    assert hospital.call(FindSimilar(card_number="C1", except_id=one.id)) == ()


def test_pairs_are_suggested_until_they_are_merged_and_the_trace_tells_it(hospital: Hospital) -> None:
    one, two = (admitted(hospital, "张三", card_number=card) for card in ("C1", "C2"))
    admitted(hospital, "李四")
    (pair,) = hospital.call(ListLikePairs())
    assert (pair.first.id, pair.second.id, pair.likenesses) == (one.id, two.id, (Likeness.NAME_AND_BIRTH,))
    joined = hospital.call(LinkPatient(patient_id=two.id, version=two.version, into_id=one.id, reason="同一人"))
    assert hospital.call(ListLikePairs()) == ()
    assert hospital.call(FindSimilar(card_number="C2")) == ()
    records = hospital.call(GetRecords(patient_id=two.id))
    assert [(record.id, record.linked_to) for record in records.records] == [(one.id, None), (two.id, one.id)]
    hospital.call(SeparatePatient(patient_id=two.id, version=joined.version, reason="搞错了"))
    trace = hospital.call(GetRecords(patient_id=one.id)).trace
    assert [(entry.is_linked, entry.reason) for entry in trace] == [(False, "搞错了"), (True, "同一人")]
    assert hospital.call(ListLinks(limit=1)) == trace[:1]


def traits(**changes: Any) -> Traits:
    values: dict[str, Any] = {
        "name": "张三",
        "pinyin_flat": "zhangsan",
        "sex": Sex.MALE,
        "birth_date": BORN,
        "id_number": "",
        "card_number": "",
        "phone": "",
    }
    return Traits(**(values | changes))


def test_what_is_unknown_speaks_neither_for_nor_against() -> None:
    empty = traits(name="", pinyin_flat="", sex=Sex.UNKNOWN, birth_date=None)
    assert likenesses(empty, empty) == ()
    assert differences(empty, traits()) == ()
    assert score_of((), ()) == 0


def test_a_difference_lowers_the_score() -> None:
    same = likenesses(traits(), traits())
    assert score_of(same, ()) > score_of(same, differences(traits(), traits(sex=Sex.FEMALE))) > 0


@pytest.mark.parametrize(
    ("phone", "digits"),
    [("138 0013-8000", "13800138000"), ("+86 13800138000", "13800138000"), ("12345", ""), ("", "")],
)
def test_phones_are_compared_by_their_digits(phone: str, digits: str) -> None:
    assert digits_of(phone) == digits


def test_empty_numbers_are_never_the_same() -> None:
    assert not same_id_number("", "")
    assert same_id_number("110105491231002", IDENTITY)
