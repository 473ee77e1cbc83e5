"""Turns what was received into rows of the index, in the indexer's transaction; knows no thread and moves no file.

The same object again makes no row. Other bytes under a known SOP Instance UID become a further version beside the
first (docs/decisions/006).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.archive import attributes, completeness, details, epoch, inbox
from server.archive.keeping.discards import going
from server.archive.keeping.rejected import Rejected, bin_is_empty, keep_version, rejected
from server.archive.labelling import truly_labelled
from server.archive.name_index import NameIndex
from server.archive.ports import AsItCame, NewSeries, Placement
from server.archive.receive import Received
from server.archive.row_statements import COUNT_SERIES, DESCRIBE_STUDY, GROW_STUDY, INSERT_INSTANCES, inserted
from server.archive.rules import NON_PATIENT_CLASSES, MatchState, joined, number_of, search_key
from server.archive.tables import ImagePatient, Instance, InstanceVersion, Series, Study
from server.kernel.database.prepared import values_there
from server.kernel.storage.fingerprint import is_file_of
from server.kernel.storage.port import ObjectMissing, ObjectStorage
from shared.dicomkit.charsets import decode_text
from shared.dicomkit.names import PersonNameParts, is_chinese, name_parts, romanised

log = logging.getLogger(__name__)

_CACHE = 1_000  # series, and studies: many more than are sent at the same time
_LOOK_AHEAD = 4  # new series in a batch


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
    forced_charset: str = ""


@dataclass
class _Growth:
    """What a batch adds to one study or series."""

    instances: int = 0
    series: int = 0
    size_bytes: int = 0
    conflicts: int = 0


@dataclass
class Batch:
    """Rows and sums of one transaction."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    studies: dict[int, _Growth] = field(default_factory=dict)
    series: dict[int, int] = field(default_factory=dict)
    described: dict[int, _StudyEntry] = field(default_factory=dict)  # studies with another modality or SOP class
    surplus: set[str] = field(default_factory=set)  # files in the inbox that say what an instance says already
    going: set[str] = field(default_factory=set)  # keys whose earlier files are being removed: not to be put yet

    def study(self, study_id: int) -> _Growth:
        return self.studies.setdefault(study_id, _Growth())


