"""What may differ from frame to frame: place, spacing, values, windows, time, and the stack a frame belongs to.

Plain attributes, functional groups (PS3.3 C.7.6.16), NM vectors (C.8.4.8), dose grids (C.8.8.3) and frame times.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.imaging.geometry import UNCALIBRATED, NoPlane, Plane, Spacing, choose_spacing
from shared.imaging.lut import LookupTable, Modality, VoiFunction, Window
from shared.imaging.tables import lookup_table
from shared.imaging.values import first_of, items_of, number_of, numbers_of, raw_of, strings_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What may differ from frame to frame of one object."""

    plane: Plane | None = None
    spacing: Spacing = UNCALIBRATED
    modality: Modality = field(default_factory=Modality)
    voi: tuple[Window | LookupTable, ...] = ()
    duration_ms: float | None = None
    group: tuple[str, ...] = ()  # equal for the frames of one stack: stack, time, phase, b-value, detector …
    label: str = ""  # the same for people, as "b = 1000"
    thickness_mm: float | None = None


def frame_headers(ds: Any, modality_code: str, *, exact: bool = False) -> tuple[FrameHeader, ...]:
    """One for each frame of the object, in stored order; ``exact`` for floating point pixels, whose windows have no
    step of 1."""
    from shared.imaging.frames import number_of_frames

    count = number_of_frames(ds)
    signed = number_of(ds, "PixelRepresentation") == 1
    shared_groups = first_of(ds, "SharedFunctionalGroupsSequence")
    per_frame = items_of(ds, "PerFrameFunctionalGroupsSequence")
    if shared_groups is None and not per_frame:
        return _plain_frames(ds, modality_code, count, signed=signed, exact=exact)

    def group(n: int, keyword: str) -> Any:
        own = first_of(per_frame[n], keyword) if n < len(per_frame) else None
        if own is None and shared_groups is not None:
            own = first_of(shared_groups, keyword)
        return ds if own is None else own

    reader = _GroupReader(ds, modality_code, signed=signed, exact=exact)
    return tuple(reader.frame(lambda keyword, n=n: group(n, keyword)) for n in range(count))  # type: ignore[misc]


def _plain_frames(ds: Any, modality_code: str, count: int, *, signed: bool, exact: bool) -> tuple[FrameHeader, ...]:
    top = _GroupReader(ds, modality_code, signed=signed, exact=exact).frame(lambda _keyword: ds)
    if count == 1:
        return (top,)
    frames = [top] * count
    times = numbers_of(ds, "FrameTimeVector")
    if len(times) == count:
        # Each value is the time since the frame before; the first is 0 (PS3.3 C.7.6.5.1.2). Frame n lasts until n+1.
        lasts = [*times[1:], times[-1]]
        frames = [dataclasses.replace(f, duration_ms=t or None) for f, t in zip(frames, lasts, strict=True)]
    elif count > 1 and modality_code not in ("RTDOSE", "NM"):
        # One position cannot be that of a whole cine: the frames are times or turns, not slices.
        pass
    if modality_code == "RTDOSE":
        frames = _dose_planes(ds, frames)
    if modality_code == "NM":
        frames = _nuclear(ds, frames)
    return tuple(frames)


