"""The reading page over a server in memory: what a doctor sees, types, takes, saves, submits and prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from clients.ecg.reading.basics import _shared
from clients.ecg.reading.strips import notice_of, quality_of
from clients.ecg.reading.windows import PRINTS, SUBMITS
from clients.ecg.trace.choices import Mode, Spacing
from clients.ecg.trace.measurement import Measurement
from clients.ecg.trace.measurement import Parameter as Measured
from clients.kit.app import make_application
from clients.kit.review import review
from clients.kit.running import HeldRunner
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName, Tone
from clients.kit.translations import Language, set_language
from shared.contract import ecg, ecg_critical, ecg_terms
from shared.domain.ecg import ReportAction, ReportState
from shared.domain.ecg_reports import SYMBOLS, Parameter, QtcFormula, ReportSide, Verdict
from tests.clients.ecg.reading.reading_house import NOW, House, Room, an_exam, measured, phantom_trace


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def looks(qapp: QApplication) -> Iterator[None]:
    apply_theme(ThemeName.LIGHT)
    set_language(Language.CHINESE)
    yield
    set_language(Language.CHINESE)


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    qtbot.addWidget(made.host)
    made.host.resize(1278, 664)
    made.host.show()
    yield made
    made.close()


def another(qtbot: QtBot, folder: Path, house: House | None = None, **options: object) -> Room:
    made = Room(folder, house, **options)
    qtbot.addWidget(made.host)
    made.host.resize(1278, 664)
    made.host.show()
    return made


def diagnose(room: Room, text: str) -> None:
    room.page.conclusion.editors["diagnosis"].setPlainText(text)


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────


def test_the_page_opens_with_trace_values_and_basic_information(room: Room) -> None:
    assert room.page.paper.currentWidget() is room.page.trace
    assert room.page.parameters.value_shown(Parameter.HR) == "73"
    facts = dict(room.page.basics.facts())
    assert list(facts) == ["姓名", "性别", "年龄", "检查日期", "门诊号", "体检号", "住院号", "主诉", "病史", "临床诊断"]
    assert facts["姓名"] == "欧阳明远" and facts["性别"] == "男"
    assert room.page.title() == "欧阳明远" and room.desk.titles[-1] == "欧阳明远"
    assert not room.page.is_dirty()


def test_opening_takes_four_calls_and_the_trace_is_drawn_first(qtbot: QtBot, tmp_path: Path) -> None:
    runner = HeldRunner()
    room = another(qtbot, tmp_path, runner=runner)
    assert room.page.paper.currentWidget() is room.page.empty
    runner.release()
    asked = [type(request) for request in room.house.connection.calls]
    assert asked[0] is ecg.GetTrace
    assert len([one for one in asked if one is not ecg_terms.ListTerms]) == 4
    room.close()


def test_the_waveform_gets_most_of_a_small_screen(room: Room) -> None:
    QApplication.processEvents()
    assert room.host.height() == 664 and room.host.width() == 1278
    paper = room.page.paper
    assert paper.width() >= 1013  # 10 s at 25 mm/s and 96 dpi with the calibration pulse
    assert paper.width() * paper.height() > 0.6 * 1278 * 664


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("size", [(1278, 664), (3840, 2000)])
def test_nothing_is_cut_in_either_language(room: Room, language: Language, size: tuple[int, int]) -> None:
    set_language(language)
    room.host.resize(*size)
    QApplication.processEvents()
    assert [str(one) for one in review(room.host)] == []


def test_long_facts_share_what_is_left() -> None:
    assert _shared([50, 400, 60], 300) == [50, 190, 60]
    assert _shared([50, 40], 300) == [50, 40]


def test_without_a_trace_the_page_asks_for_the_acquisition(qtbot: QtBot, tmp_path: Path) -> None:
    house = House(acquired=False)
    room = another(qtbot, tmp_path, house)
    assert room.page.paper.currentWidget() is room.page.empty
    assert room.page.empty.title == "还没有采集心电图"
    assert not room.state.may_write and room.state.may_acquire
    house.acquire()
    record, _analysis = measured()
    room.page.presenter.trace_acquired(10, record)
    assert room.page.paper.currentWidget() is room.page.trace
    assert room.state.may_write and room.desk.told == [1]
    room.close()


def test_a_record_that_waits_on_the_line_is_drawn_and_not_reported(qtbot: QtBot, tmp_path: Path) -> None:
    room = another(qtbot, tmp_path, House(acquired=False))
    room.page.presenter.trace_acquired(None, measured()[0])
    assert room.page.paper.currentWidget() is room.page.trace
    assert "上传" in room.said()[-1]
    room.close()


def test_poor_quality_says_what_to_do(room: Room) -> None:
    drawn = room.state.drawn
    finding = ecg.QualityFinding(
        fault="lead_off",
        severity="fail",
        leads=("V3",),
        value=0,
        limit=0,
        unit="",
        zh="V3 没有心电信号。请重新贴好电极后再采集。",
        en="V3 carries no ECG: attach it again.",
    )
    verdict = ecg.QualityVerdict(passed=False, findings=(finding,))
    trace = msgspec.structs.replace(drawn.trace, quality=verdict)
    room.page.presenter._trace_arrived(type(drawn)(trace, drawn.record, drawn.analysis))
    said = quality_of(room.state)
    assert said is not None and said.tone is Tone.DANGER and "请重新贴好电极" in said.text
    assert room.page.quality.text == said.text and not room.page.quality.isHidden()


def test_a_foreign_patient_in_the_file_is_said(room: Room) -> None:
    drawn = room.state.drawn
    trace = msgspec.structs.replace(drawn.trace, patient_differs=True, file_patient="张三 P1")
    room.page.presenter._trace_arrived(type(drawn)(trace, drawn.record, drawn.analysis))
    said = quality_of(room.state)
    assert said is not None and "张三" in said.text


# ── parameters ───────────────────────────────────────────────────────────────────────────────────────


def test_a_changed_value_is_marked_beside_the_machines_and_comes_back(room: Room) -> None:
    area = room.page.parameters
    row = list(Parameter).index(Parameter.PR)
    area.model.setData(area.model.index(row, 1), "210")
    line = area.model.lines[row]
    assert line.is_changed and line.value == 210 and line.machine == pytest.approx(160, abs=15) and line.mark == "↑"
    assert "机测值" in area.model.tip(line)
    assert room.page.is_dirty()
    area.machine_wanted.emit(Parameter.PR)
    assert not area.model.lines[row].is_changed and not room.page.is_dirty()


def test_an_impossible_value_is_refused_at_its_field(room: Room) -> None:
    area = room.page.parameters
    area.model.setData(area.model.index(0, 1), "9000")
    assert room.state.problems == {"hr": "请输入可能的数值，或清空"}
    assert area.value_shown(Parameter.HR) == "73"
    area.model.setData(area.model.index(0, 1), "74")
    assert room.state.problems == {} and area.value_shown(Parameter.HR) == "74"


def test_values_are_typed_one_after_the_other(room: Room, qtbot: QtBot) -> None:
    room.actions.trigger("reading.parameters")
    table = room.page.parameters.table
    for text in ("80", "750"):
        qtbot.keyClicks(table, text[0])
        editor = QApplication.focusWidget()
        assert isinstance(editor, QLineEdit)
        qtbot.keyClicks(editor, text[1:])
        qtbot.keyClick(editor, Qt.Key.Key_Return)
        QApplication.processEvents()
    assert room.page.parameters.value_shown(Parameter.HR) == "80"
    assert room.page.parameters.value_shown(Parameter.RR) == "750"
    assert table.currentIndex().row() == 2


def test_a_new_recording_gives_its_values_and_keeps_the_doctors(room: Room) -> None:
    area = room.page.parameters
    area.model.setData(area.model.index(list(Parameter).index(Parameter.PR), 1), "210")
    room.actions.trigger("reading.save")
    assert room.house.pages[1].body.trace_id == 10
    room.house.traces[1] = msgspec.structs.replace(
        phantom_trace(1, 500.0), trace=msgspec.structs.replace(phantom_trace(1, 500.0).trace, id=11)
    )
    room.page.presenter.trace_acquired(11, measured(500.0)[0])
    assert area.value_shown(Parameter.HR) == "120" and area.value_shown(Parameter.PR) == "210"
    assert room.page.is_dirty() and "已换成新采集的心电图" in room.said()[-1]
    room.actions.trigger("reading.save")
    assert room.house.pages[1].body.trace_id == 11 and not room.page.is_dirty()


def test_a_measured_rr_goes_into_the_parameters_with_rate_and_qtc(room: Room) -> None:
    sent = Measurement(Measured.RR, "II", 1.0, 2.0, 0.0, 0.0)
    room.page.trace.value_sent.emit(sent)
    assert room.page.parameters.value_shown(Parameter.RR) == "1000"
    assert room.page.parameters.value_shown(Parameter.HR) == "60"
    qt = room.page.parameters.value_shown(Parameter.QT)
    assert room.page.parameters.value_shown(Parameter.QTC) == qt


def test_the_formula_of_qtc_is_switched_and_named(room: Room) -> None:
    before = room.page.parameters.value_shown(Parameter.QTC)
    room.page.parameters.formula_chosen.emit(QtcFormula.FRIDERICIA)
    assert room.page.parameters.value_shown(Parameter.QTC) != before
    assert room.page.parameters.formula.text() == "QTc Fridericia"


def test_no_p_wave_is_an_answer(qtbot: QtBot, tmp_path: Path) -> None:
    room = another(qtbot, tmp_path, House(p_waves=False))
    assert room.page.parameters.value_shown(Parameter.PR) == "无 P 波"
    room.close()


def test_moved_points_measure_anew(room: Room) -> None:
    from dataclasses import replace

    found = room.state.drawn.analysis.delineation
    beats = tuple(
        replace(beat, qrs_off_ms=beat.qrs_off_ms + 40) if beat.qrs_off_ms is not None else beat for beat in found.beats
    )
    before = float(room.page.parameters.value_shown(Parameter.QRS))
    room.page.trace.points_moved.emit(replace(found, beats=beats))
    assert float(room.page.parameters.value_shown(Parameter.QRS)) == pytest.approx(before + 40, abs=1)


# ── conclusion ───────────────────────────────────────────────────────────────────────────────────────


def test_suggestions_are_taken_and_refused_one_by_one(room: Room) -> None:
    rows = room.page.conclusion.rows
    assert rows[0].suggestion.zh == "窦性心律"
    rows[0].accept()
    assert room.state.body.diagnosis == "窦性心律"
    rows[1].reject()
    verdicts = {one.code: one.verdict for one in room.state.body.statements}
    assert verdicts[rows[0].suggestion.code] is Verdict.CONFIRMED
    assert verdicts[rows[1].suggestion.code] is Verdict.REJECTED
    room.page.conclusion.rows[0].again()
    assert room.state.body.diagnosis == ""


def test_a_statement_whose_words_are_deleted_is_not_confirmed_any_more(room: Room) -> None:
    room.page.conclusion.rows[0].accept()
    diagnose(room, "心电图大致正常")
    assert room.state.body.statements == ()


def test_undo_takes_back_texts_values_and_suggestions_in_their_order(room: Room) -> None:
    area = room.page.parameters
    diagnose(room, "正常心电图")
    area.model.setData(area.model.index(0, 1), "80")
    room.page.conclusion.rows[0].accept()
    room.actions.trigger("reading.undo")
    assert room.state.body.diagnosis == "正常心电图"
    room.actions.trigger("reading.undo")
    assert area.value_shown(Parameter.HR) == "73"
    room.actions.trigger("reading.undo")
    assert room.page.conclusion.editors["diagnosis"].toPlainText() == "" and not room.page.is_dirty()
    room.actions.trigger("reading.redo")
    assert room.state.body.diagnosis == "正常心电图"


def test_terms_and_symbols_appear_at_the_left_and_go_to_the_cursor(room: Room, qtbot: QtBot) -> None:
    editor, panel = room.page.conclusion.editors["diagnosis"], room.page.helping.panel
    assert panel.isHidden()
    room.page.helping.show_for("diagnosis")
    QApplication.processEvents()
    assert not panel.isHidden()
    assert panel.geometry().right() < room.page.column.mapTo(room.page, room.page.column.rect().topLeft()).x()
    panel.search.setText("xfcd")
    assert panel.terms_shown() == ["心房颤动"]
    qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    assert editor.toPlainText() == "心房颤动"
    panel.search.setText("窦性")
    assert panel.terms_shown() == ["窦性心律", "窦性心动过速"]
    panel.keys["°"].click()
    assert editor.toPlainText() == "心房颤动°"
    assert set(panel.keys) >= set(SYMBOLS)
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    assert panel.isHidden()
    room.actions.trigger("reading.terms")
    assert not panel.isHidden()
    room.page.helping.show_for("findings")
    panel.search.setText("")
    assert panel.terms_shown() == ["P 波规律出现"]


def test_a_term_begins_a_new_line_after_other_words(room: Room) -> None:
    diagnose(room, "窦性心律")
    editor = room.page.conclusion.editors["diagnosis"]
    cursor = editor.textCursor()
    cursor.movePosition(cursor.MoveOperation.End)
    editor.setTextCursor(cursor)
    room.page.helping.show_for("diagnosis")
    room.page.helping.insert_term(room.house.connection.call(ecg_terms.ListTerms()).terms[2])
    assert editor.toPlainText() == "窦性心律\n房性早搏"


def test_a_coded_term_is_kept_as_a_statement(room: Room) -> None:
    room.page.helping.show_for("diagnosis")
    room.page.helping.insert_term(room.house.connection.call(ecg_terms.ListTerms()).terms[1])
    assert [(one.system, one.code) for one in room.state.body.statements] == [("aha", "21")]


# ── saving ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_is_saved_and_opened_again(qtbot: QtBot, tmp_path: Path, room: Room) -> None:
    diagnose(room, "正常心电图")
    assert room.place.drafts.restore("ecg-reading-1") is not None
    room.actions.trigger("reading.save")
    assert not room.page.is_dirty() and room.house.pages[1].state is ReportState.DRAFT
    assert room.place.drafts.restore("ecg-reading-1") is None
    again = another(qtbot, tmp_path / "again", room.house)
    assert again.page.conclusion.editors["diagnosis"].toPlainText() == "正常心电图"
    again.close()


def test_words_that_were_never_saved_come_back_after_a_crash(qtbot: QtBot, tmp_path: Path) -> None:
    first = another(qtbot, tmp_path)
    diagnose(first, "写到一半")
    first.place.drafts.flush()
    second = another(qtbot, tmp_path, first.house)
    assert second.page.conclusion.editors["diagnosis"].toPlainText() == "写到一半"
    assert second.page.is_dirty()
    text, undo = second.messages.undo_offers[-1]
    assert "已恢复" in text
    undo()
    assert not second.page.is_dirty()
    first.close()
    second.close()


def test_a_newer_report_keeps_the_words(room: Room) -> None:
    diagnose(room, "我的诊断")
    room.house.change(writer="另一位医生")
    room.actions.trigger("reading.save")
    assert "保留您的文字" in room.said()[-1]
    assert room.state.body.diagnosis == "我的诊断" and room.page.is_dirty()
    room.actions.trigger("reading.save")
    assert not room.page.is_dirty() and room.house.pages[1].body.diagnosis == "我的诊断"


def test_closing_with_unsaved_changes_asks(room: Room) -> None:
    gone: list[int] = []
    room.page.leave(lambda: gone.append(1))
    assert gone == [1]
    diagnose(room, "未保存")
    room.page.leave(lambda: gone.append(2))
    question = QApplication.activeModalWidget()
    assert question is not None and gone == [1]
    question.answer("save")  # type: ignore[attr-defined]
    assert gone == [1, 2] and room.house.pages[1].body.diagnosis == "未保存"


# ── submitting and printing ──────────────────────────────────────────────────────────────────────────


def test_an_empty_conclusion_is_refused_at_its_box(room: Room) -> None:
    room.actions.trigger("reading.submit")
    assert room.page.steps.window is None
    problem = room.page.conclusion.problems["diagnosis"]
    assert problem.full_text == "请填写心电诊断后再提交" and not problem.isHidden()
    diagnose(room, "正常")
    assert problem.isHidden()


def test_submit_and_print_is_preselected_and_asks_for_a_template_once(room: Room) -> None:
    diagnose(room, "窦性心律")
    room.actions.trigger("reading.submit")
    window = room.page.steps.window
    assert window.modes[PRINTS].isChecked() and not window.modes[SUBMITS].isChecked()
    window.confirm.click()
    template = room.page.steps.window
    assert template is not window and template.windowTitle() == "请选择报告模板"
    template.template.set_value("6x2")
    template.confirm.click()
    assert room.house.pages[1].state is ReportState.SUBMITTED
    assert room.house.prints == ["6x2"] and room.papers.printed == [91]
    assert room.house.account_template == "6x2"
    assert room.place.desk_settings.get("ecg/report-template") == "6x2"
    assert not room.state.may_write
    room.actions.trigger("reading.quick_print")
    assert room.house.prints == ["6x2", "6x2"]


def test_submit_alone_does_not_print(room: Room) -> None:
    diagnose(room, "窦性心律")
    room.actions.trigger("reading.submit")
    room.page.steps.window.modes[SUBMITS].setChecked(True)
    room.page.steps.window.confirm.click()
    assert room.house.pages[1].state is ReportState.SUBMITTED and room.house.prints == []
    assert "报告已提交" in room.said()


def test_quick_print_waits_for_a_published_report(room: Room) -> None:
    assert not room.actions.qt("reading.quick_print").isEnabled()


def test_print_settings_show_the_choice(room: Room) -> None:
    room.actions.trigger("reading.template")
    window = room.page.steps.window
    assert window.windowTitle() == "打印设置" and window.template.value() == "3x4+1R"
    window.confirm.click()
    assert room.house.account_template == "3x4+1R"


def test_scale_and_filters_go_to_the_paper_spacing_does_not(room: Room) -> None:
    room.page.trace.set_scale(50.0, 5.0)
    room.page.trace.set_spacing(Spacing.WIDE)
    look = room.page.paper_look()
    assert (look.speed, look.gain, look.high_pass_hz, look.low_pass_hz) == (50.0, 5.0, 0.05, 150.0)
    assert "spacing" not in msgspec.to_builtins(look)


def test_what_was_chosen_is_remembered_for_the_user(qtbot: QtBot, tmp_path: Path) -> None:
    first = another(qtbot, tmp_path)
    first.page.trace.set_layout("6x2")
    first.close()
    second = another(qtbot, tmp_path, first.house)
    assert second.page.trace.choices.layout == "6x2"
    second.close()


def test_a_withdrawn_report_can_be_written_again(room: Room) -> None:
    diagnose(room, "窦性心律")
    room.actions.trigger("reading.submit")
    room.page.steps.window.modes[SUBMITS].setChecked(True)
    room.page.steps.window.confirm.click()
    room.actions.trigger("reading.withdraw")
    window = room.page.steps.window
    window.confirm.click()
    assert room.house.pages[1].state is ReportState.SUBMITTED  # no reason yet
    window.reason.set_value("写错患者")
    window.confirm.click()
    assert room.house.pages[1].state is ReportState.WITHDRAWN and room.state.may_write


def test_two_levels_the_second_reader_approves_or_returns(room: Room) -> None:
    room.house.two_levels = True
    diagnose(room, "窦性心律")
    room.actions.trigger("reading.submit")
    room.page.steps.window.modes[SUBMITS].setChecked(True)
    room.page.steps.window.confirm.click()
    assert "已提交，等待审核" in room.said()
    buttons = room.page.steps.buttons
    assert not buttons["audit"].isHidden() and not buttons["return"].isHidden() and buttons["submit"].isHidden()
    room.actions.trigger("reading.return")
    room.page.steps.window.reason.set_value("请补充电轴")
    room.page.steps.window.confirm.click()
    said = notice_of(room.state)
    assert said is not None and "请补充电轴" in said.text
    room.actions.trigger("reading.submit")
    room.page.steps.window.modes[SUBMITS].setChecked(True)
    room.page.steps.window.confirm.click()
    room.actions.trigger("reading.audit")
    assert room.house.pages[1].state is ReportState.SUBMITTED and room.house.pages[1].auditor == "张主任"


def test_a_consultation_shows_the_first_opinion_and_publishes(qtbot: QtBot, tmp_path: Path) -> None:
    house = House()
    house.change(side=ReportSide.CONSULTATION, consultation_id=5, first_opinion="窦性心律")
    room = another(qtbot, tmp_path, house, consultation_id=5)
    assert not room.page.conclusion._agreement_row.isHidden()
    diagnose(room, "窦性心律")
    room.actions.trigger("reading.submit")
    room.page.steps.window.modes[SUBMITS].setChecked(True)
    room.page.steps.window.confirm.click()
    assert "会诊报告已发布" in room.said()
    room.close()


def test_read_only_cannot_be_edited(qtbot: QtBot, tmp_path: Path) -> None:
    room = another(qtbot, tmp_path, read_only=True)
    assert all(editor.isReadOnly() for editor in room.page.conclusion.editors.values())
    assert not room.page.parameters.model.is_editable
    for name in ("save", "submit", "acquire"):
        assert not room.actions.qt(f"reading.{name}").isEnabled()
    room.close()


def test_a_critical_ecg_is_said_and_acknowledged(qtbot: QtBot, tmp_path: Path) -> None:
    house = House()
    alarm = ecg_critical.AlarmView(
        id=4,
        exam_id=1,
        trace_id=10,
        rule="rate",
        zh="极度心动过速",
        en="extreme tachycardia",
        reason_zh="心率 190",
        reason_en="rate 190",
        found_at=NOW,
        loop_id=1,
        loop_state=None,
    )
    house.change(alarms=(alarm,))
    asked: list[int] = []

    def acknowledge(request: ecg_critical.AcknowledgeAlarm) -> ecg_critical.AlarmView:
        asked.append(request.alarm_id)
        house.change(alarms=(msgspec.structs.replace(alarm, acknowledged_at=NOW),))
        return alarm

    house.connection.replies[ecg_critical.AcknowledgeAlarm] = acknowledge  # type: ignore[index]
    room = another(qtbot, tmp_path, house)
    assert "极度心动过速" in room.page.notice.text
    room.page.notice._act()
    assert asked == [4] and room.page.notice.isHidden()
    room.close()


def test_documents_of_another_program_are_opened(qtbot: QtBot, tmp_path: Path) -> None:
    house = House()
    document = ecg.DocumentView(
        id=3, exam_id=1, title="动态报告", file_name="h.pdf", size_bytes=1, sha256="", stored_at=NOW, stored_by="a"
    )
    asked: list[int] = []

    def get(request: ecg.GetDocument) -> ecg.OriginalFile:
        asked.append(request.document_id)
        return ecg.OriginalFile(name="h.pdf", data=b"%PDF-1.4")

    view = msgspec.structs.replace(an_exam(house.rows[1]), documents=(document,))
    house.connection.replies |= {ecg.GetDocument: get, ecg.GetEcgExam: lambda _request: view}  # type: ignore[operator]
    room = another(qtbot, tmp_path, house)
    assert room.page.bar.documents == (document,)
    room.page.bar.document_wanted.emit(document)
    assert asked == [3]
    room.close()


# ── history ──────────────────────────────────────────────────────────────────────────────────────────


def test_history_is_shown_read_only_and_leads_back(room: Room) -> None:
    diagnose(room, "正在写")
    room.page.history.setCurrentIndex(1)
    assert room.page.conclusion.editors["diagnosis"].toPlainText() == "窦性心律\n正常心电图"
    assert all(editor.isReadOnly() for editor in room.page.conclusion.editors.values())
    assert not room.actions.qt("reading.save").isEnabled()
    room.page.history.setCurrentIndex(0)
    assert room.page.conclusion.editors["diagnosis"].toPlainText() == "正在写"
    assert room.state.may_write and room.page.is_dirty()


def test_comparison_shows_numbers_and_inserts_sentences(qtbot: QtBot, tmp_path: Path) -> None:
    room = another(qtbot, tmp_path, House(rr_ms=500.0))
    room.actions.trigger("reading.compare")
    content = room.page.comparing.content
    assert content is not None and content.table.rowCount() == 12
    said = content.ticked()
    assert any("心率增快" in one for one in said)
    content.insert.click()
    assert "心率增快" in room.state.body.findings
    room.page.comparing.close()
    assert room.page.comparing.content is None
    room.close()


# ── keys and the trace ───────────────────────────────────────────────────────────────────────────────


def test_f3_measures_and_leaves(room: Room) -> None:
    room.actions.trigger("reading.measure")
    assert room.page.trace.mode is Mode.MEASURE and room.page.bar.buttons["measure"].isChecked()
    room.actions.trigger("reading.measure")
    assert room.page.trace.mode is Mode.READ


def test_every_key_is_named_in_the_help_and_spacing_switches(room: Room) -> None:
    from clients.ecg.reading.keys import ACTIONS, MOUSE
    from clients.ecg.reading.windows import KeysWindow
    from clients.kit.labels import ValueLabel

    keys = {label.full_text for label in KeysWindow(ACTIONS, MOUSE).findChildren(ValueLabel)}
    assert {action.shortcut for action in ACTIONS if action.shortcut} <= keys
    room.actions.trigger("reading.spacing")
    assert room.page.trace.choices.spacing is Spacing.WIDE


def test_a_change_elsewhere_is_heard_and_typed_words_stay(room: Room) -> None:
    diagnose(room, "我的")
    room.house.change(obstacle="会诊中，由王医生书写", is_editable=False, allowed=(ReportAction.PRINT,))
    room.desk.changed.ring(("ecg_report", 1))
    assert room.state.body.diagnosis == "我的"
    said = notice_of(room.state)
    assert said is not None and "王医生" in said.text


def test_a_closed_page_survives_late_answers(qtbot: QtBot, tmp_path: Path) -> None:
    runner = HeldRunner()
    room = another(qtbot, tmp_path, runner=runner)
    room.page.close()
    runner.release()
    assert room.state.page is None
    room.close()
