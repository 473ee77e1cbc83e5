"""Modality performed procedure steps (PS3.4 F.7): what a device says it does moves the exam; knows no door.

A device that works is never refused for the state of the exam: IN PROGRESS makes it 检查中 from 已登记 whatever the
queue said, COMPLETED makes it 已检查, DISCONTINUED puts the patient back into the queue. A step of no known exam is
kept and moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import msgspec
from sqlalchemy import select

from server.exams.rules import ExamEvent
from server.exams.service import ExamService
from server.exams.tables import PerformedStepExamRow, PerformedStepRow
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal

Refuse: TypeAlias = Callable[[int, str], Exception]

# PS3.7 annex C, PS3.4 F.7.2.1.2
PROCESSING_FAILURE = 0x0110
DUPLICATE_INSTANCE = 0x0111
NO_SUCH_INSTANCE = 0x0112
INVALID_VALUE = 0x0106
MISSING_ATTRIBUTE = 0x0120

IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"

_STATUS, _STATION_AE, _MODALITY = 0x00400252, 0x00400241, 0x00080060
_SCHEDULED, _PERFORMED_SERIES = 0x00400270, 0x00400340
_ACCESSION, _STUDY_UID = 0x00080050, 0x0020000D
_REFERENCED_IMAGES, _REFERENCED_OTHERS, _REFERENCED_UID = 0x00081140, 0x00400220, 0x00081155


class Step(Protocol):
    """An N-CREATE or N-SET as the door hands it over."""

    @property
    def sop_instance_uid(self) -> str:
        """UID of the step."""

    @property
    def attributes(self) -> Mapping[int, Any]:
        """Attributes by tag; of an N-SET only those that change."""

    @property
    def calling_ae(self) -> str:
        """Who sent it."""


@dataclass(frozen=True, slots=True)
class PerformedImages:
    """The objects that a step says it made, for whoever waits for them. `is_final`: the step has ended."""

    step_uid: str
    study_uid: str
    station_ae: str
    instance_uids: tuple[str, ...]
    is_final: bool


def _nobody_waits(_uow: UnitOfWork, _images: PerformedImages) -> None:
    return


class SqlPerformedSteps:
    """Follows performed steps, durably before it returns. Safe to use from several threads.

    `refuse` builds the door's exception from a DIMSE status and a sentence, `final` the one for a step that may no
    longer be updated (PS3.4 F.7.2.2.3). `images` is told, in the same unit of work, what a step says it made.
    """

    def __init__(
        self,
        database: Database,
        time: HospitalTime,
        exams: ExamService,
        refuse: Refuse,
        final: Callable[[], Exception],
        images: Callable[[UnitOfWork, PerformedImages], None] = _nobody_waits,
    ) -> None:
        self._database = database
        self._time = time
        self._exams = exams
        self._refuse = refuse
        self._final = final
        self._images = images

    def create(self, step: Step) -> None:
        """N-CREATE: a step begins. Raises what `refuse` builds."""
        status = _text(step.attributes, _STATUS)
        if not status:
            raise self._refuse(MISSING_ATTRIBUTE, "Performed Procedure Step Status (0040,0252) is missing")
        if status != IN_PROGRESS:
            raise self._refuse(INVALID_VALUE, "A step must be created IN PROGRESS (PS3.4 F.7.2.1.2)")
        try:
            with self._database.write() as uow:
                self._create(uow, step)
        except Refusal as refusal:
            raise self._refuse(PROCESSING_FAILURE, refusal.body.message) from None

    def set(self, step: Step) -> None:
        """N-SET: a step goes on or ends. Raises what `refuse` and `final` build."""
        status = _text(step.attributes, _STATUS)
        if status and status not in (IN_PROGRESS, COMPLETED, DISCONTINUED):
            raise self._refuse(INVALID_VALUE, "The status must be IN PROGRESS, COMPLETED or DISCONTINUED")
        try:
            with self._database.write() as uow:
                self._set(uow, step, status)
        except Refusal as refusal:
            raise self._refuse(PROCESSING_FAILURE, refusal.body.message) from None

    def _create(self, uow: UnitOfWork, step: Step) -> None:
        if _row(uow, step.sop_instance_uid) is not None:
            raise self._refuse(DUPLICATE_INSTANCE, "This performed procedure step exists already")
        series, images = counted(step.attributes)
        row = PerformedStepRow(
            sop_instance_uid=step.sop_instance_uid,
            status=IN_PROGRESS,
            station_ae=(_text(step.attributes, _STATION_AE) or step.calling_ae)[:16],
            modality=_text(step.attributes, _MODALITY)[:16],
            received_at=self._time.now(),
            series_count=series,
            image_count=images,
            attributes=_packed(step.attributes),
        )
        uow.session.add(row)
        uow.session.flush()
        for exam_id, study_uid in self._exams_of(uow, step.attributes).items():
            uow.session.add(PerformedStepExamRow(step_id=row.id, exam_id=exam_id, study_uid=study_uid))
            uow.session.flush()
            self._exams.apply_event(uow, exam_id, ExamEvent.DEVICE_STARTED)
        self._tell_images(uow, row, step.attributes)

    def _set(self, uow: UnitOfWork, step: Step, status: str) -> None:
        row = _row(uow, step.sop_instance_uid)
        if row is None:
            raise self._refuse(NO_SUCH_INSTANCE, "This performed procedure step was never created")
        if row.status != IN_PROGRESS:
            raise self._final()
        attributes = {**_unpacked(row.attributes), **step.attributes}
        row.attributes = _packed(attributes)
        row.series_count, row.image_count = counted(attributes)
        if status in (COMPLETED, DISCONTINUED):
            row.status, row.ended_at = status, self._time.now()
            uow.session.flush()
            self._conclude(uow, row)
        self._tell_images(uow, row, attributes)

    def _tell_images(self, uow: UnitOfWork, row: PerformedStepRow, attributes: Mapping[int, Any]) -> None:
        """Hand on what the step says it made; a step that names no study or no object says nothing."""
        uids = performed_uids(attributes)
        scheduled = attributes.get(_SCHEDULED) or ()
        study_uid = next((uid for uid in (_text(item, _STUDY_UID) for item in scheduled) if uid), "")[:64]
        if uids and study_uid:
            is_final = row.status != IN_PROGRESS
            self._images(uow, PerformedImages(row.sop_instance_uid, study_uid, row.station_ae, uids, is_final))

    def _conclude(self, uow: UnitOfWork, row: PerformedStepRow) -> None:
        """Move the exams of an ended step, unless another step of the same exam still runs."""
        mine = select(PerformedStepExamRow.exam_id).where(PerformedStepExamRow.step_id == row.id)
        for exam_id in uow.session.scalars(mine.order_by(PerformedStepExamRow.exam_id)).all():
            event = concluding_event(self._statuses(uow, exam_id))
            if event is not None:
                self._exams.apply_event(uow, exam_id, event)

    def _statuses(self, uow: UnitOfWork, exam_id: int) -> Collection[str]:
        return uow.session.scalars(
            select(PerformedStepRow.status)
            .join(PerformedStepExamRow, PerformedStepExamRow.step_id == PerformedStepRow.id)
            .where(PerformedStepExamRow.exam_id == exam_id)
        ).all()

    def _exams_of(self, uow: UnitOfWork, attributes: Mapping[int, Any]) -> dict[int, str]:
        """Return the exams that the scheduled step attributes name, with the study UID used for each."""
        found: dict[int, str] = {}
        for scheduled in attributes.get(_SCHEDULED) or ():
            study_uid = _text(scheduled, _STUDY_UID)
            exam_id = self._exams.ordered_exam(uow, _text(scheduled, _ACCESSION), study_uid)
            if exam_id is not None:
                found[exam_id] = study_uid[:64]
        return dict(sorted(found.items()))


def concluding_event(statuses: Collection[str]) -> ExamEvent | None:
    """Return what the steps of one exam say together once one of them ended; None while another still runs."""
    if IN_PROGRESS in statuses:
        return None
    return ExamEvent.DEVICE_FINISHED if COMPLETED in statuses else ExamEvent.DEVICE_GAVE_UP


def counted(attributes: Mapping[int, Any]) -> tuple[int, int]:
    """Return how many series and images a step performed (Performed Series Sequence, PS3.3 C.4.15)."""
    series = attributes.get(_PERFORMED_SERIES) or ()
    images = sum(len(one.get(tag) or ()) for one in series for tag in (_REFERENCED_IMAGES, _REFERENCED_OTHERS))
    return len(series), images


def performed_uids(attributes: Mapping[int, Any]) -> tuple[str, ...]:
    """Return the SOP Instance UIDs of the Performed Series Sequence, each once, in order."""
    series = attributes.get(_PERFORMED_SERIES) or ()
    found = (
        _text(item, _REFERENCED_UID)
        for one in series
        for tag in (_REFERENCED_IMAGES, _REFERENCED_OTHERS)
        for item in one.get(tag) or ()
    )
    return tuple(dict.fromkeys(uid[:64] for uid in found if uid))


def _row(uow: UnitOfWork, sop_instance_uid: str) -> PerformedStepRow | None:
    query = select(PerformedStepRow).where(PerformedStepRow.sop_instance_uid == sop_instance_uid)
    return uow.session.scalars(query.with_for_update()).one_or_none()


def _text(attributes: Mapping[int, Any], tag: int) -> str:
    value = attributes.get(tag)
    return value.strip() if isinstance(value, str) else ""


def _packed(attributes: Mapping[int, Any]) -> bytes:
    return msgspec.msgpack.encode(attributes)


def _unpacked(data: bytes) -> dict[int, Any]:
    return msgspec.msgpack.decode(data, type=dict[int, Any])
