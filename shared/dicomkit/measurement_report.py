"""Measurement reports by TID 1500: every mark as a measurement group with its place and its numbers (PS3.16)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.dicomkit import content_items as items
from shared.dicomkit import headers
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts
from shared.dicomkit.presentation_state import put_private
from shared.dicomkit.structured_report import (
    ANY_IMAGING,
    COMMENT,
    COMPREHENSIVE_SR,
    IMAGING_MEASUREMENTS,
    MEASUREMENT_GROUP,
    MEASUREMENT_REPORT,
    PROCEDURES,
    TRACKING_IDENTIFIER,
    TRACKING_UID,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

COMPREHENSIVE_3D_SR = "1.2.840.10008.5.1.4.1.1.88.34"
IMAGE_REGION = Code("111030", "DCM", "Image Region")
DERIVATION = Code("121401", "DCM", "Derivation")
LENGTH, ANGLE, AREA = (
    Code("410668003", "SCT", "Length"),
    Code("1483009", "SCT", "Angle"),
    Code("42798000", "SCT", "Area"),
)
ATTENUATION = Code("112031", "DCM", "Attenuation Coefficient")
SUV_BW = Code("126401", "DCM", "SUVbw")
INTENSITY = Code("110852", "DCM", "MR signal intensity")
STORED_VALUE = Code("PIXELVALUE", "99MJ", "Pixel value")
DERIVATIONS = {
    "mean": Code("373098007", "SCT", "Mean"),
    "sd": Code("386136009", "SCT", "Standard Deviation"),
    "minimum": Code("255605001", "SCT", "Minimum"),
    "maximum": Code("56851009", "SCT", "Maximum"),
}
UNITS = {
    "mm": Code("mm", "UCUM", "millimeter"),
    "mm²": Code("mm2", "UCUM", "square millimeter"),
    "px": Code("{pixels}", "UCUM", "pixels"),
    "px²": Code("{pixels}2", "UCUM", "square pixels"),
    "°": Code("deg", "UCUM", "degree"),
    "HU": Code("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "Bq/ml": Code("Bq/ml", "UCUM", "Becquerels/milliliter"),
    "g/ml": Code("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight"),
}
NO_UNIT = Code("1", "UCUM", "no units")


@dataclass(frozen=True)
class MeasuredMark:
    """One mark: its outline on an image, (column, row) with whole numbers at pixel centres, or in the patient (LPS mm).

    ``numbers`` are (what, value, unit) with what out of length, angle, area, mean, sd, minimum, maximum, value.
    """

    uid: str
    name: str
    graphic: str  # POINT, POLYLINE, CIRCLE, ELLIPSE; in the patient POINT, POLYLINE, POLYGON, ELLIPSE
    points: tuple[tuple[float, ...], ...]
    image: InstanceReference | None = None
    frame_of_reference_uid: str = ""
    numbers: tuple[tuple[str, float, str], ...] = ()
    text: str = ""
    is_region: bool = False


@dataclass(frozen=True)
class MarkReport:
    """All marks of one author."""

    marks: tuple[MeasuredMark, ...]
    observer_name: str
    modality: str = ""
    language: str = "zh"
    private: Mapping[str, Any] = field(default_factory=dict)


def mark_report(
    patient: PatientFacts,
    study: StudyFacts,
    report: MarkReport,
    *,
    made_at: dt.datetime,
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    instance_number: int = 1,
    evidence: Sequence[InstanceReference] = (),
    character_set: str = headers.UTF8,
) -> Dataset:
    """Comprehensive SR, or Comprehensive 3D SR where a mark lies in the patient. Raises ValueError without marks.

    ``evidence`` are images on which marks in the patient were drawn: a report must name at least one image.
    """
    if not report.marks:
        raise ValueError("a measurement report holds at least one measurement")
    in_space = any(mark.image is None for mark in report.marks)
    made = headers.new_object(
        COMPREHENSIVE_3D_SR if in_space else COMPREHENSIVE_SR,
        "SR",
        patient=patient,
        study=study,
        series=series or SeriesFacts(number=921, description="测量" if report.language == "zh" else "Measurements"),
        equipment=equipment or EquipmentFacts(),
        made_at=made_at,
        sop_uid=sop_uid,
        instance_number=instance_number,
        character_set=character_set,
    )
    made.ReferencedPerformedProcedureStepSequence = []
    made.PerformedProcedureCodeSequence = []
    items.put_request(made, study)
    made.CompletionFlag, made.VerificationFlag = "COMPLETE", "UNVERIFIED"
    named = [mark.image for mark in report.marks if mark.image is not None]
    made.CurrentRequestedProcedureEvidenceSequence = items.evidence([*named, *evidence])
    modifier = items.HAS_MODIFIER
    items.put_root(
        made,
        MEASUREMENT_REPORT,
        "1500",
        [
            items.language(report.language),
            *items.observer(report.observer_name),
            items.coded(items.PROCEDURE_REPORTED, PROCEDURES.get(report.modality, ANY_IMAGING), modifier),
            items.container(IMAGING_MEASUREMENTS, [_group(mark, report.modality) for mark in report.marks]),
        ],
    )
    if any(_concept(n[0], n[2], report.modality) is STORED_VALUE for mark in report.marks for n in mark.numbers):
        from shared.dicomkit.structured_report_values import local_scheme

        made.CodingSchemeIdentificationSequence = [local_scheme()]
    put_private(made, report.private)
    return made


def _group(mark: MeasuredMark, modality: str) -> Dataset:
    """TID 1410 for a region, else TID 1501 with TID 300; a text is a comment with its place."""
    children = [
        items.text(TRACKING_IDENTIFIER, mark.name or mark.uid, items.HAS_OBSERVATION_CONTEXT),
        items.uid_reference(TRACKING_UID, mark.uid),
    ]
    template = "1501"
    if mark.is_region:
        template = "1410"
        children.append(_place(mark, items.CONTAINS, IMAGE_REGION))
    for what, value, unit in mark.numbers:
        inside = [] if mark.is_region else [_place(mark, items.INFERRED_FROM)]
        if what in DERIVATIONS:
            inside.append(items.coded(DERIVATION, DERIVATIONS[what], items.HAS_MODIFIER))
        children.append(items.number(_concept(what, unit, modality), value, _unit(unit), inside))
    if mark.text or not mark.numbers:
        place = [] if mark.is_region else [_place(mark, items.INFERRED_FROM)]
        children.append(items.text(COMMENT, mark.text or mark.name or "-", items.CONTAINS, place))
    made = items.container(MEASUREMENT_GROUP, children)
    from pydicom.dataset import Dataset

    identified = Dataset()
    identified.MappingResource, identified.TemplateIdentifier = "DCMR", template
    made.ContentTemplateSequence = [identified]
    return made


def _concept(what: str, unit: str, modality: str) -> Code:
    known = {"length": LENGTH, "angle": ANGLE, "area": AREA}.get(what)
    if known is not None:
        return known
    if unit == "HU":
        return ATTENUATION
    if unit.startswith(("g/ml", "SUV")):
        return SUV_BW
    return INTENSITY if modality == "MR" else STORED_VALUE


def _unit(unit: str) -> Code:
    return UNITS["g/ml"] if unit.startswith("SUVbw") else UNITS.get(unit, NO_UNIT)


def _place(mark: MeasuredMark, relationship: str, concept: Code | None = None) -> Dataset:
    """SCOORD on an image (0.5 is the middle of the first pixel) or SCOORD3D in the patient (PS3.3 C.18.6, C.18.9)."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.RelationshipType = relationship
    if concept is not None:
        item.ConceptNameCodeSequence = items.code_sequence(concept)
    item.GraphicType = mark.graphic
    if mark.image is None:
        item.ValueType = "SCOORD3D"
        item.GraphicData = [float(v) for point in mark.points for v in point]
        item.ReferencedFrameOfReferenceUID = mark.frame_of_reference_uid
        return item
    item.ValueType = "SCOORD"
    item.GraphicData = [float(v) + 0.5 for point in mark.points for v in point]
    item.ContentSequence = [items.image(mark.image, items.SELECTED_FROM)]
    return item
