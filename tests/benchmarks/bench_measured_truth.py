"""Measured truth: digital phantoms of known size and value, measured by the program itself; the errors as a table.

    .venv/bin/python -m tests.benchmarks.bench_measured_truth [--write]

Prints the table; ``--write`` puts it into docs/measured-truth.md. Exits with 1 when a bar is missed: lengths within
0.1 mm or 0.1 pixel, angles within 0.1 degree, areas and volumes within 1 %, HU exact, SUV within 0.1 %.
The shapes of lengths and areas come from what the pixels show (centres of gravity, edges, grown regions), not from the
formula, wherever the pixels can tell: so the whole way from file to number is measured, not only the arithmetic.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clients.viewer.headless import Images, images_of
from clients.viewer.marks.model import Kind, Mark
from clients.viewer.marks.values import Values, measure
from clients.viewer.study import FrameKey
from mingjing.measure import _Grounds
from shared.imaging.geometry import PixelPoint
from shared.imaging.shapes import Polygon, connected_region, region_outline
from shared.imaging.shapes.evaluation import Ground, evaluated, voxel_volumes
from tests import phantoms
from tests.benchmarks.truth_page import PAGE, sections
from tests.phantoms import Grid

CENTRE = (12.0, -34.0, 56.0)


@dataclass(frozen=True)
class Row:
    """One measurement: what, on which phantom, the truth, what was measured, the bar in the unit of the error."""

    what: str
    phantom: str
    truth: float
    found: float
    unit: str
    bar: float
    relative: bool = False

    @property
    def error(self) -> float:
        """In the unit, or in % where the bar is relative."""
        return abs(self.found - self.truth) / (abs(self.truth) / 100 if self.relative else 1.0)

    @property
    def holds(self) -> bool:
        return self.error <= self.bar + 1e-9


def answers(images: Images, shapes: Sequence[dict[str, Any]], *, suv: bool = False) -> list[dict[str, Any]]:
    grounds = _Grounds(images, "", suv=suv)
    found = [evaluated(shape, Ground(grounds.volume, grounds.picture)) for shape in shapes]
    for answer in found:
        assert "error" not in answer, answer
    return found


# --- volumes ---------------------------------------------------------------------------------------------------

GRIDS: dict[str, Grid] = {
    **{name: Grid(name, size=(40, 80, 72)) for name in phantoms.ORIENTATIONS},
    "slices reversed": Grid(size=(40, 80, 72), reverse=True),
    "gantry tilt 15°": Grid(size=(40, 80, 72), tilt_deg=15),
    "gantry tilt −22°, sagittal": Grid("sagittal", size=(40, 80, 72), tilt_deg=-22),
    "thick slices 3 mm": Grid(size=(24, 96, 96), step_mm=3.0, spacing=(0.6, 0.6)),
    "flat pixels 0.5 × 1.5 mm": Grid(size=(40, 120, 48), spacing=(0.5, 1.5)),
    "a slice is missing": Grid(size=(40, 80, 72), missing=(13,)),
}
RADIUS = 14.0


def two_beads(away: NDArray[Any]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Two soft beads in 0 HU whose middles are ``away`` apart; their centres of gravity are between voxels."""

    def value(places: NDArray[Any]) -> NDArray[Any]:
        total = np.zeros(places.shape[:-1])
        for sign in (-0.5, 0.5):
            middle = np.array(CENTRE) + sign * away
            total += 1000 * np.exp(-((places - middle) ** 2).sum(-1) / (2 * 2.5**2))
        return total

    return value


def centres_of_beads(images: Images, away: NDArray[Any]) -> list[list[float]]:
    """Centre of gravity of each bead, from the voxels."""
    volume = images.volume(images.largest_volume())
    index = np.stack(np.meshgrid(*(np.arange(n) for n in volume.shape), indexing="ij"), -1)
    world = volume.to_world(index.reshape(-1, 3))
    shares = voxel_volumes(volume)[:, None, None]  # next to a gap a voxel stands for more
    values = (volume.values(volume.voxels).astype(float) * shares).reshape(-1)
    side = (world - np.array(CENTRE)) @ away > 0
    return [np.average(world[part], axis=0, weights=values[part]).tolist() for part in (~side, side)]


