"""The loan's machine as a table (PA-SM-LOAN), and when something may be destroyed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from shared.contract.pathology_keeping import KeptKind, Retention
from shared.domain.pathology import LoanAction, LoanState

_S, _A = LoanState, LoanAction

NEXT: Mapping[tuple[LoanState, LoanAction], LoanState] = {
    (_S.LENT, _A.RETURN): _S.RETURNED,
    (_S.LENT, _A.EXTEND): _S.LENT,
    (_S.LENT, _A.REPORT_LOST): _S.LOST,
    (_S.OVERDUE, _A.RETURN): _S.RETURNED,
    (_S.OVERDUE, _A.EXTEND): _S.LENT,
    (_S.OVERDUE, _A.REPORT_LOST): _S.LOST,
}
"""Steps of a loan whose items are all treated alike; LEND makes it. Overdue comes by itself, with the day."""


def state_of(items: Iterable[LoanState], due_day: date, today: date) -> LoanState:
    """A loan's state by its items: out while one is out; lost when one was lost and none is out."""
    states = set(items)
    if _S.LENT in states:
        return _S.OVERDUE if today > due_day else _S.LENT
    return _S.LOST if _S.LOST in states else _S.RETURNED


def allowed(state: LoanState, *, may_lend: bool) -> tuple[LoanAction, ...]:
    """What may be done now."""
    return tuple(action for action in LoanAction if may_lend and (state, action) in NEXT)


def years_of(kind: KeptKind, retention: Retention) -> int:
    return {
        KeptKind.BLOCK: retention.block_years,
        KeptKind.SLIDE: retention.slide_years,
        KeptKind.PAPER: retention.paper_years,
    }[kind]


def is_over(since: datetime, years: int, now: datetime) -> bool:
    """Whether so many years have passed; the 29th of February counts as the 1st of March."""
    try:
        end = since.replace(year=since.year + years)
    except ValueError:
        end = since.replace(year=since.year + years, month=3, day=1)
    return now >= end
