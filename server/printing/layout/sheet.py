"""What all documents stand on: colours, a PDF with fixed metadata, blocks of text and their flow over pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import groupby
from typing import Any, Literal, Protocol

from server.printing.layout import fonts
from server.printing.layout.rich_text import Style, StyledParagraph, unstyled
from shared.paper.line_breaking import Line, break_paragraph, paragraphs_of

MM = 72 / 25.4
INK = (0.10, 0.12, 0.15)
MUTED = (0.42, 0.45, 0.50)
HAIRLINE = (0.78, 0.80, 0.84)
ACCENT = (0.10, 0.34, 0.52)
ALARM = (0.70, 0.12, 0.10)

Colour = tuple[float, float, float]
Language = Literal["zh", "en"]


class LayoutError(ValueError):
    """A document cannot be made from these facts; the message says which and what to do."""


@dataclass(frozen=True)
class RenderedDocument:
    """A finished PDF. `missing_glyphs` names the characters that were replaced by 〓 because no face has them."""

    pdf: bytes
    pages: int
    missing_glyphs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metadata:
    """What the PDF says of itself; `made_at` becomes its creation date, so equal facts give equal bytes."""

    title: str
    author: str
    subject: str
    made_at: dt.datetime
    language: Language = "zh"


@dataclass
class Pen:
    """A reportlab canvas with our faces; coordinates in points from the lower left. Replaces what cannot be drawn."""

    canvas: Any
    missing: dict[str, None] = field(default_factory=dict)

    def printable(self, text: str) -> str:
        """`text` with every character that the faces lack replaced by 〓 and remembered."""
        lacking = fonts.missing_glyphs(text)
        for character in lacking:
            self.missing[character] = None
            text = text.replace(character, fonts.REPLACEMENT)
        return "".join(c for c in text if c >= " ")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: Colour = INK,
        align: Literal["left", "centre", "right"] = "left",
        letter_space: float = 0.0,
    ) -> float:
        """Write one line with its base line at y; return the width written."""
        font = fonts.BOLD if bold else fonts.REGULAR
        shown = self.printable(text)
        width = fonts.width_of(shown, font, size) + letter_space * max(len(shown) - 1, 0)
        if align != "left":
            x -= width / 2 if align == "centre" else width
        writing = self.canvas.beginText(x, y)
        writing.setFillColorRGB(*colour)
        writing.setCharSpace(letter_space)
        for face, piece in fonts.runs(shown, font):
            writing.setFont(face, size)
            writing.textOut(piece)
        self.canvas.drawText(writing)
        return width

    def runs(
        self,
        x: float,
        y: float,
        runs: Sequence[tuple[str, Style]],
        size: float,
        *,
        colour: Colour,
        letter_space: float = 0.0,
    ) -> None:
        """Write one line of several styles. It is one text object, so that readers find words across the styles."""
        writing = self.canvas.beginText(x, y)
        writing.setFillColorRGB(*colour)
        writing.setCharSpace(letter_space)
        underlines: list[tuple[float, float]] = []
        left, slanted = x, False
        for text, style in runs:
            shown = self.printable(text)
            small = _size(style, size)
            if style.italic or slanted:
                writing.setTextTransform(1, 0, SLANT if style.italic else 0, 1, left, y)
                slanted = style.italic
            writing.setRise({1: 0.36, 0: 0.0, -1: -0.12}[style.rise] * size)
            for face, piece in fonts.runs(shown, _face(style)):
                writing.setFont(face, small)
                writing.textOut(piece)
            width = fonts.width_of(shown, _face(style), small) + letter_space * len(shown)
            if style.underline:
                underlines.append((left, left + width))
            left += width
        self.canvas.drawText(writing)
        for begin, end in underlines:
            self.rule(begin, y - size * 0.14, end, weight=size * 0.05, colour=colour)

    def fitted(self, x: float, y: float, text: str, size: float, width: float, **options: Any) -> None:
        """One line that never runs out of `width`: made smaller down to 60 %, then cut with an ellipsis."""
        font = fonts.BOLD if options.get("bold") else fonts.REGULAR
        natural = fonts.width_of(text, font, size)
        if width <= 0:
            return
        if natural > width:
            size = max(size * width / natural, size * 0.6)
            while len(text) > 1 and fonts.width_of(text, font, size) > width:
                text = text[:-2] + "…"
        self.text(x, y, text, size, **options)

    def rule(
        self, x0: float, y: float, x1: float, *, weight: float = 0.5, colour: Colour = HAIRLINE, dash: bool = False
    ) -> None:
        """A horizontal line."""
        self.canvas.setStrokeColorRGB(*colour)
        self.canvas.setLineWidth(weight)
        self.canvas.setDash([2, 2] if dash else [])
        self.canvas.line(x0, y, x1, y)
        self.canvas.setDash([])

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: Colour | None = None,
        stroke: Colour | None = None,
    ) -> None:
        """A rectangle with its lower left corner at (x, y)."""
        if fill:
            self.canvas.setFillColorRGB(*fill)
        if stroke:
            self.canvas.setStrokeColorRGB(*stroke)
            self.canvas.setLineWidth(0.6)
        self.canvas.rect(x, y, width, height, stroke=int(stroke is not None), fill=int(fill is not None))


class Sheet:
    """Collects pages into one PDF; `finish` gives the document."""

    def __init__(self, width: float, height: float, about: Metadata) -> None:
        from reportlab.pdfgen.canvas import Canvas

        fonts.ensure_registered()
        self._buffer = BytesIO()
        canvas = Canvas(
            self._buffer,
            pagesize=(width, height),
            invariant=1,
            pageCompression=1,
            initialFontName=fonts.REGULAR,  # else every page would name Helvetica, which is not embedded
            lang="zh-CN" if about.language == "zh" else "en",
        )
        canvas._doc._timeStamp = _fixed_time(about.made_at)  # reportlab offers no parameter for the creation date
        canvas.setTitle(about.title)
        canvas.setAuthor(about.author)
        canvas.setSubject(about.subject)
        canvas.setCreator("Mingjing")
        canvas.setProducer("Mingjing with ReportLab")
        self.width, self.height = width, height
        self.pen = Pen(canvas)
        self._pages = 0

    def end_page(self) -> None:
        """Close the page at hand."""
        self.pen.canvas.showPage()
        self._pages += 1

    def finish(self) -> RenderedDocument:
        """The PDF with all closed pages."""
        self.pen.canvas.save()
        return RenderedDocument(self._buffer.getvalue(), self._pages, tuple(self.pen.missing))


def _fixed_time(moment: dt.datetime) -> Any:
    from reportlab.lib.utils import TimeStamp

    class FixedTime(TimeStamp):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(invariant=1)
            offset = moment.utcoffset() or dt.timedelta()
            self.YMDhms = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
            minutes = int(offset.total_seconds() // 60)
            self.dhh, self.dmm = int(minutes / 60), abs(minutes) % 60

    return FixedTime()


def moment_text(moment: dt.datetime | None) -> str:
    """Date and time to the minute as the hospital writes them; empty for None. The caller has made it local time."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""


