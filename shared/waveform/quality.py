"""The quality gate: is the record good enough to be read, and if not, what to do before the patient leaves.

Limits are set so that records of public databases pass (docs/measured-truth.md has the rates of both errors). Each
finding names its leads, its measure and its limit; the words for people are in ``quality_words``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.waveform import lead_order, lead_order_serial, quality_measures
from shared.waveform.gains import chest_is_comparable, law_misfit, with_common_gain
from shared.waveform.leads import CHEST, LIMB, TWELVE
from shared.waveform.measuring import Analysis, analyse
from shared.waveform.quality_measures import LeadMeasures

if TYPE_CHECKING:
    from shared.waveform.median_beat import MedianBeat
    from shared.waveform.record import EcgRecord


class Fault(StrEnum):
    """What can be wrong with a record."""

    TOO_SHORT = "too_short"
    LOW_RATE = "low_rate"
    MISSING_LEADS = "missing_leads"
    LEAD_OFF = "lead_off"
    FLAT = "flat"
    CLIPPED = "clipped"
    MAINS = "mains"
    MUSCLE = "muscle"
    MOTION = "motion"
    WANDER = "wander"
    LIMB_SWAP = "limb_swap"
    CHEST_SWAP = "chest_swap"
    LIMB_LAW = "limb_law"
    NO_BEATS = "no_beats"
    GAINS = "gains"


class Severity(StrEnum):
    """FAIL: record again; WARN: readable, worth a look."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``value`` and ``limit`` in ``unit``; ``detail`` names the electrodes of an exchange."""

    fault: Fault
    severity: Severity
    leads: tuple[str, ...] = ()
    value: float = 0.0
    limit: float = 0.0
    unit: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """The verdict on a record, and the measures of each lead."""

    findings: tuple[Finding, ...]
    leads: dict[str, LeadMeasures]

    @property
    def passed(self) -> bool:
        return not any(finding.severity == Severity.FAIL for finding in self.findings)

    def of_lead(self, name: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if name in finding.leads)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the gate: (warn, fail). Amplitudes in µV."""

    shortest_s: tuple[float, float] = (9.5, 8.0)
    lowest_rate_hz: tuple[float, float] = (400.0, 240.0)
    lowest_rate_ambulatory_hz: tuple[float, float] = (125.0, 100.0)
    mains_uv: tuple[float, float] = (25.0, 50.0)  # amplitude of the line
    muscle_uv: tuple[float, float] = (25.0, 60.0)  # RMS above 25 Hz between the complexes, of the worst lead
    muscle_all_uv: tuple[float, float] = (18.0, 28.0)  # the same, median of the leads
    motion_uv: tuple[float, float] = (60.0, 120.0)  # RMS departure of the beats from the median beat, worst lead
    motion_all_uv: tuple[float, float] = (30.0, 45.0)
    wander_uv: tuple[float, float] = (800.0, 1500.0)  # peak to peak of the baseline, worst lead
    wander_all_uv: tuple[float, float] = (450.0, 650.0)
    wander_step_uv: tuple[float, float] = (600.0, 900.0)  # within one second
    flat_s: float = 1.0
    missing: float = 0.05
    smallest_uv: float = 60.0  # of a median beat, peak to peak
    smallest_limb_uv: float = 40.0
    clipped_runs: int = 4
    clipped_share: float = 0.01
    limb_law: float = 0.35


LIMITS = Limits()
_RHYTHM_LEADS = 3  # records of so few leads are rhythm strips or Holter, not incomplete 12-lead records


def check(
    record: EcgRecord,
    analysis: Analysis | None = None,
    limits: Limits = LIMITS,
    *,
    earlier: MedianBeat | None = None,
) -> Quality:
    """All findings, worst first. Long records are judged over their first 60 s of each fault's measures.

    ``earlier`` is the median beat of the patient's last 12-lead record, where there is one: exchanged electrodes are
    then looked for against it too, which finds LA for LL, seldom seen in one record alone. A finding against it warns,
    for it may have been the earlier record that was taken wrongly.
    """
    analysis = analysis or analyse(record)
    stored, record = record, with_common_gain(record)
    measures = quality_measures.measure(record, analysis)
    findings = [*_of_record(record, analysis, limits), *_contacts(measures, limits), *_noise(measures, limits)]
    if record is not stored:
        given = tuple(name for name in LIMB if name in record.leads)
        findings.append(Finding(Fault.GAINS, Severity.WARN, given, round(law_misfit(stored), 2), 0.0, ""))
    bad = {lead for finding in findings if finding.severity == Severity.FAIL for lead in finding.leads}
    if not bad & set(TWELVE):
        findings += _order(record, analysis, limits, earlier, chest=chest_is_comparable(stored, record))
    findings.sort(key=lambda finding: finding.severity != Severity.FAIL)
    return Quality(tuple(findings), measures)


def _graded(fault: Fault, values: dict[str, float], limits: tuple[float, float], unit: str) -> list[Finding]:
    """One finding for all leads over the fail limit, one for those over the warn limit only."""
    warn, fail = limits
    over = {lead: value for lead, value in values.items() if value >= fail}
    near = {lead: value for lead, value in values.items() if warn <= value < fail}
    found = []
    if over:
        found.append(Finding(fault, Severity.FAIL, tuple(over), round(max(over.values()), 1), fail, unit))
    if near:
        found.append(Finding(fault, Severity.WARN, tuple(near), round(max(near.values()), 1), warn, unit))
    return found


def _below(fault: Fault, value: float, limits: tuple[float, float], unit: str) -> list[Finding]:
    warn, fail = limits
    if value >= warn:
        return []
    severity, limit = (Severity.FAIL, fail) if value < fail else (Severity.WARN, warn)
    return [Finding(fault, severity, (), round(value, 2), limit, unit)]


def _of_record(record: EcgRecord, analysis: Analysis, limits: Limits) -> list[Finding]:
    found = _below(Fault.TOO_SHORT, record.seconds, limits.shortest_s, "s")
    ambulatory = len(record.leads) <= _RHYTHM_LEADS and record.seconds > 60.0
    rates = limits.lowest_rate_ambulatory_hz if ambulatory else limits.lowest_rate_hz
    found += _below(Fault.LOW_RATE, record.sampling_hz, rates, "Hz")
    present = [name for name in TWELVE if name in record.leads]
    if len(record.leads) > _RHYTHM_LEADS and len(present) < len(TWELVE):
        missing = tuple(name for name in TWELVE if name not in record.leads)
        found.append(Finding(Fault.MISSING_LEADS, Severity.FAIL, missing, len(present), len(TWELVE), ""))
    if len(analysis.delineation.beats) < 2 and record.seconds >= 3.0:
        found.append(Finding(Fault.NO_BEATS, Severity.FAIL, (), len(analysis.delineation.beats), 2, ""))
    return found


def _contacts(measures: dict[str, LeadMeasures], limits: Limits) -> list[Finding]:
    off = {
        lead: each
        for lead, each in measures.items()
        if each.missing > limits.missing or (each.beat_uv is not None and each.beat_uv < _smallest(lead, limits))
    }
    flat = tuple(lead for lead, each in measures.items() if each.flat_s >= limits.flat_s)
    found = []
    if flat:
        longest = max(measures[lead].flat_s for lead in flat)
        found.append(Finding(Fault.FLAT, Severity.FAIL, flat, round(longest, 1), limits.flat_s, "s"))
    rest = tuple(lead for lead in off if lead not in flat)
    if rest:
        smallest = min(off[lead].beat_uv or 0.0 for lead in rest)
        detail = _electrode({*rest, *flat})
        found.append(Finding(Fault.LEAD_OFF, Severity.FAIL, rest, smallest, limits.smallest_uv, "µV", detail))
    clipped = {
        lead: each.clipped_share
        for lead, each in measures.items()
        if lead not in flat and (each.clipped_share >= limits.clipped_share or each.clipped_runs >= limits.clipped_runs)
    }
    if clipped:
        worst = round(100.0 * max(clipped.values()), 2)
        found.append(Finding(Fault.CLIPPED, Severity.FAIL, tuple(clipped), worst, 100 * limits.clipped_share, "%"))
    return found


def _smallest(lead: str, limits: Limits) -> float:
    """A limb lead may be at right angles to the heart's axis; the augmented ones follow from the others."""
    if lead in {"aVR", "aVL", "aVF"}:
        return 0.0
    return limits.smallest_limb_uv if lead in LIMB else limits.smallest_uv


