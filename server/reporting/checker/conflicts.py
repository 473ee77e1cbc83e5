"""The impression against the findings: what one asserts and the other denies, and the same thing at two places.

Silence is the rule: that the findings have no word of a lesion is no contradiction, that they call its organ normal is.
"""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from server.reporting.checker.anatomy import organs_in, sides_in
from server.reporting.checker.clauses import Clause, Mention, clauses, mentions
from server.reporting.checker.contradictions import contradictions
from server.reporting.checker.concepts import kin
from server.reporting.checker.grounds import grounds
from server.reporting.checker.omissions import omissions
from server.reporting.checker.parts import wrong_part
from server.reporting.checker.places import apart, of_kind, places_in
from server.reporting.checker.scores import scores
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_FORMER = re.compile(
    r"前片|前次|上次|原(?!发|始)|既往|术后|病史|吸收|消散|残[端余]|术区|窝|移植|\bprior\b|previous|history|status post",
    re.IGNORECASE,
)
_ABSENT = re.compile(r"(?<!息肉)切除|缺如|病史|前片|前次|原(?!发|始)|既往|置换|移植|吸收")
_REST = re.compile(r"余|其[他它]|另|除|otherwise|\brest\b|remain", re.IGNORECASE)
_DENIES = re.compile(
    r"未见|未及|未发现|未探及|未显示|无(?!回声|肺纹理|名)|不[大宽厚窄高低粗]|\bno\b|without|\bnot\b", re.IGNORECASE
)
# A vertebra that is pressed together and a bone that has healed have no line.
_FRACTURE_LINE = re.compile(r"骨折线")
_NO_LINE_LEFT = re.compile(r"陈旧|压缩|愈合|楔形")
_UNSURE = re.compile(r"可能|待排|待查|[?？]|不除外|不能?排除|未除外|可疑|possib|suspic|exclude", re.IGNORECASE)
# A denial with such a word denies that kind only.
_KIND_WORDS = (
    "急性",
    "新鲜",
    "新发",
    "大量",
    "活动性",
    "复发",
    "远处",
    "再",
    "陈旧",
    "明显强化",
    "阳性",
    "异位",
    "恶性",
    "转移性",
    "acute",
    "chronic",
)
_NORMAL = re.compile(
    r"未见(?:明显|明确|确切|显著|急性)?(?:的)?(?:异常|病变|实质性病变|器质性)|无(?:明显)?异常|(?<!不)正常|(?:壁不厚|光滑|光整|清晰|通畅|完整|连续|锐利|对称|不大|不粗)$|不(?:大|粗|宽|厚)$|\bno (?:acute |significant |definite )?(?:intracranial |focal )?(?:abnormalit|disease)|\bnormal\b|unremarkable",
    re.IGNORECASE,
)
_CALLS_WELL = re.compile(
    r"未见(?:明显|明确|确切|急性|显著)?(?:的)?(?:异常|病变|外伤|器质性)|(?<!不)正常|无(?:明显)?异常|静脉[^，。；]{0,6}通畅|(?<![A-Za-z])阴性|\bno (?:acute |significant |definite )?(?:intracranial |focal )?(?:abnormalit|disease)|\bnormal\b|unremarkable",
    re.IGNORECASE,
)
_NO_FRACTURE = re.compile(r"(?:未见|无)(?:明显|明确|确切)?(?:急性)?骨折")
# What no one calls normal.
_ABNORMAL = re.compile(
    r"(?:簇状|多形性|可疑)[^，。]{0,6}钙化|见[^，。]{0,24}(?:影(?!响)|灶|回声|信号|结构|暗区|突起|缺损|透亮线|致密|强化区)|(?:黏膜|粘膜|管?壁|胸膜|皮质|腺体|韧带|肌腱?|内膜)(?:明显|弥漫性?|局限性?|不规则)?增厚|硬膜囊(?:明显)?受压|线样高信号|(?:断裂|中断|塌陷|错位|变尖|变窄|变钝|变扁|缺血坏死|低强化区|迂曲扩张|囊性无回声区)|(?<!无)增粗|(?:分离|扩张)约|体积(?:明显)?增大|脂肪间隙模糊|高密度灶|低密度灶|骨质破坏|充填",
    re.IGNORECASE,
)
_NOTABLE = re.compile(
    r"(?<!未)(?<!不)见(?!异常|明显异常)|增[厚大宽粗高多强生]|皱褶|褶皱|成角|隆起|糜烂|溃疡|充血|减[低少弱]|变[窄细扁浅薄尖直钝]|缩小|肿[大胀]|突出|膨出|受压|移位|中断|断裂|模糊|毛糙|紊乱|消失|破坏|影$|灶|[高低长短](?:密度|信号|回声|T[12])|积[液水气血]|扩[张大]|分离约|迂曲|反流|凹陷|塌陷|钙化|缺如|斑块|填|狭窄|闭塞|渗出|实变|条索|网格|磨玻璃|变性|损伤|(?<!未见)(?<!无)撕裂|欠|不[均清光规完连]|偏曲|饱满|萎缩|侧弯|硬化|退变|疏松|骨赘|异常(?<!未见异常)|mm|cm|seen|there (?:is|are)|enlarg|thicken|increas|decreas|\d",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"(?<!可疑)(?<!簇状)(?<!多形性)钙化|骨岛|增生|少许|点状|副脾|肠气|气体影|粪(?!石)|血管|纹理|生理|对称|正常|骨赘|条索|陈旧|清晰|均匀|规则分布|搏动|胎|孕|节育|淋巴结|卵泡|不扩张|无扩张|充盈良好|静脉曲张",
    re.IGNORECASE,
)
_ADVISES = re.compile(r"^(?:建议|请|随访|必要时|定期|以上|[A-Z]+-?RADS)|recommend|follow", re.IGNORECASE)
_SERIOUS = frozenset(
    "积液 积水 气胸 骨折 脱位 结节 肿块 淋巴结肿大 出血 梗死 炎症 结石 囊肿 动脉瘤 夹层 肺不张 撕裂 转移 栓塞 椎间盘 脂肪肝 肝硬化 肺气肿 扩张 狭窄 肿大 斑块 游离气体 肠梗阻".split()
)
_ALMOST = (
    {"结节", "肿块", "囊肿"},
    {"椎间盘", "狭窄"},
    {"出血", "动脉瘤"},
    {"炎症", "肺不张"},
    {"积水", "扩张"},
    {"转移", "淋巴结肿大"},
)
# A thing, what calls it abnormal, and what calls it normal.
_OPPOSITES: tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (name, re.compile(f"(?:{thing}){abnormal}"), re.compile(f"(?:{thing}){normal}"))
    for name, thing, abnormal, normal in (
        (
            "心影",
            r"心影|心脏",
            r"(?:稍|略|轻度|明显)?(?:增大|大(?!小)|饱满)",
            r"(?:大小、?形态正常|大小正常|不大|形态大小正常|未见增大)",
        ),
        (
            "中线",
            r"中线(?:结构)?",
            r"(?:[左右]移|[^，。]{0,4}向?[左右]侧?[^，。]{0,3}(?:移|偏))",
            r"(?:居中|无移位|未见移位|无偏移)",
        ),
        ("鼻中隔", r"鼻中隔", r"(?:向?[左右]侧?偏|偏曲|[左右]偏)", r"(?:居中|(?:无|未见)(?:明显)?偏曲)"),
        (
            "脾",
            r"脾脏?",
            r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|肿大)",
            r"(?:不大|大小正常|无增?大|未见增大|[^，。；增肿]{0,8}(?:未见(?:明显)?异常|正常))",
        ),
        (
            "右房",
            r"右房|右心房",
            r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|扩大)",
            r"(?:、[^，。；]{0,5})?(?:不大|大小正常|内径正常)",
        ),
        (
            "右室",
            r"右室|右心室",
            r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|扩大)",
            r"(?:、[^，。；]{0,5})?(?:不大|大小正常|内径正常)",
        ),
        ("左房", r"左房|左心房", r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|扩大)", r"(?:不大|大小正常|内径正常)"),
        ("左室", r"左室|左心室", r"(?:稍|略|轻度|明显)?(?:增?大(?!小)|扩大)", r"(?:不大|大小正常)"),
        (
            "脑室",
            r"脑室(?:系统|及脑沟|、脑沟)?",
            r"(?:轻度|明显|稍)?(?:扩大|扩张|增宽)",
            r"(?:[^，。未]{0,6}(?:大小|形态)[^，。]{0,3}正常|无扩[张大]|未见扩[张大]|不大)",
        ),
        ("肋膈角", r"肋膈角", r"(?:变钝|变浅|消失|模糊)", r"(?:锐利|清晰)"),
        ("股骨头塌陷", r"股骨头", r"[^，。未无]{0,4}塌陷", r"[^，。]{0,10}未见塌陷"),
        ("关节面", r"关节面", r"(?:塌陷|毛糙|中断)", r"(?:光整|未见塌陷)"),
        ("前列腺", r"前列腺", r"(?:体积)?(?:稍|明显)?(?:增大|大(?!小))", r"(?:不大|大小正常|大小、?形态正常)"),
        ("宫旁", r"宫旁(?:脂肪)?(?:间隙)?", r"(?:模糊|受侵|受累)", r"(?:清晰|未见受?侵)"),
        ("胆囊壁", r"胆囊壁|囊壁", r"(?:增厚|毛糙)", r"(?:不厚|光滑|光整)"),
        ("肝", r"肝脏?(?:体积)?", r"(?:肿大|增大)", r"(?:不大|大小正常)"),
    )
)


