"""Puts the doors of pathology together: log-in choices, settings, papers of reception."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.identity.personal import rights_of_users
from server.pathology.stations.papers import ReceptionPapers
from server.pathology.stations.rpc import StationsRpc
from server.pathology.stations.service import StationService

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.bootstrap.pathology import PathologyHouse
    from server.bootstrap.pathology_cases import PathologyCases
    from server.identity.service import IdentityService
    from server.kernel.database import UnitOfWork
    from server.organisation.service import OrganisationService
    from shared.contract.identity import UserView
    from shared.domain.permissions import Permission


class AccountsOfHouse:
    """stations.ports.Accounts over identity."""

    def __init__(self, identity: IdentityService) -> None:
        self._identity = identity

    def users(self, uow: UnitOfWork) -> tuple[UserView, ...]:
        return self._identity.list_users(uow)

    def permissions(self, uow: UnitOfWork) -> Mapping[int, frozenset[Permission]]:
        return rights_of_users(uow)


class NameOfHospital:
    """stations.ports.HospitalName over the master data."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation

    def name(self, uow: UnitOfWork, language: str) -> str:
        view = self._organisation.hospital(uow).view
        return (language == "en" and view.name_en) or view.name


def build_pathology_stations(house: PathologyHouse, core: PathologyCases) -> StationsRpc:
    """The handlers of the stations."""
    stations = StationService(AccountsOfHouse(house.identity), core.libraries)
    papers = ReceptionPapers(
        house.database, house.time, core.views, core.cases, NameOfHospital(house.organisation), house.documents
    )
    return StationsRpc(stations, papers)
