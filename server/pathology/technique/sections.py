"""Use cases that make slides: sections of blocks, smears, manual entry, executed orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid
from server.pathology.cases.facts import CaseFacts
from server.pathology.cases.rules import CaseGuards
from server.pathology.technique import rules
from server.pathology.technique.pieces import PLAIN, How, Pieces
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow, StemRow
from shared.contract.pathology_preparation import AddManualSlides, MakeSmears, SectionBlocks
from shared.contract.pathology_technique import BatchLine
from shared.domain.pathology import (
    BlockAction,
    BlockState,
    CaseAction,
    SlideAction,
    SlideState,
    SpecimenState,
    TaskSource,
)
from shared.domain.pathology_barcodes import block_number, slide_number

_LAST_SERIAL = 9999
_NOT_EMBEDDED = frozenset({BlockState.TO_VERIFY, BlockState.TO_EMBED})
_NOT_HERE = frozenset({BlockState.DELETED, BlockState.DESTROYED, BlockState.LOST, BlockState.LENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Slides that an executed order wants: of a block, or of a specimen where there is no block."""

    case_id: int
    block_id: int | None = None
    specimen_id: int | None = None
    count: int = 1
    source: TaskSource
    stain: str = "HE"
    order_id: int | None = None
    note: str = ""
    station: str = ""


