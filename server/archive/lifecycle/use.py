"""Notes when studies are used, has near-line ones brought back, and says which medium an off-line one lies on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError

from server.archive.lifecycle.registry import StoreRegistry
from server.archive.lifecycle.tables import CopyState, StudyCopy
from server.archive.tables import Study
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal
from server.kernel.jobs import enqueue
from server.kernel.storage.medium import MediumAbsent
from server.kernel.storage.port import StorageError

logger = logging.getLogger(__name__)

RECALL = "storage.recall"
_NOTED_FOR = timedelta(hours=1)
_MOST = 50_000
_RECALL_PRIORITY = 10
_MOST_ASKED = 500


class StudyUse:
    """Told by whoever reads images for people; cheap: once an hour for a study in each process. Thread-safe."""

    def __init__(self, database: Database, registry: StoreRegistry, *, recall_on_use: bool = True) -> None:
        self._database = database
        self._registry = registry
        self._recall_on_use = recall_on_use
        self._noted: dict[str, float] = {}
        self._lock = threading.Lock()

    def opened(self, study_uids: Collection[str]) -> None:
        """Somebody reads these studies now. Never raises: a reader does not wait for book-keeping to be possible."""
        now = time.monotonic()
        with self._lock:
            due = [uid for uid in study_uids if now - self._noted.get(uid, -1e9) > _NOTED_FOR.total_seconds()]
            if not due:
                return
            if len(self._noted) > _MOST:
                self._noted.clear()
            self._noted.update(dict.fromkeys(due, now))
        try:
            self._note(due)
        except (Refusal, OperationalError) as trouble:  # busy or full: the next hour's use is noted
            logger.warning("storage: the use of %d studies could not be noted: %s", len(due), type(trouble).__name__)

    def why_away(self, study_uid: str) -> str:
        """For a study that cannot be read: which medium to insert, in Chinese; empty when one of its stores is here."""
        away = self._media_away(study_uid)
        return f"该检查的影像在离线介质“{'”或“'.join(away)}”上，请联系管理员插入后再试。" if away else ""

    def why_away_for_peers(self, study_uids: Collection[str]) -> str:
        """The same in English, for the first of these studies that cannot be read; empty when all can."""
        some = sorted(study_uids)[:_MOST_ASKED]
        off = select(Study.uid).where(Study.uid.in_(some), Study.availability == "OFFLINE").order_by(Study.uid)
        with self._database.read() as uow:
            found = list(uow.session.execute(off).scalars())
        for uid in found:
            away = self._media_away(uid)
            if away:
                return f"Insert medium {' or '.join(away)}: study is off-line"
        return ""

    def _media_away(self, study_uid: str) -> list[str]:
        """The labels of the media with copies of a study; empty when a store that has it can be asked."""
        with self._database.read() as uow:
            rows = select(StudyCopy.store).where(
                StudyCopy.study_uid == study_uid, StudyCopy.state == CopyState.VERIFIED
            )
            names = set(uow.session.execute(rows).scalars())
        away: list[str] = []
        for store in self._registry.stores():
            if store.name not in names:
                continue
            try:
                probe = getattr(store.storage, "probe", None)
                if probe is not None:
                    probe()
                return []
            except MediumAbsent:
                away.append(store.definition.title)
            except StorageError:
                continue
        return away

    def _note(self, study_uids: list[str]) -> None:
        now = datetime.now(UTC)
        with self._database.write() as uow:
            for start in range(0, len(study_uids), 500):
                some = study_uids[start : start + 500]
                is_due = or_(Study.last_used_at.is_(None), Study.last_used_at < now - _NOTED_FOR)
                uow.session.execute(update(Study).where(Study.uid.in_(some), is_due).values(last_used_at=now))
                if self._recall_on_use:
                    near = select(Study.uid).where(Study.uid.in_(some), Study.availability == "NEARLINE")
                    for uid in uow.session.execute(near).scalars():
                        ask_for_recall(uow, uid)


def ask_for_recall(uow: UnitOfWork, study_uid: str, *, by: str = "system", priority: int = _RECALL_PRIORITY) -> int:
    """Queue the recall of a study before other work; returns the job's id."""
    return enqueue(uow, RECALL, {"study_uid": study_uid}, key=study_uid, title="影像调回在线", priority=priority, by=by)
