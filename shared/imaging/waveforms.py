"""Waveform objects (ECG, haemodynamics, audio …): channels in physical units with time (PS3.3 C.10.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.imaging.values import bytes_of, code_of, first_of, items_of, number_of, text_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SAMPLES = 200_000_000
# UCUM of Channel Sensitivity Units to the unit shown and the factor; the rest is shown as written.
_UNITS = {"uV": ("mV", 1e-3), "V": ("mV", 1e3), "mV": ("mV", 1.0), "mm[Hg]": ("mmHg", 1.0), "kPa": ("kPa", 1.0)}


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: values (samples,) float32 in ``unit``; NaN where the sample is padding."""

    label: str
    unit: str
    values: NDArray[Any]
    low_hz: float | None
    high_hz: float | None


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotation of the waveform: text, and where it stands (seconds from the start of its group, or None)."""

    group: int
    text: str
    second: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """A multiplex group: channels sampled together."""

    label: str
    frequency_hz: float
    channels: tuple[Channel, ...]
    problem: str = ""  # a code when its samples cannot be read: `size`, `kind`

    @property
    def seconds(self) -> float:
        return len(self.channels[0].values) / self.frequency_hz if self.channels else 0.0


@dataclass(frozen=True, slots=True)
class Waveform:
    """All groups of an object and what is written on them."""

    groups: tuple[Group, ...]
    marks: tuple[Mark, ...]


def waveform_of(ds: Any) -> Waveform:
    """Read the groups; one that contradicts itself has no channels and names its problem. Never raises."""
    groups = tuple(_group(item, ds) for item in items_of(ds, "WaveformSequence"))
    return Waveform(groups, tuple(_marks(ds, groups)))


_KINDS = {("SB", 8): "i1", ("UB", 8): "u1", ("SS", 16): "i2", ("US", 16): "u2", ("SL", 32): "i4", ("UL", 32): "u4"}


def _group(item: Any, ds: Any) -> Group:
    import numpy as np

    label = text_of(item, "MultiplexGroupLabel")
    frequency = number_of(item, "SamplingFrequency") or 0.0
    count = int(number_of(item, "NumberOfWaveformChannels") or 0)
    samples = int(number_of(item, "NumberOfWaveformSamples") or 0)
    definitions = items_of(item, "ChannelDefinitionSequence")
    interpretation = text_of(item, "WaveformSampleInterpretation")
    bits = int(number_of(item, "WaveformBitsAllocated") or 0)
    kind = _KINDS.get((interpretation, bits))
    if kind is None and interpretation in ("MB", "AB") and bits == 8:
        kind = "u1"
    if kind is None or frequency <= 0:
        return Group(label, max(frequency, 1.0), (), "kind")
    data = _sample_bytes(item)
    step = np.dtype(kind).itemsize
    if count < 1 or samples < 1 or count * samples > MAX_SAMPLES or len(definitions) < count:
        return Group(label, frequency, (), "size")
    samples = min(samples, len(data) // (step * count))
    if samples < 1:
        return Group(label, frequency, (), "size")
    order = ">" if _is_big(ds) and step > 1 else "<"
    stored = np.frombuffer(data, np.dtype(order + kind), samples * count).reshape(samples, count)
    padding = _padding(item, kind, order)
    if interpretation in ("MB", "AB"):
        table = _companded(interpretation)
        stored = table[stored]
    channels = tuple(_channel(definitions[n], stored[:, n], n, padding) for n in range(count))
    return Group(label, frequency, channels)


def _sample_bytes(item: Any) -> bytes:
    return bytes_of(item, "WaveformData")


def _is_big(ds: Any) -> bool:
    encoding = getattr(ds, "original_encoding", (None, True))
    return encoding[1] is False


def _padding(item: Any, kind: str, order: str) -> int | None:
    import numpy as np

    raw = bytes_of(item, "WaveformPaddingValue")
    size = np.dtype(kind).itemsize
    if len(raw) >= size:
        return int(np.frombuffer(raw, np.dtype(order + kind), 1)[0])
    # Carts that declare no padding write the lowest value where nothing was measured.
    return -32_768 if kind == "i2" else None


def _companded(law: str) -> NDArray[Any]:
    """8-bit mu-law or A-law to linear values (ITU-T G.711)."""
    import numpy as np

    codes = np.arange(256)
    if law == "MB":
        inverted = ~codes & 0xFF
        size = (((inverted & 0x0F) << 3) + 0x84 << ((inverted & 0x70) >> 4)) - 0x84
        return np.where(inverted & 0x80, -size, size).astype(np.int32)
    toggled = codes ^ 0x55
    exponent, mantissa = (toggled & 0x70) >> 4, (toggled & 0x0F) << 4
    size = np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(toggled & 0x80, size, -size).astype(np.int32)


def _channel(item: Any, stored: NDArray[Any], place: int, padding: int | None) -> Channel:
    import numpy as np

    _, _, meaning = code_of(item, "ChannelSourceSequence")
    unit_item = first_of(item, "ChannelSensitivityUnitsSequence")
    unit = text_of(unit_item, "CodeValue") if unit_item is not None else ""
    shown, factor = _UNITS.get(unit, (unit, 1.0))
    sensitivity = number_of(item, "ChannelSensitivity") or 1.0
    correction = number_of(item, "ChannelSensitivityCorrectionFactor") or 1.0
    baseline = number_of(item, "ChannelBaseline") or 0.0
    # PS3.3 C.10.9.1.4.2: value = (sample x sensitivity x correction) + baseline, in the sensitivity's unit.
    values = (stored.astype(np.float64) * sensitivity * correction + baseline) * factor
    result = values.astype(np.float32)
    if padding is not None:
        result[stored == padding] = np.nan
    return Channel(
        label=_lead(meaning) or text_of(item, "ChannelLabel") or f"#{place + 1}",
        unit=shown,
        values=result,
        low_hz=number_of(item, "FilterLowFrequency"),
        high_hz=number_of(item, "FilterHighFrequency"),
    )


def _lead(meaning: str) -> str:
    """'Lead aVR (Einthoven)' as 'aVR'."""
    words = meaning.replace("(", " ").split()
    return words[1] if len(words) >= 2 and words[0].lower() == "lead" else meaning


def _marks(ds: Any, groups: tuple[Group, ...]) -> list[Mark]:
    found = []
    for item in items_of(ds, "WaveformAnnotationSequence"):
        text = text_of(item, "UnformattedTextValue")
        if not text:
            _, _, name = code_of(item, "ConceptNameCodeSequence")
            _, _, value = code_of(item, "ConceptCodeSequence")
            number = text_of(item, "NumericValue")
            unit = first_of(item, "MeasurementUnitsCodeSequence")
            text = " ".join(
                p for p in (name, value or number, text_of(unit, "CodeValue") if unit is not None else "") if p
            )
        channels = text_of(item, "ReferencedWaveformChannels").split("\\")
        group = int(channels[0]) - 1 if channels and channels[0].isdigit() else 0
        position = number_of(item, "ReferencedSamplePositions")
        second = None
        if position is not None and 0 <= group < len(groups):
            second = (position - 1) / groups[group].frequency_hz
        if text:
            found.append(Mark(max(group, 0), text, second))
    return found
