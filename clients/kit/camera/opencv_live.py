"""Live cameras by OpenCV: Media Foundation or DirectShow on Windows, Video4Linux on Linux.

OpenCV tells no ranges of controls and no list of formats: ranges are the usual ones of USB video (UVC) cameras, and
formats come from QtMultimedia, which asks the system.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from clients.kit.camera.live_port import ABSENT, BUSY, LOST, CaptureFormat, Control, ControlState, Frame
from clients.kit.camera.opencv_cameras import OpenCvCameras
from clients.kit.camera.port import CameraDevice, CameraTrouble

_USUAL = tuple(
    CaptureFormat(width, height, rate, "MJPG")
    for width, height, rate in ((1920, 1080, 30), (3840, 2160, 30), (2592, 1944, 15), (1280, 720, 30), (640, 480, 30))
)
_LOST_AFTER = 15
_PROPERTIES = {
    Control.BRIGHTNESS: ("CAP_PROP_BRIGHTNESS", 0, 255),
    Control.CONTRAST: ("CAP_PROP_CONTRAST", 0, 255),
    Control.SATURATION: ("CAP_PROP_SATURATION", 0, 255),
    Control.HUE: ("CAP_PROP_HUE", -180, 180),
    Control.GAMMA: ("CAP_PROP_GAMMA", 1, 500),
    Control.SHARPNESS: ("CAP_PROP_SHARPNESS", 0, 255),
    Control.EXPOSURE: ("CAP_PROP_EXPOSURE", 1, 5000),
    Control.WHITE_BALANCE: ("CAP_PROP_WB_TEMPERATURE", 2500, 8000),
    Control.GAIN: ("CAP_PROP_GAIN", 0, 255),
    Control.FOCUS: ("CAP_PROP_FOCUS", 0, 255),
}
_WINDOWS_EXPOSURE = (-13, 0)  # DirectShow and Media Foundation count in powers of two seconds
_AUTOMATIC = {
    Control.EXPOSURE: "CAP_PROP_AUTO_EXPOSURE",
    Control.WHITE_BALANCE: "CAP_PROP_AUTO_WB",
    Control.FOCUS: "CAP_PROP_AUTOFOCUS",
}


class OpenCvLiveCameras:
    """The cameras of this computer; implements clients.kit.camera.live_port.LiveCameras."""

    def __init__(self) -> None:
        self._cameras = OpenCvCameras()

    def devices(self) -> tuple[CameraDevice, ...]:
        return self._cameras.devices()

    def formats(self, key: str) -> tuple[CaptureFormat, ...]:
        name = next((device.name for device in self.devices() if device.key == key), "")
        return _told_by_system(name) or _USUAL

    def open_live(self, key: str, wanted: CaptureFormat | None) -> OpenCvLive:
        if not (key.isascii() and key.isdigit() and len(key) <= 3):
            raise CameraTrouble(ABSENT)
        os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
        import cv2

        # DirectShow first when the format is compressed: Media Foundation ignores a FOURCC of many capture cards.
        backends = (cv2.CAP_DSHOW, cv2.CAP_MSMF) if sys.platform == "win32" else (cv2.CAP_V4L2,)
        for backend in backends:
            capture = cv2.VideoCapture(int(key), backend)
            if capture.isOpened():
                return OpenCvLive(capture, wanted or _USUAL[0])
            capture.release()
        raise CameraTrouble(BUSY if any(device.key == key for device in self.devices()) else ABSENT)


class OpenCvLive:
    """An open capture."""

    def __init__(self, capture: Any, wanted: CaptureFormat) -> None:
        import cv2

        self._capture = capture
        self._count = 0
        # The order matters: pixel format, then size, then rate, all before the first picture.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*wanted.pixels[:4].ljust(4)))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, wanted.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wanted.height)
        capture.set(cv2.CAP_PROP_FPS, wanted.rate)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        code = int(capture.get(cv2.CAP_PROP_FOURCC))
        pixels = "".join(chr(code >> shift & 0xFF) for shift in (0, 8, 16, 24)) if code > 0 else wanted.pixels
        self._format = CaptureFormat(
            int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)) or wanted.width,
            int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)) or wanted.height,
            capture.get(cv2.CAP_PROP_FPS) or wanted.rate,
            pixels if pixels.isprintable() else wanted.pixels,
        )

    @property
    def format(self) -> CaptureFormat:
        return self._format

    def read(self) -> Frame:
        for _ in range(_LOST_AFTER):
            good, picture = self._capture.read()
            if good and picture is not None:
                self._count += 1
                return Frame(picture, self._count, time.monotonic())
        raise CameraTrouble(LOST)

    def controls(self) -> tuple[ControlState, ...]:
        import cv2

        found: list[ControlState] = []
        for control, (name, *span) in _PROPERTIES.items():
            value = self._capture.get(getattr(cv2, name))
            if value in (-1, 0) and not self._capture.set(getattr(cv2, name), value):
                continue
            if control is Control.EXPOSURE and sys.platform == "win32":
                span[:] = _WINDOWS_EXPOSURE
            low, high = span
            automatic = None
            if control in _AUTOMATIC:
                automatic = self._capture.get(getattr(cv2, _AUTOMATIC[control])) not in (0, 0.25, 1)
            found.append(ControlState(control, low, high, max(low, min(high, value)), automatic))
        return tuple(found)

    def set_control(self, control: Control, value: float) -> None:
        import cv2

        self.set_automatic(control, False)
        self._capture.set(getattr(cv2, _PROPERTIES[control][0]), value)

    def set_automatic(self, control: Control, on: bool) -> None:
        import cv2

        name = _AUTOMATIC.get(control)
        if name is None:
            return
        value = float(on)
        if control is Control.EXPOSURE:  # Video4Linux: 1 by hand, 3 by itself; DirectShow: 0.25 and 0.75
            value = (0.75 if on else 0.25) if sys.platform == "win32" else (3 if on else 1)
        self._capture.set(getattr(cv2, name), value)

    def close(self) -> None:
        self._capture.release()


def _told_by_system(name: str) -> tuple[CaptureFormat, ...]:
    try:
        from PySide6.QtMultimedia import QMediaDevices
    except ImportError:
        return ()
    found: set[CaptureFormat] = set()
    for device in QMediaDevices.videoInputs():
        if device.description() != name:
            continue
        for one in device.videoFormats():
            pixels = one.pixelFormat().name.removeprefix("Format_")
            pixels = {"Jpeg": "MJPG", "YUYV": "YUY2"}.get(pixels, pixels[:4].upper())
            size = one.resolution()
            found.add(CaptureFormat(size.width(), size.height(), round(one.maxFrameRate(), 2), pixels))
    return tuple(sorted(found, key=lambda one: (one.width * one.height, one.rate, one.pixels), reverse=True))
