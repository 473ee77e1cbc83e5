"""Serial comparison of two measured records of a patient: a table of values, and sentences in Chinese and English.

A value counts as changed when it differs by more than a published limit, or when it crossed a normal limit by more than
two measurements of the same beat may differ. Every line names its rule. Sources:

- PR, QRS, rate: change of more than 25 % (categorical analysis usual in ECG trials beside ICH E14, 2005).
- QTc: 30 ms (ICH E14, 2005, 3.2.2.2).
- A normal limit crossed: by no less than one combined SD of the two points, from the tolerances of the CSE working
  party (Eur Heart J 1985;6:815); the limits are those of ``normal_limits``.
- ST: fourth universal definition of myocardial infarction (2018): J point 0.1 mV up or 0.05 mV down, in two contiguous
  leads.
- Axes, QT, voltages and T waves: rules of this program, called "house rule", well beyond day-to-day variability
  (Schijvenaars et al., J Electrocardiol 2008;41:190).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared.domain.states import Sex
from shared.waveform.normal_limits import NormalRange, normal_range
from shared.waveform.statement_rules_st import NEIGHBOURS
from shared.waveform.statements import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.waveform.amplitudes import LeadAmplitudes
    from shared.waveform.measuring import Analysis, Measurements
    from shared.waveform.record import EcgRecord
    from shared.waveform.suggestion import Suggestion

QUARTER: Final = "±25 % (ICH E14 practice)"
E14: Final = "±30 ms (ICH E14)"
CSE: Final = "crossed a limit (CSE 1985)"
HOUSE: Final = "house rule"
UDMI: Final = "UDMI 2018"


@dataclass(frozen=True, slots=True)
class _Rule:
    """When a parameter counts as changed: by ``share`` of the earlier value, or by ``least``, or over a limit."""

    key: str
    zh: str
    en: str
    unit: str
    decimals: int
    up_zh: str
    down_zh: str
    source: str
    share: float | None = None
    least: float | None = None  # with ``share``: needed as well
    crossing: float | None = None  # smallest difference that counts when a normal limit was crossed
    circular: bool = False


# Crossing: the combined SD of both points by the CSE tolerances (P on 10.2, QRS on 6.5, QRS off 11.6, T end 30.6 ms).
_RULES: tuple[_Rule, ...] = (
    _Rule("hr", "心率", "heart rate", "bpm", 0, "增快", "减慢", QUARTER, share=0.25, crossing=5),
    _Rule("p", "P 波时限", "P duration", "ms", 0, "延长", "缩短", QUARTER, share=0.25, crossing=16),
    _Rule("pr", "PR 间期", "PR interval", "ms", 0, "延长", "缩短", QUARTER, share=0.25, crossing=12),
    _Rule("qrs", "QRS 时限", "QRS duration", "ms", 0, "增宽", "变窄", QUARTER, share=0.25, crossing=13),
    _Rule("qt", "QT 间期", "QT interval", "ms", 0, "延长", "缩短", HOUSE, least=60),
    _Rule("qtc", "QTc", "QTc", "ms", 0, "延长", "缩短", E14, least=30, crossing=20),
    _Rule("p_axis", "P 电轴", "P axis", "°", 0, "右移", "左移", HOUSE, least=45, circular=True),
    _Rule("qrs_axis", "QRS 电轴", "QRS axis", "°", 0, "右移", "左移", HOUSE, least=30, crossing=15, circular=True),
    _Rule("t_axis", "T 电轴", "T axis", "°", 0, "右移", "左移", HOUSE, least=45, circular=True),
    _Rule("rv5", "RV5", "RV5", "mV", 2, "增高", "降低", HOUSE, share=0.25, least=0.5),
    _Rule("sv1", "SV1", "SV1", "mV", 2, "增高", "降低", HOUSE, share=0.25, least=0.5),
    _Rule("rv5_sv1", "RV5+SV1", "RV5+SV1", "mV", 2, "增高", "降低", HOUSE, share=0.25, least=0.5),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One value of both records; ``difference`` is later minus earlier, None where one of them is missing."""

    key: str
    zh: str
    en: str
    unit: str
    decimals: int
    before: float | None
    after: float | None
    difference: float | None
    is_changed: bool
    rule: str  # why it counts as changed; empty when it does not

    def name(self, language: str = "zh") -> str:
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Sentence:
    """A change in words, to be inserted into the findings; ``rule`` says by which limit."""

    code: str
    zh: str
    en: str
    rule: str

    def text(self, language: str = "zh") -> str:
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Comparison:
    """All values side by side, and what changed in words, the most important first."""

    rows: tuple[Row, ...]
    sentences: tuple[Sentence, ...]

    @property
    def changed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.is_changed)


