"""Pages as ZPL II, for port 9100 or a raw printer queue (Zebra "ZPL II Programming Guide")."""

from __future__ import annotations

from collections.abc import Sequence

from server.printing.layout.dots import Band, DotBars, DotPage

MOST_COPIES = 99
_TURNS = {0: "N", 90: "R", 180: "I", 270: "B"}


def zpl_of(pages: Sequence[DotPage], *, copies: int = 1, darkness: int | None = None) -> bytes:
    """One label for each page, `copies` of each; darkness 0 to 30 or the printer's own."""
    return "".join(_label(page, copies, darkness) for page in pages).encode("ascii")


def _label(page: DotPage, copies: int, darkness: int | None) -> str:
    commands = [] if darkness is None else [f"~SD{darkness:02d}"]
    commands += ["^XA", "^CI28", f"^PW{page.width}", f"^LL{page.height}", "^LH0,0"]  # ^CI28: field data is UTF-8
    commands += [f"^FO{band.x},{band.y}{graphic(band)}^FS" for band in page.bands]
    commands += [_bars(bars) for bars in page.bars]
    commands.append(f"^PQ{copies}")
    return "\n".join([*commands, "^XZ"]) + "\n"


def _bars(bars: DotBars) -> str:
    """The printer's own Code 128 in mode A (it changes the character set by itself).

    Not mode N with our own set changes: printers of other makers and renderers differ in reading those.
    """
    return (
        f"^FO{bars.x},{bars.y}^BY{bars.module}^BC{_TURNS[bars.turn]},{bars.height},N,N,N,A^FH_^FD{field(bars.text)}^FS"
    )


def field(text: str) -> str:
    """Field data behind ^FH_: ZPL's own signs and all that is not plain ASCII as hexadecimal of its UTF-8 bytes."""
    return "".join(
        chr(byte) if 0x20 <= byte < 0x7F and chr(byte) not in "^~_\\," else f"_{byte:02X}"
        for byte in text.encode("utf-8")
    )


def graphic(band: Band) -> str:
    """A ^GFA field in ASCII hexadecimal with the compression of the guide's "alternative data compression scheme"."""
    row_bytes = band.width // 8
    total = row_bytes * band.height
    lines: list[str] = []
    before = b""
    for row in band.rows:
        lines.append(":" if row == before else _compressed(row.hex().upper()))
        before = row
    return f"^GFA,{total},{total},{row_bytes},{''.join(lines)}"


def _compressed(digits: str) -> str:
    """One row: G to Y repeat 1 to 19 times, g to z 20 to 400 times, a comma fills the row with zeros.

    The guide's ! for ones is left out: not every printer of another maker knows it.
    """
    stripped = digits.rstrip("0")
    ending = ""
    if len(digits) - len(stripped) > 1:
        ending, digits = ",", stripped + "0" * (len(stripped) % 2)  # rows are filled from a whole byte on
    parts, at = [], 0
    while at < len(digits):
        end = at
        while end < len(digits) and digits[end] == digits[at]:
            end += 1
        parts.append(_repeated(digits[at], end - at))
        at = end
    return "".join(parts) + ending


def _repeated(digit: str, count: int) -> str:
    if count < 3:
        return digit * count
    parts = "z" * (count // 400)
    rest = count % 400
    if rest >= 20:
        parts += chr(ord("g") + rest // 20 - 1)
    if rest % 20:
        parts += chr(ord("G") + rest % 20 - 1)
    return parts + digit
