"""A snapshot as a CDA R2 imaging report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from server.results.documents.values import key_references, reported_values
from server.results.snapshot import Snapshot
from shared.cda.document import cda_document
from shared.cda.report import ImagingReport, OrderOfReport, Parent, PatientOfReport, Person, Relation
from shared.contract.results import ResultEvent
from shared.dicomkit.headers import InstanceReference
from shared.dicomkit.structured_report import ANY_IMAGING, PROCEDURES
from shared.dicomkit.uids import derived_uid
from shared.domain.identity_documents import DocumentKind


def document_oid(study_uid: str, report_id: int, issue: int) -> str:
    """The identifier of one issue's document: its study's UID is like no other's."""
    return derived_uid("report", study_uid, str(report_id), str(issue))


def set_oid(study_uid: str, report_id: int) -> str:
    """The identifier that all issues of a report share."""
    return derived_uid("report", study_uid, str(report_id))


def clinical_document(
    snapshot: Snapshot,
    issue: int,
    at: dt.datetime,
    zone: dt.tzinfo,
    images: Mapping[str, InstanceReference] | None = None,
) -> bytes:
    """The document of an issue (from 1), made at `at`. Every issue after the first replaces the one before it."""
    view = snapshot.view
    exam, patient = view.exam, view.exam.patient
    study_uid = exam.row.study_uid
    is_identity_card = patient.id_kind in (None, DocumentKind.RESIDENT)

    def local(moment: dt.datetime | None) -> dt.datetime | None:
        return None if moment is None else moment.astimezone(zone)

    parent = None
    if issue > 1:
        relation = Relation.ADDS_TO if snapshot.event is ResultEvent.ADDED else Relation.REPLACES
        parent = Parent(document_oid(study_uid, view.row.id, issue - 1), issue - 1, relation)
    return cda_document(
        ImagingReport(
            document_oid=document_oid(study_uid, view.row.id, issue),
            set_oid=set_oid(study_uid, view.row.id),
            version=issue,
            title=snapshot.title,
            hospital=snapshot.hospital,
            made_at=at.astimezone(zone),
            patient=PatientOfReport(
                number=patient.patient_number,
                name=patient.name,
                sex=patient.sex.value,
                birth_date=patient.birth_date,
                identity_number=patient.id_number if is_identity_card else "",
                card_number=patient.card_number,
                inpatient_number=patient.inpatient_number,
                phone=patient.phone,
                address=patient.address,
            ),
            order=OrderOfReport(
                accession=exam.row.accession_number,
                study_uid=study_uid,
                placer_number=exam.requester.his_number,
                code=PROCEDURES.get(exam.row.exam_type, ANY_IMAGING),
                description="、".join(item.name for item in exam.items),
                department=exam.requester.department,
                doctor=exam.requester.doctor,
                started=local(exam.started_at),
                finished=local(exam.finished_at),
                is_inpatient=bool(patient.inpatient_number),
            ),
            author=Person(view.row.diagnosing_doctor, at=local(view.row.diagnosed_at)),
            authenticator=Person(view.row.auditing_doctor, at=local(view.approved_at)),
            findings=snapshot.findings,
            impression=snapshot.impression,
            indication=exam.clinical.purpose or exam.clinical.diagnosis,
            history=exam.clinical.history,
            is_critical=snapshot.is_critical,
            addenda=snapshot.addenda,
            values=reported_values(snapshot, images),
            key_images=key_references(snapshot, images or {}),
            parent=parent,
            withdrawn=(snapshot.reason or "见修订后的报告") if snapshot.is_withdrawn else "",
        )
    )
