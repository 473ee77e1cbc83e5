"""Laid-out pages as dots of a label printer: text, boxes and square codes as one black-and-white picture.

No printer fonts are used: a printer rarely has Chinese, and then prints the picture as right as any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from server.printing.layout.pages import image_of, opened
from shared.paper import faces
from shared.paper.layout import LayoutError, with_offset
from shared.paper.marks import BarsMark, BoxMark, ImageMark, LineMark, MatrixMark, PageOfMarks, TextMark, page_turned

DOTS_PER_MM = {203: 8, 300: 12, 600: 24}  # what makers mean by these numbers
LARGEST_SIDE = 24_000
_SPECIAL = frozenset(
    '>"!'
)  # printers' languages give these a meaning within Code 128: such bars are drawn as a picture


@dataclass(frozen=True)
class Band:
    """A part of the page with something on it: one bit a dot, rows from the top, 1 is black, rows padded to bytes."""

    x: int
    y: int
    width: int
    height: int
    rows: tuple[bytes, ...]


@dataclass(frozen=True)
class DotBars:
    """Code 128 in dots; (x, y) is the upper left corner of what is printed, `turn` clockwise."""

    x: int
    y: int
    text: str
    module: int
    height: int
    turn: int


@dataclass(frozen=True)
class DotPage:
    """A page for a printer of `dots` a millimetre."""

    dots: int
    width: int
    height: int
    bands: tuple[Band, ...]
    bars: tuple[DotBars, ...]


def dots_per_mm(dpi: int) -> int:
    """Dots a millimetre. Raises LayoutError for a resolution that label printers do not have."""
    if dpi not in DOTS_PER_MM:
        raise LayoutError(f"标签打印机的分辨率为 203、300 或 600 dpi，不是 {dpi}，请更正打印机设置。")
    return DOTS_PER_MM[dpi]


def dot_page(
    page: PageOfMarks,
    images: Mapping[str, str | bytes],
    dpi: int,
    *,
    turn: int = 0,
    offset_x_mm: float = 0,
    offset_y_mm: float = 0,
) -> DotPage:
    """Turn the page as it runs through the printer, move it by the printer's offset and make dots of it.

    Raises LayoutError for an unknown resolution or a page too large for a label printer.
    """
    from PIL import Image

    dots = dots_per_mm(dpi)
    page = with_offset(page_turned(page, turn), offset_x_mm, offset_y_mm)
    width, height = round(page.width_mm * dots), round(page.height_mm * dots)
    if max(width, height) > LARGEST_SIDE:
        raise LayoutError("页面太大，标签打印机无法打印，请改用普通打印机。")
    sheet = Image.new("1", (width, height), 0)
    bars = []
    for mark in page.marks:
        if isinstance(mark, BarsMark) and not set(mark.text) & _SPECIAL:
            bars.append(_bars(mark, dots))
        else:
            _draw(sheet, mark, dots, images)
    return DotPage(dots, width, height, tuple(_bands(sheet)), tuple(bars))


def _bars(mark: BarsMark, dots: int) -> DotBars:
    module = max(1, round(mark.module_mm * dots))
    slack = mark.modules * (
        mark.module_mm * dots - module
    )  # whole dots make the code narrower or wider: keep the middle
    long_side, height = mark.modules * module, round(mark.height_mm * dots)
    x, y = mark.x_mm * dots, mark.y_mm * dots
    along, across = long_side + slack / 2, height
    corner = {
        0: (x + slack / 2, y),
        90: (x - across, y + slack / 2),
        180: (x - along, y - across),
        270: (x, y - along),
    }[mark.turn]
    return DotBars(max(0, round(corner[0])), max(0, round(corner[1])), mark.text, module, height, mark.turn)


def _draw(sheet: Any, mark: Any, dots: int, images: Mapping[str, str | bytes]) -> None:
    from PIL import ImageDraw

    if isinstance(mark, TextMark):
        _write(sheet, mark, dots)
    elif isinstance(mark, BoxMark):
        _box(ImageDraw.Draw(sheet), mark, dots)
    elif isinstance(mark, LineMark):
        _line(ImageDraw.Draw(sheet), mark, dots)
    elif isinstance(mark, MatrixMark):
        _squares(sheet, mark, dots)
    elif isinstance(mark, BarsMark):
        _drawn_bars(sheet, mark, dots)
    elif isinstance(mark, ImageMark):
        _picture(sheet, mark, dots, images[mark.image])


def _is_dark(colour: str) -> bool:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 160


def _paste(sheet: Any, picture: Any, x: float, y: float, turn: int, ink: int) -> None:
    """Put a mask whose upper left corner (before turning) is at (x, y) dots."""
    turned = picture.rotate(-turn, expand=True) if turn else picture
    left, top = {
        0: (x, y), 90: (x - turned.width, y), 180: (x - turned.width, y - turned.height), 270: (x, y - turned.height)
    }[turn]  # fmt: skip
    sheet.paste(ink, (round(left), round(top)), turned)


def _write(sheet: Any, mark: TextMark, dots: int) -> None:
    from PIL import Image, ImageDraw

    size = mark.size_mm * dots
    room = round(size * 1.5)
    base = round(size * 1.1)
    picture = Image.new("L", (round(mark.width_mm * dots) + room, room + base - round(size * 0.7)), 0)
    draw = ImageDraw.Draw(picture)
    left = size * 0.25
    for face, piece in faces.runs(mark.text, mark.bold):
        outline = faces.outline_em(face, mark.bold) * size / 2
        font = _font(face, round(size, 2))
        for character in piece:  # one by one: the advances are the layout's, not the rasteriser's
            draw.text((left, base), character, fill=255, font=font, anchor="ls", stroke_width=outline)
            left += face.advance(character) * size
    mask = picture.point(lambda level: 255 if level > 110 else 0).convert("1")
    turned = mask.rotate(-mark.turn, expand=True) if mark.turn else mask
    # where the base line's left end lies in the turned picture
    ax, ay = size * 0.25, float(base)
    anchor = {
        0: (ax, ay),
        90: (mask.height - ay, ax),
        180: (mask.width - ax, mask.height - ay),
        270: (ay, mask.width - ax),
    }[mark.turn]
    place = (round(mark.x_mm * dots - anchor[0]), round(mark.y_mm * dots - anchor[1]))
    sheet.paste(1 if _is_dark(mark.colour) else 0, place, turned)


@lru_cache(maxsize=64)
def _font(face: faces.Face, size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(str(face.path), size)


def _box(draw: Any, mark: BoxMark, dots: int) -> None:
    left, top = round(mark.x_mm * dots), round(mark.y_mm * dots)
    right, bottom = round((mark.x_mm + mark.width_mm) * dots) - 1, round((mark.y_mm + mark.height_mm) * dots) - 1
    if mark.fill:
        draw.rectangle((left, top, right, bottom), fill=1 if _is_dark(mark.fill) else 0)
    if mark.stroke and mark.weight_mm > 0:
        weight = max(1, round(mark.weight_mm * dots))
        draw.rectangle((left, top, right, bottom), outline=1 if _is_dark(mark.stroke) else 0, width=weight)


def _line(draw: Any, mark: LineMark, dots: int) -> None:
    weight = max(1, round(mark.weight_mm * dots))
    length = ((mark.x2_mm - mark.x_mm) ** 2 + (mark.y2_mm - mark.y_mm) ** 2) ** 0.5
    step = 0.8 if mark.dashed else length
    at = 0.0
    while length and at < length - 1e-9:
        ends = [
            (
                round((mark.x_mm + (mark.x2_mm - mark.x_mm) * part / length) * dots),
                round((mark.y_mm + (mark.y2_mm - mark.y_mm) * part / length) * dots),
            )
            for part in (at, min(at + step, length))
        ]
        draw.line(ends, fill=1, width=weight)
        at += 2 * step


def _drawn_bars(sheet: Any, mark: BarsMark, dots: int) -> None:
    from PIL import Image, ImageDraw

    module = max(1, round(mark.module_mm * dots))
    picture = Image.new("1", (mark.modules * module, round(mark.height_mm * dots)), 0)
    draw = ImageDraw.Draw(picture)
    for start, length in mark.runs:
        draw.rectangle((start * module, 0, (start + length) * module - 1, picture.height - 1), fill=1)
    place = _bars(mark, dots)
    turned = picture.rotate(-mark.turn, expand=True) if mark.turn else picture
    sheet.paste(1, (place.x, place.y), turned)


def _squares(sheet: Any, mark: MatrixMark, dots: int) -> None:
    from PIL import Image

    module = max(1, int(mark.module_mm * dots + 1e-6))  # whole dots, else a scanner sees unequal squares
    count = len(mark.rows)
    small = Image.new("1", (count, count), 0)
    small.putdata([int(cell) for row in mark.rows for cell in row])
    picture = small.resize((count * module, count * module), Image.Resampling.NEAREST)
    spare = (mark.module_mm * dots - module) * count / 2
    shift = {0: (spare, spare), 90: (-spare, spare), 180: (-spare, -spare), 270: (spare, -spare)}[mark.turn]
    _paste(sheet, picture, mark.x_mm * dots + shift[0], mark.y_mm * dots + shift[1], mark.turn, 1)


def _picture(sheet: Any, mark: ImageMark, dots: int, data: str | bytes) -> None:
    from PIL import Image, ImageOps

    source = image_of(data) if isinstance(data, str) else opened(data, mark.image.removeprefix("@"))
    paper = Image.new("RGBA", source.size, (255, 255, 255, 255))
    paper.alpha_composite(source.convert("RGBA"))
    scale = min(mark.width_mm / source.width, mark.height_mm / source.height) * dots
    size = (max(1, round(source.width * scale)), max(1, round(source.height * scale)))
    grey = ImageOps.invert(paper.convert("L").resize(size, Image.Resampling.LANCZOS))
    frame = Image.new("1", (round(mark.width_mm * dots), round(mark.height_mm * dots)), 0)
    frame.paste(grey.convert("1"), ((frame.width - size[0]) // 2, (frame.height - size[1]) // 2))
    _paste(sheet, frame, mark.x_mm * dots, mark.y_mm * dots, mark.turn, 1)


def _bands(sheet: Any) -> Iterator[Band]:
    """Cut the sheet at blank rows and trim the sides to whole bytes, so that little is sent."""
    row_bytes = (sheet.width + 7) // 8
    data = sheet.tobytes()
    rows = [data[at : at + row_bytes] for at in range(0, len(data), row_bytes)]
    begun: int | None = None
    for number, row in enumerate([*rows, bytes(row_bytes)]):
        blank = not any(row)
        if begun is None and not blank:
            begun = number
        elif begun is not None and blank:
            part = rows[begun:number]
            left = min(len(one) - len(one.lstrip(b"\0")) for one in part)
            right = max(len(one.rstrip(b"\0")) for one in part)
            yield Band(left * 8, begun, (right - left) * 8, len(part), tuple(one[left:right] for one in part))
            begun = None
