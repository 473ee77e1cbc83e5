"""What may stand in a number slot: optional sign, digits, decimals, or a range a-b (PA-TPL-24)."""

from __future__ import annotations

import re

BLANKS = " 　"
"""The blanks of the grammar: space and ideographic space."""
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:-[+-]?[0-9]+(?:\.[0-9]+)?)?")


def is_number(text: str) -> bool:
    """Say whether `text`, without blanks around it, is a number or a range of two numbers."""
    return _NUMBER.fullmatch(text) is not None
