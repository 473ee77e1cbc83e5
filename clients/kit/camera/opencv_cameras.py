"""Cameras by OpenCV: Media Foundation or DirectShow on Windows, Video4Linux on Linux; names come from the system."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from clients.kit.camera.port import CameraDevice, CameraTrouble, FrameSource, Picture

_MOST_DEVICES = 8
_SIZES = ((3840, 2160), (2592, 1944), (1920, 1080))
"""Asked for in this order: a sheet of A4 needs 1900 pixels on its long side to be read; a camera gives what it can."""
_LOST_AFTER = 15
"""Reads in a row that may fail before the camera counts as lost."""


class OpenCvCameras:
    """The cameras of this computer; implements clients.kit.camera.port.Cameras."""

    def devices(self) -> tuple[CameraDevice, ...]:
        if sys.platform == "win32":
            return _windows_devices()
        return _linux_devices(Path("/sys/class/video4linux"))

    def open(self, key: str) -> FrameSource:
        if not (key.isascii() and key.isdigit() and len(key) <= 3):
            raise CameraTrouble("没有这个摄像头，请重新选择。")
        # Without this, Media Foundation takes up to a minute to open some cameras.
        os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
        import cv2

        backends = (cv2.CAP_MSMF, cv2.CAP_DSHOW) if sys.platform == "win32" else (cv2.CAP_V4L2,)
        for backend in backends:
            capture = cv2.VideoCapture(int(key), backend)
            if capture.isOpened():
                return OpenCvSource(capture)
            capture.release()
        raise CameraTrouble("摄像头打不开，可能正被其他程序使用；请关闭后重试。")


class OpenCvSource:
    """An open capture: a camera, or a video file in tests."""

    def __init__(self, capture: Any) -> None:
        import cv2

        self._capture = capture
        self._failed = 0
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        for width, height in _SIZES:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
            if capture.get(cv2.CAP_PROP_FRAME_WIDTH) >= width:
                break
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def read(self) -> Picture:
        while True:
            good, frame = self._capture.read()
            if good and frame is not None:
                self._failed = 0
                return frame  # type: ignore[no-any-return]
            self._failed += 1
            if self._failed >= _LOST_AFTER:
                raise CameraTrouble("摄像头已断开，请检查连接线。")

    def close(self) -> None:
        self._capture.release()


def _linux_devices(folder: Path) -> tuple[CameraDevice, ...]:
    """Read the names that the kernel gives; a camera's second node carries only metadata and is left out."""
    found: list[CameraDevice] = []
    for node in sorted(folder.glob("video*"), key=lambda path: path.name) if folder.is_dir() else ():
        number = node.name.removeprefix("video")
        try:
            is_picture = (node / "index").read_text(encoding="ascii").strip() == "0"
            name = (node / "name").read_text(encoding="utf-8", errors="replace").strip()[:60]
        except OSError:
            continue
        if number.isdigit() and is_picture:
            found.append(CameraDevice(number, name or node.name))
    return tuple(found[:_MOST_DEVICES])


def _windows_devices() -> tuple[CameraDevice, ...]:
    """Names by QtMultimedia; OpenCV counts in the same order on one back end, which is why the picture is shown."""
    try:
        from PySide6.QtMultimedia import QMediaDevices
    except ImportError:
        return tuple(CameraDevice(str(place), f"Camera {place + 1}") for place in range(2))
    inputs = QMediaDevices.videoInputs()[:_MOST_DEVICES]
    return tuple(CameraDevice(str(place), device.description()) for place, device in enumerate(inputs))
