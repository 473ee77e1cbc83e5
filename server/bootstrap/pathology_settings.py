"""Puts the settings of pathology and its counts together: accounts, designs of reports, cells on pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from server.identity.personal import PersonalRights
from server.identity.roles import permissions_of
from server.identity.tables import RoleRow
from server.pathology.counts.rpc import CountsRpc
from server.pathology.counts.service import Counts
from server.pathology.settings.accounts import AccountService
from server.pathology.settings.designs import Designs
from server.pathology.settings.rpc import SettingsRpc
from server.printing.templates import PaperTemplates
from shared.contract.pathology_settings import UserType

if TYPE_CHECKING:
    from server.bootstrap.pathology import PathologyHouse
    from server.bootstrap.pathology_media import CasesOfMedia, PathologyMedia
    from server.kernel.database import UnitOfWork
    from server.kernel.dispatch import Caller
    from server.pathology.media.service import MediaService
    from shared.contract.pathology_media import MediaView


class CapturesOfCounts:
    """pathology.counts.ports.Captures over the room of captures."""

    def __init__(self, media: MediaService, cases: CasesOfMedia) -> None:
        self._media = media
        self._cases = cases

    def view(self, uow: UnitOfWork, caller: Caller, media_id: int) -> MediaView:
        return self._media.view(uow, caller, media_id)

    def list_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[MediaView, ...]:
        return self._media.list_of(uow, caller, case_id)

    def demand_open(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        self._cases.demand_open(uow, caller, case_id)


def roles_in_use(uow: UnitOfWork) -> tuple[UserType, ...]:
    """pathology.settings.ports.Types over the roles."""
    rows = uow.session.scalars(select(RoleRow).where(RoleRow.is_active).order_by(RoleRow.position, RoleRow.id))
    return tuple(
        UserType(code=row.code, name=row.name, name_en=row.name_en, rights=tuple(permissions_of(row))) for row in rows
    )


def build_pathology_settings(house: PathologyHouse, media: PathologyMedia) -> tuple[object, ...]:
    """The handlers."""
    accounts = AccountService(house.database, PersonalRights(house.identity), house.identity, roles_in_use)
    counts = Counts(CapturesOfCounts(media.service, media.cases), house.time)
    return SettingsRpc(accounts, Designs(PaperTemplates(house.time))), CountsRpc(counts)
