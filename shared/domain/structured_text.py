"""Rich text as paragraphs with positions, so that one sentence can be put in, changed or taken out. Pure.

The *flat* text of a report's rich text has one character for each character seen, one line feed between paragraphs and
for each ``br``: the positions that Qt's text documents have too.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

import msgspec

_MARKS = ("b", "i", "u", "sup", "sub")


@dataclass(slots=True)
class _Block:
    """A paragraph (`tag` empty) or list item; runs of characters with their marks."""

    tag: str
    runs: list[tuple[str, tuple[str, ...]]]

    @property
    def text(self) -> str:
        return "".join(text for text, _marks in self.runs)


class Edit(msgspec.Struct, frozen=True):
    """Put `text` in place of the characters `start` to `end` of the flat text."""

    start: int
    end: int
    text: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[_Block] = []
        self._lists: list[str] = []
        self._marks: list[str] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("ol", "ul"):
            self._lists.append(tag)
            self._is_open = False
        elif tag == "li":
            self._start(self._lists[-1] if self._lists else "ul")
        elif tag == "p":
            inside_item = self._is_open and self.blocks[-1].tag and not self.blocks[-1].runs
            if not inside_item:
                self._start("")
        elif tag == "br":
            self._put("\n")
        elif tag in _MARKS:
            self._marks.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ol", "ul") and self._lists:
            self._lists.pop()
            self._is_open = False
        elif tag in ("p", "li"):
            self._is_open = False
        elif tag in self._marks:
            self._marks.remove(tag)

    def handle_data(self, data: str) -> None:
        if self._is_open or data.strip():
            self._put(data)

    def _start(self, tag: str) -> None:
        self.blocks.append(_Block(tag, []))
        self._is_open = True

    def _put(self, text: str) -> None:
        if not self._is_open:
            self._start("")
        self.blocks[-1].runs.append((text, tuple(mark for mark in _MARKS if mark in self._marks)))


_known: OrderedDict[str, list[_Block]] = OrderedDict()
"""The texts read last, with their blocks, which nobody changes: a form asks for the same pages at each stroke."""


def _remember(rich: str, blocks: list[_Block]) -> None:
    _known[rich] = blocks
    while len(_known) > 8:
        _known.popitem(last=False)


def _read(rich: str) -> list[_Block]:
    found = _known.get(rich)
    if found is None:
        reader = _Reader()
        reader.feed(rich)
        reader.close()
        found = reader.blocks
        _remember(rich, found)
    return found


def flat(rich: str) -> str:
    """Return the flat text of sanitised rich text."""
    return "\n".join(block.text for block in _read(rich))


def _written(blocks: list[_Block]) -> str:
    if not "".join(block.text for block in blocks).strip():
        return ""
    parts, open_list = [], ""
    for block in blocks:
        if block.tag != open_list:
            parts.append(f"</{open_list}>" if open_list else "")
            parts.append(f"<{block.tag}>" if block.tag else "")
            open_list = block.tag
        tag = "li" if block.tag else "p"
        inner = "".join(_marked(text, marks) for text, marks in block.runs)
        parts.append(f"<{tag}>{inner}</{tag}>")
    parts.append(f"</{open_list}>" if open_list else "")
    return "".join(parts)


def _marked(text: str, marks: tuple[str, ...]) -> str:
    words = escape(text, quote=False).replace("\n", "<br>")
    for mark in reversed(marks):
        words = f"<{mark}>{words}</{mark}>"
    return words


def rich_of(text: str) -> str:
    """Return flat text as rich text: one paragraph a line."""
    return _written([_Block("", [(line, ())] if line else []) for line in text.split("\n")]) if text else ""


def edited(rich: str, edits: tuple[Edit, ...]) -> str:
    """Return rich text after `edits`, each on the result of the one before. What they do not touch keeps its marks.

    A line feed in an edit starts a paragraph. Positions beyond the end count as the end.
    """
    blocks = _read(rich) if rich else []
    for edit in edits:
        blocks = _spliced(blocks, edit)
    text = _written(blocks)
    if text:
        _remember(text, blocks)
    return text


def flat_edited(text: str, edits: tuple[Edit, ...]) -> str:
    """Return flat text after `edits`."""
    for edit in edits:
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _spliced(blocks: list[_Block], edit: Edit) -> list[_Block]:
    blocks = blocks or [_Block("", [])]
    first, start = _place(blocks, edit.start)
    last, end = _place(blocks, max(edit.end, edit.start))
    before, after = _cut(blocks[first].runs, start)[0], _cut(blocks[last].runs, end)[1]
    tag = blocks[first].tag
    lines = edit.text.split("\n")
    fresh = [_Block(tag, [(line, ())] if line else []) for line in lines]
    fresh[0].runs = before + fresh[0].runs
    fresh[-1].runs = fresh[-1].runs + after
    if len(fresh) > 1:  # what follows keeps its own kind of paragraph
        fresh[-1].tag = blocks[last].tag
    return blocks[:first] + fresh + blocks[last + 1 :]


def _place(blocks: list[_Block], position: int) -> tuple[int, int]:
    at = max(0, position)
    for number, block in enumerate(blocks):
        length = len(block.text)
        if at <= length:
            return number, at
        at -= length + 1
    return len(blocks) - 1, len(blocks[-1].text)


def _cut(
    runs: list[tuple[str, tuple[str, ...]]], at: int
) -> tuple[list[tuple[str, tuple[str, ...]]], list[tuple[str, tuple[str, ...]]]]:
    before, after = [], []
    for text, marks in runs:
        if at >= len(text):
            before.append((text, marks))
        elif at <= 0:
            after.append((text, marks))
        else:
            before.append((text[:at], marks))
            after.append((text[at:], marks))
        at -= len(text)
    return before, after
