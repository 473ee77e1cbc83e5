"""Strips above the text: why it came back, who holds it, two versions side by side, doubts, really give up?"""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QTextEdit, QVBoxLayout, QWidget

from clients.diagnosis.report.state import Obstacle, ReportPageState, Trouble
from clients.kit.labels import Button, Glyph, Label, ValueLabel
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import ReportContent


class Intentions(Protocol):
    """What strips ask of their presenter."""

    def enter_here(self) -> None: ...
    def unlock(self) -> None: ...
    def take_mine(self) -> None: ...
    def open_merge(self) -> None: ...
    def take_theirs(self) -> None: ...
    def dismiss(self) -> None: ...
    def overrule(self, reason: str) -> None: ...
    def submit_short(self) -> None: ...
    def give_up(self) -> None: ...


_TONES = {
    Trouble.HELD: Tone.INFO,
    Trouble.LOCK_LOST: Tone.DANGER,
    Trouble.STALE: Tone.WARNING,
    Trouble.RESTORED: Tone.INFO,
    Trouble.DOUBT: Tone.WARNING,
    Trouble.SHORT: Tone.DANGER,
    Trouble.GIVE_UP: Tone.DANGER,
}


class Strip(QWidget):
    """A coloured strip: glyph, sentence, buttons at the right, and room for more below."""

    def __init__(self) -> None:
        super().__init__()
        self._tone = Tone.INFO
        self.glyph = Glyph("details", 16)
        self.sentence = ValueLabel("", wrap=True)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.line = QHBoxLayout()
        self.line.setSpacing(8)
        self.line.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignTop)
        self.line.addWidget(self.sentence, 1)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 8, 8, 8)
        self.body.setSpacing(8)
        self.body.addLayout(self.line)
        self.hide()

    def wear(self, tone: Tone, glyph: str) -> None:
        """Take a tone and a glyph."""
        self._tone = tone
        self.glyph.set_glyph(glyph, tone)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(current_theme().tone(self._tone).ground))


class ReturnStrip(Strip):
    """退回理由, while the report is being corrected (RIS-RSM-16)."""

    def show_state(self, state: ReportPageState) -> None:
        """Show the reason of the last return, or nothing."""
        self.setVisible(bool(state.returned_reason))
        if state.returned_reason and state.report is not None:
            self.wear(Tone.DANGER, "reject")
            last = state.report.returns[-1]
            self.sentence.set_text(tr("{who} 退回：{reason}", who=last.by, reason=last.reason))


class ObstacleStrip(Strip):
    """The present obstacle with what can be done about it."""

    def __init__(self) -> None:
        super().__init__()
        self._intentions: Intentions | None = None
        self._obstacle: Obstacle | None = None
        self.reason = QLineEdit()
        self.reason.setMaxLength(200)
        self.reason.returnPressed.connect(self._overrule)
        self.buttons = {
            "enter": Button("重新进入", "primary", on_click=self._enter),
            "unlock": Button("解锁", "", "unlock", on_click=self._unlock),
            "merge": Button("合并", "primary", "compare", on_click=self._merge),
            "mine": Button("保留我的", on_click=self._mine),
            "theirs": Button("采用服务器的", on_click=self._theirs),
            "overrule": Button("仍然提交", "primary", on_click=self._overrule),
            "pass": Button("仍然通过", "primary", on_click=self._overrule),
            "short": Button("仍然提交", "primary", on_click=self._short),
            "give_up": Button("确认放弃", "danger", on_click=self._give_up),
            "close": Button("知道了", "quiet", on_click=self._dismiss),
            "cancel": Button("取消", "quiet", on_click=self._dismiss),
        }
        for button in self.buttons.values():
            self.line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.reason)
        self.versions = _Versions()
        self.body.addWidget(self.versions)

    def attach(self, intentions: Intentions) -> None:
        """Report to this presenter from now on."""
        self._intentions = intentions

    def show_state(self, state: ReportPageState) -> None:
        """Show the state's obstacle, or nothing."""
        obstacle = state.obstacle
        if obstacle is None:
            self._obstacle = None
            self.hide()
            return
        is_new = obstacle != self._obstacle
        self._obstacle = obstacle
        self.wear(_TONES[obstacle.kind], "lock" if obstacle.kind in (Trouble.HELD, Trouble.LOCK_LOST) else "alert")
        self.sentence.set_text(_sentence(obstacle))
        wanted = _buttons(obstacle, can_unlock=any(str(one) == "unlock" for one in _allowed(state)))
        for name, button in self.buttons.items():
            button.setVisible(name in wanted)
        self.reason.setVisible(obstacle.kind is Trouble.DOUBT)
        self.reason.setPlaceholderText(tr("仍然通过的理由") if obstacle.is_approval else tr("继续提交的理由"))
        has_both = obstacle.other is not None and obstacle.mine is not None
        self.versions.setVisible(has_both and obstacle.kind is Trouble.LOCK_LOST)  # the merge shows a stale one better
        if is_new and obstacle.other is not None and obstacle.mine is not None:
            self.versions.show_both(obstacle.mine, obstacle.other)
        if is_new and obstacle.kind is Trouble.DOUBT:
            self.reason.clear()
            self.reason.setFocus()
        self.show()

    def _enter(self) -> None:
        if self._intentions is not None:
            self._intentions.enter_here()

    def _unlock(self) -> None:
        if self._intentions is not None:
            self._intentions.unlock()

    def _merge(self) -> None:
        if self._intentions is not None:
            self._intentions.open_merge()

    def _mine(self) -> None:
        if self._intentions is not None:
            self._intentions.take_mine()

    def _theirs(self) -> None:
        if self._intentions is not None:
            self._intentions.take_theirs()

    def _overrule(self) -> None:
        reason = self.reason.text().strip()
        if not reason:
            self.reason.setFocus()
        elif self._intentions is not None:
            self._intentions.overrule(reason)

    def _short(self) -> None:
        if self._intentions is not None:
            self._intentions.submit_short()

    def _give_up(self) -> None:
        if self._intentions is not None:
            self._intentions.give_up()

    def _dismiss(self) -> None:
        if self._intentions is not None:
            self._intentions.dismiss()


