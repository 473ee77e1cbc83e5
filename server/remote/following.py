"""A report written elsewhere: its request follows every step of the report room, within the step's transaction."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.remote.desk import Desk
from server.remote.tables import RemoteRequestRow
from server.reporting.ports import ReportStep
from shared.domain.remote import OPEN, TRANSITIONS, RemoteAction, RemoteKind, RemoteNotice, RemoteState
from shared.domain.states import ReportAction, ReportState

_A, _N, _S = RemoteAction, RemoteNotice, RemoteState
_FOLLOWED = {
    ReportAction.WRITE: _A.WRITE,
    ReportAction.SUBMIT: _A.SUBMIT,
    ReportAction.AUDIT: _A.AUDIT,
    ReportAction.APPROVE: _A.PASS,
    ReportAction.REJECT: _A.REJECT,
}


class FollowsReports:
    """reporting.ports.Follower."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __call__(self, uow: UnitOfWork, caller: Caller, step: ReportStep) -> None:
        row = self._desk.newest(uow, step.exam_id, RemoteKind.REPORT, OPEN)
        if row is None or (step.before is step.after and step.action is not ReportAction.WRITE):
            return
        row = self._desk.row(uow, row.id, lock=True)
        action = self._action(step)
        after = TRANSITIONS.get((RemoteState(row.state), action)) if action is not None else None
        if action is None or after is None or (row.state == after.value and action is _A.WRITE):
            return
        row.state = after.value
        self._people(caller, row, action)
        if action is _A.PASS:
            self._approved(uow, caller, row)
            return
        self._desk.changed(uow, caller, row, action)
        if action is _A.SUBMIT:
            self._submitted(uow, caller, row)
        elif action is _A.REJECT:
            self._desk.reports.entrust(uow, row.report_id, self._desk.to_words(uow, row), (row.holder_id,))
            self._desk.tell_there(uow, caller, row, (row.holder_id,), _N.REJECTED)
        elif action is _A.WRITE:
            self._desk.notices.over(uow, row.id, _N.REJECTED)

    @staticmethod
    def _action(step: ReportStep) -> RemoteAction | None:
        if step.action is ReportAction.GIVE_UP:
            return _A.GIVE_UP if step.before is ReportState.WRITING else _A.RELEASE
        return _FOLLOWED.get(step.action)

    @staticmethod
    def _people(caller: Caller, row: RemoteRequestRow, action: RemoteAction) -> None:
        if action is _A.AUDIT:
            row.auditor_id, row.auditor = caller.user_id, caller.name[:80]
        elif action in (_A.SUBMIT, _A.RELEASE):
            row.auditor_id, row.auditor = 0, ""

    def _submitted(self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow) -> None:
        """The team's auditors go on, or the report comes home to be audited."""
        if row.audits_reports:
            auditors = self._desk.auditor_ids(uow, row)
            self._desk.reports.entrust(uow, row.report_id, self._desk.to_words(uow, row), auditors)
            self._desk.tell_there(uow, caller, row, auditors, _N.SUBMITTED)
        else:
            self._desk.reports.bring_home(uow, caller, row.report_id, "")
            self._desk.tell_asker(uow, caller, row, _N.SUBMITTED)

    def _approved(self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow) -> None:
        now = self._desk.time.now()
        row.published_at, row.published_by, row.reason = now, caller.name[:80], ""
        if not row.audits_reports:  # the asking hospital approved it itself: nothing is left to confirm
            row.state = _S.COMPLETED.value
            row.confirmed_at, row.confirmed_by = now, caller.name[:80]
            self._desk.changed(uow, caller, row, _A.PASS)
            self._desk.notices.over(uow, row.id, _N.SUBMITTED)
            self._desk.tell_there(uow, caller, row, (row.holder_id,), _N.CONFIRMED)
            return
        self._desk.reports.bring_home(uow, caller, row.report_id, "")
        self._desk.changed(uow, caller, row, _A.PASS)
        self._desk.notices.over(uow, row.id, _N.SUBMITTED)
        self._desk.tell_asker(uow, caller, row, _N.PUBLISHED)
        self._desk.tell_there(uow, caller, row, (row.holder_id,), _N.PUBLISHED)
