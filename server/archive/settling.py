"""What happens after images of a study came: its exam, its completeness, the administrator's tags; in this order.

Each part fails by itself: a manifest that cannot be read keeps no study from its exam.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from server.archive import manifests
from server.archive.completeness import Completeness
from server.archive.custom_filling import CustomTags
from server.archive.matching import StudyMatching
from server.archive.objects import ArchiveObjects
from server.kernel.database import Database
from server.kernel.errors import Refusal

logger = logging.getLogger(__name__)


class Settling:
    """The indexer's `settle`; called by one thread."""

    def __init__(
        self,
        database: Database,
        matching: StudyMatching,
        completeness: Completeness,
        objects: ArchiveObjects,
        custom_tags: CustomTags,
    ) -> None:
        self._database = database
        self._matching = matching
        self._completeness = completeness
        self._objects = objects
        self._custom_tags = custom_tags

    def __call__(self, studies: Collection[int]) -> None:
        """Studies (by row) got images."""
        for part in (self._matching.settle, self._compare, self._fill):
            self._alone(part, studies)

    @staticmethod
    def _alone(part: Callable[[Collection[int]], None], studies: Collection[int]) -> None:
        try:
            part(studies)
        except Exception:  # the indexer's outermost loop: the next images of the study try again
            logger.exception("archive: a part of settling %d studies failed", len(studies))

    def _compare(self, studies: Collection[int]) -> None:
        with self._database.read() as uow:
            fresh = manifests.unread(uow.session, studies)
            promised = self._completeness.promised_studies(uow.session, studies)
        for sop_instance_uid, study_uid in fresh:
            try:
                data = self._objects.header(sop_instance_uid)
            except Refusal:
                continue  # its file is on the way; the next images or the regular review come back to it
            with self._database.write() as uow:
                for promise in manifests.promises_of(data, sop_instance_uid, study_uid):
                    self._completeness.promise(uow, promise)
        if promised:
            with self._database.write() as uow:
                self._completeness.settle(uow, studies)

    def _fill(self, _studies: Collection[int]) -> None:
        self._custom_tags.catch_up()
