"""Use cases of a case's strip: list, marks, order, owner, deletion, bytes and thumbnails."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from io import BytesIO

from sqlalchemy import func, inspect, select

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.kernel.jobs import enqueue
from server.kernel.storage.port import ObjectMissing, ObjectStorage
from server.pathology.media.keeping import ARCHIVE_JOB
from server.pathology.media.ports import Cases
from server.pathology.media.tables import MediaRow
from server.pathology.media.views import media_view
from shared.contract.base import Changed
from shared.contract.pathology_media import MAX_MEDIA_OF_CASE, BindMedia, MediaView
from shared.domain.pathology_media import MediaKind, pictures_for_report
from shared.imaging import motion_avi

THUMBNAIL_SIDE = 256


class MediaService:
    """Pictures, video and voice of cases. Methods work in the caller's unit of work and never commit."""

    def __init__(self, storage: ObjectStorage, cases: Cases, clock: Clock) -> None:
        self._storage = storage
        self._cases = cases
        self._clock = clock

    def list_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[MediaView, ...]:
        """The strip. Raises NOT_FOUND, PERMISSION_MISSING."""
        self._cases.demand(uow, caller, case_id)
        return self.strip(uow, case_id)

    def strip(self, uow: UnitOfWork, case_id: int) -> tuple[MediaView, ...]:
        """What a case has, in strip order; for other rooms, which have judged the caller."""
        return tuple(media_view(row) for row in self._rows(uow, case_id))

    def for_report(self, uow: UnitOfWork, case_id: int, slots: int) -> tuple[MediaView, ...]:
        """The pictures that a format with so many places prints (PA-ICM-08)."""
        return pictures_for_report(self.strip(uow, case_id), slots)

    def counts(self, uow: UnitOfWork, case_ids: Collection[int]) -> dict[int, int]:
        """How many captures each case has; cases without one are left out."""
        found: dict[int, int] = {}
        if case_ids:
            query = select(MediaRow.case_id).where(MediaRow.case_id.in_(case_ids), MediaRow.deleted_at.is_(None))
            for case_id in uow.session.scalars(query):
                found[case_id] = found.get(case_id, 0) + 1
        return found

    def mark(
        self, uow: UnitOfWork, caller: Caller, case_id: int, ids: Collection[int], *, marked: bool
    ) -> tuple[MediaView, ...]:
        """Set or take off print marks. Raises Refusal."""
        self._cases.demand_open(uow, caller, case_id)
        for row in self._chosen(uow, case_id, ids):
            if row.kind != MediaKind.IMAGE.value:
                raise invalid("media_ids", "只有图像可以设置打印。")
            row.marked = marked
        return self._changed(uow, case_id)

    def clear_marks(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[MediaView, ...]:
        """Take all print marks off. Raises Refusal."""
        self._cases.demand_open(uow, caller, case_id)
        for row in self._rows(uow, case_id):
            row.marked = False
        return self._changed(uow, case_id)

    def swap(self, uow: UnitOfWork, caller: Caller, case_id: int, first: int, second: int) -> tuple[MediaView, ...]:
        """Exchange two places. Raises Refusal."""
        self._cases.demand_open(uow, caller, case_id)
        if first == second:
            raise invalid("second_id", "请选择两幅不同的图像。")
        one, other = self._chosen(uow, case_id, (first, second))
        one.position, other.position = other.position, one.position
        return self._changed(uow, case_id)

    def bind(self, uow: UnitOfWork, caller: Caller, request: BindMedia) -> MediaView:
        """Say whose a capture is. Raises Refusal."""
        row = uow.session.get(MediaRow, request.media_id)
        if row is None or row.deleted_at is not None:
            raise not_found("影像")
        self._cases.demand_open(uow, caller, row.case_id)
        if not self._cases.owns(uow, row.case_id, request.specimen_id, request.block_id, request.slide_id):
            raise invalid("specimen_id", "标本、蜡块或玻片不属于该病例，请重新选择。")
        row.specimen_id, row.block_id, row.slide_id = request.specimen_id, request.block_id, request.slide_id
        self._changed(uow, row.case_id)
        return media_view(row)

    def delete(self, uow: UnitOfWork, caller: Caller, case_id: int, ids: Collection[int]) -> tuple[MediaView, ...]:
        """Delete for good; the row stays as the log of it, an archived object is rejected. Raises Refusal."""
        self._cases.demand_open(uow, caller, case_id)
        now = self._clock.now()
        for row in self._chosen(uow, case_id, ids):
            row.deleted_at, row.deleted_by, row.marked = now, caller.name[:64], False
            if row.kind != MediaKind.VOICE.value:
                enqueue(uow, ARCHIVE_JOB, {"media": row.id}, key=str(row.id), title="病理影像存档", by=caller.login)
        return self._changed(uow, case_id)

    def copy(self, uow: UnitOfWork, caller: Caller, from_case: int, to_case: int, origin: str) -> int:
        """Put the captures of a case into another as well; return how many are new there. Raises Refusal.

        A copy keeps who took it and when, belongs to no piece of the other case, and its caption says where it is
        from. What lies there already, by its bytes, is not copied again.
        """
        self._cases.demand(uow, caller, from_case)
        self._cases.demand_open(uow, caller, to_case)
        there = self._rows(uow, to_case)
        known = {row.sha256 for row in there}
        rows = [row for row in self._rows(uow, from_case) if row.sha256 not in known]
        if len(there) + len(rows) > MAX_MEDIA_OF_CASE:
            raise illegal_action("full", f"一个病例最多保存 {MAX_MEDIA_OF_CASE} 项影像和语音。")
        last = uow.session.scalar(select(func.max(MediaRow.position)).where(MediaRow.case_id == to_case)) or 0
        copies: dict[int, MediaRow] = {}
        for place, row in enumerate(rows, 1):
            values = {column.key: getattr(row, column.key) for column in inspect(MediaRow).columns}
            values |= {"id": None, "key": secrets.token_hex(16), "case_id": to_case, "position": last + place}
            values |= dict.fromkeys(("specimen_id", "block_id", "slide_id", "parent_id"))
            values |= {"caption": f"{row.caption}（自 {origin}）"[-200:], "sop_uid": "", "stored_at": self._clock.now()}
            copies[row.id] = MediaRow(**values)
        uow.session.add_all(copies.values())
        uow.session.flush()
        for row in rows:
            copy = copies[row.id]
            parent = copies.get(row.parent_id or 0)
            copy.parent_id = parent.id if parent is not None else None
            if copy.kind != MediaKind.VOICE.value:
                enqueue(uow, ARCHIVE_JOB, {"media": copy.id}, key=str(copy.id), title="病理影像存档", by=caller.login)
        self._changed(uow, to_case)
        return len(copies)

    def view(self, uow: UnitOfWork, caller: Caller, media_id: int) -> MediaView:
        """One capture. Raises NOT_FOUND, PERMISSION_MISSING."""
        return media_view(self._visible(uow, caller, media_id))

    def open(self, uow: UnitOfWork, caller: Caller, media_id: int) -> bytes:
        """The bytes. Raises NOT_FOUND, PERMISSION_MISSING."""
        row = self._visible(uow, caller, media_id)
        try:
            with self._storage.open(row.sha256) as reader:
                return reader.read()
        except ObjectMissing as missing:
            raise not_found("影像") from missing

    def read(self, uow: UnitOfWork, media_id: int) -> bytes:
        """The bytes for another room of the server, a report's pictures. Raises NOT_FOUND."""
        row = uow.session.get(MediaRow, media_id)
        if row is None or row.deleted_at is not None:
            raise not_found("影像")
        with self._storage.open(row.sha256) as reader:
            return reader.read()

    def thumbnail(self, uow: UnitOfWork, caller: Caller, media_id: int) -> bytes:
        """A small JPEG of a picture or of a video's first frame. Raises NOT_FOUND, PERMISSION_MISSING."""
        row = self._visible(uow, caller, media_id)
        if row.kind == MediaKind.VOICE.value:
            raise not_found("缩略图")
        try:
            with self._storage.open(row.sha256) as reader:
                if row.kind == MediaKind.IMAGE.value:
                    return _small(reader.read())
                reader.seek(0)
                return _small(next(motion_avi.pictures(reader, motion_avi.look(reader))))
        except (ObjectMissing, motion_avi.NotARecording) as missing:
            raise not_found("缩略图") from missing

    def _visible(self, uow: UnitOfWork, caller: Caller, media_id: int) -> MediaRow:
        row = uow.session.get(MediaRow, media_id)
        if row is None or row.deleted_at is not None:
            raise not_found("影像")
        self._cases.demand(uow, caller, row.case_id)
        return row

    def _rows(self, uow: UnitOfWork, case_id: int) -> list[MediaRow]:
        query = select(MediaRow).where(MediaRow.case_id == case_id, MediaRow.deleted_at.is_(None))
        return list(uow.session.scalars(query.order_by(MediaRow.position, MediaRow.id)))

    def _chosen(self, uow: UnitOfWork, case_id: int, ids: Collection[int]) -> list[MediaRow]:
        by_id = {row.id: row for row in self._rows(uow, case_id)}
        if not ids or any(one not in by_id for one in ids):
            raise not_found("影像")
        return [by_id[one] for one in ids]

    def _changed(self, uow: UnitOfWork, case_id: int) -> tuple[MediaView, ...]:
        uow.session.flush()
        uow.publish(Changed("pathology_media", case_id, 0))
        return self.strip(uow, case_id)


def _small(picture: bytes) -> bytes:
    from PIL import Image

    try:
        image: Image.Image = Image.open(BytesIO(picture), formats=("PNG", "JPEG"))
        image.draft("RGB", (2 * THUMBNAIL_SIDE, 2 * THUMBNAIL_SIDE))
        image = image.convert("RGB")
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as fault:
        raise not_found("缩略图") from fault
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()
