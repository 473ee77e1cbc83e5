"""Structured reports: the diagnostic report (TID 2000, Basic Text or Enhanced SR), measurements (TID 1500)."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shared.dicomkit import content_items as items
from shared.dicomkit import headers, uids
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts
from shared.dicomkit.structured_report_values import LOCAL_SCHEME, ReportedValue, local_scheme, values_in

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
ENHANCED_SR = "1.2.840.10008.5.1.4.1.1.88.22"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"

IMAGING_REPORT = Code("18748-4", "LN", "Diagnostic imaging report")
TITLES = {
    "PATH": Code("11526-1", "LN", "Pathology study"),
    "ECG": Code("28010-7", "LN", "ECG Report"),
    "CT": Code("25045-6", "LN", "CT Report"),
    "MR": Code("25056-3", "LN", "MRI Report"),
    "US": Code("25061-3", "LN", "Ultrasound Report"),
    "PT": Code("44136-0", "LN", "PET Scan Report"),
    "NM": Code("49118-3", "LN", "Nuclear Medicine Report"),
    "DX": Code("43468-8", "LN", "X-Ray Report"),
    "DR": Code("43468-8", "LN", "X-Ray Report"),
    "CR": Code("43468-8", "LN", "X-Ray Report"),
    "MG": Code("111400", "DCM", "Breast Imaging Report"),
}
"""Document titles by modality (PS3.16 CID 7000); others are called IMAGING_REPORT."""
MEASUREMENT_REPORT = Code("126000", "DCM", "Imaging Measurement Report")
CLINICAL_SECTION = Code("55752-0", "LN", "Clinical Information")
INDICATION_SECTION = Code("18785-6", "LN", "Indications for Procedure")
HISTORY = Code("11329-0", "LN", "History")
TECHNIQUE_SECTION = Code("55111-9", "LN", "Current Procedure Descriptions")
TECHNIQUE = Code("121065", "DCM", "Procedure Description")
FINDINGS = Code("59776-5", "LN", "Findings")
FINDING = Code("121071", "DCM", "Finding")
IMPRESSIONS = Code("19005-8", "LN", "Impressions")
IMPRESSION = Code("121073", "DCM", "Impression")
ADDENDUM_SECTION = Code("55107-7", "LN", "Addendum")
SUMMARY = Code("55112-7", "LN", "Summary")
KEY_IMAGES = Code("55113-5", "LN", "Key Images")
IMAGING_MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")
MEASUREMENT_GROUP = Code("125007", "DCM", "Measurement Group")
TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
COMMENT = Code("121106", "DCM", "Comment")

MILLIMETRE = Code("mm", "UCUM", "millimeter")
SQUARE_MILLIMETRE = Code("mm2", "UCUM", "square millimeter")
DEGREE = Code("deg", "UCUM", "degree")

PROCEDURES = {
    "PATH": Code("108257001", "SCT", "Anatomic pathology procedure"),
    "CT": Code("77477000", "SCT", "Computed tomography"),
    "MR": Code("113091000", "SCT", "Magnetic resonance imaging"),
    "US": Code("16310003", "SCT", "Ultrasonography"),
    "DX": Code("168537006", "SCT", "Plain radiography"),
    "DR": Code("168537006", "SCT", "Plain radiography"),
    "CR": Code("168537006", "SCT", "Plain radiography"),
    "MG": Code("71651007", "SCT", "Mammography"),
}
ANY_IMAGING = Code("363679005", "SCT", "Imaging")


@dataclass(frozen=True)
class Verification:
    """Who approved the document: a PN value, the hospital, the local time."""

    name: str
    organisation: str
    at: dt.datetime


@dataclass(frozen=True)
class DiagnosticReport:
    """The contents of a report; `author_name` is a PN value of the diagnosing doctor.

    `values` are measurements and answers of a structured form. `withdrawn` says why an approved report holds no more;
    the document is then partial and unverified again, whatever `verification` says.
    """

    findings: str
    impression: str
    technique: str = ""
    critical_value: str = ""
    author_name: str = ""
    verification: Verification | None = None
    key_images: tuple[InstanceReference, ...] = ()
    language: str = "zh"
    indication: str = ""
    history: str = ""
    values: tuple[ReportedValue, ...] = ()
    addenda: tuple[str, ...] = ()
    withdrawn: str = ""


class MeasurementKind(enum.Enum):
    """What was measured."""

    LENGTH = "length"
    LONG_AXIS = "long axis"
    SHORT_AXIS = "short axis"
    ANGLE = "angle"
    AREA = "area"

    @property
    def concept(self) -> Code:
        """The concept name."""
        return _KINDS[self].concept

    @property
    def unit(self) -> Code:
        """The unit of the value."""
        return _KINDS[self].unit

    @property
    def points(self) -> int | None:
        """How many points draw it; None means a closed line of any number."""
        return _KINDS[self].points


class _Kind(NamedTuple):
    concept: Code
    unit: Code
    points: int | None


_KINDS = {
    MeasurementKind.LENGTH: _Kind(Code("410668003", "SCT", "Length"), MILLIMETRE, 2),
    MeasurementKind.LONG_AXIS: _Kind(Code("103339001", "SCT", "Long Axis"), MILLIMETRE, 2),
    MeasurementKind.SHORT_AXIS: _Kind(Code("103340004", "SCT", "Short Axis"), MILLIMETRE, 2),
    MeasurementKind.ANGLE: _Kind(Code("1483009", "SCT", "Angle"), DEGREE, 3),
    MeasurementKind.AREA: _Kind(Code("42798000", "SCT", "Area"), SQUARE_MILLIMETRE, None),
}


@dataclass(frozen=True)
class ImageMeasurement:
    """One measurement on one frame; `points` are (column, row), (0.5, 0.5) being the middle of the first pixel.

    `value` is in millimetres, square millimetres or degrees by its kind.
    """

    kind: MeasurementKind
    value: float
    points: tuple[tuple[float, float], ...]
    image: InstanceReference
    label: str = ""
    tracking_uid: str = field(default_factory=uids.new_uid)

    def __post_init__(self) -> None:
        wanted = self.kind.points
        if wanted is not None and len(self.points) != wanted:
            raise ValueError(f"{self.kind.name.lower()} takes {wanted} points, not {len(self.points)}")
        if wanted is None and len(self.points) < 3:
            raise ValueError("an area takes at least 3 points")


def diagnostic_report(
    patient: PatientFacts,
    study: StudyFacts,
    report: DiagnosticReport,
    *,
    made_at: dt.datetime,
    modality: str = "",
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    evidence: Sequence[InstanceReference] = (),
    predecessor: InstanceReference | None = None,
    character_set: str = headers.UTF8,
    placer_number: str = "",
) -> Dataset:
    """The report by TID 2000, as Basic Text SR, or as Enhanced SR when it holds values (PS3.3 A.35.1.3.2, A.35.2).

    `evidence` are the images of the procedure beside the key images; `predecessor` is the version it replaces;
    `placer_number` is that of the order. Without `verification` it is marked partial and unverified.
    """
    made = new_document(
        ENHANCED_SR if report.values else BASIC_TEXT_SR,
        patient,
        study,
        made_at=made_at,
        series=series or SeriesFacts(number=910, description="诊断报告" if report.language == "zh" else "Report"),
        equipment=equipment,
        sop_uid=sop_uid,
        character_set=character_set,
    )
    if placer_number and study.accession:
        made.ReferencedRequestSequence[0].PlacerOrderNumberImagingServiceRequest = placer_number[:64]
    put_verification(made, None if report.withdrawn else report.verification)
    put_author(made, report.author_name, equipment)
    references = (*report.key_images, *(value.image for value in report.values if value.image), *evidence)
    if references:
        made.CurrentRequestedProcedureEvidenceSequence = items.evidence(references)
    if predecessor is not None:
        made.PredecessorDocumentsSequence = items.evidence([predecessor])
    items.put_root(made, TITLES.get(modality, IMAGING_REPORT), "2000", _content(report, modality))
    if any(code.scheme == LOCAL_SCHEME for value in report.values for code in (value.name, *value.codes)):
        made.CodingSchemeIdentificationSequence = [local_scheme()]
    return made


def _content(report: DiagnosticReport, modality: str) -> list[Dataset]:
    children = [
        items.language(report.language),
        *items.observer(report.author_name),
        items.coded(items.PROCEDURE_REPORTED, PROCEDURES.get(modality, ANY_IMAGING), items.HAS_MODIFIER),
    ]
    if report.withdrawn:
        word = "本报告已撤回，以修订后的报告为准。原因：" if report.language == "zh" else "Withdrawn. Reason: "
        children.append(items.container(IMPRESSIONS, [items.text(SUMMARY, word + report.withdrawn)]))
        return children
    if report.history:
        children.append(items.container(CLINICAL_SECTION, [items.text(HISTORY, report.history)]))
    if report.indication:
        children.append(items.container(INDICATION_SECTION, [items.text(FINDING, report.indication)]))
    if report.technique:
        children.append(items.container(TECHNIQUE_SECTION, [items.text(TECHNIQUE, report.technique)]))
    findings = [items.text(FINDING, report.findings)] if report.findings else []
    findings += values_in(report.values, "findings")
    if findings:
        children.append(items.container(FINDINGS, findings))
    impressions = [items.text(IMPRESSION, report.impression)] if report.impression else []
    if report.critical_value:
        word = "危急值：" if report.language == "zh" else "Critical value: "
        impressions.append(items.text(IMPRESSION, word + report.critical_value))
    impressions += values_in(report.values, "impression")
    if impressions:
        children.append(items.container(IMPRESSIONS, impressions))
    if report.addenda:
        children.append(items.container(ADDENDUM_SECTION, [items.text(FINDING, one) for one in report.addenda]))
    if report.key_images:
        children.append(items.container(KEY_IMAGES, [items.image(reference) for reference in report.key_images]))
    return children


def put_author(made: Dataset, name: str, equipment: EquipmentFacts | None) -> None:
    """The Author Observer Sequence (PS3.3 C.17.2.5) for a person."""
    from pydicom.dataset import Dataset

    if not name:
        return
    author = Dataset()
    author.ObserverType = "PSN"
    author.PersonName = name
    author.PersonIdentificationCodeSequence = []
    author.InstitutionName = equipment.institution if equipment else ""
    author.InstitutionCodeSequence = []
    made.AuthorObserverSequence = [author]


def measurement_report(
    patient: PatientFacts,
    study: StudyFacts,
    measurements: Sequence[ImageMeasurement],
    *,
    made_at: dt.datetime,
    observer_name: str,
    modality: str = "",
    language: str = "zh",
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    character_set: str = headers.UTF8,
) -> Dataset:
    """Measurements as Comprehensive SR by TID 1500, one group for each. Raises ValueError without measurements."""
    if not measurements:
        raise ValueError("a measurement report holds at least one measurement")
    made = new_document(
        COMPREHENSIVE_SR,
        patient,
        study,
        made_at=made_at,
        series=series or SeriesFacts(number=911, description="测量" if language == "zh" else "Measurements"),
        equipment=equipment,
        sop_uid=sop_uid,
        character_set=character_set,
    )
    put_verification(made, None, complete=True)
    made.CurrentRequestedProcedureEvidenceSequence = items.evidence(one.image for one in measurements)
    groups = [_group(index, one) for index, one in enumerate(measurements, 1)]
    items.put_root(
        made,
        MEASUREMENT_REPORT,
        "1500",
        [
            items.language(language),
            *items.observer(observer_name),
            items.coded(items.PROCEDURE_REPORTED, PROCEDURES.get(modality, ANY_IMAGING), items.HAS_MODIFIER),
            items.container(IMAGING_MEASUREMENTS, groups),
        ],
    )
    return made


def _group(index: int, one: ImageMeasurement) -> Dataset:
    """TID 1501 with one TID 300 measurement."""
    points = list(one.points)
    if one.kind is MeasurementKind.AREA and points[0] != points[-1]:
        points.append(points[0])
    value = items.number(one.kind.concept, one.value, one.kind.unit, [items.coordinates(points, one.image)])
    return items.container(
        MEASUREMENT_GROUP,
        [
            items.text(TRACKING_IDENTIFIER, one.label or f"{index}", items.HAS_OBSERVATION_CONTEXT),
            items.uid_reference(TRACKING_UID, one.tracking_uid),
            value,
        ],
    )


def new_document(
    sop_class_uid: str,
    patient: PatientFacts,
    study: StudyFacts,
    *,
    made_at: dt.datetime,
    series: SeriesFacts,
    equipment: EquipmentFacts | None,
    sop_uid: str | None,
    character_set: str,
) -> Dataset:
    """A document without content: patient, study, series, equipment and the request."""
    made = headers.new_object(
        sop_class_uid,
        "SR",
        patient=patient,
        study=study,
        series=series,
        equipment=equipment or EquipmentFacts(),
        made_at=made_at,
        sop_uid=sop_uid,
        character_set=character_set,
    )
    made.ReferencedPerformedProcedureStepSequence = []
    made.PerformedProcedureCodeSequence = []
    items.put_request(made, study)
    return made


def put_verification(made: Dataset, verification: Verification | None, *, complete: bool = False) -> None:
    """SR Document General module (PS3.3 C.17.2)."""
    from pydicom.dataset import Dataset

    made.CompletionFlag = "COMPLETE" if verification is not None or complete else "PARTIAL"
    made.VerificationFlag = "VERIFIED" if verification is not None else "UNVERIFIED"
    if verification is not None:
        observer = Dataset()
        observer.VerifyingOrganization = verification.organisation or "-"
        observer.VerificationDateTime = items.datetime_value(verification.at)
        observer.VerifyingObserverName = verification.name
        observer.VerifyingObserverIdentificationCodeSequence = []
        made.VerifyingObserverSequence = [observer]
