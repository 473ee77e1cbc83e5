"""The room of captures on a real database and store, with cases that tests set; what both test files share."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, collect
from server.kernel.errors import Refusal, illegal_action, not_found
from server.kernel.jobs import JobRunner
from server.kernel.storage.folder import FolderStorage
from server.pathology.media import tables  # noqa: F401 - its tables are made below
from server.pathology.media.calibrations import Calibrations
from server.pathology.media.keeping import MediaKeeping
from server.pathology.media.making import MediaMaker
from server.pathology.media.ports import NotYet, PieceFacts
from server.pathology.media.rpc import MediaRpc
from server.pathology.media.service import MediaService
from server.pathology.media.uploads import UploadFolder
from shared.contract.base import Request
from shared.contract.pathology_media import MediaFacts
from shared.dicomkit.headers import PatientFacts, StudyFacts
from shared.dicomkit.uids import new_uid
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.domain.permissions import Permission
from shared.imaging import motion_avi
from tests.databases import make_tables

NOW = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
DOCTOR = Caller(7, "wang", "王医生", frozenset({Permission.PATHOLOGY_VIEW, Permission.PATHOLOGY_CAPTURE}), "取材 1")
CASE, OTHER_CASE = 1, 2


class FakeCases:
    """Two cases; case 1 has specimen 10, block 20, slide 30."""

    def __init__(self) -> None:
        self.locked: set[int] = set()
        self.study_uid = new_uid()
        self.piece_uid = new_uid()

    def demand(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        if case_id not in (CASE, OTHER_CASE):
            raise not_found("病例")

    def demand_open(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        self.demand(uow, caller, case_id)
        if case_id in self.locked:
            raise illegal_action("audited", "病例已审核，不能再添加或修改影像。")

    def owns(
        self, uow: UnitOfWork, case_id: int, specimen_id: int | None, block_id: int | None, slide_id: int | None
    ) -> bool:
        named = (specimen_id, block_id, slide_id)
        return case_id == CASE and all(one in (None, own) for one, own in zip(named, (10, 20, 30), strict=True))

    def patient_and_study(self, uow: UnitOfWork, case_id: int) -> tuple[PatientFacts, StudyFacts]:
        return PatientFacts("P1", "张三"), StudyFacts(self.study_uid, "2600001", "2600001", dt.datetime(2026, 3, 2, 9))

    def piece(
        self, uow: UnitOfWork, case_id: int, specimen_id: int | None, block_id: int | None, slide_id: int | None
    ) -> PieceFacts:
        return PieceFacts("2600001-A", self.piece_uid, "胃窦")


class FakeArchive:
    """Takes objects in; `busy` refuses."""

    def __init__(self) -> None:
        self.stored: dict[str, Any] = {}
        self.busy = False

    def store(self, made: Any) -> None:
        if self.busy:
            raise NotYet("存档忙。")
        self.stored[str(made.SOPInstanceUID)] = made

    def holds(self, sop_uids: Any) -> bool:
        return all(one in self.stored for one in sop_uids)

    def reject(self, uow: UnitOfWork, study_uid: str, sop_uid: str, by: str) -> None:
        del self.stored[sop_uid]


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.present = NOW

    def now(self) -> dt.datetime:
        return self.present


class MediaHouse:
    """The room, put together."""

    def __init__(self, folder: Path) -> None:
        self.database = Database.in_folder(folder)
        make_tables(self.database)
        self.clock = Clock()
        self.cases = FakeCases()
        self.storage = FolderStorage(folder / "store")
        self.uploads = UploadFolder(folder / "uploads", 0)
        self.archive = FakeArchive()
        self.service = MediaService(self.storage, self.cases, self.clock)
        self.keeping = keeping = MediaKeeping(self.database, self.storage, self.uploads, self.cases, self.clock)
        self.handlers = collect(MediaRpc(self.service, keeping, Calibrations(self.clock)))
        maker = MediaMaker(
            self.database, self.storage, self.cases, self.archive, self.archive.reject,
            HospitalTime(self.clock, "Asia/Shanghai"),
        )  # fmt: skip
        self.runner = JobRunner(self.database, maker.kinds())

    def call(self, request: Request[Any], caller: Caller = DOCTOR) -> Any:
        """As the router does it, without permissions."""
        handler = self.handlers[request.method]
        if not handler.in_transaction:
            return handler.call(request, caller)
        with self.database.write() as uow:
            return handler.call(request, caller, uow)

    def refusal(self, request: Request[Any], caller: Caller = DOCTOR) -> Refusal:
        """The refusal that a request must meet."""
        try:
            self.call(request, caller)
        except Refusal as refusal:
            return refusal
        raise AssertionError(f"{request.method} was not refused")


def a_key() -> str:
    return secrets.token_hex(16)


def facts(**other: Any) -> MediaFacts:
    given: dict[str, Any] = {
        "case_id": CASE,
        "kind": MediaKind.IMAGE,
        "subject": MediaSubject.GROSS,
        "media_type": "image/jpeg",
        "taken_at": NOW,
    }
    return MediaFacts(**{**given, **other})


def jpeg(shade: int = 90) -> bytes:
    picture = np.full((48, 64, 3), shade, np.uint8)
    options = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]
    return bytes(cv2.imencode(".jpg", picture, options)[1].tobytes())


def video(frames: int = 5) -> bytes:
    return motion_avi.header(64, 48, 25.0) + b"".join(motion_avi.chunk(jpeg(40 + 20 * one)) for one in range(frames))


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


OTHER_DOCTOR = replace(DOCTOR, user_id=8, login="li", name="李医生")
