"""What a capture bench needs of a camera: formats, controls, frames with the time they were taken; no device, no Qt.

A source is opened, read, set and closed in one thread, which is the live grabber's. Pictures are arrays of uint8 with
shape (height, width, 3) in the order blue, green, red.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from clients.kit.camera.port import CameraDevice, Picture

LOST = "摄像头已断开，请检查连接线；接好后画面自动恢复。"
ABSENT = "没有找到摄像头，请检查连接线；文字工作不受影响。"
BUSY = "摄像头打不开，可能正被其他程序使用；请关闭后重试。"


class Control(StrEnum):
    """What can be set at a camera (图像采集参数)."""

    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    SATURATION = "saturation"
    HUE = "hue"
    GAMMA = "gamma"
    SHARPNESS = "sharpness"
    EXPOSURE = "exposure"
    WHITE_BALANCE = "white_balance"
    GAIN = "gain"
    FOCUS = "focus"


CONTROL_LABELS = {
    Control.BRIGHTNESS: "亮度",
    Control.CONTRAST: "对比度",
    Control.SATURATION: "饱和度",
    Control.HUE: "色调",
    Control.GAMMA: "伽马",
    Control.SHARPNESS: "锐度",
    Control.EXPOSURE: "曝光",
    Control.WHITE_BALANCE: "白平衡",
    Control.GAIN: "增益",
    Control.FOCUS: "对焦",
}


@dataclass(frozen=True)
class CaptureFormat:
    """Picture size in pixels, pictures a second, and how they travel (a FOURCC: MJPG, YUY2, NV12 …)."""

    width: int
    height: int
    rate: float
    pixels: str = "MJPG"

    @property
    def words(self) -> str:
        """As the user sees it."""
        return f"{self.width}×{self.height}  {self.rate:g} fps  {self.pixels}"


@dataclass(frozen=True)
class ControlState:
    """A control as it stands: its range, value, and whether the camera sets it by itself (None: it cannot)."""

    control: Control
    low: float
    high: float
    value: float
    automatic: bool | None = None


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture, counted from 1, and when it was taken (`time.monotonic`, seconds)."""

    picture: Picture
    number: int
    taken_at: float


class LiveSource(Protocol):
    """An open camera."""

    @property
    def format(self) -> CaptureFormat:
        """What it gives now, which need not be what was asked for."""
        ...

    def read(self) -> Frame:
        """Wait for the next picture (below a second). Raises CameraTrouble when the camera is lost."""
        ...

    def controls(self) -> tuple[ControlState, ...]:
        """What can be set."""
        ...

    def set_control(self, control: Control, value: float) -> None:
        """Set by hand; a control the camera does not have is ignored."""
        ...

    def set_automatic(self, control: Control, on: bool) -> None:
        """Let the camera set it by itself, or not."""
        ...

    def close(self) -> None:
        """Give the camera back; harmless when already closed."""
        ...


class LiveCameras(Protocol):
    """The cameras of this computer, for live work."""

    def devices(self) -> tuple[CameraDevice, ...]:
        """Those there are now (blocking; may take a second)."""
        ...

    def formats(self, key: str) -> tuple[CaptureFormat, ...]:
        """What a camera can give, best first; empty when it does not tell."""
        ...

    def open_live(self, key: str, wanted: CaptureFormat | None) -> LiveSource:
        """Open one (blocking; may take seconds). Raises CameraTrouble."""
        ...
