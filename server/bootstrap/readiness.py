"""What must be set before the server listens beyond its own machine."""

from __future__ import annotations

from server.bootstrap.areas import Areas
from server.bootstrap.folders import Folders
from server.kernel.database import UnitOfWork
from server.settings import Settings


def missing_for_the_network(uow: UnitOfWork, areas: Areas, folders: Folders, settings: Settings) -> list[str]:
    """Return sentences saying what is missing; empty when the server may be opened to the network."""
    missing = []
    if not areas.identity.has_accounts(uow):
        missing.append(
            "no account besides the first administrator exists: start on this machine and add people with "
            "`mingjing user add`"
        )
    if not areas.organisation.list_peers(uow):
        missing.append("no DICOM peer is known: add every device with `mingjing ae add AE_TITLE HOST PORT`")
    if settings.dicom_loopback_free and not settings.is_loopback:
        missing.append("set `dicom_loopback_free = false`, so that every DICOM peer must be known")
    if not folders.curve_key_file.exists():
        missing.append("the server has no key yet: start it once on this machine")
    return missing
