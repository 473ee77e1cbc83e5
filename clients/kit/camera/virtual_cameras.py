"""A camera that shows pictures in turn, by the same port: for tests, demonstrations and computers without a camera."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from clients.kit.camera.importing import read_picture
from clients.kit.camera.port import CameraDevice, CameraTrouble, FrameSource, Picture

KEY = "virtual"
_PICTURES = (".jpg", ".jpeg", ".png", ".bmp")


class VirtualCameras:
    """One device that repeats `pictures`, `per_second` of them; `break_after` reads it is lost."""

    def __init__(
        self,
        pictures: Sequence[Picture],
        *,
        name: str = "Virtual camera",
        per_second: float = 20.0,
        break_after: int | None = None,
    ) -> None:
        self._pictures = tuple(pictures)
        self._name = name
        self._pause = 1.0 / per_second
        self.break_after = break_after
        self.opened = 0

    @classmethod
    def of_folder(cls, folder: Path) -> VirtualCameras:
        """Show the pictures of a folder, at most 20. Raises CameraTrouble when there is none."""
        found = sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES)[:20]
        if not found:
            raise CameraTrouble("虚拟摄像头的文件夹中没有图片。")
        return cls([read_picture(path) for path in found], name=folder.name, per_second=8.0)

    def devices(self) -> tuple[CameraDevice, ...]:
        return (CameraDevice(KEY, self._name),) if self._pictures else ()

    def open(self, key: str) -> FrameSource:
        if key != KEY or not self._pictures:
            raise CameraTrouble("没有这个摄像头，请重新选择。")
        self.opened += 1
        return _Turning(self._pictures, self._pause, self.break_after)


class _Turning:
    def __init__(self, pictures: Sequence[Picture], pause: float, break_after: int | None) -> None:
        self._pictures = pictures
        self._pause = pause
        self._left = break_after
        self._next = 0
        self._closed = threading.Event()

    def read(self) -> Picture:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise CameraTrouble("摄像头已断开，请检查连接线。")
        self._closed.wait(self._pause)
        picture = self._pictures[self._next % len(self._pictures)]
        self._next += 1
        return picture

    def close(self) -> None:
        self._closed.set()
