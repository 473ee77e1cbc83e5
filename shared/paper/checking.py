"""Reads a template's text and says in one sentence, with line and field, what is wrong with it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from shared.paper.blocks import (
    BLOCK_TYPES,
    AnyBlock,
    FieldsBlock,
    NoticeBlock,
    ParagraphBlock,
    PicturesBlock,
    RuleBlock,
    SectionBlock,
    SignaturesBlock,
    TableBlock,
)
from shared.paper.facts import facts_of, lists_of, pictures_of, rich_of
from shared.paper.kinds import DocumentKind
from shared.paper.layout import condition_facts, placeholders
from shared.paper.pictures import image_size
from shared.paper.template import (
    ELEMENT_TYPES,
    FORMAT,
    AnyElement,
    BoxElement,
    CodeElement,
    FieldsElement,
    FlowElement,
    ImageElement,
    LineElement,
    RepeatElement,
    Template,
    Text,
    TextElement,
    WatermarkElement,
)

MOST_CHARACTERS = 1_000_000
MOST_ELEMENTS = 300
MOST_BLOCKS = 60
MOST_PICTURES = 6
MOST_IMAGES = 10
MOST_IMAGE_BYTES = 300_000
MOST_IMAGE_SIDE = 4000
LARGEST_MM = 1000.0

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True)
class Problem:
    """What is wrong: `line` from 1 in the text (0: not known), the element from 0 (-1: none), its field, a sentence."""

    line: int
    element: int
    field: str
    zh: str
    en: str

    @property
    def sentence_zh(self) -> str:
        """With line and field."""
        line = f"第 {self.line} 行：" if self.line else ""
        element = f"第 {self.element + 1} 个元素" if self.element >= 0 else ""
        name = f"“{self.field}”" if self.field else ""
        return f"{line}{element}{name}{self.zh}"

    @property
    def sentence_en(self) -> str:
        """With line and field."""
        parts = (
            f"line {self.line}" if self.line else "",
            f"element {self.element + 1}" if self.element >= 0 else "",
            self.field,
        )
        where = ", ".join(part for part in parts if part)
        return f"{where[:1].upper() + where[1:]}: {self.en}" if where else self.en[:1].upper() + self.en[1:]


class TemplateFault(ValueError):
    """A template cannot be used; `problems` says why, the first one first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].sentence_en)
        self.problems = problems


def read(text: str, kind: DocumentKind | None = None) -> Template:
    """The template in `text`. Raises TemplateFault."""
    if len(text) > MOST_CHARACTERS:
        raise TemplateFault([Problem(0, -1, "", "模板过大，请使用更小的图片。", "the template is too large")])
    plain = _parsed(text)
    lines = _element_lines(text)
    _known_types(plain, lines)
    try:
        template = msgspec.convert(plain, Template)
    except msgspec.ValidationError as fault:
        raise TemplateFault([_of_validation(str(fault), lines)]) from fault
    problems = check(template, kind, lines)
    if problems:
        raise TemplateFault(problems)
    return template


def _parsed(text: str) -> Any:
    try:
        plain = json.loads(text)
    except json.JSONDecodeError as fault:
        sentence = f"不是正确的 JSON（第 {fault.colno} 列附近），请检查逗号、引号和括号。"
        raise TemplateFault(
            [Problem(fault.lineno, -1, "", sentence, f"this is no JSON near column {fault.colno}")]
        ) from fault
    except RecursionError as fault:
        raise TemplateFault([Problem(0, -1, "", "模板嵌套过深。", "the template is nested too deeply")]) from fault
    if not isinstance(plain, dict):
        raise TemplateFault([Problem(1, -1, "", "模板应是一个 JSON 对象。", "a template is a JSON object")])
    return plain


