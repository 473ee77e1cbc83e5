"""What stands beside the texts: opinions, what the audit waits for, checklist and codes, records of the case."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.panels import scrolling
from clients.kit.translations import Language, language, tr
from clients.pathology.desk import Desk, find_maker
from clients.pathology.diagnosis import windows
from clients.pathology.diagnosis.presenter import DiagnosisPresenter
from shared.contract.pathology_reports import DiagnosisView
from shared.domain.pathology import DOCTOR_ROLES, OPINION_KINDS
from shared.domain.pathology_checklists import checklist
from shared.domain.pathology_checklists.building import in_language
from shared.domain.pathology_reports import PAPER_STATES, REPORT_KINDS


class Around(QWidget):
    """Short blocks one below the other; each is made anew for a newer page."""

    def __init__(self, desk: Desk, presenter: DiagnosisPresenter) -> None:
        super().__init__()
        self._desk, self._presenter = desk, presenter
        self._page: DiagnosisView | None = None
        inside = QWidget()
        self._box = QVBoxLayout(inside)
        self._box.setContentsMargins(8, 4, 16, 8)
        self._box.setSpacing(4)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inside))
        self.setMinimumWidth(220)

    def show_page(self, page: DiagnosisView) -> None:
        """Show a page."""
        self._page = page
        while (item := self._box.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._opinions(page)
        self._waits(page)
        self._reports(page)
        self._coded(page)
        self._records(page)
        self._box.addStretch(1)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self._page is not None:
            self.show_page(self._page)
        super().changeEvent(event)

    # ── blocks ───────────────────────────────────────────────────────────────────────────────────────

    def _head(self, words: str) -> None:
        if self._box.count():
            self._box.addWidget(hairline())
        self._box.addWidget(Label(words, "strong"))

    def _line(self, words: str, look: str = "") -> None:
        self._box.addWidget(ValueLabel(words, look, wrap=True))

    def _opinions(self, page: DiagnosisView) -> None:
        self._head("诊断意见列表")
        for one in page.opinions:
            draft = tr("（草稿）") if one.is_draft else ""
            self._line(f"{tr(OPINION_KINDS[one.kind].zh)}{draft}  {one.doctor}  {local_time(one.changed_at)}")
        if not page.opinions:
            self._line(tr("还没有诊断意见。"), "caption")
        for named in page.named:
            self._line(
                tr("已提请{role}：{doctor}", role=tr(DOCTOR_ROLES[named.role].zh), doctor=named.doctor), "caption"
            )
        for delay in page.delays[:1]:
            self._line(tr("延期原因：{reason}", reason=delay.reason), "caption")

    def _waits(self, page: DiagnosisView) -> None:
        if page.obstacles:
            self._head("审核前请补全")
            for one in page.obstacles:
                self._line(one, "error")

    def _reports(self, page: DiagnosisView) -> None:
        report = page.report
        if not report.id:
            return
        self._head("报告")
        edition = tr("报告第 {number} 版", number=report.edition) if report.edition else ""
        self._line(f"{tr(REPORT_KINDS[report.kind].zh)}  {tr(PAPER_STATES[report.state].zh)}  {edition}".rstrip())
        if report.reason:
            self._line(tr("取消审核原因：{reason}", reason=report.reason), "error")
        self._line(
            tr("打印 {printed} 次，发送 {sent} 次", printed=report.print_count, sent=report.send_count), "caption"
        )
        for one in page.others:
            number = f" {one.number}" if one.number > 1 else ""
            self._line(f"{tr(REPORT_KINDS[one.kind].zh)}{number}  {tr(PAPER_STATES[one.state].zh)}")
        if report.edition > 1:
            self._box.addWidget(Button("查看更正", "link", on_click=lambda: windows.show_differences(self._desk, page)))

    def _coded(self, page: DiagnosisView) -> None:
        self._head("结构化报告与编码")
        found = checklist(page.checklist) if page.checklist else None
        if found is not None:
            words = in_language(found.name, "en" if language() is Language.ENGLISH else "zh")
            self._line(f"{words}  {page.stage}".rstrip())
        if page.codes:
            self._line("  ".join(f"{one.code} {one.meaning}".strip() for one in page.codes if one.system != "tbs"))
        grid = QWidget()
        cells = QGridLayout(grid)
        cells.setContentsMargins(0, 0, 0, 0)
        cells.setSpacing(4)
        cells.addWidget(
            Button("结构化报告", "", "list", on_click=lambda: windows.open_checklist(self._desk, self._presenter)), 0, 0
        )
        cells.addWidget(
            Button("编码", "", "tag", on_click=lambda: windows.open_codes(self._desk, self._presenter)), 0, 1
        )
        self._box.addWidget(grid)

    def _records(self, page: DiagnosisView) -> None:
        self._head("病例记录")
        grid = QWidget()
        cells = QGridLayout(grid)
        cells.setContentsMargins(0, 0, 0, 0)
        cells.setSpacing(4)
        buttons = [
            Button("取材记录", "", on_click=lambda: windows.show_grossing(self._desk)),
            Button("切片记录", "", on_click=lambda: windows.show_slides(self._desk)),
            Button("追踪随访", "", on_click=lambda: windows.follow_up(self._desk)),
            Button("上报危急值", "", on_click=lambda: windows.report_critical(self._desk, page.case_id)),
            Button("报告日志", "", on_click=lambda: windows.show_log(self._desk, page.case_id)),
        ]
        feedback = find_maker("clients.pathology.orders.entries:feedback")
        if feedback is not None:  # the room of orders is there (PA-DX-16)
            buttons.append(Button("医嘱执行情况", "", on_click=lambda: feedback(self._desk)))
        for at, button in enumerate(buttons):
            cells.addWidget(button, at // 2, at % 2)
        self._box.addWidget(grid)
