"""Diagnoses that a number of the findings settles: ejection fraction, T-score, the hip's angle, the aortic tear.

Limits: T-score WHO 1994; alpha angle Graf 1984; ejection fraction ESC 2021; a dissection with the ascending aorta is Stanford A.
"""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_NUMBER = r"(-?\d+(?:\.\d+)?)"
_EJECTION = re.compile(rf"(?:射血分数|(?<![A-Za-z])(?:LV)?EF)[^，。；\d]{{0,8}}{_NUMBER}\s*%")
_WEAK = re.compile(r"(?<!右室)(?<!右心室)(?<!右心)收缩功能[^，。；未不]{0,4}(?:减低|减弱|降低|下降|减退)")
_STRONG = re.compile(r"收缩功能[^，。；]{0,4}(?:正常|良好)")
_T_SCORE = re.compile(r"T\s*值[^，。；\d\-－]{0,6}([-－−]?\d+(?:\.\d+)?)")
_ALPHA = re.compile(rf"α\s*角?[^，。；\d]{{0,4}}{_NUMBER}\s*(?:°|度)")
_GRAF = re.compile(r"Graf\s*(Ⅰ|Ⅱ|Ⅲ|Ⅳ|IV|I{1,3}|[1-4])", re.IGNORECASE)
_ROMAN = {"Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "I": 1, "II": 2, "III": 3, "IV": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_ASCENDING = re.compile(
    r"升主动脉[^。；未无]{0,14}(?:破口|内膜片|双腔|[真假]腔)|(?:破口|内膜片)[^，。；未无]{0,8}升主动脉"
)
_TYPE_B = re.compile(r"(?:Stanford\s*B|B\s*型|DeBakey\s*(?:Ⅲ|III|3))", re.IGNORECASE)
_TYPE_A = re.compile(r"(?:Stanford\s*A|A\s*型)", re.IGNORECASE)
_FREE_ASCENDING = re.compile(
    r"升主动脉[^。；]{0,10}(?:未见|无)[^，。；]{0,6}(?:受累|内膜|夹层|异常)|升主动脉(?:正常|[^，。；]{0,3}未(?:见)?(?:受累|累及))"
)


def scores(subject: Subject) -> Iterator[Alarm]:
    """The diagnoses that such a number refutes."""
    for check in (_pump, _bone, _hip, _aorta, _kidney, _canal, _waters, _spleen):
        yield from check(subject.findings, subject.impression)


def _pump(findings: str, impression: str) -> Iterator[Alarm]:
    if match := _EJECTION.search(findings):
        share = float(match[1])
        told = _WEAK.search(impression) if share >= 55 else _STRONG.search(impression) if share < 45 else None
        if told:
            yield _alarm(told[0], match[0])


def _bone(findings: str, impression: str) -> Iterator[Alarm]:
    values = [float(one.replace("－", "-").replace("−", "-")) for one in _T_SCORE.findall(findings)]
    if not values:
        return
    least = min(values)
    normal = re.search(r"骨(?:密度|量)(?:在)?正常(?:范围)?", impression)
    weak = re.search(r"骨质疏松", impression)
    little = re.search(r"骨量(?:减少|低下)|低骨量", impression)
    if normal and least <= -1.5:
        yield _alarm(normal[0], f"T值{least:g}")
    elif weak and not little and least > -2.0 and "骨折" not in impression:
        yield _alarm(weak[0], f"T值{least:g}")
    elif little and not weak and (least <= -2.6 or least > -0.9):
        yield _alarm(little[0], f"T值{least:g}")


def _hip(findings: str, impression: str) -> Iterator[Alarm]:
    angles = [float(one) for one in _ALPHA.findall(findings)]
    grades = {_ROMAN[one.upper()] for one in _GRAF.findall(impression)}
    if not angles or len(grades) != 1:
        return
    (grade,) = grades
    fits = {1: any(one >= 59 for one in angles), 2: any(42 <= one < 61 for one in angles)}
    if not fits.get(grade, any(one < 44 for one in angles)):
        match = _GRAF.search(impression)
        assert match is not None
        yield _alarm(match[0], f"α角{angles[0]:g}°")


