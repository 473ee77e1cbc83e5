"""The restricted rich text of reports: p, br, b, i, u, sup, sub, ol, ul, li without attributes; pure."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

_KEPT = frozenset({"p", "b", "i", "u", "sup", "sub", "ol", "ul", "li"})
_RENAMED = {"strong": "b", "em": "i", "div": "p", "h1": "p", "h2": "p", "h3": "p", "tr": "p"}
_DROPPED_WITH_CONTENT = frozenset({"script", "style", "head", "title", "iframe", "object", "svg", "math", "template"})
_BLOCKS = frozenset({"p", "li", "ol", "ul"})
_MAX_DEPTH = 12


class _Sanitiser(HTMLParser):
    """Rebuilds the text from the tags we know; whatever else comes in leaves only its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._open: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED_WITH_CONTENT:
            self._silent += 1
            return
        if self._silent:
            return
        if tag == "br":
            self.out.append("<br>")
            return
        tag = _RENAMED.get(tag, tag)
        if tag not in _KEPT or len(self._open) >= _MAX_DEPTH:
            return
        if tag == "p" and "p" in self._open:
            self._close("p")
        self._open.append(tag)
        self.out.append(f"<{tag}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED_WITH_CONTENT:
            self._silent = max(0, self._silent - 1)
            return
        tag = _RENAMED.get(tag, tag)
        if not self._silent and tag in self._open:
            self._close(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            clean = "".join(c for c in data if c in "\n\t" or ord(c) >= 0x20)
            self.out.append(escape(clean, quote=False))

    def _close(self, tag: str) -> None:
        while self._open:
            top = self._open.pop()
            self.out.append(f"</{top}>")
            if top == tag:
                return

    def finish(self) -> str:
        while self._open:
            self.out.append(f"</{self._open.pop()}>")
        return "".join(self.out)


class _Plain(HTMLParser):
    """Collects the words; list items get their number or a bullet."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._lists: list[int | None] = []  # the last number of an ordered list, None for bullets

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("ol", "ul"):
            self._lists.append(0 if tag == "ol" else None)
        if tag == "br" or tag in _BLOCKS:
            self.out.append("\n")
        if tag == "li" and self._lists:
            number = self._lists[-1]
            if number is None:
                self.out.append("• ")
            else:
                self._lists[-1] = number + 1
                self.out.append(f"{number + 1}. ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        if tag in _BLOCKS:
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        self.out.append(data)


def sanitised(text: str) -> str:
    """Return `text` with nothing but the allowed tags, all closed, no attributes, control characters gone."""
    parser = _Sanitiser()
    parser.feed(text)
    parser.close()
    return parser.finish()


def plain(text: str) -> str:
    """Return the words of sanitised rich text, one line per paragraph or (numbered) list item, ends trimmed."""
    parser = _Plain()
    parser.feed(text)
    parser.close()
    lines = "".join(parser.out).replace("\xa0", " ").split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())
