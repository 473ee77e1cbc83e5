"""Safety questions, kinds of documents and likely patients while typing; two records side by side."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.tokens import Tone
from clients.registration.booking.safety_answers import alarm_words
from clients.registration.merging.presenter import MergingPresenter
from clients.registration.patient_kinds import kind_choices, remember_kinds
from clients.registration.words import marks_of
from shared.contract.errors import ErrorCode
from shared.contract.exams import ExamList, ListExams, RegisterExam
from shared.contract.organisation import MarkColour, PatientTypeView
from shared.contract.patients import (
    FindSimilar,
    GetPatient,
    GetRecords,
    Likeness,
    LikePair,
    LinkPatient,
    ListLikePairs,
    PatientRecords,
    PatientView,
    SeparatePatient,
)
from shared.domain.identity_documents import DocumentKind
from shared.domain.safety import DEFAULT_QUESTIONS, SafetyValue
from shared.domain.states import PatientType, Sex
from tests.clients.registration.fake_hospital import FakeHospital, a_patient, an_exam_row, refusal
from tests.clients.registration.test_booking_presenter import Desk

CHEST, ENHANCED, BRAIN = "CT002", "CT003", "MR001"


def a_desk(*codes: str, sex: Sex = Sex.FEMALE) -> Desk:
    desk = Desk()
    desk.hospital.questions = DEFAULT_QUESTIONS
    desk.presenter.load_questions()
    desk.presenter.edit(name="王芳", sex=sex, birth_date=date(1995, 5, 4))
    for code in codes:
        item = next(item for item in desk.hospital.hospital.exam_items if item.code == code)
        desk.presenter.add_item(item)
    return desk


def test_the_items_decide_what_is_asked() -> None:
    assert [question.code for question in a_desk().state.asked] == []
    assert [question.code for question in a_desk(CHEST).state.asked] == ["pregnancy"]
    assert [question.code for question in a_desk(ENHANCED, sex=Sex.MALE).state.asked] == ["contrast_allergy", "egfr"]
    assert [question.code for question in a_desk(BRAIN, sex=Sex.MALE).state.asked] == ["pacemaker", "implant", "metal"]


def test_an_unanswered_question_stops_the_submission_at_its_line() -> None:
    desk = a_desk(CHEST)
    desk.presenter.submit()
    assert list(desk.state.errors) == ["safety.pregnancy"]
    desk.presenter.answer_safety("pregnancy", value=SafetyValue.NO)
    assert desk.state.errors == {}
    desk.presenter.submit()
    (sent,) = desk.hospital.sent(RegisterExam)
    assert [(answer.code, answer.value) for answer in sent.safety] == [("pregnancy", SafetyValue.NO)]


def test_all_others_no_leaves_what_was_answered_and_the_measured_value() -> None:
    desk = a_desk(ENHANCED)
    desk.presenter.answer_safety("pregnancy", value=SafetyValue.UNKNOWN)
    desk.presenter.answer_rest_no()
    assert {answer.code: answer.value for answer in desk.state.form.safety} == {
        "pregnancy": SafetyValue.UNKNOWN,
        "contrast_allergy": SafetyValue.NO,
    }


def test_an_alarm_must_be_noted_and_a_changed_answer_noted_again() -> None:
    desk = a_desk(BRAIN, sex=Sex.MALE)
    desk.presenter.answer_rest_no()
    desk.presenter.answer_safety("pacemaker", value=SafetyValue.YES)
    desk.presenter.submit()
    assert "已知晓" in desk.state.errors["safety.pacemaker"]
    desk.presenter.answer_safety("pacemaker", acknowledged=True)
    desk.presenter.answer_safety("pacemaker", value=SafetyValue.UNKNOWN)
    desk.presenter.submit()
    assert "safety.pacemaker" in desk.state.errors
    desk.presenter.answer_safety("pacemaker", acknowledged=True)
    desk.presenter.submit()
    assert len(desk.hospital.sent(RegisterExam)) == 1


def test_a_low_or_old_renal_function_says_so() -> None:
    desk = a_desk(ENHANCED, sex=Sex.MALE)
    egfr = next(question for question in desk.state.asked if question.code == "egfr")
    for number, day, words in (
        (25.0, desk.state.today, "低于 30"),
        (60.0, date(2026, 1, 1), "超过 90 天"),
        (60.0, desk.state.today, ""),
    ):
        desk.presenter.answer_safety("egfr", value=SafetyValue.MEASURED, number=number, measured_on=day)
        answer = next(answer for answer in desk.state.form.safety if answer.code == "egfr")
        said = alarm_words(egfr, answer, desk.state.today)
        assert words in said if words else said == ""


def test_the_servers_refusal_of_an_answer_stands_at_its_question() -> None:
    desk = a_desk(CHEST)
    desk.presenter.answer_safety("pregnancy", value=SafetyValue.NO)
    desk.hospital.refuse(RegisterExam, refusal(ErrorCode.INVALID, "请确认。", field="safety.pregnancy"))
    desk.presenter.submit()
    assert desk.state.errors == {"safety.pregnancy": "请确认。"}


def test_answers_survive_a_crash_with_the_rest_of_the_draft() -> None:
    desk = a_desk(CHEST)
    desk.presenter.answer_safety("pregnancy", value=SafetyValue.YES, detail="孕 12 周")
    kept = msgspec.convert(msgspec.to_builtins(desk.state.form), type(desk.state.form))
    assert kept == desk.state.form


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("E12345678", DocumentKind.PASSPORT),
        ("H12345678", DocumentKind.HONG_KONG_MACAO),
        ("11010519491231002X", DocumentKind.RESIDENT),
        ("12345678", DocumentKind.RESIDENT),  # may be the beginning of 18 digits: the clerk chooses
    ],
)
def test_the_kind_follows_a_number_that_is_certain(typed: str, kind: DocumentKind) -> None:
    desk = Desk()
    desk.presenter.edit(id_number=typed)
    assert desk.state.form.id_kind is kind


def test_a_chosen_kind_stays_and_decides_how_the_number_is_checked() -> None:
    desk = Desk()
    desk.presenter.edit(id_number="12345678")
    desk.presenter.leave("id_number")
    assert "18 位" in desk.state.errors["id_number"]
    desk.presenter.edit(id_kind=DocumentKind.TAIWAN)
    desk.presenter.leave("id_number")
    assert "id_number" not in desk.state.errors
    desk.presenter.edit(id_number="E1")
    assert desk.state.form.id_kind is DocumentKind.TAIWAN
    desk.presenter.edit(id_number="")
    assert desk.state.form.id_kind is DocumentKind.RESIDENT


def test_an_old_card_of_15_digits_is_read_when_its_field_is_left() -> None:
    desk = Desk()
    desk.presenter.edit(id_number="110105491231002")
    assert desk.state.form.birth_date is None  # 18 digits may still follow
    desk.presenter.leave("id_number")
    assert (desk.state.form.birth_date, desk.state.form.sex) == (date(1949, 12, 31), Sex.FEMALE)
    assert "id_number" not in desk.state.errors


def test_somebody_else_is_not_offered_again_and_the_likeliest_is_taken_by_one_key() -> None:
    desk = Desk()
    desk.presenter.edit(name="李建国", phone="13800138000")
    desk.presenter.leave("phone")
    assert [similar.likenesses for similar in desk.state.similar] == [(Likeness.NAME_AND_PHONE,)]
    desk.presenter.dismiss_similar()
    desk.presenter.leave("name")
    assert desk.state.similar == ()
    desk.hospital.patients.append(msgspec.structs.replace(a_patient(), id=502, phone="13800138000"))
    desk.presenter.leave("phone")
    assert [similar.patient.id for similar in desk.state.similar] == [502]
    desk.presenter.use_likeliest()
    assert desk.state.form.patient_id == 502
    assert len(desk.hospital.sent(FindSimilar)) == 3


class Records:
    """Two records of 李建国 that can be linked and separated."""

    def __init__(self) -> None:
        self.hospital = FakeHospital()
        self.one = a_patient()
        self.two = msgspec.structs.replace(a_patient(), id=502, patient_number="P00000502", card_number="C2")
        self.linked = False
        line = self.hospital.connection
        line.replies = {
            **line.replies,
            ListLikePairs: lambda _request: () if self.linked else (self.pair,),
            GetRecords: lambda _request: PatientRecords(
                records=(self.one, msgspec.structs.replace(self.two, linked_to=501)) if self.linked else (self.one,),
                trace=(),
            ),
            GetPatient: lambda _request: msgspec.structs.replace(self.two, version=5),
            ListExams: lambda request: ExamList(total=1, rows=(an_exam_row(request.patient_id or 0),)),
            LinkPatient: self._link,
            SeparatePatient: self._separate,
        }
        self.messages = CollectedMessages()
        self.presenter = MergingPresenter(line, ImmediateRunner(), self.messages)

    @property
    def pair(self) -> LikePair:
        return LikePair(first=self.one, second=self.two, likenesses=(Likeness.NAME_AND_BIRTH,), score=75)

    @property
    def state(self) -> Any:
        return self.presenter.state

    def _link(self, _request: LinkPatient) -> PatientView:
        self.linked = True
        return msgspec.structs.replace(self.two, linked_to=501, version=2)

    def _separate(self, _request: SeparatePatient) -> PatientView:
        self.linked = False
        return self.two

    def sent(self, kind: type[Any]) -> list[Any]:
        return [call for call in self.hospital.connection.calls if isinstance(call, kind)]


def test_a_pair_is_compared_and_merged_with_a_reason_and_an_undo() -> None:
    records = Records()
    records.presenter.refresh()
    records.presenter.compare(records.state.pairs[0])
    assert records.state.keep.exam_count == records.state.join.exam_count == 1
    assert records.state.differs("card_number")
    assert not records.state.differs("name")
    records.presenter.merge()
    assert records.state.reason_missing and not records.sent(LinkPatient)
    records.presenter.write_reason("同一人")
    records.presenter.merge()
    (link,) = records.sent(LinkPatient)
    assert (link.patient_id, link.into_id, link.reason) == (502, 501, "同一人")
    assert (records.state.pairs, records.state.join) == ((), None)
    records.messages.undo_offers[-1][1]()
    (separation,) = records.sent(SeparatePatient)
    assert (separation.patient_id, separation.version) == (502, 5)
    assert len(records.state.pairs) == 1


def test_the_clerk_decides_which_record_stays() -> None:
    records = Records()
    records.presenter.compare(records.pair)
    records.presenter.swap()
    records.presenter.write_reason("新卡")
    records.presenter.merge()
    assert records.sent(LinkPatient)[0].into_id == 502


def test_two_records_found_by_a_search_are_compared() -> None:
    records = Records()
    records.hospital.patients = [records.one, records.two]
    records.presenter.search("李建国")
    assert len(records.state.found) == 2
    records.presenter.choose(records.one)
    records.presenter.choose(records.one)
    assert records.state.join is None and not records.state.may_merge
    records.presenter.choose(records.two)
    assert records.state.may_merge
    records.presenter.search("")
    assert records.state.found is None


def test_a_refused_merge_is_said_and_the_list_is_loaded_again() -> None:
    records = Records()
    records.presenter.compare(records.pair)
    records.presenter.write_reason("同一人")

    def refuse(_request: LinkPatient) -> Any:
        raise refusal(ErrorCode.CONFLICT)

    line = records.hospital.connection
    line.replies = {**line.replies, LinkPatient: refuse}
    records.presenter.merge()
    assert len(records.messages.errors) == 1
    assert not records.state.working
    assert records.sent(ListLikePairs)


def test_the_hospitals_own_patient_type_goes_with_the_registration_and_marks_the_row() -> None:
    desk = a_desk(CHEST, sex=Sex.MALE)
    own = PatientTypeView(
        id=9,
        code="green",
        name="绿色通道",
        name_en="Green channel",
        priority=PatientType.EMERGENCY,
        colour=MarkColour.GREEN,
    )
    hospital = msgspec.structs.replace(desk.hospital.hospital, patient_types=(own,))
    desk.presenter.start(hospital)
    desk.presenter.edit(patient_kind="green")
    assert desk.state.form.patient_type is PatientType.EMERGENCY
    desk.presenter.submit()
    (sent,) = desk.hospital.sent(RegisterExam)
    assert (sent.patient_kind, sent.patient_type) == ("green", PatientType.EMERGENCY)
    remember_kinds(hospital)
    try:
        row = an_exam_row(1, patient_type=PatientType.EMERGENCY, patient_kind="green")
        assert [(mark.text, mark.tone) for mark in marks_of(row)] == [("绿色通道", Tone.SUCCESS)]
        assert [choice.value for choice in kind_choices(hospital)] == ["green"]
    finally:
        remember_kinds(desk.hospital.hospital)
    assert [choice.value for choice in kind_choices(None)] == ["emergency", "vip", "ordinary"]
    assert marks_of(an_exam_row(2, patient_type=PatientType.ORDINARY)) == []
