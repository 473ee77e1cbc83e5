"""Small controls to choose with: switch, segmented control, chips with counts, search box with modes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from clients.kit.labels import Glyph, IconButton
from clients.kit.states import StateLook
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr


class Switch(QAbstractButton):
    """An on/off switch with its words beside it; Space toggles. The word and the knob's place carry the meaning."""

    def __init__(self, source: str = "", *, checked: bool = False) -> None:
        super().__init__()
        self._source = source
        self.setCheckable(True)
        self.setChecked(checked)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr(source))

    def sizeHint(self) -> QSize:
        theme = current_theme()
        words = QFontMetricsF(theme.font()).horizontalAdvance(tr(self._source)) + 8 if self._source else 0
        return QSize(round(36 + words), theme.metrics.control)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            middle = self.height() / 2
            track = QRectF(1, middle - 8, 30, 16)
            on = self.isChecked()
            if not self.isEnabled():
                ground, knob = colours.hairline, colours.text_disabled
            elif on:
                ground, knob = colours.accent, colours.on_accent
            else:
                ground, knob = colours.surface, colours.text_quiet
            painter.setBrush(QColor(ground))
            edge = colours.text_quiet if self.isEnabled() and not on else ground
            painter.setPen(QPen(QColor(edge), 1))
            painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), 7.5, 7.5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(knob))
            painter.drawEllipse(QPointF(track.right() - 8 if on else track.left() + 8, middle), 5, 5)
            if self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.focus), 1))
                painter.drawRoundedRect(track.adjusted(-0.5, -1.5, 0.5, 1.5), 9, 9)
            painter.setFont(theme.font())
            painter.setPen(QColor(colours.text if self.isEnabled() else colours.text_disabled))
            words = QRectF(38, 0, self.width() - 38, self.height())
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, tr(self._source))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.setAccessibleName(tr(self._source))
            self.updateGeometry()
            self.update()
        super().changeEvent(event)


class AutoRefresh(Switch):
    """The auto-refresh switch: on by default, asks for a refresh every `seconds` while it is on and on screen."""

    due = Signal()
    """it is time to load again."""

    def __init__(self, seconds: float = 5.0, *, checked: bool = True) -> None:
        self._timer = QTimer()
        super().__init__("自动刷新", checked=checked)
        self._timer.setParent(self)
        self._timer.setInterval(round(seconds * 1000))
        self._timer.timeout.connect(self.due)
        self.toggled.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        if self.isChecked() and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            QTimer.singleShot(0, self, self._follow)
        return super().event(event)


@dataclass(frozen=True)
class Option:
    """One thing to choose: key, Chinese source text, and an icon or a state look if it has one."""

    key: str
    text: str
    icon: str = ""
    look: StateLook | None = None


class _Row(QWidget):
    """Common ground of controls that paint a row of segments and follow mouse and arrow keys."""

    def __init__(self, options: Sequence[Option]) -> None:
        super().__init__()
        self._options = tuple(options)
        self._hover = -1
        self._cursor = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def segment_width(self, index: int) -> float:
        """Width of one segment in pixels."""
        raise NotImplementedError

    def gap(self) -> int:
        """Pixels between two segments."""
        return 0

    def choose(self, index: int) -> None:
        """The user chose a segment."""
        raise NotImplementedError

    def area(self, index: int) -> QRectF:
        """Where a segment is painted."""
        left = sum(self.segment_width(i) + self.gap() for i in range(index))
        return QRectF(left, 0, self.segment_width(index), self.height())

    def sizeHint(self) -> QSize:
        count = len(self._options)
        width = sum(self.segment_width(i) for i in range(count)) + self.gap() * max(0, count - 1)
        return QSize(round(width + 0.5), current_theme().metrics.control)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _at(self, point: QPointF) -> int:
        return next((i for i in range(len(self._options)) if self.area(i).contains(point)), -1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._at(event.position())
        self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        self._hover = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if index >= 0 and event.button() is Qt.MouseButton.LeftButton:
            self._cursor = index
            self.choose(index)
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None:
            self._cursor = (self._cursor + step) % len(self._options)
            self.moved(self._cursor)
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose(self._cursor)
        else:
            super().keyPressEvent(event)
            return
        self.update()

    def moved(self, _index: int) -> None:
        """The keyboard cursor moved to a segment."""

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)


