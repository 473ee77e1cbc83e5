"""The audit's panels at the report page: what changed since it was submitted; editions, signatures, corrections."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from clients.diagnosis.auditing.presenter import PanelPresenter
from clients.diagnosis.auditing.state import Base, Form, PanelState
from clients.diagnosis.auditing.words import BASE_WORDS, KIND_WORDS
from clients.diagnosis.report.difference import difference_html, legend_html
from clients.diagnosis.sides import Desk
from clients.kit.badges import StateBadge
from clients.kit.labels import Button, Glyph, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.pdf_preview import PdfPreview
from clients.kit.settings import write_atomically
from clients.kit.shell import Workplace
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.reporting import ReportContent, ReportView
from shared.contract.signing import EditionView, SignatureVerdict, SignedDataView
from shared.domain.states import ReportAction
from shared.domain.text_compare import compare, is_changed

PRESENT = StateLook("现行", Tone.SUCCESS, "check_circle")
REPLACED = StateLook("已取代", Tone.NEUTRAL, "history", quiet=True)
WITHDRAWN = StateLook("已撤回", Tone.WARNING, "undo")


class ChangesPanel(QWidget):
    """Word by word what the auditor, or a revision, changed."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._shown: tuple[object, ...] = ()
        self.presenter = PanelPresenter(
            place.connection, place.runner, place.messages, self.show_state, desk.look_again
        )
        self.base = QComboBox()
        self.base.activated.connect(self._choose)
        self.legend = QLabel()
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.restore = Button("恢复为对照的内容", "", "undo", on_click=self._restore)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(Label("与此对照", "strong"))
        layout.addWidget(self.base)
        layout.addWidget(self.legend)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.restore)
        desk.on_text(self._on_text)
        self.show_state(self.presenter.state)

    def show_report(self, report: ReportView | None) -> None:
        """Show what changed in this report."""
        self.presenter.show_report(report, self._desk.content)

    def show_state(self, state: PanelState) -> None:
        """Show a state."""
        earlier = state.earlier
        key = (earlier, state.content, state.bases, state.base, language(), self._desk.may_type)
        if key == self._shown:
            return
        self._shown = key
        self.base.clear()
        for base in state.bases:
            self.base.addItem(tr(BASE_WORDS[base]), base)
        self.base.setCurrentIndex(max(0, self.base.findData(state.base)))
        self.base.setEnabled(bool(state.bases))
        self.legend.setText(legend_html())
        changed = earlier is not None and earlier != state.content
        self.restore.setEnabled(changed and self._desk.may_type)
        if earlier is None:
            self.text.setHtml(f"<p>{tr('还没有提交过的内容。')}</p>")
        else:
            self.text.setHtml(_document(earlier, state.content))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "restore"):
            self.show_state(self.presenter.state)
        super().changeEvent(event)

    def _on_text(self, content: ReportContent) -> None:
        if self.isVisible():
            self.presenter.text_changed(content)

    def _choose(self, _index: int) -> None:
        self.presenter.choose_base(Base(self.base.currentData()))

    def _restore(self) -> None:
        earlier = self.presenter.state.earlier
        if earlier is not None:
            self._desk.edit(earlier)


