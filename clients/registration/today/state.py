"""What today's list shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.exams import ExamRow


@dataclass(frozen=True)
class TodayState:
    """Rows as last seen, with the filter and the search box, which work together (RIS-REG-04).

    While `loading` the old rows stay; `trouble` says why no newer ones came.
    """

    rows: tuple[ExamRow, ...] = ()
    total: int = 0
    loading: bool = False
    loaded_once: bool = False
    trouble: str = ""
    pending_cancel: frozenset[int] = frozenset()
    highlighted: int | None = None
    exam_type: str = ""  # all when empty
    search: str = ""
    by_card: bool = False  # the box searches the card number instead of the name

    @property
    def is_filtered(self) -> bool:
        """True if an empty list may be the filter's doing."""
        return bool(self.exam_type or self.search.strip())
