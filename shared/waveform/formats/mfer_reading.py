"""Reads MFER (ISO 22077-1: tag, length, value; ECG by parts 2 and 3), uncompressed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.domain.states import Sex
from shared.waveform.formats import base, lead_codes
from shared.waveform.formats import mfer_tags as tags
from shared.waveform.formats.base import EcgFormatError, Source
from shared.waveform.formats.dicom_concepts import mark_parts
from shared.waveform.record import (
    MISSING,
    AcquisitionFilters,
    Annotation,
    EcgDevice,
    EcgPatient,
    EcgRecord,
    MedianBeats,
    StoredMeasurement,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class _Channel:
    """What is defined for a channel; None where the definition of all channels counts."""

    block: int | None = None
    sequences: int | None = None
    kind: int | None = None
    hertz: float | None = None
    gain_uv: float | None = None
    volts: bool | None = None
    offset: int | None = None
    null: int | None = None
    lead: str = ""
    waveform: int | None = None


@dataclass
class _Frame:
    """Samples of one data definition."""

    median: bool
    names: tuple[str, ...]
    rows: list[NDArray[Any]]
    gain_uv: tuple[float, ...]
    baseline: tuple[float, ...]
    hertz: float


@dataclass
class _State:
    """Everything read so far."""

    order: str = ">"
    codec: str = ""
    count: int = 1
    all: _Channel = field(default_factory=_Channel)
    each: dict[int, _Channel] = field(default_factory=dict)
    frames: list[_Frame] = field(default_factory=list)
    patient: dict[str, Any] = field(default_factory=dict)
    machine: tuple[str, ...] = ()
    started: datetime | None = None
    filters: dict[str, float | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    events: list[tuple[int, int, str]] = field(default_factory=list)
    values: list[StoredMeasurement] = field(default_factory=list)
    uid: str = ""
    findings: list[str] = field(default_factory=list)

    def number(self, raw: bytes, signed: bool = False) -> int:
        return int.from_bytes(raw, "big" if self.order == ">" else "little", signed=signed)

    def text(self, raw: bytes) -> str:
        if self.codec:
            try:
                return raw.split(b"\0", 1)[0].decode(self.codec, "replace").strip()
            except LookupError:
                self.codec = ""
        return base.decoded(raw)


def read(source: Source) -> EcgRecord:
    """The record of an MFER file. Raises EcgFormatError."""
    state = _State()
    _walk(state, source.data, None, 0)
    rhythm = [frame for frame in state.frames if not frame.median]
    medians = [frame for frame in state.frames if frame.median]
    if not rhythm:
        raise EcgFormatError("the MFER file holds no waveform")
    first = _joined(rhythm, state.findings)
    leads, written = base.named_leads(first.names)
    device = [*state.machine, "", "", "", ""]
    filters = state.filters
    return base.built(
        leads=leads,
        samples=_stacked(first.rows),
        gain_uv=first.gain_uv,
        baseline=first.baseline,
        sampling_hz=first.hertz,
        started=state.started,
        patient=EcgPatient(**state.patient),
        device=EcgDevice(device[0], device[1], device[3], device[2]),
        filters=AcquisitionFilters(filters.get("HPF"), filters.get("LPF"), filters.get("BEF")),
        annotations=tuple(_marks(state, set(leads))),
        measurements=tuple(state.values),
        statements=tuple(state.notes),
        median=_median(medians[0]) if medians else None,
        identifier=state.uid,
        original_leads=written,
        findings=state.findings,
    )


def _definitions(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Tag, channel (of attributes, else -1) and value, one after the other."""
    place = 0
    while place < len(data):
        tag = data[place]
        place += 1
        if tag == 0:
            continue
        if tag == tags.END:
            return
        channel = -1
        if tag == tags.ATTRIBUTE:
            channel = 0
            for _ in range(4):
                byte = data[place] if place < len(data) else 0
                place += 1
                channel = channel << 7 | byte & 0x7F
                if byte < 0x80:
                    break
        if place >= len(data):
            raise EcgFormatError("the MFER file ends within a definition")
        length = data[place]
        place += 1
        if length > 0x80:
            count = length & 0x7F
            if count > 4 or place + count > len(data):
                raise EcgFormatError("the MFER file gives a length that cannot be right")
            length = int.from_bytes(data[place : place + count], "big")
            place += count
        elif length == 0x80:  # until two zeros
            end = data.find(b"\0\0", place)
            if end < 0:
                raise EcgFormatError("a group of the MFER file has no end")
            yield tag, channel, data[place:end]
            place = end + 2
            continue
        if place + length > len(data):
            raise EcgFormatError(f"the MFER file ends within the definition of tag {tag:02X}")
        yield tag, channel, data[place : place + length]
        place += length


