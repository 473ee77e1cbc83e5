"""Units: the wrong one, none, two in one measure, or a size that no such thing has."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import NUMBER, Size, clauses, sizes_in
from server.reporting.checker.limits import believed
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_AFTER = r"([A-Za-zμµ㎜㎝℃°%³²]+[23²³]?|毫米|厘米|分米|微米|米|公分|毫升|升|公斤|千克|克|度|岁|年|周|个月|天|秒|次|亨氏单位|亨)?"
_DENSITY = re.compile(
    rf"(?:CT值|密度值|平均CT值|CT\s*value\w*)\s*(?:分别)?(?:约为|约|为|:|：|of|is|about)?\s*(-?{NUMBER})(?:\s*(?:[-~～至到—–]|，|、)\s*-?{NUMBER})*\s*{_AFTER}",
    re.IGNORECASE,
)
_HOUNSFIELD = {"hu", "h", "亨氏单位", "亨"}
_LENGTH_WORDS = r"回缩|分离|内陷|凹陷|塌陷|错位|增厚|大者|较大者|最大者|大小|直径|长径|短径|横径|前后径|上下径|左右径|斜径|最大径|内径|外径|管径|管腔|径线|厚度|厚径|壁厚|厚|最深处?|深度|深|宽度|宽径|最宽处?|宽|长度|长约|移位|突出|膨出|间距|距离|范围"
_LENGTH = re.compile(
    rf"(?:{_LENGTH_WORDS})\s*(?:分别)?(?:约为|约|为|达|:|：)?\s*({NUMBER}\s*(?:mm|cm|毫米|厘米|㎜|㎝)?(?:\s*[×xX*＊✕]\s*{NUMBER}\s*(?:mm|cm|毫米|厘米|㎜|㎝)?)*)\s*{_AFTER}"
)
_LENGTH_UNITS = {"mm", "cm", "毫米", "厘米", "㎜", "㎝", "公分", "μm", "µm", "微米"}
_AREA_UNITS = {"mm2", "cm2", "mm²", "cm²"}
_UNIT_INSIDE = re.compile(r"mm|cm|毫米|厘米|㎜|㎝", re.IGNORECASE)
_VOLUME = re.compile(
    rf"(?:体积|容积|容量|尿量|残余尿|膀胱容量|出血量|积液量|液量)\s*(?:约为|约|为|:|：)?\s*({NUMBER})\s*{_AFTER}"
)
_VOLUME_UNITS = {"ml", "l", "毫升", "升", "cc", "cm3", "cm³", "mm3", "mm³"}
_RATIO = re.compile(rf"心胸比(?:例|率)?\s*(?:约为|约|为|:|：)?\s*({NUMBER})\s*{_AFTER}")
_FORMER = re.compile(r"前片|前次|上次|原|既往|较前|prior|previous", re.IGNORECASE)


_NO_LENGTH = re.compile(
    rf"(?:心率|胎心率?|搏动|LVEF|(?<![A-Za-z])EF|射血分数|(?<![A-Za-z])FS|狭窄(?:率|程度)?|(?<![A-Za-z])RI|(?<![A-Za-z])PI|S/D|压缩|受压|(?:[αβ夹成])角|角度|流速|PSV|EDV|(?<!SU)Vmax|Cobb角?|血氧|骨龄|孕周|钙化积分|骨密度|BMD)\s*[（(]?\s*(?:约为|约|为|达|:|：|大于|小于|[<>＜＞])?\s*{NUMBER}(?:\s*[-~～]\s*{NUMBER})?\s*(mm(?!Hg)|cm(?!\s*/)|毫米(?!汞)|厘米(?!/)|HU|ml|毫升)",
    re.IGNORECASE,
)
IN_A_RATIO = re.compile(r"[/／][^，。；]{0,10}$")
"""What comes before the value of "width of the right ventricle / width of the left …": it has no unit."""
_WEIGHTS = re.compile(rf"{NUMBER}\s*(?:kg|千克|公斤|斤)(?![a-zA-Z/²])", re.IGNORECASE)
_WEIGHED = re.compile(r"体重|weight|重量|剂量|mg|胎儿|静脉注射", re.IGNORECASE)
_ODD = re.compile(
    rf"(?:囊肿|结节|结石|肿块|包块|病灶|息肉|肿物|淋巴结|斑块)(?:影)?[，,]?(?:大小|直径|约|为)*\s*({NUMBER}\s*(?:°|℃|HU|度|岁|HU\s*[×xX]))(?![A-Za-z])"
    rf"|({NUMBER}\s*HU\s*[×xX*]\s*{NUMBER})",
    re.IGNORECASE,
)
_PRODUCTS = re.compile(
    rf"(?<![\d.×xX*]){NUMBER}\s*[×xX*]\s*{NUMBER}(?:\s*[×xX*]\s*{NUMBER})?(?![\d.×xX*])\s*(HU|ml|mL|毫升|%|°|℃|次/分|岁|kg)?"
    rf"(?!\s*(?:[×xX*]|mm|cm|㎜|㎝|毫米|厘米|m(?![a-z])|米))|{NUMBER}\s*(?:℃|°|%|ml)\s*[×xX*]\s*{NUMBER}\s*(?:℃|°|%|ml)"
)
_FIELD = re.compile(r"矩阵|视野|倍|放大|FOV|层|单位|:|：", re.IGNORECASE)
_NOT_SIZE = re.compile(r"\s*(?:\^|[⁻-]|[-－−]\s*\d|[⁰-⁹]|Gy|倍|个|次|层|排|/)")
_LENGTHS_BY_NAME = re.compile(
    rf"(?<![A-Za-z])(?:CRL|NT|BPD|HC|AC|FL|LA|LV|AO|IVS)\s*[:：约为]?\s*{NUMBER}\s*(次/分|HU|ml|kg|%|岁|周)"
)
_METRES = re.compile(
    rf"{NUMBER}\s*[mM](?![a-zA-Z²³/0-9])(?!后|复查|随访)|{NUMBER}\s*米|{NUMBER}\s*(?:km|dm|nm|千米|分米)(?![A-Za-z])"
)
_HALF_MEASURED = re.compile(
    rf"{NUMBER}\s*(?:mm|cm)\s*[×xX*]\s*{NUMBER}(?![\d.])(?!\s*(?:[×xX*]|mm|cm|㎜|㎝|毫米|厘米|m(?![a-z])|HU|ml|[a-zA-Z%°]))",
    re.IGNORECASE,
)
_ODD_PRODUCT = re.compile(
    rf"{NUMBER}\s*(?:mm|cm)?\s*[×xX*]\s*{NUMBER}\s*(?!mm|cm|m(?![a-z])|HU|ml|[xX*])([A-Za-z%]{{1,4}})(?![A-Za-z])"
)
_PRESSURE = re.compile(rf"{NUMBER}\s*mmHg", re.IGNORECASE)
_PRESSED = re.compile(r"压|PG|PASP|RVSP|梯度|BP|pressure|gradient", re.IGNORECASE)
_PRODUCT = re.compile(rf"{NUMBER}\s*(?:cm|厘米)(?:\s*[×xX*＊]\s*{NUMBER}\s*(?:cm|厘米))+", re.IGNORECASE)


# What is measured in which units; other units of measures beside it are slips.
_ANY_UNIT = r"(mmHg|cmHg|cmH2O|kPa|Pa|mm/s|cm/s|m/s|次/分|bpm|mm[23²³]|cm[23²³]|mm|cm|ml|mL|毫升|HU|%|％|°|度|岁|周|kg|g|s|ms|秒|毫秒|Gy)(?![A-Za-z/])"
_QUANTITIES: tuple[tuple[str, re.Pattern[str], frozenset[str]], ...] = tuple(
    (name, re.compile(rf"(?:{words})[^，。；、\d（(]{{0,4}}({NUMBER})\s*{_ANY_UNIT}"), frozenset(allowed.split()))
    for name, words, allowed in (
        ("压力", r"压差|压力(?:阶差|梯度)?|跨瓣压|PASP|RVSP|肺动脉收缩压|血压", "mmHg kPa Pa cmH2O"),
        ("流速", r"流速|PSV|EDV|(?<![A-Za-z])V(?:max|p)|峰值速度|(?<![A-Za-z])PFV", "cm/s m/s mm/s"),
        ("心率", r"心率|(?<![A-Za-z])F?HR(?![A-Za-z])|胎心率?|心室率|脉率", "次/分 bpm"),
        (
            "角度",
            r"(?:Cobb|B[oö]hler|Gissane|髋臼|后凸|前凸|倾斜|外翻|[αβ]|外展|前倾|成|夹|颈干|CE|Sharp|足弓|跟骨|胼胝体|肛直)角|髋臼指数[^，。；\d]{0,4}",
            "° 度",
        ),
        ("百分比", r"(?<![A-Za-z])(?:LV)?EF(?![A-Za-z])|射血分数|狭窄率|覆盖率|(?<![A-Za-z])FS", "% ％"),
        ("硬度", r"弹性(?:模量|值)|肝硬度|LSM|杨氏模量", "kPa m/s"),
        ("积分", r"(?:钙化|Agatston|Gensini)?积分(?:[^。；\d]{0,12}(?:LAD|LCX|RCA|LM)\s*\d*[^。；\d]{0,3})?", "分"),
        ("指数", r"(?<![A-Za-z])RI|阻力指数|(?<![A-Za-z])S/D|(?<![A-Za-z])FFR|(?<![A-Za-z])ABI", ""),
    )
)


def _by_quantity(text: str) -> Iterator[Alarm]:
    for name, pattern, allowed in _QUANTITIES:
        for match in pattern.finditer(text):
            speed = float(match[1]) * {"m/s": 100, "cm/s": 1}.get(match[2], 0)
            if name == "流速" and speed and not 3 <= speed <= 900:
                yield Alarm(AlarmKind.UNIT, match[0], f"流速“{match[0]}”不合常理，请核对单位是 cm/s 还是 m/s。")
            if match[2] not in allowed:
                why = f"“{match[0]}”是{name}，单位不应为“{match[2]}”，请核对。"
                yield Alarm(AlarmKind.UNIT, match[0], why)


_COMPOUND = tuple(
    (
        name,
        re.compile(rf"(?:{words})[^，。；\d]{{0,6}}{NUMBER}\s*([A-Za-zμµ%]+(?:/[A-Za-z]+(?:[²³]|\^?[23])?)?)"),
        frozenset(allowed.split()),
    )
    for name, words, allowed in (
        ("血糖", "血糖", "mmol/l mg/dl"),
        ("骨密度", "骨密度|骨矿物质?密度|BMD|aBMD|vBMD", "g/cm² g/cm2 g/cm^2 mg/cm³ mg/cm3 mg/cm^3 mg/cc %"),
        (
            "显像剂剂量",
            "FDG|MDP|PSMA|DOTA[A-Z]{3}|FAPI|显像剂|MIBI|DTPA|过锝酸(?:盐|钠)?",
            "mci mbq gbq kbq/kg mbq/kg mci/kg ml mg",
        ),
        ("肌酐", "肌酐|Scr|Cr", "μmol/l µmol/l umol/l mg/dl"),
    )
)
"""Units of a quantity by a volume or an area."""


def _compounds(text: str) -> Iterator[Alarm]:
    for name, pattern, allowed in _COMPOUND:
        for match in pattern.finditer(text):
            if match[1].lower() not in allowed:
                usual = {"血糖": "mmol/L", "骨密度": "g/cm²", "显像剂剂量": "mCi 或 MBq", "肌酐": "μmol/L"}[name]
                yield Alarm(AlarmKind.UNIT, match[0], f"{name}的单位应为 {usual}，这里是“{match[1]}”，请核对。")


def units(subject: Subject) -> Iterator[Alarm]:
    """Doubtful units of densities, lengths, volumes and ratios."""
    for text in (subject.findings, subject.impression):
        yield from _densities(text, subject.exam_type)
        yield from _lengths(text)
        yield from _volumes(text)
        yield from _quantities(text)
        yield from _uneven(text)
        yield from _mixed(text)
        yield from _volumes_of_measures(text)
        yield from _beyond_belief(text)
        yield from _fetal(text)
        yield from _thicker_than_long(text)
        yield from _by_quantity(text)
        yield from _compounds(text)
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
            yield Alarm(AlarmKind.CONFLICT, match[0].strip(), f"{exam_type} 检查没有 CT 值（HU），请核对。")
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
            if unit == "%" and re.search(r"(?:累及|占|达|不足|超过|大于|小于)[^，。；]{0,8}$", text[: match.start()]):
                continue  # half of the tendon's thickness
            if inside and unit in {"x", "×"}:
                continue
            yield Alarm(AlarmKind.UNIT, words, f"长度的单位应为 mm 或 cm，这里是“{match[2]}”。")
        elif not unit and not inside:
            if match[0].startswith(("范围", "突出", "膨出", "移位")) and not re.search(r"[×xX*]|约", match[0]):
                continue
            if re.match(rf"\s*[-~～至—–]\s*{NUMBER}\s*(?:mm|cm|毫米|厘米)", text[match.end() :]):
                continue
            if IN_A_RATIO.search(text[: match.start()]):
                continue
            if re.match(r"\s*[/个枚处级岁月倍次层段%％型]", text[match.end() :]):
                continue
            yield Alarm(AlarmKind.UNIT, words, "测量值没有写单位（mm 或 cm）。")
        every = {
            "cm" if one in {"cm", "厘米", "㎝"} else "mm"
            for one in [*inside, *([unit] if unit in _LENGTH_UNITS else [])]
        }
        if len(every) > 1:
            yield Alarm(AlarmKind.UNIT, words, "同一个测量值里用了两种单位，请核对。")


_SMALL_THING = re.compile(r"前列腺|甲状腺|卵巢|睾丸|子宫|胆囊|结节|肿块|囊肿|血肿|病灶|瘤|脾|残余尿|垂体")


def _volumes(text: str) -> Iterator[Alarm]:
    for match in _VOLUME.finditer(text):
        # "A volume of 45mm×38mm×36mm" gives the three measures.
        if (match[2] or "").lower() not in _VOLUME_UNITS and not re.match(r"\s*[×xX*]\s*\d", text[match.end() :]):
            if match[2] in {"%", "％"} and re.search(r"(?:占|累及)[^，。；]{0,6}$", text[: match.start()]):
                continue
            yield Alarm(
                AlarmKind.UNIT, match[0], f"体积的单位应为 ml，这里{'是“' + match[2] + '”' if match[2] else '没有写'}。"
            )
        elif (match[2] or "").lower() in {"l", "升"} and _SMALL_THING.search(
            text[max(0, match.start() - 24) : match.start()]
        ):
            yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0]}”大得不合常理，请核对单位是 ml 还是 L。")
    for match in _RATIO.finditer(text):
        if (match[2] and match[2] != "%") or (not match[2] and float(match[1]) > 1.2):
            yield Alarm(AlarmKind.UNIT, match[0], "心胸比是没有单位的比值（约 0.3 至 0.9），请核对。")


def _quantities(text: str) -> Iterator[Alarm]:
    """Rates, percentages and speeds that bear the unit of a length."""
    for match in _NO_LENGTH.finditer(text):
        yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0]}”不是长度，单位不应为“{match[1]}”，请核对。")
    for match in _WEIGHTS.finditer(text):
        if not _WEIGHED.search(text[max(0, match.start() - 12) : match.start()]):
            yield Alarm(AlarmKind.UNIT, match[0].strip(), f"“{match[0].strip()}”是重量，请核对单位是否为 mm 或 cm。")
    for match in _ODD.finditer(text):
        yield Alarm(
            AlarmKind.UNIT,
            (match[1] or match[2]).strip(),
            f"“{(match[1] or match[2]).strip()}”不是长度的单位，请核对是否为 mm 或 cm。",
        )
    for match in _PRODUCTS.finditer(text):
        if not _FIELD.search(text[max(0, match.start() - 6) : match.start()]) and not _NOT_SIZE.match(
            text[match.end() :]
        ):
            unit = (match[1] or "").strip()
            why = f"这里的单位是“{unit}”" if unit else "这里没有写单位"
            yield Alarm(AlarmKind.UNIT, match[0].strip(), f"大小的单位应为 mm 或 cm，{why}，请核对。")
    for match in _LENGTHS_BY_NAME.finditer(text):
        yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0]}”应是长度，单位不应为“{match[1]}”，请核对。")
    for match in _HALF_MEASURED.finditer(text):
        yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0]}”只有一个数值写了单位，请补充。")
    for match in _ODD_PRODUCT.finditer(text):
        if re.search(r"mm|cm|%", match[0]):
            yield Alarm(AlarmKind.UNIT, match[0], f"大小的单位应为 mm 或 cm，这里是“{match[1]}”，请核对。")
    for match in _PRESSURE.finditer(text):
        if not _PRESSED.search(text[max(0, match.start() - 24) : match.start()]):
            yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0]}”是压力的单位，这里量的不是压力，请核对。")
    for match in _METRES.finditer(text):
        yield Alarm(
            AlarmKind.UNIT, match[0].strip(), f"“{match[0].strip()}”不是这里用的长度单位，请核对是否为 mm 或 cm。"
        )


_TWO_UNITS = re.compile(rf"{NUMBER}\s*(mm|cm)\s*[×xX*]\s*{NUMBER}\s*(mm|cm)")


def _mixed(text: str) -> Iterator[Alarm]:
    """ "3cm×2mm"."""
    for match in _TWO_UNITS.finditer(text):
        if match[1] != match[2]:
            yield Alarm(AlarmKind.UNIT, match[0], "同一个测量值里用了两种单位，请核对。")


_OF_THREE = re.compile(
    rf"({NUMBER})\s*(mm|cm)?\s*[×xX*]\s*({NUMBER})\s*(mm|cm)?\s*[×xX*]\s*({NUMBER})\s*(mm|cm)[^。；]{{0,6}}体积[^，。；\d]{{0,3}}({NUMBER})\s*(?:ml|mL|cm3|cm³|毫升)"
)


def _volumes_of_measures(text: str) -> Iterator[Alarm]:
    """A volume that is far from half the product of its three measures (an ellipsoid has 0.52 of it)."""
    for match in _OF_THREE.finditer(text):
        scale = 0.1 if match[6] == "mm" else 1.0
        whole = 0.52 * float(match[1]) * float(match[3]) * float(match[5]) * scale**3
        if not whole / 4 < float(match[7]) < whole * 4:
            why = f"按三个径线算体积约 {whole:.0f} ml，文中为 {match[7]} ml，请核对。"
            yield Alarm(AlarmKind.UNIT, match[0][match[0].find("体积") :], why)


def _uneven(text: str) -> Iterator[Alarm]:
    """ "5.0cm×18cm×16cm": one measure was written in cm, the others in mm."""
    for match in _PRODUCT.finditer(text):
        parts = re.findall(rf"({NUMBER})\s*(?:cm|厘米)", match[0], re.IGNORECASE)
        whole = [part for part in parts if "." not in part and float(part) >= 10]
        broken = [part for part in parts if "." in part and float(part) < 10]
        if whole and broken:
            yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0]}”里的数值相差悬殊，请核对单位是 mm 还是 cm。")


# Measures of one child keep these proportions within a half, from the twelfth week on.
_FETAL = tuple(
    (name, re.compile(rf"(?:{words})[^，。；\d]{{0,8}}?({NUMBER})\s*(mm|cm)"), share)
    for name, words, share in (
        ("双顶径", r"双顶径|BPD", 1.0),
        ("头围", r"头围|\bHC", 3.6),
        ("腹围", r"腹围|\bAC", 3.4),
        ("股骨长", r"股骨长|\bFL", 0.75),
    )
)


_LONG_AND_THICK = re.compile(
    rf"长[约为度]{{0,2}}({NUMBER})\s*(mm|cm)[，、](?:[^，。；\d]{{0,3}})?厚[约为度]{{0,2}}({NUMBER})\s*(mm|cm)"
)


def _thicker_than_long(text: str) -> Iterator[Alarm]:
    """ "12 mm long, 2.1 cm thick"."""
    for match in _LONG_AND_THICK.finditer(text):
        length, thick = (float(match[place]) * (10 if match[place + 1] == "cm" else 1) for place in (1, 3))
        if thick > length:
            yield Alarm(AlarmKind.UNIT, match[0], f"“{match[0]}”厚度大于长度，请核对单位是 mm 还是 cm。")


def _fetal(text: str) -> Iterator[Alarm]:
    """One of a child's measures is ten times too large or too small beside the others."""
    found = []
    for name, pattern, share in _FETAL:
        if match := pattern.search(text):
            mm = float(match[1]) * (10 if match[2] == "cm" else 1)
            found.append((mm / share, name, match[0]))
    if len(found) < 3:
        return
    middle = sorted(found)[len(found) // 2][0]
    for one, name, words in found:
        if not middle / 4 < one < middle * 4:
            yield Alarm(AlarmKind.UNIT, words, f"{name}“{words}”与其余径线相差悬殊，请核对单位是 mm 还是 cm。")


def _beyond_belief(text: str) -> Iterator[Alarm]:
    for limits, words, mm in believed(text):
        if not limits.least <= mm <= limits.most:
            much = "大" if mm > limits.most else "小"
            yield Alarm(
                AlarmKind.UNIT,
                words,
                f"{limits.name}“{words}”{much}得不合常理（{mm:g} mm），请核对单位是 mm 还是 cm。",
            )


def _same_number_other_unit(subject: Subject) -> Iterator[Alarm]:
    """ "12mm" in the findings (or in the earlier report) and "12cm" in the impression: one of them is wrong."""
    for text, source, name in (
        (subject.impression, subject.findings, "影像所见"),
        (subject.findings, subject.prior, "既往报告"),
    ):
        there = {(number, size.unit) for size in _of_today(source) for number in size.numbers}
        for size in _of_today(text):
            other = "mm" if size.unit == "cm" else "cm"
            if all((number, size.unit) not in there and (number, other) in there for number in size.numbers):
                yield Alarm(
                    AlarmKind.UNIT, size.words, f"这里写“{size.words}”，{name}里同样的数值单位是 {other}，请核对。"
                )


def _of_today(text: str) -> list[Size]:
    return [size for clause in clauses(text) if not _FORMER.search(clause.text) for size in sizes_in(clause.text)]
