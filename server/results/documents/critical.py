"""A critical value as HL7 v2 ORU^R01 (chapter 7.3.1): an order of its own, so that the report's status stands."""

from __future__ import annotations

from enum import StrEnum

from server.results.documents.hl7 import CRITICAL, Envelope, message_header, patient_segment
from shared.contract.critical import LoopView
from shared.contract.exams import ExamView
from shared.hl7.charsets import encoded
from shared.hl7.message import Value, joined, segment, written_time

_VALUE = ("CRITICAL-VALUE", "数值", "99MJ")
_FINDING = ("59776-5", "Findings", "LN")
_DEPARTMENT = ("CRITICAL-DEPARTMENT", "通知科室", "99MJ")
_REASON = ("CRITICAL-REASON", "理由", "99MJ")
ABNORMAL = "AA"
"""Very abnormal, table 0078: what a critical value is in OBX-8."""


class CriticalNews(StrEnum):
    """What happened, as OBR-25 and OBX-11 say it (tables 0123 and 0085)."""

    REPORTED = "F"
    CORRECTED = "C"
    CANCELLED = "X"


def critical_message(loop: LoopView, exam: ExamView, news: CriticalNews, envelope: Envelope) -> bytes:
    """ORU^R01 with the critical value, what was measured, the finding, whom to tell, and why it changed.

    ORC-3 and OBR-3 are the exam's number with the loop's after it, the same for all messages of one loop, OBR-18 the
    exam's number; OBX-4 is the loop's number.
    """
    to = envelope.to
    when = written_time(envelope.at, envelope.zone)
    placer = exam.requester.his_number
    filler = (f"{loop.accession_number}-CV{loop.id}", to.own_application)
    status = "CA" if news is CriticalNews.CANCELLED else "CM"
    lines = [
        message_header(("ORU", "R01", "ORU_R01"), when, envelope),
        patient_segment(exam),
        segment("PV1", [(1, "1"), (2, "I" if exam.patient.inpatient_number else "O")]),
        segment(
            "ORC",
            [(1, "RE"), (2, placer), (3, filler), (5, status), (9, when), (12, ("", loop.requesting_doctor))],
        ),
        segment(
            "OBR",
            [
                (1, "1"),
                (2, placer),
                (3, filler),
                (4, CRITICAL),
                (7, written_time(loop.opened_at, envelope.zone)),
                (16, ("", loop.requesting_doctor)),
                (18, loop.accession_number),
                (22, when),
                (24, loop.exam_type),
                (25, news.value),
            ],
        ),
    ]
    for number, (kind, concept, value, flag) in enumerate(_observations(loop, news), 1):
        lines.append(
            segment(
                "OBX",
                [
                    (1, str(number)),
                    (2, kind),
                    (3, concept),
                    (4, str(loop.id)),
                    (5, value),
                    (8, flag),
                    (11, news.value),
                    (14, when),
                    (16, ("", loop.reported_by)),
                ],
            )
        )
    return encoded(joined(lines), to.character_set or "UTF-8")


def _observations(loop: LoopView, news: CriticalNews) -> list[tuple[str, Value, Value, str]]:
    """OBX-2, -3, -5 and -8."""
    found: list[tuple[str, Value, Value, str]] = [("CE", CRITICAL, (loop.code, loop.name, "99MJ"), ABNORMAL)]
    if loop.value:
        found.append(("TX", _VALUE, loop.value, ABNORMAL))
    found.append(("FT", _FINDING, loop.finding, ABNORMAL))
    if loop.department:
        found.append(("TX", _DEPARTMENT, loop.department, ""))
    if news is not CriticalNews.REPORTED and loop.reason:
        found.append(("TX", _REASON, loop.reason, ""))
    return found
