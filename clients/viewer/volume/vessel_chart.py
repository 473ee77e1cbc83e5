"""Diameter and area of a vessel along its centre line, with the narrowest place and the reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.viewport import overlays

if TYPE_CHECKING:
    from shared.imaging.vessel import Stenosis, Vessel

LEFT, RIGHT, TOP, BOTTOM = 44.0, 44.0, 30.0, 24.0
SECTION = 150.0  # the cross-section at the right, logical pixels
AREA_COLOUR = "#7f8fb0"


@dataclass(frozen=True, slots=True)
class SectionPicture:
    """A cross-section perpendicular to the centre line, with the wall that was found."""

    arc_mm: float
    image: QImage
    outline: tuple[tuple[float, float], ...]  # in shares of the picture's sides
    diameter_mm: float
    area_mm2: float


class VesselChart(QWidget):
    """A click sets the reference, a double click lets it be found again; hovering marks the place."""

    reference_chosen = Signal(object)
    """Arc length in mm, or None for automatic."""
    arc_hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("vessel.chart")
        self.setFixedHeight(current_theme().px(170))
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.vessel: Vessel | None = None
        self.stenosis: Stenosis | None = None
        self.reference_mm: float | None = None
        self.marked_arc: float | None = None
        self.section: SectionPicture | None = None

    def show_vessel(self, vessel: Vessel, stenosis: Stenosis | None, reference_mm: float | None) -> None:
        self.vessel, self.stenosis, self.reference_mm = vessel, stenosis, reference_mm
        self.update()

    def summary(self) -> str:
        """The figures in words."""
        if self.vessel is None:
            return ""
        length = tr("长度 {mm} mm", mm=f"{self.vessel.curve.length_mm:.0f}")
        found = self.stenosis
        if found is None:
            return length + "    " + tr("截面不足，不能计算狭窄")
        figures = tr(
            "最窄 {least} mm（{place} mm 处）  参考 {normal} mm  狭窄率 {percent}%（直径）  {area}%（面积）",
            least=f"{found.diameter_mm:.1f}",
            place=f"{found.at_mm:.0f}",
            normal=f"{found.reference_mm:.1f}",
            percent=f"{found.percent:.0f}",
            area=f"{found.percent_area:.0f}",
        )
        return f"{length}    {figures}"

    # --- maps

    def _plot(self) -> QRectF:
        wide = self.width() - LEFT - RIGHT - SECTION - 20
        return QRectF(LEFT, TOP, max(1.0, wide), max(1.0, self.height() - TOP - BOTTOM))

    def _arc_at(self, x: float) -> float | None:
        plot = self._plot()
        if self.vessel is None or not plot.left() <= x <= plot.right():
            return None
        return (x - plot.left()) / plot.width() * self.vessel.curve.length_mm

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.BACKGROUND))
            if self.vessel is None:
                return
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            plot, sections = self._plot(), self.vessel.sections
            length = max(self.vessel.curve.length_mm, 1e-6)
            diameters, areas = sections.diameters_mm, sections.areas_mm2
            top_mm, top_area = _round_up(_largest(diameters)), _round_up(_largest(areas))
            self._paint_axes(painter, plot, length, top_mm, top_area)
            self._paint_curve(painter, plot, sections.arc_mm / length, areas / top_area, AREA_COLOUR)
            self._paint_curve(painter, plot, sections.arc_mm / length, diameters / top_mm, colours.MEASURE)
            found = self.stenosis
            if found is not None:
                painter.setPen(QPen(QColor(colours.REFERENCE), 1, Qt.PenStyle.DashLine))
                y = plot.bottom() - found.reference_mm / top_mm * plot.height()
                painter.drawLine(QLineF(plot.left(), y, plot.right(), y))
                self._upright(painter, plot, found.at_mm / length, colours.ERROR)
            if self.reference_mm is not None:
                self._upright(painter, plot, self.reference_mm / length, colours.REFERENCE)
            if self.marked_arc is not None:
                self._upright(painter, plot, self.marked_arc / length, colours.MEASURE_SELECTED)
            painter.setFont(text_font(current_theme().px(12)))
            painter.setPen(QColor(colours.TEXT))
            painter.drawText(QPointF(LEFT, 19), self.summary())
            if self.section is not None:
                self._paint_section(painter, self.section)

    def _paint_section(self, painter: QPainter, section: SectionPicture) -> None:
        area = QRectF(self.width() - SECTION - 10, (self.height() - SECTION) / 2, SECTION, SECTION)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(area, section.image)
        wall = [QPointF(area.left() + x * SECTION, area.top() + y * SECTION) for x, y in section.outline]
        painter.setPen(QPen(QColor(colours.MEASURE), 1.2))
        painter.drawPolygon(QPolygonF(wall))
        painter.setPen(QPen(QColor(colours.GRID), 1))
        painter.drawRect(area)
        painter.setFont(text_font(current_theme().px(10)))
        lines = (f"{section.arc_mm:.0f} mm", f"⌀ {section.diameter_mm:.1f} mm", f"{section.area_mm2:.0f} mm²")
        for n, line in enumerate(lines):
            overlays.shadowed_text(painter, QPointF(area.left() + 5, area.top() + 14 + n * 13), line, colours.TEXT)

    @staticmethod
    def _upright(painter: QPainter, plot: QRectF, share: float, colour: str) -> None:
        x = plot.left() + share * plot.width()
        painter.setPen(QPen(QColor(colour), 1))
        painter.drawLine(QLineF(x, plot.top(), x, plot.bottom()))

    def _paint_axes(self, painter: QPainter, plot: QRectF, length: float, top_mm: float, top_area: float) -> None:
        painter.setFont(text_font(current_theme().px(10)))
        for n in range(5):
            y = plot.bottom() - n / 4 * plot.height()
            painter.setPen(QPen(QColor(colours.GRID), 1))
            painter.drawLine(QLineF(plot.left(), y, plot.right(), y))
            painter.setPen(QColor(colours.MEASURE))
            painter.drawText(QRectF(0, y - 8, LEFT - 6, 16), int(_RIGHT_MIDDLE), f"{top_mm * n / 4:g}")
            painter.setPen(QColor(AREA_COLOUR))
            painter.drawText(QRectF(plot.right() + 6, y - 8, RIGHT - 6, 16), int(_LEFT_MIDDLE), f"{top_area * n / 4:g}")
        painter.setPen(QColor(colours.LETTER))
        step = _round_up(length / 8)
        for n in range(int(length / step) + 1):
            x = plot.left() + n * step / length * plot.width()
            painter.drawText(QRectF(x - 30, plot.bottom() + 4, 60, 14), int(_CENTRE), f"{n * step:g}")
        painter.setPen(QColor(colours.MEASURE))
        painter.drawText(QRectF(4, plot.bottom() + 4, 40, 14), int(_LEFT_MIDDLE), "mm")
        painter.setPen(QColor(AREA_COLOUR))
        painter.drawText(QRectF(plot.right() + 4, plot.bottom() + 4, 36, 14), int(_LEFT_MIDDLE), "mm²")

    @staticmethod
    def _paint_curve(painter: QPainter, plot: QRectF, along: Any, shares: Any, colour: str) -> None:
        path, drawing = QPainterPath(), False
        for x, y in zip(along.tolist(), shares.tolist(), strict=True):
            if math.isnan(y):
                drawing = False
                continue
            place = QPointF(plot.left() + x * plot.width(), plot.bottom() - min(y, 1.05) * plot.height())
            if drawing:
                path.lineTo(place)
            else:
                path.moveTo(place)
                drawing = True
        painter.setPen(QPen(QColor(colour), 1.5))
        painter.drawPath(path)

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        arc = self._arc_at(event.position().x())
        if arc is not None and event.button() is Qt.MouseButton.LeftButton:
            self.reference_chosen.emit(arc)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.reference_chosen.emit(None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.arc_hovered.emit(self._arc_at(event.position().x()))

    def leaveEvent(self, _event: QEvent) -> None:
        self.arc_hovered.emit(None)


_RIGHT_MIDDLE = Qt.AlignmentFlag.AlignRight.value | Qt.AlignmentFlag.AlignVCenter.value
_LEFT_MIDDLE = Qt.AlignmentFlag.AlignLeft.value | Qt.AlignmentFlag.AlignVCenter.value
_CENTRE = Qt.AlignmentFlag.AlignHCenter.value


def _largest(values: Any) -> float:
    import numpy as np

    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) else 1.0


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 5, 8 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-6)))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value * 0.999)
