"""Templates and phrases on the report page: fetched, used, saved, deleted."""

from __future__ import annotations

from clients.diagnosis.report.presenting.attaching import Attaching
from clients.diagnosis.report.shelf import Shelf, Templates, used
from clients.diagnosis.report.state import with_content
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import SaveTemplate, TemplateView


class Templating(Attaching):
    """Works with public templates, own ones and phrases."""

    def use_template(self, template: TemplateView, *, is_replacing: bool) -> None:
        """替换 the text by a template, or 插入 it below; can be taken back."""
        before = self.state.content
        if not self.state.may_edit:
            self._messages.say(tr("请先进入报告再使用模板。"), Tone.WARNING)
            return
        findings, impression = used(before.findings, before.impression, template, is_replacing=is_replacing)
        self._put_text(with_content(before, findings=findings, impression=impression))
        self._messages.offer_undo(tr("已使用模板：{name}", name=template.name), lambda: self._put_text(before))

    def load_templates(self, text: str = "") -> None:
        """Fetch public templates and the own ones."""
        self._shelf().load(text)

    def save_template(self, request: SaveTemplate) -> None:
        """存为模板, or change an own one."""
        self._shelf().save(request)

    def save_as_template(self, name: str, folder: str) -> None:
        """The present text as a personal template (RIS-RPD-08)."""
        content = self.state.content
        exam_type = self.state.report.row.exam_type if self.state.report else ""
        self.save_template(
            SaveTemplate(
                folder=folder,
                name=name,
                exam_type=exam_type,
                findings=content.findings,
                impression=content.impression,
            )
        )

    def delete_template(self, template: TemplateView) -> None:
        """Delete an own template; it can be taken back."""
        self._shelf().delete(template)

    def _shelf(self) -> Shelf:
        return Shelf(self._line, self._runner, self._messages, self._on_templates)

    def _on_templates(self, templates: Templates) -> None:
        self._change(templates=templates)
