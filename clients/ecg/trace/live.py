"""Live traces while a device records: a sweeping pen that overwrites the oldest picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from clients.ecg.trace import layer, raster, texts
from clients.ecg.trace.painting import rgb
from clients.ecg.trace.screen_scale import pitch_of
from clients.ecg.trace.sweep import Sweep
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import register_catalogue, tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.kit.settings import UserSettings

register_catalogue(texts.CATALOGUE)
_FRAME_MS = 33
_HEAD_PX = 22
_LEAST_ROW_MM = 14.0


class LiveTraces(QWidget):
    """All leads in two columns, drawn from left to right with a gap before the pen; then over again from the left.

    Draws at most 30 times a second, whatever the rate of ``push``. Call everything in the GUI thread.
    """

    def __init__(self, desk_settings: UserSettings | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = desk_settings
        self._leads: tuple[str, ...] = ()
        self._hertz = 500.0
        self._sweep: Sweep | None = None
        self._off: frozenset[str] = frozenset()
        self._speed, self._gain = 25.0, 10.0
        self._words = ""
        self._frozen = self._changed = False
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._frame)
        self.setMinimumSize(320, 200)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        return QSize(900, 480)

    def start(self, leads: Sequence[str], sampling_hz: float) -> None:
        """An empty sweep for these leads."""
        self._leads, self._hertz, self._off, self._frozen = tuple(leads), sampling_hz, frozenset(), False
        self._renew()
        self._timer.start()

    def push(self, samples: NDArray[Any]) -> None:
        """More samples, (lead, sample) in µV; NaN where nothing was recorded. Any number at a time."""
        if self._sweep is not None:
            self._sweep.push(samples)
            self._changed = True

    def set_lead_off(self, leads: Sequence[str]) -> None:
        """Leads that are off now: drawn dashed with 导联脱落 beside the name. Empty: all are on."""
        self._off = frozenset(leads)
        self.update()

    def set_scale(self, mm_per_s: float, mm_per_mv: float) -> None:
        """Default 25 mm/s, 10 mm/mV; rows too low for the gain halve it."""
        self._speed, self._gain = mm_per_s, mm_per_mv
        self._renew()

    def set_words(self, words: str) -> None:
        """A line at the upper right: time recorded, state."""
        self._words = words
        self.update()

    def freeze(self, frozen: bool) -> None:
        """Keep the picture while samples go on coming in."""
        self._frozen = frozen
        if not frozen:
            self.update()

    def clear(self) -> None:
        """No leads, no traces."""
        self._leads, self._sweep, self._words, self._off = (), None, "", frozenset()
        self._timer.stop()
        self.update()

    # --- inside

    @property
    def _columns(self) -> int:
        return 2 if len(self._leads) > 3 else 1

    @property
    def _rows(self) -> int:
        return max(1, -(-len(self._leads) // self._columns))

    def _per_mm(self) -> float:
        return 1.0 / pitch_of(self, self._settings).mm

    def _renew(self) -> None:
        """A sweep as wide as a column; the newest samples of the old one are written again."""
        old = self._sweep
        if not self._leads:
            return
        seconds = self.width() * self.devicePixelRatioF() / self._columns / self._per_mm() / self._speed
        self._sweep = Sweep(self._leads, self._hertz, max(seconds, 0.5))
        if old is not None and old.leads == self._leads and old.sampling_hz == self._hertz:
            import numpy as np

            values = np.roll(old.values, -old.pen, axis=1)
            self._sweep.push(values[:, -min(old.written, values.shape[1]) :] if old.written else values[:, :0])
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._renew()

    def _frame(self) -> None:
        if self._changed and not self._frozen and self.isVisible():
            self._changed = False
            self.update()

    def _gain_now(self, row_mm: float) -> float:
        return self._gain / 2 if row_mm < _LEAST_ROW_MM else self._gain

    def paintEvent(self, _event: QPaintEvent) -> None:
        import numpy as np

        ratio, theme = self.devicePixelRatioF(), current_theme()
        inks, per_mm = raster.DARK if theme.dark else raster.PAPER, self._per_mm()
        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        pixels = np.empty((height, width), dtype=np.uint32)
        raster.draw_grid(pixels, per_mm, 0.0, 0.0, inks)
        head = _HEAD_PX * ratio
        pitch = (height - head) / self._rows
        gain = self._gain_now(pitch / per_mm)
        sweep, wide = self._sweep, width // self._columns
        if sweep is not None:
            pen = layer.pen_px(per_mm, ratio)
            for number, lead in enumerate(sweep.leads):
                column, row = divmod(number, self._rows)
                if lead in self._off:
                    continue
                y = head + (row + 0.6) * pitch - sweep.shown(number) / 1000.0 * gain * per_mm
                step = self._speed / sweep.sampling_hz * per_mm
                window = (column * wide, (column + 1) * wide - round(4 * ratio))
                raster.draw_trace(pixels, column * wide, step, y, pen, inks.trace, window, 2)
        image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        with QPainter(self) as painter:
            painter.drawImage(QPoint(0, 0), image)
            self._marks(painter, inks, gain)

    def _marks(self, painter: QPainter, inks: raster.Inks, gain: float) -> None:
        theme = current_theme()
        head = QRectF(8, 0, self.width() - 16, _HEAD_PX)
        ground = rgb(inks.ground)
        painter.fillRect(QRectF(0, 0, self.width(), _HEAD_PX), ground)
        painter.setFont(theme.font("caption"))
        painter.setPen(rgb(inks.quiet))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | middle, f"{self._speed:g} mm/s · {gain:g} mm/mV")
        painter.drawText(head, Qt.AlignmentFlag.AlignRight | middle, self._words)
        if not self._leads:
            painter.setFont(theme.font("title"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("等待波形"))
            return
        wide, pitch = self.width() / self._columns, (self.height() - _HEAD_PX) / self._rows
        danger = QColor(theme.tone(Tone.DANGER).text)
        for number, lead in enumerate(self._leads):
            column, row = divmod(number, self._rows)
            left, zero = column * wide, _HEAD_PX + (row + 0.6) * pitch
            off = lead in self._off
            words = f"{lead}  {tr('导联脱落')}" if off else lead
            painter.setFont(theme.font("body", bold=True))
            size = painter.fontMetrics().horizontalAdvance(words)
            ground.setAlpha(215)
            top = zero - pitch * 0.55
            painter.fillRect(QRectF(left + 4, top, size + 8, 18), ground)
            painter.setPen(danger if off else rgb(inks.trace))
            painter.drawText(QRectF(left + 8, top, size + 4, 18), Qt.AlignmentFlag.AlignLeft | middle, words)
            if off:
                pen = QPen(danger, 1.6)
                pen.setDashPattern([6, 5])
                painter.setPen(pen)
                painter.drawLine(QPointF(left + 8, zero), QPointF(left + wide - 12, zero))
