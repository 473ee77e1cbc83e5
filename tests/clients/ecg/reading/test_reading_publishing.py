"""提交, 打印, 审核, 撤回, consultations, and what is critical."""

from __future__ import annotations

from pathlib import Path

import msgspec
from pytestqt.qtbot import QtBot

from clients.ecg.reading.strips import notice_of
from clients.ecg.reading.windows import PRINTS, SUBMITS
from clients.ecg.trace.choices import Spacing
from shared.contract import ecg, ecg_critical
from shared.domain.ecg import ReportState
from shared.domain.ecg_reports import ReportSide
from tests.clients.ecg.reading.reading_house import House, Room, diagnose, shown
from tests.clients.ecg.reading.reading_rows import NOW, an_exam


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
    first = shown(qtbot, tmp_path)
    first.page.trace.set_layout("6x2")
    first.close()
    second = shown(qtbot, tmp_path, first.house)
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
    room = shown(qtbot, tmp_path, house, consultation_id=5)
    assert not room.page.conclusion._agreement_row.isHidden()
    diagnose(room, "窦性心律")
    room.actions.trigger("reading.submit")
    room.page.steps.window.modes[SUBMITS].setChecked(True)
    room.page.steps.window.confirm.click()
    assert "会诊报告已发布" in room.said()
    room.close()


def test_read_only_cannot_be_edited(qtbot: QtBot, tmp_path: Path) -> None:
    room = shown(qtbot, tmp_path, read_only=True)
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
    room = shown(qtbot, tmp_path, house)
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
    room = shown(qtbot, tmp_path, house)
    assert room.page.bar.documents == (document,)
    room.page.bar.document_wanted.emit(document)
    assert asked == [3]
    room.close()
