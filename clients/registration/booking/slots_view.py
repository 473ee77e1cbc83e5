"""预约选号: the slots of the room that was chosen in the form, and the first free ones over all rooms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from clients.kit.labels import Button, IconButton, Label, ValueLabel
from clients.kit.paging import local_clock
from clients.kit.slots import Slot, SlotGrid
from clients.kit.translations import tr
from clients.registration.booking.offers import Offer, OfferCard
from clients.registration.booking.presenter import BookingPresenter
from clients.registration.booking.slot_intentions import is_bookable
from clients.registration.booking.state import BookingState
from clients.registration.words import room_named
from shared.contract.exams import SlotOffer, SlotView
from shared.contract.scheduling import FreeSlot

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

_NOTES = {
    SlotOffer.RESERVED: "留号",
    SlotOffer.TOO_SHORT: "时长不足",
    SlotOffer.OVERBOOK: "加号",
    SlotOffer.NOT_OPEN: "未开放",
}


class SlotsView(QWidget):
    """The day and its slots; says what to do while no room is chosen."""

    def __init__(self, presenter: BookingPresenter, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._presenter = presenter
        self._clock = clock
        self._state = presenter.state
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(8)
        layout.addLayout(self._head())
        self.free = OfferCard("最早可约", "clock", presenter.dismiss_free)
        layout.addWidget(self.free)
        self._words = Label("", "quiet", wrap=True)
        layout.addWidget(self._words)
        self.grid = SlotGrid()
        self.grid.chosen.connect(lambda key: presenter.choose_slot(int(key)))
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 4, 0)
        box.addWidget(self.grid)
        box.addStretch(1)
        self._area.setWidget(inner)
        layout.addWidget(self._area, 1)
        layout.addStretch(0)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label("预约选号", "strong"))
        self._room = ValueLabel("", "quiet")
        head.addWidget(self._room, 1)
        self.first = Button("最早可约", "link", on_click=self._presenter.find_free)
        self._back = IconButton("chevron_left", "前一天", on_click=lambda: self._move(-1), small=True)
        self._day = ValueLabel("")
        self._day.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._day.setFixedWidth(96)
        self._day.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._on = IconButton("chevron_right", "后一天", on_click=lambda: self._move(1), small=True)
        self._today = Button("今天", "link", on_click=self._to_today)
        for widget in (self.first, self._today, self._back, self._day, self._on):
            head.addWidget(widget)
        return head

    def _move(self, days: int) -> None:
        day = self._state.slot_day + timedelta(days=days)
        if day >= self._state.today:
            self._presenter.choose_day(day)

    def _to_today(self) -> None:
        self._presenter.choose_day(self._state.today)

    def render_state(self, state: BookingState) -> None:
        """Show the slots of a state."""
        self._state = state
        room_id = state.form.room_id
        self._room.set_text(room_named(state.hospital, room_id, "") if room_id is not None else "")
        for widget in (self._back, self._day, self._on):
            widget.setVisible(room_id is not None)
        self.first.setEnabled(not state.free_searching)
        self._today.setVisible(room_id is not None and state.slot_day != state.today)
        self._back.setEnabled(state.slot_day > state.today)
        self._day.set_text(f"{state.slot_day:%m-%d} {tr(WEEKDAYS[state.slot_day.weekday()])}")
        self.free.show_offers([self._offer(found) for found in state.free])
        now = self._clock()
        self.grid.set_slots([slot_cell(slot, state.form.slot_id, now) for slot in state.slots])
        self.grid.set_current(str(state.form.slot_id) if state.form.slot_id is not None else "")
        self._area.setVisible(bool(state.slots))
        self._say(state)

    def _offer(self, found: FreeSlot) -> Offer:
        start = found.slot.starts_at.astimezone()
        when = f"{start:%m-%d} {tr(WEEKDAYS[start.weekday()])} {start:%H:%M}"
        room = room_named(self._state.hospital, found.slot.room_id, "")
        quiet = tr("约 {minutes} 分钟", minutes=found.minutes) if found.minutes else ""
        return Offer(f"{when}　{room}", quiet, "选择", partial(self._presenter.take_free, found))

    def _say(self, state: BookingState) -> None:
        if state.free_hint:
            self._words.setText(state.free_hint)
            self._words.setVisible(True)
            return
        if state.form.room_id is None:
            words = "在右侧选择检查室后，这里显示可预约的号源。"
        elif state.slots:
            words = ""
        elif state.slots_loading:
            words = "正在加载号源…"
        elif state.slots_hint:
            words = ""
        else:
            words = "这一天没有开放号源，请换一天，或直接填写预检时间。"
        self._words.set_source(words)
        if state.slots_hint and not state.slots:
            self._words.setText(state.slots_hint)
        self._words.setVisible(bool(self._words.text()))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "_words"):
            self.render_state(self._state)
        super().changeEvent(event)


def slot_cell(slot: SlotView, chosen: int | None, now: datetime) -> Slot:
    """A slot as the grid shows it; the chosen one can always be clicked again, to give it back."""
    left = max(1, slot.capacity - slot.taken) if is_bookable(slot) else 0
    return Slot(
        str(slot.id),
        local_clock(slot.starts_at),
        max(1, left) if slot.id == chosen else left,
        slot.capacity,
        past=slot.ends_at <= now,
        note="" if slot.id == chosen else _NOTES.get(slot.offer, ""),
    )
