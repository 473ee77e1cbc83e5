"""ST segments, T waves and Q waves by the fourth universal definition of myocardial infarction (Circulation 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.waveform.suggestion import Suggestion, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.waveform.amplitudes import LeadAmplitudes

# Contiguous leads: neighbours in the frontal plane (Cabrera) and on the chest.
NEIGHBOURS = (
    ("aVL", "I"),
    ("II", "aVF"),
    ("aVF", "III"),
    ("II", "III"),
    ("V1", "V2"),
    ("V2", "V3"),
    ("V3", "V4"),
    ("V4", "V5"),
    ("V5", "V6"),
    ("I", "V6"),
)
_PLACES = (
    ("inferior", "下壁", "inferior", {"II", "III", "aVF"}),
    ("anterior", "前壁", "anterior", {"V1", "V2", "V3", "V4"}),
    ("lateral", "侧壁", "lateral", {"I", "aVL", "V5", "V6"}),
)


def ischaemia(leads: Mapping[str, LeadAmplitudes], female: bool, age: float | None) -> list[Suggestion]:
    """Suggestions about ST elevation, ST depression, T inversion and Q waves in contiguous leads."""
    if "V2" not in leads or "II" not in leads:
        return []

    def limit(name: str) -> float:
        if name not in {"V2", "V3"}:
            return 100.0
        if female:
            return 150.0
        return 250.0 if age is not None and age < 40 else 200.0

    def raised(name: str) -> bool:
        return leads[name].j_uv >= limit(name)

    def lowered(name: str) -> bool:  # horizontal or downsloping: no higher 80 ms later than at J
        each = leads[name]
        return each.j_uv <= -50.0 and each.st80_uv <= each.j_uv + 20.0

    def inverted(name: str) -> bool:
        each = leads[name]
        upright = (each.r_uv or 0.0) > -(each.s_uv or 0.0)
        return name not in {"aVR", "V1", "III"} and upright and each.t_uv is not None and each.t_uv < -100.0

    def deep_q(name: str) -> bool:
        each = leads[name]
        if each.q_uv is None:
            return False
        if name in {"V2", "V3"}:
            return each.q_ms >= 20.0 or each.r_uv is None
        return name not in {"III", "aVR", "V1"} and each.q_ms >= 30.0 and each.q_uv <= -100.0

    found = _stated(leads, raised, "st_elevation", "ST 段抬高", "ST elevation", lambda each: each.j_uv)
    found += _stated(leads, lowered, "st_depression", "ST 段压低", "ST depression", lambda each: each.j_uv)
    found += _stated(leads, inverted, "t_inversion", "T 波倒置", "T wave inversion", lambda each: each.t_uv or 0.0)
    found += _stated(leads, deep_q, "q_waves", "异常 Q 波", "abnormal Q waves", lambda each: each.q_uv or 0.0)
    return found


def _stated(
    leads: Mapping[str, LeadAmplitudes],
    holds: Callable[[str], bool],
    code: str,
    chinese: str,
    english: str,
    value: Callable[[LeadAmplitudes], float],
) -> list[Suggestion]:
    """One suggestion naming the walls, when the rule holds in two contiguous leads."""
    true = {name for name in leads if holds(name)}
    together = {name for pair in NEIGHBOURS if set(pair) <= true for name in pair}
    if not together:
        return []
    walls = [place for place in _PLACES if place[3] & together]
    names = sorted(together, key=list(leads).index)
    why = ", ".join(f"{name} {value(leads[name]) / 1000:+.2f} mV" for name in names)
    zh = "、".join(place[1] for place in walls) + chinese
    en = english + ", " + " and ".join(place[2] for place in walls)
    return [suggestion(code, zh, en, why, why)]
