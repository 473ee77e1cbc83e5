"""Which images and frames an object speaks of: references of presentation states, segmentations and reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.imaging.values import items_of, numbers_of, text_of


@dataclass(frozen=True, slots=True)
class ImageRefs:
    """SOP Instance UID → frames from 0; an empty set of frames means all of them. Empty: every image."""

    frames: dict[str, frozenset[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.frames)

    def holds(self, sop_instance_uid: str, frame: int) -> bool:
        """True when this frame is meant; without any reference every image is."""
        if not self.frames:
            return True
        named = self.frames.get(sop_instance_uid)
        return named is not None and (not named or frame in named)


def image_refs(items: Iterable[Any]) -> ImageRefs:
    """Out of items of a Referenced Image Sequence (PS3.3 10.3)."""
    frames: dict[str, frozenset[int]] = {}
    for item in items:
        uid = text_of(item, "ReferencedSOPInstanceUID")
        if uid:
            named = frozenset(int(n) - 1 for n in numbers_of(item, "ReferencedFrameNumber"))
            frames[uid] = frames[uid] | named if named and frames.get(uid) else named
    return ImageRefs(frames)


def series_refs(ds: Any) -> ImageRefs:
    """Out of a Referenced Series Sequence with its images (PS3.3 C.11.11)."""
    return image_refs(
        item
        for series in items_of(ds, "ReferencedSeriesSequence")
        for keyword in ("ReferencedImageSequence", "ReferencedInstanceSequence")
        for item in items_of(series, keyword)
    )
