"""The command palette (Ctrl+K): every action that can be done now, found by Chinese, English or pinyin initials."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from clients.kit.actions import Action
from clients.kit.pinyin import initials, matches
from clients.kit.theme import current_theme
from clients.kit.translations import Language, tr, tr_in

Command = tuple[Action, Callable[[], None]]
_ROW = 36


def find_commands(commands: Sequence[Command], typed: str) -> list[Command]:
    """Commands that match, best first: words that begin with what was typed, then initials, then anything else."""
    wanted = typed.strip().lower()
    if not wanted:
        return list(commands)
    ranked = []
    for place, (action, run) in enumerate(commands):
        chinese, english = tr_in(Language.CHINESE, action.text), tr_in(Language.ENGLISH, action.text)
        if chinese.startswith(wanted) or english.lower().startswith(wanted):
            rank = 0
        elif initials(chinese).startswith(wanted):
            rank = 1
        elif matches(chinese, wanted) or all(word in english.lower() for word in wanted.split()):
            rank = 2
        else:
            continue
        ranked.append((rank, place, (action, run)))
    return [command for _rank, _place, command in sorted(ranked, key=lambda item: item[:2])]


class CommandPalette(QFrame):
    """A field and what it finds; Up, Down, Enter, Escape."""

    def __init__(self, commands: Sequence[Command], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("look", "card")
        self._commands = list(commands)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("输入操作名称、英文或拼音首字母"))
        layout.addWidget(self.field)
        self.results = _Results()
        layout.addWidget(self.results)
        self.results.picked.append(self._run)
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.setFixedWidth(560)
        self._search("")

    def open_over(self, window: QWidget) -> None:
        """Show in the upper middle of `window`."""
        self.adjustSize()
        self.move(window.mapToGlobal(QPoint((window.width() - self.width()) // 2, window.height() // 8)))
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            if step is not None:
                self.results.move_by(step)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                command = self.results.current
                if command is not None:
                    self._run(command)
                return True
        return False

    def _search(self, typed: str) -> None:
        self.results.show_commands(find_commands(self._commands, typed))
        self.adjustSize()

    def _run(self, command: Command) -> None:
        self.close()
        command[1]()


class _Results(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._commands: list[Command] = []
        self._at = 0
        self._top = 0
        self.picked: list[Callable[[Command], None]] = []
        self.setMouseTracking(True)

    @property
    def current(self) -> Command | None:
        return self._commands[self._at] if self._commands else None

    @property
    def commands(self) -> list[Command]:
        return self._commands

    def show_commands(self, commands: list[Command]) -> None:
        self._commands = commands
        self._at = self._top = 0
        self.setFixedHeight(_ROW * max(1, min(10, len(commands))))
        self.update()

    def move_by(self, step: int) -> None:
        if self._commands:
            self._at = (self._at + step) % len(self._commands)
            self._top = min(max(self._top, self._at - 9), self._at)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._top + int(event.position().y()) // _ROW
        if at < len(self._commands):
            self._at = at
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at = self._top + int(event.position().y()) // _ROW
        if at < len(self._commands):
            for listener in self.picked:
                listener(self._commands[at])

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if not self._commands:
                painter.setPen(QColor(colours.text_quiet))
                painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("没有符合的操作，换个词试试"))
                return
            for i, (action, _run) in enumerate(self._commands[self._top : self._top + 10]):
                area = QRectF(0, i * _ROW, self.width(), _ROW)
                if self._top + i == self._at:
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(QColor(colours.selected))
                    painter.drawRoundedRect(area.adjusted(0, 1, 0, -1), 4, 4)
                if action.icon:
                    theme.paint_icon(painter, action.icon, QRectF(12, area.center().y() - 8, 16, 16))
                painter.setFont(theme.font())
                painter.setPen(QColor(colours.text))
                painter.drawText(area.adjusted(40, 0, -120, 0), Qt.AlignmentFlag.AlignVCenter, tr(action.text))
                if action.shortcut:
                    keys = QKeySequence(action.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
                    painter.setFont(theme.font("caption"))
                    painter.setPen(QColor(colours.text_quiet))
                    right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
                    painter.drawText(area.adjusted(0, 0, -12, 0), right, keys)