def of_volumes(folder: Path) -> Iterator[Row]:
    for name, grid in GRIDS.items():
        place = folder / str(abs(hash(name)))
        away = np.array([13.0, 9.5, -11.0])
        phantoms.write_volume(place / "beads", grid, two_beads(away))
        with images_of(str(place / "beads")) as images:
            ends = centres_of_beads(images, away)
            (length,) = answers(images, [{"kind": "length", "points": ends}])
            yield Row("length", name, float(np.linalg.norm(away)), length["length_mm"], "mm", 0.1)
            above = [ends[0][0], ends[0][1], ends[0][2] + 10]
            (angle,) = answers(images, [{"kind": "angle", "points": [ends[1], ends[0], above]}])
            truth = math.degrees(math.acos(away[2] / np.linalg.norm(away)))
            # Where a slice is missing nobody knows what it held: the bead's own centre moves a little.
            yield Row("angle", name, truth, angle["angle_deg"], "°", 0.3 if grid.missing else 0.1)
        phantoms.write_volume(place / "ball", grid, phantoms.ball(CENTRE, RADIUS, 60, -100))
        with images_of(str(place / "ball")) as images:
            region, sphere, circle = answers(
                images,
                [
                    {"kind": "region", "seed": CENTRE, "range": [-20, 200]},
                    {"kind": "sphere", "center": CENTRE, "radius": RADIUS - 2.5},
                    {"kind": "circle", "center": CENTRE, "radius": 8, "normal": [1, -2, 0.5]},
                ],
            )
            ball = 4 / 3 * math.pi * RADIUS**3 / 1000
            yield Row("volume grown", name, ball, region["volume_ml"], "ml", 1.0, relative=True)
            inner = 4 / 3 * math.pi * (RADIUS - 2.5) ** 3 / 1000
            yield Row("voxels in a sphere", name, inner, sphere["voxel_volume_mm3"] / 1000, "ml", 1.0, relative=True)
            yield Row("HU in a sphere", name, 60, sphere["mean"], "HU", 0.0)
            yield Row("HU, oblique circle", name, 60, circle["mean"], "HU", 1e-6)
            contours = _contours(images)
            (volume,) = answers(images, [{"kind": "volume", "contours": contours}])
            yield Row("volume of contours", name, ball, volume["volume_ml"], "ml", 1.0, relative=True)
        phantoms.write_volume(place / "ramp", grid, phantoms.ramp((3.0, -2.0, 1.0), 100), slope=0.02, intercept=0)
        with images_of(str(place / "ramp")) as images:
            (plane,) = answers(images, [{"kind": "circle", "center": CENTRE, "radius": 9, "normal": [2, 1, -1]}])
            truth = 100 + float(np.dot(CENTRE, (3.0, -2.0, 1.0)))
            yield Row("interpolated mean", name, truth, plane["mean"], "HU", 0.05)


def _contours(images: Images) -> list[list[list[float]]]:
    """Outline of the ball in each slice, as the smart brush finds outlines; in patient coordinates."""
    volume = images.volume(images.largest_volume())
    seed = tuple(round(float(v)) for v in volume.to_index(CENTRE))
    region = connected_region(volume.voxels, (seed[0], seed[1], seed[2]), volume.stored(-20), volume.stored(200))
    rings = []
    for n, plane in enumerate(region):
        if plane.any():
            points = region_outline(plane, 400)
            world = volume.to_world(np.array([(n, y, x) for x, y in points]))
            rings.append(world.tolist())
    return rings


# --- values ------------------------------------------------------------------------------------------------------


