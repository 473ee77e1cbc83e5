"""Puts the completeness of studies and the administrator's tags together: who promises images, and the jobs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from server.archive.completeness import MPPS, Completeness, Promise
from server.archive.custom_filling import JOB as FILL_CUSTOM_TAG
from server.exams.performed import PerformedImages
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.kernel.jobs import JobContext, JobKind, Schedule

if TYPE_CHECKING:
    from server.bootstrap.jobs import JobsHouse

logger = logging.getLogger(__name__)

REVIEW = "archive.review_completeness"
SCHEDULES = (Schedule(REVIEW, timedelta(minutes=1)),)


def performed(completeness: Completeness) -> Callable[[UnitOfWork, PerformedImages], None]:
    """What a performed procedure step says it made becomes a promise."""

    def promise(uow: UnitOfWork, images: PerformedImages) -> None:
        completeness.promise(
            uow,
            Promise(
                study_uid=images.study_uid,
                source=MPPS,
                reference=images.step_uid,
                uids=images.instance_uids,
                sender=images.station_ae,
                is_final=images.is_final,
            ),
        )

    return promise


def committed(database: Database, completeness: Completeness) -> Callable[[Sequence[str], str], None]:
    """What a sender asks to be committed becomes a promise; a failure keeps nobody from the answer."""

    def promise(instance_uids: Sequence[str], calling_ae: str) -> None:
        try:
            with database.write() as uow:
                completeness.committed(uow, instance_uids, calling_ae)
        except Refusal:
            logger.warning("archive: what a sender asked to commit could not be noted", exc_info=True)

    return promise


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Reviewing open promises, filling custom tags."""
    completeness, custom_tags = house.areas.archive.completeness, house.areas.archive.custom_tags

    def review(context: JobContext) -> str:
        with context.database.write() as uow:
            count = completeness.review_open(uow)
        return f"{count} studies with open promises were looked at."

    return [
        JobKind(REVIEW, review, lane="house"),
        JobKind(FILL_CUSTOM_TAG, custom_tags.fill, lane="files"),
    ]
