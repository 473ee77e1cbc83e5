"""Pictures and videos become objects that other programs find nothing wrong with."""

from __future__ import annotations

import datetime as dt
import shutil
import struct
import subprocess
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from server.archive.exchange.pictures import Making, picture
from server.archive.exchange.reading import NotReadable, kind_of
from server.archive.exchange.videos import film_of, video
from shared.contract.exchange import PictureClass
from shared.dicomkit.headers import PatientFacts, SeriesFacts, StudyFacts
from tests.server.archive.exchange.exchange_house import a_picture

MAKING = Making(
    PatientFacts("P1", "Zhang^San=张^三", dt.date(1970, 1, 1), "M"),
    StudyFacts("2.25.1", accession="A1"),
    SeriesFacts("2.25.2", 951, "Imported pictures"),
    "2.25.3",
    1,
    dt.datetime(2026, 1, 1, 8),
    "",
)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "Li Si"
    return a_picture(exif=exif)


def pages(colour: str, count: int = 3) -> bytes:
    first = Image.linear_gradient("L").resize((64, 48)).convert(colour)
    out = BytesIO()
    first.save(out, "TIFF", save_all=True, append_images=[first] * (count - 1))
    return out.getvalue()


PICTURES = {
    "jpeg": a_picture(),
    "grey jpeg": a_picture("JPEG", "L"),
    "progressive jpeg": a_picture(progressive=True),
    "cmyk jpeg": a_picture("JPEG", "CMYK"),
    "turned jpeg": turned(),
    "png": a_picture("PNG"),
    "palette png": a_picture("PNG", "P"),
    "transparent png": a_picture("PNG", "RGBA"),
    "16 bit png": a_picture("PNG", "I;16"),
    "bitmap": a_picture("BMP"),
    "tiff": a_picture("TIFF"),
    "colour pages": pages("RGB"),
    "grey pages": pages("L"),
    "deep pages": pages("I;16"),
}


def made_of(name: str, wanted: PictureClass = PictureClass.CAPTURE) -> pydicom.Dataset:
    data = memoryview(PICTURES[name])
    return pydicom.dcmread(BytesIO(picture(data, kind_of(data), MAKING, wanted)))


@pytest.mark.parametrize("name", PICTURES)
def test_the_pixels_are_those_of_the_picture(name: str) -> None:
    import numpy as np

    with Image.open(BytesIO(PICTURES[name])) as image:
        size = image.size if name != "turned jpeg" else image.size[::-1]
    made = made_of(name)
    assert (made.Columns, made.Rows) == size
    pixels = made.pixel_array
    assert pixels.any()
    if name == "png":
        with Image.open(BytesIO(PICTURES[name])) as image:
            assert np.array_equal(pixels, np.asarray(image))
    if name.endswith("pages"):
        assert made.NumberOfFrames == 3


def test_a_baseline_jpeg_keeps_its_bytes_but_not_its_notes() -> None:
    made = made_of("jpeg")
    assert made.file_meta.TransferSyntaxUID == pydicom.uid.JPEGBaseline8Bit
    assert made.LossyImageCompression == "01"
    with_notes = a_picture(comment=b"Patient Li Si")
    data = picture(memoryview(with_notes), "jpeg", MAKING, PictureClass.CAPTURE)
    assert b"Li Si" not in data
    assert b"Li Si" not in picture(memoryview(turned()), "jpeg", MAKING, PictureClass.CAPTURE)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
@pytest.mark.parametrize("wanted", PictureClass)
@pytest.mark.parametrize("name", PICTURES)
def test_dicom3tools_finds_no_error(name: str, wanted: PictureClass, tmp_path: Path) -> None:
    data = memoryview(PICTURES[name])
    try:
        made = picture(data, kind_of(data), MAKING, wanted)
    except NotReadable:
        assert wanted is PictureClass.PHOTOGRAPH and ("pages" in name or "16" in name)
        return
    assert errors_of(made, tmp_path) == []


