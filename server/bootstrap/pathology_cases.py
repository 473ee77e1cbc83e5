"""Puts cases and the technical room of pathology together: what they take from patients, applications and accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from server.pathology.cases.charges import Charges
from server.pathology.cases.libraries import Libraries
from server.pathology.cases.lists import CaseLists
from server.pathology.cases.registration import Registration
from server.pathology.cases.rpc import CasesRpc
from server.pathology.cases.service import CaseService
from server.pathology.cases.views import CaseViews
from server.pathology.technique.rpc import PreparationRpc, TechniqueRpc, TrailRpc
from server.pathology.technique.service import TechniqueService
from shared.contract.exams import ApplicationView
from shared.contract.pathology import CaseEntry, FetchedPatient
from shared.contract.patients import PatientView
from shared.domain.pathology import FetchBy

if TYPE_CHECKING:
    from server.bootstrap.pathology import PathologyHouse
    from server.exams.applications import ApplicationDesk
    from server.identity.service import IdentityService
    from server.kernel.clock import HospitalTime
    from server.kernel.database import UnitOfWork
    from server.patients.service import PatientService

_MOST_FOUND = 20
_URGENT = "emergency"


@dataclass(frozen=True, slots=True)
class PathologyCases:
    """Cases and the technical room, put together."""

    cases: CaseService
    libraries: Libraries
    registration: Registration
    lists: CaseLists
    charges: Charges
    views: CaseViews
    technique: TechniqueService
    handlers: tuple[object, ...]

    def seed(self, uow: UnitOfWork) -> None:
        """Make the initial libraries."""
        self.libraries.seed(uow)


class HospitalRecords:
    """cases.ports.Hospital over the applications and patients that the hospital system sends."""

    def __init__(self, time: HospitalTime, patients: PatientService, applications: ApplicationDesk) -> None:
        self._time = time
        self._patients = patients
        self._applications = applications

    def fetch(self, uow: UnitOfWork, by: FetchBy, number: str) -> tuple[FetchedPatient, ...]:
        wanted = number.strip()
        found = [self._of_application(one) for one in self._applications.find(uow, wanted) if _bears(one, by, wanted)]
        if by is not FetchBy.APPLICATION:
            patients = self._patients.many(uow, self._patients.ids_of_number(uow, wanted)).values()
            known = {one.entry.patient_id for one in found}
            found += [
                self._of_patient(one)
                for one in sorted(patients, key=lambda patient: -patient.id)
                if one.id not in known and _is_of(one, by, wanted)
            ]
        return tuple(found[:_MOST_FOUND])

    def _of_application(self, one: ApplicationView) -> FetchedPatient:
        patient, asked = one.patient, one.requester
        entry = CaseEntry(
            patient_id=patient.patient_id,
            patient_name=patient.name,
            sex=patient.sex,
            age=self._age(patient.birth_date),
            birth_date=patient.birth_date,
            application_number=asked.his_number,
            outpatient_number=patient.card_number,
            inpatient_number=patient.inpatient_number,
            id_number=patient.id_number,
            phone=patient.phone,
            address=patient.address,
            department=asked.department,
            sending_doctor=asked.doctor,
            sent_at=asked.requested_at,
            specimen_name="、".join(item.name for item in one.items)[:200],
            sampling_site="、".join(dict.fromkeys(item.body_part for item in one.items if item.body_part))[:200],
            clinical_diagnosis=one.clinical.diagnosis[:500],
            history=one.clinical.history,
            is_urgent=one.patient_type.value == _URGENT,
        )
        day = self._time.local(one.received_at).strftime("%Y-%m-%d %H:%M")
        return FetchedPatient(entry=entry, source=f"申请单 {asked.his_number}，{day} 收到")

    def _of_patient(self, one: PatientView) -> FetchedPatient:
        entry = CaseEntry(
            patient_id=one.id,
            patient_name=one.name,
            sex=one.sex,
            age=self._age(one.birth_date),
            birth_date=one.birth_date,
            hospital_patient_id=one.patient_number,
            outpatient_number=one.card_number,
            inpatient_number=one.inpatient_number,
            id_number=one.id_number,
            phone=one.phone,
            address=one.address,
        )
        return FetchedPatient(entry=entry, source=f"患者档案 {one.patient_number}")

    def _age(self, birth_date: date | None) -> str:
        if birth_date is None:
            return ""
        today = self._time.today()
        years = today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
        if years >= 1:
            return f"{years}岁"
        days = (today - birth_date).days
        return f"{days // 30}月" if days >= 30 else f"{max(days, 0)}天"


def _bears(one: ApplicationView, by: FetchBy, wanted: str) -> bool:
    """Whether an application bears the number in the place that was asked for."""
    return {
        FetchBy.APPLICATION: one.requester.his_number == wanted,
        FetchBy.OUTPATIENT: one.patient.card_number == wanted,
        FetchBy.INPATIENT: one.patient.inpatient_number == wanted,
        FetchBy.PATIENT: one.requester.his_number != wanted,
    }[by]


def _is_of(one: PatientView, by: FetchBy, wanted: str) -> bool:
    return {
        FetchBy.APPLICATION: False,
        FetchBy.OUTPATIENT: one.card_number == wanted,
        FetchBy.INPATIENT: one.inpatient_number == wanted,
        FetchBy.PATIENT: wanted in (one.patient_number, one.id_number),
    }[by]


class AccountsAsWitnesses:
    """technique.rpc.Witnesses over the accounts: a log-in that is ended at once, with its lock after failures."""

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    def sign(self, login: str, password: str) -> tuple[int, str]:
        session = self._identity.login(login, password, "witness", "")
        self._identity.logout(session.token)
        return session.user_id, session.name


def build_pathology_cases(house: PathologyHouse, cases: CaseService) -> PathologyCases:
    """Construct the rooms of cases and technique."""

    def person_name(uow: UnitOfWork, user_id: int) -> str:
        _login, name = house.identity.person(uow, user_id)
        return name

    technique = TechniqueService(cases, person_name)
    hospital = HospitalRecords(house.time, house.patients, house.applications)
    libraries, charges = Libraries(), Charges(cases)
    registration = Registration(cases, libraries, technique, hospital)
    lists, views = CaseLists(house.time, cases), CaseViews(cases, technique)
    handlers = (
        CasesRpc(libraries, registration, views, lists, charges, hospital),
        TechniqueRpc(house.database, cases, technique, AccountsAsWitnesses(house.identity)),
        PreparationRpc(house.database, technique, cases),
        TrailRpc(technique),
    )
    return PathologyCases(cases, libraries, registration, lists, charges, views, technique, handlers)
