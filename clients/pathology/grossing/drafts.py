"""What was typed at the grossing bench and is not stored, as JSON for the journal of drafts; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clients.pathology.grossing.rows import GrossRow
from shared.contract.pathology_technique import BlockEntry


def draft_id(case_id: int) -> str:
    """Where the unsaved grossing of a case is kept."""
    return f"pathology-grossing-{case_id}"


def packed(rows: Sequence[GrossRow]) -> list[dict[str, Any]]:
    """New and changed rows."""
    return [
        {"id": row.id, "entry": msgspec.to_builtins(row.entry)} for row in rows if not row.is_stored or row.is_changed
    ]


def unpacked(kept: object, stored: Sequence[GrossRow]) -> tuple[GrossRow, ...]:
    """Stored rows with what a journal says on top; what cannot be read, or fits nothing any more, is passed over."""
    by_id = {row.id: row for row in stored}
    new: list[GrossRow] = []
    for one in kept if isinstance(kept, list) else ():
        try:
            row_id, entry = int(one["id"]), msgspec.convert(one["entry"], BlockEntry)
        except (msgspec.ValidationError, KeyError, TypeError, ValueError):
            continue
        old = by_id.get(row_id)
        if old is not None and old.may_change:
            by_id[row_id] = GrossRow(row_id, entry, old.block, is_changed=True)
        elif row_id < 0:
            new.append(GrossRow(row_id, entry))
    known = {(row.serial, row.site, row.pieces) for row in stored}
    return (*by_id.values(), *(row for row in new if (row.serial, row.site, row.pieces) not in known))


def text_of(kept: Mapping[str, Any], key: str) -> str | None:
    """A text of the journal, None where it has none."""
    value = kept.get(key)
    return value if isinstance(value, str) else None
