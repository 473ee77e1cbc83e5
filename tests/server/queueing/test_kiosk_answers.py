"""What a kiosk is told: each case with its outcome, masked names, and no more tries than a person needs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.exams import CancelExam, ExamView, GetExam
from shared.contract.queueing import (
    CallNext,
    CallTicket,
    FinishTicket,
    GetKiosk,
    GetQueue,
    GetQueueRules,
    KioskAnswer,
    KioskCheckIn,
    KioskOutcome,
    PassTicket,
    QueueRules,
    SaveQueueRoom,
    SaveQueueRules,
    StartTicket,
)
from shared.domain.permissions import ROLES, Permission
from shared.domain.states import PatientType, TicketState
from tests.hospital import ADMINISTRATOR, CLERK, KIOSK, TECHNICIAN, Hospital

ID_NUMBER = "110101199003070038"
O = KioskOutcome  # noqa: E741 - as short as the table below needs


def scan(hospital: Hospital, code: str) -> KioskAnswer:
    answer: KioskAnswer = hospital.call(KioskCheckIn(code=code), KIOSK)
    return answer


def outcomes(hospital: Hospital, code: str) -> list[KioskOutcome]:
    return [exam.outcome for exam in scan(hospital, code).exams]


def in_hours(hospital: Hospital, hours: float, name: str = "张小明", **more: Any) -> ExamView:
    return hospital.registered(name, planned_at=hospital.clock.now() + timedelta(hours=hours), **more)


def test_a_kiosk_may_do_nothing_else() -> None:
    assert ROLES["kiosk"] == {
        Permission.ANYONE,
        Permission.CHECK_IN,
        Permission.SELF_PRINT,
    }  # not SIGNED_IN: no list, no patient, no print


def test_a_scan_checks_in_and_tells_room_number_and_wait(hospital: Hospital) -> None:
    hospital.call(SaveQueueRoom(room_id=hospital.rooms["CT1"], check_in_required=True), ADMINISTRATOR)
    view = in_hours(hospital, 0.5)
    (exam,) = scan(hospital, f" {view.row.accession_number.lower()} ").exams
    assert (exam.outcome, exam.masked_name, exam.number) == (O.CHECKED_IN, "张*明", "A001")
    assert exam.room_name == view.row.room_name and exam.room_name_en and exam.forecast is not None
    assert "张小明" not in repr(exam) and view.row.accession_number not in repr(exam)
    (ticket,) = hospital.call(GetQueue(), TECHNICIAN).tickets
    assert (ticket.state, ticket.signed_in_at) == (TicketState.WAITING, hospital.clock.now())
    assert outcomes(hospital, view.row.accession_number) == [O.ALREADY]


def test_a_room_that_asks_for_nothing_still_notes_who_is_here(hospital: Hospital) -> None:
    view = in_hours(hospital, 0.5)
    assert outcomes(hospital, view.row.accession_number) == [O.CHECKED_IN]
    assert outcomes(hospital, view.row.accession_number) == [O.ALREADY]


def test_early_late_wrong_day_and_unpaid_each_have_their_answer(hospital: Hospital) -> None:
    version = hospital.call(GetQueueRules(), ADMINISTRATOR).version
    hospital.call(SaveQueueRules(version=version, rules=QueueRules(early_minutes=60)), ADMINISTRATOR)
    early = in_hours(hospital, 3, "甲一")
    (exam,) = scan(hospital, early.row.accession_number).exams
    assert (exam.outcome, exam.opens_at) == (O.TOO_EARLY, early.row.planned_at - timedelta(hours=1))
    late = in_hours(hospital, 0, "乙二")
    unpaid = in_hours(hospital, 0, "丙三", is_in_arrears=True)
    urgent = in_hours(hospital, 0, "丁四", is_in_arrears=True, patient_type=PatientType.EMERGENCY)
    tomorrow = in_hours(hospital, 24, "戊五")
    hospital.clock.forward(minutes=20)
    assert outcomes(hospital, late.row.accession_number) == [O.LATE]
    assert outcomes(hospital, unpaid.row.accession_number) == [O.NOT_PAID]
    assert outcomes(hospital, urgent.row.accession_number) == [O.LATE]  # an emergency is never sent to the cashier
    assert outcomes(hospital, tomorrow.row.accession_number) == [O.WRONG_DAY]


def test_called_passed_examined_finished_and_cancelled_patients_are_told_so(hospital: Hospital) -> None:
    view = in_hours(hospital, 0)
    number = view.row.accession_number
    ticket = hospital.call(CallNext(room_id=view.row.room_id), TECHNICIAN)
    assert outcomes(hospital, number) == [O.BEING_CALLED]
    ticket = hospital.call(PassTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)
    assert outcomes(hospital, number) == [O.PASSED]
    hospital.registered("李四", accept_duplicate=True)
    ticket = hospital.call(CallTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)
    ticket = hospital.call(StartTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)
    assert outcomes(hospital, number) == [O.IN_EXAM]
    hospital.call(FinishTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)
    assert outcomes(hospital, number) == [O.FINISHED]
    other = in_hours(hospital, 1, "王五")
    now = hospital.call(GetExam(exam_id=other.row.id), CLERK)
    hospital.call(CancelExam(exam_id=other.row.id, version=now.version), CLERK)
    assert outcomes(hospital, other.row.accession_number) == [O.CANCELLED]


def test_an_identity_number_finds_all_exams_of_today_or_the_next_one(hospital: Hospital) -> None:
    person = {"of_patient": {"id_number": ID_NUMBER, "birth_date": None}}
    first = in_hours(hospital, 0.2, **person)
    in_hours(hospital, 0.4, room_id=hospital.rooms["CT2"], accept_duplicate=True, **person)
    in_hours(hospital, 48, accept_duplicate=True, **person)
    answer = scan(hospital, ID_NUMBER)
    assert [exam.outcome for exam in answer.exams] == [O.CHECKED_IN, O.CHECKED_IN]
    assert scan(hospital, first.row.accession_number).exams[0].outcome is O.ALREADY
    hospital.clock.forward(days=1)
    (exam,) = scan(hospital, ID_NUMBER).exams
    assert exam.outcome is O.WRONG_DAY and exam.planned_at > hospital.clock.now()


def test_what_is_no_number_is_refused_with_a_sentence(hospital: Hospital) -> None:
    for code in ("", "12", "http://example.org/a", "a" * 60, "'; drop table"):
        with pytest.raises(Refusal) as refused:
            scan(hospital, code)
        assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, "code")


def test_trying_numbers_is_slowed_down_more_each_time_and_people_are_not(hospital: Hospital) -> None:
    view = in_hours(hospital, 0)
    for number in range(5):
        assert scan(hospital, f"90000{number}").try_again_s == 0
    assert scan(hospital, "900009").try_again_s == 30
    assert scan(hospital, view.row.accession_number).exams == ()  # nothing is told meanwhile, true or not
    hospital.clock.forward(seconds=31)
    for number in range(5):
        scan(hospital, f"91000{number}")
    assert scan(hospital, "910009").try_again_s == 60
    hospital.clock.forward(seconds=61)
    assert outcomes(hospital, view.row.accession_number) == [O.CHECKED_IN]
    for _ in range(12):  # people who misread a number now and then
        hospital.clock.forward(seconds=40)
        assert scan(hospital, "920000").try_again_s == 0


def test_the_first_page_knows_the_hospital(hospital: Hospital) -> None:
    assert hospital.call(GetKiosk(), KIOSK).hospital_name
