"""The panels of 视频设备选择, 音频设备选择, 图像采集参数, 图像采集格式 and 扫描设备选择."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QKeySequenceEdit,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from clients.kit.camera.live_port import CONTROL_LABELS, CaptureFormat, Control, ControlState
from clients.kit.camera.port import CameraDevice
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.sound.port import MicrophoneDevice, SoundTrouble
from clients.kit.sound.recorder import Recorder, RecorderState
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.media.bench import CaptureBench
from clients.pathology.media.devices import QUALITIES, CameraChoice, FileChoice, camera_of, file_of, remember_file
from clients.pathology.media.tab import PEDAL
from clients.pathology.media.voice_bar import LevelMeter
from shared.domain.pathology_media import SUBJECT_LABELS, MediaSubject

WIDTH = 400
SCANNER_FOLDER = "pathology/scanner/folder"
SCANNER = "pathology/scanner/device"


class _Panel(QWidget):
    """A column of labelled fields."""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 12, 16, 16)
        self.column.setSpacing(8)

    def field(self, words: str, widget: QWidget) -> None:
        """A label and below it a widget."""
        self.column.addWidget(Label(words, "quiet"))
        self.column.addWidget(widget)

    def end(self, words: str = "") -> None:
        """What is known, and room below."""
        if words:
            self.column.addWidget(Label(words, "quiet", wrap=True))
        self.column.addStretch(1)


class CameraPanel(_Panel):
    """视频设备选择: device and format for gross and microscope camera, and the pedal's key."""

    def __init__(self, desk: Desk, bench: CaptureBench) -> None:
        super().__init__()
        self._desk, self._bench = desk, bench
        self._devices: tuple[CameraDevice, ...] = ()
        self._formats: tuple[CaptureFormat, ...] = ()
        self.role = QComboBox()
        for role in (MediaSubject.GROSS, MediaSubject.MICROSCOPE):
            self.role.addItem(tr(SUBJECT_LABELS[role]), role.value)
        self.role.setCurrentIndex(0 if bench.role is MediaSubject.GROSS else 1)
        self.device = QComboBox()
        self.format = QComboBox()
        self.pedal = QKeySequenceEdit(QKeySequence(str(desk.place.desk_settings.get(PEDAL, ""))))
        self.pedal.setMaximumSequenceLength(1)
        if (inside := self.pedal.findChild(QLineEdit)) is not None:
            inside.setPlaceholderText(tr("点此后踩一下脚踏"))
        self.field("用途", self.role)
        self.field("视频设备", self.device)
        self.field("采集格式", self.format)
        self.refresh = Button("重新查找设备", "", "refresh", on_click=self.look)
        self.column.addWidget(self.refresh)
        self.field("脚踏开关的按键", self.pedal)
        self.note = ValueLabel("", "quiet", wrap=True)
        self.column.addWidget(self.note)
        self.end("脚踏开关与键盘一样发送按键：点输入框后踩一下即可。下次打开影像编辑时生效。")
        self.role.currentIndexChanged.connect(self.look)
        self.device.currentIndexChanged.connect(self._on_device)
        self.format.currentIndexChanged.connect(self._keep)
        self.pedal.keySequenceChanged.connect(self._on_pedal)
        self.look()

    @property
    def chosen_role(self) -> MediaSubject:
        """Whose camera is being chosen."""
        return MediaSubject(self.role.currentData())

    @Slot()
    def look(self) -> None:
        """Ask the system which devices there are."""
        self.note.set_text(tr("正在查找设备…"))
        cameras = self._bench.cameras
        self._desk.place.runner.run(
            cameras.devices, self._show_devices, self._desk.place.messages.report, key="media.devices"
        )

    def _show_devices(self, devices: tuple[CameraDevice, ...]) -> None:
        kept = camera_of(self._bench.settings, self.chosen_role)
        self._devices = devices
        self.device.blockSignals(True)
        self.device.clear()
        for device in devices:
            self.device.addItem(device.name, device.key)
        self.device.setCurrentIndex(max(0, self.device.findData(kept.key)))
        self.device.blockSignals(False)
        self.note.set_text("" if devices else tr("没有找到摄像头，请检查连接线；文字工作不受影响。"))
        self._on_device()

    @Slot()
    def _on_device(self) -> None:
        key = str(self.device.currentData() or "")
        if key:
            cameras = self._bench.cameras
            self._desk.place.runner.run(
                lambda: cameras.formats(key), self._show_formats, self._desk.place.messages.report, key="media.formats"
            )
        else:
            self._show_formats(())

    def _show_formats(self, formats: tuple[CaptureFormat, ...]) -> None:
        kept = camera_of(self._bench.settings, self.chosen_role)
        self._formats = formats[:60]
        self.format.blockSignals(True)
        self.format.clear()
        for one in self._formats:
            self.format.addItem(one.words)
        self.format.setCurrentIndex(self._formats.index(kept.format) if kept.format in self._formats else 0)
        self.format.blockSignals(False)
        self._keep()

    @Slot()
    def _keep(self) -> None:
        key, name = str(self.device.currentData() or ""), self.device.currentText()
        place = self.format.currentIndex()
        if not key or not 0 <= place < len(self._formats):
            return
        kept = camera_of(self._bench.settings, self.chosen_role)
        choice = CameraChoice(key, name, self._formats[place], kept.controls if kept.key == key else ())
        if choice == kept:
            return
        if self.chosen_role is self._bench.role:
            self._bench.choose_camera(choice)
        else:
            from clients.pathology.media.devices import remember_camera

            remember_camera(self._bench.settings, self.chosen_role, choice)

    @Slot(QKeySequence)
    def _on_pedal(self, sequence: QKeySequence) -> None:
        self._desk.place.desk_settings.set(PEDAL, sequence.toString())


