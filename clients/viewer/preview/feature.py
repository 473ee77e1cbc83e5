"""The preview of a series as a feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QPoint, QRect

from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.preview import texts
from clients.viewer.preview.popup import PreviewPopup
from clients.viewer.preview.view import PreviewView
from clients.viewer.study import Stack
from clients.viewer.volume.mpr_page import NAMES
from clients.viewer.volume.mpr_state import Pane
from clients.viewer.volume.source import sentence_of, volume_of_stack
from clients.viewer.volume.views import Reformatted, reformatted_stack
from clients.viewer.window_ports import ViewerFrame
from shared.imaging.volume import NoVolume

register_catalogue(texts.CATALOGUE)
_PLANES = {"axial": Pane.AXIAL, "coronal": Pane.CORONAL, "sagittal": Pane.SAGITTAL}


class PreviewFeature(Feature):
    """A right click on a thumbnail shows its series in a pop-up."""

    def attach(self, desk: Desk) -> None:
        self.popup: PreviewPopup | None = None
        self._stack: Stack | None = None
        self._made: dict[str, Reformatted] = {}  # planes computed for the series on show
        self._place: QRect | None = None
        self._plane = "original"
        desk.opening.arrived.connect(self._on_arrived)
        desk.session.studies_changed.connect(self._on_studies)

    def ready(self) -> None:
        cast(ViewerFrame, self.desk.window).strip.asked.connect(self.show)

    def closing(self) -> None:
        self._close()

    def show(self, number: int, place: QPoint) -> None:
        """Preview a stack of the series bar."""
        if not 0 <= number < len(self.desk.session.stacks):
            return
        self._close()
        stack = self._stack = self.desk.session.stacks[number]
        view = PreviewView(self.desk.store, self._want)
        popup = self.popup = PreviewPopup(view, self.desk.window)
        popup.view_wanted.connect(self.show_plane)
        popup.closed.connect(self._close)
        series = stack.series
        number_text = "" if series.number is None else f"{series.number}  "
        popup.title.setText(f"{number_text}{series.modality}  {stack.label or series.description}".strip())
        view.show_stack(stack, len(stack) // 2)
        if self._place is not None:
            popup.setGeometry(self._place)
            popup.show()
            popup.raise_()
        else:
            popup.open_near(place)

    def show_plane(self, plane: str) -> None:
        """Switch to the original images or to a plane, which is computed in the background (VW-PRE-08)."""
        popup, stack = self.popup, self._stack
        if popup is None or stack is None:
            return
        self._plane = plane
        view = popup.view
        if plane == "original":
            view.message = ""
            self._put(stack)
        elif plane in self._made:
            view.message = ""
            self._put(self._made[plane].stack)
        else:
            view.message = tr("正在计算{name}…", name=tr(NAMES[_PLANES[plane]]))
            view.update()
            self._compute(plane, stack, popup)

    def _put(self, stack: Stack) -> None:
        if self.popup is not None:
            view = self.popup.view
            voi = view.state.voi
            view.show_stack(stack, len(stack) // 2)
            view.state.voi = voi

    def _compute(self, plane: str, stack: Stack, popup: PreviewPopup) -> None:
        store = self.desk.store
        pixels, name = store.of(stack), tr(NAMES[_PLANES[plane]])

        def plan() -> Reformatted:
            try:
                return reformatted_stack(volume_of_stack(stack, pixels), _PLANES[plane], stack, f"{name} ")
            except NoVolume as reason:
                raise ValueError(sentence_of(reason)) from reason

        def planned(made: Reformatted) -> None:
            computed = store.of(made.stack)
            self.desk.background.run(lambda: made.fill(computed), lambda _: done(made), failed, "preview")

        def done(made: Reformatted) -> None:
            if self.popup is not popup or self._stack is not stack:
                store.drop(made.stack)
                return
            self._made[plane] = made
            if self._plane == plane:
                self.show_plane(plane)

        def failed(sentence: str) -> None:
            if self.popup is popup and self._plane == plane:
                popup.view.message = sentence
                popup.view.update()

        self.desk.background.run(plan, planned, failed, "preview")

    def _want(self, stack: Stack, index: int) -> None:
        """Images on screen here are as urgent as those of the viewports."""
        loader = self.desk.opening.loader
        if loader is None or stack is not self._stack:
            return
        if not loader.knows(stack):
            loader.want(stack, visible=index)
        shown = [(v.stack, v.index) for v in self.desk.session.visible if v.stack is not None]
        loader.focus([(stack, index), *shown])

    def _on_arrived(self, gathered: Sequence[tuple[Stack, list[int]]]) -> None:
        if self.popup is not None and any(stack is self._stack for stack, _ in gathered):
            self.popup.view.update()

    def _on_studies(self) -> None:
        if self._stack is not None and all(stack is not self._stack for stack in self.desk.session.stacks):
            self._close()

    def _close(self) -> None:
        popup, self.popup = self.popup, None
        if popup is None:
            return
        self._place = popup.geometry()
        popup.hide()
        popup.view.show_stack(None)
        popup.deleteLater()
        for made in self._made.values():
            self.desk.store.drop(made.stack)
        self._made, self._stack, self._plane = {}, None, "original"
