"""Texts that are searched by their beginning: one order on both databases, so that a prefix is a range of an index."""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, and_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine


def ordered_text(length: int) -> TypeEngine[str]:
    """Return a text type in code point order (SQLite compares so by itself; PostgreSQL with collation C)."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def begins(column: InstrumentedAttribute[str], prefix: str) -> ColumnElement[bool]:
    """Return the condition that an `ordered_text` column begins with `prefix`."""
    return and_(column >= prefix, column < prefix + "\U0010ffff")
