"""The intentions of the page of import and export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clients.administration.master.exchange.state import ExchangeState
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.master import (
    MAX_FILE_BYTES,
    ApplyImport,
    CheckImport,
    ExportRows,
    ImportPlan,
    MasterKind,
    PlanAction,
    SheetFormat,
    SheetView,
)

_KEY = "master/exchange"


class ExchangePresenter(ScreenPresenter[ExchangeState]):
    """Check a file, carry out what was shown, write tables to this workstation."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[ExchangeState], None] = lambda _state: None,
    ) -> None:
        super().__init__(ExchangeState(), caller, runner, messages, show)
        self._content = b""

    def choose_kind(self, kind: MasterKind) -> None:
        """Other rows: a plan for the old ones is void."""
        if kind is not self.state.kind:
            self._content = b""
            self._change(kind=kind, plan=None, file_name="", show=None, trouble="", news="", skip_refused=False)

    def check(self, path: Path) -> None:
        """Read a file and ask the server what it would do."""
        self._change(is_busy=True, trouble="", news="", plan=None, file_name=path.name, show=None, skip_refused=False)
        kind = self.state.kind

        def work() -> tuple[bytes, ImportPlan]:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise OSError(tr("文件超过 {size} MB，请分成几个文件导入。", size=MAX_FILE_BYTES >> 20))
            content = path.read_bytes()
            return content, self._caller.call(CheckImport(kind=kind, file_name=path.name, content=content))

        self._runner.run(work, self._checked, self._failed, key=_KEY)

    def check_again(self) -> None:
        """The rows have changed meanwhile: ask anew with the same file."""
        kind, name, content = self.state.kind, self.state.file_name, self._content
        if not content:
            return
        self._change(is_busy=True, trouble="")
        self._runner.run(
            lambda: (content, self._caller.call(CheckImport(kind=kind, file_name=name, content=content))),
            self._checked,
            self._failed,
            key=_KEY,
        )

    def _checked(self, found: tuple[bytes, ImportPlan]) -> None:
        self._content, plan = found
        self._change(is_busy=False, plan=plan, show=PlanAction.REFUSE if plan.refused else None)

    def show_only(self, action: PlanAction | None) -> None:
        """Show the lines with which this is done."""
        self._change(show=action)

    def skip(self, skip_refused: bool) -> None:
        """Import the rest where lines are refused."""
        self._change(skip_refused=skip_refused)

    def apply(self) -> None:
        """Carry out what is shown."""
        state = self.state
        if not state.may_apply or state.plan is None:
            return
        self._change(is_busy=True, trouble="")
        command = ApplyImport(
            kind=state.kind,
            file_name=state.file_name,
            content=self._content,
            digest=state.plan.digest,
            skip_refused=state.skip_refused,
        )
        self._ask(command, self._applied, self._failed, key=_KEY)

    def _applied(self, plan: ImportPlan) -> None:
        words = tr("已导入：新增 {added} 行，修改 {changed} 行", added=plan.added, changed=plan.changed)
        self._messages.say(words, Tone.SUCCESS)
        self._content = b""
        self._change(is_busy=False, plan=plan, news=words, show=None)

    def export(self, path: Path, sheet_format: SheetFormat, *, empty: bool = False) -> None:
        """Write all rows of the kind into a file; with `empty` the headings only."""
        kind = self.state.kind
        self._change(is_busy=True, trouble="")

        def work() -> Path:
            found: SheetView = self._caller.call(ExportRows(kind=kind, format=sheet_format, empty=empty))
            path.write_bytes(found.content)
            return path

        self._runner.run(work, self._exported, self._failed, key=_KEY)

    def _exported(self, path: Path) -> None:
        self._change(is_busy=False, news=tr("已写入 {path}", path=str(path)))

    def _failed(self, error: Exception) -> None:
        words = str(error) if type(error) is OSError and not error.errno else ""
        if isinstance(error, OSError) and not words:
            words = tr("文件无法读写：{reason}", reason=error.strerror or type(error).__name__)
        self._change(is_busy=False, trouble=words or message_for(error).text)
