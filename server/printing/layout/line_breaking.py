"""Breaks Chinese, English and mixed text into lines; knows no font, only a measuring function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

Measure = Callable[[str], float]

# GB/T 15834-2011 5.1 and the usual rules: what may not begin a line, what may not end one.
NOT_AT_START = set("，。、；：？！）》〉」』】〕”’％℃‰…—～·,.;:?!)]}%°′″")
NOT_AT_END = set("（《〈「『【〔“‘([{￥¥$№#±≤≥<>≈")

_NUMBERED = re.compile(
    r"\s*(?:\d{1,2}[.．、)）](?!\d)|[（(]\d{1,2}[)）]|[一二三四五六七八九十]{1,3}、|[①-⑳]|[•·▪-](?=\s))\s*"
)
_MEASURED = re.compile(r"[\d.×x*±~-]+ ?(?:mm|cm|ml|mL|HU|Hu|mGy|mg|kg|s|ms|%|℃|°|T)(?:[²³])?(?![A-Za-z])")


@dataclass(frozen=True)
class Line:
    """One line. `indent` and `slack` in the unit of the measuring function; `ends` marks the last of a paragraph."""

    text: str
    indent: float
    slack: float  # what is left of the width
    ends: bool


def is_wide(character: str) -> bool:
    """Tell whether a line may be broken on both sides of the character (CJK ideographs, kana, full-width forms)."""
    code = ord(character)
    return (
        0x2E80 <= code <= 0x9FFF
        or 0xAC00 <= code <= 0xD7AF
        or 0xF900 <= code <= 0xFAFF
        or 0xFE30 <= code <= 0xFE4F
        or 0xFF00 <= code <= 0xFFEF
        or 0x20000 <= code <= 0x3FFFF
    )


def _pieces(paragraph: str) -> Iterator[str]:
    """Cut into pieces that stay whole: a wide character, a space run, a word, a number with its unit."""
    position = 0
    while position < len(paragraph):
        measured = _MEASURED.match(paragraph, position)
        if measured and measured.group()[0].isdigit():
            yield measured.group()
            position = measured.end()
        elif is_wide(paragraph[position]):
            yield paragraph[position]
            position += 1
        else:
            end = position + 1
            blank = paragraph[position].isspace()
            while end < len(paragraph) and not is_wide(paragraph[end]) and paragraph[end].isspace() == blank:
                end += 1
            yield paragraph[position:end]
            position = end


def _bound(paragraph: str) -> list[str]:
    """Pieces with the punctuation bound to what it may not leave."""
    bound: list[str] = []
    for piece in _pieces(paragraph):
        if bound and not bound[-1].isspace() and (piece[0] in NOT_AT_START or bound[-1][-1] in NOT_AT_END):
            bound[-1] += piece
        else:
            bound.append(piece)
    return bound


def break_lines(text: str, measure: Measure, width: float) -> list[Line]:
    """Break `text` at line feeds and then to `width`; numbered paragraphs hang behind their number.

    A word longer than the line is cut where it must be. Always at least one line, so an empty paragraph keeps its room.
    """
    lines: list[Line] = []
    for paragraph in text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n"):
        lines.extend(_without_widow(paragraph.rstrip(), measure, width))
    return lines


def _without_widow(paragraph: str, measure: Measure, width: float) -> list[Line]:
    """Set a paragraph a little narrower if else its last line would hold one character and its full stop."""
    lines = list(_break_paragraph(paragraph, measure, width))
    if len(lines) < 2 or len(lines[-1].text) > 2:
        return lines
    lost = 2 * measure("中")
    narrower = list(_break_paragraph(paragraph, measure, width - lost))
    if len(narrower) != len(lines) or len(narrower[-1].text) <= 2:
        return lines
    return [replace(line, slack=line.slack + lost) for line in narrower]


def _break_paragraph(paragraph: str, measure: Measure, width: float) -> Iterator[Line]:
    numbered = _NUMBERED.match(paragraph)
    hang = measure(numbered.group()) if numbered and numbered.end() < len(paragraph) else 0.0
    if hang > width / 3:
        hang = 0.0
    current, indent = "", 0.0
    pieces = _bound(paragraph)
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        if measure((current + piece).rstrip()) <= width - indent:
            current += piece
            index += 1
        elif current.strip():
            yield Line(current.rstrip(), indent, width - indent - measure(current.rstrip()), ends=False)
            current, indent = "", hang
            if piece.isspace():
                index += 1
        else:
            fitting = _longest_start(piece, measure, width - indent)
            pieces[index : index + 1] = [piece[:fitting], piece[fitting:]]
    yield Line(current.rstrip(), indent, width - indent - measure(current.rstrip()), ends=True)


def _longest_start(piece: str, measure: Measure, width: float) -> int:
    length = 1
    while length < len(piece) - 1 and measure(piece[: length + 1]) <= width:
        length += 1
    return length
