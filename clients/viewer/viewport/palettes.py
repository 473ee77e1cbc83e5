"""Pseudo-colour: named tables of 256 colours, put on after windowing (VW-PSC-01, -02).

Eight are the well-known palettes of PS3.6 Annex B, read from the files that pydicom carries; the others are usual
maps of science and screens. numpy and OpenCV, no Qt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Palette:
    """A colour table by name; ``label`` is the Chinese source text."""

    key: str
    label: str
    source: str  # "dicom:FILE" of pydicom, "cv2:COLORMAP_NAME", or "steps:#rrggbb-#rrggbb-…", black to white


PALETTES: tuple[Palette, ...] = (
    Palette("hot_iron", "热铁", "dicom:hotiron"),
    Palette("pet", "PET", "dicom:pet"),
    Palette("pet_20_step", "PET 20 级", "dicom:pet20step"),
    Palette("hot_metal_blue", "热金属蓝", "dicom:hotmetalblue"),
    Palette("spring", "春", "dicom:spring"),
    Palette("summer", "夏", "dicom:summer"),
    Palette("autumn", "秋", "dicom:fall"),
    Palette("winter", "冬", "dicom:winter"),
    Palette("rainbow", "彩虹", "steps:#000000-#2000c0-#0080ff-#00d890-#40e000-#f0e000-#ff8000-#ff0000-#ffffff"),
    Palette("spectrum", "光谱", "cv2:COLORMAP_JET"),
    Palette("turbo", "高对比光谱", "cv2:COLORMAP_TURBO"),
    Palette("viridis", "翠绿", "cv2:COLORMAP_VIRIDIS"),
    Palette("inferno", "熔岩", "cv2:COLORMAP_INFERNO"),
    Palette("bone", "骨灰蓝", "cv2:COLORMAP_BONE"),
    Palette("red", "红", "steps:#000000-#d00000-#ffc0c0"),
    Palette("green", "绿", "steps:#000000-#00a840-#c8ffd8"),
    Palette("blue", "蓝", "steps:#000000-#0060e0-#c8e4ff"),
)


def palette_named(key: str) -> Palette:
    """The palette with this key; ``KeyError`` names the unknown one."""
    for palette in PALETTES:
        if palette.key == key:
            return palette
    raise KeyError(key)


@lru_cache(maxsize=64)
def colours_of(key: str) -> NDArray[Any]:
    """The colours of a palette for greys 0 to 255: (256, 3) uint8 RGB, not writable. Raises ``KeyError``."""
    import numpy as np

    kind, _, rest = palette_named(key).source.partition(":")
    if kind == "dicom":
        table = _of_dicom(rest)
    elif kind == "cv2":
        import cv2

        ramp = np.arange(256, dtype=np.uint8).reshape(256, 1)
        table = cv2.applyColorMap(ramp, getattr(cv2, rest))[:, 0, ::-1]
    else:
        stops = np.array([[int(stop[n : n + 2], 16) for n in (1, 3, 5)] for stop in rest.split("-")], np.float64)
        at = np.linspace(0, 255, len(stops))
        table = np.stack([np.interp(np.arange(256), at, stops[:, n]) for n in range(3)], -1)
    colours: NDArray[Any] = np.ascontiguousarray(np.rint(table).astype(np.uint8))
    colours.setflags(write=False)
    return colours


def coloured(grey: NDArray[Any], key: str) -> NDArray[Any]:
    """Grey (uint8, two-dimensional) in the colours of a palette: (rows, columns, 3) RGB."""
    import cv2

    table = colours_of(key).reshape(256, 1, 3)
    result: NDArray[Any] = cv2.applyColorMap(grey, table)
    return result


def _of_dicom(name: str) -> NDArray[Any]:
    """A Color Palette Storage object of PS3.6 Annex B, as pydicom brings it."""
    import numpy as np
    from pydicom import dcmread
    from pydicom.data import get_palette_files

    from shared.imaging.tables import palette_of

    found = palette_of(dcmread(get_palette_files(f"{name}.dcm")[0]))
    if found is None or len(found.table) != 256:
        raise KeyError(name)
    return np.asarray(found.table)
