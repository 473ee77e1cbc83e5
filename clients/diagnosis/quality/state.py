"""What the page of quality control shows; frozen, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.contract.quality import (
    CaseRow,
    CaseView,
    QualityFigures,
    QualityObject,
    QualityTaskView,
    ScoreView,
    TaskChoices,
)


class Pane(StrEnum):
    """What stands at the right."""

    NOTHING = "nothing"
    NEW = "new"
    CASE = "case"
    FIGURES = "figures"


@dataclass(frozen=True)
class QualityState:
    """The tasks, the chosen one with its cases, and what is being done."""

    tasks: tuple[QualityTaskView, ...] = ()
    task_id: int = 0
    cases: tuple[CaseRow, ...] = ()
    case: CaseView | None = None
    object: QualityObject = QualityObject.IMAGE
    pane: Pane = Pane.NOTHING
    figures: tuple[QualityFigures, ...] = ()
    of_all: bool = False
    choices: TaskChoices | None = None
    exam_types: tuple[tuple[str, str], ...] = ()
    fitting: int | None = None
    made: int = 0  # counts tasks made here, so that the form is emptied
    is_loading: bool = False
    is_busy: bool = False
    generation: int = 0
    problems: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None

    @property
    def task(self) -> QualityTaskView | None:
        """The chosen task."""
        return next((one for one in self.tasks if one.id == self.task_id), None)

    @property
    def score(self) -> ScoreView | None:
        """My score of the object in hand."""
        scores = () if self.case is None else self.case.scores
        return next((one for one in scores if one.object is self.object), None)
