"""Puts traces and acquisition of the ECG network together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.ecg.traces.service import TraceService
from server.kernel.storage.durability import Durability
from server.kernel.storage.folder import FolderStorage

if TYPE_CHECKING:
    from server.bootstrap.ecg import EcgHouse
    from server.bootstrap.ecg_exams import EcgExams


@dataclass(frozen=True, slots=True)
class EcgTraces:
    """The rooms of traces and acquisition, put together."""

    service: TraceService
    handlers: tuple[object, ...]


def build_ecg_traces(house: EcgHouse, exams: EcgExams) -> EcgTraces:
    """Construct services and handlers. Bytes lie beside the documents: the archive's proof owns its own storage."""
    storage = FolderStorage(house.folders.documents, durability=Durability.OBJECT, reserve_bytes=0)
    service = TraceService(storage, exams.service, house.time)
    return EcgTraces(service, ())
