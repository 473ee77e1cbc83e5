"""Three versions of a report's content brought together: typed here, saved meanwhile, and what both come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from clients.diagnosis.structured.following import with_merged_form
from shared.contract.reporting import ReportContent
from shared.domain.text_merge import Merge, Take, merge

TEXTS = ("findings", "impression")
_SCALARS = ("critical_value", "hp", "image_quality", "report_quality")
_CHOICE = "choices."


@dataclass(frozen=True, slots=True)
class Question:
    """A place to decide: the `number`-th conflict of a text, or a choice (number 0)."""

    part: str
    number: int = 0


@dataclass(frozen=True)
class ContentMerge:
    """A merge with the decisions so far. Choices that only one side changed need no decision."""

    base: ReportContent
    mine: ReportContent
    theirs: ReportContent
    findings: Merge
    impression: Merge
    takes: Mapping[Question, Take] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[Question, ...]:
        """Everything that must be decided, in the order of the page."""
        found = [Question(part, number) for part in TEXTS for number in range(len(self.text_merge(part).conflicts))]
        names = [*_SCALARS, *(_CHOICE + key for key in self._choice_keys())]
        return (*found, *(Question(name) for name in names if self._differs(name)))

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """What is not decided yet."""
        return tuple(one for one in self.questions if one not in self.takes)

    def text_merge(self, part: str) -> Merge:
        """Return the merge of one text."""
        return self.findings if part == "findings" else self.impression

    def decided(self, question: Question, take: Take) -> ContentMerge:
        """Return the merge with one more decision."""
        return replace(self, takes={**self.takes, question: take})

    def decided_all(self, take: Take) -> ContentMerge:
        """Return the merge with every open place decided for one side."""
        return replace(self, takes={**dict.fromkeys(self.questions, take), **self.takes})

    def values(self, name: str) -> tuple[Any, Any, Any]:
        """Return a choice as it was, as it is here, as it was saved."""
        return _get(self.base, name), _get(self.mine, name), _get(self.theirs, name)

    def content(self) -> ReportContent:
        """Return the merged content. Raises ValueError while a place is open."""
        if self.open_questions:
            raise ValueError(f"{len(self.open_questions)} places are not decided")
        texts = {
            part: self.text_merge(part).text(
                [self.takes[Question(part, number)] for number in range(len(self.text_merge(part).conflicts))]
            )
            for part in TEXTS
        }
        # Where nothing was merged the text stays letter by letter as it was written.
        for part in TEXTS:
            for side in (self.mine, self.theirs):
                if merge("", getattr(side, part), "").text() == texts[part]:
                    texts[part] = getattr(side, part)
                    break
        scalars = {name: self._settled(name) for name in _SCALARS}
        choices = {key: self._settled(_CHOICE + key) for key in self._choice_keys()}
        content = msgspec.structs.replace(
            self.mine, **texts, **scalars, choices={key: value for key, value in choices.items() if value}
        )
        return with_merged_form(content, self.base, self.mine, self.theirs)

    def _choice_keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.base.choices, *self.mine.choices, *self.theirs.choices]))

    def _differs(self, name: str) -> bool:
        base, mine, theirs = self.values(name)
        return bool(mine != theirs and base not in (mine, theirs))

    def _settled(self, name: str) -> Any:
        base, mine, theirs = self.values(name)
        if self._differs(name):
            return {Take.BASE: base, Take.THEIRS: theirs}.get(self.takes[Question(name)], mine)
        return theirs if mine == base else mine


def content_merge(base: ReportContent, mine: ReportContent, theirs: ReportContent) -> ContentMerge:
    """Begin to merge two contents that both come from `base`."""
    return ContentMerge(
        base,
        mine,
        theirs,
        findings=merge(base.findings, mine.findings, theirs.findings),
        impression=merge(base.impression, mine.impression, theirs.impression),
    )


def _get(content: ReportContent, name: str) -> Any:
    if name.startswith(_CHOICE):
        return content.choices.get(name.removeprefix(_CHOICE), "")
    return getattr(content, name)
