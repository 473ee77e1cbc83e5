"""Ticked TBS descriptors → report text (PA-LBC-06). The codes are kept beside the text by whoever stores the report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol


class Item(Protocol):
    """A descriptor (`shared.contract.pathology_templates.Descriptor`)."""

    @property
    def code(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def report_text(self) -> str: ...


class Group(Protocol):
    """A group of descriptors."""

    @property
    def title(self) -> str: ...
    @property
    def items(self) -> Sequence[Item]: ...
    @property
    def exclusive(self) -> bool: ...
    @property
    def to_diagnosis(self) -> bool: ...


def compose(groups: Sequence[Group], ticked: Collection[str]) -> tuple[str, str]:
    """Return findings and diagnosis for the codes ticked.

    Findings: a line for each group, its title in front. Diagnosis: each item of the groups that belong there on a line
    of its own.
    """
    findings: list[str] = []
    diagnosis: list[str] = []
    for group in groups:
        words = [item.report_text or item.text for item in group.items if item.code in ticked]
        if not words:
            continue
        if group.to_diagnosis:
            diagnosis += words
        else:
            findings.append(f"{group.title}：{'；'.join(words)}。")
    return "\n".join(findings), "\n".join(diagnosis)


def tick(groups: Sequence[Group], ticked: Collection[str], code: str) -> frozenset[str]:
    """Return the codes after a tick on `code`: it goes off, or comes and pushes others of an exclusive group out."""
    if code in ticked:
        return frozenset(ticked) - {code}
    for group in groups:
        codes = {item.code for item in group.items}
        if code in codes:
            others = codes if group.exclusive else set()
            return frozenset(set(ticked) - others | {code})
    return frozenset(ticked)
