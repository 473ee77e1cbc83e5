"""The pages of the master data in real windows, with the server's own handlers behind them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.master.exchange.view import ExchangePage
from clients.administration.master.spec import OUT_OF_USE
from clients.administration.master.tabs import HOSPITAL_TABLES, PEOPLE_TABLES
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.kit.app import Workstation, make_application
from clients.kit.connection import FakeConnection
from clients.kit.gallery import settle
from clients.kit.login import SignedIn
from clients.kit.review import review
from clients.kit.translations import Language, register_catalogue, set_language
from server.bootstrap.areas import build_areas
from server.bootstrap.folders import Folders
from server.kernel.database import Database
from server.settings import load
from shared.contract.base import Changed, Request
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.master import (
    ListRows,
    MasterKind,
    PatientTypeEntry,
    SaveRow,
    SheetFormat,
    WordEntry,
)
from shared.contract.organisation import Dictionary, GetHospital
from shared.domain.permissions import Permission
from tests.server.bootstrap.test_limits import House


class RouterLine(FakeConnection):
    """A connection straight into the server's router."""

    def __init__(self, house: House) -> None:
        super().__init__(permissions=tuple(Permission))
        self.house = house

    def call(self, request: Request[Any]) -> Any:
        self._require_line()
        self.calls.append(request)
        reply = self.house.ask(request)
        if isinstance(reply, ErrorBody):
            raise error_for(reply)
        return reply


class Window:
    """The administrator's window, and what a person does in it."""

    def __init__(self, house: House, qtbot: QtBot) -> None:
        register_catalogue(texts.ENTRIES)
        self.house = house
        self.line = RouterLine(house)
        self.qtbot = qtbot
        self.window = Workstation(TITLE, make_pages(), lambda _address: self.line)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        self.shell = self.window.sign_in_with(SignedIn(self.line, self.line.login("admin", "secret")))

    def wait(self, condition: Callable[[], Any]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=30_000)

    def table(self, kind: MasterKind) -> TablePage:
        shown = self.shell.go_to("people" if kind in (MasterKind.STAFF, MasterKind.ROLE) else "master")
        assert isinstance(shown, TabbedPage)
        table = shown.table(f"master_{kind.value}")
        self.wait(lambda: table.presenter.state.reply is not None and not table.presenter.state.is_loading)
        return table

    def exchange(self) -> ExchangePage:
        shown = self.shell.go_to("master")
        assert isinstance(shown, TabbedPage)
        page = shown.show_tab("master_exchange")
        assert isinstance(page, ExchangePage)
        return page

    def choose(self, table: TablePage, code: str) -> Any:
        row = next(row for row in table.presenter.shown_rows() if row.entry.code == code)
        self.wait(lambda: not table.presenter.state.is_loading)
        rows = [one.id for one in table.presenter.shown_rows()]
        table.list.table.selectRow(rows.index(row.id))
        self.wait(lambda: table.presenter.state.selected == row.id and table.presenter.state.fetched is not None)
        return row

    def click(self, button: Any) -> None:
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def saved(self, table: TablePage) -> None:
        self.click(table.save_button)
        self.wait(lambda: not table.presenter.state.is_busy and not table.presenter.state.is_loading)


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "data"
    settings = load(None, {"data": folder})
    Folders(folder).make()
    database = Database.in_folder(folder)
    yield House(database, build_areas(settings, database))
    database.close()


@pytest.fixture
def window(house: House, qtbot: QtBot) -> Iterator[Window]:
    window = Window(house, qtbot)
    yield window
    window.window.close()
    set_language(Language.CHINESE)


def test_every_page_shows_its_rows_their_form_and_history(window: Window) -> None:
    window.house.ask(SaveRow(entry=WordEntry(name="突发胸痛", dictionary=Dictionary.HISTORY)))
    for _, spec in (*HOSPITAL_TABLES, *PEOPLE_TABLES):
        table = window.table(MasterKind(spec.id.removeprefix("master_")))
        rows = table.presenter.state.rows
        assert rows and not table.presenter.state.trouble, spec.id
        window.choose(table, rows[0].entry.code)
        assert table.form is not None and not table.form.isHidden()
        assert table.form.value("code") == rows[0].entry.code
        assert not table.form.problems(), spec.id
        assert all(isinstance(column.text(rows[0]), str) for column in spec.columns)


