"""Registration (病人登记): of a request once only, of a consultation patient at once; changing, cancelling."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from server.ecg.exams import rules
from server.ecg.exams.facts import ExamFacts, facts_of
from server.ecg.exams.ports import Campuses, People, RequestFacts, Requests
from server.ecg.exams.service import ExamService
from server.ecg.exams.tables import EcgExamRow
from server.exams.rules import accession_number
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.base import next_number
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found, stale
from server.patients.rules import age_text, flat
from shared.contract.base import Changed
from shared.contract.ecg import (
    EcgChange,
    EcgEntry,
    FindRequest,
    RequestList,
    RequestRow,
    SearchRequests,
)
from shared.contract.errors import ErrorCode
from shared.dicomkit.names import search_keys
from shared.dicomkit.uids import new_uid
from shared.domain.ecg import ExamAction, ExamState, RequestState

_MOST_FOUND = 50
_REASON = 200
_EXAMINED = (ExamState.ACQUIRED.value, ExamState.REPORTED.value)


class Registration:
    """Methods work in the caller's unit of work and never commit."""

    def __init__(
        self, time: HospitalTime, exams: ExamService, requests: Requests, people: People, campuses: Campuses
    ) -> None:
        self._time = time
        self._exams = exams
        self._requests = requests
        self._people = people
        self._campuses = campuses

    # ── requests ─────────────────────────────────────────────────────────────────────────────────────

    def search(self, uow: UnitOfWork, caller: Caller, request: SearchRequests) -> RequestList:
        """Return requests of the caller's side that meet the conditions (ECG-HIS-02). Raises INVALID."""
        if request.received_from and request.received_to and request.received_from > request.received_to:
            raise invalid("received_from", "开始日期不能晚于结束日期。")
        examined = select(EcgExamRow.id).where(EcgExamRow.state.in_(_EXAMINED))
        total, found = self._requests.search(uow, request, examined, self._side(uow, caller))
        return RequestList(total=total, rows=self._rows(uow, found))

    def find(self, uow: UnitOfWork, caller: Caller, request: FindRequest) -> tuple[RequestRow, ...]:
        """Return the requests of a number on the caller's side, if any (ECG-QREG-02/03). Raises INVALID."""
        number, check_up = request.request_number.strip(), request.health_check_number.strip()
        if not number and not check_up:
            raise invalid("request_number", "请输入或扫描申请单号或体检号。")
        side = self._side(uow, caller)
        found = [one for one in self._requests.find(uow, number, check_up) if _is_of(one, side)]
        return self._rows(uow, found[:_MOST_FOUND])

    def demand_found(self, found: tuple[RequestRow, ...], request: FindRequest) -> tuple[RequestRow, ...]:
        """Return what was found. Raises NOT_FOUND with the sentence to show (ECG-QREG-06)."""
        if not found:
            number, check_up = request.request_number.strip(), request.health_check_number.strip()
            word = f"申请单号 {number}" if number else f"体检号 {check_up}"
            raise Refusal(
                ErrorCode.NOT_FOUND, f"没有查到{word[:80]} 的心电图申请，请核对号码，或稍后再查。", state="no_request"
            )
        return found

    def _rows(self, uow: UnitOfWork, found: list[RequestFacts]) -> tuple[RequestRow, ...]:
        exams = self._exams.facts_of(uow, [one.ecg_exam_id for one in found if one.ecg_exam_id is not None])
        names = self._campuses.names(uow)
        return tuple(
            _request_row(one, exams.get(one.ecg_exam_id or 0), names.get(one.entry.campus_id or 0, "")) for one in found
        )

    def _side(self, uow: UnitOfWork, caller: Caller) -> frozenset[int | None] | None:
        """Whose requests an account finds (ECG-LOGIN-06); None: everybody's. Those that name no campus (None in the
        set) are the first campus's: the main house's system is the one that needs to say nothing."""
        if not caller.campus_ids:
            return None
        first = next(iter(self._campuses.names(uow)), 0)
        return frozenset({*caller.campus_ids, None}) if first in caller.campus_ids else frozenset(caller.campus_ids)

    # ── registering ──────────────────────────────────────────────────────────────────────────────────

    def register_request(
        self, uow: UnitOfWork, caller: Caller, application_id: int, version: int, dialog: EcgEntry
    ) -> tuple[ExamFacts, bool]:
        """Register a request, or return the exam that it is already and True (ECG-REG-04). Raises Refusal."""
        request = self._requests.get(uow, application_id)
        if not _is_of(request, self._side(uow, caller)):
            raise not_found("心电图申请单")
        if request.ecg_exam_id is not None:
            return self._exams.demand(uow, caller, request.ecg_exam_id), True
        if request.registered_elsewhere:
            raise illegal_action("registered", "该申请单已在放射科登记，请与登记处联系。")
        if request.is_cancelled:
            raise illegal_action("cancelled", "该申请单已被临床取消，请重新查询申请单。")
        if version != request.version:
            raise stale(request.version)
        facts = self._make(uow, caller, rules.with_dialog(request.entry, dialog), application_id)
        self._requests.mark(uow, application_id, facts.id)
        return facts, False

    def register(self, uow: UnitOfWork, caller: Caller, entry: EcgEntry) -> ExamFacts:
        """Quick registration of a consultation (ECG-QREG-04). Raises INVALID."""
        return self._make(uow, caller, entry, None)

    def _make(self, uow: UnitOfWork, caller: Caller, typed: EcgEntry, application_id: int | None) -> ExamFacts:
        try:
            entry = rules.checked(typed, self._time.today())
        except rules.Wrong as wrong:
            raise invalid(wrong.field, wrong.sentence) from None
        campus_id = self._campus(uow, caller, entry.campus_id)
        patient = self._people.admit(uow, caller, entry)
        born = entry.birth_date or patient.birth_date
        entry = msgspec.structs.replace(
            entry,
            patient_id=patient.id,
            birth_date=born,
            age=age_text(born, self._time.today()) or entry.age,
            id_number=patient.id_number if entry.id_number else "",
            patient_number=entry.patient_number or patient.patient_number,
            campus_id=campus_id,
        )
        row = self._row(uow, caller, entry, application_id)
        uow.session.add(row)
        uow.session.flush()
        self._exams.note(uow, caller, row.id, "register", new=row.accession_number)
        uow.publish(Changed(entity="ecg_exam", id=row.id, version=row.version))
        facts = facts_of(row)
        self._exams.moved(uow, caller, None, facts)
        return facts

    def _row(self, uow: UnitOfWork, caller: Caller, entry: EcgEntry, application_id: int | None) -> EcgExamRow:
        day = self._time.today()
        pinyin, initials = search_keys(entry.patient_name)
        same = ("patient_id", "patient_name", "age", "birth_date", "id_number", "patient_number", "outpatient_number")
        more = ("inpatient_number", "health_check_number", "request_number", "department", "ward", "bed", "exam_item")
        row = EcgExamRow(
            **{name: getattr(entry, name) for name in (*same, *more, "clinical_diagnosis", "campus_id")},
            # the counter of radiology's numbers: a number is never given twice, whoever registers ECGs
            accession_number=accession_number(day, "ECG", next_number(uow.session, f"accession/{day:%y%m%d}/ECG")),
            study_uid=new_uid(),
            state=ExamState.AWAITING.value,
            kind=entry.kind.value,
            visit_kind=entry.visit_kind.value,
            urgency=entry.urgency.value,
            sex=entry.sex.value,
            pinyin_flat=flat(pinyin)[:64],
            initials=initials[:16],
            application_id=application_id,
            entry=msgspec.msgpack.encode(entry),
            registered_at=self._time.now(),
            registered_by=caller.name[:64],
            registered_by_id=caller.user_id,
            report_state="none",
            version=1,
        )
        row.cancel_reason = row.reported_by = row.conclusion = row.consultation_state = ""
        row.trace_count, row.is_critical = 0, False
        return row

    def _campus(self, uow: UnitOfWork, caller: Caller, wanted: int | None) -> int:
        names = self._campuses.names(uow)
        if wanted is None:
            own = [one for one in names if not caller.campus_ids or one in caller.campus_ids]
            if not own:
                raise invalid("campus_id", "医院没有院区，请联系管理员。")
            return own[0]
        if wanted not in names or (caller.campus_ids and wanted not in caller.campus_ids):
            raise invalid("campus_id", "所选的院区不存在，或您的账号不能为它登记。")
        return wanted

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────

    def change(self, uow: UnitOfWork, caller: Caller, exam_id: int, version: int, change: EcgChange) -> ExamFacts:
        """Change what 详情 lets be changed, with a line of the trail for each field (ECG-AMB-05). Raises Refusal."""
        facts = self._exams.check(uow, caller, exam_id, ExamAction.EDIT)
        row = self._exams.lock(uow, exam_id)
        row.expect(version)
        try:
            changes = rules.changes_of(facts.entry, change)
        except rules.Wrong as wrong:
            raise invalid(wrong.field, wrong.sentence) from None
        if not changes:
            return facts
        entry = msgspec.structs.replace(facts.entry, **{name: new for name, (_old, new) in changes.items()})
        row.entry = msgspec.msgpack.encode(entry)
        row.clinical_diagnosis, row.bed = entry.clinical_diagnosis, entry.bed
        for name, (old, new) in changes.items():
            self._exams.note(uow, caller, exam_id, ExamAction.EDIT.value, field=name, old=old, new=new)
        self._exams.changed(uow, row)
        return facts_of(row)

    def cancel(self, uow: UnitOfWork, caller: Caller, exam_id: int, version: int, reason: str) -> ExamFacts:
        """Cancel a registration; its request is free again (ECG-SM-EXM-10). Raises Refusal."""
        if not reason.strip():
            raise invalid("reason", "请填写取消原因。")
        facts = self._exams.check(uow, caller, exam_id, ExamAction.CANCEL)
        self._exams.lock(uow, exam_id).expect(version)
        for told in self._exams.cancelling:
            told(uow, caller, exam_id)
        shown = reason.strip()[:_REASON]
        facts = self._exams.step(
            uow,
            caller,
            exam_id,
            ExamAction.CANCEL,
            note=shown,
            cancelled_at=self._time.now(),
            cancel_reason=shown,
        )
        if facts.application_id is not None:
            self._requests.mark(uow, facts.application_id, None)
        return facts

    def history(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> list[ExamFacts]:
        """Return the person's ECG exams with a trace, newest first (ECG-READ-03). Raises NOT_FOUND."""
        facts = self._exams.demand(uow, caller, exam_id)
        found = self._exams.of_patients(uow, self._people.same_person(uow, facts.patient_id))
        return [one for one in found if one.id == exam_id or self._exams.sees(uow, caller, one)]


def request_state(request: RequestFacts, exam: ExamFacts | None) -> RequestState:
    """Return how a request stands (ECG-HIS-08)."""
    if request.is_cancelled:
        return RequestState.CANCELLED
    if exam is not None:
        return RequestState.EXAMINED if exam.state.value in _EXAMINED else RequestState.REGISTERED
    return RequestState.REGISTERED if request.registered_elsewhere else RequestState.OPEN


def _is_of(request: RequestFacts, side: frozenset[int | None] | None) -> bool:
    return side is None or request.entry.campus_id in side


def _request_row(request: RequestFacts, exam: ExamFacts | None, campus: str) -> RequestRow:
    state = request_state(request, exam)
    return RequestRow(
        application_id=request.id,
        version=request.version,
        state=state,
        entry=request.entry,
        received_at=request.received_at,
        exam_id=None if exam is None else exam.id,
        known=request.is_known,
        can_register=state is RequestState.OPEN,
        campus_name=campus,
    )
