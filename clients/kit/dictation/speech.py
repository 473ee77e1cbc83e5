"""Spoken words to typed ones: punctuation and line breaks by name, and taking back what was said last."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKS = {
    "句号": "。",
    "逗号": "，",
    "顿号": "、",
    "分号": "；",
    "冒号": "：",
    "问号": "？",
    "左括号": "（",
    "右括号": "）",
    "换行": "\n",
    "下一行": "\n",
    "下一段": "\n",
    "另起一段": "\n",
    "乘号": "×",
    "百分号": "%",
}
_UNDO = ("撤销", "撤消", "删除上一句")
_SAID = re.compile("|".join(sorted((*_MARKS, *_UNDO), key=len, reverse=True)))
_UNITS = (("毫米", "mm"), ("厘米", "cm"), ("毫升", "ml"))
_BETWEEN_HAN = re.compile(r"(?<=[一-鿿，。；：、])\s+(?=[一-鿿])")
_PUNCTUATION_TWICE = re.compile(r"([。，；：、])[。，；]")


@dataclass(frozen=True)
class Insert:
    """Put this at the cursor."""

    text: str


@dataclass(frozen=True)
class Undo:
    """Take back what was put in last."""


Step = Insert | Undo


def steps_of(said: str) -> list[Step]:
    """What an utterance does, in order. Engines put spaces between words; Chinese text has none."""
    steps: list[Step] = []
    text = ""
    place = 0
    said = _BETWEEN_HAN.sub("", said.strip())
    for match in _SAID.finditer(said):
        text += said[place : match.start()].strip()
        place = match.end()
        if match[0] in _UNDO:
            if text:
                steps.append(Insert(_tidy(text)))
                text = ""
            steps.append(Undo())
        else:
            text += _MARKS[match[0]]
    text += said[place:].strip()
    if text:
        steps.append(Insert(_tidy(text)))
    return steps


def _tidy(text: str) -> str:
    """Units as reports write them after digits, and one mark where the engine set another by itself."""
    for spoken, written in _UNITS:
        text = re.sub(rf"(?<=\d)\s*{spoken}", written, text)
    return _PUNCTUATION_TWICE.sub(r"\1", text)
