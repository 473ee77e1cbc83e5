"""Shifts and turns put on volumes of real series: found again, or refused; with the time it takes.

`PYTHONPATH=. python tests/benchmarks/bench_registration.py FOLDER...`: each folder holds one series. Half of the
volume's slices are cut away at either end for the moving volume, noise is added, and the place is changed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from clients.viewer.local_files import LocalFiles
from clients.viewer.pixels import PixelStore
from clients.viewer.study import stacks_of
from clients.viewer.volume.source import volume_of_stack
from shared.imaging.codecs import decode_frame
from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.registration import RigidTransform, farthest_mm, register_rigid, resample
from shared.imaging.volume import NoVolume, Volume

MOVES = (((12.0, -7.0, 9.0), (0.0, 0.0, 6.0)), ((-5.0, 14.0, -6.0), (4.0, -3.0, -8.0)), ((25.0, 10.0, 0.0), (0, 8, 0)))
LIMIT_MM, LIMIT_DEG = 1.0, 1.0


def volumes(folder: Path) -> list[tuple[str, Volume]]:
    source, found = LocalFiles([folder]), []
    for study in source.studies():
        for stack in stacks_of(study):
            pixels = PixelStore().of(stack)
            for arrived in source.frames(list(stack.frames)):
                n = stack.index_of(arrived.key)
                if n is None or arrived.error:
                    continue
                header = stack.image(n)
                frame: Any = decode_frame(arrived.data, header.pixel_format, header.transfer_syntax)
                pixels.put(n, frame, stack.frame_header(n).modality)
            try:
                found.append((f"{stack.series.modality} {stack.shape[0]}x{len(stack)}", volume_of_stack(stack, pixels)))
            except NoVolume:
                continue
    return found


def moved(volume: Volume, truth: RigidTransform, seed: int) -> Volume:
    """The volume as another scan would show it: placed elsewhere, shorter, noisier, on coarser voxels."""
    steps = [max(1, round(1.5 / s)) for s in volume.spacing]
    slices, rows, columns = volume.shape
    cut = slices // 10
    grid = Volume(
        np.empty(((slices - 2 * cut) // steps[0], rows // steps[1], columns // steps[2]), np.float32),
        PointMm(*volume.to_world((cut, 0, 0)).tolist()),
        volume.slice_step.scaled(steps[0]),
        volume.row_step.scaled(steps[1]),
        volume.column_step.scaled(steps[2]),
    )
    values = resample(volume, grid, truth.inverse())
    low = float(np.nanmin(values))
    noise = np.random.default_rng(seed).normal(0, 0.02 * float(np.nanstd(values)), values.shape)
    values = np.nan_to_num(values, nan=low) + noise.astype(np.float32)
    return Volume(values, grid.origin, grid.slice_step, grid.row_step, grid.column_step)


def main(folders: list[str]) -> int:
    bad = 0
    for folder in folders:
        for name, volume in volumes(Path(folder))[:2]:
            for n, (shift, turn) in enumerate(MOVES):
                truth = RigidTransform.from_numbers(shift, turn, volume.centre)
                other = moved(volume, truth, n)
                begun = time.perf_counter()
                found = register_rigid(volume, other)
                seconds = time.perf_counter() - begun
                error = farthest_mm(volume, truth, found.transform)
                angle = RigidTransform(found.transform.rotation @ truth.rotation.T, VectorMm(0, 0, 0), volume.centre)
                said = "refused" if found.refused else "believed"
                wrong = not found.refused and (error > LIMIT_MM or angle.angle_deg > LIMIT_DEG)
                bad += wrong
                print(
                    f"{Path(folder).name:28s} {name:12s} {shift} {turn}: {error:.2f} mm {angle.angle_deg:.2f}° {said}"
                    f" in {seconds:.0f} s{'  WRONG' if wrong else ''} {found.refused}",
                    flush=True,
                )
    print(f"believed though wrong: {bad}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
