"""The worked examples PA-TPL-EX1 to EX6, word for word."""

from __future__ import annotations

import pytest

from shared.domain.pathology_templates import (
    Answer,
    Filled,
    FillRefused,
    LineAnswers,
    ProblemKind,
    WarningKind,
    fill,
    parse,
    read,
)

VOLUME = "肿块大小{（ ）}×{（ ）}×{（ ）CM3}。"
PRESET = "肿瘤最大径{（2.0）cm}{，距切缘（ ）cm}。"
MIXED = "送检（胃窦；胃体）黏膜{（ ）块}。\n固有层见[淋巴细胞；浆细胞；中性粒细胞]浸润。\n未见肠上皮化生（IM）。"


def taken(*answers: Answer) -> LineAnswers:
    return LineAnswers(True, answers)


def number(value: str | None) -> Answer:
    return Answer(values=(value,))


def one(template: str, *answers: Answer) -> Filled:
    return fill(parse(template), [taken(*answers)])


def test_ex1_several_options_are_joined() -> None:
    text = "腺上皮[多为立方形；胞核为圆形；卵圆形]。"
    assert one(text, Answer(options=(0, 1))).text == "腺上皮多为立方形、胞核为圆形。"
    assert one(text, Answer(options=(1, 0))).text == "腺上皮多为立方形、胞核为圆形。"
    assert one(text).text == "腺上皮。"


def test_ex2_an_exclusive_choice_takes_exactly_one() -> None:
    text = "间质内见（大量；少量）淋巴细胞。"
    assert one(text, Answer(options=(1,))).text == "间质内见少量淋巴细胞。"
    assert one(text, Answer(options=(0,))).text == "间质内见大量淋巴细胞。"
    with pytest.raises(FillRefused) as refused:
        one(text)
    problem = refused.value.problems[0]
    assert (problem.line, problem.column, problem.kind) == (1, 5, ProblemKind.UNANSWERED)


@pytest.mark.parametrize(
    ("values", "text", "warned"),
    [
        (("3", "2", "1.5"), "肿块大小3×2×1.5CM3。", []),
        (("3", "2", None), "肿块大小3×2。", [(17, WarningKind.UNIT_LOST, "CM3")]),
        (("3", None, "1.5"), "肿块大小3×1.5CM3。", [(11, WarningKind.DIMENSION_LOST, "")]),
        ((None, "2", "1.5"), "肿块大小2×1.5CM3。", [(5, WarningKind.DIMENSION_LOST, "")]),
        (
            (None, None, "1.5"),
            "肿块大小1.5CM3。",
            [(5, WarningKind.DIMENSION_LOST, ""), (11, WarningKind.DIMENSION_LOST, "")],
        ),
        (("3", None, None), "肿块大小3。", [(11, WarningKind.DIMENSION_LOST, ""), (17, WarningKind.UNIT_LOST, "CM3")]),
        ((None, None, None), "肿块大小。", []),
    ],
)
def test_ex3_a_vanished_item_takes_one_connector(
    values: tuple[str | None, ...], text: str, warned: list[tuple[int, WarningKind, str]]
) -> None:
    filled = one(VOLUME, *(number(value) for value in values))
    assert filled.text == text
    assert [(warning.column, warning.kind, warning.detail) for warning in filled.warnings] == warned


def test_ex4_a_preset_is_accepted_and_an_empty_item_vanishes_with_its_words() -> None:
    assert one(PRESET).text == "肿瘤最大径2.0cm。"
    assert one(PRESET).warnings == ()
    assert one(PRESET, number(""), number("0.3")).text == "肿瘤最大径，距切缘0.3cm。"
    assert one(PRESET, number("1-2"), number("-0.5")).text == "肿瘤最大径1-2cm，距切缘-0.5cm。"


def test_ex5_sentences_are_picked() -> None:
    answers = [taken(Answer(options=(0,)), number("4")), LineAnswers(), taken()]
    assert fill(parse(MIXED), answers).text == "送检胃窦黏膜4块。\n未见肠上皮化生（IM）。"


def test_ex6_the_check_names_line_and_column() -> None:
    reading = read("切缘（阴性；阳性。\n大小{cm}。\n[腺体；（密；疏）]")
    assert [(issue.code.value, issue.line, issue.column) for issue in reading.issues] == [
        ("E1", 1, 3),
        ("E4", 2, 3),
        ("E3", 3, 5),
    ]
    assert not reading.usable
