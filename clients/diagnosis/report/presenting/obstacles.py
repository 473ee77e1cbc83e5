"""Obstacles: a command was refused, the lock went, another version was saved. Whatever happens, the text stays."""

from __future__ import annotations

from clients.diagnosis.report.presenting.base import clean, draft_id
from clients.diagnosis.report.presenting.looking import Looking
from clients.diagnosis.report.state import (
    MISSING,
    Obstacle,
    Trouble,
)
from clients.kit.translations import tr
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.reporting import (
    ReportView,
)
from shared.domain.states import ReportAction


class Obstacles(Looking):
    """Says what stands in the way, and goes on as the doctor decides."""

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
        self._drafts.discard(draft_id(report.row.id))
        self._change(content=obstacle.other, revision=self.state.revision + 1, is_dirty=False, obstacle=None)
        if mine is not None:
            self._messages.offer_undo(tr("已采用服务器上的版本"), lambda: self._put_text(mine))

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
        other = view.content if view.content != clean(self.state.content) else None
        who = view.row.locked_by or view.unlocked_by
        self._change(
            report=view,
            obstacle=Obstacle(Trouble.LOCK_LOST, who=who, other=other, mine=self.state.content),
        )
