"""Stitching in the viewer: offered when ticked, joined by itself, moved by hand, shown, written."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from clients.viewer.stitching.feature import StitchingFeature
from clients.viewer.stitching.model import Item, StitchState
from clients.viewer.stitching.page import StitchPage
from clients.viewer.window import ViewerWindow
from shared.imaging.stitching import Joint
from tests.clients.viewer.viewer_builders import a_stack, write_series

ROWS, COLUMNS, CUT = 700, 240, 250
OVERLAP = 90


def a_leg() -> np.ndarray:
    """Bone-like texture of 12 bits, uint16."""
    rng = np.random.default_rng(11)
    fine = cv2.GaussianBlur(rng.normal(size=(ROWS, COLUMNS)).astype(np.float32), (0, 0), 1.5)
    wide = cv2.GaussianBlur(rng.normal(size=(ROWS, COLUMNS)).astype(np.float32), (0, 0), 14)
    x = np.linspace(-1, 1, COLUMNS, dtype=np.float32)[None, :]
    leg = 1200 + 900 * np.exp(-((x / 0.35) ** 2)) + 500 * fine / fine.std() * 0.4 + 300 * wide / wide.std() * 0.5
    return leg.clip(0, 4000).astype("<u2")


def opened(qtbot: QtBot, folder: Path, parts: list[np.ndarray], *, on: bool = True) -> ViewerWindow:
    for n, part in enumerate(parts):
        write_series(
            folder / str(n), 1, series=str(n + 1), Rows=part.shape[0], Columns=part.shape[1], PixelData=part.tobytes(),
            SOPClassUID="1.2.840.10008.5.1.4.1.1.1", Modality="CR", PixelSpacing=[0.2, 0.2], BodyPartExamined="LEG",
            RescaleIntercept=0, WindowCenter=1800, WindowWidth=3000, BitsStored=16, HighBit=15,
        )  # fmt: skip
    window = ViewerWindow()
    qtbot.addWidget(window)
    window.desk.settings.set("stitching.on", on)
    window.desk.reflect()
    window.resize(1100, 760)
    window.show()
    window.opening.open_files([folder])
    qtbot.waitUntil(lambda: len(window.session.stacks) == len(parts), timeout=30_000)
    qtbot.waitUntil(lambda: all(window.store.of(s).loaded == 1 for s in window.session.stacks), timeout=30_000)
    return window


@pytest.fixture
def parts() -> list[np.ndarray]:
    leg = a_leg()
    return [leg[start : start + CUT + OVERLAP] for start in (0, CUT - 30, 360)]


def entered(qtbot: QtBot, window: ViewerWindow) -> StitchPage:
    window.commands.qt("stitching.open").trigger()
    page = window.stage.currentWidget()
    assert isinstance(page, StitchPage)
    qtbot.waitUntil(lambda: bool(page.state.joints), timeout=30_000)
    return page


def feature_of(window: ViewerWindow) -> StitchingFeature:
    return next(one for one in window.features if isinstance(one, StitchingFeature))


def test_it_is_offered_only_when_it_is_ticked(qtbot: QtBot, tmp_path: Path, parts: list[np.ndarray]) -> None:
    window = opened(qtbot, tmp_path, parts[:2], on=False)
    action = window.commands.qt("stitching.open")
    assert not action.isVisible()
    window.desk.settings.set("stitching.on", True)
    window.desk.reflect()
    assert action.isVisible()
    window.close()


def test_cut_images_are_joined_and_the_result_measures_true(
    qtbot: QtBot, tmp_path: Path, parts: list[np.ndarray]
) -> None:
    window = opened(qtbot, tmp_path, parts)
    page = entered(qtbot, window)
    places = [item.place for item in page.state.items]
    assert [place.row for place in places] == pytest.approx([0, CUT - 30, 360], abs=0.2)
    assert [place.column for place in places] == pytest.approx([0, 0, 0], abs=0.2)
    assert page.state.residual_mm is not None and page.state.residual_mm < 0.2
    assert "0.0" in page.result.text() or "0.1" in page.result.text()
    qtbot.waitUntil(lambda: page.canvas.image is not None, timeout=30_000)

    page.level.click()
    page.show_button.click()
    qtbot.waitUntil(lambda: window.stage.key == "", timeout=30_000)
    shown = window.session.active_viewport.stack
    assert shown is not None and "拼接" in shown.label
    frame = window.store.of(shown).frame(0)
    assert frame is not None
    whole = a_leg()[: frame.shape[0]]
    assert abs(frame.shape[0] - ROWS) <= 1
    assert np.abs(frame[5:640, 5:200].astype(int) - whole[5:640, 5:200]).mean() < 40
    assert shown.frame_header(0).spacing == window.session.stacks[0].frame_header(0).spacing
    window.close()


def test_images_that_do_not_fit_are_refused_until_moved_by_hand(qtbot: QtBot, tmp_path: Path) -> None:
    leg = a_leg()
    window = opened(qtbot, tmp_path, [leg[:300], np.ascontiguousarray(leg[400:, ::-1])])
    page = entered(qtbot, window)
    assert page.state.joints[0].refused and not page.show_button.isEnabled()
    page.setFocus()
    before = page.state.items[1].place
    qtbot.keyClick(page, Qt.Key.Key_Down)
    qtbot.keyClick(page, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    after = page.state.items[1].place
    assert (after.row - before.row, after.column - before.column) == pytest.approx((1.0, 0.1))
    assert page.show_button.isEnabled() and page.state.residual_mm is None
    window.close()


def test_dragging_moves_the_image_under_the_pointer(qtbot: QtBot, tmp_path: Path, parts: list[np.ndarray]) -> None:
    window = opened(qtbot, tmp_path, parts[:2])
    page = entered(qtbot, window)
    item = page.state.items[1]
    at = page.canvas.place(item.place.column + 120, item.place.row + 300)
    start = QPoint(round(at.x()), round(at.y()))
    step = page.canvas.place(1, 0).x() - page.canvas.place(0, 0).x()
    qtbot.mousePress(page.canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(page.canvas, start + QPoint(30, 0))
    qtbot.mouseRelease(page.canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(30, 0))
    moved = page.state.items[1].place.column - item.place.column
    assert moved == pytest.approx(30 / step, rel=0.2)
    assert page.state.is_by_hand(0) and "手动" in page.result.text()
    window.close()


def test_the_written_file_names_its_sources(qtbot: QtBot, tmp_path: Path, parts: list[np.ndarray]) -> None:
    window = opened(qtbot, tmp_path / "in", parts[:2])
    page = entered(qtbot, window)
    target = tmp_path / "out.dcm"
    assert page.sources is not None
    feature_of(window).export(target, page.state, page.sources)
    qtbot.waitUntil(target.exists, timeout=30_000)
    qtbot.waitUntil(lambda: "out.dcm" in window.banner.text(), timeout=30_000)
    made = pydicom.dcmread(target)
    assert made.PatientID == "P1" and list(made.PixelSpacing) == [0.2, 0.2] and made.Modality == "CR"
    assert len(made.SourceImageSequence) == 2 and made.pixel_array.shape[0] == pytest.approx(560, abs=1)
    assert "residual" in made.DerivationDescription
    window.close()


def test_another_order_lines_up_anew_and_a_turn_counts_as_by_hand() -> None:
    stack = a_stack(3)
    state = StitchState([Item(stack, n, 100, 50) for n in range(3)])
    assert not state.may_be_used
    state.take([Joint(80, 1, 0.9, 0.1), Joint(82, -1, 0.9, 0.3)])
    assert state.may_be_used and state.residual_mm == 0.3
    assert [item.place.row for item in state.items] == [0, 80, 162]
    state.nudge(degrees=0.5, number=2)
    assert state.residual_mm is None and state.is_by_hand(1) and not state.is_by_hand(0)
    state.move(2, -1)
    assert [item.index for item in state.items] == [0, 2, 1] and not state.joints
