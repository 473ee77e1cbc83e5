"""The choices below a report: critical value, HP, and the hospital's own, by exam type (RIS-OPN-08).

A hospital writes them in one field of the exam type, one choice a line (or parted by semicolons)::

    HP/HP: 未检/Not tested, 阴性/Negative, 阳性/Positive
    造影剂反应/Contrast reaction: 无/None, 有/Present
    备皮情况?: 合格, 不合格
    危急值/Critical value: 否/No, 是/Yes

Before the colon the label, with the English one after a stroke; behind it the options. A question mark after the label
makes a choice optional. 危急值 stands in every report whether it is written here or not; writing it renames its label
and its two options, the first of which says that there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CRITICAL = "critical_value"
HP = "hp"
MOST_CHOICES = 8
MOST_OPTIONS = 8
LONGEST_WORD = 40

_CRITICAL_LABEL, _HP_LABEL = "危急值", "HP"
_CRITICAL_VALUES = ("no", "yes")
_HP_VALUES = ("not_examined", "negative", "positive")


@dataclass(frozen=True, slots=True)
class Option:
    """One option: what is kept, and how it is called."""

    value: str
    label: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice. `key` is where the value is kept: CRITICAL and HP have parts of their own in a report's content."""

    key: str
    label: str
    label_en: str
    options: tuple[Option, ...]
    is_required: bool = True

    def has(self, value: str) -> bool:
        """Say whether a value is one of the options."""
        return any(option.value == value for option in self.options)


class ChoiceError(ValueError):
    """A line that cannot be read; the text says which and why, in Chinese."""


USUAL_CRITICAL = Choice(
    CRITICAL, _CRITICAL_LABEL, "Critical value", (Option("no", "否", "No"), Option("yes", "是", "Yes"))
)
USUAL_HP = Choice(
    HP,
    _HP_LABEL,
    "HP",
    (
        Option("not_examined", "未检", "Not tested"),
        Option("negative", "阴性", "Negative"),
        Option("positive", "阳性", "Positive"),
    ),
)


def choices_of(text: str, *, hp_required: bool = False) -> tuple[Choice, ...]:
    """Return the choices of an exam type in the order of the page, the critical value first.

    `hp_required` asks for the usual HP where `text` does not name it. Raises ChoiceError.
    """
    found = [_choice(line) for line in re.split(r"[\n;；]", text) if line.strip()]
    if len(found) > MOST_CHOICES:
        raise ChoiceError(f"最多 {MOST_CHOICES} 个选项组。")
    labels = [one.label for one in found]
    for label in labels:
        if labels.count(label) > 1:
            raise ChoiceError(f"“{label}”写了两次。")
    critical = next((one for one in found if one.key == CRITICAL), USUAL_CRITICAL)
    others = [one for one in found if one.key != CRITICAL]
    if hp_required and not any(one.key == HP or one.label == _HP_LABEL for one in others):
        others.insert(0, USUAL_HP)
    return (critical, *others)


def _choice(line: str) -> Choice:
    head, colon, tail = line.replace("：", ":").partition(":")
    label, english, is_optional = _head(head)
    words = [_pair(part) for part in re.split(r"[,，、]", tail) if part.strip()]
    if not colon or not label or len(words) < 2:
        raise ChoiceError(f"“{line.strip()}”写法不对，请写成“名称: 选项一, 选项二”。")
    if len(words) > MOST_OPTIONS:
        raise ChoiceError(f"“{label}”最多 {MOST_OPTIONS} 个选项。")
    if any(len(word) > LONGEST_WORD for pair in [(label, english), *words] for word in pair):
        raise ChoiceError(f"“{label}”的文字太长，每个最多 {LONGEST_WORD} 个字。")
    if len({word for word, _ in words}) < len(words):
        raise ChoiceError(f"“{label}”的选项有重复。")
    if label == _CRITICAL_LABEL:
        if len(words) != len(_CRITICAL_VALUES):
            raise ChoiceError("“危急值”必须有两个选项，第一个表示没有。")
        return Choice(CRITICAL, label, english or USUAL_CRITICAL.label_en, _options(words, _CRITICAL_VALUES))
    if label == _HP_LABEL and len(words) == len(_HP_VALUES):
        return Choice(HP, label, english or label, _options(words, _HP_VALUES), is_required=not is_optional)
    return Choice(label, label, english or label, _options(words, None), is_required=not is_optional)


def _head(head: str) -> tuple[str, str, bool]:
    stripped = head.strip()
    is_optional = stripped.endswith(("?", "？"))
    label, english = _pair(stripped.rstrip("?？"))
    return label, "" if english == label else english, is_optional


def _pair(text: str) -> tuple[str, str]:
    word, _, english = text.strip().partition("/")
    return word.strip(), english.strip() or word.strip()


def _options(words: list[tuple[str, str]], values: tuple[str, ...] | None) -> tuple[Option, ...]:
    return tuple(
        Option(word if values is None else values[number], word, english)
        for number, (word, english) in enumerate(words)
    )
