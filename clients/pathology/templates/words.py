"""Sentences of the template language in the language of the screen; knows no Qt."""

from __future__ import annotations

from clients.kit.translations import Language, language, tr
from shared.domain.pathology_templates import (
    Issue,
    Problem,
    Warned,
    problem_reason,
    reason_of,
    warning_reason,
)


def issue_words(issue: Issue) -> str:
    """A finding of the check with its place."""
    return tr(
        "第 {line} 行第 {column} 列：{code} {reason}",
        line=issue.line,
        column=issue.column,
        code=issue.code.value,
        reason=reason_of(issue.code, _english()),
    )


def problem_words(problem: Problem) -> str:
    """Why a text is not complete yet."""
    return problem_reason(problem, _english())


def warning_words(warning: Warned) -> str:
    """What the doctor has to confirm, with its place."""
    return tr(
        "第 {line} 行第 {column} 列：{reason}",
        line=warning.line,
        column=warning.column,
        reason=warning_reason(warning, _english()),
    )


def _english() -> bool:
    return language() is Language.ENGLISH
