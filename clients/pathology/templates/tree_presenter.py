"""诊断模板维护: the tree, the text that is edited, what the user may do; knows no Qt."""

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
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.master import MAX_FILE_BYTES
from shared.contract.pathology_templates import (
    DeleteDisease,
    DeleteSite,
    DiseaseRow,
    ExportTemplates,
    FileFormat,
    GetTemplate,
    ImportReport,
    ImportTemplates,
    ListRevisions,
    ListTree,
    SaveDisease,
    SaveSite,
    SaveTexts,
    SiteView,
    TemplateKind,
    TemplateText,
    TextRevision,
)


@dataclass(frozen=True)
class TreeState:
    """`text` is what the server has of the chosen disease; None while nothing is chosen."""

    kind: TemplateKind = TemplateKind.DIAGNOSIS
    sites: tuple[SiteView, ...] | None = None
    text: TemplateText | None = None
    is_busy: bool = False
    trouble: str = ""
    revisions: tuple[TextRevision, ...] = ()
    checked: ImportReport | None = None
    file_name: str = ""

    def site_of(self, disease_id: int) -> SiteView | None:
        """The organ of a disease."""
        return next((site for site in self.sites or () for one in site.diseases if one.id == disease_id), None)


class TreePresenter(ScreenPresenter[TreeState]):
    """One function for each thing the user wants."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[TreeState], None] = lambda _state: None,
    ) -> None:
        super().__init__(TreeState(), caller, runner, messages, show)
        self._content = b""

    def refresh(self) -> None:
        """Load the tree."""
        self._ask(
            ListTree(kind=self.state.kind),
            lambda sites: self._change(sites=sites, trouble=""),
            self._failed,
            key="templates.tree",
        )

    def show_kind(self, kind: TemplateKind) -> None:
        """Show the other tree."""
        self._change(kind=kind, sites=None, text=None, revisions=())
        self.refresh()

    def open(self, disease_id: int) -> None:
        """Show the texts of a disease."""
        self._ask(GetTemplate(template_id=disease_id), self._opened, self._failed, key="templates.text")

    def add_site(self, name: str, personal: bool = False) -> None:
        """增加部位."""
        self._do(SaveSite(name=name, kind=self.state.kind, personal=personal))

    def rename_site(self, site: SiteView, name: str) -> None:
        """改名."""
        self._do(SaveSite(name=name, kind=site.kind, site_id=site.id, version=site.version))

    def delete_site(self, site: SiteView) -> None:
        """删除部位, confirmed."""
        self._do(DeleteSite(site_id=site.id, version=site.version, with_diseases=True), self._forget_text)

    def add_disease(self, site: SiteView, name: str) -> None:
        """增加病种; its empty texts are shown at once."""
        self._do(SaveDisease(site_id=site.id, name=name), self._opened)

    def rename_disease(self, site: SiteView, disease: DiseaseRow, name: str) -> None:
        """改名."""
        self._do(SaveDisease(site_id=site.id, name=name, template_id=disease.id, version=disease.version), self._opened)

    def delete_disease(self, disease: DiseaseRow) -> None:
        """删除病种, confirmed."""
        self._do(DeleteDisease(template_id=disease.id, version=disease.version), self._forget_text)

    def save(self, findings: str, diagnosis: str, then: Callable[[], None] = lambda: None) -> None:
        """Keep the texts as a new revision."""
        text = self.state.text
        if text is None:
            return

        def saved(kept: TemplateText) -> None:
            words = tr("已保存。") if kept.usable else tr("已保存；文本有错误，改正后才能使用。")
            self._messages.say(words, Tone.SUCCESS if kept.usable else Tone.WARNING)
            then()
            if self.state.text is text:  # nothing else was opened
                self._opened(kept)

        def failed(error: Exception) -> None:
            self._failed(error)
            if isinstance(error, RpcError) and error.code is ErrorCode.CONFLICT:
                self._ask(GetTemplate(template_id=text.id), self._newer, self._failed, key="templates.text")

        request = SaveTexts(template_id=text.id, version=text.version, findings=findings, diagnosis=diagnosis)
        self._do(request, saved, failed)

    def load_revisions(self) -> None:
        """历史版本 of the open text."""
        text = self.state.text
        if text is not None:
            request = ListRevisions(template_id=text.id)
            self._ask(request, lambda rows: self._change(revisions=rows), self._failed, key="templates.revisions")

    def export(self, path: Path, site_ids: tuple[int, ...] = ()) -> None:
        """Write the tree, or the organs named, into a file."""
        file_format = FileFormat.JSON if path.suffix.lower() == ".json" else FileFormat.XLSX
        request = ExportTemplates(kind=self.state.kind, format=file_format, site_ids=site_ids)

        def work() -> int:
            file = self._caller.call(request)
            write_atomically(path, file.content)
            return file.count

        def done(count: int) -> None:
            self._messages.say(tr("已导出 {count} 条：{path}", count=count, path=path), Tone.SUCCESS)

        self._runner.run(work, done, self._failed)

    def check_file(self, path: Path, personal: bool) -> None:
        """Read a file and ask what it would do."""

        def work() -> tuple[bytes, ImportReport]:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise OSError(tr("文件超过 {size} MB，请分成几个文件导入。", size=MAX_FILE_BYTES >> 20))
            content = path.read_bytes()
            return content, self._caller.call(self._import(path.name, content, personal, True))

        def done(found: tuple[bytes, ImportReport]) -> None:
            self._content = found[0]
            self._change(checked=found[1], file_name=path.name, is_busy=False)

        self._change(is_busy=True, trouble="", checked=None)
        self._runner.run(work, done, self._failed)

    def take_file(self, personal: bool) -> None:
        """Import the file that was checked."""
        checked = self.state.checked
        if checked is None or checked.problems:
            return

        def done(report: ImportReport) -> None:
            words = tr("已导入：新增 {added}，修改 {changed}", added=report.added, changed=report.changed)
            self._messages.say(words, Tone.SUCCESS)
            self.forget_file()

        self._do(self._import(self.state.file_name, self._content, personal, False), done)

    def forget_file(self) -> None:
        """Do not import the checked file."""
        self._content = b""
        self._change(checked=None, file_name="")

    def _import(self, name: str, content: bytes, personal: bool, check_only: bool) -> ImportTemplates:
        return ImportTemplates(
            file_name=name, content=content, kind=self.state.kind, personal=personal, check_only=check_only
        )

    def _do(
        self,
        request: object,
        done: Callable[..., None] = lambda _reply: None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        def finished(reply: object) -> None:
            self._change(is_busy=False, trouble="")
            done(reply)
            self.refresh()

        self._change(is_busy=True, trouble="")
        self._ask(request, finished, failed or self._failed)  # type: ignore[arg-type]

    def _opened(self, text: TemplateText) -> None:
        self._change(text=text, revisions=(), trouble="")

    def _newer(self, text: TemplateText) -> None:
        """Somebody saved meanwhile: what was written here stays on screen and can be saved over it."""
        self._change(text=text, revisions=())

    def _forget_text(self, _reply: object) -> None:
        self._change(text=None, revisions=())

    def _failed(self, error: Exception) -> None:
        words = message_for(error).text
        if isinstance(error, OSError):
            words = tr("文件不能读写：{reason}", reason=error.strerror or str(error))
        self._change(is_busy=False, trouble=words)
