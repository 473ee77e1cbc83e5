"""Segmentations: which pixels of which images belong to which segment (PS3.3 A.51, A.88, C.8.20)."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.imaging.codecs import PixelFormat, decode_frame
from shared.imaging.colour import distinct_colour, rgb_of_cielab
from shared.imaging.frame_headers import FrameHeader, frame_headers
from shared.imaging.geometry import Plane
from shared.imaging.header import pixel_format
from shared.imaging.values import code_of, first_of, items_of, number_of, numbers_of, text_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.frames import Part10

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
SOP_CLASSES = frozenset({SEGMENTATION, LABEL_MAP})
SAME_PLANE_MM = 0.01  # beyond half the slice distance a mask belongs to another slice


@dataclass(frozen=True, slots=True)
class Segment:
    """One item of the Segment Sequence."""

    number: int
    label: str
    colour: tuple[int, int, int]
    category: str
    kind: str
    algorithm: str  # MANUAL, SEMIAUTOMATIC, AUTOMATIC, and the algorithm's name
    description: str = ""


@dataclass(frozen=True, slots=True)
class SegmentFrame:
    """One frame of the object: its segment (0 in label maps), the images it was made from, and where it lies."""

    index: int
    segment: int
    sources: frozenset[tuple[str, int]]  # SOP Instance UID, frame from 0 (-1: all)
    plane: Plane | None


@dataclass(eq=False)
class Segmentation:
    """A segmentation object. Masks are decoded when they are asked for; safe from several threads."""

    sop_instance_uid: str
    label: str
    description: str
    frame_of_reference_uid: str
    is_label_map: bool
    is_fractional: bool
    max_fraction: int
    segments: tuple[Segment, ...]
    frames: tuple[SegmentFrame, ...]
    slice_distance_mm: float
    _part10: Part10 = field(repr=False)
    _format: PixelFormat = field(repr=False)
    _decoded: dict[int, NDArray[Any]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def names_image(self, sop_instance_uid: str) -> bool:
        """True when a frame says that it was made from this image."""
        return any(uid == sop_instance_uid for frame in self.frames for uid, _ in frame.sources)

    def frames_on(self, sop_instance_uid: str, frame: int, plane: Plane | None) -> list[SegmentFrame]:
        """Frames that belong to an image: those made from it, else those in its plane."""
        named = [
            f for f in self.frames if (sop_instance_uid, frame) in f.sources or (sop_instance_uid, -1) in f.sources
        ]
        if named or plane is None:
            return named
        reach = max(self.slice_distance_mm / 2, SAME_PLANE_MM)
        return [
            f
            for f in self.frames
            if f.plane is not None
            and abs(f.plane.normal.dot(plane.normal)) > 0.999
            and abs(plane.away_mm(f.plane.origin)) < reach
        ]

    def masks(
        self, sop_instance_uid: str, frame: int, plane: Plane | None, rows: int, columns: int
    ) -> dict[int, NDArray[Any]]:
        """Share (uint8, 0 to 255) of each segment in the grid of an image; only segments that lie on it.

        Raises ``UndecodableFrame`` or ``UnreadableFile``.
        """
        import numpy as np

        result: dict[int, NDArray[Any]] = {}
        for found in self.frames_on(sop_instance_uid, frame, plane):
            stored = self._stored(found.index)
            for number, share in self._shares(found, stored):
                fitted = _fitted(share, found.plane, plane, rows, columns)
                if fitted is not None and fitted.any():
                    known = result.get(number)
                    result[number] = fitted if known is None else np.maximum(known, fitted)
        return result

    def _shares(self, frame: SegmentFrame, stored: NDArray[Any]) -> list[tuple[int, NDArray[Any]]]:
        import numpy as np

        if self.is_label_map:
            return [
                (segment.number, (stored == segment.number).astype(np.uint8) * 255)
                for segment in self.segments
                if segment.number != 0
            ]
        if self.is_fractional:
            return [
                (frame.segment, (stored.astype(np.float32) * (255.0 / self.max_fraction)).clip(0, 255).astype("u1"))
            ]
        return [(frame.segment, (stored != 0).astype(np.uint8) * 255)]

    def _stored(self, index: int) -> NDArray[Any]:
        with self._lock:
            known = self._decoded.get(index)
        if known is None:
            data = self._part10.frame(index, self._format.native_bytes)
            known = decode_frame(data, self._format, self._part10.transfer_syntax)
            with self._lock:
                if len(self._decoded) > 64:
                    self._decoded.pop(next(iter(self._decoded)))
                self._decoded[index] = known
        return known


def segmentation_of(part10: Part10) -> Segmentation:
    """Read the header of a segmentation; raises ``UndecodableFrame`` when it describes no pixels."""
    ds = part10.header
    fmt = pixel_format(ds)
    headers = frame_headers(ds, "SEG")
    frames = _frames(ds, headers)
    label_map = text_of(ds, "SegmentationType") == "LABELMAP" or text_of(ds, "SOPClassUID") == LABEL_MAP
    return Segmentation(
        sop_instance_uid=text_of(ds, "SOPInstanceUID"),
        label=text_of(ds, "ContentLabel") or text_of(ds, "SeriesDescription"),
        description=text_of(ds, "ContentDescription"),
        frame_of_reference_uid=text_of(ds, "FrameOfReferenceUID"),
        is_label_map=label_map,
        is_fractional=text_of(ds, "SegmentationType") == "FRACTIONAL",
        max_fraction=max(1, int(number_of(ds, "MaximumFractionalValue") or 255)),
        segments=tuple(_segment(item, n) for n, item in enumerate(items_of(ds, "SegmentSequence"))),
        frames=frames,
        slice_distance_mm=_distance(headers),
        _part10=part10,
        _format=fmt,
    )


def _segment(item: Any, place: int) -> Segment:
    number = number_of(item, "SegmentNumber")
    lab = numbers_of(item, "RecommendedDisplayCIELabValue")
    _, _, category = code_of(item, "SegmentedPropertyCategoryCodeSequence")
    _, _, kind = code_of(item, "SegmentedPropertyTypeCodeSequence")
    algorithm = " ".join(p for p in (text_of(item, "SegmentAlgorithmType"), text_of(item, "SegmentAlgorithmName")) if p)
    return Segment(
        number=int(number) if number is not None else place + 1,
        label=text_of(item, "SegmentLabel") or kind or f"#{place + 1}",
        colour=rgb_of_cielab(lab) if len(lab) == 3 else distinct_colour(place),
        category=category,
        kind=kind,
        algorithm=algorithm,
        description=text_of(item, "SegmentDescription"),
    )


def _frames(ds: Any, headers: tuple[FrameHeader, ...]) -> tuple[SegmentFrame, ...]:
    shared = first_of(ds, "SharedFunctionalGroupsSequence")
    per_frame = items_of(ds, "PerFrameFunctionalGroupsSequence")
    frames = []
    for n, header in enumerate(headers):
        groups = [g for g in (per_frame[n] if n < len(per_frame) else None, shared) if g is not None]
        number = next(
            (
                value
                for g in groups
                if (item := first_of(g, "SegmentIdentificationSequence")) is not None
                and (value := number_of(item, "ReferencedSegmentNumber")) is not None
            ),
            0.0,
        )
        frames.append(SegmentFrame(n, int(number), _sources(groups), header.plane))
    return tuple(frames)


def _sources(groups: list[Any]) -> frozenset[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for group in groups:
        for derivation in items_of(group, "DerivationImageSequence"):
            for source in items_of(derivation, "SourceImageSequence"):
                uid = text_of(source, "ReferencedSOPInstanceUID")
                numbers = numbers_of(source, "ReferencedFrameNumber")
                found.update((uid, int(number) - 1) for number in numbers or (0.0,))
    return frozenset(found)


def _distance(headers: tuple[FrameHeader, ...]) -> float:
    """Distance of neighbouring slices: the smallest step along the normal, else the thickness, mm."""
    planes = [h.plane for h in headers if h.plane is not None]
    if not planes:
        return 0.0
    normal = planes[0].normal
    depths = sorted({round(sum(a * b for a, b in zip(p.origin, normal, strict=True)), 3) for p in planes})
    steps = [b - a for a, b in itertools.pairwise(depths) if b - a > SAME_PLANE_MM]
    return min(steps) if steps else headers[0].thickness_mm or 0.0


def _fitted(
    share: NDArray[Any], own: Plane | None, image: Plane | None, rows: int, columns: int
) -> NDArray[Any] | None:
    """A mask in the image's grid; None when the grids differ and positions do not tell how."""
    same_size = share.shape == (rows, columns)
    if own is None or image is None:
        return share if same_size else None
    corner = image.pixel(own.origin)
    step_across = image.pixel(own.origin.plus(own.row_direction.scaled(own.column_spacing_mm)))
    step_down = image.pixel(own.origin.plus(own.column_direction.scaled(own.row_spacing_mm)))
    a, d = step_across.column - corner.column, step_across.row - corner.row
    b, e = step_down.column - corner.column, step_down.row - corner.row
    differs = max(abs(corner.column), abs(corner.row), abs(a - 1), abs(d), abs(b), abs(e - 1))
    if same_size and differs < 0.01:
        return share
    import cv2
    import numpy as np

    matrix = np.array([[a, b, corner.column], [d, e, corner.row]], np.float64)
    return cv2.warpAffine(share, matrix, (columns, rows), flags=cv2.INTER_NEAREST)
