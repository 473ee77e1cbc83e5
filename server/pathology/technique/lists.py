"""Lists of specimens, blocks and slides of many cases, quick on two million slides.

They are walked like the lists of cases (server/pathology/cases/walking.py): blocks and slides along (library, state,
number) or (library, source, number), specimens backwards along their ids; a condition that few rows meet narrows the
walk first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.text import begins, one_of, unindexed
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.cases.lists import MAX_LIMIT
from server.pathology.cases.tables import CaseRow, FlagRow, LibraryRow, WordRow
from server.pathology.cases.walking import FEW, MAX_TOTAL, between
from server.pathology.cases.words import LENGTH, folded
from server.pathology.technique.pieces import Pieces
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_technique as technique
from shared.domain.pathology import BlockState, CaseFlag, CaseState, SlideState, SpecimenState

RowT = TypeVar("RowT", SpecimenRow, BlockRow, SlideRow)
_END = "\U0010ffff"
_FEW_SOURCES = 4
_LIVING_BLOCKS = tuple(state for state in BlockState if state is not BlockState.DELETED)
_LIVING_SLIDES = tuple(state for state in SlideState if state is not SlideState.DELETED)


@dataclass
class _Walk(Generic[RowT]):
    """The rows of a filter. `order` is the column along which pages follow each other."""

    model: type[RowT]
    order: InstrumentedAttribute[Any]
    downwards: bool
    stretches: list[ColumnElement[bool]]  # each a stretch of an index …
    whole: ColumnElement[bool]  # … and all of them in one condition
    conditions: list[ColumnElement[bool]] = field(default_factory=list)
    few: tuple[int, ...] | None = None

    def narrow(self, uow: UnitOfWork, ids: Select[Any], condition: ColumnElement[bool]) -> None:
        """Add a condition that few rows may meet; `ids` are theirs."""
        if self.few is None:
            found = list(uow.session.scalars(ids.limit(FEW + 1)))
            if len(found) <= FEW:
                self.few = tuple(dict.fromkeys(found))
                return
        self.conditions.append(condition)

    def narrow_by_stretches(self, uow: UnitOfWork) -> None:
        """Look whether all stretches together hold few rows."""
        found: list[int] = []
        for stretch in self.stretches:
            found += uow.session.scalars(select(self.model.id).where(stretch).limit(FEW + 1 - len(found)))
            if len(found) > FEW:
                return
        self.few = tuple(found)

    def rows(self, uow: UnitOfWork, after: Any, limit: int) -> list[RowT]:
        """Return the rows that follow a place."""
        beyond = () if after is None else ((self.order < after) if self.downwards else (self.order > after),)
        by_order = self.order if self.few is None else unindexed(self.order)
        order = by_order.desc() if self.downwards else by_order.asc()
        parts = [
            select(self.model.id, self.order.label("place"))
            .where(part, *beyond)
            .order_by(order)
            .limit(limit)
            .subquery()
            for part in self._parts()
        ]
        if not parts:
            return []
        joined = union_all(*(select(part) for part in parts)).subquery()
        by = joined.c.place.desc() if self.downwards else joined.c.place.asc()
        ids = list(uow.session.execute(select(joined.c.id).order_by(by).limit(limit)).scalars())
        found = {row.id: row for row in uow.session.scalars(select(self.model).where(self.model.id.in_(ids)))}
        return [found[one] for one in ids]

    def count(self, uow: UnitOfWork, value: InstrumentedAttribute[Any] | None = None) -> tuple[int, int]:
        """Return how many rows there are, at most MAX_TOTAL, and the sum of a column over these."""
        shown: InstrumentedAttribute[Any] = self.model.id if value is None else value
        parts = [select(shown.label("value")).where(part).limit(MAX_TOTAL).subquery() for part in self._parts()]
        if not parts:
            return 0, 0
        joined = union_all(*(select(part) for part in parts)).limit(MAX_TOTAL).subquery()
        count, total = uow.session.execute(select(func.count(), func.sum(joined.c.value)).select_from(joined)).one()
        return int(count), int(total or 0) if value is not None else 0

    def _parts(self) -> list[ColumnElement[bool]]:
        if self.few == ():
            return []
        if self.few is not None:
            return [and_(one_of(self.model.id, self.few), self.whole, *self.conditions)]
        return [and_(stretch, *self.conditions) for stretch in self.stretches]


class TechniqueLists:
    """待包埋列表, 待切片列表, 已切片列表, 标本移交表, 玻片移交表."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces

    @property
    def _time(self) -> HospitalTime:
        return self._pieces.time

    # ── blocks ───────────────────────────────────────────────────────────────────────────────────────

    def blocks(self, uow: UnitOfWork, caller: Caller, request: technique.ListBlocks) -> technique.BlockPage:
        """Return a page of blocks by case number and serial. Raises INVALID."""
        limit, wanted = _limit(request.limit), request.filter
        states = tuple(state.value for state in wanted.states or _LIVING_BLOCKS)
        number_range = _number_range(BlockRow.label, wanted.first_number, wanted.last_number)
        libraries = self._libraries(uow, wanted.library_ids)
        walk = _along_states(BlockRow, BlockRow.label, libraries, states, number_range)
        _by_source(uow, walk, libraries, [source.value for source in wanted.sources], bool(wanted.states))
        self._by_days(uow, walk, BlockRow.grossed_at, wanted.grossed_first, wanted.grossed_last)
        self._by_text(uow, walk, BlockRow.label, wanted.text)
        rows = walk.rows(uow, request.cursor or None, limit + 1)
        shown = rows[:limit]
        total, pieces = walk.count(uow, BlockRow.pieces) if not request.cursor else (0, 0)
        of_case = self._of_cases(uow, shown)
        return technique.BlockPage(
            rows=tuple(
                technique.BlockRow(
                    block=view,
                    patient_name=of_case[view.case_id].name,
                    library_id=of_case[view.case_id].library_id,
                    is_urgent=of_case[view.case_id].is_urgent,
                )
                for view in self._pieces.block_views(uow, caller, _living(shown, of_case))
            ),
            next_cursor=shown[-1].label if len(rows) > limit else "",
            total=total,
            pieces=pieces,
        )

    # ── slides ───────────────────────────────────────────────────────────────────────────────────────

    def slides(self, uow: UnitOfWork, caller: Caller, request: preparation.ListSlides) -> preparation.SlidePage:
        """Return a page of slides by number. Raises INVALID."""
        limit, wanted = _limit(request.limit), request.filter
        states = tuple(state.value for state in wanted.states or _LIVING_SLIDES)
        number_range = _number_range(SlideRow.number, wanted.first_number, wanted.last_number)
        libraries = self._libraries(uow, wanted.library_ids)
        walk = _along_states(SlideRow, SlideRow.number, libraries, states, number_range)
        self._by_days(uow, walk, SlideRow.made_at, wanted.made_first, wanted.made_last)
        self._by_days(uow, walk, SlideRow.handed_over_at, wanted.handed_over_first, wanted.handed_over_last)
        self._by_text(uow, walk, SlideRow.number, wanted.text)
        _by_source(uow, walk, libraries, [source.value for source in wanted.sources], bool(wanted.states))
        if wanted.grades:
            walk.conditions.append(SlideRow.grade.in_([grade.value for grade in wanted.grades]))
        rows = walk.rows(uow, request.cursor or None, limit + 1)
        shown = rows[:limit]
        of_case = self._of_cases(uow, shown)
        return preparation.SlidePage(
            rows=tuple(
                preparation.SlideRow(
                    slide=view,
                    patient_name=of_case[view.case_id].name,
                    library_id=of_case[view.case_id].library_id,
                    is_urgent=of_case[view.case_id].is_urgent,
                )
                for view in self._pieces.slide_views(uow, caller, _living(shown, of_case))
            ),
            next_cursor=shown[-1].number if len(rows) > limit else "",
            total=walk.count(uow)[0] if not request.cursor else 0,
        )

    # ── specimens ────────────────────────────────────────────────────────────────────────────────────

    def specimens(self, uow: UnitOfWork, caller: Caller, request: technique.ListSpecimens) -> technique.SpecimenPage:
        """Return a page of containers, the newest first. Raises INVALID."""
        limit, wanted = _limit(request.limit), request.filter
        if request.cursor and not (request.cursor.isdecimal() and len(request.cursor) < 16):
            raise invalid("cursor", "列表位置无效，请刷新列表。")
        walk = _Walk(SpecimenRow, SpecimenRow.id, True, [true()], true())
        if wanted.library_ids:
            walk.conditions.append(SpecimenRow.library_id.in_(wanted.library_ids))
        if wanted.tissues:
            walk.conditions.append(SpecimenRow.tissue.in_([tissue.value for tissue in wanted.tissues]))
        if wanted.states and set(wanted.states) != set(SpecimenState):
            in_state = SpecimenRow.state.in_([state.value for state in wanted.states])
            walk.narrow(uow, select(SpecimenRow.id).where(in_state), in_state)
        number_range = _number_range(SpecimenRow.number, wanted.first_number, wanted.last_number)
        if number_range:
            walk.narrow(uow, select(SpecimenRow.id).where(*number_range), and_(*number_range))
        self._by_days(uow, walk, SpecimenRow.registered_at, wanted.registered_first, wanted.registered_last)
        self._by_days(uow, walk, SpecimenRow.handed_over_at, wanted.handed_over_first, wanted.handed_over_last)
        if wanted.text.strip():
            of_patient = SpecimenRow.case_id.in_(_patients(wanted.text))
            if walk.few is None:
                walk.narrow(uow, select(SpecimenRow.id).where(of_patient), of_patient)
            else:
                named = SpecimenRow.name.contains(wanted.text.strip()[:80], autoescape=True)
                walk.conditions.append(named | of_patient)
        rows = walk.rows(uow, int(request.cursor) if request.cursor else None, limit + 1)
        shown = rows[:limit]
        of_case, blocks = self._of_cases(uow, shown), self._block_counts(uow, shown)
        return technique.SpecimenPage(
            rows=tuple(
                technique.SpecimenRow(
                    specimen=view,
                    patient_name=of_case[view.case_id].name,
                    library_id=of_case[view.case_id].library_id,
                    blocks=blocks.get(view.id, (0, 0))[0],
                    pieces=blocks.get(view.id, (0, 0))[1],
                )
                for view in self._pieces.specimen_views(uow, caller, _living(shown, of_case))
            ),
            next_cursor=str(shown[-1].id) if len(rows) > limit else "",
            total=walk.count(uow)[0] if not request.cursor else 0,
        )

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _libraries(self, uow: UnitOfWork, wanted: Sequence[int]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(wanted)) or tuple(uow.session.scalars(select(LibraryRow.id)))

    def _by_days(
        self,
        uow: UnitOfWork,
        walk: _Walk[Any],
        column: InstrumentedAttribute[Any],
        first: date | None,
        last: date | None,
    ) -> None:
        if first is None and last is None:
            return
        if first and last and last < first:
            raise invalid("filter.last", "结束日期不能早于开始日期。")
        begin = self._time.day_bounds(first)[0] if first else None
        end = self._time.day_bounds(last)[1] if last else None
        ids = select(walk.model.id).where(*between(column, begin, end))
        walk.narrow(uow, ids, and_(*between(unindexed(column), begin, end)))

    def _by_text(self, uow: UnitOfWork, walk: _Walk[Any], column: InstrumentedAttribute[Any], text: str) -> None:
        wanted = text.strip().upper()
        if not wanted:
            return
        if wanted[:1].isascii() and any(letter.isdecimal() for letter in wanted):
            condition = begins(column, wanted)
            walk.narrow(uow, select(walk.model.id).where(condition), condition)
            return
        condition = walk.model.case_id.in_(_patients(text))
        walk.narrow(uow, select(walk.model.id).where(condition), condition)

    def _of_cases(self, uow: UnitOfWork, rows: Sequence[SpecimenRow | BlockRow | SlideRow]) -> dict[int, _OfCase]:
        wanted = {row.case_id for row in rows}
        columns = (CaseRow.id, CaseRow.patient_name, CaseRow.library_id, CaseRow.state)
        statement = select(*columns).where(CaseRow.id.in_(wanted))
        flagged = select(FlagRow.case_id).where(FlagRow.flag == CaseFlag.URGENT.value, FlagRow.case_id.in_(wanted))
        urgent = set(uow.session.scalars(flagged))
        return {
            one: _OfCase(name, library, one in urgent, state == CaseState.DELETED.value)
            for one, name, library, state in uow.session.execute(statement)
        }

    @staticmethod
    def _block_counts(uow: UnitOfWork, rows: Sequence[SpecimenRow]) -> dict[int, tuple[int, int]]:
        statement = (
            select(BlockRow.specimen_id, func.count(), func.sum(BlockRow.pieces))
            .where(
                BlockRow.case_id.in_({row.case_id for row in rows}),
                BlockRow.specimen_id.in_([row.id for row in rows]),
                BlockRow.state != BlockState.DELETED.value,
            )
            .group_by(BlockRow.specimen_id)
        )
        return {one: (count, int(pieces)) for one, count, pieces in uow.session.execute(statement) if one is not None}


