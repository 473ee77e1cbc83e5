"""The page of curved planar reformatting: the source at the right, the curved picture at the left, a vessel below."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QButtonGroup, QSplitter, QToolButton, QVBoxLayout, QWidget

from clients.kit.translations import tr
from clients.viewer.volume.cpr_options import MODES, PROJECTIONS, CprOptions
from clients.viewer.volume.cpr_state import CprAspect, CprState
from clients.viewer.volume.cpr_view import CprPicture, CprView
from clients.viewer.volume.dot_brush import DotBrush
from clients.viewer.volume.film_pictures import Computed, FilmPicture
from clients.viewer.volume.latest import LatestWorker
from clients.viewer.volume.mpr_page import NAMES
from clients.viewer.volume.mpr_pane import MprPane, MprPicture
from clients.viewer.volume.mpr_state import MprState, Pane, PaneFrame
from clients.viewer.volume.painting import GreyLook, grey_picture, image_of
from clients.viewer.volume.vessel_chart import SectionPicture, VesselChart
from clients.viewer.volume.volume_page import PageSource, VolumePage
from shared.imaging.curved import Sheet, curved_picture
from shared.imaging.geometry import PointMm
from shared.imaging.minimal_path import NoPath
from shared.imaging.reformat import Projection, reformat, sample_points
from shared.imaging.vessel import Vessel, vessel_between

if TYPE_CHECKING:
    from shared.imaging.volume import Volume

MOST_SAMPLES = 20
SECTION_PIXELS = 150
PANE_KEYS: dict[Pane, str] = {Pane.AXIAL: "横", Pane.CORONAL: "冠", Pane.SAGITTAL: "矢"}


class CprTool(StrEnum):
    """What the left button does in the source window."""

    DOTS = "dots"
    VESSEL = "vessel"
    BROWSE = "browse"


TOOLS: tuple[tuple[CprTool, str, str], ...] = (
    (CprTool.DOTS, "圆点画笔", "单击设点，拖动移动，右键删除；滚轮翻页"),
    (CprTool.VESSEL, "两点血管", "在血管两端各单击一次，自动提取中心线"),
    (CprTool.BROWSE, "浏览", "左键按工具栏的选择翻页、缩放、平移"),
)


class CprPage(VolumePage):
    """A line of points through the volume and its picture (VW-CPR-01 to -08)."""

    title = "曲面重建 CPR"

    def __init__(self, source: PageSource, tool: Callable[[], str] = lambda: "", parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self.state: CprState | None = None
        self.planes: MprState | None = None
        self.tool = CprTool.DOTS
        self.worker = LatestWorker("cpr", self)
        self.worker.made.connect(self._on_made)
        self._viewer_tool = tool
        self._search = 0
        self._cancelled = threading.Event()

    # --- building

    def open_volume(self, volume: Volume) -> None:
        self.state, self.planes = CprState(volume), MprState(volume)
        self.view = CprView()
        self.brush = DotBrush(self.state, self._clicked, lambda: self.tool is not CprTool.BROWSE)
        self.pane = _SourcePane(self.planes, self._viewer_tool, self._wish_plane)
        self.panes[Pane.AXIAL] = self.pane
        self.pane.lines_shown = False
        self.pane.is_active = True
        self.pane.layers.append(self.brush)
        self.pane.hands.append(self.brush)
        self.chart = VesselChart()
        self.chart.hide()
        self.options = CprOptions(self.state, self.view)
        self.options.hide()
        self._build_controls()
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self.view)
        splitter.addWidget(self.pane)
        splitter.setSizes([500, 500])
        splitter.setHandleWidth(2)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addWidget(splitter, 1)
        column.addWidget(self.chart)
        self.body.addLayout(column, 1)
        self._connect()
        self.retranslate()
        self.update()

    def volume_replaced(self, volume: Volume) -> None:
        assert self.state is not None and self.planes is not None
        self.state.volume = self.planes.volume = volume
        self._wish_plane()
        self._wish_picture()

    def _connect(self) -> None:
        assert self.state is not None and self.planes is not None
        self._forget += [
            self.state.changed.connect(self._on_state),
            self.planes.changed.connect(lambda _aspect: self._wish_plane()),
        ]
        self.pane.window_dragged.connect(self.drag_window)
        self.view.window_dragged.connect(self.drag_window)
        self.view.angle_dragged.connect(self._turn_by)
        self.view.options_asked.connect(self._toggle_options)
        self.view.place_chosen.connect(self.planes.move_to)
        self.view.arc_hovered.connect(self._mark_arc)
        self.chart.arc_hovered.connect(self._mark_arc)
        self.chart.reference_chosen.connect(lambda arc: setattr(self.state, "reference_mm", arc))

    def _build_controls(self) -> None:
        self._tool_buttons = {tool: self._button(f"cpr.{tool.value}", checkable=True) for tool, _, _ in TOOLS}
        self._pane_buttons = {pane: self._button(f"cpr.{pane.value}", checkable=True) for pane in Pane}
        for buttons in (self._tool_buttons, self._pane_buttons):
            group = QButtonGroup(self)
            for button in buttons.values():
                group.addButton(button)
        for tool, button in self._tool_buttons.items():
            button.clicked.connect(functools.partial(self.choose_tool, tool))
        for pane, button in self._pane_buttons.items():
            button.clicked.connect(functools.partial(self.choose_pane, pane))
        self._back, self._clear = self._button("cpr.back"), self._button("cpr.clear")
        assert self.state is not None
        self._back.clicked.connect(self.state.take_back)
        self._clear.clicked.connect(self.state.clear)
        self._tool_buttons[CprTool.DOTS].setChecked(True)
        self._pane_buttons[Pane.AXIAL].setChecked(True)

    def _button(self, name: str, *, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setAutoRaise(True)
        button.setCheckable(checkable)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.bar.controls.addWidget(button)
        return button

    def retranslate(self) -> None:
        if self.state is None:
            return
        for tool, name, hint in TOOLS:
            self._tool_buttons[tool].setText(tr(name))
            self._tool_buttons[tool].setToolTip(tr(hint))
        for pane, key in PANE_KEYS.items():
            self._pane_buttons[pane].setText(tr(key))
            self._pane_buttons[pane].setToolTip(tr(NAMES[pane]))
        self._back.setText(tr("撤回"))
        self._clear.setText(tr("清空"))
        self.options.retranslate()
        self._write_texts()

    # --- tools

    def choose_tool(self, tool: CprTool) -> None:
        """Dots, vessel or browsing."""
        self.tool = tool
        self._tool_buttons[tool].setChecked(True)
        self.brush.clicks = ()
        self._write_texts()

    def choose_pane(self, pane: Pane) -> None:
        """The plane of the source window."""
        self._pane_buttons[pane].setChecked(True)
        self.pane.pane = pane
        self._wish_plane()
        self._write_texts()

    def _clicked(self, point: PointMm) -> None:
        assert self.state is not None
        if self.tool is CprTool.DOTS:
            self.state.add(point)
            return
        self.brush.clicks = (*self.brush.clicks, point)[-2:]
        self.pane.update()
        if len(self.brush.clicks) == 2:
            self._find_vessel(*self.brush.clicks)

    def _find_vessel(self, first: PointMm, second: PointMm) -> None:
        """In the background; a newer search replaces an older one."""
        volume = self.volume
        assert volume is not None
        self._cancelled.set()
        self._cancelled, self._search = threading.Event(), self._search + 1
        search, cancelled = self._search, self._cancelled
        self._say(tr("正在提取血管…"))

        def work() -> Vessel | NoPath:
            try:
                return vessel_between(volume, first, second, cancelled.is_set)
            except NoPath as reason:
                return reason

        self.source.background.run(work, functools.partial(self._on_vessel, search), self._say, "vessel")

    def _on_vessel(self, search: int, found: Vessel | NoPath) -> None:
        if self._closed or search != self._search or self.state is None:
            return
        self.brush.clicks = ()
        if isinstance(found, NoPath):
            self._say(tr("两点之间没有找到血管；请在血管内再选两点"))
            self.pane.update()
            return
        self._say("")
        self.state.show_vessel(found)

    def _say(self, sentence: str) -> None:
        if not self._closed:
            self._saying = sentence
            self._write_texts()

    _saying = ""

    def _turn_by(self, degrees: float) -> None:
        assert self.state is not None
        self.state.set(angle_deg=self.state.angle_deg + degrees)

    def _toggle_options(self) -> None:
        self.options.setVisible(self.options.isHidden())
        self.view.options_open = not self.options.isHidden()
        self._place_options()
        self.view.update()

    def _place_options(self) -> None:
        size = self.options.sizeHint()
        self.options.setGeometry(QRect(8, max(0, self.view.height() - size.height() - 30), 320, size.height()))
        self.options.raise_()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        if self.state is not None:
            self._place_options()

    # --- following

    def _on_state(self, aspect: CprAspect) -> None:
        assert self.state is not None
        self.options.show_state()
        vessel = self.state.vessel
        if aspect is not CprAspect.SHEET:
            self.chart.setVisible(vessel is not None)
            if vessel is not None:
                reference = self.state.reference_mm
                stenosis = vessel.stenosis(reference)
                self.chart.show_vessel(vessel, stenosis, reference)
                self._wish_section(stenosis.at_mm if stenosis is not None else vessel.curve.length_mm / 2)
        self._wish_picture()
        self.pane.update()
        self._write_texts()

    def reset_view(self) -> None:
        assert self.planes is not None
        self.planes.reset()

    def figures(self) -> tuple[str, ...]:
        return (self.chart.summary(),) if self.state is not None and self.state.vessel is not None else ()

    def film_pictures(self, *, whole: bool) -> Sequence[FilmPicture]:
        """The curved picture, with the ``whole`` page the plane beside it too; none before there is a curve."""
        sheet = self.state.sheet() if self.state is not None else None
        volume, state = self.volume, self.state
        if sheet is None or volume is None or state is None:
            return ()
        thickness, projection = state.thickness_mm, state.projection
        curve = self.film_picture(
            "  ".join(self.view.corners.bottom_left[self.view.warnings :]),
            lambda: Computed(
                curved_picture(volume, sheet, thickness_mm=thickness, projection=projection), sheet.spacing_mm
            ),
        )
        if not whole:
            return (curve,)
        frame = self.pane.frame()
        plane = self.film_picture(
            tr(NAMES[self.pane.pane]),
            lambda: Computed(reformat(volume, frame.grid()), frame.mm, frame.grid().plane),
        )
        return (curve, plane)

    def grey_changed(self) -> None:
        self._wish_plane()
        self._wish_picture()
        self._write_texts()

    def _mark_arc(self, arc: float | None) -> None:
        assert self.state is not None
        curve = self.state.curve
        self.view.marked_arc = self.chart.marked_arc = arc
        if arc is None or curve is None:
            self.brush.marked = None
        else:
            index = min(max(round(arc / curve.step_mm), 0), len(curve.points) - 1)
            self.brush.marked = PointMm(*curve.points[index].tolist())
        for widget in (self.view, self.chart, self.pane):
            widget.update()
        if arc is not None:
            self._wish_section(arc)

    def _wish_section(self, arc: float) -> None:
        """The cross-section at this place of the vessel."""
        if self.state is not None and self.state.vessel is not None and self.volume is not None:
            work = functools.partial(_section_picture, self.volume, self.state.vessel, arc, self.look())
            self.worker.wish("section", work)

    # --- pictures

    def _wish_plane(self) -> None:
        if self.volume is not None:
            work = functools.partial(_plane_picture, self.volume, self.pane.frame(), self.look())
            self.worker.wish("plane", work)
            self._write_texts()

    def _wish_picture(self) -> None:
        assert self.state is not None and self.volume is not None
        sheet = self.state.sheet()
        if sheet is None:
            self.worker.wish("curve", lambda: None)
            return
        thickness, projection = self.state.thickness_mm, self.state.projection
        work = functools.partial(_curve_picture, self.volume, sheet, thickness, projection, self.look())
        self.worker.wish("curve", work)

    def _on_made(self, key: str, picture: Any) -> None:
        if key == "plane":
            self.pane.show_picture(picture)
        elif key == "section":
            self.chart.section = picture
            self.chart.update()
        else:
            self.view.show_picture(picture)

    # --- texts

    def _write_texts(self) -> None:
        if self.state is None or self.volume is None:
            return
        state = self.state
        mode = next(name for mode, name in MODES if mode is state.mode)
        slab = ""
        if state.thickness_mm:
            name = next(name for projection, name in PROJECTIONS if projection is state.projection)
            slab = tr("层厚 {mm} mm  {name}", mm=f"{state.thickness_mm:g}", name=name)
        self.view.corners = self.corners(f"CPR {tr(mode)}  {state.angle_deg:.0f}°", slab)
        self.view.warnings = len(self.view.corners.bottom_left) - 1 - bool(slab)
        self.view.message = self._saying or tr("在右侧窗口用圆点画笔设两个以上的点，这里显示曲面图像")
        plane = self.corners(tr(NAMES[self.pane.pane]))
        hint = self._saying or next(tr(hint) for tool, _, hint in TOOLS if tool is self.tool)
        self.pane.corners = plane.__class__((), (), (*plane.bottom_left, hint), plane.bottom_right)
        self.pane.warnings = len(plane.bottom_left) - 1
        self.pane.unit = self.volume.unit
        self.view.update()
        self.pane.update()

    def closing(self) -> None:
        super().closing()
        self._cancelled.set()
        self.worker.close()


class _SourcePane(MprPane):
    """The source window; asks for a new picture when its size changed."""

    def __init__(self, planes: MprState, tool: Callable[[], str], wish: Callable[[], object]) -> None:
        super().__init__(Pane.AXIAL, planes, tool)
        self._wish = wish

    def resizeEvent(self, _event: Any) -> None:
        self._wish()


def _plane_picture(volume: Volume, frame: PaneFrame, look: GreyLook) -> MprPicture:
    values = reformat(volume, frame.grid())
    return MprPicture(frame, values, image_of(grey_picture(values, look)), 1)


def _curve_picture(
    volume: Volume, sheet: Sheet, thickness_mm: float, projection: Projection, look: GreyLook
) -> CprPicture:
    most = MOST_SAMPLES if thickness_mm else None
    values = curved_picture(volume, sheet, thickness_mm=thickness_mm, projection=projection, samples=most)
    return CprPicture(sheet, values, image_of(grey_picture(values, look)))


def _section_picture(volume: Volume, vessel: Vessel, arc_mm: float, look: GreyLook) -> SectionPicture:
    """Three vessel diameters wide, so that the surroundings are seen."""
    import numpy as np

    sections = vessel.sections
    n = min(max(round(arc_mm / vessel.curve.step_mm), 0), len(sections.arc_mm) - 1)
    diameter = float(sections.diameters_mm[n])
    side = min(max(3 * diameter if np.isfinite(diameter) else 20.0, 12.0), 80.0)
    across = (np.arange(SECTION_PIXELS) - (SECTION_PIXELS - 1) / 2) * side / SECTION_PIXELS
    right, down = sections.across[n], sections.binormals[n]
    places = sections.points[n] + across[None, :, None] * right + across[:, None, None] * down
    grey = grey_picture(sample_points(volume, places), look)
    offsets = sections.outline(n) - sections.points[n]
    wall = np.stack([offsets @ right, offsets @ down], -1) / side + 0.5
    outline = tuple((float(x), float(y)) for x, y in wall) if np.isfinite(wall).all() else ()
    return SectionPicture(float(sections.arc_mm[n]), image_of(grey), outline, diameter, float(sections.areas_mm2[n]))