def _electrode(leads: set[str]) -> str:
    """The electrode that all these leads have in common, as far as limb leads tell; empty when they tell nothing."""
    if leads and leads <= set(CHEST):
        return ", ".join(sorted(leads))
    for electrode, needed in (("RA", {"I", "II"}), ("LA", {"I", "III"}), ("LL", {"II", "III"})):
        if needed <= leads:
            return electrode
    alone = leads & {"I", "II", "III"}
    return {"I": "RA/LA – RL", "II": "RA – RL", "III": "LA – RL"}[alone.pop()] if len(alone) == 1 else ""


def _noise(measures: dict[str, LeadMeasures], limits: Limits) -> list[Finding]:
    from statistics import median

    def values(name: str) -> dict[str, float]:
        return {lead: getattr(each, name) for lead, each in measures.items() if getattr(each, name) is not None}

    found = _graded(Fault.MAINS, values("mains_uv"), limits.mains_uv, "µV")
    for fault, name, one, every in (
        (Fault.MUSCLE, "muscle_uv", limits.muscle_uv, limits.muscle_all_uv),
        (Fault.MOTION, "motion_uv", limits.motion_uv, limits.motion_all_uv),
        (Fault.WANDER, "wander_uv", limits.wander_uv, limits.wander_all_uv),
    ):
        per_lead = values(name)
        middle = median(per_lead.values()) if per_lead else 0.0
        if middle >= every[1]:
            noisy = tuple(lead for lead, value in per_lead.items() if value >= every[0])
            found.append(Finding(fault, Severity.FAIL, noisy, round(middle, 1), every[1], "µV"))
        else:
            found += _graded(fault, per_lead, one, "µV")
    if not any(finding.fault == Fault.WANDER for finding in found):
        found += _graded(Fault.WANDER, values("wander_step_uv"), limits.wander_step_uv, "µV")
    return found


def _order(
    record: EcgRecord, analysis: Analysis, limits: Limits, earlier: MedianBeat | None, *, chest: bool
) -> list[Finding]:
    """Exchanged electrodes, and limb leads that contradict each other."""
    beat = analysis.median
    if beat is None:
        return []
    residual = quality_measures.limb_law(record, beat)
    if residual is not None and residual > limits.limb_law:
        given = tuple(name for name in LIMB if name in record.leads)
        return [Finding(Fault.LIMB_LAW, Severity.FAIL, given, round(residual, 2), limits.limb_law, "")]
    swap = lead_order.suspected_swap(beat, chest=chest)
    if swap is not None:
        return [_exchanged(swap, Severity.FAIL)]
    if earlier is None:
        return []
    since = lead_order_serial.exchanged_since(beat, earlier, chest=chest)
    return [] if since is None else [_exchanged(since, Severity.WARN)]


def _exchanged(swap: lead_order.Swap, severity: Severity) -> Finding:
    fault = Fault.LIMB_SWAP if swap.limb else Fault.CHEST_SWAP
    leads = LIMB if swap.limb else tuple(swap.name.split("-"))
    return Finding(fault, severity, leads, swap.margin, 1.0, "", swap.name)
