"""Handlers of safety questions."""

from __future__ import annotations

from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.safety.service import SafetyService
from shared.contract.base import Changed
from shared.contract.safety import (
    AcknowledgeSafety,
    GetSafetyAnswers,
    GetSafetyQuestions,
    SafetyAnswerView,
    SafetyQuestions,
    SaveSafetyQuestions,
)


class Exams(Protocol):
    """What safety needs of exams."""

    def lock(self, uow: UnitOfWork, exam_id: int) -> None:
        """Keep other writers off an exam. Raises NOT_FOUND."""


class SafetyRpc:
    """What workstations ask about safety."""

    def __init__(self, safety: SafetyService, exams: Exams) -> None:
        self._safety = safety
        self._exams = exams

    @handles
    def get_questions(self, request: GetSafetyQuestions, caller: Caller, uow: UnitOfWork) -> SafetyQuestions:
        return self._safety.questions(uow)

    @handles
    def save_questions(self, request: SaveSafetyQuestions, caller: Caller, uow: UnitOfWork) -> SafetyQuestions:
        return self._safety.save_questions(uow, request)

    @handles
    def get_answers(self, request: GetSafetyAnswers, caller: Caller, uow: UnitOfWork) -> tuple[SafetyAnswerView, ...]:
        return self._safety.of_exam(uow, request.exam_id)

    @handles
    def acknowledge(self, request: AcknowledgeSafety, caller: Caller, uow: UnitOfWork) -> tuple[SafetyAnswerView, ...]:
        self._exams.lock(uow, request.exam_id)
        answers = self._safety.acknowledge(uow, caller, request.exam_id, request.answers)
        uow.publish(Changed(entity="exam", id=request.exam_id, version=0))
        return answers
