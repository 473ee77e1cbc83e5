"""图像对比: two to four pictures side by side; zoom and place are linked, by µm where both are calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Signal, Slot
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Switch
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.translations import tr
from clients.pathology.media.canvas import PictureCanvas

MOST_PICTURES = 4


@dataclass(frozen=True)
class Shown:
    """One picture with its words and scale (µm of a pixel, 0: not calibrated)."""

    image: QImage
    words: str
    um_per_pixel: float = 0.0


class LinkedCanvas(PictureCanvas):
    """A canvas whose view others follow."""

    moved = Signal()
    """The user zoomed or moved."""

    @property
    def pixels_a_screen_pixel(self) -> float:
        """How many pixels of the picture lie in one of the screen."""
        return 1 / self._factor()

    @property
    def middle(self) -> tuple[float, float]:
        """The place of the picture in the middle of the canvas."""
        return self._centre.x(), self._centre.y()

    def look_at(self, x: float, y: float, pixels_a_screen_pixel: float) -> None:
        """Show a place at a scale; nobody is told."""
        if self.image is None:
            return
        fitted = min(self.width() / self.image.width(), self.height() / self.image.height())
        self._zoom = max(0.05, min(64.0, 1 / (pixels_a_screen_pixel * fitted)))
        self._centre = QPointF(x, y)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event)
        self.moved.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        was = self.middle if self.image is not None else (0.0, 0.0)
        super().mouseMoveEvent(event)
        if self.image is not None and self.middle != was:
            self.moved.emit()


class ComparePage(QWidget):
    """The pictures in a row, or two by two."""

    def __init__(self, pictures: Sequence[Shown]) -> None:
        super().__init__()
        self._pictures = tuple(pictures[:MOST_PICTURES])
        self._is_following = False
        self.linked = Switch("联动缩放和移动", checked=True)
        calibrated = all(one.um_per_pixel > 0 for one in self._pictures)
        self._by_scale = calibrated and len({round(one.um_per_pixel, 6) for one in self._pictures}) > 1
        self.same_scale = Switch("相同比例尺", checked=calibrated)
        self.same_scale.setEnabled(calibrated)
        self.same_scale.toggled.connect(lambda _on: self.follow(self.canvases[0]))
        self.fit_button = Button("适合窗口", "", "fullscreen", on_click=self.fit)
        words = "按实际大小（µm）联动" if calibrated else "有图像未定标，按图像比例联动"
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 8)
        head.setSpacing(12)
        for widget in (self.linked, self.same_scale, self.fit_button, Label(words, "caption")):
            head.addWidget(widget)
        head.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(head)
        box.addWidget(hairline())
        grid = QGridLayout()
        grid.setSpacing(2)
        across = len(self._pictures) if len(self._pictures) < 4 else 2
        self.canvases: list[LinkedCanvas] = []
        for number, one in enumerate(self._pictures):
            canvas = LinkedCanvas()
            canvas.setMinimumSize(200, 160)
            canvas.show_picture(one.image, one.um_per_pixel)
            canvas.moved.connect(self._on_moved)
            self.canvases.append(canvas)
            column = QVBoxLayout()
            column.setSpacing(0)
            title = ValueLabel(one.words, "caption")
            title.setContentsMargins(8, 3, 8, 3)
            column.addWidget(title)
            column.addWidget(canvas, 1)
            grid.addLayout(column, number // across, number % across)
        box.addLayout(grid, 1)

    def fit(self) -> None:
        """Every picture whole."""
        for canvas, one in zip(self.canvases, self._pictures, strict=True):
            canvas.show_picture(one.image, one.um_per_pixel)

    def follow(self, leader: LinkedCanvas) -> None:
        """Show in every picture what the leader shows: the same share of the picture, at the same scale."""
        at = self.canvases.index(leader)
        first = self._pictures[at]
        x, y = leader.middle
        for canvas, one in zip(self.canvases, self._pictures, strict=True):
            if canvas is leader:
                continue
            share_x, share_y = x / first.image.width(), y / first.image.height()
            if self.same_scale.isChecked():
                scale = leader.pixels_a_screen_pixel * first.um_per_pixel / one.um_per_pixel
                # Micrometres from the middle: neither picture knows where on the slide it was taken.
                ratio = first.um_per_pixel / one.um_per_pixel
                place = (
                    one.image.width() / 2 + (x - first.image.width() / 2) * ratio,
                    one.image.height() / 2 + (y - first.image.height() / 2) * ratio,
                )
            else:
                scale = leader.pixels_a_screen_pixel * one.image.width() / first.image.width()
                place = (share_x * one.image.width(), share_y * one.image.height())
            canvas.look_at(*place, scale)

    @Slot()
    def _on_moved(self) -> None:
        leader = self.sender()
        if self.linked.isChecked() and isinstance(leader, LinkedCanvas):
            self.follow(leader)


def words_of(number: int, objective: str, steps: Sequence[str]) -> str:
    """The title of a picture: its place in the strip, objective, what was done to it."""
    return "  ".join(part for part in (tr("图 {number}", number=number), objective, "，".join(steps)) if part)
