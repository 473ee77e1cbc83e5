"""The registrations in force in a viewer: who may compare which coordinates, and how well that is known. No Qt.

Everything that compares positions (fusion, linking, the cross, reference lines) asks `ViewerSession.spaces`; the book
is who puts registrations in there and takes them out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from clients.viewer.evented import Event
from clients.viewer.spaces import RigidMap, Spaces
from shared.contract.registration import KeptRegistration, RegistrationSide, pair_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clients.viewer.study import Stack
    from shared.imaging.registration import Registration, RigidTransform


class Origin(StrEnum):
    """Where a registration came from."""

    FOUND = "found"  # automatically, and believed
    HAND = "hand"  # corrected or made by the reader
    READ = "read"  # kept the last time
    FOREIGN = "foreign"  # a Spatial Registration object of somebody else


@dataclass(frozen=True, eq=False)
class Entry:
    """One registration: ``transform`` maps points of ``fixed`` to points of ``moving``, LPS mm."""

    fixed: RegistrationSide
    moving: RegistrationSide
    transform: RigidTransform
    origin: Origin = Origin.FOUND
    similarity: float | None = None
    overlap: float | None = None
    disagreement_mm: float | None = None
    refused: str = ""  # English sentence of what was found; such an entry is not used unless by hand
    author: str = ""
    made: str = ""  # ISO 8601 date and time, local

    @property
    def pair(self) -> str:
        return pair_of(self.fixed, self.moving)

    def seen_from(self, fixed: RegistrationSide) -> RigidTransform:
        """The transform from ``fixed`` to the other, whichever way round it was made."""
        if _name(fixed, self) == _name(self.fixed, self):
            return self.transform
        return self.transform.inverse()


def side_of(stack: Stack) -> RegistrationSide:
    """A stack as one side of a registration."""
    series = stack.series
    return RegistrationSide(
        study_uid=stack.study.study_uid,
        series_uid=series.series_uid,
        frame_of_reference_uid=series.frame_of_reference_uid,
    )


def entry_of(
    found: Registration, fixed: Stack, moving: Stack, *, origin: Origin = Origin.FOUND, author: str = "", made: str = ""
) -> Entry:
    """What the algorithm found between two stacks."""
    return Entry(
        side_of(fixed),
        side_of(moving),
        found.transform,
        origin,
        found.similarity,
        found.overlap,
        found.disagreement_mm,
        found.refused,
        author,
        made,
    )


def kept_of(entry: Entry) -> KeptRegistration:
    """An entry as it is kept."""
    centre = entry.transform.centre
    return KeptRegistration(
        fixed=entry.fixed,
        moving=entry.moving,
        matrix=tuple(float(v) for v in entry.transform.matrix.ravel()),
        centre=(float(centre[0]), float(centre[1]), float(centre[2])),
        by_hand=entry.origin is Origin.HAND,
        similarity=entry.similarity,
        overlap=entry.overlap,
        disagreement_mm=entry.disagreement_mm,
    )


def entry_from(kept: KeptRegistration, *, author: str = "", made: str = "") -> Entry | None:
    """A kept one as an entry; None when its matrix does more than turn and shift."""
    import numpy as np

    from shared.imaging.geometry import PointMm
    from shared.imaging.registration import RigidTransform

    try:
        matrix = np.array(kept.matrix, np.float64).reshape(4, 4)
        transform = RigidTransform.from_matrix(matrix, PointMm(*kept.centre))
    except ValueError:
        return None
    return Entry(
        kept.fixed,
        kept.moving,
        transform,
        Origin.READ,
        kept.similarity,
        kept.overlap,
        kept.disagreement_mm,
        author=author,
        made=made,
    )


class RegistrationBook:
    """The registrations in force."""

    def __init__(self, spaces: Spaces) -> None:
        self.changed: Event[[]] = Event()
        self._spaces = spaces
        self._entries: dict[str, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries.values()))

    def of(self, fixed: RegistrationSide, moving: RegistrationSide) -> Entry | None:
        """The registration between two series, in either direction."""
        return self._entries.get(pair_of(fixed, moving))

    def put(self, entry: Entry) -> None:
        """Let the viewer use a registration, in place of the one before of the same pair."""
        before = self._entries.get(entry.pair)
        if before is not None:
            self._tell(before, self._spaces.forget)
        self._entries[entry.pair] = entry
        mapping = RigidMap.of(entry.transform.matrix.tolist())
        self._tell(entry, lambda source, target: self._spaces.register(source, target, mapping))
        self.changed.emit()

    def drop(self, pair: str) -> Entry | None:
        """Use it no longer; returns what was in force."""
        entry = self._entries.pop(pair, None)
        if entry is not None:
            self._tell(entry, self._spaces.forget)
            self.changed.emit()
        return entry

    def clear(self) -> None:
        """The studies were closed."""
        for pair in tuple(self._entries):
            self.drop(pair)

    def registered(self, for_a: str, for_b: str) -> NDArray[Any] | None:
        """4 x 4 from frame of reference (or series, where both share their frame) ``a`` to ``b``, LPS mm; or None."""
        import numpy as np

        for entry in self._entries.values():
            names = _name(entry.fixed, entry), _name(entry.moving, entry)
            if names == (for_a, for_b):
                return entry.transform.matrix
            if names == (for_b, for_a):
                inverse: NDArray[Any] = np.linalg.inv(entry.transform.matrix)
                return inverse
        return None

    @staticmethod
    def _tell(entry: Entry, what: Callable[[str, str], None]) -> None:
        what(_name(entry.fixed, entry), _name(entry.moving, entry))


def _name(side: RegistrationSide, of: Entry) -> str:
    """What `Spaces` knows a side by: its frame of reference, or its series where both have the same or none."""
    return side.frame_of_reference_uid if side.frame_of_reference_uid in of.pair.split("|") else side.series_uid
