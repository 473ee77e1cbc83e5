"""ECG exams for all rooms: facts, who sees them, steps of the machine, the trail.

Every method works in the caller's transaction and never commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from server.ecg.exams.facts import ExamFacts, facts_of
from server.ecg.exams.tables import EcgEventRow, EcgExamRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, illegal_action, not_found
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.patients import PatientView
from shared.domain.ecg import (
    EXAM_ACTIONS,
    EXAM_STATES,
    EXAM_TRANSITIONS,
    ConsultationState,
    ExamAction,
    ExamState,
    ReportState,
    exam_actions,
)
from shared.domain.permissions import ECG_WORDS, Permission

ENTITY = "ecg_exam"
CONCLUSION_LENGTH = 200

RIGHTS = {
    ExamAction.ACQUIRE: Permission.ECG_ACQUIRE,
    ExamAction.STORE_TRACE: Permission.ECG_ACQUIRE,
    ExamAction.EDIT: Permission.ECG_REGISTER,
    ExamAction.SAVE_REPORT: Permission.ECG_REPORT,
    ExamAction.SUBMIT_REPORT: Permission.ECG_REPORT,
    ExamAction.PUBLISH_CONSULTATION: Permission.ECG_ACCEPT_CONSULTATION,
    ExamAction.WITHDRAW_REPORT: Permission.ECG_REPORT,
    ExamAction.CANCEL: Permission.ECG_REGISTER,
    ExamAction.READ: Permission.ECG_VIEW,
    ExamAction.VIEW_REPORT: Permission.ECG_VIEW,
    ExamAction.PRINT: Permission.ECG_PRINT,
    ExamAction.COLLECT: Permission.ECG_VIEW,
    ExamAction.APPLY_CONSULTATION: Permission.ECG_APPLY_CONSULTATION,
}
"""The right that a step asks for; whose report it is, is the room of reports' matter."""

Watcher = Callable[[UnitOfWork, Caller, ExamFacts | None, ExamFacts], None]
"""Gets the exam before (None: it was just registered) and after a step."""


