"""The designer's intentions: load, change, save, look at history, restore; every change is laid out with samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clients.administration.templates.design import Design, image_element, new_element
from clients.administration.templates.state import TemplatesState
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.printing import (
    GetPaperTemplate,
    ListPaperTemplateVersions,
    PaperTemplateView,
    RestorePaperTemplate,
    SavePaperTemplate,
    TemplateInfo,
)
from shared.paper.checking import Problem, TemplateFault, check, image_fault, read
from shared.paper.facts import sample
from shared.paper.kinds import DocumentKind
from shared.paper.layout import LayoutError, lay_out
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
    ) -> None:
        super().__init__(TemplatesState(), caller, runner, messages, show)
        self.design: Design | None = None
        self._kept: dict[DocumentKind, tuple[Design, int]] = {}

    def open(self, kind: DocumentKind) -> None:
        """Show a document's template; unsaved work on another one stays and is there again later."""
        if self.design is not None and self.design.is_changed:
            self._kept[self.state.kind] = (self.design, self.state.base_version)
        self.design = None
        self._change(
            kind=kind, is_loading=True, template=None, laid_out=None, problem="", selected=(), versions=(),
            is_changed=False, may_undo=False, may_redo=False,
        )  # fmt: skip
        if kind in self._kept:
            self.design, version = self._kept.pop(kind)
            self._change(is_loading=False, base_version=version, edition=self.state.edition + 1)
            self._lay_out()
            self.load_versions()
            return

        def gather() -> tuple[PaperTemplateView, tuple[TemplateInfo, ...]]:
            return (
                self._caller.call(GetPaperTemplate(kind=kind.value)),
                self._caller.call(ListPaperTemplateVersions(kind=kind.value)),
            )

        self._runner.run(gather, self._came, self._failed, key="templates")

    def load_versions(self) -> None:
        """Fetch the history."""
        self._ask(
            ListPaperTemplateVersions(kind=self.state.kind.value),
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
        if view.info.kind != self.state.kind:
            return
        self.design = Design(read(view.text, self.state.kind))
        self._change(is_loading=False, is_saving=False, base_version=view.info.version, edition=self.state.edition + 1)
        self._lay_out()

    def see_in(self, spoken: str) -> None:
        """Show samples and words in a language."""
        self._change(language=spoken)
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
        laid_out, problem = self.state.laid_out, sentence(problems[0]) if problems else ""
        if not problems:
            try:
                laid_out = lay_out(design.template, sample(self.state.kind, self.state.language), self.state.language)
            except LayoutError as fault:
                problem = str(fault)
        self._change(
            template=design.template,
            selected=design.selected,
            laid_out=laid_out,
            problem=problem,
            is_changed=design.is_changed,
            may_undo=design.may_undo,
            may_redo=design.may_redo,
        )

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
            kind=self.state.kind.value, text=self.text, base_version=self.state.base_version, note=note
        )
        self._ask(request, self._saved, self._not_saved)

    def _saved(self, view: PaperTemplateView) -> None:
        if self.design is not None and view.info.kind == self.state.kind:
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
        request = RestorePaperTemplate(
            kind=self.state.kind.value, version=version, base_version=self.state.base_version
        )
        self._ask(request, self._restored, self._messages.report)

    def _restored(self, view: PaperTemplateView) -> None:
        self._open_view(view)
        self.load_versions()
        self._messages.say(tr("已恢复，当前为第 {version} 版。", version=view.info.version), Tone.SUCCESS)
