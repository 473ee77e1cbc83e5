"""Manual slides, smears, pickers and sheets of the preparation station on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from clients.kit.app import make_application, wear
from clients.kit.printing.setup import PrinterSetup
from clients.kit.review import review
from clients.kit.translations import Language, set_language
from clients.kit.voice.players import PacedPlayer
from clients.kit.voice.qt_player import qt_after
from clients.pathology.bench import beeps
from clients.pathology.bench.label_settings import LabelSettings
from clients.pathology.bench.labels import SYMBOLOGY, symbology_of
from clients.pathology.bench.sheets import SheetView
from clients.pathology.grossing import entries as grossing_entries
from clients.pathology.preparation import entries
from clients.pathology.preparation.pickers import CassettePicker, SlidePicker
from shared.contract.pathology import ListLibraries
from shared.contract.pathology_papers import SLIDE, Symbology
from shared.contract.pathology_technique import AddBlocks, BlockEntry
from shared.domain.pathology import LibraryKind, SlideState
from tests.clients.pathology.bench.bench_hall import Desk, Hall
from tests.server_process import start_server


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    make_application()
    wear("light")
    set_language(Language.CHINESE)
    monkeypatch.setattr(beeps, "default_player", lambda owner: PacedPlayer(qt_after(owner)))  # no loudspeaker here
    yield
    set_language(Language.CHINESE)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    server = start_server(tmp_path_factory.mktemp("windows") / "data")
    made = Hall(server)
    yield made
    made.close()
    server.stop()


def shown(desk: Desk, kind: type[Any]) -> Any:
    """The content of the newest window of its own."""
    desk.settle()
    windows = [window for window in desk.station._windows if isinstance(window.content, kind)]
    assert windows, kind
    return windows[-1].content


def test_slides_are_added_by_hand_only_on_the_day_of_the_list(qtbot: QtBot, hall: Hall) -> None:
    case = hall.case("孙手工", "骨髓")
    desk = Desk(qtbot, hall, "zhou", "preparation")
    page = desk.tab("sectioned")
    desk.scan(case.case.code)
    desk.wait(lambda: page.manual.value("number") == case.case.number)
    page.manual.set_values({"count": 2, "day": date.today() - timedelta(days=1)})
    page.manual.submit()
    assert "不会显示在当前列表中" in page.manual.rows["day"].problem and not hall.open(case.case.id).slides
    page.manual.set_values({"day": date.today(), "serial": "Z"})
    page.manual.submit()
    desk.wait(lambda: page.manual.rows["serial"].problem)  # the case has no such block
    page.manual.set_values({"serial": ""})
    page.manual.submit()
    desk.wait(lambda: len(hall.open(case.case.id).slides) == 2)
    desk.wait(lambda: page.list.total >= 2)
    made = hall.open(case.case.id).slides
    page.select(made[0].id)
    page.delete()  # never printed: it may go (PA-SLD-14)
    desk.wait(lambda: len(hall.open(case.case.id).slides) == 1)
    assert review(desk.window) == []
    desk.close()


def test_smears_of_a_cytology_case_have_no_block(qtbot: QtBot, hall: Hall) -> None:
    libraries = hall.ask(ListLibraries())
    cytology = next(one.id for one in libraries if one.entry.kind is LibraryKind.CYTOLOGY)
    case = hall.case("吴细胞", "胸水", library=cytology)
    desk = Desk(qtbot, hall, "zhou", "cytology_slides")
    assert desk.station.tabs.tab_ids[0] == "sectioned"
    page = desk.tab("sectioned")
    page.manual.set_values({"number": case.case.number, "count": 2})
    page.manual.submit()
    desk.wait(lambda: len(hall.open(case.case.id).slides) == 2)
    slides = hall.open(case.case.id).slides
    assert all(one.block_id is None and one.stain == "巴氏" for one in slides)
    desk.wait(lambda: page.list.total == 2)
    page.print_labels()
    desk.wait(lambda: all(one.state is SlideState.LABELLED for one in hall.open(case.case.id).slides))
    desk.scan(slides[0].code)
    desk.wait(lambda: hall.open(case.case.id).slides[0].state is SlideState.CHECKED)
    desk.close()


def test_pickers_print_chosen_labels_and_sheets_are_previewed(qtbot: QtBot, hall: Hall) -> None:
    case = hall.case("郑标签", "胆囊")
    hall.client("li").call(AddBlocks(case_id=case.case.id, rows=(BlockEntry(site="底"), BlockEntry(site="颈"))))
    desk = Desk(qtbot, hall, "zhou", "preparation")
    at = desk.station.desk
    entries.choose_cassettes(at)
    picker = shown(desk, CassettePicker)
    desk.wait(lambda: picker.list.total >= 2)
    picker.scanned(case.case.code)
    desk.wait(lambda: {row.block.case_id for row in picker.rows} == {case.case.id})
    picker.tick_all()
    picker.print_labels()
    desk.wait(lambda: all(one.label_prints == 1 for one in hall.open(case.case.id).grossing.blocks))
    entries.choose_slides(at)
    assert shown(desk, SlidePicker).list.total >= 0
    at.open_case(case.case.id)
    desk.settle()
    grossing_entries.print_sheet(at)
    sheet = shown(desk, SheetView)
    desk.wait(lambda: sheet.preview.page_count == 1)
    sheet.print_paper()
    desk.wait(lambda: any("取材明细" in sentence for sentence in desk.said()))
    entries.specimen_sheet(at)
    empty = shown(desk, SheetView)
    desk.wait(lambda: not empty.print_button.isEnabled() and "没有符合条件的记录" in " ".join(desk.said()))
    desk.close()


def test_the_printers_of_labels_are_settings_of_the_desk(qtbot: QtBot, hall: Hall) -> None:
    desk = Desk(qtbot, hall, "zhou", "preparation")
    page = desk.tab("embedding")
    page.settings_button.click()
    desk.settle()
    panel = shown(desk, LabelSettings)
    panel.form.set_values({"kind": SLIDE, "symbology": "code128", "via": "tcp", "host": "", "dpi": 300})
    panel.save()
    assert panel.form.rows["host"].problem
    panel.form.set_values({"host": "192.0.2.7"})
    panel.save()
    setup = desk.station.desk.papers.desk.setup(SLIDE)
    assert (setup.printer, setup.dpi, setup.output.format) == ("192.0.2.7:9100", 300, "zpl")
    assert symbology_of(desk.station.desk) is Symbology.CODE128
    assert [str(one) for one in review(panel)] == []
    desk.station.desk.papers.desk.keep(SLIDE, PrinterSetup())
    desk.station.desk.place.desk_settings.set(SYMBOLOGY, "")
    desk.close()
