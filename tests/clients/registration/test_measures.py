"""Ages and money as clerks type them."""

from __future__ import annotations

from datetime import date

import pytest

from clients.registration.measures import age_text, birth_date_for, fen_from, yuan

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("born", "words"),
    [
        (date(1968, 3, 12), "58岁"),
        (date(1968, 11, 22), "57岁"),
        (date(2025, 4, 1), "19月"),
        (date(2026, 11, 1), "20天"),
        (date(2026, 11, 22), ""),
    ],
)
def test_age_text(born: date, words: str) -> None:
    assert age_text(born, TODAY) == words


@pytest.mark.parametrize("typed", ["58岁", "7月", "12天"])
def test_a_typed_age_gives_a_birth_date_of_that_age(typed: str) -> None:
    born = birth_date_for(typed, TODAY)
    assert born is not None
    assert age_text(born, TODAY) == typed


@pytest.mark.parametrize("typed", ["", "abc", "-3", "200岁", "4.5"])
def test_what_is_no_age_gives_no_birth_date(typed: str) -> None:
    assert birth_date_for(typed, TODAY) is None


@pytest.mark.parametrize(("typed", "fen"), [("280", 28000), ("¥1,280.50", 128050), ("0", 0), ("0.01", 1)])
def test_yuan_become_fen(typed: str, fen: int) -> None:
    assert fen_from(typed) == fen


@pytest.mark.parametrize("typed", ["", "abc", "-1", "1.005", "1e9", "nan", "inf"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    assert fen_from(typed) is None


def test_fen_read_as_money() -> None:
    assert yuan(128050) == "1,280.50"
