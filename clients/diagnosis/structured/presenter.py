"""The form panel's intentions: each change of a field rewrites its sentence in the report at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from clients.diagnosis.sides import Desk
from clients.diagnosis.structured.following import flat_texts, with_woven
from clients.diagnosis.structured.matching import best_slot, value_of
from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.structured.state import FormState
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.kit.viewer_link import KeyImage, MeasurementDrawn, ViewerEvent
from shared.contract.reporting import ReportContent, ReportView
from shared.contract.structured import (
    FormTemplateRow,
    FormTemplateView,
    GetFormTemplate,
    GetPriorValues,
    ListFormTemplates,
    PriorValue,
)
from shared.domain.structured import Field, FieldKind, FieldValue, FormContent, FormTemplate
from shared.domain.structured_document import Choice, Woven, choose, refill, renewed, taken_out
from shared.domain.structured_form import Filled, new_form, with_item, with_value, without_item


class Shown(Protocol):
    """Whether the panel can be seen; a hidden form takes no measurements."""

    def __call__(self) -> bool: ...


class FormPresenter(ScreenPresenter[FormState]):
    """Holds the form of the report on the page."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        desk: Desk,
        show: Callable[[FormState], None],
        is_shown: Shown = lambda: True,
    ) -> None:
        super().__init__(FormState(), caller, runner, messages, show)
        self._desk = desk
        self._is_shown = is_shown
        self._templates: dict[tuple[int, int], FormTemplate] = {}
        self._wants_image = ""
        self._images: tuple[int, ...] = ()
        desk.on_text(self.text_changed)
        desk.on_viewer(self.viewer_sent)

    # ── the report ───────────────────────────────────────────────────────────────────────────────────

    def show_report(self, report: ReportView | None) -> None:
        """The page shows a report, or a newer state of it."""
        report_id = report.row.id if report is not None else 0
        if report_id != self.state.report_id:
            self._wants_image = ""
            self._images = tuple(image.id for image in report.key_images) if report is not None else ()
            self.state = FormState(report_id=report_id)
        self._follow(self._desk.content)
        if report is not None:
            self._take_new_images(report)

    def text_changed(self, _content: ReportContent) -> None:
        """The text or the form changed: by hand, by us, or because the server told. The page may know more by now."""
        if self.state.report_id:
            self._follow(self._desk.content)

    def _follow(self, content: ReportContent) -> None:
        may_type = self._desk.may_type
        form = content.form if self.state.report_id else None
        if form is None:
            changed = self.state.template is not None or may_type != self.state.may_type
            if changed or not (self.state.offered or self.state.is_loading):
                self._change(template=None, filled=None, may_type=may_type, prior={}, is_asking_removal=False)
                self._offer()
            return
        template = self._templates.get((form.template_id, form.template_version))
        if template is None:
            self._fetch_template(form)
            return
        if self.state.filled is None or self.state.template is not template:
            self._change(
                template=template, filled=self._filled(template, form), may_type=may_type, is_loading=False, offered=()
            )
            self._fetch_prior(form)
        elif self.state.filled.form != form or may_type != self.state.may_type:
            self._change(filled=self._filled(template, form), may_type=may_type)

    def _filled(self, template: FormTemplate, form: FormContent) -> Filled:
        prior = {
            path: FieldValue(number=one.number) if one.number is not None else FieldValue(text=one.text)
            for path, one in self.state.prior.items()
        }
        return Filled(template, form, prior)

    def reload(self) -> None:
        """Ask for the templates again."""
        self._offer()

    def _offer(self) -> None:
        report_id = self.state.report_id
        if not report_id or self.state.is_loading:
            return

        def came(rows: tuple[FormTemplateRow, ...]) -> None:
            if self.state.report_id == report_id:
                self._change(offered=rows, is_loading=False)

        self._change(is_loading=True)
        self._ask(ListFormTemplates(report_id=report_id), came, self._failed, key="form.templates")

    def _failed(self, error: Exception) -> None:
        self._change(is_loading=False)
        self._messages.report(error)

    def _fetch_template(self, form: FormContent) -> None:
        def came(view: FormTemplateView) -> None:
            self._templates[(form.template_id, form.template_version)] = view.template
            self._change(is_loading=False)
            self._follow(self._desk.content)

        if not self.state.is_loading:
            self._change(is_loading=True)
            request = GetFormTemplate(id=form.template_id, version=form.template_version)
            self._ask(request, came, self._failed, key="form.template")

    def _fetch_prior(self, form: FormContent) -> None:
        report_id = self.state.report_id

        def came(values: tuple[PriorValue, ...]) -> None:
            if self.state.report_id != report_id or self.state.template is None or not values:
                return
            self._change(prior={one.path: one for one in values})
            present = self._desk.content.form
            if present is not None:
                filled = self._filled(self.state.template, present)
                self._change(filled=filled)
                if self.state.may_type:  # sentences may compare with the past
                    self._weave(refill(filled, flat_texts(self._desk.content)))

        request = GetPriorValues(
            report_id=report_id, template_id=form.template_id, template_version=form.template_version
        )
        self._ask(request, came, key="form.prior")

    # ── beginning and ending ─────────────────────────────────────────────────────────────────────────

    def begin(self, row: FormTemplateRow) -> None:
        """Begin the form of a template; its first sentences are written."""

        def came(view: FormTemplateView) -> None:
            self._templates[(row.id, view.version)] = view.template
            self._change(is_loading=False)
            if self._desk.may_type and self._desk.content.form is None:
                form = new_form(view.template, row.id, view.version)
                self._weave(refill(Filled(view.template, form), flat_texts(self._desk.content)))

        if self.state.may_type and not self.state.is_loading:
            self._change(is_loading=True)
            self._ask(GetFormTemplate(id=row.id), came, self._failed, key="form.template")

    def ask_removal(self) -> None:
        """Taking the form out: say first what stays."""
        self._change(is_asking_removal=not self.state.is_asking_removal)

    def remove(self, *, with_sentences: bool) -> None:
        """Take the form out of the report, its own sentences too or not; can be taken back."""
        before = self._desk.content
        if before.form is None:
            return
        after = before
        if with_sentences:
            after = with_woven(before, taken_out(before.form, flat_texts(before)))
        after = msgspec.structs.replace(after, form=None)
        self._change(is_asking_removal=False)
        if self._desk.edit(after):
            self._messages.offer_undo(tr("已去掉结构化表单"), lambda: self._put_back(before))

    def _put_back(self, content: ReportContent) -> None:
        self._desk.edit(content)

    # ── filling ──────────────────────────────────────────────────────────────────────────────────────

    def put(self, path: str, value: FieldValue) -> None:
        """The doctor filled a field."""
        filled = self.state.filled
        if filled is not None and self.state.may_type and filled.form.values.get(path, FieldValue()) != value:
            self._refill(with_value(filled.form, path, value))

    def add_item(self, group: Field) -> None:
        """One more item of a group."""
        filled = self.state.filled
        if filled is None or not self.state.may_type:
            return
        form = with_item(filled.form, group)
        if form == filled.form:
            self._messages.say(tr("“{name}”最多 {count} 项。", name=group.label, count=group.most), Tone.WARNING)
            return
        self._refill(form)

    def remove_item(self, group: str, item: int) -> None:
        """Take an item out; can be taken back."""
        filled = self.state.filled
        if filled is not None and self.state.may_type:
            before = self._desk.content
            self._refill(without_item(filled.form, group, item))
            self._messages.offer_undo(tr("已删除一项"), lambda: self._put_back(before))

    def choose(self, key: str, choice: Choice) -> None:
        """Settle a sentence that was changed by hand and would be written differently now."""
        filled = self.state.filled
        if filled is not None and self.state.may_type:
            self._weave(choose(filled.form, key, choice, flat_texts(self._desk.content)))

    def give_back(self, key: str) -> None:
        """Let the form write a hand-edited sentence again."""
        filled = self.state.filled
        if filled is not None and self.state.may_type:
            self._weave(renewed(filled.form, key, flat_texts(self._desk.content)))

    def focus(self, path: str) -> None:
        """The keyboard is in this field."""
        if path != self.state.focused:
            self._change(focused=path)

    def show_problems(self) -> None:
        """Mark what is missing."""
        self._change(shows_problems=True)

    def _refill(self, form: FormContent) -> None:
        filled = self.state.filled
        assert filled is not None and self.state.template is not None
        self._weave(refill(self._filled(self.state.template, form), flat_texts(self._desk.content)))

    def _weave(self, woven: Woven) -> None:
        self._desk.edit(with_woven(self._desk.content, woven))

    # ── the viewer ───────────────────────────────────────────────────────────────────────────────────

    def viewer_sent(self, event: ViewerEvent) -> bool:
        """Take a measurement into the field in focus or the one that fits best; True when it was taken."""
        filled = self.state.filled
        if filled is None or not self.state.may_type or not self._is_shown():
            return False
        if isinstance(event, KeyImage):
            self._wants_image = self._image_slot(filled)
            return False  # the page keeps the image; its number comes back with the report
        if not isinstance(event, MeasurementDrawn):
            return False
        slot = best_slot(filled, event.text, event.unit, self.state.focused)
        if slot is None:
            return False
        value = value_of(slot.field, event.value, event.unit, event.sop_instance_uid)
        before = self._desk.content
        self.put(slot.path, value)
        label = f"{slot.group.label} {slot.number} {slot.field.label}" if slot.group else slot.field.label
        text = f"{event.value:.{slot.field.decimals}f} {event.unit}"
        self._messages.offer_undo(tr("{value} 已填入“{name}”", value=text, name=label), lambda: self._put_back(before))
        return True

    def put_image(self, path: str) -> None:
        """Put the report's newest key image into a slot."""
        report, filled = self._desk.report, self.state.filled
        if report is None or filled is None or not report.key_images:
            self._messages.say(tr("还没有关键图像，请先在阅片窗口按“送报告”。"), Tone.WARNING)
            return
        present = filled.value(path).images
        fresh = [image.id for image in report.key_images if image.id not in present]
        if fresh:
            self.put(path, FieldValue(images=(*present, fresh[-1])))

    def _image_slot(self, filled: Filled) -> str:
        slots = [slot for slot in filled.slots() if slot.field.kind is FieldKind.IMAGE]
        focused = [slot.path for slot in slots if slot.path == self.state.focused]
        return focused[0] if focused else slots[0].path if slots else ""

    def _take_new_images(self, report: ReportView) -> None:
        present = tuple(image.id for image in report.key_images)
        fresh = [one for one in present if one not in self._images]
        self._images = present
        filled = self.state.filled
        if fresh and self._wants_image and filled is not None:
            path, self._wants_image = self._wants_image, ""
            self.put(path, FieldValue(images=(*filled.value(path).images, *fresh)))
