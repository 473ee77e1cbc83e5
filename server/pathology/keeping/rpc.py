"""Handlers of archive and loan: each calls one use case."""

from __future__ import annotations

from typing import Protocol

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.kernel.errors import invalid
from server.pathology.keeping.archive import PathologyArchive
from server.pathology.keeping.loans import Loans
from server.pathology.keeping.outside import OutsidePapers
from server.pathology.keeping.ports import Receipts
from shared.contract import pathology_keeping as contract
from shared.contract.pathology_technique import BatchReport
from shared.contract.printing import DocumentView


class Witnesses(Protocol):
    """Who may sign as the second person."""

    def sign(self, login: str, password: str) -> tuple[int, str]:
        """Return id and name of the account. Raises WRONG_PASSWORD, ACCOUNT_LOCKED."""


class KeepingRpc:
    """What the archive workstation asks."""

    def __init__(
        self,
        database: Database,
        archive: PathologyArchive,
        loans: Loans,
        receipts: Receipts,
        witnesses: Witnesses,
        outside: OutsidePapers,
    ) -> None:
        self._database, self._archive, self._loans = database, archive, loans
        self._receipts, self._witnesses, self._outside = receipts, witnesses, outside

    @handles
    def list_places(
        self, request: contract.ListPlaces, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.PlaceView, ...]:
        return self._archive.places(uow)

    @handles
    def save_place(self, request: contract.SavePlace, caller: Caller, uow: UnitOfWork) -> contract.PlaceView:
        return self._archive.save_place(uow, request)

    @handles
    def archive(self, request: contract.ArchiveObjects, caller: Caller, uow: UnitOfWork) -> BatchReport:
        return self._archive.archive(uow, caller, request)

    @handles
    def take_out(self, request: contract.TakeOut, caller: Caller, uow: UnitOfWork) -> BatchReport:
        return self._archive.take_out(uow, caller, request)

    @handles_alone
    def destroy(self, request: contract.DestroyObjects, caller: Caller) -> BatchReport:
        user_id, name = self._witnesses.sign(request.witness_login, request.witness_password)
        if user_id == caller.user_id:
            raise invalid("witness_login", "见证人不能是本人，请由另一人签名。")
        with self._database.write() as uow:
            return self._archive.destroy(uow, caller, request, name)

    @handles
    def list_kept(self, request: contract.ListKept, caller: Caller, uow: UnitOfWork) -> tuple[contract.KeptView, ...]:
        return self._archive.list_kept(uow, request)

    @handles
    def get_retention(self, request: contract.GetRetention, caller: Caller, uow: UnitOfWork) -> contract.Retention:
        return self._archive.retention(uow)

    @handles
    def save_retention(self, request: contract.SaveRetention, caller: Caller, uow: UnitOfWork) -> contract.Retention:
        return self._archive.save_retention(uow, request.retention)

    @handles
    def lend(self, request: contract.Lend, caller: Caller, uow: UnitOfWork) -> contract.LoanView:
        return self._loans.lend(uow, caller, request)

    @handles
    def return_items(self, request: contract.ReturnItems, caller: Caller, uow: UnitOfWork) -> contract.LoanView:
        return self._loans.give_back(uow, caller, request)

    @handles
    def add_paper(self, request: contract.AddLoanPaper, caller: Caller, uow: UnitOfWork) -> contract.LoanView:
        return self._outside.add(uow, caller, request.loan_id, request.data)

    @handles
    def remove_paper(self, request: contract.RemoveLoanPaper, caller: Caller, uow: UnitOfWork) -> contract.LoanView:
        return self._outside.remove(uow, caller, request.loan_id, request.document_id)

    @handles
    def extend(self, request: contract.ExtendLoan, caller: Caller, uow: UnitOfWork) -> contract.LoanView:
        return self._loans.extend(uow, caller, request)

    @handles
    def report_lost(self, request: contract.ReportLost, caller: Caller, uow: UnitOfWork) -> contract.LoanView:
        return self._loans.report_lost(uow, caller, request)

    @handles
    def get_loan(self, request: contract.GetLoan, caller: Caller, uow: UnitOfWork) -> contract.LoanView:
        return self._loans.get(uow, caller, request.loan_id)

    @handles
    def list_loans(self, request: contract.ListLoans, caller: Caller, uow: UnitOfWork) -> tuple[contract.LoanView, ...]:
        return self._loans.list_of(uow, caller, request)

    @handles_alone
    def draw_receipt(self, request: contract.DrawReceipt, caller: Caller) -> DocumentView:
        return self._receipts.receipt(caller, request.loan_id, request.language)

    @handles_alone
    def draw_loan_list(self, request: contract.DrawLoanList, caller: Caller) -> DocumentView:
        return self._receipts.loan_list(caller, request.filter, request.language)

    @handles
    def count_loans(self, request: contract.CountLoans, caller: Caller, uow: UnitOfWork) -> contract.LoanCounts:
        return self._loans.counts(uow)
