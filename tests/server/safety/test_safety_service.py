"""Safety questions at registration: who is asked what, what must be acknowledged, what stays on record."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from server.kernel.errors import Refusal
from server.safety.tables import SafetyAnswerRow
from shared.contract.errors import ErrorCode
from shared.contract.exams import GetExam, ItemEntry, ListExams, UpdateExam
from shared.contract.safety import AcknowledgeSafety, GetSafetyAnswers, GetSafetyQuestions, SaveSafetyQuestions
from shared.domain.safety import (
    DEFAULT_QUESTIONS,
    Alarm,
    Asked,
    SafetyAnswer,
    SafetyKind,
    SafetyQuestion,
    SafetyValue,
    age_in_years,
    alarm_of,
    fault_of_answer,
    questions_for,
    uses_contrast,
)
from shared.domain.states import PatientType, Sex
from tests.hospital import HEAD, TECHNICIAN, Hospital

ENHANCED = ItemEntry(code="CT901", name="胸部增强", body_part="胸部", price_fen=68000)
WOMAN = {"sex": Sex.FEMALE, "birth_date": date(1995, 5, 4)}
TODAY = date(2026, 11, 21)
EGFR = next(question for question in DEFAULT_QUESTIONS if question.code == "egfr")


def no(*codes: str) -> tuple[SafetyAnswer, ...]:
    return tuple(SafetyAnswer(code=code, value=SafetyValue.NO) for code in codes)


@pytest.mark.parametrize(
    ("exam_type", "sex", "age", "contrast", "codes"),
    [
        ("CT", Sex.FEMALE, 30, False, ["pregnancy"]),
        ("CT", Sex.MALE, 30, False, []),
        ("CT", Sex.FEMALE, 70, False, []),
        ("CT", Sex.FEMALE, None, False, ["pregnancy"]),
        ("CT", Sex.UNKNOWN, 30, False, ["pregnancy"]),
        ("CT", Sex.MALE, 30, True, ["contrast_allergy", "egfr"]),
        ("MR", Sex.MALE, 30, False, ["pacemaker", "implant", "metal"]),
        ("MR", Sex.FEMALE, 30, True, ["pregnancy", "contrast_allergy", "egfr", "pacemaker", "implant", "metal"]),
        ("US", Sex.FEMALE, 30, False, []),
    ],
)
def test_each_exam_asks_what_it_needs(
    exam_type: str, sex: Sex, age: int | None, contrast: bool, codes: list[str]
) -> None:
    asked = Asked(exam_type=exam_type, sex=sex, age_years=age, uses_contrast=contrast)
    assert [question.code for question in questions_for(DEFAULT_QUESTIONS, asked)] == codes


def test_contrast_is_known_by_the_words_of_the_item() -> None:
    assert uses_contrast(["头部平扫", "胸部增强"])
    assert uses_contrast(["Chest CTA"])
    assert not uses_contrast(["胸部平扫", "左膝关节正侧位"])


def test_the_age_changes_on_the_birthday() -> None:
    assert age_in_years(date(2000, 11, 22), TODAY) == 25
    assert age_in_years(date(2000, 11, 21), TODAY) == 26
    assert age_in_years(None, TODAY) is None


@pytest.mark.parametrize(
    ("number", "day", "alarm"),
    [
        (58.0, TODAY, None),
        (30.0, TODAY, None),
        (29.9, TODAY, Alarm.TOO_LOW),
        (58.0, date(2026, 8, 23), None),
        (58.0, date(2026, 8, 22), Alarm.TOO_OLD),
    ],
)
def test_a_renal_function_alarms_when_it_is_low_or_old(number: float, day: date, alarm: Alarm | None) -> None:
    answer = SafetyAnswer(code="egfr", value=SafetyValue.MEASURED, number=number, measured_on=day)
    assert alarm_of(EGFR, answer, TODAY) is alarm


@pytest.mark.parametrize(
    "answer",
    [
        SafetyAnswer(code="egfr", value=SafetyValue.YES),
        SafetyAnswer(code="egfr", value=SafetyValue.MEASURED, measured_on=TODAY),
        SafetyAnswer(code="egfr", value=SafetyValue.MEASURED, number=-1, measured_on=TODAY),
        SafetyAnswer(code="egfr", value=SafetyValue.MEASURED, number=float("nan"), measured_on=TODAY),
        SafetyAnswer(code="egfr", value=SafetyValue.MEASURED, number=50),
        SafetyAnswer(code="egfr", value=SafetyValue.MEASURED, number=50, measured_on=date(2026, 11, 22)),
        SafetyAnswer(code="egfr", value=SafetyValue.UNKNOWN, detail="x" * 201),
        SafetyAnswer(code="egfr", value=SafetyValue.UNKNOWN, detail="a\x00b"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(answer: SafetyAnswer) -> None:
    assert fault_of_answer(EGFR, answer, TODAY)


def test_answers_are_kept_with_the_exam_and_open_ones_stay_open(hospital: Hospital) -> None:
    exam = hospital.registered("王芳", of_patient=WOMAN, items=(ENHANCED,), safety=no("contrast_allergy"))
    assert [(answer.code, answer.value) for answer in exam.safety] == [
        ("pregnancy", SafetyValue.OPEN),
        ("contrast_allergy", SafetyValue.NO),
        ("egfr", SafetyValue.OPEN),
    ]
    assert exam.safety[1].answered_by == "clerk-11"
    assert not exam.row.has_safety_alarm


def test_an_alarming_answer_is_refused_until_somebody_takes_note_of_it(hospital: Hospital) -> None:
    yes = SafetyAnswer(code="pregnancy", value=SafetyValue.YES, detail="孕 12 周")
    with pytest.raises(Refusal) as refused:
        hospital.registered("王芳", of_patient=WOMAN, safety=(yes,))
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, "safety.pregnancy")
    noted = msgspec.structs.replace(yes, acknowledged=True)
    exam = hospital.registered("王芳", of_patient=WOMAN, safety=(noted,))
    (kept,) = exam.safety
    assert (kept.alarm, kept.acknowledged_by, kept.detail) == (Alarm.ANSWER, "clerk-11", "孕 12 周")
    assert exam.row.has_safety_alarm
    assert [row.has_safety_alarm for row in hospital.call(ListExams()).rows] == [True]


def update_of(exam: Any, **changes: Any) -> UpdateExam:
    values: dict[str, Any] = {
        "exam_id": exam.row.id,
        "version": exam.version,
        "patient": exam.patient_entry,
        "items": exam.items,
        "room_id": exam.row.room_id,
        "planned_at": exam.row.planned_at,
        "patient_type": PatientType.ORDINARY,
        "is_in_arrears": False,
        "clinical": exam.clinical,
        "requester": exam.requester,
    }
    return UpdateExam(**(values | changes))


def test_editing_without_answers_leaves_them_and_another_item_asks_for_more(hospital: Hospital) -> None:
    exam = hospital.registered("王芳", of_patient=WOMAN, safety=no("pregnancy"))
    same = hospital.call(update_of(exam))
    assert same.safety == exam.safety
    more = hospital.call(update_of(same, items=(ENHANCED,), safety=no("pregnancy", "contrast_allergy")))
    assert [answer.code for answer in more.safety] == ["pregnancy", "contrast_allergy", "egfr"]
    assert more.safety[0].answered_at == exam.safety[0].answered_at  # the same answer keeps who gave it
    fewer = hospital.call(update_of(more, items=(HEAD,), safety=no("pregnancy")))
    assert [answer.code for answer in fewer.safety] == ["pregnancy"]


def test_the_technician_answers_what_is_open_and_the_former_answer_stays_on_record(hospital: Hospital) -> None:
    exam = hospital.registered("王芳", of_patient=WOMAN)
    yes = SafetyAnswer(code="pregnancy", value=SafetyValue.YES, acknowledged=True)
    (answer,) = hospital.call(AcknowledgeSafety(exam_id=exam.row.id, answers=(yes,)), TECHNICIAN)
    assert (answer.value, answer.answered_by, answer.acknowledged_by) == (
        SafetyValue.YES,
        "technician-13",
        "technician-13",
    )
    assert hospital.call(GetSafetyAnswers(exam_id=exam.row.id)) == (answer,)
    assert hospital.call(GetExam(exam_id=exam.row.id)).row.has_safety_alarm
    with hospital.read() as uow:
        assert uow.session.scalar(select(func.count()).select_from(SafetyAnswerRow)) == 2
    with pytest.raises(Refusal, match="没有这个安全问题"):
        hospital.call(AcknowledgeSafety(exam_id=exam.row.id, answers=no("pacemaker")), TECHNICIAN)


def test_a_hospital_asks_its_own_questions(hospital: Hospital) -> None:
    built_in = hospital.call(GetSafetyQuestions())
    assert (built_in.version, built_in.questions) == (0, DEFAULT_QUESTIONS)
    own = SafetyQuestion(code="asthma", text="是否有哮喘", text_en="Asthma", exam_types=("CT",))
    saved = hospital.call(SaveSafetyQuestions(version=0, questions=(own,)))
    assert hospital.call(GetSafetyQuestions()) == saved
    exam = hospital.registered("张三")
    assert [answer.code for answer in exam.safety] == ["asthma"]
    with pytest.raises(Refusal) as refused:
        hospital.call(SaveSafetyQuestions(version=0, questions=()))
    assert refused.value.body.code is ErrorCode.CONFLICT


@pytest.mark.parametrize(
    "question",
    [
        SafetyQuestion(code="Über", text="a", text_en="a"),
        SafetyQuestion(code="a", text=" ", text_en="a"),
        SafetyQuestion(code="a", text="x" * 201, text_en="a"),
        SafetyQuestion(code="a", text="a", text_en="a", age_from=50, age_to=12),
        SafetyQuestion(code="a", text="a", text_en="a", kind=SafetyKind.NUMBER, max_age_days=-1),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(small_hospital: Hospital, question: SafetyQuestion) -> None:
    with pytest.raises(Refusal) as refused:
        small_hospital.call(SaveSafetyQuestions(version=0, questions=(question,)))
    assert refused.value.body.code is ErrorCode.INVALID
