"""The safety answers of an exam as one printed paragraph, what alarms first (RIS-EX-11)."""

from __future__ import annotations

from collections.abc import Sequence

from shared.contract.safety import SafetyAnswerView
from shared.domain.safety import SafetyValue

_WORDS = {
    "zh": {SafetyValue.YES: "是", SafetyValue.NO: "否", SafetyValue.UNKNOWN: "不详", SafetyValue.OPEN: "未询问"},
    "en": {
        SafetyValue.YES: "yes",
        SafetyValue.NO: "no",
        SafetyValue.UNKNOWN: "unknown",
        SafetyValue.OPEN: "not asked",
    },
}


def safety_words(answers: Sequence[SafetyAnswerView], language: str) -> str:
    """Return "【!】是否怀孕：是，孕 12 周；…"; empty when nothing was to be asked."""
    is_english = language == "en"
    ordered = sorted(answers, key=lambda answer: answer.alarm is None)
    return ("; " if is_english else "；").join(_one(answer, is_english) for answer in ordered)


def _one(answer: SafetyAnswerView, is_english: bool) -> str:
    question = (answer.text_en or answer.text) if is_english else answer.text
    if answer.value is SafetyValue.MEASURED and answer.number is not None:
        value = f"{answer.number:g} {answer.unit}".rstrip()
        if answer.measured_on is not None:
            value += f" ({answer.measured_on.isoformat()})"
    else:
        value = _WORDS["en" if is_english else "zh"].get(answer.value, "")
    if answer.detail:
        value += f"{', ' if is_english else '，'}{answer.detail}"
    mark = ("[!] " if is_english else "【!】") if answer.alarm is not None else ""
    return f"{mark}{question}{': ' if is_english else '：'}{value}"
