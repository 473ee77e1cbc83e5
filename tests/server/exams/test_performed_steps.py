"""MPPS moves exams and tickets as the buttons do (RIS-EX-03), and never turns a working device away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from server.exams.performed import SqlPerformedSteps, concluding_event, counted
from server.exams.rules import ExamEvent
from shared.contract.exams import CancelExam, ExamRow, GetExam
from shared.contract.queueing import CallNext, GetQueue
from shared.domain.states import ExamState, TicketState
from tests.hospital import CLERK, TECHNICIAN, Hospital

STATUS, SCHEDULED, SERIES, IMAGES = 0x00400252, 0x00400270, 0x00400340, 0x00081140
ACCESSION, STUDY_UID, MODALITY = 0x00080050, 0x0020000D, 0x00080060
IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"


class DoorSaysNo(Exception):
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Final(DoorSaysNo):
    def __init__(self) -> None:
        super().__init__(0x0110, "final")


@dataclass(frozen=True)
class SentStep:
    sop_instance_uid: str
    attributes: dict[int, Any] = field(default_factory=dict)
    calling_ae: str = "CT1"
    address: str = "127.0.0.1"


def steps_of(hospital: Hospital) -> SqlPerformedSteps:
    return SqlPerformedSteps(hospital.database, hospital.time, hospital.exams, DoorSaysNo, Final)


def started(uid: str, *rows: ExamRow) -> SentStep:
    scheduled = [{ACCESSION: row.accession_number, STUDY_UID: row.study_uid} for row in rows]
    return SentStep(uid, {STATUS: IN_PROGRESS, SCHEDULED: scheduled, MODALITY: "CT", 0x00400241: "CT1"})


def ended(uid: str, status: str = COMPLETED) -> SentStep:
    series: list[dict[int, Any]] = [{IMAGES: [{}, {}, {}]}, {IMAGES: [{}]}]
    return SentStep(uid, {STATUS: status, SERIES: series})


def now(hospital: Hospital, row: ExamRow) -> tuple[ExamState, TicketState | None]:
    present = hospital.call(GetExam(exam_id=row.id)).row
    return present.state, present.ticket_state


def test_a_step_starts_and_finishes_exam_and_ticket(hospital: Hospital) -> None:
    row, steps = hospital.registered().row, steps_of(hospital)
    hospital.call(CallNext(room_id=row.room_id), TECHNICIAN)
    steps.create(started("1.2.3", row))
    assert now(hospital, row) == (ExamState.IN_PROGRESS, TicketState.EXAMINING)
    hospital.clock.forward(minutes=5)
    steps.set(ended("1.2.3"))
    assert now(hospital, row) == (ExamState.EXAMINED, TicketState.DONE)
    view = hospital.call(GetExam(exam_id=row.id))
    assert (view.finished_at - view.started_at).total_seconds() == 300


def test_a_device_may_start_a_patient_whom_nobody_called(hospital: Hospital) -> None:
    row = hospital.registered().row
    steps_of(hospital).create(started("1.2.3", row))
    assert now(hospital, row) == (ExamState.IN_PROGRESS, TicketState.EXAMINING)


def test_a_device_may_start_while_another_patient_is_in_the_room(hospital: Hospital) -> None:
    first, second = hospital.registered("张三").row, hospital.registered("李四").row
    steps = steps_of(hospital)
    steps.create(started("1.2.3", first))
    steps.create(started("1.2.4", second))
    assert now(hospital, first) == now(hospital, second) == (ExamState.IN_PROGRESS, TicketState.EXAMINING)


def test_a_discontinued_step_puts_the_patient_back(hospital: Hospital) -> None:
    row, steps = hospital.registered().row, steps_of(hospital)
    steps.create(started("1.2.3", row))
    steps.set(ended("1.2.3", DISCONTINUED))
    assert now(hospital, row) == (ExamState.REGISTERED, TicketState.WAITING)
    assert hospital.call(GetQueue(), TECHNICIAN).waiting == 1
    steps.create(started("1.2.4", row))
    steps.set(ended("1.2.4"))
    assert now(hospital, row) == (ExamState.EXAMINED, TicketState.DONE)


def test_the_exam_ends_with_the_last_of_its_steps(hospital: Hospital) -> None:
    row, steps = hospital.registered().row, steps_of(hospital)
    steps.create(started("1.2.3", row))
    steps.create(started("1.2.4", row))
    steps.set(ended("1.2.3"))
    assert now(hospital, row)[0] is ExamState.IN_PROGRESS
    steps.set(ended("1.2.4", DISCONTINUED))
    assert now(hospital, row)[0] is ExamState.EXAMINED  # one of the two gave images
    steps.create(started("1.2.5", row))
    assert now(hospital, row)[0] is ExamState.EXAMINED  # a supplement does not open it again


def test_one_step_may_perform_several_exams(hospital: Hospital) -> None:
    first, second = hospital.registered("张三").row, hospital.registered("李四").row
    steps = steps_of(hospital)
    steps.create(started("1.2.3", first, second))
    steps.set(ended("1.2.3"))
    assert now(hospital, first)[0] is now(hospital, second)[0] is ExamState.EXAMINED


def test_an_unscheduled_step_is_kept_and_moves_nothing(hospital: Hospital) -> None:
    row, steps = hospital.registered().row, steps_of(hospital)
    steps.create(SentStep("1.2.3", {STATUS: IN_PROGRESS, SCHEDULED: [{STUDY_UID: "1.9.9", ACCESSION: ""}]}))
    steps.create(SentStep("1.2.4", {STATUS: IN_PROGRESS, 0x00100010: "", 0x7FE00010: b"\x00\xff"}))
    steps.set(ended("1.2.3"))
    assert now(hospital, row) == (ExamState.REGISTERED, TicketState.WAITING)


def test_a_cancelled_exam_stays_cancelled_and_the_device_is_not_refused(hospital: Hospital) -> None:
    view, steps = hospital.registered(), steps_of(hospital)
    hospital.call(CancelExam(exam_id=view.row.id, version=view.version), CLERK)
    steps.create(started("1.2.3", view.row))
    steps.set(ended("1.2.3"))
    assert now(hospital, view.row) == (ExamState.CANCELLED, None)


@pytest.mark.parametrize(
    ("attributes", "status"),
    [({}, 0x0120), ({STATUS: ""}, 0x0120), ({STATUS: COMPLETED}, 0x0106), ({STATUS: "X"}, 0x0106)],
)
def test_a_step_must_be_created_in_progress(small_hospital: Hospital, attributes: dict[int, Any], status: int) -> None:
    with pytest.raises(DoorSaysNo) as refused:
        steps_of(small_hospital).create(SentStep("1.2.3", attributes))
    assert refused.value.status == status


def test_steps_are_created_once_and_final_ones_stay(hospital: Hospital) -> None:
    row, steps = hospital.registered().row, steps_of(hospital)
    steps.create(started("1.2.3", row))
    with pytest.raises(DoorSaysNo) as refused:
        steps.create(started("1.2.3", row))
    assert refused.value.status == 0x0111
    with pytest.raises(DoorSaysNo) as refused:
        steps.set(ended("9.9"))
    assert refused.value.status == 0x0112
    with pytest.raises(DoorSaysNo) as refused:
        steps.set(ended("1.2.3", "DONE"))
    assert refused.value.status == 0x0106
    steps.set(SentStep("1.2.3", {SERIES: [{IMAGES: [{}]}]}))
    assert now(hospital, row)[0] is ExamState.IN_PROGRESS
    steps.set(ended("1.2.3"))
    with pytest.raises(Final):
        steps.set(ended("1.2.3"))


def test_images_match_by_the_study_uid_that_a_step_told(hospital: Hospital) -> None:
    row = hospital.registered().row
    sent = SentStep(
        "1.2.3", {STATUS: IN_PROGRESS, SCHEDULED: [{ACCESSION: row.accession_number, STUDY_UID: "1.2.840.77"}]}
    )
    steps_of(hospital).create(sent)
    with hospital.read() as uow:
        assert hospital.exams.match(uow, "", "1.2.840.77", row.patient_number) == row.id
        assert hospital.exams.match(uow, "", "1.2.840.77", "OTHER") is None


def test_what_steps_say_together() -> None:
    assert concluding_event([COMPLETED, IN_PROGRESS]) is None
    assert concluding_event([COMPLETED, DISCONTINUED]) is ExamEvent.DEVICE_FINISHED
    assert concluding_event([DISCONTINUED]) is ExamEvent.DEVICE_GAVE_UP
    assert counted(ended("1").attributes) == (2, 4)
    assert counted({}) == (0, 0)
