"""Grey density: of exactly what lies inside an outline."""

from __future__ import annotations

import math

import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from clients.pathology.media.density import grey_of
from clients.pathology.media.measuring import Measurement, Tool, words


def halves(width: int = 200, height: int = 100) -> QImage:
    """Grey 51 at the left, 204 at the right."""
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    picture.fill(QColor(51, 51, 51))
    with QPainter(picture) as painter:
        painter.fillRect(width // 2, 0, width // 2, height, QColor(204, 204, 204))
    return picture


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("scale", [1, 25])  # the larger one is sampled
def test_grey_is_that_of_the_inside(scale: int) -> None:
    picture = halves(200 * scale, 100 * scale)

    def inside(left: float, right: float) -> tuple[float, float, float]:
        outline = [
            (left * scale, 10 * scale),
            (right * scale, 10 * scale),
            (right * scale, 90 * scale),
            (left * scale, 90 * scale),
        ]
        found = grey_of(picture, outline)
        assert found is not None
        return found.mean, found.deviation, found.density

    assert inside(10, 90) == pytest.approx((51, 0, math.log10(5)), abs=1e-6)
    assert inside(110, 190) == pytest.approx((204, 0, math.log10(255 / 204)), abs=1e-6)
    mean, deviation, _density = inside(60, 140)
    assert mean == pytest.approx(127.5, abs=1.0) and deviation == pytest.approx(76.5, abs=0.5)
    assert inside(110, 500)[0] == 204  # what lies beside the picture does not count


@pytest.mark.usefixtures("qapp")
def test_a_triangle_counts_its_own_pixels_only() -> None:
    corner = grey_of(halves(), [(100, 0), (100, 100), (0, 0)])  # wholly in the dark half
    assert corner is not None and corner.mean == pytest.approx(51, abs=2)
    assert grey_of(halves(), [(300, 0), (310, 0), (310, 10)]) is None


def test_the_words_of_an_area_tell_its_grey(qtbot: QtBot) -> None:
    square = ((0.0, 0.0), (80.0, 0.0), (80.0, 80.0), (0.0, 80.0))
    measure = Measurement(Tool.AREA, square, grey_of(halves(), square))
    assert words(measure, 0.5) == "1600.0 µm² · 160.0 µm · 灰度 51.0 ± 0.0 · OD 0.70"
