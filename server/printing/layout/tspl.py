"""Pages as TSPL2, the language of TSC and many inexpensive label printers (TSC "TSPL/TSPL2 Programming Language")."""

from __future__ import annotations

from collections.abc import Sequence

from server.printing.layout.dots import Band, DotBars, DotPage


def tspl_of(pages: Sequence[DotPage], *, copies: int = 1, darkness: int | None = None) -> bytes:
    """One label for each page, `copies` of each; darkness 0 to 30 becomes DENSITY 0 to 15."""
    return b"".join(_label(page, copies, darkness) for page in pages)


def _label(page: DotPage, copies: int, darkness: int | None) -> bytes:
    size = f"SIZE {page.width / page.dots:g} mm,{page.height / page.dots:g} mm"
    head = [size] if darkness is None else [size, f"DENSITY {darkness // 2}"]
    parts = [_lines(*head, "DIRECTION 0", "REFERENCE 0,0", "CLS")]
    parts += [_bitmap(band) for band in page.bands]
    parts += [_lines(_bars(bars)) for bars in page.bars]
    parts.append(_lines(f"PRINT 1,{copies}"))
    return b"".join(parts)


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _bars(bars: DotBars) -> str:
    """Code 128 with automatic change of the set, no text below; a quotation mark is written as \\["]."""
    x, y = bars.x, bars.y
    text = bars.text.replace('"', '\\["]')
    return f'BARCODE {x},{y},"128",{bars.height},0,{bars.turn},{bars.module},{bars.module},"{text}"'


def _bitmap(band: Band) -> bytes:
    """BITMAP prints a dot for every 0 bit."""
    head = f"BITMAP {band.x},{band.y},{band.width // 8},{band.height},0,".encode("ascii")
    return head + bytes(byte ^ 0xFF for row in band.rows for byte in row) + b"\r\n"
