"""A morning at the hatch of pathology: two clerks, the real server with its sockets, papers read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from server_process import ServerProcess, running_server

from clients.kit.app import Workstation, make_application, wear
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.pathology.app import TITLE, _login, make_pages
from clients.pathology.shell.login import Chosen, PathologyLogin
from clients.pathology.shell.window import StationWindow
from shared.contract.exams import ItemEntry, PatientEntry, RequesterEntry, SubmitApplication
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.contract.pathology import CaseEntry, ListLibraries, OpenCase, RegisterCase
from shared.contract.pathology_stations import ListLibraryRights, SaveStationSettings, SetLibraryRights, StationSettings
from shared.domain.pathology import CaseState, FetchBy, SpecimenState
from shared.domain.states import Sex

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        admin = running.client()
        for login, name in (("wang", "王登记"), ("liu", "刘登记")):
            admin.call(CreateUser(login=login, name=name, password=PASSWORD, roles=("pathology_registrar",)))
        admin.call(CreateUser(login="zhang", name="张放射", password=PASSWORD, roles=("doctor",)))
        admin.call(SaveStationSettings(settings=StationSettings(sending_unit="明镜医院")))
        liu = next(one for one in admin.call(ListLibraryRights()) if one.login == "liu")
        first = admin.call(ListLibraries())[0]
        admin.call(SetLibraryRights(user_id=liu.user_id, version=liu.version, library_ids=(first.id,)))
        item = next(item for item in admin.call(GetHospital()).exam_items if item.exam_type == "CT")
        admin.call(
            SubmitApplication(
                patient=PatientEntry(name="李建国", sex=Sex.MALE, card_number="C0086001"),
                exam_type="CT",
                items=(ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),),
                requester=RequesterEntry(department="骨外科", doctor="王医生", his_number="HIS1"),
            )
        )
        admin.close()
        yield running


class Desk:
    """One clerk's window."""

    def __init__(self, server: ServerProcess, qtbot: QtBot) -> None:
        self.server, self.qtbot = server, qtbot
        self.chosen = Chosen()
        self.is_closed = False
        self.window = Workstation(
            TITLE,
            make_pages(self.chosen),
            ServerConnection,
            server=str(server.connection),
            make_login=partial(_login, self.chosen),
        )
        self.window.resize(1366, 768)
        self.window.show()

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=30_000)

    def log_in(self, login: str, library: str = "") -> StationWindow:
        page = self.window.login_page
        assert isinstance(page, PathologyLogin)
        self.wait(lambda: bool(page.choices.users))
        page.form.set_values({"user": login, "password": PASSWORD})
        page.form.changed.emit("user")
        if library:
            found = next(one for one in page.choices.libraries if one.name == library)
            page.form.set_values({"library": found.id})
            page.form.changed.emit("library")
        page.form.submit()
        self.wait(lambda: self.station is not None)
        assert self.station is not None
        return self.station

    @property
    def station(self) -> StationWindow | None:
        shell = self.window.shell
        entrance: Any = shell.page_widget("pathology") if shell is not None else None
        found: StationWindow | None = entrance.window_of_station if entrance is not None else None
        return found

    @property
    def page(self) -> Any:
        assert self.station is not None
        return self.station.tabs.content("patient")

    @property
    def desk(self) -> Any:
        assert self.station is not None
        return self.station.desk

    def put(self, **values: Any) -> None:
        for key, value in values.items():
            self.page.form.set_values({key: value})
            self.page.form.changed.emit(key)

    def trigger(self, entry: str) -> None:
        assert self.window.shell is not None
        self.window.shell._groups["pathology"].trigger(entry)

    def close(self) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        if self.window.shell is not None:
            self.window.shell.guard = None
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()


@pytest.fixture
def open_desk(server: ServerProcess, qtbot: QtBot) -> Iterator[Callable[[], Desk]]:
    make_application()
    wear("light")
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk(server, qtbot))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_the_log_in_offers_people_of_the_department_and_their_libraries(open_desk: Callable[[], Desk]) -> None:
    desk = open_desk()
    page = desk.window.login_page
    assert isinstance(page, PathologyLogin)
    desk.wait(lambda: bool(page.choices.users))
    assert {user.login for user in page.choices.users} == {"admin", "wang", "liu"}  # no radiologist
    assert [one.name for one in page.choices.libraries] == ["常规", "冰冻", "细胞学", "液基细胞学", "肾穿"]
    page.form.set_values({"user": "liu"})
    page.form.changed.emit("user")
    assert page.form.value("name") == "liu"
    assert [choice.text for choice in page.form.rows["library"].editor.choices] == ["常规"]  # type: ignore[attr-defined]


