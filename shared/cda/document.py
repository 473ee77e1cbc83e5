"""Writes an imaging report as a CDA R2 document: the header (PS3.20 chapter 8), then the body."""

from __future__ import annotations

from shared.cda.nodes import Node, code, identifier, moment, name, node, serialised, template
from shared.cda.report import ImagingReport, PatientOfReport, Person
from shared.cda.sections import body, staff_root
from shared.dicomkit.content_items import Code
from shared.dicomkit.uids import derived_uid

REPORT_CODE = Code("18748-4", "LN", "Diagnostic imaging report")
_IDENTITY_CARD = "2.16.156.10011.1.3"  # 居民身份证号
_CARD = "2.16.156.10011.1.19"  # 健康卡号
_INPATIENT = "2.16.156.10011.1.12"  # 住院号
_CONFIDENTIALITY = "2.16.840.1.113883.5.25"
_GENDERS = {"M": ("M", "Male"), "F": ("F", "Female")}


def cda_document(report: ImagingReport) -> bytes:
    """The document as UTF-8 XML: the same bytes for the same report."""
    order = report.order
    return serialised(
        node(
            "ClinicalDocument",
            None,
            node("realmCode", {"code": "CN"}),
            node("typeId", {"root": "2.16.840.1.113883.1.3", "extension": "POCD_HD000040"}),
            template("1.2.840.10008.9.1"),
            template("1.2.840.10008.9.20"),
            template("1.2.840.10008.9.21"),
            identifier(report.document_oid),
            code(REPORT_CODE),
            node("title", None, text=report.title + ("（已撤回）" if report.withdrawn else "")),
            moment(report.made_at),
            node("confidentialityCode", {"code": report.confidentiality, "codeSystem": _CONFIDENTIALITY}),
            node("languageCode", {"code": report.language}),
            identifier(report.set_oid, tag="setId"),
            node("versionNumber", {"value": str(report.version)}),
            _record_target(report),
            _author(report),
            node("custodian", None, node("assignedCustodian", None, _custodian(report))),
            _authenticator(report),
            _requester(report) if order.doctor else None,
            node(
                "inFulfillmentOf",
                None,
                node(
                    "order",
                    None,
                    identifier(derived_uid("accession", report.hospital), order.accession),
                    identifier(derived_uid("placer", report.hospital), order.placer_number)
                    if order.placer_number
                    else None,
                ),
            ),
            _documentation(report),
            _parent(report),
            _encounter(report),
            body(report),
        )
    )


def _record_target(report: ImagingReport) -> Node:
    patient = report.patient
    numbers = [identifier(derived_uid("patients", report.hospital), patient.number, assigner=report.hospital)]
    numbers += [
        identifier(root, value)
        for root, value in (
            (_IDENTITY_CARD, patient.identity_number),
            (_CARD, patient.card_number),
            (_INPATIENT, patient.inpatient_number),
        )
        if value
    ]
    return node(
        "recordTarget",
        None,
        node(
            "patientRole",
            None,
            *numbers,
            node("addr", None, text=patient.address) if patient.address else node("addr", {"nullFlavor": "UNK"}),
            node("telecom", {"value": f"tel:{patient.phone}"} if patient.phone else {"nullFlavor": "UNK"}),
            _patient(patient),
        ),
    )


def _patient(patient: PatientOfReport) -> Node:
    known = _GENDERS.get(patient.sex)
    gender = (
        node(
            "administrativeGenderCode",
            {"code": known[0], "codeSystem": "2.16.840.1.113883.5.1", "displayName": known[1]},
        )
        if known
        else node("administrativeGenderCode", {"nullFlavor": "UNK"})
    )
    born = {"value": f"{patient.birth_date:%Y%m%d}"} if patient.birth_date else {"nullFlavor": "UNK"}
    return node("patient", None, name(patient.name), gender, node("birthTime", born))


def _number(report: ImagingReport, person: Person) -> Node:
    return identifier(staff_root(report), person.number) if person.number else node("id", {"nullFlavor": "UNK"})


def _author(report: ImagingReport) -> Node:
    return node(
        "author",
        None,
        moment(report.author.at or report.made_at, "time"),
        node(
            "assignedAuthor",
            None,
            _number(report, report.author),
            node("assignedPerson", None, name(report.author.name)),
            node("representedOrganization", None, node("name", None, text=report.hospital)),
        ),
    )


def _custodian(report: ImagingReport) -> Node:
    return node(
        "representedCustodianOrganization",
        None,
        identifier(derived_uid("hospital", report.hospital)),
        node("name", None, text=report.hospital),
    )


def _authenticator(report: ImagingReport) -> Node:
    return node(
        "legalAuthenticator",
        None,
        moment(report.authenticator.at or report.made_at, "time"),
        node("signatureCode", {"code": "S"}),
        node(
            "assignedEntity",
            None,
            _number(report, report.authenticator),
            node("assignedPerson", None, name(report.authenticator.name)),
        ),
    )


def _requester(report: ImagingReport) -> Node:
    order = report.order
    organisation = node("name", None, text=order.department)
    return node(
        "participant",
        {"typeCode": "REF"},
        node(
            "associatedEntity",
            {"classCode": "PROV"},
            node("associatedPerson", None, name(order.doctor)),
            node("scopingOrganization", None, organisation) if order.department else None,
        ),
    )


def _documentation(report: ImagingReport) -> Node:
    order = report.order
    low = moment(order.started, "low") if order.started else node("low", {"nullFlavor": "UNK"})
    return node(
        "documentationOf",
        None,
        node(
            "serviceEvent",
            {"classCode": "ACT"},
            identifier(order.study_uid),
            code(order.code),
            node("effectiveTime", None, low, moment(order.finished, "high") if order.finished else None),
        ),
    )


def _parent(report: ImagingReport) -> Node | None:
    if report.parent is None:
        return None
    return node(
        "relatedDocument",
        {"typeCode": report.parent.relation.value},
        node(
            "parentDocument",
            None,
            identifier(report.parent.document_oid),
            code(REPORT_CODE),
            identifier(report.set_oid, tag="setId"),
            node("versionNumber", {"value": str(report.parent.version)}),
        ),
    )


def _encounter(report: ImagingReport) -> Node:
    kind = ("IMP", "inpatient encounter") if report.order.is_inpatient else ("AMB", "ambulatory")
    encounter = node(
        "encompassingEncounter",
        None,
        node("code", {"code": kind[0], "codeSystem": "2.16.840.1.113883.5.4", "displayName": kind[1]}),
        node("effectiveTime", None, moment(report.order.started, "low"))
        if report.order.started
        else node("effectiveTime", {"nullFlavor": "UNK"}),
    )
    return node("componentOf", None, encounter)
