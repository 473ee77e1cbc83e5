"""Kinds of pictures, video and voice of pathology cases, and which pictures a report takes; pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, TypeVar


class MediaKind(StrEnum):
    """What was captured."""

    IMAGE = "image"  # 图像
    VIDEO = "video"  # 录像
    VOICE = "voice"  # 语音


class MediaSubject(StrEnum):
    """What is seen or heard (PA-IMG-14)."""

    GROSS = "gross"  # 大体
    MICROSCOPE = "microscope"  # 显微镜
    DOCUMENT = "document"  # 扫描的文档


KIND_LABELS = {MediaKind.IMAGE: "图像", MediaKind.VIDEO: "录像", MediaKind.VOICE: "语音"}
SUBJECT_LABELS = {
    MediaSubject.GROSS: "大体",
    MediaSubject.MICROSCOPE: "显微镜",
    MediaSubject.DOCUMENT: "文档",
}


class Printable(Protocol):
    """As much of a picture as the choice for a report needs."""

    @property
    def kind(self) -> MediaKind: ...

    @property
    def marked(self) -> bool: ...

    @property
    def position(self) -> int: ...


P = TypeVar("P", bound=Printable)


def pictures_for_report(media: Sequence[P], slots: int) -> tuple[P, ...]:
    """The pictures that a format with `slots` places prints, in strip order (PA-ICM-08).

    With marks only the marked ones are taken; without, the first ones. Video and voice are never printed.
    """
    images = sorted((one for one in media if one.kind is MediaKind.IMAGE), key=lambda one: one.position)
    marked = [one for one in images if one.marked]
    return tuple((marked or images)[: max(slots, 0)])
