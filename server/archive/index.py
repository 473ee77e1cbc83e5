"""Writes the index: takes what receivers accepted, commits rows in batches, then moves the files to their places.

One indexer runs for a data folder. The order is what makes it safe: a file leaves the inbox only after its row is
committed and synced, and whatever a crash leaves in the inbox is indexed at the next start.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import mmap
import queue
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.archive import attributes, inbox
from server.archive.charset import PersonNameParts, decode_text, has_ideographs, name_parts
from server.archive.header import DamagedHeader, read_header
from server.archive.part10 import MAX_META_BYTES, NotPart10, read_meta
from server.archive.receive import Received, add_non_patient_uids, decode_received, record_of
from server.archive.rules import NON_PATIENT_CLASSES, MatchState, joined, number_of, search_key
from server.archive.tables import ImagePatient, Instance, InstanceVersion, Series, Study
from server.kernel.database import Database
from server.kernel.errors import Refusal
from server.kernel.storage.port import ObjectMissing, ObjectStorage
from shared.dicomkit.names import romanised

logger = logging.getLogger(__name__)

BATCH = 500
_LINGER_S = 0.02  # how long a batch waits for more
_SETTLE_S = 1.0  # a study that is being received is announced at most this often
_SCAN_S = 5.0
_SETTLED_AGE_S = 2.0  # a younger file in the inbox has its message still under way
_REMATCH_S = 10.0
_CACHE = 20_000
_IN_HAND = 20_000  # messages kept in memory; more stay in the inbox
_TROUBLE_S = 1.0  # pause while the database cannot be written
_RETRY_S = 30.0  # pause before an object is tried again that failed alone


def _nothing(_studies: Collection[int]) -> None:
    return


def _no_rematch() -> None:
    return


@dataclass
class _SeriesEntry:
    """A series that the indexer knows."""

    id: int
    study: _StudyEntry
    attributes: attributes.SeriesAttributes


@dataclass
class _StudyEntry:
    """A study that the indexer knows."""

    id: int
    modalities: str
    sop_classes: set[str]


@dataclass
class _Growth:
    """What a batch adds to one study or series."""

    instances: int = 0
    series: int = 0
    size_bytes: int = 0
    conflicts: int = 0


@dataclass
class _Batch:
    """Rows and sums of one transaction."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    studies: dict[int, _Growth] = field(default_factory=dict)
    series: dict[int, int] = field(default_factory=dict)
    surplus: set[str] = field(default_factory=set)  # files in the inbox that say what an instance says already

    def study(self, study_id: int) -> _Growth:
        return self.studies.setdefault(study_id, _Growth())


