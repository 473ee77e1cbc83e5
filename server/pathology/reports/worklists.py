"""Lists of work: a doctor's own, overdue reports, clocks of a list's cases, monthly figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.reports import rules
from server.pathology.reports.books import Books
from server.pathology.reports.tables import CaseClock, CasePerson, CodeRow, FrozenSection, NamedDoctorRow
from shared.contract.base import Page
from shared.contract.pathology_reports import ClockView, TimelinessRow, WorkList, WorkRow
from shared.domain.pathology import CaseState, DoctorRole, LibraryKind, MyList
from shared.domain.pathology_reports import Concordance

_MOST_ROWS = 500
_MOST_MONTHS = 60


class Worklists:
    """Finds cases by their reports; every method works in the caller's unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def mine(self, uow: UnitOfWork, caller: Caller, which: MyList, page: Page) -> WorkList:
        """Return one of the caller's four lists, and how many cases each has."""
        counts = {
            one: uow.session.scalar(select(func.count()).select_from(CaseClock).where(self._mine(caller, one))) or 0
            for one in MyList
        }
        return self._page(uow, self._mine(caller, which), page, counts[which], counts)

    def overdue(self, uow: UnitOfWork, *, soon: bool, page: Page) -> WorkList:
        """Return cases past their target or nearly so, most urgent first."""
        limit = CaseClock.warn_at if soon else CaseClock.due_at
        where = and_(CaseClock.audited_at.is_(None), CaseClock.due_at.is_not(None), limit <= self._books.time.now())
        total = uow.session.scalar(select(func.count()).select_from(CaseClock).where(where)) or 0
        return self._page(uow, where, page, total, {})

    def by_code(self, uow: UnitOfWork, system: str, code: str, page: Page) -> WorkList:
        """Return cases that carry a code or one that begins so, newest first. Raises INVALID."""
        wanted = code.strip().upper()
        if not wanted:
            raise invalid("code", "请填写要查找的编码。")
        has = exists().where(
            CodeRow.case_id == CaseClock.case_id,
            CodeRow.system == system,
            CodeRow.code.startswith(wanted, autoescape=True),
        )
        total = uow.session.scalar(select(func.count()).select_from(CaseClock).where(has)) or 0
        return self._page(uow, has, page, total, {}, newest=True)

    def clocks(self, uow: UnitOfWork, case_ids: Sequence[int]) -> dict[int, ClockView]:
        """Return the clocks of cases. Raises INVALID for more than 500."""
        if len(case_ids) > _MOST_ROWS:
            raise invalid("case_ids", f"一次最多 {_MOST_ROWS} 个病例。")
        now = self._books.time.now()
        rows = {
            row.case_id: row
            for row in uow.session.scalars(select(CaseClock).where(CaseClock.case_id.in_(list(case_ids))))
        }
        found = {case_id: _clock(row, now) for case_id, row in rows.items()}
        absent = [one for one in case_ids if one not in rows]
        if absent:
            policy = self._books.policy(uow)
            for case_id, case in self._books.cases.many(uow, absent).items():
                due, warn = rules.due(policy, case.library, case.received_at)
                found[case_id] = rules.clock(case.received_at, due, None, now, warn)
        return found

    def overdue_count(self, uow: UnitOfWork) -> int:
        """Return how many reports are past their target."""
        where = and_(CaseClock.audited_at.is_(None), CaseClock.due_at <= self._books.time.now())
        return uow.session.scalar(select(func.count()).select_from(CaseClock).where(where)) or 0

    @staticmethod
    def delayed_count(uow: UnitOfWork) -> int:
        """Return how many delayed reports are not sent yet (延迟未发病例)."""
        where = and_(CaseClock.is_delayed, CaseClock.state != CaseState.SENT.value)
        return uow.session.scalar(select(func.count()).select_from(CaseClock).where(where)) or 0

    def _mine(self, caller: Caller, which: MyList) -> ColumnElement[bool]:
        if which is MyList.UNDIAGNOSED:
            return or_(
                *(
                    and_(
                        CaseClock.state.in_([state.value for state in states]),
                        exists().where(
                            NamedDoctorRow.case_id == CaseClock.case_id,
                            NamedDoctorRow.role == role.value,
                            NamedDoctorRow.doctor_id == caller.user_id,
                        ),
                    )
                    for role, states in rules.UNDIAGNOSED.items()
                    if role is not DoctorRole.AUDIT
                )
            )
        part = exists().where(CasePerson.case_id == CaseClock.case_id, CasePerson.doctor_id == caller.user_id)
        states = CaseClock.state.in_([state.value for state in rules.MINE[which]])
        if which is not MyList.UNAUDITED:
            return and_(states, part)
        asked = exists().where(
            NamedDoctorRow.case_id == CaseClock.case_id,
            NamedDoctorRow.role == DoctorRole.AUDIT.value,
            NamedDoctorRow.doctor_id == caller.user_id,
        )
        return and_(states, or_(part, asked))

    def _page(
        self,
        uow: UnitOfWork,
        where: ColumnElement[bool],
        page: Page,
        total: int,
        counts: dict[MyList, int],
        *,
        newest: bool = False,
    ) -> WorkList:
        if not 1 <= page.limit <= _MOST_ROWS or page.offset < 0:
            raise invalid("page", f"每页 1 到 {_MOST_ROWS} 行，起始行不能为负。")
        order = (
            (CaseClock.case_id.desc(),) if newest else (CaseClock.due_at.is_(None), CaseClock.due_at, CaseClock.case_id)
        )
        statement = select(CaseClock).where(where).order_by(*order).offset(page.offset).limit(page.limit)
        clocks = list(uow.session.scalars(statement))
        cases = self._books.cases.many(uow, [one.case_id for one in clocks])
        now = self._books.time.now()
        rows = tuple(
            WorkRow(
                case_id=one.case_id,
                case_number=cases[one.case_id].number,
                patient_name=cases[one.case_id].entry.patient_name,
                state=cases[one.case_id].state,
                received_at=one.received_at,
                turnaround=_clock(one, now),
                note="延期" if one.is_delayed else "",
            )
            for one in clocks
            if one.case_id in cases
        )
        return WorkList(total=total, rows=rows, counts=counts)

    # ── figures ──────────────────────────────────────────────────────────────────────────────────────

    def timeliness(self, uow: UnitOfWork, months: int) -> tuple[TimelinessRow, ...]:
        """Return 及时率 and 符合率 by month and kind of library, newest month first. Raises INVALID."""
        if not 1 <= months <= _MOST_MONTHS:
            raise invalid("months", f"请选择 1 到 {_MOST_MONTHS} 个月。")
        since = self._books.time.now() - timedelta(days=31 * months)
        sums: dict[tuple[str, str], list[int]] = {}
        audited = select(CaseClock.audited_at, CaseClock.due_at, CaseClock.library).where(CaseClock.audited_at >= since)
        for at, due, library in uow.session.execute(audited):
            assert at is not None
            one = sums.setdefault((self._month(at), library), [0] * 6)
            one[0] += 1
            one[1] += due is None or at <= due
        frozen = select(FrozenSection).where(FrozenSection.received_at >= since, FrozenSection.reported_at.is_not(None))
        for row in uow.session.scalars(frozen):
            assert row.received_at is not None and row.reported_at is not None
            one = sums.setdefault((self._month(row.received_at), row.library), [0] * 6)
            one[2] += 1
            one[3] += row.reported_at - row.received_at <= timedelta(minutes=row.target_minutes)
            if row.concordance and row.concordance != Concordance.DEFERRED:
                one[4] += 1
                one[5] += row.concordance == Concordance.AGREES
        return tuple(
            TimelinessRow(
                month=month,
                library=LibraryKind(library),
                audited=one[0],
                in_time=one[1],
                frozen=one[2],
                frozen_in_time=one[3],
                judged=one[4],
                agreed=one[5],
            )
            for (month, library), one in sorted(sums.items(), key=lambda item: (item[0][0], item[0][1]), reverse=True)
        )

    def _month(self, moment: datetime) -> str:
        return f"{self._books.time.local(moment):%Y-%m}"


def _clock(row: CaseClock, now: datetime) -> ClockView:
    return rules.clock(row.received_at, row.due_at, row.audited_at, now, row.warn_at)
