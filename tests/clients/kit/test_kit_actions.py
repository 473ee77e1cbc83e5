"""Actions: wrong declarations fail at start, tooltips show shortcuts, the palette finds in both languages."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.actions import Action, ActionDeclarationError, ActionGroup, check_actions, tooltip
from clients.kit.palette import CommandPalette, find_commands
from clients.kit.pinyin import initials, matches
from clients.kit.translations import Language, register_catalogue, set_language

SUBMIT = Action("exam.submit", "提交登记", "Ctrl+Return", "submit", enabled=bool)
CANCEL = Action("exam.cancel", "取消登记", icon="cross_circle", danger=True)
NEXT = Action("queue.next", "呼叫下一位", "F5", "call")
WORDS = {"提交登记": "Submit registration", "取消登记": "Cancel registration", "呼叫下一位": "Call next"}
register_catalogue(WORDS)


@pytest.mark.parametrize(
    "wrong",
    [
        [SUBMIT, Action("exam.submit", "又一个")],
        [SUBMIT, Action("exam.other", "别的", "ctrl+return")],
        [Action("exam.x", "图标不存在", icon="no such icon")],
        [Action("exam.x", "快捷键不存在", "Ctrl+Nonsense")],
        [Action("", "没有名字")],
        [Action("exam.x", "")],
    ],
    ids=["id twice", "shortcut twice", "unknown icon", "unknown shortcut", "no id", "no text"],
)
def test_wrong_declarations_fail_at_start(qtbot: QtBot, wrong: list[Action]) -> None:
    with pytest.raises(ActionDeclarationError):
        check_actions(wrong)


def test_a_tooltip_shows_words_hint_and_shortcut(qtbot: QtBot) -> None:
    register_catalogue({"提示一": "First hint", "提示二": "Second hint"})
    assert tooltip("提示一", "Ctrl+Return") == "提示一  (Ctrl+Return)"
    set_language(Language.ENGLISH)
    assert tooltip("提示一", "Ctrl+Return", "提示二") == "First hint  (Ctrl+Return)\nSecond hint"


def a_page(qtbot: QtBot) -> tuple[QWidget, ActionGroup, list[str]]:
    page = QWidget()
    page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(page)
    group = ActionGroup([SUBMIT, CANCEL, NEXT], page)
    done: list[str] = []
    for action in (SUBMIT, CANCEL, NEXT):
        group.on(action.id, lambda name=action.id: done.append(name))
    with qtbot.waitActive(page, timeout=30_000):
        page.show()
        page.activateWindow()
    page.setFocus()
    return page, group, done


def test_the_shortcut_does_the_action(qtbot: QtBot) -> None:
    page, _group, done = a_page(qtbot)
    qtbot.keyClick(page, Qt.Key.Key_F5)
    assert done == ["queue.next"]


def test_the_rule_enables_button_shortcut_and_palette_together(qtbot: QtBot) -> None:
    page, group, done = a_page(qtbot)
    button = group.button("exam.submit", "primary")
    QVBoxLayout(page).addWidget(button)
    group.update(None)
    assert not button.isEnabled()
    assert "exam.submit" not in [a.id for a in group.available()]
    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert done == []
    group.update("ready")
    button.click()
    assert done == ["exam.submit"]
    assert "Ctrl+Return" in button.toolTip()


def test_buttons_follow_the_language(qtbot: QtBot) -> None:
    page, group, _done = a_page(qtbot)
    button = group.button("queue.next")
    icon = group.icon_button("queue.next")
    QVBoxLayout(page).addWidget(button)
    page.layout().addWidget(icon)  # type: ignore[union-attr]
    set_language(Language.ENGLISH)
    assert button.text() == "Call next"
    assert icon.toolTip() == "Call next  (F5)"


COMMANDS = [(action, lambda: None) for action in (SUBMIT, CANCEL, NEXT)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["exam.submit", "exam.cancel", "queue.next"]),
        ("呼叫", ["queue.next"]),
        ("登记", ["exam.submit", "exam.cancel"]),
        ("hjxyw", ["queue.next"]),
        ("xyw", ["queue.next"]),
        ("hujiao", ["queue.next"]),
        ("qx", ["exam.cancel"]),
        ("call", ["queue.next"]),
        ("registration cancel", ["exam.cancel"]),
        ("zzz", []),
    ],
)
@pytest.mark.parametrize("language", list(Language))
def test_the_palette_finds_by_chinese_english_and_pinyin(typed: str, found: list[str], language: Language) -> None:
    register_catalogue(WORDS)  # other workstations' words for the same may have come since
    set_language(language)
    assert [action.id for action, _ in find_commands(COMMANDS, typed)] == found


def test_the_palette_runs_what_enter_picks(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(800, 600)
    window.show()
    done: list[str] = []
    palette = CommandPalette([(SUBMIT, lambda: done.append("submit")), (NEXT, lambda: done.append("next"))], window)
    palette.open_over(window)
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert done == ["next"]


def test_pinyin_initials() -> None:
    assert initials("呼叫下一位") == "hjxyw"
    assert initials("CT检查") == "ctjc"
    assert matches("胸部CT平扫", "xbct") and matches("胸部CT平扫", "ct") and not matches("胸部CT平扫", "mr")
