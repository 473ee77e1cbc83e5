"""Colour deconvolution of brightfield pictures: how much of each stain a pixel holds.

Ruifrok & Johnston, Anal. Quant. Cytol. Histol. 2001;23:291. Optical densities (base 10) of red, green and blue are a
weighted sum of the stains' own; the weights are what is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

HAEMATOXYLIN = (0.650, 0.704, 0.286)
DAB = (0.268, 0.570, 0.776)
"""Optical densities of the pure stains in red, green, blue (table 1 of the paper)."""
LEAST_WHITE = 180
"""A picture without any empty ground is not taken for brighter than it is."""


def white_of(picture: NDArray[Any]) -> tuple[float, float, float]:
    """The light of the empty ground in blue, green, red: the brightest hundredth of the picture, 180 to 255.

    `picture` is uint8 [row, column, (blue, green, red)].
    """
    import numpy as np

    step = max(1, max(picture.shape[:2]) // 1024)
    bright = np.percentile(picture[::step, ::step].reshape(-1, 3), 99.0, axis=0)
    blue, green, red = np.clip(bright, LEAST_WHITE, 255).tolist()
    return blue, green, red


def amounts(picture: NDArray[Any], white: tuple[float, float, float] | None = None) -> NDArray[Any]:
    """Haematoxylin and DAB of every pixel as float32 [row, column, 2] in optical density, below zero set to zero.

    `picture` is uint8 [row, column, (blue, green, red)]; `white` is the light of the empty ground (`white_of`).
    """
    import numpy as np

    light = np.asarray(white_of(picture) if white is None else white, np.float32)
    table = -np.log10((np.arange(256, dtype=np.float32)[:, None] + 1) / (light[None, :] + 1))
    density = np.stack([table[:, band][picture[..., band]] for band in (2, 1, 0)], axis=-1)
    found: NDArray[Any] = np.maximum(density @ _weights(), 0.0, dtype=np.float32)
    return found


def _weights() -> NDArray[Any]:
    """From optical density (red, green, blue) to haematoxylin and DAB, float32 [3, 2]."""
    import numpy as np

    stains = np.array((HAEMATOXYLIN, DAB), np.float64)
    stains /= np.linalg.norm(stains, axis=1, keepdims=True)
    rest = np.cross(stains[0], stains[1])
    whole = np.vstack((stains, rest / np.linalg.norm(rest)))
    found: NDArray[Any] = np.linalg.inv(whole)[:, :2].astype(np.float32)
    return found
