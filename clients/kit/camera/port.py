"""What a workstation needs of a camera: which there are, and the newest picture; knows no device and no Qt.

A source is opened, read and closed in one thread, which is the grabber's. Pictures are arrays of uint8 with shape
(height, width, 3) in the order blue, green, red.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:  # numpy takes longer to import than a workstation to start
    from numpy.typing import NDArray

Picture: TypeAlias = "NDArray[Any]"


@dataclass(frozen=True)
class CameraDevice:
    """A camera that can be chosen: `key` is remembered by the desk, `name` is shown."""

    key: str
    name: str


class CameraTrouble(RuntimeError):
    """A camera cannot be opened or was lost; the argument is a Chinese source sentence."""


class FrameSource(Protocol):
    """An open camera."""

    def read(self) -> Picture:
        """Wait for the next picture (blocking, below a second). Raises CameraTrouble when the camera is lost."""
        ...

    def close(self) -> None:
        """Give the camera back; harmless when already closed."""
        ...


class Cameras(Protocol):
    """The cameras of this computer."""

    def devices(self) -> tuple[CameraDevice, ...]:
        """Those there are now (blocking; may take a second)."""
        ...

    def open(self, key: str) -> FrameSource:
        """Open one (blocking; may take seconds). Raises CameraTrouble."""
        ...
