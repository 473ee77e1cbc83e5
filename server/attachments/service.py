"""Use cases of pictures kept with exams: add, list, remove, restore, open."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Protocol

from sqlalchemy import func, select

from server.attachments.rules import NotAPicture, picture_of
from server.attachments.tables import AttachmentRow
from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.kernel.storage.port import ObjectMissing, ObjectStorage, StorageFull
from shared.contract.attachments import MAX_ATTACHMENT_BYTES, MAX_PAGES, AddAttachment, AttachmentView
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.exams import ExamView
from shared.domain.states import ExamState

_KINDS = ("application",)


class Exams(Protocol):
    """What pictures need of exams."""

    def lock(self, uow: UnitOfWork, exam_id: int) -> None:
        """Keep other writers off an exam. Raises NOT_FOUND."""

    def view(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView:
        """Return an exam. Raises NOT_FOUND."""


class AttachmentService:
    """Pictures of exams. Methods work in the caller's unit of work and never commit.

    Bytes are durable before the row is: a rolled-back row leaves an object without owner, never the reverse.
    """

    def __init__(self, storage: ObjectStorage, exams: Exams, clock: Clock) -> None:
        self._storage = storage
        self._exams = exams
        self._clock = clock

    def add(self, uow: UnitOfWork, caller: Caller, request: AddAttachment) -> AttachmentView:
        """Keep a picture as the last page; the same bytes again give the page there is.

        Raises INVALID, DISK_FULL, NOT_FOUND, ILLEGAL_ACTION.
        """
        if request.kind not in _KINDS:
            raise invalid("kind", "没有这种附件。")
        if not 0 < len(request.data) <= MAX_ATTACHMENT_BYTES:
            raise invalid("data", f"图片不能超过 {MAX_ATTACHMENT_BYTES >> 20} MB，请重新拍摄。")
        try:
            picture = picture_of(request.data)
        except NotAPicture:
            raise invalid("data", "这不是可用的 JPEG 或 PNG 图片，请重新拍摄。") from None
        self._exams.lock(uow, request.exam_id)
        if self._exams.view(uow, caller, request.exam_id).row.state is ExamState.CANCELLED:
            raise illegal_action(ExamState.CANCELLED.value, "登记已取消，不能再添加申请单照片。")
        digest = hashlib.sha256(request.data).hexdigest()
        present = self._rows(uow, request.exam_id)
        for row in present:
            if row.sha256 == digest:
                return _view(row)
        if len(present) >= MAX_PAGES:
            raise invalid("data", f"一次检查最多 {MAX_PAGES} 页申请单照片。")
        try:
            self._storage.put(request.data, digest)
        except StorageFull as full:
            raise Refusal(ErrorCode.DISK_FULL, "服务器磁盘已满，照片没有保存，请联系管理员。") from full
        row = AttachmentRow(
            exam_id=request.exam_id,
            kind=request.kind,
            page=max((row.page for row in present), default=0) + 1,
            media_type=picture.media_type,
            size_bytes=len(request.data),
            width=picture.width,
            height=picture.height,
            sha256=digest,
            created_at=self._clock.now(),
            created_by=caller.name[:64],
            removed_by="",
        )
        uow.session.add(row)
        uow.session.flush()
        self._tell(uow, request.exam_id)
        return _view(row)

    def list_of(self, uow: UnitOfWork, exam_id: int) -> tuple[AttachmentView, ...]:
        """Return the pictures of an exam by page."""
        return tuple(_view(row) for row in self._rows(uow, exam_id))

    def remove(self, uow: UnitOfWork, caller: Caller, attachment_id: int) -> tuple[AttachmentView, ...]:
        """Take a picture off its exam; removing it again changes nothing. Raises NOT_FOUND."""
        row = self._row(uow, attachment_id)
        if row.removed_at is None:
            row.removed_at, row.removed_by = self._clock.now(), caller.name[:64]
            uow.session.flush()
            self._tell(uow, row.exam_id)
        return self.list_of(uow, row.exam_id)

    def restore(self, uow: UnitOfWork, attachment_id: int) -> tuple[AttachmentView, ...]:
        """Bring a removed picture back. Raises NOT_FOUND."""
        row = self._row(uow, attachment_id)
        if row.removed_at is not None:
            row.removed_at, row.removed_by = None, ""
            uow.session.flush()
            self._tell(uow, row.exam_id)
        return self.list_of(uow, row.exam_id)

    def open(self, uow: UnitOfWork, attachment_id: int) -> bytes:
        """Return the bytes of a picture. Raises NOT_FOUND."""
        row = uow.session.get(AttachmentRow, attachment_id)
        if row is None or row.removed_at is not None:
            raise not_found("照片")
        try:
            with self._storage.open(row.sha256) as reader:
                return reader.read()
        except ObjectMissing as missing:
            raise not_found("照片") from missing

    def pages_of(self, uow: UnitOfWork, exam_ids: Collection[int]) -> dict[int, int]:
        """Return how many pictures each of the exams has; exams without one are left out."""
        if not exam_ids:
            return {}
        query = select(AttachmentRow.exam_id, func.count()).where(
            AttachmentRow.exam_id.in_(exam_ids), AttachmentRow.removed_at.is_(None)
        )
        rows = uow.session.execute(query.group_by(AttachmentRow.exam_id)).all()
        return {row[0]: row[1] for row in rows}

    def _rows(self, uow: UnitOfWork, exam_id: int) -> list[AttachmentRow]:
        query = select(AttachmentRow).where(AttachmentRow.exam_id == exam_id, AttachmentRow.removed_at.is_(None))
        return list(uow.session.scalars(query.order_by(AttachmentRow.page, AttachmentRow.id)))

    def _row(self, uow: UnitOfWork, attachment_id: int) -> AttachmentRow:
        row = uow.session.get(AttachmentRow, attachment_id)
        if row is None:
            raise not_found("照片")
        self._exams.lock(uow, row.exam_id)
        return row

    def _tell(self, uow: UnitOfWork, exam_id: int) -> None:
        uow.publish(Changed(entity="exam", id=exam_id, version=0))


def _view(row: AttachmentRow) -> AttachmentView:
    return AttachmentView(
        id=row.id,
        exam_id=row.exam_id,
        kind=row.kind,
        page=row.page,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        width=row.width,
        height=row.height,
        sha256=row.sha256,
        created_at=row.created_at,
        created_by=row.created_by,
    )