_WHOLE = re.compile(r"心肺|胸部|颅脑|头颅|腹部|盆腔|平扫|声像|CT|MRI?|X线|DR|intracranial|chest|abdom", re.IGNORECASE)
_REGIONS = tuple(
    frozenset(names.split())
    for names in (
        "肺 胸腔 胸膜 纵隔 肺门 心 心包 主动脉 肋骨 锁骨 气管 食管",
        "脑 脑室 硬膜 垂体",
        "肝 胆囊 胆管 胰 脾 肾 肾上腺 腹腔 胃 肠 腹膜后 阑尾 输尿管 膈下",
        "膀胱 前列腺 子宫 附件区 盆腔 肠",
    )
)


def conflicts(subject: Subject) -> Iterator[Alarm]:
    """Each contradiction once."""
    found = False
    if subject.findings.strip() and subject.impression.strip():
        for check in (
            _told_and_denied,
            _elsewhere,
            _well_after_all,
            _opposites,
            _within_findings,
            contradictions,
            _at_another_place,
            _level_for_level,
            grounds,
            scores,
            omissions,
        ):
            for alarm in check(subject):
                found = True
                yield alarm
            if found:
                break
    yield from wrong_part(subject)


def _now(text: str) -> list[Mention]:
    return [
        replace(one, organs=frozenset(), sides=frozenset()) if _FORMER.search(one.words) else one
        for one in mentions(text)
        if not _FORMER.search(one.words) or (one.lesion == "转移" and one.is_denied and "窝" not in one.words)
    ]


