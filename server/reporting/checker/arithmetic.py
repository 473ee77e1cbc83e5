"""Numbers of one report that do not go together: by how much it grew, a part larger than its whole."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import NUMBER, sentences
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_SIZE = rf"({NUMBER})(?:\s*(?:mm|cm)?\s*[×xX*]\s*({NUMBER}))?(?:\s*(?:mm|cm)?\s*[×xX*]\s*({NUMBER}))?\s*(mm|cm)"
_GREW = re.compile(
    rf"(?<![\d.×xX*])({NUMBER})\s*(mm|cm)[，,]?\s*较[^，。；（(]{{0,16}}[（(](?:约|为)?\s*({NUMBER})\s*(mm|cm)[）)][^，。；\d]{{0,4}}(增大|增宽|增厚|增长|缩小|减小)(?:了)?(?:约)?\s*({NUMBER})\s*(mm|cm)"
)
_INSIDE = re.compile(
    rf"(?:结节|肿块|肿物|占位|囊肿|灶|团块|回声)[^。；]{{0,14}}?(?:大小|直径|径|约)[^\d。；]{{0,4}}{_SIZE}[^。；]{{0,24}}?内(?:见|部|可见|有)[^，。；]{{0,8}}(?:钙化|囊变|坏死|实性成分|无回声|强回声)[^。；\d]{{0,8}}(?:大小|直径|径|约|长)[^。；\d]{{0,4}}{_SIZE}"
)


def _mm(number: str, unit: str) -> float:
    return float(number) * (10 if unit == "cm" else 1)


def grown_by(subject: Subject) -> Iterator[Alarm]:
    """ "4.5 cm, larger by 1.4 cm than 4.1 cm": the difference is another one."""
    for text in (subject.findings, subject.impression):
        for match in _GREW.finditer(text):
            now, then = _mm(match[1], match[2]), _mm(match[3], match[4])
            told = _mm(match[6], match[7]) * (-1 if match[5] in {"缩小", "减小"} else 1)
            if abs(now - then - told) > max(0.6, abs(now - then) * 0.15):
                why = f"由 {then:g} mm 到 {now:g} mm 相差 {abs(now - then):g} mm，文中写“{match[5]}{match[6]}{match[7]}”，请核对。"
                yield Alarm(AlarmKind.PRIOR, match[0], why)
                return


def larger_than_its_whole(subject: Subject) -> Iterator[Alarm]:
    """A calcification of 6 mm inside a nodule of 1.8 mm."""
    for sentence in sentences(subject.findings):
        for match in _INSIDE.finditer(sentence):
            if "管" in match[0]:
                continue  # how wide a duct is, and how long the stone in it
            whole = max(_mm(match[group], match[4]) for group in (1, 2, 3) if match[group])
            part = max(_mm(match[group], match[8]) for group in (5, 6, 7) if match[group])
            if part > whole * 1.05:
                why = f"其内的部分（{part:g} mm）比整个病灶（{whole:g} mm）大，请核对单位。"
                yield Alarm(AlarmKind.UNIT, match[0], why)
                return


_CALLED_SMALL = re.compile(r"(?<!大)(?<!最)(?:微小|小)(血管瘤|囊肿|结节|息肉|结石|肌瘤)")
_LARGEST = {"血管瘤": 80, "囊肿": 80, "结节": 60, "息肉": 40, "结石": 40, "肌瘤": 80}


def small_and_huge(subject: Subject) -> Iterator[Alarm]:
    """The impression calls small what the findings measure as larger than any that is called so."""
    called = _CALLED_SMALL.search(subject.impression)
    if not called:
        return
    for sentence in sentences(subject.findings):
        for match in re.finditer(rf"(?:大小|直径|径)[^\d。；]{{0,4}}{_SIZE}", sentence):
            mm = max(_mm(match[group], match[4]) for group in (1, 2, 3) if match[group])
            lesion = re.search(r"见[^，。；]{0,24}(?:灶|影|结节|囊|回声|信号|瘤|隆起|肿)", sentence[: match.start()])
            among = len(re.findall(r"见[^，。；]{0,24}(?:灶|影|结节|囊|回声|信号|瘤|隆起)", subject.findings))
            if lesion and among <= 2 and mm >= 2 * _LARGEST[called[1]]:
                why = f"诊断意见写“{called[0]}”，影像所见的大小却是“{match[0]}”，请核对单位。"
                yield Alarm(AlarmKind.UNIT, match[0], why)
                return


def arithmetic(subject: Subject) -> Iterator[Alarm]:
    """Every doubt of these sorts."""
    yield from grown_by(subject)
    yield from larger_than_its_whole(subject)
    yield from small_and_huge(subject)
