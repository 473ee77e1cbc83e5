"""Exams, traces and acquisition of the ECG network over a real database, with a clock that tests move.

`EcgWorld` is what other rooms' tests stand on too: `house` has the services that bootstrap hands to a room.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from server.bootstrap.ecg_exams import build_ecg_exams
from server.bootstrap.ecg_traces import build_ecg_traces, trace_service
from server.ecg.exams.service import ExamService
from server.exams.applications import ApplicationDesk
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller, collect
from server.organisation.service import OrganisationService
from server.organisation.tables import CampusRow
from server.patients.service import PatientService
from shared.contract import ecg
from shared.contract import ecg_acquisition as acquisition
from shared.contract.base import Request
from shared.contract.exams import ApplicationView, ItemEntry, PatientEntry, RequesterEntry, SubmitApplication
from shared.domain.ecg import TraceSource
from shared.domain.permissions import ROLES
from shared.domain.states import Sex
from tests import ecg_records
from tests.rpc_house import SettableClock

ReplyT = TypeVar("ReplyT")
STATION = "ECG-PC-1"


def caller(user_id: int, name: str, *roles: str, station: str = STATION, campus_ids: tuple[int, ...] = ()) -> Caller:
    """An account of these roles at a workstation."""
    rights = frozenset().union(*(ROLES[role] for role in roles))
    return Caller(
        user_id=user_id,
        login=f"user{user_id}",
        name=name,
        permissions=rights,
        station=station,
        campus_ids=frozenset(campus_ids),
    )


REGISTRAR = caller(1, "登记员", "ecg_registrar")
OPERATOR = caller(2, "采集员", "ecg_operator")
DOCTOR = caller(3, "心电医生", "ecg_doctor")
CONSULTANT = caller(4, "会诊医生", "ecg_consultant")
HEAD = caller(5, "心电主任", "ecg_head")
ADMIN = caller(6, "心电管理员", "ecg_admin")


class HospitalSystem:
    """server.exams.ports.OrderSource: what it is asked, and what it does then."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Callable[[str], bool] = lambda _number: False

    def ask(self, number: str, *, by_order: bool = False) -> bool:
        """Note the question."""
        self.asked.append(number)
        return self.answer(number)


