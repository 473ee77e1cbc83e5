"""Live cameras: newest frame to the screen, every frame to a recording, hints, controls, out and in again."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from clients.kit.camera.hints import HintMaker
from clients.kit.camera.live_grabber import LiveGrabber, fitted
from clients.kit.camera.live_port import ABSENT, BUSY, LOST, CaptureFormat, Control, Frame
from clients.kit.camera.live_view import LiveView
from clients.kit.camera.opencv_live import OpenCvLive, OpenCvLiveCameras
from clients.kit.camera.port import CameraTrouble
from clients.kit.camera.recording import Recording
from clients.kit.camera.virtual_live import VirtualCamera, VirtualLiveCameras
from shared.imaging import motion_avi


def pictures(count: int = 4, width: int = 160, height: int = 90) -> list[Any]:
    return [np.full((height, width, 3), 40 * (number + 1), np.uint8) for number in range(count)]


@pytest.fixture
def camera() -> VirtualCamera:
    return VirtualCamera("Virtual", pictures(), rate=200)


@pytest.fixture
def grabber(camera: VirtualCamera, qtbot: QtBot) -> Iterator[LiveGrabber]:
    made = LiveGrabber(VirtualLiveCameras(camera))
    yield made
    made.stop()


def test_frames_are_fitted_and_stamped(grabber: LiveGrabber, qtbot: QtBot) -> None:
    grabber.set_target(80, 80)
    before = time.monotonic()
    with qtbot.waitSignal(grabber.arrived, timeout=30_000):
        grabber.start("virtual-0")
    shown = grabber.take()
    assert shown is not None and before <= shown.frame.taken_at <= time.monotonic()
    assert (shown.image.width(), shown.image.height()) == (80, 45)
    assert shown.frame.picture.shape == (90, 160, 3)
    level = int(shown.frame.picture[0, 0, 0])
    assert shown.image.pixelColor(5, 5).getRgb()[:3] == (level, level, level)


def test_a_camera_pulled_out_is_told_and_comes_back(
    grabber: LiveGrabber, camera: VirtualCamera, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clients.kit.camera.live_grabber._RETRY_S", 0.01)
    with qtbot.waitSignal(grabber.arrived, timeout=30_000):
        grabber.start("")
    with qtbot.waitSignal(grabber.lost, timeout=30_000) as told:
        camera.plugged = False
    assert told.args == [LOST]
    with qtbot.waitSignal(grabber.lost, timeout=30_000) as told:
        pass
    assert told.args == [ABSENT]
    with qtbot.waitSignal(grabber.opened, timeout=30_000):
        camera.plugged = True
    assert camera.opened == 2


def test_a_busy_camera_says_so(grabber: LiveGrabber, camera: VirtualCamera, qtbot: QtBot) -> None:
    camera.busy = True
    with qtbot.waitSignal(grabber.lost, timeout=30_000) as told:
        grabber.start("virtual-0")
    assert told.args == [BUSY]


def test_controls_are_set_in_the_cameras_thread(grabber: LiveGrabber, qtbot: QtBot) -> None:
    with qtbot.waitSignal(grabber.opened, timeout=30_000) as told:
        grabber.start("virtual-0", CaptureFormat(80, 45, 200, "YUY2"))
    chosen, controls = told.args
    assert chosen.width == 80 and {one.control for one in controls} >= {Control.EXPOSURE, Control.GAIN}
    grabber.order(lambda source: source.set_control(Control.BRIGHTNESS, 90))
    qtbot.waitUntil(lambda: (shown := grabber.take()) is not None and shown.frame.picture.min() >= 130, timeout=30_000)


def test_a_view_paints_freezes_and_measures_its_latency(grabber: LiveGrabber, qtbot: QtBot) -> None:
    view = LiveView(grabber)
    qtbot.addWidget(view)
    view.resize(320, 240)
    view.show()
    grabber.start("virtual-0")
    qtbot.waitUntil(lambda: len(view.latencies) > 5, timeout=30_000)
    assert max(view.latencies) < 5
    view.freeze(True)
    frame = view.frame
    qtbot.wait(60)
    assert view.frame is frame and view.is_frozen
    view.freeze(False)
    qtbot.waitUntil(lambda: view.frame is not frame, timeout=30_000)


def test_a_recording_lasts_as_long_as_what_was_recorded() -> None:
    pieces: list[bytes] = []
    recording = Recording(25.0, pieces.append, lambda error: pytest.fail(str(error)))
    moments = [0.0, 0.04, 0.08, 0.30, 0.305, 0.36]  # a gap of five frames, one frame too early
    for number, moment in enumerate(moments):
        recording.add(Frame(pictures(1)[0], number + 1, 100.0 + moment))
    recording.stop()
    found = motion_avi.look(io.BytesIO(b"".join(pieces)))
    assert len(found.places) == recording.written == 10 and found.rate == 25.0
    assert recording.dropped == 0


def test_a_recording_that_cannot_be_written_tells_and_goes_on_taking() -> None:
    told: list[Exception] = []

    def full(_piece: bytes) -> None:
        raise OSError("disk full")

    recording = Recording(2.0, full, told.append)
    for number in range(40):
        recording.add(Frame(pictures(1)[0], number, number * 0.5))
        time.sleep(0)
    recording.stop()
    assert isinstance(told[0], OSError)


def test_hints_see_blur_darkness_and_glare() -> None:
    chance = np.random.default_rng(3)
    sharp = chance.integers(0, 255, (600, 800, 3), np.uint8)
    maker = HintMaker()
    assert maker.look(sharp).focus == 1.0
    blurred = maker.look(cv2.GaussianBlur(sharp, (0, 0), 3))
    assert blurred.focus < 0.2 and "调焦" in blurred.words
    assert "太暗" in HintMaker().look(np.full((600, 800, 3), 4, np.uint8)).words
    assert "过曝" in HintMaker().look(np.full((600, 800, 3), 255, np.uint8)).words
    assert maker.look(sharp).words == ""


def test_a_video_file_and_folders_are_cameras(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    frames = [bytes(cv2.imencode(".jpg", one)[1]) for one in pictures(5)]
    film.write_bytes(motion_avi.header(160, 90, 10.0) + b"".join(map(motion_avi.chunk, frames)))
    motion_avi.complete(film)
    folder = tmp_path / "stills"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), pictures(1)[0])
    (folder / "b.png").write_bytes(b"damaged")
    cameras = VirtualLiveCameras.of_path(tmp_path)
    assert [one.name for one in cameras.devices()] == ["film", "stills"]
    source = cameras.open_live("virtual-0", None)
    assert (source.format.width, source.format.rate) == (160, 10.0)
    assert source.read().picture.shape == (90, 160, 3)
    with pytest.raises(CameraTrouble):
        VirtualLiveCameras.of_path(tmp_path / "nothing")


def test_opencv_reads_with_the_time_of_each_frame(tmp_path: Path) -> None:
    film = tmp_path / "film.avi"
    frames = [bytes(cv2.imencode(".jpg", one)[1]) for one in pictures(3)]
    film.write_bytes(motion_avi.header(160, 90, 10.0) + b"".join(map(motion_avi.chunk, frames)))
    motion_avi.complete(film)
    source = OpenCvLive(cv2.VideoCapture(str(film), cv2.CAP_FFMPEG), CaptureFormat(160, 90, 10.0))
    numbers = [source.read().number for _ in range(3)]
    assert numbers == [1, 2, 3] and (source.format.width, source.format.height) == (160, 90)
    with pytest.raises(CameraTrouble, match="断开"):
        source.read()
    source.close()
    with pytest.raises(CameraTrouble):
        OpenCvLiveCameras().open_live("../etc", None)


def test_a_fitted_picture_is_never_enlarged() -> None:
    image = fitted(Frame(pictures(1)[0], 1, 0.0), (1000, 1000))
    assert (image.width(), image.height()) == (160, 90)
