"""Decoding equals the uncompressed original bit for bit wherever the syntax is lossless; damage is refused."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tracemalloc
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.imaging import codecs
from shared.imaging.codecs import DamagedFrame, ImpossibleFormat, Palette, PixelFormat, UndecodableFrame, decode_frame
from shared.imaging.frames import Part10
from shared.imaging.header import image_header

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
SAME_CT = SHARED / "transfer_syntaxes" / "same_ct_all_syntaxes"
needs_shared = pytest.mark.skipif(
    not SAME_CT.is_dir(), reason="the folder of real test data is not beside the checkout"
)


def a_format(array: np.ndarray, *, bits_stored: int = 0, **changes: object) -> PixelFormat:
    values: dict[str, object] = {
        "rows": array.shape[0],
        "columns": array.shape[1],
        "bits_allocated": array.dtype.itemsize * 8,
        "bits_stored": bits_stored or array.dtype.itemsize * 8,
        "signed": array.dtype.kind == "i",
        "samples": 3 if array.ndim == 3 else 1,
        "photometric": "RGB" if array.ndim == 3 else "MONOCHROME2",
    }
    return PixelFormat(**{**values, **changes})  # type: ignore[arg-type]


def smooth(dtype: str, bits: int, shape: tuple[int, ...] = (61, 83)) -> np.ndarray:
    """A gradient with noise over the whole range of ``bits``, odd sizes on purpose."""
    random = np.random.default_rng(7)
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if dtype[0] == "i" else (0, 1 << bits)
    ramp = np.linspace(low, high - 1, int(np.prod(shape))).reshape(shape)
    return np.clip(ramp + random.integers(-9, 9, shape), low, high - 1).astype(dtype)


def decoded(path: Path, index: int = 0) -> np.ndarray:
    part10 = Part10.open(path)
    fmt = image_header(part10.header, part10.transfer_syntax).pixel_format
    return decode_frame(part10.frame(index, fmt.native_bytes), fmt, part10.transfer_syntax)


LOSSLESS = {
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_encode,
    "1.2.840.10008.1.2.4.90": lambda a: imagecodecs.jpeg2k_encode(a, reversible=True, level=0),
    "1.2.840.10008.1.2.4.201": lambda a: imagecodecs.htj2k_encode(a, reversible=True),
    "1.2.840.10008.1.2.4.110": lambda a: imagecodecs.jpegxl_encode(a, lossless=True),
    "1.2.840.10008.1.2.8.1": lambda a: zlib.compressobj(9, zlib.DEFLATED, -15).compress(a.tobytes()) or b"",
}


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_codecs_give_back_every_grey_value(syntax: str, bits: int) -> None:
    original = smooth("u1" if bits == 8 else "u2", bits)
    data = LOSSLESS[syntax](original)

    result = decode_frame(data, a_format(original, bits_stored=bits), syntax)

    assert result.dtype == original.dtype
    np.testing.assert_array_equal(result, original)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"])
def test_colour_comes_back_as_it_was(syntax: str) -> None:
    original = smooth("u1", 8, (40, 31, 3))

    result = decode_frame(LOSSLESS[syntax](original), a_format(original), syntax)

    np.testing.assert_array_equal(result, original)


def test_signed_values_in_an_unsigned_stream_are_signed_again() -> None:
    original = smooth("i2", 12)
    stream = imagecodecs.jpegls_encode((original & 0x0FFF).astype(np.uint16))

    result = decode_frame(stream, a_format(original, bits_stored=12), "1.2.840.10008.1.2.4.80")

    np.testing.assert_array_equal(result, original)


def test_a_deflated_frame_is_inflated() -> None:
    original = smooth("u2", 16)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(original.tobytes()) + packer.flush()

    np.testing.assert_array_equal(decode_frame(data, a_format(original), codecs.DEFLATED_FRAME), original)


def test_a_deflate_bomb_costs_no_more_than_the_frame() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(50_000_000)) + packer.flush()
    small = smooth("u1", 8, (8, 8))

    assert decode_frame(bomb, a_format(small), codecs.DEFLATED_FRAME).shape == (8, 8)


@pytest.mark.parametrize(("dtype", "bits"), [("u1", 8), ("i1", 6), ("u2", 12), ("u2", 16), ("i2", 12), ("i2", 16)])
def test_a_native_slice_is_copied_once_into_memory_of_its_own(dtype: str, bits: int) -> None:
    original = smooth(dtype, bits, (512, 512))
    fmt = a_format(original, bits_stored=bits)
    stored = bytearray(original.tobytes())
    decode_frame(stored, fmt, codecs.EXPLICIT_LE)  # what is imported and cached on the way does not count

    tracemalloc.start()
    try:
        result = decode_frame(stored, fmt, codecs.EXPLICIT_LE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    np.testing.assert_array_equal(result, original)
    assert result.flags.writeable and not np.shares_memory(result, np.frombuffer(stored, np.uint8))
    assert peak < 1.2 * original.nbytes


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2"])
def test_native_values_of_both_byte_orders(dtype: str) -> None:
    original = smooth(dtype, 8 * np.dtype(dtype).itemsize)
    fmt = a_format(original)

    np.testing.assert_array_equal(
        decode_frame(original.astype(f"<{dtype}").tobytes(), fmt, codecs.EXPLICIT_LE), original
    )
    np.testing.assert_array_equal(
        decode_frame(original.astype(f">{dtype}").tobytes(), fmt, codecs.EXPLICIT_BE), original
    )


@given(st.integers(1, 16), st.booleans(), st.integers(0, 65_535))
@settings(max_examples=200, deadline=None)
def test_bits_beyond_bits_stored_never_count(stored: int, signed: bool, pattern: int) -> None:
    """PS3.5 8.1.1: overlays or rubbish above the high bit are no part of the value."""
    fmt = PixelFormat(1, 1, 16, stored, signed)
    value = pattern & ((1 << stored) - 1)
    if signed and value >> (stored - 1):
        value -= 1 << stored

    assert int(decode_frame(struct.pack("<H", pattern), fmt, codecs.EXPLICIT_LE)[0, 0]) == value


def test_values_stored_above_the_low_bits_are_shifted_down() -> None:
    fmt = PixelFormat(1, 1, 16, 12, high_bit=15)

    assert decode_frame(struct.pack("<H", 0xABC7), fmt, codecs.EXPLICIT_LE)[0, 0] == 0xABC


def test_single_bits_are_read_from_the_lowest() -> None:
    fmt = PixelFormat(2, 8, 1, 1)

    result = decode_frame(bytes([0b0000_0101, 0b1000_0000]), fmt, codecs.EXPLICIT_LE)

    assert result.tolist() == [[1, 0, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1]]


def test_palette_indices_become_colours() -> None:
    palette = Palette(10, np.array([[0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8))
    fmt = PixelFormat(1, 4, 8, 8, photometric="PALETTE COLOR", palette=palette)

    result = decode_frame(bytes([0, 11, 12, 200]), fmt, codecs.EXPLICIT_LE)

    assert result[0].tolist() == [[0, 0, 0], [255, 0, 0], [0, 0, 255], [0, 0, 255]]


def test_a_palette_image_without_palette_is_refused() -> None:
    with pytest.raises(ImpossibleFormat, match="palette"):
        decode_frame(bytes(4), PixelFormat(2, 2, 8, 8, photometric="PALETTE COLOR"), codecs.EXPLICIT_LE)


@pytest.mark.parametrize(
    ("ybr", "rgb"),
    [
        ((0, 128, 128), (0, 0, 0)),
        ((255, 128, 128), (255, 255, 255)),
        ((76, 85, 255), (254, 0, 0)),
        ((150, 44, 21), (0, 255, 1)),
        ((29, 255, 107), (0, 0, 254)),
    ],
)
def test_ybr_full_by_the_equations_of_the_standard(ybr: tuple[int, ...], rgb: tuple[int, ...]) -> None:
    """Inverse of PS3.3 C.7.6.3.1.2; ±1 is the rounding of the forward equations."""
    result = codecs.ybr_full_to_rgb(np.array([[ybr]], np.uint8))[0, 0].astype(int)

    assert np.abs(result - rgb).max() <= 1


def test_planes_and_pixels_of_colour_are_the_same_picture() -> None:
    original = smooth("u1", 8, (5, 7, 3))
    planes = np.moveaxis(original, -1, 0).tobytes()

    result = decode_frame(planes, a_format(original, planar=True), codecs.EXPLICIT_LE)

    np.testing.assert_array_equal(result, original)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"])
def test_a_picture_of_three_by_three_colours_keeps_its_axes(syntax: str) -> None:
    original = smooth("u1", 8, (3, 3, 3))

    result = decode_frame(LOSSLESS[syntax](original), a_format(original), syntax)

    np.testing.assert_array_equal(result, original)


def test_deep_colours_come_whole_where_they_are_wanted() -> None:
    original = smooth("u2", 16, (5, 7, 3))

    whole = decode_frame(original.tobytes(), a_format(original), codecs.EXPLICIT_LE, deep=True)
    shown = decode_frame(original.tobytes(), a_format(original), codecs.EXPLICIT_LE)

    np.testing.assert_array_equal(whole, original)
    np.testing.assert_array_equal(shown, original >> 8)


def test_ybr_422_has_one_colour_for_two_pixels() -> None:
    fmt = PixelFormat(1, 2, 8, 8, samples=3, photometric="YBR_FULL_422")

    result = decode_frame(bytes([255, 0, 128, 128]), fmt, codecs.EXPLICIT_LE)

    assert result[0].tolist() == [[255, 255, 255], [0, 0, 0]]


def test_an_adobe_marker_outweighs_the_header() -> None:
    original = np.zeros((16, 16, 3), np.uint8)
    original[:, :, 0] = 200
    ybr_stream = imagecodecs.jpeg8_encode(original, level=100)

    declared_rgb = decode_frame(
        ybr_stream[:2] + _adobe(1) + ybr_stream[2:], a_format(original), "1.2.840.10008.1.2.4.50"
    )

    assert abs(int(declared_rgb[8, 8, 0]) - 200) < 4 and declared_rgb[8, 8, 2] < 4


def test_a_jfif_marker_outweighs_the_header() -> None:
    """Seen on dental photographs: RGB in the header, a plain JFIF file in the frame."""
    original = np.zeros((16, 16, 3), np.uint8)
    original[:, :, 0] = 200
    stream = imagecodecs.jpeg8_encode(original, level=100)
    assert stream[6:10] == b"JFIF"

    declared_rgb = decode_frame(stream, a_format(original), "1.2.840.10008.1.2.4.50")

    assert abs(int(declared_rgb[8, 8, 0]) - 200) < 4 and declared_rgb[8, 8, 2] < 4


def test_letters_of_components_outweigh_a_jfif_marker() -> None:
    original = smooth("u1", 8, (16, 16, 3))
    stream = imagecodecs.jpeg8_encode(original, level=100, colorspace="RGB", outcolorspace="RGB")
    assert stream[6:11] == b"Adobe"
    jfif = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    plain = stream[:2] + jfif + stream[18:]

    result = decode_frame(plain, a_format(original, photometric="YBR_FULL"), "1.2.840.10008.1.2.4.50")

    assert np.abs(result.astype(int) - original).max() <= 4


def _adobe(transform: int) -> bytes:
    return b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform])


# --- damage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "syntax", sorted(codecs.JPEG | codecs.JPEG_LS | codecs.JPEG_2000 | codecs.HTJ2K | {codecs.RLE})
)
@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\xff\x4f\xff\x51" + bytes(60), bytes(200), b"\x01" * 5000])
def test_rubbish_is_refused_with_a_sentence(syntax: str, data: bytes) -> None:
    with pytest.raises(UndecodableFrame) as refused:
        decode_frame(data, PixelFormat(64, 64, 16, 12), syntax)

    assert str(refused.value).endswith(".")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_flipped_bytes_never_do_more_than_be_refused(data: st.DataObject) -> None:
    original = smooth("u2", 12)
    syntax = data.draw(st.sampled_from(["1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"]))
    stream = bytearray(LOSSLESS[syntax](original))
    for _ in range(data.draw(st.integers(1, 5))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))

    try:
        result = decode_frame(bytes(stream), a_format(original, bits_stored=12), syntax)
    except UndecodableFrame:
        return
    assert result.shape == original.shape


def test_a_damaged_htj2k_frame_is_never_half_shown() -> None:
    """Its codec reports damage where Python cannot raise it; half a picture would look like a finding."""
    original = smooth("u2", 12)
    stream = bytearray(LOSSLESS["1.2.840.10008.1.2.4.201"](original))
    stream[200:260] = bytes(60)

    with pytest.raises(DamagedFrame):
        decode_frame(bytes(stream), a_format(original, bits_stored=12), "1.2.840.10008.1.2.4.201")


def test_lossy_htj2k_keeps_white_white_and_black_black() -> None:
    """The wavelets overshoot at hard edges; what leaves the range of the bits is cut, never wrapped around."""
    original = np.where(np.random.default_rng(1).random((64, 64)) > 0.5, 255, 0).astype(np.uint8)
    stream = imagecodecs.htj2k_encode(original, reversible=False)

    decoded = decode_frame(stream, a_format(original), "1.2.840.10008.1.2.4.203")

    assert np.abs(decoded.astype(int) - original).max() <= 2


def test_a_stream_of_another_size_is_refused_before_it_is_decoded() -> None:
    stream = imagecodecs.jpeg2k_encode(smooth("u2", 12, (64, 64)), reversible=True, level=0)

    with pytest.raises(DamagedFrame, match="64 × 64"):
        decode_frame(stream, PixelFormat(32, 32, 16, 12), "1.2.840.10008.1.2.4.90")


def test_a_stream_that_claims_gigapixels_is_refused() -> None:
    stream = bytearray(imagecodecs.jpeg2k_encode(smooth("u2", 12, (64, 64)), reversible=True, level=0))
    at = stream.find(b"\xff\x51")
    stream[at + 6 : at + 14] = struct.pack(">II", 4_000_000_000, 4_000_000_000)

    with pytest.raises(DamagedFrame):
        decode_frame(bytes(stream), PixelFormat(64, 64, 16, 12), "1.2.840.10008.1.2.4.90")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 0},
        {"columns": 70_000},
        {"bits_allocated": 12},
        {"bits_stored": 17},
        {"bits_stored": 0},
        {"samples": 2},
        {"rows": 65_535, "columns": 65_535},
    ],
)
def test_impossible_formats_are_refused(wrong: dict[str, int]) -> None:
    values = {"rows": 4, "columns": 4, "bits_allocated": 16, "bits_stored": 16, **wrong}
    with pytest.raises(ImpossibleFormat):
        PixelFormat(**values)


def test_a_cut_native_frame_says_how_much_is_there() -> None:
    with pytest.raises(DamagedFrame, match="7 of 8 bytes"):
        decode_frame(bytes(7), PixelFormat(2, 2, 16, 16), codecs.EXPLICIT_LE)


def test_an_unknown_syntax_is_named() -> None:
    with pytest.raises(codecs.UnsupportedSyntax, match=r"1\.2\.3"):
        decode_frame(bytes(8), PixelFormat(2, 2, 16, 16), "1.2.3")


def test_video_is_refused_as_video() -> None:
    with pytest.raises(codecs.UnsupportedSyntax, match="video"):
        decode_frame(bytes(8), PixelFormat(2, 2, 8, 8), "1.2.840.10008.1.2.4.102")


# --- against others ----------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("dcmcjpeg") is None, reason="dcmtk is not installed")
@pytest.mark.parametrize(
    ("tool", "options", "syntax"),
    [
        ("dcmcjpeg", ["+e1"], "1.2.840.10008.1.2.4.70"),
        ("dcmcjpeg", ["+el"], "1.2.840.10008.1.2.4.57"),
        ("dcmcjpls", [], "1.2.840.10008.1.2.4.80"),
        ("dcmcrle", [], "1.2.840.10008.1.2.5"),
    ],
)
def test_what_dcmtk_compressed_comes_back_bit_for_bit(
    tool: str, options: list[str], syntax: str, tmp_path: Path
) -> None:
    source = Path(str(pydicom.data.get_testdata_file("CT_small.dcm")))
    target = tmp_path / "compressed.dcm"
    subprocess.run([tool, *options, str(source), str(target)], check=True, capture_output=True, timeout=60)

    assert Part10.open(target).transfer_syntax == syntax
    np.testing.assert_array_equal(decoded(target), pydicom.dcmread(source).pixel_array)


@pytest.mark.skipif(shutil.which("dcmdjpeg") is None, reason="dcmtk is not installed")
@needs_shared
@pytest.mark.parametrize("number", [51, 53, 55])
def test_twelve_bit_jpeg_equals_dcmtk(number: int, tmp_path: Path) -> None:
    """pydicom decodes none of these; dcmtk is the reference."""
    source = next(SAME_CT.glob(f"CTImage_1.2.840.10008.1.2.4.{number}_*.dcm"))
    plain = tmp_path / "plain.dcm"
    subprocess.run(["dcmdjpeg", str(source), str(plain)], check=True, capture_output=True, timeout=60)

    np.testing.assert_array_equal(decoded(source), pydicom.dcmread(plain).pixel_array)


@needs_shared
def test_one_ct_in_all_lossless_syntaxes_is_one_picture() -> None:
    reference = decoded(next(SAME_CT.glob("*1.2.840.10008.1.2.1_*")))
    lossy = (".50_", ".51_", ".53_", ".55_", ".81_", ".91_")
    seen = 0
    for path in sorted(SAME_CT.glob("*.dcm")):
        if not any(mark in path.name for mark in lossy):
            np.testing.assert_array_equal(decoded(path), reference, err_msg=path.name)
            seen += 1
    assert seen >= 8


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm", "image_dfl.dcm", "JPEG2000.dcm",
     "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_rle.dcm", "US1_J2KR.dcm", "liver_1frame.dcm", "SC_rgb_16bit.dcm"],
)  # fmt: skip
def test_equals_pydicom_on_its_own_files(name: str) -> None:
    path = Path(str(pydicom.data.get_testdata_file(name, download=False) or ""))
    if not path.is_file():
        pytest.skip("this pydicom does not ship the file")
    ours = decoded(path)
    theirs = pydicom.dcmread(path).pixel_array
    if name == "SC_rgb_16bit.dcm":
        theirs = (theirs >> 8).astype(np.uint8)  # colour is shown with 8 bits

    np.testing.assert_array_equal(ours, theirs)
