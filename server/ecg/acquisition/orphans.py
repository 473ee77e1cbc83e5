"""Traces that found no exam (未匹配心电图): kept, listed, matched by hand in two steps (EX-ECG-13)."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, or_, select

from server.ecg.acquisition.tables import EcgOrphanRow
from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.lists import page_of
from server.ecg.exams.service import ExamService
from server.ecg.exams.views import ExamViews
from server.ecg.traces.facts import FilePatient, stored, trace_view
from server.ecg.traces.keeping import TraceKeeping, same_name
from server.ecg.traces.service import TraceService
from server.ecg.traces.tables import EcgTraceRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from shared.contract.base import Changed
from shared.contract.ecg_acquisition import ListOrphans, MatchView, OrphanList, OrphanView
from shared.domain.ecg import ExamAction, OrphanState
from shared.domain.permissions import Permission

ENTITY = "ecg_orphan"
_WAITING = (OrphanState.WAITING, OrphanState.PROPOSED)
_MOST_MATCHES = 20
_NEAR = timedelta(days=3)
_SEXES = {"M": "男", "F": "女"}


class Orphans:
    """Methods work in the caller's unit of work."""

    def __init__(
        self,
        traces: TraceService,
        keeping: TraceKeeping,
        exams: ExamService,
        views: ExamViews,
        time: HospitalTime,
    ) -> None:
        self._traces = traces
        self._keeping = keeping
        self._exams = exams
        self._views = views
        self._time = time

    def add(self, uow: UnitOfWork, trace_id: int, reason: str, campus_id: int | None, serial: str) -> EcgOrphanRow:
        """List a trace as an orphan."""
        row = EcgOrphanRow(
            trace_id=trace_id,
            state=OrphanState.WAITING.value,
            reason=reason[:200],
            campus_id=campus_id,
            device_serial=serial.strip()[:64],
            came_at=self._time.now(),
            proposed_by="",
            settled_by="",
            discard_reason="",
            version=0,
        )
        uow.session.add(row)
        self._changed(uow, row)
        return row

    def settle(self, uow: UnitOfWork, caller: Caller, trace_id: int) -> None:
        """Its trace found an exam by itself after all."""
        row = uow.session.scalars(select(EcgOrphanRow).where(EcgOrphanRow.trace_id == trace_id)).one_or_none()
        if row is not None:
            self._settle(uow, caller, row, OrphanState.MATCHED)

    def id_of(self, uow: UnitOfWork, trace_id: int) -> int | None:
        """Return the orphan's id of a trace."""
        return uow.session.scalars(select(EcgOrphanRow.id).where(EcgOrphanRow.trace_id == trace_id)).one_or_none()

    def sees(self, uow: UnitOfWork, caller: Caller, trace_id: int) -> bool:
        """Whether the caller may look at a trace that has no exam: who matches or acquires, of its own hospital."""
        if not (caller.may(Permission.ECG_MATCH) or caller.may(Permission.ECG_ACQUIRE)):
            return False
        row = uow.session.scalars(select(EcgOrphanRow).where(EcgOrphanRow.trace_id == trace_id)).one_or_none()
        return row is not None and (
            not caller.campus_ids or row.campus_id is None or row.campus_id in caller.campus_ids
        )

    def listed(self, uow: UnitOfWork, caller: Caller, request: ListOrphans) -> OrphanList:
        """Return orphans, newest first. Raises INVALID."""
        page = page_of(request.page)
        states = [one.value for one in request.states or _WAITING]
        condition: list[ColumnElement[bool]] = [EcgOrphanRow.state.in_(states)]
        if caller.campus_ids:
            condition.append(
                or_(EcgOrphanRow.campus_id.in_(sorted(caller.campus_ids)), EcgOrphanRow.campus_id.is_(None))
            )
        total = uow.session.execute(select(func.count()).select_from(EcgOrphanRow).where(*condition)).scalar_one()
        rows = uow.session.execute(
            select(EcgOrphanRow, EcgTraceRow)
            .join(EcgTraceRow, EcgTraceRow.id == EcgOrphanRow.trace_id)
            .where(*condition)
            .order_by(EcgOrphanRow.id.desc())
            .offset(page.offset)
            .limit(page.limit)
        )
        return OrphanList(total=int(total), rows=tuple(_view(row, trace) for row, trace in rows))

    def matches(self, uow: UnitOfWork, caller: Caller, orphan_id: int) -> tuple[MatchView, ...]:
        """Return exams that may be an orphan's, the likeliest first. Raises NOT_FOUND."""
        row = self._get(uow, caller, orphan_id)
        trace = self._traces.row(uow, row.trace_id)
        patient = stored(trace).patient
        day = self._time.local(trace.recorded_at or trace.received_at).date()
        near = self._exams.open_between(uow, caller, *self._time.day_bounds(day - _NEAR, day + _NEAR))
        scored = sorted(((_likeness(patient, one, day, self._time), one) for one in near), key=lambda pair: -pair[0])
        return tuple(self._match(uow, caller, row, one) for score, one in scored[:_MOST_MATCHES] if score > 0)

    def propose(self, uow: UnitOfWork, caller: Caller, orphan_id: int, version: int, exam_id: int) -> MatchView:
        """Step 1: choose the exam. Raises Refusal."""
        row = self._open(uow, caller, orphan_id, version)
        exam = self._exams.demand(uow, caller, exam_id)
        self._exams.demand_state(exam, ExamAction.STORE_TRACE)
        row.state, row.proposed_exam_id = OrphanState.PROPOSED.value, exam_id
        row.proposed_by, row.proposed_at = caller.name[:64], self._time.now()
        self._changed(uow, row)
        return self._match(uow, caller, row, exam)

    def confirm(self, uow: UnitOfWork, caller: Caller, orphan_id: int, version: int, exam_id: int) -> EcgTraceRow:
        """Step 2: the trace becomes the exam's. Raises Refusal."""
        row = self._open(uow, caller, orphan_id, version)
        if row.state != OrphanState.PROPOSED.value or row.proposed_exam_id != exam_id:
            raise illegal_action(row.state, "请先选择检查，核对后再确认匹配。")
        self._exams.demand(uow, caller, exam_id)
        trace = self._traces.row(uow, row.trace_id)
        self._keeping.attach(uow, caller, trace, exam_id)
        self._keeping.measure_again(uow, trace)
        self._exams.note(uow, caller, exam_id, "match_trace", old=row.proposed_by, new=trace.file_name)
        self._settle(uow, caller, row, OrphanState.MATCHED)
        return trace

    def take_back(self, uow: UnitOfWork, caller: Caller, orphan_id: int, version: int) -> OrphanView:
        """Drop a proposal. Raises Refusal."""
        row = self._open(uow, caller, orphan_id, version)
        if row.state != OrphanState.PROPOSED.value:
            raise illegal_action(row.state, "该心电图没有待确认的匹配。")
        row.state, row.proposed_exam_id, row.proposed_by = OrphanState.WAITING.value, None, ""
        self._changed(uow, row)
        return _view(row, self._traces.row(uow, row.trace_id))

    def discard(self, uow: UnitOfWork, caller: Caller, orphan_id: int, version: int, reason: str) -> OrphanView:
        """Take an orphan out of the list; it stays kept. Raises Refusal."""
        row = self._open(uow, caller, orphan_id, version)
        if not reason.strip():
            raise invalid("reason", "请填写弃用原因。")
        row.discard_reason = reason.strip()[:200]
        self._settle(uow, caller, row, OrphanState.DISCARDED)
        return _view(row, self._traces.row(uow, row.trace_id))

    def _settle(self, uow: UnitOfWork, caller: Caller, row: EcgOrphanRow, state: OrphanState) -> None:
        row.state, row.settled_by, row.settled_at = state.value, caller.name[:64], self._time.now()
        self._changed(uow, row)

    def _get(self, uow: UnitOfWork, caller: Caller, orphan_id: int) -> EcgOrphanRow:
        statement = select(EcgOrphanRow).where(EcgOrphanRow.id == orphan_id)
        row = uow.session.scalars(statement.with_for_update() if uow.is_writer else statement).one_or_none()
        if row is None or (caller.campus_ids and row.campus_id is not None and row.campus_id not in caller.campus_ids):
            raise not_found("未匹配心电图")
        return row

    def _open(self, uow: UnitOfWork, caller: Caller, orphan_id: int, version: int) -> EcgOrphanRow:
        row = self._get(uow, caller, orphan_id)
        row.expect(version)
        if row.state not in _WAITING:
            raise illegal_action(row.state, "该心电图已经处理过，请刷新后再试。")
        return row

    def _match(self, uow: UnitOfWork, caller: Caller, row: EcgOrphanRow, exam: ExamFacts) -> MatchView:
        trace = self._traces.row(uow, row.trace_id)
        return MatchView(
            orphan=_view(row, trace),
            exam=self._views.row(uow, caller, exam),
            differences=differences(stored(trace).patient, exam),
        )

    def _changed(self, uow: UnitOfWork, row: EcgOrphanRow) -> None:
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=row.version))


