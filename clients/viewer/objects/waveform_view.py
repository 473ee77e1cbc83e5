"""Traces of a waveform object on a grid: the 12-lead sheet of an ECG, or all channels one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from shared.imaging.waveforms import Channel, Group, Waveform

if TYPE_CHECKING:
    from numpy.typing import NDArray

TWELVE = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
PAPER, SMALL, LARGE, TRACE, LABEL = "#101416", "#231d1f", "#3a2b2e", "#dfe6dc", "#9fb8bd"
SPEED, GAIN = 25.0, 10.0  # mm/s and mm/mV, as ECGs are read


class WaveformView(QWidget):
    """Wheel scrolls in time, Ctrl+wheel changes the speed, + and - the gain."""

    def __init__(self, waveform: Waveform) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._waveform = waveform
        self._group = next((n for n, g in enumerate(waveform.groups) if g.channels), 0)
        self._start = 0.0
        self._speed, self._gain = SPEED, GAIN

    # --- what is shown

    @property
    def group(self) -> Group | None:
        """The group on show; None when the object holds none."""
        return self._waveform.groups[self._group] if self._waveform.groups else None

    def show_group(self, number: int) -> None:
        """Another multiplex group, from its start."""
        if 0 <= number < len(self._waveform.groups):
            self._group, self._start = number, 0.0
            self.update()

    @property
    def is_twelve_lead(self) -> bool:
        """True for the sheet of 3 rows of 4 leads and a rhythm strip."""
        group = self.group
        if group is None or group.seconds < 8:
            return False
        labels = {channel.label for channel in group.channels}
        return all(lead in labels for row in TWELVE for lead in row)

    def _pixels_per_mm(self) -> float:
        """Small grids stay readable: at least 3 pixels a millimetre, all of a 10 s sheet where it fits."""
        return max(3.0, min(self.logicalDpiX() / 25.4, self.width() / (260.0 * self._speed / SPEED)))

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(PAPER))
            group = self.group
            painter.setFont(text_font(12))
            if group is None or not group.channels:
                painter.setPen(QColor(LABEL))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._why_empty())
                return
            area = QRectF(0, 0, self.width(), self.height() - 26)
            self._paint_grid(painter, area)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            if self.is_twelve_lead:
                self._paint_twelve(painter, area, group)
            else:
                self._paint_stack(painter, area, group)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            self._paint_foot(painter, group)

    def _why_empty(self) -> str:
        group = self.group
        if group is not None and group.problem == "kind":
            return tr("这种采样格式无法显示")
        return tr("波形数据不完整") if group is not None else tr("对象不含波形")

    def _paint_grid(self, painter: QPainter, area: QRectF) -> None:
        mm = self._pixels_per_mm()
        for step, colour in ((mm, SMALL), (5 * mm, LARGE)):
            painter.setPen(QPen(QColor(colour), 1))
            for n in range(int(area.width() / step) + 1):
                painter.drawLine(QPointF(n * step, area.top()), QPointF(n * step, area.bottom()))
            for n in range(int(area.height() / step) + 1):
                painter.drawLine(QPointF(0, n * step), QPointF(area.width(), n * step))

    def _paint_twelve(self, painter: QPainter, area: QRectF, group: Group) -> None:
        by_label = {channel.label: channel for channel in group.channels}
        column_s = 2.5
        mm = self._pixels_per_mm()
        width = column_s * self._speed * mm
        height = area.height() / 4
        for row, leads in enumerate(TWELVE):
            for column, lead in enumerate(leads):
                place = QRectF(column * width, area.top() + row * height, width, height)
                self._paint_trace(painter, place, by_label[lead], group.frequency_hz, self._start + column * column_s)
                self._paint_label(painter, place, lead, divider=column > 0)
        rhythm = QRectF(0, area.top() + 3 * height, min(area.width(), 4 * width), height)
        self._paint_trace(painter, rhythm, by_label["II"], group.frequency_hz, self._start)
        self._paint_label(painter, rhythm, "II", divider=False)

    def _paint_stack(self, painter: QPainter, area: QRectF, group: Group) -> None:
        height = area.height() / len(group.channels)
        for n, channel in enumerate(group.channels):
            place = QRectF(0, area.top() + n * height, area.width(), height)
            self._paint_trace(painter, place, channel, group.frequency_hz, self._start)
            self._paint_label(painter, place, f"{channel.label}  {self._range_text(channel)}", divider=False)

    def _range_text(self, channel: Channel) -> str:
        import numpy as np

        if channel.unit == "mV" or not np.isfinite(channel.values).any():
            return ""
        return f"{np.nanmin(channel.values):.4g} … {np.nanmax(channel.values):.4g} {channel.unit}"

    def _paint_label(self, painter: QPainter, place: QRectF, text: str, *, divider: bool) -> None:
        painter.setPen(QColor(LABEL))
        painter.setFont(text_font(12, bold=True))
        painter.drawText(place.topLeft() + QPointF(6, 16), text)
        if divider:
            middle = place.center().y()
            painter.drawLine(QPointF(place.left(), middle - 8), QPointF(place.left(), middle + 8))

    def _paint_trace(self, painter: QPainter, place: QRectF, channel: Channel, hz: float, start: float) -> None:
        import numpy as np

        mm = self._pixels_per_mm()
        first = round(start * hz)
        count = min(len(channel.values) - first, int(place.width() / (self._speed * mm) * hz) + 2)
        if count < 2:
            return
        values = channel.values[first : first + count]
        scale, zero = self._scale(channel, place, values)
        painter.save()
        painter.setClipRect(place)
        painter.setPen(QPen(QColor(TRACE), 1.1))
        x = place.left() + np.arange(count) * (self._speed * mm / hz)
        y = zero - values * scale
        # More samples than pixels: lowest and highest of each column keep every peak.
        for part in _runs(x, y):
            painter.drawPolyline(part)
        painter.restore()

    def _scale(self, channel: Channel, place: QRectF, values: NDArray[Any]) -> tuple[float, float]:
        """Pixels for a unit, and where zero lies: the reading gain for millivolts, all of the range for the rest."""
        import numpy as np

        if channel.unit == "mV":
            middle = float(np.nanmedian(channel.values)) if np.isfinite(channel.values).any() else 0.0
            scale = self._gain * self._pixels_per_mm()
            return scale, place.center().y() + middle * scale
        finite = channel.values[np.isfinite(channel.values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        scale = (place.height() - 24) / ((high - low) or 1.0)
        return scale, place.bottom() - 8 + low * scale

    def _paint_foot(self, painter: QPainter, group: Group) -> None:
        painter.setPen(QColor(LABEL))
        painter.setFont(text_font(12))
        parts = (
            [f"{self._speed:g} mm/s", f"{self._gain:g} mm/mV"] if self._is_voltage(group) else [f"{self._speed:g} mm/s"]
        )
        parts += [f"{group.frequency_hz:g} Hz", f"{self._start:.1f} s / {group.seconds:.1f} s"]
        limits = {(c.low_hz, c.high_hz) for c in group.channels}
        if len(limits) == 1 and limits != {(None, None)}:
            low, high = limits.pop()
            parts.append(f"{low or 0:g}–{high:g} Hz" if high else f"≥ {low:g} Hz")
        parts.append(group.label)
        text = "    ".join(p for p in parts if p)
        painter.drawText(QPointF(8, self.height() - 8), text)
        marks = [m.text for m in self._waveform.marks if m.group == self._group and m.second is None]
        if marks:
            left = 8 + QFontMetricsF(painter.font()).horizontalAdvance(text) + 40
            metrics = QFontMetricsF(painter.font())
            shown = metrics.elidedText(
                "   ".join(marks), Qt.TextElideMode.ElideRight, max(0.0, self.width() - left - 8)
            )
            painter.drawText(QPointF(left, self.height() - 8), shown)

    def _is_voltage(self, group: Group) -> bool:
        return any(channel.unit == "mV" for channel in group.channels)

    # --- mouse and keys

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._speed = _next(self._speed, (6.25, 12.5, 25.0, 50.0, 100.0), notches)
        else:
            self._scroll(-notches)
        self.update()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Right: 1.0, Qt.Key.Key_Left: -1.0, Qt.Key.Key_PageDown: 5.0, Qt.Key.Key_PageUp: -5.0}
        key = Qt.Key(event.key())
        if key in steps:
            self._scroll(steps[key])
        elif key == Qt.Key.Key_Plus:
            self._gain = _next(self._gain, (2.5, 5.0, 10.0, 20.0, 40.0), 1)
        elif key == Qt.Key.Key_Minus:
            self._gain = _next(self._gain, (2.5, 5.0, 10.0, 20.0, 40.0), -1)
        else:
            super().keyPressEvent(event)
            return
        self.update()

    def _scroll(self, seconds: float) -> None:
        group = self.group
        if group is not None:
            shown = self.width() / (self._speed * self._pixels_per_mm())
            self._start = min(max(self._start + seconds, 0.0), max(group.seconds - shown, 0.0))


def _next(value: float, choices: tuple[float, ...], direction: float) -> float:
    at = choices.index(value) + (1 if direction > 0 else -1)
    return choices[min(max(at, 0), len(choices) - 1)]


def _runs(x: NDArray[Any], y: NDArray[Any]) -> list[QPolygonF]:
    """Polylines between gaps (NaN), thinned to the extremes of each pixel column."""
    import numpy as np

    known = np.isfinite(y)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], known.view(np.int8), [0]))))
    runs = []
    for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        points = _thinned(x[a:b], y[a:b])
        runs.append(QPolygonF([QPointF(float(px), float(py)) for px, py in points]))
    return runs


def _thinned(x: NDArray[Any], y: NDArray[Any]) -> list[tuple[float, float]]:
    import numpy as np

    columns = np.floor(x).astype(np.int64)
    if len(x) < 3 or len(x) < 2 * (columns[-1] - columns[0] + 1):
        return list(zip(x.tolist(), y.tolist(), strict=True))
    points = []
    starts = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
    for a, b in zip(starts.tolist(), [*starts[1:].tolist(), len(x)], strict=True):
        part = y[a:b]
        low, high = int(part.argmin()), int(part.argmax())
        points += [(float(x[a + n]), float(part[n])) for n in sorted({low, high})]
    return points
