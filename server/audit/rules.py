"""How audit entries are tied together; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

FIRST = "0" * 64


def link(previous: str, fields: Sequence[str]) -> str:
    """Return the chain value of an entry with `fields` that follows the entry with chain value `previous`."""
    text = previous + "\x1f" + "\x1f".join(fields)
    return hashlib.sha256(text.encode()).hexdigest()
