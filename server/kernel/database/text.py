"""Texts that are searched by their beginning: one order on both databases, so that a prefix is a range of an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import BindParameter, ColumnElement, String, and_, bindparam, func
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

T = TypeVar("T")


def ordered_text(length: int) -> TypeEngine[str]:
    """Return a text type in code point order (SQLite compares so by itself; PostgreSQL with collation C)."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def begins(column: InstrumentedAttribute[str], prefix: str) -> ColumnElement[bool]:
    """Return the condition that an `ordered_text` column begins with `prefix`."""
    return and_(column >= prefix, column < prefix + "\U0010ffff")


def unindexed(column: InstrumentedAttribute[T]) -> ColumnElement[T]:
    """Return a column in a form for which no planner looks for an index: another one fits the question better."""
    return func.coalesce(column, column)


def one_of(column: InstrumentedAttribute[int], numbers: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that a column is one of many ids, written into the statement.

    As parameters, thousands of them cost the driver more than the whole question costs the database.
    """
    few: BindParameter[Sequence[int]] = bindparam(
        "few", [int(one) for one in numbers], expanding=True, literal_execute=True, unique=True
    )
    return column.in_(few)
