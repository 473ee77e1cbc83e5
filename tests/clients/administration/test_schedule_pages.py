"""Schedules, calendar, rules and the platform's organisations, kept in the real window over a real server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from server_process import ServerProcess, running_server

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.schedules import lines_of, replaced, weekday_words
from clients.administration.schedules_calendar import holidays_of
from clients.administration.schedules_words import clock_of, clock_words
from clients.administration.table.spec import Unclear
from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.exams import ListSlots
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital, RoomView
from shared.contract.referrals import GetNetwork
from shared.contract.scheduling import GetSchedule, ListCalendar, ListIntervalRules, ScheduleView, SessionEntry

PASSWORD = "correct-horse-battery"
PICTURES = os.environ.get("MINGJING_PICTURES", "")
ROOM = RoomView(id=1, campus_id=1, code="CT1", name="CT 一室", name_en="", spoken_name="", exam_types=("CT",))


# ── as plain functions ───────────────────────────────────────────────────────────────────────────────


def test_times_are_read_and_written() -> None:
    assert [clock_of(text) for text in ("08:30", "8：05", "24:00")] == [510, 485, 1440]
    assert clock_words(510) == "08:30"
    for wrong in ("", "8", "08:60", "25:00", "x"):
        with pytest.raises(Unclear):
            clock_of(wrong)


def test_holidays_are_read_line_by_line() -> None:
    rows = holidays_of("2026-10-01 休 国庆节\n2026/9/27\t班\t国庆节调休\n2026年10月2日 放假\n\n")
    assert [(row.day, row.is_working, row.name) for row in rows] == [
        (date(2026, 10, 1), False, "国庆节"),
        (date(2026, 9, 27), True, "国庆节调休"),
        (date(2026, 10, 2), False, ""),
    ]
    for wrong in ("", "国庆节", "2026-13-01 休 x", "2026-10-01 也许 x"):
        with pytest.raises(Unclear):
            holidays_of(wrong)


def a_session(day: int, opens: int = 480) -> SessionEntry:
    return SessionEntry(weekday=day, opens_minute=opens, closes_minute=opens + 120, slot_minutes=10)


def test_sessions_that_differ_by_weekday_are_one_line() -> None:
    schedule = ScheduleView(room_id=1, version=3, sessions=(*map(a_session, range(5)), a_session(0, 800)))
    lines = lines_of(ROOM, schedule)
    assert [line.weekdays for line in lines] == [(0, 1, 2, 3, 4), (0,)]
    assert weekday_words((0, 1, 2, 3, 4)) == "周一 – 周五"
    assert weekday_words((0, 2)) == "周一、周三"
    request = replaced(schedule, lines[0], [a_session(6)])
    assert (request.version, request.sessions) == (3, (a_session(0, 800), a_session(6)))
    usual = msgspec.structs.replace(schedule, is_default=True)
    assert replaced(usual, None, [a_session(6)]).sessions == (
        a_session(6),
    )  # the first own session ends the usual hours
    assert len(replaced(usual, lines[1], [a_session(6)]).sessions) == 6  # a changed line keeps the others


# ── on screen ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        admin = running.client()
        admin.call(CreateUser(login="wang", name="王管理", password=PASSWORD, roles=("administrator",)))
        admin.close()
        yield running


@pytest.fixture
def window(server: ServerProcess, qtbot: QtBot) -> Iterator[Workstation]:
    make_application()
    register_catalogue(texts.ENTRIES)
    set_language(Language.CHINESE)
    wear("light")
    UserSettings.for_user("wang").set("shell/page", "appointments")
    made = Workstation(TITLE, make_pages(), ServerConnection)
    made.resize(1366, 768)
    made.show()
    connection = ServerConnection(str(server.connection))
    made.sign_in_with(SignedIn(connection, connection.login("wang", PASSWORD)))
    yield made
    set_language(Language.CHINESE)
    made.close()
    made.deleteLater()
    QApplication.processEvents()


def picture(window: Workstation, name: str) -> None:
    if not PICTURES:
        return
    for suffix, size, words in (
        ("", (1366, 768), Language.CHINESE),
        ("-en", (1366, 768), Language.ENGLISH),
        ("-4k", (1920, 1080), Language.CHINESE),
    ):
        window.resize(*size)
        set_language(words)
        for _ in range(5):
            QApplication.processEvents()
        window.grab().save(str(Path(PICTURES) / f"{name}{suffix}.png"))
    window.resize(1366, 768)
    set_language(Language.CHINESE)
    QApplication.processEvents()


def test_a_department_plans_its_rooms_on_screen(window: Workstation, server: ServerProcess, qtbot: QtBot) -> None:
    def wait(condition: Callable[[], bool]) -> None:
        qtbot.waitUntil(condition, timeout=30_000)

    shell: Any = window.shell
    pages = shell.page_widget("appointments")
    client = server.client()
    rooms = {room.code: room for room in client.call(GetHospital()).rooms}

    sessions = pages.table("sessions")
    wait(lambda: bool(sessions.presenter.state.rows))
    picture(window, "schedule-sessions")
    sessions.presenter.start_new()
    wait(lambda: sessions.form is not None and sessions.form.isVisible())
    values = {
        "room_id": rooms["CT1"].id,
        "weekdays": tuple(range(7)),
        "opens": "08:00",
        "closes": "09:00",
        "slot_minutes": 20,
        "capacity": 2,
        "quota_inpatient": 2,
    }
    sessions.form.set_values(values)
    picture(window, "schedule-session-form")
    sessions.presenter.save(sessions.form.values())
    wait(lambda: client.call(GetSchedule(room_id=rooms["CT1"].id)).version == 1)
    tomorrow = date.today() + timedelta(days=1)
    assert len(client.call(ListSlots(room_id=rooms["CT1"].id, day=tomorrow))) == 3

    calendar = pages.table("calendar")
    wait(lambda: calendar.presenter.state.reply is not None)
    calendar.presenter.start_new()
    wait(lambda: calendar.form is not None and calendar.form.isVisible())
    calendar.form.set_values({"first_day": tomorrow, "note": "设备保养"})
    picture(window, "schedule-calendar")
    calendar.presenter.save(calendar.form.values())
    wait(lambda: bool(client.call(ListCalendar(first_day=tomorrow, last_day=tomorrow))))
    assert client.call(ListSlots(room_id=rooms["CT1"].id, day=tomorrow)) == ()

    for table in ("room-rules", "slot-rules", "intervals"):
        page = pages.table(table)
        wait(lambda page=page: page.presenter.state.reply is not None)  # type: ignore[misc]
        picture(window, f"schedule-{table}")
    assert client.call(ListIntervalRules())  # a first start brings the usual ones

    groups = pages.table("organisation-groups")
    wait(lambda: groups.presenter.state.reply is not None)
    groups.presenter.start_new()
    wait(lambda: groups.form is not None and groups.form.isVisible())
    groups.form.set_values({"name": "城南医联体"})
    groups.presenter.save(groups.form.values())
    wait(lambda: bool(client.call(GetNetwork()).groups))
    organisations = pages.table("organisations")
    wait(lambda: organisations.presenter.state.reply is not None)
    picture(window, "platform-empty")
    organisations.presenter.start_new()
    wait(lambda: organisations.form is not None and organisations.form.isVisible())
    organisations.form.set_values({"code": "OUR", "name": "明镜示范医院"})
    organisations.presenter.save(organisations.form.values())
    wait(lambda: any(one.code == "OUR" for one in client.call(GetNetwork()).organisations))
    picture(window, "platform")
    client.close()
