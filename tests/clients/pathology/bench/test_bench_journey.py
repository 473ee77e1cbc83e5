"""A three-block case through the department on a real server: grossed with keyboard, scanner and pedal only, then
verified, embedded, sectioned, labelled, checked and handed over by scans; a wrong pair stops."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.app import make_application, wear
from clients.kit.printing.setup import PrinterSetup
from clients.kit.review import review
from clients.kit.translations import Language, set_language
from clients.kit.voice.players import PacedPlayer
from clients.kit.voice.qt_player import qt_after
from clients.pathology.bench import beeps
from shared.contract.pathology_papers import SLIDE
from shared.contract.pathology_preparation import SlideView
from shared.domain.pathology import BlockState, CaseState, SlideState, SpecimenState
from tests.clients.pathology.bench.bench_hall import Desk, Hall
from tests.fakes.zpl_interpreter import draw_labels
from tests.server_process import start_server

zxingcpp: Any = pytest.importorskip("zxingcpp")
ENTER, PEDAL = Qt.Key.Key_Return, Qt.Key.Key_F13


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(beeps, "default_player", lambda owner: PacedPlayer(qt_after(owner)))  # no loudspeaker here
    make_application()
    wear("light")
    set_language(Language.CHINESE)
    yield
    set_language(Language.CHINESE)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    server = start_server(tmp_path_factory.mktemp("bench") / "data")
    made = Hall(server)
    yield made
    made.close()
    server.stop()


class LabelPrinter:
    """Port 9100: keeps what it gets."""

    def __init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self.labels: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                line, _address = self._door.accept()
            except OSError:
                return
            with line:
                line.settimeout(10)
                data = b""
                while piece := line.recv(65536):
                    data += piece
                    if data.strip() == b"~HS":  # its status: ready, nothing wrong
                        fine = b"\x02030,0,0,0000,000,0,0,0,000,0,0,0\x03\r\n"
                        line.sendall(fine + b"\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n")
                        data = b""
                if data:
                    self.labels.append(data)

    def read(self) -> list[str]:
        """Codes of all labels that came out, in their order."""
        images = [label.image.convert("L") for data in self.labels for label in draw_labels(data)]
        return [code.text for image in images for code in zxingcpp.read_barcodes(_on_a_table(image))]

    def close(self) -> None:
        self._door.close()
        self._thread.join(10)


def _on_a_table(image: Any) -> Any:
    from PIL import ImageOps

    return ImageOps.expand(image, 40, 255)


def test_a_case_goes_through_the_department_by_keyboard_scanner_and_pedal(
    qtbot: QtBot, hall: Hall, tmp_path: Path
) -> None:
    case = hall.case("欧阳𠮷祥", "胃大部切除标本")
    other = hall.case("王小明", "左侧甲状腺")
    grosser = Desk(qtbot, hall, "li", "grossing")
    _gross(grosser, case.specimens[0].code)
    details = hall.open(case.case.id)
    assert details.case.state is CaseState.GROSSED and details.specimens[0].state is SpecimenState.STORED
    blocks = details.grossing.blocks
    rows = [(one.serial, one.site, one.pieces, one.grosser) for one in blocks]
    assert rows == [
        ("1", "胃窦小弯侧溃疡", 3, "李取材"),
        ("2", "近端切缘", 1, "李取材"),
        ("3", "小弯侧淋巴结", 12, "李取材"),
    ]
    assert details.grossing.description == "溃疡型肿物 3x2x1.5 cm" and details.grossing.piece_total == 16
    assert (details.specimens[0].handling, details.specimens[0].place) == ("留存于原容器", "3号柜")

    _wrong_cassette_stops(grosser, hall, other.case.id, case.case.id)
    grosser.close()

    printer = LabelPrinter()
    technician = Desk(qtbot, hall, "zhou", "preparation")
    papers = technician.station.desk.papers
    setup = PrinterSetup(via="tcp", host="127.0.0.1", port=printer.port, dpi=300)
    papers.desk.keep(SLIDE, setup)
    _verify_and_embed(technician, hall, case.case.id)
    _section(technician, hall, case.case.id)
    slides = hall.open(case.case.id).slides
    assert [one.state for one in slides] == [SlideState.LABELLED] * 4
    assert sorted(printer.read()) == sorted(one.code for one in slides)
    _check_and_hand_over(technician, hall, case.case.id, slides)
    technician.close()
    printer.close()


def _gross(desk: Desk, container: str) -> None:
    desk.scan(container)
    page = desk.tab("grossing")
    desk.wait(lambda: page.presenter.state.case_id)
    assert page.form.rows["site"].editor.focus_target.hasFocus()
    for site, pieces, ends in (("胃窦小弯侧溃疡", "3", ENTER), ("近端切缘", "", PEDAL), ("小弯侧淋巴结", "12", PEDAL)):
        desk.type(site)
        desk.press(ENTER)
        if pieces:
            desk.type(pieces)
        if ends == ENTER:
            desk.press(ENTER)
        desk.press(ends)
    assert [row.serial for row in page.presenter.state.rows] == ["1", "2", "3"]
    desk.press(Qt.Key.Key_F2)
    desk.type("溃疡型肿物 3x2x1.5 cm")
    desk.press(Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    desk.type("留存于原容器")
    desk.press(ENTER)
    desk.type("3号柜")
    desk.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: not page.presenter.is_dirty())
    assert review(desk.window) == []


def _wrong_cassette_stops(desk: Desk, hall: Hall, other_id: int, case_id: int) -> None:
    """A cassette of another case at this case: red, two low tones, and nothing can be added until it was seen."""
    from shared.contract.pathology_technique import AddBlocks, BlockEntry

    hall.client("li").call(AddBlocks(case_id=other_id, rows=(BlockEntry(site="甲状腺"),)))
    foreign = hall.open(other_id).grossing.blocks[0]
    page = desk.tab("grossing")
    desk.scan(foreign.code)
    desk.wait(lambda: page.strip.is_stopped)
    assert page.strip.beeps.heard[-1] == "stop" and page.strip.text
    desk.press(Qt.Key.Key_F3)
    desk.type("不该加上")
    desk.press(Qt.Key.Key_Insert)
    assert len(page.presenter.state.rows) == 3 and page.strip.is_stopped
    own = hall.open(case_id).grossing.blocks[1]
    desk.scan(own.code)
    desk.wait(lambda: not page.strip.is_stopped)
    assert page.strip.beeps.heard[-1] == "fits" and page.presenter.state.editing == own.id


def _verify_and_embed(desk: Desk, hall: Hall, case_id: int) -> None:
    page = desk.tab("embedding")
    desk.wait(lambda: page.list.total >= 3)
    blocks = hall.open(case_id).grossing.blocks
    desk.scan(blocks[0].code)
    desk.wait(page.pieces.hasFocus)
    desk.type("2")  # the second person counts another number
    desk.press(ENTER)
    assert hall.open(case_id).grossing.blocks[0].state is BlockState.TO_VERIFY
    for block in blocks:
        desk.scan(block.code)
        desk.wait(page.pieces.hasFocus)
        desk.type(str(block.pieces))
        desk.press(ENTER)
    desk.wait(lambda: all(one.state is BlockState.TO_EMBED for one in hall.open(case_id).grossing.blocks))
    for block in blocks:
        desk.wait(lambda wanted=block.id: _state_in(page, wanted) is BlockState.TO_EMBED)
        desk.scan(block.code)
    desk.wait(lambda: all(one.state is BlockState.TO_SECTION for one in hall.open(case_id).grossing.blocks))
    assert all(one.number == one.label for one in hall.open(case_id).grossing.blocks)


def _state_in(page: Any, block_id: int) -> BlockState | None:
    return next((row.block.state for row in page.rows if row.block.id == block_id), None)


def _section(desk: Desk, hall: Hall, case_id: int) -> None:
    page = desk.tab("sectioning")
    desk.wait(lambda: page.list.total >= 3)
    blocks = hall.open(case_id).grossing.blocks
    page.sections[blocks[0].id] = 2
    for block in blocks:
        desk.scan(block.code)
        desk.wait(lambda wanted=block.id: wanted not in [row.block.id for row in page.rows])
    desk.wait(lambda: len(hall.open(case_id).slides) == 4)
    desk.wait(lambda: all(one.label_prints == 1 for one in hall.open(case_id).slides))


def _check_and_hand_over(desk: Desk, hall: Hall, case_id: int, slides: tuple[SlideView, ...]) -> None:
    page = desk.tab("sectioned")
    desk.wait(lambda: page.list.total >= 4)
    numbers = [row.slide.number for row in page.rows]
    assert numbers == sorted(numbers)
    blocks = hall.open(case_id).grossing.blocks
    by_block = {block.id: [one for one in slides if one.block_id == block.id] for block in blocks}
    desk.scan(blocks[0].code)
    desk.wait(lambda: page.commands.block is not None)
    desk.scan(by_block[blocks[1].id][0].code)  # a slide of the second block under the first
    desk.wait(lambda: page.strip.is_stopped)
    assert page.strip.beeps.heard[-1] == "stop"
    assert all(one.state is SlideState.LABELLED for one in hall.open(case_id).slides)
    page.hand_over()
    desk.settle()
    assert all(one.state is SlideState.LABELLED for one in hall.open(case_id).slides)
    for block in blocks:
        desk.scan(block.code)
        desk.wait(lambda wanted=block.id: page.commands.block.id == wanted)
        for slide in by_block[block.id]:
            desk.scan(slide.code)
            desk.wait(lambda words=f"{slide.number} ": words in page.strip.text)
    desk.wait(lambda: all(row.slide.state is SlideState.CHECKED for row in page.rows if row.slide.case_id == case_id))
    page.receiver.setText("诊断一室")
    page.hand_over_button.click()
    desk.wait(lambda: all(one.state is SlideState.HANDED_OVER for one in hall.open(case_id).slides))
    assert {one.handed_over_to for one in hall.open(case_id).slides} == {"诊断一室"}


def test_what_was_typed_and_not_saved_is_back_after_the_client_is_gone(qtbot: QtBot, hall: Hall) -> None:
    case = hall.case("赵草稿", "皮肤肿物")
    desk = Desk(qtbot, hall, "li", "grossing")
    desk.scan(case.case.code)
    page = desk.tab("grossing")
    desk.wait(lambda: page.presenter.state.case_id == case.case.id)
    desk.type("皮肤切缘")
    desk.press(PEDAL)
    desk.type("基底")  # in the fields, not even a row yet
    desk.press(Qt.Key.Key_F2)
    desk.type("梭形皮肤一块")
    assert desk.station.desk.place.drafts.flush()
    desk.close()  # without saving, as a crash would leave it

    again = Desk(qtbot, hall, "li", "grossing")
    again.scan(case.case.code)
    page = again.tab("grossing")
    again.wait(lambda: page.presenter.state.case_id == case.case.id)
    state = page.presenter.state
    assert [row.site for row in state.rows] == ["皮肤切缘"] and state.description == "梭形皮肤一块"
    assert page.form.value("site") == "基底"
    again.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    again.wait(lambda: hall.open(case.case.id).grossing.blocks)
    assert hall.open(case.case.id).grossing.description == "梭形皮肤一块"
    page.presenter.discard()
    again.close()


def _is_whole(window: QWidget) -> bool:
    return not review(window)


def test_both_stations_are_complete_in_english(qtbot: QtBot, hall: Hall) -> None:
    case = hall.case("钱英文", "左侧标本", "右侧标本")
    for login, station in (("li", "grossing"), ("zhou", "routine_slides")):
        desk = Desk(qtbot, hall, login, station)
        if station == "grossing":
            desk.scan(case.case.code)
        set_language(Language.ENGLISH)
        QApplication.processEvents()
        for tab in desk.station.tabs.tab_ids:
            if tab in ("grossing", "embedding", "sectioning", "sectioned"):
                desk.tab(tab)
                with suppress(qtbot.TimeoutError):  # a page lays itself out again when its list has come
                    desk.wait(partial(_is_whole, desk.window))
                assert [str(one) for one in review(desk.window)] == [], tab
        set_language(Language.CHINESE)
        desk.close()
