"""Writing: enter, save, submit, unlock, and the holder's heartbeat."""

from __future__ import annotations

from datetime import timedelta

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.reporting import second_reading
from server.reporting.attachments import Attachments
from server.reporting.ports import Doubter
from server.reporting.steps import Steps
from server.reporting.tables import Report
from server.reporting.texts import Texts
from server.reporting.worklist import Worklist
from shared.contract.reporting import ReportContent
from shared.domain.states import ReportAction, ReportState

_LONGEST_IDLE_S = 7 * 24 * 3600


class Writing:
    """The writing doctor's steps; every method returns the report that it changed."""

    def __init__(
        self, steps: Steps, texts: Texts, attachments: Attachments, worklist: Worklist, time: HospitalTime
    ) -> None:
        self._steps = steps
        self._texts = texts
        self._attachments = attachments
        self._worklist = worklist
        self._time = time
        self.doubters: list[Doubter] = []

    def write(self, uow: UnitOfWork, caller: Caller, report_id: int) -> Report:
        """Enter to write: lock, 诊断中, 诊断医生 = caller (RIS-LCK-03, -06)."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.WRITE)
        if not (report.holder_id == caller.user_id and report.state == ReportState.WRITING):
            report.diagnosing_id, report.diagnosing_doctor = caller.user_id, caller.name
            self._steps.enter(uow, caller, report, ReportAction.WRITE)
        report.lock_seen_at = self._time.now()
        return report

    def save(
        self,
        uow: UnitOfWork,
        caller: Caller,
        report_id: int,
        version: int,
        content: ReportContent,
        *,
        is_automatic: bool = False,
    ) -> Report:
        """Keep the text; the holder's heartbeat as well."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.SAVE)
        report.expect(version)
        if self._texts.keep(uow, caller, report, content, is_automatic=is_automatic):
            self._steps.go(uow, caller, report, ReportAction.SAVE)
        report.lock_seen_at = self._time.now()
        return report

    def submit(
        self,
        uow: UnitOfWork,
        caller: Caller,
        report_id: int,
        version: int,
        content: ReportContent,
        overrule_reason: str = "",
        *,
        missing_acknowledged: bool = False,
    ) -> Report:
        """Hand the written report to the auditors; frees the lock (RIS-RSM-10)."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.SUBMIT)
        report.expect(version)
        content = self._texts.clean(content)
        self._texts.demand_complete(uow, report, content)
        doubts = second_reading.doubts(uow, report, content)
        doubts += tuple(one for doubter in self.doubters for one in doubter(uow, report, content))
        if doubts and not overrule_reason.strip():
            raise invalid("overrule_reason", "".join(doubts) + "请修改，或填写理由后继续提交。")
        missing = self._worklist.images_of(uow, [report])[report.id].missing
        if missing and not missing_acknowledged:
            raise invalid("missing_acknowledged", f"影像不全：还缺 {missing} 幅。请等待影像到齐，或确认后仍然提交。")
        self._texts.keep(uow, caller, report, content, is_automatic=False)
        self._attachments.settle(uow, report)
        report.submitted_number = report.text_number
        report.diagnosed_at = self._time.now()
        report.was_returned = False
        self._steps.free(report)
        note = f"忽略提示：{''.join(doubts)}理由：{overrule_reason.strip()}" if doubts else ""
        if missing:
            note += f"{'；' if note else ''}提交时影像缺 {missing} 幅，医生已确认"
        self._steps.go(uow, caller, report, ReportAction.SUBMIT, note)
        return report

    def unlock(self, uow: UnitOfWork, caller: Caller, report_id: int) -> Report:
        """Free the lock, text untouched; the holder learns by notice who did it (RIS-LCK-07, RIS-OPN-15)."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.UNLOCK)
        holder = report.holder_name
        self._steps.free(report)
        report.unlocked_by = caller.name
        self._steps.go(uow, caller, report, ReportAction.UNLOCK, f"持有者：{holder}")
        return report

    def renew_lock(self, uow: UnitOfWork, caller: Caller, report_id: int, idle_seconds: int = 0) -> None:
        """The holder is still there, and touched the text so long ago: the idle limit counts from then (CO-RD-03)."""
        report = self._steps.locked_row(uow, report_id)
        self._steps.demand_lock(report, caller)
        idle = timedelta(seconds=max(0, min(idle_seconds, _LONGEST_IDLE_S)))
        report.lock_seen_at = self._time.now() - idle
