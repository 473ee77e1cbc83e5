"""The conditions above the diagnosis list; reports intentions, shows a state, decides nothing."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.worklist.more_filters import ALL, DayEditor, MoreConditions, choices, fill
from clients.diagnosis.worklist.state import Span, WorklistState, more_count
from clients.kit.choosing import AutoRefresh, ChipFilter, Option, SearchBox, SegmentedControl
from clients.kit.labels import Button, IconButton
from clients.kit.states import REPORT_LOOKS
from shared.contract.organisation import HospitalView
from shared.contract.reporting import ReportFilter

STATE_OPTIONS = tuple(Option(key, look.text, look=look) for key, look in REPORT_LOOKS.items())

SPANS = (
    Option(Span.TODAY, "今日"),
    Option(Span.THREE_DAYS, "近三日"),
    Option(Span.WEEK, "近一周"),
    Option(Span.ALL, "全部日期"),
    Option(Span.CHOSEN, "指定日期"),
)

SEARCHES = (
    Option("patient_name", "患者姓名"),
    Option("accession_number", "检查号"),
    Option("image_number", "影像号"),
    Option("patient_number", "患者编号"),
)


class Intentions(Protocol):
    """What the conditions ask of their presenter."""

    def choose_states(self, states: tuple[str, ...]) -> None: ...
    def choose_span(self, span: Span) -> None: ...
    def choose_days(self, first: date | None, last: date | None) -> None: ...
    def filter(self, **parts: object) -> None: ...
    def reset(self) -> None: ...


class Conditions(QWidget):
    """State chips, days, exam type, campus, room, search, and the rest on demand (RIS-DX-06, -16, -17)."""

    def __init__(self) -> None:
        super().__init__()
        self._intentions: Intentions | None = None
        self._showing = False
        self.states = ChipFilter(STATE_OPTIONS)
        self.auto_refresh = AutoRefresh(5.0)
        self.span = SegmentedControl(SPANS)
        self.first_day = DayEditor("起始日期")
        self.last_day = DayEditor("结束日期")
        self.exam_type = choices("exam_type", "检查类型")
        self.campus = choices("campus_id", "院区")
        self.room = choices("room_id", "检查室")
        self.search = SearchBox(SEARCHES)
        self.more_button = IconButton("filter", "更多查询条件", checkable=True)
        self.more_button.toggled.connect(self._unfold)
        self.reset_button = Button("重置", "quiet", on_click=self._reset)
        self.more = MoreConditions()
        self.more.hide()
        self.right = QHBoxLayout()
        self.right.setSpacing(8)
        self._arrange()
        self._connect()

    def attach(self, intentions: Intentions) -> None:
        """Report to this presenter from now on."""
        self._intentions = intentions
        self.more.attach(intentions)

    def show_state(self, state: WorklistState) -> None:
        """Show conditions and counts; says nothing to the presenter."""
        self._showing = True
        conditions = state.conditions
        self.states.set_chosen([str(one) for one in conditions.states])
        self.states.set_counts(state.counts)
        self.span.set_current(state.span)
        for editor, day in ((self.first_day, conditions.examined_from), (self.last_day, conditions.examined_to)):
            editor.setVisible(state.span is Span.CHOSEN)
            if not editor.line.hasFocus():
                editor.set_value(day)
        if state.hospital is not None:
            self._offer(state.hospital, conditions)
            self.more.offer(state.hospital)
        self.more.show_conditions(conditions)
        count = more_count(conditions)
        self.more_button.setChecked(self.more_button.isChecked() or count > 0)
        self._showing = False

    def _arrange(self) -> None:
        upper = QHBoxLayout()
        upper.setSpacing(8)
        upper.addWidget(self.states)
        upper.addStretch(1)
        upper.addLayout(self.right)
        upper.addWidget(self.auto_refresh)
        lower = QHBoxLayout()
        lower.setSpacing(8)
        lower.addWidget(self.span)
        for editor in (self.first_day, self.last_day):
            editor.setFixedWidth(140)
            lower.addWidget(editor)
        for choice, width in ((self.exam_type, 112), (self.campus, 120), (self.room, 120)):
            choice.setFixedWidth(width)
            lower.addWidget(choice)
        lower.addWidget(self.search, 1)
        lower.addWidget(self.more_button)
        lower.addWidget(self.reset_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.setSpacing(8)
        layout.addLayout(upper)
        layout.addLayout(lower)
        layout.addWidget(self.more)

    def _connect(self) -> None:
        self.states.changed.connect(self._on_states)
        self.span.chosen.connect(self._on_span)
        self.first_day.settled.connect(self._on_days)
        self.last_day.settled.connect(self._on_days)
        self.exam_type.chosen.connect(self._on_exam_type)
        self.campus.chosen.connect(self._on_campus)
        self.room.chosen.connect(self._on_room)
        self.search.searched.connect(self._on_search)

    def _offer(self, hospital: HospitalView, conditions: ReportFilter) -> None:
        rooms = [room for room in hospital.rooms if conditions.campus_id in (None, room.campus_id)]
        fill(self.exam_type, [(one.code, one.code) for one in hospital.exam_types], "全部类型")
        fill(self.campus, [(one.id, one.name) for one in hospital.campuses], "全部院区")
        fill(self.room, [(one.id, one.name) for one in rooms], "全部检查室")
        self.exam_type.set_value(conditions.exam_types[0] if len(conditions.exam_types) == 1 else ALL)
        self.campus.set_value(ALL if conditions.campus_id is None else conditions.campus_id)
        self.room.set_value(ALL if conditions.room_id is None else conditions.room_id)

    def _on_states(self, keys: tuple[str, ...]) -> None:
        if self._intentions is not None:
            self._intentions.choose_states(keys)

    def _on_span(self, key: str) -> None:
        if self._intentions is not None:
            self._intentions.choose_span(Span(key))
            if key == Span.CHOSEN:
                self.first_day.line.setFocus()

    def _on_days(self) -> None:
        first, last = self.first_day.value(), self.last_day.value()
        if self._intentions is not None and not isinstance(first, str) and not isinstance(last, str):
            self._intentions.choose_days(first, last)

    def _on_exam_type(self, code: object) -> None:
        if self._intentions is not None:
            self._intentions.filter(exam_types=() if code in (ALL, None) else (code,))

    def _on_campus(self, campus_id: object) -> None:
        if self._intentions is not None:
            self._intentions.filter(campus_id=None if campus_id == ALL else campus_id, room_id=None)

    def _on_room(self, room_id: object) -> None:
        if self._intentions is not None:
            self._intentions.filter(room_id=None if room_id == ALL else room_id)

    def _on_search(self, mode: str, text: str) -> None:
        if self._intentions is not None:
            self._intentions.filter(**{option.key: text if option.key == mode else "" for option in SEARCHES})

    def _unfold(self, on: bool) -> None:
        self.more.setVisible(on)

    def _reset(self) -> None:
        self.search.field.clear()
        self.more_button.setChecked(False)
        if self._intentions is not None:
            self._intentions.reset()