class _GroupReader:
    """Reads frames one by one; equal groups (the shared ones) are read once."""

    def __init__(self, ds: Any, modality_code: str, *, signed: bool, exact: bool = False) -> None:
        self._exact = exact
        self._ds, self._modality_code, self._signed = ds, modality_code, signed
        self._known: dict[tuple[str, int], Any] = {}
        self._pointers = [_pointer(item) for item in items_of(ds, "DimensionIndexSequence")]

    def frame(self, group: Callable[[str], Any]) -> FrameHeader:
        measures, values = group("PixelMeasuresSequence"), group("PixelValueTransformationSequence")
        voi, content = group("FrameVOILUTSequence"), group("FrameContentSequence")
        pixel_spacing, spacing, thickness = self._once("measures", measures, self._measures)
        modality = self._once("values", values, self._values)
        windows = self._once("voi", voi, lambda item: voi_choices(item, signed=self._signed, exact=self._exact))
        if modality is None:
            modality, windows = self._real_world(group("RealWorldValueMappingSequence"), windows)
        key, label = self._stack_key(group, content)
        return FrameHeader(
            plane=_plane(
                numbers_of(group("PlanePositionSequence"), "ImagePositionPatient"),
                numbers_of(group("PlaneOrientationSequence"), "ImageOrientationPatient"),
                pixel_spacing,
            ),
            spacing=spacing,
            modality=modality,
            voi=windows,
            duration_ms=self._duration(content),
            group=key,
            label=label,
            thickness_mm=thickness,
        )

    def _once(self, what: str, item: Any, read: Callable[[Any], Any]) -> Any:
        key = (what, id(item))
        if key not in self._known:
            self._known[key] = read(item)
        return self._known[key]

    def _measures(self, item: Any) -> tuple[tuple[float, ...], Spacing, float | None]:
        pixel_spacing = numbers_of(item, "PixelSpacing")
        thickness = number_of(item, "SliceThickness")
        return pixel_spacing, _spacing(self._ds, self._modality_code, pixel_spacing), thickness

    def _values(self, item: Any) -> Modality | None:
        return modality_of(item, self._ds, signed=self._signed, modality_code=self._modality_code)

    def _real_world(self, item: Any, windows: Any) -> tuple[Modality, Any]:
        """Without rescaling, a parametric map's mapping gives values and unit; its windows are in stored values."""
        plain = Modality()
        if item is self._ds:
            item = first_of(self._ds, "RealWorldValueMappingSequence")
        slope = number_of(item, "RealWorldValueSlope") if item is not None else None
        if not slope:
            return plain, windows
        intercept = number_of(item, "RealWorldValueIntercept") or 0.0
        unit_item = first_of(item, "MeasurementUnitsCodeSequence")
        unit = text_of(unit_item, "CodeValue") if unit_item is not None else ""
        scaled = tuple(
            dataclasses.replace(w, centre=w.centre * slope + intercept, width=abs(w.width * slope))
            for w in windows
            if isinstance(w, Window)
        )
        return Modality(slope, intercept, None, "" if unit in ("1", "{ratio}", "no units") else unit), scaled

    def _duration(self, content: Any) -> float | None:
        own = number_of(content, "FrameAcquisitionDuration") if content is not self._ds else None
        given = number_of(self._ds, "FrameTime")
        if given is None and (rate := number_of(self._ds, "CineRate")):
            given = 1000.0 / rate
        return given if given and given > 0 else own if own and own > 0 else None

    def _stack_key(self, group: Callable[[str], Any], content: Any) -> tuple[tuple[str, ...], str]:
        if content is self._ds:
            return (), ""
        indices = strings_of(content, "DimensionIndexValues")
        words = _words_of(group, content, self._ds)
        if indices and len(indices) == len(self._pointers):
            key = tuple(v for v, p in zip(indices, self._pointers, strict=True) if p not in _PLACES)
            return key, words
        return (text_of(content, "StackID"), text_of(content, "TemporalPositionIndex")), words


# Dimensions that say where in a stack a frame lies, not which stack: position numbers and coordinates.
_PLACES = frozenset({
    0x00209057, 0x00200032, 0x00201041, 0x00209301, 0x0048021E, 0x0048021F, 0x0040072A, 0x0040073A, 0x0040074A,
    0x00209156, 0x00186028, 0x00220031,
})  # fmt: skip


def _pointer(item: Any) -> int:
    pointer = raw_of(item, "DimensionIndexPointer")
    return int(pointer) if isinstance(pointer, int) else 0


def _words_of(group: Callable[[str], Any], content: Any, ds: Any) -> str:
    """What tells this frame's stack from the others, in words that need no translation."""
    parts = []
    diffusion = group("MRDiffusionSequence")
    if diffusion is not ds and (b := number_of(diffusion, "DiffusionBValue")) is not None:
        parts.append(f"b={b:g}")
    echo = group("MREchoSequence")
    if echo is not ds and (te := number_of(echo, "EffectiveEchoTime")) is not None:
        parts.append(f"TE {te:g}")
    phase = group("CardiacSynchronizationSequence")
    if phase is not ds and (share := number_of(phase, "NominalPercentageOfCardiacPhase")) is not None:
        parts.append(f"{share:g}%")
    if time := text_of(content, "TemporalPositionIndex"):
        parts.append(f"t{time}")
    segment = group("SegmentIdentificationSequence")
    if segment is not ds and (number := text_of(segment, "ReferencedSegmentNumber")):
        parts.append(f"#{number}")
    return " ".join(parts)


