"""Hanging at the window: what is opened stands as the protocol says; steps, labels, learning, keeping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QElapsedTimer, QEventLoop
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton

from clients.viewer.hanging import builtin
from clients.viewer.hanging.feature import HangingFeature
from clients.viewer.hanging.keeping import Folder, read_file
from clients.viewer.window import ViewerWindow
from shared.dicomkit.hanging_protocol import hanging_object
from tests.clients.viewer.hanging.hanging_builders import write_mammograms
from tests.clients.viewer.viewer_builders import ROOT, MemorySource, a_series, a_study, write_series


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def one_window(qapp: QApplication, home: Path) -> Iterator[ViewerWindow]:
    """Making a window takes longer than any of the tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MINGJING_HOME", str(home))
        patched.setattr("clients.viewer.hanging.feature.AUTOMATIC_AT_FIRST", True)
        window = ViewerWindow()
    window.resize(1366, 768)
    window.show()
    yield window
    window.close()


@pytest.fixture
def window(one_window: ViewerWindow) -> Iterator[ViewerWindow]:
    """The window with nothing open, nothing kept, and hanging on."""
    yield one_window
    one_window.close_studies()
    one_window.side.close_panel()
    one_window.perform("layout.1x1")
    if one_window.commands.qt("view.link").isChecked():
        one_window.perform("view.link")
    feature = feature_of(one_window)
    feature.hanger.enabled = True
    for kept in list(feature.hanger.kept):
        feature._delete(kept.uid, kept.level)
    wait(lambda: feature.hanger.kept == ())


def feature_of(window: ViewerWindow) -> HangingFeature:
    return next(one for one in window.features if isinstance(one, HangingFeature))


def wait(holds: Callable[[], bool]) -> None:
    clock = QElapsedTimer()
    clock.start()
    while not holds():
        assert clock.elapsed() < 10_000
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def opened(window: ViewerWindow, folder: Path) -> HangingFeature:
    window.open_files([folder])
    wait(lambda: bool(window.session.studies) and window.is_settled())
    return feature_of(window)


def names(window: ViewerWindow) -> list[str]:
    """View of what each place shows."""
    session = window.session
    shown = [session.viewports[n] for n in range(session.layout.cells)]
    texts = [state.image.texts if state.image is not None else {} for state in shown]
    return [text.get("ImageLaterality", "-") + text.get("ViewPosition", "") for text in texts]


def test_mammograms_are_hung_back_to_back(window: ViewerWindow, tmp_path: Path) -> None:
    write_mammograms(tmp_path / "m", "LMLO", "RCC", "LCC", "RMLO")
    feature = opened(window, tmp_path / "m")
    assert names(window) == ["RCC", "LCC", "RMLO", "LMLO"]
    assert [window.session.viewports[n].geometry.justify for n in range(4)] == ["right", "left", "right", "left"]
    assert not window.session.undo.undo_name
    window.perform("hanging.step_on")
    assert names(window) == ["RCC", "LCC"]
    window.perform("hanging.step_on")
    assert names(window) == ["RMLO", "LMLO"]
    window.perform("edit.undo")
    assert names(window) == ["RCC", "LCC"]
    assert feature.hanger.hung is not None


def test_a_mirrored_image_is_turned_by_its_orientation(window: ViewerWindow, tmp_path: Path) -> None:
    write_mammograms(tmp_path / "m", "RCC", PatientOrientation=["A", "L"])
    write_mammograms(tmp_path / "n", "LMLO")
    opened(window, tmp_path / "m")
    assert window.session.viewports[0].geometry.flip_horizontal
    opened(window, tmp_path / "n")
    assert not window.session.viewports[3].geometry.flip_horizontal


def test_a_missing_view_leaves_a_labelled_place(window: ViewerWindow, tmp_path: Path) -> None:
    write_mammograms(tmp_path / "m", "RCC", "RMLO", "LMLO")
    opened(window, tmp_path / "m")
    assert names(window) == ["RCC", "-", "RMLO", "LMLO"]
    assert window.viewports[1].message == "没有 LCC"
    window.perform("layout.1x1")
    assert window.viewports[1].message == ""


