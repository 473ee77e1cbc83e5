"""The engine: which protocol fits a study with its priors, and which image belongs into which cell. No Qt, no clock.

The same candidates give the same result whatever their order; a cell holds only what its image set selects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from clients.viewer.hanging.facts import Facts, found_in
from shared.contract.hanging import Cell, Condition, Definition, ImageSet, Protocol, Step

LEVEL_POINTS = {"user": 40, "group": 30, "site": 25, "maker": 0}
BODY_POINTS, WORD_POINTS, PRIOR_POINTS, FILLED_POINTS, CELL_POINTS = 20, 15, 25, 60, 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A series, or an image of a projection, that may be hung. ``age`` 0: of the study that was opened."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    facts: Facts = field(hash=False)
    number: int = 0
    age: int = 0
    days: int = 0  # before the study that was opened
    part: int = 0  # which stack of the series


@dataclass(frozen=True, slots=True)
class Situation:
    """A study with its priors. ``words`` is its description, casefolded."""

    candidates: tuple[Candidate, ...]
    words: str = ""
    screens: int = 1

    @property
    def priors(self) -> int:
        return max((candidate.age for candidate in self.candidates), default=0)

    @property
    def current(self) -> tuple[Candidate, ...]:
        return tuple(candidate for candidate in self.candidates if candidate.age == 0)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a protocol fits: more points are better. ``reasons`` are keys of `explaining.REASONS`."""

    protocol: Protocol
    points: float
    filled: int
    wanted: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """What a cell shows: a candidate, or nothing. ``rivals`` are equally good ones that were not taken."""

    cell: Cell
    image_set: ImageSet | None
    candidate: Candidate | None
    rivals: int = 0


def meets(condition: Condition, facts: Facts) -> bool:
    """Whether an image meets a condition. An unknown body part does: many headers have none."""
    if condition.attribute == "words":
        found = any(value.casefold() in facts.text for value in condition.values)
        return found != (condition.relation == "not")
    if condition.relation in ("least", "most"):
        value = facts.numbers.get(condition.attribute)
        limit = float(condition.values[0])
        if value is None:
            return False
        return value >= limit - 1e-3 if condition.relation == "least" else value <= limit + 1e-3
    known = facts.of(condition.attribute)
    if condition.relation == "not":
        return not known & _folded(condition)
    return bool(known & _folded(condition)) or (condition.attribute == "body_part" and not known)


@lru_cache(maxsize=8192)
def _folded(condition: Condition) -> frozenset[str]:
    """Values as facts write them; body parts may be named as DICOM does (HEAD)."""
    if condition.attribute == "body_part":
        return frozenset(value.casefold() for value in condition.values)
    return frozenset(condition.values)


def selects(image_set: ImageSet, candidate: Candidate) -> bool:
    """Whether an image set takes a candidate: its age and all conditions."""
    if candidate.age != image_set.age or (image_set.within_days and candidate.days > image_set.within_days):
        return False
    return all(meets(condition, candidate.facts) for condition in image_set.conditions)


def ranked(image_set: ImageSet, candidates: Iterable[Candidate], sort: str = "") -> list[Candidate]:
    """All that the set selects: those that meet most wishes first, then the largest (or the first by number)."""
    chosen = [candidate for candidate in candidates if selects(image_set, candidate)]
    return sorted(chosen, key=lambda candidate: _rank(image_set, candidate, sort))


def _rank(image_set: ImageSet, candidate: Candidate, sort: str) -> tuple[object, ...]:
    wishes = _wishes(image_set, candidate)
    size = 0.0 if sort == "number" else -candidate.facts.numbers.get("images", 1.0)
    return (-wishes, size, candidate.number, candidate.series_uid, candidate.part, candidate.sop_instance_uid)


def _wishes(image_set: ImageSet, candidate: Candidate) -> int:
    return sum(meets(condition, candidate.facts) for condition in image_set.wishes)


Memo = dict[tuple[ImageSet, str], list[Candidate]]
"""What image sets select in one situation; many protocols have the same."""


def place(
    protocol: Protocol, cells: Sequence[Cell], situation: Situation, memo: Memo | None = None
) -> tuple[Placement, ...]:
    """What each cell shows, in the order of the cells; a missing image leaves its cell empty."""
    known: Memo = {} if memo is None else memo
    placed = []
    for cell in cells:
        if cell.image_set < 0:
            placed.append(Placement(cell, None, None))
            continue
        image_set = protocol.sets[cell.image_set]
        key = (image_set, cell.sort)
        if key not in known:
            known[key] = ranked(image_set, situation.candidates, cell.sort)
        found = known[key]
        if cell.rank >= len(found):
            placed.append(Placement(cell, image_set, None))
            continue
        best = found[cell.rank]
        is_grid = any(other.rank for other in cells if other.image_set == cell.image_set)
        equals = [one for one in found if _wishes(image_set, one) == _wishes(image_set, best)]
        placed.append(Placement(cell, image_set, best, 0 if is_grid else len(equals) - 1))
    return tuple(placed)


