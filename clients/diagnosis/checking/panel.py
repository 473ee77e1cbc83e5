"""Alarms beside a report: a tag near the patient's number, wavy lines in the text, and a panel with the reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from clients.diagnosis.checking.presenter import CheckingPresenter
from clients.diagnosis.checking.state import CheckingState
from clients.diagnosis.checking.words import REASONS, kind_words, why_words
from clients.kit.kept import Kept
from clients.kit.labels import Button, Glyph, Label, ValueLabel, hairline
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.checking import AlarmView, DismissReason
from shared.contract.reporting import ReportContent, ReportView

if TYPE_CHECKING:
    from clients.diagnosis.sides import Desk

KEY = "checking"
_FORM = "structured"
_PAUSE_MS = 800
_presenters: Kept[CheckingPresenter] = Kept("checking")


def presenter_of(place: Workplace, desk: Desk) -> CheckingPresenter:
    """Return the presenter of a report page, made when it is first asked for."""
    found = _presenters.of(desk)
    if found is None:
        found = _presenters.keep(desk, CheckingPresenter(place.connection, place.runner, place.messages))
    return found


def build(place: Workplace, desk: Desk) -> QWidget:
    """Make the panel of the right bar."""
    return CheckingPanel(place, desk)


class CheckingTag(QWidget):
    """How many places should be looked at; it checks while the doctor pauses and lives as long as the page."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.presenter = presenter_of(place, desk)
        self.button = Button("质控提示", "link", on_click=lambda: desk.open_panel(KEY))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(Glyph("alert", 16, Tone.WARNING))
        row.addWidget(self.button)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._check)
        self._lines: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        desk.on_text(self._on_text)
        self.presenter.listen(self.show_state)
        self.hide()

    def show_state(self, state: CheckingState) -> None:
        """Show the count, and lines below the words."""
        self.setVisible(bool(state.alarms))
        self.button.setText(tr("有 {count} 处请核对", count=len(state.alarms)))
        self.button.setToolTip("\n".join(f"{kind_words(one)}：{why_words(one)}" for one in state.alarms[:8]))
        lines = (state.words("findings"), state.words("impression"))
        if lines != self._lines:
            self._lines = lines
            self._desk.underline("findings", lines[0])
            self._desk.underline("impression", lines[1])

    def _on_text(self, _content: ReportContent) -> None:
        report = self._desk.report
        self.presenter.show_report(0 if report is None else report.row.id, may_dismiss=self._desk.may_type)
        self._pause.start()

    def _check(self) -> None:
        report = self._desk.report
        self.presenter.show_report(0 if report is None else report.row.id, may_dismiss=self._desk.may_type)
        content = self._desk.content
        self.presenter.text_changed(content.findings, content.impression, content.form)


class CheckingPanel(QWidget):
    """Every alarm with its reason, the way to its place, and the way to set it aside."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.presenter = presenter_of(place, desk)
        self._shown: object = None
        self.note: QLineEdit | None = None
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(16, 12, 16, 16)
        self._column.setSpacing(10)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.presenter.listen(self.show_state)

    def show_report(self, report: ReportView | None) -> None:
        """The tag of the page tells the presenter."""
        row_id = 0 if report is None else report.row.id
        self.presenter.show_report(row_id, may_dismiss=self._desk.may_type)

    def show_state(self, state: CheckingState) -> None:
        """Show the alarms; a running check alone changes nothing, so that nothing flickers while somebody types."""
        shown = (state.alarms, state.dismissing, state.may_dismiss, state.is_checked, state.is_unsure)
        if (shown, state.report_id, language()) == self._shown:
            return
        self._shown = (shown, state.report_id, language())
        _empty(self._column)
        self.note = None
        if state.is_unsure:
            self._column.addWidget(Label("刚才没能检查，文字改动后会再试。", "quiet", wrap=True))
        for alarm in state.alarms:
            self._column.addWidget(self._card(alarm, state))
        if not state.alarms:
            said = "没有发现问题。" if state.is_checked else "打开报告后在此显示质控提示。"
            self._column.addWidget(Label(said, "quiet", wrap=True))
        elif state.may_dismiss:
            self._column.addWidget(Label("提交时仍会询问未处理的提示。", "quiet", wrap=True))
        self._column.addStretch(1)
        self._focus_note()

    def _card(self, alarm: AlarmView, state: CheckingState) -> QWidget:
        card = QWidget()
        column = QVBoxLayout(card)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(Glyph("alert", 16, Tone.WARNING))
        head.addWidget(ValueLabel(kind_words(alarm), "strong"), 1)
        column.addLayout(head)
        column.addWidget(ValueLabel(why_words(alarm), wrap=True))
        row = QHBoxLayout()
        if alarm.end > alarm.start:
            row.addWidget(Button("找到原文", "link", on_click=_With(self._find, alarm)))
        if alarm.path:
            row.addWidget(Button("打开表单", "link", on_click=lambda: self._desk.open_panel(_FORM)))
        if state.may_dismiss:
            row.addWidget(Button("不是问题", "link", on_click=_With(self.presenter.begin_dismissal, alarm)))
        row.addStretch(1)
        column.addLayout(row)
        if alarm == state.dismissing:
            column.addWidget(Label("为什么不是问题？", "quiet"))
            for reason, words in REASONS.items():
                column.addWidget(Button(words, "", on_click=_Because(self.presenter, reason)))
            self.note = QLineEdit()
            self.note.setMaxLength(500)
            self.note.setPlaceholderText(tr("其他理由"))
            self.note.returnPressed.connect(self._other)
            column.addWidget(self.note)
        column.addWidget(hairline())
        return card

    def _focus_note(self) -> None:
        if self.note is not None:
            self.note.setFocus()

    def _find(self, alarm: AlarmView) -> None:
        self._desk.show_words("impression" if alarm.field == "impression" else "findings", alarm.text)

    def _other(self) -> None:
        if self.note is not None:
            self.presenter.dismiss(DismissReason.OTHER, self.note.text())


class _With:
    def __init__(self, work: Callable[[AlarmView], None], alarm: AlarmView) -> None:
        self._work = work
        self._alarm = alarm

    def __call__(self) -> None:
        self._work(self._alarm)


class _Because:
    def __init__(self, presenter: CheckingPresenter, reason: DismissReason) -> None:
        self._presenter = presenter
        self._reason = reason

    def __call__(self) -> None:
        self._presenter.dismiss(self._reason)


def _empty(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
