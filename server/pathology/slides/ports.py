"""What whole-slide images take from other rooms and areas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.pathology.media.ports import PieceFacts
from shared.contract.exchange import UploadView
from shared.dicomkit.headers import PatientFacts, StudyFacts


class NotYet(Exception):
    """The archive cannot take it now; the text is a sentence."""


class Cases(Protocol):
    """A part of pathology.media.ports.Cases."""

    def demand(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None: ...

    def owns(
        self, uow: UnitOfWork, case_id: int, specimen_id: int | None, block_id: int | None, slide_id: int | None
    ) -> bool: ...

    def patient_and_study(self, uow: UnitOfWork, case_id: int) -> tuple[PatientFacts, StudyFacts]: ...

    def piece(
        self, uow: UnitOfWork, case_id: int, specimen_id: int | None, block_id: int | None, slide_id: int | None
    ) -> PieceFacts: ...


class Uploads(Protocol):
    """The folder of uploads, as server.archive.exchange.uploads has it."""

    def begin(self, user_id: int, name: str, size_bytes: int, sha256: str) -> UploadView: ...

    def put(self, user_id: int, upload_id: int, offset: int, data: bytes) -> UploadView: ...

    def finish(self, user_id: int, upload_id: int) -> UploadView: ...

    def hand_over(self, user_id: int, upload_id: int, target: Path) -> str:
        """Move a whole upload's bytes to `target` and forget the upload; returns its name. Raises Refusal."""


class Archive(Protocol):
    """Where objects go."""

    def store(self, path: Path) -> str:
        """Hand a Part 10 file in; returns its SOP Instance UID. Raises NotYet."""

    def holds(self, uow: UnitOfWork, sop_uids: Sequence[str]) -> bool:
        """Whether the index names them all."""

    def knows_series(self, uow: UnitOfWork, series_uid: str) -> bool: ...
