"""Puts import and export together for the process of jobs."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from server.archive.exchange import service
from server.archive.exchange.exporting import Exporter, forget_old_exports
from server.archive.exchange.identity import Owner
from server.archive.exchange.importing import Importer, forget_cancelled
from server.bootstrap.indexing import receiver_of
from server.doors.dicom.ports import Refused
from server.doors.dicom.recode import recode
from server.doors.dicom.transcoding.process import ProcessTranscoder
from server.kernel import secretfiles
from server.kernel.dispatch import SYSTEM
from server.kernel.jobs import JobContext, JobKind, Schedule
from shared.contract.patients import PatientView
from shared.dicomkit.headers import PatientFacts
from shared.dicomkit.names import pn_value

if TYPE_CHECKING:
    from server.bootstrap.areas import Areas
    from server.bootstrap.folders import Folders
    from server.bootstrap.jobs import JobsHouse
    from server.kernel.database import Database

_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"

SCHEDULES = (Schedule(service.TIDY_JOB, timedelta(hours=1)),)


class AreaOwners:
    """importing.Owners over the areas of exams and patients."""

    def __init__(self, database: Database, areas: Areas) -> None:
        self._database = database
        self._areas = areas

    def of_exam(self, exam_id: int) -> Owner:
        with self._database.read() as uow:
            exam = self._areas.exams.view(uow, SYSTEM, exam_id)
        return Owner(_facts(exam.patient), exam.row.accession_number, exam.row.study_uid)

    def of_patient(self, patient_id: int) -> Owner:
        with self._database.read() as uow:
            return Owner(_facts(self._areas.patients.get(uow, patient_id)))


def _facts(patient: PatientView) -> PatientFacts:
    return PatientFacts(
        patient_id=patient.patient_number,
        name=pn_value(patient.name, patient.pinyin),
        birth_date=patient.birth_date,
        sex=patient.sex.value if patient.sex.value in ("M", "F", "O") else "",
    )


@cache
def _transcoder() -> ProcessTranscoder:
    return ProcessTranscoder()


def end_decoders() -> None:
    """End the child processes that decode for exports, if any were started."""
    if _transcoder.cache_info().currsize:
        _transcoder().close()
        _transcoder.cache_clear()


def decoded(data: bytes, syntax: str) -> bytes:
    """A data set in Explicit VR Little Endian, uncompressed; codecs run in a child process. Raises ValueError."""
    try:
        return bytes(recode(memoryview(data), syntax, _EXPLICIT_LITTLE, _transcoder()))
    except Refused as refused:
        raise ValueError(str(refused)) from refused


def anonymise_key(folders: Folders) -> bytes:
    """The server's key of anonymising: who has it can follow a pseudonym, who loses it cannot go on with a project."""
    return secretfiles.read_or_make(folders.secrets / "anonymise-key", secrets.token_bytes(32))


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Import, export and what tidies up after them."""
    areas, folders = house.areas, house.folders
    uploads = areas.exchange.uploads
    importer = Importer(
        house.database,
        uploads,
        receiver_of(house.settings, house.relay_address, house.relay_token, areas),
        areas.archive.objects.holds,
        AreaOwners(house.database, areas),
        scratch=folders.uploads / "scratch",
        zone=areas.time.zone,
    )

    exporter = Exporter(
        house.database,
        areas.archive.objects,
        folder=folders.exports,
        secret=anonymise_key(folders),
        decode=decoded,
        reserve_bytes=house.settings.reserve_mb << 20,
        check_folder=areas.exchange.export_target,
    )

    def tidy(_context: JobContext) -> str:
        count = uploads.forget_old() + forget_cancelled(house.database, uploads)
        count += forget_old_exports(house.database, folders.exports)
        return f"{count} files forgotten."

    return [
        JobKind(service.IMPORT_JOB, importer.run, lane="files"),
        JobKind(service.EXPORT_JOB, exporter.run, lane="files"),
        JobKind(service.TIDY_JOB, tidy, lane="house"),
    ]
