"""What the overview of critical values shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shared.contract.critical import CriticalChoice, CriticalHit, DepartmentCount, DutyView, LoopDetails, LoopView


class Which(StrEnum):
    """Ready-made filters."""

    OPEN = "open"
    OVERDUE = "overdue"
    MINE = "mine"
    ALL = "all"


@dataclass(frozen=True)
class OverviewState:
    """The list with its counts, and the loop that is looked at. `ahead` is the server's clock less ours."""

    which: Which = Which.OPEN
    department: str = ""
    patient: str = ""
    rows: tuple[LoopView, ...] = ()
    total: int = 0
    open: int = 0
    overdue: int = 0
    mine: int = 0
    departments: tuple[DepartmentCount, ...] = ()
    details: LoopDetails | None = None
    duty: tuple[DutyView, ...] = ()
    ahead: timedelta = timedelta(0)
    is_loading: bool = False
    is_busy: bool = False
    generation: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None

    def now(self) -> datetime:
        """The server's clock."""
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class PanelState:
    """What the panel beside a report shows."""

    report_id: int = 0
    exam_type: str = ""
    department: str = ""
    hits: tuple[CriticalHit, ...] = ()
    loops: tuple[LoopView, ...] = ()
    choices: tuple[CriticalChoice, ...] = ()
    details: LoopDetails | None = None
    duty: tuple[DutyView, ...] = ()
    is_busy: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    may_report: bool = False
    reported: int = 0  # counts reports made here, so that the form is emptied

    def is_reported(self, hit: CriticalHit) -> bool:
        """Whether a hit stands in an open or ended loop of this report already."""
        return any(loop.code == hit.code and loop.state != "cancelled" for loop in self.loops)


@dataclass(frozen=True)
class AlarmState:
    """What the strip above every page says; `rings` counts how often the desk shall sound."""

    open: int = 0
    overdue: int = 0
    first: LoopView | None = None
    rings: int = 0
