"""The imaging page on a real room of the server: capture by click, key and pedal, video, voice, strip, measures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from clients.kit.camera.live_port import Control
from clients.kit.sound.recorder import RecorderState
from clients.kit.translations import register_catalogue
from clients.kit.voice.players import PacedPlayer
from clients.kit.voice.qt_player import qt_after
from clients.pathology.media import entries
from clients.pathology.media.calibration_panel import CalibrationPanel
from clients.pathology.media.device_panels import CameraPanel, FormatPanel, MicrophonePanel, ParametersPanel
from clients.pathology.media.measuring import Measurement, Tool
from clients.pathology.media.scanning import FolderScanner, SaneScanner, ScanTrouble
from clients.pathology.media.state import StripState
from clients.pathology.media.texts import ENTRIES
from shared.contract import pathology_media as contract
from shared.contract.base import Changed
from shared.domain.pathology_media import MediaKind, MediaSubject
from tests.clients.pathology.media.imaging_house import ImagingHouse, tissue
from tests.server.pathology.media.media_house import CASE

register_catalogue(ENTRIES)


@pytest.fixture
def house(tmp_path: Path, qtbot: QtBot) -> Iterator[ImagingHouse]:
    made = ImagingHouse(tmp_path)
    made.tab.resize(1000, 640)
    made.tab.show()
    yield made
    made.close()


def live(house: ImagingHouse, qtbot: QtBot) -> None:
    house.tab.start_live()
    qtbot.waitUntil(lambda: house.tab.live.frame is not None, timeout=30_000)


def state(house: ImagingHouse) -> StripState:
    return house.tab.presenter.state


def arrived(house: ImagingHouse, qtbot: QtBot, count: int) -> None:
    """Wait until the server has so many."""
    qtbot.waitUntil(
        lambda: len(state(house).items) == count and all(one.view is not None for one in state(house).items),
        timeout=30_000,
    )


def captured(house: ImagingHouse, qtbot: QtBot, count: int) -> None:
    live(house, qtbot)
    for _ in range(count):
        house.tab.capture()
    arrived(house, qtbot, count)


def test_left_clicks_capture_and_a_right_click_ends(house: ImagingHouse, qtbot: QtBot) -> None:
    live(house, qtbot)
    middle = QPoint(house.tab.live.width() // 2, house.tab.live.height() // 2)
    for _ in range(3):
        QTest.mouseClick(house.tab.live, Qt.MouseButton.LeftButton, pos=middle)
    arrived(house, qtbot, 3)
    assert house.clicks == 3 and house.journal.waiting() == ()
    facts = state(house).items[0].facts
    assert (facts.subject, facts.objective, facts.media_type) == (MediaSubject.MICROSCOPE, "10x", "image/jpeg")
    QTest.mouseClick(house.tab.live, Qt.MouseButton.RightButton, pos=middle)
    assert not house.bench.is_live and house.tab.stack.currentWidget() is house.tab.empty


def test_a_frozen_picture_is_what_is_captured(house: ImagingHouse, qtbot: QtBot) -> None:
    live(house, qtbot)
    house.tab.toggle_freeze()
    frozen = house.tab.live.frame
    assert frozen is not None
    qtbot.wait(120)  # several frames pass
    house.tab.capture()
    arrived(house, qtbot, 1)
    assert house.tab.live.frame is frozen
    with house.server.database.read() as uow:
        kept = QImage.fromData(house.server.service.read(uow, state(house).confirmed_all()[0].id))
    assert (kept.width(), kept.height()) == (640, 360)


def test_the_menu_entries_and_the_pedal_work(house: ImagingHouse, qtbot: QtBot, tmp_path: Path) -> None:
    entries.live(house.desk)
    qtbot.waitUntil(lambda: house.tab.live.frame is not None, timeout=30_000)
    entries.capture(house.desk)
    arrived(house, qtbot, 1)
    assert house.view.checked["imaging.live"] is True
    house.place.desk_settings.set("pathology/pedal/key", "F13")
    from clients.pathology.media.tab import ImagingTab

    with_pedal = ImagingTab(house.desk, house.bench, PacedPlayer(qt_after(house.bench)))
    assert with_pedal.pedal is not None and with_pedal.pedal.key().toString() == "F13"
    with_pedal.close()
    entries.live(house.desk)
    assert not house.bench.is_live


def test_nothing_is_captured_without_a_case_or_for_an_audited_one(tmp_path: Path, qtbot: QtBot) -> None:
    house = ImagingHouse(tmp_path, locked=True)
    house.tab.show()
    try:
        house.tab.start_live()
        assert not house.bench.is_live and "已审核" in house.said()[-1]
        house.bench.start_voice()
        assert house.bench.voice is None
        assert not house.tab.bar.capture.isEnabled() and not house.tab.bar.voice.isEnabled()
        house.desk.details = None
        house.desk.closed.ring(None)
        house.tab.capture()
        assert "请先打开病例" in house.said()[-1]
    finally:
        house.close()


def test_a_camera_that_is_pulled_out_comes_back(
    house: ImagingHouse, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clients.kit.camera.live_grabber._RETRY_S", 0.02)
    live(house, qtbot)
    house.camera.plugged = False
    qtbot.waitUntil(lambda: house.tab.live.frame is None, timeout=30_000)
    house.tab.capture()
    assert "没有画面" in house.said()[-1] and state(house).items == ()
    house.camera.plugged = True
    qtbot.waitUntil(lambda: house.tab.live.frame is not None, timeout=30_000)


def test_a_video_is_recorded_and_played(house: ImagingHouse, qtbot: QtBot) -> None:
    live(house, qtbot)
    house.bench.start_video()
    assert house.bench.recording is not None
    qtbot.waitUntil(lambda: house.bench.recording is not None and house.bench.recording.written > 12, timeout=30_000)
    house.bench.stop_video()
    arrived(house, qtbot, 1)
    (item,) = state(house).items
    assert item.view is not None and item.view.duration_s > 0.3 and item.facts.kind is MediaKind.VIDEO
    house.tab.open_item(item.key)
    qtbot.waitUntil(lambda: house.tab.stack.currentWidget() is house.tab.video, timeout=30_000)
    house.tab.video.toggle()
    qtbot.waitUntil(lambda: not house.tab.video.is_playing, timeout=30_000)
    assert house.tab.video.canvas.image is not None


def test_a_video_ends_by_itself_before_the_server_would_refuse_it(
    house: ImagingHouse, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clients.pathology.media.bench.MOST_VIDEO_BYTES", 40_000)
    live(house, qtbot)
    house.bench.start_video()
    qtbot.waitUntil(lambda: house.bench.recording is None, timeout=30_000)
    arrived(house, qtbot, 1)
    assert any("长度上限" in said for said in house.said())


def test_voice_is_recorded_paused_and_heard(house: ImagingHouse, qtbot: QtBot) -> None:
    house.microphones.pace = 0.05
    entries.record_voice(house.desk)
    recorder = house.bench.voice
    assert recorder is not None and house.tab.voice.isVisible()
    qtbot.waitUntil(lambda: recorder.seconds > 1.2, timeout=30_000)
    house.bench.pause_voice(True)
    qtbot.waitUntil(lambda: house.bench.voice_state is RecorderState.PAUSED, timeout=30_000)
    entries.record_voice(house.desk)
    arrived(house, qtbot, 1)
    (item,) = state(house).items
    assert item.view is not None and item.view.duration_s == pytest.approx(recorder.seconds)
    assert not house.tab.voice.isVisible()
    house.tab.play(item.key)
    qtbot.waitUntil(lambda: house.tab.strip._playing == item.key, timeout=30_000)
    house.tab.play(item.key)
    assert house.tab.strip._playing == ""


def test_a_microphone_that_is_missing_says_so_and_keeps_nothing(house: ImagingHouse, qtbot: QtBot) -> None:
    house.microphones.plugged = False
    house.bench.start_voice()
    qtbot.waitUntil(lambda: any("麦克风" in said for said in house.said()), timeout=30_000)
    house.bench.stop_voice()
    qtbot.waitUntil(lambda: house.journal.waiting() == (), timeout=30_000)
    assert state(house).items == ()


def test_the_context_menu_offers_what_is_possible(house: ImagingHouse, qtbot: QtBot) -> None:
    captured(house, qtbot, 3)
    keys = [one.key for one in state(house).items]
    strip = house.tab.strip

    def offered() -> set[str]:
        return {action.objectName() for action in strip.menu().actions() if action.isEnabled() and action.text()}

    assert offered() == {"import"}
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip.area(0).center().toPoint())
    assert offered() == {"mark", "export", "import", "bind", "delete"}
    house.tab.do("mark")
    qtbot.waitUntil(lambda: state(house).items[0].marked, timeout=30_000)
    assert offered() == {"unmark", "clear_marks", "export", "import", "bind", "delete"}
    QTest.mouseClick(
        strip, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, strip.area(2).center().toPoint()
    )
    assert "swap" in offered() and state(house).selected == (keys[0], keys[2])
    house.tab.do("swap")
    qtbot.waitUntil(lambda: [one.key for one in state(house).items] == [keys[2], keys[1], keys[0]], timeout=30_000)
    QTest.mouseClick(
        strip, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, strip.area(1).center().toPoint()
    )
    assert "swap" not in offered(), "three are selected"
    house.tab.do("clear_marks")
    qtbot.waitUntil(lambda: not any(one.marked for one in state(house).items), timeout=30_000)


def test_del_asks_and_deletes_for_good(house: ImagingHouse, qtbot: QtBot) -> None:
    captured(house, qtbot, 2)
    QTest.mouseClick(house.tab.strip, Qt.MouseButton.LeftButton, pos=house.tab.strip.area(0).center().toPoint())
    QTest.keyClick(house.tab.strip, Qt.Key.Key_Delete)
    question = house.tab._question
    assert question is not None
    question.answer("keep")
    assert len(state(house).items) == 2
    QTest.keyClick(house.tab.strip, Qt.Key.Key_Delete)
    question = house.tab._question
    assert question is not None
    question.answer("delete")
    qtbot.waitUntil(lambda: len(house.place.connection.call(contract.ListMedia(case_id=CASE))) == 1, timeout=30_000)
    arrived(house, qtbot, 1)


def test_captures_belong_to_the_chosen_piece(house: ImagingHouse, qtbot: QtBot) -> None:
    assert house.tab.pieces.choose((10, 20, 30))
    captured(house, qtbot, 1)
    facts = state(house).items[0].facts
    assert (facts.specimen_id, facts.block_id, facts.slide_id) == (10, 20, 30)
    house.tab.pieces.choose((10, None, None))
    house.tab.presenter.select(state(house).items[0].key)
    house.tab.do("bind")
    qtbot.waitUntil(lambda: state(house).items[0].facts.slide_id is None, timeout=30_000)
    assert state(house).items[0].facts.specimen_id == 10


def test_a_scanned_label_chooses_its_piece(house: ImagingHouse, qtbot: QtBot) -> None:
    assert house.desk.take_scan("L30") and house.tab.pieces.piece == (10, 20, 30)
    assert house.desk.take_scan("B20") and house.tab.pieces.piece == (10, 20, None)
    assert not house.desk.take_scan("L31"), "another case's label is not ours"
    house.tab.hide()
    assert not house.desk.take_scan("S10")


def test_a_refused_capture_is_shown_and_can_be_thrown_away(house: ImagingHouse, qtbot: QtBot) -> None:
    live(house, qtbot)
    house.server.cases.locked.add(CASE)  # another station audited meanwhile
    house.tab.capture()
    qtbot.waitUntil(lambda: bool(state(house).items) and bool(state(house).items[0].refused), timeout=30_000)
    assert any("没有保存到服务器" in said for said in house.said())
    house.tab.presenter.select(state(house).items[0].key)
    assert state(house).can_delete
    house.tab.presenter.delete()
    qtbot.waitUntil(lambda: house.journal.waiting() == () and state(house).items == (), timeout=30_000)


def test_other_stations_pictures_appear_by_themselves(house: ImagingHouse, qtbot: QtBot) -> None:
    from tests.server.pathology.media.media_house import a_key, facts, jpeg

    house.place.connection.call(contract.AddMedia(key=a_key(), facts=facts(), data=jpeg()))
    house.tell(Changed("pathology_media", CASE, 0))
    arrived(house, qtbot, 1)
    qtbot.waitUntil(lambda: state(house).items[0].key in state(house).thumbnails, timeout=30_000)


def test_measures_are_burnt_into_copies_only(house: ImagingHouse, qtbot: QtBot) -> None:
    captured(house, qtbot, 1)
    house.tab.open_item(state(house).items[0].key)
    qtbot.waitUntil(lambda: house.tab.stack.currentWidget() is house.tab.picture, timeout=30_000)
    canvas = house.tab.canvas
    before = canvas.image
    assert before is not None
    plain = before.copy()
    canvas.set_scale(0.5)
    canvas.set_tool(Tool.LENGTH)
    with qtbot.waitSignal(canvas.measured, timeout=30_000) as told:
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 150))
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(400, 150))
    assert isinstance(told.args[0], Measurement) and told.args[0].tool is Tool.LENGTH
    house.tab.show_live()
    house.tab.open_item(state(house).items[0].key)
    qtbot.waitUntil(lambda: house.tab.stack.currentWidget() is house.tab.picture, timeout=30_000)
    house.tab.capture()
    assert house.tab.stack.currentWidget() is house.tab.live and house.bench.captures_asked == 1, "nothing unseen"
    house.tab.open_item(state(house).items[0].key)
    qtbot.waitUntil(lambda: house.tab.stack.currentWidget() is house.tab.picture, timeout=30_000)
    canvas.keep_only(told.args[0])
    before = canvas.image
    assert before is not None
    copy = canvas.copy_with_overlay()
    assert copy is not None and copy != before and before == plain
    house.tab.keep_derived()
    arrived(house, qtbot, 2)
    original, derived = state(house).items
    assert original.view is not None and derived.facts.parent_id == original.view.id and derived.facts.steps


def test_pictures_are_imported_and_exported(house: ImagingHouse, qtbot: QtBot, tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "a.jpg"), tissue(1))
    cv2.imwrite(str(tmp_path / "b.bmp"), tissue(2))
    (tmp_path / "c.png").write_bytes(b"no picture")
    house.tab.files.import_files([tmp_path / name for name in ("a.jpg", "b.bmp", "c.png")])
    arrived(house, qtbot, 2)
    assert any("c.png" in said for said in house.said())
    out = tmp_path / "out"
    out.mkdir()
    views = tuple(one.view for one in state(house).items if one.view is not None)
    for _ in range(2):
        house.tab.files.export_to(out, views)
    qtbot.waitUntil(lambda: len(list(out.iterdir())) == 4, timeout=30_000)
    jpegs = sorted(out.glob("*.jpg"))
    assert len(jpegs) == 2 and jpegs[0].read_bytes() == (tmp_path / "a.jpg").read_bytes()
    bmp = cv2.imread(str(sorted(out.glob("*.png"))[0]))
    assert np.array_equal(bmp, tissue(2))


def test_a_camera_is_chosen_and_set(house: ImagingHouse, qtbot: QtBot) -> None:
    entries.choose_camera(house.desk)
    title, panel = house.view.panels[-1]
    assert title == "视频设备选择" and isinstance(panel, CameraPanel)
    qtbot.addWidget(panel)
    qtbot.waitUntil(lambda: panel.format.count() == 2, timeout=30_000)
    panel.format.setCurrentIndex(1)
    live(house, qtbot)
    qtbot.waitUntil(lambda: house.bench.format is not None, timeout=30_000)
    assert house.bench.format is not None and house.bench.format.width == 320
    entries.capture_parameters(house.desk)
    parameters: Any = house.view.panels[-1][1]
    qtbot.addWidget(parameters)
    assert isinstance(parameters, ParametersPanel) and Control.BRIGHTNESS in parameters.sliders
    assert house.tab.live.frame is not None
    before = house.tab.live.frame.picture.mean()
    parameters.sliders[Control.BRIGHTNESS].setValue(60)
    qtbot.waitUntil(
        lambda: house.tab.live.frame is not None and house.tab.live.frame.picture.mean() > before + 20, timeout=30_000
    )
    assert house.bench.choice.controls == (("brightness", 60.0),), "it is remembered"


def test_stills_are_kept_as_chosen(house: ImagingHouse, qtbot: QtBot) -> None:
    entries.capture_format(house.desk)
    panel: Any = house.view.panels[-1][1]
    qtbot.addWidget(panel)
    assert isinstance(panel, FormatPanel) and isinstance(panel.type, QComboBox)
    panel.type.setCurrentIndex(1)
    assert not panel.quality.isEnabled()
    captured(house, qtbot, 1)
    assert state(house).items[0].facts.media_type == "image/png"


def test_a_microphone_is_chosen_and_tried(house: ImagingHouse, qtbot: QtBot) -> None:
    entries.choose_microphone(house.desk)
    panel: Any = house.view.panels[-1][1]
    qtbot.addWidget(panel)
    assert isinstance(panel, MicrophonePanel)
    panel.show()
    qtbot.waitUntil(lambda: panel.device.count() == 2, timeout=30_000)
    panel.device.setCurrentIndex(1)
    assert house.place.desk_settings.get("pathology/microphone") == "virtual"
    panel.toggle_trial()
    qtbot.waitUntil(lambda: panel.meter._level > 0.2, timeout=30_000)
    panel.toggle_trial()
    assert house.journal.waiting() == ()


def test_a_calibration_gives_pictures_their_scale(house: ImagingHouse, qtbot: QtBot) -> None:
    live(house, qtbot)
    entries.calibrate(house.desk)
    panel: Any = house.view.panels[-1][1]
    qtbot.addWidget(panel)
    assert isinstance(panel, CalibrationPanel) and not panel.keep.isEnabled()
    panel._on_line(Measurement(Tool.LENGTH, ((100.0, 50.0), (300.0, 50.0))))
    panel.known.setText("100")
    assert panel.keep.isEnabled() and "0.5" in panel.result.full_text
    panel.save()
    qtbot.waitUntil(lambda: panel.table.rowCount() == 1, timeout=30_000)
    assert house.bench.scale(640) == 0.5 and house.bench.scale(320) == 1.0, "half the pixels, twice the scale"
    assert "有效至" in house.tab.bar.scale.full_text
    captured(house, qtbot, 1)
    facts = state(house).items[0].facts
    assert facts.um_per_pixel == 0.5 and facts.calibration_id is not None
    panel.table.selectRow(0)
    panel.withdraw_chosen()
    qtbot.waitUntil(lambda: house.bench.calibration() is None, timeout=30_000)
    assert "未定标" in house.tab.bar.scale.full_text


def test_pages_come_from_the_scan_folder(house: ImagingHouse, qtbot: QtBot, tmp_path: Path) -> None:
    import cv2

    entries.scan_document(house.desk)
    assert "扫描文件夹" in house.said()[-1]
    folder = tmp_path / "scans"
    folder.mkdir()
    cv2.imwrite(str(folder / "page.png"), tissue(4, 200, 300))
    house.place.desk_settings.set("pathology/scanner/folder", str(folder))
    entries.scan_document(house.desk)
    arrived(house, qtbot, 1)
    assert state(house).items[0].facts.subject is MediaSubject.DOCUMENT
    scanner = FolderScanner(folder)
    assert len(scanner.scan("folder")) == 1
    with pytest.raises(ScanTrouble, match="没有新的文件"):
        scanner.scan("folder")


def test_a_sane_scanner_is_asked_through_its_tool(tmp_path: Path) -> None:
    import sys

    import cv2

    page = tmp_path / "page.png"
    cv2.imwrite(str(page), tissue(5, 120, 160))
    tool = tmp_path / "tool.py"
    tool.write_text(
        "import sys\n"
        "if '--formatted-device-list=%d\\t%v %m%n' in sys.argv: print('test:0\\tNoname flatbed')\n"
        f"elif '-d' in sys.argv: sys.stdout.buffer.write(open({str(page)!r}, 'rb').read())\n"
    )
    scanner = SaneScanner((sys.executable, str(tool)))
    assert [(one.key, one.name) for one in scanner.devices()] == [("test:0", "Noname flatbed")]
    (picture,) = scanner.scan("test:0")
    assert np.array_equal(picture, tissue(5, 120, 160))
    assert SaneScanner(()).devices() == ()
    with pytest.raises(ScanTrouble):
        SaneScanner((sys.executable, "-c", "import sys; sys.exit(1)")).scan("x")
