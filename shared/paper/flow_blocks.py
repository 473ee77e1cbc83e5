"""Turns the blocks of a flow into pieces, in millimetres; where they stand is decided by shared.paper.flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from shared.paper import faces
from shared.paper.blocks import (
    ACCENT,
    HAIRLINE,
    INK,
    MUTED,
    AnyBlock,
    FieldsBlock,
    GapBlock,
    NoticeBlock,
    ParagraphBlock,
    PicturesBlock,
    RuleBlock,
    SectionBlock,
    SignaturesBlock,
    TableBlock,
    Text,
)
from shared.paper.flow import Piece
from shared.paper.line_breaking import Line, break_lines, break_paragraph, paragraphs_of
from shared.paper.marks import BoxMark, ImageMark, LineMark, Mark, TextMark, moved
from shared.paper.pictures import image_size
from shared.paper.rich_text import Style, StyledParagraph, styled, unstyled

MM_PER_POINT = 25.4 / 72
SMALL = 0.65  # raised and lowered letters, times the type size
_RISE = {1: 0.36, 0: 0.0, -1: -0.12}


class PictureFault(ValueError):
    """A picture cannot be printed; the argument names it."""


@dataclass(frozen=True)
class Density:
    """How closely a flow is set; the first that needs no second page is taken."""

    pictures: float
    leading: float  # times the type size
    gaps: float


ROOMY, CLOSE, TIGHT = Density(1.0, 1.62, 1.0), Density(0.85, 1.5, 0.7), Density(0.7, 1.4, 0.5)

Row = Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """What blocks take their words from: `say` gives a text of the template in the document's language, filled with
    the given row's facts; `holds` decides conditions."""

    values: Row
    lists: Mapping[str, Sequence[Row]]
    pictures: Mapping[str, bytes]
    say: Callable[[Text, Row], str]
    holds: Callable[[str, Row], bool]


