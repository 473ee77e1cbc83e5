"""Puts thin lines together: what they take from uploads and traces, and where their files lie on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from server.bootstrap.ecg_exams import CampusesOfHospital
from server.ecg.acquisition.tables import EcgUploadRow
from server.ecg.lines.rpc import LinesRpc
from server.ecg.lines.service import LineService, Originals
from server.ecg.traces.tables import EcgTraceFileRow
from server.pathology.media.uploads import UploadFolder

if TYPE_CHECKING:
    from pathlib import Path

    from server.bootstrap.ecg import EcgHouse
    from server.bootstrap.ecg_traces import EcgTraces
    from server.kernel.database import UnitOfWork
    from server.kernel.storage.port import ObjectStorage


@dataclass(frozen=True, slots=True)
class EcgLines:
    """The room, put together."""

    service: LineService
    handlers: tuple[object, ...]


class RecordsOfLines:
    """Uploads and traces as lines see them."""

    def __init__(self, storage: ObjectStorage) -> None:
        self._storage = storage

    def trace_of(self, uow: UnitOfWork, key: str) -> int | None:
        """Return the trace that was kept under a key."""
        row = uow.session.get(EcgUploadRow, key)
        return None if row is None else row.trace_id

    def is_begun(self, uow: UnitOfWork, key: str) -> bool:
        """Tell whether an upload under this key was begun."""
        return uow.session.get(EcgUploadRow, key) is not None

    def store(self, path: Path, sha256: str) -> str:
        """Keep the bytes; the upload's own file stays until the row says that they are kept."""
        del sha256  # the storage may name by another hash
        return self._storage.put(path.read_bytes())

    def attach(self, uow: UnitOfWork, trace_id: int, name: str, size_bytes: int, stored: str) -> None:
        """Keep a stored file beside the files of a trace."""
        files = uow.session.scalars(select(EcgTraceFileRow).where(EcgTraceFileRow.trace_id == trace_id)).all()
        if any(file.sha256 == stored for file in files):
            return
        place = 1 + max((file.place for file in files), default=-1)
        row = EcgTraceFileRow(trace_id=trace_id, place=place, name=name, size_bytes=size_bytes, sha256=stored)
        uow.session.add(row)


def build_ecg_lines(house: EcgHouse, traces: EcgTraces) -> EcgLines:
    """Construct services and handlers."""
    records = RecordsOfLines(traces.service.storage)
    folder = UploadFolder(house.folders.documents / "ecg-originals", house.settings.reserve_mb << 20)
    service = LineService(records, CampusesOfHospital(house.organisation), house.time)
    originals = Originals(house.database, folder, records, house.time)
    return EcgLines(service, (LinesRpc(service, originals),))
