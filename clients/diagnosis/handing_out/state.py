"""What the page for handing out shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.contract.report_paper import BatchItemState, BatchView, CopyView, HandoutRow


@dataclass(frozen=True)
class HandingOutState:
    """`batch` is the job on screen; `stopped_by` why it stands still, in words; `log` of the row looked at."""

    rows: tuple[HandoutRow, ...] = ()
    total: int = 0
    is_loading: bool = False
    problem: str = ""
    only_unprinted: bool = True
    examined_from: date | None = None
    examined_to: date | None = None
    text: str = ""  # name or exam number
    chosen: frozenset[int] = frozenset()  # report ids
    batch: BatchView | None = None
    is_printing: bool = False
    stopped_by: str = ""
    log: tuple[CopyView, ...] = ()
    log_of: int = 0  # report id
    open_batches: int = 0

    def count(self, *states: BatchItemState) -> int:
        """How many reports of the job are in these states."""
        return 0 if self.batch is None else sum(item.state in states for item in self.batch.items)
