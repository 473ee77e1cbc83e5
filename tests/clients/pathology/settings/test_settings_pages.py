"""The settings pages over real rooms: what is stored changes what the stations do; refusals stand at their field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.printing.setup import PATHOLOGY_PAPERS, Desk, PrinterSetup
from clients.kit.review import review
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from clients.pathology.registration.form import quick_sections
from clients.pathology.settings import entries
from clients.pathology.settings.columns import ColumnsPage, remembered, visible
from clients.pathology.settings.libraries import LibrariesPage
from clients.pathology.settings.parameters import ParametersPage
from clients.pathology.settings.printers import PrintersPage
from clients.pathology.settings.quick import QuickPage
from clients.pathology.settings.users import ALL_GROUPS, UsersPage
from clients.pathology.shell.list_presenter import first_days
from clients.pathology.shell.special_columns import KEYS, columns_of, list_id, name_of
from clients.pathology.stations import spec_of
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.pathology import ListLibraries, NextNumber
from shared.contract.pathology_reports import GetPolicy
from shared.contract.pathology_settings import AddAccount, ListAccounts
from shared.contract.pathology_stations import (
    SPECIAL_LISTS,
    GetStationSettings,
    ListLibraryRights,
    SaveStationSettings,
    StationSettings,
)
from shared.domain.pathology import DatePart, FetchBy, LibraryKind, ResetPeriod, Station
from shared.domain.permissions import PATHOLOGY_WORDS
from shared.domain.permissions import Permission as May
from tests.clients.pathology.settings.settings_house import a_room, a_settings_desk
from tests.server.pathology.reports.report_room import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = a_room(tmp_path / "server")
    yield made
    made.close()


class House:
    def __init__(self, room: Room, folder: Path, qtbot: QtBot, role: str = "administrator") -> None:
        self.room, self.qtbot = room, qtbot
        self.desk, self.view, self.messages, self.printed = a_settings_desk(room, folder, role)

    def show(self, page: Any) -> Any:
        self.qtbot.addWidget(page)
        page.show()
        return page

    def ask(self, request: Any) -> Any:
        return self.desk.place.connection.call(request)

    @property
    def said(self) -> list[str]:
        return [one.text for one in self.messages.said]


@pytest.fixture
def house(qapp: QApplication, qtbot: QtBot, room: Room, tmp_path: Path) -> House:
    return House(room, tmp_path, qtbot)


# ── parameters ───────────────────────────────────────────────────────────────────────────────────────


def test_parameters_of_both_rooms_are_stored_together(house: House) -> None:
    page: ParametersPage = house.show(ParametersPage(house.desk))
    page.form.set_values(
        {
            "idle_minutes": 15, "list_days": 14, "refresh_seconds": 30, "sending_unit": "明镜医院", "join_mark": "，",
            "fetch_by": FetchBy.INPATIENT, "hours.routine": 96, "warn_percent": 70, "prints_drafts": True,
            "required": ("diagnosis", "codes"), "most_images": 2,
        }
    )  # fmt: skip
    page.form.submit()
    settings, policy = house.ask(GetStationSettings()), house.ask(GetPolicy())
    assert (settings.idle_minutes, settings.list_days, settings.refresh_seconds) == (15, 14, 30)
    assert settings.fetch_by is FetchBy.INPATIENT and settings.join_mark == "，" and settings.dates_today
    assert policy.hours[LibraryKind.ROUTINE] == 96 and policy.hours[LibraryKind.FROZEN] == 1
    assert policy.warn_share == 0.7 and policy.prints_drafts and policy.required == ("diagnosis", "codes")
    assert policy.most_images == 2
    assert house.desk.settings == settings, "the desk that stored it follows at once"
    page.form.set_values({"idle_minutes": 20})
    page.form.submit()
    assert house.ask(GetStationSettings()).version == 2 and house.ask(GetPolicy()).version == 1, "only what changed"


def test_what_the_server_refuses_stands_at_its_field(house: House) -> None:
    page: ParametersPage = house.show(ParametersPage(house.desk))
    page.form.set_values({"join_mark": "和x"})
    page.form.submit()
    assert "连接符" in page.form.rows["join_mark"].problem and page.save_button.isEnabled()
    page.form.set_values({"join_mark": "、", "refresh_seconds": 2})
    page.form.submit()
    assert "5 到 3600" in page.form.rows["refresh_seconds"].problem
    other = StationSettings(sending_unit="别人改的")
    house.ask(SaveStationSettings(settings=other))
    page.form.set_values({"refresh_seconds": 0, "sending_unit": "我改的"})
    page.form.submit()
    assert page.trouble.text() and house.ask(GetStationSettings()).sending_unit == "别人改的", "nobody is overwritten"


def test_the_diagnosis_list_begins_with_the_days_of_the_department() -> None:
    settings = StationSettings(list_days=14)
    days = {
        station: first_days(SimpleNamespace(station=spec_of(station), settings=settings))  # type: ignore[arg-type]
        for station in (Station.DIAGNOSIS, Station.LIQUID, Station.REGISTRATION)
    }
    assert days == {Station.DIAGNOSIS: 14, Station.LIQUID: 14, Station.REGISTRATION: 30}


# ── libraries ────────────────────────────────────────────────────────────────────────────────────────


def test_a_library_is_added_with_its_rule_after_the_warning(house: House) -> None:
    page: LibrariesPage = house.show(LibrariesPage(house.desk))
    side = page.libraries
    side.new_button.click()
    side.form.set_values(
        {"name": "骨髓", "name_en": "Marrow", "prefix": "m", "date_part": DatePart.YYMM, "serial_width": 4,
         "reset": ResetPeriod.MONTH}
    )  # fmt: skip
    side.show_example()
    assert side.example.text().endswith("0001") and "M" in side.example.text()
    side.form.submit()
    assert page.question is not None and not [one for one in libraries(house) if one.entry.name == "骨髓"]
    page.question.answer("yes")
    (made,) = [one for one in libraries(house) if one.entry.name == "骨髓"]
    number = house.ask(NextNumber(library_id=made.id)).number
    assert number.startswith("M") and number.endswith("0001") and len(number) == 9
    assert made in house.desk.libraries


def test_a_rule_that_would_give_a_number_twice_is_refused_at_its_field(house: House) -> None:
    page: LibrariesPage = house.show(LibrariesPage(house.desk))
    page.libraries.form.set_values({"date_part": DatePart.YY, "reset": ResetPeriod.DAY})
    page.libraries.form.submit()
    assert page.question is not None
    page.question.answer("yes")
    assert "编号会重复" in page.libraries.form.rows["reset"].problem
    page.libraries.form.submit()
    page.question.answer("no")
    assert libraries(house)[0].version == 1


def test_who_may_enter_which_library(house: House) -> None:
    house.room.user("pathology_registrar", "wang")
    page: LibrariesPage = house.show(LibrariesPage(house.desk))
    person = next(one for one in house.ask(ListLibraryRights()) if one.login == "wang")
    page.people.list.select_id(person.user_id)
    frozen = next(one for one in libraries(house) if one.entry.kind is LibraryKind.FROZEN)
    page.people.form.set_values({"libraries": (frozen.id,)})
    page.people.form.submit()
    assert next(one for one in house.ask(ListLibraryRights()) if one.login == "wang").library_ids == (frozen.id,)


def libraries(house: House) -> Any:
    return house.ask(ListLibraries(with_inactive=True))


# ── columns, quick entry ─────────────────────────────────────────────────────────────────────────────


def test_each_of_the_eight_lists_keeps_its_own_columns(house: House) -> None:
    page: ColumnsPage = house.show(ColumnsPage(house.desk))
    assert page.lists.count() == len(SPECIAL_LISTS) == 8
    page.show_list("delayed")
    page.form.set_values({"columns": ("patient_name", "bed")})
    page.save()
    stored = house.desk.place.settings.get(f"lists/{list_id('delayed')}", None)
    shown = visible(columns_of("delayed", house.desk.settings), stored)
    assert set(shown) == {"number", "flags", "patient_name", "bed"}
    urgent = house.desk.place.settings.get(f"lists/{list_id('urgent')}", None)
    assert urgent is None and "bed" not in visible(columns_of("urgent", house.desk.settings), urgent)
    page.forget()
    assert "delay_reason" in page.form.value("columns") and not page.own_button.isEnabled()


def test_the_department_s_columns_are_everybody_s_first_ones(house: House) -> None:
    page: ColumnsPage = house.show(ColumnsPage(house.desk))
    page.show_list("appointments")
    page.form.set_values({"columns": ("department", "registered_by")})
    page.save_for_all()
    kept = house.ask(GetStationSettings())
    shown = [one.key for one in columns_of("appointments", kept) if one.visible]
    assert shown == ["patient_name", "department", "registered_by"]
    clerk = House(house.room, Path(house.desk.place.settings.path).parent / "clerk", house.qtbot, "pathology_registrar")
    other: ColumnsPage = clerk.show(ColumnsPage(clerk.desk))
    assert other.department_button.isHidden() and other.form.value("columns") == ("department", "registered_by")


def test_every_special_list_is_known_by_its_title_and_remembers_under_its_own_name() -> None:
    assert name_of("延迟未发病例") == "delayed" and name_of("") == "" and name_of("我的收藏病例") == ""
    assert len({list_id(name) for name in SPECIAL_LISTS}) == 8
    columns = columns_of("urgent", StationSettings())
    kept = remembered(columns, {"order": ["bed", "number", "gone"], "widths": {"bed": 70}}, ("number", "bed"))
    assert kept["order"][:2] == ["bed", "number"] and "gone" not in kept["order"] and kept["widths"] == {"bed": 70}
    assert set(visible(columns, kept)) == {"number", "bed"}
    assert set(KEYS["urgent"]) == {one.key for one in columns}


def test_quick_registration_asks_for_the_fields_in_their_order(house: House) -> None:
    page: QuickPage = house.show(QuickPage(house.desk))
    assert page.keys[0] == "patient_name"
    page.chosen.setCurrentRow(0)
    page.remove()
    assert page.keys[0] == "patient_name", "the name is always asked for"
    names = [page.all.item(at).text() for at in range(page.all.count())]
    page.all.setCurrentRow(names.index("急诊"))
    page.add()
    page.move_by(-1)
    page.save()
    fields = house.ask(GetStationSettings()).quick_fields
    assert fields == page.keys and fields[-2] == "is_urgent"
    (section,) = quick_sections(fields, lambda _key: tuple, _now)
    assert "is_urgent" in {field.key for field in section.fields}


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


# ── printers ─────────────────────────────────────────────────────────────────────────────────────────


def test_each_kind_has_a_printer_of_its_own_and_slips_share_one(house: House) -> None:
    page: PrintersPage = house.show(PrintersPage(house.desk, lambda: ["HP", "Zebra"]))
    for kind, via, name in (("pathology_report", "driver", "HP"), ("pathology_cassette", "queue", "Zebra")):
        page.list.table.selectRow(list(PATHOLOGY_PAPERS).index(kind))
        page.form.set_values({"via": via, "name": name})
        page.form.changed.emit("via")
    printing: Desk = house.desk.papers.desk
    assert printing.setup("pathology_report").printer == "HP"
    assert printing.setup("pathology_cassette").output.format == "zpl"
    assert not printing.setup("pathology_slide_label").is_usable
    page.list.table.selectRow(list(PATHOLOGY_PAPERS).index("pathology_papers"))
    page.form.set_values({"via": "driver", "name": "HP"})
    page.form.changed.emit("name")
    for kind in ("pathology_acceptance", "pathology_order_sheet", "pathology_loan_receipt"):
        assert printing.setup(kind).printer == "HP"
    page.print_test()
    assert house.printed == [("application", "pathology_papers")] and "测试页" in house.said[-1]


def test_a_paper_without_a_printer_of_its_own_goes_where_its_kind_goes(house: House) -> None:
    printing = Desk(house.desk.place.settings)
    printing.keep("application", PrinterSetup(via="driver", name="Office"))
    printing.keep("barcode", PrinterSetup(via="driver", name="Labels"))
    assert printing.setup("pathology_rejection").printer == "Office"
    assert printing.setup("pathology_barcode").printer == "Labels"
    printing.keep("pathology_barcode", PrinterSetup(via="driver", name="Own"))
    assert printing.setup("pathology_barcode").printer == "Own" and printing.setup("barcode").printer == "Labels"
    assert set(PATHOLOGY_PAPERS) >= {"pathology_report", "pathology_barcode", "pathology_cassette"}


# ── users ────────────────────────────────────────────────────────────────────────────────────────────


def accounts(house: House) -> dict[str, Any]:
    return {one.login: one for one in house.ask(ListAccounts(with_inactive=True)).accounts}


def test_every_right_stands_in_one_group_exactly() -> None:
    grouped = [one for _title, rights in ALL_GROUPS for one in rights]
    assert sorted(grouped) == sorted(PATHOLOGY_WORDS) and len(set(grouped)) == len(grouped)


def test_a_user_is_added_ticked_and_deleted_on_screen(house: House) -> None:
    page: UsersPage = house.show(UsersPage(house.desk))
    page.adding.set_values({"login": "zhao", "name": "赵建国", "type": "pathology_technician", "seeded": False})
    page.adding.submit()
    assert accounts(house)["zhao"].rights == () and page.account is not None and page.account.login == "zhao"
    page.rights.set_values({"制片": (May.PATHOLOGY_EMBED,)})
    page.rights.changed.emit("制片")
    assert accounts(house)["zhao"].rights == (May.PATHOLOGY_EMBED,)
    page.seed_button.click()
    assert accounts(house)["zhao"].rights == accounts(house)["zhao"].seeded
    page.delete_button.click()
    assert page.question is not None
    page.question.answer("yes")
    assert not accounts(house)["zhao"].is_active and page.account is None
    page.with_inactive.setChecked(True)
    page.list.select_id(accounts(house)["zhao"].id)
    page.back_button.click()
    assert accounts(house)["zhao"].is_active


def test_the_type_of_a_user_is_picked_or_typed(house: House) -> None:
    page: UsersPage = house.show(UsersPage(house.desk))
    page.adding.set_values({"login": "qian", "name": "钱进", "type": "司机"})
    page.adding.submit()
    assert "没有这个用户类型" in page.adding.rows["type"].problem and "qian" not in accounts(house)
    page.adding.set_values({"type": "主诊医师"})
    page.adding.submit()
    assert accounts(house)["qian"].types == ("pathology_chief",)


def test_a_code_that_is_taken_is_refused_at_its_field_and_nothing_is_lost(house: House) -> None:
    page: UsersPage = house.show(UsersPage(house.desk))
    page.adding.set_values({"login": "boss", "name": "赵", "type": "pathology_chief"})
    page.adding.submit()
    assert "已被使用" in page.adding.rows["login"].problem and page.adding.value("name") == "赵"


def test_in_english_a_taken_code_is_told_as_one_and_a_dead_line_leaves_no_endless_wait(house: House) -> None:
    set_language(Language.ENGLISH)
    try:
        page: UsersPage = house.show(UsersPage(house.desk))
        page.adding.set_values({"login": "boss", "name": "x", "type": "pathology_chief"})
        page.adding.submit()
        assert "taken" in page.adding.rows["login"].problem
    finally:
        set_language(Language.CHINESE)
    line = house.desk.place.connection
    house.desk.place.connection = SimpleNamespace(call=_dead)  # type: ignore[misc]
    dead: LibrariesPage = house.show(LibrariesPage(house.desk))
    assert dead.libraries.list.error_text and not dead.trouble.isHidden()
    house.desk.place.connection = line  # type: ignore[misc]
    dead.libraries.list.retry.emit()
    assert dead.libraries.list.total == 5 and dead.trouble.isHidden()


def _dead(_request: Any) -> Any:
    raise error_for(ErrorBody(code=ErrorCode.NOT_SIGNED_IN, message="连接已断开，请重试。"))


def test_ticks_of_two_administrators_do_not_overwrite_each_other(house: House) -> None:
    house.ask(AddAccount(login="zhao", name="赵", type="pathology_chief", seeded=True))
    page: UsersPage = house.show(UsersPage(house.desk))
    page.list.select_id(accounts(house)["zhao"].id)
    other: UsersPage = house.show(UsersPage(house.desk))
    other.list.select_id(accounts(house)["zhao"].id)
    other.rights.set_values({"归档与统计": (May.PATHOLOGY_LEND,)})
    other.rights.changed.emit("归档与统计")
    page.rights.set_values({"制片": (May.PATHOLOGY_UNDO,)})
    page.rights.changed.emit("制片")
    kept = accounts(house)["zhao"].rights
    assert May.PATHOLOGY_LEND in kept and May.PATHOLOGY_UNDO not in kept
    assert set(page.ticked()) == set(kept), "the page shows what is true"


def test_entries_open_their_pages(house: House) -> None:
    for entry in (entries.parameters, entries.libraries, entries.columns, entries.quick_entry, entries.rights):
        entry(house.desk)
        assert isinstance(house.view.window, QWidget)
        house.qtbot.addWidget(house.view.window)


def test_no_words_are_cut_in_either_language(house: House) -> None:
    apply_theme(ThemeName.LIGHT)
    house.ask(AddAccount(login="zhao", name="赵建国", type="pathology_chief", seeded=True))
    sizes = {"parameters": (900, 640), "libraries": (1080, 660), "columns": (820, 620), "quick": (760, 620)}
    try:
        for language in (Language.CHINESE, Language.ENGLISH):
            set_language(language)
            for name, page in (
                ("parameters", ParametersPage(house.desk)),
                ("libraries", LibrariesPage(house.desk)),
                ("columns", ColumnsPage(house.desk)),
                ("quick", QuickPage(house.desk)),
                ("printers", PrintersPage(house.desk, lambda: ["HP"])),
                ("users", UsersPage(house.desk)),
            ):
                host = QWidget()
                house.qtbot.addWidget(host)
                host.resize(*sizes.get(name, (1180, 680)))
                page.setParent(host)
                page.resize(host.size())
                host.show()
                page.show()
                house.qtbot.wait(1)
                assert not review(host), (language, name)
    finally:
        set_language(Language.CHINESE)
