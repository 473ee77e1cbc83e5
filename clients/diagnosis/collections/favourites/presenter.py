"""Favourites: the list with its folders, and how one report is filed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clients.kit.messages import Messages, message_for
from clients.kit.paging import PageOfRows, PageRequest
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller, ScreenPresenter
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Nothing, Page
from shared.contract.collections import (
    FavouriteList,
    FavouriteOfReport,
    FavouriteView,
    GetFavouriteOfReport,
    ListFavourites,
    RemoveFavourite,
    RenameFolder,
    SaveFavourite,
)


@dataclass(frozen=True)
class FavouritesState:
    """Conditions of the list and what can be chosen; `generation` rises when rows must be fetched anew."""

    text: str = ""
    folder: str | None = None
    disease: str = ""
    folders: Mapping[str, int] = field(default_factory=dict)
    diseases: Mapping[str, int] = field(default_factory=dict)
    generation: int = 0


class FavouritesPresenter(ScreenPresenter[FavouritesState]):
    """The list; rows are fetched in windows by the view's list."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[FavouritesState], None] = lambda _state: None,
    ) -> None:
        super().__init__(FavouritesState(), caller, runner, messages, show)

    def fetch(self, request: PageRequest) -> PageOfRows[FavouriteView]:
        """Give a window of the list (called in a worker thread)."""
        found = self._caller.call(self._request(Page(offset=request.offset, limit=request.limit)))
        return PageOfRows(found.rows, found.total)

    def refresh(self) -> None:
        """Load folders and rows again."""
        self._ask(self._request(Page(limit=1)), self._on_counts, key="favourites.counts")
        self._change(generation=self.state.generation + 1)

    def filter(self, **parts: Any) -> None:
        """Change conditions and load."""
        self._change(**parts)
        self.refresh()

    def remove(self, row: FavouriteView) -> None:
        """Take a case out; it can be taken back for some seconds."""
        self._ask(RemoveFavourite(favourite_id=row.id), lambda _nothing: self._removed(row))

    def rename(self, folder: str, name: str) -> None:
        """Rename a folder."""
        self._ask(RenameFolder(folder=folder, name=name), lambda _nothing: self._renamed(name))

    def _renamed(self, name: str) -> None:
        self._messages.say(tr("收藏目录已改名为 {name}", name=name), Tone.SUCCESS)
        self.filter(folder=name)

    def _removed(self, row: FavouriteView) -> None:
        again = SaveFavourite(report_id=row.case.report_id, folder=row.folder, disease=row.disease, note=row.note)
        self._messages.offer_undo(
            tr("已取消收藏：{name}", name=row.case.patient_name),
            lambda: self._ask(again, lambda _view: self.refresh()),
        )
        self.refresh()

    def _request(self, page: Page) -> ListFavourites:
        state = self.state
        return ListFavourites(text=state.text, folder=state.folder, disease=state.disease, page=page)

    def _on_counts(self, found: FavouriteList) -> None:
        self._change(folders=found.folders, diseases=found.diseases)


@dataclass(frozen=True)
class FilingState:
    """How one report is filed: None until it is known."""

    report_id: int = 0
    found: FavouriteOfReport | None = None
    is_busy: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""


class FilingPresenter(ScreenPresenter[FilingState]):
    """Files one report among the favourites (RIS-RPD-07)."""

    def __init__(
        self,
        caller: Caller,
        runner: TaskRunner,
        messages: Messages,
        show: Callable[[FilingState], None] = lambda _state: None,
    ) -> None:
        super().__init__(FilingState(), caller, runner, messages, show)

    def open(self, report_id: int) -> None:
        """Ask how a report is filed; 0 is no report."""
        if report_id != self.state.report_id:
            self._change(report_id=report_id, found=None, problems={}, trouble="")
        if report_id:
            request = GetFavouriteOfReport(report_id=report_id)
            self._ask(request, self._came, self._failed, key=f"favourites.filing.{id(self)}")

    def save(self, folder: str, disease: str, note: str) -> None:
        """File it."""
        if not self.state.report_id or self.state.is_busy:
            return
        self._change(is_busy=True, problems={}, trouble="")
        request = SaveFavourite(report_id=self.state.report_id, folder=folder, disease=disease, note=note)
        self._ask(request, self._saved, self._failed)

    def remove(self) -> None:
        """Take it out of the favourites."""
        found = self.state.found
        if found is not None and found.favourite is not None:
            self._ask(RemoveFavourite(favourite_id=found.favourite.id), self._gone, self._failed)

    def _came(self, found: FavouriteOfReport) -> None:
        self._change(found=found, is_busy=False, trouble="")

    def _saved(self, view: FavouriteView) -> None:
        self._messages.say(tr("已收藏：{name}", name=view.case.patient_name), Tone.SUCCESS)
        self._change(is_busy=False)
        self.open(self.state.report_id)

    def _gone(self, _nothing: Nothing) -> None:
        self._messages.say(tr("已取消收藏"), Tone.SUCCESS)
        self.open(self.state.report_id)

    def _failed(self, error: Exception) -> None:
        message = message_for(error)
        if message.field in ("folder", "disease", "note"):
            self._change(is_busy=False, problems={message.field: message.text})
        else:
            self._change(is_busy=False, trouble=message.text)
