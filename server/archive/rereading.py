"""Reads the texts of one study again, out of its files, in a character set that a person chose."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from server.archive import attributes, details, epoch
from server.archive.header import SERIES_TAGS, DamagedHeader, read_header
from server.archive.labelling import truly_labelled
from server.archive.name_index import NameIndex
from server.archive.objects import ArchiveObjects
from server.archive.receive import Received
from server.archive.rows import name_columns
from server.archive.tables import ImagePatient, Instance, Series, Study
from server.kernel.database import Database
from server.kernel.errors import Refusal, invalid, not_found
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.dicomkit.charsets import decode_text, is_known

_STUDY_TEXTS = {
    "patient_name": 0x00100010,
    "patient_id": 0x00100020,
    "issuer": 0x00100021,
    "accession": 0x00080050,
    "study_id": 0x00200010,
    "description": 0x00081030,
    "referring_name": 0x00080090,
    "institution": 0x00080080,
    "manufacturer": 0x00080070,
}
_SERIES_TEXTS = {
    "description": 0x0008103E,
    "protocol": 0x00181030,
    "station": 0x00081010,
    "manufacturer": 0x00080070,
    "model": 0x00081090,
    "institution": 0x00080080,
}


def set_character_set(database: Database, objects: ArchiveObjects, study_uid: str, character_set: str) -> int:
    """Read a study's texts in `character_set` (empty: as the doctor finds them); returns the study's row id.

    Raises Refusal: INVALID for an unknown set, NOT_FOUND, ILLEGAL_ACTION for a study whose texts a person corrected,
    UNAVAILABLE when a file cannot be read; then nothing is changed.
    """
    character_set = character_set.strip()
    if character_set and not is_known(character_set):
        raise invalid("character_set", "不认识这个字符集，请填写 DICOM 的定义术语，例如 GB18030 或 ISO_IR 192。")
    with database.read() as uow:
        study = uow.session.execute(select(Study).where(Study.uid == study_uid)).scalar_one_or_none()
        if study is None:
            raise not_found("该影像")
        if study.correction:
            raise Refusal(ErrorCode.ILLEGAL_ACTION, "该影像的信息已由人工更正，字符集不再影响显示。")
        of_study = select(func.min(Instance.id)).join(Series, Series.id == Instance.series_pk)
        firsts = of_study.where(Series.study_pk == study.id).group_by(Instance.series_pk)
        statement = (
            select(Series.id, Instance.uid, Instance.transfer_syntax_uid, Instance.data_offset)
            .join(Instance, Instance.series_pk == Series.id)
            .where(Instance.id.in_(uow.session.execute(firsts).scalars().all()))
            .order_by(Series.id)
        )
        rows = uow.session.execute(statement).all()
        study_id = study.id
    headers = {row.id: _tags(objects, row) for row in rows}
    with database.write() as uow:
        session = uow.session
        study = session.get_one(Study, study_id)
        study.forced_charset = character_set
        for position, row in enumerate(rows):
            raw, record = headers[row.id]
            tags, note = truly_labelled(raw, character_set)
            if not position:
                _write_study(session, study, tags, note, record)
            _write_series(session.get_one(Series, row.id), tags, record)
        study.touch()
        epoch.bump(session)  # the indexer remembers the old character set
        uow.publish(Changed("study", study.id, study.version))
    return study_id


def _tags(objects: ArchiveObjects, row: Any) -> tuple[dict[int, bytes], Received]:
    with memoryview(objects.part10(row.uid)) as whole:
        try:
            header = read_header(whole[row.data_offset :], row.transfer_syntax_uid)
        except DamagedHeader as damaged:
            raise Refusal(ErrorCode.UNAVAILABLE, f"图像数据损坏，无法读取：{damaged}") from None
    tags = {tag: value for tag, value in header.tags.items() if tag in SERIES_TAGS}
    record = Received("", "", 0, 0, 0, "", "", row.uid, "", row.transfer_syntax_uid, header.big_endian, tags, {})
    return tags, record


def _write_study(session: Any, study: Study, tags: dict[int, bytes], note: str, record: Received) -> None:
    for column, tag in _STUDY_TEXTS.items():
        setattr(study, column, _text(tags, tag))
    names = name_columns(study.patient_name)
    patient = session.get_one(ImagePatient, study.image_patient_id)
    for column, value in names.items():
        setattr(study, column, value)
        setattr(patient, column, value)
    patient.name = study.patient_name
    study.charset_note = note
    study.details = details.of_study(tags, record)
    NameIndex().add(session, names.values())


def _write_series(series: Series, tags: dict[int, bytes], record: Received) -> None:
    for column, tag in _SERIES_TEXTS.items():
        setattr(series, column, _text(tags, tag))
    base = attributes.unpacked(series.attributes)
    base[0x00080005] = tags.get(0x00080005, b"").decode("ascii", "replace").rstrip(" \0")
    series.attributes = attributes.packed(base)
    series.details = details.of_series(tags, record)


def _text(tags: dict[int, bytes], tag: int) -> str:
    return decode_text(tags.get(tag, b""), tags.get(0x00080005, b"")).strip().replace("\0", "")
