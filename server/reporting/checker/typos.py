"""Misspelt words: what sounds or looks like a term of the trade, is none, and is no other word.

A text is first cut into known words. What they cover is right; only what is left over may be a slip, and then only
when one term fits it by sound, by look, by order or by one character too many.
"""

# ruff: noqa: E501 lists of words are read as one line
from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from server.reporting.checker.slips import is_frequent, is_seen, slips
from server.reporting.checker.subject import Alarm, AlarmKind, Subject
from server.reporting.checker.vocabulary import ALIKE, KNOWN, LONGEST, MISTAKES, RIGHT_AFTER_ALL, TERMS, phrases

_HAN = re.compile(r"[一-鿿]+")
_WORD = re.compile(r"[A-Za-z]{3,}")
_TWICE = re.compile(r"([一-鿿])\1")
_SIGN_TWICE = re.compile(
    r"(?:(?<=[未可内])见(?=见)|(?<=积)液(?=液)|(?<=囊)肿(?=肿)|([约呈及为示伴于的未且系影])(?=\1))(.)"
)
# "The midline is central central": at the end of a run, or a word that no other one begins with.
_WORD_TWICE = re.compile(
    r"([一-鿿]{2,4})\1$|(未见|可见|双侧|左侧|右侧|大小|形态|考虑|建议|明显|异常|清晰|密度|信号|周围|边缘|正常|较前|增大|血流)\2"
)
_MAY_STAND_TWICE = frozenset("极轻渐常稍略仅往处层双种点丝缕隐明时刻慢微散节段一条个颗粒各区")
_PUNCTUATION_TWICE = re.compile(r"([，。；、：])\1+|[，、；]：|[，、；]。|。[，、；]")
# Characters that are words by themselves: beside a character of another word they make sounds that mean nothing.
_BY_THEMSELVES = frozenset(
    "第起支止自由经行能因被将已仍均皆"
    "见可呈示为及与和或于在内外前后上下左右双侧区部处段叶影灶壁腔缘面骨肺肝胆脾肾脑心肌膜管约较稍略不未无有余各诸均大小长短宽厚高低多少增减变性样"
    "状形等的了且而但其此该所由向至从以对并伴达位线点片块团条类级型期年月日时度值径数个枚次者是已又再仅只间旁近远浅深中两一二三四五六七八九十余全另"
    "颌颅颞额顶枕眶窦鼻耳喉咽舌唇齿腮乳腋脐臀髂骶股腘跟跖趾指掌"
    "胃颈胸腹腰盆头手足膝肩肘腕踝髋椎肋尿血气液水粗细轻重薄圆窄软硬厘岁男女周级份"
)
# What ends the name of a thing and begins what is said of it.
_VERBS = frozenset("见呈示为及与和伴可未无均内")
# That a word differs in its side is the business of other checks.
_SIDES = re.compile(r"[左右]")
_OFTEN_TURNED = frozenset(
    "结节 密度 信号 形态 边缘 淋巴结 积液 肿块 扩张 异常 明显 增厚 椎体 胸膜 纵隔 气管 胆囊 胰腺 肝脏 囊肿 结石 骨折 病灶 清晰 破坏 股骨 肋骨 "
    "动脉 静脉 模糊 狭窄 钙化 肿胀 脱位 水肿 对称 规则 均匀 突出 强化 建议 复查 考虑 纹理".split()
)


def typos(subject: Subject) -> Iterator[Alarm]:
    """Words that are spelt wrong; each names the word that is meant."""
    told: set[str] = set()
    for wrong, right in _misspelt(subject.both):
        if wrong not in told and _SIDES.sub("", wrong) != _SIDES.sub("", right):
            told.add(wrong)
            yield Alarm(AlarmKind.TYPO, wrong, f"“{wrong}”疑为“{right}”之误。")
    for wrong, right in slips(subject.both):
        if not any(wrong in one or one in wrong for one in told) and _SIDES.sub("", wrong) != _SIDES.sub("", right):
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
    for match in _PUNCTUATION_TWICE.finditer(text):
        yield match[0], match[0][-1] if "。" not in match[0] else "。"
    for match in _WORD.finditer(text):
        if meant := MISTAKES.get(match[0].lower()):
            yield match[0], meant


