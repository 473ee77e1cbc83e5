"""An impression that says two things of one place while the findings have two places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from server.reporting.checker.anatomy import SIDED, opposite, word_of
from server.reporting.checker.clauses import Clause, clauses
from server.reporting.checker.places import apart, of_kind
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_WELL = re.compile(
    r"未见(?:明显|明确|确切)?(?:异常|血栓|结节|肿块|占位|病变|骨折|积水|结石|狭窄|斑块|新发)|(?<!不)正常|RADS\s*(?:分类)?[：:]?\s*1(?!\d)|通畅"
)
_ILL = re.compile(
    r"结节|肿块|占位|囊肿|结石|积[水液]|炎|癌|瘤|骨折|血栓|斑块|狭窄|撕裂|损伤|增大|肿大|受损|减低|术后|钙化灶|扩张|病变|低回声|RADS\s*(?:分类)?[：:]?\s*[3-6]"
)
_VAGUE = re.compile(r"余|其[余他它]|另|除|建议|复查|可能|待排|急性")


def repeats(subject: Subject) -> Iterator[Alarm]:
    """Both sorts of it."""
    yield from _ill_and_well(subject)
    yield from _same_level(subject)


def _ill_and_well(subject: Subject) -> Iterator[Alarm]:
    """ "Nodule of the left breast; left breast BI-RADS 1": the findings speak of the right one, too."""
    told = [one for one in clauses(subject.impression) if len(one.sides) == 1 and one.organs & SIDED]
    for well in told:
        if not well.own_sides or not _WELL.search(well.text) or _VAGUE.search(well.text) or _ILL.search(_plain(well)):
            continue
        (side,) = well.own_sides if len(well.own_sides) == 1 else (None,)
        if side is None:
            continue
        ill = [
            one
            for one in told
            if one is not well
            and one.sides == well.sides
            and one.organs & well.organs & SIDED
            and _ILL.search(one.text)
            and not _WELL.search(one.text)
            and not apart(one.places, well.places)
        ]
        if not ill or any(one.sides == {opposite(side)} and one.organs & well.organs for one in told):
            continue
        other = [one for one in clauses(subject.findings) if one.organs & well.organs and opposite(side) in one.sides]
        if other:
            why = f"“{ill[0].text}”与“{well.text}”写的是同一侧，影像所见另有{word_of(opposite(side))}侧，请核对左右侧。"
            yield Alarm(AlarmKind.SIDE, well.text, why)
            return


def _plain(clause: Clause) -> str:
    return _WELL.sub("", clause.text)


_LISTED = re.compile(r"([CTL]\d{1,2}(?:[/／-][CTLS]?\d)?)(?:、[CTLS\d/／]+)*?、\1(?![\d/])")
_DISC = {"突出": re.compile(r"突出|脱出"), "膨出": re.compile(r"膨出|膨隆")}


def _same_level(subject: Subject) -> Iterator[Alarm]:
    """ "L3/4, L3/4 bulging"; "L4/5 herniated; L4/5 bulging" where the findings have them at two levels."""
    if listed := _LISTED.search(subject.impression):
        yield Alarm(AlarmKind.CONFLICT, listed[0], f"“{listed[0]}”里同一节段写了两次，请核对。")
        return
    for name, pattern in _DISC.items():
        twice = Counter(
            level
            for one in clauses(subject.impression)
            if pattern.search(one.text) and len(of_kind(one.places, "椎间隙")) == 1
            for level in of_kind(one.places, "椎间隙")
        )
        for level, number in twice.items():
            if number > 1 and set(_levels(subject.findings, pattern)) - set(_levels(subject.impression, pattern)):
                words = _levels(subject.impression, pattern)[level]
                why = f"诊断意见里 {level} 节段写了两次“{name}”，影像所见为不同节段，请核对。"
                yield Alarm(AlarmKind.CONFLICT, words, why)
                return
    there = {name: _levels(subject.findings, pattern) for name, pattern in _DISC.items()}
    told = {name: _levels(subject.impression, pattern) for name, pattern in _DISC.items()}
    for name, other in (("突出", "膨出"), ("膨出", "突出")):
        for level, words in told[name].items():
            # The findings have the level as the other sort only, and this sort at a level that the impression lacks.
            if level not in there[name] and level in there[other] and set(there[name]) - set(told[name]):
                why = f"诊断意见写“{words}”，影像所见该节段为{other}（“{there[other][level]}”），请核对。"
                yield Alarm(AlarmKind.CONFLICT, words, why)
                return


def _levels(text: str, pattern: re.Pattern[str]) -> dict[str, str]:
    return {
        level: one.text
        for one in clauses(text)
        if pattern.search(one.text) and not re.search(r"未见|无|余", one.text)
        for level in of_kind(one.places, "椎间隙")
    }
