"""A hall display on real sockets while its server is killed and started again: no call is lost, none is doubled."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot
from server_process import start_server

from clients.display.app import Display, make_parser
from clients.display.board.state import Line
from clients.display.texts import ENTRIES
from clients.kit.app import make_application, wear
from clients.kit.server_connection import ServerConnection
from clients.kit.translations import register_catalogue
from clients.kit.voice.voices import ToneVoice
from shared.contract.exams import ItemEntry, PatientEntry, RegisterExam
from shared.contract.halls import HallSettings, NewsLine, SaveHall
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.contract.queueing import CallNext, CallTicket, CallView, GetBoard, GetQueue, PauseRoom, TicketView
from shared.domain.states import Sex
from shared.rpc.client import RpcClient

PASSWORD = "correct-horse-battery"
NAMES = ("单田芳", "曾黎", "欧阳修", "张明", "李小勇", "王芳", "赵六", "钱七")


class Speakers:
    """A loudspeaker whose sounds are over at once."""

    silent_reason: str | None = None

    def play(self, wav: bytes, finished: Callable[[], None]) -> None:
        assert wav.startswith(b"RIFF")
        QTimer.singleShot(0, finished)

    def stop(self) -> None:
        """Nothing plays."""


def four_free_ports() -> int:
    """The first of four neighbouring ports that are free now."""
    for _ in range(100):
        with ExitStack() as held:
            first = held.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            base = int(first.getsockname()[1])
            try:
                for port in range(base + 1, min(base + 4, 65536)):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return base
    raise AssertionError("no four free ports beside each other")


class House:
    """The server's process, a technician's line, and the display in this process."""

    def __init__(self, folder: Path) -> None:
        self._ports = ("--rpc-port", str(four_free_ports()))  # it comes back where it was, with all its sockets
        self.server = start_server(folder / "data", *self._ports)
        self.technician = self.server.client()
        self.technician.call(CreateUser(login="hall", name="大屏", password=PASSWORD, roles=("display",)))
        hospital = self.technician.call(GetHospital())
        self.rooms = {room.code: room for room in hospital.rooms}
        item = next(item for item in hospital.exam_items if item.exam_type == "CT")
        room = self.rooms["CT1"]
        self.technician.call(
            SaveHall(settings=HallSettings(name="一楼", room_ids=(room.id,), news=(NewsLine(text="请保持安静"),)))
        )
        for number, name in enumerate(NAMES):
            self.technician.call(
                RegisterExam(
                    patient=PatientEntry(name=name, sex=Sex.MALE, birth_date=date(1960 + number, 3, 12)),
                    exam_type="CT",
                    items=(
                        ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),
                    ),
                    campus_id=room.campus_id,
                    room_id=room.id,
                )
            )
        password_file = folder / "password"
        password_file.write_text(PASSWORD, encoding="utf-8")
        given = ["--connect", str(self.server.connection), "--user", "hall", "--password-file", str(password_file)]
        options = make_parser().parse_args([*given, "--hall", "一楼", "--repeat", "1", "--window", "1280x720"])
        self.display = Display(options, ServerConnection(options.connect), ToneVoice(), Speakers())
        self.spoken: list[CallView] = []
        speak = self.display._speaker.speak

        def listen(calls: Sequence[CallView], over: Callable[[str], None]) -> None:
            self.spoken += calls
            speak(calls, over)

        self.display._speaker.speak = listen  # type: ignore[method-assign]

    def call_next(self) -> TicketView:
        return self.technician.call(CallNext(room_id=self.rooms["CT1"].id))

    def restart(self) -> None:
        self.technician.close()
        self.server.kill()
        self.server = start_server(self.server.data, *self._ports)
        self.technician = self.server.client()

    def pending(self, client: RpcClient | None = None) -> tuple[CallView, ...]:
        return (client or self.technician).call(GetBoard()).pending_calls

    def close(self) -> None:
        self.technician.close()
        self.display.close()
        self.server.stop()


@pytest.fixture
def house(tmp_path: Path, qtbot: QtBot) -> Iterator[House]:
    del qtbot
    make_application()
    register_catalogue(ENTRIES)
    wear("dark")
    made = House(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("rounds", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_calls_survive_a_killed_server_neither_lost_nor_doubled(house: House, qtbot: QtBot, rounds: int) -> None:
    presenter = house.display.presenter

    def online() -> bool:
        return presenter.state.line is Line.ONLINE

    def all_said(count: int) -> Callable[[], bool]:
        return lambda: len({call.call_id for call in house.spoken}) >= count and not presenter.state.speaking

    qtbot.waitUntil(online, timeout=30_000)
    assert presenter.state.hall_name == "一楼"
    assert presenter.state.news == "请保持安静"
    called = [house.call_next() for _ in range(2)]
    qtbot.waitUntil(all_said(2), timeout=30_000)
    for _ in range(rounds):
        called.append(house.call_next())  # nobody has heard of this one when the server dies
        house.restart()
        qtbot.waitUntil(all_said(len(called)), timeout=60_000)
        qtbot.waitUntil(online, timeout=60_000)
    called.append(house.call_next())
    qtbot.waitUntil(all_said(len(called)), timeout=30_000)
    first = called[0]
    again = house.technician.call(CallTicket(ticket_id=first.id, version=_version(house, first)))
    assert again.call_count == 2
    qtbot.waitUntil(all_said(len(called) + 1), timeout=30_000)
    qtbot.waitUntil(lambda: not house.pending(), timeout=30_000)

    spoken = [call.call_id for call in house.spoken]
    assert sorted(spoken) == sorted(set(spoken)), "a call was said twice"
    assert [call.ticket_id for call in sorted(house.spoken, key=lambda call: call.call_id)] == [
        *(ticket.id for ticket in called),
        first.id,
    ]
    assert house.spoken[0].masked_name == "单*芳"
    assert all(ticket.call_count == 1 for ticket in called)

    house.technician.call(PauseRoom(room_id=house.rooms["CT1"].id, reason="设备故障，请稍候"))
    qtbot.waitUntil(lambda: presenter.state.rooms[0].is_paused, timeout=30_000)
    assert presenter.state.rooms[0].pause_reason == "设备故障，请稍候"


def _version(house: House, ticket: TicketView) -> int:
    queue = house.technician.call(GetQueue())
    return next(one.version for one in queue.tickets if one.id == ticket.id)
