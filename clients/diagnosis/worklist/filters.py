"""The conditions above the diagnosis list; reports intentions, shows a state, decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clients.diagnosis.worklist.state import Span, WorklistState, more_count
from clients.kit.choosing import AutoRefresh, ChipFilter, Option, SearchBox, SegmentedControl
from clients.kit.editors import ChoiceEditor, DateEditor
from clients.kit.fields import Choice, ChoiceField, DateField
from clients.kit.labels import Button, IconButton, Label
from clients.kit.states import PATIENT_TYPE_LOOKS, REPORT_LOOKS
from shared.contract.organisation import HospitalView
from shared.contract.reporting import ReportFilter
from shared.domain.states import PatientType

ALL = "*"

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

FUZZY = (
    ("body_part", "检查部位"),
    ("diagnosing_doctor", "诊断医生"),
    ("auditing_doctor", "审核医生"),
    ("requesting_department", "请检科室"),
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
        self.first_day = _DayEditor("起始日期")
        self.last_day = _DayEditor("结束日期")
        self.exam_type = _choices("exam_type", "检查类型")
        self.campus = _choices("campus_id", "院区")
        self.room = _choices("room_id", "检查室")
        self.search = SearchBox(SEARCHES)
        self.more_button = IconButton("filter", "更多查询条件", checkable=True)
        self.more_button.toggled.connect(self._unfold)
        self.reset_button = Button("重置", "quiet", on_click=self._reset)
        self.more = _MoreConditions()
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
        _fill(self.exam_type, [(one.code, one.code) for one in hospital.exam_types], "全部类型")
        _fill(self.campus, [(one.id, one.name) for one in hospital.campuses], "全部院区")
        _fill(self.room, [(one.id, one.name) for one in rooms], "全部检查室")
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


class _MoreConditions(QWidget):
    """Conditions that unfold on demand."""

    def __init__(self) -> None:
        super().__init__()
        self._intentions: Intentions | None = None
        self._fields: dict[str, QLineEdit] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        for column, (key, label) in enumerate(FUZZY):
            field = QLineEdit()
            field.setObjectName(key)
            field.setMaxLength(40)
            field.editingFinished.connect(self._on_text)
            self._fields[key] = field
            grid.addWidget(_field_label(label), 0, 2 * column)
            grid.addWidget(field, 0, 2 * column + 1)
        self.patient_type = _choices("patient_types", "患者类型")
        _fill(self.patient_type, [(key, look.text) for key, look in PATIENT_TYPE_LOOKS.items()], "全部", translate=True)
        self.patient_type.chosen.connect(self._on_patient_type)
        self.first_day = _DayEditor("诊断起始日期")
        self.last_day = _DayEditor("诊断结束日期")
        for editor in (self.first_day, self.last_day):
            editor.settled.connect(self._on_days)
        grid.addWidget(_field_label("患者类型"), 1, 0)
        grid.addWidget(self.patient_type, 1, 1)
        grid.addWidget(_field_label("诊断时间"), 1, 2)
        grid.addWidget(self.first_day, 1, 3)
        grid.addWidget(_field_label("至"), 1, 4)
        grid.addWidget(self.last_day, 1, 5)
        for column in (1, 3, 5, 7):
            grid.setColumnStretch(column, 1)

    def attach(self, intentions: Intentions) -> None:
        self._intentions = intentions

    def show_conditions(self, conditions: ReportFilter) -> None:
        for key, field in self._fields.items():
            if not field.hasFocus():
                field.setText(getattr(conditions, key))
        kinds = conditions.patient_types
        self.patient_type.set_value(str(kinds[0]) if len(kinds) == 1 else ALL)
        for editor, day in ((self.first_day, conditions.diagnosed_from), (self.last_day, conditions.diagnosed_to)):
            if not editor.line.hasFocus():
                editor.set_value(day)

    def _on_text(self) -> None:
        if self._intentions is not None:
            self._intentions.filter(**{key: field.text().strip() for key, field in self._fields.items()})

    def _on_patient_type(self, key: object) -> None:
        if self._intentions is not None:
            self._intentions.filter(patient_types=() if key == ALL else (PatientType(str(key)),))

    def _on_days(self) -> None:
        first, last = self.first_day.value(), self.last_day.value()
        if self._intentions is not None and not isinstance(first, str) and not isinstance(last, str):
            self._intentions.filter(diagnosed_from=first, diagnosed_to=last)


class _DayEditor(DateEditor):
    """A day that tells when the user is done with it."""

    settled = Signal()
    """a day was chosen, or typed and left."""

    def __init__(self, label: str) -> None:
        super().__init__(DateField(key=label, label=label))
        self.confirmed.connect(self.settled)
        self.left.connect(self.settled)

    def take_day(self, day: date) -> None:
        super().take_day(day)
        self.settled.emit()


def _choices(key: str, label: str) -> ChoiceEditor:
    editor = ChoiceEditor(ChoiceField(key=key, label=label))
    editor.box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return editor


def _fill(
    editor: ChoiceEditor, offered: Sequence[tuple[object, str]], all_words: str, *, translate: bool = False
) -> None:
    choices = (Choice(ALL, all_words), *(Choice(value, text, translate=translate) for value, text in offered))
    if choices != editor.choices:
        editor.set_choices(choices)


def _field_label(source: str) -> Label:
    label = Label(source, "caption")
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
