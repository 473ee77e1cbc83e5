"""Colour: CIELab values of DICOM attributes, and ICC profiles of colour images turned into sRGB for the screen."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PROFILE = 16 << 20


def lab_of_stored(stored: Sequence[float]) -> tuple[float, float, float]:
    """L* 0…100, a*, b* -128…127 of three 16-bit numbers as DICOM stores them (PS3.3 C.10.7.1.1)."""
    lightness, a, b = stored
    return (lightness / 65_535 * 100, a / 65_535 * 255 - 128, b / 65_535 * 255 - 128)


def rgb_of_cielab(stored: Sequence[float]) -> tuple[int, int, int]:
    """sRGB of a CIELab value as DICOM stores it (D50, PS3.3 C.10.7.1.1); out of gamut is clipped."""
    lightness, a, b = lab_of_stored(stored)
    fy = (lightness + 16) / 116
    xyz = [
        white * (f**3 if f > 6 / 29 else 3 * (6 / 29) ** 2 * (f - 4 / 29))
        for f, white in ((fy + a / 500, 0.9642), (fy, 1.0), (fy - b / 200, 0.8249))
    ]
    # XYZ (D50) to linear sRGB with Bradford adaptation, as in the ICC specification of sRGB.
    matrix = (
        (3.1338561, -1.6168667, -0.4906146),
        (-0.9787684, 1.9161415, 0.0334540),
        (0.0719453, -0.2289914, 1.4052427),
    )
    linear = [sum(m * v for m, v in zip(row, xyz, strict=True)) for row in matrix]

    def coded(value: float) -> int:
        value = min(max(value, 0.0), 1.0)
        curved = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
        return round(curved * 255)

    return (coded(linear[0]), coded(linear[1]), coded(linear[2]))


def to_screen(rgb: NDArray[Any], profile: bytes) -> NDArray[Any]:
    """``rgb`` (…, rows, columns, 3) uint8 in the colour space of an ICC profile, as sRGB of the same shape.

    A profile that cannot be used, or is sRGB already, leaves the colours as they are (PS3.3 C.11.15).
    """
    import numpy as np

    transform = _transform(profile)
    if transform is None or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        return rgb
    from PIL import Image, ImageCms

    picture = Image.fromarray(np.ascontiguousarray(rgb))
    ImageCms.applyTransform(picture, transform, inPlace=True)
    return np.array(picture)


def profile_name(profile: bytes) -> str:
    """The profile's own description, empty when it cannot be read."""
    try:
        from PIL import ImageCms

        return str(ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))).strip()
    except Exception:  # noqa: BLE001 - a stranger's bytes; littlecms reports by several classes
        return ""


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes) -> Any | None:
    """The littlecms transform to sRGB; None when there is nothing to do or the profile is of no use."""
    if not 128 <= len(profile) <= MAX_PROFILE or profile[16:20] != b"RGB ":
        return None
    if "srgb" in profile_name(profile).lower():
        return None
    try:
        from PIL import ImageCms

        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except Exception:  # noqa: BLE001 - as in profile_name
        return None


def distinct_colour(number: int) -> tuple[int, int, int]:
    """A colour of a list of well distinguishable ones on dark grey, round and round; ``number`` from 0."""
    return _DISTINCT[number % len(_DISTINCT)]


_DISTINCT = (
    (230, 85, 80),
    (70, 160, 235),
    (90, 200, 110),
    (240, 190, 60),
    (190, 110, 220),
    (60, 200, 200),
    (245, 140, 60),
    (235, 120, 175),
    (160, 200, 70),
    (130, 140, 240),
    (200, 160, 120),
    (120, 190, 160),
)
