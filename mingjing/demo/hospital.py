"""Starts the demo's server as a process of its own; fills it with people and patients through the contract."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from shared.contract.errors import ErrorCode, Refused
from shared.contract.exams import (
    ClinicalEntry,
    ExamView,
    ItemEntry,
    ListExams,
    PatientEntry,
    RegisterExam,
    RequesterEntry,
)
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.queueing import CallTicket, FinishTicket, GetQueue, StartTicket
from shared.contract.reporting import (
    ApproveReport,
    AuditReport,
    ListReports,
    ReportContent,
    ReportFilter,
    ReportRow,
    SubmitReport,
    WriteReport,
)
from shared.dicomkit.headers import PatientFacts
from shared.dicomkit.names import pn_value
from shared.dicomkit.synthetic import cr_image
from shared.domain.states import CriticalValue, HpResult, PatientType, Sex
from shared.rpc.bulk import BulkClient
from shared.rpc.client import RpcClient, ZmqTransport
from shared.rpc.connection import Connection

CARD_NUMBER = "J20261088"

PEOPLE = (
    ("wangfang", "王芳", ("clerk",)),
    ("liuqiang", "刘强", ("technician",)),
    ("limin", "李敏", ("doctor",)),
    ("chenjian", "陈健", ("auditor",)),
    ("sunhao", "孙浩", ("auditor",)),  # scores what the others wrote and audited
    ("hall", "候诊大屏", ("display",)),
    ("kiosk", "自助签到机", ("kiosk",)),
    ("zhaolei", "赵蕾", ("clerk",)),  # of the county hospital, see reception.py
    ("hejing", "何静", ("pathology_chief", "pathology_registrar", "pathology_grosser")),
    ("dingtao", "丁涛", ("pathology_technician",)),
    ("yanli", "严丽", ("pathology_auditor",)),
)

OTHERS = (
    ("赵丽华", Sex.FEMALE, 1958, "CT", PatientType.EMERGENCY),
    ("单田", Sex.MALE, 1971, "CT", PatientType.ORDINARY),
    ("欧阳雪", Sex.FEMALE, 1990, "MR", PatientType.VIP),
    ("曾国强", Sex.MALE, 1949, "DR", PatientType.ORDINARY),
    ("仇英", Sex.FEMALE, 2016, "DR", PatientType.ORDINARY),
    ("周建国", Sex.MALE, 1966, "CT", PatientType.ORDINARY),
    ("尉迟敬", Sex.MALE, 1983, "MR", PatientType.ORDINARY),
    ("吴秀英", Sex.FEMALE, 1977, "US", PatientType.ORDINARY),
)


class ServerFailed(RuntimeError):
    """The server did not become ready; the message is what it said."""


@dataclass
class Hospital:
    """The running server and everybody's password (made at random, kept in the demo's own data folder)."""

    data: Path
    process: subprocess.Popen[str]
    connection: Connection
    dicom_port: int
    http_port: int
    hl7_port: int
    passwords: dict[str, str] = field(default_factory=dict)

    def client(self, login: str) -> RpcClient:
        """Return a signed-in client of this account; the caller closes it."""
        client = RpcClient(ZmqTransport(self.connection), station="demo", timeout_s=60)
        client.login(login, self.passwords[login])
        return client

    def document(self, login: str, document_id: int) -> bytes:
        """The bytes of a document that the server keeps."""
        client = self.client(login)
        assert client.session is not None
        line = BulkClient(self.connection, client.session.token)
        try:
            return bytes(line.fetch("document", str(document_id)).data)
        finally:
            line.close()
            client.close()

    def stop(self) -> None:
        """End the server as a service manager does."""
        if self.process.poll() is None:
            if sys.platform == "win32":
                self.process.send_signal(signal.CTRL_BREAK_EVENT)
            else:
                self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start_hospital(data: Path) -> Hospital:
    """Start the server on free ports. Raises ServerFailed."""
    command = [sys.executable, "-m", "mingjing", "server", "--data", str(data)]
    command += ["--rpc-port", "0", "--dicom-port", "0", "--http-port", "0", "--hl7-port", "0", "--end-with-input"]
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP  # so that Ctrl-Break reaches the server alone
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=dict(os.environ, PYTHONUTF8="1"),
        creationflags=flags,
    )
    said: list[str] = []
    assert process.stdout is not None and process.stderr is not None
    stderr = process.stderr
    threading.Thread(target=lambda: said.extend(stderr), daemon=True).start()
    for line in process.stdout:
        if line.startswith("ready "):
            words = line.split()
            ports = dict(word.split("=", 1) for word in words[2:])
            dicom, http, hl7 = (int(ports[name].rsplit(":", 1)[1]) for name in ("dicom", "http", "hl7"))
            hospital = Hospital(data, process, Connection.parse(words[1]), dicom, http, hl7)
            password = (data / "secrets" / "admin-password").read_text(encoding="utf-8").strip()
            hospital.passwords["admin"] = password
            return hospital
    process.wait(10)
    raise ServerFailed("".join(said) or f"the server ended with status {process.returncode}")


def hire_people(hospital: Hospital) -> None:
    """Create the accounts of PEOPLE, those of a kept folder have theirs already."""
    kept = hospital.data / "secrets" / "demo-passwords"
    if kept.exists():
        for line in kept.read_text(encoding="utf-8").splitlines():
            login, password = line.split(" ", 1)
            hospital.passwords[login] = password
    admin = hospital.client("admin")
    for login, name, roles in PEOPLE:
        if login in hospital.passwords:
            continue
        password = secrets.token_urlsafe(9)
        admin.call(CreateUser(login=login, name=name, password=password, roles=roles))
        hospital.passwords[login] = password
    admin.close()
    text = "".join(f"{login} {hospital.passwords[login]}\n" for login, _name, _roles in PEOPLE)
    secretfile(kept, text)


def secretfile(path: Path, text: str) -> None:
    """Write a file that only this account may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def the_patient() -> PatientEntry:
    """Return the story's patient, an invented person."""
    return PatientEntry(
        name="张晓明",
        sex=Sex.MALE,
        birth_date=date(1968, 4, 12),
        card_number=CARD_NUMBER,
        id_number="110105196804120017",
        phone="13900000000",
        address="示范路 1 号",
        height_cm=172,
        weight_kg=70,
    )


