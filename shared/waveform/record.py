"""The ECG record that every format is read into and written from.

Samples stay whole numbers as the device wrote them, each lead with its own gain and baseline, so that a round trip
through another format loses nothing; ``microvolts()`` is what filters and measurements work on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from shared.domain.states import Sex
from shared.waveform.leads import standard_name

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

MISSING = -(2**31)  # a sample that was not recorded
MAX_LEADS = 64
_EVERY = slice(None)
MAX_SAMPLES = 400_000_000  # all leads together: 12 leads for 9 hours at 1 kHz, 3 leads for 5 days at 250 Hz


class RecordError(ValueError):
    """A record that contradicts itself; the sentence says how."""


@dataclass(frozen=True, slots=True)
class EcgPatient:
    """What the file says about the patient; empty or None where it says nothing."""

    identifier: str = ""
    name: str = ""
    birth_date: date | None = None
    sex: Sex = Sex.UNKNOWN
    age_years: float | None = None
    height_cm: float | None = None
    weight_kg: float | None = None
    other: Mapping[str, str] = field(default_factory=dict)  # visit number, drugs, race, blood pressure …


@dataclass(frozen=True, slots=True)
class EcgDevice:
    """The machine that recorded, and where."""

    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    software: str = ""
    institution: str = ""
    department: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True)
class AcquisitionFilters:
    """Filters that the stored samples have been through at acquisition; None where the file does not say, 0 for off."""

    high_pass_hz: float | None = None
    low_pass_hz: float | None = None
    notch_hz: float | None = None
    muscle: bool | None = None
    baseline: bool | None = None


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark that the file carries at a sample; ``code`` is the file's own (WFDB symbol, MDC code, SCP fiducial …)."""

    sample: int
    code: str
    text: str = ""
    lead: str = ""  # a standard name; empty: of all leads
    end_sample: int | None = None


@dataclass(frozen=True, slots=True)
class StoredMeasurement:
    """A value that the file carries, not recomputed: ``name`` one of KNOWN_MEASUREMENTS or the file's own word."""

    name: str
    value: float
    unit: str
    lead: str = ""  # empty: global


# Names that readers use for the usual global values, so that writers of other formats find them. Units: ms, 1/min, deg.
KNOWN_MEASUREMENTS = (
    *("hr", "rr", "p", "pr", "qrs", "qt", "qtc", "qtcb", "qtcf", "p_axis", "qrs_axis", "t_axis"),
    *("p_on", "p_off", "qrs_on", "qrs_off", "t_on", "t_off"),  # ms from the start of the median beat
)


@dataclass(frozen=True, slots=True, eq=False)
class MedianBeats:
    """Representative beats as the file stores them: same leads, own rate and gains (all per lead)."""

    leads: tuple[str, ...]
    samples: NDArray[Any]  # (lead, sample) int32
    gain_uv: tuple[float, ...]
    baseline: tuple[float, ...]
    sampling_hz: float
    r_sample: int | None = None  # where the fiducial point (R) lies

    def microvolts(self) -> NDArray[Any]:
        """(lead, sample) float64 in µV; NaN where not recorded."""
        return _microvolts(self.samples, self.gain_uv, self.baseline)