class SegmentedControl(_Row):
    """Exactly one of a few options; arrow keys move the choice."""

    chosen = Signal(str)
    """key of the option the user chose."""

    def __init__(self, options: Sequence[Option], current: str | None = None) -> None:
        super().__init__(options)
        self._current = current if current is not None else self._options[0].key
        self._cursor = self._index(self._current)

    @property
    def current(self) -> str:
        """Key of the chosen option."""
        return self._current

    def set_current(self, key: str) -> None:
        """Choose without telling anybody."""
        self._current = key
        self._cursor = self._index(key)
        self.update()

    def segment_width(self, index: int) -> float:
        option = self._options[index]
        font = current_theme().font(bold=True)
        icon = 20 if option.icon else 0
        return 24 + icon + QFontMetricsF(font).horizontalAdvance(tr(option.text))

    def choose(self, index: int) -> None:
        key = self._options[index].key
        if key != self._current:
            self._current = key
            self.chosen.emit(key)

    def moved(self, index: int) -> None:
        self.choose(index)

    def _index(self, key: str) -> int:
        return next(i for i, option in enumerate(self._options) if option.key == key)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            frame = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
            painter.setPen(QPen(QColor(colours.focus if self.hasFocus() else colours.border), 1))
            painter.setBrush(QColor(colours.surface))
            painter.drawRoundedRect(frame, theme.metrics.radius, theme.metrics.radius)
            for index, option in enumerate(self._options):
                area = self.area(index)
                chosen = option.key == self._current
                if chosen or index == self._hover:
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(QColor(colours.selected if chosen else colours.hover))
                    painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), 3, 3)
                colour = colours.accent if chosen else colours.text
                words = area
                if option.icon:
                    theme.paint_icon(
                        painter, option.icon, QRectF(area.left() + 10, area.center().y() - 8, 16, 16), colour
                    )
                    words = area.adjusted(20, 0, 0, 0)
                painter.setFont(theme.font(bold=chosen))
                painter.setPen(QColor(colour))
                painter.drawText(words, Qt.AlignmentFlag.AlignCenter, tr(option.text))


