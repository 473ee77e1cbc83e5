"""Filling a template step by step: which sentence, which element, what is answered; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from shared.domain.pathology_templates import (
    JOIN,
    Answer,
    FilledLine,
    Line,
    LineAnswers,
    Multi,
    Numeric,
    Single,
    Template,
    asking,
    fill_line,
    parse,
)

FULL_WIDTH = str.maketrans("０１２３４５６７８９．－＋。", "0123456789.-+.")
"""What an input method types for numbers."""


@dataclass(frozen=True, slots=True)
class Place:
    """A step: pane, line; the element that asks (None: is the sentence taken?), and the slot of a number."""

    pane: int
    line: int
    element: int | None = None
    slot: int = 0


class Moved(Enum):
    """What Enter did."""

    ON = "on"
    STAYED = "stayed"  # something has to be answered first
    DONE = "done"  # it was the last step


@dataclass
class Sheet:
    """One sentence with what is answered so far. `taken` None: not asked yet."""

    line: Line
    taken: bool | None = None
    picks: dict[int, frozenset[int]] = field(default_factory=dict)
    values: dict[tuple[int, int], str] = field(default_factory=dict)
    join: str = JOIN

    def answers(self) -> LineAnswers:
        """As the filler wants them."""
        found: list[Answer] = []
        for index, element in enumerate(asking(self.line)):
            if isinstance(element, Numeric):
                given = tuple(self.values.get((index, slot)) for slot in range(len(element.slots)))
                found.append(Answer(values=given))
            else:
                found.append(Answer(options=tuple(sorted(self.picks.get(index, ())))))
        return LineAnswers(bool(self.taken), tuple(found))

    def filled(self) -> FilledLine:
        """The sentence as far as it is answered."""
        return fill_line(self.line, replace(self.answers(), taken=True), self.join)


class Picking:
    """The sheets of both panes and the present step. Any change goes through the methods; the view draws after each."""

    def __init__(self, findings: str, diagnosis: str = "", join: str = JOIN) -> None:
        """`join` stands between several options of a multiple choice (PA-TPL-19).

        Raises TemplateRefused for texts with errors; such templates cannot be used (PA-TPL-08).
        """
        self.panes: tuple[Template, ...] = tuple(parse(text) for text in (findings, diagnosis))
        self.sheets = [[Sheet(line, join=join) for line in pane.lines] for pane in self.panes]
        self.place: Place | None = None
        self.option = 0
        """Under the cursor, in a choice."""
        steps = self.steps()
        if steps:
            self._go(steps[0])

    def steps(self) -> list[Place]:
        """Every step in order: sentences that are taken ask for their elements too."""
        found: list[Place] = []
        for pane, sheets in enumerate(self.sheets):
            for number, sheet in enumerate(sheets):
                if not any(sheet.line.elements):
                    continue
                found.append(Place(pane, number))
                if sheet.taken:
                    found += self._inside(pane, number)
        return found

    def _inside(self, pane: int, number: int) -> list[Place]:
        found: list[Place] = []
        for index, element in enumerate(asking(self.sheets[pane][number].line)):
            slots = len(element.slots) if isinstance(element, Numeric) else 1
            found += [Place(pane, number, index, slot) for slot in range(slots)]
        return found

    @property
    def sheet(self) -> Sheet | None:
        """The sentence at the present step."""
        return None if self.place is None else self.sheets[self.place.pane][self.place.line]

    @property
    def element(self) -> Multi | Single | Numeric | None:
        """The element at the present step; None at the question whether the sentence is taken."""
        if self.place is None or self.place.element is None or self.sheet is None:
            return None
        return asking(self.sheet.line)[self.place.element]

    @property
    def picked(self) -> frozenset[int]:
        """Options taken at the present step."""
        if self.sheet is None or self.place is None or self.place.element is None:
            return frozenset()
        return self.sheet.picks.get(self.place.element, frozenset())

    @property
    def shown_value(self) -> str:
        """What stands in the slot: what was typed, else its preset."""
        if not isinstance(self.element, Numeric) or self.sheet is None or self.place is None:
            return ""
        assert self.place.element is not None
        preset = self.element.slots[self.place.slot].preset
        return self.sheet.values.get((self.place.element, self.place.slot), preset)

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────

    def take(self, taken: bool) -> Moved:
        """Take the sentence, or leave it out; goes on to its first element or to the next sentence."""
        if self.sheet is None or self.place is None:
            return Moved.DONE
        self.sheet.taken = taken
        self._go(Place(self.place.pane, self.place.line))
        return self._next()

    def toggle(self, option: int) -> Moved:
        """Take an option of a multiple choice or put it back; the option of a single choice replaces another."""
        element = self.element
        if not isinstance(element, (Multi, Single)) or not 0 <= option < len(element.options):
            return Moved.STAYED
        assert self.place is not None and self.place.element is not None and self.sheet is not None
        self.option = option
        picked = self.picked
        if isinstance(element, Single):
            self.sheet.picks[self.place.element] = frozenset({option})
            return self._next()
        self.sheet.picks[self.place.element] = picked ^ {option}
        return Moved.STAYED

    def move_option(self, by: int) -> None:
        """Move the cursor among the options."""
        element = self.element
        if isinstance(element, (Multi, Single)):
            self.option = max(0, min(len(element.options) - 1, self.option + by))

    def type_value(self, text: str) -> None:
        """Set what stands in the slot; an empty text clears a preset."""
        if isinstance(self.element, Numeric) and self.place is not None and self.sheet is not None:
            assert self.place.element is not None
            self.sheet.values[self.place.element, self.place.slot] = text.translate(FULL_WIDTH).strip()

    # ── going on and back ────────────────────────────────────────────────────────────────────────────

    def enter(self) -> Moved:
        """Enter: takes a sentence, leaves an element as it is answered, vanishes an empty number (PA-TPL-16)."""
        if self.place is None:
            return Moved.DONE
        if self.place.element is None:
            return self.take(True)
        problem = self._blocking()
        if problem is not None:
            self._go(problem)
            return Moved.STAYED
        return self._next()

    def back(self) -> None:
        """To the step before."""
        steps = self.steps()
        if self.place in steps and steps.index(self.place) > 0:
            self._go(steps[steps.index(self.place) - 1])

    def go_line(self, by: int) -> None:
        """To the sentence before or after, whatever is open in this one."""
        lines = [step for step in self.steps() if step.element is None]
        here = Place(self.place.pane, self.place.line) if self.place is not None else None
        if here in lines:
            self._go(lines[max(0, min(len(lines) - 1, lines.index(here) + by))])

    def go(self, place: Place) -> None:
        """To any step: a click. An element of a sentence that is not taken takes it."""
        sheet = self.sheets[place.pane][place.line]
        if place.element is not None and not sheet.taken:
            sheet.taken = True
        if place in self.steps():
            self._go(place)

    def unanswered(self) -> Place | None:
        """The first step of a taken sentence that blocks the text."""
        for pane, sheets in enumerate(self.sheets):
            for number, sheet in enumerate(sheets):
                if not sheet.taken:
                    continue
                problems = sheet.filled().problems
                if problems:
                    return self._place_of(pane, number, problems[0].column)
        return None

    # ── results ──────────────────────────────────────────────────────────────────────────────────────

    def text(self, pane: int) -> str:
        """The text of a pane so far; open elements stand as they are written."""
        lines = [sheet.filled() for sheet in self.sheets[pane] if sheet.taken]
        return "\n".join(line.text for line in lines if not line.is_dropped)

    def line_results(self) -> list[tuple[int, FilledLine]]:
        """Pane and result of every taken sentence."""
        return [(pane, sheet.filled()) for pane, sheets in enumerate(self.sheets) for sheet in sheets if sheet.taken]

    @property
    def is_complete(self) -> bool:
        """Whether nothing blocks and something is taken."""
        taken = [sheet for sheets in self.sheets for sheet in sheets if sheet.taken]
        return bool(taken) and self.unanswered() is None

    def _next(self) -> Moved:
        steps = self.steps()
        assert self.place is not None
        at = steps.index(self.place) + 1
        if at >= len(steps):
            return Moved.DONE
        self._go(steps[at])
        return Moved.ON

    def _blocking(self) -> Place | None:
        """Where the present element cannot be left; a half filled item is asked again after its last slot."""
        assert self.place is not None and self.sheet is not None and self.place.element is not None
        element = self.element
        filled = self.sheet.filled()
        if isinstance(element, Single):
            return self.place if not self.picked else None
        if not isinstance(element, Numeric):
            return None
        own = {slot.column: number for number, slot in enumerate(element.slots)}
        for problem in filled.problems:
            slot = own.get(problem.column)
            if slot is None:
                continue
            is_last = self.place.slot == len(element.slots) - 1
            if is_last or (problem.kind.value == "not_a_number" and slot == self.place.slot):
                return replace(self.place, slot=slot)
        return None

    def _place_of(self, pane: int, number: int, column: int) -> Place:
        for index, element in enumerate(asking(self.sheets[pane][number].line)):
            if element.column == column:
                return Place(pane, number, index)
            if isinstance(element, Numeric):
                for slot, one in enumerate(element.slots):
                    if one.column == column:
                        return Place(pane, number, index, slot)
        return Place(pane, number)

    def _go(self, place: Place) -> None:
        self.place = place
        self.option = min(self.picked, default=0)