class IndexRows:
    """Writes rows, remembering the series and studies it has seen; used by one thread.

    `describe` reads a file of the inbox whose message did not describe its series.
    """

    def __init__(
        self,
        storage: ObjectStorage,
        inbox_folder: Path,
        describe: Callable[[str], Received | None],
        placement: Placement | None = None,
    ) -> None:
        self._placement = placement or AsItCame()
        self._storage = storage
        self._inbox = inbox_folder
        self._describe = describe
        self._series: dict[str, _SeriesEntry] = {}
        self._studies: dict[str, _StudyEntry] = {}
        self._names = NameIndex()
        self._absent: set[str] = set()  # series, studies and identities that the batch in work did not find
        self._epoch = -1
        self._bin_is_empty = False
        self._rejected: dict[str, Rejected] = {}  # of this batch: what lies in the recycle bin

    def write(self, session: Session, records: list[Received]) -> Batch:
        """Add all records; says which studies grew and which files say nothing new. On any exception call `forget`."""
        if len(self._series) > _CACHE or len(self._studies) > _CACHE:
            self.forget()
        self._look_at_the_bin(session, records)
        batch = Batch()
        present = self._present(session, {record.sop_instance_uid for record in records})
        self._look_ahead(session, records)
        for record in records:
            self._add(session, batch, record, present)
        self._write(session, batch)
        batch.going = going(session)
        return batch

    def forget(self) -> None:
        """Drop what is remembered: the transaction was rolled back, or rows were changed by others."""
        self._series.clear()
        self._studies.clear()
        self._placement.forget()
        self._names.forget()
        self._absent.clear()

    def _look_at_the_bin(self, session: Session, records: list[Received]) -> None:
        now = epoch.present(session)
        if now != self._epoch:  # rows went away or came back: ids that are remembered may mean others
            self.forget()
            self._epoch, self._bin_is_empty = now, bin_is_empty(session)
        uids = {record.sop_instance_uid for record in records}
        self._rejected = {} if self._bin_is_empty else rejected(session, uids)

    def _present(self, session: Session, uids: Collection[str]) -> dict[str, Any]:
        known = values_there(session, Instance.uid, uids)
        if not known:
            return {}
        columns = (
            Instance.id,
            Instance.uid,
            Instance.object_key,
            Instance.received_key,
            Instance.sop_class_uid,
            Instance.transfer_syntax_uid,
            Instance.data_offset,
            Series.study_pk,
        )
        statement = select(*columns).join(Series, Series.id == Instance.series_pk).where(Instance.uid.in_(known))
        return {row.uid: row for row in session.execute(statement)}

    def _look_ahead(self, session: Session, records: list[Received]) -> None:
        """Learn with three queries what a batch of many new series would ask one by one."""
        self._absent.clear()
        fresh = {record.series_uid: record for record in records if record.series_uid not in self._series}
        if len(fresh) < _LOOK_AHEAD:
            return
        there = values_there(session, Series.uid, fresh)
        self._absent.update(fresh.keys() - there)
        tags = [one.series_tags for uid, one in fresh.items() if uid not in there and one.series_tags]
        studies = {_text(each, 0x0020000D) for each in tags} - self._studies.keys()
        self._absent.update(studies - values_there(session, Study.uid, studies))
        people = {_identity(_text(each, 0x00100020), _text(each, 0x00100021), _text(each, 0x0020000D)) for each in tags}
        self._absent.update(people - values_there(session, ImagePatient.identity, people))

    def _add(self, session: Session, batch: Batch, record: Received, present: dict[str, Any]) -> None:
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
            if old.received_key == record.key:
                batch.surplus.add(record.name)  # compressed since: the pixels are here
            elif old.object_key != record.key:
                self._add_version(session, batch, record, old)
            return
        if uid in self._rejected:
            self._add_to_the_bin(session, batch, record, self._rejected[uid])
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

    def _write(self, session: Session, batch: Batch) -> None:
        """Write what the batch holds; it can be filled further."""
        if batch.rows:
            INSERT_INSTANCES.run(session, list(batch.rows.values()))
            batch.rows.clear()
        connection = session.connection()
        if batch.series:
            connection.execute(COUNT_SERIES, [{"this": id_, "more": count} for id_, count in batch.series.items()])
            batch.series.clear()
        if batch.described:
            described = [
                {"this": id_, "modalities": one.modalities, "classes": "\\".join(sorted(one.sop_classes))}
                for id_, one in batch.described.items()
            ]
            connection.execute(DESCRIBE_STUDY, described)
            batch.described.clear()
        now = datetime.now(UTC)
        grown = [(study_id, growth) for study_id, growth in batch.studies.items() if growth != _Growth()]
        if grown:
            connection.execute(
                GROW_STUDY,
                [
                    {
                        "this": study_id,
                        "instances": growth.instances,
                        "series": growth.series,
                        "size": growth.size_bytes,
                        "others": growth.conflicts,
                        "now": now,
                    }
                    for study_id, growth in grown
                ],
            )
        for study_id, _ in grown:
            batch.studies[study_id] = _Growth()

    def _add_version(self, session: Session, batch: Batch, record: Received, old: Any) -> None:
        """Keep other bytes under a known UID beside the first ones, unless only the file meta information differs."""
        known = select(InstanceVersion.id).where(InstanceVersion.object_key == record.key)
        if session.execute(known).first() is not None:
            return
        if self._came_as(record, old.received_key) or self._same_data_set(record, old):
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
        log.warning(
            "an object from %r has other content than instance %d with its SOP Instance UID: kept, not shown",
            record.calling_ae,
            old.id,
        )
        growth.size_bytes += record.size_bytes

    def _add_to_the_bin(self, session: Session, batch: Batch, record: Received, into: Rejected) -> None:
        if record.key in into.keys:
            batch.surplus.add(record.name)
            return
        keep_version(
            session,
            into,
            uid=record.sop_instance_uid,
            study_uid=_text(self._series_tags(record), 0x0020000D),
            series_uid=record.series_uid,
            sop_class_uid=record.sop_class_uid,
            transfer_syntax_uid=record.transfer_syntax_uid,
            object_key=record.key,
            size_bytes=record.size_bytes,
            data_offset=record.data_offset,
            calling_ae=record.calling_ae,
            received_at=_moment(record),
        )
        self._rejected.update(rejected(session, [record.sop_instance_uid]))

    def _came_as(self, record: Received, key: str | None) -> bool:
        """Whether the bytes have this key too: of an object that was received when keys were made in another way."""
        try:
            return key is not None and is_file_of(key, self._inbox / record.name)
        except FileNotFoundError:
            return False

    def _same_data_set(self, record: Received, old: Any) -> bool:
        if (old.sop_class_uid, old.transfer_syntax_uid) != (record.sop_class_uid, record.transfer_syntax_uid):
            return False
        with contextlib.ExitStack() as stack:
            try:
                new = stack.enter_context((self._inbox / record.name).open("rb"))
            except FileNotFoundError:
                return True  # worked on already: told twice
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

    def _series_of(self, session: Session, batch: Batch, record: Received) -> _SeriesEntry:
        entry = self._series.get(record.series_uid)
        if entry is None:
            entry = self._load_series(session, record.series_uid) or self._new_series(session, batch, record)
            self._series[record.series_uid] = entry
        study = entry.study
        if record.sop_class_uid not in study.sop_classes:
            study.sop_classes.add(record.sop_class_uid)
            batch.described[study.id] = study
        return entry

    def _load_series(self, session: Session, uid: str) -> _SeriesEntry | None:
        if uid in self._absent:
            return None
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
            if uid in self._absent:
                return None
            columns = (Study.id, Study.modalities, Study.sop_classes, Study.forced_charset)
            row = session.execute(select(*columns).where(Study.uid == uid)).first()
            if row is None:
                return None
            classes = {name for name in row.sop_classes.split("\\") if name}
            entry = _StudyEntry(row.id, row.modalities, classes, row.forced_charset)
            self._studies[uid] = entry
        return entry

    def _new_series(self, session: Session, batch: Batch, record: Received) -> _SeriesEntry:
        tags = self._series_tags(record)
        uid = self._placement.study_uid(session, _text(tags, 0x0020000D))
        study = self._load_study(session, uid)
        tags, charset_note = truly_labelled(tags, study.forced_charset if study else "")
        character_set = tags.get(0x00080005, b"")
        is_new_study = study is None
        if study is None:
            study = self._studies[uid] = self._new_study(session, record, tags, charset_note)
        base = attributes.of_tags(record.tags, character_set, record.big_endian)
        kept = {**base, 0x00080005: character_set.decode("ascii", "replace").rstrip(" \0")}
        modality = _text(tags, 0x00080060)
        series_id = inserted(
            session,
            Series,
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
                "details": details.of_series(tags, record),
            },
        )
        batch.study(study.id).series += 1
        stated = (_text(tags, 0x00201208), _text(tags, 0x00201209))
        if any(stated):
            completeness.keep_counts(session, uid, record.series_uid, *stated, sender=record.calling_ae)
        modalities = joined(study.modalities, modality)
        if modalities != study.modalities:
            study.modalities = modalities
            batch.described[study.id] = study
        self._placement.placed(session, NewSeries(study.id, series_id, is_new_study, record.calling_ae, tags))
        return _SeriesEntry(series_id, study, attributes.SeriesAttributes(base, character_set))

    def _series_tags(self, record: Received) -> dict[int, bytes]:
        """What the message says of the series, or else the file: an earlier message may have died with its worker."""
        if record.series_tags is not None:
            return record.series_tags
        whole = self._describe(record.name)
        return (whole.series_tags if whole else None) or {}

    def _new_study(self, session: Session, record: Received, tags: dict[int, bytes], charset_note: str) -> _StudyEntry:
        person = {
            **name_columns(_text(tags, 0x00100010)),
            "patient_id": _text(tags, 0x00100020),
            "issuer": _text(tags, 0x00100021),
            "birth_date": _text(tags, 0x00100030),
            "sex": _text(tags, 0x00100040),
        }
        study = {
            **person,
            "uid": _text(tags, 0x0020000D),
            "version": 1,
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
            "charset_note": charset_note,
            "calling_ae": record.calling_ae,
            "received_at": _moment(record),
            "changed_at": _moment(record),
            "match_state": MatchState.NOT_OURS
            if record.sop_class_uid in NON_PATIENT_CLASSES and not person["patient_id"]
            else MatchState.PENDING,
        }
        study["details"] = details.of_study(tags, record)
        study_id = inserted(session, Study, study)
        self._names.add(session, (person["name_key"], person["ideographic_key"], person["phonetic_key"]))
        return _StudyEntry(study_id, "", set())

    def _patient_of(self, session: Session, person: dict[str, str], tags: dict[int, bytes]) -> int:
        # Without a patient ID nobody can say who is the same person: each study then has a patient of its own.
        study_uid = _text(tags, 0x0020000D)
        identity = _identity(person["patient_id"], person["issuer"], study_uid)
        if identity not in self._absent:
            statement = select(ImagePatient.id).where(ImagePatient.identity == identity)
            found = session.execute(statement).scalar_one_or_none()
            if found is not None:
                return int(found)
        self._absent.discard(identity)
        return inserted(session, ImagePatient, {**person, "identity": identity, "name": _text(tags, 0x00100010)})


def _identity(patient_id: str, issuer: str, study_uid: str) -> str:
    return f"{patient_id}\n{issuer}" if patient_id else f"\n\n{study_uid}"


def _text(tags: dict[int, bytes], tag: int) -> str:
    """A series-level value as text in its own character set; one without NUL, which PostgreSQL does not keep."""
    raw = tags.get(tag)
    return decode_text(raw, tags.get(0x00080005, b"")).strip().replace("\0", "") if raw else ""


def name_columns(text: str) -> dict[str, str]:
    """The folded columns by which a person name is found."""
    name = name_parts(text)
    return {
        "name_key": search_key(_latin(name)),
        "ideographic_key": search_key(name.ideographic),
        "phonetic_key": search_key(name.phonetic),
    }


def _latin(name: PersonNameParts) -> str:
    """The alphabetic group, or the pinyin of a name that came in Chinese only: a search by pinyin finds it then."""
    if name.alphabetic and not is_chinese(name.alphabetic):
        return name.alphabetic
    return romanised(name.ideographic.replace("^", "")) if name.ideographic else ""


def _moment(record: Received) -> datetime:
    return datetime.fromtimestamp(record.received_ns / 1e9, UTC)
