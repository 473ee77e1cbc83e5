"""What became of appointments: moves with their reason, missed ones, and what a clerk should look at twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from server.exams.bodies import unpacked
from server.exams.rules import STATE_NAMES
from server.exams.scheduling.plans import Plans
from server.exams.scheduling.rules import PlannedExam, broken_rules
from server.exams.scheduling.tables import NoShowRow, RescheduleRow
from server.exams.tables import BookingRow, ExamStepRow
from server.exams.tables import ExamTableRow as Exam
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import invalid, not_found
from server.organisation.service import OrganisationService
from server.patients.service import PatientService
from shared.contract.base import Changed
from shared.contract.scheduling import (
    AppointmentHistory,
    BookingWarning,
    CheckBooking,
    NoShowView,
    RescheduleView,
    WarningKind,
)
from shared.domain.states import ExamState

REMEMBERED = timedelta(days=365)
_NEAR = timedelta(days=90)  # the longest interval that a rule can ask for
_FURTHEST = timedelta(days=1000)
_UNTIL_SAME = timedelta(minutes=10)
_AT_ONCE = 500


class Appointments:
    """History and warnings. Methods work in the caller's unit of work and never commit."""

    def __init__(
        self, time: HospitalTime, organisation: OrganisationService, patients: PatientService, plans: Plans
    ) -> None:
        self._time = time
        self._organisation = organisation
        self._patients = patients
        self._plans = plans

    # ── moves ────────────────────────────────────────────────────────────────────────────────────

    def record_move(
        self, uow: UnitOfWork, caller: Caller, exam: Exam, from_room_id: int, from_planned_at: datetime, reason: str
    ) -> None:
        """Note that an appointment moved; an exam that was missed is expected again."""
        uow.session.add(
            RescheduleRow(
                exam_id=exam.id,
                at=self._time.now(),
                user_name=caller.name[:64],
                from_room_id=from_room_id,
                from_planned_at=from_planned_at,
                to_room_id=exam.room_id,
                to_planned_at=exam.planned_at,
                reason=reason.strip()[:200],
            )
        )
        exam.reschedules = (exam.reschedules or 0) + 1
        exam.is_no_show = False

    def history(self, uow: UnitOfWork, exam_id: int) -> AppointmentHistory:
        """Return the moves of an exam, and what its patient missed in the last year. Raises NOT_FOUND."""
        patient_id = uow.session.scalars(select(Exam.patient_id).where(Exam.id == exam_id)).one_or_none()
        if patient_id is None:
            raise not_found("检查")
        moves = uow.session.scalars(
            select(RescheduleRow).where(RescheduleRow.exam_id == exam_id).order_by(RescheduleRow.id.desc())
        )
        return AppointmentHistory(
            reschedules=tuple(_move_view(row) for row in moves), no_shows=self._missed(uow, [patient_id])
        )

    # ── missed ───────────────────────────────────────────────────────────────────────────────────

    def find_missed(self, uow: UnitOfWork) -> int:
        """Mark appointments of days that have ended whose patient never came (爽约); return how many are new.

        An appointment is an exam with a slot, or one that was registered for a later day: who registered and left on
        the same day missed no appointment.
        """
        begin = self._time.day_bounds(self._time.today())[0]
        has_slot = select(BookingRow.id).where(BookingRow.exam_id == Exam.id).exists()
        query = (
            select(Exam)
            .where(
                Exam.state == ExamState.REGISTERED.value,
                Exam.planned_at < begin,
                Exam.planned_at >= begin - timedelta(days=30),
                Exam.is_no_show.is_(False),
                or_(Exam.referral_state.is_(None), Exam.referral_state == "accepted"),
                or_(has_slot, Exam.planned_at > Exam.registered_at),
            )
            .order_by(Exam.id)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        missed: list[Exam] = []
        last = 0
        while not missed and (page := uow.session.scalars(query.where(Exam.id > last)).all()):
            last = page[-1].id
            slotted = set(
                uow.session.scalars(select(BookingRow.exam_id).where(BookingRow.exam_id.in_([e.id for e in page])))
            )
            missed = [exam for exam in page if exam.id in slotted or self._is_of_later_day(exam)]
        for exam in missed:
            exam.is_no_show = True
            exam.touch()
            self._note_missed(uow, exam)
            uow.publish(Changed(entity="exam", id=exam.id, version=exam.version))
        uow.session.flush()
        return len(missed)

    def _is_of_later_day(self, exam: Exam) -> bool:
        return self._time.local(exam.registered_at).date() < self._time.local(exam.planned_at).date()

    def counts_of(self, uow: UnitOfWork, patient_ids: Collection[int]) -> dict[int, int]:
        """Return how many appointments each patient missed in the last year; who missed none is left out."""
        if not patient_ids:
            return {}
        rows = uow.session.execute(
            select(NoShowRow.patient_id, func.count())
            .where(NoShowRow.patient_id.in_(set(patient_ids)), NoShowRow.planned_at >= self._time.now() - REMEMBERED)
            .group_by(NoShowRow.patient_id)
        )
        return {row[0]: row[1] for row in rows}

    # ── warnings ─────────────────────────────────────────────────────────────────────────────────

    def check(self, uow: UnitOfWork, request: CheckBooking) -> tuple[BookingWarning, ...]:
        """Return what a clerk should look at twice before taking this time; it never forbids. Raises INVALID."""
        if request.planned_at.tzinfo is None:
            raise invalid("planned_at", "预检时间必须带时区。")
        people = self._people(uow, request)
        if not people or abs(request.planned_at - self._time.now()) > _FURTHEST:
            return ()
        others = self._others(uow, request, people)
        warnings = [*self._same_time(uow, request, others), *self._intervals(uow, request, others)]
        missed = sum(self.counts_of(uow, people).values())
        if missed:
            sentence = f"该患者近一年爽约 {missed} 次，请与患者确认能按时到检。"
            warnings.append(BookingWarning(kind=WarningKind.NO_SHOWS, sentence=sentence, count=missed))
        return tuple(warnings)

    def _people(self, uow: UnitOfWork, request: CheckBooking) -> tuple[int, ...]:
        """Return the records of the person: the linked ones, or those with the same identity or card number."""
        entry = request.patient
        if entry.patient_id is not None:
            return tuple(self._patients.linked_ids(uow, entry.patient_id))
        if entry.card_number.strip():
            query = select(Exam.patient_id).where(Exam.card_number == entry.card_number.strip()).distinct().limit(20)
            return tuple(uow.session.scalars(query))
        if entry.name.strip() and entry.birth_date is not None:
            same = and_(Exam.patient_name == entry.name.strip(), Exam.birth_date == entry.birth_date)
            return tuple(uow.session.scalars(select(Exam.patient_id).where(same).distinct().limit(20)))
        return ()

    def _others(self, uow: UnitOfWork, request: CheckBooking, people: Collection[int]) -> Sequence[Exam]:
        query = select(Exam).where(
            Exam.patient_id.in_(people),
            Exam.state != ExamState.CANCELLED.value,
            Exam.planned_at >= request.planned_at - _NEAR,
            Exam.planned_at <= request.planned_at + _NEAR,
        )
        if request.exam_id is not None:
            query = query.where(Exam.id != request.exam_id)
        return uow.session.scalars(query.order_by(Exam.planned_at).limit(100)).all()

    def _same_time(self, uow: UnitOfWork, request: CheckBooking, others: Sequence[Exam]) -> list[BookingWarning]:
        ends = request.planned_at + self._length(uow, request.exam_type, request.item_codes)
        found = []
        for exam in others:
            if exam.state != ExamState.REGISTERED.value:
                continue
            codes = [item.code for item in unpacked(exam.body).items]
            until = exam.planned_at + self._length(uow, exam.exam_type, codes)
            if exam.planned_at < ends and request.planned_at < until:
                sentence = f"该患者在 {self._words(exam)}，两个检查的时间重叠。"
                found.append(self._warning(WarningKind.SAME_TIME, sentence, exam))
        return found

    def _intervals(self, uow: UnitOfWork, request: CheckBooking, others: Sequence[Exam]) -> list[BookingWarning]:
        rules = self._plans.interval_rules(uow)
        if not rules:
            return []
        names = request.item_names or self._names(uow, request.item_codes)
        wanted = PlannedExam(request.exam_type, tuple(names), request.planned_at.timestamp())
        found = []
        for exam in others:
            items = tuple(item.name for item in unpacked(exam.body).items)
            other = PlannedExam(exam.exam_type, items, exam.planned_at.timestamp())
            for rule in broken_rules(rules, wanted, other):
                sentence = f"与 {self._words(exam)}应间隔至少 {_hours(rule.hours)}。{rule.advice}"
                found.append(self._warning(WarningKind.INTERVAL, sentence, exam, hours=rule.hours, advice=rule.advice))
        return found

    def _names(self, uow: UnitOfWork, codes: Sequence[str]) -> list[str]:
        items = self._organisation.hospital(uow).items
        return [items[code].name for code in codes if code in items]

    def _length(self, uow: UnitOfWork, exam_type: str, codes: Sequence[str]) -> timedelta:
        return max(timedelta(minutes=self._plans.minutes(uow, exam_type, codes)), _UNTIL_SAME)

    def _words(self, exam: Exam) -> str:
        local = self._time.local(exam.planned_at)
        return f"{local:%m-%d %H:%M} 的 {exam.exam_type} {exam.items_text}（{STATE_NAMES[ExamState(exam.state)]}）"

    def _warning(
        self, kind: WarningKind, sentence: str, exam: Exam, *, hours: int = 0, advice: str = ""
    ) -> BookingWarning:
        return BookingWarning(
            kind=kind,
            sentence=sentence,
            exam_id=exam.id,
            room_id=exam.room_id,
            planned_at=exam.planned_at,
            exam_type=exam.exam_type,
            items=exam.items_text,
            hours=hours,
            advice=advice,
        )

    def _note_missed(self, uow: UnitOfWork, exam: Exam) -> None:
        seen = select(NoShowRow.id).where(NoShowRow.exam_id == exam.id, NoShowRow.planned_at == exam.planned_at)
        if uow.session.scalars(seen).one_or_none() is None:
            uow.session.add(
                NoShowRow(
                    exam_id=exam.id,
                    patient_id=exam.patient_id,
                    room_id=exam.room_id,
                    planned_at=exam.planned_at,
                    found_at=self._time.now(),
                )
            )
        uow.session.add(
            ExamStepRow(
                exam_id=exam.id,
                at=self._time.now(),
                action="no_show",
                from_state=exam.state,
                to_state=exam.state,
                fact="爽约",
                user_name=SYSTEM.name[:64],
            )
        )

    def _missed(self, uow: UnitOfWork, patient_ids: Collection[int]) -> tuple[NoShowView, ...]:
        rows = uow.session.scalars(
            select(NoShowRow)
            .where(NoShowRow.patient_id.in_(patient_ids), NoShowRow.planned_at >= self._time.now() - REMEMBERED)
            .order_by(NoShowRow.planned_at.desc())
            .limit(50)
        )
        return tuple(
            NoShowView(exam_id=row.exam_id, planned_at=row.planned_at, room_id=row.room_id, found_at=row.found_at)
            for row in rows
        )


def _move_view(row: RescheduleRow) -> RescheduleView:
    return RescheduleView(
        at=row.at,
        user_name=row.user_name,
        from_room_id=row.from_room_id,
        from_planned_at=row.from_planned_at,
        to_room_id=row.to_room_id,
        to_planned_at=row.to_planned_at,
        reason=row.reason,
    )


def _hours(hours: int) -> str:
    return f"{hours // 24} 天" if hours % 24 == 0 and hours >= 24 else f"{hours} 小时"
