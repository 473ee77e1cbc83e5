"""How many: stents, stones, nodules, children; and which stretch of a coronary artery."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import clauses
from server.reporting.checker.places import apart, places_in
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_DIGITS = {
    "一": 1,
    "1": 1,
    "单": 1,
    "两": 2,
    "二": 2,
    "2": 2,
    "双": 2,
    "三": 3,
    "3": 3,
    "四": 4,
    "4": 4,
    "五": 5,
    "5": 5,
    "六": 6,
    "6": 6,
}
_COUNT = r"([一两二三四五六1-6])\s?(?:枚|个|颗|粒|处|根|条)"
_THINGS = "支架|结石|强回声|息肉|结节|囊肿|肿块|肌瘤|孕囊|妊娠囊|节育器|弹簧圈|异物|淋巴结|动脉瘤|溃疡|病灶|转移瘤|转移灶|转移|高密度影|破口"
_BEFORE = re.compile(rf"{_COUNT}(?:[^，。；\d]{{0,10}}?)({_THINGS})")
_AFTER = re.compile(rf"({_THINGS})(?:影|灶)?[^，。；\d]{{0,3}}{_COUNT}")
_SAME_THING = {"强回声": "结石", "高密度影": "结石", "妊娠囊": "孕囊", "转移灶": "转移瘤", "转移": "转移瘤"}
_OLD = re.compile(r"术后|前片|前次|既往|原(?!发)|另|余|其中|较大|大者|不除外|可能")


def miscounted(subject: Subject) -> Iterator[Alarm]:
    """A number of things in the impression that is not the one that the findings give."""
    found = list(_counts(subject.findings))
    for words, thing, number, organs, sides, places in _counts(subject.impression):
        same = [
            one
            for one in found
            if (one[1] == thing or "*" in (one[1], thing))
            and not (one[3] and organs and not one[3] & organs)
            and not (one[4] and sides and not one[4] & sides)
            and not apart(one[5], places)
        ]
        if len(same) == 1 and same[0][2] != number:
            why = f"诊断意见写“{words}”，影像所见写“{same[0][0]}”，数目不一致，请核对。"
            yield Alarm(AlarmKind.CONFLICT, words, why)
            return
    yield from _listed(subject)
    yield from _children(subject)
    yield from _one_or_many(subject)
    yield from _stretches(subject)


_Counted = tuple[str, str, int, frozenset[str], frozenset[str], frozenset[tuple[str, str]]]


def _counts(text: str) -> Iterator[_Counted]:
    for clause in clauses(text):
        if _OLD.search(clause.text):
            continue
        for pattern, number, thing in ((_BEFORE, 1, 2), (_AFTER, 2, 1)):
            if match := pattern.search(clause.text):
                name = _SAME_THING.get(match[thing], match[thing])
                yield match[0], name, _DIGITS[match[number]], clause.organs, clause.sides, clause.places
                break
        else:
            if match := _IN_ALL.match(clause.text):
                number = int(match[1]) if match[1].isdigit() else _DIGITS.get(match[1], 0)
                yield match[0], "*", number, clause.organs, clause.sides, clause.places


_LIST = re.compile(r"第?\d+(?:\s*[、，,\-~～至]\s*第?\d+)*\s*(?:前|后|侧)?(肋|跖骨|掌骨|趾骨|指骨)")
_IN_ALL = re.compile(r"共\s?(?:计)?\s?(\d+|[一两二三四五六七八九十])\s?(?:根|处|块|个|枚)")


def _listed(subject: Subject) -> Iterator[Alarm]:
    """ "Ribs 2 to 5 (three in all)"."""
    for text in (subject.findings, subject.impression):
        for sentence in re.split(r"[。；\n]", text):
            listed, total = list(_LIST.finditer(sentence)), _IN_ALL.search(sentence)
            if len(listed) != 1 or not total:
                continue
            number = (
                int(total[1]) if total[1].isdigit() else "零一二三四五六七八九十".find(total[1].replace("两", "二"))
            )
            there = {place for kind, place in places_in(listed[0][0]) if kind == listed[0][1]}
            if there and number != len(there) and "双" not in sentence:
                why = f"“{listed[0][0]}”共 {len(there)} 处，文中却写“{total[0]}”，请核对。"
                yield Alarm(AlarmKind.CONFLICT, total[0], why)
                return


_CHILD = re.compile(r"胎儿?\s?([A-D甲乙丙①②③])|([A-D])\s?胎|F([123])(?!\d)")
_CHILDREN = {"单": 1, "一": 1, "双": 2, "三": 3, "四": 4}


def _children(subject: Subject) -> Iterator[Alarm]:
    """ "Triplets" of two that are described."""
    there = {next(one for one in match.groups() if one) for match in _CHILD.finditer(subject.findings)}
    told = re.search(r"(单|双|三|四)(?:活|绒毛膜|羊膜囊|绒|羊)*胎", subject.impression)
    if len(there) >= 2 and told and _CHILDREN[told[1]] != len(there):
        why = f"影像所见描述了 {len(there)} 个胎儿，诊断意见写“{told[0]}”，请核对。"
        yield Alarm(AlarmKind.CONFLICT, told[0], why)
    elif told and _CHILDREN[told[1]] > 1 and (one := re.search(r"(?:一个?|单个?|1个?)胎儿?(?!盘)", subject.findings)):
        why = f"影像所见写“{one[0]}”，诊断意见写“{told[0]}”，请核对。"
        yield Alarm(AlarmKind.CONFLICT, told[0], why)


_MANY = re.compile(rf"多发(?:性|小)?({_THINGS})|({_THINGS})[（(]?多发")
_SINGLE = re.compile(rf"单发(?:性|小)?({_THINGS})|({_THINGS})[（(]?单发|孤立性?({_THINGS})")
_SEVERAL = re.compile(
    r"多发|数[枚个处]|多[枚个处]|散在|[两二三四五六2-6]\s?[枚个颗处]|弥漫|成簇|另|较大者|大者|最大|双侧|及"
)


def _one_or_many(subject: Subject) -> Iterator[Alarm]:
    """ "Several" of what the findings have one of, "single" of what they have several of."""
    for told in clauses(subject.impression):
        if _OLD.search(told.text) or not told.organs:
            continue
        many, single = _MANY.search(told.text), _SINGLE.search(told.text)
        if not many and not single:
            continue
        match = many or single
        assert match is not None
        thing = next(one for one in match.groups() if one)
        if "、" in told.text[: match.start()]:
            continue  # several at two organs may be one at each
        near = [
            one
            for one in clauses(subject.findings)
            if one.organs & told.organs
            and not apart(one.places, told.places)
            and not (one.sides and told.sides and not one.sides & told.sides)
        ]
        alike = r"结节|肿块|占位|灶" if thing.startswith("转移") else thing
        named = [one for one in near if re.search(alike, one.text) and not re.search(r"未见|无(?!回声)", one.text)]
        shown = [one for one in near if not re.search(r"未见|无(?!回声)", one.text)]
        if many and named and not any(_SEVERAL.search(one.text) for one in shown):
            ones = [one for one in named if re.search(r"[一1单](?:枚|个|颗|处|发)|孤立|(?<!未)见一(?!些|侧)", one.text)]
            if ones and len({one.sentence for one in named}) == 1:
                yield _alarm(told.text, ones[0].text)
                return
        if single and any(
            re.search(rf"(?:多发|数[枚个]|多[枚个]|[两二三四五2-5]\s?[枚个])[^，。；]{{0,8}}{thing}", one.text)
            for one in near
        ):
            yield _alarm(told.text, next(one.text for one in near if thing in one.text))
            return


_VESSELS = (
    ("前降支", r"前降支|\bLAD\b"),
    ("回旋支", r"回旋支|\bLCX\b"),
    ("右冠", r"右冠(?:状动脉|脉)?|\bRCA\b"),
)
_NARROW = re.compile(r"狭窄|闭塞|斑块|支架|病变|扩张|桥")
_STRETCH = re.compile(r"([近中远]|[近中远][、及和]?[近中远])段")


def _stretches(subject: Subject) -> Iterator[Alarm]:
    """A stretch of a coronary artery of which the findings tell nothing, though they tell of its others."""
    found, told = _by_vessel(subject.findings), _by_vessel(subject.impression)
    for vessel, parts in told.items():
        strange = set(parts) - set(found.get(vessel, {}))
        if vessel in found and strange and found[vessel]:
            words = parts[strange.pop()]
            yield _alarm(words, next(iter(found[vessel].values())))
            return


def _by_vessel(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    vessel, sentence = "", -1
    for clause in clauses(text):
        if clause.sentence != sentence and not re.match(
            r"(?:支架|其|病变|斑块)?(?:以远|远侧|近侧)?[近中远]段", clause.text
        ):
            vessel, sentence = "", clause.sentence
        for part in re.split(r"[、及和](?=前降|回旋|右冠|左|LAD|LCX|RCA|[近中远]段)|；", clause.text):
            vessel = next((name for name, words in _VESSELS if re.search(words, part)), vessel)
            if re.search(r"对角|钝缘|后降|主干|后支|左室", part):
                vessel = ""
            if vessel and "全程" not in part and (_NARROW.search(clause.text) or _NARROW.search(part)):
                for match in _STRETCH.finditer(part):
                    for letter in re.findall(r"[近中远]", match[1]):
                        found.setdefault(vessel, {}).setdefault(letter, clause.text)
    return found


def _alarm(told: str, found: str) -> Alarm:
    return Alarm(AlarmKind.CONFLICT, told, f"诊断意见写“{told}”，影像所见写“{found}”，请核对。")
