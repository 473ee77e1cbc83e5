"""Handlers of specimens, blocks, slides and trails: each calls one use case."""

from __future__ import annotations

from typing import Protocol

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.pathology.cases.service import CaseService
from server.pathology.technique.service import TechniqueService, wrong_witness
from server.pathology.technique.slides import WrongCheck
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_technique as technique
from shared.contract import pathology_trail as trail


class Witnesses(Protocol):
    """Who may sign as the second person."""

    def sign(self, login: str, password: str) -> tuple[int, str]:
        """Return id and name of the account. Raises WRONG_PASSWORD, ACCOUNT_LOCKED."""


class TechniqueRpc:
    """What the bench and the technical room ask."""

    def __init__(self, database: Database, cases: CaseService, service: TechniqueService, witnesses: Witnesses) -> None:
        self._database = database
        self._cases = cases
        self._service = service
        self._witnesses = witnesses

    # ── specimens ────────────────────────────────────────────────────────────────────────────────────

    @handles
    def register_specimens(
        self, request: technique.RegisterSpecimens, caller: Caller, uow: UnitOfWork
    ) -> tuple[technique.SpecimenView, ...]:
        facts = self._cases.demand_open(uow, caller, request.case_id)
        rows = self._service.specimens.register(uow, caller, facts, request.entries)
        return self._service.pieces.specimen_views(uow, caller, rows)

    @handles
    def edit_specimen(self, request: technique.EditSpecimen, caller: Caller, uow: UnitOfWork) -> technique.SpecimenView:
        row = self._service.specimens.edit(uow, caller, request)
        return self._service.pieces.specimen_views(uow, caller, [row])[0]

    @handles
    def accept_specimens(
        self, request: technique.AcceptSpecimens, caller: Caller, uow: UnitOfWork
    ) -> technique.BatchReport:
        return self._service.specimens.accept(uow, caller, request)

    @handles
    def reject_specimens(
        self, request: technique.RejectSpecimens, caller: Caller, uow: UnitOfWork
    ) -> technique.BatchReport:
        return self._service.specimens.reject(uow, caller, request)

    @handles
    def store_remainder(
        self, request: technique.StoreRemainder, caller: Caller, uow: UnitOfWork
    ) -> technique.SpecimenView:
        row = self._service.specimens.store(uow, caller, request)
        return self._service.pieces.specimen_views(uow, caller, [row])[0]

    @handles
    def hand_tissue_over(
        self, request: technique.HandTissueOver, caller: Caller, uow: UnitOfWork
    ) -> technique.BatchReport:
        return self._service.specimens.hand_over(uow, caller, request)

    @handles_alone
    def dispose_specimens(self, request: technique.DisposeSpecimens, caller: Caller) -> technique.BatchReport:
        user_id, name = self._witnesses.sign(request.witness_login, request.witness_password)
        if user_id == caller.user_id:
            raise wrong_witness()
        with self._database.write() as uow:
            return self._service.specimens.dispose(uow, caller, request, name)

    @handles
    def list_specimens(
        self, request: technique.ListSpecimens, caller: Caller, uow: UnitOfWork
    ) -> technique.SpecimenPage:
        return self._service.lists.specimens(uow, caller, request)

    # ── grossing ─────────────────────────────────────────────────────────────────────────────────────

    @handles
    def get_grossing(self, request: technique.GetGrossing, caller: Caller, uow: UnitOfWork) -> technique.GrossingView:
        self._cases.demand(uow, caller, request.case_id)
        return self._service.grossing.view(uow, caller, request.case_id)

    @handles
    def save_grossing(self, request: technique.SaveGrossing, caller: Caller, uow: UnitOfWork) -> technique.GrossingView:
        self._service.grossing.save(uow, caller, request)
        return self._service.grossing.view(uow, caller, request.case_id)

    @handles
    def add_blocks(self, request: technique.AddBlocks, caller: Caller, uow: UnitOfWork) -> technique.GrossingView:
        self._service.grossing.add(uow, caller, request)
        return self._service.grossing.view(uow, caller, request.case_id)

    @handles
    def edit_block(self, request: technique.EditBlock, caller: Caller, uow: UnitOfWork) -> technique.BlockView:
        row = self._service.grossing.edit(uow, caller, request)
        return self._service.pieces.block_views(uow, caller, [row])[0]

    @handles
    def delete_blocks(self, request: technique.DeleteBlocks, caller: Caller, uow: UnitOfWork) -> technique.BatchReport:
        return self._service.grossing.delete(uow, caller, request)

    @handles
    def mark_cassettes_printed(
        self, request: technique.MarkCassettesPrinted, caller: Caller, uow: UnitOfWork
    ) -> technique.BatchReport:
        return self._service.grossing.mark_printed(uow, caller, request)

    @handles
    def verify_blocks(self, request: technique.VerifyBlocks, caller: Caller, uow: UnitOfWork) -> technique.BatchReport:
        return self._service.grossing.verify(uow, caller, request)

    @handles
    def embed_blocks(self, request: technique.EmbedBlocks, caller: Caller, uow: UnitOfWork) -> technique.BatchReport:
        return self._service.grossing.embed(uow, caller, request)

    @handles
    def undo_block(self, request: technique.UndoBlock, caller: Caller, uow: UnitOfWork) -> technique.BlockView:
        row = self._service.grossing.undo(uow, caller, request)
        return self._service.pieces.block_views(uow, caller, [row])[0]

    @handles
    def list_blocks(self, request: technique.ListBlocks, caller: Caller, uow: UnitOfWork) -> technique.BlockPage:
        return self._service.lists.blocks(uow, caller, request)


