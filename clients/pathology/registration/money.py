"""Amounts of money as people type and read them: yuan with two decimals, kept in fen; knows no Qt."""

from __future__ import annotations

import re

_YUAN = re.compile(r"(\d{1,7})(?:\.(\d{1,2}))?\Z")


def fen_of(text: str) -> int | None:
    """ "30" → 3000, "30.5" → 3050; None for anything that is no amount."""
    found = _YUAN.match(text.strip().replace("，", "").replace("。", "."))
    if found is None:
        return None
    return int(found.group(1)) * 100 + int((found.group(2) or "0").ljust(2, "0"))


def yuan_of(fen: int) -> str:
    """3050 → "30.50"."""
    return f"{fen // 100}.{fen % 100:02d}"