class EcgWorld:
    """The rooms, called through their handlers: what the router would do, without sockets."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.clock = SettableClock()
        self.time = HospitalTime(self.clock, "Asia/Shanghai")
        self.organisation = OrganisationService()
        self.patients = PatientService(self.time)
        self.applications = ApplicationDesk(self.time, self.patients, self.organisation)
        self.matching_claims: list[Any] = []
        self.hospital_system = HospitalSystem()
        self.house: Any = SimpleNamespace(
            database=database,
            settings=SimpleNamespace(reserve_mb=0),
            folders=SimpleNamespace(documents=folder / "documents"),
            organisation=self.organisation,
            time=self.time,
            patients=self.patients,
            applications=self.applications,
            interfaces=SimpleNamespace(asking=self.hospital_system),
            archive=SimpleNamespace(matching=SimpleNamespace(others=self.matching_claims), objects=None),
        )
        self.service = ExamService(self.time)
        kept = trace_service(self.house, self.service)
        self.exams = build_ecg_exams(self.house, self.service, kept)
        self.traces = build_ecg_traces(self.house, self.exams, kept)
        self.handlers = collect(*self.exams.handlers, *self.traces.handlers)
        with database.write() as uow:
            self.organisation.seed_defaults(uow)
            self.exams.seed(uow)
        self.campus_id = self.read(lambda uow: self.organisation.hospital(uow).view.campuses[0].id)

    def ask(self, who: Caller, request: Request[ReplyT]) -> ReplyT:
        """Answer a request as the router does, its permission included."""
        handler = self.handlers[request.method]
        assert who.may(request.permission), f"{who.name} may not {request.method}"
        if not handler.in_transaction:
            return handler.call(request, who)
        opened = self.database.write() if request.is_command else self.database.read()
        with opened as uow:
            return handler.call(request, who, uow)

    def read(self, look: Callable[[UnitOfWork], ReplyT]) -> ReplyT:
        """Look at something."""
        with self.database.read() as uow:
            return look(uow)

    def write(self, act: Callable[[UnitOfWork], ReplyT]) -> ReplyT:
        """Do something in a transaction."""
        with self.database.write() as uow:
            return act(uow)

    def second_campus(self) -> int:
        """A township clinic beside the hospital."""

        def add(uow: UnitOfWork) -> int:
            row = CampusRow(code="CLINIC", name="乡镇卫生院", name_en="Clinic", pinyin="xzwsy", position=2)
            uow.session.add(row)
            uow.session.flush()
            self.organisation.count_change(uow)
            return row.id

        return self.write(add)

    # ── what comes from outside ──────────────────────────────────────────────────────────────────────

    def order(
        self,
        number: str = "REQ1",
        name: str = "王小明",
        code: str = "ECG001",
        campus_id: int | None = None,
        **patient: Any,
    ) -> ApplicationView:
        """A request as the hospital's system hands it in."""
        item = ItemEntry(code=code, name="常规十二导联心电图", body_part="心脏", price_fen=2000)
        given = {"name": name, "sex": Sex.FEMALE, "card_number": f"C{number}", **patient}
        request = SubmitApplication(
            patient=PatientEntry(**given),
            exam_type="ECG" if code.startswith("ECG") else code[:2],
            items=(item,),
            requester=RequesterEntry(department="内科", doctor="李医生", his_number=number, ward="内一", bed="12"),
            campus_id=campus_id,
        )
        return self.write(lambda uow: self.applications.submit(uow, SYSTEM, request, f"P{number}"))

    # ── steps that many tests begin with ─────────────────────────────────────────────────────────────

    def registered(self, name: str = "王小明", who: Caller = REGISTRAR, **entry: Any) -> ecg.EcgExamView:
        """A quick registration."""
        given = {"sex": Sex.FEMALE, "age": "45", **entry}
        return self.ask(who, ecg.RegisterEcg(entry=ecg.EcgEntry(patient_name=name, **given))).exam

    def device(self, serial: str = "SN1", station: str = STATION, **entry: Any) -> acquisition.EcgDeviceView:
        """A device bound to a workstation."""
        given = acquisition.EcgDeviceEntry(serial=serial, model="R12", **entry)
        made = self.ask(ADMIN, acquisition.SaveEcgDevice(entry=given))
        return self.ask(ADMIN, acquisition.BindStation(station=station, device_id=made.id))

    def upload(
        self, who: Caller = OPERATOR, key: str = "", data: bytes = b"", **facts: Any
    ) -> acquisition.UploadResult:
        """Upload one file in one; without `data` a made record of ten seconds."""
        name = facts.pop("name", "record.dcm")
        data = data or a_file()
        return self.ask(
            who,
            acquisition.AddTrace(key=key or secrets.token_hex(16), facts=upload_facts(name, data, **facts), data=data),
        )

    def acquired(self, name: str = "王小明", **facts: Any) -> ecg.EcgExamView:
        """An exam with a trace."""
        exam = self.registered(name)
        self.upload(exam_id=exam.row.id, data=a_file(seed=exam.row.id), **facts)
        return self.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id))


def upload_facts(name: str, data: bytes, **facts: Any) -> acquisition.UploadFacts:
    """What is uploaded: one file."""
    part = acquisition.UploadPart(name=name, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    return acquisition.UploadFacts(parts=(part,), **{"source": TraceSource.FILE, **facts})


def a_file(seed: int = 1, seconds: float = 10.0, kind: str = "dicom", **facts: Any) -> bytes:
    """A record of its own for each seed, as a file."""
    from shared.waveform import formats

    record = a_record(seed, seconds, **facts)
    return next(iter(formats.write(record, kind).files.values()))


def a_record(seed: int = 1, seconds: float = 10.0, **facts: Any) -> Any:
    """A 12-lead record of its own for each seed."""
    import numpy as np

    plain = ecg_records.twelve_leads(seconds, **{"hertz": 250.0, **facts})  # half of the usual, for quick tests
    noise = np.random.default_rng(seed).integers(-1, 2, plain.samples.shape[1])
    samples = plain.samples.copy()
    samples[6:] += noise.astype(np.int32)
    return ecg_records.EcgRecord(
        plain.leads, samples, plain.gain_uv, plain.baseline, plain.sampling_hz, patient=plain.patient,
        device=plain.device, started=plain.started,
    )  # fmt: skip
