"""The archive over the real rooms: archiving by tick and scan, lending with a receipt, return, loss, places, looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from clients.kit.review import review
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from clients.pathology.archive import entries, tabs
from clients.pathology.archive.forms import destroy_form, lost_form, yuan_problem
from clients.pathology.archive.items import Search
from clients.pathology.archive.keeping_page import KeepingPage
from clients.pathology.archive.lending import LendingPresenter
from clients.pathology.archive.lending_page import LendingPage
from clients.pathology.archive.loans import LoansPresenter, overdue_days
from clients.pathology.archive.places import PlacesWindow
from clients.pathology.archive.presenter import KEPT, KeepingPresenter, place_words
from clients.pathology.desk import Desk
from server.pathology.keeping.tables import LoanRow
from shared.contract.pathology_keeping import KeptKind, ListPlaces, LoanFilter, PlaceEntry, SavePlace
from shared.domain.pathology import LoanState, Station
from tests.clients.pathology.diagnosis.diagnosis_house import HostView, a_diagnosis_desk
from tests.server.pathology.keeping.test_keeping_room import sectioned
from tests.server.pathology.reports.report_room import Room

FORM: dict[str, Any] = {
    "name": "李明", "relation": "子女", "phone": "13900000000", "id_number": "", "unit": "省肿瘤医院",
    "purpose": "外院会诊", "deposit": "500", "due_day": date.today() + timedelta(days=14), "note": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("archive"))
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    yield made
    made.close()


class House:
    """The archive's desk and a case with two sectioned blocks of its own."""

    def __init__(self, room: Room, folder: Path, role: str = "pathology_archivist") -> None:
        self.room = room
        self.desk, self.view, self.messages = a_diagnosis_desk(room, room.user(role), folder, station=Station.ARCHIVE)
        self.case_id, self.blocks = sectioned(room)
        self.number = self.call_blocks()[0].case_number

    def call_blocks(self) -> tuple[Any, ...]:
        from clients.pathology.archive.items import unarchived

        found = unarchived(self.desk.place.connection.call, KeptKind.BLOCK, Search())
        return tuple(one for one in found if one.case_id == self.case_id)

    def place(self, name: str, capacity: int = 0, kind: KeptKind = KeptKind.BLOCK) -> int:
        entry = PlaceEntry(kind=kind, name=name, room="B102", capacity=capacity)
        made: Any = self.room.ask(self.room.user("pathology_admin"), SavePlace(entry=entry))
        return int(made.id)

    def keeping(self, kind: KeptKind = KeptKind.BLOCK) -> KeepingPresenter:
        made = KeepingPresenter(self.desk, kind, lambda _state: None)
        made.start()
        made.find(Search(number=self.number))
        return made

    def archived(self, name: str) -> KeepingPresenter:
        place_id = self.place(name)
        page = self.keeping()
        page.choose_place(place_id)
        page.tick_all()
        page.archive()
        assert all(line.is_done for line in page.state.report)
        return page

    def lend(self, name: str) -> LendingPresenter:
        self.archived(name)
        page = LendingPresenter(self.desk, lambda _state: None)
        page.find(self.number)
        page.add_found()
        page.lend(FORM)
        return page


@pytest.fixture
def house(qapp: QApplication, room: Room, tmp_path: Path) -> House:
    return House(room, tmp_path)


def test_a_scan_ticks_and_a_full_place_is_named_for_each_object(house: House) -> None:
    small = house.place("小抽屉", capacity=1)
    page = house.keeping()
    for number in [row.number for row in page.state.rows]:
        page.scanned(number)
    assert page.state.ticked == set(house.blocks)
    page.choose_place(small)
    page.archive()
    assert [line.is_done for line in page.state.report] == [True, False] and "已满" in page.state.report[1].message
    assert page.state.ticked == {row.object_id for row in page.state.rows} == {house.blocks[1]}, "the rest stays ticked"
    full = next(one for one in page.state.places if one.id == small)
    assert place_words(full) == "B102  小抽屉  ·  1 / 1"
    page.switch(KEPT)
    assert [row.place for row in page.state.rows] == ["B102 小抽屉"] and not page.state.report
    page.tick_all()
    page.take_out("深切")
    assert not page.state.rows and len(house.call_blocks()) == 2


def test_papers_of_a_case_leave_the_list_of_those_that_wait(house: House) -> None:
    place_id = house.place("档案架", kind=KeptKind.PAPER)
    page = house.keeping(KeptKind.PAPER)
    page.choose_place(place_id)
    page.add_cases((house.case_id,))
    page.archive()
    assert not page.state.rows
    page.switch(KEPT)
    assert [row.case_id for row in page.state.rows] == [house.case_id]


def test_what_is_lent_is_told_apart_and_never_lent_twice(house: House) -> None:
    house.archived("借柜")
    page = LendingPresenter(house.desk, lambda _state: None)
    page.find(house.number)
    first, second = page.state.found
    page.scanned(first.number)
    page.scanned(first.number)
    assert len(list(page.state.items)) == 1, "collected once"
    page.add(second)
    page.remove(second)
    page.lend(FORM)
    loan = page.state.loan
    assert loan is not None and loan.deposit_fen == 50_000 and len(list(page.state.items)) == 0
    page.find(house.number)
    assert page.state.found == (second,)
    page.scanned(first.number)
    assert len(list(page.state.items)) == 0
    assert yuan_problem("5.5.5") and not yuan_problem("5.50")


