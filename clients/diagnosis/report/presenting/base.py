"""What all intentions of the report page share: state, the queue of commands, the journal on disk, the clocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from clients.diagnosis.ports import HandedOut, Later, Viewer
from clients.diagnosis.report.state import (
    ReportPageState,
    with_content,
)
from clients.diagnosis.structured.following import followed
from clients.kit.connection import Connection
from clients.kit.drafts import DraftStore
from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language
from shared.contract.base import Request
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.reporting import (
    GetReport,
    RenewLock,
    ReportContent,
    ReportView,
)
from shared.domain.rich_text import sanitised

AUTOSAVE_S = 3.0
RETRY_S = 5.0
HEARTBEAT_S = 60.0
MOST_OFFERED = 6


@dataclass(frozen=True)
class _Command:
    """A call that waits for its turn; `make` gives None when there is nothing to do any more."""

    make: Callable[[], Request[Any] | None]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]


class PresenterBase:
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
        print_pdf: Callable[[bytes], HandedOut | None],
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
        self._base = ReportContent()  # what the server had when the typing here began: a merge starts from it
        self._base_version = 0
        self._opened = ReportContent()
        self._idle_s = 0.0  # since the doctor touched the text, counted by heartbeats
        self._acknowledged = (0, 0)  # report and how many missing images the doctor said yes to
        self._undo_autosave: Callable[[], None] | None = None
        self._undo_heartbeat: Callable[[], None] | None = None
        self.state = ReportPageState()

    def save(self, *, is_automatic: bool = False) -> None:
        """保存; the intentions of writing say how."""
        raise NotImplementedError

    def _on_lock_lost(self, view: ReportView) -> None:
        raise NotImplementedError

    def _on_refused(self, error: Exception) -> None:
        raise NotImplementedError

    # ── clocks ───────────────────────────────────────────────────────────────────────────────────────

    def _plan_autosave(self, seconds: float) -> None:
        if self._undo_autosave is None and self.state.may_edit and not self.state.is_undecided:
            self._undo_autosave = self._later(seconds, self._autosave)

    def _autosave(self) -> None:
        self._undo_autosave = None
        self.save(is_automatic=True)

    def _beat(self) -> None:
        self._undo_heartbeat = None
        if not self.state.may_edit or self.state.report is None:
            return
        request = RenewLock(report_id=self.state.report.row.id, idle_seconds=round(self._idle_s))
        self._idle_s += HEARTBEAT_S
        self._runner.run(lambda: self._line.call(request), ignore, self._on_beat_failed, key="report.lock")
        self._undo_heartbeat = self._later(HEARTBEAT_S, self._beat)

    def _stop_autosave(self) -> None:
        if self._undo_autosave is not None:
            self._undo_autosave()
            self._undo_autosave = None

    def _stop_clocks(self) -> None:
        for undo in (self._undo_autosave, self._undo_heartbeat):
            if undo is not None:
                undo()
        self._undo_autosave = self._undo_heartbeat = None

    def _on_beat_failed(self, error: Exception) -> None:
        if isinstance(error, RpcError) and error.code is ErrorCode.HELD_BY_OTHER:
            self._fetch_then(self._on_lock_lost)

    # ── the text ─────────────────────────────────────────────────────────────────────────────────────

    def _put_text(self, content: ReportContent) -> None:
        content = followed(self.state.content, content)
        self._change(content=content, revision=self.state.revision + 1, is_dirty=True, problems={})
        self._journal()
        self._plan_autosave(AUTOSAVE_S)

    def _journal(self) -> None:
        self._idle_s = 0.0
        report = self.state.report
        if report is not None:
            values = {
                "content": msgspec.to_builtins(self.state.content),
                "base": msgspec.to_builtins(self._base),
                "version": self._base_version,
            }
            self._drafts.record(draft_id(report.row.id), values)

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────

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

    def _fetch_then(self, done: Callable[[ReportView], None]) -> None:
        report = self.state.report
        if report is not None:
            request = GetReport(report_id=report.row.id)

            def came(view: ReportView) -> None:
                if self.state.report is not None and self.state.report.row.id == view.row.id:
                    done(view)

            self._runner.run(lambda: self._line.call(request), came, self._messages.report, key="report.look")

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
    def __init__(self, presenter: PresenterBase, then: Callable[[Any], None]) -> None:
        self._presenter = presenter
        self._then = then

    def __call__(self, result: Any) -> None:
        self._presenter.finished(self._then, result)


def draft_id(report_id: int) -> str:
    return f"report-{report_id}"


def clean(content: ReportContent) -> ReportContent:
    """The content as the server keeps it."""
    return with_content(content, findings=sanitised(content.findings), impression=sanitised(content.impression))


def ignore(_result: object) -> None:
    """The answer of a heartbeat or a look interests nobody when it fails: the line's banner tells."""
