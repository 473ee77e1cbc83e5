"""Diagnoses that a measure of the findings refutes, by the limits of the textbooks with a margin for departments.

A limit is drawn where no department draws it: what lies between two usual limits raises nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from server.reporting.checker.anatomy import sides_in
from server.reporting.checker.clauses import NUMBER, clauses
from server.reporting.checker.measures import measures_in
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_TO = r"[^，。；\d]{0,8}?"
_LENGTH = rf"({NUMBER})\s*(mm|cm)(?!\s*[×xX*])"
_PLAIN = rf"({NUMBER})()"


class Limit(NamedTuple):
    """A measure, what calls it large, under which that is untrue, what calls it well or small, over which untrue."""

    name: str
    measure: re.Pattern[str]
    large: re.Pattern[str] | None
    under: float
    well: re.Pattern[str] | None
    over: float


def _limit(name: str, thing: str, number: str, large: str, under: float, well: str, over: float) -> Limit:
    return Limit(
        name,
        re.compile(rf"(?:{thing}){_TO}{number}"),
        re.compile(large) if large else None,
        under,
        re.compile(well) if well else None,
        over,
    )


_LIMITS = (
    _limit(
        "胆总管",
        r"胆总管[^，。；]{0,6}(?:径|宽|处)",
        _LENGTH,
        r"胆总管[^，。；、未不]{0,5}(?:扩张|增宽)",
        5.5,
        r"胆总管(?:不|未见)扩张",
        12,
    ),
    _limit(
        "门静脉",
        r"门静脉[^，。；]{0,4}(?:径|宽)",
        _LENGTH,
        r"门静脉[^，。；未不]{0,3}增宽",
        11,
        r"门静脉(?:不|未见增)宽",
        17,
    ),
    _limit(
        "主动脉",
        r"腹主动脉[^，。；]{0,8}(?:径|宽)|(?:梭形|瘤样|囊状)扩张，?[^，。；]{0,6}(?:径|宽)",
        _LENGTH,
        r"腹主动脉瘤(?!样)",
        24,
        "",
        0,
    ),
    _limit(
        "升主动脉",
        r"升主动脉[^，。；]{0,4}(?:径|宽)",
        _LENGTH,
        r"升主动脉[^，。；未不]{0,3}(?:扩张|增宽|瘤)",
        34,
        r"升主动脉(?:不|未见)(?:扩张|增?宽)",
        46,
    ),
    _limit(
        "肺动脉",
        r"肺动脉[^，。；]{0,6}(?:径|宽)",
        _LENGTH,
        r"肺动脉[^，。；未不]{0,3}(?:增宽|扩张|增粗)",
        24,
        r"肺动脉[^，。；]{0,3}(?:不宽|正常)",
        36,
    ),
    _limit("阑尾", r"阑尾[^，。；]{0,8}(?:径|粗|宽)", _LENGTH, r"(?<!慢性)阑尾炎", 5, r"阑尾未见(?:明显)?异常", 11),
    _limit(
        "左房",
        r"左心?房[^，。；]{0,6}?(?:径)?|(?<![A-Za-z])LAD?\b",
        _LENGTH,
        r"左房[^，。；未不]{0,2}(?:增大|扩大)|左心房[^，。；未不]{0,2}(?:增大|扩大)",
        31,
        r"左房不大|左心房不大|各房室(?:腔)?(?:内径)?(?:正常|不大)",
        50,
    ),
    _limit(
        "左室",
        r"左心?室舒张末(?:期)?(?:内)?径|(?<![A-Za-z])LV(?:ID?|D)?[dD]|(?<![A-Za-z])LV舒张末内?径",
        _LENGTH,
        r"左心?室[^，。；未不壁]{0,2}(?:增大|扩大)|扩张型心肌病",
        46,
        r"左心?室不大|各房室(?:腔)?(?:内径)?(?:正常|不大)",
        62,
    ),
    _limit(
        "室间隔",
        r"室间隔[^，。；]{0,3}厚度?|(?<![A-Za-z])IVS[dD]?",
        _LENGTH,
        r"(?:室间隔|左室壁|室壁)[^，。；未不]{0,3}(?:增厚|肥厚)|肥厚(?:型|性)[^，。；]{0,3}心肌病",
        10.5,
        r"室壁(?:厚度正常|不厚)",
        15,
    ),
    _limit(
        "肺动脉压",
        r"PASP|RVSP|肺动脉收缩压",
        rf"({NUMBER})()\s*mmHg",
        r"肺动脉高压",
        30,
        r"(?:未见|无)[^，。；]{0,3}肺动脉高压|肺动脉压(?:力)?正常",
        60,
    ),
    _limit(
        "心胸比",
        r"心胸比(?:例|率)?",
        r"(0\.\d+)()",
        r"心影[^，。；未不]{0,3}增?大(?!小)|心脏增大",
        0.46,
        r"心影[^，。；]{0,3}(?:不大|大小[^，。；]{0,2}正常)|心脏不大",
        0.57,
    ),
    _limit(
        "内中膜",
        r"内-?膜?中层?膜[^，。；]{0,6}|内-?中膜[^，。；]{0,4}|IMT",
        _LENGTH,
        r"内-?膜?中层?膜[^，。；未不]{0,4}增厚|内-?中膜[^，。；未不]{0,3}增厚",
        0.8,
        r"内-?中膜(?:不厚|未见增厚)",
        1.4,
    ),
    _limit(
        "内膜", r"子宫内膜[^，。；]{0,4}厚度?|内膜厚度?", _LENGTH, r"子宫内膜[^，。；未不]{0,2}(?:增厚|增生)", 4, "", 0
    ),
    _limit(
        "淋巴结",
        r"淋巴结[^。；]{0,14}短径",
        _LENGTH,
        r"淋巴结[^，。；未无不]{0,3}(?:肿大|转移)",
        5,
        r"(?:未见|无)[^，。；]{0,4}肿大淋巴结|淋巴结(?:未见|无|不)[^，。；]{0,2}(?:肿|增)?大",
        17,
    ),
    _limit(
        "Cobb角",
        r"Cobb['’]?s?\s*角",
        rf"({NUMBER})()\s*[°度]",
        r"(?:脊柱|[胸腰])[^，。；未无]{0,6}侧[弯凸]",
        7,
        r"(?:未见|无)[^，。；]{0,3}侧[弯凸]",
        15,
    ),
    _limit(
        "残余尿",
        r"残余尿(?:量)?",
        rf"({NUMBER})()\s*(?:ml|mL|毫升)",
        r"尿潴留|残余尿(?:量)?(?:增多|阳性)",
        15,
        r"残余尿(?:量)?(?:阴性|不多|正常)|(?:未见|无)[^，。；]{0,3}(?:残余尿|尿潴留)",
        100,
    ),
    _limit(
        "胎心率",
        r"胎心(?:率|搏动)?",
        rf"({NUMBER})()\s*(?:次|bpm)",
        r"胎心(?:率)?(?:过速|偏快|增快)|胎儿心动过速",
        150,
        r"胎心(?:率)?(?:正常)",
        175,
    ),
    _limit(
        "冠脉钙化积分",
        r"(?:钙化积分|Agatston)[^，。；\d]{0,8}",
        _PLAIN,
        r"(?:重度|广泛|大量)钙化",
        50,
        r"(?:未见|无)[^，。；]{0,4}钙化",
        5,
    ),
    _limit(
        "肝硬度",
        r"(?:肝硬度|LSM|弹性)[^，。；\d]{0,10}",
        rf"({NUMBER})()\s*kPa",
        r"肝硬化|(?:显著|进展期|重度)[^，。；]{0,2}纤维化",
        6,
        r"(?:未见|无)[^，。；]{0,4}纤维化|肝硬度正常",
        12,
    ),
    _limit("胸腺", r"中线[^，。；]{0,6}移位", _LENGTH, "", 0, r"中线(?:结构)?居中", 3),
    _limit("卵巢", r"卵巢体积", rf"({NUMBER})()\s*(?:ml|mL)", r"多囊卵巢", 5, "", 0),
)
_HEDGED = re.compile(r"可能|除外|排除|待排|可疑|[?？]|术后|建议|史|较前")


def refuted_by_number(subject: Subject) -> Iterator[Alarm]:
    """The first diagnosis that a measure refutes."""
    for limit in _LIMITS:
        values = _values(limit, subject.findings)
        if not values:
            continue
        for told in clauses(subject.impression):
            if _HEDGED.search(told.text):
                continue
            here = [one for one in values if not one[1] or not told.sides or one[1] & told.sides]
            large = limit.large and limit.large.search(told.text)
            well = limit.well and limit.well.search(told.text)
            if large and here and max(here)[0] < limit.under:
                yield _alarm(large[0], max(here))
                return
            if well and here and max(here)[0] > limit.over:
                yield _alarm(well[0], max(here))
                return
    yield from _narrowings(subject)
    yield from _hips(subject)
    yield from _bone_age(subject)
    yield from _risks(subject)
    yield from _tiny(subject)
    yield from _lining(subject)
    yield from _lung_rads(subject)


def _values(limit: Limit, findings: str) -> list[tuple[float, frozenset[str], str]]:
    found = []
    for match in limit.measure.finditer(findings):
        start = max(findings.rfind(mark, 0, match.start()) for mark in "，。；\n") + 1
        value = float(match[1]) * (10 if match[2] == "cm" else 1)
        found.append((value, sides_in(findings[start : match.end()]), match[0]))
    return found


_SHARE = re.compile(rf"(?:狭窄|狭窄率|狭窄程度)[^，。；\d]{{0,6}}({NUMBER})\s*[%％](?!\s*[-~～至])")
_RANGE = re.compile(rf"狭窄[^，。；]{{0,4}}[（(]\s*(?:约)?\s*([<>＜＞≥≤])\s*({NUMBER})\s*[%％]")
_DEGREES = ((re.compile(r"轻度狭窄"), 0.0, 55.0), (re.compile(r"重度狭窄"), 55.0, 100.0))


def _narrowings(subject: Subject) -> Iterator[Alarm]:
    """ "Slight (<50 %)" of a narrowing by 60 %: where findings have one share and the impression one degree."""
    shares = [float(one[1]) for one in _SHARE.finditer(subject.findings)]
    if len(set(shares)) != 1 or len(re.findall(r"狭窄", subject.impression)) != 1:
        return
    share = shares[0]
    if bounds := _RANGE.search(subject.impression):
        limit = float(bounds[2])
        if (bounds[1] in "<＜≤" and share > limit) or (bounds[1] in ">＞≥" and share < limit):
            yield _alarm(bounds[0], (share, frozenset(), f"狭窄 {share:g}%"))
            return
    for degree, least, most in _DEGREES:
        if (told := degree.search(subject.impression)) and not least <= share <= most:
            yield _alarm(told[0], (share, frozenset(), f"狭窄 {share:g}%"))
            return


_ALPHA = re.compile(rf"([左右])[^左右。]{{0,8}}α\s*角?[^，。；\d]{{0,4}}({NUMBER})")
_GRAF = re.compile(r"([左右])[^左右，。；]{0,6}(?:Graf\s*)?(Ⅰ|Ⅱ|Ⅲ|Ⅳ|I{1,3}|IV)", re.IGNORECASE)
_GRADE = {"Ⅰ": 1, "I": 1, "Ⅱ": 2, "II": 2, "Ⅲ": 3, "III": 3, "Ⅳ": 4, "IV": 4}


def _hips(subject: Subject) -> Iterator[Alarm]:
    """The hips' types on the wrong sides: type I is an angle of 60 degrees and more."""
    angles = {match[1]: float(match[2]) for match in _ALPHA.finditer(subject.findings)}
    grades = {match[1]: _GRADE[match[2].upper()] for match in _GRAF.finditer(subject.impression)}
    if len(angles) != 2 or len(grades) != 2 or "Graf" not in subject.impression:
        return
    if all((angles[side] >= 60) != (grades[side] == 1) for side in "左右"):
        why = f"左侧 α 角 {angles['左']:g}°、右侧 {angles['右']:g}°，分型的左右侧与此不符，请核对。"
        yield Alarm(AlarmKind.SIDE, subject.impression.split("。")[0], why)


