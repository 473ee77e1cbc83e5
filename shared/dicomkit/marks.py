"""Marks as DICOM objects: presentation states and one measurement report of an author's marks on a study."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from shared.contract.marks import ShownImage, StoredMark
from shared.dicomkit import uids
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts
from shared.dicomkit.measurement_report import MarkReport, MeasuredMark, mark_report
from shared.dicomkit.presentation_state import (
    GraphicMark,
    Presentation,
    PresentedImage,
    presentation_state,
    private_of,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

AREAS = ("rectangle", "ellipse", "brush")
ANNOTATIONS = ("curve", "arrow", "text")
_MOST_GRAPHIC_POINTS = 4000


@dataclass(frozen=True)
class ImageFacts:
    """An image that marks lie on."""

    reference: InstanceReference  # without frames
    rows: int
    columns: int
    frames: int = 1
    is_colour: bool = False
    rescale: tuple[float, float, str] | None = None
    spacing: tuple[float, float] | None = None  # between rows, between columns
    modality: str = ""


@dataclass(frozen=True)
class MarksOfAuthor:
    """Everything that the objects say. ``author`` is a PN value; ``key`` tells authors of one study apart."""

    marks: tuple[StoredMark, ...]
    shown: tuple[ShownImage, ...]
    author: str
    key: str
    version: int
    language: str = "zh"


def objects_of(
    patient: PatientFacts,
    study: StudyFacts,
    images: Mapping[str, ImageFacts],
    said: MarksOfAuthor,
    *,
    made_at: dt.datetime,
    equipment: EquipmentFacts | None = None,
) -> list[Dataset]:
    """Presentation states (one for each way of showing) and, where there is something to say, one report.

    Marks on images that are not in ``images`` are left out. UIDs follow from study, author and version, so that
    objects made twice are the same objects.
    """
    known = [mark for mark in said.marks if mark.plane is not None or mark.sop_instance_uid in images]
    made = []
    for n, presentation in enumerate(_presentations(images, known, said), 1):
        made.append(
            presentation_state(
                patient,
                study,
                presentation,
                made_at=made_at,
                creator_name=said.author,
                description="标注" if said.language == "zh" else "Marks",
                series=_series(study, said, "PR", 920),
                equipment=equipment,
                sop_uid=uids.derived_uid("marks", study.study_uid, said.key, "PR", str(said.version), str(n)),
                instance_number=said.version * 10 + n,
            )
        )
    report = _report(images, known, said)
    if report.marks:
        some = next(iter(images.values())).reference
        made.append(
            mark_report(
                patient,
                study,
                report,
                made_at=made_at,
                series=_series(study, said, "SR", 921),
                equipment=equipment,
                sop_uid=uids.derived_uid("marks", study.study_uid, said.key, "SR", str(said.version)),
                instance_number=said.version,
                evidence=() if any(mark.image is not None for mark in report.marks) else (some,),
            )
        )
    return made


def _series(study: StudyFacts, said: MarksOfAuthor, modality: str, number: int) -> SeriesFacts:
    words = {"PR": ("标注", "Marks"), "SR": ("测量", "Measurements")}[modality]
    uid = uids.derived_uid("marks", study.study_uid, said.key, modality)
    return SeriesFacts(uid, number, words[0] if said.language == "zh" else words[1])


# --- presentation states ---------------------------------------------------------------------------------


def _presentations(
    images: Mapping[str, ImageFacts], marks: Sequence[StoredMark], said: MarksOfAuthor
) -> list[Presentation]:
    """One state for all images with the same grey path and the same turn: a state has room for one of each."""
    shown = {(one.sop_instance_uid, one.frame): one for one in said.shown if one.sop_instance_uid in images}
    frames = dict.fromkeys((mark.sop_instance_uid, mark.frame) for mark in marks if mark.plane is None)
    frames.update(dict.fromkeys(shown))
    groups: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
    for key in frames:
        fact, view = images[key[0]], shown.get(key) or ShownImage(sop_instance_uid=key[0], frame=key[1])
        look = (fact.is_colour, fact.rescale, view.inverted, view.rotation % 360, view.flipped)
        groups.setdefault(look, []).append(key)
    if not groups and images:  # everything was deleted: an empty state says so
        first = next(iter(images.values()))
        groups[first.is_colour, first.rescale, False, 0, False] = [(first.reference.sop_uid, 0)]
    made = []
    for (is_colour, rescale, inverted, rotation, flipped), keys in groups.items():
        wanted = set(keys)
        mine = [mark for mark in marks if mark.plane is None and (mark.sop_instance_uid, mark.frame) in wanted]
        made.append(
            Presentation(
                images=tuple(_presented(images[key[0]], key[1], shown.get(key)) for key in keys),
                marks=tuple(_graphic(mark, images[mark.sop_instance_uid]) for mark in mine),
                inverted=inverted,
                rotation=rotation,
                flipped=flipped,
                rescale=rescale,
                is_colour=is_colour,
                private={"author": said.author, "marks": msgspec.to_builtins(mine)},
            )
        )
    return made


def _on(fact: ImageFacts, frame: int) -> InstanceReference:
    whole = fact.reference
    frames = (frame + 1,) if fact.frames > 1 else ()
    return InstanceReference(whole.study_uid, whole.series_uid, whole.sop_class_uid, whole.sop_uid, frames)


def _presented(fact: ImageFacts, frame: int, view: ShownImage | None) -> PresentedImage:
    window = None
    if view is not None and view.window_centre is not None and view.window_width:
        window = (view.window_centre, view.window_width)
    area = (0, 0, 0, 0) if view is None else (view.left, view.top, view.right, view.bottom)
    return PresentedImage(_on(fact, frame), fact.rows, fact.columns, area, window, fact.spacing)


def _graphic(mark: StoredMark, fact: ImageFacts) -> GraphicMark:
    graphics = graphics_of(mark)
    points = [point for _, line in graphics for point in line] or list(mark.points)
    anchor = mark.points[0] if mark.kind == "text" else max(points, key=lambda p: p[0] + 0.2 * p[1])
    return GraphicMark(
        uid=mark.uid,
        image=_on(fact, mark.frame),
        graphics=() if mark.kind == "text" else graphics,
        words=mark.text or "\n".join(mark.lines),
        words_at=anchor,
        name=mark.name,
        colour=mark.colour,
        is_measurement=mark.kind not in ANNOTATIONS,
    )


def graphics_of(mark: StoredMark) -> tuple[tuple[str, tuple[tuple[float, float], ...]], ...]:
    """The standard graphics of a mark: type of PS3.3 C.10.5.2 and points, (column, row) at pixel centres."""
    points = mark.points[:_MOST_GRAPHIC_POINTS]
    if mark.kind in ("pixel", "text"):
        return (("POINT", points[:1]),)
    if mark.kind == "rectangle":
        (left, top), (right, bottom) = points
        return (("POLYLINE", ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))),)
    if mark.kind == "ellipse":
        (left, top), (right, bottom) = points
        x, y = (left + right) / 2, (top + bottom) / 2
        across = ((min(left, right), y), (max(left, right), y))
        down = ((x, min(top, bottom)), (x, max(top, bottom)))
        is_wide = abs(right - left) >= abs(bottom - top)  # the major axis comes first
        return (("ELLIPSE", (*across, *down) if is_wide else (*down, *across)),)
    if mark.kind == "brush":
        return (("POLYLINE", (*points, points[0])),)
    if mark.kind == "cobb" and len(points) == 4:
        return (("POLYLINE", points[:2]), ("POLYLINE", points[2:]))
    if mark.kind == "arrow":
        return (("POLYLINE", (points[0], points[1])), ("POLYLINE", _barbs(points[0], points[1])))
    return (("POLYLINE", points),)


def _barbs(tail: tuple[float, float], head: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    long = math.dist(tail, head)
    size, angle = min(max(long / 4, 1.0), 12.0), math.atan2(tail[1] - head[1], tail[0] - head[0])
    first, second = (
        (head[0] + size * math.cos(angle + turn), head[1] + size * math.sin(angle + turn)) for turn in (-0.4, 0.4)
    )
    return (first, head, second)


# --- the report ------------------------------------------------------------------------------------------


def _report(images: Mapping[str, ImageFacts], marks: Sequence[StoredMark], said: MarksOfAuthor) -> MarkReport:
    first = next(iter(images.values()), None)
    return MarkReport(
        marks=tuple(_measured(mark, images) for mark in marks),
        observer_name=said.author,
        modality=first.modality if first is not None else "",
        language=said.language,
        private={"author": said.author, "marks": msgspec.to_builtins(list(marks))},
    )


def _measured(mark: StoredMark, images: Mapping[str, ImageFacts]) -> MeasuredMark:
    kind, points = _place_of(mark)
    numbers = tuple((one.what, one.value, one.unit) for one in mark.figures if math.isfinite(one.value))
    if mark.plane is None:
        return MeasuredMark(
            mark.uid,
            mark.name,
            kind,
            points,
            image=_on(images[mark.sop_instance_uid], mark.frame),
            numbers=numbers,
            text=mark.text,
            is_region=mark.kind in AREAS,
        )
    if kind == "POLYLINE" and mark.kind in AREAS:
        kind = "POLYGON"
    return MeasuredMark(
        mark.uid,
        mark.name,
        kind,
        tuple(_in_patient(mark, point) for point in points),
        frame_of_reference_uid=mark.plane.frame_of_reference_uid,
        numbers=numbers,
        text=mark.text,
        is_region=mark.kind in AREAS,
    )


def _place_of(mark: StoredMark) -> tuple[str, tuple[tuple[float, float], ...]]:
    """One graphic: an SCOORD holds a single line, so two lines of a Cobb angle are joined."""
    if mark.kind == "cobb":
        return "POLYLINE", mark.points
    return graphics_of(mark)[0]


def _in_patient(mark: StoredMark, point: tuple[float, float]) -> tuple[float, float, float]:
    plane = mark.plane
    assert plane is not None
    x, y = point[0] * plane.column_spacing_mm, point[1] * plane.row_spacing_mm
    o, r, c = plane.origin, plane.row, plane.column
    return (o[0] + x * r[0] + y * c[0], o[1] + x * r[1] + y * c[1], o[2] + x * r[2] + y * c[2])


# --- and back --------------------------------------------------------------------------------------------


def marks_in(ds: Dataset) -> tuple[StoredMark, ...]:
    """The marks that our own programs wrote into a presentation state or report, exactly as they were.

    Empty for objects of others. Wrong entries are left out.
    """
    listed = private_of(ds).get("marks")
    found = []
    for entry in listed if isinstance(listed, list) else ():
        try:
            found.append(msgspec.convert(entry, StoredMark))
        except msgspec.ValidationError:
            continue
    return tuple(found)


def author_in(ds: Dataset) -> str:
    """Who drew the marks of an object, a PN value; empty when it does not say."""
    author = private_of(ds).get("author")
    return author if isinstance(author, str) else ""
