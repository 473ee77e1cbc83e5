"""All checks over one report, in the order in which a doctor mends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from server.reporting.checker.arithmetic import arithmetic
from server.reporting.checker.blanks import measures, remnants
from server.reporting.checker.conflicts import conflicts
from server.reporting.checker.echoes import echoes
from server.reporting.checker.grounds import mirrored, plainly_mirrored
from server.reporting.checker.operations import operations
from server.reporting.checker.priors import priors
from server.reporting.checker.quantities import quantities
from server.reporting.checker.removed import removed
from server.reporting.checker.repeats import repeats
from server.reporting.checker.scales import scales
from server.reporting.checker.sexes import sexes
from server.reporting.checker.sides import sides
from server.reporting.checker.strangers import of_another_part, said_twice
from server.reporting.checker.subject import Alarm, AlarmKind, Subject
from server.reporting.checker.typos import typos
from server.reporting.checker.units import units

_CHECKS: tuple[Callable[[Subject], Iterator[Alarm]], ...] = (
    remnants,
    said_twice,
    of_another_part,
    sexes,
    sides,
    operations,
    repeats,
    removed,
    units,
    scales,
    arithmetic,
    measures,
    conflicts,
    priors,
    typos,
)
# A thing told under one heading is not told again under another.
_SAID_BETTER = {
    AlarmKind.MISSING: {AlarmKind.TEMPLATE},
    AlarmKind.PRIOR: {AlarmKind.UNIT, AlarmKind.TEMPLATE},
    AlarmKind.CONFLICT: {
        AlarmKind.SIDE,
        AlarmKind.UNIT,
        AlarmKind.PRIOR,
        AlarmKind.TYPO,
        AlarmKind.REMOVED_ORGAN,
        AlarmKind.SEX,
    },
}


def check(subject: Subject) -> tuple[Alarm, ...]:
    """Every alarm about a report; empty when a careful second reader would sign it."""
    found: dict[tuple[AlarmKind, str], Alarm] = {}
    for each in _CHECKS:
        for alarm in each(subject):
            found.setdefault((alarm.kind, alarm.text), alarm)
    for later, unless in (
        (echoes, {AlarmKind.SIDE}),
        (mirrored, {AlarmKind.SIDE, AlarmKind.CONFLICT}),
        (plainly_mirrored, {AlarmKind.SIDE}),
        (quantities, {AlarmKind.CONFLICT}),
    ):
        if not any(alarm.kind in unless for alarm in found.values()):
            for alarm in later(subject):
                found.setdefault((alarm.kind, alarm.text), alarm)
    alarms = list(found.values())
    return tuple(_as_typed(one, subject) for one in alarms if not any(_says_better(other, one) for other in alarms))


def _as_typed(alarm: Alarm, subject: Subject) -> Alarm:
    """The alarm with its words as the doctor typed them, so that the screen finds them."""
    place = subject.both.find(alarm.text) if alarm.text and subject.written else -1
    if place < 0 or alarm.text in subject.written:
        return alarm
    return replace(alarm, text=subject.written[place : place + len(alarm.text)])


# A blank before a unit is both: a number that was not measured and a rest of the template.
_BOTH_BLANK_AND_REST = re.compile(r"^[_＿（(\[［]|[_＿]$|[×xX]\s*(?:mm|cm)")


def _says_better(other: Alarm, one: Alarm) -> bool:
    if one.kind is AlarmKind.MISSING and _BOTH_BLANK_AND_REST.search(one.text):
        return False
    return other.kind in _SAID_BETTER.get(one.kind, set()) and _overlap(other.text, one.text)


def _overlap(one: str, other: str) -> bool:
    return bool(one and other) and (one in other or other in one)