def test_a_loan_is_found_by_its_number_and_comes_back_in_parts(house: House) -> None:
    made = house.lend("还柜").state.loan
    assert made is not None
    page = LoansPresenter(house.desk, lambda _state: None, only_out=True)
    page.scanned(made.number.lower())
    loan = page.state.loan
    assert loan is not None and loan.id == made.id and len(page.state.ticked) == 2
    page.tick(loan.items[1].id)
    calls: list[str] = []
    page.give_back("胃窦腺癌", 20_000, "", lambda: calls.append("back"))
    assert page.state.loan is not None and page.state.loan.state is LoanState.LENT and calls == ["back"]
    page.extend(made.due_day + timedelta(days=7), "", lambda: calls.append("longer"))
    assert page.state.loan.due_day == made.due_day + timedelta(days=7)
    page.report_lost("快递遗失", lambda: calls.append("lost"))
    assert calls == ["back", "longer", "lost"] and page.state.loans == ()
    everything = LoansPresenter(house.desk, lambda _state: None)
    everything.find(LoanFilter(case_number=house.number))
    assert [one.state for one in everything.state.loans] == [LoanState.LOST]


def test_a_loan_that_is_late_says_by_how_many_days(house: House) -> None:
    made = house.lend("晚柜").state.loan
    assert made is not None
    with house.room.database.write() as uow:
        uow.session.execute(
            update(LoanRow).where(LoanRow.id == made.id).values(due_day=date.today() - timedelta(days=3))
        )
    page = LoansPresenter(house.desk, lambda _state: None)
    page.find(LoanFilter(states=(LoanState.OVERDUE,), loan_number=made.number))
    assert page.state.loan is not None and overdue_days(page.state.loan, date.today()) == 3


def test_places_are_added_and_changed_on_screen(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    house = House(room, tmp_path, "pathology_admin")
    window = PlacesWindow(house.desk, KeptKind.SLIDE)
    qtbot.addWidget(window)
    window.form.set_values({"name": "切片柜", "room": "A1", "capacity": 20, "note": "", "is_active": True})
    window.form.submit()
    (place,) = [one for one in room.ask(room.user("pathology_admin"), ListPlaces()) if one.entry.name == "切片柜"]
    window.list.select_id(place.id)
    window.form.set_values({**window.form.values(), "capacity": 30})
    window.form.submit()
    (place,) = [one for one in room.ask(room.user("pathology_admin"), ListPlaces()) if one.entry.name == "切片柜"]
    assert place.entry.capacity == 30 and place.version == 2
    window.years.set_values({"years": 20})
    window.years.submit()
    assert window.years.value("years") == 20


def test_entries_show_the_tab_or_a_window(qtbot: QtBot, house: House) -> None:
    entries.blocks(house.desk)
    assert house.view.tabs == ["archive.blocks"]
    station = house.desk.station
    house.desk.station = SimpleNamespace(id=station.id, tabs=(), sources=())  # type: ignore[assignment]
    entries.slide_places(house.desk)
    assert isinstance(house.view.window, PlacesWindow)
    qtbot.addWidget(house.view.window)
    entries.lending(house.desk)
    assert isinstance(house.view.window, LendingPage)
    qtbot.addWidget(house.view.window)


def _pages(desk: Desk) -> dict[str, QWidget]:
    return {
        "blocks": tabs.make_blocks(desk), "papers": tabs.make_papers(desk), "lending": tabs.make_lending(desk),
        "returning": tabs.make_returning(desk), "loans": tabs.make_loans(desk),
        "kept": _kept_page(desk), "places": PlacesWindow(desk, KeptKind.BLOCK),
        "destroying": destroy_form(2, lambda *_signed: None, lambda: None),
        "losing": lost_form(lambda *_reason: None, lambda: None),
    }  # fmt: skip


def _kept_page(desk: Desk) -> QWidget:
    page = tabs.make_blocks(desk)
    assert isinstance(page, KeepingPage)
    page.presenter.switch(KEPT)
    page.presenter.tick_all()
    page.presenter.take_out("")
    return page


def test_the_forms_ask_before_anything_happens(qtbot: QtBot, house: House) -> None:
    page = tabs.make_lending(house.desk)
    assert isinstance(page, LendingPage)
    qtbot.addWidget(page)
    house.archived("空柜")
    page.presenter.find(house.number)
    page.presenter.add_found()
    page.lend_button.click()
    assert not house.view.panels and "name" in page.form.problems()
    page.form.set_values(FORM)
    page.lend_button.click()
    assert page.presenter.state.loan is not None and house.view.panels[-1] == "借阅回执"
    assert isinstance(house.view.window, QWidget)
    qtbot.addWidget(house.view.window)


def test_no_words_are_cut_in_either_language(qtbot: QtBot, house: House, tmp_path: Path) -> None:
    apply_theme(ThemeName.LIGHT)
    made = house.lend("看柜").state.loan
    assert made is not None
    with house.room.database.write() as uow:
        uow.session.execute(
            update(LoanRow).where(LoanRow.id == made.id).values(due_day=date.today() - timedelta(days=3))
        )
    sectioned(house.room, 3)
    view = house.view
    assert isinstance(view, HostView)
    view.host.resize(986, 560)  # what 1366x768 leaves beside the list
    qtbot.addWidget(view.host)
    try:
        for language in (Language.CHINESE, Language.ENGLISH):
            set_language(language)
            for name, page in _pages(house.desk).items():
                view.put(page)
                view.host.show()
                qtbot.wait_until(page.isVisible)
                qtbot.wait(1)
                assert not review(view.host), (language, name)
                page.setParent(None)
                qtbot.addWidget(page)
    finally:
        set_language(Language.CHINESE)