def _element_lines(text: str) -> list[int]:
    """The line on which each top element begins."""
    met = re.search(r'"elements"\s*:\s*\[', text)
    decoder = json.JSONDecoder()
    lines: list[int] = []
    position = met.end() if met else len(text)
    while True:
        gap = re.compile(r"[\s,]*").match(text, position)
        position = gap.end() if gap else position
        if position >= len(text) or text[position] != "{":
            return lines
        lines.append(text.count("\n", 0, position) + 1)
        try:
            _value, position = decoder.raw_decode(text, position)
        except ValueError:
            return lines


def _known_types(plain: dict[str, Any], lines: list[int]) -> None:
    elements = plain.get("elements")
    for index, element in enumerate(elements if isinstance(elements, list) else ()):
        kind = element.get("type") if isinstance(element, dict) else None
        if not isinstance(kind, str) or kind not in ELEMENT_TYPES:
            allowed = "、".join(ELEMENT_TYPES)
            raise TemplateFault(
                [
                    Problem(
                        lines[index] if index < len(lines) else 0,
                        index,
                        "type",
                        f"不是已知的元素类型，可用：{allowed}。",
                        f"this is no element type; there are {', '.join(ELEMENT_TYPES)}",
                    )
                ]
            )
        blocks = element.get("blocks") if isinstance(element, dict) else None
        for number, block in enumerate(blocks if isinstance(blocks, list) else (), 1):
            named = block.get("block") if isinstance(block, dict) else None
            if not isinstance(named, str) or named not in BLOCK_TYPES:
                line = lines[index] if index < len(lines) else 0
                zh = f"不是已知的内容块，可用：{'、'.join(BLOCK_TYPES)}。"
                en = f"this is no block; there are {', '.join(BLOCK_TYPES)}"
                raise TemplateFault([Problem(line, index, f"blocks[{number}].block", zh, en)])


_AT = re.compile(r"(.*) - at `\$\.?(.*)`", re.S)


def _of_validation(message: str, lines: list[int]) -> Problem:
    met = _AT.match(message)
    what, path = (met.group(1), met.group(2)) if met else (message, "")
    element, line = -1, 0
    place = re.match(r"elements\[(\d+)\]\.?(.*)", path)
    path_field = path
    if place:
        element, path_field = int(place.group(1)), place.group(2)
        line = lines[element] if element < len(lines) else 0
    named = re.search(r"field `([^`]+)`", what)
    if named:
        path_field = f"{path_field}.{named.group(1)}".strip(".")
    if "missing required" in what:
        return Problem(line, element, path_field, "缺少此字段，请补上。", "this field is missing")
    if "unknown field" in what:
        return Problem(line, element, path_field, "是未知字段，请检查拼写。", "there is no such field")
    zh = {"Expected `float`": "应是数字。", "Expected `int`": "应是整数。", "Expected `str`": "应是文字。"}
    shown = next((words for start, words in zh.items() if what.startswith(start)), "的值不正确。")
    return Problem(line, element, path_field, shown, what[:1].lower() + what[1:])


def check(template: Template, kind: DocumentKind | None = None, lines: list[int] | None = None) -> list[Problem]:
    """Everything wrong with a template, in the order of its elements."""
    return list(_Checker(template, kind, lines or []).problems())


