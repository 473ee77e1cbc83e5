"""Units: the wrong one, none, two in one measure, or a size that no such thing has."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from server.reporting.checker.clauses import NUMBER, Size, clauses, sizes_in
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_AFTER = (
    r"([A-Za-zμµ㎜㎝℃°%³²]+[23²³]?|毫米|厘米|分米|微米|米|公分|毫升|升|公斤|千克|克|度|岁|个月|天|秒|次|亨氏单位|亨)?"
)
_DENSITY = re.compile(
    rf"(?:CT值|密度值|平均CT值|CT\s*value\w*)\s*(?:分别)?(?:约为|约|为|:|：|of|is|about)?\s*(-?{NUMBER})(?:\s*(?:[-~～至到—–]|，|、)\s*-?{NUMBER})*\s*{_AFTER}",
    re.IGNORECASE,
)
_HOUNSFIELD = {"hu", "h", "亨氏单位", "亨"}
_LENGTH_WORDS = r"大小|直径|长径|短径|横径|前后径|上下径|左右径|斜径|最大径|内径|外径|管径|管腔|径线|厚度|厚径|壁厚|厚|最深处?|深度|深|宽度|宽径|最宽处?|宽|长度|长约|移位|突出|膨出|间距|距离|范围"
_LENGTH = re.compile(
    rf"(?:{_LENGTH_WORDS})\s*(?:分别)?(?:约为|约|为|达|:|：)?\s*({NUMBER}\s*(?:mm|cm|毫米|厘米|㎜|㎝)?(?:\s*[×xX*＊✕]\s*{NUMBER}\s*(?:mm|cm|毫米|厘米|㎜|㎝)?)*)\s*{_AFTER}"
)
_LENGTH_UNITS = {"mm", "cm", "毫米", "厘米", "㎜", "㎝", "公分", "μm", "µm", "微米"}
_AREA_UNITS = {"mm2", "cm2", "mm²", "cm²"}
_UNIT_INSIDE = re.compile(r"mm|cm|毫米|厘米|㎜|㎝", re.IGNORECASE)
_VOLUME = re.compile(rf"(?:体积|容积|容量|尿量|出血量|积液量|液量)\s*(?:约为|约|为|:|：)?\s*({NUMBER})\s*{_AFTER}")
_VOLUME_UNITS = {"ml", "l", "毫升", "升", "cc", "cm3", "cm³", "mm3", "mm³"}
_RATIO = re.compile(rf"心胸比(?:例|率)?\s*(?:约为|约|为|:|：)?\s*({NUMBER})\s*{_AFTER}")
_FORMER = re.compile(r"前片|前次|上次|原|既往|较前|prior|previous", re.IGNORECASE)


class _Limits(NamedTuple):
    """From and to which size, in mm, a thing is believed; the largest measure given counts."""

    thing: re.Pattern[str]
    least: float
    most: float
    name: str


_LIMITS = tuple(
    _Limits(re.compile(pattern, re.IGNORECASE), least, most, name)
    for pattern, least, most, name in (
        (r"结节(?!性肝)|nodul", 0.5, 55, "结节"),
        (r"肿块|包块|肿物|团块|\bmass\b", 8, 300, "肿块"),
        (r"结石|\bstone|calcul", 0.5, 80, "结石"),
        (r"囊肿|\bcyst", 1, 250, "囊肿"),
        (r"胆囊壁", 0.5, 25, "胆囊壁"),
        (r"胆囊(?:大小|长径|体积)", 20, 200, "胆囊"),
        (r"胆总管(?!结石)(?:直径|内径|管径|宽|上段|扩张|约)", 1, 40, "胆总管"),
        (r"胰管", 0.5, 25, "胰管"),
        (r"门静脉(?:主干|内径|直径|宽|管径)", 3, 35, "门静脉"),
        (r"主动脉(?:根部|窦部|管径|直径|内径|宽|瓣环|升部|弓部)|(?:升|降|腹|胸)主动脉", 8, 120, "主动脉"),
        (r"肺动脉(?:主干|干)?(?:管径|直径|内径|增宽|宽)", 8, 80, "肺动脉"),
        (r"中线(?:结构)?.{0,6}移位", 0.5, 35, "中线移位"),
        (r"脑|基底节|丘脑|[额颞顶枕岛]叶|放射冠|半卵圆|垂体|鞍区", 0.5, 180, "颅内病变"),
        (r"甲状腺|腮腺|乳", 0.5, 200, "病变"),
        (r"囊性|无回声|卵巢|附件", 0.5, 250, "病变"),
        (r"断端.{0,8}移位|骨.{0,10}移位", 0.3, 40, "骨折移位"),
        (r"椎间盘.{0,12}(?:突出|膨出)|(?:突出|膨出)约", 0.5, 25, "椎间盘突出"),
        (r"淋巴结", 1, 80, "淋巴结"),
        (r"内膜(?!片)(?:厚|增厚|约|双层)", 0.5, 50, "内膜厚度"),
        (r"胸膜.{0,4}厚", 0.5, 60, "胸膜厚度"),
        (r"脑室.{0,6}(?:宽|径)", 1, 60, "脑室宽度"),
        (r"前列腺.{0,4}(?:大小|横径|左右径|前后径)", 12, 130, "前列腺"),
        (r"子宫(?:体)?.{0,4}(?:大小|长径)", 12, 300, "子宫"),
        (r"[左右]肾(?!上腺).{0,4}(?:大小|长径)", 30, 220, "肾"),
        (r"脾(?:脏)?.{0,4}(?:长径|大小|厚)", 12, 300, "脾"),
        (r"甲状腺.{0,3}[左右]叶(?:大小|厚|前后径)", 4, 120, "甲状腺叶"),
        (r"半月板", 0.2, 30, "半月板"),
        (r"(?:关节)?积液.{0,8}(?:深|厚|宽)|(?:深|厚).{0,4}积液", 0.5, 250, "积液"),
    )
)
_ANYTHING = _Limits(re.compile(""), 0.05, 500, "病变")


def units(subject: Subject) -> Iterator[Alarm]:
    """Doubtful units of densities, lengths, volumes and ratios."""
    for text in (subject.findings, subject.impression):
        yield from _densities(text, subject.exam_type)
        yield from _lengths(text)
        yield from _volumes(text)
        yield from _beyond_belief(text)
    yield from _same_number_other_unit(subject)


def _densities(text: str, exam_type: str) -> Iterator[Alarm]:
    for match in _DENSITY.finditer(text):
        unit = (match[2] or "").lower()
        if unit not in _HOUNSFIELD:
            why = f"CT 值的单位应为 HU，这里是“{match[2]}”。" if match[2] else "CT 值没有写单位（HU）。"
            yield Alarm(AlarmKind.UNIT, match[0].strip(), why)
        elif abs(float(match[1])) > 4000:
            yield Alarm(AlarmKind.UNIT, match[0].strip(), "CT 值超出可能的范围（-1024 至约 3000 HU），请核对。")
        elif exam_type.upper() in {"MR", "MRI", "US", "DR", "CR", "DX", "MG"}:
            yield Alarm(AlarmKind.UNIT, match[0].strip(), f"{exam_type} 检查没有 CT 值（HU），请核对。")
    for match in re.finditer(
        rf"(?:SUV(?:max|mean|peak)?)\s*(?:约为|约|为|:|：)?\s*{NUMBER}\s*(mm|cm|HU|ml)", text, re.IGNORECASE
    ):
        yield Alarm(AlarmKind.UNIT, match[0], f"SUV 没有单位，这里写了“{match[1]}”。")


def _lengths(text: str) -> Iterator[Alarm]:
    for match in _LENGTH.finditer(text):
        inside = [unit.lower() for unit in _UNIT_INSIDE.findall(match[1])]
        unit = (match[2] or "").lower()
        words = match[0].strip()
        if unit and unit not in _LENGTH_UNITS | _AREA_UNITS:
            if unit in {"°", "度", "%"} and re.match(r"移位|范围|突出", match[0]):
                continue
            if inside and unit in {"x", "×"}:
                continue
            yield Alarm(AlarmKind.UNIT, words, f"长度的单位应为 mm 或 cm，这里是“{match[2]}”。")
        elif not unit and not inside:
            if match[0].startswith(("范围", "突出", "膨出", "移位")) and not re.search(r"[×xX*]|约", match[0]):
                continue
            if re.match(r"\s*[/个枚处级岁月]", text[match.end() :]):
                continue
            yield Alarm(AlarmKind.UNIT, words, "测量值没有写单位（mm 或 cm）。")
        every = {
            "cm" if one in {"cm", "厘米", "㎝"} else "mm"
            for one in [*inside, *([unit] if unit in _LENGTH_UNITS else [])]
        }
        if len(every) > 1:
            yield Alarm(AlarmKind.UNIT, words, "同一个测量值里用了两种单位，请核对。")


def _volumes(text: str) -> Iterator[Alarm]:
    for match in _VOLUME.finditer(text):
        if (match[2] or "").lower() not in _VOLUME_UNITS:
            yield Alarm(
                AlarmKind.UNIT, match[0], f"体积的单位应为 ml，这里{'是“' + match[2] + '”' if match[2] else '没有写'}。"
            )
    for match in _RATIO.finditer(text):
        if (match[2] and match[2] != "%") or (not match[2] and float(match[1]) > 1.2):
            yield Alarm(AlarmKind.UNIT, match[0], "心胸比是没有单位的比值（约 0.3 至 0.9），请核对。")


def _beyond_belief(text: str) -> Iterator[Alarm]:
    for place in _measured_places(text):
        where, size_words, mm = place
        limits = next((one for one in _LIMITS if one.thing.search(where)), _ANYTHING)
        if limits.least <= mm <= limits.most:
            continue
        much = "大" if mm > limits.most else "小"
        yield Alarm(
            AlarmKind.UNIT,
            size_words,
            f"{limits.name}“{size_words}”{much}得不合常理（{mm:g} mm），请核对单位是 mm 还是 cm。",
        )


def _measured_places(text: str) -> Iterator[tuple[str, str, float]]:
    """Each length with the words of its clause (and of the clause before, when its own names nothing)."""
    before, sentence = "", -1
    for clause in clauses(text):
        if clause.sentence != sentence:
            before, sentence = "", clause.sentence
        for size in sizes_in(clause.text):
            named = any(limits.thing.search(clause.text) for limits in _LIMITS)
            yield (clause.text if named else f"{before}{clause.text}"), size.words, size.mm
        before = f"{before}{clause.text}"


def _same_number_other_unit(subject: Subject) -> Iterator[Alarm]:
    """ "12mm" in the findings and "12cm" in the impression: one of them is wrong."""
    there = {(number, size.unit) for size in _of_today(subject.findings) for number in size.numbers}
    for size in _of_today(subject.impression):
        other = "mm" if size.unit == "cm" else "cm"
        if all((number, size.unit) not in there and (number, other) in there for number in size.numbers):
            yield Alarm(
                AlarmKind.UNIT, size.words, f"诊断意见写“{size.words}”，影像所见里同样的数值单位是 {other}，请核对。"
            )


def _of_today(text: str) -> list[Size]:
    return [size for clause in clauses(text) if not _FORMER.search(clause.text) for size in sizes_in(clause.text)]
