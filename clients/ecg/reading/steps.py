"""提交与保存按钮, and the windows that a step of the report asks for: mode, template, reason, preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.ecg.reading.state import PageState
from clients.ecg.reading.windows import PRINTS, PreviewWindow, ReasonWindow, SubmitWindow, TemplateWindow
from clients.kit.dialogs import ContentWindow
from clients.kit.messages import message_for
from clients.kit.translations import tr
from shared.contract.ecg import DocumentView, GetDocument, OriginalFile
from shared.domain.ecg import ReportAction
from shared.domain.ecg_reports import ReportSide

if TYPE_CHECKING:
    from clients.ecg.reading.page import ReadingPage
    from clients.ecg.reading.presenter import ReadingPresenter
    from clients.ecg.reading.publishing import Publisher
    from clients.kit.actions import ActionGroup
    from shared.contract.ecg_reports import ReportPage, TemplateView

_BUTTONS = ("save", "submit", "audit", "return", "withdraw", "quick_print")


class Steps:
    """Buttons at the foot of the conclusion area, and what each asks before it is done."""

    def __init__(self, page: ReadingPage, presenter: ReadingPresenter, publisher: Publisher) -> None:
        self._page, self._presenter, self._publisher = page, presenter, publisher
        self.buttons: dict[str, Any] = {}
        self.window: Any = None

    def make_foot(self, actions: ActionGroup) -> QWidget:
        """保存, 提交报告, 快速打印; with two levels 审核 and 退回; 撤回报告 of a published one."""
        foot = QWidget()
        foot.setProperty("look", "status")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(foot)
        row.setContentsMargins(4, 3, 4, 3)
        row.setSpacing(4)
        foot.setStyleSheet("QPushButton { padding: 0 5px; }")  # three of them fit into the narrow column
        looks = {"submit": "primary", "audit": "primary"}
        for name in _BUTTONS:
            button = actions.button(f"reading.{name}", looks.get(name, ""))
            self.buttons[name] = button
            row.addWidget(button, 1)
        self.show_state(PageState())
        return foot

    def show_state(self, state: PageState) -> None:
        """Show the buttons that belong to the state of the report; the three of ECG-READ-09 always but in an audit."""
        audits, withdraws = state.allows(ReportAction.AUDIT), state.allows(ReportAction.WITHDRAW)
        shown = {
            "save": not withdraws,
            "submit": not audits and not withdraws,
            "audit": audits,
            "return": audits,
            "withdraw": withdraws,
            "quick_print": not audits,
        }
        for name, button in self.buttons.items():
            button.setVisible(shown[name])

    # ── submitting ───────────────────────────────────────────────────────────────────────────────────

    def submit(self) -> None:
        """提交报告: an empty conclusion is refused at its box, then the two modes (ECG-SUB-02, -06)."""
        if not self._publisher.may_submit():
            self._page.conclusion.editors["diagnosis"].setFocus()
            return
        page = self._presenter.state.page
        if page is None:
            return
        if page.side is ReportSide.CONSULTATION:
            sentence = tr("提交后发布会诊报告，申请医院立即收到通知。")
        elif page.needs_audit:
            sentence = tr("提交后等待审核，审核后发布。")
        else:
            sentence = tr("提交后检查变为“已报告”，报告以 PDF 保存。")
        may_print = not page.needs_audit
        self.window = SubmitWindow(self._page, sentence, self._submit_as, may_print=may_print)
        self.window.open()

    def _submit_as(self, mode: str) -> None:
        if mode == PRINTS:
            self._with_template(lambda: self._publisher.submit(self._publisher.template, self._published_print))
        else:
            self._publisher.submit(self._publisher.template, _nothing)

    def _published_print(self, page: ReportPage) -> None:
        if ReportAction.PRINT in page.allowed:
            self.print_with_preview()

    def audit(self) -> None:
        """审核."""
        if self._publisher.may_submit():
            self._publisher.audit(self._publisher.template, _nothing)
        else:
            self._page.conclusion.editors["diagnosis"].setFocus()

    def give_back(self) -> None:
        """退回."""
        self.window = ReasonWindow(
            self._page, "退回", tr("报告退回初读医生修改，请写明原因。"), self._publisher.give_back
        )
        self.window.open()

    def withdraw(self) -> None:
        """撤回报告."""
        sentence = tr("撤回后检查变为“已采集”，原版本保留，已看过报告的人会收到通知。")
        self.window = ReasonWindow(self._page, "撤回报告", sentence, self._publisher.withdraw)
        self.window.open()

    # ── paper ────────────────────────────────────────────────────────────────────────────────────────

    def quick_print(self) -> None:
        """快速打印: without another question once a template is chosen (ECG-SUB-05)."""
        self._with_template(lambda: self._publisher.print_report(self._publisher.template))

    def print_with_preview(self) -> None:
        """Load the print preview and print at once (ECG-SUB-03)."""
        preview = PreviewWindow(None)
        ContentWindow(self._page, "打印预览", preview, (1000, 720)).show()
        self._publisher.print_report(self._publisher.template, preview.show_pdf)

    def preview(self) -> None:
        """打印预览 of what is written now; prints from there when the report is published."""
        may_print = self._presenter.state.may_print
        preview = PreviewWindow(self.quick_print if may_print else None)
        ContentWindow(self._page, "打印预览", preview, (1000, 720)).show()

        def failed(error: Exception) -> None:
            preview.show_trouble(message_for(error).text)

        self._publisher.preview(self._publisher.template, preview.show_pdf, failed)

    def show_document(self, document: DocumentView) -> None:
        """A document that another program made of the exam (EX-ECG-14)."""
        preview = PreviewWindow(None)
        ContentWindow(self._page, "附带文档", preview, (1000, 720)).show()

        def came(found: OriginalFile) -> None:
            preview.show_pdf(found.data, document.file_name)

        def failed(error: Exception) -> None:
            preview.show_trouble(message_for(error).text)

        self._presenter.ask(GetDocument(document_id=document.id), came, failed)

    def choose_template(self) -> None:
        """打印设置."""
        self._ask_template(lambda: None, first=False)

    def _with_template(self, then: Callable[[], object]) -> None:
        """At the first print ask 请选择报告模板, later go on at once (ECG-PRN-01)."""
        if self._publisher.template:
            then()
        else:
            self._ask_template(then, first=True)

    def _ask_template(self, then: Callable[[], object], *, first: bool) -> None:
        def came(templates: tuple[TemplateView, ...]) -> None:
            def chosen(key: str) -> None:
                self._publisher.choose_template(key, lambda: _call(then))

            self.window = TemplateWindow(self._page, templates, self._publisher.template, chosen, first=first)
            self.window.open()

        self._publisher.templates(came)


def _call(then: Callable[[], object]) -> None:
    then()


def _nothing(_page: ReportPage) -> None:
    """The page has shown the new state already."""
