"""Safety questions at registration: pregnancy, contrast allergy, renal function, implants (RIS-EX-11)."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission
from shared.domain.safety import Alarm, SafetyAnswer, SafetyKind, SafetyQuestion, SafetyValue


class SafetyQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """The questions of this hospital in their order; version 0 means nobody changed the built-in ones."""

    version: int
    questions: tuple[SafetyQuestion, ...]


class SafetyAnswerView(msgspec.Struct, frozen=True, kw_only=True):
    """An answer as kept with an exam; the words are those of the day it was asked. OPEN: asked of nobody yet."""

    code: str
    text: str
    text_en: str
    kind: SafetyKind
    value: SafetyValue
    number: float | None = None
    unit: str = ""
    measured_on: date | None = None
    detail: str = ""
    alarm: Alarm | None = None
    answered_by: str = ""
    answered_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


class GetSafetyQuestions(Query[SafetyQuestions], frozen=True, kw_only=True):
    """All questions, the inactive ones too."""

    method = "safety.get_questions"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class SaveSafetyQuestions(Command[SafetyQuestions], frozen=True, kw_only=True):
    """Replace the questions. Refusals: CONFLICT (stale version), INVALID (code, words, bounds)."""

    method = "safety.save_questions"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    version: int
    questions: tuple[SafetyQuestion, ...]


class GetSafetyAnswers(Query[tuple[SafetyAnswerView, ...]], frozen=True, kw_only=True):
    """The answers of one exam in the order of the questions; empty when its type asks nothing."""

    method = "safety.get_answers"
    permission = Permission.SIGNED_IN
    audit = AuditClass.PATIENT_RECORD

    exam_id: int


class AcknowledgeSafety(Command[tuple[SafetyAnswerView, ...]], frozen=True, kw_only=True):
    """The technician answers what is open and takes note of what alarms, before the exam begins.

    `answers` replaces those of the same code. Refusals: INVALID (`safety.<code>`), NOT_FOUND.
    """

    method = "safety.acknowledge"
    permission = Permission.CALL
    audit = AuditClass.PATIENT_RECORD

    exam_id: int
    answers: tuple[SafetyAnswer, ...]
