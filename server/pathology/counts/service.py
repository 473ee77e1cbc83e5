"""Use cases of counts: keep, list, throw away."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found, stale
from server.pathology.counts import rules
from server.pathology.counts.ports import Captures
from server.pathology.counts.tables import CountRow
from shared.contract.base import Changed
from shared.contract.pathology_counts import CountEntry, CountView, SaveCount, figures_of
from shared.domain.pathology_media import MediaKind


class Counts:
    """Methods work in the caller's unit of work and never commit."""

    def __init__(self, captures: Captures, clock: Clock) -> None:
        self._captures = captures
        self._clock = clock

    def list_of(self, uow: UnitOfWork, caller: Caller, case_id: int, media_id: int | None) -> tuple[CountView, ...]:
        """Counts of the captures that the case still has, newest first. Raises NOT_FOUND, PERMISSION_MISSING."""
        there = {view.id for view in self._captures.list_of(uow, caller, case_id)}
        found = select(CountRow).where(CountRow.case_id == case_id).order_by(CountRow.counted_at.desc(), CountRow.id)
        rows = uow.session.scalars(found)
        return tuple(_view(row) for row in rows if row.media_id in there and media_id in (None, row.media_id))

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveCount) -> CountView:
        """Keep a count. Raises Refusal."""
        media = self._captures.view(uow, caller, request.media_id)
        self._captures.demand_open(uow, caller, media.facts.case_id)
        if media.kind is not MediaKind.IMAGE:
            raise invalid("media_id", "只有图像可以计数。")
        fault = rules.entry_fault(request.entry, media.width, media.height)
        if fault is not None:
            raise invalid(*fault)
        entry = msgspec.structs.replace(request.entry, marker=request.entry.marker.strip())
        found = select(CountRow).where(CountRow.media_id == media.id, CountRow.marker == entry.marker)
        row = uow.session.scalars(found.with_for_update()).first()
        if row is None:
            if request.version:
                raise stale(0)
            row = CountRow(case_id=media.facts.case_id, media_id=media.id, marker=entry.marker, version=0)
            uow.session.add(row)
        row.expect(request.version)
        row.touch()
        figures = figures_of(entry.cells)
        row.content, row.total, row.positive = msgspec.to_builtins(entry), figures.total, figures.positive
        row.counted_by, row.counted_by_id = caller.name[:80], caller.user_id
        row.counted_at = self._clock.now()
        uow.session.flush()
        uow.publish(Changed("pathology_media", row.case_id, 0))
        return _view(row)

    def delete(self, uow: UnitOfWork, caller: Caller, count_id: int, version: int) -> None:
        """Throw a count away. Raises Refusal."""
        row = uow.session.get(CountRow, count_id)
        if row is None:
            raise not_found("计数")
        self._captures.demand_open(uow, caller, row.case_id)
        row.expect(version)
        uow.session.delete(row)
        uow.publish(Changed("pathology_media", row.case_id, 0))


def _view(row: CountRow) -> CountView:
    entry = msgspec.convert(row.content, CountEntry)
    return CountView(
        id=row.id,
        version=row.version,
        case_id=row.case_id,
        media_id=row.media_id,
        entry=entry,
        figures=figures_of(entry.cells),
        counted_by=row.counted_by,
        counted_at=row.counted_at,
        is_corrected=rules.is_corrected(entry),
    )
