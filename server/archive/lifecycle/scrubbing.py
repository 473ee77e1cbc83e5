"""Reads copies again at night, those first that were proven longest ago, so that no damage stays unseen for long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select

from server.archive.lifecycle.moving import StudyBusy, StudyGone, StudyMover
from server.archive.lifecycle.registry import StoreRegistry
from server.archive.lifecycle.tables import CopyState, StudyCopy
from server.archive.tables import Study
from server.kernel.database import Database
from server.kernel.jobs import JobContext, JobFailed
from server.kernel.storage.port import StorageError

_PAGE = 50
HOURS_OF_A_NIGHT = 8


@dataclass(frozen=True, slots=True)
class ScrubPlan:
    """How much is read in a night, and within how many days every copy shall be read again."""

    night_bytes: int = 200 << 30
    days: int = 90


class Scrubbing:
    """The nightly job; one turn an hour while `is_night` says so, each with its part of the night's bytes."""

    def __init__(
        self,
        database: Database,
        mover: StudyMover,
        registry: StoreRegistry,
        plan: ScrubPlan,
        is_night: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._mover = mover
        self._registry = registry
        self._plan = plan
        self._is_night = is_night

    def run(self, context: JobContext) -> str:
        """One turn. Raises JobFailed with a sentence for the administrator when a copy is bad and stays so."""
        if not self._is_night() or not self._plan.night_bytes:
            return "只在夜间校验副本。"
        left = max(self._plan.night_bytes // HOURS_OF_A_NIGHT, 1)
        seen: set[int] = set()
        count = read = repaired = 0
        findings: dict[str, None] = {}
        failures: dict[str, None] = {}
        while left > 0 and (chosen := self._oldest(seen)) is not None:
            row_id, study_uid, store, size = chosen
            seen.add(row_id)
            left -= max(size, 1)
            context.step(count, None, f"已校验 {count} 份副本")
            try:
                done = self._mover.verify_copy(study_uid, store, context.step)
            except (StudyBusy, StudyGone):
                continue
            except StorageError as trouble:
                failures[f"{self._title(store)}：{trouble}"] = None
                continue
            count, read = count + 1, read + size
            if done.repaired or done.copied_bytes:
                repaired += 1
                findings[f"存储“{self._title(store)}”的副本有损坏，已用完好的副本修复，请检查该存储的硬盘"] = None
        sentences = [f"校验了 {count} 份副本（{read / 2**30:.1f} GB），修复 {repaired} 份", *findings, *failures]
        overdue = self._overdue()
        if overdue and left <= 0:
            sentences.append(f"{overdue} 份副本已超过 {self._plan.days} 天没有校验，请在设置中提高 scrub_gb_per_night")
        sentence = "；".join(sentences) + "。"
        if failures:
            raise JobFailed(sentence)
        return sentence

    def _title(self, store: str) -> str:
        found = self._registry.get(store)
        return found.definition.title if found is not None else store

    def _oldest(self, seen: set[int]) -> tuple[int, str, str, int] | None:
        """The copy to be read next: (row, study, store, bytes). Only in stores that answer now."""
        now = datetime.now(UTC)
        stores = self._at_hand()
        statement = (
            select(StudyCopy.id, StudyCopy.study_uid, StudyCopy.store, StudyCopy.bytes_stored)
            .join(Study, Study.uid == StudyCopy.study_uid)
            .where(
                StudyCopy.state == CopyState.VERIFIED,
                StudyCopy.store.in_(stores),
                # what was read lately can wait: a small archive is not read every night
                StudyCopy.verified_at < now - timedelta(days=self._plan.days) / 2,
                or_(StudyCopy.not_before.is_(None), StudyCopy.not_before <= now),
            )
            .order_by(StudyCopy.verified_at, StudyCopy.id)
            .limit(_PAGE)
        )
        if seen:
            statement = statement.where(StudyCopy.id.not_in(list(seen)[-500:]))
        with self._database.read() as uow:
            rows = uow.session.execute(statement).all()
        return next(((r.id, r.study_uid, r.store, r.bytes_stored) for r in rows if r.id not in seen), None)

    def _at_hand(self) -> list[str]:
        names = []
        for tier in self._registry.raw_tiers():
            try:
                probe = getattr(tier.storage, "probe", None)
                if probe is not None:
                    probe()
                names.append(tier.name)
            except StorageError:
                continue
        return names

    def _overdue(self) -> int:
        before = datetime.now(UTC) - timedelta(days=self._plan.days)
        with self._database.read() as uow:
            late = select(func.count()).where(StudyCopy.state == CopyState.VERIFIED, StudyCopy.verified_at < before)
            return int(uow.session.execute(late).scalar_one())