def _told_and_denied(subject: Subject) -> Iterator[Alarm]:
    found, told = _now(subject.findings), _now(subject.impression)
    for one in dict.fromkeys(replace(each, sentence=0) for each in told):
        against = [other for other in found if other.is_denied != one.is_denied and _same_thing(one, other)]
        denial, assertion = (one, None) if one.is_denied else (None, one)
        against = [other for other in against if _denies((denial or other).words, (assertion or other).words)]
        if not one.is_denied:
            against = [other for other in against if not _denies_other_side(other.words, one)]
        if not against:
            if not one.is_denied and not one.is_unsure and one.lesion in _SERIOUS:
                yield from _in_normal_organ(one, subject)
            continue
        if one.is_denied and (any(other.is_unsure for other in against) or _asserted_too(one, told)):
            continue
        if not one.is_denied and (_asserted_too(one, found) or _almost(one, found)):
            continue
        yield _alarm(one.words, against[0].words)
        return


def _denies_other_side(denial: str, assertion: Mention) -> bool:
    """Whether of several things that a denial lists the asserted one's organ is on the other side only."""
    if len(assertion.sides) != 1:
        return False
    parts = [part for part in re.split(r"[、及和与]", denial) if organs_in(part) & assertion.organs]
    return bool(parts) and all(len(sides_in(part)) == 1 and sides_in(part) != assertion.sides for part in parts)


def _asserted_too(one: Mention, among: list[Mention]) -> bool:
    return any(
        not other.is_denied and other.lesion == one.lesion and _same_place(one, other)
        for other in among
        if other is not one
    )


def _almost(one: Mention, among: list[Mention]) -> bool:
    """Whether another word for the lesion is asserted at its place."""
    alike = set[str]().union(*(group for group in _ALMOST if one.lesion in group))
    return any(not other.is_denied and other.lesion in alike and _same_place(one, other) for other in among)


