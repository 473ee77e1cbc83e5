"""A snapshot as FHIR R4 resources: DiagnosticReport with all that it points at; for reading and as a transaction.

The ids of resources are ours: `DiagnosticReport/REPORT`, `Patient/PATIENT`, `ServiceRequest/EXAM`, `ImagingStudy/EXAM`,
`Observation/REPORT-N`.
"""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass
from typing import Any

from server.results import rules
from server.results.documents.cda import set_oid
from server.results.documents.discipline import OF_PATHOLOGY, discipline_of
from server.results.documents.values import reported_values
from server.results.snapshot import Snapshot
from shared.contract.results import ResultEvent
from shared.dicomkit.content_items import Code
from shared.dicomkit.structured_report import ANY_IMAGING, PROCEDURES
from shared.dicomkit.structured_report_values import ReportedValue

Json = dict[str, Any]

ACCESSION_SYSTEM = "urn:mingjing:accession-number"
PATIENT_SYSTEM = "urn:mingjing:patient-number"
_SYSTEMS = {
    "LN": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "UCUM": "http://unitsofmeasure.org",
    "RADLEX": "http://radlex.org",
}
_GENDERS = {"M": "male", "F": "female", "O": "other"}
_SECTIONS = "http://terminology.hl7.org/CodeSystem/v2-0074"
_OBSERVED = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging"}
_OBSERVATION_STATES = {
    ResultEvent.APPROVED: "final",
    ResultEvent.REVISED: "corrected",
    ResultEvent.ADDED: "amended",
    ResultEvent.WITHDRAWN: "entered-in-error",
}


@dataclass(frozen=True, slots=True)
class Bundling:
    """Facts of an issue beside the snapshot. `systems`: of order and card numbers at the other side, may be empty."""

    issue: int
    at: dt.datetime
    order_system: str = ""
    card_system: str = ""
    pdf: bytes = b""
    pdf_url: str = ""  # where the door gives the PDF; used when `pdf` is empty


def resources(snapshot: Snapshot, facts: Bundling) -> dict[str, Json]:
    """Every resource by `Type/id`, the DiagnosticReport first."""
    row, exam = snapshot.view.row, snapshot.view.exam
    observations = [_observation(snapshot, facts, number, value) for number, value in enumerate(_values(snapshot), 1)]
    report = _report(snapshot, facts, [f"Observation/{one['id']}" for one in observations])
    found = {
        f"DiagnosticReport/{row.id}": report,
        f"Patient/{row.patient_id}": _patient(snapshot, facts),
        f"ServiceRequest/{row.exam_id}": _request(snapshot, facts),
    }
    if exam.row.study_uid:
        found[f"ImagingStudy/{row.exam_id}"] = _study(snapshot)
    return found | {f"Observation/{one['id']}": one for one in observations}


