"""Mono 16-bit sound with the standard library only: WAV in and out, joining, levels, tones."""

from __future__ import annotations

import array
import io
import math
import sys
import wave
from collections.abc import Iterable
from dataclasses import dataclass

RATE_HZ = 22050
FULL_SCALE = 32767


class SoundError(ValueError):
    """Bytes are not a WAV file we can play."""


@dataclass(frozen=True)
class Sound:
    """Samples from -32768 to 32767 in machine order, one channel, at `rate_hz`."""

    samples: array.array[int]
    rate_hz: int = RATE_HZ

    @classmethod
    def of_pcm(cls, data: bytes, rate_hz: int = RATE_HZ) -> Sound:
        """From little-endian 16-bit PCM."""
        samples = array.array("h")
        samples.frombytes(data[: len(data) // 2 * 2])
        if sys.byteorder == "big":
            samples.byteswap()
        return cls(samples, rate_hz)

    @classmethod
    def of_wav(cls, data: bytes) -> Sound:
        """From a WAV file, 8 or 16 bits, any number of channels (the first is taken). Raises SoundError."""
        try:
            with wave.open(io.BytesIO(data)) as file:
                width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
                frames = file.readframes(file.getnframes())
        except (wave.Error, EOFError) as fault:
            raise SoundError(f"not a WAV recording: {fault}") from fault
        if width == 1:
            samples = array.array("h", ((byte - 128) << 8 for byte in frames))
        elif width == 2:
            samples = cls.of_pcm(frames).samples
        else:
            raise SoundError(f"the recording has {width * 8} bits a sample; save it with 16")
        return cls(samples[::channels], rate)

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.samples) / self.rate_hz

    @property
    def peak(self) -> float:
        """Largest deflection, 0 to 1."""
        return max(max(self.samples, default=0), -min(self.samples, default=0)) / 32768

    def pcm(self) -> bytes:
        """Little-endian 16-bit PCM."""
        samples = self.samples
        if sys.byteorder == "big":
            samples = array.array("h", samples)
            samples.byteswap()
        return samples.tobytes()

    def wav(self) -> bytes:
        """A WAV file."""
        buffer = io.BytesIO()
        with wave.open(buffer, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate_hz)
            file.writeframes(self.pcm())
        return buffer.getvalue()

    def trimmed(self, floor: float = 0.004) -> Sound:
        """Without the silence at both ends; 10 ms are left so that no onset is cut."""
        limit = int(floor * 32768)
        loud = [i for i, value in enumerate(self.samples) if value > limit or value < -limit]
        if not loud:
            return Sound(array.array("h"), self.rate_hz)
        margin = self.rate_hz // 100
        return Sound(self.samples[max(loud[0] - margin, 0) : loud[-1] + margin], self.rate_hz)

    def levelled(self, peak: float = 0.89) -> Sound:
        """Scaled so that the loudest sample reaches `peak` (0.89 is -1 dB of full scale); silence stays silence."""
        now = self.peak
        if now == 0:
            return self
        factor = peak / now
        return Sound(array.array("h", (round(value * factor) for value in self.samples)), self.rate_hz)

    def scaled(self, factor: float) -> Sound:
        """Every sample times `factor`, 0 to 1."""
        if factor == 1:
            return self
        return Sound(array.array("h", (round(value * factor) for value in self.samples)), self.rate_hz)

    def at_rate(self, rate_hz: int) -> Sound:
        """Brought to another sample rate by linear interpolation (enough for speech and chimes)."""
        if rate_hz == self.rate_hz or not self.samples:
            return Sound(self.samples, rate_hz)
        count = round(len(self.samples) * rate_hz / self.rate_hz)
        step = (len(self.samples) - 1) / max(count - 1, 1)
        made = array.array("h", bytes(2 * count))
        for index in range(count):
            place = index * step
            left = int(place)
            right = min(left + 1, len(self.samples) - 1)
            share = place - left
            made[index] = round(self.samples[left] * (1 - share) + self.samples[right] * share)
        return Sound(made, rate_hz)


def silence(seconds: float, rate_hz: int = RATE_HZ) -> Sound:
    """Nothing to hear."""
    return Sound(array.array("h", bytes(2 * round(seconds * rate_hz))), rate_hz)


def tone(
    frequency_hz: float, seconds: float, *, peak: float = 0.5, decay_s: float = 0.0, rate_hz: int = RATE_HZ
) -> Sound:
    """A sine; with `decay_s` it fades like a bell, else only its ends are softened."""
    count = round(seconds * rate_hz)
    edge = max(1, rate_hz // 200)
    samples = array.array("h", bytes(2 * count))
    for index in range(count):
        envelope = min(1.0, index / edge, (count - index) / edge)
        if decay_s:
            envelope *= math.exp(-index / rate_hz / decay_s)
        samples[index] = round(peak * envelope * FULL_SCALE * math.sin(2 * math.pi * frequency_hz * index / rate_hz))
    return Sound(samples, rate_hz)


def chime(rate_hz: int = RATE_HZ) -> Sound:
    """The two bell tones before a call (E5, C5)."""
    return joined(
        [
            tone(659.26, 0.45, peak=0.45, decay_s=0.25, rate_hz=rate_hz),
            tone(523.25, 0.8, peak=0.45, decay_s=0.35, rate_hz=rate_hz),
        ]
    )


def joined(sounds: Iterable[Sound]) -> Sound:
    """One after the other, at the rate of the first."""
    parts = list(sounds)
    if not parts:
        return silence(0)
    rate = parts[0].rate_hz
    samples = array.array("h")
    for part in parts:
        samples.extend(part.at_rate(rate).samples)
    return Sound(samples, rate)
