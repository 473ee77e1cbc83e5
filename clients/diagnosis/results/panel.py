"""The panel of results at the report page: what left, where to, how it stands; the view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clients.diagnosis.results.presenter import PanelPresenter
from clients.diagnosis.results.state import PanelState
from clients.diagnosis.results.words import EVENTS, KINDS, LOOKS
from clients.kit.badges import StateBadge
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.shell import Workplace
from clients.kit.translations import language, tr
from shared.contract.reporting import ReportView
from shared.contract.results import ResultKind, ResultState, ResultView
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from clients.diagnosis.sides import Desk


def build(place: Workplace, desk: Desk) -> QWidget:
    """Make the panel of the right bar."""
    return ResultsPanel(place, desk)


class ResultsPanel(QWidget):
    """Issue by issue, newest first."""

    def __init__(self, place: Workplace, _desk: Desk) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = ()
        self.presenter = PanelPresenter(
            place.connection,
            place.runner,
            place.messages,
            self.show_state,
            resends=place.may(Permission.ADMINISTER.value),
        )
        place.on_notice(self.presenter.heard)
        content = QWidget()
        self._list = QVBoxLayout(content)
        self._list.setContentsMargins(12, 12, 12, 12)
        self._list.setSpacing(6)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.show_state(self.presenter.state)

    def show_report(self, report: ReportView | None) -> None:
        """Show the results of this report."""
        self.presenter.show_report(report)

    def show_state(self, state: PanelState) -> None:
        """Show a state."""
        key = (state, language())
        if key == self._shown:
            return
        self._shown = key
        while self._list.count():
            item = self._list.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if state.trouble:
            self._list.addWidget(ValueLabel(state.trouble, "error", wrap=True))
        elif not state.is_loaded and state.report_id:
            self._list.addWidget(Label("正在读取…", "quiet"))
        elif not state.rows:
            self._list.addWidget(Label("报告审核通过后，在这里查看存档和发给其他系统的结果。", "quiet", wrap=True))
        for issue in state.issues():
            self._show_issue(issue, resends=state.resends)
        self._list.addStretch(1)

    def _show_issue(self, issue: tuple[ResultView, ...], *, resends: bool) -> None:
        first = issue[0]
        words = f"{tr(EVENTS[first.event])}  {tr('第 {number} 版', number=first.edition)}"
        self._list.addWidget(ValueLabel(words, "strong"))
        self._list.addWidget(ValueLabel(local_time(first.made_at), "quiet"))
        for row in issue:
            self._list.addWidget(ResultLine(row, self.presenter, resends=resends))
        self._list.addWidget(hairline())

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "presenter"):
            self.show_state(self.presenter.state)
        super().changeEvent(event)


class ResultLine(QWidget):
    """One result."""

    def __init__(self, row: ResultView, presenter: PanelPresenter, *, resends: bool) -> None:
        super().__init__()
        self._row, self._presenter = row, presenter
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(ValueLabel(tr(KINDS[row.kind])), 1)
        head.addWidget(StateBadge(LOOKS[row.state]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(2)
        layout.addLayout(head)
        where = row.target or (tr("文档库") if row.kind is ResultKind.CDA else tr("影像归档"))
        when = local_time(row.finished_at) if row.finished_at else ""
        layout.addWidget(ValueLabel("  ".join(part for part in (where, when) if part), "quiet"))
        if row.sentence:
            is_bad = row.state is ResultState.FAILED
            layout.addWidget(ValueLabel(row.sentence, "error" if is_bad else "quiet", wrap=True))
        if resends:
            again = QHBoxLayout()
            self.again = Button("重新发送", "link", on_click=self._resend)
            again.addWidget(self.again)
            again.addStretch(1)
            layout.addLayout(again)

    def _resend(self) -> None:
        self._presenter.resend(self._row.id)
