"""Hang by showing: rules for each cell out of what the shown series have in common against those not shown. No Qt.

For each cell the fewest conditions are taken that leave only what it shows; where several would do, the one that
holds best in other studies comes first (view before plane before weighting … before words of the description).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from clients.viewer.hanging.engine import Candidate, Situation, fit, meets, place
from clients.viewer.hanging.explaining import value_words
from clients.viewer.hanging.facts import tokens_of
from shared.contract.hanging import Cell, Condition, Definition, ImageSet, Protocol, Step

_ORDER = ("view", "side", "displaced", "spot", "kind", "plane", "sequence", "contrast", "kernel", "cine", "body_part")
_ALWAYS = ("view", "side", "displaced", "spot", "kind", "plane")
"""Taken where they are known even when nothing must be told apart: the next study may have more views."""
_THIN_MM = 2.5
"""Slices up to this are one class of thickness."""


@dataclass(frozen=True, slots=True)
class ShownCell:
    """What the reader shows in one place, None for nothing, and how."""

    candidate: Candidate | None
    cell: Cell  # its `image_set` is set by `infer`


@dataclass(frozen=True, slots=True)
class Inferred:
    """A protocol as inferred; ``unsure`` are image sets that other images of this study meet too."""

    protocol: Protocol
    unsure: tuple[int, ...] = ()


def infer(uid: str, name: str, columns: int, rows: int, shown: Sequence[ShownCell], situation: Situation) -> Inferred:
    """The protocol of one screen. Raises ValueError when nothing is shown."""
    if not any(one.candidate is not None for one in shown):
        raise ValueError("nothing is shown")
    sets: list[ImageSet] = []
    known: dict[Candidate, int] = {}
    unsure, cells = [], []
    for one in shown:
        if one.candidate is None:
            cells.append(_with(one.cell, -1))
            continue
        if one.candidate not in known:
            image_set, alone = _image_set(one.candidate, situation)
            known[one.candidate] = len(sets)
            if not alone:
                unsure.append(len(sets))
            sets.append(image_set)
        cells.append(_with(one.cell, known[one.candidate]))
    protocol = Protocol(
        uid=uid,
        name=name,
        definitions=(_definition(situation, sets),),
        sets=tuple(sets),
        steps=(Step(name=name[:64], columns=columns, rows=rows, cells=tuple(cells)),),
        priors=max(one.age for one in sets),
        least=1,
    )
    return Inferred(protocol, tuple(unsure))


def _with(cell: Cell, image_set: int) -> Cell:
    return msgspec.structs.replace(cell, image_set=image_set)


def _definition(situation: Situation, sets: Sequence[ImageSet]) -> Definition:
    """Studies of the same modalities and parts of the body."""
    current = situation.current or situation.candidates
    modalities = dict.fromkeys(v for s in sets for c in s.conditions if c.attribute == "modality" for v in c.values)
    parts = frozenset[str]().union(*(one.facts.of("body_part") for one in current))
    return Definition(modalities=tuple(modalities), body_parts=tuple(sorted(parts)))


def _image_set(shown: Candidate, situation: Situation) -> tuple[ImageSet, bool]:
    """Conditions that single out one candidate among those of its study; False when they do not quite."""
    taken = [Condition(attribute="modality", values=tuple(sorted(shown.facts.of("modality"))) or ("OT",))]
    others = [one for one in situation.candidates if one.age == shown.age and one != shown]
    others = [one for one in others if meets(taken[0], one.facts)]
    offered = _offered(shown, others)
    for condition in offered:
        if condition.attribute in _ALWAYS:
            taken.append(condition)
            others = [one for one in others if meets(condition, one.facts)]
    while others:
        best = max(offered, key=lambda one: (_parts(one, others), -offered.index(one)), default=None)
        if best is None or not _parts(best, others):
            break
        taken.append(best)
        others = [one for one in others if meets(best, one.facts)]
    return ImageSet(name=_name(taken, shown), conditions=tuple(taken), age=shown.age), not others


def _parts(condition: Condition, others: Sequence[Candidate]) -> float:
    """How many others a condition shuts out; words of descriptions count for less, they hold at one scanner only."""
    out = sum(not meets(condition, one.facts) for one in others)
    return out * (0.5 if condition.attribute in ("words", "images") else 1.0)


def _offered(shown: Candidate, others: Sequence[Candidate]) -> list[Condition]:
    """Conditions that the shown image meets, the most lasting first."""
    facts = shown.facts
    offered = [
        Condition(attribute=attribute, values=tuple(sorted(facts.of(attribute))))
        for attribute in _ORDER
        if facts.of(attribute)
    ]
    offered = [_narrow(one, others) for one in offered]
    thickness = facts.numbers.get("thickness")
    if thickness is not None:
        relation = "most" if thickness <= _THIN_MM else "least"
        limit = _THIN_MM if relation == "most" else min(thickness, 4.0)
        offered.append(Condition(attribute="thickness", values=(f"{limit:g}",), relation=relation))
    usual = frozenset[str]().union(*(tokens_of(one.facts.text) for one in others))
    special = sorted(
        (token for token in tokens_of(facts.text) - usual if len(token) > 1 and not token[0].isdigit()),
        key=lambda token: (-len(token), token),
    )
    offered += [Condition(attribute="words", values=(token[:64],)) for token in special[:3]]
    images = facts.numbers.get("images", 0)
    if images > 1 and all(one.facts.numbers.get("images", 0) < images / 2 for one in others):
        offered.append(Condition(attribute="images", values=(f"{int(images / 2)}",), relation="least"))
    return offered


def _narrow(condition: Condition, others: Sequence[Candidate]) -> Condition:
    """Of several values the one that tells most: "contrast, arterial" becomes "arterial" beside a portal phase."""
    if len(condition.values) < 2:
        return condition
    single = [Condition(attribute=condition.attribute, values=(value,)) for value in condition.values]
    return max(single, key=lambda one: (_parts(one, others), one.values))


def _name(conditions: Sequence[Condition], shown: Candidate) -> str:
    """A short name out of the values: "R MLO", "sagittal t2"."""
    values = {one.attribute: one.values[0] for one in conditions if one.relation == "is"}
    facts = shown.facts
    words = [values.get(key, "") for key in ("side", "view", "sequence", "plane", "contrast", "kernel")]
    name = (
        " ".join(dict.fromkeys(value_words(word) for word in words if word))
        or facts.text.strip()
        or values.get("modality", "—")
    )
    return name[:64]


# --- trying


@dataclass(frozen=True, slots=True)
class Tried:
    """One study: what became of each cell: ``ok``, ``ambiguous`` or ``missing``; ``names`` tells what was found."""

    study_uid: str
    named: str
    date: str
    outcomes: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """The worst of its cells; ``none`` when the protocol is not for this study at all."""
        for worst in ("missing", "ambiguous"):
            if worst in self.outcomes:
                return worst
        return "ok" if self.outcomes else "none"


def try_on(protocol: Protocol, situation: Situation, study_uid: str, named: str, date: str) -> Tried:
    """How a protocol would hang one study. Cells of priors are left out where the study comes without its priors."""
    alone = situation.priors == 0
    tested = msgspec.structs.replace(protocol, priors=0, least=1) if alone else protocol
    if fit(tested, situation) is None and not _is_meant(tested, situation):
        return Tried(study_uid, named, date, (), ())
    step = protocol.steps[0]
    cells = [one for one in step.cells if one.image_set >= 0]
    if alone:
        cells = [one for one in cells if protocol.sets[one.image_set].age == 0]
    placed = place(protocol, cells, situation)
    outcomes = tuple("missing" if p.candidate is None else "ambiguous" if p.rivals else "ok" for p in placed)
    names = tuple(p.candidate.facts.text.strip() if p.candidate is not None else "" for p in placed)
    return Tried(study_uid, named, date, outcomes, names)


def _is_meant(protocol: Protocol, situation: Situation) -> bool:
    """Whether the study is of the kind that the protocol is for, even where none of its images is found."""
    any_image = ImageSet(name="", conditions=(Condition(attribute="images", values=("0",), relation="least"),))
    step = Step(name="", columns=1, rows=1, cells=(Cell(image_set=0),))
    open_one = msgspec.structs.replace(protocol, sets=(any_image,), steps=(step,), needs=())
    return fit(open_one, situation) is not None


def counts(tried: Sequence[Tried]) -> Mapping[str, int]:
    """How many studies went which way."""
    found = dict.fromkeys(("ok", "ambiguous", "missing", "none"), 0)
    for one in tried:
        found[one.outcome] += 1
    return found


def without(protocol: Protocol, image_set: int, condition: Condition) -> Protocol:
    """The protocol with one condition less."""
    sets = list(protocol.sets)
    kept = tuple(one for one in sets[image_set].conditions if one != condition)
    sets[image_set] = msgspec.structs.replace(sets[image_set], conditions=kept)
    return msgspec.structs.replace(protocol, sets=tuple(sets))