class ParametersPanel(_Panel):
    """图像采集参数: what the open camera lets be set, live."""

    def __init__(self, bench: CaptureBench) -> None:
        super().__init__()
        self._bench = bench
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self.column.addLayout(self._grid)
        self._empty = Label("请先打开实时显示：能调节的项目由摄像头决定。", "quiet", wrap=True)
        self.column.addWidget(self._empty)
        self.end()
        self.sliders: dict[Control, QSlider] = {}
        bench.controls_changed.connect(self.show_controls)
        self.show_controls()

    @Slot()
    def show_controls(self) -> None:
        """A row for each control."""
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self.sliders = {}
        self._empty.setVisible(not self._bench.controls)
        for row, state in enumerate(self._bench.controls):
            self._add_row(row, state)

    def _add_row(self, row: int, state: ControlState) -> None:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(round(state.low), max(round(state.high), round(state.low) + 1))
        slider.setValue(round(state.value))
        slider.setMinimumHeight(32)
        number = ValueLabel(f"{state.value:g}")
        number.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        number.setFixedWidth(44)
        control = state.control
        slider.valueChanged.connect(lambda value, control=control: self._bench.set_control(control, value))
        slider.valueChanged.connect(lambda value, number=number: number.set_text(str(value)))
        self.sliders[control] = slider
        self._grid.addWidget(Label(CONTROL_LABELS[control]), row, 0)
        self._grid.addWidget(slider, row, 1)
        self._grid.addWidget(number, row, 2)
        if state.automatic is not None:
            box = QCheckBox(tr("自动"))
            box.setChecked(state.automatic)
            slider.setEnabled(not state.automatic)
            box.toggled.connect(lambda on, control=control: self._bench.set_automatic(control, on))
            box.toggled.connect(lambda on, slider=slider: slider.setEnabled(not on))
            self._grid.addWidget(box, row, 3)


class FormatPanel(_Panel):
    """图像采集格式: file type and quality of stills."""

    def __init__(self, bench: CaptureBench) -> None:
        super().__init__()
        self._bench = bench
        kept = file_of(bench.settings)
        self.type = QComboBox()
        self.type.addItem("JPEG", "image/jpeg")
        self.type.addItem(tr("PNG（无损）"), "image/png")
        self.type.setCurrentIndex(0 if kept.media_type == "image/jpeg" else 1)
        self.quality = QComboBox()
        for quality in QUALITIES:
            self.quality.addItem(f"{quality}", quality)
        self.quality.setCurrentIndex(max(0, self.quality.findData(kept.quality)))
        self.field("文件类型", self.type)
        self.field("压缩质量", self.quality)
        shown = bench.format
        self.field("当前画面", ValueLabel(shown.words if shown is not None else tr("实时显示已关闭")))
        self.end("图像为 8 位真彩色。JPEG 95 与原图看不出差别，文件约为无损的四分之一。分辨率在“视频设备选择”中设置。")
        self.type.currentIndexChanged.connect(self._keep)
        self.quality.currentIndexChanged.connect(self._keep)
        self._keep()

    @Slot()
    def _keep(self) -> None:
        is_jpeg = self.type.currentData() == "image/jpeg"
        self.quality.setEnabled(is_jpeg)
        remember_file(self._bench.settings, FileChoice(str(self.type.currentData()), int(self.quality.currentData())))


