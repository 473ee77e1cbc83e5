"""Softcopy presentation states: how somebody wanted images to be shown, and what they drew on them (PS3.3 A.33, C.10).

Positions become image positions as everywhere here: (column, row) with whole numbers at pixel centres.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.imaging.colour import rgb_of_cielab
from shared.imaging.frame_headers import modality_of, voi_choices
from shared.imaging.geometry import PixelPoint
from shared.imaging.lut import LookupTable, Modality, Window
from shared.imaging.overlays import OverlayPlane, overlays_of
from shared.imaging.references import ImageRefs, image_refs, series_refs
from shared.imaging.shutters import Shutter, shutter_of
from shared.imaging.tables import lookup_table
from shared.imaging.values import element_of, first_of, items_of, number_of, numbers_of, raw_of, text_of

Colour = tuple[int, int, int]
MAX_POINTS = 1_000_000

GREY = "1.2.840.10008.5.1.4.1.1.11.1"
COLOUR = "1.2.840.10008.5.1.4.1.1.11.2"
PSEUDO_COLOUR = "1.2.840.10008.5.1.4.1.1.11.3"
BLENDING = "1.2.840.10008.5.1.4.1.1.11.4"
SOP_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.11.{n}" for n in range(1, 13))


class Units(StrEnum):
    """What positions are relative to (PS3.3 C.10.5.1)."""

    PIXEL = "PIXEL"
    DISPLAY = "DISPLAY"
    MATRIX = "MATRIX"


@dataclass(frozen=True, slots=True)
class Graphic:
    """A Graphic Object: POINT, POLYLINE, INTERPOLATED, CIRCLE or ELLIPSE, or a compound type.

    Points of PIXEL units are image positions; of DISPLAY they are shares of the displayed area, 0 to 1.
    """

    kind: str
    points: tuple[PixelPoint, ...]
    units: Units = Units.PIXEL
    filled: bool = False
    colour: Colour | None = None
    width: float = 1.0
    dashed: bool = False
    rotation_deg: float = 0.0  # of compound rectangles and ellipses
    is_compound: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A Text Object: in a box, at an anchor, or both."""

    value: str
    box: tuple[PixelPoint, PixelPoint] | None = None
    box_units: Units = Units.PIXEL
    anchor: PixelPoint | None = None
    anchor_units: Units = Units.PIXEL
    anchor_visible: bool = False
    align: str = "LEFT"
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one item of the Graphic Annotation Sequence draws on the images it names."""

    images: ImageRefs
    layer: str
    graphics: tuple[Graphic, ...]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """A Graphic Layer; lower orders are drawn first."""

    name: str
    order: int
    colour: Colour | None
    description: str


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """PS3.3 C.10.4: corners of the area as pixel numbers from 1, and how it is to be scaled."""

    images: ImageRefs
    top_left: tuple[int, int]  # column, row
    bottom_right: tuple[int, int]
    mode: str  # SCALE TO FIT, TRUE SIZE, MAGNIFY
    magnification: float | None
    spacing: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class PresentationState:
    """One presentation state. ``unshown`` names parts that this viewer does not apply."""

    sop_instance_uid: str
    sop_class_uid: str
    label: str
    description: str
    creator: str
    created: str  # DICOM DA and TM, joined by a space
    images: ImageRefs
    modality: Modality | None
    voi: tuple[tuple[ImageRefs, tuple[Window | LookupTable, ...]], ...]
    presentation: LookupTable | None
    inverted: bool
    shutter: Shutter | None
    rotation_deg: int  # clockwise, applied before the flip
    flipped: bool
    areas: tuple[DisplayedArea, ...]
    layers: tuple[Layer, ...]
    annotations: tuple[Annotation, ...]
    overlays: tuple[OverlayPlane, ...]
    activated: frozenset[int]  # groups of overlays (the image's or its own) that are to be shown
    unshown: tuple[str, ...] = ()

    def voi_of(self, sop_instance_uid: str, frame: int) -> Window | LookupTable | None:
        """The first VOI for this frame; None: the values go through unchanged, over their whole range."""
        for images, choices in self.voi:
            if choices and images.holds(sop_instance_uid, frame):
                return choices[0]
        return None

    def area_of(self, sop_instance_uid: str, frame: int) -> DisplayedArea | None:
        return next((area for area in self.areas if area.images.holds(sop_instance_uid, frame)), None)

    def annotations_of(self, sop_instance_uid: str, frame: int) -> tuple[Annotation, ...]:
        """In the order of their layers."""
        order = {layer.name: layer.order for layer in self.layers}
        named = [a for a in self.annotations if a.images.holds(sop_instance_uid, frame)]
        return tuple(sorted(named, key=lambda a: order.get(a.layer, 0)))


def presentation_state(ds: Any) -> PresentationState:
    """Read a presentation state; parts that contradict themselves are absent. Never raises for a parsed data set."""
    overlays = overlays_of(ds)
    modality = modality_of(ds, ds, signed=False, modality_code="PR") if _has_modality(ds) else None
    table = first_of(ds, "PresentationLUTSequence")
    voi = tuple(
        (image_refs(items_of(item, "ReferencedImageSequence")), voi_choices(item, signed=_signed_values(modality)))
        for item in items_of(ds, "SoftcopyVOILUTSequence")
    )
    return PresentationState(
        sop_instance_uid=text_of(ds, "SOPInstanceUID"),
        sop_class_uid=text_of(ds, "SOPClassUID"),
        label=text_of(ds, "ContentLabel"),
        description=text_of(ds, "ContentDescription"),
        creator=text_of(ds, "ContentCreatorName"),
        created=f"{text_of(ds, 'PresentationCreationDate')} {text_of(ds, 'PresentationCreationTime')}".strip(),
        images=series_refs(ds),
        modality=modality,
        voi=voi,
        presentation=lookup_table(table, signed=False) if table is not None else None,
        inverted=text_of(ds, "PresentationLUTShape") == "INVERSE",
        shutter=shutter_of(ds, overlays),
        rotation_deg=int(number_of(ds, "ImageRotation") or 0) % 360,
        flipped=text_of(ds, "ImageHorizontalFlip") == "Y",
        areas=tuple(a for item in items_of(ds, "DisplayedAreaSelectionSequence") if (a := _area(item)) is not None),
        layers=tuple(sorted((_layer(i) for i in items_of(ds, "GraphicLayerSequence")), key=lambda one: one.order)),
        annotations=tuple(_annotation(item) for item in items_of(ds, "GraphicAnnotationSequence")),
        overlays=overlays,
        activated=_activated(ds),
        unshown=_unshown(ds),
    )


def _has_modality(ds: Any) -> bool:
    return "ModalityLUTSequence" in ds or "RescaleSlope" in ds or "RescaleIntercept" in ds


def _signed_values(modality: Modality | None) -> bool:
    """VOI LUTs take the modality LUT's output: negative values only where rescaling can make them."""
    return modality is None or (modality.table is None and modality.intercept < 0)


