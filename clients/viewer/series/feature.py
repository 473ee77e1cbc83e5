"""Parting and making series as a feature; the archive is never changed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QMenu

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.series import texts
from clients.viewer.series.dialog import NewSeriesDialog
from clients.viewer.series.parting import by_time, chosen, odd_and_even, split_at
from clients.viewer.study import Stack
from clients.viewer.undo import Step
from clients.viewer.volume.views import is_derived

register_catalogue(texts.CATALOGUE)
NEW, REMOVE = "series.new", "series.remove"
SPLITS = ("series.split", "series.odd_even", "series.times")


class SeriesFeature(Feature):
    """手动拆分, 新增序列: made series stand in the series bar and can be taken back."""

    actions = (
        Action("series.split", "在当前图像处拆分", hint="当前图像是第二个序列的第一幅"),
        Action("series.odd_even", "按奇偶拆分"),
        Action("series.times", "按时间点拆分"),
        Action(NEW, "新增序列…", "Ctrl+Shift+N", hint="用当前视口的图像组成新序列"),
        Action(REMOVE, "移除拆分或新增的序列"),
    )
    needs_image = frozenset({*SPLITS, NEW})

    def attach(self, desk: Desk) -> None:
        self.dialog: NewSeriesDialog | None = None
        self._menu: QMenu | None = None
        calls: dict[str, Callable[[Stack], tuple[Stack, ...]]] = {
            "series.split": lambda stack: split_at(stack, self._index()),
            "series.odd_even": odd_and_even,
            "series.times": by_time,
        }
        for action_id, call in calls.items():
            desk.commands.on(action_id, functools.partial(self._make, "拆分序列", call))
        desk.commands.on(NEW, self._ask)
        desk.commands.on(REMOVE, self._remove)

    def fill_menu(self, menu_id: str, menu: QMenu) -> None:
        if menu_id != "menu.more":
            return
        below = menu.addMenu(tr("序列"))
        for action in self.actions:
            below.addAction(self.desk.commands.qt(action.id))

    def reflect(self) -> None:
        stack = self.desk.session.active_viewport.stack
        self.desk.commands.set_enabled(REMOVE, stack is not None and stack.is_derived)

    def closing(self) -> None:
        if self.dialog is not None:
            self.dialog.close()

    def _index(self) -> int:
        return self.desk.session.active_viewport.index

    def _make(self, name: str, call: Callable[[Stack], tuple[Stack, ...]]) -> None:
        stack = self.desk.session.active_viewport.stack
        if stack is None:
            return
        if is_derived(stack.frames[0].sop_instance_uid):
            self.desk.say(tr("重建的图像不能组成序列；请切换到原始图像"))
            return
        try:
            made = call(stack)
        except ValueError as problem:
            self.desk.say(str(problem))
            return
        self._add(name, stack, made)

    def _add(self, name: str, stack: Stack, made: Sequence[Stack]) -> None:
        """Frames that are here already are taken over in the background, then the series appear."""
        session, store = self.desk.session, self.desk.store
        for one in made:
            store.of(one)  # made in this thread

        def carry() -> None:
            for one in made:
                store.carry_over(stack, one)

        def done(_: None) -> None:
            if all(known is not stack for known in session.stacks):
                for one in made:
                    store.drop(one)
                return
            self.desk.say("")
            session.undo.run(
                Step(name, lambda: session.add_stacks(made, stack), lambda: session.remove_stacks(made, stack))
            )
            self._picture(made)

        self.desk.background.run(carry, done, self.desk.say, "series")

    def _picture(self, made: Sequence[Stack]) -> None:
        for one in made:
            pixels = self.desk.store.of(one)
            there = [n for n in range(len(one)) if pixels.has(n)]
            if there:
                self.desk.opening.make_picture(one, there)

    def _ask(self) -> None:
        session = self.desk.session
        stack = session.active_viewport.stack
        if stack is None:
            return
        cell = session.splits.cell_of(session.active)
        shown = [session.viewports[n] for n in session.splits.members(cell)]
        indices = [viewport.index for viewport in shown if viewport.stack is stack]
        keys = [n for key in session.key_images if (n := stack.index_of(key)) is not None]
        if self.dialog is not None:
            self.dialog.deleteLater()
        dialog = self.dialog = NewSeriesDialog(self.desk.window, len(stack), indices, keys)
        dialog.accepted.connect(lambda: self._make("新增序列", lambda one: chosen(one, dialog.indices())))
        dialog.open()

    def _remove(self) -> None:
        session = self.desk.session
        made = session.active_viewport.stack
        if made is None or not made.is_derived:
            return
        source = next(
            (one for one in session.stacks if not one.is_derived and one.index_of(made.frames[0]) is not None), None
        )
        if source is not None:
            stack = source
            session.undo.run(
                Step(
                    "移除序列",
                    lambda: session.remove_stacks([made], stack),
                    lambda: session.add_stacks([made], stack),
                )
            )
