"""Radiotherapy objects: structure sets, dose grids and plans (PS3.3 A.19, A.18, A.20, C.8.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.colour import distinct_colour
from shared.imaging.geometry import PixelPoint, Plane, PointMm
from shared.imaging.values import items_of, number_of, numbers_of, text_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

STRUCTURES = "1.2.840.10008.5.1.4.1.1.481.3"
DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
PLANS = frozenset({"1.2.840.10008.5.1.4.1.1.481.5", "1.2.840.10008.5.1.4.1.1.481.8"})
MAX_POINTS = 5_000_000


@dataclass(frozen=True, slots=True)
class Contour:
    """One contour: points in patient coordinates, shape (n, 3), mm; the images it was drawn on, where named."""

    images: frozenset[str]
    is_closed: bool
    points: NDArray[Any]
    depth_point: PointMm


@dataclass(frozen=True, slots=True)
class Structure:
    """A region of interest."""

    number: int
    name: str
    kind: str  # RT ROI Interpreted Type: PTV, ORGAN, EXTERNAL …
    colour: tuple[int, int, int]
    contours: tuple[Contour, ...]
    volume_ml: float | None
    frame_of_reference_uid: str


@dataclass(frozen=True, slots=True)
class StructureSet:
    """The regions of an RT Structure Set; ``refused`` counts contours that could not be read."""

    sop_instance_uid: str
    label: str
    name: str
    date: str
    structures: tuple[Structure, ...]
    refused: int = 0

    @property
    def frames_of_reference(self) -> frozenset[str]:
        return frozenset(s.frame_of_reference_uid for s in self.structures if s.frame_of_reference_uid)

    def names_image(self, sop_instance_uid: str) -> bool:
        """True when a contour was drawn on this image."""
        return any(sop_instance_uid in c.images for s in self.structures for c in s.contours)


def structure_set(ds: Any) -> StructureSet:
    """Read a structure set; contours that contradict themselves are counted and left out."""
    colours = {}
    contours: dict[int, list[Contour]] = {}
    refused, points = 0, 0
    for item in items_of(ds, "ROIContourSequence"):
        number = _roi(item)
        rgb = numbers_of(item, "ROIDisplayColor")
        if len(rgb) == 3:
            colours[number] = (_byte(rgb[0]), _byte(rgb[1]), _byte(rgb[2]))
        for one in items_of(item, "ContourSequence"):
            contour = _contour(one)
            points += len(contour.points) if contour is not None else 0
            if contour is None or points > MAX_POINTS:
                refused += 1
            else:
                contours.setdefault(number, []).append(contour)
    kinds = {_roi(item): text_of(item, "RTROIInterpretedType") for item in items_of(ds, "RTROIObservationsSequence")}
    structures = []
    for place, item in enumerate(items_of(ds, "StructureSetROISequence")):
        number = int(number_of(item, "ROINumber") or 0)
        structures.append(
            Structure(
                number=number,
                name=text_of(item, "ROIName") or f"#{number}",
                kind=kinds.get(number, ""),
                colour=colours.get(number, distinct_colour(place)),
                contours=tuple(contours.get(number, ())),
                volume_ml=number_of(item, "ROIVolume"),
                frame_of_reference_uid=text_of(item, "ReferencedFrameOfReferenceUID"),
            )
        )
    return StructureSet(
        sop_instance_uid=text_of(ds, "SOPInstanceUID"),
        label=text_of(ds, "StructureSetLabel"),
        name=text_of(ds, "StructureSetName"),
        date=text_of(ds, "StructureSetDate"),
        structures=tuple(structures),
        refused=refused,
    )


def _roi(item: Any) -> int:
    number = number_of(item, "ReferencedROINumber")
    return -1 if number is None else int(number)


def _byte(value: float) -> int:
    return int(min(max(value, 0), 255))


def _contour(item: Any) -> Contour | None:
    import numpy as np

    try:
        data = np.asarray(item.ContourData, np.float64)
    except Exception:  # noqa: BLE001 - pydicom raises many classes for wrong values
        return None
    if data.ndim != 1 or data.size < 3 or data.size % 3 or not np.isfinite(data).all():
        return None
    points = data.reshape(-1, 3)
    images = frozenset(text_of(one, "ReferencedSOPInstanceUID") for one in items_of(item, "ContourImageSequence"))
    kind = text_of(item, "ContourGeometricType")
    return Contour(images - {""}, kind.startswith("CLOSED"), points, PointMm(*(float(v) for v in points[0])))


def outlines(
    structure: Structure, sop_instance_uid: str, plane: Plane, reach_mm: float
) -> list[tuple[tuple[PixelPoint, ...], bool]]:
    """Lines of a structure on one image, in image positions, and whether each is closed.

    A contour belongs to the image it names, and to every image in whose plane it lies: closer to it than
    ``reach_mm`` (half the distance of slices), so that a contour drawn on CT shows on the PET of the same frame of
    reference. Contours of another orientation do not belong to it.
    """
    found = []
    for contour in structure.contours:
        if sop_instance_uid not in contour.images:
            step = max(1, len(contour.points) // 8)
            away = max(abs(plane.away_mm(PointMm(*point))) for point in contour.points[::step])
            if away >= max(reach_mm, 0.01):
                continue
        found.append((_pixels(contour.points, plane), contour.is_closed))
    return found


def _pixels(points: NDArray[Any], plane: Plane) -> tuple[PixelPoint, ...]:
    import numpy as np

    offsets = points - np.array(plane.origin)
    columns = offsets @ np.array(plane.row_direction) / plane.column_spacing_mm
    rows = offsets @ np.array(plane.column_direction) / plane.row_spacing_mm
    return tuple(PixelPoint(float(c), float(r)) for c, r in zip(columns, rows, strict=True))


# --- dose ------------------------------------------------------------------------------------------------

ISODOSES = (
    (1.07, (255, 0, 255)), (1.0, (255, 60, 60)), (0.95, (255, 150, 40)), (0.9, (250, 230, 60)), (0.8, (130, 220, 60)),
    (0.7, (60, 200, 160)), (0.5, (70, 150, 255)), (0.3, (110, 110, 240)), (0.1, (150, 120, 200)),
)  # fmt: skip
"""Shares of the reference dose and their colours, as planning systems use them, highest first."""


def isodose_lines(dose: NDArray[Any], level: float) -> list[tuple[PixelPoint, ...]]:
    """Closed lines of equal dose in a picture (rows, columns), NaN outside the grid; positions in pixels of it.

    The line runs where the dose reaches ``level``, placed between pixels by linear interpolation (marching squares).
    """
    import numpy as np

    values = np.nan_to_num(np.asarray(dose, np.float64), nan=-np.inf)
    padded = np.full((values.shape[0] + 2, values.shape[1] + 2), -np.inf)
    padded[1:-1, 1:-1] = values
    if not (padded >= level).any():
        return []
    import cv2

    outlines_found, _ = cv2.findContours((padded >= level).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    lines = []
    for outline in outlines_found:
        if len(outline) >= 3:
            lines.append(_between(padded, outline[:, 0, :], level))
    return lines


def _between(padded: NDArray[Any], outline: NDArray[Any], level: float) -> tuple[PixelPoint, ...]:
    """Border pixels moved outwards to where the dose falls to the level, at most half a pixel beyond the grid."""
    points = []
    for column, row in outline.tolist():
        here = padded[row, column]
        x = y = count = 0.0
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            r, c = row + dy, column + dx
            if not (0 <= r < padded.shape[0] and 0 <= c < padded.shape[1]):
                continue
            there = padded[r, c]
            if there >= level or here < level:
                continue
            share = 0.5 if there == float("-inf") else min(max((here - level) / (here - there), 0.0), 1.0)
            x, y, count = x + dx * share, y + dy * share, count + 1
        points.append(PixelPoint(column - 1 + x, row - 1 + y))
    return tuple(points)


@dataclass(frozen=True, slots=True)
class DoseFacts:
    """What a dose object says of itself."""

    unit: str  # Gy, or empty for relative dose
    summation: str  # PLAN, BEAM, FRACTION …
    kind: str  # PHYSICAL, EFFECTIVE, ERROR
    comment: str
    histograms: int


def dose_facts(ds: Any) -> DoseFacts:
    return DoseFacts(
        unit={"GY": "Gy"}.get(text_of(ds, "DoseUnits"), ""),
        summation=text_of(ds, "DoseSummationType"),
        kind=text_of(ds, "DoseType"),
        comment=text_of(ds, "DoseComment"),
        histograms=len(items_of(ds, "DVHSequence")),
    )


# --- plans -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Beam:
    """A beam of a plan, as its first control point has it."""

    number: int
    name: str
    kind: str  # STATIC, DYNAMIC
    radiation: str
    machine: str
    energy: str  # as "6 MV"
    gantry_deg: str  # as "180 → 20"
    collimator_deg: float | None
    couch_deg: float | None
    control_points: int
    meterset: float | None
    dose_gy: float | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A readable summary of an RT Plan or RT Ion Plan."""

    label: str
    name: str
    date: str
    intent: str
    approval: str
    prescriptions: tuple[tuple[str, str, float | None], ...]  # target or point, type, dose in Gy
    fractions: tuple[tuple[int, int | None, int], ...]  # group number, fractions planned, beams
    beams: tuple[Beam, ...]


