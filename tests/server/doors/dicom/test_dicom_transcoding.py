"""Objects written in every transfer syntax keep every pixel, read back by pydicom and by DCMTK; a child that dies costs
one object."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian

from server.doors.dicom import part10, uids
from server.doors.dicom.ports import Refused, Transcoder
from server.doors.dicom.recode import recode
from server.doors.dicom.transcoding.frames import FrameTranscoder, possible
from server.doors.dicom.transcoding.process import ProcessTranscoder

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data" / "transfer_syntaxes"
Tool = Callable[..., subprocess.CompletedProcess[str]]
ENCAPSULATED = tuple(t for t in uids.WRITTEN_COMPRESSED if t != uids.DEFLATED_LE)
ALL = (uids.IMPLICIT_LE, uids.EXPLICIT_BE, *uids.WRITTEN_COMPRESSED)


def picture(
    *,
    bits: int = 16,
    stored: int | None = None,
    signed: bool = False,
    samples: int = 1,
    frames: int = 1,
    side: int = 33,
) -> FileDataset:
    """A picture of noise on a ramp that uses the whole range of its bits; odd sides make odd lengths."""
    stored = stored or bits
    random = np.random.default_rng(bits * 7 + stored + frames)
    low, high = (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
    shape = (frames, side, side + 2, samples)
    values = random.integers(low, high, shape, endpoint=True)
    values[:, : side // 2] = np.linspace(low, high, side + 2).astype(np.int64)[None, None, :, None]
    ds = FileDataset("", {}, file_meta=pydicom.dataset.FileMetaDataset(), preamble=bytes(128))
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", f"1.2.3.{bits}.{stored}.{samples}.{frames}"
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.PatientName = "Zhang^San"
    ds.SamplesPerPixel, ds.Rows, ds.Columns = samples, side, side + 2
    ds.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        ds.PlanarConfiguration = 0
    if frames > 1:
        ds.NumberOfFrames = frames
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, stored, stored - 1, int(signed)
    raw = values.astype(f"<{'i' if signed else 'u'}{bits // 8}").tobytes()
    ds.PixelData = raw + b"\0" * (len(raw) & 1)
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    return ds


KINDS = {
    "8 bits": {"bits": 8},
    "12 of 16 bits": {"stored": 12},
    "16 bits": {},
    "16 bits signed": {"signed": True},
    "12 bits signed": {"stored": 12, "signed": True},
    "8 of 16 bits": {"stored": 8},
    "colour": {"bits": 8, "samples": 3},
    "colour, frames": {"bits": 8, "samples": 3, "frames": 3},
    "frames": {"stored": 12, "frames": 4},
}


def body_of(ds: FileDataset) -> tuple[memoryview, str]:
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    raw = out.getvalue()
    return part10.dataset_of(raw), part10.read_meta(raw).transfer_syntax_uid


def file_of(data: bytes | bytearray | memoryview, syntax: str) -> bytes:
    return part10.header("1.2.840.10008.5.1.4.1.1.7", "1.2.3", syntax) + bytes(data)


def read(data: bytes | bytearray | memoryview, syntax: str) -> FileDataset:
    return pydicom.dcmread(io.BytesIO(file_of(data, syntax)))


def pixels(ds: FileDataset) -> Any:
    """Stored values, by decoders that are not ours: pydicom's, and libraries other than those we encode with."""
    syntax = str(ds.file_meta.TransferSyntaxUID)
    if syntax in (uids.HTJ2K_LOSSLESS, uids.JPEG_LOSSLESS_SV1):
        decode = imagecodecs.jpeg2k_decode if syntax == uids.HTJ2K_LOSSLESS else imagecodecs.jpegsof3_decode
        count = int(ds.get("NumberOfFrames", 1))
        frames = [decode(frame) for frame in pydicom.encaps.generate_frames(ds.PixelData, number_of_frames=count)]
        return frames[0] if count == 1 else np.stack(frames)
    return pixel_array(ds, raw=True)


def masked(values: Any, ds: FileDataset) -> Any:
    """The bits stored alone: a decoder may leave what is above them as it likes (PS3.5 8.1.1)."""
    return values.astype(np.int64) & ((1 << ds.BitsStored) - 1)


