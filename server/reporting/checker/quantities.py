"""Numbers, categories and degrees of the impression that are not those of the findings."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.anatomy import lesions_in, organs_in, sides_in
from server.reporting.checker.clauses import NUMBER, clauses, sizes_in
from server.reporting.checker.measures import measures_in
from server.reporting.checker.places import apart
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_FORMER = re.compile(
    r"前片|前次|上次|原(?!发)|既往|较前|由|从|\d{4}[-年./]\d|prior|previous|\bwas\b|\bfrom\b", re.IGNORECASE
)
_LATER = re.compile(r"建议|复查|随访|recommend|follow|>|<|≥|≤|＞|＜|以上|以下|不足|正常值|参考", re.IGNORECASE)
# One label, its numbers; the label names the quantity in both texts.
_LABELLED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"(?:{label})\s*(?:约为|约|为|达|是|：|:|=)?\s*({NUMBER})(?![\d.]){unit}", re.IGNORECASE))
    for name, label, unit in (
        ("SUV", r"SUV\s?(?:max|mean|peak)?\s*(?:值)?", r"(?!\s*(?:mm|cm))"),
        ("压缩", r"(?:压缩|受压|压迫)(?:体积|程度)?", r"\s*[%％]"),
        ("狭窄", r"狭窄(?:率|程度)?\s*[（(]?", r"\s*[%％](?![-~～至])"),
        ("射血分数", r"(?<![A-Za-z])(?:LV)?EF(?:值)?|射血分数(?:EF)?", r"\s*[%％]?"),
        ("Cobb角", r"Cobb['’]?s?\s*角(?:度)?", r"\s*[°度]"),
        ("残余尿", r"残余尿(?:量)?[^，。；\d]{0,5}?", r"\s*(?:ml|毫升)"),
        ("胎心率", r"胎心(?:率|搏动)?", r"\s*(?:次|bpm)"),
        ("羊水指数", r"羊水指数|AFI", r""),
        ("骨龄", r"骨龄", r"\s*岁"),
        ("CT值", r"CT值", r"\s*HU"),
    )
)
_GRADES = re.compile(
    r"(BI|TI|PI|LI|O|C|Lung|CAD|VI)[-‐－ ]?RADS\s*(?:分级|分类|评分)?\s*[：:]?\s*(?:(?:v?\d\.\d)\s*)?([0-6ⅠⅡⅢⅣⅤⅥ](?:[a-cA-C](?![a-z]))?)",
    re.IGNORECASE,
)
_OTHER_GRADES = re.compile(
    r"(Fazekas|Graf|ARCO|Pfirrmann|K-?L|Kellgren|Risser|Modic|Bosniak|Meyerding)\s*(?:分级|分期)?\s*([0-5ⅠⅡⅢⅣⅤIV]{1,3})\s*(?:级|期|型|度)?",
    re.IGNORECASE,
)
_ROMAN = {
    "Ⅰ": "1",
    "Ⅱ": "2",
    "Ⅲ": "3",
    "Ⅳ": "4",
    "Ⅴ": "5",
    "Ⅵ": "6",
    "I": "1",
    "II": "2",
    "III": "3",
    "IV": "4",
    "V": "5",
}
_DEGREE = re.compile(r"(极重度|轻[-~～至]?中度|中[-~～至]?重度|轻度|中度|重度|微量|极?少量|少许|中等量|中量|大量)")
_RANK = {
    "微量": {1},
    "极少量": {1},
    "少量": {1},
    "少许": {1},
    "轻度": {1},
    "中量": {2},
    "中等量": {2},
    "中度": {2},
    "大量": {3},
    "重度": {3},
    "极重度": {3},
}
_GRADED = frozenset("积液 积水 反流 狭窄 扩张 脂肪肝 积血 气胸 肺气肿 骨质疏松 肿大 椎间盘 撕裂".split())


def quantities(subject: Subject) -> Iterator[Alarm]:
    """Each contradiction of numbers once."""
    for check in (_sizes, _angles, _labelled, _graded, _grade_before, _degrees, _narrowed):
        yield from check(subject)


def _sizes(subject: Subject) -> Iterator[Alarm]:
    """A size in the impression that the findings have nowhere, though they give sizes."""
    there = {number for one in measures_in(subject.findings) for number in one.numbers}
    digits = {number for size in sizes_in(subject.findings) for number in size.numbers}
    if not there:
        return
    known = there | {number for one in measures_in(subject.prior) for number in one.numbers}
    for one in measures_in(subject.impression):
        if one.is_former or _around(subject.impression, one.words, _FORMER, _LATER):
            continue
        strange = [number for number in one.numbers if not any(_alike(number, each) for each in known)]
        if not strange or any(number in digits or number / 10 in digits for number in strange):
            continue  # the same digits with another unit are told as a unit
        near = [
            each
            for each in measures_in(subject.findings)
            if not each.is_former
            and not (each.organs and one.organs and not each.organs & one.organs)
            and not (each.sides and one.sides and not each.sides & one.sides)
            and not apart(each.places, one.places)
        ]
        if near:
            yield _alarm(one.words, near[0].words)
            return


_ANGLE = re.compile(rf"({NUMBER})\s*[°度](?!\s*[CＣ]|滑|信号|狭)")


def _angles(subject: Subject) -> Iterator[Alarm]:
    """An angle of the impression that the findings, which give angles, do not."""
    there = [float(one) for one in _ANGLE.findall(subject.findings + subject.prior)]
    for match in _ANGLE.finditer(subject.impression) if there else ():
        if float(match[1]) >= 5 and not any(abs(float(match[1]) - one) < 1 for one in there):
            yield _alarm(match[0], f"{there[0]:g}°")
            return


def _alike(one: float, other: float) -> bool:
    return abs(one - other) < 0.051 or (abs(round(one) - round(other)) < 1 and abs(one - other) <= 0.51)


def _around(text: str, words: str, *patterns: re.Pattern[str]) -> bool:
    place = text.find(words)
    start = max(text.rfind(mark, 0, place) for mark in "。；;\n，,") + 1
    ends = [end for mark in "。；;\n，," if (end := text.find(mark, place + len(words))) >= 0]
    part = text[start : min(ends, default=len(text))]
    return any(pattern.search(part) for pattern in patterns)


def _labelled(subject: Subject) -> Iterator[Alarm]:
    for _, pattern in _LABELLED:
        there = [float(match[1]) for match in pattern.finditer(subject.findings)]
        before = [float(match[1]) for match in pattern.finditer(subject.prior)]
        if not there:
            continue
        for match in pattern.finditer(subject.impression):
            if _around(subject.impression, match[0], _FORMER, _LATER):
                continue
            if not any(abs(float(match[1]) - one) < 0.051 for one in (*there, *before)):
                yield _alarm(match[0], next(one[0] for one in pattern.finditer(subject.findings)))
                return


def _graded(subject: Subject) -> Iterator[Alarm]:
    for pattern in (_GRADES, _OTHER_GRADES):
        there = [(match[1].upper(), _grade(match[2]), match[0]) for match in pattern.finditer(subject.findings)]
        for match in pattern.finditer(subject.impression):
            mine = [one for one in there if one[0] == match[1].upper()]
            if match[0] in subject.prior:
                continue  # the category of the earlier report is kept
            if mine and not any(one[1] == _grade(match[2]) for one in mine):
                yield _alarm(match[0], mine[0][2])
                return


_SLIP = re.compile(r"滑[脱移][^，。；]{0,4}?([IVⅠⅡⅢⅣ]{1,3}|[1-4一二三四])\s?[度级]")
_GRADE_BEFORE = re.compile(r"(?<![A-Za-z])([IVⅠⅡⅢⅣ]{1,3}|[1-4一二三四])\s?[度级]\s?(滑脱|信号|损伤|撕裂|变性|肿大)")
_PLAIN = {"Ⅰ": "1", "Ⅱ": "2", "Ⅲ": "3", "Ⅳ": "4", "I": "1", "II": "2", "III": "3", "IV": "4"} | dict(
    zip("一二三四", "1234", strict=True)
)


def _grade_before(subject: Subject) -> Iterator[Alarm]:
    """ "Slipped by grade I" and "by grade III"."""
    there: dict[str, dict[str, str]] = {}
    for match in _GRADE_BEFORE.finditer(subject.findings):
        there.setdefault(match[2], {})[_PLAIN.get(match[1], match[1])] = match[0]
    for match in _SLIP.finditer(subject.findings):
        there.setdefault("滑脱", {})[_PLAIN.get(match[1], match[1])] = match[0]
    for match in _GRADE_BEFORE.finditer(subject.impression):
        mine = there.get(match[2])
        if mine and _PLAIN.get(match[1], match[1]) not in mine:
            yield _alarm(match[0], next(iter(mine.values())))
            return


def _grade(text: str) -> str:
    return _ROMAN.get(
        text.upper(),
        _ROMAN.get(text[:1], text[:1]) + text[1:].upper()
        if text[:1] in _ROMAN and len(text) > 1 and text[1:].isalpha() and text[1:].upper() in "ABC"
        else text.upper(),
    )


def _degrees(subject: Subject) -> Iterator[Alarm]:
    """ "Severe" and "mild" of the same thing at the same place."""
    there = _ranked(subject.findings)
    for words, lesion, organs, sides, places, ranks in _ranked(subject.impression):
        same = [
            one
            for one in there
            if one[1] == lesion
            and not (one[2] and organs and not one[2] & organs)
            and not (one[3] and sides and not one[3] & sides)
            and not apart(one[4], places)
        ]
        same = [one for one in same if one[4] & places] or same
        if same and not any(one[5] & ranks for one in same) and not _FORMER.search(words):
            yield _alarm(words, same[0][0])
            return


_NARROWING = re.compile(rf"狭窄[^，。；\d]{{0,6}}({NUMBER})\s*[%％](?![-~～至])")
# What no one calls so; between these the departments differ.
_SHARES = {1: (0.0, 60.0), 2: (35.0, 80.0), 3: (60.0, 100.0)}


def _narrowed(subject: Subject) -> Iterator[Alarm]:
    """ "Severe" for a narrowing by half."""
    there = []
    for clause in clauses(subject.findings):
        match = _NARROWING.search(clause.text) or re.match(rf"(?:约|为|约为)?({NUMBER})\s*[%％]$", clause.text)
        if match and (clause.organs or clause.places) and not _FORMER.search(clause.text):
            there.append((clause, float(match[1]), match[0]))
    for words, lesion, organs, sides, places, ranks in _ranked(subject.impression):
        if lesion != "狭窄" or len(ranks) != 1 or not (organs or places):
            continue
        own = frozenset(one for one in places if one[0] != "血管段")
        same = [one for one in there if one[0].organs == organs and one[0].sides == sides and one[0].places == own]
        least, most = _SHARES[min(ranks)]
        if len(same) == 1 and not least <= same[0][1] <= most:
            yield _alarm(words, same[0][2])
            return


_Ranked = tuple[str, str, frozenset[str], frozenset[str], frozenset[tuple[str, str]], set[int]]


def _ranked(text: str) -> list[_Ranked]:
    found: list[_Ranked] = []
    for clause in clauses(text):
        if _LITTLE.search(clause.text) and not _DEGREE.search(clause.text) and clause.organs & _CHESTS:
            found.append((clause.text, "积液", clause.organs | _CHESTS, clause.sides, clause.places, {1}))
            continue
        if re.search(r"桥血管|较前|前片|前次|原(?!发)|既往|未见|无[^，]{0,2}(?:明显|大量)", clause.text):
            continue
        for part in re.split(r"[、及伴]", clause.text):
            degree = _DEGREE.search(part)
            if not degree:
                continue
            for lesion, start, end in lesions_in(part):
                if lesion in _GRADED and (0 <= start - degree.end() <= 5 or 0 <= degree.start() - end <= 2):
                    organs = organs_in(part) or clause.organs
                    places = clause.places | {("血管段", one) for one in re.findall(r"([近中远])段", part)}
                    found.append(
                        (clause.text, lesion, organs, sides_in(part) or clause.sides, places, _ranks(degree[1]))
                    )
    return found


# A crescent of fluid is little of it.
_LITTLE = re.compile(r"(?:弧形|新月形|薄层|带状|线样)[^，。；未无]{0,4}(?:水样|液性|液体|积液|低密度)")
_CHESTS = frozenset({"胸腔", "胸膜"})


def _ranks(word: str) -> set[int]:
    if word in _RANK:
        return _RANK[word]
    return {1, 2} if word.startswith("轻") else {2, 3}


def _alarm(told: str, found: str) -> Alarm:
    return Alarm(AlarmKind.CONFLICT, told, f"诊断意见写“{told}”，影像所见写“{found}”，两处不一致，请核对。")