def errors_of(made: bytes, folder: Path) -> list[str]:
    path = folder / "made.dcm"
    path.write_bytes(made)
    said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, timeout=60, check=False).stderr
    return [line for line in said.splitlines() if line.startswith("Error")]


@pytest.mark.parametrize(
    "data",
    [b"\xff\xd8\xff\xe0", PICTURES["jpeg"][:300], PICTURES["png"][:100], b"BM" + bytes(60), b"II*\0" + bytes(60)],
)
def test_a_damaged_picture_is_refused_with_a_sentence(data: bytes) -> None:
    kind = kind_of(memoryview(data)) or "bmp"
    with pytest.raises(NotReadable, match="图片"):
        picture(memoryview(data), kind, MAKING, PictureClass.CAPTURE)


# videos: boxes are written here, because no encoder is at hand


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def an_mp4(coding: bytes = b"avc1", profile: int = 100, level: int = 40, *, handler: bytes = b"vide") -> bytes:
    config = {
        b"avc1": box(b"avcC", bytes([1, profile, 0, level, 0xFF, 0xE0, 0])),
        b"hvc1": box(b"hvcC", bytes([1, profile]) + bytes(10) + bytes([level]) + bytes(10)),
    }.get(coding, b"")
    entry = box(coding, bytes(24), struct.pack(">HH", 64, 48), bytes(50), config)
    table = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), entry),
        box(b"stts", struct.pack(">IIII", 0, 1, 25, 40)),
    )
    media = box(
        b"mdia",
        box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 1000, 1000, 0)),
        box(b"hdlr", bytes(8), handler, bytes(12)),
        box(b"minf", table),
    )
    return box(b"ftyp", b"isom", bytes(4)) + box(b"moov", box(b"trak", media)) + box(b"mdat", b"\x11" * 33)


@pytest.mark.parametrize(
    ("coding", "profile", "level", "syntax"),
    [
        (b"avc1", 100, 41, "102"),
        (b"avc1", 77, 30, "102"),
        (b"avc1", 100, 42, "104"),
        (b"hvc1", 1, 120, "107"),
        (b"hvc1", 2, 153, "108"),
    ],
)
def test_a_video_gets_the_syntax_of_its_stream(coding: bytes, profile: int, level: int, syntax: str) -> None:
    data = an_mp4(coding, profile, level)
    film = film_of(memoryview(data), "mp4")
    assert (film.columns, film.rows, film.frames, film.rate) == (64, 48, 25, 25)
    assert film.transfer_syntax_uid == f"1.2.840.10008.1.2.4.{syntax}"
    made = pydicom.dcmread(BytesIO(video(memoryview(data), "mp4", MAKING)))
    from pydicom.encaps import generate_fragments

    fragments = list(generate_fragments(made.PixelData))
    assert b"".join(fragments[1:]).startswith(data)
    assert (made.NumberOfFrames, float(made.FrameTime)) == (25, 40.0)


@pytest.mark.parametrize(
    "data",
    [
        an_mp4(b"mp4v"),
        an_mp4(profile=244),
        an_mp4(level=51),
        an_mp4(b"hvc1", 4, 120),
        an_mp4(handler=b"soun"),
        an_mp4()[:60],
        box(b"ftyp", b"isom", bytes(4)),
        box(b"ftyp", b"isom", bytes(4)) + struct.pack(">I4s", 7, b"moov"),
        b"\0\0\1\xba" + bytes(100),
        b"\0\0\1\xb3" + bytes(6),
    ],
)
def test_a_video_that_dicom_has_no_syntax_for_is_refused(data: bytes) -> None:
    with pytest.raises(NotReadable):
        film_of(memoryview(data), kind_of(memoryview(data)) or "mp4")


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_dicom3tools_finds_no_error_in_a_video(tmp_path: Path) -> None:
    assert errors_of(video(memoryview(an_mp4()), "mp4", MAKING), tmp_path) == []
