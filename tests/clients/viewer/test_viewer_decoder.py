"""Decoding in child processes: the same pixels, and nothing a codec does ends the viewer."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from clients.viewer import sentences
from clients.viewer.loading_decoder import ChildDecoder, DecoderDied, DecoderTooSlow, FrameTooLarge
from shared.imaging.codecs import (
    EXPLICIT_LE,
    DamagedFrame,
    Palette,
    PixelFormat,
    UndecodableFrame,
    UnsupportedSyntax,
    decode_frame,
)

HTJ2K, JPEG_LS, JPEG = (f"1.2.840.10008.1.2.4.{n}" for n in (201, 80, 50))

HOSTILE_CHILD = """
import os, signal, sys, time
from clients.viewer import loading_child
real = loading_child.decode_frame

def decode(data, fmt, syntax):
    word = bytes(data[:8])
    if word == b"segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == b"for ever":
        time.sleep(600)
    if word == b"babbling":
        os.write(1, b"what a codec prints" * 1000)
        data = data[8:]
    if word == b"enormous":
        raise MemoryError
    return real(data, fmt, syntax)

loading_child.decode_frame = decode
loading_child.main()
"""

FORMAT = PixelFormat(48, 64, 16, 12)
IMAGE = (np.arange(48 * 64, dtype=np.uint16) % 4096).reshape(48, 64)
GOOD = imagecodecs.htj2k_encode(IMAGE, reversible=True)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChildDecoder]:
    """A decoder whose codecs crash, hang and print on demand."""
    program = tmp_path_factory.mktemp("decoder") / "child.py"
    program.write_text(HOSTILE_CHILD)
    decoder = ChildDecoder(children=1, program=(sys.executable, str(program)), least_s=1.0)
    yield decoder
    decoder.close()


@pytest.fixture(scope="module")
def decoder() -> Iterator[ChildDecoder]:
    decoder = ChildDecoder()
    decoder.warm_up()
    yield decoder
    decoder.close()
    assert decoder.process_ids == ()


def test_pixels_of_a_child_are_those_of_the_codec(decoder: ChildDecoder) -> None:
    grey8, colour = IMAGE.astype(np.uint8), np.dstack([IMAGE.astype(np.uint8)] * 3)
    cases = [
        (GOOD, FORMAT, HTJ2K),
        (imagecodecs.jpegls_encode(IMAGE), FORMAT, JPEG_LS),
        (imagecodecs.jpeg8_encode(grey8), PixelFormat(48, 64, 8, 8), JPEG),
        (imagecodecs.jpeg8_encode(colour), PixelFormat(48, 64, 8, 8, samples=3, photometric="YBR_FULL_422"), JPEG),
    ]
    for data, fmt, syntax in cases:
        pixels = decoder.decode(data, fmt, syntax)

        np.testing.assert_array_equal(pixels, decode_frame(data, fmt, syntax))
        assert pixels.dtype == decode_frame(data, fmt, syntax).dtype and pixels.flags.writeable


def test_a_palette_goes_with_its_frame(decoder: ChildDecoder) -> None:
    table = np.arange(256 * 3, dtype=np.uint8).reshape(256, 3)
    fmt = PixelFormat(48, 64, 8, 8, photometric="PALETTE COLOR", palette=Palette(0, table))
    data = imagecodecs.jpegls_encode(IMAGE.astype(np.uint8))

    np.testing.assert_array_equal(decoder.decode(data, fmt, JPEG_LS), table[IMAGE.astype(np.uint8)])


def test_plain_pixels_need_no_child() -> None:
    decoder = ChildDecoder(program=("no-such-program",))

    pixels = decoder.decode(IMAGE.tobytes(), FORMAT, EXPLICIT_LE)

    np.testing.assert_array_equal(pixels, IMAGE)
    assert decoder.process_ids == ()


def test_without_a_child_the_image_is_still_shown() -> None:
    decoder = ChildDecoder(program=("no-such-program",))

    np.testing.assert_array_equal(decoder.decode(GOOD, FORMAT, HTJ2K), IMAGE)


@pytest.mark.parametrize(
    ("data", "syntax", "error"),
    [(GOOD[:50], HTJ2K, DamagedFrame), (GOOD, "1.2.3", UnsupportedSyntax)],
    ids=["damaged", "unknown"],
)
def test_errors_keep_their_kind_and_the_child_lives(
    decoder: ChildDecoder, data: bytes, syntax: str, error: type[UndecodableFrame]
) -> None:
    decoder.decode(GOOD, FORMAT, HTJ2K)
    before = decoder.process_ids
    with pytest.raises(error):
        decoder.decode(data, FORMAT, syntax)

    assert decoder.process_ids == before


def test_a_crash_of_a_codec_costs_one_image(hostile: ChildDecoder) -> None:
    hostile.decode(GOOD, FORMAT, HTJ2K)
    before = hostile.process_ids
    with pytest.raises(DecoderDied) as died:
        hostile.decode(b"segfault" + GOOD, FORMAT, HTJ2K)

    assert "崩溃" in sentences.sentence_of(died.value)
    np.testing.assert_array_equal(hostile.decode(GOOD, FORMAT, HTJ2K), IMAGE)
    assert hostile.process_ids != before and len(hostile.process_ids) == 1


def test_a_child_that_was_killed_between_two_images_costs_none(hostile: ChildDecoder) -> None:
    hostile.decode(GOOD, FORMAT, HTJ2K)
    (pid,) = hostile.process_ids
    os.kill(pid, 9)

    np.testing.assert_array_equal(hostile.decode(GOOD, FORMAT, HTJ2K), IMAGE)


def test_a_codec_that_never_ends_is_ended(hostile: ChildDecoder) -> None:
    with pytest.raises(DecoderTooSlow):
        hostile.decode(b"for ever" + GOOD, FORMAT, HTJ2K)

    np.testing.assert_array_equal(hostile.decode(GOOD, FORMAT, HTJ2K), IMAGE)


def test_a_frame_that_needs_too_much_memory_is_a_sentence(hostile: ChildDecoder) -> None:
    with pytest.raises(FrameTooLarge) as large:
        hostile.decode(b"enormous" + GOOD, FORMAT, HTJ2K)

    assert "内存不足" in sentences.sentence_of(large.value)


def test_what_a_codec_prints_does_not_reach_the_pixels(
    hostile: ChildDecoder, capfd: pytest.CaptureFixture[str]
) -> None:
    np.testing.assert_array_equal(hostile.decode(b"babbling" + GOOD, FORMAT, HTJ2K), IMAGE)


def test_many_threads_share_few_children(decoder: ChildDecoder) -> None:
    images = [np.roll(IMAGE, n, 0) for n in range(24)]
    frames = [imagecodecs.htj2k_encode(image, reversible=True) for image in images]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda data: decoder.decode(data, FORMAT, HTJ2K), frames))

    assert all(np.array_equal(a, b) for a, b in zip(found, images, strict=True))
    assert len(decoder.process_ids) <= 2


def test_children_end_with_their_decoder_even_in_the_middle(hostile: ChildDecoder, tmp_path: Path) -> None:
    program = tmp_path / "child.py"
    program.write_text(HOSTILE_CHILD)
    decoder = ChildDecoder(children=1, program=(sys.executable, str(program)))
    failures: list[Exception] = []

    def work() -> None:
        try:
            decoder.decode(b"for ever" + GOOD, FORMAT, HTJ2K)
        except UndecodableFrame as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 20
    while not decoder.process_ids:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    decoder.close()
    thread.join(20)

    assert failures and decoder.process_ids == ()
