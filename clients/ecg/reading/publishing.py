"""提交报告, 审核, 退回, 撤回, 打印: what leads a report out of the page; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from clients.ecg.reading.loading import TEMPLATE_KEY
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.ecg_reports import (
    Audit,
    ChooseTemplate,
    ListTemplates,
    Preview,
    Print,
    ReportPage,
    Return,
    Submit,
    TemplateView,
    Withdraw,
)
from shared.domain.ecg import ReportAction

if TYPE_CHECKING:
    from clients.ecg.reading.presenter import ReadingPresenter
    from shared.contract.printing import DocumentView


class Publisher:
    """The steps after writing. `papers` reads documents and hands them to the printer of this computer."""

    def __init__(self, presenter: ReadingPresenter, papers: Any) -> None:
        self._presenter = presenter
        self._papers = papers

    # ── submitting ───────────────────────────────────────────────────────────────────────────────────

    def may_submit(self) -> bool:
        """Say whether the conclusion is filled; if not, say so at the box (ECG-SUB-06)."""
        if self._presenter.state.body.diagnosis.strip():
            return True
        self._presenter.say_problem("diagnosis", tr("请填写心电诊断后再提交"))
        return False

    @property
    def template(self) -> str:
        """What a print would take now; empty: nobody chose yet (ECG-PRN-01)."""
        page = self._presenter.state.page
        return self._presenter.station_template() or (page.template if page is not None else "")

    def submit(self, template: str, then: Callable[[ReportPage], None]) -> None:
        """提交: the report becomes 已提交, or waits for the second reading."""
        presenter = self._presenter
        page = presenter.state.page
        if page is None:
            return
        sent = presenter.state.body
        request = Submit(
            exam_id=presenter.exam_id,
            version=page.version,
            body=presenter.body_to_send(),
            template=template,
            station_template=presenter.station_template(),
        )

        def done(newer: ReportPage) -> None:
            presenter.adopt(newer, sent)
            waits = newer.document_id == 0 and newer.needs_audit
            if waits:
                presenter.place.messages.say(tr("已提交，等待审核"), Tone.SUCCESS)
            elif newer.consultation_id:
                presenter.place.messages.say(tr("会诊报告已发布"), Tone.SUCCESS)
            else:
                presenter.place.messages.say(tr("报告已提交"), Tone.SUCCESS)
            then(newer)

        self._step(request, done)

    def audit(self, template: str, then: Callable[[ReportPage], None]) -> None:
        """审核: publish what the reader wrote, with the auditor's changes (EX-ECG-12)."""
        presenter = self._presenter
        page = presenter.state.page
        if page is None:
            return
        sent = presenter.state.body
        changed = presenter.body_to_send() if presenter.is_dirty() else None
        request = Audit(exam_id=presenter.exam_id, version=page.version, body=changed, template=template)

        def done(newer: ReportPage) -> None:
            presenter.adopt(newer, sent)
            presenter.place.messages.say(tr("报告已审核并发布"), Tone.SUCCESS)
            then(newer)

        self._step(request, done)

    def give_back(self, reason: str) -> None:
        """退回 to the reader, with the reason."""
        presenter = self._presenter
        page = presenter.state.page
        if page is not None:
            request = Return(exam_id=presenter.exam_id, version=page.version, reason=reason)
            self._step(request, lambda newer: self._said(newer, tr("已退回初读医生")))

    def withdraw(self, reason: str) -> None:
        """撤回报告: the edition is kept, the exam becomes 已采集 (ECG-SM-EXM-09)."""
        presenter = self._presenter
        page = presenter.state.page
        if page is not None:
            request = Withdraw(exam_id=presenter.exam_id, version=page.version, reason=reason)
            self._step(request, lambda newer: self._said(newer, tr("报告已撤回，原版本已保留")))

    def _said(self, newer: ReportPage, sentence: str) -> None:
        self._presenter.adopt(newer, newer.body)
        self._presenter.show_server_body(newer)
        self._presenter.place.messages.say(sentence, Tone.SUCCESS)

    def _step(self, request: Any, done: Callable[[ReportPage], None]) -> None:
        self._presenter.set_busy(True)
        self._presenter.ask(request, done, self._presenter.refused, "step")

    # ── paper ────────────────────────────────────────────────────────────────────────────────────────

    def templates(self, done: Callable[[tuple[TemplateView, ...]], None]) -> None:
        """The templates of 报告模板选择, the default first."""
        self._presenter.ask(ListTemplates(), done)

    def choose_template(self, key: str, done: Callable[[], None]) -> None:
        """确认 of 打印设置: for this computer at once, and for the account (ECG-PRN-03)."""
        self._presenter.place.desk_settings.set(TEMPLATE_KEY, key)

        def kept(_key: str) -> None:
            done()

        self._presenter.ask(ChooseTemplate(template=key), kept)

    def preview(self, template: str, shown: Callable[[bytes], None], failed: Callable[[Exception], None]) -> None:
        """打印预览: the PDF as it would print, of what is written now while it is not published."""
        presenter = self._presenter
        page = presenter.state.page
        published = page is not None and ReportAction.PRINT in page.allowed and not presenter.is_dirty()
        request = Preview(
            exam_id=presenter.exam_id,
            template=template,
            body=None if published else presenter.body_to_send(),
            language=_spoken(),
        )
        connection, papers = presenter.place.connection, self._papers

        def work() -> bytes:
            content: bytes = papers.read(connection.call(request))
            return content

        presenter.run(work, shown, failed, "preview")

    def print_report(self, template: str, shown: Callable[[bytes, str], None] | None = None) -> None:
        """打印, 快速打印: counted by the server, then to this computer's printer; `shown` gets PDF and sentence."""
        presenter = self._presenter
        request = Print(exam_id=presenter.exam_id, template=template, language=_spoken())
        connection, papers = presenter.place.connection, self._papers

        def work() -> tuple[bytes, str]:
            document: DocumentView = connection.call(request)
            return papers.read(document), papers.hand_out(document)

        def done(found: tuple[bytes, str]) -> None:
            content, sentence = found
            presenter.place.messages.say(sentence, Tone.SUCCESS)
            presenter.load_page()
            presenter.tell_changed()
            if shown is not None:
                shown(content, sentence)

        presenter.run(work, done, None, "print")


def _spoken() -> str:
    return "en" if language() is Language.ENGLISH else "zh"
