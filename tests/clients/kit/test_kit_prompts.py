"""Prompts by pinyin initials, the tool strip, stamps of states, questions: parts of the classical desktop."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from clients.kit import prompting
from clients.kit.actions import Action, ActionGroup
from clients.kit.badges import StateBadge
from clients.kit.dialogs import ContentWindow, Question
from clients.kit.fields import Prompt, PromptField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.prompt_editor import PromptEditor, _fill
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.tool_strip import Tool, ToolStrip

DEPARTMENTS = (
    Prompt("骨外科", ("外科",)),
    Prompt("普外科", ("外科",)),
    Prompt("胸外科", ("外科",)),
    Prompt("消化内科", ("内科",), "XHNK"),
    Prompt("ICU"),
)


@pytest.mark.parametrize(
    ("typed", "text"),
    [("GWK", "骨外科"), ("gwk", "骨外科"), ("骨外科", "骨外科"), ("xhnk", "消化内科"), ("WK", ""), ("", "")],
)
def test_initials_name_exactly_one_entry(typed: str, text: str) -> None:
    found = prompting.exact(DEPARTMENTS, typed)
    assert (found.text if found is not None else "") == text


def test_what_begins_so_stands_before_what_contains_it() -> None:
    assert [one.text for one in prompting.found(DEPARTMENTS, "wk")] == ["骨外科", "普外科", "胸外科"]
    assert [one.text for one in prompting.found(DEPARTMENTS, "x")][:2] == ["胸外科", "消化内科"]
    assert prompting.found(DEPARTMENTS, " ") == []


@pytest.fixture
def form(qtbot: QtBot) -> FormView:
    made = FormView(
        [
            Section(
                "",
                [
                    PromptField(key="department", label="送检科室", source=lambda: DEPARTMENTS),
                    TextField(key="name", label="姓名"),
                ],
            )
        ]
    )
    qtbot.addWidget(made)
    made.resize(600, 200)
    with qtbot.waitActive(made, timeout=30_000):
        made.show()
        made.activateWindow()
    made.focus("department")
    return made


def editor_of(form: FormView) -> PromptEditor:
    editor = form.rows["department"].editor
    assert isinstance(editor, PromptEditor)
    return editor


def test_initials_and_enter_choose_the_entry_and_the_next_enter_goes_on(form: FormView) -> None:
    editor = editor_of(form)
    changed: list[str] = []
    form.changed.connect(changed.append)
    QTest.keyClicks(editor.line, "gwk")
    assert editor.popup.isVisible() and editor.popup.list.currentItem().text() == "骨外科"
    QTest.keyClick(editor.line, Qt.Key.Key_Return)
    assert form.value("department") == "骨外科" and not editor.popup.isVisible() and changed
    QTest.keyClick(editor.line, Qt.Key.Key_Return)
    assert form.rows["name"].editor.focus_target.hasFocus()


def test_leaving_the_field_takes_what_the_letters_name_and_leaves_other_words_alone(form: FormView) -> None:
    editor = editor_of(form)
    QTest.keyClicks(editor.line, "GWK")
    form.focus("name")
    assert form.value("department") == "骨外科" and not editor.popup.isVisible()
    form.focus("department")
    editor.line.selectAll()
    QTest.keyClicks(editor.line, "WK")  # three entries: nobody guesses
    form.focus("name")
    assert form.value("department") == "WK"


def test_arrows_choose_in_the_list_and_escape_closes_it(form: FormView) -> None:
    editor = editor_of(form)
    QTest.keyClicks(editor.line, "wk")
    QTest.keyClick(editor.line, Qt.Key.Key_Down)
    QTest.keyClick(editor.line, Qt.Key.Key_Return)
    assert form.value("department") == "普外科"
    editor.line.clear()
    QTest.keyClicks(editor.line, "wk")
    QTest.keyClick(editor.line, Qt.Key.Key_Escape)
    assert not editor.popup.isVisible() and form.value("department") == "wk"


def test_the_menu_follows_the_groups_and_a_choice_fills_the_field(form: FormView) -> None:
    editor = editor_of(form)
    menu = QMenu()
    _fill(menu, DEPARTMENTS, editor._take)
    assert [action.text() for action in menu.actions()] == ["外科", "内科", "ICU"]
    surgery = menu.actions()[0].menu()
    assert isinstance(surgery, QMenu)
    surgery.actions()[1].trigger()
    assert form.value("department") == "普外科"


def test_a_very_long_level_is_cut_into_parts(form: FormView) -> None:
    menu = QMenu()
    _fill(menu, [Prompt(f"词{n}") for n in range(65)], editor_of(form)._take)
    assert len(menu.actions()) == 3 and menu.actions()[2].text() == "词60 … 词64"


def test_a_field_that_may_not_be_changed_offers_nothing(form: FormView) -> None:
    editor = editor_of(form)
    form.set_read_only(True)
    QTest.keyClicks(editor.line, "GWK")
    assert form.value("department") == "" and not editor.button.isVisible()


def test_tools_that_find_no_room_stand_in_the_menu_at_the_end(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    actions = tuple(Action(f"a.{n}", "保存", icon="save") for n in range(12))
    group = ActionGroup(actions, owner)
    strip = ToolStrip(group, [Tool(action.id, "保存", line=n == 3) for n, action in enumerate(actions)])
    qtbot.addWidget(strip)
    strip.resize(1366, 60)
    strip.show()
    assert strip.hidden_tools == ()
    strip.resize(300, 60)
    QApplication.processEvents()
    assert len(strip.hidden_tools) > 5
    strip._fill_overflow()
    assert len(strip._overflow.actions()) == len(strip.hidden_tools)
    done: list[str] = []
    group.on("a.0", lambda: done.append("a.0"))
    strip.buttons["a.0"].click()
    group.set_enabled("a.0", False)
    assert done == ["a.0"] and not strip.buttons["a.0"].isEnabled()


def test_a_stamp_shows_its_character_on_its_colour(qtbot: QtBot) -> None:
    badge = StateBadge(StateLook("已制片", Tone.INFO, "dot", mark="制", colour="#0B3D91"))
    qtbot.addWidget(badge)
    badge.resize(badge.sizeHint())
    badge.show()
    picture = badge.grab().toImage()
    assert picture.pixelColor(3, picture.height() // 2).name() == "#0b3d91"


def test_a_question_gives_exactly_one_answer_and_escape_the_last(qtbot: QtBot) -> None:
    parent = QLineEdit()
    qtbot.addWidget(parent)
    parent.show()
    answers: list[str] = []
    choices = (("save", "保存", "primary"), ("stay", "取消", ""))
    question = Question(parent, "保存", "要保存吗？", choices, answers.append)
    question.open()
    question.buttons["save"].click()
    assert answers == ["save"]
    other = Question(parent, "保存", "要保存吗？", choices, answers.append)
    other.open()
    QTest.keyClick(other, Qt.Key.Key_Escape)
    assert answers == ["save", "stay"]


def test_a_window_closes_its_content_with_it(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(1000, 700)
    parent.show()

    closed: list[bool] = []

    class Content(QWidget):
        def closeEvent(self, event: object) -> None:
            closed.append(True)
            super().closeEvent(event)  # type: ignore[arg-type]

    window = ContentWindow(parent, "保存", Content(), (400, 300))
    window.show()
    QTest.keyClick(window, Qt.Key.Key_Return)
    assert window.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert closed and not window.isVisible()
