"""All marks of the viewer: drawing, changing, deleting and what can be taken back. No Qt."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from clients.viewer.evented import Event
from clients.viewer.marks.model import Kind, Mark, Sheet, Style
from clients.viewer.undo import Step, UndoStack
from shared.imaging.geometry import PixelPoint

NAMES: dict[Kind, str] = {
    Kind.LENGTH: "长度",
    Kind.ANGLE: "角度",
    Kind.COBB: "Cobb 角",
    Kind.RECTANGLE: "矩形",
    Kind.ELLIPSE: "圆形",
    Kind.BRUSH: "智能画笔",
    Kind.PIXEL: "像素值",
    Kind.CURVE: "曲线",
    Kind.ARROW: "箭头",
    Kind.TEXT: "文本",
}
"""Chinese source text of each kind."""


class MarkBook:
    """All marks; changes go through the undo stack.

    ``changed`` names the sheet whose marks changed, at every step of a drag too; ``settled`` tells a mark that was
    drawn or changed for good; ``stroke`` comes after every finished step, done, undone or redone.
    """

    def __init__(self, undo: UndoStack, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.changed: Event[[Sheet]] = Event()
        self.selected_changed: Event[[]] = Event()
        self.settled: Event[[Mark]] = Event()
        self.stroke: Event[[]] = Event()
        self.style = Style()
        self._undo = undo
        self._now = now
        self._by_id: dict[int, Mark] = {}
        self._ids = itertools.count(1)
        self._selected: int | None = None

    def __iter__(self) -> Iterator[Mark]:
        return iter(tuple(self._by_id.values()))

    def of_frame(self, key: Sheet) -> tuple[Mark, ...]:
        """The marks of one sheet in the order in which they were drawn."""
        return tuple(m for m in self._by_id.values() if m.key == key)

    @property
    def selected(self) -> Mark | None:
        return self._by_id.get(self._selected) if self._selected is not None else None

    def select(self, mark_id: int | None) -> None:
        if mark_id != self._selected:
            self._selected = mark_id
            self.selected_changed.emit()

    def draw(self, kind: Kind, key: Sheet, points: tuple[PixelPoint, ...], text: str = "") -> Mark:
        """Add and select a mark in the present style; one step to undo. Raises ValueError for too few points."""
        if kind.points is not None and len(points) != kind.points:
            raise ValueError(f"{kind} needs {kind.points} points")
        from shared.dicomkit.uids import new_uid

        new = Mark(
            next(self._ids),
            kind,
            key,
            points,
            name=self._name_for(kind),
            text=text,
            colour=self.style.colour,
            font_px=self.style.font_px,
            made_at=self._now().isoformat(timespec="seconds"),
            uid=new_uid(),
        )
        self._run("画测量", lambda: self._put(new), lambda: self._drop(new))
        self.select(new.id)
        self.settled.emit(new)
        return new

    def _name_for(self, kind: Kind) -> str:
        """The kind and the next free number, in the reader's language."""
        from clients.kit.translations import tr

        word = tr(NAMES[kind])
        taken = {m.name for m in self._by_id.values() if m.kind is kind}
        return next(name for n in itertools.count(1) if (name := f"{word} {n}") not in taken)

    def change(self, before: Mark, after: Mark) -> None:
        """Replace ``before`` (as it was when the drag began) by ``after``; one step to undo. Others' marks stay."""
        if before.foreign:
            self._put(before)
        elif before != after:
            self._run("改测量", lambda: self._put(after), lambda: self._put(before))
            self.settled.emit(after)

    def rename(self, mark: Mark, name: str) -> None:
        """Another name (VW-LST-02); an empty one changes nothing."""
        if name.strip():
            self.change(mark, replace(mark, name=name.strip()[:64]))

    def restyle(self, colour: str | None = None, font_px: int | None = None) -> None:
        """The style of what is drawn from now on, and of the selected mark."""
        if colour is not None:
            self.style.colour = colour
        if font_px is not None:
            self.style.font_px = font_px
        mark = self.selected
        if mark is not None and not mark.foreign:
            after = replace(
                mark,
                colour=mark.colour if colour is None else colour,
                font_px=mark.font_px if font_px is None else font_px,
            )
            self.change(mark, after)

    def preview(self, mark: Mark) -> None:
        """Show an intermediate form during a drag; not a step of its own."""
        if not mark.foreign:
            self._put(mark)

    def delete(self, mark: Mark) -> None:
        """Remove it; one step to undo. Others' marks stay."""
        if not mark.foreign:
            self._run("删除测量", lambda: self._drop(mark), lambda: self._put(mark))

    def delete_all(self, keys: Iterable[Sheet]) -> None:
        """Remove all own marks of these sheets (VW-CLR-01); one step to undo."""
        wanted = set(keys)
        doomed = [m for m in self._by_id.values() if m.key in wanted and not m.foreign]

        def do() -> None:
            for mark in doomed:
                self._drop(mark)

        def undo() -> None:
            for mark in doomed:
                self._put(mark)

        if doomed:
            self._run("清除所有标注", do, undo)

    def take(self, marks: Iterable[Mark]) -> None:
        """Marks that were kept before, instead of those with the same UIDs; not a step to undo."""
        known = {m.uid: m.id for m in self._by_id.values() if m.uid}
        for mark in marks:
            self._put(replace(mark, id=known.get(mark.uid) or next(self._ids)))

    def forget(self, wanted: Callable[[Mark], bool]) -> None:
        """Let marks go that are shown no more; not a step to undo."""
        for mark in tuple(self._by_id.values()):
            if wanted(mark):
                self._drop(mark)

    def clear(self) -> None:
        """Forget everything, as when the studies are closed; not undone."""
        keys = {m.key for m in self._by_id.values()}
        self._by_id.clear()
        self.select(None)
        for key in keys:
            self.changed.emit(key)

    def _run(self, name: str, do: Callable[[], None], undo: Callable[[], None]) -> None:
        def doing() -> None:
            do()
            self.stroke.emit()

        def undoing() -> None:
            undo()
            self.stroke.emit()

        self._undo.run(Step(name, doing, undoing))

    def _put(self, mark: Mark) -> None:
        self._by_id[mark.id] = mark
        self.changed.emit(mark.key)

    def _drop(self, mark: Mark) -> None:
        self._by_id.pop(mark.id, None)
        if self._selected == mark.id:
            self.select(None)
        self.changed.emit(mark.key)
