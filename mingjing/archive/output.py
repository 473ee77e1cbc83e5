"""What the archive's words print: tables or JSON on standard output, progress and faults on standard error."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

OK, FAILED, USAGE, PARTLY = 0, 1, 2, 3
"""Exit statuses: done, refused or failed, wrongly called, done in part (some files refused or missing)."""

_REDRAW_S = 0.2


def make_streams_safe() -> None:
    """Text that a console cannot show is escaped instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def as_json(value: Any) -> None:
    """Print a value of the contract, or builtins, as JSON."""
    print(json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2))


def table(rows: Iterable[Sequence[object]], *heads: str) -> None:
    """Print rows in columns; Chinese characters are two wide."""
    text = [list(heads), *[[_cell(value) for value in row] for row in rows]]
    if len(text) == 1:
        print("nothing found")
        return
    widths = [max(_width(line[column]) for line in text) for column in range(len(heads))]
    for line in text:
        padded = [cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)]
        print("  ".join(padded).rstrip())


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else " " for c in text)[:80]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def size(count: float) -> str:
    """A number of bytes for a person."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


class Progress:
    """A bar on a terminal; silence elsewhere."""

    def __init__(self, what: str, *, quiet: bool) -> None:
        self._what = what
        self._is_shown = sys.stderr.isatty() and not quiet
        self._drawn_at = 0.0
        self._began_at = time.monotonic()

    def show(self, done: float, total: float, note: str = "") -> None:
        """Draw, at most five times a second."""
        now = time.monotonic()
        if not self._is_shown or (now - self._drawn_at < _REDRAW_S and done < total):
            return
        self._drawn_at = now
        share = min(done / total, 1.0) if total else 0.0
        left = (now - self._began_at) * (1 - share) / share if share > 0.02 else 0.0
        bar = "#" * round(share * 30)
        text = f"{self._what} [{bar:<30}] {share:4.0%} {note}" + (f"  {left:.0f} s left" if left >= 1 else "")
        print("\r" + text[:110].ljust(110), end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the line."""
        if self._is_shown and self._drawn_at:
            print(file=sys.stderr)
            self._is_shown = False
