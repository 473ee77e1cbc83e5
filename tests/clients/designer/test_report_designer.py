"""The report in the designer: blocks, several templates, real data, template files, with a server's area in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.designer.blocks import fact_of, rows_for
from clients.designer.reports import ReportSettings, read_file, write_file
from clients.designer.view import TemplatesPage
from clients.kit.app import make_application, speak, wear
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.translations import register_catalogue
from server.kernel.dispatch import SYSTEM
from server.printing.report_templates import ReportTemplates
from server.printing.templates import PaperTemplates
from shared.contract import printing, report_paper
from shared.contract.errors import ErrorCode, error_for
from shared.contract.organisation import (
    CampusView,
    ExamTypeView,
    GetHospital,
    HospitalView,
    MarkColour,
    PatientTypeView,
)
from shared.domain.states import PatientType
from shared.paper.blocks import FieldsBlock, PicturesBlock, SectionBlock, SignaturesBlock
from shared.paper.facts import sample
from shared.paper.kinds import DocumentKind
from shared.paper.marks import ImageMark, TextMark
from shared.paper.template import FlowElement
from tests.clients.designer.test_templates_window import Panel
from tests.databases import make_tables

HOSPITAL = HospitalView(
    version=1,
    name="明镜医院",
    name_en="Mingjing Hospital",
    campuses=tuple(
        CampusView(id=number, code=str(number), name=name, name_en=english)
        for number, (name, english) in enumerate((("本部", "Main"), ("城北院区", "North")), 1)
    ),
    rooms=(),
    devices=(),
    exam_types=tuple(
        ExamTypeView(code=code, name=code, name_en=code, hp_required=False, slot_minutes=10)
        for code in ("CT", "MR", "DR", "US", "MG")
    ),
    exam_items=(),
    patient_types=tuple(
        PatientTypeView(id=number, code=code, name=name, name_en=english, priority=priority, colour=MarkColour.GREY)
        for number, (code, name, english, priority) in enumerate(
            (
                ("emergency", "急诊", "Emergency", PatientType.EMERGENCY),
                ("vip", "VIP", "VIP", PatientType.VIP),
                ("ordinary", "普通", "Ordinary", PatientType.ORDINARY),
            ),
            1,
        )
    ),
)


class Server:
    """Designs and templates of reports on a database, called in process; one real report."""

    def __init__(self, folder: Path) -> None:
        from server.kernel.clock import SystemClock
        from server.kernel.database import Database

        self.database = Database.in_folder(folder)
        make_tables(self.database)
        self.designs = PaperTemplates(SystemClock())
        self.reports = ReportTemplates(self.designs)

    def call(self, request: Any) -> Any:
        from server.kernel.errors import Refusal

        with self.database.write() as uow:
            try:
                match request:
                    case GetHospital():
                        return HOSPITAL
                    case printing.GetPaperTemplate():
                        return self.designs.view(uow, request.kind, request.version)
                    case printing.ListPaperTemplateVersions():
                        return self.designs.versions(uow, request.kind)
                    case printing.SavePaperTemplate():
                        return self.designs.save(
                            uow, SYSTEM, request.kind, request.text, request.base_version, request.note
                        )
                    case report_paper.ListReportTemplates():
                        return self.reports.every(uow)
                    case report_paper.SaveReportTemplate():
                        return self.reports.save(uow, SYSTEM, request)
                    case report_paper.DeleteReportTemplate():
                        return self.reports.delete(uow, request.id)
                    case report_paper.GetReportFacts():
                        return self._facts(request)
            except Refusal as refused:
                raise error_for(refused.body) from refused
        raise AssertionError(request)

    @staticmethod
    def _facts(request: Any) -> Any:
        from server.kernel.errors import not_found

        if request.accession_number != "CT42":
            raise not_found("检查号对应的报告")
        facts = sample(DocumentKind.REPORT)
        return report_paper.ReportFactsView(
            report_id=1,
            template_key="report",
            values={**facts.values, "name": "王真实", "findings": facts.values["findings"] * 40},
            lists={name: tuple(dict(row) for row in rows) for name, rows in facts.lists.items()},
            pictures=dict(facts.pictures),
        )


class Place:
    """A workplace without a shell."""

    def __init__(self, server: Server) -> None:
        self.connection: Any = server
        self.runner = ImmediateRunner()
        self.messages = CollectedMessages()
        self.side_panel: Any = Panel()
        self.side_panel.close_panel = lambda: None


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    server = Server(tmp_path)
    yield Place(server)
    server.database.close()


@pytest.fixture
def page(place: Place, qtbot: QtBot) -> Iterator[TemplatesPage]:
    register_catalogue(texts.ENTRIES)
    wear("light")
    made = TemplatesPage(place)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1300, 700)
    made.show()
    made.presenter.open(DocumentKind.REPORT)
    QApplication.processEvents()
    yield made
    speak("zh")


def flow_of(page: TemplatesPage) -> FlowElement:
    design = page.presenter.design
    assert design is not None
    return next(one for one in design.template.elements if isinstance(one, FlowElement))


def select_flow(page: TemplatesPage) -> None:
    design = page.presenter.design
    assert design is not None
    index = next(n for n, one in enumerate(design.template.elements) if isinstance(one, FlowElement))
    page.presenter.do(lambda design: design.select(index))


def words(page: TemplatesPage, number: int = 0) -> str:
    laid_out = page.presenter.state.laid_out
    assert laid_out is not None
    return "\n".join(mark.text for mark in laid_out.pages[number].marks if isinstance(mark, TextMark))


def pictures(page: TemplatesPage) -> int:
    laid_out = page.presenter.state.laid_out
    assert laid_out is not None
    return sum(isinstance(mark, ImageMark) for mark in laid_out.pages[0].marks)


def block(page: TemplatesPage, kind: type) -> int:
    return next(number for number, one in enumerate(flow_of(page).blocks) if isinstance(one, kind))


def said(place: Place) -> str:
    return " ".join(str(one) for one in place.messages.said)


def test_the_report_is_laid_out_as_it_prints_and_saved_as_a_version(page: TemplatesPage, place: Place) -> None:
    assert page.report_bar.isVisible()
    assert page.report_bar.choice.currentText() == "默认报告 · 默认"
    assert "影像所见" in words(page)
    assert pictures(page) == 2
    select_flow(page)
    assert page.blocks.isVisible()
    page.blocks.list.setCurrentRow(block(page, PicturesBlock))
    assert page.blocks.form is not None
    page.blocks.form.set_values({"most": 0})
    page.blocks._changed("most")
    assert pictures(page) == 0
    page.undo.click()
    assert pictures(page) == 2
    page.redo.click()
    page.save_button.click()
    assert page.presenter.state.base_version == 1
    assert not page.presenter.state.is_changed


def test_order_fields_title_and_signature_are_changed_on_screen(page: TemplatesPage) -> None:
    select_flow(page)
    sections = [n for n, one in enumerate(flow_of(page).blocks) if isinstance(one, SectionBlock)]
    before = words(page)
    assert before.index("影像所见") < before.index("诊断意见")
    page.blocks.list.setCurrentRow(sections[-1])
    while page.presenter.state.block > sections[1]:
        page.blocks.up.click()
    after = words(page)
    assert after.index("诊断意见") < after.index("影像所见")
    page.blocks.list.setCurrentRow(block(page, FieldsBlock))
    assert page.blocks.form is not None
    shown = page.blocks.form.value("rows")
    assert "diagnosis" in shown
    page.blocks.form.set_values({"rows": tuple(name for name in shown if name != "diagnosis")})
    page.blocks._changed("rows")
    assert "临床诊断" not in words(page)
    page.blocks.list.setCurrentRow(block(page, SignaturesBlock))
    assert page.blocks.form is not None
    page.blocks.form.set_values({"height_mm": 14.0})
    page.blocks._changed("height_mm")
    assert next(one for one in flow_of(page).blocks if isinstance(one, SignaturesBlock)).height_mm == 14
    page.blocks.list.setCurrentRow(block(page, FieldsBlock))
    page.blocks.add_block("table")
    assert "测量" in words(page)
    page.blocks.remove.click()
    assert "测量" not in words(page)


def test_rows_keep_their_place_when_others_come_and_go() -> None:
    rows = next(one for one in sample_flow().blocks if isinstance(one, FieldsBlock)).rows
    kept = rows_for(rows, ("name", "sex", "address"), DocumentKind.REPORT)
    assert [fact_of(row) for row in kept] == ["name", "sex", "address"]
    assert kept[0] == rows[0]


def sample_flow() -> FlowElement:
    from shared.paper.builtin import builtin

    return next(one for one in builtin(DocumentKind.REPORT).elements if isinstance(one, FlowElement))


def test_templates_are_added_chosen_limited_and_deleted(page: TemplatesPage, place: Place) -> None:
    page.report_bar.show_settings(None)
    settings = place.side_panel.content
    assert isinstance(settings, ReportSettings)
    settings.save.click()  # without a name nothing is sent
    assert len(page.presenter.state.reports) == 1
    settings.form.set_values(
        {
            "name": "急诊CT报告",
            "exam_types": ("CT",),
            "patient_types": ("emergency",),
            "validity_days": 90,
            "most_copies": 3,
        }
    )
    settings.save.click()
    one = page.presenter.report
    assert one is not None
    assert (one.name, one.exam_types, one.patient_types, one.validity_days) == (
        "急诊CT报告",
        ("CT",),
        ("emergency",),
        90,
    )
    assert page.report_bar.choice.currentText() == "急诊CT报告"
    page.report_bar.delete.click()
    assert len(page.presenter.state.reports) == 2  # asked first
    page.report_bar.delete.click()
    assert [row.name for row in page.presenter.state.reports] == ["默认报告"]
    assert not page.report_bar.delete.isEnabled()


def test_real_data_fill_the_pages_and_the_sample_comes_back(page: TemplatesPage, place: Place) -> None:
    page.report_bar.number.setText("CT42")
    page.report_bar.real.click()
    assert "王真实" in words(page)
    laid_out = page.presenter.state.laid_out
    assert laid_out is not None
    assert len(laid_out.pages) > 2
    page.report_bar.after.click()
    assert page.presenter.state.page == 1
    assert page.canvas.places == {}
    page.report_bar.sample.click()
    assert "王真实" not in words(page)
    page.report_bar.number.setText("none")
    page.report_bar.real.click()
    assert place.messages.errors


def test_a_template_travels_as_a_file(page: TemplatesPage, place: Place, tmp_path: Path) -> None:
    path = tmp_path / "报告.json"
    write_file(path, place, page.presenter)  # type: ignore[arg-type]
    before = page.presenter.design.template if page.presenter.design is not None else None
    text = path.read_text(encoding="utf-8")
    path.write_text("\ufeff" + text.replace("影像诊断报告", "放射诊断报告"), encoding="utf-8")
    read_file(path, place, page.presenter)  # type: ignore[arg-type]
    assert "放射诊断报告" in words(page)
    page.undo.click()
    assert page.presenter.design is not None
    assert page.presenter.design.template == before


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff\xfe\x00x",
        b"no template",
        b"[" * 100_000,
        b'{"format": 1, "kind": "ticket", "page": {"width_mm": 80}, "elements": []}',
        b'{"format": 1, "kind": "report", "page": {"width_mm": 1e999}, "elements": []}',
        json.dumps({"format": 1, "kind": "report", "page": {"width_mm": 210, "height_mm": 297}, "elements": [
            {"type": "flow", "x_mm": 1, "y_mm": 1, "width_mm": 100, "until_mm": 280,
             "blocks": [{"block": "section", "fact": "name"}]}]}).encode(),
        json.dumps({"format": 1, "kind": "report", "page": {"width_mm": 210, "height_mm": 297}, "elements": [
            {"type": "flow", "x_mm": 1, "y_mm": 1, "width_mm": 100, "until_mm": 280, "blocks": [{"block": "script"}]}]}
        ).encode(),
        json.dumps({"format": 1, "kind": "report", "page": {"width_mm": 210, "height_mm": 297}, "elements": [
            {"type": "text", "x_mm": 1, "y_mm": 1, "width_mm": 100, "text": "{findings}"}]}).encode(),
        json.dumps({"format": 1, "kind": "report", "page": {"width_mm": 210, "height_mm": 297}, "elements": [
            {"type": "flow", "x_mm": 1, "y_mm": 270, "width_mm": 100, "until_mm": 280, "blocks": []}]}).encode(),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_a_sentence_and_changes_nothing(
    page: TemplatesPage, place: Place, tmp_path: Path, bad: bytes
) -> None:
    assert page.presenter.design is not None
    before = page.presenter.design.template
    path = tmp_path / "bad.json"
    path.write_bytes(bad)
    read_file(path, place, page.presenter)  # type: ignore[arg-type]
    assert page.presenter.design.template == before
    assert place.messages.said


def test_a_saved_name_twice_is_refused_with_the_servers_sentence(page: TemplatesPage, place: Place) -> None:
    request = report_paper.SaveReportTemplate(name="默认报告")
    page.presenter.save_report(request)
    assert place.messages.errors
    error: Any = place.messages.errors[-1]
    assert error.code is ErrorCode.DUPLICATE


@pytest.mark.parametrize("spoken", ["zh", "en"])
def test_the_page_fits_a_small_screen_in_both_languages(page: TemplatesPage, spoken: str) -> None:
    speak(spoken)
    page.resize(1366 - 76, 768 - 80)
    QApplication.processEvents()
    select_flow(page)
    page.blocks.list.setCurrentRow(block(page, FieldsBlock))
    QApplication.processEvents()
    assert page.minimumSizeHint().width() <= 1290
    assert page.grab().toImage().width() == 1290