_AGE = re.compile(rf"骨龄[^，。；\d]{{0,8}}({NUMBER})\s*岁")


def _bone_age(subject: Subject) -> Iterator[Alarm]:
    """A bone age that is ahead of the child's is not late."""
    ages = [float(one) for one in _AGE.findall(subject.both)]
    if subject.age is None or subject.age > 20 or len(set(ages)) != 1:
        return
    ahead = ages[0] - subject.age
    for pattern, is_untrue in (
        (r"骨龄[^，。；]{0,8}(?:提前|超前|偏早|早于|大于)", ahead < 0),
        (r"骨龄[^，。；]{0,8}(?:落后|延迟|偏小|滞后|小于)", ahead > 0),
        (r"骨龄[^，。；]{0,8}(?:相符|相当|基本一致|正常)", abs(ahead) > 2),
    ):
        if is_untrue and (told := re.search(pattern, subject.impression)):
            yield _alarm(told[0], (ages[0], frozenset(), f"骨龄 {ages[0]:g} 岁，年龄 {subject.age:g} 岁"))
            return


# What is called small by its very name, and from which size (mm) no one does.
_TINY = (
    (r"微腺瘤", r"鞍|垂体", 12),
    (r"小肝癌", r"肝", 35),
    (r"微小(?:乳头状)?癌", r"结节|肿", 12),
)
_HUGE = ((r"大腺瘤", r"鞍|垂体", 8), (r"巨大", r"", 25))


