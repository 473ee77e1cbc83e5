"""Which step of a report sends results out, which results, and what each standard calls the event; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.contract.results import ResultEvent, ResultKind, ResultRule
from shared.domain.states import ReportAction, ReportState

APPROVED = frozenset({ReportState.APPROVED, ReportState.PRINTED})
IN_ARCHIVE = (ResultKind.SR, ResultKind.KEY_OBJECTS, ResultKind.PDF)
"""Results that are DICOM objects of our own archive."""
HERE = (*IN_ARCHIVE, ResultKind.CDA)
"""Results that need no connection."""
OVER_HL7 = (ResultKind.ORU, ResultKind.MDM, ResultKind.CRITICAL)
MOST_RULES = 100

DEFAULTS = tuple(ResultRule(kind=kind) for kind in HERE)
"""What is made until an administrator says otherwise."""


@dataclass(frozen=True, slots=True)
class Codes:
    """How an event is called in HL7 v2 tables 0123 (OBR-25) and 0085 (OBX-11), and in FHIR R4 DiagnosticReport."""

    order: str
    value: str
    fhir: str


CODES: dict[ResultEvent, Codes] = {
    ResultEvent.APPROVED: Codes("F", "F", "final"),
    ResultEvent.REVISED: Codes("C", "C", "corrected"),
    ResultEvent.ADDED: Codes("C", "C", "appended"),
    ResultEvent.WITHDRAWN: Codes("X", "X", "entered-in-error"),
}

EVENT_WORDS = {
    ResultEvent.APPROVED: "报告已审核",
    ResultEvent.REVISED: "报告已修订",
    ResultEvent.ADDED: "报告已补充",
    ResultEvent.WITHDRAWN: "报告已撤回",
}


def event_of(action: ReportAction, after: ReportState, *, was_issued: bool) -> ResultEvent | None:
    """Return what a step means for those outside; None: nothing.

    A report that was approved before results were made is given out when it is printed next.
    """
    if action is ReportAction.REVISE:
        return ResultEvent.WITHDRAWN if was_issued else None
    if after not in APPROVED:
        return None
    if action is ReportAction.ADD:
        return ResultEvent.ADDED
    if action is ReportAction.APPROVE:
        return ResultEvent.REVISED if was_issued else ResultEvent.APPROVED
    if action is ReportAction.PRINT and not was_issued:
        return ResultEvent.APPROVED
    return None


def wanted(
    rules: Iterable[ResultRule], event: ResultEvent, *, exam_type: str, campus_id: int, has_key_images: bool
) -> tuple[ResultRule, ...]:
    """Return the rules that hold for an event, one for each kind and connection."""
    found: dict[tuple[ResultKind, int], ResultRule] = {}
    for rule in rules:
        if rule.kind is ResultKind.CRITICAL or not _fits(rule, exam_type, campus_id):
            continue
        if rule.kind is ResultKind.KEY_OBJECTS and not has_key_images:
            continue
        if event is ResultEvent.WITHDRAWN and rule.kind in (ResultKind.KEY_OBJECTS, ResultKind.PDF):
            continue
        found.setdefault((rule.kind, rule.connection_id), rule)
    return tuple(found.values())


def told_of_critical(rules: Iterable[ResultRule], *, exam_type: str, campus_id: int) -> tuple[int, ...]:
    """Return the connections that take critical values, each once; a critical value does not wait for the report."""
    told = (
        rule.connection_id for rule in rules if rule.kind is ResultKind.CRITICAL and _fits(rule, exam_type, campus_id)
    )
    return tuple(dict.fromkeys(told))


def _fits(rule: ResultRule, exam_type: str, campus_id: int) -> bool:
    if not rule.enabled or (rule.exam_types and exam_type not in rule.exam_types):
        return False
    return not rule.campus_ids or campus_id in rule.campus_ids
