"""Reports through the services: drafts, submission, second reading, withdrawal, prints, papers, exports."""

from __future__ import annotations

from io import BytesIO

import pypdf
import pytest

from server.kernel.errors import Refusal
from server.kernel.jobs.tables import Job
from server.signing.tables import DataSignature
from shared.contract import ecg
from shared.contract import ecg_reports as reports
from shared.contract.errors import ErrorCode
from shared.domain.ecg import ExamState, ReportAction, ReportState
from shared.domain.ecg_reports import ExportFormat, Parameter, QtcFormula
from tests.server.ecg.ecg_world import a_file
from tests.server.ecg.network_world import NetworkWorld


def text_of(world: NetworkWorld, document_id: int) -> str:
    with world.database.read() as uow:
        data = world.ecg.house.documents.open_document(uow, world.local, document_id)
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(data)).pages)


def test_a_draft_is_kept_and_the_exam_stays_acquired(network_of_kind: NetworkWorld) -> None:
    world = network_of_kind
    exam_id = world.registered()
    assert "还没有心电图" in world.page(world.local, exam_id).obstacle
    with pytest.raises(Refusal):
        world.ask(world.local, reports.Save(exam_id=exam_id, version=0, body=reports.ReportBody()))
    world.upload(exam_id)
    page = world.page(world.local, exam_id)
    assert (page.state, page.version, page.is_saved, page.is_editable) == (ReportState.NONE, 0, False, True)
    assert page.suggestions and page.suggestions[0].term_code and page.template == ""
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="窦性心律", findings="P 波正常")
    page = world.ask(world.local, reports.Save(exam_id=exam_id, version=0, body=body))
    assert (page.state, page.writer, page.body.diagnosis) == (ReportState.DRAFT, "孙医生", "窦性心律")
    row = world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).row
    assert (row.state, row.report_state) == (ExamState.ACQUIRED, ReportState.DRAFT)
    with pytest.raises(Refusal) as refused:
        world.ask(world.local, reports.Save(exam_id=exam_id, version=0, body=body))
    assert refused.value.body.code is ErrorCode.CONFLICT


def test_submit_makes_a_signed_paper_and_asks_for_results(network_of_kind: NetworkWorld) -> None:
    world = network_of_kind
    exam_id = world.acquired()
    page = world.page(world.local, exam_id)
    with pytest.raises(Refusal, match="心电诊断为空") as refused:
        world.ask(world.local, reports.Submit(exam_id=exam_id, version=0, body=page.body))
    assert refused.value.body.field == "diagnosis"
    page = world.submitted(world.local, exam_id, "窦性心律\n大致正常心电图")
    assert page.state is ReportState.SUBMITTED and page.document_id and not page.is_editable
    row = world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).row
    assert (row.state, row.conclusion, row.reported_by) == (ExamState.REPORTED, "窦性心律 大致正常心电图", "孙医生")
    with world.database.read() as uow:
        assert uow.session.get(DataSignature, (page.report_id, 1)) is not None
        assert uow.session.query(Job).filter(Job.kind == "results.make").count() == 1
    text = text_of(world, page.document_id)
    for word in ("东山镇卫生院", "心电图报告", "赵大爷", "大致正常心电图", "孙医生", "25 mm/s"):
        assert word in text
    with pytest.raises(Refusal, match="已报告"):
        world.submitted(world.local, exam_id)
    code = text[text.index("MJ1:") :].split()[0]
    with world.database.read() as uow:
        assert "真实有效" in world.ecg.reports.editions.verify(uow, code)
        assert world.ecg.reports.editions.is_as_sealed(uow, page.report_id, 1)


