"""查看更正: what changed from one audited edition to the next, removed words struck out, new ones underlined."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from clients.kit.labels import Label, ValueLabel
from clients.kit.paging import local_time
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.pathology_reports import CompareEditions, DifferencePart, ReportView

_FIELDS = {
    "gross": "大体所见",
    "findings": "光镜所见",
    "diagnosis": "诊断意见",
    "comment": "备注",
    "synoptic": "结构化报告",
}
Differences = tuple[tuple[str, tuple[DifferencePart, ...]], ...]


class DifferencePanel(QWidget):
    """The last correction with its reason."""

    def __init__(self, desk: Desk, report: ReportView) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        newest = report.editions[0] if report.editions else None
        if newest is not None:
            box.addWidget(Label("第 {new} 版取代第 {old} 版", "strong", new=newest.number, old=newest.number - 1))
            words = f"{newest.by}  {local_time(newest.at)}  {newest.reason}"
            box.addWidget(ValueLabel(words, "caption", wrap=True))
        self.text = QTextBrowser()
        box.addWidget(self.text, 1)
        place = desk.place
        request = CompareEditions(report_id=report.id, older=max(1, report.edition - 1), newer=report.edition)
        place.runner.run(
            lambda: place.connection.call(request), self.show_differences, place.messages.report, key="differences"
        )

    def show_differences(self, found: Differences) -> None:
        """Show what came."""
        theme = current_theme()
        gone, new = theme.tone(Tone.DANGER), theme.tone(Tone.SUCCESS)
        parts = []
        for field, pieces in found:
            parts.append(f"<h4>{escape(tr(_FIELDS.get(field, field)))}</h4><p>")
            for one in pieces:
                words = escape(one.text).replace("\n", "<br>")
                if one.kind == "removed":
                    words = f'<s style="color:{gone.text};background:{gone.ground}">{words}</s>'
                elif one.kind == "added":
                    words = f'<u style="color:{new.text};background:{new.ground}">{words}</u>'
                parts.append(words)
            parts.append("</p>")
        self.text.setHtml("".join(parts) or f"<p>{escape(tr('两版文字相同。'))}</p>")