class MicrophonePanel(_Panel):
    """音频设备选择, with a meter to try it."""

    def __init__(self, desk: Desk, bench: CaptureBench) -> None:
        super().__init__()
        self._desk, self._bench = desk, bench
        self._trial: Recorder | None = None
        self.device = QComboBox()
        self.field("音频设备", self.device)
        self.meter = LevelMeter()
        self.try_button = Button("试音", "", "microphone", on_click=self.toggle_trial)
        self.column.addWidget(self.try_button)
        self.column.addWidget(self.meter)
        self.note = ValueLabel("", "quiet", wrap=True)
        self.column.addWidget(self.note)
        self.end("录音为 16 kHz 单声道，无损压缩（FLAC），一分钟约 1 MB。")
        self._timer = QTimer(self)
        self._timer.setInterval(60)
        self._timer.timeout.connect(self._tick)
        self.device.currentIndexChanged.connect(self._keep)
        self.look()

    def look(self) -> None:
        """Ask the system which devices there are."""
        self._desk.place.runner.run(self._bench.microphones.devices, self._show, self._failed, key="media.microphones")

    def _show(self, devices: tuple[MicrophoneDevice, ...]) -> None:
        self.device.blockSignals(True)
        self.device.clear()
        self.device.addItem(tr("系统默认"), "")
        for device in devices:
            self.device.addItem(device.name, device.key)
        kept = str(self._bench.settings.get("pathology/microphone", ""))
        self.device.setCurrentIndex(max(0, self.device.findData(kept)))
        self.device.blockSignals(False)
        self.try_button.setEnabled(bool(devices))
        self.note.set_text("" if devices else tr("没有找到麦克风，请检查连接线；文字工作不受影响。"))

    def _failed(self, error: Exception) -> None:
        if isinstance(error, SoundTrouble):
            self.note.set_text(tr(str(error)))
            self.try_button.setEnabled(False)
        else:
            self._desk.place.messages.report(error)

    @Slot()
    def _keep(self) -> None:
        self._bench.settings.set("pathology/microphone", str(self.device.currentData() or ""))

    def toggle_trial(self) -> None:
        """Listen without keeping anything."""
        if self._trial is None and self._bench.voice is None:
            self._trial = Recorder(self._bench.microphones, str(self.device.currentData() or ""), _drop, _ignore)
            self._trial.start()
            self._timer.start()
            self.try_button.set_source("结束试音")
        else:
            self._end_trial()

    def _end_trial(self) -> None:
        trial, self._trial = self._trial, None
        self._timer.stop()
        if trial is not None:
            trial.stop()
        self.meter.show_level(0.0)
        self.try_button.set_source("试音")

    def hideEvent(self, event: Any) -> None:
        self._end_trial()
        super().hideEvent(event)

    @Slot()
    def _tick(self) -> None:
        if self._trial is not None:
            self.meter.show_level(self._trial.level)


class ScannerPanel(_Panel):
    """扫描设备选择: a SANE scanner, or the folder into which the scanner writes."""

    def __init__(self, desk: Desk, sane_devices: Callable[[], tuple[Any, ...]]) -> None:
        super().__init__()
        self._desk = desk
        self.device = QComboBox()
        self.field("扫描设备", self.device)
        self.folder = ValueLabel(str(desk.place.desk_settings.get(SCANNER_FOLDER, "")) or tr("未设置"), wrap=True)
        self.field("扫描文件夹", self.folder)
        self.column.addWidget(Button("选择文件夹", "", "folder", on_click=self.choose_folder))
        self.end("没有列出的扫描仪：让它自带的程序把文件存到扫描文件夹；“扫描录入”取最近 15 分钟的文件。")
        self.device.currentIndexChanged.connect(self._keep)
        desk.place.runner.run(sane_devices, self._show, desk.place.messages.report, key="media.scanners")

    def _show(self, devices: tuple[Any, ...]) -> None:
        self.device.blockSignals(True)
        self.device.clear()
        self.device.addItem(tr("扫描文件夹"), "folder")
        for device in devices:
            self.device.addItem(device.name, device.key)
        kept = str(self._desk.place.desk_settings.get(SCANNER, "folder"))
        self.device.setCurrentIndex(max(0, self.device.findData(kept)))
        self.device.blockSignals(False)

    @Slot()
    def _keep(self) -> None:
        self._desk.place.desk_settings.set(SCANNER, str(self.device.currentData() or "folder"))

    def choose_folder(self) -> None:
        """Let the user pick the folder."""
        folder = QFileDialog.getExistingDirectory(self, tr("扫描文件夹"))
        if folder:
            self._desk.place.desk_settings.set(SCANNER_FOLDER, folder)
            self.folder.set_text(folder)


def _drop(_piece: bytes) -> None:
    """A trial keeps nothing."""


def _ignore(_state: RecorderState, _why: str) -> None:
    """A trial is seen at its meter."""
