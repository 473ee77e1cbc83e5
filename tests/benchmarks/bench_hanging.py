"""Figures of hanging: choosing, placing and arranging, against the limit of 20 ms.

    python -m tests.benchmarks.bench_hanging [--protocols 200] [--series 40]

Candidates stand for a study of many series with three priors; the window is a real one without a screen.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
LIMIT_MS = 20.0
DESCRIPTIONS = ("AX T1", "AX T2", "AX FLAIR", "DWI", "ADC", "SAG T1", "AX T1 POST", "COR T2", "localizer", "SWI")


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench_hanging")
    parser.add_argument("--protocols", type=int, default=200)
    parser.add_argument("--series", type=int, default=40)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MINGJING_HOME"] = str(Path(folder) / "home")
        print(json.dumps(measure(options.protocols, options.series), indent=2))
    return 0


def median_ms(work: Callable[[], object], times: int = 21) -> float:
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spent.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(spent), 2)


def measure(protocols: int, series: int) -> dict[str, float]:
    import msgspec

    from clients.kit.app import make_application
    from clients.viewer.hanging import builtin
    from clients.viewer.hanging.engine import fits
    from clients.viewer.hanging.feature import HangingFeature
    from clients.viewer.window import ViewerWindow
    from tests.clients.viewer.viewer_builders import a_series, a_study

    app = make_application()
    window = ViewerWindow()
    window.resize(1920, 1080)
    window.show()
    feature = next(one for one in window.features if isinstance(one, HangingFeature))
    many = [
        msgspec.structs.replace(builtin.protocols()[n % len(builtin.protocols())], uid=f"1.2.{n}", level="user")
        for n in range(protocols)
    ]
    made = [a_series(20, series=str(n + 1), modality="MR") for n in range(series)]
    described = tuple(
        replace(one, description=DESCRIPTIONS[n % len(DESCRIPTIONS)], body_part="HEAD") for n, one in enumerate(made)
    )
    window.session.open(a_study(*described))
    app.processEvents()
    feature.hanger.kept = tuple(many)
    hanger = feature.hanger
    situation, _ = hanger.situation()
    return {
        "protocols": len(hanger.protocols()),
        "series": series,
        "limit ms": LIMIT_MS,
        "choosing ms": median_ms(lambda: fits(hanger.protocols(), situation)),
        "facts of all series ms": median_ms(hanger.situation),
        "choosing and arranging ms": median_ms(hanger.hang),
        "next step ms": median_ms(lambda: hanger.step(1)),
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
