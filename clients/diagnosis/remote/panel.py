"""The panel of the report page: the requests of this exam live, their answers taken into the report, new ones sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.remote.asking import AskForm
from clients.diagnosis.remote.panel_presenter import PanelPresenter, PanelState
from clients.diagnosis.remote.words import ADJUSTED, CRITICAL, URGENT, kind_word, line_words, look_of_row
from clients.kit.badges import StateBadge
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.states import StateLook
from clients.kit.translations import language, tr
from shared.contract.remote import RemoteView
from shared.contract.reporting import ReportView
from shared.domain.remote import RemoteAction, RemoteKind, RemoteUrgency
from shared.domain.rich_text import spelled

if TYPE_CHECKING:
    from clients.diagnosis.sides import Desk


def build(place: Workplace, desk: Desk) -> QWidget:
    """Make the panel."""
    return RemotePanel(place, desk)


class RemotePanel(QWidget):
    """订单记录, and the form."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._place, self._desk = place, desk
        self._shown: tuple[object, ...] = ()
        self.cards: list[RequestCard] = []
        self.presenter = PanelPresenter(place.connection, place.runner, place.messages)
        self.ask_button = Button("申请远程会诊", "primary", "users", on_click=self.ask_opinion)
        self.cloud_button = Button("发送云端", "", "cloud", on_click=self.ask_report)
        self.trouble = ValueLabel("", "error", wrap=True)
        self.form = AskForm(place, self._sent, self._leave_form)
        content = QWidget()
        self._list = QVBoxLayout(content)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(8)
        records = QWidget()
        column = QVBoxLayout(records)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.ask_button)
        line.addWidget(self.cloud_button)
        line.addStretch(1)
        column.addLayout(line)
        column.addWidget(self.trouble)
        column.addWidget(scrolling(content), 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(records)
        self.stack.addWidget(scrolling(self.form))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)
        place.on_notice(self.presenter.heard)
        self.presenter.show_to(self.render_state)

    def show_report(self, report: ReportView | None) -> None:
        """Another report is on the page, or it changed."""
        exam_id = report.row.exam_id if report is not None else 0
        if exam_id != self.presenter.state.exam_id:
            self._leave_form()
        self.presenter.open(exam_id)
        for card in self.cards:
            card.follow(self._desk.may_type)

    def ask_opinion(self) -> None:
        """Open the form for an opinion."""
        self._ask(RemoteKind.OPINION)

    def ask_report(self) -> None:
        """Open the form for sending the report away."""
        self._ask(RemoteKind.REPORT)

    def _ask(self, kind: RemoteKind) -> None:
        if self.presenter.state.exam_id:
            self.form.open(self.presenter.state.exam_id, kind)
            self.stack.setCurrentIndex(1)

    def _leave_form(self) -> None:
        self.stack.setCurrentIndex(0)

    def _sent(self, _view: RemoteView) -> None:
        self._leave_form()
        self.presenter.load()
        self._desk.look_again()

    def render_state(self, state: PanelState) -> None:
        """Show the requests."""
        self.trouble.set_text(state.trouble)
        self.trouble.setVisible(bool(state.trouble))
        self.ask_button.setEnabled(bool(state.exam_id))
        self.cloud_button.setEnabled(bool(state.exam_id))
        key = (state.views, state.is_busy, state.exam_id, language())
        if key == self._shown:
            return
        self._shown = key
        while self._list.count():
            item = self._list.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.cards = []
        for view in state.views or ():
            card = RequestCard(view, self.presenter, self._take)
            card.follow(self._desk.may_type)
            self.cards.append(card)
            self._list.addWidget(card)
        if state.views == ():
            self._list.addWidget(Label("此检查还没有远程会诊记录。", "quiet", wrap=True))
        self._list.addStretch(1)

    def _take(self, view: RemoteView) -> None:
        self._desk.append(findings=view.content.findings, impression=view.content.impression)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "stack"):
            self.render_state(self.presenter.state)
        super().changeEvent(event)


