"""Two kept versions of a report, word by word, in the place of the editors."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTextBrowser, QVBoxLayout, QWidget

from clients.diagnosis.report.difference import difference_html, legend_html
from clients.diagnosis.report.state import ReportPageState, asked_choices, choice_name, chosen, option_names
from clients.kit.editors import ChoiceEditor
from clients.kit.fields import Choice, ChoiceField
from clients.kit.labels import Button, ValueLabel, hairline
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
        self.before = ChoiceEditor(ChoiceField(key="before", label="修改前"))
        self.after = ChoiceEditor(ChoiceField(key="after", label="现在的内容"))
        for box in (self.before, self.after):
            box.chosen.connect(self._on_chosen)
        self.legend = QLabel()
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        head = QHBoxLayout()
        head.setContentsMargins(16, 8, 16, 8)
        head.setSpacing(8)
        head.addWidget(Button("返回书写", "quiet", "arrow_left", on_click=self._close))
        head.addWidget(self.before, 1)
        head.addWidget(ValueLabel("→"))
        head.addWidget(self.after, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.addWidget(self.legend)
        foot.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(hairline())
        layout.addWidget(self.text, 1)
        layout.addWidget(hairline())
        layout.addLayout(foot)

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
            box.set_choices(
                [
                    *(
                        Choice(
                            one.version,
                            f"{tr('第 {number} 版', number=one.version)}  {local_time(one.at)}  {one.by}",
                            translate=False,
                        )
                        for one in log.versions
                    ),
                    Choice(0, "现在的内容"),
                ]
            )
            box.set_value(wanted)
        self.legend.setText(legend_html())
        before = contents.get(compared.before, ReportContent())
        after = contents.get(compared.after, ReportContent())
        self.text.setHtml(_document(before, after, state))

    def _on_chosen(self, _value: object) -> None:
        before, after = self.before.value(), self.after.value()
        if self._intentions is not None and isinstance(before, int) and isinstance(after, int):
            self._intentions.compare_versions(before, after)

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
        labels = option_names(choice)
        was, now = (labels.get(chosen(one, choice.key), tr("未选")) for one in (before, after))
        if was != now:
            parts.append(f"<p><b>{choice_name(choice)}</b>  {difference_html(was, now)}</p>")
    return "".join(parts)
