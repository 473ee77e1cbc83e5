"""Files against rows: what a file says, as at its reception, and where a row says otherwise."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from typing import Any, BinaryIO

import msgspec
from sqlalchemy import select

from server.archive import attributes
from server.archive.header import SERIES_TAGS, read_header
from server.archive.keeping.shadow import Told, corrected_series, corrected_study
from server.archive.keeping.tables import BinObject, Discard
from server.archive.labelling import truly_labelled
from server.archive.part10 import read_meta
from server.archive.receive import Received, add_non_patient_uids
from server.archive.tables import Instance, InstanceVersion
from shared.dicomkit.charsets import decode_text


class Compared:
    """What the files of each study and series say: every distinct set of columns, the first file's first."""

    def __init__(self) -> None:
        self.studies: dict[str, list[tuple[tuple[str, Any], ...]]] = {}
        self.series: dict[str, list[tuple[tuple[str, Any], ...]]] = {}
        self._done: set[tuple[str, int]] = set()

    def remember(self, row: Any, record: Received, told: Told) -> None:
        """Keep what the first file of the batch said of its series and study, once for each batch."""
        mark = (row.series_uid, id(told))
        if mark in self._done:
            return
        self._done = {one for one in self._done if one[1] == id(told)} | {mark}
        series = told.series.get(record.series_uid)
        study = told.studies.get(uid_of(record, 0x0020000D))
        if series is not None:
            columns = corrected_series(series, row.series_correction)
            _add(self.series.setdefault(row.series_uid, []), columns)
        if study is not None:
            columns = corrected_study(study, row.series_correction, row.study_correction)
            _add(self.studies.setdefault(row.study_uid, []), columns)


def _add(ways: list[tuple[tuple[str, Any], ...]], columns: dict[str, Any]) -> None:
    one = tuple(columns.items())
    if one not in ways:
        ways.append(one)


def named(session: Any, key: str, uid: str) -> bool:
    """Whether a row names this file of this instance."""
    of_instance = select(Instance.id).where(Instance.uid == uid, Instance.object_key == key)
    if session.execute(of_instance).first() is not None:
        return True
    others = (InstanceVersion, BinObject)
    return any(session.execute(select(one.id).where(one.object_key == key).limit(1)).first() for one in others)


def named_of(session: Any, keys: list[str]) -> set[str]:
    """Those of the keys that some row names; one walk through the instances."""
    tables = (Instance, InstanceVersion, BinObject, Discard)
    return {
        key
        for table in tables
        for key in session.execute(select(table.object_key).where(table.object_key.in_(keys))).scalars()
    }


def read_record(whole: memoryview, key: str) -> Received:
    """What the index is told of a stored file, as at its reception. Raises NotPart10, DamagedHeader."""
    what, offset = read_meta(whole[:20_000])
    header = read_header(whole[offset:], what.transfer_syntax_uid)
    add_non_patient_uids(header.tags, what.sop_class_uid)
    tags = header.tags
    return Received(
        name="",
        key=key,
        size_bytes=len(whole),
        data_offset=offset,
        received_ns=0,
        calling_ae="",
        sop_class_uid=what.sop_class_uid,
        sop_instance_uid=what.sop_instance_uid,
        series_uid=decode_text(tags.get(0x0020000E, b"")),
        transfer_syntax_uid=what.transfer_syntax_uid,
        big_endian=header.big_endian,
        series_tags={tag: value for tag, value in tags.items() if tag in SERIES_TAGS},
        tags={tag: value for tag, value in tags.items() if tag not in SERIES_TAGS},
    )


def labelled(record: Received, forced: str | None) -> Received:
    """The record with its texts in the character set that a person chose for the study."""
    if not forced:
        return record
    return msgspec.structs.replace(record, series_tags=truly_labelled(record.series_tags or {}, forced)[0])


def mapped(file: BinaryIO) -> memoryview:
    try:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):
        return memoryview(file.read())


def uid_of(record: Received, tag: int) -> str:
    return decode_text((record.series_tags or {}).get(tag, b""))


def unlike(record: Received, row: Any, uid: str, series_uid: str | None) -> str | None:
    """What a row of an instance, a version or the bin says otherwise than its file."""
    facts = (
        ("SOP Instance UID", record.sop_instance_uid, uid),
        ("SOP Class UID", record.sop_class_uid, row.sop_class_uid),
        ("Transfer Syntax UID", record.transfer_syntax_uid, row.transfer_syntax_uid),
        ("Series Instance UID", record.series_uid, record.series_uid if series_uid is None else series_uid),
        ("大小", record.size_bytes, row.size_bytes),
        ("数据偏移", record.data_offset, row.data_offset),
    )
    return next((name for name, in_file, in_row in facts if in_file != in_row), None)


def right_instance(record: Received, right: Mapping[str, Any], base: attributes.Attributes) -> dict[str, Any]:
    """The columns of an instance as its file says, its attributes as differences from its series' as they are."""
    whole = right["whole"]
    changed: attributes.Attributes = {tag: value for tag, value in whole.items() if base.get(tag) != value}
    changed.update({tag: None for tag in base if tag not in whole})
    return {
        "sop_class_uid": record.sop_class_uid,
        "transfer_syntax_uid": record.transfer_syntax_uid,
        "size_bytes": record.size_bytes,
        "data_offset": record.data_offset,
        "number": right["number"],
        "attributes": attributes.packed(changed) if changed else None,
    }