@dataclass(frozen=True, slots=True, eq=False)
class EcgRecord:
    """One recording: leads sampled together.

    ``samples[lead, sample]`` int32 as stored; value in µV = (sample − baseline) × gain_uv, MISSING = not recorded.
    Raises RecordError when shapes, names, gains or the rate contradict each other.
    """

    leads: tuple[str, ...]  # standard names (leads.standard_name), each once
    samples: NDArray[Any]
    gain_uv: tuple[float, ...]  # µV per unit, one per lead; negative where the device stored it turned over
    baseline: tuple[float, ...]  # stored value at 0 µV, one per lead
    sampling_hz: float
    started: datetime | None = None  # as the device wrote it: aware where the file gives a zone
    patient: EcgPatient = field(default_factory=EcgPatient)
    device: EcgDevice = field(default_factory=EcgDevice)
    filters: AcquisitionFilters = field(default_factory=AcquisitionFilters)
    annotations: tuple[Annotation, ...] = ()
    measurements: tuple[StoredMeasurement, ...] = ()
    statements: tuple[str, ...] = ()  # interpretation text carried by the file, one line each
    median: MedianBeats | None = None
    identifier: str = ""  # of the record: UID, file's record name …
    original_leads: tuple[str, ...] = ()  # as the file spells them; empty: as ``leads``
    extra: Mapping[str, str] = field(default_factory=dict)  # what this type has no place for, by the format's own keys

    def __post_init__(self) -> None:
        problem = _problem_of(self)
        if problem:
            raise RecordError(problem)

    @property
    def sample_count(self) -> int:
        return int(self.samples.shape[1])

    @property
    def seconds(self) -> float:
        return self.sample_count / self.sampling_hz

    def microvolts(self, start: int = 0, stop: int | None = None, leads: slice = _EVERY) -> NDArray[Any]:
        """(lead, sample) float64 in µV of the samples from ``start`` to before ``stop``; NaN where not recorded."""
        return _microvolts(self.samples[leads, start:stop], self.gain_uv[leads], self.baseline[leads])

    def lead(self, name: str) -> NDArray[Any]:
        """(sample,) float64 in µV of one lead; KeyError when the record has none of that name."""
        if name not in self.leads:
            raise KeyError(name)
        row = self.leads.index(name)
        rows = slice(row, row + 1)
        values: NDArray[Any] = _microvolts(self.samples[rows], self.gain_uv[rows], self.baseline[rows])[0]
        return values


def record_from_microvolts(
    leads: tuple[str, ...], values: NDArray[Any], sampling_hz: float, gain_uv: float = 1.0, **facts: Any
) -> EcgRecord:
    """A record of (lead, sample) values in µV, rounded to whole numbers of ``gain_uv``; NaN becomes MISSING."""
    import numpy as np

    scaled = np.rint(np.asarray(values, dtype=float) / gain_uv)
    stored = np.where(np.isfinite(scaled), np.clip(scaled, MISSING + 1, -MISSING - 1), MISSING).astype(np.int32)
    names = tuple(standard_name(name) for name in leads)
    gains = (gain_uv,) * len(names)
    return EcgRecord(names, stored, gains, (0.0,) * len(names), sampling_hz, original_leads=tuple(leads), **facts)


def _microvolts(samples: NDArray[Any], gain_uv: tuple[float, ...], baseline: tuple[float, ...]) -> NDArray[Any]:
    import numpy as np

    values: NDArray[Any] = (samples - np.asarray(baseline, dtype=float)[:, None]) * np.asarray(gain_uv, dtype=float)[
        :, None
    ]
    values[samples == MISSING] = np.nan
    return values


def _problem_of(record: EcgRecord) -> str:
    import numpy as np

    count = len(record.leads)
    samples = record.samples
    if not 1 <= count <= MAX_LEADS or len(set(record.leads)) != count:
        return "an ECG record needs 1 to 64 leads, each name once"
    if samples.ndim != 2 or samples.shape[0] != count or samples.dtype != np.int32:
        return "samples must be int32 [lead, sample] with a row for each lead"
    if samples.size > MAX_SAMPLES:
        return "the record is larger than this program reads"
    if len(record.gain_uv) != count or len(record.baseline) != count:
        return "each lead needs one gain and one baseline"
    if not all(np.isfinite(gain) and gain != 0 for gain in record.gain_uv):
        return "a gain must be a number other than 0"
    if not np.isfinite(record.sampling_hz) or not 1 <= record.sampling_hz <= 100_000:
        return "the sampling rate must lie between 1 and 100 000 Hz"
    return ""