def _walk(state: _State, data: bytes, channel: int | None, depth: int) -> None:
    if depth > 8:
        raise EcgFormatError("the groups of the MFER file nest too deeply")
    for tag, number, value in _definitions(data):
        if tag == tags.ATTRIBUTE:
            if number < 64:
                _walk(state, value, number, depth + 1)
        elif tag == tags.GROUP:
            _walk(state, value, channel, depth + 1)
        elif tag == tags.DATA:
            _frame(state, value)
        elif not _of_channel(state, tag, value, channel):
            _of_file(state, tag, value)


def _of_channel(state: _State, tag: int, value: bytes, channel: int | None) -> bool:
    """Definitions of sampling, for one channel or for all."""
    target = state.all if channel is None else state.each.setdefault(channel, _Channel())
    if tag in (tags.BLOCK, tags.SEQUENCES):
        number = state.number(value) if value else None
        if number is not None and (len(value) > 4 or number < 1):
            raise EcgFormatError("the MFER file gives a block length or count that cannot be right")
        setattr(target, "block" if tag == tags.BLOCK else "sequences", number)
    elif tag == tags.DATA_TYPE:
        target.kind = value[0] if value else None
    elif tag == tags.INTERVAL:
        target.hertz = _rate(state, value) if value else None
    elif tag == tags.SENSITIVITY:
        scaled = _scaled(state, value) if value else None
        target.volts = None if scaled is None else value[0] in tags.TO_UV
        target.gain_uv = None if scaled is None else scaled * tags.TO_UV.get(value[0], 1.0)
    elif tag == tags.OFFSET:
        target.offset = state.number(value, signed=True) if value else None
    elif tag == tags.NULL_VALUE:
        target.null = state.number(value, signed=True) if value else None
    elif tag == tags.LEAD:
        code = value[0] if len(value) == 1 else state.number(value[:2])
        target.lead = lead_codes.name_of(code) or tags.LEADS.get(code, "") or state.text(value[2:])
    elif tag == tags.WAVEFORM:
        target.waveform = state.number(value[:2]) if value else None
    else:
        return False
    return True


def _scaled(state: _State, value: bytes) -> float:
    """Mantissa x 10^exponent behind a byte for the unit."""
    if len(value) < 3 or len(value) > 10:
        raise EcgFormatError("the MFER file gives a sampling rate or resolution that cannot be right")
    exponent = int.from_bytes(value[1:2], "big", signed=True)
    mantissa = state.number(value[2:], signed=True)
    return float(f"{mantissa}e{exponent}")


def _rate(state: _State, value: bytes) -> float:
    scaled = _scaled(state, value)
    if scaled <= 0 or value[0] not in (0, 1):
        raise EcgFormatError("the MFER file gives a sampling rate that cannot be right")
    return base.checked_rate(scaled if value[0] == 0 else 1 / scaled)


