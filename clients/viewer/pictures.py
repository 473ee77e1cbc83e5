"""Pictures of viewports: as they are on screen, and for a report."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect
from PySide6.QtGui import QImage

from clients.viewer.viewport.view import ViewportWidget

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST_KEY_PICTURE = 200  # pixels


def key_picture(viewport: ViewportWidget) -> QImage:
    """The part of the viewport that the image covers: the report has no use for black margins and corner texts.

    Where only a narrow strip of the image is on screen, the whole viewport is taken.
    """
    whole = viewport.grab().toImage()
    projection = viewport.projection()
    if projection is None:
        return whole
    places = projection.corners()
    left, right = (pick(place.x for place in places) for pick in (min, max))
    top, bottom = (pick(place.y for place in places) for pick in (min, max))
    covered = QRect(QPoint(floor(left), floor(top)), QPoint(ceil(right), ceil(bottom))).intersected(whole.rect())
    return whole.copy(covered) if min(covered.width(), covered.height()) >= _LEAST_KEY_PICTURE else whole


def png_of(image: QImage) -> bytes:
    """A picture as PNG bytes."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def rgb_of(image: QImage) -> NDArray[Any]:
    """A picture as uint8 (rows, columns, 3)."""
    import numpy as np

    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return lines[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()
