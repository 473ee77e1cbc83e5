"""Compresses series that have been quiet, object by object, safe against a crash at any moment.

The order: announce the new files for removal (their rows are not there yet), put them, then in one transaction point
the rows at them, take the announcement back and announce the old files. Before the last step readers get the old file,
after it the new one, and the old one stays for the time of grace.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select, update

from server.archive.keeping.codec import EXPLICIT_LITTLE, IMPLICIT_LITTLE, MAX_BYTES, Reason
from server.archive.keeping.discards import announce, going, keep
from server.archive.keeping.policy import codec_for, load
from server.archive.keeping.tables import CompressionMark
from server.archive.keeping.worker import Order, Result, Workshop
from server.archive.tables import Instance, Series, Study
from server.kernel.database import Database
from server.kernel.storage.port import ObjectMissing, ObjectStorage
from shared.contract.keeping import CompressionStatus, KeepingPolicy

logger = logging.getLogger(__name__)

_BATCH = 32
_SERIES = 200
_PROMISE = timedelta(hours=1)


def _nothing(_done: int, _total: int) -> None:
    return


@dataclass
class Tally:
    """What was done to one series."""

    compressed: int = 0
    before: int = 0
    after: int = 0
    left: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Swap:
    row: Any
    result: Result
    target: Path


class Compression:
    """Finds what is due and compresses it; one at a time for a data folder."""

    def __init__(
        self,
        database: Database,
        storage: ObjectStorage,
        folder: Path,
        *,
        workshop: Callable[[], Workshop] = Workshop,
    ) -> None:
        self._database = database
        self._storage = storage
        self._folder = folder / "compress"
        self._workshop = workshop

    def run(self, step: Callable[[int, int], None] = _nothing) -> tuple[int, Tally]:
        """Compress all series that are due; returns how many were gone through and the sum. `step` may raise."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for leftover in self._folder.iterdir():
            leftover.unlink()
        with self._database.read() as uow:
            policy, _ = load(uow.session)
        total, done = Tally(), 0
        if not policy.compress:
            return 0, total
        workshop = self._workshop()
        try:
            while due := self._due(policy):
                for one in due:
                    step(done, done + len(due))
                    self._series(one, policy, workshop, total, partial(step, done, done + len(due)))
                    done += 1
        finally:
            workshop.close()
        return done, total

    def status(self) -> CompressionStatus:
        """Figures of all that was done."""
        with self._database.read() as uow:
            policy, _ = load(uow.session)
            sums = uow.session.execute(
                select(
                    func.count(),
                    func.coalesce(func.sum(CompressionMark.compressed), 0),
                    func.coalesce(func.sum(CompressionMark.bytes_before), 0),
                    func.coalesce(func.sum(CompressionMark.bytes_after), 0),
                ).select_from(CompressionMark)
            ).one()
            left: Counter[str] = Counter()
            for reasons in uow.session.execute(select(CompressionMark.left)).scalars():
                left.update(reasons)
            waiting = uow.session.execute(
                select(func.count()).select_from(self._due_statement(policy).subquery())
            ).scalar_one()
        return CompressionStatus(
            series_done=int(sums[0]),
            series_waiting=int(waiting),
            instances_compressed=int(sums[1]),
            bytes_before=int(sums[2]),
            bytes_after=int(sums[3]),
            left=dict(left),
        )

    # what is due

    def _due_statement(self, policy: KeepingPolicy) -> Any:
        quiet_since = datetime.now(UTC) - timedelta(hours=policy.compress_after_hours)
        return (
            select(Series.id, Series.uid, Series.modality, Series.instance_count, Series.study_pk)
            .join(Study, Study.id == Series.study_pk)
            .outerjoin(CompressionMark, CompressionMark.series_uid == Series.uid)
            .where(
                Study.changed_at <= quiet_since,
                Study.availability == "ONLINE",
                or_(CompressionMark.series_uid.is_(None), CompressionMark.instances != Series.instance_count),
            )
        )

    def _due(self, policy: KeepingPolicy) -> Sequence[Any]:
        with self._database.read() as uow:
            return uow.session.execute(self._due_statement(policy).order_by(Series.id).limit(_SERIES)).all()

    # one series

    def _series(
        self, series: Any, policy: KeepingPolicy, workshop: Workshop, total: Tally, step: Callable[[], None]
    ) -> None:
        tally = Tally()
        last = 0
        while True:
            statement = (
                select(
                    Instance.id,
                    Instance.uid,
                    Instance.sop_class_uid,
                    Instance.transfer_syntax_uid,
                    Instance.object_key,
                    Instance.size_bytes,
                )
                .where(Instance.series_pk == series.id, Instance.id > last)
                .order_by(Instance.id)
                .limit(_BATCH)
            )
            with self._database.read() as uow:
                rows = uow.session.execute(statement).all()
            if not rows:
                break
            last = rows[-1].id
            self._batch(rows, series, policy, workshop, tally)
            step()
        self._mark(series, tally)
        total.compressed += tally.compressed
        total.before += tally.before
        total.after += tally.after
        total.left.update(tally.left)

    def _batch(self, rows: Sequence[Any], series: Any, policy: KeepingPolicy, workshop: Workshop, tally: Tally) -> None:
        swaps: list[_Swap] = []
        for row in rows:
            result, target = self._result(row, series.modality, policy, workshop)
            if target is None:
                tally.left[result.reason] += 1
            else:
                swaps.append(_Swap(row, result, target))
        if not swaps:
            return
        with self._database.write() as uow:
            leaving = going(uow.session)  # an earlier file with the same bytes: this one stays as it came
            free = [one for one in swaps if one.result.object_key not in leaving]
            announce(uow.session, [(one.result.object_key, one.row.uid) for one in free], "new", _PROMISE)
        for one in swaps:
            if one.result.object_key in leaving:
                one.target.unlink()
                tally.left[Reason.RULE] += 1
        swaps = free
        for one in swaps:
            self._storage.put(one.target, one.result.object_key)
            self._make_durable(one.result.object_key)
        grace = timedelta(minutes=policy.compress_grace_minutes)
        with self._database.write() as uow:
            saved = 0
            swapped = []
            for one in swaps:
                change = (
                    update(Instance)
                    .where(Instance.id == one.row.id, Instance.object_key == one.row.object_key)
                    .values(
                        object_key=one.result.object_key,
                        received_key=func.coalesce(Instance.received_key, one.row.object_key),
                        transfer_syntax_uid=one.result.transfer_syntax_uid,
                        size_bytes=one.result.size_bytes,
                        data_offset=one.result.data_offset,
                    )
                    .returning(Instance.id)
                )
                if uow.session.execute(change).first() is not None:  # else it was deleted meanwhile
                    swapped.append(one)
                    saved += one.row.size_bytes - one.result.size_bytes
            keep(uow.session, [one.result.object_key for one in swapped])
            announce(uow.session, [(one.row.object_key, one.row.uid) for one in swapped], "compressed", grace)
            uow.session.execute(
                update(Study).where(Study.id == series.study_pk).values(bytes_stored=Study.bytes_stored - saved)
            )
        tally.compressed += len(swapped)
        tally.before += sum(one.row.size_bytes for one in swapped)
        tally.after += sum(one.result.size_bytes for one in swapped)

    def _make_durable(self, key: str) -> None:
        """The file's bytes are on the disk; its new name must be there, too, before a row relies on it."""
        with self._storage.open(key) as file, suppress(OSError):  # Windows orders names itself, others have no files
            os.fsync(file.fileno())

    def _result(self, row: Any, modality: str, policy: KeepingPolicy, workshop: Workshop) -> tuple[Result, Path | None]:
        """The result for an instance, and the file that holds it; None when it stays as it is."""
        codec = codec_for(policy, modality, row.sop_class_uid, row.transfer_syntax_uid)
        if row.transfer_syntax_uid not in (EXPLICIT_LITTLE, IMPLICIT_LITTLE):
            return Result(reason=Reason.SYNTAX), None
        if codec == "none":
            return Result(reason=Reason.RULE), None
        if row.size_bytes > MAX_BYTES:
            return Result(reason=Reason.TOO_LARGE), None
        target = self._folder / f"{secrets.token_hex(16)}.out"
        try:
            with self._storage.open(row.object_key) as file:
                name = getattr(file, "name", None)
                if isinstance(name, str) and Path(name).is_file():
                    result = workshop.compress(Order(name, str(target), codec))
                else:  # the store is no folder of this machine
                    source = self._folder / f"{secrets.token_hex(16)}.in"
                    source.write_bytes(file.read())
                    result = workshop.compress(Order(str(source), str(target), codec))
                    source.unlink()
        except (ObjectMissing, FileNotFoundError):
            return Result(reason=Reason.DAMAGED), None
        if result.reason:
            with suppress(FileNotFoundError):
                target.unlink()
            return result, None
        return result, target

    def _mark(self, series: Any, tally: Tally) -> None:
        with self._database.write() as uow:
            mark = uow.session.get(CompressionMark, series.uid)
            if mark is None:
                mark = CompressionMark(series_uid=series.uid, compressed=0, bytes_before=0, bytes_after=0)
                uow.session.add(mark)
            mark.instances = series.instance_count
            mark.compressed += tally.compressed
            mark.bytes_before += tally.before
            mark.bytes_after += tally.after
            mark.left = dict(tally.left)
            mark.done_at = datetime.now(UTC)
