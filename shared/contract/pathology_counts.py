"""Cells counted on a picture: what the program suggested, what the doctor made of it, and the figures.

Saving or deleting tells `Changed("pathology_media", case id, …)`, as every change of a case's captures does.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission

MOST_CELLS = 20_000
MOST_CORNERS = 200


class Grade(StrEnum):
    """How strongly a nucleus is stained: 0 to 3+."""

    NEGATIVE = "0"
    WEAK = "1"
    MODERATE = "2"
    STRONG = "3"


class Origin(StrEnum):
    """Where a mark comes from."""

    SUGGESTED = "suggested"  # the program found it
    CORRECTED = "corrected"  # the doctor graded it anew
    ADDED = "added"  # the doctor set it


class Cell(msgspec.Struct, frozen=True, array_like=True):
    """A nucleus: its centre in pixels of the picture (x to the right, y down), grade and origin."""

    x: float
    y: float
    grade: Grade
    origin: Origin = Origin.SUGGESTED


class CountEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one count."""

    marker: str  # Ki-67, ER, PR, … or the hospital's word
    cells: tuple[Cell, ...]
    region: tuple[tuple[float, float], ...] = ()
    """Corners of the counted field in pixels of the picture; empty for the whole picture."""
    removed: int = 0  # suggestions that the doctor took away
    method: str = ""  # of the suggestion, with its numbers; empty when everything was set by hand
    area_mm2: float = 0.0  # of the counted field; 0 without calibration
    note: str = ""


class CountFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from the cells."""

    total: int
    positive: int
    rate: float  # per cent; 0 where nothing was counted
    h_score: int  # 1·weak + 2·moderate + 3·strong in per cent, 0 to 300
    grades: tuple[int, int, int, int]  # nuclei of grade 0, 1, 2 and 3


class CountView(msgspec.Struct, frozen=True, kw_only=True):
    """A count as it is kept, one for each picture and marker."""

    id: int
    version: int
    case_id: int
    media_id: int
    entry: CountEntry
    figures: CountFigures
    counted_by: str
    counted_at: datetime
    is_corrected: bool  # the doctor changed at least one mark


class ListCounts(Query[tuple[CountView, ...]], frozen=True, kw_only=True):
    """Counts of a case, newest first; with `media_id` only those of that picture. Refusals: NOT_FOUND."""

    method = "pathology_counts.list"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    media_id: int | None = None


class SaveCount(Command[CountView], frozen=True, kw_only=True):
    """Keep a count with its picture; a second one of the same marker takes the place of the first (`version`).

    Refusals: NOT_FOUND, CONFLICT, INVALID (no picture, no marker, a cell outside, too many), ILLEGAL_ACTION (audited).
    """

    method = "pathology_counts.save"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.PATIENT_RECORD

    media_id: int
    version: int = 0  # 0: the first of its marker
    entry: CountEntry


class DeleteCount(Command[Nothing], frozen=True, kw_only=True):
    """Throw a count away. Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (audited)."""

    method = "pathology_counts.delete"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.PATIENT_RECORD

    count_id: int
    version: int


def figures_of(cells: tuple[Cell, ...]) -> CountFigures:
    """Total, positive (grade 1 and more), rate in per cent with one decimal, and H-score (0 to 300).

    H-score: McCarty et al., Cancer Res. 1986;46:4244s. Labelling index as the International Ki67 in Breast Cancer
    Working Group has it (JNCI 2021;113:808): positive nuclei of any strength among all counted.
    """
    grades = tuple(sum(cell.grade is grade for cell in cells) for grade in Grade)
    negative, weak, moderate, strong = grades
    total = len(cells)
    positive = total - negative
    return CountFigures(
        total=total,
        positive=positive,
        rate=round(100 * positive / total, 1) if total else 0.0,
        h_score=round(100 * (weak + 2 * moderate + 3 * strong) / total) if total else 0,
        grades=(negative, weak, moderate, strong),
    )
