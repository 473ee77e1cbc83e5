"""Uploads: in one, or in chunks that resume on thin lines; one key is kept once. Computing is outside transactions."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

import msgspec
from sqlalchemy import select

from server.ecg.acquisition import rules
from server.ecg.acquisition.receiving import Address, Receiving
from server.ecg.acquisition.tables import EcgUploadRow
from server.ecg.traces.keeping import Origin, TraceKeeping
from server.ecg.traces.reading import File, Unreadable, take_in
from server.ecg.traces.service import TraceService
from server.kernel.clock import Clock
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.pathology.media.uploads import UploadFolder
from shared.contract.base import Nothing
from shared.contract.ecg_acquisition import (
    MAX_CHUNK_BYTES,
    MAX_SINGLE_BYTES,
    AddTrace,
    AppendUpload,
    BeginUpload,
    UploadFacts,
    UploadResult,
    UploadView,
)
from shared.contract.errors import ErrorCode
from shared.domain.ecg import TraceSource

FORGET_JOB = "ecg_acquisition.forget"
FORGOTTEN_AFTER = timedelta(days=60)
_LARGE_BYTES = 32 * 1024 * 1024


class Uploads:
    """Methods open their own, short units of work; any thread may call."""

    def __init__(
        self,
        database: Database,
        folder: UploadFolder,
        traces: TraceService,
        keeping: TraceKeeping,
        receiving: Receiving,
        clock: Clock,
    ) -> None:
        self._database = database
        self._folder = folder
        self._traces = traces
        self._keeping = keeping
        self._receiving = receiving
        self._clock = clock
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._large = threading.Lock()

    def add(self, caller: Caller, request: AddTrace) -> UploadResult:
        """Upload in one; the same key again gives what is there. Raises Refusal."""
        total = _checked(request.key, request.facts)
        if there := self._there(request.key):
            return there
        if len(request.data) > MAX_SINGLE_BYTES:
            raise Refusal(ErrorCode.TOO_LARGE, f"一次最多 {MAX_SINGLE_BYTES >> 20} MB，请分块上传。")
        if len(request.data) != total:
            raise invalid("parts", "文件大小与内容不符，请重新上传。")
        return self._take(caller, request.key, request.facts, _split(request.facts, request.data))

    def begin(self, caller: Caller, request: BeginUpload) -> UploadView:
        """Begin an upload or find it again. Raises Refusal."""
        total = _checked(request.key, request.facts)
        if there := self._there(request.key):
            return UploadView(key=request.key, offset=total, result=there)
        with self._database.write() as uow:
            if uow.session.get(EcgUploadRow, request.key) is None:
                self._receiving.target(uow, caller, address_of(request.facts))
                uow.session.add(self._row(caller, request.key, request.facts, total))
        return UploadView(key=request.key, offset=self._folder.begin(request.key))

    def append(self, caller: Caller, request: AppendUpload) -> UploadView:
        """Append bytes where the upload ends. Raises Refusal."""
        if len(request.data) > MAX_CHUNK_BYTES:
            raise Refusal(ErrorCode.TOO_LARGE, f"每块最多 {MAX_CHUNK_BYTES >> 20} MB。")
        with self._database.read() as uow:
            row = self._upload(uow, request.key)
            total, done = row.size_bytes, row.trace_id is not None
        if done:
            return UploadView(key=request.key, offset=total, result=self._there(request.key))
        return UploadView(key=request.key, offset=self._folder.append(request.key, request.offset, request.data, total))

    def finish(self, caller: Caller, key: str) -> UploadResult:
        """Prove the bytes, read, measure and keep. Raises Refusal."""
        with self._database.read() as uow:
            row = self._upload(uow, key)
            facts, total = msgspec.msgpack.decode(row.facts, type=UploadFacts), row.size_bytes
        with self._alone(key, total):
            if there := self._there(key):
                self._folder.drop(key)  # where a crash came between the two
                return there
            path = self._folder.path(key)
            size = path.stat().st_size if path.exists() else 0
            if size != total:
                raise illegal_action("incomplete", f"还没有传完（{size} / {total} 字节），请继续上传。")
            try:
                files = _split(facts, path.read_bytes())
            except Refusal:
                path.write_bytes(b"")  # damaged on the way: it is sent again from the beginning
                raise
            result = self._take(caller, key, facts, files)
            self._folder.drop(key)
            return result

    def drop(self, key: str) -> Nothing:
        """Throw an unfinished upload away."""
        with self._database.write() as uow:
            row = uow.session.get(EcgUploadRow, key)
            if row is None or row.trace_id is not None:
                return Nothing()
            uow.session.delete(row)
        self._folder.drop(key)
        return Nothing()

    def forget_old(self, _context: object = None) -> str:
        """Forget uploads that nobody went on with for long. A job, once a day."""
        before = self._clock.now() - FORGOTTEN_AFTER
        with self._database.write() as uow:
            old = uow.session.scalars(
                select(EcgUploadRow).where(EcgUploadRow.begun_at < before, EcgUploadRow.trace_id.is_(None))
            )
            keys = [row.key for row in old if self._folder.touched_before(row.key, before)]
            for key in keys:
                uow.session.delete(uow.session.get_one(EcgUploadRow, key))
        for key in keys:
            self._folder.drop(key)
        return f"{len(keys)} uploads forgotten."

    @contextmanager
    def _alone(self, key: str, total: int) -> Iterator[None]:
        """Let nobody else work on this upload, and on one large file at a time. Raises BUSY."""
        with self._lock:
            if key in self._busy:  # a client that lost patience: the work goes on, and its answer is kept
                raise Refusal(ErrorCode.BUSY, "该心电图正在处理，请稍候。", retry_after_s=3)
            self._busy.add(key)
        try:
            with self._large if total > _LARGE_BYTES else nullcontext():
                yield
        finally:
            with self._lock:
                self._busy.discard(key)

    def _take(self, caller: Caller, key: str, facts: UploadFacts, files: list[File]) -> UploadResult:
        address = address_of(facts)
        with self._database.read() as uow:
            target = self._receiving.target(uow, caller, address)
            subject, device = self._receiving.subject(uow, target.exam), target.device_name
        try:
            taken = take_in(files, subject, self._clock.now())
        except Unreadable as fault:
            with self._database.write() as uow:
                self._receiving.fault(uow, address, str(fault))
            raise invalid("data", str(fault)) from None
        put = self._keeping.put(taken)
        origin = Origin(facts.source, caller.name, device, facts.recorded_at)
        with self._database.write() as uow:
            self._receiving.hold(uow)
            row = uow.session.get(EcgUploadRow, key, with_for_update=True)
            if row is not None and row.trace_id is not None:  # the same upload was finished at this moment
                return self._result(uow, row)
            result, trace_id = self._receiving.receive(uow, caller, taken, put, origin, address)
            if row is None:
                row = self._row(caller, key, facts, sum(len(one.data) for one in files))
                uow.session.add(row)
            row.trace_id, row.existed = trace_id, result.existed
            row.task_id = result.task.id if result.task is not None else None
        return result

    def _there(self, key: str) -> UploadResult | None:
        with self._database.read() as uow:
            row = uow.session.get(EcgUploadRow, key)
            return None if row is None or row.trace_id is None else self._result(uow, row)

    def _result(self, uow: UnitOfWork, row: EcgUploadRow) -> UploadResult:
        trace = self._traces.row(uow, row.trace_id or 0)
        return self._receiving.result_of(uow, trace, row.task_id, existed=row.existed)

    def _upload(self, uow: UnitOfWork, key: str) -> EcgUploadRow:
        row = uow.session.get(EcgUploadRow, key)
        if row is None:
            raise not_found("该上传")
        return row

    def _row(self, caller: Caller, key: str, facts: UploadFacts, total: int) -> EcgUploadRow:
        return EcgUploadRow(
            key=key,
            user_id=caller.user_id,
            facts=msgspec.msgpack.encode(facts),
            begun_at=self._clock.now(),
            size_bytes=total,
            existed=False,
        )


def address_of(facts: UploadFacts) -> Address:
    """Return where an upload says that it belongs."""
    numbers = (facts.request_number.strip(),) if facts.request_number.strip() else ()
    by_hand = facts.source is not TraceSource.LINE
    return Address(facts.exam_id, facts.task_id, facts.device_serial, numbers, by_hand=by_hand)


def _checked(key: str, facts: UploadFacts) -> int:
    try:
        return rules.check_upload(key, facts)
    except rules.Wrong as wrong:
        raise invalid(wrong.field, wrong.sentence) from None


def _split(facts: UploadFacts, data: bytes) -> list[File]:
    """Return the files of a stream. Raises INVALID when one is not what it was said to be."""
    files, start = [], 0
    for part in facts.parts:
        piece = data[start : start + part.size_bytes]
        if hashlib.sha256(piece).hexdigest() != part.sha256:
            raise invalid("parts", f"文件 {part.name[:80]} 在传输中损坏，请重新上传。")
        files.append(File(part.name.strip(), piece))
        start += part.size_bytes
    return files
