"""The designer's intentions: load, change, save, look at history, restore; every change is laid out with samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clients.designer.design import Design, image_element, new_element
from clients.designer.state import TemplatesState
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.printing import (
    GetPaperTemplate,
    ListPaperTemplateVersions,
    PaperTemplateView,
    RestorePaperTemplate,
    SavePaperTemplate,
    TemplateInfo,
)
from shared.contract.report_paper import (
    DeleteReportTemplate,
    GetReportFacts,
    ListReportTemplates,
    ReportFactsView,
    ReportTemplateView,
    SaveReportTemplate,
)
from shared.paper.checking import Problem, TemplateFault, check, image_fault, read
from shared.paper.facts import sample
from shared.paper.kinds import DocumentKind
from shared.paper.layout import Facts, LayoutError, lay_out
from shared.paper.template import encode


def sentence(problem: Problem) -> str:
    """What is wrong, in the language of the window."""
    return problem.sentence_en if language() == "en" else problem.sentence_zh


class TemplatesPresenter(ScreenPresenter[TemplatesState]):
    """Holds the design; the state is what is seen of it."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[TemplatesState], None] = lambda _state: None,
        first: DocumentKind = DocumentKind.BARCODE,
    ) -> None:
        """`first` is the document that is shown at first."""
        super().__init__(TemplatesState(kind=first, key=first.value), caller, runner, messages, show)
        self.design: Design | None = None
        self._kept: dict[str, tuple[Design, int]] = {}
        self._real: Facts | None = None

    def open(self, kind: DocumentKind, key: str = "") -> None:
        """Show a document's template; unsaved work on another one stays and is there again later."""
        if self.design is not None and self.design.is_changed:
            self._kept[self.state.key] = (self.design, self.state.base_version)
        self.design = None
        self._real = None
        key = key or kind.value
        self._change(
            kind=kind, key=key, page=0, block=-1, real="", pictures={}, is_loading=True,
            template=None, laid_out=None, problem="", selected=(), versions=(),
            is_changed=False, may_undo=False, may_redo=False,
        )  # fmt: skip
        if kind is DocumentKind.REPORT:
            self.load_reports()
        if key in self._kept:
            self.design, version = self._kept.pop(key)
            self._change(is_loading=False, base_version=version, edition=self.state.edition + 1)
            self._lay_out()
            self.load_versions()
            return

        def gather() -> tuple[PaperTemplateView, tuple[TemplateInfo, ...]]:
            return (
                self._caller.call(GetPaperTemplate(kind=key)),
                self._caller.call(ListPaperTemplateVersions(kind=key)),
            )

        self._runner.run(gather, self._came, self._failed, key="templates")

    def load_versions(self) -> None:
        """Fetch the history."""
        self._ask(
            ListPaperTemplateVersions(kind=self.state.key),
            lambda versions: self._change(versions=versions),
            self._failed,
            key="templates/versions",
        )

    def _came(self, found: tuple[PaperTemplateView, tuple[TemplateInfo, ...]]) -> None:
        self._open_view(found[0])
        self._change(versions=found[1])

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False, is_saving=False, problem=message_for(error).text)

    def _open_view(self, view: PaperTemplateView) -> None:
        if view.info.kind != self.state.key:
            return
        self.design = Design(read(view.text, self.state.kind))
        self._change(is_loading=False, is_saving=False, base_version=view.info.version, edition=self.state.edition + 1)
        self._lay_out()

    def see_in(self, spoken: str) -> None:
        """Show samples and words in a language."""
        self._change(language=spoken)
        if self.state.real:
            self.show_real(self.state.real)
        self._lay_out()

    # ── changes ──────────────────────────────────────────────────────────────────────────────────────

    def do(self, change: Callable[[Design], Any]) -> None:
        """Change the design and show it."""
        if self.design is None:
            return
        change(self.design)
        self._lay_out()

    def add(self, kind: str, x_mm: float = 5.0, y_mm: float = 5.0) -> None:
        """A new element."""
        self.do(lambda design: design.add(new_element(kind, self.state.kind, x_mm, y_mm)))

    def add_picture(self, name: str, data: str) -> None:
        """A picture of the template and a place for it; one that cannot be printed is refused with a sentence."""
        fault = image_fault(data)
        if fault is not None:
            self._messages.say(fault[1] if language() == "en" else fault[0], Tone.WARNING)
            return

        def change(design: Design) -> None:
            plain = "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_"))[:30] or "picture"
            design.add(image_element(design.add_image(plain, data)))

        self.do(change)

    def put_text(self, text: str) -> bool:
        """Take a template from its text; a fault is told with line and field."""
        try:
            template = read(text, self.state.kind)
        except TemplateFault as fault:
            self._messages.say(sentence(fault.problems[0]), Tone.WARNING)
            return False
        self.do(lambda design: design.put(template, ()))
        return True

    @property
    def text(self) -> str:
        """The template as text."""
        return encode(self.design.template) if self.design is not None else ""

    def _lay_out(self) -> None:
        design = self.design
        if design is None:
            return
        problems = check(design.template, self.state.kind)
        facts = self._real or sample(self.state.kind, self.state.language)
        laid_out, problem = self.state.laid_out, sentence(problems[0]) if problems else ""
        if not problems:
            try:
                laid_out = lay_out(design.template, facts, self.state.language)
            except LayoutError as fault:
                problem = str(fault)
        self._change(
            template=design.template,
            selected=design.selected,
            laid_out=laid_out,
            pictures=facts.pictures,
            page=min(self.state.page, len(laid_out.pages) - 1) if laid_out is not None else 0,
            block=self.state.block if design.flow is not None else -1,
            problem=problem,
            is_changed=design.is_changed,
            may_undo=design.may_undo,
            may_redo=design.may_redo,
        )

    # ── pages, blocks, real data ─────────────────────────────────────────────────────────────────────

    def turn_to(self, page: int) -> None:
        """Show another page of the document."""
        pages = len(self.state.laid_out.pages) if self.state.laid_out is not None else 1
        self._change(page=min(max(page, 0), pages - 1))

    def choose_block(self, index: int) -> None:
        """Show the fields of a block of the selected flow."""
        self._change(block=index)

    def do_block(self, change: Callable[[Design], int | None]) -> None:
        """Change the blocks; where the change says so, another one is chosen then."""
        if self.design is None:
            return
        chosen = change(self.design)
        if chosen is not None:
            self._change(block=chosen)
        self._lay_out()

    def show_real(self, number: str) -> None:
        """Lay out with the facts of a real report; without number with the sample again."""
        if not number.strip():
            self._real = None
            self._change(real="")
            self._lay_out()
            return
        request = GetReportFacts(accession_number=number.strip(), language=self.state.language)

        def came(view: ReportFactsView) -> None:
            self._real = Facts(view.values, view.lists, view.pictures)
            self._change(real=number.strip())
            self._lay_out()
            name = next((one.name for one in self.state.reports if one.key == view.template_key), "")
            if name and view.template_key != self.state.key:
                self._messages.say(tr("这份报告打印时使用模板“{name}”。", name=name), Tone.INFO)

        self._ask(request, came, self._messages.report, key="templates/real")

    def import_text(self, text: str) -> None:
        """Take a template file of another hospital; refused with a sentence, the design stays as it was."""
        if self.put_text(text):
            self._messages.say(tr("模板已导入，保存后生效。"), Tone.SUCCESS)

    # ── templates of reports ─────────────────────────────────────────────────────────────────────────

    def load_reports(self) -> None:
        """Fetch the templates of reports, and what their conditions name."""

        def gather() -> tuple[tuple[ReportTemplateView, ...], HospitalView]:
            return self._caller.call(ListReportTemplates()), self._caller.call(GetHospital())

        def came(found: tuple[tuple[ReportTemplateView, ...], HospitalView]) -> None:
            self._change(reports=found[0], hospital=found[1])

        self._runner.run(gather, came, self._failed, key="templates/reports")

    @property
    def report(self) -> ReportTemplateView | None:
        """The settings of the template of reports that is shown."""
        return next((one for one in self.state.reports if one.key == self.state.key), None)

    def save_report(self, request: SaveReportTemplate) -> None:
        """Keep name, conditions and limits; a new template is opened."""

        def saved(view: ReportTemplateView) -> None:
            self._messages.say(tr("报告模板“{name}”已保存。", name=view.name), Tone.SUCCESS)
            if request.id is None:
                self.open(DocumentKind.REPORT, view.key)
            else:
                self.load_reports()

        self._ask(request, saved, self._messages.report)

    def delete_report(self) -> None:
        """Take the shown template of reports away; the default stays."""
        one = self.report
        if one is None:
            return

        def gone(_nothing: object) -> None:
            self._kept.pop(one.key, None)
            self.design = None
            self._messages.say(tr("报告模板“{name}”已删除。", name=one.name), Tone.SUCCESS)
            self.open(DocumentKind.REPORT)

        self._ask(DeleteReportTemplate(id=one.id), gone, self._messages.report)

    # ── keeping ──────────────────────────────────────────────────────────────────────────────────────

    def save(self, note: str = "") -> None:
        """Keep a new version; a design with a fault is not sent."""
        if self.design is None or self.state.is_saving:
            return
        if self.state.problem:
            self._messages.say(self.state.problem, Tone.WARNING)
            return
        self._change(is_saving=True)
        request = SavePaperTemplate(
            kind=self.state.key, text=self.text, base_version=self.state.base_version, note=note
        )
        self._ask(request, self._saved, self._not_saved)

    def _saved(self, view: PaperTemplateView) -> None:
        if self.design is not None and view.info.kind == self.state.key:
            self.design.saved(read(view.text, self.state.kind))
            self._change(is_saving=False, base_version=view.info.version)
            self._lay_out()
            self.load_versions()
        self._messages.say(
            tr("模板已保存为第 {version} 版，之后按新模板打印。", version=view.info.version), Tone.SUCCESS
        )

    def _not_saved(self, error: Exception) -> None:
        self._change(is_saving=False)
        self._messages.report(error)

    def restore(self, version: int) -> None:
        """Print by an earlier version again."""
        request = RestorePaperTemplate(kind=self.state.key, version=version, base_version=self.state.base_version)
        self._ask(request, self._restored, self._messages.report)

    def _restored(self, view: PaperTemplateView) -> None:
        self._open_view(view)
        self.load_versions()
        self._messages.say(tr("已恢复，当前为第 {version} 版。", version=view.info.version), Tone.SUCCESS)