@lru_cache(maxsize=4096)
def _in_run(run: str) -> tuple[tuple[str, str], ...]:
    sure, weak = _covered(run, KNOWN), _covered(run, phrases())
    found: list[tuple[str, str]] = []
    done: set[int] = set()
    for length in range(min(LONGEST, len(run)), 1, -1):
        for start in range(len(run) - length + 1):
            places = range(start, start + length)
            part = run[start : start + length]
            if done.intersection(places) or all(sure[place] for place in places) or part in KNOWN:
                continue
            right, wrong = _meant(part)
            if not right or (
                length < 4 and any(sure[start + place] and run[start + place] in _used() for place in wrong)
            ):
                continue
            if length > 2 and _is_word_and_more(part, wrong):
                continue
            if length == 2 and not _is_safe_pair(start, part, wrong, sure, weak):
                continue
            turned = part[::-1] == right and right in _OFTEN_TURNED
            if (_stands_so(run, start, wrong) and not turned) or (
                length == 2 and not _is_clearly_heard(part, right, wrong)
            ):
                continue
            if any(part[place] in _NUMERALS for place in wrong):
                continue
            if length > 2 and part in phrases():
                continue
            done.update(places)
            found.append((part, right))
    found += _doubled(run, sure)
    found += [(match[0], match[2]) for match in _SIGN_TWICE.finditer(run)]
    found += [(match[0], match[1] or match[2]) for match in _WORD_TWICE.finditer(run) if match[0] not in KNOWN]
    return tuple(found)


_NUMERALS = frozenset("一二三四五六七八九十两")


def _is_clearly_heard(part: str, right: str, wrong: list[int]) -> bool:
    """Whether a word of two characters is another by a foreign character, or sounds the same as a frequent one."""
    if all(part[place] not in _used() for place in wrong):
        return True
    is_turned = part[::-1] == right and right in _OFTEN_TURNED
    return is_turned or (is_frequent(right) and all(map(_same_sound, part, right)))


def _stands_so(run: str, start: int, wrong: list[int]) -> bool:
    """Whether right texts have a doubted character beside the one before or after it."""
    for place in wrong:
        here = start + place
        beside = [run[first : first + 2] for first in (here - 1, here) if 0 <= first < len(run) - 1]
        if any(is_seen(pair) or pair in phrases() for pair in beside):
            return True
    return False


def _is_safe_pair(start: int, part: str, wrong: list[int], sure: list[bool], weak: list[bool]) -> bool:
    """Whether two characters that mean nothing are a slip, not the end of one word and the start of another."""
    if part in phrases() or any(part[place] in _BY_THEMSELVES for place in wrong):
        return False
    if all(part[place] not in _used() for place in wrong):
        return True
    if any(sure[start + place] for place in range(2)):
        return False
    return not any(weak[start + place] for place in wrong)


def _are_two_words(part: str, wrong: list[int]) -> bool:
    doubted = {0 if place < 2 else 2 for place in wrong}
    return all(
        part[place : place + 2] in KNOWN or (place not in doubted and part[place : place + 2] in phrases())
        for place in (0, 2)
    )


def _is_word_and_more(part: str, wrong: list[int]) -> bool:
    """Whether all but one at an end are a word and that one is a word by itself, or two words stand side by side."""
    if len(part) == 4 and _are_two_words(part, wrong):
        return True
    if wrong == [len(part) - 1] and part[-1] in _VERBS:
        return True
    return (wrong == [0] and part[0] in _BY_THEMSELVES and part[1:] in KNOWN) or (
        wrong == [len(part) - 1] and part[-1] in _BY_THEMSELVES and part[:-1] in KNOWN
    )


@lru_cache(maxsize=1)
def _used() -> frozenset[str]:
    """The characters that the words of the trade are written with; another is a slip even beside a right word."""
    return frozenset("".join(KNOWN)) | _BY_THEMSELVES


