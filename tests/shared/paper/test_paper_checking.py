"""Templates are checked before they are kept: one sentence with line and field, in both languages."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.paper.builtin import builtin, builtin_text
from shared.paper.checking import MOST_IMAGE_BYTES, TemplateFault, image_size, read
from shared.paper.facts import facts_of, lists_of, rich_of, sample
from shared.paper.kinds import DocumentKind
from shared.paper.template import encode

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (8).to_bytes(4, "big") + (9).to_bytes(4, "big") + b"\x08\x02\0\0\0"
).decode()


def fault_of(text: str, kind: DocumentKind | None = None) -> TemplateFault:
    with pytest.raises(TemplateFault) as caught:
        read(text, kind)
    return caught.value


def changed(**element: Any) -> str:
    """A label whose second element (line 5) has other fields; None takes a field away."""
    usual = {"type": "text", "x_mm": 1, "y_mm": 1, "width_mm": 20, "text": "{name}"}
    second = {key: value for key, value in (usual | element).items() if value is not None}
    head = '{"format": 1, "kind": "barcode",\n "page": {"width_mm": 50, "height_mm": 30},\n "elements": [\n'
    return head + json.dumps(usual) + ",\n" + json.dumps(second, ensure_ascii=False) + "\n]}"


@pytest.mark.parametrize("kind", DocumentKind)
def test_the_suites_templates_are_right_and_read_back_as_they_were_written(kind: DocumentKind) -> None:
    assert read(builtin_text(kind), kind) == builtin(kind)
    assert encode(builtin(kind)) == builtin_text(kind)


@pytest.mark.parametrize("kind", DocumentKind)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_samples_have_every_fact(kind: DocumentKind, language: str) -> None:
    facts = sample(kind, language)
    assert set(facts.values) == {fact.name for fact in (*facts_of(kind), *rich_of(kind))}
    assert all(fact.zh and fact.en for fact in facts_of(kind))
    assert set(facts.lists) == {one.name for one in lists_of(kind)}


@pytest.mark.parametrize(
    ("element", "field", "zh"),
    [
        ({"text": "{nmae}"}, "text", "用了未知的数据项“nmae”，是否为“name”？"),
        ({"text": "{name"}, "text", "的大括号不成对"),
        ({"width_mm": 0}, "width_mm", "应在 0.5 到 1000 之间"),
        ({"width_mm": "20"}, "width_mm", "应是数字"),
        ({"width_mm": None}, "width_mm", "缺少此字段"),
        ({"colour": "red"}, "colour", "应为 #rrggbb"),
        ({"colour": "#1a1f26 "}, "colour", "应为 #rrggbb"),
        ({"colur": "#000000"}, "colur", "是未知字段"),
        ({"align": "middle"}, "align", "的值不正确"),
        ({"when": "sex == 女"}, "when", "不是正确的条件"),
        ({"when": "nam"}, "when", "是否为“name”"),
        ({"below": "nothing"}, "below", "不存在或排在后面"),
        ({"type": "texte"}, "type", "不是已知的元素类型"),
        ({"turn": 90}, "height_mm", "旋转的文字必须给出高度"),
        ({"turn": 45}, "turn", "的值不正确"),
        ({"size_pt": 0}, "size_pt", "应在 3 到 200 之间"),
    ],
)
def test_a_fault_names_line_element_and_field(element: dict[str, Any], field: str, zh: str) -> None:
    problem = fault_of(changed(**element)).problems[0]
    assert (problem.line, problem.element) == (5, 1)
    assert problem.field == field
    assert zh in problem.sentence_zh
    assert problem.sentence_zh.startswith(f"第 5 行：第 2 个元素“{field}”")
    assert problem.sentence_en.startswith(f"Line 5, element 2, {field}: ")


def test_broken_json_names_its_line() -> None:
    problem = fault_of('{"format": 1,\n"kind": barcode}').problems[0]
    assert problem.line == 2
    assert problem.sentence_zh.startswith("第 2 行：不是正确的 JSON")


def test_the_template_of_another_document_is_refused() -> None:
    assert "另一种文档" in fault_of(builtin_text(DocumentKind.TICKET), DocumentKind.BARCODE).problems[0].zh


def test_a_newer_format_and_unknown_kinds_are_refused() -> None:
    assert fault_of(changed().replace('"format": 1', '"format": 2')).problems[0].field == "format"
    assert fault_of(changed().replace('"barcode"', '"leaflet"')).problems[0].field == "kind"


@pytest.mark.parametrize(
    ("data", "zh"),
    [
        ("not base64!", "不是 base64"),
        (base64.b64encode(b"GIF89a").decode(), "不是 PNG 或 JPEG"),
        (base64.b64encode(b"x" * (MOST_IMAGE_BYTES + 1)).decode(), "请缩小"),
        (PNG.replace(base64.b64encode(b"\0")[:2].decode(), "//", 0), ""),
    ],
)
def test_pictures_are_checked(data: str, zh: str) -> None:
    text = changed()[:-1] + f', "images": {{"logo": "{data}"}}}}'
    if zh:
        assert zh in fault_of(text).problems[0].zh
    else:
        assert read(text).images


def test_sizes_of_pictures_come_from_their_heads() -> None:
    from io import BytesIO

    from PIL import Image

    for form in ("PNG", "JPEG"):
        buffer = BytesIO()
        Image.new("RGB", (31, 17)).save(buffer, form)
        assert image_size(buffer.getvalue()) == (31, 17)
    assert image_size(b"\xff\xd8\xff") is None


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(max_size=9), st.lists, max_leaves=9).map(json.dumps)
)
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        read(text)
    except TemplateFault as fault:
        assert fault.problems[0].sentence_zh
        assert fault.problems[0].sentence_en