# --- values ----------------------------------------------------------------------------------------------

# Units (0054,1001) as people write them, PS3.3 C.8.9.1.1.3.
_READABLE_UNITS = {
    "BQML": "Bq/ml", "GML": "g/ml", "CNTS": "counts", "CPS": "counts/s", "NONE": "", "PROPCNTS": "", "CM2ML": "cm²/ml",
}  # fmt: skip

# XA and XRF: the table leads back to X-ray intensity and is not for display (PS3.3 C.8.7.1.1.2).
_INTENSITY_LUT = frozenset(f"1.2.840.10008.5.1.4.1.1.12.{n}" for n in ("1", "2", "1.1", "2.1"))


def modality_of(item: Any, ds: Any, *, signed: bool, modality_code: str) -> Modality | None:
    """The Modality LUT of a functional group or header; None for objects that cannot have one.

    ``ds`` is the object the item belongs to, for units that stand elsewhere.
    """
    unit = text_of(item, "RescaleType") or text_of(ds, "RescaleType")
    if unit in ("US", "UNSPECIFIED"):
        unit = ""
    if not unit and modality_code == "CT":
        unit = "HU"
    if not unit and modality_code == "PT":
        unit = text_of(ds, "Units")
    unit = _READABLE_UNITS.get(unit, unit)
    if modality_code == "RTDOSE" and (scaling := number_of(ds, "DoseGridScaling")):
        return Modality(scaling, 0.0, None, {"GY": "Gy", "RELATIVE": ""}.get(text_of(ds, "DoseUnits"), ""))
    lut = first_of(item, "ModalityLUTSequence")
    if text_of(ds, "SOPClassUID") in _INTENSITY_LUT:
        lut = None
    if lut is not None and (table := lookup_table(lut, signed=signed)) is not None:
        return Modality(table=table, unit=text_of(lut, "ModalityLUTType").replace("US", ""))
    slope, intercept = number_of(item, "RescaleSlope"), number_of(item, "RescaleIntercept")
    if slope is None and intercept is None:
        return None if _is_bare(ds) else Modality(unit="" if modality_code == "CT" else unit)
    return Modality(slope=slope or 1.0, intercept=intercept or 0.0, unit=unit)


def _is_bare(ds: Any) -> bool:
    """Objects that have no Modality LUT, and whose values only a Real World Value Mapping explains.

    Of plain images the mapping is one of several readings and stands beside the Modality LUT (PS3.3 C.7.6.16.2.11):
    their windows and values are in stored values where the LUT is absent.
    """
    return text_of(ds, "SOPClassUID") == "1.2.840.10008.5.1.4.1.1.30"  # Parametric Map


def voi_choices(item: Any, *, signed: bool, exact: bool = False) -> tuple[Window | LookupTable, ...]:
    """Windows first, then VOI LUT tables, with their explanations (PS3.3 C.11.2)."""
    centres, widths = numbers_of(item, "WindowCenter"), numbers_of(item, "WindowWidth")
    names = strings_of(item, "WindowCenterWidthExplanation")
    function = text_of(item, "VOILUTFunction")
    kind = VoiFunction(function) if function in VoiFunction.__members__ else VoiFunction.LINEAR
    choices: list[Window | LookupTable] = []
    for n, (centre, width) in enumerate(zip(centres, widths, strict=False)):
        if width <= 0:
            continue
        # LINEAR is not defined below a width of 1 (C.11.2.1.2.1); who writes 0.5 for ratios means the exact form.
        steps = VoiFunction.LINEAR_EXACT if kind is VoiFunction.LINEAR and (exact or width < 1) else kind
        choices.append(Window(centre, width, steps, names[n] if n < len(names) else ""))
    for lut in items_of(item, "VOILUTSequence"):
        if (table := lookup_table(lut, signed=signed)) is not None:
            choices.append(table)
    return tuple(choices)


# --- geometry --------------------------------------------------------------------------------------------


