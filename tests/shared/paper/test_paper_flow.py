"""Flows: what belongs together stays together, nothing is lost or printed twice, nothing leaves the page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.paper import faces
from shared.paper.blocks import (
    AnyBlock,
    FieldRow,
    FieldsBlock,
    GapBlock,
    NoticeBlock,
    ParagraphBlock,
    PicturesBlock,
    SectionBlock,
    SignaturesBlock,
    Signer,
    TableBlock,
    TableColumn,
)
from shared.paper.builtin import builtin
from shared.paper.checking import TemplateFault, check, read
from shared.paper.facts import sample
from shared.paper.flow import Piece, TooHigh, spread
from shared.paper.kinds import DocumentKind
from shared.paper.layout import Facts, LayoutError, lay_out
from shared.paper.marks import ImageMark, PageOfMarks, TextMark
from shared.paper.template import FlowElement, Page, Template, encode

SAMPLE = sample(DocumentKind.REPORT)


def laid(*blocks: AnyBlock, facts: Facts = SAMPLE, language: str = "zh", **options: Any) -> tuple[PageOfMarks, ...]:
    flow = FlowElement(x_mm=18, y_mm=41, width_mm=174, next_y_mm=26, until_mm=278, blocks=blocks, **options)
    template = Template(kind="report", page=Page(width_mm=210, height_mm=297, margin_mm=18), elements=(flow,))
    assert check(template, DocumentKind.REPORT) == []
    assert read(encode(template), DocumentKind.REPORT) == template
    return lay_out(template, facts, language).pages


def texts(page: PageOfMarks) -> list[str]:
    return [mark.text for mark in page.marks if isinstance(mark, TextMark)]


def words(pages: tuple[PageOfMarks, ...]) -> str:
    return "\n".join(text for page in pages for text in texts(page))


def facts(lists: dict[str, Any] | None = None, **values: str) -> Facts:
    return Facts({**SAMPLE.values, **values}, {**SAMPLE.lists, **(lists or {})}, SAMPLE.pictures)


# ── spreading ────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.5, 80), st.booleans(), st.booleans()), max_size=60),
    st.floats(90, 250),
)
def test_every_piece_stands_once_in_order_within_its_page(parts: list[tuple[float, bool, bool]], room: float) -> None:
    pieces = [Piece(height, keeps=keeps, is_gap=gap) for height, keeps, gap in parts]
    pages = spread(pieces, room, 250)
    placed = [one.piece for page in pages for one in page]
    gone = [piece for piece in pieces if not any(piece is one for one in placed)]
    assert all(piece.is_gap for piece in gone)
    kept = [piece for piece in pieces if any(piece is one for one in placed)]
    assert all(one is other for one, other in zip(kept, placed, strict=True))
    for number, page in enumerate(pages):
        bottom = 0.0
        for one in page:
            assert one.offset >= bottom - 1e-6
            bottom = one.offset + one.piece.height
        assert bottom <= (room if number == 0 else 250) + 0.02
        assert number == 0 or not page or not page[0].piece.is_gap


def test_what_keeps_goes_to_the_next_page_with_its_neighbour() -> None:
    pages = spread([Piece(80), Piece(15, keeps=True), Piece(10)], 100, 100)
    assert [len(page) for page in pages] == [1, 2]
    chain = [Piece(30, keeps=True) for _ in range(9)] + [Piece(30)]  # longer than a page: broken where it must be
    assert sum(len(page) for page in spread(chain, 100, 100)) == 10


def test_what_is_higher_than_a_page_is_refused() -> None:
    with pytest.raises(TooHigh):
        spread([Piece(300)], 100, 200)
    assert [len(page) for page in spread([Piece(150)], 100, 200)] == [0, 1]


def test_what_sinks_stands_at_the_foot() -> None:
    (page,) = spread([Piece(10), Piece(20, sinks=True)], 100, 100)
    assert page[1].offset == 80


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("count", [1, 30, 200])
def test_a_table_prints_every_row_once_and_its_heading_on_every_page(count: int) -> None:
    rows = tuple({"label": f"项{number}", "value": "1", "unit": "mm"} for number in range(1, count + 1))
    columns = (
        TableColumn(title="序", value="{measurements.number}", share=0.3),
        TableColumn(title="名称", value="{measurements.label}"),
        TableColumn(title="数值", value="{measurements.value} {measurements.unit}", align="right"),
    )
    pages = laid(TableBlock(over="measurements", heading="测量", columns=columns), facts=facts({"measurements": rows}))
    shown = [text for page in pages for text in texts(page)]
    assert [text for text in shown if text.startswith("项")] == [f"项{number}" for number in range(1, count + 1)]
    assert all("名称" in texts(page) for page in pages)
    assert (len(pages) > 1) is (count > 30)


@pytest.mark.parametrize(("count", "rows"), [(0, 0), (1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2), (9, 2)])
def test_pictures_stand_in_a_grid_by_their_number(count: int, rows: int) -> None:
    some = tuple({"picture": "sample1", "caption": f"图注{number}"} for number in range(count))
    pages = laid(PicturesBlock(), facts=facts({"key_images": some}))
    marks = [mark for page in pages for mark in page.marks if isinstance(mark, ImageMark)]
    assert len(marks) == min(count, 6)
    assert len({round(mark.y_mm, 3) for mark in marks}) == rows
    assert len({(round(mark.width_mm, 3), round(mark.height_mm, 3)) for mark in marks}) <= 1
    for mark in marks:
        assert mark.x_mm >= 18
        assert mark.x_mm + mark.width_mm <= 192.01
    assert words(pages).count("图注") == min(count, 6)
    assert laid(PicturesBlock(most=0), facts=facts({"key_images": some}))[0].marks == ()


def test_long_values_take_more_lines_and_nothing_is_cut_off() -> None:
    long = "胸部CT平扫、" * 30
    rows = (FieldRow(label="姓名", value="{name}", bold=True), FieldRow(label="项目", value="{item}", span=2))
    (page,) = laid(FieldsBlock(rows=rows), facts=facts(item=long))
    assert "".join(texts(page)).replace("\n", "").count("平扫") == 30
    assert "…" not in words((page,))


def test_signatures_never_stand_alone_on_a_page() -> None:
    signatures = SignaturesBlock(signers=(Signer(label="审核医生", name="{auditing_doctor}"),))
    for lines in range(20, 45):
        text = "".join(f"<p>第{number}行</p>" for number in range(lines))
        pages = laid(SectionBlock(fact="findings"), GapBlock(), signatures, facts=facts(findings=text), fits=False)
        last = texts(pages[-1])
        assert "审核医生" in last
        assert sum(one.startswith("第") for one in last) >= 2


def test_a_report_that_nearly_fits_is_set_closer() -> None:
    text = "".join(f"<p>第{number}行</p>" for number in range(40))
    blocks = (SectionBlock(fact="findings"),)
    assert len(laid(*blocks, facts=facts(findings=text))) == 1
    assert len(laid(*blocks, facts=facts(findings=text), fits=False)) == 2


def test_rich_text_keeps_its_styles() -> None:
    text = "<p>粗<b>体</b><i>斜</i><u>线</u> m<sup>2</sup> H<sub>2</sub>O</p><ol><li>一</li><li>二</li></ol>"
    (page,) = laid(SectionBlock(fact="findings"), facts=facts(findings=text))
    marks = {mark.text.strip(): mark for mark in page.marks if isinstance(mark, TextMark)}
    assert marks["体"].bold
    assert marks["斜"].italic
    twos = [mark for mark in page.marks if isinstance(mark, TextMark) and mark.text == "2"]
    assert twos[0].y_mm < marks["体"].y_mm < twos[1].y_mm
    assert {"1. 一", "2. 二"} <= set(texts(page))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.text(max_size=60), st.sampled_from(["zh", "en"]))
def test_no_text_makes_the_report_fail_or_leave_the_page(findings: str, name: str, language: str) -> None:
    content = facts(findings=f"<p>{findings}</p>", impression=findings, name=name, critical=name, reprint=name)
    for page in lay_out(builtin(DocumentKind.REPORT), content, language).pages:
        for mark in page.marks:
            if isinstance(mark, TextMark) and not mark.angle:
                assert mark.x_mm >= 0
                assert mark.x_mm + mark.width_mm <= page.width_mm + 0.01
                assert 0 <= mark.y_mm <= page.height_mm


def test_a_watermark_crosses_every_page_and_fits() -> None:
    for text in ("未审核", "作废", "NOT APPROVED", "很长很长很长很长的水印文字" * 3):
        content = facts(watermark=text, findings=SAMPLE.values["findings"] * 30)
        for page in lay_out(builtin(DocumentKind.REPORT), content).pages:
            (mark,) = (one for one in page.marks if isinstance(one, TextMark) and one.angle)
            assert mark.width_mm <= 297
            assert faces.printable(mark.text) == text


def test_a_picture_that_is_none_is_named() -> None:
    content = Facts(SAMPLE.values, SAMPLE.lists, {"sample1": b"no picture"})
    with pytest.raises(LayoutError, match="sample1"):
        laid(PicturesBlock(), facts=content)


# ── hostile templates ────────────────────────────────────────────────────────────────────────────────


def refused(block: str, **flow: Any) -> str:
    around = {"type": "flow", "x_mm": 18, "y_mm": 41, "width_mm": 174, "until_mm": 278, **flow}
    import json

    text = json.dumps(
        {"format": 1, "kind": "report", "page": {"width_mm": 210, "height_mm": 297}, "elements": [around]}
    )
    text = text[:-3] + f', "blocks": [{block}]}}]}}'
    with pytest.raises(TemplateFault) as fault:
        read(text, DocumentKind.REPORT)
    return fault.value.problems[0].sentence_zh


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ('{"block": "run"}', "不是已知的内容块"),
        ('{"fact": "findings"}', "不是已知的内容块"),
        ("3", "不是已知的内容块"),
        ('{"block": "section", "fact": "name"}', "不是长文字"),
        ('{"block": "section", "fact": "findings", "size_pt": 500}', "应在 4 到 60 之间"),
        ('{"block": "section", "fact": "findings", "colour": "red"}', "颜色"),
        ('{"block": "section", "fact": "findings", "when": "x ~ y"}', "不是正确的条件"),
        ('{"block": "pictures", "over": "items"}', "不是图像列表"),
        ('{"block": "pictures", "most": 7}', "应在 0 到 6 之间"),
        ('{"block": "fields", "rows": [{"label": "a", "value": "{nmae}"}]}', "是否为“name”"),
        ('{"block": "fields", "rows": [], "columns": 0}', "应在 1 到 6 之间"),
        ('{"block": "fields", "rows": [], "columns": 2, "shares": [1, -1]}', "大于 0 的比例"),
        ('{"block": "table", "over": "patients", "columns": []}', "不是可重复的列表"),
        ('{"block": "table", "over": "items", "columns": []}', "应在 1 到 8 之间"),
        ('{"block": "table", "over": "items", "columns": [{"title": "a", "value": "{findings}"}]}', "未知的数据项"),
        (
            '{"block": "signatures", "signers": [{"label": "a", "name": "b", "picture": "../x"}]}',
            "不是已知的图片数据项",
        ),
        ('{"block": "signatures", "signers": []}', "应在 1 到 4 之间"),
        ('{"block": "gap", "height_mm": 1e9}', "应在 0 到 100 之间"),
        ('{"block": "gap", "height_mm": "x"}', "应是数字"),
    ],
)
def test_a_bad_block_is_refused_with_line_and_field(block: str, words: str) -> None:
    assert words in refused(block)


def test_a_flow_without_room_or_end_is_refused() -> None:
    assert "正文放不下" in refused('{"block": "gap"}', y_mm=250)
    assert "正文放不下" in refused('{"block": "gap"}', next_y_mm=260)
    assert "最多 60 个内容块" in refused(", ".join(['{"block": "gap"}'] * 61))
    with pytest.raises(LayoutError, match="200"):
        laid(SectionBlock(fact="findings"), facts=facts(findings="<p>行</p>" * 14_000))


def test_a_report_as_long_as_may_be_written_is_printed() -> None:
    pages = laid(SectionBlock(fact="findings"), facts=facts(findings="<p>" + "右肺见结节。" * 16_000 + "</p>"))
    assert 50 < len(pages) < 200 and words(pages).count("右肺") > 15_000


def test_notices_and_paragraphs_are_left_out_when_empty() -> None:
    blocks = (NoticeBlock(label="危急值", text="{critical}"), ParagraphBlock(text="{hp}"))
    assert laid(*blocks, facts=facts(critical="", hp=""))[0].marks == ()
    assert "通知" in words(laid(*blocks, facts=facts(critical="已通知", hp="")))
