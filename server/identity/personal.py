"""Rights of single accounts beside those of their roles: ticked for one person, or taken from one (PA-USER-06).

An account may do what its roles let it do and what was granted to it, without what was revoked. The administrator's
rights cannot be changed so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from server.identity.roles import ADMINISTRATOR, permissions_of_roles, with_personal
from server.identity.service import IdentityService
from server.identity.tables import UserRow
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, not_found
from shared.domain.permissions import Permission


@dataclass(frozen=True, slots=True)
class Person:
    """An account with its rights."""

    id: int
    version: int
    login: str
    name: str
    roles: tuple[str, ...]
    rights: frozenset[Permission]  # what it may do now
    seeded: frozenset[Permission]  # what its roles alone let it do
    is_active: bool
    is_fixed: bool  # an administrator
    must_change_password: bool


def rights_of_users(uow: UnitOfWork) -> dict[int, frozenset[Permission]]:
    """Return what each account may do, by its id; accounts out of use are left out."""
    return {one.id: one.rights for one in _people(uow) if one.is_active}


class PersonalRights:
    """Use cases; methods work in the caller's unit of work and never commit."""

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    def people(self, uow: UnitOfWork) -> tuple[Person, ...]:
        """Return every account by login."""
        return tuple(_people(uow))

    def set_rights(
        self, uow: UnitOfWork, user_id: int, version: int, area: frozenset[Permission], wanted: Iterable[Permission]
    ) -> Person:
        """Let an account do exactly `wanted` within `area`; other permissions stay as they are.

        Raises Refusal: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (an administrator).
        """
        row = self._row(uow, user_id, version)
        ticked, seeded = frozenset(wanted) & area, permissions_of_roles(uow, row.roles.split(","))
        kept_granted = {one for one in row.granted if one not in area}
        kept_revoked = {one for one in row.revoked if one not in area}
        row.granted = sorted({*kept_granted, *(one.value for one in ticked - seeded)})
        row.revoked = sorted({*kept_revoked, *(one.value for one in (seeded & area) - ticked)})
        row.touch()
        self._identity.changed_user(uow, row.id, is_active=row.is_active)
        uow.session.flush()
        return _person(uow, row, {})

    def set_active(self, uow: UnitOfWork, caller: Caller, user_id: int, version: int, *, is_active: bool) -> Person:
        """Put an account out of use or back. Raises Refusal: NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        row = self._row(uow, user_id, version)
        self._demand_other(caller, row)
        row.is_active = is_active
        row.touch()
        self._identity.changed_user(uow, row.id, is_active=is_active)
        uow.session.flush()
        return _person(uow, row, {})

    def begin_again(self, uow: UnitOfWork, caller: Caller, user_id: int, version: int, password_hash: str) -> Person:
        """Give an account a password that it must change. Raises Refusal: NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        row = self._row(uow, user_id, version)
        self._demand_other(caller, row)
        row.password_hash, row.must_change_password = password_hash, True
        row.failures, row.last_failure = 0, None
        row.touch()
        self._identity.close_sessions(uow, row.id)
        uow.session.flush()
        return _person(uow, row, {})

    def _row(self, uow: UnitOfWork, user_id: int, version: int) -> UserRow:
        row = uow.session.get(UserRow, user_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("账号")
        row.expect(version)
        if ADMINISTRATOR in row.roles.split(","):
            raise illegal_action("fixed", "管理员拥有全部权限，不能在这里更改。")
        return row

    @staticmethod
    def _demand_other(caller: Caller, row: UserRow) -> None:
        if row.id == caller.user_id:
            raise illegal_action("own", "不能停用或重置自己的账号，请由其他管理员操作。")


def _people(uow: UnitOfWork) -> list[Person]:
    known: dict[str, frozenset[Permission]] = {}
    return [_person(uow, row, known) for row in uow.session.scalars(select(UserRow).order_by(UserRow.login))]


def _person(uow: UnitOfWork, row: UserRow, known: dict[str, frozenset[Permission]]) -> Person:
    if row.roles not in known:
        known[row.roles] = permissions_of_roles(uow, row.roles.split(","))
    seeded = known[row.roles]
    return Person(
        id=row.id,
        version=row.version,
        login=row.login,
        name=row.name,
        roles=tuple(one for one in row.roles.split(",") if one),
        rights=with_personal(row, seeded),
        seeded=seeded,
        is_active=row.is_active,
        is_fixed=ADMINISTRATOR in row.roles.split(","),
        must_change_password=row.must_change_password and bool(row.password_hash),
    )