class Block(Protocol):
    """A piece of a page. Heights in points; `draw` gets the left edge and the top."""

    @property
    def height(self) -> float: ...
    @property
    def minimum(self) -> float:
        """The least height of a first part (the whole height if it cannot be split)."""
        ...

    @property
    def keep_with_next(self) -> bool: ...
    @property
    def sinks(self) -> bool:
        """Whether the block goes to the bottom of its page."""
        ...

    def split(self, available: float) -> tuple[Block, Block] | None:
        """A first part not higher than `available` and the rest, or None."""
        ...

    def draw(self, pen: Pen, x: float, top: float) -> None: ...


@dataclass(frozen=True)
class SolidBlock:
    """Base of the blocks that cannot be split."""

    @property
    def height(self) -> float:
        raise NotImplementedError

    @property
    def minimum(self) -> float:
        return self.height

    @property
    def keep_with_next(self) -> bool:
        return False

    @property
    def sinks(self) -> bool:
        return False

    def split(self, available: float) -> tuple[Block, Block] | None:
        return None

    def draw(self, pen: Pen, x: float, top: float) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Gap(SolidBlock):
    """White space; it disappears at the top of a page."""

    size: float
    keeps: bool = False

    @property
    def height(self) -> float:
        return self.size

    @property
    def keep_with_next(self) -> bool:
        return self.keeps

    def draw(self, pen: Pen, x: float, top: float) -> None:
        return None


@dataclass(frozen=True)
class Heading(SolidBlock):
    """A section heading with an accent bar; never the last thing on a page."""

    text: str
    width: float
    size: float = 11.5

    @property
    def height(self) -> float:
        return self.size * 1.75

    @property
    def keep_with_next(self) -> bool:
        return True

    def draw(self, pen: Pen, x: float, top: float) -> None:
        base = top - self.size * 1.12
        pen.box(x, base - self.size * 0.16, 2.4, self.size * 1.08, fill=ACCENT)
        pen.text(x + 8, base, self.text, self.size, bold=True, colour=ACCENT)


SMALL = 0.65  # raised and lowered letters, times the type size
SLANT = 0.21  # our faces have no italic: the letters are slanted by 12 degrees