class Indexer:
    """Owns the only thread that writes the archive's rows of instances.

    `settle` is told the ids of studies that got new instances, soon for a new study and at most every second while
    more arrive; `rematch` is called every ten seconds.
    """

    def __init__(
        self,
        database: Database,
        storage: ObjectStorage,
        inbox_folder: Path,
        *,
        settle: Callable[[Collection[int]], None] = _nothing,
        rematch: Callable[[], None] = _no_rematch,
        scan_every_s: float = _SCAN_S,
    ) -> None:
        inbox_folder.mkdir(parents=True, exist_ok=True)
        self._database = database
        self._storage = storage
        self._inbox = inbox_folder
        self._settle = settle
        self._rematch = rematch
        self._scan_every_s = scan_every_s
        self._queue: queue.SimpleQueue[Received | None] = queue.SimpleQueue()
        self._queued: set[str] = set()
        self._not_before: dict[str, float] = {}  # files in the inbox that failed: when to try again
        self._series: dict[str, _SeriesEntry] = {}
        self._studies: dict[str, _StudyEntry] = {}
        self._touched: dict[int, float] = {}  # study → when it was announced last, for those to announce again
        self._announced: dict[int, float] = {}
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._state = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="archive-index", daemon=True)

    @property
    def backlog(self) -> int:
        """Objects accepted and not yet confirmed by the index."""
        return len(self._queued)

    def start(self) -> None:
        """Index what the last run left in the inbox, then begin; call before any receiver runs."""
        inbox.remove_partial(self._inbox)
        self.replay()
        self._thread.start()

    def stop(self) -> None:
        """Finish what is queued and end. What comes later waits in the inbox for the next start."""
        self._stopping.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(30)

    def submit(self, message: bytes) -> None:
        """Take a receiver's message; any thread."""
        record = decode_received(message)
        if len(self._queued) >= _IN_HAND:
            return  # the database is in trouble: the file waits in the inbox, a scan will find it
        with self._state:
            self._idle.clear()
            self._queued.add(record.name)
        self._queue.put(record)

    def wait_until_idle(self, timeout_s: float = 10.0) -> bool:
        """Wait until everything submitted is committed, moved and announced; False if that took longer."""
        return self._idle.wait(timeout_s)

    def replay(self) -> int:
        """Index the files that wait in the inbox without a message; returns how many."""
        names = sorted(entry.name for entry in inbox.ready_files(self._inbox) if entry.name not in self._queued)
        for start in range(0, len(names), BATCH):
            self._index_safely(
                [record for name in names[start : start + BATCH] if (record := self._record_of_file(name))],
                patient=False,
            )
        self._announce(force=True)
        return len(names)

    # the thread

    def _run(self) -> None:
        next_scan = time.monotonic() + self._scan_every_s
        next_rematch = time.monotonic() + _REMATCH_S
        while True:
            batch = self._next_batch()
            if batch:
                self._index_safely(batch)
            self._announce(force=not batch and self._stopping.is_set())
            if not batch and self._stopping.is_set():
                return
            with self._state:
                if not self._queued and not self._touched:
                    self._idle.set()
            now = time.monotonic()
            if now >= next_scan and not self._stopping.is_set():
                self._outermost(self._scan)
                next_scan = now + self._scan_every_s
            if now >= next_rematch and not self._stopping.is_set():
                self._outermost(self._rematch)
                next_rematch = now + _REMATCH_S

    def _next_batch(self) -> list[Received]:
        batch: list[Received] = []
        end = time.monotonic() + (0.1 if self._touched else 0.25)
        while len(batch) < BATCH:
            try:
                record = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if record is None:
                break
            if not batch:
                end = time.monotonic() + _LINGER_S
            batch.append(record)
        return batch

    def _index_safely(self, batch: list[Received], *, patient: bool = True) -> None:
        """Index a batch; on a defect, object by object, so that one bad object never holds up the others.

        While the database cannot be written (full disk, lost server) a patient caller waits here.
        """
        if not batch:
            return
        try:
            while not self._try(batch):
                if not patient or self._stopping.wait(_TROUBLE_S):
                    self._let_wait(batch, 0.0)
                    return
        except Exception:
            self._forget()
            if len(batch) > 1:
                logger.warning(
                    "archive: a batch of %d failed; trying its objects one by one", len(batch), exc_info=True
                )
                for record in batch:
                    self._index_safely([record])
                return
            logger.exception("archive: an object stays in the inbox and will be tried again: %s", batch[0].name)
            self._let_wait(batch, _RETRY_S)

    def _try(self, batch: list[Received]) -> bool:
        """Index a batch; False if the database cannot be written at present."""
        try:
            self._index(batch)
        except (Refusal, OperationalError, OSError) as trouble:
            self._forget()
            logger.warning(
                "archive: the index cannot be written, %d objects wait: %s", len(batch), type(trouble).__name__
            )
            return False
        return True

    def _let_wait(self, batch: list[Received], seconds: float) -> None:
        """Leave objects to a later scan."""
        later = time.monotonic() + seconds
        for record in batch:
            self._queued.discard(record.name)
            self._not_before[record.name] = later

    def _scan(self) -> None:
        oldest_ns = time.time_ns() - int(_SETTLED_AGE_S * 1e9)
        now = time.monotonic()
        for entry in inbox.ready_files(self._inbox):
            if len(self._queued) >= _IN_HAND:
                return
            if entry.name in self._queued or self._not_before.get(entry.name, 0.0) > now:
                continue
            name = inbox.InboxName.parse(entry.name)
            if name is not None and name.received_ns < oldest_ns:
                self._not_before.pop(entry.name, None)
                record = self._record_of_file(entry.name)
                if record is not None:
                    self._queued.add(entry.name)
                    self._queue.put(record)

    def _announce(self, *, force: bool) -> None:
        now = time.monotonic()
        due = [study for study in self._touched if force or now - self._announced.get(study, -1e9) >= _SETTLE_S]
        if not due:
            return
        for study in due:
            del self._touched[study]
            self._announced[study] = now
        if len(self._announced) > _CACHE:
            self._announced.clear()
        self._outermost(lambda: self._settle(due))

    def _outermost(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            logger.exception("archive: a task of the indexer failed; it will be tried again")

    def _forget(self) -> None:
        self._series.clear()
        self._studies.clear()

    # one batch

    def _index(self, records: list[Received]) -> None:
        if len(self._series) > _CACHE or len(self._studies) > _CACHE:
            self._forget()
        batch = _Batch()
        with self._database.write() as uow:
            session = uow.session
            present = self._present(session, {record.sop_instance_uid for record in records})
            for record in records:
                self._add(session, batch, record, present)
            self._write(session, batch)
        for record in records:
            self._move(record, record.name in batch.surplus)
            self._queued.discard(record.name)
        for study in batch.studies:
            self._touched.setdefault(study, 0.0)

    def _present(self, session: Session, uids: Collection[str]) -> dict[str, Any]:
        columns = (
            Instance.id,
            Instance.uid,
            Instance.object_key,
            Instance.sop_class_uid,
            Instance.transfer_syntax_uid,
            Instance.data_offset,
            Series.study_pk,
        )
        statement = select(*columns).join(Series, Series.id == Instance.series_pk).where(Instance.uid.in_(uids))
        return {row.uid: row for row in session.execute(statement)}

    def _add(self, session: Session, batch: _Batch, record: Received, present: dict[str, Any]) -> None:
        uid = record.sop_instance_uid
        here = batch.rows.get(uid)
        if here is not None and here["object_key"] != record.key:
            # the same UID twice in one batch with other bytes: the second points at the first's row
            written = list(batch.rows)
            self._write(session, batch)
            present.update(self._present(session, written))
            here = None
        if here is not None:
            return
        old = present.get(uid)
        if old is not None:
            if old.object_key != record.key:
                self._add_version(session, batch, record, old)
            return
        series = self._series_of(session, batch, record)
        own, number = series.attributes.of(record.tags, record.big_endian)
        batch.rows[uid] = {
            "uid": uid,
            "series_pk": series.id,
            "number": number_of(str(number or "")),
            "sop_class_uid": record.sop_class_uid,
            "transfer_syntax_uid": record.transfer_syntax_uid,
            "object_key": record.key,
            "size_bytes": record.size_bytes,
            "data_offset": record.data_offset,
            "attributes": own,
        }
        growth = batch.study(series.study.id)
        growth.instances += 1
        growth.size_bytes += record.size_bytes
        batch.series[series.id] = batch.series.get(series.id, 0) + 1

    def _write(self, session: Session, batch: _Batch) -> None:
        """Write what the batch holds; it can be filled further."""
        if batch.rows:
            session.execute(insert(Instance), list(batch.rows.values()))
            batch.rows.clear()
        for series_id, count in batch.series.items():
            session.execute(
                update(Series).where(Series.id == series_id).values(instance_count=Series.instance_count + count)
            )
        batch.series.clear()
        now = datetime.now(UTC)
        for study_id, growth in batch.studies.items():
            if growth == _Growth():
                continue
            session.execute(
                update(Study)
                .where(Study.id == study_id)
                .values(
                    instance_count=Study.instance_count + growth.instances,
                    series_count=Study.series_count + growth.series,
                    bytes_stored=Study.bytes_stored + growth.size_bytes,
                    conflicts=Study.conflicts + growth.conflicts,
                    changed_at=now,
                    version=Study.version + 1,
                )
            )
            batch.studies[study_id] = _Growth()

    def _add_version(self, session: Session, batch: _Batch, record: Received, old: Any) -> None:
        """Keep other bytes under a known UID beside the first ones, unless only the file meta information differs."""
        known = select(InstanceVersion.id).where(InstanceVersion.object_key == record.key)
        if session.execute(known).first() is not None:
            return
        if self._same_data_set(record, old):
            batch.surplus.add(record.name)
            return
        tags = self._series_tags(record)
        session.execute(
            insert(InstanceVersion),
            {
                "instance_pk": old.id,
                "study_uid": _text(tags, 0x0020000D),
                "series_uid": record.series_uid,
                "sop_class_uid": record.sop_class_uid,
                "transfer_syntax_uid": record.transfer_syntax_uid,
                "object_key": record.key,
                "size_bytes": record.size_bytes,
                "data_offset": record.data_offset,
                "calling_ae": record.calling_ae,
                "received_at": _moment(record),
            },
        )
        growth = batch.study(old.study_pk)
        growth.conflicts += 1
        growth.size_bytes += record.size_bytes

    def _same_data_set(self, record: Received, old: Any) -> bool:
        if (old.sop_class_uid, old.transfer_syntax_uid) != (record.sop_class_uid, record.transfer_syntax_uid):
            return False
        with contextlib.ExitStack() as stack:
            new = stack.enter_context((self._inbox / record.name).open("rb"))
            try:
                first = stack.enter_context(self._storage.open(old.object_key, old.data_offset))
            except ObjectMissing:
                waiting = inbox.find(self._inbox, old.object_key)
                if waiting is None:
                    return False
                first = stack.enter_context(waiting.open("rb"))
                first.seek(old.data_offset)
            new.seek(record.data_offset)
            while True:
                a, b = new.read(1 << 20), first.read(1 << 20)
                if a != b:
                    return False
                if not a:
                    return True

    # series, studies, patients

    def _series_of(self, session: Session, batch: _Batch, record: Received) -> _SeriesEntry:
        entry = self._series.get(record.series_uid)
        if entry is None:
            entry = self._load_series(session, record.series_uid) or self._new_series(session, batch, record)
            self._series[record.series_uid] = entry
        study = entry.study
        if record.sop_class_uid not in study.sop_classes:
            study.sop_classes.add(record.sop_class_uid)
            classes = "\\".join(sorted(study.sop_classes))
            session.execute(update(Study).where(Study.id == study.id).values(sop_classes=classes))
        return entry

    def _load_series(self, session: Session, uid: str) -> _SeriesEntry | None:
        statement = (
            select(Series.id, Series.attributes, Study.uid)
            .join(Study, Study.id == Series.study_pk)
            .where(Series.uid == uid)
        )
        row = session.execute(statement).first()
        if row is None:
            return None
        study = self._load_study(session, row.uid)
        if study is None:
            return None
        base = attributes.unpacked(row.attributes)
        character_set = str(base.pop(0x00080005, "") or "").encode("ascii", "replace")
        return _SeriesEntry(row.id, study, attributes.SeriesAttributes(base, character_set))

    def _load_study(self, session: Session, uid: str) -> _StudyEntry | None:
        entry = self._studies.get(uid)
        if entry is None:
            row = session.execute(select(Study.id, Study.modalities, Study.sop_classes).where(Study.uid == uid)).first()
            if row is None:
                return None
            entry = _StudyEntry(row.id, row.modalities, {name for name in row.sop_classes.split("\\") if name})
            self._studies[uid] = entry
        return entry

    def _new_series(self, session: Session, batch: _Batch, record: Received) -> _SeriesEntry:
        tags = self._series_tags(record)
        character_set = tags.get(0x00080005, b"")
        uid = _text(tags, 0x0020000D)
        study = self._load_study(session, uid)
        if study is None:
            study = self._studies[uid] = self._new_study(session, record, tags)
        base = attributes.of_tags(record.tags, character_set, record.big_endian)
        kept = {**base, 0x00080005: character_set.decode("ascii", "replace").rstrip(" \0")}
        modality = _text(tags, 0x00080060)
        series_id = session.execute(
            insert(Series).returning(Series.id),
            {
                "uid": record.series_uid,
                "study_pk": study.id,
                "modality": modality,
                "number": number_of(_text(tags, 0x00200011)),
                "description": _text(tags, 0x0008103E),
                "body_part": _text(tags, 0x00180015),
                "protocol": _text(tags, 0x00181030),
                "laterality": _text(tags, 0x00200060),
                "series_date": _text(tags, 0x00080021),
                "series_time": _text(tags, 0x00080031),
                "station": _text(tags, 0x00081010),
                "manufacturer": _text(tags, 0x00080070),
                "model": _text(tags, 0x00081090),
                "institution": _text(tags, 0x00080080),
                "frame_of_reference_uid": _text(tags, 0x00200052),
                "calling_ae": record.calling_ae,
                "attributes": attributes.packed(kept),
            },
        ).scalar_one()
        batch.study(study.id).series += 1
        modalities = joined(study.modalities, modality)
        if modalities != study.modalities:
            study.modalities = modalities
            session.execute(update(Study).where(Study.id == study.id).values(modalities=modalities))
        return _SeriesEntry(series_id, study, attributes.SeriesAttributes(base, character_set))

    def _series_tags(self, record: Received) -> dict[int, bytes]:
        """What the message says of the series, or else the file: an earlier message may have died with its worker."""
        if record.series_tags is not None:
            return record.series_tags
        whole = self._record_of_file(record.name)
        return (whole.series_tags if whole else None) or {}

    def _new_study(self, session: Session, record: Received, tags: dict[int, bytes]) -> _StudyEntry:
        name = name_parts(_text(tags, 0x00100010))
        person = {
            "patient_id": _text(tags, 0x00100020),
            "issuer": _text(tags, 0x00100021),
            "name_key": search_key(_latin(name)),
            "ideographic_key": search_key(name.ideographic),
            "phonetic_key": search_key(name.phonetic),
            "birth_date": _text(tags, 0x00100030),
            "sex": _text(tags, 0x00100040),
        }
        study = {
            **person,
            "uid": _text(tags, 0x0020000D),
            "version": 0,
            "image_patient_id": self._patient_of(session, person, tags),
            "patient_name": _text(tags, 0x00100010),
            "age": _text(tags, 0x00101010),
            "accession": _text(tags, 0x00080050),
            "study_date": _text(tags, 0x00080020),
            "study_time": _text(tags, 0x00080030),
            "timezone": _text(tags, 0x00080201),
            "study_id": _text(tags, 0x00200010),
            "description": _text(tags, 0x00081030),
            "referring_name": _text(tags, 0x00080090),
            "institution": _text(tags, 0x00080080),
            "manufacturer": _text(tags, 0x00080070),
            "calling_ae": record.calling_ae,
            "received_at": _moment(record),
            "changed_at": _moment(record),
            "match_state": MatchState.NOT_OURS
            if record.sop_class_uid in NON_PATIENT_CLASSES and not person["patient_id"]
            else MatchState.PENDING,
        }
        study_id = session.execute(insert(Study).returning(Study.id), study).scalar_one()
        return _StudyEntry(study_id, "", set())

    def _patient_of(self, session: Session, person: dict[str, str], tags: dict[int, bytes]) -> int:
        # Without a patient ID nobody can say who is the same person: each study then has a patient of its own.
        study_uid = _text(tags, 0x0020000D)
        identity = f"{person['patient_id']}\n{person['issuer']}" if person["patient_id"] else f"\n\n{study_uid}"
        found = session.execute(select(ImagePatient.id).where(ImagePatient.identity == identity)).scalar_one_or_none()
        if found is not None:
            return int(found)
        values = {**person, "identity": identity, "name": _text(tags, 0x00100010)}
        return int(session.execute(insert(ImagePatient).returning(ImagePatient.id), values).scalar_one())

    # files

    def _move(self, record: Received, surplus: bool) -> None:
        path = self._inbox / record.name
        try:
            if surplus:
                path.unlink()
            else:
                self._storage.put(path, record.key)
        except FileNotFoundError:
            if not surplus and not self._storage.exists(record.key):
                logger.error("archive: a received file vanished before it was moved: %s", record.name)
        except OSError:
            # the row is committed and readers look into the inbox as well; the next scan moves the file
            logger.exception("archive: a file could not be moved out of the inbox yet: %s", record.name)

    def _record_of_file(self, name: str) -> Received | None:
        """Read a file in the inbox as its receiver did. What cannot be read is set aside with a line in the log."""
        path = self._inbox / name
        known = inbox.InboxName.parse(name)
        try:
            if known is None:
                raise NotPart10("its name was not made by the inbox")
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                if hashlib.sha256(mapped).hexdigest() != known.key:
                    raise NotPart10("its bytes are not those that were accepted")
                what, offset = read_meta(mapped[: MAX_META_BYTES + 256])
                with memoryview(mapped) as view, view[offset:] as data:
                    header = read_header(data, what.transfer_syntax_uid)
                    add_non_patient_uids(header.tags, what.sop_class_uid)
                    return record_of(name, what, header, offset, len(data))
        except FileNotFoundError:
            return None  # moved meanwhile
        except (NotPart10, DamagedHeader, ValueError) as fault:
            aside = self._inbox.parent / "damaged"
            aside.mkdir(exist_ok=True)
            path.replace(aside / name)
            logger.error("archive: a file in the inbox was set aside into %s: %s", aside, fault)
            return None


def _text(tags: dict[int, bytes], tag: int) -> str:
    """A series-level value as text in its own character set; one without NUL, which PostgreSQL does not keep."""
    return decode_text(tags.get(tag, b""), tags.get(0x00080005, b"")).strip().replace("\0", "")


def _latin(name: PersonNameParts) -> str:
    """The alphabetic group, or the pinyin of a name that came in Chinese only: a search by pinyin finds it then."""
    if name.alphabetic and not has_ideographs(name.alphabetic):
        return name.alphabetic
    return romanised(name.ideographic.replace("^", "")) if name.ideographic else ""


def _moment(record: Received) -> datetime:
    return datetime.fromtimestamp(record.received_ns / 1e9, UTC)
