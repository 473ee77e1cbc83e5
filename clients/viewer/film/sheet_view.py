"""The film on screen: its sheet with cells, worked with the mouse."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.film.cell_view import CellView, paint_message
from clients.viewer.film.composer import FilmPage, paint_cell, paint_header
from clients.viewer.film.model import Cell, FilmModel, panned, turned, windowed, zoomed
from clients.viewer.film.sheets import Box
from clients.viewer.viewport.overlays import draw_message
from clients.viewer.viewport.renderer import COLOUR_WINDOW, Rendered
from clients.viewer.viewport.state import as_window, default_voi
from shared.imaging.lut import Window, window_of_pixels

if TYPE_CHECKING:
    from clients.viewer.desk import Desk

CELL_MIME = "application/x-mingjing-film-cell"
SELECT, WINDOW, PAN, ZOOM, ROTATE = "select", "window", "pan", "zoom", "rotate"
_ZOOM_PER_PIXEL = 1.01
_NAMES = {WINDOW: "调窗", PAN: "平移", ZOOM: "缩放", ROTATE: "旋转"}


@dataclass
class _Drawn:
    """A cell as it was painted last."""

    cell: Cell
    token: tuple[int, int, float, bool, bool, int]
    picture: QImage


def start_window(desk: Desk, cell: Cell) -> Window | None:
    """The window that holds in a cell; None while it is not known."""
    if cell.shown.voi is not None:
        return as_window(cell.shown.voi)
    image = cell.stack.image(cell.index)
    if image.pixel_format.is_colour:
        return COLOUR_WINDOW
    own = default_voi(cell.stack.frame_header(cell.index))
    if own is not None:
        return as_window(own)
    pixels = desk.store.of(cell.stack)
    array = pixels.frame(cell.index)
    return None if array is None else window_of_pixels(array, pixels.modality(cell.index), image.padding)


class SheetView(QWidget):
    """Shows the current film of a model."""

    opened = Signal(int)
    """A cell was double-clicked: its number."""
    menu_asked = Signal(QPoint)

    def __init__(self, desk: Desk, model: FilmModel, page: Callable[[int], FilmPage]) -> None:
        super().__init__()
        self._desk, self._model, self._page_of = desk, model, page
        self.cells = CellView(desk)
        self.tool = WINDOW
        self.generation = 0
        """Counted up when marks or overlays changed, so that all cells are painted again."""
        self._drawn: dict[int, _Drawn] = {}
        self._busy = False
        self._start: tuple[int, QPointF, str] | None = None
        self._windows: dict[int, Window] = {}
        self._drop_at: int | None = None
        self.setObjectName("film.sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._forget = model.changed.connect(self.update)

    def release(self) -> None:
        """Before it goes."""
        self._forget()
        self.cells.release()

    # --- geometry

    def scale(self) -> float:
        """Logical pixels to a millimetre of film."""
        width, height = self._model.setup.sheet_mm
        return max(min((self.width() - 24) / width, (self.height() - 24) / height), 0.05)

    def sheet_rect(self) -> QRectF:
        """The whole sheet."""
        width, height = self._model.setup.sheet_mm
        k = self.scale()
        return QRectF((self.width() - width * k) / 2, (self.height() - height * k) / 2, width * k, height * k)

    def cell_rect(self, slot: int) -> QRectF:
        """A cell of the current film by its place on it."""
        box, k, sheet = self._model.setup.boxes[slot], self.scale(), self.sheet_rect()
        margin = self._model.setup.margin_mm
        left, top = sheet.left() + (margin + box.left) * k, sheet.top() + (margin + box.top) * k
        return QRectF(left, top, box.width * k, box.height * k)

    def slot_at(self, at: QPointF) -> int | None:
        return next((n for n in range(self._model.setup.layout.cells) if self.cell_rect(n).contains(at)), None)

    def number_at(self, at: QPointF) -> int | None:
        """The number through all films of the cell under a place."""
        slot = self.slot_at(at)
        return None if slot is None else self._model.current * self._model.setup.layout.cells + slot

    # --- painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        model, setup = self._model, self._model.setup
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor("#0b0f11"))
            sheet = self.sheet_rect()
            painter.fillRect(sheet, QColor(colours.FILM))
            painter.setPen(QPen(QColor("#39434a"), 1))
            painter.drawRect(sheet.adjusted(-1, -1, 0, 0))
            cells = model.film(model.current)
            if any(cells):
                painter.save()
                margin = setup.margin_mm * self.scale()
                painter.translate(sheet.left() + margin, sheet.top() + margin)
                paint_header(painter, self._page_of(model.current), self.scale())
                painter.restore()
            first = model.current * setup.layout.cells
            for slot, cell in enumerate(cells):
                self._paint_slot(painter, slot, cell, is_selected=first + slot in model.selected)
            if not any(cells):
                with colours.on_film():
                    draw_message(painter, tr("胶片是空的：从左侧添加图像，或在阅片时按 F6、F7"), sheet, colours.LETTER)
        self._make_missing()

    def _paint_slot(self, painter: QPainter, slot: int, cell: Cell | None, *, is_selected: bool) -> None:
        rect = self.cell_rect(slot)
        if cell is not None:
            drawn = self._drawn.get(slot)
            if drawn is not None and drawn.cell.shown.stack is cell.shown.stack and drawn.cell.index == cell.index:
                painter.drawImage(rect, drawn.picture)
            else:
                error = self._error_of(cell)
                painter.save()
                paint_message(painter, error, rect, is_error=bool(error))
                painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.ACTIVE if is_selected else colours.GRID), 2 if is_selected else 1))
        painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5))
        if self._drop_at == slot:
            painter.fillRect(QRectF(rect.left() - 2, rect.top(), 4, rect.height()), QColor(colours.HANDLE))

    def _error_of(self, cell: Cell) -> str:
        return self._desk.store.of(cell.stack).errors.get(cell.index, "")

    def _token(self, slot: int) -> tuple[int, int, float, bool, bool, int]:
        rect, ratio = self.cell_rect(slot), self.devicePixelRatioF()
        page = self._page_of(self._model.current)
        wide, high = max(1, round(rect.width() * ratio)), max(1, round(rect.height() * ratio))
        return wide, high, self.scale() * ratio, page.texts, page.same_texts, self.generation

    def _make_missing(self) -> None:
        """Cells that are not painted as they are now: resampled in a thread, one film's at a time."""
        if self._busy:
            return
        cells = self._model.film(self._model.current)
        jobs = []
        for slot, cell in enumerate(cells):
            if cell is None:
                self._drawn.pop(slot, None)
                continue
            token = self._token(slot)
            drawn = self._drawn.get(slot)
            if drawn is not None and drawn.cell is cell and drawn.token == token:
                continue
            self._take(cell, token)
            job = self.cells.job()
            if job is not None:
                jobs.append((slot, cell, token, job))
        if not jobs:
            return
        self._busy = True

        def done(rendered: list[Rendered | None]) -> None:
            self._busy = False
            now = self._model.film(self._model.current)
            for (slot, cell, token, _job), one in zip(jobs, rendered, strict=True):
                if slot < len(now) and now[slot] is not None:
                    self._take(cell, token)
                    self._drawn[slot] = _Drawn(cell, token, self._picture(cell, one, slot))
            self.update()

        def failed(sentence: str) -> None:
            self._busy = False
            self._desk.say(sentence)

        def work() -> list[Rendered | None]:
            return [job.render() for *_, job in jobs]

        self._desk.background.run(work, done, failed, "film-sheet")

    def _take(self, cell: Cell, token: tuple[int, int, float, bool, bool, int]) -> None:
        wide, high, pixels_per_mm, texts, same_texts, _ = token
        self.cells.film_session.follow(texts=texts, same_texts=same_texts)
        self.cells.take(cell, QSize(wide, high), pixels_per_mm)

    def _picture(self, cell: Cell, rendered: Rendered | None, slot: int) -> QImage:
        image = QImage(*self.cells.pixel_size, QImage.Format.Format_RGB32)
        image.fill(QColor(colours.FILM))
        boxes = self._model.setup.boxes
        with QPainter(image) as painter:
            painter.scale(self.cells.ratio, self.cells.ratio)
            paint_cell(painter, self.cells, cell, rendered, boxes[min(slot, len(boxes) - 1)])
        return image

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.number_at(event.position())
        if number is None or number >= len(self._model.cells) or self._model.cells[number] is None:
            self._model.select(())
            return
        tool = {Qt.MouseButton.LeftButton: self.tool, Qt.MouseButton.MiddleButton: PAN}.get(event.button(), "")
        if event.button() == Qt.MouseButton.RightButton:
            if number not in self._model.selected:
                self._model.select((number,))
            self.menu_asked.emit(event.globalPosition().toPoint())
            return
        self._choose(number, event.modifiers())
        self._start = (number, event.position(), tool)
        if tool != SELECT:
            self._model.begin_drag()
            self._windows = {
                n: window
                for n in self._targets(number)
                if (cell := self._model.cells[n]) is not None and (window := start_window(self._desk, cell)) is not None
            }

    def _choose(self, number: int, keys: Qt.KeyboardModifier) -> None:
        selected = self._model.selected
        if keys & Qt.KeyboardModifier.ControlModifier:
            self._model.select(selected ^ {number})
        elif keys & Qt.KeyboardModifier.ShiftModifier and selected:
            first = min(selected)
            self._model.select(range(min(first, number), max(first, number) + 1))
        elif number not in selected:
            self._model.select((number,))

    def _targets(self, number: int) -> tuple[int, ...]:
        """The cells of the scope; the one under the hand is always one of them."""
        return tuple(dict.fromkeys((*self._model.in_scope(), number)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._start is None:
            return
        number, start, tool = self._start
        by = event.position() - start
        if tool == SELECT:
            if by.manhattanLength() > 8:
                self._start = None
                self._drag_away()
            return
        self._model.adjust(_NAMES[tool], self._change(tool, number, start, event.position()), self._targets(number))

    def _change(self, tool: str, number: int, start: QPointF, at: QPointF) -> Callable[[Cell, Box], Cell]:
        by, k = at - start, self.scale()
        if tool == WINDOW:
            habit = self._desk.session.window_drag
            wide, level = (by.x(), -by.y()) if habit.swapped else (-by.y(), by.x())
            return self._windowing(wide * habit.width_sign, level * habit.level_sign)
        if tool == PAN:
            return lambda cell, box: panned(cell, by.x() / k, by.y() / k, box)
        if tool == ZOOM:
            return lambda cell, box: zoomed(cell, _ZOOM_PER_PIXEL ** (-by.y()), box)
        middle = self.cell_rect(number % self._model.setup.layout.cells).center()
        first, second = start - middle, at - middle
        angle = math.degrees(math.atan2(second.y(), second.x()) - math.atan2(first.y(), first.x()))
        return lambda cell, _box: turned(cell, (angle + 180) % 360 - 180)

    def _windowing(self, wide: float, level: float) -> Callable[[Cell, Box], Cell]:
        begun = self._model.start_cells
        windows = {id(begun[n]): window for n, window in self._windows.items()}

        def change(cell: Cell, _box: Box) -> Cell:
            start = windows.get(id(cell))
            if start is None:
                return cell
            own = default_voi(cell.stack.frame_header(cell.index))
            step = max((as_window(own).width if own is not None else start.width) / 400.0, 0.01)
            return windowed(cell, start, wide * step, level * step)

        return change

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        if self._start is not None and self._start[2] != SELECT:
            self._model.end_drag(_NAMES[self._start[2]])
        self._start = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        number = self.number_at(event.position())
        if number is not None and number < len(self._model.cells) and self._model.cells[number] is not None:
            self.opened.emit(number)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Other films."""
        turned_by = event.angleDelta().y()
        if turned_by:
            self._model.show(self._model.current + (-1 if turned_by > 0 else 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}.get(Qt.Key(event.key()))
        if step is not None:
            self._model.show(self._model.current + step)
        else:
            super().keyPressEvent(event)

    # --- moving cells

    def _drag_away(self) -> None:
        data = QMimeData()
        data.setData(CELL_MIME, b"1")
        drag = QDrag(self)
        drag.setMimeData(data)
        drag.exec(Qt.DropAction.MoveAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(CELL_MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._drop_at = self.slot_at(event.position())
        event.acceptProposedAction()
        self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_at = None
        self.update()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        number, self._drop_at = self.number_at(event.position()), None
        if number is not None:
            self._model.move(self._model.selected, number)
        event.acceptProposedAction()

    def sizeHint(self) -> QSize:
        return QSize(600, 700)
