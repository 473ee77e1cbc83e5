"""Registration in the viewer: page, corrections, what is in force, kept, cleared, read back; objects of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from clients.viewer.objects.feature import ObjectsFeature
from clients.viewer.registration.book import Entry, Origin, RegistrationBook, entry_from, kept_of
from clients.viewer.registration.feature import RegistrationFeature
from clients.viewer.registration.page import RegistrationPage
from clients.viewer.registration.state import Mode, Quality, RegistrationState
from clients.viewer.spaces import Spaces
from clients.viewer.volume.mpr_state import Pane
from clients.viewer.window import ViewerWindow
from shared.contract.registration import RegistrationSide
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts, write
from shared.dicomkit.spatial_registration import Registered, spatial_registration
from shared.imaging.geometry import PointMm, VectorMm
from shared.imaging.registration import Registration, RigidTransform
from tests.clients.viewer.viewer_builders import ROOT, write_series

FRAME = "1.2.826.0.1.3680043.8.498.66."
SHIFT = VectorMm(3.0, -2.0, 1.0)


def a_side(number: str, frame: str) -> RegistrationSide:
    return RegistrationSide(study_uid=f"{ROOT}.9", series_uid=f"{ROOT}.{number}", frame_of_reference_uid=frame)


def an_entry(origin: Origin = Origin.FOUND, refused: str = "", frames: tuple[str, str] = ("1", "2")) -> Entry:
    transform = RigidTransform.from_numbers(SHIFT, (0, 0, 10), PointMm(0, 0, 9))
    sides = a_side("1", FRAME + frames[0]), a_side("2", FRAME + frames[1])
    return Entry(*sides, transform, origin, 0.5, 0.9, 0.1, refused)


def files(folder: Path, frames: tuple[str, str] = ("1", "2")) -> None:
    for n, frame in enumerate(frames, 1):
        write_series(folder / str(n), 10, series=str(n), FrameOfReferenceUID=FRAME + frame)


def opened(qtbot: QtBot, folder: Path) -> ViewerWindow:
    window = ViewerWindow()
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    window.opening.open_files([folder])
    qtbot.waitUntil(lambda: len(window.session.stacks) == 2, timeout=30_000)
    qtbot.waitUntil(lambda: all(window.store.of(s).loaded == 10 for s in window.session.stacks), timeout=30_000)
    return window


def feature_of(window: ViewerWindow) -> RegistrationFeature:
    return next(one for one in window.features if isinstance(one, RegistrationFeature))


def entered(qtbot: QtBot, window: ViewerWindow) -> RegistrationPage:
    window.commands.qt("registration.open").trigger()
    page = window.stage.currentWidget()
    assert isinstance(page, RegistrationPage)
    qtbot.waitUntil(lambda: page.state is not None, timeout=30_000)
    return page


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ViewerWindow]:
    files(tmp_path / "in")
    window = opened(qtbot, tmp_path / "in")
    yield window
    window.close()


# --- without a window


def test_the_book_tells_the_spaces_in_both_directions() -> None:
    book = RegistrationBook(Spaces())
    entry = an_entry()
    book.put(entry)
    there, back = book.registered(FRAME + "1", FRAME + "2"), book.registered(FRAME + "2", FRAME + "1")
    assert there is not None and back is not None
    np.testing.assert_allclose(there @ back, np.eye(4), atol=1e-12)
    assert book.of(entry.moving, entry.fixed) is entry
    book.drop(entry.pair)
    assert book.registered(FRAME + "1", FRAME + "2") is None


def test_series_of_one_frame_of_reference_are_told_apart_by_their_series() -> None:
    entry = an_entry(frames=("1", "1"))
    book = RegistrationBook(Spaces())
    book.put(entry)
    assert book.registered(f"{ROOT}.1", f"{ROOT}.2") is not None and book.registered(FRAME + "1", FRAME + "1") is None


def test_what_is_kept_is_what_was_made() -> None:
    entry = an_entry()
    read = entry_from(kept_of(entry))
    assert read is not None and read.pair == entry.pair
    np.testing.assert_allclose(read.transform.matrix, entry.transform.matrix, atol=1e-12)
    assert read.transform.rotation_deg == pytest.approx((0, 0, 10))


def test_a_refused_result_is_used_only_after_a_correction() -> None:
    state = RegistrationState(an_entry())
    assert state.quality is Quality.NONE and not state.may_be_used
    state.take(an_entry(refused="The images resemble each other no more than at any other place."))
    assert state.quality is Quality.REFUSED and not state.may_be_used
    state.nudge(VectorMm(1, 0, 0))
    assert state.quality is Quality.HAND and state.may_be_used
    state.step_back()
    assert state.quality is Quality.REFUSED


def test_moving_the_picture_moves_what_is_seen_by_as_much() -> None:
    entry = an_entry()
    state = RegistrationState(entry)
    seen = entry.transform.inverse().apply([[12.0, 7.0, 3.0]])[0]
    state.nudge(VectorMm(2.0, -1.0, 0.5))
    np.testing.assert_allclose(state.transform.inverse().apply([[12.0, 7.0, 3.0]])[0] - seen, (2, -1, 0.5), atol=1e-9)


# --- with a window


def test_numbers_keys_and_drags_correct_the_place(qtbot: QtBot, window: ViewerWindow) -> None:
    page = entered(qtbot, window)
    assert page.state is not None and page.panel is not None
    page.panel.numbers[0].setValue(4.0)
    page.panel.numbers[5].setValue(3.0)
    assert page.state.transform.translation.x == pytest.approx(4.0)
    assert page.state.transform.rotation_deg[2] == pytest.approx(3.0)
    page.panel.grips.button(1).click()
    before = page.state.transform.inverse().apply([page.state.transform.centre])[0]
    page.setFocus()
    qtbot.keyClick(page, Qt.Key.Key_Right)
    after = page.state.transform.inverse().apply([page.state.transform.centre])[0]
    np.testing.assert_allclose(after - before, (0.5, 0, 0), atol=1e-9)  # to the left of the patient
    pane = page.panes[Pane.AXIAL]
    qtbot.waitUntil(lambda: pane.picture is not None, timeout=30_000)
    middle = QPoint(pane.width() // 3, pane.height() // 3)
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(pane, middle + QPoint(40, 0))
    qtbot.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=middle + QPoint(40, 0))
    dragged = page.state.transform.inverse().apply([page.state.transform.centre])[0] - after
    assert dragged[0] == pytest.approx(40 * pane.frame().mm * pane.devicePixelRatioF(), rel=0.1)
    page.panel.back.click()
    assert page.state.transform.inverse().apply([page.state.transform.centre])[0] == pytest.approx(after)


def test_paging_zoom_and_pan_work_while_registering(qtbot: QtBot, window: ViewerWindow) -> None:
    page = entered(qtbot, window)
    assert page.view is not None and page.state is not None
    for mode in Mode:
        page.state.mode = mode
    qtbot.waitUntil(lambda: page.worker.is_idle, timeout=30_000)
    place, before = page.view.cross, page.state.transform
    page.view.page(Pane.AXIAL, 2)
    page.view.zoom = 2.0
    page.view.pan(Pane.AXIAL, 5, 5)
    assert page.view.cross != place and page.view.zoom == 2.0 and page.state.transform is before


def test_the_result_is_in_force_kept_read_back_and_cleared(qtbot: QtBot, tmp_path: Path, window: ViewerWindow) -> None:
    first, second = window.session.stacks
    page = entered(qtbot, window)
    assert page.panel is not None and not window.session.spaces.are_common(first, second)
    page.panel.numbers[0].setValue(4.0)
    page.panel.adopt.click()
    carried = window.session.spaces.carry(PointMm(0, 0, 9), first, second)
    assert carried is not None and page.state is not None
    assert carried == pytest.approx(page.state.transform.apply([[0, 0, 9]])[0].tolist())
    from clients.kit.settings import data_folder

    qtbot.waitUntil(lambda: any((data_folder() / "registrations").glob("*.json")), timeout=30_000)

    again = opened(qtbot, tmp_path / "in")
    qtbot.waitUntil(lambda: any(True for _ in feature_of(again).book), timeout=30_000)
    stacks = again.session.stacks
    assert again.session.spaces.carry(PointMm(0, 0, 9), stacks[0], stacks[1]) == pytest.approx(carried)
    again.commands.qt("registration.clear").trigger()
    assert not again.session.spaces.are_common(*stacks)
    again.commands.qt("edit.undo").trigger()
    assert again.session.spaces.are_common(*stacks)
    again.close()


def test_fusion_registers_first_and_refuses_what_is_not_believed(
    qtbot: QtBot, window: ViewerWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = window.session.stacks
    transform = RigidTransform.from_numbers(SHIFT, (0, 0, 0), PointMm(0, 0, 9))
    results = [
        Registration(transform, 0.1, 0.001, 0.9, 9.0, "Two runs from different starts disagree by 9.0 mm."),
        Registration(transform, 0.5, 0.3, 0.9, 0.1),
    ]
    monkeypatch.setattr("shared.imaging.registration.register_rigid", lambda *_a, **_k: results.pop(0))
    objects = next(one for one in window.features if isinstance(one, ObjectsFeature))
    objects.fuse(first, second)
    qtbot.waitUntil(lambda: "9.0 mm" in window.banner.text(), timeout=30_000)
    assert objects.fusion.fusion is None and not window.session.spaces.are_common(first, second)
    objects.fuse(first, second)
    qtbot.waitUntil(lambda: objects.fusion.fusion is not None, timeout=30_000)
    assert window.session.spaces.are_common(first, second)


@pytest.mark.parametrize(("maker", "by_itself"), [("Mingjing", True), ("Somebody Else", False)])
def test_objects_of_the_study_are_read_ours_by_themselves_others_offered(
    qtbot: QtBot, tmp_path: Path, maker: str, by_itself: bool
) -> None:
    files(tmp_path / "in")
    entry = an_entry()
    image = InstanceReference(f"{ROOT}.9", f"{ROOT}.1", "1.2.840.10008.5.1.4.1.1.2", f"{ROOT}.1.1")
    made = spatial_registration(
        PatientFacts("P1", "Zhang^San=张^三"),
        StudyFacts(f"{ROOT}.9"),
        registered_uid=FRAME + "1",
        items=[
            Registered(FRAME + "1", np.eye(4), (image,)),
            Registered(FRAME + "2", np.linalg.inv(entry.transform.matrix)),
        ],
        made_at=dt.datetime(2026, 11, 22, 10, 30),
        creator_name="Li^Si",
    )  # fmt: skip
    made.Manufacturer = maker
    write(made, tmp_path / "in" / "reg.dcm")
    window = opened(qtbot, tmp_path / "in")
    feature = feature_of(window)
    qtbot.waitUntil(lambda: bool(feature._found.offered), timeout=30_000)
    assert window.session.spaces.are_common(*window.session.stacks) is by_itself
    page = entered(qtbot, window)
    assert len(page.offers) == 1 and "Li Si" in page.offers[0].author and page.state is not None
    page.panel.offered.emit(0)  # type: ignore[union-attr]
    np.testing.assert_allclose(page.state.transform.matrix, entry.transform.matrix, atol=1e-6)
    window.close()
