"""Templates and phrases of an account, wherever a text is written: fetched, used, saved, deleted with a way back."""

from __future__ import annotations

from collections.abc import Callable

from clients.diagnosis.report.state import joined
from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.reporting import DeleteTemplate, ListTemplates, SaveTemplate, TemplateView

Templates = tuple[TemplateView, ...]


class Shelf:
    """Asks the server for templates; `changed` gets all of them after each change."""

    def __init__(
        self, caller: Caller, runner: TaskRunner, messages: Messages, changed: Callable[[Templates], None]
    ) -> None:
        self._caller, self._runner, self._messages = caller, runner, messages
        self._changed = changed

    def load(self, text: str = "") -> None:
        """Fetch public templates and the own ones."""
        request = ListTemplates(text=text)
        self._runner.run(
            lambda: self._caller.call(request), self._changed, self._messages.report, key="report.templates"
        )

    def save(self, request: SaveTemplate) -> None:
        """Add an own template or phrase, or change one."""

        def done(template: TemplateView) -> None:
            self._messages.say(tr("已保存到个人模板：{name}", name=template.name), Tone.SUCCESS)
            self.load()

        self._runner.run(lambda: self._caller.call(request), done, self._messages.report)

    def delete(self, template: TemplateView) -> None:
        """Delete an own template; it can be taken back."""
        request = DeleteTemplate(id=template.id)
        again = SaveTemplate(
            is_phrase=template.is_phrase,
            folder=template.folder,
            name=template.name,
            exam_type=template.exam_type,
            findings=template.findings,
            impression=template.impression,
        )

        def done(_nothing: object) -> None:
            self._messages.offer_undo(tr("模板已删除：{name}", name=template.name), lambda: self.save(again))
            self.load()

        self._runner.run(lambda: self._caller.call(request), done, self._messages.report)


def used(findings: str, impression: str, template: TemplateView, *, is_replacing: bool) -> tuple[str, str]:
    """Return findings and impression (rich text) with a template put in their place (替换), or below them (插入).

    An empty part of the template leaves that part of the text alone; when replacing, only of the impression.
    """
    if is_replacing:
        return template.findings, template.impression or impression
    return (
        joined(findings, template.findings) if template.findings else findings,
        joined(impression, template.impression) if template.impression else impression,
    )
