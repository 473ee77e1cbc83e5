"""Intentions beside a report: compare with what was submitted, look at editions, correct after approval; no Qt."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from clients.diagnosis.auditing.state import Base, Form, PanelState
from clients.kit.connection import Connection
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice
from shared.contract.reporting import AddToReport, GetReportLog, ReportContent, ReportLogView, ReportView, ReviseReport
from shared.contract.signing import (
    CheckEdition,
    EditionView,
    ExportSignedData,
    ListEditions,
    SignatureVerdict,
    SignedDataView,
)

_NUMBERS = itertools.count()


class PanelPresenter(ScreenPresenter[PanelState]):
    """Both panels of the audit stand on one of these."""

    def __init__(
        self,
        line: Connection,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[PanelState], None],
        corrected: Callable[[], None],
    ) -> None:
        """`corrected` is called after the server changed the report; the page then looks again."""
        super().__init__(PanelState(), line, runner, messages, show)
        self._line = line
        self._corrected = corrected
        self._number = next(_NUMBERS)

    def _key(self, what: str) -> str:
        """A task's key of this panel alone: the other one asks the same of the same report at the same time."""
        return f"auditing.{self._number}.{what}"

    def show_report(self, report: ReportView | None, content: ReportContent) -> None:
        """Another report is on the page, or it changed."""
        before = self.state.report
        if report is None:
            self._change(report=None, log=None, editions=(), verdicts={}, form=Form.NONE, problem="", is_busy=False)
            return
        if before is not None and before.row.id == report.row.id:
            is_same = before.version == report.version and before.text_version == report.text_version
            self._change(report=report, content=content)
            if is_same:
                return
        else:
            self.state = PanelState(report=report, content=content, base=self.state.base)
            self._show(self.state)
        self.load()

    def text_changed(self, content: ReportContent) -> None:
        """The doctor typed."""
        self._change(content=content)

    def load(self) -> None:
        """Fetch kept texts and editions."""
        report = self.state.report
        if report is None:
            return
        report_id = report.row.id
        self._ask(GetReportLog(report_id=report_id), self._on_log, key=self._key("log"))
        self._ask(ListEditions(report_id=report_id), self._on_editions, key=self._key("editions"))

    def heard(self, notice: Notice) -> None:
        """The signed paper of an edition is there."""
        report = self.state.report
        if report is None or not isinstance(notice, Changed):
            return
        if (notice.entity, notice.id) == ("signed_paper", report.row.id):
            self._ask(ListEditions(report_id=report.row.id), self._on_editions, key=self._key("editions"))

    def choose_base(self, base: Base) -> None:
        """Compare with another earlier text."""
        self._change(base=base)

    # ── editions ─────────────────────────────────────────────────────────────────────────────────────

    def check(self, number: int) -> None:
        """Ask the server whether an edition is as it was signed."""
        report = self.state.report
        if report is None:
            return

        def came(verdict: SignatureVerdict) -> None:
            self._change(verdicts={**self.state.verdicts, number: verdict})

        self._ask(CheckEdition(report_id=report.row.id, edition=number), came, key=self._key(f"check.{number}"))

    def fetch_paper(self, edition: EditionView, show: Callable[[bytes], None]) -> None:
        """Fetch the signed PDF of an edition, as it was made then."""
        if not edition.document_id:
            self._messages.say(tr("这一版没有签名的 PDF。"), Tone.WARNING)
            return
        self._runner.run(
            lambda: self._line.fetch_document(edition.document_id), show, self._messages.report, key=self._key("paper")
        )

    def fetch_data(self, edition: EditionView, keep: Callable[[SignedDataView], None]) -> None:
        """Fetch the signed data of an edition."""
        report = self.state.report
        if report is not None:
            self._ask(ExportSignedData(report_id=report.row.id, edition=edition.number), keep, key=self._key("data"))

    # ── corrections ──────────────────────────────────────────────────────────────────────────────────

    def begin(self, form: Form) -> None:
        """Show the form of a correction, or none."""
        self._change(form=form, problem="")

    def send(self, text: str) -> None:
        """Withdraw with this reason, or sign this addendum."""
        report, form, words = self.state.report, self.state.form, text.strip()
        if report is None or form is Form.NONE or self.state.is_busy:
            return
        if not words:
            self._change(problem=tr("请填写修订理由。") if form is Form.REVISE else tr("请填写补充内容。"))
            return
        self._change(is_busy=True, problem="")
        named = {"report_id": report.row.id, "version": report.version}
        if form is Form.REVISE:
            self._ask(ReviseReport(**named, reason=words), self._on_corrected, self._on_refused)
        else:
            self._ask(AddToReport(**named, text=words), self._on_corrected, self._on_refused)

    def _on_corrected(self, view: ReportView) -> None:
        said = tr("报告已撤回，可以修订") if self.state.form is Form.REVISE else tr("补充已签名")
        self._change(is_busy=False, form=Form.NONE, report=view)
        self._messages.say(said, Tone.SUCCESS)
        self._corrected()
        self.load()

    def _on_refused(self, error: Exception) -> None:
        message = message_for(error)
        self._change(is_busy=False, problem=message.text)
        self._corrected()

    def _on_log(self, log: ReportLogView) -> None:
        self.state = replace(self.state, log=log)
        self._show(self.state)

    def _on_editions(self, editions: tuple[EditionView, ...]) -> None:
        self._change(editions=editions)
