"""How alike two texts are worded: shared pairs of Chinese characters and Latin words, rare ones weighing more. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Grams = frozenset[str]

_RUNS = re.compile(r"[\u3400-\u9fff]+|[A-Za-z]{2,}")
_MOST_TEXT = 6_000
_SHOWN = 6
_STOP = frozenset(
    ("所见", "可见", "未见", "见明", "明显", "显异", "异常", "影像", "检查", "建议", "请结", "结合", "临床")
)


@dataclass(frozen=True, slots=True)
class Likeness:
    """One text as likely as another: 0 to 1, and the rarest words that both use."""

    id: int
    score: float
    shared: tuple[str, ...]


def grams_of(text: str) -> Grams:
    """Return pairs of neighbouring Chinese characters and Latin words in lower case; figures do not count."""
    found: set[str] = set()
    for run in _RUNS.findall(text[:_MOST_TEXT]):
        if run[0].isascii():
            found.add(run.lower())
        else:
            found.update(run[at : at + 2] for at in range(len(run) - 1))
    return frozenset(found - _STOP)


def most_alike(asked: Grams, others: Mapping[int, Grams], limit: int) -> tuple[Likeness, ...]:
    """Return the most alike texts, best first; those that share nothing are left out.

    Cosine of the two texts, each word weighted by its inverse document frequency among `others`.
    """
    if not asked or not others:
        return ()
    holders: Counter[str] = Counter()
    shared_by: dict[int, Grams] = {}
    for one, grams in others.items():
        shared = asked & grams
        if shared:
            shared_by[one] = shared
            holders.update(shared)
    rarity = {word: math.log((len(others) + 1) / (holders[word] + 0.5)) for word in asked}
    whole = sum(rarity.values())
    usual = whole / len(asked)
    found = []
    for one, shared in shared_by.items():
        common = _sum(rarity, shared)
        length = common + usual * (len(others[one]) - len(shared))
        if common > 0 and whole > 0 and length > 0:
            found.append((common / math.sqrt(whole * length), one))
    found.sort(key=lambda pair: (-pair[0], -pair[1]))
    return tuple(
        Likeness(one, round(min(1.0, score), 4), _rarest(rarity, shared_by[one])) for score, one in found[:limit]
    )


def _sum(rarity: Mapping[str, float], words: Iterable[str]) -> float:
    return sum(rarity[word] for word in words)


def _rarest(rarity: Mapping[str, float], words: Grams) -> tuple[str, ...]:
    return tuple(sorted(words, key=lambda word: (-rarity[word], word))[:_SHOWN])
