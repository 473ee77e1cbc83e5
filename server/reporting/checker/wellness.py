"""What is called normal and is not: an organ, a side, a whole exam."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from server.reporting.checker.anatomy import organs_in, sides_in
from server.reporting.checker.clauses import Clause, clauses, mentions
from server.reporting.checker.kinship import kin
from server.reporting.checker.subject import Alarm, Subject
from server.reporting.checker.wording import (
    ADVISES,
    DENIES,
    FORMER,
    REST,
    SERIOUS,
    UNSURE,
    contradiction,
    denies,
    now,
    same_place,
)

_CALLS_WELL = re.compile(
    r"未见(?:明显|明确|确切|急性|显著)?(?:的)?(?:异常|病变|外伤|器质性)|(?<!不)正常|无(?:明显)?异常|静脉[^，。；]{0,6}通畅|(?<![A-Za-zR结])阴性|\bno (?:acute |significant |definite )?(?:intracranial |focal )?(?:abnormalit|disease)|\bnormal\b|unremarkable",
    re.IGNORECASE,
)


_NO_FRACTURE = re.compile(r"(?:未见|无)(?:明显|明确|确切)?(?:急性)?骨折")


# What no one calls normal.
_ABNORMAL = re.compile(
    r"(?:簇状|多形性|可疑)[^，。]{0,6}钙化|见[^，。]{0,24}(?:影(?!响)|灶|回声|信号|结构|暗区|突起|缺损|透亮线|致密|强化区)|(?:黏膜|粘膜|管?壁|胸膜|皮质|腺体|韧带|肌腱?|内膜)(?:明显|弥漫性?|局限性?|不规则)?增厚|硬膜囊(?:明显)?受压|线样高信号|(?:断裂|中断|塌陷|错位|变尖|变窄|变钝|变扁|缺血坏死|低强化区|迂曲扩张|囊性无回声区)|(?<!无)增粗|(?:分离|扩张)约|体积(?:明显)?增大|脂肪间隙模糊|高密度灶|低密度灶|骨质破坏|充填|回声(?:缺失|失落)|糜烂|龛影|充盈缺损|内-?中膜增厚|(?<!轻度)[中重]度反流|[中大]量反流|滑移|不连(?!续?未)|膨出|突出|外翻|软组织[^，。]{0,3}肿胀|下移|弥漫性?(?:减低|增强|增高)|细密增强|脑沟[^，。]{0,3}增宽",
    re.IGNORECASE,
)


_HARMLESS = re.compile(
    r"(?<!可疑)(?<!簇状)(?<!多形性)钙化|骨岛|增生|少许|点状|副脾|肠气|气体影|粪(?!石)|血管|纹理|生理|对称|正常|骨赘|条索|陈旧|清晰|均匀|规则分布|搏动|胎|孕|节育|见(?:阑尾|胆囊|子宫|卵巢|膀胱|肾)[^，。无低高]{0,6}结构|淋巴结|卵泡|不扩张|无扩张|充盈良好|静脉曲张|机械瓣|生物瓣|人工瓣|支架|置管|导管|起搏|封堵|假体|金属",
    re.IGNORECASE,
)


# "Behind the lower pole of the thyroid …" is not in the thyroid.
_BESIDE = re.compile(r"(?:[后前下上]方|旁|背侧|周围|邻近)[^，。]{0,2}(?:见|探及)")
# These have no organ's name and are not the whole exam.
_A_SITE = re.compile(r"吻合口|残端|术区|胸壁|支架|切口|造瘘|皮瓣|假体|内固定|桥血管")


# What lies beside the organ that an exam is named after, and is told by itself.
_NOT_WITHIN = re.compile(
    r"头皮|帽状腱膜|[额筛蝶颌鼻]窦|乳突|鼻中隔|鼻骨|眼眶|腺样体|胸壁|腹壁|皮下|肋骨|椎体|甲状腺|乳腺"
)
_DEVICE = re.compile(r"节育[器环]|支架|导管|引流管|起搏|机械瓣|生物瓣|人工瓣|假体|内固定")
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


def well_after_all(subject: Subject) -> Iterator[Alarm]:
    """An organ that the impression calls normal, or a whole exam, and findings that show something there."""
    told = [one for one in clauses(subject.impression) if not ADVISES.search(one.text)]
    for one in told:
        well, unbroken = _CALLS_WELL.search(one.text), _NO_FRACTURE.search(one.text)
        if (
            "急性" in one.text
            or not (well or unbroken)
            or REST.search(one.text)
            or FORMER.search(one.text)
            or UNSURE.search(one.text)
        ):
            continue
        for clause in clauses(subject.findings):
            shown = DENIES.split(clause.text, maxsplit=1)[0]
            if FORMER.search(clause.text) or UNSURE.search(clause.text) or (one.organs and _BESIDE.search(shown)):
                continue
            broken = re.search(r"骨皮质[^，。]{0,4}(?:断裂|中断|不连续)|骨折线|骨[^，。]{0,4}透亮[线影]|断端", shown)
            serious = [
                each
                for each in now(subject.findings)
                if each.words == clause.text and not each.is_denied and each.lesion in SERIOUS and well
            ]
            abnormal = well and _ABNORMAL.search(shown) and not _HARMLESS.search(clause.text)
            if not (broken or serious or abnormal) or "生理性" in clause.text or _other_side(one.text, clause):
                continue
            if (
                unbroken
                and broken
                and not any(each.lesion == "骨折" and not each.is_denied for each in mentions(subject.impression))
            ):
                yield contradiction(one.text, clause.text)
                return
            device = _DEVICE.search(one.text)
            if device and device[0] in clause.text:
                continue  # "the coil lies well", and the echo by which it is seen
            apart = _NOT_WITHIN.search(clause.text)
            if apart and apart[0] in subject.impression.replace(one.text, ""):
                continue  # "a haematoma of the scalp; the brain is sound"
            if not _concerns(one, clause, subject.impression):
                continue
            yield contradiction(one.text, clause.text)
            return


def _other_side(told: str, clause: Clause) -> bool:
    """Whether of several organs that are called well the clause's is named with the other side only."""
    if not re.search("[、及和]", told) or len(clause.sides) != 1:
        return False
    parts = [part for part in re.split(r"[、及和]", told) if organs_in(part) & clause.organs]
    return bool(parts) and all(sides_in(part) and not sides_in(part) & clause.sides for part in parts)


