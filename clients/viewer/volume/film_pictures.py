"""Pictures that a page computed, as images for films: a stack of one image beside its series (VW-PRT-02, VW-PRT-04).

Reformatted and curved pictures keep their values, so that they are windowed on the film like any image and have
millimetres for true size; volume renderings are colours. No Qt.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from clients.viewer.study import FrameKey, Stack
from clients.viewer.volume.views import DERIVED
from shared.imaging.codecs import EXPLICIT_LE, PixelFormat
from shared.imaging.geometry import UNCALIBRATED, PixelPoint, Plane, SliceOrder, Spacing, SpacingSource
from shared.imaging.header import FrameHeader
from shared.imaging.lut import LookupTable, Modality, VoiFunction, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

OUTSIDE = 65_535
"""The stored value where the picture lies outside of the volume: padding, shown black."""
_SPATIAL_TEXTS = ("SliceThickness", "SliceLocation", "SpacingBetweenSlices", "ImageType")
_serial = itertools.count(1)


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """What was computed: float32 values (rows, columns), NaN outside; or uint8 RGB (rows, columns, 3)."""

    values: NDArray[Any]
    mm: float = 0.0
    """Side of a pixel; 0 where there are no millimetres."""
    plane: Plane | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FilmPicture:
    """One picture of a page."""

    like: Stack
    """The series that it was computed from."""
    name: str
    """What it is, in words that stand on the film: plane, slab, angle."""
    make: Callable[[], Computed]
    """For a worker thread."""
    voi: Window | LookupTable | None = None
    inverted: bool = False
    palette: str = ""
    unit: str = ""


@runtime_checkable
class OffersPictures(Protocol):
    """A page on the stage whose pictures can be put on films."""

    def film_pictures(self, *, whole: bool) -> Sequence[FilmPicture]:
        """The picture in which the reader works, or the ``whole`` page's; none while there are none."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureStack:
    """A stack of one computed image, and its pixels."""

    stack: Stack
    pixels: NDArray[Any]
    modality: Modality


def picture_stack(picture: FilmPicture, computed: Computed) -> PictureStack:
    """The stack of a computed picture; its UID refers to no stored object (`views.is_derived`)."""
    is_colour = computed.values.ndim == 3
    model = picture.like.image(len(picture.like) // 2)
    unit = picture.like.suv.value if picture.like.suv is not None else "stored"
    uid = f"{DERIVED}film{next(_serial)}:{unit}:{picture.like.series.series_uid}:{picture.like.label}"
    values, plane = (computed.values, computed.plane) if is_colour else _trimmed(computed)
    pixels, modality = (values, Modality()) if is_colour else _stored(values, picture.unit)
    source = SpacingSource.PATIENT
    frame = FrameHeader(
        plane=plane,
        spacing=Spacing(computed.mm, computed.mm, source) if computed.mm else UNCALIBRATED,
        modality=modality,
        voi=() if is_colour or picture.voi is None else (_exact(picture.voi),),
    )
    bits, photometric = (8, "RGB") if is_colour else (16, "MONOCHROME2")
    rows, columns = pixels.shape[:2]
    image = replace(
        model,
        sop_instance_uid=uid,
        transfer_syntax=EXPLICIT_LE,
        pixel_format=PixelFormat(rows, columns, bits, bits, samples=3 if is_colour else 1, photometric=photometric),
        frames=(frame,),
        inverted=False,
        padding=None if is_colour else OUTSIDE,
        padding_limit=None,
        regions=(),
        overlays=(),
        shutter=None,
        patient_orientation=None,
        icc=b"",
        suv=None,
        supplement=None,
        texts={name: text for name, text in model.texts.items() if name not in _SPATIAL_TEXTS},
    )
    series = replace(
        picture.like.series, images=(image,), description=f"{picture.like.series.description} {picture.name}".strip()
    )
    stack = Stack(
        study=picture.like.study,
        series=series,
        frames=(FrameKey(uid, 0),),
        order=SliceOrder((0,), None, frozenset()),
        label=picture.name,
        suv=None,  # the values are SUV already where the page showed them as such
        _images={uid: image},
    )
    return PictureStack(stack, pixels, modality)


def is_film_picture(sop_instance_uid: str) -> bool:
    """True for the images of picture stacks."""
    return sop_instance_uid.startswith(f"{DERIVED}film")


def _exact(voi: Window | LookupTable) -> Window | LookupTable:
    """A window of the page also where its step of 1 is much of its width (SUV)."""
    if isinstance(voi, Window) and voi.function is VoiFunction.LINEAR and voi.width <= 50:
        return replace(voi, function=VoiFunction.LINEAR_EXACT)
    return voi


def _trimmed(computed: Computed) -> tuple[NDArray[Any], Plane | None]:
    """Without the empty margins of a pane, so that the image fills its cell."""
    import numpy as np

    there = np.isfinite(computed.values)
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    if not len(rows):
        return computed.values, computed.plane
    top, left = int(rows[0]), int(columns[0])
    values = computed.values[top : int(rows[-1]) + 1, left : int(columns[-1]) + 1]
    plane = computed.plane
    if plane is not None:
        plane = replace(plane, origin=plane.point(PixelPoint(left, top)))
    return values, plane


def _stored(values: NDArray[Any], unit: str) -> tuple[NDArray[Any], Modality]:
    """Values spread over 16 bits; what is no number becomes `OUTSIDE`."""
    import numpy as np

    there = np.isfinite(values)
    low, high = (float(values[there].min()), float(values[there].max())) if there.any() else (0.0, 1.0)
    step = (high - low) / (OUTSIDE - 1) or 1.0
    stored = np.rint((np.where(there, values, low) - low) / step).astype(np.uint16)
    stored[~there] = OUTSIDE
    return stored, Modality(step, low, None, unit)
