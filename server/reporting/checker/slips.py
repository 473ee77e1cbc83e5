"""Slips of one character by what stands beside it: a character that never stands there, for one alike that often does.

`words/pairs.txt` holds for each character the ones that follow it in right reports (often, and seldom);
`words/shapes.txt` for each character of the trade those whose glyphs look alike, by the likeness of their pictures.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

from server.reporting.checker.vocabulary import ALIKE, KNOWN, LONGEST, TERMS, lines_of, phrases

_HAN = re.compile(r"[一-鿿]{2,}")
# Characters of names, numbers and the common language that stand beside anything.
_FREE = frozenset(
    "的了在是有和与及或为于由等之其此该见示呈可未无不第约较且并伴另余均各一二三四五六七八九十年月日时分岁院医生者"
)


@lru_cache(maxsize=1)
def _pairs() -> tuple[frozenset[str], frozenset[str]]:
    """Every pair of characters of right reports, and those that are frequent."""
    seen: set[str] = set()
    often: set[str] = set()
    for line in lines_of("pairs.txt"):
        first, frequent, seldom = line.split()
        often |= {first + one for one in frequent if frequent != "-"}
        seen |= {first + one for one in seldom if seldom != "-"}
    return frozenset(seen | often), frozenset(often)


@lru_cache(maxsize=1)
def _meant_by() -> dict[str, frozenset[str]]:
    """For a character that was typed those that may have been meant, by their look."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines_of("shapes.txt"):
        for wrong in line[1:]:
            found[wrong].add(line[0])
    for wrong, group in ALIKE.items():
        found[wrong] |= group
    return {wrong: frozenset(group) for wrong, group in found.items()}


@lru_cache(maxsize=8192)
def _sounds(character: str) -> frozenset[str]:
    from pypinyin import Style, pinyin

    return frozenset(pinyin(character, style=Style.NORMAL, heteronym=True)[0][:3])


@lru_cache(maxsize=1)
def _by_sound() -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for character in frozenset("".join(TERMS)):
        if _HAN.match(character * 2):
            for sound in _sounds(character):
                found[sound].add(character)
    return {sound: frozenset(group) for sound, group in found.items()}


@lru_cache(maxsize=1)
def _trade() -> frozenset[str]:
    """The characters of the trade's words: these stand beside each other in ways that no list has."""
    return frozenset("".join(KNOWN))


def is_seen(pair: str) -> bool:
    """Whether two characters stand side by side in right reports."""
    return pair in _pairs()[0]


def is_frequent(pair: str) -> bool:
    """Whether two characters stand side by side in many right reports."""
    return pair in _pairs()[1]


def slips(text: str) -> Iterator[tuple[str, str]]:
    """Words of a text that have one wrong character, each with what is meant."""
    for run in _HAN.findall(text):
        yield from _in_run(run)


@lru_cache(maxsize=4096)
def _in_run(run: str) -> tuple[tuple[str, str], ...]:
    seen, _ = _pairs()
    found = []
    for place, character in enumerate(run):
        beside = [run[start : start + 2] for start in (place - 1, place) if 0 <= start < len(run) - 1]
        if character in _FREE or any(pair in seen or pair in KNOWN or pair in phrases() for pair in beside):
            continue
        if _word_at(run, place, least=3):
            continue  # rare beside its neighbours, and right
        if meant := _meant(run, place):
            found.append(meant)
    return tuple(found)


def _meant(run: str, place: int) -> tuple[str, str] | None:
    """The wrong word and the right one; None when no character, or more than one, may be meant."""
    seen, often = _pairs()
    typed = run[place]
    alike = set(_meant_by().get(typed, ()))
    for sound in _sounds(typed):
        alike |= _by_sound().get(sound, frozenset())
    fits: dict[str, str] = {}
    for character in sorted(alike - {typed}):
        changed = f"{run[:place]}{character}{run[place + 1 :]}"
        beside = [changed[start : start + 2] for start in (place - 1, place) if 0 <= start < len(run) - 1]
        if typed in _trade() and (len(beside) < 2 or not all(pair in often for pair in beside)):
            continue
        if all(pair in seen for pair in beside) and (
            any(pair in often for pair in beside) or (typed not in _trade() and len(beside) == 2)
        ):
            if word := _word_at(changed, place, least=2 if len(beside) == 2 else 3):
                fits[character] = word
            elif len(beside) == 2 and typed not in _trade():
                fits[character] = next((pair for pair in beside if pair in often), beside[0])
            elif len(beside) == 1 and beside[0] in TERMS and beside[0] in often:
                fits[character] = beside[0]
    if not fits:
        return None
    character, word = max(fits.items(), key=lambda one: len(one[1]))
    start = f"{run[:place]}{character}{run[place + 1 :]}".find(word, max(0, place - len(word) + 1))
    return run[start : start + len(word)], word


def _word_at(run: str, place: int, least: int) -> str:
    """The longest known word of a run that covers a place; "" when none has `least` characters."""
    for length in range(LONGEST, least - 1, -1):
        for start in range(max(0, place - length + 1), min(place, len(run) - length) + 1):
            if run[start : start + length] in KNOWN:
                return run[start : start + length]
    return ""
