"""From the clerk's window to the label in the printer, through a real server: what a scanner reads is the exam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from fakes.label_printer import LabelPrinter
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from server_process import ServerProcess, running_server

from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from clients.kit.printing.setup import Desk as PrinterDesk
from clients.kit.printing.setup import PrinterSetup
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.translations import register_catalogue
from clients.registration import texts
from clients.registration.app import TITLE, make_pages
from clients.registration.desk import Desk, local_now
from clients.registration.exam_actions import RowAction
from shared.contract.exams import ItemEntry, PatientEntry, RequesterEntry, SubmitApplication
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.contract.printing import (
    DocumentView,
    GetPaperTemplate,
    ListPrints,
    Output,
    PrintApplication,
    PrintBarcode,
    PrintRegistrationForm,
    PrintTicket,
    PrintWristband,
    SavePaperTemplate,
)
from shared.domain.states import Sex

PASSWORD = "correct-horse-battery"
NAME = "欧阳𠮷祥"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        admin = running.client()
        admin.call(CreateUser(login="zhang", name="张登记", password=PASSWORD, roles=("clerk", "technician")))
        item = next(item for item in admin.call(GetHospital()).exam_items if item.exam_type == "CT")
        admin.call(
            SubmitApplication(
                patient=PatientEntry(name=NAME, sex=Sex.MALE, birth_date=date(1968, 3, 12), card_number="C0086001"),
                exam_type="CT",
                items=(ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),),
                requester=RequesterEntry(department="呼吸内科", doctor="王医生", his_number="HIS1"),
            )
        )
        admin.close()
        yield running


@pytest.fixture
def window(server: ServerProcess, qtbot: QtBot) -> Iterator[Workstation]:
    make_application()
    register_catalogue(texts.ENTRIES)
    wear("light")
    Desk.clock = staticmethod(local_now)
    UserSettings.for_user("zhang").set("shell/page", "registration")
    made = Workstation(TITLE, make_pages(), ServerConnection)
    made.resize(1366, 768)
    made.show()
    connection = ServerConnection(str(server.connection))
    made.sign_in_with(SignedIn(connection, connection.login("zhang", PASSWORD)))
    yield made
    made.close()
    made.deleteLater()
    QApplication.processEvents()


def text_of(data: bytes) -> str:
    from pypdf import PdfReader

    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages).split())


def codes_of(data: bytes) -> set[str]:
    import pypdfium2

    page = pypdfium2.PdfDocument(data)[0].render(scale=300 / 72).to_pil().convert("L")
    return {code.text for code in zxingcpp.read_barcodes(page)}


def test_a_label_comes_out_when_a_patient_is_registered(
    server: ServerProcess, window: Workstation, qtbot: QtBot
) -> None:
    def wait(condition: Callable[[], bool]) -> None:
        qtbot.waitUntil(condition, timeout=30_000)

    with LabelPrinter(paper_out=True) as printer:
        shell: Any = window.shell
        page = shell.page_widget("registration")
        wait(lambda: page.presenter.state.hospital is not None)
        settings = page._place.desk_settings
        PrinterDesk(settings).keep("barcode", PrinterSetup(via="tcp", host="127.0.0.1", port=printer.port, dpi=300))
        queue = page._desk.documents.queue

        page.booking.scan("C0086001")
        wait(lambda: page.presenter.state.form.name == NAME)
        assert page.presenter.state.print_barcode  # on by default (RIS-REG-34)
        page.booking.do_submit()
        wait(lambda: page.presenter.state.registered is not None)
        registered = page.presenter.state.registered

        wait(lambda: bool(queue.jobs and queue.jobs[0].trouble))  # no paper: it waits, and says so
        assert queue.jobs[0].trouble == "缺纸，请装入标签纸。"
        page._desk.show_printers()
        assert shell.side_panel.content.waiting.retry_all.isEnabled()

        printer.paper_out = False
        shell.side_panel.content.waiting.retry_all.click()
        label = printer.wait_for_labels(1)[0]
        assert label.image.size == (600, 360)
        read = [code.text for code in zxingcpp.read_barcodes(label.image.convert("L"))]
        assert read == [registered.accession_number]
        assert label.fields == [registered.accession_number]
        wait(lambda: not queue.has_work)

        client = server.client()
        prints = client.call(ListPrints(subject_id=registered.exam_id))
        assert [(one.kind, one.copies, one.printed_by) for one in prints] == [("barcode_zpl", 1, "张登记")]
        assert prints[0].printer == f"127.0.0.1:{printer.port}"
        shell.side_panel.content.test_button.click()
        assert len(printer.wait_for_labels(2)) == 2
        page.today_presenter.do(RowAction.PRINT_BARCODE, page.today_presenter.state.rows[0])
        assert printer.wait_for_labels(3)[2].fields == [registered.accession_number]

        for name in ("management", "queue"):  # the label is scanned on the pages where it is needed
            other: Any = shell.go_to(name)
            wait(lambda other=other: not window.runner.busy)
            QTest.keyClicks(QApplication.focusWidget() or window, registered.accession_number)
            QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Return)
            wait(lambda other=other: _finds(other, registered))

        _every_document(client, page._place.connection, registered.exam_id, registered.accession_number)
        client.close()


def _finds(page: Any, exam: Any) -> bool:
    state = page.presenter.state
    if hasattr(state, "selected_ticket"):
        return state.selected_ticket is not None and state.selected_ticket.exam_id == exam.exam_id
    first = page.list.model.row(0)
    return state.applied.accession_number == exam.accession_number and first is not None and first.id == exam.exam_id


def _every_document(client: Any, line: Any, exam_id: int, number: str) -> None:
    def data_of(document: DocumentView) -> bytes:
        assert document.warning == ""
        data: bytes = line.fetch_document(document.id)
        return data

    form = data_of(client.call(PrintRegistrationForm(exam_id=exam_id)))
    assert NAME in text_of(form)
    assert "检查登记单" in text_of(form)
    assert codes_of(form) == {number}
    assert "Examinationregistration" in text_of(
        data_of(client.call(PrintRegistrationForm(exam_id=exam_id, language="en")))
    )
    ticket = data_of(client.call(PrintTicket(exam_id=exam_id)))
    assert "欧阳*祥" in text_of(ticket)
    assert NAME not in text_of(ticket)
    assert "前面等候0人" in text_of(ticket)
    assert codes_of(ticket) == {number}
    application = data_of(client.call(PrintApplication(exam_id=exam_id)))
    assert "HIS1" in text_of(application)
    assert "呼吸内科" in text_of(application)
    band = data_of(client.call(PrintWristband(exam_id=exam_id)))
    assert len(codes_of(band)) == 1
    tspl = data_of(client.call(PrintBarcode(exam_id=exam_id, output=Output(format="tspl", copies=2))))
    assert tspl.endswith(b"PRINT 1,2\r\n")

    template = client.call(GetPaperTemplate(kind="barcode"))
    changed = template.text.replace("{room}  {planned_at}", "本院 {room}")
    assert client.call(SavePaperTemplate(kind="barcode", text=changed, base_version=0)).info.version == 1
    assert "本院" in text_of(data_of(client.call(PrintBarcode(exam_id=exam_id))))
