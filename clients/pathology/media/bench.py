"""The capture bench of a session: camera, recording, voice, journal and sender; the imaging tab shows it.

A capture takes the frame that is on screen, encodes and journals it in a thread, and clicks when it is on the disk.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

import msgspec
from PySide6.QtCore import QObject, Qt, Signal, Slot

from clients.kit.camera.live_grabber import LiveGrabber
from clients.kit.camera.live_port import CaptureFormat, Control, ControlState, Frame, LiveCameras, LiveSource
from clients.kit.camera.port import Picture
from clients.kit.camera.recording import Recording
from clients.kit.sound.port import Microphones
from clients.kit.sound.recorder import Recorder, RecorderState
from clients.pathology.media.devices import (
    CameraChoice,
    Settings,
    camera_of,
    encode,
    file_of,
    remember_camera,
    thumbnail_of,
)
from clients.pathology.media.journal import CaptureJournal
from clients.pathology.media.sending import Sender
from clients.pathology.media.worker import CaptureWorker
from shared.contract.pathology_media import MAX_VIDEO_BYTES, CalibrationView, MediaFacts
from shared.domain.pathology_media import MediaKind, MediaSubject

log = logging.getLogger(__name__)

NO_CASE = "请先打开病例，再采集影像。"
LOCKED = "病例已审核，不能再添加影像或语音；如需添加请先取消审核。"
NO_PICTURE = "没有画面，请先打开实时显示。"
MOST_VIDEO_BYTES = MAX_VIDEO_BYTES - 64 * 1024 * 1024
"""A recording ends by itself before the server would refuse it: about six minutes of tissue at 1080p."""
DISK = "本机磁盘写入失败，本次采集没有保存；请检查磁盘空间后重新采集。"


class Subject(Protocol):
    """The open case, as far as a capture needs it."""

    case_id: int
    is_locked: bool
    specimen_id: int | None
    block_id: int | None
    slide_id: int | None


class Kept(NamedTuple):
    """What lies in the journal."""

    key: str
    facts: MediaFacts | None  # None: nothing was recorded
    thumbnail: bytes


class CaptureBench(QObject):
    """One for each session. Everything is called in the GUI thread; signals come there."""

    changed = Signal()
    """live, frozen, recording, voice or the choice of camera changed."""
    captured = Signal(str, object, bytes)
    """key, MediaFacts, thumbnail: it lies in the journal."""
    confirmed = Signal(str, object)
    """key, MediaView: the server has it."""
    refused = Signal(str, str)
    """key, sentence: the server will not have it."""
    trouble = Signal(str)
    """A Chinese source sentence for the user."""
    voice_told = Signal(object, str)
    """RecorderState and a Chinese source sentence."""
    controls_changed = Signal()
    _sent = Signal(str, object)
    _not_sent = Signal(str, str)
    _voice = Signal(object, str)
    _video_failed = Signal(str)
    _video_full = Signal(str)

    def __init__(
        self,
        cameras: LiveCameras,
        microphones: Microphones,
        journal: CaptureJournal,
        call: Callable[[Any], Any],
        settings: Settings,
        click: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.cameras, self.microphones, self.journal, self.settings = cameras, microphones, journal, settings
        self.grabber = LiveGrabber(cameras, self)
        self.role = MediaSubject.MICROSCOPE
        self.objective = str(settings.get("pathology/objective", "10x"))
        self.calibrations: tuple[CalibrationView, ...] = ()
        self.subject: Subject | None = None
        self.format: CaptureFormat | None = None
        self.controls: tuple[ControlState, ...] = ()
        self.is_live = False
        self.recording: Recording | None = None
        self.voice: Recorder | None = None
        self.voice_state = RecorderState.ENDED
        self.captures_asked = 0
        self._video: tuple[str, MediaFacts] | None = None
        self._voice_key = ""
        self._click = click
        self._worker = CaptureWorker(self)
        self._worker.on_failure(self._on_failure)
        self._sender = Sender(journal, call, self._sent.emit, self._not_sent.emit)
        queued = Qt.ConnectionType.QueuedConnection
        self._sent.connect(self.confirmed, queued)
        self._not_sent.connect(self.refused, queued)
        self._voice.connect(self._on_voice, queued)
        self._video_failed.connect(self._on_video_failed, queued)
        self._video_full.connect(self._on_video_full, queued)
        self.grabber.opened.connect(self._on_opened)
        self._sender.start()

    # ── the camera ───────────────────────────────────────────────────────────────────────────────────

    @property
    def choice(self) -> CameraChoice:
        """The camera of the present role."""
        return camera_of(self.settings, self.role)

    def set_role(self, role: MediaSubject) -> None:
        """Use the camera for gross pictures or the microscope's."""
        if role is self.role:
            return
        self.role = role
        if self.is_live:
            self.set_live(False)
            self.set_live(True)
        self.changed.emit()

    def set_objective(self, objective: str) -> None:
        """Which objective is in the light path."""
        self.objective = objective
        self.settings.set("pathology/objective", objective)
        self.changed.emit()

    def set_live(self, on: bool) -> None:
        """实时显示; a camera that is not there says so on the picture, and is looked for."""
        if on == self.is_live:
            return
        self.is_live = on
        if on:
            self.grabber.start(self.choice.key, self.choice.format)
        else:
            self.stop_video()
            self.grabber.stop()
            self.format, self.controls = None, ()
        self.changed.emit()

    def choose_camera(self, choice: CameraChoice) -> None:
        """Use another device or format for the present role."""
        remember_camera(self.settings, self.role, choice)
        if self.is_live:
            self.set_live(False)
            self.set_live(True)
        self.changed.emit()

    def set_control(self, control: Control, value: float) -> None:
        """Set the camera by hand, and remember it."""
        self.grabber.order(lambda source: source.set_control(control, value))
        choice = self.choice
        kept = (*((name, old) for name, old in choice.controls if name != control.value), (control.value, value))
        remember_camera(self.settings, self.role, CameraChoice(choice.key, choice.name, choice.format, kept))

    def set_automatic(self, control: Control, on: bool) -> None:
        """Let the camera set it by itself."""
        self.grabber.order(lambda source: source.set_automatic(control, on))
        if on:
            choice = self.choice
            kept = tuple((name, value) for name, value in choice.controls if name != control.value)
            remember_camera(self.settings, self.role, CameraChoice(choice.key, choice.name, choice.format, kept))

    @Slot(object, object)
    def _on_opened(self, chosen: CaptureFormat, controls: tuple[ControlState, ...]) -> None:
        self.format, self.controls = chosen, controls
        for name, value in self.choice.controls:
            self.grabber.order(lambda source, name=name, value=value: _set(source, name, value))  # type: ignore[misc]
        if not self.choice.key:
            self._worker.run(self.cameras.devices, self._adopt_first)
        self.controls_changed.emit()
        self.changed.emit()

    def _adopt_first(self, devices: object) -> None:
        """Nobody chose yet: the camera that opened is remembered, because calibrations go by its name."""
        if isinstance(devices, tuple) and devices and not self.choice.key:
            remember_camera(self.settings, self.role, CameraChoice(devices[0].key, devices[0].name, self.format))
            self.changed.emit()

    # ── calibration ──────────────────────────────────────────────────────────────────────────────────

    @property
    def camera_name(self) -> str:
        """Under which name calibrations of the present camera are kept."""
        return self.choice.name or self.choice.key or "default"

    def calibration(self) -> CalibrationView | None:
        """The one in force for the present camera and objective; gross pictures have theirs under 大体."""
        objective = self.objective if self.role is MediaSubject.MICROSCOPE else "gross"
        return next(
            (
                one
                for one in self.calibrations
                if one.current and one.camera == self.camera_name and one.objective == objective
            ),
            None,
        )

    def scale(self, width: int) -> float:
        """Micrometres a pixel of a picture `width` pixels wide; 0 when not calibrated."""
        found = self.calibration()
        return 0.0 if found is None else found.um_per_pixel * found.width / max(width, 1)

    # ── pictures ─────────────────────────────────────────────────────────────────────────────────────

    def may_capture(self) -> bool:
        """Whether a capture is possible now; says why not (PA-IMG-15)."""
        if self.subject is None:
            self.trouble.emit(NO_CASE)
        elif self.subject.is_locked:
            self.trouble.emit(LOCKED)
        else:
            return True
        return False

    def capture(self, frame: Frame | None) -> bool:
        """单帧采集 of what is on screen; False when it is not possible."""
        if not self.may_capture():
            return False
        if frame is None:
            self.trouble.emit(NO_PICTURE)
            return False
        choice = file_of(self.settings)
        facts = self.facts(MediaKind.IMAGE, choice.media_type, width=frame.picture.shape[1])
        self.captures_asked += 1

        def work() -> Kept:
            key = self.journal.keep(facts, encode(frame.picture, choice))
            self._sender.wake()
            return Kept(key, facts, thumbnail_of(frame.picture))

        self._worker.run(work, self._on_kept)
        return True

    def keep(self, facts: MediaFacts, data: bytes, thumbnail: bytes) -> None:
        """Journal and send what is made elsewhere: imports, processed pictures, scans."""

        def work() -> Kept:
            key = self.journal.keep(facts, data)
            self._sender.wake()
            return Kept(key, facts, thumbnail)

        self._worker.run(work, self._on_kept)

    def keep_documents(self, pages: Sequence[Picture]) -> None:
        """Keep scanned pages with the open case."""
        if not self.may_capture():
            return
        choice = file_of(self.settings)
        facts = msgspec.structs.replace(
            self.facts(MediaKind.IMAGE, choice.media_type),
            subject=MediaSubject.DOCUMENT, camera="", objective="", calibration_id=None, um_per_pixel=0.0,
        )  # fmt: skip
        for page in pages:

            def work(page: Picture = page) -> Kept:
                key = self.journal.keep(facts, encode(page, choice))
                self._sender.wake()
                return Kept(key, facts, thumbnail_of(page))

            self._worker.run(work, self._on_kept)

    def facts(self, kind: MediaKind, media_type: str, *, width: int = 0, rate: float = 0.0) -> MediaFacts:
        """What a capture made now is. There must be a case."""
        assert self.subject is not None
        calibration = self.calibration() if kind is not MediaKind.VOICE else None
        return MediaFacts(
            case_id=self.subject.case_id,
            kind=kind,
            subject=self.role,
            media_type=media_type,
            taken_at=datetime.now(UTC),
            specimen_id=self.subject.specimen_id,
            block_id=self.subject.block_id,
            slide_id=self.subject.slide_id,
            camera=self.camera_name if kind is not MediaKind.VOICE else "",
            objective=self.objective if self.role is MediaSubject.MICROSCOPE and kind is not MediaKind.VOICE else "",
            calibration_id=calibration.id if calibration is not None else None,
            um_per_pixel=self.scale(width) if kind is not MediaKind.VOICE else 0.0,
            frame_rate=rate,
        )

    def _on_kept(self, result: object) -> None:
        assert isinstance(result, Kept)
        self._click()
        self.captured.emit(*result)

    def _on_failure(self, error: Exception) -> None:
        log.error("a capture could not be kept", exc_info=error)
        self.trouble.emit(DISK)

    # ── video ────────────────────────────────────────────────────────────────────────────────────────

    def start_video(self) -> None:
        """视频录像: every frame from now on."""
        if self.recording is not None or not self.may_capture():
            return
        if not self.is_live or self.format is None:
            self.trouble.emit(NO_PICTURE)
            return
        rate = max(1.0, min(self.format.rate, 60.0))
        facts = self.facts(MediaKind.VIDEO, "video/x-msvideo", width=self.format.width, rate=rate)
        key = self.journal.begin(facts)
        self._video = (key, facts)
        self.recording = Recording(rate, self._video_sink(key), lambda _error: self._video_failed.emit(key))
        self.grabber.record(self.recording)
        self.changed.emit()

    def _video_sink(self, key: str) -> Callable[[bytes], None]:
        written = 0

        def append(piece: bytes) -> None:
            nonlocal written
            self.journal.append(key, piece)
            written += len(piece)
            if written > MOST_VIDEO_BYTES:
                self._video_full.emit(key)

        return append

    def stop_video(self) -> None:
        """End the recording; it goes to the server as any capture."""
        if self.recording is None or self._video is None:
            return
        recording, (key, facts) = self.recording, self._video
        self.recording, self._video = None, None
        self.grabber.record(None)

        def work() -> Kept:
            recording.stop()
            self.journal.end(key)
            self._sender.wake()
            return Kept(key, facts, b"")

        self._worker.run(work, self._on_kept)
        self.changed.emit()

    @Slot(str)
    def _on_video_failed(self, key: str) -> None:
        self.trouble.emit("录像写入本机磁盘失败，已停止；此前的内容已保存。")
        if self._video is not None and self._video[0] == key:
            self.stop_video()

    @Slot(str)
    def _on_video_full(self, key: str) -> None:
        if self._video is not None and self._video[0] == key:
            self.trouble.emit("录像已达到长度上限，已停止并保存；需要时请再录一段。")
            self.stop_video()

    # ── voice ────────────────────────────────────────────────────────────────────────────────────────

    def start_voice(self) -> None:
        """语音录入."""
        if self.voice is not None or not self.may_capture():
            return
        key = self.journal.begin(self.facts(MediaKind.VOICE, "audio/flac"))
        self._voice_key = key
        device = str(self.settings.get("pathology/microphone", ""))
        self.voice = Recorder(self.microphones, device, lambda piece: self.journal.append(key, piece), self._voice.emit)
        self.voice_state = RecorderState.RUNNING
        self.voice.start()
        self.changed.emit()

    def pause_voice(self, on: bool) -> None:
        """暂停 or 继续."""
        if self.voice is not None:
            self.voice.pause(on)

    def stop_voice(self) -> None:
        """停止语音录入."""
        if self.voice is None:
            return
        recorder, key = self.voice, self._voice_key
        self.voice, self._voice_key = None, ""

        def work() -> Kept:
            recorder.stop()
            self.journal.end(key)
            facts = self.journal.facts(key) if recorder.seconds else None
            self._sender.wake()
            return Kept(key, facts, b"")

        self._worker.run(work, self._on_voice_kept)
        self.changed.emit()

    def _on_voice_kept(self, result: object) -> None:
        assert isinstance(result, Kept)
        if result.facts is not None:
            self.captured.emit(*result)

    @Slot(object, str)
    def _on_voice(self, state: RecorderState, why: str) -> None:
        self.voice_state = state
        self.voice_told.emit(state, why)
        if why:
            self.trouble.emit(why)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────

    def leave_case(self) -> None:
        """The case is closed: recordings end, the camera is given back."""
        self.stop_voice()
        self.set_live(False)
        self.subject = None

    def try_again(self, key: str) -> None:
        """Send what was refused again."""
        self.journal.try_again(key)
        self._sender.wake()

    def close(self) -> None:
        """The session ends: nothing more is captured; what is not sent stays in the journal."""
        self.leave_case()
        self._worker.stop()
        self._sender.stop()


def _set(source: LiveSource, name: str, value: float) -> None:
    if name in {control.value for control in Control}:
        source.set_control(Control(name), value)