def differences(patient: FilePatient, exam: ExamFacts) -> tuple[str, ...]:
    """Return in words what speaks against a match."""
    found = []
    if patient.name and not same_name(patient.name, exam.patient_name):
        found.append(f"姓名不同：心电图为“{patient.name}”，检查为“{exam.patient_name}”。")
    elif not patient.name:
        found.append("心电图中没有姓名，请核对患者。")
    if patient.sex in _SEXES and exam.sex.value in _SEXES and patient.sex != exam.sex.value:
        found.append(f"性别不同：心电图为{_SEXES[patient.sex]}，检查为{_SEXES[exam.sex.value]}。")
    if patient.birth_date and exam.birth_date is not None and patient.birth_date != exam.birth_date.isoformat():
        found.append(f"出生日期不同：心电图为 {patient.birth_date}，检查为 {exam.birth_date}。")
    elif patient.age and exam.age and patient.age != exam.age:
        found.append(f"年龄不同：心电图为 {patient.age}，检查为 {exam.age}。")
    if patient.number and patient.number not in _numbers(exam):
        found.append(f"心电图中的编号 {patient.number} 不是该患者的编号。")
    return tuple(found)


def _numbers(exam: ExamFacts) -> frozenset[str]:
    numbers = (
        exam.patient_number, exam.outpatient_number, exam.inpatient_number, exam.health_check_number, exam.id_number,
        exam.request_number, exam.accession_number,
    )  # fmt: skip
    return frozenset(number for number in numbers if number)


