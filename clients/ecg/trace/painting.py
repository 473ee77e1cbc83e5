"""The marks over the traces: names of leads, calibration, beats, points, measurements, calipers, scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from clients.ecg.trace.calipers import off_step
from clients.ecg.trace.choices import Mark, Mode
from clients.ecg.trace.measurement import PARAMETER_WORDS, Measurement, Parameter
from clients.ecg.trace.points import MOVABLE, POINT_WORDS, beats_between
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.waveform.beats import BeatClass
from shared.waveform.layouts import LEAD_IN
from shared.waveform.paper import calibration_points

if TYPE_CHECKING:
    from clients.ecg.trace.model import TraceModel
    from clients.ecg.trace.raster import Inks
    from clients.ecg.trace.scene import Curve, Scene

_POINT_TONES = {"p": Tone.INFO, "q": Tone.DANGER, "r": Tone.DANGER, "t": Tone.SUCCESS}
_OFF_STEP_MS = 60.0


@dataclass(slots=True)
class Brush:
    """What the marks are painted with: the painter, in desktop pixels, over a scene."""

    painter: QPainter
    model: TraceModel
    scene: Scene
    inks: Inks
    ratio: float

    def at(self, x_mm: float, y_mm: float) -> QPointF:
        """A place of the paper in desktop pixels."""
        x, y = self.model.view.pixel(x_mm, y_mm)
        return QPointF(x / self.ratio, y / self.ratio)

    def pen(self, colour: QColor | str, width: float = 1.0, dashed: bool = False) -> None:
        """The next lines."""
        pen = QPen(QColor(colour), width)
        if dashed:
            pen.setDashPattern([4, 3])
        self.painter.setPen(pen)

    def chip(
        self, place: QPointF, words: str, colour: QColor | str, *, bold: bool = False, right: bool = False
    ) -> QRectF:
        """Words on a piece of paper ground, left (or right) edge and middle at ``place``."""
        font = current_theme().font("caption", bold=bold)
        size = QFontMetricsF(font).size(Qt.TextFlag.TextSingleLine, words)
        area = QRectF(place.x() - (size.width() + 8 if right else 0), place.y() - 9, size.width() + 8, 18)
        ground = rgb(self.inks.ground)
        ground.setAlpha(225)
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(ground)
        self.painter.drawRoundedRect(area, 3, 3)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.setFont(font)
        self.painter.setPen(QColor(colour))
        self.painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)
        return area


def rgb(colour: int) -> QColor:
    """A QColor of 0xRRGGBB."""
    return QColor(colour >> 16 & 255, colour >> 8 & 255, colour & 255)


def paint_paper(brush: Brush) -> None:
    """Calibration pulses, names of leads, ticks where a column begins."""
    painter, scene, ruling = brush.painter, brush.scene, brush.scene.ruling
    theme = current_theme()
    brush.pen(rgb(brush.inks.trace), 1.2)
    apart = max(1, math.ceil((ruling.gain + 2.0) / ruling.pitch))  # close rows: a pulse for every few of them
    for row in range(apart - 1, scene.page.rows, apart):
        points = calibration_points(0.0, ruling.zero(row), ruling.speed, ruling.gain)
        painter.drawPolyline(QPolygonF([brush.at(float(x), float(y)) for x, y in points]))
    painter.setFont(theme.font("body", bold=True))
    for curve in scene.curves:
        begin, zero = ruling.begin(curve.strip), ruling.zero(curve.strip.row)
        if curve.strip.offset:
            painter.drawLine(brush.at(begin, zero - 2.5), brush.at(begin, zero + 2.5))
        place = brush.at(begin + 1, zero - min(6.5, ruling.pitch * 0.42))
        painter.drawText(place, curve.strip.label)
        if curve.strip.label in scene.cut:
            width = painter.fontMetrics().horizontalAdvance(curve.strip.label)
            painter.setPen(QColor(theme.tone(Tone.WARNING).text))
            painter.drawText(place + QPointF(width + 4, 0), "⚠")
            painter.setPen(rgb(brush.inks.trace))


def paint_beats(brush: Brush) -> None:
    """R peaks with the letter of their class and the RR before, over the rhythm strips (else the first row)."""
    scene, model = brush.scene, brush.model
    if Mark.BEATS not in model.choices.marks or not model.beats:
        return
    rhythm = [curve for curve in scene.curves if curve.strip.rhythm]
    for curve in rhythm[:1] or [each for each in scene.curves if each.strip.row == 0 and not each.strip.beat]:
        _beats_of(brush, curve)


def _beats_of(brush: Brush, curve: Curve) -> None:
    scene, model, theme = brush.scene, brush.model, current_theme()
    strip, ruling = curve.strip, scene.ruling
    y = ruling.zero(strip.row) - ruling.pitch * 0.5
    tones = {BeatClass.NORMAL: Tone.NEUTRAL, BeatClass.PACED: Tone.INFO, BeatClass.SUPRAVENTRICULAR: Tone.WARNING}
    before: float | None = None
    for index in beats_between(model.beats, strip.start * 1000, (strip.start + strip.seconds) * 1000):
        beat = model.beats[index]
        x = ruling.x(strip, beat.r_ms / 1000)
        top = brush.at(x, y)
        colour = QColor(theme.tone(tones.get(beat.kind, Tone.DANGER)).text)
        brush.painter.setBrush(colour)
        brush.painter.setPen(Qt.PenStyle.NoPen)
        brush.painter.drawPolygon(QPolygonF([top + QPointF(-4, 8), top + QPointF(4, 8), top + QPointF(0, 14)]))
        brush.painter.setFont(theme.font("caption", bold=beat.kind is not BeatClass.NORMAL))
        brush.painter.setPen(colour)
        brush.painter.drawText(QRectF(top.x() - 10, top.y() - 8, 20, 16), Qt.AlignmentFlag.AlignCenter, beat.kind.value)
        if before is not None and x - before > 9:
            middle = brush.at((x + before) / 2, y)
            brush.painter.setPen(rgb(brush.inks.quiet))
            brush.painter.setFont(theme.font("caption"))
            words = f"{beat.r_ms - model.beats[index - 1].r_ms:.0f}"
            brush.painter.drawText(QRectF(middle.x() - 24, middle.y() - 8, 48, 16), Qt.AlignmentFlag.AlignCenter, words)
        before = x


def paint_points(brush: Brush, hot: tuple[int, str] | None) -> None:
    """P on … T off of each beat in every strip; the one under the cursor with its name."""
    scene, model, theme = brush.scene, brush.model, current_theme()
    if Mark.POINTS not in model.choices.marks and model.mode is not Mode.POINTS:
        return
    ruling = scene.ruling
    for curve in scene.curves:
        strip = curve.strip
        if strip.beat:
            continue
        zero, reach = ruling.zero(strip.row), min(7.0, ruling.pitch * 0.3)
        for index in beats_between(model.beats, strip.start * 1000 - 800, (strip.start + strip.seconds) * 1000 + 800):
            beat = model.beats[index]
            for name in MOVABLE:
                place = getattr(beat, name)
                if place is None or not strip.start <= place / 1000 <= strip.start + strip.seconds or name == "r_ms":
                    continue
                chosen = hot == (index, name)
                x = ruling.x(strip, place / 1000)
                brush.pen(theme.tone(_POINT_TONES[name[0]]).text, 2.0 if chosen else 1.0, dashed="peak" in name)
                brush.painter.drawLine(brush.at(x, zero - reach), brush.at(x, zero + reach * 0.6))
                if chosen and strip.row == _hot_row(scene):
                    brush.chip(
                        brush.at(x, zero + reach * 0.6) + QPointF(3, 10),
                        f"{tr(POINT_WORDS[name])} {place:.0f} ms",
                        theme.tone(_POINT_TONES[name[0]]).text,
                    )


def _hot_row(scene: Scene) -> int:
    return max(curve.strip.row for curve in scene.curves)


def measurement_words(one: Measurement, derived: int = 2) -> str:
    """``RR间期 812 ms · +0.10 mV · 心室率 74 bpm``: time and voltage (what it is about first), then what follows."""
    time, voltage = f"{one.ms:.0f} ms", f"{one.mv:+.2f} mV"
    first, second = (voltage, time) if one.parameter in (Parameter.AMPLITUDE, Parameter.ST) else (time, voltage)
    parts = [f"{tr(PARAMETER_WORDS[one.parameter])} {first}", second]
    parts += [f"{tr(each.name)} {each.value:g} {each.unit}" for each in one.derived()[:derived]]
    return " · ".join(parts)


def paint_measurements(brush: Brush, drawn: Measurement | None, chosen: int) -> None:
    """All rectangles that lie on this page, and the one being drawn."""
    shown = list(enumerate(brush.model.measurements))
    if drawn is not None:
        shown.append((chosen, drawn))
    for number, one in shown:
        _rectangle(brush, number, one, number == chosen)


def _rectangle(brush: Brush, number: int, one: Measurement, chosen: bool) -> None:
    theme, ruling = current_theme(), brush.scene.ruling
    for curve in brush.scene.curves:
        strip = curve.strip
        if strip.lead != one.lead or not strip.start - 1e-6 <= one.start_s <= strip.start + strip.seconds + 1e-6:
            continue
        sign = -1 if strip.turned else 1
        first = brush.at(ruling.x(strip, one.start_s), curve.level - sign * one.start_mv * ruling.gain)
        last = brush.at(ruling.x(strip, one.end_s), curve.level - sign * one.end_mv * ruling.gain)
        area = QRectF(first, last).normalized()
        colour = QColor(theme.colours.accent)
        fill = QColor(colour)
        fill.setAlpha(38 if chosen else 20)
        brush.painter.fillRect(area, fill)
        brush.pen(colour, 1.6 if chosen else 1.0)
        brush.painter.drawRect(area)
        for x in (area.left(), area.right()):
            brush.painter.drawLine(QPointF(x, area.top() - 8), QPointF(x, area.bottom() + 8))
        words = f"{number + 1}  {measurement_words(one)}"
        brush.chip(QPointF(max(area.left(), 4), max(area.top() - 18, 12)), words, colour, bold=chosen)
        return


def paint_caliper(brush: Brush) -> None:
    """Both legs and their march over the page, with the beats that fall out of step."""
    caliper, scene, model = brush.model.caliper, brush.scene, brush.model
    if caliper is None:
        return
    theme = current_theme()
    colour = QColor(theme.tone(Tone.INFO).text)
    page = scene.page
    height = scene.height
    soft = QColor(colour)
    soft.setAlpha(150)
    strip = next((c.strip for c in scene.curves if c.strip.rhythm), scene.curves[0].strip if scene.curves else None)
    if strip is None:
        return

    def x_of(seconds: float) -> float:
        # Columns go on in time, so one scale holds for the whole page.
        return float(scene.ruling.left + LEAD_IN + (seconds - page.start) * scene.ruling.speed)

    for place in caliper.march(page.start, page.start + page.seconds):
        leg = min(abs(place - caliper.first), abs(place - caliper.second)) < 1e-6
        brush.pen(colour if leg else soft, 1.8 if leg else 1.0, dashed=not leg)
        brush.painter.drawLine(brush.at(x_of(place), 0), brush.at(x_of(place), height))
    y = height * 0.02 + 1.5
    brush.pen(colour, 1.4)
    left, right = brush.at(x_of(caliper.first), y), brush.at(x_of(caliper.second), y)
    brush.painter.drawLine(left, right)
    rate = f" · {caliper.rate} bpm" if caliper.rate else ""
    words = f"{caliper.interval_ms:.0f} ms{rate}"
    shown = [model.beats[n] for n in beats_between(model.beats, page.start * 1e3, (page.start + page.seconds) * 1e3)]
    away = off_step(caliper, [beat.r_ms for beat in shown])
    outside = sum(abs(each) > _OFF_STEP_MS for each in away)
    if away and caliper.interval_ms >= 200:
        words += " · " + (tr("{n} 个心搏不合拍", n=outside) if outside else tr("各心搏合拍"))
    brush.chip(QPointF((left.x() + right.x()) / 2, left.y() + 12), words, colour, bold=True)


def paint_parallel(brush: Brush) -> None:
    """Two pairs of lines over the whole page, with what lies between them."""
    lines = brush.model.parallel
    if lines is None:
        return
    x1, y1, x2, y2 = lines
    scene, colour = brush.scene, QColor(current_theme().tone(Tone.ACTIVE).text)
    brush.pen(colour, 1.2)
    for y in (y1, y2):
        brush.painter.drawLine(brush.at(0, y), brush.at(scene.width, y))
    brush.pen(colour, 1.0, dashed=True)
    for x in (x1, x2):
        brush.painter.drawLine(brush.at(x, 0), brush.at(x, scene.height))
    ms, mv = abs(x2 - x1) / scene.ruling.speed * 1000, abs(y2 - y1) / scene.ruling.gain
    brush.chip(brush.at(max(x1, x2), min(y1, y2)) + QPointF(6, -12), f"{ms:.0f} ms · {mv:.2f} mV", colour, bold=True)


def paint_second(brush: Brush) -> None:
    """The second that somebody jumped to."""
    second, scene = brush.model.marked_s, brush.scene
    if second is None or not scene.page.start <= second <= scene.page.start + scene.page.seconds:
        return
    x = scene.ruling.left + LEAD_IN + (second - scene.page.start) * scene.ruling.speed
    colour = QColor(current_theme().colours.accent)
    colour.setAlpha(120)
    brush.pen(colour, 2.0, dashed=True)
    brush.painter.drawLine(brush.at(x, 0), brush.at(x, scene.height))
