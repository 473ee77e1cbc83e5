"""Who may enter which library, and what every station follows (PA-LOGIN, PA-USER-08, PA-REG-04, PA-SET-10)."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.pathology.stations import rules
from server.pathology.stations.ports import Accounts, Libraries
from server.pathology.stations.tables import LibraryAccess, StationSettingsRow
from shared.contract import pathology_stations as contract
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.identity import UserView

_ONE = 1


class StationService:
    """The doors of the department."""

    def __init__(self, accounts: Accounts, libraries: Libraries) -> None:
        self._accounts = accounts
        self._libraries = libraries

    def login_choices(self, uow: UnitOfWork) -> contract.LoginChoicesView:
        """Return the libraries in use and the accounts of the department, by name."""
        access = self._access(uow)
        return contract.LoginChoicesView(
            libraries=tuple(
                contract.LoginLibrary(id=one.id, name=one.entry.name, name_en=one.entry.name_en)
                for one in self._libraries.all(uow)
            ),
            users=tuple(
                contract.LoginUser(login=user.login, name=user.name, library_ids=access.get(user.id, ((), 0))[0])
                for user in self._people(uow)
            ),
        )

    def enter(self, uow: UnitOfWork, caller: Caller, library_id: int) -> contract.StationSettings:
        """Let an account into a library. Raises NOT_FOUND, PERMISSION_MISSING."""
        if library_id not in {one.id for one in self._libraries.all(uow)}:
            raise not_found("病例库")
        allowed = self._access(uow).get(caller.user_id, ((), 0))[0]
        if allowed and library_id not in allowed:
            raise Refusal(ErrorCode.PERMISSION_MISSING, "您不能进入这个病例库，请另选检查类型。", field="library_id")
        return self.settings(uow)

    def rights(self, uow: UnitOfWork) -> tuple[contract.LibraryRights, ...]:
        """Return what each account of the department may enter."""
        access = self._access(uow)
        return tuple(_rights(user, *access.get(user.id, ((), 0))) for user in self._people(uow))

    def set_rights(self, uow: UnitOfWork, request: contract.SetLibraryRights) -> contract.LibraryRights:
        """Keep what an account may enter. Raises NOT_FOUND, CONFLICT."""
        user = next((one for one in self._people(uow) if one.id == request.user_id), None)
        if user is None:
            raise not_found("账号")
        known = {one.id for one in self._libraries.all(uow, with_inactive=True)}
        if any(one not in known for one in request.library_ids):
            raise not_found("病例库")
        row = uow.session.get(LibraryAccess, request.user_id)
        if row is None:
            row = LibraryAccess(user_id=request.user_id, library_ids=[], version=0)
            uow.session.add(row)
        row.expect(request.version)
        row.touch()
        row.library_ids = sorted(set(request.library_ids))
        uow.session.flush()
        uow.publish(Changed(contract.SETTINGS_ENTITY, request.user_id, row.version))
        return _rights(user, tuple(row.library_ids), row.version)

    def settings(self, uow: UnitOfWork) -> contract.StationSettings:
        """Return what every station follows; what was never set is as the program brings it."""
        row = uow.session.get(StationSettingsRow, _ONE)
        if row is None:
            return contract.StationSettings()
        return msgspec.convert({**row.content, "version": row.version}, contract.StationSettings)

    def save_settings(self, uow: UnitOfWork, given: contract.StationSettings) -> contract.StationSettings:
        """Keep the settings. Raises CONFLICT, INVALID."""
        fault = rules.settings_fault(given)
        if fault is not None:
            raise invalid(*fault)
        row = uow.session.get(StationSettingsRow, _ONE)
        if row is None:
            row = StationSettingsRow(id=_ONE, content={}, version=0)
            uow.session.add(row)
        row.expect(given.version)
        row.touch()
        content = msgspec.to_builtins(given)
        row.content = {key: value for key, value in content.items() if key != "version"}
        uow.session.flush()
        uow.publish(Changed(contract.SETTINGS_ENTITY, 0, row.version))
        return self.settings(uow)

    def _people(self, uow: UnitOfWork) -> list[UserView]:
        rights = self._accounts.permissions(uow)
        return [
            user
            for user in self._accounts.users(uow)
            if user.is_active and rules.is_of_department(rights.get(user.id, frozenset()))
        ]

    @staticmethod
    def _access(uow: UnitOfWork) -> dict[int, tuple[tuple[int, ...], int]]:
        return {
            row.user_id: (tuple(row.library_ids), row.version) for row in uow.session.scalars(select(LibraryAccess))
        }


def _rights(user: UserView, library_ids: tuple[int, ...], version: int) -> contract.LibraryRights:
    return contract.LibraryRights(
        user_id=user.id, login=user.login, name=user.name, library_ids=library_ids, version=version
    )
