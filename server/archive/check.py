"""Proves the archive: every row has its file, every file its row, every hash is right, rows say what files say.

The index is made a second time from the files alone (keeping/shadow.py) and compared row by row. The recycle bin, files
on their way out, compressed files, other versions, corrections and other stores are taken into account.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from server.archive import attributes
from server.archive.corrections import rules
from server.archive.header import DamagedHeader
from server.archive.keeping.comparing import (
    Compared,
    labelled,
    mapped,
    named,
    named_of,
    read_record,
    right_instance,
    uid_of,
    unlike,
)
from server.archive.keeping.shadow import Shadow, corrected_series, corrected_study
from server.archive.keeping.tables import BinEntry, BinObject, Discard
from server.archive.part10 import NotPart10
from server.archive.receive import Received
from server.archive.tables import ImagePatient, Instance, InstanceVersion, Series, Study
from server.kernel.database import Database
from server.kernel.storage.fingerprint import is_key_of
from server.kernel.storage.port import ObjectMissing, ObjectStorage, StorageError
from shared.contract.archive import CheckFinding, CheckView

MAX_FINDINGS = 1000
_PAGE = 500
_LOOKED_AT = 1000

REPAIRS = {
    "missing_file": "从备份中恢复该文件（检查时选择修复），或请设备重新发送。",
    "wrong_hash": "从备份中恢复该文件（检查时选择修复），或请设备重新发送。",
    "missing_row": "选择修复：可读的影像会重新登记，其他文件移到 damaged 文件夹。",
    "wrong_row": "选择修复：按文件内容改正索引。",
    "wrong_sum": "选择修复：重新计数。",
}


def _silent(_done: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding with what a repair needs. `table` and `row_id` name the row, `right` its columns as they should be."""

    finding: CheckFinding
    object_key: str = ""
    table: str = ""
    row_id: int = 0
    right: Mapping[str, Any] = field(default_factory=dict)


class _Faults:
    def __init__(self) -> None:
        self.total = 0
        self.kept: list[Fault] = []

    def add(self, kind: str, uid: str, sentence: str, **repair: Any) -> None:
        self.total += 1
        if len(self.kept) < MAX_FINDINGS:
            finding = CheckFinding(kind=kind, sop_instance_uid=uid, sentence=sentence, repair=REPAIRS[kind])
            self.kept.append(Fault(finding, **repair))


@dataclass(frozen=True, slots=True)
class Checked:
    """The result, and the faults with what is needed to repair them."""

    view: CheckView
    faults: tuple[Fault, ...]


def check(
    database: Database,
    storage: ObjectStorage,
    is_waiting: Callable[[str], bool],
    *,
    hashes: bool = True,
    progress: Callable[[int, int], None] = _silent,
) -> CheckView:
    """Compare index and files both ways. `is_waiting` tells whether a key lies in the inbox: it is not an orphan then.

    With `hashes` every byte is read, and the index is made from the files a second time and compared. `progress` is
    told how many of how many objects are done.
    """
    return examine(database, storage, is_waiting, hashes=hashes, progress=progress).view


def examine(
    database: Database,
    storage: ObjectStorage,
    is_waiting: Callable[[str], bool],
    *,
    hashes: bool = True,
    progress: Callable[[int, int], None] = _silent,
) -> Checked:
    """As `check`, with what a repair needs."""
    run = _Run(database, storage, is_waiting, hashes, progress)
    try:
        return run.whole()
    finally:
        run.close()


