"""Blocks, slides and papers as the archive's lists show them, and how they are fetched. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.contract.pathology import CaseFilter, ListCases
from shared.contract.pathology_keeping import KeptKind, KeptView, ListKept
from shared.contract.pathology_preparation import ListSlides, SlideFilter
from shared.contract.pathology_technique import BlockFilter, ListBlocks
from shared.domain.pathology import BlockState, ObjectKind, SlideState

Call = Callable[[Any], Any]
LIMIT = 200

KIND_WORDS = {KeptKind.BLOCK: "蜡块", KeptKind.SLIDE: "切片", KeptKind.PAPER: "资料"}
OBJECT_KINDS = {
    ObjectKind.BLOCK: KeptKind.BLOCK,
    ObjectKind.SLIDE: KeptKind.SLIDE,
    ObjectKind.CASE: KeptKind.PAPER,
}
"""What the barcode of an object stands for here: that of a case means its papers."""


@dataclass(frozen=True)
class Item:
    """One object; `object_id` is the case's for papers. Where it lies, who put it there and when, if archived."""

    kind: KeptKind
    object_id: int
    number: str
    case_id: int
    case_number: str
    patient_name: str
    title: str = ""  # site of a block, stain of a slide
    day: datetime | None = None  # made or registered
    place: str = ""
    archived_by: str = ""
    archived_at: datetime | None = None
    loan_id: int | None = None

    @property
    def key(self) -> tuple[KeptKind, int]:
        return self.kind, self.object_id


@dataclass(frozen=True)
class Search:
    """Conditions of a list; empty ones do not filter. Days of archiving for archived objects, else of making."""

    number: str = ""
    first: date | None = None
    last: date | None = None


def kept_item(row: KeptView) -> Item:
    """An archived object."""
    return Item(
        kind=row.kind,
        object_id=row.object_id,
        number=row.number,
        case_id=row.case_id,
        case_number=row.case_number,
        patient_name=row.patient_name,
        place=row.place,
        archived_by=row.archived_by,
        archived_at=row.archived_at,
        loan_id=row.loan_id,
    )


def kept(call: Call, kind: KeptKind, search: Search) -> tuple[Item, ...]:
    """Archived objects, the newest first (blocking; raises RpcError)."""
    request = ListKept(kind=kind, case_number=search.number, first_day=search.first, last_day=search.last, limit=LIMIT)
    return tuple(kept_item(row) for row in call(request))


def unarchived(call: Call, kind: KeptKind, search: Search) -> tuple[Item, ...]:
    """Objects that wait for the archive (blocking; raises RpcError)."""
    return _FETCH[kind](call, search)


def _blocks(call: Call, search: Search) -> tuple[Item, ...]:
    wanted = BlockFilter(
        states=(BlockState.SECTIONED,), text=search.number, grossed_first=search.first, grossed_last=search.last
    )
    return tuple(
        Item(
            kind=KeptKind.BLOCK,
            object_id=row.block.id,
            number=row.block.number or row.block.label,
            case_id=row.block.case_id,
            case_number=row.block.case_number,
            patient_name=row.patient_name,
            title=row.block.site,
            day=row.block.grossed_at,
        )
        for row in call(ListBlocks(filter=wanted, limit=LIMIT)).rows
    )


def _slides(call: Call, search: Search) -> tuple[Item, ...]:
    wanted = SlideFilter(
        states=(SlideState.HANDED_OVER,), text=search.number, made_first=search.first, made_last=search.last
    )
    return tuple(
        Item(
            kind=KeptKind.SLIDE,
            object_id=row.slide.id,
            number=row.slide.number,
            case_id=row.slide.case_id,
            case_number=row.slide.case_number,
            patient_name=row.patient_name,
            title=row.slide.stain,
            day=row.slide.made_at,
        )
        for row in call(ListSlides(filter=wanted, limit=LIMIT)).rows
    )


def _papers(call: Call, search: Search) -> tuple[Item, ...]:
    """Cases whose papers are not archived. The server keeps no list of these: archived ones are taken out here."""
    wanted = CaseFilter(number=search.number, first=search.first, last=search.last)
    there = {row.case_id for row in call(ListKept(kind=KeptKind.PAPER, case_number="", limit=500))}
    if search.number:
        there |= {row.case_id for row in call(ListKept(kind=KeptKind.PAPER, case_number=search.number, limit=500))}
    return tuple(
        Item(
            kind=KeptKind.PAPER,
            object_id=row.id,
            number=row.number,
            case_id=row.id,
            case_number=row.number,
            patient_name=row.patient_name,
            title=row.specimen_name,
            day=row.registered_at,
        )
        for row in call(ListCases(filter=wanted, limit=LIMIT)).rows
        if row.id not in there
    )


_FETCH = {KeptKind.BLOCK: _blocks, KeptKind.SLIDE: _slides, KeptKind.PAPER: _papers}
