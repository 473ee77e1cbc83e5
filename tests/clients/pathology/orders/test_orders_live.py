"""Two workstations on real sockets: what one does to an order, the other shows by itself."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from clients.kit.running import ImmediateRunner
from clients.pathology.desk import Desk
from clients.pathology.orders.feedback import CaseOrders
from clients.pathology.orders.requests import RequestList
from shared.contract.base import Notice
from shared.contract.pathology_orders import EnterResult, ExecuteOrders, PlaceOrders, Reading, ResultEntry
from shared.domain.pathology import OrderKind, OrderState, Station
from tests.clients.pathology.diagnosis.diagnosis_house import a_diagnosis_desk
from tests.clients.pathology.orders.order_case import PASSWORD, a_cut_case
from tests.rpc_house import RpcHouse, a_client
from tests.server.pathology.reports.report_room import Room


class _Bridge(QObject):
    """Brings notices from the socket's thread into the screen's."""

    came = Signal(object)


def _live(desk: Desk, client: Any) -> Desk:
    bridge = _Bridge()
    client.on_notice = bridge.came.emit
    listeners: list[Any] = []

    def hear(notice: Notice) -> None:
        for listener in listeners:
            listener(notice)

    bridge.came.connect(hear)
    place: Any = desk.place
    desk.place = SimpleNamespace(  # type: ignore[assignment]
        **{**vars(place), "connection": client, "runner": ImmediateRunner(), "on_notice": listeners.append},
        bridge=bridge,
    )
    return desk


def test_the_technical_room_sees_an_order_at_once_and_the_doctor_its_result(qtbot: QtBot, tmp_path: Path) -> None:
    room = Room(tmp_path)
    with room.database.write() as uow:
        room.areas.pathology.seed(uow)
    case_id, blocks = a_cut_case(room)
    chief, technician = room.user("pathology_chief"), room.user("pathology_technician")
    doctor_desk, _, _ = a_diagnosis_desk(room, chief, tmp_path / "doctor")
    doctor_desk.open_case(case_id)
    bench_desk, _, _ = a_diagnosis_desk(room, technician, tmp_path / "bench", station=Station.SPECIAL_TESTS)
    house = RpcHouse(tmp_path, *room.areas.pathology.handlers)
    with house.on_sockets() as connection, a_client(connection) as doctor, a_client(connection) as bench:
        doctor.login("pathology_chief", PASSWORD)
        bench.login("pathology_technician", PASSWORD)
        requests = RequestList(_live(bench_desk, bench))
        feedback = CaseOrders(_live(doctor_desk, doctor))
        qtbot.addWidget(requests)
        qtbot.addWidget(feedback)
        assert (requests.list.total, feedback.list.total) == (0, 0)
        request = PlaceOrders(case_id=case_id, kind=OrderKind.IMMUNO, block_ids=blocks[:1], markers=("Ki-67",))
        (order,) = doctor.call(request)
        qtbot.waitUntil(lambda: requests.list.total == 1, timeout=30_000)

        assert bench.call(ExecuteOrders(order_ids=(order.id,))).done == 1
        qtbot.waitUntil(lambda: requests.list.total == 0, timeout=30_000)
        qtbot.waitUntil(lambda: _state(feedback) is OrderState.EXECUTED, timeout=30_000)
        version = feedback.list.model.row(0).version
        entry = ResultEntry(reading=Reading.POSITIVE, percentage=30)
        bench.call(EnterResult(order_id=order.id, version=version, result=entry))
        qtbot.waitUntil(lambda: _state(feedback) is OrderState.RESULTED, timeout=30_000)
        for screen in (requests, feedback):
            screen.close_screen()
    house.close()
    room.close()


def _state(shown: CaseOrders) -> OrderState | None:
    return shown.list.model.row(0).state if shown.list.total else None
