"""The calling page on screen: the queue at the left, the chosen patient with big buttons at the right."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from clients.kit.badges import StateBadge
from clients.kit.choosing import AutoRefresh, Option, SearchBox
from clients.kit.coalescing import Coalesced
from clients.kit.connection import LineReport, LineState
from clients.kit.fields import Choice, ChoiceField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.messages import Message
from clients.kit.paging import Align, Column, EmptyWords, RowAction, local_clock, local_time
from clients.kit.shell import Workplace
from clients.kit.states import TICKET_LOOKS, look_of
from clients.kit.tokens import Tone
from clients.kit.translations import on_language_change, tr
from clients.registration.desk import Desk
from clients.registration.exam_actions import RowAction as Intention
from clients.registration.queue.presenter import QueuePresenter
from clients.registration.queue.rooms import RoomStrip
from clients.registration.queue.state import REFRESH_SECONDS, QueueState, waited_minutes
from clients.registration.screen import concerns_queue
from clients.registration.words import choices_of, marks_of, named, patient_of, room_named, sex_and_age, words_of
from shared.contract.base import Notice
from shared.contract.queueing import ForecastError, TicketView
from shared.domain.states import TicketAction, TicketState

_NOBODY = EmptyWords("今天没有候诊患者", "登记后，患者会自动出现在这里。", "users")
_CHOOSE = EmptyWords("没有符合条件的候诊患者", "换一个检查类型、院区或检查室。", "filter")
_NONE_FINISHED = EmptyWords("还没有检查完成的患者", "完成检查后，患者会移到这里。", "check_circle")
_WAITS = (TicketState.WAITING, TicketState.PASSED)


def waiting_words(ticket: TicketView, state: QueueState) -> str:
    """How long a patient waits, or how long until the planned time."""
    if ticket.state not in _WAITS:
        return ""
    minutes = waited_minutes(ticket, state.now)
    if minutes < 0:
        return tr("{minutes} 分钟后", minutes=-minutes)
    return (
        tr("{hours} 小时 {minutes} 分", hours=minutes // 60, minutes=minutes % 60)
        if minutes >= 60
        else tr("{minutes} 分钟", minutes=minutes)
    )


def forecast_words(ticket: TicketView) -> str:
    """When the patient will probably be called: a range, as honest as the forecast is."""
    told = ticket.forecast
    if told is None:
        return ""
    if told.high_minutes <= told.low_minutes + 1:
        return tr("约 {minutes} 分", minutes=told.minutes)
    return tr("{low}–{high} 分", low=told.low_minutes, high=told.high_minutes)


def error_words(error: ForecastError | None) -> str:
    """How far such forecasts were off; empty before there are enough to tell."""
    if error is None or error.count < 20:
        return ""
    return tr("预测误差中位 {minutes} 分", minutes=f"{error.median_error_minutes:.0f}")


class QueuePage(QWidget):
    """叫号."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._place = place
        self._desk = desk
        self.presenter = QueuePresenter(
            place.connection, place.runner, place.messages, desk.actions, place.settings, desk.clock
        )
        self._state = self.presenter.state
        self._rendering = False
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        left = QVBoxLayout()
        left.setContentsMargins(0, 12, 0, 0)
        left.setSpacing(8)
        left.addLayout(self._filters())
        self.rooms = RoomStrip()
        self.rooms.room_chosen.connect(self.presenter.click_room)
        self.rooms.pause_wanted.connect(self.presenter.pause_room)
        self.rooms.resume_wanted.connect(self.presenter.resume_room)
        self.rooms.transfer_wanted.connect(self.presenter.transfer)
        left.addWidget(self.rooms)
        left.addLayout(self._tabs())
        left.addWidget(hairline())
        left.addWidget(self._lists(), 1)
        across.addLayout(left, 1)
        self.card = TicketCard(place, self.presenter)
        across.addWidget(self.card)
        self.setFocusProxy(self.list.table)
        for action, callback in (
            ("queue.next", self.presenter.call_next),
            ("queue.call", self.presenter.call),
            ("queue.pass", self.presenter.pass_number),
            ("queue.start", self.presenter.start_exam),
            ("queue.finish", self.presenter.finish_exam),
            ("queue.room", self.card.open_rooms),
            ("queue.details", self.presenter.show_details),
            ("queue.refresh", self.presenter.refresh),
        ):
            place.actions.on(action, callback)
        self._soon = Coalesced(self.presenter.tick, self)
        place.on_notice(self._heard)
        place.shell.line.changed.connect(self._line_changed)
        self._forget = on_language_change(self._retranslate)
        self.presenter.show_to(self._render)
        desk.with_hospital(self._hospital_came)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _filters(self) -> QHBoxLayout:
        box = QHBoxLayout()
        box.setContentsMargins(16, 0, 16, 0)
        box.setSpacing(16)
        self.filters = FormView(
            [
                Section(
                    "",
                    [
                        ChoiceField(key="exam_type", label="检查类型", choices=[Choice("", "全部")], initial=""),
                        ChoiceField(key="campus_id", label="院区", choices=[Choice(None, "全部")]),
                        ChoiceField(key="room_id", label="检查室", choices=[Choice(None, "全部")]),
                    ],
                )
            ],
            columns=3,
        )
        self.filters.changed.connect(self._filtered)
        box.addWidget(self.filters, 1)
        self.auto = AutoRefresh(float(REFRESH_SECONDS))
        self.auto.due.connect(self.presenter.tick)
        self.auto.clicked.connect(self.presenter.set_auto_refresh)
        box.addWidget(self.auto, 0, Qt.AlignmentFlag.AlignBottom)
        return box

    def _tabs(self) -> QHBoxLayout:
        box = QHBoxLayout()
        box.setContentsMargins(8, 0, 16, 0)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        for title in ("候诊队列", "已检查"):
            self.tabs.addTab(title)
        self.tabs.currentChanged.connect(self._tab_chosen)
        box.addWidget(self.tabs)
        self.search = SearchBox([Option("number", "检查号")])
        self.search.searched.connect(lambda _mode, text: self.presenter.find_finished(text))
        self.search.hide()
        box.addWidget(self.search)
        self._counts = ValueLabel("", "quiet")
        self._counts.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        box.addWidget(self._counts, 1)
        return box

    def _lists(self) -> QStackedWidget:
        self.list = ListView(
            (
                Column("number", "排队号", 72, strong=True, sort=False),
                Column("state", "排队状态", 96, looks=TICKET_LOOKS, sort=False),
                Column("patient", "患者信息", 188, value=_ticket_patient, marks=marks_of, sort=False),
                Column("items", "检查项目", 0, sort=False),
                Column("planned_at", "预检时间", 80, Align.RIGHT, format=local_clock, sort=False),
                Column("waited", "已等候", 104, Align.RIGHT, value=self._waited, sort=False, quiet=True),
                Column("forecast", "预计还需", 112, Align.RIGHT, value=forecast_words, sort=False, quiet=True),
                Column("room_name", "检查室", 104, value=self._room_of, sort=False, quiet=True),
                Column("accession_number", "检查号", 140, sort=False, visible=False, quiet=True),
                Column("image_number", "影像号", 120, sort=False, visible=False, quiet=True),
                Column("call_count", "呼叫次数", 80, Align.RIGHT, sort=False, visible=False, quiet=True),
            ),
            row_id=lambda ticket: ticket.id,
            settings=self._place.settings,
            list_id="queue.waiting",
            empty=_NOBODY,
        )
        self.list.selected.connect(self._selected)
        self.list.activated.connect(lambda _row: self.presenter.show_details())
        self.list.retry.connect(self.presenter.refresh)
        wanted = (Intention.VIEW_IMAGES, Intention.DETAILS)
        self.finished = ListView(
            (
                Column("patient", "患者信息", 188, value=patient_of, marks=marks_of, strong=True, sort=False),
                Column("items", "检查项目", 0, sort=False),
                Column("exam_type", "检查类型", 76, sort=False),
                Column("accession_number", "检查号", 140, sort=False),
                Column("planned_at", "预检时间", 136, format=local_time, sort=False, quiet=True),
                Column("room_name", "检查室", 104, sort=False, quiet=True),
                Column("has_images", "影像", 72, format=_images, sort=False, quiet=True),
            ),
            row_id=lambda row: row.id,
            actions=tuple(
                RowAction(str(intention), *words_of(intention), allowed=_finished_rule(intention))
                for intention in wanted
            ),
            shown_actions=2,
            settings=self._place.settings,
            list_id="queue.finished",
            empty=_NONE_FINISHED,
        )
        self.finished.action_requested.connect(
            lambda action, row: self.presenter.do_finished(Intention(action), row.id)
        )
        self.finished.activated.connect(lambda row: self.presenter.do_finished(Intention.DETAILS, row.id))
        self.finished.retry.connect(self.presenter.refresh)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.finished)
        return self._stack

    def _waited(self, ticket: TicketView) -> str:
        return waiting_words(ticket, self._state)

    def _room_of(self, ticket: TicketView) -> str:
        return room_named(self._state.hospital, ticket.room_id, ticket.room_name)

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _filtered(self, key: str) -> None:
        if self._rendering:
            return
        value = self.filters.value(key)
        if key == "exam_type":
            self.presenter.choose_type(value or "")
        elif key == "campus_id":
            self.presenter.choose_campus(value)
        else:
            self.presenter.choose_room(value)

    def _tab_chosen(self, place: int) -> None:
        self._stack.setCurrentIndex(place)
        self.search.setVisible(place == 1)
        self.presenter.show_finished(place == 1)

    def _selected(self, ticket: Any) -> None:
        if not self._rendering:
            self.presenter.select(ticket.id if ticket is not None else None)

    def _heard(self, notice: Notice) -> None:
        if self.isVisible() and concerns_queue(notice):
            self._soon.poke()
            self._desk.heard_details(notice)

    def _line_changed(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE and self.isVisible():
            self.presenter.refresh()

    @property
    def _line_is_up(self) -> bool:
        return self._place.shell.line.report.state is LineState.ONLINE

    def _scanned(self, code: str) -> None:
        for ticket in self._state.tickets:
            if code in (ticket.accession_number, ticket.number):
                self.list.select_id(ticket.id)
                self.presenter.select(ticket.id)
                return
        self._place.messages.say(tr("当前队列中没有 {number}。", number=code), Tone.WARNING)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _hospital_came(self) -> None:
        if self._desk.hospital is not None:
            self.presenter.start(self._desk.hospital)

    def _render(self, state: QueueState) -> None:
        before, self._state = self._state, state
        self._rendering = True
        try:
            self._show_filters(state)
            if state.tickets is not before.tickets or state.now != before.now:
                self.list.set_rows(state.tickets)
            if state.selected is not None:
                self.list.select_id(state.selected)
        finally:
            self._rendering = False
        self.list.set_loading(state.loading)
        if state.trouble and (self._line_is_up or not state.loaded_once):  # else the window's banner says it
            self.list.show_error(Message(state.trouble, Tone.WARNING))
        filtered = bool(state.exam_type or state.campus_id or state.room_ids)
        self.list.set_empty_words(_CHOOSE if filtered else _NOBODY)
        if state.finished_rows is not before.finished_rows:
            self.finished.set_rows(state.finished_rows)
        self.finished.set_loading(state.finished_loading)
        if state.finished_trouble and self._line_is_up:
            self.finished.show_error(Message(state.finished_trouble, Tone.WARNING))
        self.auto.setChecked(state.auto_refresh)
        self._show_counts()
        self.card.render_state(state)
        self.rooms.render_state(state)
        actions = self._place.actions
        actions.set_enabled("queue.next", state.next_waiting is not None and not state.busy)
        callable_now = state.allows(TicketAction.CALL) or state.allows(TicketAction.CALL_AGAIN)
        actions.set_enabled("queue.call", callable_now)
        for action, wanted in (
            ("queue.pass", TicketAction.PASS),
            ("queue.start", TicketAction.START),
            ("queue.finish", TicketAction.FINISH),
            ("queue.room", TicketAction.CHANGE_ROOM),
        ):
            actions.set_enabled(action, state.allows(wanted))
        actions.set_enabled("queue.details", state.selected_ticket is not None)

    def _show_filters(self, state: QueueState) -> None:
        if state.hospital is None:
            return
        everything = Choice(None, "全部")
        kinds = [Choice(kind.code, f"{kind.code} {named(kind)}", translate=False) for kind in state.hospital.exam_types]
        for key, choices in (
            ("exam_type", [Choice("", "全部"), *kinds]),
            ("campus_id", [everything, *choices_of(state.hospital.campuses)]),
            ("room_id", [everything, *choices_of(state.rooms)]),
        ):
            editor: Any = self.filters.rows[key].editor
            if tuple(choices) != editor.choices:
                self.filters.set_choices(key, choices)
            wanted = getattr(state, key)
            if editor.value() != wanted or editor.box.currentIndex() < 0:
                editor.set_value(wanted)

    def _show_counts(self) -> None:
        state = self._state
        words = tr(
            "候诊 {waiting}　过号 {passed}　已检查 {finished}",
            waiting=state.waiting,
            passed=state.passed,
            finished=state.finished,
        )
        if state.not_signed_in:
            words = tr("未签到 {count}", count=state.not_signed_in) + "　" + words
        told = error_words(state.forecast_error)
        self._counts.set_text((f"{told}　{words}" if told else words) if state.loaded_once else "")
        self.tabs.setTabText(0, tr("候诊队列"))
        self.tabs.setTabText(1, tr("已检查"))

    def _retranslate(self) -> None:
        self._render(self._state)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._scan = self._place.scanner.listen(self._scanned)
        if self._state.loaded_once:
            self.presenter.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._scan()

    def closeEvent(self, event: object) -> None:
        self._forget()
        self._desk.close()


class TicketCard(QFrame):
    """The chosen patient in large type, and the steps that can be done now as big buttons."""

    WIDTH = 304
    """Pixels; big enough for a number that is read from a step away."""

    def __init__(self, place: Workplace, presenter: QueuePresenter) -> None:
        super().__init__()
        self._presenter = presenter
        self._state = presenter.state
        self.setProperty("look", "panel")
        self.setFixedWidth(self.WIDTH)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        self.next = place.actions.button("queue.next", "primary")
        self.next.setStyleSheet("min-height: 46px; max-height: 46px;")
        box.addWidget(self.next)
        self._next_words = ValueLabel("", "caption")
        self._next_words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box.addWidget(self._next_words)
        box.addSpacing(8)
        box.addWidget(hairline())
        box.addSpacing(8)
        head = QHBoxLayout()
        self._number = ValueLabel("", "display")
        head.addWidget(self._number, 1)
        self._badge = StateBadge(TICKET_LOOKS[TicketState.WAITING])
        head.addWidget(self._badge)
        self._head = QWidget()
        self._head.setLayout(head)
        head.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._head)
        self._name = ValueLabel("", "headline")
        self._who = ValueLabel("", "quiet")
        self._what = ValueLabel("", wrap=True)
        self._when = ValueLabel("", "quiet")
        for label in (self._name, self._who, self._what, self._when):
            box.addWidget(label)
        self._hint = Label("在列表中选择患者，或直接呼叫下一位。", "quiet", wrap=True)
        box.addWidget(self._hint)
        box.addSpacing(8)
        self._steps = QWidget()
        steps = QVBoxLayout(self._steps)
        steps.setContentsMargins(0, 0, 0, 0)
        steps.setSpacing(8)
        for row in (("queue.call", "queue.pass"), ("queue.start", "queue.finish"), ("queue.room", "queue.details")):
            line = QHBoxLayout()
            line.setSpacing(8)
            for action in row:
                line.addWidget(place.actions.button(action), 1)
            steps.addLayout(line)
        box.addWidget(self._steps)
        box.addStretch(1)

    def render_state(self, state: QueueState) -> None:
        """Show the chosen ticket."""
        self._state = state
        first = state.next_waiting
        room = state.room
        if first is not None:
            words = tr("下一位：{number} {name}", number=first.number, name=first.patient_name)
        else:
            words = tr("没有候诊患者。") if state.loaded_once else ""
        if room is None and first is not None:
            words += f"（{first.room_name}）"
        self._next_words.set_text(words)
        ticket = state.selected_ticket
        for widget in (self._head, self._name, self._who, self._what, self._when, self._steps):
            widget.setVisible(ticket is not None)
        self._hint.setVisible(ticket is None)
        if ticket is None:
            return
        self._number.set_text(ticket.number)
        self._badge.set_look(look_of(TICKET_LOOKS, ticket.state))
        self._name.set_text(ticket.patient_name)
        marks = "　".join(tr(mark.text) for mark in marks_of(ticket))
        self._who.set_text("　".join(part for part in (sex_and_age(ticket.sex, ticket.age), marks) if part))
        self._what.set_text(f"{ticket.exam_type}　{ticket.items}")
        called = tr("已呼叫 {count} 次", count=ticket.call_count) if ticket.call_count else ""
        self._when.set_text("　".join(part for part in (local_clock(ticket.planned_at), called) if part))

    def open_rooms(self) -> None:
        """修改检查室: the other rooms that can do the exam."""
        ticket = self._state.selected_ticket
        hospital = self._state.hospital
        if ticket is None or hospital is None or not self._state.allows(TicketAction.CHANGE_ROOM):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for room in hospital.rooms:
            if ticket.exam_type in room.exam_types and room.id != ticket.room_id:
                menu.addAction(named(room)).triggered.connect(partial(self._room_chosen, room.id))
        if menu.isEmpty():
            menu.addAction(tr("没有其他检查室可做此检查")).setEnabled(False)
        self.rooms_menu = menu
        button: QWidget | None = self.findChild(QWidget, "queue.room")
        anchor = button if button is not None else self
        menu.popup(anchor.mapToGlobal(anchor.rect().bottomLeft()))

    def _room_chosen(self, room_id: int, _checked: bool = False) -> None:
        self._presenter.change_room(room_id)


def _ticket_patient(ticket: TicketView) -> str:
    return f"{ticket.patient_name}  {sex_and_age(ticket.sex, ticket.age)}"


def _images(has_images: bool) -> str:
    return tr("已上传") if has_images else tr("未上传")


def _finished_rule(intention: Intention) -> Any:
    if intention is Intention.VIEW_IMAGES:
        return lambda row: row.has_images
    return lambda _row: True
