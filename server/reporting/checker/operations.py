"""What was taken out or put in: its side and its lobe in the impression against the findings and the earlier report."""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.anatomy import opposite, word_of
from server.reporting.checker.clauses import Clause, clauses
from server.reporting.checker.places import of_kind
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_DONE = re.compile(r"术后|切除|缺如|置换|移植|去骨瓣|摘除|根治|未探及|未见显示|假体|人工|术区|残端|引流|置管|留置|在位")
_TOLD = re.compile(r"术后|切除|置换|移植|摘除|根治")
_NOT_HERE = re.compile(r"建议|拟行|择期|可行|余|除外|保乳|病史")


def operations(subject: Subject) -> Iterator[Alarm]:
    """Both sorts of a wrong side."""
    yield from _done_elsewhere(subject)
    yield from _other_joint(subject)


def _done_elsewhere(subject: Subject) -> Iterator[Alarm]:
    """An operation that the impression puts on the other side, or at the other lobe, than everything else does."""
    told = [one for one in clauses(subject.impression) if _TOLD.search(one.text) and not _NOT_HERE.search(one.text)]
    for one in told:
        there = [*_same_organ(one, subject.findings), *_same_organ(one, subject.prior)]
        if len(one.own_sides) == 1:
            (side,) = one.own_sides
            sided = [each for each in there if each.sides]
            if sided and all(each.sides == {opposite(side)} for each in sided):
                why = (
                    f"诊断意见写{word_of(side)}侧，影像所见或既往资料为"
                    f"{word_of(opposite(side))}侧（“{sided[0].text}”），请核对。"
                )
                yield Alarm(AlarmKind.SIDE, one.text, why)
                return
        here = of_kind(one.places, "肺叶")
        lobes = frozenset[str]().union(*(of_kind(each.places, "肺叶") for each in there))
        if here and lobes and not here & lobes:
            why = f"诊断意见写“{one.text}”，影像所见或既往资料却为“{there[0].text}”，请核对手术部位。"
            yield Alarm(AlarmKind.CONFLICT, one.text, why)
            return


_JOINTS = frozenset("肩 肘 腕 手 髋 膝 踝 足 肱骨 尺桡骨 股骨 胫腓骨".split())


def _other_joint(subject: Subject) -> Iterator[Alarm]:
    """A joint of the impression whose side the findings never name, while they name the other all along."""
    for one in clauses(subject.impression):
        joints = one.organs & _JOINTS
        if not joints or len(one.own_sides) != 1 or re.search(r"对侧|健侧|前片|既往|建议|对照", one.text):
            continue
        (side,) = one.own_sides
        named = [each for each in clauses(subject.findings) if each.own_sides and each.organs & joints]
        if named and all(each.own_sides == {opposite(side)} for each in named) and side not in _said(subject.findings):
            why = (
                f"诊断意见写{word_of(side)}侧，影像所见只写了{word_of(opposite(side))}侧（“{named[0].text}”），请核对。"
            )
            yield Alarm(AlarmKind.SIDE, one.text, why)
            return


def _said(text: str) -> frozenset[str]:
    return frozenset[str]().union(*(one.own_sides for one in clauses(text)))


def _same_organ(told: Clause, text: str) -> list[Clause]:
    return [one for one in clauses(text) if one.organs & told.organs and _DONE.search(one.text)]
