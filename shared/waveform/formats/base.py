"""What every format module stands on: the errors, the limits, what a writer hands back, and re-scaling that is said."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.states import Sex
from shared.waveform.leads import standard_name
from shared.waveform.record import MAX_LEADS, MAX_SAMPLES, MISSING, EcgRecord, RecordError

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

MAX_FILE_BYTES = 2 << 30
FINDINGS = "findings"  # key of EcgRecord.extra: what the reader had to assume or leave out, one sentence a line


class EcgFormatError(ValueError):
    """The bytes are no ECG that this program reads; the sentence says what is wrong with them."""


class CannotHold(EcgFormatError):
    """The target format has no place for this record (rate, resolution, number of leads); the sentence says which."""


class Kind(StrEnum):
    """The formats, by the word of `mingjing ecg convert --to`."""

    DICOM = "dicom"
    SCP = "scp"
    AECG = "aecg"
    MUSE = "muse"
    MFER = "mfer"
    EDF = "edf"
    WFDB = "wfdb"
    CSV = "csv"
    PDF = "pdf"
    ISHNE = "ishne"
    SIERRA = "sierra"  # read only, as is Contec
    CONTEC = "contec"


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer made: files by their ending's place (``name.dat`` beside ``name.hea``), and what was not exact."""

    files: Mapping[str, bytes]
    findings: tuple[str, ...] = ()

    @property
    def main(self) -> bytes:
        """The first file: the whole record of every format but WFDB."""
        return next(iter(self.files.values()))


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes to read, their name, and how to get a neighbour of that name (WFDB); None when there is none."""

    data: bytes
    name: str = ""
    neighbour: Callable[[str], bytes | None] = field(default=lambda _name: None)

    def beside(self, name: str) -> bytes | None:
        """A file of the same folder by its plain name; names that lead elsewhere are refused."""
        if not name or "/" in name or "\\" in name or name in (".", "..") or "\0" in name or len(name) > 255:
            raise EcgFormatError(f"the file points at {name[:80]!r}, which is no plain file name")
        return self.neighbour(name)


def checked_size(leads: int, samples: int) -> None:
    """Refuse counts that no record has, before anything is allocated for them."""
    if leads < 1 or leads > MAX_LEADS:
        raise EcgFormatError(f"the file says that it has {leads} leads; 1 to {MAX_LEADS} are read")
    if samples < 1:
        raise EcgFormatError("the file holds no samples")
    if leads * samples > MAX_SAMPLES:
        raise EcgFormatError(f"the file says that it has {leads} x {samples} samples; that is more than is read")


def checked_rate(hertz: float | None) -> float:
    """The sampling rate, when it can be one."""
    if hertz is None or not math.isfinite(hertz) or not 1 <= hertz <= 100_000:
        raise EcgFormatError(f"a sampling rate of {hertz} Hz cannot be right; 1 to 100000 Hz are read")
    return snapped(hertz)


def snapped(value: float, digits: float = 1e-9) -> float:
    """The whole number that ``value`` means when decimal notation lost the last digits."""
    if math.isfinite(value) and abs(value) < 1e15:
        near = round(value)
        if near and abs(value - near) <= abs(near) * digits:
            return float(near)
    return value


def named_leads(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Standard names, made unique (``II``, ``II#2``) where a file repeats one, and the names as written."""
    found: list[str] = []
    for place, name in enumerate(names):
        word = standard_name(name)[:64] or f"CH{place + 1}"
        count, candidate = 1, word
        while candidate in found:
            count += 1
            candidate = f"{word}#{count}"
        found.append(candidate)
    return tuple(found), tuple(names)


def built(**facts: Any) -> EcgRecord:
    """The record, with a RecordError told as a fault of the file. ``findings`` becomes a line of ``extra`` each."""
    findings = [line for line in facts.pop("findings", ()) if line]
    if findings:
        facts["extra"] = {**facts.get("extra", {}), FINDINGS: "\n".join(dict.fromkeys(findings))}
    try:
        return EcgRecord(**facts)
    except RecordError as error:
        raise EcgFormatError(f"the file contradicts itself: {error}") from error


def findings_of(record: EcgRecord) -> tuple[str, ...]:
    """What the reader of this record had to assume or leave out."""
    text = record.extra.get(FINDINGS, "")
    return tuple(text.split("\n")) if text else ()


