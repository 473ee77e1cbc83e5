"""The case list without a window: filters, counters, numbers looked up, rows fetched on from cursors."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from clients.kit.paging import PageRequest
from clients.pathology.shell.list_presenter import CaseListPresenter, ListState
from clients.pathology.shell.login_rules import libraries_of, login_of, name_of, users_with_name
from clients.pathology.shell.server import CaseRows
from shared.contract.base import Changed
from shared.contract.pathology import CaseFilter, ListCases
from shared.contract.pathology_stations import LoginChoicesView, LoginLibrary, LoginUser
from shared.domain.pathology import CaseFlag, CaseState
from tests.clients.pathology.desk_fakes import a_desk
from tests.clients.pathology.fake_pathology import FakePathology

TODAY = date(2026, 11, 22)


def a_presenter(folder: Path) -> tuple[CaseListPresenter, FakePathology, list[ListState]]:
    desk, house = a_desk(folder)
    shown: list[ListState] = []
    return CaseListPresenter(desk, shown.append, today=lambda: TODAY), house, shown


def test_the_list_begins_with_the_station_s_states_and_days_in_the_chosen_library(tmp_path: Path) -> None:
    presenter, _house, _shown = a_presenter(tmp_path)
    asked = presenter.filter
    assert asked.library_ids == (1,) and asked.states == (CaseState.REGISTERED,)
    assert asked.first == date(2026, 10, 24) and asked.last is None


def test_several_state_buttons_may_be_pressed_and_each_is_released_again(tmp_path: Path) -> None:
    presenter, _house, _shown = a_presenter(tmp_path)
    presenter.toggle_state(CaseState.GROSSED)
    assert presenter.state.states == (CaseState.REGISTERED, CaseState.GROSSED)
    presenter.toggle_state(CaseState.REGISTERED)
    presenter.toggle_state(CaseState.GROSSED)
    assert presenter.state.states == () and presenter.filter.states == ()


def test_a_search_looks_at_all_days(tmp_path: Path) -> None:
    presenter, _house, _shown = a_presenter(tmp_path)
    presenter.search("陈")
    assert presenter.filter.first is None and presenter.filter.text == "陈"
    presenter.search("")
    presenter.set_days(0)
    assert presenter.filter.first is None


def test_counters_of_states_and_links_come_from_both_rooms(tmp_path: Path) -> None:
    presenter, house, shown = a_presenter(tmp_path)
    house.add()
    house.add(state=CaseState.GROSSED)
    house.add(state=CaseState.APPOINTED)
    presenter.open()
    assert shown[-1].state_counts == {CaseState.REGISTERED: 1, CaseState.GROSSED: 1}
    assert shown[-1].counts == {
        "bookings": 1,
        "regrossing": 1,
        "consultations": 2,
        "follow_ups_due": 1,
        "follow_ups": 2,
        "favourites": 3,
        "overdue": 0,
    }


def test_a_number_that_is_known_opens_its_case_and_another_says_so(tmp_path: Path) -> None:
    presenter, house, shown = a_presenter(tmp_path)
    details = house.add()
    presenter.look_up(f" {details.case.number} ")
    assert presenter._desk.case == details.case
    presenter.look_up("9900001")
    assert shown[-1].problem == "没有找到 9900001" and presenter._desk.case == details.case
    presenter.forget_problem()
    assert shown[-1].problem == ""


def test_a_special_list_replaces_the_usual_one_until_it_is_left(tmp_path: Path) -> None:
    presenter, _house, _shown = a_presenter(tmp_path)
    sources: list[CaseRows] = []
    presenter.on_source = sources.append
    presenter.show_special("急诊病例", flags=(CaseFlag.URGENT,))
    assert presenter.filter.flags == (CaseFlag.URGENT,) and presenter.filter.states == ()
    presenter.leave_special()
    assert presenter.filter.flags == () and presenter.filter.states == (CaseState.REGISTERED,)
    assert len(sources) == 2 and presenter._desk.filter == presenter.filter


def test_only_notices_about_cases_make_the_list_old(tmp_path: Path) -> None:
    presenter, _house, _shown = a_presenter(tmp_path)
    assert presenter.heard(Changed(entity="pathology_case", id=1, version=2))
    assert not presenter.heard(Changed(entity="exam", id=1, version=2))


def test_rows_of_a_far_window_are_fetched_from_cursor_to_cursor_once(tmp_path: Path) -> None:
    _desk, house = a_desk(tmp_path)
    for n in range(450):
        house.add(f"病人{n}", specimens=())
    rows = CaseRows(house.connection, CaseFilter())
    far = rows(PageRequest(offset=400, limit=50))
    assert [row.id for row in far.rows] == list(range(50, 0, -1)) and far.total == 450
    calls = sum(isinstance(call, ListCases) for call in house.connection.calls)
    assert calls == 3
    near = rows(PageRequest(offset=0, limit=50))
    assert near.rows[0].id == 450 and sum(isinstance(call, ListCases) for call in house.connection.calls) == calls
    house.add("新病人", specimens=())
    rows.forget()
    assert rows(PageRequest(offset=0, limit=50)).rows[0].id == 451


CHOICES = LoginChoicesView(
    libraries=(LoginLibrary(id=1, name="常规", name_en=""), LoginLibrary(id=2, name="冰冻", name_en="")),
    users=(
        LoginUser(login="wang", name="王芳", library_ids=()),
        LoginUser(login="li", name="李明", library_ids=(2,)),
        LoginUser(login="li2", name="李明", library_ids=(1,)),
    ),
)


def test_code_and_name_fill_each_other_and_namesakes_are_told_apart() -> None:
    assert name_of(CHOICES, " WANG ") == "王芳" and name_of(CHOICES, "nobody") == ""
    assert users_with_name(CHOICES, "王芳") == ["wang"] and users_with_name(CHOICES, "李明") == ["li", "li2"]
    assert login_of(CHOICES, "li2") == "li2" and login_of(CHOICES, None) == ""


@pytest.mark.parametrize(("login", "ids"), [("wang", [1, 2]), ("li", [2]), ("li2", [1]), ("nobody", [1, 2])])
def test_only_libraries_that_the_user_may_enter_are_offered(login: str, ids: list[int]) -> None:
    assert [one.id for one in libraries_of(CHOICES, login)] == ids
