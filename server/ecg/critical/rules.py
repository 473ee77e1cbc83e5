"""Which ECG is critical, and how dangerous a record looks: pure. Suspicions of rules; a doctor judges.

The list follows what Chinese hospitals call critical values of the electrocardiogram: suspected acute infarction or
ischaemia, severe fast and slow arrhythmias, long pauses, very long QT. Limits can be changed, rules switched off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.kernel.errors import invalid
from shared.contract.ecg_critical import CriticalRule
from shared.domain.ecg_reports import Danger

if TYPE_CHECKING:
    from shared.waveform.danger import Signs
    from shared.waveform.measuring import Measurements

DEFAULTS = (
    CriticalRule(
        code="vf", zh="疑似心室颤动", en="Suspected ventricular fibrillation", enabled=True, limit=4, unit="s"
    ),
    CriticalRule(code="vt", zh="疑似持续性室性心动过速", en="Suspected sustained VT", enabled=True, limit=30, unit="s"),
    CriticalRule(
        code="vt_short", zh="短阵室性心动过速", en="Run of ventricular beats", enabled=True, limit=3, is_alarm=False
    ),
    CriticalRule(
        code="wide_tachycardia", zh="宽 QRS 波心动过速", en="Wide-QRS tachycardia", enabled=True, limit=150, unit="bpm"
    ),
    CriticalRule(
        code="preexcited_af",
        zh="疑似预激伴心房颤动",
        en="Suspected preexcited atrial fibrillation",
        enabled=True,
        limit=250,
        unit="ms",
    ),
    CriticalRule(code="stemi", zh="疑似急性心肌梗死", en="Acute infarct pattern", enabled=True, limit=0.2, unit="mV"),
    CriticalRule(
        code="left_main",
        zh="广泛 ST 段压低伴 aVR 抬高",
        en="Widespread ST depression with elevation in aVR",
        enabled=True,
        limit=6,
    ),
    CriticalRule(code="st_elevation", zh="ST 段抬高", en="ST elevation", enabled=True, is_alarm=False),
    CriticalRule(code="st_depression", zh="ST 段压低", en="ST depression", enabled=True, is_alarm=False),
    CriticalRule(code="av_block_3", zh="疑似三度房室阻滞", en="Suspected complete heart block", enabled=True),
    CriticalRule(code="pause", zh="长 RR 间期", en="Long pause", enabled=True, limit=3.0, unit="s"),
    CriticalRule(code="slow", zh="严重心动过缓", en="Extreme bradycardia", enabled=True, limit=35, unit="bpm"),
    CriticalRule(code="fast", zh="严重心动过速", en="Extreme tachycardia", enabled=True, limit=200, unit="bpm"),
    CriticalRule(code="long_qt", zh="QTc 显著延长", en="Very long QTc", enabled=True, limit=550, unit="ms"),
    CriticalRule(code="r_on_t", zh="R on T 室性早搏", en="R-on-T ventricular beats", enabled=True, is_alarm=False),
    CriticalRule(
        code="rate_warning", zh="快速心室率", en="Fast rate", enabled=True, limit=130, unit="bpm", is_alarm=False
    ),
    CriticalRule(code="no_beats", zh="未检出心搏", en="No beats found", enabled=True, is_alarm=False),
)
_BOUNDS = {
    "vf": (1, 60), "vt": (3, 120), "vt_short": (3, 50), "wide_tachycardia": (100, 250), "preexcited_af": (150, 400),
    "stemi": (0.1, 1.0), "left_main": (3, 12), "pause": (1.5, 10), "slow": (15, 60), "fast": (100, 300),
    "long_qt": (450, 800), "rate_warning": (80, 250),
}  # fmt: skip
_NORMAL = frozenset({"sinus_rhythm", "sinus_bradycardia", "sinus_tachycardia"})
_WHOLE = 0.8


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at; `j_mv` are the levels at the J point by lead."""

    signs: Signs
    measured: Measurements
    suggestions: frozenset[str]
    j_mv: Mapping[str, float]
    passed: bool = True  # the quality gate


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that holds, and why."""

    rule: CriticalRule
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was made of a trace."""

    danger: Danger
    hits: tuple[Hit, ...]
    reasons: tuple[tuple[str, str], ...]  # zh, en


def merged(saved: Iterable[CriticalRule]) -> tuple[CriticalRule, ...]:
    """Return every rule once, with what was saved of it. Raises INVALID for a limit out of its bounds."""
    given = {one.code: one for one in saved}
    unknown = set(given) - {one.code for one in DEFAULTS}
    if unknown:
        raise invalid("rules", "危急值列表中有不认识的项目，请刷新后再试。")
    found = []
    for one in DEFAULTS:
        wanted = given.get(one.code, one)
        limit = wanted.limit
        if one.limit is not None:
            low, high = _BOUNDS[one.code]
            if limit is None or not low <= limit <= high:
                raise invalid(
                    "rules", f"“{one.zh}”的界值应在 {low:g} 到 {high:g} {one.unit} 之间。".replace(" 之", "之")
                )
        found.append(
            CriticalRule(
                code=one.code,
                zh=one.zh,
                en=one.en,
                enabled=wanted.enabled,
                limit=limit if one.limit is not None else None,
                unit=one.unit,
                is_alarm=wanted.is_alarm,
            )
        )
    return tuple(found)


