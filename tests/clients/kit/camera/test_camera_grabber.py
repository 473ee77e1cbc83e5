"""The camera's thread: newest picture only, trouble as a sentence, given back when nobody looks; one suite per port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.camera import opencv_cameras
from clients.kit.camera.grabber import Grabber
from clients.kit.camera.opencv_cameras import OpenCvCameras, OpenCvSource
from clients.kit.camera.paper import Quad
from clients.kit.camera.picture_view import PictureView
from clients.kit.camera.port import CameraTrouble, FrameSource
from clients.kit.camera.virtual_cameras import KEY, VirtualCameras


def a_picture(shade: int = 90) -> Any:
    picture = np.full((120, 160, 3), shade, np.uint8)
    picture[20:100, 40:120] = 240
    return picture


@pytest.fixture
def grabber(qtbot: QtBot) -> Iterator[Grabber]:
    made = Grabber(VirtualCameras([a_picture()], per_second=200))
    yield made
    made.stop()


def test_pictures_arrive_with_the_sheet_in_them(grabber: Grabber, qtbot: QtBot) -> None:
    with qtbot.waitSignal(grabber.arrived, timeout=30_000):
        grabber.start(KEY)
    taken = grabber.take()
    assert taken is not None
    picture, quad = taken
    assert picture.shape == (120, 160, 3)
    assert quad is not None and abs(quad.top_left[0] - 40) < 4


def test_only_one_picture_waits_while_nobody_takes_it(grabber: Grabber, qtbot: QtBot) -> None:
    told: list[int] = []
    grabber.arrived.connect(lambda: told.append(1))
    grabber.start(KEY)
    qtbot.waitUntil(lambda: bool(told), timeout=30_000)
    source_reads = grabber._cameras.opened  # type: ignore[attr-defined]
    QTest.qWait(60)  # a dozen pictures at 200 a second
    assert (len(told), source_reads) == (1, 1)
    grabber.take()
    qtbot.waitUntil(lambda: len(told) == 2, timeout=30_000)


def test_stopping_gives_the_camera_back_and_starting_again_works(grabber: Grabber, qtbot: QtBot) -> None:
    for _time in range(3):
        with qtbot.waitSignal(grabber.arrived, timeout=30_000):
            grabber.start(KEY)
        grabber.stop()
        assert not grabber.is_running
        assert grabber.take() is None


def test_a_lost_camera_and_a_missing_one_are_said(qtbot: QtBot) -> None:
    lost = Grabber(VirtualCameras([a_picture()], per_second=200, break_after=3))
    with qtbot.waitSignal(lost.failed, timeout=30_000) as said:
        lost.start(KEY)
    assert "断开" in said.args[0]
    with qtbot.waitSignal(lost.failed, timeout=30_000) as missing:
        lost.start("9")
    assert "没有这个摄像头" in missing.args[0]
    lost.stop()


@pytest.fixture(params=["virtual", "video file"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FrameSource]:
    """The two adapters of the port, each with ten pictures."""
    if request.param == "virtual":
        made: FrameSource = VirtualCameras([a_picture()], per_second=500, break_after=10).open(KEY)
    else:
        path = tmp_path / "camera.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (160, 120))
        for _picture in range(10):
            writer.write(a_picture())
        writer.release()
        made = OpenCvSource(cv2.VideoCapture(str(path)))
    yield made
    made.close()


def test_every_source_gives_pictures_until_it_is_lost(source: FrameSource) -> None:
    for _picture in range(10):
        assert source.read().shape == (120, 160, 3)
    with pytest.raises(CameraTrouble, match="断开"):
        source.read()
    source.close()


def test_cameras_of_linux_have_the_names_of_the_kernel(tmp_path: Path) -> None:
    for number, index, name in ((0, "0", "Logitech BRIO"), (1, "1", "Logitech BRIO"), (2, "0", "文件拍摄仪")):
        node = tmp_path / f"video{number}"
        node.mkdir()
        (node / "index").write_text(index, encoding="ascii")
        (node / "name").write_text(f"{name}\n", encoding="utf-8")
    found = opencv_cameras._linux_devices(tmp_path)
    assert [(device.key, device.name) for device in found] == [("0", "Logitech BRIO"), ("2", "文件拍摄仪")]
    assert opencv_cameras._linux_devices(tmp_path / "none") == ()


@pytest.mark.parametrize("key", ["", "abc", "1234", "-1", "rtsp://host/stream"])
def test_a_key_never_becomes_an_address(key: str) -> None:
    with pytest.raises(CameraTrouble):
        OpenCvCameras().open(key)


def test_a_folder_of_pictures_is_a_camera(tmp_path: Path) -> None:
    with pytest.raises(CameraTrouble):
        VirtualCameras.of_folder(tmp_path)
    cv2.imwrite(str(tmp_path / "form.png"), a_picture())
    (device,) = VirtualCameras.of_folder(tmp_path).devices()
    assert device.key == KEY


def test_corners_move_by_mouse_and_keys(qtbot: QtBot) -> None:
    view = PictureView(editable=True)
    qtbot.addWidget(view)
    view.setFixedSize(320, 240)
    view.show()
    view.show_picture(a_picture(), Quad((40, 20), (119, 20), (119, 99), (40, 99)))
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(82, 42))
    QTest.mouseMove(view, QPoint(60, 30))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(60, 30))
    QApplication.processEvents()
    assert view.quad is not None
    assert abs(view.quad.top_left[0] - 29.5) < 1.5 and abs(view.quad.top_left[1] - 14.5) < 1.5
    QTest.keyClick(view, Qt.Key.Key_3)
    for _press in range(40):
        QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.quad.bottom_right == (159.0, 99.0)  # never outside the picture