@dataclass(frozen=True, slots=True)
class _OfCase:
    name: str
    library_id: int
    is_urgent: bool
    is_deleted: bool


def _living(rows: Sequence[RowT], of_case: dict[int, _OfCase]) -> list[RowT]:
    """Leave out what belongs to deleted cases: few rows, not worth a condition that reads every case."""
    return [row for row in rows if not of_case[row.case_id].is_deleted]


def _along_states(
    model: type[RowT],
    order: InstrumentedAttribute[Any],
    libraries: Sequence[int],
    states: Sequence[str],
    number_range: Sequence[ColumnElement[bool]],
) -> _Walk[RowT]:
    stretches = [
        and_(model.library_id == library, model.state == state, *number_range)
        for library in libraries
        for state in states
    ]
    whole = and_(unindexed(model.library_id).in_(libraries), unindexed(model.state).in_(states), *number_range)
    return _Walk(model, order, False, stretches, whole)


def _by_source(
    uow: UnitOfWork, walk: _Walk[Any], libraries: Sequence[int], sources: Sequence[str], has_states: bool
) -> None:
    """Add sources: where the states are not few either, a few sources are what the walk goes along."""
    if not sources:
        return
    model: Any = walk.model
    if has_states and walk.few is None:
        walk.narrow_by_stretches(uow)
    walk.conditions.append(unindexed(model.source).in_(sources))
    if walk.few is None and len(sources) <= _FEW_SOURCES:
        walk.stretches = [
            and_(model.library_id == library, model.source == source, walk.whole)
            for library in libraries
            for source in sources
        ]


def _patients(text: str) -> Select[Any]:
    """The cases whose patient a text names."""
    return select(WordRow.case_id).where(begins(WordRow.word, folded(text)[:LENGTH])).limit(FEW)


def _number_range(column: InstrumentedAttribute[Any], first: str, last: str) -> list[ColumnElement[bool]]:
    """Conditions of a range of case numbers on a column whose texts begin with them."""
    low, high = first.strip().upper(), last.strip().upper()
    conditions: list[ColumnElement[bool]] = [column >= low] if low else []
    # "2400123-" and "2400123/" are of the case 2400123, "24001234-A" is not
    return conditions + ([column < high + "/" + _END] if high else [])


def _limit(limit: int) -> int:
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid("limit", f"每页应为 1 到 {MAX_LIMIT} 行。")
    return limit
