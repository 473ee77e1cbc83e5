"""Reading at the window: buttons, menus, keys, fingers, cine, numbers, the row of tools."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from clients.kit.translations import Language, set_language
from clients.viewer.presets import WINDOW_PRESETS, WINDOWS
from clients.viewer.reading.cine import Way
from clients.viewer.reading.feature import ReadingFeature
from clients.viewer.session import WindowDrag
from clients.viewer.tool_bar import ToolBar
from clients.viewer.viewport.palettes import PALETTES
from clients.viewer.viewport.state import Slab
from clients.viewer.viewport.view import ViewportWidget
from clients.viewer.window import ViewerWindow
from shared.imaging.geometry import PixelPoint
from shared.imaging.lut import Window
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_study

TOUCH = QTest.createTouchDevice()


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[ViewerWindow]:
    source = MemorySource(a_study(a_series(20), a_series(8, series="2")))
    made = ViewerWindow(source)
    made.resize(1366, 768)
    made.show()
    with qtbot.waitSignal(made.all_loaded, timeout=30_000):
        made.open_study(next(iter(source.known)))
    yield made
    made.close()
    made.deleteLater()
    QApplication.processEvents()


def the_feature(window: ViewerWindow) -> ReadingFeature:
    return next(f for f in window.features if isinstance(f, ReadingFeature))


def indices(window: ViewerWindow) -> list[int]:
    return [viewport.index for viewport in window.session.visible]


def test_presets_have_the_values_of_the_requirements() -> None:
    values = {p.key: (p.window.width, p.window.centre) for p in WINDOW_PRESETS}

    assert values == {
        "head": (85, 40),
        "mediastinum": (400, 40),
        "vessel": (350, 40),
        "lung": (1500, -700),
        "bone": (1600, 500),
        "maximum": (1000, 500),
    }


def test_windows_stand_in_the_menu_and_split_the_selected_viewport(window: ViewerWindow, qtbot: QtBot) -> None:
    menu = window._menus["menu.windows"]
    entries = [action for action in menu.actions() if not action.isSeparator()]
    assert len(entries) == len(WINDOWS)

    entries[5].trigger()  # four
    window.perform("page.next")
    shown = [v for v in window.viewports if v.isVisible()]
    assert len(shown) == 4 and indices(window) == [1, 2, 3, 4]
    qtbot.waitUntil(lambda: all(v.last_painted is not None for v in shown), timeout=30_000)
    assert entries[5].isChecked() and not entries[0].isChecked()
    window.perform("edit.undo")
    assert len([v for v in window.viewports if v.isVisible()]) == 1


def test_the_button_of_colours_opens_its_menu_and_takes_the_colours_back(window: ViewerWindow) -> None:
    button = window.tool_bar.findChild(QToolButton, "menu.colours")
    menu, state = window._menus["menu.colours"], window.session.active_viewport
    assert isinstance(button, QToolButton)
    button.click()
    assert menu.isVisible()
    menu.close()
    choices = [a for a in menu.actions() if a.isCheckable() and not a.isSeparator()][1:]
    assert len(choices) == len(PALETTES)
    choices[1].trigger()
    assert state.palette == "pet" and button.isChecked()

    button.click()
    assert state.palette == "" and not menu.isVisible()
    window.perform("view.colours")
    assert state.palette == "pet"


def test_pseudo_colour_is_painted_and_grey_comes_back(window: ViewerWindow) -> None:
    view = window.viewports[0]
    middle = QPoint(view.width() // 2, view.height() // 2)
    grey = view.grab().toImage().pixelColor(middle)
    window.perform("palette.winter")
    colour = view.grab().toImage().pixelColor(middle)
    window.perform("palette.")

    assert grey.red() == grey.green() == grey.blue()
    assert not colour.red() == colour.green() == colour.blue()
    assert view.grab().toImage().pixelColor(middle) == grey


def test_numbers_change_slab_and_window_at_once(window: ViewerWindow) -> None:
    feature, state = the_feature(window), window.session.active_viewport
    window.perform("view.numbers")
    dialog = feature._numbers
    assert dialog is not None
    assert (dialog.width_.value(), dialog.level.value()) == (400, 40) and dialog.thickness.isEnabled()

    dialog.thickness.setValue(8.0)
    dialog.projection.setCurrentIndex(dialog.projection.findData("mean"))
    dialog.projection.activated.emit(dialog.projection.currentIndex())
    dialog.width_.setValue(123)
    assert state.slab == Slab(8.0, "mean") and isinstance(state.voi, Window) and state.voi.width == 123
    window.perform("preset.lung")
    assert (dialog.width_.value(), dialog.level.value()) == (1500, -700)
    dialog.thickness.setValue(0.0)
    assert state.slab is None


def test_a_click_on_the_mark_of_a_slab_or_of_interpolation_takes_it_back(window: ViewerWindow) -> None:
    view, state = window.viewports[0], window.session.active_viewport
    state.slab = Slab(8.0)
    view.grab()
    spots = list(view.spots)
    assert len(spots) == 2  # the slab, and interpolation: 32 pixels over the whole viewport

    for area, _ in spots:
        view.press_at(area.center(), Qt.MouseButton.LeftButton)
        view.release_at(area.center())

    assert state.slab is None and not window.session.smooth
    window.perform("view.squares")
    assert window.session.smooth


def test_the_wheel_and_the_drag_of_the_window_can_be_turned_round(window: ViewerWindow, qtbot: QtBot) -> None:
    view, state = window.viewports[0], window.session.active_viewport
    window.perform("tool.window")

    def drag(x: int, y: int) -> tuple[float, float]:
        state.voi = Window(40, 400)
        view.press_at(QPointF(300, 300), Qt.MouseButton.LeftButton)
        view.drag_to(QPointF(300 + x, 300 + y))
        view.release_at(QPointF(300 + x, 300 + y))
        assert isinstance(state.voi, Window)
        return state.voi.width - 400, state.voi.centre - 40

    assert drag(0, -50) == (50, 0) and drag(50, 0) == (0, 50)
    window.session.window_drag = WindowDrag(swapped=True, level_sign=-1)
    assert drag(50, 0) == (50, 0) and drag(0, -50) == (0, -50)


def test_keys_pan_zoom_turn_and_window(window: ViewerWindow, qtbot: QtBot) -> None:
    view, state = window.viewports[0], window.session.active_viewport
    before = view.projection()
    assert before is not None
    for key, modifier in (
        (Qt.Key.Key_Equal, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_Period, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier),
    ):
        qtbot.keyClick(window, key, modifier)
    after = view.projection()

    assert after is not None and after.scale == pytest.approx(before.scale * 1.15)
    moved = after.place(PixelPoint(15.5, 15.5)).x - before.place(PixelPoint(15.5, 15.5)).x
    assert moved == pytest.approx(32 * view.devicePixelRatioF(), abs=0.5)
    assert state.geometry.rotation_deg == 1
    assert isinstance(state.voi, Window) and (state.voi.width, state.voi.centre) == pytest.approx((420, 61))


def fingers(view: ViewportWidget, *moves: list[tuple[int, int]]) -> None:
    """All fingers of the first list go down, move on through the others, and go up."""
    for n, places in enumerate(moves):
        sequence = QTest.touchEvent(view, TOUCH, False)
        for finger, (x, y) in enumerate(places):
            at = QPoint(x, y)
            sequence.press(finger, at, view) if n == 0 else sequence.move(finger, at, view)
        sequence.commit(True)
    sequence = QTest.touchEvent(view, TOUCH, False)
    for finger, (x, y) in enumerate(moves[-1]):
        sequence.release(finger, QPoint(x, y), view)
    sequence.commit(True)


def test_two_fingers_zoom_and_move_and_what_lies_between_them_stays(window: ViewerWindow) -> None:
    view = window.viewports[0]
    start = view.image_point(QPointF(400, 300))
    before = view.projection()
    fingers(view, [(350, 300), (450, 300)], [(350, 300), (450, 300)], [(330, 320), (530, 320)])
    after = view.projection()

    assert before is not None and after is not None and start is not None
    assert after.scale == pytest.approx(2 * before.scale, rel=0.01)
    assert view.image_point(QPointF(430, 320)) == pytest.approx(start, abs=0.2)


def test_one_finger_does_what_the_tool_does_and_three_page(window: ViewerWindow) -> None:
    view, state = window.viewports[0], window.session.active_viewport
    window.perform("tool.window")
    start = state.index
    fingers(view, [(400, 300)], [(400, 300)], [(400, 280)], [(400, 200)])
    assert isinstance(state.voi, Window) and state.voi.width > 450

    three = [[(300 + 60 * n, 300 + y) for n in range(3)] for y in (0, 0, 60, 150)]
    fingers(view, *three)
    assert state.index == min(start + 6, 19)


def test_cine_plays_to_and_fro_within_its_bounds(window: ViewerWindow, qtbot: QtBot) -> None:
    cine, state = the_feature(window).cine, window.session.active_viewport
    window.perform("cine.bar")
    bar = the_feature(window)._bar
    assert bar is not None
    bar.first.setValue(3)
    bar.last.setValue(6)
    bar.way.setCurrentIndex(bar.way.findData(Way.TO_AND_FRO))
    bar.way.activated.emit(bar.way.currentIndex())
    bar.speed.setValue(60)
    assert cine.bounds == (2, 5) and cine.pace == 60
    state.index = 2
    played: list[int] = []
    state.changed.connect(lambda _aspect: played.append(state.index))

    window.perform("cine.play")
    qtbot.waitUntil(lambda: len(played) >= 8, timeout=30_000)
    window.perform("cine.stop")

    assert played[:8] == [3, 4, 5, 4, 3, 2, 3, 4] and not cine.is_playing


def test_cine_goes_backwards_and_moves_all_windows(window: ViewerWindow, qtbot: QtBot) -> None:
    cine = the_feature(window).cine
    window.perform("windows.4")
    cine.way = Way.BACKWARD
    played: list[list[int]] = []
    window.session.viewports[0].changed.connect(lambda _aspect: played.append([window.session.viewports[0].index]))

    cine.toggle()
    qtbot.waitUntil(lambda: len(played) >= 2, timeout=30_000)
    cine.stop()

    assert played[:2] == [[16], [15]]


@pytest.mark.parametrize("width", [700, 1024, 1366, 1920, 3840])
@pytest.mark.parametrize("language", list(Language))
def test_the_row_of_tools_never_overflows(window: ViewerWindow, width: int, language: Language) -> None:
    set_language(language)
    window.resize(width, 768)
    QApplication.processEvents()
    bar = window.tool_bar
    buttons = [b for b in bar.findChildren(QToolButton) if b.isVisible()]

    assert all(b.geometry().right() < bar.width() for b in buttons)
    shown = {b.objectName() for b in buttons}
    assert shown.isdisjoint(bar.hidden)
    assert bool(bar.hidden) == ("tool_bar.overflow" in shown)
    assert "tool.window" in shown


def test_what_has_no_room_is_found_in_the_last_menu(window: ViewerWindow) -> None:
    window.resize(700, 768)
    QApplication.processEvents()
    bar = window.tool_bar
    assert isinstance(bar, ToolBar)
    bar._fill_overflow()
    entries = bar._overflow.actions()
    assert len(entries) == len(bar.hidden) > 5
    assert any(entry.menu() is not None for entry in entries)
    hidden = next(name for name in bar.hidden if name == "view.texts")
    next(entry for entry in entries if entry.objectName() == hidden).trigger()

    assert window.session.texts_hidden


def test_links_are_switched_by_one_button(window: ViewerWindow) -> None:
    window.perform("layout.2x1")
    window.perform("view.link")
    window.perform("link.grey")
    window.session.active = 0
    window.session.viewports[0].voi = Window(1, 2)
    assert window.session.viewports[1].voi == Window(1, 2)

    window.perform("view.link")
    window.session.viewports[0].voi = Window(3, 4)
    assert window.session.viewports[1].voi == Window(1, 2)
    assert not window.commands.qt("view.link").isChecked()


def test_the_windows_of_the_file_can_be_chosen(window: ViewerWindow) -> None:
    from dataclasses import replace

    stack = window.session.stacks[0]
    own = (Window(40, 400, name="WINDOW1"), Window(-600, 1500, name="WINDOW2"))
    header = stack.image(0)
    stack.refine(replace(header, frames=(replace(header.frames[0], voi=own),)))
    window.session.active_viewport.index = 0
    menu = window._menus["menu.presets"]
    menu.aboutToShow.emit()

    choices = [action for action in menu.actions() if "WINDOW" in action.text()]
    assert [action.isChecked() for action in choices] == [True, False]
    choices[1].trigger()

    assert window.session.active_viewport.voi is own[1]


def test_the_hand_closes_while_it_holds_the_image(window: ViewerWindow) -> None:
    view = window.viewports[0]
    window.perform("tool.pan")
    assert view.cursor().shape() == Qt.CursorShape.OpenHandCursor

    view.press_at(QPointF(300, 300), Qt.MouseButton.LeftButton)
    held = view.cursor().shape()
    view.drag_to(QPointF(340, 320))
    view.release_at(QPointF(340, 320))

    assert held == Qt.CursorShape.ClosedHandCursor and view.cursor().shape() == Qt.CursorShape.OpenHandCursor
    assert window.session.active_viewport.geometry.centre is not None
