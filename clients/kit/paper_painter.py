"""Draws laid-out pages with Qt: the same marks, faces and outlines as the PDF, for previews that are what prints."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache

from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QRawFont, QTransform

from shared.paper import faces
from shared.paper.codes import row_runs
from shared.paper.marks import BarsMark, BoxMark, ImageMark, LineMark, MatrixMark, PageOfMarks, TextMark

_EM = 1000.0
_SLANT = 0.21  # as in the PDF: our faces have no italic


def picture_of(page: PageOfMarks, images: Mapping[str, str | bytes], dots_per_mm: float) -> QImage:
    """The page on white paper."""
    size = (max(1, round(page.width_mm * dots_per_mm)), max(1, round(page.height_mm * dots_per_mm)))
    picture = QImage(*size, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.white)
    painter = QPainter(picture)
    try:
        paint_page(painter, page, images, dots_per_mm)
    finally:
        painter.end()
    return picture


def paint_page(painter: QPainter, page: PageOfMarks, images: Mapping[str, str | bytes], dots_per_mm: float) -> None:
    """Draw every mark; the painter's origin is the page's upper left corner."""
    painter.save()
    painter.scale(dots_per_mm, dots_per_mm)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for mark in page.marks:
        if isinstance(mark, LineMark):
            _line(painter, mark)
        elif isinstance(mark, BoxMark):
            _box(painter, mark)
        else:
            painter.save()
            painter.translate(mark.x_mm, mark.y_mm)
            painter.rotate(mark.turn)
            if isinstance(mark, TextMark):
                _text(painter, mark)
            elif isinstance(mark, BarsMark):
                path = QPainterPath()
                for start, length in mark.runs:
                    path.addRect(start * mark.module_mm, 0, length * mark.module_mm, mark.height_mm)
                painter.fillPath(path, QColor("black"))
            elif isinstance(mark, MatrixMark):
                _squares(painter, mark)
            else:
                _picture(painter, mark, images.get(mark.image, ""))
            painter.restore()
    painter.restore()


def _line(painter: QPainter, mark: LineMark) -> None:
    pen = QPen(QColor(mark.colour), mark.weight_mm)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if mark.dashed:
        pen.setDashPattern([0.8 / mark.weight_mm, 0.8 / mark.weight_mm])
    painter.setPen(pen)
    painter.drawLine(QPointF(mark.x_mm, mark.y_mm), QPointF(mark.x2_mm, mark.y2_mm))


def _box(painter: QPainter, mark: BoxMark) -> None:
    area = QRectF(mark.x_mm, mark.y_mm, mark.width_mm, mark.height_mm)
    if mark.fill:
        painter.fillRect(area, QColor(mark.fill))
    if mark.stroke and mark.weight_mm > 0:
        pen = QPen(QColor(mark.stroke), mark.weight_mm)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)


def _text(painter: QPainter, mark: TextMark) -> None:
    colour, left = QColor(mark.colour), 0.0
    if mark.angle:
        painter.rotate(-mark.angle)
    if mark.italic:
        painter.shear(-_SLANT, 0)
    colour.setAlphaF(mark.opacity)
    for face, piece in faces.runs(mark.text, mark.bold):
        outline = faces.outline_em(face, mark.bold) * mark.size_mm
        path = QPainterPath()
        scale = mark.size_mm / _EM
        for character in piece:
            path.addPath(QTransform(scale, 0, 0, scale, left, 0).map(_glyph(face, character)))
            left += face.advance(character) * mark.size_mm + mark.letter_mm
        path.setFillRule(Qt.FillRule.WindingFill)
        painter.fillPath(path, colour)
        if outline:
            painter.strokePath(path, QPen(colour, outline))


@lru_cache(maxsize=8)
def _raw_font(face: faces.Face) -> QRawFont:
    return QRawFont(str(face.path), _EM)


@lru_cache(maxsize=5000)
def _glyph(face: faces.Face, character: str) -> QPainterPath:
    return _raw_font(face).pathForGlyph(face.glyph(character))


def _squares(painter: QPainter, mark: MatrixMark) -> None:
    path = QPainterPath()
    for row, cells in enumerate(mark.rows):
        for start, length in row_runs(cells):
            path.addRect(start * mark.module_mm, row * mark.module_mm, length * mark.module_mm, mark.module_mm)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillPath(path, QColor("black"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)


def _picture(painter: QPainter, mark: ImageMark, data: str | bytes) -> None:
    picture = _decoded(data)
    if picture.isNull():
        return
    scale = min(mark.width_mm / picture.width(), mark.height_mm / picture.height())
    width, height = picture.width() * scale, picture.height() * scale
    painter.drawImage(QRectF((mark.width_mm - width) / 2, (mark.height_mm - height) / 2, width, height), picture)


@lru_cache(maxsize=32)
def _decoded(data: str | bytes) -> QImage:
    raw = base64.b64decode(data) if isinstance(data, str) else data
    return QImage.fromData(QByteArray(raw)) if raw else QImage()
