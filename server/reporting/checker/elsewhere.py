"""A lesion of the impression that the findings have at another lobe, level, wall or branch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import clauses, mentions
from server.reporting.checker.places import of_kind, places_in
from server.reporting.checker.subject import Alarm, AlarmKind, Subject
from server.reporting.checker.wording import (
    ABSENT,
    ADVISES,
    ALMOST,
    DENIES,
    FORMER,
    contradiction,
    is_notable,
    now,
    same_sides,
)


def elsewhere(subject: Subject) -> Iterator[Alarm]:
    """The impression names a lobe, level or branch of which the findings say nothing, but of others of its kind."""
    for clause in clauses(subject.impression):
        if re.search(r"术后|融合|内固定", clause.text):
            continue
        if ABSENT.search(clause.text) or ADVISES.search(clause.text) or DENIES.search(clause.text):
            continue
        spoken = frozenset[tuple[str, str]]()
        for one in clauses(subject.findings):
            if "肝" in clause.organs or same_sides(clause, one):
                spoken |= one.places | places_in(one.text)
        for kind in sorted({kind for kind, _ in places_in(clause.text)} - {"脑白质"}):
            here = of_kind(places_in(clause.text), kind)
            if not of_kind(spoken, kind) or here & of_kind(spoken, kind):
                continue
            there = [
                one
                for one in clauses(subject.findings)
                if of_kind(one.places, kind)
                and ((kind == "肝段" and "肝" in clause.organs) or same_sides(clause, one))
                and (is_notable(one.text) or kind in {"胎位", "胎盘"})
                and not FORMER.search(one.text)
                and _may_be_one(clause.text, one.text)
            ]
            if there:
                yield contradiction(clause.text, there[0].text)
                return


def level_for_level(subject: Subject) -> Iterator[Alarm]:
    """Levels that the impression lists: one is not in the findings, and one of theirs is not in the impression."""
    if _EVERY_LEVEL.search(subject.both):
        return
    for kind, what in (
        ("椎间隙", re.compile(r"椎间盘|突出|膨出|脱出")),
        ("椎体", re.compile(r"压缩|楔形?变|变扁|爆裂|骨折")),
        ("肋", re.compile(r"骨折|骨皮质|断裂|不连|断端|中断")),
    ):
        told = [one for one in clauses(subject.impression) if what.search(one.text) and of_kind(one.places, kind)]
        told = [one for one in told if not DENIES.search(one.text) and not ABSENT.search(one.text)]
        found = [one for one in clauses(subject.findings) if of_kind(one.places, kind)]
        found = [one for one in found if not re.search(r"增生|骨赘|序列|曲度|椎体缘", one.text)]
        ill = [one for one in found if not DENIES.search(one.text) and what.search(one.text)]
        said = frozenset[str]().union(*(of_kind(one.places, kind) for one in told))
        spoken = frozenset[str]().union(*(of_kind(one.places, kind) for one in found))
        there = frozenset[str]().union(*(of_kind(one.places, kind) for one in ill))
        shown = frozenset[str]().union(*(of_kind(one.places, kind) for one in found if is_notable(one.text)))
        strange = said - (there | shown if kind == "椎体" else spoken)
        if len(strange) == 1 and there - said and len(said) == len(there):
            clause = next(one for one in told if strange & of_kind(one.places, kind))
            yield contradiction(clause.text, next(one.text for one in ill if of_kind(one.places, kind) - said))
            return


# The segments of a lobe stand in no other.
_NO_SUCH_SEGMENT = re.compile(
    r"肺?下叶(?:尖后?段|[上下]?舌段)|肺?上叶(?:[内外前后、]*基底段|背段)|肺?中叶(?:尖后?段|背段|[内外前后、]*基底段|[上下]?舌段)"
)


def no_such_segment(subject: Subject) -> Iterator[Alarm]:
    """ "Apical segment of the lower lobe"."""
    for match in _NO_SUCH_SEGMENT.finditer(subject.both):
        why = f"解剖上没有“{match[0]}”，请核对肺叶或肺段。"
        yield Alarm(AlarmKind.CONFLICT, match[0], why)
        return


_SOUND = re.compile(r"不厚|保留|无殊|未见|正常|完整|光滑|连续|通畅|清晰|无(?!回声)|不大|不宽")


def called_well_there(subject: Subject) -> Iterator[Alarm]:
    """A place of the impression of which the findings speak only as sound, while another of its kind is ill."""
    found = clauses(subject.findings)
    for told in clauses(subject.impression):
        if any(one.search(told.text) for one in (ABSENT, ADVISES, DENIES, FORMER)) or re.search(
            r"可能|[?？]|术|未(?:见)?(?:受累|受侵|侵犯|累及)", told.text
        ):
            continue
        for kind, place in sorted(told.places & places_in(told.text)):
            if kind in {"肝段", "肝叶", "脑白质", "颈部血管", "消化管"} or len(of_kind(told.places, kind)) > 1:
                continue
            here = [one for one in found if (kind, place) in one.places and same_sides(told, one)]
            ill = [
                one
                for one in found
                if of_kind(one.places, kind) and is_notable(one.text) and not _SOUND.search(one.text)
            ]
            if (
                here
                and ill
                and all(_SOUND.search(one.text) and not is_notable(_NUMBERED.sub("", one.text)) for one in here)
                and any(same_sides(told, one) for one in ill)
            ):
                yield contradiction(told.text, here[0].text)
                return


_NUMBERED = re.compile(r"第?\d+(?:\s*[、~～-]\s*\d+)*")
_EVERY_LEVEL = re.compile(r"各椎间|诸椎间|多个椎间|多发椎间|多节段")


_PLACED = frozenset("结节 肿块 囊肿 骨折 结石 息肉 溃疡 撕裂 肿瘤 转移 动脉瘤 斑块 狭窄".split())


def at_another_place(subject: Subject) -> Iterator[Alarm]:
    """A lesion of the impression that the findings have, but everywhere at another lobe, level, wall or branch."""
    found = [one for one in now(subject.findings) if not one.is_denied]
    for told in now(subject.impression):
        if told.is_denied or told.is_history or told.lesion not in _PLACED or ABSENT.search(told.words):
            continue
        for kind in sorted({kind for kind, _ in told.places} - {"脑白质"}):
            alike = [
                one
                for one in found
                if (one.lesion == told.lesion or _kin_of(one.lesion, told.lesion))
                and of_kind(one.places, kind)
                and not (len(one.sides) == 1 and len(told.sides) == 1 and one.sides != told.sides)
            ]
            if (
                alike
                and not any(of_kind(one.places, kind) & of_kind(told.places, kind) for one in alike)
                and not any(
                    of_kind(one.places | places_in(one.text), kind) & of_kind(told.places, kind)
                    and is_notable(one.text)
                    and (
                        kind in {"肝叶", "肝段"}
                        or len(told.sides) != 1
                        or not one.sides
                        or bool(one.sides & told.sides)
                    )
                    and not any(each.lesion != told.lesion and not each.is_denied for each in mentions(one.text))
                    for one in clauses(subject.findings)
                )
            ):
                yield contradiction(told.words, alike[0].words)
                return


def _kin_of(one: str, other: str) -> bool:
    return any({one, other} <= group for group in ({"结节", "肿块", "肿瘤"}, *ALMOST))


def _may_be_one(told: str, found: str) -> bool:
    """Whether two clauses may speak of one lesion: they share a kind, or one of them names none."""
    mine = {one.lesion for one in mentions(told)}
    other = {one.lesion for one in mentions(found)}
    alike = set[str]().union(*(group for group in ALMOST if group & mine))
    return not mine or not other or bool((mine | alike) & other)
