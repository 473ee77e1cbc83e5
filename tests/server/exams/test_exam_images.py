"""Images and reports tell the exam: matching, the report's birth, the registration state; on both databases."""

from __future__ import annotations

import pytest

from server.exams.rules import ExamEvent
from server.kernel.database import UnitOfWork
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.exams import CancelExam, ExamRow, GetExam, ListExams
from shared.domain.states import ExamAction, RegistrationState, ReportState
from tests.hospital import CLERK, Hospital
from tests.server.exams.test_exam_registration import edited


class FakeReports:
    """Makes one report per exam, as reporting does, and tells the exam of it."""

    def __init__(self, hospital: Hospital) -> None:
        self._exams = hospital.exams
        self.made: list[int] = []
        self.changed: list[int] = []
        hospital.exams.bind(reports=self)

    def ensure_report(self, uow: UnitOfWork, exam_id: int) -> None:
        if exam_id not in self.made:
            self.made.append(exam_id)
            self._exams.report_moved(uow, exam_id, 100 + exam_id, ReportState.AWAITING)

    def exam_changed(self, uow: UnitOfWork, exam_id: int) -> None:
        self.changed.append(exam_id)


def arrived(hospital: Hospital, row: ExamRow, study_uid: str = "1.2.3", count: int = 5) -> None:
    with hospital.write() as uow:
        hospital.exams.images_arrived(uow, row.id, study_uid, 1, count)


def examined(hospital: Hospital, row: ExamRow) -> None:
    with hospital.write() as uow:
        hospital.exams.apply_event(uow, row.id, ExamEvent.DEVICE_FINISHED)


def now(hospital: Hospital, row: ExamRow) -> ExamRow:
    found: ExamRow = hospital.call(GetExam(exam_id=row.id)).row
    return found


@pytest.mark.parametrize("images_first", [True, False])
def test_the_report_is_made_when_the_exam_is_done_and_images_are_there(hospital: Hospital, images_first: bool) -> None:
    reports, row = FakeReports(hospital), hospital.registered().row
    happenings = [arrived, examined] if images_first else [examined, arrived]
    happenings[0](hospital, row)
    assert reports.made == []
    happenings[1](hospital, row)
    arrived(hospital, row, count=9)
    assert reports.made == [row.id]
    present = now(hospital, row)
    assert (present.report_state, present.report_id) == (ReportState.AWAITING, 100 + row.id)
    assert (present.has_images, present.registration_state) == (True, RegistrationState.DIAGNOSING)


def test_arriving_images_do_not_make_an_edit_stale(hospital: Hospital) -> None:
    view = hospital.registered()
    arrived(hospital, view.row)
    assert hospital.call(edited(view, is_in_arrears=True), CLERK).row.has_images


def test_counts_are_told_again_without_harm(hospital: Hospital) -> None:
    row = hospital.registered().row
    for uid, count in (("1.2.3", 5), ("1.2.3", 8), ("1.2.4", 2), ("1.2.4", 2)):
        arrived(hospital, row, uid, count)
    assert ExamAction.VIEW_IMAGES in now(hospital, row).allowed
    with hospital.write() as uow:
        hospital.exams.images_withdrawn(uow, row.id, "1.2.3")
        hospital.exams.images_withdrawn(uow, row.id, "9.9.9")
    assert now(hospital, row).has_images
    with hospital.write() as uow:
        hospital.exams.images_withdrawn(uow, row.id, "1.2.4")
    assert not now(hospital, row).has_images


def test_a_study_that_moves_to_another_exam_leaves_the_first(hospital: Hospital) -> None:
    first, second = hospital.registered("张三").row, hospital.registered("李四").row
    arrived(hospital, first)
    arrived(hospital, second)
    assert (now(hospital, first).has_images, now(hospital, second).has_images) == (False, True)


def test_the_images_of_an_approved_report_cannot_be_withdrawn(hospital: Hospital) -> None:
    FakeReports(hospital)
    row = hospital.registered().row
    arrived(hospital, row)
    examined(hospital, row)
    with hospital.write() as uow:
        hospital.exams.report_moved(uow, row.id, 100 + row.id, ReportState.APPROVED)
    done = now(hospital, row)
    assert (done.registration_state, ExamAction.PRINT_REPORT in done.allowed) == (RegistrationState.COMPLETED, True)
    with pytest.raises(Refusal) as refused, hospital.write() as uow:
        hospital.exams.images_withdrawn(uow, row.id, "1.2.3")
    assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION
    assert hospital.call(ListExams(states=(RegistrationState.COMPLETED,))).total == 1


def test_a_corrected_patient_reaches_the_reports_of_all_exams(hospital: Hospital) -> None:
    reports = FakeReports(hospital)
    first = hospital.registered("张三", of_patient={"card_number": "C1"}).row
    arrived(hospital, first)
    examined(hospital, first)
    hospital.registered("张三", of_patient={"card_number": "C1", "pinyin": "Zhang^Saan"})
    assert first.id in reports.changed
    assert hospital.call(ListExams(patient_name="zhangsaan")).total == 2


@pytest.mark.parametrize(
    ("accession", "by_study", "patient", "is_found", "why"),
    [
        ("{accession}", False, "{patient}", True, ""),
        (" {accession} ", False, "", True, ""),
        ("", True, "{patient}", True, ""),
        ("WRONG", True, "{patient}", True, ""),  # the worklist's own study UID says more than a typed number
        ("{accession}", False, "P99999999", False, "另一位患者"),
        ("WRONG", False, "{patient}", False, "没有这个检查号"),
        ("", False, "{patient}", False, "没有检查号"),
    ],
)
def test_images_are_matched_only_where_it_is_certain(
    hospital: Hospital, accession: str, by_study: bool, patient: str, is_found: bool, why: str
) -> None:
    row = hospital.registered().row
    words = {"accession": row.accession_number, "patient": row.patient_number}
    given = accession.format(**words), row.study_uid if by_study else "1.2.9", patient.format(**words)
    with hospital.read() as uow:
        assert hospital.exams.match(uow, *given) == (row.id if is_found else None)
        assert why in hospital.exams.why_unmatched(uow, *given)
        assert bool(why) is not is_found


def test_images_of_a_cancelled_exam_are_not_matched_by_themselves(hospital: Hospital) -> None:
    view = hospital.registered()
    hospital.call(CancelExam(exam_id=view.row.id, version=view.version), CLERK)
    with hospital.read() as uow:
        assert hospital.exams.match(uow, view.row.accession_number, "", "") is None
        assert "已取消" in hospital.exams.why_unmatched(uow, view.row.accession_number, "", "")