def same(one: FileDataset, other: FileDataset) -> bool:
    return bool(np.array_equal(masked(pixels(one), one), masked(pixels(other), other)))


@pytest.mark.parametrize("wanted", ALL)
@pytest.mark.parametrize("kind", KINDS)
def test_every_syntax_keeps_every_pixel(kind: str, wanted: str) -> None:
    original = picture(**KINDS[kind])  # type: ignore[arg-type]
    data, stored = body_of(original)
    out = recode(data, stored, wanted, FrameTranscoder())
    converted = read(out, wanted)
    assert same(converted, original)
    assert len(out) % 2 == 0
    for keyword in (
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "SamplesPerPixel",
        "SOPInstanceUID",
    ):
        assert getattr(converted, keyword) == getattr(original, keyword), keyword
    colour = "YBR_RCT" if wanted == uids.HTJ2K_LOSSLESS and original.SamplesPerPixel == 3 else None
    assert converted.PhotometricInterpretation == (colour or original.PhotometricInterpretation)
    assert "LossyImageCompression" not in converted
    if wanted in ENCAPSULATED:
        assert converted["PixelData"].is_undefined_length
        back = recode(memoryview(bytes(out)), wanted, uids.EXPLICIT_LE, FrameTranscoder())
        assert bytes(back) == bytes(data), "there and back is the same, byte for byte"


def test_bits_above_those_stored_are_not_lost() -> None:
    """Old overlays lie in the unused high bits (retired, PS3.5 8.1.2 of older editions)."""
    original = picture(stored=12)
    values = np.frombuffer(original.PixelData, "<u2").copy()
    values[::7] |= 0x4000
    original.PixelData = values.tobytes()
    data, stored = body_of(original)
    for wanted in (uids.RLE, uids.JPEG_LS, uids.JPEG_2000_LOSSLESS, uids.HTJ2K_LOSSLESS, uids.JPEG_LOSSLESS_SV1):
        out = recode(data, stored, wanted, FrameTranscoder())
        plain = FrameTranscoder().transcode(memoryview(bytes(out)), wanted, uids.EXPLICIT_LE)
        assert read(plain, uids.EXPLICIT_LE).PixelData == original.PixelData


def test_ybr_stays_ybr_where_the_codec_leaves_it() -> None:
    original = picture(bits=8, samples=3)
    original.PhotometricInterpretation = "YBR_FULL"
    data, stored = body_of(original)
    for wanted in (uids.RLE, uids.JPEG_LS, uids.JPEG_2000_LOSSLESS, uids.JPEG_LOSSLESS_SV1):
        converted = read(recode(data, stored, wanted, FrameTranscoder()), wanted)
        assert converted.PhotometricInterpretation == "YBR_FULL"
        assert same(converted, original)
    with pytest.raises(Refused, match="colour model"):
        recode(data, stored, uids.HTJ2K_LOSSLESS, FrameTranscoder())


