"""CPR: points set with the dot brush, the curved picture and its options, a vessel by two clicks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.viewer.pixels import PixelStore
from clients.viewer.presets import LAYOUTS
from clients.viewer.study import Stack
from clients.viewer.volume.cpr_page import CprPage, CprTool
from clients.viewer.volume.cpr_state import CprAspect, CprState
from clients.viewer.volume.mpr_state import Pane
from clients.viewer.volume.volume_page import PageSource
from shared.imaging.curved import CurveMode
from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.lut import Window
from shared.imaging.reformat import Projection
from shared.imaging.volume import Volume
from tests.clients.viewer.viewer_builders import a_stack
from tests.clients.viewer.volume.test_volume_feature import opened
from tests.clients.viewer.volume.volume_builders import a_source


def a_state() -> CprState:
    voxels = np.zeros((20, 30, 40), np.int16)
    return CprState(Volume(voxels, PointMm(0, 0, 0), VectorMm(0, 0, 2), VectorMm(0, 1, 0), VectorMm(1, 0, 0)))


def test_points_make_a_curve_and_can_be_taken_back() -> None:
    state, told = a_state(), []
    state.changed.connect(told.append)
    state.add(PointMm(5, 5, 5))
    assert state.curve is None and state.sheet() is None
    state.add(PointMm(5, 15, 25))
    assert state.curve is not None and state.curve.length_mm == pytest.approx(22.36, abs=1.0)
    state.move(0, PointMm(6, 6, 6))
    state.remove(0)
    assert state.points == (PointMm(5, 15, 25),)
    state.take_back()
    state.take_back()
    assert state.points[0] == PointMm(5, 5, 5)
    state.clear()
    assert state.points == () and state.curve is None
    assert set(told) == {CprAspect.POINTS}


def test_options_are_kept_within_their_range_and_the_angle_goes_around() -> None:
    state = a_state()
    state.add(PointMm(5, 5, 5))
    state.add(PointMm(5, 15, 25))
    state.set(angle_deg=370, thickness_mm=500, width_mm=1, mode=CurveMode.STRETCHED, projection=Projection.MEAN)
    assert (state.angle_deg, state.thickness_mm, state.width_mm) == (10, 50, 10)
    assert state.sheet() is not None


def tube_stack() -> tuple[Stack, PixelStore]:
    """A straight vessel of 3 mm radius that runs through all slices; 300 HU in 40."""
    stack = a_stack(20, side=64)
    pixels = PixelStore()
    y, x = np.mgrid[0:64, 0:64]
    for n in range(len(stack)):
        away = np.hypot((x - 20 - n * 0.8) * 0.5, (y - 30) * 0.5)
        values = 1064 + 260 * np.clip(3.0 - away + 0.5, 0, 1)
        pixels.of(stack).put(n, values.astype(np.uint16), stack.frame_header(n).modality)
    return stack, pixels


def shown(qtbot: QtBot, source: PageSource) -> tuple[CprPage, CprState]:
    page = CprPage(source)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    page.show()
    qtbot.waitUntil(lambda: page.state is not None and page.pane.picture is not None, timeout=30_000)
    settle(qtbot, page)
    assert page.state is not None
    return page, page.state


def settle(qtbot: QtBot, page: CprPage) -> None:
    qtbot.waitUntil(lambda: page.worker.is_idle, timeout=30_000)
    QApplication.processEvents()


def test_dots_in_the_right_window_make_the_picture_in_the_left(qtbot: QtBot) -> None:
    page, state = shown(qtbot, a_source(qtbot))
    assert "圆点画笔" in page.view.message and page.view.picture is None
    for x, y in ((200, 200), (260, 300), (300, 420)):
        qtbot.mouseClick(page.pane, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
    assert len(state.points) == 3
    qtbot.waitUntil(lambda: page.view.picture is not None, timeout=30_000)
    start = page.pane.place(state.points[1]).toPoint()
    qtbot.mousePress(page.pane, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(page.pane, start + QPoint(30, 0))
    qtbot.mouseRelease(page.pane, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 0))
    assert len(state.points) == 3
    assert page.pane.place(state.points[1]).toPoint() == start + QPoint(30, 0)
    qtbot.mouseClick(page.pane, Qt.MouseButton.RightButton, pos=start + QPoint(30, 0))
    assert len(state.points) == 2
    page.closing()


def test_the_triangle_opens_options_that_change_the_picture(qtbot: QtBot) -> None:
    page, state = shown(qtbot, a_source(qtbot))
    state.add(PointMm(-6, -4, 4))
    state.add(PointMm(6, 4, 18))
    qtbot.waitUntil(lambda: page.view.picture is not None, timeout=30_000)
    assert page.options.isHidden()
    qtbot.mouseClick(page.view, Qt.MouseButton.LeftButton, pos=page.view.triangle().boundingRect().center().toPoint())
    assert not page.options.isHidden()
    page.options.mode.setCurrentIndex(1)
    page.options.projection.setCurrentIndex(2)
    page.options.thickness.setValue(12)
    page.options.angle.setValue(360)
    assert (state.mode, state.projection) == (CurveMode.STRETCHED, Projection.MEAN)
    assert (state.thickness_mm, state.angle_deg) == (6.0, 0.0)
    assert page.options.angle.value() == 360
    assert any("拉伸" in line for line in page.view.corners.bottom_left)
    page.closing()


def test_two_clicks_find_the_vessel_and_show_its_diameter(qtbot: QtBot) -> None:
    stack, store = tube_stack()
    source = replace(a_source(qtbot, stack, empty=True), pixels=store.of(stack))
    page, state = shown(qtbot, source)
    page.choose_tool(CprTool.VESSEL)
    volume = page.volume
    assert volume is not None and page.planes is not None
    for n in (1, 18):
        page.planes.move_to(volume.point_at(n, 30, 20 + n * 0.8))
        settle(qtbot, page)
        at = page.pane.place(volume.point_at(n, 30, 20 + n * 0.8)).toPoint()
        qtbot.mouseClick(page.pane, Qt.MouseButton.LeftButton, pos=at)
    qtbot.waitUntil(lambda: state.vessel is not None, timeout=30_000)
    assert state.vessel is not None
    inner = state.vessel.sections.diameters_mm[6:-6]
    assert float(np.median(inner)) == pytest.approx(6.0, abs=0.4)
    assert not page.chart.isHidden() and "mm" in page.chart.summary()
    qtbot.waitUntil(lambda: page.chart.section is not None, timeout=30_000)
    qtbot.mouseClick(page.chart, Qt.MouseButton.LeftButton, pos=QPoint(300, 80))
    assert state.reference_mm is not None
    page.chart.grab()
    state.take_back()
    assert state.vessel is None and page.chart.isHidden()
    page.closing()


def test_points_outside_any_vessel_are_told(qtbot: QtBot) -> None:
    page, state = shown(qtbot, a_source(qtbot))
    page.choose_tool(CprTool.VESSEL)
    middle = page.pane.rect().center()
    qtbot.mouseClick(page.pane, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseClick(page.pane, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.waitUntil(lambda: "没有找到血管" in page.view.message, timeout=30_000)
    assert state.vessel is None
    page.closing()


def test_window_and_plane_follow(qtbot: QtBot) -> None:
    source = a_source(qtbot)
    page, _ = shown(qtbot, source)
    page.choose_pane(Pane.CORONAL)
    settle(qtbot, page)
    picture = page.pane.picture
    assert picture is not None and picture.frame.axes.down == (0, 0, -1)
    source.viewport.voi = Window(3000, 10)
    settle(qtbot, page)
    assert page.pane.corners.bottom_right == ("W 10  L 3000",)
    page.closing()


def test_cpr_starts_from_a_single_viewport_and_puts_it_back(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot, tmp_path)
    cpr = window.commands.qt("volume.cpr")
    window.session.layout = LAYOUTS[1]
    cpr.trigger()
    assert window.stage.key == "" and "单视口" in window.banner.text()
    window.session.layout = LAYOUTS[0]
    cpr.trigger()
    assert isinstance(window.stage.currentWidget(), CprPage)
    window.commands.qt("volume.mpr").trigger()
    assert window.stage.key == "volume.mpr" and not cpr.isChecked()
    window.stage.leave()
    assert window.stage.key == ""
    window.close()
