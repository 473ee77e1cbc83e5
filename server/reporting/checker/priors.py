"""Comparisons with earlier reports: whether the numbers bear out what the words say."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.anatomy import organs_in, sides_in
from server.reporting.checker.clauses import Mention, asserted, mentions, sentences, sizes_in
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_COMPARES = re.compile(
    r"较(?:前|上次|旧|既往|老|\d{4})|与(?:前片|前次|上次|旧片|既往|\d{4}).{0,14}(?:比|对照)|对[比照](?:前|上|旧|既往|\d{4})|前片|compar(?:ed|ison) (?:with|to)|since (?:the )?prior|interval",
    re.IGNORECASE,
)
_LARGER = re.compile(
    r"增大|增多|进展|增长|增粗|增宽|加重|变大|增加|扩大|enlarg|increas|progress|grow|larger", re.IGNORECASE
)
_SMALLER = re.compile(r"缩小|减小|减少|吸收|好转|变小|减轻|decreas|smaller|shrink|regress|improv", re.IGNORECASE)
_SAME = re.compile(
    r"相仿|无(?:明显|显著)?变化|未见(?:明显|显著)?变化|变化不(?:大|明显|著)|大致同前|基本同前|稳定|同前|unchanged|stable|no (?:significant |interval )?change",
    re.IGNORECASE,
)
_NEW = re.compile(r"新发|新出现|新增|为新|新见|\bnew(?:ly)?\b", re.IGNORECASE)
_NOT = re.compile(r"(?:未见|无|未|不)(?:明显|显著)?$|\b(?:no|not)\s*$", re.IGNORECASE)
_QUOTED = re.compile(
    r"(?:前片|前次|上次|原(?:来)?|既往|旧片|较前|由|从|先前|previously|prior|was|from)(?:片|检查|报告|大小|直径|测量|为|约|的|所示|中)*\s*[（(]?\s*(?:约为|约|为)?\s*(\d+(?:\.\d+)?(?:\s*[×xX*]\s*\d+(?:\.\d+)?)*\s*(?:mm|cm|毫米|厘米))",
    re.IGNORECASE,
)
_FORMER_SIZE = re.compile(r"前片|前次|上次|原|既往|旧片|由|从|previous|prior", re.IGNORECASE)
_MEASURED = frozenset(
    {"结节", "肿块", "囊肿", "动脉瘤", "结石", "出血", "积液", "淋巴结肿大", "椎间盘", "扩张", "炎症", "梗死", "转移"}
)
_ABOUT_SAME_MM, _ABOUT_SAME = 1.5, 0.2
_LEAP = 3.0


def priors(subject: Subject) -> Iterator[Alarm]:
    """Doubts about what the text says of change."""
    compares = _COMPARES.search(subject.both)
    if not subject.prior.strip():
        if compares and not re.search(r"无(?:前片|既往|旧片)|未(?:提供|见)(?:前片|旧片)|no prior", subject.both):
            words = _sentence_of(subject.both, compares.start())
            yield Alarm(AlarmKind.PRIOR, words, f"“{words}”与既往检查作了比较，但没有既往报告，请核对。")
        return
    told = False
    for alarm in (*_quoted(subject), *_changes(subject), *_new_ones(subject)):
        told = True
        yield alarm
    if not told and not compares:
        yield from _leaps(subject)


def _quoted(subject: Subject) -> Iterator[Alarm]:
    """A size quoted from the earlier report that is not in it."""
    there = [number for size in sizes_in(subject.prior) for number in _mm(size.numbers, size.unit)]
    if not there:
        return
    for match in _QUOTED.finditer(subject.both):
        sizes = sizes_in(match[1])
        if not sizes:
            continue
        numbers = _mm(sizes[0].numbers, sizes[0].unit)
        if not all(any(abs(number - other) < 0.051 for other in there) for number in numbers):
            yield Alarm(AlarmKind.PRIOR, match[0], f"“{match[0]}”与既往报告中的数值不符，请核对。")


def _changes(subject: Subject) -> Iterator[Alarm]:
    """ "Larger", "smaller" or "unchanged" against the two numbers."""
    for text in (subject.findings, subject.impression):
        for sentence in sentences(text):
            said = _said(sentence)
            if not said:
                continue
            pair = _pair(sentence, subject)
            if not pair:
                continue
            before, now, words = pair
            about_same = abs(now - before) <= max(_ABOUT_SAME_MM, _ABOUT_SAME * before)
            if (
                (said == "larger" and now <= before)
                or (said == "smaller" and now >= before)
                or (said == "same" and not about_same)
            ):
                what = {"larger": "增大", "smaller": "缩小", "same": "无明显变化"}[said]
                yield Alarm(
                    AlarmKind.PRIOR, words, f"文中说较前{what}，但既往为 {before:g} mm，本次为 {now:g} mm，请核对。"
                )
                return


def _said(sentence: str) -> str:
    if not _COMPARES.search(sentence) and not re.search(r"同前|unchanged|stable", sentence):
        return ""
    if _SAME.search(sentence):
        return "same"
    for word, pattern in (("larger", _LARGER), ("smaller", _SMALLER)):
        for match in pattern.finditer(sentence):
            if not _NOT.search(sentence[: match.start()]):
                return word
            return "same"
    return ""


def _pair(sentence: str, subject: Subject) -> tuple[float, float, str] | None:
    """Size before and now (mm) of the lesion that a comparing sentence is about."""
    about = [one for one in asserted(sentence) if one.lesion in _MEASURED]
    quoted = {size.words for match in _QUOTED.finditer(sentence) for size in sizes_in(match[1])}
    own = [size.mm for size in sizes_in(sentence) if size.words not in quoted]
    former = _sizes_of(subject.prior, about, sentence)
    if quoted and own:
        before = max(size.mm for match in _QUOTED.finditer(sentence) for size in sizes_in(match[1]))
        return before, max(own), sentence
    current = own or _sizes_of(subject.findings, about, sentence)
    if not former or not current:
        return None
    if len(former) > 1 and len(set(former)) > 1 and not about:
        return None
    return max(former), max(current), sentence


def _sizes_of(text: str, about: list[Mention], sentence: str) -> list[float]:
    """Sizes (mm) of the same lesion in another text; of its only measured one when the sentence names none."""
    measured = [
        one
        for one in asserted(text)
        if one.size_mm is not None and one.lesion in _MEASURED and not _FORMER_SIZE.search(one.words)
    ]
    if about:
        organs = about[0].organs or organs_in(sentence)
        sides = about[0].sides or sides_in(sentence)
        measured = [
            one
            for one in measured
            if _alike(one.lesion, about[0].lesion)
            and (not one.organs or not organs or one.organs & organs)
            and (not one.sides or not sides or one.sides & sides)
        ]
    else:
        organs = organs_in(sentence)
        if organs:
            measured = [one for one in measured if not one.organs or one.organs & organs]
    by_sentence = {one.sentence: one.size_mm for one in measured if one.size_mm is not None}
    if len(by_sentence) > 1 and len(set(by_sentence.values())) > 1:
        return []
    return list(by_sentence.values())


def _alike(one: str, other: str) -> bool:
    return one == other or {one, other} <= {"结节", "肿块", "囊肿", "转移"}


def _new_ones(subject: Subject) -> Iterator[Alarm]:
    """ "New" although the earlier report has it; "as before" although that report denies it or has nothing like it."""
    before = mentions(subject.prior)
    for one in asserted(subject.both):
        same = [
            other
            for other in before
            if _alike(other.lesion, one.lesion)
            and (not one.organs or not other.organs or one.organs & other.organs)
            and (not one.sides or not other.sides or one.sides & other.sides)
        ]
        there = [other for other in same if not other.is_denied]
        sentence = _sentence_with(subject.both, one.words)
        called = sentence if len({other.lesion for other in asserted(sentence)}) == 1 else one.words
        if _NEW.search(called) and there and not _NOT.search(called[: _place(_NEW, called)]):
            yield Alarm(AlarmKind.PRIOR, called, f"“{called}”写为新发，但既往报告已有“{there[0].words}”，请核对。")
            return
        compared = one.lesion in _MEASURED | {"骨折", "积水", "气胸"} and bool(_said(sentence))
        unheard_of = not there and (bool(same) or not asserted(subject.prior))
        if compared and unheard_of and not _NEW.search(sentence):
            yield Alarm(AlarmKind.PRIOR, sentence, f"“{sentence}”与前次作了比较，但既往报告没有描述该病变，请核对。")
            return


def _leaps(subject: Subject) -> Iterator[Alarm]:
    """A size three times what it was, or a third of it, without a word about it."""
    for one in asserted(subject.findings):
        if one.size_mm is None or one.lesion not in _MEASURED:
            continue
        former = _sizes_of(subject.prior, [one], one.words)
        if former and not max(former) / _LEAP < one.size_mm < max(former) * _LEAP:
            yield Alarm(
                AlarmKind.PRIOR,
                one.words,
                f"本次 {one.size_mm:g} mm 与既往 {max(former):g} mm 相差悬殊而未作说明，请核对。",
            )
            return


def _mm(numbers: tuple[float, ...], unit: str) -> list[float]:
    return [number * (10 if unit == "cm" else 1) for number in numbers]


def _place(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.search(text)
    return match.start() if match else 0


def _sentence_of(text: str, place: int) -> str:
    start = max(text.rfind(mark, 0, place) for mark in "。；;\n") + 1
    ends = [end for mark in "。；;\n" if (end := text.find(mark, place)) >= 0]
    return text[start : min(ends, default=len(text))].strip()


def _sentence_with(text: str, words: str) -> str:
    return next((sentence for sentence in sentences(text) if words in sentence), words)
