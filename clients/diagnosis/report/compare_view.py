"""Two kept versions of a report, word by word, in the place of the editors."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QTextBrowser, QVBoxLayout, QWidget

from clients.diagnosis.report.difference import difference_html, legend_html
from clients.diagnosis.report.state import ReportPageState, asked_choices, choice_name, chosen
from clients.kit.labels import Button, Label, hairline
from clients.kit.paging import local_time
from clients.kit.translations import language, tr
from shared.contract.reporting import ReportContent
from shared.domain.text_compare import compare, is_changed


class Intentions(Protocol):
    """What the comparison asks of its presenter."""

    def compare_versions(self, before: int, after: int) -> None: ...
    def close_comparison(self) -> None: ...


class CompareView(QWidget):
    """Which two versions, and both texts with what was added and removed."""

    def __init__(self) -> None:
        super().__init__()
        self._intentions: Intentions | None = None
        self._shown: tuple[object, ...] = ()
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.before, self.after = QComboBox(), QComboBox()
        for box in (self.before, self.after):
            box.setMinimumWidth(180)
            box.activated.connect(self._on_chosen)
        self.legend = QLabel()
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        head = QHBoxLayout()
        head.setContentsMargins(16, 8, 16, 8)
        head.setSpacing(8)
        head.addWidget(Button("返回书写", "quiet", "arrow_left", on_click=self._close))
        head.addWidget(self.before)
        head.addWidget(Label("→"))
        head.addWidget(self.after)
        head.addStretch(1)
        head.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(hairline())
        layout.addWidget(self.text, 1)

    def attach(self, intentions: Intentions) -> None:
        """Report to this presenter from now on."""
        self._intentions = intentions

    def show_state(self, state: ReportPageState) -> None:
        """Show the state's comparison."""
        compared, log = state.compared, state.log
        if compared is None or log is None:
            return
        contents: dict[int, ReportContent] = {one.version: one.content for one in log.versions}
        contents[0] = state.content
        key = (compared, tuple(contents), contents.get(compared.before), contents.get(compared.after), language())
        if key == self._shown:
            return
        self._shown = key
        for box, wanted in ((self.before, compared.before), (self.after, compared.after)):
            box.clear()
            for one in log.versions:
                words = tr("第 {number} 版", number=one.version)
                kind = f"  {tr('自动')}" if one.is_automatic else ""
                box.addItem(f"{words}  {local_time(one.at)}  {one.by}{kind}", one.version)
            box.addItem(tr("现在的内容"), 0)
            box.setCurrentIndex(max(0, box.findData(wanted)))
        self.legend.setText(legend_html())
        before = contents.get(compared.before, ReportContent())
        after = contents.get(compared.after, ReportContent())
        self.text.setHtml(_document(before, after, state))

    def _on_chosen(self, _index: int) -> None:
        if self._intentions is not None:
            self._intentions.compare_versions(int(self.before.currentData()), int(self.after.currentData()))

    def _close(self) -> None:
        if self._intentions is not None:
            self._intentions.close_comparison()


def _document(before: ReportContent, after: ReportContent, state: ReportPageState) -> str:
    parts: list[str] = []
    for title, old, new in (
        ("影像所见", before.findings, after.findings),
        ("诊断意见", before.impression, after.impression),
    ):
        note = "" if is_changed(compare(old, new)) else f"  <i>{tr('没有改动')}</i>"
        parts.append(f"<h3>{tr(title)}{note}</h3><p style='line-height:150%'>{difference_html(old, new)}</p>")
    choices = asked_choices(state.report) if state.report is not None else ()
    for choice in choices:
        labels = {one.value: one.label for one in choice.options}
        was, now = (labels.get(chosen(one, choice.key), tr("未选")) for one in (before, after))
        if was != now:
            parts.append(f"<p><b>{choice_name(choice)}</b>  {difference_html(was, now)}</p>")
    return "".join(parts)
