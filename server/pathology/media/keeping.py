"""Takes captured bytes in: what is answered lies on the disk and in the database, once for each key."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

import msgspec
from sqlalchemy import func, select

from server.kernel.clock import Clock
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.kernel.jobs import enqueue
from server.kernel.storage.folder import sha256_of
from server.kernel.storage.port import ObjectStorage, StorageFull
from server.pathology.media.ports import Cases
from server.pathology.media.rules import (
    MAX_BYTES,
    Measured,
    Wrong,
    check_facts,
    image_of,
    is_expired,
    voice_of,
)
from server.pathology.media.tables import CalibrationRow, MediaRow, UploadRow
from server.pathology.media.uploads import DISK_FULL, UploadFolder
from server.pathology.media.views import media_view
from shared.contract.base import Changed, Nothing
from shared.contract.errors import ErrorCode
from shared.contract.pathology_media import (
    MAX_MEDIA_OF_CASE,
    MAX_SINGLE_BYTES,
    AddMedia,
    AppendMedia,
    BeginMedia,
    DropMedia,
    FinishMedia,
    MediaFacts,
    MediaView,
    UploadView,
)
from shared.domain.pathology_media import MediaKind
from shared.imaging import motion_avi

logger = logging.getLogger(__name__)

ARCHIVE_JOB = "pathology_media.archive"
FORGET_JOB = "pathology_media.forget"
FORGOTTEN_AFTER = timedelta(days=60)
_LATEST = timedelta(minutes=10)
"""How far a workstation's clock may be ahead; a later time of capture is taken as now."""