def plan_of(ds: Any) -> Plan:
    """Read a plan; never raises for a parsed data set."""
    meterset: dict[int, tuple[float | None, float | None]] = {}
    fractions = []
    for group in items_of(ds, "FractionGroupSequence"):
        planned = number_of(group, "NumberOfFractionsPlanned")
        beams = items_of(group, "ReferencedBeamSequence")
        fractions.append(
            (int(number_of(group, "FractionGroupNumber") or 0), None if planned is None else int(planned), len(beams))
        )
        for beam in beams:
            number = int(number_of(beam, "ReferencedBeamNumber") or 0)
            meterset[number] = (number_of(beam, "BeamMeterset"), number_of(beam, "BeamDose"))
    found = [*items_of(ds, "BeamSequence"), *items_of(ds, "IonBeamSequence")]
    return Plan(
        label=text_of(ds, "RTPlanLabel"),
        name=text_of(ds, "RTPlanName"),
        date=text_of(ds, "RTPlanDate"),
        intent=text_of(ds, "PlanIntent"),
        approval=text_of(ds, "ApprovalStatus"),
        prescriptions=tuple(_prescription(item) for item in items_of(ds, "DoseReferenceSequence")),
        fractions=tuple(fractions),
        beams=tuple(_beam(item, meterset) for item in found),
    )


