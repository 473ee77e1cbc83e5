"""导出病例: the records of a case, the manifest, and the bytes of its captures."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from server.kernel.storage.port import ObjectMissing, ObjectStorage
from server.pathology.cases.service import CaseService
from server.pathology.exchange.records import KINDS, Kind, Record, to_record
from server.pathology.media.tables import MediaRow
from server.pathology.papers.ports import HospitalName
from server.pathology.slides.tables import SlideImageRow
from shared.contract.pathology_exchange import (
    FORMAT,
    FORMAT_VERSION,
    PIECE,
    RECORDS,
    Manifest,
    PackageFile,
    SlideReference,
)
from shared.domain.pathology import CaseAction

_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "video/avi": "avi",
    "video/x-msvideo": "avi",
    "application/pdf": "pdf",
}


class Exporting:
    """Reads; writes only that the case was exported into its trail."""

    def __init__(self, time: HospitalTime, cases: CaseService, storage: ObjectStorage, hospital: HospitalName) -> None:
        self._time, self._cases, self._storage, self._hospital = time, cases, storage, hospital

    def package(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[Manifest, bytes]:
        """Return the manifest and the records. Raises NOT_FOUND, PERMISSION_MISSING, ILLEGAL_ACTION."""
        facts = self._cases.check(uow, caller, case_id, CaseAction.EXPORT)
        tables: dict[str, list[Record]] = {}
        for kind in KINDS:
            tables[kind.name] = [to_record(kind, row) for row in _rows(uow, kind, case_id, tables)]
        records = msgspec.json.format(msgspec.json.encode({"tables": tables}), indent=1)
        manifest = Manifest(
            format=FORMAT,
            version=FORMAT_VERSION,
            number=facts.number,
            library=facts.library_name,
            library_kind=facts.library_kind.value,
            patient_name=facts.patient_name,
            state=facts.state.value,
            exported_at=self._time.now(),
            exported_by=caller.name,
            hospital=self._hospital.name(uow, "zh"),
            files=(_file(RECORDS, records), *self._captures(uow, case_id)),
            slides=_slides(uow, case_id),
        )
        return manifest, records

    def read(self, uow: UnitOfWork, caller: Caller, case_id: int, sha256: str, offset: int) -> bytes:
        """Return a piece of a capture. Raises NOT_FOUND, PERMISSION_MISSING."""
        self._cases.check(uow, caller, case_id, CaseAction.EXPORT)
        own = (MediaRow.case_id == case_id, MediaRow.sha256 == sha256, MediaRow.deleted_at.is_(None))
        if offset < 0 or uow.session.scalar(select(MediaRow.id).where(*own).limit(1)) is None:
            raise not_found("影像")
        try:
            with self._storage.open(sha256, offset, PIECE) as reader:
                return reader.read()
        except ObjectMissing as missing:
            raise not_found("影像") from missing

    @staticmethod
    def _captures(uow: UnitOfWork, case_id: int) -> tuple[PackageFile, ...]:
        own = (MediaRow.case_id == case_id, MediaRow.deleted_at.is_(None))
        found: dict[str, PackageFile] = {}
        for place, row in enumerate(uow.session.scalars(select(MediaRow).where(*own).order_by(MediaRow.position)), 1):
            ending = _ENDINGS.get(row.media_type, "bin")
            name = f"media/{place:04}.{ending}"
            found.setdefault(
                row.sha256,
                PackageFile(name=name, sha256=row.sha256, size=row.size_bytes, media_type=row.media_type),
            )
        return tuple(found.values())


def _rows(uow: UnitOfWork, kind: Kind, case_id: int, tables: dict[str, list[Record]]) -> list[Any]:
    table = kind.table
    condition: ColumnElement[bool]
    if kind.parent:
        ids = [record["id"] for record in tables[kind.refs[kind.parent]]]
        condition = table.c[kind.parent].in_(ids)
    else:
        condition = (table.c.id if kind.name == "pathology_cases" else table.c.case_id) == case_id
    statement = select(table).where(condition).order_by(*table.primary_key.columns)
    if kind.row is MediaRow:
        statement = statement.where(table.c.deleted_at.is_(None))
    return list(uow.session.execute(statement).mappings())


def _file(name: str, data: bytes) -> PackageFile:
    return PackageFile(
        name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data), media_type="application/json"
    )


def _slides(uow: UnitOfWork, case_id: int) -> tuple[SlideReference, ...]:
    rows = uow.session.scalars(select(SlideImageRow).where(SlideImageRow.case_id == case_id).order_by(SlideImageRow.id))
    return tuple(
        SlideReference(
            slide_number=row.slide_number, study_uid=row.study_uid, series_uid=row.series_uid, file_name=row.file_name
        )
        for row in rows
    )
