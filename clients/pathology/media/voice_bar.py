"""The bar of a running voice recording: time, level meter, pause, stop."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, QTimer, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.sound.recorder import RecorderState
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.pathology.media.bench import CaptureBench
from clients.pathology.media.state import LARGE, clock

_STATE_WORDS = {
    RecorderState.RUNNING: "正在录音",
    RecorderState.PAUSED: "已暂停",
    RecorderState.LOST: "麦克风已断开，已录的内容都已保存",
    RecorderState.ENDED: "",
}


class LevelMeter(QWidget):
    """How loud it is now: green, then amber near the limit, red where it is cut off."""

    def __init__(self) -> None:
        super().__init__()
        self._level = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumSize(120, 18)

    def show_level(self, level: float) -> None:
        """0 to 1; it falls slowly, so that the eye can follow."""
        self._level = max(level, self._level * 0.8)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, 18)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        with QPainter(self) as painter:
            count, gap = 24, 3
            width = (self.width() - gap * (count - 1)) / count
            for place in range(count):
                share = (place + 1) / count
                lit = self._level**0.5 >= share  # loudness is heard by its root, roughly
                tone = Tone.DANGER if share > 0.96 else Tone.WARNING if share > 0.8 else Tone.SUCCESS
                colour = theme.tone(tone).text if lit else theme.colours.hairline
                painter.fillRect(QRectF(place * (width + gap), 0, width, self.height()), QColor(colour))


class VoiceBar(QWidget):
    """Shown while a recording runs."""

    def __init__(self, bench: CaptureBench) -> None:
        super().__init__()
        self._bench = bench
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(12)
        self._state = Label("正在录音")
        self._time = ValueLabel("0:00", "strong")
        self._time.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._time.setFixedWidth(64)
        self._meter = LevelMeter()
        self._pause = Button("暂停", "", "pause", on_click=self._on_pause)
        self._stop = Button("停止录音", "primary", "stop", on_click=bench.stop_voice)
        for button in (self._pause, self._stop):
            button.setStyleSheet(LARGE)
        row.addWidget(self._state)
        row.addWidget(self._time)
        row.addWidget(self._meter, 1)
        row.addWidget(self._pause)
        row.addWidget(self._stop)
        self._timer = QTimer(self)
        self._timer.setInterval(60)
        self._timer.timeout.connect(self._tick)
        bench.changed.connect(self.follow)
        bench.voice_told.connect(self._on_told)
        self.follow()

    @Slot()
    def follow(self) -> None:
        """Show or hide with the recording."""
        on = self._bench.voice is not None
        self.setVisible(on)
        if on and not self._timer.isActive():
            self._timer.start()
        elif not on:
            self._timer.stop()
        self._show_state()

    @Slot(object, str)
    def _on_told(self, _state: RecorderState, _why: str) -> None:
        self._show_state()

    def _show_state(self) -> None:
        state = self._bench.voice_state
        self._state.set_source(_STATE_WORDS[state])
        self._pause.set_source("继续" if state is RecorderState.PAUSED else "暂停")
        self._pause.setEnabled(state in (RecorderState.RUNNING, RecorderState.PAUSED))

    def _on_pause(self) -> None:
        self._bench.pause_voice(self._bench.voice_state is not RecorderState.PAUSED)

    @Slot()
    def _tick(self) -> None:
        recorder = self._bench.voice
        if recorder is not None:
            self._meter.show_level(recorder.level)
            self._time.set_text(clock(recorder.seconds))
