"""The language of pathology's report templates: read, check, print and fill (PA-TPL-10 to 25). Pure; knows no screen.

A template is a text of sentence segments, one per line. `[a；b]` takes any of its options, `（a；b）` exactly one,
`{（ ）cm}` is a number with the words that belong to it. `read` never raises: it gives the tree or what is wrong, with
line and column counted from 1 in characters.
"""

from __future__ import annotations

from shared.domain.pathology_templates.answers import AnswersRefused, answers_from
from shared.domain.pathology_templates.filling import (
    JOIN,
    Answer,
    Filled,
    FilledLine,
    FillRefused,
    LineAnswers,
    Problem,
    ProblemKind,
    Warned,
    WarningKind,
    fill,
    fill_line,
)
from shared.domain.pathology_templates.model import (
    Element,
    Line,
    Multi,
    Numeric,
    PlainParen,
    Single,
    Slot,
    Template,
    Text,
    asking,
)
from shared.domain.pathology_templates.numbers import is_number
from shared.domain.pathology_templates.printing import print_line, print_template
from shared.domain.pathology_templates.reading import Issue, IssueCode, Reading, TemplateRefused, parse, read
from shared.domain.pathology_templates.sentences import (
    REASONS,
    issue_sentence,
    problem_reason,
    reason_of,
    warning_reason,
)
from shared.domain.pathology_templates.text_files import MOST_BYTES, NotText, decode

__all__ = [
    "JOIN",
    "MOST_BYTES",
    "REASONS",
    "Answer",
    "AnswersRefused",
    "Element",
    "FillRefused",
    "Filled",
    "FilledLine",
    "Issue",
    "IssueCode",
    "Line",
    "LineAnswers",
    "Multi",
    "NotText",
    "Numeric",
    "PlainParen",
    "Problem",
    "ProblemKind",
    "Reading",
    "Single",
    "Slot",
    "Template",
    "TemplateRefused",
    "Text",
    "Warned",
    "WarningKind",
    "answers_from",
    "asking",
    "decode",
    "fill",
    "fill_line",
    "is_number",
    "issue_sentence",
    "parse",
    "print_line",
    "print_template",
    "problem_reason",
    "read",
    "reason_of",
    "warning_reason",
]
