"""The transfer curve over the histogram, drawn and changed with the mouse (VW-VR-03)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QColorDialog, QToolTip, QWidget

from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr
from clients.viewer.vr.transfer import MOST_POINTS, Look, Point, colour_between

GRIP = 5.0
NEAR = 9.0  # pixels within which a point is meant
MARGIN = 8.0
STRIP = 10.0  # height of the colour strip below the curve


class CurveEditor(QWidget):
    """A point is dragged; a click on empty ground adds one; right click removes; double click asks for its colour."""

    changed = Signal(object)
    """The points while they move: tuple of Point."""
    settled = Signal()
    """The mouse was let go."""

    def __init__(self) -> None:
        super().__init__()
        self._points: tuple[Point, ...] = ()
        self._histogram: tuple[float, ...] = ()
        self._first, self._last = 0.0, 1.0
        self._unit = ""
        self._held = -1
        self._chosen = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(current_theme().px(150))
        self._name()

    def set_volume(self, histogram: tuple[float, ...], first: float, last: float, unit: str) -> None:
        """Heights (0 to 1) of evenly wide bins from ``first`` to ``last``."""
        self._histogram, self._first, self._last, self._unit = histogram, first, last, unit
        self.update()

    def show_look(self, look: Look) -> None:
        """Show a curve without telling anybody."""
        if look.points != self._points:
            self._points = look.points
            self._chosen = min(self._chosen, len(self._points) - 1)
            self.update()

    @property
    def points(self) -> tuple[Point, ...]:
        return self._points

    # --- places

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN - STRIP - 4)

    def _range(self) -> tuple[float, float]:
        """The histogram's range, wider where points lie outside."""
        values = [point.value for point in self._points]
        first, last = min([self._first, *values]), max([self._last, *values])
        return first, last if last > first else first + 1

    def place(self, point: Point) -> QPointF:
        """Where a point is drawn."""
        area, (first, last) = self._area(), self._range()
        share = (point.value - first) / (last - first)
        return QPointF(area.left() + share * area.width(), area.bottom() - point.opacity * area.height())

    def _value_at(self, at: QPointF) -> tuple[float, float]:
        area, (first, last) = self._area(), self._range()
        share = min(1.0, max(0.0, (at.x() - area.left()) / max(area.width(), 1)))
        opacity = min(1.0, max(0.0, (area.bottom() - at.y()) / max(area.height(), 1)))
        return first + share * (last - first), opacity

    def _index_at(self, at: QPointF) -> int:
        far = [(self.place(point) - at).manhattanLength() for point in self._points]
        nearest = min(range(len(far)), key=far.__getitem__, default=-1)
        return nearest if nearest >= 0 and far[nearest] <= 1.5 * NEAR else -1

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        index = self._index_at(at)
        if event.button() is Qt.MouseButton.LeftButton:
            if index < 0:
                index = self._add(at)
            self._held = self._chosen = index
            self.update()
        elif event.button() is Qt.MouseButton.RightButton and index >= 0:
            self._remove(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held < 0:
            over = self._index_at(event.position()) >= 0
            self.setCursor(Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.ArrowCursor)
            return
        value, opacity = self._value_at(event.position())
        points = list(self._points)
        first, last = self._range()
        gap = (last - first) / 2000  # points do not pass each other
        if self._held > 0:
            value = max(value, points[self._held - 1].value + gap)
        if self._held < len(points) - 1:
            value = min(value, points[self._held + 1].value - gap)
        points[self._held] = points[self._held]._replace(value=value, opacity=opacity)
        self._take(points)
        text = f"{value:.4g} {self._unit}  {opacity:.0%}" if self._unit else f"{value:.4g}  {opacity:.0%}"
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        if self._held >= 0:
            self._held = -1
            self.settled.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position())
        self._held = -1
        if index >= 0 and event.button() is Qt.MouseButton.LeftButton:
            self.ask_colour(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes the chosen point, Enter asks for its colour, left and right choose."""
        key = event.key()
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._chosen >= 0:
            self._remove(self._chosen)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._chosen >= 0:
            self.ask_colour(self._chosen)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._points:
            self._chosen = (self._chosen + (1 if key == Qt.Key.Key_Right else -1)) % len(self._points)
            self.update()
        else:
            super().keyPressEvent(event)

    def ask_colour(self, index: int) -> None:
        """Let the reader choose a point's colour."""
        dialog = QColorDialog(QColor(self._points[index].colour), self)
        dialog.setWindowTitle(tr("点的颜色"))
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.colorSelected.connect(lambda colour: self.set_colour(index, colour.name()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def set_colour(self, index: int, colour: str) -> None:
        """Another colour (``#rrggbb``) for a point."""
        if 0 <= index < len(self._points):
            points = list(self._points)
            points[index] = points[index]._replace(colour=colour)
            self._take(points)
            self.settled.emit()

    def _add(self, at: QPointF) -> int:
        if len(self._points) >= MOST_POINTS:
            return -1
        value, opacity = self._value_at(at)
        index = sum(point.value < value for point in self._points)
        before, after = self._points[max(0, index - 1)], self._points[min(index, len(self._points) - 1)]
        width = after.value - before.value
        share = (value - before.value) / width if width > 0 else 0.0
        colour = colour_between(before.colour, after.colour, min(1.0, max(0.0, share)))
        points = list(self._points)
        points.insert(index, Point(value, opacity, colour))
        self._take(points)
        return index

    def _remove(self, index: int) -> None:
        if len(self._points) > 2:
            points = list(self._points)
            del points[index]
            self._chosen = -1
            self._take(points)
            self.settled.emit()

    def _take(self, points: list[Point]) -> None:
        self._points = tuple(points)
        self.update()
        self.changed.emit(self._points)

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        area = self._area()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(theme.colours.focus if self.hasFocus() else theme.colours.hairline), 1))
            painter.setBrush(QColor(theme.colours.surface))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            self._paint_histogram(painter, area)
            if not self._points:
                return
            self._paint_curve(painter, area)
            self._paint_strip(painter, QRectF(area.left(), area.bottom() + 6, area.width(), STRIP))

    def _paint_histogram(self, painter: QPainter, area: QRectF) -> None:
        if not self._histogram:
            return
        first, last = self._range()
        width = (self._last - self._first) / len(self._histogram)
        outline: list[QPointF] = []
        for n, height in enumerate(self._histogram):
            share = (self._first + (n + 0.5) * width - first) / (last - first)
            outline.append(QPointF(area.left() + share * area.width(), area.bottom() - height * area.height()))
        outline += [QPointF(outline[-1].x(), area.bottom()), QPointF(outline[0].x(), area.bottom())]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current_theme().colours.skeleton).lighter(135))
        painter.drawPolygon(QPolygonF(outline))

    def _paint_curve(self, painter: QPainter, area: QRectF) -> None:
        colours = current_theme().colours
        places = [self.place(point) for point in self._points]
        ends = [QPointF(area.left(), places[0].y()), *places, QPointF(area.right(), places[-1].y())]
        painter.setPen(QPen(QColor(colours.text_quiet), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(ends))
        for n, (point, place) in enumerate(zip(self._points, places, strict=True)):
            painter.setPen(QPen(QColor(colours.accent if n == self._chosen else colours.text), 1.5))
            painter.setBrush(QColor(point.colour))
            painter.drawEllipse(place, GRIP, GRIP)

    def _paint_strip(self, painter: QPainter, strip: QRectF) -> None:
        gradient = QLinearGradient(strip.topLeft(), strip.topRight())
        first, last = self._range()
        for point in self._points:
            gradient.setColorAt(min(1.0, max(0.0, (point.value - first) / (last - first))), QColor(point.colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(strip, 2, 2)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._name()
            self.update()
        super().changeEvent(event)

    def _name(self) -> None:
        self.setAccessibleName(tr("传递曲线"))
        self.setToolTip(tr("拖动点；单击空白处加点；右键删点；双击改颜色"))

    def sizeHint(self) -> QSize:
        return QSize(276, 150)