def test_equal_millimetres_are_equally_long(window: ViewerWindow, tmp_path: Path) -> None:
    write_mammograms(tmp_path / "m", "RCC", "RMLO", "LMLO")
    write_mammograms(tmp_path / "m", "LCC", first=7, ImagerPixelSpacing=[0.25, 0.25])
    opened(window, tmp_path / "m")
    wait(lambda: window.session.viewports[1].geometry.zoom != 1 or window.session.viewports[0].geometry.zoom != 1)
    zooms = [window.session.viewports[n].geometry.zoom for n in range(4)]
    assert zooms[1] == pytest.approx(zooms[0] / 2, rel=0.02)
    assert max(zooms) <= 1.0
    state = window.session.viewports[0]
    state.geometry = replace(state.geometry, zoom=3.0)
    window.resize(1300, 760)
    QApplication.processEvents()
    assert state.geometry.zoom == 3.0
    window.resize(1366, 768)


def test_priors_come_below_when_they_are_appended(window: ViewerWindow, tmp_path: Path) -> None:
    write_mammograms(tmp_path / "m", "RCC", "LCC", "RMLO", "LMLO")
    old = {"StudyInstanceUID": f"{ROOT}.5", "StudyDate": "20240302"}
    write_mammograms(tmp_path / "m" / "old", "RCC", "LCC", first=7, **old)
    feature = opened(window, tmp_path / "m")
    wait(lambda: len(window.session.studies) == 2)
    hung = feature.hanger.hung
    assert hung is not None
    assert hung.protocol.name == "乳腺钼靶与既往对比"
    assert names(window) == ["RCC", "LCC", "RMLO", "LMLO", "RCC", "LCC", "-", "-"]
    assert window.session.viewports[4].stack.study.study_uid == f"{ROOT}.5"  # type: ignore[union-attr]
    assert window.viewports[6].message == "没有 既往 RMLO"


def test_ct_opens_in_two_windows_linked_and_the_reader_keeps_what_he_arranged(
    window: ViewerWindow, tmp_path: Path
) -> None:
    write_series(tmp_path / "ct", 3, BodyPartExamined="CHEST")
    feature = opened(window, tmp_path / "ct")
    first, second = window.session.cells
    assert first.stack is second.stack
    assert first.voi is not None
    assert second.voi is not None
    assert (first.voi.width, second.voi.width) == (1500, 400)  # type: ignore[union-attr]
    assert window.commands.qt("view.link").isChecked()
    window.perform("layout.2x2")
    assert not feature.hanger.is_fresh
    window.session.studies_changed.emit()
    assert window.session.layout.key == "2x2"
    window.perform("hanging.again")
    assert window.session.layout.key == "2x1"


def test_the_switch_leaves_the_order_of_series(window: ViewerWindow, tmp_path: Path) -> None:
    window.perform("hanging.automatic")
    write_mammograms(tmp_path / "m", "LMLO", "RCC")
    feature = opened(window, tmp_path / "m")
    assert feature.hanger.hung is None
    assert window.session.layout.key == "1x1"
    assert not window.session.hung
    window.perform("hanging.next")
    assert names(window) == ["-", "RCC", "-", "LMLO"] or names(window) == ["RCC", "-", "-", "LMLO"]


def test_layout_first_then_images(window: ViewerWindow) -> None:
    """The places are there before any image has come, and do not change when they come."""
    source = MemorySource(a_study(a_series(6)))
    source.gate.clear()
    window.use(source)
    window.open_study(f"{ROOT}.9")
    wait(lambda: bool(window.session.studies))
    assert window.session.layout.key == "2x1"
    changes: list[int] = []
    window.session.layout_changed.connect(lambda: changes.append(1))
    source.gate.set()
    wait(window.is_settled)
    assert changes == []


