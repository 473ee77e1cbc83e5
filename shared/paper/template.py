"""The declared format of a document's template: millimetres from the upper left corner, elements of nine types.

A template is JSON. `"{name}"` in a text stands for a fact of shared.paper.facts, `"{items.name}"` inside a repeat for
a fact of its row; `{{` and `}}` are braces. A text is one string, or one for each language: `{"zh": …, "en": …}`.
"""

from __future__ import annotations

import json
from typing import Literal

import msgspec

from shared.paper.blocks import BLOCK_TYPES, AnyBlock, FieldRow, Signer, TableColumn, Text, Words

__all__ = ["ELEMENT_TYPES", "FORMAT", "AnyElement", "FieldRow", "Template", "Text", "Words", "encode", "in_language"]

FORMAT = 1

Turn = Literal[0, 90, 180, 270]


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The paper. `height_mm` 0: a roll, cut `margin_mm` below the lowest mark. `feed_turn`: a label printer gets the
    page turned clockwise by this (a wristband lies across its tape)."""

    width_mm: float
    height_mm: float = 0.0
    margin_mm: float = 3.0
    feed_turn: Turn = 0


class Element(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"):
    """What all elements have.

    `below` names another element: `y_mm` then counts from its lower edge, and from its upper edge where it shows
    nothing. `when` is a condition: `name`, `!name`, `sex = 女`, `sex != 男`, several joined by ` & `. `every_page`
    repeats the element on the pages that follow where a repeat is too long for one.
    """

    x_mm: float
    y_mm: float
    id: str = ""
    below: str = ""
    when: str = ""
    every_page: bool = False
    turn: Turn = 0


class TextElement(Element, frozen=True, tag="text", kw_only=True):
    """Words. One line is made smaller down to `least_pt` and then cut with …; with `wrap` it breaks into lines,
    limited by `height_mm` where that is given."""

    width_mm: float
    text: Text
    height_mm: float = 0.0
    size_pt: float = 9.0
    least_pt: float = 0.0  # 0: 60 % of size_pt
    bold: bool = False
    align: Literal["left", "centre", "right"] = "left"
    wrap: bool = False
    leading: float = 1.4  # times the size
    colour: str = "#000000"
    letter_mm: float = 0.0  # between the characters of one line


class FieldsElement(Element, frozen=True, tag="fields", kw_only=True):
    """A table of labels and values in `columns`; a row without value leaves no gap unless `keep_empty`."""

    width_mm: float
    rows: tuple[FieldRow, ...]
    columns: int = 2
    label_mm: float = 20.0
    step_mm: float = 6.5
    size_pt: float = 9.5
    label_pt: float = 8.5
    label_colour: str = "#6b7380"
    colour: str = "#1a1f26"
    keep_empty: bool = False


class LineElement(Element, frozen=True, tag="line", kw_only=True):
    """A straight line to (`x2_mm`, `y_mm` + `drop_mm`)."""

    x2_mm: float
    drop_mm: float = 0.0
    weight_mm: float = 0.2
    colour: str = "#000000"
    dashed: bool = False


class BoxElement(Element, frozen=True, tag="box", kw_only=True):
    """A rectangle; an empty colour leaves fill or stroke away."""

    width_mm: float
    height_mm: float
    fill: str = ""
    stroke: str = "#000000"
    weight_mm: float = 0.2


class ImageElement(Element, frozen=True, tag="image", kw_only=True):
    """A picture of the template's `images`, or `@name` of the facts, as large as it fits, in the middle."""

    image: str
    width_mm: float
    height_mm: float


class CodeElement(Element, frozen=True, tag="code", kw_only=True):
    """A code. Code 128: bars of `module_mm` within `width_mm`, narrower down to 0.19 mm where they must be,
    a QR code where even that is too wide; `height_mm` with the text below. Others: a square of `width_mm`."""

    value: Text
    symbology: Literal["code128", "qr", "datamatrix"] = "code128"
    width_mm: float
    height_mm: float = 0.0
    module_mm: float = 0.25
    align: Literal["left", "centre", "right"] = "centre"
    show_text: bool = True
    text_pt: float = 8.0


