"""Handlers of halls; translates, calls one use case, translates back."""

from __future__ import annotations

from server.halls.service import HallService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract.base import Nothing
from shared.contract.halls import GetHall, HallView, ListHalls, RemoveHall, SaveHall


class HallsRpc:
    """What displays ask, what administrators set."""

    def __init__(self, halls: HallService) -> None:
        self._halls = halls

    @handles
    def list_halls(self, request: ListHalls, caller: Caller, uow: UnitOfWork) -> tuple[HallView, ...]:
        return self._halls.list_halls(uow)

    @handles
    def get_hall(self, request: GetHall, caller: Caller, uow: UnitOfWork) -> HallView:
        return self._halls.get_hall(uow, request.name)

    @handles
    def save_hall(self, request: SaveHall, caller: Caller, uow: UnitOfWork) -> HallView:
        return self._halls.save_hall(uow, request)

    @handles
    def remove_hall(self, request: RemoveHall, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._halls.remove_hall(uow, request.id)
        return Nothing()
