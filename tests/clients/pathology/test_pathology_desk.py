"""The desk: opening, stepping, saving in two scopes, leaving with unsaved changes, scans; and the tables around it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.kit.actions import check_actions
from clients.kit.bell import Bell
from clients.pathology import desk as desk_module
from clients.pathology.desk import Answer, Desk, find_maker
from clients.pathology.links import LINKS
from clients.pathology.menus import ENTRIES, LIST_MENU_HEAD, MENUS, TOOLS
from clients.pathology.shell.bars import available, declared_actions, is_possible
from clients.pathology.stations import SPECS, spec_of
from clients.pathology.tabs import BY_ID, LEFT
from shared.contract.errors import ErrorCode
from shared.contract.pathology import OpenCase
from shared.domain.pathology import ROUTINE_SLIDE_SOURCES, CaseState, Station, TaskSource
from tests.clients.pathology.desk_fakes import FakeView, a_desk
from tests.clients.pathology.fake_pathology import refusal


class FakePart:
    """A page that is dirty until it is saved or discarded."""

    def __init__(self, dirty: bool = True, fails: bool = False) -> None:
        self.dirty, self.fails = dirty, fails
        self.log: list[str] = []

    def is_dirty(self) -> bool:
        return self.dirty

    def save(self, done: Callable[[], None], failed: Callable[[], None]) -> None:
        self.log.append("save")
        if self.fails:
            failed()
            return
        self.dirty = False
        done()

    def discard(self) -> None:
        self.log.append("discard")
        self.dirty = False


def view_of(desk: Desk) -> FakeView:
    assert isinstance(desk.view, FakeView)
    return desk.view


def test_a_case_is_opened_changed_and_closed_and_everybody_hears(tmp_path: Path) -> None:
    desk, house = a_desk(tmp_path)
    first = house.add()
    heard: list[str] = []
    desk.opened.listen(lambda details: heard.append(f"opened {details.case.number}"))
    desk.changed.listen(lambda details: heard.append(f"changed {details.case.revision}"))
    forget = desk.closed.listen(lambda _none: heard.append("closed"))
    desk.open_case(first.case.id)
    assert desk.case is not None and desk.is_open and desk.allows("edit") and not desk.allows("audit")
    house.change(first.case.id, state=CaseState.GROSSED)
    desk.reload()
    desk.close_case()
    assert heard == ["opened 2600001", "changed 2", "closed"] and not desk.is_open
    forget()
    desk.open_case(first.case.id)
    desk.close_case()
    assert heard[-1] == "opened 2600001"


def test_a_case_that_cannot_be_opened_leaves_the_present_one(tmp_path: Path) -> None:
    desk, house = a_desk(tmp_path)
    desk.open_case(house.add().case.id)
    house.fails[OpenCase] = refusal(ErrorCode.PERMISSION_MISSING)
    desk.open_case(house.add("别人").case.id)
    assert desk.case is not None and desk.case.number == "2600001"
    assert desk.place.messages.errors  # type: ignore[attr-defined]


def test_previous_and_next_step_through_the_list_and_say_where_it_ends(tmp_path: Path) -> None:
    desk, house = a_desk(tmp_path)
    numbers = [house.add(name).case.number for name in ("甲", "乙", "丙")]
    desk.open_case(3)  # the newest stands first
    desk.step(1)
    assert desk.case is not None and desk.case.number == numbers[1]
    desk.step(1)
    desk.step(1)
    assert desk.case.number == numbers[0]
    assert desk.place.messages.said[-1].text == "已是列表的最后一例"  # type: ignore[attr-defined]
    desk.step(-1)
    assert desk.case.number == numbers[1]


@pytest.mark.parametrize(
    ("answer", "log", "is_left"),
    [(Answer.SAVE, ["save"], True), (Answer.DISCARD, ["discard"], True), (Answer.STAY, [], False)],
)
def test_unsaved_changes_are_asked_about_before_a_case_is_left(
    tmp_path: Path, answer: Answer, log: list[str], is_left: bool
) -> None:
    desk, house = a_desk(tmp_path)
    desk.open_case(house.add().case.id)
    part = FakePart()
    desk.add_part("grossing", "取材信息", part)
    view_of(desk).answer = answer
    desk.close_case()
    assert view_of(desk).asked == [("取材信息",)]
    assert part.log == log and desk.is_open is not is_left


def test_a_save_that_fails_keeps_the_case_on_the_desk(tmp_path: Path) -> None:
    desk, house = a_desk(tmp_path)
    desk.open_case(house.add().case.id)
    first, second = FakePart(fails=True), FakePart()
    desk.add_part("patient", "病人信息", first)
    desk.add_part("grossing", "取材信息", second)
    view_of(desk).answer = Answer.SAVE
    desk.close_case()
    assert desk.is_open and first.log == ["save"] and second.log == []
    first.fails = False
    desk.save_all()
    assert desk.dirty_tabs() == () and second.log == ["save"]


def test_the_foot_of_a_tab_saves_that_tab_only(tmp_path: Path) -> None:
    desk, _house = a_desk(tmp_path)
    one, other = FakePart(), FakePart()
    desk.add_part("patient", "病人信息", one)
    desk.add_part("grossing", "取材信息", other)
    desk.save_part("grossing")
    assert (one.log, other.log) == ([], ["save"])
    assert desk.dirty_tabs() == ("病人信息",)


def test_scans_go_to_the_newest_handler_that_takes_them(tmp_path: Path) -> None:
    desk, _house = a_desk(tmp_path)
    taken: list[str] = []
    desk.on_scan(lambda code: bool(taken.append(f"old {code}")) or True)
    forget = desk.on_scan(lambda code: code.startswith("B"))
    assert desk.take_scan("B1") and taken == []
    assert desk.take_scan("S1") and taken == ["old S1"]
    forget()
    assert desk.take_scan("B2") and taken == ["old S1", "old B2"]


def test_a_bell_that_is_forgotten_while_it_rings_does_no_harm() -> None:
    bell: Bell[int] = Bell()
    heard: list[int] = []

    def once(value: int) -> None:
        heard.append(value)
        forget()

    forget = bell.listen(once)
    bell.listen(lambda value: heard.append(value * 10))
    bell.ring(1)
    bell.ring(2)
    assert heard == [1, 10, 20]


# ── the tables ──


def test_thirteen_menus_stand_in_their_order() -> None:
    assert [menu.title for menu in MENUS] == [
        "用户管理", "系统站点", "病例管理", "制片管理", "影像管理", "图像分析", "查询统计", "报告管理", "特检管理",
        "档案管理", "系统设置", "查看", "帮助",
    ]  # fmt: skip


def test_ids_and_keys_of_all_entries_are_unique_and_their_icons_exist() -> None:
    together = [entry for menu in MENUS for entry in menu.entries]
    assert len({entry.id for entry in together}) == len(together)
    check_actions(declared_actions(dict.fromkeys(ENTRIES, lambda _desk: None)))
    assert set(TOOLS) <= set(ENTRIES) and set(LIST_MENU_HEAD) <= set(ENTRIES)


def test_nine_stations_name_tabs_links_and_lists_that_exist() -> None:
    assert [spec.title for spec in SPECS] == [
        "登记工作站", "取材工作站", "制片工作站", "诊断工作站", "液基诊断工作站", "常规切片工作站", "细胞学制片工作站",
        "特检工作站", "归档工作站",
    ]  # fmt: skip
    links = {link.id for link in LINKS}
    for spec in SPECS:
        assert set(spec.tabs) <= set(BY_ID) and spec.tabs and set(spec.links) <= links and spec.left in LEFT
    with_patient = {spec.id for spec in SPECS if "patient" in spec.tabs}  # PA-GEN-06
    assert {Station.REGISTRATION, Station.GROSSING, Station.DIAGNOSIS, Station.LIQUID} <= with_patient
    assert spec_of("routine_slides").sources == ROUTINE_SLIDE_SOURCES and len(ROUTINE_SLIDE_SOURCES) == 8
    assert spec_of(Station.CYTOLOGY_SLIDES).sources == (TaskSource.SMEAR,)
    assert spec_of(Station.DIAGNOSIS).days == 7  # PA-DX-01


def test_every_entry_of_a_module_that_exists_names_a_function_of_it() -> None:
    for entry in ENTRIES.values():
        module, _, name = entry.maker.partition(":")
        if module.startswith(("clients.pathology.shell", "clients.pathology.registration")):
            assert hasattr(importlib.import_module(module), name), entry.maker


def test_an_entry_whose_maker_nobody_wrote_is_left_out() -> None:
    assert find_maker("clients.pathology.nowhere.entries:go") is None
    assert find_maker("clients.pathology.desk:go") is None
    assert find_maker("clients.pathology.desk:find_maker") is desk_module.find_maker
    assert {"case.export", "case.import", "case.register"} <= set(available())


def test_entries_can_be_used_when_the_desk_holds_what_they_need(tmp_path: Path) -> None:
    desk, house = a_desk(tmp_path)
    assert not is_possible(ENTRIES["case.save"], desk) and is_possible(ENTRIES["case.register"], desk)
    desk.new_case()
    assert is_possible(ENTRIES["case.save"], desk) and not is_possible(ENTRIES["case.fees"], desk)
    desk.open_case(house.add().case.id)
    assert is_possible(ENTRIES["case.fees"], desk) and not is_possible(ENTRIES["report.audit"], desk)
    assert not is_possible(ENTRIES["case.open"], desk)
