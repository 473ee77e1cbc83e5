"""MPR: three planes that meet in the cross, turn and page; the page follows the model and the mouse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.translations import Language, set_language
from clients.kit.translations import language as current_language
from clients.viewer.study import stacks_of
from clients.viewer.volume.mpr_page import MprPage
from clients.viewer.volume.mpr_state import STANDARD, MprState, Pane
from clients.viewer.volume.source import volume_of_stack
from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.lut import Window
from shared.imaging.reformat import Projection, reformat
from shared.imaging.volume import NoVolume, Volume
from tests.clients.viewer.viewer_builders import a_series, a_stack, a_study, an_image
from tests.clients.viewer.volume.volume_builders import a_source


def a_volume() -> Volume:
    voxels = np.arange(20 * 30 * 40, dtype=np.int16).reshape(20, 30, 40)
    return Volume(voxels, PointMm(-10, -20, 5), VectorMm(0, 0, 2), VectorMm(0, 1, 0), VectorMm(0.5, 0, 0))


def test_the_cross_starts_in_the_middle_and_stays_within_the_volume() -> None:
    state = MprState(a_volume())
    assert state.cross == pytest.approx((-10 + 39 * 0.25, -20 + 14.5, 5 + 19))
    state.move_to(PointMm(1000, 0, 0))
    assert state.cross.x == pytest.approx(-10 + 39 * 0.5)


def test_each_pane_shows_the_cross_where_it_is() -> None:
    state = MprState(a_volume())
    state.move_to(PointMm(-3, -9, 20))
    for pane in Pane:
        frame = state.frame(pane, 300, 200)
        assert frame.point(*frame.place(state.cross)) == pytest.approx(state.cross)


def test_paging_goes_to_the_feet_the_back_and_the_left_by_one_voxel() -> None:
    state = MprState(a_volume())
    before = state.cross
    for pane in Pane:
        state.page(pane, 1)
    assert state.cross.minus(before) == pytest.approx((0.5, 1, -2))


def test_turning_lines_turns_the_other_planes_and_keeps_all_square() -> None:
    state = MprState(a_volume())
    for n in range(200):
        state.turn(list(Pane)[n % 3], 7.0)
    normals = [state.axes(pane).normal for pane in Pane]
    for n, normal in enumerate(normals):
        assert normal.length == pytest.approx(1)
        assert normal.dot(normals[(n + 1) % 3]) == pytest.approx(0, abs=1e-9)
    fresh = MprState(a_volume())
    fresh.turn(Pane.AXIAL, 30)
    assert fresh.axes(Pane.AXIAL) == STANDARD[Pane.AXIAL]
    assert fresh.axes(Pane.CORONAL).right == pytest.approx((0.8660, 0.5, 0), abs=1e-4)  # clockwise on screen
    fresh.reset()
    assert not fresh.is_oblique


def test_a_pane_samples_what_its_pixels_point_at() -> None:
    volume = a_volume()
    state = MprState(volume)
    state.turn(Pane.SAGITTAL, 20)
    frame = state.frame(Pane.CORONAL, 120, 90)
    fine, coarse = reformat(volume, frame.grid()), reformat(volume, frame.grid(2))
    assert fine.shape == (90, 120) and coarse.shape == (45, 60)
    index = volume.to_index(frame.point(60.5, 45.5))  # centre of pixel (60, 45)
    expected = index @ np.array([1200, 40, 1])  # the voxels rise evenly along each axis
    assert fine[45, 60] == pytest.approx(expected, abs=0.01)
    assert np.nanmax(np.abs(coarse - (fine[::2, ::2] + fine[1::2, 1::2]) / 2)) < 0.01


def shown(qtbot: QtBot, page: MprPage) -> MprState:
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    qtbot.waitUntil(lambda: bool(page.panes) and all(w.picture for w in page.panes.values()), timeout=30_000)
    assert page.state is not None
    settle(qtbot, page)
    return page.state


def settle(qtbot: QtBot, page: MprPage) -> None:
    qtbot.waitUntil(lambda: page.worker.is_idle, timeout=30_000)
    QApplication.processEvents()


def test_the_page_shows_three_planes_in_the_window_of_the_viewport(qtbot: QtBot) -> None:
    source = a_source(qtbot)
    page = MprPage(source)
    state = shown(qtbot, page)
    axial = page.panes[Pane.AXIAL]
    middle = axial.place(state.cross)
    assert axial.value_at(middle) == pytest.approx(40.0)  # soft tissue of the disc
    grey = axial.grab().toImage().pixelColor((middle + QPointF(20, 25)).toPoint()).lightness()
    source.viewport.voi = Window(2000, 100)
    settle(qtbot, page)
    darker = axial.grab().toImage().pixelColor((middle + QPointF(20, 25)).toPoint()).lightness()
    assert grey > 100 and darker < 30
    page.closing()


def test_dragging_the_cross_moves_the_other_planes(qtbot: QtBot) -> None:
    page = MprPage(a_source(qtbot))
    state = shown(qtbot, page)
    axial, before = page.panes[Pane.AXIAL], state.cross
    start = axial.place(before).toPoint()
    qtbot.mousePress(axial, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(axial, start + QPoint(40, 25))
    qtbot.mouseRelease(axial, Qt.MouseButton.LeftButton, pos=start + QPoint(40, 25))
    mm = axial.frame().mm
    assert state.cross.minus(before) == pytest.approx((40 * mm, 25 * mm, 0), abs=mm)
    settle(qtbot, page)
    picture = page.panes[Pane.CORONAL].picture
    assert picture is not None and picture.frame.centre.y == pytest.approx(state.cross.y)
    page.closing()


def test_the_wheel_pages_and_the_slab_follows_its_controls(qtbot: QtBot) -> None:
    page = MprPage(a_source(qtbot))
    state = shown(qtbot, page)
    z = state.cross.z
    pane = page.panes[Pane.AXIAL]
    wheel = QWheelEvent(
        QPointF(50, 50), QPointF(50, 50), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane, wheel)
    assert state.cross.z == pytest.approx(z - 2)
    page.thickness.setValue(7.5)
    page.projection.setCurrentIndex(2)
    assert (state.thickness_mm, state.projection) == (7.5, Projection.MEAN)
    assert page.slider.value() == 15
    assert any("7.5 mm" in line for line in pane.corners.bottom_left)
    page.reset.click()
    assert state.thickness_mm == 0 and page.thickness.value() == 0
    state.turn(Pane.AXIAL, 10)
    page.source.viewport.reset()  # the viewer's own command
    assert not state.is_oblique
    page.closing()


def test_the_page_waits_for_the_images_and_then_opens(qtbot: QtBot) -> None:
    stack = a_stack(6)
    source = a_source(qtbot, stack, empty=True)
    page = MprPage(source)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: "0/6" in page.message, timeout=30_000)
    with pytest.raises(NoVolume, match="on the way"):
        volume_of_stack(stack, source.pixels)
    from tests.clients.viewer.viewer_builders import pixels_of

    for n in range(6):
        source.pixels.put(n, pixels_of(stack.image(n)), stack.frame_header(n).modality)
    qtbot.waitUntil(lambda: page.state is not None, timeout=30_000)
    page.closing()


def test_what_is_no_volume_says_why(qtbot: QtBot) -> None:
    page = MprPage(a_source(qtbot, a_stack(1)))
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.message == "只有一幅图像，不能重建", timeout=30_000)
    page.closing()


def test_a_hole_between_the_slices_is_said_above_and_in_the_corner(qtbot: QtBot) -> None:
    images = list(a_series(12).images)
    del images[5:8]
    stack = stacks_of(a_study(replace(a_series(12), images=tuple(images))))[0]
    page = MprPage(a_source(qtbot, stack))
    shown(qtbot, page)
    assert "层面有缺失" in page.bar.warning
    assert "层面有缺失" in page.panes[Pane.CORONAL].corners.bottom_left[0]
    page.closing()


def test_in_a_narrow_window_buttons_keep_their_words_and_the_warning_its_beginning(qtbot: QtBot) -> None:
    language = current_language()
    page = MprPage(a_source(qtbot))
    try:
        set_language(Language.ENGLISH)
        shown(qtbot, page)
        page.resize(1300, 500)
        assert page.bar.title_shown
        page.bar.warn(("A sentence about the geometry of this series that is far too long for any bar",))
        for width in (1300, 900, 760):
            page.resize(width, 500)
            QApplication.processEvents()
            for button in (page.bar.leave, page.bar.send, page.reset):
                assert button.width() >= button.fontMetrics().horizontalAdvance(button.text()), width
        assert not page.bar.title_shown and "far too long" in page.bar.warning
    finally:
        set_language(language)
        page.closing()


def test_escape_asks_for_the_way_back(qtbot: QtBot) -> None:
    page = MprPage(a_source(qtbot))
    shown(qtbot, page)
    with qtbot.waitSignal(page.left, timeout=30_000):
        qtbot.keyClick(page, Qt.Key.Key_Escape)
    page.closing()


def test_several_times_at_one_place_are_chosen_above(qtbot: QtBot) -> None:
    images = [
        an_image(n, z=2.0 * (n % 6), sop_instance_uid=f"1.2.{n}") for n in range(12)
    ]  # the second six lie where the first six lie
    stack = stacks_of(a_study(replace(a_series(6), images=tuple(images))))[0]
    source = a_source(qtbot, stack, empty=True)
    for n in range(len(stack)):
        value = 1024 + 100 * (1 + (stack.image(n).instance_number > 6))
        source.pixels.put(n, np.full((32, 32), value, np.uint16), stack.frame_header(n).modality)
    page = MprPage(source)
    state = shown(qtbot, page)
    axial = page.panes[Pane.AXIAL]
    assert page.phases is not None and page.phases.currentText() == "第 1/2 期"
    assert axial.value_at(axial.place(state.cross)) == pytest.approx(100)
    page.phases.setCurrentIndex(1)
    qtbot.waitUntil(lambda: axial.value_at(axial.place(state.cross)) == pytest.approx(200), timeout=30_000)
    page.closing()


def test_the_volume_shares_the_pixels_of_the_stack_and_outlives_them(qtbot: QtBot) -> None:
    source = a_source(qtbot)
    volume = volume_of_stack(source.stack, source.pixels)
    frame = source.pixels.frame(3)
    assert frame is not None and np.shares_memory(volume.voxels, frame)
    assert not volume.voxels.flags.writeable
    before = volume.voxels.copy()
    source.pixels.release()
    for n in range(len(source.stack)):  # whatever comes next gets other memory
        source.pixels.put(n, np.zeros((32, 32), np.uint16), source.stack.frame_header(n).modality)
    assert np.array_equal(volume.voxels, before)
