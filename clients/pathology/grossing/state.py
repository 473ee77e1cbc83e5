"""What the grossing page shows."""

from __future__ import annotations

from dataclasses import dataclass

from clients.pathology.grossing.rows import GrossRow
from shared.contract.pathology_technique import SpecimenView


@dataclass(frozen=True, slots=True)
class GrossingState:
    """A state of the page; `case_id` 0 while no case is open."""

    case_id: int = 0
    number: str = ""
    patient: str = ""
    rows: tuple[GrossRow, ...] = ()
    description: str = ""
    handling: str = ""
    place: str = ""
    recorder: str = ""
    specimens: tuple[SpecimenView, ...] = ()
    specimen_id: int | None = None
    """The container that the next rows come from; None while it has to be chosen."""
    editing: int | None = None
    """Id of the row in the fields; None for a new one."""
    is_regrossing: bool = False
    read_only: bool = False
    busy: bool = False
    restored: bool = False
    """Something was taken over from the journal of a session that ended without saving."""

    @property
    def block_total(self) -> int:
        """蜡块总数."""
        return len(self.rows)

    @property
    def piece_total(self) -> int:
        """材块总数."""
        return sum(row.pieces for row in self.rows)

    @property
    def several(self) -> bool:
        """Whether several containers came together."""
        return len(self.specimens) > 1

    def row(self, row_id: int | None) -> GrossRow | None:
        """The row with this id."""
        return next((row for row in self.rows if row.id == row_id), None)
