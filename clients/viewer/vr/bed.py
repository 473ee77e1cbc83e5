"""Bed removal: which part of a CT volume is the body and what lies on it, which is table, mattress and head rest.

A table is made of thin shells (carbon, a few mm) around foam below -300 HU; limbs and trunk are solid. So what is
left of the thresholded volume after an opening that is wider than any shell tells the body from the bed, wherever
the patient lies; arms beside the trunk are solid too and stay. From those cores the body grows back to its skin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.viewer.vr.grid import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

THRESHOLD_HU = -300.0
VOXEL_MM = (2.2, 2.2, 3.2)  # the search works on about this grid: i, j, k
SHELL_MM = 13.0  # thinner things have no core
REGROW_MM = 11.0  # how far skin, fingers and ears stand out from a core
LEAST_CORE_CM3 = 8.0


class NoBed(ValueError):
    """The bed cannot be told from the patient; the text is a sentence."""


def body_of(grid: Grid) -> Grid:
    """A coarse grid of 0 and 1 (uint8): 1 is body. 0.1 to 0.3 s for 512 x 512 x 300. Raises :class:`NoBed`."""
    import cv2
    import numpy as np

    if grid.unit != "HU":
        raise NoBed("去床需要以 HU 为单位的 CT 图像")
    steps = [max(1, round(wanted / mm)) for wanted, mm in zip(VOXEL_MM, grid.spacing, strict=True)]
    coarse = grid.voxels[:: steps[2], :: steps[1], :: steps[0]]
    solid = (coarse > grid.stored(THRESHOLD_HU)).astype(np.uint8)
    spacing = (grid.spacing[0] * steps[0], grid.spacing[1] * steps[1], grid.spacing[2] * steps[2])
    shell = _disc(SHELL_MM, spacing)
    cores = np.stack([cv2.morphologyEx(s, cv2.MORPH_OPEN, shell, borderValue=0) for s in _filled(solid)])
    labels, sizes = components(cores)
    least = LEAST_CORE_CM3 * 1000 / (spacing[0] * spacing[1] * spacing[2])
    kept = np.zeros(len(sizes), np.uint8)
    kept[1:] = [size >= least for size in sizes[1:]]
    if not kept.any():
        raise NoBed("没有找到可与床板区分的身体")
    cores = kept[labels]
    body = np.empty_like(cores)
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    steps_back = max(1, round(REGROW_MM / max(spacing[:2])))
    for n, core in enumerate(cores):
        body[n] = cv2.dilate(_regrown(core, solid[n], steps_back), near)  # the skin's own half voxel
    return Grid(
        voxels=body,
        origin=grid.origin,
        axes=grid.axes,
        spacing=spacing,
        slope=1.0,
        intercept=0.0,
        unit="",
        removed=0,
    )


def _regrown(core: NDArray[Any], solid: NDArray[Any], steps: int) -> NDArray[Any]:
    """The core grown voxel by voxel through what is solid: a table beyond a mattress is not reached."""
    import cv2

    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    grown = core
    for _ in range(steps):
        grown = cv2.bitwise_or(core, cv2.bitwise_and(cv2.dilate(grown, near), solid))
    return _outline_filled(grown)


def components(solid: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Labels (int32, 0 is background) of touching voxels (8 neighbours in a slice, overlap between slices); sizes.

    OpenCV labels the slices; union-find joins what overlaps in neighbouring ones.
    """
    import cv2
    import numpy as np

    labels = np.zeros(solid.shape, np.int32)
    total = 0
    for n, slice_ in enumerate(solid):
        found, marks = cv2.connectedComponents(slice_, connectivity=8, ltype=cv2.CV_32S)
        labels[n] = np.where(marks > 0, marks + total, 0)
        total += found - 1
    parents = list(range(total + 1))

    def root(label: int) -> int:
        while parents[label] != label:
            parents[label] = parents[parents[label]]
            label = parents[label]
        return label

    for n in range(len(solid) - 1):
        both = (labels[n] > 0) & (labels[n + 1] > 0)
        pairs = labels[n][both].astype(np.int64) * (total + 1) + labels[n + 1][both]
        for pair in np.unique(pairs).tolist():
            a, b = root(pair // (total + 1)), root(pair % (total + 1))
            parents[max(a, b)] = min(a, b)
    roots = np.array([root(n) for n in range(total + 1)])
    names, compact = np.unique(roots, return_inverse=True)
    joined: NDArray[Any] = compact.astype(np.int32)[labels]
    return joined, np.bincount(joined.ravel(), minlength=len(names))


def _disc(diameter_mm: float, spacing: tuple[float, float, float]) -> NDArray[Any]:
    """An elliptic kernel of a diameter in mm."""
    import cv2

    size = tuple(max(1, round(diameter_mm / mm)) | 1 for mm in spacing[:2])
    kernel: NDArray[Any] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size)
    return kernel


def _filled(solid: NDArray[Any]) -> NDArray[Any]:
    """Lungs and bowel gas belong to the body, foam does not belong to the bed: holes of thick-walled things only.

    Closed outlines would fill the table as well, so holes are filled only after shells thinner than two voxels,
    which no chest wall is, have been taken off.
    """
    import cv2
    import numpy as np

    thin = np.ones((3, 3), np.uint8)
    result: NDArray[Any] = np.stack(
        [cv2.bitwise_or(s, _outline_filled(cv2.morphologyEx(s, cv2.MORPH_OPEN, thin, borderValue=0))) for s in solid]
    )
    return result


def _outline_filled(mask: NDArray[Any]) -> NDArray[Any]:
    import cv2
    import numpy as np

    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled: NDArray[Any] = np.zeros_like(mask)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    return filled
