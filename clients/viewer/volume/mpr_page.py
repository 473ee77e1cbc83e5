"""The page of multiplanar reformatting: three panes, slab controls, pictures made in the background (VW-MPR-01)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QLabel, QSlider, QToolButton, QWidget

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.volume.film_pictures import Computed, FilmPicture
from clients.viewer.volume.latest import LatestWorker
from clients.viewer.volume.mpr_pane import MprPane, MprPicture, place_panes
from clients.viewer.volume.mpr_state import STANDARD, MprAspect, MprState, Pane, PaneFrame
from clients.viewer.volume.painting import GreyLook, grey_picture, image_of
from clients.viewer.volume.volume_page import PageSource, VolumePage
from shared.imaging.geometry import letters_of
from shared.imaging.reformat import Projection, reformat, slab_offsets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.imaging.volume import Volume

FINE_AFTER_MS = 120
COARSE_SAMPLES, FINE_SAMPLES = 10, 41
COARSE_ABOVE = 300_000  # pixels of a pane; smaller ones are sampled fully while dragging too
SLIDER_MM = 50
FILM_PIXELS = 2000  # of the longer side of a pane on a film, at most
FILM_SHARE = 3  # pixels of a film to a voxel

NAMES: dict[Pane, str] = {Pane.AXIAL: "横断面", Pane.CORONAL: "冠状面", Pane.SAGITTAL: "矢状面"}
PROJECTIONS: tuple[tuple[Projection, str], ...] = (
    (Projection.MAX, "最大密度 MIP"),
    (Projection.MIN, "最小密度 MinIP"),
    (Projection.MEAN, "平均密度"),
)


@dataclass(frozen=True, slots=True)
class _Wish:
    """All that a picture depends on but the window."""

    frame: PaneFrame
    thickness_mm: float
    projection: Projection
    reduction: int


class _Maker:
    """Makes the pictures of one pane in the worker; keeps the values while only the window changes."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._kept: tuple[_Wish, NDArray[Any]] | None = None

    def make(self, wish: _Wish, look: GreyLook) -> MprPicture:
        if self._kept is None or self._kept[0] != wish:
            values = reformat(
                self._volume,
                wish.frame.grid(wish.reduction),
                thickness_mm=wish.thickness_mm,
                projection=wish.projection,
                samples=self._samples(wish),
            )
            self._kept = (wish, values)
        values = self._kept[1]
        return MprPicture(wish.frame, values, image_of(grey_picture(values, look)), wish.reduction)

    def _samples(self, wish: _Wish) -> int | None:
        """Few while dragging; two for each voxel of a thin slab, one for each voxel of a thick one."""
        if not wish.thickness_mm:
            return None
        if wish.reduction > 1:
            return COARSE_SAMPLES
        full = len(slab_offsets(self._volume, wish.frame.axes.normal, wish.thickness_mm))
        return full if full <= FINE_SAMPLES else max(FINE_SAMPLES, full // 2)


class MprPage(VolumePage):
    """Three planes through one volume."""

    title = "多平面重建 MPR"

    def __init__(self, source: PageSource, tool: Callable[[], str] = lambda: "", parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self.state: MprState | None = None
        self.worker = LatestWorker("mpr", self)
        self.worker.made.connect(self._on_made)
        self._tool = tool
        self._makers: dict[Pane, _Maker] = {}
        self._dragging = False
        self._alone: Pane | None = None
        self._fine = QTimer(self)
        self._fine.setSingleShot(True)
        self._fine.setInterval(FINE_AFTER_MS)
        self._fine.timeout.connect(lambda: self._wish(fine=True))

    # --- building

    def open_volume(self, volume: Volume) -> None:
        self.state = MprState(volume)
        self._forget.append(self.state.changed.connect(self._on_changed))
        self._build_controls()
        area = QWidget()
        self._grid = QGridLayout(area)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        for pane in Pane:
            widget = self.panes[pane] = _SizedPane(pane, self.state, self._tool, functools.partial(self._wish))
            self._makers[pane] = _Maker(volume)
            widget.window_dragged.connect(self.drag_window)
            widget.touched.connect(self._on_touched)
            widget.dragging.connect(self._on_dragging)
            widget.maximise_asked.connect(self._toggle_alone)
        self.panes[Pane.AXIAL].is_active = True
        self._place_panes()
        self.body.addWidget(area, 1)
        self.retranslate()
        self.update()

    def volume_replaced(self, volume: Volume) -> None:
        assert self.state is not None
        self.state.volume = volume
        self._makers = {pane: _Maker(volume) for pane in Pane}
        self._wish()

    def _build_controls(self) -> None:
        row = self.bar.controls
        self._thickness_name = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("mpr.slider")
        self.slider.setRange(0, SLIDER_MM * 2)
        self.slider.setMinimumWidth(current_theme().px(60))
        self.slider.setMaximumWidth(current_theme().px(140))
        self.slider.valueChanged.connect(lambda value: self._set_thickness(value / 2))
        self.thickness = QDoubleSpinBox()
        self.thickness.setObjectName("mpr.thickness")
        self.thickness.setRange(0, 200)
        self.thickness.setDecimals(1)
        self.thickness.setSuffix(" mm")
        self.thickness.setFixedWidth(current_theme().px(96))
        self.thickness.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.thickness.valueChanged.connect(self._set_thickness)
        self.projection = QComboBox()
        self.projection.setObjectName("mpr.projection")
        for projection, name in PROJECTIONS:
            self.projection.addItem(name, projection)
        self.projection.currentIndexChanged.connect(self._set_projection)
        self.reset = QToolButton()
        self.reset.setObjectName("mpr.reset")
        self.reset.setAutoRaise(True)
        self.reset.clicked.connect(self.reset_view)
        for widget in (self._thickness_name, self.slider, self.thickness, self.projection, self.reset):
            widget.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            row.addWidget(widget)

    def _place_panes(self) -> None:
        place_panes(self._grid, self.panes, self._alone)

    def retranslate(self) -> None:
        if self.state is None:
            return
        self._thickness_name.setText(tr("层厚"))
        self.slider.setToolTip(tr("显示层厚，不改变存储的图像"))
        for n, (_, name) in enumerate(PROJECTIONS):
            self.projection.setItemText(n, tr(name))
        self.reset.setText(tr("复位"))
        self.reset.setToolTip(tr("标准平面、薄层、适应窗口"))
        self._write_corners()

    # --- following

    def _on_changed(self, aspect: MprAspect) -> None:
        self._wish()
        if aspect is MprAspect.PLANES:
            self._show_slab()
        for widget in self.panes.values():
            widget.update()

    def grey_changed(self) -> None:
        self._wish()

    def _wish(self, *, fine: bool = False) -> None:
        """Ask for new pictures of all visible panes: coarse while dragging, fine a moment after."""
        if self.state is None:
            return
        look = self.look()
        for pane, widget in self.panes.items():
            if self._alone not in (None, pane):
                continue
            frame = widget.frame()
            coarse = self._dragging and not fine and frame.width * frame.height > COARSE_ABOVE
            wish = _Wish(frame, self.state.thickness_mm, self.state.projection, 2 if coarse else 1)
            self.worker.wish(pane, functools.partial(self._makers[pane].make, wish, look))
            if coarse:
                self._fine.start()
        self._write_corners()

    def _on_made(self, pane: Pane, picture: MprPicture) -> None:
        if pane in self.panes:
            self.panes[pane].show_picture(picture)

    def _on_dragging(self, on: bool) -> None:
        self._dragging = on
        if not on:
            self._fine.stop()
            self._wish(fine=True)

    def _on_touched(self, pane: Pane) -> None:
        for other, widget in self.panes.items():
            if widget.is_active != (other is pane):
                widget.is_active = other is pane
                widget.update()

    def _toggle_alone(self, pane: Pane) -> None:
        self._alone = None if self._alone is pane else pane
        self._place_panes()
        self._wish()

    # --- slab

    def _set_thickness(self, mm: float) -> None:
        if self.state is not None:
            self.state.set_slab(mm)

    def _set_projection(self, index: int) -> None:
        if self.state is not None and index >= 0:
            self.state.set_slab(self.state.thickness_mm, PROJECTIONS[index][0])

    def _show_slab(self) -> None:
        """Put slider, number and choice to what the model says."""
        assert self.state is not None
        mm = self.state.thickness_mm
        for control, value in ((self.slider, round(mm * 2)), (self.thickness, mm)):
            control.blockSignals(True)
            control.setValue(value)  # type: ignore[arg-type]
            control.blockSignals(False)
        index = [projection for projection, _ in PROJECTIONS].index(self.state.projection)
        self.projection.blockSignals(True)
        self.projection.setCurrentIndex(index)
        self.projection.blockSignals(False)

    def reset_view(self) -> None:
        assert self.state is not None
        self.state.reset()

    # --- films

    def film_pictures(self, *, whole: bool) -> Sequence[FilmPicture]:
        """The plane in which the reader works, or all three, as finely as a film can show them."""
        if self.state is None or self.volume is None:
            return ()
        chosen = [pane for pane, widget in self.panes.items() if widget.is_active or whole]
        return [self._film_picture(pane, self.volume) for pane in chosen]

    def _film_picture(self, pane: Pane, volume: Volume) -> FilmPicture:
        assert self.state is not None
        frame = self.panes[pane].frame()
        worth = round(frame.mm / min(volume.spacing) * FILM_SHARE)  # finer pixels than these show nothing more
        fine = max(1, min(worth, FILM_PIXELS // max(frame.width, frame.height)))
        frame = replace(frame, mm=frame.mm / fine, width=frame.width * fine, height=frame.height * fine)
        thickness, projection = self.state.thickness_mm, self.state.projection

        def make() -> Computed:
            grid = frame.grid()
            values = reformat(volume, grid, thickness_mm=thickness, projection=projection)
            return Computed(values, frame.mm, grid.plane)

        return self.film_picture("  ".join(part for part in (self._plane_name(pane), self._slab_text()) if part), make)

    # --- texts

    def _slab_text(self) -> str:
        assert self.state is not None
        if not self.state.thickness_mm:
            return ""
        name = next(name for projection, name in PROJECTIONS if projection is self.state.projection)
        return tr("层厚 {mm} mm  {name}", mm=f"{self.state.thickness_mm:g}", name=tr(name))

    def _plane_name(self, pane: Pane) -> str:
        assert self.state is not None
        name = tr(NAMES[pane]) + (tr("（斜）") if self.state.axes(pane) != STANDARD[pane] else "")
        return f"{name}  {self._position(pane)}"

    def _write_corners(self) -> None:
        assert self.state is not None and self.volume is not None
        slab = self._slab_text()
        for pane, widget in self.panes.items():
            corners = self.corners(self._plane_name(pane), slab)
            if pane is not Pane.AXIAL and self._alone is None:  # one person, said once
                corners = replace(corners, top_left=(), top_right=())
            widget.corners = corners
            widget.warnings = len(widget.corners.bottom_left) - 1 - bool(slab)
            widget.unit = self.volume.unit

    def _position(self, pane: Pane) -> str:
        """Where the plane lies, as ``H 12.5 mm``: so far to the head of the origin of the coordinates."""
        assert self.state is not None
        normal, position = self.state.axes(pane).normal, self.state.position_mm(pane)
        return f"{letters_of(normal if position >= 0 else normal.scaled(-1))} {abs(position):.1f} mm"

    def closing(self) -> None:
        super().closing()
        self._fine.stop()
        self.worker.close()


class _SizedPane(MprPane):
    """Asks for a new picture when its size changed."""

    def __init__(self, pane: Pane, state: MprState, tool: Callable[[], str], wish: Callable[[], object]) -> None:
        super().__init__(pane, state, tool)
        self._wish = wish

    def resizeEvent(self, _event: Any) -> None:
        self._wish()
