"""Phantoms for tests of volume rendering: spheres, a body on a table, in HU."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import numpy as np

from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.volume import Volume

AIR = -1000


def a_sphere(side: int = 64, radius: float = 20.0, **changes: Any) -> Volume:
    """A ball of 1000 HU with an edge one voxel soft, in the middle of a cube of air; voxels of 1 mm, middle at 0."""
    k, j, i = np.mgrid[:side, :side, :side].astype(np.float32) - (side - 1) / 2
    inside = np.clip(radius - np.sqrt(i * i + j * j + k * k) + 0.5, 0, 1)
    return a_volume((AIR + 2000 * inside).astype(np.int16), **changes)


def a_volume(voxels: np.ndarray, spacing: float = 1.0, **changes: Any) -> Volume:
    """Axial slices from feet to head around the point (0, 0, 0)."""
    middle = [(n - 1) / 2 * spacing for n in voxels.shape]
    values: dict[str, Any] = {
        "voxels": voxels,
        "origin": PointMm(-middle[2], -middle[1], -middle[0]),
        "slice_step": VectorMm(0, 0, spacing),
        "row_step": VectorMm(0, spacing, 0),
        "column_step": VectorMm(spacing, 0, 0),
        "unit": "HU",
        "modality_code": "CT",
    }
    return Volume(**{**values, **changes})


def a_patient(slices: int = 40, side: int = 128, spacing: float = 3.0) -> tuple[Volume, dict[str, np.ndarray]]:
    """A trunk with lungs and two arms on a table of carbon, foam and mattress; masks of the parts by name."""
    j, i = (np.mgrid[:side, :side] - (side - 1) / 2) * spacing  # mm
    slice_ = np.full((side, side), AIR, np.int16)
    trunk = (i / 130) ** 2 + ((j + 20) / 85) ** 2 < 1
    lungs = ((np.abs(i) - 60) / 42) ** 2 + ((j + 25) / 55) ** 2 < 1
    arms = (np.abs(i) - 158) ** 2 + (j - 10) ** 2 < 22**2
    spine = i**2 + (j - 40) ** 2 < 14**2
    plate = (np.abs(i) < 175) & (j > 72) & (j < 78)
    under = (np.abs(i) < 175) & (j > 108) & (j < 114)
    foam = (np.abs(i) < 175) & (j >= 78) & (j <= 108)
    mattress = (np.abs(i) < 165) & (j > 62) & (j <= 72) & ~trunk
    for part, value in (
        (mattress, -850), (foam, -930), (plate, 150), (under, 150), (trunk, 40), (lungs & trunk, -850), (arms, 60),
        (spine, 600),
    ):  # fmt: skip
        slice_[part] = value
    voxels = np.repeat(slice_[None], slices, 0)
    parts = {"trunk": trunk, "lungs": lungs & trunk, "arms": arms, "table": plate | under, "spine": spine}
    return a_volume(voxels, spacing), parts


def crash(_pipe: object) -> None:
    """A graphics probe whose driver takes the process down."""
    os.kill(os.getpid(), signal.SIGKILL)


def hang(_pipe: object) -> None:
    """A graphics probe whose driver never answers."""
    threading.Event().wait(60)
