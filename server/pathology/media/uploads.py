"""Recordings and large files on their way: appended in a file of their own, each answer after the disk has it."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.kernel.storage.port import StorageFull
from server.kernel.storage.space import SpaceGuard
from server.pathology.media.rules import KEY
from shared.contract.errors import ErrorCode
from shared.contract.pathology_media import MAX_CHUNK_BYTES

DISK_FULL = "服务器磁盘已满，影像没有保存，请联系管理员；已采集的影像保留在本机，稍后自动重传。"


class UploadFolder:
    """Files of unfinished uploads by key. One process writes; any thread may call."""

    def __init__(self, folder: Path, reserve_bytes: int) -> None:
        self._folder = folder
        self._space = SpaceGuard(folder, reserve_bytes)
        self._lock = threading.Lock()
        self._completing = threading.Condition()
        self._in_completion: set[str] = set()

    def path(self, key: str) -> Path:
        """Where the bytes of an upload lie; the key was checked to be 32 hexadecimal digits."""
        if not KEY.match(key):
            raise invalid("key", "标识应为 32 位小写十六进制数字。")
        return self._folder / f"{key}.part"

    def begin(self, key: str) -> int:
        """Make the file or find it; returns where it ends."""
        path = self.path(key)
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.touch()
            return path.stat().st_size

    def append(self, key: str, offset: int, data: bytes, most: int) -> int:
        """Append at the end and flush; nothing is written for another offset. Returns where it ends. Raises Refusal."""
        if len(data) > MAX_CHUNK_BYTES:
            raise Refusal(ErrorCode.TOO_LARGE, f"每块最多 {MAX_CHUNK_BYTES >> 20} MB。")
        path = self.path(key)
        with self._lock:
            if not path.exists():
                raise not_found("该上传")
            end = path.stat().st_size
            if offset != end or not data:
                return end
            if end + len(data) > most:
                raise Refusal(ErrorCode.TOO_LARGE, "录制内容太长，请分段保存。")
            try:
                self._space.require(len(data))
            except StorageFull as full:
                raise Refusal(ErrorCode.DISK_FULL, DISK_FULL) from full
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
            try:
                os.write(handle, data)
                os.fsync(handle)
            finally:
                os.close(handle)
            return path.stat().st_size

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Let one thread at a time complete an upload. The next one waits, then looks whether it is done."""
        with self._completing:
            self._completing.wait_for(lambda: key not in self._in_completion)
            self._in_completion.add(key)
        try:
            yield
        finally:
            with self._completing:
                self._in_completion.discard(key)
                self._completing.notify_all()

    def prove(self, key: str, size_bytes: int, sha256: str) -> Path:
        """The file, when it is as long and as hashed as the client says. Raises Refusal."""
        path = self.path(key)
        if not path.exists():
            raise not_found("该上传")
        there = path.stat().st_size
        if there > size_bytes:  # a video that was being completed when the server died
            path.write_bytes(b"")
            there = 0
        if there != size_bytes:
            raise illegal_action("incomplete", f"还没有传完（{there} / {size_bytes} 字节），请继续上传。")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                path.write_bytes(b"")
                raise invalid("sha256", "内容在传输中损坏，正在重新上传。")
        return path

    def touched_before(self, key: str, moment: datetime) -> bool:
        """Whether nothing was appended since; true for a file that is gone."""
        path = self.path(key)
        return not path.exists() or datetime.fromtimestamp(path.stat().st_mtime, UTC) < moment

    def drop(self, key: str) -> None:
        """Forget an upload."""
        with self._lock:
            self.path(key).unlink(missing_ok=True)
