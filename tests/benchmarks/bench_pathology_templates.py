"""Reading hostile template text is linear: a text of 1 MB against one of half the size, and random templates a second.

Run: .venv/bin/python tests/benchmarks/bench_pathology_templates.py
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shared.domain.pathology_templates import parse, print_template, read

MEGABYTE = 1_000_000
HOSTILE: dict[str, Callable[[int], str]] = {
    "deep brackets [[[[": lambda size: "[" * size,
    "mixed ({[": lambda size: "({[" * (size // 3),
    "slots {({(": lambda size: "{(" * (size // 2),
    "closed in order ((…))": lambda size: "(" * (size // 2) + ")" * (size // 2),
    "closing ]]]]": lambda size: "]" * size,
    "options [a；a；…]": lambda size: "[" + "a；" * (size // 2) + "a]",
    "chain {（ ）}×{（ ）}×": lambda size: "{（ ）}×" * (size // 6),
    "plain text": lambda size: "癌" * size,
}


def seconds(text: str) -> float:
    """The best of three readings."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        read(text)
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    print(f"{'text of 1,000,000 characters':32}{'half':>9}{'whole':>9}{'ratio (linear: 2)':>20}")
    for name, make in HOSTILE.items():
        half, whole = seconds(make(MEGABYTE // 2)), seconds(make(MEGABYTE))
        print(f"{name:32}{half:8.2f}s{whole:8.2f}s{whole / half:20.1f}")
    chance = random.Random(1)
    pieces = ("腺上皮", "[多为立方形；卵圆形]", "（大量；少量）", "{约（2.0）cm}", "（IM）", "\n", "\\（")
    texts = ["".join(chance.choices(pieces, k=20)) for _ in range(10_000)]
    start = time.perf_counter()
    for text in texts:
        tree = parse(text)
        assert parse(print_template(tree)) == tree
    print(f"10,000 templates of 20 elements read, printed and read again: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
