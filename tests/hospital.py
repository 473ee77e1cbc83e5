"""A small hospital for tests: the areas of registration and queue, wired on any database, with a clock to set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from server.attachments.rpc import AttachmentsRpc
from server.attachments.service import AttachmentService
from server.exams.applications import ApplicationDesk
from server.exams.rpc import ExamsRpc
from server.exams.scheduling.rpc import SchedulingRpc
from server.exams.scheduling.search import SlotSearch
from server.exams.scheduling.service import SchedulingService
from server.exams.service import ExamService
from server.exams.slots import SlotBook
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, collect
from server.kernel.storage.memory import MemoryStorage
from server.organisation.rpc import OrganisationRpc
from server.organisation.service import OrganisationService
from server.patients.rpc import PatientsRpc
from server.patients.service import PatientService
from server.queueing.kiosk import Kiosk
from server.queueing.rpc import QueueingRpc
from server.queueing.service import QueueService
from server.referrals.network import Network
from server.referrals.rpc import ReferralsRpc
from server.referrals.service import ReferralService
from server.safety.rpc import SafetyRpc
from server.safety.service import SafetyService
from shared.contract.base import Request
from shared.contract.exams import ExamView, ItemEntry, PatientEntry, RegisterExam
from shared.contract.queueing import QueueRules
from shared.domain.permissions import ROLES
from shared.domain.states import Sex
from tests.databases import KINDS, a_database

ZONE = "Asia/Shanghai"
MORNING = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)  # 08:30 in the hospital, a Saturday

HEAD = ItemEntry(code="CT001", name="颅脑平扫", body_part="颅脑", price_fen=24000)
CHEST = ItemEntry(code="CT005", name="胸部平扫", body_part="胸部", price_fen=28000)


def a_caller(role: str = "administrator", user_id: int = 1) -> Caller:
    """Return a signed-in person of a role."""
    return Caller(user_id=user_id, login=role, name=f"{role}-{user_id}", permissions=ROLES[role])


CLERK = a_caller("clerk", 11)
OTHER_CLERK = a_caller("clerk", 12)
TECHNICIAN = a_caller("technician", 13)
DISPLAY = a_caller("display", 14)
KIOSK = a_caller("kiosk", 16)
ADMINISTRATOR = a_caller("administrator", 15)


class SetClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.present = now

    def now(self) -> datetime:
        return self.present

    def forward(self, **amount: float) -> datetime:
        self.present += timedelta(**amount)
        return self.present


class Hospital:
    """Services and handlers on one database, as the real wiring has them."""

    def __init__(self, database: Database, settings: QueueRules | None = None) -> None:
        self.database = database
        self.clock = SetClock()
        self.time = HospitalTime(self.clock, ZONE)
        self.organisation = OrganisationService()
        self.patients = PatientService(self.time)
        self.slots = SlotBook(self.time, self.organisation)
        self.applications = ApplicationDesk(self.time, self.patients, self.organisation)
        self.exams = ExamService(self.time, self.patients, self.organisation, self.slots, self.applications)
        self.queue = QueueService(self.time, self.organisation, self.exams, settings)
        self.safety = SafetyService(self.time)
        self.attachments = AttachmentService(MemoryStorage(), self.exams, self.clock)
        self.exams.bind(queue=self.queue, safety=self.safety, papers=self.attachments)
        self.scheduling = SchedulingService(self.time, self.organisation, self.slots)
        network = Network(self.organisation)
        self.referrals = ReferralService(self.time, self.organisation, self.exams, self.slots, network)
        self.handlers = collect(
            OrganisationRpc(self.organisation),
            PatientsRpc(self.patients),
            ExamsRpc(database, self.exams, self.applications, self.slots),
            SchedulingRpc(
                database,
                self.scheduling,
                self.exams.appointments,
                SlotSearch(self.time, self.organisation, self.slots),
                self.slots,
                self.exams,
            ),
            ReferralsRpc(self.referrals),
            QueueingRpc(
                database,
                self.time,
                self.queue,
                self.exams,
                Kiosk(self.time, self.organisation, self.patients, self.exams, self.queue),
            ),
            SafetyRpc(self.safety, self.exams),
            AttachmentsRpc(self.attachments),
        )
        with database.write() as uow:
            self.organisation.seed_defaults(uow)
        with database.read() as uow:
            view = self.organisation.hospital(uow).view
        self.campus_id = view.campuses[0].id
        self.rooms = {room.code: room.id for room in view.rooms}

    def call(self, request: Request[Any], caller: Caller = ADMINISTRATOR) -> Any:
        """Call a handler as the router does: one unit of work, committed when it returns."""
        handler = self.handlers[request.method]
        if not handler.in_transaction:
            return handler.call(request, caller)
        with self.database.write() if request.is_command else self.database.read() as uow:
            return handler.call(request, caller, uow)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        with self.database.write() as uow:
            yield uow

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        with self.database.read() as uow:
            yield uow

    def registered(self, name: str = "张三", caller: Caller = CLERK, **changes: Any) -> ExamView:
        """Register an exam; tests name only what matters to them."""
        view: ExamView = self.call(self.registration(name, **changes), caller)
        return view

    def registration(self, name: str = "张三", **changes: Any) -> RegisterExam:
        """Return a valid registration."""
        patient = changes.pop("patient", None) or a_patient(name, **changes.pop("of_patient", {}))
        values: dict[str, Any] = {
            "exam_type": "CT",
            "items": (HEAD,),
            "campus_id": self.campus_id,
            "room_id": self.rooms["CT1"],
        }
        return RegisterExam(patient=patient, **(values | changes))


def a_patient(name: str = "张三", **changes: Any) -> PatientEntry:
    """Return a valid patient entry."""
    values: dict[str, Any] = {"sex": Sex.MALE, "birth_date": date(1980, 5, 4)}
    return PatientEntry(name=name, **(values | changes))


@pytest.fixture(params=KINDS)
def hospital(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hospital]:
    """A fresh hospital, once on each database."""
    with a_database(request.param, tmp_path) as database:
        yield Hospital(database)


@pytest.fixture
def small_hospital(tmp_path: Path) -> Iterator[Hospital]:
    """A fresh hospital on the embedded database, where the database is not what a test is about."""
    with a_database("sqlite", tmp_path) as database:
        yield Hospital(database)
