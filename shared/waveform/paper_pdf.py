"""Draws the sheets of shared.waveform.paper as a vector PDF; reportlab is imported when it is needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from shared.paper import faces
from shared.waveform.paper import Line, Look, Sheet, Text, Trace, sheets

if TYPE_CHECKING:
    from shared.waveform.record import EcgRecord

MM = 72 / 25.4
MARK = "mingjing-ecg:"  # begins the PDF's keywords: what the traces are, for reading them back


def pdf_of(record: EcgRecord, look: Look) -> bytes:
    """The record as PDF on true scale. Raises shared.waveform.layouts.LayoutError."""
    return drawn(sheets(record, look), record, look)


def drawn(
    pages: Sequence[Sheet], record: EcgRecord | None, look: Look, over: Callable[[Any, int], None] | None = None
) -> bytes:
    """Laid-out pages as PDF; the same pages give the same bytes. `over` draws more onto a canvas, given the page.

    Without a record the pages are words only, and nothing is said to whoever reads traces back.
    """
    from reportlab.pdfgen.canvas import Canvas

    _register()
    buffer = BytesIO()
    canvas = Canvas(
        buffer,
        pagesize=(pages[0].width * MM, pages[0].height * MM),
        invariant=1,
        pageCompression=1,
        initialFontName=faces.REGULAR.name,
        lang="zh-CN" if look.language == "zh" else "en",
    )
    canvas.setTitle("ECG")
    canvas.setCreator("Mingjing")
    if record is not None:
        canvas.setKeywords(MARK + json.dumps(_facts(pages, record, look), separators=(",", ":")))
    for number, sheet in enumerate(pages):
        canvas.setPageSize((sheet.width * MM, sheet.height * MM))
        draw(canvas, sheet)
        if over is not None:
            over(canvas, number)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def draw(canvas: Any, sheet: Sheet) -> None:
    """One sheet onto a reportlab canvas whose page has its size; for documents that hold more than the ECG."""
    _register()
    canvas.setLineJoin(1)
    canvas.setLineCap(1)
    pen: tuple[float, str] | None = None
    for mark in sheet.marks:
        if isinstance(mark, Text):
            _write(canvas, mark, sheet.height)
            pen = None
            continue
        if (mark.weight, mark.colour) != pen:
            pen = (mark.weight, mark.colour)
            canvas.setLineWidth(mark.weight * MM)
            canvas.setStrokeColorRGB(*_colour(mark.colour))
        if isinstance(mark, Line):
            canvas.line(mark.x1 * MM, (sheet.height - mark.y1) * MM, mark.x2 * MM, (sheet.height - mark.y2) * MM)
        else:
            _trace(canvas, mark, sheet.height)


def _trace(canvas: Any, mark: Trace, height: float) -> None:
    """A polyline of as many points as there are samples, four decimals of a point (35 nm)."""
    for first, last in _pieces(mark):
        x = mark.points[first:last, 0] * MM
        y = (height - mark.points[first:last, 1]) * MM
        points = [f"{a:.4f} {b:.4f}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        canvas._code.append(f"n {points[0]} m {' l '.join(points[1:])} l S")


def _pieces(mark: Trace) -> list[tuple[int, int]]:
    """From and to before, of the points that are drawn in one go."""
    import numpy as np

    whole = np.isfinite(mark.points).all(axis=1)
    edges = np.flatnonzero(np.diff(whole.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return [(int(first), int(last)) for first, last in edges if last - first > 1]


def _write(canvas: Any, mark: Text, height: float) -> None:
    size, text = mark.size, faces.printable(mark.text)
    width = faces.width_of(text, mark.bold, size)
    if mark.most_mm is not None and width > mark.most_mm * MM:
        size = max(size * mark.most_mm * MM / width, size * 0.7)
        width = faces.width_of(text, mark.bold, size)
        if width > mark.most_mm * MM + 1e-6:
            while text and faces.width_of(text + "…", mark.bold, size) > mark.most_mm * MM:
                text = text[:-1]
            text += "…"
            width = faces.width_of(text, mark.bold, size)
    x = mark.x * MM - (width if mark.align == "right" else 0.0)
    line = canvas.beginText(x, (height - mark.y) * MM)
    line.setFillColorRGB(*_colour(mark.colour))
    for face, part in faces.runs(text, mark.bold):
        _register(face)
        line.setFont(face.name, size)
        outline = faces.outline_em(face, mark.bold)
        if outline:  # the rare ideographs come in one thin weight
            canvas.setLineWidth(outline * size)
            canvas.setStrokeColorRGB(*_colour(mark.colour))
        line.setTextRenderMode(2 if outline else 0)
        line.textOut(part)
    canvas.drawText(line)


def _colour(name: str) -> tuple[float, float, float]:
    return int(name[1:3], 16) / 255, int(name[3:5], 16) / 255, int(name[5:7], 16) / 255


def _register(*wanted: faces.Face) -> None:
    """Give reportlab the suite's faces, unless something of this process already did."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    known = pdfmetrics.getRegisteredFontNames()
    for face in (faces.REGULAR, faces.BOLD, *wanted):
        if face.name not in known:
            pdfmetrics.registerFont(TTFont(face.name, str(face.path)))


def _facts(pages: Sequence[Sheet], record: EcgRecord, look: Look) -> dict[str, Any]:
    """What each trace is, in the order of drawing, so that ``formats`` reads the PDF back; no patient data."""
    traces = []
    for number, sheet in enumerate(pages):
        for mark in sheet.marks:
            if isinstance(mark, Trace) and mark.strip is not None and not mark.strip.beat:
                one = mark.strip
                for first, _ in _pieces(mark):
                    x, y = (round(float(value), 4) for value in mark.points[first])
                    start = round(one.start + first / record.sampling_hz, 6)
                    traces.append([number, one.lead, start, x, y, round(mark.zero, 6), int(one.turned)])
    heights = [sheet.height for sheet in pages]
    return {"hz": record.sampling_hz, "speed": look.speed, "gain": look.gain, "traces": traces, "heights": heights}
