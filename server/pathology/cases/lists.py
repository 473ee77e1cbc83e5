"""Lists of cases: filter, page, neighbours and counters, quick on half a million cases.

A list is walked in the order of an index, newest registration first, until a page is full. A condition that few cases
meet (a name, a number, a flag) would make that walk long, so each such condition is first counted up to FEW: where it
holds for no more, the walk is over those cases only. Either way a page reads a few thousand rows at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, true, union_all

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.text import begins
from server.kernel.errors import invalid, not_found
from server.pathology.cases.service import CaseService
from server.pathology.cases.tables import CaseRow, FlagRow, LibraryRow, WordRow
from server.pathology.cases.words import LENGTH, folded
from shared.contract.pathology import CaseFilter, CasePage, ListCounts, Neighbours
from shared.contract.pathology import CaseRow as CaseRowView
from shared.domain.pathology import LOCKED_STATES, CaseFlag, CaseState
from shared.domain.states import Sex

FEW = 5000
MAX_TOTAL = 1000
MAX_LIMIT = 500
_SHOWN = tuple(state for state in CaseState if state not in (CaseState.APPOINTED, CaseState.DELETED))
_COUNTED_FLAGS = (
    CaseFlag.URGENT,
    CaseFlag.ARREARS,
    CaseFlag.DELAYED,
    CaseFlag.CONSULTATION,
    CaseFlag.FOLLOW_UP,
    CaseFlag.REGROSSING,
    CaseFlag.ORDERS,
    CaseFlag.INFECTIOUS,
    CaseFlag.LOST_MATERIAL,
)
_MAX_DAYS = 36600


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the list: after which case the next page begins."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{int(self.at.timestamp() * 1_000_000)}.{self.id}"


def read_spot(cursor: str) -> Spot | None:
    """Return the place that a cursor names. Raises INVALID."""
    if not cursor:
        return None
    first, _, second = cursor.partition(".")
    if not (first.isdecimal() and second.isdecimal() and len(cursor) <= 40):
        raise invalid("cursor", "列表位置无效，请刷新列表。")
    try:
        at = datetime.fromtimestamp(int(first) / 1_000_000, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise invalid("cursor", "列表位置无效，请刷新列表。") from error
    return Spot(at, int(second))


class CaseLists:
    """What the case lists of all stations ask."""

    def __init__(self, time: HospitalTime, cases: CaseService) -> None:
        self._time = time
        self._cases = cases

    def page(self, uow: UnitOfWork, wanted: CaseFilter, cursor: str, limit: int) -> CasePage:
        """Return a page of the list. Raises INVALID."""
        if not 1 <= limit <= MAX_LIMIT:
            raise invalid("limit", f"每页应为 1 到 {MAX_LIMIT} 行。")
        walk = self._walk(uow, wanted)
        ids = walk.ids(uow, read_spot(cursor), limit + 1)
        rows = self.rows(uow, ids[:limit])
        more = str(Spot(rows[-1].registered_at, rows[-1].id)) if len(ids) > limit else ""
        total = walk.count(uow) if not cursor else 0
        return CasePage(rows=rows, next_cursor=more, total=total, now=self._time.now())

    def rows(self, uow: UnitOfWork, case_ids: Sequence[int]) -> tuple[CaseRowView, ...]:
        """Return list rows of these cases, in this order; other rooms make their lists of them."""
        found = {row.id: row for row in uow.session.scalars(select(CaseRow).where(CaseRow.id.in_(case_ids)))}
        flags = self._cases.flags_of(uow, case_ids)
        return tuple(_row_view(found[one], flags[one]) for one in case_ids if one in found)

    def neighbours(self, uow: UnitOfWork, case_id: int, wanted: CaseFilter) -> Neighbours:
        """Return the cases before and after one. Raises NOT_FOUND."""
        row = uow.session.get(CaseRow, case_id)
        if row is None:
            raise not_found("病例")
        walk, spot = self._walk(uow, wanted), Spot(row.registered_at, row.id)
        after, before = walk.ids(uow, spot, 1), walk.ids(uow, spot, 1, upwards=True)
        return Neighbours(previous_id=before[0] if before else 0, next_id=after[0] if after else 0)

    def counts(self, uow: UnitOfWork, library_ids: Sequence[int], wanted: CaseFilter) -> ListCounts:
        """Return the counters; states of the filter's days, bookings and flags of what is not sent yet."""
        libraries = tuple(library_ids) or self._libraries(uow)
        in_days = and_(CaseRow.library_id.in_(libraries), *self._days(wanted))
        states = uow.session.execute(select(CaseRow.state, func.count()).where(in_days).group_by(CaseRow.state)).all()
        by_state: dict[CaseState, int] = {state: 0 for state in _SHOWN}  # noqa: C420  typed as the view's
        by_state.update({CaseState(state): count for state, count in states if CaseState(state) in by_state})
        bookings = select(func.count()).where(
            CaseRow.library_id.in_(libraries), CaseRow.state == CaseState.APPOINTED.value
        )
        flagged = (
            select(FlagRow.flag, func.count())
            .join(CaseRow, CaseRow.id == FlagRow.case_id)
            .where(
                FlagRow.flag.in_([flag.value for flag in _COUNTED_FLAGS]),
                CaseRow.library_id.in_(libraries),
                CaseRow.state.not_in((CaseState.SENT.value, CaseState.DELETED.value)),
            )
            .group_by(FlagRow.flag)
        )
        by_flag: dict[CaseFlag, int] = {flag: 0 for flag in _COUNTED_FLAGS}  # noqa: C420
        by_flag.update({CaseFlag(flag): count for flag, count in uow.session.execute(flagged)})
        return ListCounts(states=by_state, bookings=int(uow.session.execute(bookings).scalar_one()), flags=by_flag)

    def _walk(self, uow: UnitOfWork, wanted: CaseFilter) -> _Walk:
        libraries = tuple(dict.fromkeys(wanted.library_ids)) or self._libraries(uow)
        states = wanted.states or _SHOWN
        if CaseFlag.LOCKED in wanted.flags:
            states = tuple(state for state in states if state in LOCKED_STATES)
        if wanted.unsent_only:
            states = tuple(state for state in states if state is not CaseState.SENT)
        narrow = self._narrowing(wanted)
        few: tuple[int, ...] | None = None
        wide: list[ColumnElement[bool]] = []
        for narrowing in narrow:
            if few is None:
                found = list(uow.session.scalars(narrowing.ids.limit(FEW + 1)))
                if len(found) <= FEW:
                    few = tuple(dict.fromkeys(found))
                    continue
            wide.append(narrowing.condition)
        return _Walk(libraries, states, self._days(wanted), few, wide, is_by_state=bool(wanted.states))

    def _narrowing(self, wanted: CaseFilter) -> list[_Narrowing]:
        found: list[_Narrowing] = []
        number = wanted.number.strip().upper()
        if number:
            found.append(_of_column(begins(CaseRow.number, number)))  # type: ignore[arg-type]
        if wanted.first_number or wanted.last_number:
            low, high = wanted.first_number.strip().upper(), wanted.last_number.strip().upper()
            conditions = [CaseRow.number >= low] if low else []
            conditions += [CaseRow.number <= high] if high else []
            found.append(_of_column(and_(*conditions)))
        word = folded(wanted.text)[:LENGTH]
        if word:
            ids = select(WordRow.case_id).where(begins(WordRow.word, word))
            holds = select(literal(1)).where(WordRow.case_id == CaseRow.id, begins(WordRow.word, word))
            found.append(_Narrowing(ids, holds.correlate(CaseRow).exists()))
        for flag in wanted.flags:
            if flag in (CaseFlag.LOCKED, CaseFlag.FAVOURITE):
                continue
            ids = select(FlagRow.case_id).where(FlagRow.flag == flag.value)
            has = select(literal(1)).where(FlagRow.case_id == CaseRow.id, FlagRow.flag == flag.value)
            found.append(_Narrowing(ids, has.correlate(CaseRow).exists()))
        return found

    def _days(self, wanted: CaseFilter) -> tuple[ColumnElement[bool], ...]:
        if wanted.first and wanted.last and not 0 <= (wanted.last - wanted.first).days <= _MAX_DAYS:
            raise invalid("filter.last", "结束日期不能早于开始日期。")
        try:
            begin = (CaseRow.registered_at >= self._time.day_bounds(wanted.first)[0],) if wanted.first else ()
            end = (CaseRow.registered_at < self._time.day_bounds(wanted.last)[1],) if wanted.last else ()
        except OverflowError as error:
            raise invalid("filter.first", "日期超出范围。") from error
        return (*begin, *end)

    def _libraries(self, uow: UnitOfWork) -> tuple[int, ...]:
        return tuple(uow.session.scalars(select(LibraryRow.id).order_by(LibraryRow.id)))


