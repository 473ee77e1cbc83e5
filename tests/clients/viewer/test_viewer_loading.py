"""Order, failure and end of loading; the pixel store; local files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.viewer.loading import Arrived, SourceFailed, StudyLoader, loading_order
from clients.viewer.local_files import LocalFiles
from clients.viewer.pixels import BufferPool, PixelStore, presentable
from clients.viewer.study import FrameKey, Stack, stacks_of
from shared.imaging.lut import Modality
from tests.clients.viewer.viewer_builders import (
    MemorySource,
    a_series,
    a_stack,
    a_study,
    an_image,
    pixels_of,
    write_series,
)


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


class Loading:
    """A loader over a source with everything it said."""

    def __init__(self, source: MemorySource, threads: int = 2) -> None:
        self.store = PixelStore()
        self.came: list[tuple[Stack, int]] = []
        self.failures: list[str] = []
        self.loader = StudyLoader(source, self.store, self._note, self.failures.append, threads)

    def _note(self, stack: Stack, indices: Sequence[int]) -> None:
        self.came.extend((stack, n) for n in indices)


@given(st.integers(0, 400), st.data())
def test_every_image_is_asked_for_once_and_the_visible_one_first(count: int, data: st.DataObject) -> None:
    visible = data.draw(st.integers(0, max(count - 1, 0)))

    order = loading_order(count, visible, [3, 5000])

    assert sorted(order) == list(range(count))
    assert not order or order[0] == visible


def test_middle_key_images_and_every_fifth_come_before_the_rest() -> None:
    order = loading_order(100, 10, [77])

    assert order[:3] == [10, 50, 77]
    assert all((n - 10) % 5 == 0 for n in order[3:20])


def test_a_stack_is_loaded_whole_and_exact() -> None:
    study = a_study(a_series(12))
    stack = stacks_of(study)[0]
    loading = Loading(MemorySource(study), threads=1)
    loading.loader.want(stack, visible=4)
    until(lambda: loading.store.of(stack).loaded == 12)
    loading.loader.close()

    for n in range(12):
        frame = loading.store.of(stack).frame(n)
        assert frame is not None
        np.testing.assert_array_equal(frame, pixels_of(stack.image(n)))
    assert loading.came[0] == (stack, 4)


def test_the_first_image_of_every_stack_comes_before_the_rest_of_any() -> None:
    study = a_study(a_series(30), a_series(30, series="2"), a_series(30, series="3"))
    stacks = stacks_of(study)
    source = MemorySource(study)
    source.gate.clear()
    loading = Loading(source, threads=1)
    loading.loader.focus([(stacks[0], 0)])
    for stack in stacks:
        loading.loader.want(stack)
    source.gate.set()
    until(lambda: loading.loader.waiting == 0)
    loading.loader.close()

    first = [study_key.sop_instance_uid.rsplit(".", 2)[1] for study_key in source.asked[:4]]
    assert sorted(first[:3]) == ["1", "2", "3"] and first[3] == "1"


def test_the_image_the_reader_turned_to_is_fetched_next() -> None:
    study = a_study(a_series(40))
    stack = stacks_of(study)[0]
    source = MemorySource(study)
    source.gate.clear()
    loading = Loading(source, threads=1)
    loading.loader.want(stack, visible=0)
    until(lambda: len(source.asked) == 1)
    loading.loader.focus([(stack, 33)])
    source.gate.set()
    until(lambda: loading.loader.waiting == 0)
    loading.loader.close()

    assert stack.index_of(source.asked[1]) == 33


def test_an_unreadable_image_harms_no_other() -> None:
    study = a_study(a_series(6))
    stack = stacks_of(study)[0]
    source = MemorySource(study)
    source.broken[stack.frames[2]] = Arrived(stack.frames[2], b"short")
    source.broken[stack.frames[3]] = Arrived(stack.frames[3], error="Not there.")
    loading = Loading(source)
    loading.loader.want(stack)
    until(lambda: loading.store.of(stack).loaded == 6)
    loading.loader.close()

    errors = loading.store.of(stack).errors
    assert set(errors) == {2, 3} and errors[3] == "Not there." and errors[2] == "图像数据不完整或已损坏"


def test_a_broken_line_is_told_once_and_can_be_tried_again() -> None:
    study = a_study(a_series(6))
    stack = stacks_of(study)[0]
    source = MemorySource(study)
    line_is_down = threading.Event()
    line_is_down.set()

    def before(_key: FrameKey) -> None:
        if line_is_down.is_set():
            raise SourceFailed("The line is down.")

    source.before_frame = before
    loading = Loading(source, threads=1)
    loading.loader.want(stack)
    until(lambda: bool(loading.failures))
    line_is_down.clear()
    loading.loader.want(stack)
    until(lambda: loading.store.of(stack).loaded == 6)
    loading.loader.close()

    assert loading.failures == ["The line is down."] and not loading.store.of(stack).errors


def test_closing_in_the_middle_ends_all_threads() -> None:
    study = a_study(a_series(200))
    stack = stacks_of(study)[0]
    source = MemorySource(study)
    source.gate.clear()
    loading = Loading(source)
    loading.loader.want(stack)
    until(lambda: bool(source.asked))

    loading.loader.close()

    assert source.closed
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("frames-")]
    assert len(source.asked) < 20


# --- pixels ------------------------------------------------------------------------------------------------


def test_frames_of_a_stack_lie_in_one_buffer() -> None:
    stack = a_stack(4)
    pixels = PixelStore().of(stack)
    for n in range(4):
        pixels.put(n, np.full((32, 32), n, np.uint16), Modality())

    first, last = pixels.frame(0), pixels.frame(3)
    assert first is not None and last is not None and first.base is not None and last[0, 0] == 3
    assert pixels.nbytes >= 4 * 32 * 32 * 2


def test_a_used_buffer_is_used_again() -> None:
    pool = BufferPool()
    buffer = pool.take(1000)
    pool.give(buffer)

    assert pool.take(900) is buffer
    assert pool.take(900) is not buffer


def test_a_buffer_given_back_is_never_written_by_its_former_stack() -> None:
    """Workers still busy with a stack that was let go must not draw into the next one's images."""
    pool = BufferPool()
    stop, wrong = threading.Event(), []

    def work(value: int) -> None:
        stack = a_stack(4)
        pixels = PixelStore(pool=pool).of(stack)
        frame = np.full((32, 32), value, np.uint16)
        while not stop.is_set():
            for n in range(4):
                pixels.put(n, frame, Modality())
            for n in range(4):
                seen = pixels.copy_of(n)
                if seen is not None and not (seen == value).all():
                    wrong.append(value)
            pixels.release()

    threads = [threading.Thread(target=work, args=(value,)) for value in (1, 2, 3)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    stop.set()
    for thread in threads:
        thread.join()

    assert not wrong


def test_over_the_limit_the_stack_not_shown_for_longest_is_let_go() -> None:
    stacks = [a_stack(4, series=str(n)) for n in (1, 2, 3)]
    store = PixelStore(limit_bytes=2 * 4 * 32 * 32 * 2)
    for stack in stacks:
        for n in range(4):
            store.of(stack).put(n, np.zeros((32, 32), np.uint16), Modality())
    store.touch(stacks[0])

    released = store.make_room({id(stacks[2])})

    assert released == [stacks[1]] and store.of(stacks[1]).frame(0) is None
    assert store.of(stacks[0]).frame(0) is not None


@pytest.mark.parametrize("dtype", ["int32", "uint32", "float32", "float64"])
def test_wide_values_keep_their_unit(dtype: str) -> None:
    frame = np.linspace(-5000 if dtype[0] != "u" else 0, 90_000, 64 * 64).reshape(64, 64).astype(dtype)

    shown, modality = presentable(frame, Modality(2.0, 10.0, None, "Bq/ml"))

    assert shown.dtype == np.uint16 and modality.unit == "Bq/ml"
    np.testing.assert_allclose(modality(shown), frame.astype(np.float64) * 2 + 10, atol=2 * 95_000 / 65_535)


def test_pixels_and_fuller_headers_move_to_a_study_described_anew() -> None:
    old, new = a_stack(3), a_stack(5)
    store = PixelStore()
    store.of(old).put(1, np.full((32, 32), 9, np.uint16), Modality())
    old.refine(an_image(1, texts={"InstitutionName": "第一医院"}))

    store.carry_over(old, new)
    store.drop(old)

    frame = store.of(new).frame(1)
    assert frame is not None and int(frame[0, 0]) == 9 and store.of(new).loaded == 1
    assert new.image(1).texts == {"InstitutionName": "第一医院"} and new.image(0).texts == {}


def test_a_frame_of_another_size_has_a_place_of_its_own() -> None:
    pixels = PixelStore().of(a_stack(3))
    pixels.put(0, np.zeros((32, 32), np.uint16), Modality())
    pixels.put(1, np.ones((40, 40), np.uint16), Modality())

    odd = pixels.frame(1)
    assert odd is not None and odd.shape == (40, 40)


# --- local files ---------------------------------------------------------------------------------------------


def test_a_folder_becomes_a_study(tmp_path: Path) -> None:
    write_series(tmp_path / "a", 4)
    write_series(tmp_path / "b", 2, series="2")
    (tmp_path / "notes.txt").write_text("no image")

    source = LocalFiles([tmp_path])
    (study,) = source.studies()
    stacks = stacks_of(study)
    arrived = list(source.frames(stacks[0].frames))

    assert source.skipped == 1 and study.patient_name == "Zhang^San=张^三" and study.institution == "第一医院"
    assert [len(stack) for stack in stacks] == [4, 2]
    assert arrived[2].data == pixels_of(an_image(2, side=64)).tobytes()


def test_a_folder_without_images_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("nothing")

    with pytest.raises(SourceFailed, match="没有找到 DICOM 图像"):
        LocalFiles([tmp_path]).studies()


def test_a_file_that_vanished_is_one_missing_image(tmp_path: Path) -> None:
    paths = write_series(tmp_path, 3)
    source = LocalFiles([tmp_path])
    stack = stacks_of(source.studies()[0])[0]
    paths[1].unlink()

    arrived = {a.key: a for a in source.frames(stack.frames)}

    assert [bool(arrived[key].error) for key in stack.frames] == [False, True, False]
