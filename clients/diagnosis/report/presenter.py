"""The report page's intentions. Text is journaled on this computer with every stroke and saved every few seconds.

Commands go to the server one after the other, each made when its turn comes, so that it carries the version that the
command before it made. Whatever happens to lock, line or version, the text on the page stays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from clients.diagnosis.ports import Later, Viewer
from clients.diagnosis.report.state import (
    MISSING,
    Obstacle,
    OfferedMeasurement,
    ReportPageState,
    Trouble,
    joined,
    missing_fields,
    with_content,
)
from clients.kit.connection import Connection
from clients.kit.drafts import DraftStore
from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.kit.viewer_link import KeyImage, MeasurementDrawn, ViewerEvent, ViewerFailed
from shared.contract.base import Changed, Notice, Request
from shared.contract.errors import EnvironmentTrouble, ErrorCode, RpcError
from shared.contract.printing import DocumentView, PreviewReport, PrintReport
from shared.contract.reporting import (
    AddKeyImage,
    AddMeasurement,
    ApproveReport,
    AuditReport,
    DeleteTemplate,
    GetHistory,
    GetReport,
    GetReportLog,
    GiveUpReport,
    HistoryRow,
    HistoryView,
    KeyImageView,
    ListTemplates,
    RejectReport,
    RemoveKeyImage,
    RenewLock,
    ReportContent,
    ReportLogView,
    ReportView,
    SaveReport,
    SaveTemplate,
    SubmitReport,
    TemplateView,
    UnlockReport,
    WriteReport,
)
from shared.domain.rich_text import sanitised
from shared.domain.states import ReportAction, ReportState

AUTOSAVE_S = 3.0
RETRY_S = 5.0
HEARTBEAT_S = 60.0
_MOST_OFFERED = 6


@dataclass(frozen=True)
class _Command:
    """A call that waits for its turn; `make` gives None when there is nothing to do any more."""

    make: Callable[[], Request[Any] | None]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]


class ReportPresenter:
    """Holds the page's state; `show` gets every new one, `left` is called when the doctor leaves the page."""

    def __init__(
        self,
        line: Connection,
        runner: TaskRunner,
        messages: Messages,
        drafts: DraftStore,
        viewer: Viewer,
        later: Later,
        show: Callable[[ReportPageState], None],
        left: Callable[[], None],
        print_pdf: Callable[[bytes], None],
    ) -> None:
        self._line = line
        self._runner = runner
        self._messages = messages
        self._drafts = drafts
        self._viewer = viewer
        self._later = later
        self._show = show
        self._left = left
        self._print_pdf = print_pdf
        self._commands: deque[_Command] = deque()
        self._is_busy = False
        self._sent = ReportContent()
        self._acknowledged = (0, 0)  # report and how many missing images the doctor said yes to
        self._undo_autosave: Callable[[], None] | None = None
        self._undo_heartbeat: Callable[[], None] | None = None
        self.state = ReportPageState()

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
        report_id, base = report.row.id, report.version
        mine = self.state.content if self.state.is_dirty else None
        is_audit = report.row.state in (ReportState.SUBMITTED, ReportState.AUDITING)

        def entered(view: ReportView) -> None:
            if mine is None:
                self._on_opened(view)
                return
            self._on_opened(view, draft=False)
            if view.version != base and sanitised(mine.findings) != view.content.findings:
                self._change(obstacle=Obstacle(Trouble.STALE, other=view.content, mine=mine))
            self._put_text(mine)

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

    def _save_before_leaving(self) -> None:
        if self.state.may_edit and self.state.is_dirty:
            self.save(is_automatic=True)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────

    def edit(self, **parts: Any) -> None:
        """The doctor changed some part of the content."""
        content = with_content(self.state.content, **parts)
        if content == self.state.content or self.state.report is None:
            return
        problems = {name: text for name, text in self.state.problems.items() if name not in parts}
        obstacle = self.state.obstacle
        if obstacle is not None and obstacle.kind is Trouble.DOUBT:
            obstacle = None
        self._change(content=content, is_dirty=True, problems=problems, obstacle=obstacle)
        self._journal()
        self._plan_autosave(AUTOSAVE_S)

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

    def approve(self, *, and_print: bool = False) -> None:
        """审核通过, or 审核并打印."""
        if self._is_complete():
            self._hand_in(
                lambda report, content: ApproveReport(report_id=report.row.id, version=report.version, content=content),
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
            self._drafts.discard(_draft_id(view.row.id))
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
        missing = missing_fields(self.state.content, hp_required=report.hp_required)
        self._change(problems={name: tr(MISSING[name]) for name in missing})
        return not missing

    # ── obstacles ────────────────────────────────────────────────────────────────────────────────────

    def take_mine(self) -> None:
        """Of two versions, go on with the one that was written here."""
        obstacle = self.state.obstacle
        if obstacle is not None and obstacle.mine is not None:
            self._change(obstacle=None)
            self._put_text(obstacle.mine)
            self.save()

    def take_theirs(self) -> None:
        """Of two versions, go on with the saved one; mine can be brought back for some seconds."""
        obstacle, report = self.state.obstacle, self.state.report
        if obstacle is None or obstacle.other is None or report is None:
            return
        mine = obstacle.mine
        self._drafts.discard(_draft_id(report.row.id))
        self._change(content=obstacle.other, revision=self.state.revision + 1, is_dirty=False, obstacle=None)
        if mine is not None:
            self._messages.offer_undo(tr("已采用服务器上的版本"), lambda: self._put_text(mine))

    def dismiss(self) -> None:
        """Take the strip away."""
        self._change(obstacle=None)

    # ── templates, pictures, measurements ────────────────────────────────────────────────────────────

    def use_template(self, template: TemplateView, *, is_replacing: bool) -> None:
        """替换 the text by a template, or 插入 it below; can be taken back."""
        before = self.state.content
        if not self.state.may_edit:
            self._messages.say(tr("请先进入报告再使用模板。"), Tone.WARNING)
            return
        if is_replacing:
            after = with_content(
                before,
                findings=template.findings,
                impression=template.impression or before.impression,
            )
        else:
            after = with_content(
                before,
                findings=joined(before.findings, template.findings) if template.findings else before.findings,
                impression=joined(before.impression, template.impression) if template.impression else before.impression,
            )
        self._put_text(after)
        self._messages.offer_undo(tr("已使用模板：{name}", name=template.name), lambda: self._put_text(before))

    def load_templates(self, text: str = "") -> None:
        """Fetch public templates and the own ones."""
        request = ListTemplates(text=text)
        self._runner.run(
            lambda: self._line.call(request), self._on_templates, self._messages.report, key="report.templates"
        )

    def save_template(self, request: SaveTemplate) -> None:
        """存为模板, or change an own one."""

        def done(template: TemplateView) -> None:
            self._messages.say(tr("已保存到个人模板：{name}", name=template.name), Tone.SUCCESS)
            self.load_templates()

        self._runner.run(lambda: self._line.call(request), done, self._messages.report)

    def save_as_template(self, name: str, folder: str) -> None:
        """The present text as a personal template (RIS-RPD-08)."""
        content = self.state.content
        exam_type = self.state.report.row.exam_type if self.state.report else ""
        self.save_template(
            SaveTemplate(
                folder=folder,
                name=name,
                exam_type=exam_type,
                findings=content.findings,
                impression=content.impression,
            )
        )

    def delete_template(self, template: TemplateView) -> None:
        """Delete an own template; it can be taken back."""
        request = DeleteTemplate(id=template.id)

        def undo() -> None:
            self.save_template(
                SaveTemplate(
                    is_phrase=template.is_phrase,
                    folder=template.folder,
                    name=template.name,
                    exam_type=template.exam_type,
                    findings=template.findings,
                    impression=template.impression,
                )
            )

        def done(_nothing: object) -> None:
            self._messages.offer_undo(tr("模板已删除：{name}", name=template.name), undo)
            self.load_templates()

        self._runner.run(lambda: self._line.call(request), done, self._messages.report)

    def viewer_sent(self, event: ViewerEvent) -> None:
        """The viewer sends a picture, a measurement or bad news."""
        if isinstance(event, KeyImage):
            self._add_key_image(event)
        elif isinstance(event, MeasurementDrawn):
            offered = OfferedMeasurement(event.text, event.value, event.unit, event.sop_instance_uid)
            others = tuple(one for one in self.state.offered if one.text != offered.text)
            self._change(offered=(offered, *others)[:_MOST_OFFERED])
        elif isinstance(event, ViewerFailed):
            self._messages.say(event.sentence, Tone.DANGER)

    def insert_measurement(self, offered: OfferedMeasurement) -> None:
        """Keep a measurement with the report; the view has put its words into the findings."""
        self._simple(
            lambda report: AddMeasurement(
                report_id=report.row.id,
                instance_uid=offered.instance_uid,
                frame=1,
                label=offered.text,
                value=offered.value,
                unit=offered.unit,
            ),
            self._on_attached,
        )
        self._change(offered=tuple(one for one in self.state.offered if one != offered))

    def remove_key_image(self, image_id: int) -> None:
        """Take a picture out; it can be put back for some seconds."""
        report = self.state.report
        image = next((one for one in report.key_images if one.id == image_id), None) if report else None
        if report is None or image is None:
            return
        png = self.state.pictures.get(image.document_id)

        def done(view: ReportView) -> None:
            self._on_attached(view)
            if png is not None:
                self._messages.offer_undo(tr("关键图已移除"), lambda: self._put_back(view.row.id, image, png))

        self._simple(lambda present: RemoveKeyImage(report_id=present.row.id, key_image_id=image_id), done)

    def _put_back(self, report_id: int, image: KeyImageView, png: bytes) -> None:
        self._enqueue(
            lambda: AddKeyImage(
                report_id=report_id,
                study_uid=image.study_uid,
                series_uid=image.series_uid,
                instance_uid=image.instance_uid,
                frame=image.frame,
                caption=image.caption,
                png=png,
            ),
            self._on_attached,
            self._on_refused,
        )

    def _add_key_image(self, event: KeyImage) -> None:
        if not self.state.may_edit:
            self._messages.say(tr("请先进入报告，再发送关键图。"), Tone.WARNING)
            return

        def done(view: ReportView) -> None:
            self._on_attached(view)
            self._messages.say(tr("关键图已加入报告"), Tone.SUCCESS)

        self._simple(
            lambda report: AddKeyImage(
                report_id=report.row.id,
                study_uid=event.study_uid,
                series_uid=event.series_uid,
                instance_uid=event.sop_instance_uid,
                frame=event.frame + 1,
                caption="  ".join(event.measurements),
                png=event.png,
            ),
            done,
        )

    # ── images, history, log, paper ──────────────────────────────────────────────────────────────────

    def view_images(self) -> None:
        """查看影像."""
        if self.state.report is not None and self.state.report.row.study_uids:
            self._viewer.open(self.state.report.row.study_uids)
        else:
            self._messages.say(tr("此检查还没有影像。"), Tone.WARNING)

    def compare(self, rows: tuple[HistoryRow, ...]) -> None:
        """Put the images of earlier exams beside the present ones (RIS-RPB-04)."""
        studies = [uid for row in rows for uid in row.study_uids]
        if not studies:
            self._messages.say(tr("所选检查没有影像。"), Tone.WARNING)
            return
        self.view_images()
        for uid in studies:
            self._viewer.compare(uid)

    def load_log(self) -> None:
        """Fetch the operation log."""
        if self.state.report is not None:
            request = GetReportLog(report_id=self.state.report.row.id)
            self._runner.run(lambda: self._line.call(request), self._on_log, self._messages.report, key="report.log")

    def preview(self) -> None:
        """预览: the page as it would print, with what stands here saved first."""
        self._save_before_leaving()
        self._simple(
            lambda report: PreviewReport(report_id=report.row.id, language=_paper_language()), self._on_preview
        )

    def close_preview(self) -> None:
        """Back to the text."""
        self._change(preview=None)

    def print_report(self) -> None:
        """打印 the approved report; it becomes 已打印."""
        self._simple(lambda report: PrintReport(report_id=report.row.id, language=_paper_language()), self._on_printed)

    # ── notices and clocks ───────────────────────────────────────────────────────────────────────────

    def heard(self, notice: Notice) -> None:
        """Look again when this report changed."""
        report = self.state.report
        if (
            report is not None
            and isinstance(notice, Changed)
            and (notice.entity, notice.id) == ("report", report.row.id)
        ):
            self.look_again()

    def look_again(self) -> None:
        """Fetch the report without touching the text that is being written."""
        if self.state.report is not None:
            request = GetReport(report_id=self.state.report.row.id)
            self._runner.run(lambda: self._line.call(request), self._on_looked, _ignore, key="report.look")

    def _plan_autosave(self, seconds: float) -> None:
        if self._undo_autosave is None and self.state.may_edit:
            self._undo_autosave = self._later(seconds, self._autosave)

    def _autosave(self) -> None:
        self._undo_autosave = None
        self.save(is_automatic=True)

    def _beat(self) -> None:
        self._undo_heartbeat = None
        if not self.state.may_edit or self.state.report is None:
            return
        request = RenewLock(report_id=self.state.report.row.id)
        self._runner.run(lambda: self._line.call(request), _ignore, self._on_beat_failed, key="report.lock")
        self._undo_heartbeat = self._later(HEARTBEAT_S, self._beat)

    def _stop_clocks(self) -> None:
        for undo in (self._undo_autosave, self._undo_heartbeat):
            if undo is not None:
                undo()
        self._undo_autosave = self._undo_heartbeat = None

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────

    def _on_opened(self, view: ReportView, *, draft: bool = True) -> None:
        self._stop_clocks()
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
        kept = self._drafts.restore(_draft_id(report.row.id))
        if not kept:
            return
        try:
            mine = msgspec.convert(kept["content"], ReportContent)
            base = int(kept["version"])
        except (KeyError, ValueError, msgspec.ValidationError):
            return
        if _clean(mine) == report.content:
            self._drafts.discard(_draft_id(report.row.id))
            return
        kind = Trouble.RESTORED if base == report.version else Trouble.STALE
        self.state = replace(
            self.state,
            content=mine,
            is_dirty=True,
            revision=self.state.revision + 1,
            obstacle=Obstacle(kind, other=report.content, mine=mine),
        )
        if kind is Trouble.RESTORED:
            self._plan_autosave(AUTOSAVE_S)

    def _on_saved(self, view: ReportView) -> None:
        still_dirty = self.state.content != self._sent
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
            self._drafts.discard(_draft_id(view.row.id))
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

    def _on_refused(self, error: Exception) -> None:
        """A command was refused: the text stays, and the page says what to do."""
        self._change(is_saving=False, is_loading=False, is_handing_in=False)
        if not isinstance(error, RpcError):
            self._messages.report(error)
            return
        body = error.body
        if body.code is ErrorCode.INVALID and body.field == "overrule_reason":
            self._change(obstacle=Obstacle(Trouble.DOUBT, sentence=body.message))
        elif body.code is ErrorCode.INVALID and body.field == "missing_acknowledged":
            self._fetch_then(self._on_short)
        elif body.code is ErrorCode.INVALID and body.field:
            self._change(problems={body.field: tr(MISSING.get(body.field, "")) or body.message})
        elif body.code is ErrorCode.CONFLICT:
            self._fetch_then(self._on_stale)
        elif body.code is ErrorCode.HELD_BY_OTHER:
            self._fetch_then(self._on_lock_lost)
        else:
            self._say(error)
            self.look_again()

    def _on_short(self, view: ReportView) -> None:
        """Images are missing by now, or more than the doctor was told."""
        self._change(report=view, obstacle=Obstacle(Trouble.SHORT, missing=view.row.missing_images))

    def _fetch_then(self, done: Callable[[ReportView], None]) -> None:
        report = self.state.report
        if report is not None:
            request = GetReport(report_id=report.row.id)

            def came(view: ReportView) -> None:
                if self.state.report is not None and self.state.report.row.id == view.row.id:
                    done(view)

            self._runner.run(lambda: self._line.call(request), came, self._messages.report, key="report.look")

    def _on_stale(self, view: ReportView) -> None:
        if ReportAction.SAVE not in view.allowed:
            self._on_lock_lost(view)
            return
        mine = self.state.content
        self._change(report=view, obstacle=Obstacle(Trouble.STALE, other=view.content, mine=mine))

    def _on_lock_lost(self, view: ReportView) -> None:
        self._stop_clocks()
        if self.state.is_dirty:
            self._journal()
        other = view.content if view.content != _clean(self.state.content) else None
        who = view.row.locked_by or view.unlocked_by
        self._change(
            report=view,
            obstacle=Obstacle(Trouble.LOCK_LOST, who=who, other=other, mine=self.state.content),
        )

    def _on_looked(self, view: ReportView) -> None:
        report = self.state.report
        if report is None or view.row.id != report.row.id or view.version < report.version:
            return
        if self.state.may_edit and ReportAction.SAVE not in view.allowed:
            self._on_lock_lost(view)
        elif not (self.state.is_dirty or self.state.is_saving or self.state.is_handing_in):
            self._take(view)
        elif view.version == report.version:
            self._change(report=view)
        self._load_pictures()

    def _on_beat_failed(self, error: Exception) -> None:
        if isinstance(error, RpcError) and error.code is ErrorCode.HELD_BY_OTHER:
            self._fetch_then(self._on_lock_lost)

    def _on_unlocked(self, view: ReportView) -> None:
        self._take(view, obstacle=None)
        self._messages.say(tr("已解锁，现在可以进入此报告。"), Tone.SUCCESS)

    def _on_attached(self, view: ReportView) -> None:
        self._change(report=view)
        self._load_pictures()

    def _on_preview(self, document: DocumentView) -> None:
        self._runner.run(
            lambda: self._line.fetch_document(document.id),
            lambda pdf: self._change(preview=pdf),
            self._messages.report,
            key="report.preview",
        )

    def _on_printed(self, document: DocumentView) -> None:
        if document.warning:
            self._messages.say(document.warning, Tone.WARNING)
        self._runner.run(
            lambda: self._line.fetch_document(document.id), self._print_pdf, self._messages.report, key="report.print"
        )
        self.look_again()
        self.load_log()

    def _on_history(self, history: HistoryView) -> None:
        self._change(history=history)

    def _on_log(self, log: ReportLogView) -> None:
        self._change(log=log)

    def _on_templates(self, templates: tuple[TemplateView, ...]) -> None:
        self._change(templates=templates)

    def _load_pictures(self) -> None:
        report = self.state.report
        if report is None:
            return
        wanted = [image.document_id for image in report.key_images if image.document_id not in self.state.pictures]
        if wanted:
            self._runner.run(
                lambda: {one: self._line.fetch_document(one) for one in wanted},
                lambda found: self._change(pictures={**self.state.pictures, **found}),
                self._messages.report,
                key="report.pictures",
            )

    # ── beneath ──────────────────────────────────────────────────────────────────────────────────────

    def _take(self, view: ReportView, **parts: Any) -> None:
        """Show a newer report; its text too unless the doctor is changing it here."""
        changes: dict[str, Any] = {"report": view, "is_saving": False, **parts}
        if view.content != _clean(self.state.content):
            changes |= {"content": view.content, "revision": self.state.revision + 1}
        self._change(**changes, is_dirty=False)

    def _put_text(self, content: ReportContent) -> None:
        self._change(content=content, revision=self.state.revision + 1, is_dirty=True, problems={})
        self._journal()
        self._plan_autosave(AUTOSAVE_S)

    def _journal(self) -> None:
        report = self.state.report
        if report is not None:
            values = {"content": msgspec.to_builtins(self.state.content), "version": report.version}
            self._drafts.record(_draft_id(report.row.id), values)

    def _simple(self, make: Callable[[ReportView], Request[Any]], done: Callable[[Any], None]) -> None:
        def request() -> Request[Any] | None:
            return make(self.state.report) if self.state.report is not None else None

        self._enqueue(request, done, self._on_refused)

    def _enqueue(
        self,
        make: Callable[[], Request[Any] | None],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._commands.append(_Command(make, done, failed))
        self._next()

    def _next(self) -> None:
        while self._commands and not self._is_busy:
            command = self._commands.popleft()
            request = command.make()
            if request is None:
                continue
            self._is_busy = True
            self._runner.run(_Call(self._line, request), _Done(self, command.done), _Done(self, command.failed))

    def finished(self, then: Callable[[Any], None], result: Any) -> None:
        """A command came back: deal with it, then let the next go."""
        self._is_busy = False
        then(result)
        self._next()

    def _say(self, error: Exception) -> None:
        """The server's own sentence says more than the general one, but only in Chinese."""
        speaking = (ErrorCode.ILLEGAL_ACTION, ErrorCode.INVALID, ErrorCode.NOT_FOUND)
        if isinstance(error, RpcError) and error.code in speaking and language() is Language.CHINESE:
            self._messages.say(error.body.message, Tone.WARNING)
        else:
            self._messages.report(error)

    def _change(self, **parts: Any) -> None:
        self.state = replace(self.state, **parts)
        self._show(self.state)


class _Call:
    def __init__(self, line: Connection, request: Request[Any]) -> None:
        self._line = line
        self._request = request

    def __call__(self) -> Any:
        return self._line.call(self._request)


class _Done:
    def __init__(self, presenter: ReportPresenter, then: Callable[[Any], None]) -> None:
        self._presenter = presenter
        self._then = then

    def __call__(self, result: Any) -> None:
        self._presenter.finished(self._then, result)


def _draft_id(report_id: int) -> str:
    return f"report-{report_id}"


def _clean(content: ReportContent) -> ReportContent:
    """The content as the server keeps it."""
    return with_content(content, findings=sanitised(content.findings), impression=sanitised(content.impression))


def _paper_language() -> str:
    return "en" if language() is Language.ENGLISH else "zh"


def _ignore(_result: object) -> None:
    """The answer of a heartbeat or a look interests nobody when it fails: the line's banner tells."""
