"""A report's way through a real server, for tests of results: registered, imaged, written, submitted, approved."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from PIL import Image

from shared.contract.exams import ExamView, PatientEntry, RegisterExam, RequesterEntry
from shared.contract.exams import ItemEntry as Item
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.contract.queueing import CallTicket, FinishTicket, GetQueue, StartTicket
from shared.contract.reporting import (
    AddKeyImage,
    AddMeasurement,
    ApproveReport,
    AuditReport,
    ListReports,
    ReportContent,
    ReportFilter,
    ReportView,
    SubmitReport,
    WriteReport,
)
from shared.contract.results import ListReportResults, ResultState, ResultView
from shared.dicomkit.headers import PatientFacts
from shared.dicomkit.names import pn_value
from shared.dicomkit.synthetic import ct_series
from shared.domain.states import CriticalValue, HpResult, Sex
from shared.rpc.client import RpcClient
from tests.server_process import ServerProcess

CONTENT = ReportContent(
    findings="<p>右肺上叶尖段见磨玻璃结节，大小约 12 mm × 9 mm。</p><p>余肺野清晰，纵隔淋巴结无肿大。</p>",
    impression="<p>右肺上叶磨玻璃结节，建议 3 个月后复查。</p>",
    critical_value=CriticalValue.NO,
    hp=HpResult.NOT_EXAMINED,
)


def until(found: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Return what `found` returns as soon as it is true; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)
    return value


def a_png() -> bytes:
    """A small grey picture."""
    out = BytesIO()
    Image.new("L", (64, 48), 120).save(out, "PNG")
    return out.getvalue()


@dataclass
class ResultsHouse:
    """A server with a doctor and an auditor signed in."""

    server: ServerProcess
    admin: RpcClient
    doctor: RpcClient
    auditor: RpcClient
    images: list[Any] = field(default_factory=list)

    def examined(self, name: str = "单田芳", his_number: str = "", *, slices: int = 3) -> tuple[ExamView, int]:
        """Register a CT of the chest, send its images, finish it; returns the exam and its report's id."""
        master = self.admin.call(GetHospital())
        room = next(room for room in master.rooms if "CT" in room.exam_types)
        item = next(item for item in master.exam_items if item.exam_type == "CT" and "胸" in item.name)
        exam = self.admin.call(
            RegisterExam(
                patient=PatientEntry(name=name, sex=Sex.MALE, card_number=f"C{secrets.randbelow(10**9)}"),
                exam_type="CT",
                items=(Item(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),),
                campus_id=room.campus_id,
                room_id=room.id,
                requester=RequesterEntry(department="呼吸科", doctor="李医生", his_number=his_number),
            )
        )
        ticket = next(one for one in self.admin.call(GetQueue()).tickets if one.exam_id == exam.row.id)
        called = self.admin.call(CallTicket(ticket_id=ticket.id, version=ticket.version))
        started = self.admin.call(StartTicket(ticket_id=called.id, version=called.version))
        self.send_images(exam, slices)
        self.admin.call(FinishTicket(ticket_id=started.id, version=started.version))
        wanted = ListReports(filter=ReportFilter(accession_number=exam.row.accession_number))

        def row() -> Any:
            rows = self.doctor.call(wanted).rows
            return rows[0] if rows and rows[0].image_count >= slices else None

        return exam, until(row).id

    def send_images(self, exam: ExamView, slices: int) -> None:
        """Send slices by C-STORE, as the device does."""
        from pynetdicom import AE

        patient = exam.patient
        facts = PatientFacts(patient.patient_number, pn_value(patient.name, patient.pinyin), None, patient.sex.value)
        self.images = ct_series(
            None, slices, 32, patient=facts, accession=exam.row.accession_number, study_uid=exam.row.study_uid
        )
        device = AE(ae_title="CT1")
        device.add_requested_context(self.images[0].SOPClassUID, self.images[0].file_meta.TransferSyntaxUID)
        association = device.associate("127.0.0.1", self.server.dicom_port, ae_title="MINGJING")
        assert association.is_established
        try:
            assert all(association.send_c_store(image).get("Status") == 0 for image in self.images)
        finally:
            association.release()

    def written(self, report_id: int, content: ReportContent = CONTENT, *, with_key_image: bool = True) -> ReportView:
        """Write and submit; with a key image and a measurement of the viewer."""
        written = self.doctor.call(WriteReport(report_id=report_id))
        if with_key_image:
            image = self.images[1]
            place = {"instance_uid": str(image.SOPInstanceUID), "frame": 1}
            self.doctor.call(
                AddKeyImage(
                    report_id=report_id,
                    study_uid=str(image.StudyInstanceUID),
                    series_uid=str(image.SeriesInstanceUID),
                    caption="右肺上叶结节",
                    png=a_png(),
                    **place,
                )
            )
            written = self.doctor.call(
                AddMeasurement(report_id=report_id, label="结节长径", value=12.5, unit="mm", **place)
            )
        view: ReportView = self.doctor.call(
            SubmitReport(report_id=report_id, version=written.version, content=content, overrule_reason="测试")
        )
        return view

    def approved(self, report_id: int, content: ReportContent = CONTENT, *, with_key_image: bool = True) -> ReportView:
        """Write, submit, approve."""
        self.written(report_id, content, with_key_image=with_key_image)
        audited = self.auditor.call(AuditReport(report_id=report_id))
        view: ReportView = self.auditor.call(
            ApproveReport(report_id=report_id, version=audited.version, content=content)
        )
        return view

    def results(self, report_id: int) -> tuple[ResultView, ...]:
        """What was given out."""
        rows: tuple[ResultView, ...] = self.doctor.call(ListReportResults(report_id=report_id))
        return rows

    def settled(self, report_id: int, count: int) -> tuple[ResultView, ...]:
        """Wait until so many results are there and none waits."""

        def rows() -> Any:
            found = self.results(report_id)
            return found if len(found) >= count and all(row.state is not ResultState.WAITING for row in found) else ()

        found: tuple[ResultView, ...] = until(rows)
        return found

    def close(self) -> None:
        for client in (self.admin, self.doctor, self.auditor):
            client.close()


@contextmanager
def a_results_house(server: ServerProcess) -> Iterator[ResultsHouse]:
    """Sign people in at a running server; made once for each data folder."""
    admin = server.client()
    logins = (("d1", "王小明", ("doctor",)), ("a1", "欧阳建国", ("auditor",)))
    kept = server.data / "test-passwords"
    if not kept.exists():
        for login, name, roles in logins:
            admin.call(CreateUser(login=login, name=name, password="Test-pass-2026", roles=roles))
        kept.write_text("made", encoding="utf-8")
    house = ResultsHouse(server, admin, server.client("d1", "Test-pass-2026"), server.client("a1", "Test-pass-2026"))
    try:
        yield house
    finally:
        house.close()
