"""Handlers of marks."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.marks.service import MarksService
from shared.contract.marks import AuthorMarks, ListMarks, SaveMarks


class MarksRpc:
    """What viewers ask about marks."""

    def __init__(self, service: MarksService) -> None:
        self._service = service

    @handles
    def list(self, request: ListMarks, caller: Caller, uow: UnitOfWork) -> tuple[AuthorMarks, ...]:
        return self._service.listed(uow, caller, request)

    @handles
    def save(self, request: SaveMarks, caller: Caller, uow: UnitOfWork) -> AuthorMarks:
        return self._service.save(uow, caller, request)
