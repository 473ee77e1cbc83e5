"""Templates and phrases beside the opinion: put in its place or below it, kept from it (CO-DX-02)."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from clients.diagnosis.remote.presenter import RequestPresenter, RequestState
from clients.diagnosis.report.shelf import Shelf, Templates, used
from clients.diagnosis.report.template_form import SaveAsTemplate
from clients.diagnosis.report.templates_panel import TemplatesPanel
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from shared.contract.remote import OpinionContent
from shared.contract.reporting import SaveTemplate, TemplateView


class PhrasesPane(QWidget):
    """The panel of the report page, at work on the opinion."""

    is_over = Signal()
    """The opinion has what was chosen, or keeps its text as a template: it should be in front again."""

    def __init__(self, place: Workplace, presenter: RequestPresenter, insert: Callable[[str], None]) -> None:
        super().__init__()
        self._presenter, self._insert, self._messages = presenter, insert, place.messages
        self._templates: Templates = ()
        self._is_fetched = False
        self._shelf = Shelf(place.connection, place.runner, place.messages, self._came)
        self.panel = TemplatesPanel()
        self.panel.attach(self)
        self.panel.phrase_wanted.connect(self._on_phrase)
        self.keep = SaveAsTemplate(self._keep)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.panel)
        self.stack.addWidget(self.keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)

    def show_state(self, state: RequestState) -> None:
        """Follow the opinion: whose exam it is of, whether it may be typed."""
        exam_type = state.view.row.exam_type if state.view is not None else ""
        self.panel.show_templates(self._templates, exam_type, may_type=state.may_type)

    def choose(self) -> None:
        """Show the templates; the first time they are fetched."""
        self.stack.setCurrentWidget(self.panel)
        if not self._is_fetched:
            self._is_fetched = True
            self._shelf.load()

    def ask_name(self) -> None:
        """Ask under which name the opinion is to be kept as a template."""
        self.keep.name.clear()
        self.keep.problem.set_source("")
        self.stack.setCurrentWidget(self.keep)
        self.keep.name.setFocus()

    # ── what the panel asks for ──────────────────────────────────────────────────────────────────────

    def use_template(self, template: TemplateView, *, is_replacing: bool) -> None:
        """替换 the opinion by a template, or 插入 it below; can be taken back."""
        before = self._presenter.state.content
        number = self._presenter.state.request_id
        findings, impression = used(before.findings, before.impression, template, is_replacing=is_replacing)
        self._presenter.typed(msgspec.structs.replace(before, findings=findings, impression=impression))
        self._messages.offer_undo(tr("已使用模板：{name}", name=template.name), lambda: self._put_back(number, before))
        self.is_over.emit()

    def save_template(self, request: SaveTemplate) -> None:
        """Add an own template or phrase, or change one."""
        self._shelf.save(request)

    def delete_template(self, template: TemplateView) -> None:
        """Delete an own template; it can be taken back."""
        self._shelf.delete(template)

    def _put_back(self, request_id: int, before: OpinionContent) -> None:
        if self._presenter.state.request_id == request_id:
            self._presenter.typed(before)

    def _on_phrase(self, text: str) -> None:
        self.is_over.emit()
        self._insert(text)

    def _keep(self, name: str, folder: str) -> None:
        state = self._presenter.state
        self._shelf.save(
            SaveTemplate(
                folder=folder,
                name=name,
                exam_type=state.view.row.exam_type if state.view is not None else "",
                findings=state.content.findings,
                impression=state.content.impression,
            )
        )
        self._is_fetched = True
        self.is_over.emit()

    def _came(self, templates: Templates) -> None:
        self._templates = templates
        self.show_state(self._presenter.state)
