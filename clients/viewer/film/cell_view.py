"""One cell of a film, painted as a viewport would: the same path of greys, the same layers, at the film's resolution.

The pixels are resampled in a worker thread (`CellJob.render`), what lies over them is painted in the GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QTransform

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.film.model import Cell
from clients.viewer.session import ViewerSession
from clients.viewer.study import FrameKey
from clients.viewer.viewport import overlays
from clients.viewer.viewport.information import Information
from clients.viewer.viewport.layers import Layer, ReferenceLayer, ShownImage, StateLayer
from clients.viewer.viewport.looks import Look
from clients.viewer.viewport.mouse import MouseTool
from clients.viewer.viewport.renderer import Rendered, Renderer
from clients.viewer.viewport.view import ViewportWidget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.desk import Desk

TEXT_PIXELS_PER_MM = 4.0
"""Logical pixels of texts and lines on a millimetre of film: 12 pixels are 3 mm high."""


class FilmSession(ViewerSession):
    """The reader's session as a film needs it: the same marks and texts, no lines of position, nothing selected."""

    def __init__(self, reader: ViewerSession) -> None:
        super().__init__()
        self._reader = reader
        self.marks = reader.marks
        self.spaces = reader.spaces
        self.elements = reader.elements
        self.reference_lines = False
        self.smooth = False  # texts about the pixels of a screen say nothing on a film; images are interpolated

    @property
    def different_patients(self) -> bool:
        """Names always stand on films."""
        return True

    def is_key_image(self, key: FrameKey | None) -> bool:
        return False

    def follow(self, *, texts: bool, same_texts: bool) -> None:
        """Take over what holds now. ``same_texts``: the reader's choice of corner texts, else the standard."""
        self.elements = self._reader.elements
        self.texts_hidden = not texts
        self.information = _for_film(self._reader.information if same_texts else Information())


class CellJob:
    """The pixels of one cell, to be resampled anywhere; made and finished in the GUI thread."""

    def __init__(self, call: Callable[[], Rendered | None]) -> None:
        self.render = call


class CellView(ViewportWidget):
    """Never shown: paints cells into pictures."""

    def __init__(self, desk: Desk) -> None:
        self._pixels = QSize(64, 64)
        self._ratio = 1.0
        self._ready: Rendered | None = None
        self._scale_mm = 1.0
        self.film_session = FilmSession(desk.session)
        super().__init__(0, self.film_session, desk.store)
        reader = desk.viewports[0]
        self.stages = reader.stages
        self._layers: list[Layer] = [layer for layer in reader.layers if _is_for_film(layer)]

    def take(self, cell: Cell, pixels: QSize, pixels_per_mm: float) -> None:
        """The next cell: its size in pixels and how many of them a millimetre of film has."""
        self._pixels, self._ratio = pixels, pixels_per_mm / TEXT_PIXELS_PER_MM
        self.resize(max(1, round(pixels.width() / self._ratio)), max(1, round(pixels.height() / self._ratio)))
        shown = cell.with_geometry(cell.placed(pixels_per_mm)).shown
        self.state.restore(shown)

    def job(self) -> CellJob | None:
        """How to resample the cell that was taken; None while its pixels or its window are not there."""
        shown = self.shown()
        picture = self.picture(shown) if shown is not None else None
        look = self.look(shown) if shown is not None and picture is not None else None
        if shown is None or picture is None or look is None:
            return None
        half = shown.pixels.half(shown.index) if self.state.slab is None else None
        return CellJob(_resampling(picture, shown, look, half, smooth=True))

    def error(self) -> str:
        """Why the image of the cell cannot be shown; empty when it can, or is still coming."""
        shown = self.shown()
        return shown.pixels.errors.get(shown.index, "") if shown is not None else ""

    def paint(self, painter: QPainter, rendered: Rendered | None) -> None:
        """The cell that was taken, at (0, 0) of the painter, in logical pixels (`take` gave their size)."""
        self._ready = rendered
        try:
            self._paint_content(painter)
        finally:
            self._ready = None

    def paint_pixels(self, painter: QPainter, rendered: Rendered | None) -> None:
        """The image alone, without anything over it."""
        shown = self.shown()
        if shown is not None and rendered is not None:
            self._draw(painter, rendered, shown)

    @property
    def pixel_size(self) -> tuple[int, int]:
        """Width and height of the cell that was taken, in pixels."""
        return self._pixels.width(), self._pixels.height()

    @property
    def ratio(self) -> float:
        """Pixels to a logical pixel."""
        return self._ratio

    # --- in the place of the widget's own

    def devicePixelRatioF(self) -> float:
        return self._ratio

    def _device_size(self) -> tuple[int, int]:
        return self._pixels.width(), self._pixels.height()

    def _paint_pixels(self, painter: QPainter, array: NDArray[Any], token: object, shown: ShownImage) -> None:
        if self._ready is not None:
            self._draw(painter, self._ready, shown)

    def _draw(self, painter: QPainter, rendered: Rendered, shown: ShownImage) -> None:
        for stage in self.stages:
            rendered = stage.finish(self, shown, rendered)
        # In whole pixels of the film, without the scale of the texts: no pixel may be dropped or doubled.
        origin = painter.worldTransform().map(QPointF(0, 0))
        painter.save()
        painter.setWorldTransform(QTransform.fromTranslate(round(origin.x()), round(origin.y())))
        painter.drawImage(QPointF(rendered.left, rendered.top), overlays.image_of(rendered, 1.0))
        painter.restore()
        overlays.cover_outside(painter, shown.projection, self._ratio)


def _for_film(information: Information) -> Information:
    """Without the zoom, which is that of a screen."""
    corners = {corner: tuple(i for i in items if i != "zoom") for corner, items in information.corners.items()}
    return replace(information, corners=corners)


def _is_for_film(layer: Layer) -> bool:
    return not isinstance(layer, (ReferenceLayer, StateLayer, MouseTool))


def _resampling(
    picture: tuple[NDArray[Any], object],
    shown: ShownImage,
    look: Look,
    half: NDArray[Any] | None,
    *,
    smooth: bool,
) -> Callable[[], Rendered | None]:
    array, token = picture

    def render() -> Rendered | None:
        return Renderer().render(
            array,
            token,
            shown.projection,
            look.modality,
            look.voi,
            inverted=look.inverted,
            half=half,
            smooth=smooth,
            padding=look.padding,
            presentation=look.presentation,
            palette=look.palette,
        )

    return render


def paint_message(painter: QPainter, text: str, area: QRectF, *, is_error: bool) -> None:
    """Why a cell is empty."""
    painter.setFont(text_font(11))
    with colours.on_film():
        overlays.draw_message(painter, text or tr("正在载入…"), area, colours.ERROR if is_error else colours.LETTER)
