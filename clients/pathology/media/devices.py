"""Which cameras and microphones this desk uses, and what it remembers of them; a virtual camera by a setting."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from clients.kit.camera.live_port import CaptureFormat, LiveCameras
from clients.kit.camera.port import CameraTrouble
from clients.kit.sound.port import Microphones
from shared.domain.pathology_media import MediaSubject

log = logging.getLogger(__name__)

VIRTUAL = "pathology/camera/virtual"
"""Setting (or the environment's MINGJING_VIRTUAL_CAMERA): a video or a folder of pictures in place of devices."""
OBJECTIVES = ("1x", "2x", "4x", "10x", "20x", "40x", "60x", "100x")
QUALITIES = (80, 90, 95, 100)


class Settings(Protocol):
    """What a desk remembers."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def set(self, key: str, value: Any) -> None: ...


@dataclass(frozen=True)
class CameraChoice:
    """The camera of a role: the device, its format, and what was set at it by hand."""

    key: str = ""
    name: str = ""
    format: CaptureFormat | None = None
    controls: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class FileChoice:
    """How a still picture is kept (图像采集格式)."""

    media_type: str = "image/jpeg"
    quality: int = 95


def cameras_of(settings: Settings) -> LiveCameras:
    """The cameras of this desk."""
    from clients.kit.camera.opencv_live import OpenCvLiveCameras

    virtual = str(settings.get(VIRTUAL, "") or os.environ.get("MINGJING_VIRTUAL_CAMERA", ""))
    if virtual:
        from clients.kit.camera.virtual_live import VirtualLiveCameras

        try:
            return VirtualLiveCameras.of_path(Path(virtual))
        except (OSError, CameraTrouble) as error:
            log.warning("the virtual camera has no pictures: %s", type(error).__name__)
    return OpenCvLiveCameras()


def microphones_of(settings: Settings) -> Microphones:
    """The microphones of this desk."""
    if settings.get("pathology/microphone/virtual", False):
        from clients.kit.sound.virtual_microphones import VirtualMicrophones

        return VirtualMicrophones()
    from clients.kit.sound.pyaudio_microphones import PyAudioMicrophones

    return PyAudioMicrophones()


def camera_of(settings: Settings, role: MediaSubject) -> CameraChoice:
    """What was chosen for a role; empty when nothing was."""
    kept = settings.get(f"pathology/camera/{role.value}", None)
    if not isinstance(kept, dict):
        return CameraChoice()
    try:
        form = kept.get("format")
        chosen = CaptureFormat(int(form[0]), int(form[1]), float(form[2]), str(form[3])) if form else None
        controls = tuple((str(name), float(value)) for name, value in kept.get("controls", ()))
        return CameraChoice(str(kept.get("key", "")), str(kept.get("name", "")), chosen, controls)
    except (TypeError, ValueError, IndexError):
        return CameraChoice()


def remember_camera(settings: Settings, role: MediaSubject, choice: CameraChoice) -> None:
    """Keep what was chosen for a role."""
    form = choice.format
    settings.set(
        f"pathology/camera/{role.value}",
        {
            "key": choice.key,
            "name": choice.name,
            "format": [form.width, form.height, form.rate, form.pixels] if form else None,
            "controls": [list(one) for one in choice.controls],
        },
    )


def file_of(settings: Settings) -> FileChoice:
    """How stills are kept on this desk."""
    kind = str(settings.get("pathology/capture/type", "image/jpeg"))
    quality = settings.get("pathology/capture/quality", 95)
    return FileChoice(
        kind if kind in ("image/jpeg", "image/png") else "image/jpeg",
        quality if isinstance(quality, int) and 50 <= quality <= 100 else 95,
    )


def remember_file(settings: Settings, choice: FileChoice) -> None:
    """Keep how stills are kept."""
    settings.set("pathology/capture/type", choice.media_type)
    settings.set("pathology/capture/quality", choice.quality)


def encode(picture: Any, choice: FileChoice) -> bytes:
    """A picture as file bytes; JPEG is 4:2:2, which a DICOM object takes as it is (about 15 ms at 1080p)."""
    import cv2

    if choice.media_type == "image/png":
        return bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])
    options = [cv2.IMWRITE_JPEG_QUALITY, choice.quality]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]
    return bytes(cv2.imencode(".jpg", picture, options)[1])


def thumbnail_of(picture: Any) -> bytes:
    """A small JPEG for the strip, before the server has made one."""
    import cv2

    factor = min(256 / picture.shape[1], 256 / picture.shape[0], 1.0)
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    return bytes(cv2.imencode(".jpg", cv2.resize(picture, size, interpolation=cv2.INTER_AREA))[1])
