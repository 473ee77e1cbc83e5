"""受理记录: consultations that other hospitals ask of the user's teams (ECG-ACC)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clients.ecg.consultations.columns import INCOMING_ACTIONS, Clocks, filter_of, has_report, incoming_columns, is_own
from clients.ecg.consultations.page import ConsultationListPage, fields
from clients.ecg.desk import Desk
from clients.ecg.lists.page import ListSpec
from clients.ecg.looks import CONSULTATION_LOOKS
from clients.ecg.pages import ACCEPTANCE
from clients.ecg.shell.dialogs import ReasonDialog
from clients.kit.paging import EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from shared.contract.base import Page
from shared.contract.ecg_consultations import (
    Accept,
    ConsultationView,
    Get,
    GiveBack,
    ListIncoming,
    Refuse,
)
from shared.contract.ecg_reports import Print as PrintReport
from shared.contract.errors import ErrorCode, RpcError
from shared.domain.ecg import ConsultationAction, ConsultationState

if TYPE_CHECKING:
    from clients.kit.shell import Workplace


def make_request(conditions: Mapping[str, Any], page: Page) -> ListIncoming:
    """受理记录: waiting ones first, by urgency, suspected danger and waiting time."""
    return ListIncoming(filter=filter_of(conditions), page=page)


class AcceptancePage(ConsultationListPage):
    """Double-click or 一键会诊 accepts a waiting one and opens the reading page."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        clocks = Clocks()
        super().__init__(
            desk,
            place,
            ListSpec(
                page=ACCEPTANCE,
                make=make_request,
                fields=fields("我受理的"),
                columns=incoming_columns(clocks),
                actions=INCOMING_ACTIONS,
                shown_actions=3,
                states=CONSULTATION_LOOKS,
                empty=EmptyWords("没有会诊申请", "下级医院申请会诊后会立即出现在这里，并弹出消息。", "sign_in"),
                header=(
                    ("accept", "primary"),
                    ("details", ""),
                    ("view_report", ""),
                    ("print", ""),
                    ("collect", ""),
                    ("|", ""),
                    ("give_back", ""),
                    ("refuse", "danger"),
                ),
                scan_into="number",
                days=("申请日期 从", "申请日期 到"),
            ),
            clocks,
        )

    def activate(self, row: ConsultationView) -> None:
        """Double-click: accept a waiting one, go on with an own one, else look at what there is."""
        if ConsultationAction.ACCEPT in row.allowed or is_own(row):
            self.act("accept", row)
        elif has_report(row):
            self.act("view_report", row)
        else:
            self.act("details", row)

    def act(self, action: str, row: ConsultationView) -> None:
        """Do an action of a row; what is not allowed now does nothing."""
        if action == "accept":
            self.accept(row)
        elif action == "details":
            self.show_details(row)
        elif action == "view_report" and has_report(row):
            self._desk.open_report(row.exam_id, row.id)
        elif action == "print" and has_report(row):
            self._print(row)
        elif action == "collect" and has_report(row):
            from clients.ecg.lists.collecting import CollectDialog

            CollectDialog(self._desk, self, row.exam_id, row.patient_name).open()
        elif action == "give_back" and ConsultationAction.GIVE_BACK in row.allowed:
            self._ask_give_back(row)
        elif action == "refuse" and ConsultationAction.REFUSE in row.allowed:
            self._ask_refuse(row)

    def accept(self, row: ConsultationView) -> None:
        """一键会诊: accept and open the reading page (ECG-ACC-02, -03)."""
        if is_own(row):
            self._desk.open_reading(row.exam_id, consultation_id=row.id)
            return
        line = self._place.connection
        self._place.runner.run(
            lambda: line.call(Accept(consultation_id=row.id)),
            self._accepted,
            lambda error: self._not_accepted(row, error),
            key=f"ecg.accept.{row.id}",
        )

    def _accepted(self, view: ConsultationView) -> None:
        self._desk.tell_consultation(view.id)
        self._desk.open_reading(view.exam_id, consultation_id=view.id)

    def _not_accepted(self, row: ConsultationView, error: Exception) -> None:
        """The second doctor is told who has it (ECG-ACC-10)."""
        self.presenter.refresh()
        if not (isinstance(error, RpcError) and error.code is ErrorCode.ILLEGAL_ACTION):
            self._place.messages.report(error)
            return
        line = self._place.connection

        def looked(details: Any) -> None:
            now: ConsultationView = details.consultation
            if now.state is ConsultationState.ACCEPTED and now.accepted_by:
                self._place.messages.say(
                    tr("{name} 的会诊已由{doctor}受理。", name=row.patient_name, doctor=now.accepted_by), Tone.WARNING
                )
            else:
                self._place.messages.report(error)

        self._place.runner.run(
            lambda: line.call(Get(consultation_id=row.id)), looked, lambda _again: self._place.messages.report(error)
        )

    def _print(self, row: ConsultationView) -> None:
        line: Any = self._place.connection
        spoken, papers = language().value, self._desk.papers
        self._place.runner.run(
            lambda: papers.hand_out(line.call(PrintReport(exam_id=row.exam_id, language=spoken))),
            lambda sentence: self._place.messages.say(sentence, Tone.SUCCESS),
            self._place.messages.report,
        )

    def _ask_give_back(self, row: ConsultationView) -> None:
        def confirm(dialog: ReasonDialog, reason: str) -> None:
            request = GiveBack(consultation_id=row.id, version=row.version, reason=reason)
            self.send(request, tr("已撤销受理，其他医生可以受理"), dialog=dialog)

        sentence = tr("撤销受理 {name} 的会诊？已写的草稿会保留。", name=row.patient_name)
        ReasonDialog(self._desk, self, "撤销受理", sentence, "撤销受理", confirm, required=False).open()

    def _ask_refuse(self, row: ConsultationView) -> None:
        def confirm(dialog: ReasonDialog, reason: str) -> None:
            request = Refuse(consultation_id=row.id, version=row.version, reason=reason)
            self.send(request, tr("已拒绝会诊，申请医生会收到消息"), dialog=dialog)

        sentence = tr(
            "拒绝 {hospital} 为 {name} 申请的会诊？请写明原因。", hospital=row.from_hospital, name=row.patient_name
        )
        ReasonDialog(self._desk, self, "拒绝会诊", sentence, "拒绝会诊", confirm).open()
