"""Auditing: approve, return, give up; the writer's giving up too, because both are one row of the table."""

from __future__ import annotations

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid
from server.reporting import second_reading
from server.reporting.attachments import Attachments
from server.reporting.auditing_corrections import Corrections
from server.reporting.ports import Doubter
from server.reporting.steps import Steps
from server.reporting.tables import Report, ReportReturn
from server.reporting.texts import Texts, content_of
from server.reporting.worklist import Worklist
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportContent
from shared.domain.rich_text import readable
from shared.domain.states import CriticalValue, ReportAction, ReportState


class Auditing:
    """The second doctor's steps; every method returns the report that it changed."""

    def __init__(
        self,
        steps: Steps,
        texts: Texts,
        attachments: Attachments,
        corrections: Corrections,
        worklist: Worklist,
        time: HospitalTime,
    ) -> None:
        self._steps = steps
        self._texts = texts
        self._attachments = attachments
        self._corrections = corrections
        self._worklist = worklist
        self._time = time
        self.doubters: list[Doubter] = []

    def audit(self, uow: UnitOfWork, caller: Caller, report_id: int) -> Report:
        """Enter to audit: lock, 审核中, 审核医生 = caller (RIS-LCK-14, -15)."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.AUDIT)
        if not (report.holder_id == caller.user_id and report.state == ReportState.AUDITING):
            report.auditing_id, report.auditing_doctor = caller.user_id, caller.name
            is_own = report.diagnosing_id == caller.user_id
            self._steps.enter(uow, caller, report, ReportAction.AUDIT, "本人报告的例外审核" if is_own else "")
        report.lock_seen_at = self._time.now()
        return report

    def approve(
        self,
        uow: UnitOfWork,
        caller: Caller,
        report_id: int,
        version: int,
        content: ReportContent,
        overrule_reason: str = "",
    ) -> Report:
        """Settle the auditor's text and seal it (RIS-RSM-14, RIS-EX-10); a doubt needs the auditor's reason."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.APPROVE)
        report.expect(version)
        content = self._texts.clean(content)
        self._texts.demand_complete(uow, report, content)
        doubts = self._doubts(uow, report, content)
        if doubts and not overrule_reason.strip():
            raise invalid("overrule_reason", f"{doubts}请修改，或填写理由后继续通过。")
        self._texts.keep(uow, caller, report, content, is_automatic=False)
        self._attachments.settle(uow, report)
        report.approved_at = self._time.now()
        self._steps.free(report)
        self._corrections.approved(uow, caller, report, report.approved_at)
        own = "；本人报告的例外审核" if report.diagnosing_id == caller.user_id else ""
        note = f"第 {report.edition} 版，封印 {report.seal[:16]}{own}"
        if doubts:
            note += f"；忽略提示：{doubts}理由：{overrule_reason.strip()}"
        self._steps.go(uow, caller, report, ReportAction.APPROVE, note)
        return report

    def approve_unchanged(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int) -> Report:
        """Approve a submitted report as it stands; refuses what a doctor should look at for itself."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.AUDIT)
        if report.state != ReportState.SUBMITTED:
            raise illegal_action(report.state, "报告不是“待审核”，请逐份处理。")
        report.expect(version)
        if caller.room_ids is not None and report.room_id not in caller.room_ids:  # the list names no exam to look at
            raise Refusal(ErrorCode.PERMISSION_MISSING, "报告不属于您的院区或科室。")
        text = self._texts.text(uow, report, report.submitted_number)
        if text is None:
            raise illegal_action(report.state, "没有提交的内容，请逐份审核。")
        content = content_of(text)
        if content.critical_value is CriticalValue.YES:
            raise invalid("critical_value", "报告有危急值，请逐份审核。")
        doubts = "".join(second_reading.doubts(uow, report, content)) + self._doubts(uow, report, content)
        if doubts:
            raise invalid("overrule_reason", f"{doubts}请逐份审核。")
        missing = self._worklist.images_of(uow, [report])[report.id].missing
        if missing:
            raise invalid("missing_acknowledged", f"影像不全，还缺 {missing} 幅，请逐份审核。")
        entered = self.audit(uow, caller, report_id)
        return self.approve(uow, caller, report_id, entered.version, content)

    def _doubts(self, uow: UnitOfWork, report: Report, content: ReportContent) -> str:
        return "".join(one for doubter in self.doubters for one in doubter(uow, report, content))

    def reject(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int, reason: str) -> Report:
        """Return the report to the diagnosing doctor with a reason (RIS-RSM-16)."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.REJECT)
        report.expect(version)
        reason = readable(reason, has_lines=True)
        if not 1 <= len(reason) <= 1000:
            raise invalid("reason", "请填写退回理由（1 到 1000 个字）。")
        uow.session.add(ReportReturn(report_id=report.id, at=self._time.now(), by=caller.name, reason=reason))
        self._attachments.settle(uow, report)
        report.was_returned = True
        self._steps.free(report)
        self._steps.go(uow, caller, report, ReportAction.REJECT, reason)
        return report

    def give_up(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int) -> Report:
        """放弃: the writer's report is empty and 待诊断 again, the auditor's is as it was submitted (RIS-OPN-07).

        A revision that its writer gives up is 待诊断 with the text of the withdrawn edition, which nobody may lose.
        """
        report = self._steps.for_action(uow, caller, report_id, ReportAction.GIVE_UP)
        report.expect(version)
        if report.state == ReportState.AUDITING:
            self._texts.restore_submitted(uow, caller, report)
            self._attachments.restore_submitted(uow, report)
            report.auditing_id, report.auditing_doctor = 0, ""
        elif report.edition:
            self._corrections.restore_approved(uow, caller, report)
            report.was_returned = False
        else:
            self._texts.keep(uow, caller, report, ReportContent(), is_automatic=False)
            self._attachments.remove_all(uow, report)
            report.diagnosing_id, report.diagnosing_doctor, report.was_returned = 0, "", False
        self._steps.free(report)
        self._steps.go(uow, caller, report, ReportAction.GIVE_UP)
        return report
