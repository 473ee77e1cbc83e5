"""Initials of Chinese words for quick entry: 胸部平扫 becomes xbps."""

from __future__ import annotations

import re
from functools import lru_cache

_LENGTH = 50
_KEPT = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=20_000)
def initials(text: str) -> str:
    """Return the first letters of the pinyin of `text` in lower case, letters and figures as they are."""
    from shared.dicomkit.names import is_chinese

    if not is_chinese(text):
        return _KEPT.sub("", text.lower())[:_LENGTH]
    from pypinyin import Style, lazy_pinyin

    return _KEPT.sub("", "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).lower())[:_LENGTH]