def test_reading_in_two_levels(network: NetworkWorld) -> None:
    world, second = network, None
    second = world.account("second", "钱主任", world.clinic, "ecg_head")
    policy = world.ask(world.admin, reports.GetPolicy(campus_id=world.clinic))
    world.ask(
        world.admin,
        reports.SavePolicy(policy=reports.ReportPolicy(version=policy.version, campus_id=world.clinic, two_level=True)),
    )
    exam_id = world.acquired()
    page = world.submitted(world.local, exam_id)
    assert (page.state, page.needs_audit, page.document_id) == (ReportState.PENDING, True, 0)
    assert world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).row.state is ExamState.ACQUIRED
    assert world.ask(second, reports.ListAwaitingAudit()) == (exam_id,)
    assert world.ask(world.head, reports.ListAwaitingAudit()) == ()
    assert ReportAction.AUDIT in world.page(second, exam_id).allowed
    with pytest.raises(Refusal, match="原因"):
        world.ask(second, reports.Return(exam_id=exam_id, version=page.version, reason=" "))
    page = world.ask(second, reports.Return(exam_id=exam_id, version=page.version, reason="请补写检查所见"))
    assert world.page(world.local, exam_id).returned == "请补写检查所见"
    page = world.submitted(world.local, exam_id, "窦性心动过缓")
    reader = world.account("both", "又读又审", world.clinic, "ecg_head")
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="窦性心动过缓伴不齐")
    page = world.ask(reader, reports.Audit(exam_id=exam_id, version=page.version, body=body))
    assert (page.state, page.reader, page.auditor) == (ReportState.SUBMITTED, "孙医生", "又读又审")
    text = text_of(world, page.document_id)
    assert "窦性心动过缓伴不齐" in text and "审核医师：又读又审" in text


def test_the_reader_does_not_audit_his_own(network: NetworkWorld) -> None:
    world = network
    policy = reports.ReportPolicy(campus_id=world.clinic, two_level=True)
    world.ask(world.admin, reports.SavePolicy(policy=policy))
    both = world.account("both", "主任", world.clinic, "ecg_head")
    exam_id = world.acquired()
    page = world.submitted(both, exam_id)
    with pytest.raises(Refusal, match="另一位医师"):
        world.ask(both, reports.Audit(exam_id=exam_id, version=page.version))


