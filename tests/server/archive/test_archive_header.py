"""The bounded walk reads what pydicom reads, in every encoding, and keeps its bounds."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from server.archive.header import (
    BINARY_TAGS,
    DamagedHeader,
    TooDeep,
    TooLarge,
    inflated,
    read_header,
)
from tests.server.archive.archive_house import encoded, uncompressed_slice

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
DEFLATED, BIG = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def a_slice(syntax: str) -> bytes:
    dataset = uncompressed_slice()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.34", "1.2.35"  # of one length: cuts fall where they fell
    inner = Dataset()
    inner.ReferencedSOPClassUID = "1.2.3"
    inner.ReferencedSOPInstanceUID = "1.2.3.4"
    dataset.ReferencedImageSequence = Sequence([inner, inner])
    if syntax == BIG:
        dataset.PixelData = struct.pack(">1024H", *struct.unpack("<1024H", dataset.PixelData))
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    return encoded(dataset)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED, BIG])
def test_the_tags_are_those_of_pydicom(syntax: str) -> None:
    expected = uncompressed_slice()
    header = read_header(memoryview(a_slice(syntax)), syntax)
    order = ">" if syntax == BIG else "<"
    assert header.big_endian == (syntax == BIG)
    assert header.tags[0x00280010] == struct.pack(order + "H", 32)
    assert header.tags[0x00100020].decode().strip() == expected.PatientID
    assert header.tags[0x00200032].decode().strip() == "\\".join(map(str, expected.ImagePositionPatient))
    assert header.pixels is not None
    assert header.pixels[1] == 32 * 32 * 2


def test_encapsulated_pixel_data_have_no_length() -> None:
    value = b"\xfe\xff\x00\xe0" + bytes(4) + b"\xfe\xff\x00\xe0\x04\0\0\0abcd" + b"\xfe\xff\xdd\xe0" + bytes(4)
    data = b"\x08\x00\x18\x00UI\x04\x001.2\0" + b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + value
    header = read_header(data, "1.2.840.10008.1.2.4.50")
    assert header.pixels == (24, None)


@pytest.mark.parametrize("missing", [1, 8, 60, 2000, 2100, 2400])
def test_a_cut_data_set_is_refused_with_a_sentence(missing: int) -> None:
    data = a_slice(EXPLICIT)
    with pytest.raises(DamagedHeader, match=r"^The .*\.$"):
        read_header(data[:-missing], EXPLICIT)


def test_trailing_zeros_are_forgiven() -> None:
    data = a_slice(EXPLICIT)
    assert read_header(data + bytes(5), EXPLICIT).tags == read_header(data, EXPLICIT).tags


def nested(depth: int, syntax: str, defined: bool) -> bytes:
    """Sequences within sequences, as explicit or implicit little endian, with or without lengths."""
    value = b""
    for _ in range(depth):
        if defined:
            item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(value)) + value
        else:
            item = (
                b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + value + b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
            )
        length = struct.pack("<I", len(item) if defined else 0xFFFFFFFF)
        value = b"\x08\x00\x40\x11" + (b"SQ\0\0" if syntax == EXPLICIT else b"") + length + item
    return value


@pytest.mark.parametrize("defined", [True, False])
@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
def test_sequences_may_nest_64_deep_and_no_deeper(syntax: str, defined: bool) -> None:
    read_header(nested(64, syntax, defined), syntax)
    for depth in (70, 2000):
        with pytest.raises(TooDeep, match="64 deep"):
            read_header(nested(depth, syntax, defined), syntax)


def test_a_deflate_bomb_is_refused_without_filling_memory() -> None:
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    bomb = deflate.compress(bytes(1 << 20))
    for _ in range(299):
        bomb += deflate.compress(bytes(1 << 20))
    bomb += deflate.flush()
    assert len(bomb) < 400_000
    with pytest.raises(TooLarge, match="grows beyond"):
        read_header(bomb, DEFLATED)


def test_a_broken_deflated_stream_is_refused() -> None:
    data = bytearray(a_slice(DEFLATED))
    with pytest.raises(DamagedHeader, match="too early"):
        read_header(bytes(data[:-20]), DEFLATED)
    data[10:20] = b"\xff" * 10
    with pytest.raises(DamagedHeader):
        read_header(bytes(data), DEFLATED)


def test_a_deflated_data_set_is_inflated() -> None:
    assert inflated(a_slice(DEFLATED))[:4] == b"\x08\x00\x05\x00"


def test_an_invented_value_representation_is_tolerated() -> None:
    data = a_slice(EXPLICIT)
    odd = data.replace(b"\x08\x00\x70\x00LO", b"\x08\x00\x70\x00??", 1)
    assert odd != data
    assert read_header(odd, EXPLICIT).tags[0x00080018] == read_header(data, EXPLICIT).tags[0x00080018]


def test_implicit_bytes_under_an_explicit_syntax_are_read() -> None:
    data = a_slice(IMPLICIT)
    assert read_header(data, EXPLICIT).tags == read_header(data, IMPLICIT).tags


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutilated_data_sets_never_raise_anything_else(data: st.DataObject) -> None:
    syntax = data.draw(st.sampled_from([IMPLICIT, EXPLICIT, BIG, DEFLATED]))
    original = bytearray(_ORIGINALS[syntax])
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(0, min(len(original), 1200) - 1))
        original[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(original)))
    try:
        read_header(memoryview(bytes(original[:cut])), syntax)
    except DamagedHeader as refused:
        assert str(refused).endswith(".")


_ORIGINALS = {syntax: a_slice(syntax) for syntax in (IMPLICIT, EXPLICIT, BIG, DEFLATED)}


@pytest.mark.skipif(not DATA.is_dir(), reason="the collection of real files is not here")
@pytest.mark.filterwarnings("ignore")
def test_real_files_of_every_kind_are_read_as_pydicom_reads_them() -> None:
    compared = 0
    for path in sorted(DATA.rglob("*")):
        if not path.is_file() or path.stat().st_size < 300:
            continue
        whole = path.read_bytes()
        if whole[128:132] != b"DICM":
            continue
        try:
            expected = pydicom.dcmread(path, stop_before_pixels=True)
            syntax = str(expected.file_meta.TransferSyntaxUID)
            offset = 144 + expected.file_meta.FileMetaInformationGroupLength
        except (AttributeError, pydicom.errors.InvalidDicomError, EOFError):
            continue
        try:
            header = read_header(memoryview(whole)[offset:], syntax)
        except DamagedHeader:
            assert "truncated" in path.name, path
            continue
        for tag, raw in header.tags.items():
            if tag in BINARY_TAGS:
                order = "big" if header.big_endian else "little"
                if len(raw) == 2 and tag != 0x00280120:
                    assert expected[tag].value == int.from_bytes(raw, order), (path, hex(tag))
            elif raw.isascii() and tag in expected and b"\x1b" not in raw:
                value = expected.get_item(tag).value
                if isinstance(value, bytes):
                    assert value.rstrip(b"\0 ") == raw.rstrip(b"\0 "), (path, hex(tag))
        compared += 1
    assert compared > 500
