"""The painted parts of the overview: the rows of time and the tachogram."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from clients.ecg.trace import raster
from clients.ecg.trace.painting import rgb
from clients.ecg.trace.rhythm import CLASSES, Rhythm
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from shared.waveform.beats import BeatClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.ecg.trace.pyramid import Pyramid
    from shared.waveform.record import EcgRecord

_ROW_PX, _LABEL_PX, _TACHO_PX = 34, 72, 96
_MV_PX = 14.0  # desktop pixels for 1 mV
_KEPT = 600
_COARSE = 8  # of the columns, for the resting level of a row
_MANY_PIXELS = 3_000_000  # a jump on so large a screen is drawn with hard edges first
_RR_LOW, _RR_HIGH = 200.0, 2200.0
_TONES = {BeatClass.VENTRICULAR: Tone.DANGER, BeatClass.SUPRAVENTRICULAR: Tone.WARNING, BeatClass.PACED: Tone.INFO}


class DisclosureRows(QWidget):
    """One lead, a row for each ``row_seconds``."""

    second_chosen = Signal(float)
    resized = Signal()
    scroll_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.pyramid: Pyramid | None = None
        self.rhythm: Rhythm | None = None
        self.marked_s: float | None = None
        self.first_row, self.row_seconds = 0, 60
        self._record: EcgRecord | None = None
        self._kept: OrderedDict[int, tuple[NDArray[Any], NDArray[Any]]] = OrderedDict()
        self._pixels: NDArray[Any] | None = None
        self._drawn: tuple[tuple[object, ...], int] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(150)
        self._rest.timeout.connect(self._draw_well)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_record(self, record: EcgRecord | None, row_seconds: int) -> None:
        """Another record or length of rows."""
        self._record, self.row_seconds, self.first_row = record, row_seconds, 0
        self.forget()

    def forget(self) -> None:
        """The rows must be drawn anew."""
        self._kept.clear()
        self._drawn = None
        self.update()

    def row_count(self) -> int:
        """Rows of the whole record."""
        return -int(-self._record.seconds // self.row_seconds) if self._record is not None else 0

    def visible_rows(self) -> int:
        """Whole rows in the window."""
        return max(1, self.height() // _ROW_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._kept.clear()
        super().resizeEvent(event)
        self.resized.emit()

    def _second_at(self, x: float, y: float) -> float | None:
        row = self.first_row + int(y // _ROW_PX)
        share = (x - _LABEL_PX) / max(1, self.width() - _LABEL_PX)
        if self._record is None or not 0 <= share <= 1 or row >= self.row_count():
            return None
        return min((row + share) * self.row_seconds, self._record.seconds)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        second = self._second_at(event.position().x(), event.position().y())
        if second is not None:
            self.marked_s = second
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        second = self._second_at(event.position().x(), event.position().y())
        if second is not None:
            self.second_chosen.emit(second)

    def _extremes(self, row: int, columns: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Lowest and highest mV above the row's resting level, by columns."""
        import numpy as np

        found = self._kept.get(row)
        if found is not None and found[0].size == columns:
            self._kept.move_to_end(row)
            return found
        assert self.pyramid is not None
        per_column = self.row_seconds * self.pyramid.sampling_hz / columns
        low, high = self.pyramid.columns(row * self.row_seconds * self.pyramid.sampling_hz, per_column, columns)
        middle = (low[::_COARSE] + high[::_COARSE]) / 2
        there = middle[np.isfinite(middle)]
        rest = float(np.median(there)) if there.size else 0.0
        found = ((low - rest) / 1000.0, (high - rest) / 1000.0)
        self._kept[row] = found
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, ratio = current_theme(), self.devicePixelRatioF()
        inks = raster.DARK if theme.dark else raster.PAPER
        pixels = self._composed(inks, ratio)
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        rows = range(self.first_row, min(self.row_count(), self.first_row + -int(-self.height() // _ROW_PX)))
        with QPainter(self) as painter:
            painter.drawImage(QPoint(0, 0), image)
            self._labels(painter, rows, inks)

    def _composed(self, inks: raster.Inks, ratio: float) -> NDArray[Any]:
        """The rows in pixels; after a scroll only those that came into sight are drawn."""
        import numpy as np

        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        pitch = round(_ROW_PX * ratio)
        key = (width, height, ratio, inks)
        known, self._drawn = self._drawn, (key, self.first_row)
        if known is None or known[0] != key or self._pixels is None:
            self._pixels = np.empty((height, width), dtype=np.uint32)
            self._draw(self._pixels, 0, pitch, ratio, inks, quick=False)
            return self._pixels
        pixels, gone = self._pixels, (self.first_row - known[1]) * pitch
        if abs(gone) >= height:
            self._draw(pixels, 0, pitch, ratio, inks, quick=width * height > _MANY_PIXELS)
        elif gone > 0:
            _shift(pixels, gone)
            self._draw(pixels[height - gone - height % pitch :], height - gone - height % pitch, pitch, ratio, inks)
        elif gone < 0:
            _shift(pixels, gone)
            self._draw(pixels[:-gone], 0, pitch, ratio, inks)
        return pixels

    def _draw(
        self, part: NDArray[Any], top: int, pitch: int, ratio: float, inks: raster.Inks, quick: bool = False
    ) -> None:
        """The rows of a horizontal band that begins at pixel ``top``, with what rises into it from beside."""
        import numpy as np

        height, width = part.shape
        left, gain = round(_LABEL_PX * ratio), _MV_PX * ratio
        part[:] = inks.ground | 0xFF000000
        first, last = top // pitch - 1, -(-(top + height) // pitch) + 1
        lines = np.arange(first, last) * pitch - 1 - top
        part[lines[(lines >= 0) & (lines < height)], left:] = inks.minor | 0xFF000000
        if self.pyramid is None or width <= left:
            return
        for place in range(first, last):
            row = self.first_row + place
            if not 0 <= row < self.row_count():
                continue
            low, high = self._extremes(row, width - left)
            zero, least, most = (place + 0.62) * pitch - top, (place - 0.3) * pitch - top, (place + 1.3) * pitch - top
            y_high, y_low = np.clip(zero - high * gain, least, most), np.clip(zero - low * gain, least, most)
            raster.draw_extremes(part, left, y_high, y_low, 1.1 * ratio, inks.trace, quick=quick)
        if quick:
            self._rest.start()

    def _draw_well(self) -> None:
        """After a jump on a large screen: with soft edges."""
        self._drawn = None
        self.update()

    def _labels(self, painter: QPainter, rows: range, inks: raster.Inks) -> None:
        theme = current_theme()
        wide = self.width() - _LABEL_PX
        for place, row in enumerate(rows):
            painter.setFont(theme.font("caption"))
            painter.setPen(rgb(inks.quiet))
            area = QRectF(4, place * _ROW_PX, _LABEL_PX - 12, _ROW_PX)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._time(row))
            start = row * self.row_seconds
            if self.rhythm is not None:
                part = self.rhythm.between(start, start + self.row_seconds)
                for kind, tone in _TONES.items():
                    chosen = self.rhythm.seconds[part][self.rhythm.kinds[part] == CLASSES.index(kind)]
                    colour = QColor(theme.tone(tone).text)
                    for second in chosen:
                        x = _LABEL_PX + (float(second) - start) / self.row_seconds * wide
                        painter.fillRect(QRectF(x - 1, place * _ROW_PX + 1, 2.5, 5), colour)
            if self.marked_s is not None and start <= self.marked_s < start + self.row_seconds:
                x = _LABEL_PX + (self.marked_s - start) / self.row_seconds * wide
                shade = QColor(theme.colours.accent)
                shade.setAlpha(60)
                painter.fillRect(QRectF(x - 4, place * _ROW_PX, 8, _ROW_PX), shade)

    def _time(self, row: int) -> str:
        seconds = row * self.row_seconds
        if self._record is not None and self._record.started is not None:
            return (self._record.started + timedelta(seconds=seconds)).strftime("%H:%M:%S")
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _shift(pixels: NDArray[Any], up: int) -> None:
    """All rows of pixels ``up`` (or down, negative); in pieces that do not overlap, so that nothing is copied twice."""
    height, step = pixels.shape[0], abs(up)
    if up > 0:
        for begin in range(0, height - step, step):
            stop = min(begin + step, height - step)
            pixels[begin:stop] = pixels[begin + step : stop + step]
    else:
        for stop in range(height, step, -step):
            begin = max(stop - step, step)
            pixels[begin:stop] = pixels[begin - step : stop - step]


class Tachogram(QWidget):
    """RR over the whole record; a click goes there."""

    second_chosen = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.rhythm: Rhythm | None = None
        self.seconds = 0.0
        self.shown = (0.0, 0.0)
        self._key: tuple[object, ...] = ()
        self._picture: QPixmap | None = None
        self.setFixedHeight(_TACHO_PX)

    def show_rhythm(self, rhythm: Rhythm | None) -> None:
        """Other beats."""
        self.rhythm, self._picture = rhythm, None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, _TACHO_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        share = (event.position().x() - _LABEL_PX) / max(1, self.width() - _LABEL_PX)
        if self.seconds > 0:
            self.second_chosen.emit(min(max(share, 0.0), 0.9999) * self.seconds)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, ratio = current_theme(), self.devicePixelRatioF()
        key = (self.seconds, self.size(), ratio, theme)
        if key != self._key or self._picture is None:
            self._key = key
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            with QPainter(self._picture) as painter:
                self._draw(painter)
        with QPainter(self) as painter:
            painter.drawPixmap(0, 0, self._picture)
            wide = self.width() - _LABEL_PX
            if self.seconds > 0 and wide > 1:
                left, right = (_LABEL_PX + min(each / self.seconds, 1.0) * wide for each in self.shown)
                shade = QColor(theme.colours.accent)
                shade.setAlpha(70)
                painter.fillRect(QRectF(left, 0, max(right - left, 2), _TACHO_PX), shade)

    def _draw(self, painter: QPainter) -> None:
        """All but the window."""
        theme = current_theme()
        inks = raster.DARK if theme.dark else raster.PAPER
        painter.fillRect(self.rect(), rgb(inks.ground))
        wide = self.width() - _LABEL_PX
        if self.seconds <= 0 or wide < 2:
            return
        painter.setFont(theme.font("caption"))
        for rr in (500, 1000, 1500, 2000):
            y = self._y(rr)
            painter.setPen(rgb(inks.minor))
            painter.drawLine(_LABEL_PX, round(y), self.width(), round(y))
            painter.setPen(rgb(inks.quiet))
            area = QRectF(4, y - 8, _LABEL_PX - 12, 16)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{rr} ms")
        if self.rhythm is None:
            return
        colour = QColor(theme.colours.accent)
        columns = self.rhythm.tachogram(self.seconds, wide)
        for x, (low, high) in enumerate(zip(columns[0].tolist(), columns[1].tolist(), strict=True)):
            if high >= low:
                top, bottom = self._y(high), self._y(low)
                painter.fillRect(QRectF(_LABEL_PX + x, top, 1, max(bottom - top, 1.5)), colour)

    def _y(self, rr: float) -> float:
        share = (min(max(rr, _RR_LOW), _RR_HIGH) - _RR_LOW) / (_RR_HIGH - _RR_LOW)
        return (_TACHO_PX - 8) * (1 - share) + 4
