"""The panel of rooms and slots on screen: exam, room, day, slots, reason, and what became of the appointment."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, IconButton, Label, ValueLabel, hairline
from clients.kit.slots import SlotGrid
from clients.kit.translations import tr
from clients.registration.booking.slots_view import WEEKDAYS, slot_cell
from clients.registration.booking.warnings import WarningCard
from clients.registration.measures import short_time
from clients.registration.picking.presenter import PickPresenter
from clients.registration.picking.state import PickState
from clients.registration.words import choices_of, patient_of
from shared.contract.base import Notice
from shared.contract.scheduling import RescheduleView

REASONS = ("患者原因", "准备不足", "设备故障", "检查室停诊")


class PickPanel(QWidget):
    """Room, day and slot in the side panel; Enter in the reason saves."""

    WIDTH = 420

    def __init__(self, presenter: PickPresenter, button: str) -> None:
        super().__init__()
        self._presenter = presenter
        self._rendering = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        self._who = ValueLabel("", "strong")
        self._what = ValueLabel("", "quiet")
        self._what.setWordWrap(True)
        layout.addWidget(self._who)
        layout.addWidget(self._what)
        layout.addWidget(hairline())
        self.room = FormView([Section("", [ChoiceField(key="room_id", label="检查室", required=True)])], columns=1)
        self.room.changed.connect(self._room_changed)
        layout.addWidget(self.room)
        layout.addLayout(self._day_line())
        self.grid = SlotGrid()
        self.grid.chosen.connect(lambda key: presenter.choose_slot(int(key)))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        box = QVBoxLayout(inner)
        box.setContentsMargins(0, 0, 4, 0)
        box.addWidget(self.grid)
        self._empty = Label("", "quiet", wrap=True)
        box.addWidget(self._empty)
        box.addStretch(1)
        area.setWidget(inner)
        layout.addWidget(area, 1)
        self.warnings = WarningCard()
        layout.addWidget(self.warnings)
        self.reasons = QWidget()
        usual = QHBoxLayout(self.reasons)
        usual.setContentsMargins(0, 0, 0, 0)
        usual.setSpacing(4)
        for reason in REASONS:
            usual.addWidget(Button(reason, "link", on_click=partial(self._reason_chosen, reason)))
        usual.addStretch(1)
        self.reason = FormView([Section("", [TextField(key="reason", label="改约原因", max_length=200)])], columns=1)
        self.reason.changed.connect(lambda _key: self._reason_typed())
        self.reason.submitted.connect(presenter.save)
        layout.addWidget(self.reason)
        layout.addWidget(self.reasons)
        self._wrong = Label("", "error", wrap=True)
        layout.addWidget(self._wrong)
        self.save = Button(button, "primary", on_click=presenter.save)
        layout.addWidget(self.save)
        self._history = ValueLabel("", "caption")
        self._history.setWordWrap(True)
        layout.addWidget(self._history)
        presenter.show_to(self.render_state)

    def _day_line(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        self._back = IconButton("chevron_left", "前一天", on_click=lambda: self._move(-1), small=True)
        self._day = ValueLabel("", "strong")
        self._day.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._on = IconButton("chevron_right", "后一天", on_click=lambda: self._move(1), small=True)
        line.addWidget(self._back)
        line.addWidget(self._day, 1)
        line.addWidget(self._on)
        return line

    def heard(self, notice: Notice) -> None:
        """A notice of the server."""
        self._presenter.heard(notice)

    def _move(self, days: int) -> None:
        self._presenter.choose_day(self._presenter.state.day + timedelta(days=days))

    def _room_changed(self, _key: str) -> None:
        room_id: Any = self.room.value("room_id")
        if not self._rendering and room_id is not None:
            self._presenter.choose_room(room_id)

    def _reason_chosen(self, reason: str) -> None:
        self._presenter.type_reason(tr(reason))

    def _reason_typed(self) -> None:
        if not self._rendering:
            self._presenter.type_reason(str(self.reason.value("reason") or ""))

    def render_state(self, state: PickState) -> None:
        """Show a state."""
        self._rendering = True
        try:
            self._who.set_text(f"{patient_of(state.exam)}　{state.exam.accession_number}")
            planned = short_time(state.exam.planned_at)
            self._what.set_text(f"{state.exam.exam_type} {state.exam.items}　{tr('现在')} {planned}")
            choices: list[Choice] = choices_of(state.rooms)
            editor: Any = self.room.rows["room_id"].editor
            if tuple(choices) != editor.choices:
                self.room.set_choices("room_id", choices)
            if editor.value() != state.room_id:
                editor.set_value(state.room_id)
            if self.reason.value("reason") != state.reason:
                self.reason.set_values({"reason": state.reason})
        finally:
            self._rendering = False
        self._back.setEnabled(state.day > state.today)
        self._day.set_text(f"{state.day:%Y-%m-%d} {tr(WEEKDAYS[state.day.weekday()])}")
        now = datetime.now().astimezone()
        self.grid.set_slots([slot_cell(slot, state.slot_id, now) for slot in state.slots])
        self.grid.set_current(str(state.slot_id) if state.slot_id is not None else "")
        words = "正在加载号源…" if state.loading and not state.slots else ""
        if not state.slots and not state.loading:
            words = "没有能做该检查的检查室。" if state.room_id is None else "这一天没有开放号源，请换一天。"
        self._empty.set_source(words)
        self._empty.setVisible(bool(words))
        self.warnings.show_warnings(state.warnings)
        self.reason.setVisible(state.needs_reason)
        self.reasons.setVisible(state.needs_reason)
        self._wrong.setText(state.trouble)
        self._wrong.setVisible(bool(state.trouble))
        self.save.setEnabled(not state.saving and not state.done)
        self._show_history(state)

    def _show_history(self, state: PickState) -> None:
        names = {room.id: room.name for room in state.rooms}
        lines = [_move_words(move, names) for move in state.history.reschedules[:4]]
        if state.history.no_shows:
            lines.append(tr("近一年爽约 {count} 次", count=len(state.history.no_shows)))
        self._history.set_text("\n".join(lines))
        self._history.setVisible(bool(lines))


def _move_words(move: RescheduleView, rooms: dict[int, str]) -> str:
    before = f"{rooms.get(move.from_room_id, '')} {short_time(move.from_planned_at)}".strip()
    after = f"{rooms.get(move.to_room_id, '')} {short_time(move.to_planned_at)}".strip()
    return f"{short_time(move.at)} {move.user_name}：{before} → {after}　{move.reason}"
