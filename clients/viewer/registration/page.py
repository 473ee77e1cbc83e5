"""The page of registration: two series over each other in three planes, moved until they lie right (VW-RGS-01…04)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.fonts import text_font
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.pixels import StackPixels
from clients.viewer.registration.book import Entry, Origin, entry_of, side_of
from clients.viewer.registration.hand import CorrectingHand, Grip, key_step
from clients.viewer.registration.panel import RegistrationPanel
from clients.viewer.registration.pictures import Overlay, PairMaker
from clients.viewer.registration.running import Runs, usable
from clients.viewer.registration.state import Mode, RegistrationState
from clients.viewer.study import Stack
from clients.viewer.viewport.overlays import shadowed_text
from clients.viewer.volume.latest import LatestWorker
from clients.viewer.volume.mpr_pane import MprPane, MprPicture, place_panes
from clients.viewer.volume.mpr_state import MprAspect, MprState, Pane
from clients.viewer.volume.painting import GreyLook, image_of
from clients.viewer.volume.source import sentence_of, volume_of_stack
from clients.viewer.volume.volume_page import PageSource, VolumePage
from shared.imaging.volume import NoVolume

if TYPE_CHECKING:
    from shared.imaging.registration import Deformation, Registration
    from shared.imaging.volume import Volume

FINE_AFTER_MS = 120
LOOK_AGAIN_MS = 150


@dataclass(frozen=True, slots=True)
class Pair:
    """The two series of a page, and where the second one's pixels come."""

    fixed: Stack
    moving: Stack
    pixels: StackPixels
    names: tuple[str, ...]  # of all series that can be chosen
    numbers: tuple[int, int]  # of the two among them


