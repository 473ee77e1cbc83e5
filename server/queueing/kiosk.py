"""Self-service check-in: what a number leads to, in words a hall may read; bounded against probing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.exams.service import ExamService
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import invalid
from server.organisation.service import OrganisationService
from server.patients.service import PatientService
from server.queueing.service import QueueService
from server.queueing.tables import TicketRow as Ticket
from shared.contract.exams import ExamRow
from shared.contract.queueing import KioskAnswer, KioskExam, KioskOutcome, KioskView, WaitForecast
from shared.dicomkit.names import masked
from shared.domain.states import ExamState, PatientType, TicketState

_CODE = re.compile(r"[0-9A-Z-]{6,32}")
_MOST_EXAMS = 4
_MOST_LOOKED_AT = 40
_FREE_TRIES = 5
_TRIES_WITHIN = timedelta(minutes=2)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 30, 600
_GRACE = timedelta(minutes=15)

_O = KioskOutcome


class KioskLimit:
    """Counts unknown numbers of each kiosk: after five within two minutes it pauses, longer each time."""

    def __init__(self) -> None:
        self._kiosks: dict[str, _Tries] = {}

    def seconds_left(self, kiosk: str, now: datetime) -> int:
        """Return for how long the kiosk still gets no answer."""
        tries = self._kiosks.get(kiosk)
        if tries is None or tries.until is None or now >= tries.until:
            return 0
        return max(1, round((tries.until - now).total_seconds()))

    def unknown(self, kiosk: str, now: datetime) -> int:
        """Note an unknown number; return the pause in seconds that it brought, 0 for none."""
        tries = self._kiosks.setdefault(kiosk, _Tries([]))
        tries.moments = [moment for moment in tries.moments if now - moment < _TRIES_WITHIN]
        tries.moments.append(now)
        if len(tries.moments) <= _FREE_TRIES:
            return 0
        pause = min(_FIRST_PAUSE_S << min(tries.pauses, 10), _LONGEST_PAUSE_S)
        tries.pauses, tries.until, tries.moments = tries.pauses + 1, now + timedelta(seconds=pause), []
        return pause

    def known(self, kiosk: str) -> None:
        """A patient was found: people are using the kiosk as they should, so the next pause is a short one again."""
        tries = self._kiosks.get(kiosk)
        if tries is not None:
            tries.pauses = 0


@dataclass
class _Tries:
    moments: list[datetime]
    pauses: int = 0
    until: datetime | None = None


class Kiosk:
    """Answers kiosks. Methods work in the caller's unit of work and never commit."""

    def __init__(
        self,
        time: HospitalTime,
        organisation: OrganisationService,
        patients: PatientService,
        exams: ExamService,
        queue: QueueService,
    ) -> None:
        self._time = time
        self._organisation = organisation
        self._patients = patients
        self._exams = exams
        self._queue = queue
        self._limit = KioskLimit()

    def view(self, uow: UnitOfWork) -> KioskView:
        """Return what the kiosk shows while nobody stands before it."""
        view = self._organisation.hospital(uow).view
        return KioskView(hospital_name=view.name, hospital_name_en=getattr(view, "name_en", ""), time=self._time.now())

    def check_in(self, uow: UnitOfWork, caller: Caller, typed: str) -> KioskAnswer:
        """Check in everybody's exams of today that the number stands for. Raises INVALID."""
        now, kiosk = self._time.now(), f"{caller.login}@{caller.station}"
        paused = self._limit.seconds_left(kiosk, now)
        if paused:
            return KioskAnswer(exams=(), time=now, try_again_s=paused)
        code = unicodedata.normalize("NFKC", typed[:64]).strip().upper()
        if not _CODE.fullmatch(code):
            raise invalid("code", "这不是登记条码或证件号，请重新扫描，或到登记窗口办理。")
        rows = self._found(uow, code)
        if not rows:
            return KioskAnswer(exams=(), time=now, try_again_s=self._limit.unknown(kiosk, now))
        self._limit.known(kiosk)
        told = [self._answer(uow, caller, row) for row in rows[:_MOST_EXAMS]]
        uow.session.flush()
        rooms = {ticket.room_id for _, _, ticket in told if ticket is not None}
        waits = self._queue.waiting.outlook(uow, rooms).tickets
        return KioskAnswer(exams=tuple(self._shown(uow, *one, waits) for one in told), time=now)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _found(self, uow: UnitOfWork, code: str) -> Sequence[ExamRow]:
        """Return what to speak of: the exams of today; else the next one to come, the last missed, or the named one."""
        named = self._exams.ordered_exam(uow, code, "")
        if named is not None:
            row = self._exams.rows(uow, SYSTEM, [named])[named]
            people: tuple[int, ...] = (row.patient_id,)
        else:
            people = self._patients.ids_of_number(uow, code)
        ids = [exam_id for patient_id in people for exam_id in self._exams.ids_of_patient(uow, patient_id)]
        wanted = dict.fromkeys(([] if named is None else [named]) + ids[:_MOST_LOOKED_AT])
        rows = self._exams.rows(uow, SYSTEM, wanted)
        today = self._time.today()
        day = {row.id: self._time.local(row.planned_at).date() for row in rows.values()}
        own = sorted(rows.values(), key=lambda row: (row.id != named, row.planned_at, row.id))
        of_today = [row for row in own if day[row.id] == today and row.state is not ExamState.CANCELLED]
        if of_today:
            return of_today
        if named is not None:
            return [rows[named]]
        open_ones = [row for row in own if row.state is ExamState.REGISTERED]
        coming = [row for row in open_ones if day[row.id] > today]
        return coming[:1] or open_ones[-1:]

    def _answer(self, uow: UnitOfWork, caller: Caller, row: ExamRow) -> tuple[KioskOutcome, ExamRow, Ticket | None]:
        fixed = {
            ExamState.CANCELLED: _O.CANCELLED,
            ExamState.EXAMINED: _O.FINISHED,
            ExamState.IN_PROGRESS: _O.IN_EXAM,
        }.get(row.state)
        now, rules = self._time.now(), self._queue.policy.rules(uow)
        if fixed is not None:
            return fixed, row, None
        if self._time.local(row.planned_at).date() != self._time.today():
            return _O.WRONG_DAY, row, None
        if row.ticket_state in (TicketState.CALLING, TicketState.CALLED):
            return _O.BEING_CALLED, row, None
        if row.ticket_state is TicketState.PASSED:
            return _O.PASSED, row, None
        if row.is_in_arrears and rules.refuses_arrears and row.patient_type is not PatientType.EMERGENCY:
            return _O.NOT_PAID, row, None
        if row.planned_at - now > timedelta(minutes=rules.early_minutes):
            return _O.TOO_EARLY, row, None
        ticket, is_new = self._queue.check_in(uow, caller, row.id)
        if ticket is None:
            return _O.WRONG_DAY, row, None
        if not is_new:
            return _O.ALREADY, row, ticket
        grace = max(_GRACE, timedelta(minutes=rules.late_minutes))
        return (_O.LATE if now - row.planned_at > grace else _O.CHECKED_IN), row, ticket

    def _shown(
        self,
        uow: UnitOfWork,
        outcome: KioskOutcome,
        row: ExamRow,
        ticket: Ticket | None,
        waits: dict[int, WaitForecast],
    ) -> KioskExam:
        hospital = self._organisation.hospital(uow)
        room = hospital.rooms.get(row.room_id if ticket is None else ticket.room_id)
        campus = next((one for one in hospital.view.campuses if one.id == row.campus_id), None)
        early = timedelta(minutes=self._queue.policy.rules(uow).early_minutes)
        return KioskExam(
            outcome=outcome,
            masked_name=masked(row.patient_name),
            number=row.ticket_number if ticket is None else ticket.number,
            exam_type=row.exam_type,
            items=row.items,
            room_name="" if room is None else room.name,
            room_name_en="" if room is None else room.name_en,
            campus_name="" if campus is None else campus.name,
            campus_name_en="" if campus is None else campus.name_en,
            way="" if room is None else getattr(room, "location", ""),
            planned_at=row.planned_at,
            opens_at=row.planned_at - early if outcome is _O.TOO_EARLY else None,
            forecast=None if ticket is None else waits.get(ticket.id),
        )
