"""What an impression stands on: each diagnosis must be shown by the findings, and what they prove may not be denied.

Concept by concept (see concepts.py): a diagnosis of which the findings assert no appearance at any place that may be
meant; a denial of what they prove; and a grave finding of which the impression has no word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from server.reporting.checker.anatomy import SIDED, opposite, organs_in, sides_in, word_of
from server.reporting.checker.clauses import Mention, clauses
from server.reporting.checker.concepts import CONCEPTS, GROWTHS, SHOWN_AT, STRICT, Concept
from server.reporting.checker.kinship import close, kin
from server.reporting.checker.places import apart, places_in
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_NOT_NOW = re.compile(
    r"术后|史|前片|前次|既往|建议|复查|随访|必要时|除外|排除|待排|待查|可疑|[?？]|陈旧|吸收|后遗|倾向|鉴别|请结合|高危|风险|较前|同前|程度|继发|先天|内固定|愈合|治疗后|放疗|化疗|切除|缺如|原(?!发)|消失|消散|对比"
)
_DENIAL = re.compile(
    r"(?:均|尚|亦|也|现)?(?:未见|未(?=受|累|侵|破|塌|移|脱)|未及|未探及|未发现|未显示|未扫及|未示|没有|无(?!回声|名|[^，。]{0,4}变化|[^，。]{0,2}改变|肺纹理|壁|强化|症状)|不(?=[大宽厚窄高低粗均]?(?:$|[，。、])|伴|扩张|增|肿))"
)
_AGAIN = re.compile(r"但|而|(?<![未不])(?:可)?见|仅|除")
_WELL = re.compile(
    r"(?:形态|大小|信号|密度|回声|轮廓|结构|位置|骨质)?[^，。]{0,3}(?:未见(?:明显)?异常|正常|如常|完整|光滑|光整|通畅|清晰|均匀|对称|良好|居中|规整|连续|锐利)$"
)
_ILL = re.compile(r"欠|不(?:均|清|规|光|完整|对称|连续|通畅)|见|增|减|异常(?<!未见异常)(?<!未见明显异常)|\d")
_SHOWS = re.compile(
    r"[影灶]|[高低长短]|积|狭窄|扩张|结[节石]|肿|囊|钙|斑|术后|缺如|骨折|梗|炎|迂曲|萎缩|突出|膨出|受压|移位|变|毛糙|模糊|紊乱|消失|破坏|中断|断裂|充盈缺损|反流|无回声|硬化|PSV|切迹|位于腹股沟|前移|后移"
)
_SPLIT = re.compile(r"[、；]|伴有?|合并|并(?!列)|及|和(?!解)|(?<![未可])与")


@dataclass(frozen=True, slots=True)
class Statement:
    """A clause with what it asserts, the denied and the sound cut away."""

    text: str
    positive: str
    organs: frozenset[str]
    sides: frozenset[str]
    places: frozenset[tuple[str, str]]
    sentence: int


_ENDS_DENIED = re.compile(r"[一-鿿](?:未见|未探及|未及|阴性|[（(][-－—][)）])$")


_IN_VIEW = re.compile(r"(?:扫描?)?所[见及示](?:部分|范围|层面)?")


@lru_cache(maxsize=1024)
def positive(text: str) -> str:
    """What a clause asserts: "no stone, but sludge is seen" is "sludge is seen"; "" when it finds all well."""
    text = _IN_VIEW.sub("", text)
    if _ENDS_DENIED.search(text):
        return ""
    kept, place = "", 0
    denied = _DENIAL.search(text) is not None
    while match := _DENIAL.search(text, place):
        kept += text[place : match.start()]
        again = _AGAIN.search(text, match.end())
        if not again:
            place = len(text)
            break
        place = again.start()
    kept += text[place:]
    kept = kept.strip()
    # Of "the liver shows no lesion" the liver is left, which asserts nothing.
    return "" if (denied or _WELL.search(kept)) and not _ILL.search(kept) and not _SHOWS.search(kept) else kept


@lru_cache(maxsize=256)
def statements(text: str) -> tuple[Statement, ...]:
    """The clauses of findings; one goes on about the places of the one before in its sentence."""
    return tuple(
        Statement(one.text, positive(one.text), one.organs, one.sides, one.places, one.sentence)
        for one in clauses(text)
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """One item of an impression: "stones of the gallbladder" of "fatty liver, stones of the gallbladder"."""

    text: str
    organs: frozenset[str]
    sides: frozenset[str]
    places: frozenset[tuple[str, str]]
    is_denied: bool


# "Metastases of a prostatic cancer in the bones" are told of the bones.
_PRIMARY = re.compile(r"[一-鿿]{1,6}(?:癌|恶性肿瘤)(?:术后|治疗后|化疗后)?[，伴并]?(?=[^，。；]{0,10}转移)")


def _items(impression: str) -> Iterator[_Told]:
    for clause in clauses(impression):
        organs, sides, places = frozenset[str](), frozenset[str](), frozenset[tuple[str, str]]()
        denied = False
        for part in _SPLIT.split(clause.text):
            if not part:
                continue
            own = organs_in(_PRIMARY.sub("", part))
            organs = own or organs or clause.organs
            sides = sides_in(part) or (frozenset() if own else sides or clause.sides)
            places = places_in(part) or (frozenset() if own else places or clause.places)
            denied = bool(_DENIAL.search(part)) or (denied and not re.search(r"见|示", part))
            yield _Told(part, organs, sides, places, denied)


def grounds(subject: Subject) -> Iterator[Alarm]:
    """The first doubt of each sort."""
    if len(subject.findings) < 12:
        return
    found = statements(subject.findings)
    told = list(_items(subject.impression))
    for item in told:
        if _NOT_NOW.search(item.text):
            continue
        alarm = _denied(item, found) if item.is_denied else _groundless(item, found)
        alarm = alarm or _word_for_word(item, found) or _called_well(item, found, told)
        if alarm:
            yield alarm
            return


_BESIDE = re.compile(r"[左右前后上下内外]方|旁|之间|交界|突[向入]|连接处")


# What lies in the skull, and what lies on it.
_WITHIN, _OUTSIDE = re.compile(r"颅内|颅脑|脑内|脑实质"), re.compile(r"头皮|帽状腱膜|颅骨外|颅外")


def _may_be(item: _Told, one: Statement) -> bool:
    if not kin(item.organs, one.organs) and not _BESIDE.search(one.text):
        return False
    if _WITHIN.search(item.text) and _OUTSIDE.search(one.text):
        return False
    if len(item.sides) == 1 and len(one.sides) == 1 and item.sides != one.sides and not item.organs & {"肝", "甲状腺"}:
        return False
    return not apart(item.places, one.places)


# Of which thing they are said the words before them told.
_BARE = re.compile(r"(?:该|上述|此)?(?:肿块|病灶|结节|占位|肿物|包块)|(?:考虑|提示|符合)?(?:局部|肿瘤)?复发")


def _groundless(item: _Told, found: tuple[Statement, ...]) -> Alarm | None:
    concept = _concept_of(item.text)
    if concept is None or ("可能" in item.text and concept.name in {"占位", "癌", "转移瘤", "结节"}):
        return None
    if _BARE.fullmatch(item.text):
        return None
    if not item.organs and not item.places and concept.name in {"结节", "占位", "癌", "狭窄", "撕裂", "水肿"}:
        return None
    if "可能" in item.text or _is_beyond(concept, item, found):
        return None
    near = [one for one in found if _may_be(item, one)]
    if _is_shown(concept, item, near) or _is_shown(concept, _mirrored(item), found):
        return None
    against = next((one.text for one in near if one.organs & item.organs), "")
    if against:
        why = f"诊断意见写“{item.text}”，影像所见里没有它的表现（“{against}”），请核对。"
    else:
        why = f"诊断意见写“{item.text}”，影像所见里没有它的表现，请核对。"
    return Alarm(AlarmKind.CONFLICT, item.text, why)


# Appearances of these are too many to list: only an organ that is called sound refutes them.
_MANY_FACED = frozenset("疝 破裂 坏死 心影增大 脑积水 水肿 梗死 肠梗阻 穿孔 占位 癌 间质病变 退变 淋巴结肿大".split())


_PLAIN = frozenset(
    "骨折 气胸 胸腔积液 心包积液 腹腔积液 关节积液 结石 积水 囊肿 息肉 脂肪肝 胆囊炎"
    " 肺炎 血栓 斑块 前列腺增生 子宫肌瘤 鼻窦炎 撕裂 断裂 椎间盘突出 反流 脐带绕颈".split()
)


def _is_beyond(concept: Concept, item: _Told, found: tuple[Statement, ...]) -> bool:
    """Whether the findings say too little of the organ to doubt a diagnosis of it."""
    organs = item.organs | SHOWN_AT.get(concept.name, frozenset())
    if not item.organs:
        return concept.name in _MANY_FACED
    own = [one for one in found if close(organs, one.organs)]
    if not own:
        # Of an organ that the findings pass over only a plain lesion is doubted of which there is no sign anywhere.
        return concept.name not in _PLAIN or any(concept.shown.search(one.positive) for one in found)
    return concept.name in _MANY_FACED and all(one.positive for one in own)


def _is_shown(concept: Concept, item: _Told, found: Iterable[Statement]) -> bool:
    found = [one for one in found if not _FUNCTION.search(one.text)]
    if item.organs:
        item = replace(item, organs=item.organs | SHOWN_AT.get(concept.name, frozenset()))
    own = [one for one in found if item.organs & one.organs]
    is_well = not any(one.positive for one in own)
    for one in found:
        if not _may_be(item, one):
            continue
        # Where the very organ is spoken of its neighbours do not stand for it, and none does when it is sound.
        stands = item.organs & one.organs if is_well else close(item.organs, one.organs)
        if own and one.organs and not stands and not _BESIDE.search(one.text):
            continue
        if concept.name in STRICT and item.organs and not item.organs & one.organs:
            continue
        if concept.name in GROWTHS and _BENIGN.search(one.text) and not _SOLID.search(one.text):
            continue
        if concept.shown.search(one.positive) or (concept.signs and concept.signs.search(one.text)):
            return True
    return False


_FUNCTION = re.compile(r"(?<![A-Za-z])(?:LV)?EF|射血")
_BENIGN = re.compile(r"囊(?!实)|钙化|无强化|未见强化|脂肪|(?:子宫|卵巢)?内膜厚")
_SOLID = re.compile(r"实性|结节|肿块|(?<!无)(?<!未见)强化|增厚|占位|团")


def supports(told: Mention, findings: str) -> bool:
    """Whether the findings show a lesion of the impression at its place."""
    concept = next((one for one in CONCEPTS if one.name == told.lesion), None) or _concept_of(told.words)
    if concept is None:
        return False
    item = _Told(told.words, told.organs, told.sides, told.places, False)
    return _is_shown(concept, item, statements(findings))


def _mirrored(item: _Told) -> _Told:
    """The same item on the other side."""
    if len(item.sides) != 1:
        return item
    (side,) = item.sides
    return replace(item, sides=frozenset({opposite(side)}))


_NOT_FILLED = re.compile(r"(?:未|不)(?:见)?显影|无血流信号|未见(?:明显)?血流|(?:最窄|最狭窄)处|残余管径")


def appears(
    subject: Subject, organs: frozenset[str], side: str, places: frozenset[tuple[str, str]] = frozenset()
) -> bool:
    """Whether one side of organs shows something: it may be what the impression calls by another name."""
    return any(
        one.sides == {side}
        and (
            (close(organs, one.organs) and _SHOWS.search(one.positive))
            or ((close(organs, one.organs) or places & one.places) and _NOT_FILLED.search(one.text))
        )
        for one in statements(subject.findings)
    )


def mirrored(subject: Subject) -> Iterator[Alarm]:
    """A diagnosis of one side that the findings show on the other side only."""
    found = statements(subject.findings)
    for item in _items(subject.impression):
        if item.is_denied or len(item.sides) != 1 or _NOT_NOW.search(item.text) or not item.organs & SIDED:
            continue
        concept = _concept_of(item.text)
        if concept is None or not sides_in(item.text):
            continue
        (side,) = item.sides
        there = [one for one in found if len(one.sides) == 1]
        if not _is_shown(concept, item, found) and _is_shown(concept, _mirrored(item), there):
            why = f"诊断意见写{word_of(side)}侧，影像所见描述的异常在{word_of(opposite(side))}侧，请核对。"
            yield Alarm(AlarmKind.SIDE, item.text, why)
            return


def plainly_mirrored(subject: Subject) -> Iterator[Alarm]:
    """The same beside a contradiction: only where nothing is shown on the named side and nothing told of the other."""
    found, told = statements(subject.findings), list(_items(subject.impression))
    for alarm in mirrored(subject):
        item = next(one for one in told if one.text == alarm.text)
        here = [one for one in found if one.sides == item.sides and kin(item.organs, one.organs)]
        there = [
            one for one in told if len(one.sides) == 1 and one.sides != item.sides and kin(item.organs, one.organs)
        ]
        if not there and not any(one.positive and _SHOWS.search(one.positive) for one in here):
            yield alarm


def _concept_of(text: str) -> Concept | None:
    """The concept whose name ends last in a text: of "fracture with haemorrhage" the haemorrhage."""
    best: tuple[int, int, Concept] | None = None
    for concept in CONCEPTS:
        for match in concept.told.finditer(text):
            key = (match.end(), match.end() - match.start())
            if best is None or key > best[:2]:
                best = (*key, concept)
    return best[2] if best else None


_KIND = re.compile(
    r"急性|新鲜|新发|大量|活动性|复发|远处|陈旧|明显|阳性|恶性|确切|明确|余|其[余他它]|另|转移性|进展|完全|重度|骨折线|有意义"
)


def _denied(item: _Told, found: tuple[Statement, ...]) -> Alarm | None:
    """A denial of what the findings prove; one that denies only a kind ("no acute …") is asked for that kind."""
    if re.search(r"余|其[余他它]|另", item.text):
        return None
    denial = _DENIAL.search(item.text)
    if denial is None:
        return None
    words = item.text[denial.start() :]
    if alarm := _literally(item, denial.end(), found):
        return alarm
    plain = item.text[: denial.start()] + re.sub(r"^(?:明显|明确|确切)", "", item.text[denial.end() :])
    for concept in CONCEPTS:
        if concept.proof is None or not (concept.told.search(plain) or _loosely(concept, words, item)):
            continue
        kinds = set(_KIND.findall(words)) - {"明显", "明确", "确切"}
        for one in found:
            proof = concept.proof.search(one.positive)
            if len(item.sides) == 1 and len(one.sides) == 1 and item.sides != one.sides:
                continue
            if not proof or not _may_be(item, one) or not (close(item.organs, one.organs) or not item.organs):
                continue
            if re.search(r"陈旧|术后|可疑|可能|除外|排除|待排|建议|[?？]|愈合|吸收|原(?!发)", one.text) or (
                kinds and not (kinds == {"急性"} and concept.name == "梗死")
            ):
                continue
            return Alarm(
                AlarmKind.CONFLICT,
                item.text,
                f"诊断意见写“{item.text}”，影像所见却写“{one.text}”，请核对。",
            )
    return None


_SAID_OF = re.compile(
    r"([一-鿿]{2,4})(受压|受累|受侵|肥厚|肥大|肿大|增大|水肿|强化|萎缩|渗出|增厚|增粗|增宽|扩张|移位|变窄|狭窄|积液|破坏|断裂|撕裂|脱位|偏曲|癌栓|血栓|栓塞)$"
)


def _word_for_word(item: _Told, found: tuple[Statement, ...]) -> Alarm | None:
    """ "The chiasm is pressed" and "the chiasm is not pressed", for whatever has no entry in the lists."""
    match = None if item.is_denied else _SAID_OF.search(item.text)
    if match is None:
        return None
    name, word = match[1], "充盈缺损" if match[2].endswith("栓") else match[2]
    against = re.compile(rf"{name}[^，。；]{{0,4}}(?:未|无|不)[^，。；]{{0,4}}{word}")
    denials = [one for one in found if against.search(one.text) and _may_be(item, one)]
    if denials and not any(name in one.positive and word in one.positive for one in found):
        why = f"诊断意见写“{item.text}”，影像所见却写“{denials[0].text}”，请核对。"
        return Alarm(AlarmKind.CONFLICT, item.text, why)
    return None


_LITERAL = re.compile(r"增厚|增粗|增宽|增大|扩张|狭窄|变窄|破坏|移位|受压|水肿|肿胀|渗出|突出|膨出")


def _literally(item: _Told, end: int, found: tuple[Statement, ...]) -> Alarm | None:
    """The very word that is denied ("no thickening") is asserted of the same organ."""
    named = re.search(r"[一-鿿]{3}(?=(?:均|亦|也)?(?:未|无|不)[^，。；]*$)", item.text[:end])
    for match in _LITERAL.finditer(item.text, end):
        if _KIND.search(item.text[end:].replace("明显", "")):
            return None
        for one in found:
            if (
                (one.organs & item.organs or (named and named[0] in one.positive))
                and _may_be(item, one)
                and match[0] in one.positive
                and not re.search(r"轻度|稍|略|可疑|术后|较前|少许", one.text)
            ):
                return Alarm(
                    AlarmKind.CONFLICT, item.text, f"诊断意见写“{item.text}”，影像所见却写“{one.text}”，请核对。"
                )
    return None


_CALLS_WELL = re.compile(r"(?:未见|无)(?:明显|明确|确切)?异常|正常|未见(?:明显|明确)?病变")
_CLEARLY_ILL = re.compile(
    r"失常|锯齿|波浪|结节|肿块|占位|断裂|中断|破坏|积液|不均(?!匀增厚)|低密度|高密度|盲端|管状(?!结构)|充盈缺损|骨折|斑块|强回声|无回声|[弥扩]散受限|紊乱|双边|梗|血栓|撕裂|衰减|弥漫性(?:增强|减低)"
)
# "Behind the lower pole of the thyroid …" is not in the thyroid.
_BEYOND = re.compile(r"(?:[后前下上]方|旁|背侧|周围|邻近)[^，。]{0,2}(?:见|探及)")
_SMALL = re.compile(r"少许|点状|生理|轻度|稍|略|欠|钙化|陈旧|术后|纤维|条索|增生|变异|副脾|骨岛|可能|除外|同前|淋巴结")


def _called_well(item: _Told, found: tuple[Statement, ...], told: list[_Told]) -> Alarm | None:
    """An organ that the impression calls normal by name, and that the findings show ill."""
    if not item.organs or not _CALLS_WELL.search(item.text) or re.search(r"余|其[余他它]|另|急性|功能|血流", item.text):
        return None
    if any(each is not item and not each.is_denied and close(each.organs, item.organs) for each in told):
        return None
    for one in found:
        if (
            not one.organs & item.organs
            or not _may_be(item, one)
            or _SMALL.search(one.text)
            or _BEYOND.search(one.text)
        ):
            continue
        if _CLEARLY_ILL.search(one.positive):
            why = f"诊断意见写“{item.text}”，影像所见却写“{one.text}”，请核对。"
            return Alarm(AlarmKind.CONFLICT, item.text, why)
    return None


def _loosely(concept: Concept, words: str, item: _Told) -> bool:
    """Denials name a concept by less than its full name: "no dilatation" of the bile duct, "no swelling" of nodes."""
    short = {
        "胆管扩张": r"扩张|增宽",
        "淋巴结肿大": r"增大|肿大",
        "脱位": r"脱位",
        "椎间盘突出": r"突出|膨出",
        "癌": r"$^",
        "积水": r"积水|分离",
    }.get(concept.name)
    needs = {"胆管扩张": "胆管", "椎间盘突出": "脊柱", "积水": "肾"}.get(concept.name)
    if short is None or not re.search(short, words):
        return False
    if concept.name == "淋巴结肿大":
        return "淋巴结" in item.text
    return needs is None or needs in item.organs
