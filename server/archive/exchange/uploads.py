"""Files on their way to the server: appended chunk by chunk, found again after a cut, proven by their hash."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from server.archive.exchange.tables import Upload
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.kernel.storage.port import StorageFull
from server.kernel.storage.space import SpaceGuard
from shared.contract.errors import ErrorCode
from shared.contract.exchange import MAX_CHUNK_BYTES, MAX_UPLOAD_BYTES, UploadView

MAX_OPEN = 100
"""Uploads that one account may have at once."""
KEPT = timedelta(days=3)
"""An upload that nobody touches or imports is forgotten after this time."""

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_BLOCK = 1 << 20


class Uploads:
    """The folder of uploads and its table. The server's process writes it, the jobs' process reads it."""

    def __init__(self, database: Database, folder: Path, reserve_bytes: int) -> None:
        self._database = database
        self._folder = folder
        self._space = SpaceGuard(folder, reserve_bytes)
        self._lock = threading.Lock()

    def path(self, upload_id: int) -> Path:
        """Where the bytes of an upload lie."""
        return self._folder / f"{upload_id:010d}.upload"

    def begin(self, user_id: int, name: str, size_bytes: int, sha256: str) -> UploadView:
        """Make an upload, or find the account's own of the same content. Raises Refusal."""
        if not _SHA256.match(sha256):
            raise invalid("sha256", "文件的 SHA-256 应为 64 位小写十六进制数字。")
        if not 0 < size_bytes <= MAX_UPLOAD_BYTES:
            raise invalid("size_bytes", f"文件大小应在 1 字节到 {MAX_UPLOAD_BYTES >> 30} GB 之间。")
        with self._lock, self._database.write() as uow:
            mine = Upload.user_id == user_id, Upload.import_id.is_(None)
            found = uow.session.execute(
                select(Upload).where(*mine, Upload.sha256 == sha256, Upload.size_bytes == size_bytes)
            ).scalar_one_or_none()
            if found is None:
                counted = uow.session.execute(select(func.count()).select_from(Upload).where(*mine)).scalar_one()
                if counted >= MAX_OPEN:
                    raise illegal_action("full", f"您已有 {counted} 个未导入的上传文件，请先导入或删除它们。")
                self._folder.mkdir(parents=True, exist_ok=True)
                self._require(size_bytes)
                found = Upload(
                    user_id=user_id, name=shown(name), size_bytes=size_bytes, sha256=sha256, touched_at=_now()
                )
                uow.session.add(found)
                uow.session.flush()
                self.path(found.id).write_bytes(b"")
            found.touched_at = _now()
            return self._view(found)

    def put(self, user_id: int, upload_id: int, offset: int, data: bytes) -> UploadView:
        """Append `data` if it begins where the upload ends; the reply says where it ends now. Raises Refusal."""
        if len(data) > MAX_CHUNK_BYTES:
            raise Refusal(ErrorCode.TOO_LARGE, f"每块最多 {MAX_CHUNK_BYTES >> 20} MB。")
        with self._lock:
            with self._database.read() as uow:
                upload = self._own(uow, user_id, upload_id)
                view = self._view(upload)
            if offset != view.offset or view.is_whole or not data:
                return view
            if offset + len(data) > view.size_bytes:
                raise Refusal(ErrorCode.TOO_LARGE, "内容比申报的文件更长，请重新上传。")
            self._require(len(data))
            with self.path(upload_id).open("ab") as file:
                file.write(data)
            return self._view(upload)

    def finish(self, user_id: int, upload_id: int) -> UploadView:
        """Prove the hash; what does not match is forgotten. Raises Refusal."""
        with self._database.read() as uow:
            upload = self._own(uow, user_id, upload_id)
            view = self._view(upload)
        if view.is_whole:
            return view
        if view.offset != view.size_bytes:
            raise illegal_action(
                "incomplete", f"文件还没有传完（{view.offset} / {view.size_bytes} 字节），请继续上传。"
            )
        path = self.path(upload_id)
        digest = hashlib.sha256()
        with path.open("r+b") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
            os.fsync(file.fileno())
        if digest.hexdigest() != view.sha256:
            path.write_bytes(b"")
            raise invalid("sha256", "文件在传输中损坏，请重新上传。")
        with self._database.write() as uow:
            upload = self._own(uow, user_id, upload_id)
            upload.is_whole = True
            upload.touched_at = _now()
            return self._view(upload)

    def drop(self, user_id: int, upload_id: int) -> None:
        """Forget an upload that no import took. Raises Refusal."""
        with self._lock, self._database.write() as uow:
            uow.session.delete(self._own(uow, user_id, upload_id))
            self.path(upload_id).unlink(missing_ok=True)

    def hand_over(self, user_id: int, upload_id: int, target: Path) -> str:
        """Move a whole upload to `target`, on the same disk, and forget it; returns its name. Raises Refusal."""
        with self._lock, self._database.write() as uow:
            upload = self._own(uow, user_id, upload_id)
            if not upload.is_whole:
                raise illegal_action("incomplete", "文件还没有传完，请继续上传。")
            name = upload.name
            self.path(upload_id).replace(target)
            uow.session.delete(upload)
        return name

    def take(self, uow: UnitOfWork, user_id: int, upload_ids: tuple[int, ...], import_id: int) -> None:
        """Give whole uploads to an import. Raises Refusal."""
        for upload_id in upload_ids:
            upload = self._own(uow, user_id, upload_id)
            if not upload.is_whole:
                raise illegal_action("incomplete", f"文件“{upload.name}”还没有传完。")
            upload.import_id = import_id

    def of_import(self, import_id: int) -> list[tuple[str, Path]]:
        """Name and place of what an import took, in the order of uploading."""
        with self._database.read() as uow:
            chosen = select(Upload.id, Upload.name).where(Upload.import_id == import_id).order_by(Upload.id)
            return [(row.name, self.path(row.id)) for row in uow.session.execute(chosen)]

    def forget_import(self, uow: UnitOfWork, import_id: int) -> list[Path]:
        """Take the uploads of a finished import out of the table; the caller unlinks the files after the commit."""
        rows = uow.session.execute(select(Upload).where(Upload.import_id == import_id)).scalars().all()
        for row in rows:
            uow.session.delete(row)
        return [self.path(row.id) for row in rows]

    def forget_old(self) -> int:
        """Drop uploads that nobody touched for long, and files without a row. Returns how many files went."""
        with self._lock, self._database.write() as uow:
            old = select(Upload).where(Upload.import_id.is_(None), Upload.touched_at < _now() - KEPT)
            for row in uow.session.execute(old).scalars().all():
                if _touched(self.path(row.id)) < _now() - KEPT:
                    uow.session.delete(row)
            uow.session.flush()
            kept = set(uow.session.execute(select(Upload.id)).scalars())
        count = 0
        for path in self._folder.glob("*.upload"):
            if path.stem.isdecimal() and int(path.stem) not in kept:
                path.unlink(missing_ok=True)
                count += 1
        return count

    def _own(self, uow: UnitOfWork, user_id: int, upload_id: int) -> Upload:
        upload = uow.session.get(Upload, upload_id)
        if upload is None or upload.user_id != user_id or upload.import_id is not None:
            raise not_found("该上传")
        return upload

    def _require(self, size_bytes: int) -> None:
        try:
            self._space.require(size_bytes)
        except StorageFull as full:
            raise Refusal(ErrorCode.DISK_FULL, "服务器磁盘空间不足，请联系管理员后再上传。") from full

    def _view(self, upload: Upload) -> UploadView:
        path = self.path(upload.id)
        return UploadView(
            id=upload.id,
            name=upload.name,
            size_bytes=upload.size_bytes,
            sha256=upload.sha256,
            offset=path.stat().st_size if path.exists() else 0,
            is_whole=upload.is_whole,
        )


def shown(name: str) -> str:
    """A name from outside as a person may see it: printable, at most 200 characters. Never a path of ours."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name)[-200:] or "?"


def _touched(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)


def _now() -> datetime:
    return datetime.now(UTC)
