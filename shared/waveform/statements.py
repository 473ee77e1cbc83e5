"""Statements suggested by published rules, each with its reason; a doctor confirms them, nothing else does.

Rules: AHA/ACCF/HRS recommendations for the standardization and interpretation of the electrocardiogram, parts III
(conduction, 2009), IV (ST, T, QT, 2009) and V (hypertrophy, 2009); fourth universal definition of myocardial infarction
(2018) for ST elevation, ST depression and Q waves. They hold for adults; below 16 years only rhythm is commented on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.domain.states import Sex
from shared.waveform import statement_rules_st
from shared.waveform.beats import BeatClass
from shared.waveform.gains import with_common_gain
from shared.waveform.suggestion import Suggestion, suggestion

if TYPE_CHECKING:
    from shared.waveform.amplitudes import LeadAmplitudes
    from shared.waveform.measuring import Analysis, Measurements
    from shared.waveform.record import EcgRecord

_IRREGULAR = 0.07


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule needs to know of the patient; unknown sex is judged by the men's limits, unknown age as adult."""

    female: bool = False
    age: float | None = None
    leads: dict[str, LeadAmplitudes] = field(default_factory=dict)
    absolute: bool = True  # amplitudes are true mV, see ``gains``


def suggest(record: EcgRecord, analysis: Analysis) -> tuple[Suggestion, ...]:
    """Suggestions for a measured record, rhythm first. Empty where nothing was measured."""
    measured = analysis.measurements
    if measured.hr_bpm is None:
        return ()
    absolute = with_common_gain(record) is record
    subject = Subject(record.patient.sex == Sex.FEMALE, record.patient.age_years, measured.amplitudes, absolute)
    found = [*_rhythm(measured), *_ectopy(measured)]
    if subject.age is not None and subject.age < 16:
        return tuple(found)
    found += _conduction(measured, subject) + _axis(measured) + _qt(measured, subject) + _voltage(measured, subject)
    narrow = measured.qrs_ms is not None and measured.qrs_ms < 120
    if absolute and narrow and not measured.counts.get(BeatClass.PACED):
        found += statement_rules_st.ischaemia(subject.leads, subject.female, subject.age)
    return tuple(found)


def _rhythm(measured: Measurements) -> list[Suggestion]:
    rate = measured.hr_bpm or 0
    paced, total = measured.counts.get(BeatClass.PACED, 0), sum(measured.counts.values())
    regular = measured.irregularity <= _IRREGULAR
    if total and paced > 0.3 * total:
        return [
            suggestion(
                "paced",
                "起搏心律",
                "paced rhythm",
                f"{paced}/{total} 个心搏前有起搏信号",
                f"spikes before {paced} of {total} beats",
            )
        ]
    if not measured.p_waves:
        return [_without_p(measured, regular)]
    axis = measured.axes.p
    sinus = axis is None or -30 <= axis <= 105
    name = ("sinus", "窦性", "sinus") if sinus else ("atrial", "异位房性", "ectopic atrial")
    why_zh, why_en = f"心率 {rate}", f"rate {rate}"
    if axis is not None:
        why_zh, why_en = f"{why_zh}，P 电轴 {axis}°", f"{why_en}, P axis {axis}°"
    if rate < 60:
        return [suggestion(f"{name[0]}_bradycardia", f"{name[1]}心动过缓", f"{name[2]} bradycardia", why_zh, why_en)]
    if rate > 100:
        return [suggestion(f"{name[0]}_tachycardia", f"{name[1]}心动过速", f"{name[2]} tachycardia", why_zh, why_en)]
    return [suggestion(f"{name[0]}_rhythm", f"{name[1]}心律", f"{name[2]} rhythm", why_zh, why_en)]


