"""Appointments and referrals through a real server and its sockets, in the clerk's real window."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from server_process import ServerProcess, running_server

from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, register_catalogue, set_language
from clients.registration import texts
from clients.registration.app import TITLE, make_pages
from clients.registration.desk import Desk, local_now
from clients.registration.exam_actions import RowAction as ExamAction
from clients.registration.management.state import Special
from clients.registration.referral.presenter import RowAction
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.exams import ListSlots, RegisterExam
from shared.contract.identity import CreateUser
from shared.contract.master import CampusEntry, RoomEntry, SaveRow
from shared.contract.organisation import GetHospital
from shared.contract.referrals import OrganisationGroupView, OrganisationView, SaveOrganisation, SaveOrganisationGroup
from shared.contract.scheduling import (
    CalendarEntry,
    CalendarKind,
    QuotaEntry,
    SaveCalendarEntry,
    SaveSchedule,
    SessionEntry,
)
from shared.domain.states import ReferralState, Sex, VisitKind
from tests.hospital import a_patient

PASSWORD = "correct-horse-battery"
PICTURES = os.environ.get("MINGJING_PICTURES", "")
"""A folder for pictures of what the journey sees; none are kept without it."""
NAMES = ("王秀英", "李建国", "张伟", "刘洋", "陈静", "杨帆", "赵敏", "黄磊", "周杰", "吴芳")


def tomorrow() -> date:
    return local_now().date() + timedelta(days=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        admin = running.client()
        admin.call(CreateUser(login="zhang", name="张登记", password=PASSWORD, roles=("clerk",)))
        campus = admin.call(SaveRow(entry=CampusEntry(code="XRM", name="县医院影像科", name_en="County imaging")))
        room = RoomEntry(code="XCT1", name="县医院 CT 室", name_en="County CT", campus="XRM", exam_types=("CT",))
        admin.call(SaveRow(entry=room))
        hospital = admin.call(GetHospital())
        group = admin.call(SaveOrganisationGroup(group=OrganisationGroupView(id=0, name="城南医联体")))
        for code, name, english, campus_id in (
            ("OUR", "明镜示范医院", "Mingjing Demonstration Hospital", hospital.campuses[0].id),
            ("XIAN", "县人民医院", "County People's Hospital", campus.id),
        ):
            organisation = OrganisationView(
                id=0,
                version=0,
                code=code,
                name=name,
                name_en=english,
                group_ids=(group.id,),
                campus_ids=(campus_id,),
            )
            admin.call(SaveOrganisation(organisation=organisation))
        rooms = {one.code: one for one in hospital.rooms}
        quota = QuotaEntry(kind=VisitKind.INPATIENT, places=4)
        sessions = tuple(
            SessionEntry(weekday=day, opens_minute=a, closes_minute=b, slot_minutes=10, quotas=(quota,))
            for day in range(7)
            for a, b in ((480, 720), (810, 1050))
        )
        admin.call(SaveSchedule(room_id=rooms["CT1"].id, version=0, sessions=sessions))
        repair = CalendarEntry(
            first_day=tomorrow(),
            last_day=tomorrow(),
            kind=CalendarKind.CLOSED,
            room_id=rooms["CT1"].id,
            note="设备保养",
            from_minute=960,
            to_minute=1050,
        )
        admin.call(SaveCalendarEntry(entry=repair))
        item = next(one for one in hospital.exam_items if one.code == "CT005")
        slots = admin.call(ListSlots(room_id=rooms["CT1"].id, day=tomorrow()))
        for index, name in enumerate(NAMES):
            entry = {"code": item.code, "name": item.name, "body_part": item.body_part, "price_fen": item.price_fen}
            admin.call(
                RegisterExam(
                    patient=a_patient(name, birth_date=date(1960 + index, 3, 4), sex=Sex.FEMALE),
                    exam_type="CT",
                    items=(_item(entry),),
                    campus_id=rooms["CT1"].campus_id,
                    room_id=rooms["CT1"].id,
                    slot_id=slots[index * 2].id,
                )
            )
        admin.close()
        yield running


def _item(values: dict[str, Any]) -> Any:
    from shared.contract.exams import ItemEntry

    return ItemEntry(**values)


@pytest.fixture
def window(server: ServerProcess, qtbot: QtBot) -> Iterator[Workstation]:
    make_application()
    register_catalogue(texts.ENTRIES)
    set_language(Language.CHINESE)
    wear("light")
    Desk.clock = staticmethod(local_now)
    UserSettings.for_user("zhang").set("shell/page", "registration")
    made = Workstation(TITLE, make_pages(), ServerConnection)
    made.resize(1366, 768)
    made.show()
    connection = ServerConnection(str(server.connection))
    made.sign_in_with(SignedIn(connection, connection.login("zhang", PASSWORD)))
    yield made
    set_language(Language.CHINESE)
    made.close()
    made.deleteLater()
    QApplication.processEvents()


Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def wait(qtbot: QtBot) -> Wait:
    def until(condition: Callable[[], bool]) -> None:
        qtbot.waitUntil(condition, timeout=30_000)

    return until


def picture(window: Workstation, name: str) -> None:
    """Keep what the window shows, where a folder is given: in Chinese, in English and on a large screen."""
    if not PICTURES:
        return
    for suffix, size, language in (
        ("", (1366, 768), Language.CHINESE),
        ("-en", (1366, 768), Language.ENGLISH),
        ("-4k", (1920, 1080), Language.CHINESE),
    ):
        window.resize(*size)
        set_language(language)
        for _ in range(5):
            QApplication.processEvents()
        window.grab().save(str(Path(PICTURES) / f"{name}{suffix}.png"))
    window.resize(1366, 768)
    set_language(Language.CHINESE)
    QApplication.processEvents()


def test_slots_follow_the_room_and_the_first_free_one_is_taken(window: Workstation, wait: Wait) -> None:
    shell: Any = window.shell
    page = shell.page_widget("registration")
    wait(lambda: page.presenter.state.hospital is not None)
    hospital = page.presenter.state.hospital
    item = next(one for one in hospital.exam_items if one.code == "CT005")
    page.presenter.add_item(item)
    page.presenter.choose_day(tomorrow())
    wait(lambda: len(page.presenter.state.slots) > 20)
    taken = [slot for slot in page.presenter.state.slots if slot.taken]
    assert len(taken) >= len(NAMES)
    page.presenter.find_free()
    wait(lambda: bool(page.presenter.state.free))
    picture(window, "slots")
    first = page.presenter.state.free[0]
    page.slots.free.buttons[0].click()
    wait(lambda: page.presenter.state.form.slot_id == first.slot.id)
    page.presenter.edit(name="郑强", sex=Sex.MALE, birth_date=date(1980, 1, 2))
    wait(lambda: any(slot.id == first.slot.id and slot.taken for slot in page.presenter.state.slots))  # it is held
    page.booking.do_submit()
    wait(lambda: page.presenter.state.registered is not None)

    page.presenter.edit(name="郑强", sex=Sex.MALE, birth_date=date(1980, 1, 2))
    brain = next(one for one in hospital.exam_items if one.code == "MR001")
    page.presenter.add_item(brain)
    page.presenter.set_planned(first.slot.starts_at)
    wait(lambda: bool(page.booking.warnings.sentences))
    assert "时间重叠" in page.booking.warnings.sentences[0]
    assert page.booking.warnings.isVisible()
    picture(window, "warnings")


def test_an_appointment_is_moved_in_the_calendar_with_the_keyboard(
    window: Workstation, server: ServerProcess, wait: Wait
) -> None:
    shell: Any = window.shell
    shell.go_to("calendar")
    page = shell.page_widget("calendar")
    wait(lambda: page.presenter.state.loaded_once)
    room = next(room for room in page._desk.hospital.rooms if room.code == "CT1")
    page.presenter.choose_room(room.id)
    page.presenter.choose_days(1)
    wait(lambda: len(page.presenter.state.load) == 1)  # until then the week stands there, which may hold tomorrow
    for _ in range(7):
        if any(day.day == tomorrow() for day in page.presenter.state.load):
            break
        page.presenter.move(1)
        wait(lambda: not page.presenter.state.loading)
    wait(lambda: any(one.patient_name == NAMES[0] for day in page.presenter.state.load for one in day.bookings))
    picture(window, "calendar-day")
    grid = page.grid
    (day,) = page.presenter.state.load
    booking = next(one for one in day.bookings if one.patient_name == NAMES[0])
    grid.put_cursor(grid.cell_of(booking.slot_id))
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert page.presenter.state.picked is not None
    QTest.keyClick(grid, Qt.Key.Key_Down)
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert page.presenter.state.target is not None
    page.presenter.type_reason("患者原因")
    picture(window, "calendar-move")
    QTest.keyClick(page.reason, Qt.Key.Key_Return)
    wait(lambda: page.presenter.state.picked is None)
    wait(lambda: _starts(page, booking.exam_id) == booking.starts_at + timedelta(minutes=10))
    page.presenter.choose_days(7)
    wait(lambda: len(page.presenter.state.load) == 7)
    picture(window, "calendar-week")


def _starts(page: Any, exam_id: int) -> Any:
    found = page.presenter.state.booking(exam_id)
    return found.starts_at if found is not None else None


def test_a_referral_is_sent_accepted_and_another_one_sent_back(
    window: Workstation, server: ServerProcess, wait: Wait
) -> None:
    shell: Any = window.shell
    shell.go_to("referral")
    page = shell.page_widget("referral")
    wait(lambda: bool(page.presenter.network) and page.presenter.state.form.organisation_id is not None)
    item = next(one for one in page.presenter.state.hospital.exam_items if one.code == "CT005")

    def refer(name: str) -> None:
        page.presenter.edit(name=name, sex=Sex.FEMALE, birth_date=date(1951, 2, 3))
        page.presenter.add_item(item)
        page.form.do_submit()
        wait(lambda: any(row.exam.patient_name == name for row in page.list_presenter.state.rows))

    refer("孙桂兰")
    page.presenter.edit(name="马丽", sex=Sex.FEMALE, birth_date=date(1970, 7, 8))
    page.presenter.add_item(item)
    page.presenter.choose_room(page.presenter.state.rooms[0].id)
    page.presenter.choose_day(tomorrow())
    wait(lambda: len(page.presenter.state.slots) > 10)
    page.presenter.choose_slot(page.presenter.state.slots[3].id)
    picture(window, "referral")
    page.form.do_submit()
    wait(lambda: any(row.exam.patient_name == "马丽" and row.has_slot for row in page.list_presenter.state.rows))

    page.list_presenter.choose_side(incoming=True)
    wait(lambda: page.list_presenter.state.loaded_once and page.list_presenter.state.waiting == 2)
    rows = {row.exam.patient_name: row for row in page.list_presenter.state.rows}
    page.list_presenter.do(RowAction.ACCEPT, rows["孙桂兰"])
    panel: Any = shell.side_panel.content
    wait(lambda: bool(panel._presenter.state.slots))
    picture(window, "referral-accept")
    panel.save.click()
    wait(lambda: _referral(page, "孙桂兰").state is ReferralState.ACCEPTED)
    assert _referral(page, "孙桂兰").exam.ticket_number
    page.list_presenter.do(RowAction.REFUSE, rows["马丽"])
    reason: Any = shell.side_panel.content
    reason._fill("设备检修")
    picture(window, "referral-refuse")
    reason._go()
    wait(lambda: _referral(page, "马丽").state is ReferralState.REFUSED)
    page.list_presenter.choose_side(incoming=False)
    wait(lambda: len(page.list_presenter.state.rows) == 2)
    assert _referral(page, "马丽").reason == "设备检修"
    picture(window, "referral-sent")


def _referral(page: Any, name: str) -> Any:
    return next(row for row in page.list_presenter.state.rows if row.exam.patient_name == name)


def test_management_finds_moved_and_referred_exams_and_moves_one(window: Workstation, wait: Wait) -> None:
    shell: Any = window.shell
    shell.go_to("management")
    page = shell.page_widget("management")
    wait(lambda: page.presenter.state.total > 5)
    picture(window, "management")
    for special, count in ((Special.MOVED, 1), (Special.REFERRAL, 2), (Special.NO_SHOW, 0)):
        page.presenter.type_filter(special=special)
        page.presenter.query()
        wait(lambda count=count: page.presenter.state.total == count)  # type: ignore[misc]
    picture(window, "management-empty")
    page.presenter.reset()
    wait(lambda: page.presenter.state.total > 5)
    row = next(row for row in page.presenter.fetch(_first_page()).rows if row.patient_name == NAMES[1])
    page.presenter.do(ExamAction.RESCHEDULE, row)
    panel: Any = shell.side_panel.content
    wait(lambda: bool(panel._presenter.state.slots))
    free = next(slot for slot in panel._presenter.state.slots if not slot.taken and slot.capacity)
    panel._presenter.choose_slot(free.id)
    panel._presenter.save()
    assert panel._presenter.state.trouble
    panel._presenter.type_reason("准备不足")
    picture(window, "reschedule")
    panel.save.click()
    wait(lambda: not shell.side_panel.isVisible())


def _first_page() -> Any:
    from clients.kit.paging import PageRequest

    return PageRequest(offset=0, limit=200)


def test_a_slot_that_somebody_else_took_is_told_at_its_field(
    window: Workstation, server: ServerProcess, wait: Wait
) -> None:
    shell: Any = window.shell
    page = shell.page_widget("registration")
    wait(lambda: page.presenter.state.hospital is not None)
    item = next(one for one in page.presenter.state.hospital.exam_items if one.code == "CT005")
    page.presenter.add_item(item)
    page.presenter.choose_day(tomorrow())
    wait(lambda: len(page.presenter.state.slots) > 20)
    slot = next(slot for slot in page.presenter.state.slots if slot.offer == "free" and not slot.taken)
    from shared.contract.exams import HoldSlot

    other = server.client()
    other.call(HoldSlot(slot_id=slot.id))
    page.presenter.choose_slot(slot.id)
    wait(lambda: "planned_at" in page.presenter.state.errors)
    assert page.presenter.state.form.slot_id is None
    with pytest.raises(RpcError) as refused:
        page._place.connection.call(HoldSlot(slot_id=slot.id))
    assert refused.value.code is ErrorCode.SLOT_TAKEN
    other.close()
