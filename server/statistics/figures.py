"""Turns facts into figures: medians, p90, shares; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from server.statistics.facts import Fact
from shared.contract.statistics import Measure, Subject
from shared.domain.states import HpResult

_M = Measure
COLUMNS: dict[Subject, tuple[Measure, ...]] = {
    Subject.TURNAROUND: (_M.COUNT, _M.MEDIAN, _M.P90, _M.LIMIT, _M.BREACHES, _M.BREACH_PERCENT),
    Subject.WORKLOAD: (_M.EXAMS, _M.IMAGES, _M.REPORTS, _M.AUDITS),
    Subject.POSITIVE: (_M.COUNT, _M.POSITIVE, _M.NEGATIVE, _M.POSITIVE_PERCENT),
    Subject.IMAGE_QUALITY: (_M.COUNT, _M.GRADE_A, _M.GRADE_B, _M.GRADE_C, _M.GRADE_D, _M.GRADE_A_PERCENT),
    Subject.REPORT_QUALITY: (_M.COUNT, _M.GRADE_A, _M.GRADE_B, _M.GRADE_C, _M.GRADE_D, _M.GRADE_A_PERCENT),
    Subject.RETURNS: (_M.COUNT, _M.RETURNED, _M.RETURN_PERCENT),
}
_GRADES = "甲乙丙丁"
_POINTS = (90, 80, 70)  # of a hundred: 甲, 乙, 丙

Values = tuple[float | None, ...]


def values_of(subject: Subject, facts: Sequence[Fact], limit: int) -> Values:
    """Return the values of one group in the order of COLUMNS; `limit` is minutes of a step, 0 for none."""
    if subject is Subject.TURNAROUND:
        return _turnaround(facts, limit)
    if subject is Subject.WORKLOAD:
        return (
            len(facts),
            sum(fact.a for fact in facts),
            sum(1 for fact in facts if fact.b is not None),
            sum(1 for fact in facts if fact.c is not None),
        )
    counted = [fact for fact in facts if fact.a is not None]
    if subject is Subject.RETURNS:
        returned = sum(1 for fact in counted if fact.b)
        return (len(counted), returned, percent(returned, len(counted)))
    if subject is Subject.POSITIVE:
        positive = sum(1 for fact in counted if fact.b == HpResult.POSITIVE)
        negative = sum(1 for fact in counted if fact.b == HpResult.NEGATIVE)
        return (len(counted), positive, negative, percent(positive, positive + negative))
    grades = [grade for fact in counted if (grade := grade_of(fact.b))]
    counts = [grades.count(grade) for grade in _GRADES]
    return (len(grades), *counts, percent(counts[0], len(grades)))


def _turnaround(facts: Iterable[Fact], limit: int) -> Values:
    minutes, breaches, has_limit = [], 0, False
    for fact in facts:
        if fact.a is None or fact.b is None:
            continue
        taken = max((fact.b - fact.a).total_seconds() / 60, 0.0)  # images may come before the exam ends
        minutes.append(taken)
        if fact.c is not None and limit < 0:
            has_limit = True
            breaches += fact.b > fact.c
        elif limit > 0:
            has_limit = True
            breaches += taken > limit
    minutes.sort()
    return (
        len(minutes),
        None if not minutes else round(_middle(minutes), 1),
        None if not minutes else round(minutes[ceil(0.9 * len(minutes)) - 1], 1),
        limit if limit > 0 else None,
        breaches if has_limit else None,
        percent(breaches, len(minutes)) if has_limit else None,
    )


def _middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def percent(part: int, whole: int) -> float | None:
    """Return a share with one digit after the point; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def grade_of(score: str | None) -> str:
    """Return 甲, 乙, 丙, 丁 of a score in grades or in points; empty for none."""
    text = (score or "").strip()
    if text in _GRADES and text:
        return text
    try:
        points = float(text)
    except ValueError:
        return ""
    return next((grade for grade, least in zip(_GRADES, _POINTS, strict=False) if points >= least), "丁")
