"""Loads, marks, swaps, deletes and shows the captures of the open case; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.media.journal import CaptureJournal
from clients.pathology.media.state import Item, StripState
from shared.contract.base import Request
from shared.contract.pathology_media import (
    BindMedia,
    ClearMarks,
    DeleteMedia,
    ListMedia,
    MarkMedia,
    MediaFacts,
    MediaView,
    SwapMedia,
)
from shared.domain.pathology_media import MediaKind


@dataclass(frozen=True)
class Ports:
    """What the presenter works with. `call` and `fetch(item, name)` block; they are called in work only."""

    call: Callable[[Request[Any]], Any]
    fetch: Callable[[str, str], bytes]
    runner: TaskRunner
    messages: Messages
    journal: CaptureJournal


class StripPresenter:
    """The strip of one open case at a time."""

    def __init__(self, ports: Ports, render: Callable[[StripState], None]) -> None:
        self._ports = ports
        self._render = render
        self.state = StripState()

    @property
    def fetch(self) -> Callable[[str, str], bytes]:
        """Bytes of the bulk channel; blocks, for work only."""
        return self._ports.fetch

    def open(self, case_id: int, *, is_locked: bool) -> None:
        """Show a case's captures, with those of the journal that the server does not have."""
        self._set(StripState(case_id=case_id, is_locked=is_locked, is_loading=True))
        self.reload()

    def close(self) -> None:
        """No case is open."""
        self._set(StripState())

    def lock(self, is_locked: bool) -> None:
        """The case was audited, or opened again."""
        if is_locked != self.state.is_locked:
            self._set(replace(self.state, is_locked=is_locked))

    def reload(self) -> None:
        """Fetch the strip again: a notice came."""
        case_id = self.state.case_id
        if case_id is None:
            return

        def work() -> tuple[tuple[MediaView, ...], tuple[Item, ...]]:
            views = self._ports.call(ListMedia(case_id=case_id))
            return views, self._waiting(case_id)

        def done(found: tuple[tuple[MediaView, ...], tuple[Item, ...]]) -> None:
            if self.state.case_id == case_id:
                self._take(found[0], found[1])

        self._ports.runner.run(work, done, self._failed, key="media.strip")

    def select(self, key: str, *, more: bool = False) -> None:
        """Choose one, or with Ctrl one more (or less)."""
        if not more:
            chosen: tuple[str, ...] = (key,)
        elif key in self.state.selected:
            chosen = tuple(one for one in self.state.selected if one != key)
        else:
            chosen = (*self.state.selected, key)
        self._set(replace(self.state, selected=chosen))

    def captured(self, key: str, facts: MediaFacts, thumbnail: bytes = b"") -> None:
        """A capture lies in the journal: show it at once."""
        if facts.case_id != self.state.case_id or any(item.key == key for item in self.state.items):
            return
        thumbnails = {**self.state.thumbnails, key: thumbnail} if thumbnail else self.state.thumbnails
        self._set(replace(self.state, items=(*self.state.items, Item(key, facts)), thumbnails=thumbnails))

    def confirmed(self, key: str, view: MediaView) -> None:
        """The server has it."""
        items = self._replaced(key, Item(key, view.facts, view))
        if view.facts.case_id == self.state.case_id and not any(item.key == key for item in items):
            items = (*items, Item(key, view.facts, view))
        self._set(replace(self.state, items=items))
        self._fetch_thumbnails()

    def refused(self, key: str, why: str) -> None:
        """The server will not have it: it stays on this computer until the user decides."""
        found = next((item for item in self.state.items if item.key == key), None)
        if found is not None:
            self._set(replace(self.state, items=self._replaced(key, replace(found, refused=why))))
        self._ports.messages.say(tr("有采集没有保存到服务器：{why}", why=why), Tone.DANGER)

    def mark(self, marked: bool) -> None:
        """设置打印 / 取消打印 of the selected pictures (PA-ICM-01, -02)."""
        ids = tuple(one.id for one in self.state.confirmed if one.kind is MediaKind.IMAGE and one.marked != marked)
        if ids and self.state.case_id is not None:
            self._change(MarkMedia(case_id=self.state.case_id, media_ids=ids, marked=marked))

    def clear_marks(self) -> None:
        """取消所有打印 (PA-ICM-03)."""
        if self.state.can_clear_marks and self.state.case_id is not None:
            self._change(ClearMarks(case_id=self.state.case_id))

    def swap(self) -> None:
        """图像置换 (PA-ICM-04)."""
        if self.state.can_swap and self.state.case_id is not None:
            first, second = self.state.confirmed
            self._change(SwapMedia(case_id=self.state.case_id, first_id=first.id, second_id=second.id))

    def bind(self, specimen_id: int | None, block_id: int | None, slide_id: int | None) -> None:
        """Say of which piece the selected captures are."""
        case_id, chosen = self.state.case_id, self.state.confirmed
        if case_id is None or not chosen or not self.state.may_change:
            return

        def work() -> Any:
            for one in chosen:
                self._ports.call(
                    BindMedia(media_id=one.id, specimen_id=specimen_id, block_id=block_id, slide_id=slide_id)
                )
            return self._ports.call(ListMedia(case_id=case_id))

        self._run_change(case_id, work)

    def delete(self) -> None:
        """删除数据 after the user confirmed (PA-IMG-11, PA-ICM-07)."""
        case_id, chosen = self.state.case_id, self.state.chosen
        if case_id is None or not self.state.can_delete:
            return
        ids = tuple(item.view.id for item in chosen if item.view is not None)

        def work() -> Any:
            for item in chosen:
                if item.view is None:
                    self._ports.journal.forget(item.key)
            if ids:
                return self._ports.call(DeleteMedia(case_id=case_id, media_ids=ids))
            return self._ports.call(ListMedia(case_id=case_id))

        self._set(replace(self.state, items=tuple(one for one in self.state.items if one not in chosen), selected=()))
        self._run_change(case_id, work)

    def bytes_of(self, item: Item, done: Callable[[bytes], None]) -> None:
        """The whole capture, from the server or from the journal."""

        def work() -> bytes:
            if item.view is not None:
                return self._ports.fetch("pathology_media", str(item.view.id))
            kept = self._ports.journal.read(item.key)
            return b"" if kept is None else kept[1]

        def arrived(data: bytes) -> None:
            if data:
                done(data)
            else:
                self._ports.messages.say(tr("正在上传，请稍候再打开。"))

        self._ports.runner.run(work, arrived, self._ports.messages.report, key="media.bytes")

    def _change(self, request: Request[tuple[MediaView, ...]]) -> None:
        if self.state.case_id is not None:
            self._run_change(self.state.case_id, lambda: self._ports.call(request))

    def _run_change(self, case_id: int, work: Callable[[], Any]) -> None:
        def done(views: tuple[MediaView, ...]) -> None:
            if self.state.case_id == case_id:
                waiting = tuple(item for item in self.state.items if item.view is None)
                self._take(views, waiting)

        def failed(error: Exception) -> None:
            self._ports.messages.report(error)
            self.reload()

        self._ports.runner.run(work, done, failed)

    def _take(self, views: tuple[MediaView, ...], waiting: tuple[Item, ...]) -> None:
        keys = {view.key for view in views}
        items = tuple(Item(view.key, view.facts, view) for view in views)
        items += tuple(item for item in waiting if item.key not in keys)
        there = {item.key for item in items}
        selected = tuple(key for key in self.state.selected if key in there)
        self._set(replace(self.state, items=items, selected=selected, is_loading=False))
        self._fetch_thumbnails()

    def _waiting(self, case_id: int) -> tuple[Item, ...]:
        found = []
        for one in self._ports.journal.waiting():
            facts = self._ports.journal.facts(one.key)
            if facts is not None and facts.case_id == case_id:
                found.append(Item(one.key, facts, refused=one.refused))
        return tuple(found)

    def _fetch_thumbnails(self) -> None:
        wanted = [
            item.view
            for item in self.state.items
            if item.view is not None
            and item.key not in self.state.thumbnails
            and item.facts.kind is not MediaKind.VOICE
        ]
        if not wanted:
            return

        def work() -> dict[str, bytes]:
            return {view.key: self._ports.fetch("pathology_thumbnail", str(view.id)) for view in wanted}

        def done(found: dict[str, bytes]) -> None:
            self._set(replace(self.state, thumbnails={**self.state.thumbnails, **found}))

        self._ports.runner.run(work, done, self._failed, key="media.thumbnails")

    def _replaced(self, key: str, item: Item) -> tuple[Item, ...]:
        return tuple(item if one.key == key else one for one in self.state.items)

    def _failed(self, error: Exception) -> None:
        self._set(replace(self.state, is_loading=False))
        self._ports.messages.report(error)

    def _set(self, state: StripState) -> None:
        self.state = state
        self._render(state)
