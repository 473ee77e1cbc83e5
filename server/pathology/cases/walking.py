"""How a list of cases is walked, so that a page reads a few thousand rows whatever is asked of half a million cases.

The walk goes along an index, newest registration first, until a page is full: by library, by library and state, or by
flag. A condition that few cases meet (a name, a number, a flag) would make it long, so each such condition is first
counted: where it holds for no more than FEW, only those cases are looked at; where it holds for some thousands, the
database sorts those, because they may lie together at the far end of the list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select, true, union_all

from server.kernel.database import UnitOfWork
from server.kernel.database.text import begins, one_of, unindexed
from server.kernel.errors import invalid
from server.pathology.cases.tables import CaseRow, FlagRow, WordRow
from shared.domain.pathology import CaseFlag, CaseState

FEW = 5000
MAX_TOTAL = 1000
_SOME_WORDS = 20_000  # as many cases are fetched one by one in about the time that a walk asks a few thousand
_SOME_NUMBERS = 60_000  # these lie together


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A condition that few cases may meet."""

    ids: Select[Any]  # of the cases that meet it
    holds: ColumnElement[bool]  # for a walk over all cases
    among: ColumnElement[bool] = field(default_factory=false)  # for reading just those cases …
    most: int = 0  # … where there are no more


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


def of_numbers(low: str, high: str) -> Narrowing:
    """Return the narrowing of case numbers from `low` to below `high`; an empty one is open."""

    def condition(column: Any) -> ColumnElement[bool]:
        return and_(true(), *([column >= low] if low else []), *([column < high] if high else []))

    inside = condition(CaseRow.number)
    return Narrowing(select(CaseRow.id).where(inside), condition(unindexed(CaseRow.number)), inside, _SOME_NUMBERS)


def of_word(word: str) -> Narrowing:
    """Return the narrowing of a word's beginning (words.py)."""
    own = unindexed(WordRow.word)  # in a walk the words of one case are looked at, never all with this beginning
    holds = select(literal(1)).where(WordRow.case_id == CaseRow.id, own >= word, own < word + "\U0010ffff")
    ids = select(WordRow.case_id).where(begins(WordRow.word, word))
    some = ids.limit(_SOME_WORDS)  # limited, so that a planner reads the words first and the cases by them
    return Narrowing(ids, holds.correlate(CaseRow).exists(), CaseRow.id.in_(some), _SOME_WORDS)


def of_flag(flag: CaseFlag) -> Narrowing:
    """Return the narrowing of a flag."""
    has = select(literal(1)).where(FlagRow.case_id == CaseRow.id, FlagRow.flag == flag.value)
    return Narrowing(select(FlagRow.case_id).where(FlagRow.flag == flag.value), has.correlate(CaseRow).exists())


def between(column: Any, first: datetime | None, last: datetime | None) -> list[ColumnElement[bool]]:
    """Return the conditions of a half-open span of time; None is open."""
    return ([column >= first] if first is not None else []) + ([column < last] if last is not None else [])