def _without_p(measured: Measurements, regular: bool) -> Suggestion:
    """Rhythms in which no P wave precedes the beats."""
    rate, atrial = measured.hr_bpm or 0, measured.atrial_bpm
    why_zh, why_en = f"房率 {atrial}，室率 {rate}", f"atrial rate {atrial}, ventricular rate {rate}"
    if atrial is not None and 200 <= atrial <= 375:
        return suggestion("flutter", "心房扑动", "atrial flutter", why_zh, why_en)
    if atrial is not None and regular and 1.1 * rate < atrial < 200:
        return suggestion("av_block_3", "完全性房室阻滞", "complete AV block", why_zh, why_en)
    if not regular:
        change = f"{measured.irregularity:.0%}"
        why_zh, why_en = f"未见 P 波，RR 逐搏变化 {change}", f"no P waves, RR changes by {change} from beat to beat"
        return suggestion("af", "心房颤动", "atrial fibrillation", why_zh, why_en)
    text = "regular rhythm without P waves (junctional, flutter or ventricular?)"
    why_zh, why_en = f"心率 {rate}，未见 P 波", f"rate {rate}, no P waves"
    return suggestion("no_p", "未见 P 波的规则心律（交界性、房扑或室性？）", text, why_zh, why_en)


def _ectopy(measured: Measurements) -> list[Suggestion]:
    found = []
    for kind, code, chinese, english in (
        (BeatClass.VENTRICULAR, "vpc", "室性早搏", "ventricular premature beats"),
        (BeatClass.SUPRAVENTRICULAR, "apc", "房性早搏", "supraventricular premature beats"),
    ):
        count = measured.counts.get(kind, 0)
        if count:
            found.append(suggestion(code, chinese, english, f"{count} 个", f"{count} in this record"))
    return found


def _conduction(measured: Measurements, subject: Subject) -> list[Suggestion]:
    found = []
    if measured.p_waves and measured.pr_ms is not None:
        if measured.pr_ms > 200:
            found.append(_limit("av_block_1", "一度房室阻滞", "first degree AV block", "PR", measured.pr_ms, "> 200"))
        elif measured.pr_ms < 110:
            found.append(_limit("short_pr", "短 PR 间期", "short PR interval", "PR", measured.pr_ms, "< 110"))
    qrs = measured.qrs_ms
    if qrs is None:
        return found
    if qrs >= 120:
        found.append(_wide(qrs, subject.leads))
    elif qrs >= 110 and _right_bundle(subject.leads):
        found.append(
            _limit(
                "irbbb", "不完全性右束支阻滞", "incomplete right bundle branch block", "QRS", qrs, "110–119, rsR′ V1"
            )
        )
    axis, lateral = measured.axes.qrs, subject.leads.get("aVL")
    if qrs < 120 and axis is not None and -90 <= axis <= -45 and lateral is not None and lateral.q_uv and lateral.r_uv:
        found.append(
            suggestion(
                "lafb",
                "左前分支阻滞",
                "left anterior fascicular block",
                f"电轴 {axis}°，aVL 呈 qR",
                f"axis {axis}°, qR in aVL",
            )
        )
    return found


def _wide(qrs: float, leads: dict[str, LeadAmplitudes]) -> Suggestion:
    if _right_bundle(leads):
        return _limit("rbbb", "完全性右束支阻滞", "right bundle branch block", "QRS", qrs, "≥ 120, R′ V1/V2")
    if _left_bundle(leads):
        return _limit("lbbb", "完全性左束支阻滞", "left bundle branch block", "QRS", qrs, "≥ 120, I V6 R > 60 ms")
    return _limit("ivcd", "非特异性室内传导延迟", "nonspecific intraventricular conduction delay", "QRS", qrs, "≥ 120")


def _right_bundle(leads: dict[str, LeadAmplitudes]) -> bool:
    """rsR′ (R′ the larger) or a late single R in V1 or V2, and S waves in I and V6."""
    right = any(
        each is not None
        and (
            (each.r2_uv or 0.0) > max(100.0, each.r_uv or 0.0) or ((each.r_peak_ms or 0) > 50 and (each.s_uv or 0) == 0)
        )
        for each in (leads.get("V1"), leads.get("V2"))
    )
    wide_s = all(each is not None and (each.s_uv or 0.0) < -50.0 for each in (leads.get("I"), leads.get("V6")))
    return right and wide_s


