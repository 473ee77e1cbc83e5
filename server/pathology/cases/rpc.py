"""Handlers of libraries, cases and their lists: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.kernel.errors import Refusal, invalid
from server.pathology.cases import numbers
from server.pathology.cases.charges import Charges
from server.pathology.cases.libraries import Libraries
from server.pathology.cases.lists import CaseLists
from server.pathology.cases.ports import Hospital
from server.pathology.cases.registration import Registration
from server.pathology.cases.views import CaseViews
from shared.contract import pathology as contract
from shared.contract.base import Nothing
from shared.contract.errors import ErrorCode
from shared.contract.pathology_technique import BatchReport
from shared.domain.pathology import FETCH_BY


class CasesRpc:
    """What workstations ask about cases."""

    def __init__(
        self,
        libraries: Libraries,
        registration: Registration,
        views: CaseViews,
        lists: CaseLists,
        charges: Charges,
        hospital: Hospital,
    ) -> None:
        self._libraries = libraries
        self._registration = registration
        self._views = views
        self._lists = lists
        self._charges = charges
        self._hospital = hospital

    @handles
    def list_libraries(
        self, request: contract.ListLibraries, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.LibraryView, ...]:
        return self._libraries.all(uow, with_inactive=request.with_inactive)

    @handles
    def add_library(self, request: contract.AddLibrary, caller: Caller, uow: UnitOfWork) -> contract.LibraryView:
        return self._libraries.add(uow, request.entry)

    @handles
    def save_library(self, request: contract.SaveLibrary, caller: Caller, uow: UnitOfWork) -> contract.LibraryView:
        return self._libraries.save(uow, request.library_id, request.version, request.entry)

    @handles
    def open_case(self, request: contract.OpenCase, caller: Caller, uow: UnitOfWork) -> contract.CaseDetails:
        if request.case_id:
            return self._views.details(uow, caller, request.case_id)
        return self._views.details(uow, caller, self._registration.facts_of_number(uow, request.number).id)

    @handles
    def next_number(self, request: contract.NextNumber, caller: Caller, uow: UnitOfWork) -> contract.NumberAnswer:
        return self._registration.next_number(uow, request.library_id)

    @handles
    def check_number(self, request: contract.CheckNumber, caller: Caller, uow: UnitOfWork) -> contract.NumberAnswer:
        return self._registration.check_number(uow, request.number)

    @handles
    def find_gaps(self, request: contract.FindGaps, caller: Caller, uow: UnitOfWork) -> tuple[contract.NumberGap, ...]:
        return numbers.gaps(uow.session, request.first, request.last)

    @handles
    def register_case(self, request: contract.RegisterCase, caller: Caller, uow: UnitOfWork) -> contract.CaseDetails:
        return self._views.details(uow, caller, self._registration.register(uow, caller, request))

    @handles
    def book_case(self, request: contract.BookCase, caller: Caller, uow: UnitOfWork) -> contract.CaseDetails:
        return self._views.details(uow, caller, self._registration.book(uow, caller, request))

    @handles
    def execute_bookings(self, request: contract.ExecuteBookings, caller: Caller, uow: UnitOfWork) -> BatchReport:
        return self._registration.execute(uow, caller, request.case_ids, request.station)

    @handles
    def save_case(self, request: contract.SaveCase, caller: Caller, uow: UnitOfWork) -> contract.CaseView:
        self._registration.save(uow, caller, request)
        return self._views.case(uow, caller, request.case_id)

    @handles
    def transfer_case(self, request: contract.TransferCase, caller: Caller, uow: UnitOfWork) -> contract.CaseView:
        self._registration.transfer(uow, caller, request)
        return self._views.case(uow, caller, request.case_id)

    @handles
    def begin_deletion(
        self, request: contract.BeginDeletion, caller: Caller, uow: UnitOfWork
    ) -> contract.DeletionChallenge:
        return self._registration.begin_deletion(uow, caller, request.case_id)

    @handles
    def delete_case(self, request: contract.DeleteCase, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._registration.delete(uow, caller, request.case_id, request.version, request.password, request.reason)
        return Nothing()

    @handles
    def get_charges(self, request: contract.GetCharges, caller: Caller, uow: UnitOfWork) -> contract.ChargesView:
        return self._charges.view(uow, caller, request.case_id)

    @handles
    def save_charges(self, request: contract.SaveCharges, caller: Caller, uow: UnitOfWork) -> contract.ChargesView:
        return self._charges.save(uow, caller, request)

    @handles
    def settle_charges(self, request: contract.SettleCharges, caller: Caller, uow: UnitOfWork) -> int:
        return self._charges.settle(uow, caller, request)

    @handles
    def fetch_patient(
        self, request: contract.FetchPatient, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.FetchedPatient, ...]:
        number = request.number.strip()
        if not 1 <= len(number) <= 64:
            raise invalid("number", "请填写用于提取的号码。")
        found = self._hospital.fetch(uow, request.by, number)
        if not found:
            message = f"医院系统中没有{FETCH_BY[request.by].zh}为 {number} 的记录，已填写的内容没有改动。"
            raise Refusal(ErrorCode.NOT_FOUND, message)
        return found

    @handles
    def fetch_into_cases(self, request: contract.FetchIntoCases, caller: Caller, uow: UnitOfWork) -> BatchReport:
        return self._registration.fetch_into(uow, caller, request.case_ids)

    @handles
    def list_cases(self, request: contract.ListCases, caller: Caller, uow: UnitOfWork) -> contract.CasePage:
        return self._lists.page(uow, request.filter, request.cursor, request.limit)

    @handles
    def get_neighbours(self, request: contract.GetNeighbours, caller: Caller, uow: UnitOfWork) -> contract.Neighbours:
        return self._lists.neighbours(uow, request.case_id, request.filter)

    @handles
    def count_lists(self, request: contract.CountLists, caller: Caller, uow: UnitOfWork) -> contract.ListCounts:
        days = contract.CaseFilter(first=request.first, last=request.last)
        return self._lists.counts(uow, request.library_ids, days)
