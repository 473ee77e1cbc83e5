"""Teaching files: search, read, quiz, make, change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from clients.kit.messages import Messages, message_for
from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Nothing, Page
from shared.contract.collections import (
    AnswerTeachingFile,
    Difficulty,
    DraftTeachingFile,
    GetTeachingFile,
    ListTeachingFiles,
    MakeTeachingFile,
    RemoveTeachingFile,
    SaveTeachingFile,
    TeachingList,
    TeachingText,
    TeachingView,
)


class Line(Caller, Protocol):
    """What teaching files need from the connection."""

    def fetch_document(self, document_id: int) -> bytes:
        """Fetch a picture (blocking)."""
        ...


@dataclass(frozen=True)
class TeachingState:
    """Conditions, and the file on screen; as a quiz its answer is hidden until `reveals`."""

    text: str = ""
    exam_type: str = ""
    difficulty: Difficulty | None = None
    tag: str = ""
    as_quiz: bool = False
    tags: Mapping[str, int] = field(default_factory=dict)
    generation: int = 0
    shown: TeachingView | None = None
    is_hidden: bool = False
    pictures: Mapping[int, bytes] = field(default_factory=dict)
    trouble: str = ""


class TeachingPresenter(ScreenPresenter[TeachingState]):
    """The page of teaching files; rows are fetched in windows by the view's list."""

    def __init__(
        self,
        line: Line,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[TeachingState], None] = lambda _state: None,
    ) -> None:
        super().__init__(TeachingState(), line, runner, messages, show)
        self._line = line

    def fetch(self, request: PageRequest) -> PageOfRows[TeachingView]:
        """Give a window of the list (called in a worker thread)."""
        found = self._caller.call(self._request(Page(offset=request.offset, limit=request.limit)))
        return PageOfRows(found.rows, found.total)

    def refresh(self) -> None:
        """Load tags and rows again."""
        self._ask(self._request(Page(limit=1)), self._on_tags, key="teaching.tags")
        self._change(generation=self.state.generation + 1)

    def filter(self, **parts: Any) -> None:
        """Change conditions and load; switching the quiz on or off closes the file on screen."""
        if "as_quiz" in parts:
            parts["shown"] = None
        self._change(**parts)
        self.refresh()

    def select(self, row: TeachingView | None) -> None:
        """Show a file, as a quiz without its answer."""
        if row is None:
            return
        if self.state.shown is not None and self.state.shown.id == row.id and not self.state.trouble:
            return
        as_quiz = self.state.as_quiz
        self._ask(
            GetTeachingFile(teaching_id=row.id, as_quiz=as_quiz),
            lambda view: self._show_file(view, is_hidden=as_quiz),
            self._failed,
            key="teaching.file",
        )

    def reveal(self) -> None:
        """Show the answer; the doctor then says whether the own one was right."""
        shown = self.state.shown
        if shown is not None and self.state.is_hidden:
            request = GetTeachingFile(teaching_id=shown.id)
            self._ask(request, lambda view: self._show_file(view, is_hidden=False), self._failed, key="teaching.file")

    def answer(self, *, was_right: bool) -> None:
        """Note the try."""
        shown = self.state.shown
        if shown is not None:
            request = AnswerTeachingFile(teaching_id=shown.id, was_right=was_right)
            self._ask(request, self._answered, self._failed)

    def save(self, text: TeachingText) -> None:
        """Change the file on screen."""
        shown = self.state.shown
        if shown is not None:
            request = SaveTeachingFile(teaching_id=shown.id, version=shown.version, text=text)
            self._ask(request, self._saved, self._failed)

    def remove(self) -> None:
        """Delete the file on screen."""
        shown = self.state.shown
        if shown is not None:
            self._ask(RemoveTeachingFile(teaching_id=shown.id), self._removed, self._failed)

    def _answered(self, view: TeachingView) -> None:
        self._messages.say(tr("已记录本次测验"), Tone.SUCCESS)
        self._show_file(view, is_hidden=False)

    def _saved(self, view: TeachingView) -> None:
        self._messages.say(tr("教学病例已保存"), Tone.SUCCESS)
        self._show_file(view, is_hidden=False)
        self.refresh()

    def _removed(self, _nothing: Nothing) -> None:
        self._messages.say(tr("教学病例已删除"), Tone.SUCCESS)
        self._change(shown=None)
        self.refresh()

    def _show_file(self, view: TeachingView, *, is_hidden: bool) -> None:
        self._change(shown=view, is_hidden=is_hidden, trouble="")
        wanted = [one for one in view.pictures if one not in self.state.pictures]
        if wanted:
            self._runner.run(
                lambda: {one: self._line.fetch_document(one) for one in wanted},
                lambda found: self._change(pictures={**self.state.pictures, **found}),
                self._messages.report,
                key="teaching.pictures",
            )

    def _failed(self, error: Exception) -> None:
        self._change(trouble=message_for(error).text)

    def _request(self, page: Page) -> ListTeachingFiles:
        state = self.state
        return ListTeachingFiles(
            text=state.text,
            exam_type=state.exam_type,
            difficulty=state.difficulty,
            tag=state.tag,
            as_quiz=state.as_quiz,
            page=page,
        )

    def _on_tags(self, found: TeachingList) -> None:
        self._change(tags=found.tags)


@dataclass(frozen=True)
class MakingState:
    """A proposal from a report; None until it was asked for."""

    report_id: int = 0
    draft: TeachingView | None = None
    is_busy: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""


class MakingPresenter(ScreenPresenter[MakingState]):
    """Makes a teaching file from a report: propose, let the author read, keep."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[MakingState], None] = lambda _state: None,
    ) -> None:
        super().__init__(MakingState(), caller, runner, messages, show)

    def open(self, report_id: int) -> None:
        """Another report is on the page."""
        if report_id != self.state.report_id:
            self._change(report_id=report_id, draft=None, problems={}, trouble="", is_busy=False)

    def propose(self) -> None:
        """Ask for the text without the patient."""
        if self.state.report_id:
            request = DraftTeachingFile(report_id=self.state.report_id)
            self._ask(request, lambda draft: self._change(draft=draft, trouble=""), self._failed, key="teaching.draft")

    def keep(self, text: TeachingText, *, with_pictures: bool) -> None:
        """Keep it."""
        if self.state.is_busy:
            return
        self._change(is_busy=True, problems={}, trouble="")
        request = MakeTeachingFile(report_id=self.state.report_id, text=text, with_pictures=with_pictures)
        self._ask(request, self._kept, self._failed)

    def _kept(self, view: TeachingView) -> None:
        self._messages.say(tr("已加入教学病例：{title}", title=view.text.title), Tone.SUCCESS)
        self._change(draft=None, is_busy=False)

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        if message.field in ("title", "points", "tags", "clinical", "findings", "impression"):
            self._change(is_busy=False, problems={message.field: message.text})
        else:
            self._change(is_busy=False, trouble=message.text)
