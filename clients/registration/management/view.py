"""Registration management on screen."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.coalescing import Coalesced
from clients.kit.connection import LineReport, LineState
from clients.kit.fields import Choice, ChoiceField, DateField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Label, ValueLabel, hairline
from clients.kit.lists import ListView
from clients.kit.paging import EmptyWords
from clients.kit.shell import Workplace
from clients.kit.states import REGISTRATION_LOOKS
from clients.kit.translations import on_language_change, tr
from clients.registration.desk import Desk
from clients.registration.exam_actions import RowAction
from clients.registration.management.presenter import ManagementPresenter
from clients.registration.management.state import ManagementState, Special
from clients.registration.screen import concerns_exams
from clients.registration.words import choices_of, management_columns, named, row_actions
from shared.contract.base import Notice
from shared.contract.organisation import HospitalView
from shared.domain.states import RegistrationState

_KEYS = (
    "registered_from",
    "registered_to",
    "planned_from",
    "planned_to",
    "exam_type",
    "body_part",
    "patient_name",
    "his_number",
    "accession_number",
    "card_number",
    "room_id",
    "special",
)
_SPECIALS = (
    Choice(Special.ALL, "全部"),
    Choice(Special.PLAIN, "普通登记"),
    Choice(Special.REFERRAL, "转诊"),
    Choice(Special.AWAITING, "转诊待接收"),
    Choice(Special.MOVED, "改约"),
    Choice(Special.NO_SHOW, "爽约"),
)
_NOTHING = EmptyWords("没有符合条件的登记", "调整上方的查询条件，或按“重置”回到今天的登记。", "search", action="重置")


EXAM_NUMBER = re.compile(r"\d{6}[A-Z]{1,4}\d{4,}")
"""What our labels say, e.g. 261122CT0001."""


class ManagementPage(QWidget):
    """登记管理: filters above, rows below; details open in the side panel."""

    def __init__(self, place: Workplace, desk: Desk) -> None:
        super().__init__()
        self._place = place
        self._desk = desk
        self.presenter = ManagementPresenter(place.connection, place.runner, place.messages, desk.actions, desk.clock)
        self._state = self.presenter.state
        self._generation = -1
        self._rendering = False
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 12, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._filters())
        layout.addLayout(self._bar())
        layout.addWidget(hairline())
        pending = self._pending
        self.list = ListView(
            management_columns(pending),
            row_id=lambda row: row.id,
            actions=row_actions(pending),
            shown_actions=4,
            settings=place.settings,
            list_id="registration.management",
            runner=place.runner,
            empty=_NOTHING,
        )
        self.list.activated.connect(lambda row: desk.actions.show_details(row.id))
        self.list.action_requested.connect(self._act)
        self.list.empty_action.connect(self.presenter.reset)
        layout.addWidget(self.list, 1)
        self.setFocusProxy(self.filters.rows["patient_name"].editor.focus_target)
        for action, callback in (
            ("management.query", self.presenter.query),
            ("management.reset", self.presenter.reset),
            ("management.refresh", self.presenter.refresh),
        ):
            place.actions.on(action, callback)
        self._soon = Coalesced(self.presenter.refresh, self)
        place.on_notice(self._heard)
        place.shell.line.changed.connect(self._line_changed)
        self._forget = on_language_change(self._retranslate)
        self.presenter.show_to(self._render)
        self.list.set_source(self.presenter.fetch)
        desk.with_hospital(self._hospital_came)
        self.presenter.refresh()

    def _pending(self) -> frozenset[int]:
        return self._state.pending_cancel

    def _filters(self) -> QWidget:
        holder = QWidget()
        box = QHBoxLayout(holder)
        box.setContentsMargins(16, 0, 16, 0)
        self.filters = FormView(
            [
                Section(
                    "",
                    [
                        DateField(key="registered_from", label="登记时间 从"),
                        DateField(key="registered_to", label="登记时间 到"),
                        DateField(key="planned_from", label="预检时间 从"),
                        DateField(key="planned_to", label="预检时间 到"),
                        ChoiceField(key="exam_type", label="检查类型", choices=[Choice("", "全部")], initial=""),
                        TextField(key="body_part", label="检查部位"),
                        TextField(key="patient_name", label="患者姓名"),
                        ChoiceField(key="room_id", label="检查室", choices=[Choice(None, "全部")]),
                        TextField(key="card_number", label="就诊卡号"),
                        TextField(key="accession_number", label="检查号", placeholder="精准查询"),
                        TextField(key="his_number", label="HIS单号", placeholder="精准查询"),
                        ChoiceField(key="special", label="登记类别", choices=_SPECIALS, initial=Special.ALL),
                    ],
                )
            ],
            columns=6,
        )
        self.filters.changed.connect(self._typed)
        self.filters.submitted.connect(self.presenter.query)
        box.addWidget(self.filters)
        return holder

    def _bar(self) -> QHBoxLayout:
        box = QHBoxLayout()
        box.setContentsMargins(16, 0, 16, 0)
        box.setSpacing(8)
        options = [Option("", "全部")]
        options += [Option(str(state), look.text, look=look) for state, look in REGISTRATION_LOOKS.items()]
        self.states = SegmentedControl(options, "")
        self.states.chosen.connect(self._state_chosen)
        box.addWidget(self.states)
        self._counts = ValueLabel("", "quiet")
        box.addWidget(self._counts, 1)
        self._wrong = Label("", "error")
        box.addWidget(self._wrong)
        box.addWidget(self._place.actions.button("management.reset"))
        box.addWidget(self._place.actions.button("management.query", "primary"))
        return box

    def _typed(self, key: str) -> None:
        if self._rendering:
            return
        value = self.filters.value(key)
        is_day = key in ("registered_from", "registered_to", "planned_from", "planned_to")
        if is_day and value is not None and not isinstance(value, date):
            return  # half-typed
        self.presenter.type_filter(**{key: value})

    def _state_chosen(self, key: str) -> None:
        self.presenter.choose_state(RegistrationState(key) if key else None)

    def _act(self, action: str, row: Any) -> None:
        self.presenter.do(RowAction(action), row)

    def _hospital_came(self) -> None:
        hospital: HospitalView | None = self._desk.hospital
        if hospital is not None:
            kinds = [Choice(kind.code, f"{kind.code} {named(kind)}", translate=False) for kind in hospital.exam_types]
            self.filters.set_choices("exam_type", [Choice("", "全部"), *kinds])
            self.filters.set_choices("room_id", [Choice(None, "全部"), *choices_of(hospital.rooms)])
            self._render(self._state)

    def _render(self, state: ManagementState) -> None:
        self._state = state
        self._rendering = True
        try:
            for key in _KEYS:
                editor = self.filters.rows[key].editor
                wanted = getattr(state.typed, key)
                if editor.value() != wanted and not (wanted is None and isinstance(editor.value(), str)):
                    editor.set_value(wanted)
        finally:
            self._rendering = False
        self.states.set_current(str(state.typed.state) if state.typed.state is not None else "")
        self._wrong.setText(state.wrong_range)
        self._wrong.setVisible(bool(state.wrong_range))
        self._show_counts()
        if state.generation != self._generation:
            self._generation = state.generation
            self.list.refresh()

    def _show_counts(self) -> None:
        counts = self._state.counts
        parts = [f"{tr(look.text)} {counts[key]}" for key, look in REGISTRATION_LOOKS.items() if counts.get(key)]
        words = tr("共 {count} 人次", count=self._state.total)
        self._counts.set_text("　".join([words, *parts]) if self._state.generation else "")

    def _heard(self, notice: Notice) -> None:
        if self.isVisible() and concerns_exams(notice):
            self._soon.poke()
            self._desk.heard_details(notice)

    def _line_changed(self, report: LineReport) -> None:
        if report.state is LineState.ONLINE and self.isVisible():
            self.presenter.refresh()

    def _retranslate(self) -> None:
        self._show_counts()
        self._hospital_came()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._state.generation > 1:
            self.presenter.refresh()
        self._scan = self._place.scanner.listen(self._scanned)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._scan()

    def _scanned(self, code: str) -> None:
        is_ours = EXAM_NUMBER.fullmatch(code) is not None  # a label of ours; else what the hospital system printed
        self.presenter.type_filter(accession_number=code if is_ours else "", his_number="" if is_ours else code)
        self.presenter.query()

    def closeEvent(self, event: object) -> None:
        self._forget()
        self._desk.close()
