"""From a source of stored frames to decoded pixels, in the order a reader needs them. No Qt.

A :class:`FrameSource` knows where bytes come from; the :class:`StudyLoader` knows when. Decoding is asked for by the
same worker threads; see loading_decoder for where it is done.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from clients.viewer import sentences
from clients.viewer.loading_decoder import FrameDecoder, shared_decoder
from clients.viewer.loading_plain import plain_values
from clients.viewer.pixels import PixelStore
from clients.viewer.study import FrameKey, Stack, StudyDescription
from shared.imaging.codecs import UndecodableFrame
from shared.imaging.colour import to_screen
from shared.imaging.header import ImageHeader

if TYPE_CHECKING:
    from numpy.typing import NDArray

log = logging.getLogger(__name__)


class SourceFailed(Exception):
    """The source cannot be reached or read now; the text is a sentence. Loading pauses and may be tried again."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One frame as stored, or the sentence that says why it cannot be had.

    ``header`` replaces the known header of the image where the source learned more on the way. ``values`` are the
    pixels where the source looked already and the bytes are pixels as they stand (see loading_plain).
    """

    key: FrameKey
    data: bytes | memoryview = b""
    header: ImageHeader | None = None
    error: str = ""
    values: NDArray[Any] | None = None


class FrameSource(Protocol):
    """Where studies come from. All methods are called from worker threads, several at a time."""

    batch: int
    """How many frames to ask for at once, after the first."""

    def study(self, study_uid: str) -> StudyDescription:
        """Describe a study; raises :class:`SourceFailed`."""

    def frames(self, keys: Sequence[FrameKey]) -> Iterator[Arrived]:
        """Stored bytes of ``keys``, in any order, each as soon as it is there; raises :class:`SourceFailed`."""

    def stop(self) -> None:
        """Calls in flight end soon; from any thread."""

    def close(self) -> None:
        """Let go of files and sockets; after the last call has ended."""


@runtime_checkable
class PreparesStudies(Protocol):
    """A source that can fetch studies ahead."""

    def prepare(self, study_uid: str, go_on: Callable[[], bool], have: HavePixels) -> bool:
        """Keep what is missing of a study, while ``go_on``; True at the end. Raises :class:`SourceFailed`.

        What ``have`` returns need not be fetched again where its pixels are its stored bytes.
        """


HavePixels = Callable[[FrameKey], "NDArray[Any] | None"]
"""A copy of the pixels of a frame, of one colour, that are in memory; None for any other frame."""


def loading_order(count: int, visible: int, key_images: Iterable[int] = ()) -> list[int]:
    """Visible first, then the middle, key images, every fifth from the visible one outwards, then the rest."""
    if count == 0:
        return []
    outwards = sorted(range(count), key=lambda n: (abs(n - visible), n))
    coarse = [n for n in outwards if (n - visible) % 5 == 0]
    ordered = [visible, count // 2, *key_images, *coarse, *outwards]
    return [n for n in dict.fromkeys(ordered) if 0 <= n < count]


class StudyLoader:
    """Worker threads that fill a :class:`PixelStore`; what is on screen goes first.

    ``on_frames`` is called from workers with the stack and indices that became available, with the loader's lock
    held; a Qt window passes the call on to its own thread.
    """

    def __init__(
        self,
        source: FrameSource,
        store: PixelStore,
        on_frames: Callable[[Stack, Sequence[int]], None],
        on_failure: Callable[[str], None],
        threads: int = 2,
        decoder: FrameDecoder | None = None,
    ) -> None:
        self._source = source
        self._decoder = decoder or shared_decoder()
        self._store = store
        self._on_frames = on_frames
        self._on_failure = on_failure
        self._wake = threading.Condition()
        self._queues: dict[int, _Queue] = {}
        self._focus: list[int] = []  # ids of stacks on screen, most urgent first
        self._closing = False
        self._load_all = True
        self._next_studies: list[str] = []
        self._preparing = ""
        self._places: dict[FrameKey, tuple[Stack, int]] | None = None  # made when somebody asks
        self._threads = [
            threading.Thread(target=self._work, name=f"frames-{n}", daemon=True) for n in range(max(1, threads))
        ]
        for thread in self._threads:
            thread.start()

    # --- what is wanted

    def want(self, stack: Stack, *, visible: int = 0, key_images: Iterable[int] = ()) -> None:
        """Load all frames of ``stack``, beginning at ``visible``; again to change the beginning."""
        pixels = self._store.of(stack)
        with self._wake:
            order = [n for n in loading_order(len(stack), visible, key_images) if not pixels.has(n) and pixels.wants(n)]
            known = self._queues.get(id(stack))
            if known is not None:
                order = [n for n in order if n not in known.in_flight]
            flying, begun = (known.in_flight, known.begun) if known is not None else (set[int](), False)
            self._queues[id(stack)] = _Queue(stack, order, flying, begun)
            self._places = None
            self._wake.notify_all()

    def focus(self, shown: Sequence[tuple[Stack, int]]) -> None:
        """Stacks on screen with the index each shows, most urgent first; a missing shown frame is fetched next."""
        with self._wake:
            self._focus = [id(stack) for stack, _ in shown]
            for stack, index in shown:
                self._look_at(stack, index)
                queue = self._queues.get(id(stack))
                if queue is not None and index in queue.order and queue.order[0] != index:
                    queue.order.remove(index)
                    queue.order.insert(0, index)
            self._wake.notify_all()

    def _look_at(self, stack: Stack, index: int) -> None:
        """A stack too large for the memory wants other frames when the reader goes on. Called with the lock held."""
        pixels, queue = self._store.of(stack), self._queues.get(id(stack))
        if pixels.look_at(index) and queue is not None:
            missing = (n for n in loading_order(len(stack), index) if pixels.wants(n) and not pixels.has(n))
            queue.order = [n for n in missing if n not in queue.in_flight]

    @property
    def load_all(self) -> bool:
        """Load all series in full, or only those on screen and one image of every other (VW-SET-22)."""
        return self._load_all

    @load_all.setter
    def load_all(self, load_all: bool) -> None:
        with self._wake:
            self._load_all = load_all
            self._wake.notify_all()

    def prepare(self, study_uids: Sequence[str]) -> None:
        """These studies come next: fetch them ahead while nothing else is to be loaded; forgets earlier wishes."""
        if isinstance(self._source, PreparesStudies):
            with self._wake:
                self._next_studies = list(dict.fromkeys(study_uids))
                self._wake.notify_all()

    def knows(self, stack: Stack) -> bool:
        """True when the stack was asked for and not forgotten since."""
        with self._wake:
            return id(stack) in self._queues

    def forget(self, stacks: Iterable[Stack]) -> None:
        """Do not load these any further."""
        with self._wake:
            for stack in stacks:
                self._queues.pop(id(stack), None)
            self._places = None

    @property
    def waiting(self) -> int:
        """Frames asked for that are not there yet and will be loaded as things are."""
        with self._wake:
            return sum(
                len(queue.in_flight) + (len(queue.order) if self._goes_on(key, queue) else 0)
                for key, queue in self._queues.items()
            )

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop, and wait for the workers."""
        with self._wake:
            self._closing = True
            self._queues.clear()
            self._places = None
            self._next_studies.clear()
            self._wake.notify_all()
        self._source.stop()
        for thread in self._threads:
            thread.join(timeout_s)
        if not any(thread.is_alive() for thread in self._threads):
            self._source.close()

    # --- workers

    def _next(self) -> tuple[Stack, list[int]] | None:
        """What to fetch now. Called with the lock held.

        First one frame of every stack on screen, then one of every other stack (its thumbnail), then the rest.
        """
        queue = self._next_waiting()
        if queue is None:
            return None
        size = self._source.batch if queue.begun else 1
        queue.begun = True
        batch, queue.order = queue.order[:size], queue.order[size:]
        queue.in_flight.update(batch)
        return queue.stack, batch

    def _next_waiting(self) -> _Queue | None:
        """The queue whose turn it is. Called with the lock held."""
        order = [*self._focus, *(key for key in self._queues if key not in self._focus)]
        waiting = [q for key in order if (q := self._queues.get(key)) is not None and self._goes_on(key, q)]
        return next((queue for queue in waiting if not queue.begun), waiting[0] if waiting else None)

    def _goes_on(self, key: int, queue: _Queue) -> bool:
        """True when frames of the queue are to be fetched as things are. Called with the lock held."""
        pixels = self._store.of(queue.stack)
        if pixels.is_confined:
            queue.order = [n for n in queue.order if pixels.wants(n)]
        return bool(queue.order) and (self._load_all or key in self._focus or not queue.begun)

    def _work(self) -> None:
        while True:
            with self._wake:
                work = self._next()
                while work is None and not self._closing and not self._may_prepare():
                    self._wake.wait()
                    work = self._next()
                if self._closing:
                    return
                if work is None:
                    self._preparing = self._next_studies[0]
            if work is None:
                self._prepare_next()
                continue
            stack, batch = work
            try:
                self._load(stack, batch)
            except SourceFailed as failure:
                self._give_back(stack, batch)
                if not self._closing:
                    self._on_failure(str(failure))
            except Exception:  # outermost loop of the worker
                log.exception("a frame could not be loaded")
                self._settle(stack, [n for n in batch if not self._store.of(stack).has(n)], sentences.internal_error())

    def _may_prepare(self) -> bool:
        """True when somebody is free to fetch ahead: nothing is on the way, and nobody does it already."""
        return bool(self._next_studies) and not self._preparing and not self._in_flight()

    def _in_flight(self) -> bool:
        """True while anything that somebody asked for is on the way. Called with the lock held."""
        return any(queue.in_flight for queue in self._queues.values())

    def _prepare_next(self) -> None:
        study_uid, ended = self._preparing, True

        def go_on() -> bool:
            with self._wake:
                wanted = study_uid in self._next_studies and not self._closing
                return wanted and not self._in_flight() and self._next_waiting() is None

        try:
            if isinstance(self._source, PreparesStudies):
                ended = self._source.prepare(study_uid, go_on, self._pixels_of)
        except SourceFailed as failure:
            log.info("a study could not be fetched ahead: %s", failure)
        except Exception:  # outermost loop of the worker
            log.exception("a study could not be fetched ahead")
        with self._wake:
            self._preparing = ""
            if ended and study_uid in self._next_studies:
                self._next_studies.remove(study_uid)
            self._wake.notify_all()

    def _pixels_of(self, key: FrameKey) -> NDArray[Any] | None:
        with self._wake:
            if self._places is None:
                stacks = [queue.stack for queue in self._queues.values() if not queue.stack.is_derived]
                self._places = {key: (stack, n) for stack in stacks for n, key in enumerate(stack.frames)}
            stack, index = self._places.get(key, (None, 0))
        return self._store.of(stack).copy_of(index) if stack is not None and not stack.image(index).icc else None

    def _load(self, stack: Stack, batch: list[int]) -> None:
        places = {stack.frames[n]: n for n in batch}
        missing = dict(places)
        for arrived in self._source.frames(list(places)):
            index = places.get(arrived.key)
            if index is None:
                continue
            missing.pop(arrived.key, None)
            if self._closing or id(stack) not in self._queues:  # closed or described anew in the meantime
                return
            if arrived.error:
                self._settle(stack, [index], arrived.error)
                continue
            if arrived.header is not None:
                stack.refine(arrived.header)
            self._decode(stack, index, arrived)
        if missing:
            self._settle(stack, list(missing.values()), sentences.not_delivered())

    def _decode(self, stack: Stack, index: int, arrived: Arrived) -> None:
        image = stack.image(index)
        try:
            frame = arrived.values
            if frame is None:
                frame = plain_values(arrived.data, image.pixel_format, image.transfer_syntax)
            if frame is None:
                frame = self._decoder.decode(arrived.data, image.pixel_format, image.transfer_syntax)
            if image.icc:
                frame = to_screen(frame, image.icc)
            self._store.of(stack).put(index, frame, stack.frame_header(index).modality)
        except UndecodableFrame as error:
            log.warning("an image cannot be decoded: %s", error)
            self._settle(stack, [index], sentences.sentence_of(error))
        except MemoryError:
            log.warning("there is no memory for an image")
            self._settle(stack, [index], sentences.no_memory())
        else:
            self._settle(stack, [index])

    def _settle(self, stack: Stack, indices: list[int], error: str = "") -> None:
        pixels = self._store.of(stack)
        if error:
            for index in indices:
                pixels.fail(index, error)
        # Told under the lock: who sees that nothing waits any more was told of every frame.
        with self._wake:
            queue = self._queues.get(id(stack))
            if queue is not None:
                queue.in_flight.difference_update(indices)
            if not self._closing:
                self._on_frames(stack, indices)

    def _give_back(self, stack: Stack, batch: list[int]) -> None:
        """After a failure of the line the queue stops; :meth:`want` begins it again."""
        with self._wake:
            queue = self._queues.get(id(stack))
            if queue is not None:
                queue.in_flight.difference_update(batch)
                queue.order = []


@dataclass(slots=True)
class _Queue:
    stack: Stack
    order: list[int]
    in_flight: set[int]
    begun: bool = False
