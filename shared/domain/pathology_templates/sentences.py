"""The sentences of the check in both languages: Chinese is the source that screens translate, English is printed."""

from __future__ import annotations

from shared.domain.pathology_templates.filling import Problem, ProblemKind, Warned, WarningKind
from shared.domain.pathology_templates.reading import Issue, IssueCode

REASONS: dict[IssueCode, tuple[str, str]] = {
    IssueCode.UNCLOSED: ("左括号没有对应的右括号", "opening mark without a closing one on this line"),
    IssueCode.UNOPENED: ("右括号没有对应的左括号", "closing mark without an opening one"),
    IssueCode.NESTED: ("选择项里不能再套括号", "nested choice: marks inside a choice, an item or parentheses"),
    IssueCode.NO_SLOT: ("花括号里没有填数字的位置（ ）", "braces without a number slot ( )"),
    IssueCode.EMPTY_OPTION: ("有一个选项是空的", "empty option"),
    IssueCode.SEMICOLON: ("分号不在选择项里，按普通文字处理", "semicolon outside a choice, kept as text"),
    IssueCode.PRESET: ("预置值不是数字", "preset that is not a number"),
    IssueCode.TOUCHING: ("两个数字之间没有任何文字，会连成一个数", "two number slots with nothing between them"),
    IssueCode.BACKSLASH: (
        "反斜杠后面不是可以转义的符号，需要反斜杠本身时请写两个",
        "backslash before a character that is no mark; write two for a backslash",
    ),
}
"""Why, in Chinese and in English."""


def reason_of(code: IssueCode, english: bool = False) -> str:
    """Return why a code is reported."""
    return REASONS[code][1 if english else 0]


def issue_sentence(issue: Issue) -> str:
    """Return the finding in Chinese with its place."""
    return f"第 {issue.line} 行第 {issue.column} 列：{issue.code} {reason_of(issue.code)}"


_PROBLEMS: dict[ProblemKind, tuple[str, str]] = {
    ProblemKind.UNANSWERED: ("请从选项中选一项", "a single choice is not answered; take one option"),
    ProblemKind.PARTLY: ("这一项有几个数字，请都填上或都留空", "some numbers of this item are empty; fill all or none"),
    ProblemKind.NOT_A_NUMBER: ("“{0}”不是数字", "{0!r} is not a number (3, -1.5 or a range 2-3)"),
    ProblemKind.NO_SUCH_OPTION: ("没有选项“{0}”", "there is no option {0}"),
    ProblemKind.TOO_MANY: ("答案太多（{0} 个）", "too many answers ({0})"),
}
_WARNINGS: dict[WarningKind, tuple[str, str]] = {
    WarningKind.DIMENSION_LOST: (
        "这一径未填，报告里将少一个数值",
        "an item of the chain vanished, a dimension is lost",
    ),
    WarningKind.UNIT_LOST: (
        "这一项未填，“{0}”也随之消失",
        "an item of the chain vanished, and its text {0} with it",
    ),
    WarningKind.RUN_TOGETHER: ("两个数字连在一起了", "the digits of two items touch"),
}


def problem_reason(problem: Problem, english: bool = False) -> str:
    """Return what a problem says, without its place."""
    return _PROBLEMS[problem.kind][1 if english else 0].format(problem.detail)


def warning_reason(warning: Warned, english: bool = False) -> str:
    """Return what a warning says, without its place."""
    return _WARNINGS[warning.kind][1 if english else 0].format(warning.detail)
