"""A strip of small pictures (key images, photographed application forms) with captions and a way to take one out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr

_SIDE = 96
_GAP = 8
_CAPTION = 22


@dataclass(frozen=True, eq=False)
class StripImage:
    """One picture: key, pixels, and a caption (data, shown as it is)."""

    key: str
    image: QImage
    caption: str = ""


class ImageStrip(QWidget):
    """Pictures beside each other; arrows move, Enter opens, Delete takes out if that is allowed."""

    opened = Signal(str)
    """key of the picture to be shown large."""
    picked = Signal(str)
    """key of the picture the user clicked."""
    removed = Signal(str)
    """key of the picture the user takes out; the owner decides and sets the pictures again."""

    def __init__(self, *, removable: bool = True) -> None:
        super().__init__()
        self._images: tuple[StripImage, ...] = ()
        self._removable = removable
        self._at = 0
        self._hover = -1
        self._point = QPointF(-1, -1)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the pictures, in order."""
        return tuple(image.key for image in self._images)

    def set_images(self, images: Sequence[StripImage]) -> None:
        """Show these pictures."""
        self._images = tuple(images)
        self._at = min(self._at, max(0, len(self._images) - 1))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        count = len(self._images)
        if not self._images:
            return QSize(240, current_theme().metrics.control)
        return QSize(count * (_SIDE + _GAP) - _GAP, _SIDE + _CAPTION)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _area(self, index: int) -> QRectF:
        return QRectF(index * (_SIDE + _GAP), 0, _SIDE, _SIDE)

    def _cross(self, index: int) -> QRectF:
        area = self._area(index)
        return QRectF(area.right() - 24, area.top() + 4, 20, 20)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point = event.position()
        self._hover = next((i for i in range(len(self._images)) if self._area(i).contains(self._point)), -1)
        self.setToolTip(tr("移除") if self._hover >= 0 and self._cross(self._hover).contains(self._point) else "")
        self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover = -1
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = next((i for i in range(len(self._images)) if self._area(i).contains(event.position())), -1)
        if at < 0:
            return
        self._at = at
        if self._removable and self._cross(at).contains(event.position()):
            self.removed.emit(self._images[at].key)
        else:
            self.picked.emit(self._images[at].key)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = next((i for i in range(len(self._images)) if self._area(i).contains(event.position())), -1)
        if at >= 0 and not self._cross(at).contains(event.position()):
            self.opened.emit(self._images[at].key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None and self._images:
            self._at = max(0, min(len(self._images) - 1, self._at + step))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._images:
            self.opened.emit(self._images[self._at].key)
        elif event.key() == Qt.Key.Key_Delete and self._removable and self._images:
            self.removed.emit(self._images[self._at].key)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            if not self._images:
                painter.setPen(QColor(colours.text_quiet))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, tr("尚无图像"))
                return
            for index, item in enumerate(self._images):
                area = self._area(index)
                painter.fillRect(area, QColor("#000000"))
                scaled = item.image.size().scaled(QSize(_SIDE, _SIDE), Qt.AspectRatioMode.KeepAspectRatio)
                place = QRectF(
                    area.center().x() - scaled.width() / 2,
                    area.center().y() - scaled.height() / 2,
                    scaled.width(),
                    scaled.height(),
                )
                painter.drawImage(place, item.image)
                focused = self.hasFocus() and index == self._at
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.focus if focused else colours.hairline), 2 if focused else 1))
                painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
                if self._removable and index == self._hover:
                    cross = self._cross(index)
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(QColor(colours.raised))
                    painter.drawRoundedRect(cross, 4, 4)
                    hot = cross.contains(self._point)
                    colour = theme.tone(Tone.DANGER).text if hot else colours.text
                    theme.paint_icon(painter, "close", cross.adjusted(4, 4, -4, -4), colour)
                painter.setFont(theme.font("caption"))
                painter.setPen(QColor(colours.text_quiet))
                words = QFontMetricsF(theme.font("caption")).elidedText(
                    item.caption, Qt.TextElideMode.ElideRight, _SIDE
                )
                below = QRectF(area.left(), area.bottom() + 2, _SIDE, _CAPTION - 2)
                painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
