"""The administrator sets a department up in the window; clerks get it without restart, the new device its worklist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.sop_class import ModalityWorklistInformationFind
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from server_process import ServerProcess, running_server

from clients.administration import texts as administration_texts
from clients.administration.app import TITLE, make_pages
from clients.administration.master.exchange.view import ExchangePage
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.translations import register_catalogue
from clients.registration import app as registration
from clients.registration import texts as registration_texts
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.exams import ListExams
from shared.contract.master import MasterKind, SheetFormat
from shared.domain.states import Sex


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("hospital")) as running:
        yield running


class Desk:
    """Windows of one server; every step goes through forms and buttons, over real sockets."""

    def __init__(self, server: ServerProcess, qtbot: QtBot) -> None:
        make_application()
        register_catalogue(administration_texts.ENTRIES)
        register_catalogue(registration_texts.ENTRIES)
        self._server = server
        self._qtbot = qtbot
        self._windows: list[Workstation] = []

    def wait(self, condition: Callable[[], Any]) -> None:
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=30_000)

    def open(self, title: str, pages: Any, login: str, password: str) -> Any:
        window = Workstation(title, pages, ServerConnection)
        window.resize(1366, 768)
        window.show()
        self._windows.append(window)
        line = ServerConnection(str(self._server.connection))
        return window.sign_in_with(SignedIn(line, line.login(login, password)))

    def table(self, shell: Any, kind: MasterKind) -> TablePage:
        shown = shell.go_to("people" if kind in (MasterKind.STAFF, MasterKind.ROLE) else "master")
        assert isinstance(shown, TabbedPage)
        table = shown.table(f"master_{kind.value}")
        self.wait(lambda: table.presenter.state.reply is not None and not table.presenter.state.is_loading)
        return table

    def add(self, shell: Any, kind: MasterKind, **values: Any) -> TablePage:
        table = self.table(shell, kind)
        assert table.form is not None
        table.new_button.click()
        table.form.set_values(values)
        table.save_button.click()
        self.wait(lambda: not table.presenter.state.is_busy and not table.presenter.state.is_loading)
        assert not table.presenter.state.problem and not table.presenter.state.problems
        assert table.presenter.state.row is not None and table.presenter.state.row.entry.code == values["code"]
        return table

    def close(self) -> None:
        for window in self._windows:
            window.close()
            window.deleteLater()
        QApplication.processEvents()


@pytest.fixture
def desk(server: ServerProcess, qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(server, qtbot)
    yield desk
    desk.close()


def worklist_of(server: ServerProcess, ae_title: str) -> list[Dataset]:
    """What a device finds that asks for its own steps."""
    keys = Dataset()
    keys.PatientName = keys.AccessionNumber = keys.RequestedProcedureDescription = ""
    step = Dataset()
    step.ScheduledStationAETitle = ae_title
    step.Modality = step.ScheduledProcedureStepLocation = ""
    keys.ScheduledProcedureStepSequence = [step]
    device = AE(ae_title)
    device.add_requested_context(ModalityWorklistInformationFind)
    association = device.associate("127.0.0.1", server.dicom_port, ae_title="MINGJING")
    assert association.is_established
    try:
        answers = list(association.send_c_find(keys, ModalityWorklistInformationFind))
    finally:
        association.release()
    assert answers[-1][0].Status == 0
    return [found for status, found in answers if status.Status in (0xFF00, 0xFF01)]


def test_a_new_department_works_from_the_form_to_the_worklist(
    server: ServerProcess, desk: Desk, tmp_path: Path
) -> None:
    admin = desk.open(TITLE, make_pages(), "admin", server.admin_password)
    desk.add(admin, MasterKind.CAMPUS, code="EAST", name="东院区", name_en="East campus")
    desk.add(admin, MasterKind.DEPARTMENT, code="EASTRAD", name="东院放射科", campus="EAST", performs=True)

    # a clerk who is limited to the new campus gets a password and works before there is a room
    staff = desk.add(
        admin,
        MasterKind.STAFF,
        code="wang",
        name="王芳",
        title="护师",
        roles=("clerk", "technician"),
        campuses=("EAST",),
    )
    staff.presenter.start("password")
    staff.confirm_button.click()
    desk.wait(lambda: staff.presenter.state.news)
    password = staff.presenter.state.news.rsplit("：", 1)[1]
    UserSettings.for_user("wang").set("shell/page", "registration")
    clerk = desk.open(registration.TITLE, registration.make_pages(), "wang", password)
    page = clerk.page_widget("registration")
    desk.wait(lambda: page.presenter.state.hospital is not None)
    assert [campus.code for campus in page.presenter.state.hospital.campuses] == ["EAST"]

    desk.add(admin, MasterKind.EXAM_TYPE, code="PT", name="正电子", slot_minutes=30)
    desk.add(
        admin,
        MasterKind.ROOM,
        **{"code": "PET1", "name": "PET 一室", "campus": "EAST", "department": "EASTRAD"},
        **{"exam_types": ("PT",), "location": "东院一层"},
    )
    desk.add(admin, MasterKind.DEVICE, code="PET-1", name="PET 机", ae_title="PETCT1", modality="PT", room="PET1")
    desk.add(admin, MasterKind.BODY_PART, code="WHOLEBODY", name="全身", dicom="WHOLEBODY")
    desk.add(
        admin,
        MasterKind.EXAM_ITEM,
        **{"code": "PT001", "name": "全身显像", "exam_type": "PT", "body_part": "WHOLEBODY", "price_fen": 7000},
        **{"duration_minutes": 45, "preparation": "空腹六小时"},
    )
    desk.add(admin, MasterKind.PATIENT_TYPE, code="green", name="绿色通道", priority="emergency", colour="green")

    # more items from a workbook: exported, filled in, checked, imported
    shown = admin.go_to("master").show_tab("master_exchange")
    assert isinstance(shown, ExchangePage)
    path = tmp_path / "items.xlsx"
    shown.presenter.export(path, SheetFormat.XLSX, empty=True)
    desk.wait(lambda: str(path) in shown.presenter.state.news)
    book = load_workbook(path)
    headings = [cell.value for cell in book.active[1]]
    for n in range(2, 52):
        line = {"编码": f"PT{n:03d}", "名称": f"显像项目{n}", "检查类型": "PT", "检查部位": "WHOLEBODY", "启用": "是"}
        book.active.append([line.get(heading) for heading in headings])
    book.save(path)
    shown.presenter.check(path)
    desk.wait(lambda: shown.presenter.state.plan is not None)
    assert shown.presenter.state.plan is not None and shown.presenter.state.plan.added == 50
    shown.apply_button.click()
    desk.wait(lambda: shown.presenter.state.plan is not None and shown.presenter.state.plan.is_done)

    # the clerk's window has heard of it all
    def known() -> Any:
        return page.presenter.state.hospital

    desk.wait(lambda: len([item for item in known().exam_items if item.exam_type == "PT"]) == 51)
    assert [room.code for room in known().rooms] == ["PET1"]
    assert "green" in {kind.code for kind in known().patient_types}
    page.presenter.edit(name="单田芳", sex=Sex.MALE, birth_date=date(1950, 1, 2), exam_type="PT")
    page.presenter.choose_room(known().rooms[0].id)
    page.presenter.type_item("qsxx")  # the initials were made by themselves
    desk.wait(lambda: page.presenter.state.candidates)
    assert [item.code for item in page.presenter.state.candidates] == ["PT001"]
    page.presenter.add_item(next(item for item in known().exam_items if item.code == "PT001"))
    page.booking.do_submit()
    desk.wait(lambda: page.presenter.state.registered is not None)
    registered = page.presenter.state.registered

    steps = worklist_of(server, "PETCT1")
    assert [step.AccessionNumber for step in steps] == [registered.accession_number]
    assert steps[0].ScheduledProcedureStepSequence[0].Modality == "PT"
    assert steps[0].ScheduledProcedureStepSequence[0].ScheduledStationAETitle == "PETCT1"
    assert worklist_of(server, "CT1") == []

    # the server keeps the clerk in the campus, whatever the window offers
    client = server.client("wang", password)
    rooms = {room.campus_id for room in known().rooms}
    with pytest.raises(RpcError) as caught:
        client.call(ListExams(campus_id=min(rooms) - 1))
    assert caught.value.code is ErrorCode.PERMISSION_MISSING
    client.close()

    # what stands in use is not taken away
    table = desk.table(admin, MasterKind.ROOM)
    row = next(row for row in table.presenter.state.rows if row.entry.code == "PET1")
    table.list.table.selectRow([one.id for one in table.presenter.shown_rows()].index(row.id))
    table.presenter.start("disable")
    desk.wait(lambda: "未完成的检查" in table.presenter.state.problem)
