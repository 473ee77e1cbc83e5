"""Drawing samples and Cohen's kappa."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.quality.sampling import draw, kappa


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(1, 60), st.integers(1, 2**31))
def test_strata_keep_their_shares_and_the_seed_draws_again(kinds: list[int], count: int, seed: int) -> None:
    items = list(enumerate(kinds))
    drawn = draw(items, count, seed, lambda item: item[1])
    assert drawn == draw(items, count, seed, lambda item: item[1])
    assert len(drawn) == len(set(drawn)) == min(count, len(items))
    for kind in set(kinds):
        share = min(count, len(items)) * kinds.count(kind) / len(items)
        assert abs(sum(one == kind for _, one in drawn) - share) < 1


def test_another_seed_draws_others() -> None:
    items = list(range(200))
    assert draw(items, 20, 1) != draw(items, 20, 2)
    assert draw(items, 500, 1) and len(draw(items, 500, 1)) == 200


def test_kappa_of_a_textbook_table() -> None:
    """Cohen 1960 in the usual example: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no gives 0.40."""
    pairs = [("A", "A")] * 20 + [("A", "B")] * 5 + [("B", "A")] * 10 + [("B", "B")] * 15
    assert kappa(pairs) == pytest.approx(0.40)
    assert kappa([("A", "A")] * 5) is None
    assert kappa([("A", "B")]) is None
    assert kappa([("A", "A"), ("B", "B")]) == 1
