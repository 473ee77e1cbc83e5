"""A small tree of an HTML file that was written by strangers: bounded, tolerant of unclosed tags, runs nothing.

Standard entities are characters; declared ones do not exist here, so nothing can be expanded. The XML inside
``<script type="text/xml">`` is read the same way, because many published templates hold XML that is not well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

MOST_NODES = 40_000
DEEPEST = 60
LONGEST_TEXT = 20_000
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "col", "area", "base", "embed", "source", "wbr", "code"})
_CLOSED_BY: dict[str, frozenset[str]] = {
    "option": frozenset({"option"}),
    "p": frozenset({"p", "section", "div", "table", "ul", "ol", "header"}),
    "li": frozenset({"li"}),
    "td": frozenset({"td", "th", "tr"}),
    "th": frozenset({"td", "th", "tr"}),
    "tr": frozenset({"tr"}),
}
"""An open element of the key ends where one of these begins."""
_RAW = frozenset({"script", "style"})


class TreeError(ValueError):
    """The file goes beyond the bounds; the sentence (Chinese) says which."""


@dataclass(slots=True)
class Node:
    """An element; text stands between children in `parts` as strings."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[Node | str] = field(default_factory=list)

    def children(self, *tags: str) -> Iterator[Node]:
        """Give the child elements, of these tags if any are named."""
        for part in self.parts:
            if isinstance(part, Node) and (not tags or part.tag in tags):
                yield part

    def walk(self) -> Iterator[Node]:
        """Give this element and everything below, in the order of the file."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(list(node.children())))

    def first(self, tag: str) -> Node | None:
        """Return the first element of a tag below this one."""
        return next((node for node in self.walk() if node.tag == tag and node is not self), None)

    @property
    def text(self) -> str:
        """The words of this element and everything below, blanks joined."""
        words: list[str] = []
        waiting: list[Node | str] = [self]
        while waiting:
            part = waiting.pop()
            if isinstance(part, str):
                words.append(part)
            elif part.tag not in _RAW:
                waiting.extend(reversed(part.parts))
        return joined("".join(words))

    def get(self, name: str) -> str:
        """Return an attribute, empty when it is not there."""
        return self.attributes.get(name, "")


def joined(text: str) -> str:
    """Return text with runs of white space as one blank, control characters gone, ends trimmed."""
    return re.sub(r"\s+", " ", "".join(c for c in text if c in "\n\t\r " or ord(c) >= 0x20)).strip()


class _Builder(HTMLParser):
    def __init__(self, *, void: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("#root")
        self._open = [self.root]
        self._count = 0
        self._void = void

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._count += 1
        if self._count > MOST_NODES:
            raise TreeError("文件里的元素太多，这不像一个报告模板。")
        while len(self._open) > 1 and tag in _CLOSED_BY.get(self._open[-1].tag, ()):
            self._open.pop()
        node = Node(tag, {name: (value or "")[:LONGEST_TEXT] for name, value in attrs[:80]})
        self._open[-1].parts.append(node)
        if tag not in self._void:
            if len(self._open) >= DEEPEST:
                raise TreeError("文件里的元素嵌套太深，这不像一个报告模板。")
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self._void and self._open[-1].tag == tag:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)

    def handle_comment(self, data: str) -> None:
        """Older templates keep their attributes in a comment inside the script; the script's text brings that."""


def html_tree(text: str) -> Node:
    """Return the tree of an HTML file. Raises TreeError."""
    return _built(text, _VOID)


def xml_tree(text: str) -> Node:
    """Return the tree of the XML in a template's script, also when it stands in a comment. Raises TreeError."""
    return _built(text.replace("<!--", " ").replace("-->", " "), frozenset({"code", "coding_scheme"}))


def _built(text: str, void: frozenset[str]) -> Node:
    builder = _Builder(void=void)
    builder.feed(text)
    builder.close()
    return builder.root
