"""Intentions of the search over coded values: choose a template, a field, an answer; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clients.diagnosis.collections.coded.state import CodedSearchState, problem_of
from clients.kit.messages import Messages
from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from shared.contract.base import Page
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.structured import (
    CodedHit,
    FormTemplateRow,
    FormTemplateView,
    GetFormTemplate,
    ListFormTemplates,
)

_NO_ANSWER: dict[str, Any] = {"option": "", "text": "", "at_least": None, "at_most": None}


class CodedSearchPresenter(ScreenPresenter[CodedSearchState]):
    """The search; hits are fetched in windows by the view's list."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[CodedSearchState], None] = lambda _state: None,
    ) -> None:
        super().__init__(CodedSearchState(), caller, runner, messages, show)

    def fetch(self, request: PageRequest) -> PageOfRows[CodedHit]:
        """Give a window of the hits (called in a worker thread)."""
        asked = self.state.request(Page(offset=request.offset, limit=request.limit))
        if asked is None:
            return PageOfRows((), 0)
        found = self._caller.call(asked)
        return PageOfRows(found.rows, found.total)

    def refresh(self) -> None:
        """Load what can be chosen, then the hits again. Templates out of use stay searchable."""
        self._change(is_loading=True, error=None)
        self._ask(ListFormTemplates(for_editing=True), self._on_templates, self._failed, key="coded.templates")
        if self.state.hospital is None:
            self._ask(GetHospital(), self._on_hospital, self._failed, key="coded.hospital")

    def choose_template(self, template_id: int) -> None:
        """Choose a template (0: none) and load its fields."""
        if template_id == self.state.template_id:
            return
        self._change(template_id=template_id, template=None, path="", problem="", **_NO_ANSWER)
        self._load_template()
        self._search()

    def choose_field(self, path: str) -> None:
        """Choose a field; empty is any."""
        if path != self.state.path:
            self._change(path=path, **_NO_ANSWER)
            self._search()

    def filter(self, **parts: Any) -> None:
        """Change other conditions and search."""
        if self.state.problem or any(getattr(self.state, key) != value for key, value in parts.items()):
            self._change(**parts)
            self._search()

    def refuse(self, problem: str) -> None:
        """Say why what was typed cannot be asked (Chinese source words), until the next condition."""
        self._change(problem=problem)

    def _load_template(self) -> None:
        template_id = self.state.template_id
        if template_id:
            self._ask(GetFormTemplate(id=template_id), self._on_template, self._failed, key="coded.template")

    def _search(self) -> None:
        problem = problem_of(self.state)
        self._change(problem=problem, error=None, generation=self.state.generation + (not problem))

    def _on_templates(self, rows: tuple[FormTemplateRow, ...]) -> None:
        kept = tuple(row for row in rows if row.published_version)
        if all(row.id != self.state.template_id for row in kept):
            self.state = replace(self.state, template_id=0, template=None, path="", **_NO_ANSWER)
        self._change(templates=kept, is_loading=False)
        if self.state.template is None:
            self._load_template()
        self._search()

    def _on_template(self, view: FormTemplateView) -> None:
        if view.row.id == self.state.template_id:
            self._change(template=view.template)

    def _on_hospital(self, hospital: HospitalView) -> None:
        self._change(hospital=hospital)

    def _failed(self, error: Exception) -> None:
        self._change(error=error, is_loading=False)
