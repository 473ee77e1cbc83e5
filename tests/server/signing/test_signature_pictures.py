"""Signature pictures from outside: what is kept of them, and what hostile ones get."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from server.signing.pictures import KEPT_HEIGHT, KEPT_WIDTH, BadPicture, prepared
from shared.contract.signing import MAX_PICTURE_BYTES


def a_signature(
    size: tuple[int, int] = (900, 500),
    *,
    paper: tuple[int, ...] = (246, 243, 236),
    ink: tuple[int, ...] = (20, 30, 90),
    width: int = 7,
) -> Image.Image:
    picture = Image.new("RGBA" if len(paper) == 4 else "RGB", size, paper)
    pen = ImageDraw.Draw(picture)
    points = [(300 + 6 * step, 250 + int(70 * np.sin(step / 4))) for step in range(60)]
    pen.line(points, fill=ink, width=width, joint="curve")
    return picture


def as_file(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_paper_becomes_transparent_and_the_picture_is_cropped_to_the_strokes(kind: str) -> None:
    found = prepared(as_file(a_signature(), kind))
    kept = np.asarray(Image.open(BytesIO(found.png)))
    assert (found.width, found.height) == kept.shape[1::-1]
    assert 330 < found.width < 400 and 130 < found.height < 180
    assert kept[0, :, 3].max() < 40, "the margin is paper"
    strokes = kept[kept[..., 3] > 200]
    assert len(strokes) > 500
    assert abs(int(strokes[:, 2].mean()) - 90) < 25, "the ink keeps its colour"


def test_a_drawn_signature_keeps_its_own_transparency() -> None:
    found = prepared(as_file(a_signature(paper=(0, 0, 0, 0), ink=(0, 0, 0, 255))))
    kept = np.asarray(Image.open(BytesIO(found.png)))
    assert set(np.unique(kept[..., 3])) >= {0, 255}


def test_uneven_light_of_a_photograph_leaves_no_grey_paper() -> None:
    picture = np.asarray(a_signature(paper=(235, 235, 235)), dtype=np.float32)
    shade = np.linspace(1.0, 0.9, picture.shape[1])[None, :, None]
    found = prepared(as_file(Image.fromarray((picture * shade).astype(np.uint8)), "JPEG", quality=80))
    kept = np.asarray(Image.open(BytesIO(found.png)))
    assert found.width < 420
    assert np.count_nonzero(kept[..., 3] > 30) < 0.3 * kept[..., 3].size


def test_a_large_scan_is_made_smaller_and_turned_upright() -> None:
    big = a_signature().resize((4500, 2500))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    found = prepared(as_file(big, "JPEG", exif=exif, quality=70))
    assert found.height <= KEPT_HEIGHT and found.width <= KEPT_WIDTH
    assert found.height > found.width, "the turned signature stands upright"
    assert b"Exif" not in found.png


def _png_that_says(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _animated() -> bytes:
    out = BytesIO()
    frames = [a_signature((200, 100)), a_signature((200, 100), ink=(255, 0, 0))]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


HOSTILE = {
    "nothing": b"",
    "text": b"hello, this is no picture at all",
    "gif": b"GIF89a" + bytes(200),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "bomb": _png_that_says(30_000, 30_000, zlib.compress(bytes(30_001 * 100))),
    "long strip": _png_that_says(7000, 10, zlib.compress(bytes(70_010))),
    "zero": _png_that_says(0, 0),
    "cut off": as_file(a_signature())[:400],
    "damaged": as_file(a_signature())[:200] + bytes(300),
    "too large": b"\x89PNG\r\n\x1a\n" + bytes(MAX_PICTURE_BYTES),
    "animated": _animated(),
    "blank paper": as_file(Image.new("RGB", (600, 300), (250, 250, 250))),
    "all black": as_file(Image.new("RGB", (600, 300), (0, 0, 0))),
    "one dot": as_file(Image.new("RGBA", (600, 300), (0, 0, 0, 0))),
    "photograph": as_file(Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 400, 3), dtype=np.uint8))),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_what_is_no_signature_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(BadPicture) as caught:
        prepared(HOSTILE[name])
    assert str(caught.value).endswith("。")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_damaged_files_never_raise_anything_else(seed: int, count: int) -> None:
    chance = np.random.default_rng(seed)
    good = as_file(a_signature((200, 120)), "PNG" if seed % 2 else "JPEG")
    data = bytearray(good)
    for place in chance.integers(0, len(data), count):
        data[place] = chance.integers(0, 256)
    try:
        found = prepared(bytes(data))
    except BadPicture:
        return
    assert found.width <= KEPT_WIDTH and found.height <= KEPT_HEIGHT
