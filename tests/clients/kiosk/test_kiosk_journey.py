"""Kiosk, technician, hall display and scanner around one real server: check-in, call, MPPS, done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.display.app import Display
from clients.display.app import make_parser as display_parser
from clients.display.texts import ENTRIES as DISPLAY_TEXTS
from clients.kiosk import texts as kiosk_texts
from clients.kiosk.app import Kiosk
from clients.kiosk.app import make_parser as kiosk_parser
from clients.kiosk.desk.state import Page, Printing
from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.translations import register_catalogue
from clients.kit.voice.voices import ToneVoice
from clients.registration import texts
from clients.registration.app import TITLE, make_pages
from mingjing.demo.scanner import Scanner, Sent
from shared.contract.errors import ErrorCode, Refused
from shared.contract.exams import ExamView, ItemEntry, ListExams, PatientEntry, RegisterExam
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital, SavePeer
from shared.contract.patients import SearchPatients
from shared.contract.printing import PrintTicket
from shared.contract.queueing import KioskOutcome, SaveQueueRoom
from shared.domain.states import ExamState, Sex, TicketState
from shared.rpc.client import RpcClient
from tests.clients.registration.test_registration_journey import PASSWORD, InstantSpeakers
from tests.server_process import ServerProcess, start_server

CODE = "975310"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    running = start_server(tmp_path / "server")
    try:
        yield running
    finally:
        running.stop()


def prepared(admin: RpcClient) -> tuple[ExamView, str]:
    """Accounts, a room that wants check-in, one patient registered for now; and the AE title of the room's device."""
    for login, role in (("desk", "clerk"), ("tech", "technician"), ("hall", "display"), ("kiosk", "kiosk")):
        admin.call(CreateUser(login=login, name=login, password=PASSWORD, roles=(role,)))
    hospital = admin.call(GetHospital())
    item = next(item for item in hospital.exam_items if item.exam_type == "CT")
    device = next(device for device in hospital.devices if device.modality == "CT")
    room = next(room for room in hospital.rooms if room.id == device.room_id)
    admin.call(SavePeer(ae_title=device.ae_title, host="127.0.0.1", port=0, description="", may_store=True))
    admin.call(SaveQueueRoom(room_id=room.id, check_in_required=True))
    view = admin.call(
        RegisterExam(
            patient=PatientEntry(name="李建国", sex=Sex.MALE, birth_date=date(1968, 3, 12)),
            exam_type="CT",
            items=(ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),),
            campus_id=room.campus_id,
            room_id=room.id,
        )
    )
    return view, device.ae_title


def a_kiosk(server: ServerProcess, folder: Path) -> Kiosk:
    for name, secret in (("kiosk-password", PASSWORD), ("leave-code", CODE)):
        (folder / name).write_text(secret, encoding="utf-8")
    options = ["--connect", str(server.connection), "--user", "kiosk", "--window", "1280x720"]
    options += ["--password-file", str(folder / "kiosk-password"), "--leave-code-file", str(folder / "leave-code")]
    options += ["--slips", str(folder / "slips")]
    return Kiosk(kiosk_parser().parse_args(options), ServerConnection(str(server.connection)), CODE, None)


def a_display(server: ServerProcess, folder: Path) -> Display:
    (folder / "hall-password").write_text(PASSWORD, encoding="utf-8")
    options = ["--connect", str(server.connection), "--user", "hall", "--window", "1280x720", "--repeat", "1"]
    options += ["--password-file", str(folder / "hall-password")]
    connection = ServerConnection(str(server.connection))
    return Display(display_parser().parse_args(options), connection, ToneVoice(), InstantSpeakers())


def a_technician(server: ServerProcess) -> Workstation:
    window = Workstation(TITLE, make_pages(), ServerConnection)
    window.resize(1366, 768)
    window.show()
    connection = ServerConnection(str(server.connection))
    window.sign_in_with(SignedIn(connection, connection.login("tech", PASSWORD)))
    return window


