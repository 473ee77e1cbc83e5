"""The viewer's window: real widgets, real mouse and keys, pictures asserted at meaningful points."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QElapsedTimer, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.translations import Language, set_language
from clients.viewer.application import preload
from clients.viewer.loading import Arrived
from clients.viewer.menu_icons import MENU_ICONS
from clients.viewer.session import Tool
from clients.viewer.study import FrameKey, SeriesDescription
from clients.viewer.tool_icons import _PATHS
from clients.viewer.viewport.transform import Geometry
from clients.viewer.viewport.view import ViewportWidget
from clients.viewer.window import PROGRESS_EVERY_MS, ViewerWindow
from shared.imaging.codecs import PixelFormat
from shared.imaging.geometry import PixelPoint
from shared.imaging.lut import Window
from tests.clients.viewer.viewer_builders import ROOT, MemorySource, a_series, a_study, an_image, write_series

Open = Callable[..., ViewerWindow]


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Open]:
    """Opens a study in a shown window and waits for its first image."""
    windows: list[ViewerWindow] = []

    def open_window(source: MemorySource | None = None, *, wait: bool = True) -> ViewerWindow:
        source = source or MemorySource(a_study(a_series(20), a_series(8, series="2")))
        window = ViewerWindow(source)
        windows.append(window)
        window.resize(1000, 700)
        window.show()
        qtbot.waitExposed(window, timeout=30_000)
        if wait:
            with qtbot.waitSignal(window.first_image, timeout=30_000):
                window.open_study(next(iter(source.known)))
        return window

    yield open_window
    for window in windows:
        window.close()
        window.deleteLater()
    QApplication.processEvents()


def place_of(viewport: ViewportWidget, column: float, row: float) -> QPoint:
    projection = viewport.projection()
    assert projection is not None
    place = projection.place(PixelPoint(column, row))
    return QPoint(round(place.x), round(place.y))


def drag(qtbot: QtBot, viewport: ViewportWidget, start: QPoint, end: QPoint, button: Qt.MouseButton) -> None:
    qtbot.mousePress(viewport, button, pos=start)
    qtbot.mouseMove(viewport, (start + end) / 2)
    qtbot.mouseMove(viewport, end)
    _move(viewport, end, button)
    qtbot.mouseRelease(viewport, button, pos=end)


def _move(viewport: ViewportWidget, at: QPoint, button: Qt.MouseButton) -> None:
    """A move that certainly reaches the widget (offscreen, the pointer may already be there)."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(at), viewport.mapToGlobal(QPointF(at)), Qt.MouseButton.NoButton, button,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)


NONE = Qt.KeyboardModifier.NoModifier


def wheel(viewport: ViewportWidget, notches: int, modifiers: Qt.KeyboardModifier = NONE) -> None:
    middle = QPointF(viewport.rect().center())
    event = QWheelEvent(
        middle, viewport.mapToGlobal(middle), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, modifiers,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)


def grey_at(viewport: ViewportWidget, column: float, row: float) -> int:
    image: QImage = viewport.grab().toImage()
    at = place_of(viewport, column, row)
    return image.pixelColor(at).red()


# --- opening -----------------------------------------------------------------------------------------------


