"""At the limit of memory: windows of stacks, buffers, series on demand, studies fetched ahead."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from clients.viewer import sentences
from clients.viewer.loading import SourceFailed, StudyLoader
from clients.viewer.pixels import BufferPool, PixelStore
from clients.viewer.study import Stack, stacks_of
from shared.imaging.lut import Modality
from tests.clients.viewer.test_viewer_loading import until
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_stack, a_study, pixels_of

FRAME = 32 * 32 * 2


class Loading:
    """A loader over a store of limited size."""

    def __init__(self, source: MemorySource, limit_bytes: int = 0, threads: int = 1) -> None:
        self.store = PixelStore(limit_bytes)
        self.failures: list[str] = []
        self.loader = StudyLoader(source, self.store, lambda _stack, _n: None, self.failures.append, threads)

    def here(self, stack: Stack) -> list[int]:
        pixels = self.store.of(stack)
        return [n for n in range(len(stack)) if pixels.frame(n) is not None]


@pytest.fixture
def loadings() -> Iterator[list[Loading]]:
    made: list[Loading] = []
    yield made
    for loading in made:
        loading.loader.close()


def test_a_stack_larger_than_the_memory_keeps_what_is_around_the_shown_image(loadings: list[Loading]) -> None:
    study = a_study(a_series(200))
    stack = stacks_of(study)[0]
    loading = Loading(MemorySource(study), limit_bytes=40 * FRAME)
    loadings.append(loading)
    loading.loader.want(stack, visible=100)
    loading.loader.focus([(stack, 100)])
    until(lambda: loading.loader.waiting == 0 and 100 in loading.here(stack))

    assert loading.store.of(stack).is_confined and loading.store.nbytes <= 40 * FRAME
    loading.loader.focus([(stack, 100)])
    until(lambda: loading.loader.waiting == 0)
    assert len(loading.here(stack)) == 40

    for index in (110, 130, 199, 0):
        loading.loader.focus([(stack, index)])
        until(lambda: loading.loader.waiting == 0)
        here = loading.here(stack)
        assert index in here and len(here) <= 40 and loading.store.nbytes <= 40 * FRAME
        frame = loading.store.of(stack).frame(index)
        assert frame is not None
        np.testing.assert_array_equal(frame, pixels_of(stack.image(index)))
    assert not loading.store.of(stack).errors and not loading.failures


def test_stacks_on_screen_share_the_memory(loadings: list[Loading]) -> None:
    study = a_study(a_series(60), a_series(60, series="2"))
    one, two = stacks_of(study)
    loading = Loading(MemorySource(study), limit_bytes=80 * FRAME)
    loadings.append(loading)
    for stack in (one, two):
        loading.loader.want(stack, visible=30)
    loading.loader.focus([(one, 30), (two, 10)])
    until(lambda: loading.loader.waiting == 0)
    assert loading.store.nbytes > 80 * FRAME

    assert loading.store.make_room({id(one), id(two)}) == []

    assert loading.store.nbytes <= 80 * FRAME
    assert 30 in loading.here(one) and 10 in loading.here(two)


def test_no_memory_for_a_whole_stack_is_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = BufferPool()

    def none_left(_size: int) -> None:
        raise MemoryError

    monkeypatch.setattr(pool, "take", none_left)
    stack = a_stack(40)
    pixels = PixelStore(pool=pool).of(stack)
    pixels.look_at(20)
    for n in range(40):
        pixels.put(n, np.full((32, 32), n, np.uint16), Modality())

    assert pixels.is_confined and pixels.frame(20) is not None and pixels.frame(0) is None


def test_no_memory_at_all_is_a_sentence(loadings: list[Loading], monkeypatch: pytest.MonkeyPatch) -> None:
    study = a_study(a_series(3))
    stack = stacks_of(study)[0]
    loading = Loading(MemorySource(study))
    loadings.append(loading)

    def none_left(*_work: object) -> None:
        raise MemoryError

    monkeypatch.setattr(loading.store.of(stack), "put", none_left)
    loading.loader.want(stack)
    until(lambda: loading.loader.waiting == 0)

    assert set(loading.store.of(stack).errors.values()) == {sentences.no_memory()}


def test_a_buffer_that_somebody_looks_at_is_not_given_to_another_stack() -> None:
    """A volume page may hold views of a stack that is let go at the limit."""
    pool = BufferPool()
    store = PixelStore(pool=pool)
    stack = a_stack(4)
    for n in range(4):
        store.of(stack).put(n, np.full((32, 32), n, np.uint16), Modality())
    looked_at = store.of(stack).frame(3)
    store.of(stack).release()

    other = a_stack(4, series="2")
    for n in range(4):
        store.of(other).put(n, np.full((32, 32), 99, np.uint16), Modality())

    assert looked_at is not None and (looked_at == 3).all()
    del looked_at
    store.of(other).release()
    assert len(pool._free) == 1, "and without a view it is used again"


def test_unused_buffers_go_where_none_fits() -> None:
    pool = BufferPool()
    for size in (2_000_000, 3_000_000):
        pool.give(pool.take(size))
    pool.take(9_000_000)

    assert pool._free == []


def test_a_scout_does_not_cost_the_series_after_it_its_buffer() -> None:
    pool = BufferPool()
    ready = pool.take(9_000_000)
    pool.give(ready)
    pool.take(2_000)

    assert pool.take(7_000_000) is ready, "and a series a little shorter takes it too"


def test_memory_for_the_first_study_is_ready_before_it_is_opened() -> None:
    pool = BufferPool()
    pool.warm(9_000_000)
    (ready,) = pool._free

    assert pool.take(8_500_000) is ready


def test_warming_gives_way_to_a_study_that_is_opened_meanwhile() -> None:
    pool = BufferPool()
    pool.take(1_000)
    pool.warm(9_000_000)

    assert pool._free == [], "nobody waits for it any more"


def test_little_memory_is_not_held_ready() -> None:
    pool = BufferPool()
    PixelStore(1 << 30, pool).warm()

    assert pool._free == []


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told so")
def test_a_freed_frame_leaves_its_pages_to_the_next_one() -> None:
    program = (
        "import resource\n"
        "from clients.viewer.loading_memory import settle_allocator\n"
        "settle_allocator()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "for _ in range(100):\n"
        "    bytearray(512 * 1024)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)\n"
    )
    faults = int(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)

    assert faults < 100 * 128 / 4, "a frame is 128 pages"


def test_series_not_on_screen_give_one_image_until_they_are_shown(loadings: list[Loading]) -> None:
    study = a_study(a_series(10), a_series(10, series="2"))
    one, two = stacks_of(study)
    loading = Loading(MemorySource(study))
    loadings.append(loading)
    loading.loader.load_all = False
    loading.loader.focus([(one, 0)])
    for stack in (one, two):
        loading.loader.want(stack)
    until(lambda: loading.loader.waiting == 0)
    assert len(loading.here(one)) == 10 and len(loading.here(two)) == 1

    loading.loader.focus([(two, 0)])
    until(lambda: loading.loader.waiting == 0)

    assert len(loading.here(two)) == 10


# --- what comes next


class PreparingSource(MemorySource):
    """Notes what was fetched ahead; each study takes three steps."""

    def __init__(self, *studies: object) -> None:
        super().__init__(*studies)  # type: ignore[arg-type]
        self.begun: list[str] = []
        self.prepared: list[str] = []
        self.stopped_at: list[str] = []
        self.steps = threading.Semaphore(0)

    def prepare(self, study_uid: str, go_on: Callable[[], bool], _have: object) -> bool:
        self.begun.append(study_uid)
        if study_uid == "unreachable":
            raise SourceFailed("The line is down.")
        for _ in range(3):
            if not go_on():
                self.stopped_at.append(study_uid)
                return False
            assert self.steps.acquire(timeout=10)
        self.prepared.append(study_uid)
        return True


def _preparing(loadings: list[Loading], studies: Sequence[object]) -> tuple[PreparingSource, Loading]:
    source = PreparingSource(*studies)
    loading = Loading(source, threads=2)
    loadings.append(loading)
    return source, loading


def test_what_comes_next_is_fetched_when_the_shown_study_is_complete(loadings: list[Loading]) -> None:
    study = a_study(a_series(20))
    stack = stacks_of(study)[0]
    source, loading = _preparing(loadings, [study])
    source.gate.clear()
    source.steps.release(6)
    loading.loader.want(stack)
    loading.loader.prepare(["next", "after"])
    until(lambda: bool(source.asked))
    assert source.prepared == []

    source.gate.set()
    until(lambda: source.prepared == ["next", "after"])

    assert loading.loader.waiting == 0


def test_an_opened_study_interrupts_what_comes_next(loadings: list[Loading]) -> None:
    study = a_study(a_series(20))
    stack = stacks_of(study)[0]
    source, loading = _preparing(loadings, [study])
    loading.loader.prepare(["next"])
    until(lambda: source.begun == ["next"])
    source.gate.clear()
    loading.loader.want(stack)
    source.steps.release(2)
    until(lambda: source.stopped_at == ["next"])
    source.steps.release(10)
    source.gate.set()

    until(lambda: source.prepared == ["next"])
    assert len(loading.here(stack)) == 20


def test_a_newer_wish_replaces_the_older_and_a_failure_is_no_message(loadings: list[Loading]) -> None:
    source, loading = _preparing(loadings, [])
    loading.loader.prepare(["unreachable", "old"])
    loading.loader.prepare(["new"])
    source.steps.release(20)

    until(lambda: "new" in source.prepared)
    assert loading.failures == []


def test_closing_ends_what_is_fetched_ahead() -> None:
    source = PreparingSource()
    loading = Loading(source)
    loading.loader.prepare(["next"])
    source.steps.release(1)
    threading.Timer(0.05, lambda: source.steps.release(10)).start()
    loading.loader.close()

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("frames-")]
