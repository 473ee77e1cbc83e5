"""Choosing among options with one key: chips with numbers, 1 to 9 choose, arrows move, Backspace clears."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen

from clients.kit.choosing import ChipFilter
from clients.kit.choosing import Option as Chip
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from shared.domain.structured import Option

_HEIGHT = 26
_PAD = 8


class OptionPicker(ChipFilter):
    """One of the options, or any number of them."""

    picked = Signal(tuple)
    """option keys now chosen, in their order."""
    focused = Signal()
    """the keyboard came here."""
    finished = Signal()
    """one was chosen with a key: the next field, please."""

    def __init__(self, options: Sequence[Option], *, many: bool) -> None:
        super().__init__([Chip(option.key, option.text) for option in options])
        self._many = many
        self._may_type = True
        self._suggested: tuple[str, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_value(self, keys: Sequence[str], *, suggested: bool, may_type: bool) -> None:
        """Show what is chosen; `suggested` marks what nobody chose by hand."""
        marked = tuple(keys) if suggested else ()
        if (tuple(keys), marked, may_type) == (self.chosen, self._suggested, self._may_type):
            return
        self._suggested = marked
        self._may_type = may_type
        self.set_chosen(keys)

    def choose(self, index: int) -> None:
        if not self._may_type or not 0 <= index < len(self._options):
            return
        key = self._options[index].key
        self._cursor = index
        if self._many:
            keys = set(self.chosen) ^ {key}
        else:
            keys = set() if self.chosen == (key,) and not self._suggested else {key}
        self._suggested = ()
        self.set_chosen(tuple(keys))
        self.picked.emit(self.chosen)

    def gap(self) -> int:
        return 4

    def segment_width(self, index: int) -> float:
        theme = current_theme()
        words = QFontMetricsF(theme.font()).horizontalAdvance(self._options[index].text)
        return words + 2 * _PAD + (12 if index < 9 else 0)

    def _places(self, width: int) -> list[QRectF]:
        places: list[QRectF] = []
        left = top = 0.0
        for index in range(len(self._options)):
            wanted = min(self.segment_width(index), float(max(width, 40)))
            if left > 0 and left + wanted > width + 0.5:
                left, top = 0.0, top + _HEIGHT + 3
            places.append(QRectF(left, top, wanted, _HEIGHT))
            left += wanted + self.gap()
        return places

    def keyPressEvent(self, event: QKeyEvent) -> None:
        digit = event.key() - Qt.Key.Key_1
        if 0 <= digit < min(9, len(self._options)) and self._may_type and not event.modifiers() & ~_KEYPAD:
            self.choose(digit)
            if not self._many:
                self.finished.emit()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finished.emit()
            return
        if event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete) and self._may_type and self.chosen:
            self.set_chosen(())
            self.picked.emit(())
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        active = theme.tone(Tone.ACTIVE)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for index, (option, area) in enumerate(zip(self._options, self._places(self.width()), strict=True)):
                on = option.key in self.chosen
                faint = on and option.key in self._suggested
                focused = self.hasFocus() and index == self._cursor
                chip = area.adjusted(0.5, 0.5, -0.5, -0.5)
                ground = active.ground if on else (colours.hover if index == self._hover else colours.surface)
                pen = QPen(QColor(colours.focus if focused else (active.text if on else colours.border)), 1)
                if faint:
                    pen.setStyle(Qt.PenStyle.DashLine)
                painter.setPen(pen)
                painter.setBrush(QColor(ground))
                painter.drawRoundedRect(chip, 4, 4)
                left = chip.left() + _PAD
                if index < 9:
                    painter.setFont(theme.font("caption"))
                    painter.setPen(QColor(colours.text_quiet))
                    number = QRectF(left - 2, chip.top(), 10, chip.height())
                    painter.drawText(number, Qt.AlignmentFlag.AlignVCenter, str(index + 1))
                    left += 12
                painter.setFont(theme.font())
                painter.setPen(QColor(active.text if on else colours.text if self._may_type else colours.text_quiet))
                words = QRectF(left, chip.top(), chip.right() - left - 2, chip.height())
                shown = painter.fontMetrics().elidedText(
                    option.text, Qt.TextElideMode.ElideRight, int(words.width()) + 1
                )
                painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, shown)


_KEYPAD = Qt.KeyboardModifier.KeypadModifier
