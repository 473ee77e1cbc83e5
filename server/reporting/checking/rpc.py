"""Handlers of the checker: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.reporting.checking.service import CheckingService
from shared.contract import checking as contract
from shared.contract.base import Nothing


class CheckingRpc:
    """What the report page and administrators ask of the checker."""

    def __init__(self, checking: CheckingService) -> None:
        self._checking = checking

    @handles
    def check(self, request: contract.CheckText, caller: Caller, uow: UnitOfWork) -> tuple[contract.AlarmView, ...]:
        return self._checking.check(uow, caller, request)

    @handles
    def note(self, request: contract.NoteAlarms, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._checking.note(uow, caller, request)
        return Nothing()

    @handles
    def dismiss(self, request: contract.DismissAlarm, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._checking.dismiss(uow, caller, request)
        return Nothing()

    @handles
    def switches(
        self, _request: contract.GetCheckerSwitches, _caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.CheckerSwitches, ...]:
        return self._checking.switches(uow)

    @handles
    def save_switches(
        self, request: contract.SaveCheckerSwitches, _caller: Caller, uow: UnitOfWork
    ) -> contract.CheckerSwitches:
        return self._checking.save_switches(uow, request)

    @handles
    def words(
        self, _request: contract.ListCheckerWords, _caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.CheckerWord, ...]:
        return self._checking.words(uow)

    @handles
    def save_word(self, request: contract.SaveCheckerWord, caller: Caller, uow: UnitOfWork) -> contract.CheckerWord:
        return self._checking.save_word(uow, caller, request)

    @handles
    def add_words(self, request: contract.AddCheckerWords, caller: Caller, uow: UnitOfWork) -> int:
        return self._checking.add_words(uow, caller, request.lines)

    @handles
    def remove_word(self, request: contract.RemoveCheckerWord, _caller: Caller, uow: UnitOfWork) -> Nothing:
        self._checking.remove_word(uow, request.id)
        return Nothing()

    @handles
    def use(self, request: contract.GetCheckerUse, _caller: Caller, uow: UnitOfWork) -> tuple[contract.KindUse, ...]:
        return self._checking.use(uow, request)
