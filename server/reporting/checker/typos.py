"""Misspelt words: what sounds or looks like a term of the trade, is none, and is no other word."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from server.reporting.checker.subject import Alarm, AlarmKind, Subject
from server.reporting.checker.vocabulary import (
    ALIKE,
    ALSO_WORDS,
    MISTAKES,
    RIGHT_AFTER_ALL,
    TERMS,
)

_HAN = re.compile(r"[一-鿿]+")
_WORD = re.compile(r"[A-Za-z]{3,}")
_TWICE = re.compile(r"([一-鿿])\1")
_MAY_STAND_TWICE = frozenset("轻渐常稍略仅往处层双种点丝缕隐明时刻慢微散节段一条个颗粒")
_PUNCTUATION_TWICE = re.compile(r"([，。；、：])\1+|[，、；：]。|。[，、；]")
_LONGEST = max(map(len, TERMS))
# Characters that are words by themselves: beside a character of another word they make sounds that mean nothing.
_BY_THEMSELVES = frozenset(
    "见可呈示为及与和或于在内外前后上下左右双侧区部处段叶影灶壁腔缘面骨肺肝胆脾肾脑心肌膜管约较稍略不未无有余各诸均大小长短宽厚高低多少增减变性样"
    "状形等的了且而但其此该所由向至从以对并伴达位线点片块团条类级型期年月日时度值径数个枚次者是也已又再仅只间旁近远浅深中两一二三四五六七八九十余全另"
)


def typos(subject: Subject) -> Iterator[Alarm]:
    """Words that are spelt wrong; each names the word that is meant."""
    told: set[str] = set()
    for wrong, right in _misspelt(subject.both):
        if wrong not in told:
            told.add(wrong)
            yield Alarm(AlarmKind.TYPO, wrong, f"“{wrong}”疑为“{right}”之误。")


def _misspelt(text: str) -> Iterator[tuple[str, str]]:
    for wrong, right in MISTAKES.items():
        if wrong.isascii():
            continue
        start = text.find(wrong)
        if start >= 0 and not any(word in text for word in RIGHT_AFTER_ALL.get(wrong, ())):
            yield wrong, right
    for run in _HAN.findall(text):
        yield from _in_run(run)
    for match in _TWICE.finditer(text):
        if match[1] not in _MAY_STAND_TWICE and not _spans_two_words(text, match.start() + 1):
            yield match[0], match[1]
    for match in _PUNCTUATION_TWICE.finditer(text):
        yield match[0], match[0][-1] if "。" not in match[0] else "。"
    for match in _WORD.finditer(text):
        if meant := MISTAKES.get(match[0].lower()):
            yield match[0], meant


def _in_run(run: str) -> Iterator[tuple[str, str]]:
    known = _known(run)
    sounds = _sounds()
    done = [False] * len(run)
    for length in range(min(_LONGEST, len(run)), 1, -1):
        for start in range(len(run) - length + 1):
            part = run[start : start + length]
            if part in TERMS or part in ALSO_WORDS or part in MISTAKES:
                continue
            right = _meant(part, sounds)
            if right is None:
                continue
            wrong = [start + i for i in range(length) if part[i] != right[i]]
            if any(known[place] or done[place] for place in wrong):
                continue
            rest = [start + i for i in range(length) if start + i not in wrong]
            if length == 2 and (
                any(run[place] in _BY_THEMSELVES for place in wrong) or any(known[place] for place in rest)
            ):
                continue
            for place in wrong:
                done[place] = True
            yield part, right


def _meant(part: str, sounds: dict[tuple[str, ...], list[str]]) -> str | None:
    """The term that a part stands for by mistake."""
    for term in (term for sound in _heard(part) for term in sounds.get(sound, ())):
        differing = sum(one != other for one, other in zip(part, term, strict=True))
        if 0 < differing <= max(1, len(part) // 2):
            return term
    for place, character in enumerate(part):
        for like in ALIKE.get(character, ()):
            term = f"{part[:place]}{like}{part[place + 1 :]}"
            if term in TERMS:
                return term
    for place in range(len(part) - 1):
        term = f"{part[:place]}{part[place + 1]}{part[place]}{part[place + 2 :]}"
        if term != part and term in TERMS and (len(part) > 2 or term in _OFTEN_TURNED):
            return term
    return None


_OFTEN_TURNED = frozenset(
    "结节 密度 信号 形态 边缘 淋巴结 积液 肿块 扩张 异常 明显 增厚 椎体 胸膜 "
    "纵隔 气管 胆囊 胰腺 肝脏 囊肿 结石 骨折 病灶 清晰".split()
)


def _known(run: str) -> list[bool]:
    """Which characters belong to a word that is spelt right."""
    known = [False] * len(run)
    for length in range(2, min(_LONGEST, len(run)) + 1):
        for start in range(len(run) - length + 1):
            part = run[start : start + length]
            if part in TERMS or part in ALSO_WORDS:
                known[start : start + length] = [True] * length
    return known


def _spans_two_words(text: str, place: int) -> bool:
    """Whether a word ends before `place` and another begins there: 双肺|肺纹理 is no slip, nor is 见|见于."""
    before = any(text[place - length : place] in TERMS | ALSO_WORDS for length in (2, 3, 4) if place >= length)
    after = any(text[place : place + length] in TERMS | ALSO_WORDS for length in (2, 3, 4))
    return before and after


@lru_cache(maxsize=1)
def _sounds() -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for term in sorted(TERMS):
        if _HAN.fullmatch(term):
            found[_sound(term)].append(term)
    return dict(found)


def _sound(part: str) -> tuple[str, ...]:
    """The toneless syllables of a term, read as the term is read."""
    from pypinyin import Style, lazy_pinyin

    return tuple(lazy_pinyin(part, style=Style.NORMAL))


def _heard(part: str) -> Iterator[tuple[str, ...]]:
    """Every way to read a part that may be no word: a character may have several sounds."""
    yield from product(*(_syllables(character) for character in part))


@lru_cache(maxsize=8192)
def _syllables(character: str) -> tuple[str, ...]:
    from pypinyin import Style, pinyin

    return tuple(dict.fromkeys(pinyin(character, style=Style.NORMAL, heteronym=True)[0]))[:3]
