"""One request at the right of the lists: what is asked, the opinion with its steps, history and versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.later import QtLater
from clients.diagnosis.remote.facts import Facts
from clients.diagnosis.remote.opinion import OpinionArea
from clients.diagnosis.remote.phrases import PhrasesPane
from clients.diagnosis.remote.presenter import NEEDS_REASON, RequestPresenter, RequestState, action_word
from clients.diagnosis.remote.words import ADJUSTED, CRITICAL, URGENT, Clocks, kind_word, look_of_row
from clients.diagnosis.words import SEX_WORDS
from clients.kit.ages import age_for_reader
from clients.kit.badges import StateBadge
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.panels import EmptyState, scrolling
from clients.kit.shell import Workplace
from clients.kit.translations import language, tr
from shared.contract.remote import RemoteRow, RemoteView
from shared.domain.permissions import Permission
from shared.domain.remote import RemoteAction, RemoteKind, RemoteState, RemoteUrgency
from shared.domain.states import ReportAction

_A, _S = RemoteAction, RemoteState
OpenReport = Callable[[int, ReportAction | None], None]
OpenImages = Callable[[Sequence[str]], None]
_LOOKS = {
    _A.ACCEPT: "primary",
    _A.WRITE: "primary",
    _A.SUBMIT: "primary",
    _A.PUBLISH: "primary",
    _A.AUDIT: "primary",
    _A.PASS: "primary",
    _A.CONFIRM: "primary",
    _A.GIVE_BACK: "quiet",
    _A.WITHDRAW: "quiet",
    _A.RELEASE: "quiet",
}
_SHOWN = (
    _A.ACCEPT, _A.WRITE, _A.SUBMIT, _A.PUBLISH, _A.AUDIT, _A.PASS, _A.CONFIRM, _A.SAVE, _A.REJECT, _A.SEND_BACK,
    _A.ADJUST, _A.TAKE_BACK, _A.URGE, _A.RETURN, _A.GIVE_BACK, _A.RELEASE, _A.WITHDRAW,
)  # fmt: skip
"""In the order of the bar; WRITE is left out while the text may be typed."""
_TABS = ("opinion", "phrases", "request")


class RequestPane(QWidget):
    """Shows the request that the presenter has."""

    def __init__(self, place: Workplace, clocks: Clocks, open_report: OpenReport, open_images: OpenImages) -> None:
        super().__init__()
        self._place, self._clocks = place, clocks
        self._open_report, self._open_images = open_report, open_images
        self._shown: tuple[object, ...] = ()
        self.presenter = RequestPresenter(place.connection, place.runner, place.messages, QtLater(self))
        self.empty = EmptyState("users", "选择一份申请", "在左侧列表中选择，查看申请、影像和诊断意见。")
        self.head = _Head(clocks)
        self.buttons: dict[str, Button] = {}
        self._bar = QHBoxLayout()
        self._bar.setSpacing(8)
        self.reason = _Reason(self.presenter)
        self.trouble = ValueLabel("", "error", wrap=True)
        self.tabs = SegmentedControl(
            (Option("opinion", "诊断意见"), Option("phrases", "模板与词条"), Option("request", "申请与历史")), "opinion"
        )
        self.tabs.chosen.connect(self._show_tab)
        self.opinion = OpinionArea(self.presenter)
        self.phrases = PhrasesPane(place, self.presenter, self.opinion.insert_words)
        self.opinion.keep_wanted.connect(self._ask_name)
        self.phrases.is_over.connect(partial(self._show_tab, "opinion"))
        self.facts = Facts()
        self.stack = QStackedWidget()
        for part in (self.opinion, self.phrases, scrolling(self.facts)):
            self.stack.addWidget(part)
        self._arrange()
        place.on_notice(self.presenter.heard)
        self.presenter.show_to(self.render_state)

    def _arrange(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.head)
        column.addLayout(self._bar)
        column.addWidget(self.reason)
        column.addWidget(self.trouble)
        column.addWidget(hairline())
        line = QHBoxLayout()
        line.addWidget(self.tabs)
        line.addStretch(1)
        column.addLayout(line)
        column.addWidget(self.stack, 1)
        self._both = QStackedWidget()
        self._both.addWidget(self.empty)
        self._both.addWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._both)

    def render_state(self, state: RequestState) -> None:
        """Show the request."""
        self._both.setCurrentIndex(0 if state.view is None else 1)
        if state.view is None:
            title = state.trouble or tr("选择一份申请")
            self.empty.show_words("users", title, tr("在左侧列表中选择，查看申请、影像和诊断意见。"))
            return
        self.trouble.set_text(state.trouble)
        self.trouble.setVisible(bool(state.trouble))
        self.reason.show_state(state)
        self.opinion.show_state(state)
        self.phrases.show_state(state)
        key = (state.view, state.is_adjusting, state.is_busy, language())
        if key == self._shown:
            return
        self._shown = key
        self.head.show_view(state.view)
        self.facts.show_view(state.view)
        self._fill_bar(state, state.view.row)

    def _fill_bar(self, state: RequestState, row: RemoteRow) -> None:
        while self._bar.count():
            item = self._bar.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.buttons = {}
        for action in _SHOWN:
            wanted = action in row.allowed and not (action is _A.WRITE and _A.SAVE in row.allowed)
            if wanted and not (state.is_adjusting and action is not _A.ADJUST):
                self._add(action, action_word(action), _LOOKS.get(action, ""), partial(self._press, action))
        if state.is_adjusting:
            self._add("cancel", "取消", "quiet", self.presenter.cancel)
        for key, word, action_of_report in self._report_buttons(row):
            self._add(key, word, "primary", partial(self._open_report, row.report_id, action_of_report))
        if row.study_uids:
            self._add("images", "查看影像", "", self._look)
        self._bar.addStretch(1)
        for button in self.buttons.values():
            button.setEnabled(not state.is_busy)

    def _report_buttons(self, row: RemoteRow) -> tuple[tuple[str, str, ReportAction | None], ...]:
        """A report is written and audited on the report page."""
        if row.is_asking_side:
            return (("report", "打开报告", None),)
        if row.kind is not RemoteKind.REPORT:
            return ()
        me = self._place.session.user_id
        if row.holder_id == me and row.state in (_S.ACCEPTED, _S.WRITING, _S.REJECTED):
            return (("report", "写报告", ReportAction.WRITE),)
        audits = row.state in (_S.SUBMITTED, _S.AUDITING) and bool(row.study_uids) and row.holder_id != me
        if audits and self._place.may(Permission.FINAL_AUDIT.value):
            return (("report", "审核报告", ReportAction.AUDIT),)
        return ()

    def _add(self, key: str, word: str, look: str, press: Callable[[], object]) -> None:
        button = Button(word, look, on_click=_Pressed(press))
        self.buttons[str(key)] = button
        self._bar.addWidget(button)

    def _press(self, action: RemoteAction) -> None:
        self.opinion.settle()
        if action is _A.SAVE:
            self.presenter.save()
        elif action is _A.ADJUST and self.presenter.state.is_adjusting:
            self.reason.ask(_A.ADJUST)
        else:
            self.presenter.begin(action)
        if action in (_A.WRITE, _A.AUDIT, _A.ADJUST):
            self._show_tab("opinion")

    def _look(self) -> None:
        view = self.presenter.state.view
        if view is not None:
            self._open_images((*view.row.study_uids, *(uid for one in view.priors for uid in one.study_uids)))

    def _show_tab(self, key: str) -> None:
        if key == "phrases":
            self.opinion.settle()
            self.phrases.choose()
        self.tabs.set_current(key)
        self.stack.setCurrentIndex(_TABS.index(key))

    def _ask_name(self) -> None:
        self._show_tab("phrases")
        self.phrases.ask_name()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "stack"):
            self.render_state(self.presenter.state)
        super().changeEvent(event)


class _Pressed:
    """A click without its "checked"."""

    def __init__(self, press: Callable[[], object]) -> None:
        self._press = press

    def __call__(self, *_: object) -> None:
        self._press()


class _Head(QWidget):
    """Patient, state, who asks whom, how long it waits."""

    def __init__(self, clocks: Clocks) -> None:
        super().__init__()
        self._clocks = clocks
        self.name = ValueLabel("", "title")
        self.badges = QHBoxLayout()
        self.badges.setSpacing(6)
        self.line = ValueLabel("", "quiet", wrap=True)
        first = QHBoxLayout()
        first.addWidget(self.name, 1)
        first.addLayout(self.badges)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(first)
        column.addWidget(self.line)

    def show_view(self, view: RemoteView) -> None:
        """Show a request."""
        row = view.row
        self.name.set_text(
            "  ".join(part for part in (row.patient_name, tr(SEX_WORDS[row.sex]), age_for_reader(row.age)) if part)
        )
        while self.badges.count():
            item = self.badges.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        looks = [look_of_row(row)]
        if row.urgency is RemoteUrgency.URGENT:
            looks.append(URGENT)
        if row.is_critical:
            looks.append(CRITICAL)
        if row.adjusted_at is not None:
            looks.append(ADJUSTED)
        for look in looks:
            self.badges.addWidget(StateBadge(look))
        who = tr("{hospital} {doctor} 申请", hospital=row.from_hospital, doctor=row.applicant)
        to = f"{row.to_hospital}·{row.team}"
        holder = tr("接单：{doctor}", doctor=row.holder) if row.holder else ""
        parts = (kind_word(row.kind), f"{row.exam_type} {row.body_part} {row.scan}".strip(), who, to, holder)
        self.line.set_text("  ·  ".join(part for part in parts if part))


class _Reason(QWidget):
    """Asks for the reason of a step beside it, with no window of its own."""

    def __init__(self, presenter: RequestPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._action: RemoteAction | None = None
        self.label = Label("原因", "strong")
        self.text = QLineEdit()
        self.text.setMaxLength(1000)
        self.text.returnPressed.connect(self._confirm)
        self.confirm = Button("确定", "primary", on_click=self._confirm)
        self.cancel = Button("取消", "quiet", on_click=self._leave)
        self.problem = ValueLabel("", "error", wrap=True)
        line = QHBoxLayout()
        line.setSpacing(8)
        for part, stretch in ((self.label, 0), (self.text, 1), (self.confirm, 0), (self.cancel, 0)):
            line.addWidget(part, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(line)
        column.addWidget(self.problem)
        self.hide()

    def ask(self, action: RemoteAction) -> None:
        """Ask for the reason of an action."""
        if self._action is not action:
            self.text.clear()
        self._action = action
        self.confirm.set_source(action_word(action))
        hint = "请填写原因，对方会看到" if NEEDS_REASON.get(action) else "原因（可不填）"
        self.text.setPlaceholderText(tr(hint))
        self.text.setAccessibleName(tr("原因"))
        self.show()
        self.text.setFocus()

    def show_state(self, state: RequestState) -> None:
        """Follow the presenter."""
        if state.asks_reason is not None:
            self.ask(state.asks_reason)
        elif not (state.is_adjusting and self._action is _A.ADJUST):
            self._action = None
            self.text.clear()
            self.hide()
        self.problem.set_text(state.problems.get("reason", ""))
        self.problem.setVisible("reason" in state.problems)

    def _confirm(self) -> None:
        if self._action is not None:
            self._presenter.do(self._action, self.text.text())

    def _leave(self) -> None:
        self._action = None
        self._presenter.cancel()
