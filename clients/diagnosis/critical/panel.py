"""Critical values beside a report: what its text states, what was reported, and the form that reports one.

The tag stands beside the patient's number and lives as long as the page; it reads the text while it is written, and
shares its presenter with the panel, which is made when somebody opens it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.critical.loop_pane import LoopPane
from clients.diagnosis.critical.presenter import PanelPresenter
from clients.diagnosis.critical.state import PanelState
from clients.diagnosis.critical.words import LEVELS, STATES, hit_words, name_of
from clients.kit.badges import StateBadge
from clients.kit.fields import Choice, ChoiceField, LongTextField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.kept import Kept
from clients.kit.labels import Button, Glyph, IconButton, Label, ValueLabel, hairline
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.critical import CriticalChoice, CriticalHit, LoopView
from shared.contract.reporting import ReportContent, ReportView
from shared.domain.critical import LoopAction, LoopState
from shared.domain.permissions import Permission
from shared.domain.states import CriticalValue

if TYPE_CHECKING:
    from clients.diagnosis.sides import Desk

KEY = "critical"
_PAUSE_MS = 700
_OWN = ""
_FORM = (
    Section(
        "上报危急值",
        (
            ChoiceField(key="code", label="危急值", choices=(Choice(_OWN, "自行填写"),), placeholder="选择危急值"),
            TextField(key="name", label="危急值名称", max_length=100),
            TextField(key="value", label="数值", max_length=200, placeholder="如 肺压缩 90%"),
            LongTextField(
                key="finding", label="影像表现", required=True, max_length=2000, hint="念给病区听的内容", span=1
            ),
            TextField(key="department", label="通知科室", max_length=120, hint="空为请检科室"),
        ),
    ),
)
_presenters: Kept[PanelPresenter] = Kept("critical values")


def presenter_of(place: Workplace, desk: Desk) -> PanelPresenter:
    """Return the presenter of a report page, made when it is first asked for."""
    found = _presenters.of(desk)
    if found is None:
        found = PanelPresenter(place.connection, place.runner, place.messages)
        place.on_notice(found.heard)
        _presenters.keep(desk, found)
    return found


def build(place: Workplace, desk: Desk) -> QWidget:
    """Make the panel of the right bar."""
    return CriticalPanel(place, desk)


class CriticalTag(QWidget):
    """Beside the patient's number: how many critical values are open, or that the text states one."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._may = place.may(Permission.REPORT.value) and place.may(Permission.CRITICAL_VALUES.value)
        self.presenter = presenter_of(place, desk)
        self.button = Button("危急值", "link", on_click=lambda: desk.open_panel(KEY))
        self._glyph = Glyph("alert", 16, Tone.DANGER)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._glyph)
        row.addWidget(self.button)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._read)
        self._shown: tuple[int, int] | None = None
        desk.on_text(self._on_text)
        self.presenter.listen(self.show_state)
        self.hide()

    def show_report(self, report: ReportView | None) -> None:
        """Another report is on the page, or it changed."""
        if not self._may:
            return
        shown = None if report is None else (report.row.id, report.version)
        if shown == self._shown:
            return
        self._shown = shown
        if report is None:
            self.presenter.show_report(0, "", "", may_report=False)
        else:
            row = report.row
            self.presenter.show_report(row.id, row.exam_type, row.requesting_department, may_report=True)
            self._pause.start()

    def show_state(self, state: PanelState) -> None:
        """Show how it stands."""
        waiting = [loop for loop in state.loops if loop.state in (LoopState.OPEN, LoopState.NOTIFIED)]
        ended = [loop for loop in state.loops if loop.state is LoopState.ACKNOWLEDGED]
        unreported = [hit for hit in state.hits if not state.is_reported(hit)]
        if waiting:
            self._show("alert", Tone.DANGER, tr("危急值未确认"), _named(waiting))
        elif unreported:
            self._show("alert", Tone.WARNING, tr("文中有危急值"), _hit_names(unreported))
        elif ended:
            self._show("check_circle", Tone.SUCCESS, tr("危急值已确认"), _named(ended))
        else:
            self.hide()

    def _show(self, glyph: str, tone: Tone, words: str, names: str) -> None:
        """The patient's own facts need the room; names stand in the tooltip and in the panel."""
        self._glyph.set_glyph(glyph, tone)
        self.button.setText(words)
        self.button.setToolTip(names)
        self.show()

    def _on_text(self, _content: ReportContent) -> None:
        self.show_report(self._desk.report)
        if self._may:
            self._pause.start()

    def _read(self) -> None:
        content = self._desk.content
        self.presenter.text_changed(content.findings, content.impression)


