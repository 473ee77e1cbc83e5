"""The phrase library as a workbook: out as a whole or a folder, in after a check (CO-DX-06)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.settings import write_atomically
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.collections import ExportPhrases, ImportPhrases, PhraseImport
from shared.contract.master import MAX_FILE_BYTES
from shared.contract.reporting import ListTemplates, TemplateView


@dataclass(frozen=True)
class PhrasesState:
    """The library, and what an import would do; None before a file was checked."""

    rows: tuple[TemplateView, ...] | None = None
    text: str = ""
    folder: str = ""
    file_name: str = ""
    checked: PhraseImport | None = None
    is_busy: bool = False
    trouble: str = ""

    @property
    def folders(self) -> tuple[str, ...]:
        """Folders in use."""
        return tuple(sorted({row.folder for row in self.rows or () if row.folder}))

    @property
    def shown(self) -> tuple[TemplateView, ...]:
        """The rows of the folder chosen that hold the text."""
        words = self.text.strip().lower()
        return tuple(
            row
            for row in self.rows or ()
            if (not self.folder or row.folder == self.folder or row.folder.startswith(self.folder + "/"))
            and (not words or words in f"{row.folder}\n{row.name}\n{row.findings}\n{row.impression}".lower())
        )


class PhrasesPresenter(ScreenPresenter[PhrasesState]):
    """Export and import; files are read and written in a worker thread."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[PhrasesState], None] = lambda _state: None,
    ) -> None:
        super().__init__(PhrasesState(), caller, runner, messages, show)
        self._content = b""

    def refresh(self) -> None:
        """Load the library."""
        self._ask(ListTemplates(), lambda rows: self._change(rows=rows, trouble=""), self._failed, key="phrases")

    def filter(self, *, text: str | None = None, folder: str | None = None) -> None:
        """Show a part of the library."""
        state = self.state
        self._change(text=state.text if text is None else text, folder=state.folder if folder is None else folder)

    def export(self, path: Path, *, chosen: tuple[int, ...] = ()) -> None:
        """Write what is shown (a folder, chosen rows) or all into a workbook."""
        request = ExportPhrases(folder="" if chosen else self.state.folder, template_ids=chosen)

        def work() -> int:
            file = self._caller.call(request)
            write_atomically(path, file.content)
            return file.count

        self._change(is_busy=True, trouble="")
        self._runner.run(work, lambda count: self._exported(path, count), self._failed)

    def check(self, path: Path) -> None:
        """Read a workbook and ask what it would do."""

        def work() -> tuple[bytes, PhraseImport]:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise OSError(tr("文件超过 {size} MB，请分成几个文件导入。", size=MAX_FILE_BYTES >> 20))
            content = path.read_bytes()
            return content, self._caller.call(ImportPhrases(file_name=path.name, content=content))

        def done(found: tuple[bytes, PhraseImport]) -> None:
            self._content = found[0]
            self._change(checked=found[1], file_name=path.name, is_busy=False)

        self._change(is_busy=True, trouble="", checked=None)
        self._runner.run(work, done, self._failed)

    def take(self) -> None:
        """Import the checked file."""
        checked = self.state.checked
        if checked is None or checked.problems or self.state.is_busy:
            return
        self._change(is_busy=True)
        request = ImportPhrases(file_name=self.state.file_name, content=self._content, check_only=False)
        self._ask(request, self._taken, self._failed)

    def forget(self) -> None:
        """Do not import the checked file."""
        self._content = b""
        self._change(checked=None, file_name="", trouble="")

    def _exported(self, path: Path, count: int) -> None:
        self._change(is_busy=False)
        self._messages.say(tr("已导出 {count} 条：{path}", count=count, path=path), Tone.SUCCESS)

    def _taken(self, found: PhraseImport) -> None:
        self._messages.say(
            tr("已导入：新增 {added}，修改 {changed}", added=found.added, changed=found.changed), Tone.SUCCESS
        )
        self._change(is_busy=False)
        self.forget()
        self.refresh()

    def _failed(self, error: Exception) -> None:
        words = message_for(error).text
        if isinstance(error, OSError):
            words = tr("文件不能读写：{reason}", reason=error.strerror or str(error))
        self._change(is_busy=False, trouble=words)
