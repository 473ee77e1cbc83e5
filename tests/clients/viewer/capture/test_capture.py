"""Capture: the frame by hand, what the picture holds, files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.viewer.capture.feature import CaptureFeature
from clients.viewer.capture.frame import FrameTool, handles, stretched
from clients.viewer.viewport.view import ViewportWidget
from clients.viewer.window import ViewerWindow
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_study


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[ViewerWindow]:
    source = MemorySource(a_study(a_series(5)))
    made = ViewerWindow(source)
    made.resize(1000, 700)
    made.show()
    with qtbot.waitSignal(made.first_image, timeout=30_000):
        made.open_study(next(iter(source.known)))
    made.perform("tool.capture")
    yield made
    made.close()
    made.deleteLater()
    QApplication.processEvents()


def the_feature(window: ViewerWindow) -> CaptureFeature:
    return next(f for f in window.features if isinstance(f, CaptureFeature))


def frame_of(view: ViewportWidget) -> QRectF:
    tool = view.tools["capture"]
    assert isinstance(tool, FrameTool) and tool.frame is not None
    return tool.frame


def drag(view: ViewportWidget, start: QPoint, end: QPoint) -> None:
    view.press_at(QPointF(start), Qt.MouseButton.LeftButton)
    view.drag_to(QPointF((start + end) / 2))
    view.drag_to(QPointF(end))
    view.release_at(QPointF(end))


def bright(image: QImage, area: QRectF) -> int:
    """Pixels lighter than air and darker than nothing, in a part of the picture."""
    return sum(
        image.pixelColor(x, y).lightness() > 60
        for x in range(int(area.left()), int(area.right()))
        for y in range(int(area.top()), int(area.bottom()))
    )


def test_a_frame_is_drawn_moved_and_resized_by_hand(window: ViewerWindow) -> None:
    view = window.viewports[0]
    drag(view, QPoint(100, 120), QPoint(300, 220))
    assert frame_of(view) == QRectF(100, 120, 200, 100)

    drag(view, QPoint(200, 170), QPoint(240, 200))
    assert frame_of(view) == QRectF(140, 150, 200, 100)
    drag(view, QPoint(340, 250), QPoint(400, 300))
    assert frame_of(view) == QRectF(140, 150, 260, 150)
    drag(view, QPoint(200, 200), QPoint(-4000, -4000))
    assert frame_of(view).topLeft() == QPointF(0, 0) and frame_of(view).size().toTuple() == (260, 150)


def test_every_handle_pulls_its_own_sides() -> None:
    frame = QRectF(10, 10, 100, 60)
    for n, handle in enumerate(handles(frame)):
        pulled = stretched(frame, n, handle + QPointF(5, 7))
        assert pulled.contains(frame.center())
        assert (pulled.width() != 100) == (n not in (1, 5)) and (pulled.height() != 60) == (n not in (3, 7))


def test_the_picture_is_what_lies_in_the_frame_without_the_frame(window: ViewerWindow) -> None:
    view, feature = window.viewports[0], the_feature(window)
    drag(view, QPoint(300, 200), QPoint(500, 400))

    image = feature.picture(view, texts=False, identity=False)

    assert image is not None and (image.width(), image.height()) == (200, 200)
    window.perform("tool.page")
    plain = view.grab().toImage()
    assert all(image.pixel(x, x) == plain.pixel(300 + x, 200 + x) for x in range(0, 200, 7))


def test_texts_and_patient_are_kept_or_left_out(window: ViewerWindow) -> None:
    view, feature = window.viewports[0], the_feature(window)
    drag(view, QPoint(0, 0), QPoint(140, 90))
    corner = QRectF(4, 4, 80, 50)
    lower = QRectF(4, 68, 120, 20)

    with_texts = feature.picture(view, texts=True, identity=True)
    stamped = feature.picture(view, texts=False, identity=True)
    bare = feature.picture(view, texts=False, identity=False)

    assert with_texts is not None and stamped is not None and bare is not None
    assert bright(with_texts, corner) > 50 and bright(with_texts, lower) == 0  # named in its corner, not twice
    assert bright(stamped, corner) == 0 and bright(stamped, lower) > 50
    assert bright(bare, corner) == bright(bare, lower) == 0
    assert not window.session.texts_hidden


def test_pictures_are_written_copied_and_sent(window: ViewerWindow, tmp_path: Path, qtbot: QtBot) -> None:
    view, feature = window.viewports[0], the_feature(window)
    drag(view, QPoint(300, 200), QPoint(420, 300))
    image = feature.taken()
    assert image is not None

    for name, kind in (("a.png", b"\x89PNG"), ("b.jpg", b"\xff\xd8\xff"), ("c", b"\x89PNG")):
        assert feature.write(image, tmp_path / name)
        written = tmp_path / (name if "." in name else f"{name}.png")
        assert written.read_bytes()[: len(kind)] == kind
    assert not feature.write(image, tmp_path / "missing" / "d.png") and "无法写入" in window.banner.text()
    feature.copy()
    assert QGuiApplication.clipboard().image().width() == 120
    with qtbot.waitSignal(window.key_image_sent, timeout=1000) as sent:
        feature.send()
    assert sent.args[4][:4] == b"\x89PNG"


def test_another_tool_takes_the_bar_away(window: ViewerWindow) -> None:
    feature = the_feature(window)
    drag(window.viewports[0], QPoint(300, 200), QPoint(420, 300))
    assert feature._bar is not None

    window.perform("tool.page")
    assert feature._bar is None
    assert feature.taken() is None