def _denies(denial: str, assertion: str) -> bool:
    """Whether a denial is of all that an assertion says: "no acute fracture" does not deny an old one."""
    if _REST.search(denial) or (_FRACTURE_LINE.search(denial) and _NO_LINE_LEFT.search(assertion)):
        return False
    return all(word not in denial or word in assertion for word in _KIND_WORDS)


def _same_thing(one: Mention, other: Mention) -> bool:
    return one.lesion == other.lesion and _same_place(one, other)


def _same_place(one: Mention | Clause, other: Mention | Clause) -> bool:
    if one.organs and other.organs and not one.organs & other.organs:
        return False
    if len(one.sides) == 1 and len(other.sides) == 1 and one.sides != other.sides:
        return False
    return not apart(one.places, other.places)


def _in_normal_organ(told: Mention, subject: Subject) -> Iterator[Alarm]:
    """The findings call the organ normal, and nothing else in them is abnormal there; or nothing at all is."""
    parts = [one for one in clauses(subject.findings) if not _FORMER.search(one.text)]
    well = [one for one in parts if _NORMAL.search(one.text)]
    open_words = [one for one in parts if not _NORMAL.search(one.text) and not _DENIES.search(one.text)]
    if (
        well
        and not any(_is_notable(one.text) for one in parts)
        and not any(one.organs & told.organs for one in open_words)
    ):
        yield _alarm(told.words, well[0].text)
        return
    here = [one for one in parts if one.places & told.places and places_in(one.text) & told.places]
    if (
        here
        and all(_NORMAL.search(one.text) and not _is_notable(_LEVEL.sub("", one.text)) for one in here)
        and _is_narrow(told)
    ):
        yield _alarm(told.words, here[0].text)
        return
    near = [one for one in parts if _meets(told, one)]
    normal = [one for one in near if _NORMAL.search(one.text) and not _REST.search(one.text)]
    if not normal or any(_is_notable(one.text) for one in near):
        return
    if any(not one.organs and re.search(r"(?<!未)见", one.text) and _is_notable(one.text) for one in parts):
        return
    yield _alarm(told.words, normal[0].text)


def _is_narrow(told: Mention) -> bool:
    """Whether the place is one structure, of which "normal" says all."""
    return bool(
        {kind for kind, _ in told.places}
        & {"半月板", "交叉韧带", "侧副韧带", "肩", "冠脉", "瓣", "平台", "椎体", "椎间隙"}
    )


def _meets(told: Mention, clause: Clause) -> bool:
    if not clause.organs:
        return False
    return _same_place(told, clause) and bool(clause.organs & told.organs)


def _is_notable(text: str) -> bool:
    return bool(_NOTABLE.search(_DENIES.split(text, maxsplit=1)[0]))


def _elsewhere(subject: Subject) -> Iterator[Alarm]:
    """The impression names a lobe, level or branch of which the findings say nothing, but of others of its kind."""
    for clause in clauses(subject.impression):
        if _ABSENT.search(clause.text) or _ADVISES.search(clause.text) or _DENIES.search(clause.text):
            continue
        spoken = frozenset[tuple[str, str]]()
        for one in clauses(subject.findings):
            if "肝" in clause.organs or _same_sides(clause, one):
                spoken |= one.places | places_in(one.text)
        for kind in sorted({kind for kind, _ in places_in(clause.text)} - {"脑白质"}):
            here = of_kind(places_in(clause.text), kind)
            if not of_kind(spoken, kind) or here & of_kind(spoken, kind):
                continue
            there = [
                one
                for one in clauses(subject.findings)
                if of_kind(one.places, kind)
                and _same_sides(clause, one)
                and ("肝" in clause.organs or _same_sides(clause, one))
                and (_is_notable(one.text) or kind == "胎位")
                and not _FORMER.search(one.text)
                and _may_be_one(clause.text, one.text)
            ]
            if there:
                yield _alarm(clause.text, there[0].text)
                return


