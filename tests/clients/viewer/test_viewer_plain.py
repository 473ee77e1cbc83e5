"""Bytes that are pixels as they stand: the same as decoded, or not taken for such."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.viewer.loading_plain import plain_values
from clients.viewer.pixels import PixelStore
from shared.imaging.codecs import DEFLATED_LE, EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, PixelFormat, decode_frame
from shared.imaging.lut import Modality
from tests.clients.viewer.viewer_builders import a_stack

FORMATS = st.builds(
    lambda width, stored, signed, high, photometric: PixelFormat(
        3, 4, width, min(stored, width), signed, photometric=photometric, high_bit=high
    ),
    st.sampled_from([8, 16]),
    st.integers(1, 16),
    st.booleans(),
    st.sampled_from([-1, 11, 15]),
    st.sampled_from(["MONOCHROME1", "MONOCHROME2"]),
)


@given(fmt=FORMATS, syntax=st.sampled_from([IMPLICIT_LE, EXPLICIT_LE, DEFLATED_LE, EXPLICIT_BE]), data=st.data())
def test_what_is_taken_as_it_stands_is_what_decoding_gives(fmt: PixelFormat, syntax: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(-(1 << 12), (1 << 12) - 1), min_size=12, max_size=12))
    stored = np.array(values).astype(f"<i{fmt.bits_allocated // 8}").tobytes()

    plain = plain_values(stored, fmt, syntax)

    if plain is not None:
        decoded = decode_frame(stored, fmt, syntax)
        assert plain.dtype == decoded.dtype
        np.testing.assert_array_equal(plain, decoded)
        assert plain.tobytes() == stored


@pytest.mark.parametrize(
    ("stored", "signed", "value", "plain"),
    [
        (12, False, 4095, True),
        (12, False, 4096, False),  # an old overlay above the stored bits
        (12, True, -2048, True),  # the sign is extended already
        (12, True, 2048, False),  # the sign is to be extended
        (16, True, -32768, True),
        (16, False, 65535, True),
    ],
)
def test_bits_above_the_stored_ones_are_seen(stored: int, signed: bool, value: int, plain: bool) -> None:
    data = np.full((2, 2), value).astype("<i2" if signed else "<u2").tobytes()

    assert (plain_values(data, PixelFormat(2, 2, 16, stored, signed), EXPLICIT_LE) is not None) is plain


@pytest.mark.parametrize("change", [{"samples": 3, "photometric": "RGB"}, {"photometric": "PALETTE COLOR"}])
def test_colours_are_not_taken_as_they_stand(change: dict[str, object]) -> None:
    fmt = PixelFormat(2, 2, 8, 8, **change)  # type: ignore[arg-type]

    assert plain_values(bytes(fmt.native_bytes), fmt, EXPLICIT_LE) is None


def test_a_byte_too_many_or_too_few_is_for_the_decoder() -> None:
    fmt = PixelFormat(3, 3, 8, 8)

    assert plain_values(bytes(10), fmt, EXPLICIT_LE) is None
    assert plain_values(bytes(8), fmt, EXPLICIT_LE) is None


def test_a_single_image_does_not_keep_the_bytes_it_came_in() -> None:
    came = bytearray(32 * 32 * 2)
    values = plain_values(memoryview(came), a_stack(1).image(0).pixel_format, EXPLICIT_LE)
    assert values is not None and not values.flags.writeable
    stack = a_stack(1)
    pixels = PixelStore().of(stack)
    pixels.put(0, values, Modality())
    came[:] = b"\1" * len(came)

    frame = pixels.frame(0)
    assert frame is not None and not frame.any()
