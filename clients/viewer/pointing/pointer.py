"""A pointer that keys move: all tools of a viewport work with it as with the mouse."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLineF, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from clients.viewer import colours
from clients.viewer.desk import Desk
from clients.viewer.viewport.layers import FRONT, ShownImage
from clients.viewer.viewport.view import ViewportWidget

STEP, REACH, GAP = 8.0, 14.0, 5.0  # logical pixels
_WAYS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_DELETE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class KeyboardPointer(QObject):
    """In the selected viewport while it is on; a filter of the window's key events, since arrows page otherwise."""

    ended = Signal()

    order = FRONT

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk = desk
        self._view: ViewportWidget | None = None
        self.at = QPointF()
        """Logical pixels of the viewport."""
        self.is_down = False
        for view in desk.viewports:
            view.add_layer(self)

    @property
    def is_on(self) -> bool:
        return self._view is not None

    def begin(self) -> None:
        """In the middle of the selected viewport."""
        self._view = view = self._desk.active
        self.at, self.is_down = QPointF(view.width() / 2, view.height() / 2), False
        view.installEventFilter(self)  # before the filter that moves the selected mark
        self._desk.window.installEventFilter(self)  # while the focus lies elsewhere
        view.setFocus()
        view.update()

    def end(self) -> None:
        """A drag ends where it is."""
        view, self._view = self._view, None
        if view is None:
            return
        view.removeEventFilter(self)
        self._desk.window.removeEventFilter(self)
        if self.is_down:
            self.is_down = False
            view.release_at(self.at)
        view.update()
        self.ended.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and self._view is not None:
            if event.type() == QEvent.Type.ShortcutOverride and self._is_ours(event):
                event.accept()  # so that it comes as a key and not as a command
                return True
            if event.type() == QEvent.Type.KeyPress and self._is_ours(event):
                self._take(self._view, Qt.Key(event.key()), fine=_is_fine(event))
                return True
        return super().eventFilter(watched, event)

    @staticmethod
    def _is_ours(event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        others = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        return not others and (key in _WAYS or key in _ENTER or key in _DELETE or key == Qt.Key.Key_Escape)

    def _take(self, view: ViewportWidget, key: Qt.Key, *, fine: bool) -> None:
        if view is not self._desk.active:  # another viewport was selected meanwhile
            self.end()
            return
        if key in _WAYS:
            self._move(view, *_WAYS[key], 1.0 if fine else STEP)
        elif key in _ENTER:
            self.is_down = not self.is_down
            (view.press_at(self.at, Qt.MouseButton.LeftButton) if self.is_down else view.release_at(self.at))
        elif key in _DELETE:
            view.press_at(self.at, Qt.MouseButton.RightButton)
            view.release_at(self.at)
        else:
            self.end()
        view.update()

    def _move(self, view: ViewportWidget, right: int, down: int, step: float) -> None:
        x = min(max(self.at.x() + right * step, 0.0), view.width() - 1.0)
        y = min(max(self.at.y() + down * step, 0.0), view.height() - 1.0)
        self.at = QPointF(x, y)
        if self.is_down:
            view.drag_to(self.at)
        else:
            view.hover_at(self.at)

    # --- painting

    def paint(self, painter: QPainter, view: ViewportWidget, _shown: ShownImage) -> None:
        """A cross with a gap, so that it does not cover what it points at; a ring while it is pressed."""
        if view is not self._view:
            return
        arms = [
            QLineF(self.at + QPointF(x, y) * GAP, self.at + QPointF(x, y) * REACH)
            for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))
        ]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, colour in ((3.5, colours.TEXT_SHADOW), (1.5, colours.MEASURE_SELECTED)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLines(arms)
            if self.is_down:
                painter.drawEllipse(self.at, GAP, GAP)


def _is_fine(event: QKeyEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
