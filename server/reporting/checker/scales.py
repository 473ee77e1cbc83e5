"""A size whose unit breaks with the report's own habit, with the word that calls the thing small, or that has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from server.reporting.checker.clauses import NUMBER
from server.reporting.checker.subject import Alarm, AlarmKind, Subject
from server.reporting.checker.units import IN_A_RATIO

_SIZE = re.compile(
    rf"(?<![\d.])({NUMBER})(?:\s*(?:mm|cm)?\s*[×xX*＊]\s*({NUMBER}))?(?:\s*(?:mm|cm)?\s*[×xX*＊]\s*({NUMBER}))?\s*(mm|cm)(?![a-zA-Z/²³23])"
)


class _Written(NamedTuple):
    """One size as written: its words, what stands before it in its sentence, its numbers, its unit."""

    words: str
    before: str
    numbers: tuple[float, ...]
    unit: str
    has_point: bool
    after: str


def _written(text: str) -> list[_Written]:
    found = []
    for match in _SIZE.finditer(text):
        start = max(text.rfind(mark, 0, match.start()) for mark in "。；\n") + 1
        numbers = tuple(float(match[group]) for group in (1, 2, 3) if match[group])
        before, after = text[start : match.start()], text[match.end() : match.end() + 8]
        found.append(_Written(match[0], before, numbers, match[4], "." in match[0], after))
    return found


# Lengths of a way or of a long thing, which stand in cm beside lesions in mm.
_A_WAY = re.compile(
    r"(?:距|长|脐|肛缘|门齿|进镜|以[上下远近]|[上下]方|范围|浸润|跨度|高径|斜径|切口|[远近]端|[远近]侧)[^，。；\d]{0,10}$"
)
_OF_A_WAY = re.compile(r"(?:肠|管|[节一]?段|血管|输尿管)")
_MEASURED = re.compile(r"(?:径|厚|宽|深|约|大小|为|高|分离|移位|突[出入])[^，。；\d]{0,4}$")
# Of these a tenth of a mm is measured.
_FINE = re.compile(
    r"斑块|动脉|瘤颈|支架|囊袋|内中膜|内-?中膜|胚芽|卵黄囊|NT|甲状腺|(?<!肝)[左右]侧?叶|峡部|静脉|晶|听|瓣|导管|胆管|胰管"
)
_COARSE = re.compile(
    r"肝|肾(?!上腺)|脾|胰|子宫|附件|卵巢|膀胱|腘窝|[额顶颞枕岛]叶|基底节|丘脑|小脑|脑膜|纵隔|乳|上颌窦|骶管|盆腔"
)
_LESION = re.compile(r"囊|密度|信号|占位|肿块|肿物|团块|结节|灶|瘤|暗区")
_POINTS = re.compile(r"点状|斑点|微小?|结石|钙化|管")


def against_habit(subject: Subject) -> Iterator[Alarm]:
    """ "12cm×7cm" in a report that measures in mm; "2.3mm×2.1mm" in one that measures in cm with a decimal."""
    text = subject.findings
    sizes = _written(text)
    in_mm = [one for one in sizes if one.unit == "mm"]
    in_cm = [one for one in sizes if one.unit == "cm"]
    for one in in_cm:
        if one.has_point or _A_WAY.search(one.before) or _OF_A_WAY.match(one.after):
            continue
        whole = len(one.numbers) > 1 and in_mm and sum(not other.has_point for other in in_cm) <= len(in_mm)
        single = len(one.numbers) == 1 and len(in_mm) > 1 and len(in_cm) == 1 and _MEASURED.search(one.before)
        if whole or single:
            why = f"其余测量值以 mm 为单位，这里却是“{one.words}”，请核对单位。"
            yield Alarm(AlarmKind.UNIT, one.words, why)
            return
    sectional = re.search(r"CT|MR|MG|钼靶|DR", subject.exam_type.upper()) and "超声" not in subject.exam_type
    for one in in_mm:
        if not one.has_point or max(one.numbers) >= 10 or _FINE.search(one.before):
            continue
        among = len(one.numbers) > 1 and any(other.has_point for other in in_cm)
        tiny = max(one.numbers) < (6 if len(one.numbers) > 1 else 2.6)
        alone = sectional and tiny and _COARSE.search(one.before) and _LESION.search(one.before)
        if among or (alone and not _POINTS.search(one.before)):
            why = f"“{one.words}”与所测之物或其余测量值不相称，请核对单位是 mm 还是 cm。"
            yield Alarm(AlarmKind.UNIT, one.words, why)
            return


# What is called small by its name, and from which size (mm) no one does.
_SMALL = (
    (re.compile(r"(?:微小|粟粒)[^，。；]{0,6}(?:结节|灶|影)"), 15),
    (re.compile(r"小结节"), 31),
    (re.compile(r"点状[^，。；]{0,8}(?:影|灶|信号|回声|钙化|结石)|小(?:结石|强回声|钙化|息肉)"), 21),
    (re.compile(r"小(?:囊肿|囊状|肌瘤|血管瘤|淋巴结)"), 41),
)


def called_small(subject: Subject) -> Iterator[Alarm]:
    """ "A tiny nodule of 4cm×3cm"."""
    for one in _written(subject.findings):
        mm = max(one.numbers) * (10 if one.unit == "cm" else 1)
        clause = re.split(r"(?<!\d)，(?=[^，]*(?:见|示|可及))|、", one.before)[-1]
        for name, most in _SMALL:
            if "结节" in subject.prior and "结节" in clause:
                continue  # the earlier report tells how large it was
            if mm >= most and (called := name.search(clause)) and not re.search(r"距|融合|团|范围", clause):
                why = f"“{called[0]}”的大小写作“{one.words}”，请核对单位是 mm 还是 cm。"
                yield Alarm(AlarmKind.UNIT, one.words, why)
                return


_STOP = r"(?=\s*(?:[，,。；;、）)\n]|$|处|见|可见|范围内))"
_BY_NAME = re.compile(
    rf"(?:双顶径|头围|腹围|股骨长|肱骨长|头臀长|羊水指数|最大(?:羊水池)?深度|(?<![A-Za-z])(?:BPD|HC|AC|FL|AFI|CRL))\s*[:：]?\s*(?:约为|约|为)?\s*{NUMBER}{_STOP}"
)
_DISTANCE = re.compile(
    rf"距(?:离)?(?:乳头|体表|皮肤|包膜|肾门|膈顶|隆突|肛缘|齿状线|宫颈内口|内口)\s*(?:约为|约)?\s*{NUMBER}{_STOP}"
)
_DIAMETER = re.compile(
    rf"(?:末|前后|左右|上下|横|内|外|管|斜|厚|宽|头|主干)径\s*[:：]?\s*(?:约为|约|为)?\s*{NUMBER}{_STOP}"
)
_ABOUT = re.compile(rf"(?<=[一-鿿，（(])(?<![率值度龄周比数分积])约\s*{NUMBER}(?=\s*(?:[，,。；;）)\n]|$))")
_CHAMBER = re.compile(
    rf"(?<![A-Za-z])(LAD?|LVID[ds]|LVD[ds]?|LV|RVD?|RA|AO|IVS[dT]?|LVPW[dT]?|PA)\s*[:：]?\s*{NUMBER}\s*(mm|cm)?{_STOP}"
)
_BOTH_TUBES = re.compile(
    rf"(?:内径|管径)[^。；]{{0,12}}[左右]侧?(?:约)?{NUMBER}\s*(mm|cm)?[，、/ ]\s*[左右]侧?(?:约)?{NUMBER}\s*(mm|cm)?"
)
_NO_LENGTH = re.compile(
    r"(?:孕|周|岁|EF|FS|率|CT值|HU|比|SUV\w*|RI|PI|评分|积分|压|速|狭窄|密度|指数|面积|体积|心率|角)[^，。；]{0,6}$"
)


def without_unit(subject: Subject) -> Iterator[Alarm]:
    """A length by name ("head circumference 315") without its unit, where others of the report have theirs."""
    for text in (subject.findings, subject.impression):
        sizes = _written(text)
        for pattern in (_BY_NAME, _DISTANCE, _DIAMETER):
            for match in pattern.finditer(text):
                if sizes and not IN_A_RATIO.search(text[: match.start()]):
                    yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0].strip()}”没有写单位，请核对是否为 mm 或 cm。")
        for match in _ABOUT.finditer(text):
            before = text[: match.start()]
            if sizes and not _NO_LENGTH.search(before) and not IN_A_RATIO.search(before):
                yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0].strip()}”没有写单位，请核对是否为 mm 或 cm。")
        chambers = list(_CHAMBER.finditer(text))
        for match in chambers:
            if not match[2] and sum(bool(one[2]) for one in chambers) > 1:
                yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0].strip()}”没有写单位，请核对是否为 mm。")
        for match in _BOTH_TUBES.finditer(text):
            if bool(match[1]) != bool(match[2]) and match[2] is None:
                yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0].strip()}”只有一侧写了单位，请补充。")


def scales(subject: Subject) -> Iterator[Alarm]:
    """Every doubt of these three sorts."""
    yield from against_habit(subject)
    yield from called_small(subject)
    yield from without_unit(subject)
