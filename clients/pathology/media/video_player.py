"""Plays a recording frame by frame: play, pause, a slider; frames are JPEG streams, so every frame can be shown."""

from __future__ import annotations

from io import BytesIO

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from clients.kit.labels import IconButton, ValueLabel
from clients.pathology.media.canvas import PictureCanvas
from clients.pathology.media.state import clock
from shared.imaging import motion_avi


class VideoPlayer(QWidget):
    """A recording, on a canvas of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas = PictureCanvas()
        self._file = BytesIO()
        self._found: motion_avi.Recording | None = None
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.valueChanged.connect(self._show_frame)
        self._button = IconButton("play", "播放", on_click=self.toggle)
        self._time = ValueLabel("0:00 / 0:00")
        self._time.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._time.setFixedWidth(110)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._next)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas, 1)
        row = QHBoxLayout()
        row.addWidget(self._button)
        row.addWidget(self._slider, 1)
        row.addWidget(self._time)
        column.addLayout(row)

    @property
    def is_playing(self) -> bool:
        """Whether it runs."""
        return self._timer.isActive()

    def open(self, data: bytes, um_per_pixel: float = 0.0) -> bool:
        """Show a recording from its first frame; False when the bytes are none."""
        self.stop()
        self._file = BytesIO(data)
        try:
            self._found = motion_avi.look(self._file)
        except motion_avi.NotARecording:
            self._found = None
            return False
        self._slider.setRange(0, len(self._found.places) - 1)
        self._slider.setValue(0)
        self._show_frame(0)
        self.canvas.set_scale(um_per_pixel)
        return True

    def toggle(self) -> None:
        """Play or pause."""
        if self._timer.isActive():
            self.stop()
        elif self._found is not None:
            if self._slider.value() == self._slider.maximum():
                self._slider.setValue(0)
            self._timer.start(max(1, round(1000 / self._found.rate)))
            self._button.set_icon("pause", "暂停")

    def stop(self) -> None:
        """Stand still."""
        self._timer.stop()
        self._button.set_icon("play", "播放")

    @Slot()
    def _next(self) -> None:
        if self._slider.value() >= self._slider.maximum():
            self.stop()
        else:
            self._slider.setValue(self._slider.value() + 1)

    @Slot(int)
    def _show_frame(self, place: int) -> None:
        if self._found is None:
            return
        at, size = self._found.places[place]
        self._file.seek(at)
        image = QImage.fromData(self._file.read(size))
        if not image.isNull():
            self.canvas.show_picture(image, self.canvas.overlay.um_per_pixel)
        self._time.set_text(f"{clock(place / self._found.rate)} / {clock(self._found.duration_s)}")
