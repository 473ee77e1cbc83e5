"""Rows of the grossing table before they are stored: what was typed, checked and suggested; knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from clients.kit.translations import tr
from shared.contract.pathology_technique import BlockEntry, BlockView
from shared.domain.pathology import GROSSING_SOURCES, TASK_SOURCES, BlockState, TaskSource
from shared.domain.pathology_serials import next_serial

SERIAL_LETTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class GrossRow:
    """One row: stored (`block`) or not, changed or not. `id` is the block's, negative while it has none."""

    id: int
    entry: BlockEntry
    block: BlockView | None = None
    is_changed: bool = False

    @property
    def is_stored(self) -> bool:
        """Whether the server has it."""
        return self.block is not None

    @property
    def may_change(self) -> bool:
        """Only rows that were not verified (PA-GRS-15)."""
        return self.block is None or self.block.state is BlockState.TO_VERIFY

    @property
    def serial(self) -> str:
        return self.entry.serial

    @property
    def source(self) -> str:
        return source_words(self.entry)

    @property
    def site(self) -> str:
        return self.entry.site

    @property
    def pieces(self) -> int:
        return self.entry.pieces

    @property
    def unit(self) -> str:
        return self.entry.unit

    @property
    def grosser(self) -> str:
        return self.entry.grosser

    @property
    def grossed_at(self) -> datetime | None:
        return self.entry.grossed_at

    @property
    def state(self) -> str:
        """Where it stands in the technical room; not stored yet: `draft`."""
        return self.block.state.value if self.block is not None else "draft"

    @property
    def is_printed(self) -> bool:
        return self.block is not None and self.block.label_prints > 0


def source_words(entry: BlockEntry) -> str:
    """What the row says under 任务来源."""
    return entry.source_note or tr(TASK_SOURCES[entry.source].zh)


def source_of(words: str) -> tuple[TaskSource, str]:
    """The task source that words name, in either language; others are kept as typed (PA-GRS-07)."""
    plain = words.strip()
    for source, word in TASK_SOURCES.items():
        if source is not TaskSource.OTHER and plain in (word.zh, word.en, tr(word.zh)):
            return source, ""
    return TaskSource.OTHER, plain


def source_choices() -> list[str]:
    """The sources that grossing knows, in words."""
    return [tr(TASK_SOURCES[one].zh) for one in GROSSING_SOURCES if one is not TaskSource.OTHER]


def row_of(block: BlockView) -> GrossRow:
    """A stored row."""
    entry = BlockEntry(
        serial=block.serial,
        source=block.source,
        source_note=block.source_note,
        site=block.site,
        pieces=block.pieces,
        unit=block.unit,
        specimen_id=block.specimen_id,
        grosser_id=block.grosser_id,
        grosser=block.grosser,
        grossed_at=block.grossed_at,
        note=block.note,
    )
    return GrossRow(block.id, entry, block)


def entry_of(values: dict[str, Any], before: BlockEntry | None, my_name: str, specimen_id: int | None) -> BlockEntry:
    """What the fields of the row say; the account of the grosser is kept while the name is."""
    source, note = source_of(str(values["source"]))
    grosser = str(values["grosser"]).strip()
    same = before is not None and before.grosser == grosser
    is_me = grosser in ("", my_name)
    return BlockEntry(
        serial=str(values["serial"]).strip().upper(),
        source=source,
        source_note=note,
        site=str(values["site"]).strip(),
        pieces=int(values["pieces"] or 0),
        unit=str(values["unit"]).strip(),
        specimen_id=before.specimen_id if before is not None else specimen_id,
        grosser_id=before.grosser_id if before is not None and same else None,
        # without a name the server takes the account of the caller, which the rule of two persons looks at
        grosser=my_name if is_me and not (before is not None and same) else grosser,
        grossed_at=values["grossed_at"],
        note=before.note if before is not None else "",
    )


def for_server(entry: BlockEntry, my_name: str) -> BlockEntry:
    """The entry as it is sent: one's own name goes as one's own account."""
    if entry.grosser_id is None and entry.grosser == my_name:
        return msgspec.structs.replace(entry, grosser="")
    return entry


def problems_of(entry: BlockEntry, rows: Sequence[GrossRow], row_id: int | None) -> dict[str, str]:
    """What is wrong with a row before the server is asked (PA-GRS-08, PA-GRS-10)."""
    found: dict[str, str] = {}
    serial = entry.serial
    if serial and (len(serial) > 4 or not set(serial) <= SERIAL_LETTERS):
        found["serial"] = tr("取材序号只能用 1 到 4 位数字或字母。")
    elif serial and any(row.serial == serial and row.id != row_id for row in rows):
        found["serial"] = tr("取材序号 {serial} 已存在，请改用其他序号。", serial=serial)
    if not 1 <= entry.pieces <= 999:
        found["pieces"] = tr("材块数应为 1 到 999 的整数。")
    if entry.source is TaskSource.OTHER and not entry.source_note:
        found["source"] = tr("请填写任务来源。")
    return found


def suggested_serial(rows: Sequence[GrossRow], *, several: bool) -> str:
    """The serial of the next row (PA-NUM-06)."""
    return next_serial({row.serial for row in rows}, several=several)


def merged(rows: Sequence[GrossRow], blocks: Sequence[BlockView]) -> tuple[GrossRow, ...]:
    """The stored rows as the server has them now; what was typed and not saved stays on top of them.

    A changed row that was verified meanwhile cannot be changed any more and is shown as stored. A new row whose serial
    was taken meanwhile by the same words is the stored one (its answer was lost).
    """
    changed = {row.id: row for row in rows if row.is_stored and row.is_changed}
    stored = []
    for block in blocks:
        fresh = row_of(block)
        old = changed.get(block.id)
        stored.append(
            replace(fresh, entry=old.entry, is_changed=True) if old is not None and fresh.may_change else fresh
        )
    known = {(row.serial, row.site, row.pieces) for row in stored}
    new = [row for row in rows if not row.is_stored and (row.serial, row.site, row.pieces) not in known]
    return (*stored, *new)
