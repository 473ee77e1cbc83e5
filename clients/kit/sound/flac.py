"""Lossless files of speech: FLAC through libsndfile (soundfile), and back to WAV for playing."""

from __future__ import annotations

from io import BytesIO

from clients.kit.sound.port import RATE_HZ

MAX_DECODED_BYTES = 1 << 30


class NotSound(ValueError):
    """The bytes are no sound that can be played; the argument is a Chinese source sentence."""


def encode(pcm: bytes, rate_hz: int = RATE_HZ) -> bytes:
    """Little-endian 16-bit mono PCM as FLAC."""
    import numpy as np
    import soundfile

    out = BytesIO()
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    soundfile.write(out, samples, rate_hz, format="FLAC", subtype="PCM_16")
    return out.getvalue()


def to_wav(data: bytes) -> bytes:
    """FLAC (or WAV) as WAV with 16 bits. Raises NotSound."""
    import soundfile

    try:
        with soundfile.SoundFile(BytesIO(data)) as file:
            if file.frames * file.channels * 2 > MAX_DECODED_BYTES:
                raise NotSound("录音太长，不能在这里播放；请导出后播放。")
            samples, rate = file.read(dtype="int16"), file.samplerate
    except soundfile.SoundFileError as error:
        raise NotSound("录音文件已损坏，不能播放。") from error
    out = BytesIO()
    soundfile.write(out, samples, rate, format="WAV", subtype="PCM_16")
    return out.getvalue()
