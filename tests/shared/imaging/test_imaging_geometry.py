"""Millimetres, order of slices and letters."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.imaging.geometry import (
    Finding,
    NoPlane,
    PixelPoint,
    Plane,
    PointMm,
    SpacingSource,
    VectorMm,
    choose_spacing,
    cut_of,
    direction_of,
    distance,
    letters_of,
    order_slices,
    pixel_distance_mm,
)

AXIAL = (1, 0, 0, 0, 1, 0)
SAGITTAL = (0, 1, 0, 0, 0, -1)
CORONAL = (1, 0, 0, 0, 0, -1)


def a_plane(z: float = 0.0, orientation: tuple[float, ...] = AXIAL) -> Plane:
    return Plane.of((-100, -120, z), orientation, (0.5, 0.7))


def test_pixels_lie_where_the_equation_says() -> None:
    """PS3.3 C.7.6.2.1.1; the first value of Pixel Spacing lies between rows."""
    assert a_plane(30).point(PixelPoint(10, 20)) == pytest.approx((-100 + 10 * 0.7, -120 + 20 * 0.5, 30))


@given(st.floats(-500, 1500), st.floats(-500, 1500), st.floats(0, math.pi), st.floats(0, math.pi))
def test_pixel_and_point_are_inverse(column: float, row: float, a: float, b: float) -> None:
    along = (math.cos(a), math.sin(a), 0.0)
    down = (-math.sin(a) * math.cos(b), math.cos(a) * math.cos(b), math.sin(b))
    plane = Plane.of((1, 2, 3), (*along, *down), (0.3, 0.4))

    back = plane.pixel(plane.point(PixelPoint(column, row)))

    assert back == pytest.approx((column, row), abs=1e-6)
    assert plane.away_mm(plane.point(PixelPoint(column, row))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("position", "orientation", "spacing"),
    [
        ((0, 0), AXIAL, (1, 1)),
        ((0, 0, 0), (1, 0, 0, 1, 0, 0), (1, 1)),
        ((0, 0, 0), (0, 0, 0, 0, 0, 0), (1, 1)),
        ((0, 0, 0), AXIAL, (0, 1)),
        ((0, 0, math.nan), AXIAL, (1, 1)),
        ((0, 0, 0), (2, 0, 0, 0, 2, 0), (1, 1)),
    ],
)
def test_what_is_no_plane_is_refused(
    position: tuple[float, ...], orientation: tuple[float, ...], spacing: tuple[float, ...]
) -> None:
    with pytest.raises(NoPlane):
        Plane.of(position, orientation, spacing)


def test_the_cut_of_an_axial_slice_through_a_sagittal_image() -> None:
    """The sagittal image runs from z 50 downwards 1 mm a row: z 20 is its row 30."""
    axial = Plane.of((-50, -50, 20), AXIAL, (1, 1))
    sagittal = Plane.of((0, -50, 50), SAGITTAL, (1, 1))

    line = cut_of(sagittal, 100, 100, axial, 100, 100)

    assert line is not None
    assert [point.row for point in line] == pytest.approx([30, 30])
    assert sorted(point.column for point in line) == pytest.approx([-0.5, 99.5])


def test_parallel_or_distant_images_cut_no_line() -> None:
    axial = Plane.of((-50, -50, 20), AXIAL, (1, 1))

    assert cut_of(axial, 100, 100, Plane.of((-50, -50, 25), AXIAL, (1, 1)), 100, 100) is None
    assert cut_of(axial, 100, 100, Plane.of((0, -50, -500), SAGITTAL, (1, 1)), 100, 100) is None
    assert cut_of(axial, 100, 100, Plane.of((900, -50, 50), SAGITTAL, (1, 1)), 100, 100) is None


def test_a_smaller_image_cuts_a_shorter_line() -> None:
    coronal = Plane.of((-50, 0, 50), CORONAL, (1, 1))
    small = Plane.of((-10, -50, 20), AXIAL, (1, 1))

    line = cut_of(coronal, 100, 100, small, 21, 100)

    assert line is not None and sorted(point.column for point in line) == pytest.approx([39.5, 60.5])


def test_distance() -> None:
    assert distance(PointMm(0, 0, 0), PointMm(3, 4, 12)) == 13


# --- spacing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_values", "row_mm", "source"),
    [
        ({"modality": "CT", "pixel_spacing": (0.5, 0.5)}, 0.5, SpacingSource.PATIENT),
        ({"modality": "DX", "pixel_spacing": (0.2, 0.2), "imager_spacing": (0.2, 0.2)}, 0.2, SpacingSource.DETECTOR),
        (
            {"modality": "DX", "pixel_spacing": (0.15, 0.15), "imager_spacing": (0.2, 0.2)},
            0.15,
            SpacingSource.CALIBRATED,
        ),
        (
            {"modality": "DX", "pixel_spacing": (0.2, 0.2), "imager_spacing": (0.2, 0.2), "calibration": "FIDUCIAL"},
            0.2,
            SpacingSource.CALIBRATED,
        ),
        ({"modality": "CR", "pixel_spacing": (0.2, 0.2)}, 0.2, SpacingSource.DETECTOR),
        ({"modality": "XA", "imager_spacing": (0.3, 0.3), "magnification": 1.5}, 0.2, SpacingSource.MAGNIFICATION),
        ({"modality": "XA", "imager_spacing": (0.3, 0.3)}, 0.3, SpacingSource.DETECTOR),
        (
            {"modality": "DX", "pixel_spacing": (0.3, 0.3), "imager_spacing": (0.3, 0.3), "magnification": 1.5},
            0.2,
            SpacingSource.MAGNIFICATION,
        ),
        (
            {
                "modality": "DX",
                "pixel_spacing": (0.3, 0.3),
                "imager_spacing": (0.3, 0.3),
                "magnification": 1.5,
                "calibration": "GEOMETRY",
            },
            0.3,
            SpacingSource.CALIBRATED,
        ),
        ({"modality": "OT", "nominal_spacing": (0.1, 0.1)}, 0.1, SpacingSource.SCANNER),
        ({"modality": "US"}, 1.0, SpacingSource.NONE),
        ({"modality": "CT", "pixel_spacing": (0.0, 0.0)}, 1.0, SpacingSource.NONE),
        ({"modality": "CT", "pixel_spacing": (math.inf, 1.0)}, 1.0, SpacingSource.NONE),
    ],
)
def test_spacing_sources_in_their_order(given_values: dict, row_mm: float, source: SpacingSource) -> None:
    spacing = choose_spacing(**given_values)

    assert spacing.row_mm == pytest.approx(row_mm)
    assert spacing.source is source


def test_pixel_aspect_shapes_the_picture_but_gives_no_millimetres() -> None:
    spacing = choose_spacing(modality="US", aspect=(4, 3))

    assert spacing.aspect == pytest.approx(0.75) and not spacing.is_known


def test_unequal_spacings_count_each_in_its_direction() -> None:
    spacing = choose_spacing(modality="MR", pixel_spacing=(2.0, 0.5))

    assert pixel_distance_mm(PixelPoint(0, 0), PixelPoint(8, 1.5), spacing) == pytest.approx(5.0)


# --- order of slices -------------------------------------------------------------------------------------


def test_slices_are_ordered_by_place_not_by_name() -> None:
    depths = [30.0, 10.0, 20.0, 0.0]

    result = order_slices([a_plane(z) for z in depths], [1, 3, 2, 4])

    assert [depths[i] for i in result.order] == [30.0, 20.0, 10.0, 0.0]  # the way the scanner numbered
    assert result.findings == {Finding.REVERSED}
    assert result.spacing_mm == 10 and result.is_volume


def test_a_missing_slice_is_found_and_named() -> None:
    result = order_slices([a_plane(z) for z in (0, 1, 2, 4, 5)], [1, 2, 3, 4, 5])

    assert result.gaps == (2,) and Finding.GAPS in result.findings and not result.is_volume


def test_two_images_at_one_place_are_found() -> None:
    result = order_slices([a_plane(z) for z in (0, 1, 1, 2)], [1, 2, 3, 4])

    assert result.duplicates == (2,) and Finding.DUPLICATES in result.findings
    assert result.order == (0, 1, 2, 3)


def test_uneven_spacing_is_found() -> None:
    assert Finding.UNEVEN in order_slices([a_plane(z) for z in (0, 1, 2.2, 3.2, 4.2)]).findings


def test_mixed_orientations_keep_the_order_of_numbers() -> None:
    planes = [a_plane(0), a_plane(0, SAGITTAL), a_plane(1)]

    result = order_slices(planes, [3, 1, 2])

    assert result.order == (1, 2, 0) and result.findings == {Finding.MIXED}


def test_images_without_place_keep_the_order_of_numbers() -> None:
    result = order_slices([None, a_plane(), None], [9, 4, 1])

    assert result.order == (2, 1, 0) and Finding.UNPLACED in result.findings


def test_a_tilted_gantry_is_found() -> None:
    planes = [Plane.of((0, z * 0.3, z), AXIAL, (1, 1)) for z in range(6)]

    assert order_slices(planes).findings == {Finding.TILTED}


@given(st.permutations(list(range(12))))
def test_any_shuffle_gives_the_same_stack(shuffled: list[int]) -> None:
    result = order_slices([a_plane(z * 2.5) for z in shuffled], [z + 1 for z in shuffled])

    assert [shuffled[i] for i in result.order] == list(range(12))
    assert result.is_volume and result.spacing_mm == pytest.approx(2.5)


def test_no_images_are_no_volume() -> None:
    assert not order_slices([]).is_volume and order_slices([]).order == ()


# --- letters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "H"),
        ((0, 0, -1), "F"),
        ((0.8, -0.6, 0), "LA"),
        ((0, 0.3, -0.95), "FP"),
    ],
)
def test_letters(direction: tuple[float, float, float], letters: str) -> None:
    assert letters_of(VectorMm(*direction)) == letters


@pytest.mark.parametrize("letters", ["A", "P", "L", "R", "H", "F", "AR", "HL", "FPR"])
def test_patient_orientation_letters_come_back(letters: str) -> None:
    direction = direction_of(letters)

    assert direction is not None and letters_of(direction) == letters


def test_letters_that_mean_nothing_give_no_direction() -> None:
    assert direction_of("X") is None and direction_of("") is None
