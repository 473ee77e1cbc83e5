"""The job that makes objects of pictures and video and rejects those of deleted ones; safe to begin again."""

from __future__ import annotations

import logging
from collections.abc import Callable

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.kernel.jobs import JobContext, JobFailed, JobKind, JobRetry
from server.kernel.storage.port import ObjectMissing, ObjectStorage
from server.pathology.media.keeping import ARCHIVE_JOB
from server.pathology.media.ports import Archive, Cases, NotYet
from server.pathology.media.tables import MediaRow
from server.pathology.media.views import media_view
from server.pathology.study import uid_of
from shared.contract.base import Changed
from shared.contract.pathology_media import MediaView
from shared.dicomkit import visible_light
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, SeriesFacts
from shared.dicomkit.visible_light import Optics, SpecimenFacts
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.imaging import motion_avi

logger = logging.getLogger(__name__)

MAX_OBJECT_BYTES = 300 * 1024 * 1024
"""A larger recording is not made into an object: making one takes three times its size in memory."""
_PAUSES_S = (2.0, 10.0, 60.0, 300.0)
_SERIES = {MediaSubject.GROSS: 941, MediaSubject.MICROSCOPE: 942, MediaSubject.DOCUMENT: 943}


Rejecting = Callable[[UnitOfWork, str, str, str], None]
"""Takes the object of a deleted picture out of the archive: study UID, SOP instance UID, by whom."""


class MediaMaker:
    """`kinds` are for the runner of jobs."""

    def __init__(
        self,
        database: Database,
        storage: ObjectStorage,
        cases: Cases,
        archive: Archive,
        reject: Rejecting,
        time_: HospitalTime,
        institution: str = "",
    ) -> None:
        self._database = database
        self._storage = storage
        self._cases = cases
        self._archive = archive
        self._reject = reject
        self._time = time_
        self._institution = institution

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [JobKind(ARCHIVE_JOB, self.make, lane="results", max_attempts=1_000)]

    def make(self, context: JobContext) -> str:
        """Bring the archive to what the case has of this capture."""
        media_id = int(context.payload["media"])
        with self._database.read() as uow:
            row = uow.session.get(MediaRow, media_id)
            if row is None or row.kind == MediaKind.VOICE.value:
                return "Nothing to do."
            view, deleted_by = media_view(row), row.deleted_by if row.deleted_at is not None else None
        if deleted_by is not None:
            return self._take_out(context, view, deleted_by)
        if view.sop_uid:
            return "It lies in the archive already."
        if view.size_bytes > MAX_OBJECT_BYTES:
            return "The recording is too large for one object; it stays with the case."
        sop_uid = self._store(context, view)
        with self._database.write() as uow:
            row = uow.session.get(MediaRow, media_id, with_for_update=True)
            if row is not None:
                row.sop_uid = sop_uid
                uow.publish(Changed("pathology_media", row.case_id, 0))
        return "One object made."

    def _store(self, context: JobContext, view: MediaView) -> str:
        sop_uid = uid_of("instance", view.key)
        try:
            if self._archive.holds([sop_uid]):
                return sop_uid
            made = self._made(view, sop_uid)
            self._archive.store(made)
            if not self._archive.holds([sop_uid]):
                raise NotYet("已保存，正在等待编入索引。")
        except NotYet as waits:
            raise JobRetry(str(waits), _PAUSES_S[min(max(context.attempts, 1), len(_PAUSES_S)) - 1]) from waits
        except (ValueError, ObjectMissing) as fault:
            raise JobFailed(f"The picture cannot be made into an object: {fault}") from fault
        return sop_uid

    def _made(self, view: MediaView, sop_uid: str):  # type: ignore[no-untyped-def]  # a pydicom Dataset
        facts = view.facts
        with self._database.read() as uow:
            patient, study = self._cases.patient_and_study(uow, facts.case_id)
            piece = self._cases.piece(uow, facts.case_id, facts.specimen_id, facts.block_id, facts.slide_id)
            parent = None if facts.parent_id is None else uow.session.get(MediaRow, facts.parent_id)
            source = None if parent is None else _reference(study.study_uid, media_view(parent))
        microscopic = facts.subject is MediaSubject.MICROSCOPE
        specimen = SpecimenFacts(piece.identifier, piece.uid, piece.description)
        optics = Optics(facts.objective, facts.um_per_pixel)
        number = _SERIES[facts.subject] + 10 * (facts.kind is MediaKind.VIDEO)
        series = SeriesFacts(_series_uid(study.study_uid, view), number, _words(view))
        equipment = EquipmentFacts(institution=self._institution, station=facts.station[:16])
        made_at = facts.taken_at.astimezone(self._time.zone)
        with self._storage.open(view.sha256) as reader:
            if facts.kind is MediaKind.IMAGE:
                return visible_light.photograph(
                    patient, study, reader.read(), specimen, microscopic=microscopic, made_at=made_at, optics=optics,
                    series=series, equipment=equipment, sop_uid=sop_uid, instance_number=view.id, source=source,
                    steps=facts.steps,
                )  # fmt: skip
            found = motion_avi.look(reader)
            return visible_light.video(
                patient, study, motion_avi.pictures(reader, found), found.rate, specimen, microscopic=microscopic,
                made_at=made_at, optics=optics, series=series, equipment=equipment, sop_uid=sop_uid,
                instance_number=view.id,
            )  # fmt: skip

    def _take_out(self, context: JobContext, view: MediaView, by: str) -> str:
        sop_uid = view.sop_uid or uid_of("instance", view.key)
        if not self._archive.holds([sop_uid]):
            return "It was deleted before it lay in the archive."
        with self._database.write() as uow:
            _, study = self._cases.patient_and_study(uow, view.facts.case_id)
            try:
                self._reject(uow, study.study_uid, sop_uid, by)
            except Refusal as refusal:
                logger.info("a deleted picture's object stays: %s", refusal)
                return "The archive keeps the object."
        return "The object was rejected."


def _series_uid(study_uid: str, view: MediaView) -> str:
    return uid_of("series", study_uid, view.facts.kind.value, view.facts.subject.value)


def _reference(study_uid: str, parent: MediaView) -> InstanceReference:
    microscopic = parent.facts.subject is MediaSubject.MICROSCOPE
    sop_class = visible_light.MICROSCOPIC if microscopic else visible_light.PHOTOGRAPH
    return InstanceReference(study_uid, _series_uid(study_uid, parent), sop_class, uid_of("instance", parent.key))


def _words(view: MediaView) -> str:
    subject = {MediaSubject.GROSS: "Gross", MediaSubject.MICROSCOPE: "Microscopic", MediaSubject.DOCUMENT: "Document"}
    return f"{subject[view.facts.subject]} {view.kind.value}"
