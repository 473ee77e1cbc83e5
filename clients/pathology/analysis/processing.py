"""Processing steps of a picture (PA-ANA-02): pure functions of pixels; the same steps give the same picture.

Pictures are uint8 arrays of shape (height, width, 3) in the order blue, green, red. A step says itself in words that
are kept with the derived picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

Picture: TypeAlias = "NDArray[Any]"
MOST_SIDE = 12_000


class Operation(StrEnum):
    """What a step does."""

    TONES = "tones"  # brightness, contrast (-100 to 100), gamma
    COLOURS = "colours"  # red, green, blue (-100 to 100)
    GREY = "grey"
    INVERT = "invert"
    SHARPEN = "sharpen"  # amount 0 to 3
    SMOOTH = "smooth"  # sigma in pixels
    EDGES = "edges"  # lower and upper threshold of Canny's detector
    THRESHOLD = "threshold"  # level 1 to 254; 0: Otsu's
    ROTATE = "rotate"  # degrees, clockwise
    FLIP = "flip"  # 0: left and right, 1: up and down
    CROP = "crop"  # left, top, width, height in pixels
    ZOOM = "zoom"  # factor


@dataclass(frozen=True)
class Step:
    """One operation with its numbers."""

    operation: Operation
    values: tuple[float, ...] = ()

    @property
    def words(self) -> str:
        """As it is kept with the derived picture."""
        return " ".join((self.operation.value, *(f"{value:g}" for value in self.values)))


class Impossible(ValueError):
    """A step cannot be done on this picture; the argument is a Chinese source sentence."""


def apply(picture: Picture, steps: Sequence[Step]) -> Picture:
    """Do steps one after the other on a copy. Raises Impossible."""
    for step in steps:
        picture = _DOES[step.operation](picture, *step.values)
    return picture.copy() if not steps else picture


def scale_factor(steps: Sequence[Step]) -> float:
    """By how much the steps enlarge: micrometres a pixel are divided by it."""
    factor = 1.0
    for step in steps:
        if step.operation is Operation.ZOOM:
            factor *= step.values[0]
    return factor


def _tones(picture: Picture, brightness: float, contrast: float, gamma: float) -> Picture:
    import cv2
    import numpy as np

    levels = np.arange(256) / 255.0
    slope = (100 + contrast) / (100.0001 - contrast) if contrast > 0 else (100 + contrast) / 100
    levels = (levels - 0.5) * slope + 0.5 + brightness / 200
    levels = np.clip(levels, 0, 1) ** (1 / gamma)
    return cv2.LUT(picture, np.rint(levels * 255).astype(np.uint8))


def _colours(picture: Picture, red: float, green: float, blue: float) -> Picture:
    import numpy as np

    made = picture.astype(np.float32)
    made += np.array((blue, green, red), np.float32) * 1.28
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def _grey(picture: Picture) -> Picture:
    import cv2

    return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)


def _invert(picture: Picture) -> Picture:
    made: Picture = 255 - picture
    return made


def _sharpen(picture: Picture, amount: float) -> Picture:
    """Unsharp masking with a radius of 1.5 pixels."""
    import cv2

    return cv2.addWeighted(picture, 1 + amount, cv2.GaussianBlur(picture, (0, 0), 1.5), -amount, 0)


def _smooth(picture: Picture, sigma: float) -> Picture:
    import cv2

    return cv2.GaussianBlur(picture, (0, 0), max(sigma, 0.1))


def _edges(picture: Picture, low: float, high: float) -> Picture:
    import cv2

    found = cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), min(low, high), max(low, high))
    return cv2.cvtColor(found, cv2.COLOR_GRAY2BGR)


def _threshold(picture: Picture, level: float) -> Picture:
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    kind = cv2.THRESH_BINARY + (cv2.THRESH_OTSU if level <= 0 else 0)
    return cv2.cvtColor(cv2.threshold(grey, level, 255, kind)[1], cv2.COLOR_GRAY2BGR)


def _rotate(picture: Picture, degrees: float) -> Picture:
    """Quarter turns move pixels unchanged; other angles are interpolated on a white ground that holds everything."""
    import cv2
    import numpy as np

    turn = degrees % 360
    if turn % 90 == 0:
        return np.ascontiguousarray(np.rot90(picture, -int(turn // 90)))
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide, tall = round(width * cosine + height * sine), round(width * sine + height * cosine)
    matrix[:, 2] += ((wide - width) / 2, (tall - height) / 2)
    white = (255, 255, 255)
    return cv2.warpAffine(picture, matrix, (wide, tall), flags=cv2.INTER_CUBIC, borderValue=white)


def _flip(picture: Picture, direction: float) -> Picture:
    import numpy as np

    return np.ascontiguousarray(picture[:, ::-1] if direction == 0 else picture[::-1])


def _crop(picture: Picture, left: float, top: float, width: float, height: float) -> Picture:
    import numpy as np

    x, y = max(0, round(left)), max(0, round(top))
    made = picture[y : y + round(height), x : x + round(width)]
    if min(made.shape[:2]) < 8:
        raise Impossible("选框太小或在图像之外，请重新选择。")
    return np.ascontiguousarray(made)


def _zoom(picture: Picture, factor: float) -> Picture:
    import cv2

    height, width = round(picture.shape[0] * factor), round(picture.shape[1] * factor)
    if max(height, width) > MOST_SIDE or min(height, width) < 8:
        raise Impossible("缩放后的图像太大或太小，请换一个倍数。")
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, (width, height), interpolation=kind)


_DOES: dict[Operation, Any] = {
    Operation.TONES: _tones,
    Operation.COLOURS: _colours,
    Operation.GREY: _grey,
    Operation.INVERT: _invert,
    Operation.SHARPEN: _sharpen,
    Operation.SMOOTH: _smooth,
    Operation.EDGES: _edges,
    Operation.THRESHOLD: _threshold,
    Operation.ROTATE: _rotate,
    Operation.FLIP: _flip,
    Operation.CROP: _crop,
    Operation.ZOOM: _zoom,
}
