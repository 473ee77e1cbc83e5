"""Structured reports: the diagnostic report (TID 2000, Basic Text SR) and measurements (TID 1500, Comprehensive SR)."""

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

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"
COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"

IMAGING_REPORT = Code("18748-4", "LN", "Diagnostic imaging report")
MEASUREMENT_REPORT = Code("126000", "DCM", "Imaging Measurement Report")
TECHNIQUE_SECTION = Code("121064", "DCM", "Current Procedure Descriptions")
TECHNIQUE = Code("121065", "DCM", "Procedure Description")
FINDINGS = Code("121070", "DCM", "Findings")
FINDING = Code("121071", "DCM", "Finding")
IMPRESSIONS = Code("121072", "DCM", "Impressions")
IMPRESSION = Code("121073", "DCM", "Impression")
KEY_IMAGES = Code("121180", "DCM", "Key Images")
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
    "CT": Code("77477000", "SCT", "Computed tomography"),
    "MR": Code("113091000", "SCT", "Magnetic resonance imaging"),
    "US": Code("16310003", "SCT", "Ultrasonography"),
    "DX": Code("168537006", "SCT", "Plain radiography"),
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
    """The contents of a report; `author_name` is a PN value of the diagnosing doctor."""

    findings: str
    impression: str
    technique: str = ""
    critical_value: str = ""
    author_name: str = ""
    verification: Verification | None = None
    key_images: tuple[InstanceReference, ...] = ()
    language: str = "zh"


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
) -> Dataset:
    """The report as Basic Text SR by TID 2000. `evidence` are the images it is based on beside the key images.

    `predecessor` is the version it replaces. Without `verification` it is marked partial and unverified.
    """
    made = _document(
        BASIC_TEXT_SR,
        patient,
        study,
        made_at=made_at,
        series=series or SeriesFacts(number=910, description="诊断报告" if report.language == "zh" else "Report"),
        equipment=equipment,
        sop_uid=sop_uid,
        character_set=character_set,
    )
    _put_verification(made, report.verification)
    references = (*report.key_images, *evidence)
    if references:
        made.CurrentRequestedProcedureEvidenceSequence = items.evidence(references)
    if predecessor is not None:
        made.PredecessorDocumentsSequence = items.evidence([predecessor])
    children = [
        items.language(report.language),
        *items.observer(report.author_name),
        items.coded(items.PROCEDURE_REPORTED, PROCEDURES.get(modality, ANY_IMAGING), items.HAS_MODIFIER),
    ]
    if report.technique:
        children.append(items.container(TECHNIQUE_SECTION, [items.text(TECHNIQUE, report.technique)]))
    if report.findings:
        children.append(items.container(FINDINGS, [items.text(FINDING, report.findings)]))
    impressions = [items.text(IMPRESSION, report.impression)] if report.impression else []
    if report.critical_value:
        word = "危急值：" if report.language == "zh" else "Critical value: "
        impressions.append(items.text(IMPRESSION, word + report.critical_value))
    if impressions:
        children.append(items.container(IMPRESSIONS, impressions))
    if report.key_images:
        children.append(items.container(KEY_IMAGES, [items.image(reference) for reference in report.key_images]))
    items.put_root(made, IMAGING_REPORT, "2000", children)
    return made


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
    made = _document(
        COMPREHENSIVE_SR,
        patient,
        study,
        made_at=made_at,
        series=series or SeriesFacts(number=911, description="测量" if language == "zh" else "Measurements"),
        equipment=equipment,
        sop_uid=sop_uid,
        character_set=character_set,
    )
    _put_verification(made, None, complete=True)
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


def _document(
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


def _put_verification(made: Dataset, verification: Verification | None, *, complete: bool = False) -> None:
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
