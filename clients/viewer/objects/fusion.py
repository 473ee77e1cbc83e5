"""Fused display in viewports: which series lies over which, how it looks, and the layer that draws it (VW-MOD-03)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from clients.viewer.evented import Event
from clients.viewer.objects.layers import draw_array
from clients.viewer.objects.maker import PictureMaker
from clients.viewer.spaces import Spaces
from clients.viewer.study import Stack
from clients.viewer.viewport.layers import RASTER
from clients.viewer.viewport.overlays import shadowed_text
from shared.imaging.fusion import Alignment, Place, alignment, coloured, palette, top_values
from shared.imaging.geometry import Plane
from shared.imaging.lut import VoiFunction, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.viewport.layers import ShownImage
    from clients.viewer.viewport.view import ViewportWidget
    from shared.imaging.volume import Volume

PALETTE_NAMES = {"hot": "热", "hot_iron": "热铁", "pet": "PET", "rainbow": "彩虹", "cool": "冷"}


@dataclass(frozen=True, slots=True)
class Fusion:
    """How a series lies over others. ``window`` is in the unit of the top series."""

    top: Stack
    window: Window
    palette: str = "hot"
    opacity: float = 0.5


class FusionBook:
    """The fusion in force; it shows in every viewport whose series may be compared with the top one."""

    def __init__(self) -> None:
        self.changed: Event[[]] = Event()
        self._fusion: Fusion | None = None
        self._volume: Volume | None = None

    @property
    def fusion(self) -> Fusion | None:
        return self._fusion

    @property
    def volume(self) -> Volume | None:
        """The top series as a volume; None while it is on the way."""
        return self._volume

    def begin(self, fusion: Fusion, volume: Volume) -> None:
        self._fusion, self._volume = fusion, volume
        self.changed.emit()

    def change(self, **changes: Any) -> None:
        """Opacity, palette or window."""
        if self._fusion is not None:
            self._fusion = replace(self._fusion, **changes)
            self.changed.emit()

    def end(self) -> None:
        if self._fusion is not None:
            self._fusion = self._volume = None
            self.changed.emit()


def place_of(stack: Stack) -> Place:
    """What the alignment guard needs of a stack: its first and last planes are enough."""
    ends = [stack.frame_header(n).plane for n in (0, len(stack) - 1)]
    rows, columns = stack.shape
    planes = tuple(plane for plane in ends if plane is not None)
    return Place(stack.study.patient_id, stack.series.frame_of_reference_uid, planes, rows, columns)


def guard(base: Stack, top: Stack, spaces: Spaces) -> Alignment:
    """May ``top`` be shown over ``base``? PS3.3 C.7.4.1: only one frame of reference makes positions comparable."""
    registered = not base.shares_space_with(top) and spaces.are_common(base, top)
    return alignment(place_of(base), place_of(top), registered)


def guard_sentence(found: Alignment) -> str:
    """Why a fusion is refused; empty when it is not."""
    return {
        Alignment.UNKNOWN: tr("两个序列的坐标系不同，位置不能直接比较；请先配准再融合"),
        Alignment.APART: tr("两个序列在空间上不重叠，不能融合"),
        Alignment.OTHER_PATIENT: tr("两个序列属于不同患者，不能融合"),
    }.get(found, "")


def may_lie_over(stack: Stack) -> bool:
    """True for series that make a volume: several grey images with places."""
    return (
        len(stack) > 2
        and not stack.image(0).pixel_format.is_colour
        and stack.frame_header(0).plane is not None
        and stack.series.modality not in ("SEG", "RTDOSE")
    )


def first_window(stack: Stack, volume: Volume) -> Window:
    """SUV 0 to 7 for PET, else from the lowest to the top thousandth of the volume."""
    import numpy as np

    if volume.unit.startswith("SUV"):
        return Window(3.5, 7.0, VoiFunction.LINEAR_EXACT)
    sample = volume.voxels[:: max(1, volume.shape[0] // 40), ::4, ::4].astype(np.float64)
    values = sample * volume.slope + volume.intercept
    low, high = (float(v) for v in np.nanpercentile(values, (2, 99.9)))
    if stack.series.modality in ("PT", "NM"):
        low = 0.0
    return Window((low + high) / 2, max(high - low, 1e-6), VoiFunction.LINEAR_EXACT)


class FusionLayer:
    """The top series over the image, cut at its plane."""

    order = RASTER

    def __init__(self, book: FusionBook, maker: PictureMaker, spaces: Spaces) -> None:
        self._book, self._maker, self._spaces = book, maker, spaces
        self._coloured: dict[Any, NDArray[Any]] = {}

    def paint(self, painter: QPainter, _view: ViewportWidget, shown: ShownImage) -> None:
        fusion, volume, plane = self._book.fusion, self._book.volume, shown.frame.plane
        if fusion is None or volume is None or plane is None or not shown.has_pixels or shown.stack is fusion.top:
            return
        if guard_sentence(guard(shown.stack, fusion.top, self._spaces)):
            return
        target = self._carried(plane, shown.stack, fusion.top)
        if target is None:
            return
        fmt = shown.image.pixel_format
        shape = (fmt.rows, fmt.columns)
        key = ("fusion", id(volume), shown.key, target)
        values = self._maker.get(key, lambda: top_values(volume, target, *shape))
        if values is None:
            return
        draw_array(painter, self._in_colours(values, key, fusion), shown, smooth=True)
        self._paint_name(painter, fusion, shown)

    def _carried(self, plane: Plane, base: Stack, top: Stack) -> Plane | None:
        """The image's plane in the top series' coordinates."""
        return self._spaces.carry_plane(plane, base, top)

    def _in_colours(self, values: NDArray[Any], key: Any, fusion: Fusion) -> NDArray[Any]:
        look = (key, fusion.window, fusion.palette, fusion.opacity)
        picture = self._coloured.get(look)
        if picture is None:
            import numpy as np

            rgba = coloured(values, fusion.window, palette(fusion.palette), fusion.opacity)
            share = rgba[..., 3:].astype(np.uint16)
            rgba[..., :3] = ((rgba[..., :3] * share + 127) // 255).astype(np.uint8)  # QPainter wants it premultiplied
            picture = rgba
            if len(self._coloured) > 24:
                self._coloured.pop(next(iter(self._coloured)))
            self._coloured[look] = picture
        return picture

    def _paint_name(self, painter: QPainter, fusion: Fusion, shown: ShownImage) -> None:
        """What lies on top must always be said; the fused picture is the reader's to judge."""
        top = fusion.top.series
        low, high = (fusion.window.centre - fusion.window.width / 2, fusion.window.centre + fusion.window.width / 2)
        unit = self._book.volume.unit if self._book.volume is not None else ""
        parts = [tr("融合"), top.modality, top.description, f"{low:.3g}–{high:.3g} {unit}".strip()]
        painter.setFont(text_font(12))
        shadowed_text(painter, QPointF(8, shown.height * 0.5 + 40), "  ".join(p for p in parts if p), "#e0ad58")
