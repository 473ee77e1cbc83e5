"""The rooms of the technician above the queue: counters, who works on which, pause, and moving a whole queue."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QSizePolicy, QWidget

from clients.kit.labels import IconButton
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.queue.state import QueueState
from clients.registration.words import named
from shared.contract.organisation import RoomView
from shared.contract.queueing import QueueRoomView

REASONS = ("设备校准", "设备故障", "房间消毒", "抢救患者", "交接班")
"""Why a room calls nobody; also what the hall reads."""
_HEIGHT = 48


def counter_words(room: QueueRoomView) -> str:
    """What is to be seen of a room at a glance."""
    parts = [tr("候诊 {count}", count=room.waiting)]
    if room.not_signed_in:
        parts.append(tr("未签到 {count}", count=room.not_signed_in))
    if room.passed:
        parts.append(tr("过号 {count}", count=room.passed))
    if room.examining:
        parts.append(tr("检查中 {count}", count=room.examining))
    return " · ".join(parts)


class RoomChip(QWidget):
    """One room; a click chooses it, Ctrl+click adds it to those already chosen."""

    chosen = Signal(bool)
    """the room was clicked; True: beside the others."""
    menu_wanted = Signal(QPoint)
    """the room's menu, at this place of the screen."""

    def __init__(self) -> None:
        super().__init__()
        self._name, self._words, self._is_on, self._is_paused = "", "", False, False
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_room(self, name: str, counters: QueueRoomView | None, *, is_on: bool) -> None:
        """Fill in."""
        self._name, self._is_on = name, is_on
        self._is_paused = counters is not None and counters.is_paused
        self._words = "" if counters is None else counter_words(counters)
        if counters is not None and counters.is_paused:
            self._words = tr("已暂停：{reason}", reason=tr(counters.pause_reason or "未说明原因"))
        self.setAccessibleName(f"{name} {self._words}")
        self.setToolTip(tr("点击只看此检查室；按住 Ctrl 点击可同时看几个检查室；右键可暂停或整体转移"))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(
            max(metrics.horizontalAdvance(self._name) + 34, metrics.horizontalAdvance(self._words) + 28), _HEIGHT
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("accent" if self._is_on else "border"))
        painter.setBrush(theme.colour("selected" if self._is_on else "surface"))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
        painter.setFont(theme.font("body", bold=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(self.rect().adjusted(12, 5, -8, -24), Qt.AlignmentFlag.AlignVCenter, self._name)
        painter.setFont(theme.font("caption"))
        tone = theme.tone(Tone.WARNING).text if self._is_paused else None
        painter.setPen(tone or theme.colour("text_quiet"))
        painter.drawText(self.rect().adjusted(12, 24, -8, -4), Qt.AlignmentFlag.AlignVCenter, self._words)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.RightButton:
            self.menu_wanted.emit(event.globalPosition().toPoint())
        else:
            self.chosen.emit(bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))


class RoomStrip(QWidget):
    """Chips of the rooms of the chosen campus and type, with the menu of the chosen one."""

    room_chosen = Signal(int, bool)
    """a room's id, and whether beside the others."""
    pause_wanted = Signal(int, str)
    """a room's id and the reason."""
    resume_wanted = Signal(int)
    """a room's id."""
    transfer_wanted = Signal(int, int)
    """from which room to which."""

    def __init__(self) -> None:
        super().__init__()
        self._state: QueueState | None = None
        self.chips: dict[int, RoomChip] = {}
        across = QHBoxLayout(self)
        across.setContentsMargins(16, 0, 16, 0)
        across.setSpacing(8)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        area.setFixedHeight(_HEIGHT + 18)  # room for the bar below the chips
        inside = QWidget()
        self._line = QHBoxLayout(inside)
        self._line.setContentsMargins(0, 0, 0, 4)
        self._line.setSpacing(8)
        self._line.addStretch(1)
        area.setWidget(inside)
        across.addWidget(area, 1)
        self.more = IconButton("more", "检查室操作", on_click=self._open_chosen)
        across.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        self.menu: QMenu | None = None

    def render_state(self, state: QueueState) -> None:
        """Show the rooms and their counters."""
        self._state = state
        counters = {room.room_id: room for room in state.room_counters}
        wanted = [room for room in state.rooms if room.id in counters] if len(state.rooms) > 1 else []
        if [room.id for room in wanted] != list(self.chips):
            self._rebuild([room.id for room in wanted])
        for room in wanted:
            chip = self.chips[room.id]
            chip.show_room(named(room), counters.get(room.id), is_on=room.id in state.room_ids)
        self.setVisible(bool(wanted))
        self.more.setEnabled(len(state.room_ids) == 1)

    def _rebuild(self, room_ids: list[int]) -> None:
        for chip in self.chips.values():
            self._line.removeWidget(chip)
            chip.deleteLater()
        self.chips = {}
        for place, room_id in enumerate(room_ids):
            chip = self.chips[room_id] = RoomChip()
            chip.chosen.connect(partial(self.room_chosen.emit, room_id))
            chip.menu_wanted.connect(partial(self.open_menu, room_id))
            self._line.insertWidget(place, chip)

    def _open_chosen(self) -> None:
        if self._state is not None and len(self._state.room_ids) == 1:
            self.open_menu(self._state.room_ids[0], self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def open_menu(self, room_id: int, place: QPoint) -> None:
        """Pause or resume, and the rooms that can take the queue over."""
        state = self._state
        if state is None:
            return
        rooms = {room.id: room for room in state.rooms}
        counters = next((room for room in state.room_counters if room.room_id == room_id), None)
        if room_id not in rooms or counters is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if counters.is_paused:
            menu.addAction(tr("恢复叫号")).triggered.connect(lambda: self.resume_wanted.emit(room_id))
        else:
            pause = menu.addMenu(tr("暂停叫号"))
            for reason in REASONS:
                pause.addAction(tr(reason)).triggered.connect(partial(self._pause, room_id, reason))
        move = menu.addMenu(tr("整个队列转到"))
        for target in _takers(rooms[room_id], state):
            move.addAction(named(target)).triggered.connect(partial(self._transfer, room_id, target.id))
        move.setEnabled(bool(counters.waiting + counters.called + counters.passed + counters.not_signed_in))
        self.menu = menu
        menu.popup(place)

    def _pause(self, room_id: int, reason: str, _checked: bool = False) -> None:
        self.pause_wanted.emit(room_id, reason)

    def _transfer(self, room_id: int, target_id: int, _checked: bool = False) -> None:
        self.transfer_wanted.emit(room_id, target_id)


def _takers(room: RoomView, state: QueueState) -> list[RoomView]:
    """Rooms that do something of what this room does."""
    rooms = () if state.hospital is None else state.hospital.rooms
    return [other for other in rooms if other.id != room.id and set(other.exam_types) & set(room.exam_types)]
