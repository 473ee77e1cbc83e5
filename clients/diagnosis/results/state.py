"""What the panel of results shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.results import ResultView


@dataclass(frozen=True)
class PanelState:
    """Results of a report, newest issue first. `resends` tells whether this account may send again."""

    report_id: int = 0
    rows: tuple[ResultView, ...] = ()
    is_loaded: bool = False
    resends: bool = False
    trouble: str = ""

    def issues(self) -> tuple[tuple[ResultView, ...], ...]:
        """Return the results of each issue, newest first."""
        numbers = sorted({row.issue for row in self.rows}, reverse=True)
        return tuple(tuple(row for row in self.rows if row.issue == number) for number in numbers)