class _Checker:
    def __init__(self, template: Template, kind: DocumentKind | None, lines: list[int]) -> None:
        self._template = template
        self._kind = kind
        self._lines = lines
        self._element = -1

    def _problem(self, field: str, zh: str, en: str) -> Problem:
        line = self._lines[self._element] if 0 <= self._element < len(self._lines) else 0
        return Problem(line, self._element, field, zh, en)

    def problems(self) -> Iterator[Problem]:
        template = self._template
        if template.format != FORMAT:
            yield self._problem(
                "format",
                f"应为 {FORMAT}；这是更新版本的模板，请升级软件。",
                f"must be {FORMAT}; this template is newer",
            )
        try:
            kind = DocumentKind(template.kind)
        except ValueError:
            kinds = "、".join(DocumentKind)
            yield self._problem("kind", f"不是已知的文档，可用：{kinds}。", "this is no document kind")
            return
        if self._kind is not None and kind is not self._kind:
            yield self._problem("kind", f"应为 {self._kind}，这是另一种文档的模板。", f"must be {self._kind}")
            return
        self._facts = {fact.name for fact in facts_of(kind)}
        self._list_facts = {one.name: {f"{one.name}.{fact.name}" for fact in one.facts} for one in lists_of(kind)}
        self._picture_lists = {one.name for one in lists_of(kind) if any(fact.name == "picture" for fact in one.facts)}
        self._rich = {fact.name for fact in rich_of(kind)}
        self._picture_facts = {fact.name for fact in pictures_of(kind)}
        page = template.page
        yield from self._between("page.width_mm", page.width_mm, 10, LARGEST_MM)
        if page.height_mm:
            yield from self._between("page.height_mm", page.height_mm, 5, LARGEST_MM)
        yield from self._between("page.margin_mm", page.margin_mm, 0, 100)
        yield from self._images()
        if len(template.elements) > MOST_ELEMENTS:
            yield self._problem("elements", f"最多 {MOST_ELEMENTS} 个元素。", f"there may be {MOST_ELEMENTS} at most")
        ids = [element.id for element in template.elements]
        for self._element, element in enumerate(template.elements):
            if element.id and ids.count(element.id) > 1:
                yield self._problem("id", f"“{element.id}”用了两次，请改名。", f"{element.id!r} is used twice")
            if element.below and element.below not in ids[: self._element]:
                yield self._problem(
                    "below",
                    f"指向的“{element.below}”不存在或排在后面，请把它移到前面。",
                    f"{element.below!r} does not exist or comes later",
                )
            yield from self._one(element, self._facts, "")

    def _images(self) -> Iterator[Problem]:
        if len(self._template.images) > MOST_IMAGES:
            yield self._problem("images", f"最多 {MOST_IMAGES} 张图片。", f"there may be {MOST_IMAGES} at most")
        for name, data in self._template.images.items():
            if not _NAME.fullmatch(name):
                yield self._problem("images", f"图片名“{name[:40]}”只能用字母、数字、- 和 _。", "a name is not plain")
            fault = image_fault(data)
            if fault:
                yield self._problem(f"images.{name[:40]}", fault[0], fault[1])

    def _between(self, field: str, value: float, least: float, most: float) -> Iterator[Problem]:
        if not least <= value <= most:
            yield self._problem(field, f"应在 {least:g} 到 {most:g} 之间。", f"must be from {least:g} to {most:g}")

    def _one(self, element: AnyElement, facts: set[str], prefix: str) -> Iterator[Problem]:
        for name in ("x_mm", "y_mm"):
            yield from self._between(prefix + name, getattr(element, name), -LARGEST_MM, LARGEST_MM)
        yield from self._condition(prefix + "when", element.when, facts)
        if isinstance(element, TextElement):
            yield from self._words(prefix + "text", element.text, facts)
            yield from self._between(prefix + "width_mm", element.width_mm, 0.5, LARGEST_MM)
            yield from self._between(prefix + "height_mm", element.height_mm, 0, LARGEST_MM)
            yield from self._between(prefix + "size_pt", element.size_pt, 3, 200)
            yield from self._between(prefix + "least_pt", element.least_pt, 0, element.size_pt)
            yield from self._between(prefix + "leading", element.leading, 0.8, 4)
            yield from self._colour(prefix + "colour", element.colour)
            if element.turn in (90, 270) and not element.height_mm:
                yield self._problem(prefix + "height_mm", "旋转的文字必须给出高度。", "turned text needs a height")
        elif isinstance(element, CodeElement):
            yield from self._words(prefix + "value", element.value, facts)
            yield from self._between(prefix + "width_mm", element.width_mm, 3, LARGEST_MM)
            yield from self._between(prefix + "module_mm", element.module_mm, 0.1, 3)
            yield from self._between(prefix + "text_pt", element.text_pt, 3, 60)
            if element.symbology == "code128":
                yield from self._between(prefix + "height_mm", element.height_mm, 3, 200)
        elif isinstance(element, BoxElement):
            yield from self._between(prefix + "width_mm", element.width_mm, 0.1, LARGEST_MM)
            yield from self._between(prefix + "height_mm", element.height_mm, 0.1, LARGEST_MM)
            yield from self._between(prefix + "weight_mm", element.weight_mm, 0, 20)
            for name in ("fill", "stroke"):
                if getattr(element, name):
                    yield from self._colour(prefix + name, getattr(element, name))
        elif isinstance(element, LineElement):
            yield from self._between(prefix + "x2_mm", element.x2_mm, -LARGEST_MM, LARGEST_MM)
            yield from self._between(prefix + "weight_mm", element.weight_mm, 0.02, 20)
            yield from self._colour(prefix + "colour", element.colour)
        elif isinstance(element, ImageElement):
            yield from self._between(prefix + "width_mm", element.width_mm, 0.5, LARGEST_MM)
            yield from self._between(prefix + "height_mm", element.height_mm, 0.5, LARGEST_MM)
            if element.image.startswith("@"):
                yield from self._known_picture(prefix + "image", element.image[1:])
            elif element.image not in self._template.images:
                yield self._problem(
                    "image", f"没有名为“{element.image}”的图片。", f"there is no image {element.image!r}"
                )
        elif isinstance(element, FieldsElement):
            yield from self._fields(element, facts)
        elif isinstance(element, FlowElement):
            yield from self._flow(element, facts)
        elif isinstance(element, WatermarkElement):
            yield from self._words(prefix + "text", element.text, facts)
            yield from self._between(prefix + "size_pt", element.size_pt, 8, 200)
            yield from self._between(prefix + "angle", element.angle, -90, 90)
            yield from self._between(prefix + "opacity", element.opacity, 0.05, 1)
            yield from self._colour(prefix + "colour", element.colour)
        else:
            yield from self._repeat(element, facts)

    def _fields(self, element: FieldsElement, facts: set[str]) -> Iterator[Problem]:
        yield from self._between("width_mm", element.width_mm, 5, LARGEST_MM)
        yield from self._between("columns", element.columns, 1, 6)
        yield from self._between("step_mm", element.step_mm, 2, 100)
        yield from self._between("label_mm", element.label_mm, 0, LARGEST_MM)
        for name in ("size_pt", "label_pt"):
            yield from self._between(name, getattr(element, name), 3, 100)
        for name in ("colour", "label_colour"):
            yield from self._colour(name, getattr(element, name))
        for number, row in enumerate(element.rows, 1):
            yield from self._words(f"rows[{number}].label", row.label, facts)
            yield from self._words(f"rows[{number}].value", row.value, facts)
            yield from self._condition(f"rows[{number}].when", row.when, facts)

    def _flow(self, element: FlowElement, facts: set[str]) -> Iterator[Problem]:
        yield from self._between("width_mm", element.width_mm, 30, LARGEST_MM)
        yield from self._between("next_y_mm", element.next_y_mm, 0, LARGEST_MM)
        yield from self._between("until_mm", element.until_mm, 0, LARGEST_MM)
        page = self._template.page
        lower = element.until_mm or (page.height_mm - page.margin_mm)
        if page.height_mm and lower - max(element.next_y_mm, 0 if element.below else element.y_mm) < 60:
            yield self._problem(
                "until_mm",
                "与 y_mm、next_y_mm 之间不足 60 毫米，正文放不下，请扩大正文区域。",
                "leaves less than 60 mm for the text; enlarge the flow",
            )
        if len(element.blocks) > MOST_BLOCKS:
            yield self._problem("blocks", f"最多 {MOST_BLOCKS} 个内容块。", f"there may be {MOST_BLOCKS} at most")
        for number, block in enumerate(element.blocks[:MOST_BLOCKS], 1):
            yield from self._condition(f"blocks[{number}].when", block.when, facts)
            yield from self._block(f"blocks[{number}].", block, facts)

    def _block(self, prefix: str, block: AnyBlock, facts: set[str]) -> Iterator[Problem]:
        for name in ("size_pt", "heading_pt", "label_pt"):
            if hasattr(block, name):
                yield from self._between(prefix + name, getattr(block, name), 4, 60)
        for name in ("colour", "heading_colour"):
            if hasattr(block, name):
                yield from self._colour(prefix + name, getattr(block, name))
        if isinstance(block, SectionBlock):
            yield from self._words(prefix + "heading", block.heading, facts)
            if block.fact not in self._rich:
                allowed = "、".join(sorted(self._rich))
                yield self._problem(prefix + "fact", f"不是长文字，可用：{allowed}。", "this is no rich text")
        elif isinstance(block, PicturesBlock):
            yield from self._words(prefix + "heading", block.heading, facts)
            yield from self._between(prefix + "most", block.most, 0, MOST_PICTURES)
            yield from self._between(prefix + "height_mm", block.height_mm, 0, 240)
            if block.over not in self._picture_lists:
                allowed = "、".join(sorted(self._picture_lists))
                yield self._problem(prefix + "over", f"不是图像列表，可用：{allowed}。", "this is no list of pictures")
        elif isinstance(block, FieldsBlock):
            yield from self._between(prefix + "columns", block.columns, 1, 6)
            if block.shares and (len(block.shares) != block.columns or min(block.shares) <= 0):
                yield self._problem(
                    prefix + "shares", "应为每列一个大于 0 的比例。", "needs one share above 0 a column"
                )
            for number, row in enumerate(block.rows, 1):
                yield from self._between(f"{prefix}rows[{number}].span", row.span, 1, 6)
                yield from self._words(f"{prefix}rows[{number}].label", row.label, facts)
                yield from self._words(f"{prefix}rows[{number}].value", row.value, facts)
                yield from self._condition(f"{prefix}rows[{number}].when", row.when, facts)
        elif isinstance(block, TableBlock):
            yield from self._table(prefix, block, facts)
        elif isinstance(block, SignaturesBlock):
            yield from self._signatures(prefix, block, facts)
        elif isinstance(block, NoticeBlock):
            yield from self._words(prefix + "label", block.label, facts)
            yield from self._words(prefix + "text", block.text, facts)
        elif isinstance(block, ParagraphBlock):
            yield from self._words(prefix + "text", block.text, facts)
        elif isinstance(block, RuleBlock):
            yield from self._between(prefix + "weight_mm", block.weight_mm, 0.02, 20)
        else:
            yield from self._between(prefix + "height_mm", block.height_mm, 0, 100)

    def _table(self, prefix: str, block: TableBlock, facts: set[str]) -> Iterator[Problem]:
        yield from self._words(prefix + "heading", block.heading, facts)
        if block.over not in self._list_facts:
            allowed = "、".join(self._list_facts)
            yield self._problem(prefix + "over", f"不是可重复的列表，可用：{allowed}。", "this is no list")
            return
        yield from self._between(prefix + "columns", len(block.columns), 1, 8)
        for number, column in enumerate(block.columns, 1):
            yield from self._words(f"{prefix}columns[{number}].title", column.title, facts)
            yield from self._words(
                f"{prefix}columns[{number}].value", column.value, facts | self._list_facts[block.over]
            )
            yield from self._between(f"{prefix}columns[{number}].share", column.share, 0.05, 100)

    def _signatures(self, prefix: str, block: SignaturesBlock, facts: set[str]) -> Iterator[Problem]:
        yield from self._between(prefix + "height_mm", block.height_mm, 4, 40)
        yield from self._between(prefix + "signers", len(block.signers), 1, 4)
        for name in ("note", "note_right", "small"):
            yield from self._words(prefix + name, getattr(block, name), facts)
        for number, signer in enumerate(block.signers, 1):
            for name in ("label", "name", "time_label", "time"):
                yield from self._words(f"{prefix}signers[{number}].{name}", getattr(signer, name), facts)
            if signer.picture:
                yield from self._known_picture(f"{prefix}signers[{number}].picture", signer.picture)

    def _known_picture(self, field: str, name: str) -> Iterator[Problem]:
        if name not in self._picture_facts:
            allowed = "、".join(sorted(self._picture_facts)) or "无"
            yield self._problem(field, f"不是已知的图片数据项，可用：{allowed}。", f"there is no picture {name!r}")

    def _repeat(self, element: RepeatElement, facts: set[str]) -> Iterator[Problem]:
        if element.over not in self._list_facts:
            allowed = "、".join(self._list_facts)
            yield self._problem("over", f"不是可重复的列表，可用：{allowed}。", "this is no list")
            return
        yield from self._between("step_mm", element.step_mm, 1, LARGEST_MM)
        yield from self._between("next_y_mm", element.next_y_mm, 0, LARGEST_MM)
        yield from self._between("until_mm", element.until_mm, 0, LARGEST_MM)
        inner = facts | self._list_facts[element.over]
        for number, child in enumerate(element.elements, 1):
            yield from self._one(child, inner, f"elements[{number}].")

    def _words(self, field: str, text: Text, facts: set[str]) -> Iterator[Problem]:
        for one in (text,) if isinstance(text, str) else (text.zh, text.en):
            rest = re.sub(r"\{\{|\}\}|\{[a-z0-9_.]+\}", "", one)
            if "{" in rest or "}" in rest:
                yield self._problem(
                    field,
                    "的大括号不成对；要印出括号请写 {{ 或 }}。",
                    "has a single brace; write {{ or }} to print one",
                )
            for name in placeholders(one):
                yield from self._known(field, name, facts)

    def _condition(self, field: str, condition: str, facts: set[str]) -> Iterator[Problem]:
        named = condition_facts(condition)
        if named is None:
            yield self._problem(
                field, "不是正确的条件，例：name、!name、sex = 女。", "is no condition; like name, !name, sex = 女"
            )
            return
        for name in named:
            yield from self._known(field, name, facts)

    def _known(self, field: str, name: str, facts: set[str]) -> Iterator[Problem]:
        if name not in facts:
            import difflib

            near = difflib.get_close_matches(name, sorted(facts), 1)
            hint_zh, hint_en = (f"，是否为“{near[0]}”？", f"; did you mean {near[0]!r}?") if near else ("。", "")
            yield self._problem(field, f"用了未知的数据项“{name}”{hint_zh}", f"there is no fact {name!r}{hint_en}")

    def _colour(self, field: str, colour: str) -> Iterator[Problem]:
        if not _COLOUR.fullmatch(colour):
            yield self._problem(field, "应为 #rrggbb 形式的颜色。", "must be a colour like #1a1f26")


def image_fault(data: str) -> tuple[str, str] | None:
    """What is wrong with a picture in base64, in both languages; None if it can be printed."""
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return "不是 base64 编码的图片。", "this is no picture in base64"
    if len(raw) > MOST_IMAGE_BYTES:
        return f"图片超过 {MOST_IMAGE_BYTES // 1000} KB，请缩小。", f"the picture is over {MOST_IMAGE_BYTES // 1000} kB"
    size = image_size(raw)
    if size is None:
        return "不是 PNG 或 JPEG 图片。", "this is neither PNG nor JPEG"
    if max(size) > MOST_IMAGE_SIDE or min(size) < 1:
        return (
            f"图片边长超过 {MOST_IMAGE_SIDE} 像素，请缩小。",
            f"the picture is over {MOST_IMAGE_SIDE} pixels wide or high",
        )
    return None
