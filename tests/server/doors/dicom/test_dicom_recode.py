"""Objects rewritten for peers that take other transfer syntaxes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom.filereader import read_dataset

from server.doors.dicom import part10, uids
from server.doors.dicom.ports import Refused, Transcoder
from server.doors.dicom.recode import recode, targets
from server.doors.dicom.transcoding.frames import FrameTranscoder
from tests.fakes.dicom_objects import CT, ct_dataset, element

JPEG_LS, HTJ2K, RLE = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.5"


def encapsulated(frames: list[bytes]) -> bytes:
    """Pixel data with an empty offset table (PS3.5 A.4)."""
    out = b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\0\0\0\0"
    for frame in frames:
        even = frame + b"\0" * (len(frame) & 1)
        out += b"\xfe\xff\0\xe0" + len(even).to_bytes(4, "little") + even
    return out + b"\xfe\xff\xdd\xe0\0\0\0\0"


def without_pixels(data: bytes) -> bytes:
    return data[: data.index(b"\xe0\x7f\x10\0OW")]


def test_which_syntaxes_an_object_can_be_sent_in() -> None:
    native = (uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE, uids.DEFLATED_LE)
    assert targets(uids.EXPLICIT_LE, None) == native
    assert targets(uids.EXPLICIT_BE, None) == (
        uids.EXPLICIT_BE,
        uids.EXPLICIT_LE,
        uids.IMPLICIT_LE,
        uids.DEFLATED_LE,
    )
    assert targets(JPEG_LS, None) == (JPEG_LS,)
    with_codecs = targets(JPEG_LS, FrameTranscoder())
    assert with_codecs[:4] == (JPEG_LS, uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE)
    assert set(uids.WRITTEN_COMPRESSED) <= set(with_codecs)
    video = "1.2.840.10008.1.2.4.102"
    assert targets(video, FrameTranscoder()) == (video,)


def test_explicit_to_implicit_and_back_is_the_same() -> None:
    data = ct_dataset("1.2.3") + b""
    implicit = recode(memoryview(data), uids.EXPLICIT_LE, uids.IMPLICIT_LE, None)
    assert bytes(implicit) != data
    assert bytes(recode(memoryview(implicit), uids.IMPLICIT_LE, uids.EXPLICIT_LE, None)) == data
    assert recode(memoryview(data), uids.EXPLICIT_LE, uids.EXPLICIT_LE, None) == data


@pytest.mark.parametrize("codec", ["jpegls", "jpegxl_or_ht"])
@pytest.mark.parametrize("frames", [1, 3])
def test_compressed_frames_become_native_without_loss(codec: str, frames: int) -> None:
    import imagecodecs

    rng = np.random.default_rng(3)
    images = [rng.integers(0, 4096, (32, 48), dtype=np.uint16) for _ in range(frames)]
    if codec == "jpegls":
        syntax, streams = JPEG_LS, [imagecodecs.jpegls_encode(i) for i in images]
    else:
        syntax, streams = HTJ2K, [imagecodecs.htj2k_encode(i, reversible=True) for i in images]
    head = without_pixels(ct_dataset("1.2.3", rows=32, columns=48))
    count = element(0x00280008, "IS", str(frames).encode())
    at = head.index(b"\x28\0\x10\0US")
    data = head[:at] + count + head[at:] + encapsulated(list(streams))
    out = FrameTranscoder().transcode(memoryview(data), syntax, uids.EXPLICIT_LE)
    dataset = read_dataset(BytesIO(out), False, True)
    assert dataset["PixelData"].VR == "OW"
    assert dataset.PixelData == b"".join(i.tobytes() for i in images)
    assert str(dataset.PatientName) == "Zhang^San=张^三"
    implicit = recode(memoryview(data), syntax, uids.IMPLICIT_LE, FrameTranscoder())
    assert read_dataset(BytesIO(bytes(implicit)), True, True).PixelData == dataset.PixelData


def test_colour_becomes_rgb() -> None:
    import imagecodecs

    image = np.zeros((16, 16, 3), np.uint8)
    image[:, 8:] = (250, 10, 10)
    stream = imagecodecs.jpeg8_encode(image, level=95, colorspace="RGB", outcolorspace="YCBCR")
    head = without_pixels(ct_dataset("1.2.3", rows=16, columns=16))
    dataset = read_dataset(BytesIO(head), False, True)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "YBR_FULL_422", 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, dataset)
    data = buffer.getvalue() + encapsulated([stream])
    out = FrameTranscoder().transcode(memoryview(data), "1.2.840.10008.1.2.4.50", uids.EXPLICIT_LE)
    read = read_dataset(BytesIO(out), False, True)
    assert read.PhotometricInterpretation == "RGB"
    pixels = np.frombuffer(read.PixelData, np.uint8).reshape(16, 16, 3)
    assert abs(int(pixels[8, 14, 0]) - 250) < 12
    assert abs(int(pixels[8, 14, 1]) - 10) < 12


@pytest.mark.parametrize(
    ("data", "syntax"),
    [
        (without_pixels(ct_dataset("1.2.3")) + encapsulated([b"no jpeg at all"]), JPEG_LS),
        (without_pixels(ct_dataset("1.2.3")) + encapsulated([]), JPEG_LS),
        (without_pixels(ct_dataset("1.2.3")) + encapsulated([b"x"]), "1.2.3.4"),
        (b"\xff" * 50, JPEG_LS),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_a_sentence(data: bytes, syntax: str) -> None:
    with pytest.raises(Refused) as refused:
        FrameTranscoder().transcode(memoryview(data), syntax, uids.EXPLICIT_LE)
    assert refused.value.sentence
    with pytest.raises(Refused):
        recode(memoryview(data), syntax, uids.EXPLICIT_LE, None)


def test_the_transcoder_satisfies_its_port() -> None:
    assert isinstance(FrameTranscoder(), Transcoder)


def test_a_header_makes_a_file_of_a_data_set() -> None:
    file = part10.header(CT, "1.2.3", uids.EXPLICIT_LE) + b"data"
    meta = part10.read_meta(file)
    assert (meta.sop_class_uid, meta.sop_instance_uid, meta.transfer_syntax_uid) == (CT, "1.2.3", uids.EXPLICIT_LE)
    assert bytes(part10.dataset_of(file)) == b"data"


@pytest.mark.parametrize("raw", [b"", bytes(200), bytes(128) + b"DICM", bytes(128) + b"DICM\2\0\x10\0UI\xff\xff12"])
def test_what_is_no_file_is_said(raw: bytes) -> None:
    with pytest.raises(part10.NotPart10):
        part10.read_meta(raw)


REAL = Path(__file__).resolve().parents[5] / "shared" / "data" / "transfer_syntaxes" / "same_ct_all_syntaxes"


@pytest.mark.skipif(not REAL.is_dir(), reason="the collection of real files is not here")
def test_one_ct_in_all_syntaxes_gives_the_same_pixels() -> None:
    lossless = {}
    for path in sorted(REAL.iterdir()):
        data = path.read_bytes()
        try:
            meta = part10.read_meta(data)
        except part10.NotPart10:
            continue
        out = recode(part10.dataset_of(data), meta.transfer_syntax_uid, uids.IMPLICIT_LE, FrameTranscoder())
        dataset = read_dataset(BytesIO(bytes(out)), True, True)
        assert len(dataset.PixelData) == dataset.Rows * dataset.Columns * dataset.BitsAllocated // 8, path.name
        lossless[path.name] = (meta.transfer_syntax_uid, bytes(dataset.PixelData))
    assert len(lossless) >= 10
    reference = next(p for t, p in lossless.values() if t == uids.EXPLICIT_LE)
    lossy = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81, 91, 93, 112, 203)}
    for name, (syntax, pixels) in lossless.items():
        if syntax not in lossy:
            assert pixels == reference, name
