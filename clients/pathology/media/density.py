"""Grey density of an outlined part of a picture (PA-ANA-03)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF

from clients.pathology.media.measuring import Grey, Point

_MOST_SIDE = 1000
"""Pixels along the longer side of what is looked at; a larger outline is sampled, so that no click waits."""


def grey_of(picture: QImage, outline: Sequence[Point]) -> Grey | None:
    """Mean and standard deviation of the grey inside, and its mean optical density; None where nothing is inside.

    Grey is Qt's luminance, 0 black to 255 white; the density is log10(255 / grey), with 255 as the empty light field.
    """
    import numpy as np

    polygon = QPolygonF([QPointF(x, y) for x, y in outline])
    box = polygon.boundingRect().toAlignedRect().intersected(QRect(0, 0, picture.width(), picture.height()))
    if box.isEmpty():
        return None
    part = picture.copy(box)
    if max(part.width(), part.height()) > _MOST_SIDE:
        part = part.scaled(_MOST_SIDE, _MOST_SIDE, Qt.AspectRatioMode.KeepAspectRatio)  # nearest: no pixel is mixed
    inside = QImage(part.size(), QImage.Format.Format_Grayscale8)
    inside.fill(0)
    with QPainter(inside) as painter:
        painter.scale(part.width() / box.width(), part.height() / box.height())
        painter.translate(QPointF(-box.x(), -box.y()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(255, 255, 255))
        painter.drawPolygon(polygon)
    greys = _array(part.convertToFormat(QImage.Format.Format_Grayscale8))[_array(inside) > 127]
    if not greys.size:
        return None
    density = np.log10(255 / np.maximum(greys, 1))
    return Grey(float(greys.mean()), float(greys.std()), float(density.mean()))


def _array(image: QImage) -> Any:
    """The bytes of a picture in rows, without what fills each line up."""
    import numpy as np

    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return data[:, : image.width()].copy()  # the picture may go before the array
