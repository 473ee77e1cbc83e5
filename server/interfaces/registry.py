"""Patients as hospital systems tell of them: kept, merged, and written into the applications that wait."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import select, update

from server.exams.applications import ApplicationDesk
from server.interfaces.people import Person, merged
from server.interfaces.tables import HospitalPatient as Row
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.patients.service import PatientService
from shared.contract.exams import PatientEntry
from shared.contract.patients import LinkPatient, PatientView

_MOST_ALIASES = 50
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(PatientEntry).decode


class PatientRegistry:
    """The hospital system's patients. Methods work in the caller's unit of work and never commit."""

    def __init__(self, time: HospitalTime, patients: PatientService, applications: ApplicationDesk) -> None:
        self._time = time
        self._patients = patients
        self._applications = applications

    def keep(self, uow: UnitOfWork, person: Person, told_at: datetime | None) -> bool:
        """Keep what is told of a patient, unless something newer is known; False then. Raises INVALID."""
        self._patients.check(person.entry)
        now = self._time.now()
        at = min(told_at or now, now)
        row = self._row(uow, person.key)
        if row is not None and at < row.told_at:
            return False
        row = row or Row(number=person.key, merged_into="")
        row.told_at = at
        row.body = _encode(merged(person.entry, _decode(row.body) if row.body else None))
        uow.session.add(row)
        uow.session.flush()
        self._applications.revise_patient(uow, row.merged_into or person.key, person.entry)
        return True

    def completed(self, uow: UnitOfWork, person: Person) -> Person:
        """Return a patient of an order with what is known already; a merged number becomes the one that stays."""
        row = self._row(uow, person.key)
        if row is not None and row.merged_into:
            row = self._row(uow, row.merged_into) or row
        known = _decode(row.body) if row is not None and row.body else None
        key = row.number if row is not None else person.key
        entry = merged(person.entry, known)
        local = self._known_here(uow, key, entry.name)
        if local is not None:
            entry = msgspec.structs.replace(entry, patient_id=local.id)
        return Person(key, entry, person.patient_type)

    def merge(self, uow: UnitOfWork, caller: Caller, prior: str, person: Person, told_at: datetime | None) -> None:
        """Let `person` stand for the number `prior` too: applications move, records of both here are linked.

        Raises INVALID (see PatientService.link).
        """
        self.keep(uow, person, told_at)
        row = self._row(uow, prior) or Row(number=prior, body=_encode(person.entry), told_at=self._time.now())
        row.merged_into = person.key
        uow.session.add(row)
        uow.session.flush()
        uow.session.execute(update(Row).where(Row.merged_into == prior).values(merged_into=person.key))
        self._applications.move_patient(uow, prior, person.key)
        self._applications.revise_patient(uow, person.key, person.entry)
        stays = self._patients.bearing(uow, person.key)
        goes = [one for one in self._patients.bearing(uow, prior) if one.id not in {stay.id for stay in stays}]
        if not stays:
            return
        for one in goes:
            reason = f"医院信息系统合并：{prior} → {person.key}"
            request = LinkPatient(patient_id=one.id, version=one.version, into_id=stays[0].id, reason=reason)
            self._patients.link(uow, caller, request)

    def _known_here(self, uow: UnitOfWork, key: str, name: str) -> PatientView | None:
        """The only record here of this name that bears a number that was merged into this one."""
        aliases = uow.session.scalars(select(Row.number).where(Row.merged_into == key).limit(_MOST_ALIASES)).all()
        found = {one.id: one for alias in aliases for one in self._patients.bearing(uow, alias) if one.name == name}
        return next(iter(found.values())) if len(found) == 1 else None

    def _row(self, uow: UnitOfWork, number: str) -> Row | None:
        query = select(Row).where(Row.number == number)
        return uow.session.scalars(query.with_for_update() if uow.is_writer else query).one_or_none()
