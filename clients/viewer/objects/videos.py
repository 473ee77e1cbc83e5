"""Videos as frames: unpacked at the first wish, then handed out like uncompressed colour images."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.imaging.codecs import EXPLICIT_LE

if TYPE_CHECKING:
    from shared.imaging.frames import Part10
    from shared.imaging.header import ImageHeader
    from shared.imaging.video import UnpackedVideo

KEPT = 4


class Videos:
    """The videos used last; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, UnpackedVideo] = OrderedDict()

    def frame(self, part10: Part10, image: ImageHeader, index: int) -> tuple[bytes, ImageHeader]:
        """One frame as RGB with the header that fits it. Raises ``UndecodableFrame`` or ``UnreadableFile``."""
        from shared.imaging.video import UnpackedVideo

        uid, fmt = image.sop_instance_uid, image.pixel_format
        with self._lock:  # one video is unpacked at a time, and by one thread
            video = self._known.get(uid)
            if video is None:
                video = self._known[uid] = UnpackedVideo(part10.stream(), fmt, len(image.frames))
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)[1].close()
            self._known.move_to_end(uid)
            data = video.frame(index)
        plain = replace(fmt, samples=3, photometric="RGB", planar=False, bits_allocated=8, bits_stored=8, high_bit=-1)
        return data, replace(image, pixel_format=plain, transfer_syntax=EXPLICIT_LE, lossy=True)

    def close(self) -> None:
        with self._lock:
            known, self._known = self._known, OrderedDict()
        for video in known.values():
            video.close()
