"""Marks in panes of reconstructions: drawn in patient coordinates, the same marks as on the slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from clients.viewer.marks.drawing import Canvas, draw_marks
from clients.viewer.marks.model import POINTER_PX, Kind, Mark, Sheet, SpacePlane
from clients.viewer.marks.surface import on_plane
from clients.viewer.marks.tools import DrawTool, EraserTool, MarkHand
from clients.viewer.marks.values import NO_VALUE, KnownValues, MeasuredValue, Values, measure_in_space
from clients.viewer.viewport.mouse import MouseTool
from shared.imaging.geometry import PixelPoint, Plane, PointMm, VectorMm

if TYPE_CHECKING:
    from clients.viewer.session import ViewerSession
    from clients.viewer.volume.mpr_pane import MprPane

DECIMALS = 4  # of a plane's place in mm: the same place of a pane is the same sheet


class PaneSurface:
    """A pane of MPR as a sheet; its plane is where it stands now, its grid that of the finest voxels."""

    def __init__(self, pane: MprPane, session: ViewerSession) -> None:
        self._pane = pane
        self._session = session
        self.book = session.marks
        self.reach_px = POINTER_PX
        self._values = KnownValues()

    @property
    def widget(self) -> QWidget:
        return self._pane

    @property
    def sheet(self) -> Sheet | None:
        return self._space()

    def _space(self) -> SpacePlane | None:
        """The plane through the cross, its origin below the middle of the volume: panning does not change it."""
        state = self._pane.state
        uid = state.volume.frame_of_reference_uid
        if not uid:
            return None
        axes, spacing = state.axes(self._pane.pane), min(state.volume.spacing)
        right, down = (VectorMm(*(round(v, 9) for v in way)) for way in (axes.right, axes.down))
        normal = right.cross(down)
        centre = state.volume.centre
        origin = centre.plus(normal.scaled(state.cross.minus(centre).dot(normal)))
        return SpacePlane(uid, Plane(PointMm(*(round(v, DECIMALS) for v in origin)), right, down, spacing, spacing))

    def point(self, at: QPointF) -> PixelPoint | None:
        space = self._space()
        return space.plane.pixel(self._pane.point(at)) if space is not None else None

    def canvas(self) -> Canvas | None:
        space = self._space()
        if space is None:
            return None
        pane = self._pane
        return Canvas(lambda p: pane.place(space.plane.point(p)), float(pane.width()), float(pane.height()))

    def own_marks(self) -> tuple[Mark, ...]:
        space = self._space()
        return self.book.of_frame(space) if space is not None else ()

    def other_marks(self) -> tuple[Mark, ...]:
        """Marks of slices and of other planes that lie in this one, within half a slab."""
        space = self._space()
        if space is None:
            return ()
        state = self._pane.state
        within = max(state.thickness_mm / 2, min(state.volume.spacing) / 2)
        planes = self._planes()
        found = []
        for mark in self.book:
            if mark.key == space:
                continue
            plane = planes.get(mark.key) if mark.frame is not None else None
            seen = on_plane(mark, space, within, plane)
            if seen is not None:
                found.append(seen)
        return tuple(found)

    def _planes(self) -> dict[Sheet, Plane]:
        """Where the frames of the same space lie that carry marks."""
        wanted = [mark.frame for mark in self.book if mark.frame is not None]
        uid = self._pane.state.volume.frame_of_reference_uid
        planes: dict[Sheet, Plane] = {}
        for stack in self._session.stacks:
            if stack.series.frame_of_reference_uid != uid:
                continue
            for key in wanted:
                index = stack.index_of(key)
                plane = stack.frame_header(index).plane if index is not None else None
                if plane is not None:
                    planes[key] = plane
        return planes

    def value_of(self, mark: Mark) -> MeasuredValue:
        return self._values.of(mark, mark, lambda: self._measured(mark))

    def _measured(self, mark: Mark) -> MeasuredValue:
        space = mark if isinstance(mark.key, SpacePlane) else self._in_space(mark)
        return measure_in_space(space, self._pane.state.volume) if space is not None else NO_VALUE

    def _in_space(self, mark: Mark) -> Mark | None:
        """A slice's mark, whose points here are positions on this pane's plane."""
        from dataclasses import replace

        space = self._space()
        return replace(mark, key=space) if space is not None else None

    def stored(self) -> Values | None:
        return None  # the smart brush works on slices


class PaneMarks(QObject):
    """Layer and hand of one pane, and the pointer that follows an open angle."""

    def __init__(self, pane: MprPane, session: ViewerSession) -> None:
        super().__init__(pane)
        self._session = session
        self._pane = pane
        self.surface = PaneSurface(pane, session)
        pane.mark_surface = self.surface  # type: ignore[attr-defined]
        kinds = {**{kind.value: kind for kind in Kind if kind is not Kind.BRUSH}}
        self.tools: dict[str, MouseTool] = {tool: DrawTool(kind) for tool, kind in kinds.items()}
        self.tools["eraser"] = EraserTool()
        self._hand = MarkHand()
        self._held: MouseTool | None = None
        pane.layers.append(self)
        pane.hands.append(self)
        pane.installEventFilter(self)
        forget = session.marks.changed.connect(lambda _sheet: pane.update())
        forget_selected = session.marks.selected_changed.connect(pane.update)
        pane.destroyed.connect(lambda: (forget(), forget_selected()))

    # --- as a layer

    def paint(self, painter: QPainter, pane: MprPane) -> None:
        canvas = self.surface.canvas()
        if canvas is None:
            return
        marks = [*self.surface.own_marks(), *self.surface.other_marks()]
        tool = self.tools.get(self._session.tool)
        if isinstance(tool, DrawTool) and tool.open is not None and tool.open.key == self.surface.sheet:
            marks.append(tool.open)
        selected = self.surface.book.selected
        draw_marks(
            painter, [(m, self.surface.value_of(m)) for m in marks], canvas, selected=selected.id if selected else None
        )

    # --- as a hand: the marks under the pointer first, then the chosen drawing tool

    def press(self, pane: MprPane, point: PointMm, button: Qt.MouseButton) -> bool:
        at = pane.place(point)
        chosen = self.tools.get(self._session.tool) if button == Qt.MouseButton.LeftButton else None
        waiting = chosen is not None and getattr(chosen, "is_waiting", False)
        for tool in (chosen,) if waiting else (self._hand, chosen):
            if tool is None:
                continue
            tool.start = tool.last = at
            if tool.press(pane, at, button):  # type: ignore[arg-type]
                self._held = tool
                pane.update()
                return True
        return False

    def drag(self, pane: MprPane, point: PointMm) -> None:
        at = pane.place(point)
        if self._held is not None:
            self._held.drag(pane, at)  # type: ignore[arg-type]
            self._held.last = at
            pane.update()

    def release(self, pane: MprPane, point: PointMm) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.release(pane, pane.place(point))  # type: ignore[arg-type]
            pane.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent) and not event.buttons():
            tool = self.tools.get(self._session.tool)
            if tool is not None:
                tool.hover(self._pane, event.position())  # type: ignore[arg-type]
        return super().eventFilter(watched, event)


def add_marks(page: QWidget, session: ViewerSession) -> int:
    """Draw and show marks in all panes of a page; returns how many panes it has."""
    from clients.viewer.volume.mpr_pane import MprPane

    panes = [pane for pane in page.findChildren(MprPane) if not hasattr(pane, "mark_surface")]
    for pane in panes:
        PaneMarks(pane, session)
    return len(panes)