class RegistrationPage(VolumePage):
    """The fixed series is that of the page; planes, zoom and place are the fixed one's."""

    title = "图像配准"
    adopted = Signal(object)
    """The reader uses this entry from now on."""
    cleared = Signal()
    pair_chosen = Signal(int, int)

    def __init__(self, source: PageSource, pair: Pair, runs: Runs, known: Entry | None, parent: QWidget | None = None):
        super().__init__(source, parent)
        self.pair = pair
        self.moving: Volume | None = None
        self.view: MprState | None = None
        self.state: RegistrationState | None = None
        self.panel: RegistrationPanel | None = None
        self.offers: tuple[Entry, ...] = ()
        self.deformation: Deformation | None = None
        self.worker = LatestWorker("registration", self)
        self.worker.made.connect(self._on_made)
        self._runs, self._known_entry = runs, known
        self._makers: dict[Pane, PairMaker] = {}
        self._dragging = False
        self._alone: Pane | None = None
        self._moving_window: Any = None
        self._fine = QTimer(self)
        self._fine.setSingleShot(True)
        self._fine.setInterval(FINE_AFTER_MS)
        self._fine.timeout.connect(lambda: self._wish(fine=True))
        self._wait = QTimer(self)
        self._wait.setInterval(LOOK_AGAIN_MS)
        self._wait.timeout.connect(self._look_for_moving)

    # --- building

    def open_volume(self, volume: Volume) -> None:
        self._fixed = volume
        self.message = tr("正在载入移动序列…")
        self._wait.start()
        self.body.addStretch(1)
        self._look_for_moving()

    def _look_for_moving(self) -> None:
        if self._closed or self.moving is not None:
            return
        stack, pixels = self.pair.moving, self.pair.pixels
        there = sum(pixels.has(n) for n in range(len(stack)))
        self.message = tr("正在载入移动序列… {n}/{count}", n=there, count=len(stack))
        self.update()
        if there < len(stack) and not pixels.is_confined:
            return
        self._wait.stop()

        def work() -> Volume:
            try:
                return volume_of_stack(stack, pixels)
            except NoVolume as reason:
                raise ValueError(sentence_of(reason)) from reason

        self.source.background.run(work, self._on_moving, self._fail, "registration")

    def _on_moving(self, moving: Volume) -> None:
        if self._closed:
            return
        problem = usable(self._fixed) or usable(moving)
        if problem:
            self._fail(problem)
            return
        from clients.viewer.objects.fusion import first_window

        self.moving, self.message = moving, ""
        header = self.pair.moving.frame_header(len(self.pair.moving) // 2)
        self._moving_window = next(iter(header.voi), None) or first_window(self.pair.moving, moving)
        if self.pair.moving.series.modality == "PT":
            self._moving_window = first_window(self.pair.moving, moving)
        self.state = RegistrationState(self.start())
        self.view = MprState(self._fixed)
        self._forget += [
            self.view.changed.connect(self._on_view),
            self.state.changed.connect(self._on_transform),
            self.state.looks_changed.connect(self._wish),
        ]
        del_last = self.body.takeAt(self.body.count() - 1)
        del del_last
        self._build(self.state, self.view)
        if self._known_entry is not None:
            self._take(self._known_entry)
        self.retranslate()
        self._wish()
        self.update()

    def start(self) -> Entry:
        """As the coordinates stand, centre on centre where they say nothing."""
        import numpy as np

        from shared.imaging.geometry import VectorMm
        from shared.imaging.registration import RigidTransform

        assert self.moving is not None
        fixed, moving = self._fixed, self.moving
        transform = RigidTransform.identity(fixed.centre)
        if not self.pair.fixed.shares_space_with(self.pair.moving):
            apart = np.array(moving.centre) - np.array(fixed.centre)
            transform = RigidTransform(np.eye(3), VectorMm(*apart.tolist()), fixed.centre)
        return Entry(side_of(self.pair.fixed), side_of(self.pair.moving), transform)

    def _build(self, state: RegistrationState, view: MprState) -> None:
        assert self.moving is not None
        area = QWidget()
        self._grid = QGridLayout(area)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        self.panel = panel = RegistrationPanel(state)
        hand = CorrectingHand(state, lambda: panel.grip)
        for pane in Pane:
            widget = self.panes[pane] = _PairPane(pane, view, self._wish)
            self._makers[pane] = PairMaker(self._fixed, self.moving)
            widget.hands.append(hand)
            widget.layers.append(self)
            widget.window_dragged.connect(self._drag_window)
            widget.touched.connect(self._on_touched)
            widget.dragging.connect(self._on_dragging)
            widget.maximise_asked.connect(self._toggle_alone)
        self.panes[Pane.AXIAL].is_active = True
        self._place_panes()
        panel.pair_chosen.connect(self.pair_chosen)
        panel.automatic.connect(self.register)
        panel.cancelled.connect(self.stop)
        panel.adopted.connect(self.adopt)
        panel.cleared.connect(self._clear)
        panel.offered.connect(lambda n: self._take(self.offers[n]))
        panel.deformable.connect(self._bend)
        panel.show_series(self.pair.names, *self.pair.numbers)
        panel.set_ready(True)
        self.show_offers(self.offers)
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(area, 1)
        row.addWidget(panel)
        assert isinstance(self.body, QVBoxLayout)
        self.body.addWidget(both, 1)

    def _place_panes(self) -> None:
        place_panes(self._grid, self.panes, self._alone)

    # --- the transform

    def show_offers(self, offers: Sequence[Entry]) -> None:
        """Objects of the study that speak of these two series."""
        self.offers = tuple(offers)
        if self.panel is not None:
            names = [" ".join(p for p in (one.author or tr("未知来源"), one.made[:10]) if p) for one in self.offers]
            self.panel.show_offers(names)

    def _take(self, entry: Entry) -> None:
        """A registration that is there already, seen from this page's fixed series."""
        if self.state is None:
            return
        from dataclasses import replace

        from shared.imaging.registration import RigidTransform

        side = side_of(self.pair.fixed)
        transform = RigidTransform.from_matrix(entry.seen_from(side).matrix, self._fixed.centre)
        self.state.take(replace(entry, fixed=side, moving=side_of(self.pair.moving), transform=transform))

    def register(self) -> None:
        """Find the place automatically, from where the reader sees it when it was corrected by hand."""
        if self.state is None or self.moving is None or self.panel is None or self._runs.is_running:
            return
        from shared.imaging.registration import register_rigid

        fixed, moving = self._fixed, self.moving
        start = self.state.transform if self.state.entry.origin is Origin.HAND else None
        self.panel.show_running(0.0)
        self._runs.start(
            lambda progress, cancelled: register_rigid(
                fixed, moving, start=start, progress=progress, cancelled=cancelled
            ),
            self._on_progress,
            self._on_found,
            self._on_failed,
        )

    def stop(self) -> None:
        """The reader has seen enough."""
        self._runs.cancel()
        if self.panel is not None:
            self.panel.show_running(None)

    def _on_progress(self, share: float) -> None:
        if not self._closed and self.panel is not None:
            self.panel.show_running(share)

    def _on_found(self, found: Registration) -> None:
        if self._closed or self.state is None or self.panel is None:
            return
        self.panel.show_running(None)
        self.state.take(entry_of(found, self.pair.fixed, self.pair.moving))

    def _on_failed(self, sentence: str) -> None:
        if not self._closed and self.panel is not None:
            self.panel.show_running(None)
            self.panel.word.setText(tr("配准没有完成：{why}", why=sentence))

    def adopt(self) -> None:
        """Use what is shown from now on."""
        if self.state is not None and self.state.may_be_used:
            self.adopted.emit(self.state.entry)

    def _clear(self) -> None:
        if self.state is not None:
            self.state.forget(self.start())
            self.cleared.emit()

    # --- bending

    def _bend(self, on: bool) -> None:
        """Elastic registration on top of the rigid one, for orientation only."""
        if not on:
            self.deformation = None
            self._wish()
            return
        if self.state is None or self.moving is None or self.panel is None:
            return
        from shared.imaging.registration import register_deformable

        fixed, moving, transform = self._fixed, self.moving, self.state.transform
        self.panel.show_running(0.0)
        self._runs.start(
            lambda progress, cancelled: register_deformable(
                fixed, moving, transform, progress=progress, cancelled=cancelled
            ),
            self._on_progress,
            self._on_bent,
            self._on_failed,
        )

    def _on_bent(self, bent: Deformation) -> None:
        if self._closed or self.panel is None:
            return
        self.panel.show_running(None)
        if self.panel.bend.isChecked():
            self.deformation = bent
            self._wish()

    # --- pictures

    def _on_view(self, _aspect: MprAspect) -> None:
        self._wish()
        for widget in self.panes.values():
            widget.update()

    def _on_transform(self) -> None:
        if self.deformation is not None and self.panel is not None:
            self.panel.bend.setChecked(False)  # it belongs to the transform before
        self._wish()

    def grey_changed(self) -> None:
        self._wish()

    def _wish(self, *, fine: bool = False) -> None:
        if self.state is None or not self._makers:
            return
        inverted = self.moving is not None and self.moving.inverted
        overlay = Overlay(self.state.mode, self.state.share, self.look(), GreyLook(self._moving_window, inverted))
        bent = self.deformation
        field = (bent.shifts, bent.grid) if bent is not None else (None, None)
        for pane, widget in self.panes.items():
            if self._alone not in (None, pane):
                continue
            coarse = self._dragging and not fine
            work = functools.partial(
                self._made, pane, widget.frame(), 2 if coarse else 1, self.state.transform, overlay, field
            )
            self.worker.wish(pane, work)
            if coarse:
                self._fine.start()
        self._write_corners()

    def _made(self, pane: Pane, frame: Any, reduction: int, transform: Any, overlay: Any, field: Any) -> MprPicture:
        values, picture = self._makers[pane].make(frame, reduction, transform, overlay, *field)
        return MprPicture(frame, values, image_of(picture), reduction)

    def _on_made(self, pane: Pane, picture: MprPicture) -> None:
        if pane in self.panes:
            self.panes[pane].show_picture(picture)

    def _drag_window(self, up: float, right: float) -> None:
        """The window of the series that is seen alone; both together follow the fixed one."""
        if self.state is not None and self.state.mode is Mode.MOVING:
            from clients.viewer.viewport.state import as_window

            window = as_window(self._moving_window)
            step = max(window.width / 400, 0.001)
            width = max(window.width + up * step, window.width / 10)
            self._moving_window = type(window)(window.centre + right * step, width, window.function)
            self._wish()
        else:
            self.drag_window(up, right)

    def _on_dragging(self, on: bool) -> None:
        self._dragging = on
        if not on:
            self._fine.stop()
            self._wish(fine=True)

    def _on_touched(self, pane: Pane) -> None:
        self.setFocus()
        for other, widget in self.panes.items():
            widget.is_active = other is pane
            widget.update()

    def _toggle_alone(self, pane: Pane) -> None:
        self._alone = None if self._alone is pane else pane
        self._place_panes()
        self._wish()

    def reset_view(self) -> None:
        if self.view is not None:
            self.view.reset()

    # --- texts

    def paint(self, painter: QPainter, pane: MprPane) -> None:
        """`PaneLayer`: a bent picture says so in every pane."""
        if self.deformation is not None:
            painter.setFont(text_font(13, bold=True))
            shadowed_text(painter, QPointF(10, pane.height() * 0.5 - 30), tr("已变形，仅供定位参考"), colours.WARNING)

    def retranslate(self) -> None:
        if self.panel is not None:
            self.panel.dress()
            self.show_offers(self.offers)
        self._write_corners()

    def _write_corners(self) -> None:
        from dataclasses import replace

        from clients.viewer.volume.mpr_page import NAMES

        if self.view is None or self.volume is None:
            return
        for pane, widget in self.panes.items():
            corners = self.corners(tr(NAMES[pane]))
            if pane is not Pane.AXIAL and self._alone is None:
                corners = replace(corners, top_left=(), top_right=())
            widget.corners = corners
            widget.warnings = len(corners.bottom_left) - 1
            widget.unit = self.volume.unit

    # --- keys

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._step(event):
            event.accept()  # the arrows page elsewhere
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = self._step(event)
        if step is not None and self.state is not None:
            self.state.nudge(*step)
        else:
            super().keyPressEvent(event)

    def _step(self, event: QKeyEvent) -> Any:
        if self.panel is None or self.view is None or self.panel.grip is Grip.LOOK:
            return None
        pane = next((p for p, widget in self.panes.items() if widget.is_active), Pane.AXIAL)
        return key_step(event.key(), event.modifiers(), self.view.axes(pane), self.panel.grip)

    def closing(self) -> None:
        self._runs.cancel()
        super().closing()
        if self.panel is not None:
            self.panel.closing()
        self._fine.stop()
        self._wait.stop()
        self.worker.close()


class _PairPane(MprPane):
    """Asks for a new picture when its size changed; browsing is the tool of the pane itself."""

    def __init__(self, pane: Pane, state: MprState, wish: Callable[[], object]) -> None:
        super().__init__(pane, state, lambda: "")
        self._wish = wish

    def resizeEvent(self, _event: Any) -> None:
        self._wish()
