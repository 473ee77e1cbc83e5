"""转诊登记: the referrals and the receiver's slots on the left, the new referral on the right (RIS-REF-01)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SearchBox, SegmentedControl
from clients.kit.coalescing import Coalesced
from clients.kit.connection import LineReport, LineState
from clients.kit.fields import Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.lists import ListView
from clients.kit.messages import Message
from clients.kit.paging import Column, EmptyWords
from clients.kit.paging import RowAction as ListAction
from clients.kit.shell import Workplace
from clients.kit.states import EXAM_LOOKS, StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.registration.booking.slots_view import SlotsView
from clients.registration.booking.state import BookingState
from clients.registration.desk import Desk
from clients.registration.measures import short_time
from clients.registration.referral.form import ReferralFormView
from clients.registration.referral.presenter import ReferralListPresenter, RowAction, actions_of_referral
from clients.registration.referral.state import ReferralListState
from clients.registration.screen import concerns_exams
from clients.registration.words import REFERRAL, marks_of, patient_of
from shared.contract.base import Changed, Notice
from shared.contract.organisation import HospitalView
from shared.contract.referrals import AcceptReferral, GetNetwork, NetworkView, ReferralView
from shared.domain.states import ReferralState

ROOM_FOR_BOTH = 900
RETRY_MS = 3000

REFERRAL_LOOKS = {
    ReferralState.SENT: StateLook("待接收", Tone.WARNING, "hourglass"),
    ReferralState.ACCEPTED: StateLook("已接收", Tone.SUCCESS, "check_circle"),
    ReferralState.REFUSED: StateLook("已退回", Tone.DANGER, "undo"),
    ReferralState.CANCELLED: StateLook("已撤销", Tone.NEUTRAL, "cross_circle"),
}
_WORDS = {
    RowAction.ACCEPT: ("接收转诊", "check"),
    RowAction.PRINT_BARCODE: ("打印条码", "barcode"),
    RowAction.PREVIEW: ("预览打印", "print"),
    RowAction.VIEW_IMAGES: ("查看影像", "viewer"),
    RowAction.DETAILS: ("登记详情", "details"),
    RowAction.APPLICATION: ("申请单", "clipboard"),
    RowAction.PRINT_REFERRAL: ("打印转诊单", "document"),
    RowAction.EDIT: ("编辑登记", "edit"),
    RowAction.PUSH: ("再次推送", "send"),
    RowAction.REFUSE: ("退回转诊", "undo"),
    RowAction.CANCEL: ("撤销转诊", "cross_circle"),
    RowAction.SIGN_IN_AGAIN: ("重新签到", "sign_in"),
}
_NONE_SENT = EmptyWords("还没有转出的检查", "在右侧新建转诊登记，提交后显示在这里。", "send")
_NONE_CAME = EmptyWords("没有转入的检查", "其他机构转来的检查会显示在这里，等待接收。", "clipboard")
_FILTERED = EmptyWords("没有符合条件的转诊", "换一个检查类型，或清空查询条件。", "search", action="清空条件")


class ReferralListView(QWidget):
    """Sent or incoming referrals with their actions."""

    opened = Signal(object)
    """ReferralView: a double click or Enter wants the details."""

    def __init__(self, presenter: ReferralListPresenter, place: Workplace) -> None:
        super().__init__()
        self._presenter = presenter
        self._place = place
        self._state = presenter.state
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 0)
        head.setSpacing(8)
        self.sides = SegmentedControl([Option("sent", "已转出"), Option("incoming", "转入")], "sent")
        self.sides.chosen.connect(lambda key: presenter.choose_side(incoming=key == "incoming"))
        head.addWidget(self.sides)
        self._count = ValueLabel("", "quiet")
        head.addWidget(self._count, 1)
        self.search = SearchBox([Option("name", "患者姓名"), Option("card", "就诊卡号")])
        self.search.searched.connect(lambda mode, text: presenter.search(text, by_card=mode == "card"))
        head.addWidget(self.search)
        layout.addLayout(head)
        self._types = QHBoxLayout()
        self._types.setContentsMargins(16, 0, 16, 0)
        self._type_codes: tuple[str, ...] = ()
        self.types: SegmentedControl | None = None
        layout.addLayout(self._types)
        self.list = ListView(
            self._columns(),
            row_id=lambda row: row.id,
            actions=self._actions(),
            shown_actions=3,
            settings=place.settings,
            list_id="registration.referrals",
            empty=_NONE_SENT,
        )
        self.list.activated.connect(self.opened)
        self.list.action_requested.connect(self._act)
        self.list.retry.connect(presenter.refresh)
        self.list.empty_action.connect(self._clear)
        layout.addWidget(self.list, 1)
        self._highlighted: int | None = None
        presenter.show_to(self.render_state)

    def _columns(self) -> tuple[Column, ...]:
        referral = {str(state): look for state, look in REFERRAL_LOOKS.items()}
        exam = {str(state): look for state, look in EXAM_LOOKS.items()}
        return (
            Column(
                "patient",
                "患者信息",
                176,
                value=lambda row: patient_of(row.exam),
                marks=lambda row: [mark for mark in marks_of(row.exam) if mark is not REFERRAL],
                strong=True,
            ),
            Column("referral", "转诊状态", 92, value=lambda row: str(row.state), looks=referral, sort=False),
            Column(
                "state", "检查状态", 84, value=lambda row: str(row.exam.state), looks=exam, sort=False, visible=False
            ),
            Column("items", "检查类型与项目", 132, value=lambda row: f"{row.exam.exam_type}　{row.exam.items}"),
            Column("other", "对方机构", 0, value=self._other),
            Column("accession", "检查号", 116, value=lambda row: row.exam.accession_number),
            Column("sent_at", "转诊时间", 96, value=lambda row: short_time(row.sent_at), quiet=True, visible=False),
            Column("reason", "原因", 120, value=lambda row: row.reason, quiet=True, visible=False),
        )

    def _other(self, row: ReferralView) -> str:
        name = row.from_organisation_name or row.from_campus_name if self._state.incoming else row.to_organisation_name
        return f"{name}：{row.reason}" if row.state is ReferralState.REFUSED and row.reason else name

    def _actions(self) -> tuple[ListAction, ...]:
        def rule(action: RowAction) -> Callable[[ReferralView], bool]:
            return lambda row: action in actions_of_referral(row, incoming=self._state.incoming)

        danger = (RowAction.CANCEL, RowAction.REFUSE)
        return tuple(
            ListAction(str(action), text, icon, rule(action), danger=action in danger)
            for action, (text, icon) in _WORDS.items()
        )

    def offer_types(self, hospital: HospitalView) -> None:
        """The exam types of the platform become the filter."""
        codes = tuple(kind.code for kind in hospital.exam_types)
        if codes == self._type_codes:
            return
        self._type_codes = codes
        if self.types is not None:
            self.types.deleteLater()
        self.types = SegmentedControl([Option("", "全部"), *(Option(code, code) for code in codes)], "")
        self.types.chosen.connect(self._presenter.choose_type)
        self._types.insertWidget(0, self.types)
        self._types.addStretch(1)

    def _clear(self) -> None:
        self.search.field.clear()
        self._presenter.clear_filters()

    def _act(self, action: str, row: Any) -> None:
        self._presenter.do(RowAction(action), row)

    def render_state(self, state: ReferralListState) -> None:
        """Show a state."""
        before, self._state = self._state, state
        if state.rows is not before.rows or (state.loaded_once and not before.loaded_once):
            self.list.set_rows(state.rows)
            self._select(state)
        self.list.set_loading(state.loading)
        if state.trouble:
            self.list.show_error(Message(state.trouble, Tone.WARNING))
        self.sides.set_current("incoming" if state.incoming else "sent")
        if self.types is not None and self.types.current != state.exam_type:
            self.types.set_current(state.exam_type)
        if not state.search and self.search.text:
            self.search.field.clear()
        empty = _FILTERED if state.is_filtered else (_NONE_CAME if state.incoming else _NONE_SENT)
        self.list.set_empty_words(empty)
        words = tr("共 {count} 人次", count=state.total) if state.loaded_once else ""
        if state.incoming and state.waiting:
            words += f"　{tr('待接收 {count}', count=state.waiting)}"
        self._count.set_text(words)

    def _select(self, state: ReferralListState) -> None:
        if state.highlighted is None or state.highlighted == self._highlighted:
            return
        row = next((row for row in state.rows if row.exam.id == state.highlighted), None)
        if row is not None and self.list.select_id(row.id):
            self._highlighted = state.highlighted


class ReasonPanel(QWidget):
    """Asks for the reason of a refusal or cancellation in the side panel; Enter sends it."""

    def __init__(
        self, who: str, button: str, reasons: tuple[str, ...], *, needed: bool, send: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._needed = needed
        self._send = send
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(ValueLabel(who, "strong"))
        self.form = FormView([Section("", [TextField(key="reason", label="原因", max_length=200)])], columns=1)
        self.form.submitted.connect(self._go)
        layout.addWidget(self.form)
        for reason in reasons:
            layout.addWidget(Button(reason, "link", on_click=partial(self._fill, reason)))
        self._wrong = Label("", "error", wrap=True)
        layout.addWidget(self._wrong)
        layout.addWidget(Button(button, "danger", on_click=self._go))
        layout.addStretch(1)
        QTimer.singleShot(0, self, lambda: self.form.focus("reason"))

    def _fill(self, reason: str) -> None:
        self.form.set_values({"reason": tr(reason)})

    def _go(self) -> None:
        reason = str(self.form.value("reason") or "").strip()
        if self._needed and not reason:
            self._wrong.set_source("请填写原因，对方机构会看到它。")
            return
        self._send(reason)


class ReferralPage(QWidget):
    """Puts list, slots and form together, as the registration page does."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._place = place
        self._desk = desk
        self._network: NetworkView | None = None
        self.list_presenter = ReferralListPresenter(place.connection, place.runner, place.messages, desk.actions)
        self.presenter = desk.referral_presenter(self.list_presenter.highlight)
        self.list_presenter.pick = self._pick
        self.list_presenter.ask_reason = self._ask_reason
        self.list_presenter.edit = self.presenter.edit_exam
        self.referrals = ReferralListView(self.list_presenter, place)
        self.slots = SlotsView(self.presenter, desk.clock)
        self.form = ReferralFormView(self.presenter, place.actions)
        self.presenter.show_to(self._render)
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.referrals)
        left.addWidget(self.slots)
        left.setStretchFactor(0, 3)
        left.setStretchFactor(1, 1)
        left.setSizes([480, 216])
        left.setChildrenCollapsible(False)
        left.setMinimumWidth(320)
        across = QSplitter(Qt.Orientation.Horizontal)
        across.addWidget(left)
        across.addWidget(self.form)
        across.setChildrenCollapsible(False)
        across.setStretchFactor(0, 1)
        across.setStretchFactor(1, 1)
        self.form.setMinimumWidth(580)
        across.setSizes([714, 580])
        self._left = left
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(across)
        self.setFocusProxy(self.form.number)
        for action, callback in (
            ("referral.submit", self.form.do_submit),
            ("referral.clear", self.form.do_clear),
            ("referral.number", self.form.focus_number),
            ("referral.items", self.form.focus_items),
            ("referral.paper", desk.show_referral_paper),
            ("referral.search", self.referrals.search.field.setFocus),
            ("referral.refresh", self._refresh),
        ):
            place.actions.on(action, callback)
        self.referrals.opened.connect(self._open)
        self._soon = Coalesced(self._refresh, self)
        place.on_notice(self._heard)
        place.shell.line.changed.connect(self._line_changed)
        self._forget_scanner = place.scanner.listen(self._scanned)
        desk.referral_paper.listen(self.form.show_paper)
        desk.referral_paper.start()
        desk.with_hospital(self._load_network)
        self.list_presenter.refresh()

    def edit_exam(self, exam_id: int) -> None:
        """编辑登记 in the right half."""
        self.presenter.edit_exam(exam_id)

    def _open(self, row: ReferralView) -> None:
        """A double click opens the details; a referral that waits can be edited there and then (RIS-REF-12)."""
        self._desk.actions.show_details(row.exam.id)

    def _load_network(self) -> None:
        self._place.runner.run(
            lambda: self._place.connection.call(GetNetwork()), self._network_came, self._network_failed, key="network"
        )

    def _network_came(self, network: NetworkView) -> None:
        self._network = network
        hospital = self._desk.hospital
        if hospital is not None:
            self.presenter.open(hospital, network)
            self.referrals.offer_types(hospital)

    def _network_failed(self, error: Exception) -> None:
        if self._network is None:
            self._place.messages.report(error)
            QTimer.singleShot(RETRY_MS, self, self._load_network)

    def _pick(self, row: ReferralView) -> None:
        """接收: room and slot in the side panel; a booked slot is already chosen."""
        if row.has_slot:
            request = AcceptReferral(referral_id=row.id, version=row.version)
            self._place.runner.run(
                lambda: self._place.connection.call(request), self.list_presenter.accepted, self._place.messages.report
            )
            return
        rooms = self._network.rooms if self._network is not None else ()
        own = tuple(room for room in rooms if room.campus_id == row.to_campus_id)

        def send(picked: Any) -> ReferralView:
            request = AcceptReferral(
                referral_id=row.id, version=row.version, room_id=picked.room_id, slot_id=picked.slot_id
            )
            return self._place.connection.call(request)

        def done(changed: ReferralView) -> None:
            self._place.side_panel.close_panel()
            self.list_presenter.accepted(changed)

        self._desk.show_picking("接收转诊", row.exam, own, send, done, needs_reason=False)

    def _ask_reason(self, row: ReferralView, action: RowAction) -> None:
        refuses = action is RowAction.REFUSE
        title = "退回转诊" if refuses else "撤销转诊"
        reasons = ("设备检修", "号源不足", "不具备检查条件", "患者未到") if refuses else ("患者改去他院", "登记有误")

        def send(reason: str) -> None:
            self._place.side_panel.close_panel()
            self.list_presenter.answer(row, action, reason)

        who = f"{patient_of(row.exam)}　{row.exam.accession_number}"
        self._place.side_panel.show_content(title, ReasonPanel(who, title, reasons, needed=refuses, send=send))

    def _render(self, state: BookingState) -> None:
        self.form.render_state(state)
        self.slots.render_state(state)
        self._place.actions.set_enabled("referral.submit", not state.submitting)

    def _refresh(self) -> None:
        self.list_presenter.refresh()
        self.presenter.reload_slots()

    def _heard(self, notice: Notice) -> None:
        if not isinstance(notice, Changed) or not self.isVisible():
            return
        if notice.entity == "network":
            self._load_network()
        elif notice.entity in ("referral", "slots") or concerns_exams(notice):
            self._soon.poke()
            self._desk.heard_details(notice)

    def _line_changed(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE and self.isVisible():
            self._refresh()

    def _scanned(self, code: str) -> None:
        if self.isVisible():
            self.form.scan(code)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._forget_scanner()
        self._forget_scanner = self._place.scanner.listen(self._scanned)
        if self.list_presenter.state.loaded_once:
            self.list_presenter.refresh()

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
