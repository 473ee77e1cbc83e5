"""What lies over images, each beside its limit: the time of one picture, and of reading headers beside pydicom's.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_objects.py

The header is that of a synthetic CT slice, read by the viewer's path (safe reading, geometry, values, overlays) and by
``pydicom.dcmread(stop_before_pixels=True)`` in turns. Pictures over images are made outside the GUI thread; 40 ms is
where paging at 25 images a second would fall behind. Figures are medians.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HOUSE)]

import numpy as np
import pydicom

from clients.viewer.objects.pictures import dose_picture, mask_outlines
from shared.dicomkit.synthetic import ct_series
from shared.imaging.frame_headers import FrameHeader
from shared.imaging.frames import Part10
from shared.imaging.fusion import coloured, palette, top_values
from shared.imaging.geometry import Plane
from shared.imaging.header import image_header
from shared.imaging.lut import VoiFunction, Window
from shared.imaging.volume import volume_of


def median_ms(work: Callable[[], object], rounds: int = 15) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def headers() -> tuple[float, float]:
    """Milliseconds of the viewer's reading and of pydicom's, in turns."""
    stream = io.BytesIO()
    (slice_,) = ct_series(slices=1, rows=64)
    slice_.save_as(stream, enforce_file_format=True)
    data = stream.getvalue()

    def ours() -> object:
        part10 = Part10(data)
        return image_header(part10.header, part10.transfer_syntax)

    def theirs() -> object:
        return pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True)

    return median_ms(ours, 60), median_ms(theirs, 60)


def main() -> None:
    mine, theirs = headers()
    print(f"header of a CT slice {mine:.2f} ms, pydicom alone {theirs:.2f} ms: {mine / theirs:.1f} x")

    planes = [Plane.of((-200, -200, 3.0 * n), (1, 0, 0, 0, 1, 0), (4, 4)) for n in range(200)]
    random = np.random.default_rng(1)
    frames = [random.integers(0, 3000, (100, 100)).astype(np.int16) for _ in planes]
    volume = volume_of([FrameHeader(plane=plane) for plane in planes], lambda n: frames[n])
    base = Plane.of((-180, -180, 301.3), (1, 0, 0, 0, 1, 0), (0.7, 0.7))
    values = top_values(volume, base, 512, 512)
    window, colours = Window(1500, 3000, VoiFunction.LINEAR_EXACT), palette("hot")
    y, x = np.mgrid[0:512, 0:512]
    mask = (((x - 256) ** 2 + (y - 256) ** 2 < 200**2) * 255).astype(np.uint8)

    from clients.viewer.objects.book import Dose

    dose = Dose("1", volume, "Gy", "PLAN", 2500.0, 3000.0, "1")
    lines = {
        "fusion: a plane of 512² through a PET of 100² x 200": lambda: top_values(volume, base, 512, 512),
        "fusion: its colours": lambda: coloured(values, window, colours, 0.5),
        "segment: outline of 512²": lambda: mask_outlines(mask),
        "dose: isodose lines and wash of 512² (noise, the worst case)": lambda: dose_picture(
            dose, base, (512, 512), opacity=0.4, filled=True
        ),
    }
    for what, work in lines.items():
        limit = 400.0 if what.startswith("dose") else 40.0
        print(f"{what} {median_ms(work):.1f} ms (limit {limit:.0f})")


if __name__ == "__main__":
    main()