def test_palettes_keep_their_indices() -> None:
    original = picture(bits=8)
    original.PhotometricInterpretation = "PALETTE COLOR"
    for colour in ("Red", "Green", "Blue"):
        setattr(original, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(original, f"{colour}PaletteColorLookupTableData", bytes(512))
    data, stored = body_of(original)
    for wanted in (uids.RLE, uids.JPEG_LS):
        converted = read(recode(data, stored, wanted, FrameTranscoder()), wanted)
        assert converted.PhotometricInterpretation == "PALETTE COLOR"
        assert same(converted, original)


def shared_files() -> list[Path]:
    return sorted(path for path in SHARED.rglob("*.dcm") if path.stat().st_size < 700_000) if SHARED.is_dir() else []


@pytest.mark.filterwarnings("ignore")  # pydicom's, about what is wrong in the files
@pytest.mark.parametrize("wanted", (uids.EXPLICIT_LE, uids.EXPLICIT_BE, *uids.WRITTEN_COMPRESSED))
def test_files_from_elsewhere_in_every_syntax(wanted: str) -> None:
    """Lossless ones keep their stored values, lossy ones what pydicom decodes, and stay marked as lossy."""
    if not SHARED.is_dir():
        pytest.skip("the sample files are not here")
    done, refused = 0, []
    for path in shared_files():
        raw = path.read_bytes()
        meta = part10.read_meta(raw)
        stored = meta.transfer_syntax_uid
        data = part10.dataset_of(raw)
        try:
            out = recode(data, stored, wanted, FrameTranscoder())
        except Refused as error:
            refused.append(f"{path.name}: {error.sentence}")
            continue
        if stored == wanted:
            continue
        converted = read(out, wanted)
        original = pydicom.dcmread(path)
        assert converted.SOPInstanceUID == original.SOPInstanceUID
        done += 1
        if "PixelData" not in original:
            continue
        native = FrameTranscoder().transcode(data, stored, uids.EXPLICIT_LE) if stored != uids.EXPLICIT_LE else data
        assert same(converted, read(native, uids.EXPLICIT_LE)), path.name
        if stored in ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"):
            assert str(converted.LossyImageCompression) == "01"
    assert done >= 20, refused


@pytest.mark.filterwarnings("ignore")
def test_decoded_files_are_what_pydicom_decodes() -> None:
    if not SHARED.is_dir():
        pytest.skip("the sample files are not here")
    seen = 0
    for path in shared_files():
        raw = path.read_bytes()
        stored = part10.read_meta(raw).transfer_syntax_uid
        lossy = stored[-2:] in ("50", "51", "53", "55", "81", "91") or "HTJ2K_08" in path.name
        try:
            theirs = pixel_array(pydicom.dcmread(path), raw=True)
            ours = FrameTranscoder().transcode(part10.dataset_of(raw), stored, uids.IMPLICIT_LE)
        except (Refused, RuntimeError, NotImplementedError, AttributeError, ValueError, EOFError):
            continue
        if lossy and theirs.ndim == 3:
            continue  # colour conversions of decoders differ in the last bit
        assert np.array_equal(pixels(read(ours, uids.IMPLICIT_LE)), theirs), path.name
        seen += 1
    assert seen >= 12


@pytest.mark.parametrize("kind", ["16 bits signed", "12 of 16 bits", "8 bits", "colour", "frames"])
def test_dcmtk_decodes_what_we_encode(kind: str, run_tool: Tool, tmp_path: Path) -> None:
    original = picture(**KINDS[kind])  # type: ignore[arg-type]
    data, stored = body_of(original)
    for tool, wanted in (("dcmdrle", uids.RLE), ("dcmdjpeg", uids.JPEG_LOSSLESS_SV1), ("dcmdjpls", uids.JPEG_LS)):
        source, target = tmp_path / f"{tool}.dcm", tmp_path / f"{tool}-native.dcm"
        source.write_bytes(file_of(recode(data, stored, wanted, FrameTranscoder()), wanted))
        run_tool(tool, str(source), str(target))
        decoded = pydicom.dcmread(target)
        assert same(decoded, original), tool


@pytest.mark.parametrize("kind", ["16 bits", "12 of 16 bits", "8 bits", "colour"])
def test_we_decode_what_dcmtk_encodes(kind: str, run_tool: Tool, tmp_path: Path) -> None:
    original = picture(**KINDS[kind])  # type: ignore[arg-type]
    source = tmp_path / "native.dcm"
    original.save_as(source, enforce_file_format=True)
    for tool in ("dcmcrle", "dcmcjpeg", "dcmcjpls"):
        encoded = tmp_path / f"{tool}.dcm"
        run_tool(tool, str(source), str(encoded))
        raw = encoded.read_bytes()
        syntax = part10.read_meta(raw).transfer_syntax_uid
        out = FrameTranscoder().transcode(part10.dataset_of(raw), syntax, uids.EXPLICIT_LE)
        assert same(read(out, uids.EXPLICIT_LE), original), tool


def test_what_cannot_be_compressed_is_refused_in_words() -> None:
    report = picture(bits=8)
    del report.PixelData
    data, stored = body_of(report)
    with pytest.raises(Refused, match="without pixel data"):
        recode(data, stored, uids.JPEG_LS, FrameTranscoder())
    deep = picture(bits=16, samples=3)
    data, stored = body_of(deep)
    with pytest.raises(Refused, match="more than 8 bits"):
        recode(data, stored, uids.JPEG_LS, FrameTranscoder())
    assert possible("1.2.840.10008.1.2.4.102") == ()


def test_fragments_under_an_uncompressed_syntax_are_no_pixels() -> None:
    data, stored = body_of(picture(bits=8))
    native = bytes(data)
    at = native.index(b"\xe0\x7f\x10\x00")
    fragment = native[at + 12 :]
    items = b"\xfe\xff\x00\xe0\0\0\0\0" + b"\xfe\xff\x00\xe0" + len(fragment).to_bytes(4, "little") + fragment
    mislabelled = native[:at] + b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + items + b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert stored == uids.EXPLICIT_LE
    for wanted in (uids.IMPLICIT_LE, uids.EXPLICIT_BE, uids.JPEG_LS):
        with pytest.raises(Refused, match="syntax says not"):
            recode(memoryview(mislabelled), stored, wanted, FrameTranscoder())


# the child process


@pytest.fixture(scope="module")
def transcoder() -> Iterator[ProcessTranscoder]:
    made = ProcessTranscoder(1)
    yield made
    made.close()


def test_a_child_gives_what_this_process_gives(transcoder: ProcessTranscoder) -> None:
    data, stored = body_of(picture(stored=12, frames=4))
    assert isinstance(transcoder, Transcoder)
    for wanted in (uids.JPEG_LS, uids.RLE):
        assert transcoder.transcode(data, stored, wanted) == FrameTranscoder().transcode(data, stored, wanted)


@pytest.mark.parametrize(
    "change",
    [
        {"Rows": 65535, "Columns": 65535},
        {"NumberOfFrames": 2147483647},
        {"Rows": 0},
        {"BitsAllocated": 64, "Rows": 60000, "Columns": 60000},
        {"NumberOfFrames": -5, "Columns": 60000},
    ],
)
def test_bombs_are_refused_and_the_child_lives_on(change: dict[str, int], transcoder: ProcessTranscoder) -> None:
    good, stored = body_of(picture(stored=12))
    bomb = read(transcoder.transcode(good, stored, uids.JPEG_LS), uids.JPEG_LS)
    for keyword, value in change.items():
        setattr(bomb, keyword, value)
    data, syntax = body_of(bomb)
    with pytest.raises(Refused) as refused:
        transcoder.transcode(data, syntax, uids.EXPLICIT_LE)
    assert refused.value.sentence
    assert transcoder.transcode(good, stored, uids.RLE)


def child_that(code: str) -> ProcessTranscoder:
    return ProcessTranscoder(1, seconds=1.0, command=(sys.executable, "-c", code))


def test_a_codec_that_hangs_costs_its_time_limit_only() -> None:
    transcoder = child_that("import time; time.sleep(60)")
    data, stored = body_of(picture(bits=8))
    with pytest.raises(Refused, match="took too long"):
        transcoder.transcode(data, stored, uids.RLE)
    transcoder.close()


def test_a_codec_that_crashes_costs_one_object() -> None:
    transcoder = child_that("import sys, os; sys.stdin.buffer.read(30); os.abort()")
    data, stored = body_of(picture(bits=8))
    with pytest.raises(Refused, match="ended with code"):
        transcoder.transcode(data, stored, uids.RLE)
    transcoder.close()


def test_a_child_that_lies_about_its_answer_is_ended() -> None:
    transcoder = child_that(
        "import sys, struct; sys.stdin.buffer.read(30); sys.stdout.buffer.write(struct.pack('<HQ', 0, 1 << 62)); "
        "sys.stdout.buffer.flush(); sys.stdin.buffer.read()"
    )
    data, stored = body_of(picture(bits=8))
    with pytest.raises(Refused, match="too large"):
        transcoder.transcode(data, stored, uids.RLE)
    transcoder.close()


@pytest.mark.skipif(sys.platform == "win32", reason="the system's memory limit is POSIX's")
def test_a_child_cannot_take_more_memory_than_it_may() -> None:
    transcoder = ProcessTranscoder(1, memory=900 << 20)
    try:
        data, stored = body_of(picture(bits=8, side=9000, frames=3))
        with pytest.raises(Refused):
            transcoder.transcode(data, stored, uids.JPEG_LS)
    finally:
        transcoder.close()