def _of_file(state: _State, tag: int, value: bytes) -> None:
    if tag == tags.BYTE_ORDER:
        state.order = "<" if value[:1] == b"\1" else ">"
    elif tag == tags.TEXT_CODE:
        name = value.split(b"\0")[0].decode("ascii", "replace").strip().lower()
        state.codec = {"utf-8": "utf-8", "utf8": "utf-8", "unicode": "utf-8", "gb18030": "gb18030"}.get(name, "")
        state.codec = "shift_jis" if name.startswith("jis x 0201") else state.codec
    elif tag == tags.CHANNELS:
        state.count = state.number(value[:4]) if value else 1
        base.checked_size(state.count, 1)
        state.each = {}
    elif tag == tags.COMPRESSION:
        if value and state.number(value[:2]) != 0:
            raise EcgFormatError("the MFER file is compressed, which is not read")
    elif tag == tags.MACHINE:
        state.machine = tuple(part.strip() for part in state.text(value).split("^"))
    elif tag == tags.TIME:
        state.started = _moment(state, value)
    elif tag == tags.FILTER:
        kind, _, rest = state.text(value).partition("=")
        state.filters[kind.strip().upper()] = base.number(rest.split("^")[0].removesuffix("Hz").strip())
    elif tag == tags.NOTE:
        state.notes += [line for line in [state.text(value)] if line]
    elif tag == tags.EVENT and len(value) >= 6 and len(state.events) < 200_000:
        length = state.number(value[6:10], signed=True) if len(value) >= 10 else 0
        state.events.append((state.number(value[2:6], signed=True), length, state.text(value[10:])))
    elif tag == tags.VALUE and len(value) > 6:
        _stored(state, state.text(value[6:]))
    elif tag == tags.UID:
        state.uid = state.text(value)
    else:
        _of_patient(state, tag, value)


def _of_patient(state: _State, tag: int, value: bytes) -> None:
    if tag == tags.PATIENT_NAME:
        state.patient["name"] = " ".join(part for part in state.text(value).split("^")[::2] if part.strip())
    elif tag == tags.PATIENT_ID:
        state.patient["identifier"] = state.text(value).split("^")[0]
    elif tag == tags.SEX and value:
        state.patient["sex"] = {1: Sex.MALE, 2: Sex.FEMALE}.get(value[0], Sex.UNKNOWN)
    elif tag == tags.AGE and value:
        days = state.number(value[1:3]) if len(value) >= 3 else 0
        if 0 < value[0] < 200 or days:
            state.patient["age_years"] = value[0] + days / 365.25 if value[0] < 200 else days / 365.25
        if len(value) >= 7:
            state.patient["birth_date"] = base.day(f"{state.number(value[3:5]):04d}{value[5]:02d}{value[6]:02d}")


def _moment(state: _State, value: bytes) -> datetime | None:
    if len(value) < 7:
        return None
    micro = state.number(value[7:9]) * 1000 if len(value) >= 9 else 0
    micro += state.number(value[9:11]) if len(value) >= 11 else 0
    try:
        month, day, hour, minute, second = value[2:7]
        return datetime(state.number(value[:2]), month, day, hour, minute, second, min(micro, 999_999))
    except ValueError:
        return None


def _stored(state: _State, text: str) -> None:
    """A measured value as this suite writes it: name^value^unit^lead."""
    parts = text.split("^")
    value = base.number(parts[1]) if len(parts) > 1 else None
    if value is not None:
        rest = [*parts[2:], "", ""]
        state.values.append(StoredMeasurement(parts[0], value, rest[0], rest[1]))


def _marks(state: _State, leads: set[str]) -> list[Annotation]:
    found = []
    for place, length, text in state.events:
        line, mark, lead = text.rpartition("@@")
        code, words = mark_parts(line if mark and lead in leads else text)
        found.append(Annotation(place, code, words, lead if mark and lead in leads else "", place + length or None))
    return [
        Annotation(one.sample, one.code, one.text, one.lead, one.end_sample if one.end_sample != one.sample else None)
        for one in found
    ]


