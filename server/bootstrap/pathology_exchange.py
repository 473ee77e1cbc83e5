"""Puts the exchange of cases together: what it takes from cases, from the store of captures and from the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.bootstrap.pathology_stations import NameOfHospital
from server.pathology.exchange.exporting import Exporting
from server.pathology.exchange.importing import Importing
from server.pathology.exchange.rpc import ExchangeRpc
from server.pathology.media.uploads import UploadFolder

if TYPE_CHECKING:
    from server.bootstrap.pathology import PathologyHouse
    from server.bootstrap.pathology_media import PathologyMedia
    from server.pathology.cases.service import CaseService


def build_pathology_exchange(house: PathologyHouse, cases: CaseService, media: PathologyMedia) -> ExchangeRpc:
    """The handlers."""
    folder = UploadFolder(house.folders.documents / "exchange", house.settings.reserve_mb << 20)
    exporting = Exporting(house.time, cases, media.storage, NameOfHospital(house.organisation))
    return ExchangeRpc(exporting, Importing(house.time, cases, media.storage, folder))