def compare(
    earlier: EcgRecord, before: Analysis, later: EcgRecord, after: Analysis, formula: str = "bazett"
) -> Comparison:
    """Compare ``later`` with ``earlier``. ``formula`` is that of QTc in both; age and sex are those of ``later``."""
    old, new = values_of(before.measurements, formula), values_of(after.measurements, formula)
    patient = later.patient if later.patient.age_years is not None else earlier.patient
    female = Sex.FEMALE in (later.patient.sex, earlier.patient.sex)
    rows, sentences = [], []
    for rule in _RULES:
        limits = normal_range(rule.key, patient.age_years, female)
        row = _row(rule, old[rule.key], new[rule.key], limits)
        rows.append(row)
        if row.is_changed:
            sentences.append(_sentence(rule, row, formula))
    said = [
        *_statements(suggest(earlier, before), suggest(later, after)),
        *_st(before.measurements, after.measurements),
    ]
    sentences = [*said, *sentences]
    if not sentences:
        measured = before.measurements.hr_bpm is not None and after.measurements.hr_bpm is not None
        if measured:
            zh, en = "与前次心电图比较，未见明显变化", "no significant change from the previous ECG"
            sentences = [Sentence("unchanged", zh, en, "")]
    return Comparison(tuple(rows), tuple(sentences))


def values_of(measured: Measurements, formula: str = "bazett") -> dict[str, float | None]:
    """The global values by the keys of ``shared.domain.ecg_reports.Parameter``."""
    sums = measured.hypertrophy
    return {
        "hr": measured.hr_bpm,
        "rr": measured.rr_ms,
        "p": measured.p_ms,
        "pr": measured.pr_ms,
        "qrs": measured.qrs_ms,
        "qt": measured.qt_ms,
        "qtc": getattr(measured.qtc, formula) if measured.qtc is not None else None,
        "p_axis": measured.axes.p,
        "qrs_axis": measured.axes.qrs,
        "t_axis": measured.axes.t,
        "rv5": sums.rv5_mv,
        "sv1": sums.sv1_mv,
        "rv5_sv1": sums.rv5_sv1_mv,
    }


def _row(rule: _Rule, before: float | None, after: float | None, limits: NormalRange | None) -> Row:
    difference = None if before is None or after is None else round(after - before, 3)
    if difference is not None and rule.circular:
        difference = math.remainder(difference, 360.0)
    why = _why(rule, before, after, difference, limits)
    return Row(rule.key, rule.zh, rule.en, rule.unit, rule.decimals, before, after, difference, bool(why), why)


def _why(
    rule: _Rule, before: float | None, after: float | None, difference: float | None, limits: NormalRange | None
) -> str:
    """The rule by which the value changed; empty when it did not."""
    if difference is None or before is None or after is None:
        return ""
    size = abs(difference)
    by_share = rule.share is None or (before > 0 and size > rule.share * before)
    by_least = rule.least is None or size >= rule.least
    if by_share and by_least:
        return rule.source
    crossed = limits is not None and bool(limits.mark(before)) != bool(limits.mark(after))
    if crossed and rule.crossing is not None and size >= rule.crossing and limits is not None:
        return f"{CSE if not rule.circular else HOUSE}: {limits.words(rule.decimals)} ({limits.source})"
    return ""


