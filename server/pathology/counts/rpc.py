"""Handlers of counts: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.pathology.counts.service import Counts
from shared.contract import pathology_counts as contract
from shared.contract.base import Nothing


class CountsRpc:
    """What workstations ask about counts."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    @handles
    def list_of(self, request: contract.ListCounts, caller: Caller, uow: UnitOfWork) -> tuple[contract.CountView, ...]:
        return self._counts.list_of(uow, caller, request.case_id, request.media_id)

    @handles
    def save(self, request: contract.SaveCount, caller: Caller, uow: UnitOfWork) -> contract.CountView:
        return self._counts.save(uow, caller, request)

    @handles
    def delete(self, request: contract.DeleteCount, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._counts.delete(uow, caller, request.count_id, request.version)
        return Nothing()
