"""Use cases of exams: registration, changes, the steps of the machine, and what images and reports report back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec
from sqlalchemy import and_, func, or_, select

from server.exams.applications import ApplicationDesk
from server.exams.bodies import OrderBody, packed, unpacked
from server.exams.entries import check_items, check_measures, check_texts, checked_plan
from server.exams.listing import condition_of, count_by_state, days_of, page_of
from server.exams.ports import (
    ExamWatcher,
    NoPapers,
    NoQueue,
    NoReports,
    NoSafety,
    NoWatcher,
    Papers,
    QueueDesk,
    QueuePlace,
    ReportOpener,
    SafetyDesk,
)
from server.exams.rules import (
    PRIORITIES,
    ExamEvent,
    NotAllowed,
    accession_number,
    image_number,
    is_same_order,
    joined,
    registration_state,
    step,
)
from server.exams.scheduling.appointments import Appointments
from server.exams.scheduling.availability import Demand
from server.exams.slots import SlotBook
from server.exams.tables import ExamStepRow, ExamStudyRow, PerformedStepExamRow
from server.exams.tables import ExamTableRow as Exam
from server.exams.views import (
    APPROVED,
    NO_ROOM,
    Place,
    asked_of,
    awaits_acceptance,
    copy_of,
    entry_of,
    facts_of,
    place_in,
    place_of,
    row_of,
)
from server.exams.whereabouts import within
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork, next_number
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.organisation.service import Hospital, OrganisationService
from server.patients.service import PatientService
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.exams import (
    CancelExam,
    ExamList,
    ExamRow,
    ExamView,
    FinishExam,
    ListExams,
    PushExam,
    RegisterExam,
    UpdateExam,
)
from shared.contract.interfaces import ExamHappening
from shared.contract.organisation import PatientTypeView, RoomView
from shared.contract.patients import PatientView
from shared.contract.queueing import ListFinished
from shared.contract.scheduling import RescheduleExam
from shared.dicomkit.uids import new_uid
from shared.domain.states import (
    ExamAction,
    ExamState,
    ReferralState,
    RegistrationState,
    ReportState,
    VisitKind,
)
from shared.domain.visits import visit_kind_of

_HAPPENINGS = {
    ExamState.REGISTERED: ExamHappening.WAITS_AGAIN,
    ExamState.IN_PROGRESS: ExamHappening.STARTED,
    ExamState.EXAMINED: ExamHappening.EXAMINED,
    ExamState.CANCELLED: ExamHappening.CANCELLED,
}
"""The state that an exam came into → what the hospital system is told."""
_OPEN = (ExamState.REGISTERED.value, ExamState.IN_PROGRESS.value)


class ExamService:
    """Exams. Methods work in the caller's unit of work and never commit.

    `bind` gives the areas that stand on exams; until then no queue is kept and no report is made.
    """

    def __init__(
        self,
        time: HospitalTime,
        patients: PatientService,
        organisation: OrganisationService,
        slots: SlotBook,
        applications: ApplicationDesk,
    ) -> None:
        self._time = time
        self._patients = patients
        self._organisation = organisation
        self._slots = slots
        self._applications = applications
        self._queue: QueueDesk = NoQueue()
        self._reports: ReportOpener = NoReports()
        self._safety: SafetyDesk = NoSafety()
        self._papers: Papers = NoPapers()
        self._watcher: ExamWatcher = NoWatcher()
        self.appointments = Appointments(time, organisation, patients, slots.plans)

    def bind(
        self,
        *,
        queue: QueueDesk | None = None,
        reports: ReportOpener | None = None,
        safety: SafetyDesk | None = None,
        papers: Papers | None = None,
        watcher: ExamWatcher | None = None,
    ) -> None:
        """Give the areas that stand on this one; called once, by whoever wires the server."""
        self._queue = queue or self._queue
        self._reports = reports or self._reports
        self._safety = safety or self._safety
        self._papers = papers or self._papers
        self._watcher = watcher or self._watcher

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def list_exams(self, uow: UnitOfWork, caller: Caller, request: ListExams) -> ExamList:
        """Return a page of exams and how many there are per registration state under the other filters."""
        others = and_(condition_of(self._time, request), within(caller))
        counts = count_by_state(uow, others)
        states = request.states or tuple(RegistrationState)
        chosen = [state.value for state in states]
        condition = and_(others, Exam.registration_state.in_(chosen)) if request.states else others
        rows = uow.session.scalars(page_of(condition, request.page)).all()
        return ExamList(total=sum(counts[state] for state in chosen), rows=self._rows(uow, caller, rows), counts=counts)

    def rows(self, uow: UnitOfWork, caller: Caller, exam_ids: Collection[int]) -> dict[int, ExamRow]:
        """Return list rows by exam id, with what `caller` may do; unknown ids are left out."""
        found = uow.session.scalars(select(Exam).where(Exam.id.in_(exam_ids))).all() if exam_ids else ()
        return {row.id: row for row in self._rows(uow, caller, found)}

    def finished(self, uow: UnitOfWork, caller: Caller, request: ListFinished) -> tuple[ExamRow, ...]:
        """Return finished exams, latest first: today's, those planned on some days, or the one with a number."""
        conditions = [Exam.state == ExamState.EXAMINED.value, within(caller)]
        if request.accession_number.strip():
            conditions.append(Exam.accession_number == request.accession_number.strip().upper())
        elif request.planned_from is not None or request.planned_to is not None:
            conditions += days_of(self._time, Exam.planned_at, request.planned_from, request.planned_to)
        else:
            today = self._time.today()
            conditions += days_of(self._time, Exam.finished_at, today, today)
        if request.campus_id is not None:
            conditions.append(Exam.campus_id == request.campus_id)
        if request.room_id is not None:
            conditions.append(Exam.room_id == request.room_id)
        if request.room_ids:
            conditions.append(Exam.room_id.in_(request.room_ids))
        if request.exam_type:
            conditions.append(Exam.exam_type == request.exam_type)
        query = select(Exam).where(*conditions).order_by(Exam.finished_at.desc(), Exam.id.desc()).limit(500)
        return self._rows(uow, caller, uow.session.scalars(query).all())

    def view(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView:
        """Return everything of one exam. Raises NOT_FOUND."""
        return self._view(uow, caller, self._row(uow, exam_id))

    def lock(self, uow: UnitOfWork, exam_id: int) -> None:
        """Keep other writers off an exam until the end of this unit of work. Raises NOT_FOUND."""
        self._row(uow, exam_id)

    def places_of_today(self, uow: UnitOfWork) -> tuple[QueuePlace, ...]:
        """Return where today's registered exams belong in the queues, earliest planned time first (RIS-QSM-01)."""
        first, end = self._time.day_bounds(self._time.today())
        is_today = and_(Exam.planned_at >= first, Exam.planned_at < end)
        is_here = or_(Exam.referral_state.is_(None), Exam.referral_state == ReferralState.ACCEPTED.value)
        query = select(Exam).where(Exam.state == ExamState.REGISTERED.value, is_today, is_here)
        return tuple(place_of(exam) for exam in uow.session.scalars(query.order_by(Exam.planned_at, Exam.id)))

    def ids_of_patient(self, uow: UnitOfWork, patient_id: int) -> tuple[int, ...]:
        """Return the exams of a person, latest first; records linked to the patient count as the same person."""
        people = self._patients.linked_ids(uow, patient_id)
        query = select(Exam.id).where(Exam.patient_id.in_(people)).order_by(Exam.planned_at.desc(), Exam.id.desc())
        return tuple(uow.session.scalars(query))

    # ── registration ─────────────────────────────────────────────────────────────────────────────

    def register(
        self, uow: UnitOfWork, caller: Caller, request: RegisterExam, *, from_campus_id: int | None = None
    ) -> ExamView:
        """Make patient, exam numbers, worklist entry, slot and ticket in one step (RIS-ESM-01).

        With `from_campus_id` the exam is a referral of that campus (RIS-ESM-02): it enters no queue until it is
        accepted, and may be without room (`room_id` 0). Raises INVALID, SLOT_TAKEN, DUPLICATE, ILLEGAL_ACTION,
        NOT_FOUND.
        """
        hospital = self._organisation.hospital(uow)
        exam_type = hospital.exam_type(request.exam_type).code
        is_referral = from_campus_id is not None
        if is_referral and request.room_id == NO_ROOM:
            place = Place(NO_ROOM, request.campus_id)
        else:
            place = place_in(_checked_room(hospital, request.room_id, exam_type, request.campus_id))
        body = _checked_body(request, hospital, exam_type)
        kind = hospital.patient_kind(request.patient_kind, request.patient_type)
        planned_at = self._planned(uow, request.planned_at, request.slot_id)
        patient = self._patients.admit(uow, caller, request.patient)
        if not request.accept_duplicate:
            self._demand_no_double(uow, patient, exam_type, request)
        day = self._time.today()
        exam = Exam(
            version=1,
            accession_number=accession_number(
                day, exam_type, next_number(uow.session, f"accession/{day:%y%m%d}/{exam_type}")
            ),
            image_number=image_number(exam_type, next_number(uow.session, f"image/{exam_type}")),
            study_uid=new_uid(),
            state=ExamState.REGISTERED.value,
            registration_state=RegistrationState.REGISTERED.value,
            exam_type=exam_type,
            registered_at=self._time.now(),
            registered_by=caller.name[:64],
            application_id=request.application_id,
            has_images=False,
            image_count=0,
            cancel_reason="",
            is_no_show=False,
            reschedules=0,
            from_campus_id=from_campus_id,
            referral_state=ReferralState.SENT.value if is_referral else None,
        )
        self._write_order(exam, patient, place, body, kind, request.is_in_arrears, planned_at)
        uow.session.add(exam)
        uow.session.flush()
        self._safety.keep(uow, caller, exam.id, asked_of(exam, body, day), request.safety)
        self._record(uow, caller, exam, "register", "", "提交登记")
        self._watcher.exam_moved(uow, exam.id, ExamHappening.REGISTERED)
        if request.application_id is not None:
            self._applications.mark_registered(uow, request.application_id, exam.id)
        if patient.version > 1:
            self.copy_patient(uow, patient)
        if request.slot_id is not None:
            self._slots.book(uow, caller, request.slot_id, place.room_id, exam.id, self._demand(uow, exam, body))
        self._enter_queue(uow, caller, exam)
        self._tell(uow, exam)
        return self._view(uow, caller, exam)

    def update(self, uow: UnitOfWork, caller: Caller, request: UpdateExam) -> ExamView:
        """Save an edited registration; a changed room or time re-orders the queue (RIS-ESM-03).

        Raises CONFLICT, ILLEGAL_ACTION, INVALID, SLOT_TAKEN, NOT_FOUND.
        """
        patient_id = uow.session.scalars(select(Exam.patient_id).where(Exam.id == request.exam_id)).one_or_none()
        if patient_id is not None:
            self._patients.lock(uow, patient_id)  # patient before exam, as in a registration
        exam = self._locked(uow, request.exam_id, request.version)
        self._step(uow, caller, exam, ExamAction.EDIT)
        hospital = self._organisation.hospital(uow)
        if request.room_id == NO_ROOM and awaits_acceptance(exam):
            place = Place(NO_ROOM, exam.campus_id)
        else:
            campus_id = exam.campus_id if awaits_acceptance(exam) else None  # a referral stays at its receiver
            place = place_in(_checked_room(hospital, request.room_id, exam.exam_type, campus_id))
        body = _checked_body(request, hospital, exam.exam_type)
        kept_kind = exam.patient_kind if request.patient_type.value == exam.patient_type else ""
        kind = hospital.patient_kind(request.patient_kind or kept_kind, request.patient_type)
        planned_at = request.planned_at
        if planned_at != exam.planned_at or request.slot_id is not None:
            planned_at = self._planned(uow, planned_at, request.slot_id)
        patient = self._patients.revise(uow, caller, exam.patient_id, request.patient)
        before = exam.room_id, exam.planned_at
        has_moved = before != (place.room_id, planned_at)
        self._write_order(exam, patient, place, body, kind, request.is_in_arrears, planned_at)
        if has_moved:
            self.appointments.record_move(uow, caller, exam, *before, "编辑登记")
        uow.session.flush()
        if request.safety is not None:
            self._safety.keep(uow, caller, exam.id, asked_of(exam, body, self._time.today()), request.safety)
        demand = self._demand(uow, exam, body)
        if request.slot_id is not None:
            self._slots.book(uow, caller, request.slot_id, place.room_id, exam.id, demand)
        elif has_moved:
            self._slots.free(uow, exam.id)
        else:
            self._slots.check_still(uow, caller, exam.id, demand)
        self.copy_patient(uow, patient)
        self._enter_queue(uow, caller, exam)
        self._tell(uow, exam)
        return self._view(uow, caller, exam)

    def reschedule(self, uow: UnitOfWork, caller: Caller, request: RescheduleExam) -> ExamView:
        """改约: another slot, perhaps of another room; the old place is free at once, the move is kept with its reason.

        Raises CONFLICT, ILLEGAL_ACTION, SLOT_TAKEN, INVALID, NOT_FOUND.
        """
        if not request.reason.strip():
            raise invalid("reason", "请填写改约原因。")
        exam = self._locked(uow, request.exam_id, request.version)
        self._step(uow, caller, exam, ExamAction.RESCHEDULE)
        slot = self._slots.get(uow, request.slot_id)
        campus_id = exam.campus_id if awaits_acceptance(exam) else None
        room = _checked_room(self._organisation.hospital(uow), slot.room_id, exam.exam_type, campus_id)
        self._slots.book(uow, caller, slot.id, room.id, exam.id, self._demand(uow, exam, unpacked(exam.body)))
        before = exam.room_id, exam.planned_at
        exam.room_id, exam.campus_id, exam.planned_at = room.id, room.campus_id, slot.starts_at
        if before != (exam.room_id, exam.planned_at):
            self.appointments.record_move(uow, caller, exam, *before, request.reason)
        uow.session.flush()
        self._enter_queue(uow, caller, exam)
        self._tell(uow, exam)
        return self._view(uow, caller, exam)

    def cancel(self, uow: UnitOfWork, caller: Caller, request: CancelExam) -> ExamView:
        """Cancel a registration: it leaves queue and worklist, its slot is free again (RIS-ESM-06).

        Raises CONFLICT, ILLEGAL_ACTION, NOT_FOUND.
        """
        exam = self._locked(uow, request.exam_id, request.version)
        return self._cancel(uow, caller, exam, request.reason)

    def _cancel(self, uow: UnitOfWork, caller: Caller, exam: Exam, reason: str) -> ExamView:
        self._step(uow, caller, exam, ExamAction.CANCEL)
        exam.cancelled_at = self._time.now()
        exam.cancel_reason = reason.strip()[:200]
        self._slots.free(uow, exam.id)
        if exam.application_id is not None:
            self._applications.reopen(uow, exam.application_id)
        self._queue.leave(uow, caller, exam.id)
        self._tell(uow, exam)
        return self._view(uow, caller, exam)

    # ── referrals ────────────────────────────────────────────────────────────────────────────────

    def sent_as(self, uow: UnitOfWork, exam_id: int, referral_id: int) -> None:
        """Note the referral that an exam was registered for."""
        self._row(uow, exam_id).referral_id = referral_id

    def accept_referral(
        self,
        uow: UnitOfWork,
        caller: Caller,
        exam_id: int,
        room_id: int | None,
        slot_id: int | None,
        planned_at: datetime | None,
    ) -> None:
        """接收转诊: the exam gets its room and enters the lists. Raises INVALID, SLOT_TAKEN, ILLEGAL_ACTION."""
        exam = self._row(uow, exam_id)
        if exam.state != ExamState.REGISTERED.value or not awaits_acceptance(exam):
            raise illegal_action(exam.state, "该转诊已经处理过，请刷新后再看。")
        wanted = room_id or exam.room_id
        if slot_id is not None:
            wanted = self._slots.get(uow, slot_id).room_id
        if wanted == NO_ROOM:
            raise invalid("room_id", "请为转诊患者选择检查室。")
        room = _checked_room(self._organisation.hospital(uow), wanted, exam.exam_type, exam.campus_id)
        planned = self._planned(uow, planned_at or exam.planned_at, slot_id)
        has_moved = (room.id, planned) != (exam.room_id, exam.planned_at)
        exam.referral_state = ReferralState.ACCEPTED.value
        exam.room_id, exam.planned_at = room.id, planned
        exam.touch()
        self._record(uow, caller, exam, "accept_referral", exam.state, "接收转诊")
        uow.session.flush()
        if slot_id is not None:
            demand = self._demand(uow, exam, unpacked(exam.body))
            self._slots.book(uow, caller, slot_id, room.id, exam.id, demand)
        elif has_moved:
            self._slots.free(uow, exam.id)
        self._enter_queue(uow, caller, exam)
        self._tell(uow, exam)

    def end_referral(self, uow: UnitOfWork, caller: Caller, exam_id: int, state: ReferralState, reason: str) -> None:
        """退回 or 撤销: the exam of a referral is cancelled. Raises ILLEGAL_ACTION."""
        exam = self._row(uow, exam_id)
        exam.referral_state = None  # so that the table lets a referral be cancelled, as one
        self._cancel(uow, caller, exam, reason)
        exam.referral_state = state.value

    def push(self, uow: UnitOfWork, caller: Caller, request: PushExam) -> ExamView:
        """Tell the room and the worklist again (RIS-ESM-04). Raises CONFLICT, ILLEGAL_ACTION, NOT_FOUND."""
        exam = self._locked(uow, request.exam_id, request.version)
        self._step(uow, caller, exam, ExamAction.PUSH)
        self._enter_queue(uow, caller, exam)
        self._tell(uow, exam)
        return self._view(uow, caller, exam)

    # ── steps at the room ────────────────────────────────────────────────────────────────────────

    def begin(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """开始检查 by the technician; the queue calls this with its own step. Raises ILLEGAL_ACTION, NOT_FOUND."""
        exam = self._row(uow, exam_id)
        self._step(uow, caller, exam, ExamAction.START)
        exam.started_at = self._time.now()
        self._tell(uow, exam)

    def finish(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """检查完成 by the technician; with images there, the report is made. Raises ILLEGAL_ACTION, NOT_FOUND."""
        exam = self._row(uow, exam_id)
        self._step(uow, caller, exam, ExamAction.FINISH)
        self._examined(uow, caller, exam)

    def finish_by_hand(self, uow: UnitOfWork, caller: Caller, request: FinishExam) -> None:
        """检查完成 from the exam's own page. Raises CONFLICT, ILLEGAL_ACTION, NOT_FOUND."""
        exam = self._locked(uow, request.exam_id, request.version)
        self._step(uow, caller, exam, ExamAction.FINISH)
        self._examined(uow, caller, exam)

    def move_to_room(self, uow: UnitOfWork, caller: Caller, exam_id: int, room_id: int) -> None:
        """修改检查室 by the technician; the queue calls this with its own step. Raises ILLEGAL_ACTION, INVALID."""
        exam = self._row(uow, exam_id)
        room = _checked_room(self._organisation.hospital(uow), room_id, exam.exam_type, None)
        self._step(uow, caller, exam, ExamAction.CHANGE_ROOM)
        exam.room_id, exam.campus_id = room.id, room.campus_id
        self._slots.free(uow, exam.id)
        self._tell(uow, exam)

    def apply_event(self, uow: UnitOfWork, exam_id: int, event: ExamEvent) -> None:
        """Follow what a device says (MPPS, RIS-EX-03). Never refused: it has happened already."""
        exam = self._row(uow, exam_id)
        before = ExamState(exam.state)
        self._step(uow, SYSTEM, exam, event)
        after = ExamState(exam.state)
        if after is ExamState.IN_PROGRESS and before is not after:
            exam.started_at = self._time.now()
        if event is ExamEvent.DEVICE_STARTED and after is ExamState.IN_PROGRESS:
            self._queue.device_started(uow, exam.id)
        if after is ExamState.EXAMINED and before is not after:
            self._examined(uow, SYSTEM, exam)
        if event is ExamEvent.DEVICE_GAVE_UP and after is ExamState.REGISTERED:
            exam.started_at = None
            self._queue.device_gave_up(uow, exam.id)
        self._tell(uow, exam)

    # ── what other areas report ──────────────────────────────────────────────────────────────────

    def match(self, uow: UnitOfWork, accession: str, study_uid: str, patient_id: str) -> int | None:
        """Return the exam that images belong to, or None; see `why_unmatched`."""
        exam = self._match(uow, accession, study_uid)
        return exam.id if exam is not None and not _fault_of_match(exam, patient_id) else None

    def named(self, uow: UnitOfWork, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return those of many (accession number, study UID) that any exam or performed step has; see `match`."""
        numbers = {number for accession, _ in pairs if (number := accession.strip().upper())}
        uids = {uid for _, uid in pairs if uid}
        found = set(uow.session.scalars(select(Exam.accession_number).where(Exam.accession_number.in_(numbers))))
        for column in (Exam.study_uid, PerformedStepExamRow.study_uid):
            found.update(uow.session.scalars(select(column).where(column.in_(uids))))
        return {pair for pair in pairs if pair[0].strip().upper() in found or pair[1] in found}

    def ordered_exam(self, uow: UnitOfWork, accession: str, study_uid: str) -> int | None:
        """Return the exam that a device names by what the worklist gave it, in whatever state it is now."""
        exam = self._match(uow, accession, study_uid)
        return None if exam is None else exam.id

    def why_unmatched(self, uow: UnitOfWork, accession: str, study_uid: str, patient_id: str) -> str:
        """Return one sentence that says why `match` found no exam; empty when it finds one."""
        exam = self._match(uow, accession, study_uid)
        if exam is not None:
            return _fault_of_match(exam, patient_id)
        if accession.strip():
            return "没有这个检查号的登记。"
        return "影像中没有检查号，也不是工作列表给出的检查。"

    def approved(self, uow: UnitOfWork, exam_ids: Collection[int]) -> frozenset[int]:
        """Return those of the exams whose report is approved."""
        wanted, found = sorted(exam_ids), set[int]()
        for start in range(0, len(wanted), 500):
            statement = select(Exam.id).where(Exam.id.in_(wanted[start : start + 500]), Exam.report_state.in_(APPROVED))
            found.update(uow.session.scalars(statement))
        return frozenset(found)

    def images_arrived(
        self, uow: UnitOfWork, exam_id: int, study_uid: str, series_count: int, instance_count: int
    ) -> None:
        """Note that a study of an exam now holds so many series and instances; may be told again. Raises NOT_FOUND.

        With 检查完成 and images both there, the report is made, whichever came first (RIS-ESM-10).
        """
        exam = self._row(uow, exam_id)
        study = uow.session.get(ExamStudyRow, study_uid) or ExamStudyRow(study_uid=study_uid)
        previous = study.exam_id if study.exam_id not in (None, exam_id) else None
        study.exam_id, study.series_count, study.instance_count = exam_id, series_count, instance_count
        uow.session.add(study)
        uow.session.flush()
        self._count_images(uow, exam)
        if previous is not None:
            self._count_images(uow, self._row(uow, previous))
        if exam.has_images and exam.state == ExamState.EXAMINED.value:
            self._reports.ensure_report(uow, exam.id)

    def images_withdrawn(self, uow: UnitOfWork, exam_id: int, study_uid: str) -> None:
        """Note that a study was taken off an exam; nothing happens when it was not there.

        Raises ILLEGAL_ACTION when the report on these images is approved: it would lose what it speaks of.
        """
        study = uow.session.get(ExamStudyRow, study_uid)
        if study is None or study.exam_id != exam_id:
            return
        exam = self._row(uow, exam_id)
        if exam.report_state in APPROVED:
            raise illegal_action(str(exam.report_state), "该检查的报告已审核通过，不能取消影像匹配；请先撤回报告。")
        uow.session.delete(study)
        uow.session.flush()
        self._count_images(uow, exam)
        self._reports.exam_changed(uow, exam.id)

    def report_moved(self, uow: UnitOfWork, exam_id: int, report_id: int, state: ReportState) -> None:
        """Note the state of the exam's report, which decides its registration state (RIS-ESM-11, -12)."""
        exam = self._row(uow, exam_id)
        was_approved, is_approved = exam.report_state in APPROVED, state.value in APPROVED
        exam.report_id, exam.report_state = report_id, state.value
        exam.registration_state = registration_state(ExamState(exam.state), state).value
        if was_approved is not is_approved:
            happening = ExamHappening.REPORT_APPROVED if is_approved else ExamHappening.REPORT_WITHDRAWN
            self._watcher.exam_moved(uow, exam.id, happening)
        self._tell(uow, exam)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _row(self, uow: UnitOfWork, exam_id: int) -> Exam:
        query = select(Exam).where(Exam.id == exam_id)
        exam = uow.session.scalars(query.with_for_update() if uow.is_writer else query).one_or_none()
        if exam is None:
            raise not_found("检查")
        return exam

    def _locked(self, uow: UnitOfWork, exam_id: int, version: int) -> Exam:
        exam = self._row(uow, exam_id)
        exam.expect(version)
        return exam

    def _planned(self, uow: UnitOfWork, planned_at: datetime | None, slot_id: int | None) -> datetime:
        """Return the planned time: the slot's when one is chosen (RIS-OPN-02), else the one given, else now."""
        if slot_id is not None:
            return self._slots.get(uow, slot_id).starts_at
        return self._time.now() if planned_at is None else checked_plan(self._time, planned_at)

    def _write_order(
        self,
        exam: Exam,
        patient: PatientView,
        place: Place,
        body: OrderBody,
        kind: PatientTypeView,
        is_in_arrears: bool,
        planned_at: datetime,
    ) -> None:
        exam.room_id, exam.campus_id = place.room_id, place.campus_id
        exam.visit_kind = visit_kind_of(
            kind.priority, body.patient.inpatient_number, body.patient.health_check_number
        ).value
        exam.patient_kind, exam.patient_type = kind.code, kind.priority.value
        exam.priority = PRIORITIES[kind.priority]
        exam.is_in_arrears = is_in_arrears
        exam.planned_at = planned_at
        exam.items_text = joined((item.name for item in body.items), 200)
        exam.body_part = joined((item.body_part for item in body.items), 100)
        exam.his_number = body.requester.his_number.strip()
        exam.body = packed(body)
        exam.patient_id = patient.id
        for field, value in copy_of(patient).items():
            setattr(exam, field, value)

    def _demand(self, uow: UnitOfWork, exam: Exam, body: OrderBody) -> Demand:
        codes = [item.code for item in body.items]
        return self._slots.demand(uow, VisitKind(exam.visit_kind), exam.exam_type, codes, exam.id)

    def _enter_queue(self, uow: UnitOfWork, caller: Caller, exam: Exam) -> None:
        if not awaits_acceptance(exam):
            self._queue.enter(uow, caller, place_of(exam))

    def copy_patient(self, uow: UnitOfWork, patient: PatientView) -> None:
        """Bring the copies of a corrected patient in all their exams up to date."""
        copy = copy_of(patient)
        differs = or_(*(getattr(Exam, field).is_distinct_from(value) for field, value in copy.items()))
        for exam in uow.session.scalars(select(Exam).where(Exam.patient_id == patient.id, differs)).all():
            for field, value in copy.items():
                setattr(exam, field, value)
            uow.session.flush()
            self._reports.exam_changed(uow, exam.id)
            self._tell(uow, exam)

    def _demand_no_double(self, uow: UnitOfWork, patient: PatientView, exam_type: str, request: RegisterExam) -> None:
        """Raise DUPLICATE when the same person has the same order open today."""
        first, end = self._time.day_bounds(self._time.today())
        same_person = or_(
            Exam.patient_id.in_(self._patients.linked_ids(uow, patient.id)),
            and_(Exam.patient_name == patient.name, Exam.birth_date.is_not_distinct_from(patient.birth_date)),
        )
        rows = uow.session.scalars(
            select(Exam).where(
                same_person,
                Exam.exam_type == exam_type,
                Exam.state.in_(_OPEN),
                Exam.registered_at >= first,
                Exam.registered_at < end,
            )
        )
        codes = [item.code for item in request.items]
        for row in rows:
            if is_same_order((item.code for item in unpacked(row.body).items), codes):
                raise Refusal(
                    ErrorCode.DUPLICATE,
                    f"该患者今天已登记相同的检查（检查号 {row.accession_number}），如确需再次登记请确认。",
                    existing_id=row.id,
                )

    def _step(self, uow: UnitOfWork, caller: Caller, exam: Exam, action: ExamAction | ExamEvent) -> None:
        """Take one step of the table: state, record, version. Raises ILLEGAL_ACTION with the present state."""
        before = ExamState(exam.state)
        try:
            transition = step(before, action, facts_of(exam))
        except NotAllowed as refusal:
            raise illegal_action(before.value, str(refusal)) from None
        exam.state = transition.next_state.value
        report_state = None if exam.report_state is None else ReportState(exam.report_state)
        exam.registration_state = registration_state(transition.next_state, report_state).value
        exam.touch()
        self._record(uow, caller, exam, action.value, before.value, transition.fact)
        if transition.next_state is not before:
            self._watcher.exam_moved(uow, exam.id, _HAPPENINGS[transition.next_state])

    def _examined(self, uow: UnitOfWork, caller: Caller, exam: Exam) -> None:
        exam.finished_at = self._time.now()
        exam.started_at = exam.started_at or exam.finished_at
        uow.session.flush()
        self._queue.finished(uow, caller, exam.id)
        self._tell(uow, exam)
        if exam.has_images:
            self._reports.ensure_report(uow, exam.id)

    def _record(self, uow: UnitOfWork, caller: Caller, exam: Exam, action: str, before: str, fact: str) -> None:
        uow.session.add(
            ExamStepRow(
                exam_id=exam.id,
                at=self._time.now(),
                action=action,
                from_state=before,
                to_state=exam.state,
                fact=fact,
                user_name=caller.name[:64],
            )
        )

    def _count_images(self, uow: UnitOfWork, exam: Exam) -> None:
        total = uow.session.execute(
            select(func.coalesce(func.sum(ExamStudyRow.instance_count), 0)).where(ExamStudyRow.exam_id == exam.id)
        ).scalar_one()
        exam.image_count, exam.has_images = int(total), total > 0
        self._tell(uow, exam)

    def _match(self, uow: UnitOfWork, accession: str, study_uid: str) -> Exam | None:
        """Find by the study UID given in the worklist, by accession number, or by a performed step's study UID."""
        exam: Exam | None = None
        if study_uid:
            exam = uow.session.scalars(select(Exam).where(Exam.study_uid == study_uid)).one_or_none()
        if exam is None and accession.strip():
            number = accession.strip().upper()
            exam = uow.session.scalars(select(Exam).where(Exam.accession_number == number)).one_or_none()
        if exam is None and study_uid:
            told = PerformedStepExamRow.study_uid == study_uid
            ids = uow.session.scalars(select(PerformedStepExamRow.exam_id).where(told).distinct()).all()
            exam = uow.session.get(Exam, ids[0]) if len(ids) == 1 else None  # several exams share it: not certain
        return exam

    def _tell(self, uow: UnitOfWork, exam: Exam) -> None:
        uow.publish(Changed(entity="exam", id=exam.id, version=exam.version))

    def _rows(self, uow: UnitOfWork, caller: Caller, exams: Iterable[Exam]) -> tuple[ExamRow, ...]:
        found = list(exams)
        tickets = self._queue.tickets_of(uow, [exam.id for exam in found]) if found else {}
        hospital = self._organisation.hospital(uow)
        ids = [exam.id for exam in found]
        alarming, pages = self._safety.alarming(uow, ids), self._papers.pages_of(uow, ids)
        missed = self.appointments.counts_of(uow, {exam.patient_id for exam in found})
        rows = (
            row_of(exam, tickets.get(exam.id), hospital, self._time, caller.permissions, missed.get(exam.patient_id, 0))
            for exam in found
        )
        return tuple(
            msgspec.structs.replace(row, has_safety_alarm=row.id in alarming, paper_pages=pages.get(row.id, 0))
            if row.id in alarming or row.id in pages
            else row
            for row in rows
        )

    def _view(self, uow: UnitOfWork, caller: Caller, exam: Exam) -> ExamView:
        if uow.is_writer:
            uow.session.flush()
        (row,) = self._rows(uow, caller, [exam])
        body = unpacked(exam.body)
        patient = self._patients.get(uow, exam.patient_id)
        return ExamView(
            row=row,
            version=exam.version,
            allowed=row.allowed,
            patient=patient,
            patient_entry=entry_of(patient, body.patient),
            items=body.items,
            clinical=body.clinical,
            requester=body.requester,
            application_id=exam.application_id,
            registered_by=exam.registered_by,
            started_at=exam.started_at,
            finished_at=exam.finished_at,
            safety=self._safety.of_exam(uow, exam.id),
        )


def _checked_room(hospital: Hospital, room_id: int, exam_type: str, campus_id: int | None) -> RoomView:
    room = hospital.room(room_id)
    if campus_id is not None and room.campus_id != campus_id:
        raise invalid("room_id", "所选检查室不属于该院区，请重新选择。")
    if exam_type not in room.exam_types:
        raise invalid("room_id", f"{room.name}不做 {exam_type} 检查，请选择其它检查室。")
    return room


def _checked_body(request: RegisterExam | UpdateExam, hospital: Hospital, exam_type: str) -> OrderBody:
    check_items(request.items)
    for index, item in enumerate(request.items):
        known = hospital.items.get(item.code)
        if known is not None and known.exam_type != exam_type:
            raise invalid(f"items.{index}.code", f"项目“{item.name}”不是 {exam_type} 检查的项目，请删除后重新添加。")
    check_measures(request.patient)
    check_texts(request.clinical, request.requester)
    return OrderBody(
        patient=request.patient, items=request.items, clinical=request.clinical, requester=request.requester
    )


def _fault_of_match(exam: Exam, patient_id: str) -> str:
    if exam.state == ExamState.CANCELLED.value:
        return f"检查 {exam.accession_number} 已取消登记。"
    if patient_id.strip() and patient_id.strip() != exam.patient_number:
        return f"检查号 {exam.accession_number} 属于另一位患者，患者号不一致。"
    return ""
