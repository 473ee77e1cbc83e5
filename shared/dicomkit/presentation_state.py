"""Softcopy presentation states: how images are shown and what is drawn on them (PS3.3 A.33.1, A.33.2).

Marks are graphic annotations of standard types that every viewer shows; what the standard has no place for (kind of
the tool, size of the font in pixels) stands beside them in a private block, as JSON.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.dicomkit import content_items as items
from shared.dicomkit import headers
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

GREYSCALE = "1.2.840.10008.5.1.4.1.1.11.1"
COLOUR = "1.2.840.10008.5.1.4.1.1.11.2"
PRIVATE_GROUP, PRIVATE_CREATOR = 0x0071, "MINGJING MARKS 1"
STANDARD_COLOUR = "#62bdcb"
_MOST_TEXT = 1024  # of Unformatted Text Value (ST)


@dataclass(frozen=True)
class GraphicMark:
    """One mark on one frame. Points are (column, row) with whole numbers at pixel centres.

    ``graphics`` are the lines to draw: (type of PS3.3 C.10.5.2, points). ``words`` stand beside it at ``words_at``.
    """

    uid: str
    image: InstanceReference  # with `frames` for one frame of a multi-frame object
    graphics: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    words: str = ""
    words_at: tuple[float, float] | None = None
    name: str = ""
    colour: str = ""
    is_measurement: bool = True


@dataclass(frozen=True)
class PresentedImage:
    """How an image is shown: the part of it (columns and rows from 1, inclusive) and the window."""

    image: InstanceReference
    rows: int
    columns: int
    area: tuple[int, int, int, int] = (0, 0, 0, 0)  # left, top, right, bottom; zeros: all of it
    window: tuple[float, float] | None = None  # centre, width
    spacing: tuple[float, float] | None = None  # between rows, between columns
    aspect: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Presentation:
    """What holds for all images of one presentation state."""

    images: tuple[PresentedImage, ...]
    marks: tuple[GraphicMark, ...] = ()
    inverted: bool = False
    rotation: int = 0
    flipped: bool = False
    rescale: tuple[float, float, str] | None = None  # slope, intercept, unit: the images' own, PS3.4 N.2.1.1
    is_colour: bool = False
    private: Mapping[str, Any] = field(default_factory=dict)


def presentation_state(
    patient: PatientFacts,
    study: StudyFacts,
    shown: Presentation,
    *,
    made_at: dt.datetime,
    creator_name: str,
    label: str = "MARKS",
    description: str = "",
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    instance_number: int = 1,
    character_set: str = headers.UTF8,
) -> Dataset:
    """A Grayscale (or Color) Softcopy Presentation State. Raises ValueError without images."""
    if not shown.images:
        raise ValueError("a presentation state refers to at least one image")
    made = headers.new_object(
        COLOUR if shown.is_colour else GREYSCALE,
        "PR",
        patient=patient,
        study=study,
        series=series or SeriesFacts(number=920, description="标注"),
        equipment=equipment or EquipmentFacts(),
        made_at=made_at,
        sop_uid=sop_uid,
        instance_number=instance_number,
        character_set=character_set,
    )
    del made.ContentDate, made.ContentTime  # the IOD has Presentation Creation Date and Time instead
    made.Laterality = ""  # type 2C: not known to be unpaired
    made.ContentLabel = label
    made.ContentDescription = description[:64]
    made.PresentationCreationDate = made_at.strftime("%Y%m%d")
    made.PresentationCreationTime = made_at.strftime("%H%M%S")
    made.ContentCreatorName = creator_name
    made.ReferencedSeriesSequence = _referenced_series(shown.images)
    made.DisplayedAreaSelectionSequence = [_displayed_area(one) for one in shown.images]
    if shown.rotation or shown.flipped:
        made.ImageRotation = shown.rotation % 360
        made.ImageHorizontalFlip = "Y" if shown.flipped else "N"
    _put_graphics(made, shown.marks)
    if shown.is_colour:
        made.ICCProfile = _srgb()
    else:
        _put_grey(made, shown)
    _put_private(made, shown.private)
    return made


def _referenced_series(images: Sequence[PresentedImage]) -> list[Dataset]:
    from pydicom.dataset import Dataset

    series: dict[str, dict[str, InstanceReference]] = {}
    for one in images:
        series.setdefault(one.image.series_uid, {})[one.image.sop_uid] = one.image
    made = []
    for series_uid, instances in series.items():
        item = Dataset()
        item.SeriesInstanceUID = series_uid
        item.ReferencedImageSequence = [items.referenced_sop(_whole(image)) for image in instances.values()]
        made.append(item)
    return made


def _whole(image: InstanceReference) -> InstanceReference:
    return InstanceReference(image.study_uid, image.series_uid, image.sop_class_uid, image.sop_uid)


def _displayed_area(one: PresentedImage) -> Dataset:
    """PS3.3 C.10.4: corners count from 1."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedImageSequence = [items.referenced_sop(one.image)]
    left, top, right, bottom = one.area
    item.DisplayedAreaTopLeftHandCorner = [left or 1, top or 1]
    item.DisplayedAreaBottomRightHandCorner = [right or one.columns, bottom or one.rows]
    item.PresentationSizeMode = "SCALE TO FIT"
    if one.spacing is not None:
        item.PresentationPixelSpacing = [f"{value:.10g}" for value in one.spacing]
    else:
        item.PresentationPixelAspectRatio = list(one.aspect)
    return item


