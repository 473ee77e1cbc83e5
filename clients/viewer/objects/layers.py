"""Draws what lies over images in a viewport: shutters, overlay planes, segments, contours, isodoses, annotations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QPolygonF, QTransform

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from clients.viewer.objects import pictures
from clients.viewer.objects.annotations import paint_annotations
from clients.viewer.objects.book import Dose, Loaded, ObjectBook, ObjectSource, plain_uid, slice_reach_mm
from clients.viewer.objects.maker import PictureMaker
from clients.viewer.objects.pictures import Line, Picture
from clients.viewer.viewport.layers import CONTOUR, MARKS, RASTER
from clients.viewer.viewport.overlays import shadowed_text
from shared.imaging.overlays import OverlayPlane
from shared.imaging.radiotherapy import StructureSet
from shared.imaging.segmentation import Segmentation

if TYPE_CHECKING:
    from collections.abc import Callable

    from clients.viewer.viewport.layers import ShownImage
    from clients.viewer.viewport.view import ViewportWidget
    from shared.imaging.presentation import PresentationState

SHUTTER = RASTER - 5  # over the image, below everything else


def transform_of(shown: ShownImage) -> QTransform:
    """From pixels of the image counted from the corner of the first one to logical pixels of the widget."""
    m = shown.projection.affine
    scale = 1.0 / shown.ratio
    return QTransform(
        m.a * scale,
        m.d * scale,
        m.b * scale,
        m.e * scale,
        (m.c - (m.a + m.b) / 2) * scale,
        (m.f - (m.d + m.e) / 2) * scale,
    )


def draw_array(painter: QPainter, picture: Any, shown: ShownImage, *, smooth: bool, opacity: float = 1.0) -> None:
    """RGBA uint8 (rows, columns, 4), premultiplied and contiguous, in the image's grid."""
    rows, columns = picture.shape[:2]
    image = QImage(picture.data, columns, rows, columns * 4, QImage.Format.Format_RGBA8888_Premultiplied)
    painter.save()
    painter.setOpacity(opacity)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.setTransform(transform_of(shown), True)
    painter.drawImage(QRectF(0, 0, shown.projection.columns, shown.projection.rows), image)
    painter.restore()


