"""Handlers of shared/contract/storage.py."""

from __future__ import annotations

from server.archive.lifecycle.fill import StoreFills
from server.archive.lifecycle.jobs import RULES
from server.archive.lifecycle.service import CopyService
from server.archive.lifecycle.setup import StorageSetup
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.kernel.errors import not_found
from server.kernel.jobs import enqueue
from shared.contract import storage as contract
from shared.contract.base import Nothing


class StorageRpc:
    """One handler per request."""

    def __init__(self, copies: CopyService, setup: StorageSetup, fills: StoreFills) -> None:
        self._copies = copies
        self._setup = setup
        self._fills = fills

    @handles
    def list_stores(
        self, request: contract.ListStores, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.StoreView, ...]:
        return self._fills.views(uow.session)

    @handles_alone
    def save_store(self, request: contract.SaveStore, caller: Caller) -> contract.StoreView:
        return self._setup.save_store(request)

    @handles
    def remove_store(self, request: contract.RemoveStore, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._setup.remove_store(uow, request.name)
        return Nothing()

    @handles
    def list_rules(self, request: contract.ListRules, caller: Caller, uow: UnitOfWork) -> tuple[contract.RuleView, ...]:
        return self._setup.list_rules(uow)

    @handles
    def save_rule(self, request: contract.SaveRule, caller: Caller, uow: UnitOfWork) -> contract.RuleView:
        return self._setup.save_rule(uow, request.entry, request.id, request.version)

    @handles
    def remove_rule(self, request: contract.RemoveRule, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._setup.remove_rule(uow, request.id)
        return Nothing()

    @handles
    def preview_rule(self, request: contract.PreviewRule, caller: Caller, uow: UnitOfWork) -> contract.PreviewView:
        return self._setup.preview(uow, request.entry)

    @handles
    def run_rules(self, request: contract.RunRules, caller: Caller, uow: UnitOfWork) -> Nothing:
        enqueue(uow, RULES, {}, key="by hand", title="执行存储规则", priority=1, by=caller.login)
        return Nothing()

    @handles
    def get_study_copies(
        self, request: contract.GetStudyCopies, caller: Caller, uow: UnitOfWork
    ) -> contract.StudyCopies:
        return self._copies.study_copies(uow, request.study_uid)

    @handles
    def recall_study(self, request: contract.RecallStudy, caller: Caller, uow: UnitOfWork) -> contract.JobStarted:
        return self._copies.recall(uow, request.study_uid, caller.login)

    @handles
    def move_study(self, request: contract.MoveStudy, caller: Caller, uow: UnitOfWork) -> contract.JobStarted:
        return self._copies.move(uow, request.study_uid, request.keep_in, caller.login)

    @handles
    def verify_study(self, request: contract.VerifyStudy, caller: Caller, uow: UnitOfWork) -> contract.JobStarted:
        return self._copies.verify(uow, request.study_uid, caller.login)

    @handles
    def list_moved(self, request: contract.ListMoved, caller: Caller, uow: UnitOfWork) -> contract.MovedList:
        return self._copies.moved(uow, request.store, request.only_trouble, request.page)

    @handles
    def list_prefetch(
        self, request: contract.ListPrefetch, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.PrefetchView, ...]:
        return self._setup.list_prefetch(uow)

    @handles
    def save_prefetch(self, request: contract.SavePrefetch, caller: Caller, uow: UnitOfWork) -> contract.PrefetchView:
        return self._setup.save_prefetch(uow, request.entry, request.id, request.version)

    @handles
    def remove_prefetch(self, request: contract.RemovePrefetch, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._setup.remove_prefetch(uow, request.id)
        return Nothing()

    @handles
    def get_fill_history(
        self, request: contract.GetFillHistory, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.FillDay, ...]:
        if all(view.name != request.name for view in self._fills.views(uow.session)):
            raise not_found("该存储")
        return self._fills.history(uow.session, request.name)
