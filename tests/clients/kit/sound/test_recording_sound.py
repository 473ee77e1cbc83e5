"""Recording sound: nothing is lost when the device is, a pause leaves out, files come back sample for sample."""

from __future__ import annotations

import builtins
import threading
from typing import Any

import pytest

from clients.kit.sound import flac, port
from clients.kit.sound.port import SoundTrouble
from clients.kit.sound.pyaudio_microphones import PyAudioMicrophones
from clients.kit.sound.recorder import Recorder, RecorderState
from clients.kit.sound.virtual_microphones import VirtualMicrophones
from clients.kit.voice.sound import Sound, tone


class Listener:
    """Collects what a recorder says; `wait` until a state came."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.states: list[tuple[RecorderState, str]] = []
        self._came = threading.Condition()

    def sink(self, piece: bytes) -> None:
        with self._came:
            self.pieces.append(piece)
            self._came.notify_all()

    def told(self, state: RecorderState, why: str) -> None:
        with self._came:
            self.states.append((state, why))
            self._came.notify_all()

    def wait(self, ready: Any) -> None:
        with self._came:
            assert self._came.wait_for(ready, 10)


def heard(microphones: VirtualMicrophones) -> tuple[Recorder, Listener]:
    listener = Listener()
    recorder = Recorder(microphones, "", listener.sink, listener.told)
    recorder.start()
    return recorder, listener


def test_everything_that_was_said_goes_through_in_pieces() -> None:
    pcm = tone(440, 1.0, rate_hz=port.RATE_HZ).pcm()
    recorder, listener = heard(VirtualMicrophones(pcm, pace=0.0))
    listener.wait(lambda: len(listener.pieces) >= 3)
    level = recorder.level
    recorder.stop()
    whole = b"".join(listener.pieces)
    assert whole[: len(pcm)] == pcm and len(whole) == round(recorder.seconds * port.RATE_HZ) * 2
    assert 0.0 < level <= 0.6
    assert [state for state, _ in listener.states] == [RecorderState.RUNNING, RecorderState.ENDED]


def test_a_pause_leaves_out_and_the_meter_goes_on() -> None:
    recorder, listener = heard(VirtualMicrophones(pace=0.02))
    listener.wait(lambda: listener.pieces)
    recorder.pause(True)
    before = recorder.seconds
    listener.wait(lambda: (RecorderState.PAUSED, "") in listener.states)
    paused = recorder.seconds
    recorder.pause(False)
    listener.wait(lambda: recorder.seconds > paused + 1)
    recorder.stop()
    assert paused - before <= 0.05, "at most the block that was on its way"


def test_a_lost_device_keeps_what_was_said_and_goes_on_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.kit.sound.recorder._RETRY_S", 0.01)
    microphones = VirtualMicrophones(pace=0.02)
    recorder, listener = heard(microphones)
    listener.wait(lambda: recorder.seconds > 0.3)
    microphones.plugged = False
    listener.wait(lambda: (RecorderState.LOST, port.LOST) in listener.states)
    kept = recorder.seconds
    assert len(b"".join(listener.pieces)) == round(kept * port.RATE_HZ) * 2, "safe before it is told"
    microphones.plugged = True
    listener.wait(lambda: recorder.seconds > kept + 0.5)
    recorder.stop()
    assert len(b"".join(listener.pieces)) == round(recorder.seconds * port.RATE_HZ) * 2


@pytest.mark.parametrize("trouble", ["busy", "absent"])
def test_a_device_that_cannot_be_opened_is_told(trouble: str) -> None:
    microphones = VirtualMicrophones()
    microphones.busy, microphones.plugged = trouble == "busy", trouble == "busy"
    recorder, listener = heard(microphones)
    listener.wait(lambda: listener.states)
    recorder.stop()
    assert listener.states[0] == (RecorderState.LOST, port.BUSY if trouble == "busy" else port.NO_DEVICE)


def test_flac_is_lossless_and_half_the_size() -> None:
    pcm = tone(300, 2.0, rate_hz=port.RATE_HZ).pcm()
    kept = flac.encode(pcm)
    assert kept.startswith(b"fLaC") and len(kept) < len(pcm) * 0.8
    back = Sound.of_wav(flac.to_wav(kept))
    assert (back.pcm(), back.rate_hz) == (pcm, port.RATE_HZ)
    with pytest.raises(flac.NotSound):
        flac.to_wav(kept[:20] + bytes(50))


def test_without_pyaudio_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "pyaudio":
            raise ImportError
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SoundTrouble, match="PyAudio"):
        PyAudioMicrophones().devices()


def test_a_computer_without_microphone_has_none() -> None:
    pytest.importorskip("pyaudio")
    microphones = PyAudioMicrophones()
    if microphones.devices():
        pytest.skip("this computer has a microphone")
    with pytest.raises(SoundTrouble, match="麦克风"):
        microphones.open("")
