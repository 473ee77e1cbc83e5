"""An ECG report as DICOM structured report by TID 3700 (PS3.16): global measurements, findings, summary.

Enhanced SR. Root (28010-7, LN), measured values in (122158, DCM) "ECG Global Measurements" with MDC codes as
shared.waveform.formats.dicom_concepts has them, the waveform object as evidence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.dicomkit import content_items as items
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import UTF8, EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts
from shared.dicomkit.structured_report import (
    ENHANCED_SR,
    FINDING,
    FINDINGS,
    SUMMARY,
    Verification,
    new_document,
    put_author,
    put_verification,
)
from shared.dicomkit.structured_report_values import LOCAL_SCHEME, local_scheme

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

ECG_REPORT = Code("28010-7", "LN", "ECG Report")
GLOBAL_MEASUREMENTS = Code("122158", "DCM", "ECG Global Measurements")
ECG_FINDING = Code("271921002", "SCT", "ECG Finding")
TWELVE_LEAD = Code("268400002", "SCT", "12-Lead ECG")


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A number with its concept and unit; `unit` is a UCUM code."""

    name: Code
    value: float
    unit: Code


@dataclass(frozen=True, slots=True)
class CodedStatement:
    """A statement: its code where one is known, and what the doctor reads."""

    code: Code | None
    text: str


@dataclass(frozen=True, slots=True)
class EcgReportContent:
    """What the report says. `withdrawn` says why a published report holds no more."""

    findings: str
    diagnosis: str
    values: tuple[MeasuredValue, ...] = ()
    statements: tuple[CodedStatement, ...] = ()
    author_name: str = ""
    verification: Verification | None = None
    language: str = "zh"
    withdrawn: str = ""


def ecg_report(
    patient: PatientFacts,
    study: StudyFacts,
    report: EcgReportContent,
    *,
    made_at: dt.datetime,
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    evidence: Sequence[InstanceReference] = (),
    predecessor: InstanceReference | None = None,
    character_set: str = UTF8,
    placer_number: str = "",
) -> Dataset:
    """The report; `evidence` are the waveforms that it speaks of, `predecessor` the version that it replaces."""
    made = new_document(
        ENHANCED_SR,
        patient,
        study,
        made_at=made_at,
        series=series or SeriesFacts(number=910, description="心电图报告" if report.language == "zh" else "ECG report"),
        equipment=equipment,
        sop_uid=sop_uid,
        character_set=character_set,
    )
    if placer_number and study.accession:
        made.ReferencedRequestSequence[0].PlacerOrderNumberImagingServiceRequest = placer_number[:64]
    put_verification(made, None if report.withdrawn else report.verification)
    put_author(made, report.author_name, equipment)
    if evidence:
        made.CurrentRequestedProcedureEvidenceSequence = items.evidence(evidence)
    if predecessor is not None:
        made.PredecessorDocumentsSequence = items.evidence([predecessor])
    items.put_root(made, ECG_REPORT, "3700", _content(report))
    if any(one.code is not None and one.code.scheme == LOCAL_SCHEME for one in report.statements):
        made.CodingSchemeIdentificationSequence = [local_scheme()]
    return made


def _content(report: EcgReportContent) -> list[Dataset]:
    children = [
        items.language(report.language),
        *items.observer(report.author_name),
        items.coded(items.PROCEDURE_REPORTED, TWELVE_LEAD, items.HAS_MODIFIER),
    ]
    if report.withdrawn:
        word = "本报告已撤回，以修订后的报告为准。原因：" if report.language == "zh" else "Withdrawn. Reason: "
        children.append(items.container(SUMMARY, [items.text(SUMMARY, word + report.withdrawn)]))
        return children
    if report.values:
        numbers = [items.number(one.name, one.value, one.unit) for one in report.values]
        children.append(items.container(GLOBAL_MEASUREMENTS, numbers))
    found = [items.text(FINDING, report.findings)] if report.findings else []
    for one in report.statements:
        if one.code is None:
            found.append(items.text(ECG_FINDING, one.text))
        else:
            found.append(items.coded(ECG_FINDING, one.code))
    if found:
        children.append(items.container(FINDINGS, found))
    children.append(items.container(SUMMARY, [items.text(SUMMARY, report.diagnosis or "-")]))
    return children
