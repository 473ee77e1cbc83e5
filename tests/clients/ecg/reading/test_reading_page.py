"""The reading page over a server in memory: what it shows, earlier exams, keys, changes made elsewhere."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.ecg.reading.basics import _shared
from clients.ecg.reading.strips import notice_of, quality_of
from clients.ecg.trace.choices import Mode, Spacing
from clients.kit.review import review
from clients.kit.running import HeldRunner
from clients.kit.tokens import Tone
from clients.kit.translations import Language, set_language
from shared.contract import ecg, ecg_terms
from shared.domain.ecg import ReportAction
from shared.domain.ecg_reports import Parameter
from tests.clients.ecg.reading.reading_house import House, Room, diagnose, shown
from tests.clients.ecg.reading.reading_rows import measured


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
    room = shown(qtbot, tmp_path, runner=runner)
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
    room = shown(qtbot, tmp_path, house)
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
    room = shown(qtbot, tmp_path, House(acquired=False))
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
    room = shown(qtbot, tmp_path, House(rr_ms=500.0))
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
    room = shown(qtbot, tmp_path, runner=runner)
    room.page.close()
    runner.release()
    assert room.state.page is None
    room.close()


def test_an_analysis_of_another_version_is_measured_anew_and_logged(
    qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    house.traces[1] = msgspec.structs.replace(house.traces[1], analysis=b"of another version")
    with caplog.at_level("WARNING", logger="clients.ecg.reading.traces"):
        room = shown(qtbot, tmp_path, house)
    assert room.page.paper.currentWidget() is room.page.trace
    assert room.page.parameters.value_shown(Parameter.HR) == "73"
    assert ["measured anew" in one.message for one in caplog.records] == [True]
    room.close()
