"""Views of specimens, blocks and slides for the wire."""

from __future__ import annotations

from typing import Any

import msgspec

from server.pathology.technique.rules import allowed_block, allowed_slide, allowed_specimen
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow
from shared.contract.pathology_preparation import SlideView
from shared.contract.pathology_technique import BlockView, SpecimenEntry, SpecimenView
from shared.domain.pathology import (
    BlockState,
    ObjectKind,
    SlideGrade,
    SlideState,
    SpecimenState,
    TaskSource,
    TissueState,
)
from shared.domain.pathology_barcodes import make_code
from shared.domain.permissions import Permission


def specimen_view(row: SpecimenRow, case_number: str, rights: frozenset[Permission]) -> SpecimenView:
    """Return a container as it is sent."""
    state = SpecimenState(row.state)
    return SpecimenView(
        id=row.id,
        version=row.version,
        case_id=row.case_id,
        case_number=case_number,
        serial=row.serial,
        number=row.number,
        code=make_code(ObjectKind.SPECIMEN, row.number),
        entry=specimen_entry(row.entry),
        state=state,
        tissue=TissueState(row.tissue),
        registered_by=row.registered_by,
        registered_at=row.registered_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        handling=row.handling,
        place=row.place,
        placed_at=row.placed_at,
        recorder=row.recorder,
        stored_at=row.stored_at,
        handed_over_by=row.handed_over_by,
        handed_over_to=row.handed_over_to,
        handed_over_at=row.handed_over_at,
        disposed_by=row.disposed_by,
        witness=row.witness,
        disposed_at=row.disposed_at,
        allowed=allowed_specimen(state, rights),
    )


def specimen_entry(stored: Any) -> SpecimenEntry:
    """Return what was typed about a container."""
    return msgspec.convert(stored, SpecimenEntry, strict=False)


def block_view(row: BlockRow, case_number: str, sections: int, rights: frozenset[Permission]) -> BlockView:
    """Return a block as it is sent; `sections` are its slides."""
    state = BlockState(row.state)
    return BlockView(
        id=row.id,
        version=row.version,
        case_id=row.case_id,
        case_number=case_number,
        specimen_id=row.specimen_id,
        order_id=row.order_id,
        serial=row.serial,
        label=row.label,
        number=row.number,
        code=make_code(ObjectKind.BLOCK, row.label),
        source=TaskSource(row.source),
        source_note=row.source_note,
        site=row.site,
        pieces=row.pieces,
        unit=row.unit,
        grosser_id=row.grosser_id,
        grosser=row.grosser,
        grossed_at=row.grossed_at,
        recorder=row.recorder,
        note=row.note,
        state=state,
        label_prints=row.label_prints,
        verified_by=row.verified_by,
        verified_at=row.verified_at,
        embedded_by=row.embedded_by,
        embedded_at=row.embedded_at,
        sectioned_by=row.sectioned_by,
        sectioned_at=row.sectioned_at,
        sections=sections,
        place=row.place,
        placed_at=row.placed_at,
        allowed=allowed_block(state, rights),
    )


def slide_view(row: SlideRow, case_number: str, block_number: str, rights: frozenset[Permission]) -> SlideView:
    """Return a slide as it is sent."""
    state = SlideState(row.state)
    return SlideView(
        id=row.id,
        version=row.version,
        case_id=row.case_id,
        case_number=case_number,
        specimen_id=row.specimen_id,
        block_id=row.block_id,
        block_number=block_number,
        order_id=row.order_id,
        serial=row.serial,
        number=row.number,
        code=make_code(ObjectKind.SLIDE, row.number),
        source=TaskSource(row.source),
        stain=row.stain,
        note=row.note,
        state=state,
        made_by=row.made_by,
        made_at=row.made_at,
        label_prints=row.label_prints,
        label_printed_at=row.label_printed_at,
        checked_by=row.checked_by,
        checked_at=row.checked_at,
        handed_over_by=row.handed_over_by,
        handed_over_to=row.handed_over_to,
        handed_over_at=row.handed_over_at,
        read_at=row.read_at,
        grade=SlideGrade(row.grade) if row.grade else None,
        grade_note=row.grade_note,
        graded_by=row.graded_by,
        place=row.place,
        placed_at=row.placed_at,
        allowed=allowed_slide(state, rights),
    )