def transaction(snapshot: Snapshot, facts: Bundling) -> Json:
    """A Bundle that makes or updates all of it at once, however often it is sent: conditional updates by identifier.

    Within the bundle resources point at each other by urn:uuid, the server puts its own ids there
    (http://hl7.org/fhir/R4/http.html#trules).
    """
    made = resources(snapshot, facts)
    urls = {name: _urn(snapshot, name) for name in made}
    entries = []
    for name, resource in made.items():
        kind = resource["resourceType"]
        identifier = resource["identifier"][0]
        wanted = f"{identifier['system']}|{identifier['value']}"
        body = _pointing(resource, urls)
        del body["id"]
        entries.append(
            {
                "fullUrl": urls[name],
                "resource": body,
                "request": {"method": "PUT", "url": f"{kind}?identifier={wanted}"},
            }
        )
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _report(snapshot: Snapshot, facts: Bundling, observations: list[str]) -> Json:
    row, exam = snapshot.view.row, snapshot.view.exam
    study_uid = exam.row.study_uid
    made: Json = {
        "resourceType": "DiagnosticReport",
        "id": str(row.id),
        "meta": {"versionId": str(facts.issue), "lastUpdated": facts.at.isoformat()},
        "language": "zh-CN",
        "text": _narrative(snapshot),
        "contained": [],
        "identifier": [
            {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{set_oid(study_uid, row.id)}"},
            {"system": ACCESSION_SYSTEM, "value": row.accession_number},
        ],
        "basedOn": [{"reference": f"ServiceRequest/{row.exam_id}"}],
        "status": rules.CODES[snapshot.event].fhir,
        "category": [{"coding": [{"system": _SECTIONS, "code": discipline_of(snapshot).section}]}],
        "code": _concept(PROCEDURES.get(row.exam_type, ANY_IMAGING), "、".join(item.name for item in exam.items)),
        "subject": {"reference": f"Patient/{row.patient_id}", "display": row.patient_name},
        "effectiveDateTime": (row.examined_at or facts.at).isoformat(),
        "issued": facts.at.isoformat(),
    }
    for field, identifier, who in (
        ("performer", "author", row.diagnosing_doctor),
        ("resultsInterpreter", "verifier", row.auditing_doctor),
    ):
        if who:
            made["contained"].append({"resourceType": "Practitioner", "id": identifier, "name": [{"text": who}]})
            made[field] = [{"reference": f"#{identifier}", "display": who}]
    if not made["contained"]:
        del made["contained"]
    if observations:
        made["result"] = [{"reference": one} for one in observations]
    if study_uid:
        made["imagingStudy"] = [{"reference": f"ImagingStudy/{row.exam_id}"}]
    made["conclusion"] = _conclusion(snapshot)
    form = {"contentType": "application/pdf", "title": f"{snapshot.title} 第{snapshot.edition}版", "language": "zh-CN"}
    if facts.pdf:
        made["presentedForm"] = [form | {"data": base64.b64encode(facts.pdf).decode(), "size": len(facts.pdf)}]
    elif facts.pdf_url and not snapshot.is_withdrawn:
        made["presentedForm"] = [form | {"url": facts.pdf_url}]
    return made


def _conclusion(snapshot: Snapshot) -> str:
    if snapshot.is_withdrawn:
        return f"本报告已撤回，以修订后的报告为准。原因：{snapshot.reason or '未注明'}"
    return "\n".join([snapshot.impression, *(f"补充：{one}" for one in snapshot.addenda)])


def _narrative(snapshot: Snapshot) -> Json:
    from html import escape

    texts = [_conclusion(snapshot)]
    if not snapshot.is_withdrawn:
        texts = [f"{discipline_of(snapshot).findings_words}：{snapshot.findings}", f"诊断意见：{texts[0]}"]
    lines = "".join(f"<p>{escape(line)}</p>" for text in texts for line in text.split("\n") if line.strip())
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{lines or "<p>-</p>"}</div>'}


def _values(snapshot: Snapshot) -> list[ReportedValue]:
    """Findings and critical flag as observations too: some receivers read only these."""
    if snapshot.is_withdrawn:
        return []
    codes = discipline_of(snapshot)
    name = codes.findings if codes is OF_PATHOLOGY else Code("59776-5", "LN", "Procedure findings")
    found = [ReportedValue(name, codes.findings_words, snapshot.findings)]
    if snapshot.is_critical:
        found.append(ReportedValue(Code("CRITICAL", "99MJ", "危急值"), "危急值", "是"))
    return [*found, *reported_values(snapshot)]


def _observation(snapshot: Snapshot, facts: Bundling, number: int, value: ReportedValue) -> Json:
    row = snapshot.view.row
    label = f"{value.group} {value.label}".strip() or value.name.meaning
    made: Json = {
        "resourceType": "Observation",
        "id": f"{row.id}-{number}",
        "identifier": [
            {
                "system": "urn:mingjing:report-value",
                "value": f"{set_oid(snapshot.view.exam.row.study_uid, row.id)}-{number}",
            }
        ],
        "status": _OBSERVATION_STATES[snapshot.event],
        "category": [{"coding": [_OBSERVED]}],
        "code": _concept(value.name, label),
        "subject": {"reference": f"Patient/{row.patient_id}"},
        "effectiveDateTime": (row.examined_at or facts.at).isoformat(),
        "issued": facts.at.isoformat(),
    }
    if value.number is not None:
        made["valueQuantity"] = {
            "value": value.number,
            "unit": value.unit,
            "system": _SYSTEMS["UCUM"],
            "code": value.unit,
        }
    elif value.codes:
        made["valueCodeableConcept"] = {
            "coding": [_coding(code) for code in value.codes],
            "text": value.text or "、".join(code.meaning for code in value.codes),
        }
    else:
        made["valueString"] = value.text or "-"
    return made


def _patient(snapshot: Snapshot, facts: Bundling) -> Json:
    patient = snapshot.view.exam.patient
    identifiers = [{"system": PATIENT_SYSTEM, "value": patient.patient_number}]
    if patient.card_number and facts.card_system:
        identifiers.insert(0, {"system": facts.card_system, "value": patient.card_number})
    made: Json = {
        "resourceType": "Patient",
        "id": str(snapshot.view.row.patient_id),
        "identifier": identifiers,
        "name": [{"text": patient.name}],
        "gender": _GENDERS.get(patient.sex.value, "unknown"),
    }
    if patient.birth_date:
        made["birthDate"] = patient.birth_date.isoformat()
    return made


def _request(snapshot: Snapshot, facts: Bundling) -> Json:
    row, exam = snapshot.view.row, snapshot.view.exam
    identifiers: list[Json] = [
        {
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]},
            "system": ACCESSION_SYSTEM,
            "value": row.accession_number,
        }
    ]
    if exam.requester.his_number:
        placer: Json = {"value": exam.requester.his_number}
        if facts.order_system:
            placer["system"] = facts.order_system
        identifiers.append(placer)
    made: Json = {
        "resourceType": "ServiceRequest",
        "id": str(row.exam_id),
        "identifier": identifiers,
        "status": "active" if snapshot.is_withdrawn else "completed",
        "intent": "order",
        "code": {"text": "、".join(item.name for item in exam.items) or row.exam_type},
        "subject": {"reference": f"Patient/{row.patient_id}"},
    }
    if exam.requester.doctor:
        made["requester"] = {"display": exam.requester.doctor}
    if exam.requester.requested_at:
        made["authoredOn"] = exam.requester.requested_at.isoformat()
    return made


