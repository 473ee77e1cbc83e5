"""Reformatting as a feature: other planes of a series, MPR, CPR."""

from __future__ import annotations

import functools
from collections.abc import Callable

from clients.kit.actions import Action
from clients.kit.translations import tr
from clients.viewer.commands import Slot
from clients.viewer.desk import Desk, Feature
from clients.viewer.study import Stack
from clients.viewer.tool_icons import add_icons
from clients.viewer.viewport.state import Shown, ViewportState
from clients.viewer.volume import texts
from clients.viewer.volume.cpr_page import CprPage
from clients.viewer.volume.mpr_page import NAMES, MprPage
from clients.viewer.volume.mpr_state import STANDARD, Pane
from clients.viewer.volume.source import arrangement_of, sentence_of, volume_of_stack
from clients.viewer.volume.views import Reformatted, TooLarge, is_derived, reformatted_stack, uid_of
from clients.viewer.volume.volume_page import PageSource, VolumePage
from shared.imaging.volume import NoVolume

texts.register()
add_icons({
    "mpr": "M4 4h16v16H4zM12 4v16M4 12h16M9.500 9.500l5 5",
    "cpr": "M4 20C4 12 11 15 12 10S18 5 20 4M8 4h4M4 8v-4M16 20h4v-4",
})  # fmt: skip

VIEWS: dict[str, Pane] = {"view.axial": Pane.AXIAL, "view.coronal": Pane.CORONAL, "view.sagittal": Pane.SAGITTAL}
PAGES: dict[str, Callable[[PageSource, Callable[[], str]], VolumePage]] = {
    "volume.mpr": MprPage,
    "volume.cpr": CprPage,
}
SLOTS = {"volume": (Slot("volume.mpr", "mpr", "MPR"), Slot("volume.cpr", "cpr", "CPR"))}
ENTRIES = {"menu.views": ("view.original", *VIEWS), "menu.volume": tuple(PAGES)}


