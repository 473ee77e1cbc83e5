"""One critical value on screen: what it is, how far it came, what may be done, and its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clients.diagnosis.critical.words import ESCALATIONS, LEVELS, MEANS, STATES, line_words, name_of
from clients.kit.ages import age_for_reader
from clients.kit.badges import StateBadge
from clients.kit.fields import Choice, ChoiceField, LongTextField, Section, SwitchField, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_clock, local_time
from clients.kit.translations import tr
from shared.contract.critical import DutyView, LoopDetails, LoopView
from shared.domain.critical import LoopAction, LoopState, Means

_BY_VOICE = tuple(Choice(one, MEANS[one]) for one in (Means.PHONE, Means.IN_PERSON))
_ALL_MEANS = tuple(Choice(one, MEANS[one]) for one in (Means.PHONE, Means.MESSAGE, Means.IN_PERSON, Means.WARD_SCREEN))
_NAME = TextField(key="name", label="接听人", required=True, max_length=80)
_NOTE = TextField(key="note", label="备注", max_length=500, placeholder="如 已请胸外科会诊")
_REASON = TextField(key="reason", label="理由", required=True, max_length=500)

FORMS: Mapping[LoopAction, Sequence[Section]] = {
    LoopAction.NOTIFY: (
        Section(
            "记录通知",
            (
                _NAME,
                ChoiceField(key="means", label="通知方式", required=True, choices=_ALL_MEANS, initial=Means.PHONE),
                SwitchField(key="read_back", label="对方已回读", hint="请对方回读危急值，核对无误"),
                TextField(key="note", label="备注", max_length=500),
            ),
        ),
    ),
    LoopAction.RECORD: (
        Section(
            "记录确认",
            (
                TextField(key="name", label="确认人", required=True, max_length=80),
                ChoiceField(key="means", label="通知方式", required=True, choices=_BY_VOICE, initial=Means.PHONE),
                SwitchField(key="read_back", label="对方已回读", hint="请对方回读危急值，核对无误"),
                TextField(key="note", label="处理措施", max_length=500, placeholder="如 已请胸外科会诊"),
            ),
        ),
    ),
    LoopAction.ACKNOWLEDGE: (
        Section(
            "确认收到", (TextField(key="note", label="处理措施", max_length=500, placeholder="如 已请胸外科会诊"),)
        ),
    ),
    LoopAction.CORRECT: (
        Section(
            "更正",
            (
                TextField(key="name", label="危急值名称", required=True, max_length=100),
                TextField(key="value", label="数值", max_length=200),
                LongTextField(key="finding", label="影像表现", required=True, max_length=2000, span=1),
                TextField(key="department", label="通知科室", max_length=120),
                _REASON,
            ),
        ),
    ),
    LoopAction.CANCEL: (Section("撤销上报", (_REASON,)),),
}
BUTTONS = {
    LoopAction.ACKNOWLEDGE: ("确认收到", "primary"),
    LoopAction.RECORD: ("记录确认", "primary"),
    LoopAction.NOTIFY: ("记录通知", ""),
    LoopAction.CORRECT: ("更正", "quiet"),
    LoopAction.CANCEL: ("撤销上报", "quiet"),
}


class LoopPane(QWidget):
    """Shows a loop; reports steps with the values of their forms."""

    stepped = Signal(object, object)
    """LoopAction and the values of its form."""
    report_wanted = Signal()
    """the report of the loop shall be opened."""

    def __init__(self, *, with_report: bool = False) -> None:
        super().__init__()
        self._shown: tuple[int, int] | None = None
        self._details: LoopDetails | None = None
        self._form_of: LoopAction | None = None
        self.form: FormView | None = None
        self.buttons: dict[LoopAction, Button] = {}
        self._title = ValueLabel("", "title", wrap=True)
        self._badge = StateBadge(STATES[LoopState.OPEN])
        self._facts = ValueLabel("", wrap=True)
        self._clock = ValueLabel("", "quiet", wrap=True)
        self._row = QHBoxLayout()
        self._row.setSpacing(6)
        self._second_row = QHBoxLayout()
        self._second_row.setSpacing(6)
        for action, (source, look) in BUTTONS.items():
            button = Button(source, look, on_click=_Open(self, action))
            self.buttons[action] = button
            (self._second_row if look == "quiet" else self._row).addWidget(button)
        self._report = Button("打开报告", "quiet", on_click=self.report_wanted.emit)
        self._report.setVisible(with_report)
        self._with_report = with_report
        self._second_row.addWidget(self._report)
        self._row.addStretch(1)
        self._second_row.addStretch(1)
        self._form_place = QVBoxLayout()
        self._form_place.setSpacing(8)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(8)
        self._duty = ValueLabel("", "quiet", wrap=True)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self._badge)
        head.addStretch(1)
        column.addLayout(head)
        column.addWidget(self._title)
        column.addWidget(self._facts)
        column.addWidget(self._clock)
        column.addLayout(self._row)
        column.addLayout(self._second_row)
        column.addLayout(self._form_place)
        column.addWidget(hairline())
        column.addWidget(Label("现在值班", "strong"))
        column.addWidget(self._duty)
        column.addWidget(hairline())
        column.addWidget(Label("处理经过", "strong"))
        column.addLayout(self._lines)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def show_loop(
        self, details: LoopDetails, duty: Sequence[DutyView], problems: Mapping[str, str], *, is_busy: bool = False
    ) -> None:
        """Show a loop; a form that is open stays while the loop is the same."""
        loop = details.loop
        self._details = details
        if self._shown is None or self._shown[0] != loop.id or loop.version != self._shown[1]:
            self.close_form()
        self._shown = (loop.id, loop.version)
        self._badge.set_look(STATES[loop.state])
        self._title.set_text(name_of(loop))
        self._facts.set_text(_facts(loop))
        self._clock.set_text(_clock(loop))
        for action, button in self.buttons.items():
            button.setVisible(action in loop.allowed)
            button.setEnabled(not is_busy)
        if self.form is not None:
            self.form.show_problems(problems)
        self._duty.set_text(_duty_words(duty))
        self._show_lines(details)

    def open_form(self, action: LoopAction) -> None:
        """Ask what a step needs."""
        self.close_form()
        if self._details is None:
            return
        self._form_of = action
        self.form = FormView(FORMS[action], columns=1)
        if action is LoopAction.CORRECT:
            loop = self._details.loop
            self.form.set_values(
                {"name": loop.name, "value": loop.value, "finding": loop.finding, "department": loop.department}
            )
        self.form.submitted.connect(self._submit)
        self._form_place.addWidget(self.form)
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        danger = "danger" if action is LoopAction.CANCEL else "primary"
        row.addWidget(Button("确定", danger, on_click=self.form.submit))
        row.addWidget(Button("取消", "quiet", on_click=self.close_form))
        row.addStretch(1)
        self._form_place.addWidget(buttons)
        self.form.focus(next(iter(self.form.rows)))

    def close_form(self) -> None:
        """Take the form away."""
        self.form = self._form_of = None
        _empty(self._form_place)

    def _submit(self) -> None:
        if self.form is not None and self._form_of is not None:
            self.stepped.emit(self._form_of, self.form.values())

    def _show_lines(self, details: LoopDetails) -> None:
        _empty(self._lines)
        for line in reversed(details.lines):
            head, text = line_words(line)
            block = QWidget()
            column = QVBoxLayout(block)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(1)
            column.addWidget(ValueLabel(head, "caption"))
            column.addWidget(ValueLabel(text, wrap=True))
            self._lines.addWidget(block)


class _Open:
    def __init__(self, pane: LoopPane, action: LoopAction) -> None:
        self._pane = pane
        self._action = action

    def __call__(self) -> None:
        self._pane.open_form(self._action)


def _empty(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def _facts(loop: LoopView) -> str:
    patient = "  ".join(one for one in (loop.patient_name, age_for_reader(loop.age), loop.patient_number) if one)
    exam = "  ".join(one for one in (loop.exam_type, loop.items, loop.accession_number) if one)
    where = "  ".join(one for one in (loop.department, loop.requesting_doctor, loop.inpatient_number) if one)
    found = f"{loop.value}；{loop.finding}" if loop.value else loop.finding
    return "\n".join(one for one in (patient, exam, where, found) if one)


def _clock(loop: LoopView) -> str:
    parts = [
        tr(
            "{name} · {level} · {minutes} 分钟",
            name=loop.reported_by,
            level=tr(LEVELS[loop.level]),
            minutes=_limit(loop),
        ),
        local_time(loop.opened_at),
    ]
    if loop.next_escalation_at is not None:
        level = {"doctor": "病区值班", "ward": "科主任"}.get(loop.escalation.value, "医务处")
        parts.append(tr("将升级至{level}：{time}", level=tr(level), time=local_clock(loop.next_escalation_at)))
    if loop.called:
        parts.append(tr("{level}：{names}", level=tr(ESCALATIONS[loop.escalation]), names=loop.called))
    return "\n".join(parts)


def _limit(loop: LoopView) -> int:
    return round((loop.due_at - loop.opened_at).total_seconds() / 60)


def _duty_words(duty: Sequence[DutyView]) -> str:
    if not duty:
        return tr("值班表中现在没有人。")
    names = [(one.level, f"{one.name}  {one.phone}".rstrip()) for one in duty]
    return "\n".join(tr("{level}：{names}", level=tr(ESCALATIONS[level]), names=name) for level, name in names)