class Builder:
    """Makes the pieces of one flow of a width; remembers the characters that no face has."""

    def __init__(self, source: Source, width: float, density: Density) -> None:
        self._source = source
        self._width = width
        self._density = density
        self.missing: list[str] = []

    def pieces(self, blocks: Sequence[AnyBlock]) -> list[Piece]:
        """Every block's pieces; the last lines before signatures stay with them."""
        made: list[Piece] = []
        for block in blocks:
            if not self._source.holds(block.when, self._source.values):
                continue
            more = self._of(block)
            if isinstance(block, SignaturesBlock):
                _keep_tail(made)
            made += more
        return made

    def _of(self, block: AnyBlock) -> list[Piece]:
        if isinstance(block, SectionBlock):
            return self._section(block)
        if isinstance(block, FieldsBlock):
            return self._fields(block)
        if isinstance(block, PicturesBlock):
            return self._pictures(block)
        if isinstance(block, TableBlock):
            return self._table(block)
        if isinstance(block, NoticeBlock):
            return self._notice(block)
        if isinstance(block, SignaturesBlock):
            return self._signatures(block)
        if isinstance(block, ParagraphBlock):
            return self._paragraph(block)
        if isinstance(block, RuleBlock):
            line = LineMark(0.0, 0.4, self._width, 0.4, block.weight_mm, block.colour)
            return [Piece(0.8, (line,))]
        return [self._gap(block)]

    def _gap(self, block: GapBlock) -> Piece:
        return Piece(block.height_mm * self._density.gaps, is_gap=True)

    # ── words ────────────────────────────────────────────────────────────────────────────────────────

    def _say(self, text: Text, more: Row | None = None) -> str:
        values = self._source.values if more is None else {**self._source.values, **more}
        return self._source.say(text, values)

    def _text(
        self,
        text: str,
        x: float,
        base: float,
        size_pt: float,
        *,
        bold: bool = False,
        colour: str = INK,
        align: str = "left",
    ) -> TextMark:
        """One line; x is its left end, middle or right end by `align`."""
        self.missing += faces.missing(text)
        shown, size = faces.printable(text), size_pt * MM_PER_POINT
        width = faces.width_of(shown, bold, size)
        x -= {"left": 0.0, "centre": width / 2, "right": width}[align]
        return TextMark(x, base, shown, size, bold, colour, width)

    def _fitted(
        self, text: str, x: float, base: float, size_pt: float, room: float, *, bold: bool = False, colour: str = INK,
        align: str = "left",
    ) -> list[Mark]:  # fmt: skip
        """One line that never runs out of `room`: made smaller down to 60 %, then cut with an ellipsis."""
        if not text or room <= 0:
            return []
        natural = _width(text, bold, size_pt)
        if natural > room:
            size_pt = max(size_pt * room / natural, size_pt * 0.6)
            while len(text) > 1 and _width(text, bold, size_pt) > room:
                text = text[:-2] + "…"
        return [self._text(text, x, base, size_pt, bold=bold, colour=colour, align=align)]

    def _heading(self, words: str, size_pt: float, colour: str = ACCENT) -> list[Piece]:
        if not words:
            return []
        size = size_pt * MM_PER_POINT
        base = size * 1.12
        bar = BoxMark(0.0, base - size * 0.92, 0.85, size * 1.08, colour, "", 0.0)
        return [Piece(size * 1.75, (bar, self._text(words, 2.8, base, size_pt, bold=True, colour=colour)), keeps=True)]

    def _lines(
        self, paragraphs: Sequence[StyledParagraph], width: float, size_pt: float, leading: float, colour: str
    ) -> list[Piece]:
        """Running text as one piece a line; the first two and the last two of a paragraph's run stay together."""
        size = size_pt * MM_PER_POINT
        step = size * leading
        pieces: list[Piece] = []
        for number, paragraph in enumerate(paragraphs):
            self.missing += faces.missing(paragraph.text)
            text = faces.printable(paragraph.text)
            styles = paragraph.styles if len(text) == len(paragraph.text) else (Style(),) * len(text)
            advances = [
                faces.width_of(c, style.bold, size * SMALL if style.rise else size)
                for c, style in zip(text, styles, strict=True)
            ]
            lines = break_paragraph(text, advances, width, number) if text.strip() else []
            base = (step + size * 0.72) / 2
            run = [Piece(step, tuple(_line_marks(line, styles, size, base, colour)), is_line=True) for line in lines]
            pieces += run or [Piece(step, is_line=True)]
        if len(pieces) > 1:  # neither the first nor the last line of a text stands alone on a page
            pieces[0] = replace(pieces[0], keeps=True)
            pieces[-2] = replace(pieces[-2], keeps=True)
        return pieces

    # ── blocks ───────────────────────────────────────────────────────────────────────────────────────

    def _section(self, block: SectionBlock) -> list[Piece]:
        paragraphs = styled(self._source.values.get(block.fact, ""))
        if not paragraphs and not block.keep_empty:
            return []
        if block.bold and not any(style.bold for one in paragraphs for style in one.styles):
            paragraphs = tuple(
                replace(one, styles=tuple(replace(style, bold=True) for style in one.styles)) for one in paragraphs
            )
        pieces = self._heading(self._say(block.heading), block.heading_pt, block.heading_colour)
        shown = paragraphs or unstyled([""])
        return pieces + self._lines(shown, self._width, block.size_pt, self._density.leading, block.colour)

    def _paragraph(self, block: ParagraphBlock) -> list[Piece]:
        text = self._say(block.text)
        if not text:
            return []
        size = block.size_pt * MM_PER_POINT
        lines = _broken(text, block.bold, block.size_pt, self._width)
        x = {"left": 0.0, "centre": self._width / 2, "right": self._width}[block.align]
        step = size * 1.5
        style: dict[str, Any] = {"bold": block.bold, "colour": block.colour, "align": block.align}
        return [
            Piece(step, (self._text(line, x, step / 2 + size * 0.36, block.size_pt, **style),), keeps=block.keeps)
            for line in lines
        ]

    def _fields(self, block: FieldsBlock) -> list[Piece]:
        shares = block.shares if len(block.shares) == block.columns else (1.0,) * block.columns
        widths = [self._width * share / sum(shares) for share in shares]
        grid: list[list[tuple[str, str, bool, int, int]]] = [[]]
        column = 0
        for row in block.rows:
            if not self._source.holds(row.when, self._source.values):
                continue
            label, value = self._say(row.label), self._say(row.value)
            if not value and not block.keep_empty:
                continue
            span = block.columns if row.wide else min(row.span, block.columns)
            if column + span > block.columns:
                grid.append([])
                column = 0
            grid[-1].append((label, value, row.bold, column, span))
            column += span
        labels = [0.0] * block.columns
        for line in grid:
            for label, _value, _bold, column, _span in line:
                labels[column] = max(labels[column], _width(label, False, block.label_pt))
        pieces: list[Piece] = []
        if block.lines:
            pieces.append(Piece(1.6, (LineMark(0.0, 0.0, self._width, 0.0, 0.39, ACCENT),), keeps=True))
        for line in grid:
            if line:
                pieces.append(self._field_line(block, line, widths, labels))
        if block.lines:
            pieces[-1] = replace(pieces[-1], keeps=True)
            pieces.append(Piece(1.6, (LineMark(0.0, 1.6, self._width, 1.6, 0.18, HAIRLINE),)))
        return pieces

    def _field_line(
        self,
        block: FieldsBlock,
        line: list[tuple[str, str, bool, int, int]],
        widths: list[float],
        labels: list[float],
    ) -> Piece:
        step, more = block.size_pt * 0.65, block.size_pt * 0.465
        base, deepest = step * 0.68, 1
        marks: list[Mark] = []
        for label, value, bold, column, span in line:
            left = sum(widths[:column])
            room = sum(widths[column : column + span]) - labels[column] - 4.2
            marks.append(self._text(label, left, base, block.label_pt, colour=MUTED))
            size = block.size_pt * (1.15 if bold else 1.0)
            natural = _width(value, bold, size)
            if natural > room and natural * 0.85 <= room:
                size *= room / natural
                lines = [value]
            elif natural > room:
                size *= 0.85
                lines = _broken(value, bold, size, room)
            else:
                lines = [value]
            for number, part in enumerate(lines):
                marks.append(self._text(part, left + labels[column] + 2.1, base + number * more, size, bold=bold))
            deepest = max(deepest, len(lines))
        return Piece(step + (deepest - 1) * more, tuple(marks))

    def _pictures(self, block: PicturesBlock) -> list[Piece]:
        rows = [row for row in self._source.lists.get(block.over, ()) if row.get("picture")][: block.most]
        if not rows:
            return []
        shown = [(row["picture"], self._aspect(row["picture"]), row) for row in rows]
        heading = self._heading(self._say(block.heading), 11.5)
        if block.whole_page:
            return self._whole_pages(block, shown, heading)
        columns = {1: 1, 2: 2, 4: 2}.get(len(shown), 3)
        tallest = block.height_mm or {1: 68.0, 2: 60.0, 3: 52.0}.get(len(shown), 46.0)
        tallest *= self._density.pictures
        widest = min(max(*(aspect for _, aspect, _ in shown), 0.6), 2.2)
        gap = 3.0
        cell_width = min((self._width - (columns - 1) * gap) / columns, tallest * widest)
        cell_height = min(tallest, cell_width / widest)
        pieces = heading
        for start in range(0, len(shown), columns):
            part = shown[start : start + columns]
            left = (self._width - len(part) * cell_width - (len(part) - 1) * gap) / 2
            marks: list[Mark] = []
            has_caption = False
            for offset, (name, _aspect, row) in enumerate(part):
                marks.append(BoxMark(left, 0.0, cell_width, cell_height, "#050508", "", 0.0))
                marks.append(ImageMark(left, 0.0, cell_width, cell_height, "@" + name))
                caption = self._caption(row, start + offset + 1) if block.captions else ""
                has_caption = has_caption or bool(caption)
                marks += self._fitted(
                    caption, left + cell_width / 2, cell_height + 3.7, 8, cell_width, colour=MUTED, align="centre"
                )
                left += cell_width + gap
            pieces.append(Piece(cell_height + (4.6 if has_caption else 0.0) + 2.0, tuple(marks)))
        return pieces

    def _caption(self, row: Row, number: int) -> str:
        from shared.paper.blocks import Words

        words = self._say(Words("图 {row.number}", "Fig. {row.number}"), {"row.number": str(number)})
        return f"{words}  {row.get('caption', '')}".rstrip()

    def _whole_pages(
        self, block: PicturesBlock, shown: list[tuple[str, float, Row]], heading: list[Piece]
    ) -> list[Piece]:
        pieces: list[Piece] = []
        most = block.height_mm or 225.0
        for name, aspect, row in shown:
            height = min(most, self._width / aspect)
            marks: list[Mark] = [ImageMark(0.0, 0.0, self._width, height, "@" + name)]
            if block.captions and row.get("caption"):
                marks += self._fitted(row["caption"], self._width / 2, height + 4.0, 8, self._width, align="centre")
            above = [replace(piece, own_page=True, keeps=True) for piece in heading]
            pieces += [*above, Piece(height + 5.0, tuple(marks), own_page=not above)]
        return pieces

    def _aspect(self, name: str) -> float:
        size = image_size(self._source.pictures.get(name, b""))
        if size is None or min(size) < 1:
            raise PictureFault(name)
        return size[0] / size[1]

    def _table(self, block: TableBlock) -> list[Piece]:
        rows = self._source.lists.get(block.over, ())
        if not rows:
            return []
        shares = sum(column.share for column in block.columns)
        widths = [self._width * column.share / shares for column in block.columns]
        head = self._table_row(block, [self._say(column.title) for column in block.columns], widths, is_head=True)
        body = []
        for number, row in enumerate(rows, 1):
            facts = {f"{block.over}.{key}": value for key, value in row.items()} | {f"{block.over}.number": str(number)}
            cells = [self._say(column.value, facts) for column in block.columns]
            body.append(replace(self._table_row(block, cells, widths, is_head=False), head=(head,)))
        first = [*self._heading(self._say(block.heading), block.heading_pt), replace(head, keeps=True)]
        return [*first, *body, Piece(2.5 * self._density.gaps, is_gap=True)]

    def _table_row(self, block: TableBlock, cells: list[str], widths: list[float], *, is_head: bool) -> Piece:
        size = block.size_pt * MM_PER_POINT
        step, marks, deepest, left = size * 1.45, list[Mark](), 1, 0.0
        for column, cell, width in zip(block.columns, cells, widths, strict=True):
            lines = _broken(cell, is_head, block.size_pt, width - 2.4)
            x = left + {"left": 1.2, "centre": width / 2, "right": width - 1.2}[column.align]
            for number, line in enumerate(lines):
                base = 0.9 + number * step + step / 2 + size * 0.36
                colour = MUTED if is_head else INK
                marks.append(self._text(line, x, base, block.size_pt, bold=is_head, colour=colour, align=column.align))
            deepest = max(deepest, len(lines))
            left += width
        height = deepest * step + 1.8
        under = LineMark(0.0, height, self._width, height, 0.3 if is_head else 0.15, ACCENT if is_head else HAIRLINE)
        return Piece(height, (*marks, under))

    def _notice(self, block: NoticeBlock) -> list[Piece]:
        text = self._say(block.text)
        if not text:
            return []
        label = self._say(block.label)
        size = block.size_pt * MM_PER_POINT
        room = 3.0 if not label else max(26.0, _width("▲ " + label, True, block.size_pt) + 6.0)
        lines = _broken(text, True, block.size_pt, self._width - room - 4.0)
        step = size * 1.62
        height = len(lines) * step + 2.8
        marks: list[Mark] = [BoxMark(0.0, 0.0, self._width, height, "#fdf2f1", block.colour, 0.21)]
        base = 1.4 + step / 2 + size * 0.36
        if label:
            marks.append(self._text("▲ " + label, 2.8, base, block.size_pt, bold=True, colour=block.colour))
        for number, line in enumerate(lines):
            marks.append(self._text(line, room, base + number * step, block.size_pt, bold=True))
        gap = Piece(2.5 * self._density.gaps, keeps=True, is_gap=True)
        return [gap, Piece(height, tuple(marks), keeps=True)]

    def _signatures(self, block: SignaturesBlock) -> list[Piece]:
        marks: list[Mark] = [LineMark(0.0, 0.0, self._width, 0.0, 0.18, HAIRLINE)]
        share = self._width / max(1, len(block.signers))
        line_y = max(10.6, block.height_mm + 1.6)
        for number, signer in enumerate(block.signers):
            left = number * share
            label = self._say(signer.label)
            marks += self._fitted(label, left, line_y - 1.6, 9, share / 2, colour=MUTED)
            slot = left + _width(label, False, 9) + 2.1
            end = left + share - 8.0
            marks.append(LineMark(slot, line_y, end, line_y, 0.18, HAIRLINE))
            name = self._say(signer.name)
            data = self._source.pictures.get(signer.picture, b"") if signer.picture else b""
            if data:
                aspect = self._aspect(signer.picture)
                width = min(block.height_mm * aspect, (end - slot) * 0.66)
                top = line_y - 0.2 - block.height_mm
                marks.append(ImageMark(slot + 0.7, top, width, block.height_mm, "@" + signer.picture))
                room = end - slot - width - 1.5
                marks += self._fitted(name, end, line_y - 1.6, 8, room, colour=MUTED, align="right")
            else:
                marks += self._fitted(name, slot + 1.4, line_y - 1.6, 11.5, end - slot - 1.4, bold=True)
            time_label, time = self._say(signer.time_label), self._say(signer.time)
            if time_label:
                used = _width(time_label, False, 9)
                marks.append(self._text(time_label, left, line_y + 4.9, 9, colour=MUTED))
                marks += self._fitted(time, left + used + 2.1, line_y + 4.9, 9.5, share - used - 4.0)
        height = line_y + 7.0
        note, right, small = self._say(block.note), self._say(block.note_right), self._say(block.small)
        if note or right:
            marks += self._fitted(note, 0.0, height + 4.4, 8, self._width * 0.68, colour=MUTED)
            marks += self._fitted(right, self._width, height + 4.4, 8, self._width * 0.3, colour=MUTED, align="right")
            height += 6.4
        if small:
            marks += self._fitted(small, 0.0, height + 2.0, 6.5, self._width, colour=MUTED)
            height += 3.5
        return [Piece(height, tuple(marks), sinks=block.sinks)]


