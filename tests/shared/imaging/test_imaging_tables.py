"""Lookup tables as written in headers, plain and segmented, of either byte order."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import _expand_segmented_lut

from shared.imaging.lut import VoiFunction, Window, display_table, window_of_pixels
from shared.imaging.tables import lookup_table, palette_of


def test_a_descriptor_with_zero_entries_means_all_and_a_signed_start_is_read_so() -> None:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [0, 65_436, 16], np.arange(65_536, dtype="<u2").tobytes()
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "OW"

    table = lookup_table(item, signed=True)

    assert table is not None and len(table.entries) == 65_536 and table.first == -100


@pytest.mark.parametrize(("entries", "data"), [(300, b"\0" * 10), (4, b"")])
def test_a_table_shorter_than_its_descriptor_is_absent(entries: int, data: bytes) -> None:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [entries, 0, 8], data

    assert lookup_table(item, signed=False) is None


def a_palette(red: list[int], *, segmented: bool, count: int) -> Dataset:
    ds = Dataset()
    for colour in ("Red", "Green", "Blue"):
        setattr(ds, f"{colour}PaletteColorLookupTableDescriptor", [count, 0, 16])
        name = f"{'Segmented' if segmented else ''}{colour}PaletteColorLookupTableData"
        setattr(ds, name, np.array(red, "<u2").tobytes())
        ds[name].VR = "OW"
    return ds


def test_segments_discrete_linear_and_indirect_equal_pydicoms_expansion() -> None:
    segments = [0, 3, 100, 5_000, 65_000, 1, 100, 256, 2, 2, 0, 0, 1, 50, 30_000]
    expected = np.array(_expand_segmented_lut(tuple(segments), "H"), np.int64)

    palette = palette_of(a_palette(segments, segmented=True, count=len(expected)))

    assert palette is not None
    np.testing.assert_array_equal(palette.table[:, 0], expected >> 8)


@pytest.mark.parametrize("segments", [[1, 5, 100], [2, 9, 4, 0], [7, 1, 1], [0, 1, 5, 2, 3, 0, 60]])
def test_segments_that_contradict_themselves_give_no_palette(segments: list[int]) -> None:
    assert palette_of(a_palette(segments, segmented=True, count=256)) is None


def test_sixteen_bit_palettes_that_hold_eight_are_taken_as_they_are() -> None:
    palette = palette_of(a_palette(list(range(256)), segmented=False, count=256))

    assert palette is not None and palette.table[200].tolist() == [200, 200, 200]


def test_padding_stays_black_inverted_or_not() -> None:
    from shared.imaging.lut import Modality

    for inverted in (False, True):
        table = display_table(
            signed=True, modality=Modality(), voi=Window(0, 100), inverted=inverted, padding=(-2000, -1990)
        )
        assert (table.view()[np.array([-2000, -1990]).astype(np.uint16)] == 0).all()
        assert table[np.uint16(65_536 - 1989)] == (255 if inverted else 0)


def test_the_window_of_ratios_is_not_flattened() -> None:
    from shared.imaging.lut import Modality

    frame = np.linspace(0, 65_535, 64 * 64).astype(np.uint16).reshape(64, 64)

    window = window_of_pixels(frame, Modality(slope=1 / 65_535))

    assert window.function is VoiFunction.LINEAR_EXACT and 0.95 < window.width <= 1
