"""Writes what became of exams: HL7 v2 order status messages and FHIR R4 resources; pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

import msgspec

from server.interfaces import rules
from server.interfaces.tables import InterfaceConnection
from shared.contract.exams import ExamView
from shared.contract.interfaces import ExamHappening, StatusForm
from shared.hl7.charsets import NAMES_WE_WRITE, encoded
from shared.hl7.message import Repeated, Value, header, joined, segment, written_time

_CODECS = {"GBK": "gb18030", "GB18030": "gb18030"}
ACCESSION_SYSTEM = "urn:mingjing:accession-number"
"""The system of our accession numbers in FHIR identifiers."""
_GENDERS = {"M": "male", "F": "female", "O": "other"}


def written(
    exam: ExamView, happening: ExamHappening, at: datetime, to: InterfaceConnection, control_id: str, zone: tzinfo
) -> tuple[bytes, str]:
    """Return the message in the connection's form, and its codec; empty where that form does not tell of this."""
    if to.form == StatusForm.CHARGES and happening not in rules.CHARGES:
        return b"", "utf-8"
    if to.form in (StatusForm.ORM, StatusForm.OMG, StatusForm.CHARGES):
        writes = hl7_charges if to.form == StatusForm.CHARGES else hl7_status
        text = writes(exam, happening, at, to, control_id, zone)
        return encoded(text, to.character_set or "UTF-8"), _CODECS.get(to.character_set, "utf-8")
    return msgspec.json.encode(task(exam, happening, at, to)), "utf-8"


def hl7_status(
    exam: ExamView,
    happening: ExamHappening,
    at: datetime,
    to: InterfaceConnection,
    control_id: str,
    zone: tzinfo,
) -> str:
    """Return ORM^O01 or OMG^O19 with ORC-1 SC: one order with its status for each item (chapter 4.5.1.1)."""
    status = rules.STATUSES[happening]
    is_omg = to.form == StatusForm.OMG
    kind: Value = ("OMG", "O19", "OMG_O19") if is_omg else ("ORM", "O01")
    if not is_omg and to.hl7_version >= "2.3.1":
        kind = ("ORM", "O01", "ORM_O01")
    when = written_time(at, zone)
    lines = [
        _header(kind, when, to, control_id),
        _pid(exam),
        segment("PV1", [(1, "1"), (2, "I" if exam.patient.inpatient_number else "O")]),
    ]
    placer, filler = exam.requester.his_number, (exam.row.accession_number, to.own_application)
    planned = written_time(exam.row.planned_at, zone)
    for number, item in enumerate(exam.items, 1):
        lines.append(
            segment(
                "ORC",
                [(1, "SC"), (2, placer), (3, filler), (5, status.order), (9, when), (12, ("", exam.requester.doctor))],
            )
        )
        lines.append(
            segment(
                "OBR",
                [
                    (1, str(number)),
                    (2, placer),
                    (3, filler),
                    (4, (item.code, item.name, "L")),
                    (7, "" if exam.started_at is None else written_time(exam.started_at, zone)),
                    (8, "" if exam.finished_at is None else written_time(exam.finished_at, zone)),
                    (18, exam.row.accession_number),
                    (22, when),
                    (24, exam.row.exam_type),
                    (25, status.result),
                    (36, planned),
                ],
            )
        )
    return joined(lines)


def hl7_charges(
    exam: ExamView, happening: ExamHappening, at: datetime, to: InterfaceConnection, control_id: str, zone: tzinfo
) -> str:
    """Return DFT^P03: a charge for each item, or its credit (HL7 v2.5.1 chapter 6.4.1)."""
    when = written_time(at, zone)
    kind: Value = ("DFT", "P03", "DFT_P03") if to.hl7_version >= "2.3.1" else ("DFT", "P03")
    lines = [
        _header(kind, when, to, control_id),
        segment("EVN", [(1, "P03"), (2, when)]),
        _pid(exam),
        segment("PV1", [(1, "1"), (2, "I" if exam.patient.inpatient_number else "O")]),
    ]
    for number, item in enumerate(exam.items, 1):
        price = f"{item.price_fen / 100:.2f}"
        lines.append(
            segment(
                "FT1",
                [
                    (1, str(number)),
                    (2, f"{exam.row.accession_number}-{number}"),
                    (4, when),
                    (6, rules.CHARGES[happening]),
                    (7, (item.code, item.name, "L")),
                    (10, "1"),
                    (11, price),
                    (12, price),
                    (13, (exam.row.exam_type, exam.row.exam_type, "L")),
                    (23, (exam.row.accession_number, to.own_application)),
                ],
            )
        )
    return joined(lines)


def _header(kind: Value, when: str, to: InterfaceConnection, control_id: str) -> str:
    return header(
        [
            (3, to.own_application),
            (4, to.own_facility),
            (5, to.application),
            (6, to.facility),
            (7, when),
            (9, kind),
            (10, control_id),
            (11, "P"),
            (12, to.hl7_version),
            (18, NAMES_WE_WRITE.get(to.character_set, NAMES_WE_WRITE["UTF-8"])),
        ]
    )


def _pid(exam: ExamView) -> str:
    patient = exam.patient
    numbers = [
        (value, "", "", "", kind)
        for value, kind in (
            (patient.card_number, "PI"),
            (patient.id_number, "NI"),
            (patient.inpatient_number, "AN"),
            (patient.health_check_number, "PE"),
        )
        if value
    ]
    return segment(
        "PID",
        [
            (1, "1"),
            (3, Repeated(numbers or [(patient.patient_number, "", "", "", "PI")])),
            (5, (patient.name, "", "", "", "", "", "L")),
            (7, "" if patient.birth_date is None else f"{patient.birth_date:%Y%m%d}"),
            (8, patient.sex.value),
        ],
    )


def task(exam: ExamView, happening: ExamHappening, at: datetime, to: InterfaceConnection) -> dict[str, Any]:
    """Return a FHIR R4 Task: our work on the order that is its focus (http://hl7.org/fhir/R4/task.html)."""
    status = rules.STATUSES[happening]
    accession = {"system": ACCESSION_SYSTEM, "value": exam.row.accession_number}
    order: dict[str, Any] = {"value": exam.requester.his_number}
    if to.identifier_system:
        order["system"] = to.identifier_system
    resource: dict[str, Any] = {
        "resourceType": "Task",
        "identifier": [accession],
        "status": status.task,
        "businessStatus": {"text": status.words},
        "intent": "order",
        "code": {"text": "、".join(item.name for item in exam.items) or exam.row.exam_type},
        "focus": {"type": "ServiceRequest", "identifier": order},
        "for": _subject(exam, to),
        "authoredOn": exam.row.registered_at.isoformat(),
        "lastModified": at.isoformat(),
        "owner": {"display": to.own_application or "Mingjing"},
    }
    period = {
        name: moment.isoformat()
        for name, moment in (("start", exam.started_at), ("end", exam.finished_at))
        if moment is not None
    }
    if period:
        resource["executionPeriod"] = period
    return resource


def _subject(exam: ExamView, to: InterfaceConnection) -> dict[str, Any]:
    patient = exam.patient
    number = patient.card_number or patient.id_number or patient.patient_number
    identifier: dict[str, Any] = {"value": number}
    if to.patient_system and patient.card_number:
        identifier["system"] = to.patient_system
    return {"type": "Patient", "identifier": identifier, "display": patient.name}
