"""Obstacles: a command was refused, the lock went, another version was saved. Whatever happens, the text stays."""

from __future__ import annotations

from clients.diagnosis.report.merging import Question, content_merge
from clients.diagnosis.report.presenting.base import clean, draft_id
from clients.diagnosis.report.presenting.looking import Looking
from clients.diagnosis.report.state import (
    MISSING,
    Obstacle,
    Trouble,
)
from clients.kit.translations import tr
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.reporting import ReportContent, ReportView
from shared.domain.states import ReportAction
from shared.domain.text_merge import Take


class Obstacles(Looking):
    """Says what stands in the way, and goes on as the doctor decides."""

    def take_mine(self) -> None:
        """Of two versions, go on with the one that was written here; the other stays among the kept ones."""
        obstacle = self.state.obstacle
        if obstacle is not None and obstacle.mine is not None:
            mine = self.state.content if self.state.is_dirty else obstacle.mine
            self._settle(mine)

    def take_theirs(self) -> None:
        """Of two versions, go on with the saved one; mine can be brought back for some seconds."""
        obstacle, report = self.state.obstacle, self.state.report
        if obstacle is None or obstacle.other is None or report is None:
            return
        mine = self.state.content if self.state.is_dirty else obstacle.mine
        self._drafts.discard(draft_id(report.row.id))
        self._base, self._base_version = obstacle.other, report.version
        self._change(
            content=obstacle.other, revision=self.state.revision + 1, is_dirty=False, obstacle=None, merge=None
        )
        if mine is not None:
            self._messages.offer_undo(tr("已采用服务器上的版本"), lambda: self._put_text(mine))

    def open_merge(self) -> None:
        """合并: bring both versions together, with what both come from."""
        obstacle = self.state.obstacle
        if obstacle is None or obstacle.other is None or obstacle.mine is None:
            return
        mine = self.state.content if self.state.is_dirty else obstacle.mine
        self._change(merge=content_merge(obstacle.base or ReportContent(), mine, obstacle.other))

    def decide(self, question: Question, take: Take) -> None:
        """Decide one place of the merge."""
        if self.state.merge is not None:
            self._change(merge=self.state.merge.decided(question, take))

    def decide_all(self, take: Take) -> None:
        """Decide every place that is still open for one side."""
        if self.state.merge is not None:
            self._change(merge=self.state.merge.decided_all(take))

    def finish_merge(self) -> None:
        """Go on with the merged text and save it."""
        merge = self.state.merge
        if merge is not None and not merge.open_questions:
            self._settle(merge.content())

    def close_merge(self) -> None:
        """Decide later: the strip stays, nothing is saved."""
        self._change(merge=None)

    def _settle(self, content: ReportContent) -> None:
        obstacle, report = self.state.obstacle, self.state.report
        if report is not None and obstacle is not None and obstacle.other is not None:
            self._base, self._base_version = obstacle.other, report.version
        self._change(obstacle=None, merge=None)
        self._put_text(content)
        self.save()

    def dismiss(self) -> None:
        """Take the strip away."""
        self._change(obstacle=None)

    def _on_refused(self, error: Exception) -> None:
        """A command was refused: the text stays, and the page says what to do."""
        self._change(is_saving=False, is_loading=False, is_handing_in=False)
        if not isinstance(error, RpcError):
            self._messages.report(error)
            return
        body = error.body
        if body.code is ErrorCode.INVALID and body.field == "overrule_reason":
            self._change(obstacle=Obstacle(Trouble.DOUBT, sentence=body.message, is_approval=self.state.is_auditing))
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

    def _on_stale(self, view: ReportView) -> None:
        if ReportAction.SAVE not in view.allowed:
            self._on_lock_lost(view)
            return
        if view.content == clean(self.state.content):  # somebody wrote the same words: there is nothing to decide
            self._take(view, obstacle=None)
            return
        self._show_stale(view)

    def _show_stale(self, view: ReportView) -> None:
        """Show both versions; nothing is saved before one is chosen or both are merged."""
        self._stop_autosave()
        self._journal()
        obstacle = Obstacle(Trouble.STALE, other=view.content, mine=self.state.content, base=self._base)
        self._change(report=view, obstacle=obstacle, is_dirty=True)

    def _on_lock_lost(self, view: ReportView) -> None:
        self._stop_clocks()
        if self.state.is_dirty:
            self._journal()
        other = view.content if view.content != clean(self.state.content) else None
        who = view.row.locked_by or view.unlocked_by
        self._change(
            report=view,
            obstacle=Obstacle(Trouble.LOCK_LOST, who=who, other=other, mine=self.state.content),
        )
