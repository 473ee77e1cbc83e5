"""Finding Chinese words by characters, pinyin or initials; loads its dictionary when first asked; knows no Qt."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def initials(text: str) -> str:
    """First letters of the pinyin of `text`, lower case; other characters stay ("CT 检查" → "ct jc")."""
    if text.isascii():
        return text.lower()
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).lower()


@lru_cache(maxsize=4096)
def full_pinyin(text: str) -> str:
    """The whole pinyin of `text` without tones and spaces, lower case."""
    if text.isascii():
        return text.lower().replace(" ", "")
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(text)).lower().replace(" ", "")


def matches(text: str, typed: str) -> bool:
    """Say whether `typed` is part of `text` or its initials, or begins its pinyin; case does not matter."""
    wanted = typed.strip().lower()
    if not wanted or wanted in text.lower():
        return True
    if not wanted.isascii() or text.isascii():
        return False
    plain = wanted.replace(" ", "")
    return plain in initials(text).replace(" ", "") or full_pinyin(text).startswith(plain)
