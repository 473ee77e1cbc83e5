"""Trails of objects, places, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.cases.tables import CaseRow, EventRow
from server.pathology.technique.finding import Finder
from server.pathology.technique.pieces import How, Piece, Pieces
from server.pathology.technique.tables import BlockRow, MissingRow, SlideRow, SpecimenRow
from shared.contract.pathology_technique import BatchLine, BatchReport
from shared.contract.pathology_trail import (
    ListMissing,
    MissingPiece,
    MoveObjects,
    ObjectFacts,
    ReportMissing,
    TrailEvent,
    TrailView,
)
from shared.domain.pathology import (
    BlockState,
    CaseState,
    ObjectKind,
    SlideState,
    SpecimenState,
    TissueState,
    TrailAction,
)

_MOST_EVENTS = 2000
_MOST_MISSING = 500
_MODELS = {ObjectKind.SPECIMEN: SpecimenRow, ObjectKind.BLOCK: BlockRow, ObjectKind.SLIDE: SlideRow}
_NEXT = (
    (SpecimenRow, SpecimenState.REGISTERED.value, "标本登记后应确认或拒收"),
    (SpecimenRow, SpecimenState.ACCEPTED.value, "标本确认后应取材"),
    (BlockRow, BlockState.TO_VERIFY.value, "取材后应核对材块"),
    (BlockRow, BlockState.TO_EMBED.value, "核对后应包埋确认"),
    (BlockRow, BlockState.TO_SECTION.value, "包埋后应切片确认"),
    (SlideRow, SlideState.CUT.value, "切片后应打印标签"),
    (SlideRow, SlideState.LABELLED.value, "打印标签后应扫描核对"),
    (SlideRow, SlideState.CHECKED.value, "核对后应移交诊断室"),
)


class Trails:
    """现在何处."""

    def __init__(self, pieces: Pieces, finder: Finder) -> None:
        self._pieces = pieces
        self._cases = pieces.cases
        self._finder = finder

    def trail(self, uow: UnitOfWork, caller: Caller, kind: ObjectKind, object_id: int) -> TrailView:
        """Return an object with its ancestors, descendants and everything that happened to them."""
        row = self._finder.row(uow, kind, object_id)
        case_id = row.id if isinstance(row, CaseRow) else row.case_id
        self._cases.demand_own(uow, caller, self._cases.facts(uow, case_id))
        ancestors, descendants = self._finder.ancestors(uow, row), self._finder.descendants(uow, row)
        family = self._finder.facts(uow, [*ancestors, row, *descendants])
        keys = {(one.kind.value, one.id) for one in family}
        statement = select(EventRow).where(EventRow.case_id == case_id).order_by(EventRow.id.desc())
        whole = kind is ObjectKind.CASE  # deleted pieces too
        found = [
            event
            for event in uow.session.scalars(statement.limit(20 * _MOST_EVENTS))
            if whole or (event.kind, event.object_id) in keys
        ][:_MOST_EVENTS]
        return TrailView(
            object=family[len(ancestors)],
            ancestors=family[: len(ancestors)],
            descendants=family[len(ancestors) + 1 :],
            events=tuple(_event(event) for event in reversed(found)),
        )

    def move(self, uow: UnitOfWork, caller: Caller, request: MoveObjects) -> BatchReport:
        """Say where objects are now."""
        place = request.place.strip()
        if not 1 <= len(place) <= 120:
            raise invalid("place", "请填写位置，最多 120 个字。")
        if request.kind is ObjectKind.CASE:
            raise invalid("kind", "请选择标本、蜡块或玻片。")
        how = How(station=request.station, place=place)

        def act(row: Piece) -> None:
            self._cases.demand_own(uow, caller, self._cases.facts(uow, row.case_id))
            self._pieces.put(caller, row, place)
            self._pieces.note(uow, caller, row, TrailAction.MOVED.value, how)
            uow.session.flush()

        lines: tuple[BatchLine, ...]
        if request.kind is ObjectKind.SPECIMEN:
            lines = self._pieces.each(uow, caller, SpecimenRow, request.object_ids, act)
        elif request.kind is ObjectKind.BLOCK:
            lines = self._pieces.each(uow, caller, BlockRow, request.object_ids, act)
        else:
            lines = self._pieces.each(uow, caller, SlideRow, request.object_ids, act)
        return BatchReport(lines=lines)

    def report(self, uow: UnitOfWork, caller: Caller, request: ReportMissing) -> ObjectFacts:
        """报缺, or found again."""
        row = self._finder.row(uow, request.kind, request.object_id)
        case_id = row.id if isinstance(row, CaseRow) else row.case_id
        self._cases.lock(uow, (case_id,))
        key = (request.kind.value, request.object_id)
        known = uow.session.get(MissingRow, key, populate_existing=True)
        if (known is not None) != request.is_missing:
            self._note(uow, caller, row, request)
            if known is not None:
                uow.session.delete(known)
            else:
                now, note = self._cases.time.now(), request.note.strip()[:500]
                uow.session.add(
                    MissingRow(
                        kind=key[0], object_id=key[1], case_id=case_id, since=now, by=caller.name[:80], note=note
                    )
                )
            self._cases.touch(uow, case_id)
        uow.session.flush()
        return self._finder.facts(uow, (row,))[0]

    def missing(self, uow: UnitOfWork, request: ListMissing) -> tuple[MissingPiece, ...]:
        """Return what waits too long for its next step, and what was reported; the longest waiting first."""
        if not 1 <= request.hours <= 2400:
            raise invalid("hours", "小时数应为 1 到 2400。")
        before = self._cases.time.now() - timedelta(hours=request.hours)
        late: dict[tuple[ObjectKind, int], tuple[datetime, str]] = {}
        for model, state, sentence in _NEXT:
            self._gather(uow, late, model, (model.state == state, model.state_since < before), request, sentence)
        tissue = (SpecimenRow.tissue == TissueState.AT_BENCH.value, SpecimenRow.state_since < before)
        self._gather(
            uow,
            late,
            SpecimenRow,
            (SpecimenRow.state.in_((SpecimenState.GROSSED.value, SpecimenState.STORED.value)), *tissue),
            request,
            "取材后组织应移交技术室",
        )
        oldest = sorted(late, key=lambda key: late[key][0])[:_MOST_MISSING]
        rows = self._finder.rows(uow, oldest)
        found = [
            self._piece(facts, row, late[key][1], None)
            for key, row, facts in zip(oldest, rows, self._finder.facts(uow, rows), strict=True)
        ]
        reported = self._reported(uow, request)
        keys = {(piece.object.kind, piece.object.id) for piece in reported}
        found = [piece for piece in found if (piece.object.kind, piece.object.id) not in keys]
        return tuple(sorted([*reported, *found], key=lambda piece: piece.since)[:_MOST_MISSING])

    def _gather(
        self,
        uow: UnitOfWork,
        late: dict[tuple[ObjectKind, int], tuple[datetime, str]],
        model: type[SpecimenRow] | type[BlockRow] | type[SlideRow],
        conditions: Sequence[object],
        request: ListMissing,
        sentence: str,
    ) -> None:
        statement = (
            select(model.id, model.state_since)
            .join(CaseRow, CaseRow.id == model.case_id)
            .where(*conditions, CaseRow.state != CaseState.DELETED.value)  # type: ignore[arg-type]
            .order_by(model.state_since)
            .limit(_MOST_MISSING)
        )
        if request.library_ids:
            statement = statement.where(model.library_id.in_(request.library_ids))
        kind = next(one for one, its in _MODELS.items() if its is model)
        for object_id, since in uow.session.execute(statement):
            late.setdefault((kind, object_id), (since, sentence))

    def _reported(self, uow: UnitOfWork, request: ListMissing) -> list[MissingPiece]:
        statement = select(MissingRow).join(CaseRow, CaseRow.id == MissingRow.case_id)
        statement = statement.where(CaseRow.state != CaseState.DELETED.value).order_by(MissingRow.since)
        if request.library_ids:
            statement = statement.where(CaseRow.library_id.in_(request.library_ids))
        reports = list(uow.session.scalars(statement.limit(_MOST_MISSING)))
        rows = self._finder.rows(uow, [(ObjectKind(one.kind), one.object_id) for one in reports])
        facts = self._finder.facts(uow, rows)
        return [
            self._piece(its, row, "已报缺，请查找", report)
            for its, row, report in zip(facts, rows, reports, strict=True)
        ]

    def _piece(
        self, facts: ObjectFacts, row: CaseRow | Piece, sentence: str, report: MissingRow | None
    ) -> MissingPiece:
        since = row.state_since if report is None else report.since
        hours = (self._cases.time.now() - since).total_seconds() / 3600
        return MissingPiece(
            object=facts,
            since=since,
            hours=round(hours, 1),
            expected=f"{sentence}：{report.note}" if report is not None and report.note else sentence,
            last_by=facts.placed_by if report is None else report.by,
            is_reported=report is not None,
        )

    def _note(self, uow: UnitOfWork, caller: Caller, row: CaseRow | Piece, request: ReportMissing) -> None:
        action = TrailAction.REPORTED_MISSING if request.is_missing else TrailAction.FOUND
        if isinstance(row, CaseRow):
            self._cases.add_event(
                uow, caller, row.id, action.value, number=row.number or "", station=request.station, note=request.note
            )
        else:
            self._pieces.note(uow, caller, row, action.value, How(station=request.station, note=request.note))


def _event(row: EventRow) -> TrailEvent:
    return TrailEvent(
        id=row.id,
        at=row.at,
        kind=ObjectKind(row.kind),
        object_id=row.object_id,
        number=row.number,
        action=row.action,
        before=row.before,
        after=row.after,
        by=row.by,
        station=row.station,
        place=row.place,
        code=row.code,
        note=row.note,
    )