def filled(placed: Sequence[Placement]) -> tuple[int, int]:
    """How many cells show something, of how many that should."""
    wanted = [one for one in placed if one.image_set is not None]
    return sum(one.candidate is not None for one in wanted), len(wanted)


def steps_of(protocol: Protocol, situation: Situation) -> tuple[Step, ...]:
    """The steps that show something; the first one always."""
    useful = [step for step in protocol.steps if filled(place(protocol, (*step.cells, *step.second), situation))[0] > 0]
    return tuple(useful) or protocol.steps[:1]


def _first_filled(protocol: Protocol, situation: Situation, memo: Memo | None) -> tuple[int, int]:
    """Filled and wanted cells of the first step that shows something."""
    for step in protocol.steps:
        full, wanted = filled(place(protocol, (*step.cells, *step.second), situation, memo))
        if full:
            return full, wanted
    return 0, 0


def fit(protocol: Protocol, situation: Situation, memo: Memo | None = None) -> Fit | None:
    """How a protocol fits; None when it does not fit at all."""
    if protocol.priors > situation.priors or protocol.screens > situation.screens:
        return None
    defined = [told for one in protocol.definitions if (told := _defined(one, situation)) is not None]
    if not defined:
        return None
    if any(not ranked(protocol.sets[n], situation.candidates) for n in protocol.needs):
        return None
    full, wanted = _first_filled(protocol, situation, memo)
    if full < max(protocol.least, 1):
        return None
    points, reasons = max(defined, key=lambda one: one[0])
    points += CELL_POINTS * full + LEVEL_POINTS.get(protocol.level, 0) + FILLED_POINTS * full / max(wanted, 1)
    points += PRIOR_POINTS * protocol.priors
    why = [*reasons]
    if protocol.priors:
        why.append("priors")
    if protocol.level != "maker":
        why.append(protocol.level)
    why.append("all_filled" if full == wanted else "some_filled")
    return Fit(protocol, points, full, wanted, tuple(why))


def fits_with_priors(protocol: Protocol, situation: Situation) -> bool:
    """Whether a protocol is for studies like this one, were its priors there."""
    if not protocol.priors or protocol.screens > situation.screens:
        return False
    if not any(_defined(one, situation) is not None for one in protocol.definitions):
        return False
    now = [protocol.sets[n] for n in protocol.needs if protocol.sets[n].age == 0]
    return all(ranked(one, situation.candidates) for one in now)


def _defined(definition: Definition, situation: Situation) -> tuple[float, tuple[str, ...]] | None:
    """Points and reasons of a definition; None when the study is not of its kind."""
    current = situation.current
    if definition.modalities:
        wanted_ones = set(definition.modalities)
        current = tuple(one for one in current if not wanted_ones.isdisjoint(one.facts.of("modality")))
        if not current:
            return None
    if found_in(situation.words, definition.without_words):
        return None
    if definition.side and not any(definition.side in one.facts.of("side") for one in current):
        return None
    points, reasons = 10.0, ["modality"]
    parts = frozenset[str]().union(*(one.facts.of("body_part") for one in current))
    wanted = {part.casefold() for part in definition.body_parts}
    spoken = _speaks(situation.words, definition.words)
    if wanted & parts:
        points += BODY_POINTS * len(wanted & parts) / len(parts | wanted) + BODY_POINTS
        reasons.append("body_part")
    elif wanted and (parts or not spoken):
        return None
    if spoken:
        points += WORD_POINTS
        reasons.append("words")
    elif definition.words and not wanted:
        return None
    return points, tuple(reasons)


def _speaks(text: str, words: Sequence[str]) -> bool:
    """Whether one of the words, or all parts of one of the phrases, stand in the description."""
    return any(word.casefold() in text for word in words) if words else False


def fits(protocols: Iterable[Protocol], situation: Situation) -> list[Fit]:
    """All that fit, the best first; equal ones by level, name and UID."""
    memo: Memo = {}
    found = [one for protocol in protocols if (one := fit(protocol, situation, memo)) is not None]
    return sorted(found, key=lambda one: (-round(one.points, 6), one.protocol.name, one.protocol.uid))