def _meant(part: str) -> tuple[str, list[int]]:
    """The term that a part stands for by mistake, and the places (from 0) of what is wrong; "" when there is none."""
    terms = _by_sound()
    loose = len(part) > 2
    for sound in _heard(part):
        for term in terms.get(sound, ()):
            wrong = [place for place, (one, other) in enumerate(zip(part, term, strict=True)) if one != other]
            if 0 < len(wrong) <= max(1, len(part) // 3) and (loose or all(map(_same_sound, part, term))):
                return term, wrong
    for place, character in enumerate(part):
        for like in ALIKE.get(character, ()):
            term = f"{part[:place]}{like}{part[place + 1 :]}"
            if term in TERMS:
                return term, [place]
    for place in range(len(part) - 1):
        term = f"{part[:place]}{part[place + 1]}{part[place]}{part[place + 2 :]}"
        if term != part and term in TERMS and (len(part) > 2 or term in _OFTEN_TURNED):
            return term, [place, place + 1]
    return "", []


def _doubled(run: str, sure: list[bool]) -> list[tuple[str, str]]:
    """A character typed twice: its words are whole without the second."""
    found = []
    for match in _TWICE.finditer(run):
        first, second = match.start(), match.start() + 1
        before = run[max(first - 1, 0) : second]  # "良好" and 好 again
        whole = (before in KNOWN or before in phrases()) and not _starts_a_word(run, second)
        if match[1] in _MAY_STAND_TWICE or match[0] in KNOWN or (match[0] in phrases() and not whole):
            continue
        if _ends_a_word(run, second) and _starts_a_word(run, second):
            continue
        if first and run[first - 1] in "左右双侧" and _starts_a_word(run, second):
            continue  # both feet, their arches
        if _ends_a_word(run, second) or _starts_a_word(run, second) or not sure[first]:
            found.append((match[0], match[1]))
    return found


def _ends_a_word(run: str, end: int) -> bool:
    return any(run[end - length : end] in KNOWN for length in range(2, min(end, LONGEST) + 1)) or (
        run[end - 1] in _BY_THEMSELVES
    )


def _starts_a_word(run: str, start: int) -> bool:
    return any(run[start : start + length] in KNOWN | phrases() for length in range(2, LONGEST + 1)) or (
        run[start] in _BY_THEMSELVES and start == len(run) - 1
    )


def _covered(run: str, words: frozenset[str]) -> list[bool]:
    """Which characters lie in words when the run is cut so that as few as possible are left over."""
    ends = len(run)
    best: list[tuple[int, int, int]] = [(0, 0, 0)] * (ends + 1)  # left over, words, length of the first word
    for start in range(ends - 1, -1, -1):
        left, count, _ = best[start + 1]
        best[start] = (left + 1, count, 1)
        for length in range(2, min(LONGEST, ends - start) + 1):
            if run[start : start + length] in words:
                left, count, _ = best[start + length]
                best[start] = min(best[start], (left, count + 1, length))
    covered = [False] * ends
    place = 0
    while place < ends:
        length = best[place][2]
        if length > 1:
            covered[place : place + length] = [True] * length
        place += length
    return covered


@lru_cache(maxsize=1)
def _by_sound() -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for term in sorted(TERMS):
        if _HAN.fullmatch(term):
            found[tuple(_loose(_read_in(term)))].append(term)
    return dict(found)


def _read_in(part: str) -> list[str]:
    """The toneless syllables of a term, read as the term is read."""
    from pypinyin import Style, lazy_pinyin

    return list(lazy_pinyin(part, style=Style.NORMAL))


def _heard(part: str) -> Iterator[tuple[str, ...]]:
    """Every way to read a part that may be no word: a character may have two sounds."""
    yield from product(*(_loosely(character) for character in part))


def _same_sound(one: str, other: str) -> bool:
    return one == other or bool(set(_syllables(one)) & set(_syllables(other)))


@lru_cache(maxsize=8192)
def _syllables(character: str) -> tuple[str, ...]:
    from pypinyin import Style, pinyin

    return tuple(dict.fromkeys(pinyin(character, style=Style.NORMAL, heteronym=True)[0]))[:2]


@lru_cache(maxsize=8192)
def _loosely(character: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_loose(_syllables(character))))


def _loose(syllables: list[str] | tuple[str, ...]) -> list[str]:
    """Syllables as a southerner says them: zh as z, ing as in."""
    return [re.sub(r"^([zcs])h", r"\1", re.sub(r"(?<=[aei]n)g$", "", one)) for one in syllables]
