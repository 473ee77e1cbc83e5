"""Laid-out pages as PDF; where a mark stands was decided by shared.paper.layout."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any

from server.printing.layout import fonts
from server.printing.layout.sheet import MM, Language, Metadata, RenderedDocument, Sheet
from shared.paper import faces
from shared.paper.codes import row_runs
from shared.paper.layout import Facts, LaidOut, LayoutError, lay_out
from shared.paper.marks import BarsMark, BoxMark, ImageMark, LineMark, MatrixMark, PageOfMarks, TextMark
from shared.paper.template import Template

SLANT = 0.21  # our faces have no italic: the letters are slanted by 12 degrees
PRINT_DPI = 300
MOST_PIXELS = 40_000_000


def render_pages(
    template: Template, facts: Facts, title: str, made_at: dt.datetime, language: Language = "zh"
) -> RenderedDocument:
    """The document as PDF. Raises shared.paper.layout.LayoutError."""
    laid_out = lay_out(template, facts, language)
    author = facts.values.get("hospital", "")
    images: dict[str, str | bytes] = {**template.images, **pictures_of(facts)}
    return pdf_of(laid_out, images, Metadata(title, author, template.kind, made_at, language))


def pictures_of(facts: Facts) -> dict[str, bytes]:
    """The facts' pictures under the names that marks give them."""
    return {f"@{name}": data for name, data in facts.pictures.items()}


def pdf_of(laid_out: LaidOut, images: Mapping[str, str | bytes], about: Metadata) -> RenderedDocument:
    """Laid-out pages as PDF. Raises LayoutError for a picture that cannot be read."""
    first = laid_out.pages[0]
    sheet = Sheet(first.width_mm * MM, first.height_mm * MM, about)
    for page in laid_out.pages:
        sheet.canvas.setPageSize((page.width_mm * MM, page.height_mm * MM))
        for mark in page.marks:
            _draw(sheet.canvas, page, mark, images)
        sheet.end_page()
    drawn = sheet.finish()
    return RenderedDocument(drawn.pdf, drawn.pages, laid_out.missing)


def _draw(canvas: Any, page: PageOfMarks, mark: Any, images: Mapping[str, str | bytes]) -> None:
    x, y = mark.x_mm * MM, (page.height_mm - mark.y_mm) * MM
    if isinstance(mark, LineMark):
        canvas.setStrokeColorRGB(*colour_of(mark.colour))
        canvas.setLineWidth(mark.weight_mm * MM)
        canvas.setDash([0.8 * MM, 0.8 * MM] if mark.dashed else [])
        canvas.line(x, y, mark.x2_mm * MM, (page.height_mm - mark.y2_mm) * MM)
        canvas.setDash([])
        return
    if isinstance(mark, BoxMark):
        stroked = bool(mark.stroke) and mark.weight_mm > 0
        if mark.fill:
            canvas.setFillColorRGB(*colour_of(mark.fill))
        if stroked:
            canvas.setStrokeColorRGB(*colour_of(mark.stroke))
            canvas.setLineWidth(mark.weight_mm * MM)
        width, height = mark.width_mm * MM, mark.height_mm * MM
        canvas.rect(x, y - height, width, height, stroke=int(stroked), fill=int(bool(mark.fill)))
        return
    if isinstance(mark, TextMark) and not (mark.turn or mark.angle or mark.italic or mark.opacity < 1):
        _write(canvas, mark, x, y)  # most of a page: no state of its own to save and bring back
        return
    canvas.saveState()
    canvas.translate(x, y)
    if mark.turn:
        canvas.rotate(-mark.turn)
    if isinstance(mark, TextMark):
        _write(canvas, mark)
    elif isinstance(mark, BarsMark):
        canvas.setFillGray(0)
        height = mark.height_mm * MM
        for start, length in mark.runs:
            canvas.rect(start * mark.module_mm * MM, -height, length * mark.module_mm * MM, height, stroke=0, fill=1)
    elif isinstance(mark, MatrixMark):
        module = mark.module_mm * MM
        path = canvas.beginPath()
        for row, cells in enumerate(mark.rows):
            for start, length in row_runs(cells):
                path.rect(start * module, -(row + 1) * module, length * module, module)
        canvas.setFillGray(0)
        canvas.drawPath(path, stroke=0, fill=1)
    elif isinstance(mark, ImageMark):
        _picture(canvas, mark, images[mark.image])
    canvas.restoreState()


