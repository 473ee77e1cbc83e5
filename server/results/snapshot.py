"""What a report said at one moment: the one source of every result of that issue."""

from __future__ import annotations

import msgspec

from shared.contract.reporting import ReportView
from shared.contract.results import ResultEvent
from shared.domain.rich_text import spelled
from shared.domain.states import CriticalValue
from shared.domain.structured import CodedValue

PATHOLOGY = "PATH"
"""Exam type of pathology's reports, whose items name the kind of report."""
ECG = "ECG"
"""Exam type of the ECG network's reports, whose items name the kind of report too."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it left. `addenda` are plain texts, oldest first; `reason` is why it was corrected or withdrawn."""

    event: ResultEvent
    edition: int
    view: ReportView
    hospital: str
    reason: str = ""
    addenda: tuple[str, ...] = ()
    coded: tuple[CodedValue, ...] = ()

    @property
    def findings(self) -> str:
        """The findings without markup; raised figures are characters, so that 10³ does not leave as 103."""
        return spelled(self.view.content.findings)

    @property
    def impression(self) -> str:
        """The impression without markup."""
        return spelled(self.view.content.impression)

    @property
    def is_critical(self) -> bool:
        """Whether the doctor said that it is a critical value."""
        return self.view.content.critical_value is CriticalValue.YES

    @property
    def is_withdrawn(self) -> bool:
        """Whether this issue takes back what was sent."""
        return self.event is ResultEvent.WITHDRAWN

    @property
    def title(self) -> str:
        """What the document is called."""
        row = self.view.row
        return row.items if row.exam_type in (PATHOLOGY, ECG) and row.items else "影像诊断报告"


def packed(snapshot: Snapshot) -> bytes:
    """As the row keeps it."""
    return msgspec.json.encode(snapshot)


def unpacked(body: bytes) -> Snapshot:
    """As `packed` wrote it, also by an earlier version of the program: new fields have defaults."""
    return msgspec.json.decode(body, type=Snapshot)
