"""Recordings: FFmpeg (in OpenCV) reads them whole, and cut at any byte nothing but the torn picture is lost."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.imaging import motion_avi


def jpegs(count: int) -> list[bytes]:
    made = []
    for number in range(count):
        picture = np.full((48, 64, 3), 30 + 20 * number, np.uint8)
        made.append(cv2.imencode(".jpg", picture)[1].tobytes())
    return made


def growing(count: int) -> bytes:
    return motion_avi.header(64, 48, 12.5) + b"".join(motion_avi.chunk(one) for one in jpegs(count))


def test_a_finished_recording_is_read_by_ffmpeg_picture_by_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    path.write_bytes(growing(6))
    found = motion_avi.complete(path)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 6
    assert capture.get(cv2.CAP_PROP_FPS) == 12.5
    greys = []
    while (read := capture.read())[0]:
        greys.append(int(read[1].mean().round()))
    capture.release()
    assert greys == pytest.approx([30, 50, 70, 90, 110, 130], abs=2)
    assert (found.width, found.height, found.duration_s) == (64, 48, 6 / 12.5)
    with path.open("rb") as file:
        assert list(motion_avi.pictures(file, motion_avi.look(file))) == jpegs(6)


def test_cut_anywhere_only_the_torn_picture_is_lost(tmp_path: Path) -> None:
    whole = growing(3)
    ends = [place + size for place, size in motion_avi.look(io.BytesIO(whole)).places]
    for cut in range(ends[0] + 1, len(whole), 97):
        path = tmp_path / "cut.avi"
        path.write_bytes(whole[:cut])
        assert len(motion_avi.complete(path).places) == sum(end <= cut for end in ends)
        with path.open("rb") as file:
            assert len(motion_avi.look(file).places) == sum(end <= cut for end in ends)


@pytest.mark.parametrize(
    "data", [b"", b"RIFF" + bytes(400), growing(1)[:230], b"\xff\xd8" * 300, growing(1)[:64] + bytes(400)]
)
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(motion_avi.NotARecording):
        motion_avi.look(io.BytesIO(data))
