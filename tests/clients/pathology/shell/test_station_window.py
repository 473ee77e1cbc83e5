"""The workstation as a person uses it: the real window, keys and clicks, a department in memory; both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from clients.kit.review import review
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, set_language
from clients.pathology.app import TITLE, _login, make_pages
from clients.pathology.desk import Answer
from clients.pathology.shell.case_list import CaseList
from clients.pathology.shell.entrance import Entrance
from clients.pathology.shell.login import Chosen, PathologyLogin
from clients.pathology.shell.window import StationWindow
from clients.pathology.stations import spec_of
from shared.contract.errors import ErrorCode
from shared.contract.pathology import RegisterCase, TransferCase
from shared.contract.pathology_reports import RemoveFavourite, SaveFavourite
from shared.contract.pathology_stations import EnterLibrary, StationSettings
from shared.contract.pathology_technique import AcceptSpecimens, SpecimenEntry
from shared.domain.pathology import CaseFlag, CaseState, Station
from shared.domain.permissions import ROLES, Permission
from shared.domain.states import Sex
from tests.clients.pathology.fake_pathology import ALL_RIGHTS, FakePathology, refusal


class Room:
    """The window of one user."""

    def __init__(self, qtbot: QtBot, permissions: tuple[Permission, ...] = ALL_RIGHTS, station: str = "") -> None:
        self.qtbot = qtbot
        self.house = FakePathology(permissions)
        self.chosen = Chosen(1)
        make_login = partial(_login, self.chosen)
        self.window = Workstation(
            TITLE, make_pages(self.chosen, station), lambda _server: self.house.connection, make_login=make_login
        )
        self.window.resize(1366, 768)
        with qtbot.waitActive(self.window, timeout=30_000):
            self.window.show()
            self.window.activateWindow()

    def enter(self) -> StationWindow:
        connection = self.house.connection
        shell = self.window.sign_in_with(SignedIn(connection, connection.login("reg", "secret")))
        self.settle()
        entrance = shell.page_widget("pathology")
        assert isinstance(entrance, Entrance) and entrance.window_of_station is not None
        return entrance.window_of_station

    def settle(self) -> None:
        for _ in range(3):
            self.qtbot.waitUntil(lambda: not self.window.runner.busy, timeout=30_000)
            QApplication.processEvents()

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=30_000)

    def type(self, text: str) -> None:
        """Letters slower than a scanner; the last one is held back for a moment, in case a scan goes on."""
        target = QApplication.focusWidget()
        assert target is not None
        QTest.keyClicks(target, text, delay=40)
        QTest.qWait(80)

    def leave(self) -> None:
        self.settle()
        shell = self.window.shell
        if shell is not None:
            shell.guard = None
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()

    def looks_well(self, what: Any = None) -> bool:
        """Layouts have settled and nothing is cut."""
        for _ in range(3):
            QTest.qWait(20)
        found = [str(one) for one in review(what or self.window)]
        assert found == []
        return True

    def patient(self) -> Any:
        window = self.window.shell.page_widget("pathology").window_of_station  # type: ignore[union-attr]
        return window.tabs.content("patient")  # type: ignore[union-attr]


@pytest.fixture(autouse=True)
def looks() -> Iterator[None]:
    make_application()
    wear("light")
    set_language(Language.CHINESE)
    yield
    set_language(Language.CHINESE)


@pytest.fixture
def rooms(qtbot: QtBot) -> Iterator[Callable[..., Room]]:
    made: list[Room] = []

    def make(*what: Any) -> Room:
        made.append(Room(qtbot, *what))
        return made[-1]

    yield make
    for one in made:
        one.leave()


@pytest.fixture
def room(rooms: Callable[..., Room]) -> Room:
    return rooms()


def fill(house: FakePathology) -> None:
    for n, state in enumerate((CaseState.REGISTERED, CaseState.GROSSED, CaseState.AUDITED, CaseState.REGISTERED)):
        house.add(f"病人{n}", state, (CaseFlag.URGENT,) if n == 0 else (), sex=Sex.FEMALE)


# ── log-in ──


def test_the_log_in_window_fills_code_and_name_and_offers_only_allowed_libraries(room: Room) -> None:
    page = room.window.login_page
    assert isinstance(page, PathologyLogin)
    page.set_server("tcp://server")
    room.wait(lambda: bool(page.choices.users))
    page.form.set_values({"user": "gross"})
    page.form.changed.emit("user")
    assert page.form.value("name") == "gross" and page.form.value("library") == 2 and room.chosen.library_id == 2
    page.form.rows["name"].editor.set_value("reg")
    page.form.changed.emit("name")
    assert page.form.value("user") == "reg"
    page.form.set_values({"user": "李取材"})  # the name where the code is asked for
    page.form.changed.emit("user")
    assert page.form.value("user") == "gross"
    assert room.looks_well(page)


def test_a_wrong_password_clears_itself_and_exit_closes_the_program(room: Room) -> None:
    page = room.window.login_page
    assert isinstance(page, PathologyLogin)
    page.set_server("tcp://server")
    room.wait(lambda: bool(page.choices.users))
    page.form.set_values({"user": "reg", "password": "wrong"})
    page._user_changed()
    page.form.submit()
    room.settle()
    assert page.form.value("password") == "" and page.form.rows["password"].problem
    page.exit_button.click()
    assert not room.window.isVisible()


def test_a_library_that_is_not_the_user_s_leads_back_to_the_log_in(room: Room) -> None:
    room.house.fails[EnterLibrary] = refusal(ErrorCode.PERMISSION_MISSING)
    connection = room.house.connection
    room.window.sign_in_with(SignedIn(connection, connection.login("reg", "secret")))
    room.settle()
    assert room.window.shell is None
    assert "不能进入" in room.window.login_page.notice.text()


# ── the window ──


def test_menus_tools_list_links_and_status_stand_in_both_languages(room: Room) -> None:
    fill(room.house)
    window = room.enter()
    titles = [action.text() for action in window.menu_bar.actions()]
    assert len(titles) == 13 and titles[0] == "用户管理" and titles[-1] == "帮助"
    assert {"case.register", "case.save", "case.previous", "case.favourite"} <= set(window.tool_strip.buttons)
    left = window.left
    assert isinstance(left, CaseList)
    room.wait(lambda: left.list.total == 2)
    assert left.links.buttons["follow_ups"].text() == "随访病例 1/2"
    assert left.links.buttons["favourites"].text() == "收藏病例（3）"
    assert "常规" in window.status_words.full_text and "reg" in window.status_words.full_text
    window.desk.open_case(1)
    room.settle()
    assert room.looks_well(room.window)
    set_language(Language.ENGLISH)
    QApplication.processEvents()
    assert window.menu_bar.actions()[2].text() == "Cases" and "Routine" in window.status_words.full_text
    assert room.looks_well()


def test_an_empty_menu_says_so_and_entries_without_right_are_not_there(rooms: Callable[..., Room]) -> None:
    room = rooms(tuple(ROLES["pathology_archivist"]))
    window = room.enter()
    assert window.desk.station.id is Station.ARCHIVE
    cases = {action.text() for action in window.menu_bar.menus["cases"].actions()}
    assert "登记病例" not in cases and "打印病理条码" in cases
    sites = [action.text() for action in window.menu_bar.menus["sites"].actions()]
    assert "归档工作站" in sites and "登记工作站" not in sites
    nothing = window.menu_bar.menus["special"].actions()
    assert len(nothing) >= 1 and not any(action.isEnabled() for action in nothing if action.text() == "没有可用的功能")


def test_the_nine_buttons_filter_and_show_their_counts(room: Room) -> None:
    fill(room.house)
    window = room.enter()
    left = window.left
    assert isinstance(left, CaseList)
    buttons = left.states.buttons
    assert [button.toolTip()[0] for button in buttons.values()] == list("登材制初主复审印发")
    assert buttons[CaseState.REGISTERED].isChecked()
    buttons[CaseState.REGISTERED].click()
    buttons[CaseState.AUDITED].click()
    room.wait(lambda: left.list.total == 1)
    assert buttons[CaseState.AUDITED].toolTip() == "审 已审核  1"


def test_another_station_s_registration_appears_by_itself(room: Room) -> None:
    window = room.enter()
    left = window.left
    assert isinstance(left, CaseList)
    room.wait(lambda: left.list.total == 0)
    details = room.house.add("陈静")
    room.house.change(details.case.id)
    room.wait(lambda: left.list.total == 1)


def test_the_open_case_follows_what_another_station_saves(room: Room) -> None:
    details = room.house.add("陈静")
    window = room.enter()
    window.desk.open_case(details.case.id)
    room.settle()
    room.house.change(details.case.id, state=CaseState.GROSSED, flags=(CaseFlag.INFECTIOUS,))
    room.wait(lambda: window.header.state.text() == "已取材")


def test_a_typed_number_opens_its_case_and_the_field_is_ready_for_the_next(room: Room) -> None:
    details = room.house.add("陈静")
    window = room.enter()
    left = window.left
    assert isinstance(left, CaseList)
    left.number.setFocus()
    room.type(details.case.number)
    QTest.keyClick(left.number, Qt.Key.Key_Return)
    room.settle()
    assert window.desk.case is not None and window.header.number.full_text == details.case.number
    assert left.number.hasFocus() and left.number.selectedText() == details.case.number
    room.type("9")
    QTest.keyClick(left.number, Qt.Key.Key_Return)
    room.settle()
    assert left.problem.isVisible() and window.desk.case.number == details.case.number


def test_a_scan_opens_the_case_wherever_the_keyboard_is(room: Room) -> None:
    details = room.house.add("陈静")
    window = room.enter()
    window.desk.new_case()
    room.settle()
    room.patient().form.focus("patient_name")
    target = QApplication.focusWidget()
    assert target is not None
    for letter in f"C{details.case.number}":
        QTest.keyClick(target, letter)
    QTest.keyClick(target, Qt.Key.Key_Return)
    room.settle()
    room.wait(lambda: window.desk.case is not None)
    assert window.desk.case is not None and window.desk.case.id == details.case.id


def test_stations_are_exchanged_without_a_new_log_in_and_the_last_one_is_remembered(room: Room) -> None:
    window = room.enter()
    room.window.shell._groups["pathology"].trigger("site.diagnosis")  # type: ignore[union-attr]
    room.settle()
    assert window.desk.station.id is Station.DIAGNOSIS and "patient" in window.tabs.tab_ids
    assert "诊断工作站" in window.status_words.full_text
    assert UserSettings.for_user("reg").get("pathology/station") == "diagnosis"
    room.window._leave_shell()
    room.settle()
    again = room.enter()
    assert again.desk.station.id is Station.DIAGNOSIS


def test_late_answers_and_notices_after_a_switch_or_a_log_off_harm_nobody(room: Room) -> None:
    details = room.house.add("陈静")
    window = room.enter()
    left = window.left
    assert isinstance(left, CaseList)
    left.presenter.refresh()  # under way while the station is exchanged
    window.desk.open_case(details.case.id)
    window.go_to_station(spec_of(Station.ARCHIVE))
    room.house.change(details.case.id)
    left.refresh()
    room.settle()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    room.house.change(details.case.id)
    room.settle()
    window.desk.new_case()
    window.desk.open_case(details.case.id)
    room.window._leave_shell()
    room.house.change(details.case.id)
    room.settle()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    room.settle()
    assert room.window.shell is None


def test_parts_of_the_window_hide_and_stay_hidden(room: Room) -> None:
    window = room.enter()
    for entry in ("view.list", "view.tool_bar", "view.status"):
        room.window.shell._groups["pathology"].trigger(entry)  # type: ignore[union-attr]
    assert window.left is not None and not window.left.isVisible() and not window.tool_strip.isVisible()
    assert not room.window.shell.status.isVisible()  # type: ignore[union-attr]
    window.go_to_station(window.desk.station)
    room.window._leave_shell()
    room.settle()
    again = room.enter()
    assert not again.tool_strip.isVisible()
    again.toggle_part("tool_bar")
    assert again.tool_strip.isVisible()


def test_the_context_menu_of_the_list_holds_my_reports_naming_and_deletion(room: Room) -> None:
    fill(room.house)
    window = room.enter()
    left = window.left
    assert isinstance(left, CaseList)
    room.wait(lambda: left.list.total == 2)
    menu = QMenu()
    left._fill_menu(menu, left.list.model.row(0))
    words = {action.text() for action in menu.actions()}
    assert {"打开病例", "我的未诊断报告", "我的未发送报告", "删除记录", "批量 HIS 信息提取"} <= words
    assert window.desk.selected is not None


# ── registering ──


def test_a_clerk_registers_with_the_keyboard_and_accepts_the_specimens(room: Room) -> None:
    window = room.enter()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    room.settle()
    page = room.patient()
    assert page.form.rows["patient_name"].editor.focus_target.hasFocus()
    for key, text in (("patient_name", "chenjing"), ("department", "GWK")):
        page.form.focus(key)
        room.type(text)
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)  # takes the prompt, or goes on
    assert page.number.text() == "2600001"
    page.specimens.focus_first()
    room.type("femur")
    page.specimens.add_button.click()
    assert page.specimens.list.total == 1
    page.save_button.click()
    room.settle()
    assert window.desk.case is not None and window.desk.case.number == "2600001"
    sent = next(call for call in room.house.connection.calls if isinstance(call, RegisterCase))
    assert (sent.entry.patient_name, sent.entry.department) == ("chenjing", "骨外科")
    assert [one.name for one in sent.specimens] == ["femur"]
    page.specimens.accept_all.click()
    room.settle()
    assert any(isinstance(call, AcceptSpecimens) for call in room.house.connection.calls)
    assert not page.specimens.accept_all.isEnabled()
    page.next_button.click()
    room.settle()
    assert window.desk.is_new and page.form.value("patient_name") == "" and page.number.text() == "2600002"


def test_a_missing_name_is_shown_at_its_field_and_nothing_is_sent(room: Room) -> None:
    window = room.enter()
    window.desk.new_case()
    room.settle()
    room.window.shell._groups["pathology"].trigger("case.save")  # type: ignore[union-attr]
    room.settle()
    assert room.patient().form.rows["patient_name"].problem and window.desk.is_new
    assert not any(isinstance(call, RegisterCase) for call in room.house.connection.calls)


@pytest.mark.parametrize("answer", [Answer.DISCARD, Answer.STAY])
def test_closing_with_unsaved_changes_asks(room: Room, answer: Answer) -> None:
    window = room.enter()
    window.desk.new_case()
    room.settle()
    window.desk.place.side_panel.close_panel()
    page = room.patient()
    page.form.set_values({"patient_name": "陈静"})
    page.form.changed.emit("patient_name")
    room.window.shell._groups["pathology"].trigger("case.close")  # type: ignore[union-attr]
    assert window.question is not None and window.header.unsaved.isVisible()
    assert room.looks_well(window.question)
    window.question.answer(answer.value)
    room.settle()
    assert window.desk.is_open is (answer is Answer.STAY)
    if answer is Answer.STAY:
        assert page.form.value("patient_name") == "陈静"
        window.desk._parts["patient"][1].discard()


def test_the_program_does_not_close_over_unsaved_changes(room: Room) -> None:
    window = room.enter()
    window.desk.new_case()
    room.settle()
    page = room.patient()
    page.form.set_values({"patient_name": "陈静"})
    page.form.changed.emit("patient_name")
    room.window.close()
    assert room.window.isVisible() and window.question is not None
    window.question.answer(Answer.DISCARD.value)
    room.wait(lambda: not room.window.isVisible())


def test_idle_time_ends_the_session_and_keeps_the_draft(room: Room) -> None:
    room.house.settings = StationSettings(idle_minutes=0)
    window = room.enter()
    window.desk.new_case()
    room.settle()
    page = room.patient()
    page.form.set_values({"patient_name": "陈静"})
    page.form.changed.emit("patient_name")
    window.idle.set_minutes(0.0005)
    room.wait(lambda: room.window.shell is None)
    assert "自动注销" in room.window.login_page.notice.text()
    again = room.enter()
    again.desk.new_case()
    room.settle()
    assert room.patient().form.value("patient_name") == "陈静"
    again.desk._parts["patient"][1].discard()


def test_the_initial_password_is_changed_before_anything_else(room: Room) -> None:
    connection = room.house.connection
    session = msgspec.structs.replace(connection.login("reg", "secret"), must_change_password=True)
    shell = room.window.sign_in_with(SignedIn(connection, session))
    room.settle()
    entrance = shell.page_widget("pathology")
    assert isinstance(entrance, Entrance) and entrance.window_of_station is None
    assert entrance.waiting.title == "请先修改初始密码" and shell.side_panel.isVisible()
    shell.password_changed.emit()
    room.settle()
    assert entrance.window_of_station is not None


# ── windows and panels ──


def test_appointments_open_from_the_link_and_are_executed(room: Room) -> None:
    room.house.add("预约者", CaseState.APPOINTED)
    window = room.enter()
    left = window.left
    assert isinstance(left, CaseList)
    room.wait(lambda: left.links.buttons["appointments"].text() == "预约病例（1）")
    left.links.buttons["appointments"].click()
    room.settle()
    content = window._windows[0].content
    assert content.list.total == 1 and room.looks_well(window._windows[0])  # type: ignore[attr-defined]
    content.list.table.selectRow(0)  # type: ignore[attr-defined]
    content.execute_button.click()  # type: ignore[attr-defined]
    room.settle()
    room.wait(lambda: content.list.total == 0)  # type: ignore[attr-defined]
    room.wait(lambda: left.links.buttons["appointments"].text() == "预约病例（0）")


def test_charges_gaps_transfer_deletion_and_help_open_and_read_well(room: Room) -> None:
    fill(room.house)
    window = room.enter()
    left = window.left
    assert isinstance(left, CaseList)
    room.wait(lambda: left.list.total == 2)
    left.list.select_id(1)
    window.desk.open_case(1)
    room.settle()
    group = room.window.shell._groups["pathology"]  # type: ignore[union-attr]
    for entry in ("case.gaps", "case.transfer", "help.version"):
        group.trigger(entry)
        room.settle()
        assert window.desk.place.side_panel.isVisible() and room.looks_well()
    for entry in ("case.fees", "lists.favourites", "help.keys", "help.guide"):
        group.trigger(entry)
        room.settle()
        assert room.looks_well(window._windows[-1])
        window._windows[-1].close()
        QApplication.processEvents()


def test_charges_are_added_with_their_sum(room: Room) -> None:
    room.house.add("陈静")
    window = room.enter()
    window.desk.open_case(1)
    room.settle()
    room.window.shell._groups["pathology"].trigger("case.fees")  # type: ignore[union-attr]
    room.settle()
    content: Any = window._windows[0].content
    content.form.set_values({"name": "组织病理检查", "price": "120.5", "quantity": 2})
    content.findChild(QPushButton).click()
    room.settle()
    assert content.list.total == 1 and content.total.text() == "合计收费 241.00 元，未收 241.00 元"
    content.remove(content.list.model.row(0).line)
    room.settle()
    assert content.list.total == 0


def test_rejecting_a_specimen_asks_its_reason_at_the_side(room: Room) -> None:
    details = room.house.add("陈静", specimens=(SpecimenEntry(name="胃窦"),))
    window = room.enter()
    window.desk.open_case(details.case.id)
    room.settle()
    page = room.patient()
    page.specimens.list.action_requested.emit("reject", page.presenter.state.specimens[0])
    panel: Any = window.desk.place.side_panel.content
    panel.form.submit()
    assert panel.form.rows["reason"].problem
    panel.form.set_values({"reason": "固定液不足"})
    panel.form.submit()
    room.settle()
    assert page.presenter.state.specimens[0].reason == "固定液不足" and room.looks_well()


def test_a_case_moves_into_another_library_with_a_new_number(room: Room) -> None:
    room.house.add("陈静")
    window = room.enter()
    window.desk.open_case(1)
    room.settle()
    room.window.shell._groups["pathology"].trigger("case.transfer")  # type: ignore[union-attr]
    panel: Any = window.desk.place.side_panel.content
    assert [choice.text for choice in panel.form.rows["library"].editor.choices] == ["冰冻"]
    panel.form.submit()
    assert panel.form.rows["library"].problem
    panel.form.set_values({"library": 2, "reason": "改做冰冻"})
    panel.form.submit()
    room.settle()
    sent = next(call for call in room.house.connection.calls if isinstance(call, TransferCase))
    assert (sent.library_id, sent.version, sent.reason) == (2, 1, "改做冰冻")
    assert not window.desk.is_open and not window.desk.place.side_panel.isVisible()


def test_a_record_is_deleted_only_with_the_copied_password_and_a_second_press(room: Room) -> None:
    room.house.add("陈静")
    window = room.enter()
    left = window.left
    assert isinstance(left, CaseList)
    room.wait(lambda: left.list.total == 1)
    left.list.select_id(1)
    window.desk.select(left.list.model.row(0))
    room.window.shell._groups["pathology"].trigger("list.delete")  # type: ignore[union-attr]
    room.settle()
    panel: Any = window.desk.place.side_panel.content
    assert panel.password.full_text == "K7PQ2M" and room.looks_well()
    panel.form.set_values({"password": "k7pq2m"})
    panel.press()
    assert panel.form.rows["password"].problem
    panel.form.set_values({"password": "K7PQ2M"})
    panel.press()
    assert panel.button.text() == "再按一次，确认删除" and room.house.cases
    panel.form.changed.emit("reason")  # typing on begins anew
    assert panel.button.text() == "删除记录"
    panel.press()
    panel.press()
    room.settle()
    assert room.house.cases == {} and not window.desk.place.side_panel.isVisible()
    room.wait(lambda: left.list.total == 0)


def test_the_star_collects_the_open_case_or_the_row(room: Room) -> None:
    room.house.add("陈静")
    window = room.enter()
    window.desk.open_case(1)
    room.settle()
    group = room.window.shell._groups["pathology"]  # type: ignore[union-attr]
    group.trigger("case.favourite")
    room.settle()
    assert any(isinstance(call, SaveFavourite) and call.case_id == 1 for call in room.house.connection.calls)
    room.house.change(1, flags=(CaseFlag.FAVOURITE,))
    room.wait(lambda: window.desk.case is not None and CaseFlag.FAVOURITE in window.desk.case.flags)
    group.trigger("case.favourite")
    room.settle()
    assert any(isinstance(call, RemoveFavourite) for call in room.house.connection.calls)


def test_a_batch_fetch_tells_how_many_were_skipped_and_why(room: Room) -> None:
    fill(room.house)
    room.enter()
    room.window.shell._groups["pathology"].trigger("list.fetch")  # type: ignore[union-attr]
    room.settle()
    toasts = [toast.text for toast in room.window.shell.toasts.toasts]  # type: ignore[union-attr]
    assert toasts[-1] == "已提取 1 例，跳过 1 例。1：没有号码"