def register_others(hospital: Hospital) -> int:
    """Register other patients of the day, so that lists look like a hospital's; returns how many."""
    clerk = hospital.client("wangfang")
    master = clerk.call(GetHospital())
    count = 0
    for name, sex, year, exam_type, patient_type in OTHERS:
        rooms = [room for room in master.rooms if exam_type in room.exam_types]
        if not rooms:
            continue
        room = next(room for room in reversed(rooms) if room.campus_id == rooms[0].campus_id)  # the story's stays free
        try:
            clerk.call(
                RegisterExam(
                    patient=PatientEntry(name=name, sex=sex, birth_date=date(year, 3, 7)),
                    exam_type=exam_type,
                    items=(item_of(master, exam_type, ()),),
                    campus_id=room.campus_id,
                    room_id=room.id,
                    patient_type=patient_type,
                    planned_at=datetime.now(UTC) + timedelta(minutes=5 * count),
                )
            )
            count += 1
        except Refused as refused:
            if refused.code is not ErrorCode.DUPLICATE:  # a kept folder has them already
                raise
    clerk.close()
    return count


def earlier_exam(hospital: Hospital) -> str:
    """Give the story's patient an earlier chest radiograph with images and an approved report; returns its number."""
    clerk, technician = hospital.client("wangfang"), hospital.client("liuqiang")
    doctor, auditor = hospital.client("limin"), hospital.client("chenjian")
    try:
        earlier = [row for row in clerk.call(ListExams(card_number=CARD_NUMBER)).rows if row.exam_type == "DR"]
        if earlier:
            return earlier[0].accession_number
        exam = _register_chest(clerk)
        ticket = next(t for t in technician.call(GetQueue()).tickets if t.exam_id == exam.row.id)
        called = technician.call(CallTicket(ticket_id=ticket.id, version=ticket.version))
        started = technician.call(StartTicket(ticket_id=called.id, version=called.version))
        send_radiograph(hospital, exam)
        technician.call(FinishTicket(ticket_id=started.id, version=started.version))
        row = _await_report(doctor, exam.row.accession_number)
        written = doctor.call(WriteReport(report_id=row.id))
        content = ReportContent(
            findings="<p>胸廓对称，双肺野清晰，肺纹理走行自然，未见实变影。心影大小、形态正常。双膈面光整，肋膈角锐利。</p>",
            impression="<p>心肺膈未见明显异常。</p>",
            critical_value=CriticalValue.NO,
            hp=HpResult.NOT_EXAMINED,
        )
        submitted = doctor.call(SubmitReport(report_id=row.id, version=written.version, content=content))
        audited = auditor.call(AuditReport(report_id=submitted.row.id))
        auditor.call(ApproveReport(report_id=row.id, version=audited.version, content=content))
        return exam.row.accession_number
    finally:
        for client in (clerk, technician, doctor, auditor):
            client.close()


def send_radiograph(hospital: Hospital, exam: ExamView) -> None:
    """Send a synthetic chest radiograph of an exam by C-STORE, as a DR without worklist does."""
    from pynetdicom import AE

    image = cr_image(patient=facts_of(exam), accession=exam.row.accession_number, study_uid=exam.row.study_uid)
    device = AE(ae_title="DR1")
    device.add_requested_context(image.SOPClassUID, image.file_meta.TransferSyntaxUID)
    association = device.associate("127.0.0.1", hospital.dicom_port, ae_title="MINGJING")
    status = association.send_c_store(image)
    association.release()
    if status.get("Status") != 0:
        raise ServerFailed(f"the radiograph was answered with {status}")


def facts_of(exam: ExamView) -> PatientFacts:
    """Return an exam's patient as DICOM objects carry it."""
    patient = exam.patient
    name = pn_value(patient.name, patient.pinyin)
    return PatientFacts(patient.patient_number, name, patient.birth_date, patient.sex.value)


def _register_chest(clerk: RpcClient) -> ExamView:
    master = clerk.call(GetHospital())
    room = next(room for room in master.rooms if "DR" in room.exam_types)
    return clerk.call(
        RegisterExam(
            patient=the_patient(),
            exam_type="DR",
            items=(item_of(master, "DR", ("胸部正位", "胸部")),),
            campus_id=room.campus_id,
            room_id=room.id,
            clinical=ClinicalEntry(diagnosis="体检", purpose="胸部检查"),
            requester=RequesterEntry(department="体检中心", doctor="周敏"),
        )
    )


def _await_report(doctor: RpcClient, accession_number: str) -> ReportRow:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        rows = doctor.call(ListReports(filter=ReportFilter(accession_number=accession_number))).rows
        if rows:
            return rows[0]
        time.sleep(0.05)
    raise ServerFailed("the earlier exam's report did not appear")


def item_of(master: HospitalView, exam_type: str, wishes: tuple[str, ...]) -> ItemEntry:
    """Return an item of an exam type: the first one whose name holds a wish, else the first."""
    items = [item for item in master.exam_items if item.exam_type == exam_type]
    chosen = next((item for wish in wishes for item in items if wish in item.name), items[0])
    return ItemEntry(code=chosen.code, name=chosen.name, body_part=chosen.body_part, price_fen=chosen.price_fen)