def test_a_study_is_shown_in_turns_of_its_own_and_the_buttons_follow_once(
    opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten changes at once, a millisecond of buttons each: the reader's hand waited for them."""
    source = MemorySource(a_study(a_series(6)))
    window = opened(source, wait=False)
    reflected: list[bool] = []
    feature = window.features[0]
    monkeypatch.setattr(feature, "reflect", lambda: reflected.append(bool(window.session.studies)))
    window.opening._on_described(window.opening._generation, "open", source.study(next(iter(source.known))))
    assert window.session.studies == (), "not in the turn that brought it"
    assert not window.commands.qt("image.key").isEnabled()

    qtbot.waitUntil(lambda: bool(window.session.studies))
    qtbot.waitUntil(lambda: window.commands.qt("image.key").isEnabled())

    assert reflected.count(True) <= 3, reflected


def test_the_panes_of_a_new_study_are_painted_one_a_turn(opened: Open, qtbot: QtBot) -> None:
    source = MemorySource(a_study(a_series(6), a_series(5, series="2")))
    window = opened(source)
    window.perform("layout.2x2")
    qtbot.waitUntil(window.is_settled, timeout=30_000)
    window.opening.showing.emit()
    assert not any(viewport.updatesEnabled() for viewport in window.viewports)
    window.opening.shown.emit()
    assert not window.is_settled()  # what is veiled is no picture yet
    shown = [viewport for viewport in window.viewports if viewport.isVisible()]
    painted: list[int] = []
    for _ in range(len(shown) + 1):
        window._unveil()
        painted.append(sum(viewport.updatesEnabled() for viewport in shown))

    assert len(shown) == 4 and painted == [1, 2, 3, 4, 4]
    assert all(viewport.updatesEnabled() for viewport in window.viewports)
    qtbot.waitUntil(window.is_settled, timeout=30_000)


def test_panes_come_back_when_a_study_cannot_be_shown(
    opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = MemorySource(a_study(a_series(6)))
    window = opened(source, wait=False)

    def fail() -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(window.session, "_fill", fail)
    with qtbot.captureExceptions() as told:
        window.open_study(next(iter(source.known)))
        qtbot.waitUntil(lambda: bool(told), timeout=30_000)
    qtbot.waitUntil(lambda: all(viewport.updatesEnabled() for viewport in window.viewports), timeout=30_000)
    assert "a defect" in str(told[0][1])


def test_what_was_described_before_something_else_was_asked_for_is_not_shown(opened: Open, qtbot: QtBot) -> None:
    late, wanted = a_study(a_series(3), uid=f"{ROOT}.7"), a_study(a_series(4), uid=f"{ROOT}.8")
    source = MemorySource(wanted)
    window = opened(source, wait=False)
    shown: list[list[str]] = []
    window.studies_shown.connect(shown.append)
    window.opening._on_described(window.opening._generation, "open", late)

    with qtbot.waitSignal(window.first_image, timeout=30_000):
        window.open_study(wanted.study_uid)

    assert shown == [[wanted.study_uid]]


# --- pixels ------------------------------------------------------------------------------------------------


def test_the_pixels_on_screen_are_those_of_the_standard(opened: Open) -> None:
    """1064 stored = 40 HU, the middle of 400/40: grey 128; air is black; above the window white."""
    viewport = opened().viewports[0]

    assert grey_at(viewport, 16, 12) == 128
    assert grey_at(viewport, 2, 28) == 0

    viewport.state.voi = Window(0, 10)
    assert grey_at(viewport, 16, 12) == 255


def test_inversion_and_back(opened: Open, qtbot: QtBot) -> None:
    window = opened()
    qtbot.keyClick(window, Qt.Key.Key_I)
    assert grey_at(window.viewports[0], 2, 28) == 255

    qtbot.keyClick(window, Qt.Key.Key_I)
    assert grey_at(window.viewports[0], 2, 28) == 0


def test_outside_the_image_stays_black_when_inverted(opened: Open) -> None:
    window = opened()
    window.session.texts_hidden = True
    window.session.active_viewport.inverted = True
    viewport = window.viewports[0]

    assert viewport.grab().toImage().pixelColor(40, viewport.height() // 3).red() == 0


def test_presets_by_key(opened: Open, qtbot: QtBot) -> None:
    window = opened()
    for key, width, level in ((Qt.Key.Key_4, 1500, -700), (Qt.Key.Key_5, 1600, 500), (Qt.Key.Key_1, 85, 40)):
        qtbot.keyClick(window, key)
        assert window.session.active_viewport.voi == Window(level, width)
    qtbot.keyClick(window, Qt.Key.Key_0)
    assert window.session.active_viewport.voi is None


def test_colour_images_are_shown_in_colour(opened: Open) -> None:
    fmt = PixelFormat(8, 8, 8, 8, samples=3, photometric="RGB")
    study = a_study(a_series(1, modality="XC", pixel_format=fmt))
    source = MemorySource(study)
    image = study.series[0].images[0]
    frame_key = FrameKey(image.sop_instance_uid, 0)
    source.broken[frame_key] = Arrived(frame_key, bytes([200, 30, 60]) * 64)
    viewport = opened(source).viewports[0]
    viewport.session.texts_hidden = True

    colour = viewport.grab().toImage().pixelColor(place_of(viewport, 2, 2))
    assert (colour.red(), colour.green(), colour.blue()) == (200, 30, 60)


def test_a_minified_image_is_averaged_not_sampled(opened: Open) -> None:
    """A one-pixel chequerboard seen at a quarter of its size is even grey."""
    side = 2000
    study = a_study(a_series(1, pixel_format=PixelFormat(side, side, 16, 12), modality="DX"))
    source = MemorySource(study)
    key = FrameKey(study.series[0].images[0].sop_instance_uid, 0)
    y, x = np.mgrid[0:side, 0:side]
    source.broken[key] = Arrived(key, np.where((x + y) % 2, 1224, 904).astype("<u2").tobytes())
    viewport = opened(source).viewports[0]
    viewport.session.texts_hidden = True
    shown = viewport.grab().toImage()
    middle = [shown.pixelColor(viewport.width() // 2 + n, viewport.height() // 2 + 40).red() for n in range(20)]

    assert max(middle) - min(middle) <= 8 and 118 < np.mean(middle) < 138


# --- mouse -------------------------------------------------------------------------------------------------


def test_the_window_tool_widens_upwards_and_raises_to_the_right(opened: Open, qtbot: QtBot) -> None:
    viewport = opened().viewports[0]
    assert viewport.session.tool is Tool.WINDOW
    drag(qtbot, viewport, QPoint(400, 400), QPoint(440, 300), Qt.MouseButton.LeftButton)

    assert viewport.state.voi == Window(40 + 40, 400 + 100)


def test_the_right_button_windows_with_every_tool(opened: Open, qtbot: QtBot) -> None:
    viewport = opened().viewports[0]
    viewport.session.tool = Tool.LENGTH
    drag(qtbot, viewport, QPoint(400, 400), QPoint(400, 350), Qt.MouseButton.RightButton)

    assert viewport.state.voi == Window(40, 450)


def test_the_wheel_pages_and_with_control_zooms(opened: Open) -> None:
    viewport = opened().viewports[0]
    wheel(viewport, -3)
    assert viewport.state.index == 3
    wheel(viewport, 1)
    assert viewport.state.index == 2
    before = viewport.projection()
    wheel(viewport, 1, Qt.KeyboardModifier.ControlModifier)
    after = viewport.projection()

    assert before is not None and after is not None and after.scale == pytest.approx(before.scale * 1.1)


def test_the_middle_button_moves_the_image_with_the_pointer(opened: Open, qtbot: QtBot) -> None:
    viewport = opened().viewports[0]
    before = place_of(viewport, 16, 16)
    drag(qtbot, viewport, QPoint(300, 300), QPoint(350, 320), Qt.MouseButton.MiddleButton)

    assert place_of(viewport, 16, 16) - before == QPoint(50, 20)


def test_the_zoom_tool_enlarges_upwards(opened: Open, qtbot: QtBot) -> None:
    viewport = opened().viewports[0]
    viewport.session.tool = Tool.ZOOM
    before = viewport.projection()
    drag(qtbot, viewport, QPoint(300, 300), QPoint(300, 200), Qt.MouseButton.LeftButton)
    after = viewport.projection()

    assert before is not None and after is not None and after.scale > 1.5 * before.scale


def test_the_rotate_tool_turns_with_the_pointer(opened: Open, qtbot: QtBot) -> None:
    viewport = opened().viewports[0]
    viewport.session.tool = Tool.ROTATE
    middle = viewport.rect().center()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(200, 0))
    for degrees in range(10, 91, 10):
        angle = math.radians(degrees)
        _move(
            viewport,
            middle + QPoint(round(200 * math.cos(angle)), round(200 * math.sin(angle))),
            Qt.MouseButton.LeftButton,
        )
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(0, 200))

    assert viewport.state.geometry.rotation_deg == pytest.approx(90, abs=1)


def test_a_length_is_drawn_changed_moved_and_deleted(opened: Open, qtbot: QtBot) -> None:
    """VW-MEA-06, -08, -09, -10."""
    window = opened()
    viewport, book = window.viewports[0], window.session.marks
    told: list[tuple[str, float, str, str]] = []
    window.measurement_drawn.connect(lambda *values: told.append(values))
    viewport.session.tool = Tool.LENGTH
    drag(qtbot, viewport, place_of(viewport, 4, 10), place_of(viewport, 24, 10), Qt.MouseButton.LeftButton)

    (drawn,) = book.of_frame(viewport.state.key)  # type: ignore[arg-type]
    assert told[-1][1] == pytest.approx(10.0, abs=0.1) and told[-1][2] == "mm"

    drag(qtbot, viewport, place_of(viewport, *drawn.points[1]), place_of(viewport, 28, 10), Qt.MouseButton.LeftButton)
    assert told[-1][1] == pytest.approx(12.0, abs=0.1)

    drag(qtbot, viewport, place_of(viewport, 15, 10), place_of(viewport, 15, 20), Qt.MouseButton.LeftButton)
    (moved,) = book.of_frame(viewport.state.key)  # type: ignore[arg-type]
    assert moved.points[0].row == pytest.approx(20, abs=0.2) and told[-1][1] == pytest.approx(12.0, abs=0.1)

    qtbot.mouseClick(viewport, Qt.MouseButton.RightButton, pos=place_of(viewport, 15, 20))
    assert book.of_frame(viewport.state.key) == ()  # type: ignore[arg-type]

    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert book.of_frame(viewport.state.key) == (moved,)  # type: ignore[arg-type]


def test_a_click_draws_no_length(opened: Open, qtbot: QtBot) -> None:
    window = opened()
    window.session.tool = Tool.LENGTH
    qtbot.mouseClick(window.viewports[0], Qt.MouseButton.LeftButton, pos=QPoint(300, 300))

    assert list(window.session.marks) == []


def test_an_angle_is_a_side_and_a_click(opened: Open, qtbot: QtBot) -> None:
    """VW-MEA-05."""
    window = opened()
    viewport = window.viewports[0]
    window.session.tool = Tool.ANGLE
    drag(qtbot, viewport, place_of(viewport, 26, 16), place_of(viewport, 10, 16), Qt.MouseButton.LeftButton)
    _move(viewport, place_of(viewport, 10, 4), Qt.MouseButton.NoButton)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place_of(viewport, 10, 4))

    (angle,) = window.session.marks
    assert len(angle.points) == 3 and angle.points[2].row == pytest.approx(4, abs=0.1)


def test_a_measurement_stays_on_its_image(opened: Open) -> None:
    window = opened()
    window.draw_length(PixelPoint(1, 1), PixelPoint(9, 9))
    viewport = window.viewports[0]
    key = viewport.state.key
    viewport.state.step(1)

    assert key is not None and len(window.session.marks.of_frame(key)) == 1
    assert window.session.marks.of_frame(viewport.state.key) == ()  # type: ignore[arg-type]


def test_a_double_click_shows_a_viewport_alone_and_goes_back(opened: Open, qtbot: QtBot) -> None:
    window = opened()
    window.perform("layout.2x2")
    window.viewports[1].state.index = 3
    qtbot.mouseDClick(window.viewports[1], Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    shown_alone = window.session.viewports[0].stack
    qtbot.mouseDClick(window.viewports[0], Qt.MouseButton.LeftButton, pos=QPoint(50, 50))

    assert shown_alone is window.session.stacks[1]
    assert window.session.layout.key == "2x2" and window.session.viewports[1].index == 3
    assert window.session.viewports[0].stack is window.session.stacks[0]


# --- keys and actions ----------------------------------------------------------------------------------------


def test_every_declared_action_can_be_done(opened: Open) -> None:
    from clients.viewer.commands import COMMANDS
    from clients.viewer.marks.feature import MarksFeature as Marks
    from clients.viewer.reading import commands as reading

    window = opened()
    for action in (*(a for _, a in (*reading.TOOLS, *Marks.tools)), *COMMANDS, *Marks.actions, *reading.COMMANDS):
        if action.id not in ("file.open", "marks.export"):  # they ask in a dialog
            assert window.perform(action.id), action.id
    assert not window.perform("no.such")


def test_reset_after_everything(opened: Open, qtbot: QtBot) -> None:
    window = opened()
    viewport = window.session.active_viewport
    for action in ("view.invert", "view.left90", "view.flip_vertical", "view.actual", "preset.bone"):
        window.perform(action)
    qtbot.keyClick(window, Qt.Key.Key_R)

    assert viewport.geometry == Geometry() and viewport.voi is None and not viewport.inverted


def test_linked_viewports_page_to_the_same_place(opened: Open) -> None:
    thick = tuple(an_image(n, z=4.0 * n, series="2") for n in range(10))
    study = a_study(a_series(20), SeriesDescription(f"{ROOT}.2", "CT", 2, "thick", "", thick))
    window = opened(MemorySource(study))
    window.perform("layout.2x1")
    window.perform("view.link")
    window.session.active = 0
    window.session.viewports[0].index = 12  # 24 mm

    frame = window.session.viewports[1].frame
    assert frame is not None and frame.plane is not None and frame.plane.origin.z == 24

    window.perform("view.link")
    window.session.viewports[0].index = 0
    assert window.session.viewports[1].index == 6


def test_the_key_image_goes_out_with_its_measurements(opened: Open, qtbot: QtBot) -> None:
    window = opened()
    window.draw_length(PixelPoint(2, 2), PixelPoint(22, 2))
    with qtbot.waitSignal(window.key_image_sent, timeout=30_000) as sent:
        qtbot.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    study, series, sop, frame, png, values = sent.args

    assert (study, series, sop, frame) == (f"{ROOT}.9", f"{ROOT}.1", f"{ROOT}.1.1", 0)
    assert png.startswith(b"\x89PNG") and values == ["10.0 mm"]
    assert window.session.key_images
    picture, image = QImage.fromData(png), window.session.viewports[0].image
    assert image is not None
    shape = image.pixel_format
    assert picture.width() / picture.height() == pytest.approx(shape.columns / shape.rows, rel=0.02)  # no margins


# --- opening and failing -------------------------------------------------------------------------------------


def test_an_unreadable_image_says_why_and_the_next_is_shown(opened: Open, qtbot: QtBot) -> None:
    study = a_study(a_series(4))
    source = MemorySource(study)
    window = opened(source, wait=False)
    keys = [(image.sop_instance_uid, 0) for image in study.series[0].images]
    bad = FrameKey(*keys[1])
    source.broken[bad] = Arrived(bad, b"")
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(study.study_uid)
    window.perform("image.2")
    window.grab()
    painted_bad = window.viewports[0].last_painted
    window.perform("image.3")
    window.grab()

    assert painted_bad != bad and window.viewports[0].last_painted == FrameKey(*keys[2])


def test_a_study_that_cannot_be_had_is_a_sentence(opened: Open, qtbot: QtBot) -> None:
    window = opened(wait=False)
    with qtbot.waitSignal(window.failed, timeout=30_000) as failed:
        window.open_study("1.2.3")

    assert failed.args == ["The study is not there."] and window.viewports[0].message == "The study is not there."


def test_a_late_answer_does_not_replace_the_study_asked_for_since(opened: Open, qtbot: QtBot) -> None:
    first, second = a_study(uid="1.1"), a_study(a_series(3, series="3"), uid="1.2")
    source = MemorySource(first, second)
    window = opened(source, wait=False)
    source.study_gate.clear()
    window.open_study("1.1")
    window.open_study("1.2")
    source.study_gate.set()
    qtbot.waitUntil(lambda: bool(window.session.studies), timeout=30_000)
    qtbot.wait(100)

    assert [study.study_uid for study in window.session.studies] == ["1.2"]


def test_images_that_come_later_join_those_that_are_there(opened: Open, qtbot: QtBot) -> None:
    first = a_study(a_series(6))
    source = MemorySource(first)
    window = opened(source)
    qtbot.waitUntil(lambda: window.store.of(window.session.stacks[0]).loaded == 6, timeout=30_000)
    window.perform("image.4")
    key = window.session.active_viewport.key
    asked = len(source.asked)
    more = MemorySource(a_study(a_series(10)))
    source.known, source.images = more.known, more.images
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.refresh_study(first.study_uid)

    assert len(window.session.stacks[0]) == 10 and window.session.active_viewport.key == key
    assert len(source.asked) == asked + 4
    assert window.store.of(window.session.stacks[0]).loaded == 10


def test_closing_while_images_come_is_quick_and_clean(opened: Open, qtbot: QtBot) -> None:
    source = MemorySource(a_study(a_series(300)))
    window = opened(source)
    timer = QElapsedTimer()
    timer.start()
    window.close()

    assert timer.elapsed() < 1000 and source.closed


def test_a_warning_when_two_patients_are_open(opened: Open, qtbot: QtBot) -> None:
    source = MemorySource(a_study(), a_study(a_series(2, series="5"), uid="1.2", patient_id="P2"))
    window = opened(source)
    window.compare_study("1.2")
    qtbot.waitUntil(lambda: len(window.session.studies) == 2, timeout=30_000)

    assert window.warning.isVisible() and "不同患者" in window.warning.text()
    window.desk.say("请先画一条线")
    assert window.warning.isVisible() and window.banner.isVisible()
    qtbot.mouseClick(window.banner, Qt.MouseButton.LeftButton)
    assert window.warning.isVisible() and not window.banner.isVisible()


def test_files_of_a_folder(qtbot: QtBot, tmp_path: Path, opened: Open) -> None:
    write_series(tmp_path, 6)
    window = opened(wait=False)
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_files([tmp_path])

    assert [len(stack) for stack in window.session.stacks] == [6]
    assert grey_at(window.viewports[0], 32, 24) == 128


def test_the_end_of_loading_is_not_told_before_what_came_last_is_shown(opened: Open, qtbot: QtBot) -> None:
    window = opened()
    assert window.opening.loader is not None
    qtbot.waitUntil(lambda: not window.opening._tell_all, timeout=30_000)
    stack = window.session.stacks[0]
    told: list[str] = []
    window.first_image.connect(lambda _uid: told.append("first"))
    window.all_loaded.connect(lambda _frames: told.append("all"))
    window.opening.awaiting_first, window.opening._tell_all = stack.study.study_uid, True

    # The first image, still on its way to the window.
    window.opening.bridge.frames(stack, [window.session.viewports[0].index])
    window.opening._on_arrived([(stack, [7])])

    assert told == []
    qtbot.waitUntil(lambda: len(told) == 2, timeout=30_000)
    assert told == ["first", "all"]


def test_both_languages(opened: Open) -> None:
    window = opened()
    set_language(Language.ENGLISH)

    assert window.commands.qt("view.reset").text() == "Reset"


# --- the GUI thread --------------------------------------------------------------------------------------------


def test_the_gui_never_blocks_while_images_come(opened: Open, qtbot: QtBot) -> None:
    """A heart beats every millisecond while 300 slices of 512 × 512 stream in and the reader pages."""
    preload().join()  # as the program does while it waits
    fmt = PixelFormat(512, 512, 16, 12)
    source = MemorySource(a_study(a_series(300, pixel_format=fmt)))
    data = np.random.default_rng(1).integers(0, 2000, (512, 512)).astype("<u2").tobytes()
    for image in source.images.values():
        key = FrameKey(image.sop_instance_uid, 0)
        source.broken[key] = Arrived(key, data)
    window = opened(source, wait=False)
    busy: list[float] = []
    last = time.thread_time()

    def beat() -> None:
        nonlocal last
        now = time.thread_time()
        busy.append((now - last) * 1000)
        last = now
        window.session.active_viewport.step(1)

    heart = QTimer()
    heart.timeout.connect(beat)
    heart.start(1)
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(f"{ROOT}.9")
    heart.stop()

    # The thread's own time: what the neighbours on this machine take is not ours.
    assert len(busy) >= 3 and max(busy) < 40 and np.median(busy) < 20, f"worst {max(busy):.0f} ms"


# --- areas, values, cine ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", [Tool.RECTANGLE, Tool.ELLIPSE])
def test_an_area_is_drawn_and_its_handle_changes_it(opened: Open, qtbot: QtBot, tool: Tool) -> None:
    """VW-MEA-02, -03, -10: the disc is 40 HU everywhere."""
    window = opened()
    viewport = window.viewports[0]
    told: list[tuple[str, float, str, str]] = []
    window.measurement_drawn.connect(lambda *values: told.append(values))
    window.session.tool = tool
    drag(qtbot, viewport, place_of(viewport, 12, 12), place_of(viewport, 20, 20), Qt.MouseButton.LeftButton)
    assert "40.0 ± 0.0 HU" in told[-1][0] and told[-1][2] == "mm²"
    before = told[-1][1]

    (area,) = window.session.marks
    drag(qtbot, viewport, place_of(viewport, *area.points[1]), place_of(viewport, 22, 22), Qt.MouseButton.LeftButton)
    assert told[-1][1] > before


def test_a_click_with_the_pixel_tool_shows_the_value(opened: Open, qtbot: QtBot) -> None:
    window = opened()
    told: list[tuple[str, float, str, str]] = []
    window.measurement_drawn.connect(lambda *values: told.append(values))
    window.session.tool = Tool.PIXEL
    qtbot.mouseClick(window.viewports[0], Qt.MouseButton.LeftButton, pos=place_of(window.viewports[0], 16, 16))

    assert told[-1][0] == "40 HU"


def test_playing_goes_round_until_it_is_stopped(opened: Open, qtbot: QtBot) -> None:
    """VW-CIN-01, -02."""
    window = opened(MemorySource(a_study(a_series(3))))
    qtbot.waitUntil(lambda: window.store.of(window.session.stacks[0]).loaded == 3, timeout=30_000)
    seen: list[int] = []
    window.session.active_viewport.changed.connect(lambda _aspect: seen.append(window.session.active_viewport.index))
    window.perform("cine.play")
    qtbot.waitUntil(lambda: seen[:5] == [1, 2, 0, 1, 2], timeout=30_000)
    window.perform("cine.play")
    stopped_at = len(seen)
    qtbot.wait(200)

    assert len(seen) == stopped_at


def test_the_magnifier_enlarges_what_is_under_the_pointer(opened: Open, qtbot: QtBot) -> None:
    """VW-MG-01: the pixel under the pointer stays there, its neighbours move away 2.5 times as far."""
    window = opened()
    viewport = window.viewports[0]
    window.session.texts_hidden = True
    window.session.tool = Tool.MAGNIFIER
    edge = place_of(viewport, 16, 26.7)  # the lower edge of the disc
    inside = edge - QPoint(0, 60)
    before = viewport.grab().toImage()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=inside)
    held = viewport.grab().toImage()
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=inside)
    after = viewport.grab().toImage()

    below = inside + QPoint(0, 90)
    assert before.pixelColor(below).red() == 0  # 30 pixels below the edge there is air
    assert held.pixelColor(below).red() == 128  # 90 / 2.5 = 36 pixels below the pointer there is tissue
    assert held.pixelColor(inside).red() == 128
    assert after == before


def test_two_patients_are_named_even_with_texts_hidden(opened: Open, qtbot: QtBot) -> None:
    """VW-EX-06."""
    source = MemorySource(a_study(), a_study(a_series(2, series="5"), uid="1.2", patient_id="P2"))
    window = opened(source)
    viewport = window.viewports[0]
    window.session.texts_hidden = True
    without = viewport.grab().toImage().copy(0, 0, 150, 60)
    window.compare_study("1.2")
    qtbot.waitUntil(lambda: len(window.session.studies) == 2, timeout=30_000)
    named = viewport.grab().toImage().copy(0, 0, 150, 60)

    assert without != named


def test_memory_has_a_limit_and_what_is_shown_is_always_there(opened: Open, qtbot: QtBot) -> None:
    """VW-EX-07: three series of 640 kB each within 1 MB."""
    fmt = PixelFormat(128, 128, 16, 12)
    source = MemorySource(a_study(*(a_series(20, series=str(n), pixel_format=fmt) for n in (1, 2, 3))))
    window = opened(source, wait=False)
    window.store.limit_bytes = 1_000_000
    with qtbot.waitSignal(window.first_image, timeout=30_000):
        window.open_study(f"{ROOT}.9")
    for number in (1, 3, 2, 1):
        window.perform(f"series.{number}")
        stack = window.session.stacks[number - 1]
        qtbot.waitUntil(lambda stack=stack: window.store.of(stack).loaded == 20, timeout=30_000)  # type: ignore[misc]
        qtbot.wait(60)
        assert window.store.nbytes <= 1_000_000 + 655_360
        shown = window.store.of(stack).frame(19)
        assert shown is not None and shown.shape == (128, 128)


def test_entries_of_menus_have_icons_of_their_own(opened: Open) -> None:
    """VW-OPN-11: no icon stands for two entries."""
    window = opened(wait=False)
    paths = [_PATHS[name] for name in MENU_ICONS.values()]
    assert len(set(paths)) == len(paths)
    for menu in window.tool_bar._menus.values():
        menu.aboutToShow.emit()
    for action_id in MENU_ICONS:
        assert not window.commands.qt(action_id).icon().isNull(), action_id


def test_progress_is_painted_a_few_times_a_second_and_at_the_end(
    opened: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened()
    qtbot.waitUntil(lambda: window.opening.loader is not None and window.opening.loader.waiting == 0, timeout=30_000)
    qtbot.waitUntil(lambda: not window._progress.isActive(), timeout=30_000)
    painted: list[int] = []
    monkeypatch.setattr(window.strip, "refresh", lambda: painted.append(told))
    clock = QElapsedTimer()
    clock.start()

    for told in range(50):  # noqa: B007 - the stand-in reads it
        window.opening.progressed.emit()
        QApplication.processEvents()

    assert len(painted) <= clock.elapsed() // PROGRESS_EVERY_MS
    qtbot.waitUntil(lambda: painted != [] and painted[-1] == 49, timeout=30_000)
