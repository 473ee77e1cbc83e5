"""用户权限管理: accounts of the department, their types and ticks (PA-USER-02 to -06, -10)."""

from __future__ import annotations

from server.identity.personal import Person
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.settings.ports import Accounts, People, Types
from shared.contract import pathology_settings as contract
from shared.contract.base import Changed
from shared.domain.permissions import PATHOLOGY_WORDS, Permission

AREA = frozenset(PATHOLOGY_WORDS)
"""The rights that this screen tells and changes; those of other departments are the administration's."""


class AccountService:
    """Methods that take a unit of work never commit; the others open their own."""

    def __init__(self, database: Database, people: People, accounts: Accounts, types: Types) -> None:
        self._database = database
        self._people = people
        self._accounts = accounts
        self._types = types

    def all(self, uow: UnitOfWork, *, with_inactive: bool) -> contract.AccountsView:
        """Return the department's accounts and the types to pick from."""
        types = self._of_department(uow)
        codes = {one.code for one in types}
        shown = tuple(
            _view(one)
            for one in self._people.people(uow)
            if (one.is_active or with_inactive) and (one.rights & AREA or codes & set(one.roles))
        )
        return contract.AccountsView(accounts=shown[: contract.MOST_ACCOUNTS], types=types)

    def staff(self, uow: UnitOfWork, right: Permission) -> tuple[str, ...]:
        """Return the names of those who have a right of the department, by name. Raises INVALID."""
        if right not in AREA:
            raise invalid("right", "只能查询病理科的权限。")
        having = (one for one in self._people.people(uow) if one.is_active and not one.is_fixed and right in one.rights)
        return tuple(dict.fromkeys(sorted(one.name for one in having)))[: contract.MOST_ACCOUNTS]

    def add(self, request: contract.AddAccount) -> contract.AccountView:
        """Add an account with the initial password. Raises INVALID, DUPLICATE."""
        with self._database.read() as uow:
            if request.type not in {one.code for one in self._of_department(uow)}:
                raise invalid("type", "请选择用户类型。")
        made = self._accounts.create_with_initial_password(request.login, request.name, (request.type,))
        with self._database.write() as uow:
            if request.seeded:
                person = next(one for one in self._people.people(uow) if one.id == made.id)
            else:
                person = self._people.set_rights(uow, made.id, made.version, AREA, ())
            uow.publish(Changed(contract.ACCOUNT_ENTITY, person.id, person.version))
        return _view(person)

    def set_rights(self, uow: UnitOfWork, request: contract.SetAccountRights) -> contract.AccountView:
        """Keep the ticks. Raises NOT_FOUND, CONFLICT, INVALID, ILLEGAL_ACTION."""
        if set(request.rights) - AREA:
            raise invalid("rights", "这里只能更改病理科的权限。")
        return self._told(uow, self._people.set_rights(uow, request.user_id, request.version, AREA, request.rights))

    def set_active(self, uow: UnitOfWork, caller: Caller, request: contract.SetAccountActive) -> contract.AccountView:
        """Put out of use or back. Raises NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        person = self._people.set_active(uow, caller, request.user_id, request.version, is_active=request.is_active)
        return self._told(uow, person)

    def reset_password(self, caller: Caller, request: contract.ResetAccountPassword) -> contract.AccountView:
        """The initial password again. Raises NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        password_hash = self._accounts.initial_hash()
        with self._database.write() as uow:
            person = self._people.begin_again(uow, caller, request.user_id, request.version, password_hash)
            return self._told(uow, person)

    def _of_department(self, uow: UnitOfWork) -> tuple[contract.UserType, ...]:
        return tuple(
            contract.UserType(
                code=one.code, name=one.name, name_en=one.name_en, rights=_in_order(frozenset(one.rights))
            )
            for one in self._types(uow)
            if AREA & set(one.rights) and Permission.ADMINISTER not in one.rights
        )

    @staticmethod
    def _told(uow: UnitOfWork, person: Person) -> contract.AccountView:
        uow.publish(Changed(contract.ACCOUNT_ENTITY, person.id, person.version))
        return _view(person)


def _in_order(rights: frozenset[Permission]) -> tuple[Permission, ...]:
    return tuple(one for one in PATHOLOGY_WORDS if one in rights)


def _view(person: Person) -> contract.AccountView:
    return contract.AccountView(
        id=person.id,
        version=person.version,
        login=person.login,
        name=person.name,
        types=person.roles,
        rights=_in_order(person.rights),
        seeded=_in_order(person.seeded),
        is_active=person.is_active,
        is_fixed=person.is_fixed,
        has_initial_password=person.must_change_password,
    )
