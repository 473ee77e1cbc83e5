"""A snapshot as HL7 v2 messages: ORU^R01 (chapter 7.3.1) and MDM^T02 or T10 with the CDA document (chapter 9.6)."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass

from server.results import rules
from server.results.documents.discipline import discipline_of
from server.results.documents.values import reported_values
from server.results.ports import Connection
from server.results.snapshot import Snapshot
from shared.contract.exams import ExamView
from shared.contract.results import ResultEvent
from shared.dicomkit.content_items import Code
from shared.dicomkit.structured_report_values import ReportedValue
from shared.hl7.charsets import NAMES_WE_WRITE, encoded
from shared.hl7.message import Repeated, Value, header, joined, segment, written_time

_STUDY = ("113014", "DICOM Study", "DCM")
_ADDENDUM = ("55107-7", "Addendum", "LN")
CRITICAL = ("CRITICAL", "危急值", "99MJ")
CODECS = {"GBK": "gb18030", "GB18030": "gb18030"}
"""Character set of a connection → codec with which its message is read again; others are UTF-8."""
_BOUNDED = 100_000
"""Characters of one text."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a message says beside the report."""

    to: Connection
    control_id: str
    at: dt.datetime  # of the issue
    zone: dt.tzinfo
    document_id: str  # the same for all issues of a report
    issue: int


def result_message(snapshot: Snapshot, envelope: Envelope, pdf: bytes = b"") -> bytes:
    """ORU^R01: one order with the findings, the impression, values, and the printed report if it is given.

    OBR-25 and OBX-11 say F, C (revised, added to) or X (withdrawn), tables 0123 and 0085.
    """
    codes = rules.CODES[snapshot.event]
    view = snapshot.view
    when = written_time(envelope.at, envelope.zone)
    lines = [
        message_header(("ORU", "R01", "ORU_R01"), when, envelope),
        patient_segment(view.exam),
        segment("PV1", [(1, "1"), (2, "I" if view.exam.patient.inpatient_number else "O")]),
        _order(snapshot, envelope),
        _request(snapshot, envelope, codes.order),
    ]
    observer = view.row.auditing_doctor
    for number, (kind, concept, value, unit, flag) in enumerate(_observations(snapshot, pdf), 1):
        lines.append(
            segment(
                "OBX",
                [
                    (1, str(number)),
                    (2, kind),
                    (3, concept),
                    (4, "1"),
                    (5, value),
                    (6, unit),
                    (8, flag),
                    (11, codes.value),
                    (14, when),
                    (16, ("", observer)),
                ],
            )
        )
    return encoded(joined(lines), envelope.to.character_set or "UTF-8")


def document_message(snapshot: Snapshot, envelope: Envelope, cda: bytes, replaces: str = "") -> bytes:
    """MDM with the CDA document: T02 for the first issue and addenda, T10 where it replaces `replaces`."""
    view = snapshot.view
    when = written_time(envelope.at, envelope.zone)
    event = {ResultEvent.APPROVED: "T02", ResultEvent.ADDED: "T06"}.get(snapshot.event, "T10")
    if event == "T10" and not replaces:
        event = "T02"
    order = view.exam.requester.his_number, (view.row.accession_number, envelope.to.own_application)
    lines = [
        message_header(("MDM", event, "MDM_T02"), when, envelope),
        segment("EVN", [(1, event), (2, when)]),
        patient_segment(view.exam),
        segment("PV1", [(1, "1"), (2, "I" if view.exam.patient.inpatient_number else "O")]),
        segment(
            "TXA",
            [
                (1, "1"),
                (2, "DI"),  # table 0270: diagnostic imaging
                (3, "multipart"),
                (4, when if view.row.examined_at is None else written_time(view.row.examined_at, envelope.zone)),
                (7, when),
                (9, ("", view.row.diagnosing_doctor)),
                (12, (f"{envelope.document_id}.{envelope.issue}", envelope.to.own_application)),
                (13, (replaces, envelope.to.own_application) if replaces else ""),
                (14, order[0]),
                (15, order[1]),
                (17, "CA" if snapshot.is_withdrawn else "LA"),  # table 0271: legally authenticated, cancelled
                (19, "CA" if snapshot.is_withdrawn else "AV"),
            ],
        ),
        segment(
            "OBX",
            [
                (1, "1"),
                (2, "ED"),
                (3, _concept(discipline_of(snapshot).document)),
                (4, "1"),
                (5, (envelope.to.own_application, "text", "xml", "Base64", base64.b64encode(cda).decode())),
                (11, rules.CODES[snapshot.event].value),
                (14, when),
            ],
        ),
    ]
    return encoded(joined(lines), envelope.to.character_set or "UTF-8")


Observation = tuple[str, Value, Value, Value, str]
"""OBX-2, -3, -5, -6 and -8."""


