"""Rules of API tokens; pure."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

PREFIX = "mj_"
"""Every secret begins with it: scanners of source code find a leaked one, and it is no session's token."""
MAX_DAYS = 3650
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,38}\Z")


def digest(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so a slow hash would protect nothing more."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_live(now: datetime, expires_at: datetime | None, revoked_at: datetime | None) -> bool:
    """Whether a token opens anything at `now`."""
    return revoked_at is None and (expires_at is None or now < expires_at)
