"""The restricted rich text of reports: p, br, b, i, u, sup, sub, ol, ul, li without attributes; pure."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

_KEPT = frozenset({"p", "b", "i", "u", "sup", "sub", "ol", "ul", "li"})
_PARAGRAPHS = (
    "div h1 h2 h3 h4 h5 h6 blockquote pre dt dd section article address header footer caption figcaption fieldset tr"
)
_RENAMED = {"strong": "b", "em": "i"} | dict.fromkeys(_PARAGRAPHS.split(), "p")
_CELLS = frozenset({"td", "th"})
_BETWEEN_CELLS = "\u3000"  # no white space of HTML, so that it stays
_DROPPED_WITH_CONTENT = frozenset(
    {"script", "style", "head", "title", "iframe", "object", "svg", "math", "template"}
    | {"del"}  # what Word's change tracking has taken out is no part of the text
)
_BLOCKS = frozenset({"p", "li", "ol", "ul"})
_MAX_DEPTH = 12
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f"  # control characters
    "\xad\u200b\u200e\u200f\u2060-\u2064\ufeff"  # breaks and marks of no width
    "\u202a-\u202e\u2066-\u2069"  # they turn the direction of what follows: 12 may look like 21
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"  # no characters at all
)
_HEIGHT = re.compile(r"vertical-align\s*:\s*(su(?:per|b))\b", re.IGNORECASE)
_LINE_ENDS = str.maketrans(dict.fromkeys("\x85\u2028\u2029", "\n"))
_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")


class _Sanitiser(HTMLParser):
    """Rebuilds the text from the tags we know; whatever else comes in leaves only its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._open: list[str] = []
        self._silent = 0
        self._cells = -1  # cells of the row that is open; -1 outside
        self._gap = ""  # what stands before the next words of the row
        self._begun = False  # there are words in the row
        self._spans: list[str] = []  # the tag that each open span stands for, empty for none

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED_WITH_CONTENT:
            self._silent += 1
            return
        if self._silent:
            return
        if self._cells < 0 and tag in _CELLS:  # a cell without its row
            self.handle_starttag("tr", [])
        if tag == "tr":
            self._cells, self._gap, self._begun = 0, "", False
        elif self._cells >= 0 and self._in_row(tag):
            return
        if tag == "br":
            self.out.append("<br>")
            return
        if tag == "span":  # some programs raise figures by a style: 10⁹ would become 109
            found = _HEIGHT.search(" ".join(value or "" for name, value in attrs if name == "style"))
            tag = {"super": "sup", "sub": "sub"}[found[1].lower()] if found else ""
            self._spans.append(tag)
        tag = _RENAMED.get(tag, tag)
        if tag not in _KEPT or len(self._open) >= _MAX_DEPTH:
            return
        if tag == "p" and "p" in self._open:
            self._close("p")
        self._open.append(tag)
        self.out.append(f"<{tag}>")

    def _in_row(self, tag: str) -> bool:
        """A row is one paragraph: cells stand apart in it, and their own paragraphs are words of it."""
        if tag in _CELLS:
            self._cells += 1
            self._gap = self._gap.strip(" ") + _BETWEEN_CELLS if self._cells > 1 else ""
            return True
        block = tag == "br" or _RENAMED.get(tag, tag) in _BLOCKS
        if block:
            self._gap = self._gap or " "
        return block

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED_WITH_CONTENT:
            self._silent = max(0, self._silent - 1)
            return
        if tag in ("tr", "table") and self._cells >= 0:
            self._cells, tag = -1, "tr"
        elif self._cells >= 0 and _RENAMED.get(tag, tag) in _BLOCKS:
            return
        if tag == "span" and not self._silent:
            tag = self._spans.pop() if self._spans else ""
        tag = _RENAMED.get(tag, tag)
        if not self._silent and tag in self._open:
            self._close(tag)

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        clean = _UNSEEN.sub("", data.translate(_LINE_ENDS))
        if self._cells >= 0:
            if not clean.strip():
                self._gap = self._gap or " "
                return
            if self._begun or self._gap.startswith(_BETWEEN_CELLS):
                self.out.append(self._gap)
            self._gap, self._begun = "", True
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

    def __init__(self, *, spells: bool = False) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._spells = spells
        self._raised = 0  # sup that are open
        self._lists: list[int | None] = []  # the last number of an ordered list, None for bullets

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "sup":
            self._raised += 1
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
        if tag == "sup" and self._raised:
            self._raised -= 1
        if tag in ("ol", "ul") and self._lists:
            self._lists.pop()
        if tag in _BLOCKS:
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        self.out.append(_spelled(data) if self._spells and self._raised else data)


def _spelled(words: str) -> str:
    if not words.strip():
        return words
    return words.translate(_RAISED) if all(ord(one) in _RAISED or one.isspace() for one in words) else f"^{words}"


def sanitised(text: str) -> str:
    """Return `text` with nothing but the allowed tags, all closed, no attributes, control characters gone."""
    parser = _Sanitiser()
    parser.feed(text)
    parser.close()
    return parser.finish()


def readable(text: str, *, has_lines: bool = False) -> str:
    """Return a plain text without characters that nobody sees, ends trimmed; one line unless it may have more."""
    lines = _UNSEEN.sub("", re.sub("\r\n?|[\x0b\x0c]", "\n", text).translate(_LINE_ENDS)).split("\n")
    kept = [re.sub(r"[\t\xa0]", " ", line) for line in lines]
    return "\n".join(kept).strip() if has_lines else " ".join(line.strip() for line in kept if line.strip())


def plain(text: str) -> str:
    """Return the words of sanitised rich text, one line per paragraph or (numbered) list item, ends trimmed."""
    return _words(text, spells=False)


def spelled(text: str) -> str:
    """Return the words as `plain` does, for readers that know no marks: raised figures as ¹²³, other words behind ^.

    Without that 10³ would be read as 103. Lowered ones say the same on the line (T1, H2O).
    """
    return _words(text, spells=True)


def _words(text: str, *, spells: bool) -> str:
    parser = _Plain(spells=spells)
    parser.feed(text)
    parser.close()
    lines = "".join(parser.out).replace("\xa0", " ").replace("\t", " ").split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())
