"""Shows live frames: painting only, everything else was done in the camera's thread; freeze, clicks, latency."""

from __future__ import annotations

import time
from collections import deque

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.camera.hints import Hints
from clients.kit.camera.live_grabber import LiveGrabber
from clients.kit.camera.live_port import Frame
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr

_MEASURED = 600


class LiveView(QWidget):
    """The live picture of a grabber. A left click wants a capture, a right click the end (PA-IMG-07)."""

    clicked = Signal()
    ended = Signal()

    def __init__(self, grabber: LiveGrabber) -> None:
        super().__init__()
        self._grabber = grabber
        self._image: QImage | None = None
        self._frame: Frame | None = None
        self._painted = 0
        self._hints: Hints | None = None
        self._words = ""
        self._frozen = False
        self._flash_until = 0.0
        self.latencies: deque[float] = deque(maxlen=_MEASURED)
        """Seconds from the camera's time stamp to the end of painting, of the newest frames."""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 240)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        grabber.arrived.connect(self._on_frame)
        grabber.lost.connect(self.show_words)

    @property
    def frame(self) -> Frame | None:
        """The frame on screen in full resolution: what a capture takes; None without a picture."""
        return self._frame

    @property
    def hints(self) -> Hints | None:
        """The newest hints."""
        return self._hints

    @property
    def is_frozen(self) -> bool:
        """Whether the picture stands still (冻结)."""
        return self._frozen

    def freeze(self, on: bool) -> None:
        """Let the picture stand still, or move again."""
        self._frozen = on and self._frame is not None
        self.update()

    def flash(self) -> None:
        """Show for a moment that a picture was taken."""
        self._flash_until = time.monotonic() + 0.15
        self.update()

    @Slot(str)
    def show_words(self, words: str) -> None:
        """Show a Chinese source sentence instead of a picture."""
        self._words, self._image, self._frame, self._frozen, self._hints = words, None, None, False, None
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    def resizeEvent(self, event: QResizeEvent) -> None:
        ratio = self.devicePixelRatioF()
        self._grabber.set_target(round(self.width() * ratio), round(self.height() * ratio))
        super().resizeEvent(event)

    @Slot()
    def _on_frame(self) -> None:
        shown = self._grabber.take()
        if shown is None or self._frozen:
            return
        self._image, self._frame, self._hints, self._words = shown.image, shown.frame, shown.hints, ""
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()
        elif event.button() is Qt.MouseButton.RightButton:
            self.ended.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor("#101214"))
            if self._image is None:
                painter.setPen(QColor("#c8ccd0"))
                painter.setFont(theme.font("body"))
                flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(self.rect().adjusted(24, 24, -24, -24), int(flags), tr(self._words))
                return
            painter.drawImage(self._place(), self._image)
            self._paint_hints(painter)
            if self._flash_until > time.monotonic():
                painter.fillRect(self._place(), QColor(255, 255, 255, 110))
        frame = self._frame
        if frame is not None and frame.number != self._painted:
            self._painted = frame.number
            self.latencies.append(time.monotonic() - frame.taken_at)

    def _place(self) -> QRectF:
        assert self._image is not None
        ratio = self.devicePixelRatioF()
        width, height = self._image.width() / ratio, self._image.height() / ratio
        factor = min(self.width() / width, self.height() / height)
        if 1 < factor < 1.02:  # rounding of the reduced size: no second scaling for a pixel
            factor = 1.0
        width, height = width * factor, height * factor
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def _paint_hints(self, painter: QPainter) -> None:
        theme = current_theme()
        words = tr("画面已冻结") if self._frozen else ""
        tone = Tone.INFO
        if not words and self._hints is not None and self._hints.words:
            words, tone = tr(self._hints.words), Tone.WARNING
        painter.setFont(theme.font("body"))
        metrics = painter.fontMetrics()
        place = self._place()
        if self._hints is not None and not self._frozen:
            bar = QRectF(place.right() - 132, place.bottom() - 30, 120, 18)
            painter.fillRect(bar.adjusted(-70, -4, 6, 4), QColor(16, 18, 20, 170))
            painter.setPen(QColor("#e6e9ec"))
            painter.drawText(bar.adjusted(-64, 0, -124, 0), int(Qt.AlignmentFlag.AlignVCenter), tr("清晰度"))
            painter.fillRect(bar, QColor(255, 255, 255, 50))
            good = self._hints.focus >= 0.6
            bar.setWidth(bar.width() * max(0.0, min(self._hints.focus, 1.0)))
            painter.fillRect(bar, QColor("#58b368" if good else "#e0a030"))
        if words:
            box = QRectF(place.left() + 12, place.top() + 12, metrics.horizontalAdvance(words) + 24, 32)
            painter.fillRect(box, QColor(16, 18, 20, 190))
            painter.setPen(QColor("#ffd479" if tone is Tone.WARNING else "#e6e9ec"))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)
