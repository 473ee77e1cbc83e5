"""Handlers of patients."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.patients.service import PatientService
from shared.contract.patients import (
    FindDuplicates,
    FindSimilar,
    GetPatient,
    GetRecords,
    LikePair,
    LinkPatient,
    ListLikePairs,
    ListLinks,
    PatientLinkView,
    PatientList,
    PatientRecords,
    PatientView,
    SearchPatients,
    SeparatePatient,
    SimilarPatient,
)


class PatientsRpc:
    """What workstations ask about patients."""

    def __init__(self, patients: PatientService) -> None:
        self._patients = patients

    @handles
    def search(self, request: SearchPatients, caller: Caller, uow: UnitOfWork) -> PatientList:
        return self._patients.search(uow, request.text, request.page)

    @handles
    def get(self, request: GetPatient, caller: Caller, uow: UnitOfWork) -> PatientView:
        return self._patients.get(uow, request.patient_id)

    @handles
    def find_duplicates(self, request: FindDuplicates, caller: Caller, uow: UnitOfWork) -> PatientList:
        return self._patients.find_duplicates(uow, request)

    @handles
    def link(self, request: LinkPatient, caller: Caller, uow: UnitOfWork) -> PatientView:
        return self._patients.link(uow, caller, request)

    @handles
    def separate(self, request: SeparatePatient, caller: Caller, uow: UnitOfWork) -> PatientView:
        return self._patients.separate(uow, caller, request)

    @handles
    def find_similar(self, request: FindSimilar, caller: Caller, uow: UnitOfWork) -> tuple[SimilarPatient, ...]:
        return self._patients.find_similar(uow, request)

    @handles
    def get_records(self, request: GetRecords, caller: Caller, uow: UnitOfWork) -> PatientRecords:
        return self._patients.records(uow, request.patient_id)

    @handles
    def list_like_pairs(self, request: ListLikePairs, caller: Caller, uow: UnitOfWork) -> tuple[LikePair, ...]:
        return self._patients.like_pairs(uow, request.limit)

    @handles
    def list_links(self, request: ListLinks, caller: Caller, uow: UnitOfWork) -> tuple[PatientLinkView, ...]:
        return self._patients.links(uow, request.limit)
