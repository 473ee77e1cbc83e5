"""Registration off the GUI thread: one run at a time, told how far it is, stopped at once.

SimpleITK gives up Python's lock while it works; it gets one processor less than there are, so that the window moves.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from clients.kit.translations import tr
from clients.viewer.volume import volume_page

if TYPE_CHECKING:
    from shared.imaging.volume import Volume


T = TypeVar("T")


class Background(volume_page.Background, Protocol):
    """`desk.Background`."""

    def later(self, call: Callable[[], object]) -> None: ...


class Runs:
    """The run of a viewer; lives in the GUI thread. A new one stops the one before."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self._stop: threading.Event | None = None

    @property
    def is_running(self) -> bool:
        return self._stop is not None

    def start(
        self,
        work: Callable[[Callable[[float], None], Callable[[], bool]], T],
        progress: Callable[[float], object],
        done: Callable[[T], object],
        failed: Callable[[str], object],
    ) -> None:
        """``work(progress, cancelled)`` in a thread; nobody is called after :meth:`cancel`."""
        self.cancel()
        stop = self._stop = threading.Event()

        def told(share: float) -> None:
            self._background.later(lambda: progress(share) if self._stop is stop else None)

        def ended(what: Callable[[Any], object], value: Any) -> None:
            if self._stop is stop:
                self._stop = None
                what(value)

        def thread() -> T:
            import SimpleITK

            sitk: Any = SimpleITK
            sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(max(1, (os.cpu_count() or 2) - 1))
            return work(told, stop.is_set)

        self._background.run(thread, lambda v: ended(done, v), lambda why: ended(failed, why), "registration")

    def cancel(self) -> None:
        if self._stop is not None:
            self._stop.set()
            self._stop = None


def usable(volume: Volume) -> str:
    """Why a volume cannot be registered, empty when it can; a Chinese source text already translated."""
    if volume.shape[0] < 4:
        return tr("序列的层数太少，不能配准")
    return ""


def refusal_text(sentence: str) -> str:
    """The sentence of a refused result in the reader's language."""
    known = {
        "The two series show hardly any common part of the body.": tr("两个序列几乎没有共同的部位"),
        "The images resemble each other no more than at any other place.": tr("图像之间的相似程度不足以判断位置"),
    }
    if sentence in known:
        return known[sentence]
    if sentence.startswith("Exchanging"):
        return tr("交换两个序列后得到的位置相差 {mm} mm", mm=sentence.split()[-3])
    numbers = [word for word in sentence.split() if word.replace(".", "", 1).isdigit()]
    return tr("从不同起点得到的结果相差 {mm} mm", mm=numbers[0] if numbers else "?")