@dataclass(frozen=True, slots=True)
class _Narrowing:
    """A condition that few cases may meet: their ids, and the condition for a walk over all."""

    ids: Select[int]
    condition: ColumnElement[bool]


def _of_column(condition: ColumnElement[bool]) -> _Narrowing:
    return _Narrowing(select(CaseRow.id).where(condition), condition)


@dataclass(frozen=True, slots=True)
class _Walk:
    """How a filter's cases are walked."""

    libraries: tuple[int, ...]
    states: tuple[CaseState, ...]
    days: tuple[ColumnElement[bool], ...]
    few: tuple[int, ...] | None
    wide: list[ColumnElement[bool]]
    is_by_state: bool

    def ids(self, uow: UnitOfWork, spot: Spot | None, limit: int, *, upwards: bool = False) -> list[int]:
        """Return the ids that follow a place, or, upwards, those before it, the nearest first."""
        order = (CaseRow.registered_at, CaseRow.id) if upwards else (CaseRow.registered_at.desc(), CaseRow.id.desc())
        parts = [
            select(CaseRow.id, CaseRow.registered_at)
            .where(condition, _beyond(spot, upwards=upwards))
            .order_by(*order)
            .limit(limit)
            .subquery()
            for condition in self._conditions()
        ]
        if not parts:
            return []
        joined = union_all(*(select(part) for part in parts)).subquery()
        last = (joined.c.registered_at, joined.c.id)
        by = last if upwards else tuple(column.desc() for column in last)
        return list(uow.session.execute(select(joined.c.id).order_by(*by).limit(limit)).scalars())

    def count(self, uow: UnitOfWork) -> int:
        """Return how many there are, at most MAX_TOTAL."""
        parts = [select(CaseRow.id).where(condition).limit(MAX_TOTAL).subquery() for condition in self._conditions()]
        if not parts:
            return 0
        joined = union_all(*(select(part) for part in parts)).subquery()
        return min(int(uow.session.execute(select(func.count()).select_from(joined)).scalar_one()), MAX_TOTAL)

    def _conditions(self) -> list[ColumnElement[bool]]:
        """One condition for each stretch of an index: a library, or a library's state where states are asked for."""
        if not self.libraries or not self.states or self.few == ():
            return []
        rest: list[Any] = [*self.days, *self.wide]
        values = [state.value for state in self.states]
        if self.few is not None:
            return [
                and_(CaseRow.id.in_(self.few), CaseRow.library_id.in_(self.libraries), CaseRow.state.in_(values), *rest)
            ]
        if self.is_by_state:
            return [
                and_(CaseRow.library_id == library, CaseRow.state == value, *rest)
                for library in self.libraries
                for value in values
            ]
        return [and_(CaseRow.library_id == library, CaseRow.state.in_(values), *rest) for library in self.libraries]