def _level_for_level(subject: Subject) -> Iterator[Alarm]:
    """Levels that the impression lists: one is not in the findings, and one of theirs is not in the impression."""
    if _EVERY_LEVEL.search(subject.both):
        return
    for kind, what in (("椎间隙", re.compile(r"椎间盘|突出|膨出|脱出")), ("肋", re.compile(r"骨折|骨皮质|断裂|不连|断端|中断"))):
        told = [one for one in clauses(subject.impression) if what.search(one.text) and of_kind(one.places, kind)]
        told = [one for one in told if not _DENIES.search(one.text) and not _ABSENT.search(one.text)]
        found = [one for one in clauses(subject.findings) if of_kind(one.places, kind)]
        found = [one for one in found if not re.search(r"增生|骨赘|序列|曲度|椎体缘", one.text)]
        ill = [one for one in found if not _DENIES.search(one.text) and what.search(one.text)]
        said = frozenset[str]().union(*(of_kind(one.places, kind) for one in told))
        spoken = frozenset[str]().union(*(of_kind(one.places, kind) for one in found))
        there = frozenset[str]().union(*(of_kind(one.places, kind) for one in ill))
        strange = said - spoken
        if len(strange) == 1 and there - said and len(said) == len(there):
            clause = next(one for one in told if strange & of_kind(one.places, kind))
            yield _alarm(clause.text, next(one.text for one in ill if of_kind(one.places, kind) - said))
            return


_EVERY_LEVEL = re.compile(r"各椎间|诸椎间|多个椎间|多发椎间|多节段")
_LEVEL = re.compile(r"[CTLS]\d{1,2}(?:[/\-、][CTLS]?\d{1,2})*")
_PLACED = frozenset("结节 肿块 囊肿 骨折 结石 息肉 溃疡 撕裂 肿瘤 转移 动脉瘤 斑块 狭窄".split())


def _at_another_place(subject: Subject) -> Iterator[Alarm]:
    """A lesion of the impression that the findings have, but everywhere at another lobe, level, wall or branch."""
    found = [one for one in _now(subject.findings) if not one.is_denied]
    for told in _now(subject.impression):
        if told.is_denied or told.is_history or told.lesion not in _PLACED or _ABSENT.search(told.words):
            continue
        for kind in sorted({kind for kind, _ in told.places} - {"脑白质"}):
            alike = [
                one
                for one in found
                if (one.lesion == told.lesion or _kin_of(one.lesion, told.lesion))
                and of_kind(one.places, kind)
                and not (len(one.sides) == 1 and len(told.sides) == 1 and one.sides != told.sides)
            ]
            if (
                alike
                and not any(of_kind(one.places, kind) & of_kind(told.places, kind) for one in alike)
                and not any(
                    of_kind(one.places | places_in(one.text), kind) & of_kind(told.places, kind)
                    and _is_notable(one.text)
                    and (
                        kind in {"肝叶", "肝段"}
                        or len(told.sides) != 1
                        or not one.sides
                        or bool(one.sides & told.sides)
                    )
                    and not any(each.lesion != told.lesion and not each.is_denied for each in mentions(one.text))
                    for one in clauses(subject.findings)
                )
            ):
                yield _alarm(told.words, alike[0].words)
                return


def _kin_of(one: str, other: str) -> bool:
    return any({one, other} <= group for group in ({"结节", "肿块", "肿瘤"}, *_ALMOST))


def _may_be_one(told: str, found: str) -> bool:
    """Whether two clauses may speak of one lesion: they share a kind, or one of them names none."""
    mine = {one.lesion for one in mentions(told)}
    other = {one.lesion for one in mentions(found)}
    alike = set[str]().union(*(group for group in _ALMOST if group & mine))
    return not mine or not other or bool((mine | alike) & other)


def _well_after_all(subject: Subject) -> Iterator[Alarm]:
    """An organ that the impression calls normal, or a whole exam, and findings that show something there."""
    told = [one for one in clauses(subject.impression) if not _ADVISES.search(one.text)]
    for one in told:
        well, unbroken = _CALLS_WELL.search(one.text), _NO_FRACTURE.search(one.text)
        if (
            "急性" in one.text
            or not (well or unbroken)
            or _REST.search(one.text)
            or _FORMER.search(one.text)
            or _UNSURE.search(one.text)
        ):
            continue
        for clause in clauses(subject.findings):
            shown = _DENIES.split(clause.text, maxsplit=1)[0]
            if _FORMER.search(clause.text) or _UNSURE.search(clause.text):
                continue
            broken = re.search(r"骨皮质[^，。]{0,4}(?:断裂|中断|不连续)|骨折线|骨[^，。]{0,4}透亮[线影]|断端", shown)
            serious = [
                each
                for each in _now(subject.findings)
                if each.words == clause.text and not each.is_denied and each.lesion in _SERIOUS and well
            ]
            abnormal = well and _ABNORMAL.search(shown) and not _HARMLESS.search(clause.text)
            if not (broken or serious or abnormal):
                continue
            if (
                unbroken
                and broken
                and not any(each.lesion == "骨折" and not each.is_denied for each in mentions(subject.impression))
            ):
                yield _alarm(one.text, clause.text)
                return
            if not _concerns(one, clause, subject.impression):
                continue
            yield _alarm(one.text, clause.text)
            return