class EditionsPanel(QWidget):
    """第 N 版: who signed it, its paper, its proof; 修订 and 补充."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._shown: tuple[object, ...] = ()
        self.presenter = PanelPresenter(
            place.connection, place.runner, place.messages, self.show_state, desk.look_again
        )
        place.on_notice(self.presenter.heard)
        self.revise = Button("修订…", "", "edit", on_click=self._begin_revise)
        self.add = Button("补充…", "", "add", on_click=self._begin_add)
        self.form = _CorrectionForm(self.presenter)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._list)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.revise)
        buttons.addWidget(self.add)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(buttons)
        layout.addWidget(self.form)
        layout.addWidget(scroll, 1)
        self.show_state(self.presenter.state)

    def show_report(self, report: ReportView | None) -> None:
        """Show the editions of this report."""
        self.presenter.show_report(report, self._desk.content)

    def show_state(self, state: PanelState) -> None:
        """Show a state."""
        self.revise.setEnabled(state.allows(ReportAction.REVISE))
        self.add.setEnabled(state.allows(ReportAction.ADD))
        self.form.show_state(state)
        key = (state.editions, tuple(state.verdicts.items()), language(), state.report is None)
        if key == self._shown:
            return
        self._shown = key
        while self._list.count():
            item = self._list.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if not state.editions:
            self._list.addWidget(Label("报告还没有审核通过的版本。", "quiet", wrap=True))
        for edition in state.editions:
            self._list.addWidget(EditionCard(self, edition, state.verdicts.get(edition.number)))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "form"):
            self.show_state(self.presenter.state)
        super().changeEvent(event)

    def open_paper(self, edition: EditionView) -> None:
        """Show the signed PDF as it was made then."""
        title = tr("第 {number} 版", number=edition.number)
        self.presenter.fetch_paper(edition, lambda pdf: PaperWindow(title, pdf, self).open())

    def export(self, edition: EditionView) -> None:
        """Keep the signed data as a file that can be verified anywhere."""

        def keep(signed: SignedDataView) -> None:
            chosen, _ = QFileDialog.getSaveFileName(self, tr("导出签名数据"), signed.file_name, "JSON (*.json)")
            if chosen:
                write_atomically(Path(chosen), signed.data)

        self.presenter.fetch_data(edition, keep)

    def _begin_revise(self) -> None:
        self.presenter.begin(Form.REVISE)

    def _begin_add(self) -> None:
        self.presenter.begin(Form.ADD)


class EditionCard(QWidget):
    """One edition."""

    def __init__(self, panel: EditionsPanel, edition: EditionView, verdict: SignatureVerdict | None) -> None:
        super().__init__()
        self._panel, self.edition = panel, edition
        look = PRESENT if edition.is_present else WITHDRAWN if edition.is_withdrawn else REPLACED
        head = QHBoxLayout()
        head.setSpacing(8)
        words = f"{tr('第 {number} 版', number=edition.number)}  {tr(KIND_WORDS[edition.kind])}"
        head.addWidget(ValueLabel(words, "strong"), 1)
        head.addWidget(StateBadge(look))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(4)
        layout.addLayout(head)
        when = local_time(edition.approved_at)
        layout.addWidget(ValueLabel(f"{when}  {edition.auditing_doctor}", "quiet"))
        if edition.reason:
            layout.addWidget(ValueLabel(tr("理由：{reason}", reason=edition.reason), wrap=True))
        if edition.addendum:
            layout.addWidget(ValueLabel(edition.addendum, wrap=True))
        signed = tr("数字签名：{name}", name=edition.signer) if edition.signer else tr("没有数字签名")
        layout.addWidget(ValueLabel(signed, "quiet", wrap=True))
        if verdict is not None:
            layout.addLayout(_verdict_row(verdict))
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        self.open_button = Button("打开 PDF", "link", on_click=self._open)
        self.open_button.setEnabled(bool(edition.document_id))
        self.check_button = Button("校验签名", "link", on_click=self._check)
        self.export_button = Button("导出数据", "link", on_click=self._export)
        self.export_button.setEnabled(bool(edition.signer))
        for button in (self.open_button, self.check_button, self.export_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout.addLayout(buttons)
        layout.addWidget(hairline())

    def _open(self) -> None:
        self._panel.open_paper(self.edition)

    def _check(self) -> None:
        self._panel.presenter.check(self.edition.number)

    def _export(self) -> None:
        self._panel.export(self.edition)


class PaperWindow(QDialog):
    """A signed PDF as it was made."""

    def __init__(self, title: str, pdf: bytes, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(820, 900)
        preview = PdfPreview()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(preview)
        preview.show_pdf(pdf)


class _CorrectionForm(QWidget):
    """The reason of a revision, or the words of an addendum."""

    def __init__(self, presenter: PanelPresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._form = Form.NONE
        self.title = Label("", "strong")
        self.hint = Label("", "quiet", wrap=True)
        self.text = QPlainTextEdit()
        self.text.setMaximumHeight(120)
        self.problem = ValueLabel("", "error", wrap=True)
        self.send = Button("", "primary", on_click=self._send)
        cancel = Button("取消", "quiet", on_click=self._cancel)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.send)
        buttons.addWidget(cancel)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(4)
        for widget in (self.title, self.hint, self.text, self.problem):
            layout.addWidget(widget)
        layout.addLayout(buttons)

    def show_state(self, state: PanelState) -> None:
        """Show the form of a state."""
        self.setVisible(state.form is not Form.NONE)
        if state.form is not self._form:
            self._form = state.form
            self.text.clear()
            is_revision = state.form is Form.REVISE
            self.title.set_source("修订理由" if is_revision else "补充内容")
            self.hint.set_source(
                "报告将撤回重写并再次审核，原版保留可查。" if is_revision else "原文不变，补充经您签名后成为新的一版。"
            )
            self.send.set_source("撤回修订" if is_revision else "签名并补充")
            self.text.setFocus()
        self.problem.set_text(state.problem)
        self.problem.setVisible(bool(state.problem))
        self.send.setEnabled(not state.is_busy)

    def _send(self) -> None:
        self._presenter.send(self.text.toPlainText())

    def _cancel(self) -> None:
        self._presenter.begin(Form.NONE)


def _verdict_row(verdict: SignatureVerdict) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    tone = Tone.SUCCESS if verdict.is_good else Tone.DANGER
    row.addWidget(Glyph("check_circle" if verdict.is_good else "alert", 16, tone), 0, Qt.AlignmentFlag.AlignTop)
    words = verdict.sentence
    if language() is not Language.CHINESE:  # the server's sentence is Chinese
        words = tr("与签名时一致。") if verdict.is_good else tr("与签名时不一致，请联系管理员。")
    row.addWidget(ValueLabel(words, "" if verdict.is_good else "error", wrap=True), 1)
    return row


def _document(before: ReportContent, after: ReportContent) -> str:
    parts: list[str] = []
    for title, old, new in (
        ("影像所见", before.findings, after.findings),
        ("诊断意见", before.impression, after.impression),
    ):
        note = "" if is_changed(compare(old, new)) else f"  <i>{tr('没有改动')}</i>"
        parts.append(f"<h4>{tr(title)}{note}</h4><p style='line-height:150%'>{difference_html(old, new)}</p>")
    return "".join(parts)