def _keep_tail(made: list[Piece]) -> None:
    """Let the last two lines and what follows them stay with the signatures, which never stand alone on a page."""
    lines = 0
    for index in range(len(made) - 1, -1, -1):
        piece = made[index]
        if piece.own_page or (not piece.is_gap and not piece.keeps and not piece.is_line):
            made[index] = replace(piece, keeps=piece.height < 60.0)
            return
        made[index] = replace(piece, keeps=True)
        lines += piece.is_line
        if lines == 2:
            return


def _width(text: str, bold: bool, size_pt: float) -> float:
    return faces.width_of(faces.printable(text), bold, size_pt * MM_PER_POINT)


def _broken(text: str, bold: bool, size_pt: float, width: float) -> list[str]:
    size = size_pt * MM_PER_POINT
    shown = "\n".join(faces.printable(part) for part in paragraphs_of(text))
    return [line.text for line in break_lines(shown, lambda part: faces.width_of(part, bold, size), width)]


def _line_marks(line: Line, styles: Sequence[Style], size: float, base: float, colour: str) -> list[Mark]:
    """The marks of one line: a run for each style; a small remainder is spread over the letters."""
    spread = not line.ends and 0 < line.slack <= 3 * size and len(line.text) > 12
    space = line.slack / (len(line.text) - 1) if spread else 0.0
    own = styles[line.start : line.start + len(line.text)]
    marks: list[Mark] = []
    left = line.indent
    for style, run in groupby(zip(line.text, own, strict=True), key=lambda pair: pair[1]):
        text = "".join(c for c, _ in run)
        small = size * SMALL if style.rise else size
        width = faces.width_of(text, style.bold, small) + space * len(text)
        y = base - _RISE[style.rise] * size
        marks.append(TextMark(left, y, text, small, style.bold, colour, width, italic=style.italic, letter_mm=space))
        if style.underline:
            under = LineMark(left, base + size * 0.14, left + width, base + size * 0.14, size * 0.05, colour)
            marks.append(under)
        left += width
    return marks


def marks_of(pieces: Sequence[tuple[Piece, float]], x: float, top: float) -> list[Mark]:
    """The marks of placed pieces on a page."""
    return [moved(mark, x, top + offset) for piece, offset in pieces for mark in piece.marks]
