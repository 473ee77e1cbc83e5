"""The loan's machine, pair by pair, and retention. No database."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from server.pathology.keeping import rules
from shared.contract.pathology_keeping import KeptKind, Retention
from shared.domain.pathology import LoanAction, LoanState

S, A = LoanState, LoanAction
STEPS = {
    (S.LENT, A.RETURN), (S.LENT, A.EXTEND), (S.LENT, A.REPORT_LOST),
    (S.OVERDUE, A.RETURN), (S.OVERDUE, A.EXTEND), (S.OVERDUE, A.REPORT_LOST),
}  # fmt: skip
"""PA-SM-LOAN-04 to -06."""


@pytest.mark.parametrize("state", list(LoanState))
@pytest.mark.parametrize("action", list(LoanAction))
def test_every_pair_is_as_the_table_of_requirements_says(state: LoanState, action: LoanAction) -> None:
    assert (action in rules.allowed(state, may_lend=True)) == ((state, action) in STEPS)
    assert rules.allowed(state, may_lend=False) == ()


@pytest.mark.parametrize(
    ("items", "day", "state"),
    [
        ((S.LENT, S.RETURNED), date(2026, 3, 10), S.LENT),
        ((S.LENT, S.RETURNED), date(2026, 3, 11), S.OVERDUE),
        ((S.LENT, S.LOST), date(2026, 3, 1), S.LENT),
        ((S.RETURNED, S.RETURNED), date(2027, 1, 1), S.RETURNED),
        ((S.RETURNED, S.LOST), date(2026, 3, 1), S.LOST),
    ],
)
def test_a_loan_is_out_while_one_item_is_out(items: tuple[LoanState, ...], day: date, state: LoanState) -> None:
    assert rules.state_of(items, date(2026, 3, 10), day) is state


def test_retention_is_over_to_the_moment() -> None:
    since = datetime(2020, 2, 29, 8, tzinfo=UTC)
    assert not rules.is_over(since, 15, datetime(2035, 3, 1, 7, 59, tzinfo=UTC))
    assert rules.is_over(since, 15, datetime(2035, 3, 1, 8, tzinfo=UTC))
    years = Retention(block_years=1, slide_years=2, paper_years=3)
    assert [rules.years_of(kind, years) for kind in KeptKind] == [1, 2, 3]
