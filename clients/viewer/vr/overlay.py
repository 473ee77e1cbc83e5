"""What is drawn over the volume's picture: letters, orientation cube, crop box with its handles. QPainter only."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from clients.viewer import colours
from clients.viewer.vr.camera import Camera
from clients.viewer.vr.scene import FACES, Box
from shared.imaging.geometry import PointMm, VectorMm, direction_of

HANDLE = 7.0  # pixels, radius
CUBE = 26.0  # pixels, half an edge
_EDGES = tuple((a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b).bit_count() == 1)


@dataclass(frozen=True, slots=True)
class Handle:
    """The grip of one face: where it is, and how the face moves on the screen for one millimetre outwards."""

    face: str
    at: QPointF
    per_mm: QPointF
    in_front: bool


def handles_of(box: Box, camera: Camera, width: int, height: int) -> tuple[Handle, ...]:
    """Grips at the middles of the faces, those behind first."""
    found = []
    scale = height / (2 * camera.half_height_mm)
    middle = [(a + b) / 2 for a, b in zip(box.low, box.high, strict=True)]
    for n, face in enumerate(FACES):
        outwards = _outwards(face)
        centre = list(middle)
        centre[n // 2] = box.face(face)
        x, y = camera.project(PointMm(*centre), width, height)
        per_mm = QPointF(outwards.dot(camera.right) * scale, -outwards.dot(camera.up) * scale)
        found.append(Handle(face, QPointF(x, y), per_mm, outwards.dot(camera.towards) < 0))
    return tuple(sorted(found, key=lambda handle: handle.in_front))


def pushed(handle: Handle, box: Box, moved: QPointF, mm_per_pixel: float) -> Box:
    """The box after its face was pulled by a movement of the mouse (pixels).

    A face that is seen head-on moves with the mouse up (away) and down (nearer).
    """
    length = handle.per_mm.x() ** 2 + handle.per_mm.y() ** 2
    if length * mm_per_pixel**2 > 0.06:
        by = (moved.x() * handle.per_mm.x() + moved.y() * handle.per_mm.y()) / length
    else:
        by = moved.y() * mm_per_pixel * (1 if handle.in_front else -1)
    sign = 1 if FACES.index(handle.face) % 2 else -1
    return box.with_face(handle.face, box.face(handle.face) + sign * by)


def paint_box(painter: QPainter, box: Box, camera: Camera, size: tuple[int, int], hot: str) -> None:
    """Edges (those behind are faint) and grips with the letter of their side."""
    seen = [QPointF(*camera.project(corner, *size)) for corner in box.corners]
    depths = [corner.minus(camera.focal).dot(camera.towards) for corner in box.corners]
    farthest = depths.index(max(depths))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for a, b in _EDGES:
        behind = farthest in (a, b)
        painter.setPen(QPen(QColor(colours.ACTIVE if behind else colours.MEASURE), 1, _style(behind)))
        painter.drawLine(seen[a], seen[b])
    font = QFont(painter.font())
    font.setPixelSize(10)
    font.setBold(True)
    painter.setFont(font)
    for handle in handles_of(box, camera, *size):
        fill = QColor(colours.HANDLE if handle.face == hot else colours.MEASURE)
        fill.setAlpha(255 if handle.in_front or handle.face == hot else 110)
        painter.setPen(QPen(QColor(colours.BACKGROUND), 1))
        painter.setBrush(fill)
        painter.drawEllipse(handle.at, HANDLE, HANDLE)
        spot = QRectF(handle.at.x() - HANDLE, handle.at.y() - HANDLE, 2 * HANDLE, 2 * HANDLE)
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, handle.face)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_cube(painter: QPainter, centre: QPointF, camera: Camera) -> None:
    """A small cube that turns with the volume; the faces towards the eye carry their letters."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont(painter.font())
    for n, face in enumerate(FACES):
        outwards = _outwards(face)
        facing = -outwards.dot(camera.towards)
        if facing < 0.02:
            continue
        along, across = (_outwards(FACES[(n // 2 * 2 + step) % 6 + 1]) for step in (2, 4))
        corners = [
            _on_cube(outwards, along.scaled(a), across.scaled(b), centre, camera)
            for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1))
        ]
        ground = QColor(colours.GRID).lighter(100 + round(90 * facing))
        ground.setAlpha(215)
        painter.setPen(QPen(QColor(colours.ACTIVE), 1))
        painter.setBrush(ground)
        painter.drawPolygon(QPolygonF(corners))
        if facing > 0.3:
            font.setPixelSize(max(8, round(17 * facing)))
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(QColor(colours.LETTER))
            middle = (corners[0] + corners[2]) / 2
            painter.drawText(QRectF(middle.x() - 12, middle.y() - 12, 24, 24), Qt.AlignmentFlag.AlignCenter, face)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _outwards(face: str) -> VectorMm:
    direction = direction_of(face)
    assert direction is not None
    return direction


def _on_cube(a: VectorMm, b: VectorMm, c: VectorMm, centre: QPointF, camera: Camera) -> QPointF:
    corner = VectorMm(a.x + b.x + c.x, a.y + b.y + c.y, a.z + b.z + c.z)
    return centre + QPointF(corner.dot(camera.right) * CUBE, -corner.dot(camera.up) * CUBE)


def _style(behind: bool) -> Qt.PenStyle:
    return Qt.PenStyle.DotLine if behind else Qt.PenStyle.SolidLine
