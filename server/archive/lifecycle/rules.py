"""Which rule goes for a study, where that leaves it, which priors come along, how soon a store is full. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.kernel.storage.tiers import Role

ONLINE = "online"
GROWTH_DAYS = 14
_WARN_DAYS = 30
_WARN_FREE_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What rules look at."""

    institution: str
    calling_ae: str
    modalities: frozenset[str]
    changed_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule whose campus was resolved into the AE titles of its devices; `aes` None: any sender."""

    id: int
    position: int
    institution: str
    aes: frozenset[str] | None
    modalities: frozenset[str]
    after: timedelta
    unused: timedelta
    keep_in: frozenset[str]


def applies(rule: Rule, study: StudyFacts, now: datetime) -> bool:
    """Whether a rule wants anything of a study at present."""
    if rule.institution and rule.institution != study.institution:
        return False
    if rule.aes is not None and study.calling_ae not in rule.aes:
        return False
    if rule.modalities and not rule.modalities & study.modalities:
        return False
    used = max(study.changed_at, study.last_used_at or study.changed_at)
    return study.changed_at <= now - rule.after and used <= now - rule.unused


def deciding(rules: Collection[Rule], study: StudyFacts, now: datetime) -> Rule | None:
    """The rule that goes: of those that apply the one for the oldest studies, then the one that stands first."""
    found = [rule for rule in rules if applies(rule, study, now)]
    return min(found, key=lambda rule: (-rule.after, rule.position, rule.id), default=None)


def availability(roles: Collection[Role]) -> str:
    """DICOM Instance Availability (0008,0056), PS3.3 C.4.23.1.1, of a study that lies in stores of these roles."""
    if Role.ONLINE in roles:
        return "ONLINE"
    if Role.NEARLINE in roles or Role.ARCHIVE in roles:
        return "NEARLINE"
    return "OFFLINE"


# how full


@dataclass(frozen=True, slots=True)
class Forecast:
    """Growth in bytes per day and days until a store is full; None: unknown, or never."""

    growth: int | None
    days: int | None


def forecast(held: Sequence[tuple[date, int]], free: int | None) -> Forecast:
    """Draw a line through (day, bytes held) of the last 14 days by least squares, and prolong it.

    At least three days are needed. A store that shrinks or stands still is never full.
    """
    if not held:
        return Forecast(None, None)
    last = max(day for day, _ in held)
    points = [(float((day - last).days), float(size)) for day, size in held if (last - day).days < GROWTH_DAYS]
    if len({x for x, _ in points}) < 3:
        return Forecast(None, None)
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    growth = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    if growth < 1 or free is None:
        return Forecast(round(growth), None)
    return Forecast(round(growth), int(free / growth))


def fill_warning(title: str, free: int | None, capacity: int | None, days: int | None) -> str:
    """A sentence for the administrator; empty when there is room."""
    if free is not None and free <= 0:
        return f"存储“{title}”已满，请增加容量或调整存储规则。"
    if days is not None and days < _WARN_DAYS:
        return f"存储“{title}”按近期增长约 {days} 天后写满，请及时增加容量或调整存储规则。"
    if free is not None and capacity and free < capacity * _WARN_FREE_SHARE:
        return f"存储“{title}”剩余空间不足 10%（{free // 2**30} GB），请及时增加容量。"
    return ""


# priors


@dataclass(frozen=True, slots=True)
class Prior:
    """An earlier study of a patient."""

    study_uid: str
    day: str  # DICOM DA
    modalities: frozenset[str]
    body_parts: frozenset[str]


@dataclass(frozen=True, slots=True)
class PriorRule:
    """Which earlier studies belong to a coming exam."""

    exam_type: str
    modalities: frozenset[str]
    same_body_part: bool
    newest: int
    within_years: int


_REGIONS: Mapping[str, str] = {
    "HEAD": "颅 脑 头 HEAD BRAIN SKULL",
    "NECK": "颈 甲状腺 NECK CSPINE THYROID",
    "CHEST": "胸 肺 肋 心 CHEST LUNG THORAX HEART RIBS BREAST 乳",
    "ABDOMEN": "腹 肝 胆 胰 脾 肾 ABDOMEN LIVER KIDNEY PANCREAS",
    "PELVIS": "盆 髋 膀胱 PELVIS HIP BLADDER",
    "SPINE": "脊 腰 椎 SPINE LSPINE TSPINE",
    "LIMBS": "肩 肘 腕 手 膝 踝 足 EXTREMITY KNEE SHOULDER HAND FOOT ELBOW WRIST ANKLE",
}


def regions(texts: Collection[str]) -> frozenset[str]:
    """The regions of the body that words name, Chinese or of (0018,0015); empty when none is known."""
    found = set()
    for text in texts:
        upper = re.sub(r"[\s_-]", "", text.upper())
        for region, words in _REGIONS.items():
            if any(word in upper for word in words.split()):
                found.add(region)
    return frozenset(found)


def priors_of(
    exam_type: str, parts: Collection[str], priors: Sequence[Prior], rules: Sequence[PriorRule], today: date
) -> list[str]:
    """The studies to bring on-line for an exam of this type and these body parts, newest first, each once."""
    chosen: dict[str, None] = {}
    wanted = regions(parts)
    for rule in rules:
        if rule.exam_type and rule.exam_type != exam_type:
            continue
        oldest = f"{today.year - rule.within_years:04d}{today:%m%d}"
        fitting = [
            prior
            for prior in sorted(priors, key=lambda prior: prior.day, reverse=True)
            if prior.day >= oldest
            and (not rule.modalities or rule.modalities & prior.modalities)
            and (not rule.same_body_part or _may_be_same(wanted, regions(prior.body_parts)))
        ]
        chosen.update(dict.fromkeys(prior.study_uid for prior in fitting[: rule.newest]))
    return list(chosen)


def _may_be_same(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or bool(one & other)