def _observations(snapshot: Snapshot, pdf: bytes) -> list[Observation]:
    view, codes = snapshot.view, discipline_of(snapshot)
    findings, impression, document = (_concept(one) for one in (codes.findings, codes.impression, codes.document))
    found: list[Observation] = [
        ("HD", _STUDY, ("", uid, "ISO"), "", "") for uid in (view.row.study_uids or (view.exam.row.study_uid,)) if uid
    ]
    if snapshot.is_withdrawn:
        said = f"本报告已撤回，以修订后的报告为准。原因：{snapshot.reason or '未注明'}"
        return [*found, ("FT", impression, said, "", "")]
    flag = "AA" if snapshot.is_critical else ""
    found.append(("FT", findings, snapshot.findings[:_BOUNDED], "", ""))
    found.append(("FT", impression, snapshot.impression[:_BOUNDED], "", flag))
    found += [("FT", _ADDENDUM, one[:_BOUNDED], "", "") for one in snapshot.addenda]
    if view.content.critical_value.value != "unset":
        answer = ("Y", "是", "HL70136") if snapshot.is_critical else ("N", "否", "HL70136")
        found.append(("CE", CRITICAL, answer, "", flag))
    for value in reported_values(snapshot):
        found += _coded(value)
    if pdf:
        data = base64.b64encode(pdf).decode()
        found.append(("ED", document, ("MINGJING", "application", "pdf", "Base64", data), "", ""))
    return found


def _concept(code: Code) -> tuple[str, str, str]:
    return code.value, code.meaning, code.scheme


def _coded(value: ReportedValue) -> list[Observation]:
    label = f"{value.group} {value.label}".strip() or value.name.meaning
    concept = (value.name.value, label, _scheme(value.name.scheme))
    if value.number is not None:
        return [("NM", concept, f"{value.number:g}", (value.unit, value.unit, "UCUM"), "")]
    if value.codes:
        return [("CE", concept, (code.value, code.meaning, _scheme(code.scheme)), "", "") for code in value.codes]
    return [("TX", concept, value.text, "", "")] if value.text else []


def _scheme(scheme: str) -> str:
    """Table 0396 calls SNOMED CT SCT and RadLex RADLEX, as DICOM does; LOINC is LN."""
    return scheme[:20]


def message_header(kind: tuple[str, str, str], when: str, envelope: Envelope) -> str:
    """MSH for the connection of the envelope; `kind` as in MSH-9."""
    to = envelope.to
    return header(
        [
            (3, to.own_application),
            (4, to.own_facility),
            (5, to.application),
            (6, to.facility),
            (7, when),
            (9, kind if to.hl7_version >= "2.3.1" else (kind[0], kind[1])),
            (10, envelope.control_id),
            (11, "P"),
            (12, to.hl7_version),
            (18, NAMES_WE_WRITE.get(to.character_set, NAMES_WE_WRITE["UTF-8"])),
        ]
    )


def patient_segment(exam: ExamView) -> str:
    """PID with every number of the patient."""
    patient = exam.patient
    numbers = [
        (value, "", "", "", kind)
        for value, kind in (
            (patient.card_number, "PI"),
            (patient.id_number, "NI"),
            (patient.inpatient_number, "AN"),
            (patient.health_check_number, "PE"),
            (patient.patient_number, "MR"),
        )
        if value
    ]
    return segment(
        "PID",
        [
            (1, "1"),
            (3, Repeated(numbers)),
            (5, (patient.name, "", "", "", "", "", "L")),
            (7, "" if patient.birth_date is None else f"{patient.birth_date:%Y%m%d}"),
            (8, patient.sex.value),
        ],
    )


def _order(snapshot: Snapshot, envelope: Envelope) -> str:
    exam = snapshot.view.exam
    filler = (exam.row.accession_number, envelope.to.own_application)
    when = written_time(envelope.at, envelope.zone)
    status = "IP" if snapshot.is_withdrawn else "CM"
    return segment(
        "ORC",
        [
            (1, "RE"),
            (2, exam.requester.his_number),
            (3, filler),
            (5, status),
            (9, when),
            (12, ("", exam.requester.doctor)),
        ],
    )


def _request(snapshot: Snapshot, envelope: Envelope, status: str) -> str:
    exam = snapshot.view.exam
    names = "、".join(item.name for item in exam.items)
    code = exam.items[0].code if exam.items else exam.row.exam_type

    def written(moment: dt.datetime | None) -> str:
        return "" if moment is None else written_time(moment, envelope.zone)

    return segment(
        "OBR",
        [
            (1, "1"),
            (2, exam.requester.his_number),
            (3, (exam.row.accession_number, envelope.to.own_application)),
            (4, (code, names or exam.row.exam_type, "L")),
            (7, written(exam.started_at)),
            (8, written(exam.finished_at)),
            (13, exam.clinical.diagnosis),
            (16, ("", exam.requester.doctor)),
            (18, exam.row.accession_number),
            (22, written(envelope.at)),
            (24, exam.row.exam_type),
            (25, status),
            (31, ("", exam.clinical.purpose) if exam.clinical.purpose else ""),
            (32, snapshot.view.row.auditing_doctor),
            (33, snapshot.view.row.diagnosing_doctor),
        ],
    )