@dataclass(frozen=True)
class TextBlock:
    """Running text, already broken into lines; at least two lines stay together at a page's end and beginning."""

    lines: tuple[Line, ...]
    paragraphs: tuple[StyledParagraph, ...]
    size: float
    leading: float
    colour: Colour = INK
    keeps: bool = False

    @classmethod
    def of(
        cls, text: str, width: float, size: float = 10.5, *, leading: float | None = None, bold: bool = False
    ) -> TextBlock:
        """Break plain text to `width` points."""
        return cls.of_paragraphs(unstyled(paragraphs_of(text), bold=bold), width, size, leading=leading)

    @classmethod
    def of_paragraphs(
        cls, paragraphs: tuple[StyledParagraph, ...], width: float, size: float = 10.5, *, leading: float | None = None
    ) -> TextBlock:
        """Break styled paragraphs to `width` points."""
        fonts.ensure_registered()
        shown = paragraphs or unstyled([""])
        lines: list[Line] = []
        for number, paragraph in enumerate(shown):
            advances = [
                fonts.width_of(c, _face(style), _size(style, size))
                for c, style in zip(paragraph.text, paragraph.styles, strict=True)
            ]
            lines += break_paragraph(paragraph.text, advances, width, number)
        return cls(tuple(lines), shown, size, leading or size * 1.62)

    @property
    def height(self) -> float:
        return len(self.lines) * self.leading

    @property
    def minimum(self) -> float:
        return (len(self.lines) if len(self.lines) <= 3 else 2) * self.leading

    @property
    def keep_with_next(self) -> bool:
        return self.keeps

    @property
    def sinks(self) -> bool:
        return False

    def split(self, available: float) -> tuple[Block, Block] | None:
        count = int((available + 0.01) // self.leading)
        count = min(count, len(self.lines) - 2)
        if count < 2 or len(self.lines) <= 3:
            return None
        return replace(self, lines=self.lines[:count], keeps=False), replace(self, lines=self.lines[count:])

    def with_tail(self, lines: int = 2) -> tuple[TextBlock, ...]:
        """Cut off the last lines as a block that stays with what follows, so that no signature stands alone."""
        if len(self.lines) <= lines + 2:
            return (replace(self, keeps=True),)
        return replace(self, lines=self.lines[:-lines]), replace(self, lines=self.lines[-lines:], keeps=True)

    def draw(self, pen: Pen, x: float, top: float) -> None:
        for index, line in enumerate(self.lines):
            base = top - index * self.leading - (self.leading + self.size * 0.72) / 2
            # A small remainder is spread over the letters (flush right edge); a large one would look gappy.
            spread = not line.ends and 0 < line.slack <= 3 * self.size and len(line.text) > 12
            space = line.slack / (len(line.text) - 1) if spread else 0.0
            styles = self.paragraphs[line.paragraph].styles[line.start : line.start + len(line.text)]
            runs = [
                ("".join(c for c, _ in run), style)
                for style, run in groupby(zip(line.text, styles, strict=True), key=lambda pair: pair[1])
            ]
            pen.runs(x + line.indent, base, runs, self.size, colour=self.colour, letter_space=space)


def _face(style: Style) -> str:
    return fonts.BOLD if style.bold else fonts.REGULAR


def _size(style: Style, size: float) -> float:
    return size * SMALL if style.rise else size


@dataclass(frozen=True)
class Placed:
    """A block and the distance of its top from the top of the page's body."""

    block: Block
    offset: float


def flow(blocks: Sequence[Block], first_height: float, later_height: float) -> list[list[Placed]]:
    """Lay the blocks over pages: chains of keep_with_next stay together, text splits by its own rule.

    Raises LayoutError if a block that cannot be split is higher than a page.
    """
    pages: list[list[Placed]] = [[]]
    available, used = first_height, 0.0
    queue = list(blocks)
    while queue:
        block, left, at_top = queue[0], available - used, not pages[-1]
        if at_top and isinstance(block, Gap):
            queue.pop(0)
            continue
        if at_top or _chain_height(queue) <= left:
            if block.height <= left:
                offset = available - block.height if block.sinks else used
                pages[-1].append(Placed(block, offset))
                used = offset + block.height
                queue.pop(0)
                continue
            parts = block.split(left)
            if parts is not None:
                pages[-1].append(Placed(parts[0], used))
                queue[0] = parts[1]
            elif at_top:
                raise LayoutError("a part of the document is higher than a page; shorten it or use smaller pictures")
        pages.append([])
        available, used = later_height, 0.0
    return pages if pages[-1] or len(pages) == 1 else pages[:-1]


def _chain_height(queue: Sequence[Block]) -> float:
    """Height that the first block needs here, with what it may not be parted from."""
    total = 0.0
    for block in queue:
        if not block.keep_with_next:
            return total + block.minimum
        total += block.height
    return total
