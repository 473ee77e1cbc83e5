"""Sides by other marks than a lesion: devices, nodes' stations, the worse side, the side of the earlier report."""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.anatomy import opposite, word_of
from server.reporting.checker.clauses import asserted, clauses
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_WORSE = re.compile(r"([左右])侧?(?:为著|为重|为甚|为主|较重|较著|较多|较明显|显著)")


def worse_side(subject: Subject) -> Iterator[Alarm]:
    """ "More on the left" of what is more on the right."""
    found = [
        (clause.organs, one[1], clause.text)
        for clause in clauses(subject.findings)
        for one in _WORSE.finditer(clause.text)
    ]
    for clause in clauses(subject.impression):
        for match in _WORSE.finditer(clause.text):
            same = [one for one in found if not one[0] or not clause.organs or one[0] & clause.organs]
            if same and all(one[1] != match[1] for one in same):
                why = f"诊断意见写“{match[0]}”，影像所见写的是另一侧（“{same[0][2]}”），请核对。"
                yield Alarm(AlarmKind.SIDE, match[0], why)
                return


_STATION = re.compile(r"(?<![A-Za-z\d])(\d{1,2})([LR])(?![A-Za-z])")


def stations(subject: Subject) -> Iterator[Alarm]:
    """Nodes of station 4L of which the findings have only 4R."""
    there = {one[0] for one in _STATION.finditer(subject.findings)}
    for match in _STATION.finditer(subject.impression):
        other = match[1] + ("L" if match[2] == "R" else "R")
        if match[0] not in there and other in there:
            yield Alarm(AlarmKind.SIDE, match[0], f"诊断意见写 {match[0]} 组，影像所见写的是 {other} 组，请核对。")
            return


_AS_BEFORE = re.compile(r"稳定|未变化|无(?:明显)?变化|一致|相仿|同前|已见|原病灶")


def same_one_before(subject: Subject) -> Iterator[Alarm]:
    """A lesion that is "as before" on one side, of which the earlier report speaks on the other side only."""
    if not _AS_BEFORE.search(subject.both):
        return
    before = [one for one in asserted(subject.prior) if len(one.sides) == 1]
    if len(before) != 1:
        return
    if re.search(r"术后|切除|根治", before[0].words):
        return  # what was taken out is not what is as before
    (side,) = before[0].sides
    now = [one.sides for one in asserted(subject.findings) if one.organs & before[0].organs and one.sides]
    told = [one for one in clauses(subject.impression) if one.organs & before[0].organs and one.sides]
    if now and told and all(one == {opposite(side)} for one in (*now, *(each.sides for each in told))):
        why = f"写为与前次相同，既往报告的病变却在{word_of(side)}侧（“{before[0].words}”），请核对。"
        yield Alarm(AlarmKind.SIDE, told[0].text, why)


_DEVICES = re.compile(r"双?[DJ]J?管|输尿管支架|引流管|起搏器|PICC|输液港|闭式引流|导管|假体|弹簧圈|髓内钉|内固定")


def devices(subject: Subject) -> Iterator[Alarm]:
    """A tube or a pacemaker that lies on the other side."""
    for told in clauses(subject.impression):
        device = _DEVICES.search(told.text)
        if not device or len(told.own_sides) != 1:
            continue
        there = [one for one in clauses(subject.findings) if device[0] in one.text and one.sides]
        if there and all(one.sides == {opposite(next(iter(told.own_sides)))} for one in there):
            why = f"诊断意见写“{told.text}”，影像所见写的是另一侧（“{there[0].text}”），请核对。"
            yield Alarm(AlarmKind.SIDE, told.text, why)
            return
