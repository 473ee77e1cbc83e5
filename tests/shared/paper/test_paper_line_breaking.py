"""Line breaking: widths kept, nothing lost, Chinese punctuation and numbers where they belong."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.paper.line_breaking import NOT_AT_END, NOT_AT_START, break_lines, is_wide


def measure(text: str) -> float:
    return sum(2.0 if is_wide(c) else 1.0 for c in text)


def shown(text: str, width: float) -> list[str]:
    return [line.text for line in break_lines(text, measure, width)]


def test_no_line_begins_with_closing_punctuation() -> None:
    for width in range(8, 40):
        for line in shown("右肺上叶（尖段）见结节，大小约五毫米；边界清楚，密度均匀。心影不大！", width):
            assert line[0] not in NOT_AT_START
            assert line[-1] not in NOT_AT_END


def test_numbers_keep_their_unit_and_words_stay_whole() -> None:
    for width in range(16, 40):
        lines = shown("结节大小约 12.5 mm，CT值 -560 HU，建议复查 NeuViz 检查。", width)
        assert sum("12.5 mm" in line for line in lines) == 1
        assert sum("NeuViz" in line for line in lines) == 1


def test_numbered_paragraphs_hang() -> None:
    lines = break_lines("1. " + "未见异常" * 12, measure, 30)
    assert lines[0].indent == 0
    assert {line.indent for line in lines[1:]} == {3.0}
    assert all(measure(line.text) + line.indent <= 30 for line in lines)


def test_a_decimal_number_at_the_beginning_is_no_list() -> None:
    assert {line.indent for line in break_lines("12.5 mm " + "结节" * 30, measure, 30)} == {0.0}


def test_a_word_longer_than_the_line_is_cut() -> None:
    lines = shown("A" * 95, 20)
    assert "".join(lines) == "A" * 95
    assert all(len(line) <= 20 for line in lines)


def test_empty_lines_are_kept() -> None:
    assert shown("甲\n\n乙\r\n丙", 10) == ["甲", "", "乙", "丙"]


def test_a_paragraph_that_begins_with_a_page_of_blanks_ends() -> None:
    assert [line.strip() for line in shown(" " * 300 + "结节", 20)] == ["结节"]
    assert shown(" " * 300 + "A" * 30, 20) == ["A" * 20, "A" * 10]
    assert shown("宽", 1) == ["宽"]


@given(
    st.text(st.sampled_from("肺结节见，。（）《》、；abc XYZ 12.5mm-+%\n      1.（一）"), max_size=200),
    st.integers(min_value=6, max_value=60),
)
def test_all_ink_survives_and_fits(text: str, width: int) -> None:
    lines = break_lines(text, measure, width)
    assert "".join("".join(line.text for line in lines).split()) == "".join(text.split())
    for line in lines:
        assert measure(line.text) + line.indent <= width
        assert abs(line.slack - (width - line.indent - measure(line.text))) < 1e-9


def test_no_paragraph_ends_with_a_lonely_character() -> None:
    text = "右肺上叶尖段磨玻璃结节建议复查比较。"
    assert len(text) == 18
    assert [len(line) for line in shown(text, 34)] != [17, 1]
    assert min(len(line) for line in shown(text, 32)) > 2
