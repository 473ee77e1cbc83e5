"""The frame of the preview: dragged by its head, sized by its four corners, closed by its cross."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.preview.view import PreviewView

LEAST, CORNER, HEAD = 240, 14, 34


class _Corner(QWidget):
    """Drags one corner of its parent; ``right`` and ``bottom`` tell which."""

    def __init__(self, popup: QWidget, *, right: bool, bottom: bool) -> None:
        super().__init__(popup)
        self._popup, self._right, self._bottom = popup, right, bottom
        self._pressed: tuple[QPoint, QRect] | None = None
        falling = right == bottom
        self.setCursor(Qt.CursorShape.SizeFDiagCursor if falling else Qt.CursorShape.SizeBDiagCursor)
        self.setFixedSize(CORNER, CORNER)
        self.setObjectName(f"corner.{'bottom' if bottom else 'top'}.{'right' if right else 'left'}")

    def place(self) -> None:
        """To its corner of the parent."""
        x = self._popup.width() - CORNER if self._right else 0
        y = self._popup.height() - CORNER if self._bottom else 0
        self.move(x, y)
        self.raise_()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = (event.globalPosition().toPoint(), self._popup.geometry())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        start, before = self._pressed
        moved = event.globalPosition().toPoint() - start
        parent = self._popup.parentWidget()
        area = parent.rect() if parent is not None else before
        new = QRect(before)
        if self._right:
            new.setRight(min(max(before.right() + moved.x(), before.left() + LEAST), area.right()))
        else:
            new.setLeft(max(min(before.left() + moved.x(), before.right() - LEAST), 0))
        if self._bottom:
            new.setBottom(min(max(before.bottom() + moved.y(), before.top() + LEAST), area.bottom()))
        else:
            new.setTop(max(min(before.top() + moved.y(), before.bottom() - LEAST), 0))
        self._popup.setGeometry(new)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        event.accept()


class PreviewPopup(QFrame):
    """Stands over the window it belongs to."""

    view_wanted = Signal(str)
    """original, axial, coronal or sagittal."""
    closed = Signal()

    def __init__(self, view: PreviewView, window: QWidget) -> None:
        super().__init__(window)
        self.view = view
        self._window = window
        self._dragged: tuple[QPoint, QPoint] | None = None
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        close = QToolButton()
        close.setObjectName("preview.close")
        close.setText("✕")
        close.setToolTip(tr("关闭"))
        close.setAutoRaise(True)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.shut)
        self.head = QWidget()
        self.head.setFixedHeight(HEAD)
        self.head.setCursor(Qt.CursorShape.SizeAllCursor)
        self.head.installEventFilter(self)
        row = QHBoxLayout(self.head)
        row.setContentsMargins(14, 2, 8, 2)
        row.addWidget(self.title, 1)
        row.addWidget(close)
        options = [
            Option("original", "原始"),
            Option("axial", "横断面"),
            Option("coronal", "冠状面"),
            Option("sagittal", "矢状面"),
        ]
        self.planes = SegmentedControl(options, "original")
        self.planes.chosen.connect(self.view_wanted)
        foot = QHBoxLayout()
        foot.setContentsMargins(14, 4, 14, 6)
        foot.addStretch(1)
        foot.addWidget(self.planes)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(view, 1)
        column.addLayout(foot)
        self._corners = [
            _Corner(self, right=right, bottom=bottom) for right in (False, True) for bottom in (False, True)
        ]
        colours = current_theme().colours
        self.setStyleSheet(
            f"PreviewPopup {{ background: {colours.raised}; border: 1px solid {colours.border}; border-radius: 6px; }}"
        )
        self.resize(440, 500)

    def open_near(self, place: QPoint) -> None:
        """Show at a place of the screen, wholly inside of the window."""
        area = self._window.rect()
        at = self._window.mapFromGlobal(place)
        x = min(max(at.x() + 12, 0), max(area.width() - self.width() - 8, 0))
        y = min(max(at.y() - 40, 0), max(area.height() - self.height() - 8, 0))
        self.move(x, y)
        self.show()
        self.raise_()

    def shut(self) -> None:
        """Close and say so."""
        self.hide()
        self.closed.emit()

    def resizeEvent(self, _event: object) -> None:
        for corner in self._corners:
            corner.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.head and isinstance(event, QMouseEvent):
            at = event.globalPosition().toPoint()
            if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._dragged = (at, self.pos())
            elif event.type() == QEvent.Type.MouseMove and self._dragged is not None:
                start, before = self._dragged
                area, to = self._window.rect(), before + at - start
                x = min(max(to.x(), LEAST // 2 - self.width()), area.width() - LEAST // 2)
                self.move(x, min(max(to.y(), 0), area.height() - HEAD))
            elif event.type() == QEvent.Type.MouseButtonRelease:
                self._dragged = None
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # nothing below the pop-up is meant
