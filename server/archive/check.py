"""Proves the archive: every row has its file, every file its row, every hash is right, rows say what files say."""

from __future__ import annotations

import hashlib
import mmap
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from sqlalchemy import func, select

from server.archive import attributes
from server.archive.charset import decode_text
from server.archive.header import SERIES_TAGS, DamagedHeader, read_header
from server.archive.part10 import NotPart10, read_meta
from server.archive.receive import add_non_patient_uids
from server.archive.tables import Instance, InstanceVersion, Series, Study
from server.kernel.database import Database
from server.kernel.storage.port import ObjectMissing, ObjectStorage
from shared.contract.archive import CheckFinding, CheckView

MAX_FINDINGS = 1000
_PAGE = 1000


def _silent(_done: int, _total: int) -> None:
    return


class _Findings:
    def __init__(self) -> None:
        self.total = 0
        self.kept: list[CheckFinding] = []

    def add(self, kind: str, uid: str, sentence: str) -> None:
        self.total += 1
        if len(self.kept) < MAX_FINDINGS:
            self.kept.append(CheckFinding(kind=kind, sop_instance_uid=uid, sentence=sentence))


def check(
    database: Database,
    storage: ObjectStorage,
    is_waiting: Callable[[str], bool],
    *,
    hashes: bool = True,
    progress: Callable[[int, int], None] = _silent,
) -> CheckView:
    """Compare index and files both ways. `is_waiting` tells whether a key lies in the inbox: it is not an orphan then.

    With `hashes` every byte is read, and the header of each file is compared with its rows. `progress` is told how many
    of how many objects are done.
    """
    started = time.perf_counter()
    findings = _Findings()
    objects = 0
    bytes_hashed = 0
    seen: set[bytes] = set()
    total = _count(database)
    for row in _rows(database):
        objects += 1
        seen.add(bytes.fromhex(row.object_key))
        bytes_hashed += _check_object(storage, row, findings, is_waiting, hashes)
        if objects % 100 == 0:
            progress(objects, total)
    files = 0
    for key in storage.keys():  # noqa: SIM118 - a storage is no dictionary
        files += 1
        if bytes.fromhex(key) not in seen and not _has_row(database, key) and not is_waiting(key):
            findings.add("missing_row", "", f"文件 {key[:16]}… 在索引中没有记录。")
    _check_counts(database, findings)
    progress(objects, total)
    return CheckView(
        instances=objects,
        files=files,
        bytes_hashed=bytes_hashed,
        seconds=time.perf_counter() - started,
        total_findings=findings.total,
        findings=tuple(findings.kept),
    )


