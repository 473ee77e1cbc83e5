"""Frames out of Part 10 files, honest and hostile."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

from shared.imaging.codecs import UndecodableFrame
from shared.imaging.frames import FramePlaces, Part10, UnreadableFile
from shared.imaging.header import image_header

JPEG_LS = UID("1.2.840.10008.1.2.4.80")
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def a_dataset(syntax: UID = ExplicitVRLittleEndian, **values: object) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["frames"])
    ds.Modality = "CT"
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = 2, 3, 16, 16, 15
    ds.PixelRepresentation, ds.SamplesPerPixel, ds.PhotometricInterpretation = 0, 1, "MONOCHROME2"
    ds.PixelData = np.arange(6, dtype="<u2").tobytes()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    if ds.file_meta.TransferSyntaxUID.is_compressed and syntax != "1.2.840.10008.1.2.1.99":
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    return ds


def written(ds: Dataset) -> bytes:
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def test_native_frames() -> None:
    pixels = np.arange(18, dtype="<u2").tobytes()
    part10 = Part10(written(a_dataset(NumberOfFrames=3, PixelData=pixels)))

    assert [part10.frame(n, 12) for n in range(3)] == [pixels[0:12], pixels[12:24], pixels[24:36]]


@pytest.mark.parametrize("with_table", [True, False])
@pytest.mark.parametrize("fragments", [1, 3])
def test_encapsulated_frames_with_and_without_table(with_table: bool, fragments: int) -> None:
    frames = [b"\xff\xd8" + bytes([n]) * (50 + 2 * n) for n in range(4)]
    body = encapsulate(frames, fragments_per_frame=fragments, has_bot=with_table)
    part10 = Part10(written(a_dataset(JPEG_LS, NumberOfFrames=4, PixelData=body)))

    assert [part10.frame(n, 0).rstrip(b"\0") for n in range(4)] == [frame.rstrip(b"\0") for frame in frames]


def test_the_extended_offset_table() -> None:
    frames = [bytes([n]) * 60 for n in range(1, 4)]
    body, offsets, lengths = encapsulate_extended(frames)
    ds = a_dataset(JPEG_LS, NumberOfFrames=3, PixelData=body)
    ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = offsets, lengths

    assert [Part10(written(ds)).frame(n, 0) for n in range(3)] == frames


def test_one_frame_in_many_fragments_is_joined() -> None:
    body = encapsulate([bytes(range(200))], fragments_per_frame=5)

    assert Part10(written(a_dataset(JPEG_LS, PixelData=body))).frame(0, 0) == bytes(range(200))


def test_a_deflated_data_set() -> None:
    plain = a_dataset()
    data = written(plain)
    meta_end = 144 + struct.unpack_from("<I", data, 140)[0]
    deflated = a_dataset(UID("1.2.840.10008.1.2.1.99"))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = io.BytesIO()
    pydicom.filewriter.write_file_meta_info(head, deflated.file_meta, enforce_standard=True)
    whole = bytes(128) + b"DICM" + head.getvalue() + packer.compress(data[meta_end:]) + packer.flush()

    part10 = Part10(whole)

    assert part10.frame(0, 12) == plain.PixelData


def test_a_deflate_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.imaging.frames.MAX_INFLATED", 1 << 20)
    head = io.BytesIO()
    pydicom.filewriter.write_file_meta_info(
        head, a_dataset(UID("1.2.840.10008.1.2.1.99")).file_meta, enforce_standard=True
    )
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = bytes(128) + b"DICM" + head.getvalue() + packer.compress(bytes(50 << 20)) + packer.flush()

    with pytest.raises(UnreadableFile, match="grows beyond"):
        Part10(bomb)


def test_pixels_that_are_cut_short_are_missing_frames() -> None:
    data = written(a_dataset(NumberOfFrames=2, PixelData=bytes(24)))[:-10]
    part10 = Part10(data)

    assert part10.frame(0, 12) == bytes(12)
    with pytest.raises(UnreadableFile, match="Frame 2 is missing"):
        part10.frame(1, 12)


def test_a_length_of_four_gigabytes_is_not_believed() -> None:
    data = bytearray(written(a_dataset()))
    at = data.rfind(b"\xe0\x7f\x10\x00OW")
    data[at + 8 : at + 12] = struct.pack("<I", 0xFFFFFFF0)

    part10 = Part10(bytes(data))

    assert part10.frame(0, 12) == np.arange(6, dtype="<u2").tobytes()
    with pytest.raises(UnreadableFile):
        part10.frame(0, 1000)


@pytest.mark.parametrize("length", [3, 0xFFFFFFF0, 0x00FFFFFF])
def test_a_lying_offset_table_is_refused(length: int) -> None:
    body = bytearray(encapsulate([b"ab" * 10] * 3))
    body[4:8] = struct.pack("<I", length)
    part10 = Part10(written(a_dataset(JPEG_LS, NumberOfFrames=3, PixelData=bytes(body))))

    with pytest.raises(UnreadableFile):
        part10.frame(1, 0)


def test_where_the_offsets_point_nowhere_the_streams_tell_the_frames() -> None:
    frames = [b"\xff\xd8" + bytes([n]) * 20 for n in range(3)]
    body = bytearray(encapsulate(frames, fragments_per_frame=2))
    body[12:16] = struct.pack("<I", 5)
    part10 = Part10(written(a_dataset(JPEG_LS, NumberOfFrames=3, PixelData=bytes(body))))

    assert [part10.frame(n, 0) for n in range(3)] == frames


@pytest.mark.parametrize("frames", [1, 2])
def test_bytes_in_big_endian_words_are_put_right(frames: int) -> None:
    pixels = bytes(range(1, 9 * frames + 1))
    padded = np.frombuffer(pixels + b"\0" * (len(pixels) % 2), "<u2")
    ds = a_dataset(Rows=3, Columns=3, BitsAllocated=8, BitsStored=8, HighBit=7, NumberOfFrames=frames)
    ds.PixelData = padded.byteswap().tobytes()
    ds["PixelData"].VR = "OW"
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    part10 = Part10(written(ds))

    assert b"".join(part10.frame(n, 9) for n in range(frames)) == pixels


def test_offsets_that_point_nowhere_are_refused() -> None:
    frames = [b"ab" * 11] * 3
    body = bytearray(encapsulate(frames, fragments_per_frame=2))
    body[12:16] = struct.pack("<I", 5)
    part10 = Part10(written(a_dataset(JPEG_LS, NumberOfFrames=3, PixelData=bytes(body))))

    with pytest.raises(UnreadableFile, match="offset table"):
        part10.frame(1, 0)


def test_a_million_and_one_frames_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="limit"):
        _ = Part10(written(a_dataset(NumberOfFrames=1_000_001))).frame_count


@pytest.mark.parametrize("data", [b"", b"DICM", bytes(200), b"%PDF-1.4" + bytes(500), bytes(128) + b"DICM"])
def test_what_is_no_dicom_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)

    with pytest.raises(UnreadableFile):
        if not Part10.open(path).has_pixels:
            raise UnreadableFile("no pixels")


def test_sequences_nested_ten_thousand_deep_are_refused_or_survived() -> None:
    open_item = b"\x40\x00\x75\xa3SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    plain = written(a_dataset())
    meta_end = 144 + struct.unpack_from("<I", plain, 140)[0]
    data = plain[:meta_end] + open_item * 10_000

    with pytest.raises(UnreadableFile):
        if not Part10(data).has_pixels:
            raise UnreadableFile("no pixels")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_broken_headers_are_refused_or_read(data: st.DataObject) -> None:
    body = bytearray(written(a_dataset(WindowCenter=40, WindowWidth=400, PixelSpacing=[0.5, 0.5])))
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(132, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        part10 = Part10(bytes(body))
        image = image_header(part10.header, part10.transfer_syntax)
        part10.frame(0, image.pixel_format.native_bytes)
    except (UnreadableFile, UndecodableFrame):
        return
    assert image.frames


@pytest.mark.skipif(not (SHARED / "malformed").is_dir(), reason="no real test data beside the checkout")
def test_the_malformed_collection_never_crashes() -> None:
    for path in sorted((SHARED / "malformed").iterdir()):
        try:
            part10 = Part10.open(path)
            image_header(part10.header, part10.transfer_syntax)
        except (UnreadableFile, UndecodableFrame) as refused:
            assert str(refused).endswith(".")


# --- headers -----------------------------------------------------------------------------------------------


def test_a_header_of_nonsense_still_shows_its_image() -> None:
    ds = a_dataset(WindowCenter="1", WindowWidth="0", InstanceNumber=None, PixelSpacing=None)
    ds.ImageOrientationPatient = ["1", "0", "0"]

    image = image_header(ds)

    assert image.frames[0].voi == () and image.frames[0].plane is None and not image.frames[0].spacing.is_known


def test_enhanced_objects_have_a_plane_per_frame() -> None:
    ds = a_dataset(NumberOfFrames=2, PixelData=bytes(24))
    common, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [0.5, 0.25]
    common.PlaneOrientationSequence = Sequence([orientation])
    common.PixelMeasuresSequence = Sequence([measures])
    ds.SharedFunctionalGroupsSequence = Sequence([common])
    per_frame = []
    for z in (7.0, 9.5):
        frame, position, values = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [0, 0, z]
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 2, z, "US"
        frame.PlanePositionSequence = Sequence([position])
        frame.PixelValueTransformationSequence = Sequence([values])
        per_frame.append(frame)
    ds.PerFrameFunctionalGroupsSequence = Sequence(per_frame)

    image = image_header(ds)

    assert [frame.plane.origin.z for frame in image.frames if frame.plane] == [7.0, 9.5]
    assert [frame.modality.intercept for frame in image.frames] == [7.0, 9.5]
    assert image.frames[1].spacing.column_mm == 0.25


def test_ultrasound_regions_give_millimetres_inside_only() -> None:
    from shared.imaging.geometry import PixelPoint, SpacingSource

    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 1, 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.02
    image = image_header(a_dataset(Modality="US", SequenceOfUltrasoundRegions=Sequence([region])))

    assert image.spacing_at(0, PixelPoint(1, 1)).row_mm == pytest.approx(0.2)
    assert image.spacing_at(0, PixelPoint(2, 1)).source is SpacingSource.NONE


def test_the_intensity_table_of_angiography_is_not_for_display() -> None:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [256, 0, 16], b"\xff\xff" * 256
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "OW"
    xa = a_dataset(ModalityLUTSequence=Sequence([item]), SOPClassUID="1.2.840.10008.5.1.4.1.1.12.1")
    cr = a_dataset(ModalityLUTSequence=Sequence([item]), SOPClassUID="1.2.840.10008.5.1.4.1.1.1")

    assert image_header(xa).frames[0].modality.table is None
    assert image_header(cr).frames[0].modality.table is not None


@pytest.mark.parametrize(
    ("photometric", "shape", "inverted"),
    [
        ("MONOCHROME1", "", True),
        ("MONOCHROME1", "INVERSE", True),
        ("MONOCHROME2", "", False),
        ("MONOCHROME2", "IDENTITY", False),
    ],
)
def test_monochrome1_is_inverted_once(photometric: str, shape: str, inverted: bool) -> None:
    ds = a_dataset(PhotometricInterpretation=photometric)
    if shape:
        ds.PresentationLUTShape = shape

    assert image_header(ds).inverted is inverted


def test_compressed_pixels_without_vr_and_in_an_element_of_known_length_are_found() -> None:
    data = Path(pydicom.data.get_testdata_file("SC_rgb_jpeg.dcm")).read_bytes()  # its elements have no VR
    at = data.index(b"\xe0\x7f\x10\x00\xff\xff\xff\xff")
    stream = data[at + 24 : at + 24 + struct.unpack_from("<I", data, at + 20)[0]]
    bare = data[: at + 4] + struct.pack("<I", len(stream)) + stream  # no fragments, against PS3.5 A.4

    for written in (data, bare):
        part10 = Part10(written)
        header = image_header(part10.header, part10.transfer_syntax)
        assert part10.frame(0, header.pixel_format.native_bytes) == stream


@pytest.mark.parametrize("table", ["none", "basic", "extended", "shifted", "of another file"])
def test_many_frames_are_found_with_and_without_a_true_table(table: str) -> None:
    """A table that is wrong costs a walk through the fragments, never a wrong frame."""
    frames = [bytes([n % 256, n // 256]) * (4 + n % 7) for n in range(FramePlaces.MANY + 40)]
    ds = a_dataset(JPEG_LS, NumberOfFrames=len(frames), PixelData=encapsulate(frames, has_bot=table != "none"))
    if table == "extended":
        ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(frames)
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    elif table in ("shifted", "of another file"):
        step = 2 if table == "shifted" else 16
        raw = bytearray(ds.PixelData)
        struct.pack_into(f"<{len(frames) - 1}I", raw, 12, *(step * (n + 1) for n in range(len(frames) - 1)))
        ds.PixelData = bytes(raw)
    part10 = Part10(written(ds))
    for n in (0, 1, 17, 200, len(frames) - 1):
        assert part10.frame(n, 0) == frames[n]
    with pytest.raises(UnreadableFile, match=f"Frame {len(frames) + 1} "):
        part10.frame(len(frames), 0)