def _prescription(item: Any) -> tuple[str, str, float | None]:
    name = text_of(item, "DoseReferenceDescription") or text_of(item, "DoseReferenceStructureType")
    dose = number_of(item, "TargetPrescriptionDose") or number_of(item, "DeliveryMaximumDose")
    return name, text_of(item, "DoseReferenceType"), dose


def _beam(item: Any, meterset: dict[int, tuple[float | None, float | None]]) -> Beam:
    number = int(number_of(item, "BeamNumber") or 0)
    points = [*items_of(item, "ControlPointSequence"), *items_of(item, "IonControlPointSequence")]
    first = points[0] if points else None
    angles = [a for a in (number_of(point, "GantryAngle") for point in points) if a is not None]
    gantry = f"{angles[0]:g}" if angles else ""
    if angles and angles[-1] != angles[0]:
        gantry += f" → {angles[-1]:g}"
    energy = number_of(first, "NominalBeamEnergy") if first is not None else None
    radiation = text_of(item, "RadiationType")
    unit = "MV" if radiation == "PHOTON" else "MeV"
    units, dose = meterset.get(number, (None, None))
    return Beam(
        number=number,
        name=text_of(item, "BeamName") or text_of(item, "BeamDescription"),
        kind=text_of(item, "BeamType"),
        radiation=radiation,
        machine=text_of(item, "TreatmentMachineName"),
        energy=f"{energy:g} {unit}" if energy else "",
        gantry_deg=gantry,
        collimator_deg=number_of(first, "BeamLimitingDeviceAngle") if first is not None else None,
        couch_deg=number_of(first, "PatientSupportAngle") if first is not None else None,
        control_points=len(points),
        meterset=units,
        dose_gy=dose,
    )


def dose_reference(ds: Any) -> float | None:
    """The prescribed dose of a plan in Gy: that of its target, None where it names none."""
    doses = [dose for _, kind, dose in plan_of(ds).prescriptions if dose and kind == "TARGET"]
    return max(doses) if doses else None
