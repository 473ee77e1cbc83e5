"""What the diagnosis page shows, and what follows from it; knows no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contract.pathology_reports import DiagnosisView, OpinionText, OpinionView
from shared.domain.pathology import CaseState, DoctorRole, OpinionKind

MAIN_LINE = (OpinionKind.FIRST, OpinionKind.CHIEF, OpinionKind.SECOND)
FIELDS = ("findings", "diagnosis", "comment")
_USUAL: Mapping[CaseState, tuple[OpinionKind, ...]] = {
    CaseState.REGISTERED: (OpinionKind.FIRST, OpinionKind.CHIEF),
    CaseState.GROSSED: (OpinionKind.FIRST, OpinionKind.CHIEF),
    CaseState.PREPARED: (OpinionKind.FIRST, OpinionKind.CHIEF),
    CaseState.FIRST: (OpinionKind.CHIEF, OpinionKind.FIRST),
    CaseState.CHIEF: (OpinionKind.SECOND, OpinionKind.CHIEF),
    CaseState.SECOND: (OpinionKind.SECOND, OpinionKind.CHIEF),
}
_ROLES = {
    DoctorRole.FIRST: OpinionKind.FIRST,
    DoctorRole.CHIEF: OpinionKind.CHIEF,
    DoctorRole.SECOND: OpinionKind.SECOND,
}


@dataclass(frozen=True)
class PageState:
    """The page. `kind` is the opinion that is written, None where nothing may be written: the report is then shown."""

    page: DiagnosisView | None = None
    kind: OpinionKind | None = None
    is_busy: bool = False
    is_dirty: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def may_write(self) -> bool:
        return self.kind is not None and not self.is_busy

    @property
    def opinion(self) -> OpinionView | None:
        """The own opinion that is written on."""
        return None if self.page is None or self.kind is None else own(self.page, self.kind)


def own(page: DiagnosisView, kind: OpinionKind) -> OpinionView | None:
    """Return the reader's newest opinion of a kind."""
    found = [one for one in page.opinions if one.is_mine and one.kind is kind and not one.report_id]
    return found[-1] if found else None


def writable(page: DiagnosisView) -> tuple[OpinionKind, ...]:
    """Return the kinds of the main line that may be written, in their order."""
    return tuple(kind for kind in MAIN_LINE if kind in page.may_write)


def suggested(page: DiagnosisView, user_id: int) -> OpinionKind | None:
    """Return what this doctor most likely writes: an own draft, what was asked for, what the state waits for."""
    may = writable(page)
    if not may:
        return None
    drafts = [one.kind for one in page.opinions if one.is_mine and one.is_draft and one.kind in may]
    asked = [
        _ROLES[one.role]
        for one in page.named
        if one.doctor_id == user_id and one.role in _ROLES and _ROLES[one.role] in may
    ]
    mine = [one.kind for one in page.opinions if one.is_mine and one.kind in may]
    is_chief = any(one.is_mine and one.kind is OpinionKind.CHIEF for one in page.opinions)
    usual = [
        kind for kind in _USUAL.get(page.state, ()) if kind in may and not (kind is OpinionKind.SECOND and is_chief)
    ]
    open_asked = [kind for kind in asked if own(page, kind) is None]
    return next(iter((*drafts, *open_asked, *mine[-1:], *usual, *may)), None)


def text_for(page: DiagnosisView, kind: OpinionKind | None) -> OpinionText:
    """Return what the fields begin with: the own opinion, else the one before in the line, else the report."""
    if kind is None:
        return page.report.text
    mine = own(page, kind)
    if mine is not None:
        return mine.text
    before = {OpinionKind.CHIEF: OpinionKind.FIRST, OpinionKind.SECOND: OpinionKind.CHIEF}.get(kind)
    earlier = [one for one in page.opinions if one.kind is before and not one.is_draft]
    return earlier[-1].text if earlier else OpinionText()
