"""From template and facts to the bytes for a driver or a label printer; no database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from server.kernel.errors import invalid
from server.printing.layout.dots import dot_page
from server.printing.layout.pages import pdf_of, pictures_of
from server.printing.layout.sheet import Language, Metadata
from server.printing.layout.tspl import tspl_of
from server.printing.layout.zpl import zpl_of
from shared.contract.printing import Output
from shared.paper.kinds import NAMES_EN, NAMES_ZH, DocumentKind
from shared.paper.layout import Facts, lay_out, with_offset
from shared.paper.template import BoxElement, CodeElement, LineElement, Page, Template, TextElement

MOST_COPIES = 99
MOST_OFFSET_MM = 50.0
DPIS = (203, 300, 600)
MEDIA = {"pdf": "application/pdf", "zpl": "application/zpl", "tspl": "application/tspl"}


@dataclass(frozen=True)
class DrawingOrder:
    """What shall be drawn."""

    kind: DocumentKind
    template: Template
    facts: Facts
    language: Language
    made_at: dt.datetime
    number: str


@dataclass(frozen=True)
class Drawn:
    """Bytes for a printer, and the characters that no face has."""

    media_type: str
    data: bytes
    missing_glyphs: tuple[str, ...]


def check_output(output: Output) -> None:
    """Raises INVALID with the field that is wrong."""
    if output.format not in MEDIA:
        raise invalid("output.format", "打印格式只能是 pdf、zpl 或 tspl。")
    if output.dpi not in DPIS:
        raise invalid("output.dpi", "标签打印机的分辨率只能是 203、300 或 600 dpi，请更正打印机设置。")
    if not 1 <= output.copies <= MOST_COPIES:
        raise invalid("output.copies", f"份数应在 1 到 {MOST_COPIES} 之间。")
    for name in ("offset_x_mm", "offset_y_mm"):
        if not -MOST_OFFSET_MM <= getattr(output, name) <= MOST_OFFSET_MM:
            raise invalid(f"output.{name}", f"偏移应在 -{MOST_OFFSET_MM:g} 到 {MOST_OFFSET_MM:g} 毫米之间。")
    if output.darkness is not None and not 0 <= output.darkness <= 30:
        raise invalid("output.darkness", "打印浓度应在 0 到 30 之间。")


def draw(order: DrawingOrder, output: Output) -> Drawn:
    """Lay out and draw. Raises shared.paper.layout.LayoutError."""
    laid_out = lay_out(order.template, order.facts, order.language)
    dx, dy = output.offset_x_mm, output.offset_y_mm
    if output.format == "pdf":
        laid_out = replace(laid_out, pages=tuple(with_offset(page, dx, dy) for page in laid_out.pages))
        names = NAMES_EN if order.language == "en" else NAMES_ZH
        about = Metadata(
            f"{names[order.kind]} {order.number}",
            order.facts.values.get("hospital", ""),
            names[order.kind],
            order.made_at,
            order.language,
        )
        images: dict[str, str | bytes] = {**order.template.images, **pictures_of(order.facts)}
        return Drawn(MEDIA["pdf"], pdf_of(laid_out, images, about).pdf, laid_out.missing)
    turn = order.template.page.feed_turn
    pages = [
        dot_page(page, order.template.images, output.dpi, turn=turn, offset_x_mm=dx, offset_y_mm=dy)
        for page in laid_out.pages
    ]
    write = zpl_of if output.format == "zpl" else tspl_of
    data = write(pages, copies=output.copies, darkness=output.darkness)
    return Drawn(MEDIA[output.format], data, laid_out.missing)


def minute(moment: dt.datetime) -> str:
    """Date and time to the minute; the caller has made it local time."""
    return moment.strftime("%Y-%m-%d %H:%M")


def a_test_page(template: Template, language: str) -> Template:
    """A page as large as the template's: its edge, a ruler of millimetres, codes, and Chinese with a rare character."""
    width, height = template.page.width_mm, template.page.height_mm or 60.0
    words = "测试页 {printed_at}" if language == "zh" else "Test page {printed_at}"
    edge = BoxElement(x_mm=0.5, y_mm=0.5, width_mm=width - 1, height_mm=height - 1, weight_mm=0.25)
    ticks = [
        LineElement(x_mm=float(mm), x2_mm=float(mm), y_mm=0.5, drop_mm=2.0 if mm % 10 == 0 else 1.0, weight_mm=0.13)
        for mm in range(5, int(width), 5)
    ]
    room = min(width - 5, 60.0)
    texts = [
        TextElement(x_mm=2.5, y_mm=3, width_mm=room, height_mm=4.5, text=words, size_pt=8.5, bold=True),
        TextElement(
            x_mm=2.5, y_mm=7.5, width_mm=room, height_mm=4, text="{hospital}  欧阳𠮷祥 ABC 0123456789", size_pt=8
        ),
    ]
    side = min(height - 14, 10.0)
    bars = min(width - side - 7.5, 40)
    codes = [
        CodeElement(x_mm=2.5, y_mm=12, width_mm=side, symbology="qr", value="TEST-0123456789"),
        CodeElement(x_mm=side + 5, y_mm=12, width_mm=bars, height_mm=side, value="TEST-01", text_pt=6),
    ]
    return Template(
        kind=template.kind,
        page=Page(width_mm=width, height_mm=height, margin_mm=0.0, feed_turn=template.page.feed_turn),
        elements=(edge, *ticks, *texts, *codes),
    )
