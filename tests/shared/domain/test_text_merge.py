"""Comparing and merging rich texts: nothing that anybody wrote is lost, formats stay."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.rich_text import plain, sanitised
from shared.domain.text_compare import Change, Piece, compare, is_changed
from shared.domain.text_merge import Agreed, Merge, Source, Take, merge
from shared.domain.text_units import Run, Sentence, Start, Unit, joined_runs, text_of, units_of, words_of

_WORDS = st.sampled_from(
    ("右肺上叶", "见结节", "，大小约", "8mm×6mm", "。", "；", "L4/5", " ", "<&>", "未见异常", "\n")
)
_RUNS = st.builds(Run, _WORDS, st.frozensets(st.sampled_from(("b", "i", "u", "sup", "sub")), max_size=2))
_BLOCKS = st.lists(st.tuples(st.sampled_from(("p", "ol", "ul")), st.lists(_RUNS, max_size=5)), max_size=5)


def _html(blocks: list[tuple[str, list[Run]]]) -> str:
    units: list[Unit] = []
    for kind, runs in blocks:
        units.append(Start(kind))
        if any(run.text for run in runs):
            units.append(Sentence(tuple(runs)))
    return text_of(units)


TEXTS = _BLOCKS.map(_html)
SENTENCES = (
    "双肺纹理清晰。",
    "右肺上叶见<b>磨玻璃</b>结节；",
    "心影不大。",
    "纵隔居中。",
    "双侧胸腔未见积液。",
    "x<sup>2</sup>。",
)
LINES = st.lists(st.sampled_from(SENTENCES), max_size=6).map(lambda some: f"<p>{''.join(some)}</p>")


@given(TEXTS)
def test_units_give_the_text_back(text: str) -> None:
    units = units_of(text)
    assert units_of(text_of(units)) == units
    assert plain(text_of(units)) == plain(text)
    assert text_of(units) == sanitised(text_of(units))


def test_what_the_editor_writes_comes_back_letter_by_letter() -> None:
    text = (
        "<p>右肺<b>上叶</b><b><i>尖段</i></b>见结节，10<sup>2</sup>。第二句；</p><p></p>"
        "<ol><li>一。</li><li>二<br>行</li></ol><ul><li>三 &lt; 四 &amp;</li></ul><p>完</p>"
    )
    assert text_of(units_of(text)) == text


def test_sentences_end_where_a_reader_ends_them() -> None:
    units = units_of("<p>一，二。三；四</p><p>五<b>六。</b>七</p>")
    assert [one.text if isinstance(one, Sentence) else "¶" for one in units] == [
        "¶",
        "一，二。",
        "三；",
        "四",
        "¶",
        "五六。",
        "七",
    ]


@given(TEXTS, TEXTS)
def test_a_comparison_holds_both_texts(before: str, after: str) -> None:
    pieces = compare(before, after)
    old = "".join(piece.text for piece in pieces if piece.change is not Change.ADDED)
    new = "".join(piece.text for piece in pieces if piece.change is not Change.REMOVED)
    assert old == "".join(word.text for word in words_of(before))
    assert new == "".join(word.text for word in words_of(after))


def test_a_comparison_is_made_of_words_that_people_see() -> None:
    assert compare("<p>大小约 8mm，左肺</p>", "<p>大小约 12 mm，左肺</p>") == (
        Piece(Change.SAME, "大小约 "),
        Piece(Change.REMOVED, "8mm"),
        Piece(Change.ADDED, "12 mm"),
        Piece(Change.SAME, "，左肺"),
    )
    assert compare("<p>左上叶</p>", "<p>右上肺</p>") == (Piece(Change.REMOVED, "左上叶"), Piece(Change.ADDED, "右上肺"))
    assert compare("<p>结节</p>", "<p><b>结节</b></p>") == (Piece(Change.MARKED, "结节"),)
    assert not is_changed(compare("<p>一</p>", "<p>一</p>"))


@given(TEXTS, TEXTS)
def test_a_change_of_one_side_only_is_taken_without_a_question(base: str, changed: str) -> None:
    for merged in (merge(base, changed, base), merge(base, base, changed), merge(base, changed, changed)):
        assert merged.conflicts == ()
        assert units_of(merged.text()) == units_of(changed)


@settings(max_examples=300)
@given(LINES, LINES, LINES, st.data())
def test_nothing_that_somebody_wrote_is_lost(base: str, mine: str, theirs: str, data: st.DataObject) -> None:
    merged = merge(base, mine, theirs)
    both = Counter(_sentences(merged.text([Take.BOTH] * len(merged.conflicts))))
    for side in (mine, theirs):
        new = Counter(_sentences(side)) - Counter(_sentences(base))
        assert not new - both, "a sentence that was added is in the result or in a question"
    takes = [data.draw(st.sampled_from(list(Take))) for _ in merged.conflicts]
    known = {*_sentences(base), *_sentences(mine), *_sentences(theirs)}
    assert set(_sentences(merged.text(takes))) <= known, "a merge makes no sentence up"


@given(TEXTS, TEXTS, TEXTS)
def test_taking_one_side_everywhere_keeps_every_change_of_that_side(base: str, mine: str, theirs: str) -> None:
    merged = merge(base, mine, theirs)
    assert text_of(_side(merged, Take.MINE)) == text_of(units_of(mine))
    assert text_of(_side(merged, Take.THEIRS)) == text_of(units_of(theirs))
    whole = merged.text([Take.MINE] * len(merged.conflicts))
    assert whole == sanitised(whole)


def test_two_doctors_in_different_sentences_do_not_disturb_each_other() -> None:
    base = "<p>双肺清晰。心影不大。纵隔居中。</p>"
    merged = merge(base, "<p>右肺见结节。心影不大。纵隔居中。</p>", "<p>双肺清晰。心影不大。纵隔<b>右移</b>。</p>")
    assert merged.text() == "<p>右肺见结节。心影不大。纵隔<b>右移</b>。</p>"


def test_two_doctors_in_one_sentence_are_asked() -> None:
    merged = merge("<p>结节 8mm。余无。</p>", "<p>结节 9mm。余无。</p>", "<p>结节 7mm。余无。</p>")
    assert len(merged.conflicts) == 1
    assert merged.text([Take.MINE]) == "<p>结节 9mm。余无。</p>"
    assert merged.text([Take.THEIRS]) == "<p>结节 7mm。余无。</p>"
    assert merged.text([Take.BASE]) == "<p>结节 8mm。余无。</p>"
    assert merged.text([Take.BOTH]) == "<p>结节 9mm。结节 7mm。余无。</p>"
    with pytest.raises(ValueError, match="1 conflicts"):
        merged.text()


def _sentences(text: str) -> list[tuple[Run, ...]]:
    return [tuple(joined_runs(unit.runs)) for unit in units_of(text) if isinstance(unit, Sentence)]


def _side(merged: Merge, take: Take) -> list[Unit]:
    """One doctor's whole text, read out of the merge: what only the other changed stands as it was."""
    other = Source.THEIRS if take is Take.MINE else Source.MINE
    units: list[Unit] = []
    for part in merged.parts:
        if isinstance(part, Agreed):
            units.extend(part.was if part.source is other else part.units)
        else:
            units.extend(part.taken(take))
    return units
