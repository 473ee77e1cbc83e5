"""Plays WAV through QtMultimedia; falls back to silent pacing when the device is missing or fails."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QTimer, Slot

from clients.kit.voice.players import NO_DEVICE, After, PacedPlayer, Player
from clients.kit.voice.sound import Sound, joined, silence

DEVICE_FAILED = "扬声器出错：叫号只显示不发声，按语音时长计时；请检查音频设备"
TAIL_S = 0.2  # silence at the end: some devices are stopped before their last block was heard
GRACE_S = 2.0  # how much longer than its sound a device may take before it counts as stuck


def qt_after(parent: QObject) -> After:
    """Timers of Qt's event loop; they die with `parent`."""

    def after(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        timer = QTimer(parent)
        timer.setSingleShot(True)

        def fire() -> None:
            timer.deleteLater()
            call()

        timer.timeout.connect(fire)  # same thread, so a plain function is safe here
        timer.start(round(seconds * 1000))

        def cancel() -> None:
            timer.stop()
            timer.deleteLater()

        return cancel

    return after


class QtPlayer(QObject):
    """Plays through the default output, chosen anew for each sound so that a plugged-in speaker is found."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._after = qt_after(self)
        self._paced = PacedPlayer(self._after)
        self._reason: str | None = None
        self._sink: QObject | None = None
        self._buffer: QBuffer | None = None
        self._finished: Callable[[], None] | None = None
        self._cancel_watchdog: Callable[[], None] | None = None
        self._left_wav = b""

    @property
    def silent_reason(self) -> str | None:
        if self._reason is not None:
            return self._reason
        from PySide6.QtMultimedia import QMediaDevices

        return NO_DEVICE if QMediaDevices.defaultAudioOutput().isNull() else None

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        """See Player.play."""
        from PySide6.QtMultimedia import QAudioFormat, QAudioSink, QMediaDevices

        self.stop()
        device = QMediaDevices.defaultAudioOutput()
        if device.isNull():
            self._paced.play(wav, finished)
            return
        sound = Sound.of_wav(wav)
        sound = joined([sound, silence(TAIL_S, sound.rate_hz)])
        wanted = QAudioFormat()
        wanted.setSampleRate(sound.rate_hz)
        wanted.setChannelCount(1)
        wanted.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        if not device.isFormatSupported(wanted):
            wanted.setSampleRate(48000)
            sound = sound.at_rate(48000)
        self._reason = None
        self._finished = finished
        self._left_wav = wav
        buffer = QBuffer(self)
        buffer.setData(QByteArray(sound.pcm()))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        sink = QAudioSink(device, wanted, self)
        self._sink, self._buffer = sink, buffer
        sink.stateChanged.connect(self._on_state)
        self._cancel_watchdog = self._after(sound.seconds + GRACE_S, self._on_stuck)
        sink.start(buffer)

    def stop(self) -> None:
        """See Player.stop."""
        self._finished = None
        self._paced.stop()
        self._release()

    def _release(self) -> None:
        if self._cancel_watchdog is not None:
            self._cancel_watchdog()
            self._cancel_watchdog = None
        sink, self._sink = self._sink, None
        if sink is not None:
            from PySide6.QtMultimedia import QAudioSink

            assert isinstance(sink, QAudioSink)
            sink.stateChanged.disconnect(self._on_state)
            sink.stop()
            sink.deleteLater()
        if self._buffer is not None:
            self._buffer.close()
            self._buffer.deleteLater()
            self._buffer = None

    @Slot()
    def _on_state(self) -> None:
        from PySide6.QtMultimedia import QAudioSink, QtAudio

        sink = self._sink
        if not isinstance(sink, QAudioSink):
            return
        if sink.state() == QtAudio.State.IdleState:
            if self._buffer is None or self._buffer.atEnd():  # else the device only waited for a busy machine
                self._end()
        elif sink.state() == QtAudio.State.StoppedState and sink.error() != QtAudio.Error.NoError:
            self._fail()

    def _on_stuck(self) -> None:
        self._cancel_watchdog = None
        self._reason = DEVICE_FAILED
        self._end()

    def _fail(self) -> None:
        """The device broke in the middle: last as long as the whole sound, so nobody is called twice at once."""
        self._reason = DEVICE_FAILED
        finished, self._finished = self._finished, None
        self._release()
        if finished is not None:
            self._paced.play(self._left_wav, finished)

    def _end(self) -> None:
        finished, self._finished = self._finished, None
        self._release()
        if finished is not None:
            finished()


def default_player(parent: QObject) -> Player:
    """The player of a workstation."""
    return QtPlayer(parent)
