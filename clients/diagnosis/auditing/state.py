"""What the audit's panels and pages show; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.contract.reporting import ReportContent, ReportLogView, ReportRow, ReportView
from shared.contract.signing import AuthorityView, EditionView, SignatureVerdict, SignerView
from shared.domain.states import ReportAction


class Base(StrEnum):
    """Which earlier text the present one is compared with."""

    SUBMITTED = "submitted"  # what the diagnosing doctor handed in last
    FIRST = "first"  # what was kept first of all
    APPROVED = "approved"  # the edition that was approved last


class Form(StrEnum):
    """Which correction is being written."""

    NONE = ""
    REVISE = "revise"
    ADD = "add"


@dataclass(frozen=True)
class PanelState:
    """One report beside the text."""

    report: ReportView | None = None
    content: ReportContent = field(default_factory=ReportContent)  # what stands in the editors
    log: ReportLogView | None = None
    base: Base = Base.SUBMITTED
    editions: tuple[EditionView, ...] = ()
    verdicts: Mapping[int, SignatureVerdict] = field(default_factory=dict)  # by edition
    form: Form = Form.NONE
    problem: str = ""
    is_busy: bool = False

    @property
    def bases(self) -> tuple[Base, ...]:
        """Which earlier texts there are."""
        report = self.report
        if report is None or self.log is None or not self.log.versions:
            return ()
        found = [Base.SUBMITTED] if report.submitted_version else []
        if any(not one.is_withdrawn or report.revision_reason for one in self.editions):
            found.append(Base.APPROVED)
        return (*found, Base.FIRST)

    @property
    def earlier(self) -> ReportContent | None:
        """The earlier text that is compared with; None before there is one."""
        if self.report is None or self.log is None or not self.log.versions:
            return None
        by_number = {one.version: one.content for one in self.log.versions}
        base = self.base if self.base in self.bases else (self.bases or (Base.FIRST,))[0]
        if base is Base.SUBMITTED:
            return by_number.get(self.report.submitted_version)
        if base is Base.APPROVED:
            return next((by_number.get(one.text_version) for one in self.editions), None)
        return self.log.versions[0].content

    def allows(self, action: ReportAction) -> bool:
        """Say whether the server allows an action on the report now."""
        return self.report is not None and action in self.report.allowed


class Mark(StrEnum):
    """What the auditor decided of a row, or what became of it."""

    NONE = "none"
    AGREED = "agreed"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True)
class BatchRow:
    """A report that waits for audit, and what was decided."""

    row: ReportRow
    mark: Mark = Mark.NONE
    sentence: str = ""

    @property
    def id(self) -> int:
        """Of the report."""
        return self.row.id

    @property
    def may_agree(self) -> bool:
        """Whether it may be approved as it stands: nobody's, complete, not one's own."""
        return ReportAction.AUDIT in self.row.allowed and not self.row.locked_by and not self.row.missing_images


@dataclass(frozen=True)
class BatchState:
    """The page of many reports."""

    rows: tuple[BatchRow, ...] = ()
    total: int = 0
    selected: int = 0  # report id
    report: ReportView | None = None  # the selected one
    is_loading: bool = False
    is_approving: bool = False
    trouble: str = ""

    @property
    def agreed(self) -> tuple[BatchRow, ...]:
        """Those that will be approved."""
        return tuple(one for one in self.rows if one.mark is Mark.AGREED)

    @property
    def present(self) -> BatchRow | None:
        """The selected row."""
        return next((one for one in self.rows if one.id == self.selected), None)


@dataclass(frozen=True)
class SignatureState:
    """The page of one's own signature."""

    signer: SignerView | None = None
    authority: AuthorityView | None = None
    is_drawing: bool = False
    is_busy: bool = False
    problem: str = ""
