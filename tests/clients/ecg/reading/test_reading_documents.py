"""Holter and stress exams: received PDFs stand in place of the trace, values are typed, the report goes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.ecg.reading.documents import MAX_PDF_BYTES
from clients.ecg.reading.windows import SUBMITS
from clients.kit.review import review
from clients.kit.running import HeldRunner
from clients.kit.translations import Language, set_language
from shared.contract import ecg, ecg_reports
from shared.contract.errors import ErrorCode
from shared.domain.ecg import ReportState
from shared.domain.ecg_reports import Parameter
from tests.clients.ecg.reading.reading_house import House, Room, diagnose, refusal, shown
from tests.clients.ecg.reading.reading_rows import a_pdf


def test_the_pages_of_a_holter_report_stand_in_place_of_the_trace(qtbot: QtBot, tmp_path: Path) -> None:
    room = shown(qtbot, tmp_path, House(documents=1))
    assert room.page.paper.currentWidget() is room.page.documents
    assert room.page.documents.preview.page_count == 2 and room.page.documents.tabs.isHidden()
    for name in ("zoom_in", "zoom_out", "reset", "preview", "submit", "save"):
        assert room.actions.qt(f"reading.{name}").isEnabled(), name
    for name in ("measure", "filter", "spacing", "compare"):
        assert not room.actions.qt(f"reading.{name}").isEnabled(), name
    assert not room.page.bar.menus["layout"].isEnabled() and not room.page.bar.menus["scale"].isEnabled()
    assert room.said() == []
    room.close()


def test_values_are_typed_and_the_report_is_submitted_and_printed(qtbot: QtBot, tmp_path: Path) -> None:
    house = House(documents=1)
    room = shown(qtbot, tmp_path, house)
    area = room.page.parameters
    assert area.value_shown(Parameter.HR) in ("", "–")
    area.model.setData(area.model.index(0, 1), "72")
    assert area.value_shown(Parameter.HR) == "72" and area.value_shown(Parameter.RR) == "833"
    assert not any(line.is_changed for line in area.model.lines)  # no machine said anything else
    room.actions.trigger("reading.submit")
    assert room.page.steps.window is None  # the conclusion is empty
    diagnose(room, "动态心电图：偶发室性早搏")
    room.actions.trigger("reading.save")
    assert house.pages[1].state is ReportState.DRAFT and not room.page.is_dirty()
    room.actions.trigger("reading.submit")
    room.page.steps.window.modes[SUBMITS].setChecked(True)
    room.page.steps.window.confirm.click()
    sent = next(one for one in room.house.connection.calls if isinstance(one, ecg_reports.Submit))
    assert sent.body.trace_id == 0 and sent.body.diagnosis.startswith("动态心电图")
    assert {one.name: one.value for one in sent.body.parameters}[Parameter.HR] == 72
    assert house.pages[1].state is ReportState.SUBMITTED
    room.place.desk_settings.set("ecg/report-template", "6x2")
    room.actions.trigger("reading.quick_print")
    assert room.papers.printed == [91]
    room.close()


def test_several_documents_have_a_tab_each_and_are_fetched_once(qtbot: QtBot, tmp_path: Path) -> None:
    room = shown(qtbot, tmp_path, House(documents=2))
    paper = room.page.documents
    assert not paper.tabs.isHidden() and paper.tabs.count() == 2
    paper.tabs.setCurrentIndex(1)
    paper.tabs.setCurrentIndex(0)
    paper.tabs.setCurrentIndex(1)
    asked = [one.document_id for one in room.house.connection.calls if isinstance(one, ecg.GetDocument)]
    assert asked == [1, 2]
    assert paper.front is not None and paper.front.id == 2
    room.page.presenter.reload()
    assert paper.front.id == 2
    room.close()


def test_the_zoom_buttons_belong_to_the_document(qtbot: QtBot, tmp_path: Path) -> None:
    room = shown(qtbot, tmp_path, House(documents=1))
    room.actions.trigger("reading.zoom_in")
    assert room.page.documents.preview.zoom == pytest.approx(1.25)
    room.actions.trigger("reading.reset")
    assert room.page.documents.preview.zoom == 1.0
    room.actions.trigger("reading.zoom_out")
    assert room.page.documents.preview.zoom == pytest.approx(0.8)
    room.close()


def test_a_document_that_does_not_come_says_so_and_is_asked_again(qtbot: QtBot, tmp_path: Path) -> None:
    house = House(documents=1)
    good = house.connection.replies[ecg.GetDocument]

    def gone(_request: ecg.GetDocument) -> ecg.OriginalFile:
        raise refusal(ErrorCode.NOT_FOUND)

    house.connection.replies[ecg.GetDocument] = gone  # type: ignore[index]
    room = shown(qtbot, tmp_path, house)
    paper = room.page.documents
    assert paper.layers.currentWidget() is paper.words and paper.words.title == "文档无法打开"
    house.connection.replies[ecg.GetDocument] = good  # type: ignore[index]
    paper.words.acted.emit()
    assert paper.layers.currentWidget() is paper.preview and paper.preview.page_count == 2
    room.close()


def test_which_documents_are_printed_is_chosen_and_one_stays(qtbot: QtBot, tmp_path: Path) -> None:
    room = shown(qtbot, tmp_path, House(documents=2))
    first, second = room.house.documents
    assert room.state.printed_documents == (1, 2)
    room.page.bar.print_with_wanted.emit(first)
    assert room.state.body.documents == (2,) and room.page.is_dirty()
    room.page.bar.print_with_wanted.emit(second)
    assert room.state.body.documents == (2,) and "至少附一份文档" in room.said()[-1]
    room.page.bar.print_with_wanted.emit(first)
    assert room.state.body.documents == (2, 1)
    room.close()


def test_beside_a_trace_documents_follow_only_where_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    house = House(documents=1)
    house.acquire()
    room = shown(qtbot, tmp_path, house)
    assert room.page.paper.currentWidget() is room.page.trace and room.state.printed_documents == ()
    room.page.bar.print_with_wanted.emit(house.documents[0])
    assert room.state.body.documents == (1,)
    room.page.bar.print_with_wanted.emit(house.documents[0])
    assert room.state.body.documents == ()
    room.close()


def test_a_pdf_is_attached_to_an_exam_and_can_be_reported_at_once(qtbot: QtBot, tmp_path: Path) -> None:
    room = shown(qtbot, tmp_path, House(acquired=False))
    assert room.actions.qt("reading.attach").isEnabled() and not room.state.may_write
    path = tmp_path / "24h holter.pdf"
    path.write_bytes(a_pdf(1))
    room.page.attaching.attach_file(path)
    sent = next(one for one in room.house.connection.calls if isinstance(one, ecg.AttachDocument))
    assert (sent.title, sent.file_name, sent.data) == ("24h holter", "24h holter.pdf", a_pdf(1))
    assert room.page.paper.currentWidget() is room.page.documents and room.state.may_write
    assert room.said() == ["已附加 24h holter.pdf"] and room.desk.told == [1]
    room.close()


def test_what_is_no_pdf_or_too_large_is_refused_here(qtbot: QtBot, tmp_path: Path) -> None:
    room = shown(qtbot, tmp_path, House(acquired=False))
    picture, large = tmp_path / "a.pdf", tmp_path / "b.pdf"
    picture.write_bytes(b"\x89PNG")
    with large.open("wb") as out:
        out.write(b"%PDF-1.4")
        out.truncate(MAX_PDF_BYTES + 1)
    for path, sentence in ((picture, "不是 PDF"), (large, "超过 6 MB"), (tmp_path / "none.pdf", "无法读取")):
        room.page.attaching.attach_file(path)
        assert sentence in room.said()[-1]
    assert not [one for one in room.house.connection.calls if isinstance(one, ecg.AttachDocument)]
    room.close()


def test_an_earlier_exam_of_documents_is_shown_too(qtbot: QtBot, tmp_path: Path) -> None:
    house = House()
    del house.traces[2]
    house.pages[2] = house._put(2, documents=House(documents=1).documents, is_by_document=True)
    room = shown(qtbot, tmp_path, house)
    room.page.history.setCurrentIndex(1)
    assert room.page.paper.currentWidget() is room.page.documents and room.said() == []
    room.page.history.setCurrentIndex(0)
    assert room.page.paper.currentWidget() is room.page.trace
    room.close()


def test_late_bytes_do_not_reach_a_closed_page(qtbot: QtBot, tmp_path: Path) -> None:
    runner = HeldRunner()
    room = shown(qtbot, tmp_path, House(documents=1), runner=runner)
    runner.release()
    room.page.close()
    runner.release()
    assert room.page.documents.preview.page_count == 0
    room.close()


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut_beside_a_document(qtbot: QtBot, tmp_path: Path, language: Language) -> None:
    set_language(language)
    room = shown(qtbot, tmp_path, House(documents=2))
    QApplication.processEvents()
    assert [str(one) for one in review(room.host)] == []
    room.close()


def test_every_open_suggestion_is_taken_by_one_key(room: Room) -> None:
    wanted = [row.suggestion.zh for row in room.page.conclusion.rows]
    room.page.conclusion.rows[1].reject()
    room.actions.trigger("reading.accept_all")
    assert room.state.body.diagnosis.split("\n") == [wanted[0], *wanted[2:]]
    room.actions.trigger("reading.undo")
    assert len(room.state.body.diagnosis.split("\n")) == len(wanted) - 2