def _put_grey(made: Dataset, shown: Presentation) -> None:
    """Modality LUT, VOI windows by image, presentation LUT: the whole grey path (PS3.4 N.2)."""
    from pydicom.dataset import Dataset

    if shown.rescale is not None:
        slope, intercept, unit = shown.rescale
        made.RescaleSlope, made.RescaleIntercept = f"{slope:.10g}", f"{intercept:.10g}"
        made.RescaleType = unit if unit in ("HU", "OD", "US") else "US"
    windows: dict[tuple[float, float], list[Dataset]] = {}
    for one in shown.images:
        if one.window is not None:
            windows.setdefault(one.window, []).append(items.referenced_sop(one.image))
    if windows:
        made.SoftcopyVOILUTSequence = []
        for (centre, width), images in windows.items():
            item = Dataset()
            item.ReferencedImageSequence = images
            item.WindowCenter, item.WindowWidth = f"{centre:.10g}", f"{max(width, 1.0):.10g}"
            made.SoftcopyVOILUTSequence.append(item)
    made.PresentationLUTShape = "INVERSE" if shown.inverted else "IDENTITY"


def _srgb() -> bytes:
    """The profile that our colours are meant in; Color states must carry one (PS3.3 C.11.15)."""
    from PIL import ImageCms

    profile: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile


def _put_graphics(made: Dataset, marks: Sequence[GraphicMark]) -> None:
    """One layer per colour, measurements and annotations apart; one annotation item per mark."""
    from pydicom.dataset import Dataset

    if not marks:
        return
    layers: dict[tuple[bool, str], str] = {}
    for mark in marks:
        key = (mark.is_measurement, mark.colour or STANDARD_COLOUR)
        layers.setdefault(key, f"{'MEASURE' if mark.is_measurement else 'ANNOTATE'}_{len(layers) + 1}")
    made.GraphicAnnotationSequence = []
    for mark in marks:
        item = Dataset()
        item.ReferencedImageSequence = [items.referenced_sop(mark.image)]
        colour = mark.colour or STANDARD_COLOUR
        item.GraphicLayer = layers[mark.is_measurement, colour]
        if mark.words and mark.words_at is not None:
            item.TextObjectSequence = [_text(mark)]
        if mark.graphics:
            item.GraphicObjectSequence = [_graphic(kind, points, mark) for kind, points in mark.graphics]
        made.GraphicAnnotationSequence.append(item)
    made.GraphicLayerSequence = []
    for order, ((is_measurement, colour), name) in enumerate(layers.items(), 1):
        layer = Dataset()
        layer.GraphicLayer = name
        layer.GraphicLayerOrder = order
        layer.GraphicLayerRecommendedDisplayCIELabValue = cielab(colour)
        layer.GraphicLayerDescription = "Measurements" if is_measurement else "Annotations"
        made.GraphicLayerSequence.append(layer)


