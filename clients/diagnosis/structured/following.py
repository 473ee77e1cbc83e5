"""Keeps the form's sentences in step with every change that a hand makes to the texts; knows no Qt."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from shared.contract.reporting import ReportContent
from shared.domain.structured import Part
from shared.domain.structured_document import Woven, follow, merged, settled
from shared.domain.structured_text import edited, flat

_flat = lru_cache(maxsize=16)(flat)


def flat_texts(content: ReportContent) -> dict[Part, str]:
    """Return the flat texts of findings and impression."""
    return {Part.FINDINGS: _flat(content.findings), Part.IMPRESSION: _flat(content.impression)}


def followed(before: ReportContent, after: ReportContent) -> ReportContent:
    """Return `after` with the form's sentences where the change of the texts put them."""
    form = after.form
    if form is None or form != before.form:
        return after
    for part, old, new in (
        (Part.FINDINGS, before.findings, after.findings),
        (Part.IMPRESSION, before.impression, after.impression),
    ):
        if old != new:
            form = follow(form, part, _flat(old), _flat(new))
    return msgspec.structs.replace(after, form=form)


def with_woven(content: ReportContent, woven: Woven) -> ReportContent:
    """Return the content with the form's edits made in both texts."""
    return msgspec.structs.replace(
        content,
        form=woven.form,
        findings=edited(content.findings, woven.edits.get(Part.FINDINGS, ()))
        if woven.edits.get(Part.FINDINGS)
        else content.findings,
        impression=edited(content.impression, woven.edits.get(Part.IMPRESSION, ()))
        if woven.edits.get(Part.IMPRESSION)
        else content.impression,
    )


def with_merged_form(
    content: ReportContent, base: ReportContent, mine: ReportContent, theirs: ReportContent
) -> ReportContent:
    """Return a merged content with the forms merged field by field, mine where both changed one.

    Sentences stand where the merged texts have them.
    """
    form = merged(base.form, mine.form, theirs.form)
    if form is not None:
        form = settled(form, flat_texts(content))
    return msgspec.structs.replace(content, form=form)