def _count(database: Database) -> int:
    with database.read() as uow:
        tables = (Instance, InstanceVersion)
        return sum(uow.session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


def _rows(database: Database) -> Iterator[Any]:
    """Every instance with what its series and study say, then every other version; in pages, so that nobody waits."""
    columns = (
        Instance.id,
        Instance.uid,
        Instance.object_key,
        Instance.size_bytes,
        Instance.data_offset,
        Instance.sop_class_uid,
        Instance.transfer_syntax_uid,
        Instance.attributes.label("own"),
        Series.attributes.label("base"),
        Series.uid.label("series_uid"),
        Study.uid.label("study_uid"),
    )
    statement = (
        select(*columns)
        .join(Series, Series.id == Instance.series_pk)
        .join(Study, Study.id == Series.study_pk)
        .order_by(Instance.id)
        .limit(_PAGE)
    )
    yield from _pages(database, statement, Instance.id)
    others = (
        select(
            InstanceVersion.id,
            Instance.uid,
            InstanceVersion.object_key,
            InstanceVersion.size_bytes,
            InstanceVersion.data_offset,
            InstanceVersion.sop_class_uid,
            InstanceVersion.transfer_syntax_uid,
            InstanceVersion.study_uid,
            InstanceVersion.series_uid,
        )
        .join(Instance, Instance.id == InstanceVersion.instance_pk)
        .order_by(InstanceVersion.id)
        .limit(_PAGE)
    )
    yield from _pages(database, others, InstanceVersion.id)


def _pages(database: Database, statement: Any, key: Any) -> Iterator[Any]:
    last = 0
    while True:
        with database.read() as uow:
            page = uow.session.execute(statement.where(key > last)).all()
        if not page:
            return
        yield from page
        last = page[-1].id


def _has_row(database: Database, key: str) -> bool:
    """Asked for the rare file that came while the rows were read."""
    with database.read() as uow:
        return any(
            uow.session.execute(select(table.id).where(table.object_key == key).limit(1)).first() is not None
            for table in (Instance, InstanceVersion)
        )


def _check_object(
    storage: ObjectStorage, row: Any, findings: _Findings, is_waiting: Callable[[str], bool], hashes: bool
) -> int:
    try:
        file = storage.open(row.object_key)
    except ObjectMissing:
        if not is_waiting(row.object_key) and not storage.exists(row.object_key):
            findings.add("missing_file", row.uid, "索引中的对象没有文件。")
        return 0
    with file:
        if not hashes:
            return 0
        with _mapped(file) as whole:
            if hashlib.sha256(whole).hexdigest() != row.object_key:
                findings.add("wrong_hash", row.uid, "文件内容与接收时不同。")
            elif (fault := _fault(whole, row)) is not None:
                findings.add("wrong_row", row.uid, f"索引与文件不一致：{fault}。")
            return len(whole)


def _mapped(file: BinaryIO) -> memoryview:
    try:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):
        return memoryview(file.read())


def _fault(whole: memoryview, row: Any) -> str | None:
    """What the row says otherwise than the file, read anew as at its reception."""
    try:
        what, offset = read_meta(whole[:20000])
        header = read_header(whole[offset:], what.transfer_syntax_uid)
        add_non_patient_uids(header.tags, what.sop_class_uid)
    except (NotPart10, DamagedHeader) as damaged:
        return str(damaged)
    tags = header.tags
    facts = (
        ("SOP Instance UID", what.sop_instance_uid, row.uid),
        ("SOP Class UID", what.sop_class_uid, row.sop_class_uid),
        ("Transfer Syntax UID", what.transfer_syntax_uid, row.transfer_syntax_uid),
        ("Series Instance UID", decode_text(tags.get(0x0020000E, b"")), row.series_uid),
        ("Study Instance UID", decode_text(tags.get(0x0020000D, b"")), row.study_uid),
        ("大小", len(whole), row.size_bytes),
        ("数据偏移", offset, row.data_offset),
    )
    for name, in_file, in_row in facts:
        if in_file != in_row:
            return name
    if hasattr(row, "base"):
        base = attributes.unpacked(row.base)
        character_set = str(base.pop(0x00080005, "") or "").encode("ascii", "replace")
        own = {tag: value for tag, value in tags.items() if tag not in SERIES_TAGS}
        if attributes.of_tags(own, character_set, header.big_endian) != attributes.merged(base, row.own):
            return "图像属性"
    return None


def _check_counts(database: Database, findings: _Findings) -> None:
    """The sums kept in the rows of studies and series, counted again."""
    instances = select(func.count()).where(Instance.series_pk == Series.id).scalar_subquery()
    wrong_series = select(Series.uid).where(Series.instance_count != instances)
    series = select(func.count()).where(Series.study_pk == Study.id).scalar_subquery()
    total = (
        select(func.count())
        .select_from(Instance)
        .join(Series, Series.id == Instance.series_pk)
        .where(Series.study_pk == Study.id)
        .scalar_subquery()
    )
    wrong_study = select(Study.uid).where((Study.series_count != series) | (Study.instance_count != total))
    with database.read() as uow:
        for uid in uow.session.execute(wrong_series).scalars():
            findings.add("wrong_row", uid, "序列的图像数与实际不符。")
        for uid in uow.session.execute(wrong_study).scalars():
            findings.add("wrong_row", uid, "检查的序列数或图像数与实际不符。")
