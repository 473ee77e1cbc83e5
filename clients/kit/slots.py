"""Bookable slots (预约选号) as a grid of cells: time, what is left, and the one that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from clients.kit.theme import Theme, current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr

_GAP = 8


@dataclass(frozen=True)
class Slot:
    """One slot: key, the time as shown ("08:30"), places free and in all; `past` slots cannot be chosen.

    `note` is a source text that says more than the number of places: kept for others, added beyond the last place.
    """

    key: str
    time: str
    free: int
    total: int
    past: bool = False
    note: str = ""

    @property
    def bookable(self) -> bool:
        """True if the slot can be chosen."""
        return self.free > 0 and not self.past


class SlotGrid(QWidget):
    """Slots in reading order, as many beside each other as the width allows; arrows move, Enter chooses."""

    chosen = Signal(str)
    """key of the slot the user chose."""

    def __init__(self, slots: Sequence[Slot] = (), current: str = "") -> None:
        super().__init__()
        self._slots = tuple(slots)
        self._current = current
        self._cursor = self._first()
        self._hover = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def current(self) -> str:
        """Key of the chosen slot, empty if none is."""
        return self._current

    def set_slots(self, slots: Sequence[Slot]) -> None:
        """Show other slots; the choice stays if it is still there."""
        self._slots = tuple(slots)
        if all(slot.key != self._current for slot in self._slots):
            self._current = ""
        self._cursor = self._first()
        self.updateGeometry()
        self.setMinimumHeight(self.heightForWidth(max(1, self.width())))
        self.update()

    def _first(self) -> int:
        """Where the keyboard begins: at the chosen slot, else at the first that can be chosen."""
        wanted = (i for i, slot in enumerate(self._slots) if slot.key == self._current)
        bookable = (i for i, slot in enumerate(self._slots) if slot.bookable)
        return next(wanted, next(bookable, 0))

    def set_current(self, key: str) -> None:
        """Choose without telling anybody."""
        self._current = key
        self._cursor = self._first()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = -(-len(self._slots) // self._columns(width))
        height = self._cell(current_theme()).height()
        return max(0, rows * (height + _GAP) - _GAP)

    def sizeHint(self) -> QSize:
        return QSize(4 * 104, self.heightForWidth(4 * 104))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setMinimumHeight(self.heightForWidth(self.width()))

    def _cell(self, theme: Theme) -> QSize:
        return QSize(96, theme.metrics.control + 8)

    def _columns(self, width: int) -> int:
        return max(1, (width + _GAP) // (self._cell(current_theme()).width() + _GAP))

    def _area(self, index: int) -> QRectF:
        cell = self._cell(current_theme())
        columns = self._columns(self.width())
        width = (self.width() - _GAP * (columns - 1)) / columns
        row, column = divmod(index, columns)
        return QRectF(column * (width + _GAP), row * (cell.height() + _GAP), width, cell.height())

    def _at(self, event: QMouseEvent) -> int:
        return next((i for i in range(len(self._slots)) if self._area(i).contains(event.position())), -1)

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self._slots) and self._slots[index].bookable:
            self._current = self._slots[index].key
            self.chosen.emit(self._current)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._at(event)
        self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._at(event)
        if at >= 0:
            self._cursor = at
            self._choose(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._columns(self.width())
        step = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
        }.get(Qt.Key(event.key()))
        if step is not None and self._slots:
            self._cursor = max(0, min(len(self._slots) - 1, self._cursor + step))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._cursor)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            hit = next((s for i, s in enumerate(self._slots) if self._area(i).contains(event.pos())), None)
            if hit is not None:
                words = tr("{time}，共 {total} 个号，余 {free} 个", time=hit.time, total=hit.total, free=hit.free)
                words = f"{words}\n{tr(hit.note)}" if hit.note else words
                QToolTip.showText(event.globalPos(), words, self)
                return True
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for index, slot in enumerate(self._slots):
                area = self._area(index).adjusted(0.5, 0.5, -0.5, -0.5)
                mine = slot.key == self._current
                few = slot.bookable and (slot.free * 4 <= slot.total or bool(slot.note))
                ground, edge, text = colours.surface, colours.border, colours.text
                if mine:
                    ground, edge, text = colours.selected, colours.accent, colours.accent
                elif not slot.bookable:
                    ground, edge, text = colours.window, colours.hairline, colours.text_disabled
                elif index == self._hover:
                    ground = colours.hover
                if self.hasFocus() and index == self._cursor:
                    edge = colours.focus
                painter.setPen(QPen(QColor(edge), 2 if self.hasFocus() and index == self._cursor else 1))
                painter.setBrush(QColor(ground))
                painter.drawRoundedRect(area, theme.metrics.radius, theme.metrics.radius)
                painter.setFont(theme.font(bold=True))
                painter.setPen(QColor(text))
                left = area.adjusted(10, 0, 0, 0)
                painter.drawText(left, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, slot.time)
                painter.setFont(theme.font("caption"))
                if mine:
                    box = QRectF(area.right() - 24, area.center().y() - 8, 16, 16)
                    theme.paint_icon(painter, "check", box, colours.accent)
                    continue
                words = self._words(slot)
                colour = theme.tone(Tone.WARNING).text if few else colours.text_quiet
                painter.setPen(QColor(colour if slot.bookable else colours.text_disabled))
                right = area.adjusted(0, 0, -10, 0)
                painter.drawText(right, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)

    def _words(self, slot: Slot) -> str:
        if slot.past:
            return tr("已过")
        if slot.note:
            return tr(slot.note)
        return tr("余 {free}", free=slot.free) if slot.free else tr("已满")
