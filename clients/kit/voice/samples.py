"""The same call in every voice of this machine, to be compared by ear: `python -m clients.kit.voice.samples DIR`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clients.kit.voice.reading import as_name
from clients.kit.voice.sound import Sound, chime, joined, silence
from clients.kit.voice.voices import SpokenLanguage, Voice, VoiceError

SENTENCES: tuple[tuple[str, SpokenLanguage], ...] = (
    (f"请三号，{as_name('单田芳')}，到CT一室检查。", "zh"),
    (f"请十二号，{as_name('曾少华')}，到核磁共振二室检查。", "zh"),
)


@dataclass(frozen=True)
class Sample:
    """What one voice says; `reason` instead of a sound where it cannot speak here."""

    voice: str
    wav: bytes
    reason: str = ""


def samples() -> Iterator[Sample]:
    """One for each voice."""
    from clients.kit.voice.espeak_voice import EspeakVoice
    from clients.kit.voice.neural_voice import NeuralVoice
    from clients.kit.voice.system_voice import SystemVoice

    voices: tuple[Voice, ...] = (SystemVoice(), NeuralVoice(), EspeakVoice())
    for voice in voices:
        yield sample_of(voice)
        voice.close()


def sample_of(voice: Voice) -> Sample:
    """The sentences by one voice, with the chime before them."""
    reason = voice.available()
    if reason is not None:
        return Sample(voice.name, b"", reason)
    try:
        spoken = [Sound.of_wav(voice.synthesize(text, language)) for text, language in SENTENCES]
    except VoiceError as fault:
        return Sample(voice.name, b"", str(fault))
    rate = spoken[0].rate_hz
    parts = [chime(rate), silence(0.25, rate)]
    for sound in spoken:
        parts += [sound, silence(0.8, rate)]
    return Sample(voice.name, joined(parts).wav())


def main(arguments: Sequence[str]) -> int:
    """Write a WAV for each voice into a folder; the exit status."""
    if len(arguments) != 1:
        print("usage: python -m clients.kit.voice.samples DIR", file=sys.stderr)  # noqa: T201
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for sample in samples():
        if sample.reason:
            print(f"{sample.voice}: {sample.reason}")  # noqa: T201
            continue
        path = folder / f"voice-{sample.voice}.wav"
        path.write_bytes(sample.wav)
        print(f"{sample.voice}: {path}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
