"""The reporting area's face to others: from the exam's end through writing, submission and audit to the sealed text.

The work is done by the modules beside this one; each method here works in the caller's unit of work.
"""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import not_found
from server.reporting.attachments import Attachments
from server.reporting.auditing import Auditing
from server.reporting.auditing_corrections import Corrections
from server.reporting.away import Away
from server.reporting.facts import Facts, of_exam
from server.reporting.ports import Documents, Doubter, Exams, Follower, Organisation, Studies
from server.reporting.reading import Reading
from server.reporting.sealing import Sealing
from server.reporting.settings import ReportingSettings
from server.reporting.steps import Steps
from server.reporting.surroundings import Surroundings
from server.reporting.tables import Report
from server.reporting.texts import Texts
from server.reporting.worklist import Worklist
from server.reporting.writing import Writing
from shared.contract.reporting import (
    AddKeyImage,
    AddMeasurement,
    CorrectPatient,
    HistoryView,
    ReportContent,
    ReportLogView,
    ReportView,
)
from shared.domain.states import ReportAction, ReportState


class ReportService:
    """Makes reports and leads them through their states; every method works in the caller's unit of work."""

    def __init__(
        self,
        exams: Exams,
        studies: Studies,
        organisation: Organisation,
        documents: Documents,
        worklist: Worklist,
        time: HospitalTime,
        settings: ReportingSettings | None = None,
    ) -> None:
        rules = settings or ReportingSettings()
        self._time = time
        self._facts = Facts(exams, studies)
        self._texts = Texts(organisation, time, rules)
        self._steps = Steps(exams, self._facts, worklist, time, self._texts.is_automatic)
        self._attachments = Attachments(self._steps, documents, time, rules)
        self._sealing = Sealing(self._texts, self._attachments, documents, time)
        self._writing = Writing(self._steps, self._texts, self._attachments, worklist, time)
        self.corrections = Corrections(self._steps, self._texts, self._sealing, time)
        self._auditing = Auditing(self._steps, self._texts, self._attachments, self.corrections, worklist, time)
        self._reading = Reading(exams, self._texts, self._attachments, worklist, self.corrections, rules)
        self.surroundings = Surroundings(self._steps, organisation)
        self.away = Away(self._steps)

    def follow(self, follower: Follower) -> None:
        """Call `follower` at each step of each report; bootstrap does this once per area that wants to know."""
        self._steps.follow(follower)

    def doubt(self, doubter: Doubter) -> None:
        """Ask `doubter` too when a report is submitted, beside the checker (RIS-EX-14)."""
        self._writing.doubters.append(doubter)

    def doubt_approval(self, doubter: Doubter) -> None:
        """Ask `doubter` when a report is approved, by the auditor's text; batches refuse what it doubts."""
        self._auditing.doubters.append(doubter)

    # ── called by the exams area ─────────────────────────────────────────────────────────────────────

    def ensure_report(self, uow: UnitOfWork, exam_id: int) -> None:
        """Make the one report of an exam (RIS-RSM-01), or refresh the facts of the one there is."""
        report = of_exam(uow, exam_id)
        if report is not None:
            self._refresh(uow, report)
            return
        now = self._time.now()
        report = Report(exam_id=exam_id, state=ReportState.AWAITING, version=1, created_at=now, state_since=now)
        self._facts.copy(uow, report)
        try:
            with uow.session.begin_nested():
                uow.session.add(report)
        except IntegrityError:  # another node made it in this moment
            return
        self._steps.log(uow, report, SYSTEM, "created", "", "")
        self._steps.moved(uow, report)

    def report_of(self, uow: UnitOfWork, exam_id: int) -> int | None:
        """Return the id of an exam's report, None before there is one."""
        report = of_exam(uow, exam_id)
        return None if report is None else report.id

    def exam_changed(self, uow: UnitOfWork, exam_id: int) -> None:
        """Copy the facts of an exam (patient, room, images) again, if it has a report."""
        report = of_exam(uow, exam_id)
        if report is not None:
            self._refresh(uow, report)

    def _refresh(self, uow: UnitOfWork, report: Report) -> None:
        self._facts.copy(uow, report)
        if uow.session.is_modified(report):
            self._steps.tell(uow, report)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return a report for reading."""
        report = uow.session.get(Report, report_id)
        if report is None:
            raise not_found("报告")
        return self._reading.view(uow, caller, report)

    def history(self, uow: UnitOfWork, exam_id: int, caller: Caller = SYSTEM) -> HistoryView:
        """Return the patient's other exams and those of namesakes, newest first (RIS-RPB-01, -02)."""
        return self._reading.history(uow, exam_id, caller)

    def log(self, uow: UnitOfWork, report_id: int) -> ReportLogView:
        """Return the operation log, newest first, and every kept text, oldest first."""
        return self._reading.log(uow, report_id)

    # ── the life of a report ─────────────────────────────────────────────────────────────────────────

    def write(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Enter to write: lock, 诊断中, 诊断医生 = caller (RIS-LCK-03, -06)."""
        return self._reading.view(uow, caller, self._writing.write(uow, caller, report_id))

    def save(
        self,
        uow: UnitOfWork,
        caller: Caller,
        report_id: int,
        version: int,
        content: ReportContent,
        *,
        is_automatic: bool = False,
    ) -> ReportView:
        """Keep the text; the holder's heartbeat as well."""
        return self._reading.view(
            uow, caller, self._writing.save(uow, caller, report_id, version, content, is_automatic=is_automatic)
        )

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
    ) -> ReportView:
        """Hand the written report to the auditors; frees the lock (RIS-RSM-10)."""
        return self._reading.view(
            uow,
            caller,
            self._writing.submit(
                uow, caller, report_id, version, content, overrule_reason, missing_acknowledged=missing_acknowledged
            ),
        )

    def unlock(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Free the lock, text untouched; the holder learns by notice who did it (RIS-LCK-07, RIS-OPN-15)."""
        return self._reading.view(uow, caller, self._writing.unlock(uow, caller, report_id))

    def renew_lock(self, uow: UnitOfWork, caller: Caller, report_id: int, idle_seconds: int = 0) -> None:
        """The holder is still there."""
        self._writing.renew_lock(uow, caller, report_id, idle_seconds)

    def audit(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Enter to audit: lock, 审核中, 审核医生 = caller (RIS-LCK-14, -15)."""
        return self._reading.view(uow, caller, self._auditing.audit(uow, caller, report_id))

    def approve(
        self,
        uow: UnitOfWork,
        caller: Caller,
        report_id: int,
        version: int,
        content: ReportContent,
        overrule_reason: str = "",
    ) -> ReportView:
        """Settle the auditor's text and seal it (RIS-RSM-14, RIS-EX-10)."""
        return self._reading.view(
            uow, caller, self._auditing.approve(uow, caller, report_id, version, content, overrule_reason)
        )

    def reject(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int, reason: str) -> ReportView:
        """Return the report to the diagnosing doctor with a reason (RIS-RSM-16)."""
        return self._reading.view(uow, caller, self._auditing.reject(uow, caller, report_id, version, reason))

    def approve_unchanged(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int) -> ReportView:
        """Enter to audit and approve the text as submitted, in one step."""
        return self._reading.view(uow, caller, self._auditing.approve_unchanged(uow, caller, report_id, version))

    def revise(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int, reason: str) -> ReportView:
        """修订: withdraw an approved report with a reason (RIS-EX-06)."""
        return self._reading.view(uow, caller, self.corrections.revise(uow, caller, report_id, version, reason))

    def add(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int, text: str) -> ReportView:
        """补充: sign an addendum to an approved report (RIS-EX-06)."""
        return self._reading.view(uow, caller, self.corrections.add(uow, caller, report_id, version, text))

    def give_up(self, uow: UnitOfWork, caller: Caller, report_id: int, version: int) -> ReportView:
        """放弃: the writer's report is empty and 待诊断 again, the auditor's is as it was submitted (RIS-OPN-07)."""
        return self._reading.view(uow, caller, self._auditing.give_up(uow, caller, report_id, version))

    def correct_patient(self, uow: UnitOfWork, caller: Caller, request: CorrectPatient) -> ReportView:
        """Correct the patient's basic information for the holder of the report (RIS-RPE-02)."""
        return self._reading.view(uow, caller, self.surroundings.correct_patient(uow, caller, request))

    # ── pictures and measurements ────────────────────────────────────────────────────────────────────

    def add_key_image(self, uow: UnitOfWork, caller: Caller, request: AddKeyImage) -> ReportView:
        """Keep a picture with the report that the caller holds."""
        return self._reading.view(uow, caller, self._attachments.add_key_image(uow, caller, request))

    def remove_key_image(self, uow: UnitOfWork, caller: Caller, report_id: int, key_image_id: int) -> ReportView:
        """Take a picture out of the report that the caller holds."""
        return self._reading.view(uow, caller, self._attachments.remove_key_image(uow, caller, report_id, key_image_id))

    def add_measurement(self, uow: UnitOfWork, caller: Caller, request: AddMeasurement) -> ReportView:
        """Keep a measurement with the report that the caller holds."""
        return self._reading.view(uow, caller, self._attachments.add_measurement(uow, caller, request))

    # ── called by the printing area ──────────────────────────────────────────────────────────────────

    def demand_printable(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return the report, or refuse when it is not approved or the caller may not print (RIS-PRT-06)."""
        report = uow.session.get(Report, report_id)
        if report is None:
            raise not_found("报告")
        self._steps.demand(report, caller, ReportAction.PRINT)
        return self._reading.view(uow, caller, report)

    def printed(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Count a print; the state becomes 已打印 (RIS-RSM-21, -22)."""
        report = self._steps.for_action(uow, caller, report_id, ReportAction.PRINT)
        report.print_count += 1
        self._steps.go(uow, caller, report, ReportAction.PRINT, f"第 {report.print_count} 次")
        return self._reading.view(uow, caller, report)

    def verification_code(self, uow: UnitOfWork, report_id: int) -> str:
        """Return the code for the printed copy; empty before approval."""
        return self._sealing.verification_code(uow, report_id)

    def verify(self, uow: UnitOfWork, code: str) -> str:
        """Return a sentence that says whether the printed copy with this code is genuine; names no patient."""
        return self._sealing.verify(uow, code)
