"""Documents from the first fact to the bytes: labels, forms, drafts, prints, and the proof of a printed copy."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import collect
from server.kernel.errors import Refusal
from server.kernel.storage.memory import MemoryStorage
from server.printing.documents import DocumentStore
from server.printing.report_rpc import ReportPaperRpc
from server.printing.rpc import PrintingRpc
from server.printing.service import PrintingService
from server.reporting.service import ReportService
from shared.contract.base import all_requests
from shared.contract.errors import ErrorCode
from shared.contract.organisation import CampusView, ExamTypeView, HospitalView, RoomView
from shared.contract.printing import DocumentView
from shared.contract.reporting import AddKeyImage
from shared.domain.states import CriticalValue, ExamState, HpResult, ReportState
from tests.databases import make_tables
from tests.server.reporting.reporting_world import FULL, LI, ZHAO, World, a_png, an_exam, changed


class FakeHospital:
    """A small hospital with names in both languages; GI asks for HP."""

    view = HospitalView(
        version=1,
        name="明镜医院",
        name_en="Mingjing Hospital",
        campuses=(CampusView(id=1, code="R", name="放射科", name_en="Radiology"),),
        rooms=(
            RoomView(
                id=1, campus_id=1, code="CT1", name="CT一室", name_en="CT room 1", spoken_name="", exam_types=("CT",)
            ),
        ),
        devices=(),
        exam_types=tuple(
            ExamTypeView(code=code, name=f"{code}检查", name_en=code, hp_required=code == "GI", slot_minutes=10)
            for code in ("CT", "GI")
        ),
        exam_items=(),
    )
    exam_types: ClassVar = {exam_type.code: exam_type for exam_type in view.exam_types}

    def hospital(self, uow: UnitOfWork) -> FakeHospital:
        return self


class House:
    """Reporting and printing together on one database and one document store."""

    def __init__(self, database: Database) -> None:
        self.world = World(database)
        self.documents = DocumentStore(MemoryStorage(), self.world.clock)
        hospital = FakeHospital()
        self.world.reports = ReportService(
            self.world.exams, self.world.studies, hospital, self.documents, self.world.worklist, self.world.time
        )
        self.printing = PrintingService(
            database,
            self.world.exams,
            self.world.reports,
            hospital,
            self.documents,
            self.world.time,
            "https://mingjing.example/verify/",
        )

    def text_of(self, document: DocumentView) -> str:
        from pypdf import PdfReader

        data = self.bytes_of(document)
        assert data.startswith(b"%PDF-")
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)

    def bytes_of(self, document: DocumentView) -> bytes:
        with self.world.database.read() as uow:
            data = self.printing.open_document(uow, LI, document.id)
        assert len(data) == document.size_bytes
        return data


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database.in_folder(tmp_path)
    make_tables(database)
    yield House(database)
    database.close()


def test_a_barcode_is_a_small_pdf_or_a_label_in_zpl(house: House) -> None:
    house.world.exams.exams[7] = an_exam(7)
    pdf = house.printing.print_barcode(LI, 7)
    assert (pdf.kind, pdf.media_type) == ("barcode", "application/pdf")
    assert "A0000007" in house.text_of(pdf)
    zpl = house.printing.print_barcode(LI, 7, as_zpl=True)
    assert zpl.media_type == "application/zpl"
    assert house.bytes_of(zpl).startswith(b"^XA")
    assert b"A0000007" in house.bytes_of(zpl)


def test_a_cancelled_exam_has_no_barcode(house: House) -> None:
    exam = an_exam(7)
    house.world.exams.exams[7] = msgspec.structs.replace(
        exam, row=msgspec.structs.replace(exam.row, state=ExamState.CANCELLED)
    )
    with pytest.raises(Refusal) as refused:
        house.printing.print_barcode(LI, 7)
    assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION


def test_the_registration_form_says_what_was_registered_in_both_languages(house: House) -> None:
    house.world.exams.exams[7] = an_exam(7)
    chinese = house.text_of(house.printing.print_registration_form(LI, 7))
    for words in ("明镜医院", "张三", "胸部平扫", "200.00", "呼吸科", "CT一室"):
        assert words in chinese
    assert "CT room 1" in house.text_of(house.printing.print_registration_form(LI, 7, "en"))
    with pytest.raises(Refusal):
        house.printing.print_registration_form(LI, 7, "fr")


def test_a_ticket_needs_a_place_in_the_queue(house: House) -> None:
    exam = an_exam(7)
    house.world.exams.exams[7] = exam
    with pytest.raises(Refusal):
        house.printing.print_ticket(LI, 7)
    house.world.exams.exams[7] = msgspec.structs.replace(
        exam, row=msgspec.structs.replace(exam.row, ticket_number="C007")
    )
    assert "C007" in house.text_of(house.printing.print_ticket(LI, 7))


def test_a_preview_is_a_marked_draft_and_changes_nothing(house: House) -> None:
    report_id = house.world.report_in(ReportState.SUBMITTED)
    first = house.printing.preview_report(LI, report_id)
    assert "未审核" in house.text_of(first)
    second = house.printing.preview_report(LI, report_id)
    with house.world.database.read() as uow:
        assert house.world.reports.get(uow, LI, report_id).row.state is ReportState.SUBMITTED
        with pytest.raises(Refusal):
            house.printing.open_document(uow, LI, first.id)
    assert "所示结构未见异常" in house.text_of(second)


def test_printing_moves_the_report_and_the_code_on_paper_proves_it(house: House) -> None:
    report_id = house.world.report_in(ReportState.WRITING)
    with house.world.database.write() as uow:
        house.world.reports.add_key_image(
            uow,
            LI,
            AddKeyImage(
                report_id=report_id,
                study_uid="1.2",
                series_uid="1.2.3",
                instance_uid="1.2.3.4",
                frame=1,
                caption="肺窗",
                png=a_png(64, 48),
            ),
        )
        content = changed(
            FULL,
            impression="<ol><li>右肺上叶结节</li><li>建议复查</li></ol>",
            findings="<p>右肺<b>上叶</b>结节 &lt;5mm。</p>",
            critical_value=CriticalValue.YES,
        )
        house.world.reports.submit(uow, LI, report_id, 2, content)
        version = house.world.reports.audit(uow, ZHAO, report_id).version
        sealed = house.world.reports.approve(uow, ZHAO, report_id, version, content)
    document = house.printing.print_report(LI, report_id)
    text = house.text_of(document)
    for words in (
        "右肺上叶结节 <5mm",
        "1. 右肺上叶结节",
        "2. 建议复查",
        "李医生",
        "赵主任",
        "危急值",
        "肺窗",
        sealed.seal[:8],
    ):
        assert words in text, words
    assert "未审核" not in text
    with house.world.database.read() as uow:
        view = house.world.reports.get(uow, LI, report_id)
        assert (view.row.state, view.print_count) == (ReportState.PRINTED, 1)
        assert "真实有效" in house.printing.verify(uow, f"MJ1:{report_id}:{sealed.seal[:16]}")
        assert house.documents.sha256(uow, document.id) == document.sha256


def test_the_qr_code_leads_to_the_proof(house: House) -> None:
    report_id = house.world.report_in(ReportState.APPROVED)
    with house.world.database.read() as uow:
        code = house.world.reports.verification_code(uow, report_id)
    data = house.bytes_of(house.printing.print_report(LI, report_id))
    assert f"https://mingjing.example/verify/{code}" in codes_in(data)


def codes_in(pdf: bytes) -> list[str]:
    """Draw the first page as a reader does and scan it."""
    from PySide6.QtCore import QBuffer, QByteArray, QSize
    from PySide6.QtGui import QImage
    from PySide6.QtPdf import QPdfDocument

    zxingcpp = pytest.importorskip("zxingcpp")
    buffer = QBuffer()
    buffer.setData(QByteArray(pdf))
    buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    document = QPdfDocument()
    document.load(buffer)
    drawn = document.render(0, QSize(1654, 2339)).convertToFormat(QImage.Format.Format_ARGB32)
    page = QImage(drawn.size(), QImage.Format.Format_RGB32)
    page.fill(0xFFFFFFFF)
    from PySide6.QtGui import QPainter

    painter = QPainter(page)
    painter.drawImage(0, 0, drawn)
    painter.end()
    grey = page.convertToFormat(QImage.Format.Format_Grayscale8)
    import numpy as np

    pixels = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return [found.text for found in zxingcpp.read_barcodes(pixels[:, : grey.width()].copy())]


@pytest.mark.parametrize(
    "state", [ReportState.AWAITING, ReportState.WRITING, ReportState.SUBMITTED, ReportState.AUDITING]
)
def test_what_is_not_approved_is_not_printed(house: House, state: ReportState) -> None:
    report_id = house.world.report_in(state)
    with pytest.raises(Refusal) as refused:
        house.printing.print_report(LI, report_id)
    assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION


def test_hp_is_printed_where_the_exam_type_asks_for_it(house: House) -> None:
    report_id = house.world.a_report(an_exam(3, exam_type="GI"))
    with house.world.database.write() as uow:
        version = house.world.reports.write(uow, LI, report_id).version
        house.world.reports.submit(uow, LI, report_id, version, changed(FULL, hp=HpResult.POSITIVE))
    assert "阳性" in house.text_of(house.printing.preview_report(LI, report_id))


def test_the_exam_types_own_choices_are_printed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = FakeHospital.exam_types
    more = {
        **usual,
        "CT": msgspec.structs.replace(usual["CT"], choices="造影剂反应/Contrast reaction: 无/None, 轻度/Mild"),
    }
    monkeypatch.setattr(FakeHospital, "exam_types", more)
    report_id = house.world.a_report(an_exam(3))
    with house.world.database.write() as uow:
        version = house.world.reports.write(uow, LI, report_id).version
        house.world.reports.submit(uow, LI, report_id, version, changed(FULL, choices={"造影剂反应": "轻度"}))
    words = house.text_of(house.printing.preview_report(LI, report_id))
    assert "造影剂反应：轻度" in words, words


def test_a_full_disk_is_said_and_moves_nothing(house: House) -> None:
    report_id = house.world.report_in(ReportState.APPROVED)
    full = DocumentStore(MemoryStorage(capacity_bytes=10), house.world.clock)
    printing = PrintingService(
        house.world.database, house.world.exams, house.world.reports, FakeHospital(), full, house.world.time
    )
    with pytest.raises(Refusal) as refused:
        printing.print_report(LI, report_id)
    assert refused.value.body.code is ErrorCode.DISK_FULL
    with house.world.database.read() as uow:
        assert house.world.reports.get(uow, LI, report_id).row.state is ReportState.APPROVED


def test_every_request_of_the_area_has_a_handler(house: House) -> None:
    handlers = collect(PrintingRpc(house.printing), ReportPaperRpc(house.printing.reports))
    assert set(handlers) == {method for method in all_requests() if method.startswith(("printing.", "report_paper."))}