class PreparationRpc:
    """What the preparation stations ask."""

    def __init__(self, database: Database, service: TechniqueService, cases: CaseService) -> None:
        self._database = database
        self._service = service
        self._cases = cases

    @handles
    def section_blocks(
        self, request: preparation.SectionBlocks, caller: Caller, uow: UnitOfWork
    ) -> preparation.SectionReport:
        lines, rows = self._service.sections.section(uow, caller, request)
        return preparation.SectionReport(lines=lines, slides=self._service.pieces.slide_views(uow, caller, rows))

    @handles
    def make_smears(
        self, request: preparation.MakeSmears, caller: Caller, uow: UnitOfWork
    ) -> tuple[preparation.SlideView, ...]:
        return self._service.pieces.slide_views(uow, caller, self._service.sections.smear(uow, caller, request))

    @handles
    def add_manual_slides(
        self, request: preparation.AddManualSlides, caller: Caller, uow: UnitOfWork
    ) -> tuple[preparation.SlideView, ...]:
        return self._service.pieces.slide_views(uow, caller, self._service.sections.add_by_hand(uow, caller, request))

    @handles
    def delete_slides(
        self, request: preparation.DeleteSlides, caller: Caller, uow: UnitOfWork
    ) -> technique.BatchReport:
        return self._service.slides.delete(uow, caller, request)

    @handles
    def release_labels(
        self, request: preparation.ReleaseLabels, caller: Caller, uow: UnitOfWork
    ) -> technique.BatchReport:
        return self._service.slides.release_labels(uow, caller, request)

    @handles_alone
    def check_slide(self, request: preparation.CheckSlide, caller: Caller) -> preparation.SlideCheck:
        try:
            with self._database.write() as uow:
                row = self._service.slides.check(uow, caller, request)
                return preparation.SlideCheck(
                    slide=self._service.pieces.slide_views(uow, caller, [row])[0],
                    patient_name=self._cases.facts(uow, row.case_id).patient_name,
                    waiting=self._service.slides.waiting_of(uow, row.case_id),
                )
        except WrongCheck as wrong:
            with self._database.write() as uow:
                self._service.slides.note_wrong_check(uow, caller, wrong, request.station)
            raise

    @handles
    def hand_slides_over(
        self, request: preparation.HandSlidesOver, caller: Caller, uow: UnitOfWork
    ) -> preparation.HandOverReport:
        lines, behind = self._service.slides.hand_over(uow, caller, request)
        return preparation.HandOverReport(lines=lines, missing=self._service.pieces.slide_views(uow, caller, behind))

    @handles
    def grade_slide(self, request: preparation.GradeSlide, caller: Caller, uow: UnitOfWork) -> preparation.SlideView:
        row = self._service.slides.grade(uow, caller, request)
        return self._service.pieces.slide_views(uow, caller, [row])[0]

    @handles
    def list_slides(self, request: preparation.ListSlides, caller: Caller, uow: UnitOfWork) -> preparation.SlidePage:
        return self._service.lists.slides(uow, caller, request)


class TrailRpc:
    """What every station asks about where things are."""

    def __init__(self, service: TechniqueService) -> None:
        self._service = service

    @handles
    def scan(self, request: trail.Scan, caller: Caller, uow: UnitOfWork) -> trail.ScanResult:
        return self._service.scanning.scan(uow, caller, request)

    @handles
    def get(self, request: trail.GetTrail, caller: Caller, uow: UnitOfWork) -> trail.TrailView:
        return self._service.trails.trail(uow, caller, request.kind, request.object_id)

    @handles
    def find(self, request: trail.FindObjects, caller: Caller, uow: UnitOfWork) -> tuple[trail.ObjectFacts, ...]:
        return self._service.find(uow, request.text)

    @handles
    def move(self, request: trail.MoveObjects, caller: Caller, uow: UnitOfWork) -> technique.BatchReport:
        return self._service.trails.move(uow, caller, request)

    @handles
    def list_missing(
        self, request: trail.ListMissing, caller: Caller, uow: UnitOfWork
    ) -> tuple[trail.MissingPiece, ...]:
        return self._service.trails.missing(uow, request)

    @handles
    def report_missing(self, request: trail.ReportMissing, caller: Caller, uow: UnitOfWork) -> trail.ObjectFacts:
        return self._service.trails.report(uow, caller, request)
