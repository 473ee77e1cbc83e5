"""诊断结论区: suggestions, terms, undo, drafts that survive a crash, leaving with unsaved words."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from shared.contract import ecg_terms
from shared.domain.ecg import ReportState
from shared.domain.ecg_reports import SYMBOLS, Parameter, Verdict
from tests.clients.ecg.reading.reading_house import Room, diagnose, shown


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


def test_a_draft_is_saved_and_opened_again(qtbot: QtBot, tmp_path: Path, room: Room) -> None:
    diagnose(room, "正常心电图")
    assert room.place.drafts.restore("ecg-reading-1") is not None
    room.actions.trigger("reading.save")
    assert not room.page.is_dirty() and room.house.pages[1].state is ReportState.DRAFT
    assert room.place.drafts.restore("ecg-reading-1") is None
    again = shown(qtbot, tmp_path / "again", room.house)
    assert again.page.conclusion.editors["diagnosis"].toPlainText() == "正常心电图"
    again.close()


def test_words_that_were_never_saved_come_back_after_a_crash(qtbot: QtBot, tmp_path: Path) -> None:
    first = shown(qtbot, tmp_path)
    diagnose(first, "写到一半")
    first.place.drafts.flush()
    second = shown(qtbot, tmp_path, first.house)
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


def test_words_that_were_thrown_away_do_not_come_back(qtbot: QtBot, tmp_path: Path) -> None:
    first = shown(qtbot, tmp_path)
    diagnose(first, "不要了")
    assert first.place.drafts.restore("ecg-reading-1") is not None
    first.page.leave(lambda: None)
    question = QApplication.activeModalWidget()
    assert question is not None
    question.answer("discard")  # type: ignore[attr-defined]
    assert first.place.drafts.restore("ecg-reading-1") is None
    second = shown(qtbot, tmp_path / "again", first.house)
    assert second.state.body.diagnosis == "" and not second.messages.undo_offers
    first.close()
    second.close()
