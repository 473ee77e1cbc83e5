"""Reading, checking and printing of templates."""

from __future__ import annotations

import pytest

from shared.domain.pathology_templates import (
    Line,
    Multi,
    Numeric,
    PlainParen,
    Single,
    Slot,
    Template,
    TemplateRefused,
    Text,
    parse,
    print_template,
    read,
)
from shared.domain.pathology_templates.reading import MOST_ISSUES


def found(text: str) -> list[tuple[str, int, int]]:
    return [(issue.code.value, issue.line, issue.column) for issue in read(text).issues]


def elements(text: str) -> tuple[object, ...]:
    return parse(text).lines[0].elements


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a(b", [("E1", 1, 2)]),
        ("a［b；c", [("E1", 1, 2)]),
        ("{( )cm", [("E1", 1, 1)]),
        ("{(3 cm}", [("E1", 1, 2)]),
        ("第一行\r\n第（二", [("E1", 2, 2)]),
        ("a）", [("E2", 1, 2)]),
        ("]}", [("E2", 1, 1), ("E2", 1, 2)]),
        ("[a；b）", [("E1", 1, 1), ("E2", 1, 5)]),
        ("(a；[b；c)", [("E1", 1, 4), ("E3", 1, 4)]),
        ("[a；[b；c]]", [("E3", 1, 4)]),
        ("（甲；{（ ）cm}）", [("E3", 1, 4)]),
        ("{[a；b]（ ）cm}", [("E3", 1, 2)]),
        ("（见图（1））", [("E3", 1, 4)]),
        ("{{（ ）}}", [("E3", 1, 2), ("E4", 1, 1)]),
        ("{}", [("E4", 1, 1)]),
        ("[a；；b]", [("E5", 1, 4)]),
        ("（；a；）", [("E5", 1, 2), ("E5", 1, 5)]),
        ("[]", [("E5", 1, 2)]),
        ("甲；乙", [("E6", 1, 2)]),
        ("{；（ ）}", [("E6", 1, 2)]),
        ("{（ 约2）cm}", [("E7", 1, 4)]),
        ("{（２）cm}", [("E7", 1, 3)]),
        ("{（1.）cm}", [("E7", 1, 3)]),
        ("{（大；小）}", [("E7", 1, 3)]),
        ("{（ ）（ ）}", [("E8", 1, 5)]),
        ("{（ ）}{（ ）}", [("E8", 1, 7)]),
        ("a\\b", [("E9", 1, 2)]),
        ("末尾\\", [("E9", 1, 3)]),
    ],
)
def test_each_error_has_its_place(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert sorted(found(text)) == sorted(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "。",
        "（IM）",
        "()",
        "[可选]",
        "{（ ）}×{（ ）}",
        "{（ -1.5--0.5 ）}",
        "{（1-2）cm}",
        "\\（\\；\\\\",
        "[ ；b]",
        "{，（）×（　）cm}",
    ],
)
def test_good_texts_have_no_findings(text: str) -> None:
    assert found(text) == []


def test_warnings_do_not_forbid_the_use() -> None:
    reading = read("甲；乙{（ ）}{（ ）}")
    assert reading.usable and len(reading.warnings) == 2 and not reading.errors


def test_both_widths_are_the_same_and_plain_marks_keep_theirs() -> None:
    assert parse("[a;b](c;d){(2)cm}") == parse("［a；b］（c；d）｛（2）cm｝")
    assert elements("(IM)（IM）") == (PlainParen("(", "IM", ")"), PlainParen("（", "IM", "）"))
    assert elements("ＡＢ１２") == (Text("ＡＢ１２"),)


def test_escapes_are_plain_characters_in_their_width() -> None:
    assert elements("\\（a\\；b\\)\\\\") == (Text("（a；b)\\"),)
    assert elements("[a\\；b；c]") == (Multi(("a；b", "c")),)
    assert elements("{\\{（1）}") == (Numeric(("{", Slot("1"))),)


def test_the_tree_of_a_line() -> None:
    assert parse("见[a；b]（c；d）{约（ 2.0　）cm}") == Template(
        (Line((Text("见"), Multi(("a", "b")), Single(("c", "d")), Numeric(("约", Slot("2.0"), "cm")))),)
    )


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028", "\x85"])
def test_every_line_break_divides(line_break: str) -> None:
    assert [line.number for line in parse(f"a{line_break}b{line_break}").lines] == [1, 2, 3]


def test_columns_count_characters_not_bytes() -> None:
    assert found("𠮷野家\t（") == [("E1", 1, 5)]


def test_refusing_names_the_errors() -> None:
    with pytest.raises(TemplateRefused) as refused:
        parse("甲；（")
    assert [issue.code.value for issue in refused.value.issues] == ["E1"]


def test_printing_is_read_again_as_the_same_tree() -> None:
    text = "\\[a\\；b；[x\\)；y]（z）{\\（（1-2）\\}}\n\n末"
    assert parse(print_template(parse(text))) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000,
        "({[" * 60_000,
        "{(" * 90_000,
        "(" * 90_000 + ")" * 90_000,
        "；" * 180_000,
        "\n" * 90_000,
        "[a" + "；" * 180_000 + "]",
    ],
    ids=["brackets", "mixed", "slots", "balanced", "semicolons", "lines", "options"],
)
def test_a_megabyte_of_hostile_text_is_answered(text: str) -> None:
    reading = read(text)
    assert len(reading.issues) <= MOST_ISSUES
    assert reading.usable == (reading.errors_found == 0)
    assert reading.usable or reading.errors


def test_a_refused_text_names_an_error_even_after_many_warnings() -> None:
    reading = read("；" * 5000 + "\n（")
    assert [(issue.line, issue.column) for issue in reading.errors] == [(2, 1)]