class _Run:
    """One examination."""

    def __init__(
        self,
        database: Database,
        storage: ObjectStorage,
        is_waiting: Callable[[str], bool],
        hashes: bool,
        progress: Callable[[int, int], None],
    ) -> None:
        self._database = database
        self._storage = storage
        self._is_waiting = is_waiting
        self._hashes = hashes
        self._progress = progress
        self._shadow = Shadow() if hashes else None
        self._faults = _Faults()
        self._seen: set[bytes] = set()
        self._objects = 0
        self._unreachable = 0
        self._bytes = 0
        self._total = 0

    def close(self) -> None:
        if self._shadow is not None:
            self._shadow.close()

    def whole(self) -> Checked:
        started = time.perf_counter()
        with self._database.read() as uow:
            tables = (Instance, InstanceVersion)
            self._total = sum(
                uow.session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
            )
        self._instances()
        self._versions()
        self._binned()
        files = self._files()
        self._sums()
        self._progress(self._objects, self._total)
        faults = self._faults
        view = CheckView(
            instances=self._objects,
            files=files,
            bytes_hashed=self._bytes,
            seconds=time.perf_counter() - started,
            total_findings=faults.total,
            findings=tuple(fault.finding for fault in faults.kept),
            unreachable=self._unreachable,
        )
        return Checked(view, tuple(faults.kept))

    # rows and their files

    def _instances(self) -> None:
        columns = (
            Instance,
            Series.attributes.label("base"),
            Series.uid.label("series_uid"),
            Study.uid.label("study_uid"),
            Series.correction.label("series_correction"),
            Study.correction.label("study_correction"),
            Study.forced_charset,
        )
        statement = (
            select(*columns)
            .join(Series, Series.id == Instance.series_pk)
            .join(Study, Study.id == Series.study_pk)
            .order_by(Instance.id)
            .limit(_PAGE)
        )
        compared = Compared()
        for page in self._pages(statement, Instance.id):
            records: list[tuple[Any, Received]] = []
            for row in page:
                one = row.Instance
                self._count(one.object_key)
                record = self._record(one.uid, one.object_key, "instances", one.id)
                if record is not None:
                    records.append((row, labelled(record, row.forced_charset)))
            if self._shadow is not None and records:
                self._compare(records, compared)
        if self._shadow is not None:
            self._compare_above(compared)

    def _versions(self) -> None:
        statement = (
            select(InstanceVersion, Instance.uid)
            .join(Instance, Instance.id == InstanceVersion.instance_pk)
            .order_by(InstanceVersion.id)
            .limit(_PAGE)
        )
        for page in self._pages(statement, InstanceVersion.id):
            for row in page:
                one = row.InstanceVersion
                self._count(one.object_key)
                record = self._record(row.uid, one.object_key, "", 0)
                if record is None:
                    continue
                fault = unlike(record, one, row.uid, one.series_uid)
                if fault is None and uid_of(record, 0x0020000D) != one.study_uid:
                    fault = "Study Instance UID"
                if fault is not None:
                    self._faults.add("wrong_row", row.uid, f"索引与文件不一致：{fault}。")

    def _binned(self) -> None:
        statement = select(BinObject).order_by(BinObject.id).limit(_PAGE)
        for page in self._pages(statement, BinObject.id):
            for row in page:
                one = row.BinObject
                self._seen.add(bytes.fromhex(one.object_key))
                record = self._record(one.uid, one.object_key, "", 0)
                fault = unlike(record, one, one.uid, None) if record is not None else None
                if fault is not None:
                    self._faults.add("wrong_row", one.uid, f"回收站的记录与文件不一致：{fault}。")

    def _count(self, key: str) -> None:
        self._seen.add(bytes.fromhex(key))
        self._objects += 1
        if self._objects % 100 == 0:
            self._progress(self._objects, self._total)

    def _pages(self, statement: Any, key: Any) -> Iterator[Any]:
        """Pages of rows, each read by itself, so that nobody waits."""
        last = 0
        while True:
            with self._database.read() as uow:
                page = uow.session.execute(statement.where(key > last)).all()
            if not page:
                return
            yield page
            last = page[-1][0].id

    def _record(self, uid: str, key: str, table: str, row_id: int) -> Received | None:
        """What the file says, as at its reception; None when nothing can be compared."""
        repair = {"object_key": key, "table": table, "row_id": row_id}
        try:
            file = self._storage.open(key)
        except ObjectMissing:
            try:
                is_here = self._is_waiting(key) or self._storage.exists(key)
            except StorageError:
                is_here = True
            if is_here:
                self._unreachable += not self._is_waiting(key)
            elif self._is_still_named(key, uid):
                self._faults.add("missing_file", uid, "索引中的对象没有文件。", **repair)
            return None
        except StorageError:
            self._unreachable += 1
            return None
        with file:
            if not self._hashes:
                return None
            with mapped(file) as whole:
                self._bytes += len(whole)
                if not is_key_of(key, whole):
                    self._faults.add("wrong_hash", uid, "文件内容与接收时不同。", **repair)
                    return None
                try:
                    return read_record(whole, key)
                except (NotPart10, DamagedHeader) as damaged:
                    self._faults.add("wrong_row", uid, f"索引与文件不一致：{damaged}。", **repair)
                    return None

    def _is_still_named(self, key: str, uid: str) -> bool:
        """Asked again: the object may have been compressed or deleted since its row was read."""
        with self._database.read() as uow:
            return named(uow.session, key, uid)

    # rows against rows

    def _compare(self, records: list[tuple[Any, Received]], compared: Compared) -> None:
        assert self._shadow is not None
        told = self._shadow.told([record for _, record in records])
        for row, record in records:
            one = row.Instance
            expected_study = (
                rules.unpacked(row.series_correction).get(rules.STUDY_UID)
                or rules.unpacked(row.study_correction).get(rules.STUDY_UID)
                or uid_of(record, 0x0020000D)
            )
            right = told.instances.get(record.sop_instance_uid)
            moved = rules.unpacked(row.series_correction).get(rules.SERIES_UID) == row.series_uid
            fault = unlike(record, one, one.uid, None if moved else row.series_uid)
            if fault is None and expected_study != row.study_uid:
                fault = "Study Instance UID"
            base = attributes.unpacked(row.base)
            base.pop(0x00080005, None)
            if fault is None and right is not None and right["whole"] != attributes.merged(base, one.attributes):
                fault = "图像属性"
            if fault is None and right is not None and right["number"] != one.number:
                fault = "图像号"
            if fault is not None:
                columns = right_instance(record, right, base) if right is not None else {}
                self._faults.add(
                    "wrong_row",
                    one.uid,
                    f"索引与文件不一致：{fault}。",
                    object_key=one.object_key,
                    table="instances" if columns else "",
                    row_id=one.id,
                    right=columns,
                )
            compared.remember(row, record, told)

    def _compare_above(self, compared: Compared) -> None:
        """Studies and series against what any of their files says of them: which came first may have changed."""
        assert self._shadow is not None
        for model, candidates in ((Series, compared.series), (Study, compared.studies)):
            statement = select(model).order_by(model.id).limit(_PAGE)
            for page in self._pages(statement, model.id):
                for (one,) in page:
                    ways = candidates.get(one.uid)
                    if not ways:
                        continue
                    present = {name: getattr(one, name) for name in dict(ways[0])}
                    if any(dict(way) == present for way in ways) or self._says_one(one, present):
                        continue
                    right = dict(ways[0])
                    names = ", ".join(name for name, value in right.items() if present[name] != value)
                    what = "序列" if model is Series else "检查"
                    self._faults.add(
                        "wrong_row",
                        one.uid,
                        f"{what}的索引与文件不一致：{names}。",
                        table=model.__tablename__,
                        row_id=one.id,
                        right=right,
                    )

    def _says_one(self, one: Study | Series, present: dict[str, Any]) -> bool:
        """Whether any single file of a study or series says what its row says, those in the recycle bin included."""
        assert self._shadow is not None
        of_row, of_bin = Series.study_pk == one.id, BinEntry.study_uid == one.uid
        if isinstance(one, Series):
            of_row, of_bin = Series.id == one.id, BinObject.series_uid == one.uid
        own = select(Instance.object_key, Series.correction).join(Series, Series.id == Instance.series_pk).where(of_row)
        binned = select(BinObject.object_key).join(BinEntry, BinEntry.id == BinObject.entry_id).where(of_bin)
        with self._database.read() as uow:
            files = [(row.object_key, row.correction) for row in uow.session.execute(own.limit(_LOOKED_AT))]
            files += [(key, None) for key in uow.session.execute(binned.limit(_LOOKED_AT)).scalars()]
        for key, overlay in files:
            try:
                with self._storage.open(key) as file, mapped(file) as whole:
                    record = read_record(whole, key)
            except (StorageError, NotPart10, DamagedHeader):
                continue
            told = self._shadow.told([record])
            if isinstance(one, Series):
                found = corrected_series(next(iter(told.series.values())), one.correction)
            else:
                found = corrected_study(next(iter(told.studies.values())), overlay, one.correction)
            if found == present:
                return True
        return False

    # files and sums

    def _files(self) -> int:
        """Every file must be known to some row; those that nothing names are orphans."""
        with self._database.read() as uow:
            going = {bytes.fromhex(key) for key in uow.session.execute(select(Discard.object_key)).scalars()}
        files = 0
        strange: list[str] = []
        for key in self._storage.keys():  # noqa: SIM118 - a storage is no dictionary
            known = bytes.fromhex(key)
            files += 1
            if known not in self._seen and known not in going:
                strange.append(key)
        for start in range(0, len(strange), _PAGE):  # most came while the rows were read
            part = strange[start : start + _PAGE]
            with self._database.read() as uow:
                named = named_of(uow.session, part)
            for key in part:
                if key not in named and not self._is_waiting(key) and self._storage.exists(key):
                    self._faults.add("missing_row", "", f"文件 {key[:16]}… 在索引中没有记录。", object_key=key)
        return files

    def _sums(self) -> None:
        """The sums kept in the rows of studies and series, counted again."""
        instances = select(func.count()).where(Instance.series_pk == Series.id).scalar_subquery()
        wrong_series = select(Series.uid, Series.study_pk).where(Series.instance_count != instances)
        series = select(func.count()).where(Series.study_pk == Study.id).scalar_subquery()
        of_study = (
            select(func.count(), func.coalesce(func.sum(Instance.size_bytes), 0))
            .select_from(Instance)
            .join(Series, Series.id == Instance.series_pk)
            .where(Series.study_pk == Study.id)
        )
        total = of_study.with_only_columns(func.count()).scalar_subquery()
        own = of_study.with_only_columns(func.coalesce(func.sum(Instance.size_bytes), 0)).scalar_subquery()
        versions = (
            select(func.coalesce(func.sum(InstanceVersion.size_bytes), 0))
            .join(Instance, Instance.id == InstanceVersion.instance_pk)
            .join(Series, Series.id == Instance.series_pk)
            .where(Series.study_pk == Study.id)
            .scalar_subquery()
        )
        wrong_study = select(Study.uid, Study.id).where(
            (Study.series_count != series) | (Study.instance_count != total) | (Study.bytes_stored != own + versions)
        )
        identity = func.coalesce(func.nullif(Study.patient_id, "") + "\n" + Study.issuer, "\n\n" + Study.uid)
        wrong_patient = (
            select(Study.uid, Study.id)
            .join(ImagePatient, ImagePatient.id == Study.image_patient_id)
            .where(ImagePatient.identity != identity)
        )
        with self._database.read() as uow:
            for uid, study_pk in uow.session.execute(wrong_series):
                self._faults.add("wrong_sum", uid, "序列的图像数与实际不符。", table="sums", row_id=study_pk)
            for uid, study_pk in uow.session.execute(wrong_study):
                self._faults.add(
                    "wrong_sum", uid, "检查的序列数、图像数或字节数与实际不符。", table="sums", row_id=study_pk
                )
            for uid, _ in uow.session.execute(wrong_patient):
                self._faults.add("wrong_row", uid, "检查所属的患者与其患者编号不一致。")
