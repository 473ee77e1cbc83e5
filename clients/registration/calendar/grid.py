"""Days beside each other, slots below each other, appointments in them: painted, moved by mouse and keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QToolTip, QWidget

from clients.kit.paging import local_clock
from clients.kit.theme import Theme, current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.calendar.state import CalendarState
from shared.contract.exams import SlotView
from shared.contract.scheduling import BookingView, LoadDay
from shared.domain.states import ExamState, PatientType

HEAD = 44
GUTTER = 52
_ROW = 30
_NARROW = 92


@dataclass(frozen=True)
class Cell:
    """One slot of one day with the appointments that begin in it."""

    day: date
    column: int
    row: int
    slot: SlotView
    bookings: tuple[BookingView, ...]


class LoadGrid(QWidget):
    """Cells in a grid of days and starting times.

    Arrows move the cursor, Enter picks an appointment up and puts it down, Escape puts it back; with the mouse an
    appointment is dragged. A double click opens the exam.
    """

    picked = Signal(object)
    """BookingView to be moved."""
    dropped = Signal(object, int)
    """day and slot id where it shall go."""
    opened = Signal(object)
    """BookingView whose exam is wanted."""
    given_up = Signal()
    """Escape."""

    def __init__(self) -> None:
        super().__init__()
        self._state: CalendarState | None = None
        self._cells: dict[tuple[int, int], Cell] = {}
        self._times: list[str] = []
        self._days: tuple[LoadDay, ...] = ()
        self._cursor = (0, 0)
        self._inner = 0  # which appointment of the cell has the cursor
        self._dragging: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("预约日历")

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────

    def show_state(self, state: CalendarState) -> None:
        """Show other days; the cursor stays where it is."""
        before, self._state = self._state, state
        if before is None or state.load is not before.load:
            self._arrange(state.load)
        self.updateGeometry()
        self.setMinimumHeight(self.sizeHint().height())
        self.update()

    def _arrange(self, load: tuple[LoadDay, ...]) -> None:
        self._days = load
        times = sorted({local_clock(slot.starts_at) for day in load for slot in day.slots})
        self._times = times
        rows = {clock: row for row, clock in enumerate(times)}
        self._cells = {}
        for column, day in enumerate(load):
            of_slot: dict[int, list[BookingView]] = {}
            for booking in day.bookings:
                of_slot.setdefault(booking.slot_id, []).append(booking)
            for slot in day.slots:
                row = rows[local_clock(slot.starts_at)]
                bookings = tuple(of_slot.get(slot.id, ()))
                self._cells[column, row] = Cell(day.day, column, row, slot, bookings)
        columns, count = max(1, len(load)), max(1, len(times))
        self._cursor = (min(self._cursor[0], columns - 1), min(self._cursor[1], count - 1))

    @property
    def cursor_cell(self) -> Cell | None:
        """The cell that the keyboard is in."""
        return self._cells.get(self._cursor)

    def cell_of(self, slot_id: int) -> Cell | None:
        """The cell of a slot."""
        return next((cell for cell in self._cells.values() if cell.slot.id == slot_id), None)

    def put_cursor(self, cell: Cell) -> None:
        """Move the keyboard's place to a cell."""
        self._cursor, self._inner = (cell.column, cell.row), 0
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(GUTTER + 7 * 120, HEAD + max(1, len(self._times)) * _ROW + 8)

    def area(self, cell: Cell) -> QRectF:
        """Where a cell is, in pixels of this widget."""
        width = self._column_width()
        return QRectF(GUTTER + cell.column * width, HEAD + cell.row * _ROW, width, _ROW)

    def _column_width(self) -> float:
        return (self.width() - GUTTER) / max(1, len(self._days))

    def _at(self, point: QPointF) -> Cell | None:
        if point.x() < GUTTER or point.y() < HEAD:
            return None
        return self._cells.get((int((point.x() - GUTTER) / self._column_width()), int((point.y() - HEAD) / _ROW)))

    def _booking_at(self, cell: Cell, point: QPointF) -> BookingView | None:
        if not cell.bookings:
            return None
        area = self.area(cell)
        index = int((point.x() - area.left()) / area.width() * len(cell.bookings))
        return cell.bookings[max(0, min(index, len(cell.bookings) - 1))]

    # ── mouse and keyboard ───────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._at(event.position())
        if cell is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._cursor = (cell.column, cell.row)
        booking = self._booking_at(cell, event.position())
        if self._picked() is not None and booking is None:
            self.dropped.emit(cell.day, cell.slot.id)
        elif booking is not None:
            self._inner = cell.bookings.index(booking)
            self._dragging = event.position()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging is None:
            return
        far = (event.position() - self._dragging).manhattanLength() > 8
        cell = self._at(self._dragging)
        if far and self._picked() is None and cell is not None:
            booking = self._booking_at(cell, self._dragging)
            if booking is not None:
                self.picked.emit(booking)
        over = self._at(event.position())
        if over is not None and self._picked() is not None:
            self._cursor = (over.column, over.row)
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        began, self._dragging = self._dragging, None
        cell = self._at(event.position())
        if began is None or cell is None or self._picked() is None:
            return
        if (event.position() - began).manhattanLength() > 8:
            self.dropped.emit(cell.day, cell.slot.id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        cell = self._at(event.position())
        booking = self._booking_at(cell, event.position()) if cell is not None else None
        self._dragging = None
        if booking is not None:
            self.opened.emit(booking)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self._step(*step)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter()
        elif event.key() == Qt.Key.Key_Space:
            booking = self._booking_under_cursor()
            if booking is not None:
                self.opened.emit(booking)
        elif event.key() == Qt.Key.Key_Escape and self._picked() is not None:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def _step(self, right: int, down: int) -> None:
        column, row = self._cursor
        cell = self._cells.get(self._cursor)
        inner = self._inner + right
        if right and self._picked() is None and cell is not None and 0 <= inner < len(cell.bookings):
            self._inner = inner
        else:
            columns, rows = max(1, len(self._days)), max(1, len(self._times))
            self._cursor = (max(0, min(columns - 1, column + right)), max(0, min(rows - 1, row + down)))
            self._inner = 0
        self.update()

    def _enter(self) -> None:
        cell = self._cells.get(self._cursor)
        if cell is None:
            return
        if self._picked() is not None:
            self.dropped.emit(cell.day, cell.slot.id)
            return
        booking = self._booking_under_cursor()
        if booking is not None:
            self.picked.emit(booking)

    def _booking_under_cursor(self) -> BookingView | None:
        cell = self._cells.get(self._cursor)
        if cell is None or not cell.bookings:
            return None
        return cell.bookings[min(self._inner, len(cell.bookings) - 1)]

    def _picked(self) -> BookingView | None:
        return self._state.picked if self._state is not None else None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            point = QPointF(event.pos())
            cell = self._at(point)
            booking = self._booking_at(cell, point) if cell is not None else None
            if booking is not None:
                QToolTip.showText(event.globalPos(), _told(booking), self)
                return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.update()
        super().changeEvent(event)

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_heads(painter, theme)
            self._paint_times(painter, theme)
            now = datetime.now().astimezone()
            for cell in self._cells.values():
                self._paint_cell(painter, theme, cell, now)
            self._paint_cursor(painter, theme)

    def _paint_heads(self, painter: QPainter, theme: Theme) -> None:
        width = self._column_width()
        weekdays = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
        for column, day in enumerate(self._days):
            area = QRectF(GUTTER + column * width, 0, width, HEAD).adjusted(6, 4, -6, -2)
            is_today = self._state is not None and day.day == self._state.today
            painter.setFont(theme.font(bold=True))
            painter.setPen(QColor(theme.colours.accent if is_today else theme.colours.text))
            words = f"{day.day:%m-%d} {tr(weekdays[day.day.weekday()])}"
            painter.drawText(area, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, words)
            painter.setFont(theme.font("caption"))
            painter.setPen(QColor(theme.colours.text_quiet))
            load = f"{day.taken}/{day.places}" if day.places else tr("无号源")
            below = "　".join(part for part in (load, day.note) if part)
            fitted = QFontMetricsF(painter.font()).elidedText(below, Qt.TextElideMode.ElideRight, area.width())
            painter.drawText(area, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, fitted)

    def _paint_times(self, painter: QPainter, theme: Theme) -> None:
        painter.setFont(theme.font("caption"))
        painter.setPen(QColor(theme.colours.text_quiet))
        for row, clock in enumerate(self._times):
            area = QRectF(0, HEAD + row * _ROW, GUTTER - 8, _ROW)
            painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, clock)

    def _paint_cell(self, painter: QPainter, theme: Theme, cell: Cell, now: datetime) -> None:
        colours = theme.colours
        area = self.area(cell).adjusted(1, 1, -1, -1)
        is_over = cell.slot.ends_at <= now
        ground = colours.window if is_over or not cell.slot.capacity else colours.surface
        target = self._state.target if self._state is not None else None
        if target is not None and target.slot.id == cell.slot.id:
            ground = colours.selected
        painter.setPen(QPen(QColor(colours.hairline), 1))
        painter.setBrush(QColor(ground))
        painter.drawRect(area)
        if cell.bookings:
            share = area.width() / len(cell.bookings)
            for index, booking in enumerate(cell.bookings):
                self._paint_booking(
                    painter, theme, booking, QRectF(area.left() + index * share, area.top(), share, area.height())
                )
            return
        covered = cell.slot.taken > 0
        words = ""
        if covered:
            words = tr("占用")
        elif cell.slot.capacity > 1 and not is_over:
            words = tr("余 {free}", free=cell.slot.capacity - cell.slot.taken)
        if words:
            painter.setFont(theme.font("caption"))
            painter.setPen(QColor(colours.text_disabled))
            inner = area.adjusted(6, 0, -6, 0)
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)

    def _paint_booking(self, painter: QPainter, theme: Theme, booking: BookingView, area: QRectF) -> None:
        tone = theme.tone(_tone(booking))
        picked = self._picked()
        is_picked = picked is not None and picked.exam_id == booking.exam_id
        box = area.adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(theme.colours.accent if is_picked else tone.text), 2 if is_picked else 1))
        painter.setBrush(QColor(tone.ground))
        painter.drawRoundedRect(box, 4, 4)
        painter.setFont(theme.font("caption"))
        painter.setPen(QColor(tone.text))
        words = booking.patient_name
        if box.width() > _NARROW:
            words = f"{booking.patient_name}　{booking.items}"
        if booking.is_no_show:
            words = f"{tr('爽约')} {words}"
        elif booking.is_stranded:
            words = f"{tr('待改约')} {words}"
        inner = box.adjusted(6, 0, -4, 0)
        fitted = QFontMetricsF(painter.font()).elidedText(words, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fitted)

    def _paint_cursor(self, painter: QPainter, theme: Theme) -> None:
        cell = self._cells.get(self._cursor)
        if cell is None or not (self.hasFocus() or self._picked() is not None):
            return
        area = self.area(cell)
        if len(cell.bookings) > 1 and self._picked() is None:
            share = area.width() / len(cell.bookings)
            area = QRectF(area.left() + min(self._inner, len(cell.bookings) - 1) * share, area.top(), share, _ROW)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.colours.focus), 2))
        painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)


def _tone(booking: BookingView) -> Tone:
    if booking.is_no_show or booking.is_stranded:
        return Tone.WARNING
    if booking.state is ExamState.EXAMINED:
        return Tone.SUCCESS
    if booking.state is ExamState.IN_PROGRESS:
        return Tone.ACTIVE
    return Tone.DANGER if booking.patient_type is PatientType.EMERGENCY else Tone.INFO


def _told(booking: BookingView) -> str:
    parts: list[Any] = [
        f"{booking.patient_name}　{booking.accession_number}",
        f"{booking.exam_type} {booking.items}",
        f"{local_clock(booking.starts_at)}　{tr('约 {minutes} 分钟', minutes=booking.minutes)}",
    ]
    return "\n".join(parts)