def draw_lines(painter: QPainter, lines: Iterable[Line], shown: ShownImage) -> None:
    """Outlines with a thin dark edge, and their labels."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for line in lines:
        polygon = QPolygonF([shown.place(point) for point in line.points])
        if line.closed and len(line.points) > 1:
            polygon.append(polygon.first())
        pen = QPen(QColor(*line.colour), line.width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        if len(line.points) == 1:
            at = polygon.first()
            painter.drawLine(at + QPointF(-5, 0), at + QPointF(5, 0))
            painter.drawLine(at + QPointF(0, -5), at + QPointF(0, 5))
        else:
            painter.drawPolyline(polygon)
    painter.setFont(text_font(11))
    for line in lines:
        if line.label and line.points:
            top = min((shown.place(p) for p in line.points), key=lambda at: at.y())
            shadowed_text(painter, top + QPointF(4, -4), line.label, QColor(*line.colour).name())
    painter.restore()


class SupplementLayer:
    """Colours that a grey image holds beside its greys."""

    order = SHUTTER - 1

    def __init__(self, maker: PictureMaker) -> None:
        self._maker = maker

    def paint(self, painter: QPainter, _view: ViewportWidget, shown: ShownImage) -> None:
        palette = shown.image.supplement
        if palette is None or not shown.has_pixels:
            return
        pixels, index = shown.pixels, shown.index

        def make() -> Any:
            stored = pixels.copy_of(index)
            return False if stored is None or stored.ndim != 2 else pictures.supplement_picture(stored, palette)

        picture = self._maker.get(("supplement", id(shown.stack), shown.key), make)
        if picture is not None and picture is not False:
            draw_array(painter, picture, shown, smooth=False)


class ShutterLayer:
    """Covers what a display shutter covers: the presentation state's, else the image's own."""

    order = SHUTTER

    def __init__(self, book: ObjectBook, maker: PictureMaker) -> None:
        self._book, self._maker = book, maker

    def paint(self, painter: QPainter, _view: ViewportWidget, shown: ShownImage) -> None:
        if not self._book.shutters or not shown.has_pixels:
            return
        state = self._book.state_for(shown.stack, shown.key)
        shutter = state.shutter if state is not None and state.shutter is not None else shown.image.shutter
        if shutter is None:
            return
        shape = (shown.image.pixel_format.rows, shown.image.pixel_format.columns)
        frame = shown.key.frame
        key = ("shutter", shutter, shape, frame if shutter.bitmap is not None else 0)
        picture = self._maker.get(key, lambda: pictures.shutter_picture(shutter, shape, frame))
        if picture is not None:
            draw_array(painter, picture, shown, smooth=False)


class OverlayLayer:
    """Overlay planes of the image and of the presentation state in force."""

    order = CONTOUR + 5

    def __init__(self, book: ObjectBook, maker: PictureMaker, source: Callable[[], ObjectSource | None]) -> None:
        self._book, self._maker, self._source = book, maker, source

    def paint(self, painter: QPainter, _view: ViewportWidget, shown: ShownImage) -> None:
        if not shown.has_pixels:
            return
        state = self._book.state_for(shown.stack, shown.key)
        planes = self._planes(shown, state)
        if not planes:
            return
        fmt = shown.image.pixel_format
        shape, image, frame, source = (fmt.rows, fmt.columns), shown.image, shown.key.frame, self._source()
        groups = tuple((plane.group, colour) for plane, colour in planes)
        key = ("overlay", shown.key, groups, state.sop_instance_uid if state is not None else "")

        def make() -> Any:
            found = []
            for plane, colour in planes:
                mask = plane.mask(frame)
                if plane.is_embedded and source is not None:
                    from shared.imaging.overlays import embedded_mask

                    data = source.object(image.sop_instance_uid).frame(frame, fmt.native_bytes)
                    mask = embedded_mask(data, fmt, image.transfer_syntax, plane)
                if mask is not None:
                    found.append((plane, mask, colour))
            picture = pictures.overlay_picture(found, shape)
            return False if picture is None else picture  # False: made, and nothing to see

        picture = self._maker.get(key, make)
        if picture is not None and picture is not False:
            draw_array(painter, picture, shown, smooth=shown.projection.scale < 1)

    def _planes(self, shown: ShownImage, state: PresentationState | None) -> list[tuple[OverlayPlane, pictures.Colour]]:
        if state is None:
            own = shown.image.overlays if self._book.overlays else ()
            bitmap = shown.image.shutter.bitmap if shown.image.shutter is not None else None
            return [(plane, pictures.OVERLAY_COLOUR) for plane in own if plane is not bitmap]
        # A presentation state says which overlays are to be seen (PS3.3 C.11.7); its own come with it.
        covering = state.shutter.bitmap.group if state.shutter is not None and state.shutter.bitmap is not None else -1
        known = {plane.group: plane for plane in (*shown.image.overlays, *state.overlays)}
        return [
            (known[group], pictures.OVERLAY_COLOUR)
            for group in sorted(state.activated)
            if group in known and group != covering
        ]


class ObjectLayer:
    """Segments, contours and isodoses."""

    order = RASTER + 5

    def __init__(self, book: ObjectBook, maker: PictureMaker) -> None:
        self._book, self._maker = book, maker

    def paint(self, painter: QPainter, _view: ViewportWidget, shown: ShownImage) -> None:
        if not shown.has_pixels:
            return
        legends: list[tuple[str, pictures.Colour]] = []
        for one in self._book.over(shown.stack):
            picture = self._picture(one, shown)
            if picture is None:
                continue
            if picture.areas is not None:
                draw_array(painter, picture.areas, shown, smooth=isinstance(one.content, Dose))
            draw_lines(painter, picture.lines, shown)
            legends = legends or list(picture.legend)
        if legends:
            _draw_legend(painter, legends, shown)

    def _picture(self, one: Loaded, shown: ShownImage) -> Picture | None:
        book, content, plane = self._book, one.content, shown.frame.plane
        uid, frame = plain_uid(shown.key.sop_instance_uid), shown.key.frame
        fmt = shown.image.pixel_format
        shape = (fmt.rows, fmt.columns)
        hidden = frozenset(one.hidden_parts)
        filled, opacity = book.filled, book.opacity
        key = (one.described.sop_instance_uid, shown.key, hidden, filled, opacity)
        if isinstance(content, Segmentation):
            return self._made(
                key,
                lambda: pictures.segment_picture(
                    content, hidden, uid, frame, plane, shape, opacity=opacity, filled=filled
                ),
            )
        if plane is None:
            return None
        if isinstance(content, StructureSet):
            reach = slice_reach_mm(shown.stack)
            return self._made(key, lambda: pictures.structure_picture(content, hidden, uid, plane, reach))
        if isinstance(content, Dose):
            by_reference = (*key, content.reference)
            return self._made(
                by_reference, lambda: pictures.dose_picture(content, plane, shape, opacity=opacity, filled=filled)
            )
        return None

    def _made(self, key: tuple[Any, ...], make: Callable[[], Picture]) -> Picture | None:
        made = self._maker.get(key, make)
        return made if isinstance(made, Picture) else None


class AnnotationLayer:
    """Graphic layers of the presentation state in force."""

    order = MARKS - 2

    def __init__(self, book: ObjectBook) -> None:
        self._book = book

    def paint(self, painter: QPainter, _view: ViewportWidget, shown: ShownImage) -> None:
        state = self._book.state_for(shown.stack, shown.key)
        if state is None or not shown.has_pixels:
            return
        paint_annotations(painter, state, shown)
        # Greys and marks of somebody else's making must be known as such.
        painter.setFont(text_font(12))
        words = f"{tr('显示状态')}  {state.description or state.label}"
        shadowed_text(painter, QPointF(8, shown.height * 0.5 + 60), words, "#e0ad58")


def _draw_legend(painter: QPainter, legends: list[tuple[str, pictures.Colour]], shown: ShownImage) -> None:
    """Names of isodoses at the right edge, below the upper texts."""
    font = text_font(11)
    painter.setFont(font)
    line = QFontMetricsF(font).height() + 2
    top = max(100.0, shown.height * 0.22)
    if shown.height < 260:
        return
    widest = max(QFontMetricsF(font).horizontalAdvance(text) for text, _ in legends)
    for n, (text, colour) in enumerate(legends):
        y = top + n * line
        painter.fillRect(QRectF(shown.width - widest - 54, y - 8, 10, 8), QColor(*colour))
        shadowed_text(painter, QPointF(shown.width - widest - 38, y), text, "#c9cfc4")
