"""A chart of statistics with Qt Charts: bars, stacked bars or lines, in colours that the colour-blind tell apart."""

from __future__ import annotations

from PySide6.QtCharts import (
    QAbstractAxis,
    QAbstractBarSeries,
    QBarCategoryAxis,
    QBarSeries,
    QBarSet,
    QCategoryAxis,
    QChart,
    QChartView,
    QLineSeries,
    QStackedBarSeries,
    QValueAxis,
)
from PySide6.QtCore import QEvent, QMargins, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from clients.diagnosis.statistics.state import Chart, Drawing
from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
"""After Okabe and Ito; each also differs in brightness, and lines differ in their dashes."""
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
_MOST_LABELS = 10


class StatisticsChart(QChartView):
    """Draws one chart; says in words for screen readers what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Chart | None = None
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_chart(self, chart: Chart) -> None:
        """Draw; nothing of the old chart stays."""
        self._shown = chart
        made = QChart()
        made.setMargins(QMargins(8, 8, 8, 8))
        made.setAnimationOptions(QChart.AnimationOption.NoAnimation)
        made.legend().setVisible(True)
        made.legend().setAlignment(Qt.AlignmentFlag.AlignTop)
        across = _places(chart.names) if chart.drawing is Drawing.LINES else _categories(chart.names)
        up = QValueAxis()
        up.setTitleText(tr(chart.unit))
        up.setLabelFormat("%.0f" if _top(chart) >= 5 else "%.1f")
        made.addAxis(across, Qt.AlignmentFlag.AlignBottom)
        made.addAxis(up, Qt.AlignmentFlag.AlignLeft)
        if chart.drawing is Drawing.LINES:
            self._lines(made, chart, across, up)
        else:
            self._bars(made, chart, across, up)
        up.setRange(0, _top(chart))
        up.applyNiceNumbers()
        up.setMin(0)  # a bar that does not begin at nothing tells lies
        self._dress(made, across, up)
        self.setBackgroundBrush(QBrush(QColor(current_theme().colours.surface)))
        old = self.chart()
        self.setChart(made)
        if old is not None:
            old.deleteLater()

    def changeEvent(self, event: QEvent) -> None:
        if (is_look_change(event) or event.type() == QEvent.Type.LanguageChange) and self._shown is not None:
            self.show_chart(self._shown)
        super().changeEvent(event)

    def _bars(self, made: QChart, chart: Chart, across: QAbstractAxis, up: QValueAxis) -> None:
        bars: QAbstractBarSeries = QStackedBarSeries() if chart.drawing is Drawing.STACKED else QBarSeries()
        for place, series in enumerate(chart.series):
            one = QBarSet(tr(series.title))
            one.setColor(QColor(COLOURS[place]))
            one.setBorderColor(QColor(current_theme().colours.surface))
            one.append([value or 0.0 for value in series.values])
            bars.append(one)
        bars.setBarWidth(0.4 if len(chart.names) < 4 else 0.7)
        made.addSeries(bars)
        bars.attachAxis(across)
        bars.attachAxis(up)

    def _lines(self, made: QChart, chart: Chart, across: QAbstractAxis, up: QValueAxis) -> None:
        for place, series in enumerate(chart.series):
            line = QLineSeries()
            line.setName(tr(series.title))
            line.setPen(QPen(QColor(COLOURS[place]), 2.4, _DASHES[place % len(_DASHES)]))
            line.setPointsVisible(len(chart.names) <= 62)
            for at, value in enumerate(series.values):
                if value is not None:
                    line.append(at, value)
            made.addSeries(line)
            line.attachAxis(across)
            line.attachAxis(up)

    @staticmethod
    def _dress(made: QChart, across: QAbstractAxis, up: QValueAxis) -> None:
        theme = current_theme()
        colours = theme.colours
        text = QBrush(QColor(colours.text))
        quiet = QPen(QColor(colours.hairline))
        made.setBackgroundBrush(QBrush(QColor(colours.surface)))
        made.setBackgroundRoundness(0)
        made.legend().setLabelBrush(text)
        made.legend().setFont(theme.font())
        for axis in (across, up):
            axis.setLabelsBrush(text)
            axis.setLabelsFont(theme.font())
            axis.setTitleBrush(text)
            axis.setTitleFont(theme.font())
            axis.setLinePen(quiet)
            axis.setGridLinePen(quiet)
        across.setGridLineVisible(False)


def _categories(names: tuple[str, ...]) -> QBarCategoryAxis:
    """Names below bars; the axis knows them by their words, so equal ones get something unseen."""
    axis = QBarCategoryAxis()
    axis.append([_short(name) + "\u200b" * place for place, name in enumerate(names)])
    return axis


def _places(names: tuple[str, ...]) -> QCategoryAxis:
    """Days, weeks or months below lines: as many as there is room for."""
    axis = QCategoryAxis()
    axis.setLabelsPosition(QCategoryAxis.AxisLabelsPosition.AxisLabelsPositionOnValue)
    every = max(-(-len(names) // _MOST_LABELS), 1)
    for place in range(0, len(names), every):
        axis.append(names[place] + "\u200b" * place, place)
    axis.setRange(-0.5, max(len(names) - 0.5, 0.5))
    return axis


def _short(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "…"


def _top(chart: Chart) -> float:
    if chart.drawing is Drawing.STACKED:
        sums = [sum(series.values[at] or 0.0 for series in chart.series) for at in range(len(chart.names))]
        return max([*sums, 1.0])
    return max([*(value for series in chart.series for value in series.values if value is not None), 1.0])