def test_a_row_is_added_changed_moved_and_taken_out_of_use(window: Window) -> None:
    table = window.table(MasterKind.EXAM_ITEM)
    assert table.form is not None
    window.click(table.new_button)
    table.form.set_values({"code": "CT900", "name": "胸部薄层", "exam_type": "CT", "body_part": "CHEST"})
    table.form.set_values({"price_fen": 320.5, "preparation": "去除金属物品"})
    window.saved(table)
    assert table.presenter.state.row.entry.price_fen == 32050
    table.form.set_values({"price_fen": 99})
    window.saved(table)
    window.wait(lambda: len(table.presenter.state.fetched or ()) == 2)
    texts_shown = [part.events[0].text for part in table.spec.parts(None, table.presenter.state.fetched)]
    assert "320.50 → 99" in texts_shown[0]
    table.presenter.start("up")

    def order() -> list[str]:
        return [row.entry.code for row in table.presenter.state.rows if row.entry.exam_type == "CT"]

    window.wait(lambda: order()[-2:] == ["CT900", "CT014"])
    window.wait(lambda: not table.presenter.state.is_busy and not table.presenter.state.is_loading)
    table.presenter.start("disable")
    window.wait(lambda: "CT900" not in [row.entry.code for row in table.presenter.state.rows])
    assert table.filters is not None
    table.narrow({"use": OUT_OF_USE})
    window.wait(lambda: [row.entry.code for row in table.presenter.state.rows] == ["CT900"])
    window.choose(table, "CT900")
    window.click(table.action_buttons["enable"])
    window.wait(lambda: table.presenter.state.rows == ())
    assert "CT900" in {item.code for item in window.house.ask(GetHospital()).exam_items}


def test_refusals_stand_at_their_field_and_nothing_typed_is_lost(window: Window) -> None:
    table = window.table(MasterKind.DEVICE)
    assert table.form is not None
    window.click(table.new_button)
    table.form.set_values({"code": "NEW", "name": "新机", "ae_title": "CT1", "modality": "CT"})
    room = table.form.rows["room"].editor
    table.form.set_values({"room": "CT2"})
    assert room.value() == "CT2"
    window.saved(table)
    assert "CT 一号机" in table.presenter.state.problems["ae_title"]
    assert table.form.value("name") == "新机"
    table.form.set_values({"ae_title": "CT9"})
    window.saved(table)
    assert not table.presenter.state.problems and table.presenter.state.row.entry.ae_title == "CT9"


def test_a_change_by_somebody_else_is_not_overwritten(window: Window) -> None:
    table = window.table(MasterKind.ROOM)
    assert table.form is not None
    row = window.choose(table, "CT1")
    other = SaveRow(
        entry=type(row.entry)(**{**_fields(row.entry), "location": "二层"}), row_id=row.id, version=row.version
    )
    window.house.ask(other)
    table.form.set_values({"name": "CT 甲室"})
    window.saved(table)
    assert "他人修改" in table.presenter.state.problem
    assert window.house.ask(ListRows(kind=MasterKind.ROOM)).rows[0].entry.location == "二层"


def _fields(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__struct_fields__}


def test_a_notice_brings_what_others_did(window: Window) -> None:
    table = window.table(MasterKind.PATIENT_TYPE)
    window.house.ask(SaveRow(entry=PatientTypeEntry(code="green", name="绿色通道")))
    window.line.send_notice(Changed("hospital", 1, 99))
    window.wait(lambda: len(table.presenter.state.rows) == 4)


def test_rows_are_found_by_initials_name_and_code(window: Window) -> None:
    table = window.table(MasterKind.EXAM_ITEM)
    for text, code in (("xbdj", "CT007"), ("膝关节平扫", "MR006"), ("us003", "US003"), ("coronary", "CT012")):
        table.presenter.find(text)
        assert [row.entry.code for row in table.presenter.shown_rows()] == [code]
    table.presenter.find("没有这个")
    assert table.list.total == 0
    table.presenter.find("")
    table.narrow({"exam_type": "MR"})
    window.wait(lambda: {row.entry.exam_type for row in table.presenter.state.rows} == {"MR"})


def test_a_new_password_is_shown_once(window: Window) -> None:
    table = window.table(MasterKind.STAFF)
    window.choose(table, "east")
    window.click(table.action_buttons["password"])
    window.click(table.confirm_button)
    window.wait(lambda: table.presenter.state.news)
    assert "east" in table.presenter.state.news
    window.choose(table, "main")
    assert not table.presenter.state.news