def _left_bundle(leads: dict[str, LeadAmplitudes]) -> bool:
    """Late R without q in I and V6, mainly negative V1."""
    one, six, first = leads.get("I"), leads.get("V6"), leads.get("V1")
    if one is None or six is None or first is None:
        return False
    late = (six.r_peak_ms or 0.0) > 60.0
    return late and not six.q_uv and not one.q_uv and (first.s_uv or 0.0) < -2.0 * (first.r_uv or 0.0)


def _axis(measured: Measurements) -> list[Suggestion]:
    axis = measured.axes.qrs
    if axis is None or -30 <= axis <= 90:
        return []
    if -90 <= axis < -30:
        words = ("left_axis", "电轴左偏", "left axis deviation")
    elif axis > 90:
        words = ("right_axis", "电轴右偏", "right axis deviation")
    else:
        words = ("extreme_axis", "电轴极度偏转", "extreme axis deviation")
    return [suggestion(*words, f"QRS 电轴 {axis}°", f"QRS axis {axis}°")]


def _qt(measured: Measurements, subject: Subject) -> list[Suggestion]:
    """Bazett between 60 and 100 per minute, Fridericia outside, where Bazett overcorrects."""
    if measured.qtc is None or measured.hr_bpm is None:
        return []
    usual = 60 <= measured.hr_bpm <= 100
    name, value = ("Bazett", measured.qtc.bazett) if usual else ("Fridericia", measured.qtc.fridericia)
    limit = 460 if subject.female else 450
    if measured.qrs_ms is not None and measured.qrs_ms >= 120:
        value -= round(measured.qrs_ms - 110)  # the wide complex' own share
    if value >= limit:
        return [_limit("long_qt", "QT 间期延长", "prolonged QT interval", f"QTc {name}", value, f"≥ {limit}")]
    if value <= 350:
        return [_limit("short_qt", "QT 间期缩短", "short QT interval", f"QTc {name}", value, "≤ 350")]
    return []


def _voltage(measured: Measurements, subject: Subject) -> list[Suggestion]:
    if not subject.absolute or not subject.leads or (measured.qrs_ms or 0) >= 120:
        return []
    sums, found = measured.hypertrophy, []
    cornell = 2.0 if subject.female else 2.8
    reasons = []
    if sums.sokolow_lyon_mv is not None and sums.sokolow_lyon_mv >= 3.5:
        reasons.append(f"Sokolow-Lyon {sums.sokolow_lyon_mv:.2f} mV ≥ 3.5")
    if sums.cornell_mv is not None and sums.cornell_mv > cornell:
        reasons.append(f"Cornell {sums.cornell_mv:.2f} mV > {cornell}")
    if reasons:
        why = ", ".join(reasons)
        found.append(suggestion("lvh", "左心室高电压", "voltage criteria of left ventricular hypertrophy", why, why))

    def size(lead: LeadAmplitudes) -> float:
        parts = [each or 0.0 for each in (lead.q_uv, lead.r_uv, lead.s_uv, lead.r2_uv, lead.s2_uv)]
        return max(parts) - min(parts)

    limb = [size(subject.leads[name]) for name in ("I", "II", "III") if name in subject.leads]
    if len(limb) == 3 and max(limb) < 500.0:
        why = f"{max(limb) / 1000:.2f} mV < 0.5"
        found.append(suggestion("low_voltage", "肢体导联低电压", "low voltage in the limb leads", why, why))
    return found


def _limit(code: str, chinese: str, english: str, name: str, value: float, limit: str) -> Suggestion:
    why = f"{name} {value:.0f} ms ({limit})"
    return suggestion(code, chinese, english, why, why)
