"""What shapes measure: exact values of known figures, and what must not be measured."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.imaging import shapes
from shared.imaging.geometry import PixelPoint, Spacing, SpacingSource
from shared.imaging.lut import Modality
from shared.imaging.shapes import Contour, Ellipse, Polygon, ShapeError, rectangle


def test_lengths_in_a_plane_and_in_space() -> None:
    assert shapes.length((0, 0), (3, 4)) == 5
    assert shapes.length((1, 2, 3), (3, 5, 9)) == 7
    assert shapes.polyline_length([(0, 0), (3, 4), (3, 10)]) == 11
    assert shapes.polyline_length([(0, 0), (3, 0), (3, 4)], closed=True) == 12
    with pytest.raises(ShapeError, match="two points"):
        shapes.polyline_length([(0, 0)])


def test_angles_keep_their_precision_near_0_and_180_degrees() -> None:
    assert shapes.angle_at((1, 0), (0, 0), (0, 1)) == pytest.approx(90, abs=1e-12)
    tiny = 1e-9
    assert shapes.angle_at((1, 0), (0, 0), (1, tiny)) == pytest.approx(math.degrees(tiny), rel=1e-6)
    assert shapes.angle_at((1, 0), (0, 0), (-1, 0)) == 180
    with pytest.raises(ShapeError, match="no length"):
        shapes.angle_at((1, 1), (1, 1), (2, 2))


def test_the_cobb_angle_does_not_depend_on_the_direction_of_drawing() -> None:
    a, b = (0.0, 0.0), (10.0, 0.0)
    c, d = (0.0, 20.0), (10 * math.cos(math.radians(25)), 20 + 10 * math.sin(math.radians(25)))
    for first in ((a, b), (b, a)):
        for second in ((c, d), (d, c)):
            assert shapes.cobb_angle(*first, *second) == pytest.approx(25, abs=1e-9)


def test_angles_on_pixels_that_are_not_square_are_those_of_the_patient() -> None:
    spacing = Spacing(1.0, 0.5, SpacingSource.PATIENT)  # high pixels
    points = shapes.in_mm([PixelPoint(20, 0), PixelPoint(0, 0), PixelPoint(20, 10)], spacing)
    assert shapes.angle_at(*points) == pytest.approx(45, abs=1e-12)


def test_area_and_perimeter_of_ellipses() -> None:
    circle = Ellipse((5, 5), (3, 0), (0, 3))
    assert circle.area == pytest.approx(9 * math.pi)
    assert circle.perimeter == pytest.approx(6 * math.pi)
    # 4 a E(e) for a = 5, b = 3 (NIST DLMF 19.9, to 12 digits)
    assert Ellipse((0, 0), (5, 0), (0, 3)).perimeter == pytest.approx(25.526998863398, abs=1e-11)
    assert Ellipse((0, 0), (5, 0), (0, 0)).perimeter == pytest.approx(20)
    turn = math.radians(30)
    turned = Ellipse((0, 0), (5 * math.cos(turn), 5 * math.sin(turn)), (-3 * math.sin(turn), 3 * math.cos(turn)))
    assert turned.semi_axes == pytest.approx((5, 3))
    # Axes drawn on pixels that are not square are no axes in millimetres; the area is exact all the same.
    stretched = turned.scaled(2, 1)
    assert stretched.area == pytest.approx(2 * turned.area)
    fine = Polygon(stretched.outline(4096)[:-1])
    assert stretched.perimeter == pytest.approx(fine.perimeter, rel=1e-6)


def test_area_and_perimeter_of_polygons() -> None:
    assert rectangle((2, 3), (12, 8)).area == 50
    assert rectangle((2, 3), (12, 8)).perimeter == 30
    assert Polygon(((0, 0), (4, 0), (0, 3))).area == 6
    far = 1e6
    assert Polygon(((far, far), (far + 1, far), (far + 1, far + 1), (far, far + 1))).area == pytest.approx(1, abs=1e-9)
    with pytest.raises(ShapeError, match="three points"):
        _ = Polygon(((0, 0), (1, 1))).area


def test_a_pixel_counts_when_its_centre_is_inside_or_on_the_outline() -> None:
    image = np.arange(100, dtype=np.int16).reshape(10, 10)
    inside = shapes.statistics_under(rectangle((2, 3), (4, 4)), image, Modality())
    assert (inside.count, inside.minimum, inside.maximum) == (6, 32, 44)
    inside = shapes.statistics_under(rectangle((1.5, 2.5), (4.5, 4.5)), image, Modality())
    assert inside.count == 6
    circle = shapes.statistics_under(Ellipse((5, 5), (2, 0), (0, 2)), image, Modality())
    assert circle.count == 13  # 5 + 2·3 + 2·1: the four outermost lie on the line
    assert shapes.statistics_under(rectangle((20, 20), (30, 30)), image, Modality()).count == 0


def test_statistics_in_units_and_of_the_population() -> None:
    image = np.array([[0, 10], [20, 30]], np.uint16)
    found = shapes.statistics_under(rectangle((0, 0), (1, 1)), image, Modality(2.0, -1000, None, "HU"))
    assert (found.count, found.mean, found.minimum, found.maximum) == (4, -970, -1000, -940)
    assert found.sd == pytest.approx(2 * np.std([0, 10, 20, 30]))
    assert found.total == -3880
    downwards = shapes.statistics_under(rectangle((0, 0), (1, 1)), image, Modality(-1.0, 0))
    assert (downwards.minimum, downwards.maximum) == (-30, 0)
    assert shapes.statistics_of(np.array([1.0, np.nan, 3.0])).mean == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 14), st.integers(-3, 14)), min_size=3, max_size=8))
def test_polygons_cover_what_the_even_odd_rule_says(corners: list[tuple[int, int]]) -> None:
    polygon = Polygon(tuple((x + 0.25, y + 0.31) for x, y in corners))  # no pixel centre lies on an edge
    rows, columns = shapes.box_of(polygon, 12, 12)
    mask = np.zeros((12, 12), bool)
    mask[rows, columns] = shapes.covered(polygon, rows, columns)
    ring = list(zip(polygon.points, (*polygon.points[1:], polygon.points[0]), strict=True))
    for y in range(12):
        for x in range(12):
            crossings = sum(
                (ay <= y) != (by <= y) and x >= ax + (y - ay) * (bx - ax) / (by - ay) for (ax, ay), (bx, by) in ring
            )
            assert mask[y, x] == (crossings % 2 == 1), (x, y)


def test_corners_on_pixel_centres_and_all_edges_count() -> None:
    diamond = Polygon(((4, 1), (7, 4), (4, 7), (1, 4)))
    rows, columns = shapes.box_of(diamond, 10, 10)
    y, x = np.mgrid[rows, columns]
    assert (shapes.covered(diamond, rows, columns) == (abs(x - 4) + abs(y - 4) <= 3)).all()


def test_shapes_out_of_numbers_are_refused() -> None:
    with pytest.raises(ShapeError, match="no number"):
        shapes.box_of(rectangle((0, math.nan), (1, 1)), 10, 10)


def test_volumes_of_solids() -> None:
    assert shapes.sphere_volume(3) == pytest.approx(36 * math.pi)
    assert shapes.box_volume((2, 3, 4)) == 24
    for radius in (0, -1, math.nan, math.inf):
        with pytest.raises(ShapeError):
            shapes.sphere_volume(radius)


def test_contours_of_a_sphere_give_its_volume_within_one_percent() -> None:
    radius, step = 20.0, 2.5
    stack = []
    depth = -radius + step / 2
    while depth < radius:
        across = math.sqrt(radius**2 - depth**2)
        circle = Ellipse((0, 0), (across, 0), (0, across)).outline(96)[:-1]
        stack.append(Contour(circle, depth))
        depth += step
    assert shapes.contours_volume(stack) == pytest.approx(shapes.sphere_volume(radius), rel=0.01)
    assert shapes.contours_volume(stack[::-1]) == shapes.contours_volume(stack)


def test_a_contour_inside_another_is_a_hole_and_beside_it_a_part() -> None:
    outer = rectangle((0, 0), (10, 10)).points
    hole = rectangle((2, 2), (4, 4)).points
    island = rectangle((2.5, 2.5), (3.5, 3.5)).points
    beside = rectangle((20, 0), (22, 2)).points
    slices = [Contour(points, z) for z in (0.0, 2.0) for points in (hole, outer, island, beside)]
    assert shapes.contours_volume(slices) == pytest.approx((100 - 4 + 1 + 4) * 4)


def test_uneven_slices_count_with_their_own_distance_and_one_needs_a_thickness() -> None:
    square = rectangle((0, 0), (10, 10)).points
    stack = [Contour(square, z) for z in (0.0, 2.0, 5.0)]
    assert shapes.contours_volume(stack) == pytest.approx(100 * (2 + 2.5 + 3))
    assert shapes.contours_volume(stack[:1], 3) == 300
    with pytest.raises(ShapeError, match="thickness"):
        shapes.contours_volume(stack[:1])


def test_the_smart_brush_takes_an_organ_and_not_its_surroundings() -> None:
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:128, :128]
    organ = ((x - 60) / 20) ** 2 + ((y - 64) / 14) ** 2 <= 1
    image = (np.where(organ, 80, -60) + rng.normal(0, 8, organ.shape)).astype(np.int16)
    region = shapes.grown_region(image, [(50, 64), (60, 66), (70, 64)], 8)
    overlap = 2 * (region & organ).sum() / (region.sum() + organ.sum())
    assert overlap > 0.95
    outline = Polygon(shapes.region_outline(region))
    assert outline.area == pytest.approx(region.sum(), rel=0.03)
    assert len(outline.points) <= 96
    with pytest.raises(ShapeError, match="beside"):
        shapes.grown_region(image, [(-90, -90)], 5)


def test_a_click_of_the_brush_without_a_drag_finds_a_region_too() -> None:
    image = np.zeros((64, 64), np.int16)
    image[20:40, 22:44] = 100
    region = shapes.grown_region(image, [(32, 30)], 6)
    assert region.any()
    assert not region[image == 0].any()


def test_a_connected_region_joins_parts_over_slices_and_leaves_out_others() -> None:
    voxels = np.zeros((6, 10, 10), np.int16)
    voxels[0, 2, 2:5] = voxels[0, 2, 7] = 100  # two arms of one slice …
    voxels[1, 2, 2:8] = 100  # … that meet in the next
    voxels[3, 2, 2:8] = 100  # apart
    found = shapes.connected_region(voxels, (0, 2, 2), 50, 150)
    assert found.sum() == 10
    assert not found[3].any()
    with pytest.raises(ShapeError, match="outside of the range"):
        shapes.connected_region(voxels, (0, 0, 0), 50, 150)
    with pytest.raises(ShapeError, match="outside of the volume"):
        shapes.connected_region(voxels, (9, 0, 0), 50, 150)