def test_a_withdrawn_report_keeps_its_edition(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired()
    page = world.submitted(world.local, exam_id)
    colleague = world.account("colleague", "同事", world.clinic, "ecg_doctor")
    world.page(colleague, exam_id)
    with pytest.raises(Refusal, match="医师本人"):
        world.ask(colleague, reports.Withdraw(exam_id=exam_id, version=page.version, reason="x"))
    page = world.ask(world.local, reports.Withdraw(exam_id=exam_id, version=page.version, reason="写错侧别"))
    assert page.state is ReportState.WITHDRAWN and page.is_editable
    assert "report_withdrawn" in world.notices(colleague)
    page = world.submitted(world.local, exam_id, "窦性心律不齐")
    assert [(one.number, one.reason, one.withdrawal) for one in page.editions] == [
        (2, "写错侧别", ""),
        (1, "", "写错侧别"),
    ]
    assert world.ask(world.nurse, reports.GetEdition(exam_id=exam_id, number=1)).diagnosis == "窦性心律"
    actions = [one.action for one in world.ask(world.local, reports.ListEvents(exam_id=exam_id))]
    assert actions.count("submitted") == 2 and {"viewed", "withdrawn"} <= set(actions)


def test_prints_are_counted_and_the_template_is_remembered(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired()
    with pytest.raises(Refusal, match="提交后才能打印"):
        world.ask(world.nurse, reports.Print(exam_id=exam_id))
    keys = [one.key for one in world.ask(world.local, reports.ListTemplates())]
    assert keys[0] == "3x4+1R" and {"6x2", "12x1"} <= set(keys)
    assert world.ask(world.local, reports.GetTemplate()) == ""
    with pytest.raises(Refusal, match="模板"):
        world.ask(world.local, reports.ChooseTemplate(template="9x9"))
    world.ask(world.local, reports.ChooseTemplate(template="6x2"))
    page = world.submitted(world.local, exam_id)
    assert page.template == "6x2"
    first = world.ask(world.nurse, reports.Print(exam_id=exam_id))
    other = world.ask(world.nurse, reports.Print(exam_id=exam_id, template="12x1-portrait"))
    assert first.id == page.document_id != other.id
    lines = world.ask(world.local, reports.ListPrints(exam_id=exam_id))
    assert [(one.number, one.template, one.by) for one in lines] == [
        (2, "12x1-portrait", "王护士"),
        (1, "6x2", "王护士"),
    ]
    rows = world.ask(world.nurse, reports.BatchPrint(exam_ids=(exam_id, world.registered())))
    assert [one.done for one in rows] == [True, False] and "未写" in rows[1].sentence


def test_a_preview_carries_its_mark_and_counts_nothing(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired()
    body = reports.ReportBody(
        diagnosis="窦性心律",
        findings="所见" * 900,
        parameters=(reports.ParameterValue(name=Parameter.PR, value=150.0),),
        qtc_formula=QtcFormula.FRIDERICIA,
        look=reports.PaperLook(low_pass_hz=35, mains_hz=50, speed=50),
    )
    made = world.ask(world.local, reports.Preview(exam_id=exam_id, body=body, template="3x4+1R"))
    text = text_of(world, made.id)
    assert "未提交" in text and "50 mm/s" in text and "~50 Hz" in text and "QTc(Fridericia)" in text
    assert text.count("所见") > 900  # what did not fit goes on: nothing is cut off
    english = world.ask(world.local, reports.Preview(exam_id=exam_id, body=body, template="6x2", language="en"))
    assert "DRAFT" in text_of(world, english.id)
    assert world.page(world.local, exam_id).print_count == 0


def test_exports_hold_the_reports_values(network: NetworkWorld) -> None:
    from shared.waveform import formats

    world = network
    exam_id = world.acquired(data=a_file(seed=5))
    world.submitted(world.local, exam_id)
    for kind in ExportFormat:
        made = world.ask(world.local, reports.ExportTrace(exam_id=exam_id, file_format=kind))
        with world.database.read() as uow:
            data = world.ecg.house.documents.open_document(uow, world.local, made.id)
        read = formats.read(data)
        assert len(read.leads) >= 12 and read.seconds == pytest.approx(10, abs=0.6), kind
        if kind in (ExportFormat.AECG, ExportFormat.SCP, ExportFormat.DICOM):
            assert any(one.name == "hr" for one in read.measurements), kind


def test_another_trace_changes_what_the_machine_measured(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired()
    page = world.page(world.local, exam_id)
    first = page.body.trace_id
    body = reports.ReportBody(parameters=page.body.parameters, diagnosis="窦性心律")
    world.ask(world.local, reports.Save(exam_id=exam_id, version=0, body=body))
    world.upload(exam_id, a_file(seed=77))
    page = world.page(world.local, exam_id)
    assert page.body.trace_id == first  # the draft speaks of the trace that it was written on
    values = world.ask(world.local, reports.ProposeValues(exam_id=exam_id))
    assert {one.name for one in values} == set(Parameter)
    with pytest.raises(Refusal):
        world.ask(world.local, reports.ProposeValues(exam_id=exam_id, trace_id=9999))


def test_a_reported_exam_keeps_the_trace_that_its_report_speaks_of(network: NetworkWorld) -> None:
    world = network
    exam_id = world.acquired()
    world.upload(exam_id, a_file(seed=78))
    first, _second = world.ask(world.nurse, ecg.GetEcgExam(exam_id=exam_id)).traces
    page = world.submitted(world.local, exam_id)
    with pytest.raises(Refusal, match="先撤回报告"):
        world.ask(world.nurse, ecg.UseTrace(trace_id=first.id))
    world.ask(world.local, reports.Withdraw(exam_id=exam_id, version=page.version, reason="取错图"))
    view = world.ask(world.nurse, ecg.UseTrace(trace_id=first.id))
    assert [one.is_current for one in view.traces] == [True, False]


def test_the_handwriting_stands_on_the_paper(network: NetworkWorld) -> None:
    from PIL import Image, ImageDraw

    world = network
    picture = Image.new("L", (300, 100), 255)
    ImageDraw.Draw(picture).line([(20, 80), (120, 20), (200, 80), (280, 30)], fill=0, width=6)
    out = BytesIO()
    picture.save(out, "PNG")
    with world.database.write() as uow:
        world.ecg.house.signing.service.set_picture(
            uow, world.local, world.local.user_id, out.getvalue(), is_drawn=True
        )
    exam_id = world.acquired()
    page = world.submitted(world.local, exam_id)
    with world.database.read() as uow:
        data = world.ecg.house.documents.open_document(uow, world.local, page.document_id)
    assert len(pypdf.PdfReader(BytesIO(data)).pages[0].images) == 1
