"""Code 128 and QR codes as plain bars and squares, so that any output (PDF, printer dots) draws the same modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CODE128_QUIET_MODULES = 10  # ISO/IEC 15417 4.2


class BarcodeError(ValueError):
    """A text cannot be put into the bar code; the message says why."""


@dataclass(frozen=True)
class Bars:
    """A linear code: `runs` are (x, width) of the black bars, `modules` the whole width in modules; no quiet zone."""

    runs: tuple[tuple[int, int], ...]
    modules: int


def code128(text: str) -> Bars:
    """Code 128 (ISO/IEC 15417) of printable ASCII, in the shortest mix of sets B and C."""
    from reportlab.graphics.barcode.code128 import Code128Auto

    if not text or any(not " " <= c <= "~" for c in text):
        raise BarcodeError(f"a bar code holds Latin letters, digits and signs only, not {text!r}")
    encoder = Code128Auto(text, barWidth=1, quiet=0)
    encoder.validate()
    encoder.encode()
    encoder.decompose()
    runs, position = [], 0
    for symbol in encoder.decomposed:  # upper case: bar, lower case: space; a, b, c, d: 1 to 4 modules
        size = "abcd".index(symbol.lower()) + 1
        if symbol.isupper():
            runs.append((position, size))
        position += size
    return Bars(tuple(runs), position)


def qr_matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """QR code at error level M, without quiet zone; rows from the top."""
    import segno

    code = segno.make_qr(text, error="m", boost_error=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def draw_code128(canvas: Any, bars: Bars, x: float, y: float, *, module: float, height: float) -> None:
    """Draw with the lower left corner at (x, y); all in points."""
    canvas.setFillGray(0)
    for start, size in bars.runs:
        canvas.rect(x + start * module, y, size * module, height, stroke=0, fill=1)


def draw_qr(canvas: Any, text: str, x: float, y: float, side: float) -> None:
    """Draw with the lower left corner at (x, y), `side` points wide without quiet zone."""
    matrix = qr_matrix(text)
    module = side / len(matrix)
    canvas.setFillGray(0)
    path = canvas.beginPath()
    for row_index, row in enumerate(matrix):
        column = 0
        while column < len(row):
            end = column
            while end < len(row) and row[end]:
                end += 1
            if end > column:  # neighbours are joined, else a rasteriser shows seams
                path.rect(x + column * module, y + side - (row_index + 1) * module, (end - column) * module, module)
            column = end + 1
    canvas.drawPath(path, stroke=0, fill=1)
