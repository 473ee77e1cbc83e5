"""Breaks Chinese, English and mixed text into lines; knows no font, only the widths of characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

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
    """One line. `indent` and `slack` in the unit of the widths; `ends` marks the last of a paragraph.

    `start` is where `text` begins in its paragraph, `paragraph` which one it is, from 0.
    """

    text: str
    indent: float
    slack: float  # what is left of the width
    ends: bool
    start: int = 0
    paragraph: int = 0


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


def _bound(paragraph: str) -> list[tuple[int, int]]:
    """Where the pieces begin and end, the punctuation bound to what it may not leave."""
    bound: list[tuple[int, int]] = []
    position = 0
    for piece in _pieces(paragraph):
        end = position + len(piece)
        if (
            bound
            and not paragraph[position - 1].isspace()
            and (piece[0] in NOT_AT_START or paragraph[position - 1] in NOT_AT_END)
        ):
            bound[-1] = (bound[-1][0], end)
        else:
            bound.append((position, end))
        position = end
    return bound


def paragraphs_of(text: str) -> list[str]:
    """The paragraphs of a plain text, ends trimmed."""
    return [p.rstrip() for p in text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")]


def break_lines(text: str, measure: Measure, width: float) -> list[Line]:
    """Break `text` at line feeds and then to `width`; numbered paragraphs hang behind their number.

    A word longer than the line is cut where it must be. Always at least one line, so an empty paragraph keeps its room.
    `measure` must be additive (no kerning).
    """
    lines: list[Line] = []
    for index, paragraph in enumerate(paragraphs_of(text)):
        lines.extend(break_paragraph(paragraph, [measure(c) for c in paragraph], width, index))
    return lines


def break_paragraph(paragraph: str, advances: Sequence[float], width: float, number: int = 0) -> list[Line]:
    """Break one paragraph whose characters have the given `advances`; it holds no line feed and no space at its end.

    It is set a little narrower if else its last line would hold one character and its full stop.
    """
    sums = [0.0, *accumulate(advances)]
    lines = list(_broken(paragraph, sums, width, number))
    if len(lines) < 2 or len(lines[-1].text) > 2:
        return lines
    lost = 2 * max(advances)
    narrower = list(_broken(paragraph, sums, width - lost, number))
    if len(narrower) != len(lines) or len(narrower[-1].text) <= 2:
        return lines
    return [replace(line, slack=line.slack + lost) for line in narrower]


def _broken(paragraph: str, sums: Sequence[float], width: float, number: int) -> Iterator[Line]:
    numbered = _NUMBERED.match(paragraph)
    hang = sums[numbered.end()] if numbered and numbered.end() < len(paragraph) else 0.0
    if hang > width / 3:
        hang = 0.0

    def trimmed(start: int, end: int) -> int:
        while end > start and paragraph[end - 1].isspace():
            end -= 1
        return end

    def line(start: int, end: int, indent: float, *, ends: bool) -> Line:
        end = trimmed(start, end)
        return Line(paragraph[start:end], indent, width - indent - (sums[end] - sums[start]), ends, start, number)

    start = end = 0
    indent = 0.0
    pieces = _bound(paragraph)
    index = 0
    while index < len(pieces):
        first, last = pieces[index]
        if sums[trimmed(start, last)] - sums[start] <= width - indent + 1e-9:
            end = last
            index += 1
        elif trimmed(start, end) > start:
            yield line(start, end, indent, ends=False)
            start = end = first
            indent = hang
            if paragraph[first:last].isspace():
                start = end = last
                index += 1
        elif start < first:  # only blanks stand before it: they are dropped
            start = end = first
        else:
            cut = first + 1
            while cut < last - 1 and sums[cut + 1] - sums[first] <= width - indent:
                cut += 1
            if cut < last:
                pieces[index : index + 1] = [(first, cut), (cut, last)]
            if sums[cut] - sums[first] > width - indent:  # not even one character fits: set it all the same
                end = cut
                index += 1
    yield line(start, end, indent, ends=True)