class VolumeFeature(Feature):
    """Other planes in the viewport, and the pages of reformatting in the place of all viewports."""

    actions = (
        Action("view.original", "原始图像", hint="采集的平面"),
        Action("view.axial", "横断面", hint="把选中视口的序列显示为横断面"),
        Action("view.coronal", "冠状面", hint="把选中视口的序列显示为冠状面"),
        Action("view.sagittal", "矢状面", hint="把选中视口的序列显示为矢状面"),
        Action("volume.mpr", "多平面重建 MPR", "Ctrl+M", hint="三个平面同时显示；再按一次返回"),
        Action("volume.cpr", "曲面重建 CPR", hint="沿曲线展开；再按一次返回"),
    )
    switches = frozenset(PAGES)
    needs_image = frozenset({*VIEWS, *PAGES, "view.original"})
    slots = SLOTS
    entries = ENTRIES

    def attach(self, desk: Desk) -> None:
        self._page: VolumePage | None = None
        self._before: tuple[ViewportState, Shown] | None = None
        self._originals: dict[str, Stack] = {}  # UID of a computed image → the stack it was computed from
        self._computed: dict[str, Stack] = {}  # the same UID → the computed stack
        desk.commands.on("view.original", self._show_original)
        for action_id, pane in VIEWS.items():
            desk.commands.on(action_id, functools.partial(self._show_view, pane))
        for action_id in PAGES:
            desk.commands.on(action_id, functools.partial(self._toggle_page, action_id))
        desk.session.studies_changed.connect(self._on_studies)

    def reflect(self) -> None:
        for action_id in PAGES:
            self.desk.commands.qt(action_id).setChecked(self.desk.stage.key == action_id)

    def closing(self) -> None:
        if self._page is not None:
            self._page.closing()

    # --- pages

    def _toggle_page(self, action_id: str) -> None:
        """The first click enters, the next one leaves (VW-MPR-02, VW-CPR-02)."""
        stage = self.desk.stage
        if stage.key == action_id:
            stage.leave()
            return
        viewport = self.desk.session.active_viewport
        stack = self._original_of(viewport.stack)
        if stack is None:
            return
        if action_id == "volume.cpr" and self.desk.session.layout.cells != 1:  # VW-CPR-01
            self.desk.say(tr("曲面重建需要单视口布局，请先切换到 1×1"))
            return
        try:
            arrangement_of(stack)
        except NoVolume as reason:
            self.desk.say(sentence_of(reason))
            return
        stage.leave()  # what another page changed is put back before it is remembered
        self._before = (viewport, viewport.capture())
        source = PageSource(stack, self.desk.store.of(stack), viewport, self.desk.background, self.desk.send_picture)
        page = self._made(action_id, source)
        page.left.connect(stage.leave)
        self._page = page
        stage.enter(action_id, page, self._on_left)

    def _made(self, action_id: str, source: PageSource) -> VolumePage:
        tool: Callable[[], str] = lambda: str(self.desk.session.tool)  # noqa: E731
        return PAGES[action_id](source, tool)

    def _on_left(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            page.closing()
        before, self._before = self._before, None
        if before is not None:
            viewport, shown = before
            if viewport.stack is shown.stack:
                viewport.restore(shown)

    def _on_studies(self) -> None:
        stacks = self.desk.session.stacks
        for uid in [uid for uid, stack in self._originals.items() if stack not in stacks]:
            del self._originals[uid]
            self.desk.store.drop(self._computed.pop(uid))
        if self._page is not None and self._page.source.stack not in stacks:
            self.desk.stage.leave()

    # --- other planes

    def _original_of(self, stack: Stack | None) -> Stack | None:
        if stack is not None and len(stack) and is_derived(stack.frames[0].sop_instance_uid):
            return self._originals.get(stack.frames[0].sop_instance_uid)
        return stack

    @staticmethod
    def _show(viewport: ViewportState, stack: Stack) -> None:
        """The middle image, in the window of before."""
        voi, inverted = viewport.voi, viewport.inverted
        viewport.show(stack, len(stack) // 2)
        viewport.voi, viewport.inverted = voi, inverted

    def _show_original(self) -> None:
        viewport = self.desk.session.active_viewport
        original = self._original_of(viewport.stack)
        if original is not None and original is not viewport.stack:
            self._show(viewport, original)

    def _show_view(self, pane: Pane) -> None:
        """Compute the planes in the background and show them when they are there."""
        viewport = self.desk.session.active_viewport
        stack = self._original_of(viewport.stack)
        if stack is None:
            return
        pixels, store, background = self.desk.store.of(stack), self.desk.store, self.desk.background
        try:
            missing = sum(not pixels.has(n) for n in arrangement_of(stack).order)
        except NoVolume as reason:
            self.desk.say(sentence_of(reason))
            return
        if missing:
            self.desk.say(tr("图像还在载入，还差 {n} 幅", n=missing))
            return
        if _lies_in(stack, pane):
            self._show_original()
            return
        known = self._computed.get(uid_of(pane, stack))
        if known is not None and self.desk.store.of(known).loaded == len(known):
            self._show(viewport, known)
            return
        name = tr(NAMES[pane])
        self.desk.say(tr("正在计算{name}…", name=name))

        def work() -> Reformatted:
            try:
                return reformatted_stack(volume_of_stack(stack, pixels), pane, stack, name)
            except NoVolume as reason:
                raise ValueError(sentence_of(reason)) from reason
            except TooLarge as reason:
                raise ValueError(tr("序列太大，这台计算机的内存放不下")) from reason

        def planned(made: Reformatted) -> None:
            computed = store.of(made.stack)
            background.run(lambda: made.fill(computed), lambda _: done(made), self.desk.say, "view")

        def done(made: Reformatted) -> None:
            self.desk.say("")
            if viewport.stack is None or self._original_of(viewport.stack) is not stack:
                store.drop(made.stack)  # meanwhile the reader shows something else
                return
            uid = made.stack.frames[0].sop_instance_uid
            before = self._computed.get(uid)
            if before is not None and all(shown.stack is not before for shown in self.desk.session.viewports):
                store.drop(before)
            self._originals[uid], self._computed[uid] = stack, made.stack
            self._show(viewport, made.stack)

        background.run(work, planned, self.desk.say, "view")


def _lies_in(stack: Stack, pane: Pane) -> bool:
    """True when the images were acquired in this very plane, seen from the usual side."""
    plane, axes = stack.frame_header(0).plane, STANDARD[pane]
    return (
        plane is not None
        and plane.row_direction.dot(axes.right) > 0.9999
        and plane.column_direction.dot(axes.down) > 0.9999
    )