def test_hang_like_this_goes_live_after_a_trial(window: ViewerWindow, tmp_path: Path, home: Path) -> None:
    write_mammograms(tmp_path / "m", "LMLO", "RCC", "LCC", "RMLO")
    feature = opened(window, tmp_path / "m")
    window.perform("layout.2x1")
    for n, view in ((0, "LMLO"), (1, "RMLO")):
        stack = next(s for s in window.session.stacks if s.image(0).texts["ImageLaterality"] + "MLO" == view
                     and s.image(0).texts["ViewPosition"] == "MLO")  # fmt: skip
        window.session.viewports[n].show(stack)
    window.perform("hanging.learn")
    panel = window.side.panel
    assert panel is not None
    keep = panel.findChild(QPushButton, "hanging.keep")
    trial = panel.findChild(QPushButton, "hanging.try")
    assert not keep.isEnabled()
    trial.click()
    wait(keep.isEnabled)
    panel.findChild(QToolButton, "hanging.off.0.3").click()
    assert not keep.isEnabled()
    trial.click()
    wait(keep.isEnabled)
    keep.click()
    wait(lambda: feature.hanger.hung is not None and feature.hanger.hung.protocol.level == "user")
    assert names(window) == ["LMLO", "RMLO"]
    (kept,) = Folder(home / "hanging").listed()
    assert kept.protocol == feature.hanger.hung.protocol  # type: ignore[union-attr]
    window.close_studies()
    opened(window, tmp_path / "m")
    assert names(window) == ["LMLO", "RMLO"]


def test_a_protocol_is_exported_imported_and_deleted(window: ViewerWindow, tmp_path: Path) -> None:
    write_mammograms(tmp_path / "m", "LMLO", "RCC", "LCC", "RMLO")
    feature = opened(window, tmp_path / "m")
    feature.show_panel()
    assert feature.hanger.hung is not None
    uid = feature.hanger.hung.protocol.uid
    feature.export_file(uid, "maker", tmp_path / "out.dcm")
    wait((tmp_path / "out.dcm").exists)
    assert read_file(tmp_path / "out.dcm").protocol == feature.hanger.hung.protocol
    feature.import_file(tmp_path / "out.dcm")
    wait(lambda: [one.level for one in feature.hanger.kept] == ["user"])
    feature._delete(uid, "user")
    wait(lambda: feature.hanger.kept == ())
    (tmp_path / "bad.dcm").write_bytes(b"not DICOM")
    feature.import_file(tmp_path / "bad.dcm")
    panel = window.side.panel
    wait(lambda: "DICOM" in panel.message.text())  # type: ignore[union-attr]


def test_what_follows_a_hung_study_stands_in_the_readers_own_layout(window: ViewerWindow, tmp_path: Path) -> None:
    write_mammograms(tmp_path / "m", "LMLO", "RCC", "LCC", "RMLO")
    opened(window, tmp_path / "m")
    assert window.session.layout.key == "2x2"
    write_series(tmp_path / "ot", 2, Modality="OT", BodyPartExamined="")
    opened(window, tmp_path / "ot")
    assert window.session.layout.key == "1x1"
    assert window.session.viewports[0].stack is not None


def test_what_is_not_understood_of_a_foreign_protocol_is_told(window: ViewerWindow, tmp_path: Path) -> None:
    foreign = hanging_object(builtin.protocols()[0], datetime(2026, 1, 2, 3, 4))
    del foreign[0x00731001]
    foreign.DisplaySetsSequence[0].ReformattingOperationType = "MPR"
    foreign.save_as(tmp_path / "foreign.dcm", enforce_file_format=True)
    feature = feature_of(window)
    feature.show_panel()
    feature.import_file(tmp_path / "foreign.dcm")
    panel = window.side.panel
    wait(lambda: "ReformattingOperationType=MPR" in panel.message.text())  # type: ignore[union-attr]
