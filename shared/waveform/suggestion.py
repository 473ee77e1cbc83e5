"""A suggested statement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A statement that a rule suggests: its code, its text and its reason in Chinese and English. Never a diagnosis."""

    code: str
    zh: str
    en: str
    reason_zh: str
    reason_en: str

    def text(self, language: str = "zh") -> str:
        return self.zh if language.startswith("zh") else self.en

    def reason(self, language: str = "zh") -> str:
        return self.reason_zh if language.startswith("zh") else self.reason_en


def suggestion(code: str, zh: str, en: str, reason_zh: str, reason_en: str) -> Suggestion:
    """Short for the constructor, in the order of code, texts, reasons."""
    return Suggestion(code, zh, en, reason_zh, reason_en)
