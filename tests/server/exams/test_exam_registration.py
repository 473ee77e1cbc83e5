"""Registering, changing, cancelling and pushing exams, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from server.kernel.dispatch import SYSTEM
from server.kernel.errors import Refusal
from server.kernel.outbox import outbox
from shared.contract.errors import ErrorCode
from shared.contract.exams import (
    CancelExam,
    ClinicalEntry,
    ExamView,
    FindApplications,
    FinishExam,
    GetExam,
    ItemEntry,
    ListExams,
    ListSlots,
    PushExam,
    RequesterEntry,
    SubmitApplication,
    UpdateExam,
)
from shared.contract.queueing import CallNext, GetBoard, GetQueue, StartTicket
from shared.domain.states import ExamAction, ExamState, PatientType, RegistrationState, TicketState
from tests.hospital import CHEST, CLERK, DISPLAY, HEAD, MORNING, OTHER_CLERK, TECHNICIAN, Hospital, a_patient


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> ErrorCode:
    return refused.value.body.code


def edited(view: ExamView, **changes: Any) -> UpdateExam:
    values: dict[str, Any] = {
        "exam_id": view.row.id,
        "version": view.version,
        "patient": view.patient_entry,
        "items": view.items,
        "room_id": view.row.room_id,
        "planned_at": view.row.planned_at,
        "patient_type": view.row.patient_type,
        "is_in_arrears": view.row.is_in_arrears,
        "clinical": view.clinical,
        "requester": view.requester,
    }
    return UpdateExam(**(values | changes))


def test_a_registration_gets_numbers_worklist_uid_and_ticket(hospital: Hospital) -> None:
    view = hospital.registered(
        "张三",
        items=(HEAD, CHEST),
        clinical=ClinicalEntry(diagnosis="头痛待查"),
        requester=RequesterEntry(department="神经内科", doctor="王医生", his_number="H1"),
        is_in_arrears=True,
    )
    row = view.row
    assert (row.accession_number, row.image_number) == ("261121CT0001", "CT0000001")
    assert (row.state, row.registration_state) == (ExamState.REGISTERED, RegistrationState.REGISTERED)
    assert (row.ticket_state, row.ticket_number) == (TicketState.WAITING, "A001")
    assert (row.items, row.body_part, row.age, row.is_in_arrears) == ("颅脑平扫、胸部平扫", "颅脑、胸部", "46岁", True)
    assert (row.planned_at, row.registered_at, view.registered_by) == (MORNING, MORNING, CLERK.name)
    assert 0 < len(row.study_uid) <= 64
    assert hospital.call(GetExam(exam_id=row.id), CLERK) == view


def test_numbers_are_unique_and_count_per_type_and_day(hospital: Hospital) -> None:
    first, second = hospital.registered("张三"), hospital.registered("李四")
    dr = hospital.registered(
        "王五",
        exam_type="DR",
        room_id=hospital.rooms["DR1"],
        items=(ItemEntry(code="DR001", name="胸部正位", body_part="胸部", price_fen=6000),),
    )
    hospital.clock.forward(days=1)
    tomorrow = hospital.registered("赵六")
    numbers = [view.row.accession_number for view in (first, second, dr, tomorrow)]
    assert numbers == ["261121CT0001", "261121CT0002", "261121DR0001", "261122CT0001"]
    assert tomorrow.row.image_number == "CT0000003"


def test_the_day_of_a_number_is_the_hospitals(hospital: Hospital) -> None:
    hospital.clock.present = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)  # half past midnight in Shanghai
    assert hospital.registered().row.accession_number == "261122CT0001"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"exam_type": "XX"}, "exam_type"),
        ({"items": ()}, "items"),
        ({"items": (HEAD, HEAD)}, "items"),
        ({"items": (ItemEntry(code="A", name="", body_part="", price_fen=0),)}, "items.0.name"),
        ({"items": (ItemEntry(code="A", name="B", body_part="", price_fen=-1),)}, "items.0.price_fen"),
        ({"items": (ItemEntry(code="MR001", name="颅脑平扫", body_part="颅脑", price_fen=1),)}, "items.0.code"),
        ({"room_id": 999}, "room_id"),
        ({"campus_id": 999}, "room_id"),
        ({"exam_type": "MR"}, "room_id"),
        ({"planned_at": datetime(2026, 11, 21, 9)}, "planned_at"),
        ({"planned_at": MORNING - timedelta(days=1)}, "planned_at"),
        ({"planned_at": MORNING + timedelta(days=400)}, "planned_at"),
        ({"of_patient": {"height_cm": 900.0}}, "patient.height_cm"),
        ({"of_patient": {"weight_kg": float("nan")}}, "patient.weight_kg"),
        ({"clinical": ClinicalEntry(diagnosis="头痛" * 3000)}, "clinical.diagnosis"),
        ({"requester": RequesterEntry(requested_at=datetime(2026, 1, 1))}, "requester.requested_at"),
    ],
)
def test_wrong_entries_name_their_field_and_leave_nothing(
    small_hospital: Hospital, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        small_hospital.registered(**changes)
    assert (code_of(refused), refused.value.body.field) == (ErrorCode.INVALID, field)
    assert small_hospital.call(ListExams()).total == 0
    with small_hospital.read() as uow:
        assert small_hospital.patients.search(uow, SYSTEM, "", ListExams().page).total == 0


def test_the_same_order_of_the_same_person_is_asked_about(hospital: Hospital) -> None:
    first = hospital.registered("张三")
    with pytest.raises(Refusal) as refused:
        hospital.registered("张三", caller=OTHER_CLERK)
    assert (code_of(refused), refused.value.body.existing_id) == (ErrorCode.DUPLICATE, first.row.id)
    assert hospital.registered("张三", items=(CHEST,)).row.id != first.row.id
    assert hospital.registered("张三", accept_duplicate=True).row.id != first.row.id


def test_a_namesake_of_another_birth_date_is_no_double(hospital: Hospital) -> None:
    hospital.registered("张三", of_patient={"birth_date": date(1980, 1, 1)})
    other = hospital.registered("张三", of_patient={"birth_date": date(1990, 1, 1)})
    assert other.row.patient_number == "P00000002"


def test_two_clerks_who_register_one_person_at_once_make_one_exam(hospital: Hospital) -> None:
    barrier = threading.Barrier(2)
    outcomes: list[int | ErrorCode] = []

    def register() -> None:
        barrier.wait()
        try:
            outcomes.append(hospital.registered("张三", of_patient={"card_number": "C1"}).row.id)
        except Refusal as refusal:
            outcomes.append(refusal.body.code)

    threads = [threading.Thread(target=register) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert hospital.call(ListExams()).total == 1
    assert ErrorCode.DUPLICATE in outcomes


def test_two_clerks_who_register_a_known_person_at_once_make_one_exam(hospital: Hospital) -> None:
    known = hospital.registered("张三", items=(CHEST,), of_patient={"card_number": "C1"})
    barrier, outcomes = threading.Barrier(4), []

    def register() -> None:
        barrier.wait()
        try:
            hospital.registered("张三", of_patient={"patient_id": known.patient.id})
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.body.code.value)

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done", "duplicate", "duplicate", "duplicate"]


def test_an_edit_changes_patient_items_and_room(hospital: Hospital) -> None:
    view = hospital.registered("张三")
    other = hospital.registered("张三", items=(CHEST,), of_patient={"patient_id": view.patient.id})
    changed = hospital.call(
        edited(
            view,
            patient=a_patient("张三丰", phone="138"),
            items=(CHEST,),
            room_id=hospital.rooms["CT2"],
            patient_type=PatientType.EMERGENCY,
        ),
        CLERK,
    )
    assert (changed.row.patient_name, changed.patient.phone, changed.row.items) == ("张三丰", "138", "胸部平扫")
    assert (changed.row.room_name, changed.row.ticket_number) == ("CT 二室", "B001")
    assert changed.version > view.version
    assert hospital.call(GetExam(exam_id=other.row.id)).row.patient_name == "张三丰"


def test_a_stale_edit_is_refused_with_the_present_version(hospital: Hospital) -> None:
    view = hospital.registered("张三")
    now = hospital.call(edited(view, is_in_arrears=True), CLERK)
    with pytest.raises(Refusal) as refused:
        hospital.call(edited(view, is_in_arrears=False), OTHER_CLERK)
    assert (code_of(refused), refused.value.body.version) == (ErrorCode.CONFLICT, now.version)
    assert hospital.call(GetExam(exam_id=view.row.id)).row.is_in_arrears


def test_an_edit_to_another_day_leaves_todays_queue_and_comes_back(hospital: Hospital) -> None:
    view = hospital.registered("张三")
    tomorrow = hospital.call(edited(view, planned_at=MORNING + timedelta(days=1)), CLERK)
    assert (tomorrow.row.ticket_state, tomorrow.row.ticket_number) == (None, "")
    assert hospital.call(GetQueue(), TECHNICIAN).tickets == ()
    today = hospital.call(edited(tomorrow, planned_at=MORNING + timedelta(hours=1)), CLERK)
    assert (today.row.ticket_state, today.row.ticket_number) == (TicketState.WAITING, "A002")


def test_cancelling_frees_slot_ticket_and_application(hospital: Hospital) -> None:
    hospital.call(SubmitApplication(patient=a_patient(card_number="C1"), exam_type="CT", items=(HEAD,)))
    (application,) = hospital.call(FindApplications(number="C1"))
    (slot, *_) = hospital.call(ListSlots(room_id=hospital.rooms["CT1"], day=date(2026, 11, 22)))
    view = hospital.registered(of_patient={"card_number": "C1"}, slot_id=slot.id, application_id=application.id)
    assert view.row.planned_at == slot.starts_at
    cancelled = hospital.call(CancelExam(exam_id=view.row.id, version=view.version, reason="患者要求"), CLERK)
    assert (cancelled.row.state, cancelled.row.registration_state) == (
        ExamState.CANCELLED,
        RegistrationState.CANCELLED,
    )
    assert (cancelled.allowed, cancelled.row.ticket_state) == ((), None)
    assert hospital.call(ListSlots(room_id=hospital.rooms["CT1"], day=date(2026, 11, 22)))[0].taken == 0
    assert hospital.call(FindApplications(number="C1"))[0].exam_id is None
    with pytest.raises(Refusal) as refused:
        hospital.call(CancelExam(exam_id=view.row.id, version=cancelled.version), CLERK)
    assert (code_of(refused), refused.value.body.state) == (ErrorCode.ILLEGAL_ACTION, "cancelled")


def test_an_application_fills_one_registration_only(hospital: Hospital) -> None:
    application = hospital.call(
        SubmitApplication(
            patient=a_patient(health_check_number="T7"),
            exam_type="CT",
            items=(HEAD,),
            requester=RequesterEntry(his_number="H9"),
        )
    )
    replaced = hospital.call(
        SubmitApplication(
            patient=a_patient(health_check_number="T7"),
            exam_type="CT",
            items=(CHEST,),
            requester=RequesterEntry(his_number="H9"),
        )
    )
    assert (replaced.id, replaced.items) == (application.id, (CHEST,))
    view = hospital.registered(application_id=application.id, items=(CHEST,))
    assert hospital.call(FindApplications(number="T7"))[0].exam_id == view.row.id
    with pytest.raises(Refusal) as refused:
        hospital.registered(application_id=application.id, accept_duplicate=True)
    assert code_of(refused) is ErrorCode.ILLEGAL_ACTION
    with pytest.raises(Refusal) as refused:
        hospital.call(
            SubmitApplication(
                patient=a_patient(), exam_type="CT", items=(HEAD,), requester=RequesterEntry(his_number="H9")
            )
        )
    assert (code_of(refused), refused.value.body.existing_id) == (ErrorCode.DUPLICATE, view.row.id)


def test_pushing_tells_the_room_again(hospital: Hospital) -> None:
    view = hospital.registered()
    with hospital.read() as uow:
        before = uow.session.query(outbox).count()
    pushed = hospital.call(PushExam(exam_id=view.row.id, version=view.version), CLERK)
    assert pushed.version == view.version + 1
    with hospital.read() as uow:
        assert uow.session.query(outbox).count() > before


def test_an_exam_in_progress_can_be_neither_edited_nor_cancelled(hospital: Hospital) -> None:
    view = hospital.registered()
    ticket = hospital.call(CallNext(room_id=view.row.room_id), TECHNICIAN)
    hospital.call(StartTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)
    now = hospital.call(GetExam(exam_id=view.row.id), CLERK)
    for request in (
        edited(now),
        CancelExam(exam_id=view.row.id, version=now.version),
        PushExam(exam_id=view.row.id, version=now.version),
    ):
        with pytest.raises(Refusal) as refused:
            hospital.call(request, CLERK)
        assert (code_of(refused), refused.value.body.state) == (ErrorCode.ILLEGAL_ACTION, "in_progress")


def test_cancelling_a_patient_who_is_being_called_takes_the_call_back(hospital: Hospital) -> None:
    view = hospital.registered()
    hospital.call(CallNext(room_id=view.row.room_id), TECHNICIAN)
    assert hospital.call(GetBoard(), DISPLAY).pending_calls
    now = hospital.call(GetExam(exam_id=view.row.id), CLERK)
    assert ExamAction.CANCEL in now.allowed
    hospital.call(CancelExam(exam_id=view.row.id, version=now.version), CLERK)
    assert hospital.call(GetQueue(), TECHNICIAN).tickets == ()
    assert not hospital.call(GetBoard(), DISPLAY).pending_calls


def test_finishing_from_the_exams_page_ends_the_ticket_too(hospital: Hospital) -> None:
    view = hospital.registered()
    ticket = hospital.call(CallNext(room_id=view.row.room_id), TECHNICIAN)
    hospital.call(StartTicket(ticket_id=ticket.id, version=ticket.version), TECHNICIAN)
    now = hospital.call(GetExam(exam_id=view.row.id))
    hospital.clock.forward(minutes=7)
    hospital.call(FinishExam(exam_id=view.row.id, version=now.version), TECHNICIAN)
    done = hospital.call(GetExam(exam_id=view.row.id))
    assert (done.row.state, done.row.ticket_state) == (ExamState.EXAMINED, TicketState.DONE)
    assert done.finished_at is not None and done.started_at is not None
    assert done.finished_at - done.started_at == timedelta(minutes=7)
    assert done.row.registration_state is RegistrationState.DIAGNOSING