def _write(canvas: Any, mark: TextMark, x: float = 0.0, y: float = 0.0) -> None:
    if mark.angle:
        canvas.rotate(mark.angle)
    if mark.opacity < 1:
        canvas.setFillAlpha(mark.opacity)
        canvas.setStrokeAlpha(mark.opacity)
    writing = canvas.beginText(x, y)
    if mark.italic:
        writing.setTextTransform(1, 0, SLANT, 1, 0, 0)
    if mark.letter_mm:
        writing.setCharSpace(mark.letter_mm * MM)
    writing.setFillColorRGB(*colour_of(mark.colour))
    pieces = list(faces.runs(mark.text, mark.bold))
    fonts.ensure_registered(*(face for face, _ in pieces))
    outlined = False
    for face, piece in pieces:
        outline = faces.outline_em(face, mark.bold)
        if outline:
            outlined = True
            writing.setStrokeColorRGB(*colour_of(mark.colour))
            canvas.setLineWidth(outline * mark.size_mm * MM)  # before the text object: a width is no text operator
        if outlined:
            writing.setTextRenderMode(2 if outline else 0)  # 2: fill, then stroke (ISO 32000-1 table 106)
        writing.setFont(face.name, mark.size_mm * MM)
        writing.textOut(piece)
    if outlined:
        writing.setTextRenderMode(0)
    if mark.letter_mm:
        writing.setCharSpace(0)
    canvas.drawText(writing)


def _picture(canvas: Any, mark: ImageMark, data: str | bytes) -> None:
    picture = image_of(data) if isinstance(data, str) else opened(data, mark.image.removeprefix("@"))
    scale = min(mark.width_mm / picture.width, mark.height_mm / picture.height)
    width, height = picture.width * scale * MM, picture.height * scale * MM
    left, top = (mark.width_mm * MM - width) / 2, (mark.height_mm * MM - height) / 2
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    most = max(1, round(width / 72 * PRINT_DPI)), max(1, round(height / 72 * PRINT_DPI))
    if picture.width > most[0] * 1.25:  # more dots than the printer has only make the file larger
        picture = picture.resize(most, Image.Resampling.LANCZOS)
    mask = "auto" if picture.mode in ("RGBA", "LA", "P") else None
    canvas.drawImage(ImageReader(picture), left, -top - height, width, height, mask=mask)


@lru_cache(maxsize=32)
def image_of(data: str) -> Any:
    """A template's picture; the caller has checked its size."""
    from PIL import Image

    picture = Image.open(BytesIO(base64.b64decode(data)))
    picture.load()
    return picture


def opened(data: bytes, what: str) -> Any:
    """Decode a PNG or JPEG to grey, RGB or RGBA. Raises LayoutError for anything else or for a giant."""
    from PIL import Image

    try:
        image = Image.open(BytesIO(data), formats=("PNG", "JPEG"))
        if image.width * image.height > MOST_PIXELS:
            raise LayoutError(f"图片“{what}”超过 {MOST_PIXELS // 1_000_000} 百万像素，请缩小后再用。")
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as fault:
        if isinstance(fault, LayoutError):
            raise
        raise LayoutError(f"图片“{what}”无法读取，请重新截取或重新上传。") from fault
    if image.mode in ("L", "RGB", "RGBA"):
        return image
    return image.convert("RGBA" if "transparency" in image.info else "RGB")


def colour_of(colour: str) -> tuple[float, float, float]:
    """Red, green, blue from 0 to 1 of "#rrggbb"."""
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255
