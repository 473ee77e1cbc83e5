"""A case whose blocks are cut, ready for orders."""

from __future__ import annotations

from shared.contract.pathology import CaseEntry, ListLibraries, RegisterCase
from shared.contract.pathology_preparation import SectionBlocks, SectionPlan
from shared.contract.pathology_technique import (
    AcceptSpecimens,
    AddBlocks,
    BlockEntry,
    EmbedBlocks,
    PieceCheck,
    SpecimenEntry,
    VerifyBlocks,
)
from tests.server.pathology.reports.report_room import Room

PASSWORD = "Secret-2026!"
"""Of the accounts that `Room.user` makes."""


def a_cut_case(room: Room) -> tuple[int, tuple[int, ...]]:
    """A case with two sectioned blocks: its id and theirs."""
    clerk, grosser = room.user("pathology_registrar"), room.user("pathology_grosser")
    technician = room.user("pathology_technician")
    library = room.ask(clerk, ListLibraries())[0]
    entry = CaseEntry(patient_name="欧阳𠮷祥", age="45岁", department="胃肠外科")
    case = room.ask(clerk, RegisterCase(library_id=library.id, entry=entry, specimens=(SpecimenEntry(name="胃窦"),)))
    case_id = int(case.case.id)
    room.ask(clerk, AcceptSpecimens(specimen_ids=tuple(one.id for one in case.specimens)))
    rows = tuple(BlockEntry(serial=serial, site=site, pieces=1) for serial, site in (("A", "胃窦肿物"), ("B", "切缘")))
    blocks = tuple(one.id for one in room.ask(grosser, AddBlocks(case_id=case_id, rows=rows)).blocks)
    room.ask(technician, VerifyBlocks(checks=tuple(PieceCheck(block_id=one) for one in blocks)))
    room.ask(technician, EmbedBlocks(block_ids=blocks))
    room.ask(technician, SectionBlocks(plans=tuple(SectionPlan(block_id=one) for one in blocks)))
    return case_id, blocks
