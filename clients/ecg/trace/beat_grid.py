"""One beat in all leads, enlarged: the magnifier, and the panel with the averaged beat of each lead (EX-ECG-08)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from clients.ecg.trace import layer, raster
from clients.ecg.trace.painting import rgb
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from shared.waveform.paper import GAINS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.ecg.trace.signals import Piece
    from shared.waveform.beats import Beat
    from shared.waveform.median_beat import MedianBeat
    from shared.waveform.record import EcgRecord

BEFORE_S, SECONDS = 0.35, 0.95
_TITLE_PX = 24
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True, eq=False)
class BeatPicture:
    """A beat of all leads: (lead, sample) µV; ``start`` of the first sample and points in seconds from R."""

    leads: tuple[str, ...]
    values: NDArray[Any]
    start: float
    sampling_hz: float
    points: tuple[tuple[str, float], ...] = ()


def of_median(beat: MedianBeat, leads: Sequence[str]) -> BeatPicture:
    """The averaged beat of the record's leads."""
    shown = [lead for lead in leads if lead in beat.leads]
    values = beat.samples[[beat.leads.index(lead) for lead in shown]]
    places = {"p": beat.p_on, "p2": beat.p_off, "q": beat.qrs_on, "q2": beat.qrs_off, "t": beat.t_off}
    points = tuple(
        (name[0], (place - beat.r_sample) / beat.sampling_hz) for name, place in places.items() if place is not None
    )
    return BeatPicture(tuple(shown), values, -beat.r_sample / beat.sampling_hz, beat.sampling_hz, points)


def of_beat(record: EcgRecord, beat: Beat, piece: Piece) -> BeatPicture:
    """The same beat in all leads as drawn (``piece``), each on the level before its QRS."""
    import numpy as np

    hertz, r = record.sampling_hz, beat.r_ms / 1000.0
    first = max(piece.first, round((r - BEFORE_S) * hertz))
    last = max(first + 1, min(piece.stop, round((r - BEFORE_S + SECONDS) * hertz)))
    values = piece.values[:, first - piece.first : last - piece.first]
    on = (beat.qrs_on_ms if beat.qrs_on_ms is not None else beat.r_ms - 40.0) / 1000.0
    stop = max(1, round(on * hertz) - first)
    part = values[:, max(0, stop - max(1, round(0.016 * hertz))) : stop]
    level = np.nan_to_num(np.mean(part, axis=1)) if part.shape[1] else np.zeros(values.shape[0])
    names = {"p": beat.p_on_ms, "p2": beat.p_off_ms, "q": beat.qrs_on_ms, "q2": beat.qrs_off_ms, "t": beat.t_off_ms}
    points = tuple((name[0], place / 1000.0 - r) for name, place in names.items() if place is not None)
    return BeatPicture(record.leads, values - level[:, None], first / hertz - r, hertz, points)