def _aorta(findings: str, impression: str) -> Iterator[Alarm]:
    if "夹层" not in impression:
        return
    ascending, free = _ASCENDING.search(findings), _FREE_ASCENDING.search(findings)
    if ascending and not free and (told := _TYPE_B.search(impression)) and not _TYPE_A.search(impression):
        yield _alarm(told[0], ascending[0])
    elif free and not ascending and (told := _TYPE_A.search(impression)):
        yield _alarm(told[0], free[0])


_APART = re.compile(rf"(?:集合系统|肾盂)[^，。；未无]{{0,8}}(?:分离|扩张)[^，。；\d]{{0,6}}{_NUMBER}\s*(mm|cm)")


def _kidney(findings: str, impression: str) -> Iterator[Alarm]:
    """Severe hydronephrosis is more than 18 mm, mild less than 30 mm; departments differ in between."""
    widths = [float(one) * (10 if unit == "cm" else 1) for one, unit in _APART.findall(findings)]
    if len(widths) != 1:
        return
    severe = re.search(r"重度(?:肾)?积水", impression)
    mild = re.search(r"轻度(?:肾)?积水", impression)
    if severe and not mild and widths[0] < 18:
        yield _alarm(severe[0], f"分离 {widths[0]:g} mm")
    elif mild and not severe and widths[0] > 30:
        yield _alarm(mild[0], f"分离 {widths[0]:g} mm")


_INDEX = re.compile(rf"(?:羊水指数|AFI)[^，。；\d]{{0,6}}{_NUMBER}\s*(mm|cm)")
_DEPTH = re.compile(rf"羊水[^，。；指]{{0,8}}(?:深度?|径)[^，。；\d]{{0,4}}{_NUMBER}\s*(mm|cm)")


def _waters(findings: str, impression: str) -> Iterator[Alarm]:
    """Too little water is an index under 50 mm (80 with care) or a pocket under 20 mm, too much over 240 or 80 mm."""
    for pattern, little, much in ((_INDEX, 85, 200), (_DEPTH, 30, 70)):
        match = pattern.search(findings)
        if not match:
            continue
        width = float(match[1]) * (10 if match[2] == "cm" else 1)
        few, many = (re.search(rf"羊水(?:偏|过){word}", impression) for word in "少多")
        told = few if few and width > little else many if many and width < much else None
        if told:
            yield _alarm(told[0], match[0])
            return


_SPLEEN = re.compile(rf"脾(?:脏)?[^，。；\d]{{0,4}}厚(?:度|径)?[^，。；\d]{{0,3}}{_NUMBER}\s*(mm|cm)")


def _spleen(findings: str, impression: str) -> Iterator[Alarm]:
    """A spleen thicker than 45 mm is no normal one, one under 38 mm is not large."""
    match = _SPLEEN.search(findings)
    if not match:
        return
    thick = float(match[1]) * (10 if match[2] == "cm" else 1)
    well = re.search(r"脾(?:脏)?(?:大小正常|不大|未见(?:明显)?异常)", impression)
    if well and 45 <= thick < 200:
        yield _alarm(well[0], match[0])


_CANAL = re.compile(
    rf"椎管[^，。；\d]{{0,8}}(?:前后|矢状|有效)?[^，。；\d]{{0,6}}径[^，。；\d]{{0,3}}{_NUMBER}\s*(mm|cm)"
)


def _canal(findings: str, impression: str) -> Iterator[Alarm]:
    """A spinal canal of less than 10 mm is narrow."""
    widths = [float(one) * (10 if unit == "cm" else 1) for one, unit in _CANAL.findall(findings)]
    well = re.search(r"椎管[^，。；]{0,4}(?:未见|无)[^，。；]{0,3}狭窄", impression)
    if widths and well and 2 < min(widths) < 9.5:
        yield _alarm(well[0], f"椎管 {min(widths):g} mm")


def _alarm(told: str, found: str) -> Alarm:
    return Alarm(AlarmKind.CONFLICT, told, f"诊断意见写“{told}”，与影像所见的“{found}”不符，请核对。")
