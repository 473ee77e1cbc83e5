"""Puts ECG exams together: what they take from requests, patients, accounts and the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.ecg.exams.service import ExamService

if TYPE_CHECKING:
    from server.bootstrap.ecg import EcgHouse


@dataclass(frozen=True, slots=True)
class EcgExams:
    """The room of exams, put together."""

    service: ExamService
    handlers: tuple[object, ...]


def build_ecg_exams(house: EcgHouse) -> EcgExams:
    """Construct services and handlers."""
    service = ExamService(house.time)
    return EcgExams(service, ())
