"""Drawing cases: seeded, and by strata if wanted; pure functions."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

T = TypeVar("T")


def draw(items: Sequence[T], count: int, seed: int, stratum: Callable[[T], Hashable] | None = None) -> list[T]:
    """`count` of `items` (all, when there are fewer), the same for the same seed and items, in the order of drawing.

    With `stratum` every group gets its share by largest remainders; a group never gets more than it has.
    """
    generator = random.Random(seed)
    count = min(count, len(items))
    if stratum is None:
        return generator.sample(list(items), count)
    groups: dict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        groups[stratum(item)].append(item)
    shares = {key: count * len(group) / len(items) for key, group in groups.items()}
    takes = {key: math.floor(share) for key, share in shares.items()}
    rest = count - sum(takes.values())
    for key in sorted(groups, key=lambda key: (takes[key] - shares[key], str(key)))[:rest]:
        takes[key] += 1
    drawn = [item for key in sorted(groups, key=str) for item in generator.sample(groups[key], takes[key])]
    generator.shuffle(drawn)
    return drawn


def kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa of two scorers' grades; None with fewer than two pairs or when chance alone explains all."""
    if len(pairs) < 2:
        return None
    grades = {grade for pair in pairs for grade in pair}
    agreed = sum(one == other for one, other in pairs) / len(pairs)
    chance = sum(
        sum(one == grade for one, _ in pairs) * sum(other == grade for _, other in pairs) for grade in grades
    ) / (len(pairs) ** 2)
    return None if chance >= 1 else (agreed - chance) / (1 - chance)
