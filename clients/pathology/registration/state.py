"""What the patient information page shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from shared.contract.pathology import FetchedPatient
from shared.contract.pathology_technique import SpecimenEntry, SpecimenView
from shared.domain.pathology import SpecimenAction, SpecimenState


class Mode(Enum):
    """What lies on the desk."""

    NOTHING = "nothing"
    NEW = "new"
    APPOINTMENT = "appointment"  # a new one
    CASE = "case"


@dataclass(frozen=True)
class SpecimenLine:
    """One container in the list at the foot; `id` is negative while the case is not stored."""

    id: int
    serial: int
    entry: SpecimenEntry
    state: SpecimenState = SpecimenState.REGISTERED
    reason: str = ""
    version: int = 0
    allowed: tuple[str, ...] = ("edit", "remove")

    @classmethod
    def of(cls, view: SpecimenView) -> SpecimenLine:
        """A stored container."""
        shown = {SpecimenAction.EDIT: "edit", SpecimenAction.ACCEPT: "accept", SpecimenAction.REJECT: "reject"}
        allowed = tuple(word for action, word in shown.items() if action in view.allowed)
        return cls(view.id, view.serial, view.entry, view.state, view.reason, view.version, allowed)


@dataclass(frozen=True)
class PageState:
    """Everything beside the values of the fields."""

    mode: Mode = Mode.NOTHING
    quick: bool = False
    """Only the configured fields are asked."""
    number: str = ""
    """病理号 as shown: typed, given, or by the rule."""
    suggested: str = ""
    """The number by the rule, which nobody has reserved."""
    number_problem: str = ""
    problems: dict[str, str] = field(default_factory=dict)
    """Finished sentences at fields."""
    read_only: bool = False
    busy: bool = False
    dirty: bool = False
    specimens: tuple[SpecimenLine, ...] = ()
    found: tuple[FetchedPatient, ...] = ()
    """Several records that a fetch found: one is to be chosen."""
    registered: str = ""
    """Who registered the case and when, finished words."""

    @property
    def is_new(self) -> bool:
        """Whether the server does not know the case yet."""
        return self.mode in (Mode.NEW, Mode.APPOINTMENT)
