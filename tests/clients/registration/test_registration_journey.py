"""Application to finished exam through the real server, its sockets, the clerk's window and the hall display."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from server_process import ServerProcess, running_server

from clients.display.app import Display, make_parser
from clients.display.texts import ENTRIES as DISPLAY_TEXTS
from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.translations import register_catalogue
from clients.kit.voice.voices import ToneVoice
from clients.registration import texts
from clients.registration.app import TITLE, make_pages
from clients.registration.desk import Desk, local_now
from clients.registration.exam_actions import RowAction, actions_of
from shared.contract.exams import ItemEntry, PatientEntry, RequesterEntry, SubmitApplication
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.domain.states import ExamState, RegistrationState, Sex, TicketState

PASSWORD = "correct-horse-battery"


class InstantSpeakers:
    """A loudspeaker whose sounds are over at once."""

    silent_reason: str | None = None

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        assert wav.startswith(b"RIFF")
        QTimer.singleShot(0, finished)

    def stop(self) -> None:
        """Nothing plays."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        admin = running.client()
        admin.call(CreateUser(login="zhang", name="张登记", password=PASSWORD, roles=("clerk", "technician")))
        admin.call(CreateUser(login="hall", name="大屏", password=PASSWORD, roles=("display",)))
        item = next(item for item in admin.call(GetHospital()).exam_items if item.exam_type == "CT")
        admin.call(
            SubmitApplication(
                patient=PatientEntry(name="李建国", sex=Sex.MALE, birth_date=date(1968, 3, 12), card_number="C0086001"),
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
    register_catalogue(DISPLAY_TEXTS)
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


@pytest.fixture
def display(server: ServerProcess, tmp_path: Path, qtbot: QtBot) -> Iterator[Display]:
    secret = tmp_path / "hall-password"
    secret.write_text(PASSWORD, encoding="utf-8")
    options = ["--connect", str(server.connection), "--user", "hall", "--password-file", str(secret)]
    options += ["--window", "1280x720", "--repeat", "1", "--wav-out", str(tmp_path / "wav")]
    connection = ServerConnection(str(server.connection))
    made = Display(make_parser().parse_args(options), connection, ToneVoice(), InstantSpeakers())
    yield made
    made.close()
    QApplication.processEvents()


def test_from_the_application_to_the_finished_exam(
    window: Workstation, display: Display, qtbot: QtBot, tmp_path: Path
) -> None:
    def wait(condition: Callable[[], bool]) -> None:
        qtbot.waitUntil(condition, timeout=30_000)

    shell: Any = window.shell
    page = shell.page_widget("registration")
    wait(lambda: page.presenter.state.hospital is not None)
    wait(lambda: bool(display.presenter.state.rooms))

    page.booking.scan("C0086001")
    wait(lambda: page.presenter.state.form.name == "李建国")
    began = time.monotonic()
    page.booking.do_submit()
    wait(lambda: page.presenter.state.registered is not None)
    assert time.monotonic() - began < 5
    registered = page.presenter.state.registered
    wait(lambda: page.today.list.total == 1)
    printed = UserSettings.for_desk().path.parent / "printed"
    wait(lambda: any(printed.glob("barcode-*.pdf")))
    assert next(printed.glob("barcode-*.pdf")).read_bytes().startswith(b"%PDF")

    page.today_presenter.do(RowAction.PREVIEW, page.today_presenter.state.rows[0])
    wait(lambda: shell.side_panel.isVisible() and shell.side_panel.content is not None)
    assert shell.side_panel.content.pages.page_count == 1

    queue = shell.go_to("queue")
    wait(lambda: len(queue.presenter.state.tickets) == 1)
    queue.presenter.choose_room(queue.presenter.state.tickets[0].room_id)
    wait(lambda: len(queue.presenter.state.tickets) == 1)
    queue.presenter.call_next()
    wait(lambda: any((tmp_path / "wav").glob("call-*.wav")))  # the display heard of it by itself (RIS-DSP-03)
    wait(lambda: queue.presenter.state.tickets[0].state is TicketState.CALLED)  # and said that it is over (RIS-QSM-03)
    assert "李*国" in [room.now.masked_name for room in display.presenter.state.rooms if room.now]

    queue.presenter.start_exam()
    wait(lambda: queue.presenter.state.tickets[0].state is TicketState.EXAMINING and not queue.presenter.state.busy)
    queue.presenter.finish_exam()
    wait(lambda: queue.presenter.state.tickets == ())
    queue.tabs.setCurrentIndex(1)
    wait(lambda: [row.state for row in queue.presenter.state.finished_rows] == [ExamState.EXAMINED])

    management = shell.go_to("management")
    wait(lambda: management.list.total == 1)
    row = management.list.model.row(0)
    assert (row.accession_number, row.registration_state) == (
        registered.accession_number,
        RegistrationState.DIAGNOSING,
    )
    assert RowAction.CANCEL not in actions_of(row)
