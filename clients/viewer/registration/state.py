"""What the page of registration shows and changes: the transform at hand, how both are laid over each other. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from clients.viewer.evented import Event
from clients.viewer.registration.book import Entry, Origin

if TYPE_CHECKING:
    from shared.imaging.geometry import VectorMm
    from shared.imaging.registration import RigidTransform

LARGEST_SHIFT_MM = 2000.0


class Mode(StrEnum):
    """How the two pictures are shown together."""

    BLEND = "blend"
    CHECKER = "checker"
    DIFFERENCE = "difference"
    OUTLINE = "outline"
    FIXED = "fixed"
    MOVING = "moving"


class Quality(StrEnum):
    """What may be said of a registration in one word."""

    NONE = "none"  # as the coordinates stand
    GOOD = "good"
    FAIR = "fair"
    REFUSED = "refused"
    HAND = "hand"


class RegistrationState:
    """The transform at hand; steps of the reader's own corrections can be taken back."""

    def __init__(self, start: Entry) -> None:
        self.changed: Event[[]] = Event()
        self.looks_changed: Event[[]] = Event()
        self._entry = start
        self._known = False
        self._before: list[tuple[Entry, bool]] = []
        self._mode = Mode.BLEND
        self._share = 0.5

    # --- the transform

    @property
    def entry(self) -> Entry:
        return self._entry

    @property
    def transform(self) -> RigidTransform:
        return self._entry.transform

    @property
    def quality(self) -> Quality:
        """The word for the transform at hand."""
        entry = self._entry
        if not self._known:
            return Quality.NONE
        if entry.origin is Origin.HAND:
            return Quality.HAND
        if entry.refused:
            return Quality.REFUSED
        if entry.disagreement_mm is not None and entry.disagreement_mm <= 0.5 and (entry.overlap or 0) >= 0.5:
            return Quality.GOOD
        return Quality.FAIR

    @property
    def may_be_used(self) -> bool:
        """A refused result only counts after the reader corrected it."""
        return self._known and not (self._entry.refused and self._entry.origin is not Origin.HAND)

    def take(self, entry: Entry) -> None:
        """A result: found, read or foreign."""
        self._remember()
        self._entry, self._known = entry, True
        self.changed.emit()

    def forget(self, start: Entry) -> None:
        """As the coordinates stand."""
        self._remember()
        self._entry, self._known = start, False
        self.changed.emit()

    def nudge(self, shift_mm: VectorMm, turn_deg: Sequence[float] = (0.0, 0.0, 0.0), *, remember: bool = True) -> None:
        """Move what is seen of the moving series by ``shift_mm`` in the fixed one's space, turned about its centre.

        The transform maps fixed to moving, so the picture goes the other way: the correction is its inverse.
        """
        self._by_hand(moved_picture(self.transform, shift_mm, turn_deg), remember=remember)

    def set_numbers(self, shift_mm: Sequence[float], turn_deg: Sequence[float]) -> None:
        """The six numbers of VW-OPN-12."""
        from shared.imaging.registration import RigidTransform

        kept = [min(max(v, -LARGEST_SHIFT_MM), LARGEST_SHIFT_MM) for v in shift_mm]
        self._by_hand(RigidTransform.from_numbers(kept, turn_deg, self.transform.centre))

    def remember(self) -> None:
        """A drag begins: it is one step."""
        self._remember()

    def _by_hand(self, transform: RigidTransform, *, remember: bool = True) -> None:
        if remember:
            self._remember()
        self._entry = replace(self._entry, transform=transform, origin=Origin.HAND)
        self._known = True
        self.changed.emit()

    def _remember(self) -> None:
        self._before.append((self._entry, self._known))
        del self._before[:-200]

    @property
    def can_step_back(self) -> bool:
        return bool(self._before)

    def step_back(self) -> None:
        """Take the last correction back."""
        if self._before:
            self._entry, self._known = self._before.pop()
            self.changed.emit()

    # --- the look

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        if mode is not self._mode:
            self._mode = mode
            self.looks_changed.emit()

    @property
    def share(self) -> float:
        """Of the moving series while blending, 0 to 1."""
        return self._share

    @share.setter
    def share(self, share: float) -> None:
        share = min(max(share, 0.0), 1.0)
        if share != self._share:
            self._share = share
            self.looks_changed.emit()


def moved_picture(transform: RigidTransform, shift_mm: VectorMm, turn_deg: Sequence[float]) -> RigidTransform:
    """``transform`` after what is seen of the moving series was turned about its centre and shifted."""
    from shared.imaging.registration import RigidTransform

    correction = RigidTransform.from_numbers(shift_mm, turn_deg, transform.centre)
    return RigidTransform.from_matrix(transform.matrix @ correction.inverse().matrix, transform.centre)
