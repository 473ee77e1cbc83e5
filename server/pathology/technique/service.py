"""The technical room for other rooms: specimens, blocks and slides of a case, their steps, slides of orders."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action
from server.pathology.cases.facts import CaseFacts
from server.pathology.cases.service import CaseService
from server.pathology.technique import rules
from server.pathology.technique.finding import Finder
from server.pathology.technique.grossing import Grossing, PersonName
from server.pathology.technique.lists import TechniqueLists
from server.pathology.technique.pieces import PLAIN, How, Pieces
from server.pathology.technique.scanning import Scanning
from server.pathology.technique.sections import Making, Sections
from server.pathology.technique.slides import Slides
from server.pathology.technique.specimens import Specimens
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow
from server.pathology.technique.trails import Trails
from shared.contract.errors import ErrorCode
from shared.contract.pathology_preparation import SlideView
from shared.contract.pathology_technique import BlockView, GrossingView, SpecimenEntry, SpecimenView
from shared.contract.pathology_trail import ObjectFacts
from shared.domain.pathology import (
    BlockAction,
    BlockState,
    SlideAction,
    SlideState,
    SpecimenAction,
    SpecimenState,
)


class TechniqueService:
    """Specimens, blocks and slides; every method works in the caller's transaction."""

    def __init__(self, cases: CaseService, person_name: PersonName) -> None:
        self._cases = cases
        self.pieces = Pieces(cases)
        self.specimens = Specimens(self.pieces)
        self.grossing = Grossing(self.pieces, person_name)
        self.sections = Sections(self.pieces)
        self.slides = Slides(self.pieces)
        self.finder = Finder()
        self.scanning = Scanning(self.pieces, self.finder)
        self.trails = Trails(self.pieces, self.finder)
        self.lists = TechniqueLists(self.pieces)

    # ── what a case holds (cases.ports.Contents) ─────────────────────────────────────────────────────

    def specimens_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[SpecimenView, ...]:
        """Return the containers of a case in their order."""
        statement = select(SpecimenRow).where(SpecimenRow.case_id == case_id).order_by(SpecimenRow.serial)
        return self.pieces.specimen_views(uow, caller, list(uow.session.scalars(statement)))

    def blocks_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[BlockView, ...]:
        """Return the living rows of the grossing table in their order."""
        return self.pieces.block_views(uow, caller, self.grossing.rows(uow, case_id))

    def grossing_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> GrossingView:
        """Return the grossing page of a case."""
        return self.grossing.view(uow, caller, case_id)

    def slides_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[SlideView, ...]:
        """Return the living slides of a case by number."""
        return self.pieces.slide_views(uow, caller, self.slides.of_case(uow, case_id))

    def register_specimens(
        self, uow: UnitOfWork, caller: Caller, facts: CaseFacts, entries: Sequence[SpecimenEntry], station: str
    ) -> None:
        """Register containers of a case."""
        self.specimens.register(uow, caller, facts, entries, station)

    def bears_number(self, uow: UnitOfWork, case_id: int) -> bool:
        """Whether something exists on which the case's number stands: a slide, a block, a printed cassette."""
        slides = select(func.count()).where(SlideRow.case_id == case_id, SlideRow.state != SlideState.DELETED.value)
        if uow.session.execute(slides).scalar_one():
            return True
        blocks = select(func.count()).where(
            BlockRow.case_id == case_id,
            (BlockRow.state != BlockState.DELETED.value) | (BlockRow.label_prints > 0),
        )
        specimens = select(func.count()).where(SpecimenRow.case_id == case_id)
        return bool(uow.session.execute(blocks).scalar_one() or uow.session.execute(specimens).scalar_one())

    def is_out(self, uow: UnitOfWork, case_id: int) -> bool:
        """Whether a block or a slide of the case is on loan."""
        blocks = select(func.count()).where(BlockRow.case_id == case_id, BlockRow.state == BlockState.LENT.value)
        slides = select(func.count()).where(SlideRow.case_id == case_id, SlideRow.state == SlideState.LENT.value)
        return bool(uow.session.execute(blocks).scalar_one() or uow.session.execute(slides).scalar_one())

    def move(self, uow: UnitOfWork, case_id: int, library_id: int) -> None:
        """The case has gone into another library; numbers on labels stay as they are."""
        for model in (SpecimenRow, BlockRow, SlideRow):
            uow.session.execute(update(model).where(model.case_id == case_id).values(library_id=library_id))

    def end(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        """The case was deleted: rows that nobody verified go with it; what exists as a block or slide stays known."""
        how = How(note="病例删除", right_is_checked=True)
        for row in self.grossing.rows(uow, case_id):
            if row.state == BlockState.TO_VERIFY.value:
                self.pieces.step(uow, caller, row, BlockAction.DELETE, how=how)

    # ── for other rooms ──────────────────────────────────────────────────────────────────────────────

    def specimen(self, uow: UnitOfWork, specimen_id: int) -> SpecimenRow:
        """Return a container's row, to read. Raises NOT_FOUND."""
        return self.pieces.row(uow, SpecimenRow, specimen_id)

    def block(self, uow: UnitOfWork, block_id: int) -> BlockRow:
        """Return a block's row, to read. Raises NOT_FOUND."""
        return self.pieces.row(uow, BlockRow, block_id)

    def slide(self, uow: UnitOfWork, slide_id: int) -> SlideRow:
        """Return a slide's row, to read. Raises NOT_FOUND."""
        return self.pieces.row(uow, SlideRow, slide_id)

    def owns(
        self, uow: UnitOfWork, case_id: int, specimen_id: int | None, block_id: int | None, slide_id: int | None
    ) -> bool:
        """Whether every piece that is named belongs to the case."""
        named = ((SpecimenRow, specimen_id), (BlockRow, block_id), (SlideRow, slide_id))
        for model, object_id in named:
            if object_id is None:
                continue
            found = uow.session.execute(select(model.case_id).where(model.id == object_id)).scalar_one_or_none()
            if found != case_id:
                return False
        return True

    def remainders_of(self, uow: UnitOfWork, case_id: int) -> list[SpecimenRow]:
        """Return the containers whose remainder is kept: 补取 needs one (PA-SM-ORD-01)."""
        stored = (SpecimenRow.case_id == case_id, SpecimenRow.state == SpecimenState.STORED.value)
        return list(uow.session.scalars(select(SpecimenRow).where(*stored).order_by(SpecimenRow.serial)))

    def begin_regrossing(self, uow: UnitOfWork, caller: Caller, case_id: int, station: str = "") -> None:
        """补取执行: the remainders are on the bench again. Raises ILLEGAL_ACTION when nothing is kept."""
        self._cases.lock(uow, (case_id,))
        rows = self.remainders_of(uow, case_id)
        if not rows:
            raise illegal_action("", "该病例没有存放的剩余标本，不能补取。")
        for row in rows:
            self.pieces.step(uow, caller, row, SpecimenAction.REGROSS, how=How(station=station))
        self._cases.touch(uow, case_id)

    def make_slides(self, uow: UnitOfWork, caller: Caller, making: Making) -> tuple[SlideView, ...]:
        """Make the slides of an executed order. Raises NOT_FOUND, INVALID, ILLEGAL_ACTION."""
        return self.pieces.slide_views(uow, caller, self.sections.make(uow, caller, making))

    def step_block(
        self,
        uow: UnitOfWork,
        caller: Caller,
        block_id: int,
        action: BlockAction,
        facts: rules.Facts | None = None,
        how: How = PLAIN,
    ) -> BlockRow:
        """Archive, lend, give back, lose, destroy … a block. Raises NOT_FOUND, ILLEGAL_ACTION, PERMISSION_MISSING."""
        if action in (BlockAction.ADD, BlockAction.SECTION, BlockAction.VERIFY, BlockAction.EMBED, BlockAction.DELETE):
            raise ValueError(f"{action} has a use case of its own")
        row = self.pieces.locked(uow, BlockRow, block_id)
        self.pieces.step(uow, caller, row, action, facts, how)
        self._cases.touch(uow, row.case_id)
        return row

    def step_slide(
        self,
        uow: UnitOfWork,
        caller: Caller,
        slide_id: int,
        action: SlideAction,
        facts: rules.Facts | None = None,
        how: How = PLAIN,
    ) -> SlideRow:
        """Archive, lend, give back, lose, destroy … a slide. Raises NOT_FOUND, ILLEGAL_ACTION, PERMISSION_MISSING."""
        if action in (SlideAction.MAKE, SlideAction.DELETE, SlideAction.CHECK, SlideAction.HAND_OVER):
            raise ValueError(f"{action} has a use case of its own")
        row = self.pieces.locked(uow, SlideRow, slide_id)
        self.pieces.step(uow, caller, row, action, facts, how)
        self._cases.touch(uow, row.case_id)
        return row

    def find(self, uow: UnitOfWork, text: str) -> tuple[ObjectFacts, ...]:
        """Return objects by code or number. Raises INVALID."""
        return self.finder.find(uow, text)


def wrong_witness() -> Refusal:
    """Return the refusal of a second signature that is the first one's."""
    return Refusal(ErrorCode.INVALID, "见证人不能是本人，请由另一人签名。", field="witness_login")