def _tiny(subject: Subject) -> Iterator[Alarm]:
    """ "Microadenoma" of 29 mm: where the findings have one size of two or three measures."""
    sizes = [one for one in measures_in(subject.findings) if len(one.numbers) > 1 and not one.is_former]
    if len(sizes) != 1:
        return
    for table, is_wrong in ((_TINY, sizes[0].mm.__gt__), (_HUGE, sizes[0].mm.__lt__)):
        for words, thing, limit in table:
            told = re.search(words, subject.impression)
            if told and re.search(thing, subject.findings) and is_wrong(limit) and not _HEDGED.search(told[0]):
                yield _alarm(told[0], (sizes[0].mm, frozenset(), sizes[0].words))
                return


_RADS = re.compile(
    r"(BI|TI|PI|LI|Lung|O)[-‐－ ]?RADS\s*(?:分类|分级|评分)?\s*[：:]?\s*(\d|Ⅰ|Ⅱ)([ABCabcMX]?)", re.IGNORECASE
)
_BAD = re.compile(r"癌|恶性|(?<![A-Za-z])MT(?![A-Za-z])|转移瘤")
_GOOD = re.compile(r"(?<![非排])良性|囊肿|纤维腺瘤|血管瘤|腺瘤样?增生|增生结节|脂肪瘤")
_MALIGN = re.compile(
    r"极低回声|纵横比\s*[>＞大]\s*于?\s*1|微钙化|成簇|胸膜牵拉|边[缘界][^，。；不]{0,3}毛刺|簇状|多形性|线样分支|段样分布|透镜状|(?<!不)(?<!无)明显(?:弥散|扩散)受限"
)
_NOT_NOW = re.compile(r"术后|除外|排除|史|治疗后|活检证实|待排|未见|无(?!需|须)|高危|不除外|化疗")


