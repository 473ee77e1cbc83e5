"""Samples of the voices: a WAV for each that can speak here, a sentence for each that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.kit.voice.samples import main, sample_of
from clients.kit.voice.sound import Sound
from clients.kit.voice.system_voice import SystemVoice
from clients.kit.voice.voices import ToneVoice


def test_a_sample_is_a_chime_and_two_calls() -> None:
    sample = sample_of(ToneVoice())
    assert sample.reason == ""
    assert 5 < Sound.of_wav(sample.wav).seconds < 20


def test_a_voice_that_cannot_speak_says_why() -> None:
    sample = sample_of(SystemVoice(command=("/nonexistent/program",)))
    assert sample.wav == b""
    assert sample.reason


def test_samples_are_written_for_the_voices_of_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main([str(tmp_path / "samples")]) == 0
    written = sorted(path.name for path in (tmp_path / "samples").iterdir())
    told = capsys.readouterr().out
    for voice in ("system", "neural", "espeak"):
        assert f"{voice}: " in told
    assert all(Sound.of_wav((tmp_path / "samples" / name).read_bytes()).seconds > 3 for name in written)
