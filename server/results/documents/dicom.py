"""A snapshot as DICOM objects: structured report, key objects, encapsulated PDF; the same bytes every time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.results.documents.values import key_references, reported_values
from server.results.ports import StudyOfReport
from server.results.snapshot import ECG, Snapshot
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, SeriesFacts
from shared.dicomkit.names import pn_value
from shared.domain.structured import Code as CodeOfValue

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

FOR_ATTACHMENT = Code("113020", "DCM", "For Report Attachment")
_SERIES = {"sr": (910, "诊断报告"), "key_objects": (901, "关键图像"), "pdf": (920, "诊断报告（PDF）")}
SERIES_NUMBERS = tuple(number for number, _description in _SERIES.values())
"""Where the objects that a report leaves in its study stand."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """The moment of an issue and where its object goes; `at` is the hospital's local time."""

    at: dt.datetime
    approved_at: dt.datetime
    number: int  # of the issue: the Instance Number
    series_uid: str
    sop_uid: str
    predecessor: InstanceReference | None = None


def structured_report(snapshot: Snapshot, place: StudyOfReport, occasion: Occasion) -> Dataset:
    """The report by TID 2000; one of an ECG by TID 3700."""
    if snapshot.view.row.exam_type == ECG:
        return _ecg_report(snapshot, place, occasion)
    from shared.dicomkit.structured_report import DiagnosticReport, Verification, diagnostic_report

    view = snapshot.view
    images = {one.sop_uid: one for one in place.images}
    report = DiagnosticReport(
        findings=snapshot.findings,
        impression=snapshot.impression,
        critical_value="是" if snapshot.is_critical else "",
        author_name=pn_value(view.row.diagnosing_doctor) if view.row.diagnosing_doctor else "",
        verification=Verification(pn_value(view.row.auditing_doctor), snapshot.hospital[:64], occasion.approved_at),
        key_images=key_references(snapshot, images),
        indication=view.exam.clinical.purpose or view.exam.clinical.diagnosis,
        history=view.exam.clinical.history,
        values=reported_values(snapshot, images),
        addenda=snapshot.addenda,
        withdrawn=(snapshot.reason or "见修订后的报告") if snapshot.is_withdrawn else "",
    )
    made = diagnostic_report(
        place.patient,
        place.study,
        report,
        made_at=occasion.at,
        modality=view.row.exam_type,
        series=_series("sr", occasion),
        equipment=EquipmentFacts(institution=snapshot.hospital[:64]),
        sop_uid=occasion.sop_uid,
        evidence=place.images,
        predecessor=occasion.predecessor,
        placer_number=view.exam.requester.his_number,
    )
    return _finished(made, place.fixed, occasion)


def _ecg_report(snapshot: Snapshot, place: StudyOfReport, occasion: Occasion) -> Dataset:
    """The report by TID 3700; its evidence are the waveforms of the study."""
    from shared.dicomkit import ecg_report as ecg
    from shared.dicomkit.structured_report import Verification

    view = snapshot.view
    content = ecg.EcgReportContent(
        findings=snapshot.findings,
        diagnosis=snapshot.impression,
        values=tuple(
            ecg.MeasuredValue(_code(one.name), one.number, Code(one.unit, "UCUM", one.unit))
            for one in snapshot.coded
            if one.number is not None
        ),
        statements=tuple(
            ecg.CodedStatement(_code(one.codes[0]) if one.codes else None, one.text)
            for one in snapshot.coded
            if one.number is None
        ),
        author_name=pn_value(view.row.diagnosing_doctor) if view.row.diagnosing_doctor else "",
        verification=Verification(pn_value(view.row.auditing_doctor), snapshot.hospital[:64], occasion.approved_at),
        withdrawn=(snapshot.reason or "见修订后的报告") if snapshot.is_withdrawn else "",
    )
    made = ecg.ecg_report(
        place.patient,
        place.study,
        content,
        made_at=occasion.at,
        series=_series("sr", occasion),
        equipment=EquipmentFacts(institution=snapshot.hospital[:64]),
        sop_uid=occasion.sop_uid,
        evidence=place.images,
        predecessor=occasion.predecessor,
        placer_number=view.exam.requester.his_number,
    )
    return _finished(made, place.fixed, occasion)


def _code(one: CodeOfValue) -> Code:
    return Code(one.value, one.scheme, one.meaning)


def key_objects(snapshot: Snapshot, place: StudyOfReport, occasion: Occasion) -> Dataset | None:
    """The key images as a selection "For Report Attachment"; None when none of them is in the archive."""
    from shared.dicomkit.keyobject import key_object_selection

    references = key_references(snapshot, {one.sop_uid: one for one in place.images})
    if not references:
        return None
    captions = "；".join(one.caption for one in snapshot.view.key_images if one.caption)
    made = key_object_selection(
        place.patient,
        place.study,
        references,
        made_at=occasion.at,
        title=FOR_ATTACHMENT,
        description=captions[:1024],
        observer_name=pn_value(snapshot.view.row.diagnosing_doctor) if snapshot.view.row.diagnosing_doctor else "",
        series=_series("key_objects", occasion),
        equipment=EquipmentFacts(institution=snapshot.hospital[:64]),
        sop_uid=occasion.sop_uid,
    )
    return _finished(made, place.fixed, occasion)


def printed_report(snapshot: Snapshot, place: StudyOfReport, occasion: Occasion, pdf: bytes) -> Dataset:
    """The printed report; the title names its edition. Raises ValueError when `pdf` is none."""
    from shared.dicomkit.encapsulated_pdf import encapsulated_pdf
    from shared.dicomkit.structured_report import IMAGING_REPORT, TITLES

    images = {one.sop_uid: one for one in place.images}
    made = encapsulated_pdf(
        place.patient,
        place.study,
        pdf,
        made_at=occasion.at,
        title=f"{snapshot.title} 第{snapshot.edition}版",
        concept=TITLES.get(snapshot.view.row.exam_type, IMAGING_REPORT),
        sources=key_references(snapshot, images),
        series=_series("pdf", occasion),
        equipment=EquipmentFacts(institution=snapshot.hospital[:64]),
        sop_uid=occasion.sop_uid,
    )
    return _finished(made, place.fixed, occasion)


def _series(kind: str, occasion: Occasion) -> SeriesFacts:
    number, description = _SERIES[kind]
    return SeriesFacts(occasion.series_uid, number, description)


def _finished(made: Dataset, fixed: Mapping[str, str], occasion: Occasion) -> Dataset:
    """The attributes of patient and study as the archive has them: a study says one thing in all its objects."""
    for keyword, value in fixed.items():
        setattr(made, keyword, value)
    made.InstanceNumber = occasion.number
    return made


def sr_class(snapshot: Snapshot, place: StudyOfReport) -> str:
    """The storage class that the structured report of a snapshot has."""
    from shared.dicomkit.structured_report import BASIC_TEXT_SR, ENHANCED_SR

    if snapshot.view.row.exam_type == ECG:
        return ENHANCED_SR
    has_values = reported_values(snapshot, {one.sop_uid: one for one in place.images})
    return ENHANCED_SR if has_values and not snapshot.is_withdrawn else BASIC_TEXT_SR