class RequestCard(QWidget):
    """One request: how it stands, the answer, what can be done here."""

    def __init__(self, view: RemoteView, presenter: PanelPresenter, take: Callable[[RemoteView], None]) -> None:
        super().__init__()
        self.view, self._presenter, self._take = view, presenter, take
        self._asks: RemoteAction | None = None
        row = view.row
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(ValueLabel(kind_word(row.kind), "strong"), 1)
        for look in self._looks():
            head.addWidget(StateBadge(look))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(ValueLabel(f"{row.to_hospital} · {row.team}", "quiet", wrap=True))
        for words in self._lines():
            column.addWidget(ValueLabel(words, "", wrap=True))
        self.answer = ValueLabel(self._answer(), "", wrap=True)
        self.answer.setVisible(bool(self._answer()))
        column.addWidget(self.answer)
        self.insert = Button("插入报告", "primary", "add", on_click=self._insert)
        self.insert.setVisible(bool(self._answer()))
        self.buttons: dict[RemoteAction, Button] = {}
        bar = QHBoxLayout()
        bar.setSpacing(6)
        bar.addWidget(self.insert)
        for action, word in (
            (RemoteAction.CONFIRM, "确认"),
            (RemoteAction.SEND_BACK, "退回修改"),
            (RemoteAction.URGE, "标为加急"),
            (RemoteAction.WITHDRAW, "撤回"),
        ):
            if action in row.allowed:
                self.buttons[action] = Button(word, "", on_click=_Do(self, action))
                bar.addWidget(self.buttons[action])
        bar.addStretch(1)
        column.addLayout(bar)
        self.reason = QLineEdit()
        self.reason.setMaxLength(1000)
        self.reason.setPlaceholderText(tr("请填写原因，按回车确定"))
        self.reason.setAccessibleName(tr("原因"))
        self.reason.returnPressed.connect(self._confirm_reason)
        self.reason.hide()
        column.addWidget(self.reason)
        column.addWidget(hairline())

    def follow(self, may_type: bool) -> None:
        """Whether the report's text may be changed now."""
        self.insert.setEnabled(may_type)
        self.insert.setToolTip("" if may_type else tr("进入报告后可以插入"))

    def _looks(self) -> list[StateLook]:
        row = self.view.row
        looks = [look_of_row(row)]
        if row.urgency is RemoteUrgency.URGENT:
            looks.append(URGENT)
        if row.is_critical:
            looks.append(CRITICAL)
        if row.adjusted_at is not None:
            looks.append(ADJUSTED)
        return looks

    def _lines(self) -> list[str]:
        row = self.view.row
        found = [tr("{time} 由 {doctor} 申请", time=local_time(row.applied_at), doctor=row.applicant)]
        if row.holder:
            found.append(tr("接单：{doctor}", doctor=row.holder))
        if row.reason:
            found.append(tr("原因：{reason}", reason=row.reason))
        elif self.view.lines:
            found.append(line_words(self.view.lines[-1]))
        return found

    def _answer(self) -> str:
        content = self.view.content
        parts = ((tr("影像所见"), spelled(content.findings)), (tr("诊断意见"), spelled(content.impression)))
        return "\n".join(f"{title}：{words}" for title, words in parts if words)

    def _insert(self) -> None:
        self._take(self.view)

    def press(self, action: RemoteAction) -> None:
        """Do it, or ask for the reason first."""
        if action in (RemoteAction.SEND_BACK, RemoteAction.WITHDRAW):
            self._asks = action
            self.reason.show()
            self.reason.setFocus()
        else:
            self._presenter.do(self.view, action)

    def _confirm_reason(self) -> None:
        if self._asks is not None:
            self._presenter.do(self.view, self._asks, self.reason.text())


class _Do:
    def __init__(self, card: RequestCard, action: RemoteAction) -> None:
        self._card, self._action = card, action

    def __call__(self, *_: object) -> None:
        self._card.press(self._action)
