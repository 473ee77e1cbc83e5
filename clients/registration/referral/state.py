"""What the list of referrals shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.referrals import ReferralView


@dataclass(frozen=True)
class ReferralListState:
    """Referrals that were sent, or that came in, with filter and search as in today's list (RIS-REF-02)."""

    incoming: bool = False
    rows: tuple[ReferralView, ...] = ()
    total: int = 0
    waiting: int = 0  # incoming ones without an answer
    exam_type: str = ""
    search: str = ""
    by_card: bool = False
    loading: bool = False
    loaded_once: bool = False
    trouble: str = ""
    highlighted: int | None = None

    @property
    def is_filtered(self) -> bool:
        """True if an empty list may be the filter's doing."""
        return bool(self.exam_type or self.search.strip())