def test_a_workbook_is_checked_then_imported(window: Window, tmp_path: Path) -> None:
    page = window.exchange()
    path = tmp_path / "检查项目.xlsx"
    page.presenter.export(path, SheetFormat.XLSX)
    window.wait(lambda: str(path) in page.presenter.state.news)
    book = load_workbook(path)
    sheet = book.active
    sheet["F2"] = 251
    sheet.append(["CT800", "新项目", "", "CT", "CHEST", 100, 0, "", "", "是"])
    sheet.append(["CT801", "坏项目", "", "XX", "CHEST", 100, 0, "", "", "是"])
    book.save(path)
    page.presenter.check(path)
    window.wait(lambda: page.presenter.state.plan is not None)
    plan = page.presenter.state.plan
    assert plan is not None and (plan.added, plan.changed, plan.refused) == (1, 1, 1)
    assert [row.code for row in page.presenter.state.rows] == ["CT801"]  # what is refused is shown first
    assert not page.apply_button.isEnabled()
    page.skip_switch.click()
    assert page.apply_button.isEnabled()
    window.click(page.apply_button)
    window.wait(lambda: page.presenter.state.plan is not None and page.presenter.state.plan.is_done)
    items = {item.code: item for item in window.house.ask(GetHospital()).exam_items}
    assert items["CT001"].price_fen == 25100 and "CT800" in items and "CT801" not in items
    assert not page.apply_button.isEnabled()


def test_a_broken_file_gives_a_sentence(window: Window, tmp_path: Path) -> None:
    page = window.exchange()
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"no workbook")
    page.presenter.check(path)
    window.wait(lambda: "损坏" in page.presenter.state.trouble)
    page.presenter.check(tmp_path / "missing.xlsx")
    window.wait(lambda: "无法读写" in page.presenter.state.trouble)
    page.presenter.choose_kind(MasterKind.ROOM)
    assert not page.presenter.state.trouble


def a_large_book(lines: int) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.append(["编码", "名称", "检查类型", "检查部位", "价格（元）"])
    for n in range(lines):
        sheet.append([f"CT{n:05d}", f"批量项目{n}", "CT", "CHEST", 100])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_ten_thousand_items_are_listed_and_searched(window: Window, tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    path.write_bytes(a_large_book(10_000))
    page = window.exchange()
    page.presenter.check(path)
    window.wait(lambda: page.presenter.state.plan is not None)
    assert page.list.total == 10_000
    window.click(page.apply_button)
    window.wait(lambda: page.presenter.state.plan is not None and page.presenter.state.plan.is_done)
    table = window.table(MasterKind.EXAM_ITEM)
    assert table.list.total == 10_041
    table.presenter.find("批量项目9999")
    assert table.list.total == 1


def test_without_the_server_the_rows_stay_and_a_sentence_says_why(window: Window) -> None:
    table = window.table(MasterKind.CAMPUS)
    window.line.replies = {}
    window.line.house.router = _Broken()  # type: ignore[assignment]
    table.presenter.refresh()
    window.wait(lambda: table.presenter.state.trouble)
    assert table.presenter.state.rows


class _Broken:
    def answer(self, *_frames: Any) -> Any:
        raise error_for(ErrorBody(code=ErrorCode.UNAVAILABLE, message="服务器正忙，请稍后再试。"))


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut_on_a_small_screen(window: Window, language: Language) -> None:
    window.house.ask(SaveRow(entry=WordEntry(name="突发胸痛", dictionary=Dictionary.HISTORY)))
    set_language(language)
    found: list[str] = []
    for _, spec in (*HOSPITAL_TABLES, *PEOPLE_TABLES):
        table = window.table(MasterKind(spec.id.removeprefix("master_")))
        window.choose(table, table.presenter.state.rows[-1].entry.code)
        settle(0.02)
        found += [f"{spec.id}: {finding}" for finding in review(window.window)]
        table.presenter.start_new()
        settle(0.02)
        found += [f"{spec.id}, new: {finding}" for finding in review(window.window)]
    page = window.exchange()
    settle(0.02)
    found += [f"exchange: {finding}" for finding in review(window.window)]
    assert page.list.total == 0
    assert found == []
