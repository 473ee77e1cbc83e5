"""The safety questions of the booking being typed: what is asked, answered, alarming, missing; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec

from clients.kit.translations import Language, language, tr
from clients.registration.booking.state import BookingForm, BookingState
from shared.contract.exams import ExamView
from shared.domain.safety import (
    Alarm,
    SafetyAnswer,
    SafetyKind,
    SafetyQuestion,
    SafetyValue,
    alarm_of,
    fault_of_answer,
)


def answer_to(form: BookingForm, code: str) -> SafetyAnswer:
    """The answer as typed; an open one where nothing was answered."""
    found = next((answer for answer in form.safety if answer.code == code), None)
    return found if found is not None else SafetyAnswer(code=code)


def with_answer(form: BookingForm, code: str, **changes: Any) -> BookingForm:
    """The form with one answer changed; a changed answer has to be acknowledged again."""
    before = answer_to(form, code)
    answer = msgspec.structs.replace(before, **changes)
    if "acknowledged" not in changes and (before.value, before.number, before.measured_on) != (
        answer.value,
        answer.number,
        answer.measured_on,
    ):
        answer = msgspec.structs.replace(answer, acknowledged=False)
    rest = tuple(kept for kept in form.safety if kept.code != code)
    return replace(form, safety=(*rest, answer))


def rest_answered_no(form: BookingForm, asked: Sequence[SafetyQuestion]) -> BookingForm:
    """The form with 否 for every question of yes or no that is still open."""
    for question in asked:
        if question.kind is SafetyKind.YES_NO and answer_to(form, question.code).value is SafetyValue.OPEN:
            form = with_answer(form, question.code, value=SafetyValue.NO)
    return form


def first_open(form: BookingForm, asked: Sequence[SafetyQuestion]) -> str:
    """Code of the first question without an answer; empty when there is none."""
    return next((q.code for q in asked if answer_to(form, q.code).value is SafetyValue.OPEN), "")


def answers_asked(state: BookingState) -> tuple[SafetyAnswer, ...]:
    """The answers to the questions asked, in their order: what a registration carries."""
    return tuple(answer_to(state.form, question.code) for question in state.asked)


def safety_errors(state: BookingState) -> dict[str, str]:
    """What must be put right: `safety.<code>` → sentence in the language of the moment."""
    errors: dict[str, str] = {}
    for question in state.asked:
        answer = answer_to(state.form, question.code)
        sentence = fault_of_answer(question, answer, state.today)
        if answer.value is SafetyValue.OPEN:
            sentence = tr("请询问患者后回答；问不到时选“不详”。")
        elif sentence:
            sentence = tr(sentence)
        elif alarm_of(question, answer, state.today) is not None and not answer.acknowledged:
            sentence = tr("请核对后勾选“已知晓”，再提交。")
        if sentence:
            errors[f"safety.{question.code}"] = sentence
    return errors


def alarm_words(question: SafetyQuestion, answer: SafetyAnswer, today: date) -> str:
    """What to say of an alarming answer; empty when it does not alarm."""
    alarm = alarm_of(question, answer, today)
    if alarm is None:
        return ""
    if alarm is Alarm.TOO_LOW:
        return tr("低于 {limit} {unit}：请与医生确认。", limit=f"{question.alarm_below:g}", unit=question.unit)
    if alarm is Alarm.TOO_OLD:
        return tr("化验已超过 {days} 天：请与医生确认。", days=question.max_age_days)
    if answer.value is SafetyValue.UNKNOWN:
        return tr("情况不详：请提醒技师检查前再次询问。")
    return tr("请与医生确认能否检查。")


def question_words(question: SafetyQuestion) -> str:
    """The question in the language of the screen."""
    return (question.text_en or question.text) if language() is Language.ENGLISH else question.text


def answers_of_exam(exam: ExamView) -> tuple[SafetyAnswer, ...]:
    """The answers kept with an exam, to be edited; what alarmed was acknowledged then."""
    return tuple(
        SafetyAnswer(
            code=kept.code,
            value=kept.value,
            number=kept.number,
            measured_on=kept.measured_on,
            detail=kept.detail,
            acknowledged=bool(kept.acknowledged_by),
        )
        for kept in exam.safety
    )
