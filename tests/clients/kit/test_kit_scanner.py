"""Scanner input: a burst ended by Enter is a scan anywhere in the window; typing is typing, in order and complete."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QKeyCombination, Qt
from PySide6.QtGui import QAction, QInputMethodEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.scanner import GAP_KEY, PREFIX_KEY, SUFFIX_KEY, ScannerInput


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A window with a field and a button, a clock in the test's hand, and what was scanned."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.window = QWidget()
        qtbot.addWidget(self.window)
        layout = QVBoxLayout(self.window)
        self.field, self.button = QLineEdit(), QPushButton("x")
        layout.addWidget(self.field)
        layout.addWidget(self.button)
        self.clock = Clock()
        self.scanner = ScannerInput(self.window, clock=self.clock)
        self.scanner._timer.setInterval(10_000)  # the clock decides in these tests, not the time of the machine
        self.scanned: list[str] = []
        self.entered: list[str] = []
        self.field.returnPressed.connect(lambda: self.entered.append(self.field.text()))
        self.window.show()
        qtbot.waitExposed(self.window, timeout=30_000)
        self.window.activateWindow()
        self.field.setFocus()

    def type(self, text: str, gap_s: float) -> None:
        for letter in text:
            self.clock.now += gap_s
            self.qtbot.keyClicks(self.window.focusWidget() or self.field, letter)

    def press(self, key: Qt.Key, gap_s: float) -> None:
        self.clock.now += gap_s
        self.qtbot.keyClick(self.window.focusWidget() or self.field, key)


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    made = Desk(qtbot)
    made.scanner.listen(made.scanned.append)
    return made


@pytest.mark.parametrize("end", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab])
def test_a_fast_burst_is_a_scan_and_never_reaches_the_field(desk: Desk, end: Qt.Key) -> None:
    desk.type("CT20260001-A", 0.004)
    desk.press(end, 0.004)
    assert desk.scanned == ["CT20260001-A"]
    assert desk.field.text() == ""
    assert desk.entered == []
    assert desk.window.focusWidget() is desk.field


def test_a_scan_works_wherever_the_focus_is(desk: Desk) -> None:
    desk.button.setFocus()
    desk.type("98765", 0.01)
    desk.press(Qt.Key.Key_Return, 0.01)
    assert desk.scanned == ["98765"]


def test_typing_by_hand_reaches_the_field_and_enter_works(desk: Desk) -> None:
    desk.type("zhang3", 0.12)
    desk.press(Qt.Key.Key_Return, 0.12)
    assert desk.scanned == []
    assert desk.entered == ["zhang3"]


def test_a_short_fast_burst_is_typing(desk: Desk) -> None:
    desk.type("abcd", 0.004)
    desk.press(Qt.Key.Key_Return, 0.004)
    assert desk.scanned == []
    assert desk.entered == ["abcd"]


def test_fast_letters_with_a_late_enter_are_typing(desk: Desk) -> None:
    desk.type("abcdef", 0.004)
    desk.press(Qt.Key.Key_Return, 0.3)
    assert desk.scanned == []
    assert desk.entered == ["abcdef"]


def test_typing_before_a_scan_stays_in_the_field(desk: Desk) -> None:
    desk.type("ab", 0.2)
    desk.clock.now += 0.5
    desk.type("12345678", 0.004)
    desk.press(Qt.Key.Key_Return, 0.004)
    assert desk.scanned == ["12345678"]
    assert desk.field.text() == "ab"


def test_keys_held_back_come_in_order_before_an_editing_key(desk: Desk) -> None:
    desk.type("abc", 0.004)
    desk.press(Qt.Key.Key_Backspace, 0.004)
    assert desk.field.text() == "ab"


def test_keys_held_back_reach_the_field_after_the_pause(desk: Desk) -> None:
    desk.scanner._timer.setInterval(1)
    desk.type("abc", 0.004)
    desk.qtbot.waitUntil(lambda: desk.field.text() == "abc", timeout=30_000)


def test_shortcuts_pass_at_once(desk: Desk) -> None:
    desk.field.setText("text")
    desk.qtbot.keyClick(desk.field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert desk.field.selectedText() == "text"


def test_nobody_listening_means_nothing_is_held_back(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.type("1234567", 0.001)
    assert desk.field.text() == "1234567"
    forget = desk.scanner.listen(desk.scanned.append)
    forget()
    desk.type("89", 0.001)
    assert desk.field.text() == "123456789"


def test_the_newest_listener_gets_the_scan(desk: Desk) -> None:
    other: list[str] = []
    forget = desk.scanner.listen(other.append)
    desk.type("11111", 0.001)
    desk.press(Qt.Key.Key_Return, 0.001)
    forget()
    desk.type("22222", 0.001)
    desk.press(Qt.Key.Key_Return, 0.001)
    assert other == ["11111"]
    assert desk.scanned == ["22222"]


def test_a_shell_inside_another_window_hears_scans_too(qtbot: QtBot) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    inner, field = QWidget(), QLineEdit()
    QVBoxLayout(outer).addWidget(inner)
    QVBoxLayout(inner).addWidget(field)
    clock = Clock()
    scanner = ScannerInput(inner, clock=clock)
    scanner._timer.setInterval(10_000)
    scanned: list[str] = []
    with qtbot.waitActive(outer, timeout=30_000):
        outer.show()
        outer.activateWindow()
    field.setFocus()
    scanner.listen(scanned.append)
    qtbot.keyClicks(field, "123456")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert scanned == ["123456"] and field.text() == ""


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Qt.Key.Key_F3, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier),
    ],
)
def test_what_was_typed_is_in_its_field_before_a_shortcut_acts(
    desk: Desk, key: Qt.Key, modifier: Qt.KeyboardModifier
) -> None:
    seen: list[str] = []
    action = QAction(desk.window)
    action.setShortcut(QKeySequence(QKeyCombination(modifier, key)))
    action.triggered.connect(lambda: seen.append(desk.field.text()))
    action.triggered.connect(desk.button.setFocus)
    desk.window.addAction(action)
    desk.type("45", 0.2)
    desk.clock.now += 0.01
    desk.qtbot.keyClick(desk.field, key, modifier)
    assert seen == ["45"]
    assert desk.field.text() == "45"


def test_a_scanner_that_presses_shift_for_capitals_is_one_scan(desk: Desk) -> None:
    desk.type("261121", 0.004)
    for letter in "CT":
        desk.press(Qt.Key.Key_Shift, 0.002)
        desk.type(letter, 0.002)
    desk.type("0001", 0.004)
    desk.press(Qt.Key.Key_Return, 0.004)
    assert desk.scanned == ["261121CT0001"]
    assert desk.field.text() == ""


def compose(desk: Desk, *events: tuple[str, str], gap_s: float) -> None:
    """Texts of an input method as (composed, committed)."""
    for preedit, commit in events:
        desk.clock.now += gap_s
        event = QInputMethodEvent(preedit, [])
        event.setCommitString(commit)
        QCoreApplication.sendEvent(desk.field, event)


def test_a_scan_through_a_full_width_input_method_is_read(desk: Desk) -> None:
    compose(desk, *(("", letter) for letter in "ＣＴ２０２６００１"), gap_s=0.005)
    desk.press(Qt.Key.Key_Return, 0.005)
    assert desk.scanned == ["CT2026001"]
    assert desk.field.text() == ""


def test_full_width_characters_of_a_person_stay_as_they_are(desk: Desk) -> None:
    compose(desk, ("", "，"), ("", "Ａ"), gap_s=0.3)
    desk.press(Qt.Key.Key_Return, 0.3)
    assert desk.field.text() == "，Ａ"
    assert desk.scanned == []


def test_a_scan_that_an_input_method_changed_is_told_and_not_taken(desk: Desk) -> None:
    heard: list[int] = []
    desk.scanner.garbled.connect(lambda: heard.append(1))
    compose(desk, ("c", ""), ("ct", ""), ("ct2", ""), ("", "传统"), ("", "0"), ("", "1"), gap_s=0.005)
    desk.press(Qt.Key.Key_Return, 0.005)
    assert heard == [1]
    assert desk.scanned == []
    assert desk.entered == []


def test_composing_a_name_is_no_scan(desk: Desk) -> None:
    heard: list[int] = []
    desk.scanner.garbled.connect(lambda: heard.append(1))
    compose(desk, ("z", ""), ("zh", ""), ("zha", ""), ("zhan", ""), ("zhang", ""), ("", "张"), gap_s=0.12)
    desk.press(Qt.Key.Key_Return, 0.12)
    assert heard == []
    assert desk.field.text() == "张"
    assert desk.entered == ["张"]


def test_prefix_suffix_and_speed_are_the_desks(desk: Desk) -> None:
    class Settings:
        def get(self, key: str, default: object = None) -> object:
            return {PREFIX_KEY: "~", SUFFIX_KEY: "#", GAP_KEY: 150}.get(key, default)

    desk.scanner.follow(Settings())
    desk.scanner._timer.setInterval(10_000)
    desk.type("~CT2026001#", 0.1)  # a slow scanner
    desk.press(Qt.Key.Key_Return, 0.1)
    assert desk.scanned == ["CT2026001"]