def in_units(
    samples: NDArray[Any], gain_uv: Sequence[float], baseline: Sequence[float], unit_uv: Sequence[float]
) -> tuple[NDArray[Any], float]:
    """Samples as whole numbers of ``unit_uv`` (per lead) around 0, int32, and the largest change in µV.

    A lead already in that unit with a whole baseline is only moved: nothing changes. MISSING stays MISSING.
    """
    import numpy as np

    made = np.empty(samples.shape, dtype=np.int32)
    worst = 0.0
    for row in range(samples.shape[0]):
        raw = samples[row].astype(np.float64)
        gone = samples[row] == MISSING
        wanted = (raw - baseline[row]) * (gain_uv[row] / unit_uv[row])
        whole = np.rint(wanted)
        whole[gone] = 0
        if np.abs(whole, out=None).max(initial=0.0) >= 2**31 - 1:
            raise CannotHold("a sample is too large for 32 bits in the resolution of the target format")
        made[row] = whole
        made[row][gone] = MISSING
        difference = np.abs(whole - wanted)[~gone].max(initial=0.0) * unit_uv[row]
        worst = max(worst, float(difference))
    return made, (worst if worst > 1e-6 else 0.0)


def gaps_filled(made: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Samples for a format without a mark for "not recorded": such a sample takes the value before it; how many did."""
    import numpy as np

    gone = made == MISSING
    count = int(gone.sum())
    if not count:
        return made, 0
    place = np.where(gone, 0, np.arange(made.shape[1]))
    np.maximum.accumulate(place, axis=1, out=place)
    return np.take_along_axis(np.where(gone, 0, made), place, axis=1).astype(np.int32), count


def short_name(record: EcgRecord, row: int) -> str:
    """The lead as its file spelled it (``avr``) where that is one short word, else its standard name."""
    lead = record.leads[row]
    spelled = record.original_leads[row] if len(record.original_leads) == len(record.leads) else lead
    plain = len(spelled) <= 8 and spelled.isprintable() and not set(spelled) & set(" \\\t,;#")
    return spelled if spelled and plain and standard_name(spelled) == lead else " ".join(lead.split())


def range_of(row: NDArray[Any]) -> tuple[int, int]:
    """Smallest and largest recorded value of a lead; (0, 0) when nothing was recorded."""
    there = row[row != MISSING]
    return (int(there.min()), int(there.max())) if there.size else (0, 0)


def day(text: str) -> date | None:
    """A date from ``YYYYMMDD`` or ``YYYY-MM-DD``; None when it is none."""
    digits = "".join(c for c in text[:10] if c.isdigit() and c.isascii())
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) if len(digits) >= 8 else None
    except ValueError:
        return None


def moment(text: str) -> datetime | None:
    """A moment from HL7/DICOM digits ``YYYYMMDD[HHMM[SS[.ffffff]]]``, or ISO 8601; None when it is none."""
    text = text.strip()
    try:
        if "-" in text[:5] or "T" in text:
            return datetime.fromisoformat(text)
    except ValueError:
        return None
    body, _, fraction = text.partition(".")
    digits = "".join(c for c in body[:14] if c.isascii() and c.isdigit())
    if len(digits) < 8:
        return None
    padded = digits.ljust(14, "0")
    micro = "".join(c for c in fraction[:6] if c.isascii() and c.isdigit()).ljust(6, "0")
    try:
        return datetime.strptime(padded + micro, "%Y%m%d%H%M%S%f")
    except ValueError:
        return None


UNKNOWN_START = datetime(1970, 1, 1)  # what is written where a format insists on a time that nobody knows


def known_start(when: datetime | None) -> datetime | None:
    """None for the moment that writers put where the start is unknown."""
    return None if when is not None and when.replace(tzinfo=None) == UNKNOWN_START else when


def sex_of(text: str) -> Sex:
    """M/F/O/U by the first letter of English, or 男/女, or HL7 and SCP words."""
    letter = text.strip()[:1].upper()
    return {"M": Sex.MALE, "F": Sex.FEMALE, "O": Sex.OTHER, "男": Sex.MALE, "女": Sex.FEMALE}.get(letter, Sex.UNKNOWN)


def number(text: str | None) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def decoded(raw: bytes) -> str:
    """Text of a file that does not name its character set: UTF-8, else GB 18030, else Latin-1; up to a NUL."""
    raw = raw.split(b"\0", 1)[0]
    for codec in ("utf-8", "gb18030", "latin-1"):
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        return "".join(c for c in text if c >= " " or c in "\t\n\r").strip()
    return ""
