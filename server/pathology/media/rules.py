"""What captured bytes must be, how a strip is ordered, when a calibration is out of date; pure."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import datetime

from server.attachments.rules import NotAPicture, picture_of
from shared.contract.pathology_media import MAX_IMAGE_BYTES, MAX_VIDEO_BYTES, MAX_VOICE_BYTES, MEDIA_TYPES, MediaFacts
from shared.domain.pathology_media import MediaKind

KEY = re.compile(r"[0-9a-f]{32}\Z")
MAX_BYTES = {
    MediaKind.IMAGE: MAX_IMAGE_BYTES,
    MediaKind.VOICE: MAX_VOICE_BYTES,
    MediaKind.VIDEO: MAX_VIDEO_BYTES,
}
MAX_STEPS = 200
MAX_PIXELS = 80_000_000  # what is unpacked for a thumbnail or an object
MAX_UM_PER_PIXEL = 10_000.0
MAX_VALID_DAYS = 3660


class Wrong(ValueError):
    """A field is wrong: its name and a sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True)
class Measured:
    """What the bytes say of themselves."""

    width: int = 0
    height: int = 0
    duration_s: float = 0.0


def check_facts(key: str, facts: MediaFacts) -> None:
    """Raise Wrong for facts that contradict themselves."""
    if not KEY.match(key):
        raise Wrong("key", "标识应为 32 位小写十六进制数字。")
    if facts.media_type not in MEDIA_TYPES[facts.kind]:
        raise Wrong("facts.media_type", "这种文件格式不能保存，请选择 JPEG 或 PNG。")
    if not 0.0 <= facts.um_per_pixel <= MAX_UM_PER_PIXEL:
        raise Wrong("facts.um_per_pixel", "标尺超出范围，请重新定标。")
    if facts.kind is MediaKind.VIDEO and not 0.1 <= facts.frame_rate <= 240:
        raise Wrong("facts.frame_rate", "录像的帧率超出范围。")
    if facts.parent_id is not None and (facts.kind is not MediaKind.IMAGE or not facts.steps):
        raise Wrong("facts.steps", "处理后的图像应写明处理步骤。")
    if len(facts.steps) > MAX_STEPS or any(len(step) > 300 for step in facts.steps):
        raise Wrong("facts.steps", "处理步骤太多，请分几次保存。")


def image_of(data: bytes) -> Measured:
    """Size of a JPEG or PNG. Raises Wrong."""
    try:
        picture = picture_of(data)
    except NotAPicture:
        raise Wrong("data", "这不是可用的 JPEG 或 PNG 图像，请重新采集。") from None
    if picture.width * picture.height > MAX_PIXELS:
        raise Wrong("data", "图像的像素太多，请用较低的分辨率采集。")
    return Measured(picture.width, picture.height)


def voice_of(head: bytes) -> Measured:
    """Duration of a FLAC stream by its STREAMINFO (RFC 9639, 8.2); `head` is its beginning. Raises Wrong."""
    if len(head) < 42 or head[:4] != b"fLaC" or head[4] & 0x7F != 0:
        raise Wrong("data", "这不是可用的 FLAC 录音，请重新录制。")
    packed = struct.unpack(">Q", head[18:26])[0]
    rate, samples = packed >> 44, packed & 0xFFFFFFFFF
    if not rate or not samples:
        raise Wrong("data", "录音是空的，请重新录制。")
    return Measured(duration_s=samples / rate)


def is_expired(expires_at: datetime, when: datetime) -> bool:
    """Whether a calibration was out of date at that time."""
    return when >= expires_at


def scale_of(known_um: float, pixels: float) -> float:
    """Micrometres a pixel (PA-SET-06: known length / pixels). Raises Wrong."""
    if not 0.1 <= known_um <= 1_000_000:
        raise Wrong("known_um", "已知长度应在 0.1 µm 到 1 000 000 µm 之间。")
    if not 10 <= pixels <= 20_000:
        raise Wrong("pixels", "请在标尺上画一条至少 10 像素的线。")
    scale = known_um / pixels
    if scale > MAX_UM_PER_PIXEL:
        raise Wrong("pixels", "每像素超过 10 mm，请检查已知长度的单位。")
    return scale