def _study(snapshot: Snapshot) -> Json:
    row, exam = snapshot.view.row, snapshot.view.exam
    made: Json = {
        "resourceType": "ImagingStudy",
        "id": str(row.exam_id),
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{exam.row.study_uid}"}],
        "status": "available",
        "subject": {"reference": f"Patient/{row.patient_id}"},
        "basedOn": [{"reference": f"ServiceRequest/{row.exam_id}"}],
        "numberOfInstances": row.image_count,
    }
    started = exam.started_at or row.examined_at
    if started is not None:
        made["started"] = started.isoformat()
    return made


def _concept(code: Code, text: str) -> Json:
    return {"coding": [_coding(code)], "text": text or code.meaning}


def _coding(code: Code) -> Json:
    system = _SYSTEMS.get(code.scheme, f"urn:mingjing:scheme:{code.scheme}")
    return {"system": system, "code": code.value, "display": code.meaning}


def _urn(snapshot: Snapshot, name: str) -> str:
    import uuid

    return uuid.uuid5(uuid.NAMESPACE_OID, f"{snapshot.view.exam.row.study_uid}/{name}").urn


def _pointing(value: Any, urls: dict[str, str]) -> Any:
    """A copy whose references are those of the bundle."""
    if isinstance(value, dict):
        return {
            key: urls.get(one, one) if key == "reference" and isinstance(one, str) else _pointing(one, urls)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_pointing(one, urls) for one in value]
    return value
