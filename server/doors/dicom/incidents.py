"""Logs a bug without what it was about: exception types and places, never their texts, which may name a patient."""

from __future__ import annotations

import logging
import secrets
import traceback


def log_incident(log: logging.Logger, where: str, error: BaseException) -> str:
    """Log ``error`` with its causes and return the incident number that the peer is told."""
    number = secrets.token_hex(4)
    lines = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)
        places = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        lines.append(f"{type(current).__module__}.{type(current).__qualname__} at {places or 'nowhere'}")
        current = current.__cause__ or current.__context__
    log.error("incident %s in %s: %s", number, where, "; caused by ".join(lines))
    return number