def _beyond(spot: Spot | None, *, upwards: bool) -> ColumnElement[bool]:
    if spot is None:
        return true()
    at, number = CaseRow.registered_at, CaseRow.id
    # the first half alone is a range of the index, whatever the planner makes of the second
    if upwards:
        return and_(at >= spot.at, or_(at > spot.at, number > spot.id))
    return and_(at <= spot.at, or_(at < spot.at, number < spot.id))


def _row_view(row: CaseRow, flags: tuple[CaseFlag, ...]) -> CaseRowView:
    state = CaseState(row.state)
    return CaseRowView(
        id=row.id,
        revision=row.revision,
        number=row.number or "",
        library_id=row.library_id,
        state=state,
        flags=(*flags, CaseFlag.LOCKED) if state in LOCKED_STATES else flags,
        patient_name=row.patient_name,
        sex=Sex(row.sex),
        age=row.age,
        department=row.department,
        bed=row.bed,
        sending_unit=row.sending_unit,
        sending_doctor=row.sending_doctor,
        application_number=row.application_number,
        outpatient_number=row.outpatient_number,
        inpatient_number=row.inpatient_number,
        specimen_name=row.specimen_name,
        clinical_diagnosis=row.clinical_diagnosis,
        received_at=row.received_at,
        registered_at=row.registered_at,
        registered_by=row.registered_by,
        state_since=row.state_since,
        delay_reason=row.delay_reason,
        first_doctor=row.first_doctor,
        chief_doctor=row.chief_doctor,
        second_doctor=row.second_doctor,
        auditor=row.auditor,
    )
