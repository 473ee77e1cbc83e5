"""导入病例: everything is checked first; all of it is written in one transaction, or nothing (PA-SM-CASE-04)."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DataError, IntegrityError

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork, next_number
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.kernel.jobs import enqueue
from server.kernel.storage.port import ObjectStorage, StorageFull
from server.pathology.cases import numbers
from server.pathology.cases.entries import write
from server.pathology.cases.facts import entry_of
from server.pathology.cases.service import CaseService
from server.pathology.cases.tables import CaseRow, EventRow, LibraryRow
from server.pathology.exchange.records import (
    BY_NAME,
    EVENT_OBJECTS,
    KINDS,
    MOST_ROWS,
    Kind,
    Record,
    from_record,
    wrong,
)
from server.pathology.media.keeping import ARCHIVE_JOB
from server.pathology.media.tables import MediaRow
from server.pathology.media.uploads import DISK_FULL, UploadFolder
from server.pathology.reports.books import REPORT_COUNTER
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow, StemRow
from shared.contract.errors import ErrorCode
from shared.contract.pathology_exchange import (
    FORMAT,
    FORMAT_VERSION,
    MOST_FILE_BYTES,
    MOST_FILES,
    MOST_RECORD_BYTES,
    PIECE,
    RECORDS,
    ImportPlan,
    Manifest,
    SendFile,
)
from shared.domain.pathology import CaseAction, CaseState
from shared.domain.pathology_media import MediaKind
from shared.domain.pathology_reports import FIRST_REPORT_ID

_SHA = re.compile(r"[0-9a-f]{64}\Z")
_NAME = re.compile(r"(case\.json|media/[0-9A-Za-z_-]{1,40}\.[0-9a-z]{1,5})\Z")
Ids = dict[str, dict[int, int]]
"""New ids by table and old id."""


class Importing:
    """Checks packages and takes them in."""

    def __init__(self, time: HospitalTime, cases: CaseService, storage: ObjectStorage, folder: UploadFolder) -> None:
        self._time, self._cases, self._storage, self._folder = time, cases, storage, folder

    def plan(self, uow: UnitOfWork, manifest: bytes, records: bytes, library_id: int) -> ImportPlan:
        """Return what an import would do. Raises INVALID, CONFLICT."""
        found, tables = self._read(manifest, records)
        library = self._library(uow, found, library_id)
        self._demand_free(uow, tables)
        warnings = []
        if library.name != found.library:
            warnings.append(f"本院没有病例库“{found.library}”，病例将导入“{library.name}”。")
        if found.slides:
            warnings.append(f"有 {len(found.slides)} 张数字切片只保留引用，切片文件请另行导入。")
        return ImportPlan(
            number=found.number,
            library_id=library.id,
            library=library.name,
            missing=tuple(one.sha256 for one in found.files[1:] if not self._storage.exists(one.sha256)),
            warnings=tuple(warnings),
        )

    def send(self, request: SendFile) -> int:
        """Keep a piece of a missing file; the last one is checked against the hash. Raises INVALID, TOO_LARGE."""
        if not _SHA.match(request.sha256) or not 0 < request.size <= MOST_FILE_BYTES or len(request.data) > PIECE:
            raise wrong(None, "影像文件的标识或大小不正确")
        key = request.sha256[:32]
        with self._folder.alone(key):
            return self._send(key, request)

    def _send(self, key: str, request: SendFile) -> int:
        if self._storage.exists(request.sha256):
            return request.size
        self._folder.begin(key)
        end = self._folder.append(key, request.offset, request.data, request.size)
        if end < request.size:
            return end
        path = self._folder.path(key)
        if _hash_of(path) != request.sha256:
            path.unlink(missing_ok=True)
            raise wrong(None, "影像文件与清单不符")
        try:
            self._storage.put(path, request.sha256)
        except StorageFull as full:
            raise Refusal(ErrorCode.DISK_FULL, DISK_FULL) from full
        return end

    def take_in(self, uow: UnitOfWork, caller: Caller, manifest: bytes, records: bytes, library_id: int) -> int:
        """Write the case and return its new id. Raises INVALID, CONFLICT."""
        found, tables = self._read(manifest, records)
        library = self._library(uow, found, library_id)
        self._demand_free(uow, tables)
        self._demand_files(found, tables)
        ids: Ids = {}
        try:
            for kind in KINDS:
                for values in tables[kind.name]:
                    self._insert(uow, kind, values, ids, library.id)
            for kind in KINDS:
                _set_later(uow, kind, tables[kind.name], ids)
        except (IntegrityError, DataError) as error:
            raise wrong(None, "记录互相矛盾或编号重复") from error
        case_id = next(iter(ids["pathology_cases"].values()))
        self._finish(uow, caller, found, case_id)
        return case_id

    # ── checking ─────────────────────────────────────────────────────────────────────────────────────

    def _read(self, manifest: bytes, records: bytes) -> tuple[Manifest, dict[str, list[Record]]]:
        if len(manifest) > MOST_RECORD_BYTES or len(records) > MOST_RECORD_BYTES:
            raise wrong(None, "文件过大")
        try:
            found = msgspec.json.decode(manifest, type=Manifest)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise wrong(None, "manifest.json 不符合格式") from error
        if found.format != FORMAT:
            raise wrong(None, "manifest.json 不是病例清单")
        if found.version != FORMAT_VERSION:
            raise wrong(None, f"格式版本 {found.version} 不是本系统支持的 {FORMAT_VERSION}")
        _check_files(found)
        if len(records) != found.files[0].size or hashlib.sha256(records).hexdigest() != found.files[0].sha256:
            raise wrong(None, "case.json 与清单不符")
        return found, self._tables(found, records)

    @staticmethod
    def _tables(found: Manifest, records: bytes) -> dict[str, list[Record]]:
        try:
            whole = msgspec.json.decode(records, type=dict[str, dict[str, list[Any]]])
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise wrong(None, "case.json 不符合格式") from error
        tables = whole.get("tables", {})
        if set(whole) != {"tables"} or set(tables) != set(BY_NAME):
            raise wrong(None, "case.json 的表与格式不同")
        if sum(map(len, tables.values())) > MOST_ROWS:
            raise wrong(None, "记录过多")
        typed = {kind.name: [from_record(kind, one) for one in tables[kind.name]] for kind in KINDS}
        cases = typed["pathology_cases"]
        if len(cases) != 1 or cases[0]["number"] != (found.number or None):
            raise wrong(None, "case.json 应恰有清单中的一个病例")
        if cases[0]["state"] not in {one.value for one in CaseState if one is not CaseState.DELETED}:
            raise wrong(None, "病例状态未知")
        return typed

    @staticmethod
    def _library(uow: UnitOfWork, found: Manifest, library_id: int) -> LibraryRow:
        rows = list(uow.session.scalars(select(LibraryRow).where(LibraryRow.is_active).order_by(LibraryRow.position)))
        same_kind = [row for row in rows if row.kind == found.library_kind]
        if library_id:
            chosen = next((row for row in same_kind if row.id == library_id), None)
        else:
            chosen = next((row for row in same_kind if row.name == found.library), None)
            chosen = chosen or next(iter(same_kind), None)
        if chosen is None:
            raise wrong(None, "本院没有同类的病例库，请先在病例库设置中建立")
        return chosen

    @staticmethod
    def _demand_free(uow: UnitOfWork, tables: dict[str, list[Record]]) -> None:
        """Raise CONFLICT where a number exists: nothing is overwritten."""
        number = tables["pathology_cases"][0]["number"]
        if number and numbers.case_of(uow.session, number) is not None:
            raise Refusal(ErrorCode.CONFLICT, f"病理号 {number} 已存在，没有导入任何内容。", field="number")
        for row, name, column in (
            (SpecimenRow, "pathology_specimens", "number"),
            (BlockRow, "pathology_blocks", "label"),
            (SlideRow, "pathology_slides", "number"),
        ):
            wanted = [one[column] for one in tables[name]]
            taken = uow.session.scalar(select(getattr(row, column)).where(getattr(row, column).in_(wanted)).limit(1))
            if taken is not None:
                raise Refusal(ErrorCode.CONFLICT, f"编号 {taken} 已存在，没有导入任何内容。", field="number")

    def _demand_files(self, found: Manifest, tables: dict[str, list[Record]]) -> None:
        named = {one.sha256: one.size for one in found.files[1:]}
        for one in tables["pathology_media"]:
            if named.get(one["sha256"]) != one["size_bytes"]:
                raise wrong(None, "影像记录与清单不符")
            if not self._storage.exists(one["sha256"]):
                raise wrong(None, "影像文件还没有全部上传")

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────

    def _insert(self, uow: UnitOfWork, kind: Kind, values: Record, ids: Ids, library_id: int) -> None:
        table = kind.table
        made = dict(values)
        for column, target in kind.refs.items():
            made[column] = _new_id(kind, ids, target, values[column])
        for column in kind.later:
            made[column] = None
        for column in kind.people:
            made[column] = None if values[column] is None else -abs(values[column])
        made.update(kind.blank)
        if "library_id" in made:
            made["library_id"] = library_id
        if kind.row is MediaRow:
            made["key"] = uuid4().hex
        if kind.row is EventRow:
            made["object_id"] = _new_id(kind, ids, EVENT_OBJECTS.get(values["kind"], ""), values["object_id"])
        if kind.name == "pathology_reports":
            made["id"] = FIRST_REPORT_ID - 1 + next_number(uow.session, REPORT_COUNTER)
            uow.session.execute(insert(table).values(**made))
            ids.setdefault(kind.name, {})[values["id"]] = made["id"]
            return
        if "id" not in table.c:
            uow.session.execute(insert(table).values(**made))
            return
        del made["id"]
        new_id = uow.session.execute(insert(table).values(**made).returning(table.c.id)).scalar_one()
        known = ids.setdefault(kind.name, {})
        if values["id"] in known:
            raise wrong(kind, "编号重复")
        known[values["id"]] = new_id

    def _finish(self, uow: UnitOfWork, caller: Caller, found: Manifest, case_id: int) -> None:
        """Make the case findable, take its number, queue its captures for the archive, tell the trail."""
        row = uow.session.get_one(CaseRow, case_id)
        try:
            entry = entry_of(row.entry)
        except msgspec.ValidationError as error:
            raise wrong(None, "病人信息不符合格式") from error
        write(uow.session, row, msgspec.structs.replace(entry, patient_id=None, received_at=row.received_at))
        if row.number:
            numbers.take_typed(uow.session, row.number, case_id)
        _keep_stems(uow, case_id)
        for media_id, kind in uow.session.execute(
            select(MediaRow.id, MediaRow.kind).where(MediaRow.case_id == case_id)
        ).all():
            if kind != MediaKind.VOICE.value:
                enqueue(uow, ARCHIVE_JOB, {"media": media_id}, key=str(media_id), title="病理影像存档", by=caller.login)
        note = f"由 {found.hospital} 的 {found.exported_by} 导出于 {self._time.local(found.exported_at):%Y-%m-%d %H:%M}"
        self._cases.add_event(
            uow, caller, case_id, CaseAction.IMPORT.value, after=row.state, number=row.number or "", note=note
        )
        self._cases.touch(uow, case_id)


def _check_files(found: Manifest) -> None:
    names = [one.name for one in found.files]
    if not names or names[0] != RECORDS or len(names) > MOST_FILES or len(set(names)) != len(names):
        raise wrong(None, "清单中的文件不符合格式")
    for one in found.files:
        if not _NAME.match(one.name) or not _SHA.match(one.sha256) or not 0 < one.size <= MOST_FILE_BYTES:
            raise wrong(None, "清单中的文件名、大小或校验值不正确")


def _new_id(kind: Kind, ids: Ids, target: str, old: int | None) -> int | None:
    """The new id of what a column names; 0 and nothing stay."""
    if not old:
        return old
    if target not in ids or old not in ids[target]:
        raise wrong(kind, f"引用的编号 {old} 不在文件中")
    return ids[target][old]


def _set_later(uow: UnitOfWork, kind: Kind, rows: list[Record], ids: Ids) -> None:
    table = kind.table
    for column, target in kind.later.items():
        for values in rows:
            if values[column]:
                new = _new_id(kind, ids, target, values[column])
                uow.session.execute(
                    update(table).where(table.c.id == ids[kind.name][values["id"]]).values({column: new})
                )


def _keep_stems(uow: UnitOfWork, case_id: int) -> None:
    """Serials of slides go on after the highest that is there, deleted ones included."""
    last: dict[str, int] = {}
    for number, serial in uow.session.execute(
        select(SlideRow.number, SlideRow.serial).where(SlideRow.case_id == case_id)
    ).all():
        stem = number.rpartition("-")[0]
        last[stem] = max(last.get(stem, 0), serial)
    for stem, serial in last.items():
        if stem and uow.session.get(StemRow, stem) is None:
            uow.session.add(StemRow(stem=stem, last=serial))
    uow.session.flush()


def _hash_of(path: Any) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
