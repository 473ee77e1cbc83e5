"""Templates and phrases: fetched, used, saved, deleted."""

from __future__ import annotations

from clients.diagnosis.report.presenting.attaching import Attaching
from clients.diagnosis.report.state import (
    joined,
    with_content,
)
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import (
    DeleteTemplate,
    ListTemplates,
    SaveTemplate,
    TemplateView,
)


class Templating(Attaching):
    """Works with public templates, own ones and phrases."""

    def use_template(self, template: TemplateView, *, is_replacing: bool) -> None:
        """替换 the text by a template, or 插入 it below; can be taken back."""
        before = self.state.content
        if not self.state.may_edit:
            self._messages.say(tr("请先进入报告再使用模板。"), Tone.WARNING)
            return
        if is_replacing:
            after = with_content(
                before,
                findings=template.findings,
                impression=template.impression or before.impression,
            )
        else:
            after = with_content(
                before,
                findings=joined(before.findings, template.findings) if template.findings else before.findings,
                impression=joined(before.impression, template.impression) if template.impression else before.impression,
            )
        self._put_text(after)
        self._messages.offer_undo(tr("已使用模板：{name}", name=template.name), lambda: self._put_text(before))

    def load_templates(self, text: str = "") -> None:
        """Fetch public templates and the own ones."""
        request = ListTemplates(text=text)
        self._runner.run(
            lambda: self._line.call(request), self._on_templates, self._messages.report, key="report.templates"
        )

    def save_template(self, request: SaveTemplate) -> None:
        """存为模板, or change an own one."""

        def done(template: TemplateView) -> None:
            self._messages.say(tr("已保存到个人模板：{name}", name=template.name), Tone.SUCCESS)
            self.load_templates()

        self._runner.run(lambda: self._line.call(request), done, self._messages.report)

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
        request = DeleteTemplate(id=template.id)

        def undo() -> None:
            self.save_template(
                SaveTemplate(
                    is_phrase=template.is_phrase,
                    folder=template.folder,
                    name=template.name,
                    exam_type=template.exam_type,
                    findings=template.findings,
                    impression=template.impression,
                )
            )

        def done(_nothing: object) -> None:
            self._messages.offer_undo(tr("模板已删除：{name}", name=template.name), undo)
            self.load_templates()

        self._runner.run(lambda: self._line.call(request), done, self._messages.report)

    def _on_templates(self, templates: tuple[TemplateView, ...]) -> None:
        self._change(templates=templates)