def _concerns(told: Clause, clause: Clause, impression: str) -> bool:
    """Whether what is called normal is what the clause is about; a whole exam is about all of it."""
    if told.organs and _WHOLE.search(told.text) and "实质" not in told.text:
        regions = [region for region in _REGIONS if told.organs & region]
        if regions:
            return any(not clause.organs or clause.organs & region for region in regions)
        return kin(told.organs, clause.organs)
    if told.organs:
        organs = told.organs | {"胸腔"} if "胸膜" in told.organs else told.organs
        if "关节" in organs and kin(organs, clause.organs):
            return _same_place(replace(told, organs=clause.organs), clause)
        return bool(organs & clause.organs) and _same_place(replace(told, organs=organs), clause)
    return not any(
        not one.is_denied and (not clause.organs or not one.organs or one.organs & clause.organs)
        for one in mentions(impression)
    ) and not re.search(r"[12２]\s*[、.．)）]|\n", impression.strip())


def _opposites(subject: Subject) -> Iterator[Alarm]:
    for name, abnormal, normal in _OPPOSITES:
        for one in clauses(subject.impression):
            mine, other = (abnormal, normal) if abnormal.search(one.text) else (normal, abnormal)
            if not mine.search(one.text) or _FORMER.search(one.text):
                continue
            against = [each for each in clauses(subject.findings) if other.search(each.text) and _same_sides(one, each)]
            agree = any(mine.search(each.text) and _same_sides(one, each) for each in clauses(subject.findings))
            inside = name in {"左房", "脑室", "脾", "前列腺"}
            if against and (not agree or inside):
                yield _alarm(one.text, against[0].text)
                return


def _same_sides(one: Clause, other: Clause) -> bool:
    return not one.sides or not other.sides or bool(one.sides & other.sides)


def _within_findings(subject: Subject) -> Iterator[Alarm]:
    """A lesion that the findings describe and deny, in so many words, at the same place."""
    found, told = _now(subject.findings), _now(subject.impression)
    for denial in found:
        if not denial.is_denied or _REST.search(denial.words) or not denial.organs:
            continue
        for one in (*found, *told):
            exact = one.organs & denial.organs and one.sides == denial.sides and one.places == denial.places
            if (
                not one.is_denied
                and not one.is_unsure
                and exact
                and one.sentence != denial.sentence
                and one.lesion == denial.lesion
                and one.lesion in {"肿块", "结节", "椎间盘", "骨折", "气胸", "结石", "斑块"}
                and (denial.sides or denial.places)
                and _denies(denial.words, one.words)
            ):
                yield _alarm(one.words, denial.words)
                return
    yield from _normal_yet_ill(subject)


def _normal_yet_ill(subject: Subject) -> Iterator[Alarm]:
    """Findings that call both sides, or an organ as a whole, normal where they or the impression have a lesion."""
    for clause in clauses(subject.findings):
        both = len(clause.own_sides) == 2 and re.search(
            r"(?:形态|信号|密度|回声)[^，。]{0,8}正常|间隙清晰", clause.text
        )
        nothing = re.search(r"(?<!余)(?<!他)内未见(?:明显)?异常(?:密度|信号|回声)[影灶]?$", clause.text)
        if not (both or nothing) or _REST.search(clause.text):
            continue
        for one in (*_now(subject.findings), *_now(subject.impression)):
            if one.is_denied or one.is_unsure or not one.organs & clause.organs:
                continue
            if (both and one.lesion == "坏死") or (nothing and one.lesion in {"囊肿", "结节", "肿块", "出血", "梗死"}):
                yield _alarm(one.words, clause.text)
                return


def _alarm(told: str, found: str) -> Alarm:
    return Alarm(AlarmKind.CONFLICT, told, f"“{told}”与“{found}”相互矛盾，请核对影像所见与诊断意见。")