def _concerns(told: Clause, clause: Clause, impression: str) -> bool:
    """Whether what is called normal is what the clause is about; a whole exam is about all of it."""
    if site := _A_SITE.search(told.text):
        return site[0] in clause.text
    if told.organs and _WHOLE.search(told.text) and "实质" not in told.text:
        regions = [region for region in _REGIONS if told.organs & region]
        if regions:
            return any(not clause.organs or clause.organs & region for region in regions)
        return kin(told.organs, clause.organs)
    if told.organs:
        organs = told.organs | {"胸腔"} if "胸膜" in told.organs else told.organs
        if "关节" in organs and kin(organs, clause.organs):
            return same_place(replace(told, organs=clause.organs), clause)
        return bool(organs & clause.organs) and same_place(replace(told, organs=organs), clause)
    if told.sides and clause.sides and not told.sides & clause.sides:
        return False
    return not any(
        not one.is_denied and (not clause.organs or not one.organs or one.organs & clause.organs)
        for one in mentions(impression)
    ) and not re.search(r"[12２]\s*[、.．)）]|\n", impression.strip())


def within_findings(subject: Subject) -> Iterator[Alarm]:
    """A lesion that the findings describe and deny, in so many words, at the same place."""
    found, told = now(subject.findings), now(subject.impression)
    for denial in found:
        if not denial.is_denied or REST.search(denial.words) or not denial.organs:
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
                and denies(denial.words, one.words)
            ):
                yield contradiction(one.words, denial.words)
                return
    yield from _normal_yet_ill(subject)
    yield from _whole_yet_ill(subject)


# Of these "no abnormal density" is said of the whole, once its size and its texture are described.
_SOLID = frozenset({"肝", "脾", "胰", "肾", "肾上腺", "甲状腺", "前列腺", "脑"})
_NO_LESION = re.compile(r"^(?:[肝脾胰肾脏腺体双实质内]{0,6})未见(?:明显|明确)?异常(?:密度|信号|回声)(?:影|灶|区)$")
_LESIONS = frozenset({"囊肿", "结节", "肿块", "出血", "梗死", "肿瘤", "转移"})


def _whole_yet_ill(subject: Subject) -> Iterator[Alarm]:
    """A lesion told of an organ that the findings call free of any, and of which they show nothing else."""
    parts = clauses(subject.findings)
    for clause in parts:
        organ = clause.organs & _SOLID
        if len(organ) != 1 or len(clause.sides) == 1 or clause.places or not _NO_LESION.search(clause.text):
            continue
        said = [one for one in now(subject.findings) if one.organs & organ and not one.is_denied]
        for one in now(subject.impression):
            if one.is_denied or one.is_unsure or said or one.lesion not in _LESIONS or one.organs != organ:
                continue
            yield contradiction(one.words, clause.text)
            return


def _normal_yet_ill(subject: Subject) -> Iterator[Alarm]:
    """Findings that call both sides, or an organ as a whole, normal where they or the impression have a lesion."""
    for clause in clauses(subject.findings):
        both = len(clause.own_sides) == 2 and re.search(
            r"(?:形态|信号|密度|回声)[^，。]{0,8}正常|间隙清晰", clause.text
        )
        nothing = re.search(r"(?<!余)(?<!他)内未见(?:明显)?异常(?:密度|信号|回声)[影灶]?$", clause.text)
        if not (both or nothing) or REST.search(clause.text):
            continue
        for one in (*now(subject.findings), *now(subject.impression)):
            if one.is_denied or one.is_unsure or not one.organs & clause.organs:
                continue
            if (both and one.lesion == "坏死") or (nothing and one.lesion in {"囊肿", "结节", "肿块", "出血", "梗死"}):
                yield contradiction(one.words, clause.text)
                return
