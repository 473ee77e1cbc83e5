"""Use cases of safety: which questions an exam needs, keeping the answers, and which of them alarm."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import date

import msgspec
from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.settings_rows import keep_settings
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.safety.tables import SafetyAnswerRow, SafetyQuestionsRow
from shared.contract.safety import SafetyAnswerView, SafetyQuestions, SaveSafetyQuestions
from shared.domain.safety import (
    DEFAULT_QUESTIONS,
    Alarm,
    Asked,
    SafetyAnswer,
    SafetyKind,
    SafetyQuestion,
    SafetyValue,
    alarm_of,
    fault_of_answer,
    questions_for,
)

_THE_SET = 1
_MAX_QUESTIONS = 50
_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[SafetyQuestion, ...]).decode


class SafetyService:
    """Questions and answers. Methods work in the caller's unit of work and never commit."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def questions(self, uow: UnitOfWork) -> SafetyQuestions:
        """Return the hospital's questions, or the built-in ones."""
        row = uow.session.get(SafetyQuestionsRow, _THE_SET)
        if row is None:
            return SafetyQuestions(version=0, questions=DEFAULT_QUESTIONS)
        return SafetyQuestions(version=row.version, questions=_decode(row.body))

    def save_questions(self, uow: UnitOfWork, request: SaveSafetyQuestions) -> SafetyQuestions:
        """Replace the questions. Raises CONFLICT, INVALID."""
        _check(request.questions)
        body = _encode(request.questions)
        keep_settings(uow, SafetyQuestionsRow, _THE_SET, version=request.version, body=body, entity="safety")
        return self.questions(uow)

    def keep(
        self, uow: UnitOfWork, caller: Caller, exam_id: int, asked: Asked, answers: Sequence[SafetyAnswer]
    ) -> None:
        """Keep the answers of a registration; what the exam needs and nobody answered is kept as open.

        Questions that the exam no longer needs disappear from it. Raises INVALID for an answer that cannot be, and
        for one that alarms and was not acknowledged; the field is `safety.<code>`.
        """
        wanted = questions_for(self.questions(uow).questions, asked)
        given = {answer.code: answer for answer in answers}
        present = {row.code: row for row in self._rows(uow, exam_id)}
        for code, row in present.items():
            if code not in {question.code for question in wanted}:
                row.replaced_at = self._time.now()
        for position, question in enumerate(wanted):
            answer = given.get(question.code) or SafetyAnswer(code=question.code)
            self._write(uow, caller, exam_id, position, question, answer, present.get(question.code))
        uow.session.flush()

    def acknowledge(
        self, uow: UnitOfWork, caller: Caller, exam_id: int, answers: Sequence[SafetyAnswer]
    ) -> tuple[SafetyAnswerView, ...]:
        """Let the technician answer and take note; questions not named stay as they are. Raises INVALID."""
        known = {question.code: question for question in self.questions(uow).questions}
        present = {row.code: row for row in self._rows(uow, exam_id)}
        for answer in answers:
            row = present.get(answer.code)
            if row is None:
                raise invalid(f"safety.{answer.code}"[:60], "这项检查没有这个安全问题，请刷新后再试。")
            question = known.get(answer.code) or _question_of(row)
            self._write(uow, caller, exam_id, row.position, question, answer, row)
        uow.session.flush()
        return self.of_exam(uow, exam_id)

    def of_exam(self, uow: UnitOfWork, exam_id: int) -> tuple[SafetyAnswerView, ...]:
        """Return the answers that count now, in the order of the questions."""
        return tuple(_view(row) for row in self._rows(uow, exam_id))

    def alarming(self, uow: UnitOfWork, exam_ids: Collection[int]) -> frozenset[int]:
        """Return those of the exams that have an alarming answer."""
        if not exam_ids:
            return frozenset()
        rows = uow.session.scalars(
            select(SafetyAnswerRow.exam_id).where(
                SafetyAnswerRow.exam_id.in_(exam_ids),
                SafetyAnswerRow.replaced_at.is_(None),
                SafetyAnswerRow.alarm != "",
            )
        )
        return frozenset(rows)

    def _write(
        self,
        uow: UnitOfWork,
        caller: Caller,
        exam_id: int,
        position: int,
        question: SafetyQuestion,
        answer: SafetyAnswer,
        before: SafetyAnswerRow | None,
    ) -> None:
        today, now = self._time.today(), self._time.now()
        sentence = fault_of_answer(question, answer, today)
        if sentence:
            raise invalid(f"safety.{question.code}", f"{question.text}：{sentence}")
        if before is not None and _is_same(before, answer):
            return
        alarm = alarm_of(question, answer, today)
        if alarm is not None and not answer.acknowledged:
            raise invalid(f"safety.{question.code}", f"{question.text}：这个回答需要确认后才能继续。")
        if before is not None:
            before.replaced_at = now
        is_open = answer.value is SafetyValue.OPEN
        is_measured = answer.value is SafetyValue.MEASURED
        uow.session.add(
            SafetyAnswerRow(
                exam_id=exam_id,
                position=position,
                code=question.code,
                text=question.text,
                text_en=question.text_en,
                kind=question.kind.value,
                value=answer.value.value,
                number=answer.number if is_measured else None,
                unit=question.unit,
                measured_on=answer.measured_on if is_measured else None,
                detail=answer.detail.strip(),
                alarm=alarm.value if alarm else "",
                answered_by="" if is_open else caller.name[:64],
                answered_at=None if is_open else now,
                acknowledged_by=caller.name[:64] if alarm else "",
                acknowledged_at=now if alarm else None,
            )
        )

    def _rows(self, uow: UnitOfWork, exam_id: int) -> list[SafetyAnswerRow]:
        query = select(SafetyAnswerRow).where(SafetyAnswerRow.exam_id == exam_id, SafetyAnswerRow.replaced_at.is_(None))
        return list(uow.session.scalars(query.order_by(SafetyAnswerRow.position, SafetyAnswerRow.id)))


