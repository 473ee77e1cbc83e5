"""Small slide files as scanners write them, made for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

SIDE = 1400
APERIO = (
    "Aperio Image Library v11.2.1\r\n1400x1400 [0,0 1400x1400] (256x256) JPEG/RGB Q=90"
    "|AppMag = 20{mpp}|ScanScope ID = SS1|Date = 12/29/09|Time = 09:59:15"
)


def tissue() -> np.ndarray:
    """Glass with a pink piece full of dark nuclei: uint8 [row, column, RGB]."""
    dice = np.random.default_rng(7)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    values = np.full((SIDE, SIDE, 3), 240, np.uint8)
    values[(x - 700) ** 2 + (y - 600) ** 2 < 520**2] = (220, 160, 200)
    for column, row, radius in zip(*dice.integers((0, 0, 4), (SIDE, SIDE, 12), (600, 3)).T, strict=True):
        values[max(row - radius, 0) : row + radius, max(column - radius, 0) : column + radius] = (90, 60, 140)
    return values


def write_svs(path: Path, compression: str = "jpeg", mpp: str = "|MPP = 0.4990") -> np.ndarray:
    """A small file as Aperio scanners write them: full resolution and a quarter of it, in tiles of 256."""
    values = tissue()
    described = APERIO.format(mpp=mpp)
    kind = {"photometric": "ycbcr", "subsampling": (2, 2)} if compression == "jpeg" else {"photometric": "rgb"}
    with tifffile.TiffWriter(path) as file:
        for step in (1, 4):
            file.write(
                np.ascontiguousarray(values[::step, ::step]), tile=(256, 256), compression=compression,
                description=described, metadata=None, **kind,
            )  # fmt: skip
    return values
