"""Hours of reading against a real server, sped up: what the viewer's process holds after each stretch.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_viewer_soak.py [--minutes 10] [--every 60] [--bar 30]

Eight CT studies of 60 slices (half of them HTJ2K) and four mammograms, opened, paged, windowed, measured, compared,
refreshed and closed in random order, with the next case fetched ahead and a cache so small that studies leave it.
Each stretch ends with everything closed and garbage collected. With --bar the exit status tells whether memory grew by
more than so many MB after the first stretch, or whether any count did. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HOUSE)]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tests.benchmarks import bench_viewer_loading, bench_volume
from tests.clients.viewer.viewer_reading import Left, Reading

CT_STUDIES = range(811, 819)
CACHE_MB = 200


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench_viewer_soak")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=60, help="seconds of a stretch")
    parser.add_argument("--bar", type=float, default=0, help="MB of growth that fail the run")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MINGJING_HOME"] = str(Path(folder) / "home")
        stretches = soak(Path(folder), options.minutes * 60, options.every)
    first, last = stretches[0], stretches[-1]
    grown = last.mib - first.mib
    print(f"growth after the first stretch {grown:+.1f} MiB; counts {first.countable} -> {last.countable}")
    failed = options.bar and (grown > options.bar or last.countable != first.countable)
    return 1 if failed else 0


def soak(folder: Path, seconds: float, every: float) -> list[Left]:
    from clients.kit.app import make_application
    from clients.kit.theme import apply_theme
    from clients.kit.tokens import ThemeName
    from clients.viewer.cache import CacheSettings, DiskCache
    from clients.viewer.loading_memory import settle_allocator
    from clients.viewer.server_studies import AdoptedLine, ServerStudies
    from clients.viewer.window import ViewerWindow
    from tests.server_process import running_server

    pixels = bench_volume.slices_of(None, 60)
    with running_server(folder / "data") as server:
        for number in CT_STUDIES:
            bench_volume.store(server, bench_volume.HTJ2K if number % 2 else bench_volume.NATIVE, number, pixels)
        bench_viewer_loading.store_mammograms(server)
        client = server.client()
        settle_allocator()
        app = make_application()
        apply_theme(ThemeName.DARK)
        line = AdoptedLine(str(server.connection), client.session)
        cache = DiskCache("soak", CacheSettings(True, CACHE_MB))
        window = ViewerWindow(ServerStudies(line, cache))
        window.resize(1280, 800)
        window.show()
        numbers = [*CT_STUDIES, bench_viewer_loading.BREASTS]
        reading = Reading(window, [bench_volume.study_uid(number) for number in numbers])
        stretches: list[Left] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(stretches) < 2:
            stretch = time.monotonic() + every
            while time.monotonic() < stretch:
                reading.cycle()
            left = reading.left()
            stretches.append(left)
            print(f"{reading.cycles:>6} exams {reading.images:>8} images {left}", flush=True)
        window.close()
        line.close()
        cache.close()
        client.close()
        app.processEvents()
    return stretches


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