def _likeness(patient: FilePatient, exam: ExamFacts, day: date, time: HospitalTime) -> int:
    score = 8 * (patient.number in _numbers(exam)) if patient.number else 0
    if patient.name and same_name(patient.name, exam.patient_name):
        score += 6
    if patient.birth_date and exam.birth_date is not None:
        score += 3 if patient.birth_date == exam.birth_date.isoformat() else -3
    if patient.sex in _SEXES and exam.sex.value in _SEXES:
        score += 1 if patient.sex == exam.sex.value else -3
    if not exam.trace_count:
        score += 1
    return score + (time.local(exam.registered_at).date() == day)


def _view(row: EcgOrphanRow, trace: EcgTraceRow) -> OrphanView:
    patient = stored(trace).patient
    return OrphanView(
        id=row.id,
        version=row.version,
        state=OrphanState(row.state),
        trace=trace_view(trace),
        reason=row.reason,
        patient_name=patient.name,
        patient_number=patient.number,
        sex=patient.sex,
        age=patient.age,
        birth_date=date.fromisoformat(patient.birth_date) if patient.birth_date else None,
        device_serial=row.device_serial,
        proposed_exam_id=row.proposed_exam_id,
        proposed_by=row.proposed_by,
        discard_reason=row.discard_reason,
    )
