"""Lists of cases: filter, page, neighbours and counters, quick on half a million cases.

How a list is walked stands in walking.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found
from server.pathology.cases.service import CaseService
from server.pathology.cases.tables import CaseRow, FlagRow, LibraryRow
from server.pathology.cases.walking import Spot, Walk, between, of_numbers, of_word, read_spot
from server.pathology.cases.words import LENGTH, folded
from shared.contract.pathology import CaseFilter, CasePage, ListCounts, Neighbours
from shared.contract.pathology import CaseRow as CaseRowView
from shared.domain.pathology import LOCKED_STATES, CaseFlag, CaseState
from shared.domain.states import Sex

MAX_LIMIT = 500
MAX_OF_STATE = 10_000
_END = "\U0010ffff"
_JUST_AFTER = "\x01"
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
        return ListCounts(
            states=self._states(uow, libraries, wanted),
            bookings=int(uow.session.execute(bookings).scalar_one()),
            flags=by_flag,
        )

    def _walk(self, uow: UnitOfWork, wanted: CaseFilter) -> Walk:
        libraries = tuple(dict.fromkeys(wanted.library_ids)) or self._libraries(uow)
        states = wanted.states or _SHOWN
        if CaseFlag.LOCKED in wanted.flags:
            states = tuple(state for state in states if state in LOCKED_STATES)
        if wanted.unsent_only:
            states = tuple(state for state in states if state is not CaseState.SENT)
        first, last = self._days(wanted)
        walk = Walk(libraries, states, first, last, is_by_state=bool(wanted.states))
        number = wanted.number.strip().upper()
        if number:
            walk.narrow(uow, of_numbers(number, number + _END))
        low, high = wanted.first_number.strip().upper(), wanted.last_number.strip().upper()
        if low or high:
            walk.narrow(uow, of_numbers(low, high and high + _JUST_AFTER))
        word = folded(wanted.text)[:LENGTH]
        if word:
            walk.narrow(uow, of_word(word))
        for flag in wanted.flags:
            if flag not in (CaseFlag.LOCKED, CaseFlag.FAVOURITE):
                walk.narrow_by_flag(uow, flag)
        return walk

    def _days(self, wanted: CaseFilter) -> tuple[datetime | None, datetime | None]:
        if wanted.first and wanted.last and wanted.last < wanted.first:
            raise invalid("filter.last", "结束日期不能早于开始日期。")
        try:
            begin = self._time.day_bounds(wanted.first)[0] if wanted.first else None
            end = self._time.day_bounds(wanted.last)[1] if wanted.last else None
        except OverflowError as error:
            raise invalid("filter.first", "日期超出范围。") from error
        return begin, end

    def _states(self, uow: UnitOfWork, libraries: Sequence[int], wanted: CaseFilter) -> dict[CaseState, int]:
        """Count by state: exactly within days, else each state of a library up to MAX_OF_STATE."""
        first, last = self._days(wanted)
        found: dict[CaseState, int] = {state: 0 for state in _SHOWN}  # noqa: C420  typed as the view's
        if first is not None or last is not None:
            in_days = and_(CaseRow.library_id.in_(libraries), *between(CaseRow.registered_at, first, last))
            statement = select(CaseRow.state, func.count()).where(in_days).group_by(CaseRow.state)
            counted = {CaseState(state): count for state, count in uow.session.execute(statement)}
            return {state: counted.get(state, 0) for state in _SHOWN}
        for library in libraries:
            for state in _SHOWN:
                some = select(CaseRow.id).where(CaseRow.library_id == library, CaseRow.state == state.value)
                few = some.limit(MAX_OF_STATE).subquery()
                found[state] += int(uow.session.execute(select(func.count()).select_from(few)).scalar_one())
        return found

    def _libraries(self, uow: UnitOfWork) -> tuple[int, ...]:
        return tuple(uow.session.scalars(select(LibraryRow.id).order_by(LibraryRow.id)))


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