class CriticalPanel(QWidget):
    """The panel: hits, loops of the report, form; or one loop."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.presenter = presenter_of(place, desk)
        self._state = PanelState()
        self._lists: tuple[object, ...] = ()
        self._choices: tuple[CriticalChoice, ...] = ()
        self._reported = -1
        self.form = FormView(_FORM, columns=1)
        self.form.changed.connect(self._on_form)
        self.form.submitted.connect(self._report)
        self.send = Button("上报危急值", "danger", on_click=self.form.submit)
        self._hits = QVBoxLayout()
        self._hits.setSpacing(6)
        self._loops = QVBoxLayout()
        self._loops.setSpacing(6)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        column.addWidget(Label("文中的危急值", "strong"))
        column.addLayout(self._hits)
        column.addWidget(hairline())
        column.addWidget(Label("报告的危急值", "strong"))
        column.addLayout(self._loops)
        column.addWidget(hairline())
        column.addWidget(self.form)
        column.addWidget(self.send)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        self.pane = LoopPane()
        self.pane.stepped.connect(self._on_step)
        one = QWidget()
        beside = QVBoxLayout(one)
        beside.setContentsMargins(0, 0, 0, 0)
        back = QHBoxLayout()
        back.setContentsMargins(8, 4, 8, 0)
        back.addWidget(IconButton("arrow_left", "返回", on_click=self.presenter.close_loop))
        back.addStretch(1)
        beside.addLayout(back)
        beside.addWidget(self.pane, 1)
        self.pages = QStackedWidget()
        self.pages.addWidget(scroll)
        self.pages.addWidget(one)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.presenter.listen(self.show_state)

    def show_report(self, report: ReportView | None) -> None:
        """The tag of the page tells the presenter; the form follows its state."""
        self.form.set_read_only(report is None)
        self.send.setEnabled(report is not None)

    def show_state(self, state: PanelState) -> None:
        """Show a state."""
        self._state = state
        if state.reported != self._reported:
            self._reported = state.reported
            self.form.clear()
        if state.choices != self._choices:
            self._choices = state.choices
            chosen = [
                Choice(one.code, f"{_name(one)} · {tr(LEVELS[one.level])} · {one.code}", translate=False)
                for one in state.choices
            ]
            self.form.set_choices("code", [Choice(_OWN, "自行填写"), *chosen])
        lists = (state.hits, state.loops, language())
        if lists != self._lists:
            self._lists = lists
            self._show_hits(state)
            self._show_loops(state)
        self.send.setEnabled(state.may_report and not state.is_busy)
        if state.details is None:
            self.form.show_problems({key: words for key, words in state.problems.items() if key in self.form.rows})
            self.pages.setCurrentIndex(0)
        else:
            self.pane.show_loop(state.details, state.duty, state.problems, is_busy=state.is_busy)
            self.pages.setCurrentIndex(1)

    def take_hit(self, hit: CriticalHit) -> None:
        """Fill the form with what the text states."""
        self.form.set_values({"code": hit.code, "name": hit.name, "finding": hit.sentence})
        self.form.focus("finding")

    def show_hit(self, hit: CriticalHit) -> None:
        """Select the words in the text."""
        self._desk.show_words("impression" if hit.field == "impression" else "findings", hit.words)

    def _show_hits(self, state: PanelState) -> None:
        _empty(self._hits)
        for hit in state.hits:
            block = QWidget()
            column = QVBoxLayout(block)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            column.addWidget(ValueLabel(hit_words(hit), wrap=True))
            row = QHBoxLayout()
            if state.is_reported(hit):
                row.addWidget(StateBadge(STATES[_state_of(state, hit)]))
            else:
                row.addWidget(Button("上报此项", "", on_click=_With(self.take_hit, hit)))
            row.addWidget(Button("找到原文", "link", on_click=_With(self.show_hit, hit)))
            row.addStretch(1)
            column.addLayout(row)
            self._hits.addWidget(block)
        if not state.hits:
            self._hits.addWidget(Label("文中没有发现危急值。", "quiet", wrap=True))

    def _show_loops(self, state: PanelState) -> None:
        _empty(self._loops)
        for loop in state.loops:
            block = QWidget()
            row = QHBoxLayout(block)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(StateBadge(STATES[loop.state]))
            row.addWidget(ValueLabel(name_of(loop)), 1)
            row.addWidget(IconButton("chevron_right", "查看", on_click=_Open(self.presenter, loop), small=True))
            self._loops.addWidget(block)
        if not state.loops:
            self._loops.addWidget(Label("此报告还没有上报危急值。", "quiet", wrap=True))

    def _on_form(self, key: str) -> None:
        if key == "code":
            chosen = next((one for one in self._choices if one.code == self.form.value("code")), None)
            self.form.set_values({"name": "" if chosen is None else chosen.name})

    def _report(self) -> None:
        self.presenter.report(self.form.values())
        content = self._desk.content
        if self._desk.may_type and content.critical_value is not CriticalValue.YES:
            self._desk.edit(msgspec.structs.replace(content, critical_value=CriticalValue.YES))

    def _on_step(self, action: LoopAction, values: dict[str, object]) -> None:
        self.presenter.step(action, values)


class _With:
    def __init__(self, work: Callable[[CriticalHit], None], hit: CriticalHit) -> None:
        self._work = work
        self._hit = hit

    def __call__(self) -> None:
        self._work(self._hit)


class _Open:
    def __init__(self, presenter: PanelPresenter, loop: LoopView) -> None:
        self._presenter = presenter
        self._loop = loop

    def __call__(self) -> None:
        self._presenter.open_loop(self._loop.id)


def _empty(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def _name(one: CriticalChoice) -> str:
    return one.name_en if language() is Language.ENGLISH and one.name_en else one.name


def _named(loops: list[LoopView]) -> str:
    return "、".join(name_of(loop) for loop in loops)


def _hit_names(hits: list[CriticalHit]) -> str:
    english = language() is Language.ENGLISH
    return "、".join(hit.name_en if english and hit.name_en else hit.name for hit in hits)


def _state_of(state: PanelState, hit: CriticalHit) -> LoopState:
    return next(loop.state for loop in state.loops if loop.code == hit.code and loop.state != LoopState.CANCELLED)
