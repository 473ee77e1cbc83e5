"""What messages of a hospital system do: orders, changes, cancellations, patients, merges; and what is refused."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.contract.exams import ApplicationView, CancelExam, FindApplications, RegisterExam
from shared.contract.interfaces import GetMessage, MessageState, ProcessMessageAgain, SaveConnection
from shared.domain.states import PatientType, Sex
from tests.fakes.hospital_system import an_order
from tests.hospital import CLERK, a_patient
from tests.interface_house import InterfaceHouse


def applications(house: InterfaceHouse, number: str = "C0001") -> tuple[ApplicationView, ...]:
    found: tuple[ApplicationView, ...] = house.call(FindApplications(number=number), CLERK)
    return found


def an_adt(event: str = "A08", *, control_id: str = "A1", card: str = "C0001", **changes: str) -> str:
    values = {"name": "王^小明", "phone": "13900139000", "at": "20261121082000", "mrg": ""} | changes
    return (
        f"MSH|^~\\&|HIS|东区医院|MINGJING|RIS|{values['at']}||ADT^{event}|{control_id}|P|2.4||||||UNICODE UTF-8\n"
        f"EVN|{event}|{values['at']}\n"
        f"PID|1||{card}^^^HIS^PI||{values['name']}||19491231|F|||||{values['phone']}\n"
        "PV1|1|O\n" + (f"MRG|{values['mrg']}^^^HIS^PI\n" if values["mrg"] else "")
    )


def register(house: InterfaceHouse, application: ApplicationView, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "patient": application.patient,
        "exam_type": application.exam_type,
        "items": application.items,
        "campus_id": house.hospital.campus_id,
        "room_id": house.hospital.rooms["CT1"],
        "clinical": application.clinical,
        "requester": application.requester,
        "application_id": application.id,
    }
    return house.call(RegisterExam(**(values | changes)), CLERK)


def test_an_order_becomes_an_application_with_everything_it_says(house: InterfaceHouse) -> None:
    house.connection()
    more = "NTE|1||请尽快\\.br\\检查\nOBX|1|NM|8302-2^身高^LN||165|cm"
    assert house.code(an_order(more=more)) == "AA"
    (found,) = applications(house)
    assert (found.patient.name, found.patient.sex, found.patient.birth_date) == (
        "王小明",
        Sex.FEMALE,
        date(1949, 12, 31),
    )
    assert found.patient.id_number == "11010519491231002X"
    assert found.patient.phone == "13800138000"
    assert found.patient.address == "北京市朝阳路1号"
    assert found.patient.height_cm == 165
    assert found.exam_type == "CT"
    assert [(item.code, item.name, item.body_part, item.price_fen) for item in found.items] == [
        ("CT001", "颅脑平扫", "颅脑", 24000)
    ]
    assert found.clinical.diagnosis == "头痛"
    assert found.clinical.purpose == "除外出血\n请尽快\n检查"
    assert found.clinical.history == "头痛三天"
    assert (found.requester.department, found.requester.doctor) == ("内科门诊", "李医生")
    assert found.requester.requested_at == datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
    assert found.requester.his_number == "REQ1"
    assert applications(house, "11010519491231002X") == (found,)
    (entry,) = house.journal()
    assert (entry.state, entry.ack_code, entry.message_type) == (MessageState.ACCEPTED, "AA", "ORM^O01")
    assert (entry.patient_name, entry.order_number, entry.control_id) == ("王小明", "REQ1", "M1")


@pytest.mark.parametrize("message", ["ORM^O01", "OMG^O19^OMG_O19", "OMI^O23^OMI_O23"])
def test_each_kind_of_order_message_is_obeyed(small_house: InterfaceHouse, message: str) -> None:
    small_house.connection()
    assert small_house.code(an_order(message=message)) == "AA"
    assert len(applications(small_house)) == 1


def test_a_message_that_comes_again_makes_no_second_application(house: InterfaceHouse) -> None:
    house.connection()
    assert [house.code(an_order()) for _ in range(3)] == ["AA"] * 3
    assert len(applications(house)) == 1
    (entry,) = house.journal()
    assert entry.repeats == 2


def test_an_order_that_comes_in_a_new_message_replaces_itself(house: InterfaceHouse) -> None:
    house.connection()
    house.code(an_order())
    before = applications(house)[0]
    assert house.code(an_order(control_id="M2", control="XO", items=(("CT005", "胸部平扫"),))) == "AA"
    (after,) = applications(house)
    assert after.id == before.id
    assert [item.code for item in after.items] == ["CT005"]


def test_items_of_one_order_number_are_one_application_and_others_are_their_own(house: InterfaceHouse) -> None:
    house.connection()
    second = an_order("REQ2").split("\n", 3)[3]
    both = an_order(items=(("CT001", "颅脑平扫"), ("CT005", "胸部平扫"), ("CT001", "颅脑平扫"))) + second
    assert house.code(both) == "AA"
    found = {one.requester.his_number: [item.code for item in one.items] for one in applications(house)}
    assert found == {"REQ1": ["CT001", "CT005"], "REQ2": ["CT001"]}


def test_a_cancelled_order_is_found_no_more_and_may_be_given_again(house: InterfaceHouse) -> None:
    house.connection()
    house.code(an_order())
    cancel = an_order(control="CA", control_id="M2")
    assert [house.code(cancel), house.code(cancel), house.code(an_order(control="DC", control_id="M3"))] == ["AA"] * 3
    assert applications(house) == ()
    assert house.code(an_order(control_id="M4")) == "AA"
    assert len(applications(house)) == 1


def test_a_registered_order_is_neither_changed_nor_cancelled_but_may_come_again(house: InterfaceHouse) -> None:
    house.connection()
    house.code(an_order())
    exam = register(house, applications(house)[0])
    assert house.code(an_order(control_id="M2")) == "AA", "the same order"
    (refused,) = house.take(an_order(control_id="M3", control="XO", items=(("CT005", "胸部平扫"),)))
    assert refused.first("MSA").value(1) == "AE"  # type: ignore[union-attr]
    assert refused.first("ERR").value(3) == "205"  # type: ignore[union-attr]
    assert refused.first("ERR").value(8) == "该申请单已登记，不能再修改，请与放射科登记处联系。"  # type: ignore[union-attr]
    assert house.code(an_order(control_id="M4", control="CA")) == "AE"
    (found,) = applications(house)
    assert found.exam_id == exam.row.id
    house.call(CancelExam(exam_id=exam.row.id, version=exam.version), CLERK)
    assert house.code(an_order(control_id="M4", control="CA")) == "AA", "the refused message is tried anew"
    assert applications(house) == ()


def test_an_urgent_order_is_an_emergency(small_house: InterfaceHouse) -> None:
    small_house.connection()
    small_house.code(an_order().replace("^^^20261121080000^^R", "^^^20261121080000^^S"))
    assert applications(small_house)[0].patient_type is PatientType.EMERGENCY


def test_codes_of_the_sender_are_translated(house: InterfaceHouse) -> None:
    connection = house.connection()
    unknown = an_order(items=(("HIS-77", "头颅检查"),))
    (answer,) = house.take(unknown)
    assert (answer.first("MSA").value(1), answer.first("ERR").value(3)) == ("AE", "204")  # type: ignore[union-attr]
    assert answer.first("ERR").raw(2) == "OBR^1^4"  # type: ignore[union-attr]
    values = {"id": connection.id, "version": connection.version, "name": connection.name, "kind": connection.kind}
    house.call(SaveConnection(**values, host="127.0.0.1", codes={"HIS-77": "CT001"}))
    (entry,) = house.journal()
    assert entry.state is MessageState.REFUSED
    assert house.call(ProcessMessageAgain(message_id=entry.id)).state is MessageState.ACCEPTED
    assert applications(house)[0].items[0].code == "CT001"


def test_an_item_that_is_not_in_the_dictionary_needs_a_department_that_tells_its_type(
    small_house: InterfaceHouse,
) -> None:
    small_house.connection(codes={"RAD": "DR"})
    order = an_order(items=(("X9", "特殊检查"),)).replace(
        "||||||||||||||||||^除外出血", "|||||||||||RAD|||||||^除外出血"
    )
    assert small_house.code(order) == "AA"
    (found,) = applications(small_house)
    assert (found.exam_type, found.items[0].name, found.items[0].price_fen) == ("DR", "特殊检查", 0)


def test_the_same_order_by_many_lines_at_once_is_one_application(house: InterfaceHouse) -> None:
    house.connection()
    codes: list[str] = []

    def send(number: int) -> None:
        codes.extend(house.code(an_order("SAME", control_id=f"M{number % 2}-{turn}")) for turn in range(4))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert codes == ["AA"] * 24
    assert len(applications(house)) == 1
    assert len(house.journal()) == 8


# ── patients ─────────────────────────────────────────────────────────────────────────────────────


def test_patient_data_completes_later_orders_and_corrects_earlier_ones(house: InterfaceHouse) -> None:
    house.connection()
    assert house.code(an_adt("A04", phone="13511111111")) == "AA"
    sparse = an_order().replace("13800138000", "").replace("19491231|F", "|F")
    assert house.code(sparse) == "AA"
    (found,) = applications(house)
    assert (found.patient.phone, found.patient.birth_date) == ("13511111111", date(1949, 12, 31))
    assert house.code(an_adt("A08", control_id="A2", phone="13622222222", at="20261121083000")) == "AA"
    assert applications(house)[0].patient.phone == "13622222222"
    assert house.code(an_adt("A31", control_id="A3", phone="1", at="20261120000000")) == "AA", "older news"
    assert applications(house)[0].patient.phone == "13622222222"


def test_a_merge_moves_applications_and_links_records(house: InterfaceHouse) -> None:
    house.connection()
    old = house.hospital.registered("王小明", patient=a_patient("王小明", card_number="C0001", sex=Sex.FEMALE))
    other = a_patient("王小明", card_number="C0002", sex=Sex.FEMALE)
    new = house.hospital.registered("王小明", patient=other, accept_duplicate=True)
    house.code(an_order())
    merge = an_adt("A40", card="C0002", mrg="C0001")
    assert [house.code(merge), house.code(merge)] == ["AA", "AA"]
    assert [one.requester.his_number for one in applications(house, "C0002")] == ["REQ1"]
    with house.database.read() as uow:
        people = house.hospital.patients.linked_ids(uow, old.patient.id)
    assert set(people) == {old.patient.id, new.patient.id}


def test_an_order_of_a_merged_number_names_the_record_that_bears_it(small_house: InterfaceHouse) -> None:
    small_house.connection()
    exam = small_house.hospital.registered("王小明", patient=a_patient("王小明", card_number="C0001", sex=Sex.FEMALE))
    small_house.code(an_adt("A40", card="C0002", mrg="C0001"))
    small_house.code(an_order(card="C0002"))
    (found,) = applications(small_house, "C0002")
    assert found.patient.patient_id == exam.patient.id


# ── refused ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wrong", "code", "condition"),
    [
        (an_order(message="ORU^R01"), "AR", "200"),
        (an_order(message="ADT^A99"), "AR", "201"),
        (an_order().replace("|P|2.5.1", "|T|2.5.1"), "AR", "202"),
        (an_order(version="3.0"), "AR", "203"),
        (an_order().replace("|M1|", "||"), "AE", "101"),
        (an_order(control="ZZ"), "AE", "103"),
        (an_order(number=""), "AE", "101"),
        (an_order(number="N" * 65), "AE", "102"),
        (an_order(items=(("", ""),)), "AE", "101"),
        (an_order(name=""), "AE", "101"),
        (an_order(card="").replace("11010519491231002X", ""), "AE", "101"),
        (an_order().replace("19491231", "1949-12-31"), "AE", "102"),
        (an_order().replace("11010519491231002X", "110105194912310021"), "AE", "102"),
        (an_order(items=(("CT001", "颅脑"), ("DR001", "胸片"))), "AE", "102"),
        (an_order(charset="KLINGON"), "AE", "102"),
        (an_order().replace("PID|", "ZPI|"), "AE", "100"),
        (an_order().replace("头痛三天", "头痛\x01三天"), "AE", "102"),
        (an_order(control="CA", number="NEVER"), "AE", "204"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_with_the_reason(
    small_house: InterfaceHouse, wrong: str, code: str, condition: str
) -> None:
    small_house.connection()
    (answer,) = small_house.take(wrong)
    msa, err = answer.first("MSA"), answer.first("ERR")
    assert msa is not None and err is not None
    assert (msa.value(1), err.value(3)) == (code, condition)
    (entry,) = small_house.journal()
    assert entry.state is MessageState.REFUSED
    assert entry.sentence
    assert applications(small_house) == ()
    text = small_house.call(GetMessage(message_id=entry.id))
    assert "MSA|" + code in text.answer


def test_an_unknown_sender_is_rejected(small_house: InterfaceHouse) -> None:
    small_house.connection(facility="西区医院")
    assert small_house.code(an_order()) == "AR"
    assert small_house.code(an_order(), address="10.0.0.9") == "AR"
    assert applications(small_house) == ()


def test_a_failed_message_leaves_nothing_behind(small_house: InterfaceHouse) -> None:
    small_house.connection()
    second = an_order("REQ2", items=(("NOPE", "?"),)).split("\n", 3)[3]
    assert small_house.code(an_order() + second) == "AE"
    assert applications(small_house) == ()


def test_bytes_that_are_no_message_are_answered(small_house: InterfaceHouse) -> None:
    small_house.connection()
    for data in (b"", b"hello", b"MSH", b"MSH|^~\\&|\xff", b"MSH|aaaa|", b"\x00" * 50):
        assert small_house.code(data) in ("AE", "AR")


# ── acknowledgement modes and character sets ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("commit", "application", "is_wrong", "expected"),
    [
        ("AL", "AL", False, ["CA", "AA"]),
        ("AL", "AL", True, ["CA", "AE"]),
        ("AL", "NE", False, ["CA"]),
        ("AL", "NE", True, ["CA"]),
        ("NE", "AL", False, ["AA"]),
        ("NE", "NE", False, []),
        ("ER", "ER", False, []),
        ("ER", "ER", True, ["AE"]),
        ("SU", "SU", False, ["CA", "AA"]),
        ("", "AL", False, ["AA"]),
        ("ER", "", False, []),
    ],
)
def test_enhanced_mode_answers_as_the_sender_wants(
    small_house: InterfaceHouse, commit: str, application: str, is_wrong: bool, expected: list[str]
) -> None:
    small_house.connection()
    order = an_order(items=(("NOPE" if is_wrong else "CT001", "颅脑"),))
    order = order.replace("|P|2.5.1||||||", f"|P|2.5.1|||{commit}|{application}||")
    answers = small_house.take(order)
    assert [one.first("MSA").value(1) for one in answers] == expected  # type: ignore[union-attr]
    assert len(small_house.journal()) == 1


def test_a_kind_of_message_that_is_not_for_us_is_rejected_at_commit(small_house: InterfaceHouse) -> None:
    small_house.connection()
    order = an_order(message="ORU^R01").replace("|P|2.5.1||||||", "|P|2.5.1|||AL|AL||")
    (answer,) = small_house.take(order)
    assert answer.first("MSA").value(1) == "CR"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("GBK", "gbk"),
        ("GB 18030-2000", "gb18030"),
        ("GB2312", "gb2312"),
        ("", "utf-8"),
        ("", "gbk"),
    ],
)
def test_chinese_comes_in_each_character_set(small_house: InterfaceHouse, charset: str, codec: str) -> None:
    small_house.connection()
    data = an_order(charset=charset).replace("\n", "\r").encode(codec)
    assert small_house.code(data) == "AA"
    assert applications(small_house)[0].patient.name == "王小明"


def test_bytes_of_another_set_than_named_are_refused(small_house: InterfaceHouse) -> None:
    small_house.connection()
    assert small_house.code(an_order(charset="UNICODE UTF-8").replace("\n", "\r").encode("gbk")) == "AE"
    mixed = an_order(charset="").replace("\n", "\r").encode("utf-8").replace(b"CT001", "颅脑".encode("gbk") + b"\xff")
    assert small_house.code(mixed) == "AE"


def test_the_connections_set_holds_where_the_message_names_none(small_house: InterfaceHouse) -> None:
    small_house.connection(character_set="GBK")
    assert (
        small_house.code(an_order(charset="", name="𠮷^田".replace("𠮷", "吉")).replace("\n", "\r").encode("gbk"))
        == "AA"
    )


def test_separators_of_the_sender_and_escapes_are_read(small_house: InterfaceHouse) -> None:
    small_house.connection()
    text = an_order(items=(("CT001", "颅脑"),)).replace(
        "头痛三天", "5\\F\\6 a\\S\\b \\X41\\\\X42\\ \\T\\\\R\\\\E\\ \\H\\粗\\N\\"
    )
    table = str.maketrans("|^~\\&", "*+%!$")
    assert small_house.code(text.translate(table)) == "AA"
    (found,) = applications(small_house)
    assert found.clinical.history == "5*6 a+b AB $%! 粗"