def _text(mark: GraphicMark) -> Dataset:
    from pydicom.dataset import Dataset

    assert mark.words_at is not None
    item = Dataset()
    item.AnchorPointAnnotationUnits = "PIXEL"
    item.UnformattedTextValue = mark.words[:_MOST_TEXT].replace("\r\n", "\n").replace("\n", "\r\n")
    item.AnchorPoint = [mark.words_at[0] + 0.5, mark.words_at[1] + 0.5]
    item.AnchorPointVisibility = "N"
    return item


def _graphic(kind: str, points: Sequence[tuple[float, float]], mark: GraphicMark) -> Dataset:
    """PS3.3 C.10.5: in PIXEL units 0.5\\0.5 is the middle of the first pixel."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.GraphicAnnotationUnits = "PIXEL"
    item.GraphicDimensions = 2
    item.NumberOfGraphicPoints = len(points)
    item.GraphicData = [value + 0.5 for point in points for value in point]
    item.GraphicType = kind
    closed = kind in ("CIRCLE", "ELLIPSE") or (kind == "POLYLINE" and len(points) > 3 and points[0] == points[-1])
    if closed:
        item.GraphicFilled = "N"
    item.TrackingID = (mark.name or mark.uid)[:1024]
    item.TrackingUID = mark.uid
    return item


def cielab(colour: str) -> list[int]:
    """``#rrggbb`` (sRGB) as PCS values of a CIELab attribute (PS3.3 C.10.7.1.1, D50)."""
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue))
    # sRGB to XYZ adapted to D50 (Bradford), relative to the D50 white.
    x = (0.4360747 * r + 0.3850649 * g + 0.1430804 * b) / 0.9642
    y = 0.2225045 * r + 0.7168786 * g + 0.0606169 * b
    z = (0.0139322 * r + 0.0971045 * g + 0.7141733 * b) / 0.8251

    def f(t: float) -> float:
        return float(t ** (1 / 3)) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29

    lightness, a, b_ = 116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))
    return [round(lightness / 100 * 65535), *(round((v + 128) / 255 * 65535) for v in (a, b_))]


def _put_private(made: Dataset, private: Mapping[str, Any]) -> None:
    if private:
        block = made.private_block(PRIVATE_GROUP, PRIVATE_CREATOR, create=True)
        block.add_new(0x01, "UT", json.dumps(private, ensure_ascii=False, separators=(",", ":")))


put_private = _put_private


def private_of(ds: Dataset) -> dict[str, Any]:
    """What our own programs put beside the standard content; empty when there is nothing (readable)."""
    try:
        value = json.loads(str(ds.private_block(PRIVATE_GROUP, PRIVATE_CREATOR)[0x01].value))
    except (KeyError, ValueError, AttributeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True)
class ReadGraphic:
    """A graphic annotation out of any presentation state; points as in :class:`GraphicMark`."""

    sop_uids: tuple[str, ...]
    frames: tuple[int, ...]  # from 1; empty: all
    layer: str
    graphics: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    words: str
    tracking_uid: str


def graphics_in(ds: Dataset) -> tuple[ReadGraphic, ...]:
    """The annotations in PIXEL units, by standard attributes alone."""
    found = []
    for item in ds.get("GraphicAnnotationSequence") or ():
        references = item.get("ReferencedImageSequence") or ()
        frames: list[int] = []
        for reference in references:
            numbers = reference.get("ReferencedFrameNumber")
            if numbers is not None:
                frames += [int(n) for n in (numbers if hasattr(numbers, "__iter__") else [numbers])]
        graphics, uid = [], ""
        for graphic in item.get("GraphicObjectSequence") or ():
            if graphic.GraphicAnnotationUnits == "PIXEL":
                data = [float(v) - 0.5 for v in graphic.GraphicData]
                graphics.append((str(graphic.GraphicType), tuple(zip(data[::2], data[1::2], strict=True))))
                uid = uid or str(graphic.get("TrackingUID", ""))
        texts = [str(text.UnformattedTextValue) for text in item.get("TextObjectSequence") or ()]
        found.append(
            ReadGraphic(
                tuple(str(reference.ReferencedSOPInstanceUID) for reference in references),
                tuple(frames),
                str(item.get("GraphicLayer", "")),
                tuple(graphics),
                "\n".join(texts).replace("\r\n", "\n"),
                uid,
            )
        )
    return tuple(found)