def of_values(folder: Path) -> Iterator[Row]:
    for hu, slope, intercept in ((-1000, 1.0, -1024.0), (0, 1.0, -1024.0), (3071, 1.0, -1024.0), (1234, 2.0, -4096.0)):
        place = folder / f"hu{hu}"
        phantoms.write_volume(
            place, Grid(size=(4, 16, 16)), phantoms.ramp((0, 0, 0), hu), slope=slope, intercept=intercept
        )
        with images_of(str(place)) as images:
            (point, disc) = answers(
                images,
                [{"kind": "point", "points": [list(CENTRE)]}, {"kind": "circle", "center": CENTRE, "radius": 4}],
            )
        yield Row("HU of a pixel", f"rescale {slope:g}, {intercept:g}", hu, point["value"], "HU", 0.0)
        yield Row("HU, standard deviation", f"rescale {slope:g}, {intercept:g}", 0, disc["sd"], "HU", 0.0)
    for activity, dose, weight, minutes in ((5000.0, 370e6, 70.0, 60.0), (24_000.0, 250e6, 92.5, 45.0)):
        place = folder / f"pet{activity:g}"
        more = phantoms.as_pet(dose, weight, minutes)
        grid = Grid(size=(4, 16, 16))
        phantoms.write_volume(
            place, grid, phantoms.ramp((0, 0, 0), activity), slope=0.8, intercept=0, modality="PT", more=more
        )
        with images_of(str(place)) as images:
            (disc,) = answers(images, [{"kind": "circle", "center": CENTRE, "radius": 4}], suv=True)
        truth = activity * weight * 1000 / (dose * 2 ** (-minutes * 60 / 6586.2))
        yield Row(
            "SUVbw", f"{dose / 1e6:g} MBq, {weight:g} kg, {minutes:g} min", truth, disc["mean"], "g/ml", 0.1, True
        )


# --- projections, ultrasound: one image, the viewer's own marks ----------------------------------------------------


def on_image(path: Path, kind: Kind, points: Sequence[tuple[float, float]]) -> tuple[float, str]:
    """What the viewer shows for a mark on an image: value and unit."""
    with images_of(str(path)) as images:
        stack = images.stacks[0]
        pixels, image = images.frame(stack, 0), stack.image(0)
        mark = Mark(1, kind, FrameKey(image.sop_instance_uid, 0), tuple(PixelPoint(*p) for p in points))
        value = measure(mark, image, Values(pixels, stack.frame_header(0).modality))
        return value.value, value.unit


def of_projections(folder: Path) -> Iterator[Row]:
    spot = np.zeros((200, 240), np.uint16)
    y, x = np.mgrid[:200, :240]
    ends = [(40.3, 60.7), (190.6, 120.2)]
    for cx, cy in ends:
        spot = spot + (4000 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 18)).astype(np.uint16)
    spot = spot.astype(np.uint16)
    found = []
    for n in range(2):
        weights = spot * ((x > 115) == bool(n))
        found.append((float((weights * x).sum() / weights.sum()), float((weights * y).sum() / weights.sum())))
    dx, dy = ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]
    cases: list[tuple[str, str, dict[str, Any], tuple[float, float], str]] = [
        ("CR, detector plane", "CR", {"imager_spacing": (0.15, 0.15)}, (0.15, 0.15), "mm"),
        ("DX, magnification 1.25", "DX", {"imager_spacing": (0.2, 0.2), "magnification": 1.25}, (0.16, 0.16), "mm"),
        (
            "MG, magnification 1.8",
            "MG",
            {"imager_spacing": (0.07, 0.07), "magnification": 1.8},
            (0.07 / 1.8,) * 2,
            "mm",
        ),
        (
            "DX, calibrated by a marker",
            "DX",
            {"imager_spacing": (0.2, 0.2), "pixel_spacing": (0.17, 0.17), "calibration": "FIDUCIAL"},
            (0.17, 0.17),
            "mm",
        ),
        ("DX, pixels not square", "DX", {"imager_spacing": (0.2, 0.1)}, (0.2, 0.1), "mm"),
        ("CR, uncalibrated", "CR", {}, (1.0, 1.0), "px"),
    ]
    for name, modality, facts, (row_mm, column_mm), unit in cases:
        path = phantoms.write_projection(folder / f"{name}.dcm", spot, modality=modality, **facts)
        value, got = on_image(path, Kind.LENGTH, found)
        assert got == unit, (name, got)
        yield Row("length", name, math.hypot(dx * column_mm, dy * row_mm), value, unit, 0.1)
    regions = [((0, 0, 119, 199), 0.02, 0.02), ((120, 0, 239, 199), 0.005, 0.01)]
    path = phantoms.write_ultrasound(folder / "us.dcm", (spot >> 4).astype(np.uint8), regions)
    value, _ = on_image(path, Kind.LENGTH, [(10, 20), (100, 140)])
    yield Row("length", "US, B mode region 0.2 mm", math.hypot(90, 120) * 0.2, value, "mm", 0.1)
    value, _ = on_image(path, Kind.LENGTH, [(130, 20), (230, 140)])
    yield Row("length", "US, region 0.05 × 0.1 mm", math.hypot(100 * 0.05, 120 * 0.1), value, "mm", 0.1)
    value, unit = on_image(path, Kind.LENGTH, [(100, 20), (140, 20)])
    assert unit == "px"
    yield Row("length", "US, across two regions: pixels", 40, value, "px", 0.1)
    value, _ = on_image(path, Kind.ELLIPSE, [(10, 20), (90, 80)])
    yield Row("area of an ellipse", "US, B mode region 0.2 mm", math.pi * 40 * 30 * 0.04, value, "mm²", 0.1, True)


