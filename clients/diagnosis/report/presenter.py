"""The report page's intentions. Text is journaled on this computer with every stroke and saved every few seconds.

Commands go to the server one after the other, each made when its turn comes, so that it carries the version that the
command before it made. Whatever happens to lock, line or version, the text on the page stays. The modules of
`presenting` hold what belongs to one concern; this one comes and goes, writes and hands in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from clients.diagnosis.report.presenting.base import AUTOSAVE_S, RETRY_S, clean, draft_id
from clients.diagnosis.report.presenting.templating import Templating
from clients.diagnosis.report.state import (
    MISSING,
    Obstacle,
    ReportPageState,
    Trouble,
    asked_choices,
    choice_name,
    missing_fields,
    with_content,
)
from clients.diagnosis.structured.following import followed
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Request
from shared.contract.errors import EnvironmentTrouble, ErrorCode, RpcError
from shared.contract.reporting import (
    ApproveReport,
    AuditReport,
    CorrectPatient,
    GetHistory,
    GetReport,
    GiveUpReport,
    RejectReport,
    ReportContent,
    ReportView,
    SaveReport,
    SubmitReport,
    UnlockReport,
    WriteReport,
)
from shared.domain.states import ReportAction, ReportState


class ReportPresenter(Templating):
    """The presenter of the report page."""

    _approves_to_print = False
    """What the last 审核通过 wanted beside: a doubt asks between."""

    # ── coming and going ─────────────────────────────────────────────────────────────────────────────

    def open(self, report_id: int, action: ReportAction | None) -> None:
        """Show a report: enter it to write or audit, preview it to print, or (None) read it.

        What was typed in the report before is saved first.
        """
        self._save_before_leaving()
        self._change(is_loading=True)
        request: Request[ReportView] = GetReport(report_id=report_id)
        if action is ReportAction.WRITE:
            request = WriteReport(report_id=report_id)
        elif action is ReportAction.AUDIT:
            request = AuditReport(report_id=report_id)

        def failed(error: Exception) -> None:
            self._on_open_failed(report_id, error)

        def opened(view: ReportView) -> None:
            self._on_opened(view)
            if action is ReportAction.PRINT:
                self.preview()

        self._enqueue(lambda: request, opened, failed)

    def enter_here(self) -> None:
        """Enter the report that is being read, or whose lock was lost, keeping the text that stands here."""
        report = self.state.report
        if report is None:
            return
        report_id, base, base_version = report.row.id, self._base, self._base_version
        mine = self.state.content if self.state.is_dirty else None
        is_audit = report.row.state in (ReportState.SUBMITTED, ReportState.AUDITING)

        def entered(view: ReportView) -> None:
            if mine is None:
                self._on_opened(view)
                return
            self._on_opened(view, draft=False)
            self._base, self._base_version = base, base_version
            self._change(content=mine, revision=self.state.revision + 1, is_dirty=True)
            if view.content in (base, clean(mine)):  # nobody wrote another word meanwhile
                self._base, self._base_version = view.content, view.version
                self._put_text(mine)
            else:
                self._show_stale(view)

        request: Request[ReportView] = (
            AuditReport(report_id=report_id) if is_audit else WriteReport(report_id=report_id)
        )

        self._enqueue(lambda: request, entered, self._on_refused)

    def leave(self) -> None:
        """退出: save, keep the lock (RIS-OPN-06), back to the list."""
        self._save_before_leaving()
        self._stop_clocks()
        self._left()

    def close(self) -> None:
        """The window closes: what was typed is in the draft already."""
        self._stop_clocks()

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────

    def edit(self, **parts: Any) -> None:
        """The doctor changed some part of the content."""
        content = followed(self.state.content, with_content(self.state.content, **parts))
        if content == self.state.content or self.state.report is None:
            return
        problems = {name: text for name, text in self.state.problems.items() if name not in parts}
        obstacle = self.state.obstacle
        if obstacle is not None and obstacle.kind is Trouble.DOUBT:
            obstacle = None
        self._change(content=content, is_dirty=True, problems=problems, obstacle=obstacle)
        self._journal()
        self._plan_autosave(AUTOSAVE_S)

    def reset(self) -> None:
        """重置: the text as it was when the report was opened; can be taken back."""
        before = self.state.content
        if not self.state.may_type or before == self._opened:
            return
        self._put_text(self._opened)
        self._messages.offer_undo(tr("已恢复为打开时的内容"), lambda: self._put_text(before))

    def correct_patient(self, values: dict[str, Any]) -> None:
        """修改 the patient's basic information; the text is saved first, so that nothing waits behind the answer."""

        def done(view: ReportView) -> None:
            self._change(report=view)
            self._messages.say(tr("患者信息已修改"), Tone.SUCCESS)
            self.load_log()

        self._simple(
            lambda report: CorrectPatient(
                report_id=report.row.id, patient_version=report.exam.patient.version, **values
            ),
            done,
        )

    def put_text(self, findings: str, impression: str) -> None:
        """Replace both texts on behalf of a panel; can be taken back."""
        before = self.state.content
        if not self.state.may_type or (findings, impression) == (before.findings, before.impression):
            return
        self._put_text(with_content(before, findings=findings, impression=impression))
        self._messages.offer_undo(tr("已更新报告内容"), lambda: self._put_text(before))

    def put_content(self, content: ReportContent) -> None:
        """Replace the whole content on behalf of a panel, which shows it itself."""
        if self.state.may_type and content != self.state.content:
            self._put_text(content)

    def save(self, *, is_automatic: bool = False) -> None:
        """保存: by hand it stays as a version of its own."""

        def make() -> Request[Any] | None:
            state = self.state
            if state.report is None or not state.may_edit or (is_automatic and not state.is_dirty):
                return None
            if state.is_undecided:
                return None
            self._sent = state.content
            self._change(is_saving=True)
            return SaveReport(
                report_id=state.report.row.id,
                version=state.report.version,
                content=state.content,
                is_automatic=is_automatic,
            )

        def done(view: ReportView) -> None:
            self._on_saved(view)
            if not is_automatic:
                self._messages.say(tr("已保存"), Tone.SUCCESS)

        self._enqueue(make, done, self._on_save_failed)

    def submit(self, overrule_reason: str = "") -> None:
        """提交 to the auditors; what is missing is said at its field, missing images are asked about."""
        report = self.state.report
        if self._is_complete() and report is not None:
            row = report.row
            acknowledged = self._acknowledged == (row.id, row.missing_images)
            if row.missing_images and not acknowledged:
                self._change(obstacle=Obstacle(Trouble.SHORT, missing=row.missing_images))
                return
            self._hand_in(
                lambda report, content: SubmitReport(
                    report_id=report.row.id,
                    version=report.version,
                    content=content,
                    overrule_reason=overrule_reason,
                    missing_acknowledged=acknowledged,
                ),
                "报告已提交，等待审核",
            )

    def submit_short(self) -> None:
        """提交 although images are missing, after the question that named how many."""
        report, obstacle = self.state.report, self.state.obstacle
        if report is not None and obstacle is not None:
            self._acknowledged = (report.row.id, obstacle.missing)
            self._change(obstacle=None)
            self.submit()

    def overrule(self, reason: str) -> None:
        """仍然提交 or 仍然通过 in spite of a doubt, as it was wanted before the question."""
        obstacle = self.state.obstacle
        if obstacle is not None and obstacle.is_approval:
            self.approve(and_print=self._approves_to_print, overrule_reason=reason)
        else:
            self.submit(reason)

    def approve(self, *, and_print: bool = False, overrule_reason: str = "") -> None:
        """审核通过, or 审核并打印."""
        if self._is_complete():
            self._approves_to_print = and_print
            self._hand_in(
                lambda report, content: ApproveReport(
                    report_id=report.row.id,
                    version=report.version,
                    content=content,
                    overrule_reason=overrule_reason,
                ),
                "报告已审核通过",
                then=self.print_report if and_print else None,
            )

    def reject(self, reason: str) -> None:
        """驳回 with the reason; the auditor's text is saved first."""
        if not reason.strip():
            self._change(problems={**self.state.problems, "reason": tr("请填写退回理由。")})
            return
        self._save_before_leaving()
        self._hand_in(
            lambda report, _content: RejectReport(
                report_id=report.row.id, version=report.version, reason=reason.strip()
            ),
            "报告已退回",
        )

    def ask_give_up(self) -> None:
        """放弃 clears text: ask first."""
        self._change(obstacle=Obstacle(Trouble.GIVE_UP))

    def give_up(self) -> None:
        """放弃 after the question."""
        self._change(obstacle=None)
        self._hand_in(
            lambda report, _content: GiveUpReport(report_id=report.row.id, version=report.version), "已放弃此报告"
        )

    def unlock(self) -> None:
        """解锁 the report that another doctor holds; entering is a step of its own (RIS-LCK-05)."""
        self._simple(lambda report: UnlockReport(report_id=report.row.id), self._on_unlocked)

    def _hand_in(
        self,
        make: Callable[[ReportView, ReportContent], Request[Any]],
        sentence: str,
        then: Callable[[], None] | None = None,
    ) -> None:
        def request() -> Request[Any] | None:
            report = self.state.report
            if report is None:
                return None
            self._change(is_handing_in=True)
            return make(report, self.state.content)

        def done(view: ReportView) -> None:
            self._drafts.discard(draft_id(view.row.id))
            self._stop_clocks()
            self._take(view, obstacle=None, problems={}, is_handing_in=False)
            self._messages.say(tr(sentence), Tone.SUCCESS)
            self.load_log()
            if then is not None:
                then()

        self._enqueue(request, done, self._on_refused)

    def _is_complete(self) -> bool:
        report = self.state.report
        if report is None:
            return False
        if self.state.is_undecided:
            self.open_merge()
            return False
        choices = asked_choices(report)
        missing = missing_fields(self.state.content, choices)
        named = {one.key: choice_name(one) for one in choices}
        self._change(
            problems={
                name: tr(MISSING[name]) if name in MISSING else tr("请选择 {label}。", label=named[name])
                for name in missing
            }
        )
        return not missing

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────

    def _on_opened(self, view: ReportView, *, draft: bool = True) -> None:
        self._stop_clocks()
        self._base, self._base_version = view.content, view.version
        self._opened = view.content
        self._idle_s = 0.0
        same = self.state.report is not None and self.state.report.row.id == view.row.id
        self.state = ReportPageState(
            report=view,
            content=view.content,
            revision=self.state.revision + 1,
            templates=self.state.templates,
            pictures=self.state.pictures if same else {},
            offered=self.state.offered if same else (),
        )
        if draft:
            self._restore_draft()
        self._show(self.state)
        self._beat()
        self._viewer.follow(view.row.study_uids)
        self._load_around(view)

    def _load_around(self, view: ReportView) -> None:
        if not self.state.templates:
            self.load_templates()
        request = GetHistory(exam_id=view.row.exam_id)
        self._runner.run(
            lambda: self._line.call(request), self._on_history, self._messages.report, key="report.history"
        )
        self.load_log()
        self._load_pictures()

    def _on_open_failed(self, report_id: int, error: Exception) -> None:
        self._change(is_loading=False)
        if isinstance(error, RpcError) and error.code is ErrorCode.HELD_BY_OTHER:
            holder = error.body.holder

            def opened(view: ReportView) -> None:
                self._on_opened(view, draft=False)
                self._change(obstacle=Obstacle(Trouble.HELD, who=holder))

            self._enqueue(lambda: GetReport(report_id=report_id), opened, self._say)
            return
        self._say(error)
        if self.state.report is None:
            self._left()

    def _restore_draft(self) -> None:
        """Bring back what was typed before a crash, when the report is mine to write."""
        report = self.state.report
        if report is None or not self.state.may_edit:
            return
        kept = self._drafts.restore(draft_id(report.row.id))
        if not kept:
            return
        try:
            mine = msgspec.convert(kept["content"], ReportContent)
            base = int(kept["version"])
        except (KeyError, ValueError, msgspec.ValidationError):
            return
        if clean(mine) == report.content:
            self._drafts.discard(draft_id(report.row.id))
            return
        origin = self._origin(kept)
        kind = Trouble.RESTORED if base == report.version or origin == report.content else Trouble.STALE
        if kind is Trouble.STALE:
            self._base, self._base_version = origin, base
        self.state = replace(
            self.state,
            content=mine,
            is_dirty=True,
            revision=self.state.revision + 1,
            obstacle=Obstacle(kind, other=report.content, mine=mine, base=self._base),
        )
        if kind is Trouble.RESTORED:
            self._plan_autosave(AUTOSAVE_S)

    @staticmethod
    def _origin(kept: dict[str, Any]) -> ReportContent:
        """What the draft's text was typed upon; nothing where a draft of an earlier release does not tell."""
        try:
            return msgspec.convert(kept["base"], ReportContent)
        except (KeyError, msgspec.ValidationError):
            return ReportContent()

    def _on_saved(self, view: ReportView) -> None:
        still_dirty = self.state.content != self._sent
        self._base, self._base_version = view.content, view.version
        self._change(
            report=view,
            is_saving=False,
            is_waiting=False,
            is_dirty=still_dirty,
            saved_at=datetime.now(UTC),
        )
        if still_dirty:
            self._journal()
            self._plan_autosave(AUTOSAVE_S)
        else:
            self._drafts.discard(draft_id(view.row.id))
            obstacle = self.state.obstacle
            if obstacle is not None and obstacle.kind is Trouble.RESTORED:
                self._change(obstacle=None)

    def _on_save_failed(self, error: Exception) -> None:
        self._change(is_saving=False)
        if isinstance(error, EnvironmentTrouble):
            self._change(is_waiting=True)
            self._plan_autosave(RETRY_S)
            return
        self._on_refused(error)

    def _on_unlocked(self, view: ReportView) -> None:
        self._take(view, obstacle=None)
        self._messages.say(tr("已解锁，现在可以进入此报告。"), Tone.SUCCESS)