class RepeatElement(Element, frozen=True, tag="repeat", kw_only=True):
    """The elements once for each row of a list fact, `step_mm` apart; goes on on the next page at `next_y_mm`."""

    over: str
    step_mm: float
    elements: tuple[TextElement | LineElement | BoxElement | CodeElement, ...]
    next_y_mm: float = 20.0
    until_mm: float = 0.0  # lowest edge of a row on the page; 0: the page's margin


class FlowElement(Element, frozen=True, tag="flow", kw_only=True):
    """Blocks one below the other, to `until_mm`, and on the next page from `next_y_mm`. With `fits` a document that
    nearly fits one page is set a little closer."""

    width_mm: float
    blocks: tuple[AnyBlock, ...]
    next_y_mm: float = 27.0
    until_mm: float = 0.0  # 0: the page's margin
    fits: bool = True


class WatermarkElement(Element, frozen=True, tag="watermark", kw_only=True):
    """A large pale word across every page, over all else, in the middle of the page; `x_mm` and `y_mm` move it."""

    text: Text
    size_pt: float = 64.0  # less where it would not fit
    angle: float = 35.0  # degrees, anticlockwise
    colour: str = "#80807f"
    opacity: float = 0.2


AnyElement = (
    TextElement
    | FieldsElement
    | LineElement
    | BoxElement
    | ImageElement
    | CodeElement
    | RepeatElement
    | FlowElement
    | WatermarkElement
)


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One document's design."""

    format: int = FORMAT
    kind: str
    page: Page
    elements: tuple[AnyElement, ...]
    images: dict[str, str] = {}  # name → PNG or JPEG in base64


def in_language(text: Text, language: str) -> str:
    """The text of a language; where one is missing, the other."""
    if isinstance(text, str):
        return text
    first, second = (text.en, text.zh) if language == "en" else (text.zh, text.en)
    return first or second


def encode(template: Template) -> str:
    """The template as people read it: one element a line."""
    plain = msgspec.to_builtins(template)
    head = [f' "{key}": {_json(plain[key])}' for key in ("format", "kind", "page")]
    elements = ",\n".join("  " + _json(_shortened(one)) for one in plain["elements"])
    parts = [*head, f' "elements": [\n{elements}\n ]' if elements else ' "elements": []']
    if plain["images"]:
        parts.append(f' "images": {_json(plain["images"])}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: object) -> object:
    """Numbers as people write them: 50 and not 50.0, and no remains of binary fractions."""
    if isinstance(value, float):
        rounded = round(value, 3)
        return int(rounded) if rounded == int(rounded) else rounded
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _shortened(element: dict[str, object]) -> dict[str, object]:
    """Without the fields that have their usual value."""
    usual = _USUAL[str(element["type"])] if "type" in element else _USUAL_BLOCK[str(element["block"])]
    short = {key: value for key, value in element.items() if key not in usual or usual[key] != value}
    for name, row_kind in _ROWS.items():
        inner = short.get(name)
        if isinstance(inner, list):
            short[name] = [
                _shortened(one) if "type" in one or "block" in one else _short_row(one, row_kind) for one in inner
            ]
    return short


def _short_row(row: dict[str, object], kind: type[msgspec.Struct]) -> dict[str, object]:
    usual = _defaults(kind)
    return {key: value for key, value in row.items() if key not in usual or usual[key] != value}


def _defaults(kind: type[msgspec.Struct]) -> dict[str, object]:
    found = {
        field.name: field.default
        for field in msgspec.structs.fields(kind)
        if field.default is not msgspec.NODEFAULT and field.name != "type"
    }
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


_ROWS: dict[str, type[msgspec.Struct]] = {
    "elements": FieldRow, "blocks": FieldRow, "rows": FieldRow, "columns": TableColumn, "signers": Signer
}  # fmt: skip


ELEMENT_TYPES: dict[str, type[Element]] = {
    "text": TextElement,
    "fields": FieldsElement,
    "line": LineElement,
    "box": BoxElement,
    "image": ImageElement,
    "code": CodeElement,
    "repeat": RepeatElement,
    "flow": FlowElement,
    "watermark": WatermarkElement,
}

_USUAL = {name: _defaults(kind) for name, kind in ELEMENT_TYPES.items()}
_USUAL_BLOCK = {name: _defaults(kind) for name, kind in BLOCK_TYPES.items()}
