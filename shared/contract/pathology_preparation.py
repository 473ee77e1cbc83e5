"""Sections and slides of pathology: cutting, smears, labels, the scan check, hand-over and grading (制片管理).

Batches and codes are as in `pathology_technique`.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.pathology_technique import BatchLine, BatchReport
from shared.domain.pathology import SlideAction, SlideGrade, SlideState, TaskSource
from shared.domain.permissions import Permission


class SlideView(msgspec.Struct, frozen=True, kw_only=True):
    """A slide of a block, or of a specimen where it is a smear. `number` is printed and never changes."""

    id: int
    version: int
    case_id: int
    case_number: str
    specimen_id: int | None
    block_id: int | None
    block_number: str
    order_id: int | None
    serial: int  # in its block, shared by sections, orders and manual entry (PA-NUM-09)
    number: str
    code: str  # barcode payload
    source: TaskSource
    stain: str  # HE, or the marker
    note: str
    state: SlideState
    made_by: str
    made_at: datetime
    label_prints: int
    label_printed_at: datetime | None
    checked_by: str
    checked_at: datetime | None
    handed_over_by: str
    handed_over_to: str
    handed_over_at: datetime | None
    read_at: datetime | None
    grade: SlideGrade | None
    grade_note: str
    graded_by: str
    place: str
    placed_at: datetime | None
    allowed: tuple[SlideAction, ...]


class SectionReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each block, and the slides that were made."""

    lines: tuple[BatchLine, ...]
    slides: tuple[SlideView, ...]


class SectionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How many slides are cut from one block."""

    block_id: int
    sections: int = 1  # 切片数, 1 to 50
    stain: str = "HE"
    code: str = ""  # the block's barcode, if it was scanned


class SectionBlocks(Command[SectionReport], frozen=True, kw_only=True):
    """切片确认: one slide with its own number per section. The first one of a case makes it 制片."""

    method = "pathology_preparation.section_blocks"
    permission = Permission.PATHOLOGY_SECTION
    audit = AuditClass.PATIENT_RECORD

    plans: tuple[SectionPlan, ...]
    station: str = ""


class MakeSmears(Command[tuple[SlideView, ...]], frozen=True, kw_only=True):
    """涂片制片 of a cytology case: no grossing, no block; the case becomes 制片 (PA-SM-CASE-09).

    Refusals: NOT_FOUND, INVALID (count 1 to 50, foreign specimen), ILLEGAL_ACTION (no cytology library, locked).
    """

    method = "pathology_preparation.make_smears"
    permission = Permission.PATHOLOGY_SECTION
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    specimen_id: int | None = None
    count: int = 1
    stain: str = "巴氏"
    note: str = ""
    station: str = ""


class AddManualSlides(Command[tuple[SlideView, ...]], frozen=True, kw_only=True):
    """手工录入切片信息 for departments that skip the normal flow (PA-SLD-13); the block's numbers go on.

    Refusals: NOT_FOUND, INVALID (the two dates differ, count, a block or specimen of another case), ILLEGAL_ACTION.
    """

    method = "pathology_preparation.add_manual_slides"
    permission = Permission.PATHOLOGY_MANUAL_SLIDES
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    block_id: int | None = None
    specimen_id: int | None = None
    count: int = 1
    source: TaskSource = TaskSource.ROUTINE
    stain: str = "HE"
    note: str = ""
    section_day: date  # 切片日期, of the list above
    preparation_day: date  # 制片日期
    station: str = ""


class DeleteSlides(Command[BatchReport], frozen=True, kw_only=True):
    """Delete slides; only those whose label was never printed (PA-SLD-14)."""

    method = "pathology_preparation.delete_slides"
    permission = Permission.PATHOLOGY_SECTION
    audit = AuditClass.PATIENT_RECORD

    slide_ids: tuple[int, ...]
    reason: str = ""


class ReleaseLabels(Command[BatchReport], frozen=True, kw_only=True):
    """Ask whether labels may be printed, and count them as printed: call it, then print what was done.

    Where the library enforces the single-piece flow, a slide of a block is done only if the block's barcode is among
    `block_codes`, the ones scanned since the last label (EX-PA-02). A second print is skipped unless `reprint`.
    """

    method = "pathology_preparation.release_labels"
    permission = Permission.PATHOLOGY_PRINT_LABELS
    audit = AuditClass.EXPORT

    slide_ids: tuple[int, ...]
    block_codes: tuple[str, ...] = ()
    copies: int = 1
    reprint: bool = False
    station: str = ""


class SlideCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A slide that passed the scan check, and which of its case are still to be checked."""

    slide: SlideView
    patient_name: str
    waiting: tuple[str, ...]  # numbers of the case's slides that are made and not checked


class CheckSlide(Command[SlideCheck], frozen=True, kw_only=True):
    """玻片扫描核对 by the slide's barcode; with `block_code` the slide must come from that block (single-piece flow).

    Refusals: INVALID (`field` is slide_code or block_code: unreadable, no slide, another block's),
    NOT_FOUND, ILLEGAL_ACTION (label not printed, checked already). Every refused pair is written into the trail.
    """

    method = "pathology_preparation.check_slide"
    permission = Permission.PATHOLOGY_SECTION
    audit = AuditClass.PATIENT_RECORD

    slide_code: str
    block_code: str = ""
    case_code: str = ""  # a request form or tray label: must be the slide's case
    station: str = ""


class HandOverReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each slide, and the slides of the same cases that stayed behind."""

    lines: tuple[BatchLine, ...]
    missing: tuple[SlideView, ...]


class HandSlidesOver(Command[HandOverReport], frozen=True, kw_only=True):
    """玻片移交 to the diagnosis room; only checked ones (PA-SLD-12)."""

    method = "pathology_preparation.hand_slides_over"
    permission = Permission.PATHOLOGY_SECTION
    audit = AuditClass.PATIENT_RECORD

    slide_ids: tuple[int, ...]
    receiver: str
    station: str = ""


class GradeSlide(Command[SlideView], frozen=True, kw_only=True):
    """切片评级 by the reading doctor. Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (not handed over)."""

    method = "pathology_preparation.grade_slide"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.PATIENT_RECORD

    slide_id: int
    version: int
    grade: SlideGrade
    note: str = ""


class SlideFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions; empty ones do not filter. Days in the hospital's time zone, ends included."""

    library_ids: tuple[int, ...] = ()
    states: tuple[SlideState, ...] = ()
    sources: tuple[TaskSource, ...] = ()
    first_number: str = ""  # range of case numbers
    last_number: str = ""
    made_first: date | None = None  # 切片日期
    made_last: date | None = None
    handed_over_first: date | None = None
    handed_over_last: date | None = None
    grades: tuple[SlideGrade, ...] = ()
    text: str = ""  # case or slide number from its beginning, or part of the patient's name


class SlideRow(msgspec.Struct, frozen=True, kw_only=True):
    """A slide with what lists and labels show of its case."""

    slide: SlideView
    patient_name: str
    library_id: int
    is_urgent: bool


class SlidePage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by case number, then slide number; `next_cursor` is empty at the end. `total` counts at most 1,000."""

    rows: tuple[SlideRow, ...]
    next_cursor: str
    total: int


class ListSlides(Query[SlidePage], frozen=True, kw_only=True):
    """已切片列表, 玻片移交表, slide archives. Refusals: INVALID."""

    method = "pathology_preparation.list_slides"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    filter: SlideFilter = SlideFilter()
    cursor: str = ""
    limit: int = 100  # 1 to 500
