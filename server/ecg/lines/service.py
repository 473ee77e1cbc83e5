"""Lines of stations: their reports, and vendors' files in chunks that resume. Nothing is doubled or lost."""

from __future__ import annotations

import hashlib

import msgspec
from sqlalchemy import or_, select

from server.ecg.lines import rules
from server.ecg.lines.ports import Campuses, Records
from server.ecg.lines.tables import EcgLineRow, EcgOriginalRow
from server.kernel.clock import Clock
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.kernel.storage.port import StorageFull
from server.pathology.media.uploads import DISK_FULL, UploadFolder
from shared.contract.base import Changed, Nothing
from shared.contract.ecg_lines import (
    MAX_KEYS,
    MAX_LINE_CHUNK_BYTES,
    AppendOriginal,
    BeginOriginal,
    Held,
    HeldView,
    LineReport,
    LineView,
    OriginalView,
)
from shared.contract.errors import ErrorCode


class LineService:
    """What is told of lines. Methods work in the caller's unit of work and never commit."""

    def __init__(self, records: Records, campuses: Campuses, clock: Clock) -> None:
        self._records = records
        self._campuses = campuses
        self._clock = clock

    def report(self, uow: UnitOfWork, caller: Caller, report: LineReport) -> Nothing:
        """Keep a station's report in place of its last. Raises INVALID."""
        if not rules.is_plausible(report):
            raise invalid("report", "线路报告中的数字不正确。")
        station = caller.station[:64] or caller.login
        row = uow.session.get(EcgLineRow, station, with_for_update=True)
        if row is None:
            row = EcgLineRow(station=station, number=0)
            uow.session.add(row)
        row.user_name, row.report, row.seen_at = caller.name, msgspec.msgpack.encode(report), self._clock.now()
        row.campus_id = min(caller.campus_ids) if len(caller.campus_ids) == 1 else None
        row.number += 1
        uow.publish(Changed(entity="ecg_line", id=0, version=row.number))
        return Nothing()

    def listed(self, uow: UnitOfWork, caller: Caller) -> tuple[LineView, ...]:
        """Return the lines of the caller's hospitals, those with waiting records first, then by name.

        A station that accounts of several hospitals use is everybody's: its report names no patient.
        """
        now, names = self._clock.now(), self._campuses.names(uow)
        wanted = select(EcgLineRow)
        if caller.campus_ids:
            own = EcgLineRow.campus_id.in_(sorted(caller.campus_ids))
            wanted = wanted.where(or_(own, EcgLineRow.campus_id.is_(None)))
        views = []
        for row in uow.session.scalars(wanted):
            report = msgspec.msgpack.decode(row.report, type=LineReport)
            silent = rules.is_silent(row.seen_at, now, report)
            views.append(
                LineView(
                    station=row.station,
                    user_name=row.user_name,
                    report=report,
                    seen_at=row.seen_at,
                    is_silent=silent,
                    hospital=names.get(row.campus_id or 0, ""),
                )
            )
        return tuple(sorted(views, key=lambda view: (-view.report.urgent, -view.report.waiting, view.station)))

    def compare(self, uow: UnitOfWork, keys: tuple[str, ...]) -> tuple[HeldView, ...]:
        """Return what is held under each key. Raises INVALID."""
        if len(keys) > MAX_KEYS:
            raise invalid("keys", f"一次最多比较 {MAX_KEYS} 份。")
        return tuple(self._held(uow, key) for key in keys)

    def _held(self, uow: UnitOfWork, key: str) -> HeldView:
        trace_id = self._records.trace_of(uow, key)
        if trace_id is None:
            begun = self._records.is_begun(uow, key)
            return HeldView(key=key, held=Held.PART if begun else Held.NOTHING)
        original = uow.session.get(EcgOriginalRow, key)
        has_original = original is not None and original.kept_at is not None
        return HeldView(key=key, held=Held.ORIGINAL if has_original else Held.RECORD, trace_id=trace_id)


class Originals:
    """Vendors' files on their way. Methods open their own, short units of work; any thread may call."""

    def __init__(self, database: Database, folder: UploadFolder, records: Records, clock: Clock) -> None:
        self._database = database
        self._folder = folder
        self._records = records
        self._clock = clock

    def begin(self, request: BeginOriginal) -> OriginalView:
        """Begin a file or find it again. Raises Refusal."""
        key = request.key
        if wrong := rules.wrong_original(key, request.name, request.size_bytes, request.sha256):
            raise invalid(*wrong)
        with self._database.write() as uow:
            row = uow.session.get(EcgOriginalRow, key)
            if row is None:
                trace_id = self._records.trace_of(uow, key)
                if trace_id is None:
                    raise not_found("该心电记录")
                row = EcgOriginalRow(
                    key=key,
                    trace_id=trace_id,
                    name=request.name.strip(),
                    size_bytes=request.size_bytes,
                    sha256=request.sha256,
                    begun_at=self._clock.now(),
                )
                uow.session.add(row)
            elif (row.size_bytes, row.sha256) != (request.size_bytes, request.sha256):
                raise invalid("sha256", "该标识已用于另一个文件。")
            if row.kept_at is not None:
                return OriginalView(key=key, offset=row.size_bytes, complete=True)
        return OriginalView(key=key, offset=self._folder.begin(key), complete=False)

    def append(self, request: AppendOriginal) -> OriginalView:
        """Append where the file ends. Raises Refusal."""
        if len(request.data) > MAX_LINE_CHUNK_BYTES:
            raise Refusal(ErrorCode.TOO_LARGE, f"每块最多 {MAX_LINE_CHUNK_BYTES >> 20} MB。")
        with self._database.read() as uow:
            row = self._row(uow, request.key)
            size, kept = row.size_bytes, row.kept_at is not None
        if kept:
            return OriginalView(key=request.key, offset=size, complete=True)
        end = self._folder.append(request.key, request.offset, request.data, size)
        return OriginalView(key=request.key, offset=end, complete=False)

    def finish(self, key: str) -> OriginalView:
        """Prove the bytes and keep the file beside its trace. Raises Refusal."""
        with self._folder.alone(key):
            return self._finish(key)

    def _finish(self, key: str) -> OriginalView:
        with self._database.read() as uow:
            row = self._row(uow, key)
            size, sha256, kept = row.size_bytes, row.sha256, row.kept_at is not None
        if kept:
            return OriginalView(key=key, offset=size, complete=True)
        path = self._folder.path(key)
        there = path.stat().st_size if path.exists() else 0
        if there != size:
            raise illegal_action("incomplete", f"还没有传完（{there} / {size} 字节），请继续上传。")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                path.write_bytes(b"")
                raise invalid("sha256", "内容在传输中损坏，正在重新上传。")
        try:
            stored = self._records.store(path, sha256)
        except StorageFull as full:
            raise Refusal(ErrorCode.DISK_FULL, DISK_FULL) from full
        with self._database.write() as uow:
            row = self._row(uow, key, for_update=True)
            if row.kept_at is None:
                self._records.attach(uow, row.trace_id, row.name, row.size_bytes, stored)
                row.kept_at = self._clock.now()
        self._folder.drop(key)
        return OriginalView(key=key, offset=size, complete=True)

    def _row(self, uow: UnitOfWork, key: str, *, for_update: bool = False) -> EcgOriginalRow:
        row = uow.session.get(EcgOriginalRow, key, with_for_update=True if for_update else None)
        if row is None:
            raise not_found("该文件")
        return row
