"""Lays a template out with facts: the one place that decides where a mark is, for preview and print alike."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.paper import codes, faces
from shared.paper.flow import Piece, Placed, TooHigh, spread
from shared.paper.flow_blocks import CLOSE, ROOMY, TIGHT, Builder, PictureFault, Source, marks_of
from shared.paper.line_breaking import break_paragraph
from shared.paper.marks import (
    BarsMark,
    BoxMark,
    ImageMark,
    LineMark,
    Mark,
    MatrixMark,
    PageOfMarks,
    TextMark,
    moved,
    turned,
)
from shared.paper.template import (
    AnyElement,
    BoxElement,
    CodeElement,
    FieldsElement,
    FlowElement,
    ImageElement,
    LineElement,
    RepeatElement,
    Template,
    TextElement,
    WatermarkElement,
    in_language,
)

MM_PER_POINT = 25.4 / 72
LEAST_MODULE_MM = 0.19  # counter scanners still read it on a 300 dpi label
MOST_PAGES = 200  # the longest report that may be written has fewer

Row = Mapping[str, str]
Lists = Mapping[str, Sequence[Row]]


class LayoutError(ValueError):
    """A document cannot be made from these facts; the message says which and what to do, in Chinese."""


@dataclass(frozen=True)
class Facts:
    """What a document says: single facts by name, lists of rows by name, and pictures (PNG or JPEG) by name."""

    values: Mapping[str, str]
    lists: Lists = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass
class LaidOut:
    """The pages, the characters that no face has, and the place of every top element on the first page in mm."""

    pages: tuple[PageOfMarks, ...]
    missing: tuple[str, ...]
    places: dict[int, tuple[float, float, float, float]]


_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([a-z0-9_.]+)\}")
_CONDITION = re.compile(r"\s*(!)?\s*([a-z0-9_.]+)\s*(?:(!?=)\s*([^=\s].*?)?)?\s*$")


def placeholders(text: str) -> list[str]:
    """The facts that a text names, in order."""
    return [found.group(1) for found in _PLACEHOLDER.finditer(text) if found.group(1)]


def filled(text: str, values: Row) -> str:
    """The text with its facts; nothing where it names facts and all of them are empty."""
    named = placeholders(text)
    if named and not any(values.get(name, "") for name in named):
        return ""
    return _PLACEHOLDER.sub(lambda m: values.get(m.group(1), "") if m.group(1) else m.group()[0], text)


def holds(condition: str, values: Row) -> bool:
    """Whether the condition of an element is met; an empty one always is."""
    for part in condition.split("&") if condition.strip() else ():
        met = _CONDITION.match(part)
        if met is None:
            return False
        negated, name, sign, wanted = met.groups()
        value = values.get(name, "")
        yes = bool(value) if sign is None else (value == (wanted or "")) is (sign == "=")
        if yes is bool(negated):
            return False
    return True


def condition_facts(condition: str) -> list[str] | None:
    """The facts a condition names; None if it cannot be read."""
    if not condition.strip():
        return []
    parts = [_CONDITION.match(part) for part in condition.split("&")]
    return [str(met.group(2)) for met in parts if met] if all(parts) else None


def lay_out(template: Template, facts: Facts, language: str = "zh") -> LaidOut:
    """Lay out every page. Raises LayoutError if a code cannot hold its value or the document has no end."""
    pages: list[tuple[list[Mark], float]] = []
    starts: dict[int, int] = {}
    places: dict[int, tuple[float, float, float, float]] = {}
    missing: dict[str, None] = {}
    flows: dict[int, _Flow] = {}
    total = 0
    for attempt in range(2):  # the second knows how many pages there are
        pages, starts = [], {}
        while True:
            page = _PageLayout(template, facts, language, len(pages) + 1, total, starts, flows)
            page.run()
            pages.append((page.marks, page.lowest))
            missing.update(dict.fromkeys(page.missing))
            if len(pages) == 1:
                places = page.places
            starts = page.rest
            if not starts:
                break
            if len(pages) >= MOST_PAGES:
                raise LayoutError(f"文档超过 {MOST_PAGES} 页，请检查模板中重复行的位置和行距，或删减内容。")
        total = len(pages)
        if attempt == 0 and not _names_pages(template):
            break
    height = template.page.height_mm
    return LaidOut(
        tuple(
            PageOfMarks(template.page.width_mm, height or round(lowest + template.page.margin_mm, 2), tuple(marks))
            for marks, lowest in pages
        ),
        tuple(missing),
        places,
    )


def _names_pages(template: Template) -> bool:
    return any(
        isinstance(one, TextElement) and "{pages}" in in_language(one.text, "zh") + in_language(one.text, "en")
        for one in template.elements
    )


@dataclass
class _Flow:
    """A flow spread over its pages, once for all of them."""

    pages: list[list[Placed]]
    missing: list[str]


class _PageLayout:
    """One page; `rest` says at which row a repeat, or at which page a flow, goes on on the next."""

    def __init__(
        self,
        template: Template,
        facts: Facts,
        language: str,
        number: int,
        total: int,
        starts: dict[int, int],
        flows: dict[int, _Flow],
    ) -> None:
        self._template = template
        self._lists = facts.lists
        self._pictures = facts.pictures
        self._flows = flows
        self._values = {**facts.values, "page": str(number), "pages": str(total or number)}
        self._language = language
        self._first = number == 1
        self._starts = starts
        self.rest: dict[int, int] = {}
        self.marks: list[Mark] = []
        self.missing: list[str] = []
        self.lowest = 0.0
        self.places: dict[int, tuple[float, float, float, float]] = {}
        self._bottoms: dict[str, float | None] = {}  # None: comes on a later page

    def run(self) -> None:
        for index, element in enumerate(self._template.elements):
            self._put(index, element)

    def _put(self, index: int, element: AnyElement) -> None:
        top = self._top(element)
        goes_on = index in self._starts
        follows = bool(element.below) and not self._first and self._waits_for(element)
        on_every = element.every_page or isinstance(element, WatermarkElement)
        if not (self._first or goes_on or on_every or follows):
            self._remember(element, top if top is not None else 0.0)
            return
        if top is None:  # what it stands below goes on on the next page
            self._bottoms[element.id or f"#{index}"] = None
            return
        if not holds(element.when, self._values):
            self._remember(element, top)
            return
        if goes_on and isinstance(element, RepeatElement | FlowElement):
            top = element.next_y_mm
        begun = len(self.marks)
        bottom, right = self._draw(index, element, top)
        self._remember(element, bottom)
        if index in self.rest and element.id:
            self._bottoms[element.id] = None
        if len(self.marks) > begun or not isinstance(element, TextElement):
            self.lowest = max(self.lowest, bottom)
        self.places[index] = (element.x_mm, top, right, bottom)

    def _waits_for(self, element: AnyElement) -> bool:
        """Whether it stands, directly or not, below a repeat that goes on on this page."""
        seen: set[str] = set()
        name = element.below
        by_id = {one.id: (number, one) for number, one in enumerate(self._template.elements) if one.id}
        while name and name not in seen and name in by_id:
            seen.add(name)
            number, found = by_id[name]
            if number in self._starts:
                return True
            name = found.below
        return False

    def _top(self, element: AnyElement) -> float | None:
        if not element.below:
            return element.y_mm
        base = self._bottoms.get(element.below, 0.0)
        return None if base is None else base + element.y_mm

    def _remember(self, element: AnyElement, bottom: float) -> None:
        if element.id:
            self._bottoms[element.id] = bottom

    def _draw(self, index: int, element: AnyElement, top: float) -> tuple[float, float]:
        """Add the marks; returns the lower and the right edge."""
        if isinstance(element, RepeatElement):
            return self._repeat(index, element, top)
        if isinstance(element, FlowElement):
            return self._flow(index, element, top), element.x_mm + element.width_mm
        if isinstance(element, FieldsElement):
            return self._fields(element, top), element.x_mm + element.width_mm
        return self._simple(element, element.x_mm, top, self._values)

    def _flow(self, index: int, element: FlowElement, top: float) -> float:
        page = self._template.page
        limit = element.until_mm or (page.height_mm - page.margin_mm if page.height_mm else 1e6)
        if index not in self._flows:
            self._flows[index] = self._spread(element, limit - top, limit - element.next_y_mm)
        flow = self._flows[index]
        self.missing += flow.missing
        number = self._starts.get(index, 0)
        here = flow.pages[number]
        self.marks += marks_of([(one.piece, one.offset) for one in here], element.x_mm, top)
        if number + 1 < len(flow.pages):
            self.rest[index] = number + 1
            return limit
        return top + max((one.offset + one.piece.height for one in here), default=0.0)

    def _spread(self, element: FlowElement, first_room: float, later_room: float) -> _Flow:
        """The first density that needs one page; what truly needs more is set roomy."""
        source = Source(
            self._values,
            self._lists,
            self._pictures,
            lambda text, row: filled(in_language(text, self._language), row),
            holds,
        )
        roomy: _Flow | None = None
        try:
            for density in (ROOMY, CLOSE, TIGHT) if element.fits else (ROOMY,):
                builder = Builder(source, element.width_mm, density)
                pieces: list[Piece] = builder.pieces(element.blocks)
                flow = _Flow(spread(pieces, first_room, later_room), builder.missing)
                roomy = roomy or flow
                if len(flow.pages) == 1 or sum(piece.height for piece in pieces) > 1.6 * first_room:
                    return flow if len(flow.pages) == 1 else roomy
        except TooHigh as fault:
            raise LayoutError("有一部分内容比一页还高，请在模板中减小图片高度或扩大正文区域。") from fault
        except PictureFault as fault:
            raise LayoutError(f"图片“{fault}”无法读取，请重新截取或重新上传。") from fault
        assert roomy is not None
        return roomy

    def _watermark(self, element: WatermarkElement) -> tuple[float, float]:
        """Across the middle of the page; returns where it stands, so that it can be taken hold of."""
        page = self._template.page
        text = filled(in_language(element.text, self._language), self._values)
        self.missing += faces.missing(text)
        shown = faces.printable(text)
        if not shown.strip():
            return element.y_mm, element.x_mm
        height = page.height_mm or page.width_mm
        letter = 1 / 11
        ems = faces.width_of(shown, True, 1.0) + letter * (len(shown) - 1)
        size = min(element.size_pt * MM_PER_POINT, 0.72 * (page.width_mm**2 + height**2) ** 0.5 / max(ems, 0.1) * 0.62)
        width = size * ems
        slope = math.radians(element.angle)
        x = page.width_mm / 2 + element.x_mm - width / 2 * math.cos(slope) + size / 3 * math.sin(slope)
        y = height / 2 + element.y_mm + width / 2 * math.sin(slope) + size / 3 * math.cos(slope)
        self.marks.append(
            TextMark(
                x, y, shown, size, True, element.colour, width,
                letter_mm=size * letter, angle=element.angle, opacity=element.opacity,
            )
        )  # fmt: skip
        return height / 2 + element.y_mm + 12, page.width_mm / 2 + element.x_mm + 40

    def _repeat(self, index: int, element: RepeatElement, top: float) -> tuple[float, float]:
        rows = self._lists.get(element.over, ())
        page = self._template.page
        limit = element.until_mm or (page.height_mm - page.margin_mm if page.height_mm else 1e9)
        y, right = top, element.x_mm
        for number in range(self._starts.get(index, 0), len(rows)):
            if y + element.step_mm > limit + 1e-6:
                if y == top and not (self._first and top > element.next_y_mm):
                    raise LayoutError(f"“{element.over}”的重复行放不进页面，请减小行距或上移。")
                self.rest[index] = number
                break
            values = {
                **self._values,
                **{f"{element.over}.{key}": value for key, value in rows[number].items()},
                f"{element.over}.number": str(number + 1),
            }
            for child in element.elements:
                if holds(child.when, values):
                    edges = self._simple(child, element.x_mm + child.x_mm, y + child.y_mm, values)
                    right = max(right, edges[1])
            y += element.step_mm
        return y, right

    def _fields(self, element: FieldsElement, top: float) -> float:
        cells: list[tuple[str, str, bool, bool]] = []
        for row in element.rows:
            if not holds(row.when, self._values):
                continue
            value = filled(in_language(row.value, self._language), self._values)
            if value or element.keep_empty:
                cells.append((in_language(row.label, self._language), value, row.bold, row.wide))
        column_mm = element.width_mm / element.columns
        y, column = top, 0
        for label, value, bold, wide in cells:
            if wide and column:
                y, column = y + element.step_mm, 0
            left = element.x_mm + column * column_mm
            room = element.width_mm if wide else column_mm
            base = y + 0.7 * element.step_mm
            label_mm = min(element.label_mm, room)
            self._line(label, left, base, label_mm - 1, element.label_pt, 0, False, "left", element.label_colour)
            size = element.size_pt * (1.15 if bold else 1.0)
            self._line(value, left + label_mm, base, room - label_mm - 1.5, size, 0, bold, "left", element.colour)
            column = 0 if wide else column + 1
            if wide or column == element.columns:
                y, column = y + element.step_mm, 0
        return y + element.step_mm if column else y

    def _simple(self, element: AnyElement, x: float, y: float, values: Row) -> tuple[float, float]:
        """Draw an element whose marks need nothing but its own values; returns the lower and the right edge."""
        if isinstance(element, LineElement):
            x2, y2 = x + element.x2_mm - element.x_mm, y + element.drop_mm
            self.marks.append(LineMark(x, y, x2, y2, element.weight_mm, element.colour, element.dashed))
            return max(y, y2), max(x, x2)
        if isinstance(element, BoxElement):
            self.marks.append(
                BoxMark(x, y, element.width_mm, element.height_mm, element.fill, element.stroke, element.weight_mm)
            )
            return y + element.height_mm, x + element.width_mm
        if isinstance(element, WatermarkElement):
            return self._watermark(element)
        if isinstance(element, TextElement):
            return self._turning(
                element, x, y, element.width_mm, element.height_mm, lambda w, h: self._text(element, w, h, values)
            )
        if isinstance(element, ImageElement):
            return self._turning(
                element, x, y, element.width_mm, element.height_mm, lambda w, h: self._image(element, w, h)
            )
        if isinstance(element, CodeElement):
            height = element.height_mm or element.width_mm
            return self._turning(
                element, x, y, element.width_mm, height, lambda w, h: self._code(element, w, h, values)
            )
        raise AssertionError(type(element))

    def _turning(
        self,
        element: AnyElement,
        x: float,
        y: float,
        width: float,
        height: float,
        draw: Callable[[float, float], float],
    ) -> tuple[float, float]:
        """Let `draw` put marks into a frame at the origin, then turn it into the element's rectangle."""
        begun = len(self.marks)
        sideways = element.turn in (90, 270)
        inner = (height, width) if sideways else (width, height)
        used = draw(*inner)
        drawn = self.marks[begun:]
        self.marks[begun:] = [moved(turned(mark, element.turn, inner[0], inner[1] or used), x, y) for mark in drawn]
        return y + (height if sideways else used), x + width

    def _text(self, element: TextElement, width: float, height: float, values: Row) -> float:
        text = filled(in_language(element.text, self._language), values)
        size = element.size_pt
        if not element.wrap:
            base = size * MM_PER_POINT * 0.88 if not height else height / 2 + size * MM_PER_POINT * 0.36
            colour, letter = element.colour, element.letter_mm
            self._line(text, 0.0, base, width, size, element.least_pt, element.bold, element.align, colour, letter)
            return height or (size * MM_PER_POINT * element.leading if text else 0.0)
        if not text:
            return height
        return self._wrapped(element, text, width, height)

    def _wrapped(self, element: TextElement, text: str, width: float, height: float) -> float:
        self.missing += faces.missing(text)
        lines = _lines(text, element.bold, element.size_pt, width)
        size = element.size_pt
        while height and len(lines) * size * MM_PER_POINT * element.leading > height and size > self._least(element):
            size -= 0.5
            lines = _lines(text, element.bold, size, width)
        step = size * MM_PER_POINT * element.leading
        fits = max(1, int((height + 0.01) / step)) if height else len(lines)
        if len(lines) > fits:
            lines = [*lines[: fits - 1], lines[fits - 1].rstrip()[:-1] + "…"]
        for number, line in enumerate(lines):
            base = number * step + step / 2 + size * MM_PER_POINT * 0.36
            self._line(line, 0.0, base, width, size, size * 0.9, element.bold, element.align, element.colour)
        return height or len(lines) * step

    @staticmethod
    def _least(element: TextElement) -> float:
        return element.least_pt or element.size_pt * 0.6

    def _line(
        self,
        text: str,
        x: float,
        base: float,
        width: float,
        size: float,
        least: float,
        bold: bool,
        align: str,
        colour: str,
        letter: float = 0.0,
    ) -> None:
        """One line that never runs out of `width`."""
        self.missing += faces.missing(text)
        shown = faces.printable(text)
        if not shown.strip() or width <= 0:
            return
        natural = faces.width_of(shown, bold, size * MM_PER_POINT)
        if natural > width:
            size = max(size * width / natural, least or size * 0.6)
            while len(shown) > 1 and faces.width_of(shown, bold, size * MM_PER_POINT) > width + 1e-6:
                shown = shown[:-2] + "…"
            natural = faces.width_of(shown, bold, size * MM_PER_POINT)
        spaces = len(shown) - 1
        letter = min(letter, max(0.0, width - natural) / spaces) if letter and spaces else 0.0
        natural += letter * spaces
        left = {"left": x, "centre": x + (width - natural) / 2, "right": x + width - natural}[align]
        self.marks.append(TextMark(left, base, shown, size * MM_PER_POINT, bold, colour, natural, letter_mm=letter))

    def _image(self, element: ImageElement, width: float, height: float) -> float:
        known = self._pictures if element.image.startswith("@") else self._template.images
        if element.image.removeprefix("@") in known:
            self.marks.append(ImageMark(0.0, 0.0, width, height, element.image))
        return height

    def _code(self, element: CodeElement, width: float, height: float, values: Row) -> float:
        value = filled(in_language(element.value, self._language), values)
        if not value:
            return height
        try:
            if element.symbology == "code128":
                self._bars(element, value, width, height)
            else:
                self._square(element.symbology, value, 0.0, min(width, height))
        except codes.BarcodeError as fault:
            raise LayoutError(f"条码不能包含“{value[:40]}”：条码只能用字母、数字和符号，请检查该编号。") from fault
        return height

    def _bars(self, element: CodeElement, value: str, width: float, height: float) -> None:
        bars = codes.code128(value)
        module = min(element.module_mm, width / bars.modules)
        text_mm = element.text_pt * MM_PER_POINT * 1.25 if element.show_text else 0.0
        if module < min(LEAST_MODULE_MM, element.module_mm) - 1e-9:
            side = min(height, width / 3)
            self._square("qr", value, 0.0, side)
            if element.show_text:
                note = TextElement(
                    x_mm=0, y_mm=0, width_mm=width - side - 2, text=value.replace("{", "{{").replace("}", "}}"),
                    height_mm=height, size_pt=element.text_pt, bold=True, wrap=True,
                )  # fmt: skip
                begun = len(self.marks)
                self._text(note, note.width_mm, height, {})
                self.marks[begun:] = [moved(mark, side + 2, 0.0) for mark in self.marks[begun:]]
            return
        used = bars.modules * module
        left = {"left": 0.0, "centre": (width - used) / 2, "right": width - used}[element.align]
        self.marks.append(BarsMark(left, 0.0, value, bars.runs, bars.modules, module, height - text_mm))
        if element.show_text:
            base = height - text_mm + element.text_pt * MM_PER_POINT * 0.95
            self._line(value, left, base, used, element.text_pt, 0, True, "centre", "#000000")

    def _square(self, symbology: str, value: str, x: float, side: float) -> None:
        rows = codes.qr_matrix(value) if symbology == "qr" else codes.data_matrix(value)
        self.marks.append(
            MatrixMark(x, 0.0, value, "qr" if symbology == "qr" else "datamatrix", rows, side / len(rows))
        )


def _lines(text: str, bold: bool, size_pt: float, width: float) -> list[str]:
    found: list[str] = []
    for number, paragraph in enumerate(text.replace("\r", "").split("\n")):
        shown = faces.printable(paragraph)
        advances = [faces.width_of(c, bold, size_pt * MM_PER_POINT) for c in shown]
        broken = break_paragraph(shown, advances, width, number) if shown.strip() else []
        found += [line.text for line in broken] or [""]
    return found


def with_offset(page: PageOfMarks, dx: float, dy: float) -> PageOfMarks:
    """The page with everything moved, as a printer's offset asks for."""
    if not dx and not dy:
        return page
    return replace(page, marks=tuple(moved(mark, dx, dy) for mark in page.marks))
