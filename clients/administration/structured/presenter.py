"""The editor's intentions: choose, change, save, publish, import and export; a form to try follows each change."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from clients.administration.structured import outline
from clients.administration.structured.outline import Place
from clients.administration.structured.state import EditorState
from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.structured.state import FormState
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.base import Nothing
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.structured import (
    DeleteFormTemplate,
    ExportMrrt,
    FormTemplateRow,
    FormTemplateView,
    GetFormTemplate,
    ImportedTemplate,
    ImportMrrt,
    ListFormTemplates,
    ListFormTemplateVersions,
    MrrtFile,
    PublishFormTemplate,
    RetireFormTemplate,
    SaveFormTemplate,
    TemplateVersionRow,
)
from shared.domain.structured import Field, FieldKind, FieldValue, FormContent, FormTemplate, Part, Section
from shared.domain.structured_checking import mistakes
from shared.domain.structured_document import refill
from shared.domain.structured_form import Filled, new_form, with_item, with_value, without_item
from shared.domain.structured_text import flat_edited

NEWEST = -1
_MOST_UNDO = 100
_EMPTY = {Part.FINDINGS: "", Part.IMPRESSION: ""}


class EditorPresenter(ScreenPresenter[EditorState]):
    """Holds the draft; nothing reaches the server before it is saved."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[EditorState], None] = lambda _state: None,
    ) -> None:
        super().__init__(EditorState(), caller, runner, messages, show)
        self._before: list[tuple[FormTemplate, Place]] = []

    # ── the list ─────────────────────────────────────────────────────────────────────────────────────

    def load(self) -> None:
        """Fetch the list."""

        def came(rows: tuple[FormTemplateRow, ...]) -> None:
            self._change(rows=rows, is_loading=False)
            if self.state.draft is None and rows:
                self.open(rows[0].id)

        self._change(is_loading=True)
        self._ask(ListFormTemplates(for_editing=True), came, self._failed, key="structured.list")

    def open(self, template_id: int, version: int = NEWEST) -> None:
        """Edit a template; an older version becomes the draft of a new one."""

        def came(view: FormTemplateView) -> None:
            newest = view if view.version == view.row.version else None
            self._show_view(newest or self.state.view or view, draft=view.template)

        self._ask(GetFormTemplate(id=template_id, version=version), came, self._failed, key="structured.open")

    def _show_view(self, view: FormTemplateView, draft: FormTemplate | None = None, *, keep: bool = False) -> None:
        if not keep:
            self._before.clear()
        place = self.state.place if keep else ((0,) if view.template.sections else ())
        self._change(view=view, unknown=self.state.unknown if keep else (), versions=())
        self._put(draft or view.template, place, edition=self.state.edition + (0 if keep else 1))
        self._load_versions(view.row.id)

    def _load_versions(self, template_id: int) -> None:
        def came(rows: tuple[TemplateVersionRow, ...]) -> None:
            if self.state.view is not None and self.state.view.row.id == template_id:
                self._change(versions=rows)

        self._ask(ListFormTemplateVersions(id=template_id), came, key="structured.versions")

    def new(self) -> None:
        """Begin an empty template."""
        section = Section(key="section_1", title=tr("影像所见"))
        draft = FormTemplate(title=tr("新模板"), sections=(section,))
        self._before.clear()
        self._change(view=None, unknown=(), versions=())
        self._put(draft, (), edition=self.state.edition + 1)

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────

    def select(self, place: Place) -> None:
        """Show the properties of a part."""
        if place != self.state.place:
            self._change(place=place)

    def change(self, part: outline.Part) -> None:
        """Another part instead of the selected one."""
        draft = self.state.draft
        if draft is not None and outline.at(draft, self.state.place) != part:
            self._step(outline.replaced(draft, self.state.place, part), self.state.place)

    def add_section(self) -> None:
        """A section behind the selected one."""
        if self.state.draft is not None:
            self._step(*outline.with_section(self.state.draft, self.state.place, tr("新的部分")))

    def add_field(self, kind: FieldKind, label: str) -> None:
        """A field behind the selected part."""
        draft, place = self.state.draft, self.state.place
        if draft is not None:
            if not place and draft.sections:
                place = (len(draft.sections) - 1,)
            self._step(*outline.with_field(draft, place, kind, label))

    def move(self, step: int) -> None:
        """The selected part up or down."""
        if self.state.draft is not None and self.state.place:
            self._step(*outline.moved(self.state.draft, self.state.place, step))

    def remove(self) -> None:
        """Take the selected part out; undo brings it back."""
        draft, place = self.state.draft, self.state.place
        if draft is None or not place:
            return
        left = len(outline.siblings(draft, place)) - 1
        after = (*place[:-1], min(place[-1], left - 1)) if left else place[:-1]
        self._step(outline.removed(draft, place), after)

    def undo(self) -> None:
        """Take the last change back."""
        if self._before:
            template, place = self._before.pop()
            self._put(template, place)

    def _step(self, template: FormTemplate, place: Place) -> None:
        draft = self.state.draft
        if draft is None or template == draft:
            return
        self._before.append((draft, self.state.place))
        del self._before[:-_MOST_UNDO]
        self._put(template, place)

    def _put(self, template: FormTemplate, place: Place, *, edition: int | None = None) -> None:
        found = mistakes(template)
        self._change(
            draft=template,
            place=place,
            mistakes=found,
            may_undo=bool(self._before),
            edition=self.state.edition if edition is None else edition,
        )
        form = self.state.trial.filled.form if self.state.trial.filled is not None and edition is None else None
        self._try(form or new_form(template, 0, 0))

    # ── the trial ────────────────────────────────────────────────────────────────────────────────────

    def _try(self, form: FormContent) -> None:
        template = self.state.draft
        if template is None or self.state.mistakes:
            self._change(trial=FormState())
            return
        form = msgspec.structs.replace(form, sentences=())
        filled = Filled(template, form)
        woven = refill(filled, _EMPTY)
        self._change(
            trial=FormState(report_id=1, may_type=True, template=template, filled=filled),
            findings=flat_edited("", woven.edits.get(Part.FINDINGS, ())),
            impression=flat_edited("", woven.edits.get(Part.IMPRESSION, ())),
        )

    def put(self, path: str, value: FieldValue) -> None:
        """The trial's field was filled."""
        if self.state.trial.filled is not None:
            self._try(with_value(self.state.trial.filled.form, path, value))

    def focus(self, path: str) -> None:
        """The keyboard is in a field of the trial."""

    def put_image(self, path: str) -> None:
        """There are no images in the trial."""

    def add_item(self, group: Field) -> None:
        """One more item in the trial."""
        if self.state.trial.filled is not None:
            self._try(with_item(self.state.trial.filled.form, group))

    def remove_item(self, group: str, item: int) -> None:
        """One item less in the trial."""
        if self.state.trial.filled is not None:
            self._try(without_item(self.state.trial.filled.form, group, item))

    # ── the server ───────────────────────────────────────────────────────────────────────────────────

    def save(self) -> None:
        """Save the draft as a new version."""
        draft, view = self.state.draft, self.state.view
        if draft is None:
            return
        if self.state.mistakes:
            self._messages.say(self.state.mistakes[0].sentence, Tone.WARNING)
            return
        request = SaveFormTemplate(
            id=view.row.id if view is not None else None,
            version=view.row.version if view is not None else 0,
            is_public=True if view is None else view.row.owner_id == 0,
            template=draft,
        )

        def came(saved: FormTemplateView) -> None:
            self._messages.say(tr("已保存为第 {version} 版，发布后才能使用", version=saved.version), Tone.SUCCESS)
            self._show_view(saved, keep=True)
            self.load()

        self._ask(request, came, self._failed)

    def publish(self) -> None:
        """Put the saved version into use."""
        view = self.state.view
        if view is not None:
            self._ask(
                PublishFormTemplate(id=view.row.id, version=view.row.version),
                lambda new: self._done(new, tr("已发布，报告页可以使用")),
                self._failed,
            )

    def retire(self) -> None:
        """Take the template out of use."""
        view = self.state.view
        if view is not None:
            self._ask(
                RetireFormTemplate(id=view.row.id),
                lambda new: self._done(new, tr("已停用，写好的报告不受影响")),
                self._failed,
            )

    def delete(self) -> None:
        """Delete a draft that was never published; it can be brought back."""
        view = self.state.view
        if view is None:
            return
        kept = view.template

        def came(_reply: Nothing) -> None:
            self._change(view=None, draft=None, trial=FormState(), place=(), mistakes=())
            self.load()
            self._messages.offer_undo(tr("已删除草稿“{name}”", name=kept.title), lambda: self._bring_back(kept))

        self._ask(DeleteFormTemplate(id=view.row.id), came, self._failed)

    def _bring_back(self, template: FormTemplate) -> None:
        def came(view: FormTemplateView) -> None:
            self._show_view(view)
            self.load()

        self._ask(SaveFormTemplate(is_public=True, template=template), came, self._failed)

    def _done(self, view: FormTemplateView, sentence: str) -> None:
        self._messages.say(sentence, Tone.SUCCESS)
        self._show_view(view, keep=True)
        self.load()

    def take_in(self, html: bytes) -> None:
        """Import an MRRT file as a draft."""

        def came(imported: ImportedTemplate) -> None:
            self._show_view(imported.view)
            self._change(unknown=imported.unknown)
            self.load()
            self._messages.say(tr("已导入“{name}”，请检查后发布", name=imported.view.template.title), Tone.SUCCESS)

        self._ask(ImportMrrt(html=html, is_public=True), came, self._failed)

    def give_out(self, write: Callable[[MrrtFile], None]) -> None:
        """Export the newest saved version; `write` gets the file."""
        view = self.state.view
        if view is not None:
            self._ask(ExportMrrt(id=view.row.id, version=NEWEST), write, self._failed)

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False)
        speaking = (ErrorCode.INVALID, ErrorCode.ILLEGAL_ACTION, ErrorCode.DUPLICATE, ErrorCode.TOO_LARGE)
        if isinstance(error, RpcError) and error.code in speaking and language() is Language.CHINESE:
            self._messages.say(error.body.message, Tone.WARNING)
        else:
            self._messages.report(error)
