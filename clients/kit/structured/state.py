"""What a form on screen shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contract.structured import FormTemplateRow, PriorValue
from shared.domain.structured import FieldKind, FieldValue, FormTemplate, Sentence
from shared.domain.structured_form import Filled, Slot, is_empty, number_words


@dataclass(frozen=True)
class FormState:
    """One form. `offered` are templates to begin with while there is no form."""

    report_id: int = 0
    may_type: bool = False
    is_loading: bool = False
    offered: tuple[FormTemplateRow, ...] = ()
    template: FormTemplate | None = None
    filled: Filled | None = None
    prior: Mapping[str, PriorValue] = field(default_factory=dict)
    focused: str = ""  # path of the field that the keyboard was in last
    is_asking_removal: bool = False
    shows_problems: bool = False

    @property
    def conflicts(self) -> tuple[Sentence, ...]:
        """Sentences that a hand changed and that the form would write differently now."""
        form = self.filled.form if self.filled is not None else None
        return tuple(one for one in form.sentences if one.proposed is not None) if form is not None else ()

    @property
    def edited(self) -> tuple[Sentence, ...]:
        """Sentences that a hand changed and about which nothing is asked."""
        form = self.filled.form if self.filled is not None else None
        return tuple(one for one in form.sentences if one.is_edited and one.proposed is None) if form else ()

    def filled_count(self) -> tuple[int, int]:
        """Return how many required fields are filled, and how many there are."""
        if self.filled is None:
            return 0, 0
        required = [slot for slot in self.filled.slots() if slot.field.required]
        done = [slot for slot in required if not is_empty(slot.field, self.filled.value(slot.path))]
        return len(done), len(required)


def prior_words(slot: Slot, now: FieldValue, prior: PriorValue | None) -> str:
    """Say what stood here before, with difference and percent where both are numbers; empty when nothing did."""
    if prior is None or not prior.text:
        return ""
    unit = f" {prior.unit}" if prior.unit else ""
    words = f"{prior.text}{unit}"
    if slot.field.kind in (FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.TEXT) or prior.number is None:
        return words
    if now.number is None:
        return words
    difference = now.number - prior.number
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    changed = f"{sign}{number_words(abs(difference), slot.field.decimals or 1)}"
    percent = f" {sign}{abs(difference) / abs(prior.number) * 100:.0f}%" if prior.number else ""
    return f"{words}　{changed}{percent}"
