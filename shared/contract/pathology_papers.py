"""Labels and papers of the bench: 包埋条码, 制片条码, 取材明细, 标本移交表, 玻片移交表 (PA-BAR, PA-PREP, PA-DOC).

Everything is drawn by the server and kept as a document; the workstation previews it or hands it to its printer. A
label is drawn only of what was released to be printed: `pathology_technique.mark_cassettes_printed` and
`pathology_preparation.release_labels` count the copies, refuse a second print that nobody confirmed and keep the
single-piece flow; the workstation calls them first and draws what they let through.
"""

from __future__ import annotations

from enum import StrEnum

from shared.contract.base import AuditClass, Command
from shared.contract.pathology_preparation import SlideFilter
from shared.contract.pathology_technique import SpecimenFilter
from shared.contract.printing import DocumentView, Output
from shared.domain.permissions import Permission

MOST_LABELS = 200
MOST_LINES = 1000
"""The most labels of one print, and the most lines of one hand-over sheet."""

CASSETTE, SLIDE = "pathology_cassette", "pathology_slide_label"
GROSSING_SHEET, SPECIMEN_SHEET, SLIDE_SHEET = (
    "pathology_grossing_sheet",
    "pathology_specimen_sheet",
    "pathology_slide_sheet",
)
"""Kinds of the documents: what a desk chooses a printer for."""


class Symbology(StrEnum):
    """The barcode of a label."""

    DATAMATRIX = "datamatrix"  # ECC 200, ISO/IEC 16022
    CODE128 = "code128"  # ISO/IEC 15417


class DrawCassetteLabels(Command[DocumentView], frozen=True, kw_only=True):
    """包埋条码: one label a block, in the order given.

    Refusals: NOT_FOUND, INVALID (none, too many, output), ILLEGAL_ACTION (a block that was not released).
    """

    method = "pathology_papers.draw_cassette_labels"
    permission = Permission.PATHOLOGY_PRINT_LABELS
    audit = AuditClass.EXPORT

    block_ids: tuple[int, ...]
    symbology: Symbology = Symbology.DATAMATRIX
    output: Output = Output()


class DrawSlideLabels(Command[DocumentView], frozen=True, kw_only=True):
    """制片条码: one label a slide, in the order given. Refusals: as of DrawCassetteLabels."""

    method = "pathology_papers.draw_slide_labels"
    permission = Permission.PATHOLOGY_PRINT_LABELS
    audit = AuditClass.EXPORT

    slide_ids: tuple[int, ...]
    symbology: Symbology = Symbology.DATAMATRIX
    output: Output = Output()


class DrawGrossingSheet(Command[DocumentView], frozen=True, kw_only=True):
    """取材明细 of a case (PA-CASE-18). Refusals: NOT_FOUND, ILLEGAL_ACTION (nothing was grossed)."""

    method = "pathology_papers.draw_grossing_sheet"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    case_id: int
    language: str = "zh"


class DrawSpecimenSheet(Command[DocumentView], frozen=True, kw_only=True):
    """标本移交表 of what a filter finds (PA-PREP-01). Refusals: INVALID (filter, nothing found, too many lines)."""

    method = "pathology_papers.draw_specimen_sheet"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    filter: SpecimenFilter
    language: str = "zh"


class DrawSlideSheet(Command[DocumentView], frozen=True, kw_only=True):
    """玻片移交表 of what a filter finds (PA-PREP-03). Refusals: INVALID (filter, nothing found, too many lines)."""

    method = "pathology_papers.draw_slide_sheet"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    filter: SlideFilter
    language: str = "zh"
