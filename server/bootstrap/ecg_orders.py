"""Lets the hospitals' systems follow their orders for ECGs: states go out as those of radiology do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from server.ecg.exams.order_states import OrderStates
from server.interfaces.orders import CodeBook
from shared.domain.ecg_reports import report_id_of

if TYPE_CHECKING:
    from server.bootstrap.ecg import EcgHouse
    from server.ecg.exams.facts import ExamFacts
    from server.ecg.exams.service import ExamService
    from server.ecg.reports.delivery import Outgoing
    from server.exams.applications import ApplicationDesk
    from server.interfaces.tables import InterfaceConnection
    from server.kernel.database import UnitOfWork
    from shared.contract.exams import ItemEntry
    from shared.contract.interfaces import ExamHappening


class OrdersOfExams:
    """ecg.reports.delivery.Orders over the applications."""

    def __init__(self, desk: ApplicationDesk) -> None:
        self._desk = desk

    def items(self, uow: UnitOfWork, application_id: int) -> tuple[ItemEntry, ...]:
        return self._desk.get(uow, application_id).items


class SystemsOfHospitals:
    """ecg.exams.order_states.HospitalSystems over the exchange.

    The messages bear the id of the exam's report, as its results do: all that concerns one exam goes out in order.
    """

    def __init__(self, house: EcgHouse, outgoing: Outgoing) -> None:
        self._house = house
        self._outgoing = outgoing

    def told(self, uow: UnitOfWork, exam: ExamFacts, happening: ExamHappening) -> None:
        hospital = self._house.organisation.hospital(uow)

        def concerns(connection: InterfaceConnection) -> bool:
            """A connection whose facility is another campus of ours is that hospital's."""
            return CodeBook(hospital, connection.codes).campus([connection.facility]) in (None, exam.campus_id)

        view = self._outgoing.exam(uow, report_id_of(exam.id))
        view = msgspec.structs.replace(view, started_at=exam.acquired_at, finished_at=exam.acquired_at)
        self._house.interfaces.outgoing.order_moved(uow, view, happening, concerns)


def follow_orders(house: EcgHouse, exams: ExamService, outgoing: Outgoing) -> None:
    """Let states of exams go out."""
    exams.watchers.append(OrderStates(SystemsOfHospitals(house, outgoing)).exam_moved)
