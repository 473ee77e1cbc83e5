"""Holter and stress exams that came as a document only: draft, submit, paper, consultation (EX-ECG-14)."""

from __future__ import annotations

import json
from io import BytesIO

import pypdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from server.ecg.reports.tables import EcgEditionRow
from server.kernel.errors import Refusal
from server.kernel.jobs.tables import Job
from shared.contract import ecg
from shared.contract import ecg_consultations as consultations
from shared.contract import ecg_reports as reports
from shared.domain.ecg import EcgKind, ExamState, ReportState
from shared.domain.ecg_reports import ExportFormat, Parameter
from tests.server.ecg.network_world import NetworkWorld


def a_holter(word: str = "HOLTER", pages: int = 2) -> bytes:
    """What another program made."""
    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for number in range(pages):
        canvas.drawString(100, 700, f"{word} page {number + 1}")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def attach(world: NetworkWorld, exam_id: int, data: bytes, title: str = "动态心电图报告") -> int:
    request = ecg.AttachDocument(exam_id=exam_id, title=title, file_name="holter.pdf", data=data)
    return world.ask(world.nurse, request).id


def pages_of(world: NetworkWorld, document_id: int) -> list[str]:
    with world.database.read() as uow:
        data = world.ecg.house.documents.open_document(uow, world.local, document_id)
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(data)).pages]


def test_a_report_of_a_document(network_of_kind: NetworkWorld) -> None:
    world = network_of_kind
    exam_id = world.registered(kind=EcgKind.HOLTER)
    page = world.page(world.local, exam_id)
    assert (page.is_editable, page.is_by_document, page.documents) == (False, False, ())
    first = attach(world, exam_id, a_holter())
    page = world.page(world.local, exam_id)
    assert (page.is_editable, page.is_by_document, page.obstacle) == (True, True, "")
    assert [one.id for one in page.documents] == [first] == list(page.body.documents)
    assert page.body.trace_id == 0 and all(one.machine is None for one in page.body.parameters)

    parameters = (reports.ParameterValue(name=Parameter.HR, value=71),)
    body = reports.ReportBody(parameters=parameters, findings="24小时平均心率71次", diagnosis="窦性心律，偶发室早")
    page = world.ask(world.local, reports.Save(exam_id=exam_id, version=0, body=body))
    assert page.state is ReportState.DRAFT and page.body.documents == (first,)
    attach(world, exam_id, a_holter("LATER"), "补充")
    assert world.page(world.local, exam_id).body.documents == (first,)  # what the doctor wrote of

    drawn = world.ask(world.local, reports.Preview(exam_id=exam_id))
    assert "未提交" in pages_of(world, drawn.id)[0]
    page = world.ask(world.local, reports.Submit(exam_id=exam_id, version=page.version, body=page.body))
    row = world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).row
    assert (row.state, row.trace_count, row.conclusion) == (ExamState.REPORTED, 0, "窦性心律，偶发室早")
    text = pages_of(world, page.document_id)
    assert [line.strip() for line in text[1:]] == ["HOLTER page 1", "HOLTER page 2"]
    for word in ("心电图报告", "赵大爷", "偶发室早", "71 bpm", "动态心电图报告（2 页，附后）", "孙医生", "MJ1:"):
        assert word in text[0].replace("次/分", "bpm"), word
    assert "—" not in text[0] and "*" not in text[0]  # nothing was measured here, so nothing was changed
    with world.database.read() as uow:
        edition = uow.session.get_one(EcgEditionRow, (page.report_id, 1))
        [digest] = json.loads(edition.sealed)["documents"]
        assert digest == page.documents[0].sha256 and edition.trace_id == 0
        assert world.ecg.reports.editions.is_as_sealed(uow, page.report_id, 1)
        assert uow.session.query(Job).filter(Job.kind == "results.make").count() == 1
    printed = world.ask(world.nurse, reports.Print(exam_id=exam_id))
    assert printed.id == page.document_id
    with pytest.raises(Refusal, match="只有收到的文件"):
        world.ask(world.local, reports.ExportTrace(exam_id=exam_id, file_format=ExportFormat.CSV))
    assert exam_id in {one.id for one in world.ask(world.local, ecg.ListHistory(exam_id=exam_id))}


def test_a_document_that_cannot_follow_is_named(network: NetworkWorld) -> None:
    world = network
    exam_id = world.registered(kind=EcgKind.STRESS)
    attach(world, exam_id, b"%PDF-1.4\nnothing that can be read\n%%EOF\n", "坏文件")
    attach(world, exam_id, a_holter("STRESS", 1), "运动试验")
    page = world.submitted(world.local, exam_id, "运动试验阴性")
    text = pages_of(world, page.document_id)
    assert len(text) == 2 and "STRESS page 1" in text[1]
    assert "坏文件（未能附后，请单独打印）" in text[0] and "运动试验（1 页，附后）" in text[0]
    long = "室性早搏。" * 700
    page = world.ask(world.local, reports.Withdraw(exam_id=exam_id, version=page.version, reason="补充"))
    body = reports.ReportBody(diagnosis="运动试验阴性", findings=long, documents=(page.documents[1].id,))
    page = world.ask(world.local, reports.Submit(exam_id=exam_id, version=page.version, body=body))
    text = pages_of(world, page.document_id)
    assert "".join(text).count("搏") == 700 and "坏文件" not in "".join(text)
    assert "孙医生" in text[-2] and "STRESS" in text[-1]


def test_documents_follow_a_trace_where_the_doctor_chose_them(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired(kind=EcgKind.HOLTER)
    one = attach(world, exam_id, a_holter())
    page = world.page(world.local, exam_id)
    assert not page.is_by_document and page.body.documents == () and page.documents[0].id == one
    body = reports.ReportBody(
        parameters=(reports.ParameterValue(name=Parameter.PR, value=150.0),), diagnosis="窦性心律", documents=(one,)
    )
    page = world.ask(world.local, reports.Submit(exam_id=exam_id, version=0, body=body))
    text = pages_of(world, page.document_id)
    assert "25 mm/s" in text[0] and "附后" in text[0] and "机器测量值" in text[0] and len(text) == 3
    other = world.registered(kind=EcgKind.HOLTER)
    attach(world, other, a_holter("OTHER"))
    with pytest.raises(Refusal, match="不属于该检查") as refused:
        world.ask(world.local, reports.Save(exam_id=other, version=0, body=reports.ReportBody(documents=(one,))))
    assert refused.value.body.field == "documents"


def test_a_twelve_lead_exam_still_needs_its_trace(network: NetworkWorld) -> None:
    world = network
    exam_id = world.registered()
    attach(world, exam_id, a_holter())
    page = world.page(world.local, exam_id)
    assert not page.is_editable and "采集后才能" in page.obstacle
    with pytest.raises(Refusal):
        world.ask(world.local, reports.Save(exam_id=exam_id, version=0, body=reports.ReportBody(diagnosis="x")))


def test_a_document_is_read_in_consultation(network: NetworkWorld) -> None:
    world = network
    exam_id = world.registered(kind=EcgKind.HOLTER)
    document = attach(world, exam_id, a_holter())
    asked = world.applied(exam_id)
    world.ask(world.li, consultations.Accept(consultation_id=asked.id))
    assert world.ask(world.li, ecg.GetDocument(document_id=document)).data == a_holter()
    page = world.submitted(world.li, exam_id, "频发室性早搏")
    text = pages_of(world, page.document_id)
    assert "心电图会诊报告" in text[0] and "县人民医院" in text[0] and len(text) == 3
