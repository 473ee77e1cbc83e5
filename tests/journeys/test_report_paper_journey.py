"""A report on paper with a real server: designed, handed out as a job, printed by its patient at a kiosk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.administration import texts as administration_texts
from clients.administration.app import TITLE as ADMINISTRATION
from clients.administration.app import make_pages as administration_pages
from clients.designer.view import TemplatesPage
from clients.diagnosis import translations
from clients.diagnosis.app import TITLE as DIAGNOSIS
from clients.diagnosis.app import make_pages as diagnosis_pages
from clients.diagnosis.handing_out import texts as handing_out_texts
from clients.diagnosis.handing_out.view import HandingOutPage
from clients.diagnosis.ports import NoViewer
from clients.kiosk import texts as kiosk_texts
from clients.kiosk.app import make_parser as kiosk_parser
from clients.kiosk.papers import texts as papers_texts
from clients.kiosk.papers.kiosk import PapersKiosk
from clients.kiosk.papers.printer import KioskPrinter
from clients.kiosk.papers.state import Page
from clients.kit.app import Workstation, make_application, wear
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.translations import register_catalogue
from mingjing.demo.scanner import Scanner
from shared.contract import reporting
from shared.contract.errors import ErrorCode, Refused
from shared.contract.exams import ExamView, ItemEntry, PatientEntry, RegisterExam
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.contract.report_paper import BeginBatch, GetReportFacts, ListCopies, ListHandouts, ListReportTemplates
from shared.contract.reporting import ListReports, ReportContent
from shared.dicomkit import synthetic
from shared.domain.states import CriticalValue, ReportState, Sex
from shared.paper.kinds import DocumentKind
from shared.rpc.client import RpcClient
from tests.server_process import ServerProcess, running_server

PASSWORD, CODE = "Report-Paper-1", "975310"
TEXT = ReportContent(findings="<p>脑沟清晰。</p>", impression="<p>未见异常。</p>", critical_value=CriticalValue.NO)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running_server(tmp_path / "data") as running:
        yield running


class Desk:
    """A printer of the test: sheets in a folder, or none."""

    def __init__(self, folder: Path) -> None:
        self._folder = KioskPrinter(folder=folder)
        self.has_paper = True

    def print(self, pdf: bytes, title: str) -> Any:
        if not self.has_paper:
            raise OSError("缺纸。")
        self._folder.print(pdf, title)
        return "Desk", False


def exams_of_one_patient(admin: RpcClient, server: ServerProcess, folder: Path, count: int) -> list[ExamView]:
    """Registered and scanned."""
    hospital = admin.call(GetHospital())
    device = next(device for device in hospital.devices if device.modality == "CT")
    room = next(room for room in hospital.rooms if room.id == device.room_id)
    item = next(item for item in hospital.exam_items if item.exam_type == "CT")
    scanner = Scanner(device.ae_title, "127.0.0.1", server.dicom_port)
    made: list[ExamView] = []
    for number in range(count):
        patient = PatientEntry(
            patient_id=made[0].row.patient_id if made else None, name="欧阳𠮷祥", sex=Sex.MALE, phone="13800004321"
        )
        exam = admin.call(
            RegisterExam(
                patient=patient,
                exam_type="CT",
                items=(ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),),
                campus_id=room.campus_id,
                room_id=room.id,
            )
        )
        made.append(exam)
        now = datetime.now().astimezone()
        entry = next(one for one in scanner.worklist(now) if one.AccessionNumber == exam.row.accession_number)
        step_uid = scanner.begin(entry, now)
        place = folder / str(number)
        place.mkdir(parents=True)
        files = synthetic.ct_series(place, slices=1, rows=32)
        scanner.complete(step_uid, scanner.send(entry, files, now, lambda _number: None), now)
    return made


def approve(writer: RpcClient, auditor: RpcClient, report_id: int) -> None:
    version = writer.call(reporting.WriteReport(report_id=report_id)).version
    writer.call(reporting.SubmitReport(report_id=report_id, version=version, content=TEXT))
    version = auditor.call(reporting.AuditReport(report_id=report_id)).version
    auditor.call(reporting.ApproveReport(report_id=report_id, version=version, content=TEXT))


def a_window(qtbot: QtBot, server: ServerProcess, title: str, pages: Any, login: str) -> Workstation:
    window = Workstation(title, pages, ServerConnection)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    line = ServerConnection(str(server.connection))
    window.sign_in_with(SignedIn(line, line.login(login, PASSWORD)))
    return window


def test_from_the_designer_to_the_paper(server: ServerProcess, qtbot: QtBot, tmp_path: Path) -> None:
    def wait(condition: Callable[[], bool]) -> None:
        qtbot.waitUntil(condition, timeout=30_000)

    make_application()
    for one in (administration_texts, translations, handing_out_texts, kiosk_texts, papers_texts):
        register_catalogue(one.ENTRIES)
    wear("light")
    admin = server.client()
    for login, role in (
        ("li", "doctor"), ("zhao", "auditor"), ("boss", "administrator"), ("kiosk", "kiosk"), ("tech", "technician")
    ):  # fmt: skip
        admin.call(CreateUser(login=login, name=login, password=PASSWORD, roles=(role,)))
    exams = exams_of_one_patient(admin, server, tmp_path / "slices", 3)
    wait(lambda: admin.call(ListReports()).total == 3)
    ids = {row.accession_number: row.id for row in admin.call(ListReports()).rows}
    reports = [ids[exam.row.accession_number] for exam in exams]
    writer, auditor = server.client("li", PASSWORD), server.client("zhao", PASSWORD)

    # the designer: another title, looked at with the real report, saved
    boss = a_window(qtbot, server, ADMINISTRATION, administration_pages(), "boss")
    shell: Any = boss.shell
    page = shell.go_to("templates")
    assert isinstance(page, TemplatesPage)
    page.presenter.open(DocumentKind.REPORT)
    wait(lambda: page.presenter.design is not None and bool(page.presenter.state.reports))
    page.presenter.put_text(page.presenter.text.replace("影像诊断报告", "放射影像报告"))
    page.report_bar.number.setText(exams[0].row.accession_number)
    page.report_bar.real.click()
    wait(lambda: page.presenter.state.real == exams[0].row.accession_number)
    page.save_button.click()
    wait(lambda: page.presenter.state.base_version == 1)
    assert admin.call(ListReportTemplates())[0].design_version == 1

    approve(writer, auditor, reports[0])
    approve(writer, auditor, reports[1])

    # a job of many: the printer runs out of paper, and goes on
    desk = Desk(tmp_path / "desk")
    seat = a_window(qtbot, server, DIAGNOSIS, diagnosis_pages(lambda _place, _on_event: NoViewer()), "li")
    shell = seat.shell
    handing = shell.go_to("handing_out")
    assert isinstance(handing, HandingOutPage)
    handing.presenter._printer = desk
    wait(lambda: len(handing.presenter.state.rows) == 2)
    desk.has_paper = False
    first = next(row for row in handing.presenter.state.rows if row.report_id == reports[0])
    handing.presenter.choose({first.report_id})
    handing.print_button.click()
    wait(lambda: "缺纸" in handing.presenter.state.stopped_by)
    assert writer.call(reporting.GetReport(report_id=reports[0])).row.state is ReportState.APPROVED
    desk.has_paper = True
    handing.go_on.click()
    wait(lambda: len(handing.presenter.state.rows) == 1)
    assert writer.call(reporting.GetReport(report_id=reports[0])).row.state is ReportState.PRINTED
    paper = "".join(page.extract_text() for page in PdfReader(next((tmp_path / "desk").glob("*.pdf"))).pages)
    for words in ("放射影像报告", "欧阳𠮷祥", "脑沟清晰", exams[0].row.accession_number):
        assert words in paper, words
    log = admin.call(ListCopies(report_id=reports[0]))
    assert [(one.outcome, one.place, one.reason) for one in log] == [
        ("printed", "batch", ""),
        ("failed", "batch", "缺纸。"),
    ]

    # the patient at the kiosk
    for name, secret in (("password", PASSWORD), ("code", CODE)):
        (tmp_path / name).write_text(secret, encoding="utf-8")
    options = ["--connect", str(server.connection), "--user", "kiosk", "--window", "1280x720", "--reports"]
    options += ["--password-file", str(tmp_path / "password"), "--leave-code-file", str(tmp_path / "code")]
    options += ["--slips", str(tmp_path / "kiosk")]
    kiosk = PapersKiosk(kiosk_parser().parse_args(options), ServerConnection(str(server.connection)), CODE, None)
    try:
        at = kiosk.presenter
        wait(lambda: at.state.page is Page.START)
        for request in (
            ListHandouts(), BeginBatch(report_ids=(reports[1],), request_key="0123456789"), ListReports(),
            GetReportFacts(accession_number=exams[1].row.accession_number), reporting.GetReport(report_id=reports[1]),
        ):  # fmt: skip
            with pytest.raises(Refused) as refused:
                kiosk.connection.call(request)
            assert refused.value.code is ErrorCode.PERMISSION_MISSING
        kiosk.view.activateWindow()
        QTest.keyClicks(kiosk.view, exams[2].row.accession_number)  # any exam of the patient, as a scanner types
        QTest.keyClick(kiosk.view, Qt.Key.Key_Return)
        wait(lambda: at.state.page is Page.DIGITS)
        for digit in "0000":
            kiosk.view.pad[digit].click()
        kiosk.view.pad["confirm"].click()
        wait(lambda: bool(at.state.sentence))
        assert "2" in at.state.sentence
        for digit in "4321":
            kiosk.view.pad[digit].click()
        kiosk.view.pad["confirm"].click()
        wait(lambda: at.state.page is Page.DONE)
        assert at.state.is_good
        assert sorted(item.reason for item in at.state.items) == ["not_ready", "printed"]
        (sheet,) = (tmp_path / "kiosk").glob("*.pdf")
        assert exams[1].row.accession_number in "".join(page.extract_text() for page in PdfReader(sheet).pages)
        assert writer.call(reporting.GetReport(report_id=reports[1])).row.state is ReportState.PRINTED
        assert [one.place for one in admin.call(ListCopies(report_id=reports[1]))] == ["kiosk"]
        assert not kiosk.view.close()
    finally:
        kiosk.close()
        for line in (admin, writer, auditor):
            line.close()
        QApplication.processEvents()