def _is_same(row: SafetyAnswerRow, answer: SafetyAnswer) -> bool:
    """Tell whether a kept answer says the same: it then keeps who answered and acknowledged it."""
    kept: tuple[str, float | None, date | None, str] = (row.value, row.number, row.measured_on, row.detail)
    return kept == (answer.value.value, answer.number, answer.measured_on, answer.detail.strip())


def _question_of(row: SafetyAnswerRow) -> SafetyQuestion:
    """The question of a kept answer whose question was taken out of the hospital's set since."""
    return SafetyQuestion(
        code=row.code, text=row.text, text_en=row.text_en, kind=SafetyKind(row.kind), unit=row.unit, is_active=False
    )


def _check(questions: Sequence[SafetyQuestion]) -> None:
    if len(questions) > _MAX_QUESTIONS:
        raise invalid("questions", f"最多 {_MAX_QUESTIONS} 个安全问题。")
    seen: set[str] = set()
    for place, question in enumerate(questions):
        field = f"questions.{place}"
        if not _CODE.match(question.code) or question.code in seen:
            raise invalid(f"{field}.code", "编码由小写字母、数字和下划线组成，不能重复。")
        seen.add(question.code)
        if not question.text.strip() or not question.text_en.strip():
            raise invalid(f"{field}.text", "请填写问题的中文和英文。")
        if len(question.text) > 200 or len(question.text_en) > 200 or len(question.unit) > 32:
            raise invalid(f"{field}.text", "问题最多 200 个字符，单位最多 32 个字符。")
        if question.age_from is not None and question.age_to is not None and question.age_from > question.age_to:
            raise invalid(f"{field}.age_from", "起始年龄不能大于终止年龄。")
        if not 0 <= question.max_age_days <= 3650:
            raise invalid(f"{field}.max_age_days", "有效天数应在 0 到 3650 之间。")


def _view(row: SafetyAnswerRow) -> SafetyAnswerView:
    return SafetyAnswerView(
        code=row.code,
        text=row.text,
        text_en=row.text_en,
        kind=SafetyKind(row.kind),
        value=SafetyValue(row.value),
        number=row.number,
        unit=row.unit,
        measured_on=row.measured_on,
        detail=row.detail,
        alarm=Alarm(row.alarm) if row.alarm else None,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        acknowledged_by=row.acknowledged_by,
        acknowledged_at=row.acknowledged_at,
    )
