"""What the side panel with an exam's details shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from clients.registration.exam_actions import RowAction, actions_of
from shared.contract.exams import ExamView


@dataclass(frozen=True)
class DetailsState:
    """Closed while `exam_id` is None; the old exam stays while the newer picture of it is fetched."""

    exam_id: int | None = None
    exam: ExamView | None = None
    loading: bool = False
    trouble: str = ""
    cancel_pending: bool = False

    @property
    def actions(self) -> tuple[RowAction, ...]:
        """What can be done with the exam now."""
        if self.exam is None or self.cancel_pending:
            return ()
        return tuple(action for action in actions_of(self.exam.row) if action is not RowAction.DETAILS)
