"""Reads WFDB records (PhysioNet header(5), signal(5)): all integer formats, segments, annotations beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.waveform.formats import base, wfdb_signals
from shared.waveform.formats.base import EcgFormatError, Source
from shared.waveform.formats.wfdb_annotations import read_annotations
from shared.waveform.leads import TWELVE, is_lead, standard_name
from shared.waveform.record import MISSING, Annotation, EcgPatient, EcgRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIGNAL = re.compile(
    r"(?P<file>\S+)\s+(?P<form>\d+)(?:x(?P<frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?"
    r"(?:\s+(?P<gain>[-+\d.eE]+)(?:\((?P<baseline>[-+]?\d+)\))?(?:/(?P<unit>\S+))?"
    r"(?:\s+(?P<bits>\d+)(?:\s+(?P<zero>[-+]?\d+)(?:\s+(?P<initial>[-+]?\d+)"
    r"(?:\s+(?P<checksum>[-+]?\d+)(?:\s+(?P<block>\d+)(?:\s+(?P<text>.*))?)?)?)?)?)?)?\s*$"
)
_TO_UV = {"mv": 1e3, "uv": 1.0, "µv": 1.0, "v": 1e6, "nv": 1e-3}
_FINER = 64
"""Signals of 16 bits leave room for it in 32; what is rounded then stays far below what the device could tell."""
_NULL = 0
"""Format of a signal that is named but not recorded: in the layout header of records whose segments differ."""
ANNOTATORS = ("atr", "q1c", "qrs", "ecg", "man", "ari", "pu0")


@dataclass(frozen=True)
class _Signal:
    """A signal line of the header."""

    file: str
    form: int
    frame: int
    skew: int
    offset: int
    gain: float
    baseline: int
    unit: str
    initial: int
    checksum: int | None
    text: str


@dataclass(frozen=True)
class _Header:
    """A header file."""

    name: str
    segments: tuple[tuple[str, int], ...]
    hertz: float
    samples: int
    started: datetime | None
    signals: tuple[_Signal, ...]
    comments: tuple[str, ...]


def read(source: Source) -> EcgRecord:
    """The record of a .hea file and the signal files beside it. Raises EcgFormatError."""
    header = _header(source.data)
    findings: list[str] = []
    if header.segments:
        signals, samples, frame = _segments(header, source, findings)
    else:
        frame = _main_frame(header.signals)
        signals, samples = _signals(header, source, frame, findings)
    used = [n for n, one in enumerate(signals) if one.unit.lower() in _TO_UV]
    for n, one in enumerate(signals):
        if n not in used:
            findings.append(f"signal {one.text or n + 1} is measured in {one.unit}, not in volts; it is left out")
    if not used:
        raise EcgFormatError("the WFDB record holds no signal in volts")
    leads, written = base.named_leads([signals[n].text or f"CH{n + 1}" for n in used])
    marks, kinds = _marks(source, leads)
    return base.built(
        leads=leads,
        samples=samples[used],
        gain_uv=tuple(_gain(signals[n]) for n in used),
        baseline=tuple(float(signals[n].baseline) for n in used),
        sampling_hz=base.checked_rate(header.hertz * frame),
        started=header.started,
        patient=_patient(header.comments),
        annotations=tuple(marks),
        statements=_diagnoses(header.comments),
        identifier=header.name,
        original_leads=written,
        extra={"wfdb.annotations": " ".join(kinds)} if kinds else {},
        findings=findings,
    )


def _gain(signal: _Signal) -> float:
    gain = _TO_UV[signal.unit.lower()] / signal.gain
    return base.snapped(gain * 1e6, 1e-12) / 1e6


def _header(data: bytes) -> _Header:
    if len(data) > 8 << 20:
        raise EcgFormatError("the WFDB header is larger than 8 MB")
    text = data.decode("utf-8-sig", errors="replace")
    lines = [line.strip() for line in text.splitlines()]
    comments = tuple(line[1:].strip() for line in lines if line.startswith("#"))
    lines = [line for line in lines if line and not line.startswith("#")]
    words = lines[0].split() if lines else []
    if len(words) < 2 or not words[1].isdigit():
        raise EcgFormatError("the WFDB header has no record line")
    name, _, parts = words[0].partition("/")
    count = int(words[1])
    base.checked_size(max(count, 1), 1)
    frequency = re.match(r"[-+\d.eE]+", words[2]) if len(words) > 2 else None
    hertz = base.checked_rate(base.number(frequency.group()) if frequency else 250.0)
    samples = int(words[3]) if len(words) > 3 and words[3].isdigit() and len(words[3]) < 13 else 0
    rows = lines[1:]
    if parts:
        return _Header(name, _segment_lines(rows, parts), hertz, samples, _moment(words[4:6]), (), comments)
    if len(rows) < count:
        raise EcgFormatError(f"the WFDB header describes {len(rows)} of its {count} signals")
    signals = tuple(_signal(row) for row in rows[:count])
    return _Header(name, (), hertz, samples, _moment(words[4:6]), signals, comments)


def _segment_lines(rows: list[str], said: str) -> tuple[tuple[str, int], ...]:
    if not said.isdigit() or not 1 <= int(said) <= 100_000 or len(rows) < int(said):
        raise EcgFormatError("the WFDB header does not name all its segments")
    found = []
    for row in rows[: int(said)]:
        words = row.split()
        if len(words) < 2 or not words[1].isdigit() or len(words[1]) > 12:
            raise EcgFormatError("a segment line of the WFDB header cannot be read")
        found.append((words[0], int(words[1])))
    return tuple(found)


def _signal(row: str) -> _Signal:
    found = _SIGNAL.match(row)
    if found is None or len(row) > 2000:
        raise EcgFormatError(f"a signal line of the WFDB header cannot be read: {row[:60]!r}")
    part = found.groupdict()
    numbers = {key: int(value) for key, value in part.items() if value and key not in ("file", "gain", "unit", "text")}
    if any(abs(value) > 2**40 for value in numbers.values()):
        raise EcgFormatError("a signal line of the WFDB header holds numbers out of all bounds")
    gain = base.number(part["gain"]) if part["gain"] else None
    if gain is not None and gain != 0 and not 1e-9 <= abs(gain) <= 1e12:
        raise EcgFormatError(f"a gain of {gain} cannot be right")
    if numbers["form"] != _NULL:
        wfdb_signals.known(numbers["form"])
    zero = numbers.get("zero", 0)
    return _Signal(
        part["file"],
        numbers["form"],
        max(numbers.get("frame", 1), 1),
        numbers.get("skew", 0),
        numbers.get("offset", 0),
        gain or 200.0,
        numbers.get("baseline", zero),
        part["unit"] or "mV",
        numbers.get("initial", zero),
        numbers.get("checksum"),
        (part["text"] or "").strip(),
    )


def _moment(words: list[str]) -> datetime | None:
    if len(words) < 2:
        return None
    for form in ("%H:%M:%S.%f %d/%m/%Y", "%H:%M:%S %d/%m/%Y"):
        try:
            return datetime.strptime(" ".join(words), form)
        except ValueError:
            continue
    return None


def _main_frame(signals: Iterable[_Signal]) -> int:
    """Samples a frame of the ECG: monitors store it several times as densely as pressure or breathing.

    The signals in volts with the most names of leads among them; of equals the most signals, then the densest.
    """
    groups: dict[int, list[_Signal]] = {}
    for one in signals:
        groups.setdefault(one.frame, []).append(one)

    def rank(frame: int) -> tuple[int, int, int]:
        in_volts = [one for one in groups[frame] if one.unit.lower() in _TO_UV and one.text != "EDF Annotations"]
        return sum(is_lead(one.text) for one in in_volts), len(in_volts), frame

    return max(groups, key=rank, default=1)


def _signals(header: _Header, source: Source, frame: int, findings: list[str]) -> tuple[list[_Signal], NDArray[Any]]:
    """The signals [signal, sample] of one segment with so many samples a frame; others are left out."""
    import numpy as np

    if not header.signals:
        raise EcgFormatError("the WFDB header names no signals")
    recorded = [one for one in header.signals if one.form != _NULL]
    rows: list[tuple[_Signal, NDArray[Any]]] = []
    for name in dict.fromkeys(one.file for one in recorded):
        group = [one for one in recorded if one.file == name]
        data = source.beside(name)
        if data is None:
            raise EcgFormatError(f"the signal file {name} of the WFDB record is missing: put it beside the header")
        rows += _file(group, data, header.samples, findings)
    kept = [(one, row) for one, row in rows if one.frame == frame]
    for one, _ in rows:
        if one.frame != frame:
            said = f"signal {one.text} has {one.frame} samples a frame where others have {frame}; left out"
            findings.extend([said] if said not in findings else [])
    length = max((row.size for _, row in kept), default=0)
    base.checked_size(max(len(kept), 1), length)
    order = {id(one): n for n, one in enumerate(header.signals)}
    kept.sort(key=lambda pair: order[id(pair[0])])
    samples = np.full((len(kept), length), MISSING, dtype=np.int32)
    for n, (one, row) in enumerate(kept):
        samples[n, : row.size] = row
        there = row[row != MISSING]
        same = one.checksum is None or (int(there.sum()) - one.checksum) % 65_536 == 0
        whole = (int(row.astype(np.int64).sum()) - (one.checksum or 0)) % 65_536 == 0
        if not same and not whole and header.samples and there.size == row.size:
            findings.append(f"the checksum of signal {one.text or n + 1} is wrong")
    return [one for one, _ in kept], samples


def _compressed(group: list[_Signal], data: bytes, samples: int) -> list[NDArray[Any]]:
    frame = group[0].frame
    if any(one.frame != frame for one in group):
        raise EcgFormatError(f"the signals in {group[0].file} are sampled differently, which FLAC cannot hold")
    return list(wfdb_signals.decompressed(data, group[0].form, len(group), group[0].offset, samples * frame))


def _plain(group: list[_Signal], data: bytes, samples: int) -> list[NDArray[Any]]:
    import numpy as np

    first = group[0]
    frame = sum(one.frame for one in group)
    if frame > 4096 or first.offset > len(data):
        raise EcgFormatError(f"the signal file {first.file} does not hold what the header says")
    body = data[first.offset :]
    there = wfdb_signals.capacity(len(body), first.form) // frame
    frames = min(samples or there, there)
    base.checked_size(len(group), frames)
    values = wfdb_signals.unpacked(body, first.form, frames * frame).reshape(frames, frame)
    ends = np.cumsum([one.frame for one in group])[:-1]
    return [np.ascontiguousarray(part).reshape(-1) for part in np.split(values, ends, axis=1)]


def _file(group: list[_Signal], data: bytes, samples: int, findings: list[str]) -> list[tuple[_Signal, NDArray[Any]]]:
    import numpy as np

    first = group[0]
    if any(one.form != first.form for one in group):
        raise EcgFormatError(f"the signals in {first.file} are of different formats")
    rows = _compressed(group, data, samples) if first.form in wfdb_signals.FLAC else _plain(group, data, samples)
    there = rows[0].size // first.frame
    if there < samples:
        findings.append(f"the signal file {first.file} holds {there} of {samples} samples")
    made = []
    for one, stored in zip(group, rows, strict=True):
        row = stored
        if one.form == 8:  # first differences from the initial value
            total = np.cumsum(row.astype(np.int64)) + one.initial
            row = np.clip(total, MISSING + 1, -MISSING - 1).astype(np.int32)
        skew = one.skew * one.frame
        if 0 < skew < row.size:
            row = np.concatenate([row[skew:], np.full(skew, MISSING, dtype=np.int32)])
        made.append((one, row))
    return made


def _segments(header: _Header, source: Source, findings: list[str]) -> tuple[list[_Signal], NDArray[Any], int]:
    """Segments one after the other, and their samples a frame; what a segment lacks is not recorded there."""
    import numpy as np

    parts: list[tuple[int, int, _Header]] = []
    place = 0
    layout: list[_Signal] = []
    for name, length in header.segments:
        if name != "~":
            data = source.beside(f"{name}.hea")
            if data is None:
                raise EcgFormatError(f"the segment {name} of the WFDB record is missing: put it beside the header")
            inner = _header(data)
            if inner.segments:
                raise EcgFormatError("a segment of the WFDB record has segments of its own")
            if length == 0:
                layout = list(inner.signals)
            else:
                parts.append((place, length, inner))
        place += length
    frame = _main_frame(layout or [one for _, _, inner in parts for one in inner.signals])
    place *= frame
    loaded: list[tuple[int, list[_Signal], NDArray[Any]]] = []
    for start, length, inner in parts:
        signals, samples = _signals(inner, source, frame, findings)
        if signals:
            loaded.append((start * frame, signals, samples[:, : length * frame]))
    if not loaded:
        raise EcgFormatError("the WFDB record has no samples")
    names = [one.text for one in layout] or [one.text for one in loaded[0][1]]
    scales = _common_scales([one for _, signals, _ in loaded for one in signals])
    if place > 1000 * sum(samples.shape[1] for _, _, samples in loaded) + 1_000_000:
        raise EcgFormatError("the segments of the WFDB record lie too far apart")
    base.checked_size(len(names), place)
    names = [name for name in dict.fromkeys(names) if name in scales]
    made = np.full((len(names), place), MISSING, dtype=np.int32)
    for start, signals, samples in loaded:
        for one, stored in zip(signals, samples, strict=True):
            if one.text not in names:
                continue
            row = stored
            wanted = scales[one.text]
            if (one.gain, one.baseline, one.unit) != (wanted.gain, wanted.baseline, wanted.unit):
                row = _rescaled(row, one, wanted)
                said = f"segments scale signal {one.text} differently: all were brought to one finer scale"
                findings.extend([said] if said not in findings else [])
            made[names.index(one.text), start : start + row.size] = row
    return [scales[name] for name in names], made, frame


def _common_scales(signals: Iterable[_Signal]) -> dict[str, _Signal]:
    """One scale for each signal of all segments: theirs, or where they differ one far finer than the finest."""
    found: dict[str, _Signal] = {}
    differs: set[str] = set()
    for one in signals:
        other = found.setdefault(one.text, one)
        if (one.gain, one.baseline, one.unit) != (other.gain, other.baseline, other.unit):
            differs.add(one.text)
            if abs(one.gain) / _TO_UV.get(one.unit.lower(), 1.0) > abs(other.gain) / _TO_UV.get(
                other.unit.lower(), 1.0
            ):
                found[one.text] = one
    for name in differs:
        finest = found[name]
        found[name] = replace(finest, gain=finest.gain * _FINER, baseline=finest.baseline * _FINER)
    return found


def _per_uv(signal: _Signal) -> float:
    """Stored units for one µV, without their sign; of other quantities for one of theirs."""
    return abs(signal.gain) / _TO_UV.get(signal.unit.lower(), 1.0)


def _rescaled(row: NDArray[Any], one: _Signal, wanted: _Signal) -> NDArray[Any]:
    import numpy as np

    turned = 1.0 if one.gain * wanted.gain > 0 else -1.0
    scale = turned * _per_uv(wanted) / _per_uv(one)
    value = (row.astype(np.float64) - one.baseline) * scale + wanted.baseline
    made = np.rint(np.clip(value, MISSING + 1, -MISSING - 1)).astype(np.int32)
    made[row == MISSING] = MISSING
    return made


def _marks(source: Source, leads: tuple[str, ...]) -> tuple[list[Annotation], list[str]]:
    """The reference annotations, the first annotator of ANNOTATORS that is there, and those of single leads (LUDB)."""
    stem = source.name.removesuffix(".hea")
    if not stem or stem == source.name:
        return [], []
    marks: list[Annotation] = []
    kinds: list[str] = []
    for ending in ANNOTATORS:
        data = source.beside(f"{stem}.{ending}")
        if data is not None and not kinds:
            marks += read_annotations(data)
            kinds.append(ending)
    for lead in leads:
        name = standard_name(lead)
        data = source.beside(f"{stem}.{name.lower()}") if name in TWELVE else None
        if data is not None:
            marks += read_annotations(data, lead)
            kinds.append(name.lower())
    return marks, kinds


def _patient(comments: tuple[str, ...]) -> EcgPatient:
    facts: dict[str, str] = {}
    for line in comments:
        for key, value in re.findall(r"<?([A-Za-z_.]+)>?:\s*([^<>]*?)(?=\s+<?[A-Za-z_.]+>?:|$)", line):
            facts.setdefault(key.strip().lower(), value.strip())
    age = base.number(facts.get("age", "").split(" ")[0])
    if age is None and comments and (old := re.match(r"(\d{1,3})\s+([MF])\b", comments[0])):
        return EcgPatient(sex=base.sex_of(old.group(2)), age_years=float(old.group(1)))  # the first line of MIT-BIH
    return EcgPatient(
        identifier=facts.get("patient.identifier", ""),
        name=facts.get("patient.name", ""),
        birth_date=base.day(facts.get("patient.birth_date", "")),
        sex=base.sex_of(facts.get("sex", "")),
        age_years=age,
        height_cm=base.number(facts.get("patient.height_cm")),
        weight_kg=base.number(facts.get("patient.weight_kg")),
    )


def _diagnoses(comments: tuple[str, ...]) -> tuple[str, ...]:
    """Lines of the PTB and LUDB headers that say what the ECG shows."""
    return tuple(
        line.removeprefix("statement: ")
        for line in comments
        if line.startswith(
            ("statement: ", "Reason for admission:", "Rhythm:", "Electric axis", "Sinus", "Left ", "Right ")
        )
    )