def test_from_the_kiosk_to_the_finished_exam(server: ServerProcess, qtbot: QtBot, tmp_path: Path) -> None:
    def wait(condition: Callable[[], bool]) -> None:
        qtbot.waitUntil(condition, timeout=30_000)

    make_application()
    for entries in (texts.ENTRIES, DISPLAY_TEXTS, kiosk_texts.ENTRIES):
        register_catalogue(entries)
    wear("light")
    admin = server.client()
    view, ae_title = prepared(admin)
    admin.close()
    kiosk, display, window = a_kiosk(server, tmp_path), a_display(server, tmp_path), a_technician(server)
    try:
        shell: Any = window.shell
        queue = shell.go_to("queue")
        wait(lambda: len(queue.presenter.state.tickets) == 1)
        assert queue.presenter.state.tickets[0].state is TicketState.NOT_SIGNED_IN
        assert queue.presenter.state.next_waiting is None

        wait(lambda: kiosk.presenter.state.page is Page.START)
        kiosk.view.activateWindow()
        for request in (SearchPatients(text="李"), ListExams(), GetHospital(), PrintTicket(exam_id=view.row.id)):
            with pytest.raises(Refused) as refused:
                kiosk.connection.call(request)
            assert refused.value.code is ErrorCode.PERMISSION_MISSING
        QTest.keyClicks(kiosk.view, view.row.accession_number)  # as a scanner types
        QTest.keyClick(kiosk.view, Qt.Key.Key_Return)
        wait(lambda: kiosk.presenter.state.page is Page.ANSWER)
        answer = kiosk.presenter.state.answer
        assert answer is not None and [exam.outcome for exam in answer.exams] == [KioskOutcome.CHECKED_IN]
        wait(lambda: kiosk.presenter.state.printing is Printing.DONE)
        slip = pypdf.PdfReader(next((tmp_path / "slips").glob("ticket-*.pdf"))).pages[0].extract_text()
        assert "李*国" in slip and "李建国" not in slip
        assert not kiosk.view.close() and kiosk.view.isVisible()  # nobody closes it by a key

        # the clerk's and the technician's lists, and the board, heard of it by themselves
        wait(lambda: [one.state for one in queue.presenter.state.tickets] == [TicketState.WAITING])
        wait(lambda: any(room.waiting for room in display.presenter.state.rooms))
        queue.presenter.choose_room(view.row.room_id)
        wait(lambda: queue.presenter.state.next_waiting is not None and not queue.presenter.state.loading)
        queue.presenter.call_next()
        wait(lambda: any(room.now for room in display.presenter.state.rooms))
        wait(lambda: queue.presenter.state.tickets[0].state is TicketState.CALLED)

        scanner = Scanner(ae_title, "127.0.0.1", server.dicom_port)
        (item,) = scanner.worklist(datetime.now())
        step = scanner.begin(item, datetime.now())
        wait(lambda: queue.presenter.state.tickets[0].state is TicketState.EXAMINING)
        scanner.complete(step, Sent(str(item.StudyInstanceUID), "1.2.3", (), 0), datetime.now())
        wait(lambda: queue.presenter.state.tickets == ())
        queue.presenter.show_finished(True)
        wait(lambda: [row.state for row in queue.presenter.state.finished_rows] == [ExamState.EXAMINED])

        kiosk.presenter.scanned(view.row.accession_number)
        wait(lambda: kiosk.presenter.state.page is Page.ANSWER and kiosk.presenter.state.answer is not answer)
        shown = kiosk.presenter.state.answer
        assert shown is not None and shown.exams[0].outcome is KioskOutcome.FINISHED
        kiosk.presenter.to_start()
    finally:
        kiosk.close()
        display.close()
        window.close()
        window.deleteLater()
        QApplication.processEvents()


@pytest.mark.slow
def test_a_killed_server_closes_the_kiosk_until_it_is_back(server: ServerProcess, qtbot: QtBot, tmp_path: Path) -> None:
    make_application()
    register_catalogue(kiosk_texts.ENTRIES)
    admin = server.client()
    prepared(admin)
    admin.close()
    kiosk = a_kiosk(server, tmp_path)
    try:
        qtbot.waitUntil(lambda: kiosk.presenter.state.page is Page.START, timeout=30_000)
        server.kill()
        qtbot.waitUntil(lambda: kiosk.presenter.state.page is Page.CLOSED, timeout=60_000)
        again = start_server(server.data, connection=server.connection)
        try:
            qtbot.waitUntil(lambda: kiosk.presenter.state.page is Page.START, timeout=60_000)
        finally:
            again.stop()
    finally:
        kiosk.close()
        QApplication.processEvents()
