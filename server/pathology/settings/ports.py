"""What the settings take from accounts and printed documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from server.identity.personal import Person
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from shared.contract.identity import UserView
from shared.contract.pathology_settings import UserType
from shared.domain.permissions import Permission


class People(Protocol):
    """identity.personal, as needed here."""

    def people(self, uow: UnitOfWork) -> tuple[Person, ...]:
        """Every account by login."""
        ...

    def set_rights(
        self, uow: UnitOfWork, user_id: int, version: int, area: frozenset[Permission], wanted: Iterable[Permission]
    ) -> Person:
        """Let an account do exactly `wanted` within `area`. Raises NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        ...

    def set_active(self, uow: UnitOfWork, caller: Caller, user_id: int, version: int, *, is_active: bool) -> Person:
        """Put an account out of use or back. Raises NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        ...

    def begin_again(self, uow: UnitOfWork, caller: Caller, user_id: int, version: int, password_hash: str) -> Person:
        """Give an account a password that it must change. Raises NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        ...


class Accounts(Protocol):
    """identity.service, as needed here."""

    def create_with_initial_password(self, login: str, name: str, roles: tuple[str, ...]) -> UserView:
        """Opens its own unit of work. Raises INVALID, DUPLICATE."""
        ...

    def initial_hash(self) -> str:
        """A hash of the initial password; takes 20 ms."""
        ...


class Types(Protocol):
    """The roles in use."""

    def __call__(self, uow: UnitOfWork) -> tuple[UserType, ...]:
        """All of them, in their order, with every permission."""
        ...
