"""Rich text of reports (shared.domain.rich_text) as styled paragraphs; knows no font and no page."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

_STYLE_TAGS = frozenset({"b", "i", "u", "sup", "sub"})


@dataclass(frozen=True)
class Style:
    """How a character is set; `rise` is 1 for raised, -1 for lowered."""

    bold: bool = False
    italic: bool = False
    underline: bool = False
    rise: int = 0


PLAIN = Style()


@dataclass(frozen=True)
class StyledParagraph:
    """The words of a paragraph and the style of each character."""

    text: str
    styles: tuple[Style, ...]


class _Reader(HTMLParser):
    """Reads the tags that the sanitiser leaves; any other tag only loses its brackets."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[StyledParagraph] = []
        self._text: list[str] = []
        self._styles: list[Style] = []
        self._open: list[str] = []
        self._lists: list[int | None] = []  # the last number of an ordered list, None for bullets

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _STYLE_TAGS:
            self._open.append(tag)
        elif tag == "br":
            self._end_paragraph(keep_empty=True)
        elif tag in ("p", "li", "ol", "ul"):
            self._end_paragraph()
            if tag == "li":
                self._put(self._mark(), PLAIN)
            elif tag != "p":
                self._lists.append(0 if tag == "ol" else None)

    def handle_endtag(self, tag: str) -> None:
        if tag in _STYLE_TAGS and tag in self._open:
            self._open.reverse()
            self._open.remove(tag)
            self._open.reverse()
        elif tag in ("p", "li"):
            self._end_paragraph()
        elif tag in ("ol", "ul"):
            self._end_paragraph()
            if self._lists:
                self._lists.pop()

    def handle_data(self, data: str) -> None:
        for index, part in enumerate(data.replace("\r\n", "\n").replace("\xa0", " ").replace("\t", " ").split("\n")):
            if index:
                self._end_paragraph()
            if part.strip() or self._text:
                self._put(part if self._text else part.lstrip(), self._style())

    def finish(self) -> tuple[StyledParagraph, ...]:
        self._end_paragraph()
        while self.paragraphs and not self.paragraphs[-1].text:
            self.paragraphs.pop()
        return tuple(self.paragraphs)

    def _mark(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "• "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _style(self) -> Style:
        rise = 1 if "sup" in self._open else -1 if "sub" in self._open else 0
        return Style("b" in self._open, "i" in self._open, "u" in self._open, rise)

    def _put(self, text: str, style: Style) -> None:
        self._text.append(text)
        self._styles += [style] * len(text)

    def _end_paragraph(self, *, keep_empty: bool = False) -> None:
        text = "".join(self._text)
        trimmed = text.rstrip()
        if trimmed or (keep_empty and self.paragraphs):
            self.paragraphs.append(StyledParagraph(trimmed, tuple(self._styles[: len(trimmed)])))
        self._text, self._styles = [], []


def styled(rich: str) -> tuple[StyledParagraph, ...]:
    """Read rich text (sanitised or not: unknown tags are dropped, their words stay)."""
    reader = _Reader()
    reader.feed(rich)
    reader.close()
    return reader.finish()


def unstyled(paragraphs: list[str], *, bold: bool = False) -> tuple[StyledParagraph, ...]:
    """Plain paragraphs in one style."""
    style = Style(bold=bold)
    return tuple(StyledParagraph(text, (style,) * len(text)) for text in paragraphs)
