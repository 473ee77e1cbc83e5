"""The two rows above the picture: live, capture, freeze, video, voice; role, objective, scale."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.media.bench import CaptureBench
from clients.pathology.media.devices import OBJECTIVES
from clients.pathology.media.state import LARGE, StripState, clock
from shared.domain.pathology_media import MediaSubject


class CaptureBar(QWidget):
    """Large buttons: gloves are worn."""

    capture_wanted = Signal()
    live_wanted = Signal()
    freeze_wanted = Signal()

    def __init__(self, bench: CaptureBench) -> None:
        super().__init__()
        self._bench = bench
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        first = QHBoxLayout()
        first.setSpacing(8)
        self.live = Button("实时显示", "", "play", on_click=self.live_wanted.emit)
        self.capture = Button("采集", "primary", "camera", on_click=self.capture_wanted.emit)
        self.freeze = Button("冻结", "", "pause", on_click=self.freeze_wanted.emit)
        self.video = Button("录像", "", "dot", on_click=self._on_video)
        self.voice = Button("语音录入", "", "microphone", on_click=self._on_voice)
        for button in (self.live, self.capture, self.freeze, self.video, self.voice):
            button.setStyleSheet(LARGE)
            first.addWidget(button)
        first.addStretch(1)
        self.waiting = ValueLabel("", "quiet")
        self.waiting.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        first.addWidget(self.waiting)
        column.addLayout(first)
        self._second = QHBoxLayout()
        self._second.setSpacing(8)
        self.role = SegmentedControl(
            [Option(MediaSubject.GROSS.value, "大体"), Option(MediaSubject.MICROSCOPE.value, "显微镜")],
            bench.role.value,
        )
        self.role.chosen.connect(self._on_role)
        self.objective_label = Label("物镜", "quiet")
        self.objective = QComboBox()
        self.objective.addItems(OBJECTIVES)
        self.objective.setCurrentText(bench.objective)
        self.objective.setMinimumWidth(84)
        self.objective.currentTextChanged.connect(bench.set_objective)
        self.scale = ValueLabel("")
        for widget in (self.role, self.objective_label, self.objective):
            self._second.addWidget(widget)
        self._second.addWidget(self.scale, 1)
        self._second.addWidget(Label("绑定", "quiet"))
        column.addLayout(self._second)
        self._timer = QTimer(self)
        self._timer.setInterval(500)
        self._timer.timeout.connect(self._tick)
        bench.changed.connect(self.follow)
        self._frozen = False
        self._state = StripState()
        self.follow()

    def add_to_second_row(self, widget: QWidget) -> None:
        """Stand at the right of the second row."""
        self._second.addWidget(widget)

    def show_frozen(self, on: bool) -> None:
        """Whether the picture stands still."""
        self._frozen = on
        self.freeze.set_source("解除冻结" if on else "冻结")

    def show_state(self, state: StripState) -> None:
        """What may be captured, and how much is on its way."""
        self._state = state
        count = state.on_their_way
        self.waiting.set_text(tr("{count} 项正在上传", count=count) if count else "")
        self.follow()

    @Slot()
    def follow(self) -> None:
        """Look like the bench."""
        bench, may = self._bench, self._state.may_change
        live = bench.is_live and bench.format is not None
        self.live.set_source("结束显示" if bench.is_live else "实时显示")
        self.live.setEnabled(may or bench.is_live)
        self.capture.setEnabled(may and live)
        self.freeze.setEnabled(live)
        self.video.setEnabled(may and live)
        self.voice.setEnabled(may)
        recording = bench.recording
        if recording is None:
            self.video.set_source("录像")
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()
            self._tick()
        self.voice.set_source("停止录音" if bench.voice is not None else "语音录入")
        microscope = bench.role is MediaSubject.MICROSCOPE
        if self.role.current != bench.role.value:
            self.role.set_current(bench.role.value)
        self.objective.setVisible(microscope)
        self.objective_label.setVisible(microscope)
        self._show_scale()

    def _show_scale(self) -> None:
        bench, theme = self._bench, current_theme()
        found = bench.calibration()
        width = bench.format.width if bench.format is not None else (found.width if found is not None else 1)
        if found is None:
            words, tone = tr("未定标，只能按像素测量"), Tone.WARNING
        elif found.expired:
            words, tone = tr("定标已过期，请重新定标"), Tone.DANGER
        else:
            words = tr(
                "{scale} µm/像素，有效至 {day}",
                scale=f"{bench.scale(width):.4g}",
                day=found.expires_at.astimezone().strftime("%Y-%m-%d"),
            )
            tone = Tone.NEUTRAL
        self.scale.set_text(words)
        self.scale.setStyleSheet(f"color: {theme.tone(tone).text};")

    @Slot()
    def _tick(self) -> None:
        recording = self._bench.recording
        if recording is not None:
            self.video.set_source("停止录像 {time}", time=clock(recording.seconds))

    def _on_role(self, key: str) -> None:
        self._bench.set_role(MediaSubject(key))

    def _on_video(self) -> None:
        if self._bench.recording is None:
            self._bench.start_video()
        else:
            self._bench.stop_video()

    def _on_voice(self) -> None:
        if self._bench.voice is None:
            self._bench.start_voice()
        else:
            self._bench.stop_voice()