def test_from_the_bottle_at_the_hatch_to_the_accepted_specimen(
    server: ServerProcess, open_desk: Callable[[], Desk]
) -> None:
    first, second = open_desk(), open_desk()
    first.log_in("wang", "常规")
    second.log_in("liu")
    first.trigger("case.register")
    first.wait(lambda: first.page.presenter.state.number != "")
    assert first.page.form.value("sending_unit") == "明镜医院"
    first.wait(lambda: bool(first.page.prompts.source("department")()))

    first.page.by.set_value(FetchBy.PATIENT)
    first.page.key.setText("nobody-has-this")
    first.page.fetch()
    first.wait(lambda: not first.page.presenter.state.busy)
    first.put(patient_name="欧阳𠮷祥", sex=Sex.MALE, age=45, is_urgent=True)
    editor = first.page.form.rows["department"].editor
    editor.line.setText("GWK")  # the catalogue that a new hospital starts with
    editor._settle()
    assert first.page.form.value("department") == "骨外科"
    for name in ("股骨头", "滑膜"):
        first.page.specimens.form.set_values({"name": name, "fixative": "10% 中性福尔马林"})
        first.page.specimens.submit()
    first.page.save_button.click()
    first.wait(lambda: first.desk.case is not None)
    case = first.desk.case
    assert case.state is CaseState.REGISTERED and case.number and case.entry.department == "骨外科"
    second.wait(lambda: second.station is not None and second.station.left.list.total == 1)  # type: ignore[union-attr]

    first.page.specimens.list.action_requested.emit("accept", first.page.presenter.state.specimens[0])
    first.wait(lambda: first.page.presenter.state.specimens[0].state is SpecimenState.ACCEPTED)
    first.page.commands.reject([first.page.presenter.state.specimens[1].id], "固定液不足")
    first.wait(lambda: first.page.presenter.state.specimens[1].state is SpecimenState.REJECTED)
    printed = UserSettings.for_desk().path.parent / "printed"
    first.page.commands.print_slip(rejected=False)
    first.page.commands.print_slip(rejected=True)
    first.trigger("case.barcode")
    for kind in ("pathology_acceptance", "pathology_rejection", "pathology_barcode"):
        first.wait(lambda kind=kind: any(printed.glob(f"{kind}-*.pdf")))  # type: ignore[misc]
        assert next(printed.glob(f"{kind}-*.pdf")).read_bytes().startswith(b"%PDF")

    left: Any = second.station.left  # type: ignore[union-attr]
    left._scanned(case.code)  # the label's code, at the other desk
    second.wait(lambda: second.desk.case is not None and second.desk.case.id == case.id)
    second.put(bed="12")
    second.trigger("case.save")
    first.wait(lambda: first.page.form.value("bed") == "12")  # by its notice
    stored = server.client("wang", PASSWORD)
    try:
        assert stored.call(OpenCase(number=case.number)).case.entry.bed == "12"
    finally:
        stored.close()


def test_two_desks_never_give_one_number_twice(server: ServerProcess, open_desk: Callable[[], Desk]) -> None:
    first, second = open_desk(), open_desk()
    first.log_in("wang", "常规")
    second.log_in("liu")
    for desk in (first, second):
        desk.trigger("case.register")
    for desk in (first, second):
        desk.wait(lambda desk=desk: desk.page.presenter.state.suggested != "")  # type: ignore[misc]
    assert first.page.presenter.state.number == second.page.presenter.state.number
    for desk, name in ((first, "陈静"), (second, "赵敏")):
        desk.put(patient_name=name)
        desk.page.save_button.click()
    for desk in (first, second):
        desk.wait(lambda desk=desk: desk.desk.case is not None)  # type: ignore[misc]
    taken = first.desk.case.number
    assert taken != second.desk.case.number

    second.trigger("case.register")
    second.wait(lambda: second.page.presenter.state.suggested != "")
    second.page.presenter.edit_number(taken)
    second.page.presenter.check_number()
    second.wait(lambda: taken in second.page.presenter.state.number_problem)
    second.desk._parts["patient"][1].discard()


def test_an_appointment_is_executed_and_a_gap_is_found(server: ServerProcess, open_desk: Callable[[], Desk]) -> None:
    desk = open_desk()
    station = desk.log_in("wang", "肾穿")
    desk.trigger("case.appoint")
    desk.put(patient_name="预约者", clinical_diagnosis="肾病综合征")
    desk.page.save_button.click()
    desk.wait(lambda: desk.desk.case is not None)
    assert desk.desk.case.state is CaseState.APPOINTED and desk.desk.case.number == ""
    left: Any = station.left
    desk.wait(lambda: left.links.buttons["appointments"].text() == "预约病例（1）")
    left.links.buttons["appointments"].click()
    content: Any = station._windows[-1].content
    desk.wait(lambda: content.list.total == 1)
    content.list.table.selectRow(0)
    QTest.mouseClick(content.execute_button, Qt.MouseButton.LeftButton)
    desk.wait(lambda: desk.desk.case.number != "")
    number = desk.desk.case.number
    desk.wait(lambda: left.links.buttons["appointments"].text() == "预约病例（0）")

    later = number[:-1] + str(int(number[-1]) + 3)
    with_gap = server.client("wang", PASSWORD)
    try:
        library = desk.desk.library.id
        with_gap.call(RegisterCase(library_id=library, number=later, entry=CaseEntry(patient_name="手工号")))
    finally:
        with_gap.close()
    desk.trigger("case.gaps")
    panel: Any = desk.desk.place.side_panel.content
    panel.form.set_values({"first": number, "last": later})
    panel.form.submit()
    desk.wait(lambda: panel.list.total == 2)
    free = panel.list.model.row(0)
    panel.take(free)
    desk.wait(lambda: desk.desk.is_new and desk.page.presenter.state.number == free.number)
    desk.put(patient_name="补号")
    desk.page.save_button.click()
    desk.wait(lambda: desk.desk.case is not None and desk.desk.case.number == free.number)


def test_what_was_typed_survives_the_loss_of_the_window(open_desk: Callable[[], Desk]) -> None:
    desk = open_desk()
    desk.log_in("wang", "常规")
    desk.trigger("case.register")
    desk.put(patient_name="断线", history="停电前写的病史")
    assert desk.desk.place.drafts.flush()
    desk.close()  # without a question, as a crash does
    again = open_desk()
    again.log_in("wang", "常规")
    again.trigger("case.register")
    again.wait(lambda: again.page.form.value("history") == "停电前写的病史")
    again.page.save_button.click()
    again.wait(lambda: again.desk.case is not None)
    assert again.desk.case.entry.patient_name == "断线"
