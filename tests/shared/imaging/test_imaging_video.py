"""Videos come back frame by frame, and damaged ones with a sentence."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom.encaps import encapsulate

from clients.viewer.local_files import LocalFiles
from clients.viewer.study import stacks_of
from shared.imaging.codecs import EXPLICIT_LE, DamagedFrame, PixelFormat, decode_frame
from shared.imaging.video import UnpackedVideo, is_video
from tests.clients.viewer.objects.object_builders import saved

H264 = "1.2.840.10008.1.2.4.102"


def a_stream(tmp_path: Path, count: int = 8) -> bytes:
    """Grey frames, each lighter than the one before; the container is of no matter to FFmpeg."""
    path = tmp_path / "video.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48))
    for n in range(count):
        writer.write(np.full((48, 64, 3), 30 * n, np.uint8))
    writer.release()
    return path.read_bytes()


def test_each_frame_of_a_video_file_is_shown(tmp_path: Path) -> None:
    import pydicom

    stream = a_stream(tmp_path)
    path = saved(
        tmp_path / "v.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.1.1", SOPInstanceUID="1.2.3", Modality="ES",
        SeriesInstanceUID="1.2.4", Rows=48, Columns=64, BitsAllocated=8, BitsStored=8, HighBit=7, SamplesPerPixel=3,
        PixelRepresentation=0, PhotometricInterpretation="YBR_PARTIAL_420", PlanarConfiguration=0, NumberOfFrames=8,
        CineRate=25, PixelData=b"\0\0",
    )  # fmt: skip
    ds = pydicom.dcmread(path)
    ds.PixelData = encapsulate([stream])
    ds["PixelData"].is_undefined_length = True
    ds.file_meta.TransferSyntaxUID = H264
    ds.save_as(path)
    source = LocalFiles([path])

    (stack,) = stacks_of(source.studies()[0])
    levels = []
    for arrived in source.frames([stack.frames[n] for n in (7, 0, 3)]):
        assert arrived.header is not None and arrived.error == ""
        frame = decode_frame(arrived.data, arrived.header.pixel_format, arrived.header.transfer_syntax)
        levels.append(int(frame.mean()))
    source.close()

    assert is_video(H264) and arrived.header.transfer_syntax == EXPLICIT_LE and arrived.header.lossy
    assert levels == pytest.approx([210, 0, 90], abs=4)


def test_a_video_that_is_none_is_refused(tmp_path: Path) -> None:
    fmt = PixelFormat(48, 64, 8, 8, samples=3, photometric="YBR_PARTIAL_420")

    with pytest.raises(DamagedFrame):
        UnpackedVideo(b"no video at all" * 100, fmt, 8)
    with pytest.raises(DamagedFrame):  # of another size than the header says
        UnpackedVideo(a_stream(tmp_path), PixelFormat(96, 64, 8, 8, samples=3), 8)


def test_a_video_shorter_than_its_header_says_where_it_ends(tmp_path: Path) -> None:
    video = UnpackedVideo(a_stream(tmp_path, 3), PixelFormat(48, 64, 8, 8, samples=3), 8)

    with pytest.raises(DamagedFrame, match="3 frames"):
        video.frame(5)
    video.close()
