"""Puts ECG exams together: what they take from requests, patients, accounts and the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from server.ecg.exams import rules
from server.ecg.exams.catalogue import EXAM_ITEMS, EXAM_TYPE
from server.ecg.exams.collecting import Collecting
from server.ecg.exams.lists import ExamLists, page_of
from server.ecg.exams.ports import RequestFacts, TracesOfExams
from server.ecg.exams.registration import Registration
from server.ecg.exams.rpc import ExamsRpc
from server.ecg.exams.service import ExamService
from server.ecg.exams.views import ExamViews
from server.exams.application_search import Standing, Wanted, search
from server.kernel.errors import Refusal, not_found
from server.patients.rules import age_text
from shared.contract.ecg import EcgEntry, SearchRequests
from shared.contract.errors import ErrorCode
from shared.contract.exams import ApplicationView, PatientEntry
from shared.domain.ecg import RequestState, Urgency
from shared.domain.states import PatientType
from shared.domain.visits import visit_kind_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Select

    from server.bootstrap.ecg import EcgHouse
    from server.exams.applications import ApplicationDesk
    from server.kernel.clock import HospitalTime
    from server.kernel.database import UnitOfWork
    from server.kernel.dispatch import Caller
    from server.organisation.service import OrganisationService
    from server.patients.service import PatientService
    from shared.contract.patients import PatientView

_FIELDS = {"name": "patient_name", "card_number": "outpatient_number"}
"""Fields of a patient entry that the registration dialog calls otherwise."""


@dataclass(frozen=True, slots=True)
class EcgExams:
    """The room of exams, put together."""

    service: ExamService
    registration: Registration
    lists: ExamLists
    views: ExamViews
    campuses: CampusesOfHospital
    organisation: OrganisationService
    handlers: tuple[object, ...]

    def seed(self, uow: UnitOfWork) -> None:
        """Let the hospital know what an ECG is, so that orders for one are understood."""
        self.organisation.seed_type(uow, EXAM_TYPE, EXAM_ITEMS)


class RequestsOfHospital:
    """ecg.exams.ports.Requests over the applications that hospital systems hand in."""

    def __init__(self, time: HospitalTime, desk: ApplicationDesk, organisation: OrganisationService) -> None:
        self._time = time
        self._desk = desk
        self._organisation = organisation

    def search(
        self, uow: UnitOfWork, request: SearchRequests, examined: Select[Any], campuses: Collection[int | None] | None
    ) -> tuple[int, list[RequestFacts]]:
        states = frozenset(request.states)
        wanted = Wanted(
            exam_types=rules.ECG_EXAM_TYPES,
            visit_kinds=request.visit_kinds,
            his_number=request.request_number,
            patient_name=request.patient_name,
            patient_number=request.patient_number,
            id_number=request.id_number,
            health_check_number=request.health_check_number,
            received_from=request.received_from,
            received_to=request.received_to,
            campuses=campuses,
        )
        standing = Standing(
            is_open=RequestState.OPEN in states,
            is_registered=RequestState.REGISTERED in states,
            is_examined=RequestState.EXAMINED in states,
            is_cancelled=RequestState.CANCELLED in states,
            examined=examined,
        )
        total, found = search(uow, self._time, wanted, standing, page_of(request.page))
        return total, [self._facts(uow, one) for one in found]

    def find(self, uow: UnitOfWork, request_number: str, health_check_number: str) -> list[RequestFacts]:
        found = self._desk.find(uow, request_number or health_check_number)
        return [self._facts(uow, one) for one in found if _bears(one, request_number, health_check_number)]

    def get(self, uow: UnitOfWork, application_id: int) -> RequestFacts:
        found = self._desk.get(uow, application_id, for_update=True)
        if found.exam_type not in rules.ECG_EXAM_TYPES:
            raise not_found("心电图申请单")
        return self._facts(uow, found)

    def mark(self, uow: UnitOfWork, application_id: int, exam_id: int | None) -> None:
        self._desk.mark_ecg(uow, application_id, exam_id)

    def _facts(self, uow: UnitOfWork, one: ApplicationView) -> RequestFacts:
        patient, asked = one.patient, one.requester
        item = "、".join(each.name for each in one.items)[:100]
        urgent = one.patient_type is PatientType.EMERGENCY
        entry = EcgEntry(
            patient_id=patient.patient_id,
            patient_name=patient.name,
            sex=patient.sex,
            age=age_text(patient.birth_date, self._time.today()),
            birth_date=patient.birth_date,
            id_number=patient.id_number,
            patient_number=one.patient_key,
            visit_kind=visit_kind_of(one.patient_type, patient.inpatient_number, patient.health_check_number),
            outpatient_number=patient.card_number,
            inpatient_number=patient.inpatient_number,
            health_check_number=patient.health_check_number,
            request_number=asked.his_number,
            department=asked.department,
            ward=asked.ward,
            bed=asked.bed,
            exam_item=item,
            kind=rules.kind_of_item(item, " ".join(each.code for each in one.items)),
            doctor=asked.doctor,
            requested_at=asked.requested_at,
            complaint=one.clinical.signs[:1000],
            history=one.clinical.history[:2000],
            clinical_diagnosis=one.clinical.diagnosis[:500],
            phone=patient.phone,
            remark=one.clinical.purpose[:500],
            urgency=Urgency.URGENT if urgent else Urgency.ROUTINE,
            height_cm=patient.height_cm,
            weight_kg=patient.weight_kg,
            campus_id=one.campus_id,
        )
        return RequestFacts(
            id=one.id,
            version=one.version,
            entry=entry,
            received_at=one.received_at,
            ecg_exam_id=one.ecg_exam_id,
            registered_elsewhere=one.exam_id is not None,
            is_cancelled=one.is_cancelled,
            is_known=all(each.code in self._organisation.hospital(uow).items for each in one.items),
        )


def _bears(one: ApplicationView, request_number: str, health_check_number: str) -> bool:
    """Whether an application asks for an ECG and bears the number in the place that was asked for."""
    if one.exam_type not in rules.ECG_EXAM_TYPES:
        return False
    if request_number:
        return one.requester.his_number == request_number
    return one.patient.health_check_number == health_check_number


class PeopleOfHospital:
    """ecg.exams.ports.People over the patients."""

    def __init__(self, patients: PatientService) -> None:
        self._patients = patients

    def admit(self, uow: UnitOfWork, caller: Caller, entry: EcgEntry) -> PatientView:
        patient = PatientEntry(
            patient_id=entry.patient_id,
            name=entry.patient_name,
            sex=entry.sex,
            birth_date=entry.birth_date,
            card_number=entry.outpatient_number,
            id_number=entry.id_number,
            inpatient_number=entry.inpatient_number,
            health_check_number=entry.health_check_number,
            phone=entry.phone,
            height_cm=entry.height_cm,
            weight_kg=entry.weight_kg,
        )
        try:
            return self._patients.admit(uow, caller, patient)
        except Refusal as refusal:
            if refusal.body.code is not ErrorCode.INVALID:
                raise
            field = refusal.body.field.removeprefix("patient.")
            raise Refusal(ErrorCode.INVALID, refusal.body.message, field=_FIELDS.get(field, field)) from None

    def same_person(self, uow: UnitOfWork, patient_id: int) -> tuple[int, ...]:
        return self._patients.linked_ids(uow, patient_id)


class CampusesOfHospital:
    """ecg.exams.ports.Campuses over the organisation."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation

    def names(self, uow: UnitOfWork) -> dict[int, str]:
        return {one.id: one.name for one in self._organisation.hospital(uow).view.campuses}


def build_ecg_exams(house: EcgHouse, service: ExamService, traces: TracesOfExams) -> EcgExams:
    """Construct services and handlers."""
    campuses = CampusesOfHospital(house.organisation)
    requests = RequestsOfHospital(house.time, house.applications, house.organisation)
    people = PeopleOfHospital(house.patients)
    house.patients.followers.append(service.patient_linked)
    registration = Registration(house.time, service, requests, people, campuses)
    lists = ExamLists(house.time, service)
    views = ExamViews(service, campuses, traces)
    orders = house.interfaces.asking
    handlers = ExamsRpc(house.database, orders, service, registration, lists, views, Collecting(service, house.time))
    return EcgExams(service, registration, lists, views, campuses, house.organisation, (handlers,))