def _activated(ds: Any) -> frozenset[int]:
    groups = set()
    for group in range(0x6000, 0x6100, 2):
        if str(element_of(ds, group, 0x1001) or "").strip():
            groups.add(group)
    return frozenset(groups)


def _unshown(ds: Any) -> tuple[str, ...]:
    found = []
    if items_of(ds, "MaskSubtractionSequence"):
        found.append("mask")
    kind = text_of(ds, "SOPClassUID")
    if kind == BLENDING or items_of(ds, "BlendingSequence"):
        found.append("blending")
    elif kind == PSEUDO_COLOUR:
        found.append("palette")
    elif kind and kind not in (GREY, COLOUR):
        found.append("kind")
    return tuple(found)


def _area(item: Any) -> DisplayedArea | None:
    first, last = (
        numbers_of(item, "DisplayedAreaTopLeftHandCorner"),
        numbers_of(item, "DisplayedAreaBottomRightHandCorner"),
    )
    if len(first) != 2 or len(last) != 2:
        return None
    spacing = numbers_of(item, "PresentationPixelSpacing")
    return DisplayedArea(
        images=image_refs(items_of(item, "ReferencedImageSequence")),
        top_left=(int(first[0]), int(first[1])),
        bottom_right=(int(last[0]), int(last[1])),
        mode=text_of(item, "PresentationSizeMode") or "SCALE TO FIT",
        magnification=number_of(item, "PresentationPixelMagnificationRatio"),
        spacing=(spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None,
    )


def _layer(item: Any) -> Layer:
    lab = numbers_of(item, "GraphicLayerRecommendedDisplayCIELabValue")
    grey = number_of(item, "GraphicLayerRecommendedDisplayGrayscaleValue")
    colour = rgb_of_cielab(lab) if len(lab) == 3 else None
    if colour is None and grey is not None:
        level = round(min(max(grey, 0), 65_535) / 65_535 * 255)
        colour = (level, level, level)
    return Layer(
        name=text_of(item, "GraphicLayer"),
        order=int(number_of(item, "GraphicLayerOrder") or 0),
        colour=colour,
        description=text_of(item, "GraphicLayerDescription"),
    )


def _annotation(item: Any) -> Annotation:
    graphics = [g for one in items_of(item, "GraphicObjectSequence") if (g := _graphic(one)) is not None]
    drawn_simply = {text_of(one, "CompoundGraphicInstanceID") for one in items_of(item, "GraphicObjectSequence")}
    for one in items_of(item, "CompoundGraphicSequence"):
        # Simple objects that stand in for a compound one carry its number (PS3.3 C.10.5.1.2): drawn once.
        if text_of(one, "CompoundGraphicInstanceID") not in drawn_simply - {""} and (g := _compound(one)) is not None:
            graphics.append(g)
    return Annotation(
        images=image_refs(items_of(item, "ReferencedImageSequence")),
        layer=text_of(item, "GraphicLayer"),
        graphics=tuple(graphics),
        texts=tuple(t for one in items_of(item, "TextObjectSequence") if (t := _text(one)) is not None),
    )


def _units(item: Any, keyword: str) -> Units:
    value = text_of(item, keyword)
    return Units(value) if value in Units.__members__ else Units.PIXEL


def _point(x: float, y: float, units: Units) -> PixelPoint:
    # The upper left corner of the upper left pixel is 0\0 (PS3.3 C.10.5.1.1); here its centre is.
    return PixelPoint(x, y) if units is Units.DISPLAY else PixelPoint(x - 0.5, y - 0.5)


def _points(item: Any, units: Units) -> tuple[PixelPoint, ...]:
    data = numbers_of(item, "GraphicData")
    if len(data) < 2 or len(data) > 2 * MAX_POINTS:
        return ()
    return tuple(_point(x, y, units) for x, y in zip(data[::2], data[1::2], strict=False))


def _style(item: Any) -> tuple[Colour | None, float, bool]:
    style = first_of(item, "LineStyleSequence")
    if style is None:
        return None, 1.0, False
    lab = numbers_of(style, "PatternOnColorCIELabValue")
    width = number_of(style, "LineThickness") or 1.0
    return (
        rgb_of_cielab(lab) if len(lab) == 3 else None,
        min(max(width, 0.5), 20.0),
        (text_of(style, "LineDashingStyle") == "DASHED"),
    )


def _graphic(item: Any) -> Graphic | None:
    units = _units(item, "GraphicAnnotationUnits")
    points, kind = _points(item, units), text_of(item, "GraphicType")
    needed = {"POINT": 1, "POLYLINE": 2, "INTERPOLATED": 2, "CIRCLE": 2, "ELLIPSE": 4}.get(kind)
    if needed is None or len(points) < needed:
        return None
    colour, width, dashed = _style(item)
    return Graphic(kind, points, units, text_of(item, "GraphicFilled") == "Y", colour, width, dashed)


def _compound(item: Any) -> Graphic | None:
    units = _units(item, "CompoundGraphicUnits")
    points, kind = _points(item, units), text_of(item, "CompoundGraphicType")
    if not points or not kind:
        return None
    colour, width, dashed = _style(item)
    return Graphic(
        kind,
        points,
        units,
        text_of(item, "GraphicFilled") == "Y",
        colour,
        width,
        dashed,
        rotation_deg=number_of(item, "RotationAngle") or 0.0,
        is_compound=True,
    )


def _text(item: Any) -> Text | None:
    value = text_of_lines(item)
    if not value:
        return None
    box_units, anchor_units = _units(item, "BoundingBoxAnnotationUnits"), _units(item, "AnchorPointAnnotationUnits")
    first, last = numbers_of(item, "BoundingBoxTopLeftHandCorner"), numbers_of(item, "BoundingBoxBottomRightHandCorner")
    anchor = numbers_of(item, "AnchorPoint")
    style = first_of(item, "TextStyleSequence")
    lab = numbers_of(style, "TextColorCIELabValue") if style is not None else ()
    box = (_point(*first, box_units), _point(*last, box_units)) if len(first) == len(last) == 2 else None
    return Text(
        value=value,
        box=box,
        box_units=box_units,
        anchor=_point(*anchor, anchor_units) if len(anchor) == 2 else None,
        anchor_units=anchor_units,
        anchor_visible=text_of(item, "AnchorPointVisibility") == "Y",
        align=text_of(item, "BoundingBoxTextHorizontalJustification") or "LEFT",
        colour=rgb_of_cielab(lab) if len(lab) == 3 else None,
    )


def text_of_lines(item: Any) -> str:
    """Unformatted Text Value with its line ends (VR ST keeps CR LF)."""
    value = str(raw_of(item, "UnformattedTextValue") or "")
    return value.replace("\r\n", "\n").replace("\r", "\n").strip(" \0\n")
