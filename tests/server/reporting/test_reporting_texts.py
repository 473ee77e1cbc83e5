"""Rich text, doubts and codes: pure functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.reporting.seal import parsed_code, seal_of, verification_code
from shared.domain.rich_text import plain, readable, sanitised, spelled


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("<p>双肺<b>清晰</b></p>", "<p>双肺<b>清晰</b></p>"),
        ("<script>alert(1)</script>好", "好"),
        ('<p style="color:red" onclick="x()">a</p>', "<p>a</p>"),
        ("<strong>a</strong><em>b</em>", "<b>a</b><i>b</i>"),
        ("结节 <5mm & >3mm", "结节 &lt;5mm &amp; &gt;3mm"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<b><i>a</b>c</i>", "<b><i>a</i></b>c"),
        ("<img src=x onerror=y>词", "词"),
        ("<ul><li>一<li>二</ul>", "<ul><li>一<li>二</li></li></ul>"),
        ("a<br/>b<br>c", "a<br>b<br>c"),
        ("<a href='javascript:x'>链</a>", "链"),
        ("\x00\x07a", "a"),
        ("a\x7fb\u200bc\ufeffd\ufffee\u202ef", "abcdef"),
        ("a\u2028b\x85c", "a\nb\nc"),
        ("<h4>A</h4><blockquote>B</blockquote>", "<p>A</p><p>B</p>"),
        ("<del>左</del><ins>右</ins>肾", "右肾"),
        (
            "<table><tr><th>肾</th><th>mm</th></tr><tr><td>左</td><td>12</td></tr></table>后",
            "<p>肾　mm</p><p>左　12</p>后",
        ),
        ("<tr>\n<td>\n<p>左</p></td><td></td><td><p>1</p><p>2</p></td></tr>", "<p>左　　1 2</p>"),
        ("<tr><td><b>a</b> <i>b</i><td>c</table>d", "<p><b>a</b><i> b</i>　c</p>d"),
        ("<table><td>1</td><td>2</td></table>", "<p>1　2</p>"),
        ("10<span style='vertical-align: super'>9</span><span>/L</span>", "10<sup>9</sup>/L"),
        ("<span>H<span style='color:red;vertical-align:sub'>2</span>O</span>", "H<sub>2</sub>O"),
    ],
)
def test_only_the_subset_remains(given_text: str, kept: str) -> None:
    assert sanitised(given_text) == kept


@given(st.text(alphabet="<>/pbiulsc ritdhn\"'=&;!-a中", max_size=80))
def test_sanitising_twice_is_sanitising_once(text: str) -> None:
    once = sanitised(text)
    assert sanitised(once) == once
    assert "<script" not in once


def test_deep_nesting_ends() -> None:
    assert sanitised("<b>" * 10_000 + "x").count("<b>") == 12


def test_plain_text_has_a_line_per_paragraph() -> None:
    assert plain("<p>a</p><p> </p><ol><li>b</li><li>c&nbsp;d</li></ol>e<br>f") == "a\n1. b\n2. c d\ne\nf"
    assert plain("<ul><li>x</li></ul>") == "• x"


def test_raised_figures_stay_raised_for_readers_that_know_no_marks() -> None:
    text = "<p>10<sup>3</sup>/L，m<sup>-2</sup>，H<sub>2</sub>O，<b>x<sup>注</sup></b></p>"
    assert spelled(text) == "10³/L，m⁻²，H2O，x^注"
    assert plain(text) == "103/L，m-2，H2O，x注"


def test_readable_text_holds_only_what_is_seen() -> None:
    assert readable(" 甲\x1c\r乙\x0bMSH|\x01\x7f\u202e丁\ufffe\u200b\tT\n\n L ") == "甲 乙 MSH|丁 T L"
    assert readable("甲\r\n\n乙\u2028丙\t", has_lines=True) == "甲\n\n乙\n丙"
    assert readable("\u200b\ufeff \x00") == "", "what nobody sees is no reason"


def test_codes_go_there_and_back() -> None:
    code = verification_code(17, seal_of(b"text"))
    assert parsed_code(code) == (17, seal_of(b"text")[:16])
    assert parsed_code("https://h/verify/" + code.replace(":", "%3A")) == parsed_code(code)
    assert parsed_code("MJ1:0:0123456789abcdef") is None
    assert parsed_code("MJ1:5:xyz") is None
