"""Reformatting in the viewer: other planes of a series as a stack, the MPR page entered and left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from clients.viewer.pixels import PixelStore
from clients.viewer.viewport.state import default_voi
from clients.viewer.volume.mpr_page import MprPage
from clients.viewer.volume.mpr_state import Pane
from clients.viewer.volume.source import volume_of_stack
from clients.viewer.volume.views import is_derived, reformatted_stack, stored_key
from clients.viewer.volume.volume_page import VolumePage
from clients.viewer.window import ViewerWindow
from shared.imaging.geometry import PixelPoint
from shared.imaging.lut import Window
from tests.clients.viewer.viewer_builders import a_stack, write_series
from tests.clients.viewer.volume.volume_builders import loaded


def opened(qtbot: QtBot, folder: Path, count: int = 12) -> ViewerWindow:
    write_series(folder, count)
    window = ViewerWindow()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    window.show()
    window.opening.open_files([folder])
    qtbot.waitUntil(lambda: len(window.session.stacks) == 1, timeout=30_000)
    stack = window.session.stacks[0]
    qtbot.waitUntil(lambda: window.store.of(stack).loaded == count, timeout=30_000)
    return window


@pytest.mark.parametrize("pane", [Pane.CORONAL, Pane.SAGITTAL, Pane.AXIAL])
def test_images_of_another_plane_have_true_planes_and_values(pane: Pane) -> None:
    stack = a_stack(9)
    volume = volume_of_stack(stack, loaded(stack).of(stack))
    made = reformatted_stack(volume, pane, stack, "x")
    pixels = PixelStore().of(made.stack)
    made.fill(pixels)
    assert pixels.loaded == len(made.stack)
    for n in (0, len(made.stack) // 2, len(made.stack) - 1):
        plane = made.stack.frame_header(n).plane
        assert plane is not None
        frame = pixels.frame(n)
        assert frame is not None
        for at in (PixelPoint(3, 5), PixelPoint(20, 7)):
            k, j, i = volume.to_index(plane.point(at))
            if abs(k - round(k)) < 1e-6:  # on a slice: pixels are the voxels
                stored = int(frame[int(at.row), int(at.column)])
                assert stored == int(volume.voxels[round(k), round(j), round(i)])
    assert made.stack.frame_header(0).voi == stack.frame_header(0).voi
    assert is_derived(made.stack.frames[0].sop_instance_uid)


def test_pages_of_the_coronal_view_go_to_the_back() -> None:
    stack = a_stack(9)
    volume = volume_of_stack(stack, loaded(stack).of(stack))
    made = reformatted_stack(volume, Pane.CORONAL, stack, "冠状面")
    planes = [made.stack.frame_header(n).plane for n in range(len(made.stack))]
    depths = [plane.origin.y for plane in planes if plane is not None]
    assert np.diff(depths) == pytest.approx(0.5)
    assert len(planes) == 32 and made.stack.shape == (33, 32)  # 16 mm of height in pixels of 0.5 mm


def test_the_view_menu_shows_the_other_plane_and_leads_back(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot, tmp_path)
    viewport, original = window.session.active_viewport, window.session.stacks[0]
    viewport.voi = Window(100, 900)
    window.commands.qt("view.coronal").trigger()
    qtbot.waitUntil(lambda: viewport.stack is not original, timeout=30_000)
    assert viewport.stack is not None and "冠状面" in viewport.stack.series.description
    assert viewport.voi == Window(100, 900)
    assert window.store.of(viewport.stack).loaded == len(viewport.stack)
    assert default_voi(viewport.stack.frame_header(0)) == Window(40, 400)
    window.commands.qt("view.sagittal").trigger()
    qtbot.waitUntil(lambda: "矢状面" in getattr(viewport.stack, "label", ""), timeout=30_000)
    window.commands.qt("view.axial").trigger()  # as they were acquired
    assert viewport.stack is original
    window.commands.qt("view.coronal").trigger()
    assert viewport.stack is not original  # computed before, shown at once
    window.commands.qt("view.original").trigger()
    assert viewport.stack is original
    window.close()


def test_what_is_sent_from_a_computed_view_names_a_stored_image(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot, tmp_path)
    original = window.session.stacks[0]
    window.commands.qt("view.coronal").trigger()
    qtbot.waitUntil(lambda: window.session.active_viewport.stack is not original, timeout=30_000)

    told: list[str] = []
    window.key_image_sent.connect(lambda *sent: told.append(sent[2]))
    window.measurement_drawn.connect(lambda *sent: told.append(sent[3]))
    view, tool = window.viewports[0], window.viewports[0].tools["length"]
    first = QPointF(view.rect().center())
    tool.start = tool.last = first
    tool.press(view, first, Qt.MouseButton.LeftButton)
    tool.drag(view, first + QPointF(60, 10))
    tool.release(view, first + QPointF(60, 10))
    window.send_key_image()

    stored = {frame.sop_instance_uid for frame in original.frames}
    assert len(told) == 2 and set(told) <= stored
    window.close()


def test_mpr_is_entered_and_left_with_one_button_and_all_is_as_before(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot, tmp_path)
    viewport = window.session.active_viewport
    viewport.index = 4
    mpr = window.commands.qt("volume.mpr")
    mpr.trigger()
    page = window.stage.currentWidget()
    assert isinstance(page, MprPage) and mpr.isChecked()
    qtbot.waitUntil(lambda: page.state is not None, timeout=30_000)
    viewport.voi = Window(0, 50)
    mpr.trigger()
    assert window.stage.key == "" and not mpr.isChecked()
    assert viewport.index == 4 and viewport.voi is None
    window.close()


def test_closing_the_study_leaves_mpr(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot, tmp_path)
    window.commands.qt("volume.mpr").trigger()
    window.session.close()
    assert window.stage.key == ""
    window.close()


def test_a_series_that_is_no_volume_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot, tmp_path, 1)
    window.commands.qt("volume.mpr").trigger()
    assert window.stage.key == ""
    assert "只有一幅图像" in window.banner.text()
    window.close()


def test_the_page_goes_to_the_report_for_the_image_it_came_from(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot, tmp_path)
    key = window.session.active_viewport.key
    window.commands.qt("volume.mpr").trigger()
    page = window.stage.currentWidget()
    assert isinstance(page, MprPage) and key is not None
    qtbot.waitUntil(lambda: page.state is not None, timeout=30_000)
    with qtbot.waitSignal(window.key_image_sent, timeout=30_000) as sent:
        qtbot.mouseClick(page.bar.send, Qt.MouseButton.LeftButton)
    assert sent.args is not None
    assert sent.args[2] == key.sop_instance_uid and sent.args[4].startswith(b"\x89PNG")
    window.close()


def test_a_computed_image_is_named_by_a_stored_one() -> None:
    stack = a_stack(9)
    volume = volume_of_stack(stack, loaded(stack).of(stack))
    made = reformatted_stack(volume, Pane.SAGITTAL, stack, "x").stack
    assert stored_key(made.frames[3], (stack,)) == stack.frames[4]
    assert stored_key(stack.frames[1], (stack,)) == stack.frames[1]


def test_other_features_add_to_the_panes_when_the_page_has_opened(qtbot: QtBot, tmp_path: Path) -> None:
    window = opened(qtbot, tmp_path)
    for name, panes in (("volume.mpr", 3), ("volume.cpr", 1)):
        window.commands.qt(name).trigger()
        page = window.stage.currentWidget()
        assert isinstance(page, VolumePage)
        with qtbot.waitSignal(page.opened, timeout=30_000):
            pass
        assert len(page.panes) == panes
        assert all(pane.layers and pane.hands for pane in page.panes.values())  # the marks have come
    window.close()
