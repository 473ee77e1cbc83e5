"""The panel of similar cases: worded like what is being written; texts can be taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.collections.similar.presenter import SimilarPresenter, SimilarState
from clients.diagnosis.words import SEX_WORDS
from clients.kit.ages import age_for_reader
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.paging import local_time
from clients.kit.panels import scrolling
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from shared.contract.collections import SimilarCase
from shared.contract.reporting import ReportView

if TYPE_CHECKING:
    from clients.diagnosis.sides import Desk


class SimilarPanel(QWidget):
    """相似病例 (CO-DX-07): found when the panel opens and whenever the doctor asks again."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.presenter = SimilarPresenter(place.connection, place.runner, place.messages)
        self._shown: tuple[object, ...] = ()
        self.find_button = Button("按当前内容查找", "", "search", on_click=self.look)
        self.words = ValueLabel("", "quiet", wrap=True)
        self.cards = QVBoxLayout()
        self.cards.setSpacing(12)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(16, 12, 16, 16)
        box.setSpacing(8)
        box.addWidget(Label("相似病例", "strong"))
        box.addWidget(self.find_button)
        box.addWidget(self.words)
        box.addLayout(self.cards)
        box.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolling(content))
        self.presenter.show_to(self.render_state)

    def show_report(self, report: ReportView | None) -> None:
        """Another report is on the page, or it changed."""
        before = self.presenter.state.report_id
        self.presenter.open(report.row.id if report is not None else 0)
        if report is not None and report.row.id != before:
            self.look()

    def look(self) -> None:
        """Ask with what stands in the editors now."""
        content = self._desk.content
        self.presenter.find(content.findings + content.impression)

    def render_state(self, state: SimilarState) -> None:
        """Show a state."""
        self.find_button.setEnabled(bool(state.report_id) and not state.is_loading)
        if state.trouble:
            self.words.set_text(state.trouble)
        elif state.is_loading:
            self.words.set_text(tr("正在查找…"))
        elif state.found == ():
            self.words.set_text(tr("没有用词相近的已审核报告。写几句影像所见后再查找。"))
        elif state.found:
            self.words.set_text(tr("同类型、同部位的已审核报告，按用词相近排列"))
        else:
            self.words.set_text("")
        if state.found != self._shown:
            self._shown = state.found or ()
            while self.cards.count():
                item = self.cards.takeAt(0)
                widget = item.widget() if item is not None else None
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()
            for one in state.found or ():
                self.cards.addWidget(_Card(one, self._desk))


class _Card(QFrame):
    def __init__(self, one: SimilarCase, desk: Desk) -> None:
        super().__init__()
        self.setProperty("look", "card")
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 8, 12, 8)
        box.setSpacing(4)
        head = f"{tr(SEX_WORDS[one.sex])}  {age_for_reader(one.age)}  {one.items}  {local_time(one.examined_at)[:10]}"
        box.addWidget(ValueLabel(head, "strong"))
        shared = "、".join(one.shared)
        box.addWidget(
            ValueLabel(tr("相近 {percent}%：{words}", percent=round(one.score * 100), words=shared), "caption")
        )
        box.addWidget(ValueLabel(one.findings, wrap=True))
        box.addWidget(ValueLabel(one.impression, "strong", wrap=True))
        line = QHBoxLayout()
        line.addWidget(Button("插入所见", "link", on_click=lambda: desk.append(findings=_paragraphs(one.findings))))
        line.addWidget(Button("插入意见", "link", on_click=lambda: desk.append(impression=_paragraphs(one.impression))))
        line.addStretch(1)
        box.addLayout(line)


def _paragraphs(text: str) -> str:
    from html import escape

    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in text.splitlines() if line.strip())