def _sentence(rule: _Rule, row: Row, formula: str) -> Sentence:
    assert row.before is not None and row.after is not None and row.difference is not None
    more = row.difference > 0
    old, new = f"{row.before:.{rule.decimals}f}", f"{row.after:.{rule.decimals}f}"
    by = f"{row.difference:+.{rule.decimals}f}"
    unit = "次/分" if rule.unit == "bpm" else rule.unit
    tail_zh = "" if rule.unit == "°" else " "
    formula_word = f" {formula.title()}" if rule.key == "qtc" else ""
    name_zh, name_en = rule.zh + formula_word, rule.en + formula_word
    space = " " if formula_word else ""
    zh = f"{name_zh}{space}{rule.up_zh if more else rule.down_zh}：{old} → {new}{tail_zh}{unit}（{by}）"
    verb = _english_verb(rule, more)
    en = f"{name_en} {verb}: {old} → {new}{tail_zh}{rule.unit} ({by})"
    return Sentence(f"change_{rule.key}", zh, en, row.rule)


def _english_verb(rule: _Rule, more: bool) -> str:
    if rule.circular:
        return "shifted to the right" if more else "shifted to the left"
    return "increased" if more else "decreased"


def _statements(before: tuple[Suggestion, ...], after: tuple[Suggestion, ...]) -> list[Sentence]:
    """What a rule suggests now and did not before, and the other way round."""
    if not before or not after:
        return []
    old, new = {one.code: one for one in before}, {one.code: one for one in after}
    found = []
    if before[0].code != after[0].code:
        zh = f"节律改变：{before[0].zh} → {after[0].zh}"
        en = f"rhythm changed: {before[0].en} → {after[0].en}"
        found.append(Sentence("change_rhythm", zh, en, after[0].reason_en))
    rhythms = {before[0].code, after[0].code}
    for code, one in new.items():
        if code not in old and code not in rhythms:
            found.append(Sentence(f"new_{code}", f"新出现：{one.zh}", f"new: {one.en}", one.reason_en))
    for code, one in old.items():
        if code not in new and code not in rhythms:
            found.append(Sentence(f"gone_{code}", f"不再存在：{one.zh}", f"no longer present: {one.en}", one.reason_en))
    return found


def _st(before: Measurements, after: Measurements) -> list[Sentence]:
    """Changes of ST and T by lead, where two contiguous leads changed in the same direction."""
    old, new = before.amplitudes, after.amplitudes
    shared_leads = [name for name in new if name in old]

    def moved(value: str, lead: str) -> float:
        one, two = _level(old[lead], value), _level(new[lead], value)
        return 0.0 if one is None or two is None else two - one

    found = []
    for code, value, least, zh, en in (
        ("st_up", "j_uv", 100.0, "ST 段较前抬高", "ST higher than before"),
        ("st_down", "j_uv", -50.0, "ST 段较前压低", "ST lower than before"),
        ("t_up", "t_uv", 300.0, "T 波较前增高", "T waves taller than before"),
        ("t_down", "t_uv", -200.0, "T 波较前低平或倒置", "T waves lower or inverted"),
    ):
        leads = {lead for lead in shared_leads if _beyond(moved(value, lead), least)}
        together = _contiguous(leads, new)
        if together:
            why = ", ".join(f"{lead} {moved(value, lead) / 1000:+.2f} mV" for lead in together)
            names = "、".join(together)
            rule = f"{UDMI}: {least / 1000:+.2f} mV" if value == "j_uv" else f"{HOUSE}: {least / 1000:+.2f} mV"
            found.append(Sentence(code, f"{names} {zh}（{why}）", f"{en} in {', '.join(together)} ({why})", rule))
    return found


def _level(lead: LeadAmplitudes, value: str) -> float | None:
    found: float | None = getattr(lead, value)
    return found


def _beyond(moved: float, least: float) -> bool:
    return moved >= least if least > 0 else moved <= least


def _contiguous(leads: set[str], order: Mapping[str, object]) -> list[str]:
    """Those of the leads that have a contiguous neighbour among them, in the order of the record."""
    together = {name for pair in NEIGHBOURS if set(pair) <= leads for name in pair}
    return [name for name in order if name in together]
