"""Virtual live cameras: pictures or a video file at a true pace, with controls and a plug that can be pulled."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from clients.kit.camera.importing import NotAPicture, read_picture
from clients.kit.camera.live_port import ABSENT, BUSY, LOST, CaptureFormat, Control, ControlState, Frame
from clients.kit.camera.port import CameraDevice, CameraTrouble, Picture

_PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")
_VIDEOS = (".avi", ".mp4", ".mov", ".mkv", ".mpg", ".wmv")
_MOST_PICTURES = 200
_MOST_BYTES = 1 << 30


class VirtualCamera:
    """One device: `pictures` in turn, `rate` of them a second. `plugged` and `busy` are set by whoever tests."""

    def __init__(self, name: str, pictures: Sequence[Picture], rate: float = 30.0) -> None:
        if not pictures:
            raise CameraTrouble("虚拟摄像头的文件夹中没有图片。")
        self.name = name
        self.pictures = tuple(pictures)
        self.rate = rate
        self.plugged = True
        self.busy = False
        self.opened = 0


class VirtualLiveCameras:
    """Virtual devices by the port of live cameras."""

    def __init__(self, *cameras: VirtualCamera) -> None:
        self.cameras = {f"virtual-{place}": camera for place, camera in enumerate(cameras)}

    @classmethod
    def of_path(cls, path: Path, rate: float = 30.0) -> VirtualLiveCameras:
        """A video file, a folder of pictures, or a folder of such folders and videos, each a camera of its own.

        Raises CameraTrouble with a sentence when there is nothing to show.
        """
        if path.is_file():
            return cls(_of_video(path))
        inside = sorted(path.iterdir()) if path.is_dir() else []
        several = [one for one in inside if one.is_dir() or one.suffix.lower() in _VIDEOS]
        if several:
            return cls(*(_of_video(one) if one.is_file() else _of_folder(one, rate) for one in several[:8]))
        return cls(_of_folder(path, rate))

    def devices(self) -> tuple[CameraDevice, ...]:
        return tuple(CameraDevice(key, one.name) for key, one in self.cameras.items() if one.plugged)

    def formats(self, key: str) -> tuple[CaptureFormat, ...]:
        camera = self.cameras.get(key)
        if camera is None or not camera.plugged:
            return ()
        height, width = camera.pictures[0].shape[:2]
        return (CaptureFormat(width, height, camera.rate), CaptureFormat(width // 2, height // 2, camera.rate, "YUY2"))

    def open_live(self, key: str, wanted: CaptureFormat | None) -> VirtualLive:
        camera = self.cameras.get(key)
        if camera is None or not camera.plugged:
            raise CameraTrouble(ABSENT)
        if camera.busy:
            raise CameraTrouble(BUSY)
        camera.opened += 1
        offered = self.formats(key)
        return VirtualLive(camera, wanted if wanted in offered and wanted is not None else offered[0])


class VirtualLive:
    """An open virtual camera. Frames come at their time whether read or not, as those of a real one do."""

    def __init__(self, camera: VirtualCamera, chosen: CaptureFormat) -> None:
        self._camera = camera
        self._format = chosen
        self._closed = threading.Event()
        self._started = time.monotonic()
        self._last = 0
        self._values = {Control.BRIGHTNESS: 0.0, Control.EXPOSURE: 100.0, Control.GAIN: 0.0}
        self._automatic = {Control.EXPOSURE: True}

    @property
    def format(self) -> CaptureFormat:
        return self._format

    def read(self) -> Frame:
        due = max(self._last + 1, int((time.monotonic() - self._started) * self._camera.rate))
        wait = self._started + due / self._camera.rate - time.monotonic()
        if wait > 0:
            self._closed.wait(wait)
        if not self._camera.plugged:
            raise CameraTrouble(LOST)
        self._last = due
        taken_at = time.monotonic()
        return Frame(self._seen(self._camera.pictures[due % len(self._camera.pictures)]), due, taken_at)

    def _seen(self, picture: Picture) -> Picture:
        import cv2

        if (picture.shape[1], picture.shape[0]) != (self._format.width, self._format.height):
            picture = cv2.resize(picture, (self._format.width, self._format.height), interpolation=cv2.INTER_AREA)
        exposure = 100.0 if self._automatic[Control.EXPOSURE] else self._values[Control.EXPOSURE]
        factor = exposure / 100 * (1 + self._values[Control.GAIN] / 100)
        if factor != 1 or self._values[Control.BRIGHTNESS]:
            picture = cv2.convertScaleAbs(picture, alpha=factor, beta=max(0.0, self._values[Control.BRIGHTNESS]))
        return picture

    def controls(self) -> tuple[ControlState, ...]:
        return (
            ControlState(Control.BRIGHTNESS, 0, 100, self._values[Control.BRIGHTNESS]),
            ControlState(Control.EXPOSURE, 10, 400, self._values[Control.EXPOSURE], self._automatic[Control.EXPOSURE]),
            ControlState(Control.GAIN, 0, 100, self._values[Control.GAIN]),
        )

    def set_control(self, control: Control, value: float) -> None:
        if control in self._values:
            self._values[control] = value
            if control in self._automatic:
                self._automatic[control] = False

    def set_automatic(self, control: Control, on: bool) -> None:
        if control in self._automatic:
            self._automatic[control] = on

    def close(self) -> None:
        self._closed.set()


def _of_folder(folder: Path, rate: float) -> VirtualCamera:
    found: list[Picture] = []
    for path in sorted(folder.iterdir())[:_MOST_PICTURES] if folder.is_dir() else ():
        if path.suffix.lower() in _PICTURES:
            try:
                picture = read_picture(path)
            except NotAPicture:
                continue
            if not found or picture.shape == found[0].shape:
                found.append(picture)
    return VirtualCamera(folder.name, found, rate)


def _of_video(path: Path) -> VirtualCamera:
    import cv2

    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    rate = capture.get(cv2.CAP_PROP_FPS) or 30.0
    found: list[Picture] = []
    try:
        while sum(one.nbytes for one in found[:1]) * len(found) < _MOST_BYTES:
            good, picture = capture.read()
            if not good:
                break
            found.append(picture)
    finally:
        capture.release()
    return VirtualCamera(path.stem, found, rate)