class _Versions(QWidget):
    """Two texts beside each other."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(8)
        self.mine, self.theirs = QTextEdit(), QTextEdit()
        for title, box in (("我的内容", self.mine), ("服务器上的内容", self.theirs)):
            box.setReadOnly(True)
            box.setFixedHeight(110)
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addWidget(Label(title, "caption"))
            column.addWidget(box)
            row.addLayout(column)

    def show_both(self, mine: ReportContent, theirs: ReportContent) -> None:
        """Show mine left, theirs right."""
        for box, content in ((self.mine, mine), (self.theirs, theirs)):
            box.setHtml(f"{content.findings}<hr>{content.impression}")


def _allowed(state: ReportPageState) -> tuple[str, ...]:
    return () if state.report is None else state.report.allowed


def _buttons(obstacle: Obstacle, *, can_unlock: bool) -> set[str]:
    if obstacle.kind is Trouble.HELD:
        return {"unlock", "close"} if can_unlock else {"enter", "close"}
    if obstacle.kind is Trouble.LOCK_LOST:
        return {"unlock"} if can_unlock else {"enter"}
    if obstacle.kind is Trouble.DOUBT:
        return {"pass" if obstacle.is_approval else "overrule", "cancel"}
    return {
        Trouble.STALE: {"merge", "mine", "theirs"},
        Trouble.RESTORED: {"theirs", "close"},
        Trouble.SHORT: {"short", "cancel"},
        Trouble.GIVE_UP: {"give_up", "cancel"},
    }[obstacle.kind]


def _sentence(obstacle: Obstacle) -> str:
    if obstacle.kind is Trouble.HELD:
        return tr("此报告由 {who} 持有，现在只能阅读。如需书写请先解锁。", who=obstacle.who)
    if obstacle.kind is Trouble.LOCK_LOST:
        if obstacle.who:
            return tr("报告已由 {who} 解锁或接手。您的内容仍保留在此页和本机，重新进入后可继续。", who=obstacle.who)
        return tr("您已不再持有此报告。您的内容仍保留在此页和本机，重新进入后可继续。")
    if obstacle.kind is Trouble.DOUBT:
        return obstacle.sentence
    if obstacle.kind is Trouble.SHORT:
        return tr("影像不全：还缺 {count} 幅。请等待影像到齐，或确认后仍然提交。", count=obstacle.missing)
    return tr(
        {
            Trouble.STALE: "服务器上已有另一个版本，请比较后选择。两个版本都不会丢失。",
            Trouble.RESTORED: "已恢复本机上未提交的内容。",
            Trouble.GIVE_UP: "放弃后将清空书写内容（审核时恢复为提交的版本），确定放弃吗？",
        }[obstacle.kind]
    )