def _spacing(ds: Any, modality_code: str, pixel_spacing: Sequence[float]) -> Spacing:
    return choose_spacing(
        modality=modality_code,
        pixel_spacing=pixel_spacing,
        imager_spacing=numbers_of(ds, "ImagerPixelSpacing"),
        nominal_spacing=numbers_of(ds, "NominalScannedPixelSpacing"),
        magnification=number_of(ds, "EstimatedRadiographicMagnificationFactor"),
        calibration=text_of(ds, "PixelSpacingCalibrationType"),
        aspect=numbers_of(ds, "PixelAspectRatio"),
    )


def _plane(position: Sequence[float], orientation: Sequence[float], spacing: Sequence[float]) -> Plane | None:
    try:
        return Plane.of(position, orientation, spacing or (1.0, 1.0))
    except NoPlane:
        return None


def _dose_planes(ds: Any, frames: list[FrameHeader]) -> list[FrameHeader]:
    """Planes of a dose grid by Grid Frame Offset Vector (PS3.3 C.8.8.3.2)."""
    offsets, first = numbers_of(ds, "GridFrameOffsetVector"), frames[0].plane
    if first is None or len(offsets) != len(frames):
        return frames
    normal = first.normal
    # Relative offsets begin with 0; otherwise they are coordinates along z of an axial grid.
    start = 0.0 if offsets[0] == 0 else first.origin.z
    return [
        dataclasses.replace(
            frame, plane=dataclasses.replace(first, origin=first.origin.plus(normal.scaled(offset - start)))
        )
        for frame, offset in zip(frames, offsets, strict=True)
    ]


_VECTORS = (
    ("EnergyWindowVector", "E"), ("DetectorVector", "D"), ("PhaseVector", "P"), ("RRIntervalVector", "RR"),
    ("RotationVector", "R"), ("TimeSlotVector", "T"), ("TimeSliceVector", "t"),
)  # fmt: skip


def _nuclear(ds: Any, frames: list[FrameHeader]) -> list[FrameHeader]:
    """NM frames by their vectors (PS3.3 C.8.4.8): slices of a reconstruction get planes, the rest groups."""
    count = len(frames)
    slices = [int(v) for v in numbers_of(ds, "SliceVector")]
    names = [(label, values) for word, label in _VECTORS if len(values := numbers_of(ds, word)) == count]
    told = [(label, values) for label, values in names if len(set(values)) > 1]
    if slices and len(slices) == count and len(set(slices)) > 1:
        frames = _nuclear_planes(ds, frames, slices)
        keys = [tuple(f"{values[n]:g}" for _, values in told) for n in range(count)]
    else:
        keys = [tuple(f"{values[n]:g}" for label, values in told if label not in ("T", "t")) for n in range(count)]
    labels = [" ".join(f"{label}{values[n]:g}" for label, values in told) for n in range(count)]
    return [dataclasses.replace(f, group=k, label=w) for f, k, w in zip(frames, keys, labels, strict=True)]


def _nuclear_planes(ds: Any, frames: list[FrameHeader], slices: list[int]) -> list[FrameHeader]:
    detector = first_of(ds, "DetectorInformationSequence")
    spacing = number_of(ds, "SpacingBetweenSlices") or number_of(ds, "SliceThickness")
    if detector is None or not spacing:
        return frames
    first = _plane(
        numbers_of(detector, "ImagePositionPatient"),
        numbers_of(detector, "ImageOrientationPatient"),
        numbers_of(ds, "PixelSpacing"),
    )
    if first is None:
        return frames
    # The position is that of the first slice; slice n lies (n - 1) spacings along the normal (PS3.3 C.8.4.15).
    return [
        dataclasses.replace(
            frame,
            plane=dataclasses.replace(first, origin=first.origin.plus(first.normal.scaled((n - 1) * spacing))),
        )
        for frame, n in zip(frames, slices, strict=True)
    ]


def frame_rate(ds: Any, frames: Sequence[FrameHeader]) -> float | None:
    """Images per second to play a cine with (PS3.3 C.7.6.5), None where the object says nothing."""
    if len(frames) < 2:
        return None
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        rate = number_of(ds, keyword)
        if rate and 0 < rate <= 1000:
            return rate
    times = [f.duration_ms for f in itertools.islice(frames, 1000) if f.duration_ms]
    return 1000.0 * len(times) / sum(times) if times and sum(times) > 0 else None
