"""Search keys of patients' names; the readings themselves are shared.dicomkit.names'."""

from __future__ import annotations

from shared.dicomkit.names import is_chinese, search_keys

INITIALS_LENGTH = 16


def initials_for(name: str, pinyin: str) -> str:
    """Return the search initials of a patient: zs of 张三, sj of Smith^John."""
    return search_keys(name if is_chinese(name) else pinyin.replace("^", " "))[1][:INITIALS_LENGTH]
