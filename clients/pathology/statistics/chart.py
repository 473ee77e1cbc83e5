"""A chart of one column: bars for things, a line for time; numbers at their marks: colour says nothing alone."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr
from clients.pathology.statistics.state import Chart
from shared.domain.pathology_statistics import Unit

_LINES = 4
_GAP = 8


class FigureChart(QWidget):
    """Draws one chart; an empty one draws nothing. A target is a dashed line with its number."""

    def __init__(self) -> None:
        super().__init__()
        self._chart: Chart | None = None
        self._target: float | None = None
        self.setMinimumHeight(current_theme().metrics.times(18))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def show_chart(self, chart: Chart | None, target: float | None = None) -> None:
        """Draw; says in words for screen readers what it shows."""
        self._chart, self._target = chart, target
        if chart is not None:
            pairs = (
                f"{name} {_number(value, chart.unit)}" for name, value in zip(chart.names, chart.values, strict=True)
            )
            self.setAccessibleDescription(f"{tr(chart.title)}: {', '.join(pairs)}")
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        if is_look_change(event) or event.type() == QEvent.Type.LanguageChange:
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        chart = self._chart
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(current_theme().colours.surface))
            if chart is None or not chart.names:
                return
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(current_theme().font("caption"))
            top = _nice(max([*(value or 0 for value in chart.values), self._target or 0]), chart.unit)
            area = self._area(painter, chart, top)
            self._grid(painter, area, top, chart)
            if chart.is_line:
                self._line(painter, area, top, chart)
            else:
                self._bars(painter, area, top, chart)
            self._names(painter, area, chart)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _area(self, painter: QPainter, chart: Chart, top: float) -> QRectF:
        metrics = painter.fontMetrics()
        left = metrics.horizontalAdvance(_number(top, chart.unit)) + 24
        high = metrics.height()
        return QRectF(left, 2 * high + 8, self.width() - left - 24, self.height() - 4 * high - 16)

    def _grid(self, painter: QPainter, area: QRectF, top: float, chart: Chart) -> None:
        colours = current_theme().colours
        high = painter.fontMetrics().height()
        painter.setPen(QColor(colours.text))
        title = QRectF(16, 6, self.width() - 32, high)
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, tr(chart.title))
        if chart.left_out:
            painter.setPen(QColor(colours.text_quiet))
            words = tr("另有 {count} 行只在表格中", count=chart.left_out)
            painter.drawText(title, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        for step in range(_LINES + 1):
            y = area.bottom() - area.height() * step / _LINES
            painter.setPen(QPen(QColor(colours.hairline), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(colours.text_quiet))
            label = QRectF(0, y - high / 2, area.left() - 6, high)
            painter.drawText(
                label,
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                _number(top * step / _LINES, chart.unit),
            )
        if self._target is not None and top:
            y = area.bottom() - area.height() * self._target / top
            painter.setPen(QPen(QColor(colours.text_quiet), 1.2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            words = tr("目标 {value}", value=_number(self._target, chart.unit))
            painter.drawText(QRectF(area.left(), y - high - 1, area.width(), high), Qt.AlignmentFlag.AlignLeft, words)

    def _bars(self, painter: QPainter, area: QRectF, top: float, chart: Chart) -> None:
        colours = current_theme().colours
        wide = area.width() / len(chart.names)
        bar = min(wide * 0.62, 56)
        for place, value in enumerate(chart.values):
            middle = area.left() + wide * (place + 0.5)
            tall = area.height() * (value or 0) / top if top else 0
            painter.fillRect(QRectF(middle - bar / 2, area.bottom() - tall, bar, tall), QColor(colours.accent))
            self._mark(painter, QRectF(middle - wide / 2, area.bottom() - tall, wide, 0), value, chart)

    def _line(self, painter: QPainter, area: QRectF, top: float, chart: Chart) -> None:
        colours = current_theme().colours
        wide = area.width() / len(chart.names)
        points = [
            QPointF(area.left() + wide * (place + 0.5), area.bottom() - area.height() * (value / top if top else 0))
            if value is not None
            else None
            for place, value in enumerate(chart.values)
        ]
        painter.setPen(QPen(QColor(colours.accent), 2))
        run: list[QPointF] = []
        for point in [*points, None]:
            if point is not None:
                run.append(point)
            elif run:
                painter.drawPolyline(QPolygonF(run))
                run = []
        many = len(points) > self.width() / 60
        for place, point in enumerate(points):
            if point is not None:
                painter.setBrush(QColor(colours.surface))
                painter.setPen(QPen(QColor(colours.accent), 2))
                painter.drawEllipse(point, 3, 3)
                if not many:
                    self._mark(
                        painter, QRectF(point.x() - wide / 2, point.y() - 4, wide, 0), chart.values[place], chart
                    )

    def _mark(self, painter: QPainter, above: QRectF, value: float | None, chart: Chart) -> None:
        """The number over a bar or a point, where there is room for it."""
        words = _number(value, chart.unit)
        metrics = painter.fontMetrics()
        if metrics.horizontalAdvance(words) <= above.width() + 8:
            painter.setPen(QColor(current_theme().colours.text))
            painter.drawText(
                QRectF(above.left() - 8, above.top() - metrics.height() - 2, above.width() + 16, metrics.height()),
                Qt.AlignmentFlag.AlignCenter,
                words,
            )

    def _names(self, painter: QPainter, area: QRectF, chart: Chart) -> None:
        metrics = painter.fontMetrics()
        wide = area.width() / len(chart.names)
        longest = max(metrics.horizontalAdvance(name) for name in chart.names) if chart.is_line else 0
        every = max(1, int(-(-(longest + _GAP) // wide))) if chart.is_line else 1
        painter.setPen(QColor(current_theme().colours.text_quiet))
        for place, name in enumerate(chart.names):
            if place % every == 0:
                room = wide * every - _GAP
                words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(max(room, 16)))
                middle = area.left() + wide * (place + 0.5)
                box = QRectF(middle - max(room, longest) / 2, area.bottom() + 4, max(room, longest), metrics.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def _number(value: float | None, unit: Unit) -> str:
    if value is None:
        return "–"
    if unit is Unit.COUNT:
        return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
    if unit is Unit.PERCENT:
        return f"{value:g}%" if value == round(value, 1) else f"{value:.1f}%"
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"


def _nice(top: float, unit: Unit) -> float:
    """A round number at the upper end of the scale, whose quarters are round too."""
    if unit is Unit.PERCENT and top <= 100:
        return 100.0
    least = 4.0 if unit is Unit.COUNT else 0.4
    size = least
    while size < top:
        for step in (1, 2, 2.5, 5, 10):
            if size * step >= top and (unit is not Unit.COUNT or size * step / 4 == int(size * step / 4)):
                return size * step
        size *= 10
    return size
