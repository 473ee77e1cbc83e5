"""Small forms at the right edge: a reason, a delay, naming a doctor, a follow-up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.fields import Choice, ChoiceField, DateField, Field, LongTextField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.messages import message_for
from clients.kit.paging import local_time
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.diagnosis.presenter import DiagnosisPresenter
from shared.contract.critical import LoopView
from shared.contract.pathology_reports import (
    DoctorView,
    FollowUpView,
    ListCritical,
    ListDoctors,
    ListFollowUps,
    NameDoctor,
    ReportCritical,
    SaveFollowUp,
)
from shared.domain.pathology import DoctorRole
from shared.domain.pathology_reports import CONCORDANCES

NAMING = {
    DoctorRole.FIRST: "提请初诊",
    DoctorRole.CHIEF: "提请主诊",
    DoctorRole.SECOND: "提请复诊",
    DoctorRole.AUDIT: "提请审核",
}


class _Panel(QWidget):
    """A form with one button below."""

    def __init__(self, desk: Desk, hint: str, fields: list[Field], button: str, icon: str = "check") -> None:
        super().__init__()
        self.desk = desk
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(16, 16, 16, 16)
        self.box.setSpacing(12)
        if hint:
            self.box.addWidget(Label(hint, "quiet", wrap=True))
        self.form = FormView([Section("", fields)], columns=1)
        self.box.addWidget(self.form)
        self.button = Button(button, "primary", icon, on_click=self.form.submit)
        self.box.addWidget(self.button)
        self.box.addStretch(1)
        self.form.submitted.connect(self.submit)

    def submit(self) -> None:
        """The form is complete."""
        raise NotImplementedError

    def failed(self, error: Exception) -> None:
        """Say at the field what is wrong, else as a message."""
        self.button.setEnabled(True)
        message = message_for(error)
        if message.field in self.form.rows:
            self.form.show_problems({message.field: message.text})
        else:
            self.desk.place.messages.report(error)


class ReasonPanel(_Panel):
    """A reason that has to be given."""

    def __init__(self, desk: Desk, label: str, hint: str, button: str, done: Callable[[str], None]) -> None:
        field = LongTextField(key="reason", label=label, required=True, lines=4, max_length=1000, span=1)
        super().__init__(desk, hint, [field], button)
        self._done = done

    def submit(self) -> None:
        self._done(str(self.form.value("reason")))
        self.desk.close_panel()


class DelayPanel(_Panel):
    """报告延期: the reason, and by when the report is expected."""

    def __init__(self, desk: Desk, presenter: DiagnosisPresenter) -> None:
        fields: list[Field] = [
            LongTextField(key="reason", label="延期原因", required=True, lines=4, max_length=1000, span=1),
            DateField(key="until", label="预计报告日期"),
        ]
        super().__init__(desk, "病例将列入“延迟未发病例”，发送报告后自动移出。", fields, "报告延期", "clock")
        self._presenter = presenter

    def submit(self) -> None:
        values = self.form.values()
        self._presenter.delay(values["reason"], values["until"])
        self.desk.close_panel()


class NamingPanel(_Panel):
    """提请: who shall take a role; the open cases of each doctor stand beside the name."""

    def __init__(self, desk: Desk, role: DoctorRole, case_id: int, number: str) -> None:
        field = ChoiceField(key="doctor_id", label="医师", required=True, choices=[])
        super().__init__(desk, "病例将出现在该医师的“我的未诊断报告”中。", [field], NAMING[role], "users")
        self.box.insertWidget(0, ValueLabel(number, "title"))
        self._role, self._case_id = role, case_id
        place = desk.place
        place.runner.run(
            lambda: place.connection.call(ListDoctors(role=role)), self._loaded, self.failed, key="pathology.doctors"
        )

    def _loaded(self, doctors: tuple[DoctorView, ...]) -> None:
        editor = self.form.rows["doctor_id"].editor
        choices = [
            Choice(one.id, tr("{name}（待诊 {count}）", name=one.name, count=one.open_cases), translate=False)
            for one in doctors
        ]
        editor.set_choices(choices)  # type: ignore[attr-defined]
        if not doctors:
            self.form.show_problems({"doctor_id": tr("没有医师有此项权限，请联系管理员。")})

    def submit(self) -> None:
        place, doctor = self.desk.place, int(self.form.value("doctor_id"))
        request = NameDoctor(case_ids=(self._case_id,), role=self._role, doctor_id=doctor)
        self.button.setEnabled(False)
        place.runner.run(lambda: place.connection.call(request), self._named, self.failed)

    def _named(self, _nothing: object) -> None:
        self.desk.place.messages.say(tr("已提请"), Tone.SUCCESS)
        self.desk.close_panel()
        self.desk.refresh_lists()
        self.desk.reload()


class FollowUpPanel(_Panel):
    """追踪随访: what was asked before, and the next one."""

    def __init__(self, desk: Desk, case_id: int) -> None:
        fields: list[Field] = [
            DateField(key="due_on", label="随访日期", required=True, initial=date.today() + timedelta(days=30)),
            TextField(key="contact", label="随访对象及联系方式", required=True, max_length=200),
            TextField(key="reason", label="随访原因", max_length=200),
            LongTextField(key="result", label="随访结果", lines=3, max_length=4000, span=1),
            ChoiceField(
                key="agrees",
                label="与病理诊断",
                choices=[Choice(None, "—"), *(Choice(one, word.zh) for one, word in CONCORDANCES.items())],
            ),
        ]
        super().__init__(desk, "填写结果即结束本条随访。", fields, "保存随访", "save")
        self._case_id = case_id
        self._editing: FollowUpView | None = None
        self._past = QVBoxLayout()
        self.box.insertLayout(self.box.count() - 1, self._past)
        self._load()

    def _load(self) -> None:
        place, request = self.desk.place, ListFollowUps(case_id=self._case_id, open_only=False)
        place.runner.run(lambda: place.connection.call(request), self._loaded, self.failed, key="pathology.follow_ups")

    def _loaded(self, rows: tuple[FollowUpView, ...]) -> None:
        while (item := self._past.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._editing = next((one for one in rows if one.closed_at is None), None)
        if self._editing is not None:
            one = self._editing
            self.form.set_values({"due_on": one.due_on, "contact": one.contact, "reason": one.reason})
        for one in rows:
            if one.closed_at is not None:
                self._past.addWidget(hairline())
                words = f"{one.due_on:%Y-%m-%d}  {one.contact}\n{one.result}\n{one.by}  {local_time(one.at)}"
                self._past.addWidget(ValueLabel(words, "caption", wrap=True))

    def submit(self) -> None:
        place, values, editing = self.desk.place, self.form.values(), self._editing
        request = SaveFollowUp(
            case_id=self._case_id,
            due_on=values["due_on"],
            contact=values["contact"],
            reason=values["reason"],
            result=values["result"],
            agrees=values["agrees"],
            id=0 if editing is None else editing.id,
            version=0 if editing is None else editing.version,
        )
        self.button.setEnabled(False)
        place.runner.run(lambda: place.connection.call(request), self._saved, self.failed)

    def _saved(self, _view: FollowUpView) -> None:
        self.button.setEnabled(True)
        self.desk.place.messages.say(tr("随访已保存"), Tone.SUCCESS)
        self.form.set_values({"result": "", "agrees": None})
        self.desk.refresh_lists()
        self._load()


class CriticalPanel(_Panel):
    """上报危急值: opens the closed loop; what was reported before stands below."""

    def __init__(self, desk: Desk, case_id: int) -> None:
        fields: list[Field] = [
            TextField(key="name", label="危急值名称", required=True, max_length=100),
            LongTextField(key="finding", label="病变描述", required=True, lines=4, max_length=2000, span=1),
            TextField(key="department", label="通知科室", max_length=120),
        ]
        super().__init__(desk, "上报后按危急值流程通知并跟踪，超时自动升级。", fields, "上报危急值", "alert")
        self._case_id = case_id
        self._past = QVBoxLayout()
        self.box.insertLayout(self.box.count() - 1, self._past)
        if desk.case is not None:
            self.form.set_values({"department": desk.case.entry.department})
        place = desk.place
        request = ListCritical(case_id=case_id)
        place.runner.run(lambda: place.connection.call(request), self._loaded, self.failed, key="pathology.critical")

    def _loaded(self, loops: tuple[LoopView, ...]) -> None:
        for one in loops:
            told = f"{one.notified_name}  {local_time(one.notified_at)}" if one.notified_at else ""
            answered = f"{one.acknowledged_by}  {local_time(one.acknowledged_at)}" if one.acknowledged_at else ""
            words = "\n".join(line for line in (f"{one.name}  {local_time(one.opened_at)}", told, answered) if line)
            self._past.addWidget(hairline())
            self._past.addWidget(ValueLabel(words, "caption", wrap=True))

    def submit(self) -> None:
        place, values = self.desk.place, self.form.values()
        request = ReportCritical(
            case_id=self._case_id,
            name=values["name"],
            finding=values["finding"],
            department=values["department"],
        )
        self.button.setEnabled(False)
        place.runner.run(lambda: place.connection.call(request), self._reported, self.failed)

    def _reported(self, _loop: LoopView) -> None:
        self.desk.place.messages.say(tr("已上报危急值"), Tone.SUCCESS)
        self.desk.close_panel()
