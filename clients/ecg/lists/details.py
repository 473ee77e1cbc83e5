"""详情: patient and exam; complaint, history, diagnosis, phone, bed and remark can be changed (ECG-AMB-05)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from clients.ecg.desk import Desk
from clients.ecg.looks import EXAM_LOOKS, sex_word, word
from clients.ecg.shell.dialogs import EcgDialog
from clients.kit.ages import age_for_reader
from clients.kit.badges import StateBadge
from clients.kit.fields import LongTextField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Label, ValueLabel
from clients.kit.paging import local_time
from clients.kit.states import look_of
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg import ChangeEcgExam, EcgChange, EcgExamView, EcgRow, GetEcgExam
from shared.domain.ecg import CONSULTATION_STATES, REPORT_STATES, URGENCIES, VISIT_WORDS, ExamAction

CHANGEABLE = ("complaint", "history", "clinical_diagnosis", "phone", "bed", "remark")

_FACTS: tuple[tuple[str, Callable[[EcgRow], str]], ...] = (
    ("病人姓名", lambda row: row.patient_name),
    ("性别", lambda row: sex_word(row.sex)),
    ("年龄", lambda row: age_for_reader(row.age)),
    ("身份证号", lambda row: row.id_number),
    ("病人编号", lambda row: row.patient_number),
    ("就诊类型", lambda row: word(VISIT_WORDS, row.visit_kind)),
    ("门诊号", lambda row: row.outpatient_number),
    ("住院号", lambda row: row.inpatient_number),
    ("体检号", lambda row: row.health_check_number),
    ("申请单号", lambda row: row.request_number),
    ("申请科室", lambda row: row.department),
    ("病区", lambda row: row.ward),
    ("检查项目", lambda row: row.exam_item),
    ("紧急程度", lambda row: word(URGENCIES, row.urgency)),
    ("检查号", lambda row: row.accession_number),
    ("医院", lambda row: row.campus_name),
    ("登记时间", lambda row: " ".join((local_time(row.registered_at), row.registered_by))),
    ("采集时间", lambda row: local_time(row.acquired_at)),
    ("报告状态", lambda row: word(REPORT_STATES, row.report_state)),
    ("报告时间", lambda row: " ".join((local_time(row.reported_at), row.reported_by)).strip()),
    ("会诊状态", lambda row: word(CONSULTATION_STATES, row.consultation_state) if row.consultation_state else ""),
)


class DetailsDialog(EcgDialog):
    """Loads the exam by itself; 保存 stores what was changed."""

    def __init__(self, desk: Desk, parent: QWidget, exam_id: int) -> None:
        super().__init__(desk, parent, "检查详情", width=820)
        self._exam_id = exam_id
        self.view: EcgExamView | None = None
        self.badge = StateBadge(look_of(EXAM_LOOKS, "awaiting"))
        self.body.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignLeft)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        for column in (1, 3, 5):
            self._grid.setColumnStretch(column, 1)
        self.facts: dict[str, ValueLabel] = {}
        for at, (title, _value) in enumerate(_FACTS):
            label = Label(title, "quiet")
            value = ValueLabel("")
            self.facts[title] = value
            self._grid.addWidget(label, at // 3, at % 3 * 2)
            self._grid.addWidget(value, at // 3, at % 3 * 2 + 1)
        self.body.addLayout(self._grid)
        fields = [
            TextField(key="phone", label="联系电话", max_length=32),
            TextField(key="bed", label="床号", max_length=32),
            LongTextField(key="complaint", label="主诉", lines=2, max_length=1000, span=1),
            LongTextField(key="history", label="病史", lines=2, max_length=1000, span=1),
            LongTextField(key="clinical_diagnosis", label="临床诊断", lines=2, max_length=1000, span=1),
            LongTextField(key="remark", label="检查项目备注", lines=2, max_length=500, span=1),
        ]
        self.put_form(FormView([Section("可修改", fields)], columns=2), height=250)
        self.add_button("trail", "操作记录", "link", self.show_trail)
        self.add_button("close", "关闭")
        self.add_button("save", "保存", "primary", self.save).setEnabled(False)
        self.load()

    def show_trail(self) -> None:
        """操作记录."""
        from clients.ecg.lists.trail import TrailDialog

        if self.view is not None:
            TrailDialog(self._desk, self, self._exam_id, self.view.row.patient_name).open()

    def load(self) -> None:
        """Fetch the exam."""
        line, exam_id = self._desk.place.connection, self._exam_id
        self.ask(lambda: line.call(GetEcgExam(exam_id=exam_id)), self.show_exam)

    def show_exam(self, view: EcgExamView) -> None:
        """Show an exam as it is now."""
        self.view = view
        self.badge.set_look(look_of(EXAM_LOOKS, view.row.state))
        for title, value in _FACTS:
            self.facts[title].set_text(value(view.row) or "–")
        assert self.form is not None
        self.form.set_values({key: getattr(view.entry, key) for key in CHANGEABLE})
        self.settle()

    def settle(self) -> None:
        may = self.view is not None and ExamAction.EDIT in self.view.row.allowed
        if "save" in self.buttons:
            self.buttons["save"].setEnabled(may)
        if self.form is not None:
            self.form.set_read_only(not may)

    def changes(self) -> EcgChange:
        """What differs from the exam."""
        assert self.form is not None and self.view is not None
        values = {key: str(self.form.value(key) or "").strip() for key in CHANGEABLE}
        return EcgChange(**{key: value for key, value in values.items() if value != getattr(self.view.entry, key)})

    def save(self) -> None:
        """保存."""
        if self.form is None or self.view is None or not self.form.validate():
            return
        change = self.changes()
        if change == EcgChange():
            self.accept()
            return
        request = ChangeEcgExam(exam_id=self._exam_id, version=self.view.row.version, change=change)
        line = self._desk.place.connection
        self.ask(lambda: line.call(request), self._saved)

    def _saved(self, view: EcgExamView) -> None:
        self._desk.place.messages.say(tr("已保存"), Tone.SUCCESS)
        self._desk.tell_exam(view.row.id)
        self.accept()
