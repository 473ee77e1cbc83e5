"""Reformatting of a 512 x 512 x 300 volume: planes, slabs, curves; beside VTK and SimpleITK in the same run.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_mpr.py [--rounds 15]

The plane is oblique (30 and 20 degrees). "wall" is what the reader waits, "own" the processor time of all threads
divided by the cores: what the wall time would be with nothing else on the machine. Limits are those of the viewer's
issue. The pictures are compared: the largest difference to SimpleITK is printed in grey levels.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from shared.imaging.curved import CurveMode, curve_through, curved_picture, sheet_of
from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.reformat import Grid, Projection, reformat
from shared.imaging.volume import Volume

CORES = os.cpu_count() or 1
LIMITS_MS = {"plane 512": 5, "slab 512 x 10 max": 40, "slab 512 x 10 min": 40, "slab 512 x 10 mean": 40, "CPR": 10}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench_mpr")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(argv)
    volume = phantom()
    right, down = oblique()
    grids = {side: grid_of(volume, right, down, side) for side in (512, 1024)}
    figures: dict[str, Any] = {"cores": CORES, "load": round(os.getloadavg()[0], 1)}
    figures["plane 512"] = timed(lambda: reformat(volume, grids[512]), options.rounds)
    figures["plane 1024"] = timed(lambda: reformat(volume, grids[1024]), options.rounds)
    for projection in Projection:
        figures[f"slab 512 x 10 {projection}"] = timed(
            lambda p=projection: reformat(volume, grids[512], thickness_mm=10, projection=p, samples=10),
            options.rounds,
        )
    points = [(80 * math.sin(s / 60), 60 * math.cos(s / 45), s - 140.0) for s in range(0, 300, 20)]
    curve = curve_through(points, 0.5)
    figures["rows of the curve"] = len(curve.points)
    figures["CPR"] = timed(
        lambda: curved_picture(volume, sheet_of(curve, CurveMode.STRAIGHTENED, 100.0, 30.0)), options.rounds
    )
    figures["CPR stretched"] = timed(
        lambda: curved_picture(volume, sheet_of(curve, CurveMode.STRETCHED, 100.0, 30.0)), options.rounds
    )
    figures |= beside(volume, right, down, grids[512], options.rounds)
    for name, limit in LIMITS_MS.items():
        figures[name]["limit"] = limit
    print(json.dumps(figures, indent=2, default=str))
    return 0


def timed(work: Callable[[], object], rounds: int) -> dict[str, float]:
    """Medians in ms after one round to warm up."""
    work()
    wall, own = [], []
    for _ in range(rounds):
        start, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        own.append((time.process_time() - used) / CORES)
    return {"wall": round(statistics.median(wall) * 1e3, 1), "own": round(statistics.median(own) * 1e3, 1)}


def phantom() -> Volume:
    z, y, x = np.ogrid[:300, :512, :512]
    values = 1000 * np.sin(x / 17) * np.cos(y / 23) * np.sin(z / 11)
    step = VectorMm(0, 0, 1.0), VectorMm(0, 0.74, 0), VectorMm(0.74, 0, 0)
    return Volume(values.astype(np.int16), PointMm(-190, -190, -150), *step)


def oblique() -> tuple[np.ndarray, np.ndarray]:
    a, b = math.radians(30), math.radians(20)
    turn = np.array([[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]])
    tilt = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    both = turn @ tilt
    return both[:, 0], both[:, 1]


def grid_of(volume: Volume, right: np.ndarray, down: np.ndarray, side: int) -> Grid:
    spacing = 307.2 / side
    first = np.array(volume.centre) - (right + down) * spacing * (side - 1) / 2
    return Grid.of(first.tolist(), right.tolist(), down.tolist(), spacing, (side, side))


def beside(volume: Volume, right: np.ndarray, down: np.ndarray, grid: Grid, rounds: int) -> dict[str, Any]:
    """The same plane by SimpleITK and by VTK, and the difference to the former."""
    import SimpleITK as sitk
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkImagingCore import vtkImageReslice

    normal = np.cross(right, down)
    axes = np.stack([right, down, normal], 1)
    spacing = grid.plane.row_spacing_mm
    image = sitk.GetImageFromArray(volume.voxels)
    image.SetSpacing((0.74, 0.74, 1.0))
    image.SetOrigin(tuple(volume.origin))
    resample = sitk.ResampleImageFilter()
    resample.SetSize((grid.columns, grid.rows, 1))
    resample.SetOutputSpacing((spacing, spacing, 1.0))
    resample.SetOutputDirection(axes.ravel().tolist())
    resample.SetOutputOrigin(tuple(grid.plane.origin))
    resample.SetOutputPixelType(sitk.sitkFloat32)
    resample.SetDefaultPixelValue(float("nan"))
    theirs = sitk.GetArrayFromImage(resample.Execute(image))[0]
    difference = float(np.nanmax(np.abs(theirs - reformat(volume, grid))))

    data = vtkImageData()
    data.SetDimensions(512, 512, 300)
    data.SetSpacing(0.74, 0.74, 1.0)
    data.SetOrigin(*volume.origin)
    scalars = numpy_to_vtk(volume.voxels.ravel())
    data.GetPointData().SetScalars(scalars)
    matrix = vtkMatrix4x4()
    for n in range(3):
        for m in range(3):
            matrix.SetElement(n, m, float(axes[n, m]))
        matrix.SetElement(n, 3, float(grid.plane.origin[n]))

    def reslice(samples: int) -> object:
        made = vtkImageReslice()
        made.SetInputData(data)
        made.SetOutputDimensionality(2)
        made.SetInterpolationModeToLinear()
        made.SetResliceAxes(matrix)
        made.SetOutputSpacing(spacing, spacing, 1.0)
        made.SetOutputOrigin(0, 0, 0)
        made.SetOutputExtent(0, grid.columns - 1, 0, grid.rows - 1, 0, 0)
        if samples > 1:
            made.SetSlabModeToMax()
            made.SetSlabNumberOfSlices(samples)
        made.Update()
        return made.GetOutput()

    return {
        "SimpleITK plane 512": timed(lambda: resample.Execute(image), rounds),
        "VTK plane 512": timed(lambda: reslice(1), rounds),
        "VTK slab 512 x 10": timed(lambda: reslice(10), rounds),
        "difference to SimpleITK": round(difference, 4),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