def judge(facts: Facts, rules: Iterable[CriticalRule]) -> Judgement:
    """Return what holds and how dangerous the record looks, the most dangerous first."""
    hits = []
    for rule in rules:
        if not rule.enabled:
            continue
        said = _CHECKS[rule.code](facts, rule.limit or 0.0)
        if said is not None:
            hits.append(Hit(rule, *said))
    hits = _without_lesser(hits)
    hits.sort(key=lambda one: not one.rule.is_alarm)
    danger = _danger(facts, hits)
    reasons = [(f"{one.rule.zh}：{one.reason_zh}", f"{one.rule.en}: {one.reason_en}") for one in hits]
    if not facts.passed and danger in (Danger.UNKNOWN, Danger.NONE):
        reasons.append(("记录质量未通过，自动分析不可靠", "quality gate not passed, the analysis cannot be relied on"))
    return Judgement(danger, tuple(hits), tuple(reasons))


def _danger(facts: Facts, hits: Collection[Hit]) -> Danger:
    if any(one.rule.is_alarm for one in hits):
        return Danger.CRITICAL
    if hits:
        return Danger.WARNING
    if facts.measured.hr_bpm is None or not facts.passed:
        return Danger.UNKNOWN
    return Danger.ABNORMAL if facts.suggestions - _NORMAL else Danger.NONE


def _without_lesser(hits: list[Hit]) -> list[Hit]:
    """A stronger rule says it better than the weaker one of the same kind."""
    codes = {one.rule.code for one in hits}
    lesser = {
        "vf": {one.code for one in DEFAULTS} - {"vf"},
        "vt": {"vt_short", "wide_tachycardia", "fast", "rate_warning"},
        "preexcited_af": {"wide_tachycardia", "fast", "rate_warning"},
        "wide_tachycardia": {"fast", "rate_warning"},
        "fast": {"rate_warning"},
        "stemi": {"st_elevation", "st_depression"},
        "left_main": {"st_depression"},
    }
    covered = set[str]().union(*(lesser.get(code, set()) for code in codes))
    return [one for one in hits if one.rule.code not in covered]


# ── the rules ────────────────────────────────────────────────────────────────────────────────────────

Said = tuple[str, str] | None


def _vf(facts: Facts, limit: float) -> Said:
    seconds = facts.signs.fibrillation_s
    if seconds < limit:
        return None
    return f"类正弦颤动波约 {seconds:.0f} s", f"sine-like waves for about {seconds:.0f} s"


def _vt(facts: Facts, limit: float) -> Said:
    signs = facts.signs
    long = signs.run_s >= limit or signs.run_s >= _WHOLE * signs.seconds
    if signs.run_bpm <= 100 or signs.run_beats < 6 or not long:
        return None
    words = f"{signs.run_beats}", f"{signs.run_s:.1f} s", f"{signs.run_bpm:.0f}"
    return (
        f"连续室性搏动 {words[0]} 个，{words[1]}，{words[2]} 次/分",
        f"{words[0]} ventricular beats, {words[1]}, {words[2]}/min",
    )


def _vt_short(facts: Facts, limit: float) -> Said:
    signs = facts.signs
    if signs.run_bpm <= 100 or signs.run_beats < limit:
        return None
    return (
        f"连续室性搏动 {signs.run_beats} 个，{signs.run_bpm:.0f} 次/分",
        f"{signs.run_beats} ventricular beats in a row, {signs.run_bpm:.0f}/min",
    )


def _wide_tachycardia(facts: Facts, limit: float) -> Said:
    rate, wide = facts.measured.hr_bpm, facts.measured.qrs_ms
    if rate is None or wide is None or rate < limit or wide < 120 or facts.measured.p_waves:
        return None
    return f"心率 {rate} 次/分，QRS {wide:.0f} ms，未见 P 波", f"rate {rate}/min, QRS {wide:.0f} ms, no P waves"


def _preexcited_af(facts: Facts, limit: float) -> Said:
    measured, shortest = facts.measured, facts.signs.shortest_rr_ms
    irregular = measured.irregularity > 0.1 and not measured.p_waves
    wide = measured.qrs_ms is not None and measured.qrs_ms >= 120
    if not irregular or not wide or shortest is None or shortest > limit:
        return None
    return f"节律绝对不齐，最短 RR {shortest:.0f} ms，QRS 增宽", f"irregular, shortest RR {shortest:.0f} ms, wide QRS"


