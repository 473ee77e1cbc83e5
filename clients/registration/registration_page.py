"""检查登记: today's list and slots on the left, the new booking on the right (RIS-REG-01)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from clients.kit.coalescing import Coalesced
from clients.kit.connection import LineReport, LineState
from clients.kit.shell import Workplace
from clients.registration.booking.slots_view import SlotsView
from clients.registration.booking.state import BookingState
from clients.registration.booking.view import BookingView
from clients.registration.desk import Desk
from clients.registration.screen import concerns_exams
from clients.registration.today.presenter import TodayPresenter
from clients.registration.today.view import TodayView
from shared.contract.base import Changed, Notice

ROOM_FOR_BOTH = 900
"""Pixels that list and form need beside each other."""


class RegistrationPage(QWidget):
    """Puts the three parts together; they know nothing of each other."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._place = place
        self._desk = desk
        self.today_presenter = TodayPresenter(place.connection, place.runner, place.messages, desk.actions, desk.clock)
        self.presenter = desk.booking_presenter(self._registered)
        self.today = TodayView(
            self.today_presenter, place.settings, lambda: place.shell.line.report.state is LineState.ONLINE
        )
        self.slots = SlotsView(self.presenter, desk.clock)
        self.booking = BookingView(self.presenter, place.actions)
        self.presenter.show_to(self._render)
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.today)
        left.addWidget(self.slots)
        left.setStretchFactor(0, 3)
        left.setStretchFactor(1, 1)
        left.setSizes([480, 216])
        left.setChildrenCollapsible(False)
        across = QSplitter(Qt.Orientation.Horizontal)
        across.addWidget(left)
        across.addWidget(self.booking)
        across.setChildrenCollapsible(False)
        across.setStretchFactor(0, 1)
        across.setStretchFactor(1, 1)
        left.setMinimumWidth(320)
        self.booking.setMinimumWidth(580)
        across.setSizes([714, 580])
        self._left = left
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(across)
        self.setFocusProxy(self.booking.number)
        for action, callback in (
            ("registration.submit", self.booking.do_submit),
            ("registration.clear", self.booking.do_clear),
            ("registration.number", self.booking.focus_number),
            ("registration.items", self.booking.focus_items),
            ("registration.paper", desk.show_paper),
            ("registration.likeliest", self.presenter.use_likeliest),
            ("registration.safe", self.booking.answer_rest_no),
            ("registration.search", self._focus_search),
            ("registration.refresh", self._refresh),
            ("registration.printers", desk.show_printers),
        ):
            place.actions.on(action, callback)
        self.today.opened.connect(lambda row: desk.actions.show_details(row.id))
        self._soon = Coalesced(self._refresh, self)
        self._slots_soon = Coalesced(self.presenter.reload_slots, self)
        place.on_notice(self._heard)
        place.shell.line.changed.connect(self._line_changed)
        self._forget_scanner = place.scanner.listen(self._scanned)
        desk.paper.listen(self.booking.show_paper)
        desk.paper.start()
        desk.with_hospital(self._hospital_came)
        self.today_presenter.refresh()

    def edit_exam(self, exam_id: int) -> None:
        """编辑登记 in the right half."""
        self.presenter.edit_exam(exam_id)

    def _hospital_came(self) -> None:
        hospital = self._desk.hospital
        if hospital is not None:
            self.presenter.start(hospital)
            self.today.offer_types(hospital)

    def _render(self, state: BookingState) -> None:
        self.booking.render_state(state)
        self.slots.render_state(state)
        self._place.actions.set_enabled("registration.submit", not state.submitting)

    def _registered(self, exam_id: int) -> None:
        self.today_presenter.highlight(exam_id)

    def _refresh(self) -> None:
        self.today_presenter.refresh()
        self.presenter.reload_slots()

    def _focus_search(self) -> None:
        self.today.search.field.setFocus()

    def _heard(self, notice: Notice) -> None:
        if isinstance(notice, Changed) and notice.entity == "safety":
            self.presenter.load_questions()
        if isinstance(notice, Changed) and notice.entity in ("slots", "schedule") and self.isVisible():
            self._slots_soon.poke()
            self._desk.heard_details(notice)
        if self.isVisible() and concerns_exams(notice):
            self._soon.poke()
            self._desk.heard_details(notice)

    def _line_changed(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE and self.isVisible():
            self._refresh()

    def _scanned(self, code: str) -> None:
        if self.isVisible():
            self.booking.scan(code)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._forget_scanner()
        self._forget_scanner = self._place.scanner.listen(self._scanned)
        if self.today_presenter.state.loaded_once:
            self.today_presenter.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Beside a wide side panel only the form stays: half a list helps nobody."""
        super().resizeEvent(event)
        self._left.setVisible(self.width() >= ROOM_FOR_BOTH)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._forget_scanner()

    def closeEvent(self, event: object) -> None:
        self._forget_scanner()
        self._desk.close()
