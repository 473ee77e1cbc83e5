"""Values of a reformatted picture to an image for the screen. Runs in any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QImage

from shared.imaging.lut import LookupTable, VoiFunction, Window, grey_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GreyLook:
    """How values become grey."""

    voi: Window | LookupTable
    inverted: bool = False
    palette: str = ""


def grey_picture(values: NDArray[Any], look: GreyLook) -> NDArray[Any]:
    """uint8 of the shape of ``values``, or RGB with a palette; black where there is no value (NaN)."""
    import numpy as np

    voi = look.voi
    outside = np.isnan(values)
    if isinstance(voi, Window) and voi.function is VoiFunction.LINEAR and voi.width > 1:
        # lut.apply_window in float32 and in place: a quarter of the time, the same grey but for rounding
        low, width = voi.centre - 0.5 - (voi.width - 1) / 2, voi.width - 1
        share = np.nan_to_num(values, nan=low)
        share -= np.float32(low)
        share *= np.float32(255 / width)
        np.clip(share, 0, 255, out=share)
        share += np.float32(0.5)
        grey: NDArray[Any] = share.astype(np.uint8)
        if look.inverted:
            np.subtract(255, grey, out=grey)
    else:
        grey = grey_of(np.nan_to_num(values), voi, inverted=look.inverted)
    grey[outside] = 0
    if look.palette:
        from clients.viewer.viewport.palettes import coloured

        grey = coloured(grey, look.palette)
        grey[outside] = 0
    return grey


def image_of(grey: NDArray[Any]) -> QImage:
    """A QImage with memory of its own."""
    import numpy as np

    grey = np.ascontiguousarray(grey)
    kind = QImage.Format.Format_RGB888 if grey.ndim == 3 else QImage.Format.Format_Grayscale8
    return QImage(grey.data, grey.shape[1], grey.shape[0], grey.strides[0], kind).copy()