def _stemi(facts: Facts, limit: float) -> Said:
    if "st_elevation" not in facts.suggestions:
        return None
    raised = {name: value for name, value in facts.j_mv.items() if value >= 0.1 and name != "aVR"}
    lowered = {name: value for name, value in facts.j_mv.items() if value <= -0.1 and name != "aVR"}
    high = [name for name, value in raised.items() if value >= limit]
    if len(high) < 2 and not (len(raised) >= 2 and lowered):
        return None
    words = _levels(raised)
    if not lowered:
        return f"ST 抬高 {words}", f"ST elevation {words}"
    return f"ST 抬高 {words}；对应压低 {_levels(lowered)}", f"ST elevation {words}; reciprocal {_levels(lowered)}"


def _left_main(facts: Facts, limit: float) -> Said:
    if "st_depression" not in facts.suggestions:  # horizontal or downsloping: an upsloping ST is low at J too
        return None
    lowered = {name: value for name, value in facts.j_mv.items() if value <= -0.1 and name != "aVR"}
    if facts.j_mv.get("aVR", 0.0) < 0.1 or len(lowered) < limit or (facts.measured.qrs_ms or 0) >= 120:
        return None
    words = f"{len(lowered)}", f"{facts.j_mv['aVR']:+.2f} mV"
    return f"{words[0]} 个导联 ST 压低 ≥ 0.1 mV，aVR {words[1]}", f"{words[0]} leads ≤ -0.1 mV, aVR {words[1]}"


def _levels(leads: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:+.2f} mV" for name, value in leads.items())


def _suggested(code: str) -> Check:
    def check(facts: Facts, _limit: float) -> Said:
        if code not in facts.suggestions:
            return None
        sign = -1 if code == "st_depression" else 1
        named = {name: one for name, one in facts.j_mv.items() if sign * one >= 0.05 and name != "aVR"}
        return (_levels(named) or "规则提示", _levels(named) or "suggested by a rule")

    return check


def _av_block_3(facts: Facts, _limit: float) -> Said:
    if "av_block_3" not in facts.suggestions:
        return None
    words = f"{facts.measured.atrial_bpm or '?'}", f"{facts.measured.hr_bpm or '?'}"
    return (
        f"房率 {words[0]}，室率 {words[1]}，房室分离",
        f"atrial rate {words[0]}, ventricular rate {words[1]}, dissociated",
    )


def _pause(facts: Facts, limit: float) -> Said:
    if facts.measured.hr_bpm is None or facts.signs.pause_s < limit:
        return None
    return f"最长 {facts.signs.pause_s:.2f} s", f"{facts.signs.pause_s:.2f} s"


def _slow(facts: Facts, limit: float) -> Said:
    rate = facts.measured.hr_bpm
    return None if rate is None or rate > limit else (f"心率 {rate} 次/分", f"rate {rate}/min")


def _fast(facts: Facts, limit: float) -> Said:
    rate = facts.measured.hr_bpm
    return None if rate is None or rate < limit else (f"心率 {rate} 次/分", f"rate {rate}/min")


def _long_qt(facts: Facts, limit: float) -> Said:
    """Fridericia, whatever the report's formula: Bazett overcorrects at the rates that matter here."""
    corrected, sure = facts.measured.qtc, facts.measured.confidence.get("qt", 1.0)
    if corrected is None or sure < 0.3:
        return None
    value = corrected.fridericia
    if facts.measured.qrs_ms is not None and facts.measured.qrs_ms >= 120:
        value -= round(facts.measured.qrs_ms - 110)
    return None if value < limit else (f"QTc（Fridericia）{value} ms", f"QTc (Fridericia) {value} ms")


def _r_on_t(facts: Facts, _limit: float) -> Said:
    count = facts.signs.r_on_t
    return None if not count else (f"{count} 个", f"{count} beats")


def _no_beats(facts: Facts, _limit: float) -> Said:
    if facts.measured.hr_bpm is not None:
        return None
    return "停搏、颤动或导联脱落？", "asystole, fibrillation or lead off?"


if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[Facts, float], Said]

_CHECKS: dict[str, Check] = {
    "vf": _vf,
    "vt": _vt,
    "vt_short": _vt_short,
    "wide_tachycardia": _wide_tachycardia,
    "preexcited_af": _preexcited_af,
    "stemi": _stemi,
    "left_main": _left_main,
    "st_elevation": _suggested("st_elevation"),
    "st_depression": _suggested("st_depression"),
    "av_block_3": _av_block_3,
    "pause": _pause,
    "slow": _slow,
    "fast": _fast,
    "long_qt": _long_qt,
    "r_on_t": _r_on_t,
    "rate_warning": _fast,
    "no_beats": _no_beats,
}
