"""The layout: where things are, what shows, what gives way, and how pages follow each other."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.paper.builtin import builtin
from shared.paper.facts import sample
from shared.paper.kinds import DocumentKind
from shared.paper.layout import Facts, LayoutError, filled, holds, lay_out
from shared.paper.marks import BarsMark, BoxMark, MatrixMark, PageOfMarks, TextMark, page_turned
from shared.paper.template import (
    BoxElement,
    CodeElement,
    FieldRow,
    FieldsElement,
    FlowElement,
    ImageElement,
    Page,
    RepeatElement,
    Template,
    TextElement,
    Words,
)


def a_template(*elements: object, width: float = 100, height: float = 100) -> Template:
    return Template(kind="barcode", page=Page(width_mm=width, height_mm=height), elements=elements)  # type: ignore[arg-type]


def texts(page: PageOfMarks) -> list[str]:
    return [mark.text for mark in page.marks if isinstance(mark, TextMark)]


def laid(*elements: object, facts: Facts | None = None, language: str = "zh", **size: float) -> PageOfMarks:
    return lay_out(a_template(*elements, **size), facts or Facts({"name": "张三", "sex": "女"}), language).pages[0]


def test_facts_fill_texts_and_an_empty_fact_leaves_nothing() -> None:
    assert filled("{name}  {age}", {"name": "张三"}) == "张三  "
    assert filled("排队号 {ticket}", {"ticket": ""}) == ""
    assert filled("固定 {{括号}}", {}) == "固定 {括号}"
    assert filled("{name}", {"name": "{sex}"}) == "{sex}"  # facts are data, never templates


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", True), ("name", True), ("!name", False), ("age", False), ("!age", True), ("sex = 女", True),
        ("sex != 女", False), ("sex = 男", False), ("name & sex = 女", True), ("name & age", False), ("a b", False),
    ],
)  # fmt: skip
def test_conditions(condition: str, expected: bool) -> None:
    assert holds(condition, {"name": "张三", "sex": "女", "age": ""}) is expected


def test_a_long_line_is_made_smaller_and_then_cut_but_never_leaves_its_place() -> None:
    for count in (1, 12, 20, 300):
        page = laid(TextElement(x_mm=10, y_mm=5, width_mm=30, size_pt=10, text="张" * count))
        mark = next(mark for mark in page.marks if isinstance(mark, TextMark))
        assert mark.x_mm >= 10
        assert mark.x_mm + mark.width_mm <= 40.001
        assert mark.text.endswith("…") is (count > 14)


@pytest.mark.parametrize(("align", "left"), [("left", 10.0), ("right", 40.0), ("centre", 25.0)])
def test_alignment(align: str, left: float) -> None:
    page = laid(TextElement(x_mm=10, y_mm=5, width_mm=30, text="张", align=align))  # type: ignore[arg-type]
    mark = page.marks[0]
    assert isinstance(mark, TextMark)
    assert mark.x_mm + {"left": 0, "right": mark.width_mm, "centre": mark.width_mm / 2}[align] == pytest.approx(left)


def test_both_languages() -> None:
    words = TextElement(x_mm=0, y_mm=0, width_mm=50, text=Words("姓名", "Name"))
    assert texts(laid(words)) == ["姓名"]
    assert texts(laid(words, language="en")) == ["Name"]


def test_what_stands_below_follows_what_grows_and_what_is_absent() -> None:
    def y_of(long: str) -> float:
        facts = Facts({"name": long})
        page = laid(
            TextElement(id="a", x_mm=0, y_mm=10, width_mm=20, wrap=True, text="{name}"),
            BoxElement(below="a", x_mm=0, y_mm=2, width_mm=5, height_mm=5),
            facts=facts,
        )
        return next(mark.y_mm for mark in page.marks if isinstance(mark, BoxMark))

    assert y_of("") == pytest.approx(12)
    assert y_of("张三") < y_of("张三" * 30)


def test_wrapped_text_stays_within_a_given_height() -> None:
    element = TextElement(x_mm=0, y_mm=10, width_mm=20, height_mm=8, wrap=True, size_pt=10, text="{name}")
    page = laid(element, facts=Facts({"name": "很长的说明文字" * 40}))
    bases = [mark.y_mm for mark in page.marks]
    assert min(bases) > 10
    assert max(bases) < 18
    assert texts(page)[-1].endswith("…")


def test_a_table_of_fields_leaves_no_gaps() -> None:
    rows = tuple(FieldRow(label=name, value=f"{{{name}}}") for name in ("name", "age", "sex"))
    table = FieldsElement(x_mm=0, y_mm=0, width_mm=80, columns=1, rows=rows)
    page = laid(table)
    assert texts(page) == ["name", "张三", "sex", "女"]
    assert len({mark.y_mm for mark in page.marks}) == 2
    assert texts(laid(replace_struct(table, keep_empty=True))) == ["name", "张三", "age", "sex", "女"]


def replace_struct(struct: FieldsElement, **changes: object) -> FieldsElement:
    return msgspec.structs.replace(struct, **changes)


def test_a_number_too_long_for_bars_becomes_a_qr_code_with_its_text() -> None:
    code = CodeElement(x_mm=2, y_mm=2, width_mm=45, height_mm=12, value="{name}")
    short, long = (
        laid(code, facts=Facts({"name": name})) for name in ("CT20261121000123", "2026-RADIOLOGY-EAST-CAMPUS-01")
    )
    assert any(isinstance(mark, BarsMark) for mark in short.marks)
    assert any(isinstance(mark, MatrixMark) for mark in long.marks)
    assert "".join(texts(long)).replace(" ", "") == "2026-RADIOLOGY-EAST-CAMPUS-01"


def test_a_code_that_cannot_hold_its_value_is_refused_with_a_sentence() -> None:
    with pytest.raises(LayoutError, match="条码只能用字母"):
        laid(CodeElement(x_mm=0, y_mm=0, width_mm=40, height_mm=10, value="{name}"))


def test_every_mark_of_a_turned_element_lies_in_its_place() -> None:
    for turn in (90, 180, 270):
        page = laid(
            CodeElement(x_mm=20, y_mm=30, width_mm=10, height_mm=40, value="A123", turn=turn)  # type: ignore[arg-type]
            if turn != 180
            else CodeElement(x_mm=20, y_mm=30, width_mm=40, height_mm=10, value="A123", turn=180)
        )
        width, height = (40, 10) if turn == 180 else (10, 40)
        for mark in page.marks:
            assert 20 - 0.01 <= mark.x_mm <= 20 + width + 0.01
            assert 30 - 0.01 <= mark.y_mm <= 30 + height + 0.01


def test_turning_a_page_four_times_changes_nothing() -> None:
    page = lay_out(builtin(DocumentKind.WRISTBAND), sample(DocumentKind.WRISTBAND)).pages[0]
    turned = page
    for _ in range(4):
        turned = page_turned(turned, 90)
    assert (turned.width_mm, turned.height_mm) == (page.width_mm, page.height_mm)
    for before, after in zip(page.marks, turned.marks, strict=True):
        assert after.x_mm == pytest.approx(before.x_mm)
        assert after.y_mm == pytest.approx(before.y_mm)


@pytest.mark.parametrize("kind", DocumentKind)
@pytest.mark.parametrize("count", [0, 1, 2, 11, 60])
def test_every_row_is_printed_once_however_many_pages_that_takes(kind: DocumentKind, count: int) -> None:
    template = builtin(kind)
    laid_out = lay_out(template, sample(kind, rows=count))
    if not any(isinstance(element, RepeatElement) for element in template.elements):
        assert len(laid_out.pages) == 1 or any(isinstance(element, FlowElement) for element in template.elements)
        return
    words = [text for page in laid_out.pages for text in texts(page)]
    for number in range(1, count + 1):
        assert sum(text.startswith(f"{number}. ") for text in words) == 1
    assert sum(text.startswith("合计") for text in words) == 1
    assert f"1 / {len(laid_out.pages)}" in " ".join(words)
    assert (len(laid_out.pages) > 1) is (count >= 60 or (count >= 11 and len(laid_out.pages) > 1))
    for page in laid_out.pages:
        assert all(mark.y_mm <= page.height_mm for mark in page.marks)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(["name", "item", "room", "address", "diagnosis"]), st.text(max_size=300)))
def test_no_fact_makes_a_suite_template_fail_or_leave_the_page(values: dict[str, str]) -> None:
    for kind in (DocumentKind.BARCODE, DocumentKind.REGISTRATION_FORM):
        facts = sample(kind)
        page = lay_out(builtin(kind), Facts({**facts.values, **values}, facts.lists)).pages[0]
        for mark in page.marks:
            if isinstance(mark, TextMark):
                assert mark.x_mm >= 0
                assert mark.x_mm + mark.width_mm <= page.width_mm + 0.01


def test_a_roll_is_as_long_as_it_must_be() -> None:
    ticket, facts = builtin(DocumentKind.TICKET), sample(DocumentKind.TICKET)
    long = lay_out(ticket, facts).pages[0]
    short = lay_out(ticket, Facts({**facts.values, "waiting": "", "forecast_minutes": ""})).pages[0]
    assert short.height_mm == pytest.approx(long.height_mm - 12, abs=1)


def test_a_picture_that_is_not_there_draws_nothing() -> None:
    assert laid(ImageElement(x_mm=0, y_mm=0, width_mm=5, height_mm=5, image="logo")).marks == ()


def test_missing_characters_are_told() -> None:
    laid_out = lay_out(
        a_template(TextElement(x_mm=0, y_mm=0, width_mm=40, text="{name}")), Facts({"name": "\U0003fff0"})
    )
    assert laid_out.missing == ("\U0003fff0",)
    assert texts(laid_out.pages[0]) == ["〓"]


def test_a_repeat_that_never_fits_is_refused() -> None:
    row = TextElement(x_mm=0, y_mm=0, width_mm=20, text="{items.name}")
    template = a_template(RepeatElement(x_mm=0, y_mm=0, over="items", step_mm=200, elements=(row,)))
    with pytest.raises(LayoutError):
        lay_out(template, sample(DocumentKind.BARCODE))
    assert replace(template_page := laid(row, facts=Facts({})), marks=()) == template_page
