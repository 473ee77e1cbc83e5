"""The reading page on a whole server over real sockets: open, measure, edit, save, open again, submit, PDF, compare."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from clients.ecg.acquisition.dialog import AcquiredTrace, AcquisitionDialog
from clients.ecg.reading.page import ReadingPage
from clients.ecg.reading.windows import PRINTS
from clients.ecg.trace.measurement import Measurement
from clients.ecg.trace.measurement import Parameter as Measured
from clients.kit.app import make_application
from clients.kit.translations import Language, set_language
from shared.contract.ecg import GetEcgExam, GetTrace
from shared.contract.ecg_reports import ListPrints
from shared.domain.ecg import EcgKind, ExamState, ReportAction, ReportState
from shared.domain.ecg_reports import ExportFormat, Parameter
from shared.waveform import compact, formats
from tests.clients.ecg.reading.reading_rows import a_pdf
from tests.clients.ecg.reading.reading_server import RealHouse, Seat
from tests.server_process import running_server


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealHouse]:
    with running_server(tmp_path_factory.mktemp("server") / "data") as server:
        made = RealHouse(server)
        yield made
        made.close()


@pytest.fixture
def seat(qtbot: QtBot, house: RealHouse, tmp_path: Path) -> Iterator[Seat]:
    make_application()
    set_language(Language.CHINESE)
    made = Seat(house, tmp_path)
    yield made
    made.close()


def until(qtbot: QtBot, holds: Callable[[], bool]) -> None:
    qtbot.waitUntil(holds, timeout=30_000)


def opened(qtbot: QtBot, seat: Seat, exam_id: int) -> ReadingPage:
    page = seat.read(exam_id)
    state = page.presenter
    until(qtbot, lambda: state.state.drawn is not None and state.state.page is not None and bool(state.state.history))
    return page


def test_from_the_trace_to_the_paper(qtbot: QtBot, house: RealHouse, seat: Seat, tmp_path: Path) -> None:
    earlier, exam_id = house.exam(1000.0), house.exam(600.0)
    page = opened(qtbot, seat, exam_id)
    area = page.parameters
    assert area.value_shown(Parameter.HR) == "100"
    assert not page.is_dirty()

    page.trace.value_sent.emit(Measurement(Measured.RR, "II", 1.0, 1.8, 0.0, 0.0))  # measured by hand
    assert area.value_shown(Parameter.HR) == "75"
    suggested = page.conclusion.rows[0].suggestion.zh
    page.conclusion.rows[0].accept()
    qtbot.keyClicks(page.conclusion.editors["findings"], "PR 0.16s")
    assert page.is_dirty()
    page.presenter.save()
    until(qtbot, lambda: not page.is_dirty() and not page.presenter.state.is_busy)
    seat.leave(page)

    page = opened(qtbot, seat, exam_id)
    assert page.conclusion.editors["findings"].toPlainText() == "PR 0.16s"
    assert page.conclusion.editors["diagnosis"].toPlainText() == suggested
    row = list(Parameter).index(Parameter.HR)
    assert page.parameters.model.lines[row].is_changed and page.parameters.model.lines[row].machine == 100

    page.comparing.open()
    until(qtbot, lambda: page.comparing.content is not None and page.comparing.content.table.rowCount() > 0)
    content = page.comparing.content
    assert content is not None and content.chosen == earlier
    assert any("心率" in one for one in content.ticked())
    page.comparing.close()

    page.steps.submit()
    window = page.steps.window
    assert window.modes[PRINTS].isChecked()
    window.confirm.click()
    until(qtbot, lambda: page.steps.window is not window)
    page.steps.window.confirm.click()  # 请选择报告模板
    prints = tmp_path / "prints"
    until(qtbot, lambda: prints.is_dir() and len(list(prints.glob("*.pdf"))) == 1)
    until(qtbot, lambda: page.presenter.state.may_print and not page.presenter.state.is_busy)
    assert page.presenter.state.page is not None and page.presenter.state.page.state is ReportState.SUBMITTED
    assert house.admin.call(GetEcgExam(exam_id=exam_id)).row.state is ExamState.REPORTED

    content_of = next(prints.glob("*.pdf")).read_bytes()
    text = "".join(one.extract_text() for one in PdfReader(BytesIO(content_of)).pages)
    assert "欧阳明远" in text and suggested in text and "PR 0.16s" in text
    if shutil.which("pdftotext"):
        said = subprocess.run(["pdftotext", "-", "-"], input=content_of, capture_output=True, check=True).stdout
        assert suggested in said.decode("utf-8")

    exported = tmp_path / "out.dcm"
    page.exporting.export_to(ExportFormat.DICOM, exported)
    until(qtbot, exported.exists)
    assert formats.read(exported).leads == page.presenter.state.drawn.record.leads  # type: ignore[union-attr]

    page.steps.quick_print()  # no question any more
    until(qtbot, lambda: len(house.admin.call(ListPrints(exam_id=exam_id))) == 2)
    seat.leave(page)


def test_history_of_the_patient_is_read_only_and_a_withdrawn_report_is_written_again(
    qtbot: QtBot, house: RealHouse, seat: Seat
) -> None:
    exam_id = house.exam(800.0)
    page = opened(qtbot, seat, exam_id)
    assert page.history.count() >= 2
    page.history.setCurrentIndex(1)
    until(qtbot, lambda: page.presenter.state.past is not None and page.presenter.state.past.drawn is not None)
    until(qtbot, lambda: page.presenter.state.past is not None and page.presenter.state.past.page is not None)
    assert all(editor.isReadOnly() for editor in page.conclusion.editors.values())
    page.history.setCurrentIndex(0)
    page.conclusion.editors["diagnosis"].setPlainText("窦性心律")
    page.publisher.submit("3x4+1R", lambda _page: None)
    until(qtbot, lambda: page.presenter.state.allows(ReportAction.WITHDRAW))
    page.publisher.withdraw("写错了导联")
    until(qtbot, lambda: page.presenter.state.may_write)
    assert page.conclusion.editors["diagnosis"].toPlainText() == "窦性心律"
    assert page.presenter.state.page is not None and len(page.presenter.state.page.editions) == 1
    seat.leave(page)


def test_a_registered_exam_waits_for_its_trace_and_draws_it(qtbot: QtBot, house: RealHouse, seat: Seat) -> None:
    exam_id = house.exam(acquired=False)
    page = seat.read(exam_id)
    until(qtbot, lambda: page.presenter.state.exam is not None and bool(page.presenter.state.no_trace))
    assert page.paper.currentWidget() is page.empty and page.presenter.state.may_acquire
    page.acquire()
    dialog = page.findChild(AcquisitionDialog)
    assert dialog is not None and dialog.isVisible()
    house.record(exam_id)  # the machine uploads
    trace = house.admin.call(GetTrace(exam_id=exam_id))
    record = compact.unpack(trace.data)
    dialog.acquired.emit(AcquiredTrace(exam_id=exam_id, record=record, trace_id=trace.trace.id, key="k"))
    dialog.close()
    until(qtbot, lambda: page.presenter.state.may_write)
    assert page.paper.currentWidget() is page.trace
    assert page.title() == "欧阳明远"
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    seat.leave(page)


def test_a_holter_report_is_attached_read_and_printed(
    qtbot: QtBot, house: RealHouse, seat: Seat, tmp_path: Path
) -> None:
    exam_id = house.exam(acquired=False, kind=EcgKind.HOLTER)
    page = seat.read(exam_id)
    until(qtbot, lambda: page.presenter.state.exam is not None and bool(page.presenter.state.no_trace))
    assert page.presenter.state.may_acquire and not page.presenter.state.may_write
    received = tmp_path / "24h holter.pdf"
    received.write_bytes(a_pdf(1))
    page.attaching.attach_file(received)
    until(qtbot, lambda: page.presenter.state.may_write)
    assert page.paper.currentWidget() is page.documents
    until(qtbot, lambda: page.documents.preview.page_count == 2)
    assert house.admin.call(GetEcgExam(exam_id=exam_id)).row.state is ExamState.ACQUIRED

    page.parameters.model.setData(page.parameters.model.index(0, 1), "72")
    qtbot.keyClicks(page.conclusion.editors["diagnosis"], "Holter: single ectopics")
    page.presenter.save()
    until(qtbot, lambda: not page.is_dirty() and not page.presenter.state.is_busy)
    page.publisher.submit("3x4+1R", lambda _page: None)
    until(qtbot, lambda: page.presenter.state.may_print)
    page.publisher.print_report("3x4+1R")
    prints = tmp_path / "prints"
    until(qtbot, lambda: prints.is_dir() and len(list(prints.glob("*.pdf"))) == 1)
    printed = PdfReader(BytesIO(next(prints.glob("*.pdf")).read_bytes()))
    texts = [one.extract_text() for one in printed.pages]
    assert "single ectopics" in texts[0] and "72" in texts[0]
    assert "Holter report 1, page 1" in texts[-2] and "Holter report 1, page 2" in texts[-1]
    assert house.admin.call(GetEcgExam(exam_id=exam_id)).row.state is ExamState.REPORTED
    seat.leave(page)
