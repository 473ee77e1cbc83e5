"""The re-grossing orders that were begun at this workstation: their cases' new rows are theirs (PA-GRS-22)."""

from __future__ import annotations

_begun: dict[int, int] = {}


def remember(case_id: int, order_id: int) -> None:
    """补取执行 was pressed for an order of a case."""
    _begun[case_id] = order_id


def order_of(case_id: int) -> int | None:
    """The order that was begun, or None."""
    return _begun.get(case_id)