def _risks(subject: Subject) -> Iterator[Alarm]:
    """A low category beside "cancer", a high one beside "benign" or a yearly control: only where one lesion is told."""
    parts = [one.strip() for one in re.split(r"[。；\n]", subject.impression) if one.strip()]
    for part in parts:
        grades = list(_RADS.finditer(part))
        if len(grades) != 1 or _NOT_NOW.search(part):
            continue
        grade = {"Ⅰ": 1, "Ⅱ": 2}.get(grades[0][2]) or int(grades[0][2])
        bad, good = _BAD.search(part), _GOOD.search(part)
        highest = 5 if grades[0][1].upper() != "LUNG" else 4
        yearly = re.search(r"(?:每年|年度|1年后?|一年后?|12个月后?|常规)(?:复查|随访|筛查|体检)", part)
        biopsy = re.search(r"建议[^，。；]{0,6}(?:穿刺|活检|手术)", part)
        told = None
        ill = _malign(subject.findings, sides_in(part))
        if grade in {1, 2} and len(ill) > 1:
            told = grades[0]
        elif grade in {1, 2}:
            told = bad or biopsy
        elif grade in {3, 4, 5} and grade >= highest and not bad:
            told = good or yearly
        if told:
            why = f"“{grades[0][0]}”与“{told[0]}”不相称，请核对分类或结论。"
            yield Alarm(AlarmKind.CONFLICT, told[0], why)
            return


