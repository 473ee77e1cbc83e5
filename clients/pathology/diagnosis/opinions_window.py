"""The window of all opinions: read every one, write an own one, and its report (PA-DX-07 to -09, -13, -17, -18)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.paging import local_time
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.diagnosis import windows
from clients.pathology.diagnosis.presenter import DiagnosisPresenter
from clients.pathology.diagnosis.state import MAIN_LINE, PageState
from shared.contract.pathology_reports import Audit, DiagnosisView, OpinionText, OpinionView, ReportView, SaveOpinion
from shared.domain.pathology import OPINION_KINDS, OpinionKind
from shared.domain.pathology_reports import PAPER_STATES, PaperAction, PaperState

_ID = Qt.ItemDataRole.UserRole


class OpinionsWindow(QWidget):
    """Left the opinions with kind, doctor and time; right the chosen one or a new one of `kind`."""

    def __init__(self, desk: Desk, presenter: DiagnosisPresenter, kind: OpinionKind | None) -> None:
        super().__init__()
        self._desk, self._presenter = desk, presenter
        self._kind = kind
        self._page: DiagnosisView | None = presenter.state.page
        self._chosen = 0
        self._listening = [
            desk.closed.listen(lambda _none: self._leave()),
            desk.opened.listen(lambda _details: self._leave()),
        ]
        across = QSplitter(Qt.Orientation.Horizontal)
        across.setChildrenCollapsible(False)
        self.list = QListWidget()
        self.list.setMinimumWidth(250)
        self.list.currentItemChanged.connect(self._on_chosen)
        across.addWidget(self.list)
        across.addWidget(self._make_text())
        across.setStretchFactor(1, 1)
        across.setSizes([300, 660])
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        self.extra = self._make_extra()
        if self.extra is not None:
            box.addWidget(self.extra)
        box.addWidget(across, 1)
        box.addLayout(self._make_foot())
        self._before = presenter._show
        presenter.show_to(self._follow(presenter._show))
        self._fill()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _make_extra(self) -> QWidget | None:
        if self._kind is OpinionKind.FROZEN:
            from clients.pathology.diagnosis.frozen_bar import FrozenBar

            return FrozenBar(self._presenter)
        if self._kind is OpinionKind.CONSULTATION:
            from clients.pathology.diagnosis.consultation_bar import ConsultationBar

            return ConsultationBar(self._desk, self._presenter)
        return None

    def _make_text(self) -> QWidget:
        side = QWidget()
        box = QVBoxLayout(side)
        box.setContentsMargins(8, 0, 0, 0)
        box.setSpacing(4)
        self.head = ValueLabel("", "strong")
        box.addWidget(self.head)
        self.findings_label = Label("光镜所见", "caption")
        box.addWidget(self.findings_label)
        self.findings = QPlainTextEdit()
        self.findings.setTabChangesFocus(True)
        box.addWidget(self.findings, 2)
        box.addWidget(Label("诊断意见", "caption"))
        self.diagnosis = QPlainTextEdit()
        self.diagnosis.setTabChangesFocus(True)
        box.addWidget(self.diagnosis, 2)
        self.state = ValueLabel("", "caption")
        box.addWidget(self.state)
        for editor in (self.findings, self.diagnosis):
            editor.textChanged.connect(self._typed)
        return side

    def _make_foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.new_button = Button("新写一条", "", "add", on_click=self.begin_new)
        self.save_button = Button("保存", "primary", "save", on_click=self.save)
        self.audit_button = Button("审核", "", "audit", on_click=self.audit)
        self.preview_button = Button("预览", "", "eye", on_click=self.preview)
        self.print_button = Button("打印", "", "print", on_click=self.print_report)
        self.send_button = Button("发送", "", "send", on_click=self.send)
        for button in (self.new_button, self.save_button):
            row.addWidget(button)
        row.addStretch(1)
        for button in (self.audit_button, self.preview_button, self.print_button, self.send_button):
            row.addWidget(button)
        return row

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _follow(self, before: Callable[[PageState], None]) -> Callable[[PageState], None]:
        def show(state: PageState) -> None:
            before(state)
            if state.page is not None and self._page is not state.page and not self._is_gone():
                self._page = state.page
                self._fill()

        return show

    def _is_gone(self) -> bool:
        from shiboken6 import isValid

        return not isValid(self)

    def _shown(self) -> list[OpinionView]:
        if self._page is None:
            return []
        return [one for one in self._page.opinions if self._kind is None or one.kind is self._kind]

    def _fill(self) -> None:
        rows = self._shown()
        self.list.blockSignals(True)
        self.list.clear()
        for one in rows:
            draft = tr("（草稿）") if one.is_draft else ""
            item = QListWidgetItem(
                f"{tr(OPINION_KINDS[one.kind].zh)}{draft}\n{one.doctor}  {local_time(one.changed_at)}"
            )
            item.setData(_ID, one.id)
            self.list.addItem(item)
        self.list.blockSignals(False)
        known = [one.id for one in rows]
        if self._chosen in known:
            self.list.setCurrentRow(known.index(self._chosen))
        elif known:
            self.list.setCurrentRow(len(known) - 1)
        self._show_chosen()
        if self.extra is not None and self._page is not None:
            self.extra.show_page(self._page)  # type: ignore[attr-defined]

    def _on_chosen(self, item: QListWidgetItem | None) -> None:
        self._chosen = int(item.data(_ID)) if item is not None else 0
        self._show_chosen()

    def _opinion(self) -> OpinionView | None:
        return next((one for one in self._shown() if one.id == self._chosen), None)

    def _report(self) -> ReportView | None:
        one = self._opinion()
        if one is None or self._page is None or not one.report_id:
            return None
        return next((report for report in self._page.others if report.id == one.report_id), None)

    def _show_chosen(self) -> None:
        one, report = self._opinion(), self._report()
        may_new = self._kind is not None and self._page is not None and self._kind in self._page.may_write
        is_open = one is not None and one.is_mine and one.kind not in MAIN_LINE
        is_open = is_open and (report is None or report.state is PaperState.WRITING)
        is_new = one is None and may_new
        for editor, text in (
            (self.findings, one.text.findings if one else ""),
            (self.diagnosis, one.text.diagnosis if one else ""),
        ):
            editor.blockSignals(True)
            if not is_new or editor.isReadOnly():
                editor.setPlainText(text)
            editor.setReadOnly(not (is_open or is_new))
            editor.blockSignals(False)
        if is_new:
            self._restore()
        self.head.set_text(self._head_words(one, is_new))
        self.state.set_text(self._state_words(report))
        self.new_button.setVisible(may_new and one is not None)
        self.save_button.setVisible(is_open or is_new)
        self.save_button.setEnabled(is_open or is_new)
        self._show_actions(report)

    def _head_words(self, one: OpinionView | None, is_new: bool) -> str:
        if one is not None:
            return f"{tr(OPINION_KINDS[one.kind].zh)}  {one.doctor}  {local_time(one.changed_at)}"
        if is_new and self._kind is not None:
            return tr("新的{kind}", kind=tr(OPINION_KINDS[self._kind].zh))
        return tr("还没有诊断意见。")

    @staticmethod
    def _state_words(report: ReportView | None) -> str:
        if report is None:
            return ""
        return tr(
            "{state}；打印 {printed} 次，发送 {sent} 次",
            state=tr(PAPER_STATES[report.state].zh),
            printed=report.print_count,
            sent=report.send_count,
        )

    def _show_actions(self, report: ReportView | None) -> None:
        allowed = report.allowed if report is not None else ()
        for button, action in (
            (self.audit_button, PaperAction.AUDIT),
            (self.print_button, PaperAction.PRINT),
            (self.send_button, PaperAction.SEND),
        ):
            button.setVisible(report is not None)
            button.setEnabled(action in allowed)
        self.preview_button.setVisible(report is not None)

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────

    def begin_new(self) -> None:
        """Write another opinion of this kind."""
        self._chosen = 0
        self.list.blockSignals(True)
        self.list.setCurrentRow(-1)
        self.list.clearSelection()
        self.list.blockSignals(False)
        self.findings.setReadOnly(True)
        self._show_chosen()
        self.findings.clear()
        self.diagnosis.clear()
        self.diagnosis.setFocus()

    def save(self) -> None:
        """Save the own opinion; a frozen, supplementary or consultation one makes its report."""
        page, one = self._page, self._opinion()
        if page is None or (one is None and self._kind is None):
            return
        kind = one.kind if one is not None else self._kind
        assert kind is not None
        consultation = next((open_one.id for open_one in page.consultations if open_one.closed_at is None), 0)
        request = SaveOpinion(
            case_id=page.case_id,
            kind=kind,
            text=OpinionText(findings=self.findings.toPlainText(), diagnosis=self.diagnosis.toPlainText()),
            opinion_id=0 if one is None else one.id,
            version=0 if one is None else one.version,
            consultation_id=consultation if kind is OpinionKind.CONSULTATION else 0,
        )
        known = {there.id for there in page.opinions}

        def saved(newer: DiagnosisView) -> None:
            self._desk.place.drafts.discard(self._draft_id())
            fresh = [there.id for there in newer.opinions if there.id not in known]
            if fresh and not self._is_gone():
                self._chosen = fresh[-1]
                self._fill()

        self._presenter.do(request, tr("已保存"), saved)

    def audit(self) -> None:
        """审核 of the report of this opinion."""
        report, page = self._report(), self._page
        if report is not None and page is not None:
            request = Audit(case_id=page.case_id, version=report.version, report_id=report.id)
            self._presenter.do(request, tr("报告已审核"))

    def preview(self) -> None:
        """报告预览 of this report."""
        report = self._report()
        if report is not None:
            windows.preview(self._desk, self._presenter, report.id)

    def print_report(self) -> None:
        """报告打印 of this report."""
        report = self._report()
        if report is not None:
            self._presenter.print_report(report.id)

    def send(self) -> None:
        """报告发送 of this report."""
        report = self._report()
        if report is not None:
            self._presenter.send(report.id)

    def _draft_id(self) -> str:
        case = self._page.case_id if self._page is not None else 0
        return f"pathology-opinion-{case}-{self._kind.value if self._kind else 'main'}"

    def _restore(self) -> None:
        """What was typed and not saved comes back."""
        kept = self._desk.place.drafts.restore(self._draft_id())
        if not kept or self.findings.toPlainText() or self.diagnosis.toPlainText():
            return
        for editor, key in ((self.findings, "findings"), (self.diagnosis, "diagnosis")):
            editor.blockSignals(True)
            editor.setPlainText(str(kept.get(key, "")))
            editor.blockSignals(False)

    def _typed(self) -> None:
        """Journal what is typed, as the page itself does."""
        if self._kind is not None and not self.diagnosis.isReadOnly():
            texts = {"findings": self.findings.toPlainText(), "diagnosis": self.diagnosis.toPlainText()}
            self._desk.place.drafts.record(self._draft_id(), texts)

    def _leave(self) -> None:
        for forget in self._listening:
            forget()
        self._listening = []
        if not self._is_gone():
            self.window().close()

    def closeEvent(self, event: object) -> None:
        for forget in self._listening:
            forget()
        super().closeEvent(event)  # type: ignore[arg-type]
