"""What the pages 蜡块归档, 切片归档 and 资料归档 do: two lists, ticks, scans, archiving and its report. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.archive.items import KIND_WORDS, OBJECT_KINDS, Item, Search, kept, unarchived
from clients.pathology.desk import Desk
from shared.contract.base import Request
from shared.contract.pathology_keeping import (
    MOST_ITEMS,
    ArchiveObjects,
    DestroyObjects,
    KeptKind,
    ListPlaces,
    PlaceView,
    TakeOut,
)
from shared.contract.pathology_technique import BatchLine, BatchReport
from shared.contract.pathology_trail import Scan, ScanResult

OPEN, KEPT = "open", "kept"


@dataclass(frozen=True)
class KeepingState:
    """What a page shows."""

    side: str = OPEN
    search: Search = Search()  # noqa: RUF009 - a frozen value
    rows: tuple[Item, ...] = ()
    ticked: frozenset[int] = frozenset()  # object ids
    places: tuple[PlaceView, ...] = ()  # of the kind, in use
    place_id: int = 0
    report: tuple[BatchLine, ...] = ()
    loading: bool = False
    trouble: Exception | None = None

    @property
    def chosen(self) -> tuple[Item, ...]:
        """The ticked rows."""
        return tuple(row for row in self.rows if row.object_id in self.ticked)


def place_words(place: PlaceView) -> str:
    """Room, name and how full it is: "B102  1 号柜  ·  12 / 200"."""
    entry = place.entry
    most = str(entry.capacity) if entry.capacity else "∞"
    return f"{'  '.join(part for part in (entry.room, entry.name) if part)}  ·  {place.used} / {most}"


def is_full(place: PlaceView) -> bool:
    """Whether nothing more goes in."""
    return bool(place.entry.capacity) and place.used >= place.entry.capacity


class KeepingPresenter:
    """One for each page. `render` is called after each change."""

    def __init__(self, desk: Desk, kind: KeptKind, render: Callable[[KeepingState], None]) -> None:
        self._desk, self.kind, self._render = desk, kind, render
        self.state = KeepingState()
        self.is_open = True

    def start(self) -> None:
        """Load places and list."""
        self.load_places()
        self.load()

    def close(self) -> None:
        """The page goes; late answers are dropped."""
        self.is_open = False

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────

    def load(self) -> None:
        """Fetch the list of the moment; ticks of rows that stay are kept."""
        side, search, call = self.state.side, self.state.search, self._desk.place.connection.call
        fetch = unarchived if side == OPEN else kept

        def came(rows: tuple[Item, ...]) -> None:
            if side == self.state.side:
                there = {row.object_id for row in rows}
                self._set(rows=rows, ticked=self.state.ticked & there, loading=False, trouble=None)

        def failed(error: Exception) -> None:
            self._set(loading=False, trouble=error)

        self._set(loading=True)
        self._desk.place.runner.run(lambda: fetch(call, self.kind, search), came, failed, key=self._key("list"))

    def load_places(self) -> None:
        """Fetch places and how full they are."""
        call = self._desk.place.connection.call

        def came(places: tuple[PlaceView, ...]) -> None:
            mine = tuple(one for one in places if one.entry.kind is self.kind and one.entry.is_active)
            ids = [one.id for one in mine]
            best = next((one.id for one in mine if not is_full(one)), ids[0] if ids else 0)
            self._set(places=mine, place_id=self.state.place_id if self.state.place_id in ids else best)

        place = self._desk.place
        place.runner.run(lambda: call(ListPlaces()), came, place.messages.report, key=self._key("places"))

    def switch(self, side: str) -> None:
        """未归档 or 已归档."""
        self._set(side=side, rows=(), ticked=frozenset(), report=())
        self.load()

    def find(self, search: Search) -> None:
        """Other conditions."""
        self._set(search=search)
        self.load()

    def tick(self, object_id: int) -> None:
        """Tick a row or untick it."""
        self._set(ticked=self.state.ticked ^ {object_id})

    def tick_all(self) -> None:
        """Tick every row; where every row is ticked, none."""
        ids = frozenset(row.object_id for row in self.state.rows)
        self._set(ticked=frozenset() if ids <= self.state.ticked else ids)

    def choose_place(self, place_id: int) -> None:
        """Where to archive."""
        self._set(place_id=place_id)

    def scanned(self, code: str) -> bool:
        """Tick what was scanned; what is not in the list is named, with what it is."""
        place = self._desk.place
        request = Scan(code=code[:64], station=self._desk.station.id)

        def came(result: ScanResult) -> None:
            found = result.found
            if found is None:
                place.messages.say(result.message, Tone.DANGER)
                return
            kind = OBJECT_KINDS.get(found.kind)
            wanted = found.case_id if self.kind is KeptKind.PAPER else found.id
            if kind is self.kind and any(row.object_id == wanted for row in self.state.rows):
                self._set(ticked=self.state.ticked | {wanted})
            elif kind is self.kind:
                place.messages.say(
                    tr("{number} 不在此列表中，请切换列表或清空条件。", number=found.number), Tone.WARNING
                )
            else:
                what = tr(KIND_WORDS[self.kind])
                place.messages.say(tr("{number} 不是{kind}。", number=found.number, kind=what), Tone.WARNING)

        place.runner.run(lambda: place.connection.call(request), came, place.messages.report, key=self._key("scan"))
        return True

    def add_cases(self, case_ids: tuple[int, ...]) -> None:
        """Tick the papers of these cases, as far as the list shows them."""
        self._set(ticked=self.state.ticked | {row.object_id for row in self.state.rows if row.object_id in case_ids})

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────

    def archive(self) -> None:
        """归档 of the ticked ones into the chosen place."""
        if not self.state.place_id:
            self._say(tr("请先选择存放位置；没有位置时由管理员在存放位置中添加。"))
        elif ids := self._ids():
            self._command(
                ArchiveObjects(
                    kind=self.kind, object_ids=ids, place_id=self.state.place_id, station=self._desk.station.id
                )
            )

    def take_out(self, reason: str = "") -> None:
        """调出 of the ticked ones."""
        if ids := self._ids():
            self._command(TakeOut(kind=self.kind, object_ids=ids, reason=reason, station=self._desk.station.id))

    def destroy(self, reason: str, login: str, password: str, done: Callable[[], None]) -> None:
        """销毁 of the ticked ones; a second person signs. `done` is called when the server took it."""
        if ids := self._ids():
            self._command(
                DestroyObjects(
                    kind=self.kind,
                    object_ids=ids,
                    reason=reason,
                    witness_login=login,
                    witness_password=password,
                    station=self._desk.station.id,
                ),
                done,
            )

    def _ids(self) -> tuple[int, ...]:
        ids = tuple(row.object_id for row in self.state.chosen)[:MOST_ITEMS]
        if not ids:
            self._say(tr("请先勾选或扫描{kind}。", kind=tr(KIND_WORDS[self.kind])))
        return ids

    def _command(self, request: Request[BatchReport], done: Callable[[], None] | None = None) -> None:
        place = self._desk.place

        def came(report: BatchReport) -> None:
            gone = {line.id for line in report.lines if line.is_done}
            self._set(report=report.lines, ticked=self.state.ticked - gone)
            skipped = len(report.lines) - report.done
            words = tr("完成 {done} 个，跳过 {skipped} 个", done=report.done, skipped=skipped)
            place.messages.say(words, Tone.WARNING if skipped else Tone.SUCCESS)
            if done is not None:
                done()
            self.load_places()
            self.load()

        place.runner.run(lambda: place.connection.call(request), came, place.messages.report, key=self._key("command"))

    def _say(self, words: str) -> None:
        self._desk.place.messages.say(words, Tone.WARNING)

    def _key(self, what: str) -> str:
        return f"pathology.archive.{self.kind}.{what}"

    def _set(self, **changes: object) -> None:
        if self.is_open:
            self.state = replace(self.state, **changes)  # type: ignore[arg-type]
            self._render(self.state)