class ChipFilter(_Row):
    """Any number of options at once, each with its count; none chosen means all."""

    changed = Signal(tuple)
    """keys now chosen, in the order of the options."""

    def __init__(self, options: Sequence[Option], chosen: Sequence[str] = ()) -> None:
        super().__init__(options)
        self._chosen = set(chosen)
        self._counts: dict[str, int] = {}
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Keys now chosen, in the order of the options."""
        return tuple(option.key for option in self._options if option.key in self._chosen)

    def set_chosen(self, keys: Sequence[str]) -> None:
        """Choose without telling anybody."""
        self._chosen = set(keys)
        self.update()

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many rows each option would give."""
        if dict(counts) != self._counts:
            self._counts = dict(counts)
            self.updateGeometry()
            self.update()

    def gap(self) -> int:
        return 8

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(self._places(width)[-1].bottom()) if self._options else 0

    def minimumSizeHint(self) -> QSize:
        widest = max((self.segment_width(i) for i in range(len(self._options))), default=0.0)
        return QSize(round(widest + 0.5), current_theme().metrics.control)

    def area(self, index: int) -> QRectF:
        return self._places(self.width())[index]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setMinimumHeight(self.heightForWidth(self.width()))

    def _places(self, width: int) -> list[QRectF]:
        """Where each chip stands: in reading order, on a further line when the width is used up."""
        height = current_theme().metrics.control
        places: list[QRectF] = []
        left = top = 0.0
        for index in range(len(self._options)):
            wanted = self.segment_width(index)
            if left > 0 and left + wanted > width + 0.5:
                left, top = 0.0, top + height + 4
            places.append(QRectF(left, top, wanted, height))
            left += wanted + self.gap()
        return places

    def segment_width(self, index: int) -> float:
        option = self._options[index]
        theme = current_theme()
        width = 20 + QFontMetricsF(theme.font()).horizontalAdvance(tr(option.text))
        if option.look is not None or option.icon:
            width += 18
        if option.key in self._counts:
            width += 6 + QFontMetricsF(theme.font("caption")).horizontalAdvance(str(self._counts[option.key]))
        return width

    def choose(self, index: int) -> None:
        self._chosen ^= {self._options[index].key}
        self.changed.emit(self.chosen)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for index, option in enumerate(self._options):
                on = option.key in self._chosen
                tone = theme.tone(option.look.tone if option.look is not None else Tone.ACTIVE)
                area = self.area(index)
                chip = QRectF(area.left() + 0.5, area.center().y() - 13.5, area.width() - 1, 27)
                focused = self.hasFocus() and index == self._cursor
                ground = tone.ground if on else (colours.hover if index == self._hover else colours.surface)
                edge = colours.focus if focused else (tone.text if on else colours.border)
                painter.setPen(QPen(QColor(edge), 1))
                painter.setBrush(QColor(ground))
                painter.drawRoundedRect(chip, 13.5, 13.5)
                left = chip.left() + 10
                glyph = "check" if on else (option.look.glyph if option.look is not None else option.icon)
                if option.look is not None or option.icon:
                    colour = tone.text if on or option.look is not None else colours.text_quiet
                    theme.paint_icon(painter, glyph, QRectF(left, chip.center().y() - 7, 14, 14), colour)
                    left += 18
                painter.setFont(theme.font())
                painter.setPen(QColor(tone.text if on else colours.text))
                words = QRectF(left, chip.top(), chip.right() - left, chip.height())
                painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, tr(option.text))
                if option.key in self._counts:
                    left += QFontMetricsF(theme.font()).horizontalAdvance(tr(option.text)) + 6
                    painter.setFont(theme.font("caption"))
                    painter.setPen(QColor(tone.text if on else colours.text_quiet))
                    count = QRectF(left, chip.top(), chip.right() - left, chip.height())
                    painter.drawText(count, Qt.AlignmentFlag.AlignVCenter, str(self._counts[option.key]))


class SearchBox(QWidget):
    """One search field whose meaning can be toggled (name ⇄ card number); Enter searches, a pause in typing too."""

    searched = Signal(str, str)
    """mode key and text without surrounding space."""

    def __init__(self, modes: Sequence[Option], *, pause_ms: int = 300) -> None:
        super().__init__()
        self._modes = tuple(modes)
        self._mode = 0
        self._last: tuple[str, str] = (self._modes[0].key, "")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self.field = QLineEdit()
        self.field.setClearButtonEnabled(False)
        self.field.setMinimumWidth(180)
        self.field.setTextMargins(20, 0, 0, 0)
        self._glyph = Glyph("search", 14)
        self._glyph.setParent(self.field)
        self._glyph.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout.addWidget(self.field, 1)
        self.toggle = IconButton("sort", "切换查询方式", on_click=self.next_mode)
        layout.addWidget(self.toggle)
        self.toggle.setVisible(len(self._modes) > 1)  # only with a parent: else it flashes up as a window
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(pause_ms)
        self._pause.timeout.connect(self._search)
        self.field.textEdited.connect(self._pause.start)
        self.field.returnPressed.connect(self._search)
        self._show()

    @property
    def mode(self) -> str:
        """Key of the mode in force."""
        return self._modes[self._mode].key

    @property
    def text(self) -> str:
        """What is typed, without surrounding space."""
        return self.field.text().strip()

    def set_text(self, text: str) -> None:
        """Put text into the field and search for it."""
        self.field.setText(text)
        self._search()

    def next_mode(self) -> None:
        """Toggle to the next meaning; a text that stands there is searched again."""
        self._mode = (self._mode + 1) % len(self._modes)
        self._show()
        self.field.setFocus()
        if self.text:
            self._search()

    def _search(self) -> None:
        self._pause.stop()
        now = (self.mode, self.text)
        if now != self._last:
            self._last = now
            self.searched.emit(*now)

    def _show(self) -> None:
        self._glyph.move(9, (current_theme().metrics.control - 14) // 2)
        self.field.setPlaceholderText(tr(self._modes[self._mode].text))
        self.field.setAccessibleName(tr(self._modes[self._mode].text))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._show()
        super().changeEvent(event)
