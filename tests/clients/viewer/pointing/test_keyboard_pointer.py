"""Measuring, annotating and deleting by keys alone, with the real tools of the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.viewer.marks.model import Mark
from clients.viewer.pointing.feature import ON, PointingFeature
from clients.viewer.window import ViewerWindow
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_study


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[ViewerWindow]:
    source = MemorySource(a_study(a_series(5, side=64)))
    made = ViewerWindow(source)
    made.resize(1000, 700)
    made.show()
    with qtbot.waitSignal(made.first_image, timeout=30_000):
        made.open_study(next(iter(source.known)))
    made.activateWindow()
    yield made
    made.close()
    made.deleteLater()
    QApplication.processEvents()


def pointer_of(window: ViewerWindow) -> PointingFeature:
    return next(f for f in window.features if isinstance(f, PointingFeature))


def press(qtbot: QtBot, window: ViewerWindow, key: Qt.Key, times: int = 1, *, fine: bool = False) -> None:
    held = Qt.KeyboardModifier.ShiftModifier if fine else Qt.KeyboardModifier.NoModifier
    for _ in range(times):
        qtbot.keyClick(window.viewports[window.session.active], key, held)


def marks(window: ViewerWindow) -> list[Mark]:
    key = window.session.active_viewport.key
    assert key is not None
    return list(window.session.marks.of_frame(key))


def test_a_length_is_drawn_and_deleted_by_keys(window: ViewerWindow, qtbot: QtBot) -> None:
    feature = pointer_of(window)
    window.perform("tool.length")
    window.perform(ON)
    assert feature.pointer.is_on and window.commands.qt(ON).isChecked()
    start = feature.pointer.at
    press(qtbot, window, Qt.Key.Key_Return)
    press(qtbot, window, Qt.Key.Key_Right, 10)
    press(qtbot, window, Qt.Key.Key_Right, 3, fine=True)
    assert feature.pointer.at.x() - start.x() == 83
    press(qtbot, window, Qt.Key.Key_Return)
    (drawn,) = marks(window)
    projection = window.viewports[window.session.active].projection()
    assert projection is not None
    length = abs(drawn.points[1].column - drawn.points[0].column) * projection.scale
    assert length == pytest.approx(83, abs=0.6) and window.session.active_viewport.index == 0
    press(qtbot, window, Qt.Key.Key_Left, 5)
    assert marks(window) == [drawn]  # the pointer moves, not the selected mark
    press(qtbot, window, Qt.Key.Key_Delete)
    assert not marks(window)


def test_escape_gives_the_arrows_back_to_paging(window: ViewerWindow, qtbot: QtBot) -> None:
    feature = pointer_of(window)
    window.perform(ON)
    press(qtbot, window, Qt.Key.Key_Down)
    assert window.session.active_viewport.index == 0
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not feature.pointer.is_on and not window.commands.qt(ON).isChecked()
    window.perform("page.next")
    assert window.session.active_viewport.index == 1


def test_it_stays_within_the_viewport_and_ends_with_the_study(window: ViewerWindow, qtbot: QtBot) -> None:
    feature = pointer_of(window)
    window.perform("tool.ellipse")
    window.perform(ON)
    press(qtbot, window, Qt.Key.Key_Return)
    press(qtbot, window, Qt.Key.Key_Up, 200)
    assert feature.pointer.at.y() == 0
    window.close_studies()
    assert not feature.pointer.is_on and not feature.pointer.is_down
