"""Figures of marks: statistics of a region while it is dragged, the smart brush, a stroke's way to the disk.

    .venv/bin/python -m tests.benchmarks.bench_marks

Each figure stands beside its bar; the statistics also beside plain numpy on a mask that is there already.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from clients.viewer.marks.journal import Journal
from clients.viewer.marks.tools import brushed
from shared.contract.marks import StoredMark
from shared.dicomkit.uids import new_uid
from shared.imaging import shapes
from shared.imaging.geometry import PixelPoint
from shared.imaging.lut import Modality

ROUNDS = 21


def median_ms(work: Callable[[], object]) -> float:
    """Median of some runs, after one to warm up."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> int:
    rng = np.random.default_rng(7)
    image = rng.integers(-1000, 2000, (512, 512)).astype(np.int16)
    modality = Modality(1.0, -1024.0, None, "HU")
    circle = shapes.Ellipse((255.5, 255.5), (255, 0), (0, 255))
    figures: list[tuple[str, float, float]] = []
    for name, outline in (
        ("ellipse", circle),
        ("rectangle", shapes.rectangle((0, 0), (511, 511))),
        ("outline of 1,500 points", shapes.Polygon(circle.outline(1500)[:-1])),
    ):
        took = median_ms(lambda outline=outline: shapes.statistics_under(outline, image, modality))  # type: ignore[misc]
        figures.append((f"statistics of 512²: {name}", took, 5.0))
    mask = shapes.covered(circle, slice(0, 512), slice(0, 512))

    def plain() -> None:
        inside = modality(image[mask])
        _ = inside.mean(), inside.std(), inside.min(), inside.max()

    peer = median_ms(plain)
    y, x = np.mgrid[:512, :512]
    organ = (np.where((x - 250) ** 2 + (y - 260) ** 2 < 60**2, 80, -60) + rng.normal(0, 8, x.shape)).astype(np.int16)
    stroke = [PixelPoint(230 + n, 250 + n / 3) for n in range(40)]
    figures.append(("smart brush, 512², radius 14", median_ms(lambda: brushed(organ, stroke, 14)), 50.0))
    large = np.tile(organ, (8, 6))
    figures.append(("smart brush, 4096 × 3072", median_ms(lambda: brushed(large, stroke, 14)), 50.0))
    with tempfile.TemporaryDirectory() as folder:
        journal, marks = Journal("bench", Path(folder)), {}
        journal.begin("1.2", {})

        def record() -> None:
            mark = StoredMark(uid=new_uid(), kind="length", points=((1.0, 2.0), (3.0, 4.0)), sop_instance_uid="1.2.3")
            marks[mark.uid] = mark
            journal.record("1.2", dict(marks))

        figures.append(("a stroke into the journal", median_ms(record), 5.0))
    missed = 0
    for name, took, bar in figures:
        missed += took > bar
        print(f"{name:<42}{took:8.2f} ms   bar {bar:g} ms{'' if took <= bar else '   MISSED'}")
    print(f"{'numpy on a ready mask, for comparison':<42}{peer:8.2f} ms   ratio {figures[0][1] / peer:.2f}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