def _frame(state: _State, data: bytes) -> None:
    """Sequences of blocks, channel after channel: the samples of one data definition."""
    import numpy as np

    channels = [_merged(state, n) for n in range(state.count)]
    kinds = []
    for channel in channels:
        kind = channel.kind or 0
        if kind not in tags.DATA_TYPES and kind != tags.STATUS:
            raise EcgFormatError(f"the MFER file holds samples of type {kind}, which is not read")
        kinds.append(np.dtype(state.order + tags.DATA_TYPES.get(kind, "u2")))
    blocks = [channel.block or 1 for channel in channels]
    if any(channel.sequences not in (None, channels[0].sequences) for channel in channels):
        raise EcgFormatError("the MFER file gives channels of different length, which is not read")
    size = sum(block * kind.itemsize for block, kind in zip(blocks, kinds, strict=True))
    if size > len(data):
        raise EcgFormatError("the MFER file gives longer blocks than it has samples")
    sequences = min(channels[0].sequences or len(data) // size, len(data) // size)
    base.checked_size(state.count, sequences * max(blocks))
    if sequences * size < len(data):
        state.findings.append(f"{len(data) - sequences * size} bytes of samples do not fill a block; they are left out")
    layout = np.dtype([(f"c{n}", kind, (block,)) for n, (kind, block) in enumerate(zip(kinds, blocks, strict=True))])
    table = np.frombuffer(data, layout, sequences)
    rates = {channel.hertz for n, channel in enumerate(channels) if channel.kind != tags.STATUS}
    hertz = max((rate for rate in rates if rate), default=0.0)
    if not hertz:
        raise EcgFormatError("the MFER file does not say how fast it was sampled")
    _add(state, channels, [table[f"c{n}"].reshape(-1) for n in range(state.count)], hertz)


def _add(state: _State, channels: list[_Channel], columns: list[NDArray[Any]], hertz: float) -> None:
    import numpy as np

    names, rows, gains, zeros = [], [], [], []
    for n, (channel, stored) in enumerate(zip(channels, columns, strict=True)):
        name = channel.lead or f"CH{n + 1}"
        if channel.kind == tags.STATUS or channel.volts is False:
            state.findings.append(f"channel {name} is not in volts and is left out")
            continue
        if abs((channel.hertz or 0.0) - hertz) > 1e-6:
            state.findings.append(f"channel {name} is sampled at {channel.hertz} Hz, not {hertz:g}; it is left out")
            continue
        if stored.dtype.kind == "u" and stored.dtype.itemsize == 4 and int(stored.max(initial=0)) > 2**31 - 1:
            raise EcgFormatError("unsigned 32-bit samples above 2147483647 are not read")
        row = stored.astype(np.int32)
        if channel.null is not None:
            bits = 8 * stored.dtype.itemsize
            null = channel.null if stored.dtype.kind == "i" else channel.null & ((1 << bits) - 1)
            row[row == null] = MISSING
        gain = 1.0 if channel.gain_uv is None else channel.gain_uv
        if not 1e-9 <= abs(gain) <= 1e9:
            raise EcgFormatError(f"a resolution of {gain} µV cannot be right")
        names.append(name)
        rows.append(row)
        gains.append(base.snapped(gain * 1e6, 1e-12) / 1e6)
        zeros.append(float(-(channel.offset or 0)))
    if rows:
        median = any(channel.waveform == tags.DOMINANT_BEAT for channel in channels)
        state.frames.append(_Frame(median, tuple(names), rows, tuple(gains), tuple(zeros), hertz))


def _merged(state: _State, number: int) -> _Channel:
    own = state.each.get(number, _Channel())
    merged = _Channel()
    for name in _Channel.__dataclass_fields__:
        value = getattr(own, name)
        shared = getattr(state.all, name) if name != "lead" or number == 0 else ""
        setattr(merged, name, value if value not in (None, "") else shared)
    return merged


def _joined(frames: list[_Frame], findings: list[str]) -> _Frame:
    """Frames of the same definitions one after the other."""
    import numpy as np

    def key(frame: _Frame) -> Any:
        return frame.names, frame.gain_uv, frame.baseline, frame.hertz

    first = frames[0]
    same = [frame for frame in frames if key(frame) == key(first)]
    if len(same) < len(frames):
        findings.append(f"{len(frames) - len(same)} frames of the MFER file define other channels; they are left out")
    if len(same) > 1:
        first.rows = [np.concatenate([frame.rows[n] for frame in same]) for n in range(len(first.rows))]
    return first


def _stacked(rows: list[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    length = max(row.size for row in rows)
    base.checked_size(len(rows), length)
    made = np.full((len(rows), length), MISSING, dtype=np.int32)
    for n, row in enumerate(rows):
        made[n, : row.size] = row
    return made


def _median(frame: _Frame) -> MedianBeats:
    leads, _ = base.named_leads(frame.names)
    return MedianBeats(leads, _stacked(frame.rows), frame.gain_uv, frame.baseline, frame.hertz)
