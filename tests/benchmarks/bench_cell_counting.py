"""Nuclei counted on generated fields: error against the truth and time, beside Otsu's threshold with labelling.

Run: python tests/benchmarks/bench_cell_counting.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

import cv2
import numpy as np
from cell_phantom import a_field

from clients.pathology.analysis.cells import Settings, find, graded
from clients.pathology.analysis.mosaics import join
from clients.pathology.analysis.stains import amounts
from shared.contract.pathology_counts import figures_of

FIELDS = {
    "apart": {"count": 200},
    "half touching": {"count": 200, "touching": 0.5},
    "four of five touching": {"count": 220, "touching": 0.8},
    "noisy, stained ground": {"count": 200, "stroma": 0.15, "noise": 5.0},
    "yellow lamp": {"count": 200, "white": (235, 220, 180)},
}


def plain(picture: object) -> int:
    """What a threshold with connected components counts."""
    density = amounts(picture).sum(axis=2)  # type: ignore[arg-type]
    grey = np.clip(density * 160, 0, 255).astype(np.uint8)
    _level, mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    sizes = cv2.connectedComponentsWithStats(mask)[2][1:, cv2.CC_STAT_AREA]
    return int((sizes > 100).sum())


def main() -> None:
    settings = Settings(diameter_px=28)
    print("field                     total: mean, worst error   rate: worst   plain threshold   time a field")
    for name, how in FIELDS.items():
        errors, others, rates, spent = [], [], [], 0.0
        for seed in range(100, 108):
            field = a_field(seed, **how)  # type: ignore[arg-type]
            begun = time.perf_counter()
            figures = figures_of(graded(find(field.picture, settings), settings))
            spent += time.perf_counter() - begun
            errors.append(100 * (figures.total / len(field.nuclei) - 1))
            others.append(100 * (plain(field.picture) / len(field.nuclei) - 1))
            rates.append(figures.rate - 100 * field.positive / len(field.nuclei))
        print(
            f"{name:24s}  {np.mean(errors):+6.1f} % {max(errors, key=abs):+6.1f} %        "
            f"{max(rates, key=abs):+5.1f} pp      {np.mean(others):+6.1f} %        {spent / 8 * 1000:5.0f} ms"
        )
    ground = a_field(1, 1500, size=(2400, 3200)).picture
    tiles = [ground[y : y + 900, x : x + 1200] for y in (0, 700, 1400) for x in (0, 950, 1900)]
    begun = time.perf_counter()
    made = join(tiles)
    print(f"mosaic of 9 fields 1200x900: {time.perf_counter() - begun:.1f} s, residual {made.residual:.2f} px")


if __name__ == "__main__":
    main()