class Sections:
    """切片确认 and the other ways in which a slide comes about."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._cases = pieces.cases

    def section(
        self, uow: UnitOfWork, caller: Caller, request: SectionBlocks
    ) -> tuple[tuple[BatchLine, ...], list[SlideRow]]:
        """Cut blocks: one slide per section, each with its own number."""
        plans = {plan.block_id: plan for plan in request.plans}
        if len(plans) != len(request.plans):
            raise invalid("plans", "选择中有重复的项目。")
        made: list[int] = []

        def act(row: BlockRow) -> None:
            plan = plans[row.id]
            self._pieces.demand_code(uow, row, plan.code, "code")
            facts = self._cases.demand_open(uow, caller, row.case_id)
            how = How(station=request.station, code=plan.code, note=f"×{plan.sections}")
            self._pieces.step(uow, caller, row, BlockAction.SECTION, rules.Facts(sections=plan.sections), how)
            row.sectioned_by, row.sectioned_at = caller.name[:80], self._cases.time.now()
            self._cases.step(uow, caller, facts.id, CaseAction.SECTION, station=request.station)
            slides = self._make(
                uow, caller, facts, plan.sections, row, None, TaskSource(row.source), plan.stain, how=how
            )
            made.extend(slide.id for slide in slides)

        lines = self._pieces.each(uow, caller, BlockRow, list(plans), act)
        done = {line.id for line in lines if line.is_done}
        rows = uow.session.scalars(select(SlideRow).where(SlideRow.id.in_(made)).order_by(SlideRow.number))
        return lines, [row for row in rows if row.block_id in done]

    def smear(self, uow: UnitOfWork, caller: Caller, request: MakeSmears) -> list[SlideRow]:
        """Record smears of a cytology case."""
        facts = self._cases.demand_open(uow, caller, request.case_id)
        specimen = self._specimen_of(uow, request.case_id, request.specimen_id)
        guards = CaseGuards(is_cytology=facts.is_cytology)
        self._cases.step(uow, caller, facts.id, CaseAction.SMEAR, guards, station=request.station)
        how = How(station=request.station, note=request.note)
        made = self._make(uow, caller, facts, request.count, None, specimen, TaskSource.SMEAR, request.stain, how=how)
        self._cases.touch(uow, facts.id)
        return made

    def add_by_hand(self, uow: UnitOfWork, caller: Caller, request: AddManualSlides) -> list[SlideRow]:
        """手工录入切片信息: the two dates must be equal, else the new record would not be in the list above."""
        if request.section_day != request.preparation_day:
            raise invalid("preparation_day", "切片日期与制片日期不一致，新记录不会显示在当前列表中，请改为同一天。")
        today = self._cases.time.today()
        if request.preparation_day > today:
            raise invalid("preparation_day", "制片日期不能晚于今天。")
        now = self._cases.time.now()
        at = now
        if request.preparation_day != today:
            at = self._cases.time.at(request.preparation_day, self._cases.time.local(now).time())
        facts = self._cases.demand_open(uow, caller, request.case_id)
        block = None
        if request.block_id is not None:
            block = self._block_of(uow, facts.id, request.block_id)
        specimen = self._specimen_of(uow, facts.id, request.specimen_id)
        self._cases.step(uow, caller, facts.id, CaseAction.MANUAL_SLIDE, station=request.station)
        how = How(station=request.station, note=request.note, right_is_checked=True)
        if block is not None and block.state == BlockState.TO_SECTION.value:
            self._pieces.step(uow, caller, block, BlockAction.SECTION, rules.Facts(sections=request.count), how)
            block.sectioned_by, block.sectioned_at = caller.name[:80], at
        made = self._make(
            uow, caller, facts, request.count, block, specimen, request.source, request.stain, how=how, at=at
        )
        self._cases.touch(uow, facts.id)
        return made

    def make(self, uow: UnitOfWork, caller: Caller, making: Making) -> list[SlideRow]:
        """Make the slides of an executed order; the block must be at hand. The order's room has asked the right."""
        self._cases.lock(uow, (making.case_id,))
        facts = self._cases.demand(uow, caller, making.case_id)
        how = How(station=making.station, note=making.note, right_is_checked=True)
        block = None
        if making.block_id is not None:
            block = self._block_of(uow, facts.id, making.block_id)
            if block.state == BlockState.ARCHIVED.value:
                raise illegal_action(block.state, f"蜡块 {block.label} 已归档，请先在归档工作站调出。")
            self._pieces.step(uow, caller, block, BlockAction.CUT_AGAIN, how=how)
        specimen = self._specimen_of(uow, facts.id, making.specimen_id)
        made = self._make(
            uow,
            caller,
            facts,
            making.count,
            block,
            specimen,
            making.source,
            making.stain,
            how=how,
            order_id=making.order_id,
        )
        self._cases.touch(uow, facts.id)
        return made

    def _block_of(self, uow: UnitOfWork, case_id: int, block_id: int) -> BlockRow:
        block = self._pieces.row(uow, BlockRow, block_id)
        if block.case_id != case_id:
            raise invalid("block_id", "所选蜡块不属于本病例。")
        if BlockState(block.state) in _NOT_HERE:
            raise illegal_action(block.state, f"蜡块 {block.label} 已借出、遗失、销毁或删除，不能制片。")
        if BlockState(block.state) in _NOT_EMBEDDED:  # its row may still be changed or deleted
            raise illegal_action(block.state, f"蜡块 {block.label} 还没有包埋确认，不能制片。")
        return block

    def _specimen_of(self, uow: UnitOfWork, case_id: int, specimen_id: int | None) -> SpecimenRow | None:
        """Return the specimen that was named, or the case's only one that was not rejected."""
        statement = select(SpecimenRow).where(SpecimenRow.case_id == case_id)
        rows = [row for row in uow.session.scalars(statement) if row.state != SpecimenState.REJECTED.value]
        if specimen_id is None:
            return rows[0] if len(rows) == 1 else None
        for row in rows:
            if row.id == specimen_id:
                return row
        raise invalid("specimen_id", "所选标本不属于本病例或已拒收。")

    def _make(
        self,
        uow: UnitOfWork,
        caller: Caller,
        facts: CaseFacts,
        count: int,
        block: BlockRow | None,
        specimen: SpecimenRow | None,
        source: TaskSource,
        stain: str,
        *,
        how: How = PLAIN,
        at: datetime | None = None,
        order_id: int | None = None,
    ) -> list[SlideRow]:
        stain = stain.strip()
        if not 1 <= len(stain) <= 60:
            raise invalid("stain", "请填写染色或标记物，最多 60 个字。")
        if not 1 <= count <= rules.MAX_SECTIONS:
            raise invalid("count", f"切片数应为 1 到 {rules.MAX_SECTIONS}。")
        stem = block.label if block is not None else block_number(facts.number, str(specimen.serial if specimen else 0))
        first = self._next_serials(uow, stem, count)
        now = at or self._cases.time.now()
        made = []
        for serial in range(first, first + count):
            row = SlideRow(
                version=1,
                case_id=facts.id,
                library_id=facts.library_id,
                specimen_id=block.specimen_id if block is not None else (specimen.id if specimen else None),
                block_id=block.id if block is not None else None,
                order_id=order_id,
                serial=serial,
                number=slide_number(stem, serial),
                source=source.value,
                stain=stain,
                note=how.note[:500] if block is None or order_id is not None else "",
                state=SlideState.CUT.value,
                state_since=now,
                made_by=caller.name[:80],
                made_at=now,
                label_prints=0,
            )
            self._pieces.put(caller, row, how.station or caller.station)
            uow.session.add(row)
            made.append(row)
        uow.session.flush()
        for row in made:
            self._pieces.note(uow, caller, row, SlideAction.MAKE.value, How(station=how.station, code=how.code))
        return made

    def _next_serials(self, uow: UnitOfWork, stem: str, count: int) -> int:
        """Take serials of a stem; the case's lock keeps others from taking the same."""
        row = uow.session.get(StemRow, stem, populate_existing=True)
        if row is None:
            row = StemRow(stem=stem, last=0)
            uow.session.add(row)
        first = row.last + 1
        if row.last + count > _LAST_SERIAL:
            raise invalid("count", "该蜡块的切片编号已用完。")
        row.last += count
        uow.session.flush()
        return first
