"""预约日历: room and days above, the grid below, and what a move still needs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.coalescing import Coalesced
from clients.kit.connection import LineReport, LineState
from clients.kit.fields import ChoiceField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, Glyph, IconButton, Label, ValueLabel, hairline
from clients.kit.shell import Workplace
from clients.kit.tokens import Tone
from clients.kit.translations import on_language_change, tr
from clients.registration.calendar.grid import LoadGrid
from clients.registration.calendar.presenter import CalendarPresenter
from clients.registration.calendar.state import CalendarState
from clients.registration.desk import Desk
from clients.registration.measures import short_time
from clients.registration.words import choices_of
from shared.contract.base import Changed, Notice


class CalendarPage(QWidget):
    """The load of one room. Enter picks an appointment up and puts it down; the bar below asks for the reason."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._place = place
        self._desk = desk
        self._rendering = False
        self.presenter = CalendarPresenter(place.connection, place.runner, place.messages, desk.actions, desk.clock)
        self._state = self.presenter.state
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._head())
        layout.addWidget(hairline())
        self._empty = Label("", "quiet", wrap=True)
        self._empty.setContentsMargins(16, 8, 16, 8)
        layout.addWidget(self._empty)
        self.grid = LoadGrid()
        self.grid.picked.connect(self.presenter.pick_up)
        self.grid.dropped.connect(self._dropped)
        self.grid.opened.connect(self.presenter.open)
        self.grid.given_up.connect(self.presenter.put_back)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self.grid)
        layout.addWidget(self._area, 1)
        layout.addWidget(self._move_bar())
        self.setFocusProxy(self.grid)
        for action, callback in (
            ("calendar.refresh", self.presenter.refresh),
            ("calendar.today", self.presenter.to_today),
            ("calendar.back", lambda: self.presenter.move(-1)),
            ("calendar.on", lambda: self.presenter.move(1)),
        ):
            place.actions.on(action, callback)
        self._soon = Coalesced(self.presenter.refresh, self)
        place.on_notice(self._heard)
        place.shell.line.changed.connect(self._line_changed)
        self._forget = on_language_change(self._retranslate)
        self.presenter.show_to(self._render)
        desk.with_hospital(self._hospital_came)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 0)
        head.setSpacing(8)
        self.room = FormView([Section("", [ChoiceField(key="room_id", label="检查室")])], columns=1)
        self.room.setMinimumWidth(220)
        self.room.changed.connect(self._room_chosen)
        head.addWidget(self.room)
        self.days = SegmentedControl([Option("7", "周"), Option("1", "日")], "7")
        self.days.chosen.connect(lambda key: self.presenter.choose_days(int(key)))
        head.addWidget(self.days, 0, Qt.AlignmentFlag.AlignBottom)
        side = Qt.AlignmentFlag.AlignBottom
        head.addWidget(IconButton("chevron_left", "往前", on_click=lambda: self.presenter.move(-1)), 0, side)
        self._span = ValueLabel("", "strong")
        self._span.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._span.setFixedWidth(170)
        self._span.setAlignment(Qt.AlignmentFlag.AlignCenter)
        head.addWidget(self._span, 0, side)
        head.addWidget(IconButton("chevron_right", "往后", on_click=lambda: self.presenter.move(1)), 0, side)
        head.addWidget(self._place.actions.button("calendar.today"), 0, side)
        self._load = ValueLabel("", "quiet")
        head.addWidget(self._load, 1, side)
        hint = Label("回车或拖动可改约，空格查看详情", "caption")
        head.addWidget(hint, 0, side)
        return head

    def _move_bar(self) -> QFrame:
        bar = QFrame()
        bar.setProperty("look", "card")
        line = QHBoxLayout(bar)
        line.setContentsMargins(16, 8, 16, 8)
        line.setSpacing(8)
        self._glyph = Glyph("calendar", 16)
        line.addWidget(self._glyph)
        self._words = ValueLabel("")
        line.addWidget(self._words, 1)
        self.reason = QLineEdit()
        self.reason.setMaxLength(200)
        self.reason.textEdited.connect(self.presenter.type_reason)
        self.reason.returnPressed.connect(self.presenter.confirm)
        self.reason.setFixedWidth(320)
        line.addWidget(self.reason)
        self._wrong = Label("", "error")
        line.addWidget(self._wrong)
        self.give_up = Button("放弃", on_click=self.presenter.put_back)
        self.confirm = Button("改约", "primary", on_click=self.presenter.confirm)
        line.addWidget(self.give_up)
        line.addWidget(self.confirm)
        self.bar = bar
        bar.hide()
        return bar

    def _hospital_came(self) -> None:
        hospital = self._desk.hospital
        if hospital is None or not hospital.rooms:
            return
        self._rendering = True
        try:
            self.room.set_choices("room_id", choices_of(hospital.rooms))
        finally:
            self._rendering = False
        if self._state.room_id is None:
            remembered = self._place.settings.get("calendar/room")
            known = {room.id for room in hospital.rooms}
            self.presenter.choose_room(remembered if remembered in known else hospital.rooms[0].id)
        self._render(self._state)

    def _room_chosen(self, _key: str) -> None:
        room_id: Any = self.room.value("room_id")
        if not self._rendering and room_id is not None:
            self._place.settings.set("calendar/room", room_id)
            self.presenter.choose_room(room_id)

    def _dropped(self, day: Any, slot_id: int) -> None:
        self.presenter.put_down(day, slot_id)
        if self._state.target is not None:
            self.reason.setFocus(Qt.FocusReason.OtherFocusReason)

    def _render(self, state: CalendarState) -> None:
        before, self._state = self._state, state
        self._rendering = True
        try:
            if self.room.value("room_id") != state.room_id:
                self.room.set_values({"room_id": state.room_id})
        finally:
            self._rendering = False
        self.days.set_current(str(state.days))
        last = state.first_day + timedelta(days=state.days - 1)
        span = f"{state.first_day:%Y-%m-%d}" if state.days == 1 else f"{state.first_day:%Y-%m-%d} – {last:%m-%d}"
        self._span.set_text(span)
        words = tr("已约 {taken} / {places}", taken=state.taken, places=state.places) if state.loaded_once else ""
        self._load.set_text(words)
        self.grid.show_state(state)
        self._say(state)
        self._show_move(before, state)

    def _say(self, state: CalendarState) -> None:
        words = ""
        if state.loading and not state.loaded_once:
            words = tr("正在加载号源…")
        elif state.trouble and not state.load:
            words = state.trouble
        elif state.loaded_once and not any(day.slots for day in state.load):
            words = tr("这几天没有开放号源，请换一周或另选检查室。")
        self._empty.setText(words)
        self._empty.setVisible(bool(words))

    def _show_move(self, before: CalendarState, state: CalendarState) -> None:
        picked, target = state.picked, state.target
        self.bar.setVisible(picked is not None or bool(state.trouble and state.load))
        words = ""
        if picked is not None and target is None:
            words = tr("{name}：选择新的时段，回车放下，Esc 放弃", name=picked.patient_name)
        elif picked is not None and target is not None:
            old, new = short_time(picked.starts_at), short_time(target.slot.starts_at)
            words = f"{picked.patient_name}　{old} → {new}"
        self._words.set_text(words)
        self._glyph.set_glyph("alert" if state.trouble else "calendar", Tone.WARNING if state.trouble else None)
        self.reason.setVisible(target is not None)
        self.confirm.setVisible(target is not None)
        self.confirm.setEnabled(not state.moving)
        self.give_up.setVisible(picked is not None)
        self._wrong.setText(state.trouble if state.load else "")
        self._wrong.setVisible(bool(self._wrong.text()))
        if self.reason.text() != state.reason:
            self.reason.setText(state.reason)
        if before.target is not None and target is None:
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _heard(self, notice: Notice) -> None:
        is_near = isinstance(notice, Changed) and notice.entity in ("slots", "schedule", "exam")
        if is_near and self.isVisible():
            self._soon.poke()

    def _line_changed(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE and self.isVisible():
            self.presenter.refresh()

    def _retranslate(self) -> None:
        self.reason.setPlaceholderText(tr("改约原因，回车确认"))
        self._hospital_came()
        self._render(self._state)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reason.setPlaceholderText(tr("改约原因，回车确认"))
        if self._state.loaded_once:
            self.presenter.refresh()

    def closeEvent(self, event: object) -> None:
        self._forget()
        self._desk.close()
