"""The diagnosis page: which opinion is written, its draft, saving, audit, print and send; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clients.kit.messages import message_for
from clients.kit.screen import ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.diagnosis.state import FIELDS, PageState, suggested, text_for, writable
from shared.contract.base import Command
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.pathology import CaseDetails
from shared.contract.pathology_reports import (
    Audit,
    CodeView,
    Delay,
    DiagnosisView,
    Open,
    OpinionText,
    Preview,
    Print,
    Reopen,
    SaveOpinion,
    Send,
    SetCodes,
    SetFormat,
)
from shared.contract.printing import DocumentView
from shared.domain.pathology import OpinionKind
from shared.domain.pathology_reports import ReportKind

TAB, TITLE = "diagnosis", "病理诊断"
Texts = Mapping[str, str]


def draft_id(case_id: int, kind: OpinionKind) -> str:
    """Where unsaved words are journaled: the case and the opinion."""
    return f"pathology-diagnosis-{case_id}-{kind.value}"


class DiagnosisPresenter(ScreenPresenter[PageState]):
    """Holds the texts of the opinion that is written. Every key stroke goes into the local journal."""

    def __init__(self, desk: Desk, show: Callable[[PageState], None], fill: Callable[[Texts], None]) -> None:
        place = desk.place
        super().__init__(PageState(), place.connection, place.runner, place.messages, show)
        self.desk = desk
        self._drafts = place.drafts
        self._fill = fill
        self.texts: dict[str, str] = dict.fromkeys(FIELDS, "")
        self._kept: dict[str, str] = dict.fromkeys(FIELDS, "")
        self.refreshes_report = True
        self._forget = [
            desk.opened.listen(self._case_opened),
            desk.changed.listen(lambda _details: self.reload()),
            desk.closed.listen(lambda _none: self._clear()),
        ]

    def open(self) -> None:
        """Show the case that lies on the desk already."""
        if self.desk.details is not None:
            self._case_opened(self.desk.details)

    def close(self) -> None:
        """The tab is gone."""
        for forget in self._forget:
            forget()

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────

    def reload(self) -> None:
        """Fetch the page again; what is being typed stays on top."""
        if self.desk.case is None:
            return
        case_id = self.desk.case.id
        self._ask(Open(case_id=case_id), self._arrived, key="pathology.diagnosis.open")

    def write_as(self, kind: OpinionKind) -> None:
        """Write another opinion of the main line; unsaved words stay in the journal of theirs."""
        page = self.state.page
        if page is None or kind is self.state.kind or kind not in writable(page):
            return
        self._begin(page, kind)

    def _case_opened(self, details: CaseDetails) -> None:
        self._change(page=None, kind=None, is_dirty=False, problems={})
        self._ask(Open(case_id=details.case.id), self._opened, key="pathology.diagnosis.open")

    def _opened(self, page: DiagnosisView) -> None:
        if self.desk.case is not None and self.desk.case.id == page.case_id:
            self._begin(page, suggested(page, self.desk.place.session.user_id))

    def _arrived(self, page: DiagnosisView) -> None:
        """The page is newer. The opinion that is written stays, unless it may not be written any more."""
        if self.desk.case is None or self.desk.case.id != page.case_id:
            return
        if self.state.page is None or self.state.kind not in writable(page):
            self._begin(page, suggested(page, self.desk.place.session.user_id))
            return
        if not self.state.is_dirty:
            self._put(_plain(text_for(page, self.state.kind)))
        self._change(page=page, is_busy=False)

    def _begin(self, page: DiagnosisView, kind: OpinionKind | None) -> None:
        self._kept = _plain(text_for(page, kind))
        self.texts = dict(self._kept)
        restored = None if kind is None else self._drafts.restore(draft_id(page.case_id, kind))
        if restored:
            self.texts.update({key: str(value) for key, value in restored.items() if key in self.texts})
        self._fill(self.texts)
        self._change(page=page, kind=kind, is_busy=False, is_dirty=self.texts != self._kept, problems={})
        if self.state.is_dirty:
            self._messages.offer_undo(tr("已恢复上次未保存的诊断内容"), self.discard)
        self.desk.touched()

    def _clear(self) -> None:
        self._put(dict.fromkeys(FIELDS, ""))
        self._change(page=None, kind=None, is_dirty=False, is_busy=False, problems={})

    def _put(self, texts: dict[str, str]) -> None:
        self._kept, self.texts = dict(texts), dict(texts)
        self._fill(self.texts)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────

    def edit(self, field: str, text: str) -> None:
        """The doctor typed: into the local journal at once."""
        page, kind = self.state.page, self.state.kind
        if page is None or kind is None or self.texts[field] == text:
            return
        self.texts[field] = text
        dirty = self.texts != self._kept
        name = draft_id(page.case_id, kind)
        if dirty:
            self._drafts.record(name, self.texts)
        else:
            self._drafts.discard(name)
        if dirty != self.state.is_dirty or self.state.problems:
            self._change(is_dirty=dirty, problems={})
            self.desk.touched()

    def take_template(self, findings: str, diagnosis: str) -> None:
        """诊断模板: the findings pane goes to the findings, the diagnosis pane to the diagnosis (PA-TPL-07)."""
        for field, text in (("findings", findings), ("diagnosis", diagnosis)):
            if text:
                before = self.texts[field].rstrip()
                self.edit(field, f"{before}\n{text}" if before else text)
        self._fill(self.texts)

    def replace_texts(self, findings: str, diagnosis: str) -> None:
        """Texts that ticks composed take the place of what stood there."""
        self.edit("findings", findings)
        self.edit("diagnosis", diagnosis)
        self._fill(self.texts)

    def is_dirty(self) -> bool:
        """Say whether something is not stored."""
        return self.state.is_dirty

    def discard(self) -> None:
        """Forget what was typed and its journal."""
        page, kind = self.state.page, self.state.kind
        if page is not None and kind is not None:
            self._drafts.discard(draft_id(page.case_id, kind))
        self._put(self._kept)
        self._change(is_dirty=False, problems={})
        self.desk.touched()

    def save(self, done: Callable[[], None], failed: Callable[[], None]) -> None:
        """Save the own opinion; the case goes to the state of its kind."""
        page, kind = self.state.page, self.state.kind
        if page is None or kind is None or self.state.is_busy:
            failed()
            return
        opinion, sent = self.state.opinion, dict(self.texts)
        request = SaveOpinion(
            case_id=page.case_id,
            kind=kind,
            text=OpinionText(**sent),
            opinion_id=0 if opinion is None else opinion.id,
            version=0 if opinion is None else opinion.version,
            refresh_report=self.refreshes_report,
        )

        def saved(newer: DiagnosisView) -> None:
            self._drafts.discard(draft_id(page.case_id, kind))
            self._kept = sent
            self._change(page=newer, is_busy=False, is_dirty=self.texts != sent, problems={})
            self._messages.say(tr("已保存"), Tone.SUCCESS)
            self._moved()
            done()

        def refused(error: Exception) -> None:
            self._change(is_busy=False)
            self._refused(error)
            failed()

        self._change(is_busy=True)
        self._ask(request, saved, refused)

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────

    def audit(self) -> None:
        """审核 of what is stored; unsaved words are asked about first."""
        self.desk.leave(self._audit)

    def _audit(self) -> None:
        page = self.state.page
        if page is None:
            return
        if page.obstacles:
            self._messages.say("".join(page.obstacles) + tr("请补全后再审核。"), Tone.WARNING)
            return
        self.do(Audit(case_id=page.case_id, version=page.report.version), tr("已审核，病例已锁定"))

    def reopen(self, reason: str) -> None:
        """取消审核."""
        if self.state.page is not None:
            self.do(Reopen(case_id=self.state.page.case_id, reason=reason), tr("已取消审核，原版本已保留"))

    def delay(self, reason: str, until: Any) -> None:
        """报告延期."""
        if self.state.page is not None:
            self.do(Delay(case_id=self.state.page.case_id, reason=reason, until=until), tr("已登记延期"))

    def send(self, report_id: int = 0) -> None:
        """报告发送."""
        page = self.state.page
        if page is not None:
            self.do(Send(report_id=report_id or page.report.id), tr("报告已发送"))

    def set_format(self, format_key: str) -> None:
        """报告格式 of the main report."""
        page = self.state.page
        if page is not None and page.report.id and format_key != page.report.format_key:
            self.do(SetFormat(report_id=page.report.id, format_key=format_key))

    def set_codes(self, codes: tuple[CodeView, ...]) -> None:
        """The codes beside the text."""
        if self.state.page is not None:
            self.do(SetCodes(case_id=self.state.page.case_id, codes=codes), tr("编码已保存"))

    def do(
        self, request: Command[DiagnosisView], said: str = "", then: Callable[[DiagnosisView], None] | None = None
    ) -> None:
        """Send a command that returns the page."""
        self._change(is_busy=True)

        def done(page: DiagnosisView) -> None:
            self._arrived(page)
            if said:
                self._messages.say(said, Tone.SUCCESS)
            self._moved()
            if then is not None:
                then(page)

        def refused(error: Exception) -> None:
            self._change(is_busy=False)
            self._refused(error)

        self._ask(request, done, refused)

    def preview(self, report_id: int, format_key: str, shown: Callable[[bytes], None], language: str = "zh") -> None:
        """报告预览: fetch the PDF as it would print."""
        connection, papers = self.desk.place.connection, self.desk.papers

        def work() -> bytes:
            found = connection.call(Preview(report_id=report_id, format_key=format_key, language=language))
            content: bytes = papers.read(found)
            return content

        self._runner.run(work, shown, self._refused, key="pathology.preview")

    def print_report(self, report_id: int = 0, format_key: str = "") -> None:
        """报告打印: counted by the server, then to the printer of this desk."""
        page = self.state.page
        if page is None or not (report_id or page.report.id):
            return
        connection, papers = self.desk.place.connection, self.desk.papers

        def work() -> str:
            document: DocumentView = connection.call(
                Print(report_id=report_id or page.report.id, format_key=format_key)
            )
            said: str = papers.hand_out(document)
            return said

        def done(said: str) -> None:
            self._messages.say(said, Tone.SUCCESS)
            self.reload()
            self._moved()

        self._runner.run(work, done, self._refused, key="pathology.print")

    def _moved(self) -> None:
        self.desk.reload()
        self.desk.refresh_lists()
        self.desk.touched()

    def _refused(self, error: Exception) -> None:
        message = message_for(error)
        if isinstance(error, RpcError) and error.code is ErrorCode.CONFLICT:
            self._messages.say(tr("内容刚被更新，已载入最新版本并保留您的文字；请核对后再次保存。"), Tone.WARNING)
            self.reload()
        elif message.field in FIELDS:
            self._change(problems={message.field: message.text})
        else:
            self._messages.report(error)


def _plain(text: OpinionText) -> dict[str, str]:
    return {"findings": text.findings, "diagnosis": text.diagnosis, "comment": text.comment}


def main_or(page: DiagnosisView, kind: ReportKind) -> int:
    """Return the newest report of a kind, 0 without one."""
    if kind is ReportKind.MAIN:
        return page.report.id
    found = [one.id for one in page.others if one.kind is kind]
    return found[-1] if found else 0
