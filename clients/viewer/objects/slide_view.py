"""A whole slide: tiles of the level that fits the zoom, drawn as they come; drag to move, wheel to zoom."""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QLineF, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from clients.viewer.viewport.overlays import shadowed_text
from shared.imaging.slides import Level, Slide

if TYPE_CHECKING:
    from clients.viewer.tiles import TiledObject

log = logging.getLogger(__name__)

KEPT_TILES = 600
WORKERS = 4  # with a server far away they wait more than they decode
GLASS = "#e9e9e6"  # empty glass
OBJECTIVE_UM = 10.0  # a pixel of 0.25 um is a 40x objective: magnification = 10 / um per pixel

TileKey = tuple[str, int]  # SOP Instance UID, frame from 0


class TileLoader(QObject):
    """Fetches and decodes tiles in four workers, the last wished first; `came` is told in the GUI thread."""

    came = Signal()

    def __init__(
        self, objects: dict[str, TiledObject], levels: dict[str, Level], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._objects, self._levels = objects, levels
        self._wake = threading.Condition()
        self._wanted: list[TileKey] = []
        self._flying: set[TileKey] = set()
        self._tiles: OrderedDict[TileKey, QImage | None] = OrderedDict()
        self._open = True
        self._threads = [threading.Thread(target=self._work, name=f"tiles-{n}", daemon=True) for n in range(WORKERS)]
        for thread in self._threads:
            thread.start()

    def tile(self, key: TileKey) -> QImage | None:
        """The tile where it is there."""
        with self._wake:
            if key in self._tiles:
                self._tiles.move_to_end(key)
            return self._tiles.get(key)

    def want(self, keys: list[TileKey]) -> None:
        """These and no others, the most urgent first."""
        with self._wake:
            self._wanted = [key for key in keys if key not in self._tiles and key not in self._flying]
            self._wake.notify_all()

    @property
    def is_idle(self) -> bool:
        with self._wake:
            return not self._wanted and not self._flying

    def close(self) -> None:
        with self._wake:
            self._open = False
            self._wanted = []
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(5.0)

    def _work(self) -> None:
        while True:
            with self._wake:
                while self._open and not self._wanted:
                    self._wake.wait()
                if not self._open:
                    return
                key = self._wanted.pop(0)
                self._flying.add(key)
            image = self._decoded(key)
            with self._wake:
                self._flying.discard(key)
                self._tiles[key] = image
                while len(self._tiles) > KEPT_TILES:
                    self._tiles.popitem(last=False)
                if self._open:
                    self.came.emit()

    def _decoded(self, key: TileKey) -> QImage | None:
        from shared.imaging.codecs import UndecodableFrame, decode_frame
        from shared.imaging.colour import to_screen
        from shared.imaging.frames import UnreadableFile

        uid, frame = key
        level = self._levels[uid]
        try:
            data = self._objects[uid].frame(frame, level.pixel_format.native_bytes)
            pixels = decode_frame(data, level.pixel_format, level.transfer_syntax)
        except (UndecodableFrame, UnreadableFile) as error:
            log.warning("a tile cannot be decoded: %s", error)
            return None
        if pixels.ndim == 3:
            pixels = to_screen(pixels, level.icc) if level.icc else pixels
            kind = QImage.Format.Format_RGB888
        else:
            shift = max(level.pixel_format.bits_stored - 8, 0)
            pixels = (pixels >> shift).astype("uint8")
            kind = QImage.Format.Format_Grayscale8
        return QImage(pixels.tobytes(), pixels.shape[1], pixels.shape[0], pixels.strides[0], kind).copy()


class Hand(Protocol):
    """What draws on the slide; places are those of the widget."""

    def press(self, at: QPointF) -> bool: ...

    def move(self, at: QPointF) -> None: ...

    def release(self, at: QPointF) -> None: ...

    def give_up(self) -> bool: ...

    def cursor(self) -> Qt.CursorShape: ...


class SlideView(QWidget):
    """Positions are pixels of the largest level; ``objects`` hold the tiles of the levels."""

    def __init__(self, slide: Slide, objects: dict[str, TiledObject]) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.slide = slide
        beside = [level for level in (slide.label, slide.overview) if level is not None]
        self._levels = {level.sop_instance_uid: level for level in (*slide.levels, *beside)}
        self.tiles = TileLoader(objects, self._levels, self)
        self.tiles.came.connect(self.update, Qt.ConnectionType.QueuedConnection)
        self._scale = 0.0  # screen pixels for a pixel of the largest level; 0: fit
        self._centre = QPointF(slide.levels[0].columns / 2, slide.levels[0].rows / 2)
        self._pressed: QPointF | None = None
        self._draws = False
        self.hand: Hand | None = None
        """Asked first for the left button; see clients.viewer.slides."""
        self.over: list[Callable[[QPainter], None]] = []
        """Paint over the tiles, below the scale."""

    def release(self) -> None:
        """Stop the workers; before the widget goes."""
        self.tiles.close()

    # --- geometry

    @property
    def scale(self) -> float:
        """Device pixels for one pixel of the largest level."""
        base = self.slide.levels[0]
        ratio = self.devicePixelRatioF()
        fit = min(self.width() * ratio / base.columns, self.height() * ratio / base.rows)
        return self._scale or fit

    def zoom_to(self, scale: float, at: QPointF | None = None) -> None:
        """Zoom, keeping the slide below ``at`` (logical pixels) where it is."""
        base = self.slide.levels[0]
        ratio = self.devicePixelRatioF()
        fit = min(self.width() * ratio / base.columns, self.height() * ratio / base.rows)
        at = at if at is not None else QPointF(self.width() / 2, self.height() / 2)
        before = self.position(at)
        self._scale = min(max(scale, fit / 2), 16.0)
        after = self.position(at)
        self._centre += before - after
        self.update()

    def position(self, at: QPointF) -> QPointF:
        """Pixel of the largest level below a place of the widget."""
        ratio = self.devicePixelRatioF()
        middle = QPointF(self.width() / 2, self.height() / 2)
        return self._centre + (at - middle) * (ratio / self.scale)

    def place(self, column: float, row: float) -> QPointF:
        """Place of the widget above a pixel of the largest level; the reverse of `position`."""
        ratio = self.devicePixelRatioF()
        middle = QPointF(self.width() / 2, self.height() / 2)
        return middle + (QPointF(column, row) - self._centre) * (self.scale / ratio)

    def show_box(self, left: float, top: float, right: float, bottom: float) -> None:
        """Bring a part of the slide into the middle, at the zoom that was; smaller only where it would not fit."""
        ratio = self.devicePixelRatioF()
        fit = min(self.width() * ratio / max(right - left, 1.0), self.height() * ratio / max(bottom - top, 1.0)) * 0.8
        self._scale = min(self.scale, fit)
        self._centre = QPointF((left + right) / 2, (top + bottom) / 2)
        self.update()

    def level_for(self, scale: float) -> Level:
        """The smallest level that still has a pixel for every screen pixel."""
        base = self.slide.levels[0]
        fitting = [level for level in self.slide.levels if level.columns / base.columns >= scale * 0.99]
        return fitting[-1] if fitting else base

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor("#000000"))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            self._paint_levels(painter)
            for paint in self.over:
                paint(painter)
            self._paint_scale(painter)
            self._paint_overview(painter)

    def _paint_levels(self, painter: QPainter) -> None:
        base, wanted_level = self.slide.levels[0], self.level_for(self.scale)
        per_pixel = self.scale / self.devicePixelRatioF()
        origin = QPointF(self.width() / 2, self.height() / 2) - self._centre * per_pixel
        painter.fillRect(QRectF(origin.x(), origin.y(), base.columns * per_pixel, base.rows * per_pixel), QColor(GLASS))
        wanted: list[TileKey] = []
        # Coarser levels below give a picture at once, the right one covers them as its tiles come.
        chosen = self.slide.levels.index(wanted_level)
        for level in reversed(self.slide.levels[chosen:]):
            keys = self._paint_level(painter, level, origin, per_pixel)
            wanted = keys + wanted if level is not self.slide.levels[-1] else wanted + keys
        self.tiles.want(wanted)

    def _paint_level(self, painter: QPainter, level: Level, origin: QPointF, per_pixel: float) -> list[TileKey]:
        base = self.slide.levels[0]
        across = base.columns / level.columns * per_pixel
        down = base.rows / level.rows * per_pixel
        first_x = max(0, math.floor(-origin.x() / (across * level.tile_columns)))
        first_y = max(0, math.floor(-origin.y() / (down * level.tile_rows)))
        last_x = min(level.grid[0] - 1, math.floor((self.width() - origin.x()) / (across * level.tile_columns)))
        last_y = min(level.grid[1] - 1, math.floor((self.height() - origin.y()) / (down * level.tile_rows)))
        missing: list[TileKey] = []
        for y in range(first_y, last_y + 1):
            for x in range(first_x, last_x + 1):
                frame = level.tiles.get((x, y))
                if frame is None:
                    continue
                key = (level.sop_instance_uid, frame)
                tile = self.tiles.tile(key)
                if tile is None:
                    missing.append(key)
                    continue
                wide = min(level.tile_columns, level.columns - x * level.tile_columns)
                high = min(level.tile_rows, level.rows - y * level.tile_rows)
                target = QRectF(
                    origin.x() + x * level.tile_columns * across,
                    origin.y() + y * level.tile_rows * down,
                    wide * across,
                    high * down,
                )
                painter.drawImage(target, tile, QRectF(0, 0, wide, high))
        return missing

    def _paint_scale(self, painter: QPainter) -> None:
        base = self.slide.levels[0]
        painter.setFont(text_font(12))
        if base.micrometres is None:
            shadowed_text(painter, QPointF(12, self.height() - 12), tr("（未校准）"), "#e0ad58")
            return
        um_per_pixel = base.micrometres[1] / self.scale * self.devicePixelRatioF()
        longest = um_per_pixel * self.width() * 0.2
        power = 10.0 ** math.floor(math.log10(longest))
        length = next(step * power for step in (5.0, 2.0, 1.0) if step * power <= longest)
        pixels = length / um_per_pixel
        y = self.height() - 16.0
        painter.fillRect(QRectF(0, self.height() - 40, max(pixels + 240, 320), 40), QColor(0, 0, 0, 150))
        for colour, width in (("#000000", 5), ("#ffffff", 2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(QLineF(14, y, 14 + pixels, y))
        text = f"{length / 1000:g} mm" if length >= 1000 else f"{length:g} µm"
        shadowed_text(painter, QPointF(14, y - 8), text, "#ffffff")
        times = OBJECTIVE_UM / (base.micrometres[1] / self.scale)
        marks = f"{times:.1f}×"
        if base.is_lossy:
            marks += "   " + tr("有损压缩")
        if self.scale > 1.01:
            marks += "   " + tr("插值放大")
        shadowed_text(painter, QPointF(30 + pixels, y + 4), marks, "#ffffff")

    def _paint_overview(self, painter: QPainter) -> None:
        """A small picture of the whole slide with the part that is seen."""
        base, last = self.slide.levels[0], self.slide.levels[-1]
        if last.grid != (1, 1) or self.width() < 500:
            return
        tile = self.tiles.tile((last.sop_instance_uid, last.tiles.get((0, 0), 0)))
        if tile is None:
            return
        size = min(180.0, self.width() * 0.18)
        scale = size / max(base.columns, base.rows)
        place = QRectF(self.width() - base.columns * scale - 12, 12, base.columns * scale, base.rows * scale)
        painter.drawImage(place, tile, QRectF(0, 0, last.columns, last.rows))
        painter.setPen(QPen(QColor("#9fb8bd"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place)
        first, end = self.position(QPointF(0, 0)), self.position(QPointF(self.width(), self.height()))
        seen = QRectF(place.topLeft() + first * scale, place.topLeft() + end * scale).intersected(place)
        painter.setPen(QPen(QColor("#f0d000"), 1.5))
        painter.drawRect(seen)

    # --- mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        is_left = event.button() is Qt.MouseButton.LeftButton
        if is_left and self.hand is not None and self.hand.press(event.position()):
            self._draws = True
            return
        self._pressed = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._draws and self.hand is not None:
            self.hand.move(event.position())
        elif self._pressed is not None:
            self._centre -= (event.position() - self._pressed) * (self.devicePixelRatioF() / self.scale)
            self._scale = self.scale
            self._pressed = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed, self._draws = None, False
        if self.hand is not None and event.button() is Qt.MouseButton.LeftButton:
            self.hand.release(event.position())
        self.setCursor(self.hand.cursor() if self.hand is not None else Qt.CursorShape.OpenHandCursor)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_to(self.scale * 1.25 ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Plus: lambda: self.zoom_to(self.scale * 1.25),
            Qt.Key.Key_Minus: lambda: self.zoom_to(self.scale / 1.25),
            Qt.Key.Key_0: self._fit,
        }
        if event.key() == Qt.Key.Key_Escape and self.hand is not None and self.hand.give_up():
            return
        action = steps.get(event.key())
        if action is None:
            super().keyPressEvent(event)
            return
        action()

    def _fit(self) -> None:
        self._scale = 0.0
        base = self.slide.levels[0]
        self._centre = QPointF(base.columns / 2, base.rows / 2)
        self.update()
