"""What the report page shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from clients.diagnosis.report.merging import ContentMerge
from clients.kit.translations import Language, language
from shared.contract.reporting import (
    HistoryView,
    RelatedView,
    ReportContent,
    ReportLogView,
    ReportView,
    TemplateView,
)
from shared.domain.report_choices import CRITICAL, HP, Choice, choices_of
from shared.domain.rich_text import plain
from shared.domain.states import CriticalValue, HpResult, ReportAction, ReportState


class Trouble(StrEnum):
    """What stands between the doctor and the report; shown as a strip above the text."""

    HELD = "held"  # another doctor holds it: reading only
    LOCK_LOST = "lock_lost"  # I held it and do not any more; my text is still here
    STALE = "stale"  # another version was saved meanwhile: both are shown
    RESTORED = "restored"  # text from this computer's draft came back
    DOUBT = "doubt"  # the server doubts the text: change it or give a reason
    SHORT = "short"  # images are missing: submit all the same?
    GIVE_UP = "give_up"  # really?


@dataclass(frozen=True)
class Obstacle:
    """A trouble with what belongs to it: who, which sentence, the other text."""

    kind: Trouble
    who: str = ""
    sentence: str = ""
    other: ReportContent | None = None
    mine: ReportContent | None = None
    at: datetime | None = None
    missing: int = 0  # images
    base: ReportContent | None = None  # what `mine` and `other` both come from
    is_approval: bool = False  # the doubt is about approving, not about submitting


@dataclass(frozen=True)
class OfferedMeasurement:
    """A measurement drawn in the viewer that can be put into the findings."""

    text: str
    value: float
    unit: str
    instance_uid: str


@dataclass(frozen=True)
class ComparedVersions:
    """Two kept versions of the text, by number; 0 is what stands in the editors."""

    before: int
    after: int


@dataclass(frozen=True)
class ReportPageState:
    """One report on the page. `content` is what stands in the editors.

    `revision` grows whenever the presenter replaces the text; the view then fills its editors again.
    """

    report: ReportView | None = None
    content: ReportContent = field(default_factory=ReportContent)
    revision: int = 0
    is_loading: bool = False
    is_dirty: bool = False
    is_saving: bool = False
    is_handing_in: bool = False  # submit, approve, reject, give up is under way: the text rests
    is_waiting: bool = False  # a save failed for want of a line; it is tried again
    saved_at: datetime | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    obstacle: Obstacle | None = None
    history: HistoryView | None = None
    log: ReportLogView | None = None
    templates: tuple[TemplateView, ...] = ()
    pictures: Mapping[int, bytes] = field(default_factory=dict)
    offered: tuple[OfferedMeasurement, ...] = ()
    preview: bytes | None = None
    merge: ContentMerge | None = None  # two versions are being brought together on screen
    compared: ComparedVersions | None = None  # two kept versions are shown word by word
    related: RelatedView | None = None  # orders and other papers of the patient, once asked for

    @property
    def may_edit(self) -> bool:
        """The text is mine to change."""
        return self.allows(ReportAction.SAVE)

    @property
    def may_type(self) -> bool:
        """The editors take strokes now."""
        return self.may_edit and not self.is_handing_in and not self.is_loading

    @property
    def is_undecided(self) -> bool:
        """Another version was saved meanwhile and nobody decided yet: nothing may be saved over it."""
        return self.obstacle is not None and self.obstacle.kind is Trouble.STALE

    @property
    def may_enter(self) -> bool:
        """I am only reading and could go in."""
        return not self.may_edit and (self.allows(ReportAction.WRITE) or self.allows(ReportAction.AUDIT))

    @property
    def is_auditing(self) -> bool:
        """I am here as the auditor."""
        return self.may_edit and self.report is not None and self.report.row.state is ReportState.AUDITING

    def allows(self, action: ReportAction) -> bool:
        """Say whether the server allows an action on the report now."""
        return self.report is not None and action in self.report.allowed

    @property
    def returned_reason(self) -> str:
        """Why the report came back, while it is being corrected."""
        if self.report is None or not self.report.row.was_returned or not self.report.returns:
            return ""
        return self.report.returns[-1].reason


MISSING = {
    "findings": "请填写影像所见。",
    "impression": "请填写诊断意见。",
    "critical_value": "请选择危急值。",
    "hp": "请选择 HP。",
}
"""Chinese source sentences by field."""


def asked_choices(report: ReportView) -> tuple[Choice, ...]:
    """Return the choices below the text; an older server names only whether HP is one of them."""
    return report.choices or choices_of("", hp_required=report.hp_required)


def choice_name(choice: Choice) -> str:
    """Return how the choice is called in the present language."""
    return choice.label_en if language() is Language.ENGLISH else choice.label


def option_names(choice: Choice) -> dict[str, str]:
    """Return how each option is called in the present language, by its value."""
    is_english = language() is Language.ENGLISH
    return {one.value: one.label_en if is_english else one.label for one in choice.options}


def chosen(content: ReportContent, key: str) -> str:
    """Return what is chosen, empty when nothing is."""
    if key == CRITICAL:
        return "" if content.critical_value is CriticalValue.UNSET else str(content.critical_value)
    if key == HP:
        return "" if content.hp is HpResult.UNSET else str(content.hp)
    return content.choices.get(key, "")


def with_choice(content: ReportContent, key: str, value: str) -> dict[str, object]:
    """Return the part of the content that changes when `value` is chosen."""
    if key == CRITICAL:
        return {CRITICAL: CriticalValue(value) if value else CriticalValue.UNSET}
    if key == HP:
        return {HP: HpResult(value) if value else HpResult.UNSET}
    return {"choices": {**{k: v for k, v in content.choices.items() if k != key}, **({key: value} if value else {})}}


def missing_fields(content: ReportContent, choices: Sequence[Choice]) -> tuple[str, ...]:
    """Return the mandatory fields that are empty, in the order of the eye (RIS-RPE-06)."""
    found = [part for part in ("findings", "impression") if not plain(getattr(content, part))]
    return (*found, *(one.key for one in choices if one.is_required and not chosen(content, one.key)))


def joined(text: str, addition: str) -> str:
    """Return rich text with an addition below it (插入)."""
    if not plain(text):
        return addition
    below = addition if addition.lstrip().startswith("<p>") else f"<p>{addition}</p>"
    return (text if text.rstrip().endswith(">") else f"<p>{text}</p>") + below


def with_content(content: ReportContent, **parts: object) -> ReportContent:
    """Return the content with some parts replaced."""
    return msgspec.structs.replace(content, **parts)