class MediaKeeping:
    """Uploads. `add` works in the caller's unit of work, the others open their own, short ones."""

    def __init__(
        self, database: Database, storage: ObjectStorage, folder: UploadFolder, cases: Cases, clock: Clock
    ) -> None:
        self._database = database
        self._storage = storage
        self._folder = folder
        self._cases = cases
        self._clock = clock

    def add(self, uow: UnitOfWork, caller: Caller, request: AddMedia) -> MediaView:
        """Keep something small; the same key again gives what is there. Raises Refusal."""
        if there := self._there(uow, caller, request.key):
            return there
        self._check(uow, caller, request.key, request.facts)
        if request.facts.kind is MediaKind.VIDEO:
            raise invalid("facts.kind", "录像请分块上传。")
        if not 0 < len(request.data) <= MAX_SINGLE_BYTES:
            raise invalid("data", f"一次最多 {MAX_SINGLE_BYTES >> 20} MB，请分块上传。")
        measured = _measured(request.facts.kind, request.data)
        digest = hashlib.sha256(request.data).hexdigest()
        try:
            self._storage.put(request.data, digest)
        except StorageFull as full:
            raise Refusal(ErrorCode.DISK_FULL, DISK_FULL) from full
        return self._keep(uow, caller, request.key, request.facts, measured, len(request.data), digest)

    def begin(self, caller: Caller, request: BeginMedia) -> UploadView:
        """Begin an upload or find it again. Raises Refusal."""
        with self._database.write() as uow:
            if there := self._there(uow, caller, request.key):
                return UploadView(key=request.key, offset=there.size_bytes, media=there)
            row = uow.session.get(UploadRow, request.key)
            if row is None:
                self._check(uow, caller, request.key, request.facts)
                uow.session.add(
                    UploadRow(
                        key=request.key,
                        user_id=caller.user_id,
                        case_id=request.facts.case_id,
                        facts=msgspec.msgpack.encode(request.facts),
                        begun_at=self._clock.now(),
                    )
                )
            elif row.user_id != caller.user_id:
                raise not_found("该上传")
        return UploadView(key=request.key, offset=self._folder.begin(request.key))

    def append(self, caller: Caller, request: AppendMedia) -> UploadView:
        """Append bytes. Raises Refusal."""
        with self._database.read() as uow:
            if there := self._there(uow, caller, request.key):
                return UploadView(key=request.key, offset=there.size_bytes, media=there)
            facts = self._facts(uow, caller, request.key)
        end = self._folder.append(request.key, request.offset, request.data, MAX_BYTES[facts.kind])
        return UploadView(key=request.key, offset=end)

    def finish(self, caller: Caller, request: FinishMedia) -> MediaView:
        """Prove the bytes and keep them. Raises Refusal."""
        with self._folder.alone(request.key):
            return self._finish(caller, request)

    def _finish(self, caller: Caller, request: FinishMedia) -> MediaView:
        with self._database.read() as uow:
            if there := self._there(uow, caller, request.key):
                return there
            facts = self._facts(uow, caller, request.key)
        path = self._folder.prove(request.key, request.size_bytes, request.sha256)
        digest = request.sha256
        try:
            if facts.kind is MediaKind.VIDEO:
                found = motion_avi.complete(path)
                measured = Measured(found.width, found.height, found.duration_s)
                digest = sha256_of(path)
            else:
                with path.open("rb") as file:
                    measured = _measured(facts.kind, file.read(MAX_BYTES[MediaKind.IMAGE]))
        except motion_avi.NotARecording:
            raise invalid("data", "录像是空的或已损坏，请重新录制。") from None
        size = path.stat().st_size
        with self._database.write() as uow:
            if there := self._there(uow, caller, request.key):
                return there
            # The rules of beginning hold for the end too: a case may have been audited while the camera ran.
            self._check(uow, caller, request.key, facts)
            try:
                self._storage.put(path.read_bytes() if size < MAX_SINGLE_BYTES else path, digest)
            except StorageFull as full:
                raise Refusal(ErrorCode.DISK_FULL, DISK_FULL) from full
            view = self._keep(uow, caller, request.key, facts, measured, size, digest)
            if (upload := uow.session.get(UploadRow, request.key)) is not None:
                uow.session.delete(upload)
        self._folder.drop(request.key)
        return view

    def forget_old(self, _context: object = None) -> str:
        """Forget uploads that nobody went on with for long: their journal is gone. A job, once a day."""
        before = self._clock.now() - FORGOTTEN_AFTER
        with self._database.write() as uow:
            old = list(uow.session.scalars(select(UploadRow).where(UploadRow.begun_at < before)))
            keys = [row.key for row in old if self._folder.touched_before(row.key, before)]
            for row in old:
                if row.key in keys:
                    uow.session.delete(row)
        for key in keys:
            self._folder.drop(key)
        return f"{len(keys)} uploads forgotten."

    def drop(self, caller: Caller, request: DropMedia) -> Nothing:
        """Throw an unfinished upload away."""
        with self._database.write() as uow:
            row = uow.session.get(UploadRow, request.key)
            if row is None or row.user_id != caller.user_id:
                return Nothing()
            uow.session.delete(row)
        self._folder.drop(request.key)
        return Nothing()

    def _check(self, uow: UnitOfWork, caller: Caller, key: str, facts: MediaFacts) -> None:
        try:
            check_facts(key, facts)
        except Wrong as wrong:
            raise invalid(wrong.field, wrong.sentence) from None
        self._cases.demand_open(uow, caller, facts.case_id)
        if not self._cases.owns(uow, facts.case_id, facts.specimen_id, facts.block_id, facts.slide_id):
            raise invalid("facts.specimen_id", "标本、蜡块或玻片不属于该病例，请重新选择。")
        if facts.parent_id is not None:
            parent = uow.session.get(MediaRow, facts.parent_id)
            if parent is None or parent.case_id != facts.case_id or parent.deleted_at is not None:
                raise invalid("facts.parent_id", "原始图像不存在或不属于该病例。")
        if facts.calibration_id is not None and uow.session.get(CalibrationRow, facts.calibration_id) is None:
            raise invalid("facts.calibration_id", "没有这个定标，请重新选择物镜。")

    def _facts(self, uow: UnitOfWork, caller: Caller, key: str) -> MediaFacts:
        row = uow.session.get(UploadRow, key)
        if row is None or row.user_id != caller.user_id:
            raise not_found("该上传")
        return msgspec.msgpack.decode(row.facts, type=MediaFacts)

    def _there(self, uow: UnitOfWork, caller: Caller, key: str) -> MediaView | None:
        row = uow.session.scalars(select(MediaRow).where(MediaRow.key == key)).one_or_none()
        if row is None:
            return None
        if row.taken_by_id != caller.user_id:
            raise not_found("该上传")
        return media_view(row)

    def _keep(
        self,
        uow: UnitOfWork,
        caller: Caller,
        key: str,
        facts: MediaFacts,
        measured: Measured,
        size_bytes: int,
        digest: str,
    ) -> MediaView:
        counted = select(func.count(), func.max(MediaRow.position)).where(MediaRow.case_id == facts.case_id)
        count, last = uow.session.execute(counted).one()
        if count >= MAX_MEDIA_OF_CASE:
            raise illegal_action("full", f"一个病例最多保存 {MAX_MEDIA_OF_CASE} 项影像和语音。")
        now = self._clock.now()
        taken_at = min(facts.taken_at, now) if facts.taken_at < now + _LATEST else now
        calibration = None if facts.calibration_id is None else uow.session.get(CalibrationRow, facts.calibration_id)
        row = MediaRow(
            key=key,
            case_id=facts.case_id,
            kind=facts.kind.value,
            subject=facts.subject.value,
            media_type=facts.media_type,
            specimen_id=facts.specimen_id,
            block_id=facts.block_id,
            slide_id=facts.slide_id,
            station=(facts.station or caller.station)[:64],
            camera=facts.camera[:80],
            objective=facts.objective[:16],
            calibration_id=facts.calibration_id,
            calibration_expired=calibration is not None and is_expired(calibration.expires_at, taken_at),
            um_per_pixel=facts.um_per_pixel,
            frame_rate=facts.frame_rate,
            caption=facts.caption[:200],
            parent_id=facts.parent_id,
            steps=list(facts.steps),
            taken_at=taken_at,
            taken_by=caller.name[:64],
            taken_by_id=caller.user_id,
            stored_at=now,
            size_bytes=size_bytes,
            sha256=digest,
            width=measured.width,
            height=measured.height,
            duration_s=measured.duration_s,
            position=(last or 0) + 1,
            marked=False,
            sop_uid="",
            deleted_by="",
        )
        uow.session.add(row)
        uow.session.flush()
        if facts.kind is not MediaKind.VOICE:
            enqueue(uow, ARCHIVE_JOB, {"media": row.id}, key=str(row.id), title="病理影像存档", by=caller.login)
        uow.publish(Changed("pathology_media", facts.case_id, 0))
        return media_view(row)


def _measured(kind: MediaKind, data: bytes) -> Measured:
    try:
        return voice_of(data) if kind is MediaKind.VOICE else image_of(data)
    except Wrong as wrong:
        raise invalid(wrong.field, wrong.sentence) from None
