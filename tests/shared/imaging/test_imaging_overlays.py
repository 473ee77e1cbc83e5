"""Overlay planes and shutters lie where the standard puts them, and contradictions are left out."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from shared.imaging.codecs import EXPLICIT_LE, PixelFormat
from shared.imaging.overlays import OverlayPlane, embedded_mask, overlays_of, placed
from shared.imaging.shutters import Shutter, shutter_of


def with_overlay(
    mask: np.ndarray, *, origin: tuple[int, int] = (1, 1), group: int = 0x6000, frames: int = 0
) -> Dataset:
    ds = Dataset()
    rows, columns = mask.shape[-2:]
    ds.add_new((group, 0x0010), "US", rows)
    ds.add_new((group, 0x0011), "US", columns)
    ds.add_new((group, 0x0040), "CS", "G")
    ds.add_new((group, 0x0050), "SS", list(origin))
    ds.add_new((group, 0x0100), "US", 1)
    ds.add_new((group, 0x0102), "US", 0)
    if frames:
        ds.add_new((group, 0x0015), "IS", frames)
        ds.add_new((group, 0x0051), "US", 2)
    bits = np.packbits(mask.ravel().astype(np.uint8), bitorder="little").tobytes()
    ds.add_new((group, 0x3000), "OW", bits + b"\0" * (len(bits) % 2))
    return ds


def test_bits_come_back_in_their_rows_and_columns() -> None:
    mask = np.random.default_rng(1).random((13, 11)) > 0.5

    (plane,) = overlays_of(with_overlay(mask, origin=(3, -1)))

    np.testing.assert_array_equal(plane.mask(0), mask)
    assert (plane.row, plane.column) == (2, -2)


def test_frames_of_an_overlay_straddle_bytes_and_begin_at_their_image_frame() -> None:
    mask = np.random.default_rng(2).random((3, 5, 7)) > 0.5

    (plane,) = overlays_of(with_overlay(mask, frames=3))

    assert plane.mask(0) is None and plane.mask(4) is None
    for n in range(3):
        np.testing.assert_array_equal(plane.mask(n + 1), mask[n])


def test_what_lies_outside_the_image_is_cut_off() -> None:
    plane = OverlayPlane(0x6000, 4, 4, row=-2, column=3, bits=b"x")
    mask = np.ones((4, 4), bool)

    result = placed(mask, plane, 5, 5)

    assert result.sum() == 4 and result[:2, 3:].all()


def test_an_embedded_overlay_is_read_out_of_the_unused_bits() -> None:
    overlay = np.random.default_rng(3).random((6, 8)) > 0.5
    pixels = np.arange(48, dtype="<u2").reshape(6, 8) | (overlay.astype("<u2") << 15)
    fmt = PixelFormat(6, 8, 16, 12)
    ds = Dataset()
    ds.add_new((0x6000, 0x0010), "US", 6)
    ds.add_new((0x6000, 0x0011), "US", 8)
    ds.add_new((0x6000, 0x0100), "US", 16)
    ds.add_new((0x6000, 0x0102), "US", 15)

    (plane,) = overlays_of(ds)

    assert plane.is_embedded
    np.testing.assert_array_equal(embedded_mask(pixels.tobytes(), fmt, EXPLICIT_LE, plane), overlay)


@pytest.mark.parametrize("rows", [0, 70_000])
def test_an_impossible_overlay_is_left_out(rows: int) -> None:
    ds = with_overlay(np.ones((4, 4), bool))
    ds[0x6000, 0x0010].value = rows if rows < 65_536 else 0

    assert overlays_of(ds) == ()


def test_a_cut_overlay_has_no_mask() -> None:
    ds = with_overlay(np.ones((32, 32), bool))
    ds[0x6000, 0x3000].value = b"\xff" * 10

    (plane,) = overlays_of(ds)

    assert plane.mask(0) is None


def test_shutter_shapes_leave_what_lies_inside_of_all() -> None:
    ds = Dataset()
    ds.ShutterShape = ["RECTANGULAR", "CIRCULAR", "POLYGONAL"]
    ds.ShutterLeftVerticalEdge, ds.ShutterRightVerticalEdge = 3, 18
    ds.ShutterUpperHorizontalEdge, ds.ShutterLowerHorizontalEdge = 2, 19
    ds.CenterOfCircularShutter, ds.RadiusOfCircularShutter = [10, 10], 7
    ds.VerticesOfThePolygonalShutter = [1, 1, 1, 20, 20, 20, 20, 10, 1, 1]
    ds.ShutterPresentationValue = 65_535

    shutter = shutter_of(ds)

    assert shutter is not None and shutter.level == 1.0
    hidden = shutter.hidden(20, 20)
    y, x = np.mgrid[1:21, 1:21]
    outside = (x < 3) | (x > 18) | (y < 2) | (y > 19) | ((x - 10) ** 2 + (y - 10) ** 2 > 49)
    assert hidden[outside].all()
    assert not hidden[9, 9] and hidden[16, 3]  # the last lies left of the polygon's slanted side


def test_a_rectangle_keeps_its_edges() -> None:
    hidden = Shutter(rectangle=(2, 4, 3, 3)).hidden(5, 5)

    assert (~hidden).sum() == 3 and not hidden[2, 1] and not hidden[2, 3]


def test_a_bitmap_shutter_covers_where_its_overlay_is_set() -> None:
    mask = np.zeros((4, 4), bool)
    mask[1, 2] = True
    ds = with_overlay(mask)
    ds.ShutterShape, ds.ShutterOverlayGroup = "BITMAP", 0x6000

    shutter = shutter_of(ds, overlays_of(ds))

    assert shutter is not None
    np.testing.assert_array_equal(shutter.hidden(4, 4), mask)


def test_a_shutter_without_usable_edges_hides_nothing() -> None:
    ds = Dataset()
    ds.ShutterShape = "CIRCULAR"
    ds.RadiusOfCircularShutter = 0

    assert shutter_of(ds) is None
