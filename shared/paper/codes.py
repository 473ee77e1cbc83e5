"""Code 128, QR and Data Matrix as plain bars and squares, so that every output draws the same modules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from shared.paper import datamatrix

CODE128_QUIET_MODULES = 10  # ISO/IEC 15417 4.2


class BarcodeError(ValueError):
    """A text cannot be put into the code; the message says why."""


@dataclass(frozen=True)
class Bars:
    """A linear code: `runs` are (x, width) of the black bars, `modules` the whole width in modules; no quiet zone."""

    runs: tuple[tuple[int, int], ...]
    modules: int


def code128(text: str) -> Bars:
    """Code 128 (ISO/IEC 15417) of printable ASCII, in the shortest mix of sets B and C."""
    if not text or any(not " " <= c <= "~" for c in text):
        raise BarcodeError(f"a bar code holds Latin letters, digits and signs only, not {text!r}")
    return _code128(text)


@lru_cache(maxsize=256)
def _code128(text: str) -> Bars:
    from reportlab.graphics.barcode.code128 import Code128Auto

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


@lru_cache(maxsize=256)
def qr_matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """QR code (ISO/IEC 18004) at error level M, without quiet zone; rows from the top."""
    import segno
    from segno.encoder import DataOverflowError

    if not text:
        raise BarcodeError("a QR code needs a text")
    try:
        code = segno.make_qr(text, error="m", boost_error=False)
    except DataOverflowError as fault:
        raise BarcodeError("this text is too long for a QR code") from fault
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


@lru_cache(maxsize=256)
def data_matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """Data Matrix ECC 200 without quiet zone; rows from the top."""
    try:
        return datamatrix.matrix(text)
    except ValueError as fault:
        raise BarcodeError(str(fault)) from fault


def row_runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    """The black stretches of a row as (start, length): neighbours are joined, else a rasteriser shows seams."""
    runs: list[tuple[int, int]] = []
    for index, dark in enumerate(row):
        if dark and runs and runs[-1][0] + runs[-1][1] == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((index, 1))
    return runs
