"""What there is to look at: studies, series, instances and the stacks of frames made of them. No pixels, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from shared.imaging.geometry import Finding, SliceOrder, order_slices
from shared.imaging.header import FrameHeader, ImageHeader
from shared.imaging.lut import VoiFunction, Window
from shared.imaging.suv import SuvFacts, SuvKind


class FrameKey(NamedTuple):
    """One frame: SOP Instance UID and frame index from 0."""

    sop_instance_uid: str
    frame: int


@dataclass(frozen=True, slots=True)
class SeriesDescription:
    """A series with the headers of its images, in the order of Instance Number."""

    series_uid: str
    modality: str
    number: int | None
    description: str
    body_part: str
    images: tuple[ImageHeader, ...]
    frame_of_reference_uid: str = ""  # series with the same one share their coordinates


@dataclass(frozen=True, slots=True)
class ObjectDescription:
    """An object that is no stack of images: a report, a presentation state, a segmentation, a slide …"""

    sop_instance_uid: str
    sop_class_uid: str
    series_uid: str
    modality: str
    title: str = ""  # what the object or its series calls itself; may be empty until it is fetched
    number: int | None = None
    made: str = ""  # DICOM DA of the content or series
    study_uid: str = ""


@dataclass(frozen=True, slots=True)
class StudyDescription:
    """A study as a source describes it; dates as in DICOM (DA, TM)."""

    study_uid: str
    patient_id: str
    patient_name: str
    patient_sex: str
    patient_birth_date: str
    study_date: str
    study_time: str
    description: str
    accession_number: str
    institution: str
    series: tuple[SeriesDescription, ...]
    objects: tuple[ObjectDescription, ...] = ()  # segmentations and doses stand here and among the series


@dataclass(eq=False, slots=True)
class Stack:
    """Frames of one series in the order they are shown; the unit a viewport holds.

    Headers may be replaced by better ones when the file itself arrives (:meth:`refine`).
    """

    study: StudyDescription
    series: SeriesDescription
    frames: tuple[FrameKey, ...]
    order: SliceOrder
    label: str = ""
    suv: SuvKind | None = SuvKind.BW
    """Show PET as SUV of this kind where the header allows it; None: as stored."""
    is_derived: bool = False
    """Put together by the reader out of images of another stack; the archive knows nothing of it."""
    _images: dict[str, ImageHeader] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frames)

    def image(self, index: int) -> ImageHeader:
        return self._images[self.frames[index].sop_instance_uid]

    def frame_header(self, index: int) -> FrameHeader:
        key = self.frames[index]
        frames = self._images[key.sop_instance_uid].frames
        header = frames[min(key.frame, len(frames) - 1)]
        facts = self.suv_facts if self.suv is not None and self.series.modality == "PT" else None
        factor = facts.factor(self.suv) if facts is not None and self.suv is not None else None
        return header if factor is None or self.suv is None else in_suv(header, factor, self.suv)

    @property
    def suv_facts(self) -> SuvFacts | None:
        """What the first full header of this PET series says of dose and patient."""
        return next((image.suv for image in self._images.values() if image.suv is not None), None)

    def refine(self, header: ImageHeader) -> bool:
        """Take a fuller header for one image; True when it belongs to this stack."""
        if header.sop_instance_uid not in self._images:
            return False
        self._images[header.sop_instance_uid] = header
        return True

    def index_of(self, key: FrameKey) -> int | None:
        try:
            return self.frames.index(key)
        except ValueError:
            return None

    def shares_space_with(self, other: Stack) -> bool:
        """True when positions of both may be compared (Frame of Reference UID, PS3.3 C.7.4.1)."""
        own = self.series.frame_of_reference_uid
        return own != "" and own == other.series.frame_of_reference_uid

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the first frame."""
        first = self.image(0).pixel_format
        return (first.rows, first.columns)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings of the geometry that a reader must know (VW-EX-04), in a fixed order."""
        shown = (Finding.GAPS, Finding.DUPLICATES, Finding.UNEVEN, Finding.MIXED)
        return tuple(finding for finding in shown if finding in self.order.findings)


def in_suv(header: FrameHeader, factor: float, kind: SuvKind) -> FrameHeader:
    """The same frame with values and windows in SUV; ``factor`` turns modality units into SUV."""
    modality = header.modality
    if modality.table is not None:
        return header
    scaled = replace(
        modality, slope=modality.slope * factor, intercept=modality.intercept * factor, unit=f"SUV{kind.value}"
    )
    windows = tuple(
        replace(voi, centre=voi.centre * factor, width=voi.width * factor, function=_exact(voi))
        for voi in header.voi
        if isinstance(voi, Window)
    )
    return replace(header, modality=scaled, voi=windows)


def _exact(window: Window) -> VoiFunction:
    """LINEAR takes a step of 1 off the width, which SUV of 0 to 10 cannot spare."""
    return VoiFunction.LINEAR_EXACT if window.function is VoiFunction.LINEAR else window.function


def stacks_of(study: StudyDescription) -> tuple[Stack, ...]:
    """One stack per series, but images of another size or with several frames of their own stand apart.

    A cine of 75 frames is not one slice of a stack, and a scout of another size would change the zoom. Frames of one
    object at several times, b-values or detectors become a stack each. Tiles of a slide make no stack. Segmentations
    and doses come last: they belong over images.
    """
    stacks: list[Stack] = []
    for series in sorted(study.series, key=lambda one: one.modality in _OVER_IMAGES):
        groups: dict[object, list[ImageHeader]] = {}
        for image in series.images:
            if image.is_tiled and len(image.frames) > 1:
                continue
            fmt = image.pixel_format
            own = image.sop_instance_uid if len(image.frames) > 1 else ""
            groups.setdefault((fmt.rows, fmt.columns, fmt.is_colour, own), []).append(image)
        for n, images in enumerate(groups.values()):
            label = f"{n + 1}/{len(groups)}" if len(groups) > 1 else ""
            parts = _parts(images)
            for part, words in parts.items():
                named = " ".join(p for p in (label, words) if p)
                stacks.append(stack_of(study, series, images, named, part if len(parts) > 1 else None))
    return tuple(stacks)


_OVER_IMAGES = frozenset({"SEG", "RTDOSE"})
MOST_PARTS = 64


def _parts(images: Sequence[ImageHeader]) -> dict[tuple[str, ...], str]:
    """Groups of frames of one multi-frame object that are stacks of their own, and what tells them apart.

    One group with the key () where there is nothing to part: a cine at one place, or as many groups as frames.
    """
    whole: dict[tuple[str, ...], str] = {(): ""}
    if len(images) != 1 or len(images[0].frames) < 4:
        return whole
    frames = images[0].frames
    places = {frame.plane.origin for frame in frames if frame.plane is not None}
    groups = {frame.group: frame.label for frame in frames}
    is_volume = 1 < len(places) < len(frames) or _lie_across(frames)
    is_view = not places and any(frame.group for frame in frames)  # detectors, energy windows
    if not 1 < len(groups) <= MOST_PARTS or len(groups) * 2 > len(frames) or not (is_volume or is_view):
        return whole
    return {key: label or str(n + 1) for n, (key, label) in enumerate(groups.items())}


def _lie_across(frames: Sequence[FrameHeader]) -> bool:
    """True where frames lie in different directions: stacks of their own in one object (PS3.3 C.7.6.16.2.2.4)."""
    planes = [frame.plane for frame in frames if frame.plane is not None]
    return any(not planes[0].parallel_to(plane) for plane in planes[1:])


def stack_of(
    study: StudyDescription,
    series: SeriesDescription,
    images: Sequence[ImageHeader],
    label: str,
    part: tuple[str, ...] | None = None,
) -> Stack:
    """Frames of ``images`` in the order of space where they have one, else of number or time.

    ``part`` takes only the frames of that group.
    """
    keys: list[FrameKey] = []
    headers: list[FrameHeader] = []
    numbers: list[int] = []
    for image in images:
        for n, frame in enumerate(image.frames):
            if part is not None and frame.group != part:
                continue
            keys.append(FrameKey(image.sop_instance_uid, n))
            headers.append(frame)
            numbers.append(image.instance_number if len(image.frames) == 1 else n + 1)
    cine = len(images) == 1 and len(headers) > 1 and len({h.plane for h in headers}) == 1
    planes = [None if cine else header.plane for header in headers]
    order = order_slices(planes, numbers)
    if series.modality in _NEVER_SPATIAL:
        by_number = tuple(sorted(range(len(keys)), key=lambda i: (numbers[i], i)))
        order = SliceOrder(by_number, None, frozenset())
    elif Finding.DUPLICATES in order.findings and len(order.duplicates) * 3 >= len(keys):
        order = _phases(order, keys, numbers)
    return Stack(
        study=study,
        series=series,
        frames=tuple(keys[i] for i in order.order),
        order=order,
        label=label,
        _images={image.sop_instance_uid: image for image in images},
    )


# Projections and colour pictures have their order in their number, whatever positions a device may write.
_NEVER_SPATIAL = frozenset({"CR", "DX", "MG", "IO", "PX", "XA", "RF", "US", "XC", "ES", "OP", "SC", "OT", "GM", "SM"})


def _phases(order: SliceOrder, keys: Sequence[FrameKey], numbers: Sequence[int]) -> SliceOrder:
    """Several time points of the same places: the order of number keeps each phase together."""
    by_number = tuple(sorted(range(len(keys)), key=lambda i: (numbers[i], i)))
    findings = order.findings - {Finding.GAPS, Finding.UNEVEN, Finding.REVERSED}
    return SliceOrder(by_number, order.spacing_mm, findings)


def derived_stack(stack: Stack, indices: Sequence[int], label: str) -> Stack:
    """Some images of a stack, in this order, as a stack of its own (VW-SER-01, -02); ValueError for none."""
    if not indices:
        raise ValueError("A stack needs images.")
    frames = tuple(stack.frames[n] for n in indices)
    measured = order_slices([stack.frame_header(n).plane for n in indices], list(range(len(indices))))
    findings = measured.findings - {Finding.REVERSED}
    return Stack(
        study=stack.study,
        series=stack.series,
        frames=frames,
        order=SliceOrder(tuple(range(len(frames))), measured.spacing_mm, findings),
        label=label,
        suv=stack.suv,
        is_derived=True,
        _images={key.sop_instance_uid: stack.image(n) for key, n in zip(frames, indices, strict=True)},
    )
