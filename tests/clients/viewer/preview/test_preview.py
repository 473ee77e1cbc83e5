"""The preview of a series: opened by the right button, moved, sized, paged, zoomed, windowed, seen in other planes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.settings import HOME_VARIABLE
from clients.viewer.preview.feature import PreviewFeature
from clients.viewer.preview.popup import LEAST, PreviewPopup
from clients.viewer.window import ViewerWindow
from shared.imaging.lut import Window
from tests.clients.viewer.viewer_builders import write_series

BUTTONS = Qt.MouseButton


def drag(widget: QWidget, start: tuple[int, int], by: tuple[int, int], button: Qt.MouseButton) -> None:
    none, modifiers = BUTTONS.NoButton, Qt.KeyboardModifier.NoModifier
    a = QPointF(*start)
    b = a + QPointF(*by)
    origin = QPointF(widget.mapToGlobal(QPoint(0, 0)))
    for kind, at, held in (
        (QEvent.Type.MouseButtonPress, a, button),
        (QEvent.Type.MouseMove, b, button),
        (QEvent.Type.MouseButtonRelease, b, none),
    ):
        what = none if kind == QEvent.Type.MouseMove else button
        QApplication.sendEvent(widget, QMouseEvent(kind, at, at + origin, what, held, modifiers))


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ViewerWindow]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    write_series(tmp_path / "ct", 12)
    window = ViewerWindow()
    window.resize(1366, 768)
    window.show()
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_files([tmp_path / "ct"])
    yield window
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def opened(window: ViewerWindow) -> tuple[PreviewFeature, PreviewPopup]:
    feature = next(feature for feature in window.features if isinstance(feature, PreviewFeature))
    strip = window.strip.widget()
    assert strip is not None
    drag(strip, (70, 100), (0, 0), BUTTONS.RightButton)
    assert feature.popup is not None
    return feature, feature.popup


def test_it_pages_zooms_and_windows_by_the_three_buttons(window: ViewerWindow) -> None:
    _, popup = opened(window)
    view = popup.view
    assert view.state.index == 6 and window.rect().contains(popup.geometry())

    drag(view, (100, 100), (0, -60), BUTTONS.LeftButton)
    assert view.state.index < 6
    zoom = view.state.geometry.zoom
    drag(view, (100, 200), (0, -80), BUTTONS.RightButton)
    assert view.state.geometry.zoom > zoom * 1.3
    drag(view, (100, 200), (0, -30), BUTTONS.MiddleButton)
    first = view.voi()
    assert isinstance(first, Window) and first.width > 400 and first.centre == 40
    drag(view, (100, 200), (30, 0), BUTTONS.MiddleButton)
    second = view.voi()
    assert isinstance(second, Window) and second.width == first.width and second.centre > 40
    assert window.session.active_viewport.index == 0 and window.session.active_viewport.voi is None


def test_it_moves_by_its_head_and_grows_by_each_corner(window: ViewerWindow) -> None:
    feature, popup = opened(window)
    popup.setGeometry(300, 100, 400, 400)
    drag(popup.head, (50, 10), (40, 25), BUTTONS.LeftButton)
    assert popup.pos() == QPoint(340, 125) and popup.size().width() == 400

    for name, by, wanted in (
        ("corner.bottom.right", (30, 20), (340, 125, 430, 420)),
        ("corner.top.left", (-10, -15), (330, 110, 440, 435)),
        ("corner.top.right", (10, 5), (330, 115, 450, 430)),
        ("corner.bottom.left", (5, 5), (335, 115, 445, 435)),
    ):
        corner = popup.findChild(QWidget, name)
        assert isinstance(corner, QWidget)
        drag(corner, (5, 5), by, BUTTONS.LeftButton)
        assert popup.geometry().getRect() == wanted, name
    corner = popup.findChild(QWidget, "corner.bottom.right")
    assert isinstance(corner, QWidget)
    drag(corner, (5, 5), (-2000, -2000), BUTTONS.LeftButton)
    assert popup.width() >= LEAST and popup.height() >= LEAST

    popup.shut()
    assert feature.popup is None


def test_other_planes_are_computed_and_given_back(window: ViewerWindow, qtbot: QtBot) -> None:
    feature, popup = opened(window)
    original = popup.view.state.stack
    before = window.store.nbytes
    popup.planes.choose(2)
    qtbot.waitUntil(lambda: popup.view.state.stack is not original, timeout=30_000)
    made = popup.view.state.stack
    assert made is not None and made.shape[1] == 64 and popup.view.message == ""
    assert len(made) == 64
    popup.planes.choose(0)
    assert popup.view.state.stack is original

    popup.shut()
    assert feature.popup is None and window.store.nbytes == before


def test_closing_the_study_closes_the_preview(window: ViewerWindow) -> None:
    feature, _ = opened(window)
    window.close_studies()
    assert feature.popup is None