class ExamService:
    """What the rooms of the ECG network ask of an exam."""

    def __init__(self, time: HospitalTime) -> None:
        self.time = time
        self.also_visible: list[Callable[[UnitOfWork, Caller, ExamFacts], bool]] = []
        """Who sees an exam of another campus too: the consultants who were asked. Bound by their room."""
        self.watchers: list[Watcher] = []
        """Told in the same transaction of every step that was taken; quick work only."""
        self.cancelling: list[Callable[[UnitOfWork, Caller, int], None]] = []
        """Told before an exam is cancelled: acquisition ends its open task."""

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────

    def facts(self, uow: UnitOfWork, exam_id: int) -> ExamFacts:
        """Return the facts of an exam, whoever asks. Raises NOT_FOUND."""
        row = uow.session.get(EcgExamRow, exam_id)
        if row is None:
            raise not_found("心电检查")
        return facts_of(row)

    def facts_of(self, uow: UnitOfWork, exam_ids: Iterable[int]) -> dict[int, ExamFacts]:
        """Return the facts of many exams by id; unknown ones are left out."""
        wanted = sorted(set(exam_ids))
        found: dict[int, ExamFacts] = {}
        for start in range(0, len(wanted), 500):
            rows = uow.session.scalars(select(EcgExamRow).where(EcgExamRow.id.in_(wanted[start : start + 500])))
            found.update((row.id, facts_of(row)) for row in rows)
        return found

    def by_accession(self, uow: UnitOfWork, number: str) -> ExamFacts | None:
        """Return the exam of an accession number, None when there is none."""
        return self._one(uow, EcgExamRow.accession_number == number.strip().upper())

    def by_study(self, uow: UnitOfWork, study_uid: str) -> ExamFacts | None:
        """Return the exam of a study, None when there is none."""
        return self._one(uow, EcgExamRow.study_uid == study_uid)

    def by_request(self, uow: UnitOfWork, request_number: str) -> ExamFacts | None:
        """Return the newest exam of a request number that is not cancelled."""
        return self._one(
            uow, EcgExamRow.request_number == request_number.strip(), EcgExamRow.state != ExamState.CANCELLED.value
        )

    def demand(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamFacts:
        """Return the facts. Raises NOT_FOUND, also for an exam that the caller's hospital does not see."""
        facts = self.facts(uow, exam_id)
        if not self.sees(uow, caller, facts):
            raise not_found("心电检查")
        return facts

    def sees(self, uow: UnitOfWork, caller: Caller, facts: ExamFacts) -> bool:
        """Whether the account may see an exam: its own campuses', or one that another room opens to it."""
        if not caller.campus_ids or facts.campus_id in caller.campus_ids:
            return True
        return any(opened(uow, caller, facts) for opened in self.also_visible)

    def visible(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition of lists: exams of the account's own campuses."""
        return EcgExamRow.campus_id.in_(sorted(caller.campus_ids)) if caller.campus_ids else EcgExamRow.id > 0

    def of_patients(self, uow: UnitOfWork, patient_ids: Iterable[int], limit: int = 100) -> list[ExamFacts]:
        """Return the exams of these patient records that have a trace, newest first."""
        rows = uow.session.scalars(
            select(EcgExamRow)
            .where(
                EcgExamRow.patient_id.in_(sorted(set(patient_ids))),
                or_(EcgExamRow.trace_count > 0, EcgExamRow.state.in_([ExamState.ACQUIRED, ExamState.REPORTED])),
            )
            .order_by(EcgExamRow.acquired_at.desc(), EcgExamRow.id.desc())
            .limit(limit)
        )
        return [facts_of(row) for row in rows]

    def open_between(
        self, uow: UnitOfWork, caller: Caller, start: datetime, end: datetime, limit: int = 500
    ) -> list[ExamFacts]:
        """Return exams registered in a time that may still get a trace, those that have none first."""
        rows = uow.session.scalars(
            select(EcgExamRow)
            .where(
                self.visible(caller),
                EcgExamRow.registered_at >= start,
                EcgExamRow.registered_at < end,
                EcgExamRow.state.in_([ExamState.AWAITING.value, ExamState.ACQUIRED.value]),
            )
            .order_by(EcgExamRow.trace_count, EcgExamRow.registered_at.desc())
            .limit(limit)
        )
        return [facts_of(row) for row in rows]

    # ── stepping ─────────────────────────────────────────────────────────────────────────────────────

    def allowed(self, caller: Caller, facts: ExamFacts) -> tuple[ExamAction, ...]:
        """Return what the caller may do with the exam in this state."""
        found = exam_actions(facts.state)
        return tuple(one for one in found if one is not ExamAction.STORE_TRACE and caller.may(RIGHTS[one]))

    def demand_state(self, facts: ExamFacts, action: ExamAction) -> None:
        """Raise ILLEGAL_ACTION when the exam's state does not allow a step, whoever would take it."""
        _demand_step(SYSTEM, facts, action, right_is_checked=True)

    def check(self, uow: UnitOfWork, caller: Caller, exam_id: int, action: ExamAction) -> ExamFacts:
        """Return the facts if the step may be taken. Raises NOT_FOUND, PERMISSION_MISSING, ILLEGAL_ACTION."""
        facts = self.demand(uow, caller, exam_id)
        _demand_step(caller, facts, action)
        return facts

    def step(
        self,
        uow: UnitOfWork,
        caller: Caller,
        exam_id: int,
        action: ExamAction,
        *,
        note: str = "",
        right_is_checked: bool = False,
        **columns: Any,
    ) -> ExamFacts:
        """Take a step of ECG-SM-EXM: state, trail, version, notice. `columns` are written with it. Raises as `check`.

        `right_is_checked`: what caused the step asked for its own right (a device's upload, a consultant's report).
        """
        row = self.lock(uow, exam_id)
        facts = facts_of(row)
        if not right_is_checked and not self.sees(uow, caller, facts):
            raise not_found("心电检查")
        row.state = _demand_step(caller, facts, action, right_is_checked=right_is_checked).value
        for name, value in columns.items():
            setattr(row, name, value)
        self.note(uow, caller, exam_id, action.value, new=note)
        self.changed(uow, row)
        after = facts_of(row)
        self.moved(uow, caller, facts, after)
        return after

    def moved(self, uow: UnitOfWork, caller: Caller, before: ExamFacts | None, after: ExamFacts) -> None:
        """Tell those who follow exams, in the transaction of the step; `before` None: it was registered."""
        for watcher in self.watchers:
            watcher(uow, caller, before, after)

    def lock(self, uow: UnitOfWork, exam_id: int) -> EcgExamRow:
        """Keep other writers off an exam until the commit. Raises NOT_FOUND. For the rooms' own columns see `mark`."""
        row = uow.session.scalars(
            select(EcgExamRow)
            .where(EcgExamRow.id == exam_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is None:
            raise not_found("心电检查")
        return row

    def mark_report(
        self,
        uow: UnitOfWork,
        exam_id: int,
        report_id: int,
        state: ReportState,
        *,
        reported_at: datetime | None = None,
        reported_by: str = "",
        conclusion: str = "",
    ) -> None:
        """Write what lists show of the report; the step is taken apart from it."""
        row = self.lock(uow, exam_id)
        row.report_id, row.report_state = report_id, state.value
        row.reported_at, row.reported_by = reported_at, reported_by[:64]
        row.conclusion = " ".join(conclusion.split())[:CONCLUSION_LENGTH]
        self.changed(uow, row)

    def mark_consultation(self, uow: UnitOfWork, exam_id: int, consultation_id: int, state: ConsultationState) -> None:
        """Write what lists show of the consultation (ECG-APP-06)."""
        row = self.lock(uow, exam_id)
        row.consultation_id, row.consultation_state = consultation_id, state.value
        self.changed(uow, row)

    def patient_linked(
        self, uow: UnitOfWork, caller: Caller, patient: PatientView, into: PatientView, is_linked: bool
    ) -> None:
        """Move the exams of a record to the one that stands for it now, or back (PatientService.followers).

        Each move is a line of the exam's trail. Names and numbers stay as the exam was registered with: traces,
        papers and DICOM objects bear them. What was registered after the merge stays with the record that stays.
        """
        here, there = (patient, into) if is_linked else (into, patient)
        concerned = EcgExamRow.patient_id == here.id
        if not is_linked:
            concerned &= EcgExamRow.merged_from_id == patient.id
        rows = uow.session.scalars(select(EcgExamRow).where(concerned).order_by(EcgExamRow.id).with_for_update())
        for row in rows:
            row.patient_id, row.merged_from_id = there.id, patient.id if is_linked else None
            word = "merge" if is_linked else "separate"
            self.note(uow, caller, row.id, word, field="patient", old=here.patient_number, new=there.patient_number)
            self.changed(uow, row)

    def mark_critical(self, uow: UnitOfWork, exam_id: int, *, is_critical: bool) -> None:
        """Flag an exam as critical, or take the flag off (EX-ECG-09)."""
        row = self.lock(uow, exam_id)
        if row.is_critical != is_critical:
            row.is_critical = is_critical
            self.changed(uow, row)

    def note(
        self,
        uow: UnitOfWork,
        caller: Caller,
        exam_id: int,
        action: str,
        *,
        field: str = "",
        old: str = "",
        new: str = "",
    ) -> None:
        """Write a line of the exam's trail."""
        uow.session.add(
            EcgEventRow(
                exam_id=exam_id,
                at=self.time.now(),
                user_id=caller.user_id,
                user_name=caller.name[:64],
                action=action[:24],
                field=field[:40],
                old=old[:500],
                new=new[:500],
            )
        )

    def changed(self, uow: UnitOfWork, row: EcgExamRow) -> None:
        """Count a change of a row and tell the workstations."""
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=row.version))

    def _one(self, uow: UnitOfWork, *conditions: ColumnElement[bool]) -> ExamFacts | None:
        row = uow.session.scalars(select(EcgExamRow).where(*conditions).order_by(EcgExamRow.id.desc()).limit(1)).first()
        return None if row is None else facts_of(row)


def _demand_step(caller: Caller, facts: ExamFacts, action: ExamAction, *, right_is_checked: bool = False) -> ExamState:
    """Return the state after a step. Raises PERMISSION_MISSING, ILLEGAL_ACTION."""
    right = RIGHTS[action]
    if not right_is_checked and not caller.may(right):
        raise Refusal(ErrorCode.PERMISSION_MISSING, f"您没有“{ECG_WORDS[right][0]}”权限，请联系管理员。")
    after = EXAM_TRANSITIONS.get((facts.state, action))
    if after is None:
        raise illegal_action(
            facts.state.value, f"该检查{EXAM_STATES[facts.state].zh}，不能{EXAM_ACTIONS[action].zh}，请刷新后再试。"
        )
    if action is ExamAction.CANCEL and facts.trace_count:
        raise illegal_action(facts.state.value, "该检查已有心电图，不能取消登记。")
    return after