def of_areas() -> Iterator[Row]:
    """Outlines that the smart brush finds on known figures, against the figures' own areas."""
    for radius, ratio in itertools.product((6.0, 20.0, 80.0), (1.0, 0.6)):
        side = int(2 * radius + 12)
        y, x = np.mgrid[:side, :side]
        inside = ((x - side / 2 + 0.3) / radius) ** 2 + ((y - side / 2 - 0.2) / (radius * ratio)) ** 2 <= 1
        outline = Polygon(region_outline(inside, 400))
        truth = float(inside.sum())
        name = f"ellipse {radius:g} × {radius * ratio:g} px"
        yield Row("area of a brush outline", name, truth, outline.area, "px²", 1.0, True)


# --- the page ------------------------------------------------------------------------------------------------------


def table(rows: Sequence[Row]) -> str:
    """One line for each kind of measurement with its worst case, then every row."""
    kinds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        kinds.setdefault((row.what, "%" if row.relative else row.unit), []).append(row)
    lines = ["| Measurement | Phantoms | Worst error | Bar | Held |", "|---|---|---|---|---|"]
    for (what, unit), members in kinds.items():
        worst = max(members, key=lambda row: row.error / row.bar if row.bar else row.error)
        bar = "exact" if worst.bar <= 1e-6 else f"{worst.bar:g} {unit}"
        held = "yes" if all(row.holds for row in members) else "**no**"
        lines.append(f"| {what} | {len(members)} | {worst.error:.3g} {unit} ({worst.phantom}) | {bar} | {held} |")
    lines += [
        "",
        "## Every measurement",
        "",
        "| Measurement | Phantom | Truth | Measured | Error |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        unit = "%" if row.relative else row.unit
        lines.append(
            f"| {row.what} | {row.phantom} | {row.truth:.6g} {row.unit} | {row.found:.6g} {row.unit} |"
            f" {row.error:.2g} {unit} |"
        )
    return "\n".join(lines)


def page(rows: Sequence[Row]) -> str:
    from shared.dicomkit.uids import IMPLEMENTATION_VERSION_NAME

    return f"""# Measured truth

What the program measures on digital phantoms whose truth is a formula: balls, beads, ramps and plates written as DICOM
files in every orientation, with gantry tilt, odd spacings, magnification and ultrasound regions, read and measured by
the viewer's own code. Repeat it with

    .venv/bin/python -m tests.benchmarks.bench_measured_truth --write

Lengths and angles run between the centres of gravity of two soft beads as the pixels show them; grown volumes and
contours start from the pixels too. The standard deviation is that of the population (divided by the number of pixels).
A pixel belongs to a region when its centre lies inside or on the outline. A length across two ultrasound regions, and
on an image without calibration, is in pixels and says so; on a projection without magnification it holds in the
detector's plane and says so.

Run of {time.strftime("%Y-%m-%d")}, {IMPLEMENTATION_VERSION_NAME}, {len(rows)} measurements.

{table(rows)}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/measured-truth.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            *of_volumes(folder / "volumes"),
            *of_values(folder / "values"),
            *of_projections(folder / "images"),
            *of_areas(),
        ]
    print(table(rows))
    if options.write:
        PAGE.write_text(page(rows) + sections("ECG"), encoding="utf-8")
    missed = [row for row in rows if not row.holds]
    for row in missed:
        print(
            f"missed: {row.what}, {row.phantom}: {row.found:.6g} instead of {row.truth:.6g} {row.unit}", file=sys.stderr
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
