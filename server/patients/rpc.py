"""Handlers of patients."""

from __future__ import annotations

from collections.abc import Iterable

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
        return self._patients.search(uow, caller, request.text, request.page)

    @handles
    def get(self, request: GetPatient, caller: Caller, uow: UnitOfWork) -> PatientView:
        self._patients.sight.check(uow, caller, request.patient_id)
        return self._patients.get(uow, request.patient_id)

    @handles
    def find_duplicates(self, request: FindDuplicates, caller: Caller, uow: UnitOfWork) -> PatientList:
        return self._patients.find_duplicates(uow, request)

    @handles
    def link(self, request: LinkPatient, caller: Caller, uow: UnitOfWork) -> PatientView:
        self._patients.sight.check(uow, caller, request.patient_id, request.into_id)
        return self._patients.link(uow, caller, request)

    @handles
    def separate(self, request: SeparatePatient, caller: Caller, uow: UnitOfWork) -> PatientView:
        self._patients.sight.check(uow, caller, request.patient_id)
        return self._patients.separate(uow, caller, request)

    @handles
    def find_similar(self, request: FindSimilar, caller: Caller, uow: UnitOfWork) -> tuple[SimilarPatient, ...]:
        return self._patients.find_similar(uow, request)

    @handles
    def get_records(self, request: GetRecords, caller: Caller, uow: UnitOfWork) -> PatientRecords:
        self._patients.sight.check(uow, caller, request.patient_id)
        return self._patients.records(uow, request.patient_id)

    @handles
    def list_like_pairs(self, request: ListLikePairs, caller: Caller, uow: UnitOfWork) -> tuple[LikePair, ...]:
        pairs = self._patients.like_pairs(uow, request.limit)
        seen = self._seen(uow, caller, (one.id for pair in pairs for one in (pair.first, pair.second)))
        return tuple(pair for pair in pairs if {pair.first.id, pair.second.id} <= seen)

    @handles
    def list_links(self, request: ListLinks, caller: Caller, uow: UnitOfWork) -> tuple[PatientLinkView, ...]:
        links = self._patients.links(uow, request.limit)
        seen = self._seen(uow, caller, (one for link in links for one in (link.patient_id, link.into_id)))
        return tuple(link for link in links if {link.patient_id, link.into_id} <= seen)

    def _seen(self, uow: UnitOfWork, caller: Caller, patient_ids: Iterable[int]) -> frozenset[int]:
        return self._patients.sight.seen(uow, caller, frozenset(patient_ids))
