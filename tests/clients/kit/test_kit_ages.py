"""Ages in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clients.kit.ages import age_for_reader
from clients.kit.translations import Language, set_language


@pytest.fixture
def english() -> Iterator[None]:
    set_language(Language.ENGLISH)
    yield
    set_language(Language.CHINESE)


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("age", "words"),
    [
        ("45岁", "45 y"),
        ("3月", "3 m"),
        ("1岁3个月", "1 y 3 m"),
        ("2周", "2 w"),
        ("12天", "12 d"),
        ("6小时", "6 h"),
        ("045Y", "045Y"),
        ("", ""),
    ],
)
def test_an_age_is_read_in_english(age: str, words: str) -> None:
    assert age_for_reader(age) == words


def test_an_age_stays_chinese_in_chinese() -> None:
    assert age_for_reader("1岁3个月") == "1岁3个月"