@dataclass(slots=True)
class Walk:
    """The cases of a filter in their order."""

    libraries: tuple[int, ...]
    states: tuple[CaseState, ...]
    first: datetime | None
    last: datetime | None
    is_by_state: bool
    few: tuple[int, ...] | None = None
    some: Narrowing | None = None
    flag: CaseFlag | None = None
    sample: list[int] = field(default_factory=list)
    wide: list[ColumnElement[bool]] = field(default_factory=list)

    def narrow(self, uow: UnitOfWork, by: Narrowing) -> bool:
        """Add a condition that few cases may meet; False when it is one for a walk."""
        if self.few is None:
            found = list(uow.session.scalars(by.ids.limit(FEW + 1)))
            if len(found) <= FEW:
                self.few = tuple(dict.fromkeys(found))
                return True
            self.sample = self.sample or found
            if self.some is None and _holds_at_most(uow, by.ids, by.most):
                self.some = by
                return True
        self.wide.append(by.holds)
        return False

    def narrow_by_flag(self, uow: UnitOfWork, flag: CaseFlag) -> None:
        """Add a flag; the first one that many cases have is what the walk goes along."""
        if not self.narrow(uow, of_flag(flag)) and self.flag is None:
            self.flag = flag
            self.wide.pop()

    def ids(self, uow: UnitOfWork, spot: Spot | None, limit: int, *, upwards: bool = False) -> list[int]:
        """Return the ids that follow a place, or, upwards, those before it, the nearest first."""
        parts = [part.subquery() for part in self._parts(spot, limit, upwards=upwards)]
        if not parts:
            return []
        joined = union_all(*(select(part) for part in parts)).subquery()
        order = (joined.c.at, joined.c.id)
        by = order if upwards else tuple(column.desc() for column in order)
        return list(uow.session.execute(select(joined.c.id).order_by(*by).limit(limit)).scalars())

    def count(self, uow: UnitOfWork) -> int:
        """Return how many there are, at most MAX_TOTAL."""
        if not self.sample or self.few is not None:
            return self._count(uow)
        # more than FEW cases meet a condition: if a thousand of the first of them meet the others too, that is enough
        sampled = Walk(self.libraries, self.states, self.first, self.last, False, few=tuple(set(self.sample)))
        sampled.wide = [*self.wide, *self._asides()]
        return MAX_TOTAL if sampled._count(uow) == MAX_TOTAL else self._count(uow)

    def _count(self, uow: UnitOfWork) -> int:
        parts = [part.subquery() for part in self._parts(None, MAX_TOTAL, is_ordered=False)]
        if not parts:
            return 0
        joined = union_all(*(select(part.c.id) for part in parts)).limit(MAX_TOTAL).subquery()
        return int(uow.session.execute(select(func.count()).select_from(joined)).scalar_one())

    def _parts(
        self, spot: Spot | None, limit: int, *, upwards: bool = False, is_ordered: bool = True
    ) -> list[Select[Any, Any]]:
        """One statement for each stretch of an index."""
        if not self.libraries or not self.states or self.few == ():
            return []
        values = [state.value for state in self.states]
        at: Any
        number: Any
        if self.flag is not None and self.few is None and self.some is None:
            at, number = FlagRow.registered_at, FlagRow.case_id
            source: Select[Any, Any] = select(number.label("id"), at.label("at")).join(
                CaseRow, CaseRow.id == FlagRow.case_id
            )
            of_flag = (FlagRow.flag == self.flag.value, CaseRow.state.in_(values))
            stretches = [and_(*of_flag, FlagRow.library_id == library) for library in self.libraries]
        else:
            at, number = CaseRow.registered_at, CaseRow.id
            source = select(number.label("id"), at.label("at"))
            stretches = self._stretches(values)
        if self.few is not None or self.some is not None:
            at, number = unindexed(CaseRow.registered_at), unindexed(CaseRow.id)
        order = (at, number) if upwards else (at.desc(), number.desc())
        conditions = (*between(at, self.first, self.last), *self.wide, _beyond(at, number, spot, upwards=upwards))
        statements: list[Select[Any, Any]] = [source.where(stretch, *conditions).limit(limit) for stretch in stretches]
        return [statement.order_by(*order) for statement in statements] if is_ordered else statements

    def _asides(self) -> list[ColumnElement[bool]]:
        """The conditions that are not among the wide ones because the walk may go along them."""
        flag = [of_flag(self.flag).holds] if self.flag else []
        return flag + ([self.some.holds] if self.some else [])

    def _stretches(self, values: list[str]) -> list[ColumnElement[bool]]:
        apart = and_(unindexed(CaseRow.library_id).in_(self.libraries), unindexed(CaseRow.state).in_(values))
        if self.few is not None:
            return [and_(one_of(CaseRow.id, self.few), apart, *self._asides())]
        if self.some is not None:
            return [and_(self.some.among, apart, *([of_flag(self.flag).holds] if self.flag else []))]
        if self.is_by_state:
            return [
                and_(CaseRow.library_id == library, CaseRow.state == value)
                for library in self.libraries
                for value in values
            ]
        return [and_(CaseRow.library_id == library, CaseRow.state.in_(values)) for library in self.libraries]


def _holds_at_most(uow: UnitOfWork, ids: Select[Any], most: int) -> bool:
    counted = select(func.count()).select_from(ids.limit(most + 1).subquery())
    return most > 0 and int(uow.session.execute(counted).scalar_one()) <= most


def _beyond(at: Any, number: Any, spot: Spot | None, *, upwards: bool) -> ColumnElement[bool]:
    if spot is None:
        return true()
    # the first half alone is a range of the index, whatever the planner makes of the second
    if upwards:
        return and_(at >= spot.at, or_(at > spot.at, number > spot.id))
    return and_(at <= spot.at, or_(at < spot.at, number < spot.id))
