"""Made series: parts of a stack in the series bar, with their pixels, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.settings import HOME_VARIABLE
from clients.viewer.series.feature import NEW, REMOVE, SeriesFeature
from clients.viewer.series.parting import by_time, chosen, odd_and_even, split_at
from clients.viewer.study import SeriesDescription, stack_of
from clients.viewer.window import ViewerWindow
from shared.imaging.geometry import Finding
from tests.clients.viewer.viewer_builders import ROOT, MemorySource, a_series, a_stack, a_study, an_image


def numbers(stack: object) -> list[int]:
    return [stack.image(n).instance_number for n in range(len(stack))]  # type: ignore[attr-defined,arg-type]


def test_a_split_keeps_every_image_once_in_order() -> None:
    stack = a_stack(7)

    assert [numbers(part) for part in split_at(stack, 3)] == [[1, 2, 3], [4, 5, 6, 7]]
    assert [part.label for part in split_at(stack, 3)] == ["1–3", "4–7"]
    assert [numbers(part) for part in odd_and_even(stack)] == [[1, 3, 5, 7], [2, 4, 6]]
    assert odd_and_even(stack)[0].order.spacing_mm == 4.0
    for index in (0, 7, -1):
        with pytest.raises(ValueError, match="拆分"):
            split_at(stack, index)


def test_times_take_each_place_once() -> None:
    images = tuple(an_image(n, z=2.0 * (n % 3)) for n in range(6))  # three places, twice
    series = SeriesDescription(f"{ROOT}.1", "MR", 1, "", "", images)
    stack = stack_of(a_study(series), series, images, "")

    assert [numbers(part) for part in by_time(stack)] == [[1, 2, 3], [4, 5, 6]]
    assert all(Finding.DUPLICATES not in part.order.findings for part in by_time(stack))
    with pytest.raises(ValueError, match="时间点"):
        by_time(a_stack(5))


def test_chosen_images_make_a_series() -> None:
    assert numbers(chosen(a_stack(7), [4, 1, 4, 99])[0]) == [5, 2]
    with pytest.raises(ValueError, match="没有选中"):
        chosen(a_stack(3), [9])


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ViewerWindow]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    window = ViewerWindow(MemorySource(a_study(a_series(8), a_series(3, series="2"))))
    window.resize(1366, 768)
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(a_study().study_uid)
    yield window
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def test_made_series_stand_in_the_bar_with_their_pixels_and_go_by_undo(window: ViewerWindow, qtbot: QtBot) -> None:
    session, source = window.session, window.opening.source
    assert isinstance(source, MemorySource)
    asked = len(source.asked)
    session.active_viewport.index = 5
    window.perform("series.split")
    qtbot.waitUntil(lambda: len(session.stacks) == 4, timeout=30_000)

    assert [len(stack) for stack in session.stacks] == [8, 5, 3, 3]
    made = session.stacks[2]
    assert window.store.of(made).loaded == 3 and len(source.asked) == asked
    assert made.series.series_uid == session.stacks[0].series.series_uid
    session.active_viewport.show(made, 1)
    window.perform("edit.undo")
    assert [len(stack) for stack in session.stacks] == [8, 3]
    assert session.active_viewport.stack is session.stacks[0] and session.active_viewport.index == 6
    window.perform("edit.redo")
    assert len(session.stacks) == 4
    qtbot.waitUntil(lambda: window.store.of(session.stacks[2]).loaded == 3, timeout=30_000)


def test_a_new_series_of_a_range_and_its_removal(window: ViewerWindow, qtbot: QtBot) -> None:
    session = window.session
    feature = next(feature for feature in window.features if isinstance(feature, SeriesFeature))
    window.perform(NEW)
    dialog = feature.dialog
    assert dialog is not None
    dialog.what.setCurrentIndex(1)
    dialog.first.setValue(2)
    dialog.last.setValue(6)
    dialog.step.setValue(2)
    dialog.accept()
    qtbot.waitUntil(lambda: len(session.stacks) == 3, timeout=30_000)
    assert numbers(session.stacks[1]) == [2, 4, 6]

    session.active_viewport.show(session.stacks[1])
    window.perform(REMOVE)
    assert len(session.stacks) == 2


def test_made_series_outlive_more_images_of_their_study(window: ViewerWindow, qtbot: QtBot) -> None:
    session = window.session
    window.perform("series.odd_even")
    qtbot.waitUntil(lambda: len(session.stacks) == 4, timeout=30_000)
    session.refresh(a_study(a_series(9), a_series(3, series="2")))
    assert sorted(len(stack) for stack in session.stacks) == [3, 4, 4, 9]
