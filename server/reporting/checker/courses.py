"""Values with a name, in the earlier report and in this one, against what the impression says of their course."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import NUMBER, Clause, clauses, sentences
from server.reporting.checker.comparisons import COMPARES
from server.reporting.checker.measures import measures_in
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_THEN = re.compile(rf"({NUMBER})\s*(?:mm|cm|HU|%)?\s*[（(]\s*(?:前次?|原|上次|既往)\s*(?:约|为)?\s*({NUMBER})")


_UP = re.compile(r"增高|升高|增大|增多|进展|PMD|(?<![A-Z])PD(?![A-Z])|加重")


_DOWN = re.compile(r"减低|降低|缩小|减少|好转|PMR|(?<![A-Z])PR(?![A-Z])|吸收|减轻")


def against_quotes(subject: Subject) -> Iterator[Alarm]:
    """Every value of the findings fell ("4.1 (formerly 9.7)") and the impression says that they rose."""
    pairs = [(float(one[1]), float(one[2])) for one in _THEN.finditer(subject.findings)]
    if not pairs:
        return
    for clause in clauses(subject.impression):
        up, down = _UP.search(clause.text), _DOWN.search(clause.text)
        if bool(up) == bool(down) or not (COMPARES.search(clause.text) or re.search(r"PMD|PMR|PD|PR", clause.text)):
            continue
        if all((now < before) if up else (now > before) for now, before in pairs):
            why = f"影像所见的数值均较前{'减低' if up else '增高'}，诊断意见却写“{clause.text}”，请核对。"
            yield Alarm(AlarmKind.PRIOR, clause.text, why)
            return


_NAMES_OF_VALUES = r"髋臼指数|Cobb角|CE角|SUVmax|CT值|LVEF|EF|钙化积分|α角|PASP|GFR|AFI|羊水指数|残余尿|流速|压缩|狭窄率?|下缘距(?:宫颈)?内口|厚|内径"


_VALUE = re.compile(
    rf"({_NAMES_OF_VALUES})(?:[^，。；\d]{{0,6}}[左右]侧?\s*\d+(?:\.\d+)?\s*°?[，、])?[^，。；\d]{{0,6}}?({NUMBER})"
)


_SIDED_VALUE = re.compile(rf"([左右])侧?(?:{_NAMES_OF_VALUES})?[^，。；\d左右]{{0,4}}({NUMBER})\s*°")


_NEVER = re.compile(r"$^")


_ANOTHER_NAME = {
    "EF": re.compile(r"收缩功能|射血|心功能"),
    "LVEF": re.compile(r"收缩功能|射血|心功能"),
    "AFI": re.compile(r"羊水"),
    "羊水指数": re.compile(r"AFI|羊水"),
    "SUVmax": re.compile(r"代谢|摄取|浓聚"),
    "下缘距内口": re.compile(r"胎盘"),
    "下缘距宫颈内口": re.compile(r"胎盘"),
}


def _compared(findings: str) -> list[Clause]:
    """The sentences of findings that compare and give one value, each as one clause."""
    whole = (" ".join(re.split("[，,]", one)) for one in sentences(findings) if COMPARES.search(one))
    return [one for text in whole for one in clauses(text)]


def values_change(subject: Subject) -> Iterator[Alarm]:
    """A value with a name ("acetabular index 34°") that fell, of which the impression says that it rose."""
    before: dict[str, list[float]] = {}
    for one in _VALUE.finditer(subject.prior):
        before.setdefault(one[1], []).append(float(one[2]))
    for clause in (*clauses(subject.impression), *_compared(subject.findings)):
        for name, then in before.items():
            is_named = name[:4] in clause.text
            if not is_named and not _ANOTHER_NAME.get(name, _NEVER).search(clause.text):
                continue
            # "uptake of the marrow is raised" tells what is seen, not what it was before
            says_so = clause.text if name == "SUVmax" and not is_named else subject.impression
            if not COMPARES.search(clause.text) and not COMPARES.search(says_so):
                continue
            values = [float(one[2]) for one in _VALUE.finditer(subject.findings) if one[1] == name]
            if len(clause.sides) == 1 and name.endswith(("指数", "角")):
                side = "左" if "left" in clause.sides else "右"
                values = [float(one[2]) for one in _SIDED_VALUE.finditer(subject.findings) if one[1] == side] or values
            rose = bool(
                re.search(
                    r"增大|增高|升高|上升|上移|增多|加重|改善"
                    if name.endswith("内口")
                    else r"增大|增高|升高|增多|加重",
                    clause.text,
                )
            )
            fell = bool(re.search(r"缩小|减小|减低|降低|下降|下移|减少|减轻", clause.text))
            if name.endswith("EF"):
                rose = rose or bool(re.search(r"改善|好转|恢复|提高", clause.text))
                fell = fell or bool(re.search(r"恶化|减退|下降|减弱", clause.text))
            if values and rose != fell and (max(values) < min(then) if rose else min(values) > max(then)):
                why = f"既往{name}为 {then[0]:g}，本次为 {values[0]:g}，诊断意见却写“{clause.text}”，请核对。"
                yield Alarm(AlarmKind.PRIOR, clause.text, why)
                return


def growth(subject: Subject) -> Iterator[Alarm]:
    """A child that "has not grown" and whose measures have."""
    told = re.search(r"(?:未见|无)(?:明显)?(?:生长|增长)|生长停滞", subject.impression)
    if not told:
        return
    pattern = re.compile(rf"(BPD|FL|AC|HC|CRL|双顶径|股骨长)[^，。；\d]{{0,4}}({NUMBER})\s*mm")
    then = {one[1]: float(one[2]) for one in pattern.finditer(subject.prior)}
    now = {one[1]: float(one[2]) for one in pattern.finditer(subject.findings)}
    shared = set(then) & set(now)
    if shared and all(now[one] > then[one] * 1.1 for one in shared):
        one = sorted(shared)[0]
        why = f"{one} 由 {then[one]:g} mm 增至 {now[one]:g} mm，诊断意见却写“{told[0]}”，请核对。"
        yield Alarm(AlarmKind.PRIOR, told[0], why)


def _was_so_large(words: str, subject: Subject) -> bool:
    """Whether the one lesion of the findings has the very size of the earlier report's one."""
    before = [one for one in measures_in(subject.prior) if len(one.numbers) > 1]
    now = [one for one in measures_in(subject.findings) if len(one.numbers) > 1]
    return (
        len(before) == len(now) == 1
        and abs(before[0].mm - now[0].mm) <= 1
        and bool(before[0].organs & now[0].organs)
        and bool(re.search(r"结节|占位|肿块|病灶|回声", words))
    )


_NEW_PLACE = re.compile(
    r"([左右双]侧?[一-鿿]{1,6}|[CTLS]\d{1,2}(?:椎体)?)[^，。；、]{0,4}(?:为|系)?(?:新出现|新发|新增)"
)


def listed_as_new(subject: Subject) -> Iterator[Alarm]:
    """A place called new by name, that the earlier report names among the ill."""
    for match in _NEW_PLACE.finditer(subject.impression):
        name = re.sub(r"侧|为$|系$|椎体", "", match[1])
        if _was_so_large(match[0], subject):
            yield Alarm(AlarmKind.PRIOR, match[0], f"“{match[0]}”，但既往报告里已有同样大小的病灶，请核对。")
            return
        for part in clauses(subject.prior):
            place = re.sub(r"侧|椎体", "", part.text).find(name)
            if place >= 0 and not re.search(r"未见|无|正常|术后", part.text):
                why = f"“{match[0]}”，但既往报告已有“{part.text}”，请核对。"
                yield Alarm(AlarmKind.PRIOR, match[0], why)
                return
