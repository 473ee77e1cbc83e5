"""The impression against the findings: what one asserts and the other denies, and the same thing at two places.

Silence is the rule: that the findings have no word of a lesion is no contradiction, that they call its organ normal is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from server.reporting.checker.anatomy import organs_in, sides_in
from server.reporting.checker.clauses import Clause, Mention, clauses
from server.reporting.checker.contradictions import contradictions
from server.reporting.checker.denials import denied_word_for_word, denied_yet_shown, grafts
from server.reporting.checker.elsewhere import (
    at_another_place,
    called_well_there,
    elsewhere,
    level_for_level,
    no_such_segment,
)
from server.reporting.checker.grounds import grounds, supports
from server.reporting.checker.knowledge import refuted
from server.reporting.checker.numbers import refuted_by_number
from server.reporting.checker.omissions import omissions
from server.reporting.checker.opposites import opposites
from server.reporting.checker.parts import wrong_part
from server.reporting.checker.places import places_in
from server.reporting.checker.scores import scores
from server.reporting.checker.strangers import of_another_modality
from server.reporting.checker.subject import Alarm, Subject
from server.reporting.checker.tallies import miscounted
from server.reporting.checker.wellness import well_after_all, within_findings
from server.reporting.checker.wording import (
    ALMOST,
    DENIES,
    FORMER,
    NORMAL,
    REST,
    SERIOUS,
    contradiction,
    denies,
    is_notable,
    now,
    same_place,
)


def conflicts(subject: Subject) -> Iterator[Alarm]:
    """Each contradiction once."""
    found = False
    if subject.findings.strip() and subject.impression.strip():
        for check in (
            _told_and_denied,
            elsewhere,
            well_after_all,
            opposites,
            within_findings,
            contradictions,
            at_another_place,
            level_for_level,
            called_well_there,
            grounds,
            scores,
            refuted,
            grafts,
            denied_word_for_word,
            denied_yet_shown,
            refuted_by_number,
            miscounted,
            of_another_modality,
            omissions,
        ):
            for alarm in check(subject):
                found = True
                yield alarm
            if found:
                break
    yield from wrong_part(subject)
    yield from no_such_segment(subject)


def _told_and_denied(subject: Subject) -> Iterator[Alarm]:
    found, told = now(subject.findings), now(subject.impression)
    for one in dict.fromkeys(replace(each, sentence=0) for each in told):
        against = [other for other in found if other.is_denied != one.is_denied and _same_thing(one, other)]
        if not one.is_denied and "陈旧" in one.words and one.is_unsure:
            continue
        if not one.is_denied and one.lesion == "气胸" and supports(one, subject.findings):
            continue
        denial, assertion = (one, None) if one.is_denied else (None, one)
        against = [other for other in against if denies((denial or other).words, (assertion or other).words)]
        if not one.is_denied:
            against = [other for other in against if not _denies_other_side(other.words, one)]
        if not one.is_denied and not one.places:
            # "no flap in the ascending aorta" does not deny the dissection that is seen further down
            shown = any(not other.is_denied and other.lesion == one.lesion for other in found)
            against = [other for other in against if not (shown and other.places)]
        if not against:
            if not one.is_denied and not one.is_unsure and one.lesion in SERIOUS and not _asserted_too(one, found):
                yield from _in_normal_organ(one, subject)
            continue
        if one.is_denied and (any(other.is_unsure for other in against) or _asserted_too(one, told)):
            continue
        if not one.is_denied and (_asserted_too(one, found) or _almost(one, found)):
            continue
        yield contradiction(one.words, against[0].words)
        return


def _denies_other_side(denial: str, assertion: Mention) -> bool:
    """Whether of several things that a denial lists the asserted one's organ is on the other side only."""
    if len(assertion.sides) != 1:
        return False
    parts = [part for part in re.split(r"[、及和与]", denial) if organs_in(part) & assertion.organs]
    return bool(parts) and all(len(sides_in(part)) == 1 and sides_in(part) != assertion.sides for part in parts)


def _asserted_too(one: Mention, among: list[Mention]) -> bool:
    return any(
        not other.is_denied and other.lesion == one.lesion and same_place(one, other)
        for other in among
        if other is not one
    )


def _almost(one: Mention, among: list[Mention]) -> bool:
    """Whether another word for the lesion is asserted at its place."""
    alike = set[str]().union(*(group for group in ALMOST if one.lesion in group))
    return any(not other.is_denied and other.lesion in alike and same_place(one, other) for other in among)


def _same_thing(one: Mention, other: Mention) -> bool:
    here, there = _structures(one), _structures(other)
    if here and there and not here & there:
        return False
    return one.lesion == other.lesion and same_place(one, other)


_STRUCTURES = re.compile(
    r"脑实质|头皮|内板下|硬膜[外下]|蛛网膜下腔|半月板|交叉韧带|侧副韧带|盂唇|冈[上下]肌|肩胛下肌|跟腱|三角韧带|距腓前韧带|[二三]尖瓣|主动脉瓣|肺动脉瓣"
)


def _structures(one: Mention) -> set[str]:
    """The structures within a joint, the heart or the head that a clause names."""
    return set(_STRUCTURES.findall(one.words))


def _in_normal_organ(told: Mention, subject: Subject) -> Iterator[Alarm]:
    """The findings call the organ normal, and nothing else in them is abnormal there; or nothing at all is."""
    parts = [one for one in clauses(subject.findings) if not FORMER.search(one.text)]
    well = [one for one in parts if NORMAL.search(one.text) and not REST.search(one.text)]
    open_words = [one for one in parts if not NORMAL.search(one.text) and not DENIES.search(one.text)]
    if (
        well
        and not any(is_notable(one.text) for one in parts)
        and not any(one.organs & told.organs for one in open_words)
    ):
        yield contradiction(told.words, well[0].text)
        return
    here = [one for one in parts if one.places & told.places and places_in(one.text) & told.places]
    if (
        here
        and not any(REST.search(one.text) for one in here)
        and all(NORMAL.search(one.text) and not is_notable(_LEVEL.sub("", one.text)) for one in here)
        and _is_narrow(told)
    ):
        yield contradiction(told.words, here[0].text)
        return
    near = [one for one in parts if _meets(told, one)]
    normal = [one for one in near if NORMAL.search(one.text) and not REST.search(one.text)]
    if not normal or any(is_notable(one.text) for one in near):
        return
    if any(not one.organs and re.search(r"(?<!未)见", one.text) and is_notable(one.text) for one in parts):
        return
    yield contradiction(told.words, normal[0].text)


def _is_narrow(told: Mention) -> bool:
    """Whether the place is one structure, of which "normal" says all."""
    return bool(
        {kind for kind, _ in told.places}
        & {"半月板", "交叉韧带", "侧副韧带", "肩", "冠脉", "瓣", "平台", "椎体", "椎间隙"}
    )


def _meets(told: Mention, clause: Clause) -> bool:
    if not clause.organs:
        return False
    return same_place(told, clause) and bool(clause.organs & told.organs)


_LEVEL = re.compile(r"[CTLS]\d{1,2}(?:[/\-、][CTLS]?\d{1,2})*")
