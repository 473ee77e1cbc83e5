"""The panel of remarks: read by colleagues, never printed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from clients.diagnosis.collections.remarks.presenter import RemarksPresenter, RemarksState
from clients.kit.labels import Button, IconButton, Label, ValueLabel
from clients.kit.paging import local_time
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from shared.contract.collections import RemarkView
from shared.contract.reporting import ReportView

_MOST = 2000


class RemarksPanel(QWidget):
    """备注 (RIS-RPG-07)."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self.presenter = RemarksPresenter(place.connection, place.runner, place.messages)
        self._shown: object = None
        self._sent = 0
        self.words = ValueLabel("", "quiet", wrap=True)
        self.cards = QVBoxLayout()
        self.cards.setSpacing(8)
        self.line = _Line(self._add)
        self.add_button = Button("添加备注", "primary", on_click=self._add)
        cards = QWidget()
        inside = QVBoxLayout(cards)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addLayout(self.cards)
        inside.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        box.addWidget(Label("备注", "strong"))
        box.addWidget(self.words)
        box.addWidget(scrolling(cards), 1)
        box.addWidget(self.line)
        foot = QHBoxLayout()
        foot.addWidget(Label("同事可见，不打印", "caption"), 1)
        foot.addWidget(self.add_button)
        box.addLayout(foot)
        self.setFocusProxy(self.line)
        place.on_notice(self.presenter.heard)
        self.presenter.show_to(self.render_state)

    def show_report(self, report: ReportView | None) -> None:
        """Another report is on the page, or it changed."""
        report_id = report.row.id if report is not None else 0
        if report_id != self.presenter.state.report_id:
            self.line.clear()
            self.presenter.open(report_id)

    def render_state(self, state: RemarksState) -> None:
        """Show a state; what is being typed stays until it was kept."""
        self.add_button.setEnabled(bool(state.report_id))
        waits = bool(state.report_id) and state.remarks is None
        present = tr("正在加载…") if waits else tr("还没有备注") if state.remarks == () else ""
        self.words.set_text(state.trouble or present)
        self.words.setVisible(bool(self.words.full_text))
        if state.sent != self._sent:
            self._sent = state.sent
            self.line.clear()
        if state.remarks != self._shown:
            self._shown = state.remarks
            while self.cards.count():
                item = self.cards.takeAt(0)
                widget = item.widget() if item is not None else None
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()
            for one in state.remarks or ():
                self.cards.addWidget(_Card(one, self.presenter))

    def _add(self) -> None:
        self.presenter.add(self.line.toPlainText()[:_MOST])


class _Card(QFrame):
    def __init__(self, one: RemarkView, presenter: RemarksPresenter) -> None:
        super().__init__()
        self.setProperty("look", "card")
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 6, 8, 8)
        box.setSpacing(2)
        head = QHBoxLayout()
        head.addWidget(ValueLabel(f"{one.by}  {local_time(one.at)}", "caption"), 1)
        if one.is_mine:
            head.addWidget(IconButton("clear", "删除", on_click=lambda: presenter.remove(one.id), small=True))
        box.addLayout(head)
        box.addWidget(ValueLabel(one.text, wrap=True))


class _Line(QPlainTextEdit):
    """Ctrl+Enter adds the remark."""

    def __init__(self, add: object) -> None:
        super().__init__()
        self._add = add
        self.setFixedHeight(76)
        self.setTabChangesFocus(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier and callable(self._add):
            self._add()
            return
        super().keyPressEvent(event)