class BeatGrid(QFrame):
    """Cells of one size, each with its own paper: as fast and as high as fits, the scale stands in the title."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None, columns: int = 4, zoom: float = 1.0) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._columns, self._zoom = columns, zoom
        self._beat: BeatPicture | None = None
        self._other: BeatPicture | None = None
        self._pitch = 0.2646
        self.title = self.hint = ""

    def sizeHint(self) -> QSize:
        return QSize(560, 420)

    def show_beat(
        self, beat: BeatPicture | None, title: str, pitch_mm: float, other: BeatPicture | None = None
    ) -> None:
        """The beat (None: empty) on a screen with such device pixels; ``other`` lies below it."""
        self._beat, self._other, self._pitch, self.title = beat, other, pitch_mm, title
        self.update()

    def scale(self) -> tuple[float, float]:
        """mm/s and mm/mV at which all leads fit: steps of 25 mm/s and the usual gains and their doubles."""
        ratio = self.devicePixelRatioF()
        rows = max(1, math.ceil(len(self._beat.leads) / self._columns)) if self._beat is not None else 3
        wide = self.width() / self._columns * ratio * self._pitch / self._zoom
        high = (self.height() - _TITLE_PX) / rows * ratio * self._pitch / self._zoom
        speed = max((each for each in (25.0, 50.0, 75.0, 100.0, 150.0, 200.0) if each * SECONDS <= wide), default=25.0)
        return speed, _gain(self._beat, high)

    def paintEvent(self, event: QPaintEvent) -> None:
        import numpy as np

        ratio, theme = self.devicePixelRatioF(), current_theme()
        inks = raster.DARK if theme.dark else raster.PAPER
        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        pixels = np.full((height, width), inks.ground | 0xFF000000, dtype=np.uint32)
        cells = self._cells(width, height, round(_TITLE_PX * ratio))
        speed, gain = self.scale()
        if self._beat is not None:
            for number, (left, top, right, bottom) in enumerate(cells):
                self._cell(pixels[top:bottom, left:right], number, speed, gain, ratio, inks)
        image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        with QPainter(self) as painter:
            painter.drawImage(QPoint(0, 0), image)
            painter.setPen(rgb(inks.trace))
            painter.setFont(theme.font("body", bold=True))
            scale = f"{speed:g} mm/s · {gain:g} mm/mV" if self._beat is not None else ""
            scale += f" · {self._zoom * 100:.0f}%" if self._zoom != 1 and scale else ""
            painter.drawText(QPointF(8, 17), f"{self.title}   {scale}")
            painter.setFont(theme.font("caption"))
            painter.setPen(rgb(inks.quiet))
            painter.drawText(
                QRectF(0, 0, self.width() - 8, _TITLE_PX), Qt.AlignmentFlag.AlignRight | _MIDDLE, self.hint
            )
            painter.setPen(rgb(inks.trace))
            painter.setFont(theme.font("body", bold=True))
            if self._beat is not None:
                for lead, (left, top, _right, _bottom) in zip(self._beat.leads, cells, strict=True):
                    painter.drawText(QPointF(left / ratio + 5, top / ratio + 16), lead)
        super().paintEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.RightButton:
            self.closed.emit()
        event.accept()

    def _cells(self, width: int, height: int, title: int) -> list[tuple[int, int, int, int]]:
        """Left, top, right, bottom in device pixels; leads go down the columns, as on paper."""
        count = len(self._beat.leads) if self._beat is not None else 0
        columns = max(1, min(self._columns, count))
        rows = max(1, math.ceil(count / columns))
        found = []
        for number in range(count):
            column, row = divmod(number, rows)
            left, right = column * width // columns, (column + 1) * width // columns - 1
            top = title + row * (height - title) // rows
            found.append((left, top, right, title + (row + 1) * (height - title) // rows - 1))
        return found

    def _cell(
        self, part: NDArray[Any], number: int, speed: float, gain: float, ratio: float, inks: raster.Inks
    ) -> None:
        import numpy as np

        beat = self._beat
        assert beat is not None
        per_mm = self._zoom / self._pitch
        height, width = part.shape
        if height < 2 or width < 2:
            return
        cell = np.empty((height, width), dtype=np.uint32)
        r_mm, zero_mm = 5 * round(BEFORE_S * speed / 5), 5 * round(height / per_mm * 0.62 / 5)
        raster.draw_grid(cell, per_mm, 0.0, 0.0, inks)
        theme = current_theme()
        tones = {"p": Tone.INFO, "q": Tone.DANGER, "t": Tone.SUCCESS}
        for name, second in beat.points:
            x = round((r_mm + second * speed) * per_mm)
            if 0 <= x < width:
                cell[height // 5 :: 2, x] = int(theme.tone(tones[name]).text[1:], 16) | 0xFF000000
        pen = layer.pen_px(per_mm, ratio)
        for picture, ink in ((self._other, inks.overlay), (beat, inks.trace)):
            lead = beat.leads[number]
            if picture is None or lead not in picture.leads:
                continue
            y = (zero_mm - picture.values[picture.leads.index(lead)] * (gain / 1000)) * per_mm
            x0 = (r_mm + picture.start * speed) * per_mm
            raster.draw_trace(cell, x0, speed / picture.sampling_hz * per_mm, y, pen, ink, fine=4)
        part[:] = cell


def _gain(beat: BeatPicture | None, high_mm: float) -> float:
    import numpy as np

    if beat is None:
        return 10.0
    values = beat.values[np.isfinite(beat.values)] / 1000.0
    if not values.size:
        return 10.0
    up, down = float(max(values.max(), 0.1)), float(max(-values.min(), 0.1))
    usual = sorted({*GAINS, 40.0}, reverse=True)
    return next((g for g in usual if up * g <= high_mm * 0.62 and down * g <= high_mm * 0.42), usual[-1])
