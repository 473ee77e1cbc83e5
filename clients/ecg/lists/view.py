"""体检检查 and 院内检查 on screen (ECG-PE, ECG-IN)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clients.ecg.desk import Desk
from clients.ecg.lists.columns import APPLY, HEALTH_CHECK_COLUMNS, IN_HOSPITAL_COLUMNS, ROW_ACTIONS, may_apply
from clients.ecg.lists.page import ListPage, ListSpec
from clients.ecg.lists.requests import health_check_request, in_hospital_request
from clients.ecg.looks import EXAM_LOOKS
from clients.ecg.pages import HEALTH_CHECK, IN_HOSPITAL
from clients.ecg.shell.dialogs import ReasonDialog
from clients.kit.fields import Choice, ChoiceField, TextField
from clients.kit.paging import EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.ecg import CancelEcgExam, EcgExamView, EcgRow
from shared.domain.ecg import IN_HOSPITAL_KINDS, VISIT_WORDS, ExamAction
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

_ROW_BUTTONS = (("read", ""), ("details", ""), ("view_report", ""), ("collect", ""))


class ExamListPage(ListPage):
    """What both lists do with an exam."""

    def __init__(self, desk: Desk, place: Workplace, spec: ListSpec) -> None:
        super().__init__(desk, place, spec)
        self.listen_to(desk.exam_changed)
        self.listen_to(desk.consultation_changed)
        may_register = desk.may(Permission.ECG_REGISTER)
        for action in ("by_number", "by_hand"):
            if any(one == action for one, _look in spec.header):
                place.actions.set_enabled(f"{spec.page}.{action}", may_register)

    def _selected(self, row: Any) -> None:
        super()._selected(row)
        for action in ("by_number", "by_hand"):
            if any(one == action for one, _look in self.spec.header):
                self._place.actions.set_enabled(f"{self.spec.page}.{action}", self._desk.may(Permission.ECG_REGISTER))

    def activate(self, row: Any) -> None:
        """Double-click or Enter: 阅图."""
        self.act("read", row)

    def act(self, action: str, row: EcgRow) -> None:
        """Do an action of a row; what is not allowed now does nothing."""
        if action == "read" and ExamAction.READ in row.allowed:
            self._desk.open_reading(row.id)
        elif action == "details":
            self._show_details(row)
        elif action == "view_report" and ExamAction.VIEW_REPORT in row.allowed:
            self._desk.open_report(row.id)
        elif action == "collect" and ExamAction.COLLECT in row.allowed:
            self._collect(row)
        elif action == "cancel" and ExamAction.CANCEL in row.allowed:
            self._ask_cancel(row)
        elif action == "apply_consultation" and may_apply(row):
            self._apply(row)

    def _show_details(self, row: EcgRow) -> None:
        from clients.ecg.lists.details import DetailsDialog

        DetailsDialog(self._desk, self, row.id).open()

    def _collect(self, row: EcgRow) -> None:
        from clients.ecg.lists.collecting import CollectDialog

        CollectDialog(self._desk, self, row.id, row.patient_name).open()

    def _apply(self, row: EcgRow) -> None:
        from clients.ecg.consultations.application import ApplicationDialog

        ApplicationDialog(self._desk, self, row.id).open()

    def _ask_cancel(self, row: EcgRow) -> None:
        sentence = tr(
            "取消 {name}（检查号 {number}）的登记？申请单恢复为未登记。",
            name=row.patient_name,
            number=row.accession_number,
        )

        def confirm(dialog: ReasonDialog, reason: str) -> None:
            request = CancelEcgExam(exam_id=row.id, version=row.version, reason=reason)
            line = self._place.connection

            def cancelled(_view: EcgExamView) -> None:
                dialog.accept()
                self._place.messages.say(tr("已取消登记"), Tone.SUCCESS)
                self._desk.tell_exam(row.id)

            dialog.ask(lambda: line.call(request), cancelled)

        ReasonDialog(self._desk, self, "取消登记", sentence, "取消登记", confirm).open()


class HealthCheckPage(ExamListPage):
    """体检检查 (ECG-PE)."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        super().__init__(
            desk,
            place,
            ListSpec(
                page=HEALTH_CHECK,
                make=health_check_request,
                fields=(
                    TextField(key="patient_name", label="病人姓名", placeholder="姓名或拼音首字母"),
                    TextField(key="health_check_number", label="体检号"),
                    TextField(key="id_number", label="身份证号"),
                    TextField(key="exam_item", label="检查项目"),
                ),
                columns=HEALTH_CHECK_COLUMNS,
                actions=ROW_ACTIONS,
                shown_actions=3,
                states=EXAM_LOOKS,
                empty=EmptyWords("没有体检检查", "按“手动登记”输入或扫描体检号登记，或选择更长的日期范围。", "body"),
                header=(("by_number", "primary"), ("|", ""), *_ROW_BUTTONS),
                scan_into="health_check_number",
            ),
        )
        place.actions.on(f"{HEALTH_CHECK}.by_number", self.register_by_number)

    def register_by_number(self) -> None:
        """手动登记: by physical-exam number (ECG-QREG-02)."""
        from clients.ecg.registration.quick import NumberDialog

        NumberDialog(self._desk, self, is_health_check=True).open()


class InHospitalPage(ExamListPage):
    """院内检查 (ECG-IN)."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        kinds = [Choice(kind, VISIT_WORDS[kind].zh) for kind in IN_HOSPITAL_KINDS]
        super().__init__(
            desk,
            place,
            ListSpec(
                page=IN_HOSPITAL,
                make=in_hospital_request,
                fields=(
                    ChoiceField(key="visit_kind", label="就诊类型", choices=[Choice(None, "全部"), *kinds]),
                    TextField(key="request_number", label="申请单号"),
                    TextField(key="patient_name", label="病人姓名", placeholder="姓名或拼音首字母"),
                    TextField(key="patient_number", label="病人编号", placeholder="含门诊号、住院号"),
                ),
                columns=IN_HOSPITAL_COLUMNS,
                actions=(*ROW_ACTIONS[:-1], APPLY, ROW_ACTIONS[-1]),
                shown_actions=3,
                states=EXAM_LOOKS,
                empty=EmptyWords(
                    "没有院内检查", "从HIS登记，或按“快速登记申请单”“快速登记会诊”；也可选择更长的日期范围。", "list"
                ),
                header=(
                    ("by_number", "primary"),
                    ("by_hand", ""),
                    ("|", ""),
                    *_ROW_BUTTONS,
                    ("apply_consultation", ""),
                ),
                scan_into="request_number",
            ),
        )
        place.actions.on(f"{IN_HOSPITAL}.by_number", self.register_by_number)
        place.actions.on(f"{IN_HOSPITAL}.by_hand", self.register_by_hand)

    def register_by_number(self) -> None:
        """快速登记申请单: by request number (ECG-QREG-03)."""
        from clients.ecg.registration.quick import NumberDialog

        NumberDialog(self._desk, self, is_health_check=False).open()

    def register_by_hand(self) -> None:
        """快速登记会诊: basic data of a patient (ECG-QREG-04)."""
        from clients.ecg.registration.quick import ConsultationRegistration

        ConsultationRegistration(self._desk, self).open()