_LINING = re.compile(rf"(?:子宫)?内膜(?:厚度?|双层厚)(?:约为|约|为)?\s*({NUMBER})\s*mm")


def _lining(subject: Subject) -> Iterator[Alarm]:
    """A lining of the womb of less than 8 mm is not thick before the menopause."""
    found = _LINING.findall(subject.findings)
    told = re.search(r"内膜(?:明显)?(?:增厚|增生|过厚)", subject.impression)
    if found and told and subject.age is not None and subject.age < 50 and max(map(float, found)) < 8:
        yield _alarm(told[0], (float(found[0]), frozenset(), f"内膜厚 {found[0]} mm"))


_LUNG_RADS = re.compile(r"Lung-?\s?RADS\s*(?:分类|分级)?\s*[：:]?\s*([1-4])\s*([ABX]?)", re.IGNORECASE)


def _lung_rads(subject: Subject) -> Iterator[Alarm]:
    """A solid nodule under 5 mm is no category 4; one of 10 mm and more, not called benign, is no 1 or 2 (ACR 2022)."""
    grades = _LUNG_RADS.findall(subject.impression)
    told = _LUNG_RADS.search(subject.impression)
    nodules = [
        one
        for one in measures_in(subject.findings)
        if "结节" in one.lesions and one.organs & {"肺"} and not one.is_former and one.kind == "size"
    ]
    if len(grades) != 1 or told is None or not nodules or "磨玻璃" in subject.findings:
        return
    most = max(one.mm for one in nodules)
    grown = re.search(r"新发|较前|增大|空洞|管内|术后|钙化结节|稳定|错构|陈旧|肺内淋巴结", subject.both)
    if (grades[0][0] == "4" and most < 5 and not grown) or (
        grades[0][0] in "12" and most >= 10 and not grown and not subject.prior
    ):
        yield _alarm(told[0], (most, frozenset(), f"结节 {most:g} mm"))


def _malign(findings: str, sides: frozenset[str]) -> set[str]:
    """The signs of malignancy that findings assert of a side."""
    return {
        match[0]
        for one in clauses(findings)
        if not (sides and one.sides and not sides & one.sides) and not re.search(r"未见|无(?!回声)", one.text)
        for match in _MALIGN.finditer(one.text)
    }


def _alarm(told: str, found: tuple[float, frozenset[str], str]) -> Alarm:
    return Alarm(AlarmKind.CONFLICT, told, f"诊断意见写“{told}”，与影像所见的“{found[2]}”不符，请核对。")
