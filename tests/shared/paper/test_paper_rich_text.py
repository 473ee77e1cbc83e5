"""Rich text: styles land on the right characters, nothing is lost, any input ends well."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.rich_text import plain, sanitised
from shared.paper.rich_text import PLAIN, Style, styled, unstyled


def test_styles_cover_exactly_their_words() -> None:
    [paragraph] = styled("<p>甲<b>乙<i>丙</i></b>丁<sup>2</sup></p>")
    assert paragraph.text == "甲乙丙丁2"
    assert paragraph.styles == (PLAIN, Style(bold=True), Style(bold=True, italic=True), PLAIN, Style(rise=1))


def test_lists_are_numbered_and_nested() -> None:
    texts = [p.text for p in styled("<ol><li>甲<ul><li>子</li></ul></li><li>乙</li></ol>")]
    assert texts == ["1. 甲", "• 子", "2. 乙"]


def test_breaks_keep_empty_lines_inside_but_not_at_the_end() -> None:
    assert [p.text for p in styled("甲<br><br>乙<br><br>")] == ["甲", "", "乙"]


def test_plain_paragraphs_have_one_style() -> None:
    assert unstyled(["甲乙"], bold=True)[0].styles == (Style(bold=True),) * 2


@given(
    st.lists(
        st.sampled_from([*"甲乙 <>/&;bpiu", "<b>", "</b>", "<p>", "</p>", "<li>", "<ol>", "</ol>", "<br>"]), max_size=40
    ).map("".join)
)
def test_the_words_are_those_of_the_plain_reading(text: str) -> None:
    clean = sanitised(text)
    ours = "".join(p.text for p in styled(clean))
    assert re.sub(r"\s|•|\d+\. ", "", unescape(ours)) == re.sub(r"\s|•|\d+\. ", "", unescape(plain(clean)))
    assert all(len(p.text) == len(p.styles) for p in styled(clean))
